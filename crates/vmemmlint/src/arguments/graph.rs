//! The command line of questions about calls.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Budget, Caching, Folders, Subject};

pub(crate) const GRAPH_EXAMPLES: &str = "\
Examples:
  vmemmlint callers sparse_add_section linux/         on every architecture
  vmemmlint callers --depth 3 --arch arm64 sparse_add_section linux/
  vmemmlint callees --arch x86 --config .config shrink_node linux/
                                                      in one configuration
  vmemmlint callees mm/memory.c:do_fault linux/       the one of this file
  vmemmlint paths --arch powerpc dev_dax_probe vmemmap_populate linux/
  vmemmlint paths unselected powerpc linux/           all paths of a finding
  vmemmlint callers --format dot kswapd linux/ | dot -Tsvg

A call that only some configurations have is told with its Condition, in the words of Kconfig
(OPT=y) and of the code (altmap). Macros are looked through. A function whose address is taken is
entered from where that is said.

Exit codes:
  0  answered
  1  no path leads there
  2  the question could not be answered
";

/// What every question about calls takes.
#[derive(Args, Debug)]
pub(crate) struct Graph {
    #[command(flatten)]
    pub(crate) subject: Subject,

    /// A .config: only what it builds is told
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// How the answer is printed
    #[arg(long, value_enum, default_value_t = GraphFormat::Human)]
    pub(crate) format: GraphFormat,
}

/// Calls around a function.
#[derive(Args, Debug)]
pub(crate) struct Around {
    /// The function, or with its file `mm/memory.c:do_fault`
    pub(crate) function: String,

    #[command(flatten)]
    pub(crate) graph: Graph,

    /// How many calls to go
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=20))]
    pub(crate) depth: u8,

    /// Look for the callers of one function in at most so many files
    #[arg(long, value_name = "N", default_value_t = 200)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) files: u32,
}

/// Paths between functions.
#[derive(Args, Debug)]
pub(crate) struct Paths {
    /// Where paths begin: a function, or with its file `mm/memory.c:do_fault`; or a rule
    #[arg(value_name = "FROM|RULE")]
    pub(crate) from: String,

    /// Where they end; or the architecture that the rule is asked of
    #[arg(value_name = "TO|ARCH")]
    pub(crate) to: String,

    #[command(flatten)]
    pub(crate) graph: Graph,

    /// How many calls to go
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u8).range(1..=40))]
    pub(crate) depth: u8,

    /// Tell at most so many paths for each architecture
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) limit: usize,

    /// Look for the callers of one function in at most so many files
    #[arg(long, value_name = "N", default_value_t = 200)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) files: u32,

    #[command(flatten)]
    pub(crate) folders: Folders,

    #[command(flatten)]
    pub(crate) budget: Budget,

    #[command(flatten)]
    pub(crate) caching: Caching,
}

/// How an answer about calls is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// For people
    Human,
    /// One JSON object, for programs
    Json,
    /// For Graphviz
    Dot,
}
