//! What a purely syntactic call graph gets wrong, each as the smallest kernel that shows it.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

mod base;

use base::outcome;

/// The verdict and reason of `unselected` for the one architecture, with `files` laid over [`BASE`].
fn check(files: &str, expect: &str) {
    check_rule("unselected", files, expect);
}

fn check_rule(rule: &str, files: &str, expect: &str) {
    let outcome = outcome(rule, files);
    let verdict = &outcome.verdicts[0];
    let path: Vec<&str> = outcome.findings.first().map_or(Vec::new(), |f| {
        f.path.iter().map(|s| s.function.as_str()).collect()
    });
    let got = format!("{} {}", verdict.verdict.word(), path.join(" > "));
    assert_eq!(got.trim(), expect, "{files}\n{}", verdict.reason);
}

const SINK: &str = "static int vmemmap_populate_compound_pages(void) { return 0; }\n";

fn sink(body: &str, expect: &str) {
    check(&sink_files(body), expect);
}

fn sink_files(body: &str) -> String {
    format!("//- mm/sink.c\n{SINK}{body}")
}

#[test]
fn an_entry_is_needed() {
    sink(
        "void go(void) { vmemmap_populate_compound_pages(); }",
        "cannot-reach",
    );
    sink(
        "static void go(void) { vmemmap_populate_compound_pages(); }\nmodule_init(go);",
        "flagged go",
    );
    sink(
        "static void go(void) { vmemmap_populate_compound_pages(); }\nstatic struct ops o = { .probe = go };",
        "flagged go",
    );
}

#[test]
fn a_literal_null_closes_a_path_and_an_address_opens_it() {
    let gate = "static void pop(void *map) { if (map) vmemmap_populate_compound_pages(); }\n";
    sink(
        &format!("{gate}static int go(void) {{ pop(NULL); }}\nmodule_init(go);"),
        "cannot-reach",
    );
    sink(
        &format!("{gate}static int x; static int go(void) {{ pop(&x); }}\nmodule_init(go);"),
        "flagged go > pop",
    );
}

#[test]
fn a_field_that_the_initialiser_leaves_out_is_zero() {
    let gate = "struct params { void *map; int prot; };\n\
        static void pop(struct params *p) { if (p->map) vmemmap_populate_compound_pages(); }\n";
    let go = |init: &str| {
        format!(
            "{gate}static int go(void *m) {{ struct params p = {{ {init} }}; pop(&p); }}\nmodule_init(go);"
        )
    };
    sink(&go(".prot = 1"), "cannot-reach");
    sink(&go(".map = m"), "flagged go > pop");
    sink(&go("0"), "cannot-reach");
    sink(&go("m, 1"), "flagged go > pop");
    let stored = format!(
        "{gate}static int go(void *m) {{ struct params p = {{ }}; p.map = m; pop(&p); }}\nmodule_init(go);"
    );
    sink(&stored, "flagged go > pop");
}

#[test]
fn zeroed_memory_is_zero_until_something_stores_to_it() {
    let gate = "static void pop(struct map *p) { if (1 << p->shift > 1) vmemmap_populate_compound_pages(); }\n";
    let go = |store: &str| {
        format!(
            "{gate}static int go(void) {{ struct map *m; m = kzalloc(8, 1); {store} pop(m); }}\nmodule_init(go);"
        )
    };
    sink(&go(""), "cannot-reach");
    sink(&go("m->shift = 9;"), "flagged go > pop");
}

