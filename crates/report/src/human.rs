//! Findings and problems as a kernel maintainer reads them.
//!
//! A finding takes about one screen. It opens with the code at the sink, then gives the calls that
//! lead there as a tree of one line each, the Kconfig entry of the architecture, and the
//! configuration. Where several architectures share one path, the first finding shows it and the others
//! refer to that one.

use std::collections::BTreeMap;

use miette::Severity;
use rules::{Finding, Note, Outcome, Place, Problem, State, Suppression};
use source::Source;

use crate::clean;
use crate::excerpt::{Around, Excerpt, Files};
use crate::formats::config_line;
use crate::look::{Detail, Drawing, Look};
use crate::paper::{Paper, Shown};
use crate::ways::{others_at, paths_at};

/// So many problems are shown with their code; a tree of which nothing can be parsed has thousands.
const PROBLEMS_WITH_CODE: usize = 10;

/// The lines that are shown around a sink.
const AT_SINK: Around = Around {
    before: 2,
    after: 1,
};

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
        let of = acceptance(entry);
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

/// What an entry accepts, in words: `unselected on arm64 through f()`.
pub fn acceptance(entry: &Suppression) -> String {
    let mut of = clean::line(&entry.rule);
    if !entry.arches.is_empty() {
        of = format!("{of} on {}", clean::line(&entry.arches.join(", ")));
    }
    if !entry.function.is_empty() {
        of = format!("{of} through {}()", clean::line(&entry.function));
    }
    of
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
    findings_with(files, findings, look, &|_, _| {})
}

/// The same, with what `more` has to say of each, by its number.
pub(crate) fn findings_with(
    files: &Files,
    findings: &[&Finding],
    look: &Look,
    more: &dyn Fn(&mut Paper, usize),
) -> String {
    let mut paper = Paper::new(look);
    for (index, finding) in findings.iter().enumerate() {
        finding_at(&mut paper, files, finding, &findings[..index]);
        more(&mut paper, index);
        paper.line("");
    }
    paper.finish()
}

/// Writes `finding`; what those before it have told is not told again.
fn finding_at(paper: &mut Paper, files: &Files, finding: &Finding, before: &[&Finding]) {
    let same_rule = || {
        before
            .iter()
            .copied()
            .filter(|one| one.rule == finding.rule)
    };
    let earlier = same_rule().find(|one| one.sink == finding.sink && one.path == finding.path);
    // Of one architecture the same need not be said of each place.
    let told = same_rule().find(|one| one.arches == finding.arches && !one.path.is_empty());
    let excerpt = match earlier {
        Some(_) => Err(String::new()),
        None => files.excerpt(&finding.sink, AT_SINK, paper.look()),
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
    if told.is_none_or(|told| told.kconfig != finding.kconfig) {
        kconfig_entry(paper, files, finding);
    }
    if finding.arches.len() > 2 {
        let all: Vec<String> = finding
            .arches
            .iter()
            .map(|arch| clean::line(arch))
            .collect();
        paper.section("on", &all.join(", "));
    }
    conditions(paper, finding, earlier, told);
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

/// The calls from the entry point to the sink, one line each: drawn as a tree, or numbered where nothing is drawn.
fn call_path(paper: &mut Paper, files: &Files, finding: &Finding) {
    let Some(first) = finding.path.first() else {
        return;
    };
    let entry = match clean::line(&first.entry) {
        entry if entry.is_empty() => format!("from {}", clean::line(&first.function)),
        entry => format!("from {entry}"),
    };
    paper.section("path", &entry);
    let drawing = paper.look().drawing;
    let steps: Vec<[String; 2]> = finding
        .path
        .iter()
        .enumerate()
        .map(|(depth, step)| {
            let function = clean::line(&step.function);
            [branch(drawing, depth) + &function, place_line(&step.place)]
        })
        .collect();
    let widest = |column: usize| {
        let widths = steps.iter().map(|step| clean::width(&step[column]));
        widths.max().unwrap_or(0)
    };
    let widths = [widest(0), widest(1)];
    for ([function, at], step) in steps.iter().zip(&finding.path) {
        let padding = [0, 1].map(|i| widths[i] - clean::width([function, at][i]));
        let mut line = format!(
            "  {function}{}  {at}{}",
            " ".repeat(padding[0]),
            " ".repeat(padding[1])
        );
        line.push_str(&code_behind(paper, files, &step.place, clean::width(&line)));
        paper.line(line.trim_end());
    }
}

/// What stands before the function of a step.
fn branch(drawing: Drawing, depth: usize) -> String {
    // Further to the right there would be no room for code.
    const DEEPEST: usize = 24;
    let mark = match drawing {
        Drawing::Narrated => return format!("{}. ", depth + 1),
        _ if depth == 0 => return String::new(),
        Drawing::Unicode => "└ ",
        Drawing::Ascii => "`-",
    };
    " ".repeat(depth.min(DEEPEST) - 1) + mark
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

/// What has to hold, what belongs to it, and what to do; what `told` has said of the same architecture is told in
/// one line.
fn conditions(
    paper: &mut Paper,
    finding: &Finding,
    earlier: Option<&Finding>,
    told: Option<&Finding>,
) {
    let mut again: Vec<&str> = Vec::new();
    let told_config = is_told(told, finding, |one| &one.config);
    let earlier = earlier.filter(|one| one.config == finding.config);
    match earlier {
        _ if finding.config.is_empty() => {}
        _ if told_config => again.push("config"),
        Some(earlier) => {
            let arch = clean::line(&earlier.arch);
            paper.section("config", &format!("as on {arch}, above"));
        }
        None => dot_config(paper, &finding.config),
    }
    let assumptions = finding.assumptions.iter();
    let assumptions: Vec<String> = assumptions.map(|one| clean::line(one)).collect();
    let notes: Vec<String> = finding.notes.iter().map(note_text).collect();
    let help = clean::paragraphs(&finding.help);
    let help: Vec<String> = std::iter::once(help)
        .filter(|help| !help.is_empty())
        .collect();
    for (name, lines, is_told) in [
        (
            "when",
            assumptions,
            is_told(told, finding, |one| &one.assumptions),
        ),
        ("note", notes, is_told(told, finding, |one| &one.notes)),
        ("help", help, is_told(told, finding, |one| &one.help)),
    ] {
        if is_told && !lines.is_empty() {
            again.push(name);
            continue;
        }
        for line in &lines {
            paper.section(name, line);
        }
    }
    if let Some(told) = told.filter(|_| !again.is_empty()) {
        let at = place_line(&told.sink);
        paper.section(&again.join(", "), &format!("as for {at}, above"));
    }
}

/// Whether what `told` has said of something is what `finding` says.
fn is_told<T: PartialEq>(
    told: Option<&Finding>,
    finding: &Finding,
    of: impl Fn(&Finding) -> &T,
) -> bool {
    told.is_some_and(|told| of(told) == of(finding))
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
