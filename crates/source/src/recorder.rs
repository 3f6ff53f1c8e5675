//! What was asked of a source, so that it is known later whether the answers are still the same.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_128;

use crate::path::{above, parent};
use crate::{Changes, Listing, ReadError, Source, TreePath, is_named, key_of};

/// A question that a [`Source`] answers about one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Question {
    Read,
    /// A text of which it is known what was seen.
    See,
    IsFile,
    IsDirectory,
    List,
}

const QUESTIONS: [Question; 5] = [
    Question::Read,
    Question::See,
    Question::IsFile,
    Question::IsDirectory,
    Question::List,
];

/// What stands for an answer: its hash, or a small number where there are few answers.
type Digest = u128;

/// Another source, with a note of all that it is asked.
pub struct Recorder {
    below: Arc<dyn Source>,
    asked: Mutex<FxHashMap<(TreePath, Question), Digest>>,
    named: Mutex<BTreeMap<Vec<String>, Vec<TreePath>>>,
    /// It was asked what cannot be asked again later.
    is_lost: AtomicBool,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

/// Questions whose answers may change without a trace at their path: links lead there, or it is hidden. They are asked
/// again each time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Led(Vec<(TreePath, Question, Digest)>);

impl Led {
    /// Whether `source` answers them as before.
    #[must_use]
    pub fn holds(&self, source: &dyn Source) -> bool {
        let all = self.0.par_iter();
        all.all(|(path, question, digest)| digest_of(source, path, *question) == *digest)
    }
}

/// What was asked of a source, and what stands for its answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// By the key of the path, sorted.
    asked: Vec<(u64, Question, Digest)>,
    /// Questions whose answers may change without a trace at their path.
    led: Led,
    /// How names of files began, and what stands for the files.
    named: Vec<(Vec<String>, Digest)>,
}

impl Recorder {
    /// Nothing has been asked of `below` yet.
    pub fn over(below: Arc<dyn Source>) -> Recorder {
        Recorder {
            below,
            asked: Mutex::default(),
            named: Mutex::default(),
            is_lost: AtomicBool::new(false),
        }
    }

    /// Itself, for one who knows later what of the texts was seen.
    pub fn seeing(&self) -> Seeing<'_> {
        Seeing(self)
    }

    /// The source that answers, for questions that others keep account of.
    pub fn below(&self) -> &dyn Source {
        self.below.as_ref()
    }

    /// What was asked so far of a directory in which `listing` lay; `None` where it cannot be asked again.
    pub fn record(&self, listing: &Listing) -> Option<Record> {
        if self.is_lost.load(Ordering::Relaxed) {
            return None;
        }
        let links = Links::new(listing);
        let mut record = Record::default();
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = asked.iter().collect();
        all.sort_unstable();
        for ((path, question), digest) in all {
            // What is there without being listed, or the other way round, was not there when that was looked at, or
            // has another name there, as where upper and lower case are the same.
            let is_listed = listing.state_of(key_of(path)).is_some();
            let is_odd = match question {
                Question::Read | Question::See => is_listed == (*digest == 0),
                _ => *digest != 0 && !is_listed,
            };
            if is_odd || is_hidden(path) || links.lead(path, *question) {
                record.led.0.push((path.clone(), *question, *digest));
            } else {
                record.asked.push((key_of(path), *question, *digest));
            }
        }
        record.asked.sort_unstable();
        let named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        let named = named.iter();
        record.named = named
            .map(|(prefixes, found)| (prefixes.clone(), digest_of_list(found)))
            .collect();
        Some(record)
    }

    fn note(&self, path: &str, question: Question, digest: Digest) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let before = asked.insert((path.to_owned(), question), digest);
        // What has changed meanwhile gave an answer of which nobody knows on what it rests.
        if before.is_some_and(|before| before != digest) {
            self.is_lost.store(true, Ordering::Relaxed);
        }
    }

    /// Reads for one who knows later what of the text was seen: it may change elsewhere.
    pub fn see(&self, path: &str) -> Result<Arc<[u8]>, ReadError> {
        let answer = self.below.read(path);
        self.note_text(path, Question::See, answer.as_deref());
        answer
    }

    /// Notes that such a text was seen, by what stands for it ([`digest`]), for one who had it from elsewhere.
    pub fn saw(&self, path: &str, digest: u128) {
        self.note(path, Question::See, digest);
    }

    /// The same, with a buffer.
    pub fn see_into(&self, path: &str, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        let answer = self.below.read_into(path, buffer);
        let text = answer.as_ref().map(|()| buffer.as_slice());
        self.note_text(path, Question::See, text);
        answer
    }

    /// Notes what could be read; an error that may be gone the next time is nothing to rest on.
    fn note_text(&self, path: &str, question: Question, answer: Result<&[u8], &ReadError>) {
        if answer.is_err_and(|error| !error.is_lasting()) {
            self.is_lost.store(true, Ordering::Relaxed);
        }
        self.note(path, question, digest_of_text(answer));
    }
}

