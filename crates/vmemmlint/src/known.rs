//! Which findings of an answer are told: those that are bad enough, and that were not there before.

use std::borrow::Cow;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use rules::{Baseline, Outcome};

use crate::arguments::{Check, Failing};
use crate::engine::{Answer, Settings};
use crate::{Failure, one_line, outputs};

/// More bytes are in no baseline.
const LARGEST: u64 = 1 << 28;

/// The findings that were there before, where a file is named. It is read before anything else is done, since a file
/// that cannot be used is better told now than in a minute.
pub(crate) fn read(failing: &Failing) -> Result<Option<Baseline>, Failure> {
    let Some(path) = &failing.baseline else {
        return Ok(None);
    };
    let shown = one_line(&path.to_string_lossy());
    let is_too_large = path.metadata().is_ok_and(|known| known.len() > LARGEST);
    if is_too_large || path.is_dir() {
        return Err(format!("{shown} is no baseline"));
    }
    let text = match read_text(path) {
        Ok(text) => text,
        // Where it is to be written anew there may be none yet.
        Err(error)
            if error.kind() == io::ErrorKind::NotFound && failing.write_baseline.is_some() =>
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
    let mut text = String::new();
    let file = std::fs::File::open(path)?;
    file.take(LARGEST).read_to_string(&mut text)?;
    Ok(text)
}

/// An answer without what was there before.
pub(crate) fn compare<'a>(
    check: &Check,
    outcome: &'a Outcome,
    baseline: Option<&Baseline>,
) -> Cow<'a, Outcome> {
    let mut compared = Cow::Borrowed(outcome);
    if let Some(baseline) = baseline {
        baseline.apply(compared.to_mut(), is_whole(check));
    }
    compared
}

/// What is told of it: what is bad enough.
pub(crate) fn told<'a>(check: &Check, compared: &'a Outcome) -> Cow<'a, Outcome> {
    let mut told = Cow::Borrowed(compared);
    let level = check.telling.severity;
    let is_told = |finding: &rules::Finding| level.holds(finding.severity);
    if !told.findings.iter().all(is_told) {
        let reason = "what was found is less severe than what is told";
        rules::tell_only(told.to_mut(), reason, &is_told);
    }
    told
}

/// Writes the findings to a baseline where that is asked for: the last of all that is done, since what stands there is
/// told no more.
pub(crate) fn write(
    check: &Check,
    compared: &Outcome,
    baseline: Option<&Baseline>,
) -> Result<(), Failure> {
    match &check.failing.write_baseline {
        Some(file) => outputs::put(file, Baseline::write(compared, baseline, is_whole(check))),
        None => Ok(()),
    }
}

/// Whether all architectures are asked.
fn is_whole(check: &Check) -> bool {
    check.subject.scope.arch.is_empty()
}

/// Says on standard error what was asked, and where the answer comes from.
pub(crate) fn tell(
    check: &Check,
    (settings, answer): (&Settings, &Answer),
    outcome: &Outcome,
    configuration: Option<String>,
) {
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
    let configuration = configuration.unwrap_or_else(|| "none".to_owned());
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
