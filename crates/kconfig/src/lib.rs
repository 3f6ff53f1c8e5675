//! The kernel's Kconfig language: its text, what it says for each architecture, and what that means
//! as logic.
//!
//! ```kconfig
//! config SPARSEMEM_VMEMMAP
//! 	bool "Sparse Memory virtual memmap"
//! 	depends on SPARSEMEM && SPARSEMEM_VMEMMAP_ENABLE
//! ```
//!
//! [`parse`] reads one file and survives whatever it holds. [`elaborate`] reads a tree for one
//! [`Environment`], with the parsed files shared between architectures in a [`Library`], and gives a
//! [`Model`]. The model's [`Constraints`] say which configurations there are. The kernel's own
//! `scripts/kconfig` decides in all of this; nothing of the tree is ever run.

mod answered;
mod asked;
mod configure;
mod conflict;
mod dialect;
mod elaborate;
mod entry;
mod environment;
mod fragment;
mod graph;
mod index;
mod justify;
mod lexer;
mod library;
mod lint;
mod logic;
mod macros;
mod mentions;
mod model;
mod moved;
mod parse;
mod part;
mod plain;
mod question;
mod reading;
mod recursion;
mod settings;
mod shared;
mod syntax;
mod term;
mod toolchain;
mod undefined;
mod uses;
mod value;
mod why;

pub use asked::Asked;
pub use configure::{Configuration, setting_line};
pub use dialect::Dialect;
pub use elaborate::{Renewed, elaborate, elaborate_after};
pub use environment::Environment;
pub use fragment::{Fragment, Needed, Purpose};
pub use library::Library;
pub use lint::{Clause, Forced, Line, LineKind, Samples};
pub use logic::Constraints;
pub use logic::near::Near;
pub use mentions::{Mention, Role, mentions};
pub use model::{
    Choice, ChoiceId, Default, Definition, Diagnostic, Model, Place, Prompt, Range, Select, Symbol,
};
pub use moved::Moved;
pub use parse::parse;
pub use question::{Questions, Standing, Wish};
pub use recursion::{Link, Relation};
pub use settings::{Fill, SettingError, Settings};
pub use syntax::{
    Assignment, Comparison, Expr, ExprKind, If, Parsed, Properties, Property, PropertyKind,
    Severity, SourceLine, Spelled, Statement, StatementKind, SymbolType, SyntaxError, Token,
    TokenKind,
};
pub use term::Term;
pub use toolchain::{Toolchain, ToolchainError};
pub use uses::Use;
pub use value::Value;
pub use why::{Chain, Fact};