#[test]
fn memory_that_is_cleared_is_zero_from_there_on() {
    let gate = "static void pop(struct map *p) { if (1 << p->shift > 1) vmemmap_populate_compound_pages(); }\n";
    let go = |body: &str| {
        format!(
            "{gate}static int go(struct dev *d) {{ struct map *m; if (!d->ok) return -1; m = &d->map; {body} }}\nmodule_init(go);"
        )
    };
    sink(&go("memset(m, 0, sizeof(*m)); pop(m);"), "cannot-reach");
    sink(&go("pop(m); memset(m, 0, sizeof(*m));"), "flagged go > pop");
    sink(
        &go("memset(m, 0, sizeof(*m)); m->shift = 9; pop(m);"),
        "flagged go > pop",
    );
    sink(
        &go("if (d->new) memset(m, 0, sizeof(*m)); pop(m);"),
        "flagged go > pop",
    );
    let local = |body: &str| {
        format!(
            "{gate}static int go(struct map *old) {{ struct map m; {body} pop(&m); }}\nmodule_init(go);"
        )
    };
    sink(&local("memset(&m, 0, sizeof(m));"), "cannot-reach");
    sink(
        &local("memset(&m, 0, sizeof(m)); m = *old;"),
        "flagged go > pop",
    );
}

#[test]
fn a_gate_may_be_a_macro_a_stub_or_an_option() {
    let go =
        "static int go(void) { if (gate()) vmemmap_populate_compound_pages(); }\nmodule_init(go);";
    sink(&format!("#define gate() (0, false)\n{go}"), "cannot-reach");
    sink(
        &format!("#define real() 1\n#define gate real\n{go}"),
        "flagged go",
    );
    let stub = "#ifdef CONFIG_ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP\nbool gate(void);\n#else\n\
        static inline bool gate(void) { return false; }\n#endif\n";
    sink(&format!("{stub}{go}"), "cannot-reach");
    sink(
        "static int go(void) { if (!IS_ENABLED(CONFIG_OPT)) return 0; vmemmap_populate_compound_pages(); }\nmodule_init(go);",
        "flagged go",
    );
    sink(
        "static int go(void) { if (!IS_ENABLED(CONFIG_NONE)) return 0; vmemmap_populate_compound_pages(); }\nmodule_init(go);",
        "cannot-reach",
    );
}

#[test]
fn an_architecture_overrides_by_defining_a_name_as_itself() {
    let generic = "#include <asm/gate.h>\n#ifndef has_own_gate\nstatic inline int has_own_gate(void *m) { return 1; }\n#endif\n";
    let go = "static int go(void *m) { if (has_own_gate(m)) vmemmap_populate_compound_pages(); }\nmodule_init(go);";
    // The override is defined in a file that is only built with OPT, and says no there: without
    // OPT the call would not link.
    let other = "//- mm/other.c\nint has_own_gate(void *map) { return 0; }\n";
    check(
        &format!("//- mm/sink.c\n{SINK}{generic}{go}\n{other}"),
        "cannot-reach",
    );
    let other = "//- mm/other.c\nint has_own_gate(void *map) { return map != 0; }\n";
    check(
        &format!("//- mm/sink.c\n{SINK}{generic}{go}\n{other}"),
        "flagged go",
    );
}

#[test]
fn conditionals_across_braces() {
    sink(
        "static int go(int a)\n{\n#ifdef CONFIG_NONE\n\tif (a) {\n#else\n\tif (0) {\n#endif\n\t\tvmemmap_populate_compound_pages();\n\t}\n\treturn 0;\n}\nmodule_init(go);",
        "cannot-reach",
    );
    sink(
        "static int go(int a)\n{\n#ifdef CONFIG_OPT\n\treturn 0;\n#endif\n\tgoto out;\nout:\n\tvmemmap_populate_compound_pages();\n\treturn 0;\n}\nmodule_init(go);",
        "flagged go",
    );
}

#[test]
fn static_functions_of_one_name_are_two() {
    let other = "//- mm/other.c\nstatic void pop(void) { }\nstatic int go(void) { pop(); }\nmodule_init(go);\n";
    check(
        &format!(
            "//- mm/sink.c\n{SINK}static void pop(void) {{ vmemmap_populate_compound_pages(); }}\n{other}"
        ),
        "flagged pop",
    );
    let used = "void start(void) { pop(); }\n";
    check(
        &format!(
            "//- mm/sink.c\n{SINK}static void pop(void) {{ vmemmap_populate_compound_pages(); }}\n{used}{other}"
        ),
        "cannot-reach",
    );
}

