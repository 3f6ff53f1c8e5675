//! The commits of a git repository: which there are between two, and on which one a patch was made.
//!
//! As for [`Revision`](crate::Revision), nothing is written, no program is run, and nothing is fetched.

use std::collections::BinaryHeap;
use std::fmt;
use std::path::Path;

use gix::ObjectId;
use gix::bstr::ByteSlice;
use gix::revision::plumbing::Spec;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::RevisionError;
use crate::checkout::Place;
use crate::path::join;
use crate::revision::{first_line, place_of};

/// More commits are in no range that somebody checks one by one.
const MOST_COMMITS: usize = 100_000;

/// Clocks of those who commit differ by less, in seconds.
const SLOP: i64 = 30 * 86_400;

/// A commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// Its name, in forty hexadecimal digits.
    pub id: String,
    /// The first line of its message.
    pub title: String,
    /// Those before it, the first first.
    pub parents: Vec<String>,
    /// Who has written it: `A U Thor <author@example.org>`.
    pub author: String,
    /// When it was made, in seconds since 1970.
    pub time: i64,
}

impl Commit {
    /// Its name in short.
    pub fn short(&self) -> &str {
        self.id.get(..12).unwrap_or(&self.id)
    }

    /// Whether it joins others.
    pub fn is_merge(&self) -> bool {
        self.parents.len() > 1
    }
}

/// A file as a patch was made on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made<'a> {
    /// Its path in the tree.
    pub path: &'a str,
    /// How the name of its text begins, or nothing but zeros where there is none.
    pub old: &'a str,
}

/// The commits of a repository.
pub struct History {
    local: gix::Repository,
    /// Where the tree lies in the repository.
    directory: String,
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History").finish_non_exhaustive()
    }
}

impl History {
    /// Those of the repository at `place`, as for [`Revision::open`](crate::Revision::open).
    pub fn open(place: &Path) -> Result<History, RevisionError> {
        let Place {
            repository,
            directory,
        } = place_of(place)?;
        let mut local = repository.to_thread_local();
        local.object_cache_size_if_unset(8 << 20);
        Ok(History { local, directory })
    }

    /// A commit by one of its names (`v6.12`, `HEAD~3`).
    pub fn commit(&self, revision: &str) -> Result<Commit, RevisionError> {
        let id = self.local.rev_parse_single(revision);
        let id = id.map_err(|_| RevisionError::Unknown)?;
        let commit = id.object().and_then(gix::Object::peel_to_commit);
        let commit = commit.map_err(|_| RevisionError::NoTree)?;
        self.read(commit.id)
    }

    /// The commits of a range (`A..B`, `A...B`, `B^!`, `B ^A ^C`), or what one commit has behind it; those come first that
    /// others are made on. `since`, in seconds since 1970, leaves out what is older, and all before that.
    pub fn range(&self, range: &str, since: Option<i64>) -> Result<Vec<Commit>, RevisionError> {
        let (mut tips, mut hidden) = (Vec::new(), Vec::new());
        for words in range.split_whitespace() {
            match self.spec(words)? {
                Spec::Include(id) => tips.push(id),
                Spec::Exclude(id) => hidden.push(id),
                Spec::Range { from, to } => {
                    hidden.push(from);
                    tips.push(to);
                }
                Spec::Merge { theirs, ours } => {
                    let (theirs, ours) = (self.peeled(theirs)?, self.peeled(ours)?);
                    let bases = self.local.merge_bases_many(theirs, &[ours]);
                    let bases = bases.map_err(|why| RevisionError::Broken(first_line(&why)))?;
                    hidden.extend(bases.into_iter().map(gix::Id::detach));
                    tips.extend([theirs, ours]);
                }
                Spec::ExcludeParents(id) => {
                    let commit = self.read(self.peeled(id)?)?;
                    let parents = commit.parents.iter();
                    hidden.extend(parents.filter_map(|id| id.parse::<ObjectId>().ok()));
                    tips.push(id);
                }
                Spec::IncludeOnlyParents(_) => return Err(RevisionError::Unknown),
            }
        }
        let tips: Result<Vec<ObjectId>, _> = tips.into_iter().map(|id| self.peeled(id)).collect();
        // A tag has a name of its own. What is hidden may lie behind where a clone was cut off.
        let hidden = hidden.into_iter().map(|id| self.peeled(id).unwrap_or(id));
        let hidden: Vec<ObjectId> = hidden.collect();
        self.ordered(tips?, &hidden, since)
    }