/// A [`Recorder`] for one who knows later what of the texts was seen: see [`Recorder::see`].
#[derive(Clone, Copy, Debug)]
pub struct Seeing<'r>(&'r Recorder);

impl Source for Seeing<'_> {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, ReadError> {
        self.0.see(path)
    }

    fn read_into(&self, path: &str, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        self.0.see_into(path, buffer)
    }

    fn is_file(&self, path: &str) -> bool {
        self.0.is_file(path)
    }

    fn is_dir(&self, path: &str) -> bool {
        self.0.is_dir(path)
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, ReadError> {
        self.0.list(directory)
    }

    fn walk(
        &self,
        directory: &str,
        enter: &(dyn Fn(&str) -> bool + Sync),
        wanted: &(dyn Fn(&str) -> bool + Sync),
    ) -> (Vec<TreePath>, Vec<(TreePath, ReadError)>) {
        self.0.walk(directory, enter, wanted)
    }

    fn files_named(&self, prefixes: &[&str]) -> Vec<TreePath> {
        self.0.files_named(prefixes)
    }
}

impl Source for Recorder {
    fn read(&self, path: &str) -> Result<Arc<[u8]>, ReadError> {
        let answer = self.below.read(path);
        self.note_text(path, Question::Read, answer.as_deref());
        answer
    }

    fn read_into(&self, path: &str, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        let answer = self.below.read_into(path, buffer);
        let text = answer.as_ref().map(|()| buffer.as_slice());
        self.note_text(path, Question::Read, text);
        answer
    }

    fn is_file(&self, path: &str) -> bool {
        let answer = self.below.is_file(path);
        self.note(path, Question::IsFile, Digest::from(answer));
        answer
    }

    fn is_dir(&self, path: &str) -> bool {
        let answer = self.below.is_dir(path);
        self.note(path, Question::IsDirectory, Digest::from(answer));
        answer
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, ReadError> {
        let answer = self.below.list(directory);
        self.note(directory, Question::List, digest_of_listed(&answer));
        answer
    }

    fn walk(
        &self,
        directory: &str,
        enter: &(dyn Fn(&str) -> bool + Sync),
        wanted: &(dyn Fn(&str) -> bool + Sync),
    ) -> (Vec<TreePath>, Vec<(TreePath, ReadError)>) {
        self.is_lost.store(true, Ordering::Relaxed);
        self.below.walk(directory, enter, wanted)
    }

    fn files_named(&self, prefixes: &[&str]) -> Vec<TreePath> {
        let key: Vec<String> = prefixes.iter().map(ToString::to_string).collect();
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        let found = named
            .entry(key)
            .or_insert_with(|| self.below.files_named(prefixes));
        found.clone()
    }
}

impl Record {
    /// The keys of all paths that were asked for, but for those of which that is asked again each time.
    pub fn asked(&self) -> impl Iterator<Item = u64> {
        self.asked.iter().map(|(key, ..)| *key)
    }

    /// What is asked again each time.
    #[must_use]
    pub fn led(&self) -> &Led {
        &self.led
    }

