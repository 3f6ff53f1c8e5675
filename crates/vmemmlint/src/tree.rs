//! The tree that the user names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kconfig::Toolchain;
use kernel::{Architecture, Tree};
use rules::CheckError;
use source::{Directory, Listed, Revision, Source};

use crate::arguments::{Subject, Version};
use crate::{Failure, one_line};

/// What every kernel tree has at its top.
const FILES: [&str; 2] = ["Kconfig", "Makefile"];
const DIRECTORY: &str = "arch";

/// Reads the answers of a toolchain. The error is one line.
#[expect(clippy::disallowed_methods, reason = "this is a front end")]
pub(crate) fn toolchain(path: Option<&Path>) -> Result<Toolchain, Failure> {
    let Some(path) = path else {
        return Ok(Toolchain::default());
    };
    let name = one_line(&path.display().to_string());
    let text = std::fs::read_to_string(path).map_err(|e| format!("cannot read {name}: {e}"))?;
    text.parse().map_err(|e| format!("{name}: {e}"))
}

/// Reads the values of a `.config`, without quotes. The error is one line.
pub(crate) fn config(path: Option<&Path>) -> Result<Option<BTreeMap<String, String>>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let bytes = config_text(path)?;
    let values = settings(&String::from_utf8_lossy(&bytes))
        .map(|(symbol, value)| (symbol.to_owned(), value.trim().trim_matches('"').to_owned()))
        .collect();
    Ok(Some(values))
}

/// Reads a `.config`, and refuses what is none. The error is one line.
#[expect(clippy::disallowed_methods, reason = "this is a front end")]
pub(crate) fn config_text(path: &Path) -> Result<Arc<[u8]>, Failure> {
    let name = one_line(&path.display().to_string());
    let bytes = std::fs::read(path).map_err(|e| format!("cannot read {name}: {e}"))?;
    if settings(&String::from_utf8_lossy(&bytes)).next().is_none() {
        return Err(format!("{name} sets no symbol: it is no .config"));
    }
    Ok(bytes.into())
}

fn settings(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines()
        .filter_map(|line| line.strip_prefix("CONFIG_")?.split_once('='))
}

/// The kernel that is asked about, and those of its architectures that are asked for, or all. The error is one line.
pub(crate) fn kernel(subject: &Subject) -> Result<(Tree, Vec<Architecture>), Failure> {
    let Subject { tree, scope } = subject;
    let source = open(tree, &scope.version)?;
    let tree = Tree::open(source).map_err(|e| one_line(&e.to_string()))?;
    let arches = tree.architectures(&scope.arch).map_err(|unknown| {
        let unknown = CheckError::UnknownArch(unknown, tree.architecture_names());
        one_line(&unknown.to_string())
    })?;
    Ok((tree, arches))
}

/// The kernel tree around the current directory, from there: `.`, `..` and so on; `.` where there is none.
pub(crate) fn here() -> PathBuf {
    let mut place = PathBuf::from(".");
    let mut upwards = PathBuf::new();
    let depth = place
        .canonicalize()
        .map_or(0, |here| here.components().count());
    for _ in 0..depth {
        if is_top(&place) {
            return place;
        }
        upwards.push("..");
        place.clone_from(&upwards);
    }
    PathBuf::from(".")
}

/// What may have been meant by a path at which there is no tree.
fn help_where_no_tree(path: &Path, version: &Version) -> String {
    let whole = path.canonicalize().unwrap_or_default();
    if let Some(around) = whole.ancestors().skip(1).find(|place| is_top(place)) {
        return format!("; it is inside of {}", one_line(&around.to_string_lossy()));
    }
    let is_git = whole.join("objects").is_dir() || whole.join(".git").exists();
    if is_git && version.rev.is_none() {
        return "; --rev names a revision of the git repository there".to_owned();
    }
    if path == Path::new(".") {
        return "; name the tree".to_owned();
    }
    String::new()
}

/// Whether a directory has what every kernel tree has at its top.
fn is_top(place: &Path) -> bool {
    let files = FILES.iter().all(|file| place.join(file).is_file());
    files && place.join(DIRECTORY).is_dir()
}

/// Opens the kernel tree at `path`. The error is one line.
pub(crate) fn open(path: &Path, version: &Version) -> Result<Arc<dyn Listed>, Failure> {
    let name = one_line(&version.name(path));
    let failed = |why: String| format!("cannot open {name}: {}", one_line(&why));
    let tree: Arc<dyn Listed> = match &version.rev {
        None => Arc::new(Directory::open(path).map_err(|e| failed(e.to_string()))?),
        Some(rev) => Arc::new(Revision::open(path, rev).map_err(|e| failed(e.to_string()))?),
    };
    whole(tree, path, version)
}

/// Opens a revision of the kernel tree at `path` as [`open`] does, and faster where one that is `like` it is open.
pub(crate) fn revision(
    path: &Path,
    revision: &str,
    like: Option<&Revision>,
) -> Result<Arc<Revision>, Failure> {
    let version = Version::of(revision);
    let opened = match like {
        Some(like) => like.other(revision),
        None => Revision::open(path, revision),
    };
    let opened = opened.map_err(|error| {
        let (name, why) = (version.name(path), error.to_string());
        format!("cannot open {}: {}", one_line(&name), one_line(&why))
    })?;
    whole(Arc::new(opened), path, &version)
}

/// The tree itself, if it has what a kernel has at its top.
fn whole<T: Source + ?Sized>(
    tree: Arc<T>,
    path: &Path,
    version: &Version,
) -> Result<Arc<T>, Failure> {
    let name = one_line(&version.name(path));
    let mut missing: Vec<String> = FILES
        .iter()
        .filter(|file| !tree.is_file(file))
        .map(|file| (*file).to_owned())
        .collect();
    if !tree.is_dir(DIRECTORY) {
        missing.push(format!("{DIRECTORY}/"));
    }
    if missing.is_empty() {
        return Ok(tree);
    }
    let missing = missing.join(", ");
    let help = help_where_no_tree(path, version);
    Err(format!(
        "{name} is not the top of a kernel tree: it has no {missing}{help}"
    ))
}
