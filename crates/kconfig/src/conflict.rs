//! Why wishes exclude each other: the least that Kconfig says which forbids them, in sentences.
//!
//! ```text
//! there is no configuration of x86 with PREEMPT_RT=y and TRANSPARENT_HUGEPAGE=y
//!   because TRANSPARENT_HUGEPAGE depends on !PREEMPT_RT  (mm/Kconfig:814)
//! ```
//!
//! What Kconfig says of each symbol stands behind a guard of its own. The solver names guards that
//! together forbid the wishes; one after the other is taken away while the rest still does.

use std::collections::{BTreeMap, VecDeque};

use condition::{Answer, Atom, Condition, Solver, Store};
use rustc_hash::FxHashSet;
use text::Name;

use crate::model::{Model, Place, Symbol};
use crate::question::Wish;
use crate::syntax::SymbolType;
use crate::term::Term;
use crate::why::Fact;

/// So many facts are told.
const MOST: usize = 8;

impl Model {
    /// Why these wishes cannot hold together; empty where that is not found out, or where they are of
    /// one symbol and need no reason.
    pub(crate) fn why_conflict(&self, wishes: &[Wish]) -> Vec<Fact> {
        let core = self.core(wishes);
        let mut telling = Telling {
            model: self,
            involved: core.iter().copied().collect(),
            facts: Vec::new(),
        };
        telling
            .involved
            .extend(wishes.iter().map(|wish| wish.symbol));
        for wish in wishes {
            telling.module(wish);
        }
        // From the wishes outwards, as far as the core goes; then what is left of it.
        let mut open: VecDeque<Name> = wishes.iter().map(|wish| wish.symbol).collect();
        open.extend(&core);
        let mut told = FxHashSet::default();
        while let Some(name) = open.pop_front() {
            if core.contains(&name) && told.insert(name) {
                let next = telling.symbol(name);
                next.into_iter()
                    .rev()
                    .for_each(|name| open.push_front(name));
            }
        }
        let mut facts = telling.facts;
        facts.truncate(MOST);
        facts
    }

    /// Symbols of which Kconfig says what forbids the wishes, none of them without need.
    fn core(&self, wishes: &[Wish]) -> Vec<Name> {
        let (mut store, mut solver) = (Store::new(), Solver::new());
        let wishes: Vec<Condition> = wishes
            .iter()
            .map(|wish| self.wish(&mut store, wish))
            .collect();
        let all = store.and_all(wishes.clone());
        let said = self.constraints().said_for(&mut store, all);
        let mut guards: BTreeMap<Name, Condition> = BTreeMap::new();
        for (name, conditions) in said {
            let guard = store.atom(Atom::Free(Name::new(&format!("what is said of {name}"))));
            let said = store.and_all(conditions);
            let said = store.implies(guard, said);
            solver.assert(&store, said);
            guards.insert(name, guard);
        }
        let mut forbids = |names: &[Name]| {
            let mut asked = wishes.clone();
            asked.extend(names.iter().map(|name| guards[name]));
            match solver.solve(&store, &asked) {
                Answer::Unsat(core) => Some(core),
                _ => None,
            }
        };
        let mut kept: Vec<Name> = guards.keys().copied().collect();
        let mut found = forbids(&kept);
        if found.is_none() {
            return Vec::new();
        }
        // The solver's own choice first, as long as it gets smaller.
        while let Some(core) = found {
            let before = kept.len();
            kept.retain(|name| core.contains(&guards[name]));
            found = (kept.len() < before).then(|| forbids(&kept)).flatten();
        }
        condition::least(kept, |fewer| forbids(fewer).is_some())
    }
}

/// Facts about the symbols of a core, those first that are about others of them.
struct Telling<'m> {
    model: &'m Model,
    involved: FxHashSet<Name>,
    facts: Vec<Fact>,
}

