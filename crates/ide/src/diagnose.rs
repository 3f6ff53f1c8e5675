//! What is wrong in a file, as an editor shows it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use kconfig::{Parsed, Severity as Weighed};
use rules::{Catalog, Finding, Outcome, Severity};
use source::Source;
use text::Span;

use crate::Kconfig;

/// How much something weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the words of every editor")]
pub enum Weight {
    Error,
    Warning,
    Information,
}

/// A place that has to do with a [`Diagnosis`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Related {
    /// The file.
    pub file: String,
    /// The bytes in it; where there are none, the line counts.
    pub span: Span,
    /// The line, from 1; 0 where only the file is meant.
    pub line: u32,
    /// What is to be seen there.
    pub text: String,
}

/// Something that is wrong at a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnosis {
    /// The file.
    pub file: String,
    /// The bytes in it.
    pub span: Span,
    /// The line, from 1, where no bytes are known; 0 where only the file is.
    pub line: u32,
    /// How much it weighs.
    pub weight: Weight,
    /// The rule; empty for what the language itself does not allow.
    pub rule: String,
    /// What is wrong.
    pub message: String,
    /// The same of each architecture by itself.
    pub each: Vec<String>,
    /// What to do about it.
    pub help: String,
    /// The page about the rule; empty where there is none.
    pub page: String,
    /// Whether it is about the text of its file alone: see [`syntax`].
    pub is_syntax: bool,
    /// Whether what stands there does nothing.
    pub is_unnecessary: bool,
    /// Other places.
    pub related: Vec<Related>,
    /// The findings that it tells of, by their number in the outcome.
    pub findings: Vec<usize>,
}

impl Diagnosis {
    fn at(file: &str, span: Span, line: u32) -> Diagnosis {
        Diagnosis {
            file: file.to_owned(),
            span,
            line,
            weight: Weight::Error,
            rule: String::new(),
            message: String::new(),
            each: Vec::new(),
            help: String::new(),
            page: String::new(),
            is_syntax: false,
            is_unnecessary: false,
            related: Vec::new(),
            findings: Vec::new(),
        }
    }
}

fn weight(severity: Weighed) -> Weight {
    match severity {
        Weighed::Error => Weight::Error,
        Weighed::Warning => Weight::Warning,
        Weighed::Info => Weight::Information,
    }
}

/// What of the text of a Kconfig file was not understood.
pub fn syntax(path: &str, parsed: &Parsed) -> Vec<Diagnosis> {
    let errors = parsed.errors.iter();
    let told = errors.map(|error| Diagnosis {
        weight: weight(error.severity),
        message: error.message.clone(),
        is_syntax: true,
        ..Diagnosis::at(path, error.span, 0)
    });
    told.collect()
}

/// What reading the Kconfig files of a tree has to say, for whichever architectures.
pub fn heard(kconfig: &Kconfig) -> Vec<Diagnosis> {
    let all = kconfig.arches().len();
    let told = kconfig.diagnostics().into_iter().map(|(said, arches)| {
        let mut message = said.message.clone();
        if arches.len() < all {
            let names: Vec<&str> = arches.iter().map(|arch| arch.name.as_str()).collect();
            let _ = write!(message, " (on {})", names.join(", "));
        }
        Diagnosis {
            weight: weight(said.severity),
            is_syntax: kconfig.is_syntax(said),
            each: arches
                .iter()
                .map(|arch| format!("{} (on {})", said.message, arch.name))
                .collect(),
            message,
            ..Diagnosis::at(&said.place.file, said.place.span, said.place.line)
        }
    });
    told.collect()
}

/// What an outcome says of all files: each finding at its sink, at the entry of its architecture, and at the condition that
/// lets the sink be reached.
///
/// What is the same on several architectures is told once.
pub fn diagnoses(outcome: &Outcome, source: &dyn Source, catalog: &Catalog) -> Vec<Diagnosis> {
    let mut at_sinks: BTreeMap<(&str, &rules::Place), Vec<usize>> = BTreeMap::new();
    let mut at_entries: BTreeMap<(&str, &rules::Place), Vec<usize>> = BTreeMap::new();
    for (number, finding) in outcome.findings.iter().enumerate() {
        let key = (finding.rule.as_str(), &finding.sink);
        at_sinks.entry(key).or_default().push(number);
        if let Some(entry) = &finding.kconfig {
            let key = (finding.rule.as_str(), entry);
            at_entries.entry(key).or_default().push(number);
        }
    }
    let mut all = Vec::new();
    for numbers in at_sinks.values() {
        let told = told_at_sink(outcome, numbers, catalog);
        let guard = (!told.related.is_empty())
            .then(|| at_guard(outcome, numbers, source))
            .flatten();
        // What several rules say of one condition is said once.
        let is_known = |one: &Diagnosis| {
            let mut known = all.iter();
            known.any(|other: &Diagnosis| other.span == one.span && other.message == one.message)
        };
        all.extend(guard.filter(|one| !is_known(one)));
        all.push(told);
    }
    for ((_, entry), numbers) in at_entries {
        all.push(told_at_entry(outcome, entry, numbers.as_slice()));
    }
    for problem in &outcome.problems {
        let place = &problem.place;
        all.push(Diagnosis {
            message: problem.message.clone(),
            ..Diagnosis::at(&place.file, place.span, place.line)
        });
    }
    for one in &mut all {
        let own = one.findings.iter().map(|number| &outcome.findings[*number]);
        one.each = own.map(|finding| finding.message.clone()).collect();
        if one.each.is_empty() {
            one.each.push(one.message.clone());
        }
        let rule = catalog.rule(&one.rule);
        let page = rule.and_then(|rule| rule.pack.links.first());
        one.page = page.cloned().unwrap_or_default();
    }
    all.sort();
    all
}

