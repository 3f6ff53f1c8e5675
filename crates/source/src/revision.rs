//! A tree as a revision of a git repository has it, without a checkout.
//!
//! The names of all that the revision holds are read when it is opened; texts when they are asked for, from the
//! objects of the repository, which are never written. Of git's configuration only what the repository needs to be
//! read is heeded, and no program is run: neither `git` nor a filter, and nothing is fetched.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use gix::bstr::ByteSlice;
use gix::objs::tree::EntryKind;
use gix::objs::{Exists, FindExt, TreeRefIter};
use gix::{ObjectId, ThreadSafeRepository};
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::checkout::Place;
use crate::listing::{Kind, Listing, state_of_names, state_of_object};
use crate::path::{above, join, parent, prefix};
use crate::{Changes, Listed, ReadError, Source, TreePath, is_hidden, normalize};

/// A revision that has more files and directories than this is no kernel: a few objects can name billions.
const MOST_ENTRIES: usize = 4_000_000;

/// Directories lie at most so deep in each other.
const MOST_DEPTH: usize = 128;

/// So many files are looked for to see whether texts are missing.
const PROBED: usize = 64;

/// So many texts that are missing are told one by one, where they are needed.
const MOST_MISSING: usize = 100;

/// As many links are followed on the way to one file, as Linux does.
const MOST_LINKS: usize = 40;

/// Why a revision could not be opened, in words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevisionError {
    /// There is no git repository at the place or above it.
    NoRepository(String),
    /// The repository does not know the revision, or a range was named.
    Unknown,
    /// The same, of a repository that was cut off.
    Shallow,
    /// The revision names a file.
    NoTree,
    /// The revision has no directory where the tree lies in the repository.
    NoDirectory(String),
    /// An object of the repository cannot be read.
    Broken(String),
    /// The repository lacks so many of the texts, of which this is the first.
    Partial(usize, String),
}

impl fmt::Display for RevisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RevisionError::NoRepository(why) => write!(f, "no git repository: {why}"),
            RevisionError::Unknown => f.write_str("the repository has no such revision"),
            RevisionError::Shallow => f.write_str(
                "the repository, which is a shallow clone, has no such revision: git fetch --deepen=100 brings more",
            ),
            RevisionError::NoTree => f.write_str("this names neither a commit nor a tree"),
            RevisionError::NoDirectory(path) => write!(f, "this revision has no directory {path}"),
            RevisionError::Broken(why) => write!(f, "the repository cannot be read: {why}"),
            RevisionError::Partial(count, first) => write!(
                f,
                "the repository is a partial clone and lacks {count} files of this revision, first {first}: have git \
                 fetch them, as by a checkout"
            ),
        }
    }
}

impl std::error::Error for RevisionError {}

/// A tree in a git repository.
pub struct Revision {
    repository: ThreadSafeRepository,
    /// Those that nobody reads from now.
    idle: Mutex<Vec<gix::Repository>>,
    /// What stands for the repository and the directory in it, between runs.
    place: Vec<u8>,
    /// Where the tree lies in the repository.
    directory: String,
    /// Sorted by path.
    entries: Vec<Entry>,
}

impl fmt::Debug for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Revision").finish_non_exhaustive()
    }
}

/// What a revision holds at a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    path: Arc<str>,
    kind: Kind,
    id: ObjectId,
    state: u64,
}

impl Revision {
    /// The tree that `revision` (`v6.12`, `HEAD~3`) of the repository at `place` has: of a bare repository, or where a
    /// checkout of it lies, or a directory in one.
    pub fn open(place: &Path, revision: &str) -> Result<Revision, RevisionError> {
        let _span = tracing::debug_span!("read a revision").entered();
        let place = place_of(place)?;
        let opened = Revision {
            place: place.key(),
            directory: place.directory,
            idle: Mutex::default(),
            repository: place.repository,
            entries: Vec::new(),
        };
        opened.at_revision(revision, None)
    }

    /// Another revision of the same repository: directories that both have alike are not read again.
    pub fn other(&self, revision: &str) -> Result<Revision, RevisionError> {
        let _span = tracing::debug_span!("read a revision").entered();
        let opened = Revision {
            place: self.place.clone(),
            directory: self.directory.clone(),
            idle: Mutex::default(),
            repository: self.repository.clone(),
            entries: Vec::new(),
        };
        opened.at_revision(revision, Some(self))
    }

