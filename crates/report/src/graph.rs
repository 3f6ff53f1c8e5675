//! Calls, for people, for programs, and for Graphviz.
//!
//! What several architectures have alike is told once.

use std::collections::{BTreeMap, BTreeSet};

use owo_colors::Style;
use serde_json::{Value, json as object};

use crate::clean;
use crate::json::{harmless, tree as tree_object};
use crate::kconfig::Asked;
use crate::look::Look;
use crate::paper::Paper;

/// Longer Conditions are cut for people; programs get them whole.
const LONGEST: usize = 320;

/// A function, an entry point, or what else takes part in a call.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct End {
    /// The function's name, or what stands for it: `.probe of struct driver`, `ops->probe`.
    pub name: String,
    /// What it is: `function`, `entry`, `assembler`, `pointer`.
    pub kind: &'static str,
    /// The file that defines it; empty where none does.
    pub file: String,
    /// The line, from 1; 0 where there is none.
    pub line: u32,
}

/// A call, and when it happens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// Who calls.
    pub caller: End,
    /// What is called.
    pub callee: End,
    /// Whether it goes through a pointer: the callee is one that may stand there.
    pub indirect: bool,
    /// The file of the call.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// How many calls away from what was asked, from 1.
    pub depth: usize,
    /// When, in the kernel's words, by architecture; `always` where nothing is asked.
    pub when: BTreeMap<String, String>,
}

/// Calls around a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// The functions that were asked about.
    pub roots: BTreeSet<End>,
    /// The calls, those of one depth together.
    pub calls: Vec<Call>,
    /// What was not looked at, in a sentence for each.
    pub notes: BTreeSet<String>,
}

/// Which way calls are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To those who call.
    Callers,
    /// To those who are called.
    Callees,
}

/// Calls as people read them: each function of interest with what is next to it.
pub fn calls(direction: Direction, found: &Calls, arches: &[String], look: &Look) -> String {
    let mut paper = Paper::new(look);
    let mut centres: Vec<&End> = found.roots.iter().collect();
    let centre = |call: &'_ Call| match direction {
        Direction::Callers => call.callee.clone(),
        Direction::Callees => call.caller.clone(),
    };
    let mut groups: BTreeMap<End, Vec<&Call>> = BTreeMap::new();
    for call in &found.calls {
        groups.entry(centre(call)).or_default().push(call);
    }
    let mut by_depth: Vec<(&End, usize)> = groups
        .iter()
        .map(|(end, calls)| (end, calls.iter().map(|call| call.depth).min().unwrap_or(0)))
        .collect();
    by_depth.sort_by_key(|(_, depth)| *depth);
    centres.extend(by_depth.into_iter().map(|(end, _)| end));
    let mut told = BTreeSet::new();
    for end in centres {
        if !told.insert(end) {
            continue;
        }
        if told.len() > 1 {
            paper.line("");
        }
        let name = paper.styled(&clean::line(&end.name), Style::new().bold());
        paper.line(&format!("{name}{}", place(&end.file, end.line)));
        let Some(calls) = groups.get(end) else {
            paper.line(match direction {
                Direction::Callers if !found.notes.is_empty() => {
                    "  no caller was found in the files that were looked at"
                }
                Direction::Callers => "  nobody calls it",
                Direction::Callees => "  it calls nothing",
            });
            continue;
        };
        for call in calls {
            one(&mut paper, direction, call, arches);
        }
    }
    for note in &found.notes {
        paper.hanging("note: ", 6, &clean::line(note));
    }
    paper.finish()
}

fn one(paper: &mut Paper<'_>, direction: Direction, call: &Call, arches: &[String]) {
    let (head, other) = match direction {
        Direction::Callers => ("  by ", &call.caller),
        Direction::Callees => ("  ", &call.callee),
    };
    let kind = match other.kind {
        "pointer" => " (a pointer)",
        _ if call.indirect => " (may be, through a pointer)",
        "assembler" => " (assembler)",
        _ => "",
    };
    let text = format!(
        "{}{kind}{}",
        clean::line(&other.name),
        place(&call.file, call.line)
    );
    paper.hanging(head, 6, &text);
    for (words, of) in conditions(call) {
        let everywhere = of.len() == arches.len();
        if words == "always" && everywhere {
            continue;
        }
        let of = if everywhere {
            String::new()
        } else {
            format!(" [{}]", of.join(", "))
        };
        let words = clean::cut(&clean::line(&words), LONGEST, paper.look().ellipsis());
        paper.hanging("      ", 8, &format!("when {words}{of}"));
    }
}

