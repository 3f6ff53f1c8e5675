//! Binary decision diagrams: two formulas over the same few atoms are equal exactly if their
//! diagrams are.
//!
//! The conditions under which headers are read grow by saying the same again in other words (`A ||
//! !A && B`, then `&& (A || B)`). With a diagram beside each formula the store sees that, and gives
//! the first formula for all that mean the same. Diagrams are for formulas of a few dozen atoms; a
//! step that would cost too much is given up, and the formula goes without.

use rustc_hash::{FxHashMap, FxHashSet};

/// A diagram: a node's number, and in the lowest bit whether it is negated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct DiagramId(u32);

impl DiagramId {
    pub(crate) const TRUE: DiagramId = DiagramId(0);
    pub(crate) const FALSE: DiagramId = DiagramId(1);

    fn node(self) -> usize {
        (self.0 >> 1) as usize
    }

    fn is_negated(self) -> bool {
        self.0 & 1 == 1
    }

    fn signed(self, negated: bool) -> DiagramId {
        DiagramId(self.0 ^ u32::from(negated))
    }
}

impl std::ops::Not for DiagramId {
    type Output = DiagramId;

    fn not(self) -> DiagramId {
        self.signed(true)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Node {
    variable: u32,
    /// Where the variable is true; never negated, so that a function has one node only.
    yes: DiagramId,
    no: DiagramId,
}

/// Holds diagrams.
#[derive(Clone, Debug)]
pub(crate) struct Diagrams {
    nodes: Vec<Node>,
    known: FxHashMap<Node, u32>,
    products: FxHashMap<(DiagramId, DiagramId), DiagramId>,
    /// Pairs whose conjunction was given up, so that it is not begun again.
    given_up: FxHashSet<(DiagramId, DiagramId)>,
}

/// Steps that one conjunction may cost.
const MOST_STEPS: u32 = 1_000;

impl Default for Diagrams {
    fn default() -> Diagrams {
        let end = Node {
            variable: u32::MAX,
            yes: DiagramId::TRUE,
            no: DiagramId::TRUE,
        };
        Diagrams {
            nodes: vec![end],
            known: FxHashMap::default(),
            products: FxHashMap::default(),
            given_up: FxHashSet::default(),
        }
    }
}

impl Diagrams {
    pub(crate) fn variable(&mut self, variable: u32) -> DiagramId {
        self.make(variable, DiagramId::TRUE, DiagramId::FALSE)
    }

    fn make(&mut self, variable: u32, yes: DiagramId, no: DiagramId) -> DiagramId {
        if yes == no {
            return yes;
        }
        let negated = yes.is_negated();
        let node = Node {
            variable,
            yes: yes.signed(negated),
            no: no.signed(negated),
        };
        let next = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX >> 1);
        let number = *self.known.entry(node).or_insert(next);
        if number == next {
            self.nodes.push(node);
        }
        DiagramId(number << 1).signed(negated)
    }

    /// `a && b`; `None` where it would cost too much.
    pub(crate) fn and(&mut self, a: DiagramId, b: DiagramId) -> Option<DiagramId> {
        let key = (a.min(b), a.max(b));
        if self.given_up.contains(&key) {
            return None;
        }
        let mut steps = MOST_STEPS;
        let product = self.and_within(a, b, &mut steps);
        if product.is_none() {
            self.given_up.insert(key);
        }
        product
    }

    pub(crate) fn and_within(
        &mut self,
        a: DiagramId,
        b: DiagramId,
        steps: &mut u32,
    ) -> Option<DiagramId> {
        if a == DiagramId::FALSE || b == DiagramId::FALSE || a == !b {
            return Some(DiagramId::FALSE);
        }
        if a == DiagramId::TRUE || a == b {
            return Some(b);
        }
        if b == DiagramId::TRUE {
            return Some(a);
        }
        let key = (a.min(b), a.max(b));
        if let Some(known) = self.products.get(&key) {
            return Some(*known);
        }
        *steps = steps.checked_sub(1)?;
        let (x, y) = (self.nodes[a.node()], self.nodes[b.node()]);
        let variable = x.variable.min(y.variable);
        let parts = |id: DiagramId, node: Node| {
            if node.variable == variable {
                (
                    node.yes.signed(id.is_negated()),
                    node.no.signed(id.is_negated()),
                )
            } else {
                (id, id)
            }
        };
        let ((a_yes, a_no), (b_yes, b_no)) = (parts(a, x), parts(b, y));
        let yes = self.and_within(a_yes, b_yes, steps)?;
        let no = self.and_within(a_no, b_no, steps)?;
        let product = self.make(variable, yes, no);
        self.products.insert(key, product);
        Some(product)
    }

    /// `a` with every variable that `gone` names made whatever makes it true; `None` where it would
    /// cost too much.
    pub(crate) fn project(
        &mut self,
        a: DiagramId,
        gone: &dyn Fn(u32) -> bool,
    ) -> Option<DiagramId> {
        let mut known = FxHashMap::default();
        let mut steps = MOST_PROJECTION_STEPS;
        self.project_within(a, gone, &mut known, &mut steps)
    }

    fn project_within(
        &mut self,
        a: DiagramId,
        gone: &dyn Fn(u32) -> bool,
        known: &mut FxHashMap<DiagramId, DiagramId>,
        steps: &mut u32,
    ) -> Option<DiagramId> {
        if a == DiagramId::TRUE || a == DiagramId::FALSE {
            return Some(a);
        }
        if let Some(done) = known.get(&a) {
            return Some(*done);
        }
        *steps = steps.checked_sub(1)?;
        let (variable, yes, no) = self.parts(a);
        let yes = self.project_within(yes, gone, known, steps)?;
        let no = self.project_within(no, gone, known, steps)?;
        let projected = if gone(variable) {
            !self.and_within(!yes, !no, steps)?
        } else {
            self.make(variable, yes, no)
        };
        known.insert(a, projected);
        Some(projected)
    }

    /// `a` as an irredundant sum of products (Minato and Morreale): no product can be left out, and none
    /// of its literals. `None` where there would be too many.
    pub(crate) fn products(&mut self, a: DiagramId) -> Option<Vec<Product>> {
        let mut steps = MOST_COVER_STEPS;
        self.cover(a, a, &mut steps).map(|(products, _)| products)
    }

    /// Products that hold wherever `low` does and nowhere outside of `high`, and their sum.
    fn cover(
        &mut self,
        low: DiagramId,
        high: DiagramId,
        steps: &mut u32,
    ) -> Option<(Vec<Product>, DiagramId)> {
        if low == DiagramId::FALSE {
            return Some((Vec::new(), DiagramId::FALSE));
        }
        if high == DiagramId::TRUE {
            return Some((vec![Vec::new()], DiagramId::TRUE));
        }
        *steps = steps.checked_sub(1)?;
        let variable = self.nodes[low.node()]
            .variable
            .min(self.nodes[high.node()].variable);
        let split = |all: &Diagrams, id: DiagramId| match all.parts(id) {
            (top, yes, no) if top == variable => (yes, no),
            _ => (id, id),
        };
        let ((low_yes, low_no), (high_yes, high_no)) = (split(self, low), split(self, high));
        // What only one value of the variable can give has to name it.
        let needs_yes = self.and_within(low_yes, !high_no, steps)?;
        let needs_no = self.and_within(low_no, !high_yes, steps)?;
        let (with, sum_yes) = self.cover(needs_yes, high_yes, steps)?;
        let (without, sum_no) = self.cover(needs_no, high_no, steps)?;
        let left_yes = self.and_within(low_yes, !sum_yes, steps)?;
        let left_no = self.and_within(low_no, !sum_no, steps)?;
        let left = !self.and_within(!left_yes, !left_no, steps)?;
        let either = self.and_within(high_yes, high_no, steps)?;
        let (free, sum_free) = self.cover(left, either, steps)?;
        let named = |products: Vec<Product>, value: bool| {
            products.into_iter().map(move |mut product| {
                product.push((variable, value));
                product
            })
        };
        let products: Vec<Product> = named(with, true)
            .chain(named(without, false))
            .chain(free)
            .collect();
        let split_sum = self.make(variable, sum_yes, sum_no);
        let sum = !self.and_within(!split_sum, !sum_free, steps)?;
        (products.len() <= MOST_PRODUCTS).then_some((products, sum))
    }

    /// The variable at the top of `a`, and what is left where it is true and where it is false.
    pub(crate) fn parts(&self, a: DiagramId) -> (u32, DiagramId, DiagramId) {
        let node = self.nodes[a.node()];
        (
            node.variable,
            node.yes.signed(a.is_negated()),
            node.no.signed(a.is_negated()),
        )
    }
}

/// Variables, each with the value that it has to have.
pub(crate) type Product = Vec<(u32, bool)>;

/// More products than these nobody reads.
const MOST_PRODUCTS: usize = 16;

/// Steps that the search for products may cost.
const MOST_COVER_STEPS: u32 = 20_000;

/// Steps that one projection may cost.
const MOST_PROJECTION_STEPS: u32 = 200_000;
