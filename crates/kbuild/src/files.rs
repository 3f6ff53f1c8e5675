//! Files that makefiles ask for: `include` and `$(wildcard …)`.
//!
//! ```make
//! include $(patsubst %/, $(srctree)/arch/mips/%/Platform, $(platform-y))
//! ```
//!
//! includes each platform's file under the Condition of that platform. A path with a part that only
//! the building machine knows (`Makefile-os-$(OS)`) is looked up in the tree: a file that fits alone
//! is meant.

use condition::Condition;
use source::normalize;

use crate::machine::Machine;
use crate::matching::can_be;
use crate::value::{Word, has_opaque};

/// How deep includes may nest.
const DEEPEST_INCLUDE: usize = 32;
/// How many files one directory's makefile may include, all in all.
const MOST_INCLUDES: usize = 2_000;

impl Machine<'_> {
    pub(crate) fn include(&mut self, names: &str, needed: bool) {
        let names = self.expand(names);
        for word in self.logic.resolved_words(&names) {
            for (also, path) in self.existing(&word.text) {
                let outer = self.when;
                let when = self.logic.both(word.when, also);
                self.when = self.logic.both(outer, when);
                if !self.when.is_false() {
                    self.include_one(&path, needed);
                }
                self.when = outer;
            }
        }
    }

    fn include_one(&mut self, written: &str, needed: bool) {
        let Some(path) = normalize(written) else {
            if needed {
                self.problem(format!(
                    "include of {written}, which is outside of the tree"
                ));
            }
            return;
        };
        // These are made by the build, or are Kbuild itself.
        let own = ["include/config/", "include/generated/", "scripts/"];
        if own.iter().any(|prefix| path.starts_with(prefix)) {
            return;
        }
        if self.includes.contains(&path) || self.includes.len() >= DEEPEST_INCLUDE {
            self.problem(format!("{path} is included from itself, or too deeply"));
            return;
        }
        self.included += 1;
        if self.included > MOST_INCLUDES {
            self.problem("too many includes, the rest is not read");
            return;
        }
        match self.run_file(&path) {
            Err(error) if needed => self.problem(format!("include of {path}: {error}")),
            _ => {}
        }
    }

    /// The paths that `path` can be: itself, or where a part of it is unknown (`Makefile-os-$(OS)`),
    /// the files and directories that fit. One that fits alone is meant.
    pub(crate) fn existing(&mut self, path: &str) -> Vec<(Condition, String)> {
        let Some(at) = path.find(crate::value::is_opaque) else {
            return vec![(Condition::TRUE, path.to_owned())];
        };
        let start = path[..at].rfind('/').map_or(0, |slash| slash + 1);
        let end = path[at..].find('/').map_or(path.len(), |slash| at + slash);
        let (before, part, after) = (&path[..start], &path[start..end], &path[end..]);
        let listed = normalize(before)
            .and_then(|dir| self.source.list(&dir).ok())
            .unwrap_or_default();
        let fits: Vec<&str> = listed
            .iter()
            .map(|name| name.trim_end_matches('/'))
            .filter(|name| can_be(part, name))
            .collect();
        if let [only] = fits.as_slice() {
            let whole = format!("{before}{only}{after}");
            return if has_opaque(&whole) {
                Vec::new()
            } else {
                vec![(Condition::TRUE, whole)]
            };
        }
        let mut all = Vec::new();
        for name in fits {
            let whole = format!("{before}{name}{after}");
            let when = self.logic.matches(part, name);
            if !when.is_false() && !has_opaque(&whole) {
                all.push((when, whole));
            }
        }
        all
    }

    pub(crate) fn wildcard(&mut self, word: &Word) -> Vec<Word> {
        if has_opaque(&word.text) {
            let text = self.logic.unknown(&format!("$(wildcard {})", word.text));
            return vec![Word {
                text,
                ..word.clone()
            }];
        }
        let slash = word.text.rfind('/').map_or(0, |at| at + 1);
        let (directory, pattern) = word.text.split_at(slash);
        let Some(path) = normalize(directory) else {
            return Vec::new();
        };
        if !pattern.contains(['*', '?', '[']) {
            let Some(path) = normalize(&word.text) else {
                return Vec::new();
            };
            let exists = self.source.is_file(&path) || self.source.is_dir(&path);
            return if exists {
                vec![word.clone()]
            } else {
                Vec::new()
            };
        }
        let listed = self.source.list(&path).unwrap_or_default();
        let names = listed.iter().map(|name| name.trim_end_matches('/'));
        names
            .filter(|name| glob(pattern.as_bytes(), name.as_bytes()))
            .map(|name| Word {
                text: format!("{directory}{name}"),
                ..word.clone()
            })
            .collect()
    }
}

/// Whether `name` fits a shell pattern with `*` and `?`; a set in brackets fits any character.
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p, n));
                p += 1;
            }
            Some(b'[') => {
                let close = pattern[p..].iter().position(|byte| *byte == b']');
                p += close.map_or(1, |at| at + 1);
                n += 1;
            }
            Some(byte) if *byte == b'?' || *byte == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match retry {
                Some((star, at)) => {
                    p = star + 1;
                    n = at + 1;
                    retry = Some((star, at + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_patterns_fit_names() {
        assert!(glob(b"*.c", b"a.c") && glob(b"a?b*", b"axbyz") && glob(b"*a*b", b"xaab"));
        assert!(!glob(b"*.c", b"a.h") && !glob(b"a", b"ab"));
    }
}
