//! Which member of a choice is chosen, as `sym_calc_choice()` of scripts/kconfig/symbol.c has it.
//!
//! ```text
//! CONFIG_FLATMEM_MANUAL=y
//! # CONFIG_SPARSEMEM_MANUAL is not set
//! ```

use text::Name;

use super::Run;

use crate::model::ChoiceId;
use crate::term::Term;
use crate::value::Value;

impl Run<'_> {
    /// An older choice that is `y` but has nothing to choose from is `n`.
    pub(super) fn drop_choice(&mut self, id: ChoiceId) {
        let itself = self.model.choice(id).itself;
        let number = itself.and_then(|name| self.model.number_of(name));
        if let Some(computed) = number.and_then(|number| self.values.get_mut(&number))
            && computed.value == Value::Yes
        {
            computed.value = Value::No;
        }
    }

    /// The member that is chosen, if any can be.
    pub(super) fn of_choice(&self, id: ChoiceId) -> Option<Name> {
        let choice = self.model.choice(id);
        let visible = |name: &Name| {
            let symbol = self.model.symbol(name);
            symbol.is_some_and(|symbol| self.seen(symbol) != Value::No)
        };
        let by_default = || {
            let mut named = choice.defaults.iter().filter_map(|given| {
                let holds = self.term(&given.condition) != Value::No;
                match &*given.value {
                    Term::Symbol(name) if holds && visible(name) => Some(*name),
                    _ => None,
                }
            });
            let first = || choice.members.iter().copied().find(visible);
            named.next().or_else(first)
        };
        if let Some(itself) = choice.itself {
            if self.value(itself) != Value::Yes {
                return None;
            }
            let wanted = self.settings.mode(id).chosen.filter(visible);
            return wanted.or_else(by_default);
        }
        let mut members = self.settings.by_priority(&choice.members);
        members.retain(visible);
        let set = |name: Name| self.settings.truth(name);
        let wanted = members
            .iter()
            .find(|name| set(**name) == Some(Value::Yes))
            .copied();
        let open = || {
            let mut seen = choice.members.iter().filter(|name| visible(name));
            seen.find(|name| set(**name).is_none()).copied()
        };
        wanted
            .or_else(|| by_default().filter(|name| set(*name) != Some(Value::No)))
            .or_else(open)
            .or_else(|| members.last().copied())
    }
}
