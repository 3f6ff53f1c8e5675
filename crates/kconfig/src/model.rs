//! What Kconfig says for one architecture: symbols with all their properties, merged from all the
//! places that define them.

use std::collections::BTreeSet;
use std::sync::Arc;

use petgraph::graph::{DiGraph, NodeIndex};
use rustc_hash::FxHashMap;
use text::{Name, Span};

use crate::asked::{Notes, Other};
use crate::dialect::Dialect;
use crate::entry::Slot;
use crate::library::Read;
use crate::macros::Variables;
use crate::parse::balanced;
use crate::syntax::{Severity, SymbolType};
use crate::term::Term;
use crate::value::number;

/// A place in a file of the tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file's path in the tree.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
    /// Bytes in the file.
    pub span: Span,
}

/// A `prompt`, with what must hold for it to be seen.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// Its text.
    pub text: Name,
    /// Its `if`, the dependencies and every `visible if` around.
    pub visible: Arc<Term>,
    /// Where it stands.
    pub place: Place,
}

/// A `default`.
#[derive(Clone, Debug)]
pub struct Default {
    /// The value.
    pub value: Arc<Term>,
    /// Its `if` and the dependencies.
    pub condition: Arc<Term>,
    /// Where it stands.
    pub place: Place,
}

/// A `range`.
#[derive(Clone, Debug)]
pub struct Range {
    /// The lowest value.
    pub low: Arc<Term>,
    /// The highest value.
    pub high: Arc<Term>,
    /// Its `if` and the dependencies.
    pub condition: Arc<Term>,
}

/// A `select` or `imply`: an edge of the select graph.
#[derive(Clone, Debug)]
pub struct Select {
    /// Who selects.
    pub by: Name,
    /// What is selected.
    pub target: Name,
    /// `imply` rather than `select`.
    pub weak: bool,
    /// Its `if` and the selector's dependencies.
    pub condition: Arc<Term>,
    /// Where it stands.
    pub place: Place,
}

/// A `config` entry that defines a symbol.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Its dependencies with those around it; `None` where there are none.
    pub depends: Option<Arc<Term>>,
    /// Whether they count as direct dependencies of the symbol.
    pub counts: bool,
    /// Where it stands.
    pub place: Place,
    /// The choice that it is a member of.
    pub choice: Option<ChoiceId>,
}

/// A symbol.
#[derive(Clone, Debug)]
pub struct Symbol {
    /// Its name, without `CONFIG_`.
    pub name: Name,
    /// Its type; the first that an entry gives counts. `None` where no entry gives one: such a
    /// symbol is always `n`.
    pub kind: Option<SymbolType>,
    /// The choice that it stands for.
    pub itself: Option<ChoiceId>,
    /// The entries that define it, in the order in which Kconfig reads them.
    pub definitions: Vec<Definition>,
    /// Its prompts.
    pub prompts: Vec<Prompt>,
    /// Its defaults; the first that holds counts.
    pub defaults: Vec<Default>,
    /// Its ranges.
    pub ranges: Vec<Range>,
    /// Whether it keeps the value of an old configuration only.
    pub transitional: bool,
}

impl Symbol {
    /// Whether it is bool or tristate.
    pub fn is_truth(&self) -> bool {
        matches!(self.kind, Some(SymbolType::Bool | SymbolType::Tristate))
    }

    /// The kernel's `dir_dep`: any of the definitions' dependencies. One without any is left out, as
    /// `expr_alloc_or()` of scripts/kconfig/expr.c leaves it; `None` where all are without.
    pub fn direct_dependencies(&self) -> Option<Arc<Term>> {
        let given = self.definitions.iter().filter(|d| d.counts);
        let given = given.filter_map(|d| d.depends.clone());
        balanced(given.collect(), &|a, b| Term::or(&a, &b))
    }

    /// Between what the value of an int or hex symbol lies, as far as that is plain: between the
    /// numbers that its defaults give where nobody is asked.
    pub fn bounds(&self) -> Option<(i128, i128)> {
        if !self.prompts.is_empty() || self.defaults.is_empty() {
            return None;
        }
        let values = self.defaults.iter().map(|default| match &*default.value {
            Term::Symbol(text) | Term::Text(text) => number((text, self.kind)),
            _ => None,
        });
        let values: Vec<i128> = values.collect::<Option<_>>()?;
        Some((*values.iter().min()?, *values.iter().max()?))
    }

    /// All that its entries ask.
    pub(crate) fn terms(&self) -> impl Iterator<Item = &Arc<Term>> {
        let depends = self.definitions.iter().filter_map(|d| d.depends.as_ref());
        let prompts = self.prompts.iter().map(|prompt| &prompt.visible);
        let defaults = self.defaults.iter();
        let defaults = defaults.flat_map(|default| [&default.value, &default.condition]);
        let ranges = self.ranges.iter();
        let ranges = ranges.flat_map(|range| [&range.low, &range.high, &range.condition]);
        depends.chain(prompts).chain(defaults).chain(ranges)
    }

