//! Findings that were there before: a file of them, so that only new ones are told.
//!
//! An entry is known again when its code has moved to other lines, and with a path of calls also when it has moved to
//! another file, or to a function of another name: of each finding what differs least is taken, and each entry stands
//! for one finding. What no finding needs any more is told, so that the file shrinks.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

use crate::accept::mark_verdicts;
use crate::{
    Accepted, ArchVerdict, Finding, Identity, Outcome, Place, State, Suppression, Verdict,
};

/// The version of the file's shape.
const VERSION: u32 = 1;

/// What is said of a finding that the file holds.
const REASON: &str = "it stands in the baseline";

/// Findings that were there before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The file, as the user named it.
    file: String,
    entries: Vec<(Entry, u32)>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    arch: String,
    within: String,
    code: String,
    file: String,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaselineError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for BaselineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.message)
    }
}

impl std::error::Error for BaselineError {}

/// The shape of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    #[serde(rename = "version")]
    _version: u32,
    findings: Vec<Entry>,
}

impl Entry {
    fn of(finding: &Finding) -> Entry {
        let identity = Identity::of(finding);
        Entry {
            rule: identity.rule,
            arch: identity.arch,
            within: identity.within,
            code: identity.code,
            file: finding.sink.file.clone(),
        }
    }

    /// Whether it would have been found again if it were still there.
    fn is_answered(&self, outcome: &Outcome, whole: bool) -> bool {
        let of = |verdict: &&ArchVerdict| {
            verdict.rule == self.rule && (self.arch.is_empty() || verdict.arch == self.arch)
        };
        let mut verdicts = outcome.verdicts.iter().filter(of).peekable();
        let is_whole = whole || !self.arch.is_empty();
        let was_asked = is_whole && verdicts.peek().is_some();
        was_asked && verdicts.all(|verdict| verdict.verdict != Verdict::Unknown)
    }

    /// How much differs between two findings that may be one; `None` where they are two.
    fn distance(&self, other: &Entry) -> Option<u8> {
        let same = self.rule == other.rule && self.arch == other.arch && self.code == other.code;
        let (moved, renamed) = (self.file != other.file, self.within != other.within);
        match (moved, renamed) {
            _ if !same => None,
            (false, false) => Some(0),
            // What is said of many architectures is known by its file.
            _ if self.arch.is_empty() => None,
            (true, false) => Some(1),
            (false, true) => Some(2),
            (true, true) => None,
        }
    }
}

impl Baseline {
    /// Reads what [`Baseline::write`] has written.
    pub fn parse(file: &str, text: &str) -> Result<Baseline, BaselineError> {
        let told = |error: serde_json::Error| {
            let words = error.to_string();
            let place = format!(" at line {} column {}", error.line(), error.column());
            BaselineError {
                line: error.line(),
                message: words.strip_suffix(&place).unwrap_or(&words).to_owned(),
            }
        };
        let value: serde_json::Value = serde_json::from_str(text).map_err(told)?;
        match value.get("version") {
            Some(version) if *version != VERSION => {
                let message = format!(
                    "its version is {version}, this program knows {VERSION}; write it anew"
                );
                return Err(BaselineError { line: 1, message });
            }
            _ => {}
        }
        let shape: Shape = serde_json::from_str(text).map_err(told)?;
        // Each finding stands on a line of its own, unless somebody has changed that.
        let lines = (1_u32..).zip(text.lines());
        let trimmed = lines.map(|(number, line)| (line.trim().trim_end_matches(','), number));
        let lines: BTreeMap<&str, u32> = trimmed.collect();
        let line_of = |entry: &Entry| {
            let written = serde_json::to_string(entry).unwrap_or_default();
            lines.get(written.as_str()).copied().unwrap_or(0)
        };
        let entries = shape.findings.into_iter().map(|entry| {
            let line = line_of(&entry);
            (entry, line)
        });
        Ok(Baseline {
            file: file.to_owned(),
            entries: entries.collect(),
        })
    }

