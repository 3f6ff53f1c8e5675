//! Lines of Kconfig that do what nobody wants: the smallest text that shows each.

mod toy;

use toy::{NEW, OLD, model};

/// Who can force what in `text`, with what must be set and what is not met then: `C > A: C=y without B`.
fn check_forcing(text: &str, expect: &[&str]) {
    for version in [NEW, OLD] {
        let model = model(text, version);
        let mut questions = model.questions();
        let (forcing, unknown) = questions.forcing();
        assert!(unknown.is_empty(), "{text}");
        let told: Vec<String> = forcing
            .iter()
            .map(|select| {
                let forced = questions.forced(select, None).expect("a configuration");
                let set = forced.needed.set.iter();
                let set: Vec<String> = set.map(|(name, value)| format!("{name}={value}")).collect();
                format!(
                    "{} > {}: {} without {}",
                    select.by,
                    select.target,
                    set.join(" "),
                    forced.unmet.join(" and ")
                )
            })
            .collect();
        assert_eq!(told, expect, "{text}");
    }
}

const TARGET: &str = "config B\n\tbool \"b\"\nconfig A\n\ttristate\n\tdepends on B\n";

#[test]
fn a_select_forces_what_depends_on_more() {
    let text = format!("{TARGET}config C\n\tbool \"c\"\n\tselect A\n");
    check_forcing(&text, &["C > A: C=y without B"]);
}

#[test]
fn a_select_forces_nothing_where_all_is_met() {
    for condition in ["depends on B", "select B", "depends on B = y && m"] {
        let text = format!("{TARGET}config C\n\tbool \"c\"\n\t{condition}\n\tselect A\n");
        check_forcing(&text, &[]);
    }
    let text = format!("{TARGET}config C\n\tbool \"c\"\n\tselect A if B\n\timply A\n");
    check_forcing(&text, &[]);
}

#[test]
fn what_is_built_in_asks_more_than_a_module() {
    let text = |depends: &str| {
        format!(
            "config B\n\ttristate \"b\"\nconfig A\n\ttristate\n\tdepends on B\n\
             config D\n\tbool \"d\"\n\tdepends on {depends}\n\tselect A\n"
        )
    };
    // What the selecting entry depends on stands behind its `select` too.
    check_forcing(&text("B"), &[]);
    check_forcing(&text("B != n"), &["D > A: B=m D=y MODULES=y without B"]);
}

#[test]
fn a_select_counts_only_where_what_it_depends_on_is_met() {
    let text = format!(
        "{TARGET}config C\n\tbool\n\tdepends on B\n\tselect A\nconfig E\n\tbool \"e\"\n\tselect C\n"
    );
    check_forcing(&text, &["E > C: E=y without B"]);
}

#[test]
fn a_toolchain_is_one_compiler_at_a_time() {
    let text = "success = $(shell,$(1) && echo y || echo n)\nconfig GCC\n\tdef_bool $(success,test \"$(shell,cc)\" = GCC)\nconfig CLANG\n\
        \tdef_bool $(success,test \"$(shell,cc)\" = Clang)\nconfig A\n\tbool\n\tdepends on !CLANG\n\
        config C\n\tbool \"c\"\n\tdepends on GCC\n\tselect A\n";
    check_forcing(text, &[]);
}
