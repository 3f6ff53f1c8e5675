//! What to set so that symbols get the values that are wished for.
//!
//! ```text
//! vmemmlint kconfig config --with DEV_DAX=m --arch arm64
//! ```
//!
//! A solver finds a configuration in which all wishes hold; from it the reasons of the values are
//! followed back to symbols with prompts ([`Model::justify`]). The result is tried as the kernel would
//! take it ([`Model::configure`]), on a configuration where all else has its default and on one where
//! all else is off, mended where some default stands in the way, and then made as short as it can be.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use condition::{Answer, Atom, Level, Model as Solution, Store};
use rustc_hash::FxHashSet;
use text::Name;

use crate::configure::Configuration;
use crate::logic::compare::order_of;
use crate::model::{Default, Model, Symbol};
use crate::question::{Questions, Wish};
use crate::settings::{Fill, Settings};
use crate::syntax::{Comparison, SymbolType};
use crate::term::Term;
use crate::value::{Value, compare_texts, number, order_texts};
use crate::why::Fact;

/// What became of wishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fragment {
    /// They are granted with this.
    Set(Needed),
    /// These exclude each other, and why.
    Impossible(Vec<Wish>, Vec<Fact>),
    /// The search was given up, or its result did not stand the trial.
    Unknown,
}

/// What grants wishes, where all else has its default and also where all else is off.
#[derive(Clone, Debug, std::default::Default, PartialEq, Eq)]
pub struct Needed {
    /// To be set, symbols with prompts only. Besides the wishes none of them can be left out.
    pub set: BTreeMap<Name, String>,
    /// What the toolchain must answer to which calls.
    pub probes: BTreeMap<Name, bool>,
    /// In which words it must answer those that are no yes or no: `140000` to `$(cc-version)`.
    pub answers: BTreeMap<Name, String>,
}

impl Needed {
    /// All that the toolchain must answer, in words.
    pub fn toolchain(&self) -> BTreeMap<Name, String> {
        let word = |yes: bool| if yes { "y" } else { "n" }.to_owned();
        let probes = self.probes.iter().map(|(call, yes)| (*call, word(*yes)));
        let answers = self.answers.iter();
        let answers = answers.map(|(call, words)| (*call, words.clone()));
        probes.chain(answers).collect()
    }

    /// The values to set, by symbol, texts in quotes.
    pub fn config(&self, model: &Model) -> BTreeMap<String, String> {
        let values = self.set.iter().map(|(name, value)| {
            let is_text = model.kind(*name) == Some(SymbolType::String);
            let value = if is_text {
                format!("\"{value}\"")
            } else {
                value.clone()
            };
            (name.to_string(), value)
        });
        values.collect()
    }

    /// The values that `wanted` and what they depend on have where this is set on a base.
    pub(crate) fn configure<'m>(
        &self,
        model: &'m Model,
        base: &Settings,
        wanted: impl IntoIterator<Item = Name>,
    ) -> Configuration<'m> {
        let mut settings = base.clone();
        for (name, value) in &self.set {
            settings.set(model, *name, value);
        }
        for (call, words) in &self.answers {
            settings.answer(*call, words);
        }
        let probe = |name: Name| self.probes.get(&name) == Some(&true);
        model.configure_for(&settings, &probe, wanted)
    }

    /// What the toolchain must answer, in sentences.
    pub fn assumptions(&self) -> Vec<String> {
        let answers = self.toolchain().into_iter();
        let answers = answers.map(|(call, answer)| {
            let answer = match answer.as_str() {
                "y" => "yes",
                "n" => "no",
                words => words,
            };
            format!("the toolchain answers {answer} to {call}")
        });
        answers.collect()
    }
}

