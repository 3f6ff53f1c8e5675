//! Is our reading of Kconfig, makefiles and C that of the kernel's own tools?
//!
//! `scripts/kconfig` of the tree is compiled outside of it and asked, architecture by architecture:
//!
//! - `structure`: it has read the same symbols, with the same types, prompts, defaults, selects,
//!   implies, ranges and dependencies;
//! - `soundness`: what its `conf` makes satisfies our constraints;
//! - `completeness`: what satisfies our constraints comes back from its `conf` unchanged;
//! - `evaluation`: from the same settings both make the same `.config`;
//! - `build`, `functions`, `calls`: what make builds, what universal-ctags finds, what gcc calls;
//! - `suite`: the kernel's own tests pass with our stand-in for `conf`;
//! - `undefined`: names that nobody defines, beside those of the tree's own script;
//! - `patches`: what patches make of files is what git apply and patch make;
//! - `dead`: nothing that `conf` makes has what we say that no configuration has;
//! - `unmet`: `conf` warns of unmet dependencies where we say so, and nowhere else;
//! - `fragments`: the few lines that we say are to be set for a symbol make `conf` set it.
//!
//! What still differs stands in `xtask/oracle/`; a difference that is not listed there fails, and so
//! does a line there that no longer holds.

mod build;
mod calls;
mod code;
mod completeness;
mod dead;
mod evaluation;
mod fragments;
mod functions;
mod kernel;
mod patches;
mod soundness;
mod structure;
mod suite;
mod undefined;
mod unmet;
pub(crate) mod witness;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use kconfig::{Environment, Library, Model};
use source::Directory;

use crate::conf::Scratch;
use crate::debian;
use crate::error::Error;
use crate::oracle::kernel::Kernel;
pub(crate) use crate::oracle::kernel::kept_answers;
use crate::verdicts;

#[derive(Subcommand)]
pub(crate) enum Question {
    /// Compare what was read: symbols, types, prompts, defaults, selects, implies, ranges, dependencies.
    Structure(Asked),
    /// Let `conf` make configurations; each must satisfy our constraints.
    Soundness {
        #[command(flatten)]
        asked: Asked,
        /// Random configurations for each architecture.
        #[arg(long, default_value_t = 20)]
        random: u32,
    },
    /// Solve our constraints at random; each solution must come back from `conf` unchanged.
    Completeness {
        #[command(flatten)]
        asked: Asked,
        /// Solutions for each architecture.
        #[arg(long, default_value_t = 20)]
        random: u32,
    },
    /// Evaluate settings, whole and torn ones; `conf` must make the same `.config` of them.
    Evaluation {
        #[command(flatten)]
        asked: Asked,
        /// Torn configurations for each architecture.
        #[arg(long, default_value_t = 20)]
        random: u32,
    },
    /// Run the kernel's own tests of Kconfig with our stand-in for `conf`; needs pytest.
    Suite {
        /// A name that `cargo xtask tree` knows, or the path of a tree.
        tree: String,
    },
    /// Compare the names that we say nobody defines with those of the tree's own script; needs python3.
    Undefined {
        /// A name that `cargo xtask tree` knows, or the path of a tree.
        tree: String,
    },
    /// Put patches on, as they are and otherwise, and compare with what git apply and patch make; needs both, and python3.
    Patches {
        /// A name that `cargo xtask tree` knows, or the path of a tree.
        tree: String,
        /// Folders of patches that the tree has, in the order of their `series` [default: those of the tree's Debian package].
        folders: Vec<PathBuf>,
    },
    /// Look in what `conf` makes for what we say that no configuration has.
    Dead {
        #[command(flatten)]
        asked: Asked,
        /// Random configurations for each architecture.
        #[arg(long, default_value_t = 20)]
        random: u32,
    },
    /// Let `conf` warn of each `select` that can force its target, and of nothing else at random.
    Unmet {
        #[command(flatten)]
        asked: Asked,
        /// Random configurations for each architecture.
        #[arg(long, default_value_t = 20)]
        random: u32,
    },
    #[command(flatten)]
    Code(code::Question),
    /// Ask what to set for symbols drawn at random; `conf` must then set them.
    Fragments {
        #[command(flatten)]
        asked: Asked,
        /// Symbols for each architecture.
        #[arg(long, default_value_t = 20)]
        random: u32,
    },
}

