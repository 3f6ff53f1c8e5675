//! Where in a file a hunk goes.
//!
//! Two programs are asked for, whose answers people know. `git apply` wants every line of a hunk in the file as it is, near
//! the line that is said or far from it; what begins at the first line of a file, or ends at its last, must do so there too.
//! `patch` goes on behind the hunk before, and takes up to two lines of context at either end for others. What is said of
//! them here is what they do; none of it is theirs.

use crate::file::{Hunk, Kind};
use crate::patch::Patch;

/// A line of a file, and whether a hunk has been there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Image<'a> {
    pub(crate) text: &'a [u8],
    pub(crate) is_patched: bool,
}

/// Who puts hunks where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Git,
    Patch,
}

/// Lines of context that `patch` does without.
const MOST_FUZZ: usize = 2;

/// Where a hunk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The first of its lines in the file, from 0.
    pub(crate) at: usize,
    /// How many lines of context are others there.
    pub(crate) fuzz: usize,
}

/// The hunks of a file, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Placing {
    /// `patch` looks where the hunk before made it look.
    offset: isize,
    /// Behind it nothing is changed any more, in lines.
    frozen: usize,
}

/// A hunk as it is looked for.
struct Wanted<'a> {
    lines: Vec<&'a [u8]>,
    /// Lines of context at its beginning and its end.
    leading: usize,
    trailing: usize,
}

impl Wanted<'_> {
    fn of<'a>(patch: &'a Patch, hunk: &Hunk) -> Wanted<'a> {
        let is_context = |line: &&crate::file::HunkLine| line.kind == Kind::Context;
        let old = hunk.lines.iter().filter(|line| line.kind != Kind::Insert);
        Wanted {
            lines: old.map(|line| patch.text(&line.text)).collect(),
            leading: hunk.lines.iter().take_while(is_context).count(),
            trailing: hunk.lines.iter().rev().take_while(is_context).count(),
        }
    }
}

impl Placing {
    /// Where the next hunk goes; `None` where it goes nowhere.
    pub(crate) fn find(
        &mut self,
        (patch, hunk): (&Patch, &Hunk),
        image: &[Image<'_>],
        manner: Manner,
    ) -> Option<Found> {
        let wanted = Wanted::of(patch, hunk);
        match manner {
            Manner::Git => git(&wanted, hunk, image).map(|at| Found { at, fuzz: 0 }),
            Manner::Patch => self.patch(&wanted, hunk, image),
        }
    }

    fn patch(&mut self, wanted: &Wanted<'_>, hunk: &Hunk, image: &[Image<'_>]) -> Option<Found> {
        let most = MOST_FUZZ.min(wanted.leading.max(wanted.trailing));
        // Of nothing it says the line behind which it goes.
        let said = hunk.old_start + usize::from(wanted.lines.is_empty());
        let guess = said.saturating_add_signed(self.offset).max(1);
        let found = (0..=most).find_map(|fuzz| {
            let at = self.with_fuzz(wanted, (said, guess), image, fuzz)?;
            Some(Found { at, fuzz })
        })?;
        // Lines from 1 are what it counts.
        self.offset += (found.at + 1).cast_signed() - guess.cast_signed();
        let new = hunk.lines.iter().filter(|line| line.kind != Kind::Delete);
        self.frozen = found.at + new.count();
        let old = wanted.lines.len().cast_signed();
        self.offset += (self.frozen - found.at).cast_signed() - old;
        Some(found)
    }

    fn with_fuzz(
        &self,
        wanted: &Wanted<'_>,
        (said, guess): (usize, usize),
        image: &[Image<'_>],
        fuzz: usize,
    ) -> Option<usize> {
        if wanted.lines.is_empty() {
            return Some((guess - 1).min(image.len()));
        }
        let context = wanted.leading.max(wanted.trailing);
        // Fewer lines at one end than at the other mean the end of the file there.
        let prefix = (fuzz + wanted.leading).checked_sub(context);
        let suffix = (fuzz + wanted.trailing).checked_sub(context);
        let fits = |at: usize| {
            let (prefix, suffix) = (prefix.unwrap_or(0), suffix.unwrap_or(0));
            matches(&wanted.lines, image, at, (prefix, suffix)) && at >= self.frozen
        };
        if prefix.is_none() && said <= 1 {
            let is_whole = suffix.is_some() || wanted.lines.len() == image.len();
            return (is_whole && fits(0)).then_some(0);
        }
        if suffix.is_none() {
            let at = image.len().checked_sub(wanted.lines.len())?;
            return fits(at).then_some(at);
        }
        let guess = guess - 1;
        let last = (image.len() + suffix.unwrap_or(0)).checked_sub(wanted.lines.len())?;
        nearest(guess, last).find(|at| fits(*at))
    }
}

/// The numbers up to `last`, those first that are near `guess`; of two as near the higher first.
fn nearest(guess: usize, last: usize) -> impl Iterator<Item = usize> {
    let below = (0..guess.min(last + 1)).rev();
    let mut forward = (guess..=last).peekable();
    let mut backward = below.peekable();
    std::iter::from_fn(move || match (forward.peek(), backward.peek()) {
        (Some(up), Some(down)) if up - guess <= guess - down => forward.next(),
        (Some(_), None) => forward.next(),
        _ => backward.next(),
    })
}

/// Whether the lines stand in the file from `at` on, but for some at either end.
fn matches(
    lines: &[&[u8]],
    image: &[Image<'_>],
    at: usize,
    (prefix, suffix): (usize, usize),
) -> bool {
    let end = lines.len().saturating_sub(suffix);
    (prefix..end).all(|index| {
        let line = image.get(at + index);
        line.is_some_and(|line| line.text == lines[index])
    })
}

/// As `git apply` looks for it: from the line that is said to both sides, forwards first.
fn git(wanted: &Wanted<'_>, hunk: &Hunk, image: &[Image<'_>]) -> Option<usize> {
    let at_beginning = hunk.old_start <= 1;
    let at_end = wanted.trailing == 0;
    let guess = if at_beginning {
        0
    } else if at_end {
        image
            .len()
            .checked_sub(wanted.lines.len())
            .unwrap_or(image.len())
    } else {
        hunk.new_start.saturating_sub(1).min(image.len())
    };
    let fits = |at: usize| {
        let end = at + wanted.lines.len();
        let is_there =
            end <= image.len() && (!at_end || end == image.len()) && (!at_beginning || at == 0);
        is_there && stand(wanted, &image[at..end], at_end)
    };
    nearest(guess, image.len()).find(|at| fits(*at))
}

/// Whether these lines of a file are those that are wanted, and no hunk has been there.
fn stand(wanted: &Wanted<'_>, image: &[Image<'_>], at_end: bool) -> bool {
    let last = wanted.lines.len().saturating_sub(1);
    wanted
        .lines
        .iter()
        .zip(image)
        .enumerate()
        .all(|(index, (line, there))| {
            // Where it does not end the file, a last line without an end may have blanks behind it there.
            let is_open = index == last && !at_end && !line.ends_with(b"\n");
            let rest = there.text.strip_prefix(*line).filter(|_| is_open);
            let is_same =
                there.text == *line || rest.is_some_and(|rest| rest.trim_ascii().is_empty());
            is_same && !there.is_patched
        })
}
