//! Calls through the fields of structures.
//!
//! ```c
//! static struct dax_device_driver drv = { .probe = dev_dax_probe };
//! rc = dax_drv->probe(dev_dax);	// a candidate: dev_dax_probe()
//! ```
//!
//! A field is told by the tag of its structure and its name. Which object a pointer leads to is not
//! asked: every function that an initialiser at the top of a file stores to the field of some object is a
//! candidate. What assignments store is not known.

use condition::Condition;
use csource::Mention;
use csource::syntax::{Expr, ExprKind, UnaryOp};
use text::{Name, Span};

use crate::Analysis;
use crate::frame::Frame;
use crate::link::FunctionKey;

/// A field of a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Slot {
    pub(crate) tag: Name,
    pub(crate) field: Name,
}

impl Analysis<'_> {
    /// The field that a call goes through, if it does and its structure is known.
    pub(crate) fn slot(&mut self, frame: &Frame, callee: &Expr) -> Option<Slot> {
        match &callee.kind {
            ExprKind::Field(base, field, _) => {
                let tag = self.type_of(frame, base)?.tag()?;
                Some(Slot { tag, field: *field })
            }
            ExprKind::Unary(UnaryOp::Dereference, inner) | ExprKind::Cast(_, inner) => {
                self.slot(frame, inner)
            }
            _ => None,
        }
    }

    /// The calls through a field, looked for in at most `files` files: who calls, where, and when.
    pub(crate) fn calls_through(
        &mut self,
        slot: Slot,
        files: usize,
    ) -> Vec<(FunctionKey, Span, Condition)> {
        let mut found = Vec::new();
        let mut looked_at = 0;
        for path in self.files_with(slot.field) {
            let Some(file) = self.read_file(path) else {
                continue;
            };
            if !file.calls_field(slot.field) {
                continue;
            }
            looked_at += 1;
            let built = self.built(path);
            if looked_at > files || self.can_hold(&[built]) == Some(false) {
                continue;
            }
            for mention in file.mentions(slot.field) {
                if let Mention::Function(id) = mention {
                    self.calls_through_in(FunctionKey { path, id }, slot, &mut found);
                }
            }
        }
        found
    }

    fn calls_through_in(
        &mut self,
        caller: FunctionKey,
        slot: Slot,
        found: &mut Vec<(FunctionKey, Span, Condition)>,
    ) {
        let through = |callee: &Expr| field_of(callee) == Some(slot.field);
        let Some(file) = self.read_file(caller.path) else {
            return;
        };
        let body = file.body(caller.id);
        if !body.calls.iter().any(|call| through(&call.callee)) {
            return;
        }
        let Some(frame) = self.frame_of(caller) else {
            return;
        };
        let provided = self.node_provided(caller);
        for call in body.calls.iter().filter(|call| through(&call.callee)) {
            if self.slot(&frame, &call.callee) == Some(slot) {
                let when = self.condition_of(&frame, call, provided);
                if self.can_hold(&[when]) != Some(false) {
                    found.push((caller, call.span, when));
                }
            }
        }
    }

    /// Whether the rules say that calls through a field are not followed.
    pub(crate) fn is_stop(&self, slot: Slot) -> bool {
        let words = format!("{}.{}", slot.tag, slot.field);
        self.vocabulary.stops.contains(&words)
    }

    /// The functions that initialisers at the top of files store to a field, each with the Condition
    /// under which it is there; none where there are more than the limit.
    pub(crate) fn candidates(&mut self, slot: Slot) -> std::rc::Rc<[(FunctionKey, Condition)]> {
        if let Some(known) = self.candidates.get(&slot) {
            return known.clone();
        }
        let mut found: Vec<(FunctionKey, Condition)> = Vec::new();
        let paths = if self.is_stop(slot) {
            Vec::new()
        } else {
            self.files_with(slot.field)
        };
        for path in paths {
            // Most files that name a field do so for another structure.
            let Ok(text) = self.tree.source().read(&path) else {
                continue;
            };
            if memchr::memmem::find(&text, slot.tag.as_bytes()).is_none() {
                continue;
            }
            let built = self.built(path);
            if self.can_hold(&[built]) != Some(false) {
                self.candidates_in(path, slot, built, &mut found);
            }
            if found.len() > self.limits.candidates {
                found.clear();
                break;
            }
        }
        found.sort_unstable();
        found.dedup();
        let found: std::rc::Rc<[(FunctionKey, Condition)]> = found.into();
        self.candidates.insert(slot, found.clone());
        found
    }

    fn candidates_in(
        &mut self,
        path: Name,
        slot: Slot,
        built: Condition,
        found: &mut Vec<(FunctionKey, Condition)>,
    ) {
        let Some(file) = self.read_file(path) else {
            return;
        };
        for mention in file.mentions(slot.field) {
            let Mention::Variable(number) = mention else {
                continue;
            };
            let variable = &file.items().variables[number];
            if variable.struct_tag != Some(slot.tag) {
                continue;
            }
            let Some(init) = file.initializer(variable.init) else {
                continue;
            };
            let mut names = Vec::new();
            stored(&init, slot.field, &mut names);
            for name in names {
                let own = file.functions_named(name).iter();
                let mut keys: Vec<FunctionKey> =
                    own.map(|id| FunctionKey { path, id: *id }).collect();
                if keys.is_empty() {
                    let all = self.functions_called(name);
                    keys.extend(all.iter().filter(|key| !crate::link::is_header(&key.path)));
                }
                for key in keys {
                    let provided = self.provided(key);
                    let when = self.store.and(built, provided);
                    if self.can_hold(&[when]) != Some(false) {
                        found.push((key, when));
                    }
                }
            }
        }
    }
}

/// The names that an initialiser gives to `field`, in any object of it.
fn stored(init: &Expr, field: Name, names: &mut Vec<Name>) {
    let ExprKind::Initializer(parts) = &init.kind else {
        return;
    };
    for (of, value) in parts {
        if *of == Some(field) {
            names.extend(function_name(value));
        }
        stored(value, field, names);
    }
}

/// The field that a callee names, through stars and casts.
fn field_of(callee: &Expr) -> Option<Name> {
    match &callee.kind {
        ExprKind::Field(_, field, _) => Some(*field),
        ExprKind::Unary(UnaryOp::Dereference, inner) | ExprKind::Cast(_, inner) => field_of(inner),
        _ => None,
    }
}

/// Whether `->field(` or `.field(` stands in a text.
/// `f`, `&f`, `(type)f`.
fn function_name(value: &Expr) -> Option<Name> {
    match &value.kind {
        ExprKind::Ident(name) => Some(*name),
        ExprKind::Unary(UnaryOp::AddressOf, inner) | ExprKind::Cast(_, inner) => {
            function_name(inner)
        }
        _ => None,
    }
}
