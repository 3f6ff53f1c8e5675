//! Real kernel trees: Debian's, and 6.1 with the repair of the vmemmap shortcut taken out.
//!
//! ```text
//! DIR/linux-6.1.192-2/               the tree
//! DIR/linux-6.1.192-2.stamp          the package and its checksum
//! DIR/linux-6.1.192-2-unfixed/       hard links to it, but for two files
//! DIR/linux-6.1.192-2-unfixed.stamp  the same, and the checksum of our patch
//! ```
//!
//! A tree is made under another name and renamed when it is complete, so a folder with a final name
//! and its stamp is whole, and an interrupted run is simply run again.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::debian::{self, Package};
use crate::error::Error;
use crate::patch;

/// The patch that takes the repair out of 6.1.
pub(crate) const UNFIXED: &str = include_str!("../patches/6.1-unfixed.patch");

/// The trees that we know expected verdicts of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    /// Debian's linux-source-6.1
    #[value(name = "6.1")]
    V6_1,
    /// Debian's linux-source-6.12
    #[value(name = "6.12")]
    V6_12,
    /// The same 6.1, with the repair of the vmemmap shortcut taken out
    #[value(name = "6.1-unfixed")]
    V6_1Unfixed,
}

/// Where trees are kept, and how fresh they must be.
pub(crate) struct Place {
    /// The folder that holds the trees.
    pub(crate) dir: PathBuf,
    /// Take what apt offers now.
    pub(crate) latest: bool,
}

/// The folder that holds the trees: as asked, else as the environment says.
pub(crate) fn folder(asked: Option<PathBuf>) -> Result<PathBuf, Error> {
    let variable = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let below = |cache: PathBuf| cache.join("vmemmlint").join("trees");
    asked
        .or_else(|| variable("VMEMMLINT_TREES"))
        .or_else(|| variable("XDG_CACHE_HOME").map(below))
        .or_else(|| variable("HOME").map(|home| below(home.join(".cache"))))
        .ok_or_else(|| Error::new("no $HOME: say where trees are kept with --dir"))
}

/// Makes sure that the tree is there, and gives its absolute path.
pub(crate) fn bring(name: Name, place: &Place) -> Result<PathBuf, Error> {
    let dir = &place.dir;
    fs::create_dir_all(dir).map_err(|error| Error::io("create", dir, &error))?;
    let dir = &fs::canonicalize(dir).map_err(|error| Error::io("find", dir, &error))?;
    // Two runs at once would unpack into one folder; the second waits, and finds it done.
    let lock = dir.join(".lock");
    let held = File::create(&lock).map_err(|error| Error::io("create", &lock, &error))?;
    held.lock()
        .map_err(|error| Error::io("lock", &lock, &error))?;
    let (package, fixed) = fixed(name, place.latest, dir)?;
    if name == Name::V6_1Unfixed {
        unfixed(&package, &fixed)
    } else {
        Ok(fixed)
    }
}

/// The pinned package that a tree comes from.
fn pin(name: Name) -> Package {
    let (name, version, sha256) = match name {
        Name::V6_1 | Name::V6_1Unfixed => (
            "linux-source-6.1",
            "6.1.192-2",
            "ae95fe63d4c553f8d0e6c86cb1ab566f3894a43743eb19ab585cd97d82f26514",
        ),
        Name::V6_12 => (
            "linux-source-6.12",
            "6.12.117-1~deb12u1",
            "e849faf31ca3555757f3a8877cb01af92122f744f75d1f3102734651c4e14703",
        ),
    };
    Package {
        name: name.to_owned(),
        version: version.to_owned(),
        sha256: sha256.to_owned(),
    }
}

/// Debian's own tree, unpacked.
fn fixed(name: Name, latest: bool, dir: &Path) -> Result<(Package, PathBuf), Error> {
    let pinned = pin(name);
    let package = if latest {
        newest(&pinned.name)?
    } else if is_complete(&folder_of(dir, &pinned), &stamp(&pinned)) {
        pinned
    } else {
        choose(pinned, dir)?
    };
    let tree = folder_of(dir, &package);
    complete(&tree, &stamp(&package), |part| {
        let deb = debian::fetch(&package, dir)?;
        debian::unpack(&package, &deb, part)?;
        debian::remove(&deb)
    })?;
    Ok((package, tree))
}

