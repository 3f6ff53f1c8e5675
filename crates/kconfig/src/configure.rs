//! From what a user has set to a configuration: the value of every symbol.
//!
//! ```kconfig
//! config DEV_DAX
//! 	tristate "Device DAX"
//! 	depends on DAX
//! 	default DAX
//! ```
//!
//! This is `sym_calc_value()` of scripts/kconfig/symbol.c as it is written there, for one
//! configuration, where [`Constraints`](crate::Constraints) say the same of all of them. It is what
//! `make olddefconfig` makes of a `.config`.

mod choice;

use rustc_hash::{FxHashMap, FxHashSet};
use text::Name;

use crate::model::{ChoiceId, Default as Given, Model, Select, Symbol};
use crate::settings::{Setting, Settings};
use crate::syntax::SymbolType;
use crate::term::Term;
use crate::value::{Value, base, compare_texts, leading_number};

/// The values of symbols that follow from what a user has set.
#[derive(Debug)]
pub struct Configuration<'m> {
    pub(crate) model: &'m Model,
    /// By the numbers of symbols, those that were asked for.
    pub(crate) values: FxHashMap<usize, Computed>,
}

#[derive(Clone, Debug)]
pub(crate) struct Computed {
    value: Value,
    /// The value of a string, int or hex symbol.
    text: Option<Name>,
    written: bool,
    open: bool,
    /// The `select` lines that lift it over its own dependencies, by their numbers among those that name it.
    forced: Vec<usize>,
}

impl Model {
    /// The value of every symbol. `probe` says what a toolchain answers.
    pub fn configure(
        &self,
        settings: &Settings,
        probe: &dyn Fn(Name) -> bool,
    ) -> Configuration<'_> {
        self.note_everything();
        self.configure_all(settings, probe, 0..self.cells.len())
    }

    /// The values of `names` and of what they depend on; other symbols have none.
    pub fn configure_for(
        &self,
        settings: &Settings,
        probe: &dyn Fn(Name) -> bool,
        names: impl IntoIterator<Item = Name>,
    ) -> Configuration<'_> {
        let known = names.into_iter();
        let known = known.filter_map(|name| self.number_of(name));
        self.configure_all(settings, probe, known)
    }

    fn configure_all(
        &self,
        settings: &Settings,
        probe: &dyn Fn(Name) -> bool,
        wanted: impl Iterator<Item = usize>,
    ) -> Configuration<'_> {
        let mut run = Run {
            model: self,
            settings,
            probe,
            modules: Value::No,
            values: FxHashMap::default(),
            chosen: vec![None; self.index.choices.len()],
            begun: FxHashSet::default(),
        };
        // Whether there are modules comes first; what that itself depends on is taken as without.
        if let Some(name) = self.modules {
            if let Some(number) = self.number_of(name) {
                run.find(Node::Symbol(number));
            }
            run.modules = run.value(name);
        }
        for number in wanted {
            run.find(Node::Symbol(number));
        }
        Configuration {
            model: self,
            values: run.values,
        }
    }
}

impl<'m> Configuration<'m> {
    /// The numbers of the symbols that have a value, in order.
    pub(crate) fn numbers(&self) -> Vec<usize> {
        let mut numbers: Vec<usize> = self.values.keys().copied().collect();
        numbers.sort_unstable();
        numbers
    }

    fn computed(&self, name: &str) -> Option<&Computed> {
        let number = self.model.number_of(Name::new(name))?;
        self.values.get(&number)
    }

    /// The value of a bool or tristate symbol; `n` for any other.
    pub fn value(&self, name: &str) -> Value {
        self.computed(name).map_or(Value::No, |c| c.value)
    }

    /// The value as a text without quotes: `y`, `m`, `n`, or what a string, int or hex symbol holds.
    pub fn text(&self, name: &str) -> &str {
        match self.computed(name) {
            Some(computed) => computed.text.map_or(computed.value.word(), Name::as_str),
            None => Value::No.word(),
        }
    }

    /// Whether a `.config` has a line about the symbol.
    pub fn is_written(&self, name: &str) -> bool {
        self.computed(name).is_some_and(|c| c.written)
    }

