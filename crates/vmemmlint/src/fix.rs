//! `check --diff` and `check --fix`: what mends findings is shown, or written to the tree.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use report::Look;
use rules::fix::{self, Fix, Mended};
use rules::{Finding, Outcome};
use similar::TextDiff;
use source::{Listed, Source};

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
        return Err(one_line(&format!(
            "{unknown} cannot opt in: it is not asked"
        )));
    }
    let source = Arc::clone(source) as Arc<dyn Source>;
    let bar = Bar::new(check.telling.quiet);
    let findings = (answered, told.findings.as_slice());
    let mended = fix::mend(&source, (settings, opting), findings, &bar);
    bar.finish();
    mended.map_err(|error| one_line(&error.to_string()))
}

/// Prints the changes as a patch, and on standard error what they are.
pub(crate) fn show(check: &Check, mended: &Mended, told: &Outcome) -> Result<(), Failure> {
    let look = terminal::look(check.subject.scope.color);
    let mut patch = Vec::new();
    for (file, (before, after)) in &mended.files {
        let diff = TextDiff::from_lines(&before[..], &after[..]);
        let name = one_line(file);
        // A vector takes all that is written to it.
        let _ = write!(patch, "--- a/{name}\n+++ b/{name}\n");
        for hunk in diff.unified_diff().iter_hunks() {
            // What is written of all hunks at once would be made UTF-8.
            let _ = hunk.to_writer(&mut patch);
        }
    }
    let shown = if io::stdout().is_terminal() {
        on_terminal(&patch, &look)
    } else {
        patch
    };
    print(&shown)?;
    tell(check, mended, told, "would mend");
    Ok(())
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
        let text = line.trim_ascii_end();
        let harmless = |byte: &u8| *byte == b'\t' || !byte.is_ascii_control();
        shown.extend(
            text.iter()
                .map(|byte| if harmless(byte) { *byte } else { b'?' }),
        );
        if !colour.is_empty() {
            shown.extend_from_slice(b"\x1b[m");
        }
        shown.push(b'\n');
    }
    shown
}

/// Writes the changes to the files of the tree: all of them, or none where one cannot be.
pub(crate) fn write(check: &Check, mended: &Mended, told: &Outcome) -> Result<(), Failure> {
    let tree = &check.subject.tree;
    let files = mended.files.iter().map(|(file, (before, after))| {
        let path = writable(tree, file, before)?;
        Ok((path, &before[..], after.as_slice()))
    });
    let files: Vec<(PathBuf, &[u8], &[u8])> = files.collect::<Result<_, Failure>>()?;
    for (number, (path, _, after)) in files.iter().enumerate() {
        if let Err(failure) = outputs::put(path, after) {
            for (path, before, _) in &files[..number] {
                outputs::put(path, before)?;
            }
            return Err(failure);
        }
    }
    tell(check, mended, told, "mends");
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

/// Says on standard error what was done and what was not, and why.
fn tell(check: &Check, mended: &Mended, told: &Outcome, verb: &str) {
    let of = |finding: &Finding| {
        let at = format!("{}:{}", finding.sink.file, finding.sink.line);
        format!("{} on {} ({at})", finding.rule, finding.arch)
    };
    let about = |fix: &Fix| {
        let findings = fix
            .findings
            .iter()
            .map(|&number| of(&told.findings[number]));
        findings.collect::<Vec<_>>().join(", ")
    };
    let mut lines = Vec::new();
    for fix in &mended.made {
        let place = format!("{}:{}", fix.place.file, fix.place.line);
        lines.push(format!("{place} {}: {verb} {}", fix.what, about(fix)));
    }
    for (fix, why) in &mended.refused {
        lines.push(match &fix.opts_in {
            Some(arch) => format!("{arch} does not opt in: {why}"),
            None => format!("not mended: {}: {why} ({})", about(fix), fix.what),
        });
    }
    for (number, why) in &mended.without {
        lines.push(format!(
            "not mended: {}: {why}",
            of(&told.findings[*number])
        ));
    }
    if lines.is_empty() {
        lines.push("there is nothing to mend".to_owned());
    }
    if check.telling.quiet {
        return;
    }
    // Nobody is left to be told when that fails.
    let mut out = io::stderr().lock();
    for line in lines {
        let _ = writeln!(out, "vmemmlint: {}", one_line(&line));
    }
}
