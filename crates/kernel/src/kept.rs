//! The words of files in a form that can be kept: a few per cent of the texts.
//!
//! ```text
//! VERSION   count of files   16 bytes for the text of each   uses   heads
//! ```
//!
//! where uses and heads are lists of files by the hash of a word, as [`Lists`] has them. Numbers are little endian.

use std::io::{self, Write};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::words::VERSION;

/// For each word the files in which it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lists {
    /// The hashes of words, sorted.
    words: Vec<u32>,
    /// Where the files of each word end.
    ends: Vec<u32>,
    /// The files, ascending, as differences in seven bits a byte.
    files: Vec<u8>,
    count: usize,
}

impl Lists {
    /// The lists of sorted postings, each a word in the high half and a file in the low half.
    pub(crate) fn of(postings: &[u64]) -> Lists {
        let mut lists = Lists {
            count: postings.len(),
            ..Lists::default()
        };
        let mut before = 0;
        for posting in postings {
            let (word, file) = ((posting >> 32) as u32, (posting & 0xffff_ffff) as u32);
            if lists.words.last() != Some(&word) {
                lists.end_word();
                lists.words.push(word);
                before = 0;
            }
            push_number(&mut lists.files, file - before);
            before = file;
        }
        lists.end_word();
        lists
    }

    /// Lists of which each has higher words than those before, as one.
    pub(crate) fn joined(parts: &[Lists]) -> Lists {
        let sum = |of: fn(&Lists) -> usize| parts.iter().map(of).sum();
        let mut all = Lists {
            words: Vec::with_capacity(sum(|part| part.words.len())),
            ends: Vec::with_capacity(sum(|part| part.ends.len())),
            files: Vec::with_capacity(sum(|part| part.files.len())),
            count: sum(|part| part.count),
        };
        for part in parts {
            let before = u32::try_from(all.files.len()).unwrap_or(u32::MAX);
            all.words.extend(&part.words);
            all.ends
                .extend(part.ends.iter().map(|end| before.saturating_add(*end)));
            all.files.extend(&part.files);
        }
        all
    }

