//! Are our calls the compiler's?
//!
//! gcc reads the files of some folders, configured by make, and tells its call graph before anything
//! is inlined. Of the same files and the same `.config` we tell ours: a call is there if its
//! Condition can hold. Both are sets of caller and callee for each C file; a function of a header is
//! compared once. What a function returns is not looked into, since gcc does not do so either at this
//! point.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kconfig::Library;
use reach::{Analysis, Callee, Limits, Vocabulary};

use super::{Found, build};
use crate::conf::{said, values};
use crate::error::Error;

/// What is compared, and how.
pub(super) struct Case<'c> {
    pub(super) path: &'c Path,
    pub(super) tree: &'c ::kernel::Tree,
    pub(super) arch: &'c str,
    /// `defconfig`, `allmodconfig`.
    pub(super) configuration: &'c str,
    /// Folders: `mm/`.
    pub(super) goals: &'c [String],
    /// Where make works.
    pub(super) out: PathBuf,
}

/// Callees by caller.
pub(super) type Graph = BTreeMap<String, BTreeSet<String>>;

/// Names of the compiler's own, of checks that it puts in, and of assertions that it drops.
const MADE: &[&str] = &[
    "__builtin_",
    "__compiletime_assert_",
    "__ubsan_",
    "__asan_",
    "*__asan_",
    "__tsan_",
    "__sanitizer_",
];

/// What ends the line of a call that gcc does not have.
const ONLY_OURS: &str = "only ours:";

/// Caller and callee.
type Pair = (String, String);

/// A compiler that tells its call graph in place of making objects.
pub(super) struct Compiler {
    arch: String,
    name: &'static str,
    script: PathBuf,
}

impl Compiler {
    /// The one for `arch`, to be used in `folder`, which is made.
    pub(super) fn new(arch: &str, folder: &Path) -> Result<Compiler, Error> {
        fs::create_dir_all(folder).map_err(|error| Error::io("create", folder, &error))?;
        let script = folder.join("cc");
        fs::write(&script, include_str!("cc.sh"))
            .map_err(|error| Error::io("write", &script, &error))?;
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755))
            .map_err(|error| Error::io("change", &script, &error))?;
        Ok(Compiler {
            arch: arch.to_owned(),
            name: compiler(arch)?,
            script,
        })
    }

    /// Lets a make use it.
    pub(super) fn set<'m>(&self, make: &'m mut Command) -> &'m mut Command {
        make.arg(format!("ARCH={}", self.arch));
        make.arg(format!("CC={}", self.script.display()));
        let prefix = self.name.trim_end_matches("gcc");
        make.arg(format!("CROSS_COMPILE={prefix}"));
        // Nothing is to be done to objects that are empty.
        make.arg("objtool=true").env("REAL_CC", self.name)
    }
}

/// The compiler for an architecture, as Debian names it.
pub(super) fn compiler(arch: &str) -> Result<&'static str, Error> {
    match arch {
        "x86" => Ok("gcc"),
        "arm64" => Ok("aarch64-linux-gnu-gcc"),
        "powerpc" => Ok("powerpc64le-linux-gnu-gcc"),
        "s390" => Ok("s390x-linux-gnu-gcc"),
        "riscv" => Ok("riscv64-linux-gnu-gcc"),
        other => Err(Error::new(format!("no compiler is known for {other}"))),
    }
}

#[derive(Default)]
struct Tally {
    files: u32,
    callers: u32,
    theirs: u32,
    ours: u32,
    only_theirs: u32,
    only_ours: u32,
    /// Calls from which a sink of a rule is reached, and those of them that differ.
    inside: usize,
    inside_only_theirs: usize,
    inside_only_ours: usize,
    /// Those of gcc's alone that lead to a sink of a rule that is asked by default.
    missing: usize,
}

/// What a comparison came to.
pub(super) struct Compared {
    pub(super) found: Found,
    /// Whether it is as good as it has to be. Another gcc folds other constants, so that single
    /// differences come and go; what has to hold is this: no call of gcc's on the way to a sink of the rules that are
    /// asked by default is missing, 99 % of gcc's calls are ours, and 97 % of ours are gcc's.
    pub(super) holds: bool,
    /// Those of the differences that are on the way to a rule's sink. Each has to be a known one.
    pub(super) on_the_way: Vec<String>,
}

