//! What becomes of the lines of a `.config`: the smallest Kconfig that shows each rule.

mod toy;

use kconfig::{Fill, Fragment, Needed, Settings, Wish};
use text::Name;
use toy::{NEW, OLD, model, read};

/// The configuration that `config` becomes in a kernel `version`, one line after the other.
fn check_in(version: &str, text: &str, config: &str, expect: &[&str]) {
    let model = model(text, version);
    let (settings, errors) = Settings::read(&model, config.replace(' ', "\n").as_bytes());
    assert_eq!(errors, [], "{config}");
    let configuration = model.configure(&settings, &|_| false);
    let lines: Vec<String> = configuration.to_text().lines().map(String::from).collect();
    let mut expect = expect.to_vec();
    if !expect.iter().any(|line| line.contains("CONFIG_MODULES")) {
        expect.insert(0, "# CONFIG_MODULES is not set");
    }
    assert_eq!(lines, expect, "{config}\n{text}");
}

fn check(text: &str, config: &str, expect: &[&str]) {
    check_in(NEW, text, config, expect);
    check_in(OLD, text, config, expect);
}

const MODULES: &str = "CONFIG_MODULES=y";

#[test]
fn what_is_set_counts_as_far_as_it_is_seen() {
    let text = "config A\n\ttristate \"a\"\nconfig B\n\ttristate \"b\"\n\tdepends on A\n";
    let config = "CONFIG_MODULES=y CONFIG_A=m CONFIG_B=y";
    check(text, config, &[MODULES, "CONFIG_A=m", "CONFIG_B=m"]);
    check(text, "CONFIG_B=y", &["# CONFIG_A is not set"]);
    check(text, "CONFIG_A=m CONFIG_B=m", &["CONFIG_A=y", "CONFIG_B=y"]);
}

#[test]
fn selects_lift_and_implies_add() {
    let text = "config A\n\tbool \"a\"\n\tselect C\n\timply D\nconfig C\n\tbool\n\tdepends on B\n\
        config B\n\tbool \"b\"\nconfig D\n\tbool \"d\"\n";
    let model = model(text, NEW);
    let (settings, _) = Settings::read(&model, b"CONFIG_A=y\n");
    let configuration = model.configure(&settings, &|_| false);
    assert_eq!(configuration.text("C"), "y");
    assert_eq!(configuration.text("D"), "y");
    assert_eq!(configuration.unmet().collect::<Vec<_>>(), ["C"]);
    check(
        text,
        "CONFIG_A=y CONFIG_B=y CONFIG_D=n",
        &[
            "CONFIG_A=y",
            "CONFIG_C=y",
            "CONFIG_B=y",
            "# CONFIG_D is not set",
        ],
    );
}

#[test]
fn numbers_stay_in_their_range_and_texts_keep_their_quotes() {
    let text = "config N\n\tint \"n\"\n\trange 2 LIMIT\n\tdefault 1\n\
        config LIMIT\n\tint\n\tdefault 8\nconfig S\n\tstring \"s\"\n\tdefault \"a\\\"b\"\n\
        config COPY\n\tstring\n\tdefault S\nconfig H\n\thex \"h\"\n\trange 0x10 0x20\n";
    let h = "CONFIG_H=0x10";
    let rest = [
        "CONFIG_LIMIT=8",
        r#"CONFIG_S="a\"b""#,
        r#"CONFIG_COPY="a\"b""#,
        h,
    ];
    let all = |n: &'static str| [&[n], &rest[..]].concat();
    check(text, "", &all("CONFIG_N=2"));
    check(text, "CONFIG_N=7", &all("CONFIG_N=7"));
    check_in(NEW, text, "CONFIG_N=9", &all("CONFIG_N=8"));
    // An older kernel takes the default for what is out of range.
    check_in(OLD, text, "CONFIG_N=9", &all("CONFIG_N=2"));
    check_in(
        NEW,
        "config N\n\tint\n\tdefault A\nconfig A\n\tint \"a\"\n",
        "",
        &["CONFIG_N=0", "CONFIG_A=0"],
    );
    check_in(
        OLD,
        "config N\n\tint\n\tdefault A\nconfig A\n\tint \"a\"\n",
        "",
        &["CONFIG_N=", "CONFIG_A="],
    );
}

