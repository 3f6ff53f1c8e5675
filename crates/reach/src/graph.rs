//! The call graph, for those who want to look at it: who calls what, and when.

use condition::Condition;
use csource::FunctionId;
use csource::syntax::ExprKind;
use text::{Name, Span};

use crate::Analysis;
use crate::frame::Frame;
use crate::link::{FunctionKey, Target};
use crate::scan::{Called, Met, Scanner};
use crate::unit::{UnitId, VisitId};

/// A function of the tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Its name; that of a system call is its name for users.
    pub name: Name,
    /// The file that defines it.
    pub file: Name,
    /// The line of its name, from 1.
    pub line: u32,
    key: FunctionKey,
}

/// What a call leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Callee {
    /// A function of the tree.
    Function(Node),
    /// What assembler of this architecture defines.
    Outside(Name),
    /// What nothing defines: the compiler's own, or a call that is never to be linked
    /// (`__bad_size()`).
    Nowhere(Name),
    /// What a pointer leads to, by the words of the call: `ops->probe`.
    Pointer(Name),
    /// A function that is stored to the field through which the call goes.
    Candidate(Node),
}

impl Callee {
    /// The name that is called; the words of a pointer.
    pub fn name(&self) -> Name {
        match self {
            Callee::Function(node) | Callee::Candidate(node) => node.name,
            Callee::Outside(name) | Callee::Nowhere(name) | Callee::Pointer(name) => *name,
        }
    }
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallEdge {
    /// The function that calls.
    pub caller: Node,
    /// What it calls.
    pub callee: Callee,
    /// The line of the call in the caller's file, from 1; of the macro that makes it.
    pub line: u32,
    /// When, once the caller runs.
    pub when: Condition,
}

/// A place from which something that is no call in C enters a function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntryPoint {
    /// What enters: `.probe of struct dax_device_driver`.
    pub words: String,
    /// Where it is said.
    pub file: Name,
    /// The line, from 1.
    pub line: u32,
    /// When.
    pub when: Condition,
}

/// Who calls a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Callers {
    /// The calls, by the caller's file and line.
    pub calls: Vec<CallEdge>,
    /// What else enters it.
    pub entries: Vec<EntryPoint>,
    /// Files that mention it and were not looked at, because there were too many.
    pub left_out: usize,
}

impl<'t> Analysis<'t> {
    /// The functions called `name` that can be part of this architecture's kernel, by file and line; only
    /// those of `file`, where one is given.
    pub fn functions(&mut self, name: &str, file: Option<&str>) -> Vec<Node> {
        let name = Name::new(name);
        let mut keys = self.functions_called(name).to_vec();
        if !keys
            .iter()
            .any(|key| file.is_none_or(|file| *key.path == *file))
            && let Some(file) = file.and_then(|file| self.read_file(Name::new(file)))
        {
            let path = file.path();
            let own = file.functions_named(name).iter();
            let own = own.filter(|id| file.function(**id).has_own_name());
            keys.extend(own.map(|id| FunctionKey { path, id: *id }));
        }
        let mut nodes = Vec::new();
        for key in keys {
            let wanted = file.is_none_or(|file| *key.path == *file);
            let provided = self.node_provided(key);
            if wanted && self.can_hold(&[provided]) != Some(false) {
                nodes.push(self.graph_node(key));
            }
        }
        if nodes.is_empty() {
            nodes = self.made_functions(name, file);
        }
        nodes.sort_unstable();
        nodes
    }

    /// The functions called `name` that macros make in what a compiler of `file` reads.
    fn made_functions(&mut self, name: Name, file: Option<&str>) -> Vec<Node> {
        let place = file.and_then(|file| self.place_of(Name::new(file)));
        let Some((unit, _)) = place.filter(|_| self.limits.generated) else {
            return Vec::new();
        };
        let mut nodes = Vec::new();
        for (key, visit) in self.generated_called(unit, name) {
            let when = self.unit_ref(unit).visit(visit).when;
            if self.can_hold(&[when]) != Some(false) {
                nodes.push(self.graph_node(key));
            }
        }
        nodes
    }

    /// Whether the tree has functions called `name`, and none of them is part of this kernel.
    pub fn is_left_out(&mut self, name: &str) -> bool {
        let keys = self.functions_called(Name::new(name));
        let mut provided = keys.iter().map(|key| self.node_provided(*key));
        !keys.is_empty() && provided.all(Condition::is_false)
    }

    /// What a function calls, in the order of its text; each call with the Condition under which it
    /// happens once the function runs.
    pub fn callees(&mut self, node: &Node) -> Vec<CallEdge> {
        let Some((unit, visit)) = self.place_of(node.key.path) else {
            return Vec::new();
        };
        let mut edges = Vec::new();
        self.calls_of_function((unit, visit), node.key, &mut edges);
        let mut near = self.near();
        edges.retain(|edge| self.can_hold_near(&mut near, &[edge.when]) != Some(false));
        let mut seen = std::collections::BTreeSet::new();
        edges.retain(|edge| seen.insert(edge.clone()));
        edges
    }

