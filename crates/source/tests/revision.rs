//! A revision answers as the directory does that git checks out of it.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use source::{Directory, History, Listed, ReadError, Recorder, Revision, RevisionError, Source};

/// Runs git, which nothing of the machine's or the user's settings changes.
fn git(place: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(place).args(arguments);
    for variable in ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"] {
        command.env(variable, "/dev/null");
    }
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "A. U. Thor");
        command.env(format!("GIT_{who}_EMAIL"), "author@example.org");
    }
    let output = command.stdin(Stdio::null()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {told}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn write(place: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        fs::create_dir_all(place.join(path).parent().unwrap()).unwrap();
        fs::write(place.join(path), text).unwrap();
    }
}

/// A repository with all kinds of things in it.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    git(place, &["init", "-q", "-b", "main"]);
    // Whatever the settings of the user.
    git(place, &["config", "core.autocrlf", "false"]);
    git(place, &["config", "core.attributesFile", "/dev/null"]);
    write(
        place,
        &[
            ("Kconfig", "config A\n"),
            ("mm/slab.c", "int slab;\n"),
            ("mm/deep/a.h", ""),
            ("mm-x/b.c", "int b;\n"),
            ("mm.c", "int mm;\n"),
            (".hidden/x.c", "int x;\n"),
            ("include/new.h", "int new;\n"),
        ],
    );
    let link = |to: &str, at: &str| symlink(to, place.join(at)).unwrap();
    link("deep", "mm/links");
    link("../mm/slab.c", "mm-x/slab.c");
    link("/etc/passwd", "mm-x/passwd");
    link("../..", "mm-x/outside");
    link("loop", "mm-x/loop");
    link("none", "mm-x/dangling");
    link("../mm-x/slab.c", "mm/twice.c");
    git(place, &["add", "-A"]);
    git(place, &["commit", "-q", "-m", "first"]);
    git(place, &["tag", "first"]);
    folder
}

/// Makes what git sees now older than what it notes of it, as it is where people work.
fn settle(place: &Path) {
    // Git compares whole seconds: another one each time.
    static SECONDS: AtomicU64 = AtomicU64::new(100);
    let past = Duration::from_secs(SECONDS.fetch_add(100, Ordering::Relaxed));
    let past = SystemTime::now() - past;
    for path in git(place, &["ls-files"]).lines() {
        let path = place.join(path);
        if fs::symlink_metadata(&path).is_ok_and(|about| about.is_file()) {
            let file = fs::OpenOptions::new().append(true).open(path).unwrap();
            file.set_modified(past).unwrap();
        }
    }
    sleep(Duration::from_millis(50));
    git(place, &["update-index", "--refresh"]);
}

const ASKED: &[&str] = &[
    "",
    "Kconfig",
    "mm",
    "mm/",
    "mm/slab.c",
    "mm/./slab.c",
    "mm/slab.c/x",
    "mm/deep",
    "mm/deep/a.h",
    "mm/links",
    "mm/links/a.h",
    "mm/links/none",
    "mm-x",
    "mm-x/slab.c",
    "mm-x/passwd",
    "mm-x/outside",
    "mm-x/loop",
    "mm-x/loop/x",
    "mm-x/dangling",
    "mm/twice.c",
    ".hidden/x.c",
    "none",
    "none/x",
    "../x",
    "/etc/passwd",
    "mm/../Kconfig",
    "mm/links/../slab.c",
];

#[test]
fn a_revision_answers_as_its_checkout_does() {
    let folder = repository();
    let directory = Directory::open(folder.path()).unwrap();
    let revision = Revision::open(folder.path(), "first").unwrap();
    for path in ASKED {
        let kinds = |tree: &dyn Source| (tree.is_file(path), tree.is_dir(path));
        assert_eq!(kinds(&revision), kinds(&directory), "{path}");
        match directory.read(path) {
            // The system has other words for it.
            Err(ReadError::Io(..)) => {
                assert!(
                    matches!(revision.read(path), Err(ReadError::Io(..))),
                    "{path}"
                );
            }
            read => assert_eq!(revision.read(path), read, "{path}"),
        }
        let list = |tree: &dyn Source| tree.list(path).ok();
        assert_eq!(list(&revision), list(&directory), "{path}");
        let walk = |tree: &dyn Source| {
            let enter = |path: &str| path != ".git" && path != "mm/deep";
            tree.walk(path, &enter, &|path| path != "mm.c").0
        };
        if directory.is_dir(path) && *path != "mm/links" {
            assert_eq!(walk(&revision), walk(&directory), "{path}");
        }
    }
}

