//! Meaning as logic: which values the symbols of a configuration can have together.
//!
//! For each symbol this is `sym_calc_value()` of scripts/kconfig/symbol.c, written down as a
//! relation. A symbol whose prompt is seen takes what the user says, up to its visibility; one whose
//! prompt is not seen, or of which the user says nothing, takes the first default that holds; and a
//! `select` lifts it in either case, whatever its own dependencies say.
//!
//! Constraints are asserted only for the symbols that a question touches and all that they depend
//! on, so that a question about a corner of the tree does not pay for all of it.

pub(crate) mod compare;
pub(crate) mod near;
mod relate;

use std::collections::{BTreeMap, BTreeSet};

use condition::{Atom, CompareOp, Condition, Level, Solver, Store};
use rustc_hash::{FxHashMap, FxHashSet};
use text::Name;

use crate::logic::relate::{AtMostOne, Comparisons};
use crate::model::{Choice, ChoiceId, Model, Select, Symbol};
use crate::syntax::SymbolType;
use crate::term::Term;

/// A tristate value: when it is not `n`, and when it is `y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tri {
    on: Condition,
    yes: Condition,
}

impl Tri {
    const NO: Tri = Tri {
        on: Condition::FALSE,
        yes: Condition::FALSE,
    };
    const YES: Tri = Tri {
        on: Condition::TRUE,
        yes: Condition::TRUE,
    };
    const MODULE: Tri = Tri {
        on: Condition::TRUE,
        yes: Condition::FALSE,
    };

    fn of(condition: Condition) -> Tri {
        Tri {
            on: condition,
            yes: condition,
        }
    }

    fn not(self) -> Tri {
        Tri {
            on: !self.yes,
            yes: !self.on,
        }
    }
}

/// Puts the meaning of a [`Model`] into a solver, as far as questions need it.
#[derive(Debug)]
pub struct Constraints<'m> {
    model: &'m Model,
    done: FxHashSet<Asked>,
    choices: FxHashSet<ChoiceId>,
    compared: FxHashMap<Name, Comparisons>,
    /// Calls to a toolchain that compare a text with a word, by the text.
    tests: FxHashMap<&'static str, Vec<Name>>,
    /// String, int and hex symbols that are compared with each other, the first by name first.
    pub(crate) pairs: BTreeSet<(Name, Name)>,
}

/// Something of which Kconfig has something to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Asked {
    /// The value of a bool or tristate symbol.
    Symbol(Name),
    /// The value of a string, int or hex symbol against a constant.
    Comparison(Name, CompareOp, Name),
    /// Whether the macro of a symbol is defined.
    Macro(Name),
    /// What a toolchain answers to a call.
    Probe(Name),
}

impl Asked {
    /// What is asked where an atom is met, if Kconfig has something to say of it.
    fn of(atom: Atom) -> Option<Asked> {
        match atom {
            Atom::Symbol { name, .. } => Some(Asked::Symbol(name)),
            Atom::Compare { symbol, op, value } => Some(Asked::Comparison(symbol, op, value)),
            Atom::Defined(name) => Some(Asked::Macro(name)),
            Atom::Probe(call) => Some(Asked::Probe(call)),
            _ => None,
        }
    }

    fn symbol(self) -> Name {
        match self {
            Asked::Symbol(name) | Asked::Comparison(name, ..) | Asked::Probe(name) => name,
            Asked::Macro(name) => name.strip_prefix("CONFIG_").map_or(name, Name::new),
        }
    }
}

impl Model {
    /// The constraints of this model, none of them asserted yet.
    pub fn constraints(&self) -> Constraints<'_> {
        Constraints {
            model: self,
            done: FxHashSet::default(),
            choices: FxHashSet::default(),
            compared: FxHashMap::default(),
            tests: FxHashMap::default(),
            pairs: BTreeSet::new(),
        }
    }
}

impl<'m> Constraints<'m> {
    /// Asserts all that Kconfig says of the symbols in `names` and of those they depend on.
    pub fn require(
        &mut self,
        store: &mut Store,
        solver: &mut Solver,
        names: impl IntoIterator<Item = Name>,
    ) {
        let open = names.into_iter().map(Asked::Symbol).collect();
        self.require_all(store, solver, open);
    }

