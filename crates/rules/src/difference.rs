//! What a change of a tree brings and takes, by the answers before and after it.
//!
//! A finding is the same as long as its [`Identity`] is. Where one goes and one comes that differ only in the function
//! that holds the place, which was renamed, or in the words of the call, to which an argument was added, it is the same one
//! too: it has moved.

use std::collections::{BTreeMap, BTreeSet};

use crate::accept::accept_where_silent;
use crate::{ArchVerdict, Finding, Identity, Outcome, Problem, Verdict};

/// What is otherwise than before.
#[derive(Clone, Debug, Default)]
pub struct Difference<'a> {
    /// Findings that were not there before.
    pub added: Vec<&'a Finding>,
    /// Findings that are not there any more.
    pub removed: Vec<&'a Finding>,
    /// Findings that stand elsewhere: as they were, and as they are.
    pub moved: Vec<(&'a Finding, &'a Finding)>,
    /// Answers that are unknown now, and were not.
    pub unknown: Vec<&'a ArchVerdict>,
    /// What is not understood any more.
    pub problems: Vec<&'a Problem>,
}

impl<'a> Difference<'a> {
    /// What `after` has otherwise than `before`.
    pub fn between(before: &'a Outcome, after: &'a Outcome) -> Difference<'a> {
        let mut removed: Vec<&Finding> = before.findings.iter().collect();
        let mut added: Vec<&Finding> = after.findings.iter().collect();
        pair_off(&mut removed, &mut added, Identity::of);
        let mut moved = pair_off(&mut removed, &mut added, |finding| Identity {
            within: String::new(),
            ..Identity::of(finding)
        });
        moved.extend(pair_off(&mut removed, &mut added, |finding| {
            let identity = Identity::of(finding);
            let callee = identity.code.split('(').next().unwrap_or_default();
            Identity {
                code: callee.trim().to_owned(),
                ..identity
            }
        }));
        // What is not known is not known to be gone.
        let is_known = |finding: &Finding| {
            let mut cells = after.verdicts.iter();
            !cells.any(|cell| cell.verdict == Verdict::Unknown && finding.is_in(cell))
        };
        removed.retain(|finding| is_known(finding));
        Difference {
            added,
            removed,
            moved,
            unknown: unknown(before, after),
            problems: problems(before, after),
        }
    }

    /// Whether nothing is worse than before.
    pub fn is_harmless(&self) -> bool {
        self.added.is_empty() && self.unknown.is_empty() && self.problems.is_empty()
    }
}

/// Takes findings that are equal by their `key` out of both, and answers them.
fn pair_off<'a, K: Ord>(
    before: &mut Vec<&'a Finding>,
    after: &mut Vec<&'a Finding>,
    key: impl Fn(&Finding) -> K,
) -> Vec<(&'a Finding, &'a Finding)> {
    let mut known: BTreeMap<K, Vec<&'a Finding>> = BTreeMap::new();
    for finding in before.iter().rev() {
        known.entry(key(finding)).or_default().push(finding);
    }
    let mut pairs = Vec::new();
    after.retain(|finding| {
        let partner = known.get_mut(&key(finding)).and_then(Vec::pop);
        pairs.extend(partner.map(|partner| (partner, *finding)));
        partner.is_none()
    });
    before.retain(|finding| !pairs.iter().any(|(old, _)| std::ptr::eq(*old, *finding)));
    pairs
}

fn unknown<'a>(before: &Outcome, after: &'a Outcome) -> Vec<&'a ArchVerdict> {
    let known = |cell: &&ArchVerdict| cell.verdict == Verdict::Unknown;
    let key = |cell: &'a ArchVerdict| (cell.rule.as_str(), cell.arch.as_str());
    let old: BTreeSet<(&str, &str)> = before
        .verdicts
        .iter()
        .filter(known)
        .map(|cell| (cell.rule.as_str(), cell.arch.as_str()))
        .collect();
    let now = after.verdicts.iter().filter(known);
    now.filter(|cell| !old.contains(&key(cell))).collect()
}

/// Lines move, so what counts is the file and what is wrong, as often as it is.
fn problems<'a>(before: &Outcome, after: &'a Outcome) -> Vec<&'a Problem> {
    let key = |problem: &'a Problem| (problem.place.file.as_str(), problem.message.as_str());
    let mut known: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for problem in &before.problems {
        *known
            .entry((&problem.place.file, &problem.message))
            .or_default() += 1;
    }
    let is_new = |problem: &&'a Problem| match known.get_mut(&key(problem)) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    };
    after.problems.iter().filter(is_new).collect()
}

/// The answer `after`, in which only those findings stand that were not in `before`.
pub fn only_new(before: &Outcome, after: &Outcome) -> Outcome {
    let difference = Difference::between(before, after);
    let is_new = |finding: &Finding| {
        difference
            .added
            .iter()
            .any(|new| std::ptr::eq(*new, finding))
    };
    let mut outcome = Outcome {
        findings: after
            .findings
            .iter()
            .filter(|one| is_new(one))
            .cloned()
            .collect(),
        ..after.clone()
    };
    accept_where_silent(&mut outcome, "what was found was there before");
    outcome
}

/// A finding that one of several changes has brought.
#[derive(Clone, Copy, Debug)]
pub struct Opened<'a> {
    /// As it was found first.
    pub finding: &'a Finding,
    /// Which change has brought it, from 0.
    pub by: usize,
    /// Which has taken it again.
    pub closed: Option<usize>,
    /// Whether it was there before the first of them, and one of them had taken it meanwhile.
    pub was_there: bool,
}

