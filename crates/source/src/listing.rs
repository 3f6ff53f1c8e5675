//! What lies in a directory and in which state it is, without reading a file of it.

mod overlaid;

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rayon::prelude::*;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_64;

use crate::checkout::{ATTRIBUTES, Checkout, Place};
use crate::directory::describe;
use crate::recorder::is_hidden as is_hidden_below;
use crate::{Directory, Listed, ReadError, is_hidden};

pub(crate) use overlaid::Files;

/// What lies at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    File,
    Directory,
    Link,
    /// A pipe, a socket, a device.
    Other,
}

/// All that lies in a tree, but for what is hidden, each with its state.
///
/// The state of a directory is what is called how in it. Of a file it is the name of the git object that has its text,
/// where git knows that; else its size, inode and times: as in git's index, a file is held to be unchanged while these
/// are. One that was changed shortly before it was looked at may be changed again without a trace, so that
/// state is never held to be known: see [`Listing::states`].
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Sorted by their keys. Many hold the same.
    entries: Arc<Vec<Entry>>,
    /// States are the names of git's objects.
    of_objects: bool,
    /// When it was begun, in seconds since 1970.
    begun: i64,
}

#[derive(Clone, Debug)]
struct Entry {
    /// What stands for the path.
    key: u64,
    state: u64,
    /// What the file system tells of it, which never comes back once it has changed; 0 for what never changes.
    trace: u64,
    /// When it was last changed, in seconds since 1970.
    changed: i64,
    kind: Kind,
    path: Arc<str>,
}

/// The states of all that lies in a directory, as numbers that can be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct States {
    /// The key of each path, sorted, whose lowest bit is set for a link; and its state, 0 where that is not known.
    all: Vec<(u64, u64)>,
}

/// How a directory differs from what it was.
#[derive(Debug)]
pub struct Changes<'l> {
    present: Vec<&'l Entry>,
    /// The keys of what is gone, sorted.
    gone: Vec<u64>,
    relinked: bool,
}

impl Changes<'_> {
    /// How many files and directories differ, or may.
    #[must_use]
    pub fn len(&self) -> usize {
        self.present.len() + self.gone.len()
    }

    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is there and is new or may be in another state.
    pub fn present(&self) -> impl Iterator<Item = &str> {
        self.present.iter().map(|entry| &*entry.path)
    }

    /// Those of these that are no regular files.
    pub fn others(&self) -> impl Iterator<Item = &str> {
        let others = self.present.iter().filter(|entry| entry.kind != Kind::File);
        others.map(|entry| &*entry.path)
    }

    /// The regular files of these.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let files = self.present.iter().filter(|entry| entry.kind == Kind::File);
        files.map(|entry| &*entry.path)
    }

    /// What stands for each path at which nothing is any more: see [`key_of`].
    #[must_use]
    pub fn gone(&self) -> &[u64] {
        &self.gone
    }

    /// Whether something has become a link, so that paths lead elsewhere.
    #[must_use]
    pub fn is_relinked(&self) -> bool {
        self.relinked
    }
}

/// What stands for a path where many are kept. Its lowest bit is not set.
#[must_use]
pub fn key_of(path: &str) -> u64 {
    key_of_bytes(path.as_bytes())
}

fn key_of_bytes(path: &[u8]) -> u64 {
    XxHash3_64::oneshot(path) & !1
}

