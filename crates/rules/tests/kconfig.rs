//! Rules about Kconfig as a whole, on kernels of two architectures.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

use std::sync::Arc;

use kernel::Silent;
use rules::{Finding, Outcome, Settings, check};
use source::Memory;

/// A kernel in which `one` and `two` read the same files, and each its own.
const KERNEL: &str = "//- Makefile
VERSION = 6
PATCHLEVEL = 12
//- Kbuild
obj-y += mm/ arch/$(SRCARCH)/
//- Kconfig
config MODULES
	bool \"Modules\"
	modules
source \"mm/Kconfig\"
source \"arch/$(SRCARCH)/Kconfig\"
//- mm/Kconfig
//- mm/Makefile
//- arch/one/Kconfig
config ONE
	def_bool y
//- arch/one/Makefile
//- arch/two/Kconfig
config TWO
	def_bool y
//- arch/two/Makefile
";

fn asked(rule: &str, arches: &[&str], files: &str) -> Outcome {
    let settings = Settings {
        rules: vec![rule.to_owned()],
        arches: arches.iter().map(|arch| (*arch).to_owned()).collect(),
        ..Settings::default()
    };
    let kernel = Memory::new(&format!("{KERNEL}{files}"));
    check(Arc::new(kernel), &settings, &Silent).unwrap()
}

/// `FILE:LINE on ARCHES: MESSAGE` of each finding.
fn told(rule: &str, files: &str) -> Vec<String> {
    let tell = |finding: &Finding| {
        format!(
            "{}:{} on {}: {}",
            finding.sink.file,
            finding.sink.line,
            finding.arches.join(" "),
            finding.message
        )
    };
    asked(rule, &[], files).findings.iter().map(tell).collect()
}

fn check_told(rule: &str, files: &str, expect: &[&str]) {
    assert_eq!(told(rule, files), expect, "{files}");
}

#[test]
fn a_line_of_all_is_told_once_with_a_configuration() {
    let files = "//- mm/Kconfig
config A
	bool
	depends on B
config B
	bool \"b\"
config C
	bool \"c\"
	select A
";
    let outcome = asked("select-unmet-dependency", &[], files);
    let [finding] = outcome.findings.as_slice() else {
        panic!("{:?}", outcome.findings)
    };
    assert_eq!(finding.arches, ["one", "two"]);
    assert_eq!(finding.message, "C selects A, which depends on B");
    let config: Vec<String> = finding
        .config
        .iter()
        .map(|(s, v)| format!("{s}={v}"))
        .collect();
    assert_eq!(config, ["C=y"]);
    let words: Vec<&str> = outcome.verdicts.iter().map(|v| v.verdict.word()).collect();
    assert_eq!(words, ["flagged", "flagged"]);
}

#[test]
fn a_line_that_one_architecture_makes_right_is_told_of_the_other() {
    let files = "//- mm/Kconfig
config A
	bool
	depends on ONE
config C
	bool \"c\"
	select A
";
    let expect = ["mm/Kconfig:6 on two: C selects A, which depends on ONE"];
    check_told("select-unmet-dependency", files, &expect);
    let clean = asked("select-unmet-dependency", &["one"], files);
    assert_eq!(clean.findings, []);
}

#[test]
fn what_one_architecture_has_is_not_dead() {
    let files = |selects: &str| {
        format!(
            "//- mm/Kconfig
config A
	bool
//- mm/Makefile
obj-$(CONFIG_A) += a.o
obj-y += b.o
//- mm/a.c
//- mm/b.c
#ifdef CONFIG_A
int a;
#endif
//- arch/two/Kconfig
config TWO
	def_bool y
	{selects}
"
        )
    };
    check_told("dead-block", &files("select A"), &[]);
    let why = "nothing on one selects A, which has no prompt";
    let told =
        format!("mm/Kconfig:1 on one two: no configuration of any architecture has A: {why}");
    check_told("dead-block", &files(""), &[&told]);
    // The others are asked though only one is to be told of.
    let alive = asked("dead-block", &["one"], &files("select A"));
    assert_eq!(alive.findings, []);
    let outcome = asked("dead-block", &["one"], &files(""));
    let notes = outcome.findings[0]
        .notes
        .iter()
        .map(|note| note.text.as_str());
    let notes: Vec<&str> = notes
        .filter(|text| text.ends_with("goes with it"))
        .collect();
    assert_eq!(
        notes,
        [
            "what stands behind `#ifdef CONFIG_A` goes with it",
            "mm/a.c goes with it"
        ]
    );
}

