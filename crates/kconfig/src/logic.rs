//! Meaning as logic: which values the symbols of a configuration can have together.
//!
//! For each symbol this is `sym_calc_value()` of scripts/kconfig/symbol.c, written down as a
//! relation. A symbol whose prompt is seen takes what the user says, up to its visibility; one whose
//! prompt is not seen, or of which the user says nothing, takes the first default that holds; and a
//! `select` lifts it in either case, whatever its own dependencies say.
//!
//! Constraints are asserted only for the symbols that a question touches and all that they depend
//! on, so that a question about a corner of the tree does not pay for all of it.

use condition::{Atom, CompareOp, Condition, Level, Solver, Store};
use rustc_hash::{FxHashMap, FxHashSet};
use text::Name;

use crate::model::{Model, Symbol, Term};
use crate::syntax::{Comparison, SymbolType};

/// A tristate value: when it is not `n`, and when it is `y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tri {
    on: Condition,
    yes: Condition,
}

impl Tri {
    const NO: Tri = Tri {
        on: Condition::FALSE,
        yes: Condition::FALSE,
    };
    const YES: Tri = Tri {
        on: Condition::TRUE,
        yes: Condition::TRUE,
    };

    fn of(condition: Condition) -> Tri {
        Tri {
            on: condition,
            yes: condition,
        }
    }

    fn not(self) -> Tri {
        Tri {
            on: !self.yes,
            yes: !self.on,
        }
    }
}

/// Puts the meaning of a [`Model`] into a solver, as far as questions need it.
#[derive(Debug)]
pub struct Constraints<'m> {
    model: &'m Model,
    done: FxHashSet<Name>,
    choices: FxHashSet<usize>,
    compared: FxHashMap<Name, Vec<(CompareOp, Name)>>,
}

impl Model {
    /// The constraints of this model, none of them asserted yet.
    pub fn constraints(&self) -> Constraints<'_> {
        Constraints {
            model: self,
            done: FxHashSet::default(),
            choices: FxHashSet::default(),
            compared: FxHashMap::default(),
        }
    }
}

