//! Where the text of a kernel tree comes from.
//!
//! Everything above this crate asks a [`Source`] for files by their path in the tree
//! (`mm/sparse-vmemmap.c`) and cannot tell a directory from an editor's buffers. Nothing is read
//! from outside the tree: a path with `..` in front or a link that leads out of it is refused.

mod checkout;
mod directory;
mod history;
mod layer;
mod listing;
mod memory;
mod path;
mod recorder;
mod remembered;
mod revision;

use std::io;
use std::sync::Arc;

pub use directory::Directory;
pub use history::{Commit, History, Made, text_id, time_of};
pub use layer::Layer;
pub use listing::{Changes, Listing, States, key_of};
pub use memory::Memory;
pub use path::{TreePath, normalize};
pub use recorder::{Digester, Led, Record, Recorder, Seeing, digest};
pub use remembered::Remembered;
pub use revision::{Revision, RevisionError};

/// Why a file could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// There is no such file.
    Missing,
    /// The path or a link on it leads out of the tree.
    Outside,
    /// The file has 4 GiB or more.
    TooLarge,
    /// The system said no, in these words.
    Io(io::ErrorKind, String),
}

impl ReadError {
    /// A directory or a device was to be read.
    pub(crate) fn no_file() -> ReadError {
        ReadError::Io(io::ErrorKind::InvalidInput, "not a regular file".into())
    }

    /// Whether it comes of what lies there, and not of the moment: too many open files, a disk that fails.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        use io::ErrorKind::{InvalidFilename, InvalidInput, IsADirectory, PermissionDenied};
        match self {
            ReadError::Missing
            | ReadError::Outside
            | ReadError::TooLarge
            | ReadError::Io(InvalidFilename | InvalidInput | IsADirectory | PermissionDenied, _) => {
                true
            }
            // The standard library names links that loop so, but lets nobody use the name yet.
            ReadError::Io(kind, _) => format!("{kind:?}") == "FilesystemLoop",
        }
    }
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReadError::Missing => f.write_str("no such file in the tree"),
            ReadError::Outside => f.write_str("leads out of the tree"),
            ReadError::TooLarge => f.write_str("is larger than 4 GiB"),
            ReadError::Io(_, words) => f.write_str(words),
        }
    }
}

impl std::error::Error for ReadError {}

/// The text of one tree, by path. Paths are relative to the top of the tree, with `/` between
/// their parts, as [`normalize`] gives them.
pub trait Source: Send + Sync {
    /// The bytes of `path`.
    fn read(&self, path: &str) -> Result<Arc<[u8]>, ReadError>;

    /// Replaces what `buffer` holds with the bytes of `path`; for passes over many files that keep
    /// one buffer.
    fn read_into(&self, path: &str, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        let text = self.read(path)?;
        buffer.clear();
        buffer.extend_from_slice(&text);
        Ok(())
    }

    /// Whether `path` is a file.
    fn is_file(&self, path: &str) -> bool;

    /// Whether `path` is a directory.
    fn is_dir(&self, path: &str) -> bool;

    /// The names of what lies directly in `directory`, sorted; directories end in `/`. What is hidden is not
    /// listed (a name such as `.git`), and neither are links to directories, nor those that lead nowhere.
    fn list(&self, directory: &str) -> Result<Vec<String>, ReadError>;

    /// All files at and below `directory` whose path `wanted` accepts, sorted by path. `enter` tells
    /// which directories are entered. What could not be listed is answered beside them.
    fn walk(
        &self,
        directory: &str,
        enter: &(dyn Fn(&str) -> bool + Sync),
        wanted: &(dyn Fn(&str) -> bool + Sync),
    ) -> (Vec<TreePath>, Vec<(TreePath, ReadError)>);

    /// All files whose own name begins with one of `prefixes`, sorted by path; directories whose name begins with a
    /// dot are not entered.
    fn files_named(&self, prefixes: &[&str]) -> Vec<TreePath> {
        let enter = |directory: &str| !name_of(directory).starts_with('.');
        self.walk("", &enter, &|path| is_named(path, prefixes)).0
    }
}

/// A source that tells in which state each of its files is, without reading them.
pub trait Listed: Source {
    /// All that it has now.
    fn listing(&self) -> Result<Listing, ReadError>;

    /// The same, and what was remembered of it does not count.
    fn listing_now(&self) -> Result<Listing, ReadError> {
        self.listing()
    }

    /// Whether what has changed is still as it was listed.
    fn is_untouched(&self, changes: &Changes<'_>) -> bool;

    /// What stands for the place where it is, the same as long as one would call it the same tree.
    fn place(&self) -> Vec<u8>;
}

/// Whether a name is one that `ls` does not show.
fn is_hidden(name: &[u8]) -> bool {
    name.first() == Some(&b'.')
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn is_named(path: &str, prefixes: &[&str]) -> bool {
    let name = name_of(path);
    prefixes.iter().any(|prefix| name.starts_with(prefix))
}
