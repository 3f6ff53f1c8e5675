//! `vmemmlint patch`: what patches do to the answers, before anybody has applied them.

use std::cell::RefCell;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use series::{Input, Series, Transfer};
use source::{Layer, Listed};

use crate::arguments::{Patch, PatchFormat, PatchTelling};
use crate::base::{self, Base};
use crate::cache::Cache;
use crate::engine::Session;
use crate::steps::{Checks, Head, Step, Steps};
use crate::{Failure, one_line, range, timings};

/// More bytes are in no file of patches.
const LARGEST: u64 = 1 << 28;

/// What a folder may hold that is a patch or a box.
const KINDS: [&str; 6] = [".patch", ".diff", ".mbox", ".mbx", ".eml", ".txt"];

pub(crate) fn run(asked: &Patch) -> Result<ExitCode, Failure> {
    let measured = timings::start(&asked.measuring)?;
    let checks = Checks {
        scope: &asked.scope,
        search: &asked.search,
        rules: &asked.rule,
        session: Session::new(
            Cache::of_run(&asked.search.caching)?,
            asked.telling.ending.quiet || is_for_program(&asked.telling),
        ),
        settings: RefCell::default(),
    };
    let code = if asked.git.is_empty() {
        patches(asked, &checks)
    } else {
        let ranges = asked
            .git
            .iter()
            .map(|range| range::as_checkpatch(range))
            .collect();
        let wanted = range::Wanted {
            ranges,
            since: None,
            only_merges: false,
            is_reported: asked.telling.format == PatchFormat::Json,
        };
        match range::steps(&asked.tree, &wanted, &checks)? {
            Some(steps) => steps.told(asked.telling.all, &|_, _| None, |changes| {
                crate::steps::tell(changes, &asked.scope, &asked.telling)
            }),
            None => Ok(0),
        }
    };
    measured.tell()?;
    let code = code.map_err(|why| {
        // Of several lines a program would make several failures.
        let lines: Vec<&str> = why.lines().map(str::trim).collect();
        let is_read = is_for_program(&asked.telling);
        if is_read { lines.join("; ") } else { why }
    });
    if let (Err(why), true) = (&code, asked.telling.ending.nipa) {
        crate::steps::describe(why)?;
    }
    code.map(ExitCode::from)
}

/// Whether a program reads the answer, which takes any word besides for a failure.
fn is_for_program(telling: &PatchTelling) -> bool {
    telling.habits.terse || telling.format != PatchFormat::Human
}

fn patches(asked: &Patch, checks: &Checks<'_>) -> Result<u8, Failure> {
    let transfer = match asked.telling.format {
        PatchFormat::B4 | PatchFormat::B4Review => Transfer::Decoded,
        _ => Transfer::AsSaid,
    };
    let series = Series::read(&inputs(&asked.files, transfer)?);
    if let Some(fault) = series.faults.first() {
        return Err(one_line(&fault.to_string()));
    }
    let notes = notes(&series);
    if series.patches.is_empty() {
        return nothing(asked, &series, &notes);
    }
    let base = base::find(&asked.tree, &asked.scope.version, &series)?;
    tell_apart(&asked.telling, &notes);
    let steps = steps(asked, checks, (&series, &base), notes)?;
    let spots = |at: usize, finding: &rules::Finding| {
        let (patch, applied) = (series.patches.get(at)?, base.applied.get(at)?);
        let spot = series::spot(patch, applied, finding)?;
        let text = |line: &&[u8]| String::from_utf8_lossy(line).into_owned();
        Some(report::changes::Spot {
            line: spot.line.to_string(),
            quoted: spot.quoted.iter().map(text).collect(),
        })
    };
    steps.told(asked.telling.all, &spots, |changes| {
        crate::steps::tell(changes, &asked.scope, &asked.telling)
    })
}

/// Checks the tree without patches, and with each of them.
fn steps(
    asked: &Patch,
    checks: &Checks<'_>,
    (series, base): (&Series, &Base),
    notes: Vec<String>,
) -> Result<Steps, Failure> {
    let first = checks.check(Arc::clone(&base.source))?;
    let mut layer = Layer::over(Arc::clone(&base.source));
    let mut before = first.clone();
    let mut steps = Vec::new();
    for (patch, applied) in series.patches.iter().zip(&base.applied) {
        base::lay(&mut layer, applied);
        let source: Arc<dyn Listed> = Arc::new(layer.clone());
        let after = checks.check(source);
        let after = after.map_err(|why| format!("with {}: {why}", patch.file))?;
        steps.push(Step {
            name: patch.file.clone(),
            title: patch.title.clone(),
            number: patch.number,
            is_merge: false,
            mail: Some(Head {
                from: patch.from.clone(),
                date: patch.date.clone(),
                subject: patch.subject.clone(),
                id: patch.message_id.clone(),
                to: patch.to.clone(),
            }),
            before: std::mem::replace(&mut before, after.clone()),
            after,
        });
    }
    Ok(Steps {
        tree: one_line(&asked.tree.to_string_lossy()),
        noun: "patch",
        base: base.name.clone(),
        before: first,
        all: steps,
        notes,
    })
}

