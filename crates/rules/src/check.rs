//! The main job: every rule, asked of every architecture of a tree.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;
use kconfig::{Library, Model, Toolchain};
use kernel::{Architecture, NotATree, Progress, Tree};
use rayon::prelude::*;
use reach::{Analysis, Goal, Limits, Sink, Vocabulary};
use source::Source;
use text::Name;

use crate::accept::Acceptances;
use crate::ask::{Asked, Asking};
use crate::rule::{Rule, RuleError, SinkRule, built_in};
use crate::{ArchRow, ArchVerdict, Finding, Outcome, Place, Problem};

/// What is checked.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Architectures, each by a name that [`Tree::architecture`] knows; all where there are none.
    pub arches: Vec<String>,
    /// Rules by id; all where there are none.
    pub rules: Vec<String>,
    /// What the toolchain answers to Kconfig; all else stays free.
    pub toolchain: Toolchain,
    /// The text of a `.config` on which the configurations of findings are set; what `allnoconfig` makes
    /// where there is none.
    pub base: Option<Arc<[u8]>>,
    /// Whether it is also told how each architecture opts in, and where its backend writes.
    pub table: bool,
    /// Whether it is also told where each way back from a sink ends.
    pub ends: bool,
    /// How far the search goes.
    pub limits: Limits,
    /// Findings that are accepted.
    pub accepted: Acceptances,
    /// The day on which that is asked; without one nothing ends.
    pub today: Option<Date>,
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
    let tree = Tree::open(source).map_err(CheckError::NotATree)?;
    check_tree(&tree, settings, progress)
}

/// Checks a tree.
pub fn check_tree(
    tree: &Tree,
    settings: &Settings,
    progress: &dyn Progress,
) -> Result<Outcome, CheckError> {
    let rules = chosen_rules(settings)?;
    let vocabulary = crate::rule::vocabulary().map_err(CheckError::Rule)?;
    let arches = chosen_arches(tree, settings)?;
    let index = tree.words(progress);
    progress.phase("architectures", arches.len());
    let library = Library::new();
    let check_one = |arch: &Architecture| {
        let _span = tracing::debug_span!("architecture", name = %arch.name).entered();
        let mut environment = arch.environment(tree);
        environment.set_toolchain(settings.toolchain.clone());
        let model = kconfig::elaborate(&library, tree.source(), &environment);
        let result = check_arch((tree, &model), *arch, &rules, (&vocabulary, settings));
        progress.step(1);
        result
    };
    // Those with most code come first: nobody should wait for what is begun last.
    let mut order: Vec<(usize, &Architecture)> = arches.iter().enumerate().collect();
    let code = |arch: &Architecture| index.files_below(&format!("arch/{}", arch.directory));
    order.sort_by_cached_key(|(_, arch)| Reverse(code(arch)));
    let checks = order.into_iter().par_bridge();
    let mut checks: Vec<_> = checks.map(|(n, arch)| (n, check_one(arch))).collect();
    checks.sort_by_key(|(number, _)| *number);
    let checks = checks.into_iter().map(|(_, check)| check).collect();
    let mut outcome = merge(tree, checks);
    let known = tree.architecture_names();
    let asked = |rule: &str, arch: Option<&str>| {
        let is_asked = |arch: &str| arches.iter().any(|asked| *asked.name == *arch);
        let all = |arch: &str| is_asked(arch) || !known.iter().any(|known| known == arch);
        rules.iter().any(|asked| asked.id == rule)
            && arch.map_or_else(|| settings.arches.is_empty(), all)
    };
    settings
        .accepted
        .apply(&mut outcome, settings.today, &asked);
    Ok(outcome)
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
pub(crate) struct ArchCheck {
    pub(crate) findings: Vec<Finding>,
    pub(crate) verdicts: Vec<ArchVerdict>,
    rows: Vec<ArchRow>,
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
        outcome.rows.extend(check.rows);
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
    (vocabulary, settings): (&Vocabulary, &Settings),
) -> ArchCheck {
    let mut check = ArchCheck::default();
    for error in model.errors() {
        check.problems.insert(problem(error));
    }
    let header_arches = std::iter::once(arch.directory).chain(arch.lender).collect();
    let mut analysis = Analysis::new(tree, model, header_arches, vocabulary, settings.limits);
    if let Some(base) = &settings.base {
        analysis.set_base(base.clone());
    }
    // Rules about the same sinks share what is found out of them.
    let mut reaches: BTreeMap<String, Vec<Asked>> = BTreeMap::new();
    // A rule with a backend tells most of an architecture.
    let with_backend = rules.iter().find(|rule| rule.backend.is_some());
    let table = with_backend.or(rules.first());
    for rule in rules {
        let key = format!("{:?}", rule.sink);
        if !reaches.contains_key(&key) {
            let all = rule.sink.iter().filter_map(|sink| {
                let reach = analysis.reach(&sink_of(sink)?);
                Some(Asked {
                    sink: sink.clone(),
                    reached: analysis.ask(&reach, &Goal::Reached),
                    reach,
                })
            });
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
                ends: settings.ends,
                out: &mut check,
            };
            asking.ask(sinks);
            if settings.table && table.is_some_and(|table| table.id == rule.id) {
                let row = asking.row();
                check.rows.push(row);
            }
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
