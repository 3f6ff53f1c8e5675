//! Findings as notes at lines of a change.

use std::fmt::Write as _;

use rules::{Severity, digest, fingerprints};
use serde_json::{Value, json};

use super::{Report, level, lines_of, place_of, problem_words};
use crate::clean;
use crate::excerpt::Files;
use crate::json::harmless;

/// Commands in a workflow's log, which GitHub shows at the lines of a change.
pub fn github(report: &Report<'_>) -> String {
    let mut text = String::new();
    for problem in &report.outcome.problems {
        let at = github_place(&problem.place);
        let message = github_data(&problem_words(problem));
        let _ = writeln!(text, "::warning {at}title=vmemmlint::{message}");
    }
    for finding in &report.outcome.findings {
        let message = github_data(&lines_of(finding).join("\n"));
        let title = github_property(&format!("vmemmlint: {}", clean::line(&finding.rule)));
        let (level, at) = (level(finding.severity), github_place(place_of(finding)));
        let _ = writeln!(text, "::{level} {at}title={title}::{message}");
    }
    for (place, words) in report.unknown() {
        let (at, message) = (github_place(&place), github_data(&words));
        let _ = writeln!(text, "::warning {at}title=vmemmlint::{message}");
    }
    text
}

fn github_place(place: &rules::Place) -> String {
    let file = github_property(&clean::exact(&place.file));
    match place.line {
        _ if file.is_empty() => String::new(),
        0 => format!("file={file},"),
        line => format!("file={file},line={line},col={},", place.column.max(1)),
    }
}

/// The message of a workflow command, which ends with its line.
fn github_data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of a workflow command, which ends with a comma.
fn github_property(text: &str) -> String {
    github_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A report of GitLab's code quality: a list of issues, each with a fingerprint of its own.
pub fn gitlab(report: &Report<'_>) -> String {
    let findings = &report.outcome.findings;
    let issues = findings.iter().zip(fingerprints(findings));
    let issues = issues.map(|(finding, fingerprint)| {
        let place = place_of(finding);
        json!({
            "description": clean::line(&finding.message),
            "check_name": finding.rule,
            "fingerprint": fingerprint,
            "severity": match finding.severity {
                Severity::Error => "major",
                Severity::Warning => "minor",
            },
            "location": { "path": place.file, "lines": { "begin": place.line.max(1) } },
        })
    });
    let told = report.not_done().into_iter().map(|(place, words)| {
        json!({
            "description": words,
            "check_name": "not-done",
            "fingerprint": digest(&[&place.file, &words]),
            "severity": "info",
            "location": { "path": place.file, "lines": { "begin": place.line.max(1) } },
        })
    });
    harmless(&issues.chain(told).collect::<Value>())
}

/// Reviewdog's Diagnostic Format, one object.
pub fn rdjson(report: &Report<'_>) -> String {
    let files = Files::new(report.source);
    let location = |place: &rules::Place| {
        let mut location = json!({ "path": place.file });
        if place.line > 0 {
            let position = |(line, column)| json!({ "line": line, "column": column });
            let mut range = json!({ "start": position((place.line, place.column.max(1))) });
            if let Some(end) = files.end(place) {
                range["end"] = position(end);
            }
            location["range"] = range;
        }
        location
    };
    let findings = report.outcome.findings.iter().map(|finding| {
        let mut code = json!({ "value": finding.rule });
        if let Some(url) = report.link(finding) {
            code["url"] = url.into();
        }
        json!({
            "message": lines_of(finding).join("\n"),
            "location": location(place_of(finding)),
            "severity": level(finding.severity).to_uppercase(),
            "code": code,
            "related_locations": finding.path.iter().rev().skip(1).rev().map(|step| json!({
                "message": format!("{}()", clean::line(&step.function)),
                "location": location(&step.place),
            })).collect::<Vec<_>>(),
        })
    });
    let problems = report.not_done().into_iter().map(|(place, words)| {
        json!({ "message": words, "location": location(&place), "severity": "WARNING" })
    });
    harmless(&json!({
        "source": { "name": "vmemmlint" },
        "severity": "WARNING",
        "diagnostics": findings.chain(problems).collect::<Vec<_>>(),
    }))
}
