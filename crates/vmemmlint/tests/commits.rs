//! Commits of a repository: ranges that are checked, bases that patches are put on, hooks that git runs.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]
#![allow(clippy::too_many_lines, reason = "what is expected is long")]

mod program;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use expect_test::{Expect, expect};
use program::{git, mini, name, read, run_in};

const PROGRAM: &str = env!("CARGO_BIN_EXE_vmemmlint");

/// What one half of the repair is, and the other.
const CALL: (&str, &str, &str) = (
    "mm/sparse-vmemmap.c",
    "pgmap_vmemmap_nr(pgmap) > 1 && !altmap)",
    "pgmap_vmemmap_nr(pgmap) > 1 && !altmap &&\n\t    IS_ENABLED(CONFIG_ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP))",
);
const COUNT: (&str, &str, &str) = (
    "mm/page_alloc.c",
    "\t\t!altmap ? 2",
    "\t\tIS_ENABLED(CONFIG_ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP) &&\n\t\t!altmap ? 2",
);
/// What takes it out of x86.
const DESELECT: (&str, &str, &str) = (
    "arch/x86/Kconfig",
    "\tselect ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP if X86_64\n",
    "",
);

fn change(place: &Path, (file, old, new): (&str, &str, &str)) {
    let text = read(&place.join(file));
    assert!(text.contains(old), "{file}");
    fs::write(place.join(file), text.replace(old, new)).unwrap();
}

fn commit(place: &Path, title: &str) -> String {
    git(place, &["commit", "-q", "-a", "-m", title]);
    git(place, &["rev-parse", "HEAD"])
}

/// A repository whose first commit is the mini kernel.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    git(place, &["init", "-q", "-b", "main"]);
    git(place, &["--work-tree", &mini("unfixed"), "add", "-f", "."]);
    git(place, &["commit", "-q", "-m", "mini"]);
    git(place, &["reset", "-q", "--hard"]);
    git(place, &["tag", "base"]);
    folder
}

/// Both halves of the repair, in two commits, and a third that has to do with nothing.
fn repaired() -> tempfile::TempDir {
    let folder = repository();
    change(folder.path(), CALL);
    commit(folder.path(), "mm: call");
    fs::write(folder.path().join("COPYING"), "mini").unwrap();
    git(folder.path(), &["add", "COPYING"]);
    commit(folder.path(), "a text");
    change(folder.path(), COUNT);
    commit(folder.path(), "mm: count");
    folder
}

/// What the program says, without what differs from run to run.
fn told(place: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let arguments = [arguments, &["--no-cache"]].concat();
    let (code, out, err) = run_in(place, PROGRAM, &arguments);
    let mut out = out + &err;
    for (number, id) in git(place, &["rev-list", "--topo-order", "--reverse", "--all"])
        .lines()
        .enumerate()
    {
        out = out.replace(&id[..12], &format!("(commit {number})"));
    }
    (code, out, err)
}

fn expect_told(place: &Path, arguments: &[&str], expected: &Expect) -> Option<i32> {
    let (code, out, _) = told(place, arguments);
    expected.assert_eq(&out);
    code
}

