//! `vmemmlint patch`, and ranges of commits.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{FailOn, Measuring, Scope, Search};
use crate::tree;

pub(crate) const PATCH_EXAMPLES: &str = "\
Examples:
  vmemmlint patch --tree linux/ 0001-mm-one-more.patch    does it open a hole?
  vmemmlint patch --tree linux/ outgoing/                 a folder that git format-patch has filled
  b4 am -o - MSGID | vmemmlint patch --tree linux/        a series from the lists
  git format-patch --stdout main.. | vmemmlint patch      in the tree's own repository
  vmemmlint patch --base v6.12 --tree linux.git series.mbox
                                                          on a revision, without a checkout
  vmemmlint patch --format reply 0001-*.patch             an answer to it, ready to be sent
  vmemmlint patch -g HEAD~3.. --terse --showfile          commits, in the manner of checkpatch.pl
  git config b4.prep-perpatch-check-cmd 'vmemmlint patch --format b4'
                                                          for b4 prep --check

Exit codes:
  0  no patch opens a hole
  1  a patch brings findings, be it that a later one closes them
  2  a patch cannot be read or does not go on, or the job could not be done
  3  an answer is unknown with a patch and was not without it (0 with --allow-unknown)
";

/// What is done with patches.
#[derive(Args, Debug)]
#[command(mut_arg("rev", |rev| rev
    .long("base")
    .help("The revision on which they go [default: what they say themselves, or the files of the tree]")))]
pub(crate) struct Patch {
    /// Patches, mails, boxes of mails, folders of these; `-` is standard input [default: standard input]
    pub(crate) files: Vec<PathBuf>,

    /// The kernel tree, or a git repository that has it [default: the one around the current directory]
    #[arg(long, value_name = "DIR", default_value_os_t = tree::here(), hide_default_value = true)]
    pub(crate) tree: PathBuf,

    /// Commits of the tree's repository in place of patches: a range, one commit, or REV-N for the last N (repeatable, as for
    /// checkpatch.pl)
    #[arg(short = 'g', long = "git", value_name = "RANGE", conflicts_with_all = ["files", "rev"])]
    pub(crate) git: Vec<String>,

    #[command(flatten)]
    pub(crate) scope: Scope,

    /// Check only this rule, or the rules of this pack (repeatable, or with commas)
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(crate) rule: Vec<String>,

    #[command(flatten)]
    pub(crate) telling: PatchTelling,

    #[command(flatten)]
    pub(crate) search: Search,

    #[command(flatten)]
    pub(crate) measuring: Measuring,
}

/// How much is told of patches, to whom.
#[derive(Args, Debug)]
#[command(next_help_heading = "Report")]
pub(crate) struct PatchTelling {
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t = PatchFormat::Human)]
    pub(crate) format: PatchFormat,

    /// Tell also the findings that the tree has before
    #[arg(long)]
    pub(crate) all: bool,

    #[command(flatten)]
    pub(crate) habits: Habits,

    #[command(flatten)]
    pub(crate) ending: Ending,
}

/// What those ask for who know checkpatch.pl.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Habits {
    /// A line for each thing that is wrong, as --format terse
    #[arg(long, conflicts_with = "format")]
    pub(crate) terse: bool,

    /// In these lines, the place in the tree in place of that in the patch
    #[arg(long)]
    pub(crate) showfile: bool,

    /// In these lines, the rule behind the level
    #[arg(long)]
    pub(crate) show_types: bool,
}

/// How the job ends.
#[derive(Args, Debug)]
pub(crate) struct Ending {
    /// Exit as netdev's NIPA wants it (0, 1, or 250 for warnings), with a summary to the descriptor that `$DESC_FD` names
    #[arg(long)]
    pub(crate) nipa: bool,

    /// Exit with 1 only where a finding is at least so bad
    #[arg(long, value_enum, value_name = "LEVEL", default_value_t = FailOn::Warning)]
    pub(crate) fail_on: FailOn,

    /// Exit with 0 where an answer is unknown
    #[arg(long)]
    pub(crate) allow_unknown: bool,

    /// No progress, and no word about mails that are no patches
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// How the answer to patches is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PatchFormat {
    /// For people
    Human,
    /// One JSON object, for programs
    Json,
    /// A line for each thing that is wrong, in the manner of checkpatch.pl
    Terse,
    /// For b4 prep --check and b4 am -k, whose mails come decoded
    B4,
    /// For b4 review
    B4Review,
    /// An answer to each patch that brings a finding, as a mail
    Reply,
    /// What Patchwork's API takes, for each patch
    Patchwork,
}
