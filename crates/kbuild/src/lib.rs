//! Kernel makefiles, read as: when is this file built?
//!
//! ```make
//! obj-$(CONFIG_SPARSEMEM_VMEMMAP) += sparse-vmemmap.o
//! ```
//!
//! in mm/Makefile, together with `obj-y += mm/` at the top, says that mm/sparse-vmemmap.c is linked
//! into the kernel under `SPARSEMEM_VMEMMAP=y`. [`Kbuild`] answers such questions for one
//! architecture. It reads the makefiles as make would, with the configuration left open: no command
//! is run, and what only a toolchain knows becomes a free [`condition::Atom::Probe`].
//!
//! Only the makefiles that a question needs are read: those of the directories above a file. A file
//! or directory that none of them names may be named from elsewhere (`../../../virt/kvm/kvm_main.o`);
//! only then is the whole tree of makefiles read, once.

mod directory;
mod expand;
mod files;
mod flags;
mod functions;
mod lines;
mod machine;
mod makefiles;
mod matching;
mod options;
mod scope;
mod top;
mod value;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use condition::{Condition, Store};
use rustc_hash::FxHashMap;
use source::{Source, normalize};

use directory::{Directory, Reason};
use machine::{Journal, Machine};
pub use makefiles::Makefiles;
use matching::can_be;
pub use options::Options;
use scope::Scope;
use value::{Logic, Opaques};

/// When something is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// It is linked into the kernel.
    pub yes: Condition,
    /// It is linked into a module.
    pub module: Condition,
    /// The makefile and the line (from 1) that names it, if any does.
    pub place: Option<(String, u32)>,
}

impl Built {
    /// When it is built at all.
    pub fn any(&self, store: &mut Store) -> Condition {
        store.or(self.yes, self.module)
    }

    fn never() -> Built {
        Built {
            yes: Condition::FALSE,
            module: Condition::FALSE,
            place: None,
        }
    }

    fn is_never(&self) -> bool {
        self.yes.is_false() && self.module.is_false()
    }
}

/// Something in a makefile that could not be read or understood; the rest of it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The makefile.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// What is wrong.
    pub message: String,
    /// Whether make itself would stop here. Else something is left out that only a running make
    /// could know, or that goes further than is followed.
    pub breaks: bool,
}

/// The makefiles of one tree, for one architecture.
///
/// Answers are kept, as Conditions of the [`Store`] of the first question: ask all questions with
/// the same one.
pub struct Kbuild<'s> {
    source: &'s dyn Source,
    srcarch: String,
    opaques: Opaques,
    journal: Journal,
    top: Option<Arc<top::Top>>,
    directories: FxHashMap<String, Arc<Directory>>,
    entered: FxHashMap<String, Built>,
    /// Directories whose entry is being asked about; a directory that names itself adds nothing.
    asking: Vec<String>,
    elsewhere: Option<Arc<Elsewhere>>,
    /// Whether [`Kbuild::elsewhere`] is being found out.
    searching: bool,
    makefiles: Arc<Makefiles>,
}

/// Who names a file or a directory that is not below him.
#[derive(Clone, Default)]
struct Elsewhere {
    objects: FxHashMap<String, Vec<String>>,
    directories: FxHashMap<String, Vec<String>>,
}

