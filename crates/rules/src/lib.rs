//! Rules as data, the questions they ask, and the findings they yield.
//!
//! A pack is a file `rules/PACK.toml` about one shortcut, with the rules that ask about it; each rule has an essay
//! `rules/ID.md`. A [`Catalog`] holds all of them. [`check`] asks them of all architectures of a tree and answers with
//! an [`Outcome`], which is plain data.

mod accept;
mod ask;
mod baseline;
mod catalog;
mod check;
mod comments;
mod config;
mod difference;
mod examples;
mod fault;
mod finding;
pub mod fix;
mod identity;
mod lint;
mod rule;
mod stale;
mod table;
mod tell;

pub use accept::{Acceptances, tell_only};
pub use baseline::{Baseline, BaselineError};
pub use catalog::{Catalog, Files, RuleError};
pub use check::{
    ArchOutcome, ArchOutcomes, CheckError, Settings, check, check_lines, check_rest, check_tree,
    model_after, model_of,
};
pub use config::{Configuration, Configured, configuration_schema};
pub use difference::{Difference, Opened, only_new, opened};
pub use examples::{Tried, try_examples};
pub use finding::{
    Accepted, ArchRow, ArchVerdict, BackendRow, Finding, Note, Outcome, PathCall, PathEntry, Paths,
    Place, Problem, Severity, Skipped, State, Step, Suppression, Verdict,
};
pub use identity::{Identity, digest, fingerprints};
pub use reach::Limits;
pub use rule::{
    Backend, OptIn, Pack, Question, Rule, RuleText, SeverityWord, SinkRule, Version, schema,
};
