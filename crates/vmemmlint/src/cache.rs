//! Answers that are kept between runs.
//!
//! ```text
//! $XDG_CACHE_HOME/vmemmlint/answers/    or ~/.cache/…, or where --cache-dir says
//!     3f0c…e1                           one answer, named by the hash of all that it depends on
//! ```
//!
//! An answer depends on the program, on what was asked, and on the state of the tree ([`source::Stamp`]). It is
//! written under another name and then renamed, so several processes may share a folder; it carries the hash of
//! its text, and one that is damaged is none. What cannot be kept is not, and no check fails for that.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rules::{Outcome, Settings};
use sha2::{Digest, Sha256};
use source::{Directory, Stamp};
use tempfile::NamedTempFile;

use crate::arguments::{Cache as Asked, CachePlace, CacheTask, Caching};
use crate::{Failure, one_line, print};

/// What every kept answer begins with; another number where they are written otherwise.
const MAGIC: &[u8] = b"vmemmlint answer 1\n";

/// Together they may take so many bytes; the longest unused go first.
const MOST_BYTES: u64 = 64 << 20;

/// What was not used for so long is pruned.
const UNUSED: Duration = Duration::from_hours(30 * 24);

/// A tree that was changed so few seconds ago may be changed again without a trace: some file systems count
/// whole seconds, some two.
const SETTLED: i64 = 3;

/// The folder of kept answers.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
}

/// An answer's name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key(String);

impl Key {
    /// The name of the answer to `settings` on a tree in the state `stamp`; `None` where it is not known which
    /// program is asked.
    fn new(settings: &Settings, stamp: &Stamp) -> Option<Key> {
        let program = std::env::current_exe().and_then(fs::metadata).ok()?;
        let mut hash = Sha256::new();
        hash.update(env!("CARGO_PKG_VERSION"));
        for number in [program.mtime(), program.mtime_nsec(), program.ctime()] {
            hash.update(number.to_le_bytes());
        }
        hash.update(program.size().to_le_bytes());
        hash.update(program.ino().to_le_bytes());
        hash.update(stamp.bytes());
        // All of them, also those that will be added.
        hash.update(format!("{settings:?}"));
        let half = *hash.finalize().first_chunk::<16>()?;
        Some(Key(format!("{:032x}", u128::from_be_bytes(half))))
    }
}

impl Cache {
    /// The cache that was asked for, or the user's; `None` where there is none, or none is wanted. The error, for
    /// one that was asked for and cannot be, is one line.
    pub(crate) fn open(caching: &Caching) -> Result<Option<Cache>, Failure> {
        if caching.no_cache {
            return Ok(None);
        }
        let cache = Cache::at(&caching.place);
        if let (Some(cache), Some(asked)) = (&cache, &caching.place.cache_dir) {
            let name = one_line(&asked.display().to_string());
            fs::create_dir_all(&cache.folder)
                .map_err(|error| format!("cannot keep answers in {name}: {error}"))?;
        }
        Ok(cache)
    }

    fn at(place: &CachePlace) -> Option<Cache> {
        let below = |cache: PathBuf| cache.join("vmemmlint");
        let folder = place.cache_dir.clone().or_else(|| {
            let xdg = variable("XDG_CACHE_HOME").filter(|path| path.is_absolute());
            let home = || Some(variable("HOME")?.join(".cache"));
            xdg.or_else(home).map(below)
        })?;
        Some(Cache {
            folder: folder.join("answers"),
        })
    }

    /// A kept answer.
    fn read(&self, key: &Key) -> Option<Outcome> {
        let _span = tracing::debug_span!("read an answer").entered();
        let place = self.folder.join(&key.0);
        let outcome = decode(&read(&place).ok()?)?;
        // So that it is known to be of use. Where that cannot be noted, it is pruned the earlier.
        if let Ok(file) = fs::OpenOptions::new().append(true).open(&place) {
            let _ = file.set_modified(SystemTime::now());
        }
        Some(outcome)
    }

    /// Keeps an answer.
    fn write(&self, key: &Key, outcome: &Outcome) -> io::Result<()> {
        let _span = tracing::debug_span!("keep the answer").entered();
        fs::create_dir_all(&self.folder)?;
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(&encode(outcome)?)?;
        file.persist(self.folder.join(&key.0))?;
        self.prune(None)?;
        Ok(())
    }

