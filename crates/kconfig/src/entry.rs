//! The entries of a symbol, and the symbol that they make once somebody asks for it.
//!
//! A kernel has some 18,000 symbols, for each of 20 architectures; a question touches hundreds. Files are therefore
//! only gone through for what must be known of all: where a symbol has entries, its type, whom it selects. Its
//! prompts, defaults and dependencies are put together when it is first looked at, and are the same then.

use std::sync::{Arc, OnceLock};

use text::{Name, Span};

use crate::asked::Met;
use crate::macros::Version;
use crate::model::{
    ChoiceId, Default, Definition, Diagnostic, Model, Place, Prompt, Range, Symbol,
};
use crate::reading::Reading;
use crate::syntax::{Comparison, If, Properties, Property, PropertyKind, SymbolType};
use crate::term::Term;

/// What stands around an entry.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) depends: Option<Arc<Term>>,
    /// The `visible if` of the menus around.
    pub(crate) visible: Arc<Term>,
    pub(crate) choice: Option<ChoiceId>,
    /// Whether the entries stand in a choice itself, not in an `if` there.
    pub(crate) directly: bool,
    /// Its number among all that stand around something.
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
    /// The file, by its number in the model.
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
}

/// A symbol as far as it must be known.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) name: Name,
    pub(crate) kind: Option<SymbolType>,
    /// The choice that it stands for.
    pub(crate) itself: Option<ChoiceId>,
    /// The choice that it is a member of.
    pub(crate) choice: Option<ChoiceId>,
    pub(crate) transitional: bool,
    pub(crate) entries: Vec<Entry>,
    /// What was asked of it.
    pub(crate) met: Met,
    whole: OnceLock<Box<Symbol>>,
}

impl Slot {
    pub(crate) fn new(name: Name) -> Slot {
        Slot {
            name,
            kind: None,
            itself: None,
            choice: None,
            transitional: false,
            entries: Vec::new(),
            met: Met::default(),
            whole: OnceLock::new(),
        }
    }

    /// It stands for a choice that has these prompts.
    pub(crate) fn stand_for(&mut self, id: ChoiceId, kind: SymbolType, prompts: Vec<Prompt>) {
        self.kind = Some(kind);
        self.itself = Some(id);
        let symbol = Symbol {
            kind: self.kind,
            itself: self.itself,
            prompts,
            ..Symbol::without_entries(self.name)
        };
        self.whole = OnceLock::from(Box::new(symbol));
    }

    /// Whether macros are in what its entries say of it.
    pub(crate) fn has_macros(&self) -> bool {
        self.entries.iter().any(|entry| entry.version.is_some())
    }

    /// Puts the symbol together, and answers what macros have to say there.
    pub(crate) fn heard(&self, model: &Model) -> Vec<Diagnostic> {
        let (symbol, said) = self.read(model);
        self.whole.get_or_init(|| Box::new(symbol));
        said
    }

    pub(crate) fn symbol(&self, model: &Model) -> &Symbol {
        self.whole.get_or_init(|| Box::new(self.read(model).0))
    }

    /// The symbol, and what macros have to say where it is read.
    fn read(&self, model: &Model) -> (Symbol, Vec<Diagnostic>) {
        let mut symbol = Symbol {
            transitional: self.transitional,
            ..Symbol::without_entries(self.name)
        };
        let mut said = Vec::new();
        for entry in &self.entries {
            let file = &model.reads[entry.file as usize];
            let version = entry.version.unwrap_or_default();
            let mut reading = Reading::new(file, &model.variables, version);
            entry.add_to(&mut symbol, model, &mut reading);
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
    pub(crate) fn properties<'m>(&self, model: &'m Model) -> &'m Properties {
        &model.reads[self.file as usize].configs[self.number as usize]
    }

    fn add_to(&self, symbol: &mut Symbol, model: &Model, reading: &mut Reading<'_>) {
        let context = &*self.context;
        let properties = self.properties(model);
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
            choice: context.choice,
        });
        // The type comes first: it decides what a tristate choice asks of a member.
        symbol.kind = symbol.kind.or(properties.shape().kind);
        if let Some(choice) = context.choice {
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
    let Some(itself) = model.choices[choice.0].itself else {
        return around;
    };
    if model.kind_of_choice(choice) != tristate || member == tristate {
        return around;
    }
    let itself = Arc::new(Term::Symbol(itself));
    let yes = Term::Compare(Comparison::Equal, itself, Arc::new(Term::YES));
    Term::and(&Arc::new(yes), &around)
}
