//! The program as a test runs it.

#![allow(dead_code, reason = "not every test needs it")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

pub(crate) fn vmemmlint(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vmemmlint"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

pub(crate) fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = vmemmlint(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// Runs a program in a place where nobody has settings; answers its exit code and what it said.
pub(crate) fn run_in(
    place: &Path,
    program: &str,
    arguments: &[&str],
) -> (Option<i32>, String, String) {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(place).env_clear();
    #[expect(clippy::disallowed_methods, reason = "git is where the user has it")]
    command.env("PATH", std::env::var_os("PATH").unwrap());
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "A. U. Thor");
        command.env(format!("GIT_{who}_EMAIL"), "author@example.org");
    }
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Runs git, which must succeed, and answers what it said.
pub(crate) fn git(place: &Path, arguments: &[&str]) -> String {
    let (code, out, told) = run_in(place, "git", arguments);
    assert_eq!(code, Some(0), "git {arguments:?}: {told}");
    out.trim_end().to_owned()
}

/// A directory that has what the top of a kernel tree has.
pub(crate) fn tree() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| std::fs::write(folder.path().join(path), text).unwrap();
    std::fs::create_dir_all(folder.path().join("arch/toy")).unwrap();
    write("Kconfig", "source \"arch/$(SRCARCH)/Kconfig\"\n");
    write("Makefile", "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 0\n");
    write("arch/toy/Kconfig", "config TOY\n\tdef_bool y\n");
    folder
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test looks at what was written"
)]
pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test looks at what was written"
)]
pub(crate) fn files_in(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

pub(crate) fn name(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A mini kernel of the repository.
pub(crate) fn mini(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
    path.join(name).to_str().unwrap().to_owned()
}
