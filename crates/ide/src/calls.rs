//! Who calls whom in C, on which architectures, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use condition::Condition;
use kconfig::Model;
use kernel::{Architecture, Known, NotATree, Silent, Tree};
use rayon::prelude::*;
use reach::{Analysis, CallEdge, Callee, Limits, Node, Vocabulary};
use rules::Catalog;
use rustc_hash::FxHashMap;
use source::Source;

use crate::{Guard, Kconfig};

/// A function of the tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The file that defines it.
    pub file: String,
    /// The line of its name, from 1.
    pub line: u32,
}

/// One end of a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum End {
    /// A function of the tree.
    Function(Function),
    /// What is no function there: an entry (`.probe of struct dax_device_driver`), a pointer, assembler, in words; and
    /// where that is said.
    Other(String, String, u32),
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The other end than the function that was asked about.
    pub end: End,
    /// The file of the call.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// The architectures that have it, with the Condition of each in words.
    pub when: Vec<(String, String)>,
}

/// Files that are looked through for the callers of a function.
const FILES: usize = 400;

/// The other end of a call, and its place.
type Key = (End, String, u32);

/// The calls of an architecture, each with its Condition in words.
type Told = Vec<(Key, String)>;

/// The C of a tree, to be asked who calls whom.
pub struct Code {
    tree: Tree,
    kconfig: Arc<Kconfig>,
    vocabulary: Vocabulary,
    outgoing: Mutex<FxHashMap<Function, Arc<Vec<Call>>>>,
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Code").finish_non_exhaustive()
    }
}

impl Code {
    /// The C of `source`, of whose words so much is `known`.
    pub fn new(
        source: Arc<dyn Source>,
        kconfig: Arc<Kconfig>,
        catalog: &Catalog,
        known: Known,
    ) -> Result<Code, NotATree> {
        Ok(Code {
            tree: Tree::open(source)?.with_known(|| known),
            kconfig,
            vocabulary: catalog.vocabulary(),
            outgoing: Mutex::default(),
        })
    }

    /// How many architectures there are.
    pub fn arches(&self) -> usize {
        self.kconfig.arches().len()
    }

