//! Answers about Kconfig symbols, for people and for programs.
//!
//! What is asked of every architecture is told once for all that answer alike.

use std::collections::BTreeMap;

use owo_colors::Style;
use serde_json::{Map, Value, json as object};

use crate::clean;
use crate::json::{harmless, tree as tree_object};
use crate::look::Look;
use crate::paper::Paper;

pub use kconfig::Standing;

/// Something that a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// In Kconfig's words, or a sentence without a full stop.
    pub text: String,
    /// When it holds, in Kconfig's words; empty where it always does.
    pub condition: String,
    /// The file; empty where there is none.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
}

/// What is known of a symbol on one architecture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolAnswer {
    /// The architecture.
    pub arch: String,
    /// Whether it can be on.
    pub standing: Standing,
    /// Its prompts and defaults.
    pub own: Vec<Line>,
    /// Chains of `select` lines, the shortest first.
    pub chains: Vec<Vec<Line>>,
    /// Why it can never be on.
    pub reasons: Vec<Line>,
}

/// The tree that was asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// As the user named it.
    pub tree: &'a str,
    /// What its Makefile says.
    pub kernel_version: &'a str,
}

/// More chains than these are only counted for people.
const CHAINS: usize = 8;

/// As people and programs read it.
fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Undefined => "not defined",
        Standing::Never => "never",
        Standing::Sometimes => "can be on",
        Standing::Always => "always on",
        Standing::Unknown => "unknown",
    }
}

fn style(standing: Standing, look: &Look) -> Style {
    match standing {
        Standing::Sometimes | Standing::Always => Style::new().green(),
        Standing::Unknown => look.theme().styles.warning,
        Standing::Undefined | Standing::Never => Style::new(),
    }
}

fn at(line: &Line) -> String {
    if line.file.is_empty() {
        String::new()
    } else {
        format!("  ({}:{})", clean::line(&line.file), line.line)
    }
}

/// What a symbol is on each architecture, and why.
pub fn why(symbol: &str, answers: &[SymbolAnswer], look: &Look) -> String {
    let mut paper = Paper::new(look);
    let mut told: Vec<(&SymbolAnswer, Vec<&str>)> = Vec::new();
    for answer in answers {
        let alike = |(known, _): &&mut (&SymbolAnswer, Vec<&str>)| {
            let arch = answer.arch.clone();
            SymbolAnswer {
                arch,
                ..(*known).clone()
            } == *answer
        };
        match told.iter_mut().find(alike) {
            Some((_, arches)) => arches.push(&answer.arch),
            None => told.push((answer, vec![&answer.arch])),
        }
    }
    for (number, (answer, arches)) in told.iter().enumerate() {
        if number > 0 {
            paper.line("");
        }
        let standing = paper.styled(word(answer.standing), style(answer.standing, look));
        let arches = arches.join(", ");
        paper.hanging(
            "",
            2,
            &format!("{} on {arches}: {standing}", clean::line(symbol)),
        );
        one_answer(&mut paper, answer);
    }
    paper.finish()
}

fn one_answer(paper: &mut Paper<'_>, answer: &SymbolAnswer) {
    for line in &answer.own {
        tell(paper, "  ", line);
    }
    for line in &answer.reasons {
        tell(paper, "  because ", line);
    }
    if !answer.chains.is_empty() {
        let count = answer.chains.len();
        let lines = if count == 1 {
            "line that"
        } else {
            "lines that"
        };
        paper.line(&format!("  selected by {count} {lines} can take effect:"));
    }
    for chain in answer.chains.iter().take(CHAINS) {
        for (number, line) in chain.iter().enumerate() {
            tell(
                paper,
                if number == 0 { "    " } else { "      then " },
                line,
            );
        }
    }
    if let Some(more) = answer
        .chains
        .len()
        .checked_sub(CHAINS)
        .filter(|more| *more > 0)
    {
        paper.line(&format!(
            "    and {more} more; --format json tells them all"
        ));
    }
}

fn tell(paper: &mut Paper<'_>, head: &str, line: &Line) {
    let indent = head.len() - head.trim_start().len() + 2;
    paper.hanging(
        head,
        indent,
        &format!("{}{}", clean::line(&line.text), at(line)),
    );
    if !line.condition.is_empty() {
        let head = " ".repeat(indent);
        let condition = format!("where {}", clean::line(&line.condition));
        paper.hanging(&head, indent + 2, &condition);
    }
}

/// One line for each architecture, in the manner of the kernel's Documentation/features.
pub fn arches(symbol: &str, answers: &[SymbolAnswer], look: &Look) -> String {
    let mut paper = Paper::new(look);
    paper.line(&clean::line(symbol));
    let widest = answers
        .iter()
        .map(|a| clean::width(&a.arch))
        .max()
        .unwrap_or(0);
    for answer in answers {
        let gap = " ".repeat(widest - clean::width(&answer.arch));
        let standing = format!("{:<11}", word(answer.standing));
        let standing = paper.styled(&standing, style(answer.standing, look));
        let head = format!("  {}{gap}  {standing}  ", answer.arch);
        let why = answer.reasons.iter().map(|line| line.text.as_str());
        let why = clean::line(&why.collect::<Vec<_>>().join("; "));
        paper.hanging(&head, widest + 17, &why);
    }
    paper.finish()
}

