//! What the kernel's own parser has read, fact by fact, against ours.
//!
//! The kernel simplifies expressions, so they are compared by meaning: both as formulas over the
//! same symbols, equal in every configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use condition::{Condition, Solver, Store};
use kconfig::{Comparison, Constraints, Model, Symbol, SymbolType, Term};

use super::kernel::Kernel;
use super::{Case, Found};
use crate::conf::said;
use crate::error::Error;

impl Kernel {
    /// All that the kernel's parser has read for `arch`.
    pub(super) fn read(&self, arch: &str) -> Result<String, Error> {
        said(self.ask("dump", arch, &self.folder).arg("Kconfig"))
    }
}

/// A symbol as the kernel has read it: its type and its facts by their kind.
#[derive(Default)]
struct Read<'t> {
    kind: &'t str,
    facts: BTreeMap<&'t str, Vec<Vec<&'t str>>>,
}

pub(super) fn compare(case: &Case<'_>, read: &str) -> Found {
    let theirs = facts(read);
    let mut comparing = Comparing {
        model: &case.model,
        store: Store::new(),
        constraints: case.model.constraints(),
        differences: Vec::new(),
    };
    let mut count = 0;
    for symbol in case.model.symbols() {
        match theirs.get(symbol.name.as_str()) {
            Some(read) => count += comparing.symbol(symbol, read),
            None => comparing.differ(symbol.name.as_str(), "only ours"),
        }
    }
    for name in theirs.keys() {
        if case.model.symbol(*name).is_none() {
            comparing.differ(name, "only theirs");
        }
    }
    Found {
        summary: format!(
            "{} symbols, {count} facts, {} differences",
            theirs.len(),
            comparing.differences.len()
        ),
        differences: comparing.differences,
    }
}

fn facts(read: &str) -> BTreeMap<&str, Read<'_>> {
    let mut symbols: BTreeMap<&str, Read> = BTreeMap::new();
    let mut current = "";
    for line in read.lines() {
        let mut fields = line.split('\t');
        match (fields.next(), fields.next()) {
            (Some("symbol"), Some(name)) => {
                current = name;
                symbols.entry(current).or_default().kind = fields.next().unwrap_or_default();
            }
            (
                Some(kind @ ("prompt" | "default" | "select" | "imply" | "range" | "depends")),
                Some(first),
            ) => {
                let rest = std::iter::once(first).chain(fields).collect();
                let read = symbols.entry(current).or_default();
                read.facts.entry(kind).or_default().push(rest);
            }
            // A warning of the parser.
            _ => {}
        }
    }
    symbols
}

struct Comparing<'m> {
    model: &'m Model,
    store: Store,
    constraints: Constraints<'m>,
    differences: Vec<String>,
}

impl Comparing<'_> {
    fn differ(&mut self, symbol: &str, what: &str) {
        self.differences.push(format!("{symbol}: {what}"));
    }

    /// Compares all of a symbol; answers how many facts there were.
    fn symbol(&mut self, symbol: &Symbol, read: &Read<'_>) -> usize {
        let name = symbol.name.as_str();
        let kind = word(symbol.kind);
        if kind != read.kind {
            self.differ(name, &format!("type {kind}, theirs {}", read.kind));
        }
        let mut count = 2;
        for (what, ours) in facts_of(self.model, symbol) {
            let empty = Vec::new();
            let theirs = read.facts.get(what).unwrap_or(&empty);
            count += ours.len();
            if ours.len() != theirs.len() {
                self.differ(
                    name,
                    &format!("{} {what}, theirs {}", ours.len(), theirs.len()),
                );
                continue;
            }
            for (number, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                self.fact(name, &format!("{what} {number}"), ours, theirs);
            }
        }
        let depends = symbol.direct_dependencies();
        let depends = depends.unwrap_or_else(|| Arc::new(Term::YES));
        let theirs = read.facts.get("depends").and_then(|all| all.first());
        let theirs = theirs.map_or("-", |fields| fields[0]);
        if !self.same(&depends, &term(theirs, self.model)) {
            self.differ(name, "depends");
        }
        count
    }

    fn fact(&mut self, name: &str, what: &str, ours: &Fact, theirs: &[&str]) {
        for (value, field) in ours.values.iter().zip(theirs) {
            let same = match &**value {
                // The kernel drops blanks before a prompt.
                Term::Text(text) if what.starts_with("prompt") => {
                    text.trim_start() == field.trim_start()
                }
                Term::Text(text) => **text == *field.strip_prefix('\'').unwrap_or(field),
                _ => self.same(value, &term(field, self.model)),
            };
            if !same {
                self.differ(name, &format!("{what}: value {value:?}, theirs {field:?}"));
            }
        }
        let theirs = term(theirs.last().copied().unwrap_or("-"), self.model);
        if !self.same(&ours.when, &theirs) {
            self.differ(name, &format!("{what}: condition"));
        }
    }

    fn same(&mut self, ours: &Term, theirs: &Term) -> bool {
        if let (Term::Symbol(a), Term::Symbol(b)) = (ours, theirs) {
            return a == b;
        }
        let ours = self.constraints.value_of(&mut self.store, ours);
        let theirs = self.constraints.value_of(&mut self.store, theirs);
        let on = !self.store.iff(ours.0, theirs.0);
        let yes = !self.store.iff(ours.1, theirs.1);
        let differ = self.store.or(on, yes);
        differ == Condition::FALSE || Solver::new().solve(&self.store, &[differ]).is_unsat()
    }
}