#[derive(clap::Args)]
pub(crate) struct Asked {
    /// A name that `cargo xtask tree` knows, or the path of a tree.
    tree: String,
    /// Architectures [default: all].
    #[arg(long, value_delimiter = ',')]
    arch: Vec<String>,
}

/// One architecture of a tree, for both sides.
struct Case<'k> {
    kernel: &'k Kernel,
    arch: String,
    model: Model,
}

pub(crate) fn run(question: &Question) -> Result<ExitCode, Error> {
    let asked = match question {
        Question::Suite { tree } => return run_suite(tree),
        Question::Undefined { tree } => return run_undefined(tree),
        Question::Patches { tree, folders } => return run_patches(tree, folders),
        Question::Code(question) => return code::run(question),
        Question::Structure(asked)
        | Question::Soundness { asked, .. }
        | Question::Completeness { asked, .. }
        | Question::Evaluation { asked, .. }
        | Question::Fragments { asked, .. }
        | Question::Dead { asked, .. }
        | Question::Unmet { asked, .. } => asked,
    };
    let name = question.name();
    let scratch = Scratch::new("oracle")?;
    let (tree, kernel) = open(&asked.tree, &scratch)?;
    let library = Library::new();
    let claims = match question {
        Question::Dead { .. } => dead::claims(&kernel.tree)?,
        _ => dead::Claims::new(),
    };
    let mut differences = Vec::new();
    for arch in tree.arches() {
        if !asked.arch.is_empty() && !asked.arch.iter().any(|one| **one == **arch) {
            continue;
        }
        let read = kernel.read(arch)?;
        let mut environment = Environment::for_arch(arch, tree.version());
        for (name, value) in kernel.environment(arch) {
            environment.set(name, &value);
        }
        // Some want to say themselves what a toolchain answers.
        if !matches!(question, Question::Unmet { .. }) {
            environment.set_toolchain(kernel.answers(arch)?);
        }
        let case = Case {
            kernel: &kernel,
            arch: arch.to_string(),
            model: kconfig::elaborate(&library, tree.source(), &environment),
        };
        let found = question.ask(&case, &read, &claims)?;
        println!("{name} {arch}: {}", found.summary);
        differences.extend(
            found
                .differences
                .iter()
                .map(|line| format!("{arch} {line}")),
        );
    }
    judge_arches(name, asked, &differences)
}

/// Holds differences that begin with an architecture against those of the list.
fn judge_arches(name: &str, asked: &Asked, differences: &[String]) -> Result<ExitCode, Error> {
    let tree = asked.tree.rsplit('/').next().unwrap_or(&asked.tree);
    let mut list = known(&format!("{name}-{tree}"))?;
    list.retain(|line| {
        let arch = line.split(' ').next().unwrap_or_default();
        asked.arch.is_empty() || asked.arch.iter().any(|one| one == arch)
    });
    Ok(judge(name, &list, differences))
}

fn run_suite(tree: &str) -> Result<ExitCode, Error> {
    let scratch = Scratch::new("oracle")?;
    let (_, kernel) = open(tree, &scratch)?;
    let (found, run) = suite::run(&kernel)?;
    println!("suite: {}", found.summary);
    let old = kconfig::Dialect::of_kernel(&kernel.version).choice_is_symbol;
    let mut list = known(if old { "suite-old" } else { "suite-new" })?;
    // Not every kernel has every test.
    list.retain(|line| run.contains(line));
    Ok(judge("suite", &list, &found.differences))
}

fn run_undefined(tree: &str) -> Result<ExitCode, Error> {
    let (path, _) = verdicts::find(tree)?;
    let path = fs::canonicalize(&path).map_err(|error| Error::io("find", &path, &error))?;
    let found = undefined::compare(&path)?;
    println!("undefined: {}", found.summary);
    let tree = tree.rsplit('/').next().unwrap_or(tree);
    let list = known(&format!("undefined-{tree}"))?;
    Ok(judge("undefined", &list, &found.differences))
}

