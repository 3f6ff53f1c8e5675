//! `vmemmlint hook`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

pub(crate) const HOOK_EXAMPLES: &str = "\
Examples:
  vmemmlint hook install pre-commit        in the repository around the current directory
  vmemmlint hook install pre-push linux/
  vmemmlint hook remove pre-commit
  vmemmlint hook print pre-commit >> .git/hooks/pre-commit
                                           where another hook is there already

Exit codes:
  0  done
  2  the job could not be done; nothing was changed
";

/// What is done with hooks of git.
#[derive(Debug, Subcommand)]
pub(crate) enum HookTask {
    /// Put a hook into a repository, where there is no other of that name
    Install(HookPlace),
    /// Take it away again, unless somebody has changed it
    Remove(HookPlace),
    /// Print it
    Print {
        /// Which hook
        #[arg(value_enum)]
        hook: Hook,
    },
}

/// A hook of a repository.
#[derive(Args, Debug)]
pub(crate) struct HookPlace {
    /// Which hook
    #[arg(value_enum)]
    pub(crate) hook: Hook,

    /// The git repository
    #[arg(default_value = ".")]
    pub(crate) repository: PathBuf,
}

/// A hook of git.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Hook {
    /// Before a commit: what is staged must open no hole
    PreCommit,
    /// Before commits are pushed: none of them may open one
    PrePush,
    /// After `git am` has applied a patch: it is told what the patch brings
    PostApplypatch,
}

impl Hook {
    /// The name of its file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Hook::PreCommit => "pre-commit",
            Hook::PrePush => "pre-push",
            Hook::PostApplypatch => "post-applypatch",
        }
    }
}
