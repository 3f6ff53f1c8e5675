//! The command line.

mod check;
mod graph;
mod hook;
mod kconfig;
mod lsp;
mod patch;
mod rules;
mod shell;

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use reach::Limits;

pub(crate) use check::{Check, FailOn, Failing};
pub(crate) use graph::{Around, Graph, GraphFormat, Paths};
pub(crate) use hook::{Hook, HookPlace, HookTask};
pub(crate) use kconfig::{About, Kconfig};
pub(crate) use lsp::Lsp;
pub(crate) use patch::{Ending, Patch, PatchFormat, PatchTelling};
pub(crate) use rules::{Folders, ListFormat, RulesTask};
pub(crate) use shell::{Completions, Config, Manual, ShowConfig};

use crate::tree;
use graph::GRAPH_EXAMPLES;
use hook::HOOK_EXAMPLES;
use kconfig::KCONFIG_EXAMPLES;
use lsp::LSP_EXAMPLES;
use patch::PATCH_EXAMPLES;
use rules::RULES_EXAMPLES;
use shell::{COMPLETIONS_EXAMPLES, MANUAL_EXAMPLES};

const EXAMPLES: &str = "\
Examples:
  vmemmlint check linux/                      every architecture, all rules that are asked by default
  vmemmlint check --arch powerpc --arch s390  only these two, of the tree around the current directory
  vmemmlint check --rule unselected linux/    only one rule
  vmemmlint check --rev v6.12 linux/          a revision, without a checkout
  vmemmlint explain unselected linux/         each answer with what decides it
  vmemmlint witness unselected arm64 linux/   a configuration in which a finding shows
  vmemmlint callers sparse_add_section linux/ who calls a function, and when
  vmemmlint kconfig why ZONE_DEVICE linux/    who selects a symbol, or what forbids it
  vmemmlint check --suppressions known.toml linux/
                                              without what is accepted there
  vmemmlint check --baseline known.json --write-baseline known.json linux/
                                              only what is new, and note it for the next time
  vmemmlint check --output sarif=out.sarif --output junit=out.xml linux/
                                              for people, for code scanning and for a test runner
  vmemmlint check --diff linux/               what would mend findings, as a patch
  vmemmlint check --format json linux/ | jq '.findings[] | .arch + \" \" + .message'
";

const EXIT_CODES: &str = "\
Exit codes:
  0  nothing was found
  1  there are findings (see --fail-on and --exit-zero)
  2  no findings, but something could not be read, or the job could not be done
  3  no findings, but an answer is unknown (0 with --allow-unknown)
";

/// What is asked of the environment.
pub(crate) const ENVIRONMENT: &[(&str, &str)] = &[
    ("NO_COLOR", "no colours, unless --color always"),
    (
        "NO_GRAPHICS",
        "words instead of drawings, for screen readers",
    ),
    ("FORCE_HYPERLINK", "links in coloured reports; 0 for none"),
    (
        "XDG_CACHE_HOME",
        "where answers are kept, unless --cache-dir says it",
    ),
];

