//! Findings and problems as a kernel maintainer reads them.
//!
//! A finding takes about one screen. It opens with the code at the sink, then gives the calls that
//! lead there as one numbered line each, the Kconfig entry of the architecture, and the
//! configuration. Where several architectures share one path, the first finding shows it and the others
//! refer to that one.

use std::collections::BTreeMap;

use miette::Severity;
use rules::{Finding, Note, Outcome, Place, Problem, State};
use source::Source;

use crate::clean;
use crate::excerpt::{Around, Excerpt, Files};
use crate::formats::config_line;
use crate::look::{Detail, Look};
use crate::paper::{Paper, Shown};
use crate::ways::{others_at, paths_at};

/// So many problems are shown with their code; a tree of which nothing can be parsed has thousands.
const PROBLEMS_WITH_CODE: usize = 10;

/// The whole report: what could not be read, the findings, and the table of all architectures.
/// `tree` is the tree as the user named it.
pub fn human(tree: &str, outcome: &Outcome, source: &dyn Source, look: &Look) -> String {
    let parts = [
        problems(outcome, source, look),
        suppressions(outcome, look),
        findings(outcome, source, look),
        crate::summary(tree, outcome, look),
    ];
    parts.concat()
}

/// Entries that accept findings and that are to be removed or thought over. Ends in an empty line, unless
/// there is nothing.
pub fn suppressions(outcome: &Outcome, look: &Look) -> String {
    let mut paper = Paper::new(look);
    for entry in &outcome.suppressions {
        let what = match entry.state {
            State::Unused => "accepts no finding: remove it".to_owned(),
            State::Ended => format!("has ended on {}: remove it or think again", entry.until),
            State::Used(_) | State::NotAsked => continue,
        };
        let mut of = clean::line(&entry.rule);
        if !entry.arches.is_empty() {
            of = format!("{of} on {}", clean::line(&entry.arches.join(", ")));
        }
        if !entry.function.is_empty() {
            of = format!("{of} through {}()", clean::line(&entry.function));
        }
        paper.show(&Shown {
            code: None,
            severity: Severity::Warning,
            message: format!(
                "{}: the acceptance of {of} {what}",
                place_line(&entry.place)
            ),
            excerpt: None,
            label: None,
        });
    }
    let text = paper.finish();
    if text.is_empty() { text } else { text + "\n" }
}

/// What could not be read or understood, each with its place. Ends in an empty line, unless there is
/// nothing.
pub fn problems(outcome: &Outcome, source: &dyn Source, look: &Look) -> String {
    let files = Files::new(source);
    let mut paper = Paper::new(look);
    let mut after_code = true;
    for (index, problem) in outcome.problems.iter().enumerate() {
        let excerpt = match index {
            0..PROBLEMS_WITH_CODE => problem_code(&files, problem, look),
            _ => None,
        };
        if excerpt.is_some() && !after_code {
            paper.line("");
        }
        after_code = excerpt.is_some();
        problem_at(&mut paper, problem, excerpt);
        if after_code {
            paper.line("");
        }
    }
    if !after_code {
        paper.line("");
    }
    paper.finish()
}

fn problem_code(files: &Files, problem: &Problem, look: &Look) -> Option<Excerpt> {
    let around = Around {
        before: 1,
        after: 1,
    };
    files.excerpt(&problem.place, around, look).ok()
}

fn problem_at(paper: &mut Paper, problem: &Problem, excerpt: Option<Excerpt>) {
    let message = clean::line(&problem.message);
    let message = match place(&problem.place) {
        place if excerpt.is_some() || place.is_empty() => message,
        place => format!("{place}: {message}"),
    };
    paper.show(&Shown {
        code: None,
        severity: Severity::Warning,
        message,
        excerpt,
        label: None,
    });
}

/// The findings, in their order, each followed by an empty line.
pub fn findings(outcome: &Outcome, source: &dyn Source, look: &Look) -> String {
    let all: Vec<&Finding> = outcome.findings.iter().collect();
    findings_at(&Files::new(source), &all, look)
}

