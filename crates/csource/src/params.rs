//! Parameters: `int a, struct page *page, void (*fn)(int), ...`, by name and type.

use text::Name;

use crate::directives::name;
use crate::idioms::ATTRIBUTES;
use crate::item::Param;
use crate::lexer::{Token, TokenKind};

/// The words of `tokens`, a blank between each.
pub(crate) fn joined(text: &[u8], tokens: &[Token]) -> Name {
    let words: Vec<&[u8]> = tokens.iter().map(|t| t.span.of(text)).collect();
    name(&words.join(&b' '))
}

/// Splits at commas outside of parentheses.
pub(crate) fn split_commas(tokens: &[Token]) -> Vec<&[Token]> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_u32);
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Punct(b'(' | b'[' | b'{') => depth += 1,
            TokenKind::Punct(b')' | b']' | b'}') => depth = depth.saturating_sub(1),
            TokenKind::Punct(b',') if depth == 0 => {
                parts.push(&tokens[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&tokens[start..]);
    parts
}

/// The parameters between the parentheses of a function's head.
pub(crate) fn params(text: &[u8], tokens: &[Token]) -> Vec<Param> {
    let parts = split_commas(tokens);
    let is_void =
        |part: &[Token]| part.is_empty() || (part.len() == 1 && part[0].span.of(text) == b"void");
    if parts.len() == 1 && is_void(parts[0]) {
        return Vec::new();
    }
    parts.into_iter().map(|part| param(text, part)).collect()
}

fn param(text: &[u8], part: &[Token]) -> Param {
    let pointer = part.iter().any(|t| t.is(b'*') || t.is(b'['));
    // `int (*fn)(int)` is named inside its first parentheses.
    let end = part
        .iter()
        .position(|t| t.is(b'[') || t.is(b')'))
        .unwrap_or(part.len());
    let attribute = |t: &Token| ATTRIBUTES.iter().any(|a| a.as_bytes() == t.span.of(text));
    let at = part[..end]
        .iter()
        .rposition(|t| t.kind == TokenKind::Ident && !attribute(t));
    let word = at.map_or(Name::new(""), |n| name(part[n].span.of(text)));
    let rest: Vec<Token> = part
        .iter()
        .enumerate()
        .filter(|(n, t)| Some(*n) != at && !t.is(b'*'))
        .map(|(_, t)| *t)
        .collect();
    // A lone type such as `struct foo *` has no name; `foo` alone is one.
    let lone_type = |rest: &[Token]| match rest {
        [] => true,
        [only] => matches!(
            only.span.of(text),
            b"struct" | b"union" | b"enum" | b"const" | b"unsigned"
        ),
        _ => false,
    };
    let named = !lone_type(&rest);
    let unnamed = if named { word } else { Name::new("") };
    Param {
        name: unnamed,
        type_text: joined(text, &rest),
        pointer,
    }
}

/// `(name, type, param, type, param)` of `SYSCALL_DEFINEn`.
pub(crate) fn generator_params(text: &[u8], tokens: &[Token]) -> Vec<Param> {
    let parts = split_commas(tokens);
    let pairs = parts
        .get(1..)
        .unwrap_or_default()
        .chunks(2)
        .filter(|pair| pair.len() == 2);
    pairs
        .map(|pair| Param {
            name: pair[1]
                .last()
                .map_or(Name::new(""), |t| name(t.span.of(text))),
            type_text: joined(text, pair[0]),
            pointer: pair[0].iter().any(|t| t.is(b'*')),
        })
        .collect()
}
