//! Why nothing leads to a sink: the facts that forbid it.
//!
//! A walk ends where a call cannot be made. Of what such a call needs, the least that Kconfig forbids is told:
//! with the code that needs it, and the lines of Kconfig that say no.
//!
//! ```text
//! __populate_section_memmap() calls vmemmap_populate_compound_pages() only with OPT_IN  (mm/sparse-vmemmap.c:468)
//! nothing on arm64 selects OPT_IN, which has no prompt  (mm/Kconfig:496)
//! ```

use std::collections::BTreeSet;

use condition::{Atom, Condition, Level, Shape, Solver};
use kconfig::Wish;
use rustc_hash::FxHashSet;
use text::{LineIndex, Name, Span};

use crate::link::FunctionKey;
use crate::terms::{Substitution, Term, TermId, Terms};
use crate::walk::{Closed, Need, Part, Walk};
use crate::{Analysis, Fact, Place, Reach};

/// A Condition of more bytes is hard to read.
const LONGEST_WORDS: usize = 160;

/// Reasons beyond these are counted only.
const MOST_REASONS: usize = 3;

/// What closes calls: the needs of one, and the facts that forbid them.
struct Cause {
    when: Condition,
    facts: Vec<Fact>,
}

impl Analysis<'_> {
    /// Why nothing leads to the sink: a cause for each call that is closed, none of them without need.
    pub(crate) fn reason(&mut self, walk: &Walk) -> Vec<Fact> {
        // Where calls lead all the way, what is passed on it closes it.
        for own in self.passed_conditions(walk) {
            if let Some(fact) = self.never_stored(own) {
                return vec![fact];
            }
        }
        let mut closed: Vec<&Closed> = walk.closed.iter().collect();
        closed.sort_by_key(|closed| (closed.parts.is_empty(), closed.distance));
        let stopped = self.stopped(walk);
        let Some(nearest) = closed.first().copied() else {
            return if stopped.is_empty() {
                no_caller(walk)
            } else {
                stopped
            };
        };
        closed.retain(|closed| !closed.parts.is_empty());
        let mut causes: Vec<Cause> = Vec::new();
        let mut left = 0;
        for one in &closed {
            let whole = self.whole(one);
            if causes.iter().any(|cause| self.needs(whole, cause.when)) {
                continue;
            }
            if causes.len() >= MOST_REASONS {
                left += 1;
            } else if let Some(cause) = self.cause(one) {
                causes.push(cause);
            }
        }
        self.drop_needless(&closed, &mut causes);
        let mut facts: Vec<Fact> = Vec::new();
        for fact in causes.into_iter().flat_map(|cause| cause.facts) {
            if !facts.contains(&fact) {
                facts.push(fact);
            }
        }
        facts.extend(stopped);
        if facts.is_empty() {
            return vec![self.what_is_passed(nearest)];
        }
        if left > 0 {
            let words = format!("and {left} more calls that no configuration makes");
            facts.push(Fact::new(words, None));
        }
        facts
    }

    /// Where each way back from a sink ends: the calls that are never made with what each lacks, and the
    /// functions that nothing calls.
    pub fn ends(&mut self, reach: &Reach) -> Vec<Fact> {
        let walk = &reach.walk;
        // A call that leads on to one definition of a function may lead to no other.
        let open = walk.calls.edge_weights();
        let open: FxHashSet<_> = open.map(|site| (site.caller, site.span)).collect();
        let is_open = |closed: &Closed| {
            let call = closed.caller.map(|caller| (caller, closed.span));
            call.is_some_and(|call| open.contains(&call))
        };
        let mut closed: Vec<&Closed> = walk.closed.iter().filter(|one| !is_open(one)).collect();
        closed.sort_by_key(|closed| (closed.distance, closed.file, closed.span));
        let mut facts: Vec<Fact> = Vec::new();
        for one in closed {
            let told = match self.least(one) {
                Some(least) => self.needed(one, &least),
                None => vec![self.what_is_passed(one)],
            };
            facts.extend(told);
        }
        facts.extend(self.stopped(walk));
        for (number, node) in walk.nodes.iter().enumerate() {
            let is_closed = |one: &Closed| one.callee == node.key;
            // Of what was not looked at nothing is known.
            if walk.limit.is_none()
                && node.entries.is_empty()
                && walk.calls_of(number).is_empty()
                && !walk.stopped.contains(&number)
                && !walk.closed.iter().any(is_closed)
            {
                let place = Place {
                    file: node.key.path,
                    span: self.head(node.key),
                };
                let words = format!("nothing calls {}()", self.name_of(node.key));
                facts.push(Fact::new(words, Some(place)));
            }
        }
        facts.extend(walk.limit.iter().map(|limit| Fact::new(limit, None)));
        let mut seen = BTreeSet::new();
        facts.retain(|fact| seen.insert((fact.words.clone(), fact.place.clone())));
        facts
    }

    /// The functions at which the question ends.
    fn stopped(&mut self, walk: &Walk) -> Vec<Fact> {
        let keys = walk.stopped.iter().map(|node| walk.nodes[*node].key);
        let told = keys.map(|key| {
            let place = Place {
                file: key.path,
                span: self.head(key),
            };
            let words = format!("the rule stops at {}()", self.name_of(key));
            Fact::new(words, Some(place))
        });
        told.collect()
    }

    /// All that a call needs.
    fn whole(&mut self, closed: &Closed) -> Condition {
        let parts = closed.parts.iter().map(|part| part.when);
        self.store.and_all(parts)
    }

    /// Whether `when` cannot hold without `cause`, whatever Kconfig says.
    fn needs(&mut self, when: Condition, cause: Condition) -> bool {
        let without = self.store.and(when, !cause);
        without.is_false() || Solver::new().solve(&self.store, &[without]).is_unsat()
    }

    /// Takes away a cause where the others close all calls that it does.
    fn drop_needless(&mut self, closed: &[&Closed], causes: &mut Vec<Cause>) {
        let mut at = 0;
        while causes.len() > 1 && at < causes.len() {
            let is_closed = |analysis: &mut Self, one: &Closed, but: Option<usize>| {
                let whole = analysis.whole(one);
                let others = causes.iter().enumerate().filter(|(n, _)| Some(*n) != but);
                let mut others = others.map(|(_, cause)| cause.when);
                others.any(|cause| analysis.needs(whole, cause))
            };
            let needless = closed
                .iter()
                .all(|one| is_closed(self, one, Some(at)) || !is_closed(self, one, None));
            if needless {
                causes.remove(at);
            } else {
                at += 1;
            }
        }
    }

    /// The least of what a call needs that no configuration has; `None` where Kconfig does not forbid it.
    fn least(&mut self, closed: &Closed) -> Option<Vec<Part>> {
        let mut parts: Vec<Part> = Vec::new();
        for part in &closed.parts {
            let conjuncts = match self.store.shape(part.when) {
                Shape::And(conjuncts) => conjuncts,
                _ => vec![part.when],
            };
            let own = conjuncts.into_iter().map(|when| Part {
                need: part.need,
                when,
            });
            parts.extend(own);
        }
        if parts.is_empty() {
            return None;
        }
        // One by itself is the plainest reason.
        if let Some(alone) = parts
            .iter()
            .find(|part| self.can_hold(&[part.when]) == Some(false))
        {
            return Some(vec![alone.clone()]);
        }
        let least = condition::least(parts, |fewer| {
            let conditions: Vec<Condition> = fewer.iter().map(|part| part.when).collect();
            self.can_hold(&conditions) == Some(false)
        });
        Some(least)
    }

    /// What closes a call: the code that needs it, and the Kconfig that forbids it.
    fn cause(&mut self, closed: &Closed) -> Option<Cause> {
        let least = self.least(closed)?;
        let mut facts = self.needed(closed, &least);
        let mut when = self.store.and_all(least.iter().map(|part| part.when));
        if let [alone] = least.as_slice()
            && let Some((symbol, never)) = self.never(alone.when)
        {
            // What needs the same symbol in another way is closed with it.
            let on = self.store.enabled(&symbol);
            if self.needs(when, on) {
                when = on;
            }
            facts.extend(never);
        } else if let Some(wishes) = self.wishes(&least) {
            let told = self.model.questions().why_not(&wishes);
            facts.extend(told.into_iter().map(fact));
        }
        // Each explains the one before it.
        if let Some((_, others)) = facts.split_last_mut() {
            for fact in others {
                fact.decides = false;
            }
        }
        Some(Cause { when, facts })
    }

    /// A symbol that `condition` asks for and that is never on, and why.
    fn never(&mut self, condition: Condition) -> Option<(Name, Vec<Fact>)> {
        let atoms = self.store.atoms(condition);
        atoms.into_iter().find_map(|atom| {
            let name = match atom {
                Atom::Symbol { name, .. } => name,
                Atom::Defined(name) => self.config_symbol(name)?,
                _ => return None,
            };
            Some((name, self.why_never(name)?))
        })
    }

    fn why_never(&mut self, symbol: Name) -> Option<Vec<Fact>> {
        if let Some(known) = self.never.get(&symbol) {
            return known.clone();
        }
        let facts = self.model.why_never(&symbol);
        let facts = facts.map(|facts| facts.into_iter().map(fact).collect());
        self.never.insert(symbol, facts.clone());
        facts
    }

    /// The values that the parts ask for, where each asks for one symbol.
    fn wishes(&mut self, parts: &[Part]) -> Option<Vec<Wish>> {
        let mut wishes = Vec::new();
        for part in parts {
            let mut symbols = self.store.atoms(part.when).into_iter();
            let Atom::Symbol { name: symbol, .. } = symbols.next()? else {
                return None;
            };
            let others = |atom: Atom| !matches!(atom, Atom::Symbol { name, .. } if name == symbol);
            if symbols.any(others) {
                return None;
            }
            let levels = [
                ("y", Some(Level::Yes)),
                ("m", Some(Level::Module)),
                ("n", None),
            ];
            let asked = levels
                .into_iter()
                .find(|(_, level)| self.at_level(part.when, symbol, *level).is_true());
            let (value, _) = asked?;
            wishes.push(Wish {
                symbol,
                value: value.to_owned(),
            });
        }
        Some(wishes)
    }

    /// What the parts of a call's Condition mean, those of one kind in one fact.
    fn needed(&mut self, closed: &Closed, parts: &[Part]) -> Vec<Fact> {
        let mut kinds: Vec<Part> = Vec::new();
        for part in parts {
            match kinds.iter_mut().find(|known| known.need == part.need) {
                Some(known) => known.when = self.store.and(known.when, part.when),
                None => kinds.push(part.clone()),
            }
        }
        kinds.iter().map(|part| self.need(closed, part)).collect()
    }

    /// What a part of a call's Condition means.
    fn need(&mut self, closed: &Closed, part: &Part) -> Fact {
        let callee = self.name_of(closed.callee);
        let caller = closed.caller.map(|caller| self.name_of(caller));
        let only = self.only_with(part.when);
        let words = match (part.need, caller) {
            (Need::Called, Some(caller)) => format!("{caller}() calls {callee}() only with {only}"),
            (Need::Linked, Some(caller)) => {
                format!("{caller}() of a module can call {callee}() only with {only}")
            }
            (Need::Built, _) => format!("{} is built only with {only}", closed.file),
            (Need::Defined, caller) => {
                let name = caller.unwrap_or(callee);
                format!("{name}() is defined only with {only}")
            }
            _ => format!("{callee}() leads there only with {only}"),
        };
        let span = match part.need {
            Need::Built => Span::default(),
            Need::Defined => self.head(closed.caller.unwrap_or(closed.callee)),
            Need::Called | Need::Linked | Need::Led => closed.span,
        };
        let place = Place {
            file: closed.file,
            span,
        };
        let makefile = match part.need {
            Need::Built => self.named_at(closed.file),
            _ => None,
        };
        Fact::new(words, Some(makefile.unwrap_or(place)))
    }

    /// The line of a makefile that names a file.
    fn named_at(&mut self, file: Name) -> Option<Place> {
        let (makefile, line) = self.built_as(&file).place?;
        let text = self.tree.look(&makefile).ok()?;
        let lines = LineIndex::new(&text);
        let start = lines.line_start(line)? as usize;
        let rest = text.get(start..)?;
        let length = rest.iter().position(|&byte| byte == b'\n');
        let end = start + length.unwrap_or(rest.len());
        Some(Place {
            file: Name::new(&makefile),
            span: Span::new(start, end),
        })
    }

    /// A Condition in words; one that takes too many is told by its symbols.
    fn only_with(&mut self, when: Condition) -> String {
        let words = self.store.words(when);
        if words.len() <= LONGEST_WORDS {
            return words;
        }
        let symbols: BTreeSet<Name> = self.symbols_in(when).into_iter().collect();
        let symbols: Vec<&str> = symbols.iter().map(|name| &**name).collect();
        format!("what no configuration has of {}", symbols.join(", "))
    }

    /// Which argument closes a call.
    fn what_is_passed(&mut self, closed: &Closed) -> Fact {
        let name = self.name_of(closed.caller.unwrap_or(closed.callee));
        let decisive = self.decisive_argument(closed);
        let words = decisive.map_or_else(
            || format!("what {name}() passes never leads there"),
            |passed| format!("{name}() passes {passed}"),
        );
        let place = Place {
            file: closed.file,
            span: closed.span,
        };
        Fact::new(words, Some(place))
    }

    /// `NULL for pgmap of __add_pages()`: an argument that closes a call whatever the others are.
    fn decisive_argument(&mut self, closed: &Closed) -> Option<String> {
        let (site, reach) = closed.passing.as_deref()?;
        let file = self.read_file(closed.callee.path)?;
        let function = file.function(closed.callee.id);
        for (number, param) in function.params.iter().enumerate() {
            let arg = *site.args.get(number)?;
            let others = (0..site.args.len()).map(|n| {
                let free = Term::Site(Name::new(&format!("argument {n}")), site.place);
                if n == number {
                    arg
                } else {
                    self.terms.add(free)
                }
            });
            let args: Vec<TermId> = others.collect();
            let mut substitution = Substitution::new(args, site.place);
            let led = self
                .terms
                .substitute_condition(&mut self.store, *reach, &mut substitution);
            if led.is_false() {
                let words = match self.terms.as_int(arg) {
                    Some(0) if param.pointer => "NULL".to_owned(),
                    _ => self.terms.words(&self.store, arg),
                };
                let zero = self.zero_field(*reach, number, arg);
                let zero = zero.map_or_else(String::new, |field| format!(", whose {field} is 0,"));
                return Some(format!(
                    "{words}{zero} for {} of {}()",
                    param.name, function.name
                ));
            }
        }
        None
    }

    /// A field of parameter `number` that is 0 in what is passed, one that closes the call by itself first.
    fn zero_field(&mut self, reach: Condition, number: usize, arg: TermId) -> Option<Name> {
        let mut zero = Vec::new();
        for field in self.fields_asked(reach) {
            let Term::Field(base, name) = *self.terms.get(field) else {
                continue;
            };
            let Term::Param(param, _) = *self.terms.get(base) else {
                continue;
            };
            let loaded = self.terms.load(arg, name, None);
            if param as usize == number && self.terms.as_int(loaded) == Some(0) {
                zero.push((field, name));
            }
        }
        let decides = |(field, _): &&(TermId, Name)| {
            let terms = &mut self.terms;
            let without = self.store.map_atoms(reach, &mut |store, atom| match atom {
                Atom::Value(id, _) => {
                    let value = terms.with_zero(store, Terms::of_value(id), *field);
                    terms.truth(store, value)
                }
                other => store.atom(other),
            });
            without.is_false()
        };
        let decisive = zero.iter().find(decides).or(zero.first());
        decisive.map(|(_, name)| *name)
    }

    pub(crate) fn name_of(&mut self, key: FunctionKey) -> Name {
        self.read_file(key.path)
            .map_or(Name::new(""), |file| file.function(key.id).name)
    }
}

fn fact(fact: kconfig::Fact) -> Fact {
    let place = fact.place.map(|place| Place {
        file: Name::new(&place.file),
        span: place.span,
    });
    Fact::new(fact.text, place)
}

fn no_caller(walk: &Walk) -> Vec<Fact> {
    let Some(start) = walk.starts.first() else {
        return Vec::new();
    };
    let place = Place {
        file: start.key.path,
        span: start.at,
    };
    vec![Fact::new("nothing calls it", Some(place))]
}
