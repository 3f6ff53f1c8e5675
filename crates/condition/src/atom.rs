//! What a Condition is made of: the questions that have a yes or a no of their own.

use std::fmt;

use text::Name;

/// A tristate value other than `n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Level {
    /// `y`: built in.
    Yes,
    /// `m`: built as a module.
    Module,
}

/// How a string, int or hex symbol is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CompareOp {
    /// `=`; `!=` is its negation.
    Equal,
    /// `<`; `>=` is its negation.
    Less,
    /// `<=`; `>` is its negation.
    LessEqual,
}

/// A value that only the walk knows: a parameter, a field, the result of a call at one place. The
/// crate that made it says what it is; here it is a number and the words to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub u32);

/// One question with a yes or a no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Atom {
    /// The Kconfig symbol has exactly this value: `X=y` or `X=m`. `X!=n` is the disjunction of both.
    Symbol {
        /// Without `CONFIG_`.
        name: Name,
        /// Which value.
        level: Level,
    },
    /// A comparison of a string, int or hex symbol with a constant.
    Compare {
        /// Without `CONFIG_`.
        symbol: Name,
        /// The operator.
        op: CompareOp,
        /// The constant as it is written.
        value: Name,
    },
    /// What a toolchain would answer, such as `$(cc-option,-mabi=elfv2)`; never executed.
    Probe(Name),
    /// A C macro is defined where the question is asked.
    Defined(Name),
    /// A predicate of the running kernel, the same wherever it is asked: `radix_enabled()`.
    Predicate(Name),
    /// An expression of constants that is not computed, such as
    /// `is_power_of_2(sizeof(struct page))`; shared by its text and named in a witness.
    Assumption(Name),
    /// A value known on a path only.
    Value(ValueId, Name),
    /// A choice that is free, named for people: what a user answered at a prompt.
    Free(Name),
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Atom::Symbol {
                name,
                level: Level::Yes,
            } => write!(f, "{name}=y"),
            Atom::Symbol {
                name,
                level: Level::Module,
            } => write!(f, "{name}=m"),
            Atom::Compare { symbol, op, value } => {
                let op = match op {
                    CompareOp::Equal => "=",
                    CompareOp::Less => "<",
                    CompareOp::LessEqual => "<=",
                };
                write!(f, "{symbol}{op}{value}")
            }
            Atom::Defined(name) => write!(f, "defined({name})"),
            Atom::Probe(text)
            | Atom::Predicate(text)
            | Atom::Assumption(text)
            | Atom::Value(_, text)
            | Atom::Free(text) => write!(f, "{text}"),
        }
    }
}

/// An atom's number in its [`Store`](crate::Store).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AtomId(pub(crate) u32);