impl Questions<'_> {
    /// The least to set so that all wishes are granted, or why they cannot be.
    pub fn fragment(&mut self, wishes: &[Wish]) -> Fragment {
        let conditions: Vec<_> = wishes
            .iter()
            .map(|wish| self.model.wish(&mut self.store, wish))
            .collect();
        let core = match self.solve(&conditions) {
            Answer::Sat(solution) => {
                let needed = self.needed(wishes, &solution);
                return needed.map_or(Fragment::Unknown, Fragment::Set);
            }
            Answer::Unknown(_) => return Fragment::Unknown,
            Answer::Unsat(core) => core,
        };
        let mut clash: Vec<usize> = (0..wishes.len())
            .filter(|at| core.contains(&conditions[*at]))
            .collect();
        // One wish after the other is left out while the rest still cannot be granted.
        let mut at = 0;
        while at < clash.len() {
            let mut fewer = clash.clone();
            fewer.remove(at);
            let asked: Vec<_> = fewer.iter().map(|at| conditions[*at]).collect();
            if self.solve(&asked).is_unsat() {
                clash = fewer;
            } else {
                at += 1;
            }
        }
        // Where already without wishes nothing can be, each is as impossible as the others.
        let clash: Vec<Wish> = match clash.as_slice() {
            [] => wishes.to_vec(),
            some => some.iter().map(|at| wishes[*at].clone()).collect(),
        };
        let facts = self.why_not(&clash);
        Fragment::Impossible(clash, facts)
    }

    fn needed(&mut self, wishes: &[Wish], solution: &Solution) -> Option<Needed> {
        let value = |name| Value::in_solution(solution, name).unwrap_or_default();
        let wanted = wishes.iter().map(|wish| wish.symbol);
        let justified = self.model.justify(wanted, &value).into_iter();
        let mut set: BTreeMap<Name, String> = justified
            .map(|(name, value)| (name, value.word().to_owned()))
            .collect();
        for wish in wishes {
            if self.has_prompt(wish.symbol) {
                set.insert(wish.symbol, wish.value.clone());
            }
        }
        let mut probes = BTreeMap::new();
        for name in self.model.probes() {
            probes.insert(name, solution.value(Atom::Probe(name)) == Some(true));
        }
        let answers = self.constraints.answers(&mut self.store, solution);
        let bases = [Fill::Default, Fill::No].map(|fill| {
            let mut base = Settings::new();
            base.fill(self.model, fill);
            base
        });
        let holds = |configuration: &Configuration<'_>| self.grants(wishes, configuration);
        let wish = Purpose {
            wanted: wishes.iter().map(|wish| wish.symbol).collect(),
            kept: wishes.iter().map(|wish| wish.symbol).collect(),
            holds: &holds,
        };
        let needed = Needed {
            set,
            probes,
            answers,
        };
        self.constraints.shortest(needed, solution, &wish, &bases)
    }

    fn grants(&self, wishes: &[Wish], configuration: &Configuration<'_>) -> bool {
        wishes.iter().all(|wish| {
            let symbol = self.model.symbol(wish.symbol);
            let is = configuration.text(&wish.symbol);
            match symbol.filter(|symbol| symbol.is_valued()) {
                Some(symbol) => {
                    configuration.is_written(&symbol.name) && symbol.order(is, &wish.value).is_eq()
                }
                None => configuration.value(&wish.symbol).word() == wish.value,
            }
        })
    }

    fn has_prompt(&self, name: Name) -> bool {
        let symbol = self.model.symbol(name);
        symbol.is_some_and(|symbol| !symbol.prompts.is_empty())
    }
}

/// What a fragment is for.
pub struct Purpose<'p> {
    /// The symbols whose values decide.
    pub wanted: Vec<Name>,
    /// Lines that stay, needed or not.
    pub kept: FxHashSet<Name>,
    /// Whether a configuration serves it.
    pub holds: &'p dyn Fn(&Configuration<'_>) -> bool,
}

impl std::fmt::Debug for Purpose<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Purpose")
            .field("wanted", &self.wanted)
            .finish_non_exhaustive()
    }
}

