//! What a function calls, macros looked through: each the smallest text that shows it.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

use std::sync::Arc;

use kconfig::Library;
use kernel::Tree;
use reach::{Analysis, Callee, Limits, Vocabulary};
use source::Memory;

const BASE: &str = "\
//- Makefile
VERSION = 6
//- Kbuild
obj-y += mm/
//- Kconfig
config MODULES
\tbool \"modules\"
\tmodules
config OPT
\tbool \"an option\"
config NR
\tint \"a number\"
\tdefault 4
source \"arch/$(SRCARCH)/Kconfig\"
//- arch/toy/Kconfig
config TOY
\tdef_bool y
//- arch/toy/Makefile
//- mm/Makefile
obj-y := a.o b.o
//- mm/b.c
int g(int x) { return x; }
int h(int x) { return x; }
int k(int x) { return x; }
";

/// The calls of `f` in mm/a.c, in order: `name: when`.
fn check(text: &str, expect: &[&str]) {
    check_under(text, None, expect);
}

fn check_under(text: &str, given: Option<&[(&str, &str)]>, expect: &[&str]) {
    ask(text, given, |analysis| {
        let mut shown = Vec::new();
        for edge in analysis.calls_seen("mm/a.c", "f") {
            if !matches!(edge.callee, Callee::Nowhere(_)) {
                let when = analysis.words(edge.when);
                shown.push(format!("{}: {when}", edge.callee.name()));
            }
        }
        assert_eq!(shown, expect, "{text}");
    });
}

