//! Questions to one architecture's model: what a symbol can be, and what to set for it.
//!
//! ```text
//! vmemmlint kconfig config --with DEV_DAX=m --arch arm64
//! ```

use std::fmt;
use std::sync::Arc;

use condition::{Answer, Atom, CompareOp, Condition, Level, Solver, Store};
use text::Name;

use crate::logic::Constraints;
use crate::logic::near::Near;
use crate::model::{Model, Select, Symbol};
use crate::plain::{Plain, Plainly};
use crate::syntax::SymbolType;
use crate::term::Term;
use crate::value::number;
use crate::why::Fact;

/// Which values a symbol has, over all configurations of an architecture. A string, int or hex symbol
/// is on where it has a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// No entry defines it.
    Undefined,
    /// It is `n` in every configuration.
    Never,
    /// It can be on, and need not.
    Sometimes,
    /// It is on in every configuration.
    Always,
    /// The search was given up.
    Unknown,
}

/// A value that a symbol should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The symbol, without `CONFIG_`.
    pub symbol: Name,
    /// `y`, `m`, `n`, or the text of a string, int or hex symbol.
    pub value: String,
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.symbol, self.value)
    }
}

/// A model that is asked one question after another.
#[derive(Debug)]
pub struct Questions<'m> {
    pub(crate) model: &'m Model,
    pub(crate) store: Store,
    solver: Solver,
    pub(crate) constraints: Constraints<'m>,
    near: Near<'m>,
    pub(crate) plain: Plainly<'m>,
    /// Of which files lines are told; of all where it is not said.
    only: Option<Vec<Arc<str>>>,
}

impl Model {
    /// This model, to be asked.
    pub fn questions(&self) -> Questions<'_> {
        Questions {
            model: self,
            store: Store::new(),
            solver: Solver::new(),
            constraints: self.constraints(),
            near: Near::new(self),
            plain: Plainly::new(self),
            only: None,
        }
    }

    /// The same, for one who asks of lines in some files only.
    pub fn questions_about(&self, files: &[Arc<str>]) -> Questions<'_> {
        Questions {
            only: Some(files.to_vec()),
            ..self.questions()
        }
    }

    /// What a symbol can be.
    pub fn standing(&self, name: Name) -> Standing {
        self.questions().standing(name)
    }
}

impl<'m> Questions<'m> {
    /// Whether lines of a file are told.
    pub(crate) fn tells(&self, file: &str) -> bool {
        let only = self.only.as_ref();
        only.is_none_or(|only| only.iter().any(|path| **path == *file))
    }

    /// The symbols that have entries of which lines are told.
    pub(crate) fn told_symbols(&self) -> Vec<&'m Symbol> {
        let model = self.model;
        let Some(only) = &self.only else {
            return model.symbols().collect();
        };
        model.symbols_of(only)
    }

    /// The `select` and `imply` lines that are told.
    pub(crate) fn told_selects(&self) -> Vec<&'m Select> {
        let model = self.model;
        match &self.only {
            Some(only) => model.selects_in(only),
            None => model.selects().collect(),
        }
    }

    pub(crate) fn solve(&mut self, conditions: &[Condition]) -> Answer {
        for condition in conditions {
            self.constraints
                .require_for(&mut self.store, &mut self.solver, *condition);
        }
        self.solver.solve(&self.store, conditions)
    }

    /// Whether these can hold together; `None` where the search was given up.
    pub fn can(&mut self, conditions: &[Condition]) -> Option<bool> {
        let plain = self.plain.can(&self.store, conditions);
        plain.or_else(|| self.near.can(&mut self.store, conditions))
    }

    /// Whether `name` can be on; yes where that is not found out.
    pub(crate) fn can_be_on(&mut self, name: Name) -> bool {
        let on = self.model.on(&mut self.store, name);
        self.can(&[on]) != Some(false)
    }

    /// Whether a term can be other than `n`; yes where that is not found out.
    pub(crate) fn can_hold(&mut self, term: &Term) -> bool {
        let (on, _) = self.constraints.value_of(&mut self.store, term);
        self.can(&[on]) != Some(false)
    }

    /// Whether a `select` can take effect; yes where that is not found out.
    pub(crate) fn can_select(&mut self, select: &crate::Select) -> bool {
        let by = self.model.on(&mut self.store, select.by);
        let (on, _) = self
            .constraints
            .value_of(&mut self.store, &select.condition);
        self.can(&[by, on]) != Some(false)
    }

    /// What a symbol can be.
    pub fn standing(&mut self, name: Name) -> Standing {
        let Some(symbol) = self.model.symbol(name) else {
            return Standing::Undefined;
        };
        let plain = self.plain.symbol(symbol);
        self.standing_beyond(name, plain)
    }

    /// The same, all of it by a solver.
    pub fn solved_standing(&mut self, name: Name) -> Standing {
        if !self.model.defines(name) {
            return Standing::Undefined;
        }
        let (on, off) = (None, None);
        self.standing_beyond(name, Plain { on, off })
    }

    /// What a solver has to say beyond what is plain.
    fn standing_beyond(&mut self, name: Name, plain: Plain) -> Standing {
        let on = self.model.on(&mut self.store, name);
        let mut can = |condition| self.near.can(&mut self.store, &[condition]);
        let can_be_on = plain.on.or_else(|| can(on));
        let can_be_off = plain.off.or_else(|| can(!on));
        match (can_be_on, can_be_off) {
            (Some(false), _) => Standing::Never,
            (Some(true), Some(true)) => Standing::Sometimes,
            (Some(true), Some(false)) => Standing::Always,
            _ => Standing::Unknown,
        }
    }

    /// Why these cannot hold together; empty where they can, or where that is not found out.
    pub fn why_not(&mut self, clash: &[Wish]) -> Vec<Fact> {
        if let [only] = clash
            && only.value != "n"
            && let Some(facts) = self.model.why_never(&only.symbol)
        {
            return facts;
        }
        self.model.why_conflict(clash)
    }
}

impl Model {
    /// When the symbol is not `n`, or has a value.
    pub(crate) fn on(&self, store: &mut Store, name: Name) -> Condition {
        match self.symbol(name) {
            Some(symbol) if symbol.is_valued() => {
                let defined = Name::new(&format!("CONFIG_{name}"));
                store.atom(Atom::Defined(defined))
            }
            _ => store.enabled(&name),
        }
    }

    /// When a wish is granted.
    pub(crate) fn wish(&self, store: &mut Store, wish: &Wish) -> Condition {
        let name = wish.symbol;
        let is_truth = self
            .symbol(name)
            .is_none_or(|symbol| symbol.is_truth() || symbol.kind.is_none());
        match wish.value.as_str() {
            "y" if is_truth => store.symbol(&name, Level::Yes),
            "m" if is_truth => store.symbol(&name, Level::Module),
            "n" if is_truth => !store.enabled(&name),
            value => {
                // A number is written as the symbol's type has it, and asked for as C has it.
                let kind = self.symbol(name).and_then(|symbol| symbol.kind);
                let is_number = matches!(kind, Some(SymbolType::Int | SymbolType::Hex));
                let number = number((value, kind)).filter(|_| is_number);
                let value = number.map_or(value.into(), |n| Name::new(&n.to_string()));
                let equal = Atom::Compare {
                    symbol: name,
                    op: CompareOp::Equal,
                    value,
                };
                let (on, equal) = (self.on(store, name), store.atom(equal));
                store.and(on, equal)
            }
        }
    }
}