impl Listing {
    /// What git holds: paths, what lies there, and the state, which never changes.
    pub(crate) fn of_objects<'o>(objects: impl Iterator<Item = (&'o str, Kind, u64)>) -> Listing {
        let entry = |(path, kind, state): (&str, Kind, u64)| Entry {
            key: key_of(path),
            state,
            trace: 0,
            changed: i64::MIN,
            kind,
            path: path.into(),
        };
        let shown = objects.filter(|(path, ..)| !is_hidden_below(path));
        let mut entries: Vec<Entry> = shown.map(entry).collect();
        entries.par_sort_unstable_by_key(|entry| entry.key);
        Listing {
            entries: Arc::new(entries),
            of_objects: true,
            begun: i64::MAX,
        }
    }

    /// The states, to be kept; those of what was changed at `unsure` or later, in seconds since 1970, are not known.
    #[must_use]
    pub fn states(&self, unsure: i64) -> States {
        let state = |entry: &Entry| {
            let is_link = u64::from(entry.kind == Kind::Link);
            let is_sure = entry.changed < unsure;
            (entry.key | is_link, if is_sure { entry.state } else { 0 })
        };
        States {
            all: self.entries.iter().map(state).collect(),
        }
    }

    fn at(&self, key: u64) -> Option<&Entry> {
        let found = self.entries.binary_search_by_key(&key, |entry| entry.key);
        found.ok().map(|at| &self.entries[at])
    }

    /// The state of what is at the path with this key.
    #[must_use]
    pub fn state_of(&self, key: u64) -> Option<u64> {
        self.at(key).map(|entry| entry.state)
    }

    /// What differs from `old`.
    #[must_use]
    pub fn changes(&self, old: &States) -> Changes<'_> {
        let mut changes = Changes {
            present: Vec::new(),
            gone: Vec::new(),
            relinked: false,
        };
        let mut old = old.all.iter().peekable();
        for entry in &*self.entries {
            while let Some((key, _)) = old.next_if(|(key, _)| key & !1 < entry.key) {
                changes.gone.push(key & !1);
            }
            let known = old.next_if(|(key, _)| key & !1 == entry.key);
            if known.is_none_or(|(_, state)| *state != entry.state) {
                changes.present.push(entry);
                let was_link = known.is_some_and(|(key, _)| key & 1 == 1);
                changes.relinked |= entry.kind == Kind::Link && !was_link;
            }
        }
        changes.gone.extend(old.map(|(key, _)| key & !1));
        changes
    }

    /// What is at the paths with these keys, as if it had changed.
    #[must_use]
    pub fn at_all(&self, keys: impl Iterator<Item = u64>) -> Changes<'_> {
        let mut present: Vec<&Entry> = keys.filter_map(|key| self.at(key)).collect();
        present.sort_unstable_by_key(|entry| entry.key);
        present.dedup_by_key(|entry| entry.key);
        Changes {
            present,
            gone: Vec::new(),
            relinked: false,
        }
    }

    /// Whether nothing was changed since `before`, not even to be put back.
    #[must_use]
    pub fn is_untouched_since(&self, before: &Listing) -> bool {
        let all = |listing: &Listing| listing.entries.iter().map(Entry::standing).collect();
        let (now, then): (Vec<_>, Vec<_>) = (all(self), all(before));
        now == then
    }

    /// The same for what is at the path with this key.
    #[must_use]
    pub fn has_untouched(&self, before: &Listing, key: u64) -> bool {
        let standing = |listing: &Listing| listing.at(key).map(Entry::standing);
        standing(self).is_some_and(|now| standing(before) == Some(now))
    }

    /// Whether states are the names of git's objects: they are the same wherever the texts are.
    #[must_use]
    pub fn is_of_objects(&self) -> bool {
        self.of_objects
    }

    /// When it was begun to be made, in seconds since 1970; what lies in git never changes.
    #[must_use]
    pub fn begun(&self) -> i64 {
        self.begun
    }

    /// When something was last changed, in seconds since 1970.
    #[must_use]
    pub fn changed(&self) -> i64 {
        let changed = self.entries.iter().map(|entry| entry.changed);
        changed.max().unwrap_or_default()
    }

    /// The paths of all regular files, in no order.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        let files = self.entries.iter().filter(|entry| entry.kind == Kind::File);
        files.map(|entry| &*entry.path)
    }

    /// The paths of all links.
    pub(crate) fn links(&self) -> FxHashSet<&str> {
        let links = self.entries.iter().filter(|entry| entry.kind == Kind::Link);
        links.map(|entry| &*entry.path).collect()
    }
}

impl States {
    /// The state of what is at the path with this key; 0 where that is not known.
    #[must_use]
    pub fn of(&self, key: u64) -> u64 {
        let at = self.all.partition_point(|(known, _)| *known < key);
        let found = self.all.get(at).filter(|(known, _)| known & !1 == key);
        found.map_or(0, |(_, state)| *state)
    }

    /// What stands for all of them: that of states which are all known is equal only to that of the same states.
    #[must_use]
    pub fn sum(&self) -> u64 {
        let numbers = self.all.iter().flat_map(|(key, state)| [*key, *state]);
        let bytes: Vec<u8> = numbers.flat_map(u64::to_le_bytes).collect();
        XxHash3_64::oneshot(&bytes)
    }
}

