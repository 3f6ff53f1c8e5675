//! Where the binary meets the engine: the one place that changes when the engine does.

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};
use kernel::{Footprint, Tree};
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
    /// Where it is to be kept, and what it rests on.
    keep: Option<(Keep, Footprint)>,
}

impl Answer {
    /// Keeps the answer for the next time, once it is printed.
    pub(crate) fn keep(&self) {
        if let Some((keep, footprint)) = &self.keep {
            keep.keep(&self.outcome, footprint);
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
    if let Some((outcome, footprint)) = keep.as_ref().and_then(|keep| keep.known(source)) {
        let keep = keep.zip(footprint);
        return Ok(Answer { outcome, keep });
    }
    let tree = Tree::open(Arc::clone(source) as Arc<dyn Source>);
    let tree = tree.map_err(|error| one_line(&error.to_string()))?;
    let bar = Bar::new(quiet);
    let outcome = rules::check_tree(&tree, settings, &bar);
    bar.finish();
    let outcome = outcome.map_err(|error| one_line(&error.to_string()))?;
    let footprint = keep.as_ref().and_then(|keep| keep.footprint(&tree));
    let keep = keep.zip(footprint);
    Ok(Answer { outcome, keep })
}