    /// Whether a user could give a bool or tristate symbol another value.
    pub fn is_open(&self, name: &str) -> bool {
        self.computed(name).is_some_and(|c| c.open)
    }

    /// The symbols that something selects while their own dependencies are not met, in the order in
    /// which Kconfig defines them: `conf` warns of each.
    pub fn unmet(&self) -> impl Iterator<Item = Name> {
        let unmet = self.numbers().into_iter();
        let unmet = unmet.filter(|number| !self.values[number].forced.is_empty());
        unmet.map(|number| self.model.name_at(number))
    }

    /// The `select` lines that lift a symbol over what its own dependencies allow.
    pub fn forcing(&self, name: Name) -> Vec<&'m Select> {
        let forced = self.computed(&name).map_or(&[][..], |c| &c.forced);
        let selectors = match forced {
            [] => Vec::new(),
            _ => self.model.selectors(name),
        };
        forced.iter().map(|number| selectors[*number]).collect()
    }

    /// The lines of the `.config`, in the order in which Kconfig defines the symbols, without what the
    /// kernel says in comments between them.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let known = self.known().filter(|symbol| symbol.itself.is_none());
        for symbol in known.filter(|symbol| self.is_written(&symbol.name)) {
            text.push_str(&setting_line(symbol, self.text(&symbol.name)));
            text.push('\n');
        }
        text
    }
}

/// The line of a `.config` that gives a symbol a value.
pub fn setting_line(symbol: &Symbol, value: &str) -> String {
    let name = symbol.name;
    match symbol.kind {
        Some(SymbolType::String) => {
            let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
            format!("CONFIG_{name}=\"{quoted}\"")
        }
        _ if symbol.is_truth() && value == "n" => format!("# CONFIG_{name} is not set"),
        _ => format!("CONFIG_{name}={value}"),
    }
}

/// What has a value of its own.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Node {
    Symbol(usize),
    /// The member that is chosen.
    Choice(ChoiceId),
}

struct Run<'r> {
    model: &'r Model,
    settings: &'r Settings,
    probe: &'r dyn Fn(Name) -> bool,
    modules: Value,
    values: FxHashMap<usize, Computed>,
    chosen: Vec<Option<Name>>,
    begun: FxHashSet<Node>,
}

impl Model {
    /// The symbols on whose values those of `names` depend, these among them, and all members of choices that do.
    pub(crate) fn needed_for(&self, names: impl IntoIterator<Item = Name>) -> Vec<Name> {
        let names = names.into_iter().chain(self.modules);
        let numbers = names.filter_map(|name| self.number_of(name));
        let symbol = |number| (Node::Symbol(number), false);
        let mut stack: Vec<(Node, bool)> = numbers.map(symbol).collect();
        let (mut seen, mut names) = (FxHashSet::default(), Vec::new());
        while let Some((node, _)) = stack.pop() {
            if !seen.insert(node) {
                continue;
            }
            self.needs(node, &mut names, &mut stack);
            if let Node::Choice(id) = node {
                let members = self.choice(id).members.iter();
                let members = members.filter_map(|name| self.number_of(*name));
                stack.extend(members.map(symbol));
            }
        }
        let numbers = seen.into_iter().filter_map(|node| match node {
            Node::Symbol(number) => Some(number),
            Node::Choice(_) => None,
        });
        let mut numbers: Vec<usize> = numbers.collect();
        numbers.sort_unstable();
        numbers
            .into_iter()
            .map(|number| self.name_at(number))
            .collect()
    }