/// The pinned version where it can be had, else what apt offers, with a word.
fn choose(pinned: Package, dir: &Path) -> Result<Package, Error> {
    if debian::at_hand(&pinned, dir) {
        return Ok(pinned);
    }
    match debian::offered(&pinned.name, Some(&pinned.version))? {
        Some(offered) if offered.sha256 == pinned.sha256 => Ok(pinned),
        Some(offered) => Err(Error::new(format!(
            "apt offers another {} {} than the one that is pinned (sha256 {}, not {}): `--latest` \
             takes what apt offers",
            pinned.name, pinned.version, offered.sha256, pinned.sha256
        ))),
        None => {
            let package = newest(&pinned.name)?;
            eprintln!(
                "note: {} {} is gone; taking {} instead. Expected verdicts were found on the former",
                pinned.name, pinned.version, package.version
            );
            Ok(package)
        }
    }
}

fn newest(name: &str) -> Result<Package, Error> {
    debian::offered(name, None)?.ok_or_else(|| {
        Error::new(format!(
            "apt does not know {name}: run `apt-get update` as root; the package is in Debian 12 \
             (bookworm, and its security archive)"
        ))
    })
}

/// 6.1 with the repair taken out, beside the fixed tree.
fn unfixed(package: &Package, fixed: &Path) -> Result<PathBuf, Error> {
    let mut name = fixed.as_os_str().to_owned();
    name.push("-unfixed");
    let tree = PathBuf::from(name);
    let stamp = format!("{}patch {}\n", stamp(package), debian::sha256_of(UNFIXED));
    complete(&tree, &stamp, |part| {
        eprintln!("taking the repair out of {}", fixed.display());
        link_all(fixed, part)?;
        patch::parse(UNFIXED)
            .iter()
            .try_for_each(|file| rewrite(file, part))
    })?;
    Ok(tree)
}

/// Makes `tree` with `make` unless it is there already, in a way that may be interrupted anywhere.
fn complete(
    tree: &Path,
    stamp: &str,
    make: impl FnOnce(&Path) -> Result<(), Error>,
) -> Result<(), Error> {
    if is_complete(tree, stamp) {
        return Ok(());
    }
    let stamp_file = stamp_of(tree);
    if tree.exists() && !stamp_file.exists() {
        return Err(Error::new(format!(
            "{} was not made by this task (it has no stamp): move it away",
            tree.display()
        )));
    }
    let part = beside(tree, ".part");
    debian::remove(&part)?;
    debian::remove(tree)?;
    make(&part)?;
    fs::write(&stamp_file, stamp).map_err(|error| Error::io("write", &stamp_file, &error))?;
    fs::rename(&part, tree).map_err(|error| Error::io("rename", &part, &error))
}

fn is_complete(tree: &Path, stamp: &str) -> bool {
    tree.is_dir() && fs::read_to_string(stamp_of(tree)).is_ok_and(|found| found == stamp)
}

fn stamp(package: &Package) -> String {
    format!(
        "{} {}\nsha256 {}\n",
        package.name, package.version, package.sha256
    )
}

fn stamp_of(tree: &Path) -> PathBuf {
    beside(tree, ".stamp")
}

fn folder_of(dir: &Path, package: &Package) -> PathBuf {
    dir.join(format!("linux-{}", package.version))
}

/// The path with an ending added; versions have dots, so `with_extension` will not do.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Makes `to` a copy of `from` that shares the files: no space, and little time.
fn link_all(from: &Path, to: &Path) -> Result<(), Error> {
    fs::create_dir_all(to).map_err(|error| Error::io("create", to, &error))?;
    let entries = fs::read_dir(from).map_err(|error| Error::io("list", from, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| Error::io("list", from, &error))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry
            .file_type()
            .map_err(|error| Error::io("look at", &source, &error))?;
        if kind.is_dir() {
            link_all(&source, &target)?;
        } else if kind.is_symlink() {
            let link = fs::read_link(&source).map_err(|e| Error::io("read", &source, &e))?;
            std::os::unix::fs::symlink(&link, &target)
                .map_err(|error| Error::io("create", &target, &error))?;
        } else {
            fs::hard_link(&source, &target)
                .or_else(|_| fs::copy(&source, &target).map(drop))
                .map_err(|error| Error::io("create", &target, &error))?;
        }
    }
    Ok(())
}

