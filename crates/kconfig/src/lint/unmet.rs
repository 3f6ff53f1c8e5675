//! `select` lines that force a symbol whose own dependencies are not met.
//!
//! ```kconfig
//! config A
//! 	bool
//! 	depends on B
//!
//! config C
//! 	bool "C"
//! 	select A
//! ```
//!
//! With `C=y` and `B=n` the kernel's own `conf` warns of unmet direct dependencies, and what `A` builds may not
//! compile.

use std::collections::BTreeMap;

use condition::{Answer, Atom, Condition, Level, Model as Solution};
use text::Name;

use crate::configure::Configuration;
use crate::fragment::{Needed, Purpose};
use crate::model::Select;
use crate::question::Questions;
use crate::settings::Settings;
use crate::term::Term;
use crate::value::Value;

/// A configuration in which a `select` forces its target.
#[derive(Clone, Debug)]
pub struct Forced {
    /// What is to be set on the base.
    pub needed: Needed,
    /// What the target depends on and does not get there, part by part.
    pub unmet: Vec<String>,
}

impl<'m> Questions<'m> {
    /// The `select` lines that can force their target against its own dependencies, in the order in which they are
    /// read; and those of which that was not found out.
    pub fn forcing(&mut self) -> (Vec<&'m Select>, Vec<&'m Select>) {
        let (mut forcing, mut unknown) = (Vec::new(), Vec::new());
        let selects = self.told_selects();
        for select in selects {
            let Some(over) = self.over(select) else {
                continue;
            };
            match self.can(&[over]) {
                Some(true) => forcing.push(select),
                Some(false) => {}
                None => unknown.push(select),
            }
        }
        (forcing, unknown)
    }

    /// When a `select` lifts its target over what the target's own dependencies allow; `None` where the lines
    /// themselves show that it never does.
    fn over(&mut self, select: &Select) -> Option<Condition> {
        let model = self.model;
        let target = model.symbol(select.target)?;
        // A member of a choice is not lifted.
        if select.weak || !target.is_truth() || target.choice().is_some() || target.transitional {
            return None;
        }
        let depends = target.direct_dependencies()?;
        let asked = select.condition.parts();
        let own = Term::Symbol(select.by);
        if depends
            .parts()
            .iter()
            .all(|part| asked.contains(part) || **part == own)
        {
            return None;
        }
        Some(self.constraints.over(&mut self.store, select, target))
    }

    /// A configuration in which `select` forces its target, on `base` or on what `allnoconfig` makes; `None` where none was
    /// found that stands the trial.
    pub fn forced(&mut self, select: &Select, base: Option<&[u8]>) -> Option<Forced> {
        let over = self.over(select)?;
        let plain = self.plain.shown_by(&self.store, &[over]);
        let plain = plain.and_then(|names| self.forced_by(select, base, (over, names)));
        plain.or_else(|| self.forced_somehow(select, base, over))
    }

    /// The same where it is enough to say yes to some symbols.
    fn forced_by(
        &mut self,
        select: &Select,
        base: Option<&[u8]>,
        (over, mut names): (Condition, Vec<Name>),
    ) -> Option<Forced> {
        let model = self.model;
        names.retain(|name| {
            model
                .symbol(*name)
                .is_some_and(|one| !one.prompts.is_empty())
        });
        let set = names.into_iter().map(|name| (name, "y".to_owned()));
        let probes = model.probes().into_iter().map(|name| (name, false));
        let needed = Needed {
            set: set.collect(),
            probes: probes.collect(),
            ..Needed::default()
        };
        self.tried(select, base, (over, needed), &Solution::default())
    }

    /// The same where a solver has to say how.
    fn forced_somehow(
        &mut self,
        select: &Select,
        base: Option<&[u8]>,
        over: Condition,
    ) -> Option<Forced> {
        // What is easiest to set up has no modules.
        let modules = self.model.modules();
        let built_in = modules.map(|name| !self.store.symbol(&name, Level::Yes));
        let plain = built_in.map(|built_in| self.solve(&[over, built_in]));
        let solved = match plain {
            Some(Answer::Sat(solution)) => Answer::Sat(solution),
            _ => self.solve(&[over]),
        };
        let Answer::Sat(solution) = solved else {
            return None;
        };
        let model = self.model;
        let wanted = self.deciding(over).into_iter();
        let value = |name| Value::in_solution(&solution, name).unwrap_or_default();
        let justified = model.justify(wanted, &value).into_iter();
        let set = justified.map(|(name, value)| (name, value.word().to_owned()));
        let probe = |name| (name, solution.value(Atom::Probe(name)) == Some(true));
        let needed = Needed {
            set: set.collect(),
            probes: model.probes().into_iter().map(probe).collect(),
            answers: self.constraints.answers(&mut self.store, &solution),
        };
        self.tried(select, base, (over, needed), &solution)
    }

    /// The symbols that a condition asks about.
    fn deciding(&self, condition: Condition) -> Vec<Name> {
        let atoms = self.store.atoms(condition).into_iter();
        let names = atoms.filter_map(|atom| match atom {
            Atom::Symbol { name, .. } => Some(name),
            Atom::Compare { symbol, .. } => Some(symbol),
            _ => None,
        });
        names.collect()
    }

    /// What is needed of what shows that `select` forces its target, which is so where `over` holds; `None` where it does
    /// not stand the trial.
    fn tried(
        &mut self,
        select: &Select,
        base: Option<&[u8]>,
        (over, needed): (Condition, Needed),
        solution: &Solution,
    ) -> Option<Forced> {
        let model = self.model;
        let is_forced = |configuration: &Configuration<'_>| {
            let forcing = configuration.forcing(select.target);
            forcing.iter().any(|one| one.place == select.place)
        };
        let mut wanted = self.deciding(over);
        wanted.push(select.target);
        let set = needed.set.keys().copied();
        let bears = set.chain(wanted.iter().copied());
        let base = Settings::base(model, base, &needed.probes, bears);
        let purpose = Purpose {
            wanted: wanted.clone(),
            kept: rustc_hash::FxHashSet::default(),
            holds: &is_forced,
        };
        let bases = std::slice::from_ref(&base);
        let needed = self
            .constraints
            .shortest(needed, solution, &purpose, bases)?;
        let configuration = needed.configure(model, &base, wanted);
        let unmet = self.unmet(select.target, &configuration, &needed.probes);
        Some(Forced { needed, unmet })
    }

    /// The parts of a symbol's dependencies that a configuration does not meet.
    fn unmet(
        &mut self,
        name: Name,
        configuration: &Configuration<'_>,
        probes: &BTreeMap<Name, bool>,
    ) -> Vec<String> {
        let symbol = self.model.symbol(name);
        let Some(depends) = symbol.and_then(crate::Symbol::direct_dependencies) else {
            return Vec::new();
        };
        let mut answer = |atom| match atom {
            Atom::Probe(name) => Some(probes.get(&name) == Some(&true)),
            atom => configuration.answer(atom),
        };
        // What is `n` says more than what is only `m`.
        let (mut off, mut module) = (Vec::new(), Vec::new());
        for part in depends.parts() {
            let (on, yes) = self.constraints.value_of(&mut self.store, part);
            if self.store.evaluate(on, &mut answer) != Some(true) {
                off.push(part.to_string());
            } else if self.store.evaluate(yes, &mut answer) != Some(true) {
                module.push(part.to_string());
            }
        }
        if off.is_empty() { module } else { off }
    }
}