    /// Whether `source`, which differs by `changes` from what was asked and now is `listing`, would answer all
    /// questions as it did. Of texts of which it is known what was seen, `shows_the_same` is asked where they are
    /// others.
    #[must_use]
    pub fn holds(
        &self,
        source: &dyn Source,
        (listing, changes): (&Listing, &Changes<'_>),
        shows_the_same: &(dyn Fn(&str, Arc<[u8]>) -> bool + Sync),
    ) -> bool {
        let gone = |key: &u64| !self.asked_at(*key).is_empty();
        if changes.is_relinked() || changes.gone().iter().any(gone) {
            return false;
        }
        let same = |path: &str, question: Question, digest: Digest| {
            if question != Question::See {
                return digest_of(source, path, question) == digest;
            }
            let text = source.read(path);
            // What was not there was not seen in part.
            digest_of_text(text.as_deref()) == digest
                || digest != 0 && text.is_ok_and(|text| shows_the_same(path, text))
        };
        self.led.holds(source)
            && changes
                .present()
                .collect::<Vec<_>>()
                .into_par_iter()
                .all(|path| {
                    let asked = self.asked_at(key_of(path)).iter();
                    let mut asked = asked.copied();
                    asked.all(|(_, question, digest)| same(path, question, digest))
                })
            && self.names_hold(listing, changes)
    }

    fn asked_at(&self, key: u64) -> &[(u64, Question, Digest)] {
        let from = self.asked.partition_point(|(known, ..)| *known < key);
        let same = self.asked[from..].iter().take(QUESTIONS.len());
        let count = same.take_while(|(known, ..)| *known == key).count();
        &self.asked[from..from + count]
    }

    fn names_hold(&self, listing: &Listing, changes: &Changes<'_>) -> bool {
        changes.is_empty()
            || self.named.iter().all(|(prefixes, digest)| {
                let prefixes: Vec<&str> = prefixes.iter().map(String::as_str).collect();
                // What goes is known by its key only.
                let mut present = changes.present();
                if changes.gone().is_empty() && !present.any(|path| is_named(path, &prefixes)) {
                    return true;
                }
                let files = listing.files().filter(|path| is_named(path, &prefixes));
                let mut found: Vec<&str> = files.collect();
                found.sort_unstable();
                digest_of_list(&found) == *digest
            })
    }
}

/// The links of a listing.
struct Links<'l> {
    paths: FxHashSet<&'l str>,
    /// The directories in which they lie.
    parents: FxHashSet<&'l str>,
}

impl Links<'_> {
    fn new(listing: &Listing) -> Links<'_> {
        let paths = listing.links();
        let parents = paths.iter().map(|path| parent(path)).collect();
        Links { paths, parents }
    }

    /// Whether the answer to a question may depend on where a link leads.
    fn lead(&self, path: &str, question: Question) -> bool {
        self.paths.contains(path)
            || above(path).any(|above| self.paths.contains(above))
            || question == Question::List && self.parents.contains(path)
    }
}

fn digest_of(source: &dyn Source, path: &str, question: Question) -> Digest {
    match question {
        Question::Read | Question::See => digest_of_text(source.read(path).as_deref()),
        Question::IsFile => Digest::from(source.is_file(path)),
        Question::IsDirectory => Digest::from(source.is_dir(path)),
        Question::List => digest_of_listed(&source.list(path)),
    }
}

/// What stands for a text: equal for equal texts, and only for these, as far as nobody makes them so on purpose.
#[must_use]
pub fn digest(text: &[u8]) -> u128 {
    XxHash3_128::oneshot(text)
}

/// Makes the [`digest`] of a text that comes in pieces.
#[derive(Clone, Default)]
pub struct Digester(XxHash3_128);

impl Digester {
    /// What stands for all that was written.
    #[must_use]
    pub fn finish(&self) -> u128 {
        self.0.finish_128()
    }
}

impl fmt::Debug for Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digester").finish_non_exhaustive()
    }
}

