//! Why nothing leads to a sink: the facts that forbid it.

use condition::{Answer as Solved, Atom, Condition, Shape, Solver};
use text::Name;

use crate::walk::{Closed, Walk};
use crate::{Analysis, Fact, Place};

impl Analysis<'_> {
    /// Why nothing leads to the sink. What closes the call that is nearest to it often closes all
    /// others too; where it does not, the others have their own reasons.
    pub(crate) fn reason(&mut self, walk: &Walk) -> Vec<Fact> {
        // Where calls lead all the way, what is passed on it closes it.
        for own in self.passed_conditions(walk) {
            if let Some(fact) = self.never_stored(own) {
                return vec![fact];
            }
        }
        let mut closed: Vec<&Closed> = walk.closed.iter().collect();
        closed.sort_by_key(|closed| (closed.when.is_none(), closed.distance));
        let Some(nearest) = closed.first().copied() else {
            return no_caller(walk);
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

fn no_caller(walk: &Walk) -> Vec<Fact> {
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
