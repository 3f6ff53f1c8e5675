//! C files that no configuration builds.

use std::collections::BTreeSet;

use condition::{Atom, Condition};
use kbuild::Kbuild;
use kconfig::{Fact, Questions};
use kernel::Architecture;
use memchr::memmem;
use rayon::prelude::*;
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
        let mut dead = self.never(&build);
        // What is named in another text may be part of that.
        let included = self.included();
        dead.retain(|file| !included.contains(file.rsplit('/').next().unwrap_or_default()));
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

    /// The names without directories of C files that others include.
    fn included(&self) -> BTreeSet<String> {
        let is_code = |path: &str| [".c", ".h", ".S"].iter().any(|end| path.ends_with(end));
        let (paths, source) = self.tree.survey(&is_code);
        let names = paths.par_iter().flat_map_iter(|path| {
            let text = source.read(path).unwrap_or_default();
            included(&text)
        });
        names.collect()
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

/// The names without directories of C files that a text includes.
fn included(text: &[u8]) -> Vec<String> {
    let ends = memmem::find_iter(text, b".c\"").chain(memmem::find_iter(text, b".c>"));
    let names = ends.filter_map(|end| {
        let line = memchr::memrchr(b'\n', &text[..end]).map_or(0, |at| at + 1);
        let line = text[line..end + 2]
            .trim_ascii()
            .strip_prefix(b"#")?
            .trim_ascii();
        let path = line.strip_prefix(b"include")?.trim_ascii();
        let name = path
            .rsplit(|byte| matches!(byte, b'/' | b'"' | b'<'))
            .next()?;
        Some(String::from_utf8_lossy(name).into_owned())
    });
    names.collect()
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
