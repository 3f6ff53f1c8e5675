//! A patch laid over a tree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use source::{ReadError, Source, normalize, text_id};

use crate::body::Line;
use crate::file::{self, Change, FilePatch, Hunk, Kind, Operation};
use crate::patch::Patch;
use crate::place::{Image, Manner, Placing};
use crate::refusal::refusal;

/// What a patch makes of a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The files that it changes, as they are then; `None` for those that go.
    pub files: BTreeMap<String, Option<Arc<[u8]>>>,
    /// Where its hunks have gone, in their order.
    pub hunks: Vec<Placed>,
}

/// Where a hunk has gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The path of its file then.
    pub path: String,
    /// Which of the patch's files, from 0.
    pub file: usize,
    /// Which of its hunks, from 0.
    pub hunk: usize,
    /// The first of its lines in the file then, from 1.
    pub line: usize,
    /// How many lines farther down than it says.
    pub offset: isize,
    /// How many lines of context at either end are others.
    pub fuzz: usize,
}

/// Why a patch does not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplyError {
    /// The file in which the patch came.
    pub file: String,
    /// The line of the patch that is in the way.
    pub line: Line,
    /// What is wrong: one sentence.
    pub message: String,
    /// What shows it: lines of the patch and of the file.
    pub details: Vec<String>,
}

