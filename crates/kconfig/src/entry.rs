//! The entries of a symbol, and the symbol that they make once somebody asks for it.
//!
//! A kernel has some 18,000 symbols, for each of 20 architectures; a question touches hundreds. Files are therefore
//! only gone through for what must be known of all: where a symbol has entries, its type, whom it selects. Its
//! prompts, defaults and dependencies are put together when it is first looked at, and are the same then.

use std::sync::{Arc, OnceLock};

use text::{Name, Span};

use crate::asked::Met;
use crate::index::{At, OWN, order};
use crate::macros::Version;
use crate::model::{
    ChoiceId, Default, Definition, Diagnostic, Model, Place, Prompt, Range, Symbol,
};
use crate::part::{Itself, Part};
use crate::reading::Reading;
use crate::syntax::{Comparison, If, Properties, Property, PropertyKind, SymbolType};
use crate::term::Term;

/// What stands around an entry.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) depends: Option<Arc<Term>>,
    /// The `visible if` of the menus around.
    pub(crate) visible: Arc<Term>,
    /// The choice, by its number in the part.
    pub(crate) choice: Option<ChoiceId>,
    /// Whether the entries stand in a choice itself, not in an `if` there.
    pub(crate) directly: bool,
    /// Its number among all that stand around something in the part.
    pub(crate) number: u32,
    /// Whether a toolchain is asked.
    pub(crate) probes: bool,
}

impl Context {
    pub(crate) fn top() -> Context {
        Context {
            depends: None,
            visible: Arc::new(Term::YES),
            choice: None,
            directly: false,
            number: 0,
            probes: false,
        }
    }

    /// What must hold there, and `more`.
    pub(crate) fn and(&self, more: Option<&Arc<Term>>) -> Option<Arc<Term>> {
        match (&self.depends, more) {
            (Some(a), Some(b)) => Some(Term::and(a, b)),
            (one, None) => one.clone(),
            (None, one) => one.cloned(),
        }
    }
}

/// One entry of a symbol.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The file, by its number in the part.
    pub(crate) file: u32,
    /// Its number in the file. What architectures share is not counted by each: their threads would wait for each
    /// other.
    pub(crate) number: u32,
    pub(crate) head: Span,
    pub(crate) context: Arc<Context>,
    /// What variables are there, where macros are in it.
    pub(crate) version: Option<Version>,
    /// What must hold for it, where its `select` lines have asked for that.
    pub(crate) depends: Option<Arc<Term>>,
    /// The type that it has from its choice, where no entry has given one so far.
    pub(crate) of_choice: Option<SymbolType>,
    /// How many shared parts were set in before it.
    pub(crate) after: u32,
}

/// What is found out of symbols once somebody asks for them, by their numbers.
#[derive(Debug, std::default::Default)]
pub(crate) struct Cells {
    /// What was asked of each.
    pub(crate) met: Box<[Met]>,
    /// Of most nothing is found out: there is room for these that come together once one of them is asked for.
    whole: Box<[OnceLock<Box<Room>>]>,
}

/// Room for some symbols.
type Room = [OnceLock<Box<Symbol>>; ROOM];

const ROOM: usize = 32;

