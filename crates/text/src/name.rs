//! Words, stored once for the life of the process.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::ops::Deref;
use std::sync::{LazyLock, PoisonError, RwLock};

use foldhash::fast::RandomState;

/// A word of the kernel: a symbol, a function, a macro, a path.
///
/// Equality and hashing use the address, which is unique per word; ordering uses the letters, so a
/// sorted list of names is the same in every run. The memory of a name is never given back: a tree
/// has a bounded number of distinct words, and an analysis wants most of them until its end.
///
/// ```
/// use text::Name;
/// assert_eq!(Name::new("NUMA"), Name::new("NUMA"));
/// assert!(Name::new("ARM") < Name::new("X86"));
/// assert!(Name::new("X86").starts_with("X"));
/// ```
#[derive(Clone, Copy)]
pub struct Name(&'static &'static str);

const SHARDS: usize = 32;

struct Table {
    /// Seeded anew by each process: no tree can be written so that its words collide.
    hasher: RandomState,
    shards: [RwLock<Shard>; SHARDS],
}

/// Words, and memory for more of them. It is taken in pieces: words that lay one by one between what is given back
/// would keep most of that.
#[derive(Default)]
struct Shard {
    words: HashSet<Word, RandomState>,
    letters: &'static mut [u8],
    names: &'static mut [&'static str],
}

/// Room for so many letters, and for so many names, is taken at once.
const LETTERS: usize = 8 << 10;
const NAMES: usize = 512;

impl Shard {
    fn add(&mut self, word: &str) -> Name {
        let letters = self.keep(word);
        if self.names.is_empty() {
            self.names = Box::leak(vec![""; NAMES].into_boxed_slice());
        }
        // Names are in everything that is held: one that knows its length as well would be twice as large.
        let name = match std::mem::take(&mut self.names) {
            [first, rest @ ..] => {
                self.names = rest;
                *first = letters;
                Name(first)
            }
            [] => Name(Box::leak(Box::new(letters))),
        };
        self.words.insert(Word { letters, name });
        name
    }

    fn keep(&mut self, word: &str) -> &'static str {
        if word.len() > LETTERS / 8 {
            return Box::leak(word.into());
        }
        if word.len() > self.letters.len() {
            self.letters = Box::leak(vec![0; LETTERS].into_boxed_slice());
        }
        let (own, rest) = std::mem::take(&mut self.letters).split_at_mut(word.len());
        self.letters = rest;
        own.copy_from_slice(word.as_bytes());
        // It is a copy of one.
        std::str::from_utf8(own).unwrap_or_default()
    }
}

/// A word, and its name.
#[derive(Clone, Copy)]
struct Word {
    letters: &'static str,
    name: Name,
}

impl Borrow<str> for Word {
    fn borrow(&self) -> &str {
        self.letters
    }
}

impl PartialEq for Word {
    fn eq(&self, other: &Word) -> bool {
        self.letters == other.letters
    }
}

impl Eq for Word {}

impl Hash for Word {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.letters.hash(state);
    }
}

static TABLE: LazyLock<Table> = LazyLock::new(|| Table {
    hasher: RandomState::default(),
    shards: std::array::from_fn(|_| RwLock::default()),
});

impl Name {
    /// Interns `word`.
    #[must_use]
    pub fn new(word: &str) -> Name {
        let hash = TABLE.hasher.hash_one(word);
        let shard = &TABLE.shards[usize::try_from(hash % SHARDS as u64).unwrap_or(0)];
        // A panic while the lock is held cannot leave the set half changed, so poison is harmless.
        if let Some(known) = shard
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .words
            .get(word)
        {
            return known.name;
        }
        let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = shard.words.get(word) {
            return known.name;
        }
        shard.add(word)
    }

    /// Interns a word of a file, which may not be UTF-8.
    #[must_use]
    pub fn of_bytes(word: &[u8]) -> Name {
        match std::str::from_utf8(word) {
            Ok(word) => Name::new(word),
            Err(_) => Name::new(&String::from_utf8_lossy(word)),
        }
    }

    /// The word itself.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        self.0
    }
}

impl From<&str> for Name {
    fn from(word: &str) -> Name {
        Name::new(word)
    }
}

impl From<&Name> for Name {
    fn from(name: &Name) -> Name {
        *name
    }
}

impl From<&String> for Name {
    fn from(word: &String) -> Name {
        Name::new(word)
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Name) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Name {}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        *self.0 == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::from_ref(self.0).hash(state);
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Name) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Name) -> std::cmp::Ordering {
        if self == other {
            std::cmp::Ordering::Equal
        } else {
            self.0.cmp(other.0)
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_is_stored_once_from_any_thread() {
        let names: Vec<Name> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| Name::new("SPARSEMEM_VMEMMAP")))
                .collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(names.iter().all(|n| *n == names[0]));
    }

    #[test]
    fn order_is_that_of_the_letters() {
        let mut names = [Name::new("zeta"), Name::new("alpha"), Name::new("")];
        names.sort();
        assert_eq!(names.map(Name::as_str), ["", "alpha", "zeta"]);
    }
}
