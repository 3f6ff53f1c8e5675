//! A model after a change to its files.
//!
//! Files with macros are read again for each architecture, and what is said of all that is the same is taken over.
//!
//! Where all that has changed is shared with other architectures and stands in the same frame, as where a line of an
//! entry is changed, no more is done for an architecture than to take the new parts for the old ones.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use source::Source;
use text::Name;

use crate::asked::{Notes, Origin};
use crate::entry::Cells;
use crate::index::Index;
use crate::library::Library;
use crate::model::{Diagnostic, Model, Sourced};
use crate::part::Difference;

/// What becomes of a model where files have changed.
#[derive(Debug)]
pub enum Renewed {
    /// It is as it was.
    Same,
    /// It is this one now.
    Other(Box<Model>),
    /// It is to be read again.
    Unknown,
}

impl Model {
    /// What becomes of it where the files at `changed`, which `library` does not know yet, may have changed, come or gone
    /// in `source`, and nothing else.
    pub fn renewed(
        &self,
        library: &Library,
        source: &dyn Source,
        changed: &BTreeSet<String>,
    ) -> Renewed {
        let own = &self.own;
        let is_missing = |path: &String| changed.contains(path);
        let mut reads = own.reads.iter();
        if reads.any(|read| changed.contains(&*read.path)) || own.missing.iter().any(is_missing) {
            return Renewed::Unknown;
        }
        let mut renewed: Vec<usize> = Vec::new();
        for (number, sourced) in self.sourced.iter().enumerate() {
            if sourced.part.has_any_of(changed) {
                renewed.push(number);
            }
        }
        // A file that came or went may be one of a pattern.
        if own.has_patterns {
            return Renewed::Unknown;
        }
        if renewed.is_empty() {
            return Renewed::Same;
        }
        // What is said may name lines of any file.
        if !own.said.is_empty() {
            return Renewed::Unknown;
        }
        let others = self.with_parts(library, source, &renewed);
        others.map_or(Renewed::Unknown, |model| Renewed::Other(Box::new(model)))
    }

    /// The files that it was read from, by path, each with what stands for its text ([`source::digest`]).
    pub fn texts(&self) -> impl Iterator<Item = (&str, u128)> {
        let reads = self.parts().flat_map(|(_, part)| &part.reads);
        reads.map(|read| (&*read.path, read.digest))
    }

    /// Whether nothing was looked at to make it besides the files that it was read from.
    pub fn is_of_texts(&self) -> bool {
        !self.own.has_patterns && self.own.missing.is_empty()
    }

    /// The same model, of which nothing was asked yet.
    #[must_use]
    pub fn anew(&self) -> Model {
        Model {
            own: Arc::clone(&self.own),
            sourced: self.sourced.clone(),
            index: Arc::clone(&self.index),
            cells: Cells::new(self.index.symbols.len()),
            dialect: self.dialect,
            modules: self.modules,
            said_of: self.said_of.clone(),
            diagnostics: self.diagnostics.clone(),
            arch: self.arch,
            incomplete: self.incomplete,
            has_circles: self.has_circles,
            variables: Arc::clone(&self.variables),
            notes: Notes::default(),
            origin: self.origin.clone(),
        }
    }

    /// The same with some of its shared parts read again; `None` where that is not all that changes.
    fn with_parts(
        &self,
        library: &Library,
        source: &dyn Source,
        renewed: &[usize],
    ) -> Option<Model> {
        let mut sourced = self.sourced.clone();
        let (mut is_framed, mut differences) = (true, Vec::new());
        let mut around = Vec::new();
        for number in renewed {
            let Sourced { part, outside, .. } = &mut sourced[*number];
            let path = part.files.first()?.clone();
            outside.visible.symbols(&mut around);
            if let Some(depends) = &outside.depends {
                depends.symbols(&mut around);
            }
            let new = library.shared(source, (&path, outside, self.dialect))?;
            let is_alike =
                part.files == new.files && part.modules == new.modules && part.depth == new.depth;
            if self.has_circles || !is_alike {
                return None;
            }
            let difference = new.difference(part);
            is_framed &= difference.is_framed_alike;
            differences.push(difference);
            *part = new;
        }
        let index = if is_framed {
            Arc::clone(&self.index)
        } else {
            let files = self.index.files.clone();
            Arc::new(Index::new(&self.own, &sourced, files))
        };
        let mut model = Model {
            cells: Cells::new(index.symbols.len()),
            own: Arc::clone(&self.own),
            index,
            variables: Arc::clone(&self.variables),
            sourced,
            dialect: self.dialect,
            modules: self.modules,
            arch: self.arch,
            ..Model::default()
        };
        let is_other = differences.iter().any(|one| !one.has_only_moved);
        if is_other && model.may_have_new_circles(self, &differences) {
            return None;
        }
        model.said_of = model.said_after(self, &differences);
        model.gather(Vec::new());
        model.forget_asked();
        // Of errors their places count.
        if self.errors().chain(model.errors()).next().is_none() {
            model.origin = Origin::after(&self.origin, (differences, around));
        }
        Some(model)
    }

