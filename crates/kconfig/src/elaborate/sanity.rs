//! What `conf` refuses although it can be read, in newer kernels.
//!
//! ```kconfig
//! choice
//! 	prompt "Memory model"
//! config FLATMEM_MANUAL
//! 	tristate
//! endchoice
//! ```
//!
//! Since a choice only says which of its members is `y` ([`Dialect`](crate::Dialect)), these are bool
//! and have a prompt, and none has a default of its own.

use super::{Context, Elaborator};

use crate::model::Place;
use crate::syntax::{Property, PropertyKind, SymbolType};
use crate::term::Term;

impl Elaborator<'_> {
    /// A member of a choice, by the rules of newer kernels.
    pub(super) fn check_member(&mut self, number: usize, properties: &[Property], place: &Place) {
        if !has_prompt(properties) {
            self.error(
                "a member of a choice needs a prompt".to_owned(),
                place.clone(),
            );
        }
        if self.model.symbols[number].kind != Some(SymbolType::Bool) {
            self.error("a member of a choice is a bool".to_owned(), place.clone());
        }
        for property in properties {
            if let PropertyKind::Default(..) = property.kind {
                let place = self.place(property.span);
                let message = "a member of a choice has no default: the choice has one";
                self.error(message.to_owned(), place);
            }
        }
    }

    /// A choice, by the rules of newer kernels.
    pub(super) fn check_choice(&mut self, properties: &[Property], place: &Place) {
        if !has_prompt(properties) {
            self.error("a choice needs a prompt".to_owned(), place.clone());
        }
    }

    /// A transitional symbol has a type and a help text, and nothing else is said of it.
    pub(super) fn check_transitional(
        &mut self,
        properties: &[Property],
        context: &Context,
        place: &Place,
    ) {
        let is_transitional = |p: &Property| matches!(p.kind, PropertyKind::Transitional);
        if !properties.iter().any(is_transitional) {
            return;
        }
        let is_allowed = |property: &&Property| {
            matches!(
                property.kind,
                PropertyKind::Transitional | PropertyKind::Type(_) | PropertyKind::Help(_)
            )
        };
        let other = properties.iter().find(|property| !is_allowed(property));
        let around = context.depends.is_some() || *context.visible != Term::YES;
        let place = match other {
            Some(other) => self.place(other.span),
            None if around => place.clone(),
            None => return,
        };
        let message = "a transitional symbol has a type and a help text only";
        self.error(message.to_owned(), place);
    }
}

fn has_prompt(properties: &[Property]) -> bool {
    let is_prompt = |property: &Property| matches!(property.kind, PropertyKind::Prompt(..));
    properties.iter().any(is_prompt)
}