pub(super) fn compare(case: &Case<'_>) -> Result<Compared, Error> {
    let graphs = theirs(case)?;
    let config = case.out.join(".config");
    let config = fs::read_to_string(&config).map_err(|e| Error::io("read", &config, &e))?;
    let given = values(&config).into_iter();
    let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let arch = case
        .tree
        .architecture(case.arch)
        .ok_or_else(|| Error::new(format!("no architecture {}", case.arch)))?;
    let environment = arch.environment(case.tree);
    let model = kconfig::elaborate(&Library::new(), case.tree.source(), &environment);
    let vocabulary = Vocabulary::default();
    let limits = Limits {
        summary_bytes: 0,
        stable_depth: 0,
        generated: true,
        candidates: 0,
        ..Limits::default()
    };
    let header_arches = std::iter::once(arch.directory).chain(arch.lender).collect();
    let mut analysis = Analysis::new(case.tree, &model, header_arches, &vocabulary, limits);
    analysis.assume(given.collect());
    let mut tally = Tally::default();
    let mut seen = BTreeSet::new();
    let mut differences: Vec<(Pair, String)> = Vec::new();
    let mut pairs = BTreeSet::new();
    for (path, graph) in &graphs {
        tally.files += 1;
        for (caller, callees) in graph.iter().filter(|(caller, _)| !is_wrapper(caller)) {
            let known = callees
                .iter()
                .map(|callee| (caller.clone(), callee.clone()));
            pairs.extend(known);
            let place = (path.as_str(), caller.as_str());
            for (callee, whose) in one(&mut analysis, place, callees, (&mut seen, &mut tally)) {
                let line = format!("{path} {caller} {callee} {whose}");
                differences.push(((caller.clone(), callee), line));
            }
        }
    }
    pairs.extend(differences.iter().map(|(pair, _)| pair.clone()));
    tally.missing = missing(&pairs, &differences);
    let closure = closure(&pairs, |_| true);
    let inside = |pair: &&Pair| closure.contains(&pair.1);
    tally.inside = pairs.iter().filter(inside).count();
    let on_the_way = differences.iter().filter(|(pair, _)| inside(&pair));
    let on_the_way: Vec<String> = on_the_way.map(|(_, line)| line.clone()).collect();
    let ours = on_the_way.iter().filter(|line| line.contains(ONLY_OURS));
    tally.inside_only_ours = ours.count();
    tally.inside_only_theirs = on_the_way.len() - tally.inside_only_ours;
    Ok(Compared {
        holds: tally.holds(),
        on_the_way,
        found: Found {
            summary: tally.to_string(),
            differences: differences.into_iter().map(|(_, line)| line).collect(),
        },
    })
}

/// How many calls are only gcc's that lead to a sink of the rules that are asked by default.
fn missing(pairs: &BTreeSet<Pair>, differences: &[(Pair, String)]) -> usize {
    let led = closure(pairs, |rule| rule.text.default);
    let differences = differences.iter().filter(|(pair, _)| led.contains(&pair.1));
    differences
        .filter(|(_, line)| !line.contains(ONLY_OURS))
        .count()
}

impl Tally {
    fn holds(&self) -> bool {
        self.theirs > 0
            && self.missing == 0
            && u64::from(self.only_theirs) * 100 <= u64::from(self.theirs)
            && u64::from(self.only_ours) * 100 <= u64::from(self.ours) * 3
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |wrong: u32, of: u32| 100.0 - 100.0 * f64::from(wrong) / f64::from(of.max(1));
        write!(
            f,
            "{} files, {} callers; of {} calls of gcc's {} are not ours ({:.2} % are); of {} of \
             ours {} are not gcc's ({:.2} % are); of {} calls on the way to the rules' sinks {} \
             are only gcc's and {} only ours",
            self.files,
            self.callers,
            self.theirs,
            self.only_theirs,
            percent(self.only_theirs, self.theirs),
            self.ours,
            self.only_ours,
            percent(self.only_ours, self.ours),
            self.inside,
            self.inside_only_theirs,
            self.inside_only_ours,
        )
    }
}

/// The functions from which a sink of some rules is reached by direct calls, and the sinks.
fn closure(pairs: &BTreeSet<Pair>, wanted: impl Fn(&rules::Rule) -> bool) -> BTreeSet<String> {
    let catalog = rules::Catalog::built_in().unwrap_or_default();
    let sinks = catalog
        .rules()
        .iter()
        .filter(|rule| wanted(rule))
        .flat_map(|rule| rule.pack.sink.clone());
    let mut open: Vec<String> = sinks
        .filter_map(|sink| sink.call.or(sink.function))
        .collect();
    let mut closure = BTreeSet::new();
    while let Some(callee) = open.pop() {
        let callers = pairs.iter().filter(|(_, called)| *called == callee);
        open.extend(
            callers
                .map(|(caller, _)| caller.clone())
                .filter(|c| !closure.contains(c)),
        );
        closure.insert(callee);
    }
    closure
}

