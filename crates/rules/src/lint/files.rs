//! C files that no configuration builds.

use std::collections::BTreeSet;

use condition::{Atom, Condition};
use kbuild::Kbuild;
use kconfig::{Fact, Questions};
use kernel::Architecture;
use source::TreePath;
use text::{Name, Span};

use super::Lint;
use super::blocks::home;
use super::dead::Consequence;
use super::never::Wanted;
use crate::rule::Rule;
use crate::{Note, Place};

/// A file, by its path.
type File = Name;

impl Lint<'_> {
    /// Files that a makefile names, and that no configuration builds.
    pub(super) fn dead_files(&self, rule: &Rule) -> Vec<Consequence> {
        let (paths, _) = self.tree.survey(&|path| path.ends_with(".c"));
        let build = |questions: &mut Questions<'_>, arch, wanted: Wanted<'_, File>| {
            self.built(&paths, questions, (arch, wanted))
        };
        let dead = self.never(&build);
        let tell = |questions: &mut Questions<'_>, file: &File, arches: &[usize]| {
            self.dead_file(rule, questions, (*file, arches))
        };
        self.shown(self.arches_with(&dead, &build), &tell)
    }

    /// When an architecture builds each of its files.
    fn built(
        &self,
        paths: &[TreePath],
        questions: &mut Questions<'_>,
        (arch, wanted): (Architecture, Wanted<'_, File>),
    ) -> Vec<(File, Condition)> {
        let mut kbuild = self.kbuild(arch);
        let own = paths
            .iter()
            .filter(|path| home(path).is_none_or(|home| *home == *arch.directory));
        let files = own.map(|path| Name::new(path)).filter(wanted);
        let built = files.map(|file| {
            let built = kbuild.built(questions.store(), &file);
            // What no makefile names here may be built in a way of its own.
            let when = match built.place {
                Some(_) => built.any(questions.store()),
                None => Condition::TRUE,
            };
            (file, when)
        });
        built.collect()
    }

    fn kbuild(&self, arch: Architecture) -> Kbuild<'_> {
        Kbuild::new(self.tree.source(), self.tree.makefiles(), &arch.directory)
    }

    fn dead_file(
        &self,
        rule: &Rule,
        questions: &mut Questions<'_>,
        (file, arches): (File, &[usize]),
    ) -> Option<Consequence> {
        let mut kbuild = self.kbuild(self.arches[*arches.first()?].0);
        let built = kbuild.built(questions.store(), &file);
        let when = built.any(questions.store());
        let (cause, facts) = never_on(questions, when).unzip();
        let facts = facts.unwrap_or_default();
        let why = facts.last().map(|fact| fact.text.as_str());
        let why = why.unwrap_or("what it is built for excludes itself");
        let words = [("{symbol}", file.as_str()), ("{why}", why)];
        let sink = self.place_of(&file, Span::default());
        let mut finding = self.finding(rule, sink, arches, &words);
        let (makefile, line) = built.place?;
        finding.notes.push(Note {
            text: "it is named here".to_owned(),
            place: Some(Place {
                file: makefile,
                line,
                ..Place::default()
            }),
        });
        Some(Consequence {
            cause,
            what: file.to_string(),
            finding: self.with(finding, &facts),
        })
    }
}

/// A symbol of a condition that is never on, and why.
fn never_on(questions: &mut Questions<'_>, when: Condition) -> Option<(Name, Vec<Fact>)> {
    let atoms = questions.store().atoms(when).into_iter();
    let names: BTreeSet<Name> = atoms
        .filter_map(|atom| match atom {
            Atom::Symbol { name, .. } => Some(name),
            _ => None,
        })
        .collect();
    names
        .into_iter()
        .find_map(|name| Some((name, questions.why_never(name)?)))
}
