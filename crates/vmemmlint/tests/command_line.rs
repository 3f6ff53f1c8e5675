//! The program as a shell sees it: exit codes, and what goes to which stream.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn vmemmlint(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vmemmlint"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = vmemmlint(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// A directory that has what the top of a kernel tree has.
fn tree() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| std::fs::write(folder.path().join(path), text).unwrap();
    std::fs::create_dir_all(folder.path().join("arch/toy")).unwrap();
    write("Kconfig", "source \"arch/$(SRCARCH)/Kconfig\"\n");
    write("Makefile", "VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 0\n");
    write("arch/toy/Kconfig", "config TOY\n\tdef_bool y\n");
    folder
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test looks at what was written"
)]
fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test looks at what was written"
)]
fn files_in(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

fn name(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn help_teaches_and_documents_the_exit_codes() {
    for arguments in [&["--help"][..], &["check", "--help"], &["check", "-h"]] {
        let (code, out, err) = run(arguments);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        assert!(
            out.contains("Examples:") && out.contains("Exit codes:"),
            "{out}"
        );
    }
}

#[test]
fn usage_errors_exit_2() {
    for arguments in [
        &[][..],
        &["chekc"],
        &["check", "--threads", "0"],
        &["check", "a", "b"],
    ] {
        let (code, out, err) = run(arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(err.contains("Usage:") || err.contains("--help"), "{err}");
    }
}

#[test]
fn what_is_no_kernel_tree_is_one_error_of_one_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Kconfig"), "").unwrap();
    let (code, out, err) = run(&["check", name(folder.path())]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    let expected = "is not the top of a kernel tree: it has no Makefile, arch/\n";
    assert!(
        err.starts_with("vmemmlint: error: ") && err.ends_with(expected),
        "{err}"
    );

    for path in ["/no/such\x1btree", name(&folder.path().join("Kconfig"))] {
        let (code, out, err) = run(&["check", path]);
        assert_eq!((code, out.as_str()), (Some(2), ""));
        assert!(err.starts_with("vmemmlint: error: cannot open ") && err.lines().count() == 1);
        assert!(!err.contains('\x1b'));
    }
}

#[test]
fn an_unknown_architecture_is_answered_with_those_that_exist() {
    let tree = tree();
    let (code, out, err) = run(&["check", name(tree.path()), "--arch", "ppc"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(
        err.contains("ppc") && err.contains("toy") && err.lines().count() == 1,
        "{err}"
    );
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let tree = tree();
    let mut child = vmemmlint(&["check", "--format", "json", name(tree.path())])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_ne!(output.status.code(), Some(101));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

/// A tree of two architectures, one of which has a symbol that selects another.
fn tree_of_two() -> tempfile::TempDir {
    let folder = tree();
    let write = |path: &str, text: &str| std::fs::write(folder.path().join(path), text).unwrap();
    std::fs::create_dir_all(folder.path().join("arch/clay")).unwrap();
    write(
        "Makefile",
        "VERSION = 6\nPATCHLEVEL = 12\nifeq ($(ARCH),toy32)\n        SRCARCH := toy\nendif\n",
    );
    let common = "config NUMA\n\tbool\nconfig MODULES\n\tbool \"modules\"\n\tmodules\n\
                  config DAX\n\ttristate \"dax\"\n\tdepends on NUMA\n";
    write(
        "arch/toy/Kconfig",
        &format!(
            "config TOY\n\tdef_bool y\n\tselect NUMA if BIG\n\
             config BIG\n\tbool \"big\" if \"$(ARCH)\" = \"toy\"\n\
             config FAST\n\tdef_bool $(shell,cc -mfast && echo y)\n{common}"
        ),
    );
    write("arch/clay/Kconfig", common);
    folder
}

fn kconfig(arguments: &[&str]) -> (Option<i32>, String, String) {
    let folder = tree_of_two();
    let whole: Vec<&str> = std::iter::once("kconfig")
        .chain(arguments.iter().copied())
        .chain([name(folder.path())])
        .collect();
    run(&whole)
}

#[test]
fn kconfig_tells_where_a_symbol_can_be_on_and_why() {
    let (code, out, err) = kconfig(&["arches", "CONFIG_NUMA"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let expect = "NUMA\n  \
                  clay  never        nothing on clay selects NUMA, which has no prompt\n  \
                  toy   can be on\n";
    assert_eq!(out, expect);
    let (code, out, _) = kconfig(&["why", "NUMA", "--arch", "toy"]);
    let expect = "NUMA on toy: can be on\n  selected by 1 line that can take effect:\n    \
                  TOY selects NUMA  (arch/toy/Kconfig:3)\n      where BIG\n";
    assert_eq!((code, out.as_str()), (Some(0), expect));
    let (code, _, err) = kconfig(&["why", "NOWHERE"]);
    assert_eq!(code, Some(2));
    assert_eq!(
        err,
        "vmemmlint: error: none of these architectures defines NOWHERE\n"
    );
}

#[test]
fn kconfig_tells_what_to_set() {
    let (code, out, _) = kconfig(&["config", "--with", "DAX=m", "--arch", "toy"]);
    assert_eq!(code, Some(0));
    assert_eq!(out, "CONFIG_BIG=y\nCONFIG_DAX=m\nCONFIG_MODULES=y\n");
    let (code, out, _) = kconfig(&["config", "--with=DAX=m,BIG=n", "--arch=toy"]);
    assert_eq!(code, Some(1));
    assert!(
        out.contains("no configuration of toy with DAX=m and BIG=n"),
        "{out}"
    );
    // There is no prompt for BIG under this name of the architecture.
    let (code, out, _) = kconfig(&["config", "--with", "BIG=y", "--arch", "toy32"]);
    assert_eq!(code, Some(1), "{out}");
    let (code, _, err) = kconfig(&["config", "--with", "DAX", "--arch", "toy"]);
    assert_eq!(
        (code, err.as_str()),
        (Some(2), "vmemmlint: error: \"DAX\" is not SYMBOL=VALUE\n")
    );
    let (code, _, err) = kconfig(&["config", "--with", "DAX=maybe", "--arch", "toy"]);
    let expect = "vmemmlint: error: DAX is tristate: it cannot be \"maybe\"\n";
    assert_eq!((code, err.as_str()), (Some(2), expect));
    let (code, _, err) = kconfig(&["config", "--with", "DAX=y"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("--arch"), "{err}");
    let (code, _, err) = kconfig(&["arches", "NUMA", "--arch", "toy64"]);
    assert_eq!(code, Some(2));
    assert!(
        err.contains("no architecture toy64; it has clay, toy, toy32"),
        "{err}"
    );
}

#[test]
fn kconfig_answers_programs_and_graphviz() {
    let (code, out, _) = kconfig(&["why", "NUMA", "--format", "json"]);
    assert_eq!(code, Some(0));
    assert!(
        out.starts_with("{\n  \"version\": 1,\n  \"tree\": {"),
        "{out}"
    );
    assert!(out.contains("\"condition\": \"BIG\""), "{out}");
    let (code, out, _) = kconfig(&["graph", "NUMA", "--arch", "toy"]);
    assert_eq!(code, Some(0));
    assert!(
        out.starts_with("digraph kconfig {\n") && out.ends_with("}\n"),
        "{out}"
    );
    assert!(
        out.contains("label = \"select\"") && out.contains("label = \"depends on\""),
        "{out}"
    );
    let (code, out, _) = kconfig(&["undefined"]);
    assert_eq!((code, out.as_str()), (Some(0), ""));
}

#[test]
fn a_toolchain_is_what_the_user_says_it_is() {
    let call = "$(shell,cc -mfast && echo y)";
    let (code, out, _) = kconfig(&["toolchain"]);
    assert_eq!((code, out), (Some(0), format!("# {call} = \n")));
    let answers = tempfile::NamedTempFile::new().unwrap();
    let asked = |text: &str| {
        std::fs::write(answers.path(), text).unwrap();
        let file = ["--toolchain", name(answers.path())];
        kconfig(&["arches", "FAST", "--arch", "toy", file[0], file[1]])
    };
    let (code, out, _) = asked("# nothing\n");
    assert_eq!((code, out.as_str()), (Some(0), "FAST\n  toy  can be on\n"));
    let (_, out, _) = asked(&format!("{call} = y\n"));
    assert_eq!(out, "FAST\n  toy  always on\n");
    let (_, out, _) = asked(&format!("{call} =\n"));
    assert!(out.starts_with("FAST\n  toy  never"), "{out}");
    let (code, _, err) = asked("FAST = y\n");
    assert_eq!(code, Some(2));
    assert!(
        err.contains("line 1: expected $(call,arguments) = answer"),
        "{err}"
    );
}

/// A mini kernel of the repository.
fn mini(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
    path.join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_witness_is_a_fragment_behind_comments() {
    let tree = mini("unfixed");
    let (code, out, err) = run(&["witness", "unselected", "arm64", &tree]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let (comments, lines): (Vec<&str>, Vec<&str>) = out
        .lines()
        .partition(|line| line.starts_with("# ") && !line.ends_with("is not set"));
    assert!(
        comments[0].contains("arm64 reaches the short count"),
        "{out}"
    );
    assert!(
        comments.contains(&"# when: is_power_of_2(sizeof(struct page))"),
        "{out}"
    );
    assert!(
        lines.contains(&"CONFIG_DEV_DAX=y") && lines.len() == 7,
        "{out}"
    );

    // On itself nothing is left to set.
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("config");
    std::fs::write(&base, &out).unwrap();
    let (code, out, _) = run(&[
        "witness",
        "--base",
        name(&base),
        "unselected",
        "arm64",
        &tree,
    ]);
    assert_eq!(code, Some(0));
    assert!(out.lines().all(|line| line.starts_with("# ")), "{out}");

    let (code, out, err) = run(&["witness", "unselected", "x86", &tree]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("unselected on x86: clean: opted in"), "{err}");
    let (code, _, err) = run(&["witness", "--finding", "9", "unselected", "arm64", &tree]);
    assert_eq!((code, err.lines().count()), (Some(2), 1), "{err}");
    std::fs::write(&base, "nothing").unwrap();
    let (code, _, err) = run(&[
        "witness",
        "--base",
        name(&base),
        "unselected",
        "arm64",
        &tree,
    ]);
    assert_eq!(code, Some(2));
    assert!(err.contains("it is no .config"), "{err}");
}

#[test]
fn the_table_of_architectures_has_three_forms() {
    let tree = mini("unfixed");
    let (code, out, err) = run(&["arches", &tree]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let mut lines = out.lines();
    assert_eq!(
        lines.next(),
        Some(" opt-in symbol: ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP")
    );
    let powerpc = lines.find(|line| line.starts_with(" powerpc ")).unwrap();
    let cells: Vec<&str> = powerpc.split("  ").map(str::trim).collect();
    let cells: Vec<&str> = cells.into_iter().filter(|cell| !cell.is_empty()).collect();
    assert_eq!(
        cells,
        [
            "powerpc",
            "never",
            "init_mm if",
            "flagged",
            "no-init-mm, unselected"
        ]
    );
    let read_aloud = vmemmlint(&["arches", "--arch", "s390", &tree])
        .env("NO_GRAPHICS", "1")
        .output()
        .unwrap();
    let read_aloud = String::from_utf8(read_aloud.stdout).unwrap();
    assert!(
        read_aloud.contains("s390 verdict: cannot reach\ns390 reason: nothing on s390 selects"),
        "{read_aloud}"
    );
    let (_, out, _) = run(&[
        "arches", "--format", "markdown", "--arch", "s390,x86", &tree,
    ]);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(lines[3].starts_with("| x86 | if X86_64 (arch/x86/Kconfig:19) | init_mm, SPARSEMEM_VMEMMAP=y (arch/x86/mm/init_64.c:75) | clean | unselected: opted in"), "{out}");
    let (_, out, _) = run(&["arches", "--format", "json", &tree]);
    let table: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(table["arches"][2]["backend"][1]["tables"], "not init_mm");
    assert_eq!(table["arches"][2]["verdicts"].as_array().unwrap().len(), 4);
}

#[test]
fn what_is_accepted_fails_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("known.toml");
    let entry = |rule: &str, until: &str| {
        format!("[[accept]]\nrule = \"{rule}\"\nreason = \"known\"\nuntil = {until}\n")
    };
    let accepted = |until| {
        let text = entry("unselected", until) + &entry("no-init-mm", until);
        std::fs::write(&file, text).unwrap();
        let asked = ["check", "--suppressions", name(&file), &mini("unfixed")];
        run(&asked)
    };
    let (code, out, err) = accepted("9999-12-31");
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    assert!(
        out.contains("  accepted  ") && out.contains("known "),
        "{out}"
    );
    assert!(out.contains("0 findings, 6 accepted"), "{out}");
    let (code, out, _) = accepted("2020-01-01");
    assert_eq!(code, Some(1));
    assert!(
        out.contains("known.toml:1: the acceptance of unselected has ended on 2020-01-01"),
        "{out}"
    );
    assert!(
        out.contains("note: it was accepted until 2020-01-01"),
        "{out}"
    );
    std::fs::write(&file, "[[accept]]\nrule = 7\n").unwrap();
    let asked = ["check", "--suppressions", name(&file), &mini("unfixed")];
    let (code, out, err) = run(&asked);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(
        err.contains("known.toml:2:8: invalid type") && err.lines().count() == 1,
        "{err}"
    );
}

#[test]
fn a_rule_is_explained_alone_and_on_a_tree() {
    let folder = tempfile::tempdir().unwrap();
    let essay = vmemmlint(&["explain", "unselected"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let essay = String::from_utf8(essay.stdout).unwrap();
    assert!(
        essay.starts_with("# unselected\n") && essay.contains("## What to do"),
        "{essay}"
    );
    let (code, out, err) = run(&["explain", "unselected", "--arch", "s390", &mini("unfixed")]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("s390: cannot reach\n"), "{out}");
    assert!(
        out.contains("because: nothing on s390 selects ARCH_HAS_PTE_DEVMAP"),
        "{out}"
    );
    assert!(
        out.contains("mm/Kconfig:46  config ARCH_HAS_PTE_DEVMAP\n"),
        "{out}"
    );
    assert!(
        out.contains("ends: ") && out.contains("passes NULL for pgmap of"),
        "{out}"
    );
    let (code, out, _) = run(&[
        "explain",
        "no-init-mm",
        "--arch",
        "powerpc",
        &mini("unfixed"),
    ]);
    assert_eq!(code, Some(0));
    assert!(out.contains("  backend: not init_mm, "), "{out}");
    assert!(out.contains("paths: 2 paths from 1 entry\n"), "{out}");
    let (code, _, err) = run(&["explain", "nothing"]);
    assert_eq!(code, Some(2));
    assert!(
        err.contains("there is no rule or pack nothing; there are "),
        "{err}"
    );
}

#[test]
fn a_check_tells_where_its_time_went() {
    let tree = mini("unfixed");
    let (_, quiet, _) = run(&["check", &tree]);
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace.json");
    let place = trace.to_str().unwrap();
    let (code, out, err) = run(&["check", "--timings", "--trace", place, &tree]);
    assert_eq!((code, out), (Some(1), quiet));
    for step in [
        "read and index",
        "Kconfig",
        "walk back",
        "threads worked",
        " files",
    ] {
        assert!(err.contains(step), "{err}");
    }
    let trace = std::fs::OpenOptions::new().read(true).open(&trace).unwrap();
    let trace: serde_json::Value = serde_json::from_reader(trace).unwrap();
    let events = trace.as_array().unwrap();
    let walks = |event: &&serde_json::Value| event["name"] == "walk back" && event["ph"] == "B";
    let from = |event: &serde_json::Value| event["args"]["from"].as_str().map(str::to_owned);
    let walk = events.iter().find(walks).and_then(from);
    assert!(walk.is_some(), "walks name their sink");
    if Path::new("/dev/full").exists() {
        let (code, out, err) = run(&["check", "--trace", "/dev/full", &tree]);
        assert_eq!((code, out.is_empty()), (Some(2), false));
        assert!(
            err.contains("cannot write /dev/full: ") && err.lines().count() == 1,
            "{err}"
        );
    }
    let nowhere = folder.path().join("none/trace.json");
    let (code, out, err) = run(&["check", "--trace", nowhere.to_str().unwrap(), &tree]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(
        err.contains("cannot write") && err.lines().count() == 1,
        "{err}"
    );
}

#[test]
fn reports_go_to_files_beside_the_one_that_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let outputs: Vec<String> = ["sarif", "junit", "html", "terse"]
        .iter()
        .map(|format| format!("{format}={}", name(&file(format))))
        .collect();
    let tree = mini("unfixed");
    let mut arguments = vec!["check", "--no-cache", "--format", "json", &tree];
    for output in &outputs {
        arguments.extend(["--output", output]);
    }
    let (code, out, err) = run(&arguments);
    assert_eq!((code, err.as_str()), (Some(1), ""));
    let findings = serde_json::from_str::<serde_json::Value>(&out).unwrap()["findings"].clone();
    let read = |name: &str| read(&file(name));
    assert_eq!(
        read("terse").lines().count(),
        findings.as_array().unwrap().len()
    );
    assert!(read("sarif").contains("\"2.1.0\"") && read("junit").contains("<testsuites"));
    assert!(read("html").starts_with("<!DOCTYPE html>"));
    // What was there stays where a report cannot be written, and no part of a report is left behind.
    let nowhere = format!("sarif={}", name(&file("no/such/folder")));
    let (code, out, err) = run(&["check", "--no-cache", "--output", &nowhere, &tree]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("there is no directory"), "{err}");
    assert_eq!(files_in(folder.path()), 4);
}

#[test]
fn what_stands_in_a_baseline_is_told_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("known.json");
    let (baseline, tree) = (name(&file), mini("unfixed"));
    let check = |more: &[&str]| run(&[&["check", "--no-cache", &tree], more].concat());
    let both = [
        "--baseline",
        baseline,
        "--write-baseline",
        baseline,
        "--exit-zero",
    ];
    let (code, _, err) = check(&both);
    assert_eq!((code, err.as_str()), (Some(0), ""), "there is none yet");
    let written = read(&file);
    let (code, out, _) = check(&["--baseline", baseline]);
    assert_eq!(code, Some(0));
    assert!(out.contains(": 0 findings, 6 accepted;"), "{out}");
    // Written again it is the same.
    assert_eq!(check(&both).0, Some(0));
    assert_eq!(read(&file), written);
    // An entry that nothing needs is told, and one of an architecture that was not asked is not.
    std::fs::write(&file, written.replace("\"code\":\"", "\"code\":\"no ")).unwrap();
    let (code, out, _) = check(&["--baseline", baseline, "--arch", "powerpc"]);
    assert_eq!(code, Some(1));
    assert_eq!(out.matches("accepts no finding:").count(), 4, "{out}");
    std::fs::write(&file, "{\n  \"version\": 1,\n").unwrap();
    let (code, out, err) = check(&["--baseline", baseline]);
    assert_eq!((code, out.as_str(), err.lines().count()), (Some(2), "", 1));
    assert!(err.contains("known.json:3: "), "{err}");
    assert_eq!(check(&["--baseline", "/no/such"]).0, Some(2));
}

#[test]
fn the_exit_code_is_of_what_is_bad_enough() {
    let tree = mini("unfixed");
    let code = |more: &[&str]| run(&[&["check", "--no-cache", &tree], more].concat()).0;
    assert_eq!(code(&[]), Some(1));
    assert_eq!(code(&["--fail-on", "error"]), Some(1));
    assert_eq!(code(&["--fail-on", "never"]), Some(0));
    assert_eq!(code(&["--exit-zero"]), Some(0));
    let stale = ["--rule", "stale-select"];
    let warnings = run(&[&["check", "--no-cache", &tree, "--statistics"], &stale[..]].concat());
    let only = |more: &[&str]| code(&[&stale[..], more].concat());
    assert_eq!(only(&["--fail-on", "error"]), Some(0), "{warnings:?}");
    let (code, out, _) = run(&["check", "--no-cache", &tree, "--statistics"]);
    assert_eq!(code, Some(1));
    assert!(
        out.contains("unselected") && !out.contains("path:"),
        "{out}"
    );
    let (code, _, err) = run(&["check", "--no-cache", &tree, "-v"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("vmemmlint: answer: worked out now"), "{err}");
}

#[test]
fn shells_and_the_manual_are_told() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, out, err) = run(&["completions", shell]);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        assert!(out.contains("write-baseline"), "{shell}");
    }
    let (code, out, _) = run(&["man"]);
    assert_eq!(code, Some(0));
    assert!(out.contains(".TH vmemmlint 1"));
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(&["man", name(folder.path())]).0, Some(0));
    assert!(read(&folder.path().join("vmemmlint-check.1")).contains("baseline"));
    assert_eq!(run(&["man", "/no/such"]).0, Some(2));
}

#[test]
fn what_is_configured_is_shown_with_its_reason() {
    let folder = tree();
    let (code, out, _) = run(&["config", "show", name(folder.path())]);
    assert_eq!(code, Some(0));
    assert!(out.contains("configuration: none"), "{out}");
    assert!(
        out.contains("+ unselected ") && out.contains("- dead-block "),
        "{out}"
    );
    let words = "[rules]\nenable = [\"dead-block\"]\ndisable = [\"unselected\"]\n\
        [[accept]]\nrule = \"stale-select\"\nreason = \"r\"\n";
    std::fs::write(folder.path().join("vmemmlint.toml"), words).unwrap();
    let (code, out, _) = run(&["config", "show", "--format", "json", name(folder.path())]);
    assert_eq!(code, Some(0));
    let shown: serde_json::Value = serde_json::from_str(&out).unwrap();
    let why = |id: &str| {
        let rules = shown["rules"].as_array().unwrap().iter();
        rules
            .filter(|rule| rule["id"] == id)
            .map(|rule| rule["why"].clone())
            .next()
            .unwrap()
    };
    assert_eq!(
        (why("dead-block"), why("unselected")),
        ("enabled".into(), "disabled".into())
    );
    assert_eq!(
        (&shown["accepted"], &shown["configuration"]),
        (&1.into(), &"vmemmlint.toml".into())
    );
}

#[test]
fn what_could_not_be_told_does_not_count_as_known() {
    let folder = tempfile::tempdir().unwrap();
    let (known, tree) = (folder.path().join("known.json"), mini("unfixed"));
    let check = |more: &[&str]| run(&[&["check", "--no-cache", &tree], more].concat());
    let (code, out, err) = check(&[
        "--write-baseline",
        name(&known),
        "--output",
        "sarif=/dev/full",
    ]);
    assert_eq!(code, Some(2));
    assert!(
        out.contains("6 findings") && err.contains("/dev/full"),
        "{err}"
    );
    assert!(!known.exists());
    let twice = format!("json={}", name(&known));
    let (code, out, err) = check(&["--write-baseline", name(&known), "--output", &twice]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("is named for two things"), "{err}");
    // What one architecture is asked does not forget the others.
    let keep = ["--write-baseline", name(&known), "--exit-zero"];
    assert_eq!(check(&keep).0, Some(0));
    let all = read(&known);
    let again = [
        &["--baseline", name(&known), "--arch", "powerpc"],
        &keep[..],
    ]
    .concat();
    assert_eq!(check(&again).0, Some(0));
    assert_eq!(read(&known), all);
}

#[cfg(unix)]
#[test]
fn a_file_that_is_written_again_keeps_its_rights_and_its_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("report"), folder.path().join("link"));
    std::fs::write(&file, "old").unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    symlink("report", &link).unwrap();
    let (tree, output) = (mini("unfixed"), format!("terse={}", name(&link)));
    assert_eq!(
        run(&["check", "--no-cache", "--output", &output, &tree]).0,
        Some(1)
    );
    assert!(link.is_symlink() && read(&file).contains(": error: "));
    let mode = file.metadata().unwrap().permissions().mode();
    assert_eq!((mode & 0o777, files_in(folder.path())), (0o600, 2));
}

#[test]
fn findings_that_are_less_severe_are_not_told() {
    let tree = mini("unfixed");
    let check =
        |more: &[&str]| run(&[&["check", "--no-cache", "--rule", "kconfig", &tree], more].concat());
    let (code, out, _) = check(&["--format", "json"]);
    let warnings = |out: &str| {
        let report: serde_json::Value = serde_json::from_str(out).unwrap();
        let findings = report["findings"].as_array().unwrap().len();
        let cells = report["arches"].as_array().unwrap().iter();
        (
            findings,
            cells.filter(|cell| cell["verdict"] == "flagged").count(),
        )
    };
    assert_eq!(code, Some(1));
    assert!(warnings(&out).0 > 0);
    assert_eq!(check(&["--fail-on", "error"]).0, Some(0));
    let (code, out, _) = check(&["--format", "json", "--severity", "error"]);
    assert_eq!((code, warnings(&out)), (Some(0), (0, 0)));
}
