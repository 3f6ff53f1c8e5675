//! Which diagnostics a client is shown, and when.
//!
//! A file that is open has all that is known of it, at the places where it is now. Of other files only that is told which was
//! not there when the tree was looked at first: what a change has broken elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use gen_lsp_types::{Diagnostic, Uri};
use ide::{Diagnosis, Kconfig, Weight};
use rules::{Outcome, Settings};
use source::Listed;

use crate::analysis::{Analysis, Event, Lints, Revisions};
use crate::convert;
use crate::document::Document;
use crate::view::{Calls, View};

/// What stands for something that is told where lines move: the file, the rule, and the words.
type Identity = (String, String, String);

/// What a diagnosis tells: of each architecture by itself.
fn identities(one: &Diagnosis) -> impl Iterator<Item = Identity> + use<'_> {
    let told = one.each.iter();
    told.map(|words| (one.file.clone(), one.rule.clone(), words.clone()))
}

/// Some diagnoses, and how many changes each open text had seen then.
#[derive(Default)]
pub(crate) struct Found {
    diagnoses: Vec<Diagnosis>,
    revisions: Revisions,
    /// What was there first.
    first: Option<BTreeSet<Identity>>,
}

impl Found {
    fn set(&mut self, diagnoses: Vec<Diagnosis>, may_be_first: bool, revisions: &Revisions) {
        if may_be_first {
            let known = || diagnoses.iter().flat_map(identities).collect();
            self.first.get_or_insert_with(known);
        }
        self.diagnoses = diagnoses;
        self.revisions = Arc::clone(revisions);
    }

    /// What is wrong in a file, where it is now.
    fn of<'f>(
        &'f self,
        path: &'f str,
        document: Option<&'f Document>,
    ) -> impl Iterator<Item = Diagnosis> + use<'f> {
        let own = self.diagnoses.iter().filter(move |one| one.file == path);
        own.filter_map(move |one| {
            let Some(document) = document else {
                return Some(one.clone());
            };
            // What was not open was as on the disk, and is opened as that.
            let since = self.revisions.get(path).copied();
            let since = since.unwrap_or(document.first());
            let span = if one.span.start == one.span.end {
                one.span
            } else {
                document.moved(one.span, since)?
            };
            Some(Diagnosis {
                span,
                ..one.clone()
            })
        })
    }

    /// What was not there first, with that alone in its words.
    fn brought(&self) -> Vec<Diagnosis> {
        let Some(first) = &self.first else {
            return Vec::new();
        };
        // A condition that lets something happen is of interest to those who look at it.
        let told = self.diagnoses.iter();
        let told = told.filter(|one| one.weight < Weight::Information);
        let new = told.filter_map(|one| {
            let each: Vec<String> = identities(one)
                .filter(|told| !first.contains(told))
                .map(|(.., words)| words)
                .collect();
            (!each.is_empty()).then(|| Diagnosis {
                message: each.join("\n"),
                each,
                ..one.clone()
            })
        });
        new.collect()
    }
}

/// A kernel tree.
pub(crate) struct Tree {
    /// Its directory.
    pub(crate) root: Arc<Path>,
    /// As it lies on the disk.
    pub(crate) disk: Arc<dyn Listed>,
    /// Who looks at it.
    pub(crate) analysis: Analysis,
    /// How often it was asked to be looked at.
    pub(crate) generation: u64,
    /// The last of these that is done.
    pub(crate) done: u64,
    /// What Kconfig files say.
    pub(crate) kconfig: Option<Arc<Kconfig>>,
    /// What a check has found.
    pub(crate) outcome: Option<(Arc<Outcome>, Arc<Settings>)>,
    /// Who calls whom, as far as it was asked.
    pub(crate) calls: Calls,
    plain: Found,
    solved: Found,
    checked: Found,
    /// What was pushed of files.
    pushed: BTreeMap<String, Vec<Diagnostic>>,
    /// When what lies on the disk was to be listed anew.
    pub(crate) listed: Instant,
    /// The same, where nobody tells of changes.
    pub(crate) believed: Instant,
    /// What was found in this state and before does not count as having been there first.
    since: u64,
    /// What failed last, so that it is told once.
    pub(crate) failure: Option<String>,
}

