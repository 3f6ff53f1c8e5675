//! Each format of a report, judged by those who read it.
//!
//! ```text
//! cargo xtask formats 6.1-unfixed
//! ```
//!
//! SARIF is held against its schema (the one that `serde-sarif` is made from), our JSON against
//! `docs/report.schema.json`; XML and HTML are read by `xmllint`, DOT by Graphviz, lines by vim's quickfix and by Emacs'
//! compile. A judge that is not installed is named.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use serde_json::Value;

use crate::conf::Scratch;
use crate::error::Error;
use crate::verdicts;

const FORMATS: [&str; 13] = [
    "human", "json", "jsonl", "sarif", "github", "gitlab", "junit", "rdjson", "terse", "markdown",
    "html", "dot", "svg",
];

/// Writes all formats for a tree and lets each be judged.
pub(crate) fn run(tree: &str) -> Result<ExitCode, Error> {
    let (path, _) = verdicts::find(tree)?;
    let path = fs::canonicalize(&path).map_err(|error| Error::io("find", &path, &error))?;
    let scratch = Scratch::new("formats")?;
    let mut command = verdicts::vmemmlint();
    command
        .arg("check")
        .arg(&path)
        .args(["--no-cache", "--quiet"]);
    for format in FORMATS {
        let file = scratch.path().join(format);
        command.arg("--output");
        command.arg(format!("{format}={}", file.display()));
    }
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output();
    output.map_err(|error| Error::io("run", Path::new(command.get_program()), &error))?;
    let mut judged = Judged {
        folder: scratch.path().to_owned(),
        wrong: 0,
    };
    judged.all()?;
    println!(
        "{tree}: {} formats, {} refused",
        FORMATS.len(),
        judged.wrong
    );
    Ok(if judged.wrong == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

struct Judged {
    folder: PathBuf,
    wrong: usize,
}

impl Judged {
    fn all(&mut self) -> Result<(), Error> {
        let report = self.value("json")?;
        let findings = report["findings"].as_array().map_or(0, Vec::len);
        self.schema(
            "json",
            &report,
            &crate::root().join("docs/report.schema.json"),
        )?;
        let log = self.value("sarif")?;
        self.schema("sarif", &log, &sarif_schema()?)?;
        let results = log["runs"][0]["results"].as_array().map_or(0, Vec::len);
        self.is("sarif", "one result for each finding", results == findings);
        let issues = self.value("gitlab")?;
        let prints: BTreeSet<&str> = issues
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|issue| issue["fingerprint"].as_str())
            .collect();
        self.is(
            "gitlab",
            "a fingerprint for each finding",
            prints.len() >= findings,
        );
        let told = self.value("rdjson")?;
        let told = told["diagnostics"].as_array().map_or(0, Vec::len);
        self.is("rdjson", "a diagnostic for each finding", told >= findings);
        let lines = self.text("jsonl")?;
        let read = lines
            .lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok());
        self.is("jsonl", "an object in each line", read);
        let commands = self.text("github")?;
        let read = commands
            .lines()
            .all(|l| l.starts_with("::error ") || l.starts_with("::warning "));
        self.is(
            "github",
            "a command in each line",
            read && commands.lines().count() >= findings,
        );
        self.is(
            "markdown",
            "no longer than a comment",
            self.text("markdown")?.len() < 65_536,
        );
        for format in ["junit", "svg"] {
            self.tool(format, "xmllint", &["--noout"], |_| true);
        }
        self.tool("dot", "dot", &["-Tsvg", "-o/dev/null"], |_| true);
        let lines = self.text("terse")?.lines().count();
        self.is("terse", "a line for each finding", lines >= findings);
        self.quickfix(lines);
        self.compile(lines);
        Ok(())
    }

    fn file(&self, format: &str) -> PathBuf {
        self.folder.join(format)
    }

    fn text(&self, format: &str) -> Result<String, Error> {
        let file = self.file(format);
        fs::read_to_string(&file).map_err(|error| Error::io("read", &file, &error))
    }

    fn value(&self, format: &str) -> Result<Value, Error> {
        let text = self.text(format)?;
        serde_json::from_str(&text).map_err(|error| Error::new(format!("{format}: {error}")))
    }

    fn is(&mut self, format: &str, what: &str, good: bool) {
        println!("{} {format}: {what}", if good { "ok  " } else { "NOT " });
        self.wrong += usize::from(!good);
    }

    fn schema(&mut self, format: &str, value: &Value, schema: &Path) -> Result<(), Error> {
        let text = fs::read(schema).map_err(|error| Error::io("read", schema, &error))?;
        // SARIF's own schema has a pattern that closes a bracket which nothing opens.
        let text = String::from_utf8_lossy(&text).replace("-[a-zA-Z]{2}]?$", "(-[a-zA-Z]{2})?$");
        let text: Value = serde_json::from_str(&text)
            .map_err(|error| Error::new(format!("{}: {error}", schema.display())))?;
        let validator = jsonschema::validator_for(&text)
            .map_err(|error| Error::new(format!("{}: {error}", schema.display())))?;
        for error in validator.iter_errors(value).take(10) {
            println!("     {}: {error}", error.instance_path());
        }
        self.is(format, "as its schema wants it", validator.is_valid(value));
        Ok(())
    }

    /// Lets a program read a file; what it prints is looked at where it succeeds.
    fn tool(&mut self, format: &str, tool: &str, arguments: &[&str], good: impl Fn(&str) -> bool) {
        let mut command = Command::new(tool);
        command.args(arguments).arg(self.file(format));
        self.judge(format, tool, &mut command, good);
    }

    fn judge(
        &mut self,
        format: &str,
        tool: &str,
        command: &mut Command,
        good: impl Fn(&str) -> bool,
    ) {
        match command
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .output()
        {
            Err(error) => println!("SKIPPED {format}: {tool} does not run: {error}"),
            Ok(output) => {
                let said = String::from_utf8_lossy(&output.stdout);
                let read = output.status.success() && good(&said);
                if !read {
                    println!("     {said}{}", String::from_utf8_lossy(&output.stderr));
                }
                self.is(format, &format!("read by {tool}"), read);
            }
        }
    }

    /// vim finds a place in each line.
    fn quickfix(&mut self, lines: usize) {
        let count = "call writefile([len(filter(getqflist(), 'v:val.valid && v:val.lnum > 0'))], '/dev/stdout')";
        let mut command = Command::new("vim");
        command.args([
            "-es",
            "-u",
            "NONE",
            "-c",
            "cfile terse",
            "-c",
            count,
            "-c",
            "qa!",
        ]);
        let wanted = lines.to_string();
        self.judge("terse", "vim", &mut command, |said| said.trim() == wanted);
    }

    /// Emacs too.
    fn compile(&mut self, lines: usize) {
        let count = "(with-temp-buffer
            (insert \"\\n\") (insert-file-contents \"terse\")
            (goto-char (point-min)) (insert \"\\n\") (compilation-mode)
            (compilation--ensure-parse (point-max)) (goto-char (point-min))
            (let ((n 0)) (ignore-errors (while t (compilation-next-error 1) (setq n (1+ n)))) (princ n)))";
        let mut command = Command::new("emacs");
        command.args(["--batch", "--quick", "--eval", count]);
        let wanted = lines.to_string();
        self.judge("terse", "emacs", &mut command, |said| said.trim() == wanted);
    }
}

/// Where cargo has put the schema of SARIF.
fn sarif_schema() -> Result<PathBuf, Error> {
    let mut command = Command::new(env!("CARGO"));
    command.args([
        "metadata",
        "--format-version=1",
        "--locked",
        "--filter-platform",
    ]);
    command.arg(format!("{}-unknown-linux-gnu", std::env::consts::ARCH));
    let output = command
        .current_dir(crate::root())
        .stderr(Stdio::inherit())
        .output();
    let output = output.map_err(|error| Error::io("run", Path::new("cargo"), &error))?;
    let known: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| Error::new(format!("cargo metadata: {error}")))?;
    let mut packages = known["packages"].as_array().into_iter().flatten();
    let package = packages.find(|package| package["name"] == "serde-sarif");
    let manifest = package.and_then(|package| package["manifest_path"].as_str());
    let manifest = manifest.ok_or_else(|| Error::new("cargo knows no serde-sarif"))?;
    Ok(Path::new(manifest).with_file_name("src/schema.json"))
}