impl Cells {
    /// For so many symbols.
    pub(crate) fn new(many: usize) -> Cells {
        Cells {
            met: (0..many).map(|_| Met::default()).collect(),
            whole: (0..many.div_ceil(ROOM)).map(|_| OnceLock::new()).collect(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.met.len()
    }

    fn whole(&self, number: usize) -> &OnceLock<Box<Symbol>> {
        let room = self.whole[number / ROOM].get_or_init(Box::default);
        &room[number % ROOM]
    }
}

impl Model {
    /// The entries of the symbol with this number, in the order in which they are read, each with the number of its part.
    pub(crate) fn entries(&self, number: usize) -> Vec<(u32, &Entry)> {
        let spot = &self.index.symbols[number];
        let of = |at: At| {
            let piece = &self.part(at.part).pieces[at.number as usize];
            let entries = piece.entries.iter();
            entries.map(move |entry| (at.part, entry))
        };
        let more = self.index.more(number);
        if more.is_empty() {
            return of(spot.first).collect();
        }
        let all = std::iter::once(spot.first).chain(more.iter().copied());
        let mut entries: Vec<(u32, &Entry)> = all.flat_map(of).collect();
        entries.sort_by_key(|(part, entry)| order(*part, entry.after));
        entries
    }

    /// Whether a symbol is `n` where nobody says yes to it: no line gives it a value, or lifts it.
    pub(crate) fn waits_for_yes(&self, number: usize) -> bool {
        let is_free = |(part, entry): (u32, &Entry)| {
            let shape = entry.properties(self.part(part)).shape();
            entry.context.choice.is_none() && shape.defaults == 0 && !shape.transitional
        };
        self.itself(number).is_none()
            && self.index.selected(self.name_at(number)).is_empty()
            && self.entries(number).into_iter().all(is_free)
    }

    /// What stands for a choice, where the symbol does, and in which part.
    pub(crate) fn itself(&self, number: usize) -> Option<(u32, &Itself)> {
        let spot = &self.index.symbols[number];
        let more = self.index.more(number).iter();
        std::iter::once(&spot.first).chain(more).find_map(|at| {
            let piece = &self.part(at.part).pieces[at.number as usize];
            Some((at.part, piece.itself.as_deref()?))
        })
    }

    /// The type of the symbol with this number, where an entry gives one.
    pub(crate) fn kind_at(&self, number: usize) -> Option<SymbolType> {
        if let Some((_, itself)) = self.itself(number) {
            return Some(itself.kind);
        }
        let entries = self.entries(number).into_iter();
        let mut kinds = entries.filter_map(|(part, entry)| {
            let own = entry.properties(self.part(part)).shape().kind;
            own.or(entry.of_choice)
        });
        kinds.next()
    }

    /// The choice that the symbol with this number is a member of.
    pub(crate) fn choice_at(&self, number: usize) -> Option<ChoiceId> {
        let entries = self.entries(number).into_iter();
        let mut choices = entries.filter_map(|(part, entry)| {
            let choice = entry.context.choice?;
            Some(self.choice_id(part, choice))
        });
        choices.next()
    }

    /// Whether macros are in what the entries of the symbol with this number say of it.
    pub(crate) fn has_macros(&self, number: usize) -> bool {
        // They are in the model's own files only.
        let spot = &self.index.symbols[number];
        let is_own = spot.first.part == OWN || !self.index.more(number).is_empty();
        let mut entries = self.entries(number).into_iter();
        is_own && entries.any(|(_, entry)| entry.version.is_some())
    }

    /// Puts the symbol together, and answers what macros have to say there.
    pub(crate) fn heard(&self, number: usize) -> Vec<Diagnostic> {
        let (symbol, said) = self.read(number);
        self.cells.whole(number).get_or_init(|| Box::new(symbol));
        said
    }

    /// The symbol with this number, for one who keeps no account of what he asks.
    pub(crate) fn whole(&self, number: usize) -> &Symbol {
        let whole = self.cells.whole(number);
        whole.get_or_init(|| Box::new(self.read(number).0))
    }

    /// The symbol, and what macros have to say where it is read.
    fn read(&self, number: usize) -> (Symbol, Vec<Diagnostic>) {
        let name = self.index.symbols[number].name;
        let mut symbol = Symbol::without_entries(name);
        if let Some((part, itself)) = self.itself(number) {
            symbol.kind = Some(itself.kind);
            symbol.itself = Some(self.choice_id(part, ChoiceId(itself.choice)));
            symbol.prompts.clone_from(&itself.prompts);
            return (symbol, Vec::new());
        }
        let mut said = Vec::new();
        for (number, entry) in self.entries(number) {
            let part = self.part(number);
            let file = &part.reads[entry.file as usize];
            let version = entry.version.unwrap_or_default();
            let mut reading = Reading::new(file, &self.variables, version);
            symbol.transitional |= entry.properties(part).shape().transitional;
            entry.add_to(&mut symbol, (self, number), &mut reading);
            said.append(&mut reading.said);
        }
        (symbol, said)
    }
}

impl Symbol {
    fn without_entries(name: Name) -> Symbol {
        Symbol {
            name,
            kind: None,
            itself: None,
            definitions: Vec::new(),
            prompts: Vec::new(),
            defaults: Vec::new(),
            ranges: Vec::new(),
            transitional: false,
        }
    }
}

impl Entry {
    pub(crate) fn properties<'p>(&self, part: &'p Part) -> &'p Properties {
        &part.reads[self.file as usize].configs[self.number as usize]
    }

