//! Verdicts as tests: a suite for each rule, a test for each architecture.

use std::collections::BTreeMap;

use quick_junit::{NonSuccessKind, Report as Suites, TestCase, TestCaseStatus, TestSuite};
use rules::{ArchVerdict, Finding, Verdict};

use super::{Report, details, place_of};
use crate::clean;
use crate::human::place_line;

/// The XML that began with `JUnit`. An architecture that is flagged has failed, one of which nothing is known is an error, and one
/// whose findings are accepted was skipped.
pub fn junit(report: &Report<'_>) -> String {
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    for verdict in &report.outcome.verdicts {
        let suite = suites.entry(&verdict.rule);
        let suite = suite.or_insert_with(|| TestSuite::new(clean::line(&verdict.rule)));
        suite.add_test_case(case(report, verdict));
    }
    let mut all = Suites::new("vmemmlint");
    if !report.outcome.problems.is_empty() {
        let mut unread = TestSuite::new("reading the tree");
        for problem in &report.outcome.problems {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(super::problem_words(problem));
            unread.add_test_case(TestCase::new(place_line(&problem.place), status));
        }
        all.add_test_suite(unread);
    }
    all.add_test_suites(suites.into_values());
    let text = all.to_string().unwrap_or_default();
    without_total(&text)
}

/// The schema that Jenkins holds reports against has no `skipped` at the outermost element.
fn without_total(text: &str) -> String {
    let Some(start) = text.find("<testsuites") else {
        return text.to_owned();
    };
    let (before, rest) = text.split_at(start);
    let (head, rest) = rest.split_at(rest.find('>').unwrap_or(rest.len()));
    let mut words: Vec<&str> = head.split(' ').collect();
    words.retain(|word| !word.starts_with("skipped="));
    [before, &words.join(" "), rest].concat()
}

fn case(report: &Report<'_>, verdict: &ArchVerdict) -> TestCase {
    let reason = clean::line(&verdict.reason);
    let status = match verdict.verdict {
        Verdict::Flagged => {
            let found = report.outcome.findings.iter();
            let found: Vec<&Finding> = found.filter(|one| one.is_in(verdict)).collect();
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let first = found.first().map_or(reason, |f| clean::line(&f.message));
            status.set_message(match found.len() {
                0 | 1 => first,
                many => format!("{first}, and {} more", many - 1),
            });
            let told: Vec<String> = found.into_iter().map(told).collect();
            status.set_description(told.join("\n\n"));
            status
        }
        Verdict::Unknown => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status.set_message(reason);
            status
        }
        Verdict::Accepted => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(reason);
            status
        }
        Verdict::Clean | Verdict::CannotReach => TestCaseStatus::success(),
    };
    let is_good = matches!(verdict.verdict, Verdict::Clean | Verdict::CannotReach);
    let mut case = TestCase::new(clean::line(&verdict.arch), status);
    case.set_classname(clean::line(&verdict.rule));
    if is_good {
        case.set_system_out(format!(
            "{}: {}",
            verdict.verdict.word(),
            clean::line(&verdict.reason)
        ));
    }
    case
}

fn told(finding: &Finding) -> String {
    let at = place_line(place_of(finding));
    let head = format!("{at}: {}", clean::line(&finding.message));
    [vec![head], details(finding)].concat().join("\n")
}
