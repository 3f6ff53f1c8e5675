//! What is known of an architecture besides its verdicts: how it opts in, and where its backend writes.

use reach::BackendKind;

use crate::ask::{Asking, backend_rule};
use crate::rule::Backend;
use crate::{ArchRow, BackendRow};

impl Asking<'_, '_> {
    /// The row of the table, as far as this rule tells it: one that asks for no backend tells none.
    pub(crate) fn row(&mut self) -> ArchRow {
        let symbol = self.symbol();
        let (selects, always) = self.analysis.selecting(&symbol);
        let conditions: Vec<String> = selects
            .iter()
            .map(|select| format!("if {}", select.condition))
            .collect();
        let place = selects.first().map(|select| select.place.clone());
        let selected = match (always, conditions.as_slice()) {
            (true, _) => "always".to_owned(),
            (false, []) => "never".to_owned(),
            (false, some) => some.join(", or "),
        };
        let rule = self.rule.backend();
        let backend = rule.map_or_else(Vec::new, |rule| self.backend_rows(rule));
        ArchRow {
            arch: self.arch.name.to_string(),
            backend,
            symbol,
            selected,
            place: place.map(|place| self.place(&place.file, place.span)),
        }
    }

    fn backend_rows(&mut self, rule: &Backend) -> Vec<BackendRow> {
        let backend = self.analysis.backend(&backend_rule(rule));
        let parts = self.analysis.backend_parts(&backend);
        let rows = parts.into_iter().map(|part| BackendRow {
            tables: match part.kind {
                BackendKind::Inside => rule.tables.clone(),
                BackendKind::Outside => format!("not {}", rule.tables),
                BackendKind::Unclear => "not found out".to_owned(),
            },
            when: part.when,
            place: part.at.map(|at| self.place(&at.file, at.span)),
        });
        rows.collect()
    }
}
