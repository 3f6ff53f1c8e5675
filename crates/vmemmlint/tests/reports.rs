//! Reports, baselines and exit codes, as a shell sees them.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod program;

use program::{files_in, mini, name, read, run, tree};

#[test]
fn reports_go_to_files_beside_the_one_that_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let outputs: Vec<String> = ["sarif", "junit", "html", "terse"]
        .iter()
        .map(|format| format!("{format}={}", name(&file(format))))
        .collect();
    let tree = mini("unfixed");
    let mut arguments = vec!["check", "--no-cache", "--format", "json", &tree];
    for output in &outputs {
        arguments.extend(["--output", output]);
    }
    let (code, out, err) = run(&arguments);
    assert_eq!((code, err.as_str()), (Some(1), ""));
    let findings = serde_json::from_str::<serde_json::Value>(&out).unwrap()["findings"].clone();
    let read = |name: &str| read(&file(name));
    assert_eq!(
        read("terse").lines().count(),
        findings.as_array().unwrap().len()
    );
    assert!(read("sarif").contains("\"2.1.0\"") && read("junit").contains("<testsuites"));
    assert!(read("html").starts_with("<!DOCTYPE html>"));
    // What was there stays where a report cannot be written, and no part of a report is left behind.
    let nowhere = format!("sarif={}", name(&file("no/such/folder")));
    let (code, out, err) = run(&["check", "--no-cache", "--output", &nowhere, &tree]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("there is no directory"), "{err}");
    assert_eq!(files_in(folder.path()), 4);
}

#[test]
fn what_stands_in_a_baseline_is_told_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("known.json");
    let (baseline, tree) = (name(&file), mini("unfixed"));
    let check = |more: &[&str]| run(&[&["check", "--no-cache", &tree], more].concat());
    let both = [
        "--baseline",
        baseline,
        "--write-baseline",
        baseline,
        "--exit-zero",
    ];
    let (code, _, err) = check(&both);
    assert_eq!((code, err.as_str()), (Some(0), ""), "there is none yet");
    let written = read(&file);
    let (code, out, _) = check(&["--baseline", baseline]);
    assert_eq!(code, Some(0));
    assert!(out.contains(": 0 findings, 6 accepted;"), "{out}");
    // Written again it is the same.
    assert_eq!(check(&both).0, Some(0));
    assert_eq!(read(&file), written);
    // An entry that nothing needs is told, and one of an architecture that was not asked is not.
    std::fs::write(&file, written.replace("\"code\":\"", "\"code\":\"no ")).unwrap();
    let (code, out, _) = check(&["--baseline", baseline, "--arch", "powerpc"]);
    assert_eq!(code, Some(1));
    assert_eq!(out.matches("accepts no finding:").count(), 4, "{out}");
    std::fs::write(&file, "{\n  \"version\": 1,\n").unwrap();
    let (code, out, err) = check(&["--baseline", baseline]);
    assert_eq!((code, out.as_str(), err.lines().count()), (Some(2), "", 1));
    assert!(err.contains("known.json:3: "), "{err}");
    assert_eq!(check(&["--baseline", "/no/such"]).0, Some(2));
}

#[test]
fn the_exit_code_is_of_what_is_bad_enough() {
    let tree = mini("unfixed");
    let code = |more: &[&str]| run(&[&["check", "--no-cache", &tree], more].concat()).0;
    assert_eq!(code(&[]), Some(1));
    assert_eq!(code(&["--fail-on", "error"]), Some(1));
    assert_eq!(code(&["--fail-on", "never"]), Some(0));
    assert_eq!(code(&["--exit-zero"]), Some(0));
    let stale = ["--rule", "stale-select"];
    let warnings = run(&[&["check", "--no-cache", &tree, "--statistics"], &stale[..]].concat());
    let only = |more: &[&str]| code(&[&stale[..], more].concat());
    assert_eq!(only(&["--fail-on", "error"]), Some(0), "{warnings:?}");
    let (code, out, _) = run(&["check", "--no-cache", &tree, "--statistics"]);
    assert_eq!(code, Some(1));
    assert!(
        out.contains("unselected") && !out.contains("path:"),
        "{out}"
    );
    let (code, _, err) = run(&["check", "--no-cache", &tree, "-v"]);
    assert_eq!(code, Some(1));
    assert!(err.contains("vmemmlint: answer: worked out now"), "{err}");
}

#[test]
fn shells_and_the_manual_are_told() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, out, err) = run(&["completions", shell]);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        assert!(out.contains("write-baseline"), "{shell}");
    }
    let (code, out, _) = run(&["man"]);
    assert_eq!(code, Some(0));
    assert!(out.contains(".TH vmemmlint 1"));
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run(&["man", name(folder.path())]).0, Some(0));
    assert!(read(&folder.path().join("vmemmlint-check.1")).contains("baseline"));
    assert_eq!(run(&["man", "/no/such"]).0, Some(2));
}

