//! What the macros that a function uses store to: `WRITE_ONCE(dev->state, 1)`, `swap(a, b)`.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use csource::syntax::{Expr, ExprKind};
use csource::{Body, Effects, TRANSPARENT};
use rustc_hash::FxHashMap;
use text::Name;

use crate::Analysis;
use crate::frame::Frame;
use crate::unit::UnitId;

/// What uses of macros in a body may store to.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    /// Variables.
    pub(crate) names: BTreeSet<Name>,
    /// Fields, of whatever object.
    pub(crate) fields: BTreeSet<Name>,
}

/// A body, kept so that its address stays its own, and what macros store in it.
type OfBody = (Arc<Body>, Rc<Stored>);

/// What is known of macros' effects.
#[derive(Default)]
pub(crate) struct Known {
    /// The arguments that a macro of a unit may store to, by their numbers.
    macros: FxHashMap<(UnitId, Name), Rc<[usize]>>,
    /// By the address of the body, which is kept.
    bodies: FxHashMap<(UnitId, *const Body), OfBody>,
}

impl Analysis<'_> {
    /// What the macros that the frame's body uses may store to.
    pub(crate) fn stored_by_macros(&mut self, frame: &Frame) -> Rc<Stored> {
        let key = (frame.unit, Arc::as_ptr(&frame.body));
        if let Some((_, known)) = self.effects.bodies.get(&key) {
            return known.clone();
        }
        let mut stored = Stored::default();
        for call in &frame.body.calls {
            let Some(name) = call.name() else { continue };
            for number in self.stored_arguments(frame.unit, name).iter() {
                match call.args.get(*number).map(|arg| &arg.kind) {
                    Some(ExprKind::Ident(name)) => stored.names.insert(*name),
                    Some(ExprKind::Field(_, field, _)) => stored.fields.insert(*field),
                    _ => false,
                };
            }
        }
        let stored = Rc::new(stored);
        let known = (frame.body.clone(), stored.clone());
        self.effects.bodies.insert(key, known);
        stored
    }

    /// The numbers of the arguments that a macro of a unit may store to, in any of its definitions.
    fn stored_arguments(&mut self, unit: UnitId, name: Name) -> Rc<[usize]> {
        if !self.is_macro(unit, name) || TRANSPARENT.contains(&name.as_str()) {
            return Rc::default();
        }
        if let Some(known) = self.effects.macros.get(&(unit, name)) {
            return known.clone();
        }
        // A macro that comes to itself is no macro there.
        self.effects.macros.insert((unit, name), Rc::default());
        let mut stored = BTreeSet::new();
        for (file, definition) in self.macros_called(unit, name) {
            let body = file.spelled(definition.body);
            let Some(params) = definition.params.as_deref() else {
                // Another macro's name, without arguments.
                if let Ok(other) = std::str::from_utf8(body.trim_ascii()) {
                    stored.extend(self.stored_arguments(unit, Name::new(other)).iter());
                }
                continue;
            };
            let effects = Effects::of(body, params);
            stored.extend(effects.stored);
            for (number, other, argument) in effects.handed_on {
                let inner = self.stored_arguments(unit, other);
                if params[number].ends_with("...") {
                    let further = inner.iter().filter_map(|at| at.checked_sub(argument));
                    stored.extend(further.map(|at| number + at));
                } else if inner.contains(&argument) {
                    stored.insert(number);
                }
            }
        }
        let stored: Rc<[usize]> = stored.into_iter().collect();
        self.effects.macros.insert((unit, name), stored.clone());
        stored
    }

    /// Whether the frame's body stores to the variable `name`.
    pub(crate) fn is_stored(&mut self, frame: &Frame, name: Name) -> bool {
        let is_it = |target: &Expr| target.as_ident() == Some(name);
        frame.body.stores.iter().any(|store| is_it(&store.target))
            || self.stored_by_macros(frame).names.contains(&name)
    }

    /// Whether the frame's body stores to a field called `field`, of whatever object.
    pub(crate) fn stores_field(&mut self, frame: &Frame, field: Name) -> bool {
        let is_it = |target: &Expr| matches!(target.kind, ExprKind::Field(_, f, _) if f == field);
        frame.body.stores.iter().any(|store| is_it(&store.target))
            || self.stored_by_macros(frame).fields.contains(&field)
    }
}
