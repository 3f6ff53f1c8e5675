//! One tree, read on demand and shared by all architectures.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use csource::File;
use kbuild::Makefiles;
use kconfig::Model;
use rustc_hash::FxHashMap;
use source::{Listing, ReadError, Recorder, Seeing, Source, TreePath};
use text::Name;

use crate::footprint::{KconfigSeen, Views};
use crate::looked_up::Again;
use crate::{Footprint, Index, Known, LookedUp};

/// Told how far a long job is.
pub trait Progress: Sync {
    /// A part of the job begins; it has `total` steps, 0 where that is not known.
    fn phase(&self, name: &str, total: usize);
    /// `steps` more steps are done.
    fn step(&self, steps: usize);
    /// Whether nobody wants the job done any more.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Tells nobody.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn phase(&self, _name: &str, _total: usize) {}
    fn step(&self, _steps: usize) {}
}

/// What a kernel tree has and this place has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotATree {
    /// The missing file or directory.
    pub missing: &'static str,
}

impl fmt::Display for NotATree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a kernel tree: it has no {}", self.missing)
    }
}

impl std::error::Error for NotATree {}

type Slot = Arc<OnceLock<Result<Arc<File>, ReadError>>>;

/// Tells what is known of the files of a tree.
type FromBefore = Box<dyn FnOnce() -> Known + Send>;

/// Files that may define a structure.
type Defining = Arc<OnceLock<Arc<[Name]>>>;

/// A kernel tree.
pub struct Tree {
    source: Recorder,
    arches: Vec<Name>,
    version: String,
    files: RwLock<FxHashMap<String, Slot>>,
    /// Asked once, where an index is made.
    known: Mutex<Option<FromBefore>>,
    index: OnceLock<Index>,
    pub(crate) again: Again,
    structures: Mutex<FxHashMap<(Name, bool), Defining>>,
    /// Files that were asked whether they may define a structure, and what they said.
    may_define: Mutex<Vec<(String, Name, bool)>>,
    walk_errors: Mutex<Vec<(String, ReadError)>>,
    makefiles: Arc<Makefiles>,
    /// What was asked of the Kconfig files that were read, by architecture; of those of others all counts.
    kconfig: Mutex<KconfigSeen>,
    /// Files were looked through of which no record is kept.
    surveyed: AtomicBool,
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Other programs that live in the tree: what they call is not the kernel's.
const OTHER_PROGRAMS: &[&str] = &["tools", "samples", "scripts", "Documentation", "usr"];

/// Whether the index of words looks into what lies at `path`.
pub fn is_indexed(path: &str) -> bool {
    let top = path.split('/').next().unwrap_or(path);
    !OTHER_PROGRAMS.contains(&top) && !path.starts_with('.') && !path.contains("/.")
}

/// Whether a file's name says that it may have words for the index.
fn has_words(path: &str) -> bool {
    path.ends_with(".c") || path.ends_with(".h") || path.ends_with(".S")
}

/// Whether the index has the words of the file at `path`.
pub(crate) fn is_read_for_words(path: &str) -> bool {
    is_indexed(path) && has_words(path)
}

impl Tree {
    /// The tree that `source` gives.
    pub fn open(source: Arc<dyn Source>) -> Result<Tree, NotATree> {
        let source = Recorder::over(source);
        for file in ["Kconfig", "Makefile"] {
            if !source.is_file(file) {
                return Err(NotATree { missing: file });
            }
        }
        let names = source
            .list("arch")
            .map_err(|_| NotATree { missing: "arch/" })?;
        let directories = names.iter().filter_map(|name| name.strip_suffix('/'));
        let arches: Vec<Name> = directories
            .filter(|arch| source.is_file(&format!("arch/{arch}/Kconfig")))
            .map(Name::new)
            .collect();
        if arches.is_empty() {
            let missing = "arch/*/Kconfig";
            return Err(NotATree { missing });
        }
        let version = version(&source);
        Ok(Tree {
            source,
            arches,
            version,
            files: RwLock::default(),
            known: Mutex::default(),
            index: OnceLock::new(),
            again: Again::default(),
            structures: Mutex::default(),
            may_define: Mutex::default(),
            walk_errors: Mutex::default(),
            makefiles: Arc::default(),
            kconfig: Mutex::default(),
            surveyed: AtomicBool::new(false),
        })
    }

    /// Says what is known of its files, once the index of words is made.
    #[must_use]
    pub fn with_known(self, known: impl FnOnce() -> Known + Send + 'static) -> Tree {
        Tree {
            known: Mutex::new(Some(Box::new(known))),
            ..self
        }
    }

    /// Says in which files words stand that were looked up before. That must be so in this tree.
    #[must_use]
    pub fn with_looked_up(self, known: Vec<Arc<LookedUp>>) -> Tree {
        Tree {
            again: Again::new(known),
            ..self
        }
    }

    /// The index of words, if it was made.
    pub fn index(&self) -> Option<&Index> {
        self.index.get()
    }

    /// All files of the kernel's own whose path is wanted, sorted, and where to read them for one who looks through all of
    /// them. No record is kept of that, so that an answer which rests on it cannot be kept either.
    pub fn survey(&self, wanted: &(dyn Fn(&str) -> bool + Sync)) -> (Vec<TreePath>, &dyn Source) {
        self.surveyed.store(true, Ordering::Relaxed);
        let source = self.source.below();
        let (paths, errors) = source.walk("", &is_indexed, wanted);
        lock(&self.walk_errors).extend(errors);
        (paths, source)
    }

    /// Where the text comes from.
    pub fn source(&self) -> &dyn Source {
        &self.source
    }