/// A property of a symbol, by its values and its condition.
struct Fact {
    values: Vec<Arc<Term>>,
    when: Arc<Term>,
}

/// All properties of a symbol by their kind, in the order in which they are read.
fn facts_of(model: &Model, symbol: &Symbol) -> [(&'static str, Vec<Fact>); 5] {
    let fact = |values: Vec<Arc<Term>>, when: &Arc<Term>| Fact {
        values,
        when: when.clone(),
    };
    let selects = |weak: bool| {
        model
            .selects()
            .filter(|select| select.by == symbol.name && select.weak == weak)
            .map(|select| {
                fact(
                    vec![Arc::new(Term::Symbol(select.target))],
                    &select.condition,
                )
            })
            .collect()
    };
    let prompts = symbol.prompts.iter();
    let defaults = symbol.defaults.iter();
    let ranges = symbol.ranges.iter();
    [
        (
            "prompt",
            prompts
                .map(|p| fact(vec![Arc::new(Term::Text(p.text))], &p.visible))
                .collect(),
        ),
        (
            "default",
            defaults
                .map(|d| fact(vec![d.value.clone()], &d.condition))
                .collect(),
        ),
        ("select", selects(false)),
        ("imply", selects(true)),
        (
            "range",
            ranges
                .map(|r| fact(vec![r.low.clone(), r.high.clone()], &r.condition))
                .collect(),
        ),
    ]
}

fn word(kind: Option<SymbolType>) -> &'static str {
    match kind {
        None => "unknown",
        Some(SymbolType::Bool) => "bool",
        Some(SymbolType::Tristate) => "tristate",
        Some(SymbolType::Int) => "int",
        Some(SymbolType::Hex) => "hex",
        Some(SymbolType::String) => "string",
    }
}

/// An expression as the kernel's dump has it.
fn term(text: &str, model: &Model) -> Term {
    if text == "-" {
        return Term::YES;
    }
    let mut words = text.split('\u{1}');
    expression(&mut words, model)
}

fn expression<'t>(words: &mut impl Iterator<Item = &'t str>, model: &Model) -> Term {
    let word = words.next().unwrap_or("?");
    let mut next = || Arc::new(expression(words, model));
    let compare = |op: Comparison, a: Arc<Term>, b: Arc<Term>| Term::Compare(op, a, b);
    match word {
        "!" => Term::Not(next()),
        "&" => Term::And(next(), next()),
        "|" => Term::Or(next(), next()),
        "=" => compare(Comparison::Equal, next(), next()),
        "!=" => compare(Comparison::NotEqual, next(), next()),
        "<" => compare(Comparison::Less, next(), next()),
        "<=" => compare(Comparison::LessEqual, next(), next()),
        ">" => compare(Comparison::Greater, next(), next()),
        ">=" => compare(Comparison::GreaterEqual, next(), next()),
        word => atom(word, model),
    }
}

fn atom(word: &str, model: &Model) -> Term {
    if let Some(number) = word
        .strip_prefix("<choice ")
        .and_then(|w| w.strip_suffix('>'))
    {
        let number: Option<usize> = number.parse().ok();
        let itself = number.and_then(|n| model.choices().nth(n)?.itself);
        return Term::Symbol(itself.unwrap_or_else(|| word.into()));
    }
    match word.strip_prefix('\'') {
        Some("y") => Term::Constant(true),
        Some("n") => Term::Constant(false),
        Some("m") => Term::Module,
        Some(text) => Term::Text(text.into()),
        None => Term::Symbol(word.into()),
    }
}