#[test]
fn a_revision_stays_what_it_is() {
    let folder = repository();
    let place = folder.path();
    let first = Revision::open(place, "first").unwrap();
    write(place, &[("mm/slab.c", "int changed;\n"), ("mm/new.c", "")]);
    fs::remove_file(place.join("include/new.h")).unwrap();
    assert_eq!(&*first.read("mm/slab.c").unwrap(), b"int slab;\n");
    git(place, &["add", "-A"]);
    git(place, &["commit", "-q", "-m", "second"]);
    let second = Revision::open(place, "main").unwrap();
    assert_eq!(&*second.read("mm/slab.c").unwrap(), b"int changed;\n");
    assert_eq!(second.read("include/new.h"), Err(ReadError::Missing));

    let (before, after) = (first.listing().unwrap(), second.listing().unwrap());
    assert!(before.is_of_objects());
    let changes = after.changes(&before.states(0));
    let mut files: Vec<&str> = changes.files().collect();
    files.sort_unstable();
    assert_eq!(files, ["mm/new.c", "mm/slab.c"]);
    // The header and its directory.
    assert_eq!(changes.gone().len(), 2);
    let again = Revision::open(place, "main~1").unwrap().listing().unwrap();
    assert!(again.changes(&before.states(0)).is_empty());
    assert_eq!(again.states(0).sum(), before.states(0).sum());

    let asked = Recorder::over(Arc::new(first));
    assert!(asked.read("mm/slab.c").is_ok());
    let record = asked.record(&before).unwrap();
    assert!(!record.holds(&second, (&after, &changes), &|_, _| false));
    let asked = Recorder::over(Arc::new(Revision::open(place, "first").unwrap()));
    assert!(asked.read("mm-x/slab.c").is_ok() && asked.read("mm/deep/a.h").is_ok());
    let record = asked.record(&before).unwrap();
    // One of them is what a link leads to.
    assert!(!record.holds(&second, (&after, &changes), &|_, _| false));
}

#[test]
fn a_repository_may_be_bare_and_a_tree_a_part_of_one() {
    let folder = repository();
    let place = folder.path();
    let bare = tempfile::tempdir().unwrap();
    let url = place.to_str().unwrap();
    git(bare.path(), &["clone", "-q", "--bare", url, "linux.git"]);
    let bare = bare.path().join("linux.git");
    git(&bare, &["gc", "-q"]);
    let whole = Revision::open(&bare, "main").unwrap();
    assert_eq!(&*whole.read("mm/slab.c").unwrap(), b"int slab;\n");
    let part = Revision::open(&place.join("mm"), "main").unwrap();
    assert_eq!(part.list("").unwrap(), ["deep/", "slab.c"]);
    assert_eq!(part.read("twice.c"), Err(ReadError::Outside));
    let git_dir = Revision::open(&place.join(".git"), "main").unwrap();
    assert!(git_dir.is_file("mm/slab.c"));
    assert_eq!(
        git_dir.place(),
        Revision::open(place, "first").unwrap().place()
    );
    assert_ne!(git_dir.place(), part.place());
    assert_ne!(git_dir.place(), whole.place());
}

#[test]
fn what_cannot_be_had_is_told_in_one_line() {
    let folder = repository();
    let place = folder.path();
    let check = |place: &Path, revision: &str, expect: &str| {
        let error = Revision::open(place, revision).unwrap_err();
        let told = error.to_string();
        assert!(told.starts_with(expect) && !told.contains('\n'), "{told}");
        error
    };
    check(place, "v9.9", "the repository has no such revision");
    check(
        place,
        "main:Kconfig",
        "this names neither a commit nor a tree",
    );
    check(place, "", "the repository has no such revision");
    check(place, "main..first", "the repository has no such revision");
    check(place, "main~9", "the repository has no such revision");
    check(&place.join("none"), "main", "no git repository: ");
    let outside = tempfile::tempdir().unwrap();
    let error = check(outside.path(), "main", "no git repository: ");
    assert!(matches!(error, RevisionError::NoRepository(_)));
    fs::create_dir(place.join("empty")).unwrap();
    check(
        &place.join("empty"),
        "main",
        "this revision has no directory empty",
    );

    // As in a partial clone, a text is not there.
    let id = git(place, &["rev-parse", "main:mm/slab.c"]);
    fs::remove_file(place.join(".git/objects").join(&id[..2]).join(&id[2..])).unwrap();
    let revision = Revision::open(place, "main").unwrap();
    assert!(revision.is_file("mm/slab.c") && revision.read("mm.c").is_ok());
    let error = revision.read("mm/slab.c").unwrap_err();
    assert!(error.to_string().contains("partial clone"), "{error}");
    assert!(!error.is_lasting());
    let id = git(place, &["rev-parse", "main:mm"]);
    fs::remove_file(place.join(".git/objects").join(&id[..2]).join(&id[2..])).unwrap();
    check(place, "main", "the repository cannot be read: mm: ");
}