/// The same of some findings.
pub(crate) fn findings_at(files: &Files, findings: &[&Finding], look: &Look) -> String {
    let mut paper = Paper::new(look);
    for (index, finding) in findings.iter().enumerate() {
        let earlier = findings[..index].iter().copied().find(|earlier| {
            earlier.rule == finding.rule
                && earlier.sink == finding.sink
                && earlier.path == finding.path
        });
        finding_at(&mut paper, files, finding, earlier);
        paper.line("");
    }
    paper.finish()
}

/// Writes `finding`; `earlier` is the one that has shown the same path, if any.
fn finding_at(paper: &mut Paper, files: &Files, finding: &Finding, earlier: Option<&Finding>) {
    let excerpt = match earlier {
        Some(_) => Err(String::new()),
        None => files.excerpt(
            &finding.sink,
            Around {
                before: 2,
                after: 1,
            },
            paper.look(),
        ),
    };
    let (excerpt, unread) = match excerpt {
        Ok(excerpt) => (Some(excerpt), None),
        Err(why) => (None, Some(why)),
    };
    let arch = clean::line(&finding.arch);
    paper.show(&Shown {
        code: Some(format!(
            "{} on {}",
            clean::line(&finding.rule),
            arches(finding)
        )),
        severity: severity(finding.severity),
        message: clean::line(&finding.message),
        excerpt,
        label: (!finding.path.is_empty()).then(|| format!("reached on {arch}")),
    });
    match (earlier, unread) {
        (Some(earlier), _) => refer(paper, finding, earlier),
        (None, Some(_)) if finding.sink.file.is_empty() => {}
        (None, Some(why)) => paper.section("at", &format!("{} ({why})", place(&finding.sink))),
        (None, None) => {}
    }
    if earlier.is_none() {
        call_path(paper, files, finding);
    }
    if let Some(paths) = &finding.paths {
        match paper.look().paths {
            Detail::Shortest => others_at(paper, finding, paths),
            Detail::All => paths_at(paper, paths),
        }
    }
    kconfig_entry(paper, files, finding);
    if finding.arches.len() > 2 {
        let all: Vec<String> = finding
            .arches
            .iter()
            .map(|arch| clean::line(arch))
            .collect();
        paper.section("on", &all.join(", "));
    }
    conditions(paper, finding, earlier);
}

/// The architectures of a finding, in short.
fn arches(finding: &Finding) -> String {
    let arch = clean::line(&finding.arch);
    match finding.arches.len() {
        0 | 1 => arch,
        2 => {
            let other = finding.arches.iter().find(|other| **other != finding.arch);
            format!(
                "{arch} and {}",
                clean::line(other.map_or("", String::as_str))
            )
        }
        many => format!("{arch} and {} others", many - 1),
    }
}

fn severity(severity: rules::Severity) -> Severity {
    match severity {
        rules::Severity::Error => Severity::Error,
        rules::Severity::Warning => Severity::Warning,
    }
}

/// Says where the path of this finding has been shown.
fn refer(paper: &mut Paper, finding: &Finding, earlier: &Finding) {
    let (at, arch) = (place(&finding.sink), clean::line(&earlier.arch));
    match finding.path.len() {
        0 => paper.section("at", &format!("{at}, as on {arch}, above")),
        1 => paper.section("path", &format!("{at}, as on {arch}, above")),
        steps => {
            let path = format!("{at}, by the same {steps} steps as on {arch}, above");
            paper.section("path", &path);
        }
    }
}