#[test]
fn each_commit_of_a_range_is_told_that_does_something() {
    let folder = repaired();
    let place = folder.path();
    let code = expect_told(
        place,
        &["check", "--format", "terse", "--range", "base..main", "."],
        &expect![[r"
            mm/page_alloc.c:29: error: mismatched-pair: arm64 reaches the short count of compound_nr_pages() in a configuration that never reaches vmemmap_populate_compound_pages(); (commit 3) closes it again, so the series is not bisectable (by (commit 1))
            mm/page_alloc.c:29: error: mismatched-pair: powerpc reaches the short count of compound_nr_pages() in a configuration that never reaches vmemmap_populate_compound_pages(); (commit 3) closes it again, so the series is not bisectable (by (commit 1))
        "]],
    );
    assert_eq!(code, Some(1));
    let (_, out, _) = told(place, &["check", "--range", "base..main", "."]);
    let end: Vec<&str> = out.lines().rev().take(3).collect();
    let end: Vec<&str> = end.into_iter().rev().collect();
    expect![[r"
          not bisectable: (commit 1) opens what (commit 3) closes: mismatched-pair on arm64 at
                          mm/page_alloc.c:29; mismatched-pair on powerpc at mm/page_alloc.c:29
        . on (commit 0): 3 commits: 2 findings only on the way, 6 findings closed"]]
    .assert_eq(&end.join("\n"));
    // In the end nothing is left that a code host should show.
    let github = ["check", "--range", "base..main", "--format", "github", "."];
    let (code, out, _) = told(place, &github);
    assert!(
        out.starts_with("  not bisectable: (commit 1) opens what (commit 3) closes"),
        "{out}"
    );
    assert_eq!(code, Some(1));
    assert_eq!(
        told(place, &["check", "-q", "--range", "main^!", "."]).0,
        Some(0)
    );
    let repaired = expect_told(
        place,
        &["patch", "-g", "main-3", "--terse"],
        &expect![[r"
            mm/page_alloc.c:29: ERROR: arm64 reaches the short count of compound_nr_pages() in a configuration that never reaches vmemmap_populate_compound_pages(); (commit 3) closes it again, so the series is not bisectable (by (commit 1))
            mm/page_alloc.c:29: ERROR: powerpc reaches the short count of compound_nr_pages() in a configuration that never reaches vmemmap_populate_compound_pages(); (commit 3) closes it again, so the series is not bisectable (by (commit 1))
        "]],
    );
    assert_eq!(repaired, Some(1));
    // A bare repository and a linked checkout have the same commits.
    let bare = tempfile::tempdir().unwrap();
    git(place, &["clone", "-q", "--bare", ".", name(bare.path())]);
    let (code, _, _) = told(bare.path(), &["check", "-q", "--range", "base..main", "."]);
    assert_eq!(code, Some(1));
}

#[test]
fn merges_are_compared_with_what_they_are_merged_into() {
    let folder = repository();
    let place = folder.path();
    git(place, &["checkout", "-q", "-b", "side"]);
    change(place, DESELECT);
    commit(place, "x86: no more");
    git(place, &["checkout", "-q", "main"]);
    fs::write(place.join("COPYING"), "mini").unwrap();
    git(place, &["add", "COPYING"]);
    commit(place, "a text");
    git(place, &["merge", "-q", "--no-edit", "side"]);
    let (_, out, _) = told(
        place,
        &["check", "--format", "json", "--range", "base..main", "."],
    );
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    let added = |at: usize| report["changes"][at]["added"].as_array().unwrap().len();
    let titles: Vec<&str> = report["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["title"].as_str().unwrap())
        .collect();
    assert_eq!(titles, ["a text", "x86: no more", "Merge branch 'side'"]);
    // What came by the side came with its commit.
    assert_eq!([added(0), added(1), added(2)], [0, 2, 0]);
    let (code, out, _) = told(place, &["check", "-q", "--only-merges", "."]);
    assert_eq!(code, Some(1));
    assert!(out.starts_with("Merge branch 'side' ("), "{out}");
    let old = told(place, &["check", "--since", "2099-01-01", "."]);
    assert_eq!(old.0, Some(0));
    assert!(old.2.contains("no commit is in HEAD"), "{}", old.2);
}

#[test]
fn what_is_no_range_is_one_error() {
    let folder = repository();
    let place = folder.path();
    let error = |arguments: &[&str], expected: &Expect| {
        assert_eq!(expect_told(place, arguments, expected), Some(2));
    };
    error(
        &["check", "--range", "nowhere..main", "."],
        &expect![[r"
        vmemmlint: error: .: nowhere..main: the repository has no such revision
    "]],
    );
    let (code, out, err) = run_in(place, PROGRAM, &["check", "--range", "main..main", "."]);
    assert_eq!((code, out.as_str()), (Some(0), ""));
    assert_eq!(
        err,
        "vmemmlint: .: no commit is in main..main (was it meant the other way round?)\n"
    );
    error(
        &["check", "--since", "soon", "."],
        &expect![[r"
        vmemmlint: error: .: --since: soon is no time that git knows
    "]],
    );
    let no_git = mini("unfixed");
    let elsewhere = tempfile::tempdir().unwrap();
    let (code, _, err) = run_in(
        elsewhere.path(),
        PROGRAM,
        &["check", "--range", "a..b", "."],
    );
    assert_eq!(code, Some(2));
    assert!(err.contains("no git repository"), "{err} {no_git}");
}

#[test]
fn a_patch_goes_on_what_it_was_made_on() {
    let folder = repaired();
    let place = folder.path();
    git(place, &["format-patch", "-q", "-o", "out", "base..main"]);
    let tree = ["patch", "--tree", "."];
    let on = |arguments: &[&str]| {
        let (code, out, _) = told(place, &[&tree, arguments].concat());
        let last = out.lines().last().unwrap_or_default().to_owned();
        (code, last)
    };
    // The branch has the patches already: they were made on its first commit.
    let whole = on(&["out"]);
    expect![[
        r#". on (commit 0) ("mini"): 3 patches: 2 findings only on the way, 6 findings closed"#
    ]]
    .assert_eq(&whole.1);
    assert_eq!(whole.0, Some(1));
    // Only one of them, as b4 gives it.
    expect![[r#". on (commit 2) ("a text"): 1 patch: 5 findings closed"#]]
        .assert_eq(&on(&["out/0003-mm-count.patch"]).1);
    // The series says it itself.
    git(
        place,
        &[
            "format-patch",
            "-q",
            "--base=base",
            "--cover-letter",
            "-o",
            "said",
            "base..main",
        ],
    );
    expect![
        ". on (commit 0), its base-commit: 3 patches: 2 findings only on the way, 6 findings closed"
    ]
    .assert_eq(&on(&["said"]).1);
    // Somebody says another.
    expect![". on base: 3 patches: 2 findings only on the way, 6 findings closed"]
        .assert_eq(&on(&["--base", "base", "out"]).1);
    assert_eq!(on(&["--base", "main", "out"]).0, Some(2));
    // Without ids, the files of the tree are tried.
    let text = read(&place.join("out/0001-mm-call.patch"));
    let plain: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("index "))
        .collect();
    fs::write(place.join("plain.patch"), plain.join("\n") + "\n").unwrap();
    assert_eq!(on(&["plain.patch"]).0, Some(2));
    git(place, &["checkout", "-q", "base"]);
    expect![". on the files of the tree: 1 patch: 2 new findings, 3 findings closed, 3 findings of the tree as before"].assert_eq(&on(&["plain.patch"]).1);
    // When none fits, it is said what was tried.
    let strange = text
        .replace("pgmap_vmemmap_nr(pgmap) > 1 && !altmap)", "strange)")
        .replace("index ", "index 0");
    fs::write(
        place.join("strange.patch"),
        strange + "\nbase-commit: 0123456789012345678901234567890123456789\n",
    )
    .unwrap();
    expect_told(
        place,
        &["patch", "--tree", ".", "strange.patch"],
        &expect![[r#"
            vmemmlint: error: the patches go on none of these (--base names another):
              base-commit 012345678901: the repository has no such commit (git fetch may bring it)
              the last 1000 commits behind HEAD: none has the texts that the patches name
              the files of the tree: strange.patch:18: the hunk for mm/sparse-vmemmap.c does not go on: line 148 of the file is another
                the patch has "\t    pgmap && strange)\n"
                the file has  "\t    pgmap && pgmap_vmemmap_nr(pgmap) > 1 && !altmap)\n"
        "#]],
    );
    // Nothing was written.
    assert_eq!(git(place, &["status", "--porcelain", "-uno"]), "");
}

#[test]
fn a_hook_is_put_and_taken_away_and_no_other_is_touched() {
    let folder = repository();
    let place = folder.path();
    let hook = |arguments: &[&str]| run_in(place, PROGRAM, &[&["hook"], arguments].concat());
    let file = place.join(".git/hooks/pre-commit");
    assert_eq!(hook(&["install", "pre-commit"]).0, Some(0));
    assert!(read(&file).contains("vmemmlint"));
    // Twice is as good as once.
    assert_eq!(hook(&["install", "pre-commit", "."]).0, Some(0));

    change(place, DESELECT);
    let cache = tempfile::tempdir().unwrap();
    let commit = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command
            .args([&["commit", "-q", "-a", "-m", "x"], arguments].concat())
            .current_dir(place);
        command
            .env("XDG_CACHE_HOME", cache.path())
            .env("HOME", cache.path());
        for who in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{who}_NAME"), "A")
                .env(format!("GIT_{who}_EMAIL"), "a@b");
        }
        let output = command.stdin(Stdio::null()).output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, out) = commit(&[]);
    assert_eq!(code, Some(1));
    assert!(out.contains("unselected on x86"), "{out}");
    assert_eq!(commit(&["--no-verify"]).0, Some(0));
    change(place, CALL);
    change(place, COUNT);
    assert_eq!(commit(&[]).0, Some(0));

    let before = read(&file);
    fs::write(&file, before.clone() + "echo mine\n").unwrap();
    for task in ["install", "remove"] {
        let (code, _, err) = hook(&[task, "pre-commit"]);
        assert_eq!(code, Some(2));
        assert!(err.contains("somebody has changed it"), "{err}");
    }
    fs::write(&file, &before).unwrap();
    assert_eq!(hook(&["remove", "pre-commit"]).0, Some(0));
    assert!(!file.exists());
    assert_eq!(hook(&["remove", "pre-commit"]).0, Some(2));

    let other = place.join(".git/hooks/pre-push");
    fs::write(&other, "#!/bin/sh\nexit 0\n").unwrap();
    for task in ["install", "remove"] {
        assert_eq!(hook(&[task, "pre-push"]).0, Some(2));
    }
    assert_eq!(read(&other), "#!/bin/sh\nexit 0\n");
    let (code, out, _) = hook(&["print", "post-applypatch"]);
    assert_eq!(code, Some(0));
    assert!(out.starts_with("#!/bin/sh\n"), "{out}");
}

#[test]
fn a_push_is_stopped_that_opens_a_hole() {
    let folder = repository();
    let place = folder.path();
    let there = tempfile::tempdir().unwrap();
    git(there.path(), &["init", "-q", "--bare"]);
    git(place, &["remote", "add", "there", name(there.path())]);
    git(place, &["push", "-q", "there", "base:refs/heads/main"]);
    assert_eq!(
        run_in(place, PROGRAM, &["hook", "install", "pre-push"]).0,
        Some(0)
    );
    change(place, DESELECT);
    commit(place, "x86: no more");
    let push = |branch: &str| run_in(place, "git", &["push", "-q", "there", branch]).0;
    // To where nothing is known, a branch that moves, and one that is new there.
    let fork = tempfile::tempdir().unwrap();
    git(fork.path(), &["init", "-q", "--bare"]);
    let (code, _, _) = run_in(place, "git", &["push", "-q", name(fork.path()), "main"]);
    assert_eq!(code, Some(1));
    assert_eq!(push("main"), Some(1));
    assert_eq!(push("main:refs/heads/new"), Some(1));
    change(place, CALL);
    change(place, COUNT);
    commit(place, "both");
    git(place, &["checkout", "-q", "-b", "good", "base"]);
    change(place, CALL);
    change(place, COUNT);
    commit(place, "both");
    assert_eq!(push("good"), Some(0));
    assert_eq!(
        run_in(place, "git", &["push", "-q", "there", "--delete", "good"]).0,
        Some(0)
    );
}

/// The report of a range as a program reads it.
fn report(place: &Path, range: &str) -> (Option<i32>, serde_json::Value) {
    let arguments = [
        "check",
        "--no-cache",
        "--format",
        "json",
        "--range",
        range,
        ".",
    ];
    let (code, out, err) = run_in(place, PROGRAM, &arguments);
    let report = serde_json::from_str(&out);
    (code, report.unwrap_or_else(|_| panic!("{out}{err}")))
}

#[test]
fn a_range_is_what_git_says_whatever_clocks_say() {
    let folder = repaired();
    let place = folder.path();
    // All at the same second, and a merge of what was there long before.
    let commit_tree = |parents: &[&str], title: &str| {
        let parents: Vec<&str> = parents.iter().flat_map(|parent| ["-p", parent]).collect();
        git(
            place,
            &[&["commit-tree", "main^{tree}", "-m", title], &parents[..]].concat(),
        )
    };
    let joined = commit_tree(&["main", "base"], "joins");
    let (code, one) = report(place, &format!("main..{joined}"));
    assert_eq!(code, Some(0));
    assert_eq!(one["changes"].as_array().unwrap().len(), 1);
    let (_, several) = report(place, &format!("{joined} ^main~1 ^base"));
    let titles: Vec<&str> = several["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["title"].as_str().unwrap())
        .collect();
    assert_eq!(titles, ["mm: count", "joins"]);
    // An empty range is a report for programs.
    let (code, none) = report(place, "main..main");
    assert_eq!((code, none["left"].as_u64()), (Some(0), Some(0)));
}

#[test]
fn halves_of_two_sides_are_whole_where_they_are_joined() {
    let folder = repository();
    let place = folder.path();
    for (branch, half) in [("call", CALL), ("count", COUNT)] {
        git(place, &["checkout", "-q", "-b", branch, "base"]);
        change(place, half);
        commit(place, branch);
    }
    git(place, &["merge", "-q", "--no-edit", "call"]);
    let (code, joined) = report(place, "base..HEAD");
    // Each side opens something, which the other closes.
    assert_eq!(code, Some(1));
    assert_eq!(joined["left"], 0);
    // A hole that came by a side is told once.
    git(place, &["checkout", "-q", "-b", "side", "base"]);
    change(place, DESELECT);
    commit(place, "x86: no more");
    git(place, &["checkout", "-q", "main"]);
    git(place, &["merge", "-q", "--no-ff", "--no-edit", "side"]);
    let (_, side) = report(place, "base..main");
    assert_eq!(side["left"], 2);
    assert_eq!(side["changes"][1]["added"].as_array().unwrap().len(), 0);
}

#[test]
fn no_commit_accepts_what_it_brings() {
    let folder = repository();
    let place = folder.path();
    change(place, DESELECT);
    let accepts = "[[accept]]\nrule = \"unselected\"\narch = \"x86\"\nreason = \"trust me\"\n";
    fs::write(place.join("vmemmlint.toml"), accepts).unwrap();
    git(place, &["add", "-f", "vmemmlint.toml"]);
    commit(place, "x86: no more");
    let (code, report) = report(place, "base..main");
    assert_eq!((code, report["left"].as_u64()), (Some(1), Some(2)));
}
