//! Which words stand in which files.
//!
//! A posting says "a word with this hash stands in this file". Hashes of 32 bits may collide: a
//! file is then looked at in vain, nothing is missed. Only words that can be a use are noted.

use std::borrow::Cow;
use std::io;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use source::{ReadError, Source, digest, key_of};

use crate::classes::Classes;
use crate::kept::{self, KeptIndex, Lists};
use crate::looked_up::Asked;
use crate::words::{Seen, hash, mix, seed, words};

/// What is known of the files of a tree before they are read.
#[derive(Debug, Default)]
pub struct Known {
    /// The words of files, by what is in them.
    pub index: Option<KeptIndex>,
    /// What stands for the texts of files ([`source::digest`]), by the key of their path, where that is known; `None`
    /// where nothing will be kept, so that nobody asks.
    pub contents: Option<FxHashMap<u64, u128>>,
}

/// Postings of all files.
#[derive(Debug, Default)]
pub struct Index {
    paths: Vec<String>,
    /// What stands for their texts; 0 for those that could not be read.
    contents: Vec<u128>,
    kept: Option<Layer>,
    /// Of files whose words were not known before.
    fresh: Postings,
    /// How many these are.
    fresh_files: usize,
    unreadable: Vec<(String, ReadError)>,
    bytes: u64,
    asked: Mutex<Asked>,
}

/// An index that is worth keeping.
#[derive(Debug)]
pub struct Renewed<'i> {
    contents: &'i [u128],
    postings: Cow<'i, Postings>,
}

impl Renewed<'_> {
    /// Writes it as [`KeptIndex`] reads it.
    pub fn write(&self, out: &mut dyn io::Write) -> io::Result<()> {
        kept::write(self.contents, &self.postings, out)
    }
}

/// Lists of files for words, and for words that a function's head may name.
type Postings = [Lists; 2];

pub(crate) const USES: usize = 0;
pub(crate) const HEADS: usize = 1;

/// Words that were known before.
#[derive(Debug)]
struct Layer {
    postings: Postings,
    /// For each of its files one that has the same text now.
    first: Vec<Option<u32>>,
    /// For some, more that have it.
    others: FxHashMap<u32, Vec<u32>>,
}

impl Layer {
    fn new(kept: KeptIndex) -> Layer {
        let (files, postings) = kept.into_parts();
        Layer {
            postings,
            first: vec![None; files],
            others: FxHashMap::default(),
        }
    }

    /// The files of today that have the words of one of the layer's files.
    fn files(&self, file: u32) -> impl Iterator<Item = u32> {
        let first = self.first.get(file as usize).copied().flatten();
        let others = self.others.get(&file).into_iter().flatten().copied();
        first.into_iter().chain(others)
    }

    fn add(&mut self, file: u32, today: u32) {
        match self.first.get_mut(file as usize) {
            Some(first @ None) => *first = Some(today),
            Some(Some(_)) => self.others.entry(file).or_default().push(today),
            None => {}
        }
    }
}

/// Files that one task reads, so that its buffers are used again, and each has a number of six bits.
const CHUNK: usize = 64;

/// Postings are sorted in so many parts: by the upper six bits of the word.
const BUCKETS: usize = 64;

/// Where more of the files than one in so many were not known, it is worth it to keep an index anew.
const RENEWED: usize = 16;

impl Index {
    /// Reads all `paths`, which are sorted, once, but for those of which all is known; `done` hears how many more were
    /// looked at.
    pub fn build(
        source: &dyn Source,
        paths: Vec<String>,
        known: Known,
        done: &(dyn Fn(usize) + Sync),
    ) -> Index {
        let looking = Looking {
            source,
            files: known.index.as_ref().map(KeptIndex::files),
            contents: known.contents,
        };
        let parts: Vec<Part> = paths
            .par_chunks(CHUNK)
            .enumerate()
            .map(|(chunk, paths)| {
                let _span = tracing::debug_span!("read and index").entered();
                let part = looking.part(paths, chunk * CHUNK);
                done(paths.len());
                part
            })
            .collect();
        let mut index = Index {
            paths,
            kept: known.index.map(Layer::new),
            ..Index::default()
        };
        let mut packed = Vec::with_capacity(parts.len());
        for part in parts {
            packed.push(part.packed);
            for (file, today) in part.known {
                if let Some(layer) = &mut index.kept {
                    layer.add(file, today);
                }
            }
            index.contents.extend(part.contents);
            index.unreadable.extend(part.unreadable);
            index.fresh_files += part.fresh;
            index.bytes += part.bytes;
        }
        let _span = tracing::debug_span!("sort the index").entered();
        index.fresh = [USES, HEADS].map(|kind| {
            let buckets: Vec<Lists> = (0..BUCKETS)
                .into_par_iter()
                .map(|bucket| lists_of(&packed, kind, bucket))
                .collect();
            Lists::joined(&buckets)
        });
        index
    }

