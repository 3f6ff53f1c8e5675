//! Paths inside a tree.

/// A path relative to the top of a tree, with `/` between its parts and neither `.` nor `..`.
pub type TreePath = String;

/// `path` without `.`, `..` and doubled slashes; `None` where it is absolute or leads out of the
/// tree. The top itself is the empty path.
///
/// ```
/// assert_eq!(source::normalize("drivers/./dax//../nvdimm/Kconfig").as_deref(), Some("drivers/nvdimm/Kconfig"));
/// assert_eq!(source::normalize("../etc/passwd"), None);
/// ```
#[must_use]
pub fn normalize(path: &str) -> Option<TreePath> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The directory in which `path` lies.
pub(crate) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// The path of what is called `name` in `directory`.
pub(crate) fn join(directory: &str, name: &str) -> TreePath {
    if directory.is_empty() {
        name.to_owned()
    } else {
        format!("{directory}/{name}")
    }
}

/// What the paths of all that lies in `directory` begin with.
pub(crate) fn prefix(directory: &str) -> String {
    join(directory, "")
}

/// The directories above `path`, the highest first, but for the top.
pub(crate) fn above(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(end, _)| &path[..end])
}
