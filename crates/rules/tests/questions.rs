//! What each question asks, as the smallest kernels that answer it one way and the other.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

mod base;

use base::outcome;

/// The verdict with its reason, or the beginning of that.
fn says(rule: &str, files: &str, expect: &str) {
    let outcome = outcome(rule, files);
    let verdict = &outcome.verdicts[0];
    let got = format!("{}: {}", verdict.verdict.word(), verdict.reason);
    assert!(got.starts_with(expect), "{files}\n{got}\n{expect}");
}

/// A kernel in which one function is populated, and counted, where different questions are answered yes.
fn pair(populate: &str, count: &str) -> String {
    format!(
        "//- mm/sink.c
static bool wanted(void) {{ return IS_ENABLED(CONFIG_OPT); }}
void vmemmap_populate_compound_pages(void) {{ }}
static unsigned long compound_nr_pages(int nr)
{{
	if ({count}) return 2 * (PAGE_SIZE / sizeof(struct page));
	return nr;
}}
static int start(void)
{{
	if ({populate}) vmemmap_populate_compound_pages();
	return compound_nr_pages(4);
}}
module_init(start);
"
    )
}

#[test]
fn two_halves_are_compared_by_what_they_mean() {
    let both = "clean: both halves are reached under the same conditions";
    let cases = [
        ("IS_ENABLED(CONFIG_OPT)", "wanted()", both),
        ("nr_devices > 1 && wanted()", "wanted() && mode()", both),
        ("wanted()", "!(!nr_devices || !wanted())", both),
        (
            "1",
            "wanted()",
            "flagged: toy reaches vmemmap_populate_compound_pages()",
        ),
        (
            "wanted()",
            "!wanted()",
            "flagged: toy reaches vmemmap_populate_compound_pages()",
        ),
        (
            "wanted()",
            "nr",
            "flagged: toy reaches the short count of compound_nr_pages()",
        ),
        ("0", "0", "cannot-reach"),
    ];
    for (populate, count, expect) in cases {
        says("mismatched-pair", &pair(populate, count), expect);
    }
}

const NEVER_STORED: &str =
    "cannot-reach: vmemmap_populate_compound_pages(): nothing stores to .shift";

/// Two functions that may store, and one that asks what is stored.
fn storing(first: &str, second: &str) -> String {
    format!(
        "//- mm/other.c
void set(struct map *map) {{ {first} }}
void probe(struct map *map)
{{
	{second}
}}
struct driver driver = {{ .probe = probe }};
//- mm/sink.c
void vmemmap_populate_compound_pages(void) {{ }}
int populate(struct map *map)
{{
	if (1 << map->shift > 1) vmemmap_populate_compound_pages();
	return 0;
}}
struct driver other = {{ .populate = populate }};
"
    )
}

#[test]
fn a_field_holds_what_somebody_stores() {
    let gated = "if (IS_ENABLED(CONFIG_ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP)) map->shift = 9;";
    let cases = [
        (gated, "", NEVER_STORED),
        (
            gated,
            "map->shift = 0; if (map->shift == 2) map->shift = 0x0;",
            NEVER_STORED,
        ),
        (gated, "map->shift |= 2;", "flagged"),
        (
            "map->shift = IS_ENABLED(CONFIG_ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP) ? 9 : 0;",
            "",
            NEVER_STORED,
        ),
        (
            "map->shift = IS_ENABLED(CONFIG_ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP) ? 9 : 1;",
            "",
            "flagged",
        ),
        (gated, "read(&map->shift);", "flagged"),
        (gated, "++map[1].shift;", "flagged"),
        (gated, "struct map m = { .shift = 4 };", "flagged"),
        // A value that nobody stores comes from elsewhere.
        ("", "", "flagged"),
    ];
    for (first, second, expect) in cases {
        says("unselected", &storing(first, second), expect);
    }
    let write = "#define WRITE_ONCE(x, v) do { *(volatile int *)&(x) = (v); } while (0)\n";
    let written = storing(gated, "WRITE_ONCE(map->shift, 9);");
    let written = written.replacen("void set", &format!("{write}void set"), 1);
    says("unselected", &written, "flagged");
    let read = "if (map && map->shift) use(map->shift);";
    says("unselected", &storing(gated, read), NEVER_STORED);
}

