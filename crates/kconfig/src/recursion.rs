//! Symbols that depend on themselves, which the kernel's `conf` refuses.
//!
//! ```kconfig
//! config A
//! 	bool "a"
//! 	depends on B
//! config B
//! 	def_bool A
//! ```
//!
//! As `sym_check_deps()` of scripts/kconfig/symbol.c has it, what a symbol depends on, is selected or
//! implied by, and what its prompts, defaults and ranges ask is followed until it leads back. A choice
//! and its members are one, so that members may not ask each other.

use std::fmt;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use text::Name;

use crate::model::{ChoiceId, Definition, Model, Symbol};
use crate::term::Term;

/// How a symbol needs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// `depends on`
    DependsOn,
    /// The other has a `select` of it.
    SelectedBy,
    /// The other has an `imply` of it.
    ImpliedBy,
    /// A default names the other.
    DefaultHolds,
    /// A prompt, a default or a range is there only where the other allows it.
    VisibleBy,
    /// It is a member of the choice.
    MemberOf,
    /// The choice has it for a member.
    Has,
}

/// One step on the way from a symbol to itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// A symbol; a choice by its place.
    pub from: Name,
    /// How it needs the other.
    pub relation: Relation,
    /// Another, or itself.
    pub to: Name,
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self.relation {
            Relation::DependsOn => "depends on",
            Relation::SelectedBy => "is selected by",
            Relation::ImpliedBy => "is implied by",
            Relation::DefaultHolds => "has a default with",
            Relation::VisibleBy => "is seen only with",
            Relation::MemberOf => "is a member of",
            Relation::Has => "has the member",
        };
        write!(f, "{} {words} {}", self.from, self.to)
    }
}

impl Model {
    /// The ways that lead from a symbol back to itself, each told once, in the order in which Kconfig
    /// defines the symbols. Of ways that share a symbol not all are told.
    pub fn recursions(&self) -> Vec<Vec<Link>> {
        // The symbol of an older choice stands for the choice, which its members may ask.
        let state = |number: usize| match self.itself(number) {
            Some(_) => State::Done,
            None => State::New,
        };
        let count = self.cells.len();
        let mut search = Search {
            model: self,
            states: (0..count).map(state).collect(),
            stack: Vec::new(),
            open_terms: Vec::new(),
            done_terms: FxHashSet::default(),
            found: Vec::new(),
        };
        for number in 0..count {
            search.from(number);
        }
        search.found
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    Symbol(usize),
    Choice(usize),
    /// What a member needs besides its choice.
    Member(usize),
}

struct Frame {
    node: Node,
    edges: std::vec::IntoIter<(Relation, Node)>,
    /// The edge that is being followed.
    relation: Relation,
    /// How many terms were open before.
    terms: usize,
}

/// Entries of one symbol that are too many to compare with.
const MANY: usize = 8;

/// A term by its place in memory: entries of one menu share what stands around them.
type Shared = *const Term;

struct Search<'m> {
    model: &'m Model,
    states: Vec<State>,
    stack: Vec<Frame>,
    /// The shared terms of what is on the stack.
    open_terms: Vec<Shared>,
    /// Terms of which all symbols are done.
    done_terms: FxHashSet<Shared>,
    found: Vec<Vec<Link>>,
}

