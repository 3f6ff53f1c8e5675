//! SARIF 2.1.0, as GitHub's code scanning and editors read it.
//!
//! Each finding is a result with a fingerprint that lives as long as its [`rules::Identity`], its path as a code flow,
//! and its notes as related places. Paths are relative to the tree, columns count code points.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rules::{Finding, Place, Rule, Severity, SeverityWord, fingerprints};
use serde_json::json;
use serde_sarif::sarif::{
    ArtifactLocation, CodeFlow, Invocation, Location, Message, MultiformatMessageString,
    Notification, PhysicalLocation, PropertyBag, Region, ReportingConfiguration,
    ReportingDescriptor, Result as Found, ResultLevel, Run, SCHEMA_URL, Sarif, Suppression,
    ThreadFlow, ThreadFlowLocation, Tool, ToolComponent,
};

use super::{Report, config_line, lines_of, link_of, place_of};
use crate::clean;
use crate::excerpt::Files;
use crate::json::harmless;

/// GitHub takes no more results in one run.
const MOST_RESULTS: usize = 25_000;

/// What stands in a path as it is.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'+');

/// The report as one SARIF log.
pub fn sarif(report: &Report<'_>) -> String {
    let outcome = report.outcome;
    let places = Places {
        files: Files::new(report.source),
    };
    // Those of one identity are told apart, accepted or not.
    let accepted = outcome.accepted.iter().map(|one| &one.finding);
    let all: Vec<Finding> = outcome.findings.iter().chain(accepted).cloned().collect();
    let mut prints = fingerprints(&all).into_iter();
    let mut results: Vec<Found> = outcome
        .findings
        .iter()
        .zip(&mut prints)
        .map(|(finding, print)| result(report, &places, finding, print))
        .collect();
    for (one, print) in outcome.accepted.iter().zip(prints) {
        let mut found = result(report, &places, &one.finding, print);
        let suppression = Suppression::builder()
            .kind(json!("external"))
            .justification(clean::line(&one.reason));
        found.suppressions = Some(vec![
            suppression.location(places.location(&one.place)).build(),
        ]);
        results.push(found);
    }
    let not_done = report.not_done();
    let mut notifications = notifications(&not_done, &places);
    if results.len() > MOST_RESULTS {
        let words = format!(
            "{} results more were left out",
            results.len() - MOST_RESULTS
        );
        results.truncate(MOST_RESULTS);
        notifications.push(warning(&words));
    }
    let driver = ToolComponent::builder()
        .name("vmemmlint")
        .version(report.version)
        .semantic_version(report.version)
        .rules(report.rules.iter().map(descriptor).collect::<Vec<_>>());
    let invocation = Invocation::builder()
        .execution_successful(not_done.is_empty())
        .tool_execution_notifications(notifications);
    let run = Run::builder()
        .tool(Tool::builder().driver(driver.build()).build())
        .invocations(vec![invocation.build()])
        .column_kind(json!("unicodeCodePoints"))
        .results(results);
    let log = Sarif::builder()
        .version(json!("2.1.0"))
        .schema(SCHEMA_URL)
        .runs(vec![run.build()]);
    serde_json::to_value(log.build()).map_or_else(|_| String::new(), |log| harmless(&log))
}

/// What was not done.
fn notifications(not_done: &[(Place, String)], places: &Places<'_>) -> Vec<Notification> {
    let told = not_done.iter().map(|(place, words)| {
        let mut told = warning(words);
        told.locations = Some(vec![places.location(place)]);
        told
    });
    told.collect()
}

fn warning(words: &str) -> Notification {
    let told = Notification::builder().level(json!("warning"));
    told.message(message(words)).build()
}

fn result(report: &Report<'_>, places: &Places<'_>, finding: &Finding, print: String) -> Found {
    let mut found = Found::builder()
        .rule_id(&finding.rule)
        .level(match finding.severity {
            Severity::Error => ResultLevel::Error,
            Severity::Warning => ResultLevel::Warning,
        })
        .message(message_of(lines_of(finding).join("\n")))
        .locations(vec![places.location(place_of(finding))])
        .related_locations(related(places, finding))
        .partial_fingerprints(BTreeMap::from([("vmemmlint/v1".to_owned(), print)]))
        .properties(properties(finding))
        .build();
    let mut rules = report.rules.iter();
    let rule = rules.position(|rule| rule.id() == finding.rule);
    found.rule_index = rule.and_then(|index| i64::try_from(index).ok());
    if !finding.path.is_empty() {
        found.code_flows = Some(vec![flow(places, finding)]);
    }
    found
}

