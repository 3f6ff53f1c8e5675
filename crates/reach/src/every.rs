//! Every path to a sink: how many there are, from which entries, and by which calls.
//!
//! Calls that lead on under the same Condition are followed once, however many lead there: what is held is
//! a graph without cycles of *states*, each a function together with the Condition that the rest of the
//! path puts to its parameters. Paths are counted on that graph, not written out. A path does not
//! come through a function twice; in a state inside of a cycle of calls therefore stand the functions
//! of that cycle that lie behind it.
//!
//! ```text
//! dev_dax_probe ─> devm_memremap_pages ─> memremap_pages ─> pagemap_range ─> …	1 path
//! ```

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use condition::Condition;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use petgraph::{Direction, algo};
use rustc_hash::FxHashMap;
use text::{Name, Span};

use crate::answer::{Goal, PathStep};
use crate::link::FunctionKey;
use crate::sites::{Entry, EntryKind, Site};
use crate::walk::{FIRST_PATH, Walk};
use crate::{Analysis, Place, Reach};

/// All paths to a sink, as a graph without cycles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// How many there are: exactly, unless a limit was hit, else so many at least.
    pub count: u128,
    /// The limit that was hit.
    pub limit: Option<String>,
    /// Where they begin: by kind, then by place.
    pub entries: Vec<PathEntry>,
    /// By which calls they lead, from entries to the sink: by file and place.
    pub calls: Vec<PathCall>,
}

/// Where paths begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathEntry {
    /// What kind of thing it is.
    pub kind: EntryKind,
    /// What enters: `.probe of struct dax_device_driver`.
    pub words: String,
    /// The object that holds the function, by its name: `device_dax_driver`.
    pub object: Option<Name>,
    /// Where that is said.
    pub at: Place,
    /// How many paths begin here.
    pub count: u128,
    /// When one of them is open, in few words.
    pub when: String,
    /// The shortest of them.
    pub shortest: Vec<PathStep>,
}

/// A call on some path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathCall {
    /// The function that calls.
    pub caller: Name,
    /// The function that is called; nothing where the place is the sink itself.
    pub callee: Option<Name>,
    /// The call, or the sink.
    pub at: Place,
    /// How many paths lead through it.
    pub count: u128,
}

/// A function, and what the rest of a path asks of its parameters.
struct State {
    node: usize,
    when: Condition,
    /// How the shortest path leads on: the state nearer to the sink, and the call.
    next: Option<(NodeIndex, Span)>,
    /// The sink's place, for a state with which a path ends.
    sink: Span,
}

/// By what a state is known: the node, the Condition, and the functions of the node's own cycle of calls
/// that lie behind.
type StateKey = (usize, Condition, Rc<BTreeSet<usize>>);

/// The graph of states: an edge leads from the caller's to the callee's, and holds the place of the call.
#[derive(Default)]
struct States {
    graph: DiGraph<State, Span>,
    known: FxHashMap<StateKey, NodeIndex>,
    settled: FxHashMap<Condition, Condition>,
    /// States that were not looked at yet, nearest to the sink first, with what lies behind.
    queue: VecDeque<(NodeIndex, Rc<BTreeSet<usize>>)>,
}

/// Entries that were found to be open.
struct Opened<'w> {
    state: NodeIndex,
    entry: &'w Entry,
    when: Condition,
}

