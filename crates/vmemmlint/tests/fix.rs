//! `check --diff` and `check --fix`: what is shown, what is written, and what is left alone.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

mod program;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use program::{mini, name, read, run};

/// A copy of a mini kernel, which a test may change.
fn copy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let from = PathBuf::from(mini("unfixed"));
    for (path, text) in texts(&from) {
        let to = folder.path().join(&path);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::write(to, text).unwrap();
    }
    folder
}

/// All files below a directory.
#[expect(
    clippy::disallowed_methods,
    reason = "a test looks at what was written"
)]
fn texts(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut texts = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let inner = path.strip_prefix(folder).unwrap().to_path_buf();
                texts.insert(inner, std::fs::read(&path).unwrap());
            }
        }
    }
    texts
}

const CHANGED: [&str; 2] = ["mm/page_alloc.c", "mm/sparse-vmemmap.c"];

#[test]
fn a_patch_is_shown_and_nothing_is_changed() {
    let tree = copy();
    let before = texts(tree.path());
    let (code, patch, told) = run(&["check", "--no-cache", "--diff", name(tree.path())]);
    assert_eq!(code, Some(1), "{told}");
    assert_eq!(texts(tree.path()), before);
    let headers: Vec<&str> = patch
        .lines()
        .filter(|line| line.starts_with("+++ "))
        .collect();
    assert_eq!(headers, CHANGED.map(|file| format!("+++ b/{file}")));
    assert_eq!(told.lines().count(), 2, "{told}");
    assert!(
        told.contains("mm/sparse-vmemmap.c:149 asks for CONFIG_"),
        "{told}"
    );
    // As others apply it, so do we.
    let file = tree.path().join("fix.patch");
    std::fs::write(&file, patch).unwrap();
    let mut git = Command::new("git");
    let applied = git
        .current_dir(tree.path())
        .args(["apply", "fix.patch"])
        .status();
    assert!(applied.unwrap().success());
    std::fs::remove_file(file).unwrap();
    let patched = texts(tree.path());
    let other = copy();
    let (code, report, told) = run(&["check", "--no-cache", "--fix", name(other.path())]);
    assert_eq!(code, Some(0), "{report}{told}");
    assert_eq!(texts(other.path()), patched);
    let changed = |(path, text): (&PathBuf, &Vec<u8>)| {
        (before.get(path) != Some(text)).then(|| path.to_str().unwrap().to_owned())
    };
    let changed: Vec<String> = patched.iter().filter_map(changed).collect();
    assert_eq!(changed, CHANGED);
    let (code, _, told) = run(&["check", "--no-cache", "--fix", name(other.path())]);
    assert_eq!(
        (code, told.as_str()),
        (Some(0), "vmemmlint: there is nothing to mend\n")
    );
}

#[test]
fn an_architecture_opts_in_where_it_is_named() {
    let tree = copy();
    let tree = name(tree.path());
    let arguments = [
        "check",
        "--no-cache",
        "--diff",
        "--opt-in",
        "arm64,powerpc",
        tree,
    ];
    let (_, patch, told) = run(&arguments);
    assert!(patch.contains("+++ b/arch/arm64/Kconfig\n"), "{patch}");
    assert!(!patch.contains("powerpc/Kconfig"), "{patch}");
    assert!(
        told.contains("powerpc does not opt in: with it no-init-mm is flagged"),
        "{told}"
    );
    let (code, _, told) = run(&["check", "--no-cache", "--diff", "--opt-in", "armv9", tree]);
    assert_eq!(code, Some(2));
    assert!(told.contains("armv9 cannot opt in"), "{told}");
}

#[test]
fn what_cannot_be_changed_is_told_and_nothing_is() {
    let tree = copy();
    let path = tree.path().join(CHANGED[1]);
    let mut rights = path.metadata().unwrap().permissions();
    rights.set_readonly(true);
    std::fs::set_permissions(&path, rights).unwrap();
    let before = texts(tree.path());
    let (code, _, told) = run(&["check", "--no-cache", "--fix", name(tree.path())]);
    assert_eq!(code, Some(2));
    assert!(
        told.contains("cannot change mm/sparse-vmemmap.c: it is read-only"),
        "{told}"
    );
    assert_eq!(texts(tree.path()), before);
    for arguments in [
        &["check", "--fix", "--rev", "HEAD"][..],
        &["check", "--fix", "--diff"],
        &["check", "--diff", "--format", "json"],
        &["check", "--opt-in", "arm64"],
    ] {
        assert_eq!(run(arguments).0, Some(2), "{arguments:?}");
    }
}

#[test]
fn the_report_is_that_of_the_changed_tree() {
    let tree = copy();
    let tree = name(tree.path());
    let (code, report, _) = run(&[
        "check",
        "--no-cache",
        "-q",
        "--fix",
        "--rule",
        "no-init-mm",
        "--format",
        "json",
        tree,
    ]);
    assert_eq!(code, Some(0));
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["findings"], serde_json::json!([]));
    let text = read(&Path::new(tree).join(CHANGED[1]));
    assert!(text.contains("IS_ENABLED(CONFIG_ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP)"));
}
