//! Can these Conditions hold together? Asked of a SAT solver, one that keeps what it has learnt
//! from one question to the next.

use std::cell::Cell;

use batsat::{Callbacks, Lit, SolverInterface, SolverOpts, lbool};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::store::Node;
use crate::{Atom, Condition, Store};

/// Counts the solver's steps and ends the search when there have been too many. Steps, not
/// seconds: the same question meets the same limit on every machine.
#[derive(Default)]
struct Steps {
    left: Cell<u64>,
}

impl Callbacks for Steps {
    fn stop(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left == 0
    }
}

/// A limit that was hit before the answer was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many steps the search was allowed.
    pub steps: u64,
}

/// What the solver found.
#[derive(Clone, Debug)]
pub enum Answer {
    /// They can hold together; for example with these values.
    Sat(Model),
    /// They cannot; already these of the assumptions exclude each other under what was asserted.
    /// Empty where what was asserted is itself contradictory.
    Unsat(Vec<Condition>),
    /// The search was given up.
    Unknown(Limit),
}

impl Answer {
    /// Whether a model was found.
    #[must_use]
    pub fn is_sat(&self) -> bool {
        matches!(self, Answer::Sat(_))
    }

    /// Whether it was proved that there is none.
    #[must_use]
    pub fn is_unsat(&self) -> bool {
        matches!(self, Answer::Unsat(_))
    }
}

/// The values of one solution. Atoms that the solver never met have none.
#[derive(Clone, Debug, Default)]
pub struct Model {
    values: FxHashMap<Atom, bool>,
}

impl Model {
    /// The value of `atom`, if the solver has met it.
    #[must_use]
    pub fn value(&self, atom: Atom) -> Option<bool> {
        self.values.get(&atom).copied()
    }

    /// Whether `condition` holds; atoms without a value count as false.
    #[must_use]
    pub fn holds(&self, store: &Store, condition: Condition) -> bool {
        store
            .evaluate(condition, &mut |atom| {
                Some(self.value(atom).unwrap_or(false))
            })
            .unwrap_or(false)
    }

    /// All atoms that are true, sorted.
    #[must_use]
    pub fn true_atoms(&self) -> Vec<Atom> {
        let mut atoms: Vec<Atom> = self
            .values
            .iter()
            .filter(|(_, value)| **value)
            .map(|(atom, _)| *atom)
            .collect();
        atoms.sort_unstable();
        atoms
    }
}

/// Steps that a question may take unless the caller says otherwise; a hard question over the whole
/// Kconfig of one architecture takes some thousands.
const DEFAULT_STEPS: u64 = 20_000_000;

/// A growing set of asserted Conditions that can be asked about under assumptions.
pub struct Solver {
    sat: batsat::Solver<Steps>,
    lits: FxHashMap<usize, Lit>,
    atoms: Vec<(Atom, Lit)>,
    steps: u64,
    questions: u64,
}

impl Default for Solver {
    fn default() -> Solver {
        Solver::new()
    }
}

impl std::fmt::Debug for Solver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Solver")
            .field("atoms", &self.atoms.len())
            .field("clauses", &self.sat.num_clauses())
            .field("questions", &self.questions)
            .finish_non_exhaustive()
    }
}

impl Solver {
    /// A solver to which nothing was said yet.
    #[must_use]
    pub fn new() -> Solver {
        Solver {
            sat: batsat::Solver::new(SolverOpts::default(), Steps::default()),
            lits: FxHashMap::default(),
            atoms: Vec::new(),
            steps: DEFAULT_STEPS,
            questions: 0,
        }
    }

    /// Allows each question at most `steps` steps.
    pub fn set_steps(&mut self, steps: u64) {
        self.steps = steps;
    }

    /// How many questions were answered so far.
    #[must_use]
    pub fn questions(&self) -> u64 {
        self.questions
    }

    /// How many clauses are held.
    #[must_use]
    pub fn clauses(&self) -> u64 {
        self.sat.num_clauses()
    }

