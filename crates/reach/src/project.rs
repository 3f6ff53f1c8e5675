//! "Some value lets it happen": a Condition without the atoms that only a path knows.

use condition::{Atom, Condition};

use crate::Analysis;

/// A Condition with more formulas than this after a step is not projected further.
const LARGEST: usize = 20_000;

impl Analysis<'_> {
    /// `condition` over symbols, predicates and assumptions only: true exactly where some values of
    /// parameters, fields and places make it true. `None` where that grew too large.
    pub(crate) fn project(&mut self, condition: Condition) -> Option<Condition> {
        let mut current = condition;
        let before = self.store.len();
        loop {
            let atoms = self.store.atoms(current);
            let Some(atom) = atoms.into_iter().find(|a| matches!(a, Atom::Value(..) | Atom::Free(_))) else {
                return Some(current);
            };
            let put = |analysis: &mut Self, value: bool| {
                analysis.store.map_atoms(current, &mut |store, other| {
                    if other == atom { Condition::constant(value) } else { store.atom(other) }
                })
            };
            let (yes, no) = (put(self, true), put(self, false));
            current = self.store.or(yes, no);
            if self.store.len() > before + LARGEST {
                return None;
            }
        }
    }
}
