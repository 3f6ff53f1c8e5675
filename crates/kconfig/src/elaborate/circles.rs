//! Whether a symbol may depend on itself at all.
//!
//! To find the ways that lead from a symbol to itself, as [`Model::recursions`] does, all that all entries say must be
//! put together, and trees that anybody works with have none. So a graph is looked at first that has at least these
//! ways: of what entries name, and of what stands around them.
//!
//! [`Model::recursions`]: crate::Model::recursions

use rustc_hash::FxHashMap;
use text::Name;

use crate::index::OWN;
use crate::model::{ChoiceId, Model};
use crate::part::Part;

/// Who needs whom: symbols, then choices, each one with its members, then what stands around entries.
struct Needs<'m> {
    model: &'m Model,
    /// The node of each symbol: its choice's, where it is a member; none where it stands for one, which its members may
    /// ask.
    nodes: Vec<u32>,
    edges: Vec<(u32, u32)>,
    count: usize,
}

/// Stands for no node.
const NONE: u32 = u32::MAX;

fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(NONE)
}

impl Model {
    /// Whether choices share a member, as in no tree.
    pub(super) fn has_member_of_several(&self) -> bool {
        let first_choice = |member: &Name| self.choice_at(self.index.number(*member)?);
        let mut choices = self.all_choices().enumerate();
        choices.any(|(id, choice)| {
            let mut members = choice.members.iter();
            members.any(|member| first_choice(member) != Some(ChoiceId(id)))
        })
    }

    /// Whether some symbol may depend on itself; where not, none does.
    pub(super) fn may_circle(&self) -> bool {
        // Each one is taken for a member of its first choice below.
        if self.has_member_of_several() {
            return true;
        }
        let mut needs = Needs::new(self);
        let mut base = self.cells.len() + self.index.choices.len();
        let own = number(base);
        for (at, part) in self.parts() {
            let begin = number(base);
            needs.add_part((at, part), begin);
            if let Some(sourced) = at.checked_sub(1) {
                // What stands around a shared part as a whole stands there in the model's own.
                let outer = own + self.sourced[sourced as usize].around;
                needs.edges.push((begin, outer));
            }
            base += part.around.len();
        }
        needs.add_choices();
        needs.count = base;
        needs.circles()
    }
}

/// Symbols and choices, each choice one with its members.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Node {
    Symbol(usize),
    Choice(usize),
}

impl Model {
    /// Whether a way leads from one of some symbols back to it. Only what these need is looked at.
    pub(super) fn may_circle_from(&self, symbols: impl IntoIterator<Item = usize>) -> bool {
        let mut is_open: FxHashMap<Node, bool> = FxHashMap::default();
        let mut way: Vec<(Node, std::vec::IntoIter<Node>)> = Vec::new();
        for start in symbols
            .into_iter()
            .filter_map(|symbol| self.node_of(symbol))
        {
            if is_open.contains_key(&start) {
                continue;
            }
            is_open.insert(start, true);
            way.push((start, self.needed_by(start).into_iter()));
            while let Some((here, needed)) = way.last_mut() {
                let Some(to) = needed.next() else {
                    is_open.insert(*here, false);
                    way.pop();
                    continue;
                };
                match is_open.get(&to) {
                    Some(true) => return true,
                    Some(false) => {}
                    None => {
                        is_open.insert(to, true);
                        way.push((to, self.needed_by(to).into_iter()));
                    }
                }
            }
        }
        false
    }

    /// A symbol's node; none where it stands for a choice, which its members may ask.
    fn node_of(&self, symbol: usize) -> Option<Node> {
        if let Some(choice) = self.choice_at(symbol) {
            return Some(Node::Choice(choice.0));
        }
        self.itself(symbol)
            .is_none()
            .then_some(Node::Symbol(symbol))
    }

    /// What a node needs.
    fn needed_by(&self, node: Node) -> Vec<Node> {
        let mut names: Vec<Name> = Vec::new();
        match node {
            Node::Symbol(symbol) => self.names_of(symbol, &mut names),
            Node::Choice(number) => {
                let choice = self.choice(ChoiceId(number));
                choice.terms().for_each(|term| term.symbols(&mut names));
                let members = choice.members.iter();
                for member in members.filter_map(|name| self.index.number(*name)) {
                    self.names_of(member, &mut names);
                }
            }
        }
        names.sort_unstable();
        names.dedup();
        let symbols = names.into_iter().filter_map(|name| self.index.number(name));
        symbols.filter_map(|symbol| self.node_of(symbol)).collect()
    }

