//! Conditions in few words: what Kconfig says anyway is left out.

use condition::{Atom, Condition, Level};
use kconfig::SymbolType;
use text::Name;

use crate::Analysis;

impl Analysis<'_> {
    /// A Condition in the words of Kconfig and the code, as far as Kconfig does not say it: of `PPC64 &&
    /// PPC_BOOK3S_64 && !radix_enabled()` the first part follows from the second.
    pub(crate) fn short_words(&mut self, when: Condition) -> String {
        let mut rest = self.without_modules(when);
        let mut on = self.built_in_or_not(&mut rest);
        on.retain(|symbol| self.can_hold(&[when, !*symbol]) == Some(false));
        // What always holds then is told by itself.
        let mut always = on;
        for atom in self.store.atoms(rest) {
            let literal = self.store.atom(atom);
            for literal in [literal, !literal] {
                if self.can_hold(&[when, !literal]) == Some(false) {
                    let value = literal == self.store.atom(atom);
                    rest = self.store.map_atoms(rest, &mut |store, other| {
                        if other == atom {
                            Condition::constant(value)
                        } else {
                            store.atom(other)
                        }
                    });
                    always.push(literal);
                    break;
                }
            }
        }
        let mut at = 0;
        while at < always.len() {
            let mut others = always.clone();
            let literal = others.remove(at);
            let all = self.store.and_all(others.iter().copied().chain([rest]));
            if self.can_hold(&[all, !literal]) == Some(false) {
                always = others;
            } else {
                at += 1;
            }
        }
        let all = self.store.and_all(always.into_iter().chain([rest]));
        self.store.words(all)
    }

    /// Takes from `rest` whether a tristate symbol is `y` or `m`, where Kconfig says the rest; gives the
    /// Conditions that such symbols are on.
    fn built_in_or_not(&mut self, rest: &mut Condition) -> Vec<Condition> {
        let mut symbols: Vec<Name> = Vec::new();
        for atom in self.store.atoms(*rest) {
            if let Atom::Symbol {
                name,
                level: Level::Module,
            } = atom
            {
                symbols.push(name);
            }
        }
        let mut all_on = Vec::new();
        for symbol in symbols {
            let [yes, module, no] = [Some(Level::Yes), Some(Level::Module), None]
                .map(|level| self.at_level(*rest, symbol, level));
            let on = self.store.enabled(&symbol);
            let either = self.store.or(yes, module);
            let with = self.store.and(on, either);
            let without = self.store.and(!on, no);
            let wider = self.store.or(with, without);
            if self.can_hold(&[wider, !*rest]) != Some(false) {
                continue;
            }
            *rest = if no.is_false() { either } else { wider };
            if no.is_false() {
                all_on.push(on);
            }
        }
        all_on
    }

    /// `condition` where a symbol is at a level, or off.
    pub(crate) fn at_level(
        &mut self,
        condition: Condition,
        symbol: Name,
        at: Option<Level>,
    ) -> Condition {
        self.store
            .map_atoms(condition, &mut |store, atom| match atom {
                Atom::Symbol { name, level } if name == symbol => {
                    Condition::constant(at == Some(level))
                }
                atom => store.atom(atom),
            })
    }

    /// `condition`, where a symbol that is no tristate is never `m`.
    fn without_modules(&mut self, condition: Condition) -> Condition {
        let model = self.model;
        self.store
            .map_atoms(condition, &mut |store, atom| match atom {
                Atom::Symbol {
                    name,
                    level: Level::Module,
                } if model.symbol(name).and_then(|symbol| symbol.kind)
                    == Some(SymbolType::Bool) =>
                {
                    Condition::FALSE
                }
                atom => store.atom(atom),
            })
    }
}