#[test]
fn a_value_that_callers_bring_is_theirs() {
    let brought = |value: &str, more: &str| {
        let text = storing("", &format!("set_all(map, {value}); {more}"));
        let helpers = "static void set_one(struct map *map, int shift) { map->shift = shift; }
static void set_all(struct map *map, int shift) { set_one(map, shift); set_one(map + 1, shift); }
void set";
        text.replacen("void set", helpers, 1)
    };
    let chosen = "IS_ENABLED(CONFIG_ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP) ? 9 : 0";
    says("unselected", &brought(chosen, ""), NEVER_STORED);
    says("unselected", &brought("0", ""), NEVER_STORED);
    says("unselected", &brought("map->other", ""), "flagged");
    let lent = brought(chosen, "driver.set = set_one;");
    says("unselected", &lent, "flagged");
    says(
        "unselected",
        &brought(chosen, "set_one(map, 1);"),
        "flagged",
    );
}

#[test]
fn a_store_to_another_structure_is_none() {
    let text = |stored: &str| {
        format!(
            "//- include/linux/map.h
struct map {{ int shift; }};
struct page {{ struct map *map; int flags; }};
struct params {{ struct map *map; u32 flags; }};
//- mm/sink.c
#include <linux/map.h>
void vmemmap_populate_compound_pages(void) {{ }}
static struct map kept;
static void fill(struct page *page, struct params *p, struct map *map) {{ {stored} }}
static int start(void)
{{
	struct params params = {{ .flags = 1 }};

	fill(0, &params, &kept);
	if (params.map) vmemmap_populate_compound_pages();
	return 0;
}}
module_init(start);
"
        )
    };
    says("unselected", &text("page->map = map;"), "cannot-reach");
    says("unselected", &text("p->map = map;"), "flagged");
    says("unselected", &text("p->flags = 2;"), "cannot-reach");
    // A variable of the file may have the name of somebody's field.
    let global = "//- include/linux/other.h
struct other { struct page mine; };
//- mm/sink.c
#include <linux/other.h>
void vmemmap_populate_compound_pages(void) { }
struct state { int on; };
static struct state mine;
void set(int on) { mine.on = on; }
static int start(void)
{
	if (mine.on) vmemmap_populate_compound_pages();
	return 0;
}
module_init(start);
";
    says("unselected", global, "flagged");
}

#[test]
fn fields_of_one_name_are_told_apart_by_their_structures() {
    let text = |more: &str| {
        let text = storing(
            "if (IS_ENABLED(CONFIG_ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP)) map->shift = 9;",
            more,
        );
        format!(
            "//- include/linux/map.h
struct map {{ int shift; }};
struct page {{ int shift; struct map map; }};
struct params {{ int shift; }};
{}",
            text.replace("void set(", "#include <linux/map.h>\nvoid set(")
                .replace(
                    "void vmemmap_populate_",
                    "#include <linux/map.h>\nvoid vmemmap_populate_"
                )
                .replace("probe(", "probe(struct page *page, ")
        )
    };
    for elsewhere in [
        "page->shift = map->shift;",
        "page[2].shift++;",
        "read(&page->shift);",
        "struct params params = { .shift = 4 }; use(&params);",
        "store_params(&(struct params) { .other = 4 });",
    ] {
        says("unselected", &text(elsewhere), NEVER_STORED);
    }
    for here in [
        "map->shift = page->shift;",
        "page->map.shift = 2;",
        "struct page other = { .map = { .shift = 4 } }; use(&other);",
        "read(&page->map.shift);",
        "who->shift = 2;",
    ] {
        says("unselected", &text(here), "flagged");
    }
}

#[test]
fn a_store_to_what_was_allocated_is_none_to_a_static_object() {
    // The address of `pages` is lent as a mark.
    let text = |stored: &str| {
        format!(
            "//- include/linux/map.h
struct map {{ int shift; void *owner; }};
struct dev {{ struct map *map; }};
struct page {{ struct map *map; }};
int populate(struct map *map);
//- mm/dax.c
#include <linux/map.h>
static int probe(struct dev *dev)
{{
	struct map *map;

	if (dev->map)
		map = dev->map;
	else
		map = dev->map = devm_kzalloc(dev, sizeof(*map));
	map->shift = 9;
	return 0;
}}
struct driver driver = {{ .probe = probe }};
//- mm/other.c
#include <linux/map.h>
void set(struct page *page, struct dev *dev, struct map *map) {{ {stored} }}
//- mm/sink.c
#include <linux/map.h>
void vmemmap_populate_compound_pages(void) {{ }}
int populate(struct map *map)
{{
	if (map->shift) vmemmap_populate_compound_pages();
	return 0;
}}
static struct map pages;
static int start(void)
{{
	pages.owner = &pages;
	return populate(&pages);
}}
module_init(start);
//- mm/Makefile
obj-y += sink.o dax.o other.o
"
        )
    };
    for (stored, expect) in [
        ("", "cannot-reach"),
        ("page->map = map;", "cannot-reach"),
        ("use(&page->map);", "cannot-reach"),
        ("dev->map = map;", "flagged"),
        ("use(&dev->map);", "flagged"),
        ("map->shift = 9;", "flagged"),
        ("page->map->shift = 9;", "flagged"),
        ("*map = (struct map) { .shift = 9 };", "flagged"),
        ("struct map own = { .shift = 9 };", "cannot-reach"),
        ("struct dev own = { .map = map };", "flagged"),
    ] {
        says("unselected", &text(stored), expect);
    }
}

