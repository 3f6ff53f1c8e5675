//! Findings that were there before: a file of them, so that only new ones are told.
//!
//! An entry is known again when its code has moved to other lines, to another file, or to a function of another name:
//! of each finding what differs least is taken, and each entry stands for one finding. What no finding needs any more
//! is told, so that the file shrinks.

use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

use crate::accept::mark_verdicts;
use crate::{Accepted, Finding, Identity, Outcome, Place, State, Suppression};

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
    version: u32,
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

    /// How much differs between two findings that may be one; `None` where they are two.
    fn distance(&self, other: &Entry) -> Option<u8> {
        let same = self.rule == other.rule && self.arch == other.arch && self.code == other.code;
        let moved = u8::from(self.file != other.file);
        let renamed = u8::from(self.within != other.within);
        // What stands in no function is in another place where its file is another one.
        same.then_some(2 * renamed + moved)
    }
}

impl Baseline {
    /// Reads what [`Baseline::write`] has written.
    pub fn parse(file: &str, text: &str) -> Result<Baseline, BaselineError> {
        let shape: Shape = serde_json::from_str(text).map_err(|error| BaselineError {
            line: error.line(),
            message: error.to_string(),
        })?;
        if shape.version != VERSION {
            return Err(BaselineError {
                line: 1,
                message: format!(
                    "its version is {}, this program knows {VERSION}; write it anew",
                    shape.version
                ),
            });
        }
        // Each finding stands on a line of its own, unless somebody has changed that.
        let mut lines = (1_u32..).zip(text.lines());
        let mut line_of = |entry: &Entry| {
            let written = serde_json::to_string(entry).unwrap_or_default();
            lines
                .find(|(_, line)| line.contains(&written))
                .map_or(0, |(number, _)| number)
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

    /// The findings of `outcome`, also those that are in a baseline already, as the text of a file.
    pub fn write(outcome: &Outcome) -> String {
        let known = outcome.accepted.iter().filter(|one| one.reason == REASON);
        let findings = outcome.findings.iter().chain(known.map(|one| &one.finding));
        let mut entries: Vec<String> = findings
            .filter_map(|finding| serde_json::to_string(&Entry::of(finding)).ok())
            .collect();
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
        for wanted in 0..=3 {
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
            let mut verdicts = outcome.verdicts.iter().filter(|v| v.rule == entry.rule);
            let was_asked = match entry.arch.as_str() {
                "" => whole && verdicts.next().is_some(),
                arch => verdicts.any(|verdict| verdict.arch == arch),
            };
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
    use crate::{ArchVerdict, Verdict};

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
        let written = Baseline::write(&outcome(before));
        let baseline = Baseline::parse("b.json", &written).unwrap();
        let mut outcome = outcome(now);
        baseline.apply(&mut outcome, true);
        // What it has taken is written again.
        let again = Baseline::write(&outcome);
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
        let baseline = Baseline::parse("b", &Baseline::write(&Outcome::default()));
        assert_eq!(baseline.unwrap().entries, []);
    }

    #[test]
    fn an_architecture_whose_findings_were_there_is_accepted() {
        let all = [finding("x86", "f", "g(1)")];
        let mut now = outcome(&all);
        Baseline::parse("b", &Baseline::write(&now))
            .unwrap()
            .apply(&mut now, true);
        assert_eq!(now.verdicts[0].verdict, Verdict::Accepted);
        assert_eq!((now.findings.len(), now.accepted.len()), (0, 1));
    }
}
