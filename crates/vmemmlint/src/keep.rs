//! What is kept of a check, so that the next one has less to do.
//!
//! An answer depends on the program, on what was asked, and on what was looked at of a tree
//! ([`kernel::Footprint`]). It is kept with that, and with the states of all files ([`source::States`]). Where a tree
//! is in the same state, the answer is taken as it is; where some files are in another, it is taken if what was
//! looked at of them is the same.
//!
//! An answer has parts, each about some architectures: where Kconfig says something else to one, only that one is asked
//! again, and its part rests on what was looked at then.
//!
//! Where it is not, the check is done, but the words of files that are known are not looked for again: a list of
//! places says what is in the files whose states are the same ([`source::digest`]), and an index says which words are
//! in what; trees that have files in common share it.

use std::cmp::Reverse;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::SystemTime;

use kernel::{Footprint, KeptIndex, Known, LookedUp, Models, Tree};
use rules::{ArchOutcomes, Outcome, Settings};
use rustc_hash::FxHashMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use source::{Led, Listed, Listing, States, digest, key_of};

use crate::cache::{Cache, Shelf};

/// A file that was changed so few seconds ago may be changed again without a trace: some file systems count
/// whole seconds, some two.
const SETTLED: i64 = 3;

/// So many answers to a question, about a tree in other states, are asked whether they still hold.
const TRIED: usize = 4;

/// What is asked, and of which program: the first half of an answer's name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Question(String);

impl Question {
    /// `None` where it is not known which program is asked.
    fn new(settings: &Settings, listing: &Listing) -> Option<Question> {
        let program = std::env::current_exe().and_then(fs::metadata).ok()?;
        let mut hash = Sha256::new();
        hash.update(env!("CARGO_PKG_VERSION"));
        for number in [program.mtime(), program.mtime_nsec(), program.ctime()] {
            hash.update(number.to_le_bytes());
        }
        hash.update(program.size().to_le_bytes());
        hash.update(program.ino().to_le_bytes());
        // Where states are of another kind, all would have to be looked at.
        hash.update([u8::from(listing.is_of_objects())]);
        // All of them, also those that will be added.
        hash.update(format!("{settings:?}"));
        let start = *hash.finalize().first_chunk::<16>()?;
        Some(Question(format!("{:032x}", u128::from_be_bytes(start))))
    }

    /// The name of the answer about a tree in these states.
    fn about(&self, states: &States) -> String {
        format!("{}-{:016x}", self.0, states.sum())
    }
}

/// What was found for some architectures, and what that rests on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    rests_on: Arc<(Footprint, States)>,
    found: ArchOutcomes,
}

/// A part that is moved from where it was made.
#[derive(Debug)]
pub(crate) enum Moved {
    /// Others hold it as well.
    Shared(Part),
    Bytes(Vec<u8>),
}

impl Part {
    /// Leaves to others what they have found.
    pub(crate) fn leave(&mut self, found: &ArchOutcomes) {
        self.found.retain(|arch, _| !found.contains_key(arch));
    }

    /// Parts, put away where nobody else holds them.
    pub(crate) fn put_away(parts: Vec<Part>) -> Vec<Moved> {
        let moved = parts.into_iter().map(|part| {
            if Arc::strong_count(&part.rests_on) > 1 {
                Moved::Shared(part)
            } else {
                Moved::Bytes(put_away(&part))
            }
        });
        moved.collect()
    }

    /// The part, where it is to stay.
    pub(crate) fn taken_out(moved: Moved) -> Option<Part> {
        match moved {
            Moved::Shared(part) => Some(part),
            Moved::Bytes(bytes) => taken_out(&bytes),
        }
    }
}

/// Something as one piece of memory; nothing where that cannot be.
pub(crate) fn put_away<T: Serialize>(what: &T) -> Vec<u8> {
    postcard::to_stdvec(what).unwrap_or_default()
}

/// What was put away.
pub(crate) fn taken_out<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    postcard::from_bytes(bytes).ok()
}

/// So many parts an answer has at most: with each there is more to look at.
const PARTS: usize = 4;

/// What of the parts of an answer still holds.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    pub(crate) parts: Vec<Part>,
    /// In which files words stand that were looked up, also for parts of which nothing holds.
    pub(crate) looked_up: Vec<Arc<LookedUp>>,
    /// How many architectures are to be asked again.
    pub(crate) open: usize,
}

impl Rest {
    /// What is known of architectures.
    pub(crate) fn known(&self) -> ArchOutcomes {
        let all = self.parts.iter().flat_map(|part| &part.found);
        all.map(|(arch, found)| (arch.clone(), found.clone()))
            .collect()
    }

    /// Whether all of it does.
    pub(crate) fn holds(&self) -> bool {
        self.open == 0
    }

    /// Whether nothing of it does.
    pub(crate) fn is_nothing(&self) -> bool {
        self.parts.is_empty() && self.looked_up.is_empty()
    }
}

