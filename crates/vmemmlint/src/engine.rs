//! Where the binary meets the engine: the one place that changes when the engine does.

use std::fmt;
use std::sync::Arc;

use kernel::Progress;
use rules::Outcome;
use source::Source;

/// What to check.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// Architectures, by their directories below `arch/`; empty for all.
    pub(crate) arches: Vec<String>,
    /// Ids of rules; empty for all.
    pub(crate) rules: Vec<String>,
}

/// Why there is no answer at all.
#[derive(Debug)]
pub(crate) struct CheckError(String);

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Checks the tree that `source` holds.
#[expect(clippy::needless_pass_by_value, reason = "the engine keeps the source")]
pub(crate) fn check(
    source: Arc<dyn Source>,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<Outcome, CheckError> {
    let arches = source
        .list("arch")
        .map_err(|e| CheckError(format!("arch/: {e}")))?;
    progress.phase("architectures", arches.len());
    let known: Vec<&str> = arches
        .iter()
        .filter_map(|name| name.strip_suffix('/'))
        .collect();
    for arch in &settings.arches {
        progress.step(1);
        if !known.contains(&arch.as_str()) {
            let known = known.join(", ");
            return Err(CheckError(format!(
                "no architecture {arch}; there are {known}"
            )));
        }
    }
    let _ = &settings.rules;
    Ok(Outcome::default())
}
