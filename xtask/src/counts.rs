//! How many instructions fixed jobs take.
//!
//! Times of a shared machine say little; `valgrind --tool=callgrind` counts the same twice, but for some ten thousandths
//! (tables of names are seeded anew by each process). The counts are kept in `xtask/counts.txt`, so that whoever makes
//! a job dearer sees it, and says why. They are of one compiler: with another one nothing is compared.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::bench;
use crate::error::Error;

/// By so much a count may differ without a word.
const ALLOWED: f64 = 0.01;

/// The jobs: what they are called, and the arguments of the program, run at the top of the repository.
const JOBS: &[(&str, &[&str])] = &[
    (
        "check",
        &[
            "check",
            "--quiet",
            "--no-cache",
            "--threads",
            "1",
            "testdata/unfixed",
        ],
    ),
    (
        "check-one-architecture",
        &[
            "check",
            "--quiet",
            "--no-cache",
            "--threads",
            "1",
            "--arch",
            "alpha",
            "testdata/unfixed",
        ],
    ),
    ("arches", &["arches", "--no-cache", "testdata/fixed-macro"]),
    (
        "callers",
        &["callers", "sparse_add_section", "testdata/unfixed"],
    ),
];

/// Counts, and compares with what is kept, or keeps it.
pub(crate) fn run(keep: bool) -> Result<ExitCode, Error> {
    let binary = bench::build()?;
    let compiler = compiler()?;
    let file = crate::root().join("xtask/counts.txt");
    let kept = if keep {
        String::new()
    } else {
        fs::read_to_string(&file).map_err(|error| Error::io("read", &file, &error))?
    };
    let mut lines = kept.lines();
    if !keep && lines.next() != Some(&compiler) {
        println!("nothing compared: the counts are not of {compiler}");
        return Ok(ExitCode::SUCCESS);
    }
    let kept: BTreeMap<&str, f64> = lines
        .filter_map(|line| {
            let (job, count) = line.split_once(' ')?;
            Some((job, count.trim().parse().ok()?))
        })
        .collect();
    let mut text = vec![compiler];
    let mut differ = 0;
    for (job, arguments) in JOBS {
        let count = count(&binary, arguments)?;
        text.push(format!("{job} {count}"));
        let known = kept.get(job).copied();
        let ratio = known.map(|known| count / known);
        let is_other = !keep && ratio.is_none_or(|ratio| (ratio - 1.0).abs() > ALLOWED);
        differ += i32::from(is_other);
        let ratio = ratio.map_or(String::new(), |ratio| format!("{ratio:>7.3}"));
        let mark = if is_other { "  differs" } else { "" };
        println!("{job:24} {count:>14}{ratio}{mark}");
    }
    if keep {
        fs::write(&file, text.join("\n") + "\n")
            .map_err(|error| Error::io("write", &file, &error))?;
        return Ok(ExitCode::SUCCESS);
    }
    println!("{differ} differ");
    Ok(if differ == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn compiler() -> Result<String, Error> {
    let rustc = Path::new("rustc");
    let output = Command::new(rustc).arg("--version").output();
    let output = output.map_err(|error| Error::io("run", rustc, &error))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The instructions that the program takes with some arguments.
fn count(binary: &Path, arguments: &[&str]) -> Result<f64, Error> {
    let valgrind = Path::new("valgrind");
    let output = Command::new(valgrind)
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(binary)
        .args(arguments)
        .current_dir(crate::root())
        .output()
        .map_err(|error| Error::io("run", valgrind, &error))?;
    let told = String::from_utf8_lossy(&output.stderr);
    let collected = told
        .lines()
        .find_map(|line| line.split("Collected : ").nth(1));
    let count = collected.and_then(|count| count.trim().parse().ok());
    count.ok_or_else(|| Error::new(format!("callgrind told no count:\n{told}")))
}
