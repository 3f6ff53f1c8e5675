//! How long a report of many findings takes: `cargo bench -p report`.
//!
//! Every finding quotes another line of one long file, so that what would read the file again for each of them shows.

use std::fmt::Write as _;

use divan::{Bencher, black_box};
use report::{Detail, Drawing, Look, Report};
use rules::{Finding, Outcome, Place, Severity, Step};
use source::Memory;
use text::Span;

fn main() {
    divan::main();
}

const PATH: &str = "mm/long.c";
const COUNTS: [usize; 3] = [100, 1_000, 10_000];

/// A file with a call in each of its functions.
fn long(functions: usize) -> (Memory, Vec<Span>) {
    let (mut text, mut calls) = (String::new(), Vec::new());
    for number in 0..functions {
        let _ = write!(text, "int f{number}(int a)\n{{\n\tif (a)\n\t\treturn ");
        calls.push(Span::new(text.len(), text.len() + "sink(a)".len()));
        text.push_str("sink(a);\n\treturn 0;\n}\n");
    }
    (Memory::new(&format!("//- {PATH}\n{text}")), calls)
}

fn outcome(calls: &[Span]) -> Outcome {
    let finding = |(number, span): (usize, &Span)| {
        let sink = Place {
            file: PATH.to_owned(),
            line: u32::try_from(number * 6 + 4).unwrap_or(u32::MAX),
            column: 10,
            span: *span,
        };
        Finding {
            rule: "unselected".into(),
            arch: "toy".into(),
            arches: vec!["toy".into()],
            severity: Severity::Error,
            message: format!("toy reaches sink() in f{number}()"),
            help: "let toy select SINK".into(),
            code: "sink(a)".into(),
            symbol: "SINK".into(),
            instead: Vec::new(),
            path: vec![Step {
                function: format!("f{number}"),
                place: sink.clone(),
                entry: "a probe".into(),
            }],
            sink,
            paths: None,
            kconfig: None,
            config: [("DAX".to_owned(), "y".to_owned())].into(),
            assumptions: Vec::new(),
            notes: Vec::new(),
        }
    };
    Outcome {
        findings: calls.iter().enumerate().map(finding).collect(),
        ..Outcome::default()
    }
}

const LOOK: Look = Look {
    drawing: Drawing::Unicode,
    colour: true,
    width: 100,
    paths: Detail::Shortest,
};

#[divan::bench(args = COUNTS)]
fn human(bencher: Bencher<'_, '_>, count: usize) {
    let (source, calls) = long(count);
    let outcome = outcome(&calls);
    bencher.bench(|| report::human("linux", black_box(&outcome), &source, &LOOK));
}

fn other(bencher: Bencher<'_, '_>, count: usize, write: fn(&Report<'_>) -> String) {
    let (source, calls) = long(count);
    let outcome = outcome(&calls);
    let report = Report {
        tree: "linux",
        folder: "linux",
        outcome: &outcome,
        source: &source,
        rules: &[],
        version: "0",
    };
    bencher.bench(|| write(black_box(&report)));
}

#[divan::bench(args = COUNTS)]
fn html(bencher: Bencher<'_, '_>, count: usize) {
    other(bencher, count, report::html);
}

#[divan::bench(args = COUNTS)]
fn sarif(bencher: Bencher<'_, '_>, count: usize) {
    other(bencher, count, report::sarif);
}

#[divan::bench(args = COUNTS)]
fn terse(bencher: Bencher<'_, '_>, count: usize) {
    other(bencher, count, report::terse);
}
