//! The folder in which things are kept between runs.
//!
//! ```text
//! $XDG_CACHE_HOME/vmemmlint/     or ~/.cache/…, or where --cache-dir says
//!     answers/                   what was answered: see [`crate::keep`]
//!     indexes/                   which words stand in files, by what is in the files
//!     places/                    what is in the files of a tree, by their states
//! ```
//!
//! What is kept is written under another name and then renamed, so several processes may share a folder; it carries the
//! hash of its text, and what is damaged is as if it were not there. What cannot be kept is not, and no check fails
//! for that.

use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use source::{Digester, digest};
use tempfile::NamedTempFile;

use crate::arguments::{Cache as Asked, CachePlace, CacheTask, Caching};
use crate::{Failure, one_line, print};

/// What everything begins with that is kept; another number where it is written otherwise.
const MAGIC: &[u8] = b"vmemmlint cache 5\n";

/// What was not used for so long is pruned.
const UNUSED: Duration = Duration::from_hours(30 * 24);

/// What is kept, each in a folder of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shelf {
    Answers,
    Indexes,
    Places,
}

const SHELVES: [Shelf; 3] = [Shelf::Answers, Shelf::Indexes, Shelf::Places];

impl Shelf {
    fn folder(self) -> &'static str {
        match self {
            Shelf::Answers => "answers",
            Shelf::Indexes => "indexes",
            Shelf::Places => "places",
        }
    }

    fn one(self) -> &'static str {
        match self {
            Shelf::Answers => "answer",
            Shelf::Indexes => "index of words",
            Shelf::Places => "list of files",
        }
    }

    fn many(self) -> &'static str {
        match self {
            Shelf::Answers => "answers",
            Shelf::Indexes => "indexes of words",
            Shelf::Places => "lists of files",
        }
    }

    /// All on it together may take so many bytes; the longest unused go first.
    fn most_bytes(self) -> u64 {
        match self {
            Shelf::Answers => 64 << 20,
            Shelf::Indexes => 192 << 20,
            Shelf::Places => 32 << 20,
        }
    }
}

/// The folder, or what stands for it in a run that keeps nothing.
#[derive(Clone, Debug)]
pub(crate) enum Cache {
    Folder(Folder),
    Memory(Arc<Mutex<Kept>>),
}

/// Where things are kept between runs.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

/// What is kept as long as a run lasts, the last used last.
#[derive(Debug, Default)]
pub(crate) struct Kept(Vec<(Shelf, String, Arc<[u8]>)>);

impl Kept {
    /// So many things stay on a shelf: those of the trees that were looked at last.
    const MOST: usize = 8;

    fn read(&mut self, shelf: Shelf, name: &str) -> Option<Arc<[u8]>> {
        let at = self
            .0
            .iter()
            .position(|(s, n, _)| *s == shelf && n == name)?;
        let found = self.0.remove(at);
        let text = Arc::clone(&found.2);
        self.0.push(found);
        Some(text)
    }

    fn write(&mut self, shelf: Shelf, name: &str, text: Vec<u8>) {
        self.0.retain(|(s, n, _)| *s != shelf || n != name);
        self.0.push((shelf, name.to_owned(), text.into()));
        let of_shelf = self.0.iter().filter(|(s, ..)| *s == shelf).count();
        if of_shelf > Kept::MOST
            && let Some(oldest) = self.0.iter().position(|(s, ..)| *s == shelf)
        {
            self.0.remove(oldest);
        }
    }

    fn names(&self, shelf: Shelf) -> Vec<String> {
        let of_shelf = self.0.iter().rev().filter(|(s, ..)| *s == shelf);
        of_shelf.map(|(_, name, _)| name.clone()).collect()
    }
}

/// Something that is kept.
#[derive(Debug)]
struct Entry {
    name: String,
    place: PathBuf,
    bytes: u64,
    used: SystemTime,
}

