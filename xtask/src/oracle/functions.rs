//! Does our scanner find the functions that universal-ctags finds, and no others?
//!
//! A function is told by its file, the line of its name, and the name. ctags gives what a macro makes
//! (`SYSCALL_DEFINE3(read, …)`) the macro's name; such lines are compared by their place.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use csource::{BranchId, File};
use source::{Directory, Source};

use super::Found;
use crate::error::Error;

/// What is compared: the code that the rules look at, and enough besides to meet every style.
const FOLDERS: &[&str] = &[
    "mm",
    "kernel",
    "fs",
    "drivers/dax",
    "drivers/nvdimm",
    "include/linux",
];

/// Functions of a file: line and name.
type Functions = BTreeMap<String, BTreeSet<(u32, String)>>;

/// Compares the files of a tree below [`FOLDERS`] and `arch/*/mm`.
pub(super) fn compare(tree: &Path) -> Result<Found, Error> {
    let source = Directory::open(tree).map_err(|error| Error::io("open", tree, &error))?;
    let files = files(&source);
    let theirs = ctags(tree, &files)?;
    let mut count = Count::default();
    let mut differences = Vec::new();
    let none = BTreeSet::new();
    for path in &files {
        let text = source
            .read(path)
            .map_err(|error| Error::new(format!("{path}: {error}")))?;
        let theirs = theirs.get(path).unwrap_or(&none);
        let found = one(&File::new(path, text), theirs, &mut count);
        differences.extend(found.into_iter().map(|line| format!("{path} {line}")));
    }
    let percent = |wrong: u32| 100.0 - 100.0 * f64::from(wrong) / f64::from(count.theirs.max(1));
    Ok(Found {
        summary: format!(
            "{} functions in {} files; {} only ctags', {} only ours, {} without a cause: \
             recall {:.3} %, precision {:.3} %",
            count.theirs,
            files.len(),
            count.only_theirs,
            count.only_ours,
            differences
                .iter()
                .filter(|line| line.ends_with(':'))
                .count(),
            percent(count.only_theirs),
            percent(count.only_ours)
        ),
        differences,
    })
}

#[derive(Default)]
struct Count {
    theirs: u32,
    only_theirs: u32,
    only_ours: u32,
}

/// The differences of one file, with their cause where it shows in the text.
fn one(file: &File, theirs: &BTreeSet<(u32, String)>, count: &mut Count) -> Vec<String> {
    let line_of = |at: u32| file.position(at).line;
    let items = file.items();
    let mut ours = BTreeMap::new();
    let mut generated = BTreeSet::new();
    for function in &items.functions {
        let line = line_of(function.name_span.start);
        ours.insert((line, function.name.to_string()), function);
        if function.maker.is_some_and(|maker| maker.is_sure) {
            generated.insert(line);
        }
    }
    let mut macros: Vec<(u32, String)> = Vec::new();
    for used in &items.macros {
        macros.push((line_of(used.name_span.start), used.name.to_string()));
    }
    let mut differences = Vec::new();
    count.theirs += u32::try_from(theirs.len()).unwrap_or(u32::MAX);
    // A macro that ctags took for the name of the function behind it.
    let mut swallowed = Vec::new();
    for tag in theirs.iter().filter(|tag| !ours.contains_key(*tag)) {
        if generated.contains(&tag.0) {
            continue;
        }
        count.only_theirs += 1;
        let is_macro = macros.contains(tag);
        let cause = if is_macro {
            " a macro without a semicolon"
        } else {
            ""
        };
        if is_macro {
            swallowed.push(tag.0);
        }
        differences.push(format!("{} only ctags':{cause}", tag.1));
    }
    for (tag, function) in ours.iter().filter(|(tag, _)| !theirs.contains(*tag)) {
        if generated.contains(&tag.0) && theirs.iter().any(|(at, _)| *at == tag.0) {
            continue;
        }
        count.only_ours += 1;
        let before = ours
            .range(..tag.clone())
            .next_back()
            .map_or(0, |(other, _)| other.0);
        let cause = if swallowed.iter().any(|at| before < *at && *at < tag.0) {
            " behind a macro without a semicolon"
        } else if function.branch != BranchId::TOP {
            " under a conditional"
        } else {
            ""
        };
        differences.push(format!("{} only ours:{cause}", tag.1));
    }
    differences
}

fn files(source: &Directory) -> Vec<String> {
    let arches = source.list("arch").unwrap_or_default();
    let arches = arches.iter().map(|arch| format!("arch/{arch}mm"));
    let folders = FOLDERS.iter().map(|folder| (*folder).to_owned());
    let wanted = |path: &str| path.ends_with(".c") || path.ends_with(".h");
    let mut files: Vec<String> = folders
        .chain(arches)
        .flat_map(|folder| source.walk(&folder, &|_| true, &wanted).0)
        .collect();
    files.sort_unstable();
    files
}

fn ctags(tree: &Path, files: &[String]) -> Result<Functions, Error> {
    let mut command = Command::new("ctags");
    command
        .args([
            "--languages=C",
            "--langmap=C:+.h",
            "--kinds-C=f",
            "--sort=no",
        ])
        .args(["-x", "--_xformat=%F %n %N", "-L", "-"])
        .current_dir(tree)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let failed = |error: &std::io::Error| Error::io("run", Path::new("ctags"), error);
    let mut child = command.spawn().map_err(|error| failed(&error))?;
    let mut input = child.stdin.take();
    let list = files.join("\n");
    let writer = std::thread::spawn(move || {
        input
            .take()
            .map_or(Ok(()), |mut input| input.write_all(list.as_bytes()))
    });
    let output = child.wait_with_output().map_err(|error| failed(&error))?;
    if !output.status.success() || !matches!(writer.join(), Ok(Ok(()))) {
        return Err(Error::new("ctags ended early".to_owned()));
    }
    let mut found = Functions::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let mut words = line.split(' ');
        if let (Some(path), Some(Ok(line)), Some(name)) =
            (words.next(), words.next().map(str::parse), words.next())
        {
            let of_file = found.entry(path.to_owned()).or_default();
            of_file.insert((line, name.to_owned()));
        }
    }
    Ok(found)
}
