//! Answers that are kept between runs.
//!
//! ```text
//! $XDG_CACHE_HOME/vmemmlint/answers/    or ~/.cache/…, or where --cache-dir says
//!     3f0c…e1-9a…04                     an answer, named by what was asked, and by the state of the tree
//! ```
//!
//! An answer depends on the program, on what was asked, and on what was looked at of a tree
//! ([`kernel::Footprint`]). It is kept with that, and with the state of all files ([`source::States`]). Where a tree
//! is in the same state, the answer is taken as it is; where some files are in another, it is taken if what was
//! looked at of them is the same. It is written under another name and then renamed, so several processes may share
//! a folder; it carries the hash of its text, and one that is damaged is none. What cannot be kept is not, and no
//! check fails for that.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use kernel::{Footprint, Tree};
use rules::{Outcome, Settings};
use sha2::{Digest, Sha256};
use source::{Directory, Listing, States};
use tempfile::NamedTempFile;

use crate::arguments::{Cache as Asked, CachePlace, CacheTask, Caching};
use crate::{Failure, one_line, print};

/// What every kept answer begins with; another number where they are written otherwise.
const MAGIC: &[u8] = b"vmemmlint answer 2\n";

/// Together they may take so many bytes; the longest unused go first.
const MOST_BYTES: u64 = 64 << 20;

/// What was not used for so long is pruned.
const UNUSED: Duration = Duration::from_hours(30 * 24);

/// A file that was changed so few seconds ago may be changed again without a trace: some file systems count
/// whole seconds, some two.
const SETTLED: i64 = 3;

/// So many answers to a question, about a tree in other states, are asked whether they still hold.
const TRIED: usize = 4;

/// The folder of kept answers.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
}

/// What is asked, and of which program: the first half of an answer's name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Question(String);

impl Question {
    /// `None` where it is not known which program is asked.
    fn new(settings: &Settings) -> Option<Question> {
        let program = std::env::current_exe().and_then(fs::metadata).ok()?;
        let mut hash = Sha256::new();
        hash.update(env!("CARGO_PKG_VERSION"));
        for number in [program.mtime(), program.mtime_nsec(), program.ctime()] {
            hash.update(number.to_le_bytes());
        }
        hash.update(program.size().to_le_bytes());
        hash.update(program.ino().to_le_bytes());
        // All of them, also those that will be added.
        hash.update(format!("{settings:?}"));
        let start = *hash.finalize().first_chunk::<16>()?;
        Some(Question(format!("{:032x}", u128::from_be_bytes(start))))
    }

    /// The name of the answer about a tree in these states.
    fn about(&self, states: &States) -> String {
        format!("{}-{:016x}", self.0, states.sum())
    }
}

/// What an answer rests on.
type Basis = (Footprint, States);

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

    /// The answer of this name, which is noted to be of use.
    fn read(&self, name: &str) -> Option<Outcome> {
        let _span = tracing::debug_span!("read an answer").entered();
        let place = self.folder.join(name);
        let bytes = read(&place).ok()?;
        let (outcome, _) = decode(&bytes)?;
        // Where that cannot be noted, it is pruned the earlier.
        if let Ok(file) = fs::OpenOptions::new().append(true).open(&place) {
            let _ = file.set_modified(SystemTime::now());
        }
        Some(outcome)
    }

    /// An answer to `question` about the tree in other states that still holds, with what it rests on.
    fn read_other(
        &self,
        question: &Question,
        directory: &Directory,
        listing: &Listing,
    ) -> Option<(Outcome, Footprint)> {
        let _span = tracing::debug_span!("look at what changed").entered();
        let mut entries = self.entries().ok()?;
        entries.retain(|entry| entry.is_about(question));
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.used));
        entries.truncate(TRIED);
        entries.into_iter().find_map(|entry| {
            let bytes = read(&entry.place).ok()?;
            let (outcome, basis) = decode(&bytes)?;
            let (footprint, states): Basis = postcard::from_bytes(basis).ok()?;
            let changes = listing.changes(&states);
            let holds = footprint.holds(directory, listing, &changes);
            holds.then_some((outcome, footprint))
        })
    }

    /// Keeps an answer, in bytes.
    fn write(&self, name: &str, answer: &[u8]) -> io::Result<()> {
        let _span = tracing::debug_span!("keep the answer").entered();
        fs::create_dir_all(&self.folder)?;
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(answer)?;
        file.persist(self.folder.join(name))?;
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
            // Those without a dash are of older programs.
            let is_answer = matches!(name.len(), 32 | 49)
                && name.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
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

impl Entry {
    fn is_about(&self, question: &Question) -> bool {
        let name = self.place.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with(&question.0))
    }
}

/// A question about a tree in one state, whose answer may be known, or may be kept.
#[derive(Debug)]
pub(crate) struct Keep {
    cache: Cache,
    question: Question,
    listing: Listing,
    /// What was changed at this time or later may be in a state that is not seen, in seconds since 1970.
    unsure: i64,
}

impl Keep {
    /// What is known of the answer to `settings` on a tree; `None` where it cannot be known again.
    pub(crate) fn new(cache: Cache, settings: &Settings, directory: &Directory) -> Option<Keep> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = i64::try_from(now.ok()?.as_secs()).ok()?;
        Some(Keep {
            question: Question::new(settings)?,
            listing: directory.listing().ok()?,
            unsure: now - SETTLED,
            cache,
        })
    }

    /// The answer that was kept before, and what it rests on where that is not kept for this state of the tree.
    pub(crate) fn known(&self, directory: &Directory) -> Option<(Outcome, Option<Footprint>)> {
        let states = self.listing.states(i64::MAX);
        if let Some(outcome) = self.cache.read(&self.question.about(&states)) {
            return Some((outcome, None));
        }
        let (outcome, footprint) =
            self.cache
                .read_other(&self.question, directory, &self.listing)?;
        Some((outcome, Some(footprint)))
    }

    /// What an answer that was found out now rests on.
    pub(crate) fn footprint(&self, tree: &Tree) -> Option<Footprint> {
        tree.footprint(&self.listing)
    }

    /// Keeps an answer. It need not be asked whether the tree was changed meanwhile: the footprint has what was read,
    /// and the states were looked at before, so what is in another state the next time is compared with that.
    pub(crate) fn keep(&self, outcome: &Outcome, footprint: &Footprint) {
        let states = self.listing.states(self.unsure);
        let answer = encode(outcome, footprint, &states);
        // A folder that cannot be written, or a full disk, is no reason to complain of a check.
        let _ = answer.and_then(|answer| self.cache.write(&self.question.about(&states), &answer));
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

fn encode(outcome: &Outcome, footprint: &Footprint, states: &States) -> io::Result<Vec<u8>> {
    let text = postcard::to_stdvec(outcome).map_err(io::Error::other)?;
    let text = postcard::to_extend(&(footprint, states), text).map_err(io::Error::other)?;
    Ok([MAGIC, &Sha256::digest(&text), &text].concat())
}

/// An answer, and the bytes of its [`Basis`], which are read only where they are needed.
fn decode(bytes: &[u8]) -> Option<(Outcome, &[u8])> {
    let (hash, text) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<32>()?;
    let is_whole = Sha256::digest(text).as_slice() == hash;
    is_whole
        .then(|| postcard::take_from_bytes(text).ok())
        .flatten()
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
