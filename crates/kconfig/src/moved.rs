//! Where things are after comments, help texts and blanks have changed.

use text::Span;

use crate::parse::parse;
use crate::syntax::{Token, TokenKind};

/// Places of a text in another one that says the same.
#[derive(Debug)]
pub struct Moved {
    /// Where each token that says something was, and where it is.
    tokens: Vec<(Span, Span)>,
}

impl Moved {
    /// The places of `old` in `new`; `None` where the words of these are others.
    ///
    /// ```
    /// use kconfig::Moved;
    /// use text::Span;
    /// let moved = Moved::new(b"config A # a\n\tbool\n", b"# new\nconfig A\n\tbool\n").unwrap();
    /// assert_eq!(moved.span(Span::new(0, 8)), Some(Span::new(6, 14)));
    /// assert!(Moved::new(b"config A\n", b"config B\n").is_none());
    /// ```
    pub fn new(old: &[u8], new: &[u8]) -> Option<Moved> {
        let (was, is) = (telling(old), telling(new));
        let said = |text: &[u8], tokens: &[Token]| -> Vec<Vec<u8>> {
            let tokens = tokens.iter();
            tokens.map(|token| token.span.of(text).to_vec()).collect()
        };
        (said(old, &was) == said(new, &is)).then(|| Moved {
            tokens: was
                .iter()
                .zip(&is)
                .map(|(was, is)| (was.span, is.span))
                .collect(),
        })
    }

    /// Where a place is that began and ended with tokens; `None` where it did not.
    pub fn span(&self, span: Span) -> Option<Span> {
        let first = self
            .tokens
            .partition_point(|(was, _)| was.start < span.start);
        let behind = self.tokens.partition_point(|(was, _)| was.end <= span.end);
        let (first, last) = (
            self.tokens.get(first)?,
            self.tokens.get(behind.checked_sub(1)?)?,
        );
        let is_whole = first.0.start == span.start && last.0.end == span.end;
        is_whole.then_some(Span {
            start: first.1.start,
            end: last.1.end,
        })
    }
}

/// The tokens that say something.
fn telling(text: &[u8]) -> Vec<Token> {
    let mut tokens = parse(text).tokens;
    tokens.retain(|token| !token.kind.is_trivia() && token.kind != TokenKind::Help);
    tokens
}
