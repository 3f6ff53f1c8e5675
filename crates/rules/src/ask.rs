//! One rule, asked of one architecture: its sinks one after the other, and what follows for the cell of
//! the table.

use kconfig::Model;
use kernel::{Architecture, Tree};
use reach::{Analysis, Answer, Backend, BackendRule, Fact, Goal, Reach};
use text::Name;

use crate::check::ArchCheck;
use crate::rule::{Question, Rule, SinkRule};
use crate::{ArchVerdict, Place, Verdict};

/// One rule, asked of one architecture.
pub(crate) struct Asking<'a, 't> {
    pub(crate) tree: &'t Tree,
    pub(crate) arch: Architecture,
    pub(crate) model: &'t Model,
    pub(crate) analysis: &'a mut Analysis<'t>,
    pub(crate) rule: &'a Rule,
    pub(crate) out: &'a mut ArchCheck,
}

/// A verdict, its reason, and the place that shows it.
pub(crate) type Said = (Verdict, String, Option<Place>);

/// What was answered of the sinks so far.
#[derive(Default)]
struct Answers<'s> {
    flagged: Vec<crate::Finding>,
    unknown: Vec<String>,
    /// Why a sink cannot be reached, by its words.
    forbidden: Vec<(&'s str, Vec<Fact>)>,
    /// Some sink is reached, and the rule is satisfied.
    reached: bool,
}

impl Asking<'_, '_> {
    /// Asks, and puts the findings and the verdict to the others.
    pub(crate) fn ask(&mut self, sinks: &[(SinkRule, Reach)]) {
        let said = match self.rule.question {
            Question::Stale => self.stale(),
            Question::Unselected | Question::Outside | Question::Mismatched => {
                self.ask_sinks(sinks)
            }
        };
        let (verdict, reason, place) = self.unless_incomplete(said);
        self.out.verdicts.push(ArchVerdict {
            arch: self.arch.name.to_string(),
            rule: self.rule.id.clone(),
            of_symbols: self.rule.question == Question::Stale,
            verdict,
            reason,
            place,
        });
    }

    fn ask_sinks(&mut self, sinks: &[(SinkRule, Reach)]) -> Said {
        let symbol = self.symbol();
        let mut answers = Answers::default();
        let mut backend = None;
        for (number, (sink, reach)) in sinks.iter().enumerate() {
            // Where nothing leads there, nothing else need be asked.
            match self.analysis.ask(reach, &Goal::Reached) {
                Answer::Yes(_) => {}
                Answer::Unknown(limit) => {
                    answers.unknown.push(limit);
                    continue;
                }
                Answer::No(facts) => {
                    answers.forbidden.push((sink.what.as_str(), facts));
                    continue;
                }
            }
            if let (None, Some(rule)) = (&backend, &self.rule.backend) {
                backend = Some(self.analysis.backend(&backend_rule(rule)));
            }
            // Each of two halves is asked for where the other is not reached.
            let other = sinks.get(1 - number.min(1));
            let goal = match (&backend, self.rule.question, other) {
                (Some(backend), ..) => Goal::Outside(backend),
                (None, Question::Mismatched, Some((_, other))) => Goal::Apart(other),
                (None, ..) => Goal::Without(&symbol),
            };
            match self.analysis.ask(reach, &goal) {
                Answer::Yes(witness) => {
                    let other = other.map(|(sink, reach)| (sink.what.as_str(), reach.places()));
                    let mut finding =
                        self.finding((&symbol, sink, other), &witness, backend.as_ref());
                    let paths = self.analysis.paths(reach, &goal);
                    finding.paths = Some(self.paths(paths));
                    answers.flagged.push(finding);
                }
                Answer::Unknown(limit) => answers.unknown.push(limit),
                Answer::No(_) => answers.reached = true,
            }
        }
        self.verdict_of(answers, &symbol, backend.as_ref())
    }

    fn verdict_of(
        &mut self,
        answers: Answers<'_>,
        symbol: &str,
        backend: Option<&Backend>,
    ) -> Said {
        let said = if let Some(first) = answers.flagged.first() {
            let place = Some(first.sink.clone());
            (Verdict::Flagged, first.message.clone(), place)
        } else if let Some(limit) = answers.unknown.first() {
            (Verdict::Unknown, limit.clone(), None)
        } else if answers.reached {
            self.clean(symbol, backend)
        } else {
            self.cannot_reach(&answers.forbidden)
        };
        self.out.findings.extend(answers.flagged);
        said
    }

