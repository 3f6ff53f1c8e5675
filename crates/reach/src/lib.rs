//! Who can reach what, for one architecture, and under which Condition.
//!
//! An [`Analysis`] is one architecture's view of a [`kernel::Tree`]. It is asked about a [`Sink`], a
//! call or a place that is dangerous, and answers with a [`Reach`]: all the functions from which the
//! sink can be reached. Of a `Reach` questions are asked: is there a configuration and a path with
//! this [`Goal`] too? The [`Answer`] is a [`Witness`], the facts that forbid it, or the limit that
//! was hit.
//!
//! Whatever is not known (a value, a timing, a device) is free: an answer "no" holds for all of it,
//! an answer "yes" names it as an assumption.

mod answer;
mod backend;
mod call;
mod effects;
mod eval;
mod every;
mod expand;
mod fields;
mod frame;
mod fresh;
mod generated;
mod given;
mod graph;
mod include;
mod influence;
mod link;
mod naming;
mod platform;
mod pointer;
mod preprocess;
mod project;
mod reason;
mod scan;
mod selection;
mod sites;
mod terms;
mod types;
mod unit;
mod variable;
mod walk;
mod witness;
mod words;

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use condition::{Condition, Solver, Store};

use kbuild::Kbuild;
use kconfig::{Constraints, Model};
use kernel::Tree;
use rustc_hash::FxHashMap;
use text::{Name, Span};

pub use answer::{Answer, Fact, Goal, PathStep, Witness};
pub use backend::{Backend, BackendKind, BackendPart, BackendRule};
pub use every::{PathCall, PathEntry, Paths};
pub use graph::{CallEdge, Callee, Callers, EntryPoint, Node};
pub use influence::Influence;
pub use sites::EntryKind;
pub use terms::Bound;

use given::Given;
use link::FunctionKey;
use platform::Platform;
use terms::{TermId, Terms};
use unit::{Unit, UnitId, VisitId};

/// Words of the kernel that the analysis must know, from the rules.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// Functions that something outside of C calls: boot code in assembler.
    pub entries: BTreeSet<String>,
    /// Functions and macros whose answer does not change once the kernel is up, such as tests of
    /// static keys; what is built on them is one predicate wherever it is asked.
    pub stable: BTreeSet<String>,
    /// Parts of the names of functions that return zeroed memory.
    pub zeroing: Vec<String>,
    /// Parts of the names of functions that return memory to which nothing else points yet.
    pub allocating: Vec<String>,
    /// Functions that clear an object: `memset(object, 0, sizeof(*object))`.
    pub clearing: Vec<String>,
    /// Fields through which calls are not followed: `work_struct.func`.
    pub stops: BTreeSet<String>,
    /// Between what constants lie whatever the configuration, by their words.
    pub bounds: Vec<Bound>,
}

/// Functions at which the paths of one question begin or end.
#[derive(Clone, Debug, Default)]
pub struct Ways {
    /// Functions that something calls which is not read: a path may begin there.
    pub entries: BTreeSet<String>,
    /// Functions whose callers are not asked for: no path comes through them.
    pub stops: BTreeSet<String>,
}

/// How much of the walk back from a sink is wanted.
#[derive(Clone, Debug)]
pub enum Extent<'g> {
    /// All of it.
    Whole,
    /// As much as shows that the sink is reached, and how with each of these goals; all of it where that cannot be
    /// shown. Other paths are not looked for.
    Until(Vec<Goal<'g>>),
}

/// How far an analysis goes before it says that it does not know.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Functions in one backward walk.
    pub functions: usize,
    /// Calls between a sink and a function from which it is reached.
    pub depth: u32,
    /// Functions looked at in one backward walk, each as often as its Condition grew.
    pub rounds: usize,
    /// How often a function's Condition grows before it is told without values.
    pub growths: u32,
    /// States looked at while a path is searched.
    pub states: usize,
    /// Paths that are compared by what they assume.
    pub witnesses: usize,
    /// Macros inside macros.
    pub macro_depth: u32,
    /// Whether functions are looked for that macros make at the top of a file.
    pub generated: bool,
    /// Functions that a call through a field of a structure may mean; where there are more, none is
    /// told.
    pub candidates: usize,
    /// Macros that stand for one function.
    pub spellings: usize,
    /// Bytes of a function whose result is computed.
    pub summary_bytes: u32,
    /// Distinct parts of a value that a call gives; one of more is unknown.
    pub value_parts: usize,
    /// Unknown parts among them.
    pub value_unknowns: usize,
    /// Calls inside calls that are followed to see whether a predicate is stable.
    pub stable_depth: u32,
    /// Functions looked at to see whether one stores to an object.
    pub callees: usize,
    /// Files that mention a field whose stores are looked for; with more the field may hold anything.
    pub storing_files: usize,
    /// Files that mention a field which may be stored to in static objects; with more it is held to be.
    pub stored_files: usize,
    /// Calls through which a parameter that is stored to a field is followed to what it is.
    pub storing_calls: u32,
    /// Calls inside calls in the forward walk of a backend.
    pub backend_depth: u32,
    /// Steps of the solver in one question.
    pub solver_steps: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            functions: 5_000,
            depth: 1_000,
            rounds: 40_000,
            growths: 40,
            states: 20_000,
            witnesses: 24,
            macro_depth: 24,
            generated: false,
            candidates: 64,
            spellings: 64,
            summary_bytes: 2_048,
            value_parts: 60,
            value_unknowns: 8,
            stable_depth: 4,
            callees: 200,
            storing_files: 24,
            stored_files: 100,
            storing_calls: 4,
            backend_depth: 12,
            solver_steps: 20_000_000,
        }
    }
}