impl crate::Constraints<'_> {
    /// What must be set of `needed` so that `purpose` is served on each of `bases`, more where defaults
    /// stand in the way; `solution` serves it. `None` where that was not found.
    pub fn shortest(
        &self,
        needed: Needed,
        solution: &Solution,
        purpose: &Purpose<'_>,
        bases: &[Settings],
    ) -> Option<Needed> {
        let mut trial = Trial {
            constraints: self,
            purpose,
            solution,
            bases,
            needed,
        };
        if !trial.mend() {
            return None;
        }
        trial.shorten();
        trial.probes();
        trial.answers();
        Some(trial.needed)
    }
}

struct Trial<'t, 'm> {
    constraints: &'t crate::Constraints<'m>,
    purpose: &'t Purpose<'t>,
    solution: &'t Solution,
    /// What a fragment is tried on.
    bases: &'t [Settings],
    needed: Needed,
}

impl<'m> Trial<'_, 'm> {
    fn configure(&self, needed: &Needed, base: &Settings) -> Configuration<'m> {
        let set = needed.set.keys().copied();
        let wanted = self.purpose.wanted.iter().copied().chain(set);
        needed.configure(self.constraints.model(), base, wanted)
    }

    fn granted(&self, needed: &Needed) -> bool {
        self.bases.iter().all(|base| self.serves(needed, base))
    }

    /// Whether a fragment serves its purpose on one base, and every line of it is heeded.
    fn serves(&self, needed: &Needed, base: &Settings) -> bool {
        let configuration = self.configure(needed, base);
        let mut set = needed.set.iter();
        (self.purpose.holds)(&configuration)
            && set.all(|(name, value)| {
                let symbol = self.constraints.model().symbol(*name);
                let is = configuration.text(name);
                symbol.is_none_or(|symbol| symbol.order(is, value).is_eq())
            })
    }

    /// Sets what differs from the solution, until the wishes are granted; false where that does not
    /// help.
    fn mend(&mut self) -> bool {
        loop {
            let mut more = BTreeMap::new();
            for base in self.bases {
                if !self.serves(&self.needed, base) {
                    let configuration = self.configure(&self.needed, base);
                    more.extend(self.differing(&configuration));
                }
            }
            if more.is_empty() {
                return self.granted(&self.needed);
            }
            self.needed.set.extend(more);
        }
    }

    /// What is not as in the solution, could be set, and is not yet.
    fn differing(&self, configuration: &Configuration<'m>) -> Vec<(Name, String)> {
        let known = configuration.known();
        let open = known.filter(|symbol| {
            !symbol.prompts.is_empty()
                && symbol.itself.is_none()
                && !self.needed.set.contains_key(&symbol.name)
        });
        open.filter_map(|symbol| Some((symbol.name, self.other_value(symbol, configuration)?)))
            .collect()
    }

    fn other_value(&self, symbol: &Symbol, configuration: &Configuration<'_>) -> Option<String> {
        let name = symbol.name;
        if symbol.is_truth() {
            let value = Value::in_solution(self.solution, name)?;
            // Who is not chosen follows from who is.
            let follows = value == Value::No && symbol.choice().is_some();
            let differs = value != configuration.value(&name) && !follows;
            return differs.then(|| value.word().to_owned());
        }
        let text = configuration.text(&name);
        let constraints = self.constraints;
        let mut pairs = constraints.pairs.iter();
        let disagree = pairs.any(|(a, b)| {
            let order = symbol.order(configuration.text(a), configuration.text(b));
            (*a == name || *b == name)
                && order_of(self.solution, *a, *b).is_some_and(|wished| wished != order)
        });
        if constraints.agrees(symbol, text, self.solution) && !disagree {
            return None;
        }
        constraints.text_for(symbol, self.solution)
    }

    /// Leaves out what is not needed, many lines at a time and then one by one.
    fn shorten(&mut self) {
        let mut open: Vec<Name> = self.needed.set.keys().copied().collect();
        open.retain(|name| !self.purpose.kept.contains(name));
        let mut size = open.len().max(1);
        loop {
            let mut kept = Vec::new();
            for chunk in open.chunks(size) {
                let mut fewer = self.needed.clone();
                fewer.set.retain(|name, _| !chunk.contains(name));
                if self.granted(&fewer) {
                    self.needed = fewer;
                } else {
                    kept.extend_from_slice(chunk);
                }
            }
            let shorter = kept.len() < open.len();
            open = kept;
            // One line may only be needless once another is gone.
            if size == 1 && !shorter {
                return;
            }
            size = size.div_ceil(2);
        }
    }

    /// Keeps the answers that matter: all others may be yes and may be no.
    fn probes(&mut self) {
        let all: Vec<Name> = self.needed.probes.keys().copied().collect();
        let (mut free, mut kept) = (Vec::new(), BTreeMap::new());
        let mut open = vec![&all[..]];
        while let Some(some) = open.pop() {
            let before = free.len();
            free.extend_from_slice(some);
            let is_free = [true, false].iter().all(|answer| {
                let mut other = self.needed.clone();
                for name in &free {
                    other.probes.insert(*name, *answer);
                }
                self.granted(&other)
            });
            if is_free {
                continue;
            }
            free.truncate(before);
            if let [only] = some {
                kept.insert(*only, self.needed.probes[only]);
            } else {
                let (left, right) = some.split_at(some.len() / 2);
                open.extend([left, right]);
            }
        }
        self.needed.probes = kept;
    }

    /// Keeps the words that matter: others may be the number of an old toolchain and that of one to come.
    fn answers(&mut self) {
        const OTHERS: [&str; 2] = ["0", "99999999"];
        let all: Vec<Name> = self.needed.answers.keys().copied().collect();
        for call in all {
            let is_free = OTHERS.iter().all(|words| {
                let mut other = self.needed.clone();
                other.answers.insert(call, (*words).to_owned());
                self.granted(&other)
            });
            if is_free {
                self.needed.answers.remove(&call);
            }
        }
    }
}

