//! The backward walk: from the sink to all from where it can be reached, each with the Condition
//! under which a call gets there.
//!
//! The Condition of a function speaks of its own parameters. At a call they are replaced by what is
//! passed, so that a literal NULL closes a path that asks for a pointer. Conditions only grow while
//! the walk goes on, and a caller is looked at again when what it calls has grown; the walk ends
//! when nothing new can hold.

use std::collections::{BTreeSet, VecDeque};

use condition::{Answer, Condition};
use kconfig::Near;
use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use rustc_hash::FxHashMap;
use text::{Name, Span};

use crate::link::{FunctionKey, is_header};
use crate::naming::naming_macro;
use crate::sites::{Entry, EntryKind, Site, Sites};
use crate::terms::{Substitution, TermId};
use crate::{Analysis, Extent, Goal, Ways};

/// What is asked about: a function being called, or a place in a function being reached.
#[derive(Clone, Debug)]
pub(crate) struct Start {
    pub(crate) key: FunctionKey,
    /// When, over the function's parameters.
    pub(crate) when: Condition,
    /// Whether it is a place in the function.
    pub(crate) is_place: bool,
    /// That place, or the name in the function's head.
    pub(crate) at: Span,
}

/// A function from which the sink is reached.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) key: FunctionKey,
    /// When a call of it gets to the sink, over its parameters.
    pub(crate) reach: Condition,
    /// When it is part of the kernel at all.
    pub(crate) provided: Condition,
    pub(crate) entries: Vec<Entry>,
    /// How often `reach` has grown.
    grown: u32,
}

/// Why a call does not lead on.
#[derive(Clone, Debug)]
pub(crate) struct Closed {
    /// How many calls from the sink.
    pub(crate) distance: u32,
    /// The function that would call, if it is one.
    pub(crate) caller: Option<FunctionKey>,
    pub(crate) callee: FunctionKey,
    /// The file that would call.
    pub(crate) file: Name,
    pub(crate) span: Span,
    /// What cannot hold together; nothing where what is passed closes the path by itself.
    pub(crate) parts: Vec<Part>,
    /// What is passed, and what the callee needs of it, for such a one.
    pub(crate) passing: Option<Box<(Site, Condition)>>,
}

/// A part of what a call needs to be made and to lead on.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) need: Need,
    pub(crate) when: Condition,
}

/// What kind of thing a call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// That the caller comes to it.
    Called,
    /// That the callee leads on, with what is passed.
    Led,
    /// That a module may call it.
    Linked,
    /// That the file is part of the kernel.
    Built,
    /// That the function which calls is.
    Defined,
}

/// What a walk found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Walk {
    pub(crate) nodes: Vec<Node>,
    by_key: FxHashMap<FunctionKey, usize>,
    pub(crate) starts: Vec<Start>,
    /// The call graph: a node for each of `nodes`, an edge from caller to callee for each call.
    pub(crate) calls: DiGraph<FunctionKey, Site>,
    pub(crate) closed: Vec<Closed>,
    /// Nodes whose callers are not asked for.
    pub(crate) stopped: BTreeSet<usize>,
    /// A limit that was hit: what is not found may still be there.
    pub(crate) limit: Option<String>,
    /// Some function's Condition says more than is true.
    pub(crate) is_widened: bool,
    /// Callers were not asked for that have nothing to do with what was to be shown: there may be more paths.
    pub(crate) is_partial: bool,
}

impl Walk {
    pub(crate) fn node_of(&self, key: FunctionKey) -> Option<usize> {
        self.by_key.get(&key).copied()
    }

    fn add_node(&mut self, key: FunctionKey, provided: Condition) -> usize {
        if let Some(known) = self.node_of(key) {
            return known;
        }
        let number = self.nodes.len();
        self.calls.add_node(key);
        self.nodes.push(Node {
            key,
            reach: Condition::FALSE,
            provided,
            entries: Vec::new(),
            grown: 0,
        });
        self.by_key.insert(key, number);
        number
    }