    fn add_to(&self, symbol: &mut Symbol, (model, part): (&Model, u32), reading: &mut Reading<'_>) {
        let context = &*self.context;
        let properties = self.properties(model.part(part));
        let choice = context.choice.map(|choice| model.choice_id(part, choice));
        // Who looks for circles knows by its place in memory what a `select` shares with this.
        let depends = self.depends.clone().or_else(|| {
            let own = reading.depends(properties);
            context.and(own.as_ref())
        });
        let mut around = Term::or_yes(depends.clone());
        symbol.definitions.push(Definition {
            depends,
            counts: model.dialect.choice_is_symbol || !context.directly,
            place: reading.place(self.head),
            choice,
        });
        // The type comes first: it decides what a tristate choice asks of a member.
        symbol.kind = symbol.kind.or(properties.shape().kind);
        if let Some(choice) = choice {
            around = in_mode(model, choice, symbol.kind, around);
        }
        for property in properties.iter() {
            add_property(symbol, property, (&around, &context.visible), reading);
        }
        symbol.kind = symbol.kind.or(self.of_choice);
    }
}

fn add_property(
    symbol: &mut Symbol,
    property: &Property,
    (around, visible): (&Arc<Term>, &Arc<Term>),
    reading: &mut Reading<'_>,
) {
    let place = || reading.place(property.span);
    match &property.kind {
        PropertyKind::Prompt(text, condition) => {
            let place = place();
            let prompt = prompt(reading, (text.name, condition), (around, visible), place);
            symbol.prompts.push(prompt);
        }
        PropertyKind::Default(value, condition) => symbol.defaults.push(Default {
            place: place(),
            value: reading.term(value),
            condition: reading.if_clause(condition, around),
        }),
        PropertyKind::Range(low, high, condition) => symbol.ranges.push(Range {
            low: reading.term(low),
            high: reading.term(high),
            condition: reading.if_clause(condition, around),
        }),
        _ => {}
    }
}

pub(crate) fn prompt(
    reading: &mut Reading<'_>,
    (text, condition): (Name, &If),
    (around, visible): (&Arc<Term>, &Arc<Term>),
    place: Place,
) -> Prompt {
    let seen = Term::and(around, visible);
    Prompt {
        text,
        visible: reading.if_clause(condition, &seen),
        place,
    }
}

/// A member of a tristate choice that is not tristate itself asks for the choice to be `y`.
fn in_mode(
    model: &Model,
    choice: ChoiceId,
    member: Option<SymbolType>,
    around: Arc<Term>,
) -> Arc<Term> {
    let tristate = Some(SymbolType::Tristate);
    let Some(itself) = model.choice(choice).itself else {
        return around;
    };
    if model.kind_of_choice(choice) != tristate || member == tristate {
        return around;
    }
    let itself = Arc::new(Term::Symbol(itself));
    let yes = Term::Compare(Comparison::Equal, itself, Arc::new(Term::YES));
    Term::and(&Arc::new(yes), &around)
}