#[test]
fn blocks_that_others_compile_or_that_are_meant_are_left_alone() {
    let files = "//- mm/Kconfig
config A
	bool \"a\"
config B
	tristate \"b\"
	depends on !A
config OWN
	bool
	depends on A && !A
//- mm/Makefile
obj-y += a.o
//- mm/a.c
#define CONFIG_OWN
#ifdef CONFIG_OWN
int own;
#endif
#ifdef CONFIG_A
#ifdef CONFIG_B
int both;
#elif defined(CONFIG_B_MODULE)
int module;
#endif
#if 0
#ifdef CONFIG_B
#endif
#endif
#ifndef CONFIG_A
#error \"this cannot be\"
#endif
#endif
//- arch/one/shared.c
#ifdef CONFIG_TWO
int shared;
#endif
#ifdef CONFIG_B
#ifdef CONFIG_A
int never;
#endif
#endif
//- arch/two/Makefile
obj-y += ../one/shared.o
";
    let expect = [
        "arch/one/shared.c:5 on one: no configuration of any architecture has what stands behind `#ifdef CONFIG_A`: nothing on one is A=y with B=y",
        "mm/Kconfig:6 on one two: no configuration of any architecture has OWN: nothing on one selects OWN, which has no prompt",
        "mm/a.c:6 on one two: no configuration of any architecture has what stands behind `#ifdef CONFIG_B`: nothing on one is B=y with A=y",
        "mm/a.c:8 on one two: no configuration of any architecture has what stands behind `#elif defined(CONFIG_B_MODULE)`: nothing on one is B=m with A=y",
    ];
    check_told("dead-block", files, &expect);
}

#[test]
fn defaults_say_what_takes_their_place() {
    let files = "//- mm/Kconfig
config A
	bool \"a\"
config N
	int
	default 1 if ONE
	default 2 if A
	default 3 if A && ONE
	default 4 if NOBODY
	default 5
	default 6
";
    let expect = [
        "mm/Kconfig:7 on one two: this default of N never decides: the default 2 before it holds wherever it does",
        "mm/Kconfig:8 on one two: this default of N never decides: one does not define NOBODY",
        "mm/Kconfig:10 on one two: this default of N never decides: the default 5 before it holds wherever it does",
    ];
    check_told("dead-default", files, &expect);
}

#[test]
fn conditions_are_constant_only_where_their_entry_is_asked_for() {
    let files = "//- mm/Kconfig
config A
	bool \"a\"
config T
	bool
config C
	bool \"c\"
	depends on A
	select T if A
	select T if ONE
	select T if NOBODY
	select T if y
config D
	bool \"d\"
	depends on NOBODY
	select T if A
";
    let expect = [
        "mm/Kconfig:8 on one two: the condition of this select of C always holds: A",
        "mm/Kconfig:10 on one two: the condition of this select of C never holds: NOBODY",
    ];
    check_told("constant-condition", files, &expect);
}

