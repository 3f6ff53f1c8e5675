//! The rules that there are, by pack.

use std::fmt::Write as _;

use rules::{Question, Rule, SeverityWord};
use serde_json::{Value, json};

/// For people: each pack with its rules.
pub fn rules(rules: &[Rule]) -> String {
    let width = rules.iter().map(|rule| rule.id().len()).max().unwrap_or(0);
    let mut text = String::new();
    for (pack, rules) in packs(rules) {
        let versions = match (pack.since, pack.until) {
            (Some(since), Some(until)) => format!(" ({since} to {until})"),
            (Some(since), None) => format!(" (from {since} on)"),
            (None, Some(until)) => format!(" (up to {until})"),
            (None, None) => String::new(),
        };
        let _ = writeln!(text, "{}: {}{versions}", pack.id, pack.title);
        for rule in rules {
            let by = if rule.text.default {
                ""
            } else {
                " (only by name)"
            };
            let severity = severity(rule);
            let _ = writeln!(
                text,
                "  {:width$}  {severity:7}  {}{by}",
                rule.id(),
                rule.title()
            );
        }
    }
    text
}

/// For programs.
pub fn rules_json(rules: &[Rule]) -> String {
    let told = |rule: &Rule| {
        json!({
            "id": rule.id(),
            "title": rule.title(),
            "severity": severity(rule),
            "question": match rule.text.question {
                Question::Unselected => "unselected",
                Question::Outside => "outside",
                Question::Mismatched => "mismatched",
                Question::Stale => "stale",
            },
            "default": rule.text.default,
        })
    };
    let packs = packs(rules).into_iter().map(|(pack, rules)| {
        json!({
            "id": pack.id,
            "title": pack.title,
            "links": pack.links,
            "since": pack.since.map(|version| version.to_string()),
            "until": pack.until.map(|version| version.to_string()),
            "symbols": pack.opt_in.symbols,
            "rules": rules.into_iter().map(told).collect::<Vec<Value>>(),
        })
    });
    let packs: Vec<Value> = packs.collect();
    format!("{:#}\n", json!({ "packs": packs }))
}

fn severity(rule: &Rule) -> &'static str {
    match rule.text.severity {
        SeverityWord::Error => "error",
        SeverityWord::Warning => "warning",
    }
}

/// The rules of each pack, by the names of packs.
fn packs(rules: &[Rule]) -> Vec<(&rules::Pack, Vec<&Rule>)> {
    let mut packs: Vec<(&rules::Pack, Vec<&Rule>)> = Vec::new();
    for rule in rules {
        match packs.iter_mut().find(|(pack, _)| pack.id == rule.pack.id) {
            Some((_, own)) => own.push(rule),
            None => packs.push((&rule.pack, vec![rule])),
        }
    }
    packs.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
    packs
}
