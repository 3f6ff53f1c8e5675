//! A configuration to type: what a user must set so that symbols get the values of a solution.
//!
//! ```kconfig
//! config DEV_DAX
//! 	tristate "Device DAX"
//! 	depends on DAX
//! ```
//!
//! To have `DEV_DAX=m` a user needs `DAX` as well, whatever that depends on in turn, and for a
//! symbol without a prompt something that selects it. Each value of a solution has such a reason;
//! they are followed from the symbols that are asked for.

use std::collections::BTreeMap;

use text::Name;

use crate::model::{Model, Symbol};
use crate::syntax::Comparison;
use crate::term::Term;
use crate::value::Value;

impl Model {
    /// The values that a user sets, symbols with prompts only, so that the symbols in `wanted` have
    /// the values that `value` gives to all symbols. `value` must be a solution of the constraints.
    pub fn justify(
        &self,
        wanted: impl IntoIterator<Item = Name>,
        value: &dyn Fn(Name) -> Value,
    ) -> BTreeMap<Name, Value> {
        let mut justify = Justify {
            model: self,
            value,
            set: BTreeMap::new(),
            open: wanted.into_iter().collect(),
            seen: Vec::new(),
        };
        while let Some(name) = justify.open.pop() {
            justify.symbol(name);
        }
        justify.set
    }
}

struct Justify<'m> {
    model: &'m Model,
    value: &'m dyn Fn(Name) -> Value,
    set: BTreeMap<Name, Value>,
    open: Vec<Name>,
    seen: Vec<Name>,
}

impl Justify<'_> {
    /// The member that is on of the choice that a symbol is a member of.
    fn chosen(&self, symbol: &Symbol) -> Option<Name> {
        let choice = self.model.choice(symbol.choice()?);
        let mut members = choice.members.iter().copied();
        members.find(|member| (self.value)(*member) == Value::Yes)
    }

    fn symbol(&mut self, name: Name) {
        if self.seen.contains(&name) {
            return;
        }
        self.seen.push(name);
        let model = self.model;
        let Some(symbol) = model.symbol(name) else {
            return;
        };
        if !symbol.is_truth() {
            return self.valued(symbol);
        }
        let value = (self.value)(name);
        let prompt = symbol
            .prompts
            .iter()
            .find(|prompt| self.term(&prompt.visible) != Value::No);
        if value == Value::No {
            if prompt.is_some() && symbol.itself.is_none() {
                // A member of a choice is off because another is on: switched off by itself it leaves the choice
                // to its default, which may be the same member. All else that is on by default is switched off.
                match self.chosen(symbol) {
                    Some(other) => self.open.push(other),
                    None => {
                        self.set.insert(name, value);
                    }
                }
            }
            return;
        }
        if value == Value::Module {
            self.open.extend(model.modules());
        }
        if let Some(prompt) = prompt {
            if symbol.itself.is_none() {
                self.set.insert(name, value);
            }
            return self.need(&prompt.visible.clone(), true);
        }
        let selects = model.selectors(name);
        let lifts = selects.into_iter().find(|select| {
            !select.weak
                && (self.value)(select.by) != Value::No
                && self.term(&select.condition) != Value::No
        });
        if let Some(select) = lifts {
            self.open.push(select.by);
            return self.need(&select.condition, true);
        }
        let default = symbol
            .defaults
            .iter()
            .find(|default| self.term(&default.condition) != Value::No);
        if let Some(default) = default {
            self.need(&default.condition, true);
            self.need(&default.value, true);
        }
    }

    /// A string, int or hex symbol has a value where its prompt is seen or a default holds.
    fn valued(&mut self, symbol: &Symbol) {
        let prompts = symbol.prompts.iter().map(|prompt| &prompt.visible);
        let defaults = symbol.defaults.iter().map(|default| &default.condition);
        let held = prompts
            .chain(defaults)
            .find(|term| self.term(term) != Value::No);
        if let Some(term) = held {
            self.need(term, true);
        }
    }

    /// Asks for the symbols that make `term` true, or false where `positive` is not set.
    fn need(&mut self, term: &Term, positive: bool) {
        match (term, positive) {
            (Term::Symbol(name), _) => self.open.push(*name),
            (Term::Not(inner), _) => self.need(inner, !positive),
            (Term::And(a, b), true) | (Term::Or(a, b), false) => {
                self.need(a, positive);
                self.need(b, positive);
            }
            (Term::Or(a, b), true) => {
                let first = self.term(a) >= self.term(b);
                self.need(if first { a } else { b }, true);
            }
            (Term::And(a, b), false) => {
                let first = self.term(a) <= self.term(b);
                self.need(if first { a } else { b }, false);
            }
            (Term::Compare(_, a, b), _) => {
                self.need(a, true);
                self.need(b, true);
            }
            (Term::Module | Term::IfModules, _) => self.open.extend(self.model.modules()),
            (Term::Constant(_) | Term::Text(_) | Term::Probe(_), _) => {}
        }
    }

    fn term(&self, term: &Term) -> Value {
        match term {
            // The reader's toolchain answers a probe; the witness names what it must say.
            Term::Constant(true) | Term::Probe(_) => Value::Yes,
            Term::Constant(false) | Term::Text(_) => Value::No,
            Term::Module | Term::IfModules => Value::Module,
            Term::Symbol(name) => (self.value)(*name),
            Term::Not(inner) => self.term(inner).inverse(),
            Term::And(a, b) => self.term(a).min(self.term(b)),
            Term::Or(a, b) => self.term(a).max(self.term(b)),
            Term::Compare(op, a, b) => {
                let equal = self.term(a) == self.term(b);
                let holds = match op {
                    Comparison::Equal => equal,
                    Comparison::NotEqual => !equal,
                    _ => true,
                };
                Value::from(holds)
            }
        }
    }
}
