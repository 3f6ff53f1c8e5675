//! `=`, `!=`, `<` and their like, between symbols of all types and constants.
//!
//! How texts compare is told in [`value`](crate::value). A symbol that nothing defines is a constant: its
//! own name.

use std::cmp::Ordering;

use condition::{Atom, CompareOp, Condition, Model as Solution, Store};
use text::Name;

use super::relate::{Compared, Comparisons};
use super::{Constraints, Tri};
use crate::model::{Range, Symbol};
use crate::syntax::{Comparison, SymbolType};
use crate::term::Term;
use crate::value::{compare_texts, number};

/// One side of a comparison.
enum Side {
    /// A bool or tristate symbol, or one of their constants.
    Truth(Tri),
    /// A string, int or hex symbol.
    Valued(Name),
    /// A constant, or a symbol that is not defined.
    Text(Name),
    /// What a toolchain would answer: `y` or `n`, for all that is asked of it.
    Probe(Name),
}

impl Constraints<'_> {
    pub(super) fn compare(
        &mut self,
        store: &mut Store,
        op: Comparison,
        (a, b): (&Term, &Term),
    ) -> Condition {
        match (self.side(store, a), self.side(store, b)) {
            (Side::Truth(a), Side::Truth(b)) => compare_tristates(store, op, a, b),
            (Side::Truth(truth), Side::Text(text)) => compare_truth(store, op, truth, &text),
            (Side::Text(text), Side::Truth(truth)) => {
                compare_truth(store, mirrored(op), truth, &text)
            }
            (Side::Text(a), Side::Text(b)) => {
                Condition::constant(compare_texts(op, (&a, None), (&b, None)))
            }
            (Side::Valued(symbol), Side::Text(value)) => {
                self.compare_valued(store, op, symbol, value)
            }
            (Side::Text(value), Side::Valued(symbol)) => {
                self.compare_valued(store, mirrored(op), symbol, value)
            }
            (Side::Probe(words), other) | (other, Side::Probe(words)) => {
                let probe = Tri::of(store.atom(Atom::Probe(words)));
                match other {
                    Side::Truth(other) => compare_tristates(store, op, probe, other),
                    _ => unknown(store, op, a, b),
                }
            }
            (Side::Valued(a), Side::Valued(b)) => self.compare_symbols(store, op, a, b),
            // A string that is compared with `y`.
            (Side::Valued(_), Side::Truth(_)) | (Side::Truth(_), Side::Valued(_)) => {
                unknown(store, op, a, b)
            }
        }
    }

    fn side(&mut self, store: &mut Store, term: &Term) -> Side {
        match term {
            Term::Symbol(name) => match self.model.symbol(name).and_then(|s| s.kind) {
                Some(SymbolType::Bool | SymbolType::Tristate) => {
                    Side::Truth(self.symbol_value(store, *name))
                }
                Some(_) => Side::Valued(*name),
                None => Side::Text(*name),
            },
            Term::Text(text) => Side::Text(*text),
            Term::Probe(words) => Side::Probe(*words),
            other => Side::Truth(self.term(store, other)),
        }
    }

    /// A string, int or hex symbol against a constant. Of numbers only `<=` is asked, of which all
    /// else is made: so what is known of one comparison is known of the others.
    fn compare_valued(
        &self,
        store: &mut Store,
        op: Comparison,
        symbol: Name,
        value: Name,
    ) -> Condition {
        if let Some(number) = self.number_for(symbol, &value) {
            let most = self.at_most(store, symbol, number);
            let below = self.at_most(store, symbol, number - 1);
            return match op {
                Comparison::LessEqual => most,
                Comparison::Greater => !most,
                Comparison::Less => below,
                Comparison::GreaterEqual => !below,
                Comparison::Equal => store.and(most, !below),
                Comparison::NotEqual => !store.and(most, !below),
            };
        }
        let (op, negated) = match op {
            Comparison::Equal => (CompareOp::Equal, false),
            Comparison::NotEqual => (CompareOp::Equal, true),
            Comparison::Less => (CompareOp::Less, false),
            Comparison::GreaterEqual => (CompareOp::Less, true),
            Comparison::LessEqual => (CompareOp::LessEqual, false),
            Comparison::Greater => (CompareOp::LessEqual, true),
        };
        let atom = store.atom(Atom::Compare { symbol, op, value });
        if negated { !atom } else { atom }
    }

    /// The text of one symbol against that of another: free, but the same wherever it is asked.
    fn compare_symbols(
        &mut self,
        store: &mut Store,
        op: Comparison,
        a: Name,
        b: Name,
    ) -> Condition {
        if a == b {
            let holds = matches!(
                op,
                Comparison::Equal | Comparison::LessEqual | Comparison::GreaterEqual
            );
            return Condition::constant(holds);
        }
        if b < a {
            return self.compare_symbols(store, mirrored(op), b, a);
        }
        self.pairs.insert((a, b));
        let [at_most, below] = pair_atoms(a, b).map(|atom| store.atom(atom));
        match op {
            Comparison::LessEqual => at_most,
            Comparison::Greater => !at_most,
            Comparison::Less => store.and(at_most, below),
            Comparison::GreaterEqual => !store.and(at_most, below),
            Comparison::Equal => store.and(at_most, !below),
            Comparison::NotEqual => !store.and(at_most, !below),
        }
    }

    /// The number that an int or hex symbol is compared with.
    fn number_for(&self, symbol: Name, value: &str) -> Option<i128> {
        let kind = self.model.symbol(symbol)?.kind;
        let is_number = matches!(kind, Some(SymbolType::Int | SymbolType::Hex));
        number((value, None)).filter(|_| is_number)
    }

    /// `symbol <= bound`. Nothing hexadecimal is negative, but an older kernel may have no value for
    /// it, which comes before all others.
    fn at_most(&self, store: &mut Store, symbol: Name, bound: i128) -> Condition {
        let kind = self.model.symbol(symbol).and_then(|symbol| symbol.kind);
        let (op, value) = if kind == Some(SymbolType::Hex) && bound < 0 {
            (CompareOp::Equal, Name::new(""))
        } else {
            (CompareOp::LessEqual, Name::new(&bound.to_string()))
        };
        store.atom(Atom::Compare { symbol, op, value })
    }

    /// What is known of `symbol op value`: comparisons exclude each other, a symbol whose prompt is
    /// not seen has the first default that holds, and a range holds it within its bounds.
    pub(super) fn of_comparison(
        &mut self,
        store: &mut Store,
        symbol: Name,
        op: CompareOp,
        value: Name,
    ) -> Vec<Condition> {
        let atom = store.atom(Atom::Compare { symbol, op, value });
        if self.number_for(symbol, &value).is_some() {
            let same = self.compare_valued(store, comparison(op), symbol, value);
            if same != atom {
                return vec![store.iff(atom, same)];
            }
        }
        let number = self.number_for(symbol, &value);
        let compared = self.compared.entry(symbol);
        let compared = compared.or_insert_with(|| Comparisons::of(symbol));
        let one = Compared {
            atom,
            op,
            value,
            number,
        };
        let mut all = compared.relate(store, one);
        let model = self.model;
        let Some(of) = model.symbol(symbol) else {
            return vec![!atom];
        };
        if of.transitional {
            return all;
        }
        let by_default = self.default_compares(store, of, (op, value), atom);
        let (within, by_default) = self.in_range(store, of, (op, value), (atom, by_default));
        all.push(within);
        let visible = self.visible_of_any(store, of);
        if value.is_empty() && of.kind != Some(SymbolType::String) {
            // Nobody can set a number to nothing.
            all.push(store.implies(atom, by_default));
        }
        let same = store.iff(atom, by_default);
        all.push(store.or(visible, same));
        all
    }

    /// When the macro `CONFIG_X` of a string, int or hex symbol is defined: where its prompt is seen
    /// or a default holds, as `sym_calc_value()` marks it to be written.
    pub(super) fn of_macro(&mut self, store: &mut Store, name: Name) -> Vec<Condition> {
        let model = self.model;
        let symbol = name.strip_prefix("CONFIG_");
        let Some(symbol) = symbol.and_then(|symbol| model.symbol(symbol)) else {
            return Vec::new();
        };
        if symbol.is_truth() || symbol.transitional {
            return Vec::new();
        }
        let visible = self.visible_of_any(store, symbol);
        let defaults: Vec<Condition> = symbol
            .defaults
            .iter()
            .map(|default| self.term(store, &default.condition).on)
            .collect();
        let given = store.or_all(defaults);
        let written = store.or(visible, given);
        let defined = store.atom(Atom::Defined(name));
        vec![store.iff(defined, written)]
    }

    /// What the first range that holds says of the comparison `atom`, and what becomes of a default for
    /// which the comparison is `by_default`: `sym_validate_range()` puts a value on the nearer bound. No value at all is
    /// taken for 0 there, and stays where that is within the bounds.
    fn in_range(
        &mut self,
        store: &mut Store,
        symbol: &Symbol,
        (op, value): (CompareOp, Name),
        (atom, by_default): (Condition, Condition),
    ) -> (Condition, Condition) {
        let is_number = matches!(symbol.kind, Some(SymbolType::Int | SymbolType::Hex));
        let may_be_empty = is_number && !self.model.dialect().number_is_zero;
        if op == CompareOp::Equal {
            // What is equal to no number is on no bound.
            return if may_be_empty && value.is_empty() {
                self.empty_in_range(store, symbol, (atom, by_default))
            } else {
                (Condition::TRUE, by_default)
            };
        }
        let (is_empty, empty_by_default) = if may_be_empty {
            self.empty(store, symbol)
        } else {
            (Condition::FALSE, Condition::FALSE)
        };
        let (mut within, mut given) = (Condition::TRUE, by_default);
        for (first, range) in self.ranges(store, symbol) {
            let has_zero = self.has_zero(store, symbol, range);
            let mut bound = |constraints: &mut Self, term: &Term, op| {
                constraints.bound_compares(store, symbol, term, (op, value))
            };
            let (low, high) = (bound(self, &range.low, op), bound(self, &range.high, op));
            let lifted = store.or(by_default, high);
            let (least, most, clamped) = (high, low, store.and(low, lifted));
            let bounds = [store.implies(least, atom), store.implies(atom, most)];
            let bounds = store.and_all(bounds);
            // What is above the higher bound and below the lower at once is not followed.
            let empty = store.and(high, !low);
            let stays = store.and(is_empty, has_zero);
            let bounds = store.or_all([empty, stays, bounds]);
            let clamped = store.ite(empty, atom, clamped);
            let stays = store.and(empty_by_default, has_zero);
            let clamped = store.ite(stays, by_default, clamped);
            let one = store.implies(first, bounds);
            within = store.and(within, one);
            given = store.ite(first, clamped, given);
        }
        (within, given)
    }

    /// The ranges of a symbol, each with when it is the first that holds.
    fn ranges<'s>(&mut self, store: &mut Store, symbol: &'s Symbol) -> Vec<(Condition, &'s Range)> {
        let mut earlier = Condition::FALSE;
        let ranges = symbol.ranges.iter().map(|range| {
            let holds = self.term(store, &range.condition).on;
            let first = store.and(holds, !earlier);
            earlier = store.or(earlier, holds);
            (first, range)
        });
        ranges.collect()
    }

    /// Whether a number has no value at all, and whether a default leaves it so.
    fn empty(&mut self, store: &mut Store, symbol: &Symbol) -> (Condition, Condition) {
        let (op, value) = (CompareOp::Equal, Name::new(""));
        let is_empty = store.atom(Atom::Compare {
            symbol: symbol.name,
            op,
            value,
        });
        let by_default = self.default_compares(store, symbol, (op, value), is_empty);
        (is_empty, by_default)
    }

    /// The same as [`Constraints::in_range`] for whether a number has no value at all.
    fn empty_in_range(
        &mut self,
        store: &mut Store,
        symbol: &Symbol,
        (atom, by_default): (Condition, Condition),
    ) -> (Condition, Condition) {
        let (mut within, mut given) = (Condition::TRUE, by_default);
        for (first, range) in self.ranges(store, symbol) {
            let has_zero = self.has_zero(store, symbol, range);
            let stays = store.or(!atom, has_zero);
            let one = store.implies(first, stays);
            within = store.and(within, one);
            let kept = store.and(by_default, has_zero);
            given = store.ite(first, kept, given);
        }
        (within, given)
    }

    /// Whether 0 is within a range of `symbol`.
    fn has_zero(&mut self, store: &mut Store, symbol: &Symbol, range: &Range) -> Condition {
        let mut at_most = |bound: &Term, number: &str| {
            let number = (CompareOp::LessEqual, Name::new(number));
            self.bound_compares(store, symbol, bound, number)
        };
        let (starts, ends) = (at_most(&range.low, "0"), at_most(&range.high, "-1"));
        store.and(starts, !ends)
    }

    /// `op value` for a bound of a range of `symbol`.
    fn bound_compares(
        &mut self,
        store: &mut Store,
        symbol: &Symbol,
        bound: &Term,
        (op, value): (CompareOp, Name),
    ) -> Condition {
        match self.side(store, bound) {
            Side::Text(text) => Condition::constant(symbol.compares(&text, op, &value)),
            Side::Valued(other) => self.compare_valued(store, comparison(op), other, value),
            _ => unknown(store, comparison(op), bound, &Term::Text(value)),
        }
    }

    fn visible_of_any(&mut self, store: &mut Store, symbol: &Symbol) -> Condition {
        let prompts: Vec<Condition> = symbol
            .prompts
            .iter()
            .map(|p| self.term(store, &p.visible).on)
            .collect();
        store.or_all(prompts)
    }

    /// `op value` for the value that the first default gives.
    fn default_compares(
        &mut self,
        store: &mut Store,
        symbol: &Symbol,
        (op, value): (CompareOp, Name),
        atom: Condition,
    ) -> Condition {
        let comparison = comparison(op);
        let holds = |text: &str| {
            Condition::constant(compare_texts(
                comparison,
                (text, symbol.kind),
                (&value, None),
            ))
        };
        let mut result = match symbol.kind {
            Some(SymbolType::Int | SymbolType::Hex) if self.model.dialect().number_is_zero => {
                holds("0")
            }
            _ => holds(""),
        };
        for default in symbol.defaults.iter().rev() {
            let condition = self.term(store, &default.condition).on;
            let given = match self.side(store, &default.value) {
                Side::Text(text) => holds(&text),
                Side::Valued(other)
                    if self.model.symbol(other).and_then(|s| s.kind) == symbol.kind =>
                {
                    self.compare_valued(store, comparison, other, value)
                }
                // What a toolchain says, or a symbol of another type, is not followed.
                _ => atom,
            };
            result = store.ite(condition, given, result);
        }
        result
    }
}