/// Finds generic mm shortcuts that an architecture of the Linux kernel cannot carry.
///
/// It reads a kernel tree as it is: nothing is configured, built or run. For each architecture it
/// says whether some configuration and call path reaches a shortcut that is not safe there.
#[derive(Debug, Parser)]
#[command(name = "vmemmlint", version, after_help = EXAMPLES, after_long_help = concat_help())]
#[command(max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a kernel tree, every architecture and every configuration
    #[command(after_help = concat_help())]
    Check(Check),
    /// Check patches before they are applied: what does each bring, and which of a series?
    ///
    /// Each patch is laid over the tree in memory, as git apply would put it, or patch; nothing is written. What a patch brings and
    /// what it closes is told by findings, whichever lines they stand on. A series that is clean only at its end is not
    /// bisectable: the patch that opens the hole is named, and the one that closes it.
    #[command(after_help = PATCH_EXAMPLES)]
    Patch(Patch),
    /// Let git ask before a commit or a push, or after git am
    #[command(subcommand, after_help = HOOK_EXAMPLES)]
    Hook(HookTask),
    /// Talk with an editor: the language server protocol over standard input and output
    ///
    /// Findings, and what is wrong in Kconfig files, are shown where they are while one types; what is not saved counts. In
    /// Kconfig files symbols are explained, completed, found and renamed. docs/editors.md tells how editors are set up.
    #[command(after_help = LSP_EXAMPLES)]
    Lsp(Lsp),
    /// A table of architectures: who opted in, where its memory map is written, what follows and why
    ///
    /// Reasons are told in short. The other formats add the places and each fact of a reason, and `vmemmlint
    /// explain` tells the whole story of a rule.
    #[command(after_help = ARCHES_EXAMPLES)]
    Arches(Arches),
    /// What a rule is about; and on a kernel tree, its whole story for each architecture
    ///
    /// Outside of a kernel tree the rule's essay is printed. On one, each architecture is told with its
    /// symbol and its backend, the facts that decide with the lines that show them, all paths of a
    /// finding, and where each way back from the shortcut ends.
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Write the least configuration in which a finding shows, as a fragment of a .config
    ///
    /// What else must hold stands in comments before it. Merged on its base (the configuration of `make
    /// allnoconfig`, or FILE) and passed through `make olddefconfig` every line is kept, and none can be left
    /// out without closing the path.
    #[command(after_help = WITNESS_EXAMPLES)]
    Witness(Witness),
    /// Who calls a function, and when
    #[command(after_help = GRAPH_EXAMPLES)]
    Callers(Around),
    /// What a function calls, and when
    #[command(after_help = GRAPH_EXAMPLES)]
    Callees(Around),
    /// The shortest ways by which one function leads to another; or all paths of a finding
    ///
    /// With a rule and an architecture in place of the functions, every path of the rule's findings is told:
    /// how many there are, from which entries (by kind, each with its Condition and its shortest path), and by
    /// which calls. A path comes through no function twice.
    #[command(after_help = GRAPH_EXAMPLES)]
    Paths(Paths),
    /// Where answers are kept between runs, and how much of them; prune or clear them
    ///
    /// `check`, `arches`, `explain`, `witness` and `paths RULE ARCH` keep their answers. One is given again while the
    /// program, what is asked, and the names, sizes and times of all files of the tree are the same.
    Cache(Cache),
    /// Ask what Kconfig says: why a symbol is on, where it can be, what to set for it
    #[command(subcommand, after_help = KCONFIG_EXAMPLES)]
    Kconfig(Kconfig),
    /// What is configured for a tree, and by which file
    #[command(subcommand)]
    Config(Config),
    /// Print completions for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(Completions),
    /// Print the manual page, or write one for each command to a directory
    #[command(after_help = MANUAL_EXAMPLES)]
    Man(Manual),
    /// The rules: list them, try their examples, tell an editor how their files are made
    #[command(subcommand, after_help = RULES_EXAMPLES)]
    Rules(RulesTask),
}

/// What is asked of.
#[derive(Args, Debug)]
pub(crate) struct Subject {
    /// The kernel tree: the directory with Kconfig, Makefile and arch/ [default: the one around the current directory]
    #[arg(default_value_os_t = tree::here(), hide_default_value = true)]
    pub(crate) tree: PathBuf,

    #[command(flatten)]
    pub(crate) scope: Scope,
}

impl Subject {
    /// How reports call the tree.
    pub(crate) fn name(&self) -> String {
        self.scope.version.name(&self.tree)
    }
}

/// Of what in a tree, with what, and how it is told.
#[derive(Args, Debug)]
pub(crate) struct Scope {
    /// Ask only this architecture: its directory below arch/, or i386, um/i386 (repeatable, or with
    /// commas) [default: all]
    #[arg(long, value_name = "ARCH", value_delimiter = ',')]
    pub(crate) arch: Vec<String>,

    #[command(flatten)]
    pub(crate) version: Version,

    /// What the toolchain answers to Kconfig, all else staying open: lines of $(call,arguments) = answer
    #[arg(long, value_name = "FILE")]
    pub(crate) toolchain: Option<PathBuf>,

    /// When to use colours
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub(crate) color: Color,
}