#[test]
fn a_clone_without_texts_is_told_once() {
    let folder = repository();
    let place = folder.path();
    for number in 0..200 {
        write(
            place,
            &[(&format!("drivers/{number}.c"), &format!("int n{number};\n"))],
        );
    }
    git(place, &["add", "-A"]);
    git(place, &["commit", "-q", "-m", "many"]);
    git(place, &["config", "uploadpack.allowFilter", "true"]);
    let other = tempfile::tempdir().unwrap();
    let url = format!("file://{}", place.display());
    let filter = ["clone", "-q", "--bare", "--filter=blob:none", &url, "x.git"];
    git(other.path(), &filter);
    let error = Revision::open(&other.path().join("x.git"), "main").unwrap_err();
    let told = error.to_string();
    assert!(
        told.contains("lacks 207 files of this revision, first .hidden/x.c"),
        "{told}"
    );
}

#[test]
fn another_repository_in_a_tree_is_an_empty_directory() {
    let folder = repository();
    let place = folder.path();
    let head = git(place, &["rev-parse", "HEAD"]);
    let module = format!("160000,{head},module");
    git(place, &["update-index", "--add", "--cacheinfo", &module]);
    git(place, &["commit", "-q", "-m", "module"]);
    let revision = Revision::open(place, "HEAD").unwrap();
    assert!(revision.is_dir("module"));
    assert_eq!(revision.list("module").unwrap(), [""; 0]);
    assert!(revision.list("").unwrap().contains(&"module/".to_owned()));
}

#[test]
fn a_checkout_is_in_the_state_of_its_revision() {
    let folder = repository();
    let place = folder.path();
    settle(place);
    let revision = Revision::open(place, "first").unwrap();
    let first = revision.listing().unwrap().states(0);
    let differing = |place: &Path| -> Vec<String> {
        let listing = Directory::open(place).unwrap().listing().unwrap();
        assert!(listing.is_of_objects());
        let changes = listing.changes(&first);
        assert!(changes.gone().is_empty());
        let mut present: Vec<String> = changes.present().map(str::to_owned).collect();
        present.sort_unstable();
        present
    };
    assert_eq!(differing(place), [""; 0]);
    let listing = Directory::open(place).unwrap().listing().unwrap();
    // Nothing of it can change unseen, so it may be held to be known at once.
    assert_eq!(listing.states(i64::MIN + 1).sum(), first.sum());

    write(place, &[("mm/slab.c", "int slob;\n")]);
    assert_eq!(differing(place), ["mm/slab.c"]);
    write(place, &[("mm/slab.c", "int slab;\n")]);
    // Git has not looked at it yet.
    assert_eq!(differing(place), ["mm/slab.c"]);
    settle(place);
    assert_eq!(differing(place), [""; 0]);
    write(place, &[("mm/.hidden", "")]);
    assert_eq!(differing(place), [""; 0]);
    write(place, &[("mm/seen", "")]);
    assert_eq!(differing(place), ["mm", "mm/seen"]);
    fs::remove_file(place.join("mm/seen")).unwrap();

    // What was changed and put back is in the same state, and yet was touched.
    let listed = || Directory::open(place).unwrap().listing().unwrap();
    let before = listed();
    assert!(listed().is_untouched_since(&before));
    write(place, &[("mm/slab.c", "int slob;\n"), ("mm/new.c", "")]);
    write(place, &[("mm/slab.c", "int slab;\n")]);
    fs::remove_file(place.join("mm/new.c")).unwrap();
    settle(place);
    let after = listed();
    assert!(after.changes(&before.states(i64::MAX)).is_empty());
    assert!(!after.is_untouched_since(&before));
    let untouched = |path: &str| after.has_untouched(&before, source::key_of(path));
    assert!(!untouched("mm/slab.c") && !untouched("mm") && untouched("include"));

    // Git marks with a size of 0 what it must look at again; an empty file has that size too.
    git(place, &["update-index", "--assume-unchanged", "mm.c"]);
    write(place, &[("mm.c", "")]);
    assert_eq!(differing(place), ["mm.c"]);
    git(place, &["update-index", "--no-assume-unchanged", "mm.c"]);
    git(place, &["checkout", "-q", "mm.c"]);

    let other = tempfile::tempdir().unwrap();
    let other = other.path().join("other");
    git(place, &["worktree", "add", "-q", other.to_str().unwrap()]);
    settle(&other);
    assert_eq!(differing(&other), [""; 0]);
    let key = |tree: &dyn Listed| tree.place();
    assert_eq!(key(&Directory::open(&other).unwrap()), key(&revision));
}

