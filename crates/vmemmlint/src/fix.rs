//! `check --diff` and `check --fix`: what mends findings is shown, or written to the tree.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use report::Look;
use rules::fix::{self, Fix, Mended, Task};
use rules::{ArchVerdict, Finding, Outcome, Verdict};
use similar::TextDiff;
use source::{Listed, Source};
use tempfile::NamedTempFile;

use crate::arguments::Check;
use crate::engine::Settings;
use crate::progress::Bar;
use crate::{Failure, one_line, outputs, print, terminal};

/// What mends the findings that are `told`, some of those of `answered`.
pub(crate) fn mend(
    check: &Check,
    (source, settings): (&Arc<dyn Listed>, &Settings),
    (answered, told): (&Outcome, &Outcome),
) -> Result<Mended, Failure> {
    let opting = &check.fixing.opt_in;
    let is_known = |arch: &&String| answered.verdicts.iter().any(|cell| cell.arch == **arch);
    if let Some(unknown) = opting.iter().find(|arch| !is_known(arch)) {
        let asked: BTreeSet<&str> = answered.verdicts.iter().map(|v| v.arch.as_str()).collect();
        let asked = asked.into_iter().collect::<Vec<_>>().join(", ");
        let words = format!("{unknown} cannot opt in: asked are {asked}");
        return Err(one_line(&words));
    }
    let task = Task {
        source: &(Arc::clone(source) as Arc<dyn Source>),
        settings,
        answered,
        findings: &told.findings,
        opting,
    };
    let bar = Bar::new(check.telling.quiet);
    let mended = fix::mend(&task, &bar);
    bar.finish();
    mended.map_err(|error| one_line(&error.to_string()))
}

/// Prints the changes as a patch, and on standard error what they are.
pub(crate) fn show(check: &Check, mended: &Mended, told: &Outcome) -> Result<(), Failure> {
    let look = terminal::look(check.subject.scope.color);
    let mut patch = Vec::new();
    for (file, (before, after)) in &mended.files {
        write_patch(&mut patch, file, (before, after));
    }
    let shown = if io::stdout().is_terminal() {
        on_terminal(&patch, &look)
    } else {
        patch
    };
    print(&shown)?;
    let mut told_of = lines(check, mended, told, "would mend");
    told_of.extend(not_known(told));
    tell(check, told_of);
    Ok(())
}

/// A unified diff as `git diff` writes it.
fn write_patch(patch: &mut Vec<u8>, file: &str, (before, after): (&[u8], &[u8])) {
    // A lone carriage return ends no line here.
    let lines = |text| -> Vec<&[u8]> { <[u8]>::split_inclusive(text, |&b| b == b'\n').collect() };
    let (before, after) = (lines(before), lines(after));
    let mut config = TextDiff::configure();
    let diff = config.newline_terminated(true).diff_slices(&before, &after);
    // A vector takes all that is written to it.
    for (sign, side) in [("---", "a"), ("+++", "b")] {
        let _ = writeln!(patch, "{sign} {}", quoted(&format!("{side}/{file}")));
    }
    for hunk in diff.unified_diff().iter_hunks() {
        // What is written of all hunks at once would be made UTF-8.
        let _ = hunk.to_writer(&mut *patch);
    }
}

/// The name of a file in a patch: in quotes where it holds what ends a line, with a tab behind it where it holds a blank.
fn quoted(name: &str) -> String {
    let is_odd = |c: char| c.is_control() || c == '"' || c == '\\';
    if !name.contains(is_odd) {
        let end = if name.contains(' ') { "\t" } else { "" };
        return format!("{name}{end}");
    }
    let bytes = name.bytes().map(|byte| match byte {
        b'"' | b'\\' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\{byte:03o}"),
    });
    format!("\"{}\"", bytes.collect::<String>())
}

/// A patch without what a terminal would obey, in the colours of `git diff`.
fn on_terminal(patch: &[u8], look: &Look) -> Vec<u8> {
    let mut shown = Vec::with_capacity(patch.len());
    for line in patch.split_inclusive(|&byte| byte == b'\n') {
        let colour = match line.first() {
            _ if !look.colour => "",
            Some(b'+') if line.starts_with(b"+++ ") => "\x1b[1m",
            Some(b'-') if line.starts_with(b"--- ") => "\x1b[1m",
            Some(b'+') => "\x1b[32m",
            Some(b'-') => "\x1b[31m",
            Some(b'@') => "\x1b[36m",
            _ => "",
        };
        shown.extend_from_slice(colour.as_bytes());
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        shown.extend_from_slice(report::harmless(text).as_bytes());
        if !colour.is_empty() {
            shown.extend_from_slice(b"\x1b[m");
        }
        shown.push(b'\n');
    }
    shown
}

