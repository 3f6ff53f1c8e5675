//! C text to tokens: enough to find directives, braces, names and calls, whatever the macros are.
//!
//! Comments and continued lines are white space, a directive is one token, and no input is an
//! error: `int x = 'a` ends its character at the end of the line.

use memchr::{memchr, memmem};
use text::Span;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A name or keyword.
    Ident,
    /// A number.
    Number,
    /// A string or character literal.
    Literal,
    /// A whole preprocessor line, with its continuations.
    Directive,
    /// One byte of punctuation.
    Punct(u8),
}

/// A token and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands.
    pub span: Span,
}

impl Token {
    /// Whether this is the punctuation byte `byte`.
    pub fn is(&self, byte: u8) -> bool {
        self.kind == TokenKind::Punct(byte)
    }
}

/// The number of the token that closes the parenthesis which `tokens[open]` opens.
pub(crate) fn closing(tokens: &[Token], open: usize) -> Option<usize> {
    let mut depth = 0_u32;
    let found = tokens[open..].iter().position(|token| {
        match token.kind {
            TokenKind::Punct(b'(') => depth += 1,
            TokenKind::Punct(b')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    });
    found.map(|n| open + n)
}

/// Goes over the tokens of a text.
#[derive(Clone, Debug)]
pub struct Lexer<'t> {
    text: &'t [u8],
    at: usize,
    line_start: bool,
}

/// Whether `byte` may stand in a name; bytes above ASCII may, as gcc allows.
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// Where `word` stands by itself in `text`, whatever stands around it.
pub fn whole_words<'t>(text: &'t [u8], word: &'t str) -> impl Iterator<Item = Span> + 't {
    let found = memmem::find_iter(text, word.as_bytes());
    let spans = found.map(|at| Span::new(at, at + word.len()));
    spans.filter(|span| {
        let before = span.range().start.checked_sub(1).map(|at| text[at]);
        let behind = text.get(span.range().end);
        !before.is_some_and(is_word) && !behind.is_some_and(|byte| is_word(*byte))
    })
}

impl<'t> Lexer<'t> {
    /// Begins at the start of `text`, which is taken for the start of a line.
    pub fn new(text: &'t [u8]) -> Lexer<'t> {
        Lexer {
            text,
            at: 0,
            line_start: true,
        }
    }

    /// Begins inside of a line: a `#` there is punctuation.
    pub fn inside(text: &'t [u8]) -> Lexer<'t> {
        Lexer {
            text,
            at: 0,
            line_start: false,
        }
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Skips white space, comments and continued line ends.
    fn skip_space(&mut self) {
        while self.at < self.text.len() {
            match self.text[self.at] {
                b'\n' => {
                    self.line_start = true;
                    self.at += 1;
                }
                b' ' | b'\t' | b'\r' | 0x0b | 0x0c => self.at += 1,
                b'\\' if self.continues(self.at) > 0 => self.at += self.continues(self.at),
                b'/' if matches!(self.peek(1), b'*' | b'/') => {
                    self.at = skip_comment(self.text, self.at);
                }
                _ => return,
            }
        }
    }

    /// How many bytes a backslash with its line end takes at `at`; 0 where there is none.
    fn continues(&self, at: usize) -> usize {
        continuation(self.text, at)
    }

    fn directive(&mut self) -> usize {
        directive_end(self.text, self.at)
    }

    fn number(&mut self) -> usize {
        let mut end = self.at;
        while let Some(&byte) = self.text.get(end) {
            let exponent = matches!(byte, b'+' | b'-')
                && matches!(self.text[end - 1], b'p' | b'P')
                && end > self.at;
            if !is_word(byte) && byte != b'.' && !exponent {
                break;
            }
            end += 1;
        }
        end
    }
}

/// How many bytes a backslash with its line end takes at `at`; 0 where there is none.
pub(crate) fn continuation(text: &[u8], at: usize) -> usize {
    match (text.get(at), text.get(at + 1), text.get(at + 2)) {
        (Some(b'\\'), Some(b'\n'), _) => 2,
        (Some(b'\\'), Some(b'\r'), Some(b'\n')) => 3,
        _ => 0,
    }
}

/// The end of the comment that begins at `at`; a line comment ends before its line end.
pub(crate) fn skip_comment(text: &[u8], at: usize) -> usize {
    if text.get(at + 1) == Some(&b'*') {
        let body = text.get(at + 2..).unwrap_or_default();
        return memmem::find(body, b"*/").map_or(text.len(), |found| at + 2 + found + 2);
    }
    let mut end = at;
    loop {
        match memchr(b'\n', &text[end..]) {
            Some(found) if found > 0 && text[end + found - 1] == b'\\' => end += found + 1,
            Some(found) => return end + found,
            None => return text.len(),
        }
    }
}

/// The end of the string or character that begins at `at`; an open one ends with its line.
pub(crate) fn skip_literal(text: &[u8], at: usize) -> usize {
    let quote = text[at];
    let mut end = at + 1;
    while let Some(&byte) = text.get(end) {
        match byte {
            b'\\' => end += 2,
            b'\n' => return end,
            byte if byte == quote => return end + 1,
            _ => end += 1,
        }
    }
    text.len()
}

/// The end of the directive that begins at `at` (its `#`), before the line end.
pub(crate) fn directive_end(text: &[u8], at: usize) -> usize {
    let mut end = at;
    while let Some(&byte) = text.get(end) {
        match byte {
            b'\n' => return end,
            b'\\' => end += continuation(text, end).max(1),
            b'/' if matches!(text.get(end + 1), Some(b'*')) => end = skip_comment(text, end),
            b'/' if matches!(text.get(end + 1), Some(b'/')) => return skip_comment(text, end),
            b'"' => end = skip_literal(text, end),
            // An apostrophe in `#error don't` opens nothing.
            _ => end += 1,
        }
    }
    text.len()
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip_space();
        let start = self.at;
        let byte = *self.text.get(start)?;
        let (kind, end) = match byte {
            b'#' if self.line_start => (TokenKind::Directive, self.directive()),
            b'"' | b'\'' => (TokenKind::Literal, skip_literal(self.text, start)),
            b'L' | b'u' | b'U' if matches!(self.peek(1), b'"' | b'\'') => {
                (TokenKind::Literal, skip_literal(self.text, start + 1))
            }
            b'0'..=b'9' => (TokenKind::Number, self.number()),
            byte if is_word(byte) => {
                let rest = self.text[start..].iter().position(|b| !is_word(*b));
                (
                    TokenKind::Ident,
                    rest.map_or(self.text.len(), |n| start + n),
                )
            }
            byte => (TokenKind::Punct(byte), start + 1),
        };
        self.line_start = false;
        self.at = end.clamp(start + 1, self.text.len());
        Some(Token {
            kind,
            span: Span::new(start, self.at),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let tokens: Vec<&str> = Lexer::new(text.as_bytes())
            .map(|token| std::str::from_utf8(token.span.of(text.as_bytes())).unwrap())
            .collect();
        assert_eq!(tokens, expect, "{text}");
    }

    #[test]
    fn tokens_of_ordinary_and_odd_text() {
        check(
            "a->b /* } */ + 0x1fUL // {\n;",
            &["a", "-", ">", "b", "+", "0x1fUL", ";"],
        );
        check(
            "#define X(a) \\\n  { a\nint",
            &["#define X(a) \\\n  { a", "int"],
        );
        check("x = '}'; \"{\\\"\"", &["x", "=", "'}'", ";", "\"{\\\"\""]);
        check("#error don't\n}", &["#error don't", "}"]);
        check("/* open", &[]);
        check("'a\n}", &["'a", "}"]);
        check("a # b", &["a", "#", "b"]);
        check("\"\\", &["\"\\"]);
    }
}
