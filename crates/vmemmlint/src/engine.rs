//! Where the binary meets the engine: the one place that changes when the engine does.

use std::cell::RefCell;
use std::collections::HashMap;
use std::mem::ManuallyDrop;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::{Timestamp, tz::TimeZone};
use kconfig::{Library, Model};
use kernel::{Known, Models, Progress, Tree};
pub(crate) use rules::Settings;
use rules::{ArchOutcomes, Catalog, Configured, Outcome};
use source::{Listed, Source};

use crate::arguments::{Caching, Scope, Search};
use crate::cache::Cache;
use crate::keep::{Held, Keep, Part, Rest, Shelved, put_away, taken_out};
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
    Known(Vec<Part>),
    /// It was found out now.
    Found(Box<Fresh>),
}

/// What an answer rests on that was found out now.
#[derive(Debug)]
struct Fresh {
    /// What was asked of it. To give back, piece by piece, what it holds takes longer than the process lives on.
    tree: ManuallyDrop<Tree>,
    /// How much of its words was known, where all were looked for.
    shelved: Arc<OnceLock<Shelved>>,
    /// What was known before.
    before: Vec<Part>,
    /// What was found besides.
    found: ArchOutcomes,
}

impl Answer {
    /// Whether it was found out in an earlier run.
    pub(crate) fn was_kept(&self) -> bool {
        self.kept
    }

    /// Keeps the answer for the next time, once it is printed.
    pub(crate) fn keep(&self, listed: &dyn Listed) {
        if let Some((keep, basis)) = &self.keep {
            self.keep_with(listed, (keep, basis), true);
        }
    }

    /// Keeps it with what it rests on, which is answered where it is known. Where that was found out fast it is kept only if
    /// this is the `last` of a run.
    fn keep_with(
        &self,
        listed: &dyn Listed,
        (keep, basis): (&Keep, &Basis),
        last: bool,
    ) -> Option<Vec<Part>> {
        match basis {
            Basis::Known(parts) => {
                keep.keep(&self.outcome, parts);
                Some(parts.clone())
            }
            Basis::Found(found) => {
                let (tree, shelved) = (&*found.tree, found.shelved.get());
                // Where few files were looked at it is enough to look at these again.
                let later = match (shelved, tree.index()) {
                    (None, None) => None,
                    _ => Some(listed.listing_now().ok()?),
                };
                let part = keep.part((tree, listed), found.found.clone(), later.as_ref());
                let parts = part.map(|part| {
                    let mut parts = found.before.clone();
                    parts.push(part);
                    parts
                });
                if let Some(parts) = parts.as_ref().filter(|_| last || later.is_some()) {
                    keep.keep(&self.outcome, parts);
                }
                if let (Some(shelved), Some(later)) = (shelved, &later) {
                    keep.keep_words(tree, shelved, later);
                }
                parts
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
        let mut best: Option<Rest> = None;
        for (at, one) in held.iter().enumerate() {
            let keep = keep.as_ref();
            let rest = keep.and_then(|keep| keep.rest_of(one, &**source, models));
            let Some(rest) = rest else { continue };
            if rest.holds() {
                held[..=at].rotate_right(1);
                return Ok(Arc::clone(&held[0].outcome));
            }
            if best.as_ref().is_none_or(|best| rest.open < best.open) {
                best = Some(rest);
            }
        }
        let best = best.filter(|best| !best.is_nothing());
        let answered: Result<_, Failure> = in_own_threads(move || {
            let mut answer = answer(source, (settings, models), (keep, best), progress)?;
            let rest = answer.keep.take().map(|(keep, basis)| {
                let parts = answer.keep_with(&**source, (&keep, &basis), false);
                if let Basis::Found(found) = basis {
                    drop(ManuallyDrop::into_inner(found.tree));
                }
                (keep, parts)
            });
            // What is held lies apart from what is given back, most of which it would keep.
            let parts = rest.map(|(keep, parts)| (keep, parts.map(Part::put_away)));
            Ok((put_away(&answer.outcome), parts))
        });
        let (outcome, rest) = answered?;
        let outcome = taken_out(&outcome).map(Arc::new);
        let outcome =
            outcome.ok_or("a fault in vmemmlint itself: an answer cannot be read back")?;
        if let Some((keep, Some(parts))) = rest
            && let Some(parts) = parts.into_iter().map(Part::taken_out).collect()
        {
            held.insert(0, keep.held(Arc::clone(&outcome), parts));
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
    let answer = answer(source, (settings, &models), (keep, None), &bar);
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

/// Tells what is known of the words of a tree, and notes that that was asked.
fn from_before(
    keep: Option<Keep>,
    source: &Arc<dyn Listed>,
    shelved: &Arc<OnceLock<Shelved>>,
) -> impl FnOnce() -> Known + Send + 'static {
    let (source, shelved) = (Arc::clone(source), Arc::clone(shelved));
    move || {
        let words = keep.map(|keep| keep.words(&*source));
        let (known, found) = words.unzip();
        if let Some(found) = found {
            shelved.get_or_init(|| found);
        }
        known.unwrap_or_default()
    }
}

fn answer(
    source: &Arc<dyn Listed>,
    (settings, models): (&Settings, &Models<'_>),
    (keep, rest): (Option<Keep>, Option<Rest>),
    progress: &dyn Progress,
) -> Result<Answer, Failure> {
    if let Some(outcome) = keep.as_ref().and_then(|keep| keep.known(&**source)) {
        return Ok(Answer {
            outcome,
            kept: true,
            keep: None,
        });
    }
    let mut rest = rest;
    if let (Some(keep), None) = (&keep, &rest)
        && let Some(kept) = keep.known_of_others(&**source, models)
    {
        if kept.rest.holds() {
            return Ok(Answer {
                outcome: kept.outcome,
                kept: true,
                keep: Some((keep.clone(), Basis::Known(kept.rest.parts))),
            });
        }
        rest = Some(kept.rest);
    }
    let rest = rest.unwrap_or_default();
    let tree = Tree::open(Arc::clone(source) as Arc<dyn Source>);
    let tree = tree.map_err(|error| one_line(&error.to_string()))?;
    let shelved = Arc::default();
    let tree = tree
        .with_looked_up(rest.looked_up.clone())
        .with_known(from_before(keep.clone(), source, &shelved));
    let known = (&rest.known(), models);
    let checked = rules::check_rest(&tree, settings, known, progress);
    let (outcome, found) = checked.map_err(|error| one_line(&error.to_string()))?;
    let mut before = rest.parts;
    for part in &mut before {
        part.leave(&found);
    }
    let basis = Basis::Found(Box::new(Fresh {
        tree: ManuallyDrop::new(tree),
        shelved,
        before,
        found,
    }));
    Ok(Answer {
        outcome,
        kept: false,
        keep: keep.map(|keep| (keep, basis)),
    })
}
