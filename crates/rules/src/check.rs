//! The main job: every rule, asked of every architecture of a tree.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use kconfig::{Library, Model, Toolchain};
use kernel::{Architecture, NotATree, Progress, Tree};
use rayon::prelude::*;
use reach::{
    Analysis, Answer, Backend, BackendRule, Fact, Goal, Limits, Reach, Sink, Vocabulary, Witness,
};
use source::Source;
use text::{Name, Span};

use crate::rule::{Rule, RuleError, SeverityWord, SinkRule, built_in};
use crate::{ArchVerdict, Finding, Note, Outcome, Place, Problem, Severity, Step, Verdict};

/// What is checked.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Architectures, each by a name that [`Tree::architecture`] knows; all where there are none.
    pub arches: Vec<String>,
    /// Rules by id; all where there are none.
    pub rules: Vec<String>,
    /// What the toolchain answers to Kconfig; all else stays free.
    pub toolchain: Toolchain,
}

/// Why nothing was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckError {
    /// The place holds no kernel tree.
    NotATree(NotATree),
    /// No such architecture; these exist.
    UnknownArch(String, Vec<String>),
    /// No such rule; these exist.
    UnknownRule(String, Vec<String>),
    /// A rule was not understood.
    Rule(RuleError),
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckError::NotATree(error) => error.fmt(f),
            CheckError::UnknownArch(asked, known) => {
                write!(
                    f,
                    "this tree has no architecture {asked}; it has {}",
                    known.join(", ")
                )
            }
            CheckError::UnknownRule(asked, known) => {
                write!(
                    f,
                    "there is no rule {asked}; there are {}",
                    known.join(", ")
                )
            }
            CheckError::Rule(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CheckError {}

/// Checks the tree that `source` gives.
pub fn check(
    source: Arc<dyn Source>,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<Outcome, CheckError> {
    let rules = chosen_rules(settings)?;
    let vocabulary = crate::rule::vocabulary().map_err(CheckError::Rule)?;
    let tree = Tree::open(source).map_err(CheckError::NotATree)?;
    let arches = chosen_arches(&tree, settings)?;
    tree.words(progress);
    progress.phase("architectures", arches.len());
    let library = Library::new();
    let checks: Vec<ArchCheck> = arches
        .par_iter()
        .map(|arch| {
            let mut environment = arch.environment(&tree);
            environment.set_toolchain(settings.toolchain.clone());
            let model = kconfig::elaborate(&library, tree.source(), &environment);
            let result = check_arch((&tree, &model), *arch, &rules, &vocabulary);
            progress.step(1);
            result
        })
        .collect();
    Ok(merge(&tree, checks))
}

fn chosen_rules(settings: &Settings) -> Result<Vec<Rule>, CheckError> {
    let rules = built_in().map_err(CheckError::Rule)?;
    let ids: Vec<String> = rules.iter().map(|rule| rule.id.clone()).collect();
    if let Some(unknown) = settings.rules.iter().find(|id| !ids.contains(id)) {
        return Err(CheckError::UnknownRule(unknown.clone(), ids));
    }
    let wanted = |rule: &Rule| settings.rules.is_empty() || settings.rules.contains(&rule.id);
    Ok(rules.into_iter().filter(wanted).collect())
}

fn chosen_arches(tree: &Tree, settings: &Settings) -> Result<Vec<Architecture>, CheckError> {
    let mut arches = tree
        .architectures(&settings.arches)
        .map_err(|unknown| CheckError::UnknownArch(unknown, tree.architecture_names()))?;
    arches.sort();
    arches.dedup();
    Ok(arches)
}

/// The answers for one architecture.
#[derive(Default)]
struct ArchCheck {
    findings: Vec<Finding>,
    verdicts: Vec<ArchVerdict>,
    problems: BTreeSet<Problem>,
}

fn merge(tree: &Tree, checks: Vec<ArchCheck>) -> Outcome {
    let mut outcome = Outcome {
        kernel_version: tree.version().to_owned(),
        ..Outcome::default()
    };
    let mut problems = BTreeSet::new();
    for check in checks {
        outcome.findings.extend(check.findings);
        outcome.verdicts.extend(check.verdicts);
        problems.extend(check.problems);
    }
    for (file, error) in tree.unreadable() {
        let place = Place {
            file,
            ..Place::default()
        };
        problems.insert(Problem {
            place,
            message: error.to_string(),
        });
    }
    outcome.problems = problems.into_iter().collect();
    outcome
        .findings
        .sort_by(|a, b| (&a.rule, &a.arch, &a.sink).cmp(&(&b.rule, &b.arch, &b.sink)));
    outcome
        .verdicts
        .sort_by(|a, b| (&a.rule, &a.arch).cmp(&(&b.rule, &b.arch)));
    outcome
}

fn check_arch(
    (tree, model): (&Tree, &Model),
    arch: Architecture,
    rules: &[Rule],
    vocabulary: &Vocabulary,
) -> ArchCheck {
    let mut check = ArchCheck::default();
    for error in model.errors() {
        check.problems.insert(problem(error));
    }
    let header_arches = std::iter::once(arch.directory).chain(arch.lender).collect();
    let mut analysis = Analysis::new(tree, model, header_arches, vocabulary, Limits::default());
    let mut reaches: BTreeMap<String, Vec<(SinkRule, Reach)>> = BTreeMap::new();
    for rule in rules {
        let key = format!("{:?}", rule.sink);
        if !reaches.contains_key(&key) {
            let all = rule
                .sink
                .iter()
                .filter_map(|sink| Some((sink.clone(), analysis.reach(&sink_of(sink)?))));
            let all = all.collect();
            reaches.insert(key.clone(), all);
        }
        if let Some(sinks) = reaches.get(&key) {
            let mut asking = Asking {
                tree,
                arch,
                model,
                analysis: &mut analysis,
                rule,
                out: &mut check,
            };
            asking.ask(sinks);
        }
    }
    for fault in analysis.faults() {
        let place = Place {
            file: fault.file,
            line: fault.line,
            ..Place::default()
        };
        check.problems.insert(Problem {
            place,
            message: fault.message,
        });
    }
    check
}

fn problem(error: &kconfig::Diagnostic) -> Problem {
    let span = error.place.span;
    let place = Place {
        file: error.place.file.to_string(),
        line: error.place.line,
        column: 0,
        span,
    };
    Problem {
        place,
        message: error.message.clone(),
    }
}

fn sink_of(rule: &SinkRule) -> Option<Sink> {
    match (&rule.call, &rule.function, &rule.query) {
        (Some(call), ..) => Some(Sink::Call(Name::new(call))),
        (None, Some(function), Some(query)) => Some(Sink::Place(
            Name::new(function),
            csource::Query::new(query).ok()?,
        )),
        _ => None,
    }
}

/// One rule, asked of one architecture.
struct Asking<'a, 't> {
    tree: &'t Tree,
    arch: Architecture,
    model: &'t Model,
    analysis: &'a mut Analysis<'t>,
    rule: &'a Rule,
    out: &'a mut ArchCheck,
}

impl Asking<'_, '_> {
    fn ask(&mut self, sinks: &[(SinkRule, Reach)]) {
        let symbol = self.symbol();
        let mut backend = None;
        let mut flagged = Vec::new();
        let mut unknown = Vec::new();
        let mut forbidden = Vec::new();
        let mut reached = false;
        for (sink, reach) in sinks {
            // Where nothing leads there, nothing else need be asked.
            match self.analysis.ask(reach, &Goal::Reached) {
                Answer::Yes(_) => {}
                Answer::Unknown(limit) => {
                    unknown.push(limit);
                    continue;
                }
                Answer::No(facts) => {
                    forbidden.push((sink.what.as_str(), facts));
                    continue;
                }
            }
            if let (None, Some(rule)) = (&backend, &self.rule.backend) {
                backend = Some(self.analysis.backend(&backend_rule(rule)));
            }
            let goal = match &backend {
                Some(backend) => Goal::Outside(backend),
                None => Goal::Without(&symbol),
            };
            match self.analysis.ask(reach, &goal) {
                Answer::Yes(witness) => {
                    let finding = self.finding(&symbol, sink, &witness, backend.as_ref());
                    flagged.push(finding);
                }
                Answer::Unknown(limit) => unknown.push(limit),
                Answer::No(_) => reached = true,
            }
        }
        let (verdict, reason, place) = if let Some(first) = flagged.first() {
            (
                Verdict::Flagged,
                first.message.clone(),
                Some(first.sink.clone()),
            )
        } else if let Some(limit) = unknown.first() {
            (Verdict::Unknown, limit.clone(), None)
        } else if reached {
            self.clean(&symbol, backend.as_ref())
        } else {
            self.cannot_reach(&forbidden)
        };
        let (verdict, reason, place) = self.unless_incomplete((verdict, reason, place));
        let (arch, rule) = (self.arch.name.to_string(), self.rule.id.clone());
        self.out.findings.extend(flagged);
        self.out.verdicts.push(ArchVerdict {
            arch,
            rule,
            verdict,
            reason,
            place,
        });
    }

    /// What was not read may hold what opens a path or closes one; a path that was found stays.
    fn unless_incomplete(
        &self,
        answer: (Verdict, String, Option<Place>),
    ) -> (Verdict, String, Option<Place>) {
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
    fn symbol(&self) -> String {
        let symbols = &self.rule.opt_in.symbols;
        let known = symbols
            .iter()
            .find(|symbol| self.model.symbol(*symbol).is_some());
        known.or(symbols.first()).cloned().unwrap_or_default()
    }

    fn clean(&self, symbol: &str, backend: Option<&Backend>) -> (Verdict, String, Option<Place>) {
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
    fn cannot_reach(&self, forbidden: &[(&str, Vec<Fact>)]) -> (Verdict, String, Option<Place>) {
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

    fn finding(
        &self,
        symbol: &str,
        sink: &SinkRule,
        witness: &Witness,
        backend: Option<&Backend>,
    ) -> Finding {
        let arch = self.arch.name;
        let put = |words: &str| {
            words
                .replace("{arch}", &arch)
                .replace("{symbol}", symbol)
                .replace("{sink}", &sink.what)
        };
        let path: Vec<Step> = witness
            .path
            .iter()
            .enumerate()
            .map(|(number, step)| Step {
                function: step.function.to_string(),
                place: self.place(&step.place.file, step.place.span),
                entry: if number == 0 {
                    let at = self.place(&witness.entered_at.file, witness.entered_at.span);
                    format!("{} ({}:{})", witness.entry, at.file, at.line)
                } else {
                    String::new()
                },
            })
            .collect();
        let outside = backend.and_then(|backend| backend.outside_at.as_ref());
        let outside = outside.map(|fact| Note {
            text: fact.words.clone(),
            place: self.fact_place(fact),
        });
        let undefined = self.model.symbol(symbol).is_none().then(|| Note {
            text: format!("Kconfig of {arch} does not define {symbol}"),
            place: None,
        });
        let notes = outside.into_iter().chain(undefined).collect();
        Finding {
            rule: self.rule.id.clone(),
            arch: arch.to_string(),
            severity: match self.rule.severity {
                SeverityWord::Error => Severity::Error,
                SeverityWord::Warning => Severity::Warning,
            },
            message: put(&self.rule.message),
            help: put(&self.rule.help),
            sink: path
                .last()
                .map(|step| step.place.clone())
                .unwrap_or_default(),
            path,
            kconfig: self.arch_entry(),
            config: witness.config.clone(),
            assumptions: witness.assumptions.clone(),
            notes,
        }
    }

    /// Where the architecture enters itself: the symbol of its own Kconfig file that selects most.
    fn arch_entry(&self) -> Option<Place> {
        let file = format!("arch/{}/Kconfig", self.arch.directory);
        let mut best: Option<(usize, &kconfig::Definition)> = None;
        let counts = self.selects_by_symbol(&file);
        for symbol in self.model.symbols() {
            let count = counts.get(&symbol.name).copied().unwrap_or(0);
            let Some(own) = symbol.definitions.iter().find(|d| *d.place.file == *file) else {
                continue;
            };
            if count > best.map_or(0, |(most, _)| most) {
                best = Some((count, own));
            }
        }
        best.map(|(_, definition)| self.place(&file, definition.place.span))
    }

    fn selects_by_symbol(&self, file: &str) -> BTreeMap<Name, usize> {
        let mut counts = BTreeMap::new();
        for select in self
            .model
            .selects()
            .filter(|select| *select.place.file == *file)
        {
            *counts.entry(select.by).or_insert(0) += 1;
        }
        counts
    }

    fn fact_place(&self, fact: &Fact) -> Option<Place> {
        fact.place
            .as_ref()
            .map(|place| self.place(&place.file, place.span))
    }

    fn place(&self, file: &str, span: Span) -> Place {
        let position = self
            .tree
            .file(file)
            .ok()
            .map(|file| file.position(span.start));
        let (line, column) = position.map_or((0, 0), |at| (at.line, at.column));
        Place {
            file: file.to_owned(),
            line,
            column,
            span,
        }
    }
}

fn backend_rule(rule: &crate::rule::Backend) -> BackendRule {
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
