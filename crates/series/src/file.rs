//! What a patch does to one file, as the patch has it.
//!
//! The text is read as `git apply` reads it: what is no head of a file is passed over, and a hunk has as many lines as its head
//! says. (Libraries were tried: they refuse a file that gets its last newline, hunks out of order, and files in git's form
//! beside others, and do not say on which line.) What is binary is left to a library.

use std::ops::Range;

use diffy::patch_set::{ParseOptions, PatchKind, PatchSet};

use crate::body::{lines, trimmed};
use crate::names::{both_names, name_of};

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
    let mut reader = Reader {
        text,
        lines: lines(&text[start..])
            .map(|(at, line)| (start + at, line))
            .collect(),
        at: 0,
    };
    let mut files = Vec::new();
    while let Some((at, line)) = reader.peek() {
        if line.starts_with(b"diff --git ") {
            files.extend(reader.git_file()?);
        } else if reader.is_plain_head() {
            files.push(reader.plain_file()?);
        } else if ranges(line).is_some() {
            return Err((at, "a hunk is torn from its file".to_owned()));
        } else {
            reader.at += 1;
        }
    }
    Ok(files)
}

/// The lines of a patch, one after the other.
struct Reader<'t> {
    text: &'t [u8],
    lines: Vec<(usize, &'t [u8])>,
    at: usize,
}

/// What the lines between `diff --git` and the first hunk say.
#[derive(Default)]
struct Head {
    old: Option<String>,
    new: Option<String>,
    rename: (Option<String>, Option<String>),
    copy: (Option<String>, Option<String>),
    ids: Option<(String, String)>,
    mode: Option<String>,
    is_new: bool,
    is_gone: bool,
    changes_mode: bool,
    binary: Option<Change>,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<(usize, &'t [u8])> {
        self.lines.get(self.at).copied()
    }

    /// Where the line that is looked at begins.
    fn offset(&self) -> usize {
        self.peek().map_or(self.text.len(), |(at, _)| at)
    }

    fn is_plain_head(&self) -> bool {
        let starts = |more: usize, with: &[u8]| {
            let line = self.lines.get(self.at + more);
            line.is_some_and(|(_, line)| line.starts_with(with))
        };
        starts(0, b"--- ") && starts(1, b"+++ ") && starts(2, b"@@ -")
    }

    /// A file in the form of `diff -u`.
    fn plain_file(&mut self) -> Result<FilePatch, Fault> {
        let start = self.offset();
        let name = |reader: &mut Self| {
            let (at, line) = reader.peek().unwrap_or_default();
            reader.at += 1;
            name_of(&line[4..]).map_err(|why| (at, why))
        };
        let (old, new) = (name(self)?, name(self)?);
        let operation = match (old.as_str(), new.as_str()) {
            ("/dev/null", "/dev/null") => return Err((start, "the file has no name".to_owned())),
            ("/dev/null", _) => Operation::Create(new),
            (_, "/dev/null") => Operation::Delete(old),
            _ => Operation::Modify(old, new),
        };
        Ok(FilePatch {
            operation,
            change: Change::Text(self.hunks()?),
            ids: None,
            is_link: false,
            is_git: false,
            start,
        })
    }

    /// A file in git's form; none where it is the commit of another repository.
    fn git_file(&mut self) -> Result<Option<FilePatch>, Fault> {
        let (start, first) = self.peek().unwrap_or_default();
        self.at += 1;
        let mut head = Head::default();
        while let Some((at, line)) = self.peek() {
            let known = head.add(trimmed(line)).map_err(|why| (at, why))?;
            if !known {
                break;
            }
            self.at += 1;
            if head.binary == Some(Change::Binary(0..0)) {
                self.binary();
                head.binary = Some(Change::Binary(start..self.offset()));
                break;
            }
        }
        let hunks = self.hunks()?;
        if head.mode.as_deref() == Some("160000") {
            return Ok(None);
        }
        let is_empty = hunks.is_empty() && head.binary.is_none();
        let is_moved = head.rename.1.is_some() || head.copy.1.is_some();
        if is_empty && !(head.is_new || head.is_gone || head.changes_mode || is_moved) {
            let words = "what is done to this file does not follow".to_owned();
            return Err((start, words));
        }
        let names = trimmed(first)
            .strip_prefix(b"diff --git ")
            .unwrap_or_default();
        let operation = head
            .operation(names)
            .ok_or_else(|| (start, "the names of the file cannot be read".to_owned()))?;
        Ok(Some(FilePatch {
            operation,
            change: head.binary.unwrap_or(Change::Text(hunks)),
            ids: head.ids,
            is_link: head.mode.is_some_and(|mode| mode == "120000"),
            is_git: true,
            start,
        }))
    }