#[test]
fn where_git_changes_texts_its_index_is_not_heeded() {
    let folder = repository();
    let place = folder.path();
    settle(place);
    let check = |expect: bool| {
        let listing = Directory::open(place).unwrap().listing().unwrap();
        assert_eq!(listing.is_of_objects(), expect);
        if !expect {
            let revision = Revision::open(place, "first").unwrap().listing().unwrap();
            let changes = listing.changes(&revision.states(0));
            assert!(changes.files().any(|path| path == "mm/slab.c"));
        }
    };
    check(true);
    let attributes = |text: &str, expect: bool| {
        write(place, &[("mm/deep/.gitattributes", text)]);
        check(expect);
    };
    attributes(
        "*.c diff=cpp -text\n# *.c text\ntext eol-comment !filter\n",
        true,
    );
    attributes("*.c text\n", false);
    attributes("*.c\t diff=cpp   eol=crlf\r\n", false);
    attributes("[attr]x filter=lfs", false);
    fs::remove_file(place.join("mm/deep/.gitattributes")).unwrap();
    write(place, &[(".git/info/attributes", "*.c ident\n")]);
    check(false);
    write(place, &[(".git/info/attributes", "")]);
    check(true);
    git(place, &["config", "core.autocrlf", "input"]);
    check(false);
    git(place, &["config", "core.autocrlf", "false"]);
    check(true);
    // A setting without a value is true.
    #[expect(clippy::disallowed_methods, reason = "a test reads what it wants")]
    let config = fs::read_to_string(place.join(".git/config")).unwrap();
    fs::write(
        place.join(".git/config"),
        config.clone() + "[core]\n\tautocrlf\n",
    )
    .unwrap();
    check(false);
    fs::write(place.join(".git/config"), config).unwrap();
    check(true);
    // It may be anything.
    symlink("/dev/zero", place.join("mm/.gitattributes")).unwrap();
    check(true);
    fs::remove_file(place.join("mm/.gitattributes")).unwrap();
    let listing = |place: &Path| Directory::open(place).unwrap().listing().unwrap();
    assert!(listing(&place.join("mm")).is_of_objects());
    write(place, &[(".gitattributes", "*.c text\n")]);
    assert!(!listing(&place.join("mm")).is_of_objects());
    git(place, &["add", ".gitattributes"]);
    fs::remove_file(place.join(".gitattributes")).unwrap();
    check(false);
    git(place, &["rm", "-q", "--cached", ".gitattributes"]);
    check(true);
    fs::write(place.join(".git/index"), "DIRCdamaged").unwrap();
    check(false);
}

#[test]
fn a_range_between_annotated_tags_is_what_git_says() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    git(place, &["init", "-q", "-b", "main"]);
    for number in ["1", "2", "3", "4"] {
        write(place, &[("a", number)]);
        git(place, &["add", "a"]);
        git(place, &["commit", "-q", "-m", number]);
        git(place, &["tag", "-a", "-m", number, &format!("v{number}")]);
    }
    let history = History::open(place).unwrap();
    let titles = |range: &str| {
        let commits = history.range(range, None).unwrap();
        let titles = commits.iter().map(|commit| commit.title.clone());
        titles.collect::<Vec<_>>()
    };
    assert_eq!(titles("v2..v4"), ["3", "4"]);
    assert_eq!(titles("v4 ^v3"), ["4"]);
    assert_eq!(titles("v2...v3"), ["3"]);
    assert_eq!(titles("v3^!"), ["3"]);
    assert_eq!(titles("v4..v2").len(), 0);
}
