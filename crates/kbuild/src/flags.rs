//! The directories in which the makefiles let a file look for headers.
//!
//! ```make
//! ccflags-y += -I$(src)/include
//! CFLAGS_trace.o := -I$(src)
//! ```
//!
//! As scripts/Makefile.lib adds them up: the flags that come from above, those for a directory and
//! all below it, those for the directory, and those for the one object. A directory that is only
//! given in some configurations is listed as well: a header that is found nowhere else is there.

use condition::Store;
use source::normalize;

use crate::machine::Machine;
use crate::scope::Scope;
use crate::value::{Logic, has_opaque};
use crate::{Kbuild, ancestors, parent};

impl Kbuild<'_> {
    /// The directories that the makefiles give to `path` with `-I` and the like, as tree paths, in
    /// the order of the command line, each once. The standard ones (include/, arch/A/include/) are
    /// not among them.
    pub fn include_dirs(&mut self, store: &mut Store, path: &str) -> Vec<String> {
        let Some(path) = normalize(path) else {
            return Vec::new();
        };
        let (stem, assembly) = match (path.strip_suffix(".c"), path.strip_suffix(".S")) {
            (Some(stem), _) => (stem, false),
            (_, Some(stem)) => (stem, true),
            _ => return Vec::new(),
        };
        let language = if assembly { "AFLAGS" } else { "CFLAGS" };
        let lower = if assembly { "asflags" } else { "ccflags" };
        let mut found = Vec::new();
        self.flags(
            store,
            "",
            &[format!("KBUILD_{language}"), "KBUILD_CPPFLAGS".into()],
            &mut found,
        );
        let above = ancestors(parent(stem));
        for directory in above.iter().skip(1) {
            if !self.entered(store, directory).is_never() {
                let names = [format!("subdir-{lower}-y"), format!("KBUILD_{language}")];
                self.flags(store, directory, &names, &mut found);
            }
        }
        for directory in above.iter().skip(1) {
            let inside = stem
                .strip_prefix(directory.as_str())
                .unwrap_or(stem)
                .trim_start_matches('/');
            let mut names = vec![format!("{language}_{inside}.o")];
            // The flags of a directory go with the makefile that names the object.
            if directory == parent(stem) || self.names(store, directory, stem) {
                let extra = format!("EXTRA_{language}");
                names.splice(
                    0..0,
                    [
                        "cppflags-y".into(),
                        "EXTRA_CPPFLAGS".into(),
                        format!("{lower}-y"),
                        extra,
                    ],
                );
            }
            if !self.entered(store, directory).is_never() {
                self.flags(store, directory, &names, &mut found);
            }
        }
        found
    }

    fn names(&mut self, store: &mut Store, directory: &str, stem: &str) -> bool {
        !self.entered(store, directory).is_never()
            && self.directory(store, directory).objects.contains_key(stem)
    }

    /// Adds the directories in the variables `names` of the makefile in `directory`.
    fn flags(
        &mut self,
        store: &mut Store,
        directory: &str,
        names: &[String],
        found: &mut Vec<String>,
    ) {
        let top = self.top(store);
        let scope = if directory.is_empty() {
            Scope::default()
        } else {
            let directory = self.directory(store, directory);
            if names.iter().all(|name| directory.scope.get(name).is_none()) {
                return;
            }
            directory.scope.clone()
        };
        let logic = Logic {
            store,
            opaques: &mut self.opaques,
        };
        let mut machine = Machine::new(self.source, logic, &mut self.journal, &top.exported, scope);
        for name in names {
            let value = machine.variable(name);
            let words = machine.logic.words(&value);
            let words: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
            collect(&words, found);
        }
    }
}

/// Adds the directories among the compiler flags `words`.
fn collect(words: &[&str], found: &mut Vec<String>) {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let flags = ["-I", "-iquote", "-isystem", "-idirafter"];
        let Some(rest) = flags.iter().find_map(|flag| word.strip_prefix(flag)) else {
            continue;
        };
        let written = if rest.is_empty() {
            words.next().copied().unwrap_or("")
        } else {
            rest
        };
        if let Some(path) = normalize(written)
            && !written.is_empty()
            && !has_opaque(&path)
            && !found.contains(&path)
        {
            found.push(path);
        }
    }
}
