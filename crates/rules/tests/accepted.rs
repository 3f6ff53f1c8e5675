//! Findings that somebody has accepted.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

mod base;

use jiff::civil::date;
use rules::{Acceptances, Catalog, Configuration, Outcome, State, Verdict};

/// The sink is reached by two drivers.
const FILES: &str = "\
//- mm/sink.c
void vmemmap_populate_compound_pages(void)
{
}
static void both(void)
{
\tvmemmap_populate_compound_pages();
}
static void first(void)
{
\tboth();
}
static void second(void)
{
\tboth();
}
static struct driver one = { .probe = first };
static struct driver two = { .probe = second };
";

fn read(text: &str) -> Result<Acceptances, String> {
    let read = Configuration::read("own.toml", text);
    let configured = read.and_then(|read| read.with(&Catalog::built_in().unwrap()));
    configured
        .map(|configured| configured.accepted)
        .map_err(|e| e.to_string())
}

/// The outcome on the last day of 2026.
fn outcome(accept: &str) -> Outcome {
    let text = format!("[[accept]]\n{accept}\n");
    let outcome = base::outcome_with("unselected", FILES, |settings| {
        settings.accepted = read(&text).unwrap();
        settings.today = Some(date(2026, 12, 31));
    });
    assert_eq!(outcome.findings.len() + outcome.accepted.len(), 1);
    outcome
}

/// What became of the one entry, and of the one verdict.
fn became(accept: &str) -> (State, Verdict) {
    let outcome = outcome(accept);
    (outcome.suppressions[0].state, outcome.verdicts[0].verdict)
}

#[test]
fn what_is_accepted_is_no_finding() {
    let accept = "rule = \"unselected\"\narch = \"toy\"\nreason = \"known\"\nuntil = 2026-12-31";
    let outcome = outcome(accept);
    assert_eq!(outcome.suppressions[0].state, State::Used(1));
    assert_eq!(outcome.verdicts[0].verdict, Verdict::Accepted);
    assert_eq!(outcome.verdicts[0].reason, "known");
    let place = &outcome.accepted[0].place;
    assert_eq!((place.file.as_str(), place.line), ("own.toml", 1));
    let all = "rule = \"unselected\"\nreason = \"known\"";
    assert_eq!(became(all), (State::Used(1), Verdict::Accepted));
}

#[test]
fn what_has_ended_is_a_finding_again() {
    let accept = "rule = \"unselected\"\nreason = \"known\"\nuntil = 2026-12-30";
    let outcome = outcome(accept);
    assert_eq!(outcome.suppressions[0].state, State::Ended);
    assert_eq!(outcome.verdicts[0].verdict, Verdict::Flagged);
    let note = &outcome.findings[0].notes[0];
    assert_eq!(note.text, "it was accepted until 2026-12-30");
}

#[test]
fn a_function_stands_for_all_paths_or_for_none() {
    let of =
        |function| format!("rule = \"unselected\"\nfunction = \"{function}\"\nreason = \"known\"");
    assert_eq!(became(&of("both")), (State::Used(1), Verdict::Accepted));
    // The other driver's path would be hidden.
    let one = outcome(&of("first"));
    assert_eq!(one.verdicts[0].verdict, Verdict::Flagged);
    let note = &one.findings[0].notes[0];
    assert_eq!(
        note.text,
        "accepted where it leads through first(), which 1 of its paths do"
    );
    assert_eq!(became(&of("third")), (State::Unused, Verdict::Flagged));
}

#[test]
fn what_accepts_nothing_is_told_where_it_was_asked() {
    let other = |rule, arch| format!("rule = \"{rule}\"\narch = [\"{arch}\"]\nreason = \"known\"");
    assert_eq!(became(&other("unselected", "x86")).0, State::Unused);
    assert_eq!(became(&other("no-init-mm", "toy")).0, State::NotAsked);
}

