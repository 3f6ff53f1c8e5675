//! What values symbols can have together: the smallest Kconfig that shows each rule of the language.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

mod toy;

use condition::{Condition, Level, Solver, Store};
use kconfig::Standing;
use text::Name;
use toy::{NEW, OLD, model, read};

fn value(store: &mut Store, assignment: &str) -> Condition {
    let (name, value) = assignment.split_once('=').unwrap();
    match value {
        "y" => store.symbol(name, Level::Yes),
        "m" => store.symbol(name, Level::Module),
        _ => !store.enabled(name),
    }
}

/// The values that `symbol` can have where others have the values `given`, in a kernel `version`.
fn check_in(version: &str, text: &str, given: &str, symbol: &str, expect: &str) {
    let model = model(text, version);
    let (mut store, mut solver) = (Store::new(), Solver::new());
    let mut constraints = model.constraints();
    let mut possible = Vec::new();
    for level in ["n", "m", "y"] {
        let mut all: Vec<Condition> = Vec::new();
        for one in given.split_whitespace() {
            all.push(value(&mut store, one));
        }
        all.push(value(&mut store, &format!("{symbol}={level}")));
        let all = store.and_all(all);
        constraints.require_for(&mut store, &mut solver, all);
        if !solver.solve(&store, &[all]).is_unsat() {
            possible.push(level);
        }
    }
    assert_eq!(possible.join(" "), expect, "{symbol} with {given}\n{text}");
}

fn check(text: &str, given: &str, symbol: &str, expect: &str) {
    check_in(NEW, text, given, symbol, expect);
    check_in(OLD, text, given, symbol, expect);
}

#[test]
fn a_prompt_lets_the_user_choose_as_far_as_the_dependencies_go() {
    let text = "config A\n\ttristate \"a\"\nconfig B\n\ttristate \"b\"\n\tdepends on A\n";
    check(text, "A=y", "B", "n m y");
    check(text, "A=m", "B", "n m");
    check(text, "A=n", "B", "n");
    check(text, "MODULES=n", "B", "n y");
    let text = "config A\n\ttristate \"a\"\nconfig B\n\tbool \"b\"\n\tdepends on A\n";
    check(text, "A=m", "B", "n y");
}

#[test]
fn without_a_prompt_the_first_default_that_holds_counts() {
    let text = "config A\n\tbool \"a\"\nconfig B\n\tbool \"b\"\n\
        config C\n\tbool\n\tdefault n if A\n\tdefault y if B\n";
    check(text, "A=y B=y", "C", "n");
    check(text, "A=n B=y", "C", "y");
    check(text, "A=n B=n", "C", "n");
    // A default is no condition: its m does not ask for modules.
    check("config A\n\ttristate\n\tdefault m\n", "MODULES=y", "A", "m");
    check("config A\n\ttristate\n\tdefault m\n", "MODULES=n", "A", "y");
    check(
        "config A\n\ttristate\n\tdefault y if m\n",
        "MODULES=n",
        "A",
        "n",
    );
    check(
        "config A\n\ttristate \"a\"\n\tdepends on m\n",
        "",
        "A",
        "n m",
    );
}

#[test]
fn a_select_lifts_whatever_the_dependencies_say() {
    let text = "config A\n\ttristate \"a\"\n\tselect C\nconfig B\n\tbool \"b\"\n\
        config C\n\ttristate\n\tdepends on B\n";
    check(text, "A=m B=n", "C", "m");
    check(text, "A=y B=n", "C", "y");
    check(text, "A=n", "C", "n");
    let text =
        "config A\n\ttristate \"a\"\n\tselect C if B\nconfig B\n\tbool \"b\"\nconfig C\n\tbool\n";
    check(text, "A=m B=y", "C", "y");
    check(text, "A=m B=n", "C", "n");
}

#[test]
fn an_imply_is_a_default_that_the_dependencies_bound() {
    let text = "config A\n\tbool \"a\"\n\timply C\nconfig B\n\tbool \"b\"\n\
        config C\n\tbool \"c\"\n\tdepends on B\n";
    check(text, "A=y B=y", "C", "n y");
    check(text, "A=y B=n", "C", "n");
    let text = "config A\n\tbool \"a\"\n\timply C\nconfig C\n\tbool\n";
    check(text, "A=y", "C", "y");
}