impl Cache {
    /// The cache that was asked for, or the user's; `None` where there is none, or none is wanted. The error, for
    /// one that was asked for and cannot be, is one line.
    pub(crate) fn open(caching: &Caching) -> Result<Option<Cache>, Failure> {
        if caching.no_cache {
            return Ok(None);
        }
        let folder = Folder::at(&caching.place);
        if let (Some(folder), Some(asked)) = (&folder, &caching.place.cache_dir) {
            let name = one_line(&asked.display().to_string());
            fs::create_dir_all(&folder.0)
                .map_err(|error| format!("cannot keep answers in {name}: {error}"))?;
        }
        Ok(folder.map(Cache::Folder))
    }

    /// The same, or one that lasts as long as the run: for trees that are much alike, and are checked one after the other.
    pub(crate) fn of_run(caching: &Caching) -> Result<Cache, Failure> {
        Ok(Cache::open(caching)?.unwrap_or_else(|| Cache::Memory(Arc::default())))
    }

    /// What is kept under a name, which is noted to be of use, in the shape that `decode` knows.
    pub(crate) fn read<T>(
        &self,
        shelf: Shelf,
        name: &str,
        decode: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Option<T> {
        match self {
            Cache::Folder(folder) => folder.read(shelf, name, decode),
            Cache::Memory(kept) => {
                let text = lock(kept).read(shelf, name)?;
                decode(&text)
            }
        }
    }

    /// Keeps what `write` writes, twice the same; answers its name, which is its digest where none is given.
    pub(crate) fn write(
        &self,
        shelf: Shelf,
        name: Option<&str>,
        write: &dyn Fn(&mut dyn io::Write) -> io::Result<()>,
    ) -> io::Result<String> {
        match self {
            Cache::Folder(folder) => folder.write(shelf, name, write),
            Cache::Memory(kept) => {
                let mut text = Vec::new();
                write(&mut text)?;
                let name = name.map_or_else(|| format!("{:032x}", digest(&text)), str::to_owned);
                lock(kept).write(shelf, &name, text);
                Ok(name)
            }
        }
    }

    /// The names of what is kept on a shelf, the last used first.
    pub(crate) fn names(&self, shelf: Shelf) -> Vec<String> {
        match self {
            Cache::Folder(folder) => {
                let entries = folder.entries(shelf).unwrap_or_default().into_iter();
                entries.map(|entry| entry.name).collect()
            }
            Cache::Memory(kept) => lock(kept).names(shelf),
        }
    }
}

fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Folder {
    fn at(place: &CachePlace) -> Option<Folder> {
        let below = |cache: PathBuf| cache.join("vmemmlint");
        let folder = place.cache_dir.clone().or_else(|| {
            let xdg = variable("XDG_CACHE_HOME").filter(|path| path.is_absolute());
            let home = || Some(variable("HOME")?.join(".cache"));
            xdg.or_else(home).map(below)
        })?;
        Some(Folder(folder))
    }

    fn read<T>(
        &self,
        shelf: Shelf,
        name: &str,
        decode: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Option<T> {
        let place = self.0.join(shelf.folder()).join(name);
        let bytes = read(&place).ok()?;
        let found = decode(whole(&bytes)?)?;
        // Where that cannot be noted, it is pruned the earlier.
        if let Ok(file) = fs::OpenOptions::new().append(true).open(&place) {
            let _ = file.set_modified(SystemTime::now());
        }
        Some(found)
    }

    fn write(
        &self,
        shelf: Shelf,
        name: Option<&str>,
        write: &dyn Fn(&mut dyn io::Write) -> io::Result<()>,
    ) -> io::Result<String> {
        let folder = self.0.join(shelf.folder());
        fs::create_dir_all(&folder)?;
        let mut digester = Digester::default();
        write(&mut digester)?;
        let digest = digester.finish();
        let name = name.map_or_else(|| format!("{digest:032x}"), str::to_owned);
        let mut file = BufWriter::new(NamedTempFile::new_in(&folder)?);
        file.write_all(MAGIC)?;
        file.write_all(&digest.to_le_bytes())?;
        write(&mut file)?;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.persist(folder.join(&name))?;
        self.prune(shelf, None)?;
        Ok(name)
    }

    /// Removes what was not used for so long, what is damaged where everything is looked at, and the longest unused of
    /// what is too much. Answers how many.
    fn prune(&self, shelf: Shelf, unused: Option<Duration>) -> io::Result<usize> {
        let mut removed = 0;
        let mut bytes = 0;
        for entry in self.entries(shelf)? {
            let age = entry.used.elapsed().unwrap_or_default();
            let is_stale = unused.is_some_and(|limit| {
                age > limit || read(&entry.place).is_ok_and(|bytes| whole(&bytes).is_none())
            });
            bytes += if is_stale { 0 } else { entry.bytes };
            if is_stale || bytes > shelf.most_bytes() {
                removed += usize::from(fs::remove_file(&entry.place).is_ok());
            }
        }
        Ok(removed)
    }

    /// The files in a folder that are ours, the last used first: what is kept, and what a process that was killed left
    /// behind.
    fn entries(&self, shelf: Shelf) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let listed = match list(&self.0.join(shelf.folder())) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(entries),
            listed => listed?,
        };
        for entry in listed {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_ours = matches!(name.len(), 32 | 49)
                && name.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
            let Ok(about) = entry.metadata() else {
                continue;
            };
            if about.is_file() && (is_ours || name.starts_with(".tmp")) {
                entries.push(Entry {
                    name,
                    place: entry.path(),
                    bytes: about.len(),
                    used: about.modified()?,
                });
            }
        }
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.used));
        Ok(entries)
    }
}

