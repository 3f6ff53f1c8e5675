//! The main job: every rule, asked of every architecture of a tree.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;
use kconfig::{Environment, Library, Model, Toolchain};
use kernel::{Architecture, Models, NotATree, Progress, Stale, Tree, Words};
use rayon::prelude::*;
use reach::{Analysis, Extent, Goal, Limits, Sink, Vocabulary, Ways};
use serde::{Deserialize, Serialize};
use source::Source;
use text::Name;

use crate::accept::Acceptances;
use crate::ask::{Asked, Asking, backend_rule, symbol};
use crate::catalog::{Catalog, RuleError, alike};
use crate::comments;
use crate::identity::code_at;
use crate::lint::{Lint, Only};
use crate::rule::{Question, Rule, SinkRule, Version};
use crate::{ArchRow, ArchVerdict, Finding, Outcome, Place, Problem, Skipped};

/// What is checked.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Architectures, each by a name that [`Tree::architecture`] knows; all where there are none.
    pub arches: Vec<String>,
    /// Rules and packs by name; where there are none, all that are asked by default.
    pub rules: Vec<String>,
    /// The rules that there are; those that come with the program where it is not said.
    pub catalog: Option<Arc<Catalog>>,
    /// More rules and packs that are asked where none are named.
    pub enabled: Vec<String>,
    /// Rules and packs that are not asked where none are named.
    pub disabled: Vec<String>,
    /// What the toolchain answers to Kconfig; all else stays free.
    pub toolchain: Toolchain,
    /// The text of a `.config` on which the configurations of findings are set; what `allnoconfig` makes
    /// where there is none.
    pub base: Option<Arc<[u8]>>,
    /// Whether it is also told how each architecture opts in, and where its backend writes.
    pub table: bool,
    /// Whether it is also told where each way back from a sink ends.
    pub ends: bool,
    /// Whether every path is looked for, also where one answers all questions.
    pub every_path: bool,
    /// How far the search goes.
    pub limits: Limits,
    /// Findings that are accepted.
    pub accepted: Acceptances,
    /// The day on which that is asked; without one nothing ends.
    pub today: Option<Date>,
}

impl Settings {
    /// The rules that there are.
    pub(crate) fn known_rules(&self) -> Result<Arc<Catalog>, CheckError> {
        match &self.catalog {
            Some(catalog) => Ok(Arc::clone(catalog)),
            None => Ok(Arc::new(Catalog::built_in().map_err(CheckError::Rule)?)),
        }
    }
}

/// Why nothing was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckError {
    /// The place holds no kernel tree.
    NotATree(NotATree),
    /// No such architecture; these exist.
    UnknownArch(String, Vec<String>),
    /// No such rule or pack; these exist.
    UnknownRule(String, Vec<String>),
    /// A rule was not understood.
    Rule(RuleError),
    /// Nobody wants to know any more: see [`Progress::is_cancelled`].
    Cancelled,
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckError::NotATree(error) => error.fmt(f),
            CheckError::UnknownArch(asked, known) => {
                write!(f, "this tree has no architecture {asked}")?;
                let mut known: Vec<&str> = known.iter().map(String::as_str).collect();
                known.sort_unstable();
                let all = known.join(", ");
                match alike(asked, known.into_iter()) {
                    Some(meant) => write!(f, "; did you mean {meant}? It has {all}"),
                    None => write!(f, "; it has {all}"),
                }
            }
            CheckError::UnknownRule(asked, known) => {
                write!(f, "there is no rule or pack {asked}")?;
                let all = known.join(", ");
                match alike(asked, known.iter().map(String::as_str)) {
                    Some(meant) => write!(f, "; did you mean {meant}? There are {all}"),
                    None => write!(f, "; there are {all}"),
                }
            }
            CheckError::Rule(error) => error.fmt(f),
            CheckError::Cancelled => f.write_str("the check was cancelled"),
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
    let checked = check_rest(tree, settings, (&ArchOutcomes::new(), &|_| None), progress);
    checked.map(|(outcome, _)| outcome)
}

