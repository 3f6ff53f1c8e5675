//! `vmemmlint callers`, `callees`, `paths`: the call graph, as one would ask cscope for it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use ::kconfig::{Library, Toolchain};
use condition::Condition;
use kernel::{Architecture, Progress, Tree};
use rayon::prelude::*;
use reach::{Analysis, CallEdge, Callee, Limits, Node, Vocabulary};
use report::graph::{self as answer, Call, Calls, Direction, End, Path};
use report::kconfig::Asked;

use crate::arguments::{Around, Folders, Graph, GraphFormat, Paths, Subject};
use crate::progress::Bar;
use crate::{Failure, catalog, exit, one_line, print, terminal, tree, ways};

pub(crate) fn callers(around: &Around) -> Result<ExitCode, Failure> {
    around_function(around, Direction::Callers)
}

pub(crate) fn callees(around: &Around) -> Result<ExitCode, Failure> {
    around_function(around, Direction::Callees)
}

fn around_function(around: &Around, direction: Direction) -> Result<ExitCode, Failure> {
    let vocabulary = catalog::of(&Folders::default())?.vocabulary();
    Question::new(&around.graph, vocabulary, Limits::default())?.around(around, direction)
}

pub(crate) fn paths(asked: &Paths) -> Result<ExitCode, Failure> {
    let Subject { tree, scope } = &asked.graph.subject;
    let source = tree::open(tree, &scope.version)?;
    let (catalog, _) = catalog::configured(&asked.folders, None, &*source)?;
    if catalog.rule(&asked.from).is_some() {
        return ways::run(asked, &source, catalog);
    }
    let (vocabulary, limits) = (catalog.vocabulary(), asked.budget.limits());
    Question::new(&asked.graph, vocabulary, limits)?.paths(asked)
}

/// A tree, and what of it is looked at.
struct Question<'a> {
    graph: &'a Graph,
    tree: Tree,
    arches: Vec<Architecture>,
    vocabulary: Vocabulary,
    given: Option<BTreeMap<String, String>>,
    library: Library,
    toolchain: Toolchain,
    limits: Limits,
    bar: Bar,
}

/// `name`, or `path:name`.
fn function(words: &str) -> (Option<&str>, &str) {
    let words = words.trim();
    match words.rsplit_once(':') {
        Some((file, name)) => {
            let file = file.trim_start_matches("./");
            (Some(file), name.trim_end_matches("()"))
        }
        None => (None, words.trim_end_matches("()")),
    }
}