impl Tree {
    /// One of which nothing is known.
    pub(crate) fn new(root: &Path, disk: Arc<dyn Listed>, analysis: Analysis) -> Tree {
        Tree {
            root: root.into(),
            disk,
            analysis,
            generation: 0,
            done: 0,
            kconfig: None,
            outcome: None,
            calls: Calls::default(),
            plain: Found::default(),
            solved: Found::default(),
            checked: Found::default(),
            pushed: BTreeMap::new(),
            listed: Instant::now(),
            believed: Instant::now(),
            since: 0,
            failure: None,
        }
    }

    /// Something else is asked of it from here on: what is found then was there first.
    pub(crate) fn begin_anew(&mut self) {
        self.since = self.generation;
        for found in [&mut self.plain, &mut self.solved, &mut self.checked] {
            found.first = None;
        }
    }

    /// Whether nothing is left to be done for it.
    pub(crate) fn is_settled(&self) -> bool {
        self.done == self.generation
    }

    /// Takes what was found out.
    pub(crate) fn hear(&mut self, event: Event, generation: u64, revisions: &Revisions) {
        let is_first = generation > self.since;
        match event {
            Event::Kconfig(kconfig) => {
                self.kconfig = Some(kconfig);
                self.calls = self.calls.renewed();
            }
            Event::Lints(Lints::Plain, found) => self.plain.set(found, is_first, revisions),
            Event::Lints(Lints::Solved, found) => self.solved.set(found, is_first, revisions),
            Event::Checked(outcome, found, settings) => {
                self.outcome = Some((outcome, settings));
                self.calls = self.calls.renewed();
                self.checked.set(found, is_first, revisions);
            }
            Event::Took(..)
            | Event::Failed(_)
            | Event::Progress(_)
            | Event::Touched
            | Event::Done => {}
        }
    }

    /// All that is wrong in a file that is open, at the places where it is now.
    pub(crate) fn diagnoses(&self, path: &str, document: &Document) -> Vec<Diagnosis> {
        let parsed = document.text.parsed.as_deref();
        let mut all = parsed.map_or_else(Vec::new, |parsed| ide::syntax(path, parsed));
        let plain = self.plain.of(path, Some(document));
        all.extend(plain.filter(|one| !one.is_syntax));
        for found in [&self.solved, &self.checked] {
            all.extend(found.of(path, Some(document)));
        }
        ide::without_twins(&mut all);
        all
    }

    /// The files of which something was pushed.
    pub(crate) fn pushed(&self) -> impl Iterator<Item = &String> {
        self.pushed.keys()
    }

    /// The files of which a client must be told something else than before: their diagnostics now.
    pub(crate) fn news(
        &mut self,
        view: &View,
        open: &BTreeMap<String, &Document>,
    ) -> Vec<(Uri, Vec<Diagnostic>)> {
        let mut now: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
        if !view.client.pulls {
            for (path, document) in open {
                let own = self.diagnoses(path, document);
                // That nothing is wrong is said when something is known.
                let is_new = !self.pushed.contains_key(path);
                if own.is_empty() && is_new && self.kconfig.is_none() {
                    continue;
                }
                let own = own.iter().map(|one| convert::diagnostic(view, one));
                now.insert(path.clone(), own.collect());
            }
        }
        for found in [&self.plain, &self.checked] {
            for one in found.brought() {
                if !open.contains_key(&one.file) {
                    let told = convert::diagnostic(view, &one);
                    now.entry(one.file).or_default().push(told);
                }
            }
        }
        let mut news = Vec::new();
        for path in self.pushed.keys().filter(|path| !now.contains_key(*path)) {
            news.push((view.uri_of(path), Vec::new()));
        }
        for (path, own) in &now {
            if self.pushed.get(path) != Some(own) {
                news.push((view.uri_of(path), own.clone()));
            }
        }
        // That nothing is wrong in a file is told once, too.
        self.pushed = now;
        news
    }
}