impl io::Write for Digester {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.0.write(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn digest_of_text(answer: Result<&[u8], &ReadError>) -> Digest {
    match answer {
        Ok(text) => digest(text),
        Err(error) => digest_of_error(error),
    }
}

fn digest_of_listed(answer: &Result<Vec<String>, ReadError>) -> Digest {
    match answer {
        Ok(names) => digest_of_list(names),
        Err(error) => digest_of_error(error),
    }
}

/// Names have no zero bytes.
fn digest_of_list<S: AsRef<str>>(names: &[S]) -> Digest {
    let mut hash = XxHash3_128::new();
    for name in names {
        hash.write(name.as_ref().as_bytes());
        hash.write(&[0]);
    }
    hash.finish_128()
}

/// That a file is missing is noted most often, and shortest.
fn digest_of_error(error: &ReadError) -> Digest {
    match error {
        ReadError::Missing => 0,
        error => XxHash3_128::oneshot(format!("{error:?}").as_bytes()),
    }
}

/// Whether no [`Listing`] has a path so: a part begins with a dot, or it is the top itself.
pub(crate) fn is_hidden(path: &str) -> bool {
    let mut parts = path.split('/');
    parts.any(|part| part.is_empty() || part.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::{Directory, Listed};

    /// Whether what was asked of a tree holds after a change.
    fn holds(
        ask: impl Fn(&dyn Source),
        change: impl Fn(&dyn Fn(&str) -> std::path::PathBuf),
    ) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let place = |path: &str| folder.path().join(path);
        fs::create_dir_all(place("mm/deep")).unwrap();
        fs::create_dir(place(".hidden")).unwrap();
        for path in ["mm/a.c", "mm/b.c", "mm/Makefile", ".hidden/x"] {
            fs::write(place(path), path).unwrap();
        }
        symlink("deep", place("mm/link")).unwrap();
        fs::create_dir(place("mm/links")).unwrap();
        symlink("../a.c", place("mm/links/a.c")).unwrap();
        let tree = Arc::new(Directory::open(folder.path()).unwrap());
        let listing = tree.listing().unwrap();
        let recorder = Recorder::over(tree.clone());
        ask(&recorder);
        let record = recorder.record(&listing).unwrap();
        change(&place);
        let after = tree.listing().unwrap();
        let all = |_: &str, _| false;
        let changes = after.changes(&listing.states(i64::MAX));
        let held = record.holds(tree.as_ref(), (&after, &changes), &all);
        // What is not known to be the same is looked at, and is.
        let unsure = after.changes(&listing.states(i64::MIN));
        assert_eq!(record.holds(tree.as_ref(), (&after, &unsure), &all), held);
        held
    }

    fn write(place: std::path::PathBuf) {
        fs::write(place, "new").unwrap();
    }

    #[test]
    fn a_text_in_pieces_has_the_digest_of_the_whole() {
        let text: Vec<u8> = (0..=255).cycle().take(3000).collect();
        let mut digester = Digester::default();
        for piece in text.chunks(77) {
            io::Write::write_all(&mut digester, piece).unwrap();
        }
        assert_eq!(digester.finish(), digest(&text));
        assert_ne!(digest(&text), digest(&text[1..]));
    }

    #[test]
    fn what_was_not_asked_may_change() {
        let read = |tree: &dyn Source| assert!(tree.read("mm/a.c").is_ok());
        assert!(holds(read, |_| {}));
        assert!(holds(read, |at| write(at("mm/b.c"))));
        assert!(holds(read, |at| write(at("mm/c.c"))));
        assert!(holds(read, |at| fs::remove_file(at("mm/b.c")).unwrap()));
        let touch =
            |at: &dyn Fn(&str) -> std::path::PathBuf| fs::write(at("mm/a.c"), "mm/a.c").unwrap();
        assert!(holds(read, touch));
        assert!(!holds(read, |at| write(at("mm/a.c"))));
        assert!(!holds(read, |at| fs::remove_file(at("mm/a.c")).unwrap()));
    }

    #[test]
    fn what_was_not_there_may_come() {
        let miss = |tree: &dyn Source| assert!(tree.read("mm/new/x.h").is_err());
        let make = |at: &dyn Fn(&str) -> std::path::PathBuf, file: &str| {
            fs::create_dir(at("mm/new")).unwrap();
            write(at(file));
        };
        assert!(holds(miss, |at| make(at, "mm/new/y.h")));
        assert!(!holds(miss, |at| make(at, "mm/new/x.h")));
        let link = |at: &dyn Fn(&str) -> std::path::PathBuf| {
            write(at("mm/deep/x.h"));
            symlink("deep", at("mm/new")).unwrap();
        };
        assert!(!holds(miss, link));
        let ask = |tree: &dyn Source| assert!(!tree.is_file("mm/c") && !tree.is_dir("mm/c"));
        assert!(!holds(ask, |at| write(at("mm/c"))));
        assert!(!holds(ask, |at| fs::create_dir(at("mm/c")).unwrap()));
    }

    #[test]
    fn what_links_lead_to_and_what_is_hidden_is_asked_again() {
        let through = |tree: &dyn Source| assert!(tree.read("mm/link/x.h").is_err());
        assert!(!holds(through, |at| write(at("mm/deep/x.h"))));
        assert!(holds(through, |at| write(at("mm/deep/y.h"))));
        let list = |tree: &dyn Source| assert_eq!(tree.list("mm/links").unwrap(), ["a.c"]);
        assert!(!holds(list, |at| fs::remove_file(at("mm/a.c")).unwrap()));
        let hidden = |tree: &dyn Source| assert!(tree.read(".hidden/x").is_ok());
        assert!(!holds(hidden, |at| write(at(".hidden/x"))));
        assert!(holds(hidden, |at| write(at(".hidden/y"))));
    }

    #[test]
    fn lists_are_held_to_account() {
        let list = |tree: &dyn Source| assert!(tree.list("mm").is_ok());
        assert!(holds(list, |at| write(at("mm/a.c"))));
        assert!(!holds(list, |at| write(at("mm/c.c"))));
        let top = |tree: &dyn Source| assert_eq!(tree.list("").unwrap(), ["mm/"]);
        assert!(!holds(top, |at| write(at("Kconfig"))));
        let named = |tree: &dyn Source| assert_eq!(tree.files_named(&["Make"]), ["mm/Makefile"]);
        assert!(holds(named, |at| write(at("mm/c.c"))));
        assert!(holds(named, |at| write(at("mm/Makefile"))));
        assert!(!holds(named, |at| write(at("mm/deep/Makefile.x"))));
        let copied = |at: &dyn Fn(&str) -> std::path::PathBuf| {
            fs::remove_file(at("mm/links/a.c")).unwrap();
            write(at("mm/links/a.c"));
        };
        let in_links = |tree: &dyn Source| assert_eq!(tree.files_named(&["a."]), ["mm/a.c"]);
        assert!(!holds(in_links, copied));
        assert!(!holds(named, |at| fs::remove_file(at("mm/Makefile")).unwrap()));
    }

    #[test]
    fn what_changes_while_it_is_asked_is_nothing_to_rest_on() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("Makefile");
        fs::write(&place, "1").unwrap();
        let tree = Arc::new(Directory::open(folder.path()).unwrap());
        let listing = tree.listing().unwrap();
        let recorder = Recorder::over(tree.clone());
        assert!(recorder.read("Makefile").is_ok() && recorder.read("none").is_err());
        assert!(recorder.record(&listing).is_some());
        // This one comes and goes: it is asked again, whatever the listings say.
        let passing = folder.path().join("passing.h");
        fs::write(&passing, "").unwrap();
        assert!(recorder.read("passing.h").is_ok());
        fs::remove_file(&passing).unwrap();
        let record = recorder.record(&listing).unwrap();
        assert!(!record.led().holds(tree.as_ref()));
        fs::write(&place, "2").unwrap();
        assert!(recorder.read("Makefile").is_ok());
        assert_eq!(recorder.record(&listing), None);
    }

    #[test]
    fn a_walk_cannot_be_asked_again() {
        let tree = Recorder::over(Arc::new(crate::Memory::new("//- a\n")));
        assert!(tree.record(&Listing::default()).is_some());
        tree.walk("", &|_| true, &|_| true);
        assert_eq!(tree.record(&Listing::default()), None);
    }
}
