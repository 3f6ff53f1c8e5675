//! Findings that a comment beside the code accepts.
//!
//! ```c
//! 	/* vmemmlint: allow(unselected) on riscv: its vmemmap lies in init_mm */
//! 	r = vmemmap_populate_compound_pages(pfn, start, end, nid, pgmap);
//! ```
//!
//! ```kconfig
//! # vmemmlint: allow(stale-select): the symbol comes with the next series
//! config RISCV
//! ```
//!
//! A comment stands on the line that it is about, or above it; that is the line of the finding, or of the entry of its
//! architecture in Kconfig. It names rules, perhaps architectures, and a reason. One that accepts nothing is told, as
//! is one that cannot be understood.

use kernel::Tree;
use rayon::prelude::*;
use text::Span;

use crate::accept::{mark_verdicts, was_asked};
use crate::{Accepted, Catalog, Finding, Outcome, Place, Problem, State, Suppression};

/// One rule that a comment names.
struct Allowed {
    rule: String,
    arches: Vec<String>,
    reason: String,
    /// Where the comment stands.
    place: Place,
    /// The line that it is about.
    line: u32,
}

/// Takes from `outcome` what comments accept. `kconfig` names the Kconfig files that were read; `asked` says whether a
/// rule was asked of an architecture, or of all.
pub(crate) fn apply(
    tree: &Tree,
    (kconfig, catalog): (Vec<String>, &Catalog),
    outcome: &mut Outcome,
    asked: &dyn Fn(&str, Option<&str>) -> bool,
) {
    let allowed = gather(tree, (kconfig, catalog), outcome);
    let mut uses = vec![0_usize; allowed.len()];
    let mut left = Vec::new();
    for finding in std::mem::take(&mut outcome.findings) {
        let by = allowed.iter().position(|one| one.accepts(&finding));
        match by {
            Some(number) => {
                uses[number] += 1;
                outcome.accepted.push(Accepted {
                    finding,
                    reason: allowed[number].reason.clone(),
                    place: allowed[number].place.clone(),
                });
            }
            None => left.push(finding),
        }
    }
    outcome.findings = left;
    if allowed.is_empty() {
        return;
    }
    mark_verdicts(outcome);
    let told = allowed.into_iter().zip(uses).map(|(one, uses)| {
        let was_asked = was_asked((&one.rule, &one.arches), asked);
        Suppression {
            place: one.place,
            rule: one.rule,
            arches: one.arches,
            function: String::new(),
            reason: one.reason,
            until: String::new(),
            state: match uses {
                0 if was_asked => State::Unused,
                0 => State::NotAsked,
                uses => State::Used(uses),
            },
        }
    });
    outcome.suppressions.extend(told);
}

/// The comments of all files that have one.
fn gather(
    tree: &Tree,
    (kconfig, catalog): (Vec<String>, &Catalog),
    outcome: &mut Outcome,
) -> Vec<Allowed> {
    let mut files = kconfig;
    let places = |finding: &Finding| {
        let entry = finding.kconfig.iter().map(|place| place.file.clone());
        entry.chain([finding.sink.file.clone()]).collect::<Vec<_>>()
    };
    files.extend(outcome.findings.iter().flat_map(places));
    if tree.has_words() {
        let words = tree.words(&kernel::Silent);
        files.extend(words.files(kernel::MARK).map(str::to_owned));
    }
    files.sort_unstable();
    files.dedup();
    // Which files have the mark the index knows; of those all that they say counts.
    let has_mark = |text: &[u8]| memchr::memmem::find(text, kernel::MARK.as_bytes()).is_some();
    let is_marked = |file: &&String| tree.look(file).is_ok_and(|text| has_mark(&text));
    let marked: Vec<&String> = files.par_iter().filter(is_marked).collect();
    let mut allowed = Vec::new();
    for file in marked {
        if let Ok(text) = tree.source().read(file) {
            read(file, &text, catalog, &mut allowed, &mut outcome.problems);
        }
    }
    allowed
}

impl Allowed {
    fn accepts(&self, finding: &Finding) -> bool {
        let is_here = |place: &Place| place.file == self.place.file && place.line == self.line;
        let of_arch = |arch: &String| self.arches.is_empty() || self.arches.contains(arch);
        self.rule == finding.rule
            && finding.arches.iter().all(of_arch)
            && (is_here(&finding.sink) || finding.kconfig.as_ref().is_some_and(is_here))
    }
}

/// Reads the comments of a file.
fn read(
    file: &str,
    text: &[u8],
    catalog: &Catalog,
    allowed: &mut Vec<Allowed>,
    problems: &mut Vec<Problem>,
) {
    let mut start = 0;
    let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    for (number, line) in (1_u32..).zip(&lines) {
        let found = memchr::memmem::find(line, kernel::MARK.as_bytes());
        if let Some(at) = found.filter(|at| is_comment(&line[..*at])) {
            let words = String::from_utf8_lossy(&line[at + kernel::MARK.len()..]);
            let place = Place {
                file: file.to_owned(),
                line: number,
                column: u32::try_from(at + 1).unwrap_or(u32::MAX),
                span: Span::new(start + at, start + line.len()),
            };
            let about = about(&lines, number, &line[..at]);
            match parse(&words, catalog) {
                Ok((rules, arches, reason)) => {
                    allowed.extend(rules.into_iter().map(|rule| Allowed {
                        rule,
                        arches: arches.clone(),
                        reason: reason.clone(),
                        place: place.clone(),
                        line: about,
                    }));
                }
                Err(message) => problems.push(Problem { place, message }),
            }
        }
        start += line.len() + 1;
    }
}

