//! What Kconfig files use and none of them defines.
//!
//! ```kconfig
//! config A
//! 	depends on B && RENAMED_LONG_AGO
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use text::Name;

use crate::library::{Library, Read};
use crate::mentions::{Mention, Role};
use crate::model::{Model, Place};

impl Library {
    /// The symbols that the files of `models`, which this library has read, use and that no file defines, each with the places that
    /// use it. Numbers are none, and neither are words with macros in them, nor what may be the value of a string or
    /// a number. Where somebody asks of some files `only`, it is those that are used there.
    pub fn undefined(
        &self,
        models: &[&Model],
        only: Option<&[Arc<str>]>,
    ) -> BTreeMap<Name, BTreeSet<Place>> {
        let files: FxHashSet<&Arc<str>> = models.iter().flat_map(|model| model.files()).collect();
        let reads = files.into_iter().filter_map(|path| self.known(path));
        let reads: Vec<Arc<Read>> = reads.collect();
        let is_undefined = |name| models.iter().all(|model| !model.defines(name));
        let mut names: FxHashMap<Name, bool> = FxHashMap::default();
        for read in &reads {
            if only.is_none_or(|only| only.contains(&read.path)) {
                for name in uses(read).map(|mention| mention.name) {
                    names.entry(name).or_insert_with(|| is_undefined(name));
                }
            }
        }
        names.retain(|_, is_undefined| *is_undefined);
        let mut used: BTreeMap<Name, BTreeSet<Place>> = BTreeMap::new();
        if names.is_empty() {
            return used;
        }
        for read in &reads {
            for mention in uses(read).filter(|mention| names.contains_key(&mention.name)) {
                let place = read.place(mention.span);
                used.entry(mention.name).or_default().insert(place);
            }
        }
        used
    }
}

/// Where a file asks for symbols.
fn uses(read: &Read) -> impl Iterator<Item = &Mention> {
    let all = read.mentions().iter();
    all.filter(|mention| !matches!(mention.role, Role::Definition | Role::Value))
}
