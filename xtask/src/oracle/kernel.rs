//! The tree's own `scripts/kconfig`, compiled at run time outside of the tree: its `conf`, and a
//! program of ours that prints what it has read. Nothing of the tree is kept.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kconfig::Toolchain;

use crate::conf::{VARIABLES, said};
use crate::error::Error;

/// The files that every front end of kconfig is made of.
const COMMON: &[&str] = &["confdata", "expr", "menu", "preprocess", "symbol", "util"];

/// One tree's Kconfig tools, and what the toolchain answered to them.
pub(crate) struct Kernel {
    pub(crate) tree: PathBuf,
    pub(crate) folder: PathBuf,
    pub(crate) version: String,
}

impl Kernel {
    /// Compiles the tools of `tree` into `folder`. It needs flex, bison and gcc.
    pub(crate) fn build(tree: &Path, folder: &Path, version: &str) -> Result<Kernel, Error> {
        let tree = fs::canonicalize(tree).map_err(|error| Error::io("find", tree, &error))?;
        fs::create_dir_all(folder).map_err(|error| Error::io("create", folder, &error))?;
        let source = tree.join("scripts/kconfig");
        let parser = folder.join("parser.tab.c");
        said(
            Command::new("bison")
                .args(["-t", "-l", "-o"])
                .arg(&parser)
                .args([
                    format!("--defines={}", folder.join("parser.tab.h").display()),
                    source.join("parser.y").display().to_string(),
                ]),
        )?;
        let lexer = folder.join("lexer.lex.c");
        said(
            Command::new("flex")
                .arg("-L")
                .arg(format!("-o{}", lexer.display()))
                .arg(source.join("lexer.l")),
        )?;
        for (name, text) in [
            ("dump.c", include_str!("dump.c")),
            ("shell.c", include_str!("shell.c")),
        ] {
            let path = folder.join(name);
            fs::write(&path, text).map_err(|error| Error::io("write", &path, &error))?;
        }
        let mut objects = vec![parser, lexer, folder.join("shell.c")];
        // Older parsers include some of the others.
        let grammar = super::soundness::read(&source.join("parser.y"))?;
        let included = |name: &str| grammar.contains(&format!("#include \"{name}.c\""));
        let common = COMMON.iter().filter(|name| !included(name));
        objects.extend(common.map(|name| source.join(format!("{name}.c"))));
        let kernel = Kernel {
            tree,
            folder: folder.to_path_buf(),
            version: version.to_owned(),
        };
        let fronts = [
            ("conf", source.join("conf.c")),
            ("dump", folder.join("dump.c")),
        ];
        for (program, front) in fronts {
            kernel.link(program, objects.iter().chain([&front]))?;
        }
        Ok(kernel)
    }

    fn link<'f>(
        &self,
        program: &str,
        files: impl Iterator<Item = &'f PathBuf>,
    ) -> Result<(), Error> {
        let mut gcc = Command::new("gcc");
        gcc.args([
            "-w",
            "-O1",
            "-Dpopen=oracle_popen",
            "-Dpclose=oracle_pclose",
        ]);
        for folder in ["scripts/kconfig", "scripts/include"] {
            gcc.arg("-I").arg(self.tree.join(folder));
        }
        gcc.arg("-I").arg(&self.folder);
        // What stands in for popen() calls the real one.
        gcc.arg("-o").arg(self.folder.join(program)).args(files);
        said(&mut gcc).map(|_| ())
    }

    /// The environment of one architecture.
    pub(crate) fn environment(&self, arch: &str) -> BTreeMap<&'static str, String> {
        let mut all: BTreeMap<&'static str, String> = VARIABLES
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        all.insert("ARCH", arch.to_owned());
        all.insert("SRCARCH", arch.to_owned());
        all.insert("KERNELVERSION", self.version.clone());
        all.insert("srctree", self.tree.display().to_string());
        all.insert("SUBARCH", arch.to_owned());
        let lender = lender(&self.tree, arch);
        if let Some(lender) = lender {
            all.insert("SUBARCH", lender.clone());
            all.insert("HEADER_ARCH", lender);
        }
        all
    }

    /// A call of `conf` or `dump` for an architecture, in `folder`.
    pub(crate) fn ask(&self, program: &str, arch: &str, folder: &Path) -> Command {
        let mut command = Command::new(self.folder.join(program));
        command.current_dir(folder);
        for (name, value) in self.environment(arch) {
            command.env(name, value);
        }
        command.env("ORACLE_ANSWERS", self.answers_file(arch));
        command
    }

    pub(super) fn answers_file(&self, arch: &str) -> PathBuf {
        self.folder.join(format!("answers-{arch}"))
    }

    /// What `$(shell,...)` answered so far, as Kconfig puts it in.
    pub(crate) fn answers(&self, arch: &str) -> Result<Toolchain, Error> {
        kept_answers(&self.answers_file(arch))
    }
}

/// What `$(shell,...)` answered, as Kconfig puts it in, from a file in which `shell.c` keeps it.
pub(crate) fn kept_answers(path: &Path) -> Result<Toolchain, Error> {
    let answers = records(path)?.into_iter().map(|(command, output)| {
        let words = output.trim_end_matches('\n').replace('\n', " ");
        (format!("$(shell,{command})"), words)
    });
    Ok(answers.collect())
}

/// The commands in a file in which `shell.c` keeps them, each with what it put out.
pub(super) fn records(path: &Path) -> Result<Vec<(String, String)>, Error> {
    let bytes = fs::read(path).map_err(|error| Error::io("read", path, &error))?;
    let mut rest = &bytes[..];
    let records = std::iter::from_fn(|| {
        let (command, output, after) = record(rest)?;
        rest = after;
        Some((command, output))
    });
    Ok(records.collect())
}

/// Writes such a file.
pub(super) fn keep_answers(path: &Path, answers: &BTreeMap<String, String>) -> Result<(), Error> {
    let record = |(command, output): (&String, &String)| {
        format!("{} {}\n{command}{output}\n", command.len(), output.len())
    };
    let text: Vec<String> = answers.iter().map(record).collect();
    let text = text.concat();
    fs::write(path, text).map_err(|error| Error::io("write", path, &error))
}

/// The architecture whose headers another borrows: the one with a makefile of its name.
fn lender(tree: &Path, arch: &str) -> Option<String> {
    let entries = fs::read_dir(tree.join("arch")).ok()?;
    entries
        .flatten()
        .find(|entry| entry.path().join(format!("Makefile.{arch}")).is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
}

fn record(bytes: &[u8]) -> Option<(String, String, &[u8])> {
    let end = bytes.iter().position(|b| *b == b'\n')?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let (size, length) = head.split_once(' ')?;
    let (size, length): (usize, usize) = (size.parse().ok()?, length.parse().ok()?);
    let body = &bytes[end + 1..];
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some((
        text(body.get(..size)?),
        text(body.get(size..size + length)?),
        body.get(size + length + 1..)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_it_was_kept() {
        let kept = b"7 3\necho hiya\n\n4 0\ntrue\n";
        let (command, output, rest) = record(kept).unwrap();
        assert_eq!((command.as_str(), output.as_str()), ("echo hi", "ya\n"));
        assert_eq!(record(rest).unwrap().0, "true");
        assert!(record(b"9 9\nshort").is_none());
    }
}
