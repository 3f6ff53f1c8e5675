//! The report for programs. `docs/json.md` documents its shape.

use std::collections::BTreeSet;

use rules::{
    Accepted, ArchVerdict, Finding, Note, Outcome, Place, Problem, Severity, Skipped, State, Step,
    Suppression, fingerprints,
};
use serde_json::{Map, Value, json as object};

use crate::clean;

/// The version of the shape; it grows when a reader would have to change.
const VERSION: u32 = 1;

#[doc = include_str!("../../../docs/json.md")]
///
/// Here, `tree` is the tree as the user named it.
pub fn json(tree: &str, outcome: &Outcome) -> String {
    let mut report = self::tree(tree, &outcome.kernel_version);
    let prints = fingerprints(&outcome.findings);
    let findings = outcome.findings.iter().zip(prints);
    report["findings"] = findings
        .map(|(one, print)| finding_with(one, &print))
        .collect();
    report["arches"] = outcome.verdicts.iter().map(arch).collect();
    report["accepted"] = outcome.accepted.iter().map(accepted).collect();
    report["suppressions"] = outcome.suppressions.iter().map(suppression).collect();
    report["skipped"] = outcome.skipped.iter().map(skipped).collect();
    report["problems"] = outcome.problems.iter().map(problem).collect();
    harmless(&report)
}

fn skipped(skipped: &Skipped) -> Value {
    object!({ "rule": skipped.rule, "reason": skipped.reason })
}

/// What every report for programs begins with.
pub(crate) fn tree(path: &str, kernel_version: &str) -> Value {
    object!({
        "version": VERSION,
        "tree": { "path": path, "kernel_version": kernel_version },
    })
}

/// An object as it is printed: with an escape for each character that a terminal would obey.
pub fn harmless(report: &Value) -> String {
    // JSON may be read in a terminal too. Such characters stand only in its strings, where an escape
    // means the same.
    escaped(&format!("{report:#}\n"))
}

/// JSON's text without characters that a terminal would obey.
pub(crate) fn escaped(text: &str) -> String {
    let escape = |c: char| format!("\\u{:04x}", u32::from(c));
    let harmful = |c: &char| clean::is_unsafe(*c) && *c != '\n';
    let found: BTreeSet<char> = text.chars().filter(harmful).collect();
    found
        .into_iter()
        .fold(text.to_owned(), |text, c| text.replace(c, &escape(c)))
}

/// A finding with what tells it from all others.
pub(crate) fn finding_with(one: &Finding, fingerprint: &str) -> Value {
    let mut value = finding(one);
    value["fingerprint"] = fingerprint.into();
    value
}

fn finding(finding: &Finding) -> Value {
    let config = finding
        .config
        .iter()
        .map(|(symbol, value)| (symbol.clone(), object!(value)));
    object!({
        "rule": finding.rule,
        "arch": finding.arch,
        "arches": finding.arches,
        "severity": match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "message": finding.message,
        "help": finding.help,
        "file": finding.sink.file,
        "line": finding.sink.line,
        "column": finding.sink.column,
        "code": finding.code,
        "path": finding.path.iter().map(step).collect::<Vec<_>>(),
        "config": config.collect::<Map<_, _>>(),
        "assumptions": finding.assumptions,
        "notes": finding.notes.iter().map(note).collect::<Vec<_>>(),
        "paths": finding.paths.as_ref().map(crate::ways::paths_value),
        "kconfig": finding.kconfig.as_ref().map(place),
    })
}

fn accepted(accepted: &Accepted) -> Value {
    let mut value = finding(&accepted.finding);
    value["reason"] = object!(accepted.reason);
    value["accepted_at"] = place(&accepted.place);
    value
}

fn suppression(entry: &Suppression) -> Value {
    let (state, findings) = match entry.state {
        State::Used(findings) => ("used", findings),
        State::Unused => ("unused", 0),
        State::Ended => ("ended", 0),
        State::NotAsked => ("not-asked", 0),
    };
    object!({
        "place": place(&entry.place),
        "rule": entry.rule,
        "arches": entry.arches,
        "function": (!entry.function.is_empty()).then_some(&entry.function),
        "reason": entry.reason,
        "until": (!entry.until.is_empty()).then_some(&entry.until),
        "state": state,
        "findings": findings,
    })
}

pub(crate) fn step(step: &Step) -> Value {
    let mut value = object!({
        "function": step.function,
        "file": step.place.file,
        "line": step.place.line,
    });
    if !step.entry.is_empty() {
        value["entry"] = object!(step.entry);
    }
    value
}

fn note(note: &Note) -> Value {
    object!({ "text": note.text, "place": note.place.as_ref().map(place) })
}

pub(crate) fn place(place: &Place) -> Value {
    object!({ "file": place.file, "line": place.line, "column": place.column })
}

pub(crate) fn arch(verdict: &ArchVerdict) -> Value {
    object!({
        "arch": verdict.arch,
        "rule": verdict.rule,
        "verdict": verdict.verdict.word(),
        "reason": verdict.reason,
        "short": verdict.short,
        "place": verdict.place.as_ref().map(place),
        "facts": verdict.facts.iter().map(note).collect::<Vec<_>>(),
    })
}

pub(crate) fn problem(problem: &Problem) -> Value {
    object!({
        "file": problem.place.file,
        "line": problem.place.line,
        "column": problem.place.column,
        "message": problem.message,
    })
}