    /// Removes what was not used for so long, what is damaged where everything is looked at, and the longest unused of
    /// what is too much. Answers how many.
    fn prune(&self, unused: Option<Duration>) -> io::Result<usize> {
        let mut kept = Vec::new();
        let mut removed = 0;
        for entry in self.entries()? {
            let age = entry.used.elapsed().unwrap_or_default();
            let is_stale = unused.is_some_and(|limit| {
                age > limit || read(&entry.place).is_ok_and(|bytes| decode(&bytes).is_none())
            });
            if is_stale {
                removed += usize::from(fs::remove_file(&entry.place).is_ok());
            } else {
                kept.push(entry);
            }
        }
        kept.sort_by_key(|entry| std::cmp::Reverse(entry.used));
        let mut bytes = 0;
        for entry in kept {
            bytes += entry.bytes;
            if bytes > MOST_BYTES {
                removed += usize::from(fs::remove_file(&entry.place).is_ok());
            }
        }
        Ok(removed)
    }

    /// The files in the folder that are ours: kept answers, and what a process that was killed left behind.
    fn entries(&self) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let listed = match list(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(entries),
            listed => listed?,
        };
        for entry in listed {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_answer = name.len() == 32 && name.bytes().all(|b| b.is_ascii_hexdigit());
            let Ok(about) = entry.metadata() else {
                continue;
            };
            if about.is_file() && (is_answer || name.starts_with(".tmp")) {
                entries.push(Entry {
                    place: entry.path(),
                    bytes: about.len(),
                    used: about.modified()?,
                });
            }
        }
        Ok(entries)
    }
}

struct Entry {
    place: PathBuf,
    bytes: u64,
    used: SystemTime,
}

/// The answer to a question about a tree in one state, before it is kept and then.
#[derive(Debug)]
pub(crate) struct Keep {
    cache: Cache,
    key: Key,
    directory: Directory,
    stamp: Stamp,
    /// Whether the tree had been left alone for long enough when it was looked at.
    is_settled: bool,
}

impl Keep {
    /// What is known of the answer to `settings` on a tree; `None` where it cannot be known again.
    pub(crate) fn new(cache: Cache, settings: &Settings, directory: &Directory) -> Option<Keep> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = i64::try_from(now.ok()?.as_secs()).ok()?;
        let stamp = directory.stamp().ok()?;
        Some(Keep {
            key: Key::new(settings, &stamp)?,
            is_settled: stamp.changed() < now - SETTLED,
            cache,
            directory: directory.clone(),
            stamp,
        })
    }

    /// The answer that was kept before.
    pub(crate) fn known(&self) -> Option<Outcome> {
        self.cache.read(&self.key)
    }

    /// Keeps `outcome`, unless the tree was changed while it was found out, or shortly before.
    pub(crate) fn keep(&self, outcome: &Outcome) {
        if self.is_settled && self.directory.stamp() == Ok(self.stamp) {
            // A folder that cannot be written, or a full disk, is no reason to complain of a check.
            let _ = self.cache.write(&self.key, outcome);
        }
    }
}

/// `vmemmlint cache`: shows, prunes, clears.
pub(crate) fn run(asked: &Asked) -> Result<std::process::ExitCode, Failure> {
    let cache = Cache::at(&asked.place)
        .ok_or("there is no $HOME: say where the cache is with --cache-dir")?;
    let folder = one_line(&cache.folder.display().to_string());
    let failed = |error: io::Error| format!("cannot read {folder}: {error}");
    let removed = match asked.task {
        CacheTask::Show => None,
        CacheTask::Prune => Some(cache.prune(Some(UNUSED)).map_err(failed)?),
        CacheTask::Clear => {
            let entries = cache.entries().map_err(failed)?;
            let removed = entries.iter().map(|entry| fs::remove_file(&entry.place));
            Some(removed.flatten().count())
        }
    };
    let entries = cache.entries().map_err(failed)?;
    let bytes: u64 = entries.iter().map(|entry| entry.bytes).sum();
    let kept = format!(
        "{folder}: {}, {} KiB of {}\n",
        count(entries.len()),
        bytes.div_ceil(1024),
        MOST_BYTES / 1024
    );
    let removed = removed.map_or(String::new(), |number| {
        format!("removed {}\n", count(number))
    });
    print(&(removed + &kept))?;
    Ok(std::process::ExitCode::SUCCESS)
}

fn count(answers: usize) -> String {
    let s = if answers == 1 { "" } else { "s" };
    format!("{answers} answer{s}")
}

fn encode(outcome: &Outcome) -> io::Result<Vec<u8>> {
    let text = postcard::to_stdvec(outcome).map_err(io::Error::other)?;
    Ok([MAGIC, &Sha256::digest(&text), &text].concat())
}

fn decode(bytes: &[u8]) -> Option<Outcome> {
    let (hash, text) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<32>()?;
    let is_whole = Sha256::digest(text).as_slice() == hash;
    is_whole.then(|| postcard::from_bytes(text).ok()).flatten()
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
