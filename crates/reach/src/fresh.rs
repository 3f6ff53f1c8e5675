//! Pointers that only ever hold what was allocated: a store through one of them is none to a static object.
//!
//! ```c
//! dev_dax->pgmap = devm_kzalloc(…);
//! …
//! pgmap = dev_dax->pgmap;
//! pgmap->vmemmap_shift = shift;	// not that of a `static struct dev_pagemap`
//! ```
//!
//! So an object whose address lies about somewhere still has the fields that it began with, if all that
//! stores to such fields does it to an object of its own.

use std::rc::Rc;

use csource::syntax::{Expr, ExprKind};
use csource::{Body, File, Mention};
use text::{Name, Span};

use crate::Analysis;
use crate::fields::{around, occurrences, store_at};
use crate::frame::Frame;
use crate::link::FunctionKey;
use crate::types::Type;

/// A field of a structure: its tag, and the field's name.
pub(crate) type Member = (Name, Name);

/// Where the name of a field stands: a file, what mentions that name there, and the place.
pub(crate) type At<'f> = (&'f File, &'f [Mention], Span);

impl Analysis<'_> {
    /// The fields of a `struct tag`, by name, that nobody stores to but in what was allocated.
    pub(crate) fn fields_of_static(&mut self, tag: Name) -> Rc<[Name]> {
        if let Some(known) = self.fields.kept.get(&tag) {
            return known.clone();
        }
        let _span = tracing::debug_span!("find what is kept", tag = %tag).entered();
        let members = self.members(tag);
        let members = members.iter().flat_map(|members| members.iter());
        let mut kept: Vec<Name> = members
            .filter(|member| {
                !member.is_array && Type::new(&member.type_text, false).tag().is_none()
            })
            .map(|member| member.name)
            .collect();
        kept.retain(|field| {
            self.every_store((tag, *field), &mut |analysis, store| match store {
                // What another object begins with is not stored to this one.
                Stored::Begins(_) => true,
                Stored::Whole(other) => analysis.is_without(other, tag),
                Stored::At(frame, base, _) => analysis.is_allocated(frame, base, &mut Vec::new()),
            })
        });
        let kept: Rc<[Name]> = kept.into();
        self.fields.kept.insert(tag, kept.clone());
        kept
    }

    /// Whether an expression is 0 or the address of what was allocated. What `open` names is taken to hold
    /// nothing else while that is being found out.
    fn is_allocated(&mut self, frame: &Frame, expr: &Expr, open: &mut Vec<Member>) -> bool {
        match &expr.kind {
            ExprKind::Int(0) => true,
            ExprKind::Cast(_, inner) | ExprKind::Assign(_, None, inner) => {
                self.is_allocated(frame, inner, open)
            }
            ExprKind::Conditional(_, Some(yes), no) => {
                self.is_allocated(frame, yes, open) && self.is_allocated(frame, no, open)
            }
            ExprKind::Call(callee, _) => callee.as_ident().is_some_and(|name| {
                let mut words = self.vocabulary.allocating.iter();
                words.any(|word| name.contains(word.as_str()))
            }),
            ExprKind::Ident(name) => self.is_allocated_variable(frame, *name, open),
            ExprKind::Field(base, field, _) => {
                let tag = self.type_of(frame, base).and_then(|of| of.tag());
                tag.is_some_and(|tag| self.holds_allocated((tag, *field), open))
            }
            _ => false,
        }
    }

    fn is_allocated_variable(&mut self, frame: &Frame, name: Name, open: &mut Vec<Member>) -> bool {
        let body = frame.body.clone();
        let mut own = body.locals.iter().filter(|l| l.declarator.name == name);
        let (Some(local), None) = (own.next(), own.next()) else {
            return false;
        };
        if local.declarator.is_static
            || body.addressed.contains(&name)
            || self.stored_by_macros(frame).names.contains(&name)
        {
            return false;
        }
        let stores = body.stores.iter();
        let mut stores = stores.filter(|store| store.target.as_ident() == Some(name));
        let init = local.declarator.init.as_ref();
        init.is_none_or(|init| self.is_allocated(frame, init, open))
            && stores.all(|store| {
                let value = store.value.as_ref();
                value.is_some_and(|value| self.is_allocated(frame, value, open))
            })
    }

    fn holds_allocated(&mut self, member: Member, open: &mut Vec<Member>) -> bool {
        if open.contains(&member) {
            return true;
        }
        open.push(member);
        self.every_store(member, &mut |analysis, store| match store {
            Stored::Begins(other) | Stored::Whole(other) => analysis.is_without(other, member.0),
            Stored::At(frame, _, value) => {
                value.is_some_and(|value| analysis.is_allocated(frame, value, open))
            }
        })
    }

    /// Whether no `struct tag` lies in another structure.
    fn is_without(&mut self, other: Option<Name>, tag: Name) -> bool {
        let contents = other.map(|other| self.contents(other));
        contents.is_some_and(|of| of.is_complete && !of.tags.contains(&tag))
    }

    /// Whether `accepts` does so for every store of something else than 0 to a field of a structure, all of
    /// them were found, and there is one: what nobody stores comes from elsewhere.
    fn every_store(
        &mut self,
        (tag, field): Member,
        accepts: &mut dyn FnMut(&mut Self, Stored<'_>) -> bool,
    ) -> bool {
        let paths = self.files_with(field);
        if paths.len() > self.limits.stored_files {
            return false;
        }
        let mut found = false;
        let mut counted = |analysis: &mut Self, store: Stored<'_>| {
            found |= matches!(store, Stored::At(..));
            accepts(analysis, store)
        };
        let mut arguments = Vec::new();
        for path in paths {
            let Some(file) = self.read_file(path) else {
                return false;
            };
            let Some((stores, handed_on)) = occurrences(&file, field) else {
                return false;
            };
            arguments.push((file.clone(), handed_on));
            let mentions = file.mentions(field);
            for span in stores {
                let at = (&*file, mentions.as_slice(), span);
                let accepted = self.accepts_store(at, (tag, field), &mut counted);
                if accepted != Some(true) {
                    return false;
                }
            }
        }
        // Macros are dear to look at, and most fields are settled by then.
        found
            && !arguments
                .iter()
                .any(|(file, handed_on)| self.may_be_stored_by_macros(file, field, handed_on))
    }

    /// Whether the store whose field's name stands at a place is certainly none to a `struct tag`.
    pub(crate) fn is_store_elsewhere(&mut self, at: At<'_>, member: Member) -> bool {
        let elsewhere = self.accepts_store(at, member, &mut |analysis, store| match store {
            Stored::Begins(other) | Stored::Whole(other) => analysis.is_without(other, member.0),
            Stored::At(..) => false,
        });
        elsewhere == Some(true)
    }

    /// Whether a field whose name stands at a place is certainly none of a `struct tag`.
    pub(crate) fn is_of_another(&mut self, (file, mentions, span): At<'_>, tag: Name) -> bool {
        let path = file.path();
        let id = around(file, mentions, span);
        let frame = id.and_then(|id| self.frame_of(FunctionKey { path, id }));
        frame.is_some_and(|frame| {
            let body = frame.body.clone();
            let base = member_at(&body, span);
            base.is_some_and(|base| self.has_another_tag(&frame, base, tag))
        })
    }

    /// Whether an expression is certainly no `struct tag` and no pointer to one.
    fn has_another_tag(&mut self, frame: &Frame, base: &Expr, tag: Name) -> bool {
        let other = self.type_of(frame, base).and_then(|of| of.tag());
        other.is_some_and(|other| other != tag)
    }

    /// Whether `accepts` does so for the store whose field's name stands at a place, or the store is one to
    /// another structure; `None` where there is no telling.
    fn accepts_store(
        &mut self,
        (file, mentions, span): At<'_>,
        (tag, _): Member,
        accepts: &mut dyn FnMut(&mut Self, Stored<'_>) -> bool,
    ) -> Option<bool> {
        let Some(id) = around(file, mentions, span) else {
            let mut variables = file.items().variables.iter();
            let variable = variables.find(|variable| variable.init.contains(span.start))?;
            return Some(accepts(self, Stored::Begins(variable.struct_tag)));
        };
        let path = file.path();
        let frame = self.frame_of(FunctionKey { path, id })?;
        let body = frame.body.clone();
        if let Some(base) = member_at(&body, span) {
            if self.has_another_tag(&frame, base, tag) {
                return Some(true);
            }
            // Who has the address of the field may store anything to it.
            let store = store_at(&body, span)?;
            return Some(accepts(
                self,
                Stored::At(&frame, base, store.value.as_ref()),
            ));
        }
        let around = |expr: &Expr| expr.span.contains(span.start);
        let mut locals = body.locals.iter();
        if let Some(local) = locals.find(|l| l.declarator.init.as_ref().is_some_and(around)) {
            let tag = Type::new(&local.declarator.type_text, false).tag();
            return Some(accepts(self, Stored::Begins(tag)));
        }
        let mut stores = body.stores.iter();
        let store = stores.find(|store| store.value.as_ref().is_some_and(around))?;
        let other = self.type_of(&frame, &store.target).and_then(|of| of.tag());
        Some(accepts(self, Stored::Whole(other)))
    }
}

