//! Words that were looked up, and in which files they stand: a small part of an index, which a footprint keeps.
//!
//! While the words of a file that changes are the same, as [`LookedUp::comparing`] tells, so are the answers: who asks
//! again needs no index for what was asked before.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use source::{Source, key_of};

use crate::classes::Classes;
use crate::index::{HEADS, Index, USES, stands_for};
use crate::kept::Lists;
use crate::tree::{Progress, Silent, Tree};
use crate::words::{Seen, hash, words};

/// The hashes of words that were looked up, for uses and for heads.
pub(crate) type Asked = [FxHashSet<u32>; 2];

/// Words that were looked up, and in which files they stand.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct LookedUp {
    /// The hashes of words, sorted; and those of words that heads of functions may name.
    words: [Vec<u32>; 2],
    /// The files in which one of them stands, sorted.
    paths: Vec<String>,
    /// Where they stand, by the numbers of paths.
    postings: [Lists; 2],
    /// Whether all files could be read.
    is_whole: bool,
    /// What stands for the words in each file, by the key of its path, sorted.
    #[serde(skip)]
    sums: OnceLock<Vec<(u64, u64)>>,
}

impl LookedUp {
    /// Words with the files in which they stand, and whether all files could be read.
    pub(crate) fn new(mut asked: [Vec<(u32, Vec<&str>)>; 2], is_whole: bool) -> LookedUp {
        let all = asked.iter().flatten().flat_map(|(_, files)| files);
        let known: FxHashSet<&str> = all.copied().collect();
        let mut paths: Vec<&str> = known.into_iter().collect();
        paths.sort_unstable();
        let numbers: FxHashMap<&str, u32> = paths.iter().copied().zip(0..).collect();
        for words in &mut asked {
            words.sort_unstable_by_key(|(word, _)| *word);
        }
        let lists = |words: &Vec<(u32, Vec<&str>)>| {
            let mut all = Vec::new();
            for (word, files) in words {
                let start = all.len();
                let numbers = files.iter().filter_map(|path| numbers.get(path));
                all.extend(numbers.map(|file| u64::from(*word) << 32 | u64::from(*file)));
                all[start..].sort_unstable();
            }
            Lists::of(&all)
        };
        let hashes = |words: &Vec<(u32, Vec<&str>)>| words.iter().map(|(word, _)| *word).collect();
        LookedUp {
            words: [USES, HEADS].map(|kind| hashes(&asked[kind])),
            postings: [USES, HEADS].map(|kind| lists(&asked[kind])),
            paths: paths.into_iter().map(str::to_owned).collect(),
            is_whole,
            sums: OnceLock::new(),
        }
    }

    /// Whether all files could be read. Which could not is told by who makes an index.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The files of a word, if it was looked up.
    fn files(&self, kind: usize, word: u32) -> Option<Vec<&str>> {
        self.words[kind].binary_search(&word).ok()?;
        let files = self.postings[kind].files(word);
        let paths = files.filter_map(|file| self.paths.get(file as usize));
        Some(paths.map(String::as_str).collect())
    }

    fn sums(&self) -> &[(u64, u64)] {
        self.sums.get_or_init(|| {
            let mut sums = vec![0_u64; self.paths.len()];
            for (kind, lists) in self.postings.iter().enumerate() {
                lists.each(|word, file| {
                    if let Some(sum) = sums.get_mut(file as usize) {
                        *sum = sum.wrapping_add(stands_for(kind, word));
                    }
                });
            }
            let keys = self.paths.iter().map(|path| key_of(path));
            let mut sums: Vec<(u64, u64)> = keys.zip(sums).collect();
            sums.sort_unstable();
            sums
        })
    }

    /// What stands for the words of the file with this key; 0 where it has none.
    pub(crate) fn of_file(&self, key: u64) -> u64 {
        let sums = self.sums();
        let found = sums.binary_search_by_key(&key, |(known, _)| *known);
        found.map_or(0, |at| sums[at].1)
    }

    /// To compare files with what was found.
    pub(crate) fn comparing(&self) -> Comparing<'_> {
        let set = |words: &Vec<u32>| words.iter().copied().collect();
        Comparing {
            known: self,
            words: [set(&self.words[USES]), set(&self.words[HEADS])],
        }
    }
}

/// Words that were looked up, ready to be found in many files.
pub(crate) struct Comparing<'l> {
    known: &'l LookedUp,
    words: Asked,
}

/// What is used again for each file that is scanned.
pub(crate) struct Scratch {
    text: Vec<u8>,
    seen: [Seen; 2],
    classes: Classes,
}

impl Default for Scratch {
    fn default() -> Scratch {
        Scratch {
            text: Vec::new(),
            seen: [Seen::new(), Seen::new()],
            classes: Classes::default(),
        }
    }
}

