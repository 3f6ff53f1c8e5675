//! The exit code: what a script learns without reading the report.

use report::changes::Changes;
use rules::{Outcome, Verdict};

use crate::arguments::Failing;

/// There are findings.
pub(crate) const FINDINGS: u8 = 1;

/// Something could not be read, or the job could not be done.
pub(crate) const NOT_DONE: u8 = 2;

/// There is an answer that is not known.
pub(crate) const UNKNOWN: u8 = 3;

/// What NIPA takes for a warning.
pub(crate) const NIPA_WARNING: u8 = 250;

/// The exit code for `outcome`. Findings count most: they are true whatever else could not be read. What
/// could not be read comes before what is unknown, since it is often the reason.
pub(crate) fn code(outcome: &Outcome, failing: &Failing) -> u8 {
    let unknown = outcome
        .verdicts
        .iter()
        .any(|v| v.verdict == Verdict::Unknown);
    let mut findings = outcome.findings.iter();
    let is_bad = findings.any(|finding| failing.fail_on.holds(finding.severity));
    if is_bad && !failing.exit_zero {
        FINDINGS
    } else if !outcome.problems.is_empty() {
        NOT_DONE
    } else if unknown && !failing.allow_unknown && !failing.exit_zero {
        UNKNOWN
    } else {
        0
    }
}

/// The exit code for what changes do. A hole that is closed later in the series has been opened all the same.
pub(crate) fn of_changes(changes: &Changes<'_>, failing: &Failing) -> u8 {
    let mut new = changes.opened.iter();
    let mut bad = new
        .by_ref()
        .filter(|one| failing.fail_on.holds(one.finding.severity));
    let mut all = changes.changes.iter().map(|change| &change.difference);
    if bad.next().is_some() && !failing.exit_zero {
        FINDINGS
    } else if all.clone().any(|one| !one.problems.is_empty()) {
        NOT_DONE
    } else if all.any(|one| !one.unknown.is_empty()) && !failing.allow_unknown && !failing.exit_zero
    {
        UNKNOWN
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use rules::{ArchVerdict, Finding, Place, Problem, Severity};

    use super::*;
    use crate::arguments::FailOn;

    fn outcome(found: bool, unread: bool, verdict: Verdict) -> Outcome {
        let finding = Finding {
            rule: "unselected".into(),
            arch: "powerpc".into(),
            arches: vec!["powerpc".into()],
            severity: Severity::Error,
            message: String::new(),
            help: String::new(),
            code: String::new(),
            symbol: String::new(),
            instead: Vec::new(),
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
            let failing = failing(FailOn::Warning, allow_unknown);
            assert_eq!(code(&outcome(found, unread, verdict), &failing), expected);
        }
        let failing = failing(FailOn::Warning, false);
        assert_eq!(code(&Outcome::default(), &failing), 0);
    }

    fn failing(fail_on: FailOn, allow_unknown: bool) -> Failing {
        Failing {
            baseline: None,
            write_baseline: None,
            fail_on,
            exit_zero: false,
            allow_unknown,
        }
    }

    #[test]
    fn what_is_not_bad_enough_does_not_fail() {
        let mut found = outcome(true, false, Verdict::Flagged);
        assert_eq!(code(&found, &failing(FailOn::Error, false)), 1);
        assert_eq!(code(&found, &failing(FailOn::Never, false)), 0);
        found.findings[0].severity = Severity::Warning;
        assert_eq!(code(&found, &failing(FailOn::Error, false)), 0);
        assert_eq!(code(&found, &failing(FailOn::Warning, false)), 1);
        let zero = |outcome: &Outcome| {
            let failing = Failing {
                exit_zero: true,
                ..failing(FailOn::Warning, false)
            };
            code(outcome, &failing)
        };
        assert_eq!(zero(&found), 0);
        assert_eq!(zero(&outcome(false, false, Verdict::Unknown)), 0);
        // What could not be done is no answer.
        assert_eq!(zero(&outcome(true, true, Verdict::Flagged)), 2);
    }
}