#[test]
fn calls_hidden_in_macros_keep_their_arguments() {
    let macros =
        "#define WRAP(x) ({ int __r = pop(x); __r; })\n#define DO(x) do { WRAP(x); } while (0)\n";
    let pop = "static int pop(void *m) { if (m) vmemmap_populate_compound_pages(); return 0; }\n";
    sink(
        &format!("{pop}{macros}static int go(void) {{ DO(NULL); }}\nmodule_init(go);"),
        "cannot-reach",
    );
    sink(
        &format!("{pop}{macros}static int x; static int go(void) {{ DO(&x); }}\nmodule_init(go);"),
        "flagged go > pop",
    );
}

#[test]
fn a_static_function_that_nothing_names_is_used_by_a_macro_or_not_at_all() {
    let show = |mark: &str| {
        format!("static int {mark} state_show(void) {{ vmemmap_populate_compound_pages(); }}\n")
    };
    sink(
        &format!("{}DEVICE_ATTR_RO(state);", show("")),
        "flagged state_show",
    );
    sink(&show(""), "flagged state_show");
    sink(&show("__maybe_unused"), "cannot-reach");
    sink(
        &format!("{}DEVICE_ATTR_RO(state);", show("__maybe_unused")),
        "flagged state_show",
    );
}

#[test]
fn a_macro_that_pastes_a_name_does_not_enter_the_function_so_called() {
    let go = "void go(void) { vmemmap_populate_compound_pages(); }\n";
    let used = |macros: &str| sink_files(&format!("{macros}\n{go}NI(go);\n"));
    check(&used("#define NI(x) cond_syscall(sys_##x)"), "cannot-reach");
    let wrapped = "#ifdef CONFIG_OPT\n#define __NI(x) long __weak __toy_##x(void) { return 0; }\n\
        #define NI(x) __NI(sys_##x)\n#else\n#define NI NI_ALL\n\
        #define NI_ALL(x) WEAK(sys_##x)\n#define WEAK(x) asm(\".weak\\t\" #x \"\\n\")\n#endif";
    check(&used(wrapped), "cannot-reach");
    check(
        &used("#define NI(x) asm(\".long \" #x \" - .\")"),
        "flagged go",
    );
    check(
        &used("#define NI(x) struct call c_##x = { x }"),
        "flagged go",
    );
    let sometimes = "#ifdef CONFIG_OPT\n#define NI(x) int no_##x\n#else\n\
        #define NI(x) int (*p_##x)(void) = x\n#endif";
    check(&used(sometimes), "flagged go");
    check(&used("#define NI(x) MADE(elsewhere, x)"), "flagged go");
    check(&used(""), "flagged go");
    // An alias is the function that it stands for, and a text that others read is another one each time.
    let alias = "#define start_it go\nvoid go(void) { vmemmap_populate_compound_pages(); }\n";
    sink(&format!("{alias}module_init(start_it);\n"), "flagged go");
    sink(
        &format!("{alias}#define NI(x) int (*p)(void) = x\nNI(start_it);\n"),
        "flagged go",
    );
    let table = "//- mm/list.tbl.c\nX(go)\n//- mm/table.c\n#define X(f) extern int nr_##f;\n#include \"list.tbl.c\"\n\
        #undef X\n#define X(f) void (*p_##f)(void) = f;\n#include \"list.tbl.c\"\n\
        //- mm/Makefile\nobj-y := sink.o table.o\n";
    check(&format!("{}{table}", sink_files(go)), "flagged go");
    let huge = format!(
        "#define NI(x) int t_##x[] = {{ {} }}; void (*p)(void) = x",
        "0,".repeat(140_000)
    );
    check(&used(&huge), "flagged go");
}

#[test]
fn assembler_calls_what_it_names_and_does_not_export() {
    let go = "void go(void) { vmemmap_populate_compound_pages(); }\n";
    let files = |line: &str| {
        format!(
            "//- mm/sink.c\n{SINK}{go}//- mm/start.S\n#include <linux/linkage.h>\n\t{line}\n//- mm/Makefile\nobj-y := sink.o start.o\n"
        )
    };
    check(&files("bl go"), "flagged go");
    check(&files("EXPORT_SYMBOL(go)"), "cannot-reach");
    check(&files("/* go */ nop"), "cannot-reach");
    check(&files("bl go").replace("start.o", ""), "cannot-reach");
}

