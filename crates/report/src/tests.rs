//! Reports of hand-made outcomes, as users see them.

#![expect(clippy::too_many_lines, reason = "the expected text stands in place")]
#![expect(
    clippy::needless_raw_string_hashes,
    reason = "UPDATE_EXPECT=1 writes them"
)]

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use rules::{ArchVerdict, Finding, Note, Outcome, Place, Problem, Severity, Step, Verdict};
use source::{Memory, Source};
use text::{LineIndex, Span};

use crate::{Detail, Drawing, Look, human, json};

mod formats;
mod odd;
mod ways;

const SPARSE: &[u8] = b"struct page * __meminit __populate_section_memmap(unsigned long pfn)
{
\tint r;

\tif (is_power_of_2(sizeof(struct page)) &&
\t    pgmap && pgmap_vmemmap_nr(pgmap) > 1 && !altmap)
\t\tr = vmemmap_populate_compound_pages(pfn, start, end, nid, pgmap);
\telse
\t\tr = vmemmap_populate(start, end, nid, altmap);
}
";

const DAX: &[u8] = b"static int dev_dax_probe(struct dev_dax *dev_dax)
{
\taddr = devm_memremap_pages(dev, pgmap);
}
";

const POWERPC: &[u8] = b"# SPDX-License-Identifier: GPL-2.0
config PPC
\tbool
\tdefault y
";

fn tree() -> Memory {
    let mut tree = Memory::default();
    tree.insert("mm/sparse-vmemmap.c", SPARSE);
    tree.insert("drivers/dax/device.c", DAX);
    tree.insert("arch/powerpc/Kconfig", POWERPC);
    tree.insert("arch/arm64/Kconfig", b"config ARM64\n\tdef_bool y\n");
    tree
}

/// The first place of `needle` in `file` of `tree`.
fn at(tree: &Memory, file: &str, needle: &str) -> Place {
    let text = tree.read(file).unwrap();
    let found = text
        .windows(needle.len())
        .position(|part| part == needle.as_bytes())
        .unwrap();
    let span = Span::new(found, found + needle.len());
    let position = LineIndex::new(&text).position(span.start);
    Place {
        file: file.into(),
        line: position.line,
        column: position.column,
        span,
    }
}

fn step(function: &str, place: Place, entry: &str) -> Step {
    Step {
        function: function.into(),
        place,
        entry: entry.into(),
    }
}

/// The finding that the project began with.
fn powerpc(tree: &Memory) -> Finding {
    let sink = at(
        tree,
        "mm/sparse-vmemmap.c",
        "vmemmap_populate_compound_pages",
    );
    let probe = at(tree, "drivers/dax/device.c", "devm_memremap_pages");
    let config = [
        ("DEV_DAX", "y"),
        ("PPC_RADIX_MMU", "n"),
        ("ZONE_DEVICE", "y"),
    ];
    let lost = Place {
        file: "mm/memremap.c".into(),
        line: 401,
        ..Place::default()
    };
    Finding {
        rule: "unselected".into(),
        arch: "powerpc".into(),
        arches: vec!["powerpc".into()],
        severity: Severity::Error,
        message: "the vmemmap is optimised although powerpc never selects ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP".into(),
        help: "let powerpc select ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP where its vmemmap lies in init_mm, or let the gate ask for that symbol".into(),
        sink: sink.clone(),
        code: "vmemmap_populate_compound_pages".into(),
        symbol: String::new(),
            instead: Vec::new(),
        path: vec![
            step("dev_dax_probe", probe, ".probe of struct dax_device_driver"),
            step("devm_memremap_pages", lost, ""),
            step("__populate_section_memmap", sink, ""),
        ],
        paths: None,
        kconfig: Some(at(tree, "arch/powerpc/Kconfig", "config PPC")),
        config: config.map(|(s, v)| (s.to_owned(), v.to_owned())).into(),
        assumptions: vec!["is_power_of_2(sizeof(struct page)) holds".into()],
        notes: vec![Note {
            text: "hash__vmemmap_create_mapping() maps outside init_mm".into(),
            place: Some(Place {
                file: "arch/powerpc/mm/book3s64/hash_utils.c".into(),
                line: 9,
                ..Place::default()
            }),
        }],
    }
}

