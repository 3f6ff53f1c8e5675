//! Symbols that Kconfig, makefiles or C ask for, and that no Kconfig file defines.

use std::collections::{BTreeMap, BTreeSet};

use kconfig::Model;
use rayon::prelude::*;
use rustc_hash::FxHashSet;
use text::{Name, Span};

use super::{Found, Lint};
use crate::rule::Rule;
use crate::{Finding, Note};

/// So many further places are told of a symbol.
const PLACES: usize = 8;

/// Where a name is asked for: what kind of file comes first, its path, and the place in it.
type Use = (Kind, String, Span);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Kconfig,
    Makefile,
    Code,
}

/// What kind of file lies at a path, if it can ask for a symbol.
pub(super) fn kind(path: &str) -> Option<Kind> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let makefiles = ["Makefile", "Kbuild", "Platform"];
    if [".c", ".h", ".S"].iter().any(|end| name.ends_with(end)) {
        Some(Kind::Code)
    } else if makefiles.iter().any(|start| name.starts_with(start)) || name.ends_with(".mk") {
        Some(Kind::Makefile)
    } else {
        None
    }
}

/// What one file asks and defines.
type Asked = (Vec<(Name, Span)>, Vec<Name>);

impl Lint<'_> {
    /// Looks for names that are asked for and not defined.
    pub(super) fn undefined(&self, rule: &Rule) -> Found {
        let models = self.models();
        let mut uses: BTreeMap<Name, BTreeSet<Use>> = BTreeMap::new();
        let only = self.only.as_ref().map(|only| only.files);
        for (name, places) in self.library.undefined(&models, only) {
            let places = places.into_iter();
            let places = places.map(|at| (Kind::Kconfig, at.file.to_string(), at.span));
            uses.entry(name).or_default().extend(places);
        }
        if self.only.is_none() {
            self.of_code(&models, &mut uses);
        }
        let findings = uses.into_iter();
        let findings = findings.flat_map(|(name, uses)| self.each(rule, name, &uses));
        Found {
            findings: findings.collect(),
            ..Found::default()
        }
    }

    /// A name is told once, with all places that ask for it; in a file that is looked at, each of its places.
    fn each(&self, rule: &Rule, name: Name, uses: &BTreeSet<Use>) -> Vec<Finding> {
        let Some(only) = &self.only else {
            return self.told(rule, name, uses.iter()).into_iter().collect();
        };
        let own = uses.iter().filter(|(_, file, _)| only.has(file));
        let told = own.filter_map(|one| {
            let others = uses.iter().filter(|other| *other != one);
            self.told(rule, name, std::iter::once(one).chain(others))
        });
        told.collect()
    }

    /// Adds what makefiles and C ask for.
    fn of_code(&self, models: &[&Model], uses: &mut BTreeMap<Name, BTreeSet<Use>>) {
        let mut defined: FxHashSet<&str> = FxHashSet::default();
        for model in models {
            defined.extend(model.names().map(Name::as_str));
        }
        let is_defined = |name: &str| {
            let module = name.strip_suffix("_MODULE");
            defined.contains(name) || module.is_some_and(|name| defined.contains(name))
        };
        let (paths, source) = self.tree.survey(&|path| kind(path).is_some());
        let read = |path| -> Option<(Kind, &str, Asked)> {
            let path: &str = path;
            let text = source.read(path).ok()?;
            let kind = kind(path)?;
            let (asked, defined) = if kind == Kind::Code {
                let options = csource::Options::scan(&text, &is_defined);
                (options.asked, options.defined)
            } else {
                let options = kbuild::Options::scan(&text);
                (options.asked, options.defined)
            };
            let mut asked = asked;
            asked.retain(|(name, _)| !is_defined(name));
            let is_telling = !asked.is_empty() || !defined.is_empty();
            is_telling.then_some((kind, path, (asked, defined)))
        };
        let files: Vec<_> = paths
            .par_iter()
            .map(AsRef::as_ref)
            .filter_map(read)
            .collect();
        // A macro or a variable of the code's own is no symbol of Kconfig.
        let own = files.iter().flat_map(|(.., (_, defined))| defined);
        let own: FxHashSet<Name> = own.copied().collect();
        for (kind, path, (asked, _)) in &files {
            for (name, span) in asked.iter().filter(|(name, _)| !own.contains(name)) {
                let place = (*kind, (*path).to_owned(), *span);
                uses.entry(*name).or_default().insert(place);
            }
        }
    }

    /// A name, told at the first of its places.
    fn told<'u>(
        &self,
        rule: &Rule,
        name: Name,
        uses: impl Iterator<Item = &'u Use>,
    ) -> Option<Finding> {
        let uses: Vec<&Use> = uses.collect();
        let readers: BTreeSet<usize> = uses
            .iter()
            .flat_map(|(_, file, _)| self.readers(file))
            .collect();
        let order = self.by_size().into_iter();
        let arches: Vec<usize> = order.filter(|number| readers.contains(number)).collect();
        if arches.is_empty() {
            return None;
        }
        let (_, file, span) = uses.first()?;
        let words = [("{symbol}", name.as_str())];
        let mut finding = self.finding(rule, self.place_of(file, *span), &arches, &words);
        let note = |(_, file, span): &&Use| Note {
            text: format!("{name} is asked for here too"),
            place: Some(self.place_of(file, *span)),
        };
        let places: Vec<Note> = uses.iter().skip(1).take(PLACES).map(note).collect();
        let left = uses.len() - 1 - places.len();
        finding.notes.extend(places);
        if left > 0 {
            finding.notes.push(Note {
                text: format!("and in {left} more places"),
                place: None,
            });
        }
        Some(finding)
    }
}
