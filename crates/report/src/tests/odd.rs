//! Input that no kernel has, or should have: control characters, places that do not exist, endless
//! lines. Nothing of it may fail or reach a terminal raw.

use super::*;

#[test]
fn text_that_a_terminal_would_obey_is_escaped() {
    let mut tree = tree();
    tree.insert("mm/e.c", b"\t/* Andr\xe9 \x1b[2J */ f(\xc3\xa9);\r\n\tg();");
    let place = at(&tree, "mm/e.c", "f(\u{e9})");
    let mut finding = Finding {
        message: "a\x1b[31m\nb \u{202e}c".into(),
        sink: place.clone(),
        path: vec![step("\x07f", place, "")],
        ..powerpc(&tree)
    };
    finding.config = BTreeMap::from([("X\x1b".into(), "\"\u{9b}\"".into())]);
    check(
        &of(finding.clone()),
        &tree,
        &PLAIN,
        &expect![[r#"
            unselected on powerpc

              × a\x1b[31m b \u{202e}c
               ╭─[mm/e.c:1:19]
             1 │         /* Andr\xe9 \x1b[2J */ f(é);
               ·                                ──┬─
               ·                                  ╰── reached on powerpc
             2 │         g();
               ╰────
              path: from \x07f
              \x07f  mm/e.c:1  /* Andr\xe9 \x1b[2J */ f(é);
              ☞ Kconfig: the entry of powerpc, where it selects
               ╭─[arch/powerpc/Kconfig:2:1]
             2 │ config PPC
               · ──────────
             3 │         bool
               ╰────
              config: CONFIG_X\x1b="\u{9b}"
              when: is_power_of_2(sizeof(struct page)) holds
              note: hash__vmemmap_create_mapping() maps outside init_mm
                    (arch/powerpc/mm/book3s64/hash_utils.c:9)
              help: let powerpc select ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP where its vmemmap lies in
                    init_mm, or let the gate ask for that symbol

            linux/: 1 finding; no architecture was checked
        "#]],
    );
    assert!(
        json("\u{9b}", &of(finding))
            .chars()
            .all(|c| !c.is_control() || c == '\n')
    );
}

#[test]
fn places_that_do_not_exist_are_still_told() {
    let tree = tree();
    let bare = Finding {
        path: Vec::new(),
        kconfig: None,
        config: BTreeMap::new(),
        assumptions: Vec::new(),
        notes: Vec::new(),
        help: String::new(),
        ..powerpc(&tree)
    };
    let place = |file: &str, line, start, end| Place {
        file: file.into(),
        line,
        column: 3,
        span: Span { start, end },
    };
    let places = [
        place("mm/gone.c", 7, 1, 2),
        place("mm/sparse-vmemmap.c", 7, 90_000, 90_010),
        place("mm/sparse-vmemmap.c", 7, 9, 3),
        place("mm/sparse-vmemmap.c", 4000, 90_000, u32::MAX),
        place("mm/sparse-vmemmap.c", 4, 4, 4),
        place("", 0, 0, 0),
    ];
    let findings = places
        .map(|sink| Finding {
            sink,
            ..bare.clone()
        })
        .into();
    let outcome = Outcome {
        findings,
        ..Outcome::default()
    };
    check(
        &outcome,
        &tree,
        &PLAIN,
        &expect![[r#"
            unselected on powerpc

              × the vmemmap is optimised although powerpc never selects
              │ ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
              at: mm/gone.c:7:3 (no such file in the tree)

            unselected on powerpc

              × the vmemmap is optimised although powerpc never selects
              │ ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
               ╭─[mm/sparse-vmemmap.c:7:3]
             5 │         if (is_power_of_2(sizeof(struct page)) &&
             6 │             pgmap && pgmap_vmemmap_nr(pgmap) > 1 && !altmap)
             7 │                 r = vmemmap_populate_compound_pages(pfn, start, end, nid, pgmap);
               ·                 ─────────────────────────────────────────────────────────────────
             8 │         else
               ╰────

            unselected on powerpc

              × the vmemmap is optimised although powerpc never selects
              │ ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
               ╭─[mm/sparse-vmemmap.c:7:3]
             5 │         if (is_power_of_2(sizeof(struct page)) &&
             6 │             pgmap && pgmap_vmemmap_nr(pgmap) > 1 && !altmap)
             7 │                 r = vmemmap_populate_compound_pages(pfn, start, end, nid, pgmap);
               ·                 ─────────────────────────────────────────────────────────────────
             8 │         else
               ╰────

            unselected on powerpc

              × the vmemmap is optimised although powerpc never selects
              │ ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
              at: mm/sparse-vmemmap.c:4000:3 (the file has no such line)

            unselected on powerpc

              × the vmemmap is optimised although powerpc never selects
              │ ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
               ╭─[mm/sparse-vmemmap.c:4:1]
             2 │ {
             3 │         int r;
             4 │
               · ▲
             5 │         if (is_power_of_2(sizeof(struct page)) &&
               ╰────

            unselected on powerpc

              × the vmemmap is optimised although powerpc never selects
              │ ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP

            linux/: 6 findings; no architecture was checked
        "#]],
    );
}

#[test]
fn long_lines_and_long_spans_are_cut() {
    let mut tree = tree();
    let long = format!(
        "\t\t\tif ({}) sink(); {}\n",
        "a && ".repeat(60),
        "b ".repeat(5000)
    );
    tree.insert("mm/long.c", Box::leak(long.into_boxed_str()).as_bytes());
    let tall = format!("\treturn first +\n{}\t\tlast;\n", "\t\tmore +\n".repeat(30));
    tree.insert(
        "mm/tall.c",
        Box::leak(tall.clone().into_boxed_str()).as_bytes(),
    );
    let bare = Finding {
        path: Vec::new(),
        kconfig: None,
        ..powerpc(&tree)
    };
    let long = Finding {
        sink: at(&tree, "mm/long.c", "sink()"),
        ..bare.clone()
    };
    let tall = Finding {
        sink: at(&tree, "mm/tall.c", tall.trim()),
        ..bare
    };
    let outcome = Outcome {
        findings: vec![long, tall],
        ..Outcome::default()
    };
    check(
        &outcome,
        &tree,
        &PLAIN,
        &expect![[r#"
            unselected on powerpc

              × the vmemmap is optimised although powerpc never selects
              │ ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
               ╭─[mm/long.c:1:310]
             1 │ …a && a && a && a && ) sink(); b b b b b b b b b b b b b b b b b b b b b b b b b b b …
               ·                        ──────
               ╰────
              config: CONFIG_DEV_DAX=y
                      # CONFIG_PPC_RADIX_MMU is not set
                      CONFIG_ZONE_DEVICE=y
              when: is_power_of_2(sizeof(struct page)) holds
              note: hash__vmemmap_create_mapping() maps outside init_mm
                    (arch/powerpc/mm/book3s64/hash_utils.c:9)
              help: let powerpc select ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP where its vmemmap lies in
                    init_mm, or let the gate ask for that symbol

            unselected on powerpc

              × the vmemmap is optimised although powerpc never selects
              │ ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
               ╭─[mm/tall.c:1:2]
             1 │ ╭─▶         return first +
             2 │ │                   more +
             3 │ │                   more +
             4 │ │                   more +
             5 │ │                   more +
             6 │ │                   more +
             7 │ │                   more +
             8 │ │                   more +
             9 │ ╰─▶                 more +
               ╰────
              config: CONFIG_DEV_DAX=y
                      # CONFIG_PPC_RADIX_MMU is not set
                      CONFIG_ZONE_DEVICE=y
              when: is_power_of_2(sizeof(struct page)) holds
              note: hash__vmemmap_create_mapping() maps outside init_mm
                    (arch/powerpc/mm/book3s64/hash_utils.c:9)
              help: let powerpc select ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP where its vmemmap lies in
                    init_mm, or let the gate ask for that symbol

            linux/: 2 findings; no architecture was checked
        "#]],
    );
}

#[test]
fn colours_are_a_choice_and_change_no_word() {
    let tree = tree();
    let outcome = Outcome {
        verdicts: verdicts(),
        ..of(powerpc(&tree))
    };
    let coloured = human(
        "linux/",
        &outcome,
        &tree,
        &Look {
            colour: true,
            ..PLAIN
        },
    );
    let mut plain = String::new();
    let mut parts = coloured.split("\x1b[");
    plain.push_str(parts.next().unwrap());
    parts.for_each(|part| plain.push_str(part.split_once('m').unwrap().1));
    assert!(coloured.contains("\x1b["));
    assert_eq!(plain, human("linux/", &outcome, &tree, &PLAIN));
}

#[test]
fn no_input_makes_it_fail() {
    let mut tree = tree();
    let texts: [&'static [u8]; 6] = [
        b"",
        b"\n",
        b"\r\n\r\n",
        b"\xff\xfe",
        b"a\rb\n\tc",
        b"\xe2\x82",
    ];
    for text in texts {
        tree.insert("mm/x.c", text);
        for numbers in 0..5 * 8 * 8_u32 {
            let (line, start, end) = (numbers / 64, numbers / 8 % 8, numbers % 8);
            let span = Span { start, end };
            let sink = Place {
                file: "mm/x.c".into(),
                line,
                column: start,
                span,
            };
            let outcome = of(Finding {
                sink,
                ..powerpc(&tree)
            });
            for drawing in [Drawing::Unicode, Drawing::Ascii, Drawing::Narrated] {
                let look = Look {
                    drawing,
                    colour: true,
                    width: 0,
                    paths: Detail::Shortest,
                };
                assert!(human("", &outcome, &tree, &look).contains("unselected"));
            }
        }
    }
}
