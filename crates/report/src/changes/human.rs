//! What changes do, as their authors read it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use owo_colors::Style;
use rules::{Finding, Outcome};

use super::{Change, Changes, several, unknown};
use crate::clean;
use crate::excerpt::Files;
use crate::human::{findings_with, place_line};
use crate::look::Look;
use crate::paper::Paper;

/// The report for people: each change that does something, then what comes of all.
pub fn human(all: &Changes<'_>, look: &Look) -> String {
    let mut text = each(all, look);
    for note in all.notes {
        let _ = writeln!(text, "note: {}", clean::line(note));
    }
    text + &verdict(all, look)
}

/// Each change that does something, and nothing besides.
pub fn each(all: &Changes<'_>, look: &Look) -> String {
    let mut text = String::new();
    if all.all && !all.before.findings.is_empty() {
        let known = several(all.before.findings.len(), "finding");
        let _ = writeln!(text, "{known} of the tree before:\n");
        text += &crate::findings(all.before, all.source, look);
    }
    for (at, change) in all.changes.iter().enumerate() {
        text += &one(all, (at, change), look);
    }
    text
}

/// What one change does; nothing where it does nothing.
fn one(all: &Changes<'_>, (at, change): (usize, &Change<'_>), look: &Look) -> String {
    let difference = &change.difference;
    let is_quiet = difference.is_harmless() && difference.removed.is_empty();
    if is_quiet {
        return String::new();
    }
    let mut paper = Paper::new(look);
    let mut does = Vec::new();
    let mut add = |count: usize, verb: &str, word: &str| {
        if count > 0 {
            does.push(format!("{verb} {}", several(count, word)));
        }
    };
    add(difference.added.len(), "brings", "finding");
    add(difference.removed.len(), "closes", "finding");
    add(difference.unknown.len(), "leaves unknown", "answer");
    add(difference.problems.len(), "makes unreadable", "place");
    let heading = paper.styled(&title(change), Style::new().bold());
    paper.line(&heading);
    paper.line(&format!("  {}", does.join(", ")));
    paper.line("");
    let mut text = paper.finish();
    let source = all.sources.get(at).copied().unwrap_or(all.source);
    text += &added(all, (at, change), &Files::new(source), look);
    text += &rest(change, look);
    text
}

/// `[2/7] mm: one more (0002-mm-one-more.patch)`
fn title(change: &Change<'_>) -> String {
    let title = clean::line(change.title);
    let name = clean::line(change.name);
    let number = change
        .number
        .map(|(number, total)| format!("[{number}/{total}] "));
    let number = number.unwrap_or_default();
    if title == name || name.is_empty() {
        format!("{number}{title}")
    } else {
        format!("{number}{title} ({name})")
    }
}

/// What a change brings, each with its code, and where in the patch it comes from.
fn added(
    all: &Changes<'_>,
    (at, change): (usize, &Change<'_>),
    files: &Files,
    look: &Look,
) -> String {
    findings_with(files, &change.difference.added, look, &|paper, index| {
        if let Some(Some(spot)) = change.spots.get(index) {
            let last = spot.quoted.last().map(|line| clean::line(line.trim_end()));
            let place = format!("{}:{}", clean::line(change.name), spot.line);
            paper.section("patch", &format!("{place}  {}", last.unwrap_or_default()));
        }
        let finding = change.difference.added.get(index);
        if let Some(later) = finding.and_then(|finding| all.later(at, finding)) {
            let name = if later.starts_with("it was") {
                "before"
            } else {
                "later"
            };
            paper.section(name, &later);
        }
    })
}

/// What a change leaves unknown or unreadable, and what it closes.
fn rest(change: &Change<'_>, look: &Look) -> String {
    let mut paper = Paper::new(look);
    let difference = &change.difference;
    for problem in &difference.problems {
        let (place, message) = (place_line(&problem.place), clean::line(&problem.message));
        paper.section("unreadable", &format!("{place}: {message}"));
    }
    for remark in unknown(change) {
        paper.section("unknown", &remark.words);
    }
    for finding in &difference.removed {
        paper.section("closes", &line_of(finding));
    }
    let text = paper.finish();
    if text.is_empty() { text } else { text + "\n" }
}

/// A finding in one line.
fn line_of(finding: &Finding) -> String {
    let (rule, arch) = (clean::line(&finding.rule), clean::line(&finding.arch));
    format!("{rule} on {arch} at {}", place_line(&finding.sink))
}

/// What comes of all changes, in a few lines.
fn verdict(all: &Changes<'_>, look: &Look) -> String {
    let mut paper = Paper::new(look);
    let sum = sum(all);
    let base = clean::line(all.base);
    paper.line(&format!("{} on {base}: {sum}", clean::line(all.tree)));
    not_bisectable(all, look) + &paper.finish()
}

/// Which changes open what a later one closes; nothing where none does.
pub fn not_bisectable(all: &Changes<'_>, look: &Look) -> String {
    let mut paper = Paper::new(look);
    let torn = all.not_bisectable();
    let pairs: BTreeSet<(usize, usize)> = torn
        .iter()
        .filter_map(|one| Some((one.by, one.closed?)))
        .collect();
    for (by, closed) in pairs {
        let of_pair = torn
            .iter()
            .filter(|one| (one.by, one.closed) == (by, Some(closed)));
        let findings: Vec<String> = of_pair.map(|one| line_of(one.finding)).collect();
        let (by, closed) = (all.called(by), all.called(closed));
        let words = format!("{by} opens what {closed} closes: {}", findings.join("; "));
        paper.section("not bisectable", &words);
    }
    paper.finish()
}

/// What comes of all changes, in one line.
pub fn line(all: &Changes<'_>) -> String {
    sum(all)
}

fn sum(all: &Changes<'_>) -> String {
    let of = |count: fn(&Change<'_>) -> usize| all.changes.iter().map(count).sum::<usize>();
    let unknown = of(|change| change.difference.unknown.len());
    let removed = gone(all.before, all.after);
    let (left, torn) = (all.left().len(), all.not_bisectable().len());
    let mut parts = Vec::new();
    if left > 0 {
        parts.push(several(left, "new finding"));
    }
    if torn > 0 {
        parts.push(format!("{} only on the way", several(torn, "finding")));
    }
    if removed > 0 {
        parts.push(format!("{} closed", several(removed, "finding")));
    }
    if unknown > 0 {
        parts.push(several(unknown, "unknown answer"));
    }
    if parts.is_empty() {
        parts.push("no finding comes or goes".to_owned());
    }
    let known = all.before.findings.len() - removed;
    if known > 0 && !all.all {
        parts.push(format!(
            "{} of the tree as before",
            several(known, "finding")
        ));
    }
    format!(
        "{}: {}",
        several(all.changes.len(), all.noun),
        parts.join(", ")
    )
}

/// How many findings of the tree before are not there in the end.
fn gone(before: &Outcome, after: &Outcome) -> usize {
    rules::Difference::between(before, after).removed.len()
}