fn run_patches(tree: &str, folders: &[PathBuf]) -> Result<ExitCode, Error> {
    let (path, _) = verdicts::find(tree)?;
    let of_debian = match folders {
        [] => debian::packaging(&path)?,
        _ => None,
    };
    let folders = of_debian.as_deref().unwrap_or(folders);
    if folders.is_empty() {
        println!("patches: SKIPPED, since apt offers no packaging of this tree");
        return Ok(ExitCode::SUCCESS);
    }
    let found = patches::compare(&path, folders)?;
    println!("patches: {}", found.summary);
    let tree = tree.rsplit('/').next().unwrap_or(tree);
    let list = known(&format!("patches-{tree}"))?;
    Ok(judge("patches", &list, &found.differences))
}

/// A tree, and its Kconfig tools built in a folder outside of it.
fn open(name: &str, scratch: &Scratch) -> Result<(::kernel::Tree, Kernel), Error> {
    let (path, _) = verdicts::find(name)?;
    let source = Directory::open(&path).map_err(|error| Error::io("open", &path, &error))?;
    let tree = ::kernel::Tree::open(std::sync::Arc::new(source))
        .map_err(|error| Error::new(error.to_string()))?;
    let kernel = Kernel::build(&path, scratch.path(), tree.version())?;
    Ok((tree, kernel))
}

impl Question {
    fn name(&self) -> &'static str {
        match self {
            Question::Structure(_) => "structure",
            Question::Soundness { .. } => "soundness",
            Question::Completeness { .. } => "completeness",
            Question::Evaluation { .. } => "evaluation",
            Question::Fragments { .. } => "fragments",
            Question::Suite { .. } => "suite",
            Question::Undefined { .. } => "undefined",
            Question::Patches { .. } => "patches",
            Question::Unmet { .. } => "unmet",
            Question::Dead { .. } => "dead",
            Question::Code(question) => question.name(),
        }
    }

    fn ask(&self, case: &Case<'_>, read: &str, claims: &dead::Claims) -> Result<Found, Error> {
        match self {
            Question::Structure(_) => Ok(structure::compare(case, read)),
            Question::Soundness { random, .. } => soundness::compare(case, *random),
            Question::Completeness { random, .. } => completeness::compare(case, *random),
            Question::Evaluation { random, .. } => evaluation::compare(case, *random),
            Question::Fragments { random, .. } => fragments::compare(case, *random),
            Question::Unmet { random, .. } => unmet::compare(case, *random),
            Question::Dead { random, .. } => dead::compare(case, claims, *random),
            Question::Suite { .. } => Ok(suite::run(case.kernel)?.0),
            Question::Code(_) | Question::Undefined { .. } | Question::Patches { .. } => Err(
                Error::new("this is no question about one Kconfig".to_owned()),
            ),
        }
    }
}

/// What one comparison found.
struct Found {
    summary: String,
    differences: Vec<String>,
}

/// The differences that a committed list names.
pub(crate) fn known(list: &str) -> Result<Vec<String>, Error> {
    let path: PathBuf = crate::root().join(format!("xtask/oracle/{list}.txt"));
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Error::io("read", &path, &error)),
    };
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    Ok(lines.map(String::from).collect())
}

/// Holds the differences against those that are known.
pub(crate) fn judge(question: &str, known: &[String], differences: &[String]) -> ExitCode {
    let mut wrong = 0;
    for line in differences.iter().filter(|line| !known.contains(line)) {
        println!("new: {line}");
        wrong += 1;
    }
    for line in known.iter().filter(|line| !differences.contains(line)) {
        println!("gone, take it off the list: {line}");
        wrong += 1;
    }
    println!(
        "{question}: {} differences, {wrong} not as listed",
        differences.len()
    );
    if wrong == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// A small generator: the same numbers for the same seed, everywhere.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u32) -> Random {
        Random(
            u64::from(seed)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .wrapping_add(1),
        )
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
