//! A page for people: one file that needs nothing else.
//!
//! It opens with the table of architectures and rules, in the manner of the kernel's Documentation/features: `ok`, `..`
//! for what cannot be reached, and a link to each finding. Without scripts all of it is there; with them findings can be
//! searched and narrowed down. What is told by colour is told in words too.

mod code;
mod path;

use std::collections::{BTreeMap, BTreeSet};

use maud::{DOCTYPE, Markup, PreEscaped, html};
use rules::{ArchVerdict, Finding, Verdict, fingerprints};

use super::{Report, config_line, level, place_of};
use crate::clean;
use crate::excerpt::Files;
use crate::human::{note_text, place_line};
use crate::summary::several;

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// The page.
pub fn html(report: &Report<'_>) -> String {
    let outcome = report.outcome;
    let prints = fingerprints(&outcome.findings);
    let page = Page {
        report,
        files: Files::new(report.source),
        prints: &prints,
    };
    let count = several(outcome.findings.len(), "finding");
    let tree = clean::line(report.tree);
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content={ "vmemmlint " (report.version) };
                title { "vmemmlint: " (count) " in " (tree) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#findings" { "Skip to the findings" }
                header {
                    h1 { "vmemmlint: " (count) }
                    p.soft {
                        (tree) " (Linux " (clean::line(&outcome.kernel_version)) "), vmemmlint " (report.version)
                    }
                }
                main {
                    (page.problems())
                    (page.table())
                    (page.findings())
                    (page.reasons())
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    markup.into_string()
}

struct Page<'p> {
    report: &'p Report<'p>,
    files: Files<'p>,
    /// Of each finding.
    prints: &'p [String],
}

impl Page<'_> {
    fn problems(&self) -> Markup {
        let problems = &self.report.outcome.problems;
        html! {
            @if !problems.is_empty() {
                section aria-labelledby="problems" {
                    h2 id="problems" { "Could not be read" }
                    ul {
                        @for problem in problems {
                            li { code { (place_line(&problem.place)) } ": " (super::problem_words(problem)) }
                        }
                    }
                }
            }
        }
    }

    fn table(&self) -> Markup {
        let verdicts = &self.report.outcome.verdicts;
        let rules: BTreeSet<&str> = verdicts.iter().map(|v| v.rule.as_str()).collect();
        let mut rows: BTreeMap<&str, BTreeMap<&str, &ArchVerdict>> = BTreeMap::new();
        for verdict in verdicts {
            let row = rows.entry(&verdict.arch).or_default();
            row.insert(&verdict.rule, verdict);
        }
        html! {
            section aria-labelledby="architectures" {
                h2 id="architectures" { "Architectures" }
                section.wide tabindex="0" aria-label="Table of architectures and rules" {
                    table {
                        caption {
                            "ok: reached, and the rule is satisfied; ..: no configuration and path of calls \
                            reaches it"
                        }
                        thead {
                            tr {
                                th scope="col" { "architecture" }
                                @for rule in &rules {
                                    th scope="col" { (clean::line(rule)) }
                                }
                            }
                        }
                        tbody {
                            @for (arch, row) in &rows {
                                tr {
                                    th scope="row" { (clean::line(arch)) }
                                    @for rule in &rules {
                                        td { @if let Some(verdict) = row.get(rule) { (self.cell(verdict)) } }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn cell(&self, verdict: &ArchVerdict) -> Markup {
        let findings = self.report.outcome.findings.iter().zip(self.prints);
        let own: Vec<&String> = findings
            .filter(|(finding, _)| finding.is_in(verdict))
            .map(|(_, print)| print)
            .collect();
        let reason = clean::line(&verdict.short);
        html! {
            @match verdict.verdict {
                Verdict::Flagged => {
                    @if let [first, ..] = own.as_slice() {
                        a.flagged href={ "#f-" (first) } { "flagged" }
                        @if own.len() > 1 { " (" (own.len()) ")" }
                    } @else {
                        span.flagged { "flagged" }
                    }
                }
                Verdict::Unknown => span.unknown title=(reason) { "unknown" },
                Verdict::Accepted => span.accepted title=(reason) { "accepted" },
                Verdict::Clean => span.clean title=(reason) { "ok" },
                Verdict::CannotReach => span title=(reason) { ".." },
            }
        }
    }

    fn findings(&self) -> Markup {
        let findings = &self.report.outcome.findings;
        html! {
            section aria-labelledby="findings" {
                h2 id="findings" tabindex="-1" { "Findings" }
                search id="filter" hidden {
                    label { "Words" input id="words" type="search"; }
                    label { "Rule" select id="rule" { option value="" { "all" } } }
                    label { "Architecture" select id="arch" { option value="" { "all" } } }
                    button id="all" type="button" { "Show all" }
                    output id="told" for="words rule arch" {}
                }
                @if findings.is_empty() { p { "Nothing was found." } }
                @for (number, finding) in findings.iter().enumerate() { (self.finding(number, finding)) }
            }
        }
    }

    fn finding(&self, number: usize, finding: &Finding) -> Markup {
        let earlier = self.report.outcome.findings[..number]
            .iter()
            .position(|other| {
                other.rule == finding.rule
                    && other.sink == finding.sink
                    && other.path == finding.path
            });
        let arches: Vec<String> = finding.arches.iter().map(|a| clean::line(a)).collect();
        let level = level(finding.severity);
        let at = place_line(place_of(finding));
        html! {
            article id={ "f-" (self.prints[number]) } .is-warning[level == "warning"]
                data-rule=(clean::line(&finding.rule)) data-arches=(arches.join(" ")) {
                h3 { span class=(level) { (level) } ": " (clean::line(&finding.message)) }
                p {
                    @match self.report.link(finding) {
                        Some(link) => a href=(link) { (clean::line(&finding.rule)) },
                        None => (clean::line(&finding.rule)),
                    }
                    " on " (arches.join(", ")) ", at " code { (at) }
                }
                @if let Some(earlier) = earlier {
                    p {
                        "By the same path as on "
                        a href={ "#f-" (self.prints[earlier]) } {
                            (clean::line(&self.report.outcome.findings[earlier].arch))
                        }
                        "."
                    }
                } @else {
                    (code::excerpt(&self.files, place_of(finding)))
                    (path::path(&self.files, finding))
                }
                (conditions(finding))
            }
        }
    }

    /// Why nothing was found where nothing was.
    fn reasons(&self) -> Markup {
        let mut rules: BTreeMap<&str, BTreeMap<(Verdict, &str), Vec<&str>>> = BTreeMap::new();
        for verdict in &self.report.outcome.verdicts {
            if verdict.verdict != Verdict::Flagged {
                let alike = rules.entry(&verdict.rule).or_default();
                let same = alike.entry((verdict.verdict, verdict.reason.as_str()));
                same.or_default().push(&verdict.arch);
            }
        }
        html! {
            section aria-labelledby="reasons" {
                h2 id="reasons" { "Why not" }
                @for (rule, alike) in &rules {
                    details {
                        summary { (clean::line(rule)) }
                        dl {
                            @for ((verdict, reason), arches) in alike {
                                dt { (clean::line(&arches.join(", "))) ": " span class=(verdict.word()) { (verdict.word()) } }
                                dd { (clean::line(reason)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What has to hold, what belongs to it, and what to do.
fn conditions(finding: &Finding) -> Markup {
    let lines = finding.config.iter().map(|(s, v)| config_line(s, v));
    let lines: Vec<String> = lines.collect();
    html! {
        @if !lines.is_empty() {
            p { "In this configuration, on the one that " code { "make allnoconfig" } " makes:" }
            pre.copy tabindex="0" { (lines.join("\n")) }
        }
        @if !(finding.assumptions.is_empty() && finding.notes.is_empty()) {
            ul {
                @for assumption in &finding.assumptions { li { "when " code { (clean::line(assumption)) } } }
                @for note in &finding.notes { li { (note_text(note)) } }
            }
        }
        @if !finding.help.is_empty() { p { strong { "What to do: " } (clean::line(&finding.help)) } }
    }
}
