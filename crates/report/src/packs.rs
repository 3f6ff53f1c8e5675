//! The rules that there are, by pack.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rules::{Pack, Rule, SeverityWord};
use serde_json::{Value, json};

use crate::clean;
use crate::json::harmless;

/// For people: each pack with its rules.
pub fn rules(rules: &[Rule]) -> String {
    let width = rules.iter().map(|rule| rule.id().len()).max().unwrap_or(0);
    let mut text = String::new();
    for (pack, rules) in packs(rules) {
        let versions = versions(pack);
        let _ = writeln!(text, "{}: {}{versions}", pack.id, clean::line(&pack.title));
        for rule in rules {
            let by = if rule.text.default {
                ""
            } else {
                " (only by name)"
            };
            let severity = severity(rule);
            let (id, title) = (rule.id(), clean::line(&rule.title()));
            let _ = writeln!(text, "  {id:width$}  {severity:7}  {title}{by}");
        }
    }
    text
}

/// A page that links to the essays beside it.
pub fn rules_markdown(rules: &[Rule]) -> String {
    let mut text = "# Rules\n\nWhat is asked by name is asked with `--rule NAME`, of a rule or of a pack, or where the \
                    tree's `vmemmlint.toml` has it in `enable`.\n"
        .to_owned();
    for (pack, rules) in packs(rules) {
        let (id, title) = (clean::line(&pack.id), clean::line(&pack.title));
        let _ = writeln!(text, "\n## {id}\n\n{title}{}\n", versions(pack));
        text.push_str("| rule | severity | asked | what it finds |\n|---|---|---|---|\n");
        for rule in rules {
            let asked = if rule.text.default {
                "by default"
            } else {
                "by name"
            };
            let (id, title) = (rule.id(), clean::line(&rule.title()).replace('|', "\\|"));
            let severity = severity(rule);
            let _ = writeln!(text, "| [{id}]({id}.md) | {severity} | {asked} | {title} |");
        }
    }
    text
}

fn severity(rule: &Rule) -> &'static str {
    match rule.text.severity {
        SeverityWord::Error => "error",
        SeverityWord::Warning => "warning",
    }
}

/// Of which kernels the rules of a pack are asked, where it is not all.
fn versions(pack: &Pack) -> String {
    match (pack.since, pack.until) {
        (Some(since), Some(until)) => format!(" ({since} to {until})"),
        (Some(since), None) => format!(" (from {since} on)"),
        (None, Some(until)) => format!(" (up to {until})"),
        (None, None) => String::new(),
    }
}

/// For programs.
pub fn rules_json(rules: &[Rule]) -> String {
    let told = |rule: &Rule| {
        json!({
            "id": rule.id(),
            "title": rule.title(),
            "severity": rule.text.severity,
            "question": rule.text.question,
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
    harmless(&json!({ "packs": packs }))
}

/// The rules of each pack, by the names of packs.
fn packs(rules: &[Rule]) -> Vec<(&Pack, Vec<&Rule>)> {
    let mut packs: BTreeMap<&str, (&Pack, Vec<&Rule>)> = BTreeMap::new();
    for rule in rules {
        let own = packs.entry(&rule.pack.id);
        own.or_insert_with(|| (&rule.pack, Vec::new())).1.push(rule);
    }
    packs.into_values().collect()
}
