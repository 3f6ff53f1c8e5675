//! What the Kconfig files of a tree say, for all architectures at once.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use kconfig::{Library, Mention, Model, Renewed, Standing, SymbolType};
use kernel::{Architecture, NotATree, Progress, Tree};
use rayon::prelude::*;
use rules::{CheckError, Outcome, Question, Settings};
use rustc_hash::FxHashMap;
use source::{Source, digest};
use text::Name;

/// What the Kconfig files of a tree say.
#[derive(Debug)]
pub struct Kconfig {
    tree: Tree,
    library: Library,
    /// What stands for the text of the top Makefile.
    makefile: u128,
    arches: Vec<(Architecture, Arc<Model>)>,
    names: OnceLock<Vec<(Name, Option<SymbolType>)>>,
    /// What some symbols can be.
    standings: Mutex<FxHashMap<Name, Standings>>,
}

fn makefile_of(source: &dyn Source) -> u128 {
    source.read(MAKEFILE).map_or(0, |text| digest(&text))
}

/// What a symbol can be on each architecture.
pub(crate) type Standings = Arc<Vec<(Architecture, Standing)>>;

/// The file at the top that says which kernel it is, and which variables there are.
const MAKEFILE: &str = "Makefile";

impl Kconfig {
    /// Reads the Kconfig files of `source` for all architectures, with answers of a toolchain as `settings` has them.
    ///
    /// What `before` has read is not read again but for `changed`. `None` where nobody wants it any more.
    pub fn read(
        source: Arc<dyn Source>,
        settings: &Settings,
        before: Option<(&Kconfig, &BTreeSet<String>)>,
        progress: &dyn Progress,
    ) -> Result<Option<Kconfig>, NotATree> {
        let makefile = makefile_of(&*source);
        let tree = Tree::open(source)?;
        let library = match before {
            Some((before, changed)) => before.library.without(changed.iter().map(String::as_str)),
            None => Library::new(),
        };
        let names = tree.arches().iter();
        let arches: Vec<Architecture> = names.filter_map(|name| tree.architecture(name)).collect();
        progress.phase("reading Kconfig", arches.len());
        let model = |arch: &Architecture| {
            if progress.is_cancelled() {
                return None;
            }
            let known = before.filter(|(_, changed)| !changed.contains(MAKEFILE));
            let known = known.and_then(|(before, changed)| {
                let mut known = before.arches.iter();
                let (_, model) = known.find(|(known, _)| known == arch)?;
                Some((model, changed))
            });
            let model = match known {
                None => Arc::new(rules::model_of(&tree, &library, *arch, settings)),
                Some((model, changed)) => match model.renewed(&library, tree.source(), changed) {
                    Renewed::Same => Arc::clone(model),
                    Renewed::Other(model) => Arc::from(model),
                    Renewed::Unknown => {
                        let asked = (*arch, settings);
                        Arc::new(rules::model_after(model, &tree, &library, asked))
                    }
                },
            };
            progress.step(1);
            Some((*arch, model))
        };
        let arches: Option<Vec<_>> = arches.par_iter().map(model).collect();
        Ok(arches.map(|arches| Kconfig {
            tree,
            library,
            makefile,
            arches,
            names: OnceLock::new(),
            standings: Mutex::default(),
        }))
    }

    /// The tree.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The architectures, by name, and what each has of Kconfig.
    pub fn arches(&self) -> &[(Architecture, Arc<Model>)] {
        &self.arches
    }

    /// What an architecture, by name, has of Kconfig.
    pub fn model(&self, arch: &str) -> Option<Arc<Model>> {
        let found = self.arches.iter().find(|(known, _)| *known.name == *arch);
        found.map(|(_, model)| Arc::clone(model))
    }

    /// All symbols, by name, each with the first type that an architecture gives it.
    pub fn names(&self) -> &[(Name, Option<SymbolType>)] {
        self.names.get_or_init(|| {
            let mut all: FxHashMap<Name, Option<SymbolType>> = FxHashMap::default();
            for (_, model) in &self.arches {
                for name in model.names() {
                    all.entry(name).or_insert_with(|| model.kind(name));
                }
            }
            let mut all: Vec<_> = all.into_iter().collect();
            all.sort_unstable_by_key(|(name, _)| *name);
            all
        })
    }

    /// The files of which only comments, help texts and empty lines have changed since `before`; `None` where something
    /// else has.
    pub fn only_moved(&self, before: &Kconfig) -> Option<Vec<Arc<str>>> {
        let arches = |one: &Kconfig| -> Vec<Architecture> {
            one.arches.iter().map(|(arch, _)| *arch).collect()
        };
        let is_same =
            arches(self) == arches(before) && self.tree.version() == before.tree.version();
        let moved = self.library.only_moved(&before.library);
        moved.filter(|_| is_same)
    }

