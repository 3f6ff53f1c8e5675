//! "Some value lets it happen": a Condition without the atoms that only a path knows.

use condition::{Atom, Condition};

use crate::Analysis;

impl Analysis<'_> {
    /// `condition` over symbols, predicates and assumptions only: true exactly where some values of
    /// parameters, fields and places make it true. `None` where that grew too large.
    pub(crate) fn project(&mut self, condition: Condition) -> Option<Condition> {
        self.store.project(condition, &|atom| {
            matches!(atom, Atom::Value(..) | Atom::Free(_))
        })
    }
}
