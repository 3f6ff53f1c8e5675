//! What of a tree an answer depends on.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use source::{Changes, Led, Listing, Record, Source, key_of};

use crate::index::{Asked, Scratch};
use crate::tree::is_read_for_words;

/// What was looked at of a tree to find something out: texts of files, that files were not there, lists, and in
/// which files some words stand. While that is the same, so is what was found out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint {
    record: Record,
    words: Asked,
}

impl Footprint {
    pub(crate) fn new(record: Record, words: Asked) -> Footprint {
        Footprint { record, words }
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
        self.record.holds(source, listing, changes)
            && changes.gone().iter().all(no_words)
            && changes.others().all(|path| no_words(&key_of(path)))
            && files
                .into_par_iter()
                .map_init(Scratch::default, same_words)
                .all(|same| same)
    }
}