#[test]
fn visible_if_hides_prompts_and_keeps_defaults() {
    let text = "config E\n\tbool \"e\"\nmenu \"m\"\n\tvisible if E\n\
        config A\n\tbool \"a\"\n\tdefault y\nendmenu\n";
    check(text, "E=y", "A", "n y");
    check(text, "E=n", "A", "y");
}

#[test]
fn several_definitions_are_one_symbol() {
    let text = "config P\n\tbool \"p\"\nconfig Q\n\tbool \"q\"\n\
        config A\n\tbool \"a\"\n\tdepends on P\nconfig A\n\tbool\n\tdefault y\n\tdepends on Q\n";
    check(text, "P=y Q=n", "A", "n y");
    check(text, "P=n Q=y", "A", "y");
    check(text, "P=n Q=n", "A", "n");
}

#[test]
fn depends_on_with_a_condition() {
    let text = "config X\n\ttristate \"x\"\nconfig Y\n\ttristate \"y\"\n\
        config A\n\ttristate \"a\"\n\tdepends on X if Y\n";
    check(text, "X=n Y=n", "A", "n m y");
    check(text, "X=n Y=y", "A", "n");
    check(text, "X=m Y=m", "A", "n m");
    // `!Y` is off where Y is not n: for m this is more than the negation of the value says.
    let text = "config X\n\ttristate \"x\"\nconfig Y\n\ttristate \"y\"\n\
        config A\n\ttristate \"a\"\n\tdepends on X if !Y\n";
    check(text, "X=n Y=m", "A", "n m y");
    check(text, "X=n Y=n", "A", "n");
}

#[test]
fn comparisons_of_truths_and_numbers() {
    let text = "config T\n\ttristate \"t\"\nconfig A\n\tbool\n\tdefault y if T > n && T < y\n";
    check(text, "T=m", "A", "y");
    check(text, "T=y", "A", "n");
    let text = "config P\n\tbool \"p\"\nconfig N\n\tint\n\tdefault 16 if P\n\tdefault 0x8\n\
        config A\n\tbool\n\tdefault y if N >= 10\nconfig B\n\tbool\n\tdefault y if N = 8\n\
        config C\n\tbool\n\tdefault y if N < 9\n";
    check(text, "P=y", "A", "y");
    check(text, "P=y", "C", "n");
    check(text, "P=n", "A", "n");
    let text = "config N\n\tint \"n\"\n\trange 2 8\n\
        config A\n\tbool\n\tdefault y if N < 2\nconfig B\n\tbool\n\tdefault y if N > 4\n\
        config C\n\tbool\n\tdefault y if N = 3\n";
    check(text, "", "A", "n");
    check(text, "", "B", "n y");
    check(text, "B=y", "C", "n");
    // A symbol that nothing defines is its own name.
    let text = "config A\n\tbool\n\tdefault y if NOWHERE = \"NOWHERE\"\nconfig B\n\tbool\n\tdefault y if NOWHERE\n";
    check(text, "", "A", "y");
    check(text, "", "B", "n");
    check(
        "config A\n\tbool\n\tdefault y if !MODULES=y\n",
        "MODULES=n",
        "A",
        "y",
    );
}

#[test]
fn a_number_without_a_value_is_zero_since_6_8() {
    let text = "config N\n\tint\nconfig A\n\tbool\n\tdefault y if N = 0\n";
    check_in("6.8.0", text, "", "A", "y");
    check_in("6.7.0", text, "", "A", "n");
}

#[test]
fn a_number_without_a_value_stays_so_where_its_range_has_zero() {
    let text = "config N\n\tint\n\trange 0 5\nconfig A\n\tbool\n\tdefault y if N = \"\"\n";
    check_in("6.7.0", text, "", "A", "y");
    check_in("6.8.0", text, "", "A", "n");
    let text = "config H\n\thex\n\trange 0x1 0x2\nconfig A\n\tbool\n\tdefault y if H >= 0x0\n";
    check_in("6.7.0", text, "", "A", "y");
}

