//! Revisions of a git repository, as a user asks for them.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod program;

use std::path::Path;

use program::{git, run_in};

const MINI: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/unfixed");

/// A repository whose first commit is the mini kernel, and whose second only changes a file that nobody reads.
fn repository(place: &Path) {
    git(place, &["init", "-q", "-b", "main"]);
    git(place, &["--work-tree", MINI, "add", "-f", "."]);
    git(place, &["commit", "-q", "-m", "mini"]);
    git(place, &["tag", "mini"]);
    git(place, &["reset", "-q", "--hard"]);
    std::fs::write(place.join("COPYING"), "mini").unwrap();
    git(place, &["add", "COPYING"]);
    git(place, &["commit", "-q", "-m", "second"]);
}

#[test]
fn a_revision_is_checked_as_its_files_are() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    repository(place);
    let cache = tempfile::tempdir().unwrap();
    let vmemmlint = |arguments: &[&str]| {
        let program = env!("CARGO_BIN_EXE_vmemmlint");
        let arguments = [arguments, &["--cache-dir", cache.path().to_str().unwrap()]].concat();
        run_in(place, program, &arguments)
    };
    let json = |arguments: &[&str]| {
        let arguments = [&["check", "--format", "json"], arguments].concat();
        let (code, told, _) = vmemmlint(&arguments);
        assert_eq!(code, Some(1), "{told}");
        let (head, rest) = told.split_once("\"findings\"").unwrap();
        (head.to_owned(), rest.to_owned())
    };
    let (_, here) = json(&["--no-cache", "."]);
    let (head, first) = json(&["--rev", "mini"]);
    assert_eq!(first, here);
    assert!(head.contains(". at mini"), "{head}");
    // What is not checked out does not matter to a revision.
    std::fs::write(place.join("Kconfig"), "").unwrap();
    for revision in ["main", "main~1", "HEAD"] {
        let (code, told, timings) = vmemmlint(&["check", "--timings", "--rev", revision, "."]);
        assert_eq!(code, Some(1), "{told}");
        let read = timings.contains("read and index");
        assert!(
            !read,
            "the answer about its parent was forgotten: {timings}"
        );
    }
    let bare = place.join(".git");
    let (_, other) = json(&["--rev", "main", bare.to_str().unwrap()]);
    assert_eq!(other, here);
    let (code, fragment, _) = vmemmlint(&["witness", "unselected", "arm64", "--rev", "mini"]);
    assert!(
        code == Some(0) && fragment.contains("CONFIG_"),
        "{fragment}"
    );
    let (code, told, _) = vmemmlint(&["explain", "unselected", "--rev", "mini"]);
    assert!(code == Some(0) && told.contains("arm64"), "{told}");
}

#[test]
fn a_revision_that_is_not_there_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    repository(place);
    let check = |arguments: &[&str], expect: &str| {
        let program = env!("CARGO_BIN_EXE_vmemmlint");
        let (code, told, error) = run_in(place, program, arguments);
        assert_eq!(
            (code, told.as_str(), error.lines().count()),
            (Some(2), "", 1),
            "{error}"
        );
        assert!(error.contains(expect), "{error}");
    };
    check(
        &["check", "--rev", "v9.9", "."],
        "cannot open . at v9.9: the repository has no such revision",
    );
    check(&["check", "--rev", "main", "/"], "no git repository: ");
    check(
        &["check", "--rev", "main", "mm"],
        "mm at main is not the top of a kernel tree: it has no ",
    );
    check(
        &["callers", "probe", "--rev", "none", "."],
        "no such revision",
    );
    check(
        &["kconfig", "why", "X", "--rev", "none", "."],
        "no such revision",
    );
    check(
        &["explain", "unselected", "--rev", "none"],
        "no such revision",
    );
}