    /// The choice that it is a member of.
    pub fn choice(&self) -> Option<ChoiceId> {
        self.definitions.iter().find_map(|d| d.choice)
    }
}

/// A choice's number in its [`Model`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChoiceId(pub(crate) usize);

/// A choice between symbols.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The symbol that stands for the choice itself where [`Dialect::choice_is_symbol`] says that
    /// there is one. Its name is no name that a file could hold, unless the choice has one.
    ///
    /// [`Dialect::choice_is_symbol`]: crate::Dialect::choice_is_symbol
    pub itself: Option<Name>,
    /// None of its members need be chosen.
    pub optional: bool,
    /// Its prompts.
    pub prompts: Vec<Prompt>,
    /// Its defaults, which name members.
    pub defaults: Vec<Default>,
    /// Its members, in order.
    pub members: Vec<Name>,
    /// Where it stands.
    pub place: Place,
}

impl Choice {
    /// What its prompts and defaults ask.
    pub(crate) fn terms(&self) -> impl Iterator<Item = &Arc<Term>> {
        let prompts = self.prompts.iter().map(|prompt| &prompt.visible);
        let defaults = self.defaults.iter().map(|default| &default.condition);
        prompts.chain(defaults)
    }

    /// What it is called: no file can hold such a name.
    pub(crate) fn name(&self) -> Name {
        Name::new(&format!(
            "the choice at {}:{}",
            self.place.file, self.place.line
        ))
    }
}

/// What reading the files has to say: of a line that was not understood, or by `$(warning-if)`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// Where.
    pub place: Place,
    /// How much it weighs.
    pub severity: Severity,
    /// What is said.
    pub message: String,
}

/// All that Kconfig says for one architecture.
#[derive(Debug, std::default::Default)]
pub struct Model {
    pub(crate) slots: Vec<Slot>,
    pub(crate) by_name: FxHashMap<Name, usize>,
    pub(crate) choices: Vec<Choice>,
    pub(crate) dialect: Dialect,
    pub(crate) graph: DiGraph<Name, Select>,
    pub(crate) nodes: FxHashMap<Name, NodeIndex>,
    pub(crate) modules: Option<Name>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) files: Vec<Arc<str>>,
    /// The name of the architecture, for people.
    pub(crate) arch: Option<Name>,
    pub(crate) incomplete: bool,
    /// The files whose entries are in it, as often as they were sourced.
    pub(crate) reads: Vec<Arc<Read>>,
    /// The variables of its files.
    pub(crate) variables: Variables,
    /// What is asked of a toolchain around entries.
    pub(crate) asked_around: BTreeSet<Name>,
    /// What it was asked.
    pub(crate) notes: Notes,
}