    fn add_edge(&mut self, caller: usize, callee: usize, site: &Site) {
        let (caller, callee) = (NodeIndex::new(caller), NodeIndex::new(callee));
        let known = self.calls.edges_connecting(caller, callee);
        if !known
            .into_iter()
            .any(|edge| edge.weight().place == site.place && edge.weight().when == site.when)
        {
            self.calls.add_edge(caller, callee, site.clone());
        }
    }

    /// The calls of a node, by the caller's file and the place in it.
    pub(crate) fn calls_of(&self, node: usize) -> Vec<(usize, &Site)> {
        let edges = self
            .calls
            .edges_directed(NodeIndex::new(node), Direction::Incoming);
        let mut calls: Vec<_> = edges
            .map(|edge| (edge.source().index(), edge.weight()))
            .collect();
        calls.sort_by_key(|(_, site)| (site.caller, site.span, site.place));
        calls
    }

    /// All entries, with the Condition under which they lead to the sink.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (usize, &Entry)> {
        self.nodes
            .iter()
            .enumerate()
            .flat_map(|(n, node)| node.entries.iter().map(move |e| (n, e)))
    }
}

/// What is said where not all paths were looked for.
pub(crate) const FIRST_PATH: &str = "the walk ended at the first path";

/// A goal that is still to be shown: when it is, and when it may be.
struct Open {
    shows: Condition,
    may: Condition,
}

impl<'t> Analysis<'t> {
    /// Whether `condition` can hold in some configuration; `None` where that was not found out.
    pub(crate) fn can_hold(&mut self, parts: &[Condition]) -> Option<bool> {
        self.can_hold_by(parts, |analysis, all| match analysis.solve(&[all]) {
            Answer::Sat(_) => Some(true),
            Answer::Unsat(_) => Some(false),
            Answer::Unknown(_) => None,
        })
    }

