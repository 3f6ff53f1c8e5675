//! Formulas, each held once.
//!
//! A formula is a constant, an atom, a conjunction, or the negation of one of these. The negation
//! is a bit of the handle, so `!!a == a` and `a && !a` is seen to be false at once; a disjunction is
//! the negation of a conjunction of negations. Conjunctions are flat, sorted and without repeats.

mod conjunction;

use rustc_hash::FxHashMap;

use crate::diagram::{DiagramId, Diagrams};
use crate::{Atom, AtomId, Level};

/// A handle to a formula of one [`Store`]. Two handles of one store are equal exactly if the
/// formulas are the same after simplification (logical equality is the solver's business).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Condition(u32);

impl Condition {
    /// Always.
    pub const TRUE: Condition = Condition(0);
    /// Never.
    pub const FALSE: Condition = Condition(1);

    fn new(node: u32, negated: bool) -> Condition {
        Condition(node << 1 | u32::from(negated))
    }

    /// The constant.
    #[must_use]
    pub fn constant(value: bool) -> Condition {
        if value {
            Condition::TRUE
        } else {
            Condition::FALSE
        }
    }

    /// Whether this is the constant true.
    #[must_use]
    pub fn is_true(self) -> bool {
        self == Condition::TRUE
    }

    /// Whether this is the constant false.
    #[must_use]
    pub fn is_false(self) -> bool {
        self == Condition::FALSE
    }

    pub(crate) fn node(self) -> usize {
        (self.0 >> 1) as usize
    }

    pub(crate) fn is_negated(self) -> bool {
        self.0 & 1 == 1
    }

    fn positive(self) -> Condition {
        Condition(self.0 & !1)
    }
}

impl std::ops::Not for Condition {
    type Output = Condition;

    fn not(self) -> Condition {
        Condition(self.0 ^ 1)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    True,
    Atom(AtomId),
    And(Box<[Condition]>),
}

/// How a formula looks from outside, for those who print or walk it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// True or false.
    Constant(bool),
    /// An atom, or its negation where the flag says so.
    Atom(Atom, bool),
    /// All of these.
    And(Vec<Condition>),
    /// Any of these.
    Or(Vec<Condition>),
}

/// Holds formulas. Handles are numbers in order of creation: the same calls give the same handles.
#[derive(Clone, Debug)]
pub struct Store {
    nodes: Vec<Node>,
    by_node: FxHashMap<Node, u32>,
    atoms: Vec<Atom>,
    by_atom: FxHashMap<Atom, AtomId>,
    /// Whether formulas are compared by their meaning as they are made.
    canonical: bool,
    diagrams: Diagrams,
    /// The diagram of each node that has one.
    diagram_of: FxHashMap<u32, DiagramId>,
    /// The first formula of each meaning.
    first: FxHashMap<DiagramId, Condition>,
    /// Conjunctions of two, made while formulas are compared by their meaning.
    pairs: FxHashMap<(Condition, Condition), Condition>,
}

impl Default for Store {
    fn default() -> Store {
        Store::new()
    }
}

impl Store {
    /// An empty store.
    #[must_use]
    pub fn new() -> Store {
        Store {
            nodes: vec![Node::True],
            by_node: FxHashMap::default(),
            atoms: Vec::new(),
            by_atom: FxHashMap::default(),
            canonical: false,
            diagrams: Diagrams::default(),
            diagram_of: FxHashMap::from_iter([(0, DiagramId::TRUE)]),
            first: FxHashMap::default(),
            pairs: FxHashMap::default(),
        }
    }

    /// From now on formulas that mean the same are one handle, as far as that is found out cheaply:
    /// right for the many small conditions of headers and calls, wasteful for a whole configuration
    /// language. Answers how it was before.
    pub fn set_canonical(&mut self, canonical: bool) -> bool {
        std::mem::replace(&mut self.canonical, canonical)
    }

    fn diagram(&mut self, condition: Condition) -> Option<DiagramId> {
        let number = u32::try_from(condition.node()).ok()?;
        let plain = match self.diagram_of.get(&number) {
            Some(known) => *known,
            None => match self.nodes[condition.node()] {
                Node::Atom(id) => {
                    let variable = self.diagrams.variable(id.0);
                    self.diagram_of.insert(number, variable);
                    self.first.entry(variable).or_insert(condition.positive());
                    variable
                }
                Node::True | Node::And(_) => return None,
            },
        };
        Some(if condition.is_negated() {
            !plain
        } else {
            plain
        })
    }