    fn at_revision(
        self,
        revision: &str,
        like: Option<&Revision>,
    ) -> Result<Revision, RevisionError> {
        let directory = &self.directory;
        let tree = self.with_repository(|local| tree_of(local, revision, directory))?;
        let mut revision = self;
        let below = Below {
            revision: &revision,
            like,
            count: AtomicUsize::new(0),
        };
        let (mut entries, _) = below.entries(tree, "", 0)?;
        entries.par_sort_unstable();
        // A damaged tree may name two things alike.
        entries.dedup_by(|next, entry| next.path == entry.path);
        revision.entries = entries;
        revision.whole()
    }

    /// Itself, unless the repository lacks more texts than can be told one by one.
    fn whole(self) -> Result<Revision, RevisionError> {
        let files = || self.entries.iter().filter(|entry| entry.kind == Kind::File);
        let step = files().count().div_ceil(PROBED).max(1);
        let has = |id: &ObjectId| self.with_repository(|local| local.objects.exists(id));
        if files().step_by(step).all(|entry| has(&entry.id)) {
            return Ok(self);
        }
        // By now all packs are known.
        let missing: Vec<&Entry> = self.with_repository(|local| {
            let lacks = |entry: &&Entry| !local.objects.exists_without_refresh(&entry.id);
            files().filter(lacks).collect()
        });
        match missing.first() {
            Some(first) if missing.len() > MOST_MISSING => Err(RevisionError::Partial(
                missing.len(),
                first.path.to_string(),
            )),
            _ => Ok(self),
        }
    }

    /// Lets `read` read from the repository; many threads may.
    fn with_repository<T>(&self, read: impl FnOnce(&gix::Repository) -> T) -> T {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let known = idle().pop();
        let local = known.unwrap_or_else(|| self.repository.to_thread_local());
        let answer = read(&local);
        idle().push(local);
        answer
    }

    fn object(&self, id: ObjectId, buffer: &mut Vec<u8>) -> Result<(), String> {
        self.with_repository(|local| match local.objects.find(&id, buffer) {
            Ok(_) => Ok(()),
            Err(why) => Err(first_line(&why)),
        })
    }

    /// What is at exactly this path, whose directories are no links.
    fn at(&self, path: &str) -> Option<&Entry> {
        let found = self
            .entries
            .binary_search_by(|entry| (*entry.path).cmp(path));
        found.ok().map(|at| &self.entries[at])
    }

    /// What is in a directory, however deep, with its path below it.
    fn below<'r>(&'r self, directory: &str) -> impl Iterator<Item = (&'r Entry, &'r str)> {
        let prefix = prefix(directory);
        let start = self.entries.partition_point(|entry| *entry.path < *prefix);
        let rest = self.entries[start..].iter();
        rest.map_while(move |entry| Some((entry, entry.path.strip_prefix(prefix.as_str())?)))
    }

    /// The file or directory at `path`, wherever links inside of the tree lead; `None` is the top.
    fn locate(&self, path: &str) -> Result<Option<&Entry>, ReadError> {
        let mut path = normalize(path).ok_or(ReadError::Outside)?;
        for _ in 0..=MOST_LINKS {
            if path.is_empty() {
                return Ok(None);
            }
            match self.at(&path) {
                Some(entry) if entry.kind != Kind::Link => return Ok(Some(entry)),
                _ => {}
            }
            let link = above(&path).chain([path.as_str()]).find_map(|prefix| {
                let entry = self.at(prefix).filter(|entry| entry.kind == Kind::Link);
                entry.map(|entry| (entry, path[prefix.len()..].to_owned()))
            });
            let (link, rest) = link.ok_or(ReadError::Missing)?;
            let mut target = Vec::new();
            self.text(link, &mut target)?;
            let target = std::str::from_utf8(&target).map_err(|_| ReadError::Missing)?;
            if target.starts_with('/') {
                return Err(ReadError::Outside);
            }
            let led = format!("{}/{target}{rest}", parent(&link.path));
            path = normalize(led.trim_start_matches('/')).ok_or(ReadError::Outside)?;
        }
        let words = "too many links lead to each other";
        Err(ReadError::Io(io::ErrorKind::InvalidInput, words.into()))
    }

    fn kind(&self, path: &str) -> Option<Kind> {
        let entry = self.locate(path).ok()?;
        Some(entry.map_or(Kind::Directory, |entry| entry.kind))
    }

    /// The text of a file or a link.
    fn text(&self, entry: &Entry, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        self.object(entry.id, buffer).map_err(|why| {
            let words = format!("its text is not in the repository (a partial clone?): {why}");
            ReadError::Io(io::ErrorKind::Other, words)
        })
    }
}

