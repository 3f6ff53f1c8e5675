//! What the architectures of a tree share of its makefiles.
//!
//! ```make
//! KVM ?= ../../../virt/kvm
//! kvm-y := $(KVM)/kvm_main.o
//! ```
//!
//! names an object that is not below the directory of the makefile. To find who does so for one object, all
//! makefiles would have to be run; only those can whose text has `..`, or that of a file which they include.

use std::sync::OnceLock;

use memchr::memmem;
use source::{Source, normalize};

use crate::lines::{Statement, logical_lines, statement, without_comment};

/// Includes inside includes that are looked into; what lies deeper may do anything.
const DEEPEST: usize = 8;

/// What is found out once of all makefiles of a tree. A `..` that the top makefile alone exports is not seen.
#[derive(Debug, Default)]
pub struct Makefiles {
    climbing: OnceLock<Vec<String>>,
}

impl Makefiles {
    /// The directories whose makefile may name what is neither in them nor below, sorted.
    pub(crate) fn climbing(&self, source: &dyn Source) -> &[String] {
        self.climbing.get_or_init(|| {
            let is_run = |path: &&String| matches!(name(path), "Kbuild" | "Makefile");
            let paths = source.files_named(&["Kbuild", "Makefile"]);
            let paths: Vec<&String> = paths.iter().filter(is_run).collect();
            let climbing = paths.iter().filter(|path| climbs(source, path, 0));
            let mut directories: Vec<String> = climbing
                .map(|path| path.rsplit_once('/').map_or("", |(dir, _)| dir).to_owned())
                .collect();
            directories.dedup();
            directories
        })
    }
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether a makefile, or one that it includes, may lead out of its directory.
fn climbs(source: &dyn Source, path: &str, depth: usize) -> bool {
    let Ok(text) = source.read(path) else {
        return false;
    };
    let up = |at: usize| {
        let dot = |at: Option<usize>| at.and_then(|at| text.get(at)) == Some(&b'.');
        !dot(at.checked_sub(1)) && !dot(Some(at + 2))
    };
    if memmem::find_iter(&text, b"..").any(up) {
        return true;
    }
    logical_lines(&text).iter().any(|line| {
        let line = without_comment(&line.text);
        let Statement::Directive {
            word: "include" | "-include" | "sinclude",
            rest,
        } = statement(&line)
        else {
            return false;
        };
        rest.split_whitespace().any(|written| {
            let inside = written.strip_prefix("$(srctree)/").unwrap_or(written);
            match normalize(inside) {
                Some(path) if !inside.contains('$') => {
                    depth >= DEEPEST || climbs(source, &path, depth + 1)
                }
                _ => true,
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use source::Memory;

    #[test]
    fn what_may_lead_out_of_a_directory_is_seen_in_its_text() {
        let tree = Memory::new(
            "//- a/Makefile
obj-y += ../b/x.o
//- b/Makefile
# not known...
obj-y += x.o
//- c/Kbuild
-include \\
	$(srctree)/lib/up.mk
//- d/Makefile
include $(WHATEVER)/x
//- e/Makefile
include $(srctree)/lib/down.mk
//- lib/up.mk
UP ?= ..
//- lib/down.mk
include lib/down.mk
x := y
",
        );
        // What includes itself without end is not looked into for ever.
        assert_eq!(Makefiles::default().climbing(&tree), ["a", "c", "d", "e"]);
    }
}