/// The path, from the entry to the sink.
fn flow(places: &Places<'_>, finding: &Finding) -> CodeFlow {
    let steps = finding.path.iter().map(|step| {
        let mut location = places.location(&step.place);
        let words = match step.entry.as_str() {
            "" => format!("{}()", step.function),
            entry => format!("{}(), entered from {entry}", step.function),
        };
        location.message = Some(message(&words));
        ThreadFlowLocation::builder().location(location).build()
    });
    let steps = ThreadFlow::builder().locations(steps.collect::<Vec<_>>());
    CodeFlow::builder()
        .thread_flows(vec![steps.build()])
        .build()
}

/// The places of notes, and where the architecture enters itself.
fn related(places: &Places<'_>, finding: &Finding) -> Vec<Location> {
    let notes = finding.notes.iter().filter_map(|note| {
        let mut location = places.location(note.place.as_ref()?);
        location.message = Some(message(&note.text));
        Some(location)
    });
    let mut related: Vec<Location> = notes.collect();
    if let Some(entry) = finding
        .kconfig
        .as_ref()
        .filter(|_| !finding.path.is_empty())
    {
        let mut location = places.location(entry);
        location.message = Some(message(&format!("the entry of {}", finding.arch)));
        related.push(location);
    }
    for (number, location) in (1..).zip(&mut related) {
        location.id = Some(number);
    }
    related
}

fn properties(finding: &Finding) -> PropertyBag {
    let lines = finding.config.iter().map(|(s, v)| config_line(s, v));
    let config: Vec<String> = lines.collect();
    let properties = BTreeMap::from([
        ("arches".to_owned(), json!(finding.arches)),
        ("assumptions".to_owned(), json!(finding.assumptions)),
        ("config".to_owned(), json!(config)),
    ]);
    PropertyBag::builder()
        .additional_properties(properties)
        .build()
}

/// What is said of a rule.
fn descriptor(rule: &Rule) -> ReportingDescriptor {
    let level = match rule.text.severity {
        SeverityWord::Error => "error",
        SeverityWord::Warning => "warning",
    };
    let words = |text: &str| MultiformatMessageString::builder().text(text);
    let title = clean::line(&rule.title());
    let mut told = ReportingDescriptor::builder()
        .id(rule.id())
        .short_description(words(&title).build())
        .full_description(words(&title).build())
        .help(words(&rule.essay).markdown(&rule.essay).build())
        .default_configuration(
            ReportingConfiguration::builder()
                .level(json!(level))
                .enabled(rule.text.default)
                .build(),
        )
        .properties(
            PropertyBag::builder()
                .tags(vec!["kernel".to_owned(), rule.pack.id.clone()])
                .build(),
        )
        .build();
    told.help_uri = link_of(rule).map(str::to_owned);
    told
}

fn message(text: &str) -> Message {
    message_of(clean::line(text))
}

fn message_of(text: String) -> Message {
    Message::builder().text(text).build()
}

struct Places<'a> {
    files: Files<'a>,
}

impl Places<'_> {
    fn location(&self, place: &Place) -> Location {
        let uri = utf8_percent_encode(&place.file, IN_PATH).to_string();
        let mut artifact = ArtifactLocation::builder().uri(&uri).build();
        if uri.starts_with('/') {
            artifact.uri = Some(format!("file://{uri}"));
        } else {
            artifact.uri_base_id = Some("%SRCROOT%".to_owned());
        }
        let mut physical = PhysicalLocation::builder()
            .artifact_location(artifact)
            .build();
        physical.region = self.region(place);
        Location::builder().physical_location(physical).build()
    }

    fn region(&self, place: &Place) -> Option<Region> {
        if place.line == 0 {
            return None;
        }
        let line = Region::builder().start_line(i64::from(place.line));
        let Some([start, end]) = self.files.points(place) else {
            return Some(line.build());
        };
        let line = line.start_column(i64::from(start.1));
        let line = line.end_line(i64::from(end.0));
        Some(line.end_column(i64::from(end.1)).build())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_relative_reference() {
        let of = |path: &str| utf8_percent_encode(path, IN_PATH).to_string();
        assert_eq!(of("mm/sparse-vmemmap.c"), "mm/sparse-vmemmap.c");
        assert_eq!(of("a b/é#:%.c"), "a%20b/%C3%A9%23%3A%25.c");
    }
}