impl crate::Constraints<'_> {
    /// The words of a toolchain that give string, int and hex symbols the values of a solution.
    pub fn answers(&mut self, store: &mut Store, solution: &Solution) -> BTreeMap<Name, String> {
        let mut answers = BTreeMap::new();
        for name in self.compared_symbols() {
            let Some(symbol) = self.model().symbol(name) else {
                continue;
            };
            let mut holds = |default: &&Default| {
                let (on, _) = self.value_of(store, &default.condition);
                solution.holds(store, on)
            };
            let given = symbol.defaults.iter().find(&mut holds);
            if let Some(Term::Probe(call)) = given.map(|default| &*default.value)
                && let Some(text) = self.text_for(symbol, solution)
            {
                answers.insert(*call, text);
            }
        }
        answers
    }

    /// Whether a text of a string, int or hex symbol agrees with all that a solution says of it.
    pub fn agrees(&self, symbol: &Symbol, text: &str, solution: &Solution) -> bool {
        let all = self.comparisons(symbol.name).iter();
        all.copied().all(|(op, value)| {
            let holds = solution.value(Atom::Compare {
                symbol: symbol.name,
                op,
                value,
            });
            holds.is_none_or(|holds| symbol.compares(text, op, &value) == holds)
        })
    }

    /// A text for a string, int or hex symbol that agrees with all that a solution says of it, within
    /// its ranges where that can be; none where nothing is said.
    pub fn text_for(&self, symbol: &Symbol, solution: &Solution) -> Option<String> {
        let name = symbol.name;
        let pair = self.pairs.iter().find(|(a, b)| *a == name || *b == name);
        let other = pair.filter(|(a, _)| *a == name).map(|(_, b)| *b);
        let bound = other.and_then(|other| {
            let text = self.text_for(self.model().symbol(other)?, solution)?;
            Some((text, order_of(solution, name, other)?))
        });
        let asked = self.comparisons(name);
        if asked.is_empty() && pair.is_none() {
            return None;
        }
        let mut near: Vec<Name> = asked.iter().map(|(_, value)| *value).collect();
        near.extend(bound.iter().map(|(text, _)| symbol.as_constant(text)));
        for range in &symbol.ranges {
            range.low.texts(&mut near);
            range.high.texts(&mut near);
        }
        let mut candidates = symbol.around(&near);
        candidates.retain(|text| {
            let order = |(bound, order): &(String, Ordering)| symbol.order(text, bound) == *order;
            symbol.takes(text)
                && self.agrees(symbol, text, solution)
                && bound.as_ref().is_none_or(order)
        });
        let outside = |text: &String| symbol.ranges_without(text);
        candidates.into_iter().min_by_key(outside)
    }
}

