//! `vmemmlint patch`: what each patch brings and closes, in every form in which it is asked for.

#![allow(clippy::unwrap_used, reason = "a test may fail")]
#![allow(clippy::too_many_lines, reason = "what is expected is long")]

mod program;

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use expect_test::{Expect, expect};
use program::{mini, name, run, vmemmlint};

/// One half of the repair: the call asks for the symbol.
const CALL: &str = "\
--- a/mm/sparse-vmemmap.c
+++ b/mm/sparse-vmemmap.c
@@ -145,7 +145,8 @@
 		return NULL;
 
 	if (is_power_of_2(sizeof(struct page)) &&
-	    pgmap && pgmap_vmemmap_nr(pgmap) > 1 && !altmap)
+	    pgmap && pgmap_vmemmap_nr(pgmap) > 1 && !altmap &&
+	    IS_ENABLED(CONFIG_ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP))
 		rc = vmemmap_populate_compound_pages(pfn, start, end, nid, pgmap);
 	else
 		rc = vmemmap_populate(start, end, nid, altmap);
";

/// The other half: the count does.
const COUNT: &str = "\
--- a/mm/page_alloc.c
+++ b/mm/page_alloc.c
@@ -26,6 +26,7 @@
 					      unsigned long nr_pages)
 {
 	return is_power_of_2(sizeof(struct page)) &&
+		IS_ENABLED(CONFIG_ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP) &&
 		!altmap ? 2 * (PAGE_SIZE / sizeof(struct page)) : nr_pages;
 }
 
";

/// Takes the select of x86 away.
const DESELECT: &str = "\
--- a/arch/x86/Kconfig
+++ b/arch/x86/Kconfig
@@ -16,7 +16,6 @@
 	select ARCH_ENABLE_MEMORY_HOTPLUG if X86_64
 	select ARCH_ENABLE_MEMORY_HOTREMOVE if MEMORY_HOTPLUG
 	select ARCH_HAS_PTE_DEVMAP if X86_64
-	select ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP if X86_64
 	select HAVE_ARCH_TRANSPARENT_HUGEPAGE
 
 config ARCH_HAS_ADD_PAGES
";

fn mail(subject: &str, diffs: &[&str]) -> String {
    let words: Vec<&str> = subject.split(' ').collect();
    format!(
        "From 0123 Mon Sep 17 00:00:00 2001\nFrom: A U Thor <author@example.org>\nDate: Tue, 24 Nov 2026 10:00:00 +0000\n\
         Message-ID: <{}@example.org>\nTo: list@example.org\nSubject: [PATCH {subject}\n\nWhy.\n---\n{}-- \n2.39.0\n\n",
        words.last().unwrap(),
        diffs.concat()
    )
}

/// Checks what comes from standard input.
fn check(input: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    check_on(Path::new(&mini("unfixed")), input, arguments)
}

