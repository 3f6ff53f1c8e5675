//! Changes real trees in ways whose verdicts are known by construction, and checks them.
//!
//! ```text
//! mutant: 6.12 x86 selects it no more
//! ```
//!
//! A mutant is a few edits laid over a tree ([`source::Layer`]); nothing on disk is touched. For the
//! architectures that it is about every verdict must be as foretold: as the mutant says, and where it says
//! nothing as in the table of the tree itself. The configuration of each finding must be one that `conf` of
//! the kernel accepts, with the Kconfig files as the mutant has them.

mod mutants;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rules::{Outcome, Settings};
use source::{Directory, Layer, Source};

use crate::conf::{self, Scratch};
use crate::error::Error;
use crate::oracle::{self, witness};
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
    path: PathBuf,
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
    let scratch = Scratch::new("mutate")?;
    let conf = conf::build(&scratch.path().join("conf"))?;
    let (next, wrong, start) = (AtomicUsize::new(0), Mutex::new(Vec::new()), Instant::now());
    let accepted = AtomicUsize::new(0);
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some((ground, mutant)) = jobs.get(number) else {
                break;
            };
            let asking = Asking {
                conf: &conf,
                folder: scratch.path().join(number.to_string()),
                accepted: &accepted,
            };
            let differences = match check(ground, mutant, &asking) {
                Ok(differences) => differences,
                Err(error) => vec![error.to_string()],
            };
            let mut wrong = wrong.lock().unwrap_or_else(PoisonError::into_inner);
            for difference in differences {
                wrong.push(format!("{} {}: {difference}", ground.name, mutant.name));
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
        "{} mutants in {} s; conf accepts {} configurations",
        jobs.len(),
        start.elapsed().as_secs(),
        accepted.into_inner()
    );
    let wrong: Vec<String> = wrong.into_iter().collect();
    Ok(oracle::judge("mutants", &[], &wrong))
}

fn ground(name: &'static str) -> Result<Ground, Error> {
    let (path, table) = verdicts::find(name)?;
    let text = fs::read_to_string(&table).map_err(|error| Error::io("read", &table, &error))?;
    let table = verdicts::parse(&text)
        .map_err(|line| Error::new(format!("{}:{line}: no verdict", table.display())))?;
    let directory = Directory::open(&path).map_err(|error| Error::io("open", &path, &error))?;
    Ok(Ground {
        name,
        path: fs::canonicalize(&path).map_err(|error| Error::io("find", &path, &error))?,
        source: Arc::new(directory),
        table,
    })
}

/// How `conf` is asked.
struct Asking<'a> {
    conf: &'a Path,
    folder: PathBuf,
    /// Configurations that it has accepted.
    accepted: &'a AtomicUsize,
}

/// What is not as foretold.
fn check(ground: &Ground, mutant: &Mutant, asking: &Asking<'_>) -> Result<Vec<String>, Error> {
    let source = Arc::new(changed(ground, mutant)?);
    let arches: BTreeSet<&String> = mutant.expect.iter().map(|(_, arch, _)| arch).collect();
    // The rules that a mutant speaks of are asked beside those that always are.
    let named: BTreeSet<&str> = mutant.expect.iter().map(|told| told.0).collect();
    let settings = Settings {
        enabled: named.into_iter().map(str::to_owned).collect(),
        arches: arches.into_iter().cloned().collect(),
        ..Settings::default()
    };
    let outcome = rules::check(source.clone(), &settings, &kernel::Silent)
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
    differences.extend(refused(ground, mutant, (&*source, &outcome), asking)?);
    Ok(differences)
}

/// The settings of findings that `conf` does not keep.
fn refused(
    ground: &Ground,
    mutant: &Mutant,
    (source, outcome): (&dyn Source, &Outcome),
    asking: &Asking<'_>,
) -> Result<Vec<String>, Error> {
    let mut refused = Vec::new();
    let mut asked = BTreeSet::new();
    for finding in outcome.findings.iter().filter(|f| !f.path.is_empty()) {
        // Both sinks often have the same.
        if !asked.insert((&finding.arch, &finding.config)) {
            continue;
        }
        put_kconfig(mutant, source, &asking.folder)?;
        let of = (ground.path.as_path(), finding.arch.as_str());
        let lost = witness::refused(asking.conf, of, &finding.config, &asking.folder)?;
        if lost.is_empty() {
            asking.accepted.fetch_add(1, Ordering::Relaxed);
        }
        let words = |lost: String| format!("{} {}: {lost}", finding.rule, finding.arch);
        refused.extend(lost.into_iter().map(words));
    }
    Ok(refused)
}

/// Writes the Kconfig files that a mutant changes to where `conf` looks before it looks in the tree.
fn put_kconfig(mutant: &Mutant, source: &dyn Source, folder: &Path) -> Result<(), Error> {
    let is_kconfig = |edit: &&Edit| {
        edit.file
            .rsplit('/')
            .next()
            .is_some_and(|name| name.starts_with("Kconfig"))
    };
    fs::create_dir_all(folder).map_err(|error| Error::io("create", folder, &error))?;
    for edit in mutant.edits.iter().filter(is_kconfig) {
        let text = source
            .read(&edit.file)
            .map_err(|error| Error::new(format!("{}: {error}", edit.file)))?;
        let path = folder.join(&edit.file);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| Error::io("create", parent, &error))?;
        }
        fs::write(&path, &text).map_err(|error| Error::io("write", &path, &error))?;
    }
    Ok(())
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