/// Writes the patched text as a new file: the old one is shared with the fixed tree.
fn rewrite(file: &patch::FilePatch, tree: &Path) -> Result<(), Error> {
    let path = tree.join(&file.path);
    let text = fs::read_to_string(&path).map_err(|error| Error::io("read", &path, &error))?;
    let patched = file.apply(&text)?;
    debian::remove(&path)?;
    fs::write(&path, patched).map_err(|error| Error::io("write", &path, &error))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn write(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        fs::write(path, text).expect("written");
    }

    /// A tree of the two files that the patch changes, one that it does not, and a link.
    fn small_tree(dir: &Path) -> PathBuf {
        let tree = dir.join("linux-1.2-3");
        write(&tree.join("Makefile"), "VERSION = 6\n");
        write(
            &tree.join("mm/mm_init.c"),
            "\t    !vmemmap_can_optimize(altmap, pgmap))\n",
        );
        write(
            &tree.join("mm/sparse-vmemmap.c"),
            "\tif (vmemmap_can_optimize(altmap, pgmap))\n",
        );
        std::os::unix::fs::symlink("Makefile", tree.join("Kbuild")).expect("linked");
        tree
    }

    fn package() -> Package {
        Package {
            name: "p".to_owned(),
            version: "1.2-3".to_owned(),
            sha256: "0".to_owned(),
        }
    }

    #[test]
    fn the_unfixed_tree_shares_all_files_but_two() {
        use std::os::unix::fs::MetadataExt as _;
        let dir = tempfile::tempdir().expect("a folder");
        let fixed = small_tree(dir.path());
        let tree = unfixed(&package(), &fixed).expect("made");
        assert_eq!(tree, dir.path().join("linux-1.2-3-unfixed"));
        let inode = |path: PathBuf| fs::symlink_metadata(path).expect("there").ino();
        assert_eq!(inode(tree.join("Makefile")), inode(fixed.join("Makefile")));
        let gate =
            |tree: &Path| fs::read_to_string(tree.join("mm/sparse-vmemmap.c")).expect("read");
        assert!(gate(&fixed).contains("vmemmap_can_optimize"));
        assert!(gate(&tree).contains("pgmap && pgmap_vmemmap_nr(pgmap) > 1 && !altmap)"));
        assert_eq!(
            fs::read_link(tree.join("Kbuild")).expect("a link"),
            Path::new("Makefile")
        );
    }

    #[test]
    fn a_complete_tree_is_reused_and_an_interrupted_one_redone() {
        let dir = tempfile::tempdir().expect("a folder");
        let tree = dir.path().join("linux-1");
        let make = |part: &Path| {
            write(&part.join("Makefile"), "new");
            Ok(())
        };
        let stop = |part: &Path| {
            write(&part.join("half"), "");
            Err(Error::new("interrupted"))
        };
        assert!(complete(&tree, "a\n", stop).is_err());
        assert!(!tree.exists());
        complete(&tree, "a\n", make).expect("made");
        assert!(!tree.join("half").exists());
        complete(&tree, "a\n", stop).expect("reused");
        assert!(
            complete(&tree, "b\n", stop).is_err(),
            "another stamp is another tree"
        );
    }

    #[test]
    fn a_folder_of_someone_else_is_left_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let tree = small_tree(dir.path());
        let refused = complete(&tree, "a\n", |_| Ok(())).expect_err("not ours");
        assert!(refused.to_string().contains("move it away"), "{refused}");
        assert!(tree.join("Makefile").exists());
    }

    /// On the real tree, where one is there.
    #[test]
    fn the_patch_fits_the_pinned_tree() {
        let Ok(dir) = folder(None) else { return };
        let tree = folder_of(&dir, &pin(Name::V6_1));
        if !tree.is_dir() {
            // Straight to the stream: what macros print is shown only where a test fails.
            let word = format!(
                "SKIPPED, no {}: `cargo xtask tree 6.1` brings it\n",
                tree.display()
            );
            std::io::stderr().write_all(word.as_bytes()).expect("said");
            return;
        }
        for file in patch::parse(UNFIXED) {
            let text = fs::read_to_string(tree.join(&file.path)).expect("read");
            let patched = file.apply(&text).expect("fits");
            assert!(
                patched.contains("is_power_of_2(sizeof(struct page))"),
                "{}",
                file.path
            );
        }
    }
}