impl Listed for Directory {
    /// What lies in the directory, with one `stat` for each file.
    fn listing(&self) -> Result<Listing, ReadError> {
        let _span = tracing::debug_span!("stat files").entered();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let begun = now.map_or(0, |now| i64::try_from(now.as_secs()).unwrap_or(0));
        let mut checkout = Checkout::of(self.root());
        let mut found = below(self.root(), Path::new(""), checkout.as_ref())?;
        let converts = |git: &mut Checkout| git.converts(&found.attributes);
        if checkout.take_if(converts).is_some() {
            found = below(self.root(), Path::new(""), None)?;
        }
        let mut entries = found.entries;
        entries.par_sort_unstable_by_key(|entry| entry.key);
        Ok(Listing {
            entries: Arc::new(entries),
            of_objects: checkout.is_some(),
            begun,
        })
    }

    fn is_untouched(&self, changes: &Changes<'_>) -> bool {
        // What is laid over the directory does not change with it.
        let on_disk = changes.present.par_iter().filter(|entry| entry.trace != 0);
        on_disk.all(|entry| {
            let about = fs::symlink_metadata(self.root().join(&*entry.path));
            about.is_ok_and(|about| state_of_file(&about) == entry.trace)
        })
    }

    fn place(&self) -> Vec<u8> {
        let isolated = gix::open::permissions::Config::isolated();
        let in_git = Place::find(self.root(), isolated).map(|place| place.key());
        in_git.unwrap_or_else(|_| self.root().as_os_str().as_bytes().to_vec())
    }
}

/// What lies below a directory.
#[derive(Default)]
struct Found {
    entries: Vec<Entry>,
    /// Where git's attributes are.
    attributes: Vec<PathBuf>,
    /// The state of the names directly in it.
    names: u64,
}

#[expect(
    clippy::disallowed_methods,
    reason = "this crate is where directories are read"
)]
fn below(place: &Path, path: &Path, checkout: Option<&Checkout>) -> Result<Found, ReadError> {
    let mut found = Found::default();
    let (mut names, mut inner) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(place).map_err(|e| describe(&e))? {
        let entry = entry.map_err(|e| describe(&e))?;
        let name = entry.file_name();
        let kind = Kind::of(entry.file_type().map_err(|e| describe(&e))?);
        // Git follows no links to them.
        if name == ATTRIBUTES && kind == Kind::File {
            found.attributes.push(entry.path());
        }
        if is_hidden(name.as_bytes()) {
            continue;
        }
        names.push((name.as_bytes().to_vec(), kind));
        let path = path.join(&name);
        let about = entry.metadata().map_err(|e| describe(&e))?;
        if kind == Kind::Directory {
            inner.push((entry.path(), path, state_of_file(&about)));
            continue;
        }
        let object = checkout.and_then(|checkout| checkout.object(&path, &about));
        let trace = state_of_file(&about);
        // What changes after git looked gets another time, so what git knows is sure.
        let (state, changed) = object.map_or((trace, about.ctime()), |id| {
            (state_of_object(kind, id.as_bytes()), i64::MIN)
        });
        found
            .entries
            .push(Entry::new(&path, kind, (state, trace), changed));
    }
    found.names = state_of_names(names);
    let inner: Result<Vec<Found>, ReadError> = inner
        .into_par_iter()
        .map(|(place, path, trace)| {
            let mut inner = below(&place, &path, checkout)?;
            let directory = Entry::new(&path, Kind::Directory, (inner.names, trace), i64::MIN);
            inner.entries.push(directory);
            Ok(inner)
        })
        .collect();
    for inner in inner? {
        found.entries.extend(inner.entries);
        found.attributes.extend(inner.attributes);
    }
    Ok(found)
}

impl Kind {
    fn of(kind: fs::FileType) -> Kind {
        match () {
            () if kind.is_file() => Kind::File,
            () if kind.is_dir() => Kind::Directory,
            () if kind.is_symlink() => Kind::Link,
            () => Kind::Other,
        }
    }
}

impl Entry {
    fn new(path: &Path, kind: Kind, (state, trace): (u64, u64), changed: i64) -> Entry {
        Entry {
            key: key_of_bytes(path.as_os_str().as_bytes()),
            state,
            trace,
            changed,
            kind,
            path: path.to_string_lossy().into(),
        }
    }
}

impl Entry {
    fn standing(&self) -> (u64, u64, u64) {
        (self.key, self.state, self.trace)
    }
}

