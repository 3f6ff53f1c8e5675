//! From a walk to an answer: whether it can happen, in which configuration, or what forbids it.

use std::collections::BTreeMap;

use condition::Condition;
use text::{Name, Span};

use crate::link::FunctionKey;
use crate::walk::{Start, Walk};
use crate::{Analysis, Backend, Place, Reach, Sink};

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
    /// Whether it decides: nothing that is told with it says why it is so.
    pub decides: bool,
}

impl Fact {
    /// A fact that decides by itself.
    pub(crate) fn new(words: impl Into<String>, place: Option<Place>) -> Fact {
        Fact {
            words: words.into(),
            place,
            decides: true,
        }
    }
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
    /// Symbols and their values (`y`, `m`, `n`, numbers, texts in quotes) that open the path: set on the base
    /// of the analysis. Where `is_tried`, none of them can be left out.
    pub config: BTreeMap<String, String>,
    /// Whether that was evaluated as the kernel's Kconfig would, and found to be so.
    pub is_tried: bool,
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
pub(crate) struct Doubt {
    if_reached: Option<String>,
    if_not: Option<String>,
}

impl Analysis<'_> {
    /// Whether the sink of `reach` can be reached together with `goal`.
    pub fn ask(&mut self, reach: &Reach, goal: &Goal<'_>) -> Answer {
        let _span = tracing::debug_span!("answer").entered();
        // What is put together here is asked once.
        let canonical = self.store.set_canonical(false);
        let answer = self.answer(reach, goal);
        self.store.set_canonical(canonical);
        answer
    }

    fn answer(&mut self, reach: &Reach, goal: &Goal<'_>) -> Answer {
        let walk = &reach.walk;
        if walk.starts.is_empty() {
            let words = if self.functions_called(reach.function).is_empty() {
                format!("this tree has no {}()", reach.function)
            } else {
                format!("nothing in {}() is such a place", reach.function)
            };
            return Answer::No(vec![Fact::new(words, None)]);
        }
        let (goal_condition, doubt) = self.goal(goal, walk);
        if self.excludes_goal(&walk.starts, goal) {
            return Answer::No(Vec::new());
        }
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

    /// Whether a sink and `goal` exclude each other wherever the sink is reached from.
    pub fn rules_out(&mut self, sink: &Sink, goal: &Goal<'_>) -> bool {
        let starts = self.starts(sink);
        self.excludes_goal(&starts, goal)
    }

    fn excludes_goal(&mut self, starts: &[Start], goal: &Goal<'_>) -> bool {
        let goal = match goal {
            Goal::Reached | Goal::Apart(_) => return false,
            Goal::Without(symbol) => !self.store.enabled(symbol),
            Goal::Outside(backend) => self.store.or(backend.outside, backend.unclear),
        };
        self.excludes(starts, goal)
    }

    /// Whether no configuration compiles a sink: its walk ends where it begins.
    pub fn is_absent(&mut self, sink: &Sink) -> bool {
        let starts = self.starts(sink);
        self.excludes(&starts, Condition::TRUE)
    }

    fn excludes(&mut self, starts: &[Start], goal: Condition) -> bool {
        starts.iter().all(|start| {
            let provided = self.node_provided(start.key);
            self.can_hold(&[provided, start.when, goal]) == Some(false)
        })
    }

    /// When each entry leads to the sink.
    fn entry_conditions(&mut self, walk: &Walk) -> Vec<Condition> {
        let whole = self.passed_conditions(walk);
        whole.into_iter().map(|own| self.refined(own)).collect()
    }

    /// The same, whatever is in fields of which the path knows nothing.
    pub(crate) fn passed_conditions(&mut self, walk: &Walk) -> Vec<Condition> {
        let mut conditions = Vec::new();
        for (node, entry) in walk.entries() {
            let node = &walk.nodes[node];
            conditions.push(self.store.and_all([node.reach, node.provided, entry.when]));
        }
        conditions
    }

    /// Whether an entry's Condition can hold together with `goal`. What is in fields is looked for only
    /// where all else allows it.
    pub(crate) fn can_hold_refined(&mut self, own: Condition, goal: Condition) -> Option<bool> {
        if self.can_hold(&[own, goal]) == Some(false) {
            return Some(false);
        }
        let refined = self.refined(own);
        self.can_hold(&[refined, goal])
    }

    /// The goal, and what makes an answer doubtful.
    pub(crate) fn goal(&mut self, goal: &Goal<'_>, walk: &Walk) -> (Condition, Doubt) {
        let condition = match goal {
            Goal::Reached => Condition::TRUE,
            Goal::Without(symbol) => !self.store.enabled(symbol),
            Goal::Outside(backend) => backend.outside,
            Goal::Apart(other) => return self.apart(walk, &other.walk),
        };
        (condition, Doubt::default())
    }

    /// That nothing leads to the sink of `other`. An entry whose Condition grew too large is left out, so that
    /// the answer "never" stays true and "this way" becomes doubtful; where a Condition says more than is true
    /// it is the other way round.
    fn apart(&mut self, walk: &Walk, other: &Walk) -> (Condition, Doubt) {
        let mut can = Condition::FALSE;
        let mut exact = true;
        for own in self.entry_conditions(other) {
            let canonical = self.store.set_canonical(true);
            let projected = self.project(own);
            self.store.set_canonical(canonical);
            exact &= projected.is_some();
            can = self.store.or(can, projected.unwrap_or(Condition::FALSE));
        }
        let limit = || other.limit.clone().or_else(|| walk.limit.clone());
        let widened = "some function's Condition grew too large to be compared";
        let doubt = |is: bool| is.then(|| widened.to_owned()).or_else(limit);
        let doubt = Doubt {
            if_reached: doubt(walk.is_widened || !exact),
            if_not: doubt(other.is_widened),
        };
        (!can, doubt)
    }

    pub(crate) fn place_words(&self, place: Option<Place>) -> String {
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

    pub(crate) fn head(&mut self, key: FunctionKey) -> Span {
        self.read_file(key.path)
            .map_or(Span::default(), |file| file.function(key.id).name_span)
    }
}