    /// What a node depends on, onto the stack.
    fn needs(&self, node: Node, names: &mut Vec<Name>, stack: &mut Vec<(Node, bool)>) {
        match node {
            Node::Symbol(number) => {
                let symbol = self.at(number);
                for definition in &symbol.definitions {
                    if let Some(depends) = &definition.depends {
                        depends.symbols(names);
                    }
                }
                needs_of_prompts(symbol, names);
                needs_of_defaults(&symbol.defaults, names);
                for range in &symbol.ranges {
                    for term in [&range.low, &range.high, &range.condition] {
                        term.symbols(names);
                    }
                }
                for select in self.selectors(symbol.name) {
                    names.push(select.by);
                    select.condition.symbols(names);
                }
                if let Some(id) = symbol.choice() {
                    stack.push((Node::Choice(id), false));
                }
            }
            Node::Choice(id) => {
                let choice = self.choice(id);
                names.extend(choice.itself);
                needs_of_defaults(&choice.defaults, names);
                // A default names a member, whose value depends on this.
                names.retain(|name| !choice.members.contains(name));
                for member in choice.members.iter().filter_map(|name| self.symbol(name)) {
                    needs_of_prompts(member, names);
                }
            }
        }
        for number in names.drain(..).filter_map(|name| self.number_of(name)) {
            // The symbol of an older choice has its value once there is something to choose.
            let itself = self.itself(number);
            let choice = itself.map(|(part, one)| self.choice_id(part, ChoiceId(one.choice)));
            let choice = choice.map(Node::Choice);
            stack.extend(choice.map(|choice| (choice, false)));
            stack.push((Node::Symbol(number), false));
        }
    }
}

impl<'r> Run<'r> {
    /// Computes a node, after all that it depends on. Where that leads back to the node, it is `n` or
    /// empty meanwhile, as the kernel has it. Chains may be long: this is no recursion.
    fn find(&mut self, node: Node) {
        let mut stack = vec![(node, false)];
        let mut names = Vec::new();
        while let Some((node, ready)) = stack.pop() {
            if ready {
                self.compute(node);
            } else if self.begun.insert(node) {
                stack.push((node, true));
                self.model.needs(node, &mut names, &mut stack);
            }
        }
    }

    fn compute(&mut self, node: Node) {
        match node {
            Node::Symbol(number) => {
                let symbol = self.model.at(number);
                let computed = self.of_symbol(symbol);
                self.values.insert(number, computed);
            }
            Node::Choice(id) => {
                self.chosen[id.0] = self.of_choice(id);
                if self.chosen[id.0].is_none() {
                    self.drop_choice(id);
                }
            }
        }
    }

    fn of_symbol(&self, symbol: &'r Symbol) -> Computed {
        let seen = self.seen(symbol);
        let mut computed = Computed {
            value: Value::No,
            text: None,
            written: seen != Value::No,
            open: false,
            forced: Vec::new(),
        };
        match symbol.kind {
            None => {
                computed.text = Some(symbol.name);
                computed.written = false;
            }
            Some(SymbolType::Bool | SymbolType::Tristate) => {
                self.truth(symbol, seen, &mut computed);
            }
            Some(_) => self.valued(symbol, seen, &mut computed),
        }
        computed.written &= symbol.itself.is_none() && !symbol.transitional;
        computed
    }

    fn truth(&self, symbol: &Symbol, seen: Value, computed: &mut Computed) {
        let old = self.model.dialect.choice_is_symbol;
        if let Some(id) = symbol.choice().filter(|_| !old || seen == Value::Yes) {
            computed.value = Value::from(self.chosen[id.0] == Some(symbol.name));
            computed.open = seen != Value::No;
            return;
        }
        let (direct, selected, implied) = self.relations(symbol, seen);
        let user = match symbol.itself {
            Some(id) => Some(self.settings.mode(id).value),
            None => self.settings.truth(symbol.name),
        };
        let mut value = match user {
            Some(user) if seen != Value::No => user.min(seen),
            _ => {
                let given = self.first_default(&symbol.defaults);
                let mut value = given.map_or(Value::No, |(given, condition)| {
                    self.term(&given.value).min(condition)
                });
                computed.written |= selected.max(value).max(implied) != Value::No;
                if implied != Value::No {
                    value = value.max(implied).min(direct);
                }
                value
            }
        };
        if direct < selected {
            computed.forced = self.forcing(symbol, (direct, seen));
        }
        computed.open = seen > selected;
        value = value.max(selected);
        computed.value = self.promoted(symbol, seen, value);
    }

