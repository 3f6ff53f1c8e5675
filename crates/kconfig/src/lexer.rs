//! One logical line of Kconfig to tokens, as `scripts/kconfig/lexer.l` cuts it.
//!
//! ```kconfig
//! default y if $(cc-option,-mabi=elfv2) && \
//! 	     !CPU_BIG_ENDIAN	# the rest is a comment
//! ```
//!
//! A backslash at the end of a line joins it with the next, but neither in a comment nor inside quotes
//! or macros. What stands in `$(…)` belongs to its word whatever it holds, and is expanded later: the
//! same text means another thing for another architecture.
//!
//! The tokens of a line follow each other without a gap: blanks, comments and line ends are tokens too.

use text::Span;

use crate::syntax::{Token, TokenKind};

/// The end of the macro that begins at `at` (its `$`), and whether it is closed; an open one ends with
/// its line.
pub(crate) fn macro_end(text: &[u8], at: usize) -> (usize, bool) {
    let mut depth = 0_u32;
    for (end, byte) in text.iter().enumerate().skip(at + 1) {
        match byte {
            b'(' => depth += 1,
            b')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return (end + 1, true);
                }
            }
            b'\n' => return (end, false),
            _ => {}
        }
    }
    (text.len(), false)
}

/// Adds the tokens of the logical line that begins at `at`, its line end included; answers where the
/// next one begins.
pub(crate) fn line(text: &[u8], mut at: usize, tokens: &mut Vec<Token>) -> usize {
    while let Some(&byte) = text.get(at) {
        let next = text.get(at + 1).copied().unwrap_or(0);
        let (kind, end) = match (byte, next) {
            (b'\n', _) => (TokenKind::Newline, at + 1),
            (b' ' | b'\t' | b'\r', _) => (TokenKind::Space, space_end(text, at)),
            (b'\\', b'\n') => (TokenKind::Continuation, at + 2),
            // A comment ends with its line, whatever its last byte is.
            (b'#', _) => (TokenKind::Comment, physical_end(text, at)),
            (b'"' | b'\'', _) => (TokenKind::Quoted, quoted_end(text, at)),
            (b'&', b'&') | (b'|', b'|') | (b'!' | b'<' | b'>' | b':' | b'+', b'=') => {
                (TokenKind::Operator, at + 2)
            }
            (b'=' | b'<' | b'>' | b'!' | b'(' | b')', _) => (TokenKind::Operator, at + 1),
            _ if is_word(byte) => (TokenKind::Word, word_end(text, at)),
            _ => (TokenKind::Stray, at + 1),
        };
        tokens.push(Token {
            kind,
            span: Span::new(at, end),
        });
        at = end;
        if kind == TokenKind::Newline {
            break;
        }
    }
    at
}

/// Where the line of the file that holds `from` ends, before its line end.
pub(crate) fn physical_end(text: &[u8], from: usize) -> usize {
    memchr::memchr(b'\n', &text[from..]).map_or(text.len(), |n| from + n)
}

fn space_end(text: &[u8], at: usize) -> usize {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r');
    at + text[at..].iter().take_while(|byte| blank(byte)).count()
}

/// The end of the text in quotes that begins at `at`; an open one ends with its line.
fn quoted_end(text: &[u8], at: usize) -> usize {
    let quote = text[at];
    let mut end = at + 1;
    while let Some(&byte) = text.get(end) {
        match byte {
            b'\\' if text.get(end + 1).is_some_and(|next| *next != b'\n') => end += 2,
            b'\n' => return end,
            b'$' if text.get(end + 1) == Some(&b'(') => end = macro_end(text, end).0,
            byte if byte == quote => return end + 1,
            _ => end += 1,
        }
    }
    text.len()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$')
}

fn word_end(text: &[u8], at: usize) -> usize {
    let mut end = at;
    while let Some(&byte) = text.get(end) {
        match byte {
            b'$' if text.get(end + 1) == Some(&b'(') => end = macro_end(text, end).0,
            byte if is_word(byte) => end += 1,
            _ => return end,
        }
    }
    text.len()
}