#[test]
fn a_symbol_is_what_it_is() {
    for (op, value) in [("=", "y"), ("!=", "n"), ("<", "n"), ("<=", "y")] {
        let text = format!("config W\n\tstring \"w\"\nconfig A\n\tdef_bool W {op} W\n");
        check(&text, "", "A", value);
    }
}

/// What one thing asks of the next without end is not asked step by step.
#[test]
fn a_chain_is_not_too_long() {
    let many = 10_000;
    let links = (1..=many).map(|number| {
        let before = number - 1;
        format!("config S{number}\n\tbool \"s\"\n\tdepends on S{before}\n")
    });
    let first =
        "choice\n\tprompt \"c\"\nconfig P\n\tbool \"p\"\nconfig S0\n\tbool \"s\"\nendchoice\n";
    let text = first.to_owned() + &links.collect::<String>();
    let model = model(&text, NEW);
    let last = Name::new(&format!("S{many}"));
    assert_eq!(model.standing(last), Standing::Sometimes);
}

const CHOICE: &str = "config E\n\tbool \"e\"\nchoice\n\tprompt \"c\" if E\n\tdefault B\n\
    config A\n\tbool \"a\"\nconfig B\n\tbool \"b\"\nconfig C\n\tbool \"c\"\n\tdepends on E\nendchoice\n\
    config S\n\tbool \"s\"\n\tselect A\n";

#[test]
fn one_member_of_a_choice_is_chosen() {
    check(CHOICE, "E=y A=y", "B", "n");
    check(CHOICE, "E=y A=n B=n", "C", "y");
    check(CHOICE, "E=y B=n C=n", "A", "y");
    // Nothing can be selected that is a member of a choice.
    check(CHOICE, "E=y B=y S=y", "A", "n");
}

#[test]
fn a_choice_that_is_not_seen_hid_its_members_up_to_6_10() {
    check_in("6.10.0", CHOICE, "E=n", "A", "n");
    check_in("6.10.0", CHOICE, "E=n", "B", "n");
    check_in("6.11.0", CHOICE, "E=n B=n", "A", "y");
}

#[test]
fn a_choice_below_a_module_is_bool_all_the_same() {
    let text = "config M\n\ttristate \"m\"\nif M\nchoice\n\tprompt \"c\"\n\
        config A\n\tbool \"a\"\nconfig B\n\tbool \"b\"\nendchoice\nendif\n";
    check(text, "M=m A=n", "B", "y");
    check(text, "M=n", "B", "n");
}

#[test]
fn older_choices_may_be_tristate_or_optional() {
    let text = "choice\n\ttristate \"c\"\n\
        config A\n\ttristate \"a\"\nconfig B\n\ttristate \"b\"\nendchoice\n";
    check_in(OLD, text, "A=m", "B", "n m");
    check_in(OLD, text, "A=y", "B", "n");
    check_in(OLD, text, "A=n B=n", "MODULES", "y");
    let text = "choice\n\tbool \"c\"\n\toptional\n\
        config A\n\tbool \"a\"\nconfig B\n\tbool \"b\"\nendchoice\n";
    check_in(OLD, text, "A=n", "B", "n y");
    check_in(OLD, text, "A=y", "B", "n");
}

#[test]
fn what_needs_a_member_of_an_older_choice_is_none() {
    let text = "choice\n\tprompt \"c\"\nconfig A\n\tbool \"a\"\n\
        config DETAIL\n\tbool \"detail\"\n\tdepends on A\nconfig B\n\tbool \"b\"\nendchoice\n";
    check_in(OLD, text, "A=y", "DETAIL", "n y");
    check_in(OLD, text, "A=n", "DETAIL", "n");
    check_in(OLD, text, "A=n", "B", "y");
}

#[test]
fn types_that_nobody_gives_are_never_on() {
    let untyped = read("config A\n\tdefault y\n", NEW);
    assert_eq!(untyped.diagnostics()[0].message, "A has no type");
    assert!(untyped.why_never("A").is_some());
    // The first type counts.
    check(
        "config A\n\tbool \"a\"\nconfig A\n\ttristate\n",
        "",
        "A",
        "n y",
    );
}

