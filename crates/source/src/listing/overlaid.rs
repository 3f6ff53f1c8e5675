//! What a tree holds with files laid over it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use twox_hash::XxHash3_64;

use super::{Entry, Kind, Listing, key_of, state_of_names, state_of_object};
use crate::history::object_of;
use crate::path::{above, parent};
use crate::recorder::is_hidden as is_hidden_below;

/// Files, or that there is none, by path.
pub(crate) type Files = BTreeMap<String, Option<Arc<[u8]>>>;

/// The state of a text where states are not the names of git's objects is that of no file on a disk.
const SEED: u64 = 0x6c61_7965_7200;

impl Listing {
    /// The same with `files` laid over it. Where states are the names of git's objects, what is laid over has
    /// the name that it would have in git.
    pub(crate) fn overlaid(mut self, files: &Files) -> Listing {
        let (mut taken, mut put) = (BTreeSet::new(), Vec::new());
        for (path, text) in files.iter().filter(|(path, _)| !is_hidden_below(path)) {
            taken.insert(key_of(path));
            put.extend(text.as_ref().map(|text| Entry {
                key: key_of(path),
                state: self.state_of_text(text),
                trace: 0,
                changed: i64::MIN,
                kind: Kind::File,
                path: path.as_str().into(),
            }));
        }
        let known: FxHashMap<u64, Kind> = taken
            .iter()
            .filter_map(|key| Some((*key, self.at(*key)?.kind)))
            .collect();
        // A directory is in another state where it has other names, or one that means something else.
        let mut directories = BTreeSet::new();
        for (path, text) in files {
            let now = text.is_some().then_some(Kind::File);
            if known.get(&key_of(path)).copied() != now {
                directories.insert(parent(path).to_owned());
            }
            if text.is_some() {
                let new = above(path).filter(|above| self.at(key_of(above)).is_none());
                for directory in new {
                    directories.extend([directory.to_owned(), parent(directory).to_owned()]);
                }
            }
        }
        let is_in_place = put.len() == taken.len() && put.iter().all(|new| self.replace(new));
        if !is_in_place {
            let entries = Arc::make_mut(&mut self.entries);
            entries.retain(|entry| !taken.contains(&entry.key));
            entries.append(&mut put);
        }
        if !directories.is_empty() {
            self.renew(&directories);
        }
        if !is_in_place || !directories.is_empty() {
            let entries = Arc::make_mut(&mut self.entries);
            entries.par_sort_unstable_by_key(|entry| entry.key);
        }
        self
    }

    /// Puts an entry where one with its key is, if there is one.
    fn replace(&mut self, new: &Entry) -> bool {
        let found = self
            .entries
            .binary_search_by_key(&new.key, |entry| entry.key);
        found.is_ok_and(|at| {
            Arc::make_mut(&mut self.entries)[at] = new.clone();
            true
        })
    }

    /// Gives directories, which may be new, the state that what lies in them makes.
    fn renew(&mut self, directories: &BTreeSet<String>) {
        let known: BTreeSet<u64> = self.entries.iter().map(|entry| entry.key).collect();
        let new = directories
            .iter()
            .filter(|directory| !directory.is_empty() && !known.contains(&key_of(directory)));
        let new: Vec<Entry> = new
            .map(|directory| Entry {
                key: key_of(directory),
                state: 0,
                trace: 0,
                changed: i64::MIN,
                kind: Kind::Directory,
                path: directory.as_str().into(),
            })
            .collect();
        Arc::make_mut(&mut self.entries).extend(new);
        let mut names: BTreeMap<&str, Vec<(Vec<u8>, Kind)>> = BTreeMap::new();
        for entry in &*self.entries {
            if let Some(directory) = directories.get(parent(&entry.path)) {
                let name = entry.path.rsplit('/').next().unwrap_or(&entry.path);
                let name = (name.as_bytes().to_vec(), entry.kind);
                names.entry(directory).or_default().push(name);
            }
        }
        let states = directories.iter().map(|directory| {
            let names = names.remove(directory.as_str()).unwrap_or_default();
            (key_of(directory), state_of_names(names))
        });
        let states: FxHashMap<u64, u64> = states.collect();
        for entry in Arc::make_mut(&mut self.entries) {
            if let Some(state) = states.get(&entry.key) {
                entry.state = *state;
            }
        }
    }

    fn state_of_text(&self, text: &[u8]) -> u64 {
        match object_of(text) {
            Some(id) if self.of_objects => state_of_object(Kind::File, id.as_bytes()),
            _ => XxHash3_64::oneshot_with_seed(SEED, text) | 1,
        }
    }
}
