//! The table of architectures: who opted in, where its memory map is written, what follows.

use std::collections::BTreeMap;

use rules::{ArchRow, ArchVerdict, BackendRow, Outcome, Place, Verdict};
use serde_json::{Value, json as object};

use crate::clean;
use crate::human::place_line;
use crate::json::{harmless, place, problem, tree as begin};
use crate::look::Look;
use crate::paper::Paper;
use crate::summary::{shown, speaks};

/// A row of the table for people and for documents.
struct Line<'o> {
    row: &'o ArchRow,
    verdict: &'o ArchVerdict,
}

/// The rows with the verdict that weighs most, of equals that of the last rule.
fn lines(outcome: &Outcome) -> Vec<Line<'_>> {
    let mut worst: BTreeMap<&str, &ArchVerdict> = BTreeMap::new();
    for verdict in &outcome.verdicts {
        let known = worst.get(verdict.arch.as_str());
        if speaks(verdict)
            && known.is_none_or(|known| known.verdict.weight() <= verdict.verdict.weight())
        {
            worst.insert(&verdict.arch, verdict);
        }
    }
    let rows = outcome.rows.iter();
    rows.filter_map(|row| {
        let verdict = *worst.get(row.arch.as_str())?;
        Some(Line { row, verdict })
    })
    .collect()
}

/// The table for people.
pub fn arches(outcome: &Outcome, look: &Look) -> String {
    let mut paper = Paper::new(look);
    let lines = lines(outcome);
    let widest = lines
        .iter()
        .map(|l| clean::width(&l.row.arch))
        .max()
        .unwrap_or(0);
    let indent = widest + 14;
    for line in &lines {
        let mut arch = line.row.arch.as_str();
        let mut say = |what: &str, text: &str| {
            let gap = " ".repeat(widest - clean::width(arch));
            paper.hanging(&format!("  {arch}{gap}  {what:<9} "), indent, text);
            arch = "";
        };
        say("symbol", &symbol(line.row));
        for (number, backend) in line.row.backend.iter().enumerate() {
            say(
                if number == 0 { "backend" } else { "" },
                &backend_words(backend),
            );
        }
        if line.row.backend.is_empty() {
            say("backend", "none");
        }
        say("verdict", shown(line.verdict.verdict, look).0);
        say("", &reason(line.verdict));
    }
    paper.finish()
}

pub(crate) fn symbol(row: &ArchRow) -> String {
    format!("{} {}{}", row.symbol, row.selected, at(row.place.as_ref()))
}

pub(crate) fn backend_words(backend: &BackendRow) -> String {
    let at = at(backend.place.as_ref());
    format!("{}, {}{at}", backend.tables, backend.when)
}

fn reason(verdict: &ArchVerdict) -> String {
    let (rule, reason) = (&verdict.rule, &verdict.reason);
    let at = at(verdict.place.as_ref());
    match verdict.verdict {
        Verdict::CannotReach => format!("{reason}{at}"),
        _ => format!("{rule}: {reason}{at}"),
    }
}

fn at(place: Option<&Place>) -> String {
    place.map_or_else(String::new, |place| format!(" ({})", place_line(place)))
}

/// The table as Markdown.
pub fn arches_markdown(outcome: &Outcome) -> String {
    let lines = lines(outcome);
    let symbol = lines.first().map_or("", |line| line.row.symbol.as_str());
    let mut text = format!(
        "| architecture | {symbol} | backend | verdict | reason |\n|---|---|---|---|---|\n"
    );
    for line in &lines {
        let backends = line.row.backend.iter().map(backend_words);
        let backends: Vec<String> = backends.collect();
        let cells = [
            line.row.arch.clone(),
            format!("{}{}", line.row.selected, at(line.row.place.as_ref())),
            if backends.is_empty() {
                "none".to_owned()
            } else {
                backends.join("; ")
            },
            line.verdict.verdict.word().to_owned(),
            reason(line.verdict),
        ];
        let cells = cells.map(|cell| clean::line(&cell).replace('|', "\\|"));
        text.push_str("| ");
        text.push_str(&cells.join(" | "));
        text.push_str(" |\n");
    }
    text
}

/// The table for programs: every verdict of every rule, beside how the architecture opts in and where its
/// backend writes.
pub fn arches_json(tree: &str, outcome: &Outcome) -> String {
    let mut report = begin(tree, &outcome.kernel_version);
    report["arches"] = outcome
        .rows
        .iter()
        .map(|row| row_json(row, outcome))
        .collect();
    report["problems"] = outcome.problems.iter().map(problem).collect();
    harmless(&report)
}

fn row_json(row: &ArchRow, outcome: &Outcome) -> Value {
    let backend = row.backend.iter().map(|part| {
        object!({ "tables": part.tables, "when": part.when, "place": part.place.as_ref().map(place) })
    });
    let verdicts = outcome
        .verdicts
        .iter()
        .filter(|verdict| verdict.arch == row.arch);
    let verdicts = verdicts.map(|verdict| {
        object!({
            "rule": verdict.rule,
            "verdict": verdict.verdict.word(),
            "reason": verdict.reason,
            "place": verdict.place.as_ref().map(place),
        })
    });
    object!({
        "arch": row.arch,
        "symbol": row.symbol,
        "selected": row.selected,
        "place": row.place.as_ref().map(place),
        "backend": backend.collect::<Vec<_>>(),
        "verdicts": verdicts.collect::<Vec<_>>(),
    })
}