/// What was found for some architectures, by name.
pub type ArchOutcomes = BTreeMap<String, ArchOutcome>;

/// Checks a tree of which it is `known` what is found for some architectures, and of which `models` may know what Kconfig
/// says: they were read from its files as they are. Answers, besides, what was found for the others.
pub fn check_rest(
    tree: &Tree,
    settings: &Settings,
    (known, models): (&ArchOutcomes, &Models<'_>),
    progress: &dyn Progress,
) -> Result<(Outcome, ArchOutcomes), CheckError> {
    let catalog = settings.known_rules()?;
    let rules = chosen_rules(&catalog, settings)?;
    let version = Version::of_tree(tree.version());
    let (rules, skipped) = of_version(rules, version);
    let vocabulary = catalog.vocabulary();
    let arches = chosen_arches(tree, settings)?;
    let (lints, rules): (Vec<Rule>, Vec<Rule>) = rules
        .into_iter()
        .partition(|rule| rule.text.question.is_of_kconfig());
    // Who looks at Kconfig as a whole looks at all architectures.
    let is_known = |arch: &str| lints.is_empty() && known.contains_key(arch);
    let (open, mut kconfig) = open_arches(&arches, &is_known, models);
    let order = if rules.is_empty() {
        open.iter().enumerate().collect()
    } else {
        most_code_first(&open, tree.words(progress))
    };
    progress.phase("architectures", open.len());
    let library = Library::new();
    let check_one = |arch: &Architecture| {
        if progress.is_cancelled() {
            return (ArchOutcome::default(), None, Vec::new());
        }
        let _span = tracing::debug_span!("architecture", name = %arch.name).entered();
        // Who looks at Kconfig as a whole asks for its files, too.
        let known = lints.is_empty().then(|| models(&arch.name)).flatten();
        let known = known.filter(|model| model.is_of_texts());
        let known = known.map(|model| taken_over(tree, &model));
        let model = known.unwrap_or_else(|| model_of(tree, &library, *arch, settings));
        let result = check_arch((tree, &model), *arch, &rules, (&vocabulary, settings));
        if lints.is_empty() {
            tree.note_kconfig(arch.name, &model);
        }
        progress.step(1);
        let files = model.files().to_vec();
        let model = (!lints.is_empty()).then(|| (*arch, Arc::new(model)));
        (result, model, files)
    };
    let checks = order.into_iter().par_bridge();
    let mut checks: Vec<_> = checks.map(|(n, arch)| (n, check_one(arch))).collect();
    if progress.is_cancelled() {
        return Err(CheckError::Cancelled);
    }
    checks.sort_by_key(|(number, _)| *number);
    let (mut read, mut found) = (Vec::new(), ArchOutcomes::new());
    for (number, (check, model, files)) in checks {
        kconfig.extend(files);
        read.extend(model);
        found.insert(open[number].name.to_string(), check);
    }
    let both = |arch: &Architecture| found.get(&*arch.name).or_else(|| known.get(&*arch.name));
    let mut outcome = merge(tree, arches.iter().filter_map(both));
    outcome.skipped = skipped;
    lint((tree, &library), &read, (&lints, settings), &mut outcome);
    tell_code(tree, &mut outcome);
    let asked: Vec<&Rule> = rules.iter().chain(&lints).collect();
    let asked = (&*asked, &*arches, settings);
    accept((tree, &catalog), asked, &kconfig, &mut outcome);
    Ok((outcome, found))
}

/// The architectures that are to be asked, and the Kconfig files of those of which all is known.
fn open_arches(
    arches: &[Architecture],
    is_known: &dyn Fn(&str) -> bool,
    models: &Models<'_>,
) -> (Vec<Architecture>, BTreeSet<Arc<str>>) {
    let (mut open, mut kconfig) = (Vec::new(), BTreeSet::new());
    for arch in arches {
        let known = is_known(&arch.name).then(|| models(&arch.name)).flatten();
        match known {
            Some(model) => kconfig.extend(model.files().iter().cloned()),
            None => open.push(*arch),
        }
    }
    (open, kconfig)
}

/// A model of the tree that was read before, of which nothing was asked yet.
fn taken_over(tree: &Tree, model: &Model) -> Model {
    tree.note_read(model);
    model.anew()
}

/// Takes from an outcome what is accepted, by a file or beside the code.
fn accept(
    (tree, catalog): (&Tree, &Catalog),
    (rules, arches, settings): (&[&Rule], &[Architecture], &Settings),
    kconfig: &BTreeSet<Arc<str>>,
    outcome: &mut Outcome,
) {
    let kconfig = kconfig.iter().map(|file| (**file).to_owned()).collect();
    let known = tree.architecture_names();
    let asked = |rule: &str, arch: Option<&str>| {
        let is_asked = |arch: &str| arches.iter().any(|asked| *asked.name == *arch);
        let all = |arch: &str| is_asked(arch) || !known.iter().any(|known| known == arch);
        rules.iter().any(|asked| asked.id() == rule)
            && arch.map_or_else(|| settings.arches.is_empty(), all)
    };
    settings.accepted.apply(outcome, settings.today, &asked);
    comments::apply(tree, (kconfig, catalog), outcome, &asked);
}

/// What the Kconfig files of a tree say for an architecture.
pub fn model_of(tree: &Tree, library: &Library, arch: Architecture, settings: &Settings) -> Model {
    let environment = environment(tree, arch, settings);
    kconfig::elaborate(library, &tree.kconfig_source(), &environment)
}

/// The same where they said something else `before`, to the same architecture in the same kernel.
pub fn model_after(
    before: &Model,
    tree: &Tree,
    library: &Library,
    (arch, settings): (Architecture, &Settings),
) -> Model {
    let environment = environment(tree, arch, settings);
    kconfig::elaborate_after(before, library, &tree.kconfig_source(), &environment)
}

fn environment(tree: &Tree, arch: Architecture, settings: &Settings) -> Environment {
    let mut environment = arch.environment(tree);
    environment.set_toolchain(settings.toolchain.clone());
    environment
}

/// Architectures with their numbers, those with most code first: nobody should wait for what is begun last.
fn most_code_first<'a>(
    arches: &'a [Architecture],
    words: Words<'_>,
) -> Vec<(usize, &'a Architecture)> {
    let mut order: Vec<(usize, &Architecture)> = arches.iter().enumerate().collect();
    let code = |arch: &Architecture| words.files_below(&format!("arch/{}", arch.directory));
    order.sort_by_cached_key(|(_, arch)| Reverse(code(arch)));
    order
}

