//! Where the binary meets the engine: the one place that changes when the engine does.

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};
use rules::Outcome;
pub(crate) use rules::Settings;
use source::{Directory, Source};

use crate::arguments::{Caching, Scope, Search};
use crate::cache::{Cache, Keep};
use crate::progress::Bar;
use crate::{Failure, one_line, tree};

/// What is asked of a tree, without its purpose. The error is one line.
pub(crate) fn settings(
    tree: &Directory,
    scope: &Scope,
    search: &Search,
) -> Result<Settings, Failure> {
    let accepted = tree::accepted(search.suppressions.as_deref(), tree)?;
    // For what is accepted until a day. Where nothing ends, a kept answer does not either.
    let today = accepted
        .has_an_end()
        .then(|| Timestamp::now().to_zoned_datetime(TimeZone::UTC).date());
    Ok(Settings {
        arches: scope.arch.clone(),
        toolchain: tree::toolchain(scope.toolchain.as_deref())?,
        accepted,
        today,
        limits: search.budget.limits(),
        ..Settings::default()
    })
}

/// What the engine answered, or has answered before.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    keep: Option<Keep>,
}

impl Answer {
    /// Keeps the answer for the next time, once it is printed.
    pub(crate) fn keep(&self) {
        if let Some(keep) = &self.keep {
            keep.keep(&self.outcome);
        }
    }
}

/// Asks the cache, and then the engine, with a bar on the terminal unless it is to be quiet. The error is one
/// line.
pub(crate) fn check(
    source: &Arc<Directory>,
    settings: &Settings,
    caching: &Caching,
    quiet: bool,
) -> Result<Answer, Failure> {
    let keep = Cache::open(caching)?.and_then(|cache| Keep::new(cache, settings, source));
    if let Some(outcome) = keep.as_ref().and_then(Keep::known) {
        return Ok(Answer {
            outcome,
            keep: None,
        });
    }
    let bar = Bar::new(quiet);
    let outcome = rules::check(Arc::clone(source) as Arc<dyn Source>, settings, &bar);
    bar.finish();
    Ok(Answer {
        outcome: outcome.map_err(|error| one_line(&error.to_string()))?,
        keep,
    })
}
