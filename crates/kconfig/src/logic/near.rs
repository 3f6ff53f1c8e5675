//! Whether something can hold, asked of as little of Kconfig as shows it.
//!
//! ```kconfig
//! config FOO
//! 	bool "foo"			# can be on: who says yes to BAR and to it has it,
//! 	depends on BAR			# whatever may select either
//! ```
//!
//! What is said of a symbol is asserted once a solution hangs on its value. Where that of no other does, what is left can
//! be as it likes: Kconfig has a value for each symbol whatever the others are, as long as none depends on itself.

use condition::{Atom, Condition, Solver, Store};
use rustc_hash::FxHashMap;

use super::{Asked, Constraints};
use crate::model::{ChoiceId, Model};

/// As much of a [`Model`] as questions have hung on so far.
#[derive(Debug)]
pub struct Near<'m> {
    constraints: Constraints<'m>,
    solver: Solver,
    /// What was said of each thing.
    said: FxHashMap<Asked, Vec<Condition>>,
    /// What was said of each choice, which is said of all its members.
    of_choices: FxHashMap<ChoiceId, Vec<Condition>>,
}

/// After so many rounds a question is not one about a corner. In kernels the most is some twenty.
const MOST_ROUNDS: usize = 60;

impl<'m> Near<'m> {
    /// A model of which nothing was asserted yet.
    pub fn new(model: &'m Model) -> Near<'m> {
        Near {
            constraints: model.constraints(),
            solver: Solver::new(),
            said: FxHashMap::default(),
            of_choices: FxHashMap::default(),
        }
    }

    /// Allows each search at most `steps` steps.
    pub fn set_steps(&mut self, steps: u64) {
        self.solver.set_steps(steps);
    }

    /// Whether these can hold together; `None` where the search was given up.
    pub fn can(&mut self, store: &mut Store, conditions: &[Condition]) -> Option<bool> {
        // Where something depends on itself what it leads to is not told by a part.
        let first_whole = if self.constraints.model().has_circles {
            0
        } else {
            MOST_ROUNDS
        };
        for round in 0.. {
            if !self.solver.can(store, conditions)? {
                return Some(false);
            }
            let ruled = |atom: Atom| match Asked::of(atom) {
                Some(asked) => self.said.get(&asked).map(Vec::as_slice),
                // Nobody rules it.
                None => Some(&[][..]),
            };
            let open = self.solver.open(store, conditions, &ruled);
            if open.is_empty() {
                return Some(true);
            }
            let mut open: Vec<Asked> = open.into_iter().filter_map(Asked::of).collect();
            while let Some(asked) = open.pop() {
                let said = self.say(store, asked);
                // Where one thing leads to the next without end, all that it leads to is asserted at once.
                if round >= first_whole {
                    let atoms = said.iter().flat_map(|condition| store.atoms(*condition));
                    open.extend(atoms.filter_map(Asked::of));
                }
            }
        }
        None
    }

    /// Asserts what Kconfig says of one thing, and gives it; nothing where it was asserted before.
    fn say(&mut self, store: &mut Store, asked: Asked) -> &[Condition] {
        if self.said.contains_key(&asked) {
            return &[];
        }
        let mut said = self.constraints.said_of(store, asked);
        for condition in &said {
            self.solver.assert(store, *condition);
        }
        for choice in self.constraints.choices_of(asked) {
            said.extend(self.choice(store, choice));
        }
        self.said.entry(asked).or_insert(said)
    }

    /// What is said of a choice, asserted.
    fn choice(&mut self, store: &mut Store, choice: ChoiceId) -> &[Condition] {
        let (constraints, solver) = (&mut self.constraints, &mut self.solver);
        self.of_choices.entry(choice).or_insert_with(|| {
            let said = constraints.of_choice(store, choice);
            for condition in &said {
                solver.assert(store, *condition);
            }
            said
        })
    }
}
