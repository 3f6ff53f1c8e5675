//! `vmemmlint lsp`.

use clap::Args;

use super::{Budget, Caching, Folders};

pub(super) const LSP_EXAMPLES: &str = "\
Editors start it and find the kernel tree around each file that is opened. What a client may set, in its
section vmemmlint or as initialisation options:
  {\"arch\": [\"powerpc\"]}              only these architectures
  {\"rules\": [\"unselected\"]}          only these rules and packs, where the tree's vmemmlint.toml says nothing else
  {\"kconfig\": {\"lints\": false}}      without the rules about Kconfig in open Kconfig files
  {\"log\": \"info\"}                    how much is logged: error, warning, info, debug
";

/// What a server is told as it starts.
#[derive(Args, Debug)]
pub(crate) struct Lsp {
    /// Standard input and output are used, as by default; many clients say so
    #[arg(long)]
    pub(crate) stdio: bool,

    #[command(flatten)]
    pub(crate) folders: Folders,

    #[command(flatten)]
    pub(crate) caching: Caching,

    #[command(flatten)]
    pub(crate) budget: Budget,
}