    /// From now on `condition` holds.
    pub fn assert(&mut self, store: &Store, condition: Condition) {
        match store.node_of(condition) {
            Node::And(children) if !condition.is_negated() => {
                for child in children.clone() {
                    self.assert(store, child);
                }
            }
            Node::And(children) => {
                let children = children.clone();
                let mut clause: Vec<Lit> = children
                    .iter()
                    .map(|child| !self.lit(store, *child))
                    .collect();
                self.sat.add_clause_reuse(&mut clause);
            }
            Node::True if !condition.is_negated() => {}
            Node::True => {
                self.sat.add_clause_reuse(&mut Vec::new());
            }
            Node::Atom(_) => {
                let lit = self.lit(store, condition);
                self.sat.add_clause_reuse(&mut vec![lit]);
            }
        }
    }

    /// Whether all of `assumptions` can hold together with what was asserted; `None` where the search was given up. It
    /// costs less than to be told with which values.
    pub fn can(&mut self, store: &Store, assumptions: &[Condition]) -> Option<bool> {
        match self.search(store, assumptions).1 {
            answer if answer == lbool::TRUE => Some(true),
            answer if answer == lbool::FALSE => Some(false),
            _ => None,
        }
    }

    fn search(&mut self, store: &Store, assumptions: &[Condition]) -> (Vec<Lit>, lbool) {
        let _span = tracing::debug_span!("solve").entered();
        self.questions += 1;
        let lits: Vec<Lit> = assumptions.iter().map(|a| self.lit(store, *a)).collect();
        self.sat.cb_mut().left.set(self.steps);
        let answer = self.sat.solve_limited(&lits);
        (lits, answer)
    }

    /// Can all of `assumptions` hold together with what was asserted?
    pub fn solve(&mut self, store: &Store, assumptions: &[Condition]) -> Answer {
        let (lits, answer) = self.search(store, assumptions);
        if answer == lbool::TRUE {
            return Answer::Sat(self.model());
        }
        if answer == lbool::FALSE {
            let core = self.sat.unsat_core();
            let in_core = |lit: &Lit| core.contains(lit) || core.contains(&!*lit);
            let named = assumptions
                .iter()
                .zip(&lits)
                .filter(|(_, lit)| in_core(lit));
            return Answer::Unsat(named.map(|(condition, _)| *condition).collect());
        }
        Answer::Unknown(Limit { steps: self.steps })
    }