impl Telling<'_> {
    /// Tells of one symbol; gives the others that were named.
    fn symbol(&mut self, name: Name) -> Vec<Name> {
        let before = self.facts.len();
        let mut named = Vec::new();
        let Some(symbol) = self.model.symbol(name) else {
            let arch = self.model.arch_name();
            self.say(format!("{arch} does not define {name}"), None);
            return named;
        };
        self.dependencies(symbol, &mut named);
        for select in self.model.selectors(name) {
            if !select.weak && self.involved.contains(&select.by) {
                let text = format!("{} selects {name}", select.by);
                self.say(text, Some(&select.place));
                named.push(select.by);
            }
        }
        self.choice(symbol);
        self.ranges(symbol);
        if self.facts.len() == before {
            self.without_others(symbol, &mut named);
        }
        named
    }

    /// What an `m` asks for by itself.
    fn module(&mut self, wish: &Wish) {
        let name = wish.symbol;
        let symbol = self.model.symbol(name).filter(|_| wish.value == "m");
        let Some(symbol) = symbol else {
            return;
        };
        let place = symbol.definitions.first().map(|d| &d.place);
        let modules = self.model.modules();
        let modules = modules.filter(|modules| self.involved.contains(modules));
        match (symbol.kind, modules) {
            (Some(SymbolType::Bool), _) => self.say(format!("{name} is bool"), place),
            (_, Some(modules)) => self.say(format!("{name}=m needs {modules}"), place),
            _ => {}
        }
    }

    fn say(&mut self, text: String, place: Option<&Place>) {
        let place = place.cloned();
        let fact = Fact { text, place };
        if !self.facts.contains(&fact) {
            self.facts.push(fact);
        }
    }

    /// Whether a term is about another symbol of the core.
    fn is_about(&self, term: &Term, but: Name, named: &mut Vec<Name>) -> bool {
        let mut names = Vec::new();
        term.symbols(&mut names);
        names.retain(|name| *name != but && self.involved.contains(name));
        named.extend(&names);
        !names.is_empty()
    }

    fn dependencies(&mut self, symbol: &Symbol, named: &mut Vec<Name>) {
        // Several entries together ask for any of what they depend on.
        let depends = match symbol.definitions.as_slice() {
            [only] => only.depends.clone(),
            _ => symbol.direct_dependencies(),
        };
        let place = symbol.definitions.first().map(|d| &d.place);
        for part in depends.iter().flat_map(|term| term.parts()) {
            if self.is_about(part, symbol.name, named) || *part == Term::IfModules {
                let text = format!("{} depends on {part}", symbol.name);
                self.say(text, place);
            }
        }
        for prompt in &symbol.prompts {
            for part in prompt.visible.parts() {
                // What it depends on is told already.
                let depends = symbol.definitions.iter().filter_map(|d| d.depends.as_ref());
                let is_told = depends
                    .flat_map(|term| term.parts())
                    .any(|other| other == part);
                if !is_told && self.is_about(part, symbol.name, named) {
                    let text = format!("{} can only be set where {part}", symbol.name);
                    self.say(text, Some(&prompt.place));
                }
            }
        }
    }

    fn choice(&mut self, symbol: &Symbol) {
        let Some(choice) = symbol.choice().map(|id| self.model.choice(id)) else {
            return;
        };
        let members = choice.members.iter();
        let members = members.filter(|name| self.involved.contains(*name));
        let members: Vec<&str> = members.map(|name| name.as_str()).collect();
        let text = match members.as_slice() {
            [] | [_] => return,
            several => format!("one of {} is chosen, and no more", several.join(" and ")),
        };
        self.say(text, Some(&choice.place));
    }

    fn ranges(&mut self, symbol: &Symbol) {
        for range in &symbol.ranges {
            let mut text = format!("{} is from {} to {}", symbol.name, range.low, range.high);
            text.push_str(&where_is(&range.condition));
            self.say(text, symbol.definitions.first().map(|d| &d.place));
        }
    }

    /// What is said of a symbol that is about no other of the core.
    fn without_others(&mut self, symbol: &Symbol, named: &mut Vec<Name>) {
        let name = symbol.name;
        for default in &symbol.defaults {
            let others = self.is_about(&default.value, name, named)
                | self.is_about(&default.condition, name, named);
            if others || symbol.prompts.is_empty() || symbol.defaults.len() == 1 {
                let mut text = format!("{name} is {} by default", default.value);
                text.push_str(&where_is(&default.condition));
                self.say(text, Some(&default.place));
            }
        }
        let place = symbol.definitions.first().map(|d| &d.place);
        if symbol.prompts.is_empty() && symbol.defaults.is_empty() {
            let arch = self.model.arch_name();
            let text = format!("nothing on {arch} selects {name}, which has no prompt");
            self.say(text, place);
        }
    }
}

fn where_is(condition: &Term) -> String {
    match condition {
        Term::Constant(true) => String::new(),
        condition => format!(" where {condition}"),
    }
}
