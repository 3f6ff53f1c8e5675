//! One line for each finding.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rules::{Outcome, Place, fingerprints};

use super::{Report, level, place_of, problem_words};
use crate::clean;
use crate::json::{escaped, finding_with, problem};

/// `file:line: LEVEL: RULE: message`, which vim's quickfix, Emacs' compile and people read.
pub fn terse(report: &Report<'_>) -> String {
    let mut text = String::new();
    for problem in &report.outcome.problems {
        let (at, words) = (at(report.folder, &problem.place), problem_words(problem));
        let _ = writeln!(text, "{at}: warning: unreadable: {words}");
    }
    for finding in &report.outcome.findings {
        let at = at(report.folder, place_of(finding));
        let (rule, message) = (clean::line(&finding.rule), clean::line(&finding.message));
        let level = level(finding.severity);
        let _ = writeln!(text, "{at}: {level}: {rule}: {message}");
    }
    for (place, words) in report.unknown() {
        let at = at(report.folder, &place);
        let _ = writeln!(text, "{at}: warning: unknown: {words}");
    }
    text
}

/// `file:line`, from where the program was started.
pub(crate) fn at(tree: &str, place: &Place) -> String {
    let file = clean::exact(&place.file);
    let line = place.line.max(1);
    let tree = clean::exact(tree);
    match tree.trim_end_matches('/') {
        "." | "" if !tree.starts_with('/') => format!("{file}:{line}"),
        tree => format!("{tree}/{file}:{line}"),
    }
}

/// One JSON object in each line: the findings (`"type": "finding"`, else as in the JSON report), what could not be
/// read (`problem`), and at the end how many there are of each verdict (`summary`).
pub fn jsonl(report: &Report<'_>) -> String {
    let outcome = report.outcome;
    let mut text = String::new();
    let mut put = |value: &serde_json::Value| {
        text.push_str(&escaped(&format!("{value}\n")));
    };
    for (finding, fingerprint) in outcome.findings.iter().zip(fingerprints(&outcome.findings)) {
        let mut value = serde_json::json!({ "type": "finding" });
        merge(&mut value, finding_with(finding, &fingerprint));
        put(&value);
    }
    for one in &outcome.problems {
        let mut value = serde_json::json!({ "type": "problem" });
        merge(&mut value, problem(one));
        put(&value);
    }
    let mut counts = serde_json::Map::new();
    for verdict in &outcome.verdicts {
        let count = counts
            .entry(verdict.verdict.word())
            .or_insert_with(|| 0.into());
        *count = (count.as_u64().unwrap_or(0) + 1).into();
    }
    put(&serde_json::json!({
        "type": "summary",
        "tree": report.tree,
        "kernel_version": outcome.kernel_version,
        "findings": outcome.findings.len(),
        "accepted": outcome.accepted.len(),
        "problems": outcome.problems.len(),
        "verdicts": counts,
    }));
    text
}

fn merge(into: &mut serde_json::Value, from: serde_json::Value) {
    if let (Some(into), serde_json::Value::Object(from)) = (into.as_object_mut(), from) {
        into.extend(from);
    }
}

/// How many findings there are of each rule, most first, and on which architectures.
pub fn statistics(outcome: &Outcome) -> String {
    let mut rules: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for finding in &outcome.findings {
        let (count, arches) = rules.entry(&finding.rule).or_default();
        *count += 1;
        arches.extend(finding.arches.iter().map(String::as_str));
    }
    let mut rules: Vec<_> = rules.into_iter().collect();
    rules.sort_by_key(|(_, (count, _))| Reverse(*count));
    let digits = rules
        .first()
        .map_or(1, |(_, (count, _))| count.to_string().len());
    let widest = rules.iter().map(|(rule, _)| clean::width(rule)).max();
    let mut text = String::new();
    for (rule, (count, arches)) in rules {
        let rule = clean::line(rule);
        let gap = " ".repeat(widest.unwrap_or(0).saturating_sub(clean::width(&rule)));
        let arches = clean::line(&arches.into_iter().collect::<Vec<_>>().join(", "));
        let _ = writeln!(text, "{count:>digits$}  {rule}{gap}  {arches}");
    }
    if text.is_empty() {
        text.push_str("no findings\n");
    }
    text
}