#[test]
fn toolchains_are_free_and_nothing_is_run() {
    let text =
        "config A\n\tdef_bool $(cc-option,-mfoo)\nconfig B\n\tdef_bool $(shell,touch /tmp/x)\n";
    check(text, "", "B", "n y");
    check(
        &format!("cc-option = $(shell,cc $(1))\n{text}"),
        "",
        "A",
        "n y",
    );
}

#[test]
fn why_a_symbol_is_never_on() {
    let text = "config A\n\tbool\nconfig B\n\tbool \"b\"\n\tdepends on A\nconfig D\n\tbool \"d\"\n";
    let why = |name: &str| {
        model(text, NEW).why_never(name).map(|facts| {
            facts
                .into_iter()
                .map(|f| f.text)
                .collect::<Vec<_>>()
                .join("; ")
        })
    };
    let expect = "B depends on A; nothing on toy selects A, which has no prompt";
    assert_eq!(why("B").as_deref(), Some(expect));
    assert_eq!(
        why("NOWHERE").as_deref(),
        Some("toy does not define NOWHERE")
    );
    assert_eq!(why("D"), None);
    let text = "config A\n\tbool\nconfig B\n\tdef_bool y\n\tselect C if D && A\nconfig C\n\tbool\n\
                config D\n\tbool \"d\"\n";
    let facts = model(text, NEW).why_never("C").expect("never on");
    let words: Vec<&str> = facts.iter().map(|fact| fact.text.as_str()).collect();
    let expect = [
        "B selects C only where A",
        "nothing on toy selects A, which has no prompt",
    ];
    assert_eq!(words, expect);
}

#[test]
fn what_a_macro_does_not_tell_is_missing() {
    let incomplete = |text: &str| read(text, NEW).is_incomplete();
    let entry = "config A\n\tdef_bool ";
    assert!(!incomplete(&format!(
        "$(warning-if,y,odd)\n{entry}$(shell,true)\n"
    )));
    assert!(incomplete(&format!("$(error-if,y,no)\n{entry}y\n")));
    assert!(incomplete(&format!("a = $(a)\n{entry}$(a)\n")));
    assert!(incomplete(&format!("{entry}$(shell\n")));
}

#[test]
fn no_line_is_too_long_and_no_entry_has_too_many() {
    let many = 20_000;
    let line = format!("{}A", "A && ".repeat(many));
    let entry = "\tdepends on A\n".repeat(many);
    let text =
        format!("config A\n\tbool \"a\"\nconfig B\n\tbool \"b\"\n\tdepends on {line}\n{entry}");
    assert_eq!(model(&text, NEW).why_never("B"), None);
    let text = format!("config A\n\tbool\nconfig B\n\tdef_bool y\n{entry}");
    let facts = model(&text, NEW).why_never("B").expect("never on");
    assert_eq!(facts[0].text, "B depends on A");
}

#[test]
fn what_depends_on_itself_is_an_error() {
    let check = |text: &str, expect: &[&str]| {
        for version in [NEW, OLD] {
            let model = read(text, version);
            let said: Vec<&str> = model.errors().map(|error| error.message.as_str()).collect();
            assert_eq!(said, expect, "{text}");
        }
    };
    check(
        "config A\n\tbool \"a\"\n\tdepends on A\n",
        &["A depends on itself: A depends on A"],
    );
    check(
        "config A\n\tbool \"a\"\n\tdepends on B\n\tselect B\nconfig B\n\tbool\n",
        &["A depends on itself: A depends on B, B is selected by A"],
    );
    check(
        "config A\n\tbool \"a\"\n\tdefault B\nconfig B\n\tbool \"b\"\n\tdepends on A\n",
        &["A depends on itself: A has a default with B, B depends on A"],
    );
    check(
        "config A\n\tbool \"a\"\n\timply B\nconfig B\n\tbool \"b\" if A\nconfig C\n\tbool \"c\"\n\
         \tdepends on B && A\n",
        &[],
    );
    let choice = "choice\n\tprompt \"c\"\nconfig A\n\tbool \"a\"\nconfig B\n\tbool \"b\"\n\
        \tdepends on C\nendchoice\nconfig C\n\tbool \"c\"\n\tdepends on !A\n";
    let expect = "the choice at Kconfig:4 depends on itself: the choice at Kconfig:4 has the member B, \
        B is seen only with C, C depends on the choice at Kconfig:4";
    let said = read(choice, NEW)
        .errors()
        .map(|e| e.message.clone())
        .collect::<Vec<_>>();
    assert_eq!(said, [expect]);
    assert!(read(choice, OLD).is_incomplete());
}

