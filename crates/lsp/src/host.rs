//! What the protocol needs of the program around it: how a tree is configured, checked, and what is kept of that.

use std::path::Path;
use std::sync::Arc;

use kernel::{Known, Models, Progress};
use rules::{Outcome, Settings};
use serde::Deserialize;
use source::{Listed, Source};

/// What a client asks for, in its initialisation options and in its section `vmemmlint`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct Asked {
    /// Architectures; all where none are named.
    pub arch: Vec<String>,
    /// Rules and packs; those that are asked by default where none are named.
    pub rules: Vec<String>,
    /// What is told of Kconfig files.
    pub kconfig: AskedOfKconfig,
    /// How much is logged: `error`, `warning`, `info`, `debug`.
    pub log: String,
}

/// What is told of Kconfig files.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct AskedOfKconfig {
    /// Whether the rules about Kconfig are asked of open files.
    pub lints: bool,
}

impl Default for AskedOfKconfig {
    fn default() -> AskedOfKconfig {
        AskedOfKconfig { lints: true }
    }
}

/// Hears that something changed in a tree on the disk.
pub type Changed = Arc<dyn Fn() + Send + Sync>;

/// Opens kernel trees.
pub trait Host: Send + Sync {
    /// Opens the kernel tree in a directory; the error is one line. Where that can be known, it is told when something
    /// `changed` there.
    fn open(&self, root: &Path, changed: Changed) -> Result<Box<dyn Opened>, String>;

    /// What is known of the words of the files of a tree.
    fn words(&self, source: &dyn Listed) -> Known;
}

/// A kernel tree that is open.
pub trait Opened: Send {
    /// The tree as it lies on the disk. What is listed of it may be remembered until [`Opened::forget`].
    fn source(&self) -> Arc<dyn Listed>;

    /// Something may have changed on the disk.
    fn forget(&self);

    /// Whether it is told when something changes on the disk.
    fn hears(&self) -> bool;

    /// How the tree, or its file `vmemmlint.toml`, wants to be asked; the error is one line.
    fn settings(&self, source: &dyn Source, asked: &Asked) -> Result<Settings, String>;

    /// Checks the tree with texts laid over it, of which `models` know what Kconfig says; `None` where nobody wants it any
    /// more. The error is one line.
    fn check(
        &self,
        source: &Arc<dyn Listed>,
        settings: &Settings,
        models: &Models<'_>,
        progress: &dyn Progress,
    ) -> Result<Option<Arc<Outcome>>, String>;
}
