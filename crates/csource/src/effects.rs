//! What a macro does to its arguments.
//!
//! ```c
//! #define WRITE_ONCE(x, val) do { *(volatile typeof(x) *)&(x) = (val); } while (0)
//! ```
//!
//! An argument is not passed by value: a macro may store to it.

use text::Name;

use crate::directives::name;
use crate::lexer::{Lexer, Token, TokenKind, closing};
use crate::params::split_commas;
use crate::substitute::parameter;

/// What a replacement does to the parameters of its macro.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// The numbers of those that it stores to, or takes the address of.
    pub stored: Vec<usize>,
    /// Those that it hands on: the number, to whom, and as which argument.
    pub handed_on: Vec<(usize, Name, usize)>,
}

impl Effects {
    /// The effects of the replacement `body` of a macro with `params`.
    pub fn of(body: &[u8], params: &[Name]) -> Effects {
        let tokens: Vec<Token> = Lexer::inside(body).collect();
        let mut effects = Effects::default();
        for (at, token) in tokens.iter().enumerate() {
            if token.kind != TokenKind::Ident {
                continue;
            }
            let word = name(token.span.of(body));
            if let Some(number) = parameter(params, &word) {
                if is_stored(body, &tokens, at) && !effects.stored.contains(&number) {
                    effects.stored.push(number);
                }
            } else if tokens.get(at + 1).is_some_and(|next| next.is(b'(')) {
                let close = closing(&tokens, at + 1).unwrap_or(tokens.len());
                let args = split_commas(&tokens[at + 2..close.max(at + 2)]);
                for (argument, part) in args.into_iter().enumerate() {
                    if let Some(number) = only_parameter(body, part, params) {
                        effects.handed_on.push((number, word, argument));
                    }
                }
            }
        }
        effects
    }
}

/// The parameter that an argument is, but for parentheses and `##`.
fn only_parameter(body: &[u8], part: &[Token], params: &[Name]) -> Option<usize> {
    let mut named = part
        .iter()
        .filter(|token| !token.is(b'(') && !token.is(b')') && !token.is(b'#'));
    let (only, more) = (named.next()?, named.next());
    if only.kind != TokenKind::Ident || more.is_some() {
        return None;
    }
    parameter(params, &name(only.span.of(body)))
}

/// Whether the operand `tokens[at]`, with the parentheses around it, is assigned, stepped, an operand of
/// `asm`, or has its address taken.
fn is_stored(body: &[u8], tokens: &[Token], at: usize) -> bool {
    let (mut first, mut last) = (at, at);
    while first > 0
        && tokens[first - 1].is(b'(')
        && tokens.get(last + 1).is_some_and(|next| next.is(b')'))
        && !is_operand(tokens, first - 1)
    {
        first -= 1;
        last += 1;
    }
    let before = |n: usize| first.checked_sub(n).and_then(|at| tokens.get(at));
    let is_before = |n: usize, byte: u8| before(n).is_some_and(|token| token.is(byte));
    // The last but one of `(type *)&(x)` ends a cast.
    let of_cast = is_before(2, b')') && is_before(3, b'*');
    let operand = first
        .checked_sub(1)
        .is_some_and(|at| is_operand(tokens, at));
    let address = is_before(1, b'&') && (of_cast || !operand) && !is_before(2, b'&');
    let step = |byte: u8| is_before(1, byte) && is_before(2, byte);
    let in_asm = before(1).is_some_and(|token| {
        let text = token.span.of(body);
        text.starts_with(b"\"=") || text.starts_with(b"\"+")
    });
    let behind = &tokens[last + 1..];
    let stepped =
        matches!(behind, [a, b, ..] if (a.is(b'+') && b.is(b'+')) || (a.is(b'-') && b.is(b'-')));
    address || step(b'+') || step(b'-') || stepped || in_asm || is_assignment(behind)
}

/// Whether `tokens[at]` stands behind an operand: an operator there is binary, a parenthesis a call's.
fn is_operand(tokens: &[Token], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|at| tokens.get(at));
    before.is_some_and(|token| {
        matches!(token.kind, TokenKind::Ident | TokenKind::Number)
            || token.is(b')')
            || token.is(b']')
    })
}

/// Whether tokens begin with `=`, `+=`, `<<=`, not with a comparison.
fn is_assignment(tokens: &[Token]) -> bool {
    let together = |at: usize| match (at.checked_sub(1).map(|at| tokens[at]), tokens.get(at)) {
        (Some(before), Some(token)) => before.span.end == token.span.start,
        _ => true,
    };
    let is = |at: usize, byte: u8| tokens.get(at).is_some_and(|token| token.is(byte));
    let ends = |at: usize| is(at, b'=') && together(at) && !(is(at + 1, b'=') && together(at + 1));
    let operator = |at: usize| b"+-*/%&|^".iter().any(|byte| is(at, *byte));
    let shift = (is(0, b'<') && is(1, b'<')) || (is(0, b'>') && is(1, b'>'));
    ends(0) || (operator(0) && ends(1)) || (shift && ends(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(params: &[&str], body: &str, stored: &[usize], handed_on: &[(usize, &str, usize)]) {
        let params: Vec<Name> = params.iter().map(|p| Name::new(p)).collect();
        let expect = Effects {
            stored: stored.to_vec(),
            handed_on: handed_on
                .iter()
                .map(|(number, name, argument)| (*number, Name::new(name), *argument))
                .collect(),
        };
        assert_eq!(Effects::of(body.as_bytes(), &params), expect, "{body}");
    }

    #[test]
    fn what_is_stored() {
        check(
            &["x", "v"],
            "*(volatile typeof(x) *)&(x) = (v)",
            &[0],
            &[(0, "typeof", 0)],
        );
        check(&["x", "v"], "((x)) = v", &[0], &[]);
        check(&["x", "v"], "x += v", &[0], &[]);
        check(&["x", "v"], "x <<= v; --v", &[0, 1], &[]);
        check(&["x"], "(x)++", &[0], &[]);
        check(&["x"], "asm(\"\" : \"=r\" (x))", &[0], &[]);
        check(&["x", "y"], "f(&x, 1 & y)", &[0], &[]);
        check(&["x", "y"], "x == y ? x <= y : x && y", &[], &[]);
        check(&["x", "y"], "(x) & (y)", &[], &[]);
    }

    #[test]
    fn what_is_handed_on() {
        check(&["x"], "f(1, (x))", &[], &[(0, "f", 1)]);
        check(
            &["x", "..."],
            "g(x + 1, ##__VA_ARGS__)",
            &[],
            &[(1, "g", 1)],
        );
    }
}