    /// What was not read may hold what opens a path or closes one; a path that was found stays.
    fn unless_incomplete(&self, answer: Said) -> Said {
        if answer.0 == Verdict::Flagged {
            return answer;
        }
        if let Some(error) = self.model.errors().next()
            && self.model.is_incomplete()
        {
            let words = format!("not all of Kconfig was understood: {}", error.message);
            let place = self.place(&error.place.file, error.place.span);
            return (Verdict::Unknown, words, Some(place));
        }
        let Some(fault) = self.analysis.faults().into_iter().next() else {
            return answer;
        };
        let words = format!(
            "{} was not wholly understood: {}",
            fault.file, fault.message
        );
        let place = Place {
            file: fault.file,
            line: fault.line,
            ..Place::default()
        };
        (Verdict::Unknown, words, Some(place))
    }

    /// The opt-in symbol of this tree: the first of the list that any architecture's Kconfig
    /// defines; the first at all where none does.
    pub(crate) fn symbol(&self) -> String {
        let symbols = &self.rule.opt_in.symbols;
        let known = symbols
            .iter()
            .find(|symbol| self.model.symbol(*symbol).is_some());
        known.or(symbols.first()).cloned().unwrap_or_default()
    }

    fn clean(&self, symbol: &str, backend: Option<&Backend>) -> Said {
        if self.rule.question == Question::Mismatched {
            let words = "both halves are reached under the same conditions".to_owned();
            return (Verdict::Clean, words, None);
        }
        if let Some(backend) = backend {
            let at = backend.inside_at.as_ref();
            let words = at.map_or_else(
                || "maps where it should, wherever it is reached".to_owned(),
                |fact| fact.words.clone(),
            );
            return (
                Verdict::Clean,
                words,
                at.and_then(|fact| self.fact_place(fact)),
            );
        }
        let selects = self.model.selectors(Name::new(symbol));
        let own = selects
            .iter()
            .find(|select| select.place.file.starts_with("arch/"))
            .or(selects.first());
        match own {
            Some(select) => {
                let place = self.place(&select.place.file, select.place.span);
                let verb = if select.weak { "implies" } else { "selects" };
                (
                    Verdict::Clean,
                    format!("opted in: {} {verb} {symbol}", select.by),
                    Some(place),
                )
            }
            None => (Verdict::Clean, format!("reached only with {symbol}"), None),
        }
    }

    /// What forbids it: one reason where it is the same for all sinks, else each sink with its own.
    fn cannot_reach(&self, forbidden: &[(&str, Vec<Fact>)]) -> Said {
        let words = |facts: &[Fact]| {
            let words: Vec<&str> = facts.iter().map(|fact| fact.words.as_str()).collect();
            words.join("; ")
        };
        let mut reasons: Vec<(&str, String)> = forbidden
            .iter()
            .filter(|(_, facts)| !facts.is_empty())
            .map(|(what, facts)| (*what, words(facts)))
            .collect();
        let place = forbidden.iter().find_map(|(_, facts)| facts.last());
        let place = place.and_then(|fact| self.fact_place(fact));
        let same = reasons.windows(2).all(|pair| pair[0].1 == pair[1].1);
        let reason = match reasons.first_mut() {
            None => "nothing leads there".to_owned(),
            Some((_, only)) if same => std::mem::take(only),
            Some(_) => {
                let each = reasons
                    .iter()
                    .map(|(what, words)| format!("{what}: {words}"));
                each.collect::<Vec<_>>().join("; ")
            }
        };
        (Verdict::CannotReach, reason, place)
    }
}

pub(crate) fn backend_rule(rule: &crate::rule::Backend) -> BackendRule {
    BackendRule {
        tables: rule.tables.clone(),
        function: rule.function.clone(),
        inside: rule.inside.clone(),
        outside_fields: rule.outside_fields.clone(),
        outside: rule.outside.clone(),
        stores: rule.stores.clone(),
        follow: rule.follow.clone(),
    }
}
