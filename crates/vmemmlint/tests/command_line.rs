//! The program as a shell sees it: exit codes, and what goes to which stream.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod program;

use std::path::Path;
use std::process::Stdio;

use program::{mini, name, run, tree, vmemmlint};

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
    let (code, out, err) = run(&["check", name(tree.path()), "--arch", "toys"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    let expected = "no architecture toys; did you mean toy? It has toy\n";
    assert!(err.ends_with(expected), "{err}");
    let (code, _, err) = run(&[
        "kconfig",
        "arches",
        "TOY",
        name(tree.path()),
        "--arch",
        "ppc",
    ]);
    assert_eq!(code, Some(2));
    assert!(err.ends_with("no architecture ppc; it has toy\n"), "{err}");
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
        err.contains("no architecture toy64; did you mean toy? It has clay, toy, toy32"),
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
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(code, Some(0));
    assert!(lines.iter().all(|line| line.starts_with("# ")), "{out}");
    assert_eq!(lines.last(), Some(&format!("# {call} =").as_str()));
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
fn a_quiet_check_says_what_is_unknown() {
    let mini = mini("unfixed");
    let (code, out, _) = run(&["check", "-q", "--no-cache", "--max-functions", "1", &mini]);
    assert_eq!(code, Some(3));
    assert!(out.contains("unselected is unknown on arm64, "), "{out}");
}

#[test]
fn where_no_tree_is_one_is_told_what_may_be_meant() {
    let folder = tree();
    let inner = folder.path().join("arch");
    let (code, _, told) = run(&["check", name(&inner)]);
    assert_eq!(code, Some(2));
    assert!(told.contains("; it is inside of "), "{told}");
    std::fs::create_dir(folder.path().join("mm")).unwrap();
    // Inside of a tree it need not be named.
    let mut below = vmemmlint(&["config", "show"]);
    let shown = below
        .current_dir(folder.path().join("mm"))
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.starts_with("tree: ..\n"), "{shown}");
    std::fs::remove_file(folder.path().join("arch/toy/Kconfig")).unwrap();
    let (code, _, told) = run(&["check", "--no-cache", name(folder.path())]);
    assert_eq!(code, Some(2));
    assert!(told.contains("it has no arch/*/Kconfig"), "{told}");
}
