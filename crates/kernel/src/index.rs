//! Which words stand in which files.
//!
//! A posting says "a word with this hash stands in this file". Hashes of 32 bits may collide: a
//! file is then looked at in vain, nothing is missed. Only words that can be a use are noted: what
//! is followed by a type's star or another word is not one, and the name that a `#define` gives is
//! found by those who read the directives.

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use source::{Source, key_of};

use crate::classes::Classes;

/// A file of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// Postings of all files.
#[derive(Debug, Default)]
pub struct Index {
    paths: Vec<String>,
    /// Hash in the high half, file in the low half; sorted.
    postings: Vec<u64>,
    /// The same for words that a function's head may name.
    heads: Vec<u64>,
    unreadable: Vec<(String, source::ReadError)>,
    bytes: u64,
    asked: Mutex<[FxHashSet<u32>; 2]>,
}

/// Words that were looked up, and which of them stand in each file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// The hashes of words, sorted.
    uses: Vec<u32>,
    /// The same for heads of functions.
    heads: Vec<u32>,
    /// What stands for the words in a file, by the key of its path, sorted; files without any have none.
    files: Vec<(u64, u64)>,
}

/// Files that one task reads, so that its buffers are used again.
const CHUNK: usize = 64;

impl Index {
    /// Reads all `paths` once; `done` hears how many more were read.
    pub fn build(source: &dyn Source, paths: Vec<String>, done: &(dyn Fn(usize) + Sync)) -> Index {
        let parts: Vec<Part> = paths
            .par_chunks(CHUNK)
            .enumerate()
            .map(|(chunk, paths)| {
                let _span = tracing::debug_span!("read and index").entered();
                let part = read_part(source, paths, chunk * CHUNK);
                done(paths.len());
                part
            })
            .collect();
        let mut index = Index {
            paths,
            ..Index::default()
        };
        index
            .heads
            .reserve(parts.iter().map(|part| part.heads.len()).sum());
        index
            .postings
            .reserve(parts.iter().map(|part| part.postings.len()).sum());
        for part in parts {
            index.postings.extend(part.postings);
            index.heads.extend(part.heads);
            index.unreadable.extend(part.unreadable);
            index.bytes += part.bytes;
        }
        let _span = tracing::debug_span!("sort the index").entered();
        index.postings.par_sort_unstable();
        index.heads.par_sort_unstable();
        index
    }

    /// The files in which `word` may be used, by path; for the name of a C file (`impl.c`), those that
    /// include one of that name.
    pub fn files(&self, word: &str) -> impl Iterator<Item = &str> {
        self.look_up(&self.postings, word, USES)
    }

    /// The files that may hold a definition of the function `word`, by path: those in which a line
    /// without indentation, or one that begins with `static`, has the word before a parenthesis, and is
    /// no prototype of one line.
    pub fn defining(&self, word: &str) -> impl Iterator<Item = &str> {
        self.look_up(&self.heads, word, HEADS)
    }

    fn look_up<'i>(
        &'i self,
        postings: &'i [u64],
        word: &str,
        kind: usize,
    ) -> impl Iterator<Item = &'i str> + use<'i> {
        let hash = hash(word.as_bytes());
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)[kind].insert(hash);
        of_word(postings, hash).filter_map(|file| self.paths.get(file).map(String::as_str))
    }

    /// What was looked up so far.
    pub(crate) fn asked(&self) -> Asked {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sums = vec![0_u64; self.paths.len()];
        let mut sorted = [USES, HEADS].map(|kind| {
            let mut words: Vec<u32> = asked[kind].iter().copied().collect();
            words.sort_unstable();
            words
        });
        for (kind, postings) in [(USES, &self.postings), (HEADS, &self.heads)] {
            for word in &sorted[kind] {
                for file in of_word(postings, *word) {
                    sums[file] = sums[file].wrapping_add(stands_for(kind, *word));
                }
            }
        }
        let files = self.paths.iter().zip(sums).filter(|(_, sum)| *sum != 0);
        let mut files: Vec<(u64, u64)> = files.map(|(path, sum)| (key_of(path), sum)).collect();
        files.sort_unstable();
        Asked {
            uses: std::mem::take(&mut sorted[USES]),
            heads: std::mem::take(&mut sorted[HEADS]),
            files,
        }
    }

    /// Files that could not be read.
    pub fn unreadable(&self) -> &[(String, source::ReadError)] {
        &self.unreadable
    }

    /// How many files were read, their bytes, and how many postings they gave.
    pub fn size(&self) -> (usize, u64, usize) {
        (self.paths.len(), self.bytes, self.postings.len())
    }
}

