//! Blocks of C that no configuration of any architecture compiles.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use condition::{Condition, Store};
use csource::{Ask, Block};
use kconfig::{Model, Questions};
use kernel::Architecture;
use memchr::memmem;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use text::{Name, Span};

use super::Lint;
use super::asking::Asking;
use super::dead::Consequence;
use super::reason::{Reason, literals};
use super::undefined::{Kind, kind};
use crate::Note;
use crate::rule::Rule;

/// A file that asks something of the configuration.
struct File {
    path: String,
    blocks: Vec<Block>,
    /// The text that each block begins with.
    lines: Vec<Name>,
}

/// A block, by its file and its number there.
type Id = (usize, usize);

/// All blocks of a tree, and what has been found out of them.
struct Blocks {
    files: Vec<File>,
    ids: Vec<Id>,
    /// Of each, whether some configuration has it.
    live: Vec<AtomicBool>,
    /// Names that some text defines as its own.
    own: FxHashSet<Name>,
    /// For the directory of an architecture those of others that use what is in it.
    users: BTreeMap<String, BTreeSet<String>>,
}

/// Whether a file has blocks that are the kernel's alone. What is also a program's under another system knows no
/// configuration there.
fn has_blocks(path: &str) -> bool {
    kind(path) == Some(Kind::Code) && !path.contains("/uapi/")
}

/// The directory below arch/ in which a file is.
pub(super) fn home(path: &str) -> Option<&str> {
    path.strip_prefix("arch/")?.split('/').next()
}

/// What was read of one file.
struct Read {
    file: Option<File>,
    own: Vec<Name>,
    /// Directories of architectures that it names; and whose file it is, empty for everybody's.
    uses: Vec<(String, String)>,
}