impl<'a> Question<'a> {
    fn new(
        graph: &'a Graph,
        vocabulary: Vocabulary,
        limits: Limits,
    ) -> Result<Question<'a>, Failure> {
        let (tree, arches) = tree::kernel(&graph.subject)?;
        let scope = &graph.subject.scope;
        let given = tree::config(graph.config.as_deref())?;
        if given.is_some() && arches.len() != 1 {
            return Err("a configuration is one architecture's: name it with --arch".to_owned());
        }
        Ok(Question {
            graph,
            arches,
            given,
            vocabulary,
            library: Library::new(),
            toolchain: tree::toolchain(scope.toolchain.as_deref())?,
            limits,
            bar: Bar::new(false),
            tree,
        })
    }

    fn names(&self) -> Vec<String> {
        self.arches
            .iter()
            .map(|arch| arch.name.to_string())
            .collect()
    }

    /// Asks each architecture; the answers in their order.
    fn ask_all<T: Send>(&self, ask: impl Fn(&mut Analysis<'_>) -> T + Sync) -> Vec<(String, T)> {
        // The index is made once, before all want it at the same time.
        self.tree.words(&self.bar);
        self.bar.phase("asking", self.arches.len());
        let answers = self
            .arches
            .par_iter()
            .map(|arch| {
                let mut environment = arch.environment(&self.tree);
                environment.set_toolchain(self.toolchain.clone());
                let model = ::kconfig::elaborate(&self.library, self.tree.source(), &environment);
                let directories = std::iter::once(arch.directory).chain(arch.lender).collect();
                // Conditions are told as the code has them: what a call gives is not looked into.
                let limits = Limits {
                    summary_bytes: 0,
                    stable_depth: 0,
                    generated: true,
                    ..self.limits
                };
                let vocabulary = &self.vocabulary;
                let mut analysis =
                    Analysis::new(&self.tree, &model, directories, vocabulary, limits);
                if let Some(given) = &self.given {
                    analysis.assume(given.clone());
                }
                let answer = ask(&mut analysis);
                self.bar.step(1);
                (arch.name.to_string(), answer)
            })
            .collect();
        self.bar.finish();
        answers
    }

    fn around(&self, around: &Around, direction: Direction) -> Result<ExitCode, Failure> {
        let (file, name) = function(&around.function);
        let depth = usize::from(around.depth);
        let answers = self.ask_all(|analysis| {
            let roots = analysis.functions(name, file);
            let mut walk = Walk {
                analysis,
                files: around.files as usize,
                found: Found::default(),
                conditions: BTreeMap::new(),
            };
            walk.from(roots, direction, depth);
            walk.told()
        });
        let found = merged(answers);
        if found.roots.is_empty() {
            return Err(self.unknown(&around.function));
        }
        let arches = self.names();
        let path = self.graph.subject.name();
        let question = match direction {
            Direction::Callers => format!("callers of {}", around.function),
            Direction::Callees => format!("callees of {}", around.function),
        };
        print(&match self.graph.format {
            GraphFormat::Human => answer::calls(
                direction,
                &found,
                &arches,
                &terminal::look(self.graph.subject.scope.color),
            ),
            GraphFormat::Json => answer::calls_json(&self.asked(&path), &question, &found),
            GraphFormat::Dot => answer::calls_dot(&found),
        })?;
        Ok(ExitCode::SUCCESS)
    }

    fn paths(&self, asked: &Paths) -> Result<ExitCode, Failure> {
        if self.graph.format == GraphFormat::Dot {
            return Err("paths are told as text or as JSON".to_owned());
        }
        let (from, to) = (function(&asked.from), function(&asked.to));
        let answers = self.ask_all(|analysis| shortest(analysis, from, to, asked));
        let (mut by_path, mut notes) = (BTreeMap::new(), BTreeSet::new());
        let (mut starts, mut ends) = (false, false);
        for (arch, found) in answers {
            starts |= found.starts;
            ends |= found.ends;
            notes.extend(found.notes);
            for mut calls in found.paths {
                for call in &mut calls {
                    let words = std::mem::take(&mut call.when);
                    call.when = words.into_values().map(|w| (arch.clone(), w)).collect();
                }
                let key: Vec<(End, End, u32)> = calls
                    .iter()
                    .map(|call| (call.caller.clone(), call.callee.clone(), call.line))
                    .collect();
                let known: &mut Path = by_path.entry((key.len(), key)).or_insert(Path {
                    calls: Vec::new(),
                    arches: Vec::new(),
                });
                if !known.arches.contains(&arch) {
                    known.arches.push(arch.clone());
                }
                if known.calls.is_empty() {
                    known.calls = calls;
                } else {
                    for (known, call) in known.calls.iter_mut().zip(calls) {
                        known.when.extend(call.when);
                    }
                }
            }
        }
        for (known, words) in [(starts, &asked.from), (ends, &asked.to)] {
            if !known {
                return Err(self.unknown(words));
            }
        }
        let paths: Vec<Path> = by_path.into_values().collect();
        let path = self.graph.subject.name();
        let question = format!("paths from {} to {}", asked.from, asked.to);
        if paths.is_empty() && self.graph.format == GraphFormat::Human {
            let (from, to) = (one_line(&asked.from), one_line(&asked.to));
            print(format!(
                "no calls were found that lead from {from} to {to}\n"
            ))?;
        }
        print(&if self.graph.format == GraphFormat::Json {
            answer::paths_json(&self.asked(&path), &question, &paths, &notes)
        } else {
            let look = terminal::look(self.graph.subject.scope.color);
            answer::paths(&paths, &notes, &self.names(), &look)
        })?;
        let found = if paths.is_empty() { exit::FINDINGS } else { 0 };
        Ok(ExitCode::from(found))
    }

    fn asked<'q>(&'q self, path: &'q str) -> Asked<'q> {
        Asked {
            tree: path,
            kernel_version: self.tree.version(),
        }
    }

    fn unknown(&self, words: &str) -> Failure {
        if function(words).1.is_empty() {
            return "a function has a name: this one is empty".to_owned();
        }
        let of = if self.given.is_some() {
            "this configuration"
        } else {
            "these architectures"
        };
        one_line(&format!(
            "no kernel of {of} has a function {words}; macros are looked through, and cannot be asked about"
        ))
    }
}

