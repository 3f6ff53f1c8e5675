//! A text that an editor shows, kept as the editor has it.

use std::collections::VecDeque;
use std::sync::Arc;

use gen_lsp_types::{Position, Range, TextDocumentContentChangeEvent};
use ide::Language;
use kconfig::Parsed;
use text::Span;

use crate::position::{Encoding, Lines};

/// So many changes are remembered, to know where older places are now.
const REMEMBERED: usize = 4096;

/// A text as it is now, for those who look at it while it changes.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    /// Its bytes.
    pub(crate) bytes: Arc<[u8]>,
    /// Its lines.
    pub(crate) lines: Arc<Lines>,
    /// A Kconfig file as it was read.
    pub(crate) parsed: Option<Arc<Parsed>>,
}

impl Text {
    /// A text in a language.
    pub(crate) fn new(bytes: Arc<[u8]>, language: Option<Language>) -> Text {
        let parsed =
            (language == Some(Language::Kconfig)).then(|| Arc::new(kconfig::parse(&bytes)));
        Text {
            lines: Arc::new(Lines::new(&bytes)),
            parsed,
            bytes,
        }
    }

    /// The range of some bytes.
    pub(crate) fn range(&self, span: Span, encoding: Encoding) -> Range {
        self.lines.range(&self.bytes, span, encoding)
    }

    /// The byte at a position.
    pub(crate) fn byte(&self, position: Position, encoding: Encoding) -> u32 {
        self.lines.byte(&self.bytes, position, encoding)
    }
}

/// A change: where, how many bytes went, and how many came.
#[derive(Clone, Copy, Debug)]
struct Change {
    at: u32,
    gone: u32,
    come: u32,
}

/// A text that an editor shows.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// How the editor numbers its states.
    pub(crate) version: i32,
    /// What is understood of it.
    pub(crate) language: Option<Language>,
    /// What it is now.
    pub(crate) text: Text,
    /// How many changes there were, of this text and of others before it.
    revision: u64,
    first: u64,
    changes: VecDeque<Change>,
}

impl Document {
    /// One that was opened.
    pub(crate) fn new(text: &str, version: i32, language: Option<Language>) -> Document {
        Document {
            version,
            language,
            text: Text::new(text.as_bytes().into(), language),
            revision: 0,
            first: 0,
            changes: VecDeque::new(),
        }
    }

    /// The same, whose changes are counted from another number than those of any that was opened before.
    pub(crate) fn begun_at(mut self, opened: u64) -> Document {
        self.first = opened << 32;
        self.revision = self.first;
        self
    }

    /// How many changes there were when it was opened.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// How many changes there were so far.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// Takes changes, each to the text that those before it have made.
    pub(crate) fn change(
        &mut self,
        changes: &[TextDocumentContentChangeEvent],
        encoding: Encoding,
    ) {
        let mut bytes = self.text.bytes.to_vec();
        let mut lines: Option<Lines> = None;
        for change in changes {
            match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
                    let known = lines.as_ref().unwrap_or(&self.text.lines);
                    let span = known.span(&bytes, part.range, encoding);
                    bytes.splice(span.range(), part.text.bytes());
                    self.note(span, part.text.len());
                }
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => {
                    let new = whole.text.as_bytes();
                    let (span, come) = difference(&bytes, new);
                    bytes = new.to_vec();
                    self.note(span, come);
                }
            }
            lines = Some(Lines::new(&bytes));
        }
        self.text = Text::new(bytes.into(), self.language);
    }

    fn note(&mut self, span: Span, come: usize) {
        self.revision += 1;
        self.changes.push_back(Change {
            at: span.start,
            gone: span.end - span.start,
            come: u32::try_from(come).unwrap_or(u32::MAX),
        });
        if self.changes.len() > REMEMBERED {
            self.changes.pop_front();
        }
    }

    /// Where bytes are now that were at `span` after so many changes; `None` where a change touched them.
    pub(crate) fn moved(&self, span: Span, since: u64) -> Option<Span> {
        let missed = usize::try_from(self.revision.checked_sub(since)?).ok()?;
        let first = self.changes.len().checked_sub(missed)?;
        let mut span = span;
        for change in self.changes.iter().skip(first) {
            let end = change.at + change.gone;
            if end <= span.start {
                span.start = span.start - change.gone + change.come;
                span.end = span.end - change.gone + change.come;
            } else if change.at < span.end {
                return None;
            }
        }
        Some(span)
    }
}

