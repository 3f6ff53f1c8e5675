//! A tree that is held in memory: small ones that tests write down as one text.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::path::prefix;
use crate::{ReadError, Source, TreePath};

/// Files by their paths.
///
/// ```
/// use source::{Memory, Source};
/// let tree = Memory::new("\
/// //- Kconfig
/// config NUMA
/// //- mm/Makefile
/// obj-y := slab.o
/// ");
/// assert_eq!(&*tree.read("mm/Makefile").unwrap(), b"obj-y := slab.o\n");
/// assert_eq!(tree.list("").unwrap(), ["Kconfig", "mm/"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    files: BTreeMap<String, Arc<[u8]>>,
}

impl Memory {
    /// The files that `text` holds: each begins behind a line `//- PATH`. A path that comes again
    /// replaces the earlier file.
    pub fn new(text: &str) -> Memory {
        let mut memory = Memory::default();
        let text = format!("\n{text}");
        for part in text.split("\n//- ").skip(1) {
            let (path, body) = part.split_once('\n').unwrap_or((part, ""));
            let end = if body.is_empty() { "" } else { "\n" };
            let body = format!("{}{end}", body.strip_suffix('\n').unwrap_or(body));
            memory.insert(path.trim(), body.as_bytes());
        }
        memory
    }

    /// Puts `text` at `path`.
    pub fn insert(&mut self, path: &str, text: &[u8]) {
        self.files.insert(path.to_owned(), text.into());
    }

    fn below<'m>(&'m self, directory: &str) -> impl Iterator<Item = (&'m str, &'m str)> + use<'m> {
        let prefix = prefix(directory);
        self.files
            .keys()
            .filter_map(move |path| Some((path.as_str(), path.strip_prefix(&prefix)?)))
    }
}

impl Source for Memory {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, ReadError> {
        self.files.get(path).cloned().ok_or(ReadError::Missing)
    }

    fn is_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    fn is_dir(&self, path: &str) -> bool {
        self.below(path).next().is_some()
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, ReadError> {
        let first = |(_, rest): (&str, &str)| match rest.split_once('/') {
            Some((inner, _)) => format!("{inner}/"),
            None => rest.to_owned(),
        };
        let mut names: Vec<String> = self.below(directory).map(first).collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() && !directory.is_empty() {
            return Err(ReadError::Missing);
        }
        Ok(names)
    }

    fn walk(
        &self,
        directory: &str,
        enter: &(dyn Fn(&str) -> bool + Sync),
        wanted: &(dyn Fn(&str) -> bool + Sync),
    ) -> (Vec<TreePath>, Vec<(TreePath, ReadError)>) {
        let entered = |path: &str, rest: &str| {
            let start = path.len() - rest.len();
            let ends = path.match_indices('/').map(|(end, _)| end);
            ends.filter(|end| *end > start)
                .all(|end| enter(&path[..end]))
        };
        let files = self.below(directory);
        let files = files.filter(|(path, rest)| entered(path, rest) && wanted(path));
        (files.map(|(path, _)| path.to_owned()).collect(), Vec::new())
    }
}
