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

use crate::index::OWN;
use crate::model::{Diagnostic, Model, Place, Symbol};
use crate::recursion::Link;
use crate::syntax::{Severity, SymbolType};
use text::Name;

fn error(message: String, place: Place) -> Diagnostic {
    Diagnostic {
        place,
        severity: Severity::Error,
        message,
    }
}

impl Model {
    /// Finds out what is to be said of all that was read.
    pub(super) fn look_for_faults(&mut self) {
        let mut said = Vec::new();
        // What macros say in entries is heard, also where nobody asks for the symbol.
        for at in 0..self.own.pieces.len() {
            let number = self.index.number_of_piece(OWN, at);
            if self.has_macros(number) {
                let name = self.name_at(number);
                said.extend(self.heard(number).into_iter().map(|said| (name, said)));
            }
        }
        for number in self.numbers() {
            self.faults_of(number, &mut said);
        }
        self.said_of = said;
        let circles = self.circles();
        self.has_circles = !circles.is_empty();
        self.gather(circles);
    }

    /// Puts all together that is said.
    pub(super) fn gather(&mut self, circles: Vec<Diagnostic>) {
        let mut all = circles;
        all.extend(self.faults_of_choices());
        all.extend(self.said_of.iter().map(|(_, said)| said.clone()));
        let mut incomplete = all.iter().any(|said| said.severity == Severity::Error);
        for (_, part) in self.parts() {
            all.extend(part.said.iter().cloned());
            incomplete |= part.incomplete;
        }
        self.incomplete = incomplete;
        all.sort();
        all.dedup();
        self.diagnostics = all;
    }

    fn faults_of_choices(&self) -> Vec<Diagnostic> {
        if self.dialect.choice_is_symbol {
            return Vec::new();
        }
        let without = self.all_choices().filter(|c| c.prompts.is_empty());
        let said =
            without.map(|choice| error("a choice needs a prompt".to_owned(), choice.place.clone()));
        said.collect()
    }

    /// What is wrong with the symbol that has this number.
    pub(super) fn faults_of(&self, number: usize, said: &mut Vec<(Name, Diagnostic)>) {
        let mut wrong: Vec<(&'static str, Place)> = Vec::new();
        let (mut is_typed, mut is_member, mut is_transitional) = (false, false, false);
        for (part, entry) in self.entries(number) {
            let shape = entry.properties(self.part(part)).shape();
            is_typed |= shape.kind.or(entry.of_choice).is_some();
            is_member |= entry.context.choice.is_some();
            is_transitional |= shape.transitional;
        }
        if is_member && !self.dialect.choice_is_symbol {
            check_member(self.whole(number), &mut wrong);
        }
        if is_transitional {
            let place = said_of(self, self.whole(number));
            let words = "a transitional symbol has a type and a help text only";
            wrong.extend(place.map(|place| (words, place.clone())));
        }
        let name = self.name_at(number);
        let wrong = wrong.into_iter();
        said.extend(wrong.map(|(words, place)| (name, error(words.to_owned(), place))));
        // A symbol that no entry gives a type is always `n`, of which `conf` warns.
        if !is_typed {
            let symbol = self.whole(number);
            let place = symbol.definitions.first().map(|first| &first.place);
            said.extend(place.map(|place| {
                let warning = Diagnostic {
                    place: place.clone(),
                    severity: Severity::Warning,
                    message: format!("{name} has no type"),
                };
                (name, warning)
            }));
        }
    }

    /// `conf` refuses a tree in which a symbol depends on itself.
    fn circles(&self) -> Vec<Diagnostic> {
        if !self.may_circle() {
            return Vec::new();
        }
        let mut said = Vec::new();
        for links in self.recursions() {
            let entry = |link: &Link| {
                let definitions = &self.symbol(link.from)?.definitions;
                Some(&definitions.first()?.place)
            };
            let choice = |link: &Link| {
                let mut choices = self.all_choices();
                Some(&choices.find(|choice| choice.name() == link.from)?.place)
            };
            let place = links.iter().find_map(entry);
            let place = place.or_else(|| links.iter().find_map(choice));
            if let (Some(first), Some(place)) = (links.first(), place) {
                let words: Vec<String> = links.iter().map(ToString::to_string).collect();
                let message = format!("{} depends on itself: {}", first.from, words.join(", "));
                said.push(error(message, place.clone()));
            }
        }
        said
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
    let selects = model
        .all_selects()
        .filter(|select| select.by == symbol.name);
    let selects = selects.map(|select| &select.place);
    let ranged = symbol.ranges.first().and(symbol.definitions.first());
    let depends = symbol.definitions.iter().find(|d| d.depends.is_some());
    let entries = ranged.into_iter().chain(depends).map(|d| &d.place);
    prompts.chain(defaults).chain(selects).chain(entries).next()
}
