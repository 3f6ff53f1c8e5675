//! From byte offsets to lines and back, without scanning a file again for every question.

/// Where a byte offset lies, both counted from 1 as compilers print them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in bytes, from 1.
    pub column: u32,
}

/// The starts of all lines of one text.
#[derive(Clone, Debug, Default)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Indexes `text`.
    #[must_use]
    pub fn new(text: &[u8]) -> LineIndex {
        let after = |newline| u32::try_from(newline + 1).unwrap_or(u32::MAX);
        let newlines = memchr::memchr_iter(b'\n', text).map(after);
        LineIndex {
            starts: std::iter::once(0).chain(newlines).collect(),
        }
    }

    /// The position of byte `offset`; an offset past the end is on the last line.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        Position {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: offset - start + 1,
        }
    }

    /// The offset at which line `line` (from 1) begins.
    #[must_use]
    pub fn line_start(&self, line: u32) -> Option<u32> {
        self.starts.get(line.checked_sub(1)? as usize).copied()
    }

    /// How many lines there are; a text that ends in a newline has an empty last one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Never: even an empty text has one line.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_one() {
        let index = LineIndex::new(b"ab\n\ncd");
        let at = |offset| {
            let position = index.position(offset);
            (position.line, position.column)
        };
        assert_eq!(
            [at(0), at(2), at(3), at(4), at(5)],
            [(1, 1), (1, 3), (2, 1), (3, 1), (3, 2)]
        );
        assert_eq!(index.line_start(3), Some(4));
        assert_eq!(index.line_start(0), None);
    }
}