    pub(crate) fn model(&self) -> &'m Model {
        self.model
    }

    /// The comparisons of a string, int or hex symbol of which something was asserted.
    pub fn comparisons(&self, symbol: Name) -> &[(CompareOp, Name)] {
        self.compared.get(&symbol).map_or(&[], |found| &found.all)
    }

    /// The string, int and hex symbols of which something was asserted, sorted.
    pub(crate) fn compared_symbols(&self) -> BTreeSet<Name> {
        self.compared.keys().copied().collect()
    }

    /// When a term is not `n`, and when it is `y`.
    pub fn value_of(&mut self, store: &mut Store, term: &Term) -> (Condition, Condition) {
        let value = self.term(store, term);
        (value.on, value.yes)
    }

    /// Asserts all that Kconfig says of what `condition` asks about.
    pub fn require_for(&mut self, store: &mut Store, solver: &mut Solver, condition: Condition) {
        let mut open = Vec::new();
        self.note(store, condition, &mut open);
        self.require_all(store, solver, open);
    }

    /// All that Kconfig says of what `condition` asks about, by the symbol that it is said of.
    pub(crate) fn said_for(
        &mut self,
        store: &mut Store,
        condition: Condition,
    ) -> BTreeMap<Name, Vec<Condition>> {
        let (mut open, mut said) = (Vec::new(), BTreeMap::<Name, Vec<Condition>>::new());
        self.note(store, condition, &mut open);
        self.follow(store, open, &mut |_, asked, condition| {
            said.entry(asked.symbol()).or_default().push(condition);
        });
        said
    }

    fn require_all(&mut self, store: &mut Store, solver: &mut Solver, open: Vec<Asked>) {
        self.follow(store, open, &mut |store, _, condition| {
            solver.assert(store, condition);
        });
    }

    fn follow(
        &mut self,
        store: &mut Store,
        mut open: Vec<Asked>,
        take: &mut dyn FnMut(&Store, Asked, Condition),
    ) {
        while let Some(asked) = open.pop() {
            if !self.done.insert(asked) {
                continue;
            }
            let mut all = self.said_of(store, asked);
            for choice in self.choices_of(asked) {
                if self.choices.insert(choice) {
                    all.extend(self.of_choice(store, choice));
                }
            }
            for condition in all {
                self.note(store, condition, &mut open);
                take(store, asked, condition);
            }
        }
    }

    fn note(&self, store: &Store, condition: Condition, open: &mut Vec<Asked>) {
        let asked = store.atoms(condition).into_iter().filter_map(Asked::of);
        open.extend(asked.filter(|asked| !self.done.contains(asked)));
    }

    /// What Kconfig has to say of one thing; what it says of choices is said of all their members.
    fn said_of(&mut self, store: &mut Store, asked: Asked) -> Vec<Condition> {
        match asked {
            Asked::Symbol(name) => self.of_symbol(store, name),
            Asked::Comparison(symbol, op, value) => self.of_comparison(store, symbol, op, value),
            Asked::Macro(name) => self.of_macro(store, name),
            Asked::Probe(call) => self.of_probe(store, call),
        }
    }

    fn of_symbol(&mut self, store: &mut Store, name: Name) -> Vec<Condition> {
        let yes = store.symbol(&name, Level::Yes);
        let module = store.symbol(&name, Level::Module);
        let model = self.model;
        let Some(symbol) = model.symbol(name).filter(|symbol| symbol.is_truth()) else {
            return vec![!yes, !module];
        };
        let mut all = vec![];
        if symbol.kind == Some(SymbolType::Tristate) {
            let both = store.and(yes, module);
            let modules = self.modules(store);
            all.extend([!both, store.implies(module, modules)]);
        } else {
            all.push(!module);
        }
        if symbol.transitional {
            return all;
        }
        all.push(match (symbol.itself, symbol.choice()) {
            (Some(_), _) => self.value_of_choice(store, symbol),
            (None, Some(choice)) => self.value_of_member(store, symbol, model.choice(choice)),
            (None, None) => self.value(store, symbol),
        });
        all
    }

    /// The choices that something is a member of.
    fn choices_of(&self, asked: Asked) -> impl Iterator<Item = ChoiceId> + use<'m> {
        let symbol = match asked {
            Asked::Symbol(name) => self.model.symbol(name),
            _ => None,
        };
        let symbol = symbol.filter(|symbol| symbol.is_truth() && !symbol.transitional);
        let definitions = symbol.map(|symbol| symbol.definitions.iter());
        definitions
            .into_iter()
            .flatten()
            .filter_map(|one| one.choice)
    }

    /// One text is not two words: `test "$(cc-name)" = GCC` and `test "$(cc-name)" = Clang` are not both answered yes.
    fn of_probe(&mut self, store: &mut Store, call: Name) -> Vec<Condition> {
        let Some((text, _)) = tested(call.as_str()) else {
            return Vec::new();
        };
        let others = self.tests.entry(text).or_default();
        let one = store.atom(Atom::Probe(call));
        let apart = others.iter().map(|other| {
            let other = store.atom(Atom::Probe(*other));
            !store.and(one, other)
        });
        let apart = apart.collect();
        others.push(call);
        apart
    }

    fn modules(&self, store: &mut Store) -> Condition {
        match self.model.modules {
            Some(name) => store.symbol(&name, Level::Yes),
            None => Condition::FALSE,
        }
    }

    /// `sym_calc_value()` for a bool or tristate.
    fn value(&mut self, store: &mut Store, symbol: &Symbol) -> Condition {
        let visible = self.visible(store, symbol);
        let lifted = self.lifted(store, symbol, false);
        let implied = self.lifted(store, symbol, true);
        let by_default = self.by_default(store, symbol);
        // An imply adds to the default, as far as the dependencies allow.
        let wider = either(store, by_default, implied);
        let depends = self.direct_dependencies(store, symbol);
        let wider = both(store, wider, depends);
        let untouched = Tri {
            on: store.ite(implied.on, wider.on, by_default.on),
            yes: store.ite(implied.on, wider.yes, by_default.yes),
        };
        let untouched = either(store, untouched, lifted);
        let as_default = self.is(store, symbol, untouched);
        let most = either(store, visible, lifted);
        let within = self.between(store, symbol, lifted, most);
        let as_user = store.and(visible.on, within);
        store.or(as_default, as_user)
    }

    /// The symbol that stands for an older choice: at least `m` where its prompt is seen, unless it
    /// may be left open.
    fn value_of_choice(&mut self, store: &mut Store, symbol: &Symbol) -> Condition {
        let visible = self.visible(store, symbol);
        let optional = symbol
            .itself
            .is_some_and(|id| self.model.choice(id).optional);
        let least = Tri {
            on: if optional {
                Condition::FALSE
            } else {
                visible.on
            },
            yes: Condition::FALSE,
        };
        let set = self.between(store, symbol, least, visible);
        // What is y but has nothing to choose from is n.
        let none = self.nothing_to_choose(store, symbol);
        let (on, yes) = (
            store.enabled(&symbol.name),
            store.symbol(&symbol.name, Level::Yes),
        );
        let kept = store.implies(yes, !none);
        let kept = store.and(set, kept);
        let dropped = store.and_all([none, visible.yes, !on]);
        store.or(kept, dropped)
    }

    /// Whether no member of an older choice would be seen if the choice were `y`.
    fn nothing_to_choose(&mut self, store: &mut Store, symbol: &Symbol) -> Condition {
        let model = self.model;
        let members = symbol.itself.map(|id| &model.choice(id).members);
        let mut any = Condition::FALSE;
        for member in members.into_iter().flatten() {
            if let Some(member) = model.symbol(member) {
                let seen = self.visible(store, member).on;
                any = store.or(any, seen);
            }
        }
        let itself = symbol.name;
        !store.map_atoms(any, &mut |store, atom| match atom {
            Atom::Symbol { name, level } if name == itself => {
                Condition::constant(level == Level::Yes)
            }
            atom => store.atom(atom),
        })
    }

    /// A member of a choice. Nothing selects or implies one: `sym_calc_visibility()` leaves those
    /// aside for members. Which of the members is `y` is said by [`Constraints::of_choice`].
    fn value_of_member(
        &mut self,
        store: &mut Store,
        symbol: &Symbol,
        choice: &Choice,
    ) -> Condition {
        let visible = self.visible(store, symbol);
        let Some(_) = choice.itself else {
            return self.between(store, symbol, Tri::NO, visible);
        };
        // Up to 6.10 a member may have a default that counts where it is not seen, or seen as `m`.
        let by_default = self.by_default(store, symbol);
        let as_default = self.is(store, symbol, by_default);
        let as_default = store.and(!visible.yes, as_default);
        let as_user = self.between(store, symbol, Tri::NO, visible);
        // Where its choice is `y` it is chosen or not, never `m`.
        let module = store.symbol(&symbol.name, Level::Module);
        let chosen_or_not = store.implies(visible.yes, !module);
        let as_user = store.and_all([visible.on, chosen_or_not, as_user]);
        store.or(as_default, as_user)
    }

    fn is(&self, store: &mut Store, symbol: &Symbol, value: Tri) -> Condition {
        let value = self.promoted(store, symbol, value);
        let same_on = store.enabled(&symbol.name);
        let same_on = store.iff(same_on, value.on);
        let same_yes = store.symbol(&symbol.name, Level::Yes);
        let same_yes = store.iff(same_yes, value.yes);
        store.and(same_on, same_yes)
    }

    fn between(&self, store: &mut Store, symbol: &Symbol, least: Tri, most: Tri) -> Condition {
        let (least, most) = (
            self.promoted(store, symbol, least),
            self.promoted(store, symbol, most),
        );
        let on = store.enabled(&symbol.name);
        let yes = store.symbol(&symbol.name, Level::Yes);
        let bounds = [
            store.implies(least.on, on),
            store.implies(least.yes, yes),
            store.implies(on, most.on),
            store.implies(yes, most.yes),
        ];
        store.and_all(bounds)
    }

    /// A `bool`, or a tristate without modules, that would be `m` is `y`.
    fn promoted(&self, store: &mut Store, symbol: &Symbol, value: Tri) -> Tri {
        if symbol.kind == Some(SymbolType::Bool) {
            return Tri::of(value.on);
        }
        let modules = self.modules(store);
        let without = store.and(value.on, !modules);
        Tri {
            on: value.on,
            yes: store.or(value.yes, without),
        }
    }

    fn visible(&mut self, store: &mut Store, symbol: &Symbol) -> Tri {
        let mut any = Tri::NO;
        for prompt in &symbol.prompts {
            let mut seen = self.term(store, &prompt.visible);
            if let Some(choice) = self.tristate_choice(symbol) {
                // A tristate member that is seen as `m` is not seen where its choice is `y`.
                let chosen = store.symbol(&choice, Level::Yes);
                let hidden = store.and(chosen, !seen.yes);
                seen.on = store.and(seen.on, !hidden);
            }
            any = either(store, any, seen);
        }
        self.promoted(store, symbol, any)
    }

    fn tristate_choice(&self, symbol: &Symbol) -> Option<Name> {
        let choice = self.model.choice(symbol.choice()?);
        choice
            .itself
            .filter(|_| symbol.kind == Some(SymbolType::Tristate))
    }

    /// What selects, or with `weak` what implies, the symbol.
    fn lifted(&mut self, store: &mut Store, symbol: &Symbol, weak: bool) -> Tri {
        let model = self.model;
        let (mut on, mut yes) = (Vec::new(), Vec::new());
        for select in model.selectors(symbol.name) {
            if select.weak == weak {
                let by = self.symbol_value(store, select.by);
                let condition = self.term(store, &select.condition);
                let one = both(store, by, condition);
                on.push(one.on);
                yes.push(one.yes);
            }
        }
        Tri {
            on: store.or_all(on),
            yes: store.or_all(yes),
        }
    }

    /// When a `select` lifts its target over what the target's own dependencies allow.
    pub(crate) fn over(
        &mut self,
        store: &mut Store,
        select: &Select,
        target: &Symbol,
    ) -> Condition {
        let by = self.symbol_value(store, select.by);
        let condition = self.term(store, &select.condition);
        let lift = both(store, by, condition);
        let lift = self.promoted(store, target, lift);
        let most = self.direct_dependencies(store, target);
        let (on, yes) = (store.and(lift.on, !most.on), store.and(lift.yes, !most.yes));
        store.or(on, yes)
    }

    fn by_default(&mut self, store: &mut Store, symbol: &Symbol) -> Tri {
        let mut value = Tri::NO;
        for default in symbol.defaults.iter().rev() {
            let condition = self.term(store, &default.condition);
            let given = self.term(store, &default.value);
            let given = both(store, given, condition);
            value = Tri {
                on: store.ite(condition.on, given.on, value.on),
                yes: store.ite(condition.on, given.yes, value.yes),
            };
        }
        value
    }

    fn direct_dependencies(&mut self, store: &mut Store, symbol: &Symbol) -> Tri {
        let Some(term) = symbol.direct_dependencies() else {
            return Tri::YES;
        };
        let value = self.term(store, &term);
        self.promoted(store, symbol, value)
    }

    /// Of the members that are seen exactly one is `y`, if the choice is `y` and any is seen.
    fn of_choice(&mut self, store: &mut Store, choice: ChoiceId) -> Vec<Condition> {
        let model = self.model;
        let choice = model.choice(choice);
        let members: Vec<&Symbol> = choice
            .members
            .iter()
            .filter_map(|name| model.symbol(name))
            .collect();
        let seen: Vec<Condition> = members.iter().map(|m| self.visible(store, m).on).collect();
        let chosen: Vec<Condition> = (members.iter().zip(&seen))
            .map(|(member, seen)| {
                let yes = store.symbol(&member.name, Level::Yes);
                store.and(yes, *seen)
            })
            .collect();
        let decides = match choice.itself {
            Some(itself) => store.symbol(&itself, Level::Yes),
            None => Condition::TRUE,
        };
        let (mut all, mut few) = (Vec::new(), AtMostOne::of(&choice.place));
        for one in &chosen {
            let one = store.and(decides, *one);
            all.extend(few.add(store, one));
        }
        let any_seen = store.or_all(seen);
        let needed = store.and(decides, any_seen);
        let any_chosen = store.or_all(chosen);
        all.push(store.implies(needed, any_chosen));
        all
    }

    fn symbol_value(&self, store: &mut Store, name: Name) -> Tri {
        match self.model.symbol(name).and_then(|symbol| symbol.kind) {
            Some(SymbolType::Bool) => Tri::of(store.symbol(&name, Level::Yes)),
            Some(SymbolType::Tristate) => Tri {
                on: store.enabled(&name),
                yes: store.symbol(&name, Level::Yes),
            },
            // A symbol without a definition is n, and one with a text is no truth.
            _ => Tri::NO,
        }
    }

    fn term(&mut self, store: &mut Store, term: &Term) -> Tri {
        match term {
            Term::Constant(value) => Tri::of(Condition::constant(*value)),
            Term::Module => Tri::MODULE,
            Term::IfModules => Tri {
                on: self.modules(store),
                yes: Condition::FALSE,
            },
            Term::Symbol(name) => self.symbol_value(store, *name),
            Term::Text(_) => Tri::NO,
            Term::Probe(words) => Tri::of(store.atom(Atom::Probe(*words))),
            Term::Not(inner) => self.term(store, inner).not(),
            Term::And(a, b) => {
                let (a, b) = (self.term(store, a), self.term(store, b));
                both(store, a, b)
            }
            Term::Or(a, b) => {
                let (a, b) = (self.term(store, a), self.term(store, b));
                either(store, a, b)
            }
            Term::Compare(op, a, b) => Tri::of(self.compare(store, *op, (a, b))),
        }
    }
}

/// What `$(success,test TEXT = WORD)` compares.
fn tested(call: &str) -> Option<(&str, &str)> {
    let test = call.strip_prefix("$(success,")?.strip_suffix(')')?;
    let (text, word) = test.trim().strip_prefix("test ")?.rsplit_once(" = ")?;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    (!word.is_empty() && word.bytes().all(is_plain)).then_some((text, word))
}

fn both(store: &mut Store, a: Tri, b: Tri) -> Tri {
    Tri {
        on: store.and(a.on, b.on),
        yes: store.and(a.yes, b.yes),
    }
}

fn either(store: &mut Store, a: Tri, b: Tri) -> Tri {
    Tri {
        on: store.or(a.on, b.on),
        yes: store.or(a.yes, b.yes),
    }
}