impl Lint<'_> {
    /// Tells of each dead block that is in no other.
    pub(super) fn dead_blocks(&self, rule: &Rule, off: &BTreeSet<Name>) -> Vec<Consequence> {
        let blocks = self.blocks();
        let arches = self.largest_first();
        arches
            .par_iter()
            .for_each(|(arch, model)| blocks.look(*arch, model));
        arches
            .par_iter()
            .for_each(|(arch, model)| blocks.solve(*arch, model));
        let is_known = |name: &Name| {
            let module = name.strip_suffix("_MODULE").map(Name::new);
            let mut all = arches.iter().map(|(_, model)| model);
            all.any(|model| model.defines(*name) || module.is_some_and(|name| model.defines(name)))
        };
        let dead: BTreeSet<Id> = blocks.dead().collect();
        let told = dead.iter().filter(|(file, number)| {
            let all = &blocks.files[*file].blocks;
            let block = &all[*number];
            let is_inside = block
                .parent
                .is_some_and(|at| dead.contains(&(*file, at as usize)));
            // A name that is not defined is told as such.
            let mut names = Vec::new();
            block.ask.names(&mut names);
            block
                .earlier
                .iter()
                .for_each(|at| all[*at as usize].ask.names(&mut names));
            !block.complains && !is_inside && names.iter().all(is_known)
        });
        let told: Vec<&Id> = told.collect();
        let findings = told
            .par_iter()
            .filter_map(|id| self.dead_block((rule, off), &blocks, **id));
        findings.collect()
    }

    /// All architectures with their models, the largest first.
    fn largest_first(&self) -> Vec<&(Architecture, Arc<Model>)> {
        let mut all: Vec<&(Architecture, Arc<Model>)> = self.all().collect();
        all.sort_by_cached_key(|(arch, model)| (std::cmp::Reverse(model.size()), arch.name));
        all
    }

    fn blocks(&self) -> Blocks {
        let wanted = |path: &str| has_blocks(path) || kind(path) == Some(Kind::Makefile);
        let (paths, source) = self.tree.survey(&wanted);
        let arches: Vec<String> = self.tree.arches().iter().map(ToString::to_string).collect();
        let read = |path| -> Option<Read> {
            let path: &str = path;
            let text = source.read(path).ok()?;
            let uses = uses(path, &text, &arches);
            if kind(path) == Some(Kind::Makefile) {
                let own = kbuild::Options::scan(&text).defined;
                return Some(Read {
                    file: None,
                    own,
                    uses,
                });
            }
            let (blocks, own) = csource::blocks(&text);
            let lines = blocks
                .iter()
                .map(|block| line_at(&text, block.at))
                .collect();
            let path = path.to_owned();
            let file = (!blocks.is_empty()).then_some(File {
                path,
                blocks,
                lines,
            });
            Some(Read { file, own, uses })
        };
        let all: Vec<Read> = paths
            .par_iter()
            .map(AsRef::as_ref)
            .filter_map(read)
            .collect();
        let mut blocks = Blocks {
            files: Vec::new(),
            ids: Vec::new(),
            live: Vec::new(),
            own: FxHashSet::default(),
            users: BTreeMap::new(),
        };
        for read in all {
            blocks.own.extend(read.own);
            for (used, by) in read.uses {
                blocks.users.entry(used).or_default().insert(by);
            }
            blocks.files.extend(read.file);
        }
        blocks.number();
        blocks
    }

    fn dead_block(
        &self,
        (rule, off): (&Rule, &BTreeSet<Name>),
        blocks: &Blocks,
        (file, number): Id,
    ) -> Option<Consequence> {
        let of = &blocks.files[file];
        let readers = self.readers(&of.path);
        let mut arches = self.by_size();
        arches.retain(|number| readers.contains(number));
        let at = |number: usize| {
            let start = of.blocks[number].at;
            let length = u32::try_from(of.lines[number].len()).unwrap_or(0);
            let end = start + length;
            self.place_of(&of.path, Span { start, end })
        };
        let Reason {
            arch,
            cause,
            why,
            facts,
        } = self.why_dead(&arches, &of.asked(number), off)?;
        // The rest is said of the architecture that shows the reason.
        let first = arches.iter().position(|number| *number == arch);
        arches.rotate_left(first.unwrap_or(0));
        let what = format!("what stands behind `{}`", of.lines[number]);
        let words = [("{symbol}", what.as_str()), ("{why}", &why)];
        let mut finding = self.finding(rule, at(number), &arches, &words);
        let before = of.blocks[number]
            .earlier
            .iter()
            .map(|at| (*at as usize, "behind"));
        let around = of
            .around(number)
            .skip(1)
            .filter(|at| asks(&of.blocks[*at].ask));
        let context = before.chain(around.map(|at| (at, "in")));
        finding.notes.extend(context.map(|(number, how)| Note {
            text: format!("it stands {how} `{}`", of.lines[number]),
            place: Some(at(number)),
        }));
        Some(Consequence {
            cause,
            what,
            finding: self.with(finding, &facts),
        })
    }
}

impl File {
    /// A block, and those around it.
    fn around(&self, number: usize) -> impl Iterator<Item = usize> {
        let parent = |at: &usize| self.blocks[*at].parent.map(|at| at as usize);
        std::iter::successors(Some(number), parent)
    }

    /// What must be on or off for a block to be compiled, as far as single symbols say it.
    fn asked(&self, number: usize) -> Vec<(Name, bool)> {
        let mut found = Vec::new();
        for at in self.around(number) {
            literals(&self.blocks[at].ask, true, &mut found);
            for before in &self.blocks[at].earlier {
                literals(&self.blocks[*before as usize].ask, false, &mut found);
            }
        }
        found
    }
}

fn asks(ask: &Ask) -> bool {
    let mut names = Vec::new();
    ask.names(&mut names);
    !names.is_empty()
}

/// The line of a directive.
fn line_at(text: &[u8], at: u32) -> Name {
    let rest = &text[at as usize..];
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    Name::of_bytes(rest[..end].trim_ascii())
}

