//! What a directory's state is known by, without reading a file of it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::directory::describe;
use crate::{Directory, ReadError};

/// The state of a directory: names, kinds, sizes, inodes and times of all that lies in it, but for what is hidden.
///
/// Two stamps are equal only if nothing was written, put there, taken away or renamed between them; as for
/// `git`'s index, a file may have been written again in the instant in which it was looked at, so a stamp
/// says something only once that instant lies behind: see [`Stamp::changed`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    sum: u128,
    entries: u64,
    changed: i64,
}

impl Stamp {
    /// What stands for it in a key.
    #[must_use]
    pub fn bytes(&self) -> [u8; 24] {
        let mut bytes = [0; 24];
        bytes[..16].copy_from_slice(&self.sum.to_le_bytes());
        bytes[16..].copy_from_slice(&self.entries.to_le_bytes());
        bytes
    }

    /// When something in the directory was last changed, in seconds since 1970.
    #[must_use]
    pub fn changed(&self) -> i64 {
        self.changed
    }

    fn add(&mut self, path: &Path, about: &fs::Metadata) {
        let mut hash = Sha256::new();
        hash.update(path.as_os_str().as_bytes());
        let times = [
            about.mtime(),
            about.mtime_nsec(),
            about.ctime(),
            about.ctime_nsec(),
        ];
        for number in times {
            hash.update(number.to_le_bytes());
        }
        for number in [about.size(), about.ino(), u64::from(about.mode())] {
            hash.update(number.to_le_bytes());
        }
        let hash = hash.finalize();
        let half = hash.first_chunk::<16>().copied().unwrap_or_default();
        // In what order directories are read must not matter.
        self.sum = self.sum.wrapping_add(u128::from_le_bytes(half));
        self.entries += 1;
        self.changed = self.changed.max(about.ctime());
    }

    fn with(self, other: Stamp) -> Stamp {
        Stamp {
            sum: self.sum.wrapping_add(other.sum),
            entries: self.entries + other.entries,
            changed: self.changed.max(other.changed),
        }
    }
}

impl Directory {
    /// The state of the directory, with one `stat` for each file.
    pub fn stamp(&self) -> Result<Stamp, ReadError> {
        let _span = tracing::debug_span!("stat files").entered();
        below(self.root(), Path::new(""))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this crate is where directories are read"
)]
fn below(place: &Path, path: &Path) -> Result<Stamp, ReadError> {
    let mut stamp = Stamp::default();
    let mut inner = Vec::new();
    for entry in fs::read_dir(place).map_err(|e| describe(&e))? {
        let entry = entry.map_err(|e| describe(&e))?;
        let name = entry.file_name();
        if is_hidden(&name) {
            continue;
        }
        let about = entry.metadata().map_err(|e| describe(&e))?;
        let path = path.join(&name);
        stamp.add(&path, &about);
        if about.is_dir() {
            inner.push((entry.path(), path));
        }
    }
    let inner = inner
        .par_iter()
        .map(|(place, path)| below(place, path))
        .try_reduce(Stamp::default, |a, b| Ok(a.with(b)))?;
    Ok(stamp.with(inner))
}

/// Such as `.git`: nothing that is read of a kernel tree has such a name.
fn is_hidden(name: &OsStr) -> bool {
    name.as_bytes().first() == Some(&b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_changes_with_what_lies_in_the_directory() {
        let folder = tempfile::tempdir().unwrap();
        let place = |path: &str| folder.path().join(path);
        fs::create_dir_all(place("mm/deep")).unwrap();
        fs::write(place("mm/deep/a.c"), "int a;").unwrap();
        fs::write(place("Kconfig"), "").unwrap();
        let tree = Directory::open(folder.path()).unwrap();
        let mut known = vec![tree.stamp().unwrap()];
        assert_eq!(tree.stamp().unwrap(), known[0]);
        assert_eq!(known[0].entries, 4);
        let mut is_new = |what: &str| {
            let stamp = tree.stamp().unwrap();
            assert!(!known.contains(&stamp), "{what}");
            known.push(stamp);
        };
        fs::write(place("mm/deep/a.c"), "int abc;").unwrap();
        is_new("another size");
        let same = fs::metadata(place("mm/deep/a.c")).unwrap();
        fs::write(place("mm/deep/other"), "int xyz;").unwrap();
        let other = fs::OpenOptions::new()
            .write(true)
            .open(place("mm/deep/other"))
            .unwrap();
        other.set_modified(same.modified().unwrap()).unwrap();
        fs::rename(place("mm/deep/other"), place("mm/deep/a.c")).unwrap();
        is_new("another file of the same size and time");
        fs::rename(place("mm/deep/a.c"), place("mm/a.c")).unwrap();
        is_new("another place");
        fs::write(place("mm/b.c"), "").unwrap();
        is_new("one more");
        fs::remove_file(place("mm/b.c")).unwrap();
        is_new("one less: its directory was changed");
        fs::create_dir(place(".git")).unwrap();
        fs::write(place(".git/index"), "").unwrap();
        assert_eq!(tree.stamp().unwrap(), *known.last().unwrap());
    }
}
