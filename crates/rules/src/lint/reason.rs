//! Why no configuration has a block of C.

use std::collections::BTreeSet;

use csource::Ask;
use kconfig::{Fact, Fragment, SymbolType, Wish};
use text::Name;

use super::Lint;

/// Why nothing has a block.
pub(super) struct Reason {
    /// The architecture that it is said of, by number.
    pub(super) arch: usize,
    /// The symbol that is never on, where one is the whole reason.
    pub(super) cause: Option<Name>,
    /// In a few words.
    pub(super) why: String,
    pub(super) facts: Vec<Fact>,
}

impl Lint<'_> {
    /// Why symbols cannot have these values together, on the first of the architectures on which no single one of them is
    /// the reason; unless a symbol is, which is in `off` because no architecture has it.
    pub(super) fn why_dead(
        &self,
        arches: &[usize],
        asked: &[(Name, bool)],
        off: &BTreeSet<Name>,
    ) -> Option<Reason> {
        let mut known: Option<Reason> = None;
        for number in arches {
            let (count, reason) = self.why_dead_on(*number, asked);
            if count > 1 || reason.cause.is_some_and(|name| off.contains(&name)) {
                return Some(reason);
            }
            // What says something is better than what does not, and the largest architecture comes first.
            if known.as_ref().is_none_or(|known| known.facts.is_empty()) {
                known = Some(reason);
            }
        }
        known
    }

    /// The same on one architecture, and how many symbols it takes.
    fn why_dead_on(&self, number: usize, asked: &[(Name, bool)]) -> (usize, Reason) {
        let (arch, model) = &self.arches[number];
        let wishes = asked.iter().filter_map(|(name, on)| {
            let module = name.strip_suffix("_MODULE").map(Name::new);
            let module = module.filter(|module| model.kind(*module) == Some(SymbolType::Tristate));
            if let (Some(symbol), true, false) = (module, *on, model.defines(*name)) {
                let value = "m".to_owned();
                return Some(Wish { symbol, value });
            }
            let is_truth = match model.kind(*name) {
                Some(SymbolType::Bool) => true,
                // What is not built in may still be a module.
                Some(SymbolType::Tristate) | None => *on,
                Some(_) => false,
            };
            let value = if *on { "y" } else { "n" }.to_owned();
            let symbol = *name;
            is_truth.then_some(Wish { symbol, value })
        });
        let wishes: Vec<Wish> = wishes.collect();
        let mut reason = Reason {
            arch: number,
            cause: None,
            why: "what it asks and what stands around it exclude each other".to_owned(),
            facts: Vec::new(),
        };
        let Fragment::Impossible(clash, facts) = model.questions().fragment(&wishes) else {
            return (0, reason);
        };
        if let [only] = clash.as_slice()
            && only.value == "y"
        {
            reason.cause = Some(only.symbol);
        }
        let told: Vec<String> = clash.iter().map(ToString::to_string).collect();
        reason.why = match (clash.as_slice(), facts.last()) {
            ([_], Some(fact)) => fact.text.clone(),
            _ => format!("nothing on {} is {}", arch.name, told.join(" with ")),
        };
        reason.facts = facts;
        (clash.len(), reason)
    }
}

/// What must be on or off for a test to hold, or not to, as far as single symbols say it.
pub(super) fn literals(ask: &Ask, holds: bool, found: &mut Vec<(Name, bool)>) {
    match ask {
        Ask::Defined(name) | Ask::Enabled(name) => found.push((*name, holds)),
        Ask::Not(inner) => literals(inner, !holds, found),
        Ask::And(a, b) if holds => {
            literals(a, true, found);
            literals(b, true, found);
        }
        Ask::Or(a, b) if !holds => {
            literals(a, false, found);
            literals(b, false, found);
        }
        _ => {}
    }
}
