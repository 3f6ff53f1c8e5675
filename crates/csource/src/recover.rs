//! Calls that the grammar does not see: those that masking hides, and those in text that it could not
//! make sense of.
//!
//! ```c
//! list_for_each_entry(page, &list, lru) { … }	// read as while (…)
//! char *name __free(kfree) = NULL;		// kfree() is called when `name` goes
//! ```

use std::sync::Arc;

use rustc_hash::FxHashSet;
use text::Span;

use crate::directives::name;
use crate::flow::FlowId;
use crate::items::is_keyword;
use crate::lexer::{Lexer, Token, TokenKind, closing};
use crate::mask::Hidden;
use crate::parse;
use crate::substitute;
use crate::syntax::{Expr, ExprKind};
use crate::walk::Walk;

/// A text that was walked, and what was done to it.
pub(crate) struct Masked<'t> {
    /// As it stands in the file.
    pub(crate) original: &'t [u8],
    /// As the grammar got it.
    pub(crate) grammar: &'t [u8],
    /// What that does not show.
    pub(crate) hidden: &'t [Hidden],
    /// Where its first byte stands in the file.
    pub(crate) start: u32,
}

/// Adds the calls of `text` that `walk` has not met.
pub(crate) fn recover(walk: &mut Walk<'_>, text: &Masked<'_>) {
    for hidden in text.hidden {
        match *hidden {
            Hidden::Loop(name, whole) => {
                let flow = walk.flow_from(text.start + name.start);
                text.add(walk, name, whole, flow);
            }
            Hidden::Attribute(name, whole) => {
                let flow = walk.flow_around(text.place(whole));
                text.add(walk, name, whole, flow);
            }
            Hidden::Cleanup(name) => {
                let flow = walk.flow_around(text.place(name));
                text.add(walk, name, name, flow);
            }
        }
    }
    let known: FxHashSet<u32> = walk.called().collect();
    let tokens: Vec<Token> = Lexer::new(text.grammar).collect();
    let mut attribute_ends = 0;
    for (at, token) in tokens.iter().enumerate() {
        let open = tokens.get(at + 1).is_some_and(|next| next.is(b'('));
        if !open
            || token.kind != TokenKind::Ident
            || known.contains(&(text.start + token.span.start))
        {
            continue;
        }
        let word = token.span.of(text.grammar);
        let group_end = closing(&tokens, at + 1).map(|close| tokens[close].span.end);
        if word.starts_with(b"__attribute") {
            attribute_ends = group_end.unwrap_or(0);
        }
        if token.span.start < attribute_ends
            || is_keyword(word)
            || is_declared(text.grammar, &tokens[..at])
        {
            continue;
        }
        let end = group_end.unwrap_or(tokens[at + 1].span.end);
        let whole = Span {
            start: token.span.start,
            end,
        };
        let flow = walk.flow_around(text.place(whole));
        text.add(walk, token.span, whole, flow);
    }
}

impl Masked<'_> {
    fn place(&self, span: Span) -> Span {
        span.moved(self.start)
    }

    fn add(&self, walk: &mut Walk<'_>, named: Span, whole: Span, flow: FlowId) {
        let text = whole.of(self.original);
        let args = substitute::arguments(text).unwrap_or_default();
        let args = args.into_iter().map(|arg| {
            let start = self.start + whole.start + arg.start;
            parse::expression(arg.of(text), start).unwrap_or(Expr {
                kind: ExprKind::Opaque(Vec::new()),
                span: Span {
                    start,
                    end: start + (arg.end - arg.start),
                },
            })
        });
        let callee = Expr {
            kind: ExprKind::Ident(name(named.of(self.original))),
            span: self.place(named),
        };
        walk.add_call(Arc::new(callee), args.collect(), self.place(whole), flow);
    }
}

/// Whether what stands before a name and a parenthesis makes it no call: a type, a star, a field's dot.
fn is_declared(text: &[u8], before: &[Token]) -> bool {
    let Some(last) = before.last() else {
        return false;
    };
    match last.kind {
        TokenKind::Ident => !matches!(last.span.of(text), b"return" | b"else" | b"do" | b"case"),
        TokenKind::Punct(b'*' | b'.') => true,
        TokenKind::Punct(b'>') => before.len() > 1 && before[before.len() - 2].is(b'-'),
        _ => false,
    }
}
