//! Conditions in kernel words: `SPARSEMEM_VMEMMAP=y && (ZONE_DEVICE=y || !radix_enabled())`.

use std::fmt;

use text::Name;

use crate::{Atom, Condition, Level, Shape, Store};

/// Prints a Condition; made by [`Store::display`].
#[derive(Clone, Copy, Debug)]
pub struct Display<'a> {
    store: &'a Store,
    condition: Condition,
}

impl Store {
    /// `condition` in kernel words. Parts of `&&` and `||` are sorted by their words, so that the
    /// text does not depend on the order in which the formula was made.
    #[must_use]
    pub fn display(&self, condition: Condition) -> Display<'_> {
        Display {
            store: self,
            condition,
        }
    }
}

impl Display<'_> {
    fn text(self, condition: Condition, inside_and: bool) -> String {
        match self.store.shape(condition) {
            Shape::Constant(value) => (if value { "always" } else { "never" }).to_owned(),
            Shape::Atom(atom, negated) => literal(atom, negated),
            Shape::And(parts) => self.join(&parts, " && ", true),
            Shape::Or(parts) => {
                let text = self.join(&parts, " || ", false);
                if inside_and && text.contains(" || ") {
                    format!("({text})")
                } else {
                    text
                }
            }
        }
    }

    /// `X=y || X=m` is what people write as `X`, and `X!=y && X!=m` as `!X`; inside `&&` the
    /// literals of the pair are the negated ones.
    fn join(self, parts: &[Condition], between: &str, and: bool) -> String {
        let mut texts = Vec::new();
        for part in parts {
            match self.symbol_literal(*part, and) {
                Some((name, level)) if self.has_both_levels(parts, name, and) => {
                    if level == Level::Yes {
                        texts.push(if and {
                            format!("!{name}")
                        } else {
                            name.to_string()
                        });
                    }
                }
                _ => texts.push(self.text(*part, true)),
            }
        }
        texts.sort_unstable();
        texts.join(between)
    }

    fn has_both_levels(self, parts: &[Condition], name: Name, negated: bool) -> bool {
        let levels = parts
            .iter()
            .filter_map(|part| self.symbol_literal(*part, negated));
        levels.filter(|(other, _)| *other == name).count() == 2
    }

    fn symbol_literal(self, part: Condition, negated: bool) -> Option<(Name, Level)> {
        match self.store.shape(part) {
            Shape::Atom(Atom::Symbol { name, level }, sign) if sign == negated => {
                Some((name, level))
            }
            _ => None,
        }
    }
}

fn literal(atom: Atom, negated: bool) -> String {
    match (atom, negated) {
        (
            Atom::Symbol {
                name,
                level: Level::Yes,
            },
            true,
        ) => format!("{name}!=y"),
        (
            Atom::Symbol {
                name,
                level: Level::Module,
            },
            true,
        ) => format!("{name}!=m"),
        (atom, false) => atom.to_string(),
        (Atom::Compare { .. }, true) => format!("!({atom})"),
        (atom, true) => {
            let text = atom.to_string();
            let plain = text
                .chars()
                .all(|c| c.is_alphanumeric() || "_()$->.".contains(c));
            if plain {
                format!("!{text}")
            } else {
                format!("!({text})")
            }
        }
    }
}

impl fmt::Display for Display<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(self.condition, false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_kernel() {
        let mut store = Store::new();
        let numa = store.symbol("NUMA", Level::Yes);
        let dax = store.enabled("DAX");
        let radix = store.atom(Atom::Predicate("radix_enabled()".into()));
        let either = store.or(dax, !radix);
        let all = store.and(either, !numa);
        assert_eq!(
            store.display(all).to_string(),
            "(!radix_enabled() || DAX) && NUMA!=y"
        );
        assert_eq!(store.display(dax).to_string(), "DAX");
        assert_eq!(store.display(!dax).to_string(), "!DAX");
        assert_eq!(store.display(Condition::FALSE).to_string(), "never");
    }
}
