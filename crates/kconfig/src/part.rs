//! What files say for one architecture, and what they say for all.
//!
//! Of 1,900 files most say the same to every architecture: no macro is in them. A tree of such files that source each
//! other is read once, as a [`Part`] that the models share; what is left is each model's own part, in which the others
//! are set:
//!
//! ```kconfig
//! source "arch/$(SRCARCH)/Kconfig"	# the model's own, with what it says of ARCH
//! source "sound/Kconfig"			# shared, with all below it
//! ```

use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::sync::{Arc, OnceLock, Weak};

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use text::Name;

use crate::entry::Entry;
use crate::library::Read;
use crate::model::{Choice, Diagnostic, Place, Prompt, Select};
use crate::syntax::{Severity, SymbolType};
use crate::term::Term;

/// What some files say, in the order in which they are read. Numbers in it are its own.
#[derive(Debug, Default)]
pub(crate) struct Part {
    /// The symbols that have entries here, in the order of the first.
    pub(crate) pieces: Vec<Piece>,
    by_name: FxHashMap<Name, u32>,
    pub(crate) choices: Vec<Choice>,
    pub(crate) selects: Vec<Select>,
    /// Who is selected, and what the `if` behind it names.
    pub(crate) selecting: Vec<(Name, Name)>,
    /// What stands around entries, by its number.
    pub(crate) around: Vec<Around>,
    /// The files whose entries are in it, as often as they were sourced.
    pub(crate) reads: Vec<Arc<Read>>,
    /// The files that were read, in order, and where each was sourced first.
    pub(crate) files: Vec<Arc<str>>,
    pub(crate) seen: FxHashMap<Arc<str>, Place>,
    pub(crate) modules: Option<Name>,
    /// What is asked of a toolchain around entries.
    pub(crate) asked_around: BTreeSet<Name>,
    pub(crate) said: Vec<Diagnostic>,
    /// Whether something may be missing.
    pub(crate) incomplete: bool,
    /// Files are sourced by patterns, or were asked for and not there.
    pub(crate) has_patterns: bool,
    pub(crate) missing: Vec<String>,
    /// How deep files source each other.
    pub(crate) depth: usize,
    /// How many shared parts were set in before each choice and each `select`.
    pub(crate) choices_after: Vec<u32>,
    pub(crate) selects_after: Vec<u32>,
    needs: OnceLock<FxHashMap<Name, u64>>,
    /// For each of `reads` the pieces that have entries in it.
    pieces_of: OnceLock<Vec<Vec<u32>>>,
    transitional: OnceLock<Vec<Name>>,
    /// In what it differs from the part for which it was taken first.
    difference: OnceLock<(Weak<Part>, Arc<Difference>)>,
}

/// In what a part differs from the one before it.
#[derive(Debug)]
pub(crate) struct Difference {
    /// It says the same, if in other places.
    pub(crate) has_only_moved: bool,
    /// It has the same symbols, choices and `select` lines in the same places, whatever they say.
    pub(crate) is_framed_alike: bool,
    /// The symbols that need more, each with what it did not need before.
    pub(crate) gained: Vec<(Name, Vec<Name>)>,
    /// The symbols of which other things may be said.
    pub(crate) touched: Vec<Name>,
    /// What may be answered otherwise; all where it is not said.
    pub(crate) otherwise: Option<Otherwise>,
}

/// What may be answered otherwise where parts differ.
#[derive(Debug, Default)]
pub(crate) struct Otherwise {
    /// The symbols that may be, and those that others may select.
    pub(crate) symbols: FxHashSet<Name>,
    /// Those that lines may name.
    pub(crate) named: FxHashSet<Name>,
}

/// How a symbol needs another. A member of a choice that names another member is a circle, though it needs it already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Need {
    /// A line says so.
    Line,
    /// Both are members of a choice, or the choice asks for it.
    Choice,
}

/// The entries of a symbol.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) name: Name,
    pub(crate) entries: Vec<Entry>,
    /// The choice that it stands for.
    pub(crate) itself: Option<Box<Itself>>,
    /// How many shared parts were set in before it.
    pub(crate) after: u32,
}

/// A symbol that stands for a choice.
#[derive(Debug)]
pub(crate) struct Itself {
    pub(crate) choice: usize,
    pub(crate) kind: SymbolType,
    pub(crate) prompts: Vec<Prompt>,
}

/// What is asked around entries, besides what is asked around that.
#[derive(Debug, Default)]
pub(crate) struct Around {
    pub(crate) parent: u32,
    pub(crate) names: Vec<Name>,
}

/// What must hold around a part that is shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outside {
    pub(crate) depends: Option<Arc<Term>>,
    pub(crate) visible: Arc<Term>,
}

impl Part {
    /// A part in which nothing is.
    pub(crate) fn new() -> Part {
        Part {
            around: vec![Around::default()],
            ..Part::default()
        }
    }

