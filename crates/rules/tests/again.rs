//! An answer that is given again is the one that would be found out.

#![expect(clippy::unwrap_used, reason = "a test may fail")]
#![expect(
    clippy::disallowed_methods,
    reason = "a test reads and writes what it wants"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use kconfig::Library;
use kernel::{Footprint, Models, Silent, Tree};
use rules::{ArchOutcomes, Outcome, Settings};
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

fn open(directory: &Directory) -> Tree {
    Tree::open(Arc::new(directory.clone())).unwrap()
}

/// What is found where nothing is known.
fn check(directory: &Directory) -> (Outcome, ArchOutcomes, Tree) {
    let tree = open(directory);
    let nothing: (&ArchOutcomes, &Models<'_>) = (&ArchOutcomes::new(), &|_| None);
    let (outcome, found) = rules::check_rest(&tree, &SETTINGS, nothing, &Silent).unwrap();
    (outcome, found, tree)
}

static SETTINGS: LazyLock<Settings> = LazyLock::new(Settings::default);

/// What is found where it is known what was found for some architectures, and for how many that still holds.
fn check_rest(
    directory: &Directory,
    (footprint, states): (&Footprint, &States),
    mut known: ArchOutcomes,
) -> (Outcome, usize) {
    let listing = directory.listing().unwrap();
    let changes = listing.changes(states);
    assert!(!changes.is_empty());
    let (of_kconfig, library) = (open(directory), Library::new());
    let models = |arch: &str| {
        let arch = of_kconfig.architecture(arch)?;
        let model = rules::model_of(&of_kconfig, &library, arch, &SETTINGS);
        Some(Arc::new(model))
    };
    let stale = footprint.stale(directory, (&listing, &changes), (&models, &|_| true));
    known.retain(|arch, found| stale.as_ref().is_some_and(|stale| found.holds(arch, stale)));
    let (tree, known) = (open(directory), &known);
    let (outcome, found) = rules::check_rest(&tree, &SETTINGS, (known, &models), &Silent).unwrap();
    assert!(found.keys().all(|arch| !known.contains_key(arch)));
    (outcome, known.len())
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
    let [_, some, _] = holds_where_it_is_the_same(is_code);
    assert_eq!(some, 0);
    let [_, some, _] = holds_where_it_is_the_same(is_kconfig);
    assert!(some > 0);
}

/// How often nothing held, some, and all.
fn holds_where_it_is_the_same(of_kind: fn(&Path) -> bool) -> [usize; 3] {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    copy(Path::new(MINI), folder.path(), &mut files);
    let directory = Directory::open(folder.path()).unwrap();
    let listing = directory.listing().unwrap();
    let states = listing.states(i64::MAX);
    let (_, found, tree) = check(&directory);
    let footprint = tree.footprint(&listing).unwrap();
    let lines: Vec<(PathBuf, usize)> = files
        .into_iter()
        .filter(|file| of_kind(file))
        .flat_map(|file| {
            let count = fs::read_to_string(&file).unwrap().lines().count();
            (0..count).map(move |line| (file.clone(), line))
        })
        .collect();
    let (mut held, mut wrong) = ([0; 3], Vec::new());
    for (file, line) in lines.iter().step_by(lines.len() / CHANGED) {
        let text = fs::read_to_string(file).unwrap();
        for copies in [0, 2] {
            let numbered = text.lines().enumerate();
            let changed = numbered.flat_map(|(number, text)| {
                let times = if number == *line { copies } else { 1 };
                std::iter::repeat_n(text.to_owned() + "\n", times)
            });
            fs::write(file, changed.collect::<String>()).unwrap();
            let (told, known) = check_rest(&directory, (&footprint, &states), found.clone());
            let place = file.strip_prefix(folder.path()).unwrap().display();
            if told != check(&directory).0 {
                wrong.push(format!("{place}:{line}, {copies} times"));
            }
            let how_much = match known {
                0 => 0,
                known if known < found.len() => 1,
                _ => 2,
            };
            held[how_much] += 1;
        }
        fs::write(file, &text).unwrap();
    }
    assert_eq!(wrong, [""; 0]);
    assert!(held[0] > 0 && held[2] > 0, "{held:?}");
    held
}
