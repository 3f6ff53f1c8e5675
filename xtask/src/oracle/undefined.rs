//! The names that we say nobody defines, beside those of the tree's own `scripts/checkkconfigsymbols.py`.
//!
//! The script takes every word behind `CONFIG_` for a use, in comments and in files of any kind, so that it tells of
//! more. What it has more must be of a kind that is not meant; what we have more is a difference.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use source::{Directory, Source};

use super::Found;
use crate::conf::{Scratch, said};
use crate::error::Error;

/// Programs of their own, which ask nothing of the kernel's configuration.
const OTHER_PROGRAMS: [&str; 5] = ["tools/", "samples/", "scripts/", "Documentation/", "usr/"];

pub(super) fn compare(tree: &Path) -> Result<Found, Error> {
    let source = Directory::open(tree).map_err(|error| Error::io("open", tree, &error))?;
    let source: Arc<dyn Source> = Arc::new(source);
    let ours = ours(&source)?;
    let theirs = theirs(tree, &*source)?;
    let mut kinds: BTreeMap<&str, u32> = BTreeMap::new();
    let mut differences = Vec::new();
    for name in ours.iter().filter(|name| !theirs.contains_key(*name)) {
        differences.push(format!("{name} is only ours"));
    }
    let own = defined(&*source);
    for (name, files) in theirs.iter().filter(|(name, _)| !ours.contains(*name)) {
        match kind(name, files, &*source, &own) {
            Some(kind) => *kinds.entry(kind).or_default() += 1,
            None => differences.push(format!("{name} is only the script's: {}", files.join(" "))),
        }
    }
    let common = ours.iter().filter(|name| theirs.contains_key(*name));
    let kinds: Vec<String> = kinds
        .iter()
        .map(|(kind, n)| format!("{n} {kind}"))
        .collect();
    Ok(Found {
        summary: format!(
            "{} names are ours, {} the script's, {} both's; only the script's are {}; {} differ",
            ours.len(),
            theirs.len(),
            common.count(),
            kinds.join(", "),
            differences.len()
        ),
        differences,
    })
}

fn ours(source: &Arc<dyn Source>) -> Result<BTreeSet<String>, Error> {
    let settings = rules::Settings {
        rules: vec!["undefined-symbol".to_owned()],
        ..rules::Settings::default()
    };
    let outcome = rules::check(Arc::clone(source), &settings, &::kernel::Silent);
    let outcome = outcome.map_err(|error| Error::new(error.to_string()))?;
    let names = outcome.findings.iter();
    let names = names.filter_map(|finding| finding.message.split(' ').next());
    Ok(names.map(str::to_owned).collect())
}

/// The names that the script tells, with the files that use them. It asks git what files there are; the tree need be
/// no repository, so that something else answers.
fn theirs(tree: &Path, source: &dyn Source) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let scratch = Scratch::new("undefined")?;
    let (list, git) = (scratch.path().join("list"), scratch.path().join("git"));
    let (paths, _) = source.walk("", &|_| true, &|_| true);
    let paths: Vec<&str> = paths.iter().map(AsRef::as_ref).collect();
    let write = |path: &Path, text: &str| {
        fs::write(path, text).map_err(|error| Error::io("write", path, &error))
    };
    write(&list, &paths.join("\n"))?;
    write(&git, &format!("#!/bin/sh\ncat '{}'\n", list.display()))?;
    fs::set_permissions(&git, fs::Permissions::from_mode(0o755))
        .map_err(|error| Error::io("change", &git, &error))?;
    let path = std::env::var("PATH").unwrap_or_default();
    let told = said(
        Command::new("python3")
            .args(["scripts/checkkconfigsymbols.py", "--no-color"])
            .env("PATH", format!("{}:{path}", scratch.path().display()))
            .current_dir(tree),
    )?;
    let mut found = BTreeMap::new();
    let mut name = "";
    for line in told.lines() {
        match line.strip_prefix("Referencing files: ") {
            Some(files) => {
                let files = files.split(", ").map(str::to_owned).collect();
                found.insert(name.to_owned(), files);
            }
            None => name = line,
        }
    }
    Ok(found)
}