    /// The piece of a symbol, which begins here if it has none.
    pub(crate) fn piece(&mut self, name: Name, after: u32) -> &mut Piece {
        let pieces = &mut self.pieces;
        let number = *self.by_name.entry(name).or_insert_with(|| {
            pieces.push(Piece {
                name,
                // Most have one.
                entries: Vec::with_capacity(1),
                itself: None,
                after,
            });
            u32::try_from(pieces.len() - 1).unwrap_or(u32::MAX)
        });
        &mut pieces[number as usize]
    }

    /// Where something is an error, something may be missing for it.
    pub(crate) fn hear(&mut self, said: impl IntoIterator<Item = Diagnostic>) {
        for said in said {
            self.incomplete |= said.severity == Severity::Error;
            self.said.push(said);
        }
    }

    /// No more will come.
    pub(crate) fn finish(&mut self) {
        self.pieces.shrink_to_fit();
        self.selects.shrink_to_fit();
        self.selecting.shrink_to_fit();
        self.by_name = FxHashMap::default();
    }

    /// Whether one of these files was read for it.
    pub(crate) fn has_any_of(&self, files: &BTreeSet<String>) -> bool {
        files.iter().any(|path| self.seen.contains_key(&**path))
    }

    /// The pieces that have entries in one of the files that are wanted; some may be told more than once.
    pub(crate) fn pieces_in(&self, is_wanted: impl Fn(&str) -> bool) -> Vec<u32> {
        let pieces_of = self.pieces_of.get_or_init(|| {
            let mut all = vec![Vec::new(); self.reads.len()];
            for (number, piece) in (0..).zip(&self.pieces) {
                for entry in &piece.entries {
                    all[entry.file as usize].push(number);
                }
            }
            all
        });
        let reads = self.reads.iter().zip(pieces_of);
        let wanted = reads.filter(|(read, _)| is_wanted(&read.path));
        wanted.flat_map(|(_, pieces)| pieces).copied().collect()
    }

    /// In what it differs from the part before it, found out once for all architectures.
    pub(crate) fn difference(&self, before: &Arc<Part>) -> Arc<Difference> {
        let find = || {
            let has_only_moved = self.has_only_moved(before);
            let touched = self.touched(before);
            Arc::new(Difference {
                has_only_moved,
                is_framed_alike: self.is_framed_like(before),
                gained: self.gained(before),
                otherwise: if has_only_moved {
                    self.otherwise(before, &[])
                } else {
                    self.otherwise(before, &touched)
                },
                touched,
            })
        };
        let known = self
            .difference
            .get_or_init(|| (Arc::downgrade(before), find()));
        if std::ptr::eq(known.0.as_ptr(), Arc::as_ptr(before)) {
            Arc::clone(&known.1)
        } else {
            find()
        }
    }

    /// The symbols that an entry in it calls transitional, of which is said what stands around any of their entries.
    pub(crate) fn transitional(&self) -> &[Name] {
        self.transitional.get_or_init(|| {
            let is_transitional = |entry: &Entry| entry.properties(self).shape().transitional;
            let has_one = |piece: &&Piece| piece.entries.iter().any(is_transitional);
            let own = self.pieces.iter().filter(has_one);
            own.map(|piece| piece.name).collect()
        })
    }

    /// The symbols of which something else may be said than in another part: those with entries in files that are other
    /// ones now, and members of choices.
    fn touched(&self, other: &Part) -> Vec<Name> {
        let mut names = Vec::new();
        for (part, than) in [(self, other), (other, self)] {
            let known: FxHashSet<*const Read> = than.reads.iter().map(Arc::as_ptr).collect();
            let reads = part.reads.iter();
            let is_other: Vec<bool> = reads
                .map(|read| !known.contains(&Arc::as_ptr(read)))
                .collect();
            let is_touched =
                |entry: &Entry| is_other[entry.file as usize] || entry.context.choice.is_some();
            let touched = part
                .pieces
                .iter()
                .filter(|piece| piece.entries.iter().any(is_touched));
            names.extend(touched.map(|piece| piece.name));
        }
        names.sort_unstable();
        names.dedup();
        names
    }

    /// What may be answered otherwise than in another part, of symbols that are `touched`, those whom the files that are
    /// other ones now select, and choices, which are called by their lines. `None` where such a file sources others,
    /// around which other things may stand.
    fn otherwise(&self, other: &Part, touched: &[Name]) -> Option<Otherwise> {
        let mut otherwise = Otherwise::default();
        otherwise.symbols.extend(touched);
        for (part, than) in [(self, other), (other, self)] {
            let known: FxHashSet<*const Read> = than.reads.iter().map(Arc::as_ptr).collect();
            let reads = part.reads.iter();
            let others: Vec<&Arc<Read>> = reads
                .filter(|read| !known.contains(&Arc::as_ptr(read)))
                .collect();
            if others.iter().any(|read| read.sources()) {
                return None;
            }
            let is_other = |place: &Place| others.iter().any(|read| read.path == place.file);
            // Members may come from other files than the choice.
            otherwise
                .symbols
                .extend(part.choices.iter().map(Choice::name));
            let selects = part.selects.iter().filter(|one| is_other(&one.place));
            otherwise
                .symbols
                .extend(selects.map(|select| select.target));
            let mentions = others.iter().flat_map(|read| read.mentions());
            otherwise.named.extend(mentions.map(|one| one.name));
            // What stands around entries is named by them; and where the first entry of a symbol is another one, so is the
            // place of what the rest of them ask.
            let mut around = Vec::new();
            let pieces = part.pieces.iter();
            for piece in pieces.filter(|piece| touched.binary_search(&piece.name).is_ok()) {
                for entry in &piece.entries {
                    let names = &entry.properties(part).shape().names;
                    otherwise.named.extend(names.iter().flatten());
                    part.names_around(entry.context.number, &mut around);
                }
            }
            otherwise.named.extend(around);
        }
        Some(otherwise)
    }

