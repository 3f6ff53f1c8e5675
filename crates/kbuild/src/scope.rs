//! Make variables, whose settings may stand under Conditions.
//!
//! ```make
//! ifdef CONFIG_64BIT
//! BITS := 64
//! else
//! BITS := 32
//! endif
//! ```
//!
//! leaves `BITS` with two parts. A setting under a Condition does not remove what was set before,
//! it only takes away the configurations in which it holds itself.

use std::sync::Arc;

use condition::{Condition, Store};
use rustc_hash::FxHashMap;

use crate::value::{Fragment, Logic, Place, Value};

/// A piece of a variable.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// Text that was expanded when it was set.
    Ready(Fragment),
    /// Text that is expanded whenever it is used.
    Raw {
        when: Condition,
        text: Arc<str>,
        place: Place,
    },
}

impl Part {
    fn when_mut(&mut self) -> &mut Condition {
        match self {
            Part::Ready(fragment) => &mut fragment.when,
            Part::Raw { when, .. } => when,
        }
    }
}

/// A make variable.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variable {
    pub(crate) parts: Vec<Part>,
    /// When it was set, each time.
    set: Vec<Condition>,
    /// Expanded at use, as `=` makes it.
    pub(crate) recursive: bool,
    /// Seen by the makes that this one starts.
    pub(crate) exported: bool,
    /// Given from outside: the makefile's own settings are ignored, as on make's command line.
    pub(crate) fixed: bool,
}

impl Variable {
    /// Notes when it is set.
    pub(crate) fn set(&mut self, when: Condition) {
        if when.is_true() {
            self.set.clear();
        }
        let is_always = self.set.first().is_some_and(|first| first.is_true());
        if !is_always && !when.is_false() {
            self.set.push(when);
        }
    }

    /// Whether it may be set.
    pub(crate) fn is_set(&self) -> bool {
        !self.set.is_empty()
    }

    /// When it is set, as `?=` asks. A list such as `obj-m` is set under hundreds of Conditions, and nobody asks.
    pub(crate) fn defined(&self, store: &mut Store) -> Condition {
        let none = store.and_all(self.set.iter().map(|when| !*when));
        !none
    }

    /// Takes away the configurations of `when`, and marks them as set.
    pub(crate) fn clear(&mut self, when: Condition, logic: &mut Logic<'_>) {
        if when.is_true() {
            self.parts.clear();
        } else {
            for part in &mut self.parts {
                let slot = part.when_mut();
                *slot = logic.both(*slot, !when);
            }
            self.parts.retain_mut(|part| !part.when_mut().is_false());
        }
        self.set(when);
    }

    /// Adds text that is already expanded and guarded.
    pub(crate) fn push(&mut self, value: Value) {
        self.parts.extend(value.into_iter().map(Part::Ready));
    }
}

/// Variables by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    variables: FxHashMap<Box<str>, Variable>,
    /// `export` without a name was seen.
    pub(crate) exports_all: bool,
}

impl Scope {
    /// The variable, if it was ever set or exported.
    pub(crate) fn get(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name)
    }

    /// The variable, made where it is missing.
    pub(crate) fn entry(&mut self, name: &str) -> &mut Variable {
        if !self.variables.contains_key(name) {
            self.variables.insert(name.into(), Variable::default());
        }
        // The key was just put there, so the default is never made.
        self.variables.entry(name.into()).or_default()
    }

    /// Puts back what `entry` changed.
    pub(crate) fn restore(&mut self, name: &str, before: Option<Variable>) {
        match before {
            Some(variable) => drop(self.variables.insert(name.into(), variable)),
            None => drop(self.variables.remove(name)),
        }
    }

    /// Sets `name` to plain text that no makefile can change.
    pub(crate) fn fix(&mut self, name: &str, text: &str) {
        let variable = self.entry(name);
        *variable = Variable {
            set: vec![Condition::TRUE],
            fixed: true,
            exported: true,
            ..Variable::default()
        };
        variable.push(crate::value::plain(text, Place::default()));
    }

    /// What a make started by this one begins with.
    pub(crate) fn exported(&self) -> Scope {
        let seen = self
            .variables
            .iter()
            .filter(|(_, v)| v.exported || self.exports_all);
        Scope {
            variables: seen
                .map(|(name, variable)| (name.clone(), variable.clone()))
                .collect(),
            exports_all: false,
        }
    }
}
