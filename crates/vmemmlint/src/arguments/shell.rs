//! `vmemmlint config`, `completions` and `man`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Folders, Format, Version};
use crate::tree;

pub(super) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  vmemmlint completions bash > ~/.local/share/bash-completion/completions/vmemmlint
  vmemmlint completions zsh > ~/.zfunc/_vmemmlint
  vmemmlint completions fish > ~/.config/fish/completions/vmemmlint.fish
";

/// Which shell is told.
#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

pub(super) const MANUAL_EXAMPLES: &str = "\
Examples:
  vmemmlint man | man -l -
  vmemmlint man ~/.local/share/man/man1
";

/// Where pages of the manual go.
#[derive(Args, Debug)]
pub(crate) struct Manual {
    /// Write vmemmlint.1, vmemmlint-check.1 and so on to this directory
    pub(crate) folder: Option<PathBuf>,
}

/// What is asked of the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print which rules are asked of a tree and why, and what is accepted
    Show(ShowConfig),
    /// Print what vmemmlint.toml may say, and which options there are, in Markdown
    Reference,
    /// Print the JSON schema of vmemmlint.toml, for editors
    Schema,
}

/// Of which tree.
#[derive(Args, Debug)]
pub(crate) struct ShowConfig {
    /// The kernel tree: the directory with Kconfig, Makefile and arch/ [default: the one around the current directory]
    #[arg(default_value_os_t = tree::here(), hide_default_value = true)]
    pub(crate) tree: PathBuf,

    #[command(flatten)]
    pub(crate) version: Version,

    /// The file that is read in place of vmemmlint.toml in the tree
    #[arg(long, value_name = "FILE")]
    pub(crate) suppressions: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) folders: Folders,

    /// How it is printed
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}
