//! All paths of a finding: their entries in groups, and the calls that they consist of.
//!
//! Paths are not written out one by one, there may be very many. A call on many of them stands once,
//! with their number.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use rules::{Finding, Outcome, PathCall, PathEntry, Paths, Step};
use serde_json::{Value, json as object};

use crate::clean;
use crate::graph::quoted;
use crate::human::place_line;
use crate::json::{harmless, place, step, tree as begin};
use crate::look::Look;
use crate::paper::Paper;
use crate::summary::several;

/// The findings with all their paths, for people.
pub fn paths(outcome: &Outcome, look: &Look) -> String {
    let mut paper = Paper::new(look);
    for finding in &outcome.findings {
        if let Some(paths) = &finding.paths {
            paper.hanging("", 2, &clean::line(&finding.message));
            paths_at(&mut paper, paths);
            paper.line("");
        }
    }
    paper.finish()
}

/// The paths of one finding.
pub(crate) fn paths_at(paper: &mut Paper, paths: &Paths) {
    paper.section("paths", &total(paths));
    if let Some(limit) = &paths.limit {
        paper.section("limit", &clean::line(limit));
    }
    for (kind, entries) in by_kind(paths) {
        let count = entries
            .iter()
            .fold(0, |sum, entry| entry.count.saturating_add(sum));
        let count = many(count, "path");
        paper.line(&format!("    {}: {count}", clean::line(kind)));
        for entry in entries {
            entry_at(paper, entry);
        }
    }
    if !paths.calls.is_empty() {
        paper.line("    calls, each with the number of paths that lead through it");
        calls_at(paper, &paths.calls);
    }
}

/// What else leads there than the path that a finding shows: the shortest path of each other kind of
/// entry, and how many there are in all.
pub(crate) fn others_at(paper: &mut Paper, finding: &Finding, paths: &Paths) {
    if paths.count <= 1 && paths.limit.is_none() {
        return;
    }
    let shown = finding.path.first().map(|step| &step.entry);
    let is_shown = |entry: &&PathEntry| entry.shortest.first().map(|s| &s.entry) == shown;
    let shown_kind = paths.entries.iter().find(is_shown).map(|e| e.kind.as_str());
    for (kind, entries) in by_kind(paths) {
        let shortest = entries.iter().min_by_key(|entry| entry.shortest.len());
        if let Some(entry) = shortest.filter(|_| Some(kind) != shown_kind) {
            let words = format!(
                "{} ({})",
                clean::line(&entry.words),
                place_line(&entry.place)
            );
            paper.section("also", &format!("from {words}, by {}", steps(entry)));
        }
    }
    paper.section(
        "paths",
        &format!("{}; --all-paths tells them", total(paths)),
    );
}

/// The shortest path of an entry in one line.
fn steps(entry: &PathEntry) -> String {
    let step = |step: &Step| {
        format!(
            "{} ({})",
            clean::line(&step.function),
            place_line(&step.place)
        )
    };
    entry
        .shortest
        .iter()
        .map(step)
        .collect::<Vec<_>>()
        .join(", ")
}

fn entry_at(paper: &mut Paper, entry: &PathEntry) {
    let mut words = clean::line(&entry.words);
    if !entry.object.is_empty() {
        words = format!("{}, {words}", clean::line(&entry.object));
    }
    let count = many(entry.count, "path");
    let first = entry.shortest.first().map_or("", |step| &step.function);
    let at = place_line(&entry.place);
    let first = clean::line(first);
    paper.hanging("      ", 10, &format!("{first}(), {words} ({at}): {count}"));
    paper.hanging("          when ", 15, &clean::line(&entry.when));
    paper.hanging("          by   ", 15, &steps(entry));
}

/// One line for each call, in columns.
fn calls_at(paper: &mut Paper, calls: &[PathCall]) {
    let lines: Vec<[String; 3]> = calls
        .iter()
        .map(|call| {
            let callee = if call.callee.is_empty() {
                "the sink".to_owned()
            } else {
                clean::line(&call.callee)
            };
            let called = format!("{} > {callee}", clean::line(&call.caller));
            [call.count.to_string(), place_line(&call.place), called]
        })
        .collect();
    let widest = |column: usize| {
        let widths = lines.iter().map(|line| clean::width(&line[column]));
        widths.max().unwrap_or(0)
    };
    let (counts, places) = (widest(0), widest(1));
    for [count, at, called] in &lines {
        let gap = " ".repeat(places - clean::width(at));
        paper.line(&format!("      {count:>counts$}  {at}{gap}  {called}"));
    }
}