impl Analysis<'_> {
    /// Every path to the sink of `reach` on which `goal` can hold too.
    pub fn paths(&mut self, reach: &Reach, goal: &Goal<'_>) -> Paths {
        let walk = &reach.walk;
        let canonical = self.store.set_canonical(false);
        let (goal, _) = self.goal(goal, walk);
        self.store.set_canonical(canonical);
        let cycles = cycles(walk);
        let mut states = self.first_states(walk);
        let mut opened = Vec::new();
        let partial = walk.is_partial.then(|| FIRST_PATH.to_owned());
        let mut limit = walk.limit.clone().or(partial);
        while let Some((number, behind)) = states.queue.pop_front() {
            if states.graph.node_count() > self.limits.states {
                limit = Some(format!(
                    "the search for paths was given up after {} steps",
                    states.graph.node_count()
                ));
                break;
            }
            self.open_entries(walk, (number, &states.graph[number]), goal, &mut opened);
            self.follow(walk, &mut states, (number, behind), (&cycles, goal));
        }
        self.told(walk, &states.graph, &opened, limit)
    }

    /// The states with which paths end.
    fn first_states(&mut self, walk: &Walk) -> States {
        let mut states = States::default();
        for start in &walk.starts {
            let Some(node) = walk.node_of(start.key) else {
                continue;
            };
            let when = self.store.and(start.when, walk.nodes[node].provided);
            let when = states.settled(self, when);
            let behind = Rc::new(BTreeSet::new());
            // Two places in one function end two paths, even under one Condition.
            let number = states.graph.add_node(State {
                node,
                when,
                next: None,
                sink: start.at,
            });
            states.queue.push_back((number, behind));
        }
        states
    }

    /// The entries of a state through which the sink is reached.
    fn open_entries<'w>(
        &mut self,
        walk: &'w Walk,
        (number, state): (NodeIndex, &State),
        goal: Condition,
        opened: &mut Vec<Opened<'w>>,
    ) {
        for entry in &walk.nodes[state.node].entries {
            let own = self.store.and(state.when, entry.when);
            if self.can_hold_refined(own, goal) == Some(false) {
                continue;
            }
            let own = self.refined(own);
            let when = self.store.and(own, goal);
            opened.push(Opened {
                state: number,
                entry,
                when,
            });
        }
    }

    /// Adds the states of those that call a state's function.
    fn follow(
        &mut self,
        walk: &Walk,
        states: &mut States,
        (number, behind): (NodeIndex, Rc<BTreeSet<usize>>),
        (cycles, goal): (&[Option<usize>], Condition),
    ) {
        let (node, when) = (states.graph[number].node, states.graph[number].when);
        // One call may stand for several where a macro or a branch makes it twice.
        let mut by_call: BTreeMap<(FunctionKey, Span), (usize, Vec<&Site>)> = BTreeMap::new();
        for (caller, site) in walk.calls_of(node) {
            let call = by_call.entry((site.caller, site.span));
            call.or_insert((caller, Vec::new())).1.push(site);
        }
        for ((_, span), (caller, sites)) in by_call {
            if caller == node || behind.contains(&caller) {
                continue;
            }
            let mut led = Condition::FALSE;
            for site in sites {
                let passed = self.passed(when, site);
                let one = self.store.and(passed, site.when);
                led = self.store.or(led, one);
            }
            let led = self.store.and(led, walk.nodes[caller].provided);
            let led = states.settled(self, led);
            if self.can_hold(&[led, goal]) == Some(false) {
                continue;
            }
            let mut beyond = BTreeSet::new();
            if cycles[caller].is_some() && cycles[caller] == cycles[node] {
                beyond.extend(behind.iter().chain([&node]).copied());
            }
            let caller = states.state((caller, led, Rc::new(beyond)), (number, span));
            states.graph.add_edge(caller, number, span);
        }
    }

    fn told(
        &mut self,
        walk: &Walk,
        graph: &DiGraph<State, Span>,
        opened: &[Opened<'_>],
        limit: Option<String>,
    ) -> Paths {
        let order = algo::toposort(graph, None).unwrap_or_default();
        // How many ways lead from a state to the sink, and how many from entries to it.
        let mut onward = vec![0_u128; graph.node_count()];
        for state in order.iter().rev() {
            let next = graph.neighbors_directed(*state, Direction::Outgoing);
            let ways = next.fold(0_u128, |sum, next| sum.saturating_add(onward[next.index()]));
            let ends = u128::from(graph[*state].sink != Span::default());
            onward[state.index()] = ways.saturating_add(ends);
        }
        let mut hither = vec![0_u128; graph.node_count()];
        for one in opened {
            let count = &mut hither[one.state.index()];
            *count = count.saturating_add(1);
        }
        for state in &order {
            let callers = graph.neighbors_directed(*state, Direction::Incoming);
            let ways = callers.fold(0_u128, |sum, next| sum.saturating_add(hither[next.index()]));
            hither[state.index()] = hither[state.index()].saturating_add(ways);
        }
        let counts = opened.iter().map(|one| onward[one.state.index()]);
        Paths {
            count: counts.fold(0, u128::saturating_add),
            limit,
            entries: self.told_entries(walk, graph, (opened, &onward)),
            calls: self.told_calls(walk, graph, (&hither, &onward)),
        }
    }

    fn told_entries(
        &mut self,
        walk: &Walk,
        graph: &DiGraph<State, Span>,
        (opened, onward): (&[Opened<'_>], &[u128]),
    ) -> Vec<PathEntry> {
        let mut entries: Vec<(PathEntry, Condition)> = Vec::new();
        // The nearest states come first, so that the first path of an entry is its shortest.
        for one in opened {
            let at = Place {
                file: one.entry.file,
                span: one.entry.span,
            };
            let count = onward[one.state.index()];
            let shortest = self.steps(walk, graph, one.state);
            let same = |known: &&mut (PathEntry, Condition)| {
                known.0.at == at && known.0.shortest[0].function == shortest[0].function
            };
            if let Some((known, when)) = entries.iter_mut().find(same) {
                known.count = known.count.saturating_add(count);
                *when = self.store.or(*when, one.when);
                continue;
            }
            let entry = PathEntry {
                kind: one.entry.kind,
                words: one.entry.words.clone(),
                object: one.entry.object,
                at,
                count,
                when: String::new(),
                shortest,
            };
            entries.push((entry, one.when));
        }
        let mut told: Vec<PathEntry> = entries
            .into_iter()
            .map(|(mut entry, when)| {
                let when = self.project(when).unwrap_or(when);
                entry.when = self.short_words(when);
                entry
            })
            .collect();
        told.sort_by(|a, b| (a.kind, &a.at, &a.words).cmp(&(b.kind, &b.at, &b.words)));
        told
    }

    /// The functions from a state to the sink, by the shortest way.
    fn steps(
        &mut self,
        walk: &Walk,
        graph: &DiGraph<State, Span>,
        first: NodeIndex,
    ) -> Vec<PathStep> {
        let next = |number: &NodeIndex| graph[*number].next.map(|(next, _)| next);
        let chain = std::iter::successors(Some(first), next).map(|number| {
            let state = &graph[number];
            let span = state.next.map_or(state.sink, |(_, span)| span);
            (state.node, span)
        });
        self.path_steps(walk, chain)
    }

    /// A path to a sink, from its nodes and the places in them from which it goes on.
    pub(crate) fn path_steps(
        &mut self,
        walk: &Walk,
        chain: impl Iterator<Item = (usize, Span)>,
    ) -> Vec<PathStep> {
        let mut path: Vec<PathStep> = chain
            .map(|(node, span)| {
                let key = walk.nodes[node].key;
                PathStep {
                    function: self.name_of(key),
                    place: Place {
                        file: key.path,
                        span,
                    },
                }
            })
            .collect();
        // A call as a sink ends at the call, not inside the function that is called.
        let called = !walk.starts.iter().any(|start| start.is_place);
        if called && path.len() > 1 {
            path.pop();
        }
        path
    }

    fn told_calls(
        &mut self,
        walk: &Walk,
        graph: &DiGraph<State, Span>,
        (hither, onward): (&[u128], &[u128]),
    ) -> Vec<PathCall> {
        let mut counts: BTreeMap<(Place, usize, Option<usize>), u128> = BTreeMap::new();
        let mut add = |at: Place, caller: usize, callee: Option<usize>, ways: u128| {
            if ways > 0 {
                let count = counts.entry((at, caller, callee)).or_insert(0);
                *count = count.saturating_add(ways);
            }
        };
        for edge in graph.edge_references() {
            let (caller, callee) = (edge.source(), edge.target());
            let (from, to) = (graph[caller].node, graph[callee].node);
            let at = Place {
                file: walk.nodes[from].key.path,
                span: *edge.weight(),
            };
            let ways = hither[caller.index()].saturating_mul(onward[callee.index()]);
            add(at, from, Some(to), ways);
        }
        for number in graph.node_indices() {
            let state = &graph[number];
            let is_place = |start: &crate::walk::Start| {
                start.is_place && start.at == state.sink && state.next.is_none()
            };
            if walk.starts.iter().any(is_place) {
                let at = Place {
                    file: walk.nodes[state.node].key.path,
                    span: state.sink,
                };
                add(at, state.node, None, hither[number.index()]);
            }
        }
        counts
            .into_iter()
            .map(|((at, caller, callee), count)| PathCall {
                caller: self.name_of(walk.nodes[caller].key),
                callee: callee.map(|callee| self.name_of(walk.nodes[callee].key)),
                at,
                count,
            })
            .collect()
    }
}

impl States {
    /// A Condition without what nobody further out can speak of, so that more states are one.
    fn settled(&mut self, analysis: &mut Analysis<'_>, when: Condition) -> Condition {
        if let Some(known) = self.settled.get(&when) {
            return *known;
        }
        let settled = analysis.without_local(when);
        self.settled.insert(when, settled);
        settled
    }

    /// The state that is known by `key`; `next` is how its path leads on where it is new.
    fn state(&mut self, key: StateKey, next: (NodeIndex, Span)) -> NodeIndex {
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let number = self.graph.add_node(State {
            node: key.0,
            when: key.1,
            next: Some(next),
            sink: Span::default(),
        });
        self.queue.push_back((number, key.2.clone()));
        self.known.insert(key, number);
        number
    }
}

/// The cycle of calls that each node is part of, if it is part of one.
fn cycles(walk: &Walk) -> Vec<Option<usize>> {
    let mut cycles = vec![None; walk.nodes.len()];
    for (number, nodes) in algo::tarjan_scc(&walk.calls).into_iter().enumerate() {
        if nodes.len() > 1 {
            for node in nodes {
                cycles[node.index()] = Some(number);
            }
        }
    }
    cycles
}
