//! All paths of a finding, and findings that are accepted.

use rules::{Accepted, PathCall, PathEntry, Paths, State, Suppression};

use super::*;

/// One path in full, another kind of entry in short, and where to read of all of them.
#[test]
fn other_kinds_of_entries_are_told_in_short() {
    let tree = tree();
    let mut finding = powerpc(&tree);
    let entry = |kind: &str, words: &str, count, path: Vec<Step>| PathEntry {
        kind: kind.into(),
        words: words.into(),
        object: "own_driver".into(),
        place: Place::default(),
        count,
        when: "DEV_DAX".into(),
        shortest: path,
    };
    let init = vec![step("start", Place::default(), "module_init")];
    let shown = finding.path.clone();
    let call = PathCall {
        caller: "start".into(),
        callee: String::new(),
        place: finding.sink.clone(),
        count: u128::MAX,
    };
    finding.paths = Some(Paths {
        count: 5,
        limit: Some("the search was given up".into()),
        entries: vec![
            entry("initcalls", "module_init", 3, init),
            entry(
                "probe callbacks",
                ".probe of struct dax_device_driver",
                2,
                shown,
            ),
        ],
        calls: vec![call],
    });
    let outcome = of(finding);
    let short = human("linux/", &outcome, &tree, &PLAIN);
    assert!(
        short.contains("  also: from module_init (), by start ()\n"),
        "{short}"
    );
    assert!(!short.contains("also: from .probe"), "{short}");
    assert!(
        short.contains("  paths: 5 paths or more from 2 entries; --all-paths"),
        "{short}"
    );
    let look = Look {
        paths: Detail::All,
        ..PLAIN
    };
    let all = human("linux/", &outcome, &tree, &look);
    assert!(all.contains("    initcalls: 3 paths\n"), "{all}");
    assert!(
        all.contains(&format!(
            "{}  mm/sparse-vmemmap.c:7  start > the sink\n",
            u128::MAX
        )),
        "{all}"
    );
    // A number that not every reader of JSON could hold is a text.
    let text = json("linux/", &outcome);
    assert!(
        text.contains(&format!("\"count\": \"{}\"", u128::MAX)),
        "{text}"
    );
}

/// What is accepted is counted, and an entry that is of no use is told with its place.
#[test]
fn entries_that_accept_nothing_are_told() {
    let tree = tree();
    let place = Place {
        file: "vmemmlint.toml".into(),
        line: 3,
        ..Place::default()
    };
    let entry = |state| Suppression {
        place: place.clone(),
        rule: "unselected".into(),
        arches: vec!["arm64".into()],
        function: "dev_dax_probe".into(),
        reason: "known".into(),
        until: "2026-01-31".into(),
        state,
    };
    let accepted = Accepted {
        finding: arm64(&tree),
        reason: "known".into(),
        place: place.clone(),
    };
    let outcome = Outcome {
        verdicts: vec![verdict("arm64", "unselected", Verdict::Accepted, "known")],
        accepted: vec![accepted],
        suppressions: [State::Unused, State::Ended, State::Used(1), State::NotAsked]
            .map(entry)
            .into(),
        ..Outcome::default()
    };
    check(
        &outcome,
        &tree,
        &PLAIN,
        &expect![[r#"
          ⚠ vmemmlint.toml:3: the acceptance of unselected on arm64 through dev_dax_probe() accepts no
          │ finding: remove it
          ⚠ vmemmlint.toml:3: the acceptance of unselected on arm64 through dev_dax_probe() has ended on
          │ 2026-01-31: remove it or think again

          arm64  accepted      known

        linux/: 0 findings, 1 accepted; 1 architecture: 0 flagged, 0 unknown, 1 accepted, 0 clean, 0
          cannot reach
    "#]],
    );
    let text = json("linux/", &outcome);
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["accepted"][0]["reason"], "known");
    assert_eq!(report["accepted"][0]["accepted_at"]["line"], 3);
    assert_eq!(report["suppressions"][1]["state"], "ended");
    assert_eq!(report["suppressions"][2]["findings"], 1);
}
