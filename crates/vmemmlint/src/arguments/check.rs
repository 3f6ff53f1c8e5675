//! `vmemmlint check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rules::Severity;

use super::{Measuring, Search, Subject};
use crate::outputs::{self, Output, ReportFormat};

/// The settings of a check.
#[derive(Args, Debug)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) subject: Subject,

    /// Check only this rule, or the rules of this pack (repeatable, or with commas)
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) rule: Vec<String>,

    /// Tell every path of each finding: their number, their entries, their calls
    #[arg(long)]
    pub(crate) all_paths: bool,

    #[command(flatten)]
    pub(crate) commits: Commits,

    /// Threads to work with; the answer is the same for any number [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,

    /// Check again after each change of the tree, until Ctrl-C
    #[arg(long, conflicts_with_all = ["rev", "fix", "write_baseline"])]
    pub(crate) watch: bool,

    #[command(flatten)]
    pub(crate) telling: Telling,

    #[command(flatten)]
    pub(crate) failing: Failing,

    #[command(flatten)]
    pub(crate) fixing: Fixing,

    #[command(flatten)]
    pub(crate) search: Search,

    #[command(flatten)]
    pub(crate) measuring: Measuring,
}

/// Which commits are checked in place of one tree.
#[derive(Args, Debug)]
#[command(next_help_heading = "Commits")]
#[group(id = "commits", multiple = true, conflicts_with_all = [
    "rev", "watch", "fixing", "write_baseline", "baseline", "statistics", "all_paths", "severity",
])]
pub(crate) struct Commits {
    /// Check each commit of a range (v6.11..v6.12, HEAD^!) of the git repository at TREE, and tell what each brings and closes
    ///
    /// A commit is compared with the first of those that it is made on. What the tree has before is not told. The formats for
    /// people, json and terse tell commit by commit; the others tell what is new after the last one.
    #[arg(long, value_name = "RANGE")]
    pub(crate) range: Option<String>,

    /// Only commits that are not older: 2026-11-24, "2 weeks ago" [with --range; else behind HEAD]
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,

    /// Only commits that join others [with --range; else behind HEAD]
    #[arg(long)]
    pub(crate) only_merges: bool,
}

impl Commits {
    /// The range that is meant, if one is.
    pub(crate) fn range(&self) -> Option<&str> {
        let behind_head = self.since.is_some() || self.only_merges;
        self.range.as_deref().or(behind_head.then_some("HEAD"))
    }
}

/// How much is told, to whom.
#[derive(Args, Debug)]
#[command(next_help_heading = "Report")]
pub(crate) struct Telling {
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub(crate) format: ReportFormat,

    /// Write a report to a file, besides the one that is printed: sarif=report.sarif (repeatable)
    #[arg(long, value_name = "FORMAT=FILE", value_parser = outputs::parse)]
    pub(crate) output: Vec<Output>,

    /// Tell only findings that are at least so bad
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = Level::Warning)]
    pub(crate) severity: Level,

    /// Print how many findings there are of each rule, and on which architectures, in their place
    #[arg(long)]
    pub(crate) statistics: bool,

    /// Print only findings and problems: no table of architectures, no progress
    #[arg(short, long)]
    pub(crate) quiet: bool,

    /// Tell on standard error what is asked, by which files, and whether the answer was kept
    #[arg(short, long, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
}

/// When the exit code is 1, and what counts as known.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Exit code")]
pub(crate) struct Failing {
    /// Findings that were there before, which --write-baseline has written: only new ones are told
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,

    /// Write the findings to FILE, for --baseline
    #[arg(long, value_name = "FILE")]
    pub(crate) write_baseline: Option<PathBuf>,

    /// Exit with 1 only where a finding is at least so bad
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = FailOn::Warning)]
    pub(crate) fail_on: FailOn,

    /// Exit with 0 where there are findings, or answers that are unknown
    #[arg(long)]
    pub(crate) exit_zero: bool,

    /// Exit with 0 where an answer is unknown
    #[arg(long)]
    pub(crate) allow_unknown: bool,
}

/// What is done about findings.
#[derive(Args, Debug)]
#[command(next_help_heading = "Fix")]
pub(crate) struct Fixing {
    /// Change files of the tree where that is safe: a condition asks for the opt-in symbol too, a stale select goes
    ///
    /// Each change is tried before it is made: the changed tree is checked, and what does not mend its finding, or
    /// brings another one, is not done. A condition that asks for the symbol closes the path on every architecture that has
    /// not opted in. The report is that of the changed tree.
    #[arg(long, group = "fixing", conflicts_with = "rev")]
    pub(crate) fix: bool,

    /// Print what --fix would do, as a patch; nothing is changed
    #[arg(long, group = "fixing", conflicts_with_all = ["format", "output", "statistics", "write_baseline"])]
    pub(crate) diff: bool,

    /// Let this architecture opt in where --fix or --diff has to do with it: it selects the symbol, sorted in (repeatable,
    /// or with commas)
    ///
    /// Whether an architecture can carry a shortcut is for its maintainers to say. It is done only where no rule of the
    /// shortcut finds anything on it then.
    #[arg(long, value_name = "ARCH", value_delimiter = ',', requires = "fixing")]
    pub(crate) opt_in: Vec<String>,
}

impl Fixing {
    /// Whether anything is to be done.
    pub(crate) fn is_asked(&self) -> bool {
        self.fix || self.diff
    }
}

/// How bad findings are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    /// The kernel can crash or corrupt memory
    Error,
    /// Something that a maintainer wants to know
    Warning,
}

impl Level {
    /// Whether a finding of that severity is at least so bad.
    pub(crate) fn holds(self, severity: Severity) -> bool {
        match self {
            Level::Error => severity == Severity::Error,
            Level::Warning => true,
        }
    }
}

/// From which level on a finding is a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Errors are
    Error,
    /// Warnings are too
    #[default]
    Warning,
    /// None is
    Never,
}

impl FailOn {
    /// Whether a finding of that severity is a failure.
    pub(crate) fn holds(self, severity: Severity) -> bool {
        match self {
            FailOn::Error => severity == Severity::Error,
            FailOn::Warning => true,
            FailOn::Never => false,
        }
    }
}