#[test]
fn a_weak_function_gives_way_to_a_strong_one() {
    let weak = "void __weak go(void) { vmemmap_populate_compound_pages(); }\n\
        static void start(void) { go(); }\nmodule_init(start);\n";
    sink(weak, "flagged start > go");
    let strong = format!("//- mm/sink.c\n{SINK}{weak}//- mm/other.c\nvoid go(void) {{ }}\n");
    check(&strong, "flagged start > go");
    let always = format!("{strong}//- mm/Makefile\nobj-y := sink.o other.o\n");
    check(&always, "cannot-reach");
}

#[test]
fn a_module_calls_only_what_is_exported() {
    let files = |export: &str| {
        format!(
            "//- mm/Makefile\nobj-y := sink.o\nobj-$(CONFIG_MOD) += mod.o\n\
            //- arch/toy/Kconfig\nconfig TOY\n\tdef_bool y\nconfig MOD\n\ttristate \"m\"\n\tdepends on m\n\
            //- mm/sink.c\n{SINK}void go(void) {{ vmemmap_populate_compound_pages(); }}\n{export}\n\
            //- mm/mod.c\nstatic int start(void) {{ go(); return 0; }}\nmodule_init(start);\n"
        )
    };
    check(&files(""), "cannot-reach");
    check(&files("EXPORT_SYMBOL_GPL(go);"), "flagged start > go");
}

#[test]
fn what_kconfig_always_defines_is_always_defined() {
    let files = |depends: &str| {
        format!(
            "//- arch/toy/Kconfig\nconfig TOY\n\tdef_bool y\nconfig ORDER\n\tint\n{depends}\tdefault 10\n\
            //- mm/sink.c\n{SINK}static int start(void) {{\n#ifndef CONFIG_ORDER\n\tvmemmap_populate_compound_pages();\n#endif\n\treturn 0;\n}}\nmodule_init(start);\n"
        )
    };
    check(&files(""), "cannot-reach");
    check(&files("\tdepends on OPT\n"), "flagged start");
}

#[test]
fn sizes_that_every_compiler_agrees_on_are_computed() {
    let go = |test: &str| {
        format!(
            "static int start(void) {{ if ({test}) vmemmap_populate_compound_pages(); return 0; }}\nmodule_init(start);"
        )
    };
    sink(&go("sizeof(int) == 4"), "flagged start");
    sink(&go("sizeof(u64) < 8"), "cannot-reach");
    // Nothing here defines 64BIT.
    sink(&go("sizeof(void *) == 8"), "cannot-reach");
    sink(&go("sizeof(unsigned long) == 4"), "flagged start");
    sink(&go("sizeof(struct page) == 64"), "flagged start");
}

#[test]
fn what_is_broken_on_the_way_makes_it_unknown() {
    let broken =
        |body: &str| format!("void go(void) {{ vmemmap_populate_compound_pages(); }}\n{body}");
    sink(&broken("int x;"), "cannot-reach");
    sink(&broken("#ifdef CONFIG_OPT\nint x;"), "unknown");
    sink(&broken("#endif"), "unknown");
    sink(&broken("int other(void)\n{\n\tif (1) {\n"), "unknown");
    // What is found is found all the same.
    sink(&broken("module_init(go);\n#endif"), "flagged go");
    let makefile = |line: &str| {
        format!(
            "//- mm/sink.c\n{SINK}{}//- mm/Makefile\n{line}\n",
            broken("")
        )
    };
    check(&makefile("obj-y := sink.o"), "cannot-reach");
    check(&makefile("obj-$(CONFIG_OPT := sink.o"), "unknown");
    check(&makefile("ifdef CONFIG_OPT\nobj-y := sink.o"), "unknown");
}

