//! What a Kconfig file says, before it is known for which architecture.
//!
//! Texts keep their macros (`arch/$(SRCARCH)/Kconfig`): a file is read once and elaborated for each
//! architecture.

use std::sync::Arc;

use text::{Name, Span};

/// The type of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the types of the language, by their own names")]
pub enum SymbolType {
    Bool,
    Tristate,
    String,
    Int,
    Hex,
}

/// An expression as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// A word that is not quoted: a symbol, a number, or something with macros in it.
    Word(Name),
    /// A text in quotes, without them and without its escapes.
    Text(Name),
    /// `!a`
    Not(Arc<Expr>),
    /// `a && b`
    And(Arc<Expr>, Arc<Expr>),
    /// `a || b`
    Or(Arc<Expr>, Arc<Expr>),
    /// `a = b` and its like.
    Compare(Comparison, Arc<Expr>, Arc<Expr>),
}

/// The comparisons of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the comparisons, by their usual names")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

/// A property of an entry and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// What it is.
    pub kind: PropertyKind,
    /// Its line or lines.
    pub span: Span,
}

/// A condition behind `if`, if there is one.
pub type If = Option<Arc<Expr>>;

/// What a property is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropertyKind {
    /// `bool`, `tristate`, …
    Type(SymbolType),
    /// `prompt "…" if …`, also behind a type.
    Prompt(Name, If),
    /// `default …`, also by `def_bool`.
    Default(Arc<Expr>, If),
    /// `depends on …`, in 7.x with `if`.
    DependsOn(Arc<Expr>, If),
    /// `select X if …`
    Select(Name, If),
    /// `imply X if …`
    Imply(Name, If),
    /// `range a b if …`
    Range(Arc<Expr>, Arc<Expr>, If),
    /// `visible if …`
    VisibleIf(Arc<Expr>),
    /// The text of `help`.
    Help,
    /// `optional`, of a choice.
    Optional,
    /// `modules`, `option modules`.
    Modules,
    /// `transitional`
    Transitional,
    /// `option …` of another kind.
    Option,
}

/// A statement and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// Its first line.
    pub span: Span,
}

/// What a statement is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// `config X`, `menuconfig X`.
    Config(Name, Vec<Property>),
    /// `choice` to `endchoice`; older ones may have a name.
    Choice(Vec<Property>, Vec<Statement>),
    /// `menu` to `endmenu`.
    Menu(Vec<Property>, Vec<Statement>),
    /// `if` to `endif`.
    If(Arc<Expr>, Vec<Statement>),
    /// `comment "…"`
    Comment(Vec<Property>),
    /// `source "…"`: the path as written, whether it is relative to the file, whether it may be missing.
    Source(Name, bool, bool),
    /// `mainmenu "…"`
    MainMenu,
    /// `name = value`, `:=`, `+=`.
    Assign(Name, Assignment, Name),
    /// A line that is a macro: `$(error-if,…)`.
    Macro(Name),
}

/// How a variable gets its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Assignment {
    /// `=`: expanded at each use.
    Recursive,
    /// `:=`: expanded at once.
    Simple,
    /// `+=`
    Append,
}

/// A place that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Span,
}

/// A file, read.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// Its statements.
    pub statements: Vec<Statement>,
    /// What was not understood.
    pub errors: Vec<SyntaxError>,
}
