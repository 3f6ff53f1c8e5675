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

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;
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
    needs: OnceLock<BTreeMap<Name, BTreeSet<Name>>>,
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

    /// Whether another has the same symbols, choices and `select` lines in the same places, whatever they say.
    pub(crate) fn is_framed_like(&self, other: &Part) -> bool {
        let piece = |piece: &Piece| (piece.name, piece.itself.is_some());
        let target = |select: &Select| select.target;
        self.choices.len() == other.choices.len()
            && same(&self.pieces, &other.pieces, piece)
            && same(&self.selects, &other.selects, target)
    }

    /// Whether another says the same, if in other places.
    pub(crate) fn has_only_moved(&self, other: &Part) -> bool {
        same(&self.reads, &other.reads, |read| {
            (Arc::clone(&read.path), read.meaning)
        })
    }

    /// The symbols that need others than in another part.
    pub(crate) fn changed_needs(&self, other: &Part) -> Vec<Name> {
        let (now, then) = (self.needs(), other.needs());
        let changed = now
            .iter()
            .filter(|(name, needs)| then.get(*name) != Some(*needs));
        changed.map(|(name, _)| *name).collect()
    }

    /// What each symbol needs, as far as it is said here: what its entries name, what stands around them, who selects it
    /// and when, and, of a member, its choice and the other members.
    fn needs(&self) -> &BTreeMap<Name, BTreeSet<Name>> {
        self.needs.get_or_init(|| {
            let mut all: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
            for piece in &self.pieces {
                let needs = all.entry(piece.name).or_default();
                for entry in &piece.entries {
                    let names = &entry.properties(self).shape().names;
                    needs.extend(names.iter().flatten());
                    let mut names = Vec::new();
                    self.names_around(entry.context.number, &mut names);
                    needs.extend(names);
                }
            }
            for select in &self.selects {
                let mut names = vec![select.by];
                select.condition.symbols(&mut names);
                all.entry(select.target).or_default().extend(names);
            }
            for choice in &self.choices {
                let mut names = choice.members.clone();
                choice.terms().for_each(|term| term.symbols(&mut names));
                for member in &choice.members {
                    all.entry(*member).or_default().extend(&names);
                }
            }
            all
        })
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
