//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::engine::Settings;

const EXAMPLES: &str = "\
Examples:
  vmemmlint check linux/                      every architecture, every rule
  vmemmlint check --arch powerpc --arch s390  only these two, of the current directory
  vmemmlint check --rule unselected linux/    only one rule
  vmemmlint check --format json linux/ | jq '.findings[] | .arch + \" \" + .message'
";

const EXIT_CODES: &str = "\
Exit codes:
  0  nothing was found
  1  there are findings
  2  no findings, but something could not be read, or the job could not be done
  3  no findings, but an answer is unknown (0 with --allow-unknown)

Environment:
  NO_COLOR     no colours, unless --color always
  NO_GRAPHICS  words instead of drawings, for screen readers
";

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
}

/// The settings of a check.
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// The kernel tree: the directory with Kconfig, Makefile and arch/
    #[arg(default_value = ".")]
    pub(crate) tree: PathBuf,

    /// How the answer is printed
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,

    /// Check only this architecture, by its directory below arch/ (repeatable)
    #[arg(long, value_name = "ARCH")]
    pub(crate) arch: Vec<String>,

    /// Check only this rule (repeatable)
    #[arg(long, value_name = "RULE")]
    pub(crate) rule: Vec<String>,

    /// Do not fail where an answer is unknown
    #[arg(long)]
    pub(crate) allow_unknown: bool,

    /// Threads to work with; the answer is the same for any number [default: one per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,

    /// When to use colours
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    pub(crate) color: Color,

    /// Print only findings and problems: no table of architectures, no progress
    #[arg(short, long)]
    pub(crate) quiet: bool,
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

impl Check {
    /// What the engine needs to know.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            arches: self.arch.clone(),
            rules: self.rule.clone(),
        }
    }
}

fn concat_help() -> String {
    format!("{EXAMPLES}\n{EXIT_CODES}")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_tree_is_the_current_directory_by_default() {
        let Command::Check(check) = Arguments::parse_from(["vmemmlint", "check"]).command;
        assert_eq!(check.tree, PathBuf::from("."));
        assert_eq!((check.format, check.color), (Format::Human, Color::Auto));
        assert!(check.settings().arches.is_empty());
    }
}