/// The Conditions of a call, each with the architectures that have it.
fn conditions(call: &Call) -> Vec<(String, Vec<String>)> {
    let mut grouped: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (arch, words) in &call.when {
        grouped.entry(words).or_default().push(arch.clone());
    }
    grouped
        .into_iter()
        .map(|(words, of)| (words.to_owned(), of))
        .collect()
}

fn place(file: &str, line: u32) -> String {
    if file.is_empty() {
        String::new()
    } else {
        format!(" ({}:{line})", clean::line(file))
    }
}

/// Calls for programs; docs/json.md tells their shape.
pub fn calls_json(asked: &Asked<'_>, question: &str, found: &Calls) -> String {
    let mut all = tree_object(asked.tree, asked.kernel_version);
    all["question"] = object!(question);
    all["functions"] = found.roots.iter().map(end).collect();
    all["calls"] = found.calls.iter().map(call).collect();
    all["notes"] = object!(found.notes);
    harmless(&all)
}

fn end(end: &End) -> Value {
    let mut value = object!({ "name": end.name, "kind": end.kind });
    if !end.file.is_empty() {
        value["file"] = object!(end.file);
        value["line"] = object!(end.line);
    }
    value
}

fn call(call: &Call) -> Value {
    object!({
        "caller": end(&call.caller),
        "callee": end(&call.callee),
        "indirect": call.indirect,
        "file": call.file,
        "line": call.line,
        "depth": call.depth,
        "when": call.when,
    })
}

/// Calls for Graphviz: an edge for each pair, its label the Condition that all architectures share.
pub fn calls_dot(found: &Calls) -> String {
    let mut out = String::from("digraph calls {\n  rankdir=LR;\n  node [shape=box];\n");
    for root in &found.roots {
        out.push_str(&node(root, ", style=bold"));
    }
    let mut edges = BTreeSet::new();
    for call in &found.calls {
        for end in [&call.caller, &call.callee] {
            if !found.roots.contains(end) {
                edges.insert(node(end, ""));
            }
        }
        let conditions = conditions(call);
        let label = match &conditions[..] {
            [(words, _)] if words == "always" => String::new(),
            [(words, _)] => clean::cut(words, 60, "..."),
            _ => "it depends on the architecture".to_owned(),
        };
        let line = [
            "  ".to_owned(),
            quoted(&identity(&call.caller)),
            " -> ".to_owned(),
            quoted(&identity(&call.callee)),
            " [label=".to_owned(),
            quoted(&label),
            if call.indirect { ", style=dashed" } else { "" }.to_owned(),
            "];\n".to_owned(),
        ];
        edges.insert(line.concat());
    }
    out.extend(edges);
    out.push_str("}\n");
    out
}

fn node(end: &End, style: &str) -> String {
    let label = format!("{}\n{}", end.name, end.file);
    [
        "  ",
        &quoted(&identity(end)),
        " [label=",
        &quoted(&label),
        style,
        "];\n",
    ]
    .concat()
}

fn identity(end: &End) -> String {
    format!("{}@{}", end.name, end.file)
}

pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// One way from one function to another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    /// The calls, from the first function to the last.
    pub calls: Vec<Call>,
    /// The architectures that have it.
    pub arches: Vec<String>,
}

/// Paths as people read them.
pub fn paths(paths: &[Path], notes: &BTreeSet<String>, arches: &[String], look: &Look) -> String {
    let mut paper = Paper::new(look);
    for (number, path) in paths.iter().enumerate() {
        if number > 0 {
            paper.line("");
        }
        let count = path.calls.len();
        let calls = if count == 1 { "call" } else { "calls" };
        paper.hanging(
            "",
            2,
            &format!("{count} {calls} [{}]", path.arches.join(", ")),
        );
        if let Some(first) = path.calls.first() {
            let name = paper.styled(&clean::line(&first.caller.name), Style::new().bold());
            paper.line(&format!(
                "{name}{}",
                place(&first.caller.file, first.caller.line)
            ));
        }
        for call in &path.calls {
            one(&mut paper, Direction::Callees, call, arches);
        }
    }
    for note in notes {
        paper.hanging("note: ", 6, &clean::line(note));
    }
    paper.finish()
}

/// Paths for programs; docs/json.md tells their shape.
pub fn paths_json(
    asked: &Asked<'_>,
    question: &str,
    paths: &[Path],
    notes: &BTreeSet<String>,
) -> String {
    let mut all = tree_object(asked.tree, asked.kernel_version);
    let path = |path: &Path| {
        object!({
            "arches": path.arches,
            "calls": path.calls.iter().map(call).collect::<Vec<_>>(),
        })
    };
    all["question"] = object!(question);
    all["paths"] = paths.iter().map(path).collect();
    all["notes"] = object!(notes);
    harmless(&all)
}