/// Which version of a tree.
#[derive(Args, Debug)]
pub(crate) struct Version {
    /// Read this revision (`v6.12`, HEAD~3) of the git repository, or bare repository, at TREE, not its files
    #[arg(long, value_name = "REV")]
    pub(crate) rev: Option<String>,
}

impl Version {
    /// That of a revision.
    pub(crate) fn of(revision: &str) -> Version {
        let rev = Some(revision.to_owned());
        Version { rev }
    }

    /// How the tree at `path` is called in reports.
    pub(crate) fn name(&self, path: &Path) -> String {
        let path = path.to_string_lossy();
        match &self.rev {
            Some(revision) => format!("{path} at {revision}"),
            None => path.into_owned(),
        }
    }
}

/// What the search for findings is told.
#[derive(Args, Debug)]
#[command(next_help_heading = "Rules")]
pub(crate) struct Search {
    /// Findings that are accepted, each with a reason, and which rules are asked [default: vmemmlint.toml in the tree, if
    /// it is there]
    #[arg(long, value_name = "FILE")]
    pub(crate) suppressions: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) folders: Folders,

    #[command(flatten)]
    pub(crate) budget: Budget,

    #[command(flatten)]
    pub(crate) caching: Caching,
}

const ARCHES_EXAMPLES: &str = "\
Examples:
  vmemmlint arches linux/
  vmemmlint arches --arch powerpc --arch s390 linux/
  vmemmlint arches --format markdown linux/ > table.md

Exit codes:
  0  told
  2  the job could not be done, or something could not be read
";

/// Which architectures are told of.
#[derive(Args, Debug)]
pub(crate) struct Arches {
    #[command(flatten)]
    pub(crate) subject: Subject,

    /// How the table is printed
    #[arg(long, value_enum, default_value_t = TableFormat::Human)]
    pub(crate) format: TableFormat,

    #[command(flatten)]
    pub(crate) search: Search,
}

/// How a table is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    /// For people
    Human,
    /// One JSON object, for programs
    Json,
    /// For documents
    Markdown,
}

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  vmemmlint explain unselected                     what the rule is about
  vmemmlint explain unselected --arch s390 linux/  why s390 cannot reach the shortcut
  vmemmlint explain no-init-mm linux/              every architecture

Exit codes:
  0  told
  2  the job could not be done, or something could not be read
";

/// What is told of a rule.
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The rule: unselected, no-init-mm, or another that `vmemmlint rules list` shows
    pub(crate) rule: String,

    /// The kernel tree: the directory with Kconfig, Makefile and arch/ [default: ., if it is one]
    pub(crate) tree: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) scope: Scope,

    #[command(flatten)]
    pub(crate) search: Search,
}

const WITNESS_EXAMPLES: &str = "\
Examples:
  vmemmlint witness unselected arm64 linux/ > fragment
  make ARCH=arm64 allnoconfig; cat fragment >> .config; make ARCH=arm64 olddefconfig
                                           a kernel in which the path is open
  vmemmlint witness --base .config no-init-mm powerpc linux/
                                           what to change in a configuration

Exit codes:
  0  written
  1  the rule finds nothing on this architecture
  2  the job could not be done
  3  whether there is a finding is unknown
";

/// What a witness is asked for.
#[derive(Args, Debug)]
pub(crate) struct Witness {
    /// The rule: unselected, no-init-mm, or another that `vmemmlint rules list` shows
    pub(crate) rule: String,

    /// The architecture: its directory below arch/, or i386, um/i386
    pub(crate) arch: String,

    /// The kernel tree: the directory with Kconfig, Makefile and arch/ [default: the one around the current directory]
    #[arg(default_value_os_t = tree::here(), hide_default_value = true)]
    pub(crate) tree: PathBuf,

    #[command(flatten)]
    pub(crate) version: Version,

    /// Which of several findings, from 1
    #[arg(long, value_name = "N", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) finding: u32,

    #[command(flatten)]
    pub(crate) folders: Folders,

    /// A .config on which the fragment is set [default: what allnoconfig makes]
    #[arg(long, value_name = "FILE")]
    pub(crate) base: Option<PathBuf>,