impl<'s> Kbuild<'s> {
    /// The makefiles of `source`, read for the directory `srcarch` below arch/. Nothing is read
    /// before the first question. What `makefiles` knows is shared by the architectures of one tree.
    pub fn new(source: &'s dyn Source, makefiles: Arc<Makefiles>, srcarch: &str) -> Kbuild<'s> {
        Kbuild {
            source,
            srcarch: srcarch.to_owned(),
            opaques: Opaques::default(),
            journal: Journal::default(),
            top: None,
            directories: FxHashMap::default(),
            entered: FxHashMap::default(),
            asking: Vec::new(),
            elsewhere: None,
            searching: false,
            makefiles,
        }
    }

    /// When the object made of `path`, a `.c` or `.S` file, is linked into the kernel or a module.
    /// Never, where no makefile that is reached names it: hosts' programs, boot wrappers, vdso
    /// objects, files that others `#include`.
    pub fn built(&mut self, store: &mut Store, path: &str) -> Built {
        let Some(path) = normalize(path) else {
            return Built::never();
        };
        let Some(stem) = path.strip_suffix(".c").or_else(|| path.strip_suffix(".S")) else {
            return Built::never();
        };
        // Make prefers the rule for .c where both files are there.
        if path.ends_with(".S") && self.source.is_file(&format!("{stem}.c")) {
            return Built::never();
        }
        let above = ancestors(parent(stem));
        let here = self.named_by(store, &above, stem, false);
        if !here.is_never() {
            return here;
        }
        let elsewhere = self.elsewhere(store);
        let namers = elsewhere.objects.get(stem).cloned().unwrap_or_default();
        self.named_by(store, &namers, stem, false)
    }

    /// When directory `dir` is entered: `yes` where its objects become part of the kernel, `module`
    /// where only its modules are built.
    pub fn entered(&mut self, store: &mut Store, dir: &str) -> Built {
        let Some(dir) = normalize(dir) else {
            return Built::never();
        };
        if dir.is_empty() {
            return Built {
                yes: Condition::TRUE,
                ..Built::never()
            };
        }
        if let Some(known) = self.entered.get(&dir) {
            return known.clone();
        }
        if self.asking.contains(&dir) {
            return Built::never();
        }
        self.asking.push(dir.clone());
        let mut here = self.named_by(store, &ancestors(parent(&dir)), &dir, true);
        if here.is_never() && self.source.is_dir(&dir) && self.asking.len() == 1 {
            let elsewhere = self.elsewhere(store);
            let namers = elsewhere.directories.get(&dir).cloned().unwrap_or_default();
            here = self.named_by(store, &namers, &dir, true);
        }
        self.asking.pop();
        // Inside another question, a directory that is not found may only have met itself, or one that is
        // not yet known to name it.
        if (self.asking.is_empty() && !self.searching) || !here.is_never() {
            self.entered.insert(dir, here.clone());
        }
        here
    }

    /// Makefiles, and lines in them, that could not be read or understood, in the order of reading.
    pub fn problems(&self) -> &[Problem] {
        &self.journal.problems
    }

    /// When one of the directories `namers` has `name` built (or entered).
    fn named_by(&mut self, store: &mut Store, namers: &[String], name: &str, dir: bool) -> Built {
        let mut all = Built::never();
        for namer in namers {
            let entry = self.entered(store, namer);
            if entry.is_never() {
                continue;
            }
            let directory = self.directory(store, namer);
            let mut logic = Logic {
                store,
                opaques: &mut self.opaques,
            };
            let reasons = if dir {
                entries(&directory, name)
            } else {
                objects(&mut logic, &directory, name)
            };
            for reason in reasons {
                let (yes, mut module) = combine(&mut logic, &entry, reason);
                if dir {
                    // Its modules are built wherever those of the directory above are.
                    let below = logic.both(entry.module, reason.yes);
                    module = logic.store.or(module, below);
                }
                if !yes.is_false() || !module.is_false() {
                    all.yes = logic.store.or(all.yes, yes);
                    all.module = logic.store.or(all.module, module);
                    let place = || {
                        (
                            self.journal.name(reason.place).to_owned(),
                            reason.place.line,
                        )
                    };
                    all.place.get_or_insert_with(place);
                }
            }
        }
        all
    }

    /// What the makefile of `path` says.
    fn directory(&mut self, store: &mut Store, path: &str) -> Arc<Directory> {
        if let Some(known) = self.directories.get(path) {
            return Arc::clone(known);
        }
        let _span = tracing::debug_span!("makefiles").entered();
        let top = self.top(store);
        let mut scope = Scope::default();
        let object = if path.is_empty() { "." } else { path };
        scope.fix("obj", object);
        scope.fix("src", object);
        let logic = Logic {
            store,
            opaques: &mut self.opaques,
        };
        let journal = &mut self.journal;
        let mut machine = Machine::new(self.source, logic, journal, &top.exported, scope);
        let names = if path.is_empty() {
            vec!["Kbuild".to_owned()]
        } else {
            vec![format!("{path}/Kbuild"), format!("{path}/Makefile")]
        };
        let file = names.iter().find(|file| self.source.is_file(file));
        match file.map(|file| (file, machine.run_file(file))) {
            Some((_, Ok(()))) => {}
            Some((file, Err(error))) => machine.unreadable(file, &error.to_string()),
            None => machine.unreadable(path, "has neither Kbuild nor Makefile"),
        }
        let mut directory = machine.directory(path);
        if path.is_empty() {
            top.add_to(&mut directory);
        }
        let directory = Arc::new(directory);
        self.directories
            .insert(path.to_owned(), Arc::clone(&directory));
        directory
    }

    fn top(&mut self, store: &mut Store) -> Arc<top::Top> {
        if let Some(top) = &self.top {
            return Arc::clone(top);
        }
        let logic = Logic {
            store,
            opaques: &mut self.opaques,
        };
        let top = Arc::new(top::read(
            self.source,
            logic,
            &mut self.journal,
            &self.srcarch,
        ));
        self.top = Some(Arc::clone(&top));
        top
    }

    /// Reads the makefiles that can be reached and may name what is beside or above them.
    fn elsewhere(&mut self, store: &mut Store) -> Arc<Elsewhere> {
        if let Some(known) = &self.elsewhere {
            return Arc::clone(known);
        }
        let mut found = Elsewhere::default();
        self.elsewhere = Some(Arc::default());
        self.searching = true;
        let makefiles = Arc::clone(&self.makefiles);
        let mut open: Vec<&String> = makefiles.climbing(self.source).iter().collect();
        // A directory may be entered only because another of them names it.
        loop {
            let before = open.len();
            open.retain(|path| {
                let is_reached = !self.entered(store, path).is_never();
                if is_reached {
                    found.add(path, &self.directory(store, path));
                }
                !is_reached
            });
            found.sort();
            self.elsewhere = Some(Arc::new(found.clone()));
            if open.len() == before {
                break;
            }
        }
        self.searching = false;
        Arc::new(found)
    }
}

impl Elsewhere {
    /// Notes what the makefile of `path` names outside of it.
    fn add(&mut self, path: &str, directory: &Directory) {
        let outside = |name: &str| !ancestors(parent(name)).iter().any(|above| above == path);
        let mut objects: Vec<&String> = directory.objects.keys().collect();
        objects.sort_unstable();
        for object in objects.into_iter().filter(|object| outside(object)) {
            let namers = self.objects.entry(object.clone()).or_default();
            namers.push(path.to_owned());
        }
        for entry in directory
            .entries
            .iter()
            .filter(|entry| outside(&entry.path))
        {
            let namers = self.directories.entry(entry.path.clone()).or_default();
            namers.push(path.to_owned());
        }
    }

