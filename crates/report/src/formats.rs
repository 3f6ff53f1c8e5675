//! Reports for other programs: editors, code hosts, test runners, review bots.
//!
//! | format | read by |
//! |---|---|
//! | [`terse`] | vim's quickfix, Emacs' compile, `grep` |
//! | [`jsonl`] | `jq`, log collectors |
//! | [`sarif`] | GitHub code scanning, editors |
//! | [`github`] | GitHub's workflow log |
//! | [`gitlab`] | GitLab's code quality widget |
//! | [`junit`] | Jenkins, GitLab and others that show tests |
//! | [`rdjson`] | reviewdog |
//! | [`html`] | browsers |
//! | [`markdown`] | comments and summaries of code hosts |
//! | [`dot`], [`svg`] | Graphviz, browsers |
//!
//! Paths are those in the tree, as code hosts want them; only [`terse`] puts the tree before them, so that an
//! editor finds the file from where it was started.

mod annotations;
mod drawing;
mod html;
mod junit;
mod lines;
mod markdown;
mod sarif;

pub use annotations::{github, gitlab, rdjson};
pub use drawing::{dot, svg};
pub use html::html;
pub use junit::junit;
pub(crate) use lines::at;
pub use lines::{jsonl, statistics, terse};
pub use markdown::markdown;
pub use sarif::sarif;

use std::collections::BTreeMap;

use rules::{ArchVerdict, Finding, Outcome, Place, Rule, Severity, Verdict};
use source::Source;

use crate::clean;

/// What a check answered, with what its reports tell besides.
#[derive(Clone, Copy)]
pub struct Report<'a> {
    /// The tree as the user named it, with its revision.
    pub tree: &'a str,
    /// Where it is, from where the program was started.
    pub folder: &'a str,
    /// The answer.
    pub outcome: &'a Outcome,
    /// Where code is quoted from.
    pub source: &'a dyn Source,
    /// The rules that may have been asked.
    pub rules: &'a [Rule],
    /// The version of the program.
    pub version: &'a str,
}

impl Report<'_> {
    /// A finding's rule, where it is still known.
    fn rule(&self, finding: &Finding) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id() == finding.rule)
    }

    /// The page about a finding's rule: the first of its pack.
    fn link(&self, finding: &Finding) -> Option<&str> {
        self.rule(finding).and_then(link_of)
    }

    /// What could not be read, and what is not known: where, and in words.
    fn not_done(&self) -> Vec<(Place, String)> {
        let problems = self.outcome.problems.iter();
        let problems = problems.map(|problem| (problem.place.clone(), problem_words(problem)));
        problems.chain(self.unknown()).collect()
    }

    /// What is not known, each rule once: where that can be seen, and in words.
    fn unknown(&self) -> Vec<(Place, String)> {
        let mut rules: BTreeMap<&str, Vec<&ArchVerdict>> = BTreeMap::new();
        let verdicts = self.outcome.verdicts.iter();
        for verdict in verdicts.filter(|verdict| verdict.verdict == Verdict::Unknown) {
            rules.entry(&verdict.rule).or_default().push(verdict);
        }
        let told = rules.into_iter().filter_map(|(rule, verdicts)| {
            let first = verdicts.first()?;
            let arches: Vec<&str> = verdicts.iter().map(|v| v.arch.as_str()).collect();
            let place = first.place.clone().unwrap_or_else(|| Place {
                file: format!("arch/{}/Kconfig", first.arch),
                line: 1,
                column: 1,
                ..Place::default()
            });
            let (arches, reason) = (arches.join(", "), &first.reason);
            let words = format!("{rule} is unknown on {arches}: {reason}");
            Some((place, clean::line(&words)))
        });
        told.collect()
    }
}

/// What is not known, a line for each rule, for people who want no table.
pub fn unknown(report: &Report<'_>) -> String {
    let lines = report.unknown().into_iter();
    lines.map(|(_, words)| words + "\n").collect()
}

/// The page about a rule: the first of its pack.
pub(crate) fn link_of(rule: &Rule) -> Option<&str> {
    let mut links = rule.pack.links.iter();
    links.find(|link| is_link(link)).map(String::as_str)
}

/// Whether a browser may be led there: a folder of rules comes from the tree that is checked.
fn is_link(link: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_graphic() && !b"<>()\"'`".contains(&b);
    (link.starts_with("https://") || link.starts_with("http://")) && link.bytes().all(is_plain)
}

/// `error` or `warning`.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// Where a finding is told: its sink, or what stands for it.
pub(crate) fn place_of(finding: &Finding) -> &Place {
    match (&finding.kconfig, finding.sink.file.is_empty()) {
        (Some(entry), true) => entry,
        _ => &finding.sink,
    }
}

/// All that a finding says, one line each: its message, and its [`details`].
fn lines_of(finding: &Finding) -> Vec<String> {
    [vec![clean::line(&finding.message)], details(finding)].concat()
}

/// What a finding says beyond its message, one line each: its path, its configuration, what must hold.
pub(crate) fn details(finding: &Finding) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(first) = finding.path.first().filter(|first| !first.entry.is_empty()) {
        lines.push(format!("from {}", clean::line(&first.entry)));
    }
    for (number, step) in finding.path.iter().enumerate() {
        let (at, function) = (
            crate::human::place_line(&step.place),
            clean::line(&step.function),
        );
        lines.push(format!("{}. {function}() at {at}", number + 1));
    }
    for (symbol, value) in &finding.config {
        lines.push(config_line(symbol, value));
    }
    for assumption in &finding.assumptions {
        lines.push(format!("when {}", clean::line(assumption)));
    }
    for note in &finding.notes {
        lines.push(crate::human::note_text(note));
    }
    if finding.arches.len() > 1 {
        let all: Vec<String> = finding.arches.iter().map(|a| clean::line(a)).collect();
        lines.push(format!("on {}", all.join(", ")));
    }
    lines
}

/// A line of a `.config`.
pub(crate) fn config_line(symbol: &str, value: &str) -> String {
    let (symbol, value) = (clean::line(symbol), clean::line(value));
    match value.as_str() {
        "n" => format!("# CONFIG_{symbol} is not set"),
        value => format!("CONFIG_{symbol}={value}"),
    }
}

/// A problem's message in one line.
fn problem_words(problem: &rules::Problem) -> String {
    clean::line(&problem.message)
}
