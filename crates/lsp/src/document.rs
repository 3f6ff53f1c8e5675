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
    /// How many changes there were.
    revision: u64,
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
            changes: VecDeque::new(),
        }
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
