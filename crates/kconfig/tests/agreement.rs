//! Two meanings of the language are written down: what becomes of settings (`Configuration`), and which
//! configurations there are (`Constraints`). On Kconfig files drawn at random they are the same.

#![allow(clippy::panic, reason = "a test fails where it is surprised")]

mod toy;

use std::fmt::Write;

use condition::{Answer, Atom, Condition, Level, Model as Solution, Solver, Store};
use kconfig::{Configuration, Constraints, Fill, Model, Near, Settings, Standing, Value};
use text::Name;
use toy::{NEW, OLD, read};

/// Files of each kind of kernel.
const FILES: u64 = 400;
/// Settings of each file.
const SETTINGS: u64 = 12;

/// What expressions ask besides truths.
const HEAD: &str = "\
config SMALL
	bool \"small\"
config NUMBER
	int \"number\" if !SMALL
	range 1 4
	default 2
config BITS
	hex \"bits\"
	range 0x1 0x2 if SMALL
config WORD
	string \"word\" if SMALL
	default \"a\" if MODULES
config EMPTY
	int
	range 0 5 if SMALL
config LIFTED
	hex
	range 0x1 0x2 if SMALL
";

/// A small generator: the same numbers for the same seed, everywhere.
struct Draw {
    state: u64,
    /// By the rules of newer kernels.
    new: bool,
}

impl Draw {
    fn new(seed: u64, version: &str) -> Draw {
        Draw {
            state: (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            new: version == NEW,
        }
    }

    fn below(&mut self, many: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 8) % many
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap_or(0)]
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// An expression over the symbols before `number`.
    fn expression(&mut self, number: u64) -> String {
        if number == 0 || self.chance(10) {
            return self.one(&["y", "n", "m", "MODULES", "NOWHERE"]).to_owned();
        }
        let symbol = |draw: &mut Draw| format!("S{}", draw.below(number));
        match self.below(10) {
            0..=4 => symbol(self),
            5 => format!("!{}", symbol(self)),
            6 => format!("{} && {}", symbol(self), self.expression(number)),
            7 => format!("({} || {})", symbol(self), self.expression(number)),
            8 => {
                let op = self.one(&["=", "!=", "<", ">="]);
                format!("{} {op} {}", symbol(self), self.one(&["y", "m", "n"]))
            }
            _ => match self.below(6) {
                2 => format!("EMPTY {} {}", self.one(&["=", "!=", "<"]), self.below(2)),
                3 => format!("LIFTED {} 0x{}", self.one(&["<", ">="]), self.below(2)),
                4 => format!("{} = \"\"", self.one(&["EMPTY", "LIFTED"])),
                0 => format!(
                    "WORD {} \"{}\"",
                    self.one(&["=", "!="]),
                    self.one(&["", "a", "b"])
                ),
                1 => format!("BITS {} 0x{}", self.one(&["<", ">="]), self.below(3)),
                _ => format!("NUMBER {} {}", self.one(&["=", "<", ">"]), self.below(5)),
            },
        }
    }

    /// `choice` says of a member of a choice whether all members are bool.
    fn entry(&mut self, text: &mut String, number: u64, many: u64, choice: Option<bool>) {
        let in_choice = choice.is_some();
        let kind = match choice {
            Some(true) => "bool",
            _ => self.one(&["bool", "tristate"]),
        };
        let _ = writeln!(text, "config S{number}\n\t{kind}");
        if in_choice || self.chance(65) {
            let condition = self.clause(number, 20);
            let _ = writeln!(text, "\tprompt \"s{number}\"{condition}");
        }
        for _ in 0..self.below(3) {
            let _ = writeln!(text, "\tdepends on {}", self.expression(number));
        }
        // In a choice that may be m, what its members get by default cannot all be asked for.
        if !in_choice || (!self.new && choice == Some(true)) {
            for _ in 0..self.below(3) {
                let (value, clause) = (self.expression(number), self.clause(number, 50));
                let _ = writeln!(text, "\tdefault {value}{clause}");
            }
        }
        // Who is selected comes later, so that nothing depends on itself.
        for word in ["select", "imply"] {
            if number + 1 < many && self.chance(25) {
                let target = number + 1 + self.below(many - number - 1);
                let _ = writeln!(text, "\t{word} S{target}{}", self.clause(number, 40));
            }
        }
    }

    fn clause(&mut self, number: u64, percent: u64) -> String {
        if self.chance(percent) {
            format!(" if {}", self.expression(number))
        } else {
            String::new()
        }
    }

