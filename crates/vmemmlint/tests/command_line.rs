//! The program as a shell sees it: exit codes, and what goes to which stream.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn vmemmlint(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vmemmlint"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = vmemmlint(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// A directory that has what the top of a kernel tree has.
fn tree() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| std::fs::write(folder.path().join(path), text).unwrap();
    std::fs::create_dir_all(folder.path().join("arch/toy")).unwrap();
    write("Kconfig", "source \"arch/$(SRCARCH)/Kconfig\"\n");
    write("Makefile", "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 0\n");
    write("arch/toy/Kconfig", "config TOY\n\tdef_bool y\n");
    folder
}

fn name(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn help_teaches_and_documents_the_exit_codes() {
    for arguments in [&["--help"][..], &["check", "--help"], &["check", "-h"]] {
        let (code, out, err) = run(arguments);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        assert!(
            out.contains("Examples:") && out.contains("Exit codes:"),
            "{out}"
        );
    }
}

#[test]
fn usage_errors_exit_2() {
    for arguments in [
        &[][..],
        &["chekc"],
        &["check", "--threads", "0"],
        &["check", "a", "b"],
    ] {
        let (code, out, err) = run(arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(err.contains("Usage:") || err.contains("--help"), "{err}");
    }
}

#[test]
fn what_is_no_kernel_tree_is_one_error_of_one_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Kconfig"), "").unwrap();
    let (code, out, err) = run(&["check", name(folder.path())]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    let expected = "is not the top of a kernel tree: it has no Makefile, arch/\n";
    assert!(
        err.starts_with("vmemmlint: error: ") && err.ends_with(expected),
        "{err}"
    );

    for path in ["/no/such\x1btree", name(&folder.path().join("Kconfig"))] {
        let (code, out, err) = run(&["check", path]);
        assert_eq!((code, out.as_str()), (Some(2), ""));
        assert!(err.starts_with("vmemmlint: error: cannot open ") && err.lines().count() == 1);
        assert!(!err.contains('\x1b'));
    }
}

#[test]
fn an_unknown_architecture_is_answered_with_those_that_exist() {
    let tree = tree();
    let (code, out, err) = run(&["check", name(tree.path()), "--arch", "ppc"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(
        err.contains("ppc") && err.contains("toy") && err.lines().count() == 1,
        "{err}"
    );
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let tree = tree();
    let mut child = vmemmlint(&["check", "--format", "json", name(tree.path())])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_ne!(output.status.code(), Some(101));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
