//! Why a symbol can never be on for an architecture, in the words of its Kconfig files.

use condition::{Condition, Solver, Store};
use rustc_hash::FxHashSet;
use text::Name;

use crate::logic::Constraints;
use crate::model::{Model, Place, Symbol, Term};

/// A fact for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// A sentence without a full stop.
    pub text: String,
    /// Where to see it.
    pub place: Option<Place>,
}

/// A chain of reasons longer than this is cut.
const LONGEST: usize = 6;

impl Model {
    /// Why `name` can never be `y` or `m` here, from the symbol itself to what decides; `None` where
    /// it can.
    pub fn why_never(&self, name: &str) -> Option<Vec<Fact>> {
        let mut asking = Asking {
            model: self,
            store: Store::new(),
            solver: Solver::new(),
            constraints: self.constraints(),
            seen: FxHashSet::default(),
        };
        if asking.can_be_on(Name::new(name)) {
            return None;
        }
        let mut facts = Vec::new();
        asking.explain(Name::new(name), &mut facts);
        Some(facts)
    }
}

struct Asking<'m> {
    model: &'m Model,
    store: Store,
    solver: Solver,
    constraints: Constraints<'m>,
    seen: FxHashSet<Name>,
}

impl Asking<'_> {
    fn can_hold(&mut self, condition: Condition) -> bool {
        self.constraints
            .require_for(&mut self.store, &mut self.solver, condition);
        !self.solver.solve(&self.store, &[condition]).is_unsat()
    }

    fn can_be_on(&mut self, name: Name) -> bool {
        let on = self.store.enabled(&name);
        self.can_hold(on)
    }

    fn explain(&mut self, name: Name, facts: &mut Vec<Fact>) {
        if facts.len() >= LONGEST || !self.seen.insert(name) {
            return;
        }
        let arch = self.model.arch.map_or("this architecture", Name::as_str);
        let Some(symbol) = self.model.symbol(&name) else {
            facts.push(Fact {
                text: format!("{arch} does not define {name}"),
                place: None,
            });
            return;
        };
        let place = symbol.definitions.first().map(|d| d.place.clone());
        if let Some(next) = self.unmet(symbol) {
            facts.push(Fact {
                text: format!("{name} depends on {next}"),
                place,
            });
            return self.explain(next, facts);
        }
        let selectors = self.model.selectors(name);
        let strong: Vec<_> = selectors
            .into_iter()
            .filter(|select| !select.weak)
            .collect();
        let text = match (symbol.prompts.is_empty(), strong.as_slice()) {
            (true, []) if symbol.defaults.is_empty() => {
                format!("nothing on {arch} selects {name}, which has no prompt")
            }
            (true, []) => format!("no default of {name} holds on {arch}, and nothing selects it"),
            (true, _) => format!("nothing that selects {name} can be on for {arch}"),
            (false, _) => format!("{name} can never be on for {arch}"),
        };
        facts.push(Fact { text, place });
        if let [only] = strong.as_slice() {
            self.explain(only.by, facts);
        }
    }

    /// A symbol that each definition depends on and that can never be on.
    fn unmet(&mut self, symbol: &Symbol) -> Option<Name> {
        if symbol.prompts.is_empty() && symbol.defaults.is_empty() {
            return None;
        }
        let first = symbol.definitions.first()?.depends.clone()?;
        let mut parts = Vec::new();
        conjuncts(&first, &mut parts);
        // The entry's own dependencies stand last; they say more than what stands around it.
        parts.into_iter().rev().find(|name| !self.can_be_on(*name))
    }
}

fn conjuncts(term: &Term, found: &mut Vec<Name>) {
    match term {
        Term::And(a, b) => {
            conjuncts(a, found);
            conjuncts(b, found);
        }
        Term::Symbol(name) => found.push(*name),
        _ => {}
    }
}
