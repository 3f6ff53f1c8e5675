//! What patches or commits do to the answers: what each brings, and what it closes.
//!
//! | format | read by |
//! |---|---|
//! | [`human`](human()) | people |
//! | [`json`](json()) | programs |
//! | [`terse`] | those who know checkpatch.pl, and editors |
//! | [`b4`](b4()), [`b4_review`] | `b4 prep --check`, `b4 review` |
//! | [`reply`](reply()) | the author of a patch, as an answer to it |
//! | [`patchwork`] | a Patchwork server |

mod b4;
mod human;
mod json;
mod reply;

pub use b4::{Lines, b4, b4_review, patchwork, terse};
pub use human::{each, human, line, not_bisectable};
pub use json::json;
pub use reply::reply;

use std::collections::BTreeMap;

use rules::{ArchVerdict, Difference, Finding, Opened, Outcome, Rule, Severity};
use source::Source;

use crate::clean;
use crate::formats::{link_of, place_of};
use crate::summary::several;

/// A patch or a commit, and what it does.
#[derive(Clone, Debug, Default)]
pub struct Change<'a> {
    /// The file in which it came, or the short name of a commit.
    pub name: &'a str,
    /// What it is about.
    pub title: &'a str,
    /// Which of how many.
    pub number: Option<(u32, u32)>,
    /// What its mail said of itself.
    pub mail: Option<Mail<'a>>,
    /// What is otherwise with it.
    pub difference: Difference<'a>,
    /// For each finding that it adds, where one sees in it by what.
    pub spots: Vec<Option<Spot>>,
}

/// The head of a mail.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mail<'a> {
    /// Who has written it: `A U Thor <author@example.org>`.
    pub from: &'a str,
    /// When.
    pub date: &'a str,
    /// Its subject, with what stands between brackets.
    pub subject: &'a str,
    /// Its identity, without the angles.
    pub id: &'a str,
    /// To whom else it went.
    pub to: &'a [String],
}

/// A place in a patch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// Its line: `57`, or `57 of its text`.
    pub line: String,
    /// The lines of the patch up to it, from the head of the file on.
    pub quoted: Vec<String>,
}

/// Some changes, one after the other.
#[derive(Clone, Copy)]
pub struct Changes<'a> {
    /// The tree as the user named it.
    pub tree: &'a str,
    /// What one of them is called: `patch`, `commit`.
    pub noun: &'a str,
    /// On what the first one was put: `the files of the tree`.
    pub base: &'a str,
    /// The answer before the first.
    pub before: &'a Outcome,
    /// The tree before the first.
    pub source: &'a dyn Source,
    /// The changes.
    pub changes: &'a [Change<'a>],
    /// The tree with each of them, from which code is quoted.
    pub sources: &'a [&'a dyn Source],
    /// What they bring on their way.
    pub opened: &'a [Opened<'a>],
    /// The answer with all of them.
    pub after: &'a Outcome,
    /// What else is to be said: mails that were not taken.
    pub notes: &'a [String],
    /// Whether also the findings are told that were there before.
    pub all: bool,
    /// The rules that may have been asked.
    pub rules: &'a [Rule],
}

impl Changes<'_> {
    /// What a change is called: `2/7`, or its name where it has no number.
    fn called(&self, at: usize) -> String {
        let Some(change) = self.changes.get(at) else {
            return String::new();
        };
        match change.number {
            Some((number, total)) => format!("{number}/{total}"),
            None => clean::line(change.name),
        }
    }

    /// What is brought by one change and closed by a later one: between them the tree cannot be trusted.
    fn not_bisectable(&self) -> Vec<&Opened<'_>> {
        let opened = self.opened.iter().filter(|one| !one.was_there);
        opened.filter(|one| one.closed.is_some()).collect()
    }

    /// What they leave behind that was not there before.
    fn left(&self) -> Vec<&Opened<'_>> {
        self.opened.iter().filter(|one| one.is_left()).collect()
    }

    /// What becomes of a finding later: `2/7 closes it: not bisectable`.
    fn later(&self, by: usize, finding: &Finding) -> Option<String> {
        let mut opened = self.opened.iter();
        let one = opened.find(|one| one.by == by && std::ptr::eq(one.finding, finding))?;
        match (one.closed, one.was_there) {
            (_, true) => Some("it was there before, and is back".to_owned()),
            (Some(closed), _) => {
                let closed = self.called(closed);
                Some(format!(
                    "{closed} closes it again, so the series is not bisectable"
                ))
            }
            (None, false) => None,
        }
    }

    fn link(&self, finding: &Finding) -> Option<&str> {
        let rule = self.rules.iter().find(|rule| rule.id() == finding.rule);
        rule.and_then(link_of)
    }
}

