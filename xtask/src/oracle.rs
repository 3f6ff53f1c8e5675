//! Is our reading of Kconfig that of the kernel's own tools?
//!
//! `scripts/kconfig` of the tree is compiled outside of it and asked, architecture by architecture:
//!
//! - `structure`: it has read the same symbols, with the same types, prompts, defaults, selects,
//!   implies, ranges and dependencies;
//! - `soundness`: what its `conf` makes satisfies our constraints;
//! - `completeness`: what satisfies our constraints comes back from its `conf` unchanged;
//! - `evaluation`: from the same settings both make the same `.config`;
//! - `fragments`: the few lines that we say are to be set for a symbol make `conf` set it.
//!
//! What still differs stands in `xtask/oracle/`; a difference that is not listed there fails, and so
//! does a line there that no longer holds.

mod completeness;
mod evaluation;
mod fragments;
mod kernel;
mod soundness;
mod structure;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use kconfig::{Environment, Library, Model};
use source::Directory;

use crate::conf::Scratch;
use crate::error::Error;
use crate::oracle::kernel::Kernel;
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
    let (name, asked) = match question {
        Question::Structure(asked) => ("structure", asked),
        Question::Soundness { asked, .. } => ("soundness", asked),
        Question::Completeness { asked, .. } => ("completeness", asked),
        Question::Evaluation { asked, .. } => ("evaluation", asked),
        Question::Fragments { asked, .. } => ("fragments", asked),
    };
    let (path, _) = verdicts::find(&asked.tree)?;
    let scratch = Scratch::new("oracle")?;
    let source = Directory::open(&path).map_err(|error| Error::io("open", &path, &error))?;
    let tree = ::kernel::Tree::open(std::sync::Arc::new(source))
        .map_err(|error| Error::new(error.to_string()))?;
    let kernel = Kernel::build(&path, scratch.path(), tree.version())?;
    let library = Library::new();
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
        environment.set_toolchain(kernel.answers(arch)?);
        let case = Case {
            kernel: &kernel,
            arch: arch.to_string(),
            model: kconfig::elaborate(&library, tree.source(), &environment),
        };
        let found = match question {
            Question::Structure(_) => structure::compare(&case, &read),
            Question::Soundness { random, .. } => soundness::compare(&case, *random)?,
            Question::Completeness { random, .. } => completeness::compare(&case, *random)?,
            Question::Evaluation { random, .. } => evaluation::compare(&case, *random)?,
            Question::Fragments { random, .. } => fragments::compare(&case, *random)?,
        };
        println!("{name} {arch}: {}", found.summary);
        differences.extend(
            found
                .differences
                .iter()
                .map(|line| format!("{arch} {line}")),
        );
    }
    judge(name, &asked.tree, &asked.arch, &differences)
}

/// What one comparison found.
struct Found {
    summary: String,
    differences: Vec<String>,
}

/// Holds the differences against the committed list.
fn judge(
    question: &str,
    tree: &str,
    arches: &[String],
    differences: &[String],
) -> Result<ExitCode, Error> {
    let name = tree.rsplit('/').next().unwrap_or(tree);
    let list: PathBuf = crate::root().join(format!("xtask/oracle/{question}-{name}.txt"));
    let known = match fs::read_to_string(&list) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Error::io("read", &list, &error)),
    };
    let known: Vec<&str> = known
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .filter(|line| {
            let arch = line.split(' ').next().unwrap_or_default();
            arches.is_empty() || arches.iter().any(|one| one == arch)
        })
        .collect();
    let mut wrong = 0;
    for line in differences
        .iter()
        .filter(|line| !known.contains(&line.as_str()))
    {
        println!("new: {line}");
        wrong += 1;
    }
    for line in known
        .iter()
        .filter(|line| !differences.iter().any(|d| d == **line))
    {
        println!("gone, take it off the list: {line}");
        wrong += 1;
    }
    println!(
        "{question}: {} differences, {wrong} not as listed",
        differences.len()
    );
    Ok(if wrong == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A small generator: the same numbers for the same seed, everywhere.
struct Random(u64);

impl Random {
    fn new(seed: u32) -> Random {
        Random(u64::from(seed) * 0x9e37_79b9_7f4a_7c15 + 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
