//! What Kconfig is told from outside.

use std::collections::BTreeMap;

use text::Name;

use crate::dialect::Dialect;
use crate::toolchain::Toolchain;

/// What Kconfig finds in its environment.
#[derive(Clone, Debug)]
pub struct Environment {
    pub(crate) values: BTreeMap<Name, String>,
    pub(crate) arch: Name,
    pub(crate) dialect: Dialect,
    pub(crate) toolchain: Toolchain,
}

impl Environment {
    /// The environment that the top Makefile makes for the architecture in `arch/NAME`, with
    /// toolchain variables that name no real program.
    pub fn for_arch(name: &str, kernel_version: &str) -> Environment {
        let values = [
            ("ARCH", name),
            ("SRCARCH", name),
            ("SUBARCH", name),
            ("KERNELVERSION", kernel_version),
            ("srctree", "."),
            ("CC", "cc"),
            ("LD", "ld"),
        ];
        let values = values
            .iter()
            .map(|(name, value)| (Name::new(name), (*value).to_owned()));
        Environment {
            values: values.collect(),
            arch: name.into(),
            dialect: Dialect::of_kernel(kernel_version),
            toolchain: Toolchain::default(),
        }
    }

    /// Calls the architecture so in sentences for people.
    pub fn set_name(&mut self, name: Name) {
        self.arch = name;
    }

    /// Gives what a toolchain answers. What is not given stays free.
    pub fn set_toolchain(&mut self, toolchain: Toolchain) {
        self.toolchain = toolchain;
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: &str) {
        self.values.insert(name.into(), value.to_owned());
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(&Name::new(name)).map(String::as_str)
    }
}
