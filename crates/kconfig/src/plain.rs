//! What a symbol can be, as far as that is plain: most is known without a solver.
//!
//! ```kconfig
//! config SND_ATMEL_AC97C
//! 	tristate "Atmel AC97 Controller"	# can be on, and need not
//! 	depends on ARCH_AT91			# not where nothing defines this
//! ```

use condition::{Atom, Condition, Level, Shape, Store};
use rustc_hash::{FxHashMap, FxHashSet};
use text::Name;

use crate::answered::{Answered, Says};
use crate::model::{Model, Symbol};
use crate::syntax::{Comparison, SymbolType};
use crate::term::Term;

/// Who asks further from one symbol to the next than this is told what is safe.
pub(crate) const DEEPEST: usize = 200;

/// Whether a symbol can be on, and whether it can be off, as far as no solver is needed to know it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain {
    pub(crate) on: Option<bool>,
    pub(crate) off: Option<bool>,
}

/// What is plain of a model, whose symbols are looked at once each.
#[derive(Debug)]
pub(crate) struct Plainly<'m> {
    model: &'m Model,
    /// What is where the user says yes to everything, and where he says no.
    yes: Answered<'m>,
    no: Answered<'m>,
    bounds: Bounds<'m>,
}

impl<'m> Plainly<'m> {
    /// Nothing was looked at yet.
    pub(crate) fn new(model: &'m Model) -> Plainly<'m> {
        Plainly {
            model,
            yes: Answered::new(model, Says::Yes),
            no: Answered::new(model, Says::No),
            bounds: Bounds {
                model,
                can_be_on: FxHashMap::default(),
                must_be_on: FxHashMap::default(),
                depth: 0,
            },
        }
    }

    /// Whether these can hold together.
    pub(crate) fn can(&mut self, store: &Store, conditions: &[Condition]) -> Option<bool> {
        for answered in [&mut self.yes, &mut self.no] {
            let mut value = |atom| answered.atom(atom);
            let mut all = conditions.iter();
            if all.all(|one| store.evaluate(*one, &mut value) == Some(true)) {
                return Some(true);
            }
        }
        let mut value = |atom| self.bounds.atom(atom);
        let mut all = conditions.iter();
        if all.any(|one| store.evaluate(*one, &mut value) == Some(false)) {
            return Some(false);
        }
        self.shown_by(store, conditions).map(|_| true)
    }

    /// Those of which it is enough to say yes to, and no to all else, for these to hold together, as far as that is
    /// plain.
    pub(crate) fn shown_by(&self, store: &Store, conditions: &[Condition]) -> Option<Vec<Name>> {
        let wanted = self.wanted(store, conditions);
        let mut answered = Answered::new(self.model, Says::YesTo(wanted.clone()));
        let mut value = |atom| answered.atom(atom);
        let mut all = conditions.iter();
        if !all.all(|one| store.evaluate(*one, &mut value) == Some(true)) {
            return None;
        }
        let mut on: Vec<Name> = wanted.into_iter().collect();
        on.retain(|name| answered.value(*name) == Some(true));
        on.sort_unstable();
        Some(on)
    }

    /// What conditions want on, and what must be on for its prompts to be seen.
    fn wanted(&self, store: &Store, conditions: &[Condition]) -> FxHashSet<Name> {
        let mut wanted = FxHashSet::default();
        let mut open = conditions.to_vec();
        let mut known: FxHashSet<Condition> = open.iter().copied().collect();
        while let Some(condition) = open.pop() {
            match store.shape(condition) {
                Shape::Atom(Atom::Symbol { name, .. }, false) => {
                    wanted.insert(name);
                }
                Shape::And(parts) | Shape::Or(parts) => {
                    open.extend(parts.into_iter().filter(|part| known.insert(*part)));
                }
                _ => {}
            }
        }
        let symbols = wanted.iter().filter_map(|name| self.model.symbol(*name));
        let seen_with: Vec<Name> = symbols.flat_map(|one| self.model.seen_with(one)).collect();
        wanted.extend(seen_with);
        wanted
    }

    /// What a symbol can be.
    pub(crate) fn symbol(&mut self, symbol: &Symbol) -> Plain {
        // A string, int or hex symbol is on where it has a value, of which nothing is known there.
        if symbol.is_valued() {
            let (on, off) = (None, None);
            return Plain { on, off };
        }
        let on = match self.yes.value(symbol.name) {
            Some(true) => Some(true),
            _ => (!self.bounds.can(symbol)).then_some(false),
        };
        if on == Some(false) {
            let off = Some(true);
            return Plain { on, off };
        }
        let mut is_off = self.no.value(symbol.name) == Some(false);
        if !is_off && self.bounds.must(symbol) {
            let (on, off) = (Some(true), Some(false));
            return Plain { on, off };
        }
        // A prompt may be seen only where something else is on, and a default may count where it is not.
        if !is_off {
            let says = Says::YesTo(self.model.seen_with(symbol));
            is_off = Answered::new(self.model, says).value(symbol.name) == Some(false);
        }
        Plain {
            on,
            off: is_off.then_some(true),
        }
    }
}

/// What symbols can be at most, and at least.
#[derive(Debug)]
struct Bounds<'m> {
    model: &'m Model,
    /// Symbols that can be on, as far as is known. One that is being looked at may be.
    can_be_on: FxHashMap<Name, bool>,
    /// Symbols that are on in every configuration. One that is being looked at may not be.
    must_be_on: FxHashMap<Name, bool>,
    depth: usize,
}

