//! The kernel's own tests of its Kconfig, `scripts/kconfig/tests`, with our stand-in for `conf`.
//!
//! The tests are Python, run by pytest from the tree as they are; they call whatever stands at
//! `scripts/kconfig/conf` below the folder in which they run.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::Found;
use super::kernel::Kernel;
use crate::error::Error;
use crate::standin;

/// Runs the suite of the tree that `kernel` was built from; gives the tests that ran, too.
pub(super) fn run(kernel: &Kernel) -> Result<(Found, Vec<String>), Error> {
    let tests = kernel.tree.join("scripts/kconfig/tests");
    let answers = kernel.folder.join("answers-suite");
    for folder in folders(&tests)? {
        // The kernel's own conf asks the shell for us; whether it likes the file does not matter.
        let mut conf = Command::new(kernel.folder.join("conf"));
        conf.args(["--alldefconfig", "Kconfig"]);
        conf.current_dir(&kernel.folder).stdin(Stdio::null());
        conf.env("srctree", &folder).env(standin::ANSWERS, &answers);
        output(&mut conf)?;
    }
    let program = kernel.folder.join("scripts/kconfig/conf");
    install(&program)?;
    let mut pytest = pytest()?;
    pytest.args([
        "-m",
        "pytest",
        "-q",
        "-rA",
        "--tb=no",
        "-p",
        "no:cacheprovider",
    ]);
    pytest.arg(&tests).current_dir(&kernel.folder);
    pytest
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env(standin::VERSION, &kernel.version);
    if answers.exists() {
        pytest.env(standin::ANSWERS, &answers);
    }
    let said = output(&mut pytest)?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let of = |word: &str| -> Vec<String> {
        let lines = text.lines().filter_map(|line| line.strip_prefix(word));
        lines.map(case).collect()
    };
    let (passed, mut failed) = (of("PASSED "), of("FAILED "));
    failed.extend(of("ERROR "));
    failed.sort();
    if passed.is_empty() {
        return Err(Error::new(format!("pytest passed nothing: {text}")));
    }
    let found = Found {
        summary: format!("{} tests passed, {} failed", passed.len(), failed.len()),
        differences: failed.clone(),
    };
    Ok((found, [passed, failed].concat()))
}

/// The folders with a Kconfig of their own.
fn folders(tests: &Path) -> Result<Vec<PathBuf>, Error> {
    let (mut found, mut open) = (Vec::new(), vec![tests.to_path_buf()]);
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder);
        for entry in entries
            .map_err(|error| Error::io("read", &folder, &error))?
            .flatten()
        {
            if entry.path().is_dir() {
                open.push(entry.path());
            }
        }
        if folder.join("Kconfig").is_file() {
            found.push(folder);
        }
    }
    found.sort();
    Ok(found)
}

/// A script that calls this program as `conf`.
fn install(program: &Path) -> Result<(), Error> {
    let folder = program.parent().unwrap_or(program);
    fs::create_dir_all(folder).map_err(|error| Error::io("create", folder, &error))?;
    let me = std::env::current_exe().map_err(|error| Error::new(error.to_string()))?;
    let script = format!("#!/bin/sh\nexec '{}' conf \"${{1#--}}\"\n", me.display());
    fs::write(program, script).map_err(|error| Error::io("write", program, &error))?;
    fs::set_permissions(program, fs::Permissions::from_mode(0o755))
        .map_err(|error| Error::io("make executable", program, &error))
}

/// A Python that has pytest.
fn pytest() -> Result<Command, Error> {
    for python in ["python3", "/usr/bin/python3"] {
        let mut asked = Command::new(python);
        asked.args(["-c", "import pytest"]);
        if output(&mut asked).is_ok_and(|output| output.status.success()) {
            return Ok(Command::new(python));
        }
    }
    let help = "pytest is missing: apt-get install python3-pytest, or pip install pytest";
    Err(Error::new(help.to_owned()))
}

fn output(command: &mut Command) -> Result<Output, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    output.map_err(|error| Error::io("run", Path::new(&program), &error))
}

/// `choice test_allyes` for `.../choice/__init__.py::test_allyes - what failed`.
fn case(line: &str) -> String {
    let line = line.split(" - ").next().unwrap_or(line);
    // pytest names files from where it stands.
    let tail = line.rsplit_once("scripts/kconfig/tests/");
    let tail = tail.map_or(line, |(_, tail)| tail);
    tail.replace("/__init__.py::", " ")
}