/// Asks the rules about Kconfig, but for those that are disabled, of the lines of some files, of which `arches` are all
/// architectures of the tree with their models, which have read the files of `library`. Of the rules those are asked whose
/// question is `wanted`.
///
/// What a line does is asked of Kconfig alone, and blocks of C are not looked at.
pub fn check_lines(
    tree: &Tree,
    (library, arches): (&Library, &[(Architecture, Arc<Model>)]),
    files: &[Arc<str>],
    (settings, wanted): (&Settings, &dyn Fn(Question) -> bool),
    progress: &dyn Progress,
) -> Result<Outcome, CheckError> {
    let catalog = settings.known_rules()?;
    let is_of_kconfig = |rule: &&Rule| rule.text.question.is_of_kconfig();
    let of_kconfig = catalog.rules().iter().filter(is_of_kconfig);
    let all = Settings {
        rules: Vec::new(),
        enabled: of_kconfig.map(|rule| rule.id().to_owned()).collect(),
        ..settings.clone()
    };
    let mut rules = chosen_rules(&catalog, &all)?;
    rules.retain(|rule| rule.text.question.is_of_kconfig() && wanted(rule.text.question));
    let mut outcome = Outcome {
        kernel_version: tree.version().to_owned(),
        ..Outcome::default()
    };
    let lint = Lint {
        tree,
        library,
        arches,
        others: OnceLock::from(Vec::new()),
        settings,
        only: Some(Only::new(files, arches, progress)),
    };
    for rule in &rules {
        lint.ask(rule, &mut outcome);
        if progress.is_cancelled() {
            return Err(CheckError::Cancelled);
        }
    }
    tell_code(tree, &mut outcome);
    let asked = |rule: &str, _: Option<&str>| rules.iter().any(|asked| asked.id() == rule);
    settings
        .accepted
        .apply(&mut outcome, settings.today, &asked);
    let files = files.iter().map(|file| (**file).to_owned()).collect();
    comments::apply(tree, (files, &catalog), &mut outcome, &asked);
    Ok(outcome)
}