/// A call as several architectures may have it: its depth, who calls whom, whether through a pointer,
/// and the place.
type Key = (usize, End, End, bool, (String, u32));

/// What one architecture says.
#[derive(Default)]
struct Found {
    roots: BTreeSet<End>,
    calls: BTreeMap<Key, String>,
    notes: BTreeSet<String>,
}

struct Walk<'w, 't> {
    analysis: &'w mut Analysis<'t>,
    files: usize,
    found: Found,
    conditions: BTreeMap<Key, Condition>,
}

impl Walk<'_, '_> {
    fn from(&mut self, roots: Vec<Node>, direction: Direction, depth: usize) {
        self.found.roots = roots.iter().map(end_of).collect();
        let mut seen: BTreeSet<Node> = roots.iter().cloned().collect();
        let mut level = roots;
        for distance in 1..=depth {
            let mut next = Vec::new();
            for node in level {
                let beside = match direction {
                    Direction::Callers => self.callers(&node, distance),
                    Direction::Callees => self.callees(&node, distance),
                };
                next.extend(beside.into_iter().filter(|node| seen.insert(node.clone())));
            }
            level = next;
        }
    }

    fn callers(&mut self, node: &Node, depth: usize) -> Vec<Node> {
        let callers = self.analysis.callers(node, self.files);
        if callers.left_out > 0 {
            let note = left_out(node, callers.left_out);
            self.found.notes.insert(note);
        }
        for entry in callers.entries {
            let end = End {
                name: entry.words,
                kind: "entry",
                ..End::default()
            };
            let place = (entry.file.to_string(), entry.line);
            self.add((depth, end, end_of(node), false, place), entry.when);
        }
        let nodes = callers
            .calls
            .iter()
            .map(|call| call.caller.clone())
            .collect();
        for call in callers.calls {
            self.call(depth, &call);
        }
        nodes
    }

    fn callees(&mut self, node: &Node, depth: usize) -> Vec<Node> {
        let mut nodes = Vec::new();
        for call in self.analysis.callees(node) {
            if let Callee::Function(callee) | Callee::Candidate(callee) = &call.callee {
                nodes.push(callee.clone());
            }
            // What nothing defines is not called when all is linked.
            if !matches!(call.callee, Callee::Nowhere(_)) {
                self.call(depth, &call);
            }
        }
        nodes
    }

    fn call(&mut self, depth: usize, call: &CallEdge) {
        let place = (call.caller.file.to_string(), call.line);
        let (caller, callee) = (end_of(&call.caller), callee_end(&call.callee));
        let indirect = matches!(call.callee, Callee::Candidate(_));
        self.add((depth, caller, callee, indirect, place), call.when);
    }

    fn add(&mut self, key: Key, when: Condition) {
        // Two calls in one line are one for the reader, who sees when either happens.
        let known = self.conditions.entry(key).or_insert(Condition::FALSE);
        *known = self.analysis.either(*known, when);
    }

    /// All that was found, its Conditions in words.
    fn told(mut self) -> Found {
        for (key, when) in self.conditions {
            self.found.calls.insert(key, self.analysis.words(when));
        }
        self.found
    }
}

fn left_out(node: &Node, files: usize) -> String {
    format!(
        "{files} more files mention {}() and were not looked at; --files looks at more",
        node.name
    )
}

fn end_of(node: &Node) -> End {
    End {
        name: node.name.to_string(),
        kind: "function",
        file: node.file.to_string(),
        line: node.line,
    }
}

fn callee_end(callee: &Callee) -> End {
    let kind = match callee {
        Callee::Function(node) | Callee::Candidate(node) => return end_of(node),
        Callee::Outside(_) => "assembler",
        Callee::Nowhere(_) => "nothing",
        Callee::Pointer(_) => "pointer",
    };
    End {
        name: callee.name().to_string(),
        kind,
        ..End::default()
    }
}

