//! `callers`, `callees` and `paths` as a shell sees them, on a mini kernel.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::process::{Command, Stdio};

const TREE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/unfixed");

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vmemmlint"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn callers_come_with_their_conditions_and_architectures() {
    let (code, out, err) = run(&["callers", "sparse_add_section", TREE]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let expect = "\
sparse_add_section (mm/sparse.c:81)
  by __add_pages (mm/memory_hotplug.c:20)
      when !err && MEMORY_HOTPLUG=y && SPARSEMEM && pfn < (start_pfn + nr_pages) [arm64, powerpc,
        s390, x86]
";
    assert_eq!(out, expect);
}

#[test]
fn a_call_through_a_field_goes_both_ways() {
    let (code, out, _) = run(&["callers", "--arch", "arm64", "dev_dax_probe", TREE]);
    assert_eq!(code, Some(0));
    assert!(
        out.contains("  by .probe of struct dax_device_driver (drivers/dax/device.c:"),
        "{out}"
    );
    let (code, out, _) = run(&[
        "callees",
        "--arch",
        "arm64",
        "drivers/dax/bus.c:dax_bus_probe",
        TREE,
    ]);
    let unknown = code == Some(2);
    assert!(unknown || out.contains("through a pointer"), "{out}");
}

#[test]
fn paths_are_told_from_the_first_function_to_the_last() {
    let (from, to) = ("__add_pages", "vmemmap_populate_compound_pages");
    let (code, out, err) = run(&["paths", "--arch", "powerpc", from, to, TREE]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let calls: Vec<&str> = out
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(calls.first(), Some(&"sparse_add_section"), "{out}");
    assert_eq!(calls.last(), Some(&to), "{out}");
    let (code, out, _) = run(&["paths", "--arch", "powerpc", to, from, TREE]);
    assert_eq!(code, Some(1));
    assert_eq!(
        out,
        format!("no calls were found that lead from {to} to {from}\n")
    );
}

#[test]
fn all_paths_of_a_finding_are_told_in_three_ways() {
    let asked = ["paths", "unselected", "powerpc", TREE];
    let (code, out, err) = run(&asked);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains("  paths: 2 paths from 1 entry\n"), "{out}");
    assert!(out.contains("    probe callbacks: 2 paths\n"), "{out}");
    let told = |format| {
        let mut asked = asked.to_vec();
        asked.extend(["--format", format]);
        run(&asked).1
    };
    let json: serde_json::Value = serde_json::from_str(&told("json")).unwrap();
    let finding = &json["findings"][1];
    assert_eq!(finding["paths"]["count"], 2);
    assert_eq!(
        finding["paths"]["entries"][0]["object"],
        "device_dax_driver"
    );
    let dot = told("dot");
    assert!(
        dot.starts_with("digraph") && dot.contains("\"2 paths\""),
        "{dot}"
    );
    // Where nothing is found the reason stands where errors do.
    let (code, out, err) = run(&["paths", "unselected", "x86", TREE]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("unselected on x86: clean"), "{err}");
    let (code, ..) = run(&["paths", "unselected", "x86", TREE, "--arch", "x86"]);
    assert_eq!(code, Some(2));
}

#[test]
fn programs_get_json_and_graphviz_gets_dot() {
    let asked = ["callers", "sparse_add_section", TREE, "--arch", "x86"];
    let (code, out, _) = run(&[&asked[..], &["--format", "json"]].concat());
    assert_eq!(code, Some(0));
    assert!(
        out.contains("\"question\": \"callers of sparse_add_section\""),
        "{out}"
    );
    assert!(out.contains("\"indirect\": false"), "{out}");
    let (code, out, _) = run(&[&asked[..], &["--format", "dot"]].concat());
    assert_eq!(code, Some(0));
    assert!(
        out.starts_with("digraph calls {\n") && out.ends_with("}\n"),
        "{out}"
    );
    assert!(
        out.contains("\"__add_pages@mm/memory_hotplug.c\" -> \"sparse_add_section@mm/sparse.c\""),
        "{out}"
    );
}

#[test]
fn one_configuration_decides_what_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    std::fs::write(&config, "CONFIG_SPARSEMEM=y\nCONFIG_SPARSEMEM_VMEMMAP=y\n").unwrap();
    let config = config.to_str().unwrap();
    let asked = ["callers", "sparse_add_section", TREE, "--config", config];
    let (code, _, err) = run(&asked);
    assert_eq!(code, Some(2));
    assert!(err.contains("name it with --arch"), "{err}");
    let (code, _, err) = run(&[&asked[..], &["--arch", "x86"]].concat());
    assert_eq!(code, Some(2));
    assert!(err.contains("no kernel of this configuration"), "{err}");
}

#[test]
fn what_cannot_be_answered_is_one_line() {
    for arguments in [
        &["callers", "no_such_function", TREE][..],
        &["callers", "", TREE],
        &["callees", "wrong/file.c:sparse_add_section", TREE],
        &["paths", "no_such_function", "sparse_add_section", TREE],
        &["callers", "x", TREE, "--arch", "none"],
        &["callers", "x", TREE, "--config", TREE, "--arch", "x86"],
        &["callers", "x", "/"],
    ] {
        let (code, out, err) = run(arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(
            err.starts_with("vmemmlint: error: ") && err.lines().count() == 1,
            "{arguments:?}: {err}"
        );
    }
}
