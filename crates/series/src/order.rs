//! Which patches are meant, and in which order they go on.

use std::collections::{BTreeMap, BTreeSet};

use crate::mail::{Mail, Transfer};
use crate::patch::{self, Patch, PatchError, is_scissors};

/// A file that somebody has given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Input {
    /// As it was named.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// How its mails come.
    pub transfer: Transfer,
}

impl Input {
    /// A file whose mails come as they say.
    pub fn new(name: &str, bytes: impl Into<Vec<u8>>) -> Input {
        Input {
            name: name.to_owned(),
            bytes: bytes.into(),
            transfer: Transfer::AsSaid,
        }
    }
}

/// Patches in the order in which they go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// The subject of the cover letter, if there is one.
    pub cover: Option<Mail>,
    /// The patches.
    pub patches: Vec<Patch>,
    /// What was not taken, and why.
    pub skipped: Vec<Skipped>,
    /// What cannot be read: nothing can be said of the whole then.
    pub faults: Vec<PatchError>,
    /// Numbers of which there is no patch, where the others are numbered.
    pub missing: Vec<u32>,
    /// The commit on which it was made, as it says itself.
    pub base_commit: Option<String>,
}

/// Something that is no patch of the series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// In which file it came.
    pub file: String,
    /// Its subject, if it has one.
    pub subject: String,
    /// Why it is not taken.
    pub reason: &'static str,
}

/// The names of patches in the text of a `series`, as quilt has it: options and remarks may follow a name.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines();
    lines.filter_map(|line| line.split('#').next()?.split_whitespace().next())
}

/// A mail and the file in which it came.
struct Came<'a> {
    file: &'a str,
    mail: Mail,
}

impl Series {
    /// The series in some files: of mails that are numbered in the order of their numbers, else as they come.
    pub fn read(inputs: &[Input]) -> Series {
        let mut series = Series::default();
        let mails = inputs.iter().flat_map(|input| {
            let mails = Mail::all(&input.bytes, input.transfer);
            mails.into_iter().map(|mail| Came {
                file: &input.name,
                mail,
            })
        });
        let mut found = Vec::new();
        for came in mails {
            series.note_base(&came.mail);
            match Patch::of(came.file, &came.mail) {
                Ok(Some(patch)) if is_remark(&came.mail) => {
                    let reason = "an answer, whose patch stands behind no scissors";
                    series.skip(came.file, &patch.title, reason);
                }
                Ok(Some(patch)) => found.push((came, patch)),
                Ok(None) => series.note_letter(came),
                Err(fault) => series.faults.push(fault),
            }
        }
        let found = series.last_version(found);
        series.patches = series.ordered(found);
        series
    }

    fn skip(&mut self, file: &str, subject: &str, reason: &'static str) {
        self.skipped.push(Skipped {
            file: file.to_owned(),
            subject: subject.to_owned(),
            reason,
        });
    }

    /// The cover letter tells it, or the patch that has none.
    fn note_base(&mut self, mail: &Mail) {
        let said = patch::base_commit(mail.body.text());
        if mail.subject.number.is_some_and(|(number, _)| number == 0) || self.base_commit.is_none()
        {
            self.base_commit = said.or_else(|| self.base_commit.take());
        }
    }

    /// A mail without a patch.
    fn note_letter(&mut self, came: Came<'_>) {
        let is_cover = came
            .mail
            .subject
            .number
            .is_some_and(|(number, _)| number == 0);
        if is_cover && !came.mail.subject.is_reply && self.cover.is_none() {
            self.cover = Some(came.mail);
        } else {
            self.skip(came.file, &came.mail.subject.title, "no patch is in it");
        }
    }