    /// Asks each architecture, until nobody wants to know any more.
    fn ask<T: Send>(
        &self,
        is_cancelled: &(dyn Fn() -> bool + Sync),
        ask: impl Fn(&mut Analysis<'_>) -> T + Sync,
    ) -> Option<Vec<(String, T)>> {
        // The index is made once, before all want it at the same time.
        self.tree.words(&Silent);
        let answers = self.kconfig.arches().par_iter().map(|(arch, model)| {
            (!is_cancelled()).then(|| {
                let mut analysis = self.analysis(*arch, model);
                (arch.name.to_string(), ask(&mut analysis))
            })
        });
        answers.collect()
    }

    fn analysis<'t>(&'t self, arch: Architecture, model: &'t Model) -> Analysis<'t> {
        let directories = std::iter::once(arch.directory).chain(arch.lender).collect();
        // Conditions are told as the code has them: what a call gives is not looked into.
        let limits = Limits {
            summary_bytes: 0,
            stable_depth: 0,
            ..Limits::default()
        };
        Analysis::new(&self.tree, model, directories, &self.vocabulary, limits)
    }

    /// The functions of a name, of one file where it is given; `None` where nobody wants to know any more.
    pub fn functions(
        &self,
        name: &str,
        file: Option<&str>,
        is_cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Option<Vec<Function>> {
        let found = self.ask(is_cancelled, |analysis| {
            let nodes = analysis.functions(name, file);
            nodes.iter().map(function).collect::<Vec<_>>()
        })?;
        let found: BTreeSet<Function> = found.into_iter().flat_map(|(_, own)| own).collect();
        Some(found.into_iter().collect())
    }

    /// What a function calls.
    pub fn outgoing(
        &self,
        of: &Function,
        is_cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Option<Arc<Vec<Call>>> {
        let lock = || self.outgoing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(of) {
            return Some(Arc::clone(known));
        }
        let found = self.ask(is_cancelled, |analysis| {
            let mut calls: BTreeMap<Key, Condition> = BTreeMap::new();
            for node in nodes(analysis, of) {
                for call in analysis.callees(&node) {
                    // What nothing defines is not called when all is linked.
                    if !matches!(call.callee, Callee::Nowhere(_)) {
                        put(analysis, &mut calls, (callee(&call), &call), call.when);
                    }
                }
            }
            in_words(analysis, calls)
        })?;
        let calls = Arc::new(merged(found));
        lock().insert(of.clone(), Arc::clone(&calls));
        Some(calls)
    }

    /// The architectures that have what a guard in a file guards, each with when that is, in words: when it is compiled, and,
    /// of a statement, when control gets there once its function runs. `None` where nobody wants to know any more.
    pub fn guarded(
        &self,
        file: &str,
        guard: Guard,
        is_cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Option<Vec<(String, String)>> {
        let found = self.ask(is_cancelled, |analysis| {
            let when = match guard {
                Guard::Lines(at) => analysis.compiled(file, at),
                Guard::Statement(at) => analysis.reached(file, at),
            };
            when.map(|when| analysis.words(when))
        })?;
        let told = found.into_iter();
        Some(
            told.filter_map(|(arch, words)| Some((arch, words?)))
                .collect(),
        )
    }

    /// Who calls a function, and what else enters it.
    pub fn incoming(
        &self,
        of: &Function,
        is_cancelled: &(dyn Fn() -> bool + Sync),
    ) -> Option<Vec<Call>> {
        let found = self.ask(is_cancelled, |analysis| {
            let mut calls: BTreeMap<Key, Condition> = BTreeMap::new();
            for node in nodes(analysis, of) {
                let callers = analysis.callers(&node, FILES);
                for call in callers.calls {
                    let end = End::Function(function(&call.caller));
                    put(analysis, &mut calls, (end, &call), call.when);
                }
                for entry in callers.entries {
                    let file = entry.file.to_string();
                    let end = End::Other(entry.words, file.clone(), entry.line);
                    let known = calls
                        .entry((end, file, entry.line))
                        .or_insert(Condition::FALSE);
                    *known = analysis.either(*known, entry.when);
                }
            }
            in_words(analysis, calls)
        })?;
        Some(merged(found))
    }
}

fn function(node: &Node) -> Function {
    Function {
        name: node.name.to_string(),
        file: node.file.to_string(),
        line: node.line,
    }
}

fn nodes(analysis: &mut Analysis<'_>, of: &Function) -> Vec<Node> {
    let mut nodes = analysis.functions(&of.name, Some(&of.file));
    nodes.retain(|node| node.line == of.line);
    nodes
}

fn callee(call: &CallEdge) -> End {
    match &call.callee {
        Callee::Function(node) | Callee::Candidate(node) => End::Function(function(node)),
        Callee::Outside(name) | Callee::Nowhere(name) | Callee::Pointer(name) => {
            End::Other(name.to_string(), call.caller.file.to_string(), call.line)
        }
    }
}

/// Two calls in one line are one for the reader, who sees when either happens.
fn put(
    analysis: &mut Analysis<'_>,
    calls: &mut BTreeMap<Key, Condition>,
    (end, call): (End, &CallEdge),
    when: Condition,
) {
    let key = (end, call.caller.file.to_string(), call.line);
    let known = calls.entry(key).or_insert(Condition::FALSE);
    *known = analysis.either(*known, when);
}

fn in_words(analysis: &mut Analysis<'_>, calls: BTreeMap<Key, Condition>) -> Told {
    let told = calls.into_iter();
    told.map(|(key, when)| (key, analysis.words(when)))
        .collect()
}

/// The answers of all architectures as one.
fn merged(answers: Vec<(String, Told)>) -> Vec<Call> {
    let mut all: BTreeMap<Key, Vec<(String, String)>> = BTreeMap::new();
    for (arch, calls) in answers {
        for (key, words) in calls {
            all.entry(key).or_default().push((arch.clone(), words));
        }
    }
    let calls = all.into_iter().map(|((end, file, line), when)| Call {
        end,
        file,
        line,
        when,
    });
    calls.collect()
}

/// Conditions of architectures in a line each: what is the same on several is told once.
pub fn conditions(when: &[(String, String)]) -> Vec<String> {
    let mut by_words: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (arch, words) in when {
        by_words.entry(words).or_default().push(arch);
    }
    let mut told: Vec<(&str, Vec<&str>)> = by_words.into_iter().collect();
    told.sort_by_key(|(words, arches)| (std::cmp::Reverse(arches.len()), *words));
    told.into_iter()
        .map(|(words, arches)| format!("{words} on {}", arches.join(", ")))
        .collect()
}

/// The function around byte `at` of a C file, and the word there.
pub fn around(path: &str, text: &Arc<[u8]>, at: u32) -> (Option<Function>, Option<String>) {
    let file = csource::File::new(path, Arc::clone(text));
    let items = file.items();
    let own = items
        .functions
        .iter()
        .find(|function| function.name_span.start <= at && at <= function.body.end);
    let own = own.map(|function| Function {
        name: function.name.to_string(),
        file: path.to_owned(),
        line: file.position(function.name_span.start).line,
    });
    let word = crate::document::word_at(text, at as usize);
    let word = word.map(|span| String::from_utf8_lossy(span.of(text)).into_owned());
    (own, word)
}
