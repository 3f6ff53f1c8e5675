//! The essays of the rules that come with the program, and how the examples of an essay are tried.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

use std::sync::Arc;

use rules::{Catalog, Files, try_examples};

#[test]
fn what_an_essay_shows_is_so() {
    let catalog = Arc::new(Catalog::built_in().unwrap());
    for rule in catalog.rules() {
        let tried = try_examples(&catalog, rule);
        assert_eq!(tried.wrong, [], "{}", rule.id());
    }
}

#[test]
fn an_essay_opens_with_what_its_rule_finds() {
    let catalog = Catalog::built_in().unwrap();
    for rule in catalog.rules() {
        assert!(
            rule.title().ends_with('.'),
            "{}: {}",
            rule.id(),
            rule.title()
        );
    }
}

const PACK: &str = r#"
id = "mine"
title = "sweeping"
opt-in.symbols = ["WANT_SWEEP"]
entries = ["from_assembler"]
stops = ["harmless"]
[[sink]]
call = "sweep"
what = "sweep()"
[[rule]]
id = "mine"
question = "unselected"
severity = "warning"
message = "{arch} reaches {sink} without {symbol}"
help = "select {symbol}"
"#;

const SINK: &str = "//- mm/Kconfig
config WANT_SWEEP
\tbool
//- mm/Makefile
obj-y := sweep.o
//- mm/sweep.c
void sweep(void)
{
}
";

/// What is wrong with an essay that has these two examples, behind the sink.
fn wrong(fires: &str, silent: &str) -> Vec<(usize, String)> {
    wrong_of(&format!("{SINK}{fires}"), &format!("{SINK}{silent}"))
}

fn wrong_of(fires: &str, silent: &str) -> Vec<(usize, String)> {
    let essay = format!(
        "# mine\n\nA fault.\n\n## This fires\n\n```c\n{fires}```\n\n## This stays silent\n\n```c\n{silent}```\n\n## End\n```c\n```\n"
    );
    let files = [("mine.toml", PACK), ("mine.md", essay.as_str())];
    let files = files.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let mut catalog = Catalog::built_in().unwrap();
    catalog.extend("", &Files::from(files)).unwrap();
    let catalog = Arc::new(catalog);
    let tried = try_examples(&catalog, catalog.rule("mine").unwrap());
    assert_eq!(tried.examples, 2);
    tried.wrong
}

const CALLED: &str = "void caller(void)\n{\n\tsweep();\n}\n";

#[test]
fn paths_begin_at_the_entries_of_a_pack_and_end_at_its_stops() {
    let entry = CALLED.replace("caller", "from_assembler");
    let stopped = CALLED.replace("caller", "harmless") + &entry.replace("sweep()", "harmless()");
    assert_eq!(wrong(&entry, CALLED), []);
    assert_eq!(wrong(&entry, &stopped), []);
    assert!(
        wrong(&stopped, CALLED)[0]
            .1
            .contains("the rule stops at harmless()")
    );
}

#[test]
fn an_example_that_is_not_as_it_is_said_to_be_is_told_with_its_line() {
    let entry = CALLED.replace("caller", "from_assembler");
    let (line, why) = wrong(CALLED, CALLED)[0].clone();
    assert_eq!((line, why.contains("does not fire")), (7, true), "{why}");
    let (line, why) = wrong(&entry, &entry)[0].clone();
    assert!(line > 7 && why.contains("is not silent"), "{line}: {why}");
    let nameless = "int x;\n".to_owned() + &entry;
    assert!(
        wrong_of(&nameless, &format!("{SINK}{CALLED}"))[0]
            .1
            .contains("no line `//- PATH`")
    );
    let broken = format!("{entry}//- mm/Kconfig\nconfig\n");
    assert!(wrong(&broken, CALLED)[0].1.starts_with("mm/Kconfig:1"));
}