/// Writes the changes to the files of the tree. All new files lie beside the old ones before the first takes its place.
pub(crate) fn write(check: &Check, mended: &Mended, told: &Outcome) -> Result<(), Failure> {
    let tree = &check.subject.tree;
    let mut files: Vec<(&String, PathBuf, NamedTempFile)> = Vec::new();
    for (file, (before, after)) in &mended.files {
        let path = writable(tree, file, before)?;
        let cannot = |why: String| format!("cannot change {}: {why}", one_line(file));
        if files.iter().any(|(_, known, _)| *known == path) {
            return Err(cannot("it has two names in the tree".to_owned()));
        }
        let staged = outputs::staged(&path, after).map_err(|error| cannot(error.to_string()))?;
        let staged = staged.ok_or_else(|| {
            cannot("no file of the same owner can be made in its directory".to_owned())
        })?;
        files.push((file, path, staged));
    }
    let mut changed: Vec<String> = Vec::new();
    for (file, path, staged) in files {
        if let Err(error) = staged.persist(path) {
            let (file, error) = (one_line(file), error.error);
            let before = match changed.as_slice() {
                [] => "nothing was changed".to_owned(),
                changed => format!("changed were {}", changed.join(", ")),
            };
            return Err(format!("cannot change {file}: {error}; {before}"));
        }
        changed.push(one_line(file));
    }
    tell(check, lines(check, mended, told, "mends"));
    Ok(())
}

/// Where a file of the tree lies, if it can be written and still is what was read.
#[expect(clippy::disallowed_methods, reason = "this is a front end")]
fn writable(tree: &Path, file: &str, before: &[u8]) -> Result<PathBuf, Failure> {
    let shown = one_line(file);
    let whole = tree.canonicalize();
    let path = tree.join(file).canonicalize();
    let (Ok(whole), Ok(path)) = (whole, path) else {
        return Err(format!("cannot change {shown}: it is gone"));
    };
    if !path.starts_with(&whole) {
        return Err(format!(
            "cannot change {shown}: it lies outside of the tree"
        ));
    }
    match std::fs::read(&path) {
        Ok(now) if now == before => {}
        Ok(_) => {
            return Err(format!("cannot change {shown}: it was changed meanwhile"));
        }
        Err(error) => return Err(format!("cannot change {shown}: {error}")),
    }
    let known = path
        .metadata()
        .map_err(|e| format!("cannot change {shown}: {e}"))?;
    if known.permissions().readonly() {
        return Err(format!("cannot change {shown}: it is read-only"));
    }
    Ok(path)
}

/// Findings in a few words: each rule once, with its architectures.
fn about<'f>(findings: impl Iterator<Item = &'f Finding>) -> String {
    let mut rules: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for finding in findings {
        let arches = rules.entry(&finding.rule).or_default();
        if !arches.contains(&finding.arch.as_str()) {
            arches.push(&finding.arch);
        }
    }
    let rules = rules.into_iter();
    let rules = rules.map(|(rule, arches)| format!("{rule} on {}", arches.join(", ")));
    rules.collect::<Vec<_>>().join("; ")
}

