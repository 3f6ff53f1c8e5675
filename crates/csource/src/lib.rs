//! One C file of the kernel, read as facts.
//!
//! Half of all kernel files make a C grammar stumble, because the preprocessor is half of the
//! language. So the work is shared: a scanner of our own gives every byte its `#if` branch and finds
//! the functions by their braces ([`Directives`], [`Items`]); the grammar then reads one function
//! at a time, in variants without any `#if` ([`Body`]), and the variants' facts are put together
//! again, each with the [`Flow`] under which control gets there.
//!
//! Nothing here knows an architecture or a configuration. Facts carry the questions (`#ifdef
//! CONFIG_X`, `if (pgmap)`); who asks them gives the answers.

mod blocks;
mod body;
mod directives;
mod effects;
mod file;
mod flow;
mod gate;
mod idioms;
mod item;
mod items;
mod lexer;
mod mask;
mod numbers;
mod options;
mod params;
mod parse;
mod preprocessor_expression;
mod query;
mod recover;
mod seen;
mod structure;
mod substitute;
pub mod syntax;
mod walk;

pub use blocks::{Ask, Block, blocks};
pub use body::{Body, Call, Definition, MacroBody, Return, Store};
pub use directives::{
    Branch, BranchId, Directive, DirectiveKind, Directives, MacroDefinition, Test,
};
pub use effects::Effects;
pub use file::{File, FunctionId, Mention};
pub use flow::{Flow, FlowId, Flows, Leaf};
pub use gate::{Binding, Gate};
pub use idioms::{
    CONTAINERS, NO_RETURN, NO_RETURN_IF, SELECTION, SYSTEM_CALL, TRANSPARENT, TYPEOF, is_initcall,
};
pub use item::{Function, Linkage, Maker, Param, TopMacro, Variable};
pub use items::{Items, is_keyword};
pub use lexer::{Lexer, Token, TokenKind, is_word, whole_words};
pub use mask::association;
pub use options::Options;
pub use parse::expression;
pub use query::Query;
pub use seen::Seen;
pub use structure::{Member, declared, may_define};
pub use substitute::{Substituted, arguments, pasted, substitute};
