//! A tree that lies in a directory.

use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustc_hash::FxHashSet;
use walkdir::{DirEntry, WalkDir};

use crate::path::{join, parent};
use crate::{ReadError, Source, TreePath, is_hidden, normalize};

/// A directory on disk, read as it is at each moment.
#[derive(Clone, Debug)]
pub struct Directory {
    root: PathBuf,
    /// Directories that a walk went through, and so no links.
    plain: Arc<RwLock<FxHashSet<TreePath>>>,
}

impl Directory {
    /// The tree at `root`; the path is resolved once, so that links out of the tree are seen.
    pub fn open(root: &Path) -> io::Result<Directory> {
        let root = root.canonicalize()?;
        if !root.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::NotADirectory,
                "not a directory",
            ));
        }
        Ok(Directory {
            root,
            plain: Arc::default(),
        })
    }

    /// Where the tree lies.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The place of `path` on disk, for a file that is inside the tree even after following links.
    fn locate(&self, path: &str) -> Result<PathBuf, ReadError> {
        let inside = normalize(path).ok_or(ReadError::Outside)?;
        let place = self.root.join(inside);
        let link = fs::symlink_metadata(&place).map_err(|e| describe(&e))?;
        if !link.is_symlink() && !self.parent_is_linked(&place) {
            return Ok(place);
        }
        let target = place.canonicalize().map_err(|e| describe(&e))?;
        if target.starts_with(&self.root) {
            Ok(target)
        } else {
            Err(ReadError::Outside)
        }
    }

    /// Opens the file at `path`, wherever links inside of the tree lead.
    fn open_file(&self, path: &str) -> Result<fs::File, ReadError> {
        if self.is_in_plain(path) {
            match open(&self.root.join(path), libc::O_NOFOLLOW) {
                Ok(file) => return Ok(file),
                // Most headers that are looked for are not in the first place.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(ReadError::Missing);
                }
                Err(_) => {}
            }
        }
        open(&self.locate(path)?, 0).map_err(|e| describe(&e))
    }

    /// What lies at `path`, wherever links inside of the tree lead.
    fn about(&self, path: &str) -> Result<fs::Metadata, ReadError> {
        if self.is_in_plain(path) {
            let about = fs::symlink_metadata(self.root.join(path)).map_err(|e| describe(&e))?;
            if !about.is_symlink() {
                return Ok(about);
            }
        }
        fs::metadata(self.locate(path)?).map_err(|e| describe(&e))
    }

    /// Whether `path` lies directly in a directory that a walk went through.
    fn is_in_plain(&self, path: &str) -> bool {
        let leads_out = path.starts_with('/') || path.ends_with("..");
        !leads_out && self.is_plain(parent(path))
    }

    fn is_plain(&self, directory: &str) -> bool {
        let plain = self.plain.read().unwrap_or_else(PoisonError::into_inner);
        plain.contains(directory)
    }

    /// Whether one of the directories between the top and `place` is a link.
    fn parent_is_linked(&self, place: &Path) -> bool {
        let parents = place
            .ancestors()
            .skip(1)
            .take_while(|dir| **dir != self.root);
        parents.into_iter().any(Path::is_symlink)
    }
}

/// Opens a file to read it, without waiting for anybody where it is a pipe.
fn open(place: &Path, flags: i32) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.read(true).custom_flags(flags | libc::O_NONBLOCK);
    options.open(place)
}

pub(crate) fn describe(error: &io::Error) -> ReadError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::Missing,
        kind => ReadError::Io(kind, error.to_string()),
    }
}

impl Source for Directory {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, ReadError> {
        let mut buffer = Vec::new();
        self.read_into(path, &mut buffer)?;
        Ok(buffer.into())
    }

    fn read_into(&self, path: &str, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        buffer.clear();
        let mut file = self.open_file(path)?;
        let about = file.metadata().map_err(|e| describe(&e))?;
        if !about.is_file() {
            return Err(ReadError::no_file());
        }
        let size = u32::try_from(about.len()).map_err(|_| ReadError::TooLarge)?;
        buffer.reserve(size as usize + 1);
        file.read_to_end(buffer).map_err(|e| describe(&e))?;
        if u32::try_from(buffer.len()).is_err() {
            Err(ReadError::TooLarge)
        } else {
            Ok(())
        }
    }

    fn is_file(&self, path: &str) -> bool {
        self.about(path).is_ok_and(|about| about.is_file())
    }

