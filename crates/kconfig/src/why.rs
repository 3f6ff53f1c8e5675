//! Why a symbol is on or can never be on for an architecture, in the words of its Kconfig files.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};

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
        self.questions().why_never(Name::new(name))
    }
}

impl<'m> Questions<'m> {
    /// The same as [`Model::why_never`], for one who has more to ask.
    pub fn why_never(&mut self, name: Name) -> Option<Vec<Fact>> {
        if self.can_be_on(name) {
            return None;
        }
        let mut reasons = Reasons {
            questions: self,
            seen: FxHashSet::default(),
            facts: Vec::new(),
        };
        reasons.explain(name);
        Some(reasons.facts)
    }

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
            if model.symbol(by).is_some_and(own) {
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

struct Reasons<'q, 'm> {
    questions: &'q mut Questions<'m>,
    seen: FxHashSet<Name>,
    facts: Vec<Fact>,
}

impl Reasons<'_, '_> {
    fn explain(&mut self, name: Name) {
        if self.facts.len() >= LONGEST || !self.seen.insert(name) {
            return;
        }
        let model = self.questions.model;
        let Some(symbol) = model.symbol(name) else {
            self.facts.push(Fact {
                text: format!("{} does not define {name}", model.arch_name()),
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
        if let Some(term) = self.unmet_term(symbol) {
            let text = format!("{name} depends on {term}, which never holds");
            return self.facts.push(Fact { text, place });
        }
        let selectors = model.selectors(name).into_iter();
        let strong: Vec<&Select> = selectors.filter(|select| !select.weak).collect();
        match strong.as_slice() {
            [] => self.defaults(symbol),
            [only] => self.selector(only, place),
            several => self.selectors(symbol, several),
        }
    }

    /// Why no default of a symbol holds that nothing selects.
    fn defaults(&mut self, symbol: &Symbol) {
        let (arch, name) = (self.questions.model.arch_name(), symbol.name);
        let text = match (symbol.prompts.is_empty(), symbol.defaults.is_empty()) {
            (true, true) => format!("nothing on {arch} selects {name}, which has no prompt"),
            (true, false) => {
                format!("no default of {name} holds on {arch}, and nothing selects it")
            }
            (false, _) => format!("{name} can never be on for {arch}"),
        };
        let place = symbol.definitions.first().map(|d| d.place.clone());
        self.facts.push(Fact { text, place });
        let next = symbol.defaults.iter().find_map(|default| {
            let mut parts = Vec::new();
            conjuncts(&default.condition, &mut parts);
            conjuncts(&default.value, &mut parts);
            self.never_on(parts)
        });
        if let Some(next) = next {
            self.explain(next);
        }
    }

    /// Why the only `select` of a symbol never takes effect.
    fn selector(&mut self, only: &Select, place: Option<Place>) {
        let (arch, name) = (self.questions.model.arch_name(), only.target);
        if !self.questions.can_be_on(only.by) {
            let text = format!("nothing that selects {name} can be on for {arch}");
            self.facts.push(Fact { text, place });
            return self.explain(only.by);
        }
        // Who selects it can be on, but not where it does.
        let next = self.forbids(only);
        let condition = next.map_or(only.condition.to_string(), |next| next.to_string());
        self.facts.push(Fact {
            text: format!("{} selects {name} only where {condition}", only.by),
            place: Some(only.place.clone()),
        });
        if let Some(next) = next {
            self.explain(next);
        }
    }

    /// Why none of several `select` lines ever takes effect: what most of them need comes first.
    fn selectors(&mut self, symbol: &Symbol, several: &[&Select]) {
        let (arch, name) = (self.questions.model.arch_name(), symbol.name);
        self.facts.push(Fact {
            text: format!("no line that selects {name} can take effect on {arch}"),
            place: symbol.definitions.first().map(|d| d.place.clone()),
        });
        let mut needed: BTreeMap<Name, Vec<&Select>> = BTreeMap::new();
        for select in several {
            let by = self.forbids(select).unwrap_or(select.by);
            needed.entry(by).or_default().push(select);
        }
        let mut needed: Vec<_> = needed.into_iter().collect();
        needed.sort_by_key(|(_, selects)| Reverse(selects.len()));
        for (needed, selects) in &needed {
            if self.facts.len() >= LONGEST {
                return;
            }
            let text = match selects.as_slice() {
                [one] if one.by == *needed && self.questions.can_be_on(one.by) => {
                    format!("{needed} selects {name} only where {}", one.condition)
                }
                [one] if one.by == *needed => format!("{needed} selects {name} but is never on"),
                [one] => format!("{} selects {name} but needs {needed}", one.by),
                many => format!("{} lines select {name} but need {needed}", many.len()),
            };
            let place = selects.first().map(|select| select.place.clone());
            self.facts.push(Fact { text, place });
        }
        if let [(only, _)] = needed.as_slice() {
            self.explain(*only);
        }
    }

    /// What a `select` needs and can never have.
    fn forbids(&mut self, select: &Select) -> Option<Name> {
        let mut parts = vec![select.by];
        conjuncts(&select.condition, &mut parts);
        self.never_on(parts)
    }

    /// The last of `names` that can never be on.
    fn never_on(&mut self, names: Vec<Name>) -> Option<Name> {
        let questions = &mut *self.questions;
        names
            .into_iter()
            .rev()
            .find(|name| !questions.can_be_on(*name))
    }

    /// A symbol that the first definition depends on and that can never be on.
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

    /// Something else that the only definition depends on and that never holds.
    fn unmet_term(&mut self, symbol: &Symbol) -> Option<Term> {
        let [definition] = symbol.definitions.as_slice() else {
            return None;
        };
        if symbol.prompts.is_empty() && symbol.defaults.is_empty() {
            return None;
        }
        let parts = definition.depends.as_deref()?.parts();
        let questions = &mut *self.questions;
        let never = parts
            .into_iter()
            .rev()
            .find(|term| !questions.can_hold(term));
        never.cloned()
    }
}

/// The symbols that must be on for a term to hold.
fn conjuncts(term: &Term, found: &mut Vec<Name>) {
    for part in term.parts() {
        if let Term::Symbol(name) = part {
            found.push(*name);
        }
    }
}
