//! Findings that somebody has accepted, and why.
//!
//! ```toml
//! [[accept]]
//! rule = "unselected"
//! arch = ["arm64", "riscv"]
//! function = "__populate_section_memmap"
//! reason = "their vmemmap lies in init_mm; the select follows with 6.4"
//! until = 2027-01-31
//! ```
//!
//! Without `arch` it is meant for every architecture. A `function` is one through which every path of the
//! finding leads, so that accepting one caller does not hide another. What is accepted until a day is
//! reported again from the next one on; what accepts nothing is told, so that it can be removed.

use jiff::civil::Date;
use serde::Deserialize;
use text::{LineIndex, Span};
use toml::Spanned;

use crate::rule::RuleError;
use crate::{Accepted, CheckError, Finding, Note, Outcome, Place, State, Suppression, Verdict};

/// What is accepted, as a file says it.
#[derive(Clone, Debug, Default)]
pub struct Acceptances {
    list: Vec<Acceptance>,
}

#[derive(Clone, Debug)]
struct Acceptance {
    words: Words,
    until: Option<Date>,
    place: Place,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Text {
    #[serde(default)]
    accept: Vec<Spanned<Words>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Words {
    rule: String,
    #[serde(default)]
    arch: Arches,
    function: Option<String>,
    reason: String,
    until: Option<toml::value::Datetime>,
}

/// One architecture, several, or all.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Arches {
    One(String),
    Several(Vec<String>),
}

impl Default for Arches {
    fn default() -> Arches {
        Arches::Several(Vec::new())
    }
}

impl Arches {
    fn names(&self) -> &[String] {
        match self {
            Arches::One(name) => std::slice::from_ref(name),
            Arches::Several(names) => names,
        }
    }
}

impl Acceptances {
    /// Whether something is accepted only until a day.
    pub fn has_an_end(&self) -> bool {
        self.list
            .iter()
            .any(|acceptance| acceptance.until.is_some())
    }

    /// Reads `text`; `file` is its name in messages, `rules` are the rules that there are.
    pub fn read(file: &str, text: &str, rules: &[String]) -> Result<Acceptances, RuleError> {
        let lines = LineIndex::new(text.as_bytes());
        let place = |span: std::ops::Range<usize>| {
            let span = Span::new(span.start, span.end);
            let at = lines.position(span.start);
            Place {
                file: file.to_owned(),
                line: at.line,
                column: at.column,
                span,
            }
        };
        let error = |line: u32, message: String| RuleError {
            file: format!("{file}:{line}"),
            message,
        };
        let read: Text = toml::from_str(text).map_err(|told| {
            let line = told.span().map_or(0, |span| place(span).line);
            error(line, told.message().to_owned())
        })?;
        let mut list = Vec::new();
        for one in read.accept {
            let place = place(one.span());
            let words = one.into_inner();
            if !rules.contains(&words.rule) {
                let unknown = CheckError::UnknownRule(words.rule, rules.to_vec());
                return Err(error(place.line, unknown.to_string()));
            }
            if words.reason.trim().is_empty() {
                let message = "nothing is accepted without a reason".to_owned();
                return Err(error(place.line, message));
            }
            let until = words.until.map(|until| {
                let message = format!("until = {until} is no day, such as 2027-01-31");
                date(until).ok_or_else(|| error(place.line, message))
            });
            list.push(Acceptance {
                until: until.transpose()?,
                words,
                place,
            });
        }
        Ok(Acceptances { list })
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
            && (arches.is_empty() || arches.contains(&finding.arch));
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
        let was_asked = match arches {
            [] => asked(rule, None),
            named => named.iter().all(|arch| asked(rule, Some(arch))),
        };
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

/// A cell is accepted where each of its findings is.
fn mark_verdicts(outcome: &mut Outcome) {
    for verdict in &mut outcome.verdicts {
        let is_of =
            |finding: &Finding| finding.rule == verdict.rule && finding.arch == verdict.arch;
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

/// A day; a time of day is none.
fn date(value: toml::value::Datetime) -> Option<Date> {
    let date = value.date.filter(|_| value.time.is_none())?;
    let (month, day) = (i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
    Date::new(i16::try_from(date.year).ok()?, month, day).ok()
}
