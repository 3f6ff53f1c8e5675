//! From a walk to an answer: a witness that can be checked, or the facts that forbid one.

use std::collections::{BTreeMap, VecDeque};

use condition::{Answer as Solved, Atom, Condition, Model, Shape, Solver};
use rustc_hash::FxHashSet;
use text::{Name, Span};

use kconfig::Value;

use crate::link::FunctionKey;
use crate::sites::Entry;
use crate::walk::{Closed, Walk};
use crate::{Analysis, Backend, Place, Reach};

/// What must hold besides a path to the sink.
#[derive(Clone, Debug)]
pub enum Goal<'g> {
    /// Nothing more.
    Reached,
    /// This Kconfig symbol is off.
    Without(&'g str),
    /// The backend writes elsewhere than it is expected to.
    Outside(&'g Backend),
    /// Nothing leads to the sink of this one.
    Apart(&'g Reach),
}

/// A fact in words, with the place that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// A sentence or a part of one.
    pub words: String,
    /// Where to see it.
    pub place: Option<Place>,
}

/// One function of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathStep {
    /// Its name.
    pub function: Name,
    /// The call that leads on, or the sink.
    pub place: Place,
}

/// What shows that the sink is reached.
#[derive(Clone, Debug)]
pub struct Witness {
    /// From the entry to the sink.
    pub path: Vec<PathStep>,
    /// What enters the first function.
    pub entry: String,
    /// Where that is said.
    pub entered_at: Place,
    /// Symbols and their values (`y`, `m`, `n`) that open the path.
    pub config: BTreeMap<String, String>,
    /// What else must hold, in words.
    pub assumptions: Vec<String>,
}

/// The answer to a question about a sink.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It can happen, so.
    Yes(Box<Witness>),
    /// It cannot; these facts forbid it.
    No(Vec<Fact>),
    /// Not found out; the limit that was hit.
    Unknown(String),
}

/// A limit that makes one answer or the other doubtful.
#[derive(Default)]
struct Doubt {
    if_reached: Option<String>,
    if_not: Option<String>,
}

/// A path under construction: a node, the Condition over its parameters, and where it came from.
struct State {
    node: usize,
    when: Condition,
    /// The state nearer to the sink, and the call that leads to it.
    from: Option<(usize, Span)>,
    /// The sink's place, for a first state.
    sink: Span,
}