fn words(facts: Vec<kconfig::Fact>) -> Vec<String> {
    facts.into_iter().map(|fact| fact.text).collect()
}

#[test]
fn the_reason_goes_on_through_defaults_and_many_selects() {
    let why = |text: &str, name: &str| {
        let facts = model(text, NEW).why_never(name);
        words(facts.expect("never on"))
    };
    let text = "config A\n\tbool\nconfig B\n\tbool\nconfig C\n\tbool \"c\"\n\tdepends on A || B\n\
        config D\n\tdef_bool C\n";
    let expect = [
        "no default of D holds on toy, and nothing selects it",
        "C depends on A || B, which never holds",
    ];
    assert_eq!(why(text, "D"), expect);
    let text = "config A\n\tbool\nconfig B\n\tbool \"b\"\n\tdepends on A\n\tselect T\n\
        config C\n\tbool \"c\"\n\tselect T if A\nconfig D\n\tbool \"d\"\n\tselect T if ARM\nconfig T\n\tbool\n";
    let expect = [
        "no line that selects T can take effect on toy",
        "2 lines select T but need A",
        "D selects T but needs ARM",
    ];
    assert_eq!(why(text, "T"), expect);
}

#[test]
fn the_reason_of_a_clash_is_the_least_that_forbids_it() {
    let check = |text: &str, wishes: &str, expect: &[&str]| {
        for version in [NEW, OLD] {
            let model = model(text, version);
            let wish = |word: &str| {
                let (symbol, value) = word.split_once('=').unwrap();
                let (symbol, value) = (symbol.into(), value.to_owned());
                kconfig::Wish { symbol, value }
            };
            let wishes: Vec<_> = wishes.split(' ').map(wish).collect();
            let kconfig::Fragment::Impossible(clash, facts) = model.questions().fragment(&wishes)
            else {
                panic!("{wishes:?} are possible in\n{text}");
            };
            assert_eq!(clash, wishes);
            assert_eq!(words(facts), expect, "{text}");
        }
    };
    let text = "config A\n\tbool \"a\"\n\tselect B\nconfig B\n\tbool\nconfig C\n\ttristate \"c\"\n\
        \tdepends on !B && !D\nconfig D\n\tbool \"d\"\n";
    check(text, "A=y C=y", &["C depends on !B", "A selects B"]);
    check(text, "C=m MODULES=n", &["C=m needs MODULES"]);
    check(text, "A=m", &["A is bool"]);
    let text = "config N\n\tint \"n\"\n\trange 1 8 if A\n\trange 1 9\nconfig A\n\tbool \"a\"\n";
    let ranges = ["N is from 1 to 8 where A", "N is from 1 to 9"];
    check(text, "N=9 A=y", &ranges);
    let text =
        "choice\n\tprompt \"c\"\nconfig A\n\tbool \"a\"\nconfig B\n\tbool \"b\"\nendchoice\n";
    check(text, "A=y B=y", &["one of A and B is chosen, and no more"]);
    let text = "config A\n\tdef_bool B\nconfig B\n\tbool \"b\"\n";
    check(text, "A=y B=n", &["A is B by default"]);
    check("config A\n\tbool \"a\"\n", "A=y A=n", &[]);
}