/// What was done and what was not, and why, a line each.
fn lines(check: &Check, mended: &Mended, told: &Outcome, verb: &str) -> Vec<String> {
    let of = |fix: &Fix| about(fix.findings.iter().map(|&number| &told.findings[number]));
    let mut lines = Vec::new();
    for fix in &mended.made {
        let place = format!("{}:{}", fix.place.file, fix.place.line);
        lines.push(format!("{place} {}: {verb} {}", fix.what, of(fix)));
    }
    for (fix, why) in &mended.refused {
        lines.push(match &fix.opts_in {
            Some(arch) => format!("{arch} does not opt in: {why}"),
            None => format!("not mended: {}: {why} ({})", of(fix), fix.what),
        });
    }
    let mut without: BTreeMap<(String, &str), Vec<&Finding>> = BTreeMap::new();
    let mut cannot: BTreeMap<&str, &str> = BTreeMap::new();
    for (number, why) in &mended.without {
        let finding = &told.findings[*number];
        if check.fixing.opt_in.contains(&finding.arch) {
            cannot.insert(&finding.arch, why);
            continue;
        }
        // Of a rule without fixes one line is enough.
        let at = match *why {
            fix::NO_FIX => String::new(),
            _ => format!("{}:{}: ", finding.sink.file, finding.sink.line),
        };
        without.entry((at, why)).or_default().push(finding);
    }
    for ((at, why), findings) in without {
        let findings = about(findings.into_iter());
        lines.push(format!("not mended: {at}{findings}: {why}"));
    }
    let fixes = mended.made.iter();
    let fixes = fixes.chain(mended.refused.iter().map(|(fix, _)| fix));
    let opted: Vec<&str> = fixes.filter_map(|fix| fix.opts_in.as_deref()).collect();
    for arch in &check.fixing.opt_in {
        if !opted.contains(&arch.as_str()) {
            let why = cannot
                .get(arch.as_str())
                .unwrap_or(&"no finding asks for it");
            lines.push(format!("{arch} does not opt in: {why}"));
        }
    }
    lines
}

/// What `--diff` prints no report of: what is unknown, and what was not understood.
fn not_known(told: &Outcome) -> Vec<String> {
    let cells = told.verdicts.iter();
    let unknown: Vec<&ArchVerdict> = cells
        .filter(|cell| cell.verdict == Verdict::Unknown)
        .collect();
    let others = |count: usize, words: &str| match count {
        0 | 1 => String::new(),
        count => format!("; {} {words}", count - 1),
    };
    let mut lines = Vec::new();
    if let Some(cell) = unknown.first() {
        let others = others(unknown.len(), "more answers are");
        let (rule, arch, reason) = (&cell.rule, &cell.arch, &cell.reason);
        lines.push(format!("{rule} is unknown on {arch}: {reason}{others}"));
    }
    if let Some(first) = told.problems.first() {
        let others = others(told.problems.len(), "more problems without --diff");
        let at = format!("{}:{}", first.place.file, first.place.line);
        lines.push(format!("{at}: {}{others}", first.message));
    }
    lines
}

/// Says lines on standard error.
fn tell(check: &Check, mut lines: Vec<String>) {
    if lines.is_empty() && !check.telling.quiet {
        lines.push("there is nothing to mend".to_owned());
    }
    // Nobody is left to be told when that fails.
    let mut out = io::stderr().lock();
    for line in lines {
        let _ = writeln!(out, "vmemmlint: {}", one_line(&line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(file: &str, before: &[u8], after: &[u8]) -> String {
        let mut patch = Vec::new();
        write_patch(&mut patch, file, (before, after));
        String::from_utf8_lossy(&patch).into_owned()
    }

    #[test]
    fn a_patch_is_one_that_others_apply() {
        let before = b"/* a\rb */\nold\r\nlast";
        let after = b"/* a\rb */\nnew\r\nlast";
        let expected = "--- a/mm/a.c\n+++ b/mm/a.c\n@@ -1,3 +1,3 @@\n /* a\rb */\n-old\r\n+new\r\n \
                        last\n\\ No newline at end of file\n";
        assert_eq!(patch("mm/a.c", before, after), expected);
        let head = |file| {
            patch(file, b"a\n", b"b\n")
                .lines()
                .next()
                .map(str::to_owned)
        };
        assert_eq!(head("a b.h").as_deref(), Some("--- a/a b.h\t"));
        assert_eq!(head("a\n\"b").as_deref(), Some("--- \"a/a\\012\\\"b\""));
    }

    #[test]
    fn a_terminal_obeys_nothing_in_it() {
        let look = Look {
            drawing: report::Drawing::Unicode,
            colour: true,
            width: 80,
            paths: report::Detail::Shortest,
        };
        let shown = on_terminal("+a\x1b[2J\u{9b}\u{202e}\n b\n".as_bytes(), &look);
        let expected = "\x1b[32m+a\\x1b[2J\\u{9b}\\u{202e}\x1b[m\n b\n";
        assert_eq!(String::from_utf8_lossy(&shown), expected);
    }
}