/// Which postings are asked.
const USES: usize = 0;
const HEADS: usize = 1;

/// The files of the postings of a word.
fn of_word(postings: &[u64], hash: u32) -> impl Iterator<Item = usize> {
    let hash = u64::from(hash);
    let from = postings.partition_point(|posting| posting >> 32 < hash);
    let found = postings[from..].iter();
    found
        .take_while(move |posting| **posting >> 32 == hash)
        .filter_map(|posting| usize::try_from(posting & 0xffff_ffff).ok())
}

/// What a word adds to the sum of its file.
fn stands_for(kind: usize, word: u32) -> u64 {
    mix(seed(kind), u64::from(word))
}

impl Asked {
    /// Whether a file at `path` with this text has those of the words that it had; where there is no file, none.
    pub(crate) fn same_words(&self, path: &str, text: Option<&[u8]>) -> bool {
        let mut sum = 0_u64;
        let mut seen = [Seen::new(), Seen::new()];
        let mut add = |kind: usize, asked: &[u32], hash: u32| {
            if asked.binary_search(&hash).is_ok() && seen[kind].insert(hash) {
                sum = sum.wrapping_add(stands_for(kind, hash));
            }
        };
        words(
            text.unwrap_or_default(),
            &mut Classes::default(),
            |hash, head| {
                add(USES, &self.uses, hash);
                if head {
                    add(HEADS, &self.heads, hash);
                }
            },
        );
        self.of_file(key_of(path)) == sum
    }

    /// What stands for the words of the file with this key.
    pub(crate) fn of_file(&self, key: u64) -> u64 {
        let found = self.files.binary_search_by_key(&key, |(known, _)| *known);
        found.map_or(0, |at| self.files[at].1)
    }
}

#[derive(Default)]
struct Part {
    postings: Vec<u64>,
    heads: Vec<u64>,
    unreadable: Vec<(String, source::ReadError)>,
    bytes: u64,
}

fn read_part(source: &dyn Source, paths: &[String], first: usize) -> Part {
    let mut part = Part::default();
    let mut buffer = Vec::new();
    let (mut seen, mut seen_heads) = (Seen::new(), Seen::new());
    let mut classes = Classes::default();
    for (at, path) in paths.iter().enumerate() {
        if let Err(error) = source.read_into(path, &mut buffer) {
            part.unreadable.push((path.clone(), error));
            continue;
        }
        part.bytes += buffer.len() as u64;
        seen.clear();
        seen_heads.clear();
        let file = u64::try_from(first + at).unwrap_or(u64::MAX);
        words(&buffer, &mut classes, |hash, head| {
            if seen.insert(hash) {
                part.postings.push(u64::from(hash) << 32 | file);
            }
            if head && seen_heads.insert(hash) {
                part.heads.push(u64::from(hash) << 32 | file);
            }
        });
    }
    part
}

/// The hashes met in the current file; clearing costs nothing.
struct Seen {
    slots: Vec<(u32, u32)>,
    round: u32,
    used: usize,
}

impl Seen {
    fn new() -> Seen {
        Seen {
            slots: vec![(0, 0); 4096],
            round: 1,
            used: 0,
        }
    }

    fn clear(&mut self) {
        self.round += 1;
        self.used = 0;
    }