    fn file(&mut self) -> String {
        let many = 3 + self.below(7);
        let mut text = HEAD.to_owned();
        let mut number = 0;
        while number < many {
            let members = if self.chance(15) {
                2 + self.below(2)
            } else {
                0
            };
            if members > 0 && number + members <= many {
                let _ = writeln!(text, "choice\n\tprompt \"c\"{}", self.clause(number, 30));
                if !self.new && self.chance(20) {
                    text.push_str("\toptional\n");
                }
                let (before, all_bool) = (number, self.new || self.chance(50));
                for _ in 0..self.below(3) {
                    let member = before + self.below(members);
                    let _ = writeln!(text, "\tdefault S{member}{}", self.clause(before, 40));
                }
                while number < before + members {
                    // Members know what stands before the choice, not each other.
                    let mut entry = String::new();
                    self.entry(&mut entry, before, before, Some(all_bool));
                    let name = format!("S{before}\n");
                    text.push_str(&entry.replacen(&name, &format!("S{number}\n"), 1));
                    number += 1;
                }
                text.push_str("endchoice\n");
            } else {
                self.entry(&mut text, number, many, None);
                number += 1;
            }
        }
        text
    }

    fn settings(&mut self, model: &Model) -> Settings {
        let mut lines = String::new();
        for symbol in model.symbols() {
            let value = if symbol.is_truth() {
                self.one(&["y", "m", "n", ""]).to_owned()
            } else if symbol.name == "WORD" {
                self.one(&["\"a\"", "\"b\"", "\"\""]).to_owned()
            } else {
                self.below(6).to_string()
            };
            if !value.is_empty() {
                let _ = writeln!(lines, "CONFIG_{}={value}", symbol.name);
            }
        }
        // An m for a bool sets nothing.
        let (mut settings, _) = Settings::read(model, lines.as_bytes());
        settings.fill(model, Fill::Default);
        settings
    }
}

struct Both<'m> {
    model: &'m Model,
    store: Store,
    solver: Solver,
    constraints: Constraints<'m>,
}

