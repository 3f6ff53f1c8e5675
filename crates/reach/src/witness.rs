//! A path to a sink, with what must hold for it: the answer that a reader can check.

use std::collections::{BTreeMap, VecDeque};

use condition::{Answer as Solved, Atom, Condition, Level, Model, Shape, Solver};
use kconfig::{Configuration, Needed, Purpose, Settings, Value};
use rustc_hash::FxHashSet;
use text::{Name, Span};

use crate::answer::Witness;
use crate::sites::Entry;
use crate::walk::Walk;
use crate::{Analysis, Place};

/// A path under construction: a node, the Condition over its parameters, and where it came from.
struct State {
    node: usize,
    when: Condition,
    /// The state nearer to the sink, and the call that leads to it.
    from: Option<(usize, Span)>,
    /// The sink's place, for a first state.
    sink: Span,
}

/// Why a path is open: what must hold, values for which it does, and the symbols that decide.
struct Grounds {
    whole: Condition,
    model: Model,
    wanted: Vec<Name>,
    /// The fields of which the code at the sink asks.
    asked: Vec<Name>,
}

impl Analysis<'_> {
    /// The path from an entry that asks the reader to assume least, the shortest of those; breadth
    /// first from the sink.
    pub(crate) fn best(&mut self, walk: &Walk, goal: Condition) -> Option<Witness> {
        let mut states = self.sinks(walk);
        let mut queue: VecDeque<usize> = (0..states.len()).collect();
        let mut seen = FxHashSet::default();
        let mut best: Option<(Witness, Grounds)> = None;
        let mut candidates = 0;
        while let Some(number) = queue.pop_front() {
            if states.len() > self.limits.states || candidates >= self.limits.witnesses {
                break;
            }
            let (node, when) = (states[number].node, states[number].when);
            for entry in &walk.nodes[node].entries {
                let own = self.store.and(when, entry.when);
                if self.can_hold(&[own, goal]) == Some(false) {
                    continue;
                }
                let own = self.refined(own);
                let whole = self.store.and(own, goal);
                if let Solved::Sat(model) = self.solve_plainly(whole) {
                    let found = self.witness(walk, &states, number, entry, (whole, model));
                    let assumed = found.0.assumptions.len();
                    if assumed == 0 {
                        return Some(self.configured(found));
                    }
                    candidates += 1;
                    let fewer = |known: &(Witness, _)| assumed < known.0.assumptions.len();
                    if best.as_ref().is_none_or(fewer) {
                        best = Some(found);
                    }
                }
            }
            for (caller, site) in walk.calls_of(node) {
                if is_on_path(&states, number, caller) {
                    continue;
                }
                let passed = self.passed(when, site);
                let led = self
                    .store
                    .and_all([passed, site.when, walk.nodes[caller].provided]);
                if !seen.insert((caller, led)) || self.can_hold(&[led, goal]) == Some(false) {
                    continue;
                }
                states.push(State {
                    node: caller,
                    when: led,
                    from: Some((number, site.span)),
                    sink: Span::default(),
                });
                queue.push_back(states.len() - 1);
            }
        }
        best.map(|found| self.configured(found))
    }

    /// Asks the solver for what is easiest to set up: with no module, and with no macro defined that nothing
    /// in the tree defines, as far as it can be so.
    fn solve_plainly(&mut self, whole: Condition) -> Solved {
        let (mut modules, mut macros) = (Vec::new(), vec![whole]);
        for atom in self.store.atoms(whole) {
            match atom {
                Atom::Symbol {
                    level: Level::Module,
                    ..
                } => modules.push(!self.store.atom(atom)),
                Atom::Defined(name) if self.config_symbol(name).is_none() => {
                    macros.push(!self.store.atom(atom));
                }
                _ => {}
            }
        }
        for parts in [[&macros[..], &modules].concat(), macros] {
            if let Solved::Sat(model) = self.solve(&parts) {
                return Solved::Sat(model);
            }
        }
        self.solve(&[whole])
    }

    /// Where paths begin that are followed backwards.
    fn sinks(&mut self, walk: &Walk) -> Vec<State> {
        let mut states = Vec::new();
        for start in &walk.starts {
            if let Some(node) = walk.node_of(start.key) {
                states.push(State {
                    node,
                    when: self.store.and(start.when, walk.nodes[node].provided),
                    from: None,
                    sink: start.at,
                });
            }
        }
        states
    }

    fn witness(
        &mut self,
        walk: &Walk,
        states: &[State],
        last: usize,
        entry: &Entry,
        (whole, model): (Condition, Model),
    ) -> (Witness, Grounds) {
        let chain = std::iter::successors(Some(last), |at| states[*at].from.map(|(next, _)| next));
        let chain = chain.map(|at| {
            let state = &states[at];
            let span = state.from.map_or(state.sink, |(_, span)| span);
            (state.node, span)
        });
        let path = self.path_steps(walk, chain);
        let (wanted, assumptions) = self.decisive(whole, &model);
        let witness = Witness {
            path,
            entry: entry.words.clone(),
            entered_at: Place {
                file: entry.file,
                span: entry.span,
            },
            config: BTreeMap::new(),
            is_tried: false,
            assumptions,
        };
        let grounds = Grounds {
            whole,
            model,
            wanted,
            asked: self.asked_at_sink(walk, states, last),
        };
        (witness, grounds)
    }

    /// The fields of arguments of which the tests next to the sink ask: that in the function that holds it,
    /// and that before the call which leads there.
    fn asked_at_sink(&mut self, walk: &Walk, states: &[State], last: usize) -> Vec<Name> {
        let chain = std::iter::successors(Some(last), |at| states[*at].from.map(|(next, _)| next));
        let chain: Vec<usize> = chain.collect();
        let mut when = Condition::TRUE;
        if let [.., caller, sink] = chain.as_slice() {
            let (caller, span) = (states[*caller].node, states[*caller].from.map(|(_, s)| s));
            let calls = walk.calls_of(states[*sink].node).into_iter();
            let mut own = calls.filter(|(node, site)| *node == caller && Some(site.span) == span);
            when = own.next().map_or(when, |(_, site)| site.when);
        }
        if let Some(sink) = chain.last() {
            when = self.store.and(when, states[*sink].when);
        }
        self.asked_fields(when)
    }

    /// A witness with its configuration: the least to set, on the base that is asked for, so that the path
    /// is open; evaluated as the kernel's own Kconfig would.
    fn configured(&mut self, (mut witness, grounds): (Witness, Grounds)) -> Witness {
        let Grounds {
            whole,
            model,
            wanted,
            asked,
        } = grounds;
        witness
            .assumptions
            .extend(self.stores_needed(whole, &asked));
        let open = self.in_kconfig_alone(whole, &model);
        let value = |name: Name| Value::in_solution(&model, name).unwrap_or_default();
        let justified = self.model.justify(wanted, &value).into_iter();
        let mut needed = Needed {
            set: justified
                .map(|(name, value)| (name, value.word().to_owned()))
                .collect(),
            probes: BTreeMap::new(),
            answers: self.constraints.answers(&mut self.store, &model),
        };
        for name in self.model.probes() {
            let answer = model.value(Atom::Probe(name)) == Some(true);
            needed.probes.insert(name, answer);
        }
        let store = &self.store;
        let holds = |configuration: &Configuration<'_>| {
            store.evaluate(open, &mut |atom| configuration.answer(atom)) == Some(true)
        };
        let purpose = Purpose {
            wanted: self.symbols_in(open),
            kept: FxHashSet::default(),
            holds: &holds,
        };
        let set = needed.set.keys().copied();
        let bears = set.chain(purpose.wanted.iter().copied());
        let base = Settings::base(self.model, self.base.as_deref(), &needed.probes, bears);
        let shortest = self
            .constraints
            .shortest(needed.clone(), &model, &purpose, &[base]);
        witness.is_tried = shortest.is_some();
        let needed = shortest.unwrap_or(Needed {
            probes: BTreeMap::new(),
            answers: BTreeMap::new(),
            ..needed
        });
        for words in needed.assumptions() {
            if !witness.assumptions.contains(&words) {
                witness.assumptions.push(words);
            }
        }
        witness.config = needed.config(self.model);
        witness
    }

    /// `whole` where all that is not Kconfig's to say is as in a model.
    fn in_kconfig_alone(&mut self, whole: Condition, model: &Model) -> Condition {
        let model_of = self.model;
        let is_symbol = |name: Name| {
            let symbol = name.strip_prefix("CONFIG_");
            symbol.is_some_and(|symbol| model_of.symbol(symbol).is_some())
        };
        self.store.map_atoms(whole, &mut |store, atom| match atom {
            Atom::Symbol { .. } | Atom::Compare { .. } => store.atom(atom),
            Atom::Defined(name) if is_symbol(name) => store.atom(atom),
            atom => Condition::constant(model.value(atom).unwrap_or(false)),
        })
    }

    pub(crate) fn symbols_in(&self, condition: Condition) -> Vec<Name> {
        let atoms = self.store.atoms(condition).into_iter();
        let symbols = atoms.filter_map(|atom| match atom {
            Atom::Symbol { name, .. } => Some(name),
            Atom::Compare { symbol, .. } => Some(symbol),
            Atom::Defined(name) => self.config_symbol(name),
            _ => None,
        });
        symbols.collect()
    }

    /// The symbols whose values in a model, with others, make `whole` true by themselves, and what else
    /// must hold.
    fn decisive(&mut self, whole: Condition, model: &Model) -> (Vec<Name>, Vec<String>) {
        let literals: Vec<Condition> = self
            .store
            .atoms(whole)
            .into_iter()
            .map(|atom| {
                let value = model.value(atom).unwrap_or(false);
                let condition = self.store.atom(atom);
                if value { condition } else { !condition }
            })
            .collect();
        let mut plain = Solver::new();
        plain.assert(&self.store, !whole);
        let core = match plain.solve(&self.store, &literals) {
            Solved::Unsat(core) => {
                condition::least(core, |fewer| plain.solve(&self.store, fewer).is_unsat())
            }
            _ => literals,
        };
        let mut wanted = Vec::new();
        let mut assumptions = Vec::new();
        for literal in core {
            match self.store.shape(literal) {
                Shape::Atom(Atom::Symbol { name, .. }, _) => wanted.push(name),
                // Kconfig says when the macro of a symbol is defined.
                Shape::Atom(Atom::Defined(name), _) if self.config_symbol(name).is_some() => {
                    wanted.extend(self.config_symbol(name));
                }
                Shape::Atom(atom, negated) => self.record(atom, negated, &mut assumptions),
                _ => {}
            }
        }
        assumptions.sort_unstable();
        assumptions.dedup();
        (wanted, assumptions)
    }

    pub(crate) fn config_symbol(&self, name: Name) -> Option<Name> {
        let symbol = self.model.symbol(name.strip_prefix("CONFIG_")?)?;
        Some(symbol.name)
    }

    fn record(&mut self, atom: Atom, negated: bool, assumptions: &mut Vec<String>) {
        match atom {
            // What is asked of values on the way is the path's own business; what is asked of the
            // machine and the configuration is what a reader must provide. That a compiler is not
            // another one goes without saying.
            Atom::Symbol { .. } | Atom::Free(_) | Atom::Value(..) => {}
            Atom::Defined(_) if negated => {}
            Atom::Predicate(words) if negated => assumptions.push(format!("{words} is false")),
            Atom::Predicate(words) => assumptions.push(format!("{words} is true")),
            Atom::Defined(name) => assumptions.push(format!("{name} is defined")),
            Atom::Probe(words) => {
                let word = if negated { "no" } else { "yes" };
                assumptions.push(format!("the toolchain answers {word} to {words}"));
            }
            Atom::Compare { .. } | Atom::Assumption(_) => {
                let condition = self.store.atom(atom);
                let literal = if negated { !condition } else { condition };
                assumptions.push(self.store.display(literal).to_string());
            }
        }
    }
}

/// Whether a path that ends in `last` holds `node` so often that it goes round in circles.
fn is_on_path(states: &[State], last: usize, node: usize) -> bool {
    let path = std::iter::successors(Some(last), |at| states[*at].from.map(|(next, _)| next));
    path.filter(|at| states[*at].node == node).count() > 3
}