impl std::fmt::Display for ApplyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)?;
        for detail in &self.details {
            write!(f, "\n  {detail}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ApplyError {}

/// A fault at a place in the text of a patch.
pub(crate) struct Fault {
    pub(crate) at: usize,
    pub(crate) message: String,
    pub(crate) details: Vec<String>,
}

impl Fault {
    pub(crate) fn at(at: usize, message: impl Into<String>) -> Fault {
        Fault {
            at,
            message: message.into(),
            details: Vec::new(),
        }
    }
}

/// Lays a patch over a tree.
///
/// The whole of it goes on, or nothing does. It is put where `git apply` would put it; where that refuses, where
/// `patch` would.
pub fn apply(tree: &dyn Source, patch: &Patch) -> Result<Applied, ApplyError> {
    let by_git = Applying::new(tree, patch, Manner::Git).all();
    let applied = by_git.or_else(|fault| {
        let by_patch = Applying::new(tree, patch, Manner::Patch).all();
        // What git says is told: it looks at the whole.
        by_patch.map_err(|_| fault)
    });
    applied.map_err(|fault| ApplyError {
        file: patch.file.clone(),
        line: patch.body.line_at(fault.at),
        message: fault.message,
        details: fault.details,
    })
}

struct Applying<'a> {
    tree: &'a dyn Source,
    patch: &'a Patch,
    manner: Manner,
    /// Files that go by another name, or away: something new may come in their place.
    leaving: BTreeSet<String>,
    applied: Applied,
}

impl<'a> Applying<'a> {
    fn new(tree: &'a dyn Source, patch: &'a Patch, manner: Manner) -> Applying<'a> {
        let leaving = patch.files.iter().filter_map(|file| match &file.operation {
            Operation::Rename(from, _) => normalize(from),
            Operation::Delete(path) => normalize(without_first(path)),
            _ => None,
        });
        Applying {
            tree,
            patch,
            manner,
            leaving: leaving.collect(),
            applied: Applied::default(),
        }
    }

    fn all(mut self) -> Result<Applied, Fault> {
        for (number, file) in self.patch.files.iter().enumerate() {
            self.file(number, file)?;
        }
        Ok(self.applied)
    }

    fn file(&mut self, number: usize, file: &FilePatch) -> Result<(), Fault> {
        match &file.operation {
            Operation::Create(path) => {
                let path = inside(file, without_first(path))?;
                self.create(number, file, path)
            }
            Operation::Delete(path) => {
                let path = self.known(file, &[path])?;
                let rest = self.changed(number, file, &path)?;
                if !rest.is_empty() && !file.is_link && file.change != Change::Untold {
                    let message = format!("{path} is to go, but not all of its lines are");
                    return Err(Fault::at(file.start, message));
                }
                self.applied.files.insert(path, None);
                Ok(())
            }
            Operation::Modify(old, new) => self.modify(number, file, (old, new)),
            Operation::Rename(from, to) | Operation::Copy(from, to) => {
                let (from, to) = (inside(file, from)?, inside(file, to)?);
                // What is renamed or copied is what was there before the patch.
                let text = self
                    .tree
                    .read(&from)
                    .map_err(|why| unread(file, &from, &why))?;
                let text = self.changed_text(number, file, (&from, text))?;
                if from != to {
                    self.must_be_free(file, &to)?;
                }
                let is_rename = matches!(file.operation, Operation::Rename(..));
                // Two files may change their names with each other.
                if is_rename && self.applied.files.get(&from).is_none_or(Option::is_none) {
                    self.applied.files.insert(from, None);
                }
                for placed in self.applied.hunks.iter_mut().rev() {
                    if placed.file == number {
                        placed.path.clone_from(&to);
                    }
                }
                self.put(to, text);
                Ok(())
            }
        }
    }

    fn create(&mut self, number: usize, file: &FilePatch, path: String) -> Result<(), Fault> {
        self.must_be_free(file, &path)?;
        let text = self.changed_text(number, file, (&path, Arc::from(&b""[..])))?;
        let text = if file.is_link {
            self.led(&path, &text)
        } else {
            text
        };
        self.put(path, text);
        Ok(())
    }

    fn modify(
        &mut self,
        number: usize,
        file: &FilePatch,
        (old, new): (&str, &str),
    ) -> Result<(), Fault> {
        let creates = match &file.change {
            Change::Text(hunks) => {
                hunks.iter().all(|hunk| hunk.old_start == 0) && !hunks.is_empty()
            }
            _ => false,
        };
        // One that only has something behind it (`file.orig`) is not meant.
        let names = if new.starts_with(without_first(old))
            || without_first(new).starts_with(without_first(old))
        {
            [old, new]
        } else {
            [new, old]
        };
        let path = match self.known(file, &names) {
            // Outside of git, what is new is told by what is not there before.
            Err(_) if creates && !file.is_git => {
                let path = inside(file, without_first(new))?;
                return self.create(number, file, path);
            }
            path => path?,
        };
        if creates && has_no_time(self.patch, file, b"--- ") {
            self.must_be_free(file, &path)?;
        }
        if file.is_link {
            let text = self.changed_text(number, file, (&path, Arc::from(&b""[..])));
            let text = self.led(&path, &text.unwrap_or_default());
            self.put(path, text);
            return Ok(());
        }
        let text = self.changed(number, file, &path)?;
        if !file.is_git && has_no_time(self.patch, file, b"+++ ") {
            if !text.is_empty() {
                let message = format!("{path} is to go, but not all of its lines are");
                return Err(Fault::at(file.start, message));
            }
            self.applied.files.insert(path, None);
        } else {
            self.put(path, text);
        }
        Ok(())
    }

    fn put(&mut self, path: String, text: Vec<u8>) {
        self.applied.files.insert(path, Some(text.into()));
    }

    /// What a link that leads to `target` shows.
    fn led(&self, path: &str, target: &[u8]) -> Vec<u8> {
        let target = String::from_utf8_lossy(target);
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let led = normalize(&format!("./{folder}/{}", target.trim()));
        let text = led.and_then(|led| self.read(&led).ok());
        text.map(|text| text.to_vec()).unwrap_or_default()
    }

    /// The text of a file as the patch has left it so far.
    fn read(&self, path: &str) -> Result<Arc<[u8]>, ReadError> {
        match self.applied.files.get(path) {
            Some(Some(text)) => Ok(Arc::clone(text)),
            // It has gone by another name, which does not keep others from being made of it.
            _ => self.tree.read(path),
        }
    }

    fn is_file(&self, path: &str) -> bool {
        match self.applied.files.get(path) {
            Some(text) => text.is_some(),
            None => self.tree.is_file(path),
        }
    }

    /// Whether something stays in a directory.
    fn is_kept(&self, directory: &str) -> bool {
        let (files, _) = self.tree.walk(directory, &|_| true, &|_| true);
        files.iter().any(|path| self.is_file(path))
    }

    fn must_be_free(&self, file: &FilePatch, path: &str) -> Result<(), Fault> {
        let comes_free =
            self.leaving.contains(path) && self.applied.files.get(path).is_none_or(Option::is_none);
        // For patch, an empty file is as none.
        let is_empty =
            self.manner == Manner::Patch && self.read(path).is_ok_and(|text| text.is_empty());
        let above = path.match_indices('/').map(|(end, _)| &path[..end]);
        let mut files = above.filter(|above| self.is_file(above));
        if let Some(above) = files.next() {
            let message = format!("{path} is to be made, but {above} is a file");
            return Err(Fault::at(file.start, message));
        }
        if self.tree.is_dir(path) && !self.is_file(path) && self.is_kept(path) {
            let message = format!("{path} is to be made, but is a directory");
            return Err(Fault::at(file.start, message));
        }
        if self.is_file(path) && !comes_free && !is_empty {
            return Err(Fault::at(
                file.start,
                format!("{path} is to be made, but is there already"),
            ));
        }
        Ok(())
    }

    /// Which file of the tree is meant by the first of some names that is there, without what stands before it, or with it.
    fn known(&self, file: &FilePatch, names: &[&str]) -> Result<String, Fault> {
        let whole = names.iter().copied();
        let cut = names.iter().map(|name| without_first(name));
        let candidates = cut.chain(whole).filter(|name| *name != "/dev/null");
        for name in candidates {
            let path = inside(file, name)?;
            if self.is_file(&path) {
                return Ok(path);
            }
        }
        let path = names.first().map_or("", |name| without_first(name));
        Err(Fault::at(
            file.start,
            format!("{path} is to be changed, but is not there"),
        ))
    }

    fn changed(&mut self, number: usize, file: &FilePatch, path: &str) -> Result<Vec<u8>, Fault> {
        let text = self.read(path).map_err(|why| unread(file, path, &why))?;
        self.changed_text(number, file, (path, text))
    }

    /// What becomes of a text.
    fn changed_text(
        &mut self,
        number: usize,
        file: &FilePatch,
        (path, text): (&str, Arc<[u8]>),
    ) -> Result<Vec<u8>, Fault> {
        match &file.change {
            Change::Text(hunks) => self.put_hunks((number, hunks), path, &text),
            Change::Binary(range) => {
                let part = self.patch.text(range);
                changed_bytes(file, path, &text, part)
            }
            Change::Untold if matches!(file.operation, Operation::Delete(_)) => Ok(text.to_vec()),
            Change::Untold => {
                let words = "the patch does not say how (git diff --binary would)";
                let message = format!("{path} changes in binary, and {words}");
                Err(Fault::at(file.start, message))
            }
        }
    }

    /// What becomes of a text by hunks.
    fn put_hunks(
        &mut self,
        (number, hunks): (usize, &[Hunk]),
        path: &str,
        text: &[u8],
    ) -> Result<Vec<u8>, Fault> {
        let mut image: Vec<Image<'_>> = text
            .split_inclusive(|byte| *byte == b'\n')
            .map(|text| Image {
                text,
                is_patched: false,
            })
            .collect();
        let mut placing = Placing::default();
        let mut placed = Vec::new();
        for (index, hunk) in hunks.iter().enumerate() {
            let found = placing.find((self.patch, hunk), &image, self.manner);
            let found = found
                .ok_or_else(|| refusal((self.patch, path), (index, hunks.len()), hunk, &image))?;
            let change = put_on((self.patch, hunk), &mut image, found.at, self.manner);
            // What is put on earlier in the file moves what was put on before.
            for before in placed
                .iter_mut()
                .filter(|before: &&mut Placed| before.line > found.at)
            {
                before.line = before.line.saturating_add_signed(change);
            }
            placed.push(Placed {
                path: path.to_owned(),
                file: number,
                hunk: index,
                line: found.at + 1,
                offset: (found.at + 1).cast_signed() - hunk.new_start.max(1).cast_signed(),
                fuzz: found.fuzz,
            });
        }
        self.applied.hunks.extend(placed);
        let mut made = Vec::with_capacity(text.len());
        for (number, line) in image.iter().enumerate() {
            made.extend_from_slice(line.text);
            // patch lets no two lines become one.
            let is_last = number + 1 == image.len();
            if self.manner == Manner::Patch && !is_last && !line.text.ends_with(b"\n") {
                made.push(b'\n');
            }
        }
        Ok(made)
    }
}

