//! `check --watch`: a change of the tree is told without being asked for.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

mod program;

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use program::{name, tree, vmemmlint};

/// Ends a process when the test does, however that is.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_tree_that_changes_is_checked_again() {
    let folder = tree();
    let kconfig = folder.path().join("arch/toy/Kconfig");
    let mut command = vmemmlint(&["check", "--watch", "--no-cache", "--format", "terse"]);
    command.args(["--rule", "stale-select", name(folder.path())]);
    let started = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut started = Ended(started.unwrap());
    let mut told = BufReader::new(started.0.stderr.take().unwrap()).lines();
    let mut lines = BufReader::new(started.0.stdout.take().unwrap()).lines();
    let mut watched = || {
        told.by_ref()
            .map(Result::unwrap)
            .find(|line| line.contains("is watched"))
    };
    assert!(watched().is_some());
    let stale = "config TOY\n\tdef_bool y\n\tselect ARCH_WANT_OPTIMIZE_VMEMMAP\n";
    // What a build makes is of no interest, and a source is.
    std::fs::write(folder.path().join("main.o"), "").unwrap();
    std::fs::write(&kconfig, stale).unwrap();
    let line = lines.next().unwrap().unwrap();
    assert!(
        line.contains("Kconfig:3: warning: stale-select: "),
        "{line}"
    );
    assert!(watched().is_some());
}