    /// The files of a word, by path: see [`crate::Words`].
    pub(crate) fn look_up<'i>(
        &'i self,
        word: &str,
        kind: usize,
    ) -> impl Iterator<Item = &'i str> + use<'i> {
        let hash = hash(word.as_bytes());
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)[kind].insert(hash);
        let mut files: Vec<u32> = self.of_word(kind, hash).collect();
        if self.kept.is_some() {
            files.sort_unstable();
        }
        let path = |file| self.paths.get(file as usize).map(String::as_str);
        files.into_iter().filter_map(path)
    }

    /// The files of the postings of a word.
    fn of_word(&self, kind: usize, hash: u32) -> impl Iterator<Item = u32> {
        let kept = self.kept.iter().flat_map(move |layer| {
            let files = layer.postings[kind].files(hash);
            files.flat_map(|file| layer.files(file))
        });
        self.fresh[kind].files(hash).chain(kept)
    }

    /// What was looked up so far, each word with its files.
    pub(crate) fn asked(&self, kind: usize) -> Vec<(u32, Vec<&str>)> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let path = |file: u32| self.paths.get(file as usize).map(String::as_str);
        let words = asked[kind].iter();
        let files = |word: &u32| self.of_word(kind, *word).filter_map(path).collect();
        words.map(|word| (*word, files(word))).collect()
    }

    /// How many of its files lie below `directory`.
    pub fn files_below(&self, directory: &str) -> usize {
        let prefix = format!("{directory}/");
        let start = self.paths.partition_point(|path| *path < prefix);
        let rest = self.paths[start..].iter();
        rest.take_while(|path| path.starts_with(&prefix)).count()
    }

    /// Files that could not be read.
    pub fn unreadable(&self) -> &[(String, ReadError)] {
        &self.unreadable
    }

    /// Each file, and what stands for its text.
    pub fn contents(&self) -> impl Iterator<Item = (&str, u128)> {
        let paths = self.paths.iter().map(String::as_str);
        let all = paths.zip(self.contents.iter().copied());
        all.filter(|(_, content)| *content != 0)
    }

    /// An index of all files to be kept, unless the one that was known still serves: see [`KeptIndex`].
    pub fn renewed(&self) -> Option<Renewed<'_>> {
        let renewed = |postings| Renewed {
            contents: &self.contents,
            postings,
        };
        let Some(layer) = &self.kept else {
            return Some(renewed(Cow::Borrowed(&self.fresh)));
        };
        let is_few = self.fresh_files * RENEWED <= self.paths.len();
        (!is_few).then(|| {
            let postings = [USES, HEADS].map(|kind| {
                let mut all = Vec::new();
                self.fresh[kind].each(|word, file| all.push(posting(word, file)));
                layer.postings[kind].each(|word, file| {
                    all.extend(layer.files(file).map(|today| posting(word, today)));
                });
                all.par_sort_unstable();
                Lists::of(&all)
            });
            renewed(Cow::Owned(postings))
        })
    }

    /// How many files were read, their bytes, and how many postings they gave.
    pub fn size(&self) -> (usize, u64, usize) {
        (self.fresh_files, self.bytes, self.fresh[USES].len())
    }
}

/// A posting: the word in the high half, the file in the low half.
fn posting(word: u32, file: u32) -> u64 {
    u64::from(word) << 32 | u64::from(file)
}

/// What a word adds to the sum of its file.
pub(crate) fn stands_for(kind: usize, word: u32) -> u64 {
    mix(seed(kind), u64::from(word))
}

