//! What Kconfig files use and none of them defines.
//!
//! ```kconfig
//! config A
//! 	depends on B && RENAMED_LONG_AGO
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashSet;
use text::{Name, Span};

use crate::library::{Library, Read};
use crate::macros::has_macros;
use crate::model::{Model, Place};
use crate::syntax::{
    Expr, ExprKind, If, Property, PropertyKind, Spelled, Statement, StatementKind, SymbolType,
};

impl Library {
    /// The symbols that the files of `models`, which this library has read, use and that no file defines, each with the places that
    /// use it. Numbers are none, and neither are words with macros in them.
    pub fn undefined(&self, models: &[&Model]) -> BTreeMap<Name, BTreeSet<Place>> {
        let mut uses = Uses::default();
        let files: BTreeSet<&Arc<str>> = models.iter().flat_map(|model| model.files()).collect();
        for read in files.into_iter().filter_map(|path| self.known(path)) {
            uses.file = Some(read.clone());
            uses.statements(&read.statements);
        }
        let Uses {
            mut used, defined, ..
        } = uses;
        // A name with macros in it is known to the models only.
        used.retain(|name, _| {
            !defined.contains(name) && models.iter().all(|model| model.symbol(name).is_none())
        });
        used
    }
}

#[derive(Default)]
struct Uses {
    file: Option<Arc<Read>>,
    used: BTreeMap<Name, BTreeSet<Place>>,
    defined: FxHashSet<Name>,
}

impl Uses {
    fn statements(&mut self, statements: &[Statement]) {
        for statement in statements {
            match &statement.kind {
                StatementKind::Config(name, own) => {
                    self.defined.insert(name.name);
                    self.properties(own);
                }
                StatementKind::Choice(_, own, inner) | StatementKind::Menu(own, inner) => {
                    self.properties(own);
                    self.statements(inner);
                }
                StatementKind::If(condition, inner) => {
                    self.expr(condition);
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
        for property in own {
            match &property.kind {
                PropertyKind::Prompt(_, condition) => self.condition(condition),
                // A word may be the value itself.
                PropertyKind::Default(_, condition) | PropertyKind::Range(_, _, condition)
                    if is_valued =>
                {
                    self.condition(condition);
                }
                PropertyKind::Default(expr, condition)
                | PropertyKind::DependsOn(expr, condition) => {
                    self.expr(expr);
                    self.condition(condition);
                }
                PropertyKind::Select(Spelled { name, span }, condition)
                | PropertyKind::Imply(Spelled { name, span }, condition) => {
                    self.word(*name, *span);
                    self.condition(condition);
                }
                PropertyKind::Range(low, high, condition) => {
                    self.expr(low);
                    self.expr(high);
                    self.condition(condition);
                }
                PropertyKind::VisibleIf(expr) => self.expr(expr),
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
            self.expr(condition);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Word(name) => self.word(*name, expr.span),
            ExprKind::Text(_) => {}
            ExprKind::Not(inner) => self.expr(inner),
            ExprKind::And(a, b) | ExprKind::Or(a, b) | ExprKind::Compare(_, a, b) => {
                self.expr(a);
                self.expr(b);
            }
        }
    }

    fn word(&mut self, name: Name, span: Span) {
        let is_constant = matches!(name.as_str(), "y" | "m" | "n") || is_number(&name);
        if let Some(file) = &self.file
            && !is_constant
            && !has_macros(&name)
        {
            self.used.entry(name).or_default().insert(file.place(span));
        }
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