/// Leaves out what is told twice: by several who were asked for the same.
pub fn without_twins(all: &mut Vec<Diagnosis>) {
    all.sort();
    all.dedup_by(|a, b| {
        let key = |one: &Diagnosis| (one.span, one.line, one.rule.clone(), one.message.clone());
        a.file == b.file && key(a) == key(b)
    });
}

/// Whether a rule tells of what does nothing.
fn is_unnecessary(catalog: &Catalog, rule: &str) -> bool {
    use rules::Question::{Constant, Dead, DeadDefault, Stale};
    let question = catalog.rule(rule).map(|rule| rule.text.question);
    matches!(question, Some(Constant | Dead | DeadDefault | Stale))
}

fn told(outcome: &Outcome, numbers: &[usize], at: &rules::Place) -> Diagnosis {
    let first = &outcome.findings[numbers[0]];
    let mut message = first.message.clone();
    let others: Vec<&str> = numbers[1..]
        .iter()
        .map(|number| outcome.findings[*number].arch.as_str())
        .filter(|arch| *arch != first.arch)
        .collect();
    match others.as_slice() {
        [] => {}
        [one] => _ = write!(message, " (and so does {one})"),
        more => _ = write!(message, " (and so do {})", more.join(", ")),
    }
    Diagnosis {
        weight: match first.severity {
            Severity::Error => Weight::Error,
            Severity::Warning => Weight::Warning,
        },
        rule: first.rule.clone(),
        message,
        help: first.help.clone(),
        findings: numbers.to_vec(),
        ..Diagnosis::at(&at.file, at.span, at.line)
    }
}

fn told_at_sink(outcome: &Outcome, numbers: &[usize], catalog: &Catalog) -> Diagnosis {
    let first = &outcome.findings[numbers[0]];
    let mut related = path(first);
    for number in numbers {
        let finding = &outcome.findings[*number];
        related.extend(finding.kconfig.as_ref().map(|place| {
            related_at(
                place,
                format!("{} says here what it supports", finding.arch),
            )
        }));
        let notes = finding.notes.iter();
        related.extend(notes.filter_map(|note| {
            let place = note.place.as_ref()?;
            Some(related_at(place, note.text.clone()))
        }));
    }
    related.dedup();
    Diagnosis {
        related,
        is_unnecessary: is_unnecessary(catalog, &first.rule),
        ..told(outcome, numbers, &first.sink)
    }
}

/// The way to a sink.
fn path(finding: &Finding) -> Vec<Related> {
    let steps = finding.path.iter().enumerate();
    let told = steps.map(|(number, step)| {
        let number = number + 1;
        let function = &step.function;
        let words = if step.entry.is_empty() {
            format!("{number}. {function}()")
        } else {
            format!("{number}. {function}() is entered: {}", step.entry)
        };
        related_at(&step.place, words)
    });
    told.collect()
}

fn related_at(place: &rules::Place, text: String) -> Related {
    Related {
        file: place.file.clone(),
        span: place.span,
        line: place.line,
        text,
    }
}

fn told_at_entry(outcome: &Outcome, entry: &rules::Place, numbers: &[usize]) -> Diagnosis {
    let mut related: Vec<Related> = numbers
        .iter()
        .map(|number| {
            let finding = &outcome.findings[*number];
            related_at(&finding.sink, "the place that is reached".to_owned())
        })
        .collect();
    related.extend(path(&outcome.findings[numbers[0]]));
    related.dedup();
    let mut messages: Vec<&str> = numbers
        .iter()
        .map(|number| outcome.findings[*number].message.as_str())
        .collect();
    messages.dedup();
    Diagnosis {
        related,
        message: messages.join("\n"),
        ..told(outcome, numbers, entry)
    }
}

/// The condition next to a sink, where it is what would have to ask for the symbol.
fn at_guard(outcome: &Outcome, numbers: &[usize], source: &dyn Source) -> Option<Diagnosis> {
    let first = &outcome.findings[numbers[0]];
    if first.symbol.is_empty() || first.instead.is_empty() {
        return None;
    }
    let text = source.read(&first.sink.file).ok()?;
    let file = csource::File::new(&first.sink.file, text);
    let instead: Vec<&str> = first.instead.iter().map(String::as_str).collect();
    let gate = file.gate(first.sink.span, &instead)?;
    Some(Diagnosis {
        weight: Weight::Information,
        message: format!(
            "this condition lets the shortcut be taken without CONFIG_{}",
            first.symbol
        ),
        related: vec![related_at(&first.sink, first.message.clone())],
        ..told(
            outcome,
            numbers,
            &rules::Place {
                span: gate.condition,
                line: file.position(gate.condition.start).line,
                ..first.sink.clone()
            },
        )
    })
}
