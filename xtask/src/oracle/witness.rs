//! Is every witness one that the kernel's own tools accept?
//!
//! Each finding's `config` is put behind what `conf --allnoconfig` writes, and that goes through `conf
//! --olddefconfig`: every value must come out as it went in. Then, where the architecture's compiler is
//! installed, make configures a folder so, the files on the path are compiled, and each call of the path must
//! be in the compiler's own call graph.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use serde_json::Value;

use super::{build, calls};
use crate::conf::{self, Scratch, said, values};
use crate::error::Error;
use crate::verdicts;

/// A `.config` fragment, by symbol.
pub(crate) type Fragment = BTreeMap<String, String>;

/// Checks `tree`, a name or a path, and asks the tools about each finding.
pub(crate) fn run(tree: &str) -> Result<ExitCode, Error> {
    let (path, _) = verdicts::find(tree)?;
    let path = fs::canonicalize(&path).map_err(|error| Error::io("find", &path, &error))?;
    let scratch = Scratch::new("witness")?;
    let conf = conf::build(&scratch.path().join("conf"))?;
    let report = verdicts::check(&path, &verdicts::Table::new())?;
    let mut compiled = Compiled::default();
    let (mut passed, mut failed, mut untried) = (0, 0, BTreeSet::new());
    for finding in report["findings"].as_array().into_iter().flatten() {
        let fragment = fragment(finding);
        let arch = word(finding, "arch");
        let mut wrong = refused(&conf, (&path, arch), &fragment, scratch.path())?;
        let folder = scratch.path().join("out");
        match why_not_compiled(&path, arch) {
            None => wrong.extend(compiled.missing(&path, finding, &folder)?),
            Some(why) => _ = untried.insert(format!("{arch}: {why}")),
        }
        let at = format!("{} {arch} {}", word(finding, "rule"), word(finding, "file"));
        if wrong.is_empty() {
            passed += 1;
        } else {
            failed += 1;
            println!("{at}: {}", wrong.join(", "));
        }
    }
    for why in untried {
        println!("calls were NOT looked for on {why}");
    }
    let calls = compiled.calls;
    println!("{passed} passed, {failed} failed; {calls} calls are the compiler's too");
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn word<'f>(finding: &'f Value, key: &str) -> &'f str {
    finding[key].as_str().unwrap_or_default()
}

fn fragment(finding: &Value) -> Fragment {
    let settings = finding["config"].as_object().into_iter().flatten();
    settings
        .map(|(symbol, value)| {
            (
                symbol.clone(),
                value.as_str().unwrap_or_default().to_owned(),
            )
        })
        .collect()
}

/// The values that come out of `conf` otherwise than they went in. Kconfig files in `folder` come before
/// those of the tree.
pub(crate) fn refused(
    conf: &Path,
    (tree, arch): (&Path, &str),
    asked: &Fragment,
    folder: &Path,
) -> Result<Vec<String>, Error> {
    let config = folder.join(".config");
    said(conf::ask(conf, tree, arch, folder).args(["--allnoconfig", "Kconfig"]))?;
    append(&config, asked)?;
    said(conf::ask(conf, tree, arch, folder).args(["--olddefconfig", "Kconfig"]))?;
    not_kept(&config, asked)
}

fn append(config: &Path, asked: &Fragment) -> Result<(), Error> {
    let lines: String = asked
        .iter()
        .map(|(symbol, value)| line(symbol, value))
        .collect();
    let file = fs::OpenOptions::new().append(true).open(config);
    let written = file.and_then(|mut file| file.write_all(lines.as_bytes()));
    written.map_err(|error| Error::io("write", config, &error))
}

fn line(symbol: &str, value: &str) -> String {
    match value {
        "n" => format!("# CONFIG_{symbol} is not set\n"),
        _ => format!("CONFIG_{symbol}={value}\n"),
    }
}

fn not_kept(config: &Path, asked: &Fragment) -> Result<Vec<String>, Error> {
    let text = fs::read_to_string(config).map_err(|error| Error::io("read", config, &error))?;
    let got = values(&text);
    let changed = asked.iter().filter_map(|(symbol, value)| {
        let is = got.get(symbol.as_str()).copied().unwrap_or("n");
        let value = value.trim_matches('"');
        (is != value).then(|| format!("{symbol}={value} is {is} in the end"))
    });
    Ok(changed.collect())
}

/// What was compiled for findings so far.
#[derive(Default)]
struct Compiled {
    /// The folder that make has configured, by architecture and fragment.
    folders: BTreeMap<(String, Fragment), PathBuf>,
    /// Calls that were found.
    calls: usize,
}

