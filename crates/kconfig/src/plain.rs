//! What a symbol can be, as far as that is plain: most is known without a solver.
//!
//! ```kconfig
//! config SND_ATMEL_AC97C
//! 	tristate "Atmel AC97 Controller"	# can be on, and need not
//! 	depends on ARCH_AT91			# not where nothing defines this
//! ```

use rustc_hash::FxHashMap;
use text::Name;

use crate::answered::{Answered, Says};
use crate::model::{Model, Symbol};
use crate::syntax::Comparison;
use crate::term::Term;

/// Who asks further from one symbol to the next than this is told what is safe.
pub(crate) const DEEPEST: usize = 200;

/// Whether a symbol can be on, and whether it can be off, as far as no solver is needed to know it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain {
    pub(crate) on: Option<bool>,
    pub(crate) off: Option<bool>,
}

impl Model {
    /// What is plain of a symbol.
    pub(crate) fn plainly(&self, symbol: &Symbol) -> Plain {
        let mut bounds = Bounds {
            model: self,
            can_be_on: FxHashMap::default(),
            must_be_on: FxHashMap::default(),
            depth: 0,
        };
        // A string, int or hex symbol is on where it has a value, of which nothing is known there.
        if symbol.is_valued() {
            let (on, off) = (None, None);
            return Plain { on, off };
        }
        let value = |says| Answered::new(self, says).value(symbol.name);
        let on = match value(Says::Yes) {
            Some(true) => Some(true),
            _ => (!bounds.can(symbol)).then_some(false),
        };
        if on == Some(false) {
            let off = Some(true);
            return Plain { on, off };
        }
        let is_off = value(Says::No) == Some(false);
        if !is_off && bounds.must(symbol) {
            let (on, off) = (Some(true), Some(false));
            return Plain { on, off };
        }
        // A prompt may be seen only where something else is on, and a default may count where it is not.
        let is_off = is_off || value(Says::YesTo(self.seen_with(symbol))) == Some(false);
        Plain {
            on,
            off: is_off.then_some(true),
        }
    }
}

/// What symbols can be at most, and at least.
struct Bounds<'m> {
    model: &'m Model,
    /// Symbols that can be on, as far as is known. One that is being looked at may be.
    can_be_on: FxHashMap<Name, bool>,
    /// Symbols that are on in every configuration. One that is being looked at may not be.
    must_be_on: FxHashMap<Name, bool>,
    depth: usize,
}

impl Bounds<'_> {
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