/// Directories of architectures that a text names from elsewhere, and whose text it is.
fn uses(path: &str, text: &[u8], arches: &[String]) -> Vec<(String, String)> {
    let own = home(path).unwrap_or_default();
    if memmem::find(text, b"arch/").is_none() && memmem::find(text, b"../").is_none() {
        return Vec::new();
    }
    let names = arches.iter().filter(|name| *name != own);
    let used = names.filter(|name| {
        let (below, beside) = (format!("arch/{name}/"), format!("../{name}/"));
        memmem::find(text, below.as_bytes()).is_some()
            || memmem::find(text, beside.as_bytes()).is_some()
    });
    used.map(|name| (name.clone(), own.to_owned())).collect()
}

/// Whether `#if 0` or its like decides of a block or of one around it, which is meant so.
fn is_constant(file: &File, number: usize) -> bool {
    file.around(number).any(|number| {
        let block = &file.blocks[number];
        let before = |at: &u32| file.blocks[*at as usize].ask == Ask::Constant(true);
        block.ask == Ask::Constant(false) || block.earlier.iter().any(before)
    })
}

impl Blocks {
    fn number(&mut self) {
        for (file, own) in self.files.iter().enumerate() {
            let mut asking = vec![false; own.blocks.len()];
            for (number, block) in own.blocks.iter().enumerate() {
                let around = block
                    .parent
                    .into_iter()
                    .chain(block.earlier.iter().copied());
                let mut around = around.map(|at| at as usize);
                asking[number] = asks(&block.ask) || around.any(|at| asking[at]);
                if asking[number] && !is_constant(own, number) {
                    self.ids.push((file, number));
                }
            }
        }
        self.live = self.ids.iter().map(|_| AtomicBool::new(false)).collect();
    }

    /// Whether an architecture may compile what is in a file.
    fn is_of(&self, path: &str, arch: Architecture) -> bool {
        let Some(home) = home(path) else { return true };
        let users = self.users.get(home);
        *home == *arch.directory
            || arch.lender.is_some_and(|lender| *home == *lender)
            || users.is_some_and(|users| users.contains(&*arch.directory) || users.contains(""))
    }

    /// The blocks that one architecture may still show to be live.
    fn open(&self, arch: Architecture) -> impl Iterator<Item = (usize, Id)> {
        let all = self.ids.iter().copied().enumerate();
        all.filter(move |(number, (file, _))| {
            !self.live[*number].load(Ordering::Relaxed) && self.is_of(&self.files[*file].path, arch)
        })
    }

    /// Looks for blocks in some plain configurations of an architecture.
    fn look(&self, arch: Architecture, model: &Model) {
        let samples = model.samples();
        let mut store = Store::new();
        let mut known: FxHashMap<Condition, bool> = FxHashMap::default();
        for (number, id) in self.open(arch) {
            let when = self.when(&mut store, model, id);
            let seen = known.entry(when);
            if *seen.or_insert_with(|| samples.have(&store, when)) {
                self.live[number].store(true, Ordering::Relaxed);
            }
        }
    }

    /// Asks the solver of an architecture for those that are left. What it does not find out counts as live.
    fn solve(&self, arch: Architecture, model: &Model) {
        let mut questions = model.questions();
        for (number, id) in self.open(arch) {
            if self.can(&mut questions, model, id) {
                self.live[number].store(true, Ordering::Relaxed);
            }
        }
    }

    fn can(&self, questions: &mut Questions<'_>, model: &Model, id: Id) -> bool {
        let when = self.when(questions.store(), model, id);
        questions.can(&[when]) != Some(false)
    }

    fn dead(&self) -> impl Iterator<Item = Id> {
        let all = self.ids.iter().zip(&self.live);
        all.filter(|(_, live)| !live.load(Ordering::Relaxed))
            .map(|(id, _)| *id)
    }

    /// When a block is compiled, as far as the configuration decides.
    fn when(&self, store: &mut Store, model: &Model, (file, number): Id) -> Condition {
        let file = &self.files[file];
        let mut all = Vec::new();
        for number in file.around(number) {
            let block = &file.blocks[number];
            all.push(Asking::new(&self.own, model, number).ask(store, &block.ask));
            for before in &block.earlier {
                let before = *before as usize;
                let mut asking = Asking::new(&self.own, model, before);
                all.push(!asking.ask(store, &file.blocks[before].ask));
            }
        }
        store.and_all(all)
    }
}