/// What is dangerous to reach.
#[derive(Debug)]
pub enum Sink {
    /// A call of a function.
    Call(Name),
    /// A place inside a function, told by its shape.
    Place(Name, csource::Query),
}

impl Sink {
    fn function(&self) -> Name {
        match self {
            Sink::Call(name) | Sink::Place(name, _) => *name,
        }
    }
}

/// From where a sink can be reached; the answer of [`Analysis::reach`].
#[derive(Debug)]
pub struct Reach {
    walk: walk::Walk,
    function: Name,
}

impl Reach {
    /// Where the sink is: its places in functions, or the functions that are called.
    pub fn places(&self) -> Vec<Place> {
        let starts = self.walk.starts.iter();
        let place = |start: &walk::Start| Place {
            file: start.key.path,
            span: start.at,
        };
        starts.map(place).collect()
    }
}

/// What an analysis has cost, in counts that do not depend on the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Files that were read with all their headers.
    pub units: usize,
    /// Files that this read, each as often as it was.
    pub visits: usize,
    /// Distinct Conditions.
    pub conditions: usize,
    /// Distinct values.
    pub terms: usize,
    /// Questions to the solver.
    pub questions: u64,
    /// Clauses in the solver.
    pub clauses: u64,
}

/// A place in the tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file.
    pub file: Name,
    /// Bytes in it.
    pub span: Span,
}

/// A file that could not be read, or not be understood from some place on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub file: String,
    /// The line, from 1; 0 for the whole file.
    pub line: u32,
    /// What is wrong.
    pub message: String,
}

/// One architecture's view of a tree.
pub struct Analysis<'t> {
    tree: &'t Tree,
    arch: Name,
    /// The architectures whose headers and code this one uses: itself, and perhaps another.
    header_arches: Vec<Name>,
    platform: Platform,
    /// The values of the one configuration that is asked about, if it is one.
    given: Option<Given>,
    /// The text of a `.config` on which witnesses build.
    base: Option<Arc<[u8]>>,
    vocabulary: &'t Vocabulary,
    limits: Limits,
    model: &'t Model,
    constraints: Constraints<'t>,
    kbuild: Kbuild<'t>,
    store: Store,
    solver: Solver,
    terms: Terms,
    units: Vec<Unit>,
    unit_of: FxHashMap<Name, Option<UnitId>>,
    headers: include::Headers,
    macros: unit::Macros,
    faults: std::collections::BTreeMap<Name, Fault>,
    functions: FxHashMap<Name, Arc<[FunctionKey]>>,
    provided: FxHashMap<FunctionKey, Condition>,
    exported: FxHashMap<Name, bool>,
    includers: FxHashMap<Name, Vec<Name>>,
    spellings: FxHashMap<Name, Rc<[Name]>>,
    summaries: FxHashMap<(UnitId, VisitId, FunctionKey), Option<TermId>>,
    variables: FxHashMap<(Name, Name), Option<TermId>>,
    /// Values of object-like macros that are the same wherever they are used, by their directive and
    /// the moment of use.
    macro_constants: FxHashMap<(UnitId, (VisitId, usize), unit::Moment, Condition), TermId>,
    placeless: FxHashMap<TermId, bool>,
    /// Functions that macros make, by unit, and the texts that hold them, by path.
    generated: FxHashMap<UnitId, Rc<generated::Generated>>,
    made: FxHashMap<Name, generated::Made>,
    /// Macros looked into in the function that is being scanned.
    expansions: u32,
    effects: effects::Known,
    fields: fields::Fields,
    globals: FxHashMap<(UnitId, Name), Option<types::Type>>,
    /// The names of functions whose heads macros make.
    renamed: FxHashMap<link::FunctionKey, Name>,
    structures: FxHashMap<Name, Option<Rc<[csource::Member]>>>,
    contents: FxHashMap<Name, Rc<types::Contents>>,
    candidates: FxHashMap<pointer::Slot, Rc<[(FunctionKey, Condition)]>>,
    feasible: FxHashMap<Condition, Option<bool>>,
    /// Why a symbol can never be on, where it cannot.
    never: FxHashMap<Name, Option<Vec<Fact>>>,
    /// Whether a name may lead to a backend's evidence, by the backend's function.
    relevant: FxHashMap<(Name, Name), bool>,
}

