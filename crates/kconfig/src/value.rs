//! Values of symbols, and how Kconfig compares them.
//!
//! ```kconfig
//! config A
//! 	bool
//! 	default y if NR_CPUS >= 0x10 && MODE != "m"
//! ```
//!
//! As `expr_calc_value()` of scripts/kconfig/expr.c has it, both sides are texts that are compared as
//! numbers where both read as numbers in their type: `n`, `m` and `y` are 0, 1 and 2, an int is
//! decimal, a hex is hexadecimal with or without `0x`, and a constant is what C would make of it.

use std::cmp::Ordering;

use condition::{Atom, Level, Model as Solution};
use text::Name;

use crate::syntax::{Comparison, SymbolType};

/// `n`, `m` or `y`, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// `n`
    #[default]
    No,
    /// `m`
    Module,
    /// `y`
    Yes,
}

impl Value {
    /// As Kconfig writes it.
    pub fn word(self) -> &'static str {
        match self {
            Value::No => "n",
            Value::Module => "m",
            Value::Yes => "y",
        }
    }

    /// The value of a bool or tristate symbol in a solution; none where the solver never met it.
    pub fn in_solution(solution: &Solution, name: Name) -> Option<Value> {
        let is = |level| solution.value(Atom::Symbol { name, level });
        let (yes, module) = (is(Level::Yes), is(Level::Module));
        yes.or(module)?;
        Some(match (yes, module) {
            (Some(true), _) => Value::Yes,
            (_, Some(true)) => Value::Module,
            _ => Value::No,
        })
    }

    /// `!self`
    #[must_use]
    pub(crate) fn inverse(self) -> Value {
        match self {
            Value::No => Value::Yes,
            Value::Module => Value::Module,
            Value::Yes => Value::No,
        }
    }
}

impl From<bool> for Value {
    fn from(holds: bool) -> Value {
        if holds { Value::Yes } else { Value::No }
    }
}

/// A text with the type that it is read in; constants have none.
pub(crate) type Typed<'t> = (&'t str, Option<SymbolType>);

/// Whether a comparison of texts of these types holds.
pub(crate) fn compare_texts(op: Comparison, a: Typed<'_>, b: Typed<'_>) -> bool {
    let order = order_texts(a, b);
    match op {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::LessEqual => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterEqual => order.is_ge(),
    }
}

/// Orders texts of these types as the kernel does: as numbers where both are, unsigned where one is
/// hex, else byte by byte; two strings are never numbers.
pub(crate) fn order_texts(a: Typed<'_>, b: Typed<'_>) -> Ordering {
    let is = |kind| (a.1 == Some(kind), b.1 == Some(kind));
    let hex = is(SymbolType::Hex) != (false, false);
    let wrap = |number: i128| {
        if hex {
            number.rem_euclid(1 << 64)
        } else {
            number
        }
    };
    match (number(a), number(b)) {
        (Some(x), Some(y)) if is(SymbolType::String) != (true, true) => wrap(x).cmp(&wrap(y)),
        _ => a.0.cmp(b.0),
    }
}

/// `expr_parse_string()` of scripts/kconfig/expr.c: nothing where there is more than a number, or
/// more than 64 bits.
pub(crate) fn number((text, kind): Typed<'_>) -> Option<i128> {
    if matches!(kind, Some(SymbolType::Bool | SymbolType::Tristate)) {
        return Some(match text {
            "n" => 0,
            "m" => 1,
            "y" => 2,
            _ => -1,
        });
    }
    let (value, rest) = prefix(text, base(kind));
    let all = match kind {
        Some(SymbolType::Hex) => -(1_i128 << 64)..1 << 64,
        _ => -(1_i128 << 63)..1 << 63,
    };
    value.filter(|value| rest.is_empty() && all.contains(value))
}

/// What a number in a symbol of this type is written in; 0 where C's prefixes say it.
pub(crate) fn base(kind: Option<SymbolType>) -> u32 {
    match kind {
        Some(SymbolType::Int) => 10,
        Some(SymbolType::Hex) => 16,
        _ => 0,
    }
}

/// `strtoll()`: the number at the start of the text, 0 where there is none, within 64 bits.
pub(crate) fn leading_number(text: &str, base: u32) -> i128 {
    let (value, _) = prefix(text, base);
    let (least, most) = (i128::from(i64::MIN), i128::from(i64::MAX));
    value.unwrap_or(0).clamp(least, most)
}

/// The number at the start of a text, far too large where it has too many digits, and what follows.
fn prefix(text: &str, base: u32) -> (Option<i128>, &str) {
    let text = text.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let hex = unsigned
        .strip_prefix("0x")
        .or(unsigned.strip_prefix("0X"))
        .filter(|digits| digits.starts_with(|c: char| c.is_ascii_hexdigit()));
    let (digits, base) = match (hex, base) {
        (Some(digits), 0 | 16) => (digits, 16),
        (_, 0) if unsigned.starts_with('0') => (unsigned, 8),
        (_, 0) => (unsigned, 10),
        (_, base) => (unsigned, base),
    };
    let end = digits.find(|c: char| !c.is_digit(base));
    let (digits, rest) = digits.split_at(end.unwrap_or(digits.len()));
    if digits.is_empty() {
        return (None, text);
    }
    let value = i128::from_str_radix(digits, base).unwrap_or(i128::MAX);
    let negative = text.starts_with('-');
    (Some(if negative { -value } else { value }), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_compare_as_numbers_where_both_are() {
        let int = Some(SymbolType::Int);
        let hex = Some(SymbolType::Hex);
        let string = Some(SymbolType::String);
        let tristate = Some(SymbolType::Tristate);
        for (a, op, b, expect) in [
            (("9", int), Comparison::Less, ("10", None), true),
            (("9", string), Comparison::Less, ("10", string), false),
            (("9", string), Comparison::Less, ("10", None), true),
            (("10", hex), Comparison::Equal, ("0x10", None), true),
            (("10", hex), Comparison::Equal, ("16", None), true),
            (("010", None), Comparison::Equal, ("8", None), true),
            (("08", None), Comparison::Equal, ("8", None), false),
            (("m", tristate), Comparison::Greater, ("0", None), true),
            (("", None), Comparison::Equal, ("0", int), false),
            (("-1", hex), Comparison::Greater, ("0", None), true),
            (("-1", int), Comparison::Greater, ("0", None), false),
            (("12a", int), Comparison::Equal, ("12", None), false),
            (
                ("9223372036854775808", int),
                Comparison::Greater,
                ("95", None),
                false,
            ),
        ] {
            assert_eq!(compare_texts(op, a, b), expect, "{a:?} {op:?} {b:?}");
        }
    }

    #[test]
    fn a_number_at_the_start_is_read_as_far_as_it_goes() {
        let check = |text, base, expect: i64| {
            assert_eq!(leading_number(text, base), i128::from(expect), "{text:?}");
        };
        check("12ab", 10, 12);
        check("12ab", 16, 0x12ab);
        check("0x1g", 16, 1);
        check("0x", 16, 0);
        check("", 10, 0);
        check(" -7", 10, -7);
        check("99999999999999999999", 10, i64::MAX);
        check(
            "-99999999999999999999999999999999999999999999",
            10,
            i64::MIN,
        );
    }
}