/// `vmemmlint cache`: shows, prunes, clears.
pub(crate) fn run(asked: &Asked) -> Result<std::process::ExitCode, Failure> {
    let cache = Folder::at(&asked.place)
        .ok_or("there is no $HOME: say where the cache is with --cache-dir")?;
    let folder = one_line(&cache.0.display().to_string());
    let failed = |error: io::Error| format!("cannot read {folder}: {error}");
    let mut told = Vec::new();
    for shelf in SHELVES {
        let removed = match asked.task {
            CacheTask::Show => 0,
            CacheTask::Prune => cache.prune(shelf, Some(UNUSED)).map_err(failed)?,
            CacheTask::Clear => {
                let entries = cache.entries(shelf).map_err(failed)?;
                let removed = entries.iter().map(|entry| fs::remove_file(&entry.place));
                removed.flatten().count()
            }
        };
        if removed > 0 {
            told.push(format!("removed {}", count(shelf, removed)));
        }
    }
    told.push(format!("{folder}:"));
    for shelf in SHELVES {
        let entries = cache.entries(shelf).map_err(failed)?;
        let bytes: u64 = entries.iter().map(|entry| entry.bytes).sum();
        let (kept, most) = (bytes.div_ceil(1024), shelf.most_bytes() / 1024);
        let count = count(shelf, entries.len());
        told.push(format!("  {count}, {kept} KiB of {most}"));
    }
    print(&(told.join("\n") + "\n"))?;
    Ok(std::process::ExitCode::SUCCESS)
}

fn count(shelf: Shelf, number: usize) -> String {
    let what = if number == 1 {
        shelf.one()
    } else {
        shelf.many()
    };
    format!("{number} {what}")
}

/// The text of what is kept, if it is whole.
fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let (hash, text) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<16>()?;
    (digest(text).to_le_bytes() == *hash).then_some(text)
}

#[expect(clippy::disallowed_methods, reason = "this is a front end")]
fn variable(name: &str) -> Option<PathBuf> {
    let value = std::env::var_os(name).filter(|value| !value.is_empty());
    value.map(PathBuf::from)
}

#[expect(clippy::disallowed_methods, reason = "this is a front end")]
fn read(place: &Path) -> io::Result<Vec<u8>> {
    fs::read(place)
}

#[expect(clippy::disallowed_methods, reason = "this is a front end")]
fn list(folder: &Path) -> io::Result<fs::ReadDir> {
    fs::read_dir(folder)
}
