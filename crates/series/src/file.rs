//! What a patch does to one file, as the patch has it.
//!
//! The library reads the hunks and what is binary. Beside that stand where each line is in the patch, and the ids of the
//! texts (`index 1234567..89abcde`), which say on what the patch was made.

use std::borrow::Cow;
use std::ops::Range;

use diffy::binary::BinaryPatch;
use diffy::patch_set::{
    FileMode, FileOperation, FilePatch as Parsed, ParseOptions, PatchKind, PatchSet,
};

use crate::body::{lines, trimmed};

/// What a patch does to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePatch {
    /// To which file.
    pub operation: Operation,
    /// What becomes of its text.
    pub change: Change,
    /// The ids of the texts before and after, as far as they are written.
    pub ids: Option<(String, String)>,
    /// Whether it is a link then, whose text is where it leads.
    pub is_link: bool,
    /// Whether it is in git's own form (`diff --git`), which says what is new or gone.
    pub is_git: bool,
    /// Where it begins in the text of the patch.
    pub start: usize,
}

/// To which file something is done. Paths are as they are written, with what stands before them (`a/`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It is new.
    Create(String),
    /// It goes.
    Delete(String),
    /// It stays where it is; both names are meant for it.
    Modify(String, String),
    /// It is called otherwise. Here nothing stands before the paths.
    Rename(String, String),
    /// There is another like it. Here nothing stands before the paths.
    Copy(String, String),
}

/// What becomes of the text of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Lines go and come; none do where only the name or the mode changes.
    Text(Vec<Hunk>),
    /// Bytes do, in the form of `git diff --binary`.
    Binary(Range<usize>),
    /// It is said that bytes do, but not which.
    Untold,
}

/// Lines that stand together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// The first line before, from 1; 0 where there is none.
    pub old_start: usize,
    /// The first line afterwards, from 1; 0 where there is none.
    pub new_start: usize,
    /// What stands in it.
    pub lines: Vec<HunkLine>,
    /// Where its head (`@@ -1 +1 @@`) begins in the text of the patch.
    pub start: usize,
}

/// A line of a hunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HunkLine {
    /// What becomes of it.
    pub kind: Kind,
    /// Where its text is in that of the patch, with its end and without the sign before it.
    pub text: Range<usize>,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It stays.
    Context,
    /// It goes.
    Delete,
    /// It comes.
    Insert,
}

/// Why a patch cannot be read: where in its text, and in words.
pub(crate) type Fault = (usize, String);

/// What a text does to files; `start` is where the patch begins in it.
pub(crate) fn files(text: &[u8], start: usize) -> Result<Vec<FilePatch>, Fault> {
    let heads: Vec<usize> = lines(&text[start..])
        .filter(|(_, line)| line.starts_with(b"diff --git "))
        .map(|(at, _)| start + at)
        .collect();
    let Some(first) = heads.first() else {
        return plain_files(text, start..text.len());
    };
    // What stands before the first file in git's form is mostly a message.
    let mut files = plain_files(text, start..*first).unwrap_or_default();
    let ends = heads.iter().skip(1).copied().chain([text.len()]);
    for (head, end) in heads.iter().zip(ends) {
        files.push(git_file(text, *head..end)?);
    }
    Ok(files)
}

/// One file in git's form.
fn git_file(text: &[u8], range: Range<usize>) -> Result<FilePatch, Fault> {
    let part = &text[range.clone()];
    let failed = |why: &dyn std::fmt::Display| fault_in(text, &range, why);
    let mut parsed = PatchSet::parse_bytes(part, ParseOptions::gitdiff());
    let parsed = match parsed.next() {
        Some(Ok(parsed)) => parsed,
        Some(Err(why)) => return Err(failed(&why)),
        None => return Err(failed(&"nothing follows")),
    };
    // Behind what belongs to the file there is no other hunk.
    let end = hunks_end(text, &range, &parsed);
    if let Some((at, _)) = lines(&text[end..range.end]).find(|(_, line)| line.starts_with(b"@@ -"))
    {
        return Err((end + at, "a hunk is torn from its file".to_owned()));
    }
    let mut file = file_of(text, &range, &parsed).map_err(|why| failed(&why))?;
    file.is_git = true;
    Ok(file)
}