    /// The findings of `outcome`, also those that are in a baseline already, as the text of a file. What `before` holds
    /// stays where it was not asked, or not found out.
    pub fn write(outcome: &Outcome, before: Option<&Baseline>, whole: bool) -> String {
        let known = outcome.accepted.iter().filter(|one| one.reason == REASON);
        let findings = outcome.findings.iter().chain(known.map(|one| &one.finding));
        let mut entries: Vec<Entry> = findings.map(Entry::of).collect();
        let before = before.into_iter().flat_map(|before| &before.entries);
        let kept = before.filter(|(entry, _)| !entry.is_answered(outcome, whole));
        entries.extend(kept.map(|(entry, _)| entry.clone()));
        let entries = entries
            .iter()
            .filter_map(|one| serde_json::to_string(one).ok());
        let mut entries: Vec<String> = entries.collect();
        entries.sort_unstable();
        let mut text = format!("{{\n  \"version\": {VERSION},\n  \"findings\": [");
        for (number, entry) in entries.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            let _ = write!(text, "{comma}\n    {entry}");
        }
        text.push_str(if entries.is_empty() {
            "]\n}\n"
        } else {
            "\n  ]\n}\n"
        });
        text
    }

    /// Takes from `outcome` what was there before, and tells what became of each entry. `whole` says that all
    /// architectures were asked.
    pub fn apply(&self, outcome: &mut Outcome, whole: bool) {
        let new: Vec<Entry> = outcome.findings.iter().map(Entry::of).collect();
        let mut by: Vec<Option<usize>> = vec![None; new.len()];
        let mut used = vec![false; self.entries.len()];
        for wanted in 0..=2 {
            for (number, finding) in new.iter().enumerate() {
                let fits = |(at, (entry, _)): &(usize, &(Entry, u32))| {
                    !used[*at] && entry.distance(finding) == Some(wanted)
                };
                if by[number].is_none()
                    && let Some((at, _)) = self.entries.iter().enumerate().find(fits)
                {
                    (by[number], used[at]) = (Some(at), true);
                }
            }
        }
        let findings = std::mem::take(&mut outcome.findings);
        for (finding, by) in findings.into_iter().zip(by) {
            match by {
                Some(at) => outcome.accepted.push(Accepted {
                    finding,
                    reason: REASON.to_owned(),
                    place: self.place(at),
                }),
                None => outcome.findings.push(finding),
            }
        }
        mark_verdicts(outcome);
        for (at, (entry, _)) in self.entries.iter().enumerate() {
            let was_asked = entry.is_answered(outcome, whole);
            let state = match (used[at], was_asked) {
                (true, _) => State::Used(1),
                (false, true) => State::Unused,
                (false, false) => State::NotAsked,
            };
            outcome.suppressions.push(Suppression {
                place: self.place(at),
                rule: entry.rule.clone(),
                arches: Some(entry.arch.clone())
                    .filter(|arch| !arch.is_empty())
                    .into_iter()
                    .collect(),
                function: String::new(),
                reason: REASON.to_owned(),
                until: String::new(),
                state,
            });
        }
    }

    fn place(&self, at: usize) -> Place {
        Place {
            file: self.file.clone(),
            line: self.entries[at].1,
            ..Place::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::tests::finding;

    fn outcome(findings: &[Finding]) -> Outcome {
        let verdict = |arch: &str| ArchVerdict {
            arch: arch.into(),
            rule: "r".into(),
            of_symbols: false,
            verdict: Verdict::Flagged,
            reason: String::new(),
            short: String::new(),
            place: None,
            facts: Vec::new(),
            ends: Vec::new(),
        };
        Outcome {
            findings: findings.to_vec(),
            verdicts: ["x86", "arm"].map(verdict).into(),
            ..Outcome::default()
        }
    }

    /// What is left of the findings, and the lines of entries that nothing needs.
    fn left(before: &[Finding], now: &[Finding]) -> (Vec<String>, Vec<u32>) {
        let written = Baseline::write(&outcome(before), None, true);
        let baseline = Baseline::parse("b.json", &written).unwrap();
        let mut outcome = outcome(now);
        baseline.apply(&mut outcome, true);
        // What it has taken is written again.
        let again = Baseline::write(&outcome, None, true);
        assert_eq!(
            again.contains("\"arch\":\"arm\""),
            now.iter().any(|f| f.arch == "arm")
        );
        let unused = outcome.suppressions.iter();
        let unused = unused.filter(|one| one.state == State::Unused);
        let words = |f: &Finding| format!("{} {} {}", f.arch, f.path[0].function, f.code);
        (
            outcome.findings.iter().map(words).collect(),
            unused.map(|one| one.place.line).collect(),
        )
    }

    #[test]
    fn what_was_there_before_is_known_again() {
        let (one, other) = (finding("x86", "f", "g(1)"), finding("arm", "f", "g(1)"));
        let both = [one.clone(), other.clone()];
        assert_eq!(left(&both, &both), (vec![], vec![]));
        assert_eq!(left(&both, &both[..1]), (vec![], vec![4]));
        assert_eq!(left(&both[..1], &both), (vec!["arm f g(1)".into()], vec![]));
        let mut moved = one.clone();
        moved.sink.line += 9;
        moved.sink.file = "mm/new.c".into();
        assert_eq!(left(&both, &[moved, other.clone()]), (vec![], vec![]));
        let mut renamed = one.clone();
        renamed.path[0].function = "g".into();
        assert_eq!(
            left(&both, &[renamed.clone(), other.clone()]),
            (vec![], vec![])
        );
        // The one that is the same comes first, whatever the order.
        let new = left(std::slice::from_ref(&one), &[renamed, one.clone()]);
        assert_eq!(new, (vec!["x86 g g(1)".into()], vec![]));
        // One entry stands for one finding.
        let twice = left(std::slice::from_ref(&one), &[one.clone(), one.clone()]);
        assert_eq!(twice, (vec!["x86 f g(1)".into()], vec![]));
    }

    #[test]
    fn a_file_that_is_no_baseline_is_told_with_its_line() {
        let error = |text: &str| Baseline::parse("b", text).unwrap_err();
        assert_eq!(error("{\n\"version\": 1\n}").line, 3);
        assert!(
            error("{\"version\": 9, \"findings\": []}")
                .message
                .contains("version is 9")
        );
        let odd = "{\"version\": 1, \"findings\": [{\"rule\": 1}]}";
        assert_eq!(error(odd).line, 1);
        let baseline = Baseline::parse("b", &Baseline::write(&Outcome::default(), None, true));
        assert_eq!(baseline.unwrap().entries, []);
    }

    #[test]
    fn an_architecture_whose_findings_were_there_is_accepted() {
        let all = [finding("x86", "f", "g(1)")];
        let mut now = outcome(&all);
        Baseline::parse("b", &Baseline::write(&now, None, true))
            .unwrap()
            .apply(&mut now, true);
        assert_eq!(now.verdicts[0].verdict, Verdict::Accepted);
        assert_eq!((now.findings.len(), now.accepted.len()), (0, 1));
    }

    #[test]
    fn what_was_not_asked_or_not_found_out_stays() {
        let both = [finding("x86", "f", "g(1)"), finding("arm", "f", "g(1)")];
        let before = Baseline::write(&outcome(&both), None, true);
        let before = Baseline::parse("b", &before).unwrap();
        let mut now = outcome(&[]);
        now.verdicts.truncate(1);
        let written = Baseline::write(&now, Some(&before), false);
        assert!(written.contains("\"arm\"") && !written.contains("\"x86\""));
        now.verdicts[0].verdict = Verdict::Unknown;
        assert!(Baseline::write(&now, Some(&before), false).contains("\"x86\""));
    }

    #[test]
    fn another_function_in_another_file_is_another_finding() {
        let one = finding("x86", "f", "g(1)");
        let mut other = finding("x86", "h", "g(1)");
        other.sink.file = "mm/other.c".into();
        assert_eq!(left(&[one], &[other]).0.len(), 1);
    }
}
