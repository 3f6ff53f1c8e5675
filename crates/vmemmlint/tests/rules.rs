//! Rules of a folder, as docs/writing-rules.md makes them, and how a tree chooses among rules.

#![expect(clippy::unwrap_used, reason = "a test may fail")]
#![expect(clippy::disallowed_methods, reason = "tests read what they laid out")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

const GUIDE: &str = include_str!("../../../docs/writing-rules.md");

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

/// The first text of the guide between these fences.
fn fenced<'g>(open: &str, close: &str) -> &'g str {
    let (_, rest) = GUIDE.split_once(&format!("\n{open}\n")).unwrap();
    let end = rest.find(&format!("\n{close}\n")).unwrap();
    &rest[..=end]
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// The folder that the guide makes, and a kernel that the rule is about.
fn folder() -> (tempfile::TempDir, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    write(&at("rules/sweep.toml"), fenced("```toml", "```"));
    let essay = fenced("````markdown", "````");
    write(&at("rules/sweep-unselected.md"), essay);
    let example = essay.split("```c\n").nth(1).unwrap();
    let example = &example[..example.find("```").unwrap()];
    let kernel = format!(
        "{}\n{example}",
        include_str!("../../../rules/example.kernel")
    );
    for file in format!("\n{kernel}").split("\n//- ").skip(1) {
        let (path, text) = file.split_once('\n').unwrap_or((file, ""));
        write(&at("linux").join(path), &format!("{text}\n"));
    }
    let name = |path: &str| at(path).to_str().unwrap().to_owned();
    let (rules, linux) = (name("rules"), name("linux"));
    (folder, rules, linux)
}

fn arches(out: &str) -> Vec<(String, String)> {
    let report: Value = serde_json::from_str(out).unwrap();
    let word = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    let arches = report["arches"].as_array().unwrap().iter();
    arches
        .map(|one| (word(one, "rule"), word(one, "verdict")))
        .collect()
}

#[test]
fn the_guide_leads_to_a_rule() {
    let (_folder, rules, linux) = folder();
    let (code, out, err) = run(&["rules", "test", &rules]);
    let told = "sweep-unselected: 2 examples, ok\n1 rules, 0 faults\n";
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), told, ""));
    assert!(GUIDE.contains(told));

    let (code, out, _) = run(&[
        "check",
        "--no-cache",
        "--rules",
        &rules,
        "--rule",
        "sweep",
        &linux,
    ]);
    assert_eq!(code, Some(1), "{out}");
    assert!(
        out.contains("toy reaches sweep_pages() without having selected ARCH_WANT_SWEEP"),
        "{out}"
    );

    let (code, out, _) = run(&["rules", "list", "--rules", &rules]);
    assert_eq!(code, Some(0));
    assert!(
        out.contains("sweep: pages are swept") && out.contains("vmemmap-dax: "),
        "{out}"
    );
    let (_, out, _) = run(&["rules", "list", "--format", "json"]);
    let listed: Value = serde_json::from_str(&out).unwrap();
    let mut packs = listed["packs"].as_array().unwrap().iter();
    let mission = packs.find(|pack| pack["id"] == "vmemmap-dax").unwrap();
    assert_eq!(mission["rules"][0]["id"], "mismatched-pair");

    let (code, out, _) = run(&["explain", "sweep-unselected", "--rules", &rules]);
    assert_eq!(
        (code, out.as_str()),
        (Some(0), fenced("````markdown", "````"))
    );
}

#[test]
fn what_the_guide_says_of_faults_is_so() {
    let (folder, rules, _) = folder();
    let pack = folder.path().join("rules/sweep.toml");
    let text = fs::read_to_string(&pack).unwrap();
    fs::write(&pack, text.replace("severity", "severty")).unwrap();
    let (code, _, err) = run(&["rules", "test", &rules]);
    assert_eq!(code, Some(2));
    let wanted = GUIDE
        .lines()
        .find(|line| line.contains("unknown field"))
        .unwrap();
    let (start, end) = wanted.split_once("...").unwrap();
    assert!(
        err.contains(start) && err.trim_end().ends_with(end),
        "{err}"
    );

    fs::write(&pack, text).unwrap();
    let essay = folder.path().join("rules/sweep-unselected.md");
    let text = fs::read_to_string(&essay).unwrap();
    fs::write(&essay, text.replace("$(CONFIG_ARCH_WANT_SWEEP)", "y")).unwrap();
    let (code, out, _) = run(&["rules", "test", &rules]);
    assert_eq!(code, Some(1));
    let wanted = GUIDE
        .lines()
        .find(|line| line.contains("it is not silent"))
        .unwrap();
    let wanted = wanted.split_once("flagged").unwrap().0;
    assert!(out.contains(wanted), "{out}");
}

