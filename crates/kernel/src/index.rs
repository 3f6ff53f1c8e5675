//! Which words stand in which files.
//!
//! A posting says "a word with this hash stands in this file". Hashes of 32 bits may collide: a
//! file is then looked at in vain, nothing is missed. Only words that can be a use are noted: what
//! is followed by a type's star or another word is not one, and the name that a `#define` gives is
//! found by those who read the directives.

use rayon::prelude::*;
use source::Source;

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
        self.look_up(&self.postings, word)
    }

    /// The files that may hold a definition of the function `word`, by path: those in which a line
    /// without indentation, or one that begins with `static`, has the word before a parenthesis, and is
    /// no prototype of one line.
    pub fn defining(&self, word: &str) -> impl Iterator<Item = &str> {
        self.look_up(&self.heads, word)
    }

    fn look_up<'i>(
        &'i self,
        postings: &'i [u64],
        word: &str,
    ) -> impl Iterator<Item = &'i str> + use<'i> {
        let hash = u64::from(hash(word.as_bytes()));
        let from = postings.partition_point(|posting| posting >> 32 < hash);
        let found = postings[from..]
            .iter()
            .take_while(move |posting| **posting >> 32 == hash);
        found.filter_map(|posting| {
            let file = usize::try_from(posting & 0xffff_ffff).ok()?;
            self.paths.get(file).map(String::as_str)
        })
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
    for (at, path) in paths.iter().enumerate() {
        if let Err(error) = source.read_into(path, &mut buffer) {
            part.unreadable.push((path.clone(), error));
            continue;
        }
        part.bytes += buffer.len() as u64;
        seen.clear();
        seen_heads.clear();
        let file = u64::try_from(first + at).unwrap_or(u64::MAX);
        words(&buffer, |hash, head| {
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
            round: 0,
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

const WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "counts to 255")]
        let b = byte as u8;
        table[byte] = b.is_ascii_alphanumeric() || b == b'_' || b == b'$' || b >= 0x80;
        byte += 1;
    }
    table
};

/// FNV-1a, folded to 32 bits at its end; the same in every version of the program.
fn hash(word: &[u8]) -> u32 {
    word.iter().fold(SEED, |hash, byte| step(hash, *byte))
}

const SEED: u32 = 0x811c_9dc5;

fn step(hash: u32, byte: u8) -> u32 {
    (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
}

/// Tells `each` the hash of every word that can be a use, and whether it may be a function's head.
fn words(text: &[u8], mut each: impl FnMut(u32, bool)) {
    let mut at = 0;
    // Where the current line begins, as far as words were met in it.
    let mut line = 0;
    let mut defining = false;
    while at < text.len() {
        let byte = text[at];
        if !WORD[byte as usize] {
            at = match byte {
                b'/' | b'"' => skip(text, at),
                _ => at + 1,
            };
            if byte == b'\n' {
                line = at;
            }
            continue;
        }
        let start = at;
        let mut hash = SEED;
        while at < text.len() && WORD[text[at] as usize] {
            hash = step(hash, text[at]);
            at += 1;
        }
        if defining {
            // The name that `#define` gives is no use of it.
            defining = false;
            continue;
        }
        if at - start == 6 && &text[start..at] == b"define" {
            defining = before(text, start) == b'#';
            continue;
        }
        if at - start == 7 && &text[start..at] == b"include" && before(text, start) == b'#' {
            if let Some(name) = included_source(text, at) {
                each(self::hash(name), false);
            }
            continue;
        }
        if !text[start].is_ascii_digit() && is_use(text, at) {
            each(hash, text.get(at) == Some(&b'(') && is_head(text, line, at));
        }
    }
}

/// The name, without folders, of a C file that is included as a header is: `#include "impl.c"`.
fn included_source(text: &[u8], at: usize) -> Option<&[u8]> {
    let rest = text[at..].trim_ascii_start().strip_prefix(b"\"")?;
    let path = rest.split(|b| matches!(b, b'"' | b'\n')).next()?;
    let name = path.rsplit(|b| *b == b'/').next()?;
    name.ends_with(b".c").then_some(name)
}

/// Whether the line that begins at `line` has no indentation, or begins with `static` (some headers
/// indent what stands under `#if`), is no directive, and does not end at once as a prototype does.
fn is_head(text: &[u8], line: usize, open: usize) -> bool {
    if !WORD[text[line] as usize] && !text[line..open].trim_ascii_start().starts_with(b"static ") {
        return false;
    }
    let end = memchr::memchr(b'\n', &text[open..]).map_or(text.len(), |n| open + n);
    text[open..end].trim_ascii_end().last() != Some(&b';')
}

/// The last byte before `at` that is no blank.
fn before(text: &[u8], at: usize) -> u8 {
    text[..at]
        .iter()
        .rev()
        .copied()
        .find(|b| !matches!(b, b' ' | b'\t'))
        .unwrap_or(b'\n')
}

/// Whether what follows a word lets it be a call or a value.
fn is_use(text: &[u8], end: usize) -> bool {
    let mut at = end;
    while let Some(b' ' | b'\t') = text.get(at) {
        at += 1;
    }
    match text.get(at) {
        Some(b'*') => false,
        Some(byte) => !WORD[*byte as usize],
        None => true,
    }
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
        words(text.as_bytes(), |h, _| found |= h == hash(word.as_bytes()));
        assert_eq!(found, expect, "{word} in {text}");
    }

    #[test]
    fn heads_of_functions_are_told_from_calls() {
        let heads = |text: &str| {
            let mut found = false;
            words(text.as_bytes(), |h, head| {
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
        check("#include \"impl.h\"\n", "impl.h", false);
    }
}
