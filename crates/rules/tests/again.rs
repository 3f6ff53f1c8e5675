//! An answer that is given again is the one that would be found out.

#![expect(clippy::unwrap_used, reason = "a test may fail")]
#![expect(
    clippy::disallowed_methods,
    reason = "a test reads and writes what it wants"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kconfig::Library;
use kernel::{Footprint, Silent, Tree};
use rules::{Outcome, Settings};
use source::{Directory, Listed, States};

const MINI: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/unfixed");

/// So many lines are changed, evenly over all files, each in two ways.
const CHANGED: usize = 24;

fn copy(from: &Path, to: &Path, files: &mut Vec<PathBuf>) {
    fs::create_dir_all(to).unwrap();
    let mut entries: Vec<_> = fs::read_dir(from).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &place, files);
        } else {
            fs::copy(entry.path(), &place).unwrap();
            files.push(place);
        }
    }
}

fn check(directory: &Directory) -> (Outcome, Tree) {
    let tree = Tree::open(Arc::new(directory.clone())).unwrap();
    let outcome = rules::check_tree(&tree, &Settings::default(), &Silent).unwrap();
    (outcome, tree)
}

fn holds(directory: &Directory, footprint: &Footprint, states: &States) -> bool {
    let listing = directory.listing().unwrap();
    let changes = listing.changes(states);
    assert!(!changes.is_empty());
    let tree = Tree::open(Arc::new(directory.clone())).unwrap();
    let library = Library::new();
    let models = |arch: &str| {
        let arch = tree.architecture(arch)?;
        let settings = Settings::default();
        Some(Arc::new(rules::model_of(&tree, &library, arch, &settings)))
    };
    footprint.holds(directory, (&listing, &changes), &models)
}

/// Whether a file is one of C.
fn is_code(file: &Path) -> bool {
    file.extension().is_some_and(|e| e == "c" || e == "h")
}

/// Whether a file is one of Kconfig.
fn is_kconfig(file: &Path) -> bool {
    file.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("Kconfig"))
}

/// What is said is that no answer holds that would be another; not, which hold.
#[test]
fn an_answer_that_holds_is_what_a_check_would_find() {
    for of_kind in [is_code, is_kconfig] {
        holds_where_it_is_the_same(of_kind);
    }
}

fn holds_where_it_is_the_same(of_kind: fn(&Path) -> bool) {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    copy(Path::new(MINI), folder.path(), &mut files);
    let directory = Directory::open(folder.path()).unwrap();
    let listing = directory.listing().unwrap();
    let states = listing.states(i64::MAX);
    let (outcome, tree) = check(&directory);
    let footprint = tree.footprint(&listing).unwrap();
    let lines: Vec<(PathBuf, usize)> = files
        .into_iter()
        .filter(|file| of_kind(file))
        .flat_map(|file| {
            let count = fs::read_to_string(&file).unwrap().lines().count();
            (0..count).map(move |line| (file.clone(), line))
        })
        .collect();
    let (mut held, mut same, mut wrong) = (0, 0, Vec::new());
    for (file, line) in lines.iter().step_by(lines.len() / CHANGED) {
        let text = fs::read_to_string(file).unwrap();
        for copies in [0, 2] {
            let numbered = text.lines().enumerate();
            let changed = numbered.flat_map(|(number, text)| {
                let times = if number == *line { copies } else { 1 };
                std::iter::repeat_n(text.to_owned() + "\n", times)
            });
            fs::write(file, changed.collect::<String>()).unwrap();
            let held_on = holds(&directory, &footprint, &states);
            let is_same = check(&directory).0 == outcome;
            let place = file.strip_prefix(folder.path()).unwrap().display();
            if held_on && !is_same {
                wrong.push(format!("{place}:{line}, {copies} times"));
            }
            held += usize::from(held_on);
            same += usize::from(is_same);
        }
        fs::write(file, &text).unwrap();
    }
    assert_eq!(wrong, [""; 0]);
    assert!(
        held > 0 && held < 2 * CHANGED,
        "{held} answers held, {same} were the same"
    );
}