    /// Where the text of Kconfig files comes from, for one who says later what was asked of them.
    pub fn kconfig_source(&self) -> Seeing<'_> {
        self.source.seeing()
    }

    /// Says which Kconfig files were read for a model that was taken over.
    pub fn note_read(&self, model: &Model) {
        for (path, digest) in model.texts() {
            self.source.saw(path, digest);
        }
    }

    /// Says what was asked of the Kconfig files of an architecture.
    pub fn note_kconfig(&self, arch: Name, model: &Model) {
        let asked = model.asked();
        lock(&self.kconfig).add(arch, model.files(), asked);
    }

    /// The directories below `arch/` that hold an architecture, sorted.
    pub fn arches(&self) -> &[Name] {
        &self.arches
    }

    /// The text of a file, for one who tells more of what was seen there already: that it was read is not noted.
    pub fn look(&self, path: &str) -> Result<Arc<[u8]>, ReadError> {
        self.source.below().read(path)
    }

    /// `VERSION.PATCHLEVEL.SUBLEVEL` with the rest, from the top Makefile; empty parts left out.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What the architectures share of the makefiles.
    pub fn makefiles(&self) -> Arc<Makefiles> {
        Arc::clone(&self.makefiles)
    }

    /// The file at `path`, read at most once.
    pub fn file(&self, path: &str) -> Result<Arc<File>, ReadError> {
        let known = self
            .files
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(path)
            .cloned();
        let slot = known.unwrap_or_else(|| {
            let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
            files.entry(path.to_owned()).or_default().clone()
        });
        let read = || {
            let _span = tracing::debug_span!("read files").entered();
            let text = self.source.see(path);
            text.map(|text| Arc::new(File::new(path, text)))
        };
        slot.get_or_init(read).clone()
    }

    /// The index of all words, made when it is first asked for.
    pub(crate) fn full_index(&self, progress: &dyn Progress) -> &Index {
        self.index.get_or_init(|| {
            let enter = |dir: &str| is_indexed(dir);
            let walking = tracing::debug_span!("list files").entered();
            let source = self.source.below();
            let (paths, errors) = source.walk("", &enter, &is_read_for_words);
            drop(walking);
            *lock(&self.walk_errors) = errors;
            progress.phase("reading", paths.len());
            let known = lock(&self.known).take();
            let known = known.map_or_else(Known::default, |tell| tell());
            let index = Index::build(source, paths, known, &|count| progress.step(count));
            let (files, bytes, postings) = index.size();
            tracing::debug!(files, bytes, postings, "indexed");
            index
        })
    }

    /// The files of all architectures that may define `struct tag`, by path: headers below `include` and
    /// `arch`, or all others.
    pub fn defining_structure(&self, tag: Name, in_headers: bool) -> Arc<[Name]> {
        let slot = {
            let mut known = lock(&self.structures);
            known.entry((tag, in_headers)).or_default().clone()
        };
        let is_header = |path: &str| {
            path.ends_with(".h") && (path.starts_with("include/") || path.starts_with("arch/"))
        };
        let find = || {
            let mut buffer = Vec::new();
            let mut defines = |path: &str| {
                let read = self.source.see_into(path, &mut buffer);
                let answer = read.is_ok() && csource::may_define(&buffer, &tag);
                lock(&self.may_define).push((path.to_owned(), tag, answer));
                answer
            };
            let files = self.words(&Silent).files(&tag);
            let files = files.filter(|path| is_header(path) == in_headers && defines(path));
            files.map(Name::new).collect()
        };
        slot.get_or_init(find).clone()
    }

    /// What was looked at so far, of a tree that is a directory in which `listing` lay before; `None` where that
    /// cannot be told.
    pub fn footprint(&self, listing: &Listing) -> Option<Footprint> {
        if !lock(&self.walk_errors).is_empty() || self.surveyed.load(Ordering::Relaxed) {
            return None;
        }
        let index = self.index.get();
        // That they cannot be read is told.
        let mut unreadable = index.into_iter().flat_map(Index::unreadable);
        if unreadable.any(|(path, error)| self.source.read(path).err().as_ref() != Some(error)) {
            return None;
        }
        let words = self.again.all(index);
        let record = self.source.record(listing)?;
        let kconfig = lock(&self.kconfig).clone();
        Some(Footprint::new(record, words, (self.views(), kconfig)))
    }

    /// What was seen of files of which not all was.
    fn views(&self) -> Views {
        let mut files: Vec<Arc<File>> = Vec::new();
        let read = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let slots = read.values().filter_map(|slot| slot.get());
        files.extend(slots.filter_map(|file| file.as_ref().ok()).cloned());
        let asked = lock(&self.may_define);
        Views::new(&files, &asked)
    }

    /// Files and directories that could not be read so far, sorted by path.
    pub fn unreadable(&self) -> Vec<(String, ReadError)> {
        let mut all = lock(&self.walk_errors).clone();
        all.extend(
            self.index
                .get()
                .into_iter()
                .flat_map(|index| index.unreadable().iter().cloned()),
        );
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        all.dedup();
        all
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn version(source: &dyn Source) -> String {
    let text = source.read("Makefile").unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let value = |variable: &str| {
        let mut lines = text.lines().take(40);
        lines.find_map(|line| {
            let (name, value) = line.split_once('=')?;
            (name.trim() == variable).then(|| value.trim().to_owned())
        })
    };
    let numbers = ["VERSION", "PATCHLEVEL", "SUBLEVEL"].map(value);
    let parts: Vec<String> = numbers
        .into_iter()
        .flatten()
        .filter(|n| !n.is_empty())
        .collect();
    parts.join(".") + &value("EXTRAVERSION").unwrap_or_default()
}