#[test]
fn a_recursion_comes_to_an_end() {
    let calls = |call: &str, start: &str| {
        format!(
            "static int rec(int n) {{ if (n > 5) return {call}; return vmemmap_populate_compound_pages(); }}\n\
            static int start(void) {{ {start} }}\nmodule_init(start);"
        )
    };
    sink(
        &calls("rec(n - 1)", "return rec(7);"),
        "flagged start > rec > rec > rec",
    );
    sink(
        &calls("rec(n & 3)", "return rec(3);"),
        "flagged start > rec",
    );
    sink(
        "static int two(int n);\n\
        static int one(int n) { if (n) return two(n + 1); return vmemmap_populate_compound_pages(); }\n\
        static int two(int n) { return n ? one(n * 2) : 0; }\n",
        "cannot-reach",
    );
}

#[test]
fn a_c_file_may_be_included_by_another() {
    let files = |include: &str| {
        format!(
            "//- mm/sink.c\nint vmemmap_populate_compound_pages(void) {{ return 0; }}\n\
            //- mm/impl.c\nstatic int helper(void) {{ return vmemmap_populate_compound_pages(); }}\n\
            //- mm/user.c\n{include}static int start(void) {{ return helper(); }}\nmodule_init(start);\n\
            //- mm/Makefile\nobj-y := sink.o\nobj-$(CONFIG_OPT) += user.o\n"
        )
    };
    check(&files("#include \"impl.c\"\n"), "flagged start > helper");
    check(
        &files("#include \"../mm/impl.c\"\n"),
        "flagged start > helper",
    );
    check(&files(""), "cannot-reach");
}

#[test]
fn a_backend_that_only_fails_maps_nothing() {
    let files = |body: &str| {
        format!(
            "//- mm/sink.c\n{SINK}static int go(void) {{ return vmemmap_populate_compound_pages(); }}\nmodule_init(go);\n\
            //- arch/toy/Makefile\ncore-y += arch/toy/mm/\n//- arch/toy/mm/Makefile\nobj-y := init.o\n\
            //- arch/toy/mm/init.c\nint vmemmap_populate(unsigned long start) {{ {body} }}\n"
        )
    };
    let rule = |body: &str, expect: &str| check_rule("no-init-mm", &files(body), expect);
    rule("return 0;", "flagged go");
    rule("return bolt(start);", "flagged go");
    rule("return pgd_offset_k(start) ? 0 : -ENOMEM;", "clean");
    rule("if (start) return -EINVAL; return -ENOMEM;", "clean");
    rule("return -1;", "clean");
}

#[test]
fn an_alias_without_parentheses_is_the_function_that_it_names() {
    let alias = "#define gate __gate\nstatic inline bool __gate(void *m) { return ANSWER; }\n\
        static int x; static int go(void) { if (gate(&x)) vmemmap_populate_compound_pages(); }\nmodule_init(go);";
    sink(&alias.replace("ANSWER", "m != 0"), "flagged go");
    sink(&alias.replace("ANSWER", "m == 0"), "cannot-reach");
}

#[test]
fn of_two_definitions_the_configuration_takes_one() {
    // `populate` is empty without OPT; only with it does a path lead on.
    let sink = format!(
        "//- mm/Makefile\nobj-y := sink.o\nifdef CONFIG_OPT\nobj-y += full.o\nelse\nobj-y += bare.o\nendif\n\
         //- mm/bare.c\nint populate(void) {{ return 0; }}\n\
         //- mm/full.c\n{SINK}int populate(void) {{ return vmemmap_populate_compound_pages(); }}\n"
    );
    let go = |test: &str| {
        format!(
            "{sink}//- mm/sink.c\nint populate(void);\n\
             static int go(void) {{ if ({test}) return 0; return populate(); }}\nmodule_init(go);\n"
        )
    };
    check(&go("0"), "flagged go > populate");
    check(&go("IS_ENABLED(CONFIG_OPT)"), "cannot-reach");
}