    /// The atoms on which it still hangs whether `conditions`, which held in the solution that was found last, can hold.
    ///
    /// Of an atom whose values are ruled by conditions that were asserted `ruled` tells these, and nothing of others. For
    /// each condition only so many atoms count as make it hold whatever values the others have: where none of them is
    /// without rules, what rules the others need not be known.
    #[must_use]
    pub fn open<'r>(
        &self,
        store: &Store,
        conditions: &[Condition],
        ruled: &dyn Fn(Atom) -> Option<&'r [Condition]>,
    ) -> Vec<Atom> {
        let mut open = Vec::new();
        let mut known: FxHashSet<usize> = FxHashSet::default();
        let mut holding = conditions.to_vec();
        while let Some(condition) = holding.pop() {
            if !known.insert(condition.node()) {
                continue;
            }
            let mut counts = |atom| match ruled(atom) {
                Some(rules) => holding.extend(rules),
                None => open.push(atom),
            };
            match store.node_of(condition) {
                Node::True => {}
                Node::Atom(id) => counts(store.atom_of(*id)),
                Node::And(children) if !condition.is_negated() => holding.extend(children),
                Node::And(children) => {
                    // What counts already costs nothing, and an atom less than what is made of several.
                    let cost = |child: &&Condition| match store.node_of(**child) {
                        _ if known.contains(&child.node()) => 0,
                        Node::Atom(id) if ruled(store.atom_of(*id)).is_some() => 1,
                        Node::Atom(_) => 2,
                        _ => 3,
                    };
                    let failing = children.iter().filter(|child| self.fails(**child));
                    match failing.min_by_key(cost) {
                        Some(child) => holding.push(!*child),
                        // It was not asked in that solution: all of it counts.
                        None => store.atoms(condition).into_iter().for_each(counts),
                    }
                }
            }
        }
        open
    }

    /// Whether a condition did not hold in the solution that was found last.
    fn fails(&self, condition: Condition) -> bool {
        let value = self.lits.get(&condition.node());
        let value = value.map(|lit| self.sat.value_lit(*lit));
        let fails = if condition.is_negated() {
            lbool::TRUE
        } else {
            lbool::FALSE
        };
        value == Some(fails)
    }

    fn model(&self) -> Model {
        let value = |lit: Lit| self.sat.value_lit(lit) == lbool::TRUE;
        Model {
            values: self
                .atoms
                .iter()
                .map(|(atom, lit)| (*atom, value(*lit)))
                .collect(),
        }
    }

    /// The literal that is equivalent to `condition` (after Tseitin), made where it is new.
    fn lit(&mut self, store: &Store, condition: Condition) -> Lit {
        let plain = match self.lits.get(&condition.node()) {
            Some(known) => *known,
            None => self.define(store, condition),
        };
        if condition.is_negated() {
            !plain
        } else {
            plain
        }
    }

    fn define(&mut self, store: &Store, condition: Condition) -> Lit {
        let children: Vec<Lit> = match store.node_of(condition) {
            Node::And(children) => children
                .clone()
                .iter()
                .map(|child| self.lit(store, *child))
                .collect(),
            Node::True | Node::Atom(_) => Vec::new(),
        };
        let var = self.sat.new_var_default();
        let lit = Lit::new(var, true);
        match store.node_of(condition) {
            Node::True => {
                self.sat.add_clause_reuse(&mut vec![lit]);
            }
            Node::Atom(id) => self.atoms.push((store.atom_of(*id), lit)),
            Node::And(_) => {
                let mut back = vec![lit];
                for child in &children {
                    self.sat.add_clause_reuse(&mut vec![!lit, *child]);
                    back.push(!*child);
                }
                self.sat.add_clause_reuse(&mut back);
            }
        }
        self.lits.insert(condition.node(), lit);
        lit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Level;

    #[test]
    fn a_core_names_the_assumptions_that_clash() {
        let mut store = Store::new();
        let [a, b, c] = ["A", "B", "C"].map(|name| store.symbol(name, Level::Yes));
        let implied = store.implies(a, b);
        let mut solver = Solver::new();
        solver.assert(&store, implied);
        let Answer::Unsat(core) = solver.solve(&store, &[c, a, !b]) else {
            panic!("satisfiable")
        };
        assert_eq!(core, [a, !b]);
        let Answer::Sat(model) = solver.solve(&store, &[a]) else {
            panic!("unsatisfiable")
        };
        assert!(model.holds(&store, b));
    }

    #[test]
    fn false_assumptions_and_assertions_are_contradictions() {
        let store = Store::new();
        let mut solver = Solver::new();
        assert!(solver.solve(&store, &[Condition::FALSE]).is_unsat());
        assert!(solver.solve(&store, &[]).is_sat());
        solver.assert(&store, Condition::FALSE);
        assert!(solver.solve(&store, &[]).is_unsat());
    }

    #[test]
    fn a_limit_is_an_answer() {
        let mut store = Store::new();
        let mut solver = Solver::new();
        solver.set_steps(0);
        let atoms: Vec<Condition> = (0..8)
            .map(|n| store.symbol(&format!("S{n}"), Level::Yes))
            .collect();
        let any = store.or_all(atoms);
        solver.assert(&store, any);
        assert!(matches!(
            solver.solve(&store, &[]),
            Answer::Unknown(Limit { steps: 0 })
        ));
    }
}
