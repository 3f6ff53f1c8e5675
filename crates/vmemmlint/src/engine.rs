//! Where the binary meets the engine: the one place that changes when the engine does.

use std::mem::ManuallyDrop;
use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};
use kernel::{Footprint, Tree};
pub(crate) use rules::Settings;
use rules::{Configured, Outcome};
use source::{Listed, Source};

use crate::arguments::{Caching, Scope, Search};
use crate::cache::Cache;
use crate::keep::{Keep, Shelved};
use crate::progress::Bar;
use crate::{Failure, catalog, one_line, tree};

/// What is asked of a tree, without its purpose. The error is one line.
pub(crate) fn settings(
    tree: &dyn Source,
    scope: &Scope,
    search: &Search,
) -> Result<Settings, Failure> {
    let file = search.suppressions.as_deref();
    let (catalog, configured) = catalog::configured(&search.folders, file, tree)?;
    let Configured {
        enabled,
        disabled,
        accepted,
    } = configured;
    // For what is accepted until a day. Where nothing ends, a kept answer does not either.
    let today = accepted
        .has_an_end()
        .then(|| Timestamp::now().to_zoned_datetime(TimeZone::UTC).date());
    Ok(Settings {
        arches: scope.arch.clone(),
        toolchain: tree::toolchain(scope.toolchain.as_deref())?,
        catalog: Some(catalog),
        enabled,
        disabled,
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
    kept: bool,
    /// Where it is to be kept, and with what.
    keep: Option<(Keep, Basis)>,
}

/// What an answer rests on.
#[derive(Debug)]
enum Basis {
    /// It was kept for the tree in another state.
    Known(Footprint),
    /// It was found out in this tree, of whose words so much was known. To give back, piece by piece, what the tree
    /// holds takes longer than the process lives on.
    Found(Box<ManuallyDrop<Tree>>, Shelved),
}

impl Answer {
    /// Whether it was found out in an earlier run.
    pub(crate) fn was_kept(&self) -> bool {
        self.kept
    }

    /// Keeps the answer for the next time, once it is printed.
    pub(crate) fn keep(&self, listed: &dyn Listed) {
        match &self.keep {
            Some((keep, Basis::Known(footprint))) => keep.keep(&self.outcome, footprint),
            Some((keep, Basis::Found(tree, shelved))) => {
                let Ok(later) = listed.listing() else { return };
                if let Some(footprint) = keep.footprint(tree, &later) {
                    keep.keep(&self.outcome, &footprint);
                }
                keep.keep_words(tree, shelved, &later);
            }
            None => {}
        }
    }
}

/// Asks the cache, and then the engine, with a bar on the terminal unless it is to be quiet. The error is one
/// line.
pub(crate) fn check(
    source: &Arc<dyn Listed>,
    settings: &Settings,
    caching: &Caching,
    quiet: bool,
) -> Result<Answer, Failure> {
    check_with(source, settings, Cache::open(caching)?, quiet)
}

/// The same with a cache that is open, or none.
pub(crate) fn check_with(
    source: &Arc<dyn Listed>,
    settings: &Settings,
    cache: Option<Cache>,
    quiet: bool,
) -> Result<Answer, Failure> {
    let keep = cache.and_then(|cache| Keep::new(cache, settings, &**source));
    if let Some((outcome, footprint)) = keep.as_ref().and_then(|keep| keep.known(&**source)) {
        let keep = keep.zip(footprint.map(Basis::Known));
        let kept = true;
        return Ok(Answer {
            outcome,
            kept,
            keep,
        });
    }
    let tree = Tree::open(Arc::clone(source) as Arc<dyn Source>);
    let tree = tree.map_err(|error| one_line(&error.to_string()))?;
    let words = keep.as_ref().map(|keep| keep.words(&**source));
    let (known, shelved) = words.unwrap_or_default();
    let tree = Box::new(ManuallyDrop::new(tree.with_known(known)));
    let bar = Bar::new(quiet);
    let outcome = rules::check_tree(&tree, settings, &bar);
    bar.finish();
    let outcome = outcome.map_err(|error| one_line(&error.to_string()))?;
    let keep = keep.map(|keep| (keep, Basis::Found(tree, shelved)));
    let kept = false;
    Ok(Answer {
        outcome,
        kept,
        keep,
    })
}