    /// When the text of a file at byte `at` is compiled; `None` where no unit reads the file, or no configuration has it so.
    pub fn compiled(&mut self, file: &str, at: u32) -> Option<Condition> {
        let (unit, visit) = self.place_of(Name::new(file))?;
        let when = self.line_condition(unit, visit, at);
        self.if_possible(when)
    }

    /// The same, and, inside of a function, when control gets there once that runs.
    pub fn reached(&mut self, file: &str, at: u32) -> Option<Condition> {
        let path = Name::new(file);
        let (unit, visit) = self.place_of(path)?;
        let mut when = self.line_condition(unit, visit, at);
        let text = self.unit_ref(unit).visit(visit).file.clone();
        let functions = (0..).zip(&text.items().functions);
        let mut own = functions.filter(|(_, one)| one.body.start <= at && at < one.body.end);
        if let Some(id) = own.next().map(|(id, _)| FunctionId(id))
            && let Some(frame) = self.function_frame(unit, visit, FunctionKey { path, id }, 0)
        {
            let flow = frame.body.flow_at(Span {
                start: at,
                end: at + 1,
            });
            let flow = self.flow(&frame, flow);
            when = self.store.and(when, flow);
        }
        self.if_possible(when)
    }

    /// A Condition, unless no configuration has it so.
    fn if_possible(&mut self, when: Condition) -> Option<Condition> {
        let mut near = self.near();
        (self.can_hold_near(&mut near, &[when]) != Some(false)).then_some(when)
    }

    /// Who calls a function: every call that some configuration has, looked for in at most `files`
    /// files.
    pub fn callers(&mut self, node: &Node, files: usize) -> Callers {
        let mut callers = Callers::default();
        let paths = self.files_of(node.key);
        callers.left_out = paths.len().saturating_sub(files);
        let own = self.node_provided(node.key);
        let mut slots = std::collections::BTreeMap::new();
        for path in paths.into_iter().take(files) {
            let built = self.built(path);
            if self.can_hold(&[own, built]) == Some(false) {
                continue;
            }
            let sites = self.sites_in(node.key, path);
            // Several objects may hold it in the same field.
            for (slot, when) in sites.entries.iter().filter_map(|e| Some((e.slot?, e.when))) {
                let known = slots.entry(slot).or_insert(Condition::FALSE);
                *known = self.store.or(*known, when);
            }
            for site in sites.calls {
                let provided = self.node_provided(site.caller);
                let links = self.links(site.caller, node.key);
                let when = self.store.and_all([provided, links, site.when]);
                if self.can_hold(&[own, when]) != Some(false) {
                    let place = (site.caller, site.span);
                    let callee = Callee::Function(node.clone());
                    callers.calls.push(self.call_edge(place, callee, when));
                }
            }
            for entry in sites.entries {
                if self.can_hold(&[own, entry.when]) != Some(false) {
                    let file = self.read_file(entry.file);
                    callers.entries.push(EntryPoint {
                        words: entry.words,
                        line: file.map_or(0, |file| file.position(entry.span.start).line),
                        file: entry.file,
                        when: entry.when,
                    });
                }
            }
        }
        if self.limits.candidates == 0 {
            slots.clear();
        }
        slots.retain(|slot, _| !self.is_stop(*slot));
        for (slot, stored) in slots {
            for (caller, span, when) in self.calls_through(slot, files) {
                let when = self.store.and(when, stored);
                if self.can_hold(&[own, when]) != Some(false) {
                    let place = (caller, span);
                    let callee = Callee::Candidate(node.clone());
                    callers.calls.push(self.call_edge(place, callee, when));
                }
            }
        }
        callers.entries.extend(self.outside_entries(node));
        callers.calls.sort_unstable();
        callers.calls.dedup();
        callers.entries.sort_unstable();
        callers.entries.dedup();
        callers
    }

    fn call_edge(
        &mut self,
        (caller, span): (FunctionKey, text::Span),
        callee: Callee,
        when: Condition,
    ) -> CallEdge {
        let file = self.read_file(caller.path);
        CallEdge {
            caller: self.graph_node(caller),
            callee,
            line: file.map_or(0, |file| file.position(span.start).line),
            when,
        }
    }

    /// Boot code, assembler, and what a generator such as a system call's says.
    fn outside_entries(&mut self, node: &Node) -> Option<EntryPoint> {
        let (_, words) = self.outside_words(node.key)?;
        Some(EntryPoint {
            words,
            file: node.file,
            line: node.line,
            when: Condition::TRUE,
        })
    }

    /// Either of two Conditions.
    pub fn either(&mut self, a: Condition, b: Condition) -> Condition {
        self.store.or(a, b)
    }

    /// Whether all of `steps` can be in one configuration, whatever the values are.
    pub fn possible(&mut self, steps: &[Condition]) -> bool {
        let steps: Vec<Condition> = steps
            .iter()
            .map(|step| self.project(*step).unwrap_or(Condition::TRUE))
            .collect();
        self.can_hold(&steps) != Some(false)
    }