    fn end_word(&mut self) {
        if self.ends.len() < self.words.len() {
            self.ends
                .push(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        }
    }

    /// How many postings there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// The files of a word, ascending.
    pub(crate) fn files(&self, word: u32) -> impl Iterator<Item = u32> {
        let number = self.words.binary_search(&word).ok();
        number.into_iter().flat_map(|number| self.files_of(number))
    }

    fn files_of(&self, number: usize) -> impl Iterator<Item = u32> {
        let end = |number: usize| self.ends.get(number).map_or(0, |end| *end as usize);
        let start = number.checked_sub(1).map_or(0, end);
        let mut rest = self.files.get(start..end(number)).unwrap_or_default();
        let mut file = 0_u32;
        std::iter::from_fn(move || {
            file = file.wrapping_add(take_number(&mut rest)?);
            Some(file)
        })
    }

    /// Tells each word with each of its files, in order.
    pub(crate) fn each(&self, mut tell: impl FnMut(u32, u32)) {
        for (number, word) in self.words.iter().enumerate() {
            for file in self.files_of(number) {
                tell(*word, file);
            }
        }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for number in [self.count, self.words.len(), self.files.len()] {
            out.write_all(&(number as u64).to_le_bytes())?;
        }
        for numbers in [&self.words, &self.ends] {
            write_numbers(out, numbers, u32::to_le_bytes)?;
        }
        out.write_all(&self.files)
    }

    fn read(bytes: &mut &[u8]) -> Option<Lists> {
        let mut number = || usize::try_from(u64::from_le_bytes(take(bytes)?)).ok();
        let [count, words, files] = [number()?, number()?, number()?];
        let mut numbers = |count: usize| {
            let (all, rest) = bytes.split_at_checked(count.checked_mul(4)?)?;
            *bytes = rest;
            let all = all.as_chunks::<4>().0.iter();
            Some(all.map(|number| u32::from_le_bytes(*number)).collect())
        };
        let (words, ends) = (numbers(words)?, numbers(words)?);
        let (files, rest) = bytes.split_at_checked(files)?;
        *bytes = rest;
        Some(Lists {
            words,
            ends,
            files: files.to_vec(),
            count,
        })
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*taken)
}

fn push_number(out: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

fn take_number(bytes: &mut &[u8]) -> Option<u32> {
    let mut number = 0;
    for shift in (0..35).step_by(7) {
        let [byte] = take(bytes)?;
        number |= u32::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Writes an index as it is kept: what stands for the text of each file, 0 where that is not known, and the words.
pub(crate) fn write(
    contents: &[u128],
    postings: &[Lists; 2],
    out: &mut dyn Write,
) -> io::Result<()> {
    out.write_all(&VERSION.to_le_bytes())?;
    out.write_all(&(contents.len() as u64).to_le_bytes())?;
    write_numbers(out, contents, u128::to_le_bytes)?;
    postings.iter().try_for_each(|lists| lists.write(out))
}

/// Writes numbers, some thousand at a time.
fn write_numbers<T: Copy, const N: usize>(
    out: &mut dyn Write,
    numbers: &[T],
    bytes: impl Fn(T) -> [u8; N],
) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(4096 * N);
    for some in numbers.chunks(4096) {
        buffer.clear();
        buffer.extend(some.iter().flat_map(|number| bytes(*number)));
        out.write_all(&buffer)?;
    }
    Ok(())
}

/// An index of words by what is in files, not by where they are: it serves all trees that have the same files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptIndex {
    /// What stands for the text of each file; 0 where that is not known.
    contents: Vec<u128>,
    postings: [Lists; 2],
}

impl KeptIndex {
    /// The number of the file with a text.
    pub(crate) fn files(&self) -> FxHashMap<u128, u32> {
        let all = self.contents.iter().copied().zip(0..);
        all.filter(|(content, _)| *content != 0).collect()
    }

    /// How many files there are, and their words.
    pub(crate) fn into_parts(self) -> (usize, [Lists; 2]) {
        (self.contents.len(), self.postings)
    }

    /// What was kept; `None` where it is of another version, or not whole. Whether it was damaged is for those to
    /// know who keep it.
    #[must_use]
    pub fn from_bytes(mut bytes: &[u8]) -> Option<KeptIndex> {
        let rest = &mut bytes;
        if u32::from_le_bytes(take(rest)?) != VERSION {
            return None;
        }
        let count = usize::try_from(u64::from_le_bytes(take(rest)?)).ok()?;
        let (contents, lists) = rest.split_at_checked(count.checked_mul(16)?)?;
        *rest = lists;
        let contents = contents.as_chunks::<16>().0.iter();
        Some(KeptIndex {
            contents: contents.map(|c| u128::from_le_bytes(*c)).collect(),
            postings: [Lists::read(rest)?, Lists::read(rest)?],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_give_back_what_was_put_in() {
        let postings = [
            (3, 0),
            (3, 5),
            (3, 1000),
            (4, 7),
            (9, 200),
            (9, 4_000_000_000),
        ];
        let packed: Vec<u64> = postings.iter().map(|(w, f)| w << 32 | f).collect();
        let lists = Lists::of(&packed);
        let mut told = Vec::new();
        lists.each(|word, file| told.push((u64::from(word), u64::from(file))));
        assert_eq!(told, postings);
        assert_eq!(lists.files(9).collect::<Vec<_>>(), [200, 4_000_000_000]);
        assert_eq!(lists.files(5).count(), 0);
        assert_eq!((lists.len(), Lists::of(&[]).files(0).count()), (6, 0));
        let parts = [
            Lists::of(&packed[..3]),
            Lists::of(&[]),
            Lists::of(&packed[3..]),
        ];
        assert_eq!(Lists::joined(&parts), lists);
    }

    #[test]
    fn what_is_not_whole_is_no_index() {
        let to_bytes = |contents: &[u128], postings: &[Lists; 2]| {
            let mut bytes = Vec::new();
            write(contents, postings, &mut bytes).unwrap();
            bytes
        };
        let bytes = to_bytes(&[7, 0, 9], &[Lists::of(&[1, 1 << 32]), Lists::of(&[])]);
        let index = KeptIndex::from_bytes(&bytes).unwrap();
        assert_eq!(to_bytes(&index.contents, &index.postings), bytes);
        for end in 0..bytes.len() {
            assert_eq!(KeptIndex::from_bytes(&bytes[..end]), None);
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0xff;
            if let Some(index) = KeptIndex::from_bytes(&damaged) {
                // Whatever it says, it can be asked.
                index.postings[0].each(|_, _| {});
            }
        }
    }
}
