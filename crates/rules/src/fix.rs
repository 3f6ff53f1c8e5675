//! What would mend a finding: changes to files of the tree, to be tried before they are made.
//!
//! - A shortcut that an architecture has not agreed to, or cannot carry, is closed by the condition next to it, which
//!   is made to ask for the opt-in symbol too: `if (… && IS_ENABLED(CONFIG_X))`.
//! - An architecture that is to opt in gets a `select`, sorted in as its entry is sorted. Whether it may is for its
//!   maintainers to say, so that they name it.
//! - A `select` that is stale is taken out.
//!
//! A [`Fix`] is a proposal. [`mend`] tries it on the tree as it would be, and answers what holds; to write it is for
//! others to do.

mod gate;
mod select;
mod trial;

pub use trial::{Mended, Task, mend};

use std::collections::BTreeMap;

use kernel::Tree;
use text::Span;

use crate::catalog::Catalog;
use crate::rule::Question;
use crate::{Finding, Place};

/// Why nothing is tried for the findings of a rule.
pub const NO_FIX: &str = "no fix of its findings is safe for every tree";

/// Bytes of a file, and what is put in their place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// The file, by its path in the tree.
    pub file: String,
    /// The bytes that go; none where something is only put in.
    pub span: Span,
    /// What is put there.
    pub text: String,
}

/// A change that would mend findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in a few words: `asks for CONFIG_X`.
    pub what: String,
    /// Where.
    pub place: Place,
    /// The edits, in the order of their places.
    pub edits: Vec<Edit>,
    /// The findings that it is about, by their number.
    pub findings: Vec<usize>,
    /// The architecture that opts in by it.
    pub opts_in: Option<String>,
}

/// What can be done, and about which findings nothing is, by their number, and why.
pub type Proposals = (Vec<Fix>, Vec<(usize, &'static str)>);

/// What can be done about each of `findings`, or why there is nothing. `opting` are the architectures that are to opt in.
///
/// A change that mends several findings is told once. Nothing of it is tried: see [`mend`].
pub fn fixes(tree: &Tree, findings: &[Finding], catalog: &Catalog, opting: &[String]) -> Proposals {
    let mut fixes: Vec<Fix> = Vec::new();
    let mut without = Vec::new();
    for (number, finding) in findings.iter().enumerate() {
        let rule = catalog.named(&finding.rule).next();
        let question = rule.map(|rule| rule.text.question);
        let fix = match question {
            Some(Question::Unselected) if opting.contains(&finding.arch) => {
                select::sorted_in(tree, finding)
            }
            Some(Question::Unselected | Question::Outside) => gate::asked(tree, finding),
            Some(Question::Stale) => select::taken_out(tree, finding),
            _ => Err(NO_FIX),
        };
        let mut fix = match fix {
            Ok(fix) => fix,
            Err(why) => {
                without.push((number, why));
                continue;
            }
        };
        if let Some(known) = fixes.iter_mut().find(|known| known.edits == fix.edits) {
            known.findings.push(number);
        } else {
            fix.findings.push(number);
            fixes.push(fix);
        }
    }
    (fixes, without)
}

/// The files that `fixes` change, as they are then; none where two of them want the same place changed.
fn changed(tree: &Tree, fixes: &[Fix]) -> Option<BTreeMap<String, Vec<u8>>> {
    let mut edits: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
    for edit in fixes.iter().flat_map(|fix| &fix.edits) {
        edits.entry(&edit.file).or_default().push(edit);
    }
    let changed = edits.into_iter().map(|(file, mut edits)| {
        let text = tree.look(file).ok()?;
        edits.sort();
        let mut neighbours = edits.windows(2);
        if neighbours.any(|pair| pair[0].span.start == pair[1].span.start) {
            return None;
        }
        let mut changed = Vec::with_capacity(text.len() + 256);
        let mut at = 0;
        for edit in edits {
            let (start, end) = (edit.span.start as usize, edit.span.end as usize);
            changed.extend_from_slice(text.get(at..start)?);
            changed.extend_from_slice(edit.text.as_bytes());
            at = end.max(at);
        }
        changed.extend_from_slice(text.get(at..)?);
        Some((file.to_owned(), changed))
    });
    changed.collect()
}

/// Where the line begins that holds the byte at `at`.
fn line_start(text: &[u8], at: usize) -> usize {
    let before = text.get(..at).unwrap_or(text);
    before
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |newline| newline + 1)
}

/// Behind the end of the line that holds the byte at `at`.
fn line_end(text: &[u8], at: usize) -> usize {
    let behind = text.get(at..).unwrap_or_default();
    behind
        .iter()
        .position(|&byte| byte == b'\n')
        .map_or(text.len(), |newline| at + newline + 1)
}

/// How the line ends that holds the byte at `at`.
fn newline_at(text: &[u8], at: usize) -> &'static str {
    let line = text.get(at..line_end(text, at)).unwrap_or_default();
    if line.ends_with(b"\r\n") {
        "\r\n"
    } else {
        "\n"
    }
}
