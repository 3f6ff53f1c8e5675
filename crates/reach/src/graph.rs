//! The call graph, for those who want to look at it: who calls what, and when.

use condition::Condition;
use csource::syntax::ExprKind;
use text::Name;

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
}

impl Callee {
    /// The name that is called; the words of a pointer.
    pub fn name(&self) -> Name {
        match self {
            Callee::Function(node) => node.name,
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

impl<'t> Analysis<'t> {
    /// A Condition in the kernel's words.
    pub fn words(&self, when: Condition) -> String {
        self.store.display(when).to_string()
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
        let mut found = Vec::new();
        for key in self.functions_called(name).iter() {
            let visits = self.unit_ref(unit).visits_of(key.path);
            found.extend(visits.iter().map(|visit| (*key, *visit)));
        }
        if found.is_empty() {
            // The head of a system call does not tell its name to the index.
            let root = self.unit_ref(unit).root;
            let file = self.unit_ref(unit).visit(root).file.clone();
            let own = file.functions_named(name).iter().map(|id| FunctionKey {
                path: file.path(),
                id: *id,
            });
            found.extend(own.map(|key| (key, root)));
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
            let edge = CallEdge {
                caller: caller.clone(),
                callee: analysis.callee(met),
                line: frame.file.position(met.span.start).line,
                when: met.when,
            };
            found.push(edge);
        };
        let mut scanner = Scanner {
            wanted: None,
            met: &mut met,
        };
        self.scan(&frame, None, line, &mut scanner);
        edges.extend(found);
    }

    fn callee(&mut self, met: &Met<'_>) -> Callee {
        match &met.called {
            Called::Name(_, Target::Function(key, _)) => Callee::Function(self.graph_node(*key)),
            Called::Name(name, _) if self.is_assembler(*name) => Callee::Outside(*name),
            Called::Name(name, _) => Callee::Nowhere(*name),
            Called::Pointer => Callee::Pointer(pointer_words(met.frame, met.call)),
        }
    }

    fn graph_node(&mut self, key: FunctionKey) -> Node {
        let Some(file) = self.read_file(key.path) else {
            return Node {
                name: Name::new(""),
                file: key.path,
                line: 0,
            };
        };
        let function = file.function(key.id);
        let name = function.name;
        // What a macro has made stands where the macro is used.
        let (file, at) = match self.made.get(&key.path).map(|made| made.origin) {
            Some((path, at)) => (self.read_file(path).unwrap_or(file), at),
            None => (file.clone(), function.name_span.start),
        };
        Node {
            name,
            file: file.path(),
            line: file.position(at).line,
        }
    }
}

fn pointer_words(frame: &Frame, call: &csource::Call) -> Name {
    match &call.callee.kind {
        ExprKind::Ident(name) => *name,
        _ => Name::new(&frame.file.words(call.callee.span)),
    }
}
