//! Expressions for one architecture, macros expanded.

use std::fmt;
use std::sync::Arc;

use text::Name;

use crate::syntax::Comparison;

/// An expression for one architecture, macros expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// `y` and `n`.
    Constant(bool),
    /// The value `m`, as a default gives it or a comparison asks for it.
    Module,
    /// An `m` in a condition, which means `m && MODULES`.
    IfModules,
    /// A symbol, defined or not.
    Symbol(Name),
    /// Any other text.
    Text(Name),
    /// What a toolchain would answer.
    Probe(Name),
    /// `!a`
    Not(Arc<Term>),
    /// `a && b`
    And(Arc<Term>, Arc<Term>),
    /// `a || b`
    Or(Arc<Term>, Arc<Term>),
    /// A comparison.
    Compare(Comparison, Arc<Term>, Arc<Term>),
}

impl Term {
    /// `y`.
    pub const YES: Term = Term::Constant(true);

    /// A condition that may be missing, and then holds.
    pub(crate) fn or_yes(term: Option<Arc<Term>>) -> Arc<Term> {
        term.unwrap_or_else(|| Arc::new(Term::YES))
    }

    pub(crate) fn and(a: &Arc<Term>, b: &Arc<Term>) -> Arc<Term> {
        match (&**a, &**b) {
            (Term::Constant(true), _) => b.clone(),
            (_, Term::Constant(true)) => a.clone(),
            _ => Arc::new(Term::And(a.clone(), b.clone())),
        }
    }

    pub(crate) fn or(a: &Arc<Term>, b: &Arc<Term>) -> Arc<Term> {
        Arc::new(Term::Or(a.clone(), b.clone()))
    }

    /// What must hold together for the term to hold, in order.
    pub(crate) fn parts(&self) -> Vec<&Term> {
        let (mut open, mut found) = (vec![self], Vec::new());
        while let Some(term) = open.pop() {
            match term {
                Term::And(a, b) => open.extend([&**b, &**a]),
                term => found.push(term),
            }
        }
        found
    }

    /// All names in the expression that stand where a symbol may.
    pub fn symbols(&self, found: &mut Vec<Name>) {
        match self {
            Term::Symbol(name) => found.push(*name),
            Term::Not(a) => a.symbols(found),
            Term::And(a, b) | Term::Or(a, b) | Term::Compare(_, a, b) => {
                a.symbols(found);
                b.symbols(found);
            }
            Term::Constant(_) | Term::Module | Term::IfModules | Term::Text(_) | Term::Probe(_) => {
            }
        }
    }

    /// All that the expression asks of a toolchain.
    pub(crate) fn probes(&self, found: &mut impl Extend<Name>) {
        match self {
            Term::Probe(call) => found.extend([*call]),
            Term::Not(a) => a.probes(found),
            Term::And(a, b) | Term::Or(a, b) | Term::Compare(_, a, b) => {
                a.probes(found);
                b.probes(found);
            }
            Term::Constant(_)
            | Term::Module
            | Term::IfModules
            | Term::Symbol(_)
            | Term::Text(_) => {}
        }
    }

    /// Every `m` that stands for itself means `m && MODULES` in a condition, as `rewrite_m()` of
    /// scripts/kconfig/menu.c has it; one in a comparison does not.
    pub(crate) fn as_condition(self: &Arc<Term>) -> Arc<Term> {
        match &**self {
            Term::Module => Arc::new(Term::IfModules),
            Term::Not(a) => Arc::new(Term::Not(a.as_condition())),
            Term::And(a, b) => Arc::new(Term::And(a.as_condition(), b.as_condition())),
            Term::Or(a, b) => Arc::new(Term::Or(a.as_condition(), b.as_condition())),
            _ => self.clone(),
        }
    }

    /// `self = n`, as `expr_trans_compare()` of scripts/kconfig/expr.c writes it: pushed down to the
    /// symbols, where `!A` is off when `A` is anything but `n`.
    pub(crate) fn is_off(self: &Arc<Term>) -> Arc<Term> {
        self.compared_with_no(true)
    }

    fn compared_with_no(self: &Arc<Term>, equal: bool) -> Arc<Term> {
        let or_not = |term: Term| {
            let term = Arc::new(term);
            if equal {
                term
            } else {
                Arc::new(Term::Not(term))
            }
        };
        match &**self {
            Term::And(a, b) => or_not(Term::Or(a.is_off(), b.is_off())),
            Term::Or(a, b) => or_not(Term::And(a.is_off(), b.is_off())),
            Term::Not(a) => a.compared_with_no(!equal),
            Term::Compare(..) if equal => Arc::new(Term::Not(self.clone())),
            Term::Compare(..) => self.clone(),
            _ => {
                let op = if equal {
                    Comparison::Equal
                } else {
                    Comparison::NotEqual
                };
                let no = Arc::new(Term::Constant(false));
                Arc::new(Term::Compare(op, self.clone(), no))
            }
        }
    }

    /// Whether the term can only hold where `symbol` is on, as `expr_depends_symbol()` of
    /// scripts/kconfig/expr.c answers it.
    pub(crate) fn needs(&self, symbol: Name) -> bool {
        let is = |term: &Term| matches!(term, Term::Symbol(name) if *name == symbol);
        match self {
            Term::Symbol(name) => *name == symbol,
            Term::And(a, b) => a.needs(symbol) || b.needs(symbol),
            Term::Compare(Comparison::Equal, a, b) => {
                is(a) && matches!(**b, Term::Constant(true) | Term::Module)
            }
            Term::Compare(Comparison::NotEqual, a, b) => {
                is(a) && matches!(**b, Term::Constant(false))
            }
            _ => false,
        }
    }
}

/// How tightly what stands around a term binds.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Around {
    Nothing,
    Or,
    And,
    Not,
}

impl Term {
    fn write(&self, f: &mut fmt::Formatter<'_>, around: Around) -> fmt::Result {
        let own = match self {
            Term::Or(..) => Around::Or,
            Term::And(..) => Around::And,
            // `!A = B` would be read as `!(A = B)`, which is what it is.
            _ => Around::Not,
        };
        let enclosed = own < around;
        if enclosed {
            f.write_str("(")?;
        }
        match self {
            Term::Constant(true) => f.write_str("y")?,
            Term::Constant(false) => f.write_str("n")?,
            Term::Module | Term::IfModules => f.write_str("m")?,
            Term::Symbol(name) | Term::Probe(name) => f.write_str(name)?,
            Term::Text(text) => write!(f, "{:?}", text.as_str())?,
            Term::Not(inner) => {
                f.write_str("!")?;
                inner.write(f, Around::Not)?;
            }
            Term::And(a, b) => {
                a.write(f, own)?;
                f.write_str(" && ")?;
                b.write(f, own)?;
            }
            Term::Or(a, b) => {
                a.write(f, own)?;
                f.write_str(" || ")?;
                b.write(f, own)?;
            }
            Term::Compare(op, a, b) => {
                a.write(f, Around::Not)?;
                write!(f, " {} ", op.sign())?;
                b.write(f, Around::Not)?;
            }
        }
        if enclosed {
            f.write_str(")")?;
        }
        Ok(())
    }
}

/// As Kconfig writes it: `A && !(B || C = "x")`.
impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Around::Nothing)
    }
}