impl Model {
    /// What sentences call the architecture.
    pub(crate) fn arch_name(&self) -> &'static str {
        self.arch.map_or("this architecture", Name::as_str)
    }

    /// What reading the files has to say, by place.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        self.note_other(Other::Heard);
        &self.diagnostics
    }

    /// What could not be read or understood, by place.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        let is_error = |said: &&Diagnostic| said.severity == Severity::Error;
        self.diagnostics.iter().filter(is_error)
    }

    /// Whether something may be missing: a line that was not understood or a file that was not read
    /// may have held a `select` or a `default`. A file that sources itself loses nothing.
    pub fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// The files that were read, in order.
    pub fn files(&self) -> &[Arc<str>] {
        &self.files
    }

    /// Whether a file of this path was read.
    pub fn reads(&self, path: &str) -> bool {
        self.files.iter().any(|file| **file == *path)
    }

    /// The symbol `name`, without `CONFIG_`; `None` where no entry defines it.
    pub fn symbol(&self, name: impl Into<Name>) -> Option<&Symbol> {
        Some(self.noted(name.into())?.symbol(self))
    }

    /// The symbol's number.
    pub(crate) fn number_of(&self, name: Name) -> Option<usize> {
        self.noted(name);
        self.by_name.get(&name).copied()
    }

    /// The symbol with this number.
    pub(crate) fn at(&self, number: usize) -> &Symbol {
        self.note_number(number);
        self.slots[number].symbol(self)
    }

    pub(crate) fn kind_of_choice(&self, choice: ChoiceId) -> Option<SymbolType> {
        let itself = self.choices[choice.0].itself?;
        self.slots[*self.by_name.get(&itself)?].kind
    }

    /// The choice with this number.
    pub fn choice(&self, id: ChoiceId) -> &Choice {
        &self.choices[id.0]
    }

    /// All choices, in the order in which Kconfig reads them.
    pub fn choices(&self) -> &[Choice] {
        self.note_everything();
        &self.choices
    }

    /// How many symbols and choices there are.
    pub fn size(&self) -> usize {
        self.note_everything();
        self.slots.len()
    }

    /// The rules that the tree's own Kconfig follows.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// All symbols, in the order in which Kconfig first defines them.
    pub fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.note_everything();
        let slots = self.slots.iter().filter(|slot| slot.itself.is_none());
        slots.map(|slot| slot.symbol(self))
    }

    /// The symbols that have an entry in one of these files, in the same order.
    pub(crate) fn symbols_of(&self, files: &[Arc<str>]) -> Vec<&Symbol> {
        self.note_everything();
        let reads = self.reads.iter().map(|read| files.contains(&read.path));
        let wanted: Vec<bool> = reads.collect();
        let slots = self.slots.iter().filter(|slot| {
            let mut entries = slot.entries.iter();
            slot.itself.is_none() && entries.any(|entry| wanted[entry.file as usize])
        });
        slots.map(|slot| slot.symbol(self)).collect()
    }

    /// The type of a symbol, where an entry gives one.
    pub fn kind(&self, name: Name) -> Option<SymbolType> {
        self.noted(name)?.kind
    }

    /// Whether an entry defines a symbol.
    pub fn defines(&self, name: Name) -> bool {
        self.noted(name).is_some()
    }

    /// The names of all symbols, in the same order.
    pub fn names(&self) -> impl Iterator<Item = Name> {
        self.note_everything();
        let slots = self.slots.iter().filter(|slot| slot.itself.is_none());
        slots.map(|slot| slot.name)
    }

    /// The `select` and `imply` lines that name `target`, in the order in which they are read.
    pub fn selectors(&self, target: Name) -> Vec<&Select> {
        self.note_selectors(target);
        self.selects_of(target)
    }

    pub(crate) fn selects_of(&self, target: Name) -> Vec<&Select> {
        let Some(node) = self.nodes.get(&target) else {
            return Vec::new();
        };
        let mut found: Vec<_> = self
            .graph
            .edges_directed(*node, petgraph::Direction::Incoming)
            .collect();
        found.sort_by_key(petgraph::visit::EdgeRef::id);
        found.into_iter().map(|edge| edge.weight()).collect()
    }

    /// All `select` and `imply` lines, in the order in which they are read.
    pub fn selects(&self) -> impl Iterator<Item = &Select> {
        self.note_everything();
        self.graph.edge_weights()
    }

    /// The symbol that selects and implies most in a file that defines it, and the first place where it does.
    pub fn owner_of(&self, file: &str) -> Option<(Name, Place)> {
        self.note_other(Other::Owner(file.to_owned()));
        self.find_owner(file)
    }

    pub(crate) fn find_owner(&self, file: &str) -> Option<(Name, Place)> {
        let mut counts: FxHashMap<Name, usize> = FxHashMap::default();
        for select in self.graph.edge_weights() {
            if *select.place.file == *file {
                *counts.entry(select.by).or_default() += 1;
            }
        }
        let mut best: Option<(usize, Name, Place)> = None;
        for slot in &self.slots {
            let count = counts.get(&slot.name).copied().unwrap_or(0);
            if count <= best.as_ref().map_or(0, |(most, ..)| *most) {
                continue;
            }
            let places = slot.entries.iter().map(|entry| {
                let read = &self.reads[entry.file as usize];
                (&read.path, read, entry.head)
            });
            let mut own = places.filter(|(path, ..)| ***path == *file);
            if let Some((_, read, head)) = own.next() {
                best = Some((count, slot.name, read.place(head)));
            }
        }
        best.map(|(_, name, place)| (name, place))
    }

    /// What the model asks of a toolchain, and got no answer for.
    pub fn probes(&self) -> BTreeSet<Name> {
        self.note_other(Other::Probes);
        self.all_probes()
    }

    pub(crate) fn all_probes(&self) -> BTreeSet<Name> {
        let mut found = self.asked_around.clone();
        let own = self.slots.iter().filter(|slot| slot.has_macros());
        for symbol in own.map(|slot| slot.symbol(self)) {
            symbol.terms().for_each(|term| term.probes(&mut found));
        }
        for select in self.graph.edge_weights() {
            select.condition.probes(&mut found);
        }
        for choice in &self.choices {
            choice.terms().for_each(|term| term.probes(&mut found));
        }
        found
    }

    /// The symbol that allows modules.
    pub fn modules(&self) -> Option<Name> {
        self.modules
    }
}
