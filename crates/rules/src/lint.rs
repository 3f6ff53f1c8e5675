//! Rules about Kconfig as a whole. What is wrong in a line that many architectures read is told once.

mod asking;
mod blocks;
mod dead;
mod files;
mod never;
mod reason;
mod undefined;
mod unmet;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use kconfig::{Library, Model, Needed, Questions};
use kernel::{Architecture, Progress, Tree};
use rayon::prelude::*;
use text::{Name, Span};

use crate::check::{Settings, model_of};
use crate::rule::{Question, Rule};
use crate::tell::{place, put, severity};
use crate::{ArchVerdict, Finding, Note, Outcome, Place, Verdict};

/// A tree, read by all architectures that are asked.
pub(crate) struct Lint<'l> {
    pub(crate) tree: &'l Tree,
    pub(crate) library: &'l Library,
    /// The architectures that are asked.
    pub(crate) arches: &'l [(Architecture, Arc<Model>)],
    /// What the others say, for one who wants to know of all.
    pub(crate) others: OnceLock<Vec<(Architecture, Arc<Model>)>>,
    pub(crate) settings: &'l Settings,
    /// Of whose lines is told; of all where it is not said.
    pub(crate) only: Option<Only<'l>>,
}

/// Some files, for one who may lose interest in them.
pub(crate) struct Only<'l> {
    files: &'l [Arc<str>],
    progress: &'l dyn Progress,
    /// The questions of each architecture: what one rule had to find out serves the next.
    questions: Vec<Mutex<Questions<'l>>>,
}

impl<'l> Only<'l> {
    /// These files, of which `arches` are asked.
    pub(crate) fn new(
        files: &'l [Arc<str>],
        arches: &'l [(Architecture, Arc<Model>)],
        progress: &'l dyn Progress,
    ) -> Only<'l> {
        let questions = arches
            .iter()
            .map(|(_, model)| Mutex::new(model.questions_about(files)));
        Only {
            files,
            progress,
            questions: questions.collect(),
        }
    }

    /// Whether lines of a file are told.
    fn has(&self, file: &str) -> bool {
        self.files.iter().any(|path| **path == *file)
    }
}

/// What a question found.
#[derive(Default)]
struct Found {
    findings: Vec<Finding>,
    /// What was not found out, by architecture: the first of it.
    unknown: BTreeMap<usize, (String, Option<Place>)>,
}

/// The words that a finding puts into those of its rule.
type Words<'w> = [(&'w str, &'w str)];

impl<'l> Lint<'l> {
    /// Asks one rule, and puts its findings and a verdict for each architecture to the others.
    pub(crate) fn ask(&self, rule: &Rule, outcome: &mut Outcome) {
        // What can never be is asked of all architectures; what a line does, of those that are to be told of.
        let unknown = match rule.text.question {
            Question::Unmet => None,
            _ => self.incomplete(),
        };
        let mut found = unknown.unwrap_or_else(|| self.answer(rule));
        let order = |finding: &Finding| (finding.sink.clone(), finding.message.clone());
        found.findings.sort_by_cached_key(order);
        for (number, (arch, model)) in self.arches.iter().enumerate() {
            let verdict = self.verdict((number, *arch, model), rule, &found);
            outcome.verdicts.push(verdict);
        }
        outcome.findings.append(&mut found.findings);
    }

    fn answer(&self, rule: &Rule) -> Found {
        match rule.text.question {
            Question::Unmet => self.unmet(rule),
            Question::Undefined => self.undefined(rule),
            Question::Dead => self.dead(rule),
            Question::DeadDefault => self.dead_default(rule),
            Question::Constant => self.constant(rule),
            Question::Unselected | Question::Outside | Question::Mismatched | Question::Stale => {
                Found::default()
            }
        }
    }