/// The calls from the entry point to the sink, one line each, in columns.
fn call_path(paper: &mut Paper, files: &Files, finding: &Finding) {
    let Some(first) = finding.path.first() else {
        return;
    };
    let entry = match clean::line(&first.entry) {
        entry if entry.is_empty() => format!("from {}", clean::line(&first.function)),
        entry => format!("from {entry}"),
    };
    paper.section("path", &entry);
    let steps: Vec<[String; 2]> = finding
        .path
        .iter()
        .map(|step| [place_line(&step.place), clean::line(&step.function)])
        .collect();
    let widest = |column: usize| {
        steps
            .iter()
            .map(|s| clean::width(&s[column]))
            .max()
            .unwrap_or(0)
    };
    let widths = [widest(0), widest(1)];
    let digits = steps.len().to_string().len();
    for (index, ([at, function], step)) in steps.iter().zip(&finding.path).enumerate() {
        let number = index + 1;
        let padding = [0, 1].map(|i| widths[i] - clean::width([at, function][i]));
        let mut line = format!(
            "  {number:>digits$}  {at}{}  {function}{}",
            " ".repeat(padding[0]),
            " ".repeat(padding[1])
        );
        line.push_str(&code_behind(paper, files, &step.place, clean::width(&line)));
        paper.line(line.trim_end());
    }
}

/// The code of a step, cut to what is left of the line; nothing where that is too little to tell.
pub(crate) fn code_behind(paper: &Paper, files: &Files, place: &Place, used: usize) -> String {
    const LEAST: usize = 16;
    let look = paper.look();
    let room = look.columns().saturating_sub(used + 2);
    match files.line(place) {
        Some(code) if room >= LEAST => {
            let code = clean::cut(&code, room, look.ellipsis());
            format!("  {}", paper.styled(&code, look.theme().styles.linum))
        }
        _ => String::new(),
    }
}

/// Where the architecture enters itself.
fn kconfig_entry(paper: &mut Paper, files: &Files, finding: &Finding) {
    let Some(entry) = &finding.kconfig else {
        return;
    };
    let arch = clean::line(&finding.arch);
    let Ok(excerpt) = files.excerpt(
        entry,
        Around {
            before: 0,
            after: 1,
        },
        paper.look(),
    ) else {
        paper.section(
            "Kconfig",
            &format!("{arch} enters itself at {}", place_line(entry)),
        );
        return;
    };
    paper.show(&Shown {
        code: None,
        severity: Severity::Advice,
        message: format!("Kconfig: the entry of {arch}, where it selects"),
        excerpt: Some(excerpt),
        label: None,
    });
}

/// What has to hold, what belongs to it, and what to do.
fn conditions(paper: &mut Paper, finding: &Finding, earlier: Option<&Finding>) {
    match earlier {
        Some(earlier) if earlier.config == finding.config && !finding.config.is_empty() => {
            paper.section(
                "config",
                &format!("as on {}, above", clean::line(&earlier.arch)),
            );
        }
        _ => dot_config(paper, &finding.config),
    }
    for assumption in &finding.assumptions {
        paper.section("when", &clean::line(assumption));
    }
    for note in &finding.notes {
        paper.section("note", &note_text(note));
    }
    let help = clean::paragraphs(&finding.help);
    if !help.is_empty() {
        paper.section("help", &help);
    }
}

/// The configuration as lines of a `.config`.
fn dot_config(paper: &mut Paper, config: &BTreeMap<String, String>) {
    for (index, (symbol, value)) in config.iter().enumerate() {
        let line = config_line(symbol, value);
        if index == 0 {
            paper.section("config", &line);
        } else {
            paper.line(&format!("          {line}"));
        }
    }
}

pub(crate) fn note_text(note: &Note) -> String {
    let text = clean::line(&note.text);
    match &note.place {
        Some(place) => format!("{text} ({})", place_line(place)),
        None => text,
    }
}

/// `file:line:column`, as far as it is known.
fn place(place: &Place) -> String {
    match place.column {
        0 => place_line(place),
        column if place.line > 0 => format!("{}:{column}", place_line(place)),
        _ => place_line(place),
    }
}

/// `file:line`, or the file alone where no line is known.
pub(crate) fn place_line(place: &Place) -> String {
    let file = clean::line(&place.file);
    match place.line {
        0 => file,
        line => format!("{file}:{line}"),
    }
}
