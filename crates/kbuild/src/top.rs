//! The makefile at the top of the tree, which starts all others.
//!
//! ```make
//! drivers-y := drivers/ sound/
//! include $(srctree)/arch/$(SRCARCH)/Makefile
//! export BITS
//! ```
//!
//! It gives three things: the variables that other makefiles inherit, the directories and objects
//! that `core-y`, `drivers-y`, `libs-y`, `net-y`, `virt-y`, `init-y` and `head-y` name (newer trees
//! name most of them in the top Kbuild instead), and flags for every file.

use condition::Condition;
use source::{Source, normalize};

use crate::directory::{Directory, Entry, Reason};
use crate::machine::{Journal, Machine};
use crate::scope::Scope;
use crate::value::{Logic, Place};

/// What the top makefile leaves.
pub(crate) struct Top {
    pub(crate) exported: Scope,
    entries: Vec<Entry>,
    objects: Vec<(String, Reason)>,
}

impl Top {
    /// Adds what the top makefile names to what the top Kbuild does.
    pub(crate) fn add_to(&self, directory: &mut Directory) {
        directory.entries.extend(self.entries.iter().cloned());
        for (object, reason) in &self.objects {
            directory
                .objects
                .entry(object.clone())
                .or_default()
                .push(*reason);
        }
    }
}

/// Lists of the top makefile. What is in `drivers-m` and the like is entered for its modules.
const LISTS: [(&str, bool); 11] = [
    ("head-y", false),
    ("init-y", false),
    ("core-y", false),
    ("drivers-y", false),
    ("net-y", false),
    ("libs-y", false),
    ("virt-y", false),
    ("core-m", true),
    ("drivers-m", true),
    ("net-m", true),
    ("libs-m", true),
];

/// Reads the top makefile of `source` for architecture `srcarch`.
pub(crate) fn read(
    source: &dyn Source,
    logic: Logic<'_>,
    journal: &mut Journal,
    srcarch: &str,
) -> Top {
    let outer = Scope::default();
    let scope = given(source, srcarch);
    let mut machine = Machine::new(source, logic, journal, &outer, scope);
    if let Err(error) = machine.run_file("Makefile") {
        machine.unreadable("Makefile", &error.to_string());
    }
    let own = format!("arch/{srcarch}/Makefile");
    if !machine.has_read(&own)
        && let Err(error) = machine.run_file(&own)
    {
        machine.unreadable(&own, &error.to_string());
    }
    let (mut entries, mut objects) = (Vec::new(), Vec::new());
    for (list, is_module) in LISTS {
        let value = machine.variable(list);
        for word in machine.logic.words(&value) {
            let (yes, module) = if is_module {
                (Condition::FALSE, word.when)
            } else {
                (word.when, Condition::FALSE)
            };
            let reason = Reason {
                yes,
                module,
                place: word.place,
            };
            for (also, text) in machine.existing(&word.text) {
                let yes = machine.logic.both(reason.yes, also);
                let module = machine.logic.both(reason.module, also);
                let reason = Reason {
                    yes,
                    module,
                    ..reason
                };
                listed(&text, reason, &mut entries, &mut objects);
            }
        }
    }
    Top {
        exported: machine.scope.exported(),
        entries,
        objects,
    }
}

/// Sorts a word of the top makefile. Older ones have already put `built-in.a` behind directories.
fn listed(
    text: &str,
    reason: Reason,
    entries: &mut Vec<Entry>,
    objects: &mut Vec<(String, Reason)>,
) {
    let Some(path) = normalize(text) else { return };
    if let Some(stem) = path
        .strip_suffix(".o")
        .filter(|_| !text.ends_with("/built-in.o"))
    {
        objects.push((stem.to_owned(), reason));
        return;
    }
    let archives = ["/built-in.a", "/built-in.o", "/lib.a"];
    let directory = archives
        .iter()
        .find_map(|archive| path.strip_suffix(archive));
    let directory = directory.or(text.ends_with('/').then_some(path.as_str()));
    if let Some(directory) = directory {
        entries.push(Entry {
            path: directory.to_owned(),
            reason,
        });
    }
}

/// What is known before the first line is read, as if it was given on make's command line.
fn given(source: &dyn Source, srcarch: &str) -> Scope {
    let mut scope = Scope::default();
    let subarch = host_of(source, srcarch);
    for (name, text) in [
        ("ARCH", srcarch),
        ("SRCARCH", srcarch),
        ("SUBARCH", &subarch),
        ("srctree", "."),
        ("objtree", "."),
        ("srcroot", "."),
        ("abs_srctree", "."),
        ("abs_objtree", "."),
        ("KBUILD_EXTMOD", ""),
        ("MAKECMDGOALS", ""),
        // The top makefile starts itself again in the output directory; this is the second time.
        ("sub_make_done", "1"),
        ("need-sub-make", ""),
        // From scripts/Kbuild.include, which is Kbuild itself.
        ("comma", ","),
        ("quote", "\""),
        ("squote", "'"),
        ("empty", ""),
        ("pound", "#"),
    ] {
        scope.fix(name, text);
    }
    let space = crate::value::plain(" ", Place::default());
    scope.fix("space", "");
    scope.entry("space").push(space);
    scope
}

/// The architecture whose instructions `srcarch` runs. Most run their own. One that is built for
/// several others (um) finds, in the directory of each, a makefile with its own name as ending.
fn host_of(source: &dyn Source, srcarch: &str) -> String {
    let listed = source.list("arch").unwrap_or_default();
    let others = listed.iter().map(|name| name.trim_end_matches('/'));
    let host = others
        .into_iter()
        .find(|other| source.is_file(&format!("arch/{other}/Makefile.{srcarch}")));
    host.unwrap_or(srcarch).to_owned()
}

impl Machine<'_> {
    /// Notes that a makefile cannot be read.
    pub(crate) fn unreadable(&mut self, path: &str, message: &str) {
        let file = self.journal.file(path);
        self.journal
            .problem(Place { file, line: 1 }, message.to_owned(), true);
    }
}
