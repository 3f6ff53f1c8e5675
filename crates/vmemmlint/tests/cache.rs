//! Answers that are kept between runs, as a user meets them.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

const TREE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/unfixed");

/// Longer than a file must be left alone before its state is known.
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
fn read(place: &Path) -> String {
    fs::read_to_string(place).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a test reads what it wants")]
fn kept_on(cache: &Path, shelf: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(cache.join(shelf)).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn kept(cache: &Path) -> Vec<PathBuf> {
    kept_on(cache, "answers")
}

/// A copy of the tree, and a cache for it.
struct Trial {
    folder: tempfile::TempDir,
}

impl Trial {
    fn new() -> Trial {
        let folder = tempfile::tempdir().unwrap();
        copy(Path::new(TREE), &folder.path().join("linux"));
        Trial { folder }
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join("linux").join(path)
    }

    fn append(&self, path: &str, text: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        let mut file = fs::OpenOptions::new();
        let mut file = file.append(true).create(true).open(self.at(path)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn check(&self, more: &[&str]) -> (Option<i32>, String, String) {
        let cache = self.cache();
        let words = ["check", "--timings", "--cache-dir", cache.to_str().unwrap()];
        run(&[&words, more].concat(), &self.at(""))
    }
}

#[test]
fn a_second_check_is_the_first_ones_answer() {
    let trial = Trial::new();
    let (_, first, told) = trial.check(&[]);
    assert!(looked(&told));
    // Files that were just written are looked at again, those that were left alone are not.
    for _ in 0..2 {
        let (code, known, told) = trial.check(&[]);
        assert_eq!((code, &known), (Some(1), &first));
        assert!(!looked(&told), "{told}");
        sleep(SETTLED);
    }
    // Another way to print it is the same answer, another question is not; and nobody has to use it.
    let (_, json, told) = trial.check(&["--format", "json"]);
    assert!(!looked(&told) && json.starts_with('{'));
    assert!(looked(&trial.check(&["--arch", "x86"]).2));
    assert!(looked(&trial.check(&["--no-cache"]).2));

    // A damaged answer is none, and is written again.
    for file in &kept(&trial.cache()) {
        fs::write(file, "vmemmlint cache 3\nnonsense").unwrap();
    }
    let (_, again, told) = trial.check(&[]);
    assert!(looked(&told) && again == first);
    assert!(!looked(&trial.check(&[]).2));
}

#[test]
fn an_answer_holds_until_something_changes_that_it_rests_on() {
    let trial = Trial::new();
    let (_, first, _) = trial.check(&[]);
    let holds = |why: &str| {
        let (_, again, told) = trial.check(&[]);
        assert!(!looked(&told) && again == first, "{why}");
    };
    let is_looked_for = |why: &str| {
        let (_, found, told) = trial.check(&[]);
        assert!(looked(&told), "{why}");
        found
    };
    trial.append(
        "drivers/net/far.c",
        "void far_probe(void) { far_init(); }\n",
    );
    holds("a new file of which nobody asked");
    trial.append(
        "Documentation/sink.c",
        "void f(void) { sparse_add_section(); }\n",
    );
    holds("a file that is not of the kernel");
    fs::remove_file(trial.at("drivers/net/far.c")).unwrap();
    holds("it is gone again");
    let sink = trial.at("mm/sparse-vmemmap.c");
    let text = read(&sink);
    fs::write(&sink, &text).unwrap();
    holds("the same text, written anew");

    trial.append("mm/sparse-vmemmap.c", "/* touched */\n");
    holds("what nobody saw of a file that was read");
    trial.append("mm/sparse-vmemmap.c", "static int touched;\n");
    assert_eq!(is_looked_for("what was seen of it"), first);
    fs::write(&sink, &text).unwrap();
    holds("what was known of another state is still known");
    trial.append("mm/Makefile", "obj-y += far.o\n");
    trial.append(
        "mm/far.c",
        "void far_init(void)\n{\n\tvmemmap_populate_compound_pages(0, 0, 0, 0, &far_pgmap);\n}\n",
    );
    is_looked_for("a new call of what was asked for");
    trial.append("mm/Makefile.more", "");
    is_looked_for("a makefile more");
}

#[test]
fn files_whose_words_are_known_are_not_read_for_words_again() {
    let trial = Trial::new();
    let read = |told: &str| {
        let end = told.rfind(" files,").unwrap();
        let number = told[..end].rsplit(' ').next().unwrap();
        number.parse::<usize>().unwrap()
    };
    let all = read(&trial.check(&[]).2);
    assert!(all > 10);
    sleep(SETTLED);
    trial.append("mm/sparse-vmemmap.c", "static int touched;\n");
    let (_, found, told) = trial.check(&[]);
    assert_eq!(read(&told), 1);
    assert_eq!(found, trial.check(&["--no-cache"]).1);
    // In another place the files are read, but their words are known.
    let other = Trial::new();
    fs::rename(trial.cache(), other.cache()).unwrap();
    assert_eq!(read(&other.check(&["--arch", "x86"]).2), 0);
    for index in kept_on(&other.cache(), "indexes") {
        fs::write(index, "damaged").unwrap();
    }
    assert_eq!(read(&other.check(&["--arch", "riscv"]).2), all);
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
    assert!(told("show").contains("1 answer, 1 KiB"), "{}", told("show"));
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

#[test]
fn a_comment_that_accepts_is_seen_wherever_it_is_put() {
    let trial = Trial::new();
    let path = "mm/sparse-vmemmap.c";
    let text = read(&trial.at(path));
    let (_, first, _) = trial.check(&[]);
    assert!(!first.contains("accepted"));
    let call = "\t\trc = vmemmap_populate_compound_pages(";
    assert!(text.contains(call));
    let comment = "\t\t/* vmemmlint: allow(unselected) on arm64: known */\n";
    fs::write(
        trial.at(path),
        text.replace(call, &format!("{comment}{call}")),
    )
    .unwrap();
    let (code, accepted, _) = trial.check(&[]);
    assert_eq!(code, Some(1));
    assert!(accepted.contains(" 1 accepted; "), "{accepted}");
    // Another word in it is another comment.
    let other = comment.replace("arm64", "x86");
    fs::write(
        trial.at(path),
        text.replace(call, &format!("{other}{call}")),
    )
    .unwrap();
    let (_, unused, _) = trial.check(&[]);
    assert!(unused.contains("accepts no finding"), "{unused}");
    fs::write(trial.at(path), &text).unwrap();
    assert_eq!(trial.check(&[]).1, first);
    // A file that nobody looked at has it.
    trial.append(
        "lib/new.c",
        "/* vmemmlint: allow(unselected): nothing here */\n",
    );
    let (_, unused, _) = trial.check(&[]);
    assert!(unused.contains("lib/new.c:1: "), "{unused}");
}

#[test]
fn where_kconfig_says_something_else_to_one_architecture_that_one_is_asked_again() {
    let trial = Trial::new();
    let (_, first, _) = trial.check(&[]);
    let place = trial.at("arch/powerpc/Kconfig");
    let text = read(&place);
    let entry = "config ARCH_SPARSEMEM_ENABLE\n\tdef_bool y\n";
    let edited = text.replace(entry, &format!("{entry}\tdepends on NOSUCH\n"));
    assert_ne!(edited, text);
    fs::write(&place, &edited).unwrap();
    for _ in 0..2 {
        let (_, found, told) = trial.check(&[]);
        // No index is made for that.
        assert!(!looked(&told), "{told}");
        assert_eq!(found, trial.check(&["--no-cache"]).1);
        assert_ne!(found, first);
        sleep(SETTLED);
    }
    // Who asks for what nobody defines looks at the files of all.
    let (_, found, _) = trial.check(&["--rule", "undefined-symbol"]);
    assert!(found.contains("NOSUCH"), "{found}");
    fs::write(&place, &text).unwrap();
    assert_eq!(trial.check(&[]).1, first);
}