    /// Whether another has the same symbols, choices and `select` lines in the same places, whatever they say.
    fn is_framed_like(&self, other: &Part) -> bool {
        let piece = |piece: &Piece| (piece.name, piece.itself.is_some());
        let target = |select: &Select| select.target;
        self.choices.len() == other.choices.len()
            && same(&self.pieces, &other.pieces, piece)
            && same(&self.selects, &other.selects, target)
    }

    /// Whether another says the same, if in other places.
    fn has_only_moved(&self, other: &Part) -> bool {
        same(&self.reads, &other.reads, |read| {
            (Arc::clone(&read.path), read.meaning)
        })
    }

    /// The symbols that need others than in another part.
    fn changed_needs(&self, other: &Part) -> Vec<Name> {
        let (now, then) = (self.needs(), other.needs());
        let is_other = |name: &Name| then.get(name) != now.get(name);
        let selected = self.selects.iter().map(|select| select.target);
        let all = self.pieces.iter().map(|piece| piece.name).chain(selected);
        let mut changed: Vec<Name> = all.filter(is_other).collect();
        changed.sort_unstable();
        changed.dedup();
        changed
    }

    /// What symbols need that they do not need in another part.
    fn gained(&self, other: &Part) -> Vec<(Name, Vec<Name>)> {
        let changed = self.changed_needs(other);
        if changed.is_empty() {
            return Vec::new();
        }
        let needs_of = |part: &Part| {
            let mut all: FxHashMap<Name, FxHashSet<(Name, Need)>> = FxHashMap::default();
            part.for_each_need(&mut |name, needed, how| {
                if changed.binary_search(&name).is_ok() {
                    let needed = needed.iter().map(|name| (*name, how));
                    all.entry(name).or_default().extend(needed);
                }
            });
            all
        };
        let (now, then) = (needs_of(self), needs_of(other));
        let none = FxHashSet::default();
        let gained = changed.iter().filter_map(|name| {
            let before = then.get(name).unwrap_or(&none);
            let more = now.get(name)?.difference(before);
            let mut more: Vec<Name> = more.map(|(name, _)| *name).collect();
            more.sort_unstable();
            (!more.is_empty()).then_some((*name, more))
        });
        gained.collect()
    }

    /// What stands for all that each symbol needs, in order, as far as it is said here.
    fn needs(&self) -> &FxHashMap<Name, u64> {
        self.needs.get_or_init(|| {
            let mut all: FxHashMap<Name, u64> = FxHashMap::default();
            self.for_each_need(&mut |name, needed, _| {
                let known = all.entry(name).or_default();
                *known = FxBuildHasher.hash_one((*known, needed));
            });
            all
        })
    }

    /// Tells what each symbol needs, piece by piece: what its entries name, what stands around them, who selects it and
    /// when, and, of a member, its choice and the other members.
    fn for_each_need(&self, tell: &mut dyn FnMut(Name, &[Name], Need)) {
        let mut names = Vec::new();
        for piece in &self.pieces {
            for entry in &piece.entries {
                let own = &entry.properties(self).shape().names;
                names.clear();
                names.extend(own.iter().flatten());
                self.names_around(entry.context.number, &mut names);
                tell(piece.name, &names, Need::Line);
            }
        }
        for select in &self.selects {
            names.clear();
            names.push(select.by);
            select.condition.symbols(&mut names);
            tell(select.target, &names, Need::Line);
        }
        for choice in &self.choices {
            names.clone_from(&choice.members);
            choice.terms().for_each(|term| term.symbols(&mut names));
            for member in &choice.members {
                tell(*member, &names, Need::Choice);
            }
        }
    }

    /// The names in what stands around entries.
    pub(crate) fn names_around(&self, mut number: u32, names: &mut Vec<Name>) {
        loop {
            let around = &self.around[number as usize];
            names.extend(&around.names);
            if number == around.parent {
                return;
            }
            number = around.parent;
        }
    }
}

fn same<T, K: PartialEq>(a: &[T], b: &[T], key: impl Fn(&T) -> K) -> bool {
    a.iter().map(&key).eq(b.iter().map(&key))
}
