//! How long a check takes, beside a search of the same tree.
//!
//! Machines differ and are shared, so what counts is the ratio to `rg` in the same run. It needs `hyperfine` and
//! `rg` (Debian's packages hyperfine and ripgrep).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::Value;

use crate::conf::Scratch;
use crate::error::Error;
use crate::verdicts;

/// One line of the table: in words, the command, and how many times as long as `rg` it may take.
struct Case {
    words: &'static str,
    command: String,
    goal: Option<f64>,
}

/// Times the cases on a tree, each so many times, and prints the table.
pub(crate) fn run(tree: &str, runs: u32) -> Result<ExitCode, Error> {
    let (path, _) = verdicts::find(tree)?;
    let path = fs::canonicalize(&path).map_err(|error| Error::io("find", &path, &error))?;
    let binary = build()?;
    let scratch = Scratch::new("bench")?;
    let cases = cases(&binary, &path, scratch.path());
    let times = measure(&cases, runs, &scratch.path().join("times.json"))?;
    let rg = times.first().copied().unwrap_or(f64::NAN);
    println!("{:36} {:>8} {:>6} {:>6}", tree, "seconds", "x rg", "goal");
    for (case, time) in cases.iter().zip(&times) {
        let ratio = time / rg;
        let goal = case.goal.map_or(String::new(), |goal| format!("{goal:.1}"));
        println!("{:36} {time:>8.3} {ratio:>6.2} {goal:>6}", case.words);
    }
    if let (Some(two), Some(one)) = (times.get(1), times.get(2)) {
        println!(
            "{:36} {:>8.2} {:>6} {:>6}",
            "one thread to all",
            one / two,
            "",
            "1.7"
        );
    }
    println!(
        "{:36} {:>8} {:>6} {:>6}",
        "peak memory, MB",
        peak(&binary, &path)?,
        "",
        "400"
    );
    Ok(ExitCode::SUCCESS)
}

fn cases(binary: &Path, tree: &Path, cache: &Path) -> Vec<Case> {
    let (binary, tree, cache) = (binary.display(), tree.display(), cache.display());
    let case = |words, command: String, goal| Case {
        words,
        command,
        goal,
    };
    vec![
        case(
            "rg -l -tc NAME",
            format!("rg -l -tc vmemmap_populate_compound_pages '{tree}'"),
            None,
        ),
        case(
            "check",
            format!("'{binary}' check --quiet --no-cache '{tree}'"),
            Some(4.0),
        ),
        case(
            "check, one thread",
            format!("'{binary}' check --quiet --no-cache --threads 1 '{tree}'"),
            None,
        ),
        case(
            "check again, nothing changed",
            format!("'{binary}' check --quiet --cache-dir '{cache}' '{tree}'"),
            Some(0.4),
        ),
    ]
}

/// Builds the binary in release mode; answers where it is.
fn build() -> Result<PathBuf, Error> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(crate::root());
    cargo.args(["build", "--release", "--package", "vmemmlint"]);
    cargo.arg("--message-format=json-render-diagnostics");
    cargo.stderr(std::process::Stdio::inherit());
    let output = cargo
        .output()
        .map_err(|error| Error::io("run", Path::new(env!("CARGO")), &error))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let executable = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    };
    let binary = text.lines().rev().find_map(executable);
    binary.ok_or_else(|| Error::new(format!("cargo build ended with {}", output.status)))
}

/// The mean seconds of each case.
fn measure(cases: &[Case], runs: u32, json: &Path) -> Result<Vec<f64>, Error> {
    let mut hyperfine = Command::new("hyperfine");
    // A check ends with 1 where there are findings.
    hyperfine.args(["--ignore-failure", "--warmup", "1", "--style", "basic"]);
    hyperfine.args(["--runs", &runs.to_string(), "--export-json"]);
    hyperfine.arg(json);
    hyperfine.args(cases.iter().map(|case| &case.command));
    let status = hyperfine
        .stdout(std::process::Stdio::null())
        .status()
        .map_err(|error| Error::io("run", Path::new("hyperfine"), &error))?;
    if !status.success() {
        return Err(Error::new(format!("hyperfine ended with {status}")));
    }
    let text = fs::read(json).map_err(|error| Error::io("read", json, &error))?;
    let times: Value = serde_json::from_slice(&text)
        .map_err(|error| Error::new(format!("what hyperfine wrote: {error}")))?;
    let results = times["results"].as_array().map_or(&[][..], Vec::as_slice);
    Ok(results
        .iter()
        .filter_map(|result| result["mean"].as_f64())
        .collect())
}

/// The most memory that a check holds, in megabytes, as `--timings` tells.
fn peak(binary: &Path, tree: &Path) -> Result<String, Error> {
    let output = Command::new(binary)
        .args(["check", "--quiet", "--no-cache", "--timings"])
        .arg(tree)
        .output()
        .map_err(|error| Error::io("run", binary, &error))?;
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("peak memory "));
    Ok(line.map_or("?".to_owned(), |rest| {
        rest.trim_end_matches(" MB").to_owned()
    }))
}
