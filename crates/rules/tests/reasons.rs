//! Why a sink cannot be reached: lines of code and of Kconfig that forbid it together.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

mod base;

use rules::ArchVerdict;

fn verdict(files: &str) -> ArchVerdict {
    let settings = |settings: &mut rules::Settings| settings.ends = true;
    let outcome = base::outcome_with("unselected", files, settings);
    assert_eq!(outcome.problems, []);
    let mut verdict = outcome.verdicts[0].clone();
    // The rule has two sinks, and these kernels one.
    let none = verdict.facts.pop().unwrap();
    assert_eq!(none.text, "this tree has no compound_nr_pages()");
    verdict
}

/// The facts as `words (file:line)`.
fn told(notes: &[rules::Note]) -> Vec<String> {
    let fact = |note: &rules::Note| {
        let place = note.place.as_ref();
        let place = place.map_or_else(String::new, |at| format!(" ({}:{})", at.file, at.line));
        format!("{}{place}", note.text)
    };
    notes.iter().map(fact).collect()
}

const SINK: &str = "void vmemmap_populate_compound_pages(void *map)\n{\n}\n";

fn sink(code: &str) -> String {
    format!("//- mm/sink.c\n{SINK}{code}")
}

#[test]
fn what_a_call_needs_comes_with_what_kconfig_says_of_it() {
    let files = sink(
        "static int __init start(void)\n{\n\tif (IS_ENABLED(CONFIG_NEVER))\n\
         \t\tvmemmap_populate_compound_pages(&start);\n\treturn 0;\n}\nmodule_init(start);\n",
    );
    let files =
        format!("{files}//- arch/toy/Kconfig\nconfig TOY\n\tdef_bool y\nconfig NEVER\n\tbool\n");
    let verdict = verdict(&files);
    assert_eq!(
        told(&verdict.facts),
        [
            "start() calls vmemmap_populate_compound_pages() only with NEVER (mm/sink.c:7)",
            "nothing on toy selects NEVER, which has no prompt (arch/toy/Kconfig:3)",
        ]
    );
    let reason = format!(
        "vmemmap_populate_compound_pages(): {}; ",
        told(&verdict.facts).join("; ")
    );
    assert!(verdict.reason.starts_with(&reason), "{}", verdict.reason);
}

/// Each of two symbols can be on, and both together cannot.
#[test]
fn two_symbols_that_exclude_each_other_are_one_reason() {
    let files = sink(
        "#ifdef CONFIG_ONE\nvoid populate(void *map)\n{\n\tif (IS_ENABLED(CONFIG_OPT))\n\
         #ifdef CONFIG_TWO\n\t\tvmemmap_populate_compound_pages(map)\n#endif\n\t\t;\n}\n#endif\n\
         static int __init start(void)\n{\n\tpopulate(&start);\n\treturn 0;\n}\n\
         module_init(start);\n",
    );
    let files = format!(
        "{files}//- arch/toy/Kconfig\nconfig TOY\n\tdef_bool y\nconfig ONE\n\tbool \"one\"\n\
         config TWO\n\tbool \"two\"\n\tdepends on !ONE\n"
    );
    assert_eq!(
        told(&verdict(&files).facts),
        [
            "populate() calls vmemmap_populate_compound_pages() only with ONE=y && TWO=y (mm/sink.c:9)",
            "TWO depends on !ONE (arch/toy/Kconfig:5)",
        ]
    );
}

#[test]
fn the_argument_that_closes_a_call_is_named() {
    let gate = "struct map {\n\tint shift;\n};\n\
                static void populate(int node, struct map *map)\n{\n\tif (map && map->shift)\n\
                \t\tvmemmap_populate_compound_pages(map);\n}\n";
    let null = "static int __init start(void)\n{\n\tpopulate(1, NULL);\n\treturn 0;\n}\nmodule_init(start);\n";
    let null = verdict(&sink(&format!("{gate}{null}")));
    assert_eq!(
        told(&null.facts),
        ["start() passes NULL for map of populate() (mm/sink.c:14)"]
    );
    let zero = "static int __init start(void)\n{\n\tstruct map own = { };\n\n\tpopulate(1, &own);\n\
                \treturn 0;\n}\nmodule_init(start);\n";
    let zero = verdict(&sink(&format!("{gate}{zero}")));
    assert_eq!(
        told(&zero.facts),
        ["start() passes &own, whose shift is 0, for map of populate() (mm/sink.c:16)"]
    );
}

/// One cause that closes all calls is enough, and where each ends can be asked.
#[test]
fn a_cause_is_told_once_and_every_end_on_demand() {
    let files = "//- mm/other.c\nvoid first(void)\n{\n\tpopulate(0);\n}\n\
                 //- mm/late.c\nvoid second(void)\n{\n\tpopulate(0);\n}\n\
                 //- mm/Makefile\nobj-y := sink.o\nobj-$(CONFIG_NEVER) += other.o late.o\n\
                 //- arch/toy/Kconfig\nconfig TOY\n\tdef_bool y\nconfig NEVER\n\tbool\n";
    let sink = sink("void populate(void *map)\n{\n\tvmemmap_populate_compound_pages(map);\n}\n");
    let verdict = verdict(&format!("{sink}{files}"));
    assert_eq!(
        told(&verdict.facts),
        [
            "mm/late.c is built only with NEVER (mm/Makefile:2)",
            "nothing on toy selects NEVER, which has no prompt (arch/toy/Kconfig:3)",
        ]
    );
    let ends = told(&verdict.ends);
    assert!(
        ends.iter()
            .any(|end| end.starts_with("mm/other.c is built only with")),
        "{ends:?}"
    );
    assert_eq!(ends.len(), 2, "{ends:?}");
}