    /// Passes over blocks of binary data, each of which ends in an empty line.
    fn binary(&mut self) {
        while let Some((_, line)) = self.peek() {
            if !line.starts_with(b"literal ") && !line.starts_with(b"delta ") {
                break;
            }
            while let Some((_, line)) = self.peek() {
                self.at += 1;
                if trimmed(line).is_empty() {
                    break;
                }
            }
        }
    }

    fn hunks(&mut self) -> Result<Vec<Hunk>, Fault> {
        let mut hunks = Vec::new();
        while self
            .peek()
            .is_some_and(|(_, line)| line.starts_with(b"@@ -"))
        {
            hunks.push(self.hunk()?);
        }
        Ok(hunks)
    }

    fn hunk(&mut self) -> Result<Hunk, Fault> {
        let (start, head) = self.peek().unwrap_or_default();
        let broken = |why: &str| (start, format!("this hunk is broken: {why}"));
        let said = ranges(head).ok_or_else(|| broken("its head cannot be read"))?;
        let [(old_start, old_count), (new_start, new_count)] = said;
        self.at += 1;
        let (mut old, mut new) = (0, 0);
        let mut lines: Vec<HunkLine> = Vec::new();
        while old < old_count || new < new_count {
            let line = self.peek();
            let (kind, before) = match line.and_then(|(_, line)| line.first()) {
                Some(b' ') => (Kind::Context, 1),
                // Some programs take a blank away that ends a line.
                Some(b'\n') => (Kind::Context, 0),
                Some(b'-') => (Kind::Delete, 1),
                Some(b'+') => (Kind::Insert, 1),
                _ if self.without_newline(&mut lines) => continue,
                _ => {
                    let words = format!(
                        "it has {} and makes {}, where its head says {old_count} and {new_count}",
                        counted(old),
                        counted(new)
                    );
                    return Err(broken(&words));
                }
            };
            let (at, line) = line.unwrap_or_default();
            if !line.ends_with(b"\n") {
                return Err((at, "the patch ends within a line".to_owned()));
            }
            old += usize::from(kind != Kind::Insert);
            new += usize::from(kind != Kind::Delete);
            lines.push(HunkLine {
                kind,
                text: at + before..at + line.len(),
            });
            self.at += 1;
        }
        self.without_newline(&mut lines);
        if old > old_count || new > new_count {
            return Err(broken("its lines are not as many as its head says"));
        }
        if lines.iter().all(|line| line.kind == Kind::Context) {
            return Err(broken("it changes nothing"));
        }
        Ok(Hunk {
            old_start,
            new_start,
            lines,
            start,
        })
    }

    /// Takes the newline from the line before, where it is said that it has none: in any language, as git has it.
    fn without_newline(&mut self, lines: &mut [HunkLine]) -> bool {
        let is_said = |line: &[u8]| line.starts_with(b"\\ ") && line.len() >= 12;
        let is_said = self.peek().is_some_and(|(_, line)| is_said(line));
        if is_said && let Some(last) = lines.last_mut() {
            if self.text.get(last.text.end - 1) == Some(&b'\n') && !last.text.is_empty() {
                last.text.end -= 1;
            }
            self.at += 1;
            return true;
        }
        false
    }
}

fn counted(lines: usize) -> String {
    if lines == 1 {
        "1 line".to_owned()
    } else {
        format!("{lines} lines")
    }
}

impl Head {
    /// Notes what a line says, and whether it is one of the head.
    fn add(&mut self, line: &[u8]) -> Result<bool, String> {
        let words = |start: &str| line.strip_prefix(start.as_bytes());
        let text = |rest: &[u8]| String::from_utf8_lossy(rest).into_owned();
        if let Some(rest) = words("--- ") {
            self.old = Some(name_of(rest)?);
        } else if let Some(rest) = words("+++ ") {
            self.new = Some(name_of(rest)?);
        } else if let Some(rest) = words("rename from ") {
            self.rename.0 = Some(name_of(rest)?);
        } else if let Some(rest) = words("rename to ") {
            self.rename.1 = Some(name_of(rest)?);
        } else if let Some(rest) = words("copy from ") {
            self.copy.0 = Some(name_of(rest)?);
        } else if let Some(rest) = words("copy to ") {
            self.copy.1 = Some(name_of(rest)?);
        } else if let Some(rest) = words("new file mode ") {
            self.is_new = true;
            self.mode = Some(text(rest));
        } else if let Some(rest) = words("deleted file mode ") {
            self.is_gone = true;
            self.mode = Some(text(rest));
        } else if let Some(rest) = words("new mode ") {
            self.changes_mode = true;
            self.mode = Some(text(rest));
        } else if let Some((ids, mode)) = index_line(line) {
            self.ids = Some(ids);
            self.mode = mode.map(str::to_owned).or(self.mode.take());
        } else if words("GIT binary patch").is_some() {
            self.binary = Some(Change::Binary(0..0));
        } else if words("Binary files ").is_some() || words("Files ").is_some() {
            self.binary = Some(Change::Untold);
        } else {
            return Ok([
                "old mode ",
                "similarity index ",
                "dissimilarity index ",
                "index ",
            ]
            .iter()
            .any(|start| words(start).is_some()));
        }
        Ok(true)
    }