fn arm64(tree: &Memory) -> Finding {
    Finding {
        arch: "arm64".into(),
        arches: vec!["arm64".into()],
        message: "the vmemmap is optimised although arm64 never selects it".into(),
        kconfig: Some(at(tree, "arch/arm64/Kconfig", "config ARM64")),
        config: BTreeMap::from([("DEV_DAX".into(), "m".into())]),
        notes: Vec::new(),
        help: "select it".into(),
        ..powerpc(tree)
    }
}

fn verdict(arch: &str, rule: &str, verdict: Verdict, reason: &str) -> ArchVerdict {
    let (arch, rule, reason) = (arch.into(), rule.into(), reason.to_owned());
    ArchVerdict {
        short: String::clone(&reason),
        facts: Vec::new(),
        ends: Vec::new(),
        of_symbols: false,
        arch,
        rule,
        verdict,
        reason,
        place: None,
    }
}

fn verdicts() -> Vec<ArchVerdict> {
    let opted_in = Place {
        file: "arch/x86/Kconfig".into(),
        line: 28,
        ..Place::default()
    };
    let nothing = "nothing selects SPARSEMEM_VMEMMAP_ENABLE, which has no prompt, so that there is no vmemmap at all";
    vec![
        verdict("alpha", "no-init-mm", Verdict::CannotReach, nothing),
        verdict("arm64", "no-init-mm", Verdict::Clean, "maps in init_mm"),
        verdict("powerpc", "no-init-mm", Verdict::Flagged, "hash MMU"),
        verdict(
            "s390",
            "no-init-mm",
            Verdict::Unknown,
            "field params->pgmap",
        ),
        verdict("x86", "no-init-mm", Verdict::Clean, "maps in init_mm"),
        verdict("alpha", "unselected", Verdict::CannotReach, nothing),
        verdict("arm64", "unselected", Verdict::Flagged, ""),
        verdict("powerpc", "unselected", Verdict::Flagged, ""),
        verdict(
            "s390",
            "unselected",
            Verdict::Unknown,
            "field params->pgmap",
        ),
        ArchVerdict {
            place: Some(opted_in),
            ..verdict("x86", "unselected", Verdict::Clean, "opted in")
        },
    ]
}

const PLAIN: Look = Look {
    drawing: Drawing::Unicode,
    colour: false,
    width: 100,
    paths: Detail::Shortest,
};

fn check(outcome: &Outcome, tree: &Memory, look: &Look, expected: &Expect) {
    expected.assert_eq(&human("linux/", outcome, tree, look));
}

fn of(finding: Finding) -> Outcome {
    Outcome {
        findings: vec![finding],
        ..Outcome::default()
    }
}

