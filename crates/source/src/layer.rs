//! A tree with some files replaced, added or taken away: a patch, or what an editor has not saved.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::path::prefix;
use crate::{ReadError, Source, TreePath};

/// Files laid over another source.
///
/// ```
/// use std::sync::Arc;
/// use source::{Layer, Memory, Source};
/// let tree = Arc::new(Memory::new("//- Kconfig\nconfig NUMA\n"));
/// let mut layer = Layer::over(tree);
/// layer.put("mm/slab.c", b"int x;");
/// layer.remove("Kconfig");
/// assert_eq!(layer.list("").unwrap(), ["mm/"]);
/// ```
#[derive(Clone)]
pub struct Layer {
    below: Arc<dyn Source>,
    files: BTreeMap<String, Option<Arc<[u8]>>>,
}

impl std::fmt::Debug for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.files.keys()).finish()
    }
}

impl Layer {
    /// Nothing is laid over `below` yet.
    pub fn over(below: Arc<dyn Source>) -> Layer {
        Layer {
            below,
            files: BTreeMap::new(),
        }
    }

    /// Puts `text` at `path`, which may be new.
    pub fn put(&mut self, path: &str, text: &[u8]) {
        self.files.insert(path.to_owned(), Some(text.into()));
    }

    /// Takes the file at `path` away.
    pub fn remove(&mut self, path: &str) {
        self.files.insert(path.to_owned(), None);
    }

    /// The files of the layer at and below a directory: their paths and what of them lies below it.
    fn own<'l>(
        &'l self,
        directory: &str,
    ) -> impl Iterator<Item = (&'l str, &'l str, bool)> + use<'l> {
        let prefix = prefix(directory);
        self.files.iter().filter_map(move |(path, text)| {
            Some((path.as_str(), path.strip_prefix(&prefix)?, text.is_some()))
        })
    }
}

impl Source for Layer {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, ReadError> {
        match self.files.get(path) {
            Some(text) => text.clone().ok_or(ReadError::Missing),
            None => self.below.read(path),
        }
    }

    fn read_into(&self, path: &str, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        match self.files.get(path) {
            Some(Some(text)) => {
                buffer.clear();
                buffer.extend_from_slice(text);
                Ok(())
            }
            Some(None) => Err(ReadError::Missing),
            None => self.below.read_into(path, buffer),
        }
    }

    fn is_file(&self, path: &str) -> bool {
        match self.files.get(path) {
            Some(text) => text.is_some(),
            None => self.below.is_file(path),
        }
    }

    fn is_dir(&self, path: &str) -> bool {
        self.own(path).any(|(.., is_there)| is_there) || self.below.is_dir(path)
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, ReadError> {
        let mut names = match self.below.list(directory) {
            Ok(names) => names,
            Err(_) if self.own(directory).any(|(.., is_there)| is_there) => Vec::new(),
            Err(error) => return Err(error),
        };
        for (_, rest, is_there) in self.own(directory) {
            match rest.split_once('/') {
                Some((inner, _)) if is_there => names.push(format!("{inner}/")),
                // What held nothing else is still listed: it is a directory below.
                Some(_) => {}
                None if is_there => names.push(rest.to_owned()),
                None => names.retain(|name| name != rest),
            }
        }
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    fn walk(
        &self,
        directory: &str,
        enter: &(dyn Fn(&str) -> bool + Sync),
        wanted: &(dyn Fn(&str) -> bool + Sync),
    ) -> (Vec<TreePath>, Vec<(TreePath, ReadError)>) {
        let (mut paths, errors) = self.below.walk(directory, enter, wanted);
        paths.retain(|path| self.files.get(path).is_none_or(Option::is_some));
        for (path, rest, is_there) in self.own(directory) {
            let start = path.len() - rest.len();
            let mut ends = path.match_indices('/').map(|(end, _)| end);
            let entered = ends.all(|end| end < start || enter(&path[..end]));
            if is_there && entered && wanted(path) {
                paths.push(path.to_owned());
            }
        }
        paths.sort_unstable();
        paths.dedup();
        (paths, errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    #[test]
    fn a_layer_replaces_adds_and_takes_away() {
        let below = Memory::new("//- a/x\n1\n//- a/b/y\n2\n//- z\n3\n");
        let mut layer = Layer::over(Arc::new(below));
        layer.put("a/x", b"new");
        layer.put("c/d/w", b"4");
        layer.remove("z");
        assert_eq!(&*layer.read("a/x").unwrap(), b"new");
        let mut buffer = vec![1];
        layer.read_into("c/d/w", &mut buffer).unwrap();
        assert_eq!(buffer, b"4");
        assert_eq!(layer.read("z"), Err(ReadError::Missing));
        assert_eq!(layer.read_into("z", &mut buffer), Err(ReadError::Missing));
        assert!(layer.is_file("a/b/y") && !layer.is_file("z") && layer.is_dir("c/d"));
        assert_eq!(layer.list("").unwrap(), ["a/", "c/"]);
        assert_eq!(layer.list("c").unwrap(), ["d/"]);
        assert!(layer.list("e").is_err());
        let all = layer.walk("", &|_| true, &|_| true).0;
        assert_eq!(all, ["a/b/y", "a/x", "c/d/w"]);
        let some = layer.walk("", &|path| path != "c/d", &|path| path != "a/x");
        assert_eq!(some.0, ["a/b/y"]);
    }
}