    /// The names in what a symbol's entries say, in what stands around them, and in what selects it.
    fn names_of(&self, symbol: usize, names: &mut Vec<Name>) {
        for (number, entry) in self.entries(symbol) {
            let part = self.part(number);
            let own = &entry.properties(part).shape().names;
            names.extend(own.iter().flatten());
            part.names_around(entry.context.number, names);
            if let Some(sourced) = number.checked_sub(1) {
                let around = self.sourced[sourced as usize].around;
                self.own.names_around(around, names);
            }
        }
        if self.has_macros(symbol) {
            let symbol = self.whole(symbol);
            symbol.terms().for_each(|term| term.symbols(names));
        }
        for select in self.selects_of(self.name_at(symbol)) {
            names.push(select.by);
            select.condition.symbols(names);
        }
    }
}

impl<'m> Needs<'m> {
    fn new(model: &'m Model) -> Needs<'m> {
        let symbols = model.cells.len();
        let mut nodes: Vec<u32> = (0..symbols).map(number).collect();
        for (id, choice) in model.all_choices().enumerate() {
            let members = choice.members.iter();
            for member in members.filter_map(|name| model.index.number(*name)) {
                nodes[member] = number(symbols + id);
            }
            if let Some(itself) = choice.itself.and_then(|name| model.index.number(name)) {
                nodes[itself] = NONE;
            }
        }
        Needs {
            model,
            nodes,
            edges: Vec::new(),
            count: 0,
        }
    }

    fn node(&self, name: Name) -> Option<u32> {
        let node = self.nodes[self.model.index.number(name)?];
        (node != NONE).then_some(node)
    }

    fn add(&mut self, from: u32, names: &[Name]) {
        for name in names {
            if let Some(to) = self.node(*name) {
                self.edges.push((from, to));
            }
        }
    }

    /// What entries of a part name, and what stands around them, from the node `begin` on.
    fn add_part(&mut self, (at, part): (u32, &Part), begin: u32) {
        let model = self.model;
        for (number, piece) in part.pieces.iter().enumerate() {
            let symbol = model.index.number_of_piece(at, number);
            let node = self.nodes[symbol];
            if node == NONE {
                continue;
            }
            for entry in &piece.entries {
                let names = &entry.properties(part).shape().names;
                self.add(node, names.as_deref().unwrap_or_default());
                self.edges.push((node, begin + entry.context.number));
            }
            if at == OWN && model.has_macros(symbol) {
                let mut names = Vec::new();
                let symbol = model.whole(symbol);
                symbol.terms().for_each(|term| term.symbols(&mut names));
                self.add(node, &names);
            }
        }
        for (place, asked) in (begin..).zip(&part.around) {
            self.add(place, &asked.names);
        }
        for (place, asked) in (begin..).zip(&part.around).skip(1) {
            self.edges.push((place, begin + asked.parent));
        }
        for select in &part.selects {
            if let Some(target) = self.node(select.target) {
                self.add(target, &[select.by]);
            }
        }
        for (target, name) in &part.selecting {
            if let Some(target) = self.node(*target) {
                self.add(target, &[*name]);
            }
        }
    }

    fn add_choices(&mut self) {
        let symbols = self.model.cells.len();
        for (id, choice) in self.model.all_choices().enumerate() {
            let mut names = Vec::new();
            choice.terms().for_each(|term| term.symbols(&mut names));
            self.add(number(symbols + id), &names);
        }
    }

    /// Whether a way leads from somewhere back to it.
    fn circles(&self) -> bool {
        let mut begins = vec![0_u32; self.count + 1];
        for (from, _) in &self.edges {
            begins[*from as usize + 1] += 1;
        }
        for at in 1..begins.len() {
            begins[at] += begins[at - 1];
        }
        let mut next = begins.clone();
        let mut ends = vec![0_u32; self.edges.len()];
        for (from, to) in &self.edges {
            let at = &mut next[*from as usize];
            ends[*at as usize] = *to;
            *at += 1;
        }
        next.clone_from(&begins);
        // Those on the way are open; what has no edge left is done.
        let mut is_open = vec![false; self.count];
        let mut way = Vec::new();
        for start in 0..self.count {
            let mut here = start;
            loop {
                is_open[here] = true;
                if next[here] < begins[here + 1] {
                    let to = ends[next[here] as usize] as usize;
                    next[here] += 1;
                    if is_open[to] {
                        return true;
                    }
                    if next[to] == begins[to] {
                        way.push(here);
                        here = to;
                    }
                    continue;
                }
                is_open[here] = false;
                match way.pop() {
                    Some(before) => here = before,
                    None => break,
                }
            }
        }
        false
    }
}