#[test]
fn a_finding_fits_a_screen() {
    let tree = tree();
    check(
        &of(powerpc(&tree)),
        &tree,
        &PLAIN,
        &expect![[r#"
            unselected on powerpc

              × the vmemmap is optimised although powerpc never selects
              │ ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
               ╭─[mm/sparse-vmemmap.c:7:7]
             5 │         if (is_power_of_2(sizeof(struct page)) &&
             6 │             pgmap && pgmap_vmemmap_nr(pgmap) > 1 && !altmap)
             7 │                 r = vmemmap_populate_compound_pages(pfn, start, end, nid, pgmap);
               ·                     ───────────────┬───────────────
               ·                                    ╰── reached on powerpc
             8 │         else
               ╰────
              path: from .probe of struct dax_device_driver
              dev_dax_probe                 drivers/dax/device.c:3  addr = devm_memremap_pages(dev, pgmap);
              └ devm_memremap_pages         mm/memremap.c:401
               └ __populate_section_memmap  mm/sparse-vmemmap.c:7   r = vmemmap_populate_compound_pages(pfn, st…
              ☞ Kconfig: the entry of powerpc, where it selects
               ╭─[arch/powerpc/Kconfig:2:1]
             2 │ config PPC
               · ──────────
             3 │         bool
               ╰────
              config: CONFIG_DEV_DAX=y
                      # CONFIG_PPC_RADIX_MMU is not set
                      CONFIG_ZONE_DEVICE=y
              when: is_power_of_2(sizeof(struct page)) holds
              note: hash__vmemmap_create_mapping() maps outside init_mm
                    (arch/powerpc/mm/book3s64/hash_utils.c:9)
              help: let powerpc select ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP where its vmemmap lies in
                    init_mm, or let the gate ask for that symbol

            linux/: 1 finding; no architecture was checked
        "#]],
    );
}

#[test]
fn narrow_and_ascii() {
    let tree = tree();
    let look = Look {
        drawing: Drawing::Ascii,
        width: 72,
        paths: Detail::Shortest,
        ..PLAIN
    };
    check(
        &of(powerpc(&tree)),
        &tree,
        &look,
        &expect![[r#"
            unselected on powerpc

              x the vmemmap is optimised although powerpc never selects
              | ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
               ,-[mm/sparse-vmemmap.c:7:7]
             5 | if (is_power_of_2(sizeof(struct page)) &&
             6 |     pgmap && pgmap_vmemmap_nr(pgmap) > 1 && !altmap)
             7 |         r = vmemmap_populate_compound_pages(pfn, start,...
               :             ^^^^^^^^^^^^^^^|^^^^^^^^^^^^^^^
               :                            `-- reached on powerpc
             8 | else
               `----
              path: from .probe of struct dax_device_driver
              dev_dax_probe                 drivers/dax/device.c:3  addr = devm_m...
              `-devm_memremap_pages         mm/memremap.c:401
               `-__populate_section_memmap  mm/sparse-vmemmap.c:7   r = vmemmap_p...
              > Kconfig: the entry of powerpc, where it selects
               ,-[arch/powerpc/Kconfig:2:1]
             2 | config PPC
               : ^^^^^^^^^^
             3 |         bool
               `----
              config: CONFIG_DEV_DAX=y
                      # CONFIG_PPC_RADIX_MMU is not set
                      CONFIG_ZONE_DEVICE=y
              when: is_power_of_2(sizeof(struct page)) holds
              note: hash__vmemmap_create_mapping() maps outside init_mm
                    (arch/powerpc/mm/book3s64/hash_utils.c:9)
              help: let powerpc select ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
                    where its vmemmap lies in init_mm, or let the gate ask for
                    that symbol

            linux/: 1 finding; no architecture was checked
        "#]],
    );
}

#[test]
fn narrated() {
    let tree = tree();
    let look = Look {
        drawing: Drawing::Narrated,
        ..PLAIN
    };
    let outcome = Outcome {
        verdicts: verdicts(),
        rows: Vec::new(),
        ..of(powerpc(&tree))
    };
    check(
        &outcome,
        &tree,
        &look,
        &expect![[r#"
            the vmemmap is optimised although powerpc never selects ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
                Diagnostic severity: error
            Begin snippet for mm/sparse-vmemmap.c starting at line 5, column 1

            snippet line 5:         if (is_power_of_2(sizeof(struct page)) &&
            snippet line 6:             pgmap && pgmap_vmemmap_nr(pgmap) > 1 && !altmap)
            snippet line 7:                 r = vmemmap_populate_compound_pages(pfn, start, end, nid, pgmap);
                label at line 7, columns 21 to 51: reached on powerpc
            snippet line 8:         else
            diagnostic code: unselected on powerpc
              path: from .probe of struct dax_device_driver
              1. dev_dax_probe              drivers/dax/device.c:3  addr = devm_memremap_pages(dev, pgmap);
              2. devm_memremap_pages        mm/memremap.c:401
              3. __populate_section_memmap  mm/sparse-vmemmap.c:7   r = vmemmap_populate_compound_pages(pfn, ...
            Kconfig: the entry of powerpc, where it selects
                Diagnostic severity: advice
            Begin snippet for arch/powerpc/Kconfig starting at line 2, column 1

            snippet line 2: config PPC
                label at line 2, columns 1 to 10
            snippet line 3:         bool
              config: CONFIG_DEV_DAX=y
                      # CONFIG_PPC_RADIX_MMU is not set
                      CONFIG_ZONE_DEVICE=y
              when: is_power_of_2(sizeof(struct page)) holds
              note: hash__vmemmap_create_mapping() maps outside init_mm
                    (arch/powerpc/mm/book3s64/hash_utils.c:9)
              help: let powerpc select ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP where its vmemmap lies in
                    init_mm, or let the gate ask for that symbol

              alpha    cannot reach  nothing selects SPARSEMEM_VMEMMAP_ENABLE, which has no prompt, so that
                                     there is no vmemmap at all
              arm64    flagged       unselected
              arm64    clean         no-init-mm: maps in init_mm
              powerpc  flagged       no-init-mm, unselected
              s390     unknown       field params->pgmap
              x86      clean         no-init-mm: maps in init_mm
              x86      clean         unselected: opted in (arch/x86/Kconfig:28)

            linux/: 1 finding; 5 architectures: 2 flagged, 1 unknown, 1 clean, 1 cannot reach
        "#]],
    );
}

#[test]
fn one_path_is_shown_once_and_each_architecture_has_its_row() {
    let tree = tree();
    let outcome = Outcome {
        accepted: Vec::new(),
        suppressions: Vec::new(),
        kernel_version: "6.1.99".into(),
        findings: vec![arm64(&tree), powerpc(&tree)],
        verdicts: verdicts(),
        rows: Vec::new(),
        skipped: Vec::new(),
        problems: Vec::new(),
    };
    check(
        &outcome,
        &tree,
        &PLAIN,
        &expect![[r#"
            unselected on arm64

              × the vmemmap is optimised although arm64 never selects it
               ╭─[mm/sparse-vmemmap.c:7:7]
             5 │         if (is_power_of_2(sizeof(struct page)) &&
             6 │             pgmap && pgmap_vmemmap_nr(pgmap) > 1 && !altmap)
             7 │                 r = vmemmap_populate_compound_pages(pfn, start, end, nid, pgmap);
               ·                     ───────────────┬───────────────
               ·                                    ╰── reached on arm64
             8 │         else
               ╰────
              path: from .probe of struct dax_device_driver
              dev_dax_probe                 drivers/dax/device.c:3  addr = devm_memremap_pages(dev, pgmap);
              └ devm_memremap_pages         mm/memremap.c:401
               └ __populate_section_memmap  mm/sparse-vmemmap.c:7   r = vmemmap_populate_compound_pages(pfn, st…
              ☞ Kconfig: the entry of arm64, where it selects
               ╭─[arch/arm64/Kconfig:1:1]
             1 │ config ARM64
               · ────────────
             2 │         def_bool y
               ╰────
              config: CONFIG_DEV_DAX=m
              when: is_power_of_2(sizeof(struct page)) holds
              help: select it

            unselected on powerpc

              × the vmemmap is optimised although powerpc never selects
              │ ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
              path: mm/sparse-vmemmap.c:7:7, by the same 3 steps as on arm64, above
              ☞ Kconfig: the entry of powerpc, where it selects
               ╭─[arch/powerpc/Kconfig:2:1]
             2 │ config PPC
               · ──────────
             3 │         bool
               ╰────
              config: CONFIG_DEV_DAX=y
                      # CONFIG_PPC_RADIX_MMU is not set
                      CONFIG_ZONE_DEVICE=y
              when: is_power_of_2(sizeof(struct page)) holds
              note: hash__vmemmap_create_mapping() maps outside init_mm
                    (arch/powerpc/mm/book3s64/hash_utils.c:9)
              help: let powerpc select ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP where its vmemmap lies in
                    init_mm, or let the gate ask for that symbol

              alpha    cannot reach  nothing selects SPARSEMEM_VMEMMAP_ENABLE, which has no prompt, so that
                                     there is no vmemmap at all
              arm64    flagged       unselected
                       clean         no-init-mm: maps in init_mm
              powerpc  flagged       no-init-mm, unselected
              s390     unknown       field params->pgmap
              x86      clean         no-init-mm: maps in init_mm
                       clean         unselected: opted in (arch/x86/Kconfig:28)

            linux/ (Linux 6.1.99): 2 findings; 5 architectures: 2 flagged, 1 unknown, 1 clean, 1 cannot reach
        "#]],
    );
}

#[test]
fn problems_come_first_and_show_their_line() {
    let tree = tree();
    let problem = |place: Place, message: &str| Problem {
        place,
        message: message.into(),
    };
    let known = at(&tree, "arch/powerpc/Kconfig", "default y");
    let gone = Place {
        file: "mm/Kconfig".into(),
        ..Place::default()
    };
    let mut problems = vec![
        problem(known, "unexpected `default`"),
        problem(gone.clone(), "no such file"),
    ];
    problems.extend((0..10).map(|n| problem(gone.clone(), &format!("problem {n}"))));
    let outcome = Outcome {
        problems,
        ..Outcome::default()
    };
    check(
        &outcome,
        &tree,
        &PLAIN,
        &expect![[r#"
              ⚠ unexpected `default`
               ╭─[arch/powerpc/Kconfig:4:2]
             3 │         bool
             4 │         default y
               ·         ─────────
               ╰────

              ⚠ mm/Kconfig: no such file
              ⚠ mm/Kconfig: problem 0
              ⚠ mm/Kconfig: problem 1
              ⚠ mm/Kconfig: problem 2
              ⚠ mm/Kconfig: problem 3
              ⚠ mm/Kconfig: problem 4
              ⚠ mm/Kconfig: problem 5
              ⚠ mm/Kconfig: problem 6
              ⚠ mm/Kconfig: problem 7
              ⚠ mm/Kconfig: problem 8
              ⚠ mm/Kconfig: problem 9

            linux/: 0 findings; no architecture was checked; 12 problems with the input
        "#]],
    );
}

#[test]
fn nothing_to_say() {
    check(
        &Outcome::default(),
        &tree(),
        &PLAIN,
        &expect![[r#"
            linux/: 0 findings; no architecture was checked
        "#]],
    );
}

#[test]
fn json_says_all() {
    let tree = tree();
    let gone = Place {
        file: "mm/Kconfig".into(),
        ..Place::default()
    };
    let outcome = Outcome {
        accepted: Vec::new(),
        suppressions: Vec::new(),
        kernel_version: "6.1.99".into(),
        findings: vec![powerpc(&tree)],
        verdicts: verdicts().split_off(8),
        rows: Vec::new(),
        skipped: Vec::new(),
        problems: vec![Problem {
            place: gone,
            message: "no such file".into(),
        }],
    };
    expect![[r#"
        {
          "version": 1,
          "tree": {
            "path": "linux/",
            "kernel_version": "6.1.99"
          },
          "findings": [
            {
              "rule": "unselected",
              "arch": "powerpc",
              "arches": [
                "powerpc"
              ],
              "severity": "error",
              "message": "the vmemmap is optimised although powerpc never selects ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP",
              "help": "let powerpc select ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP where its vmemmap lies in init_mm, or let the gate ask for that symbol",
              "file": "mm/sparse-vmemmap.c",
              "line": 7,
              "column": 7,
              "code": "vmemmap_populate_compound_pages",
              "path": [
                {
                  "function": "dev_dax_probe",
                  "file": "drivers/dax/device.c",
                  "line": 3,
                  "entry": ".probe of struct dax_device_driver"
                },
                {
                  "function": "devm_memremap_pages",
                  "file": "mm/memremap.c",
                  "line": 401
                },
                {
                  "function": "__populate_section_memmap",
                  "file": "mm/sparse-vmemmap.c",
                  "line": 7
                }
              ],
              "config": {
                "DEV_DAX": "y",
                "PPC_RADIX_MMU": "n",
                "ZONE_DEVICE": "y"
              },
              "assumptions": [
                "is_power_of_2(sizeof(struct page)) holds"
              ],
              "notes": [
                {
                  "text": "hash__vmemmap_create_mapping() maps outside init_mm",
                  "place": {
                    "file": "arch/powerpc/mm/book3s64/hash_utils.c",
                    "line": 9,
                    "column": 0
                  }
                }
              ],
              "paths": null,
              "kconfig": {
                "file": "arch/powerpc/Kconfig",
                "line": 2,
                "column": 1
              },
              "fingerprint": "78500f72b46cb31a"
            }
          ],
          "arches": [
            {
              "arch": "s390",
              "rule": "unselected",
              "verdict": "unknown",
              "reason": "field params->pgmap",
              "short": "field params->pgmap",
              "place": null,
              "facts": []
            },
            {
              "arch": "x86",
              "rule": "unselected",
              "verdict": "clean",
              "reason": "opted in",
              "short": "opted in",
              "place": {
                "file": "arch/x86/Kconfig",
                "line": 28,
                "column": 0
              },
              "facts": []
            }
          ],
          "accepted": [],
          "suppressions": [],
          "skipped": [],
          "problems": [
            {
              "file": "mm/Kconfig",
              "line": 0,
              "column": 0,
              "message": "no such file"
            }
          ]
        }
    "#]].assert_eq(&json("linux/", &outcome));
}