impl Symbol {
    /// Whether `op value` holds where this string, int or hex symbol has the value `text`.
    pub fn compares(&self, text: &str, op: CompareOp, value: &str) -> bool {
        compare_texts(comparison(op), (text, self.kind), (value, None))
    }
}

fn comparison(op: CompareOp) -> Comparison {
    match op {
        CompareOp::Equal => Comparison::Equal,
        CompareOp::Less => Comparison::Less,
        CompareOp::LessEqual => Comparison::LessEqual,
    }
}

/// `a <= b`, and whether it is less where that holds.
fn pair_atoms(a: Name, b: Name) -> [Atom; 2] {
    ["<=", "<"].map(|sign| Atom::Free(Name::new(&format!("{a} {sign} {b}"))))
}

/// How the texts of two symbols are ordered in a solution; none where it does not say.
pub(crate) fn order_of(solution: &Solution, a: Name, b: Name) -> Option<Ordering> {
    let [at_most, below] = pair_atoms(a, b).map(|atom| solution.value(atom));
    Some(match (at_most?, below) {
        (false, _) => Ordering::Greater,
        (true, Some(true)) => Ordering::Less,
        (true, _) => Ordering::Equal,
    })
}

fn unknown(store: &mut Store, op: Comparison, a: &Term, b: &Term) -> Condition {
    let words = Name::new(&format!("{a:?} {op:?} {b:?}"));
    store.atom(Atom::Free(words))
}