    /// Takes over what was found out from one that says the same.
    pub fn take_over(&self, before: &Kconfig) {
        let found = before.known().clone();
        *self.known() = found;
    }

    /// Whether the file at `path` was read as it is in `source`.
    pub fn has_read(&self, source: &dyn Source, path: &str) -> bool {
        if path == MAKEFILE {
            return self.makefile == makefile_of(source);
        }
        self.library.has_read(path, source)
    }

    /// Whether some architecture reads the file at `path`.
    pub fn reads(&self, path: &str) -> bool {
        self.arches.iter().any(|(_, model)| model.reads(path))
    }

    /// Tells of each file that was read, by path, which symbols it names.
    pub(crate) fn for_each_file(&self, tell: &mut dyn FnMut(&Arc<str>, &[Mention])) {
        self.library.for_each_file(tell);
    }

    /// The files that were read, by path.
    pub fn files(&self) -> Vec<Arc<str>> {
        let mut files = Vec::new();
        self.for_each_file(&mut |path, _| files.push(Arc::clone(path)));
        files
    }

    /// What a symbol can be on each architecture.
    pub(crate) fn standings(&self, name: Name) -> Standings {
        if let Some(known) = self.known().get(&name) {
            return Arc::clone(known);
        }
        // Who waits for this must not wait for a check, which has all threads of the pool.
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let each = self.arches.len().div_ceil(threads).max(1);
        let ask = |(arch, model): &(Architecture, Arc<Model>)| (*arch, model.standing(name));
        let standings: Vec<_> = thread::scope(|scope| {
            let parts = self.arches.chunks(each);
            let asked = parts.map(|part| scope.spawn(move || part.iter().map(ask).collect()));
            let asked: Vec<thread::ScopedJoinHandle<'_, Vec<_>>> = asked.collect();
            let told = asked.into_iter();
            told.flat_map(|one| one.join().unwrap_or_else(|why| resume_unwind(why)))
                .collect()
        });
        let standings: Standings = Arc::new(standings);
        self.known().insert(name, Arc::clone(&standings));
        standings
    }

    fn known(&self) -> MutexGuard<'_, FxHashMap<Name, Standings>> {
        let known = self.standings.lock();
        known.unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds out what the symbols of some files can be, so that it need not be when somebody asks.
    pub fn learn(&self, files: &[Arc<str>], progress: &dyn Progress) {
        let mut names = BTreeSet::new();
        self.for_each_file(&mut |path, mentions| {
            if files.contains(path) {
                names.extend(mentions.iter().map(|one| one.name));
            }
        });
        names.retain(|name| !self.known().contains_key(name));
        let arches = self.arches.par_iter().map(|(_, model)| {
            let model = model.anew();
            let mut questions = model.questions();
            let names = names.iter();
            let told = names.map(|name| {
                let is_wanted = !progress.is_cancelled();
                is_wanted.then(|| questions.standing(*name))
            });
            told.collect::<Option<Vec<Standing>>>()
        });
        let Some(told) = arches.collect::<Option<Vec<_>>>() else {
            return;
        };
        for (number, name) in names.into_iter().enumerate() {
            let own = self.arches.iter().zip(&told);
            let own = own.map(|((arch, _), told)| (*arch, told[number]));
            self.known().insert(name, Arc::new(own.collect()));
        }
    }

    /// Asks the rules about Kconfig of the lines of some files: those that a look at names answers, or those that take a
    /// solver.
    pub fn check(
        &self,
        files: &[Arc<str>],
        (settings, of_names): (&Settings, bool),
        progress: &dyn Progress,
    ) -> Result<Outcome, CheckError> {
        let wanted = |question| (question == Question::Undefined) == of_names;
        // What they find out of symbols is much, and nobody asks again.
        let anew = |(arch, model): &(Architecture, Arc<Model>)| (*arch, Arc::new(model.anew()));
        let arches: Vec<_> = self.arches.iter().map(anew).collect();
        let read = (&self.library, &*arches);
        rules::check_lines(&self.tree, read, files, (settings, &wanted), progress)
    }

    /// Whether something was said of the text of a file, whatever stands around it.
    pub(crate) fn is_syntax(&self, said: &kconfig::Diagnostic) -> bool {
        self.library.is_syntax(said)
    }

    /// What reading the files has to say, each with the architectures that hear it.
    pub fn diagnostics(&self) -> BTreeMap<&kconfig::Diagnostic, Vec<Architecture>> {
        let mut all: BTreeMap<&kconfig::Diagnostic, Vec<Architecture>> = BTreeMap::new();
        for (arch, model) in &self.arches {
            for said in model.diagnostics() {
                all.entry(said).or_default().push(*arch);
            }
        }
        all
    }
}