    /// A Condition in the kernel's words.
    pub fn words(&mut self, when: Condition) -> String {
        self.store.words(when)
    }

    /// The functions called `name` that a compiler sees when it reads the file at `path`.
    pub fn definitions_seen(&mut self, path: &str, name: &str) -> Vec<Node> {
        let (path, name) = (Name::new(path), Name::new(name));
        let Some((unit, _)) = self.place_of(path) else {
            return Vec::new();
        };
        let mut nodes = Vec::new();
        for (key, visit) in self.seen(unit, name) {
            let file = self.unit_ref(unit).visit(visit).file.clone();
            let head = file.function(key.id).name_span.start;
            if !self.line_condition(unit, visit, head).is_false() {
                nodes.push(self.graph_node(key));
            }
        }
        nodes
    }

    /// The functions called `name` in what a unit reads, also those that macros make.
    fn seen(&mut self, unit: UnitId, name: Name) -> Vec<(FunctionKey, VisitId)> {
        let mut found = self.read_in(unit, name);
        // The head of a system call does not tell its name to the index.
        for visit in self.unit_ref(unit).c_visits() {
            let own = self.named_in(unit, *visit, name);
            let new: Vec<_> = own.filter(|own| !found.contains(own)).collect();
            found.extend(new);
        }
        if self.limits.generated {
            found.extend(self.generated_called(unit, name));
        }
        found
    }

    /// What the functions called `name` call, as far as a compiler that reads the file at `path` sees
    /// them: those of the file and those of its headers.
    pub fn calls_seen(&mut self, path: &str, name: &str) -> Vec<CallEdge> {
        let (path, name) = (Name::new(path), Name::new(name));
        let Some((unit, _)) = self.place_of(path) else {
            return Vec::new();
        };
        let mut edges = Vec::new();
        for (key, visit) in self.seen(unit, name) {
            self.calls_of_function((unit, visit), key, &mut edges);
        }
        edges
    }

    fn calls_of_function(
        &mut self,
        (unit, visit): (UnitId, VisitId),
        key: FunctionKey,
        edges: &mut Vec<CallEdge>,
    ) {
        let Some(frame) = self.function_frame(unit, visit, key, 0) else {
            return;
        };
        let head = frame.file.function(key.id).name_span.start;
        let line = self.line_condition(unit, visit, head);
        if line.is_false() {
            return;
        }
        let caller = self.graph_node(key);
        let mut found: Vec<CallEdge> = Vec::new();
        let mut met = |analysis: &mut Analysis<'t>, met: &Met<'_>| {
            let line = frame.file.position(met.span.start).line;
            for (callee, when) in analysis.called(met) {
                found.push(CallEdge {
                    caller: caller.clone(),
                    callee,
                    line,
                    when,
                });
            }
        };
        let mut scanner = Scanner {
            wanted: None,
            met: &mut met,
        };
        self.scan(&frame, None, line, &mut scanner);
        edges.extend(found);
    }

    /// What a call leads to: for one through a field, the functions that are stored there.
    fn called(&mut self, met: &Met<'_>) -> Vec<(Callee, Condition)> {
        let callee = match &met.called {
            Called::Name(_, Target::Function(key, _)) => Callee::Function(self.graph_node(*key)),
            Called::Name(name, _) if self.is_assembler(*name) => Callee::Outside(*name),
            Called::Name(name, _) => Callee::Nowhere(*name),
            Called::Pointer => return self.pointed(met),
        };
        vec![(callee, met.when)]
    }

    fn pointed(&mut self, met: &Met<'_>) -> Vec<(Callee, Condition)> {
        let slot = self.slot(met.frame, &met.call.callee);
        let candidates = slot.map(|slot| self.candidates(slot));
        let mut all = Vec::new();
        for (key, when) in candidates.iter().flat_map(|all| all.iter()) {
            let when = self.store.and(met.when, *when);
            all.push((Callee::Candidate(self.graph_node(*key)), when));
        }
        if all.is_empty() {
            let words = pointer_words(met.frame, met.call);
            all.push((Callee::Pointer(words), met.when));
        }
        all
    }

    fn graph_node(&mut self, key: FunctionKey) -> Node {
        let Some(file) = self.read_file(key.path) else {
            return Node {
                name: Name::new(""),
                file: key.path,
                line: 0,
                key,
            };
        };
        let function = file.function(key.id);
        // A system call keeps the name that users know.
        let renamed = self.renamed.get(&key).filter(|_| function.entry.is_none());
        let name = renamed.copied().unwrap_or(function.name);
        // What a macro has made stands where the macro is used.
        let (file, at) = match self.made.get(&key.path).map(|made| made.origin) {
            Some((path, at)) => (self.read_file(path).unwrap_or(file), at),
            None => (file.clone(), function.name_span.start),
        };
        Node {
            name,
            file: file.path(),
            line: file.position(at).line,
            key,
        }
    }
}

fn pointer_words(frame: &Frame, call: &csource::Call) -> Name {
    match &call.callee.kind {
        ExprKind::Ident(name) => *name,
        _ => Name::new(&frame.file.words(call.callee.span)),
    }
}
