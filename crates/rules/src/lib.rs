//! Rules as data, the questions they ask, and the findings they yield.
//!
//! A rule is a file `rules/ID.toml` beside an essay `rules/ID.md`. [`check`] asks all of them of all
//! architectures of a tree and answers with an [`Outcome`], which is plain data.

mod accept;
mod ask;
mod check;
mod finding;
mod rule;
mod stale;
mod table;
mod tell;

pub use accept::Acceptances;
pub use check::{CheckError, Settings, check, check_tree};
pub use finding::{
    Accepted, ArchRow, ArchVerdict, BackendRow, Finding, Note, Outcome, PathCall, PathEntry, Paths,
    Place, Problem, Severity, State, Step, Suppression, Verdict,
};
pub use reach::Limits;
pub use rule::{
    Backend, OptIn, Question, Rule, RuleError, SeverityWord, SinkRule, built_in, is_rule, parse,
    vocabulary,
};
