//! Which findings of an answer are told: those that are bad enough, and that were not there before.

use std::borrow::Cow;
use std::io::{self, Write as _};
use std::path::Path;

use rules::{Baseline, Outcome};

use crate::arguments::{Check, Failing};
use crate::engine::{Answer, Settings};
use crate::{Failure, one_line, outputs};

/// The findings that were there before, where a file is named. It is read before anything else is done, since a file
/// that cannot be used is better told now than in a minute.
pub(crate) fn read(failing: &Failing) -> Result<Option<Baseline>, Failure> {
    let Some(path) = &failing.baseline else {
        return Ok(None);
    };
    let shown = one_line(&path.to_string_lossy());
    let text = match read_text(path) {
        Ok(text) => text,
        // Where it is to be written anew there may be none yet.
        Err(error)
            if error.kind() == io::ErrorKind::NotFound
                && failing.write_baseline.as_ref() == Some(path) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(format!("cannot read the baseline {shown}: {error}")),
    };
    let baseline = Baseline::parse(&shown, &text);
    let told = |error| one_line(&format!("{shown}:{error}"));
    baseline.map(Some).map_err(told)
}

#[expect(clippy::disallowed_methods, reason = "this is a front end")]
fn read_text(path: &Path) -> io::Result<String> {
    std::fs::read_to_string(path)
}

/// What is told of an answer. The findings are written to a baseline where that is asked for.
pub(crate) fn take<'a>(
    check: &Check,
    outcome: &'a Outcome,
    baseline: Option<&Baseline>,
) -> Result<Cow<'a, Outcome>, Failure> {
    let mut taken = Cow::Borrowed(outcome);
    if let Some(baseline) = baseline {
        let whole = check.subject.scope.arch.is_empty();
        baseline.apply(taken.to_mut(), whole);
    }
    if let Some(file) = &check.failing.write_baseline {
        outputs::put(file, &Baseline::write(&taken))?;
    }
    let level = check.telling.severity;
    let is_told = |finding: &rules::Finding| level.holds(finding.severity);
    if !taken.findings.iter().all(is_told) {
        taken.to_mut().findings.retain(is_told);
    }
    Ok(taken)
}

/// Says on standard error what was asked, and where the answer comes from.
pub(crate) fn tell(check: &Check, settings: &Settings, answer: &Answer) {
    let outcome = &answer.outcome;
    let mut rules: Vec<&str> = outcome.verdicts.iter().map(|v| v.rule.as_str()).collect();
    rules.sort_unstable();
    rules.dedup();
    let mut arches: Vec<&str> = outcome.verdicts.iter().map(|v| v.arch.as_str()).collect();
    arches.sort_unstable();
    arches.dedup();
    let from = if answer.was_kept() {
        "kept from an earlier check"
    } else {
        "worked out now"
    };
    let configuration = match &check.search.suppressions {
        Some(file) => file.to_string_lossy().into_owned(),
        None => "vmemmlint.toml of the tree, if it has one".to_owned(),
    };
    let skipped: Vec<String> = outcome
        .skipped
        .iter()
        .map(|s| format!("{} ({})", s.rule, s.reason))
        .collect();
    let lines = [
        (
            "tree",
            format!(
                "{} (Linux {})",
                check.subject.name(),
                outcome.kernel_version
            ),
        ),
        ("configuration", configuration),
        ("rules", rules.join(", ")),
        ("not asked", skipped.join(", ")),
        ("architectures", arches.join(", ")),
        (
            "accepted",
            format!(
                "{} of {} findings",
                outcome.accepted.len(),
                outcome.accepted.len() + outcome.findings.len()
            ),
        ),
        ("solver steps", settings.limits.solver_steps.to_string()),
        ("answer", from.to_owned()),
    ];
    // Nobody is left to be told when that fails.
    let mut out = io::stderr().lock();
    for (name, words) in lines.iter().filter(|(_, words)| !words.is_empty()) {
        let _ = writeln!(out, "vmemmlint: {name}: {}", one_line(words));
    }
}
