//! What `conf` refuses or warns of although it can be read.
//!
//! ```kconfig
//! choice
//! 	prompt "Memory model"
//! config FLATMEM_MANUAL
//! 	tristate
//! endchoice
//! ```
//!
//! A symbol that depends on itself is no use to anybody, and one without a type is always `n`.
//!
//! Since a choice only says which of its members is `y` ([`Dialect`](crate::Dialect)), these are bool,
//! have a prompt there and nowhere else, and no default of their own. A transitional symbol has a type
//! and a help text only. That is so whatever entry says it, as `choice_check_sanity()` and
//! `transitional_check_sanity()` of scripts/kconfig/parser.y look at it.

use super::Elaborator;

use crate::model::{Diagnostic, Model, Place, Symbol};
use crate::recursion::Link;
use crate::syntax::{Severity, SymbolType};

impl Elaborator<'_> {
    /// Tells of each choice, member and transitional symbol that is not as it should be.
    pub(super) fn check_sanity(&mut self) {
        let mut wrong: Vec<(&'static str, Place)> = Vec::new();
        if !self.model.dialect.choice_is_symbol {
            let without = self.model.choices.iter().filter(|c| c.prompts.is_empty());
            wrong.extend(without.map(|choice| ("a choice needs a prompt", choice.place.clone())));
            let members = self.model.slots.iter().filter(|s| s.choice.is_some());
            for slot in members {
                check_member(slot.symbol(&self.model), &mut wrong);
            }
        }
        for slot in self.model.slots.iter().filter(|s| s.transitional) {
            let place = said_of(&self.model, slot.symbol(&self.model));
            let words = "a transitional symbol has a type and a help text only";
            wrong.extend(place.map(|place| (words, place.clone())));
        }
        for (message, place) in wrong {
            self.error(message.to_owned(), place);
        }
    }

    /// A symbol that no entry gives a type is always `n`, of which `conf` warns.
    pub(super) fn untyped(&mut self) {
        let untyped = self.model.slots.iter().filter(|slot| slot.kind.is_none());
        let symbols = untyped.map(|slot| slot.symbol(&self.model));
        let places = symbols.filter_map(|symbol| Some((symbol.name, symbol.definitions.first()?)));
        let said: Vec<Diagnostic> = places
            .map(|(name, definition)| Diagnostic {
                place: definition.place.clone(),
                severity: Severity::Warning,
                message: format!("{name} has no type"),
            })
            .collect();
        self.hear(said);
    }

    /// `conf` refuses a tree in which a symbol depends on itself.
    pub(super) fn recursions(&mut self) {
        if !self.may_circle() {
            return;
        }
        for links in self.model.recursions() {
            let entry = |link: &Link| {
                let definitions = &self.model.symbol(link.from)?.definitions;
                Some(&definitions.first()?.place)
            };
            let choice = |link: &Link| {
                let mut choices = self.model.choices.iter();
                Some(&choices.find(|choice| choice.name() == link.from)?.place)
            };
            let place = links.iter().find_map(entry);
            let place = place.or_else(|| links.iter().find_map(choice));
            if let (Some(first), Some(place)) = (links.first(), place) {
                let place = place.clone();
                let words: Vec<String> = links.iter().map(ToString::to_string).collect();
                let message = format!("{} depends on itself: {}", first.from, words.join(", "));
                self.error(message, place);
            }
        }
    }
}

fn check_member(symbol: &Symbol, wrong: &mut Vec<(&'static str, Place)>) {
    let inside = symbol.definitions.iter().find(|d| d.choice.is_some());
    let Some(place) = inside.map(|definition| &definition.place) else {
        return;
    };
    if symbol.prompts.is_empty() {
        wrong.push(("a member of a choice needs a prompt", place.clone()));
    }
    if symbol.kind != Some(SymbolType::Bool) {
        wrong.push(("a member of a choice is a bool", place.clone()));
    }
    for default in &symbol.defaults {
        let words = "a member of a choice has no default: the choice has one";
        wrong.push((words, default.place.clone()));
    }
    if symbol.definitions.iter().any(|d| d.choice.is_none()) {
        for prompt in symbol.prompts.iter().skip(1) {
            let words = "a member of a choice has its prompt there only";
            wrong.push((words, prompt.place.clone()));
        }
    }
}

/// Where something is said of a symbol besides its type.
fn said_of<'m>(model: &'m Model, symbol: &'m Symbol) -> Option<&'m Place> {
    let prompts = symbol.prompts.iter().map(|prompt| &prompt.place);
    let defaults = symbol.defaults.iter().map(|default| &default.place);
    let selects = model.selects().filter(|select| select.by == symbol.name);
    let selects = selects.map(|select| &select.place);
    let ranged = symbol.ranges.first().and(symbol.definitions.first());
    let depends = symbol.definitions.iter().find(|d| d.depends.is_some());
    let entries = ranged.into_iter().chain(depends).map(|d| &d.place);
    prompts.chain(defaults).chain(selects).chain(entries).next()
}
