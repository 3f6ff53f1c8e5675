//! The command line of `vmemmlint kconfig`.

use clap::{Args, Subcommand};

use super::{Format, Subject};

pub(crate) const KCONFIG_EXAMPLES: &str = "\
Examples:
  vmemmlint kconfig why ZONE_DEVICE linux/           who selects it, or what forbids it
  vmemmlint kconfig arches NUMA linux/               one line for each architecture
  vmemmlint kconfig config --with DEV_DAX=m --arch arm64 linux/
                                                     the least to set for it
  vmemmlint kconfig graph ZONE_DEVICE --arch arm64 linux/ | dot -Tsvg
  vmemmlint kconfig undefined linux/                 what is used and defined nowhere
  vmemmlint kconfig toolchain --arch s390 linux/     what a compiler would be asked

An architecture is a directory below arch/, another name that the top Makefile knows (i386),
or, where one builds upon another, both with a slash (um/i386).

Exit codes:
  0  answered
  1  no configuration grants the wishes, or something is undefined
  2  the question could not be answered, or a file not be read
  3  the search was given up
";

/// Questions about Kconfig.
#[derive(Debug, Subcommand)]
pub(crate) enum Kconfig {
    /// Who selects a symbol and by which chains, or the reason why it can never be on
    Why {
        /// The symbol, with or without CONFIG_
        symbol: String,
        #[command(flatten)]
        about: About,
    },
    /// Whether a symbol can be on, is always on, or never: a table of architectures
    Arches {
        /// The symbol, with or without CONFIG_
        symbol: String,
        #[command(flatten)]
        about: About,
    },
    /// The least fragment of a .config that gives symbols their values, or why there is none
    ///
    /// The fragment works where all else has its default and where all else is off; besides the wishes
    /// no line of it can be left out. Answers that it needs of a toolchain stand first, as comments. With
    /// the fragment in FILE, `make KCONFIG_ALLCONFIG=FILE alldefconfig` makes a configuration of it.
    Config {
        /// Symbols and their values: `A=y,B=m,C=n,NR_CPUS=64` (repeatable)
        #[arg(long, value_name = "X=VALUE", required = true)]
        with: Vec<String>,
        #[command(flatten)]
        about: About,
    },
    /// What a symbol selects, implies and depends on, and who does so with it, for Graphviz
    Graph {
        /// The symbol, with or without CONFIG_
        symbol: String,
        /// How many steps to go
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=9))]
        depth: u8,
        #[command(flatten)]
        about: About,
    },
    /// Symbols that are used and that no file of any architecture defines
    Undefined {
        #[command(flatten)]
        about: About,
    },
    /// What a toolchain would be asked: the lines of a file for --toolchain
    Toolchain {
        #[command(flatten)]
        about: About,
    },
}

/// What every question about Kconfig takes.
#[derive(Args, Debug)]
pub(crate) struct About {
    #[command(flatten)]
    pub(crate) subject: Subject,

    /// How the answer is printed
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}
