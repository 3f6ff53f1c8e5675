//! The table of architectures: who opted in, where its memory map is written, what follows.

use std::collections::BTreeMap;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use rules::{ArchRow, ArchVerdict, BackendRow, Outcome, Place, Verdict};
use serde_json::{Value, json as object};

use crate::clean;
use crate::human::place_line;
use crate::json::{harmless, place, problem, tree as begin};
use crate::look::{Drawing, Look};
use crate::paper::Paper;
use crate::summary::{Told, shown, speaks};

/// A row of the table for people and for documents.
struct Line<'o> {
    row: &'o ArchRow,
    /// What weighs most, of equals that of the last rule.
    verdict: &'o ArchVerdict,
    /// The rules that find something.
    flagged: Vec<&'o str>,
}

/// The rows, each with what weighs most.
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
        let own = outcome.verdicts.iter().filter(|v| v.arch == row.arch);
        let flagged = own.filter(|v| v.verdict == Verdict::Flagged);
        let flagged = flagged.map(|v| v.rule.as_str()).collect();
        Some(Line {
            row,
            verdict,
            flagged,
        })
    })
    .collect()
}

/// The table for people.
pub fn arches(outcome: &Outcome, look: &Look) -> String {
    let lines = lines(outcome);
    match look.drawing {
        // A table is not read aloud: each cell with its name.
        Drawing::Narrated => narrated(&lines, look),
        Drawing::Unicode | Drawing::Ascii => drawn(&lines, look),
    }
}

fn narrated(lines: &[Line<'_>], look: &Look) -> String {
    let mut paper = Paper::new(look);
    for line in lines {
        let arch = &line.row.arch;
        let mut say = |what: &str, text: &str| paper.hanging(&format!("{arch} {what}: "), 2, text);
        say("symbol", &symbol(line.row));
        for backend in backends(line.row, backend_words) {
            say("backend", &backend);
        }
        say("verdict", shown(line.verdict.verdict, look).0);
        say("reason", &short(line));
    }
    paper.finish()
}

/// What the columns hold.
const HEADER: [&str; 5] = ["arch", "selected", "backend", "verdict", "reason"];

/// A table, if its words are not too long for the width.
fn drawn(lines: &[Line<'_>], look: &Look) -> String {
    let Some(first) = lines.first() else {
        return String::new();
    };
    let cells = cells(lines, look);
    let longest = |column: usize| {
        let texts = cells.iter().map(|row| row[column].as_str());
        let words = texts
            .chain([HEADER[column]])
            .flat_map(str::split_whitespace);
        words.map(clean::width).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEADER.len()).map(longest).collect();
    // A space stands on either side of a cell.
    if widths.iter().sum::<usize>() + 2 * widths.len() > look.columns() {
        return narrated(lines, look);
    }
    let least = |width: &usize| {
        let width = u16::try_from(*width + 2).unwrap_or(u16::MAX);
        ColumnConstraint::LowerBoundary(Width::Fixed(width))
    };
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(look.columns()).unwrap_or(u16::MAX))
        .set_header(HEADER)
        .add_rows(cells)
        .set_constraints(widths.iter().map(least));
    let mut paper = Paper::new(look);
    paper.line(&format!(" opt-in symbol: {}", first.row.symbol));
    for line in table.lines() {
        paper.line(line.trim_end());
    }
    paper.finish()
}

/// The cells, without places. What was said of an architecture above is not said again.
fn cells(lines: &[Line<'_>], look: &Look) -> Vec<[String; HEADER.len()]> {
    let mut told = Told::default();
    let cell = |line: &Line<'_>| {
        let row = line.row;
        let backend = backends(row, |part| match part.when.as_str() {
            "always" => clean::line(&part.tables),
            when => clean::line(&format!("{} if {when}", part.tables)),
        });
        let reason = clean::line(&short(line));
        let above = told.before(&row.arch, std::slice::from_ref(&reason));
        [
            clean::line(&row.arch),
            clean::line(&row.selected),
            backend.join("\n"),
            shown(line.verdict.verdict, look).0.to_owned(),
            above.unwrap_or(reason),
        ]
    };
    lines.iter().map(cell).collect()
}

/// The words for each part of a backend.
fn backends(row: &ArchRow, words: impl Fn(&BackendRow) -> String) -> Vec<String> {
    if row.backend.is_empty() {
        return vec!["none".to_owned()];
    }
    row.backend.iter().map(words).collect()
}

fn short(line: &Line<'_>) -> String {
    let verdict = line.verdict;
    match verdict.verdict {
        Verdict::CannotReach => verdict.short.clone(),
        Verdict::Flagged => line.flagged.join(", "),
        _ => format!("{}: {}", verdict.rule, verdict.short),
    }
}

pub(crate) fn symbol(row: &ArchRow) -> String {
    format!("{} {}{}", row.symbol, row.selected, at(row.place.as_ref()))
}

pub(crate) fn backend_words(backend: &BackendRow) -> String {
    let at = at(backend.place.as_ref());
    format!("{}, {}{at}", backend.tables, backend.when)
}

fn reason(line: &Line<'_>) -> String {
    let verdict = line.verdict;
    let (rule, reason) = (&verdict.rule, &verdict.reason);
    match verdict.verdict {
        Verdict::Flagged => line.flagged.join(", "),
        // Each of its facts has its place.
        Verdict::CannotReach => reason.clone(),
        _ => format!("{rule}: {reason}{}", at(verdict.place.as_ref())),
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
        let cells = [
            line.row.arch.clone(),
            format!("{}{}", line.row.selected, at(line.row.place.as_ref())),
            backends(line.row, backend_words).join("; "),
            line.verdict.verdict.word().to_owned(),
            reason(line),
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
            "short": verdict.short,
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