#[test]
fn what_is_configured_is_shown_with_its_reason() {
    let folder = tree();
    let (code, out, _) = run(&["config", "show", name(folder.path())]);
    assert_eq!(code, Some(0));
    assert!(out.contains("configuration: none"), "{out}");
    assert!(
        out.contains("+ unselected ") && out.contains("- dead-block "),
        "{out}"
    );
    let words = "[rules]\nenable = [\"dead-block\"]\ndisable = [\"unselected\"]\n\
        [[accept]]\nrule = \"stale-select\"\nreason = \"r\"\n";
    std::fs::write(folder.path().join("vmemmlint.toml"), words).unwrap();
    let (code, out, _) = run(&["config", "show", "--format", "json", name(folder.path())]);
    assert_eq!(code, Some(0));
    let shown: serde_json::Value = serde_json::from_str(&out).unwrap();
    let why = |id: &str| {
        let rules = shown["rules"].as_array().unwrap().iter();
        rules
            .filter(|rule| rule["id"] == id)
            .map(|rule| rule["why"].clone())
            .next()
            .unwrap()
    };
    assert_eq!(
        (why("dead-block"), why("unselected")),
        ("enabled".into(), "disabled".into())
    );
    let accepted = &shown["accepted"][0];
    assert_eq!(
        (&accepted["rule"], &accepted["line"]),
        (&"stale-select".into(), &4.into())
    );
    assert_eq!(shown["configuration"], "vmemmlint.toml");
    let (_, out, _) = run(&["config", "show", name(folder.path())]);
    assert!(
        out.ends_with("accepted:\n  stale-select: r (vmemmlint.toml:4)\n"),
        "{out}"
    );
}

#[test]
fn what_could_not_be_told_does_not_count_as_known() {
    let folder = tempfile::tempdir().unwrap();
    let (known, tree) = (folder.path().join("known.json"), mini("unfixed"));
    let check = |more: &[&str]| run(&[&["check", "--no-cache", &tree], more].concat());
    let (code, out, err) = check(&[
        "--write-baseline",
        name(&known),
        "--output",
        "sarif=/dev/full",
    ]);
    assert_eq!(code, Some(2));
    assert!(
        out.contains("6 findings") && err.contains("/dev/full"),
        "{err}"
    );
    assert!(!known.exists());
    let twice = format!("json={}", name(&known));
    let (code, out, err) = check(&["--write-baseline", name(&known), "--output", &twice]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("is named for two things"), "{err}");
    // What one architecture is asked does not forget the others.
    let keep = ["--write-baseline", name(&known), "--exit-zero"];
    assert_eq!(check(&keep).0, Some(0));
    let all = read(&known);
    let again = [
        &["--baseline", name(&known), "--arch", "powerpc"],
        &keep[..],
    ]
    .concat();
    assert_eq!(check(&again).0, Some(0));
    assert_eq!(read(&known), all);
}

#[cfg(unix)]
#[test]
fn a_file_that_is_written_again_keeps_its_rights_and_its_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("report"), folder.path().join("link"));
    std::fs::write(&file, "old").unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    symlink("report", &link).unwrap();
    let (tree, output) = (mini("unfixed"), format!("terse={}", name(&link)));
    assert_eq!(
        run(&["check", "--no-cache", "--output", &output, &tree]).0,
        Some(1)
    );
    assert!(link.is_symlink() && read(&file).contains(": error: "));
    let mode = file.metadata().unwrap().permissions().mode();
    assert_eq!((mode & 0o777, files_in(folder.path())), (0o600, 2));
}

#[test]
fn findings_that_are_less_severe_are_not_told() {
    let tree = mini("unfixed");
    let check =
        |more: &[&str]| run(&[&["check", "--no-cache", "--rule", "kconfig", &tree], more].concat());
    let (code, out, _) = check(&["--format", "json"]);
    let warnings = |out: &str| {
        let report: serde_json::Value = serde_json::from_str(out).unwrap();
        let findings = report["findings"].as_array().unwrap().len();
        let cells = report["arches"].as_array().unwrap().iter();
        (
            findings,
            cells.filter(|cell| cell["verdict"] == "flagged").count(),
        )
    };
    assert_eq!(code, Some(1));
    assert!(warnings(&out).0 > 0);
    assert_eq!(check(&["--fail-on", "error"]).0, Some(0));
    let (code, out, _) = check(&["--format", "json", "--severity", "error"]);
    assert_eq!((code, warnings(&out)), (Some(0), (0, 0)));
}
