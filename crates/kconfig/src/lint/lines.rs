//! What each line of Kconfig does, and when.

use std::sync::Arc;

use condition::{Condition, Store};
use text::Name;

use crate::model::{Default, Place, Symbol};
use crate::question::{Questions, Wish};
use crate::term::Term;
use crate::why::Fact;

/// A line, or an entry by its first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub kind: LineKind,
    /// The symbol of its entry.
    pub symbol: Name,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineKind {
    /// An entry as a whole.
    Entry,
    /// A `default`.
    Default,
    /// A `select`.
    Select,
    /// An `imply`.
    Imply,
}

impl LineKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            LineKind::Entry => "entry",
            LineKind::Default => "default",
            LineKind::Select => "select",
            LineKind::Imply => "imply",
        }
    }
}

/// An `if` behind a line.
#[derive(Clone, Debug)]
pub struct Clause {
    /// What stands behind the `if`.
    pub words: String,
    /// When the line is asked for.
    pub around: Condition,
    /// When the clause holds, at least as `m`.
    pub on: Condition,
    /// When it holds as `y`.
    pub yes: Condition,
}

impl Questions<'_> {
    /// What conditions are made of.
    pub fn store(&mut self) -> &mut Store {
        &mut self.store
    }

    /// When each entry that is wanted is good for something: when its symbol is on, or, where the symbol has several, when
    /// what the entry depends on is met as well.
    pub fn entries(&mut self, wanted: &dyn Fn(&Line) -> bool) -> Vec<(Line, Condition)> {
        let model = self.model;
        let mut all = Vec::new();
        for symbol in self.told_symbols() {
            if symbol.kind.is_none() || symbol.transitional {
                continue;
            }
            for definition in &symbol.definitions {
                if !self.tells(&definition.place.file) {
                    continue;
                }
                let line = line(&definition.place, LineKind::Entry, symbol.name);
                if !wanted(&line) {
                    continue;
                }
                let on = model.on(&mut self.store, symbol.name);
                let depends = definition
                    .depends
                    .as_deref()
                    .filter(|_| symbol.definitions.len() > 1);
                let own = depends.map(|term| self.constraints.value_of(&mut self.store, term).0);
                let when = own.map_or(on, |own| self.store.and(on, own));
                all.push((line, when));
            }
        }
        all
    }

    /// When each `default` of a symbol that is wanted decides: when it holds, and none before it does. Beside it stands when its entry is
    /// asked. Those of a choice are left out: one that names a member which is not seen does not count.
    pub fn defaults(
        &mut self,
        wanted: &dyn Fn(&Line) -> bool,
    ) -> Vec<(Line, Condition, Condition)> {
        let mut all = Vec::new();
        let mut symbols = self.told_symbols();
        symbols.retain(|symbol| !symbol.transitional);
        for symbol in symbols {
            let is_wanted = |default: &Default| {
                let line = line(&default.place, LineKind::Default, symbol.name);
                self.tells(&default.place.file) && wanted(&line)
            };
            if !symbol.defaults.iter().any(is_wanted) {
                continue;
            }
            let mut before = Condition::FALSE;
            for default in &symbol.defaults {
                let (on, _) = self
                    .constraints
                    .value_of(&mut self.store, &default.condition);
                let decides = self.store.and(on, !before);
                before = self.store.or(before, on);
                let line = line(&default.place, LineKind::Default, symbol.name);
                if !self.tells(&default.place.file) || !wanted(&line) {
                    continue;
                }
                let Entry::One(depends) = entry_around(symbol, &default.place) else {
                    continue;
                };
                let asked = self.met(depends);
                all.push((line, asked, decides));
            }
        }
        all
    }

    /// When what an entry depends on is met.
    fn met(&mut self, depends: Option<&Arc<Term>>) -> Condition {
        depends.map_or(Condition::TRUE, |term| {
            self.constraints.value_of(&mut self.store, term).0
        })
    }

    /// Why a `default` never decides.
    pub fn why_default(&mut self, line: &Line) -> Vec<Fact> {
        let model = self.model;
        let Some(symbol) = model.symbol(line.symbol) else {
            return Vec::new();
        };
        let defaults = &symbol.defaults;
        let Some(number) = defaults
            .iter()
            .position(|default| default.place == line.place)
        else {
            return Vec::new();
        };
        let this = &defaults[number];
        let (on, _) = self.constraints.value_of(&mut self.store, &this.condition);
        if self.can(&[on]) == Some(false) {
            let facts = self.why_no_part(&this.condition);
            return facts
                .unwrap_or_else(|| vec![fact(format!("{} never holds", this.condition), None)]);
        }
        // The nearest says most.
        for earlier in defaults[..number].iter().rev() {
            let (before, _) = self
                .constraints
                .value_of(&mut self.store, &earlier.condition);
            if self.can(&[on, !before]) == Some(false) {
                let words = format!(
                    "the default {} before it holds wherever it does",
                    earlier.value
                );
                return vec![fact(words, Some(&earlier.place))];
            }
        }
        let words = "one of those before it holds wherever it does".to_owned();
        vec![fact(words, defaults.first().map(|default| &default.place))]
    }

    /// Why a part of a term is never met, if a symbol is that.
    fn why_no_part(&mut self, term: &Term) -> Option<Vec<Fact>> {
        let parts = term.parts();
        let mut names = parts.iter().rev().filter_map(|part| match part {
            Term::Symbol(name) => Some(*name),
            _ => None,
        });
        names.find_map(|name| self.why_never(name))
    }

    /// Why the `if` behind a `select` or `imply` never holds, or always, as far as single symbols decide it.
    pub fn why_clause(&mut self, line: &Line, holds: bool) -> Vec<Fact> {
        let model = self.model;
        let mut selects = model.selects();
        let Some(select) = selects.find(|select| select.place == line.place) else {
            return Vec::new();
        };
        if !holds {
            return self.why_no_part(&select.condition).unwrap_or_default();
        }
        let symbol = model.symbol(select.by);
        let Some(Entry::One(depends)) = symbol.map(|symbol| entry_around(symbol, &select.place))
        else {
            return Vec::new();
        };
        let Some(Term::Symbol(name)) = depends.map_or(Some(&*select.condition), |depends| {
            match &*select.condition {
                Term::And(a, b) if **a == **depends => Some(&**b),
                _ => None,
            }
        }) else {
            return Vec::new();
        };
        let wish = |symbol: Name, value: &str| Wish {
            symbol,
            value: value.to_owned(),
        };
        self.why_not(&[wish(select.by, "y"), wish(*name, "n")])
    }

    /// The `if` behind each `select`, `imply` and `default` that is wanted.
    pub fn clauses(&mut self, wanted: &dyn Fn(&Line) -> bool) -> Vec<(Line, Clause)> {
        let model = self.model;
        let mut all = Vec::new();
        let mut symbols = self.told_symbols();
        symbols.retain(|symbol| !symbol.transitional);
        for symbol in symbols {
            for default in &symbol.defaults {
                let line = line(&default.place, LineKind::Default, symbol.name);
                if !self.tells(&default.place.file) || !wanted(&line) {
                    continue;
                }
                let clause =
                    self.clause(symbol, &default.place, &default.condition, Condition::TRUE);
                all.extend(clause.map(|clause| (line, clause)));
            }
        }
        for select in self.told_selects() {
            let Some(symbol) = model.symbol(select.by) else {
                continue;
            };
            let kind = if select.weak {
                LineKind::Imply
            } else {
                LineKind::Select
            };
            let line = line(&select.place, kind, select.by);
            if !wanted(&line) {
                continue;
            }
            let on = model.on(&mut self.store, select.by);
            let clause = self.clause(symbol, &select.place, &select.condition, on);
            all.extend(clause.map(|clause| (line, clause)));
        }
        all
    }

    /// The `if` of a line in an entry; `when` is what must hold besides for the line to be asked for.
    fn clause(
        &mut self,
        symbol: &Symbol,
        place: &Place,
        condition: &Arc<Term>,
        when: Condition,
    ) -> Option<Clause> {
        let Entry::One(depends) = entry_around(symbol, place) else {
            return None;
        };
        let own = match (depends, &**condition) {
            (Some(depends), _) if Arc::ptr_eq(depends, condition) => return None,
            (Some(depends), Term::And(a, b)) if **a == **depends => b.clone(),
            (Some(depends), _) if **depends != Term::YES => return None,
            _ => condition.clone(),
        };
        // `if y` says that nothing is asked, and is meant so.
        if matches!(&*own, Term::Constant(_)) {
            return None;
        }
        let depends = self.met(depends);
        let (on, yes) = self.constraints.value_of(&mut self.store, &own);
        Some(Clause {
            words: own.to_string(),
            around: self.store.and(depends, when),
            on,
            yes,
        })
    }
}

fn fact(text: String, place: Option<&Place>) -> Fact {
    Fact {
        text,
        place: place.cloned(),
    }
}

fn line(place: &Place, kind: LineKind, symbol: Name) -> Line {
    let place = place.clone();
    Line {
        place,
        kind,
        symbol,
    }
}

/// The entry in which a line stands.
enum Entry<'s> {
    /// It depends on this.
    One(Option<&'s Arc<Term>>),
    /// Its file is read more than once, so that the line stands in several.
    Several,
}

fn entry_around<'s>(symbol: &'s Symbol, place: &Place) -> Entry<'s> {
    let own = symbol.definitions.iter().filter(|definition| {
        let at = &definition.place;
        at.file == place.file && at.span.start <= place.span.start
    });
    let nearest = own.clone().map(|definition| definition.place.span.start);
    let nearest = nearest.max();
    let mut own = own.filter(|definition| Some(definition.place.span.start) == nearest);
    match (own.next(), own.next()) {
        (Some(definition), None) => Entry::One(definition.depends.as_ref()),
        (None, _) => Entry::One(None),
        (Some(_), Some(_)) => Entry::Several,
    }
}
