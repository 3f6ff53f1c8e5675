//! The rules of the house that no compiler enforces.
//!
//! A crate imports lower floors only. Some libraries live behind one crate of ours, so that they can
//! be replaced. Every file says first what it is. Every crate has the workspace's lints and licence.
//! No file grows past what can be held in mind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use toml::{Table, Value};

/// The floors, from the ground up. docs/ARCHITECTURE.md explains them.
const FLOORS: &[&[&str]] = &[
    &["text"],
    &["condition", "source"],
    &["kconfig", "kbuild", "csource"],
    &["kernel"],
    &["reach"],
    &["rules"],
    &["report", "series", "ide"],
    &["lsp"],
    &["vmemmlint"],
];

/// Libraries, and the only crates of ours that may use them.
const BEHIND: &[(&str, &[&str])] = &[
    ("tree-sitter", &["csource"]),
    ("tree-sitter-c", &["csource"]),
    ("gix", &["source"]),
    ("petgraph", &["kconfig", "reach"]),
    ("batsat", &["condition"]),
    ("miette", &["report"]),
    ("diffy", &["series"]),
    ("mail-parser", &["series"]),
    ("lsp-server", &["lsp"]),
    ("gen-lsp-types", &["lsp"]),
];

/// The longest source file, in lines.
const LONGEST: usize = 700;

/// Says what is untidy below `root`.
pub(crate) fn run(root: &Path) -> ExitCode {
    let complaints = complaints(root);
    for complaint in &complaints {
        println!("{complaint}");
    }
    println!("tidy: {} complaints", complaints.len());
    if complaints.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn complaints(root: &Path) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut members = folders(&root.join("crates"));
    members.push(root.join("xtask"));
    for member in members {
        let path = member.join("Cargo.toml");
        match fs::read_to_string(&path).map(|text| text.parse::<Table>()) {
            Ok(Ok(manifest)) => complaints.extend(
                manifest_complaints(&manifest)
                    .into_iter()
                    .map(|complaint| format!("{}: {complaint}", shown(root, &path))),
            ),
            _ => complaints.push(format!("{}: cannot be read", shown(root, &path))),
        }
        for file in rust_files(&member) {
            let text = fs::read_to_string(&file).unwrap_or_default();
            complaints.extend(
                file_complaints(&text)
                    .into_iter()
                    .map(|complaint| format!("{}: {complaint}", shown(root, &file))),
            );
        }
    }
    complaints
}

fn manifest_complaints(manifest: &Table) -> Vec<String> {
    let mut complaints = Vec::new();
    let package = |key: &str| manifest.get("package")?.get(key);
    let name = package("name").and_then(Value::as_str).unwrap_or_default();
    if !inherits(package("license")) {
        complaints.push("needs `license.workspace = true`".to_owned());
    }
    if !inherits(manifest.get("lints")) {
        complaints.push("needs `workspace = true` under [lints]".to_owned());
    }
    if name == "xtask" {
        return complaints;
    }
    let Some(floor) = floor(name) else {
        complaints.push(format!("{name} has no floor in xtask/src/tidy.rs"));
        return complaints;
    };
    for dependency in dependencies(manifest) {
        if let Some(other) = self::floor(&dependency)
            && other >= floor
        {
            complaints.push(format!(
                "{name} (floor {floor}) may not use {dependency} (floor {other}): \
                 a crate imports lower floors only"
            ));
        }
        if let Some((_, users)) = BEHIND.iter().find(|(library, _)| *library == dependency)
            && !users.contains(&name)
        {
            complaints.push(format!(
                "{dependency} is used behind {} only",
                users.join(" and ")
            ));
        }
    }
    complaints
}

/// `license.workspace = true`, or `workspace = true` under `[lints]`.
fn inherits(value: Option<&Value>) -> bool {
    value
        .and_then(|value| value.get("workspace"))
        .and_then(Value::as_bool)
        == Some(true)
}

fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|crates| crates.contains(&name))
}

/// All that a crate needs to be built, tested, or built on some platform.
fn dependencies(manifest: &Table) -> Vec<String> {
    let mut names = Vec::new();
    let mut tables: Vec<&Table> = vec![manifest];
    if let Some(targets) = manifest.get("target").and_then(Value::as_table) {
        tables.extend(targets.values().filter_map(Value::as_table));
    }
    for table in tables {
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(entries) = table.get(section).and_then(Value::as_table) else {
                continue;
            };
            for (key, value) in entries {
                let renamed = value.get("package").and_then(Value::as_str);
                names.push(renamed.unwrap_or(key).to_owned());
            }
        }
    }
    names
}

fn file_complaints(text: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    if !text.starts_with("//!") {
        complaints.push("does not open with a `//!` paragraph".to_owned());
    }
    let lines = text.lines().count();
    if lines > LONGEST {
        complaints.push(format!("has {lines} lines: look for the second idea in it"));
    }
    complaints
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in entries(folder) {
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder)
        .into_iter()
        .filter(|path| path.is_dir())
        .collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(listed) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = listed
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    paths
}

fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .display()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_is_tidy() {
        let complaints = complaints(crate::root());
        assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
    }

    fn check(manifest: &str, expected: &[&str]) {
        let head = "lints.workspace = true\npackage.license.workspace = true\n";
        let manifest = format!("{head}{manifest}").parse().expect("TOML");
        assert_eq!(manifest_complaints(&manifest), expected);
    }

    #[test]
    fn a_crate_may_use_lower_floors_only() {
        check(
            "package.name = 'kernel'\ndependencies.kconfig.workspace = true",
            &[],
        );
        check(
            "package.name = 'kconfig'\ndev-dependencies.kbuild.workspace = true",
            &["kconfig (floor 2) may not use kbuild (floor 2): a crate imports lower floors only"],
        );
        check(
            "package.name = 'other'",
            &["other has no floor in xtask/src/tidy.rs"],
        );
    }

    #[test]
    fn a_library_lives_behind_its_crate() {
        check(
            "package.name = 'csource'\ndependencies.tree-sitter = '0.27'",
            &[],
        );
        check(
            "package.name = 'rules'\ndependencies.graph = { package = 'petgraph', version = '0' }",
            &["petgraph is used behind kconfig and reach only"],
        );
    }

    #[test]
    fn a_file_says_what_it_is_and_stays_short() {
        assert!(file_complaints("//! What.\n").is_empty());
        assert_eq!(
            file_complaints(&"fn main() {}\n".repeat(LONGEST + 1)).len(),
            2
        );
    }
}
