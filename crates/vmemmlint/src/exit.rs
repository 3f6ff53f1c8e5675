//! The exit code: what a script learns without reading the report.

use rules::{Outcome, Verdict};

/// There are findings.
pub(crate) const FINDINGS: u8 = 1;

/// Something could not be read, or the job could not be done.
pub(crate) const NOT_DONE: u8 = 2;

/// There is an answer that is not known.
pub(crate) const UNKNOWN: u8 = 3;

/// The exit code for `outcome`. Findings count most: they are true whatever else could not be read. What
/// could not be read comes before what is unknown, since it is often the reason.
pub(crate) fn code(outcome: &Outcome, allow_unknown: bool) -> u8 {
    let unknown = outcome
        .verdicts
        .iter()
        .any(|v| v.verdict == Verdict::Unknown);
    if !outcome.findings.is_empty() {
        FINDINGS
    } else if !outcome.problems.is_empty() {
        NOT_DONE
    } else if unknown && !allow_unknown {
        UNKNOWN
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use rules::{ArchVerdict, Finding, Place, Problem, Severity};

    use super::*;

    fn outcome(found: bool, unread: bool, verdict: Verdict) -> Outcome {
        let finding = Finding {
            rule: "unselected".into(),
            arch: "powerpc".into(),
            arches: vec!["powerpc".into()],
            severity: Severity::Error,
            message: String::new(),
            help: String::new(),
            code: String::new(),
            sink: Place::default(),
            path: Vec::new(),
            paths: None,
            kconfig: None,
            config: std::collections::BTreeMap::new(),
            assumptions: Vec::new(),
            notes: Vec::new(),
        };
        let problem = Problem {
            place: Place::default(),
            message: String::new(),
        };
        let (arch, rule, reason) = ("arm64".into(), "unselected".into(), String::new());
        Outcome {
            kernel_version: String::new(),
            findings: found.then_some(finding).into_iter().collect(),
            accepted: Vec::new(),
            suppressions: Vec::new(),
            verdicts: vec![ArchVerdict {
                short: String::new(),
                facts: Vec::new(),
                ends: Vec::new(),
                of_symbols: false,
                arch,
                rule,
                verdict,
                reason,
                place: None,
            }],
            rows: Vec::new(),
            skipped: Vec::new(),
            problems: unread.then_some(problem).into_iter().collect(),
        }
    }

    #[test]
    fn findings_then_unread_then_unknown() {
        use Verdict::{CannotReach, Clean, Unknown};
        let cases = [
            (true, true, Unknown, false, 1),
            (true, false, Clean, true, 1),
            (false, true, Unknown, true, 2),
            (false, true, Clean, false, 2),
            (false, false, Unknown, false, 3),
            (false, false, Unknown, true, 0),
            (false, false, CannotReach, false, 0),
        ];
        for (found, unread, verdict, allow_unknown, expected) in cases {
            assert_eq!(
                code(&outcome(found, unread, verdict), allow_unknown),
                expected
            );
        }
        assert_eq!(code(&Outcome::default(), false), 0);
    }
}