impl Opened<'_> {
    /// Whether it is there after all of them, and was not before.
    pub fn is_left(&self) -> bool {
        self.closed.is_none() && !self.was_there
    }
}

/// Which findings some changes, one after the other, bring on their way; `last` is the answer after all of them.
///
/// A change that joins others brings nothing that one of those has brought: it is taken out of what the former adds.
pub fn opened<'a>(changes: &mut [(Difference<'a>, bool)], last: &Outcome) -> Vec<Opened<'a>> {
    let mut all: Vec<(Opened<'a>, Identity)> = Vec::new();
    let mut taken: BTreeSet<Identity> = BTreeSet::new();
    for (by, (difference, is_merge)) in changes.iter_mut().enumerate() {
        let open = |all: &[(Opened<'a>, Identity)], finding: &Finding| {
            let identity = Identity::of(finding);
            all.iter()
                .position(|(one, now)| one.closed.is_none() && *now == identity)
        };
        for (old, new) in &difference.moved {
            if let Some(at) = open(&all, old) {
                all[at].1 = Identity::of(new);
            }
        }
        for finding in &difference.removed {
            match open(&all, finding) {
                Some(at) => all[at].0.closed = Some(by),
                None => {
                    taken.insert(Identity::of(finding));
                }
            }
        }
        if *is_merge {
            difference
                .added
                .retain(|finding| open(&all, finding).is_none());
        }
        for finding in &difference.added {
            let identity = Identity::of(finding);
            let opened = Opened {
                finding,
                by,
                closed: None,
                was_there: taken.remove(&identity),
            };
            all.push((opened, identity));
        }
    }
    // What was brought on one side, and is not there in the end, went where the sides were joined.
    let there: BTreeSet<Identity> = last.findings.iter().map(Identity::of).collect();
    let merge = |by: usize| {
        let mut merges = changes.iter().enumerate().skip(by + 1);
        merges
            .find(|(_, (_, is_merge))| *is_merge)
            .map(|(at, _)| at)
    };
    let ended = all.into_iter().map(|(mut opened, identity)| {
        if opened.closed.is_none() && !there.contains(&identity) {
            opened.closed = merge(opened.by);
        }
        opened
    });
    ended.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::tests::finding;

    fn outcome(findings: &[(&str, &str, &str)]) -> Outcome {
        Outcome {
            findings: findings
                .iter()
                .map(|(arch, within, code)| finding(arch, within, code))
                .collect(),
            ..Outcome::default()
        }
    }

    #[test]
    fn what_moves_is_neither_new_nor_gone() {
        let before = outcome(&[
            ("x86", "f", "g(1)"),
            ("arm", "f", "g(1)"),
            ("arm", "h", "g(1)"),
            ("s390", "f", "g(1)"),
        ]);
        let after = outcome(&[
            ("x86", "renamed", "g(1)"),
            ("arm", "f", "g(1, 2)"),
            ("arm", "h", "g(1)"),
            ("arm", "k", "q(1)"),
        ]);
        let difference = Difference::between(&before, &after);
        let told = |findings: &[&Finding]| {
            let told = findings.iter().map(|f| format!("{} {}", f.arch, f.code));
            told.collect::<Vec<_>>()
        };
        assert_eq!(told(&difference.added), ["arm q(1)"]);
        assert_eq!(told(&difference.removed), ["s390 g(1)"]);
        assert_eq!(difference.moved.len(), 2);
        assert!(!difference.is_harmless());
        assert!(Difference::between(&before, &before).is_harmless());
    }

    #[test]
    fn a_finding_is_followed_from_change_to_change() {
        let none = outcome(&[]);
        let a = outcome(&[("x86", "f", "g(1)")]);
        let moved = outcome(&[("x86", "h", "g(1)")]);
        let both = outcome(&[("x86", "f", "g(1)"), ("arm", "f", "g(1)")]);
        let told = |states: &[&Outcome]| {
            let mut steps: Vec<(Difference<'_>, bool)> = states
                .windows(2)
                .map(|pair| (Difference::between(pair[0], pair[1]), false))
                .collect();
            let opened = opened(&mut steps, states[states.len() - 1]);
            let told = opened
                .iter()
                .map(|o| (o.finding.arch.clone(), o.by, o.closed, o.is_left()));
            told.collect::<Vec<_>>()
        };
        let x86 = || "x86".to_owned();
        assert_eq!(
            told(&[&none, &a, &moved, &none]),
            [(x86(), 0, Some(2), false)]
        );
        assert_eq!(told(&[&a, &none, &a]), [(x86(), 1, None, false)]);
        assert_eq!(
            told(&[&a, &both, &a, &both]),
            [
                ("arm".to_owned(), 0, Some(1), false),
                ("arm".to_owned(), 2, None, true)
            ]
        );
    }

    #[test]
    fn what_becomes_unknown_is_told() {
        let cell = |verdict| Outcome {
            verdicts: vec![ArchVerdict {
                arch: "x86".into(),
                rule: "r".into(),
                of_symbols: false,
                verdict,
                reason: String::new(),
                short: String::new(),
                place: None,
                facts: Vec::new(),
                ends: Vec::new(),
            }],
            problems: vec![Problem {
                place: crate::Place::default(),
                message: format!("{verdict:?}"),
            }],
            ..Outcome::default()
        };
        let unknown = cell(Verdict::Unknown);
        for (before, new) in [
            (Verdict::Clean, 1),
            (Verdict::Flagged, 1),
            (Verdict::Unknown, 0),
        ] {
            let before = cell(before);
            let difference = Difference::between(&before, &unknown);
            assert_eq!(difference.unknown.len(), new);
            assert_eq!(difference.problems.len(), usize::from(before != unknown));
        }
    }
}
