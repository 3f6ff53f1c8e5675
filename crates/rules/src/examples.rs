//! The examples of rules' essays, tried: what is said to fire must, and what is said to stay silent must not.
//!
//! The fenced texts of the chapters `This fires` and `This stays silent` are files of a small kernel, each behind a
//! line `//- PATH`, as in [`source::Memory`]. They are laid over `example.kernel`, a kernel of one architecture, and
//! over the `PACK.kernel` of the rule's pack.

use std::sync::Arc;

use kernel::Silent;
use source::Memory;

use crate::catalog::Catalog;
use crate::rule::Rule;
use crate::{Outcome, Settings, Verdict, check};

/// An example of an essay.
struct Example {
    /// Whether it is said to fire.
    fires: bool,
    /// Where it begins in the essay: the line of its fence.
    line: usize,
    /// The files.
    text: String,
}

const FIRES: &str = "## This fires";
const SILENT: &str = "## This stays silent";

/// The examples of an essay, and whether the last fence has no end.
fn examples(essay: &str) -> (Vec<Example>, bool) {
    let mut found: Vec<Example> = Vec::new();
    let (mut fires, mut is_open) = (None, false);
    for (number, line) in essay.lines().enumerate() {
        let is_fence = line.starts_with("```");
        match (is_open, is_fence, fires) {
            (true, true, _) => is_open = false,
            (true, false, Some(_)) => {
                if let Some(example) = found.last_mut() {
                    example.text.push_str(line);
                    example.text.push('\n');
                }
            }
            (false, true, Some(fires)) => {
                is_open = true;
                found.push(Example {
                    fires,
                    line: number + 1,
                    text: String::new(),
                });
            }
            (false, true, None) => is_open = true,
            (false, false, _) if line.starts_with("## ") => {
                fires = match line.trim_end() {
                    FIRES => Some(true),
                    SILENT => Some(false),
                    _ => None,
                };
            }
            _ => {}
        }
    }
    (found, is_open)
}

/// What became of the examples of a rule: why each that is not as it is said is not, and how many there were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// How many examples the essay has.
    pub examples: usize,
    /// What is not as the essay says, with the line of the example; 0 for the essay as a whole.
    pub wrong: Vec<(usize, String)>,
}

/// Tries the examples of a rule.
pub fn try_examples(catalog: &Arc<Catalog>, rule: &Rule) -> Tried {
    let (examples, is_open) = examples(&rule.essay);
    let mut tried = Tried {
        examples: examples.len(),
        wrong: Vec::new(),
    };
    for (fires, chapter) in [(true, FIRES), (false, SILENT)] {
        if examples.iter().all(|example| example.fires != fires) {
            let words = format!("the essay has no example in a chapter `{chapter}`");
            tried.wrong.push((0, words));
        }
    }
    if is_open {
        let words = "a text between fences has no end".to_owned();
        tried.wrong.push((0, words));
    }
    let kernel = catalog.example_kernel(rule);
    for example in examples {
        if !example.text.trim_start().starts_with("//- ") {
            let why = "it begins with no line `//- PATH` that names its file".to_owned();
            tried.wrong.push((example.line, why));
            continue;
        }
        let fixture = Memory::new(&format!("{kernel}\n{}", example.text));
        let settings = Settings {
            rules: vec![rule.id().to_owned()],
            catalog: Some(Arc::clone(catalog)),
            ..Settings::default()
        };
        let why = match check(Arc::new(fixture), &settings, &Silent) {
            Ok(outcome) => wrong(&outcome, example.fires),
            Err(error) => Some(error.to_string()),
        };
        tried.wrong.extend(why.map(|why| (example.line, why)));
    }
    tried
}

/// Why an answer is not what an example says.
fn wrong(outcome: &Outcome, fires: bool) -> Option<String> {
    if let Some(problem) = outcome.problems.first() {
        let place = &problem.place;
        let words = format!("{}:{}: {}", place.file, place.line, problem.message);
        return Some(words);
    }
    let verdicts = outcome.verdicts.iter();
    let told =
        verdicts.map(|one| format!("{} is {}: {}", one.arch, one.verdict.word(), one.reason));
    let told = told.collect::<Vec<_>>().join("; ");
    let is = |verdict| outcome.verdicts.iter().any(|one| one.verdict == verdict);
    match fires {
        _ if outcome.verdicts.is_empty() => Some("no architecture was asked".to_owned()),
        true if !is(Verdict::Flagged) => Some(format!("it does not fire: {told}")),
        false if is(Verdict::Flagged) || is(Verdict::Unknown) => {
            Some(format!("it is not silent: {told}"))
        }
        _ => None,
    }
}
