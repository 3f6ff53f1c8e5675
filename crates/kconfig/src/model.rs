//! What Kconfig says for one architecture: symbols with all their properties, merged from all the
//! places that define them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use text::{Name, Span};

use crate::asked::{Notes, Origin, Other};
use crate::dialect::Dialect;
use crate::entry::Cells;
use crate::index::{At, Index, OWN, order, part, selects};
use crate::macros::Variables;
use crate::parse::balanced;
use crate::part::{Outside, Part};
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
    /// What is not shared with other architectures.
    pub(crate) own: Arc<Part>,
    /// What is, in the order in which it is read.
    pub(crate) sourced: Vec<Sourced>,
    pub(crate) index: Arc<Index>,
    /// What was found out of symbols, by their numbers.
    pub(crate) cells: Cells,
    pub(crate) dialect: Dialect,
    pub(crate) modules: Option<Name>,
    /// What is said of symbols; of the rest the parts know.
    pub(crate) said_of: Vec<(Name, Diagnostic)>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// The name of the architecture, for people.
    pub(crate) arch: Option<Name>,
    pub(crate) incomplete: bool,
    /// Whether a symbol depends on itself.
    pub(crate) has_circles: bool,
    /// The variables of its files.
    pub(crate) variables: Arc<Variables>,
    /// What it was asked.
    pub(crate) notes: Notes,
    pub(crate) origin: Origin,
}

