//! What mends a finding, and what does not.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

mod base;

use std::sync::Arc;

use rules::Settings;
use rules::fix::{Mended, Task, mend};
use source::{Layer, Memory, Source};

const SYMBOL: &str = "ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP";

/// What mends the findings of a rule in the base with `files` laid over it.
fn mended(rule: &str, files: &str, opting: &[&str]) -> Mended {
    let source: Arc<dyn Source> = Arc::new(Memory::new(&base::files(files)));
    try_on(&source, rule, opting)
}

fn try_on(source: &Arc<dyn Source>, rule: &str, opting: &[&str]) -> Mended {
    let opting: Vec<String> = opting.iter().map(|arch| (*arch).to_owned()).collect();
    let settings = Settings {
        rules: vec![rule.to_owned()],
        ..Settings::default()
    };
    let before = rules::check(Arc::clone(source), &settings, &kernel::Silent).unwrap();
    assert!(!before.findings.is_empty(), "{:?}", before.verdicts);
    let task = Task {
        source,
        settings: &settings,
        answered: &before,
        findings: &before.findings,
        opting: &opting,
    };
    mend(&task, &kernel::Silent).unwrap()
}

/// The lines that a file has only then.
fn new_lines(mended: &Mended, file: &str) -> Vec<String> {
    let Some((before, after)) = mended.files.get(file) else {
        return Vec::new();
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (before, after) = (text(before), text(after));
    let old: Vec<&str> = before.lines().collect();
    let new = after.lines().filter(|line| !old.contains(line));
    new.map(str::to_owned).collect()
}

/// A file with the sink in a function that a driver's probe calls.
fn sink(body: &str) -> String {
    format!(
        "//- mm/sink.c\nint vmemmap_populate_compound_pages(void)\n{{\n\treturn 0;\n}}\n\
         static int probe(struct device *a, int b)\n{{\n{body}}}\n\
         static struct driver one = {{ .probe = probe }};\n"
    )
}

/// What is new where the sink is called so, in one line, with the symbol written `S`.
fn gated(body: &str) -> String {
    mended_lines(&sink(body))
}

fn mended_lines(files: &str) -> String {
    let mended = mended("unselected", files, &[]);
    if !mended.made.is_empty() {
        assert_eq!(
            mended.outcome.findings,
            [],
            "mended, and found all the same"
        );
    }
    let lines = new_lines(&mended, "mm/sink.c")
        .join(" ")
        .replace(SYMBOL, "S");
    lines.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What is done where the shortcut is not taken.
const ELSE: &str = "vmemmap_populate";

#[test]
fn a_condition_asks_for_the_symbol_too() {
    const CALL: &str = "vmemmap_populate_compound_pages()";
    for (body, line) in [
        (
            "\tif (a)\n\t\treturn CALL;\n\treturn ELSE(b);\n",
            "if (a && IS_ENABLED(CONFIG_S))",
        ),
        (
            "\tif (a || b)\n\t\treturn CALL;\n\telse\n\t\treturn ELSE(b);\n",
            "if ((a || b) && IS_ENABLED(CONFIG_S))",
        ),
        (
            "\tif (a && b) {\n\t\tb = CALL;\n\t} else {\n\t\tb = ELSE(a, b);\n\t}\n\treturn b;\n",
            "if (a && b && IS_ENABLED(CONFIG_S)) {",
        ),
        (
            "\tif (a)\n\t\tCALL;\n\telse\n\t\tELSE(b);\n\treturn 0;\n",
            "if (a && IS_ENABLED(CONFIG_S))",
        ),
        (
            "\treturn a ? CALL : ELSE(b);\n",
            "return a && IS_ENABLED(CONFIG_S) ? CALL : ELSE(b);",
        ),
        (
            "\tif (a /* why */)\n\t\treturn CALL;\n\treturn ELSE(b);\n",
            "if (a && IS_ENABLED(CONFIG_S) /* why */)",
        ),
        // What goes on in the next line gets one of its own.
        (
            "\tif (a &&\n\t    b)\n\t\treturn CALL;\n\treturn ELSE(b);\n",
            "b && IS_ENABLED(CONFIG_S))",
        ),
        // A macro may lack parentheses.
        (
            "\tif (WANTED)\n\t\treturn CALL;\n\treturn ELSE(b);\n",
            "if ((WANTED) && IS_ENABLED(CONFIG_S))",
        ),
    ] {
        let body = body.replace("CALL", CALL).replace("ELSE", ELSE);
        let line = line.replace("CALL", CALL).replace("ELSE", ELSE);
        assert_eq!(gated(&body), line, "{body}");
    }
}

#[test]
fn what_is_no_gate_is_left_alone() {
    const CALL: &str = "vmemmap_populate_compound_pages()";
    for body in [
        "\treturn CALL;\n",
        "\twhile (b--)\n\t\tCALL;\n\treturn ELSE(b);\n",
        // What comes instead is not known to be right.
        "\tif (a)\n\t\treturn CALL;\n\treturn 0;\n",
        "\tif (a)\n\t\treturn CALL;\n\treturn other(b);\n",
        "\tif (a)\n\t\tCALL;\n\treturn ELSE(b);\n",
        "\tif (a)\n\t\tb = CALL;\n\telse\n\t\tb = -EINVAL;\n\treturn b;\n",
        "\tif (a)\n\t\tb = CALL;\n\telse\n\t\tgoto out;\nout:\n\treturn b;\n",
        "\tif (a)\n\t\tb = CALL;\n\telse\n\t\ta->id = ELSE(b);\n\treturn b;\n",
        // More than the call would be left out.
        "\tif (a) {\n\t\tuse(a);\n\t\tb = CALL;\n\t} else {\n\t\tb = ELSE(b);\n\t}\n\treturn b;\n",
        "\tif (a)\n\t\tb = finish(CALL);\n\telse\n\t\tb = ELSE(b);\n\treturn b;\n",
        // The other way takes for granted what the condition says.
        "\tif (!a)\n\t\tb = CALL;\n\telse\n\t\tb = ELSE(a->id);\n\treturn b;\n",
        // The condition does something.
        "\tif ((b = use(a)))\n\t\treturn CALL;\n\treturn ELSE(b);\n",
        "\tif (mutex_trylock(a))\n\t\treturn CALL;\n\treturn ELSE(b);\n",
        "\tif (take(&b))\n\t\treturn CALL;\n\treturn ELSE(b);\n",
        // The preprocessor has a part in it.
        "\tif (a\n#ifdef CONFIG_OPT\n\t    && b\n#endif\n\t    )\n\t\treturn CALL;\n\treturn ELSE(b);\n",
        "\tif (a)\n\t\tb = CALL;\n#ifdef CONFIG_OPT\n\telse\n\t\tb = ELSE(b);\n#else\n\telse\n\t\tb = -EINVAL;\n#endif\n\treturn b;\n",
    ] {
        let body = body.replace("CALL", CALL).replace("ELSE", ELSE);
        assert_eq!(gated(&body), "", "{body}");
    }
}

/// The count that is short where the shortcut is taken.
#[test]
fn a_value_is_gated_where_the_other_is_known() {
    const SHORT: &str = "2 * (PAGE_SIZE / sizeof(struct page))";
    for (body, line) in [
        (
            "\tif (!a)\n\t\treturn ALL(b);\n\treturn SHORT;\n",
            "if (!a || !IS_ENABLED(CONFIG_S))",
        ),
        (
            "\tif (!a && b)\n\t\treturn ALL(b);\n\treturn SHORT;\n",
            "if ((!a && b) || !IS_ENABLED(CONFIG_S))",
        ),
        (
            "\treturn a ? SHORT : nr_pages;\n",
            "return a && IS_ENABLED(CONFIG_S) ? SHORT : nr_pages;",
        ),
        // What the condition asks about is not what it would be.
        (
            "\tif (!nr_pages)\n\t\treturn SHORT;\n\treturn nr_pages;\n",
            "",
        ),
        ("\tif (a)\n\t\treturn ALL(a->id);\n\treturn SHORT;\n", ""),
        ("\tif (!a)\n\t\treturn 0;\n\treturn SHORT;\n", ""),
        ("\treturn !b ? SHORT : nr_pages / b;\n", ""),
        (
            "\tif (!a) {\n\t\ttell();\n\t\treturn ALL(b);\n\t}\n\treturn SHORT;\n",
            "",
        ),
    ] {
        let body = body
            .replace("SHORT", SHORT)
            .replace("ALL", "pgmap_vmemmap_nr");
        let file = format!(
            "//- mm/sink.c\nint compound_nr_pages(struct device *a, int b, int nr_pages)\n{{\n{body}}}\n\
             static int probe(struct device *a, int b)\n{{\n\treturn compound_nr_pages(a, b, b);\n}}\n\
             static struct driver one = {{ .probe = probe }};\n"
        );
        let found = mended_lines(&file).replace(SHORT, "SHORT");
        assert_eq!(found, line, "{body}");
    }
}

#[test]
fn a_symbol_that_is_nowhere_defined_is_not_asked_for() {
    let mini = base::files(&sink(
        "\tif (a)\n\t\treturn vmemmap_populate_compound_pages();\n\treturn 0;\n",
    ));
    let mini = mini.replace(
        "config ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP\n\tbool\n",
        "",
    );
    let source: Arc<dyn Source> = Arc::new(Memory::new(&mini));
    let mended = try_on(&source, "unselected", &[]);
    let [(_, why)] = mended.without[..] else {
        panic!("{:?}", mended.made);
    };
    assert!(why.starts_with("no Kconfig file defines"), "{why}");
}

/// One of two halves is known: to close the other alone would part them.
#[test]
fn what_is_not_asked_is_not_made_worse() {
    let settings = Settings {
        rules: vec!["unselected".to_owned()],
        ..Settings::default()
    };
    let source = halves(
        "config TOY\n\tdef_bool y\n",
        "vmemmap_populate_basepages(start, end)",
    );
    let answered = rules::check(Arc::clone(&source), &settings, &kernel::Silent).unwrap();
    let findings = &answered.findings;
    assert_eq!(findings.len(), 2);
    for one in findings.chunks(1) {
        let task = Task {
            source: &source,
            settings: &settings,
            answered: &answered,
            findings: one,
            opting: &[],
        };
        let mended = mend(&task, &kernel::Silent).unwrap();
        let [(_, why)] = &mended.refused[..] else {
            panic!("{:?}", mended.made);
        };
        assert!(
            why.contains("in a configuration that never reaches"),
            "{why}"
        );
        assert_eq!(mended.outcome, answered);
    }
}

#[test]
fn what_does_not_mend_is_not_made() {
    // Another driver gets there by another call.
    let body = "\tif (b)\n\t\tvmemmap_populate_compound_pages();\n\t\
                vmemmap_populate_compound_pages();\n\treturn 0;\n";
    let mended = mended("unselected", &sink(body), &[]);
    assert!(mended.made.is_empty() && mended.files.is_empty());
    assert_eq!(mended.outcome.findings.len(), 1);
    let refused = mended.refused.iter().map(|(_, why)| why.as_str());
    let without = mended.without.iter().map(|(_, why)| *why);
    assert_eq!(refused.chain(without).count(), 1);
}

#[test]
fn bytes_beside_an_edit_stay_as_they_are() {
    let body = "\tif (a)\r\n\t\treturn vmemmap_populate_compound_pages();\r\n\treturn vmemmap_populate(b); /* \u{fffd} */\r\n";
    let mended = mended("unselected", &sink(body), &[]);
    let (before, after) = &mended.files["mm/sink.c"];
    let before = String::from_utf8_lossy(before).into_owned();
    let asked = format!("if (a && IS_ENABLED(CONFIG_{SYMBOL}))\r\n");
    assert_eq!(
        String::from_utf8_lossy(after),
        before.replace("if (a)\r\n", &asked)
    );
}

/// A kernel with both halves of the shortcut, which ask nobody; with the architecture's entry, and its backend.
fn halves(entry: &str, backend: &str) -> Arc<dyn Source> {
    let example = include_str!("../../../rules/example.kernel");
    let kernel = include_str!("../../../rules/vmemmap-dax.kernel");
    let gate = "static inline bool vmemmap_can_optimize(struct vmem_altmap *altmap, struct dev_pagemap *pgmap)\n\
                {\n\treturn pgmap && pgmap->vmemmap_shift && !altmap;\n}\n\
                #ifdef CONFIG_ARCH_WANT_OPTIMIZE_DAX_VMEMMAP\nextern int asked;\n#endif\n";
    let populate = "int populate_section_memmap(struct vmem_altmap *altmap, struct dev_pagemap *pgmap)\n{\n\t\
                    if (vmemmap_can_optimize(altmap, pgmap))\n\t\treturn vmemmap_populate_compound_pages(pgmap);\n\t\
                    return vmemmap_populate(0, 0);\n}\n";
    let files = format!(
        "{example}{kernel}//- include/linux/gate.h\n{gate}//- mm/sparse-vmemmap.c\n{populate}//- arch/toy/mm.c\n\
         int vmemmap_populate(unsigned long start, unsigned long end)\n{{\n\treturn {backend};\n}}\n"
    );
    let mut layer = Layer::over(Arc::new(Memory::new(&files)));
    layer.put("arch/toy/Kconfig", entry.as_bytes());
    Arc::new(layer)
}

/// What is done where that architecture is to opt in.
fn whole(entry: &str, backend: &str) -> Mended {
    try_on(&halves(entry, backend), "unselected", &["toy"])
}

/// The entry of the architecture where it opts in, with a short name for the symbol.
fn opted(entry: &str) -> String {
    let mended = whole(entry, "vmemmap_populate_basepages(start, end)");
    assert_eq!(
        (&mended.refused[..], &mended.without[..]),
        (&[][..], &[][..])
    );
    assert_eq!(mended.outcome.findings, []);
    let (_, after) = &mended.files["arch/toy/Kconfig"];
    String::from_utf8_lossy(after).replace("ARCH_WANT_OPTIMIZE_DAX_VMEMMAP", "ARCH_WANT_OPTI")
}

#[test]
fn an_architecture_that_opts_in_selects_where_its_entry_sorts() {
    let line = "\tselect ARCH_WANT_OPTI\n";
    for (before, after) in [
        (
            "config TOY\n\tdef_bool y\n\tselect A\n\tselect B if OPT\n",
            "config TOY\n\tdef_bool y\n\tselect A\nLINE\tselect B if OPT\n",
        ),
        (
            "config TOY\n\tdef_bool y\n\tselect B \\\n\t\tif OPT\n",
            "config TOY\n\tdef_bool y\nLINE\tselect B \\\n\t\tif OPT\n",
        ),
        (
            "config TOY\n\tdef_bool y\n\tselect A \\\n\t\tif OPT\n",
            "config TOY\n\tdef_bool y\n\tselect A \\\n\t\tif OPT\nLINE",
        ),
        // `_` before letters, or behind them, as the others have it.
        (
            "config TOY\n\tdef_bool y\n\tselect ARCH_WANT_OPT_B\n\tselect ARCH_WANT_OPTA\n\tselect ARCH_WANT_P\n",
            "config TOY\n\tdef_bool y\n\tselect ARCH_WANT_OPT_B\n\tselect ARCH_WANT_OPTA\nLINE\tselect ARCH_WANT_P\n",
        ),
        (
            "config TOY\n\tdef_bool y\n\tselect ARCH_WANT_OPTA\n\tselect ARCH_WANT_OPT_B\n",
            "config TOY\n\tdef_bool y\n\tselect ARCH_WANT_OPTA\nLINE\tselect ARCH_WANT_OPT_B\n",
        ),
        // One that is out of order does not draw it to itself.
        (
            "config TOY\n\tdef_bool y\n\tselect A\n\tselect C\n\tselect D\n\tselect ARCH\n\tselect E\n",
            "config TOY\n\tdef_bool y\n\tselect A\nLINE\tselect C\n\tselect D\n\tselect ARCH\n\tselect E\n",
        ),
        // The last line of the file has no end.
        (
            "config TOY\n\tdef_bool y\n\tselect A",
            "config TOY\n\tdef_bool y\n\tselect A\n\tselect ARCH_WANT_OPTI",
        ),
    ] {
        assert_eq!(opted(before), after.replace("LINE", line), "{before}");
    }
}

#[test]
fn an_architecture_opts_in_only_where_no_rule_finds_anything_then() {
    let entry = "config TOY\n\tdef_bool y\n\tselect OPT\n";
    let mended = whole(entry, "mmu_hash_ops.hpte_insert(start, end)");
    let (fix, why) = &mended.refused[0];
    assert_eq!(fix.opts_in.as_deref(), Some("toy"));
    assert!(why.starts_with("with it no-init-mm is "), "{why}");
    // It is closed for it instead.
    assert_eq!(new_lines(&mended, "mm/sparse-vmemmap.c").len(), 2);
    assert_eq!(new_lines(&mended, "mm/mm_init.c").len(), 2);
    assert_eq!(mended.outcome.findings, []);
    assert!(
        mended
            .outcome
            .verdicts
            .iter()
            .all(|cell| cell.rule == "unselected")
    );
}

#[test]
fn a_stale_select_goes_with_its_line() {
    let entry = "config TOY\n\tdef_bool y\n\tselect OLD # why\n\t# of old\n\tselect ARCH_WANT_OPTIMIZE_VMEMMAP \\\n\
                 \t\tif OPT\n\tselect OPT\n";
    let files = format!("//- arch/toy/Kconfig\n{entry}");
    let mended = mended("stale-select", &files, &[]);
    let (_, after) = &mended.files["arch/toy/Kconfig"];
    let gone = "\tselect ARCH_WANT_OPTIMIZE_VMEMMAP \\\n\t\tif OPT\n";
    assert_eq!(String::from_utf8_lossy(after), entry.replace(gone, ""));
    assert_eq!(mended.outcome.findings, []);
}
