//! Choices, by the rules of older and of newer kernels.
//!
//! ```kconfig
//! choice
//! 	prompt "Memory model"
//! 	default SPARSEMEM_MANUAL
//! config FLATMEM_MANUAL
//! 	bool "Flat Memory"
//! config SPARSEMEM_MANUAL
//! 	bool "Sparse Memory"
//! endchoice
//! ```
//!
//! To the older a choice is a symbol on which its members depend, so a member cannot be seen where
//! the choice's prompt is not. To the newer ([`Dialect`](crate::Dialect)) its members have the
//! choice's own dependencies, whatever becomes of its prompt.

use super::{Context, Elaborator};

use std::sync::Arc;

use text::{Name, Span};

use crate::entry::prompt;
use crate::model::{Choice, ChoiceId, Default};
use crate::part::Itself;
use crate::syntax::{Properties, PropertyKind, Statement, StatementKind, SymbolType};
use crate::term::Term;

impl Elaborator<'_> {
    pub(super) fn choice(
        &mut self,
        properties: &Properties,
        members: &[Statement],
        span: Span,
        context: &Context,
    ) {
        let place = self.place(span);
        let id = ChoiceId(self.part.choices.len());
        self.part.choices.push(Choice {
            itself: None,
            optional: false,
            prompts: Vec::new(),
            defaults: Vec::new(),
            members: Vec::new(),
            place,
        });
        self.part.choices_after.push(self.after());
        self.choices_around += 1;
        let own = self.meaning(|reading| reading.depends(properties));
        let mut inside = self.inside(context, own.as_ref());
        self.properties_of_choice(id, properties, &inside);
        inside.choice = Some(id);
        inside.directly = true;
        if self.dialect.choice_is_symbol {
            let itself = self.symbol_of_choice(id, properties, members);
            inside.depends = Some(Arc::new(Term::Symbol(itself)));
            self.members(members, &Arc::new(inside));
        } else {
            self.statements(members, &Arc::new(inside));
        }
        self.choices_around -= 1;
    }

    fn properties_of_choice(&mut self, id: ChoiceId, properties: &Properties, inside: &Context) {
        let around = Term::or_yes(inside.depends.clone());
        for property in properties.iter() {
            let place = self.place(property.span);
            match &property.kind {
                PropertyKind::Optional => self.part.choices[id.0].optional = true,
                PropertyKind::Prompt(text, condition) => {
                    let (text, around) = ((text.name, condition), (&around, &inside.visible));
                    let prompt = self.meaning(|reading| prompt(reading, text, around, place));
                    self.part.choices[id.0].prompts.push(prompt);
                }
                PropertyKind::Default(value, condition) => {
                    let default = self.meaning(|reading| Default {
                        value: reading.term(value),
                        condition: reading.if_clause(condition, &around),
                        place,
                    });
                    self.part.choices[id.0].defaults.push(default);
                }
                _ => {}
            }
        }
    }

    /// The symbol that stands for the choice. Without a type of its own it takes that of its first
    /// member that has one.
    fn symbol_of_choice(
        &mut self,
        id: ChoiceId,
        properties: &Properties,
        members: &[Statement],
    ) -> Name {
        let name = self.part.choices[id.0].name();
        let of_member = |statement: &Statement| match &statement.kind {
            StatementKind::Config(_, properties) => properties.shape().kind,
            _ => None,
        };
        let own = properties.shape().kind;
        let kind = own.or_else(|| members.iter().find_map(of_member));
        let prompts = self.part.choices[id.0].prompts.clone();
        let after = self.after();
        self.part.piece(name, after).itself = Some(Box::new(Itself {
            choice: id.0,
            kind: kind.unwrap_or(SymbolType::Bool),
            prompts,
        }));
        self.part.choices[id.0].itself = Some(name);
        name
    }

    fn kind_of_choice(&mut self, id: ChoiceId) -> Option<SymbolType> {
        let (itself, after) = (self.part.choices[id.0].itself?, self.after());
        let itself = self.part.piece(itself, after).itself.as_ref();
        itself.map(|itself| itself.kind)
    }

    /// The entries of an older choice. An entry that needs the one before it stands in a menu below
    /// that one, as `menu_finalize()` of scripts/kconfig/menu.c arranges it, and is no member.
    fn members(&mut self, statements: &[Statement], inside: &Arc<Context>) {
        let mut below: Vec<Name> = Vec::new();
        let outside = Arc::new(Context {
            choice: None,
            ..(**inside).clone()
        });
        for statement in statements {
            let needed = self.needed_by(statement);
            while below
                .last()
                .is_some_and(|name| !needed.iter().any(|term| term.needs(*name)))
            {
                below.pop();
            }
            let context = if below.is_empty() { inside } else { &outside };
            let one = std::slice::from_ref(statement);
            match &statement.kind {
                StatementKind::If(condition, inner) => {
                    let condition = self.meaning(|reading| reading.condition(condition));
                    let context = Arc::new(self.inside(context, Some(&condition)));
                    if below.is_empty() {
                        self.members(inner, &context);
                    } else {
                        self.statements(inner, &context);
                    }
                }
                StatementKind::Config(name, properties) => {
                    self.statements(one, context);
                    let kind = context.choice.and_then(|id| self.kind_of_choice(id));
                    let name = self.meaning(|reading| reading.name(*name));
                    let after = self.after();
                    let entries = &mut self.part.piece(name, after).entries;
                    if let Some(entry) = entries.last_mut() {
                        entry.of_choice = kind;
                    }
                    if properties.shape().has_prompt {
                        below.push(name);
                    } else {
                        below.clear();
                    }
                }
                _ => self.statements(one, context),
            }
        }
    }

    /// What must hold for an entry: its dependencies and the condition of its prompt.
    fn needed_by(&mut self, statement: &Statement) -> Vec<Arc<Term>> {
        let properties: &Properties = match &statement.kind {
            StatementKind::Config(_, properties) => properties,
            StatementKind::Comment(properties) => properties,
            StatementKind::If(condition, _) => {
                return vec![self.meaning(|reading| reading.condition(condition))];
            }
            _ => return Vec::new(),
        };
        self.meaning(|reading| {
            let mut found: Vec<_> = reading.depends(properties).into_iter().collect();
            for property in properties.iter() {
                if let PropertyKind::Prompt(_, Some(condition)) = &property.kind {
                    found.push(reading.condition(condition));
                }
            }
            found
        })
    }
}
