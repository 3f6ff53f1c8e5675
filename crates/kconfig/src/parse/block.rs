//! What is open while a file is read: the file itself and the blocks in it.

use std::sync::Arc;

use text::Span;

use crate::syntax::{Expr, Properties, Property, PropertyKind, Spelled, Statement, StatementKind};

/// What opened a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opener {
    File,
    Menu,
    Choice,
    If,
}

impl Opener {
    pub(super) fn word(self) -> &'static str {
        match self {
            Opener::File => "file",
            Opener::Menu => "menu",
            Opener::Choice => "choice",
            Opener::If => "if",
        }
    }
}

/// A block that is open, or the file.
pub(super) struct Block {
    pub(super) opener: Opener,
    pub(super) head: Span,
    /// Where its last property or statement ends.
    pub(super) end: u32,
    /// Of an `if`.
    pub(super) condition: Option<Arc<Expr>>,
    /// Of a choice.
    pub(super) name: Option<Spelled>,
    pub(super) properties: Properties,
    pub(super) statements: Vec<Statement>,
    /// Whose properties come now.
    pub(super) owner: Owner,
}

/// What a property belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The last statement of the block: a `config` or a `comment`.
    Last,
    /// The block.
    Block,
    /// Nothing.
    Nobody,
}

impl Block {
    pub(super) fn new(opener: Opener, head: Span) -> Block {
        Block {
            opener,
            head,
            end: head.end,
            condition: None,
            name: None,
            properties: Properties::default(),
            statements: Vec::new(),
            owner: match opener {
                Opener::Menu | Opener::Choice => Owner::Block,
                Opener::File | Opener::If => Owner::Nobody,
            },
        }
    }

    pub(super) fn add(&mut self, statement: Statement) {
        self.owner = match statement.kind {
            StatementKind::Config(..) | StatementKind::Comment(_) => Owner::Last,
            _ => Owner::Nobody,
        };
        self.end = self.end.max(statement.span.end);
        self.statements.push(statement);
    }

    /// Takes a property that is written here, or says whose it would be.
    pub(super) fn push(&mut self, property: Property) -> Result<(), &'static str> {
        let mut ends = &mut self.end;
        let (list, owner) = match (self.owner, self.statements.last_mut()) {
            (Owner::Last, Some(last)) => {
                ends = &mut last.span.end;
                match &mut last.kind {
                    StatementKind::Config(_, list) => (Arc::make_mut(list), "config"),
                    StatementKind::Comment(list) => (list, "comment"),
                    _ => return Err("nothing"),
                }
            }
            (Owner::Block, _) => (&mut self.properties, self.opener.word()),
            _ => return Err("nothing"),
        };
        if !belongs(&property.kind, owner) {
            return Err(owner);
        }
        *ends = (*ends).max(property.span.end);
        self.end = self.end.max(property.span.end);
        list.extend([property]);
        Ok(())
    }

    pub(super) fn close(self) -> Statement {
        let kind = match self.opener {
            Opener::Menu => StatementKind::Menu(self.properties, self.statements),
            Opener::Choice => StatementKind::Choice(self.name, self.properties, self.statements),
            Opener::If | Opener::File => StatementKind::If(
                self.condition.unwrap_or_else(|| always(self.head)),
                self.statements,
            ),
        };
        Statement {
            kind,
            head: self.head,
            span: Span {
                start: self.head.start,
                end: self.end,
            },
        }
    }
}

/// The condition of an `if` that was not understood; the error says so.
fn always(head: Span) -> Arc<Expr> {
    let end = Span {
        start: head.end,
        end: head.end,
    };
    Expr::new(crate::syntax::ExprKind::Word("y".into()), end)
}

/// Whether an entry of this kind has such a property.
fn belongs(property: &PropertyKind, owner: &str) -> bool {
    match property {
        PropertyKind::DependsOn(..) => true,
        PropertyKind::Prompt(..) => owner != "if",
        PropertyKind::VisibleIf(_) => owner == "menu",
        PropertyKind::Type(_) | PropertyKind::Default(..) | PropertyKind::Help(_) => {
            matches!(owner, "config" | "choice")
        }
        PropertyKind::Optional => owner == "choice",
        PropertyKind::Select(..)
        | PropertyKind::Imply(..)
        | PropertyKind::Range(..)
        | PropertyKind::Modules
        | PropertyKind::Transitional
        | PropertyKind::Option(_) => owner == "config",
    }
}