impl Constraints<'_> {
    /// Asserts all that Kconfig says of the symbols in `names` and of those they depend on.
    pub fn require(
        &mut self,
        store: &mut Store,
        solver: &mut Solver,
        names: impl IntoIterator<Item = Name>,
    ) {
        let mut open: Vec<Name> = names.into_iter().collect();
        while let Some(name) = open.pop() {
            if !self.done.insert(name) {
                continue;
            }
            for condition in self.of_symbol(store, name) {
                self.note(store, condition, &mut open);
                solver.assert(store, condition);
            }
        }
    }

    /// Asserts all that Kconfig says of the symbols that `condition` asks about.
    pub fn require_for(&mut self, store: &mut Store, solver: &mut Solver, condition: Condition) {
        let mut open = Vec::new();
        self.note(store, condition, &mut open);
        self.require(store, solver, open);
        // A comparison of a symbol that is done already is new all the same.
        for atom in store.atoms(condition) {
            if let Atom::Compare { symbol, op, value } = atom {
                for fresh in self.of_comparison(store, symbol, op, value) {
                    let mut open = Vec::new();
                    self.note(store, fresh, &mut open);
                    solver.assert(store, fresh);
                    self.require(store, solver, open);
                }
            }
        }
    }

    fn note(&self, store: &Store, condition: Condition, open: &mut Vec<Name>) {
        for atom in store.atoms(condition) {
            if let Atom::Symbol { name, .. } | Atom::Compare { symbol: name, .. } = atom
                && !self.done.contains(&name)
            {
                open.push(name);
            }
        }
    }

    fn of_symbol(&mut self, store: &mut Store, name: Name) -> Vec<Condition> {
        let yes = store.symbol(&name, Level::Yes);
        let module = store.symbol(&name, Level::Module);
        let model = self.model;
        let Some(symbol) = model.symbol(&name) else {
            return vec![!yes, !module];
        };
        let mut all = vec![];
        match symbol.kind {
            SymbolType::Bool => all.push(!module),
            SymbolType::Tristate => {
                let both = store.and(yes, module);
                let modules = self.modules(store);
                all.extend([!both, store.implies(module, modules)]);
            }
            SymbolType::String | SymbolType::Int | SymbolType::Hex => return vec![!yes, !module],
        }
        if symbol.transitional {
            return all;
        }
        all.push(self.value(store, symbol));
        for definition in &symbol.definitions {
            if let Some(choice) = definition.choice.filter(|n| self.choices.insert(*n)) {
                all.extend(self.of_choice(store, choice));
            }
        }
        all
    }

    fn modules(&self, store: &mut Store) -> Condition {
        match self.model.modules {
            Some(name) => store.symbol(&name, Level::Yes),
            None => Condition::FALSE,
        }
    }

    /// `sym_calc_value()` for a bool or tristate.
    fn value(&mut self, store: &mut Store, symbol: &Symbol) -> Condition {
        let on = store.enabled(&symbol.name);
        let yes = store.symbol(&symbol.name, Level::Yes);
        let visible = self.visible(store, symbol);
        let lifted = self.lifted(store, symbol, false);
        let implied = self.lifted(store, symbol, true);
        let by_default = self.by_default(store, symbol);
        // An imply adds to the default, as far as the dependencies allow.
        let wider = either(store, by_default, implied);
        let depends = self.direct_dependencies(store, symbol);
        let wider = both(store, wider, depends);
        let untouched = Tri {
            on: store.ite(implied.on, wider.on, by_default.on),
            yes: store.ite(implied.on, wider.yes, by_default.yes),
        };
        let untouched = either(store, untouched, lifted);
        let untouched = self.promoted(store, symbol, untouched);
        let same_on = store.iff(on, untouched.on);
        let same_yes = store.iff(yes, untouched.yes);
        let as_default = store.and(same_on, same_yes);
        let least = self.promoted(store, symbol, lifted);
        let most = either(store, visible, lifted);
        let most = self.promoted(store, symbol, most);
        let bounds = [
            visible.on,
            store.implies(least.on, on),
            store.implies(least.yes, yes),
            store.implies(on, most.on),
            store.implies(yes, most.yes),
        ];
        let as_user = store.and_all(bounds);
        store.or(as_default, as_user)
    }

    /// A `bool`, or a tristate without modules, that would be `m` is `y`.
    fn promoted(&self, store: &mut Store, symbol: &Symbol, value: Tri) -> Tri {
        if symbol.kind == SymbolType::Bool {
            return Tri::of(value.on);
        }
        let modules = self.modules(store);
        let without = store.and(value.on, !modules);
        Tri {
            on: value.on,
            yes: store.or(value.yes, without),
        }
    }

    fn visible(&mut self, store: &mut Store, symbol: &Symbol) -> Tri {
        let prompts: Vec<Tri> = symbol
            .prompts
            .iter()
            .map(|p| self.term(store, &p.visible))
            .collect();
        let any = prompts
            .into_iter()
            .fold(Tri::NO, |sum, one| either(store, sum, one));
        self.promoted(store, symbol, any)
    }

    /// What selects, or with `weak` what implies, the symbol.
    fn lifted(&mut self, store: &mut Store, symbol: &Symbol, weak: bool) -> Tri {
        let model = self.model;
        let mut sum = Tri::NO;
        for select in model.selectors(symbol.name) {
            if select.weak == weak {
                let by = self.symbol_value(store, select.by);
                let condition = self.term(store, &select.condition);
                let one = both(store, by, condition);
                sum = either(store, sum, one);
            }
        }
        sum
    }

    fn by_default(&mut self, store: &mut Store, symbol: &Symbol) -> Tri {
        let mut value = Tri::NO;
        for default in symbol.defaults.iter().rev() {
            let condition = self.term(store, &default.condition);
            let given = self.term(store, &default.value);
            let given = both(store, given, condition);
            value = Tri {
                on: store.ite(condition.on, given.on, value.on),
                yes: store.ite(condition.on, given.yes, value.yes),
            };
        }
        value
    }

    /// The kernel's `dir_dep`: any of the definitions' dependencies, a definition without any left
    /// out unless all are.
    fn direct_dependencies(&mut self, store: &mut Store, symbol: &Symbol) -> Tri {
        let given: Vec<_> = symbol
            .definitions
            .iter()
            .filter_map(|d| d.depends.clone())
            .collect();
        if given.is_empty() {
            return Tri::YES;
        }
        let any = given.iter().fold(Tri::NO, |sum, term| {
            let one = self.term(store, term);
            either(store, sum, one)
        });
        if symbol.kind == SymbolType::Bool {
            Tri::of(any.on)
        } else {
            any
        }
    }

    /// At most one member is `y`; a choice that is seen and may not be left open has one, if any
    /// of its members is seen.
    fn of_choice(&mut self, store: &mut Store, number: usize) -> Vec<Condition> {
        let model = self.model;
        let choice = &model.choices[number];
        let members: Vec<&Symbol> = choice
            .members
            .iter()
            .filter_map(|name| model.symbol(name))
            .collect();
        let mut all = Vec::new();
        let mut seen = Vec::new();
        let mut chosen = Vec::new();
        let visible = self.term(store, &choice.visible);
        for (at, member) in members.iter().enumerate() {
            let yes = store.symbol(&member.name, Level::Yes);
            let member_seen = self.visible(store, member);
            for other in &members[at + 1..] {
                // A member that something selects is not the choice's to decide.
                let other_yes = store.symbol(&other.name, Level::Yes);
                let other_seen = self.visible(store, other);
                let both = store.and_all([yes, other_yes, member_seen.yes, other_seen.yes]);
                all.push(!both);
            }
            seen.push(member_seen.yes);
            chosen.push(store.and(yes, member_seen.yes));
        }
        if !choice.tristate && !choice.optional {
            let any_seen = store.or_all(seen);
            let needed = store.and(visible.yes, any_seen);
            let any_chosen = store.or_all(chosen);
            all.push(store.implies(needed, any_chosen));
        }
        all
    }

    fn symbol_value(&self, store: &mut Store, name: Name) -> Tri {
        match self.model.symbol(&name).map(|symbol| symbol.kind) {
            Some(SymbolType::Bool) => Tri::of(store.symbol(&name, Level::Yes)),
            Some(SymbolType::Tristate) => Tri {
                on: store.enabled(&name),
                yes: store.symbol(&name, Level::Yes),
            },
            // A symbol without a definition is n, and one with a text is no truth.
            _ => Tri::NO,
        }
    }

    fn term(&mut self, store: &mut Store, term: &Term) -> Tri {
        match term {
            Term::Constant(value) => Tri::of(Condition::constant(*value)),
            Term::Module => Tri {
                on: self.modules(store),
                yes: Condition::FALSE,
            },
            Term::Symbol(name) => self.symbol_value(store, *name),
            Term::Text(_) => Tri::NO,
            Term::Probe(words) => Tri::of(store.atom(Atom::Probe(*words))),
            Term::Not(inner) => self.term(store, inner).not(),
            Term::And(a, b) => {
                let (a, b) = (self.term(store, a), self.term(store, b));
                both(store, a, b)
            }
            Term::Or(a, b) => {
                let (a, b) = (self.term(store, a), self.term(store, b));
                either(store, a, b)
            }
            Term::Compare(op, a, b) => Tri::of(self.compare(store, *op, a, b)),
        }
    }

    fn compare(&mut self, store: &mut Store, op: Comparison, a: &Term, b: &Term) -> Condition {
        if let (Some(a), Some(b)) = (self.tristate(store, a), self.tristate(store, b)) {
            return compare_tristates(store, op, a, b);
        }
        let (symbol, value, op) = match (self.valued(a), self.valued(b)) {
            (Side::Symbol(symbol), Side::Text(value)) => (symbol, value, op),
            (Side::Text(value), Side::Symbol(symbol)) => (symbol, value, mirrored(op)),
            (Side::Text(a), Side::Text(b)) => {
                return Condition::constant(compare_texts(op, &a, &b));
            }
            (Side::Never, _) | (_, Side::Never) => {
                return Condition::constant(op == Comparison::NotEqual);
            }
            _ => {
                let words = Name::new(&format!("{a:?} {op:?} {b:?}"));
                return store.atom(Atom::Free(words));
            }
        };
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

    /// The value of a term that is a bool or tristate symbol or one of their constants.
    fn tristate(&mut self, store: &mut Store, term: &Term) -> Option<Tri> {
        match term {
            Term::Constant(_) | Term::Module | Term::Not(_) | Term::And(..) | Term::Or(..) => {
                // Here `m` is compared with, not depended on: it does not ask for modules.
                Some(match term {
                    Term::Module => Tri {
                        on: Condition::TRUE,
                        yes: Condition::FALSE,
                    },
                    other => self.term(store, other),
                })
            }
            Term::Symbol(name) => match self.model.symbol(name).map(|s| s.kind) {
                Some(SymbolType::Bool | SymbolType::Tristate) => {
                    Some(self.symbol_value(store, *name))
                }
                // As in `expr_calc_value()`, one without a definition compares as the text of its name.
                _ => None,
            },
            Term::Probe(words) => Some(Tri::of(store.atom(Atom::Probe(*words)))),
            Term::Text(_) | Term::Compare(..) => None,
        }
    }

    fn valued(&self, term: &Term) -> Side {
        match term {
            Term::Symbol(name) => match self.model.symbol(name).map(|s| s.kind) {
                Some(SymbolType::Int | SymbolType::Hex | SymbolType::String) => Side::Symbol(*name),
                Some(_) => Side::Never,
                None => Side::Text(*name),
            },
            Term::Text(text) => Side::Text(*text),
            Term::Constant(value) => Side::Text(Name::new(if *value { "y" } else { "n" })),
            Term::Module => Side::Text(Name::new("m")),
            _ => Side::Unknown,
        }
    }

    /// What is known of `symbol op value`: a symbol whose prompt is not seen has the first default
    /// that holds, and values exclude each other.
    fn of_comparison(
        &mut self,
        store: &mut Store,
        symbol: Name,
        op: CompareOp,
        value: Name,
    ) -> Vec<Condition> {
        let known = self.compared.entry(symbol).or_default();
        if known.contains(&(op, value)) {
            return Vec::new();
        }
        let before = known.clone();
        known.push((op, value));
        let atom = store.atom(Atom::Compare { symbol, op, value });
        let model = self.model;
        let Some(of) = model.symbol(&symbol) else {
            return vec![!atom];
        };
        let mut all = Vec::new();
        for (other_op, other) in before {
            let other_atom = store.atom(Atom::Compare {
                symbol,
                op: other_op,
                value: other,
            });
            all.extend(related(
                store,
                (atom, op, &value),
                (other_atom, other_op, &other),
            ));
        }
        if of.ranges.is_empty() && !of.transitional {
            let visible = self.visible_of_any(store, of);
            let by_default = self.default_compares(store, of, op, value, atom);
            let same = store.iff(atom, by_default);
            all.push(store.or(visible, same));
        }
        all
    }

    fn visible_of_any(&mut self, store: &mut Store, symbol: &Symbol) -> Condition {
        let prompts: Vec<Condition> = symbol
            .prompts
            .iter()
            .map(|p| self.term(store, &p.visible).on)
            .collect();
        store.or_all(prompts)
    }

    fn default_compares(
        &mut self,
        store: &mut Store,
        symbol: &Symbol,
        op: CompareOp,
        value: Name,
        atom: Condition,
    ) -> Condition {
        let comparison = match op {
            CompareOp::Equal => Comparison::Equal,
            CompareOp::Less => Comparison::Less,
            CompareOp::LessEqual => Comparison::LessEqual,
        };
        let mut result = Condition::constant(compare_texts(comparison, "", &value));
        for default in symbol.defaults.iter().rev() {
            let condition = self.term(store, &default.condition).on;
            let holds = match self.valued(&default.value) {
                Side::Text(text) => Condition::constant(compare_texts(comparison, &text, &value)),
                // What another symbol gives is not followed: it stays free.
                _ => atom,
            };
            result = store.ite(condition, holds, result);
        }
        result
    }
}