    fn sort(&mut self) {
        let namers = self
            .objects
            .values_mut()
            .chain(self.directories.values_mut());
        for namers in namers {
            namers.sort_unstable();
            namers.dedup();
        }
    }
}

/// As scripts/Makefile.build descends: only a chain of `obj-y` leads into the kernel; inside a
/// directory that `obj-m` names, only modules are built.
fn combine(logic: &mut Logic<'_>, entry: &Built, reason: Reason) -> (Condition, Condition) {
    let yes = logic.both(entry.yes, reason.yes);
    let any = logic.store.or(entry.yes, entry.module);
    let module = logic.both(any, reason.module);
    (yes, module)
}

fn objects(logic: &mut Logic<'_>, directory: &Directory, name: &str) -> Vec<Reason> {
    let mut reasons = directory.objects.get(name).cloned().unwrap_or_default();
    for (pattern, reason) in &directory.patterns {
        if can_be(pattern, name) {
            let fits = logic.matches(pattern, name);
            let (yes, module) = (
                logic.both(reason.yes, fits),
                logic.both(reason.module, fits),
            );
            reasons.push(Reason {
                yes,
                module,
                place: reason.place,
            });
        }
    }
    reasons
}

fn entries(directory: &Directory, name: &str) -> Vec<Reason> {
    let named = directory.entries.iter().filter(|entry| entry.path == name);
    named.map(|entry| entry.reason).collect()
}

/// The directory of `path`; the top is the empty path.
fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// `directory` and all above it, the top first.
fn ancestors(directory: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    let slashes = directory
        .match_indices('/')
        .map(|(at, _)| directory[..at].to_owned());
    all.extend(slashes);
    if !directory.is_empty() {
        all.push(directory.to_owned());
    }
    all
}