/// Where `place` lies in a repository.
pub(crate) fn place_of(place: &Path) -> Result<Place, RevisionError> {
    let none = |why: &dyn fmt::Display| RevisionError::NoRepository(first_line(why));
    let place = place.canonicalize().map_err(|why| none(&why))?;
    // Settings of the user do not change what a revision is.
    let place = Place::find(&place, gix::open::permissions::Config::isolated());
    place.map_err(|why| none(&why))
}

/// Errors of libraries may have several lines, of which the first says what happened.
pub(crate) fn first_line(why: &dyn fmt::Display) -> String {
    let why = why.to_string();
    why.lines().next().unwrap_or_default().to_owned()
}

/// The tree of a revision, or the one of a directory in it.
fn tree_of(
    local: &gix::Repository,
    revision: &str,
    directory: &str,
) -> Result<ObjectId, RevisionError> {
    let id = local.rev_parse_single(revision);
    let id = id.map_err(|_| RevisionError::Unknown)?;
    let tree = id.object().and_then(gix::Object::peel_to_tree);
    let tree = tree.map_err(|_| RevisionError::NoTree)?;
    if directory.is_empty() {
        return Ok(tree.id);
    }
    let missing = || RevisionError::NoDirectory(directory.to_owned());
    let entry = tree.lookup_entry_by_path(directory).ok().flatten();
    let entry = entry.filter(|entry| entry.mode().is_tree());
    Ok(entry.ok_or_else(missing)?.object_id())
}

/// The reading of all names.
struct Below<'r> {
    revision: &'r Revision,
    /// Another one, whose directories may be the same.
    like: Option<&'r Revision>,
    count: AtomicUsize,
}

impl Below<'_> {
    /// What the tree with this id holds, however deep; it lies at `path`.
    /// Beside it stands the state of its names.
    fn entries(
        &self,
        tree: ObjectId,
        path: &str,
        depth: usize,
    ) -> Result<(Vec<Entry>, u64), RevisionError> {
        let broken = |why: String| RevisionError::Broken(format!("{}: {why}", shown(path)));
        let mut buffer = Vec::new();
        self.revision.object(tree, &mut buffer).map_err(broken)?;
        let (mut entries, mut inner, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for entry in TreeRefIter::from_bytes(&buffer, tree.kind()) {
            let entry = entry.map_err(|why| broken(first_line(&why)))?;
            let kind = match entry.mode.kind() {
                EntryKind::Blob | EntryKind::BlobExecutable => Kind::File,
                EntryKind::Link => Kind::Link,
                // The commit of another repository is a directory without files.
                EntryKind::Tree | EntryKind::Commit => Kind::Directory,
            };
            let is_tree = entry.mode.is_tree();
            if !is_hidden(entry.filename) {
                names.push((entry.filename.to_vec(), kind));
            }
            // Names of other bytes have no path here, as those of a directory on disk.
            let Ok(name) = entry.filename.to_str() else {
                continue;
            };
            if matches!(name, "" | "." | "..") || name.contains('/') {
                return Err(broken(format!("a file cannot be named {name:?}")));
            }
            let entry = Entry {
                path: join(path, name).into(),
                kind,
                id: entry.oid.to_owned(),
                state: match kind {
                    Kind::Directory => state_of_names(Vec::new()),
                    kind => state_of_object(kind, entry.oid.as_bytes()),
                },
            };
            if is_tree {
                inner.push(entry);
            } else {
                entries.push(entry);
            }
        }
        let count = entries.len() + inner.len();
        let count = count + self.count.fetch_add(count, Ordering::Relaxed);
        if count > MOST_ENTRIES || depth > MOST_DEPTH {
            return Err(broken("this is too large to be a kernel tree".into()));
        }
        let inner: Result<Vec<Vec<Entry>>, RevisionError> = inner
            .into_par_iter()
            .map(|mut directory| {
                if let Some(same) = self.same(&directory) {
                    return Ok(same);
                }
                let (mut below, state) = self.entries(directory.id, &directory.path, depth + 1)?;
                directory.state = state;
                below.push(directory);
                Ok(below)
            })
            .collect();
        entries.extend(inner?.into_iter().flatten());
        Ok((entries, state_of_names(names)))
    }

    /// A directory and all that it holds, where the other revision has the same.
    fn same(&self, directory: &Entry) -> Option<Vec<Entry>> {
        let like = self.like?;
        let known = like
            .at(&directory.path)
            .filter(|known| known.kind == Kind::Directory && known.id == directory.id)?;
        let below = like.below(&directory.path).map(|(entry, _)| entry);
        let same: Vec<Entry> = below.chain([known]).cloned().collect();
        self.count.fetch_add(same.len(), Ordering::Relaxed);
        Some(same)
    }
}

