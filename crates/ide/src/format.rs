//! The indentation of a Kconfig file, as Documentation/process/coding-style.rst asks for it: lines of an entry with one tab,
//! those of its help text with one more level of two blanks.

use kconfig::{Parsed, Properties, PropertyKind, Statement, StatementKind};
use text::Span;

/// Bytes of a file, and what is put in their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that go.
    pub span: Span,
    /// What comes.
    pub text: String,
}

/// The changes that indent the lines in `within` of a file. Words stay what they are; of a help text lines keep what they are
/// indented against each other.
pub fn format(text: &[u8], parsed: &Parsed, within: Span) -> Vec<Edit> {
    let mut lines = Lines {
        text,
        within,
        edits: Vec::new(),
    };
    lines.statements(&parsed.statements);
    lines.edits.sort_by_key(|edit| edit.span.start);
    lines.edits.dedup();
    lines.edits
}

struct Lines<'t> {
    text: &'t [u8],
    within: Span,
    edits: Vec<Edit>,
}

impl Lines<'_> {
    fn statements(&mut self, statements: &[Statement]) {
        for statement in statements {
            match &statement.kind {
                StatementKind::Config(_, own) => self.properties(own, statement.head),
                StatementKind::Comment(own) => self.properties(own, statement.head),
                StatementKind::Choice(_, own, inner) | StatementKind::Menu(own, inner) => {
                    self.properties(own, statement.head);
                    self.statements(inner);
                }
                StatementKind::If(_, inner) => self.statements(inner),
                _ => {}
            }
        }
    }

    fn properties(&mut self, own: &Properties, head: Span) {
        // The prompt of a menu stands in its first line.
        let inner = own.iter().filter(|property| property.span.start > head.end);
        for property in inner {
            self.line(property.span.start, "\t");
            if let PropertyKind::Help(lines) = property.kind {
                self.help(lines);
            }
        }
    }

    /// The blanks before the first byte of a line, if it is what a line begins with.
    fn indent(&self, at: u32) -> Option<Span> {
        let before = self.text.get(..at as usize)?;
        let start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let is_blank = before[start..]
            .iter()
            .all(|byte| matches!(byte, b' ' | b'\t'));
        is_blank.then(|| Span::new(start, at as usize))
    }

    fn line(&mut self, at: u32, wanted: &str) {
        if let Some(indent) = self.indent(at)
            && indent.of(self.text) != wanted.as_bytes()
            && self.within.start <= at
            && at <= self.within.end
        {
            self.edits.push(Edit {
                span: indent,
                text: wanted.to_owned(),
            });
        }
    }

    fn help(&mut self, lines: Span) {
        // Lines of which some are indented otherwise would end the text.
        let length = lines.of(self.text).trim_ascii_end().len();
        let end = lines.start + u32::try_from(length).unwrap_or(0);
        if lines.start < self.within.start || self.within.end < end {
            return;
        }
        let mut at = lines.start;
        let mut own: Vec<(u32, usize)> = Vec::new();
        for line in lines.of(self.text).split_inclusive(|byte| *byte == b'\n') {
            let blank = line
                .iter()
                .take_while(|byte| matches!(byte, b' ' | b'\t'))
                .count();
            if !line.trim_ascii().is_empty() {
                let width = width(&line[..blank]);
                own.push((at + u32::try_from(blank).unwrap_or(0), width));
            }
            at += u32::try_from(line.len()).unwrap_or(0);
        }
        let least = own.iter().map(|(_, width)| *width).min().unwrap_or(0);
        for (at, width) in own {
            let wanted = format!("\t{}", " ".repeat(2 + width - least));
            // A deeper level that was written with tabs is one still.
            let indent = self.indent(at).map(|span| self::width(span.of(self.text)));
            if indent != Some(self::width(wanted.as_bytes())) {
                self.line(at, &wanted);
            }
        }
    }
}

/// How far blanks lead, with a tab every eight columns.
fn width(blanks: &[u8]) -> usize {
    blanks.iter().fold(0, |at, byte| match byte {
        b'\t' => (at / 8 + 1) * 8,
        _ => at + 1,
    })
}
