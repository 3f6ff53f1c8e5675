//! The command line of questions about rules.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

pub(crate) const RULES_EXAMPLES: &str = "\
Examples:
  vmemmlint rules list                          the rules that come with vmemmlint
  vmemmlint rules list --rules my-rules         and those of a folder
  vmemmlint rules test my-rules                 try the examples of their essays
  vmemmlint check --rules my-rules --rule mine linux/
  vmemmlint rules schema > vmemmlint.schema.json
                                                what an editor wants to know of their files

Exit codes:
  0  told, or all examples are as they are said to be
  1  some example is not
  2  the job could not be done
";

/// Folders with more rules.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Folders {
    /// Know also the rules of this folder (repeatable)
    #[arg(long, value_name = "DIR")]
    pub(crate) rules: Vec<PathBuf>,
}

/// What is asked of the rules.
#[derive(Debug, Subcommand)]
pub(crate) enum RulesTask {
    /// All rules, by pack, with what they ask
    List {
        #[command(flatten)]
        folders: Folders,

        /// How they are printed
        #[arg(long, value_enum, default_value_t = ListFormat::Human)]
        format: ListFormat,
    },
    /// Try the examples of the essays: those that are said to fire, and those that are said to stay silent
    Test {
        /// Folders of rules [default: the rules that come with vmemmlint]
        #[arg(value_name = "DIR")]
        folders: Vec<PathBuf>,
    },
    /// The JSON schema of a pack's file, for editors
    Schema,
}

/// How rules are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// For people
    Human,
    /// One JSON object, for programs
    Json,
    /// A page that links to the essays beside it
    Markdown,
}