    /// What the toolchain answers to Kconfig: lines of $(call,arguments) = answer
    #[arg(long, value_name = "FILE")]
    pub(crate) toolchain: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) budget: Budget,

    #[command(flatten)]
    pub(crate) caching: Caching,
}

/// What is told of the time that a check takes.
#[derive(Args, Debug)]
#[command(next_help_heading = "Measuring")]
pub(crate) struct Measuring {
    /// Tell on standard error where the time went, step by step
    #[arg(long)]
    pub(crate) timings: bool,

    /// Write what each thread did and when, for Chrome's tracing page or ui.perfetto.dev
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
}

/// Whether answers are kept.
#[derive(Args, Debug)]
#[command(next_help_heading = "Cache")]
pub(crate) struct Caching {
    /// Neither take a kept answer nor keep this one
    #[arg(long)]
    pub(crate) no_cache: bool,

    #[command(flatten)]
    pub(crate) place: CachePlace,
}

/// Where answers are kept.
#[derive(Args, Debug)]
pub(crate) struct CachePlace {
    /// Where answers are kept [default: vmemmlint in `$XDG_CACHE_HOME` or ~/.cache]
    #[arg(long, value_name = "DIR")]
    pub(crate) cache_dir: Option<PathBuf>,
}

/// What is done with kept answers.
#[derive(Args, Debug)]
pub(crate) struct Cache {
    /// What to do
    #[arg(value_enum, default_value_t = CacheTask::Show)]
    pub(crate) task: CacheTask,

    #[command(flatten)]
    pub(crate) place: CachePlace,
}

/// What is done with kept answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CacheTask {
    /// Tell where they are and how much they take
    Show,
    /// Remove what is damaged, and what was not used for thirty days
    Prune,
    /// Remove all
    Clear,
}

/// How far the search goes. What lies beyond is unknown, and the answer names the limit that was hit.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Budgets")]
pub(crate) struct Budget {
    /// Give up a question to the solver after so many steps
    #[arg(long, value_name = "N", default_value_t = Limits::default().solver_steps)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) solver_steps: u64,

    /// Give up the walk back from a sink after so many functions
    #[arg(long, value_name = "N", default_value_t = Limits::default().functions)]
    pub(crate) max_functions: usize,

    /// Walk back at most so many calls from a sink
    #[arg(long, value_name = "N", default_value_t = Limits::default().depth)]
    pub(crate) max_depth: u32,

    /// Follow the backend of an architecture through at most so many calls inside calls
    #[arg(long, value_name = "N", default_value_t = Limits::default().backend_depth)]
    pub(crate) max_backend_depth: u32,

    /// Give up the search for paths after so many steps
    #[arg(long, value_name = "N", default_value_t = Limits::default().states)]
    pub(crate) max_states: usize,
}

impl Budget {
    /// The limits of the engine.
    pub(crate) fn limits(self) -> Limits {
        Limits {
            solver_steps: self.solver_steps,
            functions: self.max_functions,
            depth: self.max_depth,
            backend_depth: self.max_backend_depth,
            states: self.max_states,
            ..Limits::default()
        }
    }
}

/// How the answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// One JSON object, for programs
    Json,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// In any case
    Always,
    /// Not at all
    Never,
}

fn concat_help() -> String {
    let variables = ENVIRONMENT.iter();
    let variables: Vec<String> = variables
        .map(|(name, what)| format!("  {name:16} {what}\n"))
        .collect();
    format!(
        "{EXAMPLES}\n{EXIT_CODES}\nEnvironment:\n{}",
        variables.concat()
    )
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use crate::outputs::ReportFormat;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_tree_is_the_current_directory_by_default() {
        let arguments = Arguments::parse_from(["vmemmlint", "check"]);
        let Command::Check(check) = arguments.command else {
            panic!("{:?} is no check", arguments.command);
        };
        let Subject { tree, scope } = check.subject;
        assert_eq!(tree, PathBuf::from("."));
        assert!(scope.arch.is_empty());
        assert_eq!(
            (check.telling.format, scope.color),
            (ReportFormat::Human, Color::Auto)
        );
    }
}
