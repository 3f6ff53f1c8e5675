//! Macros that are used at the top of a file, with and without semicolons.

use text::Span;

use super::{Scan, matching_close};
use crate::directives::name;
use crate::idioms::ENTRY_MACROS;
use crate::item::TopMacro;
use crate::lexer::{Token, TokenKind};

impl Scan<'_> {
    /// Notes the macro calls that `tokens` begin with; how many tokens that are.
    pub(super) fn macro_calls(&mut self, tokens: &[Token]) -> usize {
        let mut at = 0;
        loop {
            // `STATUS_STRINGS`, a macro without arguments, may stand before them.
            let bare = tokens[at..].iter().take_while(|t| self.is_bare_macro(**t));
            let mut first = at + bare.count().saturating_sub(1);
            if self.stands_alone(&tokens[at..]) {
                first = at + 1;
            }
            match self.macro_call(tokens, first) {
                Some(end) => at = end,
                None => return at,
            }
        }
    }

    /// Whether the first token is a word behind which an empty line follows: no declaration is written so.
    fn stands_alone(&self, tokens: &[Token]) -> bool {
        let [first, next, ..] = tokens else {
            return false;
        };
        let between = Span {
            start: first.span.end,
            end: next.span.start,
        };
        first.kind == TokenKind::Ident && between.of(self.text).starts_with(b"\n\n")
    }

    /// Whether a token is written as macros that make declarations are.
    fn is_bare_macro(&self, token: Token) -> bool {
        let word = self.word(token);
        token.kind == TokenKind::Ident && word.len() > 2 && !word.iter().any(u8::is_ascii_lowercase)
    }

    /// Macro calls without a semicolon before the function whose name stands at `offset`.
    pub(super) fn macros_before(&mut self, offset: u32) {
        let tokens = std::mem::take(&mut self.state.pending);
        let named = tokens.partition_point(|token| token.span.start < offset);
        self.macro_calls(&tokens[..named]);
    }

    /// Whether the tokens are macro calls without semicolons; they are noted.
    pub(super) fn macros_only(&mut self, tokens: &[Token]) -> bool {
        self.macro_calls(tokens) == tokens.len()
    }

    /// Notes `NAME(…)` that begins at `tokens[at]`; the number of the token behind it.
    fn macro_call(&mut self, tokens: &[Token], at: usize) -> Option<usize> {
        let first = *tokens.get(at)?;
        if first.kind != TokenKind::Ident || !tokens.get(at + 1)?.is(b'(') {
            return None;
        }
        let close = matching_close(tokens, at + 1);
        let word = self.word(first);
        if !tokens[close].is(b')') || word.starts_with(b"__attribute") {
            return None;
        }
        let macro_call = TopMacro {
            name: name(word),
            name_span: first.span,
            args: Span {
                start: tokens[at + 1].span.end,
                end: tokens[close].span.start,
            },
            enters: ENTRY_MACROS.iter().any(|m| m.as_bytes() == word),
            branch: self.directives.branch_at(first.span.start),
        };
        self.out.macros.push(macro_call);
        Some(close + 1)
    }
}
