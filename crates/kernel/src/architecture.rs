//! Which architecture is meant, and what `make` would tell Kconfig of it.
//!
//! ```make
//! ifeq ($(ARCH),i386)
//!         SRCARCH := x86
//! endif
//! ```
//!
//! A directory below `arch/` is an architecture. The top Makefile knows some under further names; and
//! one may build upon another's code (`arch/x86/Makefile.um`), which `SUBARCH` tells.

use kconfig::Environment;
use text::Name;

use crate::Tree;

/// An architecture as `make ARCH=… SUBARCH=…` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Architecture {
    /// As it was asked for: `x86`, `i386`, `um`, `um/i386`.
    pub name: Name,
    /// Its directory below `arch/`: `SRCARCH`.
    pub directory: Name,
    /// The directory below `arch/` of another architecture whose code it uses.
    pub lender: Option<Name>,
    arch: Name,
    subarch: Name,
}

impl Architecture {
    /// What Kconfig finds in its environment.
    pub fn environment(&self, tree: &Tree) -> Environment {
        let mut environment = Environment::for_arch(&self.directory, tree.version());
        environment.set_name(self.name);
        environment.set("ARCH", &self.arch);
        environment.set("SUBARCH", &self.subarch);
        if let Some(lender) = self.lender {
            environment.set("HEADER_ARCH", &lender);
        }
        environment
    }
}

impl Tree {
    /// The architecture that is called `asked`: a directory below `arch/`, another name that the top
    /// Makefile gives one, or either with a `SUBARCH` behind a slash where it builds upon another.
    pub fn architecture(&self, asked: &str) -> Option<Architecture> {
        let (arch, subarch) = match asked.split_once('/') {
            Some((arch, subarch)) => (arch, Some(subarch)),
            None => (asked, None),
        };
        let directory = self.directory_of(arch)?;
        let lender = self.lender(directory);
        let lender = match subarch {
            // Only what builds upon another architecture asks which.
            Some(subarch) => lender.and(Some(self.directory_of(subarch)?)).map(Some)?,
            None => lender,
        };
        Some(Architecture {
            name: asked.into(),
            directory,
            lender,
            arch: arch.into(),
            subarch: subarch.map_or(lender.unwrap_or(directory), Name::from),
        })
    }

    /// Those of `asked`, or all directories below `arch/` where nothing is asked; the error is the first
    /// that is not known.
    pub fn architectures(&self, asked: &[String]) -> Result<Vec<Architecture>, String> {
        let all: Vec<String>;
        let mut names = asked;
        if asked.is_empty() {
            all = self.arches().iter().map(ToString::to_string).collect();
            names = &all;
        }
        names
            .iter()
            .map(|name| self.architecture(name).ok_or_else(|| name.clone()))
            .collect()
    }

    /// All names of architectures, for people.
    pub fn architecture_names(&self) -> Vec<String> {
        let variants = self.variants();
        let mut all = Vec::new();
        for directory in self.arches() {
            all.push(directory.to_string());
            let own = variants.iter().filter(|(_, of)| of == directory);
            all.extend(own.map(|(name, _)| name.to_string()));
        }
        all
    }

    /// The further names that the top Makefile gives to architectures, each with its directory.
    pub fn variants(&self) -> Vec<(Name, Name)> {
        let makefile = self.source().read("Makefile").unwrap_or_default();
        let makefile = String::from_utf8_lossy(&makefile).into_owned();
        let mut found = Vec::new();
        let mut asked = None;
        for line in makefile.lines().map(str::trim) {
            let condition = line.strip_prefix("ifeq ($(ARCH),");
            if let Some(name) = condition.and_then(|rest| rest.strip_suffix(')')) {
                asked = Some(name.trim());
            } else if line == "endif" {
                asked = None;
            } else if let (Some(name), Some((variable, value))) = (asked, line.split_once(":="))
                && variable.trim() == "SRCARCH"
                && let Some(directory) = self.arches().iter().find(|arch| ***arch == *value.trim())
            {
                found.push((name.into(), *directory));
            }
        }
        found
    }

    fn directory_of(&self, arch: &str) -> Option<Name> {
        if let Some(known) = self.arches().iter().find(|known| ***known == *arch) {
            return Some(*known);
        }
        let variants = self.variants();
        let found = variants.iter().find(|(name, _)| **name == *arch);
        found.map(|(_, directory)| *directory)
    }

    /// Another architecture whose code this one uses: the one whose makefile bears its name
    /// (`arch/x86/Makefile.um`).
    fn lender(&self, arch: Name) -> Option<Name> {
        let makefile = |other: &&Name| {
            self.source()
                .is_file(&format!("arch/{other}/Makefile.{arch}"))
        };
        self.arches().iter().find(makefile).copied()
    }
}