impl Answered<'_> {
    /// Whether an atom holds there.
    fn atom(&mut self, atom: Atom) -> Option<bool> {
        let Atom::Symbol { name, level } = atom else {
            return None;
        };
        self.value(name).map(|on| on && level == Level::Yes)
    }
}

impl Bounds<'_> {
    /// Whether an atom holds in every configuration, or in none.
    fn atom(&mut self, atom: Atom) -> Option<bool> {
        let Atom::Symbol { name, level } = atom else {
            return None;
        };
        let Some(symbol) = self.model.symbol(name) else {
            return Some(false);
        };
        let is_bool = symbol.kind == Some(SymbolType::Bool);
        match level {
            Level::Module if is_bool => Some(false),
            _ if !self.can(symbol) => Some(false),
            Level::Yes if is_bool && self.must(symbol) => Some(true),
            _ => None,
        }
    }

    /// False only for what is on in no configuration.
    fn can(&mut self, symbol: &Symbol) -> bool {
        let is_other = symbol.is_valued() || symbol.itself.is_some() || symbol.transitional;
        if is_other || self.depth > DEEPEST {
            return true;
        }
        if let Some(known) = self.can_be_on.get(&symbol.name) {
            return *known;
        }
        self.can_be_on.insert(symbol.name, true);
        self.depth += 1;
        let model = self.model;
        let can = symbol.kind.is_some()
            && (symbol.prompts.iter().any(|one| self.can_hold(&one.visible))
                || symbol
                    .defaults
                    .iter()
                    .any(|one| self.can_hold(&one.condition) && self.can_hold(&one.value))
                || model.selectors(symbol.name).into_iter().any(|select| {
                    self.can_hold(&select.condition) && self.can_hold(&Term::Symbol(select.by))
                }));
        self.depth -= 1;
        self.can_be_on.insert(symbol.name, can);
        can
    }

    /// False only for what holds in no configuration.
    fn can_hold(&mut self, term: &Term) -> bool {
        match term {
            Term::Constant(value) => *value,
            Term::Symbol(name) => match self.model.symbol(*name) {
                Some(symbol) => self.can(symbol),
                None => false,
            },
            Term::And(a, b) => self.can_hold(a) && self.can_hold(b),
            Term::Or(a, b) => self.can_hold(a) || self.can_hold(b),
            Term::Compare(Comparison::Equal, a, b) => match (&**a, &**b) {
                (Term::Symbol(_), Term::Constant(true) | Term::Module) => self.can_hold(a),
                _ => true,
            },
            Term::Module
            | Term::IfModules
            | Term::Text(_)
            | Term::Probe(_)
            | Term::Not(_)
            | Term::Compare(..) => true,
        }
    }

    /// True only for what is on in every configuration.
    fn must(&mut self, symbol: &Symbol) -> bool {
        // Of a choice one member is on, whatever selects others.
        let is_member = symbol.itself.is_some() || symbol.choice().is_some();
        let is_other = is_member || symbol.transitional;
        if !symbol.is_truth() || is_other || self.depth > DEEPEST {
            return false;
        }
        if let Some(known) = self.must_be_on.get(&symbol.name) {
            return *known;
        }
        self.must_be_on.insert(symbol.name, false);
        self.depth += 1;
        let model = self.model;
        let is_given = |bounds: &mut Self| {
            let first = symbol.defaults.first();
            // What is implied is taken back to what the symbol depends on, which a default may not be.
            let selectors = model.selectors(symbol.name);
            let is_implied = selectors.iter().any(|select| select.weak);
            let first = first.filter(|_| symbol.prompts.is_empty() && !is_implied);
            first.is_some_and(|one| bounds.holds(&one.condition) && bounds.holds(&one.value))
        };
        let must = is_given(self)
            || model.selectors(symbol.name).into_iter().any(|select| {
                !select.weak
                    && self.holds(&Term::Symbol(select.by))
                    && self.holds(&select.condition)
            });
        self.depth -= 1;
        self.must_be_on.insert(symbol.name, must);
        must
    }

    /// True only for what holds in every configuration.
    fn holds(&mut self, term: &Term) -> bool {
        match term {
            Term::Constant(value) => *value,
            Term::Symbol(name) => {
                let symbol = self.model.symbol(*name);
                symbol.is_some_and(|symbol| self.must(symbol))
            }
            Term::And(a, b) => self.holds(a) && self.holds(b),
            Term::Or(a, b) => self.holds(a) || self.holds(b),
            _ => false,
        }
    }
}
