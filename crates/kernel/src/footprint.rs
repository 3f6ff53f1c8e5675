//! What of a tree an answer depends on.

use std::collections::BTreeMap;
use std::sync::Arc;

use csource::{File, Seen};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use source::{Changes, Led, Listing, Record, Source, key_of};
use text::Name;

use crate::index::{Asked, Scratch};
use crate::tree::is_read_for_words;

/// What was looked at of a tree to find something out: texts of files, or what was seen of them, that files were not
/// there, lists, and in which files some words stand. While that is the same, so is what was found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint {
    record: Record,
    words: Asked,
    views: Views,
}

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

    /// Whether `text`, which is now at `path`, shows the same.
    fn are_in(&self, path: &str, text: Arc<[u8]>) -> bool {
        let key = key_of(path);
        let Ok(at) = self.files.binary_search_by_key(&key, |(known, _)| *known) else {
            return false;
        };
        let view = &self.files[at].1;
        let mut tags = view.may_define.iter();
        tags.all(|(tag, answer)| csource::may_define(&text, tag) == *answer)
            && view
                .seen
                .as_ref()
                .is_none_or(|seen| seen.is_in(&File::new(path, text)))
    }
}

impl Footprint {
    pub(crate) fn new(record: Record, words: Asked, views: Views) -> Footprint {
        Footprint {
            record,
            words,
            views,
        }
    }

    /// What of it is asked again each time, also where nothing seems to have changed.
    #[must_use]
    pub fn led(&self) -> &Led {
        self.record.led()
    }

    /// Whether all of it is the same in `source`, which differs by `changes` from the tree that was looked at, and
    /// now is `listing`.
    #[must_use]
    pub fn holds(&self, source: &dyn Source, listing: &Listing, changes: &Changes<'_>) -> bool {
        let no_words = |key: &u64| self.words.of_file(*key) == 0;
        let comparing = self.words.comparing();
        let files: Vec<&str> = changes
            .files()
            .filter(|path| is_read_for_words(path))
            .collect();
        let same_words =
            |scratch: &mut Scratch, path: &str| comparing.same_words(source, path, scratch);
        let shows_the_same = |path: &str, text| self.views.are_in(path, text);
        self.record
            .holds(source, (listing, changes), &shows_the_same)
            && changes.gone().iter().all(no_words)
            && changes.others().all(|path| no_words(&key_of(path)))
            && files
                .into_par_iter()
                .map_init(Scratch::default, same_words)
                .all(|same| same)
    }
}
