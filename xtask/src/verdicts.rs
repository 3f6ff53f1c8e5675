//! Checks a tree and compares every verdict with the expected ones.
//!
//! ```text
//! # rule arch verdict
//! unselected powerpc flagged
//! ```
//!
//! The rules that a table names are asked. It is complete in both directions: a verdict that nobody expected is a
//! difference too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use clap::ValueEnum as _;
use serde_json::Value;

use crate::error::Error;
use crate::tree;

/// Rule and architecture, to the verdict's word.
pub(crate) type Table = BTreeMap<(String, String), String>;

/// Runs the check and says what differs.
pub(crate) fn run(tree: &str, expect: Option<PathBuf>) -> Result<ExitCode, Error> {
    let (path, default) = find(tree)?;
    let table = expect.unwrap_or(default);
    let text = fs::read_to_string(&table).map_err(|error| Error::io("read", &table, &error))?;
    let expected = parse(&text).map_err(|line| {
        Error::new(format!(
            "{}:{line}: not `rule arch verdict`",
            table.display()
        ))
    })?;
    let report = check(&path, &expected)?;
    let found = verdicts(&report)?;
    let differences = compare(&expected, &found);
    for difference in &differences {
        println!("{difference}");
    }
    let version = report["tree"]["kernel_version"]
        .as_str()
        .unwrap_or("of unknown version");
    println!(
        "{tree} ({version}): {} verdicts, {} differ from {}",
        found.len(),
        differences.len(),
        table.display()
    );
    Ok(if differences.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The tree, and the table that belongs to it.
pub(crate) fn find(tree: &str) -> Result<(PathBuf, PathBuf), Error> {
    if let Ok(name) = tree::Name::from_str(tree, false) {
        let place = tree::Place {
            dir: tree::folder(None)?,
            latest: false,
        };
        let table = crate::root()
            .join("xtask/verdicts")
            .join(format!("{tree}.txt"));
        return Ok((tree::bring(name, &place)?, table));
    }
    let path = PathBuf::from(tree);
    let table = PathBuf::from(format!("{}.expected", tree.trim_end_matches('/')));
    Ok((path, table))
}

/// What `vmemmlint check --format json` says of the rules that a table names. Its exit code tells of findings: those
/// are expected.
pub(crate) fn check(tree: &Path, table: &Table) -> Result<Value, Error> {
    let mut command = vmemmlint();
    let rules: BTreeSet<&str> = table.keys().map(|(rule, _)| rule.as_str()).collect();
    let tree = fs::canonicalize(tree).map_err(|error| Error::io("find", tree, &error))?;
    command
        .arg("check")
        .arg(&tree)
        .args(["--no-cache", "--format", "json"])
        .args(rules.iter().map(|rule| format!("--rule={rule}")))
        .stdin(Stdio::null());
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Error::io("run", Path::new(command.get_program()), &error))?;
    serde_json::from_slice(&output.stdout).map_err(|error| {
        Error::new(format!(
            "vmemmlint ended with {} and without a report: {error}",
            output.status
        ))
    })
}

/// The binary as the environment names it, else built from this workspace.
pub(crate) fn vmemmlint() -> Command {
    if let Some(binary) = std::env::var_os("VMEMMLINT_BIN") {
        return Command::new(binary);
    }
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(crate::root());
    cargo.args([
        "run",
        "--quiet",
        "--release",
        "--package",
        "vmemmlint",
        "--",
    ]);
    cargo
}

fn verdicts(report: &Value) -> Result<Table, Error> {
    let arches = report["arches"]
        .as_array()
        .ok_or_else(|| Error::new("the report has no list `arches`"))?;
    let word = |entry: &Value, key: &str| entry[key].as_str().unwrap_or("?").to_owned();
    Ok(arches
        .iter()
        .map(|entry| {
            (
                (word(entry, "rule"), word(entry, "arch")),
                word(entry, "verdict"),
            )
        })
        .collect())
}

/// Reads `rule arch verdict` lines; the error is the number of the first bad one.
pub(crate) fn parse(text: &str) -> Result<Table, usize> {
    let mut table = Table::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default();
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            [] => {}
            [rule, arch, "flagged" | "clean" | "cannot-reach" | "unknown"] => {
                let key = (rule.to_owned(), arch.to_owned());
                if table.insert(key, words[2].to_owned()).is_some() {
                    return Err(at + 1);
                }
            }
            _ => return Err(at + 1),
        }
    }
    Ok(table)
}

fn compare(expected: &Table, found: &Table) -> Vec<String> {
    let keys: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
    let missing = "nothing".to_owned();
    keys.into_iter()
        .filter(|key| expected.get(key) != found.get(key))
        .map(|key| {
            let said = |table: &Table| table.get(key).unwrap_or(&missing).clone();
            format!(
                "{} {}: expected {}, found {}",
                key.0,
                key.1,
                said(expected),
                said(found)
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_go_both_ways() {
        let expected = parse("# a table\nr a clean\nr b flagged # why\n").expect("a table");
        let found = parse("r a unknown\nr c clean\n").expect("a table");
        assert_eq!(
            compare(&expected, &found),
            [
                "r a: expected clean, found unknown",
                "r b: expected flagged, found nothing",
                "r c: expected nothing, found clean",
            ]
        );
    }

    #[test]
    fn a_bad_line_is_named() {
        assert_eq!(parse("r a clean\nr a maybe\n"), Err(2));
        assert_eq!(parse("r a clean\nr a clean\n"), Err(2));
    }

    #[test]
    fn every_committed_table_can_be_read() {
        for folder in ["xtask/verdicts", "testdata"] {
            for entry in fs::read_dir(crate::root().join(folder)).expect("listed") {
                let path = entry.expect("listed").path();
                let table = path
                    .extension()
                    .is_some_and(|end| end == "txt" || end == "expected");
                if path.is_file() && table {
                    let text = fs::read_to_string(&path).expect("read");
                    assert!(
                        parse(&text).is_ok_and(|table| !table.is_empty()),
                        "{path:?}"
                    );
                }
            }
        }
    }
}
