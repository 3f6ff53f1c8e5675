//! Where the binary meets the engine: the one place that changes when the engine does.

use std::cell::RefCell;
use std::collections::HashMap;
use std::mem::ManuallyDrop;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::{Timestamp, tz::TimeZone};
use kconfig::{Library, Model};
use kernel::{Footprint, Models, Progress, Tree};
pub(crate) use rules::Settings;
use rules::{Catalog, Configured, Outcome};
use source::{Listed, Source};

use crate::arguments::{Caching, Scope, Search};
use crate::cache::Cache;
use crate::keep::{Held, Keep, Shelved};
use crate::progress::Bar;
use crate::{Failure, catalog, one_line, tree};

/// What is asked of a tree, without its purpose. The error is one line.
pub(crate) fn settings(
    tree: &dyn Source,
    scope: &Scope,
    search: &Search,
) -> Result<Settings, Failure> {
    let file = search.suppressions.as_deref();
    let configured = catalog::configured(&search.folders, file, tree)?;
    Ok(Settings {
        arches: scope.arch.clone(),
        toolchain: tree::toolchain(scope.toolchain.as_deref())?,
        limits: search.budget.limits(),
        ..configured_settings(configured)
    })
}

/// What a tree says of how it wants to be asked.
pub(crate) fn configured_settings((catalog, configured): (Arc<Catalog>, Configured)) -> Settings {
    let Configured {
        enabled,
        disabled,
        accepted,
    } = configured;
    // For what is accepted until a day. Where nothing ends, a kept answer does not either.
    let today = accepted
        .has_an_end()
        .then(|| Timestamp::now().to_zoned_datetime(TimeZone::UTC).date());
    Settings {
        catalog: Some(catalog),
        enabled,
        disabled,
        accepted,
        today,
        ..Settings::default()
    }
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
        if let Some((keep, basis)) = &self.keep {
            self.keep_with(listed, keep, basis);
        }
    }

    /// Keeps it with what it rests on, which is answered where it is known.
    fn keep_with(&self, listed: &dyn Listed, keep: &Keep, basis: &Basis) -> Option<Footprint> {
        match basis {
            Basis::Known(footprint) => {
                keep.keep(&self.outcome, footprint);
                Some(footprint.clone())
            }
            Basis::Found(tree, shelved) => {
                let later = listed.listing_now().ok()?;
                let footprint = keep.footprint(tree, &later);
                if let Some(footprint) = &footprint {
                    keep.keep(&self.outcome, footprint);
                }
                keep.keep_words(tree, shelved, &later);
                footprint
            }
        }
    }
}

/// So many answers of a run are asked whether they still hold.
const HELD: usize = 4;

/// Trees that differ little, checked one after the other.
#[derive(Debug)]
pub(crate) struct Session {
    cache: Cache,
    quiet: bool,
    /// The last first.
    held: RefCell<Vec<Held>>,
}

impl Session {
    /// A session that keeps its answers in a cache.
    pub(crate) fn new(cache: Cache, quiet: bool) -> Session {
        Session {
            cache,
            quiet,
            held: RefCell::default(),
        }
    }

    /// Whether nobody is to be told how far it is.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// What is found in a tree; what it has in common with those before it is not asked again.
    pub(crate) fn check(
        &self,
        source: &Arc<dyn Listed>,
        settings: &Settings,
    ) -> Result<Arc<Outcome>, Failure> {
        let bar = Bar::new(self.quiet);
        let models = models_of(source, settings);
        let outcome = self.check_with(source, (settings, &models), &bar);
        bar.finish();
        outcome
    }

    /// The same, with another who is told how far it is, and may cancel it, which is an error, and who knows what
    /// Kconfig says.
    pub(crate) fn check_with(
        &self,
        source: &Arc<dyn Listed>,
        (settings, models): (&Settings, &Models<'_>),
        progress: &dyn Progress,
    ) -> Result<Arc<Outcome>, Failure> {
        let keep = Keep::new(self.cache.clone(), settings, &**source);
        let mut held = self.held.borrow_mut();
        if let Some(keep) = &keep
            && let Some(at) = held
                .iter()
                .position(|held| keep.is_answered_by(held, &**source, models))
        {
            held[..=at].rotate_right(1);
            return Ok(Arc::clone(&held[0].outcome));
        }
        let answered: Result<_, Failure> = in_own_threads(move || {
            let mut answer = answer(source, (settings, models), keep, progress)?;
            let rest = answer.keep.take().map(|(keep, basis)| {
                let footprint = answer.keep_with(&**source, &keep, &basis);
                if let Basis::Found(tree, _) = basis {
                    drop(ManuallyDrop::into_inner(*tree));
                }
                (keep, footprint)
            });
            Ok((Arc::new(answer.outcome), rest))
        });
        let (outcome, rest) = answered?;
        if let Some((keep, Some(footprint))) = rest {
            held.insert(0, keep.held(Arc::clone(&outcome), footprint));
            held.truncate(HELD);
        }
        Ok(outcome)
    }
}

/// Does something with threads that end with it. What a check needs is much, and who ends gives it all back: here the
/// process lives on.
fn in_own_threads<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let threads = rayon::current_num_threads();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    // As much as the first thread of a program has.
    match pool.stack_size(8 << 20).build() {
        Ok(pool) => pool.install(work),
        // There are no threads left.
        Err(_) => work(),
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
    let keep = Cache::open(caching)?.and_then(|cache| Keep::new(cache, settings, &**source));
    let bar = Bar::new(quiet);
    let models = models_of(source, settings);
    let answer = answer(source, (settings, &models), keep, &bar);
    bar.finish();
    answer
}

/// What Kconfig says for an architecture of a tree, read when it is first asked for.
fn models_of<'s>(
    source: &'s Arc<dyn Listed>,
    settings: &'s Settings,
) -> impl Fn(&str) -> Option<Arc<Model>> + Sync + 's {
    let tree = OnceLock::new();
    let library = Library::new();
    let known = Mutex::new(HashMap::new());
    move |arch| {
        let known = || known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = known().get(arch) {
            return Some(Arc::clone(model));
        }
        let open = || Tree::open(Arc::clone(source) as Arc<dyn Source>).ok();
        let tree = tree.get_or_init(open).as_ref()?;
        let named = tree.architecture(arch)?;
        let model = Arc::new(rules::model_of(tree, &library, named, settings));
        known().insert(arch.to_owned(), Arc::clone(&model));
        Some(model)
    }
}

fn answer(
    source: &Arc<dyn Listed>,
    (settings, models): (&Settings, &Models<'_>),
    keep: Option<Keep>,
    progress: &dyn Progress,
) -> Result<Answer, Failure> {
    let known = keep.as_ref();
    let known = known.and_then(|keep| keep.known(&**source, models));
    if let Some((outcome, footprint)) = known {
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
    let tree = tree.with_known(known);
    let outcome = rules::check_tree(&tree, settings, progress);
    let outcome = outcome.map_err(|error| one_line(&error.to_string()))?;
    let tree = Box::new(ManuallyDrop::new(tree));
    let keep = keep.map(|keep| (keep, Basis::Found(tree, shelved)));
    let kept = false;
    Ok(Answer {
        outcome,
        kept,
        keep,
    })
}
