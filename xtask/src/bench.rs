//! How long a check takes, beside a search of the same tree.
//!
//! Machines differ and are shared, so what counts is the ratio to `rg` in the same run. It needs `hyperfine` and
//! `rg` (Debian's packages hyperfine and ripgrep), and room for a copy of the tree.

mod revisions;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use clap::Args;
use serde_json::Value;
use walkdir::WalkDir;

use crate::conf::Scratch;
use crate::error::Error;
use crate::verdicts;

/// So many files are touched or edited, as by a series of patches.
const TOUCHED: usize = 20;

/// What is timed.
#[derive(Args, Debug)]
pub(crate) struct Asked {
    /// How often each case is run
    #[arg(long, default_value_t = 5)]
    runs: u32,
    /// Also time a check while files are taken away from a copy of the tree
    #[arg(long)]
    growth: bool,
    /// Also time checks of a git repository's revisions, which is made of the tree in minutes
    #[arg(long)]
    git: bool,
    /// Also time how long cscope takes for its index, which is minutes
    #[arg(long)]
    cscope: bool,
}

/// One line of the table: in words, what is done before each run, the command, and how many times as long as `rg` it
/// may take.
struct Case {
    words: &'static str,
    before: String,
    command: String,
    goal: Option<f64>,
}

/// Times the cases on a tree, and prints the table.
pub(crate) fn run(tree: &str, asked: &Asked) -> Result<ExitCode, Error> {
    let (path, _) = verdicts::find(tree)?;
    let path = fs::canonicalize(&path).map_err(|error| Error::io("find", &path, &error))?;
    let binary = build()?;
    let scratch = Scratch::new("bench")?;
    // What is changed is a copy.
    let copy = scratch.path().join("tree");
    call("cp", &["-a".as_ref(), path.as_os_str(), copy.as_os_str()])?;
    let mut cases = cases(&binary, &copy, scratch.path())?;
    if asked.git {
        cases.extend(revisions::cases(&binary, &copy, scratch.path())?);
    }
    let times = measure(&cases, asked.runs, &scratch.path().join("times.json"))?;
    let rg = times.first().copied().unwrap_or(f64::NAN);
    row(tree, "seconds", "x rg", "goal");
    for (case, time) in cases.iter().zip(&times) {
        let goal = case.goal.map_or(String::new(), |goal| format!("{goal:.1}"));
        timed(case.words, *time, rg, &goal);
    }
    if let (Some(two), Some(one)) = (times.get(1), times.get(2)) {
        row("one thread to all", &format!("{:.2}", one / two), "", "1.7");
    }
    let cache = scratch.path().join("cache");
    let first = peak(&binary, &copy, &scratch.path().join("new"))?;
    row("peak memory of a first check, MB", &first, "", "400");
    let second = peak(&binary, &copy, &scratch.path().join("new"))?;
    row("peak memory of a second, MB", &second, "", "150");
    let index = size(&cache.join("indexes"))?;
    row("index on disk, MB", &format!("{}", index >> 20), "", "60");
    if asked.growth {
        growth(&binary, &copy, (asked.runs, rg), scratch.path())?;
    }
    if asked.cscope {
        let start = Instant::now();
        let mut cscope = Command::new("cscope");
        cscope
            .arg("-bkqR")
            .arg("-f")
            .arg(scratch.path().join("cscope.out"));
        let status = cscope.current_dir(&path).status();
        status.map_err(|error| Error::io("run", Path::new("cscope"), &error))?;
        timed("cscope -bkqR", start.elapsed().as_secs_f64(), rg, "");
    }
    Ok(ExitCode::SUCCESS)
}

fn row(words: &str, value: &str, ratio: &str, goal: &str) {
    println!("{words:36} {value:>8} {ratio:>6} {goal:>6}");
}

fn timed(words: &str, time: f64, rg: f64, goal: &str) {
    row(
        words,
        &format!("{time:.3}"),
        &format!("{:.2}", time / rg),
        goal,
    );
}