/// Where something lies, for people.
fn shown(path: &str) -> &str {
    if path.is_empty() { "its top" } else { path }
}

impl Source for Revision {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, ReadError> {
        let mut buffer = Vec::new();
        self.read_into(path, &mut buffer)?;
        Ok(buffer.into())
    }

    fn read_into(&self, path: &str, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        buffer.clear();
        match self.locate(path)? {
            Some(entry) if entry.kind == Kind::File => self.text(entry, buffer),
            _ => Err(ReadError::no_file()),
        }
    }

    fn is_file(&self, path: &str) -> bool {
        self.kind(path) == Some(Kind::File)
    }

    fn is_dir(&self, path: &str) -> bool {
        self.kind(path) == Some(Kind::Directory)
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, ReadError> {
        let directory = match self.locate(directory)? {
            Some(entry) if entry.kind != Kind::Directory => return Err(ReadError::Missing),
            entry => entry.map_or("", |entry| &entry.path),
        };
        let here = self
            .below(directory)
            .filter(|(_, name)| !name.contains('/') && !is_hidden(name.as_bytes()));
        let mut names: Vec<String> = here
            .filter_map(|(entry, name)| match entry.kind {
                Kind::Directory => Some(format!("{name}/")),
                Kind::Link if !self.is_file(&entry.path) => None,
                _ => Some(name.to_owned()),
            })
            .collect();
        names.sort_unstable();
        Ok(names)
    }

    fn walk(
        &self,
        directory: &str,
        enter: &(dyn Fn(&str) -> bool + Sync),
        wanted: &(dyn Fn(&str) -> bool + Sync),
    ) -> (Vec<TreePath>, Vec<(TreePath, ReadError)>) {
        let start = match self.locate(directory) {
            Ok(start) => start.map_or("", |entry| &entry.path),
            Err(error) => return (Vec::new(), vec![(directory.to_owned(), error)]),
        };
        // A directory comes before what lies in it.
        let mut shut: FxHashSet<&str> = FxHashSet::default();
        let mut files = Vec::new();
        for (entry, _) in self.below(start) {
            let is_shut = shut.contains(parent(&entry.path));
            match entry.kind {
                Kind::Directory if is_shut || !enter(&entry.path) => {
                    shut.insert(&entry.path);
                }
                Kind::File if !is_shut && wanted(&entry.path) => files.push(entry.path.to_string()),
                _ => {}
            }
        }
        (files, Vec::new())
    }
}

impl Listed for Revision {
    fn listing(&self) -> Result<Listing, ReadError> {
        let all = self.entries.iter();
        let all = all.map(|entry| (&*entry.path, entry.kind, entry.state));
        Ok(Listing::of_objects(all))
    }

    fn is_untouched(&self, _changes: &Changes<'_>) -> bool {
        true
    }

    fn place(&self) -> Vec<u8> {
        self.place.clone()
    }
}
