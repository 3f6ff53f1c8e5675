//! The mini kernels of `testdata/`, judged as a user would have them judged.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rules::{Outcome, Settings};

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata")
}

fn outcome(name: &str) -> Outcome {
    let source = source::Directory::open(&testdata().join(name)).unwrap();
    rules::check(Arc::new(source), &Settings::default(), &kernel::Silent).unwrap()
}

/// `rule arch` to verdict, as the outcome has them.
fn verdicts(outcome: &Outcome) -> BTreeMap<String, String> {
    let line = |v: &rules::ArchVerdict| {
        (
            format!("{} {}", v.rule, v.arch),
            v.verdict.word().to_owned(),
        )
    };
    outcome.verdicts.iter().map(line).collect()
}

/// The same from the file beside the mini kernel.
#[expect(clippy::disallowed_methods, reason = "a test reads its expectations")]
fn expected(name: &str) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(testdata().join(format!("{name}.expected"))).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let split = |line: &str| {
        let (cell, verdict) = line.rsplit_once(' ').unwrap();
        (cell.to_owned(), verdict.to_owned())
    };
    lines.map(split).collect()
}

fn check(name: &str) -> Outcome {
    let outcome = outcome(name);
    assert_eq!(verdicts(&outcome), expected(name), "testdata/{name}");
    outcome
}

#[test]
fn the_unfixed_shortcut_is_found_with_its_path() {
    let outcome = check("unfixed");
    assert!(outcome.problems.is_empty());
    let finding = outcome
        .findings
        .iter()
        .find(|f| f.rule == "no-init-mm" && f.sink.file == "mm/sparse-vmemmap.c")
        .unwrap();
    assert_eq!(finding.path[0].function, "dev_dax_probe");
    assert_eq!(
        finding.path[0].entry,
        ".probe of struct dax_device_driver (drivers/dax/device.c:40)"
    );
    let at_run_time =
        |words: &String| words.starts_with("mmu_has_feature(") && words.ends_with("is false");
    assert!(
        finding.assumptions.iter().any(at_run_time),
        "{:?}",
        finding.assumptions
    );
    let stored = "dev_dax_probe() has stored to .vmemmap_shift (drivers/dax/device.c:";
    let stored = finding.assumptions.iter().find(|a| a.starts_with(stored));
    assert!(stored.is_some_and(|words| words.ends_with(", where dev_dax->align > PAGE_SIZE")));
    assert!(finding.config.contains_key("ZONE_DEVICE"));
}

#[test]
fn the_repair_is_seen_as_a_macro() {
    assert!(check("fixed-macro").findings.is_empty());
}

#[test]
fn the_repair_is_seen_as_an_override_in_a_header() {
    assert!(check("fixed-override").findings.is_empty());
}

#[test]
fn the_table_tells_who_opted_in_and_where_entries_are_written() {
    let source = source::Directory::open(&testdata().join("unfixed")).unwrap();
    let settings = Settings {
        table: true,
        ..Settings::default()
    };
    let outcome = rules::check(Arc::new(source), &settings, &kernel::Silent).unwrap();
    let row = |arch: &str| outcome.rows.iter().find(|row| row.arch == arch).unwrap();
    let backend = |arch: &str| {
        let parts = row(arch).backend.iter();
        let parts = parts.map(|part| format!("{}, {}", part.tables, part.when));
        parts.collect::<Vec<_>>().join("; ")
    };
    assert_eq!(outcome.rows.len(), 6);
    assert_eq!(
        (row("arm64").selected.as_str(), row("x86").selected.as_str()),
        ("never", "if X86_64")
    );
    assert_eq!(backend("alpha"), "");
    assert_eq!(backend("x86"), "init_mm, SPARSEMEM_VMEMMAP=y");
    assert_eq!(
        backend("powerpc"),
        "init_mm, (PPC_BOOK3E_64=y && PPC_BOOK3S_64!=y || PPC_BOOK3S_64=y && PPC_RADIX_MMU=y && \
         mmu_has_feature(64)) && SPARSEMEM_VMEMMAP=y; \
         not init_mm, !mmu_has_feature(64) && PPC_64S_HASH_MMU=y && SPARSEMEM_VMEMMAP=y"
    );
}

#[test]
fn what_was_not_read_is_told_and_not_guessed_at() {
    let outcome = check("broken-kconfig");
    assert_eq!(outcome.problems.len(), 1);
    assert!(outcome.problems[0].place.line > 0);
}

#[test]
fn a_loop_of_sources_ends() {
    let outcome = check("source-loop");
    assert!(outcome.problems[0].message.contains("sourced by itself"));
}

#[test]
fn answers_do_not_depend_on_the_run() {
    assert_eq!(outcome("unfixed"), outcome("unfixed"));
}
