//! The text of a mail, and where it stands in the file that was given.

/// What a mail says, decoded, its parts one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    text: Vec<u8>,
    /// Where each part begins, and the line of the file on which it does; none where it was decoded.
    parts: Vec<(usize, Option<usize>)>,
}

/// A line of a patch, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Line {
    /// Of the file that was given.
    OfFile(usize),
    /// Of the text that is encoded in it.
    OfText(usize),
}

impl Line {
    /// Its number, whatever it counts.
    pub fn number(self) -> usize {
        match self {
            Line::OfFile(number) | Line::OfText(number) => number,
        }
    }
}

impl std::fmt::Display for Line {
    /// `57`, or `57 of its text`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Line::OfFile(number) => write!(f, "{number}"),
            Line::OfText(number) => write!(f, "{number} of its text"),
        }
    }
}

impl Body {
    /// Adds a part, which begins on a line of the file, or was decoded.
    pub(crate) fn push(&mut self, text: &[u8], line: Option<usize>) {
        self.end_line();
        self.parts.push((self.text.len(), line));
        self.text.extend_from_slice(text);
    }

    /// Ends the last line, if it has no end.
    pub(crate) fn end_line(&mut self) {
        if self.text.last().is_some_and(|last| *last != b'\n') {
            self.text.push(b'\n');
        }
    }

    /// All of it.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The line on which the byte at `offset` stands.
    pub fn line_at(&self, offset: usize) -> Line {
        let offset = offset.min(self.text.len());
        let mut parts = self.parts.iter().rev();
        let part = parts.find(|(start, _)| *start <= offset);
        let newlines = |from: usize| memchr::memchr_iter(b'\n', &self.text[from..offset]).count();
        match part {
            Some((start, Some(line))) => Line::OfFile(line + newlines(*start)),
            _ => Line::OfText(1 + newlines(0)),
        }
    }
}

/// The lines of a text with their ends, and where each begins.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut start = 0;
    text.split_inclusive(|byte| *byte == b'\n')
        .map(move |line| {
            let at = start;
            start += line.len();
            (at, line)
        })
}

/// A line without its end.
pub(crate) fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_of_the_file_where_it_stands_there() {
        let mut body = Body::default();
        body.push(b"one\ntwo\n", Some(7));
        body.push(b"three\nfour", None);
        body.push(b"five\n", Some(30));
        let at = |word: &[u8]| body.line_at(memchr::memmem::find(body.text(), word).unwrap());
        assert_eq!(at(b"two"), Line::OfFile(8));
        assert_eq!(at(b"four"), Line::OfText(4));
        assert_eq!(at(b"five"), Line::OfFile(30));
        assert_eq!(body.line_at(9999), Line::OfFile(31));
    }
}