#[test]
fn a_part_of_a_composite_object_is_built_with_the_whole() {
    let files = |symbol: &str, part: &str| {
        format!(
            "//- mm/Makefile\nobj-$({symbol}) := both.o\nboth-y := sink.o\nboth-$({part}) += other.o\n\
             //- mm/sink.c\nint populate(void);\n#ifndef CONFIG_OPT\nstatic int go(void) {{ return populate(); }}\n\
             module_init(go);\n#endif\n\
             //- mm/other.c\n{SINK}int populate(void) {{ return vmemmap_populate_compound_pages(); }}\n"
        )
    };
    check(&files("CONFIG_TOY", "CONFIG_TOY"), "flagged go > populate");
    check(&files("CONFIG_TOY", "CONFIG_OPT"), "cannot-reach");
    check(&files("CONFIG_OPT", "CONFIG_TOY"), "cannot-reach");
}

#[test]
fn an_allocation_behind_hooks_is_a_call() {
    let hooks = "#define alloc_hooks_tag(_call) ({ typeof(_call) _res = _call; _res; })\n\
        #define alloc_hooks(_call) ({ enter(); alloc_hooks_tag(_call); })\n\
        #define get(...) alloc_hooks(get_noprof(__VA_ARGS__))\n\
        static void *get_noprof(int n) { if (n > 1) vmemmap_populate_compound_pages(); return 0; }\n";
    let go = |n: u32| format!("{hooks}static int go(void) {{ get({n}); }}\nmodule_init(go);");
    sink(&go(2), "flagged go > get_noprof");
    sink(&go(1), "cannot-reach");
}

#[test]
fn definitions_by_macro_with_and_without_semicolons() {
    sink(
        "DEFINE_FREE(held, void *, if (_T) drop(_T))\nSYSCALL_DEFINE2(populate, int, a, int, b)\n{\n\
         \tif (a == b)\n\t\treturn vmemmap_populate_compound_pages();\n\treturn 0;\n}\n",
        "flagged populate",
    );
    // What a macro makes at the top of a file has no name here: that the macro mentions it is the entry.
    sink(
        "#define GUARD(name, body) static void name(void) { body; }\n\
         GUARD(go, vmemmap_populate_compound_pages())\nmodule_init(go);",
        "flagged vmemmap_populate_compound_pages",
    );
}

#[test]
fn what_one_driver_stores_another_does_not() {
    // Both hand in a map; only one of them sets the shift, and only where OPT is on.
    let pop = "struct map { int shift; };\n\
        static void pop(struct map *m) { if (m->shift) vmemmap_populate_compound_pages(); }\n";
    let first = "static int first(void) { struct map m = { }; pop(&m); }\nmodule_init(first);\n";
    let second =
        "static int second(void) { struct map m = { }; STORE; pop(&m); }\nmodule_init(second);\n";
    sink(&format!("{pop}{first}"), "cannot-reach");
    let both = format!("{pop}{first}{second}");
    sink(
        &both.replace("STORE", "m.shift = 9"),
        "flagged second > pop",
    );
    // A macro stores as well as an assignment does.
    let write = "#define WRITE_ONCE(x, v) do { *(volatile typeof(x) *)&(x) = (v); } while (0)\n";
    let written = both.replace("STORE", "WRITE_ONCE(m.shift, 9)");
    sink(&format!("{write}{written}"), "flagged second > pop");
}

#[test]
fn a_stub_in_an_else_is_another_function() {
    let header = "//- arch/toy/include/asm/gate.h\n#ifdef CONFIG_OPT\nint populate(void);\n#else\n\
        static inline int populate(void) { return 0; }\n#endif\n";
    let other = format!(
        "//- mm/other.c\n{SINK}int populate(void) {{ return vmemmap_populate_compound_pages(); }}\n"
    );
    let go = |test: &str| {
        format!(
            "{header}{other}//- mm/sink.c\n#include <asm/gate.h>\n\
             static int go(void) {{ if ({test}) return populate(); return 0; }}\nmodule_init(go);\n"
        )
    };
    check(&go("1"), "flagged go > populate");
    check(&go("!IS_ENABLED(CONFIG_OPT)"), "cannot-reach");
}
