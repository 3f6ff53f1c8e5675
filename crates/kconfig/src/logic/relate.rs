//! What comparisons of one symbol, and members of one choice, have to do with each other.
//!
//! ```kconfig
//! config A
//! 	bool "a"
//! 	depends on NR_CPUS > 8 && NR_CPUS != 4
//! ```
//!
//! Each is related to as few others as say all: with every pair, a file with thousands would have
//! millions.

use std::collections::BTreeMap;

use condition::{Atom, CompareOp, Condition, Store};
use text::Name;

use crate::value::number;

/// Conditions of which one can hold, told in as many words as there are.
#[derive(Debug, Default)]
pub(super) struct AtMostOne {
    about: String,
    /// Whether any so far holds.
    any: Option<Condition>,
    many: usize,
}

impl AtMostOne {
    /// After so many an atom stands for all before: their sum would be written out again and again.
    const SUM: usize = 16;

    pub(super) fn of(about: &impl std::fmt::Debug) -> AtMostOne {
        AtMostOne {
            about: format!("{about:?}"),
            ..AtMostOne::default()
        }
    }

    pub(super) fn add(&mut self, store: &mut Store, one: Condition) -> Vec<Condition> {
        let before = self.any.unwrap_or(Condition::FALSE);
        let mut all = vec![!store.and(before, one)];
        let mut any = store.or(before, one);
        self.many += 1;
        if self.many.is_multiple_of(AtMostOne::SUM) {
            let words = format!("one of the first {} of {}", self.many, self.about);
            let atom = store.atom(Atom::Free(Name::new(&words)));
            all.push(store.implies(any, atom));
            any = atom;
        }
        self.any = Some(any);
        all
    }
}

/// One comparison of a symbol with a constant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compared {
    pub(super) atom: Condition,
    pub(super) op: CompareOp,
    pub(super) value: Name,
    /// The value, where it is compared as a number with an int or hex symbol.
    pub(super) number: Option<i128>,
}

/// The comparisons of one symbol, each related to as few others as say all.
#[derive(Debug, Default)]
pub(super) struct Comparisons {
    /// All of them, in the order in which they came.
    pub(super) all: Vec<(CompareOp, Name)>,
    /// `<=` with numbers: each holds where one before it does.
    bounds: BTreeMap<i128, Condition>,
    /// `=` with nothing.
    empty: Option<Condition>,
    /// `=` with texts, of which one can hold. Texts that are the same number are one.
    equal: AtMostOne,
    numbers: BTreeMap<i128, Condition>,
    /// Texts by their order, which few trees ask for.
    ordered: Vec<Compared>,
}

impl Comparisons {
    pub(super) fn of(symbol: Name) -> Comparisons {
        Comparisons {
            equal: AtMostOne::of(&symbol),
            ..Comparisons::default()
        }
    }

    /// What a comparison has to do with those before it.
    pub(super) fn relate(&mut self, store: &mut Store, one: Compared) -> Vec<Condition> {
        self.all.push((one.op, one.value));
        let mut all = Vec::new();
        match (one.op, one.number) {
            (CompareOp::Equal, _) => self.relate_equal(store, one, &mut all),
            (_, Some(number)) => {
                let below = self.bounds.range(..number).next_back().map(|(_, c)| *c);
                let above = self.bounds.range(number..).next().map(|(_, c)| *c);
                // Nothing comes before all numbers.
                all.extend(below.or(self.empty).map(|c| store.implies(c, one.atom)));
                all.extend(above.map(|c| store.implies(one.atom, c)));
                self.bounds.insert(number, one.atom);
            }
            (_, None) => {
                for other in &self.ordered {
                    all.extend(related(store, one, *other));
                }
                self.ordered.push(one);
            }
        }
        all
    }

    fn relate_equal(&mut self, store: &mut Store, one: Compared, all: &mut Vec<Condition>) {
        for other in &self.ordered {
            all.extend(related(store, one, *other));
        }
        if one.value.is_empty() {
            self.empty = Some(one.atom);
            let first = self.bounds.values().next();
            all.extend(first.map(|c| store.implies(one.atom, *c)));
        }
        if let Some(number) = number((&one.value, None)) {
            if let Some(same) = self.numbers.get(&number) {
                return all.push(store.iff(one.atom, *same));
            }
            self.numbers.insert(number, one.atom);
        }
        all.extend(self.equal.add(store, one.atom));
    }
}

/// What two comparisons of one symbol with texts have to do with each other.
fn related(store: &mut Store, a: Compared, b: Compared) -> Vec<Condition> {
    let (Some(x), Some(y)) = (number((&a.value, None)), number((&b.value, None))) else {
        return Vec::new();
    };
    // Each is true up to a bound, or at one value: the values around both bounds show every
    // combination that there is.
    let points = [x - 1, x, x + 1, y - 1, y, y + 1];
    let mut all = Vec::new();
    for (left, right) in [(true, true), (true, false), (false, true), (false, false)] {
        let possible = points
            .iter()
            .any(|at| reached(a.op, *at, x) == left && reached(b.op, *at, y) == right);
        if !possible {
            let left = if left { a.atom } else { !a.atom };
            let right = if right { b.atom } else { !b.atom };
            all.push(!store.and(left, right));
        }
    }
    all
}

/// Whether `at op bound`.
fn reached(op: CompareOp, at: i128, bound: i128) -> bool {
    match op {
        CompareOp::Equal => at == bound,
        CompareOp::Less => at < bound,
        CompareOp::LessEqual => at <= bound,
    }
}
