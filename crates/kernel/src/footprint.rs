//! What of a tree an answer depends on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use csource::{File, Seen};
use kconfig::Model;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use source::{Changes, Led, Listing, Record, Source, key_of};
use text::Name;

use crate::looked_up::{LookedUp, Scratch};
use crate::tree::is_read_for_words;
use crate::words::MARK;

/// What was looked at of a tree to find something out: texts of files, or what was seen of them, that files were not
/// there, lists, and in which files some words stand. While that is the same, so is what was found out.
#[derive(Debug, Serialize, Deserialize)]
pub struct Footprint {
    record: Record,
    words: Arc<LookedUp>,
    views: Views,
    kconfig: KconfigSeen,
}

/// What was asked of Kconfig.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KconfigSeen {
    /// The keys of the paths of its files.
    files: BTreeSet<u64>,
    arches: Vec<(String, kconfig::Asked)>,
}

impl KconfigSeen {
    pub(crate) fn add(&mut self, arch: Name, files: &[Arc<str>], asked: kconfig::Asked) {
        self.files.extend(files.iter().map(|path| key_of(path)));
        self.arches.push((arch.to_string(), asked));
    }

    /// Those of some architectures for which something that was asked is answered otherwise.
    fn otherwise(
        &self,
        (models, wanted): (&Models<'_>, &(dyn Fn(&str) -> bool + Sync)),
    ) -> BTreeSet<String> {
        let is_other = |(arch, asked): &&(String, kconfig::Asked)| {
            wanted(arch) && models(arch).is_none_or(|model| !model.answers_alike(asked))
        };
        let arches = self.arches.par_iter().filter(is_other);
        arches.map(|(arch, _)| arch.clone()).collect()
    }
}

/// What may be another thing now, where most is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stale {
    /// The architectures whose Kconfig says something else of what was asked.
    pub arches: BTreeSet<String>,
    /// The Kconfig files in which lines that were told of are others now, or elsewhere.
    pub moved: Vec<String>,
}

/// What Kconfig says for an architecture; `None` where there is none of this name.
pub type Models<'m> = dyn Fn(&str) -> Option<Arc<Model>> + Sync + 'm;

/// What was seen of files of which not all was; of those that are not here all was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Views {
    /// By the keys of their paths, sorted: what was asked of each as C, and whether it may define structures.
    files: Vec<(u64, View)>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct View {
    seen: Option<Seen>,
    may_define: Vec<(String, bool)>,
}

impl Views {
    pub(crate) fn new(files: &[Arc<File>], may_define: &[(String, Name, bool)]) -> Views {
        let all: Vec<(u64, Option<Seen>)> = files
            .par_iter()
            .map(|file| (key_of(&file.path()), file.seen()))
            .collect();
        let mut views: BTreeMap<u64, View> = BTreeMap::new();
        for (path, tag, answer) in may_define {
            let view = views.entry(key_of(path)).or_default();
            view.may_define.push((tag.to_string(), *answer));
        }
        for (key, seen) in all {
            if seen.is_some() {
                views.entry(key).or_default().seen = seen;
            } else {
                views.remove(&key);
            }
        }
        for view in views.values_mut() {
            view.may_define.sort_unstable();
        }
        Views {
            files: views.into_iter().collect(),
        }
    }

    fn of(&self, path: &str) -> Option<&View> {
        let key = key_of(path);
        let at = self.files.binary_search_by_key(&key, |(known, _)| *known);
        Some(&self.files[at.ok()?].1)
    }

    /// Whether `text`, which is now at `path`, shows the same.
    fn are_in(&self, path: &str, text: Arc<[u8]>) -> bool {
        let Some(view) = self.of(path) else {
            return false;
        };
        let mut tags = view.may_define.iter();
        tags.all(|(tag, answer)| csource::may_define(&text, tag) == *answer)
            && view
                .seen
                .as_ref()
                .is_none_or(|seen| seen.is_in(&File::new(path, text)))
    }

    /// Whether lines of a Kconfig file that were told are what they were.
    fn have_lines_of(&self, path: &str, text: Arc<[u8]>) -> bool {
        self.of(path).is_none_or(|view| {
            let seen = view.seen.as_ref();
            seen.is_none_or(|seen| seen.is_in_text(&File::new(path, text)))
        })
    }
}

impl Footprint {
    pub(crate) fn new(
        record: Record,
        words: LookedUp,
        (views, kconfig): (Views, KconfigSeen),
    ) -> Footprint {
        Footprint {
            record,
            words: Arc::new(words),
            views,
            kconfig,
        }
    }

    /// The words that were looked up, and in which files they stand, if all files could be read. While
    /// [`Footprint::stale`] knows what does not hold, that does.
    #[must_use]
    pub fn looked_up(&self) -> Option<Arc<LookedUp>> {
        self.words.is_whole().then(|| Arc::clone(&self.words))
    }

    /// The keys of all paths that were asked for.
    pub fn asked(&self) -> impl Iterator<Item = u64> {
        self.record.asked()
    }

    /// What of it is asked again each time, also where nothing seems to have changed.
    #[must_use]
    pub fn led(&self) -> &Led {
        self.record.led()
    }

    /// What of it is not the same in `source`, which differs by `changes` from the tree that was looked at, and now is
    /// `listing`; `None` where what was found of any architecture may rest on that. Where Kconfig files are others, `models`
    /// are asked for what they say now, of the architectures that are `wanted`.
    #[must_use]
    pub fn stale(
        &self,
        source: &dyn Source,
        (listing, changes): (&Listing, &Changes<'_>),
        (models, wanted): (&Models<'_>, &(dyn Fn(&str) -> bool + Sync)),
    ) -> Option<Stale> {
        let no_words = |key: &u64| self.words.of_file(*key) == 0;
        let comparing = self.words.comparing();
        let files: Vec<&str> = changes
            .files()
            .filter(|path| is_read_for_words(path))
            .collect();
        let same_words =
            |scratch: &mut Scratch, path: &str| comparing.same_words(source, path, scratch);
        let is_kconfig_changed = AtomicBool::new(false);
        let moved: Mutex<Vec<String>> = Mutex::default();
        let shows_the_same = |path: &str, text: Arc<[u8]>| {
            if !self.kconfig.files.contains(&key_of(path)) {
                return self.views.are_in(path, text);
            }
            is_kconfig_changed.store(true, Ordering::Relaxed);
            // A comment that came in may accept something.
            if memchr::memmem::find(&text, MARK.as_bytes()).is_some() {
                return false;
            }
            if !self.views.have_lines_of(path, text) {
                let moved = moved.lock();
                moved
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(path.to_owned());
            }
            true
        };
        let holds = self
            .record
            .holds(source, (listing, changes), &shows_the_same)
            && changes.gone().iter().all(no_words)
            && changes.others().all(|path| no_words(&key_of(path)))
            && files
                .into_par_iter()
                .map_init(Scratch::default, same_words)
                .all(|same| same);
        let mut moved = moved.into_inner().unwrap_or_else(PoisonError::into_inner);
        moved.sort_unstable();
        holds.then(|| Stale {
            arches: if is_kconfig_changed.into_inner() {
                self.kconfig.otherwise((models, wanted))
            } else {
                BTreeSet::new()
            },
            moved,
        })
    }
}
