//! One logical line of Kconfig to tokens.
//!
//! ```kconfig
//! default y if $(cc-option,-mabi=elfv2) && \
//! 	     !CPU_BIG_ENDIAN	# the rest is a comment
//! ```
//!
//! A backslash at the end of a line joins it with the next, except in a comment. What stands in
//! `$(…)` belongs to its word whatever it holds, and is expanded later: the same text means another
//! thing for another architecture.

use text::Span;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A keyword, a symbol, a number; may hold `$(…)`.
    Word,
    /// A quoted text, quotes included.
    Quoted,
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`, `&&`, `||`, `!`, `(`, `)`.
    Operator,
    /// A byte that has no place in the language.
    Strange,
}

/// A token and its bytes in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

/// The end of the macro that begins at `at` (its `$`); an open one ends with its line.
pub(crate) fn macro_end(text: &[u8], at: usize) -> usize {
    let mut depth = 0_u32;
    let mut end = at + 1;
    while let Some(&byte) = text.get(end) {
        match byte {
            b'(' => depth += 1,
            b')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return end + 1;
                }
            }
            b'\\' if text.get(end + 1) == Some(&b'\n') => end += 1,
            b'\n' => return end,
            _ => {}
        }
        end += 1;
    }
    text.len()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/')
}

/// Where the logical line that begins at `at` ends, before its line end.
pub(crate) fn line_end(text: &[u8], at: usize) -> usize {
    let mut end = at;
    while let Some(&byte) = text.get(end) {
        match byte {
            b'\n' => return end,
            b'\\' => end += 2,
            b'"' | b'\'' => end = quoted_end(text, end),
            b'$' if text.get(end + 1) == Some(&b'(') => end = macro_end(text, end),
            // A comment ends with its line, whatever its last byte is.
            b'#' => return physical_end(text, end),
            _ => end += 1,
        }
    }
    text.len()
}

fn physical_end(text: &[u8], from: usize) -> usize {
    text[from..]
        .iter()
        .position(|b| *b == b'\n')
        .map_or(text.len(), |n| from + n)
}

/// The end of the text in quotes that begins at `at`; an open one ends with its line.
fn quoted_end(text: &[u8], at: usize) -> usize {
    let quote = text[at];
    let mut end = at + 1;
    while let Some(&byte) = text.get(end) {
        match byte {
            b'\\' if text.get(end + 1) != Some(&b'\n') => end += 2,
            b'\n' => return end,
            b'$' if text.get(end + 1) == Some(&b'(') => end = macro_end(text, end),
            byte if byte == quote => return end + 1,
            _ => end += 1,
        }
    }
    text.len()
}

/// The tokens of the bytes `start..end` of `text`.
pub(crate) fn tokens(text: &[u8], start: usize, end: usize) -> Vec<Token> {
    let text = &text[..end.min(text.len())];
    let (mut found, mut at) = (Vec::new(), start);
    while let Some(&byte) = text.get(at) {
        let next = text.get(at + 1).copied().unwrap_or(0);
        let (kind, to) = match (byte, next) {
            (b' ' | b'\t' | b'\r' | b'\n', _) => {
                at += 1;
                continue;
            }
            (b'\\', b'\n' | b'\r') => {
                at += 2;
                continue;
            }
            (b'#', _) => break,
            (b'"' | b'\'', _) => (TokenKind::Quoted, quoted_end(text, at)),
            (b'&', b'&') | (b'|', b'|') | (b'!' | b'<' | b'>', b'=') => {
                (TokenKind::Operator, at + 2)
            }
            (b'=' | b'<' | b'>' | b'!' | b'(' | b')', _) => (TokenKind::Operator, at + 1),
            _ if is_word(byte) || byte == b'$' => (TokenKind::Word, word_end(text, at)),
            _ => (TokenKind::Strange, at + 1),
        };
        let to = to.clamp(at + 1, text.len());
        found.push(Token {
            kind,
            span: Span::new(at, to),
        });
        at = to;
    }
    found
}

fn word_end(text: &[u8], at: usize) -> usize {
    let mut end = at;
    while let Some(&byte) = text.get(end) {
        match byte {
            b'$' if text.get(end + 1) == Some(&b'(') => end = macro_end(text, end),
            b'$' => end += 1,
            byte if is_word(byte) => end += 1,
            _ => return end,
        }
    }
    text.len()
}
