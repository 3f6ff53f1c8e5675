//! Bytes as the protocol counts them: lines, and in a line units of an encoding that was agreed on.

use gen_lsp_types::{Position, PositionEncodingKind, Range};
use text::Span;

/// In what the protocol counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Encoding {
    /// Bytes of UTF-8.
    Utf8,
    /// Units of 16 bits, as every client understands.
    #[default]
    Utf16,
    /// Characters.
    Utf32,
}

impl Encoding {
    /// The best of those that a client offers.
    pub(crate) fn among(offered: &[&str]) -> Encoding {
        let has = |name: &str| offered.contains(&name);
        if has("utf-8") {
            Encoding::Utf8
        } else if has("utf-32") && !has("utf-16") {
            Encoding::Utf32
        } else {
            Encoding::Utf16
        }
    }

    /// As the protocol calls it.
    pub(crate) fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
            Encoding::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    /// How many units a piece of a text has. A byte that is no UTF-8 is one, as editors show it.
    fn units(self, text: &[u8]) -> usize {
        if self == Encoding::Utf8 || text.is_ascii() {
            return text.len();
        }
        let of = |text: &str| match self {
            Encoding::Utf8 => text.len(),
            Encoding::Utf16 => text.encode_utf16().count(),
            Encoding::Utf32 => text.chars().count(),
        };
        let chunks = text.utf8_chunks();
        chunks
            .map(|one| of(one.valid()) + one.invalid().len())
            .sum()
    }

    /// The bytes of so many units at the beginning of a line; all of it where it has fewer. Never a part of a character.
    fn bytes(self, line: &[u8], units: usize) -> usize {
        let (mut left, mut at) = (units, 0);
        for chunk in line.utf8_chunks() {
            for c in chunk.valid().chars() {
                let own = match self {
                    Encoding::Utf8 => c.len_utf8(),
                    Encoding::Utf16 => c.len_utf16(),
                    Encoding::Utf32 => 1,
                };
                if left < own {
                    return at;
                }
                left -= own;
                at += c.len_utf8();
            }
            let invalid = chunk.invalid().len().min(left);
            left -= invalid;
            at += invalid;
            if invalid < chunk.invalid().len() {
                return at;
            }
        }
        at
    }
}

/// The lines of a text as the protocol has them: they end in `\n`, `\r\n`, or a lone `\r`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lines {
    starts: Vec<u32>,
}

impl Lines {
    /// Those of a text.
    pub(crate) fn new(text: &[u8]) -> Lines {
        let mut starts = vec![0];
        for at in memchr::memchr2_iter(b'\n', b'\r', text) {
            if text[at] == b'\r' && text.get(at + 1) == Some(&b'\n') {
                continue;
            }
            starts.push(number(at + 1));
        }
        Lines { starts }
    }

    /// The position of a byte.
    pub(crate) fn position(&self, text: &[u8], at: u32, encoding: Encoding) -> Position {
        let at = at.min(number(text.len()));
        let line = self.starts.partition_point(|start| *start <= at) - 1;
        let start = self.starts[line] as usize;
        let before = text.get(start..at as usize).unwrap_or_default();
        Position {
            line: number(line),
            character: number(encoding.units(before)),
        }
    }

    /// The byte at a position; one behind the end of a line is at its end, one behind the last line at the end of the text.
    pub(crate) fn byte(&self, text: &[u8], position: Position, encoding: Encoding) -> u32 {
        let Some(start) = self.starts.get(position.line as usize) else {
            return number(text.len());
        };
        let end = self.starts.get(position.line as usize + 1);
        let end = end.map_or(text.len(), |end| *end as usize);
        let line = text.get(*start as usize..end).unwrap_or_default();
        let ends: [&[u8]; 3] = [b"\r\n", b"\n", b"\r"];
        let shown = ends.iter().find_map(|end| line.strip_suffix(*end));
        let shown = shown.unwrap_or(line);
        start + number(encoding.bytes(shown, position.character as usize))
    }

    /// The range of some bytes.
    pub(crate) fn range(&self, text: &[u8], span: Span, encoding: Encoding) -> Range {
        Range {
            start: self.position(text, span.start, encoding),
            end: self.position(text, span.end, encoding),
        }
    }

    /// The bytes of a range; one that ends before it begins is empty.
    pub(crate) fn span(&self, text: &[u8], range: Range, encoding: Encoding) -> Span {
        let start = self.byte(text, range.start, encoding);
        let end = self.byte(text, range.end, encoding).max(start);
        Span { start, end }
    }

    /// The bytes of a line, from 1, without the blanks before it and what ends it.
    pub(crate) fn line(&self, text: &[u8], line: u32) -> Span {
        let number = line.saturating_sub(1) as usize;
        let start = self
            .starts
            .get(number)
            .map_or(text.len(), |at| *at as usize);
        let end = self
            .starts
            .get(number + 1)
            .map_or(text.len(), |at| *at as usize);
        let whole = text.get(start..end).unwrap_or_default();
        let blank = whole.len() - whole.trim_ascii_start().len();
        let shown = whole.trim_ascii().len();
        if shown == 0 {
            return Span::new(start, start);
        }
        Span::new(start + blank, start + blank + shown)
    }
}

fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

    #[test]
    fn every_character_has_a_position_that_leads_back() {
        let texts: [&[u8]; 6] = [
            "a\u{e4}\u{20ac}\u{1f600}b\r\nsecond\rthird\n\nlast".as_bytes(),
            b"",
            b"\r\r\n\n\r",
            b"latin-1 \xe4\xff text\nmore\n",
            "no end".as_bytes(),
            "\u{1f600}\n".as_bytes(),
        ];
        for text in texts {
            let lines = Lines::new(text);
            for encoding in ALL {
                for at in 0..=text.len() {
                    let inside =
                        std::str::from_utf8(text).is_ok_and(|text| !text.is_char_boundary(at));
                    let is_in_end = at > 0 && text[at - 1] == b'\r' && text.get(at) == Some(&b'\n');
                    if inside || is_in_end {
                        continue;
                    }
                    let at = number(at);
                    let position = lines.position(text, at, encoding);
                    assert_eq!(
                        lines.byte(text, position, encoding),
                        at,
                        "{text:?} {encoding:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn units_are_those_of_the_encoding() {
        let text = "x\u{1f600}\u{e4}y".as_bytes();
        let lines = Lines::new(text);
        let columns = ALL.map(|encoding| lines.position(text, 7, encoding).character);
        assert_eq!(columns, [7, 4, 3]);
    }

    #[test]
    fn a_position_within_a_character_or_behind_a_line_is_moved_to_a_whole_one() {
        let text = "\u{1f600}b\nc".as_bytes();
        let lines = Lines::new(text);
        let byte =
            |line, character| lines.byte(text, Position { line, character }, Encoding::Utf16);
        assert_eq!(
            [byte(0, 1), byte(0, 2), byte(0, 99), byte(1, 9), byte(7, 0)],
            [0, 4, 5, 7, 7]
        );
    }

    #[test]
    fn what_clients_offer_is_taken_in_order_of_preference() {
        assert_eq!(Encoding::among(&["utf-16", "utf-8"]), Encoding::Utf8);
        assert_eq!(Encoding::among(&["utf-32", "utf-16"]), Encoding::Utf16);
        assert_eq!(Encoding::among(&["utf-32"]), Encoding::Utf32);
        assert_eq!(Encoding::among(&[]), Encoding::Utf16);
    }
}
