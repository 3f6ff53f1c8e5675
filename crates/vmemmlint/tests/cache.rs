//! Answers that are kept between runs, as a user meets them.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

const TREE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/unfixed");

/// Longer than a tree must be left alone before an answer is kept.
const SETTLED: Duration = Duration::from_secs(5);

fn run(arguments: &[&str], tree: &Path) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vmemmlint"));
    command.args(arguments).arg(tree);
    command.env_clear().stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Whether the timings tell that files were indexed.
fn looked(told: &str) -> bool {
    told.contains("read and index")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a test reads what it wants")]
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).unwrap();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test reads what it wants")]
fn kept(cache: &Path) -> Vec<PathBuf> {
    let folder = cache.join("answers");
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_second_check_is_the_first_ones_answer_until_something_changes() {
    let folder = tempfile::tempdir().unwrap();
    let (tree, cache) = (folder.path().join("linux"), folder.path().join("cache"));
    copy(Path::new(TREE), &tree);
    let place = cache.to_str().unwrap().to_owned();
    let check = |more: &[&str]| {
        let words = ["check", "--timings", "--cache-dir", &place];
        run(&[&words, more].concat(), &tree)
    };
    let (_, first, told) = check(&[]);
    assert!(looked(&told));
    assert_eq!(
        kept(&cache).len(),
        0,
        "a tree that was just written may change unseen"
    );
    sleep(SETTLED);
    let (_, again, _) = check(&[]);
    let (code, known, told) = check(&[]);
    assert_eq!((code, &again, &known), (Some(1), &first, &first));
    assert!(!looked(&told), "{told}");
    // Another way to print it is the same answer, another question is not; and nobody has to use it.
    let (_, json, told) = check(&["--format", "json"]);
    assert!(!looked(&told) && json.starts_with('{'));
    assert!(looked(&check(&["--arch", "x86"]).2));
    assert!(looked(&check(&["--no-cache"]).2));
    assert_eq!(kept(&cache).len(), 2);

    // A damaged answer is none, and is written again.
    let damaged: Vec<PathBuf> = kept(&cache);
    for file in &damaged {
        fs::write(file, "vmemmlint answer 1\nnonsense").unwrap();
    }
    let (_, again, told) = check(&[]);
    assert!(looked(&told) && again == first);
    assert!(!looked(&check(&[]).2));

    let sink = tree.join("mm/sparse-vmemmap.c");
    let mut text = fs::OpenOptions::new().append(true).open(&sink).unwrap();
    std::io::Write::write_all(&mut text, b"/* touched */\n").unwrap();
    drop(text);
    let (_, again, told) = check(&[]);
    assert!(looked(&told) && again == first);
}

#[test]
fn the_cache_is_shown_pruned_and_cleared_and_nothing_else_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let answers = cache.join("answers");
    fs::create_dir_all(&answers).unwrap();
    let answer = answers.join("0123456789abcdef0123456789abcdef");
    let mine = answers.join("mine.txt");
    fs::write(&answer, "damaged").unwrap();
    fs::write(&mine, "mine").unwrap();
    let told = |task: &str| {
        let (code, out, err) = run(&["cache", task, "--cache-dir"], &cache);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        out
    };
    assert!(told("show").contains("1 answer,"), "{}", told("show"));
    assert!(told("prune").starts_with("removed 1 answer\n"));
    assert!(!answer.exists());
    fs::write(&answer, "").unwrap();
    let cleared = told("clear");
    assert!(cleared.starts_with("removed 1 answer\n") && cleared.contains("0 answers, 0 KiB"));
    assert!(!answer.exists() && mine.exists());
    let nothing = folder.path().join("none");
    let (code, out, _) = run(&["cache", "--cache-dir"], &nothing);
    assert!(code == Some(0) && out.contains("0 answers"), "{out}");
    assert!(!nothing.exists(), "to look makes nothing");
    let file = mine.to_str().unwrap();
    let (code, out, err) = run(&["check", "--cache-dir", file], Path::new(TREE));
    assert_eq!(
        (code, out.as_str(), err.lines().count()),
        (Some(2), "", 1),
        "{err}"
    );
}