    fn intern(&mut self, node: Node) -> Condition {
        if let Some(&known) = self.by_node.get(&node) {
            return Condition::new(known, false);
        }
        let number = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX >> 1);
        self.nodes.push(node.clone());
        self.by_node.insert(node, number);
        Condition::new(number, false)
    }

    /// The Condition that `atom` holds.
    pub fn atom(&mut self, atom: Atom) -> Condition {
        let next = AtomId(u32::try_from(self.atoms.len()).unwrap_or(u32::MAX));
        let id = *self.by_atom.entry(atom).or_insert(next);
        if id == next {
            self.atoms.push(atom);
        }
        self.intern(Node::Atom(id))
    }

    /// The Condition that Kconfig symbol `name` (without `CONFIG_`) has exactly the value `level`.
    pub fn symbol(&mut self, name: &str, level: Level) -> Condition {
        self.atom(Atom::Symbol {
            name: name.into(),
            level,
        })
    }

    /// The Condition that Kconfig symbol `name` is `y` or `m`, as `IS_ENABLED(CONFIG_name)` asks.
    pub fn enabled(&mut self, name: &str) -> Condition {
        let yes = self.symbol(name, Level::Yes);
        let module = self.symbol(name, Level::Module);
        self.or(yes, module)
    }

    /// The atom behind a number.
    #[must_use]
    pub fn atom_of(&self, id: AtomId) -> Atom {
        self.atoms[id.0 as usize]
    }

    /// How `condition` looks from outside.
    #[must_use]
    pub fn shape(&self, condition: Condition) -> Shape {
        let negated = condition.is_negated();
        match &self.nodes[condition.node()] {
            Node::True => Shape::Constant(!negated),
            Node::Atom(id) => Shape::Atom(self.atom_of(*id), negated),
            Node::And(children) if negated => {
                Shape::Or(children.iter().map(|child| !*child).collect())
            }
            Node::And(children) => Shape::And(children.to_vec()),
        }
    }

    pub(crate) fn node_of(&self, condition: Condition) -> &Node {
        &self.nodes[condition.node()]
    }

    /// The atoms that `condition` asks about, in the order of [`Atom`].
    #[must_use]
    pub fn atoms(&self, condition: Condition) -> Vec<Atom> {
        let mut seen = vec![condition.positive()];
        let mut found = Vec::new();
        let mut known: rustc_hash::FxHashSet<Condition> = seen.iter().copied().collect();
        while let Some(next) = seen.pop() {
            match &self.nodes[next.node()] {
                Node::True => {}
                Node::Atom(id) => found.push(self.atom_of(*id)),
                Node::And(children) => {
                    let open = children.iter().map(|c| c.positive());
                    seen.extend(open.filter(|c| known.insert(*c)));
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// `condition` with every atom replaced by what `replace` gives for it.
    pub fn map_atoms(
        &mut self,
        condition: Condition,
        replace: &mut dyn FnMut(&mut Store, Atom) -> Condition,
    ) -> Condition {
        let mut done: FxHashMap<Condition, Condition> = FxHashMap::default();
        self.map_with(condition, &mut done, replace)
    }

    // The stack is explicit: a formula may be as deep as a call path is long.
    fn map_with(
        &mut self,
        condition: Condition,
        done: &mut FxHashMap<Condition, Condition>,
        replace: &mut dyn FnMut(&mut Store, Atom) -> Condition,
    ) -> Condition {
        let mut stack = vec![condition.positive()];
        while let Some(&top) = stack.last() {
            if done.contains_key(&top) {
                stack.pop();
                continue;
            }
            let mapped = match self.nodes[top.node()].clone() {
                Node::True => top,
                Node::Atom(id) => {
                    let atom = self.atom_of(id);
                    replace(self, atom)
                }
                Node::And(children) => {
                    let before = stack.len();
                    let open = children.iter().map(|child| child.positive());
                    stack.extend(open.filter(|child| !done.contains_key(child)));
                    if stack.len() > before {
                        continue;
                    }
                    let mapped: Vec<Condition> = children
                        .iter()
                        .map(|child| signed(done[&child.positive()], *child))
                        .collect();
                    self.and_all(mapped)
                }
            };
            done.insert(top, mapped);
            stack.pop();
        }
        signed(done[&condition.positive()], condition)
    }

    /// `condition` without the atoms that `gone` names: true exactly where some values of theirs make
    /// it true. `None` where that was given up.
    pub fn project(
        &mut self,
        condition: Condition,
        gone: &dyn Fn(Atom) -> bool,
    ) -> Option<Condition> {
        let mut steps = MOST_PROJECTION_STEPS;
        let diagram = self.whole_diagram(condition, 0, &mut steps)?;
        let atoms = std::mem::take(&mut self.atoms);
        let projected = self.diagrams.project(diagram, &|variable| {
            atoms.get(variable as usize).is_some_and(|a| gone(*a))
        });
        self.atoms = atoms;
        let mut known = FxHashMap::default();
        Some(self.of_diagram(projected?, &mut known))
    }

    /// The diagram of a formula, made now where its parts were joined without.
    fn whole_diagram(
        &mut self,
        condition: Condition,
        depth: u32,
        steps: &mut u32,
    ) -> Option<DiagramId> {
        if let Some(known) = self.diagram(condition) {
            return Some(known);
        }
        let Node::And(children) = self.nodes[condition.node()].clone() else {
            return None;
        };
        if depth > DEEPEST_DIAGRAM {
            return None;
        }
        let mut product = DiagramId::TRUE;
        for child in &children {
            let child = self.whole_diagram(*child, depth + 1, steps)?;
            product = self.diagrams.and_within(product, child, steps)?;
        }
        if let Ok(number) = u32::try_from(condition.node()) {
            self.diagram_of.insert(number, product);
        }
        Some(if condition.is_negated() {
            !product
        } else {
            product
        })
    }

    /// `condition` in kernel words, the shorter of two ways: as it was made, and as a sum of products
    /// none of which can be left out.
    pub fn words(&mut self, condition: Condition) -> String {
        let made = self.display(condition).to_string();
        let products = self
            .whole_diagram(condition, 0, &mut MOST_WORD_STEPS.clone())
            .and_then(|id| self.diagrams.products(id));
        let Some(products) = products else {
            return made;
        };
        // Else the store would give back the formula that it had first.
        let canonical = self.set_canonical(false);
        let mut sum = Condition::FALSE;
        for product in products {
            let mut all = Condition::TRUE;
            for (variable, value) in product {
                let atom = self.intern(Node::Atom(AtomId(variable)));
                all = self.and(all, if value { atom } else { !atom });
            }
            sum = self.or(sum, all);
        }
        self.set_canonical(canonical);
        let short = self.display(sum).to_string();
        if short.len() < made.len() {
            short
        } else {
            made
        }
    }

    fn of_diagram(
        &mut self,
        id: DiagramId,
        known: &mut FxHashMap<DiagramId, Condition>,
    ) -> Condition {
        match id {
            DiagramId::TRUE => return Condition::TRUE,
            DiagramId::FALSE => return Condition::FALSE,
            _ => {}
        }
        if let Some(done) = known.get(&id).or_else(|| self.first.get(&id)) {
            return *done;
        }
        if let Some(done) = self.first.get(&!id) {
            return !*done;
        }
        let (variable, yes, no) = self.diagrams.parts(id);
        let (yes, no) = (self.of_diagram(yes, known), self.of_diagram(no, known));
        let test = self.intern(Node::Atom(AtomId(variable)));
        let made = self.ite(test, yes, no);
        known.insert(id, made);
        made
    }

    /// The value of `condition` where `value` tells each atom's; `None` where it depends on an atom
    /// that `value` does not know.
    pub fn evaluate(
        &self,
        condition: Condition,
        value: &mut dyn FnMut(Atom) -> Option<bool>,
    ) -> Option<bool> {
        self.evaluate_with(condition, value, &mut FxHashMap::default())
    }

    /// The same, with what is known of parts that stand in it more than once.
    fn evaluate_with(
        &self,
        condition: Condition,
        value: &mut dyn FnMut(Atom) -> Option<bool>,
        known: &mut FxHashMap<usize, Option<bool>>,
    ) -> Option<bool> {
        let plain = match &self.nodes[condition.node()] {
            Node::True => Some(true),
            Node::Atom(id) => value(self.atom_of(*id)),
            Node::And(children) => {
                if let Some(known) = known.get(&condition.node()) {
                    return known.map(|value| value != condition.is_negated());
                }
                let mut all = Some(true);
                for child in children {
                    match self.evaluate_with(*child, value, known) {
                        Some(true) => {}
                        Some(false) => {
                            all = Some(false);
                            break;
                        }
                        None => all = None,
                    }
                }
                known.insert(condition.node(), all);
                all
            }
        };
        plain.map(|value| value != condition.is_negated())
    }

    /// How many distinct formulas are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Never: the constant is always there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

fn signed(mapped: Condition, original: Condition) -> Condition {
    if original.is_negated() {
        !mapped
    } else {
        mapped
    }
}

/// Formulas that nest deeper get no diagram of their own.
const DEEPEST_DIAGRAM: u32 = 200;

/// Steps that the diagram of one Condition may cost that is projected.
const MOST_PROJECTION_STEPS: u32 = 400_000;

/// Steps that the diagram of one Condition may cost that is written out.
const MOST_WORD_STEPS: u32 = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn abc() -> (Store, [Condition; 3]) {
        let mut store = Store::new();
        let atoms = ["A", "B", "C"].map(|name| store.symbol(name, Level::Yes));
        (store, atoms)
    }

    #[test]
    fn equal_formulas_are_equal_handles() {
        let (mut store, [a, b, c]) = abc();
        let left = store.and(a, b);
        let left = store.and(left, c);
        let right = store.and(c, b);
        let right = store.and(right, a);
        assert_eq!(left, right);
        assert_eq!(store.or(a, !a), Condition::TRUE);
        assert_eq!(store.and(a, !a), Condition::FALSE);
    }

    #[test]
    fn words_are_the_shortest_that_are_known() {
        let (mut store, [a, b, c]) = abc();
        // Made so, the cases of A stay visible.
        let with = store.and(a, b);
        let without = store.and(!a, b);
        let made = store.or(with, without);
        assert_eq!(store.words(made), "B=y");
        let shared = store.or(made, c);
        assert_eq!(store.words(shared), "B=y || C=y");
        let parts = [store.and(a, b), store.and(!a, c), store.and(b, c)];
        let all = store.or_all(parts);
        assert_eq!(store.words(all), "A!=y && C=y || A=y && B=y");
        assert_eq!(store.words(Condition::TRUE), "always");
        assert_eq!(store.words(Condition::FALSE), "never");
    }

    #[test]
    fn a_part_takes_its_neighbours_for_granted() {
        let (mut store, [a, b, _]) = abc();
        let either = store.or(a, b);
        assert_eq!(store.and(a, either), a);
        let implied = store.implies(a, b);
        assert_eq!(store.and(a, implied), store.and(a, b));
    }

    #[test]
    fn formulas_of_one_meaning_are_one_handle_where_that_is_asked_for() {
        let (mut store, [a, b, c]) = abc();
        store.set_canonical(true);
        let ab = store.and(a, b);
        let nab = store.and(!a, b);
        assert_eq!(store.or(ab, nab), b);
        let left = store.ite(a, b, c);
        let both = store.and(b, c);
        let redundant = store.or(left, both);
        assert_eq!(redundant, left);
        let different = store.iff(a, b);
        let same = store.iff(!a, !b);
        assert_eq!(different, same);
    }

    #[test]
    fn projection_is_exact() {
        let (mut store, [a, b, c]) = abc();
        store.set_canonical(true);
        let gone = |atom: Atom| matches!(atom, Atom::Symbol { name, .. } if name == "B");
        let chosen = store.ite(b, a, c);
        let either = store.or(a, c);
        assert_eq!(store.project(chosen, &gone), Some(either));
        let never = store.and(chosen, !either);
        assert_eq!(store.project(never, &gone), Some(Condition::FALSE));
    }

    #[test]
    fn replacing_atoms_simplifies_again() {
        let (mut store, [a, b, c]) = abc();
        let either = store.or(b, c);
        let formula = store.and(a, either);
        let result = store.map_atoms(formula, &mut |store, atom| match atom {
            Atom::Symbol { name, .. } if name == "B" => Condition::TRUE,
            other => store.atom(other),
        });
        assert_eq!(result, a);
    }

    #[test]
    fn evaluation_knows_what_it_does_not_know() {
        let (mut store, [a, b, _]) = abc();
        let both = store.and(a, b);
        let only_a = |value: bool| {
            move |atom: Atom| {
                matches!(atom, Atom::Symbol { name, .. } if name == "A").then_some(value)
            }
        };
        assert_eq!(store.evaluate(both, &mut only_a(true)), None);
        assert_eq!(store.evaluate(both, &mut only_a(false)), Some(false));
        assert_eq!(store.evaluate(!both, &mut only_a(false)), Some(true));
    }
}
