//! When control gets to a place in a function, as a formula over the tests on the way.
//!
//! ```c
//! if (!pgmap)
//! 	return;          // from here on: not (!pgmap)
//! #ifdef CONFIG_X
//! if (busy())
//! 	return;          // from here on: CONFIG_X implies not busy()
//! #endif
//! go();
//! ```
//!
//! Formulas are held once per function, so that a long function costs its length. A test that
//! stands under `#if` says nothing where its branch is not taken: that is why a leaf names its
//! branch. All of it errs on the side of "control may get here".

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::directives::BranchId;
use crate::syntax::Expr;

/// A formula, by its number in its [`Flows`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowId(u32);

impl FlowId {
    /// Whenever the function is called.
    pub const ALWAYS: FlowId = FlowId(0);
    /// Not at all.
    pub const NEVER: FlowId = FlowId(1);
}

/// A test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// What is asked.
    pub expr: Arc<Expr>,
    /// The branch under which the test stands; where it is not taken the leaf holds.
    pub branch: BranchId,
}

/// What a formula is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flow {
    /// Whenever the function is called.
    Always,
    /// Not at all.
    Never,
    /// The numbered leaf's expression is true; false where the flag is not set.
    Leaf(u32, bool),
    /// The branch is taken; not taken where the flag is not set.
    Branch(BranchId, bool),
    /// Both.
    And(FlowId, FlowId),
    /// Either.
    Or(FlowId, FlowId),
}

/// The formulas of one function.
#[derive(Clone, Debug)]
pub struct Flows {
    nodes: Vec<Flow>,
    known: FxHashMap<Flow, FlowId>,
    leaves: Vec<Leaf>,
    /// Leaves by the place of their expression: a test that two variants share is one leaf.
    leaf_at: FxHashMap<(u32, u32), u32>,
}

impl Default for Flows {
    fn default() -> Flows {
        Flows {
            nodes: vec![Flow::Always, Flow::Never],
            known: FxHashMap::default(),
            leaves: Vec::new(),
            leaf_at: FxHashMap::default(),
        }
    }
}

impl Flows {
    /// What a formula is.
    pub fn get(&self, id: FlowId) -> Flow {
        self.nodes[id.0 as usize]
    }

    /// The numbered leaf.
    pub fn leaf(&self, number: u32) -> &Leaf {
        &self.leaves[number as usize]
    }

    fn add(&mut self, flow: Flow) -> FlowId {
        let next = FlowId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let id = *self.known.entry(flow).or_insert(next);
        if id == next {
            self.nodes.push(flow);
        }
        id
    }

    pub(crate) fn test(&mut self, expr: &Expr, branch: BranchId, positive: bool) -> FlowId {
        let place = (expr.span.start, expr.span.end);
        let next = u32::try_from(self.leaves.len()).unwrap_or(u32::MAX);
        let number = *self.leaf_at.entry(place).or_insert(next);
        if number == next {
            self.leaves.push(Leaf {
                expr: Arc::new(expr.clone()),
                branch,
            });
        }
        self.add(Flow::Leaf(number, positive))
    }

    pub(crate) fn branch(&mut self, branch: BranchId, taken: bool) -> FlowId {
        if branch == BranchId::TOP {
            return if taken { FlowId::ALWAYS } else { FlowId::NEVER };
        }
        self.add(Flow::Branch(branch, taken))
    }

    pub(crate) fn and(&mut self, a: FlowId, b: FlowId) -> FlowId {
        match (a, b) {
            (FlowId::NEVER, _) | (_, FlowId::NEVER) => FlowId::NEVER,
            (FlowId::ALWAYS, other) | (other, FlowId::ALWAYS) => other,
            _ if a == b => a,
            _ => self.add(Flow::And(a, b)),
        }
    }

    pub(crate) fn or(&mut self, a: FlowId, b: FlowId) -> FlowId {
        match (a, b) {
            (FlowId::ALWAYS, _) | (_, FlowId::ALWAYS) => FlowId::ALWAYS,
            (FlowId::NEVER, other) | (other, FlowId::NEVER) => other,
            _ if a == b => a,
            _ => self.merged(a, b),
        }
    }

    /// `p && x || p && !x` is `p`: where two arms of an `if` come together again nothing is left of
    /// its test. And `p || p && x` is `p`.
    fn merged(&mut self, a: FlowId, b: FlowId) -> FlowId {
        if let (Flow::And(p, x), Flow::And(q, y)) = (self.get(a), self.get(b))
            && p == q
            && self.opposite(x, y)
        {
            return p;
        }
        match (self.get(a), self.get(b)) {
            (Flow::And(p, _), _) if p == b => b,
            (_, Flow::And(q, _)) if q == a => a,
            _ if self.opposite(a, b) => FlowId::ALWAYS,
            _ => self.add(Flow::Or(a, b)),
        }
    }

    /// Whether control that gets to where `a` holds has been where `b` holds, as far as the shape of
    /// both tells.
    pub fn follows(&self, a: FlowId, b: FlowId) -> bool {
        if a == b || a == FlowId::NEVER || b == FlowId::ALWAYS {
            return true;
        }
        if let Flow::And(x, y) = self.get(b) {
            return self.follows(a, x) && self.follows(a, y);
        }
        match self.get(a) {
            Flow::And(x, y) => self.follows(x, b) || self.follows(y, b),
            Flow::Or(x, y) => self.follows(x, b) && self.follows(y, b),
            _ => false,
        }
    }

    fn opposite(&self, a: FlowId, b: FlowId) -> bool {
        match (self.get(a), self.get(b)) {
            (Flow::Leaf(one, sign), Flow::Leaf(other, opposite)) => {
                one == other && sign != opposite
            }
            (Flow::Branch(one, sign), Flow::Branch(other, opposite)) => {
                one == other && sign != opposite
            }
            _ => false,
        }
    }
}