fn ask(text: &str, given: Option<&[(&str, &str)]>, asked: impl Fn(&mut Analysis<'_>)) {
    let source = Arc::new(Memory::new(&format!("{BASE}//- mm/a.c\n{text}\n")));
    let tree = Tree::open(source).unwrap();
    let arch = tree.architecture("toy").unwrap();
    let model = kconfig::elaborate(&Library::new(), tree.source(), &arch.environment(&tree));
    let vocabulary = Vocabulary {
        stops: ["work.func".to_owned()].into(),
        ..Vocabulary::default()
    };
    let limits = Limits {
        generated: true,
        ..Limits::default()
    };
    let mut analysis = Analysis::new(&tree, &model, vec![arch.directory], &vocabulary, limits);
    if let Some(given) = given {
        let pairs = given
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        analysis.assume(pairs.collect());
    }
    asked(&mut analysis);
}

#[test]
fn arguments_count_where_a_macro_uses_them() {
    check(
        "#ifdef CONFIG_OPT\n#define log(x) h(x)\n#else\n#define log(x) do { } while (0)\n#endif\n\
         void f(void) { log(g(1)); }",
        &["h: OPT=y", "g: OPT=y"],
    );
    check(
        "#define twice(x) ({ typeof(x) v = (x); v + k(v); })\nvoid f(int a) { twice(g(a)); }",
        &["g: always", "k: always"],
    );
    check(
        "#define if_on(x) (IS_ENABLED(CONFIG_OPT) ? (x) : 0)\nint f(void) { return if_on(g(1)); }",
        &["g: OPT"],
    );
}

#[test]
fn tokens_that_are_put_together_are_names() {
    check(
        "#define CALL(n, x) call_##n(x)\n#define call_a g\nvoid f(void) { CALL(a, 1); }",
        &["g: always"],
    );
    check(
        "#define PREFIX g\n#define JOIN(a, b) a##b\n#define CONCAT(a, b) JOIN(a, b)\n\
         #define NAME(x) CONCAT(PREFIX, x)\n#define RAW(x) JOIN(PREFIX, x)\n\
         int g_1(void) { return 0; }\nint PREFIX_1(void) { return 0; }\n\
         void f(void) { NAME(_1)(); RAW(_1)(); }",
        &["g_1: always", "PREFIX_1: always"],
    );
    check(
        "#define CLASS(n, v) struct n *v __cleanup(drop_##n) = take_##n\n\
         #define guard(n) CLASS(n, held)\n\
         struct m; static struct m *take_m(int *x) { return 0; }\nstatic void drop_m(void *m) { }\n\
         int l;\nvoid f(void) { guard(m)(&l); g(2); }",
        &["drop_m: always", "take_m: always", "g: always"],
    );
    check(
        "#define free_g(p) g(*(int *)p)\n#define __free(n) __cleanup(__free_##n)\n\
         static void __free_k(void *p) { k(1); }\nvoid f(void) { void *p __free(k) = 0; h(3); }",
        &["__free_k: always", "h: always"],
    );
}

#[test]
fn a_macro_may_be_told_what_to_call() {
    check(
        "#define apply(fn, ...) fn(__VA_ARGS__)\nvoid f(void) { apply(g, 1); apply(h); }",
        &["g: always", "h: always"],
    );
    check(
        "#define once(fn, ...) ({ fn(__VA_ARGS__); })\n#define note(fmt, ...) h(k(fmt), ##__VA_ARGS__)\n\
         void f(void) { once(note, g(1), 2); }",
        &["h: always", "k: always", "g: always"],
    );
    check(
        "#define COUNT_(a, b, n, ...) n\n#define COUNT(x...) COUNT_(x, 2, 1)\n\
         #define CAT_(a, b) a##b\n#define CAT(a, b) CAT_(a, b)\n\
         #define run(args...) CAT(run_, COUNT(args))(args)\nint run_2(int a, int b) { return 0; }\n\
         void f(void) { run(1, 2); }",
        &["run_2: always"],
    );
    check(
        "#define print(fmt, ...) out(h, fmt, ##__VA_ARGS__)\n#define out(fn, fmt, ...) ({ fn(fmt, ##__VA_ARGS__); })\n\
         void f(void) { print(\"%d\", g(1)); }",
        &["h: always", "g: always"],
    );
}

#[test]
fn a_macro_in_its_own_argument_is_expanded_again() {
    check(
        "#define CALL(n, x) call_##n(x)\n#define call_a g\n#define call_b h\n\
         void f(void) { CALL(a, CALL(b, 1)); }",
        &["g: always", "h: always"],
    );
    // But a name that a macro puts behind itself is the name.
    check(
        "#define call_g(x) JOIN(g, x)\n#define JOIN(n, x) n(x)\n#define g(x) call_g(x)\n\
         void f(void) { g(g(1)); }",
        &["g: always", "g: always"],
    );
    check(
        "#define self(x) x(x)\nint self(int x) { return 0; }\nvoid f(void) { self(self); }",
        &["self: always"],
    );
    check(
        "#define COUNT_(a, b, n, ...) n\n#define COUNT(x...) COUNT_(x, 2, 1)\n\
         #define CAT_(a, b) a##b\n#define CAT(a, b) CAT_(a, b)\n\
         #define cast(x) ({ typeof(x) v = (x); k(v); })\n\
         #define cast_1(a, ...) cast(a)\n#define cast_2(a, ...) cast(a), cast_1(__VA_ARGS__)\n\
         #define casts(...) CAT(cast_, COUNT(__VA_ARGS__))(__VA_ARGS__)\n\
         int run_2(int x, int a, int b) { return 0; }\n\
         #define DEFINE(name, args) void name(void *x) { CAT(run_, COUNT(args))(x, casts(args)); }\n\
         #define ARGS(...) __VA_ARGS__\n#define DEFINES(n, args) DEFINE(n, ARGS(args))\n\
         DEFINES(f, ARGS(g(1), 2))",
        &["run_2: always", "g: always", "k: always", "k: always"],
    );
}

#[test]
fn loops_and_statements_are_looked_through() {
    check(
        "#define for_each(i) for (i = g(0); i; i = h(i))\nvoid f(void) { int i; for_each(i) { k(i); } }",
        &["g: always", "h: i", "k: always"],
    );
    check(
        "#define wait(c) do { if (c) break; for (;;) { if (c) break; h(1); } k(2); } while (0)\n\
         void f(struct s *s) { wait(s->done); }",
        &["h: !s->done", "k: !s->done"],
    );
    check(
        "#define might() do { if (IS_ENABLED(CONFIG_OPT)) g(1); h(2); } while (0)\nvoid f(void) { might(); }",
        &["g: OPT", "h: always"],
    );
}

#[test]
fn what_is_called_may_be_a_macros_or_a_prototypes_name() {
    check(
        "#define op (g)\nvoid f(void) { extern int h(int x); op(k(1)); h(2); }",
        &["g: always", "k: always", "h: always"],
    );
    check(
        "#define RUN(fn) fn(1)\nvoid f(void) { RUN(ops(g(1))->go); }",
        &["ops(g(1))->go: always", "g: always"],
    );
    check(
        "#define IO(bus) static int bus##get(int x) { return g(x); }\nIO()\nIO(w)\n\
         void f(void) { get(1); wget(2); }",
        &["get: always", "wget: always"],
    );
}

#[test]
fn an_argument_that_is_used_twice_again_and_again_comes_to_an_end() {
    let nested = format!("{}g(1){}", "D(".repeat(60), ")".repeat(60));
    check(
        &format!("#define D(x) ((x) + (x))\nvoid f(void) {{ {nested}; }}"),
        &["g: always"],
    );
}

#[test]
fn what_a_compiler_may_find_constant_is_open() {
    check(
        "#define NULL ((void *)0)\n#define bitop(op, nr, addr) ((__builtin_constant_p(nr) && \\\n\
         __builtin_constant_p((uintptr_t)(addr) != (uintptr_t)NULL) && \\\n\
         (uintptr_t)(addr) != (uintptr_t)NULL && \\\n\
         __builtin_constant_p(*(const unsigned long *)(addr))) ? \\\n\
         const##op(nr, addr) : op(nr, addr))\n#define test(nr, addr) bitop(_test, nr, addr)\nint const_test(int nr, long *p) { return 0; }\nint _test(int nr, long *p) { return 1; }\n\
         struct s { long flags; };\nint f(struct s *s) { return test(BIT, &s->flags); }",
        &[
            "const_test: __builtin_constant_p(*(const unsigned long *)( &s->flags ))",
            "_test: !(__builtin_constant_p(*(const unsigned long *)( &s->flags )))",
        ],
    );
}

#[test]
fn functions_that_macros_make_are_functions() {
    check(
        "#define TEST(n) static inline int test_##n(int x) { return g(x); }\n\
         #define SET(n) static inline int set_##n(int x) { return h(x); }\n\
         #define BOTH(n) TEST(n) SET(n)\nBOTH(a)\n\
         void f(void) { test_a(1); set_a(2); }",
        &["test_a: always", "set_a: always"],
    );
    check(
        "#define MAKE(n) void n(void) { g(1); }\nMAKE(f)\n",
        &["g: always"],
    );
}

#[test]
fn functions_whose_heads_macros_make_have_the_name_that_these_give() {
    let text = "#define OUTER_x(name, ...) \\\n\
         \tstatic int ____##name(__VA_ARGS__); \\\n\
         \tint name(long a) { return ____##name(a); } \\\n\
         \tstatic int ____##name(__VA_ARGS__)\n\
         #define OUTER1(name, args...) OUTER_x(name, args)\n\
         OUTER1(f, int x)\n{\n\treturn g(x);\n}\n";
    check(text, &["____f: always"]);
    check(
        &format!(
            "{}void f(void) {{ ____made(1); }}",
            text.replace("(f,", "(made,")
        ),
        &["____made: always"],
    );
    check(
        "#define FN(name) start_##name\nstatic int FN(k)(int x)\n{\n\treturn h(x);\n}\n\
         void f(void) { start_k(1); }",
        &["start_k: always"],
    );
    check(
        "#define FN(name) start_##name\n#define DEFINE(name, x) int FN(name)(int a) { return x; }\n\
         DEFINE(k, g(1))\nvoid f(void) { start_k(1); }\n",
        &["start_k: always"],
    );
    check(
        "#define EVENT(name, body) int name(int x) { return body; }\n#ifdef CONFIG_OPT\n#define EVENT_OPT EVENT\n\
         #else\n#define EVENT_OPT(name, body)\n#endif\nEVENT_OPT(f, g(x))",
        &["g: OPT=y"],
    );
}

#[test]
fn a_list_may_be_passed_with_its_parentheses() {
    check(
        "#define ERROR(list) h list\n#define leave(x) return(x)\n#define INFO g(3), 1\n\
         int f(void) { ERROR((k(1), 2)); leave(g(2)); }",
        &["h: always", "k: always", "g: always"],
    );
}

#[test]
fn a_type_selects() {
    let text = "struct a { int x; }; struct b { struct a *a; struct a in; }; struct b_;\n\
         #define to(p) _Generic((p), const struct a *: g, struct a *: g, \\\n\
         \tstruct b *: h, default: k)(p)\n\
         #define one(t, fn) struct t##_ *: fn\n#define by(p) _Generic(*(p), one(, g), one(b, h))\n\
         static struct b v;\n";
    check(
        &format!("{text}void f(struct a *a) {{ to(a); to(v.a); to(&v); to(&v.in); }}"),
        &["g: always", "g: always", "h: always", "g: always"],
    );
    check(
        &format!("{text}void f(struct c *c, type_t *t) {{ to(c); to(t); }}"),
        &["k: always", "g: always", "h: always", "k: always"],
    );
    check(
        &format!(
            "{text}struct b *get(void) {{ return &v; }}\n#define now get()\nvoid f(void) {{ to(now->a); to(now); }}"
        ),
        &["g: always", "get: always", "h: always", "get: always"],
    );
    check(
        &format!("{text}void f(struct b_ *p[2]) {{ by(p[0])(1); }}"),
        &["h: always"],
    );
}

#[test]
fn a_type_may_decide() {
    let text = "struct true_ { int k; }; struct false_ { int k; };\n#define DEFINE(n) struct true_ n = { 1 }\n\
         #define on(x) (__builtin_types_compatible_p(typeof(*x), struct true_) ? g(1) : h(1))\n";
    check(
        &format!("{text}DEFINE(key);\nvoid f(void) {{ on(&key); }}"),
        &["g: always"],
    );
    check(
        &format!("{text}extern struct false_ key;\nvoid f(void) {{ on(&key); }}"),
        &["h: always"],
    );
    check(
        &format!("{text}void f(key_t *key) {{ on(key); }}"),
        &[
            "g: __builtin_types_compatible_p(typeof(*x), struct true_)",
            "h: !(__builtin_types_compatible_p(typeof(*x), struct true_))",
        ],
    );
}

#[test]
fn what_stands_in_parentheses_may_be_a_type_or_not() {
    check(
        "#define less(x) (x)-1\n#define all(x, y) (x)*(y) + (x)&(y)\n#define run(fn, x) (fn)(x)\n\
         int f(u32 n) { less(g(1)); all(h(1), h(2)); run(k, 1); return (u32)(n) + (n_t)-n; }",
        &["g: always", "h: always", "h: always", "k: always"],
    );
    check(
        "#define mask(x, y) ((__typeof__(x))((y)-1))\n#define down(x, y) ((x) & ~mask(x, y))\n\
         int f(long n) { return down(n, g(1)); }",
        &["g: always"],
    );
    check(
        "int f(long n) { return ((u32 (*)(long))g)(n) + ((call_t)h)(n); }",
        &["g: always", "h: always"],
    );
}

#[test]
fn what_names_are_put_together_has_a_value() {
    let macros = "#ifdef CONFIG_OPT\n#define my_answer() true\n#else\n#define my_answer() false\n#endif\n\
        #define ask(x) my_##x()\n#define ok() ask(answer)\n";
    check(
        &format!("{macros}int f(int n) {{ if (ok()) g(1); if (n && ok()) h(2); return 0; }}"),
        &["g: OPT=y", "h: OPT=y && n"],
    );
}

#[test]
fn what_stands_in_a_loop_macro_is_no_test() {
    check(
        "#define NONE 0\n#define for_each_marked(p, head, mark) for (p = k(mark); p; p = 0)\n\
         void f(void *head) { void *p; for_each_marked(p, head, NONE) { g(1); } h(2); }",
        &["k: always", "g: always", "h: always"],
    );
}

#[test]
fn a_macro_may_have_the_name_of_a_variable() {
    check(
        "#define now() g(1)\nvoid f(void) { int now = now(); h(now); }",
        &["g: always", "h: always"],
    );
}

#[test]
fn a_call_through_a_field_leads_to_what_is_stored_there() {
    check(
        "struct ops { int (*probe)(int); int (*remove)(int); };\nstruct dev { struct ops *ops; };\n\
         static struct ops one = { .probe = g, .remove = h };\nstatic struct ops two = { .probe = &k };\n\
         static struct other three = { .probe = h };\n\
         void f(struct dev *dev) { dev->ops->probe(1); dev->none(2); }",
        &["g: always", "k: always", "dev->none: always"],
    );
    // Where the rules say so, it leads no further.
    check(
        "struct work { int (*func)(int); };\nstatic struct work one = { .func = g };\n\
         void f(struct work *work) { work->func(1); }",
        &["work->func: always"],
    );
}

#[test]
fn a_field_that_several_objects_hold_leads_back_under_the_condition_of_either() {
    let text = "struct ops { int (*probe)(int); };\n#ifdef CONFIG_OPT\n\
        static struct ops one = { .probe = g };\n#else\nstatic struct ops two = { .probe = g };\n\
        #endif\nvoid f(struct ops *ops) { ops->probe(1); }";
    ask(text, None, |analysis| {
        let node = analysis.functions("g", None).remove(0);
        let callers = analysis.callers(&node, 10);
        let words: Vec<String> = callers
            .calls
            .into_iter()
            .map(|call| format!("{}: {}", call.caller.name, analysis.words(call.when)))
            .collect();
        assert_eq!(words, ["f: always"]);
    });
}

#[test]
fn one_configuration_decides() {
    let text = "void f(void) {\n#if CONFIG_NR > 3\n g(1);\n#else\n h(1);\n#endif\n if (IS_ENABLED(CONFIG_OPT)) k(1); }";
    check_under(
        text,
        Some(&[("NR", "4"), ("OPT", "y")]),
        &["g: always", "k: always"],
    );
    check_under(text, Some(&[("NR", "2")]), &["h: always"]);
}

#[test]
fn what_a_macro_may_store_to_has_no_value() {
    let macros = "#define WRITE(x, v) do { *(volatile typeof(x) *)&(x) = (v); } while (0)\n\
                  #define SET(x, v) WRITE(x, v)\n#define swap(a, b) do { typeof(a) t = (a); (a) = (b); (b) = t; } while (0)\n\
                  #define say(x) k(x)\n#define INC(x) x += 1\n#define same(x) ((x) == 1)\n\
                  struct s { int a, b; };\nstatic struct s o;\n";
    let value = |text: &str, expect: &[&str]| check(&format!("{macros}{text}"), expect);
    value(
        "void set(void) { SET(o.a, 1); }\nvoid f(void) { if (o.a) g(1); if (o.b) h(1); }",
        &["g: o.a"],
    );
    value(
        "void f(int y) { int x = 0; swap(x, y); if (x) g(1); }",
        &["g: x"],
    );
    value(
        "void f(void) { int x = 0; say(x); if (x) g(1); }",
        &["k: always"],
    );
    value("void f(void) { int x = 0; if (same(x)) g(1); }", &[]);
    value(
        "void f(void) { int x = 0; INC(x); if (x) g(1); }",
        &["g: x"],
    );
    value(
        "void f(void) { int x = 0; asm(\"nop\" : \"=r\" (x)); if (x) g(1); }",
        &["g: x"],
    );
    value(
        "struct s *get(void) { return &o; }\nvoid f(void) { if (o.a) g(1); }",
        &["g: o.a"],
    );
    value(
        "static struct t { struct s *s; } other = { .s = &o };\nvoid f(void) { if (o.a) g(1); }",
        &["g: o.a"],
    );
    value("void f(void) { if (o.a) g(1); }", &[]);
}