/// The answers of [`why`] and [`arches`] for programs; docs/json.md tells their shape.
pub fn symbol_json(asked: &Asked<'_>, symbol: &str, answers: &[SymbolAnswer]) -> String {
    let answer = |answer: &SymbolAnswer| {
        object!({
            "arch": answer.arch,
            "standing": word(answer.standing),
            "own": lines(&answer.own),
            "chains": answer.chains.iter().map(|chain| lines(chain)).collect::<Vec<_>>(),
            "reasons": lines(&answer.reasons),
        })
    };
    let mut all = tree_object(asked.tree, asked.kernel_version);
    all["symbol"] = object!(symbol);
    all["arches"] = answers.iter().map(answer).collect();
    harmless(&all)
}

fn lines(lines: &[Line]) -> Value {
    lines.iter().map(line).collect()
}

fn line(line: &Line) -> Value {
    object!({
        "text": line.text,
        "condition": line.condition,
        "file": line.file,
        "line": line.line,
    })
}

/// What to set, or why there is no such configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FragmentAnswer {
    /// They are granted.
    Set {
        /// For each symbol its value and the line of a `.config` that gives it.
        set: BTreeMap<String, (String, String)>,
        /// What the toolchain must answer: `y`, `n`, or a version.
        toolchain: BTreeMap<String, String>,
    },
    /// Wishes that exclude each other, and why.
    Impossible(Vec<String>, Vec<Line>),
    /// The search was given up.
    Unknown,
}

/// A fragment of a `.config`, or the reason why there is none.
pub fn fragment(arch: &str, answer: &FragmentAnswer, look: &Look) -> String {
    let mut paper = Paper::new(look);
    match answer {
        FragmentAnswer::Set { set, toolchain } => {
            // A line that begins so is passed over by those who read a `.config`.
            for (call, answer) in toolchain {
                paper.line(&clean::line(&format!("# needs {call} = {answer}")));
            }
            if set.is_empty() {
                paper.line("# nothing is to be set");
            }
            for (_, line) in set.values() {
                paper.line(&clean::exact(line));
            }
        }
        FragmentAnswer::Impossible(wishes, reasons) => {
            let wishes = clean::line(&wishes.join(" and "));
            paper.hanging(
                "",
                2,
                &format!("there is no configuration of {arch} with {wishes}"),
            );
            for line in reasons {
                tell(&mut paper, "  because ", line);
            }
        }
        FragmentAnswer::Unknown => {
            paper.line(&format!(
                "not found out for {arch}: the search was given up"
            ));
        }
    }
    paper.finish()
}

/// The answer of [`fragment`] for programs.
pub fn fragment_json(asked: &Asked<'_>, arch: &str, answer: &FragmentAnswer) -> String {
    let mut all = tree_object(asked.tree, asked.kernel_version);
    all["arch"] = object!(arch);
    match answer {
        FragmentAnswer::Set { set, toolchain } => {
            let set = set.iter();
            let set = set.map(|(name, (value, _))| (name.clone(), object!(value)));
            all["config"] = Value::Object(set.collect::<Map<_, _>>());
            let value = |answer: &str| match answer {
                "y" => object!(true),
                "n" => object!(false),
                words => object!(words),
            };
            let toolchain = toolchain.iter();
            let toolchain = toolchain.map(|(call, answer)| (call.clone(), value(answer)));
            all["toolchain"] = Value::Object(toolchain.collect::<Map<_, _>>());
        }
        FragmentAnswer::Impossible(wishes, reasons) => {
            all["impossible"] = object!(wishes);
            all["reasons"] = lines(reasons);
        }
        FragmentAnswer::Unknown => all["unknown"] = object!(true),
    }
    harmless(&all)
}

/// Symbols that are used and defined nowhere, each with its places: one `file:line: symbol` each, as
/// editors and `grep -n` have it.
pub fn undefined(uses: &BTreeMap<String, Vec<(String, u32)>>, look: &Look) -> String {
    let mut paper = Paper::new(look);
    for (symbol, places) in uses {
        for (file, line) in places {
            let (file, symbol) = (clean::line(file), clean::line(symbol));
            paper.line(&format!("{file}:{line}: {symbol}"));
        }
    }
    paper.finish()
}

/// The answer of [`undefined`] for programs.
pub fn undefined_json(asked: &Asked<'_>, uses: &BTreeMap<String, Vec<(String, u32)>>) -> String {
    let place = |(file, line): &(String, u32)| object!({ "file": file, "line": line });
    let one = |(symbol, places): (&String, &Vec<(String, u32)>)| object!({ "symbol": symbol, "places": places.iter().map(place).collect::<Vec<_>>() });
    let mut all = tree_object(asked.tree, asked.kernel_version);
    all["undefined"] = uses.iter().map(one).collect();
    harmless(&all)
}