/// Names that code or makefiles define themselves, told apart without our scanner.
fn defined(source: &dyn Source) -> BTreeSet<String> {
    let is_code = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let ends = [".c", ".h", ".S"].iter().any(|end| name.ends_with(end));
        ends || name.starts_with("Makefile") || name.starts_with("Kbuild")
    };
    let (paths, _) = source.walk("", &|_| true, &is_code);
    let mut found = BTreeSet::new();
    for path in paths {
        let text = source.read(&path).unwrap_or_default();
        for line in String::from_utf8_lossy(&text).lines() {
            for (at, _) in line.match_indices("CONFIG_") {
                let before = line[..at].trim_end();
                let rest = &line[at + 7..];
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                let (name, after) = rest.split_at(end.unwrap_or(rest.len()));
                let is_set = ["", "export", "override"].contains(&before.trim_start())
                    && after
                        .trim_start()
                        .trim_start_matches([':', '?', '+'])
                        .starts_with('=');
                let ends = ["define", "undef", "-D"]
                    .iter()
                    .any(|end| before.ends_with(end));
                if ends || is_set {
                    found.insert(name.to_owned());
                }
            }
        }
    }
    found
}

/// Why a name of the script's is not meant; none where it seems to be.
fn kind(
    name: &str,
    files: &[String],
    source: &dyn Source,
    own: &BTreeSet<String>,
) -> Option<&'static str> {
    let kernel = files.iter().filter(|file| {
        let mut others = OTHER_PROGRAMS.iter();
        !others.any(|other| file.starts_with(other))
    });
    let kernel: Vec<&String> = kernel.collect();
    if kernel.is_empty() {
        return Some("of other programs");
    }
    let is_configuration = |file: &&String| {
        file.contains("/configs/") || file.contains("defconfig") || file.ends_with(".config")
    };
    if kernel.iter().all(is_configuration) {
        return Some("of configurations");
    }
    if own.contains(name) {
        return Some("defined by the code itself");
    }
    let asks = |file: &&&String| is_asked(name, file, source);
    kernel
        .iter()
        .find(asks)
        .is_none()
        .then_some("in words or values only")
}

/// Whether some line of a file asks for a name, comments left out.
fn is_asked(name: &str, file: &str, source: &dyn Source) -> bool {
    let text = source.read(file).unwrap_or_default();
    let text = without_comments(&String::from_utf8_lossy(&text));
    let whole = |line: &str, word: &str| {
        line.match_indices(word).any(|(at, _)| {
            let is_word = |c: char| c.is_alphanumeric() || c == '_';
            !line[..at].ends_with(is_word) && !line[at + word.len()..].starts_with(is_word)
        })
    };
    let config = format!("CONFIG_{name}");
    let is_kconfig = file
        .rsplit('/')
        .next()
        .is_some_and(|own| own.starts_with("Kconfig"));
    let is_code = [".c", ".h", ".S"].iter().any(|end| file.ends_with(end));
    text.lines().any(|line| {
        let first = line.trim_start();
        if is_kconfig {
            // A keyword may begin a line of help; quoted words and macros are none.
            let keywords = [
                "depends on",
                "select",
                "imply",
                "if",
                "default",
                "visible if",
            ];
            let asked = keywords.iter().any(|word| first.starts_with(word));
            return asked && !line.contains(['"', '$', '.', ',']) && whole(line, name);
        }
        let directive = first.strip_prefix('#').map(str::trim_start);
        let is_conditional =
            directive.is_some_and(|d| d.starts_with("if") || d.starts_with("elif"));
        let tests = ["IS_ENABLED", "IS_BUILTIN", "IS_MODULE", "IS_REACHABLE"];
        let is_test = tests
            .iter()
            .any(|test| line.contains(&format!("{test}({config})")));
        let is_make = !is_code && first.contains(&format!("$({config})"));
        (is_code && is_conditional && whole(line, &config)) || is_test || is_make
    })
}

fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("/*") {
        out.push_str(&rest[..at]);
        let end = rest[at..].find("*/").map_or(rest.len(), |end| at + end + 2);
        rest = &rest[end..];
    }
    out.push_str(rest);
    let lines = out
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}
