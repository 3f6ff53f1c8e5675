//! What the conditional blocks of a text ask of the configuration, with all else left open.
//!
//! ```c
//! #if defined(CONFIG_A) && PAGE_SHIFT > 12	// A, and something else
//! #else						// not that
//! #endif
//! ```

use memchr::memmem;
use text::Name;

use crate::directives::{BranchId, Directives, Test};
use crate::options::{PREFIX, defined, option};
use crate::syntax::{BinaryOp, Expr, ExprKind, UnaryOp};

/// What a test asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Nothing: it is 0 or 1.
    Constant(bool),
    /// Something else than the configuration.
    Open,
    /// Whether the macro of a symbol is defined, which its name says without `CONFIG_`.
    Defined(Name),
    /// Whether a symbol is `y` or `m`.
    Enabled(Name),
    /// Whether a symbol is `m`.
    Module(Name),
    /// `!a`
    Not(Box<Ask>),
    /// `a && b`
    And(Box<Ask>, Box<Ask>),
    /// `a || b`
    Or(Box<Ask>, Box<Ask>),
}

impl Ask {
    /// The symbols that are asked for.
    pub fn names(&self, found: &mut Vec<Name>) {
        match self {
            Ask::Constant(_) | Ask::Open => {}
            Ask::Defined(name) | Ask::Enabled(name) | Ask::Module(name) => found.push(*name),
            Ask::Not(a) => a.names(found),
            Ask::And(a, b) | Ask::Or(a, b) => {
                a.names(found);
                b.names(found);
            }
        }
    }

    fn of(test: &Test) -> Ask {
        match test {
            Test::Always => Ask::Constant(true),
            Test::Defined(name, positive) => {
                let defined = option(name).map_or(Ask::Open, |name| Ask::Defined(name.into()));
                if *positive {
                    defined
                } else {
                    Ask::Not(Box::new(defined))
                }
            }
            Test::Expression(expr) => Ask::of_expression(expr),
        }
    }

    fn of_expression(expr: &Expr) -> Ask {
        match &expr.kind {
            ExprKind::Int(value) => Ask::Constant(*value != 0),
            // A macro that is not defined counts as 0, and that of a symbol which is `y` is 1.
            ExprKind::Ident(name) => {
                option(name).map_or(Ask::Open, |name| Ask::Defined(name.into()))
            }
            ExprKind::Unary(UnaryOp::Not, inner) => match Ask::of_expression(inner) {
                Ask::Constant(value) => Ask::Constant(!value),
                inner => Ask::Not(Box::new(inner)),
            },
            ExprKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), a, b) => {
                let is_and = *op == BinaryOp::And;
                match (Ask::of_expression(a), Ask::of_expression(b)) {
                    (Ask::Constant(value), other) | (other, Ask::Constant(value)) => {
                        if value == is_and {
                            other
                        } else {
                            Ask::Constant(value)
                        }
                    }
                    (a, b) if is_and => Ask::And(Box::new(a), Box::new(b)),
                    (a, b) => Ask::Or(Box::new(a), Box::new(b)),
                }
            }
            ExprKind::Call(callee, args) => {
                let name = args.first().and_then(Expr::as_ident);
                let name = name.and_then(|name| option(&name).map(Name::new));
                let (Some(callee), Some(name)) = (callee.as_ident(), name) else {
                    return Ask::Open;
                };
                match callee.as_str() {
                    "defined" | "IS_BUILTIN" => Ask::Defined(name),
                    "IS_ENABLED" => Ask::Enabled(name),
                    "IS_MODULE" => Ask::Module(name),
                    _ => Ask::Open,
                }
            }
            _ => Ask::Open,
        }
    }
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The block around it, by its number in the file, from 0; `None` at the top.
    pub parent: Option<u32>,
    /// The earlier blocks of its group.
    pub earlier: Vec<u32>,
    /// What its own test asks.
    pub ask: Ask,
    /// Where its `#` stands.
    pub at: u32,
    /// It holds an `#error` or a `#warning`: whoever wrote it believes that nobody comes there.
    pub complains: bool,
}

/// The blocks of a text, in order, and the names without `CONFIG_` that it defines itself. There are no blocks where the
/// text asks nothing of the configuration, or where its conditionals do not match.
pub fn blocks(text: &[u8]) -> (Vec<Block>, Vec<Name>) {
    if memmem::find(text, PREFIX.as_bytes()).is_none() {
        return (Vec::new(), Vec::new());
    }
    let directives = Directives::scan(text);
    let defined = defined(&directives);
    if !directives.unmatched.is_empty() {
        return (Vec::new(), defined);
    }
    // The first branch is the file.
    let number = |id: &BranchId| id.0 - 1;
    let branches = directives.branches.iter().skip(1);
    let blocks = branches.map(|branch| Block {
        parent: (branch.parent != BranchId::TOP).then(|| number(&branch.parent)),
        earlier: branch.earlier.iter().map(number).collect(),
        ask: Ask::of(&branch.test),
        at: branch.at,
        complains: false,
    });
    let mut blocks: Vec<Block> = blocks.collect();
    for line in &directives.lines {
        let word = line.of(text)[1..].trim_ascii_start();
        if (word.starts_with(b"error") || word.starts_with(b"warning"))
            && let Some(number) = directives.branch_at(line.start).0.checked_sub(1)
        {
            blocks[number as usize].complains = true;
        }
    }
    (blocks, defined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_know_what_is_around_them() {
        let text = b"#ifdef CONFIG_A\n#if !IS_ENABLED(CONFIG_B) || X\n#elif CONFIG_C > 1\n#else\n# error no\n#endif\n#endif\n";
        let (blocks, _) = blocks(text);
        let name = |name: &str| Name::new(name);
        let not = |ask| Ask::Not(Box::new(ask));
        let either = Ask::Or(Box::new(not(Ask::Enabled(name("B")))), Box::new(Ask::Open));
        let asks: Vec<Ask> = blocks.iter().map(|block| block.ask.clone()).collect();
        assert_eq!(
            asks,
            [
                Ask::Defined(name("A")),
                either,
                Ask::Open,
                Ask::Constant(true)
            ]
        );
        let parents: Vec<Option<u32>> = blocks.iter().map(|block| block.parent).collect();
        assert_eq!(parents, [None, Some(0), Some(0), Some(0)]);
        assert_eq!(blocks[3].earlier, [1, 2]);
        let complains: Vec<bool> = blocks.iter().map(|block| block.complains).collect();
        assert_eq!(complains, [false, false, false, true]);
    }

    #[test]
    fn what_is_constant_asks_nothing() {
        let ask = |test: &str| {
            blocks(format!("#if {test}\n#endif\n").as_bytes()).0[0]
                .ask
                .clone()
        };
        assert_eq!(ask("1 || CONFIG_A"), Ask::Constant(true));
        assert_eq!(ask("!1 && CONFIG_A"), Ask::Constant(false));
        assert_eq!(ask("1 && CONFIG_A"), Ask::Defined(Name::new("A")));
    }

    #[test]
    fn torn_conditionals_have_no_blocks() {
        assert!(blocks(b"#ifdef CONFIG_A\n").0.is_empty());
        assert!(blocks(b"#ifdef A\n#endif\n").0.is_empty());
    }
}