#[test]
fn a_file_that_is_wrong_is_one_error_with_its_line() {
    let error = |text: &str| read(text).unwrap_err();
    let other = error("[[accept]]\nrule = \"other\"\nreason = \"\"");
    let wanted = "own.toml:1: there is no rule or pack other; there are ";
    assert!(other.starts_with(wanted), "{other}");
    let alike = error("[rules]\nenable = [\"no-init-m\"]");
    assert!(
        alike.starts_with("own.toml:2: ") && alike.contains("did you mean no-init-mm?"),
        "{alike}"
    );
    let pack = error("[[accept]]\nrule = \"vmemmap-dax\"\nreason = \"\"");
    assert!(pack.contains("vmemmap-dax is a pack"), "{pack}");
    assert_eq!(
        error("\n[[accept]]\nrule = \"unselected\"\nreason = \" \""),
        "own.toml:2: nothing is accepted without a reason"
    );
    assert!(error("[[accept]]\nrule = \"unselected\"").contains("missing field `reason`"));
    assert!(error("[[accept]]\nrul = 1").starts_with("own.toml:2:1: unknown field `rul`"));
    assert!(error("[[accept").starts_with("own.toml:1:"));
    let until = "[[accept]]\nrule = \"unselected\"\nreason = \"a\"\nuntil = ";
    assert!(error(&format!("{until}07:32:00")).contains("is no day"));
    assert!(error(&format!("{until}2026-02-30")).starts_with("own.toml:"));
    assert!(read("").is_ok());
}

/// What is left, what is accepted, and what became of comments, with a comment put before the sink's line or into the
/// entry of the architecture.
fn commented(sink: &str, entry: &str) -> (usize, usize, Vec<State>, Vec<String>) {
    let files = FILES.replace(
        "\tvmemmap_populate_compound_pages();",
        &format!("{sink}\tvmemmap_populate_compound_pages();"),
    );
    let files = format!(
        "{files}//- arch/toy/Kconfig\n{entry}config TOY\n\tdef_bool y\n\tselect ANY\nconfig ANY\n\tbool\n"
    );
    let outcome = base::outcome_with("unselected", &files, |_| {});
    let problems = outcome.problems.iter();
    let problems = problems.map(|p| format!("{}:{}: {}", p.place.file, p.place.line, p.message));
    (
        outcome.findings.len(),
        outcome.accepted.len(),
        outcome.suppressions.iter().map(|one| one.state).collect(),
        problems.collect(),
    )
}

#[test]
fn a_comment_beside_the_code_accepts_a_finding() {
    let none = || (1, 0, vec![], vec![]);
    assert_eq!(commented("", ""), none());
    let used = || (0, 1, vec![State::Used(1)], vec![]);
    assert_eq!(
        commented("\t/* vmemmlint: allow(unselected): known */\n", ""),
        used()
    );
    assert_eq!(
        commented("", "# vmemmlint: allow(unselected) on toy: known\n"),
        used()
    );
    let unused = || (1, 0, vec![State::Unused], vec![]);
    let away = "\t/* vmemmlint: allow(unselected): known */\n\tif (0)\n\t\treturn;\n";
    assert_eq!(commented(away, ""), unused());
    // The tree has no such architecture.
    let other = "/* vmemmlint: allow(unselected) on other: known */\n";
    assert_eq!(commented(other, ""), unused());
    let rule = "/* vmemmlint: allow(no-init-mm): known */\n";
    assert_eq!(commented(rule, ""), (1, 0, vec![State::NotAsked], vec![]));
    let wrong = "/* vmemmlint: allow(unselected) */\n";
    let problem =
        "mm/sink.c:6: vmemmlint: allow(RULE): REASON is wanted, or allow(RULE) on ARCH: REASON";
    assert_eq!(
        commented(wrong, ""),
        (1, 0, vec![], vec![problem.to_owned()])
    );
    // One that stands where nobody looks is found all the same.
    let elsewhere =
        format!("{FILES}//- lib/x.c\n/* vmemmlint: allow(unselected): old */\nint x;\n");
    let outcome = base::outcome_with("unselected", &elsewhere, |_| {});
    assert_eq!(outcome.suppressions[0].place.file, "lib/x.c");
    assert_eq!(outcome.suppressions[0].state, State::Unused);
}