/// What is wrong with one change, line by line: how bad, where in the tree, where in the patch, the rule, and in words.
struct Remark<'a> {
    severity: Severity,
    file: String,
    line: u32,
    spot: Option<&'a Spot>,
    rule: String,
    words: String,
    finding: Option<&'a Finding>,
}

/// All that is to be said of a change. What could not be read comes first: it is the reason of what is unknown.
fn remarks<'a>(all: &Changes<'a>, at: usize) -> Vec<Remark<'a>> {
    let changes: &'a [Change<'a>] = all.changes;
    let Some(change) = changes.get(at) else {
        return Vec::new();
    };
    let problems = change.difference.problems.iter().map(|problem| {
        let place = (problem.place.file.as_str(), problem.place.line);
        remark(Severity::Error, place, "unreadable", &problem.message)
    });
    let mut remarks: Vec<Remark<'a>> = problems.collect();
    remarks.extend(found(all, (at, change)));
    remarks.extend(unknown(change));
    if all.noun == "commit" {
        let by = clean::line(change.name);
        for remark in &mut remarks {
            remark.words = format!("{} (by {by})", remark.words);
        }
    }
    remarks
}

fn remark<'a>(
    severity: Severity,
    (file, line): (&str, u32),
    rule: &str,
    words: &str,
) -> Remark<'a> {
    Remark {
        severity,
        file: clean::exact(file),
        line: line.max(1),
        spot: None,
        rule: clean::line(rule),
        words: clean::line(words),
        finding: None,
    }
}

/// What is to be said of the findings that a change brings.
fn found<'a>(
    all: &Changes<'a>,
    (at, change): (usize, &'a Change<'a>),
) -> impl Iterator<Item = Remark<'a>> {
    let findings = change.difference.added.iter().copied().enumerate();
    findings.map(move |(index, finding)| {
        let place = place_of(finding);
        let mut words = finding.message.clone();
        if finding.arches.len() > 1 {
            let more = several(finding.arches.len() - 1, "architecture");
            words = format!("{words} (and on {more} more)");
        }
        if let Some(later) = all.later(at, finding) {
            words = format!("{words}; {later}");
        }
        let place = (place.file.as_str(), place.line);
        Remark {
            spot: change.spots.get(index).and_then(Option::as_ref),
            finding: Some(finding),
            ..remark(finding.severity, place, &finding.rule, &words)
        }
    })
}

/// What is to be said of the answers that a change leaves unknown: of each rule and reason once.
fn unknown<'a>(change: &Change<'_>) -> Vec<Remark<'a>> {
    let mut unknown: BTreeMap<(&str, &str), Vec<&ArchVerdict>> = BTreeMap::new();
    for &cell in &change.difference.unknown {
        let of_reason = unknown.entry((&cell.rule, &cell.reason)).or_default();
        of_reason.push(cell);
    }
    let told = unknown.into_iter().map(|((rule, reason), cells)| {
        let arches: Vec<&str> = cells.iter().map(|cell| cell.arch.as_str()).collect();
        let place = cells.iter().find_map(|cell| cell.place.as_ref());
        let entry = format!("arch/{}/Kconfig", arches.first().unwrap_or(&""));
        let place = place.map_or((entry.as_str(), 1), |place| (&place.file, place.line));
        let words = format!(
            "{rule} is unknown with it on {}: {reason}",
            arches.join(", ")
        );
        remark(Severity::Warning, place, "unknown", &words)
    });
    told.collect()
}

/// How bad a change is: nothing, warnings, or errors.
fn worst(remarks: &[Remark<'_>]) -> Option<Severity> {
    let mut severities = remarks.iter().map(|remark| remark.severity);
    if remarks.is_empty() {
        None
    } else if severities.any(|severity| severity == Severity::Error) {
        Some(Severity::Error)
    } else {
        Some(Severity::Warning)
    }
}