#[test]
fn one_member_of_a_choice_is_chosen() {
    let text = "choice\n\tprompt \"c\"\n\tdefault B\nconfig A\n\tbool \"a\"\nconfig B\n\tbool \"b\"\n\
        config C\n\tbool \"c\"\nendchoice\n";
    let lines = |chosen: &str| {
        ["A", "B", "C"].map(|name| {
            if name == chosen {
                format!("CONFIG_{name}=y")
            } else {
                format!("# CONFIG_{name} is not set")
            }
        })
    };
    let check_chosen = |version, config, chosen: &str| {
        check_in(
            version,
            text,
            config,
            &lines(chosen).each_ref().map(String::as_str),
        );
    };
    for version in [NEW, OLD] {
        check_chosen(version, "", "B");
        check_chosen(version, "CONFIG_A=y", "A");
        check_chosen(version, "CONFIG_A=y CONFIG_C=y", "C");
    }
    // Who is refused is not taken by default, unless the kernel is older.
    check_chosen(NEW, "CONFIG_B=n", "A");
    check_chosen(OLD, "CONFIG_B=n", "B");
    check_chosen(NEW, "CONFIG_C=n CONFIG_A=n CONFIG_B=n", "C");
}

#[test]
fn an_older_choice_that_is_m_lets_several_be_m() {
    let text = "choice\n\tprompt \"c\"\nconfig A\n\ttristate \"a\"\nconfig B\n\ttristate \"b\"\nendchoice\n";
    let several = [MODULES, "CONFIG_A=m", "CONFIG_B=m"];
    check_in(
        OLD,
        text,
        "CONFIG_MODULES=y CONFIG_A=m CONFIG_B=m",
        &several,
    );
    let one = [MODULES, "# CONFIG_A is not set", "CONFIG_B=y"];
    check_in(OLD, text, "CONFIG_MODULES=y CONFIG_A=n CONFIG_B=y", &one);
}

#[test]
fn all_that_is_open_can_be_filled() {
    let text = "config A\n\ttristate \"a\"\nconfig B\n\tbool \"b\"\n\tdefault y\n";
    for version in [NEW, OLD] {
        let model = model(text, version);
        let filled = |fill| {
            let mut settings = Settings::new();
            settings.fill(&model, fill);
            let configuration = model.configure(&settings, &|_| false);
            ["MODULES", "A", "B"].map(|name| configuration.value(name).word())
        };
        assert_eq!(filled(Fill::Default), ["n", "n", "y"]);
        assert_eq!(filled(Fill::No), ["n", "n", "n"]);
        assert_eq!(filled(Fill::Module), ["y", "m", "y"]);
        assert_eq!(filled(Fill::Yes), ["y", "y", "y"]);
    }
}

#[test]
fn lines_that_set_nothing_are_told() {
    let model = model(
        "config N\n\tint \"n\"\nconfig S\n\tstring \"s\"\nconfig A\n\tbool \"a\"\n",
        NEW,
    );
    let text = b"# why\n\nCONFIG_N=07\nCONFIG_S=bare\nCONFIG_S=\"open\nCONFIG_A=m\nwords\nCONFIG_GONE=y\n\xff=1\nCONFIG_A=yes";
    let (settings, errors) = Settings::read(&model, text);
    let lines: Vec<usize> = errors.iter().map(|error| error.line).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7, 9]);
    assert_eq!(errors[0].message, "\"07\" is no value for N");
    assert_eq!(model.configure(&settings, &|_| false).text("A"), "y");
}

#[test]
fn a_long_chain_is_no_recursion_and_a_ring_comes_to_an_end() {
    let many = 20_000;
    let link = |number: usize| match number {
        0 => "config A0\n\tbool \"a\"\n".to_owned(),
        _ => format!("config A{number}\n\tdef_bool A{}\n", number - 1),
    };
    let text: Vec<String> = (0..many).map(link).collect();
    let text = text.concat();
    let model = model(&text, NEW);
    let (settings, _) = Settings::read(&model, b"CONFIG_A0=y");
    let last = format!("A{}", many - 1);
    assert_eq!(model.configure(&settings, &|_| false).text(&last), "y");
    let ring = read("config A\n\tdef_bool B\nconfig B\n\tdef_bool A\n", NEW);
    assert_eq!(ring.configure(&Settings::new(), &|_| false).text("A"), "n");
}

/// What is to be set for wishes, and what the toolchain must answer.
fn check_fragment(text: &str, wishes: &str, set: &[(&str, &str)], probes: &[(&str, bool)]) {
    for version in [NEW, OLD] {
        let model = model(text, version);
        let wish = |word: &str| {
            let (symbol, value) = word.split_once('=').expect("a wish");
            let value = value.to_owned();
            Wish {
                symbol: symbol.into(),
                value,
            }
        };
        let wishes: Vec<Wish> = wishes.split_whitespace().map(wish).collect();
        let expect = Needed {
            answers: std::collections::BTreeMap::new(),
            set: set
                .iter()
                .map(|(name, value)| (Name::new(name), (*value).to_owned()))
                .collect(),
            probes: probes
                .iter()
                .map(|(call, yes)| (Name::new(call), *yes))
                .collect(),
        };
        let found = model.questions().fragment(&wishes);
        assert_eq!(found, Fragment::Set(expect), "{text}");
    }
}