#[test]
fn names_that_nobody_defines_are_told_with_all_places() {
    let files = "//- mm/Kconfig
config C
	tristate \"c\"
	select GONE if TWO
//- mm/Makefile
obj-$(CONFIG_GONE) += a.o
obj-$(CONFIG_C) += c.o
//- mm/c.c
#ifdef CONFIG_C_MODULE
#endif
//- arch/two/c.c
int f(void) { return IS_ENABLED(CONFIG_GONE) + IS_ENABLED(CONFIG_ELSE); }
";
    let expect = [
        "arch/two/c.c:1 on two: ELSE is asked for, and no Kconfig file defines it",
        "mm/Kconfig:3 on one two: GONE is asked for, and no Kconfig file defines it",
    ];
    check_told("undefined-symbol", files, &expect);
    let outcome = asked("undefined-symbol", &[], files);
    let places = outcome.findings[1]
        .notes
        .iter()
        .filter_map(|note| note.place.as_ref());
    let places: Vec<&str> = places.map(|place| place.file.as_str()).collect();
    assert_eq!(places, ["mm/Makefile", "arch/two/c.c"]);
}

#[test]
fn what_was_not_understood_may_make_anything_possible() {
    let files = "//- mm/Kconfig
config A
	bool
//- arch/two/Kconfig
config TWO
	def_bool y
	selekt A
";
    for rule in [
        "dead-block",
        "dead-default",
        "constant-condition",
        "undefined-symbol",
    ] {
        let outcome = asked(rule, &["one"], files);
        assert_eq!(outcome.findings, [], "{rule}");
        assert_eq!(outcome.verdicts[0].verdict.word(), "unknown", "{rule}");
    }
}

#[test]
fn a_default_that_names_a_hidden_member_is_none() {
    let files = "//- mm/Kconfig
config SEEN
	bool \"seen\"
choice
	prompt \"one of\"
	default A
	default B
config A
	bool \"a\"
	depends on SEEN
config B
	bool \"b\"
endchoice
";
    check_told("dead-default", files, &[]);
}

#[test]
fn architectures_have_other_names_and_lend_their_headers() {
    let files = "//- Makefile
VERSION = 6
PATCHLEVEL = 12
ifeq ($(ARCH),one64)
        SRCARCH := one
endif
//- arch/one/Kconfig
config ONE
	def_bool y
config WIDE
	def_bool \"$(ARCH)\" = \"one64\"
//- arch/one/Makefile
//- arch/one/Makefile.two
//- arch/one/include/asm/own.h
#ifdef CONFIG_TWO
int lent;
#endif
";
    check_told("dead-block", files, &[]);
    let shared = "//- mm/Kconfig
config T
	bool
config C
	bool \"c\"
	select T if \"$(SRCARCH)\" = \"two\"
";
    check_told("constant-condition", shared, &[]);
}

#[test]
fn a_file_that_is_read_twice_stands_in_both_places() {
    let files = "//- mm/Kconfig
config A
	bool \"a\"
config B
	bool \"b\"
if A
source \"mm/Kconfig.own\"
endif
if B
source \"mm/Kconfig.own\"
endif
//- mm/Kconfig.own
config C
	bool \"c\"
	default y if B
";
    check_told("constant-condition", files, &[]);
    check_told("dead-default", files, &[]);
}

#[test]
fn words_may_be_values_and_texts_may_include_files() {
    let files = "//- mm/Kconfig
config BASE
	hex \"base\"
	default C0000000
	range 0 ffffffff
config NEVER
	bool
//- mm/Makefile
obj-$(CONFIG_NEVER) += part.o
obj-y += whole.o
//- mm/part.c
//- mm/whole.c
#include \"part.c\"
";
    check_told("undefined-symbol", files, &[]);
    let outcome = asked("dead-block", &[], files);
    assert_eq!(outcome.findings.len(), 1);
    let told = |note: &rules::Note| note.text.contains("part.c");
    assert!(!outcome.findings[0].notes.iter().any(told));
}

#[test]
fn a_test_of_many_terms_is_left_open() {
    let terms = vec!["defined(CONFIG_GONE)"; 30_000].join(" || ");
    let files = format!("//- mm/Makefile\nobj-y += a.o\n//- mm/a.c\n#if {terms}\n#endif\n");
    check_told("dead-block", &files, &[]);
    check_told("undefined-symbol", &files, &[]);
}
