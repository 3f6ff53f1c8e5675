//! What the makefile of one directory builds.
//!
//! ```make
//! obj-$(CONFIG_DEV_DAX) += device_dax.o
//! device_dax-y := device.o
//! obj-y += hmem/
//! ```
//!
//! says that `device.o` is built as `device_dax.o` is, that there is no `device_dax.c` to compile,
//! and that `hmem/` is entered. As scripts/Makefile.lib has it: what is in `obj-y` is taken out of
//! `obj-m`; `foo.o` is made of parts where `foo-objs`, `foo-y` or `foo-` has a word, and for a
//! module also where `foo-m` has one.

use condition::Condition;
use rustc_hash::FxHashMap;
use source::normalize;

use crate::machine::Machine;
use crate::matching::can_be;
use crate::scope::Scope;
use crate::value::{Place, Word, has_opaque, is_opaque};

/// One reason for which an object is built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reason {
    /// Linked into the kernel, if the directory is.
    pub(crate) yes: Condition,
    /// Linked into a module.
    pub(crate) module: Condition,
    pub(crate) place: Place,
}

impl Reason {
    fn is_never(&self) -> bool {
        self.yes.is_false() && self.module.is_false()
    }
}

/// A directory that another one names.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) reason: Reason,
}

/// What one directory's makefile says.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    /// By tree path without `.o`.
    pub(crate) objects: FxHashMap<String, Vec<Reason>>,
    /// Objects whose name has a part that only the configuration knows (`misc_$(CONFIG_BITS)`).
    pub(crate) patterns: Vec<(String, Reason)>,
    pub(crate) entries: Vec<Entry>,
    /// The variables as the makefile left them.
    pub(crate) scope: Scope,
}

/// An object of `obj-y` or `obj-m`, before it is taken apart.
#[derive(Clone, Copy)]
struct Listed {
    yes: Condition,
    module: Condition,
    place: Place,
}

