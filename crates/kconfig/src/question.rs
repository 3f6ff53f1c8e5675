//! Questions to one architecture's model: what a symbol can be, and what to set for it.
//!
//! ```text
//! vmemmlint kconfig config --with DEV_DAX=m --arch arm64
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use condition::{Answer, Atom, CompareOp, Condition, Level, Model as Solution, Solver, Store};
use rustc_hash::{FxHashMap, FxHashSet};
use text::Name;

use crate::logic::Constraints;
use crate::model::{Model, Place, Symbol};
use crate::value::Value;
use crate::why::Fact;

/// Which values a symbol has, over all configurations of an architecture. A string, int or hex symbol
/// is on where it has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// No entry defines it.
    Undefined,
    /// It is `n` in every configuration.
    Never,
    /// It can be on, and need not.
    Sometimes,
    /// It is on in every configuration.
    Always,
    /// The search was given up.
    Unknown,
}

/// A value that a symbol should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The symbol, without `CONFIG_`.
    pub symbol: Name,
    /// `y`, `m`, `n`, or the text of a string, int or hex symbol.
    pub value: String,
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.symbol, self.value)
    }
}

/// What became of wishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fragment {
    /// To be set, symbols with prompts only; all else follows.
    Set(BTreeMap<Name, String>),
    /// These exclude each other, and why.
    Impossible(Vec<Wish>, Vec<Fact>),
    /// The search was given up.
    Unknown,
}

/// A model that is asked one question after another.
#[derive(Debug)]
pub struct Questions<'m> {
    pub(crate) model: &'m Model,
    store: Store,
    solver: Solver,
    constraints: Constraints<'m>,
}

/// So many symbols are looked at to explain why two wishes exclude each other.
const WIDEST: usize = 2000;

impl Model {
    /// This model, to be asked.
    pub fn questions(&self) -> Questions<'_> {
        Questions {
            model: self,
            store: Store::new(),
            solver: Solver::new(),
            constraints: self.constraints(),
        }
    }
}

