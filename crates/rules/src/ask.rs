//! One rule, asked of one architecture: its sinks one after the other, and what follows for the cell of
//! the table.

use kconfig::Model;
use kernel::{Architecture, Tree};
use reach::{Analysis, Answer, Backend, BackendKind, BackendRule, Fact, Goal, Reach};
use text::Name;

use crate::check::ArchOutcome;
use crate::rule::{Question, Rule, SinkRule};
use crate::{ArchVerdict, Note, Place, Verdict};

/// One rule, asked of one architecture.
pub(crate) struct Asking<'a, 't> {
    pub(crate) tree: &'t Tree,
    pub(crate) arch: Architecture,
    pub(crate) model: &'t Model,
    pub(crate) analysis: &'a mut Analysis<'t>,
    pub(crate) rule: &'a Rule,
    /// Whether it is told where each way back from a sink ends.
    pub(crate) ends: bool,
    pub(crate) out: &'a mut ArchOutcome,
}

/// What is said of one cell of the table.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) verdict: Verdict,
    pub(crate) reason: String,
    /// The place that shows the reason.
    pub(crate) place: Option<Place>,
    /// The reason in short.
    pub(crate) short: String,
    /// The reason fact by fact, where it is made of several.
    pub(crate) facts: Vec<Note>,
}

impl Said {
    pub(crate) fn new(verdict: Verdict, reason: impl Into<String>, place: Option<Place>) -> Said {
        let reason = reason.into();
        Said {
            verdict,
            short: reason.clone(),
            reason,
            place,
            facts: Vec::new(),
        }
    }
}

