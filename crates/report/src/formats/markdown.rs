//! A report for comments and summaries of code hosts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rules::{Finding, Verdict};

use super::{Report, config_line, level, place_of};
use crate::clean;
use crate::human::{note_text, place_line};
use crate::summary::several;

/// A comment that is longer is refused by GitHub; what is left out is told.
const LONGEST: usize = 60_000;

/// Markdown, as GitHub and GitLab show it: what was found, the table of architectures, and each finding to open.
pub fn markdown(report: &Report<'_>) -> String {
    let outcome = report.outcome;
    let count = outcome.findings.len();
    let mut text = format!("## vmemmlint: {}\n\n", several(count, "finding"));
    let tree = escaped(report.tree);
    let _ = writeln!(
        text,
        "{tree} (Linux {})\n",
        escaped(&outcome.kernel_version)
    );
    for problem in &outcome.problems {
        let (at, words) = (place_line(&problem.place), super::problem_words(problem));
        let _ = writeln!(
            text,
            "- could not be read: {}: {}",
            code(&at),
            escaped(&words)
        );
    }
    if !outcome.problems.is_empty() {
        text.push('\n');
    }
    table(&mut text, report);
    let mut left_out = 0;
    for finding in &outcome.findings {
        let told = told(report, finding);
        if text.len() + told.len() > LONGEST {
            left_out += 1;
        } else {
            text.push_str(&told);
        }
    }
    if left_out > 0 {
        let more = several(left_out, "more finding");
        let _ = writeln!(text, "{more}: too much for one comment.");
    }
    text
}

/// Architectures by rules; those of which all rules say the same share a line.
fn table(text: &mut String, report: &Report<'_>) {
    let verdicts = &report.outcome.verdicts;
    let rules: BTreeSet<&str> = verdicts.iter().map(|v| v.rule.as_str()).collect();
    let mut rows: BTreeMap<&str, BTreeMap<&str, Verdict>> = BTreeMap::new();
    for verdict in verdicts {
        let row = rows.entry(&verdict.arch).or_default();
        row.insert(&verdict.rule, verdict.verdict);
    }
    if rows.is_empty() {
        return;
    }
    let mut alike: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
    for (arch, row) in rows {
        let word = |rule: &&str| row.get(rule).map_or("", |v| v.word());
        let words = rules.iter().map(word).collect();
        alike.entry(words).or_default().push(arch);
    }
    let mut rows: Vec<(Vec<&str>, Vec<&str>)> = alike.into_iter().collect();
    rows.sort_by_key(|(words, arches)| (!words.contains(&"flagged"), arches.clone()));
    let heads: Vec<String> = rules.iter().map(|rule| escaped(rule)).collect();
    let _ = writeln!(text, "| architecture | {} |", heads.join(" | "));
    let _ = writeln!(text, "|---|{}", "---|".repeat(rules.len()));
    for (words, arches) in rows {
        let bold = |word: &&str| match *word {
            "flagged" => "**flagged**".to_owned(),
            word => word.to_owned(),
        };
        let words: Vec<String> = words.iter().map(bold).collect();
        let arches = escaped(&arches.join(", "));
        let _ = writeln!(text, "| {arches} | {} |", words.join(" | "));
    }
    text.push('\n');
}

fn told(report: &Report<'_>, finding: &Finding) -> String {
    let mut text = String::new();
    let rule = match report.link(finding) {
        Some(link) => format!("[{}]({link})", escaped(&finding.rule)),
        None => escaped(&finding.rule),
    };
    // Inside of the tag nothing is Markdown.
    let message = html(&clean::line(&finding.message));
    let level = level(finding.severity);
    let at = code(&place_line(place_of(finding)));
    let _ = writeln!(
        text,
        "<details><summary>{level}: {message}</summary>\n\n{rule}, at {at}\n"
    );
    if let Some(first) = finding.path.first() {
        if !first.entry.is_empty() {
            let _ = writeln!(text, "from {}\n", escaped(&first.entry));
        }
        for step in &finding.path {
            let function = code(&format!("{}()", clean::line(&step.function)));
            let _ = writeln!(text, "1. {function} at {}", code(&place_line(&step.place)));
        }
        text.push('\n');
    }
    if !finding.config.is_empty() {
        let lines = finding.config.iter().map(|(s, v)| config_line(s, v));
        let lines: Vec<String> = lines.collect();
        let _ = writeln!(text, "```\n{}\n```\n", lines.join("\n").replace("```", ""));
    }
    for assumption in &finding.assumptions {
        let _ = writeln!(text, "- when {}", code(&clean::line(assumption)));
    }
    for note in &finding.notes {
        let _ = writeln!(text, "- {}", escaped(&note_text(note)));
    }
    if finding.arches.len() > 1 {
        let _ = writeln!(text, "- on {}", escaped(&finding.arches.join(", ")));
    }
    let _ = writeln!(text, "\n{}\n\n</details>\n", escaped(&finding.help));
    text
}

/// Text in HTML.
fn html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;")
}

/// Text in which nothing is marked.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in html(&clean::line(text)).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '@' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// Text as code: one that holds backquotes is put between more of them.
fn code(text: &str) -> String {
    let runs = text.split(|c| c != '`').map(str::len);
    match runs.max().unwrap_or(0) {
        0 => format!("`{text}`"),
        longest => {
            let fence = "`".repeat(longest + 1);
            format!("{fence} {text} {fence}")
        }
    }
}