    fn spec(&self, words: &str) -> Result<Spec, RevisionError> {
        let spec = self.local.rev_parse(words);
        let is_shallow = self.local.is_shallow().unwrap_or_default();
        let unknown = if is_shallow {
            RevisionError::Shallow
        } else {
            RevisionError::Unknown
        };
        Ok(spec.map_err(|_| unknown)?.detach())
    }

    fn peeled(&self, id: ObjectId) -> Result<ObjectId, RevisionError> {
        let object = self.local.find_object(id);
        let commit = object.map_err(|_| RevisionError::Unknown)?.peel_to_commit();
        Ok(commit.map_err(|_| RevisionError::NoTree)?.id)
    }

    /// What is behind `tips` and not behind `hidden`, each behind those that it is made on.
    fn ordered(
        &self,
        tips: Vec<ObjectId>,
        hidden: &[ObjectId],
        since: Option<i64>,
    ) -> Result<Vec<Commit>, RevisionError> {
        let mut found = self.behind(&tips, hidden, since)?;
        let mut ordered = Vec::new();
        let mut seen = FxHashSet::default();
        // Whether what a commit is made on has been looked at.
        let mut todo: Vec<(ObjectId, bool)> =
            tips.into_iter().rev().map(|id| (id, false)).collect();
        while let Some((id, is_ready)) = todo.pop() {
            if is_ready {
                ordered.extend(found.remove(&id));
            } else if let Some(commit) = found.get(&id)
                && seen.insert(id)
            {
                todo.push((id, true));
                let parents = commit.parents.iter().rev();
                let parents = parents.filter_map(|parent| parent.parse::<ObjectId>().ok());
                todo.extend(parents.map(|parent| (parent, false)));
            }
        }
        Ok(ordered)
    }

    /// What is behind `tips` and not behind `hidden`. Commits are looked at from the newest to the oldest; since clocks
    /// differ, what is hidden is followed for some time beyond the oldest that is meant.
    fn behind(
        &self,
        tips: &[ObjectId],
        hidden: &[ObjectId],
        since: Option<i64>,
    ) -> Result<FxHashMap<ObjectId, Commit>, RevisionError> {
        let mut is_hidden: FxHashMap<ObjectId, bool> = FxHashMap::default();
        let mut found: FxHashMap<ObjectId, Commit> = FxHashMap::default();
        let mut queue = BinaryHeap::new();
        let start = tips.iter().map(|id| (*id, false));
        for (id, hides) in start.chain(hidden.iter().map(|id| (*id, true))) {
            *is_hidden.entry(id).or_insert(hides) |= hides;
            match self.read(id) {
                Ok(commit) => queue.push((commit.time, id, hides)),
                Err(why) if !hides => return Err(why),
                Err(_) => {}
            }
        }
        let mut oldest = i64::MAX;
        let mut open = tips.len();
        while let Some((time, id, came_hidden)) = queue.pop() {
            let hides = is_hidden.get(&id).copied().unwrap_or_default();
            open -= usize::from(!came_hidden);
            if hides {
                found.remove(&id);
                if open == 0 && time < oldest.saturating_sub(SLOP) {
                    break;
                }
            }
            let Ok(commit) = self.read(id) else { continue };
            if !hides {
                if since.is_some_and(|since| commit.time < since) {
                    continue;
                }
                oldest = oldest.min(time);
            }
            let parents = commit.parents.iter();
            for parent in parents.filter_map(|parent| parent.parse::<ObjectId>().ok()) {
                let known = is_hidden.get(&parent).copied();
                // Who was passed by before is passed by once more when it turns out to be hidden.
                if known.is_none() || (hides && known == Some(false)) {
                    is_hidden.insert(parent, hides);
                    if let Ok(parent_commit) = self.read(parent) {
                        queue.push((parent_commit.time, parent, hides));
                        open += usize::from(!hides);
                    }
                }
            }
            if !hides {
                found.insert(id, commit);
            }
            if found.len() > MOST_COMMITS {
                let words = format!("the range has more than {MOST_COMMITS} commits");
                return Err(RevisionError::Broken(words));
            }
        }
        found.retain(|id, _| !is_hidden.get(id).copied().unwrap_or_default());
        Ok(found)
    }

