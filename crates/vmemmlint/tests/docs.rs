//! What documents say can be typed, and what they show is what comes of it.
//!
//! Each block of `sh` is run by bash where a kernel tree is at hand, a git repository, and the program. Other programs
//! that a line names are stood in for where they are not installed, or would do more than a test may; which, is told.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]
#![allow(
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "what is skipped is told; programs are where the user has them"
)]

mod program;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use program::{name, read, run};

/// The documents whose commands are run.
const DOCUMENTS: [&str; 7] = [
    "README.md",
    "docs/getting-started.md",
    "docs/reading-a-finding.md",
    "docs/reports.md",
    "docs/ci.md",
    "docs/patches.md",
    "docs/writing-rules.md",
];

/// What is never run here: it installs, builds, or asks others.
const STOOD_IN: [&str; 5] = ["make", "sudo", "reviewdog", "open", "man"];

/// What is used where it is there.
const OTHERS: [&str; 2] = ["dot", "jq"];

/// Counts what goes wrong: 2 is "not done", and more is a fault.
const WRAPPER: &str = "#!/bin/bash\n\"$REAL\" \"$@\"\nstatus=$?\n\
    [ $status -eq 0 -o $status -eq 1 -o $status -eq 3 ] || echo \"$status: vmemmlint $*\" >>\"$FAULTS\"\nexit $status\n";

/// Runs the program as cargo would; brings no tree but this one.
const CARGO: &str = "#!/bin/bash\ncase \"$1 $2\" in\n'run --release') shift 3; exec vmemmlint \"$@\";;\n\
    'xtask tree') echo \"$HERE/linux\";;\nesac\n";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// The blocks of a document in one language, each with its line.
fn blocks(text: &str, language: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        let inner = line.trim_start();
        match &mut open {
            None if inner.strip_prefix("```") == Some(language) => {
                open = Some((number + 1, line.len() - inner.len(), String::new()));
            }
            None => {}
            Some(_) if inner == "```" => {
                let (line, _, block) = open.take().unwrap();
                blocks.push((line, block));
            }
            Some((_, indent, block)) => {
                block.push_str(line.get(*indent..).unwrap_or(inner));
                block.push('\n');
            }
        }
    }
    blocks
}

/// A place to work in, as the documents have it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        let bin = place.path("bin");
        std::fs::create_dir_all(&bin).unwrap();
        place.program("vmemmlint", WRAPPER);
        place.program("cargo", CARGO);
        for program in STOOD_IN {
            place.program(program, "#!/bin/sh\n[ -t 0 ] || cat >/dev/null\n");
        }
        for program in OTHERS {
            let found = Command::new("sh")
                .args(["-c", &format!("command -v {program}")])
                .output();
            if !found.unwrap().status.success() {
                eprintln!("skipped: {program} is not installed");
                place.program(program, "#!/bin/sh\ncat >/dev/null\n");
            }
        }
        place.bash(
            "cp -r \"$ROOT/testdata/unfixed\" linux && mkdir -p src && ln -s ../linux src/linux
             ln -s \"$ROOT/testdata\" testdata && ln -s \"$ROOT/rules\" rules
             ln -s \"$ROOT/crates\" crates && cp -r linux own
             echo CONFIG_DAX=y >.config && cp .config linux
             mkdir -p .local/share/man/man1 .local/share/bash-completion/completions .zfunc .config.d
             cd linux && git init -q -b main . && git add -f . && git commit -qm one
             for n in 2 3 4 5; do echo \"/* $n */\" >>mm/sparse.c; git commit -qam $n; done
             git tag v6.12 HEAD~1 && git format-patch -q -o ../outgoing HEAD~2 && cd .. && git clone -q --bare linux linux.git && mkdir my-rules",
        );
        place.rules();
        place
    }

    fn path(&self, inner: &str) -> PathBuf {
        self.0.path().join(inner)
    }

    /// The rule of its own that a document leads to.
    fn rules(&self) {
        let text = read(&root().join("docs/writing-rules.md"));
        let (_, pack) = blocks(&text, "toml").remove(0);
        std::fs::write(self.path("my-rules/sweep.toml"), pack).unwrap();
        let (_, essay) = text.split_once("````markdown\n").unwrap();
        let (essay, _) = essay.split_once("````\n").unwrap();
        std::fs::write(self.path("my-rules/sweep-unselected.md"), essay).unwrap();
    }

    fn program(&self, program: &str, text: &str) {
        let path = self.path("bin").join(program);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    /// What bash prints, and whether it found all that it was to run.
    fn bash(&self, text: &str) -> (String, String) {
        let path = std::env::var("PATH").unwrap();
        let output = Command::new("bash")
            .args(["-c", text])
            .current_dir(self.0.path())
            .env_clear()
            .env("PATH", format!("{}:{path}", self.path("bin").display()))
            .env("HOME", self.0.path())
            .env("HERE", self.0.path())
            .env("ROOT", root())
            .env("REAL", env!("CARGO_BIN_EXE_vmemmlint"))
            .env("FAULTS", self.path("faults"))
            .env("LANG", "C.UTF-8")
            .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_NAME"), "a")))
            .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_EMAIL"), "a@example.org")))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr))
    }
}