/// The answers of all architectures as one.
fn merged(answers: Vec<(String, Found)>) -> Calls {
    let mut all = Calls::default();
    let mut by_call: BTreeMap<_, BTreeMap<String, String>> = BTreeMap::new();
    for (arch, found) in answers {
        all.roots.extend(found.roots);
        all.notes.extend(found.notes);
        for (key, words) in found.calls {
            by_call.entry(key).or_default().insert(arch.clone(), words);
        }
    }
    let call = |((depth, caller, callee, indirect, (file, line)), when)| Call {
        caller,
        callee,
        indirect,
        file,
        line,
        depth,
        when,
    };
    all.calls = by_call.into_iter().map(call).collect();
    all.calls.sort_by(|a, b| {
        (a.depth, &a.file, a.line, &a.callee, &a.caller)
            .cmp(&(b.depth, &b.file, b.line, &b.callee, &b.caller))
    });
    all
}

/// The shortest paths of one architecture.
#[derive(Default)]
struct Shortest {
    starts: bool,
    ends: bool,
    paths: Vec<Vec<Call>>,
    notes: BTreeSet<String>,
}

/// Walks back from `to`, level by level, until `from` is met; then goes forward along what was met.
fn shortest(
    analysis: &mut Analysis<'_>,
    (from_file, from): (Option<&str>, &str),
    (to_file, to): (Option<&str>, &str),
    asked: &Paths,
) -> Shortest {
    let starts: BTreeSet<Node> = analysis.functions(from, from_file).into_iter().collect();
    let ends = analysis.functions(to, to_file);
    let mut answer = Shortest {
        starts: !starts.is_empty(),
        ends: !ends.is_empty(),
        ..Shortest::default()
    };
    if !answer.starts || !answer.ends {
        return answer;
    }
    // From each function that was met, the calls that lead nearer to the end.
    let mut onward: BTreeMap<Node, Vec<CallEdge>> = BTreeMap::new();
    let mut distance: BTreeMap<Node, usize> = ends.iter().map(|node| (node.clone(), 0)).collect();
    let mut level = ends;
    for depth in 1..=usize::from(asked.depth) {
        let mut next = Vec::new();
        for node in level {
            if distance.len() > asked.budget.max_functions {
                break;
            }
            let callers = analysis.callers(&node, asked.files as usize);
            if callers.left_out > 0 {
                answer.notes.insert(left_out(&node, callers.left_out));
            }
            for call in callers.calls {
                let caller = call.caller.clone();
                let known = *distance.entry(caller.clone()).or_insert_with(|| {
                    next.push(caller.clone());
                    depth
                });
                if known == depth {
                    onward.entry(caller).or_default().push(call);
                }
            }
        }
        if starts.iter().any(|start| onward.contains_key(start)) || next.is_empty() {
            break;
        }
        if distance.len() > asked.budget.max_functions {
            let note = "the search was given up; --max-functions looks at more functions";
            answer.notes.insert(note.to_owned());
            break;
        }
        level = next;
        if depth == usize::from(asked.depth) {
            let note = format!("paths of more than {depth} calls were not looked for");
            answer.notes.insert(note);
        }
    }
    for start in starts {
        forward(
            analysis,
            &onward,
            &start,
            &mut Vec::new(),
            asked.limit,
            &mut answer.paths,
        );
    }
    answer
}

fn forward(
    analysis: &mut Analysis<'_>,
    onward: &BTreeMap<Node, Vec<CallEdge>>,
    node: &Node,
    path: &mut Vec<CallEdge>,
    limit: usize,
    paths: &mut Vec<Vec<Call>>,
) {
    let Some(calls) = onward.get(node) else {
        if !path.is_empty() {
            paths.push(path.iter().map(|call| told(analysis, call)).collect());
        }
        return;
    };
    for call in calls {
        let (Callee::Function(callee) | Callee::Candidate(callee)) = &call.callee else {
            continue;
        };
        if paths.len() >= limit {
            return;
        }
        path.push(call.clone());
        let steps: Vec<Condition> = path.iter().map(|call| call.when).collect();
        if analysis.possible(&steps) {
            forward(analysis, onward, callee, path, limit, paths);
        }
        path.pop();
    }
}

fn told(analysis: &mut Analysis<'_>, call: &CallEdge) -> Call {
    Call {
        caller: end_of(&call.caller),
        callee: callee_end(&call.callee),
        indirect: matches!(call.callee, Callee::Candidate(_)),
        file: call.caller.file.to_string(),
        line: call.line,
        depth: 0,
        when: BTreeMap::from([(String::new(), analysis.words(call.when))]),
    }
}