impl Compiled {
    /// The calls of a finding's path that the compiler does not have, and the settings that make does not
    /// keep.
    fn missing(&mut self, tree: &Path, finding: &Value, out: &Path) -> Result<Vec<String>, Error> {
        let arch = word(finding, "arch");
        let compiler = calls::compiler(arch)?;
        let fragment = fragment(finding);
        let key = (arch.to_owned(), fragment.clone());
        let mut wrong = Vec::new();
        let folder = if let Some(known) = self.folders.get(&key) {
            known.clone()
        } else {
            let folder = out.join(self.folders.len().to_string());
            wrong = configured((tree, arch), &fragment, &folder)?;
            self.folders.insert(key, folder.clone());
            folder
        };
        let files = files(finding);
        let graph = compiled((tree, arch), &files, &folder)?;
        for (caller, callee) in steps(finding) {
            if graph
                .get(caller)
                .is_some_and(|callees| callees.contains(callee))
            {
                self.calls += 1;
            } else {
                wrong.push(format!(
                    "{compiler} sees no call of {callee}() in {caller}()"
                ));
            }
        }
        Ok(wrong)
    }
}

/// Why the files of a path cannot be compiled here, if they cannot.
fn why_not_compiled(tree: &Path, arch: &str) -> Option<String> {
    if !tree.join("scripts/Makefile.build").is_file() {
        return Some("this tree is none that make can build".to_owned());
    }
    match calls::compiler(arch) {
        Err(error) => Some(error.to_string()),
        Ok(compiler) => said(Command::new(compiler).arg("--version"))
            .err()
            .map(|_| format!("{compiler} is not installed")),
    }
}

/// Lets make configure `folder`; the settings that it does not keep.
fn configured(
    (tree, arch): (&Path, &str),
    fragment: &Fragment,
    folder: &Path,
) -> Result<Vec<String>, Error> {
    let config = folder.join(".config");
    let cc = calls::Compiler::new(arch, folder)?;
    for goal in ["allnoconfig", "olddefconfig", "prepare0"] {
        let mut make = Command::new("make");
        make.args(["-s", "-k", "-j2", "-C"]).arg(tree);
        make.arg(format!("O={}", folder.display()));
        make.arg(goal).stdin(Stdio::null());
        said(cc.set(&mut make))?;
        if goal == "allnoconfig" {
            append(&config, fragment)?;
        }
    }
    not_kept(&config, fragment)
}

/// The calls in the C files, as they are compiled in a folder that make has configured.
fn compiled(
    (tree, arch): (&Path, &str),
    files: &BTreeSet<String>,
    folder: &Path,
) -> Result<calls::Graph, Error> {
    let objects: Vec<String> = files.iter().map(|file| format!("{file}.o")).collect();
    let cc = calls::Compiler::new(arch, folder)?;
    let mut make = build::top_make(tree, folder)?;
    make.arg(format!("OBJECTS={}", objects.join(" ")));
    make.args(["KBUILD_BUILTIN=1", "KBUILD_MODULES=1", "vmemmlint-each"]);
    // What is to be done to an object fails where it is empty; what counts is its graph.
    let _ = cc.set(&mut make).output();
    let mut all = calls::Graph::new();
    for object in objects {
        let dump = folder.join(format!("{object}.calls"));
        let bytes = fs::read(&dump).map_err(|error| Error::io("read", &dump, &error))?;
        for (caller, callees) in calls::graph(&String::from_utf8_lossy(&bytes)) {
            all.entry(caller).or_default().extend(callees);
        }
    }
    Ok(all)
}

/// The C files on a finding's path, without their endings.
fn files(finding: &Value) -> BTreeSet<String> {
    let steps = finding["path"].as_array().into_iter().flatten();
    let stems = steps.filter_map(|step| word(step, "file").strip_suffix(".c"));
    stems.map(str::to_owned).collect()
}

/// Who calls whom on a finding's path, as far as functions are called.
fn steps(finding: &Value) -> Vec<(&str, &str)> {
    let path = finding["path"].as_array().into_iter().flatten();
    let names: Vec<&str> = path.map(|step| word(step, "function")).collect();
    names.windows(2).map(|pair| (pair[0], pair[1])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_read_as_it_is_written() {
        let text = format!("{}{}", line("A", "y"), line("B", "n")) + "CONFIG_C=\"text\"\n";
        assert_eq!(
            values(&text).into_iter().collect::<Vec<_>>(),
            [("A", "y"), ("C", "text")]
        );
    }
}
