//! Findings that somebody has accepted, and why: the part `[[accept]]` of a [`crate::Configuration`].
//!
//! Without `arch` an entry is meant for every architecture. A `function` is one through which every path of the
//! finding leads, so that accepting one caller does not hide another. What is accepted until a day is
//! reported again from the next one on; what accepts nothing is told, so that it can be removed.

use jiff::civil::Date;

use crate::config::Words;
use crate::{Accepted, Finding, Note, Outcome, Pack, Place, State, Suppression, Verdict};

/// What is accepted, as a file says it.
#[derive(Clone, Debug, Default)]
pub struct Acceptances {
    list: Vec<Acceptance>,
}

/// One entry.
#[derive(Clone, Debug)]
pub(crate) struct Acceptance {
    pub(crate) words: Words,
    pub(crate) until: Option<Date>,
    pub(crate) place: Place,
}

impl Acceptances {
    /// Whether something is accepted only until a day.
    pub fn has_an_end(&self) -> bool {
        self.list
            .iter()
            .any(|acceptance| acceptance.until.is_some())
    }

    /// The entries, as they are before anything is asked.
    pub fn entries(&self) -> Vec<Suppression> {
        let entries = self.list.iter();
        entries
            .map(|entry| entry.told(0, None, &|_, _| false))
            .collect()
    }

    pub(crate) fn of(list: Vec<Acceptance>) -> Acceptances {
        Acceptances { list }
    }

    /// Whether an entry is about the paths of a finding of a pack.
    pub(crate) fn wants_every_path(&self, pack: &Pack) -> bool {
        self.list.iter().any(|one| {
            let mut rules = pack.rule.iter();
            one.words.function.is_some() && rules.any(|rule| rule.id == one.words.rule)
        })
    }

    /// Takes from `outcome` what is accepted on the day `today`, and tells what became of each entry.
    /// `asked` says whether a rule was asked of an architecture, or of all where none is named.
    pub(crate) fn apply(
        &self,
        outcome: &mut Outcome,
        today: Option<Date>,
        asked: &dyn Fn(&str, Option<&str>) -> bool,
    ) {
        let mut uses = vec![0; self.list.len()];
        let mut left = Vec::new();
        for mut finding in std::mem::take(&mut outcome.findings) {
            let mut by = None;
            for (number, one) in self.list.iter().enumerate() {
                let through = one.through(&finding);
                match through {
                    Through::Nothing => continue,
                    Through::All if !one.has_ended(today) => by = by.or(Some((number, one))),
                    Through::All | Through::Some(_) => finding.notes.push(one.note(through)),
                }
                uses[number] += 1;
            }
            match by {
                Some((_, one)) => outcome.accepted.push(Accepted {
                    finding,
                    reason: one.words.reason.clone(),
                    place: one.place.clone(),
                }),
                None => left.push(finding),
            }
        }
        outcome.findings = left;
        mark_verdicts(outcome);
        let list = self.list.iter().zip(uses);
        let told = list.map(|(one, uses)| one.told(uses, today, asked));
        outcome.suppressions = told.collect();
    }
}

/// Which paths of a finding an acceptance is about.
#[derive(Clone, Copy)]
enum Through {
    Nothing,
    /// So many of them.
    Some(u128),
    All,
}

impl Acceptance {
    fn through(&self, finding: &Finding) -> Through {
        let arches = self.words.arch.names();
        let is_meant = self.words.rule == finding.rule
            && (arches.is_empty() || finding.arches.iter().all(|arch| arches.contains(arch)));
        if !is_meant {
            return Through::Nothing;
        }
        let Some(function) = &self.words.function else {
            return Through::All;
        };
        let Some(paths) = &finding.paths else {
            return Through::Nothing;
        };
        // Functions of one name in several files are several functions.
        let mut most = 0_u128;
        for call in paths.calls.iter().filter(|call| call.caller == *function) {
            let own = paths.calls.iter();
            let own = own.filter(|o| o.caller == *function && o.place.file == call.place.file);
            most = most.max(own.fold(0, |sum, call| call.count.saturating_add(sum)));
        }
        match most {
            0 => Through::Nothing,
            most if most >= paths.count && paths.limit.is_none() => Through::All,
            most => Through::Some(most),
        }
    }

    fn has_ended(&self, today: Option<Date>) -> bool {
        self.until
            .zip(today)
            .is_some_and(|(until, today)| until < today)
    }

    /// Why a finding is not accepted that is meant.
    fn note(&self, through: Through) -> Note {
        let function = self.words.function.as_deref().unwrap_or_default();
        let text = match (through, self.until) {
            (Through::Some(count), _) => format!(
                "accepted where it leads through {function}(), which {count} of its paths do"
            ),
            (_, Some(until)) => format!("it was accepted until {until}"),
            (_, None) => "it was accepted".to_owned(),
        };
        Note {
            text,
            place: Some(self.place.clone()),
        }
    }

    fn told(
        &self,
        uses: usize,
        today: Option<Date>,
        asked: &dyn Fn(&str, Option<&str>) -> bool,
    ) -> Suppression {
        let arches = self.words.arch.names();
        let rule = &self.words.rule;
        let was_asked = was_asked((rule, arches), asked);
        let state = match uses {
            _ if self.has_ended(today) => State::Ended,
            0 if was_asked => State::Unused,
            0 => State::NotAsked,
            uses => State::Used(uses),
        };
        Suppression {
            place: self.place.clone(),
            rule: rule.clone(),
            arches: arches.to_vec(),
            function: self.words.function.clone().unwrap_or_default(),
            reason: self.words.reason.clone(),
            until: self
                .until
                .map(|until| until.to_string())
                .unwrap_or_default(),
            state,
        }
    }
}

/// Whether a rule was asked of some architectures, or of all where none is named.
pub(crate) fn was_asked(
    (rule, arches): (&str, &[String]),
    asked: &dyn Fn(&str, Option<&str>) -> bool,
) -> bool {
    match arches {
        [] => asked(rule, None),
        named => named.iter().all(|arch| asked(rule, Some(arch))),
    }
}

/// A cell is accepted where each of its findings is.
pub(crate) fn mark_verdicts(outcome: &mut Outcome) {
    for verdict in &mut outcome.verdicts {
        let is_of = |finding: &Finding| finding.is_in(verdict);
        if verdict.verdict != Verdict::Flagged || outcome.findings.iter().any(is_of) {
            continue;
        }
        if let Some(accepted) = outcome.accepted.iter().find(|one| is_of(&one.finding)) {
            verdict.verdict = Verdict::Accepted;
            accepted.reason.trim().clone_into(&mut verdict.reason);
            verdict.short.clone_from(&verdict.reason);
            verdict.place = Some(accepted.place.clone());
        }
    }
}

/// Takes findings away that are not to be told. A cell that had no others says so.
pub fn tell_only(outcome: &mut Outcome, reason: &str, is_told: &dyn Fn(&Finding) -> bool) {
    outcome.findings.retain(is_told);
    accept_where_silent(outcome, reason);
}

/// Marks as accepted, for a reason, what was flagged by findings that are no more told.
pub(crate) fn accept_where_silent(outcome: &mut Outcome, reason: &str) {
    for verdict in &mut outcome.verdicts {
        let is_told = outcome
            .findings
            .iter()
            .any(|finding| finding.is_in(verdict));
        if verdict.verdict == Verdict::Flagged && !is_told {
            verdict.verdict = Verdict::Accepted;
            reason.clone_into(&mut verdict.reason);
            verdict.short.clone_from(&verdict.reason);
        }
    }
}