impl Analysis<'_> {
    /// Whether the sink of `reach` can be reached together with `goal`.
    pub fn ask(&mut self, reach: &Reach, goal: &Goal<'_>) -> Answer {
        // What is put together here is asked once.
        let canonical = self.store.set_canonical(false);
        let answer = self.answer(reach, goal);
        self.store.set_canonical(canonical);
        answer
    }

    fn answer(&mut self, reach: &Reach, goal: &Goal<'_>) -> Answer {
        let walk = &reach.walk;
        if walk.starts.is_empty() {
            let words = format!("this tree has no {}()", reach.function);
            return Answer::No(vec![Fact { words, place: None }]);
        }
        let (goal_condition, doubt) = self.goal(goal, walk);
        let mut undecided = false;
        let mut reached = false;
        for own in self.passed_conditions(walk) {
            match self.can_hold_refined(own, goal_condition) {
                Some(true) => reached = true,
                Some(false) => {}
                None => undecided = true,
            }
        }
        if reached {
            if let Some(limit) = doubt.if_reached {
                return Answer::Unknown(limit);
            }
            return match self.best(walk, goal_condition) {
                Some(witness) => Answer::Yes(Box::new(witness)),
                None => Answer::Unknown(
                    "a path was proved to exist, but the search for it was given up".to_owned(),
                ),
            };
        }
        if let Some(limit) = doubt.if_not {
            return Answer::Unknown(limit);
        }
        if undecided {
            return Answer::Unknown(format!(
                "the solver was given up after {} steps",
                self.limits.solver_steps
            ));
        }
        if let Some(limit) = &walk.limit {
            return Answer::Unknown(limit.clone());
        }
        if let Goal::Outside(backend) = goal
            && self.is_unclear(walk, backend)
        {
            let at = backend.unclear_at.as_ref();
            let words = at.map_or("where the entries are written was not found out", |fact| {
                fact.words.as_str()
            });
            let place = at.and_then(|fact| fact.place.clone());
            return Answer::Unknown(format!("{words}{}", self.place_words(place)));
        }
        Answer::No(self.reason(walk))
    }

    /// When each entry leads to the sink.
    fn entry_conditions(&mut self, walk: &Walk) -> Vec<Condition> {
        let whole = self.passed_conditions(walk);
        whole.into_iter().map(|own| self.refined(own)).collect()
    }

    /// The same, whatever is in fields of which the path knows nothing.
    fn passed_conditions(&mut self, walk: &Walk) -> Vec<Condition> {
        let mut conditions = Vec::new();
        for (node, entry) in walk.entries() {
            let node = &walk.nodes[node];
            conditions.push(self.store.and_all([node.reach, node.provided, entry.when]));
        }
        conditions
    }

    /// Whether an entry's Condition can hold together with `goal`. What is in fields is looked for only
    /// where all else allows it.
    fn can_hold_refined(&mut self, own: Condition, goal: Condition) -> Option<bool> {
        match self.can_hold(&[own, goal]) {
            Some(false) => Some(false),
            _ => {
                let refined = self.refined(own);
                self.can_hold(&[refined, goal])
            }
        }
    }

    /// The goal, and what makes an answer doubtful.
    fn goal(&mut self, goal: &Goal<'_>, walk: &Walk) -> (Condition, Doubt) {
        let condition = match goal {
            Goal::Reached => Condition::TRUE,
            Goal::Without(symbol) => !self.store.enabled(symbol),
            Goal::Outside(backend) => backend.outside,
            Goal::Apart(other) => return self.apart(walk, &other.walk),
        };
        (condition, Doubt::default())
    }

    /// That nothing leads to the sink of `other`. From the negation of what says more than is true
    /// nothing follows, and neither does from that of what says less.
    fn apart(&mut self, walk: &Walk, other: &Walk) -> (Condition, Doubt) {
        let mut can = Condition::FALSE;
        let mut exact = true;
        for own in self.entry_conditions(other) {
            let canonical = self.store.set_canonical(true);
            let projected = self.project(own);
            self.store.set_canonical(canonical);
            exact &= projected.is_some();
            can = self.store.or(can, projected.unwrap_or(Condition::TRUE));
        }
        let limit = || other.limit.clone().or_else(|| walk.limit.clone());
        let widened = "some function's Condition grew too large to be compared";
        let doubt = |is: bool| is.then(|| widened.to_owned()).or_else(limit);
        let doubt = Doubt {
            if_reached: doubt(walk.is_widened || !exact),
            if_not: doubt(other.is_widened || !exact),
        };
        (!can, doubt)
    }

    fn place_words(&self, place: Option<Place>) -> String {
        let file = place.and_then(|place| Some((self.tree.file(&place.file).ok()?, place)));
        file.map_or_else(String::new, |(file, place)| {
            let line = file.position(place.span.start).line;
            format!(" ({}:{line})", place.file)
        })
    }

    fn is_unclear(&mut self, walk: &Walk, backend: &Backend) -> bool {
        let entries = self.passed_conditions(walk);
        let mut entries = entries.into_iter();
        entries.any(|own| self.can_hold_refined(own, backend.unclear) != Some(false))
    }

    /// The path from an entry that asks the reader to assume least, the shortest of those; breadth
    /// first from the sink.
    fn best(&mut self, walk: &Walk, goal: Condition) -> Option<Witness> {
        let mut states: Vec<State> = Vec::new();
        let mut queue = VecDeque::new();
        let mut seen = FxHashSet::default();
        let mut best: Option<Witness> = None;
        let mut candidates = 0;
        for start in &walk.starts {
            let Some(node) = walk.node_of(start.key) else {
                continue;
            };
            let when = self.store.and(start.when, walk.nodes[node].provided);
            let sink = start.at;
            states.push(State {
                node,
                when,
                from: None,
                sink,
            });
            queue.push_back(states.len() - 1);
        }
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
                if let Solved::Sat(model) = self.solve(&[whole]) {
                    let witness = self.witness(walk, &states, number, entry, (whole, &model));
                    if witness.assumptions.is_empty() {
                        return Some(witness);
                    }
                    candidates += 1;
                    let fewer =
                        |known: &Witness| witness.assumptions.len() < known.assumptions.len();
                    if best.as_ref().is_none_or(fewer) {
                        best = Some(witness);
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
        best
    }

    pub(crate) fn head(&mut self, key: FunctionKey) -> Span {
        self.read_file(key.path)
            .map_or(Span::default(), |file| file.function(key.id).name_span)
    }

    fn witness(
        &mut self,
        walk: &Walk,
        states: &[State],
        last: usize,
        entry: &Entry,
        (whole, model): (Condition, &Model),
    ) -> Witness {
        let mut path = Vec::new();
        let mut at = Some(last);
        while let Some(number) = at {
            let state = &states[number];
            let key = walk.nodes[state.node].key;
            let span = state.from.map_or(state.sink, |(_, span)| span);
            if let Some(file) = self.read_file(key.path) {
                let function = file.function(key.id).name;
                path.push(PathStep {
                    function,
                    place: Place {
                        file: key.path,
                        span,
                    },
                });
            }
            at = state.from.map(|(next, _)| next);
        }
        // A call as a sink ends at the call, not inside the function that is called.
        let called = !walk.starts.iter().any(|start| start.is_place);
        if called && path.len() > 1 {
            path.pop();
        }
        let (config, assumptions) = self.decisive(whole, model);
        Witness {
            path,
            entry: entry.words.clone(),
            entered_at: Place {
                file: entry.file,
                span: entry.span,
            },
            config,
            assumptions,
        }
    }

    /// The values of a model that by themselves make `whole` true.
    fn decisive(
        &mut self,
        whole: Condition,
        model: &Model,
    ) -> (BTreeMap<String, String>, Vec<String>) {
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
            Solved::Unsat(core) => self.minimal(&mut plain, core),
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
        let value = |name: Name| Value::in_solution(model, name).unwrap_or_default();
        let mut config: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in self.model.justify(wanted.iter().copied(), &value) {
            config.insert(name.to_string(), value.word().to_owned());
        }
        assumptions.sort_unstable();
        assumptions.dedup();
        (config, assumptions)
    }

    fn config_symbol(&self, name: Name) -> Option<Name> {
        let symbol = self.model.symbol(name.strip_prefix("CONFIG_")?)?;
        Some(symbol.name)
    }

    /// Drops what is not needed, one literal after the other.
    fn minimal(&mut self, plain: &mut Solver, core: Vec<Condition>) -> Vec<Condition> {
        let mut kept = core;
        let mut at = 0;
        while at < kept.len() {
            let mut fewer = kept.clone();
            fewer.remove(at);
            match plain.solve(&self.store, &fewer) {
                Solved::Unsat(_) => kept = fewer,
                _ => at += 1,
            }
        }
        kept
    }

    fn record(&mut self, atom: Atom, negated: bool, assumptions: &mut Vec<String>) {
        match atom {
            // What is asked of values on the way is the path's own business; what is asked of the
            // machine and the configuration is what a reader must provide.
            Atom::Symbol { .. } | Atom::Free(_) | Atom::Value(..) => {}
            Atom::Predicate(words) if negated => assumptions.push(format!("{words} is false")),
            Atom::Predicate(words) => assumptions.push(format!("{words} is true")),
            Atom::Defined(name) if negated => assumptions.push(format!("{name} is not defined")),
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

    /// Why nothing leads to the sink. What closes the call that is nearest to it often closes all
    /// others too; where it does not, the others have their own reasons.
    fn reason(&mut self, walk: &Walk) -> Vec<Fact> {
        // Where calls lead all the way, what is passed on it closes it.
        for own in self.passed_conditions(walk) {
            if let Some(fact) = self.never_stored(own) {
                return vec![fact];
            }
        }
        let mut closed: Vec<&Closed> = walk.closed.iter().collect();
        closed.sort_by_key(|closed| (closed.when.is_none(), closed.distance));
        let Some(nearest) = closed.first().copied() else {
            return self.no_caller(walk);
        };
        let mut facts = Vec::new();
        let mut causes: Vec<Condition> = Vec::new();
        let mut left = 0;
        for one in &closed {
            let Some(when) = one.when else { break };
            if causes.iter().any(|cause| self.needs(when, *cause)) {
                continue;
            }
            if causes.len() >= MOST_REASONS {
                left += 1;
            } else if let Some((cause, found)) = self.forbidden(when) {
                causes.push(cause);
                facts.extend(
                    found
                        .into_iter()
                        .filter(|fact| !facts.contains(fact))
                        .collect::<Vec<_>>(),
                );
            }
        }
        if facts.is_empty() {
            return vec![self.what_is_passed(nearest)];
        }
        if left > 0 {
            facts.push(Fact {
                words: format!("and {left} more calls that no configuration makes"),
                place: None,
            });
        }
        facts
    }

    /// Whether `when` cannot hold without `cause`, whatever Kconfig says.
    fn needs(&mut self, when: Condition, cause: Condition) -> bool {
        let without = self.store.and(when, !cause);
        without.is_false() || Solver::new().solve(&self.store, &[without]).is_unsat()
    }

    fn no_caller(&mut self, walk: &Walk) -> Vec<Fact> {
        let Some(start) = walk.starts.first() else {
            return Vec::new();
        };
        let place = Place {
            file: start.key.path,
            span: start.at,
        };
        vec![Fact {
            words: "nothing calls it".to_owned(),
            place: Some(place),
        }]
    }

    fn what_is_passed(&mut self, closed: &Closed) -> Fact {
        let caller = closed.caller.unwrap_or(closed.callee);
        let name = self
            .read_file(caller.path)
            .map_or(Name::new(""), |file| file.function(caller.id).name);
        Fact {
            words: format!("what {name}() passes never leads there"),
            place: Some(Place {
                file: caller.path,
                span: closed.span,
            }),
        }
    }

    /// Which symbol that `condition` needs can never have its value here, and why; what it needs
    /// comes with the facts.
    fn forbidden(&mut self, condition: Condition) -> Option<(Condition, Vec<Fact>)> {
        let parts = match self.store.shape(condition) {
            Shape::And(parts) => parts,
            _ => vec![condition],
        };
        for part in &parts {
            if self.can_hold(&[*part]) != Some(false) {
                continue;
            }
            let atoms = self.store.atoms(*part);
            for atom in atoms {
                if let Atom::Symbol { name, .. } = atom
                    && let Some(facts) = self.model.why_never(&name)
                {
                    let cause = self.store.enabled(&name);
                    return Some((cause, facts.into_iter().map(fact).collect()));
                }
            }
        }
        let Solved::Unsat(core) = self.solve(&parts) else {
            return None;
        };
        let words: Vec<String> = core
            .iter()
            .map(|part| self.store.display(*part).to_string())
            .collect();
        if words.is_empty() {
            return None;
        }
        let cause = self.store.and_all(core);
        let words = format!("no configuration has {}", words.join(" and "));
        Some((cause, vec![Fact { words, place: None }]))
    }
}

/// Reasons beyond these are counted only.
const MOST_REASONS: usize = 3;

/// Whether a path that ends in `last` holds `node` so often that it goes round in circles.
fn is_on_path(states: &[State], last: usize, node: usize) -> bool {
    let path = std::iter::successors(Some(last), |at| states[*at].from.map(|(next, _)| next));
    path.filter(|at| states[*at].node == node).count() > 3
}

fn fact(fact: kconfig::Fact) -> Fact {
    let place = fact.place.map(|place| Place {
        file: Name::new(&place.file),
        span: place.span,
    });
    Fact {
        words: fact.text,
        place,
    }
}
