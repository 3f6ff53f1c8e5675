//! How formulas are joined.
//!
//! All is made of conjunctions: `a || b` is `!(!a && !b)`.

use super::{Condition, Node, Store};
use crate::diagram::DiagramId;

/// Conjunctions longer than this are not searched for absorption: it costs the square of the length.
const ABSORB_LIMIT: usize = 48;

impl Store {
    /// The conjunction of `parts` as the first formula that means the same.
    fn canonical_and(&mut self, parts: Vec<Condition>) -> Condition {
        let mut product = Some(DiagramId::TRUE);
        for part in &parts {
            let diagram = self.diagram(*part);
            product = match (product, diagram) {
                (Some(product), Some(diagram)) => self.diagrams.and(product, diagram),
                _ => None,
            };
        }
        match product {
            Some(DiagramId::TRUE) => return Condition::TRUE,
            Some(DiagramId::FALSE) => return Condition::FALSE,
            Some(product) => {
                if let Some(known) = self.first.get(&product) {
                    return *known;
                }
                if let Some(known) = self.first.get(&!product) {
                    return !*known;
                }
            }
            None => {}
        }
        // It is new: written as shortly as is easily found.
        let mut flat = parts;
        for _ in 0..ABSORB_LIMIT {
            let Some(shorter) = self.absorb(&flat).and_then(|shorter| self.flatten(shorter)) else {
                break;
            };
            flat = shorter;
        }
        let made = self.conjunction(flat);
        if let (Some(product), Ok(number)) = (product, u32::try_from(made.node())) {
            let plain = if made.is_negated() { !product } else { product };
            self.diagram_of.entry(number).or_insert(plain);
            self.first.entry(plain).or_insert(made.positive());
        }
        made
    }

    /// `a && b`.
    pub fn and(&mut self, a: Condition, b: Condition) -> Condition {
        if a.is_true() || a == b {
            return b;
        }
        if b.is_true() {
            return a;
        }
        if a.is_false() || b.is_false() || a == !b {
            return Condition::FALSE;
        }
        if !self.canonical {
            return self.and_all([a, b]);
        }
        // The headers of a tree ask the same again in every unit.
        let pair = (a.min(b), a.max(b));
        if let Some(known) = self.pairs.get(&pair) {
            return *known;
        }
        let both = self.and_all([a, b]);
        self.pairs.insert(pair, both);
        both
    }

    /// `a || b`.
    pub fn or(&mut self, a: Condition, b: Condition) -> Condition {
        !self.and(!a, !b)
    }

    /// Any of `parts`; false where there are none.
    pub fn or_all(&mut self, parts: impl IntoIterator<Item = Condition>) -> Condition {
        !self.and_all(parts.into_iter().map(|part| !part))
    }

    /// `!a || b`.
    pub fn implies(&mut self, a: Condition, b: Condition) -> Condition {
        !self.and(a, !b)
    }

    /// `a == b`.
    pub fn iff(&mut self, a: Condition, b: Condition) -> Condition {
        let forth = self.implies(a, b);
        let back = self.implies(b, a);
        self.and(forth, back)
    }

    /// `test ? yes : no`.
    pub fn ite(&mut self, test: Condition, yes: Condition, no: Condition) -> Condition {
        let then = self.and(test, yes);
        let otherwise = self.and(!test, no);
        self.or(then, otherwise)
    }

    /// All of `parts`; true where there are none.
    pub fn and_all(&mut self, parts: impl IntoIterator<Item = Condition>) -> Condition {
        let Some(mut flat) = self.flatten(parts) else {
            return Condition::FALSE;
        };
        if self.canonical && flat.len() > 1 {
            return self.canonical_and(flat);
        }
        while let Some(shorter) = self.absorb(&flat) {
            match self.flatten(shorter) {
                Some(shorter) => flat = shorter,
                None => return Condition::FALSE,
            }
        }
        self.conjunction(flat)
    }

    fn conjunction(&mut self, flat: Vec<Condition>) -> Condition {
        match flat.as_slice() {
            [] => Condition::TRUE,
            [only] => *only,
            _ => self.intern(Node::And(flat.into())),
        }
    }

    /// The parts of a conjunction, sorted and without repeats; `None` where two exclude each other.
    fn flatten(&self, parts: impl IntoIterator<Item = Condition>) -> Option<Vec<Condition>> {
        let mut flat = Vec::new();
        for part in parts {
            match &self.nodes[part.node()] {
                Node::And(children) if !part.is_negated() => flat.extend_from_slice(children),
                _ => flat.push(part),
            }
        }
        flat.sort_unstable();
        flat.dedup();
        flat.retain(|part| !part.is_true());
        // The two polarities of one node are neighbours in this order.
        let contradiction =
            flat.contains(&Condition::FALSE) || flat.windows(2).any(|w| w[0] == !w[1]);
        (!contradiction).then_some(flat)
    }

    /// Inside `a && (…)`, the second part may take `a` for granted: `a && (a || b)` is `a`, and
    /// `a && (!a || b)` is `a && b`. Answers the new parts if anything became simpler.
    fn absorb(&mut self, parts: &[Condition]) -> Option<Vec<Condition>> {
        if !(2..=ABSORB_LIMIT).contains(&parts.len()) {
            return None;
        }
        let given = |part: &Condition| parts.binary_search(part).is_ok();
        for (place, part) in parts.iter().enumerate() {
            // A disjunction is a negated conjunction, whose children are the negated alternatives.
            let Node::And(children) = &self.nodes[part.node()] else {
                continue;
            };
            if !part.is_negated() || children.len() > ABSORB_LIMIT {
                continue;
            }
            if children.iter().any(|child| given(&!*child)) {
                let mut rest = parts.to_vec();
                rest.remove(place);
                return Some(rest);
            }
            if children.iter().any(given) {
                let mut rest = parts.to_vec();
                let open: Vec<Condition> = children
                    .iter()
                    .copied()
                    .filter(|child| !given(child))
                    .collect();
                rest[place] = !self.and_all(open);
                return Some(rest);
            }
        }
        None
    }
}