/// A sink, from where it is reached, and whether it is at all.
pub(crate) struct Asked {
    pub(crate) sink: SinkRule,
    pub(crate) reach: Reach,
    pub(crate) reached: Answer,
}

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
    pub(crate) fn ask(&mut self, sinks: &[Asked]) {
        let found_before = self.out.findings.len();
        let said = match self.rule.text.question {
            Question::Stale => self.stale(),
            _ => self.ask_sinks(sinks),
        };
        let said = self.unless_incomplete(said);
        if said.verdict == Verdict::Unknown {
            self.out.findings.truncate(found_before);
        }
        let mut ends = Vec::new();
        if self.ends {
            for asked in sinks {
                let facts = self.analysis.ends(&asked.reach);
                let told = facts.iter().map(|fact| self.note(fact));
                let new: Vec<Note> = told.filter(|note| !ends.contains(note)).collect();
                ends.extend(new);
            }
        }
        self.out.verdicts.push(ArchVerdict {
            arch: self.arch.name.to_string(),
            rule: self.rule.id().to_owned(),
            of_symbols: self.rule.text.question == Question::Stale,
            verdict: said.verdict,
            reason: said.reason,
            short: said.short,
            place: said.place,
            facts: said.facts,
            ends,
        });
    }

    fn ask_sinks(&mut self, sinks: &[Asked]) -> Said {
        let symbol = self.symbol();
        let mut answers = Answers::default();
        let mut backend = None;
        for (
            number,
            Asked {
                sink,
                reach,
                reached,
            },
        ) in sinks.iter().enumerate()
        {
            // Where nothing leads there, nothing else need be asked.
            match reached {
                Answer::Yes(_) => {}
                Answer::Unknown(limit) => {
                    answers.unknown.push(limit.clone());
                    continue;
                }
                Answer::No(facts) => {
                    answers.forbidden.push((sink.what.as_str(), facts.clone()));
                    continue;
                }
            }
            if let (None, Some(rule)) = (&backend, self.rule.backend()) {
                backend = Some(self.analysis.backend(&backend_rule(rule)));
            }
            // Each of two halves is asked for where the other is not reached.
            let other = sinks.get(1 - number.min(1));
            let goal = match (&backend, self.rule.text.question, other) {
                (Some(backend), ..) => Goal::Outside(backend),
                (None, Question::Mismatched, Some(other)) => Goal::Apart(&other.reach),
                (None, ..) => Goal::Without(&symbol),
            };
            match self.analysis.ask(reach, &goal) {
                Answer::Yes(witness) => {
                    let other = other.map(|one| (one.sink.what.as_str(), one.reach.places()));
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
            Said::new(Verdict::Flagged, first.message.clone(), place)
        } else if let Some(limit) = answers.unknown.first() {
            Said::new(Verdict::Unknown, limit.clone(), None)
        } else if answers.reached {
            self.clean(symbol, backend)
        } else {
            self.cannot_reach(&answers.forbidden)
        };
        self.out.findings.extend(answers.flagged);
        said
    }

    /// What was not read may hold what opens a path or closes one; a path that was found stays. A finding that something is
    /// nowhere there does not.
    fn unless_incomplete(&self, answer: Said) -> Said {
        let question = self.rule.text.question;
        let is_of_absence = matches!(question, Question::Stale | Question::Mismatched);
        if answer.verdict == Verdict::Flagged {
            if !is_of_absence {
                return answer;
            }
            if let Some((file, error)) = self.tree.unreadable().into_iter().next() {
                let words = format!("{file} could not be read: {error}");
                return Said::new(Verdict::Unknown, words, None);
            }
        }
        if let Some(error) = self.model.errors().next()
            && self.model.is_incomplete()
        {
            let words = format!("not all of Kconfig was understood: {}", error.message);
            let place = self.place(&error.place.file, error.place.span);
            return Said::new(Verdict::Unknown, words, Some(place));
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
        Said::new(Verdict::Unknown, words, Some(place))
    }

    pub(crate) fn symbol(&self) -> String {
        symbol(self.model, self.rule)
    }

    fn clean(&mut self, symbol: &str, backend: Option<&Backend>) -> Said {
        if self.rule.text.question == Question::Mismatched {
            let words = "both halves are reached under the same conditions";
            return Said::new(Verdict::Clean, words, None);
        }
        if let Some(backend) = backend {
            let at = backend.inside_at.as_ref();
            let words = at.map_or_else(
                || "maps where it should, wherever it is reached".to_owned(),
                |fact| fact.words.clone(),
            );
            let parts = self.analysis.backend_parts(backend);
            let elsewhere = parts.iter().find(|part| part.kind == BackendKind::Outside);
            // What keeps the path and the other way apart is what makes it clean.
            let words = match elsewhere {
                Some(part) => format!(
                    "the path is closed where entries go elsewhere ({}); {words}",
                    part.when
                ),
                None => words,
            };
            let place = at.and_then(|fact| self.fact_place(fact));
            return Said::new(Verdict::Clean, words, place);
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
                let words = format!("opted in: {} {verb} {symbol}", select.by);
                Said::new(Verdict::Clean, words, Some(place))
            }
            None => Said::new(Verdict::Clean, format!("reached only with {symbol}"), None),
        }
    }

    /// What forbids it: one reason where it is the same for all sinks, else each sink with its own.
    fn cannot_reach(&self, forbidden: &[(&str, Vec<Fact>)]) -> Said {
        let told = forbidden.iter().filter(|(_, facts)| !facts.is_empty());
        let told: Vec<(&str, Vec<Note>)> = told
            .map(|(what, facts)| (*what, facts.iter().map(|fact| self.note(fact)).collect()))
            .collect();
        // What is true of all sinks is said once, behind what is true of each.
        let is_common = |note: &Note| told.iter().all(|(_, notes)| notes.contains(note));
        let (mut parts, mut common) = (Vec::new(), Vec::new());
        for (what, notes) in &told {
            let own: Vec<&Note> = notes.iter().filter(|note| !is_common(note)).collect();
            if !own.is_empty() {
                parts.push(format!("{what}: {}", sentence(&own)));
            }
            common = notes.iter().filter(|note| is_common(note)).collect();
        }
        if !common.is_empty() {
            parts.push(sentence(&common));
        }
        if parts.is_empty() {
            parts.push("nothing leads there".to_owned());
        }
        let reason = parts.join("; ");
        let mut facts: Vec<Note> = Vec::new();
        for note in told.into_iter().flat_map(|(_, notes)| notes) {
            if !facts.contains(&note) {
                facts.push(note);
            }
        }
        let place = facts.iter().rev().find_map(|fact| fact.place.clone());
        let short = deciding(forbidden).unwrap_or_else(|| reason.clone());
        Said {
            short,
            facts,
            ..Said::new(Verdict::CannotReach, reason, place)
        }
    }
}

/// The opt-in symbol of this tree: the first of the list that the architecture's Kconfig defines; the first at all
/// where none does.
pub(crate) fn symbol(model: &Model, rule: &Rule) -> String {
    let symbols = &rule.pack.opt_in.symbols;
    let known = symbols
        .iter()
        .find(|symbol| model.symbol(*symbol).is_some());
    known.or(symbols.first()).cloned().unwrap_or_default()
}

/// The facts that decide, without their places.
fn deciding(forbidden: &[(&str, Vec<Fact>)]) -> Option<String> {
    let facts = forbidden.iter().flat_map(|(_, facts)| facts);
    let mut words: Vec<&str> = Vec::new();
    for fact in facts.filter(|fact| fact.decides) {
        if !words.contains(&fact.words.as_str()) {
            words.push(&fact.words);
        }
    }
    (!words.is_empty()).then(|| words.join("; "))
}

/// Facts in one sentence, each with its place.
fn sentence(notes: &[&Note]) -> String {
    let words = notes.iter().map(|note| match &note.place {
        // A file that is not built tells its own name.
        Some(place) if place.line > 0 && !note.text.contains(&place.file) => {
            format!("{} ({}:{})", note.text, place.file, place.line)
        }
        _ => note.text.clone(),
    });
    words.collect::<Vec<_>>().join("; ")
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