    /// The direct dependencies, what selects the symbol, and what implies it.
    fn relations(&self, symbol: &Symbol, seen: Value) -> (Value, Value, Value) {
        if symbol.transitional || symbol.choice().is_some() {
            return (Value::No, Value::No, Value::No);
        }
        let depends = symbol.direct_dependencies();
        let direct = depends.map_or(Value::Yes, |term| self.term(&term));
        let (mut selected, mut implied) = (Value::No, Value::No);
        for select in self.model.selectors(symbol.name) {
            let lift = self.value(select.by).min(self.term(&select.condition));
            let sum = if select.weak {
                &mut implied
            } else {
                &mut selected
            };
            *sum = lift.max(*sum);
        }
        if let Some(id) = symbol.itself.filter(|id| !self.model.choice(*id).optional) {
            // Something of an older choice is on wherever its prompt is seen.
            let prompts = self.model.choice(id).prompts.iter();
            let least = prompts.map(|prompt| self.term(&prompt.visible).min(Value::Module));
            selected = least.max().unwrap_or(Value::No);
        }
        (
            self.promoted(symbol, seen, direct),
            self.promoted(symbol, seen, selected),
            self.promoted(symbol, seen, implied),
        )
    }

    /// The selectors, by number, that lift a symbol over its direct dependencies.
    fn forcing(&self, symbol: &Symbol, (direct, seen): (Value, Value)) -> Vec<usize> {
        let selectors = self.model.selectors(symbol.name).into_iter().enumerate();
        let forcing = selectors.filter(|(_, select)| {
            let lift = self.value(select.by).min(self.term(&select.condition));
            !select.weak && direct < self.promoted(symbol, seen, lift)
        });
        forcing.map(|(number, _)| number).collect()
    }

    /// What would be `m` is `y` for a bool, and for a tristate where it cannot be `m`.
    fn promoted(&self, symbol: &Symbol, seen: Value, value: Value) -> Value {
        let is_bool = symbol.kind != Some(SymbolType::Tristate)
            || self.modules == Value::No
            || (symbol.choice().is_some() && seen == Value::Yes);
        match value {
            Value::Module if is_bool => Value::Yes,
            value => value,
        }
    }

    /// How far a prompt of the symbol can be seen.
    fn seen(&self, symbol: &Symbol) -> Value {
        if symbol.transitional {
            return Value::Yes;
        }
        let chosen = symbol.choice().and_then(|id| self.model.choice(id).itself);
        let chosen = chosen.is_some_and(|choice| self.value(choice) == Value::Yes);
        let mut seen = Value::No;
        for prompt in &symbol.prompts {
            let mut one = self.term(&prompt.visible);
            // What can only be m has no place in a choice that is y.
            if chosen && symbol.kind == Some(SymbolType::Tristate) && one == Value::Module {
                one = Value::No;
            }
            seen = seen.max(one);
        }
        match seen {
            Value::Module if symbol.kind != Some(SymbolType::Tristate) => Value::Yes,
            Value::Module if self.modules == Value::No => Value::Yes,
            seen => seen,
        }
    }