#[derive(Default)]
struct Part {
    packed: [Packed; 2],
    /// What stands for the texts.
    contents: Vec<u128>,
    /// Files of the index that was known, and those that have the same text now.
    known: Vec<(u32, u32)>,
    fresh: usize,
    unreadable: Vec<(String, ReadError)>,
    bytes: u64,
}

/// Postings of one chunk of files, by bucket: of each the word without its upper six bits, and the file's number
/// in the chunk.
#[derive(Debug, Default)]
struct Packed {
    postings: Vec<u32>,
    /// Where each bucket ends.
    ends: Vec<u32>,
}

impl Packed {
    /// Packs words, each with the number of a file in its chunk.
    fn of(words: &[(u32, u8)]) -> Packed {
        let bucket = |word: u32| (word >> 26) as usize;
        let mut next = [0_u32; BUCKETS + 1];
        for (word, _) in words {
            next[bucket(*word) + 1] += 1;
        }
        for at in 1..=BUCKETS {
            next[at] += next[at - 1];
        }
        let mut postings = vec![0; words.len()];
        for (word, file) in words {
            let at = &mut next[bucket(*word)];
            postings[*at as usize] = word << 6 | u32::from(*file);
            *at += 1;
        }
        // Each bucket's beginning has moved on to its end.
        let ends = next[..BUCKETS].to_vec();
        Packed { postings, ends }
    }

    fn bucket(&self, bucket: usize) -> &[u32] {
        let end = |bucket: usize| self.ends.get(bucket).map_or(0, |end| *end as usize);
        let start = bucket.checked_sub(1).map_or(0, end);
        self.postings.get(start..end(bucket)).unwrap_or_default()
    }
}

/// The lists of one bucket of all chunks.
fn lists_of(chunks: &[[Packed; 2]], kind: usize, bucket: usize) -> Lists {
    let mut all = Vec::new();
    let upper = u32::try_from(bucket).unwrap_or_default() << 26;
    for (first, packed) in (0..).step_by(CHUNK).zip(chunks) {
        let postings = packed[kind].bucket(bucket).iter();
        all.extend(postings.map(|packed| posting(upper | packed >> 6, first + (packed & 63))));
    }
    sort_by_word(&mut all);
    Lists::of(&all)
}

/// Sorts postings of one bucket, which come in the order of files: by the lower half of what is left of the word, then
/// by the upper one.
fn sort_by_word(postings: &mut Vec<u64>) {
    const BITS: u32 = 13;
    if postings.len() < 1 << BITS {
        return postings.sort_unstable();
    }
    let mut sorted = vec![0; postings.len()];
    for shift in [32, 32 + BITS] {
        let digit = |posting: u64| {
            usize::try_from(posting >> shift & ((1 << BITS) - 1)).unwrap_or_default()
        };
        let mut next = vec![0_usize; 1 << BITS];
        for posting in postings.iter() {
            next[digit(*posting)] += 1;
        }
        let mut sum = 0;
        for count in &mut next {
            sum += std::mem::replace(count, sum);
        }
        for posting in postings.iter() {
            let at = &mut next[digit(*posting)];
            sorted[*at] = *posting;
            *at += 1;
        }
        std::mem::swap(postings, &mut sorted);
    }
}

/// What files are looked at with.
struct Looking<'l> {
    source: &'l dyn Source,
    files: Option<FxHashMap<u128, u32>>,
    contents: Option<FxHashMap<u64, u128>>,
}