#[test]
fn newer_kernels_source_a_file_once() {
    let messages = |version: &str| {
        let mut tree = source::Memory::default();
        tree.insert("Kconfig", b"source \"a\"\nosource \"b\"\nsource \"a\"\n");
        tree.insert("a", b"config A\n\tbool \"a\"\n");
        let environment = kconfig::Environment::for_arch("toy", version);
        let model = kconfig::elaborate(&kconfig::Library::new(), &tree, &environment);
        let errors = model.errors();
        errors
            .map(|error| format!("{}: {}", error.place.line, error.message))
            .collect::<Vec<_>>()
    };
    assert_eq!(messages("7.0.0"), [""; 0]);
    assert_eq!(
        messages("7.1.0"),
        ["3: a is sourced again, after Kconfig:1"]
    );
}

#[test]
fn what_a_few_lines_ask_for_without_end_is_given_up() {
    let doubling: Vec<String> = (1..60)
        .map(|n| format!("a{n} = $(a{0})$(a{0})\n", n - 1))
        .collect();
    let doubling = format!(
        "a0 = x\n{}config A\n\tdef_bool \"$(a59)\"\n",
        doubling.concat()
    );
    let branching = "f = $(f,$(1)) $(f,$(1))\nconfig A\n\tdef_bool \"$(f,x)\"\n".to_owned();
    let nested = format!(
        "config A\n\tdef_bool \"{}{}\"\n",
        "$(x,".repeat(5000),
        ")".repeat(5000)
    );
    for text in [doubling, branching, nested] {
        let said: Vec<_> = read(&text, NEW)
            .errors()
            .map(|e| e.message.clone())
            .collect();
        assert!(
            said.contains(&"macros go too far here".to_owned()),
            "{said:?}"
        );
        assert!(said.len() < 200, "{}", said.len());
    }
    for (open, close) in [("if MODULES\n", "endif\n"), ("menu \"m\"\n", "endmenu\n")] {
        let many = 20_000;
        let text = format!(
            "{}config A\n\tbool \"a\"\n{}",
            open.repeat(many),
            close.repeat(many)
        );
        let model = read(&text, NEW);
        assert!(model.is_incomplete());
        assert!(model.symbol("A").is_some());
    }
}

#[test]
fn an_empty_range_forbids_nothing() {
    let text = "config N\n\tint \"n\"\n\trange 10 5\nconfig A\n\tbool \"a\"\n\tdepends on N = 7 || N != 7\n";
    check(text, "", "A", "n y");
}

/// Symbols of all kinds.
const PLAIN: &str = "\
config ALWAYS
	def_bool y
config FORCED
	bool
config FORCES
	def_bool ALWAYS
	select FORCED
config NEVER
	bool \"never\"
	depends on GONE || NEVER_TOO
config NEVER_TOO
	def_bool GONE && ALWAYS
config BY_NEVER
	bool
config SELECTS
	bool \"selects\"
	depends on NEVER = y
	select BY_NEVER
config OPEN
	tristate \"open\"
config FOLLOWS
	def_tristate OPEN
config NOT
	def_bool !OPEN
config BOTH
	def_bool OPEN && !OPEN
config EITHER
	def_bool OPEN || !OPEN
config UNTYPED
	depends on ALWAYS
config NUMBER
	int \"number\"
	depends on OPEN
config NO_NUMBER
	int
	default 3 if NEVER
choice
	prompt \"one\"
config ONE
	bool \"one\"
config OTHER
	bool \"other\"
config ELSE
	bool \"else\"
	depends on NEVER
endchoice
config CHOSEN
	def_bool y
	select OTHER
config TWICE
	bool
	default y
config TWICE
	bool
	depends on NEVER
config IMPLIES
	bool \"implies\"
	imply TWICE
config OLD_NAME
	bool
	transitional
config SELECTS_OLD
	def_bool y
	select OLD_NAME
config A
	def_bool B
config B
	def_bool A
";

/// What is known of a symbol without a solver is what the solver says.
#[test]
fn what_is_plain_is_true() {
    for version in [OLD, NEW] {
        let model = read(PLAIN, version);
        let names: Vec<_> = model.names().collect();
        let mut told = std::collections::BTreeSet::new();
        for name in names {
            let solved = model.questions().solved_standing(name);
            assert_eq!(model.standing(name), solved, "{name} of {version}");
            told.insert(solved);
        }
        assert_eq!(told.len(), 3, "{told:?}");
    }
}