impl Questions<'_> {
    fn solve(&mut self, conditions: &[Condition]) -> Answer {
        for condition in conditions {
            self.constraints
                .require_for(&mut self.store, &mut self.solver, *condition);
        }
        self.solver.solve(&self.store, conditions)
    }

    /// When the symbol is not `n`, or has a value.
    fn on(&mut self, name: Name) -> Condition {
        match self.model.symbol(&name) {
            Some(symbol) if symbol.kind.is_some() && !symbol.is_truth() => {
                let defined = Name::new(&format!("CONFIG_{name}"));
                self.store.atom(Atom::Defined(defined))
            }
            _ => self.store.enabled(&name),
        }
    }

    /// Whether `name` can be on; yes where that is not found out.
    pub(crate) fn can_be_on(&mut self, name: Name) -> bool {
        let on = self.on(name);
        !self.solve(&[on]).is_unsat()
    }

    /// Whether a `select` can take effect; yes where that is not found out.
    pub(crate) fn can_select(&mut self, select: &crate::Select) -> bool {
        let by = self.on(select.by);
        let (on, _) = self
            .constraints
            .value_of(&mut self.store, &select.condition);
        !self.solve(&[by, on]).is_unsat()
    }

    /// What a symbol can be.
    pub fn standing(&mut self, name: Name) -> Standing {
        if self.model.symbol(&name).is_none() {
            return Standing::Undefined;
        }
        let on = self.on(name);
        match (self.solve(&[on]), self.solve(&[!on])) {
            (Answer::Unsat(_), _) => Standing::Never,
            (Answer::Sat(_), Answer::Sat(_)) => Standing::Sometimes,
            (Answer::Sat(_), Answer::Unsat(_)) => Standing::Always,
            _ => Standing::Unknown,
        }
    }

    /// The least to set so that all wishes are granted, or why they cannot be.
    pub fn fragment(&mut self, wishes: &[Wish]) -> Fragment {
        let conditions: Vec<_> = wishes.iter().map(|wish| self.wish(wish)).collect();
        let core = match self.solve(&conditions) {
            Answer::Sat(solution) => return Fragment::Set(self.to_set(wishes, &solution)),
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
        let clash: Vec<Wish> = clash.into_iter().map(|at| wishes[at].clone()).collect();
        let facts = self.why_not(&clash);
        Fragment::Impossible(clash, facts)
    }

    fn wish(&mut self, wish: &Wish) -> Condition {
        let name = wish.symbol;
        let is_truth = self
            .model
            .symbol(&name)
            .is_none_or(|symbol| symbol.is_truth() || symbol.kind.is_none());
        match wish.value.as_str() {
            "y" if is_truth => self.store.symbol(&name, Level::Yes),
            "m" if is_truth => self.store.symbol(&name, Level::Module),
            "n" if is_truth => !self.store.enabled(&name),
            value => {
                let equal = Atom::Compare {
                    symbol: name,
                    op: CompareOp::Equal,
                    value: value.into(),
                };
                let (on, equal) = (self.on(name), self.store.atom(equal));
                self.store.and(on, equal)
            }
        }
    }

    fn to_set(&self, wishes: &[Wish], solution: &Solution) -> BTreeMap<Name, String> {
        let value = |name: Name| {
            let is = |level| solution.value(Atom::Symbol { name, level }) == Some(true);
            match (is(Level::Yes), is(Level::Module)) {
                (true, _) => Value::Yes,
                (_, true) => Value::Module,
                _ => Value::No,
            }
        };
        let wanted = wishes.iter().map(|wish| wish.symbol);
        let justified = self.model.justify(wanted, &value);
        let mut all: BTreeMap<Name, String> = justified
            .into_iter()
            .map(|(name, value)| (name, value.word().to_owned()))
            .collect();
        for wish in wishes {
            let has_prompt = |symbol: &Symbol| !symbol.prompts.is_empty();
            if self.model.symbol(&wish.symbol).is_some_and(has_prompt) {
                all.insert(wish.symbol, wish.value.clone());
            }
        }
        all
    }

    /// Why these cannot hold together, where it can be told in symbols.
    fn why_not(&mut self, clash: &[Wish]) -> Vec<Fact> {
        let is_on = |wish: &&Wish| wish.value != "n";
        if let [only] = clash {
            if only.value != "n" {
                return self.model.why_never(&only.symbol).unwrap_or_default();
            }
            return self.why_always(only.symbol);
        }
        let on = clash.iter().filter(is_on);
        let off: Vec<_> = clash.iter().filter(|wish| !is_on(wish)).collect();
        for (from, to) in on.flat_map(|from| off.iter().map(move |to| (from.symbol, to.symbol))) {
            if let Some(facts) = self.path(from, to) {
                return facts;
            }
        }
        Vec::new()
    }

    /// Why a symbol is never off: what is always on and makes it so.
    fn why_always(&mut self, name: Name) -> Vec<Fact> {
        let model = self.model;
        let always = |q: &mut Self, by: Name| q.standing(by) == Standing::Always;
        for select in model.selectors(name) {
            if !select.weak && always(self, select.by) {
                return vec![Fact {
                    text: format!("{} selects {name} and is always on", select.by),
                    place: Some(select.place.clone()),
                }];
            }
        }
        let symbol = model.symbol(&name);
        let place = symbol.and_then(|symbol| symbol.definitions.first());
        vec![Fact {
            text: format!("{name} is always on"),
            place: place.map(|definition| definition.place.clone()),
        }]
    }

    /// The shortest chain of `depends on` and `select` from one symbol to another that it needs.
    fn path(&mut self, from: Name, to: Name) -> Option<Vec<Fact>> {
        let mut before: FxHashMap<Name, (Name, Fact)> = FxHashMap::default();
        let mut seen = FxHashSet::from_iter([from]);
        let mut open = VecDeque::from([from]);
        while let Some(name) = open.pop_front() {
            if name == to {
                let (mut facts, mut at) = (Vec::new(), to);
                while let Some((previous, fact)) = before.remove(&at) {
                    facts.push(fact);
                    at = previous;
                }
                facts.reverse();
                return Some(facts);
            }
            for (next, fact) in self.model.needs(name) {
                if seen.len() < WIDEST && !seen.contains(&next) && self.follows(name, next) {
                    seen.insert(next);
                    before.insert(next, (name, fact));
                    open.push_back(next);
                }
            }
        }
        None
    }

    fn follows(&mut self, from: Name, to: Name) -> bool {
        let (from, to) = (self.on(from), self.on(to));
        self.solve(&[from, !to]).is_unsat()
    }
}

impl Model {
    /// The symbols that an entry names in its dependencies or selects, with a sentence about it.
    fn needs(&self, name: Name) -> Vec<(Name, Fact)> {
        let mut found = Vec::new();
        let mut add = |to: Name, verb: &str, place: &Place| {
            let text = format!("{name} {verb} {to}");
            let place = Some(place.clone());
            found.push((to, Fact { text, place }));
        };
        for definition in self.symbol(&name).into_iter().flat_map(|s| &s.definitions) {
            let mut names = Vec::new();
            if let Some(depends) = &definition.depends {
                depends.symbols(&mut names);
            }
            for to in names {
                add(to, "depends on", &definition.place);
            }
        }
        for select in self.selected_by(name).filter(|select| !select.weak) {
            add(select.target, "selects", &select.place);
        }
        found
    }
}