/// Compares one caller of one file.
fn one(
    analysis: &mut Analysis<'_>,
    (path, caller): (&str, &str),
    theirs: &BTreeSet<String>,
    (seen, tally): (&mut BTreeSet<String>, &mut Tally),
) -> Vec<(String, String)> {
    let name = written_name(caller);
    let definitions = analysis.definitions_seen(path, name);
    let of_header = definitions.iter().all(|node| *node.file != *path);
    if of_header && !definitions.is_empty() && !seen.insert(caller.to_owned()) {
        return Vec::new();
    }
    let (mut ours, mut unlinked) = (BTreeSet::new(), BTreeSet::new());
    for edge in analysis.calls_seen(path, name) {
        match edge.callee {
            Callee::Function(_) | Callee::Outside(_) => {
                ours.insert(edge.callee.name().to_string());
            }
            Callee::Nowhere(name) => {
                unlinked.insert(name.to_string());
            }
            Callee::Pointer(_) | Callee::Candidate(_) => {}
        }
    }
    let is_real = |callee: &&String| !MADE.iter().any(|made| callee.starts_with(made));
    let theirs: BTreeSet<String> = theirs.iter().filter(is_real).cloned().collect();
    // A call of what nothing defines is one that is not meant to stay; gcc may see that already.
    ours.extend(unlinked.intersection(&theirs).cloned());
    tally.callers += 1;
    tally.theirs += count(&theirs);
    tally.ours += count(&ours);
    let only_theirs: BTreeSet<String> = theirs.difference(&ours).cloned().collect();
    let only_ours: BTreeSet<String> = ours.difference(&theirs).cloned().collect();
    tally.only_theirs += count(&only_theirs);
    tally.only_ours += count(&only_ours);
    let mut told = Vec::new();
    for callee in only_theirs {
        let cause = if definitions.is_empty() {
            " its caller is not found"
        } else if analysis.is_left_out(&callee) {
            " it is not built, so this call is never linked"
        } else {
            ""
        };
        told.push((callee, format!("only gcc's:{cause}")));
    }
    told.extend(
        only_ours
            .into_iter()
            .map(|callee| (callee, ONLY_OURS.to_owned())),
    );
    told
}

fn count(set: &BTreeSet<String>) -> u32 {
    u32::try_from(set.len()).unwrap_or(u32::MAX)
}

/// What `SYSCALL_DEFINEn` makes around the function of a system call.
fn is_wrapper(name: &str) -> bool {
    let made = name.split_once("_sys_").map(|(prefix, _)| prefix);
    made.is_some_and(|prefix| prefix.starts_with("__") && !matches!(prefix, "__do" | "__do_compat"))
}

/// The name by which the source has a function: that of a system call has a prefix for gcc.
fn written_name(name: &str) -> &str {
    ["__do_sys_", "__do_compat_sys_"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))
        .unwrap_or(name)
}

/// gcc's graphs, by the C file.
fn theirs(case: &Case<'_>) -> Result<BTreeMap<String, Graph>, Error> {
    let out = &case.out;
    let cc = Compiler::new(case.arch, out)?;
    for goal in [case.configuration, "prepare0"] {
        let mut make = Command::new("make");
        make.args(["-s", "-k", "-j2", "-C"]).arg(case.path);
        make.arg(format!("O={}", out.display()));
        make.arg(goal).stdin(Stdio::null());
        said(cc.set(&mut make))?;
    }
    let folders: Vec<&str> = case
        .goals
        .iter()
        .map(|goal| goal.trim_end_matches('/'))
        .collect();
    let mut make = build::top_make(case.path, out)?;
    cc.set(&mut make);
    make.arg(format!("GOALS={}", folders.join(" ")));
    make.args(["KBUILD_BUILTIN=1", "KBUILD_MODULES=1", "vmemmlint-compile"]);
    // Not every file of a folder comes to an object; what counts is which graphs are there.
    let _ = make.output();
    let mut graphs = BTreeMap::new();
    let mut open = vec![out.clone()];
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| Error::io("read", &folder, &error))?;
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let name = path.strip_prefix(out).unwrap_or(&path).to_string_lossy();
            let Some(stem) = name.strip_suffix(".o.calls") else {
                continue;
            };
            let file = format!("{stem}.c");
            let asked = case
                .goals
                .iter()
                .any(|goal| file.starts_with(goal.trim_end_matches(".o")));
            if asked && case.tree.source().is_file(&file) {
                let bytes = fs::read(&path).map_err(|error| Error::io("read", &path, &error))?;
                graphs.insert(file, graph(&String::from_utf8_lossy(&bytes)));
            }
        }
    }
    Ok(graphs)
}

/// The calls of functions with bodies in gcc's dump.
pub(super) fn graph(dump: &str) -> Graph {
    let mut graph = Graph::new();
    let mut caller: Option<String> = None;
    for line in dump.lines() {
        if let Some(calls) = line.strip_prefix("  Calls: ") {
            if let Some(caller) = &caller {
                let names = calls
                    .split(' ')
                    .filter_map(|word| Some(word.rsplit_once('/')?.0));
                let known = graph.entry(caller.clone()).or_default();
                known.extend(names.map(String::from));
            }
        } else if line.starts_with("  Type:") {
            if !line.contains("function definition analyzed") {
                caller = None;
            }
        } else if !line.starts_with(' ')
            && let Some((name, _)) = line.split_once('/')
        {
            caller = Some(name.to_owned());
        }
    }
    graph
}