/// Says on standard error what has no place in the report, unless who reads that takes any word for a failure.
fn tell_apart(telling: &PatchTelling, notes: &[String]) {
    let formats = [
        PatchFormat::Terse,
        PatchFormat::Reply,
        PatchFormat::Patchwork,
    ];
    let is_told = telling.habits.terse || formats.contains(&telling.format);
    if is_told && !telling.ending.quiet {
        let mut out = io::stderr().lock();
        for note in notes {
            let _ = writeln!(out, "vmemmlint: {}", one_line(note));
        }
    }
}

/// What is said where no patch is found. A mail that has none is no fault: b4 review sends the cover letter alone for a
/// series, and a list has answers.
fn nothing(asked: &Patch, series: &Series, notes: &[String]) -> Result<u8, Failure> {
    let is_letter =
        series.cover.is_some() || series.skipped.iter().any(|one| !one.subject.is_empty());
    if !is_letter {
        return Err("there is no patch in what was given".to_owned());
    }
    match asked.telling.format {
        PatchFormat::B4Review | PatchFormat::Patchwork => crate::print("[]\n")?,
        PatchFormat::Human if !asked.telling.ending.quiet => {
            let mut out = io::stderr().lock();
            for note in notes {
                let _ = writeln!(out, "vmemmlint: {}", one_line(note));
            }
            let _ = writeln!(out, "vmemmlint: there is no patch to check");
        }
        _ => {}
    }
    Ok(0)
}

/// What is to be said of mails that are not taken.
fn notes(series: &Series) -> Vec<String> {
    let skipped = series.skipped.iter().map(|skipped| {
        let subject = &skipped.subject;
        let of = if subject.is_empty() {
            String::new()
        } else {
            format!(" \"{subject}\"")
        };
        format!("{}{of} is passed over: {}", skipped.file, skipped.reason)
    });
    let mut notes: Vec<String> = skipped.collect();
    if !series.missing.is_empty() {
        let numbers: Vec<String> = series.missing.iter().map(ToString::to_string).collect();
        notes.push(format!(
            "the series is not whole: there is no patch {}",
            numbers.join(", ")
        ));
    }
    notes
}

/// The files that are meant, as their bytes.
fn inputs(files: &[PathBuf], transfer: Transfer) -> Result<Vec<Input>, Failure> {
    let mut inputs = Vec::new();
    let is_stdin = |file: &Path| file == Path::new("-");
    if files.is_empty() || files.iter().any(|file| is_stdin(file)) {
        if io::stdin().is_terminal() {
            let words = "name a file, or a folder, or let the patch come from standard input";
            return Err(words.to_owned());
        }
        let bytes = limited(io::stdin().lock(), "standard input")?;
        inputs.push(("standard input".to_owned(), bytes));
    }
    for file in files.iter().filter(|file| !is_stdin(file)) {
        for file in if file.is_dir() {
            folder(file)?
        } else {
            vec![file.clone()]
        } {
            let name = one_line(&file.to_string_lossy());
            let bytes = limited(open(&file, &name)?, &name)?;
            inputs.push((name, bytes));
        }
    }
    let input = |(name, bytes)| Input {
        name,
        bytes,
        transfer,
    };
    Ok(inputs.into_iter().map(input).collect())
}

#[expect(clippy::disallowed_methods, reason = "this is a front end")]
fn open(file: &Path, name: &str) -> Result<std::fs::File, Failure> {
    std::fs::File::open(file).map_err(|error| format!("cannot read {name}: {error}"))
}

fn limited(from: impl io::Read, name: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = from.take(LARGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("cannot read {name}: {error}"))?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("{name} is too large to be a patch"));
    }
    Ok(bytes)
}

/// The patches in a folder: in the order of its `series`, if it has one; else by name. A Maildir has its mails in two folders.
#[expect(clippy::disallowed_methods, reason = "this is a front end")]
fn folder(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let shown = one_line(&folder.to_string_lossy());
    let failed = |error: io::Error| format!("cannot read {shown}: {error}");
    let list = folder.join("series");
    if list.is_file() {
        let text = std::fs::read(&list).map_err(failed)?;
        let text = String::from_utf8_lossy(&text);
        let names = series::names(&text);
        return Ok(names.map(|name| folder.join(name)).collect());
    }
    let mut files = Vec::new();
    let mails = ["new", "cur"].map(|name| folder.join(name));
    let is_maildir = mails.iter().all(|folder| folder.is_dir());
    let folders = if is_maildir {
        mails.to_vec()
    } else {
        vec![folder.to_path_buf()]
    };
    for folder in folders {
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let is_patch = is_maildir || KINDS.iter().any(|kind| name.ends_with(kind));
            if is_patch && !name.starts_with('.') && path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(format!(
            "{shown} holds no patch: no file there ends in .patch, .diff, .mbox or .eml"
        ));
    }
    Ok(files)
}