/// The object of which a field is whose name stands at a place: `x` of `x->field`.
fn member_at(body: &Body, name: Span) -> Option<&Expr> {
    let stores = body.stores.iter();
    let stored = stores.flat_map(|store| std::iter::once(&store.target).chain(&store.value));
    let begun = body
        .locals
        .iter()
        .filter_map(|local| local.declarator.init.as_ref());
    let passed = body.calls.iter().flat_map(|call| &call.args);
    stored
        .chain(begun)
        .chain(passed)
        .find_map(|expr| member_within(expr, name))
}

fn member_within(expr: &Expr, name: Span) -> Option<&Expr> {
    if !expr.span.contains(name.start) {
        return None;
    }
    match &expr.kind {
        ExprKind::Field(base, ..) if expr.span.end == name.end => Some(base),
        _ => expr
            .children()
            .into_iter()
            .find_map(|child| member_within(child, name)),
    }
}

/// Where something else than 0 comes into a field.
enum Stored<'s> {
    /// In the initialiser of an object of this structure.
    Begins(Option<Name>),
    /// In a value that an object of this structure gets as a whole.
    Whole(Option<Name>),
    /// Through a pointer or a variable, and the value, where it is known.
    At(&'s Frame, &'s Expr, Option<&'s Expr>),
}