    fn first_default<'d>(&self, defaults: &'d [Given]) -> Option<(&'d Given, Value)> {
        let mut all = defaults
            .iter()
            .map(|given| (given, self.term(&given.condition)));
        all.find(|(_, condition)| *condition != Value::No)
    }

    fn valued(&self, symbol: &'r Symbol, seen: Value, computed: &mut Computed) {
        let mut text = match symbol.kind {
            Some(SymbolType::Int) if self.model.dialect.number_is_zero => "0",
            Some(SymbolType::Hex) if self.model.dialect.number_is_zero => "0x0",
            _ => "",
        };
        match self.settings.of(symbol.name) {
            Some(Setting::Text(user)) if seen != Value::No && self.is_taken(symbol, user) => {
                text = user;
            }
            _ => {
                let given = self.first_default(&symbol.defaults);
                if let Some(given) = given.and_then(|(given, _)| self.text(&given.value)) {
                    computed.written = true;
                    text = given;
                }
            }
        }
        computed.text = Some(Name::new(self.within_range(symbol, text)));
    }

    /// Whether what the user gave counts; an older kernel drops what is out of range.
    fn is_taken(&self, symbol: &Symbol, user: &str) -> bool {
        self.model.dialect.number_is_zero || self.within_range(symbol, user) == user
    }

    /// `sym_validate_range()`: the nearer bound for what is out of range.
    fn within_range<'t>(&self, symbol: &'r Symbol, text: &'t str) -> &'t str
    where
        'r: 't,
    {
        if symbol.kind == Some(SymbolType::String) {
            return text;
        }
        let mut ranges = symbol.ranges.iter();
        let Some(range) = ranges.find(|range| self.term(&range.condition) != Value::No) else {
            return text;
        };
        let value = leading_number(text, base(symbol.kind));
        let low = self.text(&range.low).unwrap_or_default();
        if value < self.bound(symbol, &range.low) {
            return low;
        }
        if value <= self.bound(symbol, &range.high) {
            return text;
        }
        self.text(&range.high).unwrap_or_default()
    }

    /// A bound of a range as a number: a symbol's in its own base.
    fn bound(&self, symbol: &Symbol, bound: &'r Term) -> i128 {
        let (text, kind) = self.typed(bound);
        let base = match kind {
            Some(SymbolType::Int | SymbolType::Hex) => base(kind),
            _ => base(symbol.kind),
        };
        leading_number(text, base)
    }

    fn value(&self, name: Name) -> Value {
        self.known(name).map_or(Value::No, |c| c.value)
    }

    fn known(&self, name: Name) -> Option<&Computed> {
        self.values.get(&self.model.number_of(name)?)
    }

    fn term(&self, term: &Term) -> Value {
        match term {
            Term::Constant(holds) => Value::from(*holds),
            Term::Module => Value::Module,
            Term::IfModules => {
                let modules = self.model.modules.map(|name| self.value(name));
                modules.unwrap_or(Value::No).min(Value::Module)
            }
            Term::Symbol(name) => self.value(*name),
            Term::Text(_) => Value::No,
            Term::Probe(words) => Value::from((self.probe)(*words)),
            Term::Not(inner) => self.term(inner).inverse(),
            Term::And(a, b) => self.term(a).min(self.term(b)),
            Term::Or(a, b) => self.term(a).max(self.term(b)),
            Term::Compare(op, a, b) => {
                Value::from(compare_texts(*op, self.typed(a), self.typed(b)))
            }
        }
    }

    /// A side of a comparison.
    fn typed<'t>(&self, term: &'t Term) -> (&'t str, Option<SymbolType>)
    where
        'r: 't,
    {
        match term {
            Term::Symbol(name) => match self.model.symbol(name) {
                Some(symbol) if symbol.is_truth() => (self.value(*name).word(), symbol.kind),
                Some(symbol) if symbol.kind.is_some() => {
                    let text = self.known(*name).and_then(|c| c.text);
                    (text.map_or("", Name::as_str), symbol.kind)
                }
                _ => (name.as_str(), None),
            },
            Term::Text(text) => (text.as_str(), None),
            Term::Probe(call) if let Some(words) = self.settings.words_for(*call) => (words, None),
            other => (self.term(other).word(), Some(SymbolType::Tristate)),
        }
    }

    /// The text that a default or a bound gives a string, int or hex symbol; none where it is more
    /// than one word.
    fn text<'t>(&self, term: &'t Term) -> Option<&'t str>
    where
        'r: 't,
    {
        match term {
            // A bool or tristate symbol has a text too, which is always the same.
            Term::Symbol(name) if self.model.symbol(name).is_some_and(Symbol::is_truth) => {
                Some(Value::No.word())
            }
            Term::Not(_) | Term::And(..) | Term::Or(..) | Term::Compare(..) | Term::IfModules => {
                None
            }
            term => Some(self.typed(term).0),
        }
    }
}

fn needs_of_prompts(symbol: &Symbol, names: &mut Vec<Name>) {
    for prompt in &symbol.prompts {
        prompt.visible.symbols(names);
    }
}

fn needs_of_defaults(defaults: &[Given], names: &mut Vec<Name>) {
    for given in defaults {
        given.value.symbols(names);
        given.condition.symbols(names);
    }
}
