//! The questions about makefiles and C.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;
use source::Directory;

use super::{Asked, build, calls, functions, judge, judge_arches, known, witness};
use crate::conf::Scratch;
use crate::error::Error;
use crate::verdicts;

#[derive(Subcommand)]
pub(crate) enum Question {
    /// Compare the objects that our Conditions say are built with those that make would build.
    Build(Asked),
    /// Compare the functions that we find in C files with universal-ctags'.
    Functions {
        /// A name that `cargo xtask tree` knows, or the path of a tree.
        tree: String,
    },
    /// Compare the calls that we see with gcc's own call graph; other machines want a cross compiler.
    Calls(Calls),
    /// Ask `conf` whether it accepts the configuration of every finding, and the compiler of its
    /// architecture, where one is installed, whether the calls of its path are there.
    Witness {
        /// A name that `cargo xtask tree` knows, or the path of a tree.
        tree: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct Calls {
    /// A name that `cargo xtask tree` knows, or the path of a tree.
    tree: String,
    /// The architecture.
    #[arg(long, default_value = "x86")]
    arch: String,
    /// What make is asked to configure.
    #[arg(long, default_value = "defconfig")]
    config: String,
    /// Folders.
    #[arg(default_value = "mm/")]
    goals: Vec<String>,
    /// Where make works, to be used again [default: a folder that goes].
    #[arg(long)]
    out: Option<PathBuf>,
}

impl Question {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Question::Build(_) => "build",
            Question::Functions { .. } => "functions",
            Question::Calls(_) => "calls",
            Question::Witness { .. } => "witness",
        }
    }
}

pub(super) fn run(question: &Question) -> Result<ExitCode, Error> {
    match question {
        Question::Build(asked) => run_build(asked),
        Question::Functions { tree } => run_functions(tree),
        Question::Calls(calls) => run_calls(calls),
        Question::Witness { tree } => witness::run(tree),
    }
}

/// The path of a tree, without links, and the tree.
fn open(name: &str) -> Result<(PathBuf, ::kernel::Tree), Error> {
    let (path, _) = verdicts::find(name)?;
    let path = fs::canonicalize(&path).map_err(|error| Error::io("find", &path, &error))?;
    let source = Directory::open(&path).map_err(|error| Error::io("open", &path, &error))?;
    let tree = ::kernel::Tree::open(Arc::new(source));
    Ok((path, tree.map_err(|error| Error::new(error.to_string()))?))
}

fn run_calls(asked: &Calls) -> Result<ExitCode, Error> {
    let scratch = Scratch::new("oracle")?;
    let (path, tree) = open(&asked.tree)?;
    let out = asked.out.clone();
    let case = calls::Case {
        path: &path,
        tree: &tree,
        arch: &asked.arch,
        configuration: &asked.config,
        goals: &asked.goals,
        out: out.unwrap_or_else(|| scratch.path().join("out")),
    };
    let compared = calls::compare(&case)?;
    println!("calls {}: {}", asked.arch, compared.found.summary);
    let tree = asked.tree.rsplit('/').next().unwrap_or(&asked.tree);
    let list = format!("calls-{tree}-{}-{}", asked.arch, asked.config);
    // What is not as listed is told; whether it is too much, the comparison knows.
    let known = known(&list)?;
    judge("calls", &known, &compared.found.differences);
    let on_the_way = compared.on_the_way.into_iter();
    let (listed, on_the_way): (Vec<_>, Vec<_>) = on_the_way.partition(|line| known.contains(line));
    for line in &on_the_way {
        println!("calls: on the way to a rule's sink, and not listed: {line}");
    }
    for line in &listed {
        println!("calls: on the way to a rule's sink, listed: {line}");
    }
    if !compared.holds {
        println!("calls: too little is common, or a call on the way to a rule's sink is missing");
    }
    Ok(if compared.holds && on_the_way.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn run_functions(tree: &str) -> Result<ExitCode, Error> {
    let found = functions::compare(&verdicts::find(tree)?.0)?;
    println!("functions: {}", found.summary);
    let tree = tree.rsplit('/').next().unwrap_or(tree);
    let list = known(&format!("functions-{tree}"))?;
    Ok(judge("functions", &list, &found.differences))
}

fn run_build(asked: &Asked) -> Result<ExitCode, Error> {
    let scratch = Scratch::new("oracle")?;
    let (path, tree) = open(&asked.tree)?;
    let mut differences = Vec::new();
    for arch in tree.arches() {
        if asked.arch.is_empty() || asked.arch.iter().any(|one| **one == **arch) {
            let found = build::compare(&path, arch, scratch.path())?;
            println!("build {arch}: {}", found.summary);
            let lines = found
                .differences
                .iter()
                .map(|line| format!("{arch} {line}"));
            differences.extend(lines);
        }
    }
    judge_arches("build", asked, &differences)
}
