//! One patch: what a mail says, and what it does to files.

use crate::body::{Body, Line, lines, trimmed};
use crate::file::{self, FilePatch};
use crate::mail::Mail;

/// A patch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patch {
    /// The file in which it came, as it was named.
    pub file: String,
    /// The subject of its mail, whole.
    pub subject: String,
    /// What it is about; the name of its file where it does not say.
    pub title: String,
    /// Which patch of how many.
    pub number: Option<(u32, u32)>,
    /// Who has written it.
    pub from: String,
    /// When.
    pub date: String,
    /// The identity of its mail.
    pub message_id: String,
    /// To whom it went.
    pub to: Vec<String>,
    /// The text.
    pub body: Body,
    /// What it does, in its order.
    pub files: Vec<FilePatch>,
}

/// A patch that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchError {
    /// The file in which it came.
    pub file: String,
    /// Where.
    pub line: Line,
    /// What is wrong.
    pub message: String,
}

impl std::fmt::Display for PatchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

impl std::error::Error for PatchError {}

impl Patch {
    /// The patch in a mail that came in `file`; `None` where it has none.
    pub(crate) fn of(file: &str, mail: &Mail) -> Result<Option<Patch>, PatchError> {
        let text = mail.body.text();
        let Some(start) = patch_start(text) else {
            return Ok(None);
        };
        let files = file::files(text, start).map_err(|(at, message)| PatchError {
            file: file.to_owned(),
            line: mail.body.line_at(at),
            message,
        })?;
        // What only moves the commits of other repositories is a patch all the same.
        let is_head = |(_, line): (usize, &[u8])| line.starts_with(b"diff --git ");
        if files.is_empty() && !lines(&text[start..]).any(is_head) {
            return Ok(None);
        }
        let title = mail.subject.title.clone();
        Ok(Some(Patch {
            file: file.to_owned(),
            title: if title.is_empty() {
                file.to_owned()
            } else {
                title
            },
            subject: mail.subject.text.clone(),
            number: mail.subject.number,
            from: mail.from.clone(),
            date: mail.date.clone(),
            message_id: mail.message_id.clone(),
            to: mail.to.clone(),
            body: mail.body.clone(),
            files,
        }))
    }

    /// The text at a range of it.
    pub fn text(&self, range: &std::ops::Range<usize>) -> &[u8] {
        self.body.text().get(range.clone()).unwrap_or_default()
    }
}

/// Where the message of a mail ends, and what changes files may begin: as `git mailinfo` has it, at the first line that is
/// `---`, or a head of a file.
fn patch_start(text: &[u8]) -> Option<usize> {
    let is_start = |line: &[u8]| {
        let dashed = line.strip_prefix(b"---");
        line.starts_with(b"diff -")
            || line.starts_with(b"Index: ")
            || dashed.is_some_and(|rest| rest.trim_ascii().is_empty() || rest.starts_with(b" "))
    };
    let mut all = lines(text);
    all.find(|(_, line)| is_start(trimmed(line)))
        .map(|(at, _)| at)
}

/// Whether somebody has drawn scissors there: mostly dashes, with `>8` or the like among them.
pub(crate) fn is_scissors(line: &[u8]) -> bool {
    let marks: [&[u8]; 4] = [b">8", b"8<", b">%", b"%<"];
    let drawn = line.iter().filter(|b| b"-<>8% ".contains(b)).count();
    let line_length = line.trim_ascii().len();
    let has_mark = marks
        .iter()
        .any(|mark| memchr::memmem::find(line, mark).is_some());
    has_mark && line.contains(&b'-') && drawn * 3 >= line_length * 2 && line_length >= 4
}

/// The commit on which a text says that it was made.
pub(crate) fn base_commit(text: &[u8]) -> Option<String> {
    let said = lines(text).filter_map(|(_, line)| trimmed(line).strip_prefix(b"base-commit: "));
    let mut ids = said.filter_map(|id| std::str::from_utf8(id.trim_ascii()).ok());
    let is_id = |id: &&str| id.len() >= 7 && id.bytes().all(|b| b.is_ascii_hexdigit());
    ids.find(is_id).map(str::to_owned)
}