impl Search<'_> {
    fn from(&mut self, number: usize) {
        if self.states[number] == State::New {
            self.open(Node::Symbol(number));
        }
        while let Some(frame) = self.stack.last_mut() {
            let Some((relation, to)) = frame.edges.next() else {
                self.close();
                continue;
            };
            frame.relation = relation;
            match to {
                Node::Symbol(number) if self.states[number] == State::Open => {
                    self.tell(number);
                    // As the kernel does: all that led here is done with. What it names is not.
                    self.open_terms.clear();
                    while !self.stack.is_empty() {
                        self.close();
                    }
                }
                Node::Symbol(number) if self.states[number] == State::Done => {}
                node => self.open(node),
            }
        }
    }

    fn open(&mut self, node: Node) {
        match node {
            Node::Symbol(number) => self.states[number] = State::Open,
            Node::Choice(number) => self.set_members(number, State::Open),
            Node::Member(_) => {}
        }
        let terms = self.open_terms.len();
        let edges = self.edges(node).into_iter();
        self.stack.push(Frame {
            node,
            edges,
            relation: Relation::DependsOn,
            terms,
        });
    }

    fn close(&mut self) {
        let Some(frame) = self.stack.pop() else {
            return;
        };
        let from = frame.terms.min(self.open_terms.len());
        self.done_terms.extend(self.open_terms.drain(from..));
        match frame.node {
            Node::Symbol(number) => self.states[number] = State::Done,
            Node::Choice(number) => self.set_members(number, State::Done),
            Node::Member(_) => {}
        }
    }

    fn set_members(&mut self, choice: usize, state: State) {
        for member in &self.model.choice(ChoiceId(choice)).members {
            if let Some(number) = self.model.index.number(*member) {
                self.states[number] = state;
            }
        }
    }

    fn tell(&mut self, to: usize) {
        let choice = self.model.choice_at(to).map(|id| id.0);
        let is_start = |frame: &Frame| match frame.node {
            Node::Choice(number) => Some(number) == choice,
            Node::Symbol(number) => number == to && choice.is_none(),
            Node::Member(_) => false,
        };
        let start = self.stack.iter().rposition(is_start).unwrap_or(0);
        let way = &self.stack[start..];
        let ends = way.iter().skip(1).chain(&way[..1]);
        let links = way.iter().zip(ends).map(|(from, to)| Link {
            from: self.name(from.node),
            relation: from.relation,
            to: self.name(to.node),
        });
        self.found.push(links.collect());
    }

    fn name(&self, node: Node) -> Name {
        match node {
            Node::Symbol(number) | Node::Member(number) => self.model.name_at(number),
            Node::Choice(number) => self.model.choice(ChoiceId(number)).name(),
        }
    }

    fn edges(&mut self, node: Node) -> Vec<(Relation, Node)> {
        let mut edges = Edges {
            model: self.model,
            found: Vec::new(),
            names: Vec::new(),
            open_terms: &mut self.open_terms,
            done_terms: &self.done_terms,
        };
        match node {
            Node::Symbol(number) => match self.model.choice_at(number) {
                Some(id) => edges.found.push((Relation::MemberOf, Node::Choice(id.0))),
                None => edges.of_symbol(self.model.whole(number)),
            },
            Node::Member(number) => edges.of_symbol(self.model.whole(number)),
            Node::Choice(number) => {
                let choice = self.model.choice(ChoiceId(number));
                for term in choice.terms() {
                    edges.add(Relation::VisibleBy, term, &[]);
                }
                let members = choice.members.iter();
                let members = members.filter_map(|member| self.model.index.number(*member));
                let members = members.map(|number| (Relation::Has, Node::Member(number)));
                edges.found.extend(members);
            }
        }
        edges.found
    }
}

struct Edges<'e> {
    model: &'e Model,
    found: Vec<(Relation, Node)>,
    names: Vec<Name>,
    open_terms: &'e mut Vec<Shared>,
    done_terms: &'e FxHashSet<Shared>,
}

impl Edges<'_> {
    fn add(&mut self, relation: Relation, term: &Arc<Term>, known: &[Definition]) {
        self.collect(term, known);
        self.flush(relation);
    }

    fn flush(&mut self, relation: Relation) {
        let known = self.names.drain(..);
        let known = known.filter_map(|name| self.model.index.number(name));
        self.found
            .extend(known.map(|number| (relation, Node::Symbol(number))));
    }

    /// The names in a term, less what it shares with the dependencies of `known`: those are followed
    /// before, and most of a tree's terms are made of them.
    fn collect(&mut self, term: &Arc<Term>, known: &[Definition]) {
        // Looking for it among many costs more than following it again.
        let known = known.get(..MANY).map_or(known, |_| &[]);
        let is_known = |definition: &Definition| {
            let depends = definition.depends.as_ref();
            depends.is_some_and(|depends| definition.counts && Arc::ptr_eq(depends, term))
        };
        if known.iter().any(is_known) {
            return;
        }
        match &**term {
            Term::And(a, b) => {
                let shared = Arc::as_ptr(a);
                if !self.done_terms.contains(&shared) {
                    self.open_terms.push(shared);
                    self.collect(a, known);
                }
                self.collect(b, known);
            }
            term => term.symbols(&mut self.names),
        }
    }

    fn of_symbol(&mut self, symbol: &Symbol) {
        let own = &symbol.definitions[..];
        for definition in own.iter().filter(|d| d.counts) {
            if let Some(depends) = &definition.depends {
                self.add(Relation::DependsOn, depends, &[]);
            }
        }
        let mut selectors = self.model.selectors(symbol.name);
        selectors.sort_by_key(|select| select.weak);
        for select in selectors {
            self.names.push(select.by);
            let by = self.model.symbol(select.by);
            let known = by.map_or(&[][..], |by| &by.definitions[..]);
            let relation = if select.weak {
                Relation::ImpliedBy
            } else {
                Relation::SelectedBy
            };
            self.add(relation, &select.condition, known);
        }
        for prompt in &symbol.prompts {
            self.add(Relation::VisibleBy, &prompt.visible, own);
        }
        for default in &symbol.defaults {
            self.add(Relation::VisibleBy, &default.condition, own);
            self.add(Relation::DefaultHolds, &default.value, own);
        }
        for range in &symbol.ranges {
            self.add(Relation::VisibleBy, &range.condition, own);
        }
    }
}