fn check_on(tree: &Path, input: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let arguments = [&["patch", "--no-cache", "--tree", name(tree)], arguments].concat();
    let mut command = vmemmlint(&arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let out = text(output.stdout).replace(&mini("unfixed"), "TREE");
    (output.status.code(), out, text(output.stderr))
}

fn told(input: &str, arguments: &[&str], expected: &Expect) -> Option<i32> {
    let (code, out, err) = check(input, arguments);
    assert_eq!(err, "");
    expected.assert_eq(&out);
    code
}

#[test]
fn a_whole_repair_closes_what_it_is_about() {
    let code = told(
        &mail("1/1] mm: both", &[CALL, COUNT]),
        &[],
        &expect![[r"
            [1/1] mm: both (standard input)
              closes 6 findings

              closes: no-init-mm on powerpc at mm/page_alloc.c:29
              closes: no-init-mm on powerpc at mm/sparse-vmemmap.c:149
              closes: unselected on arm64 at mm/page_alloc.c:29
              closes: unselected on arm64 at mm/sparse-vmemmap.c:149
              closes: unselected on powerpc at mm/page_alloc.c:29
              closes: unselected on powerpc at mm/sparse-vmemmap.c:149

            TREE on the files of the tree: 1 patch: 6 findings closed
        "]],
    );
    assert_eq!(code, Some(0));
}

#[test]
fn halves_are_not_bisectable() {
    let series = [
        mail("v2 2/2] mm: count", &[COUNT]),
        mail("v2 1/2] mm: call", &[CALL]),
    ];
    let code = told(
        &series.concat(),
        &["--arch", "powerpc"],
        &expect![[r"
            [1/2] mm: call (standard input)
              brings 1 finding, closes 2 findings

            mismatched-pair on powerpc

              x powerpc reaches the short count of compound_nr_pages() in a configuration that never reaches
              | vmemmap_populate_compound_pages()
                ,-[mm/page_alloc.c:29:13]
             27 | {
             28 |         return is_power_of_2(sizeof(struct page)) &&
             29 |                 !altmap ? 2 * (PAGE_SIZE / sizeof(struct page)) : nr_pages;
                :                           ^^^^^^^^^^^^^^^^^^|^^^^^^^^^^^^^^^^^^
                :                                             `-- reached on powerpc
             30 | }
                `----
              path: from .probe of struct dax_device_driver (drivers/dax/device.c:40)
              dev_dax_probe                 drivers/dax/device.c:34  addr = devm_memremap_pages(dev, pgmap);
              `-devm_memremap_pages         mm/memremap.c:64         return memremap_pages(pgmap, 0);
               `-memremap_pages             mm/memremap.c:54         error = pagemap_range(pgmap, &params, i,...
                `-pagemap_range             mm/memremap.c:30         memmap_init_zone_device(&device_zone, PH...
                 `-memmap_init_zone_device  mm/page_alloc.c:59       compound_nr_pages(altmap, step));
                  `-compound_nr_pages       mm/page_alloc.c:29       !altmap ? 2 * (PAGE_SIZE / sizeof(struct...
              > Kconfig: the entry of powerpc, where it selects
               ,-[arch/powerpc/Kconfig:8:1]
             8 | config PPC
               : ^^^^^^^^^^
             9 |         bool
               `----
              config: CONFIG_DAX=y
                      CONFIG_DEV_DAX=y
                      CONFIG_MEMORY_HOTPLUG=y
                      CONFIG_MEMORY_HOTREMOVE=y
                      CONFIG_PPC64=y
                      CONFIG_TRANSPARENT_HUGEPAGE=y
                      CONFIG_ZONE_DEVICE=y
              when: is_power_of_2(sizeof(struct page))
              when: dev_dax_probe() has stored to .vmemmap_shift (drivers/dax/device.c:32), where
                    dev_dax->align > PAGE_SIZE
              note: vmemmap_populate_compound_pages() is not reached then (mm/sparse-vmemmap.c:114)
              help: let both places ask the same question: pages that one scheme has populated must not be
                    counted by the other
              patch: standard input:40  + IS_ENABLED(CONFIG_ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP))
              later: 2/2 closes it again, so the series is not bisectable

              closes: no-init-mm on powerpc at mm/sparse-vmemmap.c:149
              closes: unselected on powerpc at mm/sparse-vmemmap.c:149

            [2/2] mm: count (standard input)
              closes 3 findings

              closes: mismatched-pair on powerpc at mm/page_alloc.c:29
              closes: no-init-mm on powerpc at mm/page_alloc.c:29
              closes: unselected on powerpc at mm/page_alloc.c:29

              not bisectable: 1/2 opens what 2/2 closes: mismatched-pair on powerpc at mm/page_alloc.c:29
            TREE on the files of the tree: 2 patches: 1 finding only on the way, 4 findings closed
        "]],
    );
    assert_eq!(code, Some(1));

    let (code, out, _) = check(&series.concat(), &["--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, Some(1));
    assert_eq!(report["bisectable"], false);
    assert_eq!(report["left"], 0);
    let opened = report["opened"].as_array().unwrap();
    assert!(!opened.is_empty());
    for one in opened {
        let who = (&one["rule"], &one["opened_by"], &one["closed_by"]);
        assert_eq!(who, (&"mismatched-pair".into(), &0.into(), &1.into()));
    }
    let added = &report["changes"][0]["added"][0];
    assert!(added["patch"]["line"].as_u64().is_some(), "{added}");
}

#[test]
fn b4_gets_a_line_for_each_finding_and_nothing_else() {
    let patch = mail("1/1] x86: no more", &[DESELECT]);
    let code = told(
        &patch,
        &["--format", "b4"],
        &expect![[r"
        mm/page_alloc.c:29: ERROR:unselected: x86 reaches the short count of compound_nr_pages() without having selected ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
        mm/sparse-vmemmap.c:149: ERROR:unselected: x86 reaches vmemmap_populate_compound_pages() without having selected ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
    "]],
    );
    assert_eq!(code, Some(1));
    // The header lies about what b4 sends.
    let decoded = patch.replace("Subject:", "Content-Transfer-Encoding: base64\nSubject:");
    let decoded = decoded.split_once('\n').unwrap().1;
    let (_, out, err) = check(decoded, &["--format", "b4"]);
    assert_eq!((out.lines().count(), err.as_str()), (2, ""));
    let clean = mail("1/1] mm: both", &[CALL, COUNT]);
    assert_eq!(told(&clean, &["--format", "b4"], &expect![[""]]), Some(0));
}

#[test]
fn checkpatch_is_resembled() {
    let patch = mail("1/1] x86: no more", &[DESELECT]);
    let terse = told(
        &patch,
        &["--terse"],
        &expect![[r"
        standard input:16: ERROR: x86 reaches the short count of compound_nr_pages() without having selected ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
        standard input:16: ERROR: x86 reaches vmemmap_populate_compound_pages() without having selected ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
    "]],
    );
    let shown = told(
        &patch,
        &["--terse", "--showfile", "--show-types"],
        &expect![[r"
        mm/page_alloc.c:29: ERROR:unselected: x86 reaches the short count of compound_nr_pages() without having selected ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
        mm/sparse-vmemmap.c:149: ERROR:unselected: x86 reaches vmemmap_populate_compound_pages() without having selected ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
    "]],
    );
    assert_eq!((terse, shown), (Some(1), Some(1)));
}

#[test]
fn a_reply_quotes_the_patch_and_says_what_is_wrong_below() {
    let patch = mail("1/1] x86: no more", &[DESELECT]);
    let code = told(
        &patch,
        &["--format", "reply"],
        &expect![[r"
            From vmemmlint Thu Jan  1 00:00:00 1970
            To: A U Thor <author@example.org>
            Cc: list@example.org
            Subject: Re: [PATCH 1/1] x86: no more
            In-Reply-To: <more@example.org>
            References: <more@example.org>
            MIME-Version: 1.0
            Content-Type: text/plain; charset=utf-8
            Content-Transfer-Encoding: 8bit

            On Tue, 24 Nov 2026 10:00:00 +0000, A U Thor <author@example.org> wrote:
            > --- a/arch/x86/Kconfig
            > +++ b/arch/x86/Kconfig
            > @@ -16,7 +16,6 @@
            >  	select ARCH_ENABLE_MEMORY_HOTPLUG if X86_64
            >  	select ARCH_ENABLE_MEMORY_HOTREMOVE if MEMORY_HOTPLUG
            >  	select ARCH_HAS_PTE_DEVMAP if X86_64
            > -	select ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP if X86_64

            unselected: x86 reaches the short count of compound_nr_pages() without
            having selected ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP

              mm/page_alloc.c:29: 2 * (PAGE_SIZE / sizeof(struct page))
              from .probe of struct dax_device_driver (drivers/dax/device.c:40)
              1. dev_dax_probe() at drivers/dax/device.c:34
              2. devm_memremap_pages() at mm/memremap.c:64
              3. memremap_pages() at mm/memremap.c:54
              4. pagemap_range() at mm/memremap.c:30
              5. memmap_init_zone_device() at mm/page_alloc.c:59
              6. compound_nr_pages() at mm/page_alloc.c:29
              CONFIG_64BIT=y
              CONFIG_DAX=y
              CONFIG_DEV_DAX=y
              CONFIG_MEMORY_HOTPLUG=y
              CONFIG_MEMORY_HOTREMOVE=y
              CONFIG_TRANSPARENT_HUGEPAGE=y
              CONFIG_ZONE_DEVICE=y
              when is_power_of_2(sizeof(struct page))
              when dev_dax_probe() has stored to .vmemmap_shift
                (drivers/dax/device.c:32), where dev_dax->align > PAGE_SIZE

            Let x86 select ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP once its vmemmap
            lies in init_mm's page tables, or let the gate before this place ask for
            that symbol.

            unselected: x86 reaches vmemmap_populate_compound_pages() without having
            selected ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP

              mm/sparse-vmemmap.c:149: vmemmap_populate_compound_pages(pfn, start, end, nid, pgmap)
              4. pagemap_range() at mm/memremap.c:23
              5. add_pages() at arch/x86/mm/init_64.c:30
              6. __add_pages() at mm/memory_hotplug.c:20
              7. sparse_add_section() at mm/sparse.c:84
              8. section_activate() at mm/sparse.c:75
              9. populate_section_memmap() at mm/sparse.c:47
              10. __populate_section_memmap() at mm/sparse-vmemmap.c:149
              (else as above)

        "]],
    );
    assert_eq!(code, Some(1));
    let clean = mail("1/1] mm: both", &[CALL, COUNT]);
    assert_eq!(
        told(&clean, &["--format", "reply"], &expect![[""]]),
        Some(0)
    );
}

#[test]
fn servers_get_objects() {
    let series = [
        mail("2/2] x86: no more", &[DESELECT]),
        mail("1/2] mm: both", &[CALL, COUNT]),
    ];
    told(
        &series.concat(),
        &["--format", "patchwork"],
        &expect![[r#"
        [
          {
            "name": "mm: both",
            "file": "standard input",
            "msgid": "<both@example.org>",
            "check": {
              "state": "success",
              "target_url": "",
              "context": "vmemmlint",
              "description": "opens no hole"
            }
          },
          {
            "name": "x86: no more",
            "file": "standard input",
            "msgid": "<more@example.org>",
            "check": {
              "state": "success",
              "target_url": "",
              "context": "vmemmlint",
              "description": "opens no hole"
            }
          }
        ]
    "#]],
    );
    told(
        &series[0],
        &["--format", "b4-review"],
        &expect![[r#"
        [
          {
            "tool": "vmemmlint",
            "status": "fail",
            "summary": "2 errors",
            "url": "https://git.kernel.org/torvalds/c/4917f55b4ef9",
            "details": "mm/page_alloc.c:29: ERROR:unselected: x86 reaches the short count of compound_nr_pages() without having selected ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP\nmm/sparse-vmemmap.c:149: ERROR:unselected: x86 reaches vmemmap_populate_compound_pages() without having selected ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP\n"
          }
        ]
    "#]],
    );
    told(
        &series[1],
        &["--format", "b4-review"],
        &expect![[r#"
        [
          {
            "tool": "vmemmlint",
            "status": "pass",
            "summary": "opens no hole",
            "url": "",
            "details": ""
          }
        ]
    "#]],
    );
    // A cover letter alone is nothing to say of.
    let cover = "From: a@b\nSubject: [PATCH 0/2] cover\n\nHello.\n";
    assert_eq!(
        told(cover, &["--format", "b4-review"], &expect![["[]\n"]]),
        Some(0)
    );
}

#[test]
fn nipa_gets_its_exit_code_and_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("patch");
    std::fs::write(&file, mail("1/1] x86: no more", &[DESELECT])).unwrap();
    let said = folder.path().join("said");
    let script = format!(
        "exec 7>{}; DESC_FD=7 {} patch --no-cache --nipa --tree {} {}",
        name(&said),
        env!("CARGO_BIN_EXE_vmemmlint"),
        mini("unfixed"),
        name(&file)
    );
    let status = std::process::Command::new("sh")
        .args(["-c", &script])
        .stdout(Stdio::null())
        .status();
    assert_eq!(status.unwrap().code(), Some(1));
    expect![[r"
        1 patch: 2 new findings, 6 findings of the tree as before
    "]]
    .assert_eq(&program::read(&said));
}

#[test]
fn what_does_not_go_on_is_one_error_that_shows_why() {
    let patch = mail(
        "1/1] mm: call",
        &[&CALL.replace(
            "is_power_of_2(sizeof(struct page)) &&",
            "is_power_of_2(1) &&",
        )],
    );
    let errors = |input: &str, expected: &Expect| {
        let (code, out, err) = check(input, &[]);
        assert_eq!((code, out.as_str()), (Some(2), ""));
        expected.assert_eq(&err);
    };
    errors(
        &patch,
        &expect![[r#"
            vmemmlint: error: standard input:15: the hunk for mm/sparse-vmemmap.c does not go on: line 147 of the file is another (on the files of the tree)
              the patch has "\tif (is_power_of_2(1) &&\n"
              the file has  "\tif (is_power_of_2(sizeof(struct page)) &&\n"
        "#]],
    );
    errors(
        &mail("1/1] gone", &[&CALL.replace("sparse-vmemmap", "no-such")]),
        &expect![[r"
            vmemmlint: error: standard input:10: mm/no-such.c is to be changed, but is not there (on the files of the tree)
        "]],
    );
    errors(
        &mail("1/1] torn", &[&CALL[..CALL.len() - 60]]),
        &expect![[r"
            vmemmlint: error: standard input:12: this hunk is broken: it has 5 lines and makes 6 lines, where its head says 7 and 8
        "]],
    );
    errors(
        &mail(
            "1/1] out",
            &[&CALL
                .replace("b/mm/", "b/../../")
                .replace("a/mm/", "a/../../")],
        ),
        &expect![[r#"
            vmemmlint: error: standard input:10: "../../sparse-vmemmap.c" leads out of the tree (on the files of the tree)
        "#]],
    );
    errors(
        "",
        &expect![[r"
        vmemmlint: error: there is no patch in what was given
    "]],
    );
    errors(
        "Hello.\n",
        &expect![[r"
        vmemmlint: error: there is no patch in what was given
    "]],
    );
    let (code, out, err) = check("From: a@b\nSubject: Re: [PATCH] q\n\nFine.\n", &[]);
    assert_eq!((code, out.as_str()), (Some(0), ""));
    expect![[r#"
        vmemmlint: standard input "q" is passed over: no patch is in it
        vmemmlint: there is no patch to check
    "#]]
    .assert_eq(&err);
    let twice = [
        mail("1/2] mm: call", &[CALL]),
        mail("2/2] mm: call", &[CALL]),
    ]
    .concat();
    errors(
        &twice,
        &expect![[r"
            vmemmlint: error: standard input:36: the hunk for mm/sparse-vmemmap.c does not go on: the file has already what it would make (on the files of the tree)
        "]],
    );
}

#[test]
fn a_folder_is_read_in_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "0000-cover-letter.patch",
        "From: a@b\nSubject: [PATCH 0/2] both\n\nHello.\n",
    );
    write("0001-call.patch", &mail("1/2] mm: call", &[CALL]));
    write("0002-count.patch", &mail("2/2] mm: count", &[COUNT]));
    write("notes", "no patch\n");
    let tree = mini("unfixed");
    let arguments = ["patch", "--no-cache", "--tree", &tree, name(folder.path())];
    let (code, out, _) = run(&arguments);
    assert_eq!(code, Some(1));
    assert!(out.contains("1/2 opens what 2/2 closes"), "{out}");
    // quilt says another order.
    write(
        "series",
        "0002-count.patch -p1 # first\n# nothing\n0001-call.patch\n",
    );
    write("0001-call.patch", CALL);
    write("0002-count.patch", COUNT);
    let (code, out, _) = run(&arguments);
    assert_eq!(code, Some(1));
    assert!(out.contains("0002-count.patch opens what"), "{out}");
}
