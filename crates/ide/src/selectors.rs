//! Who selects a symbol, on how many architectures.

use std::collections::BTreeMap;

use text::Name;

use crate::{Kconfig, Location};

/// Who selects a symbol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selectors {
    /// The symbol that does, what else that asks for, and on which architectures; those of fewest last.
    pub lines: Vec<(Name, Option<String>, Vec<String>)>,
    /// The architectures on which some line does.
    pub arches: Vec<String>,
    /// The lines.
    pub places: Vec<Location>,
}

/// Who selects a symbol; `imply` is left out.
pub fn selectors(kconfig: &Kconfig, name: Name) -> Selectors {
    let mut lines: BTreeMap<(Name, Option<String>), Vec<String>> = BTreeMap::new();
    let mut found = Selectors::default();
    for (arch, model) in kconfig.arches() {
        let selects = model.selectors(name);
        let mut own: Vec<(Name, Option<String>)> = Vec::new();
        for select in selects.into_iter().filter(|select| !select.weak) {
            let words = select.condition.to_string();
            own.push((select.by, Some(words).filter(|words| words != "y")));
            found.places.push(Location {
                file: select.place.file.to_string(),
                span: select.place.span,
            });
        }
        own.sort_unstable();
        own.dedup();
        if !own.is_empty() {
            found.arches.push(arch.name.to_string());
        }
        for line in own {
            lines.entry(line).or_default().push(arch.name.to_string());
        }
    }
    found.places.sort_unstable();
    found.places.dedup();
    found.lines = lines
        .into_iter()
        .map(|((by, condition), arches)| (by, condition, arches))
        .collect();
    found
        .lines
        .sort_by_key(|(_, _, arches)| std::cmp::Reverse(arches.len()));
    found
}
