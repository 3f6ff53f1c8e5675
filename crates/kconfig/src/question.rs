//! Questions to one architecture's model: what a symbol can be, and what to set for it.
//!
//! ```text
//! vmemmlint kconfig config --with DEV_DAX=m --arch arm64
//! ```

use std::collections::VecDeque;
use std::fmt;

use condition::{Answer, Atom, Condition, Solver, Store};
use rustc_hash::{FxHashMap, FxHashSet};
use text::Name;

use crate::logic::Constraints;
use crate::model::{Model, Place};
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

/// A model that is asked one question after another.
#[derive(Debug)]
pub struct Questions<'m> {
    pub(crate) model: &'m Model,
    pub(crate) store: Store,
    solver: Solver,
    pub(crate) constraints: Constraints<'m>,
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
    pub(crate) fn solve(&mut self, conditions: &[Condition]) -> Answer {
        for condition in conditions {
            self.constraints
                .require_for(&mut self.store, &mut self.solver, *condition);
        }
        self.solver.solve(&self.store, conditions)
    }

    /// When the symbol is not `n`, or has a value.
    pub(crate) fn on(&mut self, name: Name) -> Condition {
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

    /// Why these cannot hold together, where it can be told in symbols.
    pub(crate) fn why_not(&mut self, clash: &[Wish]) -> Vec<Fact> {
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