    /// Finds out what is to be said, of which most was said `before`.
    pub(super) fn look_for_faults_after(&mut self, before: &Model) {
        let Some(differences) = self.differences(before) else {
            return self.look_for_faults();
        };
        if self.may_have_new_circles(before, &differences) {
            return self.look_for_faults();
        }
        self.said_of = self.said_after(before, &differences);
        self.gather(Vec::new());
    }

    /// In what the parts differ from those `before`; `None` where they do not stand as those stood.
    fn differences(&self, before: &Model) -> Option<Vec<Arc<Difference>>> {
        let is_same = |(new, old): (&Sourced, &Sourced)| {
            new.outside == old.outside
                && (Arc::ptr_eq(&new.part, &old.part) || new.part.files == old.part.files)
        };
        let are_alike = self.sourced.len() == before.sourced.len()
            && self.sourced.iter().zip(&before.sourced).all(is_same)
            && self.dialect == before.dialect
            && self.modules == before.modules
            && self.variables == before.variables;
        if before.has_circles || !are_alike {
            return None;
        }
        let own = std::iter::once((&self.own, &before.own));
        let shared = self.sourced.iter().zip(&before.sourced);
        let both = own.chain(shared.map(|(new, old)| (&new.part, &old.part)));
        let other = both.filter(|(new, old)| !Arc::ptr_eq(new, old));
        Some(other.map(|(new, old)| new.difference(old)).collect())
    }

    /// Whether a symbol may depend on itself where parts differ from those before so. Before, none did: a new circle has
    /// a symbol in it that needs one which it did not need, or which nothing defined.
    fn may_have_new_circles(&self, before: &Model, differences: &[Arc<Difference>]) -> bool {
        let number = |name: &Name| self.index.number(*name);
        let gained = differences.iter().flat_map(|one| &one.gained);
        let symbols = gained.filter_map(|(name, more)| {
            let is_new = more.iter().any(|name| number(name).is_some());
            number(name).filter(|_| is_new)
        });
        let mut symbols: Vec<usize> = symbols.collect();
        // What macros make of names is not compared; and who needed what nothing defined needs no more than before.
        let touched = differences.iter().flat_map(|one| &one.touched);
        let is_new = |name: &Name| before.index.number(*name).is_none();
        let touched = touched.filter_map(|name| Some((number(name)?, is_new(name))));
        let open = touched.filter(|(symbol, is_new)| *is_new || self.has_macros(*symbol));
        symbols.extend(open.map(|(symbol, _)| symbol));
        self.has_member_of_several() || self.may_circle_from(symbols)
    }

    /// What is said of symbols, of which most is the same as `before`.
    fn said_after(
        &self,
        before: &Model,
        differences: &[Arc<Difference>],
    ) -> Vec<(Name, Diagnostic)> {
        let touched = differences.iter().flat_map(|one| &one.touched);
        let parts = self.parts().chain(before.parts());
        let transitional = parts.flat_map(|(_, part)| part.transitional());
        let touched: FxHashSet<Name> = touched.chain(transitional).copied().collect();
        let kept = before.said_of.iter();
        let kept = kept.filter(|(name, _)| !touched.contains(name));
        let mut said: Vec<_> = kept.cloned().collect();
        let touched = touched.into_iter();
        for number in touched.filter_map(|name| self.index.number(name)) {
            if self.itself(number).is_none() {
                if self.has_macros(number) {
                    let name = self.name_at(number);
                    said.extend(self.heard(number).into_iter().map(|said| (name, said)));
                }
                self.faults_of(number, &mut said);
            }
        }
        said
    }
}