/// Puts the words of its code to each finding.
fn tell_code(tree: &Tree, outcome: &mut Outcome) {
    for finding in &mut outcome.findings {
        let file = &finding.sink.file;
        // Of Kconfig files not all was seen.
        let text = if finding.path.is_empty() {
            tree.source().read(file)
        } else {
            tree.look(file)
        };
        finding.code = code_at(text, &finding.sink);
    }
}

/// Asks the rules about Kconfig as a whole.
fn lint(
    (tree, library): (&Tree, &Library),
    arches: &[(Architecture, Arc<Model>)],
    (rules, settings): (&[Rule], &Settings),
    outcome: &mut Outcome,
) {
    let lint = Lint {
        tree,
        library,
        arches,
        others: OnceLock::new(),
        settings,
        only: None,
    };
    for rule in rules {
        let _span = tracing::debug_span!("lint", name = %rule.id()).entered();
        lint.ask(rule, outcome);
    }
    // Those of one rule stay as they are.
    outcome.findings.sort_by(|a, b| a.rule.cmp(&b.rule));
    outcome.verdicts.sort_by(|a, b| a.rule.cmp(&b.rule));
}

/// The rules that are asked, sorted by name.
pub(crate) fn chosen_rules(
    catalog: &Catalog,
    settings: &Settings,
) -> Result<Vec<Rule>, CheckError> {
    let of = |names: &[String]| {
        let mut chosen = BTreeSet::new();
        for name in names {
            let mut named = catalog.named(name).map(Rule::id).peekable();
            if named.peek().is_none() {
                return Err(CheckError::UnknownRule(name.clone(), catalog.names()));
            }
            chosen.extend(named);
        }
        Ok(chosen)
    };
    let (enabled, disabled) = (of(&settings.enabled)?, of(&settings.disabled)?);
    let named = of(&settings.rules)?;
    let is_chosen = |rule: &&Rule| {
        if settings.rules.is_empty() {
            let is_enabled = rule.text.default || enabled.contains(rule.id());
            is_enabled && !disabled.contains(rule.id())
        } else {
            named.contains(rule.id())
        }
    };
    Ok(catalog.rules().iter().filter(is_chosen).cloned().collect())
}

/// Those of the rules that are about trees of a version, and why the others are not asked.
fn of_version(rules: Vec<Rule>, version: Option<Version>) -> (Vec<Rule>, Vec<Skipped>) {
    let mut skipped = Vec::new();
    let mut asked = Vec::new();
    for rule in rules {
        match rule.not_about(version) {
            None => asked.push(rule),
            Some(reason) => skipped.push(Skipped {
                rule: rule.id().to_owned(),
                reason,
            }),
        }
    }
    (asked, skipped)
}

fn chosen_arches(tree: &Tree, settings: &Settings) -> Result<Vec<Architecture>, CheckError> {
    let mut arches = tree
        .architectures(&settings.arches)
        .map_err(|unknown| CheckError::UnknownArch(unknown, tree.architecture_names()))?;
    arches.sort();
    arches.dedup();
    Ok(arches)
}

/// What was found for one architecture, before anything of it is accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchOutcome {
    pub(crate) findings: Vec<Finding>,
    pub(crate) verdicts: Vec<ArchVerdict>,
    rows: Vec<ArchRow>,
    problems: BTreeSet<Problem>,
}

