//! Why a symbol is on or can never be on for an architecture, in the words of its Kconfig files.

use std::collections::VecDeque;

use rustc_hash::FxHashSet;
use text::Name;

use crate::model::{Model, Place, Select, Symbol};
use crate::question::Questions;
use crate::term::Term;

/// A fact for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// A sentence without a full stop.
    pub text: String,
    /// Where to see it.
    pub place: Option<Place>,
}

/// `select` lines that lead to a symbol, each selecting who comes next, from a symbol that has a prompt
/// or a default of its own.
pub type Chain<'m> = Vec<&'m Select>;

/// A chain of reasons longer than this is cut.
const LONGEST: usize = 6;

impl Model {
    /// Why `name` can never be `y` or `m` here, from the symbol itself to what decides; `None` where
    /// it can.
    pub fn why_never(&self, name: &str) -> Option<Vec<Fact>> {
        let mut reasons = Reasons {
            questions: self.questions(),
            seen: FxHashSet::default(),
            facts: Vec::new(),
        };
        if reasons.questions.can_be_on(Name::new(name)) {
            return None;
        }
        reasons.explain(Name::new(name));
        Some(reasons.facts)
    }
}

impl<'m> Questions<'m> {
    /// For each `select` of `name` that can take effect, the shortest chain that ends with it; the
    /// shortest first. `imply` is left out.
    pub fn chains(&mut self, name: Name) -> Vec<Chain<'m>> {
        let mut chains: Vec<Chain<'m>> = Vec::new();
        let model = self.model;
        for last in model.selectors(name) {
            if !last.weak && self.can_select(last) {
                chains.extend(self.chain(last));
            }
        }
        chains.sort_by_key(Vec::len);
        chains
    }

    fn chain(&mut self, last: &'m Select) -> Option<Chain<'m>> {
        let model = self.model;
        let mut open = VecDeque::from([vec![last]]);
        let mut seen = FxHashSet::from_iter([last.target, last.by]);
        while let Some(chain) = open.pop_front() {
            let by = chain.last()?.by;
            let own = |s: &Symbol| !s.prompts.is_empty() || !s.defaults.is_empty();
            if model.symbol(&by).is_some_and(own) {
                return Some(chain.into_iter().rev().collect());
            }
            for select in model.selectors(by) {
                if !select.weak && self.can_select(select) && seen.insert(select.by) {
                    let mut longer = chain.clone();
                    longer.push(select);
                    open.push_back(longer);
                }
            }
        }
        None
    }
}

struct Reasons<'m> {
    questions: Questions<'m>,
    seen: FxHashSet<Name>,
    facts: Vec<Fact>,
}

impl Reasons<'_> {
    fn explain(&mut self, name: Name) {
        if self.facts.len() >= LONGEST || !self.seen.insert(name) {
            return;
        }
        let model = self.questions.model;
        let arch = model.arch.map_or("this architecture", Name::as_str);
        let Some(symbol) = model.symbol(&name) else {
            self.facts.push(Fact {
                text: format!("{arch} does not define {name}"),
                place: None,
            });
            return;
        };
        let place = symbol.definitions.first().map(|d| d.place.clone());
        if let Some(next) = self.unmet(symbol) {
            let text = format!("{name} depends on {next}");
            self.facts.push(Fact { text, place });
            return self.explain(next);
        }
        let selectors = model.selectors(name);
        let strong: Vec<_> = selectors
            .into_iter()
            .filter(|select| !select.weak)
            .collect();
        let text = match (symbol.prompts.is_empty(), strong.as_slice()) {
            (true, []) if symbol.defaults.is_empty() => {
                format!("nothing on {arch} selects {name}, which has no prompt")
            }
            (true, []) => format!("no default of {name} holds on {arch}, and nothing selects it"),
            (true, _) => format!("nothing that selects {name} can be on for {arch}"),
            (false, _) => format!("{name} can never be on for {arch}"),
        };
        let [only] = strong.as_slice() else {
            return self.facts.push(Fact { text, place });
        };
        if !self.questions.can_be_on(only.by) {
            self.facts.push(Fact { text, place });
            return self.explain(only.by);
        }
        // Who selects it can be on, but not where it does.
        let mut parts = Vec::new();
        conjuncts(&only.condition, &mut parts);
        let next = self.never_on(parts);
        let condition = next.map_or(only.condition.to_string(), |next| next.to_string());
        self.facts.push(Fact {
            text: format!("{} selects {name} only where {condition}", only.by),
            place: Some(only.place.clone()),
        });
        if let Some(next) = next {
            self.explain(next);
        }
    }

    /// The last of `names` that can never be on.
    fn never_on(&mut self, names: Vec<Name>) -> Option<Name> {
        let questions = &mut self.questions;
        names
            .into_iter()
            .rev()
            .find(|name| !questions.can_be_on(*name))
    }

    /// A symbol that each definition depends on and that can never be on.
    fn unmet(&mut self, symbol: &Symbol) -> Option<Name> {
        if symbol.prompts.is_empty() && symbol.defaults.is_empty() {
            return None;
        }
        let first = symbol.definitions.first()?.depends.clone()?;
        let mut parts = Vec::new();
        conjuncts(&first, &mut parts);
        // The entry's own dependencies stand last; they say more than what stands around it.
        self.never_on(parts)
    }
}

fn conjuncts(term: &Term, found: &mut Vec<Name>) {
    match term {
        Term::And(a, b) => {
            conjuncts(a, found);
            conjuncts(b, found);
        }
        Term::Symbol(name) => found.push(*name),
        _ => {}
    }
}