    /// As much of Kconfig as answers to a few questions will hang on.
    pub(crate) fn near(&self) -> Near<'t> {
        let mut near = Near::new(self.model);
        near.set_steps(self.limits.solver_steps);
        near
    }

    /// The same as [`Analysis::can_hold`], asked of as little of Kconfig as shows it: who points at a place waits for the
    /// answer.
    pub(crate) fn can_hold_near(
        &mut self,
        near: &mut Near<'_>,
        parts: &[Condition],
    ) -> Option<bool> {
        self.can_hold_by(parts, |analysis, all| {
            let canonical = analysis.store.set_canonical(false);
            let answer = near.can(&mut analysis.store, &[all]);
            analysis.store.set_canonical(canonical);
            answer
        })
    }

    /// The same, where what is not known yet is found out by `ask`.
    fn can_hold_by(
        &mut self,
        parts: &[Condition],
        ask: impl FnOnce(&mut Self, Condition) -> Option<bool>,
    ) -> Option<bool> {
        // A question need not be one handle with all that mean the same.
        let canonical = self.store.set_canonical(false);
        let all = self.store.and_all(parts.iter().copied());
        self.store.set_canonical(canonical);
        if all.is_false() {
            return Some(false);
        }
        if self.given.is_some() {
            // All of Kconfig is decided; what is left is not Kconfig's.
            return Some(true);
        }
        if let Some(known) = self.feasible.get(&all) {
            return *known;
        }
        let answer = ask(self, all);
        self.feasible.insert(all, answer);
        answer
    }

    /// Asks the solver, with all of Kconfig that the question touches.
    pub(crate) fn solve(&mut self, assumptions: &[Condition]) -> Answer {
        let canonical = self.store.set_canonical(false);
        for condition in assumptions {
            self.constraints
                .require_for(&mut self.store, &mut self.solver, *condition);
        }
        self.store.set_canonical(canonical);
        self.solver.solve(&self.store, assumptions)
    }

    /// Walks back from `starts`.
    pub(crate) fn walk(&mut self, starts: Vec<Start>, ways: &Ways, extent: &Extent<'_>) -> Walk {
        let mut walk = self.begun(starts);
        let mut queue: VecDeque<(usize, u32)> =
            (0..walk.nodes.len()).map(|node| (node, 1)).collect();
        let mut open: Option<Vec<Open>> = match extent {
            Extent::Whole => None,
            Extent::Until(goals) => {
                let goals = [Goal::Reached].into_iter().chain(goals.iter().cloned());
                Some(goals.map(|goal| self.open(&goal, &walk)).collect())
            }
        };
        let mut sites = FxHashMap::default();
        let mut rounds = 0;
        while let Some((node, distance)) = queue.pop_front() {
            rounds += 1;
            if rounds > self.limits.rounds || walk.nodes.len() > self.limits.functions {
                walk.limit = Some(format!(
                    "the walk was given up after {} functions",
                    walk.nodes.len()
                ));
                break;
            }
            if open
                .as_ref()
                .is_some_and(|goals| self.is_vain(&walk, node, goals))
            {
                walk.is_partial = true;
                continue;
            }
            // The sink's own function is the first; it is no call away.
            if distance > self.limits.depth.saturating_add(1) {
                walk.limit = Some(format!(
                    "the walk was given up {} calls from where it began",
                    self.limits.depth
                ));
                continue;
            }
            let name = self.name_of(walk.nodes[node].key);
            if ways.stops.contains(name.as_str()) {
                walk.stopped.insert(node);
                continue;
            }
            if ways.entries.contains(name.as_str()) {
                self.named_entry(&mut walk, node);
            }
            self.extend(&mut walk, (node, distance), &mut sites, &mut queue);
            // Where some Condition says more than is true, more paths may be needed to show one.
            let goals = open
                .as_mut()
                .filter(|_| !walk.is_widened && !queue.is_empty());
            if goals.is_some_and(|goals| self.are_shown(&walk, node, goals)) {
                walk.limit = Some(FIRST_PATH.to_owned());
                break;
            }
        }
        walk
    }

    /// A walk that knows only where it begins.
    fn begun(&mut self, starts: Vec<Start>) -> Walk {
        let mut walk = Walk::default();
        for start in &starts {
            let provided = self.node_provided(start.key);
            if self.can_hold(&[provided, start.when]) == Some(false) {
                let needs = [(Need::Defined, provided), (Need::Led, start.when)];
                walk.closed.push(Closed {
                    distance: 0,
                    caller: None,
                    callee: start.key,
                    file: start.key.path,
                    span: start.at,
                    parts: parts(&needs),
                    passing: None,
                });
                continue;
            }
            let node = walk.add_node(start.key, provided);
            walk.nodes[node].reach = self.store.or(walk.nodes[node].reach, start.when);
        }
        walk.starts = starts;
        walk
    }

    /// A header's function is there wherever it is included; others where their file is built.
    pub(crate) fn node_provided(&mut self, key: FunctionKey) -> Condition {
        if is_header(&key.path) {
            Condition::TRUE
        } else {
            self.provided(key)
        }
    }

    /// Looks at all that may call a node.
    fn extend(
        &mut self,
        walk: &mut Walk,
        (node, distance): (usize, u32),
        known: &mut FxHashMap<(usize, Name), Sites>,
        queue: &mut VecDeque<(usize, u32)>,
    ) {
        let callee = walk.nodes[node].key;
        let own = [walk.nodes[node].reach, walk.nodes[node].provided];
        let mut used = false;
        for path in self.files_of(callee) {
            let built = self.built(path);
            if self.can_hold(&[own[0], own[1], built]) == Some(false) {
                used = true;
                let led = self.store.and(own[0], own[1]);
                walk.closed.push(Closed {
                    distance,
                    caller: None,
                    callee,
                    file: path,
                    span: Span::default(),
                    parts: parts(&[(Need::Built, built), (Need::Led, led)]),
                    passing: None,
                });
                continue;
            }
            let sites = match known.get(&(node, path)) {
                Some(sites) => sites.clone(),
                None => self.sites_in(callee, path),
            };
            known.entry((node, path)).or_insert_with(|| sites.clone());
            used |= sites.mentioned;
            for entry in &sites.entries {
                self.add_entry(walk, node, entry, own);
            }
            for site in &sites.calls {
                self.add_call(walk, (node, distance), site, queue);
            }
        }
        self.outside_entry(walk, node);
        if !used && walk.nodes[node].entries.is_empty() {
            self.unnamed_entry(walk, node);
        }
    }

    fn add_entry(&mut self, walk: &mut Walk, node: usize, entry: &Entry, own: [Condition; 2]) {
        let known = walk.nodes[node]
            .entries
            .iter()
            .any(|e| e.span == entry.span && e.file == entry.file);
        if !known && self.can_hold(&[own[0], own[1], entry.when]) != Some(false) {
            walk.nodes[node].entries.push(entry.clone());
        }
    }

    /// A goal that a walk is to show.
    fn open(&mut self, goal: &Goal<'_>, walk: &Walk) -> Open {
        let shows = self.goal(goal, walk).0;
        let may = match goal {
            Goal::Outside(backend) => self.store.or(shows, backend.unclear),
            _ => shows,
        };
        Open { shows, may }
    }

    /// Whether no path that comes through a node can have to do with what is still to be shown.
    fn is_vain(&mut self, walk: &Walk, node: usize, goals: &[Open]) -> bool {
        let own = [walk.nodes[node].reach, walk.nodes[node].provided];
        let mut goals = goals.iter();
        goals.all(|goal| self.can_hold(&[own[0], own[1], goal.may]) == Some(false))
    }

    /// Takes from `goals` those with which a path begins at a node; whether none is left, and a path begins there.
    fn are_shown(&mut self, walk: &Walk, node: usize, goals: &mut Vec<Open>) -> bool {
        let node = &walk.nodes[node];
        for entry in &node.entries {
            let own = self.store.and_all([node.reach, node.provided, entry.when]);
            goals.retain(|goal| self.can_hold_refined(own, goal.shows) != Some(true));
        }
        goals.is_empty()
    }

    /// A function of which the question says that something calls it.
    fn named_entry(&mut self, walk: &mut Walk, node: usize) {
        let span = self.head(walk.nodes[node].key);
        let what = (EntryKind::Named, "an entry that the rule names".to_owned());
        add_plain_entry(&mut walk.nodes[node], span, what);
    }

    /// A function that something outside of C calls is an entry.
    fn outside_entry(&mut self, walk: &mut Walk, node: usize) {
        let key = walk.nodes[node].key;
        if let Some(what) = self.outside_words(key)
            && let Some(file) = self.read_file(key.path)
        {
            let span = file.function(key.id).name_span;
            add_plain_entry(&mut walk.nodes[node], span, what);
        }
    }

    /// What outside of C calls a function: boot code, a generator such as a system call's, assembler.
    pub(crate) fn outside_words(&mut self, key: FunctionKey) -> Option<(EntryKind, String)> {
        let file = self.read_file(key.path)?;
        let function = file.function(key.id);
        match function.entry {
            Some(words) if words == csource::SYSTEM_CALL => {
                Some((EntryKind::SystemCall, words.to_owned()))
            }
            Some(words) => Some((EntryKind::Exception, words.to_owned())),
            None if self.vocabulary.entries.contains(&*function.name) => {
                Some((EntryKind::Boot, "boot code".to_owned()))
            }
            None if function.linkage.is_static => None,
            None => Some((EntryKind::Assembler, self.assembler(function.name)?)),
        }
    }

    /// A static function that nothing seems to mention is used through a macro that builds its name
    /// (`DEVICE_ATTR_RW(state)` uses `state_show`).
    fn unnamed_entry(&mut self, walk: &mut Walk, node: usize) {
        let key = walk.nodes[node].key;
        let Some(file) = self.read_file(key.path) else {
            return;
        };
        let function = file.function(key.id);
        if let Some(words) = naming_macro(&file, function) {
            let what = (EntryKind::Macro, words);
            add_plain_entry(&mut walk.nodes[node], function.name_span, what);
        }
    }

    fn add_call(
        &mut self,
        walk: &mut Walk,
        (node, distance): (usize, u32),
        site: &Site,
        queue: &mut VecDeque<(usize, u32)>,
    ) {
        let callee = walk.nodes[node].key;
        let reach = walk.nodes[node].reach;
        let passed = self.passed(reach, site);
        let links = self.links(site.caller, callee);
        let led = self.store.and_all([site.when, passed, links]);
        let provided = self.node_provided(site.caller);
        let own = self
            .store
            .and_all([led, provided, walk.nodes[node].provided]);
        let closed = |parts, passing| Closed {
            distance,
            caller: Some(site.caller),
            callee,
            file: site.caller.path,
            span: site.span,
            parts,
            passing,
        };
        if own.is_false() {
            let passing = Box::new((site.clone(), reach));
            walk.closed.push(closed(Vec::new(), Some(passing)));
            return;
        }
        if self.can_hold(&[own]) == Some(false) {
            let needs = [
                (Need::Defined, provided),
                (Need::Called, site.when),
                (Need::Linked, links),
                (Need::Led, passed),
                (Need::Led, walk.nodes[node].provided),
            ];
            walk.closed.push(closed(parts(&needs), None));
            return;
        }
        let led = self.store.and(led, walk.nodes[node].provided);
        let caller = walk.add_node(site.caller, provided);
        walk.add_edge(caller, node, site);
        let before = walk.nodes[caller].reach;
        // Something is new only if it can hold where what is known does not.
        if self.can_hold(&[led, !before]) != Some(false) {
            let reach = self.store.or(before, led);
            walk.nodes[caller].reach = self.widened(walk, caller, reach);
            if !queue.iter().any(|(queued, _)| *queued == caller) {
                queue.push_back((caller, distance + 1));
            }
        }
    }

    /// A function that calls itself with another argument would have its Condition grow for ever.
    /// Once it has grown often enough it no longer speaks of values: more may hold then, never less.
    fn widened(&mut self, walk: &mut Walk, node: usize, reach: Condition) -> Condition {
        walk.nodes[node].grown += 1;
        if walk.nodes[node].grown < self.limits.growths {
            return reach;
        }
        walk.is_widened = true;
        // What those values need of Kconfig stays.
        let reach = self.refined(reach);
        self.project(reach).unwrap_or(Condition::TRUE)
    }

    /// A Condition over the callee's parameters as one over the caller's.
    pub(crate) fn passed(&mut self, condition: Condition, site: &Site) -> Condition {
        let args: Vec<TermId> = site.args.clone();
        let mut substitution = Substitution::new(args, site.place);
        self.terms
            .substitute_condition(&mut self.store, condition, &mut substitution)
    }
}

fn parts(needs: &[(Need, Condition)]) -> Vec<Part> {
    let needs = needs.iter().filter(|(_, when)| !when.is_true());
    needs
        .map(|(need, when)| Part {
            need: *need,
            when: *when,
        })
        .collect()
}

fn add_plain_entry(node: &mut Node, span: Span, (kind, words): (EntryKind, String)) {
    let entry = Entry {
        words,
        kind,
        object: None,
        slot: None,
        when: Condition::TRUE,
        file: node.key.path,
        span,
    };
    if !node
        .entries
        .iter()
        .any(|known| known.span == span && known.file == entry.file)
    {
        node.entries.push(entry);
    }
}