/// An answer that was given in this run, and what it rests on.
#[derive(Debug)]
pub(crate) struct Held {
    question: Question,
    parts: Vec<Part>,
    pub(crate) outcome: Arc<Outcome>,
}

/// An answer that was kept, and what of it still holds.
pub(crate) struct Kept {
    pub(crate) outcome: Outcome,
    pub(crate) rest: Rest,
}

/// What was in a file: by the key of its path, its state, and what stands for its text.
type Place = (u64, u64, u128);

/// What was known of the words of files before a check.
#[derive(Debug, Default)]
pub(crate) struct Shelved {
    /// The name of the list of the tree's files.
    tree: String,
    index: Option<String>,
    places: Vec<Place>,
}

/// A question about a tree in one state, whose answer may be known, or may be kept.
#[derive(Clone, Debug)]
pub(crate) struct Keep {
    cache: Cache,
    question: Question,
    listing: Listing,
    /// What was changed at this time or later may be in a state that is not seen, in seconds since 1970.
    unsure: i64,
}

impl Keep {
    /// What is known of the answer to `settings` on a tree; `None` where it cannot be known again.
    pub(crate) fn new(cache: Cache, settings: &Settings, tree: &dyn Listed) -> Option<Keep> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = i64::try_from(now.ok()?.as_secs()).ok()?;
        let listing = tree.listing().ok()?;
        Some(Keep {
            question: Question::new(settings, &listing)?,
            // It may have been made some time ago.
            unsure: now.min(listing.begun()) - SETTLED,
            listing,
            cache,
        })
    }

    /// The answer that was kept for this state of the tree.
    pub(crate) fn known(&self, tree: &dyn Listed) -> Option<Outcome> {
        let name = self.question.about(&self.listing.states(i64::MAX));
        let _span = tracing::debug_span!("read an answer").entered();
        let holds = |bytes: &[u8]| {
            let (outcome, led, _) = decode_answer(bytes)?;
            led.iter().all(|led| led.holds(tree)).then_some(outcome)
        };
        self.cache.read(Shelf::Answers, &name, holds)
    }

    /// Of the answers about the tree in other states one that still holds, or else that of which most does.
    pub(crate) fn known_of_others(&self, tree: &dyn Listed, models: &Models<'_>) -> Option<Kept> {
        let mut names = self.cache.names(Shelf::Answers);
        names.retain(|name| name.starts_with(&self.question.0));
        names.truncate(TRIED);
        let mut best: Option<Kept> = None;
        for name in names {
            let kept = |bytes: &[u8]| {
                let (outcome, _, parts) = decode_answer(bytes)?;
                let parts: Vec<Part> = postcard::from_bytes(parts).ok()?;
                let rest = self.rest(&parts, tree, models);
                (!rest.is_nothing()).then_some(Kept { outcome, rest })
            };
            let Some(kept) = self.cache.read(Shelf::Answers, &name, kept) else {
                continue;
            };
            if kept.rest.holds() {
                return Some(kept);
            }
            if best
                .as_ref()
                .is_none_or(|best| kept.rest.open < best.rest.open)
            {
                best = Some(kept);
            }
        }
        best
    }

    /// What still holds of an answer of this run; `None` where it is one to another question.
    pub(crate) fn rest_of(
        &self,
        held: &Held,
        tree: &dyn Listed,
        models: &Models<'_>,
    ) -> Option<Rest> {
        let is_asked = held.question == self.question;
        is_asked.then(|| self.rest(&held.parts, tree, models))
    }

    /// What still holds of some parts.
    fn rest(&self, parts: &[Part], tree: &dyn Listed, models: &Models<'_>) -> Rest {
        let _span = tracing::debug_span!("look at what changed").entered();
        let mut rest = Rest::default();
        for part in parts {
            let (footprint, states) = &*part.rests_on;
            let changes = self.listing.changes(states);
            let wanted = |arch: &str| part.found.contains_key(arch);
            let place = (&self.listing, &changes);
            let stale = footprint.stale(tree, place, (models, &wanted));
            let Some(stale) = stale.filter(|_| tree.is_untouched(&changes)) else {
                rest.open += part.found.len();
                continue;
            };
            rest.looked_up.extend(footprint.looked_up());
            let mut found = part.found.clone();
            found.retain(|arch, one| one.holds(arch, &stale));
            rest.open += part.found.len() - found.len();
            if !found.is_empty() {
                let rests_on = Arc::clone(&part.rests_on);
                rest.parts.push(Part { rests_on, found });
            }
        }
        // The smallest are asked again together.
        if !rest.holds() {
            rest.parts.sort_by_key(|part| Reverse(part.found.len()));
            let dropped = rest.parts.drain(rest.parts.len().min(PARTS - 1)..);
            rest.open += dropped.map(|part| part.found.len()).sum::<usize>();
        }
        rest
    }

    /// An answer to be held for the trees that follow.
    pub(crate) fn held(&self, outcome: Arc<Outcome>, parts: Vec<Part>) -> Held {
        Held {
            question: self.question.clone(),
            parts,
            outcome,
        }
    }

    /// What is known of the words of files.
    pub(crate) fn words(&self, tree: &dyn Listed) -> (Known, Shelved) {
        let _span = tracing::debug_span!("read the index").entered();
        let tree = format!("{:032x}", digest(&tree.place()));
        let decode = |bytes: &[u8]| postcard::from_bytes::<(String, Vec<Place>)>(bytes).ok();
        let shelved = self.cache.read(Shelf::Places, &tree, decode);
        let (own, places) = shelved.unzip();
        // A tree that was not met before may have files of one that was.
        let others = self.cache.names(Shelf::Indexes);
        let names = own.into_iter().chain(others.into_iter().take(1));
        let found = names.into_iter().find_map(|name| {
            let index = self
                .cache
                .read(Shelf::Indexes, &name, KeptIndex::from_bytes)?;
            Some((name, index))
        });
        let (name, index) = found.unzip();
        let places = places.unwrap_or_default();
        let same = places
            .iter()
            .filter(|(key, state, _)| *state != 0 && self.listing.state_of(*key) == Some(*state));
        let contents: FxHashMap<u64, u128> = same.map(|(key, _, text)| (*key, *text)).collect();
        let known = Known {
            index,
            contents: Some(contents),
        };
        let shelved = Shelved {
            tree,
            index: name,
            places,
        };
        (known, shelved)
    }

    /// What was found out now, with what it rests on; `None` where the tree, of which all that lies there now is `later`
    /// where that is known, was changed meanwhile, so that one half of it may rest on another tree than the other.
    pub(crate) fn part(
        &self,
        (tree, listed): (&Tree, &dyn Listed),
        found: ArchOutcomes,
        later: Option<&Listing>,
    ) -> Option<Part> {
        let footprint = tree.footprint(&self.listing)?;
        let is_same = match later {
            Some(later) => later.is_untouched_since(&self.listing),
            None => listed.is_untouched(&self.listing.at_all(footprint.asked())),
        };
        if !is_same {
            return None;
        }
        let states = self.listing.states(self.unsure);
        let rests_on = Arc::new((footprint, states));
        Some(Part { rests_on, found })
    }

    /// Keeps an answer about the tree in the states that were looked at first.
    pub(crate) fn keep(&self, outcome: &Outcome, parts: &[Part]) {
        let _span = tracing::debug_span!("keep the answer").entered();
        let states = self.listing.states(self.unsure);
        let answer = postcard::to_stdvec(outcome);
        let led = parts.iter().map(|part| part.rests_on.0.led());
        let rest = (led.collect::<Vec<&Led>>(), parts);
        let answer = answer.and_then(|answer| postcard::to_extend(&rest, answer));
        // A folder that cannot be written, or a full disk, is no reason to complain of a check.
        if let Ok(answer) = answer {
            let name = self.question.about(&states);
            let write = |out: &mut dyn io::Write| out.write_all(&answer);
            let _ = self.cache.write(Shelf::Answers, Some(&name), &write);
        }
    }

    /// Keeps the words of the files of a tree, and where they are; `later` is what lies there now.
    pub(crate) fn keep_words(&self, tree: &Tree, shelved: &Shelved, later: &Listing) {
        let _span = tracing::debug_span!("keep the index").entered();
        let Some(index) = tree.index() else { return };
        let mut name = shelved.index.clone();
        if let Some(renewed) = index.renewed() {
            let write = |out: &mut dyn io::Write| renewed.write(out);
            name = self.cache.write(Shelf::Indexes, None, &write).ok();
        }
        let states = self.listing.states(self.unsure);
        let place = |(path, text)| {
            let key = key_of(path);
            let is_same = later.has_untouched(&self.listing, key);
            (key, if is_same { states.of(key) } else { 0 }, text)
        };
        let mut places: Vec<Place> = index.contents().map(place).collect();
        places.sort_unstable();
        if let Some(name) = name
            && (shelved.index.as_ref() != Some(&name) || shelved.places != places)
            && let Ok(text) = postcard::to_stdvec(&(name, places))
        {
            let write = |out: &mut dyn io::Write| out.write_all(&text);
            let _ = self.cache.write(Shelf::Places, Some(&shelved.tree), &write);
        }
    }
}

/// An answer, what is asked again each time, and the bytes of its [`Part`]s, which are read only where they are needed.
fn decode_answer(bytes: &[u8]) -> Option<(Outcome, Vec<Led>, &[u8])> {
    let (outcome, rest) = postcard::take_from_bytes(bytes).ok()?;
    let (led, parts) = postcard::take_from_bytes(rest).ok()?;
    Some((outcome, led, parts))
}
