//! A tree with some files replaced, added or taken away: a patch, or what an editor has not saved.

use std::sync::Arc;

use crate::listing::Files;
use crate::path::prefix;
use crate::{Changes, Listed, Listing, ReadError, Source, TreePath};

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
pub struct Layer<S: ?Sized = dyn Source> {
    below: Arc<S>,
    files: Files,
}

impl<S: ?Sized> Clone for Layer<S> {
    fn clone(&self) -> Layer<S> {
        Layer {
            below: Arc::clone(&self.below),
            files: self.files.clone(),
        }
    }
}

impl<S: ?Sized> std::fmt::Debug for Layer<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.files.keys()).finish()
    }
}

impl<S: ?Sized> Layer<S> {
    /// Nothing is laid over `below` yet.
    pub fn over(below: Arc<S>) -> Layer<S> {
        Layer {
            below,
            files: Files::new(),
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
}

/// Those of `files` that are at or below a directory: their paths, what of them lies below it, and whether they are there.
fn within<'l>(
    files: &'l Files,
    directory: &str,
) -> impl Iterator<Item = (&'l str, &'l str, bool)> + use<'l> {
    let prefix = prefix(directory);
    files.iter().filter_map(move |(path, text)| {
        Some((path.as_str(), path.strip_prefix(&prefix)?, text.is_some()))
    })
}

impl<S: Source + ?Sized> Source for Layer<S> {
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
        within(&self.files, path).any(|(.., is_there)| is_there) || self.below.is_dir(path)
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, ReadError> {
        let mut names = match self.below.list(directory) {
            Ok(names) => names,
            Err(_) if within(&self.files, directory).any(|(.., is_there)| is_there) => Vec::new(),
            Err(error) => return Err(error),
        };
        for (_, rest, is_there) in within(&self.files, directory) {
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
        for (path, rest, is_there) in within(&self.files, directory) {
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

impl<S: Listed + ?Sized> Listed for Layer<S> {
    fn listing(&self) -> Result<Listing, ReadError> {
        Ok(self.below.listing()?.overlaid(&self.files))
    }

    fn listing_now(&self) -> Result<Listing, ReadError> {
        Ok(self.below.listing_now()?.overlaid(&self.files))
    }

    fn is_untouched(&self, changes: &Changes<'_>) -> bool {
        self.below.is_untouched(changes)
    }

    fn place(&self) -> Vec<u8> {
        self.below.place()
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

    #[test]
    fn a_layer_is_listed_as_the_tree_that_it_makes() {
        let made = |files: &[(&str, &str)]| {
            let folder = tempfile::tempdir().unwrap();
            for (path, text) in files {
                let path = folder.path().join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            folder
        };
        let before = [("Kconfig", "1"), ("mm/a.c", "2"), ("mm/deep/b.c", "3")];
        let after = [
            ("Kconfig", "1"),
            ("mm/a.c", "new"),
            ("mm/new/x/c.c", "4"),
            ("mm/deep/d", ""),
        ];
        let folder = made(&before);
        let tree = Arc::new(crate::Directory::open(folder.path()).unwrap());
        let mut layer = Layer::over(Arc::clone(&tree));
        layer.put("mm/a.c", b"new");
        layer.remove("mm/deep/b.c");
        layer.put("mm/deep/d", b"");
        layer.put("mm/new/x/c.c", b"4");
        let folder = made(&after);
        let expected = crate::Directory::open(folder.path()).unwrap();
        // States of files on a disk are of that disk; those of directories are their names.
        let directories = ["mm", "mm/deep", "mm/new", "mm/new/x"];
        let (found, expected) = (layer.listing().unwrap(), expected.listing().unwrap());
        for directory in directories {
            let key = crate::key_of(directory);
            assert!(found.state_of(key).is_some(), "{directory}");
            assert_eq!(found.state_of(key), expected.state_of(key), "{directory}");
        }
        let states = tree.listing().unwrap().states(i64::MAX);
        let changes = found.changes(&states);
        let mut present: Vec<&str> = changes.present().collect();
        present.sort_unstable();
        let expected = [
            "mm",
            "mm/a.c",
            "mm/deep",
            "mm/deep/d",
            "mm/new",
            "mm/new/x",
            "mm/new/x/c.c",
        ];
        assert_eq!(present, expected);
        assert_eq!(changes.gone(), [crate::key_of("mm/deep/b.c")]);
        assert!(layer.is_untouched(&changes));
    }
}