/// All files in the form of `diff -u`.
fn plain_files(text: &[u8], range: Range<usize>) -> Result<Vec<FilePatch>, Fault> {
    let part = &text[range.clone()];
    let is_head = |line: &[u8]| line.starts_with(b"--- ") || line.starts_with(b"+++ ");
    if !lines(part).any(|(_, line)| is_head(line)) {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for parsed in PatchSet::parse_bytes(part, ParseOptions::unidiff()) {
        let failed = |why: &dyn std::fmt::Display| fault_in(text, &range, why);
        let parsed = parsed.map_err(|why| failed(&why))?;
        let is_empty = |patch: &diffy::Patch<'_, [u8]>| patch.hunks().is_empty();
        // A line of a message may begin like a head.
        if parsed.patch().as_text().is_some_and(is_empty) {
            continue;
        }
        let mut file = file_of(text, &range, &parsed).map_err(|why| failed(&why))?;
        if let Change::Text(hunks) = &file.change
            && let Some(first) = hunks.first()
        {
            file.start = head_before(text, first.start);
        }
        files.push(file);
    }
    Ok(files)
}

/// Where the lines begin that name a file (`---`, `+++`) before its first hunk.
fn head_before(text: &[u8], hunk: usize) -> usize {
    let mut start = hunk;
    loop {
        let before = &text[..start.saturating_sub(1)];
        let line = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let is_head = |head: &[u8]| text[line..start].starts_with(head);
        if start == 0 || !(is_head(b"--- ") || is_head(b"+++ ")) {
            return start;
        }
        start = line;
    }
}

fn file_of(
    text: &[u8],
    range: &Range<usize>,
    parsed: &Parsed<'_, [u8]>,
) -> Result<FilePatch, String> {
    let operation = operation(parsed.operation())?;
    let is_link = parsed.new_mode() == Some(&FileMode::Symlink);
    let change = match parsed.patch() {
        PatchKind::Text(patch) => Change::Text(
            patch
                .hunks()
                .iter()
                .map(|hunk| hunk_of(text, hunk))
                .collect(),
        ),
        PatchKind::Binary(BinaryPatch::Marker) => Change::Untold,
        PatchKind::Binary(_) => Change::Binary(range.clone()),
    };
    let start = match &change {
        Change::Text(hunks) => hunks.first().map_or(range.start, |hunk| hunk.start),
        _ => range.start,
    };
    let head = &text[range.start..start.max(range.start)];
    let index = lines(head).find_map(|(_, line)| index_line(trimmed(line)));
    let (ids, mode) = index.map_or((None, None), |(ids, mode)| (Some(ids), mode));
    Ok(FilePatch {
        operation,
        change,
        ids,
        is_link: is_link || mode.is_some_and(|mode| mode == "120000"),
        is_git: false,
        start: range.start,
    })
}

fn operation(operation: &FileOperation<'_, [u8]>) -> Result<Operation, String> {
    let path = |path: &Cow<'_, [u8]>| match std::str::from_utf8(path) {
        Ok(path) => Ok(path.to_owned()),
        Err(_) => Err(format!(
            "the name of a file is no UTF-8: {}",
            String::from_utf8_lossy(path)
        )),
    };
    Ok(match operation {
        FileOperation::Create(new) => Operation::Create(path(new)?),
        FileOperation::Delete(old) => Operation::Delete(path(old)?),
        FileOperation::Modify { original, modified } => {
            Operation::Modify(path(original)?, path(modified)?)
        }
        FileOperation::Rename { from, to } => Operation::Rename(path(from)?, path(to)?),
        FileOperation::Copy { from, to } => Operation::Copy(path(from)?, path(to)?),
    })
}