impl<'m> Both<'m> {
    fn new(model: &'m Model) -> Both<'m> {
        let (mut store, mut solver) = (Store::new(), Solver::new());
        let mut constraints = model.constraints();
        let names = model.symbols().map(|symbol| symbol.name);
        constraints.require(&mut store, &mut solver, names.collect::<Vec<_>>());
        Both {
            model,
            store,
            solver,
            constraints,
        }
    }

    fn is(&mut self, name: Name, value: Value) -> Condition {
        is(&mut self.store, name, value)
    }

    /// What becomes of settings is a configuration by the constraints.
    fn check_sound(&mut self, settings: &Settings, text: &str) {
        let configuration = self.model.configure(settings, &|_| false);
        let truths = self.model.symbols().filter(|symbol| symbol.is_truth());
        let mut all = Vec::new();
        for symbol in truths {
            all.push(self.is(symbol.name, configuration.value(&symbol.name)));
        }
        let answer = self.solver.solve(&self.store, &all);
        let values = configuration.to_text();
        if let Answer::Unsat(core) = answer {
            let shown = core.iter().map(|c| self.store.display(*c).to_string());
            let core = shown.collect::<Vec<_>>().join(" ");
            panic!("{core} is no configuration:\n{values}\n{text}");
        }
    }

    /// What is a configuration by the constraints can be reached.
    fn check_complete(&mut self, wishes: &Settings, text: &str) {
        let (mut wanted, wished) = (Vec::new(), self.model.configure(wishes, &|_| true));
        for symbol in self.model.symbols().filter(|symbol| symbol.is_truth()) {
            let wish = self.is(symbol.name, wished.value(&symbol.name));
            wanted.push(wish);
            if !self.solver.solve(&self.store, &wanted).is_sat() {
                wanted.pop();
                wanted.push(!wish);
                if !self.solver.solve(&self.store, &wanted).is_sat() {
                    wanted.pop();
                }
            }
        }
        let Answer::Sat(solution) = self.solver.solve(&self.store, &wanted) else {
            panic!("wishes were granted one by one:\n{text}");
        };
        self.check_reached(&solution, text);
    }

    /// What should not be set so that a symbol has its value: itself, or a member of its choice that
    /// is `y` by default and could be taken for the one that is wished for.
    fn to_unset(&self, wrong: Name, settings: &Settings, is: &Configuration<'_>) -> Option<Name> {
        let choice = self.model.symbol(wrong)?.choice();
        let members = choice.map(|id| &self.model.choice(id).members);
        let mut hidden = members.into_iter().flatten().copied();
        let hidden = hidden
            .find(|name| settings.sets(*name) && is.value(name) == Value::Yes && !is.is_open(name));
        hidden.or_else(|| Some(wrong).filter(|name| settings.sets(*name)))
    }

    /// Some settings become the solution. What a default gives where a prompt allows less cannot be
    /// set: there nothing is.
    fn check_reached(&self, solution: &Solution, text: &str) {
        let mut unset = Vec::new();
        loop {
            let mut settings = Settings::new();
            for symbol in self.model.symbols().filter(|s| !unset.contains(&s.name)) {
                let value = if symbol.is_truth() {
                    Some(truth(solution, symbol.name).word().to_owned())
                } else {
                    self.constraints.text_for(symbol, solution)
                };
                settings.set(self.model, symbol.name, &value.unwrap_or_default());
            }
            let configuration = self.model.configure(&settings, &|_| false);
            let truths = self.model.symbols().filter(|symbol| symbol.is_truth());
            let names = truths.map(|symbol| symbol.name);
            let wrong = names.filter(|name| configuration.value(name) != truth(solution, *name));
            let wrong: Vec<Name> = wrong.collect();
            if wrong.is_empty() {
                return;
            }
            let before = unset.len();
            unset.extend(self.to_unset(wrong[0], &settings, &configuration));
            let values = configuration.to_text();
            assert!(
                unset.len() > before,
                "{wrong:?} differ in\n{values}\n{text}"
            );
        }
    }
}

fn is(store: &mut Store, name: Name, value: Value) -> Condition {
    match value {
        Value::Yes => store.symbol(&name, Level::Yes),
        Value::Module => store.symbol(&name, Level::Module),
        Value::No => !store.enabled(&name),
    }
}

fn truth(solution: &Solution, name: Name) -> Value {
    Value::in_solution(solution, name).unwrap_or_default()
}

/// Files that are in order: what has drawn each, its model, and what it is, for people.
fn in_order() -> impl Iterator<Item = (Draw, Model, String)> {
    let all = (0..FILES).flat_map(|seed| [NEW, OLD].map(|version| (seed, version)));
    all.filter_map(|(seed, version)| {
        let mut draw = Draw::new(seed, version);
        let text = draw.file();
        let model = read(&text, version);
        let is_in_order = model.errors().next().is_none();
        is_in_order.then(|| (draw, model, format!("{version}, seed {seed}\n{text}")))
    })
}

#[test]
fn what_settings_become_is_what_the_constraints_allow() {
    for (mut draw, model, text) in in_order() {
        let mut both = Both::new(&model);
        for _ in 0..SETTINGS {
            let settings = draw.settings(&model);
            both.check_sound(&settings, &text);
            both.check_complete(&settings, &text);
        }
    }
}

/// The answer to wishes where only what they need is asserted.
fn answer_of_a_part(model: &Model, wishes: &[(Name, Value)]) -> bool {
    let mut part = Both {
        model,
        store: Store::new(),
        solver: Solver::new(),
        constraints: model.constraints(),
    };
    let mut all = Vec::new();
    for (name, value) in wishes {
        let wish = part.is(*name, *value);
        part.constraints
            .require_for(&mut part.store, &mut part.solver, wish);
        all.push(wish);
    }
    part.solver.solve(&part.store, &all).is_sat()
}

#[test]
fn what_is_asserted_for_a_question_answers_it_as_the_whole_would() {
    let values = [Value::Yes, Value::Module, Value::No];
    let (mut asked, mut granted) = (0, 0);
    for (mut draw, model, text) in in_order() {
        let mut whole = Both::new(&model);
        let mut questions = model.questions();
        let (mut store, mut near) = (Store::new(), Near::new(&model));
        let truths = model.symbols().filter(|symbol| symbol.is_truth());
        let names: Vec<Name> = truths.map(|symbol| symbol.name).collect();
        for _ in 0..SETTINGS {
            let many = 1 + draw.below(3);
            let wishes: Vec<(Name, Value)> = (0..many)
                .map(|_| (draw.one(&names), draw.one(&values)))
                .collect();
            let all: Vec<Condition> = wishes.iter().map(|(n, v)| whole.is(*n, *v)).collect();
            let expected = whole.solver.solve(&whole.store, &all).is_sat();
            let told = answer_of_a_part(&model, &wishes);
            assert_eq!(told, expected, "{wishes:?}, {text}");
            // One that has asserted no more than answers hang on, once alone, and once with all those before.
            for questions in [&mut model.questions(), &mut questions] {
                let store = questions.store();
                let all: Vec<Condition> = wishes.iter().map(|(n, v)| is(store, *n, *v)).collect();
                assert_eq!(questions.can(&all), Some(expected), "{wishes:?}, {text}");
                let any = questions.store().or_all(all.iter().copied());
                let none: Vec<Condition> = all.iter().map(|one| !*one).collect();
                for asked in [vec![any], none] {
                    let plain = questions.can(&asked);
                    let near = Near::new(&model).can(questions.store(), &asked);
                    assert_eq!(plain, near, "{wishes:?}, any {}, {text}", asked == [any]);
                }
            }
            let all: Vec<Condition> = wishes.iter().map(|(n, v)| is(&mut store, *n, *v)).collect();
            assert_eq!(
                near.can(&mut store, &all),
                Some(expected),
                "{wishes:?}, {text}"
            );
            asked += 1;
            granted += u64::from(told);
        }
    }
    assert!(
        granted * 10 > asked && granted * 10 < asked * 9,
        "{granted} of {asked}"
    );
}

/// What is plain of a symbol is what the constraints allow.
#[test]
fn what_a_symbol_can_be_is_what_the_whole_says() {
    let (mut asked, mut sometimes) = (0, 0);
    for (_, model, text) in in_order() {
        let mut whole = Both::new(&model);
        for symbol in model.symbols() {
            let off = if symbol.is_truth() {
                whole.is(symbol.name, Value::No)
            } else {
                let name = Name::new(&format!("CONFIG_{}", symbol.name));
                let on = whole.store.atom(Atom::Defined(name));
                let Both {
                    store,
                    solver,
                    constraints,
                    ..
                } = &mut whole;
                constraints.require_for(store, solver, on);
                !on
            };
            let mut can = |one| whole.solver.solve(&whole.store, &[one]).is_sat();
            let expected = match (can(!off), can(off)) {
                (true, true) => Standing::Sometimes,
                (true, false) => Standing::Always,
                (false, _) => Standing::Never,
            };
            let told = model.standing(symbol.name);
            assert_eq!(told, expected, "{}, {text}", symbol.name);
            asked += 1;
            sometimes += u64::from(told == Standing::Sometimes);
        }
    }
    assert!(sometimes * 10 < asked * 9, "{sometimes} of {asked}");
}

impl Draw {
    /// A file in which some expressions name any symbol, so that many depend on themselves.
    fn tangled(&mut self) -> String {
        let file = self.file();
        let mut tangled = String::new();
        let in_menu = self.chance(30);
        if in_menu {
            let asked = self.below(8);
            let _ = writeln!(tangled, "menu \"m\"\n\tvisible if S{asked}");
        }
        for line in file.lines() {
            // A choice without a prompt, and entries of one symbol in several places.
            if line.starts_with("\tprompt \"c\"") && self.chance(25) {
                continue;
            }
            if line.starts_with("config S") && self.chance(10) {
                let _ = writeln!(tangled, "config S{}", self.below(8));
                continue;
            }
            let names = !line.starts_with("config") && !line.contains("\tprompt \"s");
            for (number, part) in line.split(" S").enumerate() {
                let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
                if number == 0 {
                    tangled.push_str(part);
                } else if names && rest.len() < part.len() && self.chance(25) {
                    let _ = write!(tangled, " S{}{rest}", self.below(8));
                } else {
                    let _ = write!(tangled, " S{part}");
                }
            }
            tangled.push('\n');
        }
        if in_menu {
            tangled.push_str("endmenu\n");
        }
        tangled
    }
}

/// Whether a symbol may depend on itself is told from names alone; where it may not, nobody looks for the way.
#[test]
fn no_symbol_that_depends_on_itself_is_passed_over() {
    let (mut told, mut silent) = (0, 0);
    for seed in 0..4 * FILES {
        for version in [NEW, OLD] {
            let text = Draw::new(seed, version).tangled();
            let model = read(&text, version);
            let itself =
                |said: &&kconfig::Diagnostic| said.message.contains(" depends on itself: ");
            let said = model.errors().filter(itself).count();
            let expected = model.recursions().len();
            // Two ways may be told in the same words.
            assert_eq!(said > 0, expected > 0, "{version}, seed {seed}\n{text}");
            assert!(said <= expected, "{version}, seed {seed}\n{text}");
            told += usize::from(said > 0);
            silent += usize::from(said == 0);
        }
    }
    assert!(told > 200 && silent > 200, "{told} told, {silent} silent");
}

#[test]
fn most_files_drawn_are_in_order() {
    for version in [NEW, OLD] {
        let file = |seed| Draw::new(seed, version).file();
        let in_order = |seed: &u64| read(&file(*seed), version).errors().next().is_none();
        let many = (0..FILES).filter(in_order).count() as u64;
        assert!(many > FILES * 3 / 4, "{many} of {FILES} in {version}");
    }
}