fn by_kind(paths: &Paths) -> Vec<(&str, Vec<&PathEntry>)> {
    let mut groups: Vec<(&str, Vec<&PathEntry>)> = Vec::new();
    for entry in &paths.entries {
        match groups.last_mut() {
            Some((kind, group)) if *kind == entry.kind => group.push(entry),
            _ => groups.push((&entry.kind, vec![entry])),
        }
    }
    groups
}

/// `4 paths from 1 entry`; `4 paths or more from 2 entries` where a limit was hit.
fn total(paths: &Paths) -> String {
    let more = paths.limit.as_ref().map_or("", |_| " or more");
    let entries = match paths.entries.len() {
        1 => "1 entry".to_owned(),
        count => format!("{count} entries"),
    };
    format!("{}{more} from {entries}", many(paths.count, "path"))
}

fn many(count: u128, word: &str) -> String {
    match usize::try_from(count) {
        Ok(count) => several(count, word),
        Err(_) => format!("{count} {word}s"),
    }
}

/// The findings with all their paths, for programs.
pub fn paths_json(tree: &str, outcome: &Outcome) -> String {
    let mut report = begin(tree, &outcome.kernel_version);
    let told = outcome.findings.iter().filter_map(|finding| {
        let paths = paths_value(finding.paths.as_ref()?);
        Some(object!({
            "rule": finding.rule,
            "arch": finding.arch,
            "message": finding.message,
            "file": finding.sink.file,
            "line": finding.sink.line,
            "paths": paths,
        }))
    });
    report["findings"] = told.collect();
    harmless(&report)
}

/// All paths of a finding, for programs. A number that programs may not hold is a string.
pub(crate) fn paths_value(paths: &Paths) -> Value {
    let entry = |entry: &PathEntry| {
        object!({
            "kind": entry.kind,
            "enters": entry.words,
            "object": (!entry.object.is_empty()).then_some(&entry.object),
            "place": place(&entry.place),
            "count": number(entry.count),
            "when": entry.when,
            "shortest": entry.shortest.iter().map(step).collect::<Vec<_>>(),
        })
    };
    let call = |call: &PathCall| {
        object!({
            "caller": call.caller,
            "callee": (!call.callee.is_empty()).then_some(&call.callee),
            "place": place(&call.place),
            "count": number(call.count),
        })
    };
    object!({
        "count": number(paths.count),
        "limit": paths.limit,
        "entries": paths.entries.iter().map(entry).collect::<Vec<_>>(),
        "calls": paths.calls.iter().map(call).collect::<Vec<_>>(),
    })
}

/// JSON readers hold whole numbers up to 2^53 exactly.
fn number(count: u128) -> Value {
    match u64::try_from(count) {
        Ok(count) if count <= 1 << 53 => object!(count),
        _ => object!(count.to_string()),
    }
}

/// The findings with all their paths, for Graphviz: one graph, each finding a cluster of its own.
pub fn paths_dot(outcome: &Outcome) -> String {
    let mut text = "digraph paths {\n\trankdir=LR;\n\tnode [shape=box];\n".to_owned();
    for (number, finding) in outcome.findings.iter().enumerate() {
        if let Some(paths) = &finding.paths {
            let _ = writeln!(text, "\tsubgraph cluster_{number} {{");
            cluster(&mut text, number, finding, paths);
            text.push_str("\t}\n");
        }
    }
    text.push_str("}\n");
    text
}

fn cluster(text: &mut String, number: usize, finding: &Finding, paths: &Paths) {
    let node = |name: &str| quoted(&format!("{number}: {name}"));
    let _ = writeln!(text, "\t\tlabel={};", quoted(&finding.message));
    let mut named = BTreeSet::new();
    for call in &paths.calls {
        let sink = place_line(&call.place);
        let callee = if call.callee.is_empty() {
            &sink
        } else {
            &call.callee
        };
        for name in [&call.caller, callee] {
            if named.insert(name.clone()) {
                let _ = writeln!(text, "\t\t{} [label={}];", node(name), quoted(name));
            }
        }
        // A place that two findings share would join their clusters.
        let label = quoted(&many(call.count, "path"));
        let edge = format!("{} -> {}", node(&call.caller), node(callee));
        let _ = writeln!(text, "\t\t{edge} [label={label}];");
    }
    for entry in &paths.entries {
        let Some(first) = entry.shortest.first() else {
            continue;
        };
        let words = format!("{} ({})", entry.words, place_line(&entry.place));
        let _ = writeln!(
            text,
            "\t\t{} [label={}, shape=ellipse];",
            node(&words),
            quoted(&words)
        );
        let _ = writeln!(text, "\t\t{} -> {};", node(&words), node(&first.function));
    }
}