impl Machine<'_> {
    /// What the variables of a Kbuild file in `path` say, once it was run.
    pub(crate) fn directory(mut self, path: &str) -> Directory {
        let mut directory = Directory::default();
        let mut listed: Vec<(String, Listed)> = Vec::new();
        let mut by_name: FxHashMap<String, usize> = FxHashMap::default();
        for (variable, module) in [("obj-y", false), ("obj-m", true), ("extra-y", false)] {
            for word in self.listed(variable) {
                let (yes, module) = if module {
                    (Condition::FALSE, word.when)
                } else {
                    (word.when, Condition::FALSE)
                };
                let place = word.place;
                if word.text.ends_with('/') {
                    let reason = Reason { yes, module, place };
                    self.entry(path, &word, reason, &mut directory);
                } else if let Some(name) = word.text.strip_suffix(".o") {
                    let next = listed.len();
                    let at = *by_name.entry(name.to_owned()).or_insert(next);
                    if at == next {
                        let never = Condition::FALSE;
                        listed.push((
                            name.to_owned(),
                            Listed {
                                yes: never,
                                module: never,
                                place,
                            },
                        ));
                    }
                    let known = &mut listed[at].1;
                    known.yes = self.logic.store.or(known.yes, yes);
                    known.module = self.logic.store.or(known.module, module);
                }
            }
        }
        for (name, mut object) in listed {
            object.module = self.logic.both(object.module, !object.yes);
            self.object(path, &name, object, &mut directory);
        }
        for variable in ["lib-y", "lib-m"] {
            for word in self.listed(variable) {
                let reason = Reason {
                    yes: word.when,
                    module: Condition::FALSE,
                    place: word.place,
                };
                self.built_from(path, &word.text, reason, &mut directory);
            }
        }
        directory.scope = self.scope;
        directory
    }

    /// The words of a variable; those of which nothing is known are told, not guessed.
    fn listed(&mut self, variable: &str) -> Vec<Word> {
        let value = self.variable(variable);
        let mut words = Vec::new();
        for word in self.logic.words(&value) {
            if !has_opaque(&word.text) {
                words.push(word);
                continue;
            }
            let stem = word.text.trim_end_matches(".o").trim_end_matches('/');
            if stem.chars().all(is_opaque) {
                let spelled = self.logic.opaques.spelled(&word.text);
                self.journal.problem(
                    word.place,
                    format!("{variable} has {spelled}, which is not known"),
                    false,
                );
                continue;
            }
            words.push(word);
        }
        words
    }

    fn entry(&mut self, path: &str, word: &Word, reason: Reason, directory: &mut Directory) {
        for (also, written) in self.existing(word.text.trim_end_matches('/')) {
            let Some(entered) = inside(path, &written) else {
                continue;
            };
            let yes = self.logic.both(reason.yes, also);
            let module = self.logic.both(reason.module, also);
            directory.entries.push(Entry {
                path: entered,
                reason: Reason {
                    yes,
                    module,
                    ..reason
                },
            });
        }
    }

    /// An object of `obj-y` or `obj-m`: its parts, or the file of its own name.
    fn object(&mut self, path: &str, name: &str, object: Listed, directory: &mut Directory) {
        let own = Reason {
            yes: object.yes,
            module: object.module,
            place: object.place,
        };
        if has_opaque(name) {
            return self.built_from(path, &format!("{name}.o"), own, directory);
        }
        let suffixes = ["-objs", "-y", "-", "-m"];
        let mut parts: Vec<(usize, Word)> = Vec::new();
        for (number, suffix) in suffixes.iter().enumerate() {
            let variable = format!("{name}{suffix}");
            if self.scope.get(&variable).is_none() {
                continue;
            }
            let words = self.listed(&variable);
            parts.extend(words.into_iter().map(|word| (number, word)));
        }
        if parts.is_empty() {
            return self.built_from(path, &format!("{name}.o"), own, directory);
        }
        let composite = self.any_by_line(parts.iter().filter(|(number, _)| *number < 3));
        let module_composite = self.any_by_line(parts.iter());
        let alone = Reason {
            yes: self.logic.both(object.yes, !composite),
            module: self.logic.both(object.module, !module_composite),
            place: object.place,
        };
        self.built_from(path, &format!("{name}.o"), alone, directory);
        for (number, word) in parts {
            let place = word.place;
            let module = self.logic.both(object.module, word.when);
            let yes = match number {
                0 | 1 => self.logic.both(object.yes, word.when),
                _ => Condition::FALSE,
            };
            // What is in `foo-` is in no object: `foo-$(CONFIG_X)` with X=n.
            if number != 2 {
                self.built_from(path, &word.text, Reason { yes, module, place }, directory);
            }
        }
    }

    /// When any of the words is there. Words of one line are joined first: `foo-$(CONFIG_X) += a.o`
    /// gives `foo-y`, `foo-m` and `foo-` one word each, of which one is always there.
    fn any_by_line<'w>(&mut self, words: impl Iterator<Item = &'w (usize, Word)>) -> Condition {
        let mut words: Vec<(Place, Condition)> =
            words.map(|(_, word)| (word.place, word.when)).collect();
        words.sort_unstable();
        let mut any = Condition::FALSE;
        for line in words.chunk_by(|a, b| a.0 == b.0) {
            let here = self.logic.store.or_all(line.iter().map(|(_, when)| *when));
            any = self.logic.store.or(any, here);
            if here.is_true() {
                return here;
            }
        }
        any
    }

    fn built_from(&mut self, path: &str, object: &str, reason: Reason, directory: &mut Directory) {
        let Some(stem) = object.strip_suffix(".o") else {
            return;
        };
        if reason.is_never() {
            return;
        }
        let Some(file) = inside(path, stem) else {
            return;
        };
        if !has_opaque(&file) {
            directory.objects.entry(file).or_default().push(reason);
            return;
        }
        let candidates = if self.only_config(&file) {
            None
        } else {
            Some(self.fitting(&file))
        };
        match candidates {
            // A part of the name that is not computed: one source file that fits alone is meant.
            Some(files) if files.len() == 1 => {
                let file = files.into_iter().next().unwrap_or_default();
                directory.objects.entry(file).or_default().push(reason);
            }
            _ => directory.patterns.push((file, reason)),
        }
    }

    /// Whether nothing but Kconfig symbols is open in `text`.
    fn only_config(&self, text: &str) -> bool {
        let meanings = text.chars().filter_map(|c| self.logic.opaques.meaning(c));
        meanings
            .into_iter()
            .all(|meaning| matches!(meaning, crate::value::Opaque::Config(_)))
    }

    /// The source files, without their endings, that `stem` can mean.
    fn fitting(&self, stem: &str) -> Vec<String> {
        let (directory, name) = stem.rsplit_once('/').unwrap_or(("", stem));
        let listed = if has_opaque(directory) {
            None
        } else {
            self.source.list(directory).ok()
        };
        let mut stems: Vec<String> = listed
            .iter()
            .flatten()
            .filter_map(|file| file.strip_suffix(".c").or_else(|| file.strip_suffix(".S")))
            .filter(|file| can_be(name, file))
            .map(|file| format!("{directory}/{file}"))
            .collect();
        stems.dedup();
        stems
    }
}

/// `name`, as the makefile of directory `path` writes it, as a tree path.
fn inside(path: &str, name: &str) -> Option<String> {
    if path.is_empty() {
        normalize(name)
    } else {
        normalize(&format!("{path}/{name}"))
    }
}
