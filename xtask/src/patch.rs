//! Applies a patch of ours to a tree, by text and not by line number.
//!
//! The tree's version moves (6.1.190, 6.1.192), so the numbers of a hunk mean little. The lines that
//! a hunk takes out or keeps must stand in the file exactly once; else the patch does not fit, and
//! nothing is guessed.
//!
//! ```diff
//! --- a/mm/sparse-vmemmap.c
//! +++ b/mm/sparse-vmemmap.c
//! @@ -388 +388 @@
//! -    if (vmemmap_can_optimize(altmap, pgmap))
//! +    if (pgmap && !altmap)
//! ```

use crate::error::Error;

/// The changes to one file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FilePatch {
    /// Path in the tree.
    pub(crate) path: String,
    hunks: Vec<Hunk>,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Hunk {
    old: String,
    new: String,
}

/// Reads a unified diff. What stands before the first file is a message.
pub(crate) fn parse(text: &str) -> Vec<FilePatch> {
    let mut files: Vec<FilePatch> = Vec::new();
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("+++ b/") {
            files.push(FilePatch {
                path: path.to_owned(),
                hunks: Vec::new(),
            });
            continue;
        }
        let Some(file) = files.last_mut() else {
            continue;
        };
        if line.starts_with("@@") {
            file.hunks.push(Hunk::default());
        } else if !line.starts_with("--- a/")
            && let Some(hunk) = file.hunks.last_mut()
        {
            hunk.add(line);
        }
    }
    files
}

impl Hunk {
    fn add(&mut self, line: &str) {
        let (kind, rest) = line.split_at(line.len().min(1));
        if kind != "+" {
            self.old.push_str(rest);
            self.old.push('\n');
        }
        if kind != "-" {
            self.new.push_str(rest);
            self.new.push('\n');
        }
    }
}

impl FilePatch {
    /// The text of the file as the patch leaves it.
    pub(crate) fn apply(&self, text: &str) -> Result<String, Error> {
        let mut text = text.to_owned();
        for hunk in &self.hunks {
            let at = self.place(hunk, &text)?;
            text.replace_range(at..at + hunk.old.len(), &hunk.new);
        }
        Ok(text)
    }

    fn place(&self, hunk: &Hunk, text: &str) -> Result<usize, Error> {
        let starts_line = |at: &usize| *at == 0 || text.as_bytes()[*at - 1] == b'\n';
        let mut places = text
            .match_indices(&hunk.old)
            .map(|(at, _)| at)
            .filter(starts_line);
        match (places.next(), places.next()) {
            (Some(at), None) => Ok(at),
            (found, _) => Err(Error::new(format!(
                "the patch does not fit this tree: {} has these lines {}:\n{}",
                self.path,
                if found.is_none() {
                    "nowhere"
                } else {
                    "more than once"
                },
                hunk.old
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATCH: &str = "Why.\n\n--- a/mm/a.c\n+++ b/mm/a.c\n@@ -9 +9,2 @@\n-two\n+2\n+II\n\
                         --- a/mm/b.c\n+++ b/mm/b.c\n@@ -1 +1 @@\n-x\n+y\n";

    #[test]
    fn lines_are_found_by_their_text() {
        let files = parse(PATCH);
        assert_eq!(files.len(), 2);
        assert_eq!(files[0].path, "mm/a.c");
        assert_eq!(
            files[0].apply("one\ntwo\nthree\n").expect("fits"),
            "one\n2\nII\nthree\n"
        );
        assert_eq!(files[1].apply("xx\nx\n").expect("fits"), "xx\ny\n");
    }

    #[test]
    fn a_patch_that_does_not_fit_says_so() {
        let files = parse(PATCH);
        let nowhere = files[0].apply("one\n").expect_err("nowhere").to_string();
        assert!(
            nowhere.contains("mm/a.c has these lines nowhere"),
            "{nowhere}"
        );
        let twice = files[0].apply("two\ntwo\n").expect_err("twice").to_string();
        assert!(twice.contains("more than once"), "{twice}");
    }

    #[test]
    fn our_patch_changes_one_place_in_each_of_two_files() {
        let files = parse(crate::tree::UNFIXED);
        let paths: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["mm/mm_init.c", "mm/sparse-vmemmap.c"]);
        assert!(files.iter().all(|file| file.hunks.len() == 1));
    }
}