/// Whether what stands before it on its line opens a comment, or goes on with one.
fn is_comment(before: &[u8]) -> bool {
    let opens = |mark: &[u8]| memchr::memmem::find(before, mark).is_some();
    let trimmed = before.trim_ascii_start();
    opens(b"/*") || opens(b"//") || opens(b"#") || trimmed.starts_with(b"*") || trimmed.is_empty()
}

/// The line that a comment on line `number` is about: its own where code stands before it, else the next with code.
fn about(lines: &[&[u8]], number: u32, before: &[u8]) -> u32 {
    let is_code = |line: &[u8]| {
        let line = line.trim_ascii();
        let marks: [&[u8]; 4] = [b"/*", b"*", b"//", b"# "];
        !line.is_empty() && !marks.iter().any(|mark| line.starts_with(mark))
    };
    if is_code(before) && before.trim_ascii() != b"#" {
        return number;
    }
    let behind = lines.iter().skip(number as usize);
    let next = behind.take_while(|line| !is_code(line)).count();
    number
        .saturating_add(1)
        .saturating_add(u32::try_from(next).unwrap_or(0))
}

/// ` allow(RULE, RULE) on ARCH, ARCH: REASON`.
fn parse(words: &str, catalog: &Catalog) -> Result<(Vec<String>, Vec<String>, String), String> {
    const SHAPE: &str = "vmemmlint: allow(RULE): REASON is wanted, or allow(RULE) on ARCH: REASON";
    let words = words.trim().trim_end_matches("*/").trim();
    let inside = words
        .strip_prefix("allow(")
        .and_then(|words| words.split_once(')'));
    let (rules, rest) = inside.ok_or(SHAPE)?;
    let (arches, reason) = rest.split_once(':').ok_or(SHAPE)?;
    let names = |words: &str| -> Vec<String> {
        let names = words.split(',').map(str::trim);
        names
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let arches = match arches.trim() {
        "" => Vec::new(),
        arches => names(arches.strip_prefix("on ").ok_or(SHAPE)?),
    };
    let rules = names(rules);
    if rules.is_empty() {
        return Err(SHAPE.to_owned());
    }
    if reason.trim().is_empty() {
        return Err("a reason is wanted behind the colon".to_owned());
    }
    if let Some(unknown) = rules.iter().find(|rule| catalog.rule(rule).is_none()) {
        return Err(format!("there is no rule {unknown}"));
    }
    Ok((rules, arches, reason.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `line about: rules on arches: reason`, or `line: what is wrong`.
    fn check(text: &str, expect: &[&str]) {
        let catalog = Catalog::built_in().unwrap();
        let (mut allowed, mut problems) = (Vec::new(), Vec::new());
        read("f", text.as_bytes(), &catalog, &mut allowed, &mut problems);
        let told = allowed.iter().map(|one| {
            let arches = one.arches.join("+");
            let (line, rule, reason) = (one.line, &one.rule, &one.reason);
            format!("{}>{line} {rule} [{arches}] {reason}", one.place.line)
        });
        let wrong = problems
            .iter()
            .map(|p| format!("{}: {}", p.place.line, p.message));
        assert_eq!(told.chain(wrong).collect::<Vec<_>>(), expect, "{text}");
    }

    #[test]
    fn a_comment_is_about_its_line_or_the_next_one_with_code() {
        check(
            "x(); /* vmemmlint: allow(unselected): why */",
            &["1>1 unselected [] why"],
        );
        check(
            "// vmemmlint: allow(unselected): why not\nx();",
            &["1>2 unselected [] why not"],
        );
        check(
            "/*\n * vmemmlint: allow(unselected, no-init-mm) on x86, arm: why\n * more\n */\n\nx();",
            &[
                "2>6 unselected [x86+arm] why",
                "2>6 no-init-mm [x86+arm] why",
            ],
        );
        check(
            "# vmemmlint: allow(stale-select): w\n# more\nconfig A\n",
            &["1>3 stale-select [] w"],
        );
        check(
            "\tselect A # vmemmlint: allow(stale-select): w",
            &["1>1 stale-select [] w"],
        );
        check(
            "/* vmemmlint: allow(unselected): w */",
            &["1>2 unselected [] w"],
        );
        check("puts(\"vmemmlint: allow(unselected): w\");", &[]);
    }

    #[test]
    fn what_cannot_be_understood_is_told() {
        let shape = "1: vmemmlint: allow(RULE): REASON is wanted, or allow(RULE) on ARCH: REASON";
        for odd in [
            "",
            " deny(unselected): w",
            " allow(unselected)",
            " allow(): w",
            " allow(unselected) x86: w",
        ] {
            check(&format!("/* vmemmlint:{odd} */"), &[shape]);
        }
        check(
            "// vmemmlint: allow(unselected): ",
            &["1: a reason is wanted behind the colon"],
        );
        check(
            "// vmemmlint: allow(unseleted): w",
            &["1: there is no rule unseleted"],
        );
    }
}