    /// To which file it is done; `names` are those behind `diff --git`, for where no other line has one.
    fn operation(&mut self, names: &[u8]) -> Option<Operation> {
        if let (Some(from), Some(to)) = (self.rename.0.take(), self.rename.1.take()) {
            return Some(Operation::Rename(from, to));
        }
        if let (Some(from), Some(to)) = (self.copy.0.take(), self.copy.1.take()) {
            return Some(Operation::Copy(from, to));
        }
        let is_null = |name: &Option<String>| name.as_deref() == Some("/dev/null");
        let (is_new, is_gone) = (
            self.is_new || is_null(&self.old),
            self.is_gone || is_null(&self.new),
        );
        let both = || both_names(names);
        let (old, new) = match (self.old.take(), self.new.take()) {
            (Some(old), Some(new)) => (old, new),
            _ => both()?,
        };
        match (is_new, is_gone) {
            (true, true) => None,
            (true, false) => Some(Operation::Create(new)),
            (false, true) => Some(Operation::Delete(old)),
            (false, false) => Some(Operation::Modify(old, new)),
        }
    }
}

/// The first line and the count of lines before and afterwards, of `@@ -1,3 +1,4 @@`.
fn ranges(line: &[u8]) -> Option<[(usize, usize); 2]> {
    let rest =
        std::str::from_utf8(line.strip_prefix(b"@@ -")?.split(|b| *b == b'@').next()?).ok()?;
    let (old, new) = rest.split_once(" +")?;
    let new = new.strip_suffix(' ')?;
    let range = |range: &str| {
        let (start, count) = range.split_once(',').unwrap_or((range, "1"));
        let is_number = |number: &str| number.bytes().all(|byte| byte.is_ascii_digit());
        let (start, count) = (
            start.parse().ok()?,
            count.parse().ok().filter(|_| is_number(count))?,
        );
        // Nothing has more lines, and sums of them stay numbers.
        let is_sane = |number: &usize| *number <= 1 << 40;
        Some((start, count)).filter(|(start, count)| is_sane(start) && is_sane(count))
    };
    Some([range(old)?, range(new)?])
}

/// `index 1234567..89abcde 100644`: the names of the texts, and the mode.
fn index_line(line: &[u8]) -> Option<((String, String), Option<&str>)> {
    let rest = std::str::from_utf8(line.strip_prefix(b"index ")?).ok()?;
    let (ids, mode) = rest
        .split_once(' ')
        .map_or((rest, None), |(ids, mode)| (ids, Some(mode)));
    let (old, new) = ids.split_once("..")?;
    let is_id = |id: &str| id.len() >= 4 && id.bytes().all(|b| b.is_ascii_hexdigit());
    (is_id(old) && is_id(new)).then(|| ((old.to_owned(), new.to_owned()), mode))
}

/// What becomes of the bytes of a file by a change in the form of `git diff --binary`.
pub(crate) fn binary(part: &[u8], before: &[u8]) -> Result<Vec<u8>, String> {
    let start = memchr::memmem::find(part, b"GIT binary patch").unwrap_or(0);
    // The library wants a head, whose modes it may not know.
    let part = [b"diff --git a/x b/x\n", &part[start..]].concat();
    let mut parsed = PatchSet::parse_bytes(&part, ParseOptions::gitdiff());
    match parsed.next() {
        Some(Ok(file)) => match file.patch() {
            PatchKind::Binary(patch) => patch.apply(before).map_err(|why| why.to_string()),
            PatchKind::Text(_) => Err("it cannot be read".to_owned()),
        },
        _ => Err("it cannot be read".to_owned()),
    }
}