/// The bytes of a text that another one replaces, and by how many: all that is the same before and behind is left out.
fn difference(old: &[u8], new: &[u8]) -> (Span, usize) {
    let same = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[same..], &new[same..]);
    let behind = old_rest.iter().rev().zip(new_rest.iter().rev());
    let behind = behind.take_while(|(a, b)| a == b).count();
    (Span::new(same, old.len() - behind), new_rest.len() - behind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gen_lsp_types::{TextDocumentContentChangePartial, TextDocumentContentChangeWholeDocument};

    fn part(range: [(u32, u32); 2], text: &str) -> TextDocumentContentChangeEvent {
        let [start, end] = range.map(|(line, character)| Position { line, character });
        let part = TextDocumentContentChangePartial {
            range: Range { start, end },
            text: text.to_owned(),
            ..TextDocumentContentChangePartial::default()
        };
        part.into()
    }

    #[test]
    fn changes_of_one_message_are_made_one_after_the_other() {
        let mut document = Document::new("one\ntwo\n", 1, None);
        let changes = [
            part([(0, 3), (0, 3)], "\nhalf"),
            part([(1, 0), (2, 0)], "x"),
        ];
        document.change(&changes, Encoding::Utf16);
        assert_eq!(&*document.text.bytes, b"one\nxtwo\n");
    }

    /// A text as a client may keep it, in another way than the server: lines of characters with their ends.
    struct Kept(Vec<String>);

    impl Kept {
        fn new(text: &str) -> Kept {
            let mut lines = vec![String::new()];
            let mut rest = text.chars().peekable();
            while let Some(c) = rest.next() {
                let last = lines.last_mut().unwrap();
                last.push(c);
                if c == '\r' && rest.peek() == Some(&'\n') {
                    last.push('\n');
                    rest.next();
                }
                if matches!(c, '\r' | '\n') {
                    lines.push(String::new());
                }
            }
            Kept(lines)
        }

        fn text(&self) -> String {
            self.0.concat()
        }

        /// Where a character of a line begins, in units; none in what ends the line.
        fn columns(&self, line: usize, encoding: Encoding) -> Vec<(u32, usize)> {
            let shown = self.0[line].trim_end_matches(['\r', '\n']);
            let (mut units, mut columns) = (0, vec![(0, 0)]);
            for (at, c) in shown.char_indices() {
                units += match encoding {
                    Encoding::Utf8 => c.len_utf8(),
                    Encoding::Utf16 => c.len_utf16(),
                    Encoding::Utf32 => 1,
                };
                columns.push((u32::try_from(units).unwrap(), at + c.len_utf8()));
            }
            columns
        }

        fn replace(&mut self, [start, end]: [(usize, usize); 2], new: &str) {
            let byte = |(line, at): (usize, usize)| -> usize {
                self.0[..line].iter().map(String::len).sum::<usize>() + at
            };
            let (start, end) = (byte(start), byte(end));
            let mut text = self.text();
            text.replace_range(start..end, new);
            *self = Kept::new(&text);
        }
    }

    /// Numbers that look random, and are the same each time.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, end: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            usize::try_from(self.0 % end as u64).unwrap()
        }
    }

    #[test]
    fn after_any_changes_the_text_is_the_clients() {
        let pieces = [
            "",
            "a",
            "\n",
            "\r\n",
            "\r",
            "\u{e4}",
            "\u{20ac}x",
            "\u{1f600}",
            "config A\n\tbool\n",
            "\\\n",
        ];
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            let mut dice = Dice(0x2545_f491_4f6c_dd1d);
            for _ in 0..40 {
                let mut kept = Kept::new("one\ntwo\u{1f600}\r\nthree");
                let mut document = Document::new(&kept.text(), 1, Some(Language::Kconfig));
                for _ in 0..60 {
                    let mut changes = Vec::new();
                    for _ in 0..=dice.below(3) {
                        let mut ends = [0, 1].map(|_| {
                            let line = dice.below(kept.0.len());
                            let columns = kept.columns(line, encoding);
                            let (column, at) = columns[dice.below(columns.len())];
                            (line, at, column)
                        });
                        ends.sort_unstable();
                        let new = pieces[dice.below(pieces.len())];
                        let positions =
                            ends.map(|(line, _, column)| (u32::try_from(line).unwrap(), column));
                        changes.push(part(positions, new));
                        kept.replace(ends.map(|(line, at, _)| (line, at)), new);
                    }
                    document.change(&changes, encoding);
                    assert_eq!(&*document.text.bytes, kept.text().as_bytes());
                }
            }
        }
    }

    #[test]
    fn a_text_that_is_sent_whole_moves_only_what_differs() {
        let mut document = Document::new("config A\nconfig B\nconfig C\n", 1, None);
        let whole = TextDocumentContentChangeWholeDocument {
            text: "config A\nconfig LONGER\nconfig C\n".to_owned(),
        };
        document.change(&[whole.into()], Encoding::Utf16);
        let moved = |start, end| document.moved(Span::new(start, end), 0);
        assert_eq!(moved(0, 8), Some(Span::new(0, 8)));
        assert_eq!(moved(9, 17), None);
        assert_eq!(moved(18, 26), Some(Span::new(23, 31)));
    }

    #[test]
    fn places_follow_the_text() {
        let mut document = Document::new("abc def ghi", 1, None);
        document.change(&[part([(0, 0), (0, 0)], "12")], Encoding::Utf16);
        document.change(&[part([(0, 2), (0, 5)], "")], Encoding::Utf16);
        let moved = |start, end| {
            let moved = document.moved(Span::new(start, end), 0)?;
            Some(String::from_utf8_lossy(moved.of(&document.text.bytes)).into_owned())
        };
        assert_eq!(moved(4, 7).as_deref(), Some("def"));
        assert_eq!(moved(0, 3), None);
        assert_eq!(document.moved(Span::new(0, 1), 9), None);
    }
}
