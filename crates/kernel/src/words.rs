//! Which words of a text can be a use, found in one pass.
//!
//! What is followed by a type's star or another word is no use, and the name that a `#define` gives is found by those
//! who read the directives. Whoever changes what is found here raises [`VERSION`].

use crate::classes::Classes;

/// Which words are found, and how they are hashed: indexes of another version are of no use.
pub(crate) const VERSION: u32 = 3;

/// What a comment begins with that speaks to this program. A text that has it anywhere, is said to use it as a word.
pub const MARK: &str = "vmemmlint:";

/// The hashes met in the current file; clearing costs nothing.
pub(crate) struct Seen {
    slots: Vec<(u32, u32)>,
    round: u32,
    used: usize,
}

impl Seen {
    pub(crate) fn new() -> Seen {
        Seen {
            slots: vec![(0, 0); 4096],
            round: 1,
            used: 0,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.round += 1;
        self.used = 0;
    }

    pub(crate) fn insert(&mut self, hash: u32) -> bool {
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
pub(crate) fn hash(word: &[u8]) -> u32 {
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

pub(crate) fn seed(length: usize) -> u64 {
    0x9e37_79b9_7f4a_7c15 ^ length as u64
}

pub(crate) fn mix(mixed: u64, chunk: u64) -> u64 {
    let product = (mixed ^ chunk).wrapping_mul(0xd6e8_feb8_6659_fd93);
    product ^ product >> 32
}

fn finish(mixed: u64) -> u32 {
    (mixed.wrapping_mul(0xd6e8_feb8_6659_fd93) >> 32) as u32
}

/// Tells `each` the hash of every word that can be a use, and whether it may be a function's head.
pub(crate) fn words(text: &[u8], classes: &mut Classes, mut each: impl FnMut(u32, bool)) {
    classes.read(text);
    let classes = &*classes;
    if memchr::memmem::find(text, MARK.as_bytes()).is_some() {
        each(hash(MARK.as_bytes()), false);
    }
    // What lies before this byte is done with.
    let mut next = 0;
    let mut in_word = 0;
    for (number, (words, marks)) in classes.blocks().enumerate() {
        let first = 64 * number;
        let mut open = (words & !(words << 1 | in_word) | marks) & from(next, first);
        in_word = words >> 63;
        while open != 0 {
            let bit = open.trailing_zeros();
            let at = first + bit as usize;
            open &= open - 1;
            if words >> bit & 1 == 0 {
                next = match text[at] {
                    b'#' => directive(text, classes, at, &mut each),
                    _ => skip(text, at),
                };
                open &= from(next, first);
                continue;
            }
            let behind = !words >> bit;
            let end = if behind == 0 {
                classes.end_of_word(first + 64)
            } else {
                at + behind.trailing_zeros() as usize
            };
            if !text[at].is_ascii_digit() && is_use(text, end) {
                let head = text.get(end) == Some(&b'(') && is_head(text, classes, end);
                each(hash_in(text, at, end), head);
            }
        }
    }
}

/// The bits of a block, whose first byte is `first`, from the byte `next` on.
fn from(next: usize, first: usize) -> u64 {
    let before = next.saturating_sub(first);
    if before < 64 { u64::MAX << before } else { 0 }
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
        Some(b'*') => text.get(blanks(text, end) + 1) == Some(&b'='),
        Some(byte) => !is_word(*byte),
        None => true,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// Whether the quote at `at`, before which one stands too, is a character.
fn is_character(text: &[u8], at: usize) -> bool {
    let before = &text[..at];
    before.ends_with(b"'") || before.ends_with(b"'\\")
}

fn skip(text: &[u8], at: usize) -> usize {
    match (text[at], text.get(at + 1)) {
        (b'/', Some(b'*')) => {
            let body = text.get(at + 2..).unwrap_or_default();
            let end = memchr::memchr_iter(b'/', body).find(|slash| {
                let before = slash.checked_sub(1);
                before.and_then(|star| body.get(star)) == Some(&b'*')
            });
            end.map_or(text.len(), |slash| at + 2 + slash + 1)
        }
        (b'/', Some(b'/')) => memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |end| at + end),
        (b'/', _) => at + 1,
        // `'"'` and `'\"'` begin no string.
        (_, Some(b'\'')) if is_character(text, at) => at + 1,
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
        check("pgmap->vmemmap_shift *= 2;", "vmemmap_shift", true);
        check("if (c == '\"') populate();", "populate", true);
        check(
            "if (c == '\\\"') populate(\"populate2()\");",
            "populate",
            true,
        );
        check(
            "if (c == '\\\"') populate(\"populate2()\");",
            "populate2",
            false,
        );
        check("puts(\"'\"); populate('\"');", "populate", true);
        check("# include \"../lib/impl.c\"\n", "impl.c", true);
        check("#define A(x) #x populate ## x", "populate", true);
        check("#ifdef populate\n", "populate", true);
        check("#if populate()\n", "populate", true);
        check("#\n#", "populate", false);
        check("#include \"impl.h\"\n", "impl.h", false);
        check("/* vmemmlint: allow */", MARK, true);
        check("/* vmemmlint allows */", MARK, false);
    }

    /// Where this fails, indexes that were kept before would be read wrongly: raise [`VERSION`], then correct this.
    #[test]
    fn words_of_one_version_stay_the_same() {
        let text = "static int populate(struct page *page)\n{\n\t/* no */ return sum(page->flags, MANY); // no\n}\n\
            #define MANY 0x10\n#include \"impl.c\"\nEXPORT_SYMBOL_GPL(populate); char *c = \"no\", d = '\"';\nx->y *= 2; if (d == '\\\"') f();\n";
        let mut sum = 0_u64;
        let mut found = 0;
        words(text.as_bytes(), &mut Classes::default(), |hash, head| {
            found += 1;
            sum = mix(sum ^ u64::from(hash), u64::from(head));
        });
        assert_eq!((VERSION, found, sum), (3, 16, 8_777_672_486_309_087_922));
    }
}