    fn verdict(
        &self,
        (number, arch, model): (usize, Architecture, &Model),
        rule: &Rule,
        found: &Found,
    ) -> ArchVerdict {
        let is_of = |finding: &&Finding| finding.arches.iter().any(|name| **name == *arch.name);
        let own: Vec<&Finding> = found.findings.iter().filter(is_of).collect();
        let incomplete = model.errors().next().filter(|_| model.is_incomplete());
        let (verdict, reason, place) = match (own.as_slice(), found.unknown.get(&number)) {
            ([], Some((why, place))) => (Verdict::Unknown, why.clone(), place.clone()),
            ([], None) => match incomplete {
                Some(error) => (
                    Verdict::Unknown,
                    format!("not all of Kconfig was understood: {}", error.message),
                    Some(self.place(&error.place)),
                ),
                None => (
                    Verdict::Clean,
                    "nothing of the kind was found".to_owned(),
                    None,
                ),
            },
            ([only], _) => (
                Verdict::Flagged,
                only.message.clone(),
                Some(only.sink.clone()),
            ),
            ([first, more @ ..], _) => {
                let words = format!("{}, and {} more", first.message, more.len());
                (Verdict::Flagged, words, Some(first.sink.clone()))
            }
        };
        ArchVerdict {
            arch: arch.name.to_string(),
            rule: rule.id().to_owned(),
            of_symbols: true,
            verdict,
            short: reason.clone(),
            reason,
            place,
            facts: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// A finding without its configuration. The rest is said of the first of `arches`.
    fn finding(&self, rule: &Rule, sink: Place, arches: &[usize], words: &Words<'_>) -> Finding {
        let name = |number: &usize| self.arches[*number].0.name.to_string();
        let arch = arches.first().map(name).unwrap_or_default();
        let mut arches: Vec<String> = arches.iter().map(name).collect();
        arches.sort_unstable();
        let mut all = vec![("{arch}", arch.as_str())];
        all.extend_from_slice(words);
        let symbol = words.iter().find(|(name, _)| *name == "{symbol}");
        Finding {
            code: String::new(),
            symbol: symbol.map_or_else(String::new, |(_, symbol)| (*symbol).to_owned()),
            instead: Vec::new(),
            rule: rule.id().to_owned(),
            arches,
            severity: severity(rule.text.severity),
            message: put(&rule.text.message, &all),
            help: put(&rule.text.help, &all),
            arch,
            sink,
            path: Vec::new(),
            paths: None,
            kconfig: None,
            config: BTreeMap::new(),
            assumptions: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Asks an architecture, by number, of the lines that are told.
    fn asking<T>(&self, number: usize, ask: impl FnOnce(&mut Questions<'l>) -> T) -> T {
        match &self.only {
            Some(only) => {
                let questions = only.questions[number].lock();
                ask(&mut questions.unwrap_or_else(PoisonError::into_inner))
            }
            None => ask(&mut self.arches[number].1.questions()),
        }
    }

    /// Whether nobody wants to know any more.
    fn is_cancelled(&self) -> bool {
        let mut only = self.only.iter();
        only.any(|only| only.progress.is_cancelled())
    }

    /// What all architectures of the tree say, asked or not.
    fn models(&self) -> Vec<&Model> {
        self.all().map(|(_, model)| &**model).collect()
    }

    /// All architectures of the tree, asked or not.
    fn all(&self) -> impl Iterator<Item = &(Architecture, Arc<Model>)> {
        let others = self.others.get_or_init(|| {
            let is_asked = |name: &String| self.arches.iter().any(|(arch, _)| *arch.name == **name);
            let names = self.tree.architecture_names();
            let names: Vec<String> = names.into_iter().filter(|name| !is_asked(name)).collect();
            let model = |name: &String| {
                let arch = self.tree.architecture(name)?;
                let model = model_of(self.tree, self.library, arch, self.settings);
                Some((arch, Arc::new(model)))
            };
            names.par_iter().filter_map(model).collect()
        });
        self.arches.iter().chain(others)
    }

    /// What is answered where the Kconfig of some architecture was not wholly understood: what it does not say may make
    /// something possible.
    fn incomplete(&self) -> Option<Found> {
        let mut models = self.models().into_iter();
        let error = models.find(|model| model.is_incomplete())?.errors().next();
        let words = "not all of Kconfig was understood";
        let words = error.map_or(words.to_owned(), |error| {
            format!("{words}: {}", error.message)
        });
        let place = error.map(|error| self.place(&error.place));
        let numbers = 0..self.arches.len();
        Some(Found {
            unknown: numbers
                .map(|number| (number, (words.clone(), place.clone())))
                .collect(),
            ..Found::default()
        })
    }

    /// The architectures, by number, that read a Kconfig file, or that compile what lies at another path.
    fn readers(&self, file: &str) -> Vec<usize> {
        let own = blocks::home(file);
        let is_kconfig = self.all().any(|(_, model)| model.reads(file));
        let is_reader = |number: &usize| {
            let (arch, model) = &self.arches[*number];
            if is_kconfig {
                return model.reads(file);
            }
            let lender = arch.lender.map(Name::as_str);
            own.is_none_or(|own| *own == *arch.directory || lender == Some(own))
        };
        (0..self.arches.len()).filter(is_reader).collect()
    }

    /// The architectures by number, those whose Kconfig has most symbols first: most readers have one of them.
    fn by_size(&self) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..self.arches.len()).collect();
        let size = |number: &usize| self.arches[*number].1.size();
        numbers.sort_by_cached_key(|number| (std::cmp::Reverse(size(number)), *number));
        numbers
    }

    fn place(&self, at: &kconfig::Place) -> Place {
        self.place_of(&at.file, at.span)
    }

    fn place_of(&self, file: &str, span: Span) -> Place {
        place(self.tree, file, span)
    }
}

/// What must be set and answered so that a finding shows.
fn put_needed(finding: &mut Finding, model: &Model, needed: &Needed) {
    finding.config = needed.config(model);
    finding.assumptions.extend(needed.assumptions());
}

/// Where a symbol is defined first, and what it depends on there.
fn definition(lint: &Lint<'_>, model: &Model, name: Name) -> Option<Note> {
    let symbol = model.symbol(name)?;
    let first = symbol.definitions.first()?;
    let text = match symbol.direct_dependencies() {
        Some(depends) => format!("{name} depends on {depends}"),
        None => format!("{name} is defined here"),
    };
    Some(Note {
        text,
        place: Some(lint.place(&first.place)),
    })
}