/// A bool or tristate against a text: each of its values is tried.
fn compare_truth(store: &mut Store, op: Comparison, truth: Tri, text: &str) -> Condition {
    let module = store.and(truth.on, !truth.yes);
    let mut all = Condition::FALSE;
    for (value, is) in [("n", !truth.on), ("m", module), ("y", truth.yes)] {
        if compare_texts(op, (value, Some(SymbolType::Tristate)), (text, None)) {
            all = store.or(all, is);
        }
    }
    all
}

fn mirrored(op: Comparison) -> Comparison {
    match op {
        Comparison::Less => Comparison::Greater,
        Comparison::LessEqual => Comparison::GreaterEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterEqual => Comparison::LessEqual,
        op => op,
    }
}

fn compare_tristates(store: &mut Store, op: Comparison, a: Tri, b: Tri) -> Condition {
    let equal = {
        let on = store.iff(a.on, b.on);
        let yes = store.iff(a.yes, b.yes);
        store.and(on, yes)
    };
    let at_most = |store: &mut Store, a: Tri, b: Tri| {
        let on = store.implies(a.on, b.on);
        let yes = store.implies(a.yes, b.yes);
        store.and(on, yes)
    };
    match op {
        Comparison::Equal => equal,
        Comparison::NotEqual => !equal,
        Comparison::LessEqual => at_most(store, a, b),
        Comparison::GreaterEqual => at_most(store, b, a),
        Comparison::Less => !at_most(store, b, a),
        Comparison::Greater => !at_most(store, a, b),
    }
}
