//! Every path of a finding: how many, from where, by which calls.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

mod base;

use std::fmt::Write as _;

use rules::Paths;

/// The sink, and the code that leads to it.
fn paths(code: &str) -> Paths {
    let sink = "void vmemmap_populate_compound_pages(void)\n{\n}\n";
    let files = format!("//- mm/sink.c\n{sink}{code}");
    let outcome = base::outcome("unselected", &files);
    assert_eq!(outcome.findings.len(), 1, "{:?}", outcome.verdicts);
    outcome.findings[0].paths.clone().unwrap()
}

/// The entries as `kind: function, count, when`.
fn entries(paths: &Paths) -> Vec<String> {
    let entry = |entry: &rules::PathEntry| {
        let first = &entry.shortest[0].function;
        format!("{}: {first} {} {}", entry.kind, entry.count, entry.when)
    };
    paths.entries.iter().map(entry).collect()
}

#[test]
fn a_chain_is_one_path() {
    let paths = paths(
        "static void probe(void)\n{\n\tvmemmap_populate_compound_pages();\n}\n\
         static struct driver own = { .probe = probe };\n",
    );
    assert_eq!((paths.count, paths.limit.as_deref()), (1, None));
    assert_eq!(entries(&paths), ["probe callbacks: probe 1 always"]);
    assert_eq!(paths.entries[0].object, "own");
    let call = &paths.calls[0];
    assert_eq!((call.caller.as_str(), call.count), ("probe", 1));
}

/// Two ways at each of seventy steps: more paths than could be written out.
#[test]
fn paths_are_counted_without_being_written_out() {
    let mut code =
        String::from("static void f0(void)\n{\n\tvmemmap_populate_compound_pages();\n}\n");
    for n in 1..=70 {
        let below = n - 1;
        write!(
            code,
            "static void f{n}(void)\n{{\n\tf{below}();\n\tf{below}();\n}}\n"
        )
        .unwrap();
    }
    code.push_str(
        "static int __init start(void)\n{\n\tf70();\n\treturn 0;\n}\nmodule_init(start);\n",
    );
    let paths = paths(&code);
    assert_eq!((paths.count, paths.limit), (1 << 70, None));
    assert!(paths.calls.iter().all(|call| call.count <= 1 << 70));
    let own = paths.calls.iter().filter(|call| call.caller == "f35");
    assert_eq!(own.map(|call| call.count).collect::<Vec<_>>(), [1 << 69; 2]);
}

/// `a` and `b` call each other: `start, a`, `start, b, a` and no more.
#[test]
fn a_path_comes_through_no_function_twice() {
    let paths = paths(
        "static void b(int n);\n\
         static void a(int n)\n{\n\tif (n)\n\t\tb(n - 1);\n\tvmemmap_populate_compound_pages();\n}\n\
         static void b(int n)\n{\n\ta(n);\n}\n\
         static int __init start(void)\n{\n\ta(3);\n\tb(2);\n\treturn 0;\n}\n\
         module_init(start);\n",
    );
    assert_eq!((paths.count, paths.limit.as_deref()), (2, None));
    assert_eq!(entries(&paths), ["initcalls: start 2 always"]);
}

/// What is passed closes one of two calls, and a configuration opens the other.
#[test]
fn only_what_is_feasible_is_counted() {
    let paths = paths(
        "static void populate(void *map)\n{\n\tif (map)\n\t\tvmemmap_populate_compound_pages();\n}\n\
         SYSCALL_DEFINE1(own, void *, map)\n{\n\tpopulate(NULL);\n\
         \tif (IS_ENABLED(CONFIG_OPT))\n\t\tpopulate(map);\n\treturn 0;\n}\n\
         static int object;\n\
         static int __init start(void)\n{\n\tpopulate(&object);\n\treturn 0;\n}\n\
         core_initcall(start);\n",
    );
    assert_eq!(paths.count, 2);
    assert_eq!(
        entries(&paths),
        ["initcalls: start 1 always", "system calls: own 1 OPT=y"]
    );
}

/// What an inner function asks of its own values is free further out, but a field of them holds only what
/// somebody has stored.
#[test]
fn what_lies_behind_on_a_path_keeps_what_it_needs_of_kconfig() {
    let paths = paths(
        "struct map {\n\tint shift;\n};\n\
         void set(struct map *map)\n{\n\tif (IS_ENABLED(CONFIG_OPT))\n\t\tmap->shift = 9;\n}\n\
         static void inner(void)\n{\n\tstruct map *map = lookup(7);\n\n\
         \tif (map->shift && ready(7))\n\t\tvmemmap_populate_compound_pages();\n}\n\
         static void middle(int n)\n{\n\tif (n)\n\t\tinner();\n\telse\n\t\tinner();\n}\n\
         static int __init start(void)\n{\n\tmiddle(0);\n\tmiddle(read(1));\n\treturn 0;\n}\n\
         module_init(start);\n",
    );
    assert_eq!((paths.count, paths.limit.as_deref()), (3, None));
    assert_eq!(entries(&paths), ["initcalls: start 3 OPT=y"]);
}

/// A budget that is too small is told, and what is counted is a lower bound.
#[test]
fn a_limit_is_told() {
    let mut code =
        String::from("static void f0(void)\n{\n\tvmemmap_populate_compound_pages();\n}\n");
    for n in 1..=20 {
        write!(code, "static void f{n}(void)\n{{\n\tf{}();\n}}\n", n - 1).unwrap();
        write!(
            code,
            "static int __init i{n}(void)\n{{\n\tf{n}();\n\treturn 0;\n}}\nmodule_init(i{n});\n"
        )
        .unwrap();
    }
    let sink = "void vmemmap_populate_compound_pages(void)\n{\n}\n";
    let files = format!("//- mm/sink.c\n{sink}{code}");
    let limits = rules::Limits {
        states: 10,
        ..rules::Limits::default()
    };
    let outcome = base::outcome_with("unselected", &files, |settings| settings.limits = limits);
    let paths = outcome.findings[0].paths.clone().unwrap();
    assert!(
        paths.limit.is_some() && paths.count > 0 && paths.count < 20,
        "{paths:?}"
    );
    let limits = rules::Limits {
        depth: 3,
        ..rules::Limits::default()
    };
    let outcome = base::outcome_with("unselected", &files, |settings| settings.limits = limits);
    let paths = outcome.findings[0].paths.clone().unwrap();
    assert!(
        paths.limit.unwrap().contains("3 calls"),
        "{:?}",
        outcome.findings[0]
    );
}
