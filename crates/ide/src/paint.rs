//! What the words of a Kconfig file are, for an editor that colours them.

use kconfig::{Mention, Parsed, Role, Statement, StatementKind, TokenKind, mentions};
use text::Span;

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Paint {
    /// A word of the language.
    Keyword,
    /// The type of a symbol.
    Type,
    /// A symbol.
    Symbol,
    /// The name of a symbol where it is defined.
    Definition,
    /// A text in quotes.
    Text,
    /// A number.
    Number,
    /// A constant: `y`, `m`, `n`.
    Constant,
    /// `&&`, `||`, `!`, `=`.
    Operator,
    /// A comment.
    Comment,
    /// A help text.
    Help,
    /// A macro or a variable: `$(SRCARCH)`.
    Macro,
}

/// A word and its paint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Painted {
    /// The bytes, never of more than one line.
    pub span: Span,
    /// What they are.
    pub paint: Paint,
}

/// The types, as they are written.
const TYPES: [&str; 8] = [
    "bool",
    "boolean",
    "tristate",
    "string",
    "int",
    "hex",
    "def_bool",
    "def_tristate",
];

/// Paints a file, in the order of its text.
pub fn paint(text: &[u8], parsed: &Parsed) -> Vec<Painted> {
    let mentions = mentions(&parsed.statements);
    let mut assigned = Vec::new();
    variables(&parsed.statements, &mut assigned);
    let mut all = Vec::new();
    let mut put = |span: Span, paint| {
        // What has several lines is painted line by line.
        let mut at = span.start as usize;
        for line in span.of(text).split_inclusive(|byte| *byte == b'\n') {
            let shown = line.trim_ascii_end().len();
            let blank = line.len() - line.trim_ascii_start().len();
            if blank < shown {
                let span = Span::new(at + blank, at + shown);
                all.push(Painted { span, paint });
            }
            at += line.len();
        }
    };
    for token in &parsed.tokens {
        let paint = match token.kind {
            TokenKind::Word => word(token.span, text, (&mentions, &assigned)),
            TokenKind::Quoted => Paint::Text,
            TokenKind::Operator => Paint::Operator,
            TokenKind::Value => Paint::Macro,
            TokenKind::Help => Paint::Help,
            TokenKind::Comment => Paint::Comment,
            _ => continue,
        };
        put(token.span, paint);
    }
    all
}

fn word(span: Span, text: &[u8], (mentions, assigned): (&[Mention], &[Span])) -> Paint {
    let word = span.of(text);
    let at = mentions.binary_search_by_key(&span.start, |one| one.span.start);
    if let Ok(at) = at
        && mentions[at].span == span
    {
        return match mentions[at].role {
            Role::Definition => Paint::Definition,
            _ => Paint::Symbol,
        };
    }
    let is_type = TYPES.iter().any(|one| one.as_bytes() == word);
    match word {
        _ if assigned.contains(&span) => Paint::Macro,
        [b'$', ..] => Paint::Macro,
        [b'y' | b'm' | b'n'] => Paint::Constant,
        [b'0'..=b'9' | b'-', ..] => Paint::Number,
        _ if is_type => Paint::Type,
        _ => Paint::Keyword,
    }
}

/// The names of variables where they are given a value.
fn variables(statements: &[Statement], found: &mut Vec<Span>) {
    for statement in statements {
        match &statement.kind {
            StatementKind::Assign(name, ..) => found.push(name.span),
            StatementKind::Choice(_, _, inner)
            | StatementKind::Menu(_, inner)
            | StatementKind::If(_, inner) => variables(inner, found),
            _ => {}
        }
    }
}