/// What becomes of the bytes of a file, which must be those that the patch was made of.
fn changed_bytes(file: &FilePatch, path: &str, text: &[u8], part: &[u8]) -> Result<Vec<u8>, Fault> {
    let old = file.ids.as_ref().map_or("", |(old, _)| old.as_str());
    let is_new = text.is_empty() && old.bytes().all(|byte| byte == b'0');
    let made = if is_new || text_id(text) == old {
        file::binary(part, text)
    } else {
        Err("it was made of another text, or does not name that in full".to_owned())
    };
    made.map_err(|why| {
        let message = format!("the binary change of {path} does not go on: {why}");
        Fault::at(file.start, message)
    })
}

/// Why a file cannot be changed.
fn unread(file: &FilePatch, path: &str, why: &ReadError) -> Fault {
    let message = match why {
        ReadError::Missing => format!("{path} is to be changed, but is not there"),
        why => format!("{path} is to be changed, but cannot be read: {why}"),
    };
    Fault::at(file.start, message)
}

/// Puts a hunk on, and tells how many lines more there are than before. For git, context is written as the patch has it; for
/// patch, it stays as the file has it, be it none.
fn put_on<'a>(
    (patch, hunk): (&'a Patch, &Hunk),
    image: &mut Vec<Image<'a>>,
    at: usize,
    manner: Manner,
) -> isize {
    let mut made = Vec::with_capacity(hunk.lines.len());
    let mut there = at;
    for line in &hunk.lines {
        let own = patch.text(&line.text);
        let text = match (line.kind, manner) {
            (Kind::Insert, _) | (Kind::Context, Manner::Git) => Some(own),
            (Kind::Context, Manner::Patch) => image.get(there).map(|line| line.text),
            (Kind::Delete, _) => None,
        };
        there += usize::from(line.kind != Kind::Insert);
        made.extend(text.map(|text| Image {
            text,
            is_patched: true,
        }));
    }
    let there = there.min(image.len());
    let at = at.min(there);
    let change = made.len().cast_signed() - (there - at).cast_signed();
    image.splice(at..there, made);
    change
}