fn cases(binary: &Path, tree: &Path, scratch: &Path) -> Result<Vec<Case>, Error> {
    let touched = some_files(tree, &[("mm", 4), ("drivers", TOUCHED - 8), ("fs", 4)])?;
    let quoted = touched.iter().map(|path| format!("'{}'", path.display()));
    let touched = quoted.collect::<Vec<_>>().join(" ");
    let cache = scratch.join("cache");
    let (binary, tree, cache) = (binary.display(), tree.display(), cache.display());
    let kept = format!("'{binary}' check --quiet --cache-dir '{cache}' '{tree}'");
    let case = |words, before: &str, command: String, goal| Case {
        words,
        before: before.to_owned(),
        command,
        goal,
    };
    Ok(vec![
        case(
            "rg -l -tc NAME",
            ":",
            format!("rg -l -tc vmemmap_populate_compound_pages '{tree}'"),
            None,
        ),
        case(
            "check",
            ":",
            format!("'{binary}' check --quiet --no-cache '{tree}'"),
            Some(4.0),
        ),
        case(
            "check, one thread",
            ":",
            format!("'{binary}' check --quiet --no-cache --threads 1 '{tree}'"),
            None,
        ),
        case("check again, nothing changed", ":", kept.clone(), Some(0.4)),
        case(
            "after 20 files were touched",
            &format!("touch {touched}"),
            kept.clone(),
            Some(0.5),
        ),
        case(
            "after 20 files were edited",
            &format!("for f in {touched}; do echo '/* edited */' >> $f; done"),
            kept,
            None,
        ),
    ])
}

/// So many C files of folders, evenly.
fn some_files(tree: &Path, folders: &[(&str, usize)]) -> Result<Vec<PathBuf>, Error> {
    let mut some = Vec::new();
    for (folder, count) in folders {
        let all = c_files(&tree.join(folder))?;
        let step = (all.len() / count).max(1);
        some.extend(all.into_iter().step_by(step).take(*count));
    }
    Ok(some)
}

/// The C files and headers below a folder, sorted.
fn c_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(|error| Error::new(error.to_string()))?;
        let extension = entry.path().extension().and_then(|e| e.to_str());
        if entry.file_type().is_file() && matches!(extension, Some("c" | "h" | "S")) {
            found.push(entry.into_path());
        }
    }
    Ok(found)
}

/// What of a tree stays while it is made smaller: what most checks look into.
const CORE: &[&str] = &["arch", "include", "mm", "kernel", "lib", "init", "block"];

/// Times checks while files are taken away from the tree.
fn growth(binary: &Path, tree: &Path, (runs, rg): (u32, f64), scratch: &Path) -> Result<(), Error> {
    let mut rest: Vec<PathBuf> = c_files(tree)?;
    rest.retain(|path| {
        let inside = path.strip_prefix(tree).unwrap_or(path);
        let top = inside
            .components()
            .next()
            .map(std::path::Component::as_os_str);
        !CORE.iter().any(|core| top == Some(OsStr::new(core)))
    });
    row("size of the tree's C files, MB", "seconds", "x rg", "");
    for step in 0..4 {
        let bytes: u64 = c_files(tree)?.iter().map(|path| length(path)).sum();
        let case = Case {
            words: "",
            before: ":".to_owned(),
            command: format!(
                "'{}' check --quiet --no-cache '{}'",
                binary.display(),
                tree.display()
            ),
            goal: None,
        };
        let times = measure(&[case], runs, &scratch.join("times.json"))?;
        let time = times.first().copied().unwrap_or(f64::NAN);
        timed(&format!("{}", bytes / 1_000_000), time, rg, "");
        if step < 3 {
            let mut stays = false;
            for path in std::mem::take(&mut rest) {
                stays = !stays;
                if stays {
                    rest.push(path);
                } else {
                    fs::remove_file(&path).map_err(|error| Error::io("remove", &path, &error))?;
                }
            }
        }
    }
    Ok(())
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |about| about.len())
}

/// How many bytes the files in a folder have.
fn size(folder: &Path) -> Result<u64, Error> {
    let entries = fs::read_dir(folder).map_err(|error| Error::io("read", folder, &error))?;
    Ok(entries.flatten().map(|entry| length(&entry.path())).sum())
}

fn call(program: &str, arguments: &[&OsStr]) -> Result<(), Error> {
    let status = Command::new(program).args(arguments).status();
    let status = status.map_err(|error| Error::io("run", Path::new(program), &error))?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::new(format!("{program} ended with {status}")))
    }
}

/// Builds the binary in release mode; answers where it is.
pub(crate) fn build() -> Result<PathBuf, Error> {
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
    for case in cases {
        hyperfine.args(["--prepare", &case.before]);
    }
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
fn peak(binary: &Path, tree: &Path, cache: &Path) -> Result<String, Error> {
    let output = Command::new(binary)
        .args(["check", "--quiet", "--timings", "--cache-dir"])
        .args([cache, tree])
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