impl std::fmt::Debug for Analysis<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Analysis")
            .field("arch", &self.arch)
            .finish_non_exhaustive()
    }
}

impl<'t> Analysis<'t> {
    /// A view of `tree` for the architecture whose Kconfig `model` is; `header_arches` names the
    /// directories below `arch/` whose code it uses, its own first.
    pub fn new(
        tree: &'t Tree,
        model: &'t Model,
        header_arches: Vec<Name>,
        vocabulary: &'t Vocabulary,
        limits: Limits,
    ) -> Analysis<'t> {
        let arch = header_arches.first().copied().unwrap_or(Name::new(""));
        let mut solver = Solver::new();
        solver.set_steps(limits.solver_steps);
        let mut store = Store::new();
        store.set_canonical(true);
        Analysis {
            tree,
            arch,
            platform: Platform::new(&arch),
            given: None,
            base: None,
            header_arches,
            vocabulary,
            limits,
            model,
            constraints: model.constraints(),
            kbuild: Kbuild::new(tree.source(), tree.makefiles(), &arch),
            store,
            solver,
            terms: Terms::new(&vocabulary.bounds),
            units: Vec::new(),
            unit_of: FxHashMap::default(),
            headers: include::Headers::default(),
            macros: unit::Macros::default(),
            faults: std::collections::BTreeMap::new(),
            functions: FxHashMap::default(),
            provided: FxHashMap::default(),
            exported: FxHashMap::default(),
            includers: FxHashMap::default(),
            spellings: FxHashMap::default(),
            summaries: FxHashMap::default(),
            variables: FxHashMap::default(),
            macro_constants: FxHashMap::default(),
            placeless: FxHashMap::default(),
            generated: FxHashMap::default(),
            expansions: 0,
            effects: effects::Known::default(),
            fields: fields::Fields::default(),
            globals: FxHashMap::default(),
            renamed: FxHashMap::default(),
            made: FxHashMap::default(),
            structures: FxHashMap::default(),
            contents: FxHashMap::default(),
            candidates: FxHashMap::default(),
            feasible: FxHashMap::default(),
            never: FxHashMap::default(),
            relevant: FxHashMap::default(),
        }
    }

    /// Configurations of witnesses are from here on set on a base: the text of a `.config`, rather than what
    /// `allnoconfig` makes.
    pub fn set_base(&mut self, text: Arc<[u8]>) {
        self.base = Some(text);
    }

    /// The architecture.
    pub fn arch(&self) -> Name {
        self.arch
    }

    /// Walks back from `sink` to all from where it can be reached.
    pub fn reach(&mut self, sink: &Sink, ways: &Ways, extent: &Extent<'_>) -> Reach {
        let function = sink.function();
        let _span = tracing::debug_span!("walk back", from = %function).entered();
        let starts = self.starts(sink);
        Reach {
            walk: self.walk(starts, ways, extent),
            function,
        }
    }

    pub(crate) fn starts(&mut self, sink: &Sink) -> Vec<walk::Start> {
        let mut starts = Vec::new();
        for key in self.functions_called(sink.function()).iter() {
            match sink {
                Sink::Call(_) => starts.push(walk::Start {
                    key: *key,
                    when: Condition::TRUE,
                    is_place: false,
                    at: self.head(*key),
                }),
                Sink::Place(_, query) => self.places(*key, query, &mut starts),
            }
        }
        starts
    }

    fn places(&mut self, key: FunctionKey, query: &csource::Query, starts: &mut Vec<walk::Start>) {
        let Some(file) = self.read_file(key.path) else {
            return;
        };
        let Some(unit) = self.unit(key.path) else {
            return;
        };
        let root = self.unit_ref(unit).root;
        let Some(frame) = self.function_frame(unit, root, key, 0) else {
            return;
        };
        for span in file.captures(key.id, query) {
            let flow = self.flow(&frame, frame.body.flow_at(span));
            let line = self.line_condition(unit, root, span.start);
            let when = self.store.and(flow, line);
            starts.push(walk::Start {
                key,
                when,
                is_place: true,
                at: span,
            });
        }
    }

    /// What of the files on the way could not be read or understood so far: C files and headers by
    /// path, then makefiles. What they hold may open a path or close one.
    pub fn faults(&self) -> Vec<Fault> {
        let broken = self.kbuild.problems().iter().filter(|p| p.breaks);
        let makefiles = broken.map(|problem| Fault {
            file: problem.file.clone(),
            line: problem.line,
            message: problem.message.clone(),
        });
        self.faults.values().cloned().chain(makefiles).collect()
    }

    /// What the analysis has cost so far.
    pub fn cost(&self) -> Cost {
        Cost {
            units: self.units.len(),
            visits: self.units.iter().map(|unit| unit.visits.len()).sum(),
            conditions: self.store.len(),
            terms: self.terms.len(),
            questions: self.solver.questions(),
            clauses: self.solver.clauses(),
        }
    }
}