    fn is_dir(&self, path: &str) -> bool {
        self.is_plain(path) || self.about(path).is_ok_and(|about| about.is_dir())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this crate is where directories are read"
    )]
    fn list(&self, directory: &str) -> Result<Vec<String>, ReadError> {
        let place = self.locate(directory)?;
        let mut names = Vec::new();
        for entry in fs::read_dir(place).map_err(|e| describe(&e))? {
            let entry = entry.map_err(|e| describe(&e))?;
            let kind = entry.file_type().map_err(|e| describe(&e))?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            if is_hidden(name.as_bytes()) {
                continue;
            }
            if kind.is_dir() {
                names.push(name + "/");
            } else if kind.is_file() || self.is_file(&join(directory, &name)) {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn walk(
        &self,
        directory: &str,
        enter: &(dyn Fn(&str) -> bool + Sync),
        wanted: &(dyn Fn(&str) -> bool + Sync),
    ) -> (Vec<TreePath>, Vec<(TreePath, ReadError)>) {
        let start = match self.locate(directory) {
            Ok(start) => start,
            Err(error) => return (Vec::new(), vec![(directory.to_owned(), error)]),
        };
        let name = |entry: &DirEntry| self.tree_path(entry.path());
        let accept = |entry: &DirEntry| {
            !entry.file_type().is_dir()
                || entry.depth() == 0
                || name(entry).is_some_and(|p| enter(&p))
        };
        let (mut files, mut errors) = (Vec::new(), Vec::new());
        let mut plain: Vec<TreePath> = Vec::new();
        for entry in WalkDir::new(start).into_iter().filter_entry(accept) {
            match entry {
                Ok(entry) if entry.file_type().is_file() => {
                    files.extend(name(&entry).filter(|path| wanted(path)));
                }
                Ok(entry) if entry.file_type().is_dir() => plain.extend(name(&entry)),
                Ok(_) => {}
                Err(error) => errors.push(self.walk_error(&error)),
            }
        }
        let mut known = self.plain.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(plain);
        files.sort_unstable();
        errors.sort_by(|(a, _), (b, _)| a.cmp(b));
        (files, errors)
    }
}

impl Directory {
    /// `place` as a path in the tree; names that are not UTF-8 have none.
    fn tree_path(&self, place: &Path) -> Option<TreePath> {
        let root = self.root.as_os_str().as_bytes();
        let below = place.as_os_str().as_bytes().strip_prefix(root)?;
        let below = below.strip_prefix(b"/").unwrap_or(below);
        std::str::from_utf8(below).ok().map(str::to_owned)
    }

    fn walk_error(&self, error: &walkdir::Error) -> (TreePath, ReadError) {
        let path = error
            .path()
            .and_then(|p| self.tree_path(p))
            .unwrap_or_default();
        let why = error.io_error().map_or(ReadError::Outside, describe);
        (path, why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Directory) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let place = folder.path().join(path);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(place, text).unwrap();
        }
        let directory = Directory::open(folder.path()).unwrap();
        (folder, directory)
    }

    #[test]
    fn files_are_read_by_their_path_in_the_tree() {
        let (_keep, tree) = tree(&[("mm/a.c", "int a;"), ("mm/b.h", ""), ("x/c.c", "")]);
        assert_eq!(&*tree.read("mm/./a.c").unwrap(), b"int a;");
        assert_eq!(tree.read("mm/none.c"), Err(ReadError::Missing));
        assert_eq!(tree.read("mm/a.c/b"), Err(ReadError::Missing));
        assert_eq!(tree.list("").unwrap(), ["mm/", "x/"]);
        let (files, errors) = tree.walk("", &|dir| dir != "x", &|path| path.ends_with(".c"));
        assert_eq!(files, ["mm/a.c"]);
        assert!(errors.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn what_leads_out_of_the_tree_is_refused() {
        let (_secret, outside) = tree(&[("secret", "s")]);
        let (keep, tree) = tree(&[("mm/a.c", "int a;")]);
        let link =
            |to: &Path, at: &str| std::os::unix::fs::symlink(to, keep.path().join(at)).unwrap();
        link(&outside.root().join("secret"), "file");
        link(outside.root(), "dir");
        link(Path::new("loop"), "loop");
        link(Path::new("mm/a.c"), "inside");
        link(&outside.root().join("secret"), "mm/secret");
        let (files, _) = tree.walk("", &|_| true, &|_| true);
        assert_eq!(files, ["mm/a.c"]);
        assert_eq!(tree.read("mm/secret"), Err(ReadError::Outside));
        assert_eq!(tree.read("mm/none"), Err(ReadError::Missing));
        assert!(matches!(tree.read("mm"), Err(ReadError::Io(..))));
        assert!(tree.is_dir("mm") && !tree.is_file("mm") && !tree.is_dir("dir"));
        assert!(tree.is_file("inside") && !tree.is_file("mm/secret") && !tree.is_file("file"));
        assert_eq!(tree.read("file"), Err(ReadError::Outside));
        assert_eq!(tree.read("dir/secret"), Err(ReadError::Outside));
        assert_eq!(tree.read("../x"), Err(ReadError::Outside));
        let secret = outside.root().join("secret").to_string_lossy().into_owned();
        assert!(!tree.is_dir("..") && !tree.is_dir("/") && tree.read(&secret).is_err());
        assert!(matches!(tree.read("loop"), Err(ReadError::Io(..))));
        assert_eq!(&*tree.read("inside").unwrap(), b"int a;");
    }
}
