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

use crate::model::{Choice, ChoiceId, Default};
use crate::syntax::{
    Comparison, Properties, Property, PropertyKind, Statement, StatementKind, SymbolType,
};
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
        let id = ChoiceId(self.model.choices.len());
        self.model.choices.push(Choice {
            itself: None,
            optional: false,
            prompts: Vec::new(),
            defaults: Vec::new(),
            members: Vec::new(),
            place,
        });
        let own = self.depends(properties);
        let mut inside = context.and(own.as_ref());
        self.properties_of_choice(id, properties, &inside);
        inside.choice = Some(id);
        inside.directly = true;
        if self.model.dialect.choice_is_symbol {
            let itself = self.symbol_of_choice(id, properties, members);
            inside.depends = Some(Arc::new(Term::Symbol(itself)));
            self.members(members, &inside);
        } else {
            self.statements(members, &inside);
        }
    }

    fn properties_of_choice(&mut self, id: ChoiceId, properties: &Properties, inside: &Context) {
        let around = inside.condition();
        for property in properties.iter() {
            let place = self.place(property.span);
            match &property.kind {
                PropertyKind::Optional => self.model.choices[id.0].optional = true,
                PropertyKind::Prompt(text, condition) => {
                    let prompt = self.prompt(text.name, condition, (&around, inside), place);
                    self.model.choices[id.0].prompts.push(prompt);
                }
                PropertyKind::Default(value, condition) => {
                    let default = Default {
                        value: self.term(value),
                        condition: self.if_clause(condition, &around),
                        place,
                    };
                    self.model.choices[id.0].defaults.push(default);
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
        let place = &self.model.choices[id.0].place;
        let name = Name::new(&format!("the choice at {}:{}", place.file, place.line));
        let of_member = |statement: &Statement| match &statement.kind {
            StatementKind::Config(_, properties) => type_in(properties),
            _ => None,
        };
        let kind = type_in(properties).or_else(|| members.iter().find_map(of_member));
        let prompts = self.model.choices[id.0].prompts.clone();
        let number = self.symbol(name);
        let symbol = &mut self.model.symbols[number];
        symbol.kind = kind.or(Some(SymbolType::Bool));
        symbol.itself = Some(id);
        symbol.prompts = prompts;
        self.model.choices[id.0].itself = Some(name);
        name
    }

    /// The entries of an older choice. An entry that needs the one before it stands in a menu below
    /// that one, as `menu_finalize()` of scripts/kconfig/menu.c arranges it, and is no member.
    fn members(&mut self, statements: &[Statement], inside: &Context) {
        let mut below: Vec<Name> = Vec::new();
        for statement in statements {
            let needed = self.needed_by(statement);
            while below
                .last()
                .is_some_and(|name| !needed.iter().any(|term| term.needs(*name)))
            {
                below.pop();
            }
            let mut context = inside.clone();
            if !below.is_empty() {
                context.choice = None;
            }
            let one = std::slice::from_ref(statement);
            match &statement.kind {
                StatementKind::If(condition, inner) => {
                    let context = context.and(Some(&self.condition(condition)));
                    if below.is_empty() {
                        self.members(inner, &context);
                    } else {
                        self.statements(inner, &context);
                    }
                }
                StatementKind::Config(name, properties) => {
                    self.statements(one, &context);
                    let kind = context.choice.and_then(|id| self.kind_of_choice(id));
                    let name = self.name(*name);
                    let number = self.symbol(name);
                    let symbol = &mut self.model.symbols[number];
                    symbol.kind = symbol.kind.or(kind);
                    if properties
                        .iter()
                        .any(|p| matches!(p.kind, PropertyKind::Prompt(..)))
                    {
                        below.push(name);
                    } else {
                        below.clear();
                    }
                }
                _ => self.statements(one, &context),
            }
        }
    }

    /// What must hold for an entry: its dependencies and the condition of its prompt.
    fn needed_by(&mut self, statement: &Statement) -> Vec<Arc<Term>> {
        let properties = match &statement.kind {
            StatementKind::Config(_, properties) | StatementKind::Comment(properties) => properties,
            StatementKind::If(condition, _) => return vec![self.condition(condition)],
            _ => return Vec::new(),
        };
        let mut found: Vec<_> = self.depends(properties).into_iter().collect();
        for property in properties.iter() {
            if let PropertyKind::Prompt(_, Some(condition)) = &property.kind {
                found.push(self.condition(condition));
            }
        }
        found
    }

    fn kind_of_choice(&self, id: ChoiceId) -> Option<SymbolType> {
        let itself = self.model.choices[id.0].itself?;
        self.model.symbol(itself)?.kind
    }

    /// A member of a tristate choice that is not tristate itself asks for the choice to be `y`.
    pub(super) fn in_mode(&self, choice: ChoiceId, member: usize, around: Arc<Term>) -> Arc<Term> {
        let tristate = Some(SymbolType::Tristate);
        let Some(itself) = self.model.choices[choice.0].itself else {
            return around;
        };
        if self.kind_of_choice(choice) != tristate || self.model.symbols[member].kind == tristate {
            return around;
        }
        let itself = Arc::new(Term::Symbol(itself));
        let yes = Term::Compare(Comparison::Equal, itself, Arc::new(Term::YES));
        Term::and(&Arc::new(yes), &around)
    }
}

fn type_in(properties: &[Property]) -> Option<SymbolType> {
    properties.iter().find_map(|property| match property.kind {
        PropertyKind::Type(kind) => Some(kind),
        _ => None,
    })
}
