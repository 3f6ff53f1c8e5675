//! Configurations in which a user answers alike whatever he is asked.
//!
//! ```kconfig
//! config CRC32
//! 	tristate "CRC32 functions"	# thousands of lines select it, of symbols
//! 	default y			# that are all off where nobody says yes
//! ```
//!
//! Most that can be off is off where all is refused, and most that can be on is on where nothing is. To look at what decides
//! it there takes no solver, and often less than a thousandth of all symbols.

use rustc_hash::{FxHashMap, FxHashSet};
use text::Name;

use crate::model::{Model, Symbol};
use crate::plain::DEEPEST;
use crate::syntax::Comparison;
use crate::term::Term;

/// What the user says.
#[derive(Debug)]
pub(crate) enum Says {
    /// Yes to everything.
    Yes,
    /// No to everything.
    No,
    /// Yes to these only.
    YesTo(FxHashSet<Name>),
}

/// What symbols are in such a configuration: `y`, `n`, or not known. What a toolchain answers is not; nor is what
/// string, int and hex symbols hold, and which member of a choice is taken.
#[derive(Debug)]
pub(crate) struct Answered<'m> {
    model: &'m Model,
    says: Says,
    /// One that is being looked at is not known.
    known: FxHashMap<usize, Option<bool>>,
    depth: usize,
}

impl<'m> Answered<'m> {
    pub(crate) fn new(model: &'m Model, says: Says) -> Answered<'m> {
        Answered {
            model,
            says,
            known: FxHashMap::default(),
            depth: 0,
        }
    }

    fn says_yes(&self, name: Name) -> bool {
        match &self.says {
            Says::Yes => true,
            Says::No => false,
            Says::YesTo(names) => names.contains(&name),
        }
    }

    /// The value of a symbol there.
    pub(crate) fn value(&mut self, name: Name) -> Option<bool> {
        let model = self.model;
        let Some(number) = model.number_of(name) else {
            return Some(false);
        };
        if let Some(known) = self.known.get(&number) {
            return *known;
        }
        model.note_selectors(name);
        if !self.says_yes(name) && model.waits_for_yes(number) {
            return Some(false);
        }
        if self.depth > DEEPEST {
            return None;
        }
        self.known.insert(number, None);
        self.depth += 1;
        let value = self.value_of(model.at(number));
        self.depth -= 1;
        self.known.insert(number, value);
        value
    }

    fn value_of(&mut self, symbol: &Symbol) -> Option<bool> {
        let is_other = symbol.itself.is_some() || symbol.choice().is_some() || symbol.transitional;
        if symbol.kind.is_none() {
            return Some(false);
        }
        if !symbol.is_truth() || is_other {
            return None;
        }
        let says_yes = self.says_yes(symbol.name);
        let seen = any(
            symbol.prompts.iter().map(|prompt| &prompt.visible),
            |visible| self.holds(visible),
        );
        if says_yes && seen == Some(true) {
            return Some(true);
        }
        let lifted = self.lifted(symbol, false);
        if lifted == Some(true) {
            return lifted;
        }
        let base = match (seen, says_yes) {
            (Some(true), _) => Some(false),
            (Some(false), _) => self.given(symbol),
            (None, false) => self.given(symbol).filter(|given| !given),
            // It may be seen as `m` only.
            (None, true) => None,
        };
        either(lifted, base)
    }

    /// What selects, or with `weak` what implies, a symbol.
    fn lifted(&mut self, symbol: &Symbol, weak: bool) -> Option<bool> {
        let selects = self.model.selectors(symbol.name).into_iter();
        any(
            selects.filter(|select| select.weak == weak),
            |select| match self.value(select.by) {
                Some(false) => Some(false),
                by => both(by, self.holds(&select.condition)),
            },
        )
    }

    /// What a symbol is where nobody is asked, and nothing selects it.
    fn given(&mut self, symbol: &Symbol) -> Option<bool> {
        // What is implied adds to a default, as far as dependencies allow that.
        if self.lifted(symbol, true) != Some(false) {
            return None;
        }
        for default in &symbol.defaults {
            match self.holds(&default.condition) {
                Some(true) => return self.holds(&default.value),
                Some(false) => {}
                None => return None,
            }
        }
        Some(false)
    }

    /// Whether a term is `y` or `n`.
    fn holds(&mut self, term: &Term) -> Option<bool> {
        match term {
            Term::Constant(value) => Some(*value),
            Term::Symbol(name) => self.value(*name),
            Term::Not(inner) => self.holds(inner).map(|holds| !holds),
            Term::And(a, b) => match self.holds(a) {
                Some(false) => Some(false),
                a => both(a, self.holds(b)),
            },
            Term::Or(a, b) => any([a, b].into_iter(), |term| self.holds(term)),
            Term::Compare(op, a, b) => {
                let (a, b) = (self.truth(a)?, self.truth(b)?);
                match op {
                    Comparison::Equal => Some(a == b),
                    Comparison::NotEqual => Some(a != b),
                    _ => None,
                }
            }
            Term::Module | Term::IfModules | Term::Text(_) | Term::Probe(_) => None,
        }
    }

    /// The same of one side of a comparison, which may be a text.
    fn truth(&mut self, term: &Term) -> Option<bool> {
        match term {
            Term::Symbol(name) => {
                let is_truth = self.model.symbol(*name).is_some_and(Symbol::is_truth);
                self.value(*name).filter(|_| is_truth)
            }
            term => self.holds(term),
        }
    }
}

impl Model {
    /// What must be on, as far as lines name it, for a prompt of a symbol to be seen.
    pub(crate) fn seen_with(&self, symbol: &Symbol) -> FxHashSet<Name> {
        let mut names = FxHashSet::default();
        let mut open = vec![symbol];
        while let Some(one) = open.pop() {
            let mut named = Vec::new();
            for prompt in &one.prompts {
                prompt.visible.wanted(&mut named);
            }
            for name in named {
                let is_new = name != symbol.name && names.len() < MOST && names.insert(name);
                open.extend(self.symbol(name).filter(|_| is_new));
            }
        }
        names
    }
}

/// So many names at most are said yes to.
const MOST: usize = 100;

impl Term {
    /// Adds the symbols that it wants on.
    fn wanted(&self, names: &mut Vec<Name>) {
        match self {
            Term::Symbol(name) => names.push(*name),
            Term::And(a, b) | Term::Or(a, b) => {
                a.wanted(names);
                b.wanted(names);
            }
            _ => {}
        }
    }
}

fn both(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn either(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    any([a, b].into_iter(), |one| one)
}

/// Whether any of several holds, of which no more are looked at than it takes.
fn any<T>(all: impl Iterator<Item = T>, mut holds: impl FnMut(T) -> Option<bool>) -> Option<bool> {
    let mut sum = Some(false);
    for one in all {
        match holds(one) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => sum = None,
        }
    }
    sum
}