    /// Those of the last version, where there are several: of what is numbered together, and of each that is not by its title.
    fn last_version<'a>(&mut self, found: Vec<(Came<'a>, Patch)>) -> Vec<(Came<'a>, Patch)> {
        let key = |patch: &Patch| match patch.number {
            Some(_) => None,
            None => Some(patch.title.clone()),
        };
        let mut last: BTreeMap<Option<String>, u32> = BTreeMap::new();
        for (came, patch) in &found {
            let version = last.entry(key(patch)).or_default();
            *version = came.mail.subject.version.max(*version);
        }
        let (taken, old): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|(came, patch)| last.get(&key(patch)) == Some(&came.mail.subject.version));
        for (came, patch) in old {
            self.skip(came.file, &patch.title, "there is a later version");
        }
        taken
    }

    /// The same patch twice is meant once.
    fn as_they_came(&mut self, found: Vec<(Came<'_>, Patch)>) -> Vec<Patch> {
        let mut taken: Vec<Patch> = Vec::new();
        for (came, patch) in found {
            let is_same = |one: &Patch| one.title == patch.title && one.body == patch.body;
            let is_mail = !patch.subject.is_empty();
            if is_mail && taken.iter().any(is_same) {
                self.skip(came.file, &patch.title, "it is there already");
            } else {
                taken.push(patch);
            }
        }
        taken
    }

    /// By number, if all have one and they are of one series; else as they came.
    fn ordered(&mut self, mut found: Vec<(Came<'_>, Patch)>) -> Vec<Patch> {
        let totals: BTreeSet<Option<u32>> = found
            .iter()
            .map(|(_, patch)| patch.number.map(|(_, total)| total))
            .collect();
        let titles: BTreeSet<(Option<(u32, u32)>, &str)> = found
            .iter()
            .map(|(_, patch)| (patch.number, patch.title.as_str()))
            .collect();
        let numbers: BTreeSet<_> = titles.iter().map(|(number, _)| number).collect();
        let is_one = totals.len() == 1 && numbers.len() == titles.len();
        let total = match totals.first() {
            Some(Some(total)) if is_one => *total,
            _ => return self.as_they_came(found),
        };
        found.sort_by_key(|(_, patch)| patch.number);
        let mut taken: Vec<Patch> = Vec::new();
        for (came, patch) in found {
            if taken.last().is_some_and(|last| last.number == patch.number) {
                self.skip(came.file, &patch.title, "it is there already");
            } else {
                taken.push(patch);
            }
        }
        let known: BTreeSet<u32> = taken.iter().filter_map(|p| Some(p.number?.0)).collect();
        // One patch of a series is a series of its own.
        if known.len() > 1 {
            let missing = (1..=total).filter(|number| !known.contains(number));
            self.missing = missing.take(100).collect();
        }
        taken
    }
}

/// Whether a mail answers another one, and what it shows is no patch for the tree.
fn is_remark(mail: &Mail) -> bool {
    let mut lines = mail.body.text().split(|byte| *byte == b'\n');
    mail.subject.is_reply && !lines.any(is_scissors)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(subject: &str, body: &str) -> String {
        format!("From 0 Mon Sep 17 00:00:00 2001\nFrom: a@b\nSubject: {subject}\n\n{body}\n")
    }

    const DIFF: &str = "why\n---\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n-- \n2.39\n";

    fn titles(series: &Series) -> Vec<&str> {
        series
            .patches
            .iter()
            .map(|patch| patch.title.as_str())
            .collect()
    }

    #[test]
    fn numbers_give_the_order_and_the_rest_is_told() {
        let mails = [
            mail("[PATCH v2 3/3] c", DIFF),
            mail(
                "Re: [PATCH v2 1/3] a",
                &format!("> quoted\n\nOr so:\n\n{DIFF}"),
            ),
            mail(
                "[PATCH v2 0/3] cover",
                "Hello.\n\nbase-commit: 0123456789abcdef0123456789abcdef01234567",
            ),
            mail("[PATCH 1/3] old", DIFF),
            mail("[PATCH v2 1/3] a", DIFF),
            mail("[PATCH v2 1/3] a", DIFF),
            mail("Re: [PATCH v2 3/3] c", "Fine."),
        ];
        let series = Series::read(&[Input::new("box", mails.concat())]);
        assert_eq!(titles(&series), ["a", "c"]);
        assert_eq!(series.missing, [2]);
        let cover = series
            .cover
            .as_ref()
            .map(|mail| mail.subject.title.as_str());
        assert_eq!(cover, Some("cover"));
        assert_eq!(
            series.base_commit.as_deref(),
            Some("0123456789abcdef0123456789abcdef01234567")
        );
        let skipped: Vec<_> = series
            .skipped
            .iter()
            .map(|s| (s.subject.as_str(), s.reason))
            .collect();
        let expected = [
            ("a", "an answer, whose patch stands behind no scissors"),
            ("c", "no patch is in it"),
            ("old", "there is a later version"),
            ("a", "it is there already"),
        ];
        assert_eq!(skipped, expected);
        assert!(series.faults.is_empty());
    }

    #[test]
    fn without_numbers_they_go_on_as_they_come() {
        let inputs = [
            Input::new("b.patch", DIFF),
            Input::new("a.patch", mail("[PATCH] z", DIFF)),
        ];
        let series = Series::read(&inputs);
        assert_eq!(titles(&series), ["b.patch", "z"]);
    }

    #[test]
    fn scissors_make_a_patch_of_an_answer() {
        let text = mail("Re: [PATCH] q", &format!("No.\n\n-- >8 --\n{DIFF}"));
        let series = Series::read(&[Input::new("m", text)]);
        assert_eq!(titles(&series), ["q"]);
    }

    #[test]
    fn a_broken_patch_is_told_with_its_hunk() {
        let text = mail(
            "[PATCH] q",
            "why\n---\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n@@ -9,7 +9 @@\n-a\n-b\n",
        );
        let series = Series::read(&[Input::new("m", text)]);
        let told: Vec<String> = series.faults.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "m:12: this hunk is broken: it has 3 lines and makes 1 line, where its head says 7 and 1"
            ]
        );
    }
}
