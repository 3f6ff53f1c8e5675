//! Findings as people and programs read them.
//!
//! [`human`](human()) draws each finding on about one screen: the code at the sink, the calls that
//! lead there, the architecture's Kconfig entry, a `.config` fragment that opens the path, and what
//! to do. A table with one line per architecture closes it. [`json`](json()) says the same to
//! programs. Both take the plain data of [`rules::Outcome`] and give text; neither prints.
//!
//! Everything that comes from the tree is shown without control characters, so that no kernel
//! source can move the cursor of the terminal that shows it.

mod arches;
pub mod changes;
mod clean;
mod excerpt;
mod formats;
pub mod graph;
mod human;
mod json;
pub mod kconfig;
mod links;
mod look;
mod packs;
mod paper;
mod story;
mod summary;
#[cfg(test)]
mod tests;
mod ways;
mod witness;

pub use arches::{arches, arches_json, arches_markdown};
pub use formats::{
    Report, dot, github, gitlab, html, jsonl, junit, markdown, rdjson, sarif, statistics, svg,
    terse, unknown,
};
pub use human::{acceptance, findings, human, problems, suppressions};
pub use json::{harmless as harmless_json, json};
pub use links::{Links, linked};
pub use look::{Detail, Drawing, Look};
pub use packs::{rules, rules_json, rules_markdown};
pub use story::story;
pub use summary::summary;
pub use ways::{paths, paths_dot, paths_json};
pub use witness::witness;

/// A line of a source as a terminal can show it: what moves the cursor is told as an escape, tabs are blanks.
pub fn harmless(line: &[u8]) -> String {
    let mut shown = String::with_capacity(line.len());
    clean::push_code(&mut shown, line, &mut 0);
    shown
}