impl Looking<'_> {
    fn part(&self, paths: &[String], first: usize) -> Part {
        let mut part = Part::default();
        let mut found = [CHUNK * 256, CHUNK * 32].map(Vec::with_capacity);
        let mut buffer = Vec::new();
        let (mut seen, mut seen_heads) = (Seen::new(), Seen::new());
        let mut classes = Classes::default();
        for (at, path) in (0_u8..).zip(paths) {
            let today = u32::try_from(first).unwrap_or(u32::MAX) + u32::from(at);
            let contents = self.contents.as_ref();
            let before = contents.and_then(|contents| contents.get(&key_of(path)).copied());
            if let Some(content) = before
                && let Some(file) = self.file_with(content)
            {
                part.contents.push(content);
                part.known.push((file, today));
                continue;
            }
            if let Err(error) = self.source.read_into(path, &mut buffer) {
                part.unreadable.push((path.clone(), error));
                part.contents.push(0);
                continue;
            }
            part.bytes += buffer.len() as u64;
            // Where nothing is kept, nobody asks what stands for a text.
            let content = contents.map_or(0, |_| digest(&buffer));
            part.contents.push(content);
            if let Some(file) = self.file_with(content) {
                part.known.push((file, today));
                continue;
            }
            part.fresh += 1;
            seen.clear();
            seen_heads.clear();
            let [uses, heads] = &mut found;
            words(&buffer, &mut classes, |hash, head| {
                if seen.insert(hash) {
                    uses.push((hash, at));
                }
                if head && seen_heads.insert(hash) {
                    heads.push((hash, at));
                }
            });
        }
        part.packed = found.map(|words| Packed::of(&words));
        part
    }

    fn file_with(&self, content: u128) -> Option<u32> {
        self.files.as_ref()?.get(&content).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use source::{Layer as Overlay, Memory};

    use super::*;

    const TREE: &str = "//- a.c
int first(void) { second(); }
//- b.c
int second(void) { third(); }
//- b.h
int second(void) { third(); }
//- empty.c
//- c.c
int third(void) { first(); }
";

    fn index(source: &dyn Source, known: Known) -> Index {
        let paths = source.walk("", &|_| true, &|_| true).0;
        Index::build(source, paths, known, &|_| {})
    }

    fn told(index: &Index) -> Vec<(&str, Vec<&str>, Vec<&str>)> {
        let words = ["first", "second", "third", "fourth"];
        let told = words.map(|word| {
            (
                word,
                index.look_up(word, USES).collect(),
                index.look_up(word, HEADS).collect(),
            )
        });
        told.into()
    }

    fn written(index: &Index) -> Vec<u8> {
        let mut bytes = Vec::new();
        index.renewed().unwrap().write(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn postings_are_sorted_by_word_and_then_by_file() {
        let words = [0x3ff_ffff, 5, 0x200_0000, 5, 0x1fff, 0x2000, 5].map(|word| 7 << 26 | word);
        let words = words.into_iter().cycle().zip(0..9000);
        let mut postings: Vec<u64> = words.map(|(word, file)| posting(word, file)).collect();
        let mut sorted = postings.clone();
        sorted.sort_unstable();
        sort_by_word(&mut postings);
        assert_eq!(postings, sorted);
    }

    #[test]
    fn files_below_a_directory_are_counted() {
        let tree = Memory::new(
            "//- arch/arm-x/a.c\n//- arch/arm/a.c\n//- arch/arm/b/c.c\n//- arch/arm64/a.c\n",
        );
        let index = index(&tree, Known::default());
        let counts = ["arch/arm", "arch", "arch/x86"].map(|dir| index.files_below(dir));
        assert_eq!(counts, [2, 4, 0]);
    }

    #[test]
    fn what_was_known_of_another_tree_changes_no_answer() {
        let before = Arc::new(Memory::new(TREE));
        let nothing = FxHashMap::default;
        let first = index(
            before.as_ref(),
            Known {
                index: None,
                contents: Some(nothing()),
            },
        );
        assert_eq!(first.size().0, 5);
        let bytes = written(&first);
        let contents = first.contents();
        let contents: FxHashMap<u64, u128> = contents.map(|(p, text)| (key_of(p), text)).collect();
        let kept = |contents| Known {
            index: KeptIndex::from_bytes(&bytes),
            contents: Some(contents),
        };
        // The same tree, of which all is known: nothing is read.
        let again = index(before.as_ref(), kept(contents));
        assert_eq!((told(&again), again.size()), (told(&first), (0, 0, 0)));
        assert!(again.renewed().is_none());

        let mut after = Overlay::over(before);
        after.remove("c.c");
        after.put("a.c", b"int first(void) { fourth(); }\n");
        after.put("d.c", b"int second(void) { third(); }\n");
        let fresh = index(&after, Known::default());
        let known = index(&after, kept(nothing()));
        assert_eq!(told(&known), told(&fresh));
        // Of the others the text was known, though not the place.
        assert_eq!((fresh.size().0, known.size().0), (5, 1));
        let renewed = written(&known);
        let last = Known {
            index: KeptIndex::from_bytes(&renewed),
            contents: Some(nothing()),
        };
        let last = index(&after, last);
        assert_eq!((told(&last), last.size().0), (told(&fresh), 0));
    }
}
