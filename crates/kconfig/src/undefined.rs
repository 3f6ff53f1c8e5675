//! What Kconfig files use and none of them defines.
//!
//! ```kconfig
//! config A
//! 	depends on B && RENAMED_LONG_AGO
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashSet;
use text::Name;

use crate::library::Library;
use crate::mentions::Role;
use crate::model::{Model, Place};

impl Library {
    /// The symbols that the files of `models`, which this library has read, use and that no file defines, each with the places that
    /// use it. Numbers are none, and neither are words with macros in them, nor what may be the value of a string or
    /// a number.
    pub fn undefined(&self, models: &[&Model]) -> BTreeMap<Name, BTreeSet<Place>> {
        let mut used: BTreeMap<Name, BTreeSet<Place>> = BTreeMap::new();
        let mut defined: FxHashSet<Name> = FxHashSet::default();
        let files: BTreeSet<&Arc<str>> = models.iter().flat_map(|model| model.files()).collect();
        for read in files.into_iter().filter_map(|path| self.known(path)) {
            for mention in read.mentions() {
                match mention.role {
                    Role::Definition => _ = defined.insert(mention.name),
                    Role::Value => {}
                    _ => {
                        let place = read.place(mention.span);
                        used.entry(mention.name).or_default().insert(place);
                    }
                }
            }
        }
        // A name with macros in it is known to the models only.
        used.retain(|name, _| {
            !defined.contains(name) && models.iter().all(|model| model.symbol(name).is_none())
        });
        used
    }
}
