//! The kernel's own `conf`, built out of tree: what it says of a configuration is right.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::Error;
use crate::tree;

/// A folder that goes when its user is done.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Result<Scratch, Error> {
        let name = format!("vmemmlint-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        crate::debian::remove(&path)?;
        std::fs::create_dir_all(&path).map_err(|error| Error::io("create", &path, &error))?;
        Ok(Scratch(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays behind in the system's folder for such things does no harm.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Builds the `conf` of our 6.1 tree into `out`. It needs make, gcc, flex and bison.
pub(crate) fn build(out: &Path) -> Result<PathBuf, Error> {
    let dir = tree::folder(None)?;
    let source = tree::bring(tree::Name::V6_1, &tree::Place { dir, latest: false })?;
    let mut make = Command::new("make");
    make.arg("-s")
        .arg("-C")
        .arg(&source)
        .arg(format!("O={}", out.display()));
    make.args(["ARCH=x86", "allnoconfig"]);
    said(&mut make)?;
    Ok(out.join("scripts/kconfig/conf"))
}

/// The variables that the top Makefile exports to Kconfig, for the compiler of this machine.
pub(crate) const VARIABLES: &[(&str, &str)] = &[
    ("AR", "ar"),
    ("CC", "gcc"),
    ("CC_VERSION_TEXT", "gcc"),
    ("CLANG_FLAGS", ""),
    ("HOSTCC", "gcc"),
    ("HOSTCXX", "g++"),
    ("LD", "ld"),
    ("NM", "nm"),
    ("OBJCOPY", "objcopy"),
    ("PAHOLE", "pahole"),
    ("RUSTC", "rustc"),
    ("STRIP", "strip"),
];

/// The values in a `.config`, quotes left out.
pub(crate) fn values(text: &str) -> BTreeMap<&str, &str> {
    let settings = text
        .lines()
        .filter_map(|line| line.strip_prefix("CONFIG_")?.split_once('='));
    settings
        .map(|(symbol, value)| (symbol, value.trim_matches('"')))
        .collect()
}

/// Asks `conf` about the tree `srctree` as `arch`; it writes its files into `folder`.
pub(crate) fn ask(conf: &Path, srctree: &Path, arch: &str, folder: &Path) -> Command {
    let mut command = Command::new(conf);
    command.current_dir(folder).env("srctree", srctree);
    command.env("ARCH", arch).env("SRCARCH", arch);
    command
        .envs(VARIABLES.iter().copied())
        .env("KERNELVERSION", "0");
    command
}

/// Runs a tool; what it says, or an error with what it says.
pub(crate) fn said(command: &mut Command) -> Result<String, Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Error::io("run", Path::new(&program), &error))?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    if output.status.success() {
        Ok(text)
    } else {
        Err(Error::new(format!("{program}: {text}")))
    }
}
