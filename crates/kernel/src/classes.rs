//! Which bytes of a text are of which class, as bits, found many at a time.

use wide::{i8x16, u8x16};

/// A bit for each byte of a text, in each of three classes.
#[derive(Default)]
pub(crate) struct Classes {
    /// Letters, digits, `_`, `$`, and all that is not ASCII.
    words: Vec<u64>,
    /// `/`, `"` and `#`, behind which something else begins than a word.
    marks: Vec<u64>,
    newlines: Vec<u64>,
    length: usize,
}

impl Classes {
    /// Looks at another text.
    pub(crate) fn read(&mut self, text: &[u8]) {
        self.words.clear();
        self.marks.clear();
        self.newlines.clear();
        self.length = text.len();
        let (blocks, rest) = text.as_chunks::<64>();
        for block in blocks {
            self.push(block);
        }
        if !rest.is_empty() {
            let mut last = [0; 64];
            last[..rest.len()].copy_from_slice(rest);
            self.push(&last);
        }
    }

    fn push(&mut self, block: &[u8; 64]) {
        let (mut words, mut marks, mut newlines) = (0, 0, 0);
        for (number, part) in block.as_chunks::<16>().0.iter().enumerate() {
            let (word, mark, newline) = classify(*part);
            words |= word << (16 * number);
            marks |= mark << (16 * number);
            newlines |= newline << (16 * number);
        }
        self.words.push(words);
        self.marks.push(marks);
        self.newlines.push(newlines);
    }

    /// For each 64 bytes which of them are in words, and which are marks.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = (u64, u64)> {
        self.words.iter().copied().zip(self.marks.iter().copied())
    }

    /// Behind the word that `at` is in, or `at` where it is in none.
    pub(crate) fn end_of_word(&self, at: usize) -> usize {
        first_unset(&self.words, at).map_or(self.length, |end| end.min(self.length))
    }

    /// Where the line of `at` begins.
    pub(crate) fn line(&self, at: usize) -> usize {
        let (block, bit) = (at / 64, at % 64);
        let Some(known) = self.newlines.get(block) else {
            return 0;
        };
        let mut before = known & !(u64::MAX << bit);
        for number in (0..=block).rev() {
            if before != 0 {
                return 64 * number + 64 - before.leading_zeros() as usize;
            }
            let above = number
                .checked_sub(1)
                .and_then(|above| self.newlines.get(above));
            before = above.copied().unwrap_or_default();
        }
        0
    }
}

/// The first bit from `at` on that is not set.
fn first_unset(blocks: &[u64], at: usize) -> Option<usize> {
    let mut number = at / 64;
    let mut bits = !*blocks.get(number)? & (u64::MAX << (at % 64));
    while bits == 0 {
        number += 1;
        bits = !*blocks.get(number)?;
    }
    Some(64 * number + bits.trailing_zeros() as usize)
}

fn classify(bytes: [u8; 16]) -> (u64, u64, u64) {
    let bytes = u8x16::new(bytes).cast_signed();
    let is = |byte: u8| bytes.simd_eq(i8x16::splat(byte.cast_signed()));
    let between = |value: i8x16, low: u8, high: u8| {
        value.simd_gt(i8x16::splat(low.cast_signed() - 1))
            & value.simd_lt(i8x16::splat(high.cast_signed() + 1))
    };
    let letters = between(bytes | i8x16::splat(0x20), b'a', b'z');
    let digits = between(bytes, b'0', b'9');
    let others = bytes.simd_lt(i8x16::splat(0));
    let words = letters | digits | others | is(b'_') | is(b'$');
    let marks = is(b'/') | is(b'"') | is(b'#');
    let bits = |mask: i8x16| u64::from(mask.to_bitmask());
    (bits(words), bits(marks), bits(is(b'\n')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_in_its_class_wherever_it_stands() {
        let all: Vec<u8> = (0..=255_u8).rev().chain(0..=255).chain([b'a'; 7]).collect();
        let mut classes = Classes::default();
        classes.read(b"another text, which is forgotten");
        classes.read(&all);
        let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80;
        let is_mark = |b: u8| b"/\"#".contains(&b);
        let blocks: Vec<(u64, u64)> = classes.blocks().collect();
        for at in 0..all.len() {
            let rest = &all[at..];
            let (words, marks) = blocks[at / 64];
            let bit = |bits: u64| bits >> (at % 64) & 1 == 1;
            let own = (is_word(all[at]), is_mark(all[at]));
            assert_eq!((bit(words), bit(marks)), own, "at {at}");
            let end = rest.iter().position(|b| !is_word(*b)).unwrap_or(rest.len());
            assert_eq!(classes.end_of_word(at), at + end, "from {at}");
            let line = all[..at].iter().rposition(|b| *b == b'\n');
            assert_eq!(classes.line(at), line.map_or(0, |n| n + 1), "from {at}");
        }
        classes.read(b"");
        assert_eq!(
            (
                classes.blocks().count(),
                classes.end_of_word(0),
                classes.line(0)
            ),
            (0, 0, 0)
        );
    }
}
