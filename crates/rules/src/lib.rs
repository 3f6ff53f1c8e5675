//! Rules as data, the questions they ask, and the findings they yield.

mod finding;

pub use finding::{ArchVerdict, Finding, Note, Outcome, Place, Problem, Severity, Step, Verdict};
