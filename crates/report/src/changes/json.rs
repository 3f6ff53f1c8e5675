//! The report of changes for programs. `docs/json.md` documents its shape.

use rules::{Finding, Identity, fingerprints};
use serde_json::{Value, json as object};

use super::{Change, Changes, Spot};
use crate::json::{arch, finding_with, harmless, problem, tree};

/// All of it as one object.
pub fn json(all: &Changes<'_>) -> String {
    let mut report = tree(all.tree, &all.after.kernel_version);
    report["base"] = all.base.into();
    let changes = all.changes.iter().enumerate();
    report["changes"] = changes.map(|(at, one)| change(all, at, one)).collect();
    let opened = all.opened.iter().map(|one| {
        object!({
            "fingerprint": print_of(one.finding),
            "rule": one.finding.rule,
            "arch": one.finding.arch,
            "opened_by": one.by,
            "closed_by": one.closed,
            "was_there": one.was_there,
        })
    });
    report["opened"] = opened.collect();
    report["bisectable"] = all.not_bisectable().is_empty().into();
    report["left"] = all.left().len().into();
    if all.all {
        report["before"] = all.before.findings.iter().map(finding).collect();
    }
    report["notes"] = all.notes.iter().map(String::as_str).collect();
    harmless(&report)
}

fn change(all: &Changes<'_>, at: usize, change: &Change<'_>) -> Value {
    let difference = &change.difference;
    let added = difference.added.iter().zip(&change.spots);
    let added = added.map(|(one, at)| {
        let mut value = finding(one);
        value["patch"] = at.as_ref().map_or(Value::Null, spot);
        value
    });
    let number = change
        .number
        .map(|(number, total)| object!({ "number": number, "of": total }));
    object!({
        "name": change.name,
        "title": change.title,
        "number": number,
        "message_id": change.mail.as_ref().map(|mail| mail.id).filter(|id| !id.is_empty()),
        "called": all.called(at),
        "added": added.collect::<Vec<_>>(),
        "removed": difference.removed.iter().copied().map(finding).collect::<Vec<_>>(),
        "unknown": difference.unknown.iter().copied().map(arch).collect::<Vec<_>>(),
        "problems": difference.problems.iter().copied().map(problem).collect::<Vec<_>>(),
    })
}

fn spot(spot: &Spot) -> Value {
    let mut words = spot.line.split(' ');
    let line: Option<u32> = words.next().and_then(|number| number.parse().ok());
    // What was decoded has lines of its own.
    let is_decoded = words.next().is_some();
    object!({ "line": line, "decoded": is_decoded })
}

fn finding(finding: &Finding) -> Value {
    finding_with(finding, &print_of(finding))
}

/// What stands for a finding: by the same it is known in the reports of a check, unless several are alike.
fn print_of(finding: &Finding) -> String {
    let print = fingerprints(std::slice::from_ref(finding)).pop();
    print.unwrap_or_else(|| Identity::of(finding).rule)
}