    fn read(&self, id: ObjectId) -> Result<Commit, RevisionError> {
        let missing = |why: &dyn fmt::Display| {
            let words = format!(
                "commit {id} is not there (a shallow clone?): {}",
                first_line(why)
            );
            RevisionError::Broken(words)
        };
        let commit = self.local.find_commit(id).map_err(|why| missing(&why))?;
        let broken = |why: &dyn fmt::Display| {
            RevisionError::Broken(format!("commit {id}: {}", first_line(why)))
        };
        let message = commit.message().map_err(|why| broken(&why))?;
        let author = commit.author().map_err(|why| broken(&why))?;
        let time = commit.time().map_err(|why| broken(&why))?;
        Ok(Commit {
            id: id.to_string(),
            title: message.summary().to_str_lossy().into_owned(),
            parents: commit.parent_ids().map(|id| id.to_string()).collect(),
            author: format!("{} <{}>", author.name, author.email),
            time: time.seconds,
        })
    }

    /// The last of the commits behind `tip`, along first parents and at most `most` of them, that has the texts which a patch
    /// changes: on that one, or on one that has the same in these files, it was made.
    pub fn made_on(
        &self,
        files: &[Made<'_>],
        tip: &str,
        most: usize,
    ) -> Result<Option<Commit>, RevisionError> {
        if files.is_empty() {
            return Ok(None);
        }
        let mut commit = self.commit(tip)?;
        for _ in 0..most {
            if files
                .iter()
                .all(|file| self.has(&commit, file.path, file.old))
            {
                return Ok(Some(commit));
            }
            let Some(parent) = commit.parents.first() else {
                return Ok(None);
            };
            // In a shallow clone it need not be there.
            let Ok(parent) = self.commit(parent) else {
                return Ok(None);
            };
            commit = parent;
        }
        Ok(None)
    }

    /// Whether a commit has a text whose name begins so at a path of the tree.
    fn has(&self, commit: &Commit, path: &str, id: &str) -> bool {
        let text = || {
            let commit = commit.id.parse::<ObjectId>().ok()?;
            let tree = self.local.find_commit(commit).ok()?.tree().ok()?;
            let path = join(&self.directory, path);
            let path = path.trim_start_matches('/');
            Some(
                tree.lookup_entry_by_path(path)
                    .ok()??
                    .object_id()
                    .to_string(),
            )
        };
        match text() {
            Some(text) => text.starts_with(&id.to_ascii_lowercase()),
            None => id.bytes().all(|byte| byte == b'0'),
        }
    }
}

/// The name that git gives to a text, in forty hexadecimal digits.
pub fn text_id(text: &[u8]) -> String {
    let id = object_of(text);
    id.map(|id| id.to_string()).unwrap_or_default()
}

/// The object that has a text in git.
pub(crate) fn object_of(text: &[u8]) -> Option<ObjectId> {
    gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, text).ok()
}

/// When something was, in seconds since 1970, as git reads it: `2026-11-24`, `2 weeks ago`, `2.weeks.ago`.
pub fn time_of(words: &str, now: std::time::SystemTime) -> Option<i64> {
    let now = gix::date::Zoned::try_from(now).ok();
    let parse = |words: &str| gix::date::parse(words, now.clone()).ok();
    let time = parse(words).or_else(|| parse(&words.replace('.', " ")))?;
    Some(time.seconds)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn times_are_read_as_git_does() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_hours(500_000);
        assert_eq!(
            time_of("2.weeks.ago", now),
            Some(1_800_000_000 - 14 * 86_400)
        );
        assert_eq!(time_of("3 days ago", now), Some(1_800_000_000 - 3 * 86_400));
        assert_eq!(
            time_of("2027-01-01 00:00:00 +0000", now),
            Some(1_798_761_600)
        );
        assert!(time_of("2027-01-01", now).is_some());
        assert_eq!(time_of("soon", now), None);
    }
}