/// What the file system tells of something, as a number.
fn state_of_file(about: &fs::Metadata) -> u64 {
    let numbers = [
        about.mtime().cast_unsigned(),
        about.mtime_nsec().cast_unsigned(),
        about.ctime().cast_unsigned(),
        about.ctime_nsec().cast_unsigned(),
        about.size(),
        about.ino(),
        u64::from(about.mode()),
        about.dev(),
    ];
    let mut bytes = [0; 64];
    for (to, number) in bytes.chunks_exact_mut(8).zip(numbers) {
        to.copy_from_slice(&number.to_le_bytes());
    }
    XxHash3_64::oneshot(&bytes) | 1
}

/// The state of what is no directory and has the text of a git object.
pub(crate) fn state_of_object(kind: Kind, id: &[u8]) -> u64 {
    XxHash3_64::oneshot_with_seed(1 + kind as u64, id) | 1
}

/// The state of a directory: what is called how in it, but for what is hidden.
pub(crate) fn state_of_names(mut names: Vec<(Vec<u8>, Kind)>) -> u64 {
    names.sort_unstable();
    let parts = names
        .iter()
        .map(|(name, kind)| [name, &[0, *kind as u8][..]].concat());
    XxHash3_64::oneshot(&parts.collect::<Vec<_>>().concat()) | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What changed since `old`, and whether something is gone.
    fn told(tree: &Directory, old: &States) -> (Vec<String>, bool) {
        let listing = tree.listing().unwrap();
        let changes = listing.changes(old);
        let mut present: Vec<String> = changes.present().map(str::to_owned).collect();
        present.sort_unstable();
        (present, !changes.gone().is_empty())
    }

    #[test]
    fn a_listing_tells_what_was_changed_in_the_directory() {
        let folder = tempfile::tempdir().unwrap();
        let place = |path: &str| folder.path().join(path);
        fs::create_dir_all(place("mm/deep")).unwrap();
        fs::write(place("mm/deep/a.c"), "int a;").unwrap();
        fs::write(place("Kconfig"), "").unwrap();
        let tree = Directory::open(folder.path()).unwrap();
        let mut old = tree.listing().unwrap().states(i64::MAX);
        assert_eq!(told(&tree, &old), (vec![], false));
        let mut check = |expect: &[&str], gone: bool| {
            let (present, is_gone) = told(&tree, &old);
            assert_eq!(
                (present, is_gone),
                (expect.iter().map(ToString::to_string).collect(), gone)
            );
            old = tree.listing().unwrap().states(i64::MAX);
        };
        fs::write(place("mm/deep/a.c"), "int abc;").unwrap();
        check(&["mm/deep/a.c"], false);
        let same = fs::metadata(place("mm/deep/a.c")).unwrap();
        fs::write(place("mm/deep/other"), "int xyz;").unwrap();
        let other = fs::OpenOptions::new()
            .write(true)
            .open(place("mm/deep/other"));
        other
            .unwrap()
            .set_modified(same.modified().unwrap())
            .unwrap();
        fs::rename(place("mm/deep/other"), place("mm/deep/a.c")).unwrap();
        check(&["mm/deep/a.c"], false);
        fs::rename(place("mm/deep/a.c"), place("mm/a.c")).unwrap();
        check(&["mm", "mm/a.c", "mm/deep"], true);
        fs::write(place("mm/b.c"), "").unwrap();
        check(&["mm", "mm/b.c"], false);
        fs::create_dir(place(".git")).unwrap();
        fs::write(place(".git/index"), "").unwrap();
        check(&[], false);
    }

    #[test]
    fn what_was_changed_just_now_may_be_changed_again() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Kconfig"), "").unwrap();
        let tree = Directory::open(folder.path()).unwrap();
        let listing = tree.listing().unwrap();
        let unsure = listing.states(listing.changed());
        assert_eq!(told(&tree, &unsure), (vec!["Kconfig".to_owned()], false));
        let sure = listing.states(listing.changed() + 1);
        assert_eq!(told(&tree, &sure), (vec![], false));
        assert_ne!(unsure.sum(), sure.sum());
        assert_eq!(sure.sum(), tree.listing().unwrap().states(i64::MAX).sum());
    }

    #[test]
    fn a_new_link_is_told() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        let tree = Directory::open(folder.path()).unwrap();
        let old = tree.listing().unwrap().states(i64::MAX);
        std::os::unix::fs::symlink("a", folder.path().join("b")).unwrap();
        let listing = tree.listing().unwrap();
        assert!(listing.changes(&old).is_relinked());
        assert!(!listing.changes(&listing.states(i64::MIN)).is_relinked());
        assert!(listing.links().contains("b"));
        assert_eq!(listing.files().count(), 0);
    }
}
