//! Do our Conditions say that exactly those objects are built that make would build?
//!
//! `make ARCH=… defconfig` and `allmodconfig` configure a folder outside of the tree; then make reads
//! the makefiles of every directory, as it does in a build, and two makefiles of ours print what it
//! would make there. Nothing is compiled. The compiler that make asks for its options is this
//! machine's, whatever the architecture.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use condition::{Atom, CompareOp, Level, Store};
use kbuild::Kbuild;
use source::{Directory, Source};

use super::Found;
use crate::conf::{said, values};
use crate::error::Error;

const CONFIGURATIONS: [&str; 2] = ["defconfig", "allmodconfig"];

/// An object without its ending, and whether it is linked into the kernel or a module.
type Objects = BTreeSet<(String, char)>;

/// Compares what one architecture of `tree` builds; make works in `folder`.
pub(super) fn compare(tree: &Path, arch: &str, folder: &Path) -> Result<Found, Error> {
    let source = Directory::open(tree).map_err(|error| Error::io("open", tree, &error))?;
    let all = |path: &str| path.ends_with(".c") || path.ends_with(".S");
    let (files, _) = source.walk("", &|dir| dir != "tools", &all);
    let stems: BTreeSet<&str> = files.iter().map(|path| &path[..path.len() - 2]).collect();
    let (mut kbuild, mut store) = (Kbuild::new(&source, Arc::default(), arch), Store::new());
    let mut differences = Vec::new();
    let mut summary = Vec::new();
    for configuration in CONFIGURATIONS {
        let out = folder.join(format!("{arch}-{configuration}"));
        let theirs = theirs(tree, arch, configuration, &out)?;
        let config = out.join(".config");
        let config =
            fs::read_to_string(&config).map_err(|error| Error::io("read", &config, &error))?;
        let values = values(&config);
        let mut value = |atom: Atom| match atom {
            Atom::Symbol { name, level } => {
                let wanted = if level == Level::Yes { "y" } else { "m" };
                Some(values.get(name.as_str()) == Some(&wanted))
            }
            Atom::Compare {
                symbol,
                op: CompareOp::Equal,
                value,
            } => Some(values.get(symbol.as_str()) == Some(&value.as_str())),
            _ => None,
        };
        let (mut ours, mut open) = (Objects::new(), Objects::new());
        for path in &files {
            let built = kbuild.built(&mut store, path);
            for (condition, letter) in [(built.yes, 'Y'), (built.module, 'M')] {
                let object = (path[..path.len() - 2].to_owned(), letter);
                match store.evaluate(condition, &mut value) {
                    Some(true) => _ = ours.insert(object),
                    Some(false) => {}
                    None => _ = open.insert(object),
                }
            }
        }
        let made = |object: &&(String, char)| stems.contains(object.0.as_str());
        let generated = theirs.iter().filter(|object| !made(object)).count();
        summary.push(format!(
            "{configuration} {} objects, {} that only the toolchain decides, {generated} of \
             generated files",
            theirs.len(),
            open.len(),
        ));
        let only_ours = ours.difference(&theirs).map(|object| ("only ours", object));
        let theirs = theirs.iter().filter(made);
        let only_make = theirs
            .filter(|object| !ours.contains(*object) && !open.contains(*object))
            .map(|object| ("only make's", object));
        differences.extend(only_ours.chain(only_make).map(|(whose, (object, letter))| {
            format!("{configuration} {whose}: {letter} {object}")
        }));
    }
    Ok(Found {
        summary: format!("{}; {} differ", summary.join("; "), differences.len()),
        differences,
    })
}

/// What make would build.
fn theirs(tree: &Path, arch: &str, configuration: &str, out: &Path) -> Result<Objects, Error> {
    let lists = out.join("objects");
    fs::create_dir_all(&lists).map_err(|error| Error::io("create", &lists, &error))?;
    for goal in [configuration, "syncconfig"] {
        let mut make = Command::new("make");
        make.arg("-s").arg("-C").arg(tree);
        make.arg(format!("O={}", out.display()));
        said(make.arg(format!("ARCH={arch}")).arg(goal))?;
    }
    let mut make = top_make(tree, out)?;
    make.args([&format!("ARCH={arch}"), "vmemmlint-objects"]);
    let output = make
        .output()
        .map_err(|error| Error::io("run", Path::new("make"), &error))?;
    let objects = listed(&lists)?;
    if output.status.success() && !objects.is_empty() {
        return Ok(objects);
    }
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Error::new(format!(
        "make {configuration} for {arch}: {complaint}"
    )))
}

/// A make with the goals of `top.mk`, in the folder `out` that has a `.config`.
pub(super) fn top_make(tree: &Path, out: &Path) -> Result<Command, Error> {
    for (name, text) in [
        ("top.mk", include_str!("top.mk")),
        ("directory.mk", include_str!("directory.mk")),
    ] {
        let path = out.join(name);
        fs::write(&path, text).map_err(|error| Error::io("write", &path, &error))?;
    }
    let mut make = Command::new("make");
    make.current_dir(out)
        .args(["-rR", "-k", "-j2", "--no-print-directory", "-f", "top.mk"])
        .arg("-I")
        .arg(tree);
    // What the top makefile sets for itself before it reads on.
    make.env("sub_make_done", "1")
        .env("abs_srctree", tree)
        .env("srctree", tree)
        .env("abs_objtree", out)
        .env("VMEMMLINT", out)
        .envs([("Q", "@"), ("quiet", "quiet_"), ("KBUILD_VERBOSE", "0")]);
    make.stdin(Stdio::null());
    Ok(make)
}

/// The objects in the lists that `directory.mk` has written.
fn listed(lists: &Path) -> Result<Objects, Error> {
    let failed = |error: &std::io::Error| Error::io("read", lists, error);
    let mut objects = Objects::new();
    for entry in fs::read_dir(lists).map_err(|error| failed(&error))? {
        let path = entry.map_err(|error| failed(&error))?.path();
        let text = fs::read_to_string(&path).map_err(|error| failed(&error))?;
        for line in text.lines() {
            let (letter, words) = line.split_at(line.len().min(1));
            let stems = words
                .split_whitespace()
                .filter_map(|word| word.strip_suffix(".o"));
            let letter = if letter == "Y" { 'Y' } else { 'M' };
            objects.extend(
                stems
                    .filter_map(source::normalize)
                    .map(|stem| (stem, letter)),
            );
        }
    }
    Ok(objects)
}
