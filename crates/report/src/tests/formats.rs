//! Reports for other programs, of the findings that the reports for people are tried with.

use super::*;
use crate::{
    Report, github, gitlab, html, jsonl, junit, markdown, rdjson, sarif, statistics, svg, terse,
};
use rules::{Accepted, Rule};

fn report<'a>(tree: &'a Memory, outcome: &'a Outcome, rules: &'a [Rule]) -> Report<'a> {
    Report {
        tree: "linux/",
        folder: "linux/",
        outcome,
        source: tree,
        rules,
        version: "1.2.3",
    }
}

type Format = fn(&Report<'_>) -> String;

const ALL: [(&str, Format); 11] = [
    ("dot", crate::dot),
    ("github", github),
    ("gitlab", gitlab),
    ("html", html),
    ("jsonl", jsonl),
    ("junit", junit),
    ("markdown", markdown),
    ("rdjson", rdjson),
    ("sarif", sarif),
    ("svg", svg),
    ("terse", terse),
];

fn both(tree: &Memory) -> Outcome {
    Outcome {
        kernel_version: "6.1.0".into(),
        findings: vec![arm64(tree), powerpc(tree)],
        verdicts: verdicts(),
        problems: vec![Problem {
            place: at(tree, "arch/arm64/Kconfig", "def_bool y"),
            message: "odd: 100%, and\nmore".into(),
        }],
        ..Outcome::default()
    }
}

fn value(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn terse_lines_are_found_from_where_the_program_was_started() {
    let tree = tree();
    let outcome = both(&tree);
    let mut report = report(&tree, &outcome, &[]);
    expect![[r#"
        linux/arch/arm64/Kconfig:2: warning: unreadable: odd: 100%, and more
        linux/mm/sparse-vmemmap.c:7: error: unselected: the vmemmap is optimised although arm64 never selects it
        linux/mm/sparse-vmemmap.c:7: error: unselected: the vmemmap is optimised although powerpc never selects ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
        linux/arch/s390/Kconfig:1: warning: unknown: no-init-mm is unknown on s390: field params->pgmap
        linux/arch/s390/Kconfig:1: warning: unknown: unselected is unknown on s390: field params->pgmap
    "#]]
    .assert_eq(&terse(&report));
    report.folder = ".";
    assert!(terse(&report).starts_with("arch/arm64/Kconfig:2: "));
    report.folder = "/";
    assert!(terse(&report).starts_with("/arch/arm64/Kconfig:2: "));
}

#[test]
fn github_reads_one_command_in_each_line() {
    let tree = tree();
    let outcome = both(&tree);
    let text = github(&report(&tree, &outcome, &[]));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "::warning file=arch/arm64/Kconfig,line=2,col=2,title=vmemmlint::odd: 100%25, and more"
    );
    let head =
        "::error file=mm/sparse-vmemmap.c,line=7,col=7,title=vmemmlint%3A unselected::the vmemmap";
    assert!(lines[1].starts_with(head) && lines[1].contains("%0ACONFIG_DEV_DAX=m%0A"));
    assert_eq!(lines.len(), 5);
    assert!(lines[3].ends_with("::no-init-mm is unknown on s390: field params->pgmap"));
}

#[test]
fn each_issue_of_gitlab_has_a_fingerprint_of_its_own() {
    let tree = tree();
    let mut outcome = both(&tree);
    outcome.findings.push(powerpc(&tree));
    let issues = value(&gitlab(&report(&tree, &outcome, &[])));
    let issues = issues.as_array().unwrap();
    let prints: std::collections::BTreeSet<&str> = issues
        .iter()
        .map(|issue| issue["fingerprint"].as_str().unwrap())
        .collect();
    // The findings, what could not be read, and what is not known.
    assert_eq!((issues.len(), prints.len()), (6, 6));
    assert_eq!(issues[0]["location"]["lines"]["begin"], 7);
}

#[test]
fn sarif_tells_the_path_as_a_code_flow_and_what_is_accepted_as_suppressed() {
    let tree = tree();
    let mut outcome = both(&tree);
    outcome.accepted.push(Accepted {
        finding: outcome.findings.pop().unwrap(),
        reason: "known".into(),
        place: at(&tree, "arch/powerpc/Kconfig", "bool"),
    });
    let catalog = rules::Catalog::built_in().unwrap();
    let log = value(&sarif(&report(&tree, &outcome, catalog.rules())));
    let run = &log["runs"][0];
    let results = run["results"].as_array().unwrap();
    let [first, second] = results.as_slice() else {
        panic!("{results:?}");
    };
    let at = &first["locations"][0]["physicalLocation"];
    assert_eq!(at["artifactLocation"]["uri"], "mm/sparse-vmemmap.c");
    let region = &at["region"];
    assert_eq!(
        (&region["startColumn"], &region["endColumn"]),
        (&7.into(), &38.into())
    );
    let flow = &first["codeFlows"][0]["threadFlows"][0]["locations"];
    assert_eq!(flow.as_array().unwrap().len(), 3);
    assert!(first.get("suppressions").is_none());
    assert_eq!(second["suppressions"][0]["justification"], "known");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let rule = &rules[usize::try_from(first["ruleIndex"].as_u64().unwrap()).unwrap()];
    assert_eq!(rule["id"], "unselected");
    let told = &run["invocations"][0]["toolExecutionNotifications"];
    assert_eq!(told[0]["message"]["text"], "odd: 100%, and more");
    let _: serde_sarif::sarif::Sarif = serde_json::from_value(log).unwrap();
}

#[test]
fn reviewdog_gets_where_code_begins_and_ends() {
    let tree = tree();
    let outcome = both(&tree);
    let told = value(&rdjson(&report(&tree, &outcome, &[])));
    let first = &told["diagnostics"][0];
    assert_eq!(
        first["location"]["range"],
        serde_json::json!({ "start": { "line": 7, "column": 7 }, "end": { "line": 7, "column": 38 } })
    );
    assert_eq!(first["severity"], "ERROR");
    assert_eq!(first["related_locations"].as_array().unwrap().len(), 2);
}

#[test]
fn a_verdict_is_a_test() {
    let tree = tree();
    let outcome = both(&tree);
    let text = junit(&report(&tree, &outcome, &[]));
    let head = text.lines().nth(1).unwrap();
    assert_eq!(
        head,
        "<testsuites name=\"vmemmlint\" tests=\"11\" failures=\"3\" errors=\"3\">"
    );
    let read = quick_junit::Report::deserialize_from_str(&text).unwrap();
    assert_eq!(read.test_suites.len(), 3);
    assert!(text.contains("<testcase name=\"x86\" classname=\"unselected\">"));
}

#[test]
fn lines_of_json_end_in_a_summary() {
    let tree = tree();
    let outcome = both(&tree);
    let text = jsonl(&report(&tree, &outcome, &[]));
    let lines: Vec<serde_json::Value> = text.lines().map(value).collect();
    let kinds: Vec<&str> = lines.iter().map(|l| l["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["finding", "finding", "problem", "summary"]);
    assert_eq!(lines[3]["verdicts"]["flagged"], 3);
    assert_eq!(lines[0]["fingerprint"].as_str().unwrap().len(), 16);
}

#[test]
fn a_page_links_each_finding_and_tells_one_path_once() {
    let tree = tree();
    let mut outcome = both(&tree);
    outcome.findings[0].message = "a <script>alert(1)</script> & \"b\"".into();
    let page = html(&report(&tree, &outcome, &[]));
    assert!(page.contains("a &lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;b&quot;"));
    assert_eq!(page.matches("<script>").count(), 1);
    for print in rules::fingerprints(&outcome.findings) {
        let (anchor, link) = (format!("id=\"f-{print}\""), format!("href=\"#f-{print}\""));
        assert!(page.contains(&anchor) && page.contains(&link));
    }
    assert_eq!(page.matches("<svg").count(), 1);
    assert!(page.contains("By the same path as on "));
    assert!(page.contains("<mark>vmemmap_populate_compound_pages</mark>"));
}

#[test]
fn in_markdown_nothing_of_the_tree_is_marked() {
    let tree = tree();
    let mut outcome = both(&tree);
    outcome.findings[0].help = "a_b *c* <i> |".into();
    let text = markdown(&report(&tree, &outcome, &[]));
    assert!(text.contains("a\\_b \\*c\\* &lt;i&gt; \\|"), "{text}");
    assert!(text.contains("| arm64 | clean | **flagged** |"), "{text}");
    let many = Outcome {
        findings: vec![powerpc(&tree); 200],
        ..Outcome::default()
    };
    let text = markdown(&report(&tree, &many, &[]));
    assert!(text.len() < 65_536 && text.contains("more findings: too much for one comment"));
}

#[test]
fn findings_are_counted_by_rule() {
    let tree = tree();
    let mut outcome = both(&tree);
    outcome.findings[0].rule = "other".into();
    outcome.findings.push(powerpc(&tree));
    expect![[r#"
        2  unselected  powerpc
        1  other       arm64
    "#]]
    .assert_eq(&statistics(&outcome));
    assert_eq!(statistics(&Outcome::default()), "no findings\n");
}

#[test]
fn no_format_fails_or_passes_on_what_a_terminal_would_obey() {
    let mut tree = tree();
    tree.insert(
        "mm/e.c",
        b"\t/* Andr\xe9 \x1b[2J ]]> */ f(\xc3\xa9);\r\n\tg();",
    );
    let place = at(&tree, "mm/e.c", "f(\u{e9})");
    let nasty = "a\x1b[31m\nb \u{202e}c \u{9b} <&\"'>]]> `| ::error::%0A";
    let odd = Finding {
        message: nasty.into(),
        help: nasty.into(),
        rule: nasty.into(),
        arch: nasty.into(),
        arches: vec![nasty.into(); 3],
        sink: place.clone(),
        path: vec![step(nasty, place, nasty)],
        config: BTreeMap::from([(nasty.into(), nasty.into())]),
        assumptions: vec![nasty.into()],
        ..powerpc(&tree)
    };
    let nowhere = Finding {
        sink: Place::default(),
        path: Vec::new(),
        kconfig: None,
        ..powerpc(&tree)
    };
    let mut outcome = both(&tree);
    outcome.findings.extend([odd, nowhere]);
    outcome
        .verdicts
        .push(verdict(nasty, nasty, Verdict::Flagged, nasty));
    outcome.problems.push(Problem {
        place: Place::default(),
        message: nasty.into(),
    });
    for (name, format) in ALL {
        for outcome in [&outcome, &Outcome::default()] {
            let text = format(&report(&tree, outcome, &[]));
            let raw = text
                .chars()
                .find(|c| crate::clean::is_unsafe(*c) && !"\n\t".contains(*c));
            assert_eq!(raw, None, "{name}");
            assert!(
                name == "github" || name == "terse" || !text.is_empty(),
                "{name}"
            );
        }
    }
    assert_eq!(github(&report(&tree, &outcome, &[])).lines().count(), 8);
}
