//! One configuration instead of all: what a `.config` says of each symbol is no question any more.

use std::collections::BTreeMap;

use condition::{Atom, CompareOp, Condition, Level};
use kbuild::Built;
use text::Name;

use crate::Analysis;

/// The values of a `.config`, by symbol, without quotes. What is not there is off.
pub(crate) type Given = BTreeMap<String, String>;

impl Analysis<'_> {
    /// From here on only the configuration with these values is meant: `y`, `m`, a number or a text for
    /// each symbol that a `.config` sets, without `CONFIG_`. To be told before anything is asked.
    pub fn assume(&mut self, values: BTreeMap<String, String>) {
        self.given = Some(values);
    }

    /// When a symbol has a level.
    pub(crate) fn symbol(&mut self, symbol: &str, level: Level) -> Condition {
        match &self.given {
            Some(given) => Condition::constant(has_level(given, symbol, level)),
            None => self.store.symbol(symbol, level),
        }
    }

    /// The number that an int or hex symbol is given.
    pub(crate) fn given_value(&self, symbol: &str) -> Option<i128> {
        let value = self.given.as_ref()?.get(symbol)?;
        match value
            .strip_prefix("0x")
            .or_else(|| value.strip_prefix("0X"))
        {
            Some(hex) => i128::from_str_radix(hex, 16).ok(),
            None => value.parse().ok(),
        }
    }

    /// When an int, hex or string symbol is in the configuration at all: `name` is its macro.
    pub(crate) fn has_value(&mut self, symbol: &str, name: Name) -> Condition {
        match &self.given {
            Some(given) => Condition::constant(given.contains_key(symbol)),
            None => self.store.atom(Atom::Defined(name)),
        }
    }

    /// When the object of a C file is built, by the makefiles.
    pub(crate) fn built_as(&mut self, path: &str) -> Built {
        let mut built = self.kbuild.built(&mut self.store, path);
        built.yes = self.settled(built.yes);
        built.module = self.settled(built.module);
        built
    }

    /// A Condition under the given configuration; what a toolchain decides stays open.
    fn settled(&mut self, condition: Condition) -> Condition {
        let Some(given) = &self.given else {
            return condition;
        };
        let mut value = |atom: Atom| match atom {
            Atom::Symbol { name, level } => Some(has_level(given, &name, level)),
            Atom::Compare {
                symbol,
                op: CompareOp::Equal,
                value,
            } => Some(given.get(&*symbol).is_some_and(|known| *known == *value)),
            _ => None,
        };
        let answer = self.store.evaluate(condition, &mut value);
        answer.map_or(condition, Condition::constant)
    }
}

fn has_level(given: &Given, symbol: &str, level: Level) -> bool {
    let letter = match level {
        Level::Yes => "y",
        Level::Module => "m",
    };
    given.get(symbol).is_some_and(|value| value == letter)
}