#[test]
fn what_can_be_typed_is_understood() {
    let place = Place::new();
    for document in DOCUMENTS {
        let text = read(&root().join(document));
        let blocks = blocks(&text, "sh");
        assert!(!blocks.is_empty(), "{document} has no commands");
        for (line, block) in blocks {
            let (_, told) = place.bash(&block);
            let faults = place.path("faults");
            let faults = faults.exists().then(|| read(&faults));
            assert_eq!(faults, None, "{document}:{line}: {told}");
            let is_unknown = told.contains("command not found") || told.contains("No such file");
            assert!(!is_unknown, "{document}:{line}: {told}");
        }
    }
}

#[test]
fn what_is_shown_is_what_comes_of_it() {
    let place = Place::new();
    for document in DOCUMENTS {
        let path = root().join(document);
        let mut text = read(&path);
        for (line, block) in blocks(&text.clone(), "console") {
            let (command, shown) = block.split_once('\n').unwrap();
            let (printed, told) = place.bash(command.strip_prefix("$ ").unwrap());
            assert!(told.is_empty(), "{document}:{line}: {told}");
            if std::env::var_os("UPDATE_EXPECT").is_some() {
                text = text.replace(&block, &format!("{command}\n{printed}"));
                std::fs::write(&path, &text).unwrap();
            } else {
                assert_eq!(
                    shown, printed,
                    "{document}:{line}: UPDATE_EXPECT=1 writes it anew"
                );
            }
        }
    }
}

#[test]
fn pages_made_from_the_code_are_what_it_says() {
    for (page, arguments) in [
        ("docs/configuration.md", &["config", "reference"][..]),
        (
            "rules/README.md",
            &["rules", "list", "--format", "markdown"],
        ),
    ] {
        let (code, printed, told) = run(arguments);
        assert_eq!(code, Some(0), "{told}");
        let made = format!("vmemmlint {} >{page}", arguments.join(" "));
        assert_eq!(read(&root().join(page)), printed, "{made}");
    }
}

/// Files that others read who run vmemmlint: each command of them is one that there is.
#[test]
fn jobs_for_others_use_options_that_there_are() {
    let place = Place::new();
    symlink(place.path("linux"), place.path("tree")).unwrap();
    let hooks = read(&root().join(".pre-commit-hooks.yaml"));
    let entries: Vec<&str> = hooks
        .lines()
        .filter_map(|line| line.strip_prefix("  entry: "))
        .collect();
    assert_eq!(entries.len(), 2);
    let gitlab = read(&root().join("docs/ci/vmemmlint.gitlab-ci.yml"));
    let (_, script) = gitlab.split_once("- >-\n").unwrap();
    let (script, _) = script.split_once("\n  cache:").unwrap();
    let script = script.split_whitespace().collect::<Vec<_>>().join(" ");
    let action = read(&root().join("action.yml"));
    let (_, check) = action.split_once("status=0\n").unwrap();
    let (check, _) = check.split_once("\n    - name:").unwrap();
    let set = "CI_PROJECT_DIR=. VMEMMLINT_TREE=. VMEMMLINT_ARGUMENTS='--fail-on error' CACHE=cache \
               SARIF=s.sarif SUMMARY=s.md ARGUMENTS='--fail-on error' TREE=. \
               GITHUB_STEP_SUMMARY=summary GITHUB_OUTPUT=output; status=0; cd tree; ";
    for command in entries.into_iter().chain([script.as_str(), check]) {
        let (_, told) = place.bash(&format!("{set}{command}"));
        let faults = place.path("faults");
        let faults = faults.exists().then(|| read(&faults));
        assert_eq!(faults, None, "{command}: {told}");
    }
    for file in [
        "gl-code-quality-report.json",
        "vmemmlint.xml",
        "vmemmlint.html",
        "summary",
        "output",
    ] {
        let path = place.path("linux").join(file);
        assert!(path.metadata().unwrap().len() > 0, "{}", name(&path));
    }
}
