//! Where the binary meets the engine: the one place that changes when the engine does.

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};
use rules::Outcome;
pub(crate) use rules::Settings;
use source::{Directory, Source};

use crate::arguments::{Scope, Search};
use crate::progress::Bar;
use crate::{Failure, one_line, tree};

/// What is asked of a tree, without its purpose. The error is one line.
pub(crate) fn settings(
    tree: &Directory,
    scope: &Scope,
    search: &Search,
) -> Result<Settings, Failure> {
    Ok(Settings {
        arches: scope.arch.clone(),
        toolchain: tree::toolchain(scope.toolchain.as_deref())?,
        accepted: tree::accepted(search.suppressions.as_deref(), tree)?,
        // For what is accepted until a day.
        today: Some(Timestamp::now().to_zoned_datetime(TimeZone::UTC).date()),
        limits: search.budget.limits(),
        ..Settings::default()
    })
}

/// Asks the engine, with a bar on the terminal unless it is to be quiet. The error is one line.
pub(crate) fn check(
    source: Arc<dyn Source>,
    settings: &Settings,
    quiet: bool,
) -> Result<Outcome, Failure> {
    let bar = Bar::new(quiet);
    let outcome = rules::check(source, settings, &bar);
    bar.finish();
    outcome.map_err(|error| one_line(&error.to_string()))
}