#[test]
fn a_tree_chooses_its_rules() {
    let (folder, rules, linux) = folder();
    let asked = |configuration: &str| {
        let tree = folder.path().join("linux");
        fs::write(tree.join("vmemmlint.toml"), configuration).unwrap();
        let (code, out, err) = run(&["check", "--no-cache", "--format", "json", &linux]);
        if code == Some(2) {
            Err(err)
        } else {
            Ok(arches(&out))
        }
    };
    let count = |configuration: &str| asked(configuration).unwrap().len();
    let by_default = count("");
    fs::rename(&rules, folder.path().join("linux/own")).unwrap();
    let all = "[rules]\nfolders = [\"own\"]\n";
    let flagged = ("sweep-unselected".to_owned(), "flagged".to_owned());
    assert!(asked(all).unwrap().contains(&flagged));
    assert_eq!(count(all), by_default + 1);
    assert_eq!(
        count(&format!("{all}disable = [\"sweep\", \"stale-select\"]")),
        by_default - 1
    );
    let pack = folder.path().join("linux/own/sweep.toml");
    let text = fs::read_to_string(&pack).unwrap();
    fs::write(&pack, text.replace("question", "default = false\nquestion")).unwrap();
    assert_eq!(count(all), by_default);
    assert_eq!(
        count(&format!("{all}enable = [\"sweep-unselected\"]")),
        by_default + 1
    );
    let error = asked("[rules]\nfolders = [\"../own\"]").unwrap_err();
    assert!(
        error.starts_with("vmemmlint: error: vmemmlint.toml: cannot read ../own"),
        "{error}"
    );
    let error = asked(&format!("{all}disable = [\"swep\"]")).unwrap_err();
    assert!(
        error.contains("vmemmlint.toml:3: ") && error.contains("did you mean"),
        "{error}"
    );
}

#[test]
fn a_pack_more_changes_no_other_answer() {
    let (folder, rules, linux) = folder();
    let answers = |arguments: &[&str]| {
        let asked = [&["check", "--no-cache", "--format", "json"], arguments].concat();
        arches(&run(&asked).1)
    };
    let mini = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/unfixed");
    let mut before = answers(&["--rule", "vmemmap-dax", mini]);
    let own = include_str!("../../../rules/vmemmap-dax.toml");
    let own = own
        .replace("vmemmap-dax", "aaa")
        .replace("id = \"unselected\"", "id = \"aaa\"");
    let (head, rules_of_own) = own
        .split_once("# The shortcut is reached on an architecture")
        .unwrap();
    let head = head.split_once("[backend]").map_or(head, |(head, _)| head);
    let rule = &rules_of_own[rules_of_own.find("[[rule]]").unwrap()..];
    let rule = rule.split("\n# ").next().unwrap();
    write(
        &folder.path().join("rules/aaa.toml"),
        &format!("{head}{rule}"),
    );
    write(
        &folder.path().join("rules/aaa.md"),
        "# aaa\n\nThe same again.\n",
    );
    let mut after = answers(&[
        "--rules",
        &rules,
        "--rule",
        "vmemmap-dax",
        "--rule",
        "aaa",
        mini,
    ]);
    after.retain(|(rule, _)| rule != "aaa");
    before.sort();
    after.sort();
    assert_eq!(before, after);
    // What is accepted by function is about all paths.
    let accept =
        "[[accept]]\nrule = \"sweep-unselected\"\nfunction = \"sweep_init\"\nreason = \"known\"\n";
    write(&folder.path().join("linux/vmemmlint.toml"), accept);
    let accepted = ("sweep-unselected".to_owned(), "accepted".to_owned());
    assert_eq!(
        answers(&["--rules", &rules, "--rule", "sweep", &linux]),
        [accepted]
    );
}

#[test]
fn a_rule_is_asked_of_its_versions() {
    let (folder, rules, linux) = folder();
    let pack = folder.path().join("rules/sweep.toml");
    let text = fs::read_to_string(&pack).unwrap();
    let told = |versions: &str| {
        fs::write(&pack, text.replace("title", &format!("{versions}\ntitle"))).unwrap();
        run(&[
            "check",
            "--no-cache",
            "--rules",
            &rules,
            "--rule",
            "sweep",
            &linux,
        ])
    };
    assert_eq!(told("since = \"6.12\"\nuntil = \"6.12\"").0, Some(1));
    let (code, out, _) = told("since = \"6.13\"");
    assert_eq!(code, Some(0));
    assert!(
        out.contains("sweep-unselected was not asked of this tree: it asks from 6.13 on."),
        "{out}"
    );
    assert!(told("until = \"6.11\"").1.contains("it asks up to 6.11."));
    // Its examples are kernels that it asks.
    assert_eq!(run(&["rules", "test", &rules]).0, Some(0));
}

#[test]
fn the_schema_knows_every_word_of_a_pack() {
    let (code, out, _) = run(&["rules", "schema"]);
    let schema: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, Some(0));
    let words = schema["properties"].as_object().unwrap();
    for word in [
        "id",
        "title",
        "links",
        "since",
        "opt-in",
        "sink",
        "entries",
        "stops",
        "backend-of",
        "rule",
    ] {
        let says = words[word]["description"].as_str();
        assert!(says.is_some_and(|says| !says.is_empty()), "{word}");
    }
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn a_folder_without_rules_is_one_error() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().to_str().unwrap();
    for path in [empty, "/nowhere", "/dev/null"] {
        let (code, out, err) = run(&["rules", "test", path]);
        assert_eq!(
            (code, out.as_str(), err.lines().count()),
            (Some(2), "", 1),
            "{err}"
        );
    }
    fs::write(folder.path().join("a.toml"), b"\xff").unwrap();
    let (code, _, err) = run(&["rules", "test", empty]);
    assert!(code == Some(2) && err.contains("a.toml"), "{err}");
}
