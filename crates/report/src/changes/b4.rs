//! Lines and objects for the programs that patches pass through.

use std::fmt::Write as _;

use rules::{Place, Severity};
use serde_json::json as object;

use super::{Changes, Remark, remarks, several, worst};
use crate::clean;
use crate::json::harmless;

/// How lines are written, as checkpatch.pl has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lines<'f> {
    /// As `check` has it, with this folder before the place in the tree: `linux/mm/a.c:3: error: unselected: text`.
    pub as_check: Option<&'f str>,
    /// The place in the tree comes first, not that in the patch (`--showfile`).
    pub show_file: bool,
    /// The rule stands behind the level (`--show-types`).
    pub show_types: bool,
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARNING",
    }
}

/// A line for each thing that is wrong: `0001-a.patch:57: ERROR: text`, or `mm/a.c:3: ERROR:unselected: text`.
/// Nothing where nothing is.
pub fn terse(all: &Changes<'_>, lines: Lines<'_>) -> String {
    let mut text = String::new();
    for (at, change) in all.changes.iter().enumerate() {
        for remark in remarks(all, at) {
            if let Some(folder) = lines.as_check {
                let level = level(remark.severity).to_ascii_lowercase();
                let place = Place {
                    file: remark.file,
                    line: remark.line,
                    ..Place::default()
                };
                let place = crate::formats::at(folder, &place);
                let _ = writeln!(text, "{place}: {level}: {}: {}", remark.rule, remark.words);
                continue;
            }
            let place = match remark.spot {
                Some(spot) if !lines.show_file => {
                    let number = spot.line.split(' ').next().unwrap_or("1");
                    format!("{}:{number}", clean::exact(change.name))
                }
                _ => format!("{}:{}", remark.file, remark.line),
            };
            let rule = if lines.show_types {
                format!(":{}", remark.rule)
            } else {
                String::new()
            };
            let _ = writeln!(
                text,
                "{place}: {}{rule}: {}",
                level(remark.severity),
                remark.words
            );
        }
    }
    text
}

/// What `b4 prep --check` and `b4 am -k` want of a check: a line for each thing that is wrong, and nothing else. b4 takes each
/// line for a warning, and one in which `ERROR:` stands for a failure.
pub fn b4(all: &Changes<'_>) -> String {
    terse(
        all,
        Lines {
            as_check: None,
            show_file: true,
            show_types: true,
        },
    )
}

/// What `b4 review` wants of a check: an array with one object, whose `details` are text.
pub fn b4_review(all: &Changes<'_>) -> String {
    let all_remarks: Vec<Remark<'_>> = (0..all.changes.len())
        .flat_map(|at| remarks(all, at))
        .collect();
    let status = match worst(&all_remarks) {
        None => "pass",
        Some(Severity::Warning) => "warn",
        Some(Severity::Error) => "fail",
    };
    let details = b4(all);
    let url = all_remarks
        .iter()
        .find_map(|remark| all.link(remark.finding?));
    harmless(&object!([{
        "tool": "vmemmlint",
        "status": status,
        "summary": summary(&all_remarks),
        "url": url.unwrap_or_default(),
        "details": details,
    }]))
}

/// How much is wrong, in a few words.
fn summary(remarks: &[Remark<'_>]) -> String {
    let of = |severity| remarks.iter().filter(|r| r.severity == severity).count();
    match (of(Severity::Error), of(Severity::Warning)) {
        (0, 0) => "opens no hole".to_owned(),
        (errors, 0) => several(errors, "error"),
        (0, warnings) => several(warnings, "warning"),
        (errors, warnings) => {
            format!(
                "{}, {}",
                several(errors, "error"),
                several(warnings, "warning")
            )
        }
    }
}

/// An array with one object for each patch: its mail, and the check as Patchwork's API takes it
/// (`POST /api/patches/ID/checks/`).
pub fn patchwork(all: &Changes<'_>) -> String {
    let checks = all.changes.iter().enumerate().map(|(at, change)| {
        let remarks = remarks(all, at);
        let state = match worst(&remarks) {
            None => "success",
            Some(Severity::Warning) => "warning",
            Some(Severity::Error) => "fail",
        };
        let first = remarks.first();
        let words = first.map(|first| format!(": {}:{}: {}", first.file, first.line, first.words));
        let description = summary(&remarks) + &words.unwrap_or_default();
        let link = remarks.iter().find_map(|remark| all.link(remark.finding?));
        let id = change
            .mail
            .as_ref()
            .map(|mail| mail.id)
            .filter(|id| !id.is_empty());
        object!({
            "name": change.title,
            "file": change.name,
            "msgid": id.map(|id| format!("<{id}>")),
            "check": {
                "state": state,
                "target_url": link.unwrap_or_default(),
                "context": "vmemmlint",
                "description": description,
            },
        })
    });
    harmless(&checks.collect())
}