fn both(store: &mut Store, a: Tri, b: Tri) -> Tri {
    Tri {
        on: store.and(a.on, b.on),
        yes: store.and(a.yes, b.yes),
    }
}

fn either(store: &mut Store, a: Tri, b: Tri) -> Tri {
    Tri {
        on: store.or(a.on, b.on),
        yes: store.or(a.yes, b.yes),
    }
}

enum Side {
    Symbol(Name),
    Text(Name),
    /// A bool that is compared with a text that it cannot have.
    Never,
    Unknown,
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

fn number(text: &str) -> Option<i128> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => i128::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Numbers are compared as numbers, all else as text, as `expr_calc_value()` does.
fn compare_texts(op: Comparison, a: &str, b: &str) -> bool {
    let order = match (number(a), number(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.cmp(b),
    };
    match op {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterEqual => order.is_ge(),
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

/// What two comparisons of one symbol with constants have to do with each other.
fn related(
    store: &mut Store,
    (a, op_a, value_a): (Condition, CompareOp, &str),
    (b, op_b, value_b): (Condition, CompareOp, &str),
) -> Vec<Condition> {
    let (Some(x), Some(y)) = (number(value_a), number(value_b)) else {
        let differ = op_a == CompareOp::Equal && op_b == CompareOp::Equal && value_a != value_b;
        let both = store.and(a, b);
        return if differ { vec![!both] } else { Vec::new() };
    };
    // Each is true up to a bound, or at one value.
    let holds = |op: CompareOp, bound: i128, at: i128| match op {
        CompareOp::Equal => at == bound,
        CompareOp::Less => at < bound,
        CompareOp::LessEqual => at <= bound,
    };
    // The values around both bounds show every combination that there is.
    let points = [x - 1, x, x + 1, y - 1, y, y + 1];
    let mut all = Vec::new();
    for (left, right) in [(true, true), (true, false), (false, true), (false, false)] {
        let possible = points
            .iter()
            .any(|at| holds(op_a, x, *at) == left && holds(op_b, y, *at) == right);
        if !possible {
            let left = if left { a } else { !a };
            let right = if right { b } else { !b };
            all.push(!store.and(left, right));
        }
    }
    all
}
