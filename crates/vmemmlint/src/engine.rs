//! Where the binary meets the engine: the one place that changes when the engine does.

use std::sync::Arc;

use rules::Outcome;
pub(crate) use rules::Settings;
use source::Source;

use crate::progress::Bar;
use crate::{Failure, one_line};

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