#[test]
fn a_fragment_holds_what_is_needed_and_no_more() {
    let text = "config A\n\tbool \"a\"\nconfig B\n\tbool \"b\"\nconfig C\n\ttristate \"c\"\n\
        \tdepends on A || B\nconfig HIDDEN\n\ttristate\n\tdefault C if N > 3\nconfig N\n\tint \"n\"\n";
    let all = [("A", "y"), ("C", "m"), ("MODULES", "y"), ("N", "4")];
    check_fragment(text, "HIDDEN=m A=y", &all, &[]);
}

#[test]
fn what_is_on_by_default_without_a_prompt_is_switched_off_where_it_comes_from() {
    let text = "config A\n\tbool \"a\"\n\tdefault y\nconfig FILTER\n\tdef_bool A\n\
        config C\n\tbool \"c\"\n\tdepends on !FILTER\n";
    check_fragment(text, "C=y", &[("A", "n"), ("C", "y")], &[]);
}

#[test]
fn what_must_be_off_in_a_choice_is_told_by_what_is_on() {
    let text = "choice\n\tprompt \"kind\"\nconfig USUAL\n\tbool \"u\"\nconfig OTHER\n\tbool \"o\"\n\
        endchoice\nconfig LARGE\n\tbool \"l\"\n\tdepends on !USUAL\n";
    check_fragment(text, "LARGE=y", &[("LARGE", "y"), ("OTHER", "y")], &[]);
}

#[test]
fn numbers_and_texts_that_are_asked_for_are_found() {
    let text = "config A\n\thex \"a\"\n\tdefault 0x0\nconfig B\n\thex \"b\"\n\tdefault 0x0\n\
        config DIFFER\n\tbool \"d\"\n\tdepends on A != B\nconfig LESS\n\tbool \"l\"\n\tdepends on B < A\n\
        config EQUAL\n\tbool \"e\"\n\tdepends on A = 0x20\n";
    check_fragment(text, "DIFFER=y", &[("B", "0x1"), ("DIFFER", "y")], &[]);
    check_fragment(text, "EQUAL=y", &[("A", "0x20"), ("EQUAL", "y")], &[]);
    check_fragment(
        text,
        "A=1000 EQUAL=n",
        &[("A", "1000"), ("EQUAL", "n")],
        &[],
    );
    check_fragment(text, "LESS=y", &[("A", "0x2"), ("LESS", "y")], &[]);
}

#[test]
fn answers_of_which_either_will_do_are_named() {
    let text = "config A\n\tbool \"a\"\n\tdepends on $(shell,one) || $(shell,two)\n";
    for version in [NEW, OLD] {
        let model = model(text, version);
        let wish = Wish {
            symbol: "A".into(),
            value: "y".to_owned(),
        };
        let Fragment::Set(needed) = model.questions().fragment(&[wish]) else {
            panic!("it is possible");
        };
        assert_eq!(needed.probes.len(), 1);
        assert!(needed.probes.values().all(|answer| *answer));
    }
}

#[test]
fn a_fragment_names_the_version_it_needs() {
    let text = "config CLANG\n\tdef_bool $(shell,clang)\nconfig CLANG_VERSION\n\tint\n\
        \tdefault $(shell,version) if CLANG\n\tdefault 0\nconfig GCC_VERSION\n\tint\n\
        \tdefault $(shell,version) if !CLANG\n\tdefault 0\n\
        config A\n\tbool \"a\"\n\tdepends on CLANG_VERSION >= 140000 && GCC_VERSION < 7\n";
    for version in [NEW, OLD] {
        let model = model(text, version);
        let wish = Wish {
            symbol: "A".into(),
            value: "y".to_owned(),
        };
        let Fragment::Set(needed) = model.questions().fragment(&[wish]) else {
            panic!("it is possible");
        };
        let sentences = [
            "the toolchain answers yes to $(shell,clang)",
            "the toolchain answers 140000 to $(shell,version)",
        ];
        assert_eq!(needed.assumptions(), sentences);
    }
}

#[test]
fn a_fragment_names_the_answers_it_needs() {
    let text = "config OLD\n\tdef_bool $(shell,old)\nconfig A\n\tbool \"a\"\n\
        \tdepends on $(shell,new) && !OLD\nconfig OTHER\n\tdef_bool $(shell,other)\n";
    let probes = [("$(shell,new)", true), ("$(shell,old)", false)];
    check_fragment(text, "A=y", &[("A", "y")], &probes);
}