    fn insert(&mut self, hash: u32) -> bool {
        if self.used * 2 > self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let (round, known) = self.slots[at];
            if round != self.round {
                self.slots[at] = (self.round, hash);
                self.used += 1;
                return true;
            }
            if known == hash {
                return false;
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let old = std::mem::take(&mut self.slots);
        self.slots = vec![(0, 0); old.len() * 2];
        self.used = 0;
        let round = self.round;
        for (of, hash) in old {
            if of == round {
                self.insert(hash);
            }
        }
    }
}

/// The hash of a word, the same in every version of the program that can read the same index.
fn hash(word: &[u8]) -> u32 {
    let (chunks, rest) = word.as_chunks::<8>();
    let mixed = chunks.iter().fold(seed(word.len()), |mixed, chunk| {
        mix(mixed, u64::from_le_bytes(*chunk))
    });
    let tail = rest
        .iter()
        .rev()
        .fold(0, |tail, b| tail << 8 | u64::from(*b));
    finish(if rest.is_empty() {
        mixed
    } else {
        mix(mixed, tail)
    })
}

/// [`hash`] of `text[start..end]`; what lies behind the word may be read with it.
fn hash_in(text: &[u8], start: usize, end: usize) -> u32 {
    let (mut at, mut mixed) = (start, seed(end - start));
    while at < end {
        let Some(chunk) = text[at..].first_chunk::<8>() else {
            return hash(&text[start..end]);
        };
        let behind = (at + 8).saturating_sub(end);
        let chunk = u64::from_le_bytes(*chunk) & (u64::MAX >> (8 * behind));
        mixed = mix(mixed, chunk);
        at += 8;
    }
    finish(mixed)
}

fn seed(length: usize) -> u64 {
    0x9e37_79b9_7f4a_7c15 ^ length as u64
}

fn mix(mixed: u64, chunk: u64) -> u64 {
    let product = (mixed ^ chunk).wrapping_mul(0xd6e8_feb8_6659_fd93);
    product ^ product >> 32
}

fn finish(mixed: u64) -> u32 {
    (mixed.wrapping_mul(0xd6e8_feb8_6659_fd93) >> 32) as u32
}

/// Tells `each` the hash of every word that can be a use, and whether it may be a function's head.
fn words(text: &[u8], classes: &mut Classes, mut each: impl FnMut(u32, bool)) {
    classes.read(text);
    let mut next = 0;
    while let Some(start) = classes.next_stop(next) {
        next = match text[start] {
            b'/' | b'"' => skip(text, start),
            b'#' => directive(text, classes, start, &mut each),
            first => {
                let end = classes.end_of_word(start);
                if !first.is_ascii_digit() && is_use(text, end) {
                    let head = text.get(end) == Some(&b'(') && is_head(text, classes, end);
                    each(hash_in(text, start, end), head);
                }
                end
            }
        };
    }
}

/// Behind `#`, or, where it begins a `#define`, behind the name that is given: that is no use of it.
fn directive(
    text: &[u8],
    classes: &Classes,
    hash_sign: usize,
    each: &mut impl FnMut(u32, bool),
) -> usize {
    let start = blanks(text, hash_sign + 1);
    let end = classes.end_of_word(start);
    match &text[start..end] {
        b"define" => classes.end_of_word(blanks(text, end)),
        b"include" => {
            if let Some(name) = included_source(text, end) {
                each(hash(name), false);
            }
            end
        }
        // `#` may also stand before a parameter, and twice.
        _ => hash_sign + 1,
    }
}

/// Behind the blanks that begin at `at`.
fn blanks(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default().iter();
    at + rest.take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// The name, without folders, of a C file that is included as a header is: `#include "impl.c"`.
fn included_source(text: &[u8], at: usize) -> Option<&[u8]> {
    let rest = text[at..].trim_ascii_start().strip_prefix(b"\"")?;
    let path = rest.split(|b| matches!(b, b'"' | b'\n')).next()?;
    let name = path.rsplit(|b| *b == b'/').next()?;
    name.ends_with(b".c").then_some(name)
}

/// Whether the line of the parenthesis at `open` has no indentation, or begins with `static` (some headers
/// indent what stands under `#if`), is no directive, and does not end at once as a prototype does.
fn is_head(text: &[u8], classes: &Classes, open: usize) -> bool {
    let line = classes.line(open);
    if classes.end_of_word(line) == line
        && !text[line..open].trim_ascii_start().starts_with(b"static ")
    {
        return false;
    }
    let end = memchr::memchr(b'\n', &text[open..]).map_or(text.len(), |n| open + n);
    text[open..end].trim_ascii_end().last() != Some(&b';')
}

/// Whether what follows a word lets it be a call or a value.
fn is_use(text: &[u8], end: usize) -> bool {
    match text.get(blanks(text, end)) {
        Some(b'*') => false,
        Some(byte) => !is_word(*byte),
        None => true,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn skip(text: &[u8], at: usize) -> usize {
    match (text[at], text.get(at + 1)) {
        (b'/', Some(b'*')) => {
            let body = text.get(at + 2..).unwrap_or_default();
            memchr::memmem::find(body, b"*/").map_or(text.len(), |end| at + end + 4)
        }
        (b'/', Some(b'/')) => memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end),
        (b'/', _) => at + 1,
        _ => {
            let mut end = at + 1;
            while let Some(found) = text
                .get(end..)
                .and_then(|t| memchr::memchr3(b'"', b'\\', b'\n', t))
            {
                end += found;
                match text[end] {
                    b'\\' => end += 2,
                    _ => return end + 1,
                }
            }
            text.len()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, word: &str, expect: bool) {
        let mut found = false;
        words(text.as_bytes(), &mut Classes::default(), |h, _| {
            found |= h == hash(word.as_bytes());
        });
        assert_eq!(found, expect, "{word} in {text}");
    }

    #[test]
    fn heads_of_functions_are_told_from_calls() {
        let heads = |text: &str| {
            let mut found = false;
            words(text.as_bytes(), &mut Classes::default(), |h, head| {
                found |= head && h == hash(b"populate");
            });
            found
        };
        assert!(heads("static int populate(int a)\n{"));
        assert!(heads("static int\npopulate(int a,\n"));
        assert!(heads("  static inline int populate(int a,\n\t\tint b) { }"));
        assert!(!heads("int populate(int a);\n"));
        assert!(!heads("\treturn populate(a)\n"));
        assert!(!heads("#define X populate(a)\n"));
    }

    #[test]
    fn a_word_has_one_hash_wherever_it_stands() {
        let text = b"a ab abcdefg abcdefgh abcdefghi abcdefghijklmnopq x";
        for word in text.split(|b| *b == b' ') {
            let start = memchr::memmem::find(text, word).unwrap();
            assert_eq!(hash_in(text, start, start + word.len()), hash(word));
        }
        assert_ne!(hash(b"ab"), hash(b"ab\0"));
        assert_ne!(hash(b"abcdefgh"), hash(b"abcdefgi"));
    }

    #[test]
    fn uses_are_noted_and_mentions_are_not() {
        check("x = populate(1);", "populate", true);
        check("\t.probe = dev_dax_probe,\n", "dev_dax_probe", true);
        check("#define A populate\n", "populate", true);
        check("#define populate A\n", "populate", false);
        check("# define populate(a) A\n", "populate", false);
        check(
            "/* populate() */ \"populate()\" // populate()\n",
            "populate",
            false,
        );
        check("struct populate *p;", "populate", false);
        check("\"open\npopulate();", "populate", true);
        check("pgmap->vmemmap_shift = 1;", "vmemmap_shift", true);
        check("# include \"../lib/impl.c\"\n", "impl.c", true);
        check("#define A(x) #x populate ## x", "populate", true);
        check("#ifdef populate\n", "populate", true);
        check("#if populate()\n", "populate", true);
        check("#\n#", "populate", false);
        check("#include \"impl.h\"\n", "impl.h", false);
    }
}