/// The verdict on a `select` by the one architecture, with lines of Kconfig and of code.
fn stale(kconfig: &str, code: &str, expect: &str) {
    let files = format!(
        "//- arch/toy/Kconfig
config TOY
	def_bool y
{kconfig}//- mm/sink.c
{code}
"
    );
    says("stale-select", &files, expect);
}

#[test]
fn a_select_counts_where_anything_asks() {
    let select = "\tselect ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP\n";
    let asks = "#ifdef CONFIG_ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP\nint x;\n#endif";
    stale("", asks, "clean: selects none of");
    stale(
        select,
        "",
        "flagged: toy selects ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP in vain: nothing asks about it",
    );
    stale(select, asks, "clean: TOY selects");
    stale(select, &format!("/* {asks} */"), "flagged");
    stale(
        select,
        &format!("#ifdef CONFIG_NEVER\n{asks}\n#endif"),
        "flagged",
    );
    stale(
        select,
        "#if defined(CONFIG_NEVER) && defined(CONFIG_ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP)\n#endif",
        "flagged",
    );
    stale(
        select,
        "int f(void) { return IS_ENABLED(CONFIG_ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP); }",
        "clean",
    );
    let dependent =
        "config A\n\tbool\n\tdefault y\n\tdepends on ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP";
    stale(
        &format!("{select}{dependent}\n"),
        "",
        "clean: TOY selects ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP: config A",
    );
    stale(&format!("{select}{dependent} && NEVER\n"), "", "flagged");
    stale(
        "\tselect ARCH_WANT_OPTIMIZE_VMEMMAP\n",
        asks,
        "flagged: toy selects ARCH_WANT_OPTIMIZE_VMEMMAP in vain: no Kconfig file",
    );
    stale(
        "\tselect ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP if NEVER\n",
        asks,
        "flagged",
    );
}

#[test]
fn a_tree_without_the_symbol_is_told_of_that() {
    let outcome = outcome(
        "unselected",
        "//- Kconfig
config OTHER_NAME
	def_bool y
source \"arch/$(SRCARCH)/Kconfig\"
//- mm/sink.c
void vmemmap_populate_compound_pages(void) { }
static int start(void)
{
	if (IS_ENABLED(CONFIG_OTHER_NAME)) vmemmap_populate_compound_pages();
	return 0;
}
module_init(start);
",
    );
    let notes = &outcome.findings[0].notes;
    let told = "Kconfig of toy defines none of ARCH_WANT_OPTIMIZE_DAX_VMEMMAP, ";
    assert!(notes[0].text.starts_with(told), "{notes:?}");
}

#[test]
fn of_a_value_too_large_to_be_followed_what_symbols_decide_is_kept() {
    let many: Vec<String> = (0..40)
        .map(|n| format!("(m->a{n} == {n} && !look(m, {n}))"))
        .collect();
    let kernel = |other: &str| {
        format!(
            "//- mm/sink.c
void vmemmap_populate_compound_pages(void) {{ }}
static bool wanted(struct map *m)
{{
#ifdef CONFIG_ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
	return {};
#else
	return {other};
#endif
}}
static int start(struct map *m)
{{
	if (!wanted(m)) return 0;
	vmemmap_populate_compound_pages();
	return 0;
}}
struct driver driver = {{ .probe = start }};
",
            many.join(" || ")
        )
    };
    says("unselected", &kernel("false"), "cannot-reach: ");
    says("unselected", &kernel("true"), "flagged");
    says("unselected", &kernel("m->flag"), "flagged");
}

#[test]
fn what_seems_to_be_nowhere_is_unknown_where_not_all_was_read() {
    let stale =
        "//- arch/toy/Kconfig\nconfig TOY\n\tdef_bool y\n\tselect ARCH_WANT_OPTIMIZE_VMEMMAP\n";
    let flagged = base::outcome("stale-select", stale);
    assert_eq!(flagged.verdicts[0].verdict, rules::Verdict::Flagged);
    let broken = base::outcome("stale-select", &format!("{stale}\tselect ?? !!\n"));
    assert_eq!(broken.verdicts[0].verdict, rules::Verdict::Unknown);
    assert_eq!(broken.findings, []);
}
