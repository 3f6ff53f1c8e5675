//! What a Kconfig file says, before it is known for which architecture.
//!
//! Texts keep their macros (`arch/$(SRCARCH)/Kconfig`): a file is read once and elaborated for each
//! architecture.

use std::ops::Deref;
use std::sync::Arc;

use text::{Name, Span};

use crate::shared::{Dependencies, Meaning, Once, Shape};

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

impl SymbolType {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            SymbolType::Bool => "bool",
            SymbolType::Tristate => "tristate",
            SymbolType::String => "string",
            SymbolType::Int => "int",
            SymbolType::Hex => "hex",
        }
    }
}

/// A word of a file, and its bytes there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spelled {
    /// The word; without quotes and escapes where it is quoted.
    pub name: Name,
    /// Its bytes, quotes included.
    pub span: Span,
}

/// An expression as it is written, and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    /// What it says.
    pub kind: ExprKind,
    /// From its first token to its last.
    pub span: Span,
    pub(crate) meaning: Once<Option<Meaning>>,
}

impl Expr {
    pub(crate) fn new(kind: ExprKind, span: Span) -> Arc<Expr> {
        Arc::new(Expr {
            kind,
            span,
            meaning: Once::default(),
        })
    }
}

/// What an expression says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExprKind {
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

impl Comparison {
    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterEqual => ">=",
        }
    }
}

/// A property of an entry and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// What it is.
    pub kind: PropertyKind,
    /// From its keyword to its last token. `bool "…"` is two properties with the same bytes.
    pub span: Span,
}

/// The properties of an entry, as they follow each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties {
    all: Vec<Property>,
    /// Of a `config`, its number in its file.
    pub(crate) number: u32,
    pub(crate) depends: Once<Dependencies>,
    pub(crate) shape: Once<Shape>,
}

impl Properties {
    pub(crate) fn extend(&mut self, more: impl IntoIterator<Item = Property>) {
        self.all.extend(more);
    }
}

impl Deref for Properties {
    type Target = [Property];

    fn deref(&self) -> &[Property] {
        &self.all
    }
}

/// A condition behind `if`, if there is one.
pub type If = Option<Arc<Expr>>;

/// What a property is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropertyKind {
    /// `bool`, `tristate`, …
    Type(SymbolType),
    /// `prompt "…" if …`, also behind a type.
    Prompt(Spelled, If),
    /// `default …`, also by `def_bool`.
    Default(Arc<Expr>, If),
    /// `depends on …`, in 7.x with `if`.
    DependsOn(Arc<Expr>, If),
    /// `select X if …`
    Select(Spelled, If),
    /// `imply X if …`
    Imply(Spelled, If),
    /// `range a b if …`
    Range(Arc<Expr>, Arc<Expr>, If),
    /// `visible if …`
    VisibleIf(Arc<Expr>),
    /// `help`, and the lines of its text.
    Help(Span),
    /// `optional`, of a choice.
    Optional,
    /// `modules`, `option modules`.
    Modules,
    /// `transitional`
    Transitional,
    /// `option …` of another kind: `allnoconfig_y`.
    Option(Spelled),
}

/// A statement and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it is.
    pub kind: StatementKind,
    /// Its first line, from the keyword to the last token.
    pub head: Span,
    /// All of it: with its properties, and for a block to the end of its last line.
    pub span: Span,
}

/// What a statement is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// `config X`, `menuconfig X`.
    Config(Spelled, Arc<Properties>),
    /// `choice` to `endchoice`; older ones may have a name.
    Choice(Option<Spelled>, Properties, Vec<Statement>),
    /// `menu` to `endmenu`.
    Menu(Properties, Vec<Statement>),
    /// `if` to `endif`.
    If(Arc<Expr>, Vec<Statement>),
    /// `comment "…"`
    Comment(Properties),
    /// `source "…"` and its variants.
    Source(SourceLine),
    /// `mainmenu "…"`
    MainMenu(Spelled),
    /// `name = value`, `:=`, `+=`.
    Assign(Spelled, Assignment, Spelled),
    /// A line that is a macro: `$(error-if,…)`.
    Macro(Spelled),
}

/// A `source` line. The kernel has the plain one only; other projects also write `rsource`, `osource`
/// and `orsource`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The path as it is written.
    pub path: Spelled,
    /// Whether the path begins where the file stands.
    pub relative: bool,
    /// Whether the file may be missing.
    pub optional: bool,
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

/// How much a message weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The kernel's tools stop here.
    Error,
    /// They go on.
    Warning,
    /// Only said.
    Info,
}

/// A place that was not understood, or that is better written another way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// How much it weighs.
    pub severity: Severity,
    /// Where.
    pub span: Span,
}

/// A piece of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its bytes.
    pub span: Span,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A keyword, a symbol, a number; may hold `$(…)`.
    Word,
    /// A text in quotes, quotes included.
    Quoted,
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`, `&&`, `||`, `!`, `(`, `)`, `:=`, `+=`.
    Operator,
    /// What is assigned to a variable.
    Value,
    /// The lines of a help text.
    Help,
    /// From `#` to the end of the line.
    Comment,
    /// Blanks and tabs.
    Space,
    /// The end of a line.
    Newline,
    /// A backslash and the line end that it hides.
    Continuation,
    /// A byte that has no place in the language; the kernel's parser passes over it with a warning.
    Stray,
}

impl TokenKind {
    /// Whether the token says nothing.
    pub fn is_trivia(self) -> bool {
        matches!(
            self,
            TokenKind::Comment | TokenKind::Space | TokenKind::Newline | TokenKind::Continuation
        )
    }
}

/// A file, read: a tree of statements, and the tokens that it is made of.
///
/// Nothing is lost: the tokens follow each other from the first byte to the last, whatever the file
/// holds, and every statement, property and expression begins and ends where a token does.
///
/// ```
/// let text = b"config NUMA # nodes\n\tbool \"NUMA\"\n ??\n";
/// let parsed = kconfig::parse(text);
/// let again: Vec<u8> = parsed.tokens.iter().flat_map(|token| token.span.of(text)).copied().collect();
/// assert_eq!(again, text);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// Its statements.
    pub statements: Vec<Statement>,
    /// All its tokens.
    pub tokens: Vec<Token>,
    /// What was not understood.
    pub errors: Vec<SyntaxError>,
}

impl Parsed {
    /// The `config` or `menuconfig` whose first line begins at `start`.
    pub fn entry_at(&self, start: u32) -> Option<(&Spelled, &Properties)> {
        entry_in(&self.statements, start)
    }
}

fn entry_in(statements: &[Statement], start: u32) -> Option<(&Spelled, &Properties)> {
    statements
        .iter()
        .find_map(|statement| match &statement.kind {
            StatementKind::Config(name, properties) => {
                (statement.head.start == start).then_some((name, &**properties))
            }
            StatementKind::Choice(_, _, inner)
            | StatementKind::Menu(_, inner)
            | StatementKind::If(_, inner) => entry_in(inner, start),
            _ => None,
        })
}
