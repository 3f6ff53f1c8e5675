//! Where the files of a tree name symbols: what an editor goes to, lists and renames.
//!
//! ```kconfig
//! config DEV_DAX
//! 	tristate "Device DAX"
//! 	depends on TRANSPARENT_HUGEPAGE
//! 	select ZONE_DEVICE if MEMORY_HOTPLUG
//! ```
//!
//! names `DEV_DAX` where it is defined, and three other symbols, each in a role of its own.

use text::{Name, Span};

use crate::macros::has_macros;
use crate::syntax::{
    Expr, ExprKind, If, Property, PropertyKind, Spelled, Statement, StatementKind, SymbolType,
};

/// A symbol that is named in a Kconfig file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The symbol.
    pub name: Name,
    /// The bytes of its name.
    pub span: Span,
    /// What it is named for.
    pub role: Role,
}

/// What a symbol is named for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// `config X`: an entry defines it.
    Definition,
    /// `select X`
    Select,
    /// `imply X`
    Imply,
    /// `depends on X`, or an `if` around entries.
    Depends,
    /// `visible if X`
    Visible,
    /// `default X`: it gives another its value.
    Default,
    /// The value of a string, int or hex symbol, which may be this text itself.
    Value,
    /// An `if` behind another property.
    Condition,
}

/// All symbols that `statements` name, in the order of the text. Numbers, `y`, `m` and `n` are none, and neither are words
/// with macros in them.
pub fn mentions(statements: &[Statement]) -> Vec<Mention> {
    let mut found = Mentions::default();
    found.statements(statements);
    found.all.sort_by_key(|mention| mention.span.start);
    found.all
}

#[derive(Default)]
struct Mentions {
    all: Vec<Mention>,
}

impl Mentions {
    fn statements(&mut self, statements: &[Statement]) {
        for statement in statements {
            match &statement.kind {
                StatementKind::Config(name, own) => {
                    self.word(*name, Role::Definition);
                    self.properties(own);
                }
                StatementKind::Choice(_, own, inner) | StatementKind::Menu(own, inner) => {
                    self.properties(own);
                    self.statements(inner);
                }
                StatementKind::If(condition, inner) => {
                    self.expr(condition, Role::Depends);
                    self.statements(inner);
                }
                StatementKind::Comment(own) => self.properties(own),
                StatementKind::Source(_)
                | StatementKind::MainMenu(_)
                | StatementKind::Assign(..)
                | StatementKind::Macro(_) => {}
            }
        }
    }

    fn properties(&mut self, own: &[Property]) {
        let is_valued = own.iter().any(|property| {
            let valued = [SymbolType::String, SymbolType::Int, SymbolType::Hex];
            matches!(property.kind, PropertyKind::Type(kind) if valued.contains(&kind))
        });
        let value = if is_valued {
            Role::Value
        } else {
            Role::Default
        };
        for property in own {
            match &property.kind {
                PropertyKind::Prompt(_, condition) => self.condition(condition),
                PropertyKind::Default(expr, condition) => {
                    self.expr(expr, value);
                    self.condition(condition);
                }
                PropertyKind::DependsOn(expr, condition) => {
                    self.expr(expr, Role::Depends);
                    self.condition(condition);
                }
                PropertyKind::Select(target, condition) => {
                    self.word(*target, Role::Select);
                    self.condition(condition);
                }
                PropertyKind::Imply(target, condition) => {
                    self.word(*target, Role::Imply);
                    self.condition(condition);
                }
                PropertyKind::Range(low, high, condition) => {
                    self.expr(low, value);
                    self.expr(high, value);
                    self.condition(condition);
                }
                PropertyKind::VisibleIf(expr) => self.expr(expr, Role::Visible),
                PropertyKind::Type(_)
                | PropertyKind::Help(_)
                | PropertyKind::Optional
                | PropertyKind::Modules
                | PropertyKind::Transitional
                | PropertyKind::Option(_) => {}
            }
        }
    }

    fn condition(&mut self, condition: &If) {
        if let Some(condition) = condition {
            self.expr(condition, Role::Condition);
        }
    }

    fn expr(&mut self, expr: &Expr, role: Role) {
        match &expr.kind {
            ExprKind::Word(name) => {
                let span = expr.span;
                self.word(Spelled { name: *name, span }, role);
            }
            ExprKind::Text(_) => {}
            ExprKind::Not(inner) => self.expr(inner, role),
            ExprKind::And(a, b) | ExprKind::Or(a, b) | ExprKind::Compare(_, a, b) => {
                self.expr(a, role);
                self.expr(b, role);
            }
        }
    }

    fn word(&mut self, Spelled { name, span }: Spelled, role: Role) {
        let is_constant = matches!(name.as_str(), "y" | "m" | "n") || is_number(&name);
        if has_macros(&name) || is_constant && role != Role::Definition {
            return;
        }
        self.all.push(Mention { name, span, role });
    }
}

/// `12`, `-1`, `0x1f`.
fn is_number(word: &str) -> bool {
    let digits = word.strip_prefix('-').unwrap_or(word);
    match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        Some(hex) => !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()),
    }
}