fn hunk_of(text: &[u8], hunk: &diffy::Hunk<'_, [u8]>) -> Hunk {
    let lines = hunk.lines().iter().map(|line| {
        let (kind, part) = match line {
            diffy::Line::Context(part) => (Kind::Context, part),
            diffy::Line::Delete(part) => (Kind::Delete, part),
            diffy::Line::Insert(part) => (Kind::Insert, part),
        };
        HunkLine {
            kind,
            text: range_in(text, part),
        }
    });
    let lines: Vec<HunkLine> = lines.collect();
    let first = lines.first().map_or(0, |line| line.text.start);
    // The line before that on which the first one stands.
    let own = memchr::memrchr(b'\n', &text[..first.saturating_sub(1)]);
    let before = own.map_or(0, |newline| newline + 1);
    let start = if text[before..].starts_with(b"@@ ") {
        before
    } else {
        memchr::memrchr(b'\n', &text[..before.saturating_sub(1)]).map_or(0, |newline| newline + 1)
    };
    Hunk {
        old_start: hunk.old_range().start(),
        new_start: hunk.new_range().start(),
        lines,
        start,
    }
}

/// Where `part`, which the library has cut out of `text`, is in it.
fn range_in(text: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
    debug_assert!(start <= text.len(), "the library borrows from its input");
    let start = start.min(text.len());
    start..(start + part.len()).min(text.len())
}

/// Where the last hunk of a file ends.
fn hunks_end(text: &[u8], range: &Range<usize>, parsed: &Parsed<'_, [u8]>) -> usize {
    let last = parsed
        .patch()
        .as_text()
        .and_then(|patch| patch.hunks().last());
    let line = last.and_then(|hunk| match hunk.lines().last()? {
        diffy::Line::Context(part) | diffy::Line::Delete(part) | diffy::Line::Insert(part) => {
            Some(part)
        }
    });
    match line {
        Some(part) => range_in(text, part).end,
        None => range.end,
    }
}

/// `index 1234567..89abcde 100644`, without its first word told apart.
fn index_line(line: &[u8]) -> Option<((String, String), Option<&str>)> {
    let rest = std::str::from_utf8(line.strip_prefix(b"index ")?).ok()?;
    let (ids, mode) = rest
        .split_once(' ')
        .map_or((rest, None), |(ids, mode)| (ids, Some(mode)));
    let (old, new) = ids.split_once("..")?;
    let is_id = |id: &str| id.len() >= 4 && id.bytes().all(|b| b.is_ascii_hexdigit());
    (is_id(old) && is_id(new)).then(|| ((old.to_owned(), new.to_owned()), mode))
}

/// What is wrong in a part of the text, at the hunk that cannot be read.
fn fault_in(text: &[u8], range: &Range<usize>, why: &dyn std::fmt::Display) -> Fault {
    let part = &text[range.clone()];
    let why = why.to_string();
    // The library counts bytes in one of its steps; the words behind that say it.
    let words = why.rsplit(": ").next().unwrap_or(&why).to_owned();
    let heads: Vec<usize> = lines(part)
        .filter(|(_, line)| line.starts_with(b"@@ -"))
        .map(|(at, _)| at)
        .collect();
    let ends = heads.iter().skip(1).copied().chain([part.len()]);
    // As many hunks as can be read together, and one more.
    let broken = heads.iter().zip(ends).find(|(_, end)| {
        let before = lines(part).take_while(|(_, line)| !line.starts_with(b"--- "));
        let head = before.last().map_or(0, |(at, line)| at + line.len());
        let head = if heads.first().is_some_and(|first| head > *first) {
            0
        } else {
            head
        };
        diffy::Patch::from_bytes(&part[head..*end]).is_err()
    });
    match broken {
        Some((head, _)) => (range.start + head, format!("this hunk is broken: {words}")),
        None => (range.start, words),
    }
}

/// What becomes of the bytes of a file by a change in the form of `git diff --binary`.
pub(crate) fn binary(part: &[u8], before: &[u8]) -> Result<Vec<u8>, String> {
    let mut parsed = PatchSet::parse_bytes(part, ParseOptions::gitdiff());
    let parsed = parsed.next().and_then(Result::ok);
    match parsed.as_ref().map(Parsed::patch) {
        Some(PatchKind::Binary(patch)) => patch.apply(before).map_err(|why| why.to_string()),
        _ => Err("it cannot be read".to_owned()),
    }
}