impl Symbol {
    /// How two texts of this symbol's type are ordered.
    fn order(&self, a: &str, b: &str) -> Ordering {
        order_texts((a, self.kind), (b, self.kind))
    }

    /// A text of this symbol as C has it.
    fn as_constant(&self, text: &str) -> Name {
        let number = number((text, self.kind)).filter(|_| self.kind != Some(SymbolType::String));
        number.map_or(text.into(), |number| Name::new(&number.to_string()))
    }

    /// Texts for this symbol at and next to these values, and some of no meaning.
    fn around(&self, values: &[Name]) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        for value in values {
            texts.push(value.to_string());
            if let Some(number) = number((value, None)) {
                let near = [number, number - 1, number + 1].into_iter();
                texts.extend(near.map(|number| match self.kind {
                    Some(SymbolType::Hex) => format!("{number:#x}"),
                    _ => number.to_string(),
                }));
            }
        }
        let others: &[&str] = match self.kind {
            Some(SymbolType::Int) => &["1"],
            Some(SymbolType::Hex) => &["0x1"],
            _ => &["other", "another"],
        };
        texts.extend(others.iter().map(|text| (*text).to_owned()));
        texts
    }

    /// How many of the ranges whose bounds are numbers do not hold a number.
    fn ranges_without(&self, text: &str) -> usize {
        let out = |bound: &Term, op| match bound {
            Term::Symbol(bound) | Term::Text(bound) if number((bound, self.kind)).is_some() => {
                compare_texts(op, (text, self.kind), (bound, self.kind))
            }
            _ => false,
        };
        let ranges = self.ranges.iter();
        let without = ranges.filter(|range| {
            out(&range.low, Comparison::Less) || out(&range.high, Comparison::Greater)
        });
        without.count()
    }
}

impl Term {
    /// The words of which the term is one.
    fn texts(&self, found: &mut Vec<Name>) {
        if let Term::Symbol(text) | Term::Text(text) = self {
            found.push(*text);
        }
    }
}

impl<'m> Configuration<'m> {
    /// What the configuration answers to a question about its symbols; `None` to any other.
    pub fn answer(&self, atom: Atom) -> Option<bool> {
        match atom {
            Atom::Symbol { name, level } => {
                let value = match level {
                    Level::Yes => Value::Yes,
                    Level::Module => Value::Module,
                };
                Some(self.value(&name) == value)
            }
            Atom::Compare { symbol, op, value } => {
                let known = self.model.symbol(symbol)?;
                Some(known.compares(self.text(&symbol), op, &value))
            }
            Atom::Defined(name) => {
                let symbol = self.model.symbol(name.strip_prefix("CONFIG_")?)?;
                Some(self.is_written(&symbol.name))
            }
            _ => None,
        }
    }

    /// The symbols that have a value, in the order in which Kconfig defines them.
    pub(crate) fn known(&self) -> impl Iterator<Item = &'m Symbol> {
        let model: &'m Model = self.model;
        self.numbers().into_iter().map(|number| model.at(number))
    }
}
