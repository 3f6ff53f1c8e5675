//! What the test of a block asks of one architecture, as a Condition.

use condition::{Atom, Condition, Level, Store};
use csource::Ask;
use kconfig::{Model, SymbolType};
use rustc_hash::FxHashSet;
use text::Name;

/// One test, asked of one architecture.
pub(super) struct Asking<'a> {
    /// Names that some text defines as its own.
    own: &'a FxHashSet<Name>,
    model: &'a Model,
    /// The block that asks, by its number in its file.
    number: usize,
    /// How many things it has left open.
    open: usize,
}

/// What Kconfig says of a name.
enum Known {
    /// It is a bool.
    Bool,
    /// It is a tristate.
    Tristate,
    /// It is a string, int or hex symbol, or not Kconfig's alone: its macro may be defined or not.
    Open,
    /// No configuration defines its macro.
    Nothing,
}

impl<'a> Asking<'a> {
    pub(super) fn new(own: &'a FxHashSet<Name>, model: &'a Model, number: usize) -> Asking<'a> {
        Asking {
            own,
            model,
            number,
            open: 0,
        }
    }

    /// When a test holds.
    pub(super) fn ask(&mut self, store: &mut Store, ask: &Ask) -> Condition {
        match ask {
            Ask::Constant(value) => Condition::constant(*value),
            Ask::Open => self.open(store),
            Ask::Defined(name) => self.defined(store, *name),
            Ask::Enabled(name) => match self.known(*name) {
                Known::Bool | Known::Tristate => store.enabled(name),
                Known::Open => self.open(store),
                // The name may be that of the macro for `m`.
                Known::Nothing => self.defined(store, *name),
            },
            Ask::Module(name) => self.module(store, *name),
            Ask::Not(inner) => !self.ask(store, inner),
            Ask::And(a, b) => {
                let (a, b) = (self.ask(store, a), self.ask(store, b));
                store.and(a, b)
            }
            Ask::Or(a, b) => {
                let (a, b) = (self.ask(store, a), self.ask(store, b));
                store.or(a, b)
            }
        }
    }

    fn known(&self, name: Name) -> Known {
        match self.model.kind(name) {
            _ if self.own.contains(&name) => Known::Open,
            Some(SymbolType::Bool) => Known::Bool,
            Some(SymbolType::Tristate) => Known::Tristate,
            Some(_) => Known::Open,
            None => Known::Nothing,
        }
    }

    /// When the macro of a name is defined; the name of that for `m` ends in `_MODULE`.
    fn defined(&mut self, store: &mut Store, name: Name) -> Condition {
        match (self.known(name), name.strip_suffix("_MODULE")) {
            (Known::Bool | Known::Tristate, _) => store.symbol(&name, Level::Yes),
            (Known::Open, _) => self.open(store),
            (Known::Nothing, Some(tristate)) => self.module(store, tristate.into()),
            (Known::Nothing, None) => Condition::FALSE,
        }
    }

    fn module(&mut self, store: &mut Store, name: Name) -> Condition {
        match self.known(name) {
            Known::Tristate => store.symbol(&name, Level::Module),
            Known::Open => self.open(store),
            Known::Bool | Known::Nothing => Condition::FALSE,
        }
    }

    /// Something that may be so or not; each in its block by itself.
    fn open(&mut self, store: &mut Store) -> Condition {
        self.open += 1;
        let name = Name::new(&format!("?{}.{}", self.number, self.open));
        store.atom(Atom::Free(name))
    }
}