/// A shared part, and where it is set in.
#[derive(Clone, Debug)]
pub(crate) struct Sourced {
    pub(crate) part: Arc<Part>,
    /// What stands around it, by its number in the model's own part, and what that asks.
    pub(crate) around: u32,
    pub(crate) outside: Outside,
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
        &self.index.files
    }

    /// Whether a file of this path was read.
    pub fn reads(&self, path: &str) -> bool {
        let shared = self.sourced.iter().map(|one| &one.part);
        let mut parts = std::iter::once(&self.own).chain(shared);
        parts.any(|part| part.files.iter().any(|file| **file == *path))
    }

    pub(crate) fn part(&self, number: u32) -> &Part {
        part(&self.own, &self.sourced, number)
    }

    /// The parts, each with its number.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (u32, &Part)> {
        let shared = self.sourced.iter().map(|one| &*one.part);
        (0..).zip(std::iter::once(&*self.own).chain(shared))
    }

    /// The choice that has this number in a part.
    pub(crate) fn choice_id(&self, part: u32, choice: ChoiceId) -> ChoiceId {
        ChoiceId(self.index.choice(part, choice.0))
    }

    /// The symbol `name`, without `CONFIG_`; `None` where no entry defines it.
    pub fn symbol(&self, name: impl Into<Name>) -> Option<&Symbol> {
        Some(self.whole(self.number_of(name.into())?))
    }

    /// The symbol with this number.
    pub(crate) fn at(&self, number: usize) -> &Symbol {
        self.note_number(number);
        self.whole(number)
    }

    pub(crate) fn name_at(&self, number: usize) -> Name {
        self.index.symbols[number].name
    }

    pub(crate) fn kind_of_choice(&self, choice: ChoiceId) -> Option<SymbolType> {
        let itself = self.choice(choice).itself?;
        self.kind_at(self.index.number(itself)?)
    }

    /// The choice with this number.
    pub fn choice(&self, id: ChoiceId) -> &Choice {
        let at = self.index.choices[id.0];
        &self.part(at.part).choices[at.number as usize]
    }

    pub(crate) fn all_choices(&self) -> impl Iterator<Item = &Choice> {
        (0..self.index.choices.len()).map(|number| self.choice(ChoiceId(number)))
    }

    /// All choices, in the order in which Kconfig reads them.
    pub fn choices(&self) -> impl Iterator<Item = &Choice> {
        self.note_everything();
        self.all_choices()
    }

    /// How many symbols and choices there are.
    pub fn size(&self) -> usize {
        self.note_everything();
        self.cells.len()
    }

    /// The rules that the tree's own Kconfig follows.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The numbers of all symbols that stand for no choice, in the order in which Kconfig first defines them.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = usize> {
        (0..self.cells.len()).filter(|number| self.itself(*number).is_none())
    }

    /// All symbols, in the order in which Kconfig first defines them.
    pub fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.note_everything();
        self.numbers().map(|number| self.whole(number))
    }

    /// The symbols that have an entry in one of these files, in the same order.
    pub(crate) fn symbols_of(&self, files: &[Arc<str>]) -> Vec<&Symbol> {
        self.note_everything();
        let mut numbers = Vec::new();
        for (number, part) in self.parts() {
            let is_wanted = |path: &str| files.iter().any(|file| **file == *path);
            let pieces = part.pieces_in(is_wanted).into_iter();
            numbers.extend(pieces.map(|at| self.index.number_of_piece(number, at as usize)));
        }
        numbers.sort_unstable();
        numbers.dedup();
        let numbers = numbers.into_iter();
        numbers.map(|number| self.whole(number)).collect()
    }

    /// The type of a symbol, where an entry gives one.
    pub fn kind(&self, name: Name) -> Option<SymbolType> {
        self.kind_at(self.number_of(name)?)
    }

    /// Whether an entry defines a symbol.
    pub fn defines(&self, name: Name) -> bool {
        self.number_of(name).is_some()
    }

    /// The names of all symbols, in the same order.
    pub fn names(&self) -> impl Iterator<Item = Name> {
        self.note_everything();
        self.numbers().map(|number| self.name_at(number))
    }

    /// The `select` and `imply` lines that name `target`, in the order in which they are read.
    pub fn selectors(&self, target: Name) -> Vec<&Select> {
        self.note_selectors(target);
        self.selects_of(target)
    }

    pub(crate) fn selects_of(&self, target: Name) -> Vec<&Select> {
        let selected = self.index.selected(target).iter();
        selected.map(|at| self.select_at(*at)).collect()
    }

    fn select_at(&self, at: At) -> &Select {
        &self.part(at.part).selects[at.number as usize]
    }

    /// All `select` and `imply` lines, in the order in which they are read.
    pub fn selects(&self) -> impl Iterator<Item = &Select> {
        self.note_everything();
        self.all_selects()
    }

    pub(crate) fn all_selects(&self) -> impl Iterator<Item = &Select> {
        let all = selects(&self.own, &self.sourced).into_iter();
        all.map(|at| self.select_at(at))
    }

    /// The `select` and `imply` lines in some files, in the same order.
    pub(crate) fn selects_in(&self, files: &[Arc<str>]) -> Vec<&Select> {
        self.note_everything();
        let mut found: Vec<((u32, bool), &Select)> = Vec::new();
        for (number, part) in self.parts() {
            if !part.files.iter().any(|file| files.contains(file)) {
                continue;
            }
            for (at, select) in part.selects.iter().enumerate() {
                if files.contains(&select.place.file) {
                    found.push((order(number, part.selects_after[at]), select));
                }
            }
        }
        found.sort_by_key(|(order, _)| *order);
        found.into_iter().map(|(_, select)| select).collect()
    }

    /// The symbol that selects and implies most in a file that defines it, and the first place where it does.
    pub fn owner_of(&self, file: &str) -> Option<(Name, Place)> {
        self.note_other(Other::Owner(file.to_owned()));
        self.find_owner(file)
    }

    pub(crate) fn find_owner(&self, file: &str) -> Option<(Name, Place)> {
        let mut counts: BTreeMap<Name, usize> = BTreeMap::new();
        for select in self.all_selects() {
            if *select.place.file == *file {
                *counts.entry(select.by).or_default() += 1;
            }
        }
        let mut owners: Vec<(usize, usize)> = Vec::new();
        for (name, count) in counts {
            owners.extend(self.index.number(name).map(|number| (number, count)));
        }
        // Of several the first.
        owners.sort_by_key(|(number, count)| (std::cmp::Reverse(*count), *number));
        owners.into_iter().find_map(|(number, _)| {
            let entries = self.entries(number).into_iter();
            let mut places = entries.filter_map(|(part, entry)| {
                let read = &self.part(part).reads[entry.file as usize];
                (*read.path == *file).then(|| read.place(entry.head))
            });
            Some((self.name_at(number), places.next()?))
        })
    }

    /// What the model asks of a toolchain, and got no answer for.
    pub fn probes(&self) -> BTreeSet<Name> {
        self.note_other(Other::Probes);
        self.all_probes()
    }

    pub(crate) fn all_probes(&self) -> BTreeSet<Name> {
        // What is shared asks nothing of the kind.
        let mut found = self.own.asked_around.clone();
        for at in 0..self.own.pieces.len() {
            let number = self.index.number_of_piece(OWN, at);
            if self.has_macros(number) {
                let symbol = self.whole(number);
                symbol.terms().for_each(|term| term.probes(&mut found));
            }
        }
        for select in &self.own.selects {
            select.condition.probes(&mut found);
        }
        for choice in &self.own.choices {
            choice.terms().for_each(|term| term.probes(&mut found));
        }
        found
    }

    /// The symbol that allows modules.
    pub fn modules(&self) -> Option<Name> {
        self.modules
    }
}