/// A path that leads nowhere out of the tree.
fn inside(file: &FilePatch, path: &str) -> Result<String, Fault> {
    let refused = || Fault::at(file.start, format!("{path:?} leads out of the tree"));
    let inside = normalize(path).filter(|inside| !inside.is_empty());
    let is_plain = !path.split('/').any(|part| part == "..");
    inside.filter(|_| is_plain).ok_or_else(refused)
}

/// A path without the first of its parts (`a/`), where it has more.
fn without_first(path: &str) -> &str {
    match path.split_once('/') {
        Some((first, rest)) if !first.is_empty() => rest.trim_start_matches('/'),
        _ => path,
    }
}

/// Whether a file is said to have been last changed when time began, by which `diff -N` tells that there is none.
fn has_no_time(patch: &Patch, file: &FilePatch, head: &[u8]) -> bool {
    let Change::Text(hunks) = &file.change else {
        return false;
    };
    let end = hunks.first().map_or(file.start, |first| first.start);
    let names = patch.text(&(file.start..end));
    let mut lines = names.split(|byte| *byte == b'\n');
    let line = lines
        .find(|line| line.starts_with(head))
        .unwrap_or_default();
    let days: [&[u8]; 2] = [b"1970-01-01", b"1969-12-31"];
    days.iter()
        .any(|day| memchr::memmem::find(line, day).is_some())
}
