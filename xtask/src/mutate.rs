//! Changes real trees in ways whose verdicts are known by construction, and checks them.
//!
//! ```text
//! mutant: 6.12 x86 selects it no more
//! ```
//!
//! A mutant is a few edits laid over a tree ([`source::Layer`]); nothing on disk is touched. For the
//! architectures that it is about every verdict must be as foretold: as the mutant says, and where it says
//! nothing as in the table of the tree itself.

mod mutants;

use std::collections::BTreeSet;
use std::fs;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rules::Settings;
use source::{Directory, Layer, Source};

use crate::error::Error;
use crate::verdicts::{self, Table};

/// The trees that are changed.
const TREES: [&str; 3] = ["6.1", "6.1-unfixed", "6.12"];

/// A changed tree.
pub(crate) struct Mutant {
    /// What was done, in words.
    name: String,
    edits: Vec<Edit>,
    /// Rule, architecture, verdict; `*` where anything may be said.
    expect: Vec<(&'static str, String, &'static str)>,
}

/// `find` stands once in `file` and becomes `put`; where `all` is set, each `find` does. An empty `find`
/// puts at the end.
pub(crate) struct Edit {
    file: String,
    find: String,
    put: String,
    all: bool,
}

/// A tree that is changed, and what is known of it.
pub(crate) struct Ground {
    name: &'static str,
    source: Arc<dyn Source>,
    table: Table,
}

/// Checks every mutant whose name holds `only`.
pub(crate) fn run(only: &str, threads: usize) -> Result<ExitCode, Error> {
    let mut jobs: Vec<(Arc<Ground>, Mutant)> = Vec::new();
    for name in TREES {
        let ground = Arc::new(ground(name)?);
        for mutant in mutants::all(&ground)? {
            if format!("{name} {}", mutant.name).contains(only) {
                jobs.push((ground.clone(), mutant));
            }
        }
    }
    let (next, wrong, start) = (AtomicUsize::new(0), Mutex::new(Vec::new()), Instant::now());
    let work = || {
        while let Some((ground, mutant)) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let differences = match check(ground, mutant) {
                Ok(differences) => differences,
                Err(error) => vec![error.to_string()],
            };
            let mut wrong = wrong.lock().unwrap_or_else(PoisonError::into_inner);
            for difference in differences {
                println!("{} {}: {difference}", ground.name, mutant.name);
                wrong.push(format!("{} {}", ground.name, mutant.name));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(work);
        }
    });
    let wrong: BTreeSet<String> = wrong
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .into_iter()
        .collect();
    println!(
        "{} mutants in {} s, {} not as foretold",
        jobs.len(),
        start.elapsed().as_secs(),
        wrong.len()
    );
    Ok(if wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn ground(name: &'static str) -> Result<Ground, Error> {
    let (path, table) = verdicts::find(name)?;
    let text = fs::read_to_string(&table).map_err(|error| Error::io("read", &table, &error))?;
    let table = verdicts::parse(&text)
        .map_err(|line| Error::new(format!("{}:{line}: no verdict", table.display())))?;
    let directory = Directory::open(&path).map_err(|error| Error::io("open", &path, &error))?;
    Ok(Ground {
        name,
        source: Arc::new(directory),
        table,
    })
}

/// What is not as foretold.
fn check(ground: &Ground, mutant: &Mutant) -> Result<Vec<String>, Error> {
    let source = Arc::new(changed(ground, mutant)?);
    let arches: BTreeSet<&String> = mutant.expect.iter().map(|(_, arch, _)| arch).collect();
    let settings = Settings {
        arches: arches.into_iter().cloned().collect(),
        ..Settings::default()
    };
    let outcome = rules::check(source, &settings, &kernel::Silent)
        .map_err(|error| Error::new(error.to_string()))?;
    let mut differences = Vec::new();
    for verdict in &outcome.verdicts {
        let told = mutant
            .expect
            .iter()
            .find(|(rule, arch, _)| *rule == verdict.rule && *arch == verdict.arch);
        let key = (verdict.rule.clone(), verdict.arch.clone());
        let expected = told.map_or_else(
            || ground.table.get(&key).cloned(),
            |told| Some(told.2.into()),
        );
        let (expected, found) = (expected.unwrap_or_default(), verdict.verdict.word());
        if expected != "*" && expected != found {
            differences.push(format!(
                "{} {} is {found}, not {expected}: {}",
                verdict.rule, verdict.arch, verdict.reason
            ));
        }
    }
    for problem in &outcome.problems {
        differences.push(format!("{}: {}", problem.place.file, problem.message));
    }
    Ok(differences)
}

fn changed(ground: &Ground, mutant: &Mutant) -> Result<Layer, Error> {
    let mut layer = Layer::over(ground.source.clone());
    for edit in &mutant.edits {
        let text = layer
            .read(&edit.file)
            .map_err(|error| Error::new(format!("{}: {error}", edit.file)))?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let count = if edit.find.is_empty() {
            1
        } else {
            text.matches(&edit.find).count()
        };
        if count == 0 || (count > 1 && !edit.all) {
            let (file, find) = (&edit.file, &edit.find);
            return Err(Error::new(format!("{file} has {count} times {find:?}")));
        }
        let text = if edit.find.is_empty() {
            text + &edit.put
        } else {
            text.replace(&edit.find, &edit.put)
        };
        layer.put(&edit.file, text.as_bytes());
    }
    Ok(layer)
}