impl Comparing<'_> {
    /// Whether the file at `path` has those of the words that it had; of one that cannot be read nobody knows.
    pub(crate) fn same_words(
        &self,
        source: &dyn Source,
        path: &str,
        scratch: &mut Scratch,
    ) -> bool {
        let Scratch {
            text,
            seen,
            classes,
        } = scratch;
        if source.read_into(path, text).is_err() {
            return false;
        }
        seen.iter_mut().for_each(Seen::clear);
        let mut sum = 0_u64;
        let mut add = |kind: usize, hash: u32| {
            if self.words[kind].contains(&hash) && seen[kind].insert(hash) {
                sum = sum.wrapping_add(stands_for(kind, hash));
            }
        };
        words(text, classes, |hash, head| {
            add(USES, hash);
            if head {
                add(HEADS, hash);
            }
        });
        self.known.of_file(key_of(path)) == sum
    }
}

/// The words of a tree's files.
#[derive(Clone, Copy, Debug)]
pub struct Words<'t> {
    pub(crate) tree: &'t Tree,
}

impl<'t> Words<'t> {
    /// The files in which `word` may be used, by path; for the name of a C file (`impl.c`), those that
    /// include one of that name.
    pub fn files(self, word: &str) -> std::vec::IntoIter<&'t str> {
        self.look_up(word, USES).into_iter()
    }

    /// The files that may hold a definition of the function `word`, by path: those in which a line
    /// without indentation, or one that begins with `static`, has the word before a parenthesis, and is
    /// no prototype of one line.
    pub fn defining(self, word: &str) -> std::vec::IntoIter<&'t str> {
        self.look_up(word, HEADS).into_iter()
    }

    fn look_up(self, word: &str, kind: usize) -> Vec<&'t str> {
        let again = &self.tree.again;
        again.look_up(kind, word).unwrap_or_else(|| {
            let index = self.tree.full_index(&Silent);
            index.look_up(word, kind).collect()
        })
    }

    /// How many of its files lie below `directory`, as far as all are known.
    pub fn files_below(self, directory: &str) -> usize {
        let index = self.tree.index();
        index.map_or(0, |index| index.files_below(directory))
    }
}

/// What was looked up before, and what of that was asked again.
#[derive(Debug, Default)]
pub(crate) struct Again {
    known: Vec<Arc<LookedUp>>,
    asked: Mutex<Asked>,
}

impl Again {
    pub(crate) fn new(known: Vec<Arc<LookedUp>>) -> Again {
        Again {
            known,
            asked: Mutex::default(),
        }
    }

    /// Whether anything was.
    pub(crate) fn knows_some(&self) -> bool {
        !self.known.is_empty()
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look_up(&self, kind: usize, word: &str) -> Option<Vec<&str>> {
        let hash = hash(word.as_bytes());
        let files = self.files(kind, hash)?;
        self.asked()[kind].insert(hash);
        Some(files)
    }

    fn files(&self, kind: usize, word: u32) -> Option<Vec<&str>> {
        let mut known = self.known.iter();
        known.find_map(|known| known.files(kind, word))
    }

    /// All that was asked, of this or of an index.
    pub(crate) fn all(&self, index: Option<&Index>) -> LookedUp {
        let asked = self.asked();
        let all = [USES, HEADS].map(|kind| {
            let again = asked[kind].iter();
            let again = again.filter_map(|word| Some((*word, self.files(kind, *word)?)));
            let found = index.into_iter().flat_map(|index| index.asked(kind));
            again.chain(found).collect()
        });
        LookedUp::new(all, index.is_none_or(|index| index.unreadable().is_empty()))
    }
}

impl Tree {
    /// The words of its files; all are looked for now, unless some are known.
    pub fn words(&self, progress: &dyn Progress) -> Words<'_> {
        if !self.again.knows_some() {
            self.full_index(progress);
        }
        Words { tree: self }
    }

    /// Whether words of it were asked for.
    pub fn has_words(&self) -> bool {
        self.again.knows_some() || self.index().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use source::Memory;

    const FILES: &str = "\
//- Kconfig
//- Makefile
//- arch/toy/Kconfig
//- mm/a.c
void first(void)
{
	second();
}
//- mm/b.c
void second(void)
{
	third();
}
";

    fn tree() -> Tree {
        Tree::open(Arc::new(Memory::new(FILES))).unwrap()
    }

    fn told<'t>(tree: &'t Tree, word: &str) -> [Vec<&'t str>; 2] {
        let words = tree.words(&Silent);
        [words.files(word).collect(), words.defining(word).collect()]
    }

    #[test]
    fn what_was_looked_up_takes_no_index() {
        let before = tree();
        let both = ["first", "second", "nowhere"];
        let found = both.map(|word| told(&before, word));
        assert_eq!(found[1], [vec!["mm/a.c", "mm/b.c"], vec!["mm/b.c"]]);
        let known = before.again.all(before.index());
        assert_eq!(known.of_file(key_of("mm/c.c")), 0);
        let again = tree().with_looked_up(vec![Arc::new(known)]);
        assert_eq!(both.map(|word| told(&again, word)), found);
        assert!(again.index().is_none() && again.has_words());
        // What was not looked up takes one; what was asked by then is known to the next.
        assert_eq!(told(&again, "third")[0], ["mm/b.c"]);
        assert!(again.index().is_some());
        let last = tree().with_looked_up(vec![Arc::new(again.again.all(again.index()))]);
        assert_eq!(both.map(|word| told(&last, word)), found);
        assert_eq!(told(&last, "third"), told(&again, "third"));
        assert!(last.index().is_none());
    }
}
