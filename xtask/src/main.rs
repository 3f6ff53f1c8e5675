//! The project's own tasks. They need no install: `cargo xtask TASK`.
//!
//! ```sh
//! cargo xtask tree 6.12          # bring Debian's kernel source, print where it is
//! cargo xtask verdicts 6.12      # check that tree, compare with the verdicts that we expect
//! cargo xtask tidy               # the rules of the house that no compiler enforces
//! cargo xtask oracle structure 6.12  # is our Kconfig the kernel's?
//! cargo xtask oracle patches 6.1  # do patches go where git puts them?
//! cargo xtask mutate             # are mutants of real trees told as they must be?
//! cargo xtask bench 6.12         # how long a check takes, beside `rg`
//! cargo xtask editor 6.12        # how long an editor waits after an edit
//! cargo xtask clients 6.1-unfixed FILE --line WORDS --expects WORDS  # what editors are told after a change
//! cargo xtask minis              # the mini kernels, as conf, make and gcc see them
//! ```
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "a task runner reads files and the environment, and speaks to a terminal"
)]

mod bench;
mod clients;
mod conf;
mod counts;
mod deb;
mod debian;
mod editor;
mod error;
mod formats;
mod minis;
mod mutate;
mod oracle;
mod patch;
mod standin;
mod tidy;
mod tree;
mod verdicts;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Error;

/// The project's own tasks.
#[derive(Parser)]
#[command(name = "cargo xtask", about)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Bring a real kernel tree and print its path.
    Tree {
        /// Which one.
        #[arg(value_enum)]
        name: tree::Name,
        /// Where trees are kept [default: `$VMEMMLINT_TREES`, else vmemmlint/trees in the user's
        /// cache].
        #[arg(long)]
        dir: Option<PathBuf>,
        /// Take the version that apt offers now, not the pinned one.
        #[arg(long)]
        latest: bool,
    },
    /// Check a tree and compare every verdict with the expected ones.
    ///
    /// The binary is built in release mode, or is the one that `$VMEMMLINT_BIN` names.
    Verdicts {
        /// A name that `cargo xtask tree` knows, or the path of a tree.
        tree: String,
        /// Lines of `rule arch verdict` [default: for a name, its table in xtask/verdicts; for a
        /// path, the file beside it with `.expected` at its end].
        #[arg(long)]
        expect: Option<PathBuf>,
    },
    /// Write every format of a report on a tree, and let each be judged by those who read it.
    Formats {
        /// A name that `cargo xtask tree` knows, or the path of a tree.
        tree: String,
    },
    /// Make a Debian package: the program, its manual, completions, documents; needs cargo-deb.
    Deb {
        /// Install it, look what is there, and remove it again; as root.
        #[arg(long)]
        r#try: bool,
    },
    /// The rules of the house that no compiler enforces: floors, module docs, licences, file sizes.
    Tidy,
    /// Let the real tools configure, compile and link the mini kernels of testdata.
    Minis,
    /// Compare our reading of Kconfig with that of the tree's own tools; needs flex, bison, gcc.
    Oracle {
        #[command(subcommand)]
        question: oracle::Question,
    },
    /// Do what the kernel's `conf MODE Kconfig` does, in the current folder, for `oracle suite`.
    #[command(hide = true)]
    Conf {
        /// `alldefconfig`, `olddefconfig`, `defconfig=FILE`, ...
        mode: String,
    },
    /// Time a check beside a search of the same tree; needs hyperfine and ripgrep.
    Bench {
        /// A name that `cargo xtask tree` knows, or the path of a tree.
        tree: String,
        #[command(flatten)]
        asked: bench::Asked,
    },
    /// Time what an editor waits for, after edits at random places of a tree.
    Editor {
        /// A name that `cargo xtask tree` knows, or the path of a tree.
        tree: String,
        #[command(flatten)]
        asked: editor::Asked,
    },
    /// Have Neovim, Vim and Emacs open a file and change a line; needs those that are tried.
    Clients {
        /// A name that `cargo xtask tree` knows, or the path of a tree.
        tree: String,
        #[command(flatten)]
        asked: clients::Asked,
    },
    /// Count the instructions of fixed jobs, and compare them with `xtask/counts.txt`; needs valgrind.
    Counts {
        /// Keep the counts instead.
        #[arg(long)]
        keep: bool,
    },
    /// Change real trees in ways whose verdicts are known by construction, and check them.
    Mutate {
        /// Only mutants in whose name this stands.
        #[arg(default_value = "")]
        only: String,
        /// How many are checked at a time.
        #[arg(long, default_value_t = 2)]
        threads: usize,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode, Error> {
    match task {
        Task::Tree { name, dir, latest } => {
            let path = tree::bring(
                name,
                &tree::Place {
                    dir: tree::folder(dir)?,
                    latest,
                },
            )?;
            println!("{}", path.display());
            Ok(ExitCode::SUCCESS)
        }
        Task::Verdicts { tree, expect } => verdicts::run(&tree, expect),
        Task::Formats { tree } => formats::run(&tree),
        Task::Deb { r#try } => deb::run(r#try),
        Task::Tidy => Ok(tidy::run(root())),
        Task::Minis => minis::run(&root().join("testdata")),
        Task::Oracle { question } => oracle::run(&question),
        Task::Bench { tree, asked } => bench::run(&tree, &asked),
        Task::Editor { tree, asked } => editor::run(&tree, &asked),
        Task::Clients { tree, asked } => clients::run(&tree, &asked),
        Task::Counts { keep } => counts::run(keep),
        Task::Mutate { only, threads } => mutate::run(&only, threads),
        Task::Conf { mode } => standin::run(&mode),
    }
}

/// The top of the repository: xtask's manifest stands one folder below it.
fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}