impl ArchOutcome {
    /// Whether this, which was found for the architecture `arch`, is found where that is `stale`.
    #[must_use]
    pub fn holds(&self, arch: &str, stale: &Stale) -> bool {
        if stale.arches.contains(arch) || stale.moved.is_empty() {
            return !stale.arches.contains(arch);
        }
        // Whoever tells of a line names its file.
        let words = postcard::to_stdvec(self).unwrap_or_default();
        let tells = |path: &String| memchr::memmem::find(&words, path.as_bytes()).is_some();
        !words.is_empty() && !stale.moved.iter().any(tells)
    }
}

fn merge<'c>(tree: &Tree, checks: impl Iterator<Item = &'c ArchOutcome>) -> Outcome {
    let mut outcome = Outcome {
        kernel_version: tree.version().to_owned(),
        ..Outcome::default()
    };
    let mut problems = BTreeSet::new();
    for check in checks {
        outcome.findings.extend_from_slice(&check.findings);
        outcome.verdicts.extend_from_slice(&check.verdicts);
        outcome.rows.extend_from_slice(&check.rows);
        problems.extend(check.problems.iter().cloned());
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
) -> ArchOutcome {
    let mut check = ArchOutcome::default();
    for error in model.errors() {
        check.problems.insert(problem(error));
    }
    let header_arches = std::iter::once(arch.directory).chain(arch.lender).collect();
    let mut analysis = Analysis::new(tree, model, header_arches, vocabulary, settings.limits);
    if let Some(base) = &settings.base {
        analysis.set_base(base.clone());
    }
    // The rules of a pack share what is found out of its sinks.
    let mut reaches: BTreeMap<(&str, bool), Vec<Asked>> = BTreeMap::new();
    // A rule with a backend tells most of an architecture.
    let with_backend = rules.iter().find(|rule| rule.backend().is_some());
    let table = with_backend.or(rules.first());
    for rule in rules {
        let pack = (rule.pack.id.as_str(), rule.sinks().is_empty());
        let sinks = reaches.entry(pack).or_insert_with(|| {
            let outside = rules
                .iter()
                .any(|other| other.pack.id == rule.pack.id && other.backend().is_some());
            let whole = settings.every_path || settings.accepted.wants_every_path(&rule.pack);
            asked(&mut analysis, (model, rule), outside, whole)
        });
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
        if settings.table && table.is_some_and(|table| table.id() == rule.id()) {
            let row = asking.row();
            check.rows.push(row);
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

/// The sinks of a rule, each walked back from as far as the rules of its pack want: whether one of them asks for the
/// backend, and whether every path is wanted.
fn asked(
    analysis: &mut Analysis<'_>,
    (model, rule): (&Model, &Rule),
    outside: bool,
    whole: bool,
) -> Vec<Asked> {
    let pack = &rule.pack;
    let ways = Ways {
        entries: pack.entries.clone(),
        stops: pack.stops.clone(),
    };
    let whole = whole || pack.has(Question::Mismatched);
    let symbol = symbol(model, rule);
    let mut backend = None;
    let sinks = rule.sinks().iter().filter_map(|words| {
        let sink = sink_of(words)?;
        let reach = if whole {
            analysis.reach(&sink, &ways, &Extent::Whole)
        } else {
            // To ask for the backend takes long, and is vain where nothing is compiled.
            let rule = pack.backend.as_ref().filter(|_| outside);
            if let (None, Some(rule)) = (&backend, rule)
                && !analysis.is_absent(&sink)
            {
                backend = Some(analysis.backend(&backend_rule(rule)));
            }
            let asks = pack.has(Question::Unselected);
            let unselected = asks.then_some(Goal::Without(&symbol));
            let mut goals: Vec<Goal<'_>> = backend.iter().map(Goal::Outside).collect();
            goals.extend(unselected);
            goals.retain(|goal| !analysis.rules_out(&sink, goal));
            analysis.reach(&sink, &ways, &Extent::Until(goals))
        };
        Some(Asked {
            sink: words.clone(),
            reached: analysis.ask(&reach, &Goal::Reached),
            reach,
        })
    });
    sinks.collect()
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
