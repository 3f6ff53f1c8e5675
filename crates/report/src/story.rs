//! The whole story of a rule: what was answered for each architecture, from which facts, and where
//! each way back from the sinks ends.

use rules::{ArchRow, ArchVerdict, Finding, Note, Outcome};
use source::Source;

use crate::arches::{backend_words, symbol};
use crate::clean;
use crate::excerpt::Files;
use crate::human::{code_behind, findings_at, place_line};
use crate::look::{Detail, Look};
use crate::paper::Paper;
use crate::summary::shown;

/// What is told of every architecture of `outcome`, whose check was of one rule.
pub fn story(outcome: &Outcome, source: &dyn Source, look: &Look) -> String {
    let files = Files::new(source);
    let mut text = String::new();
    for verdict in &outcome.verdicts {
        let mut paper = Paper::new(look);
        let row = outcome.rows.iter().find(|row| row.arch == verdict.arch);
        told(&mut paper, &files, verdict, row);
        text.push_str(&paper.finish());
        let own = outcome.findings.iter();
        let own: Vec<&Finding> = own.filter(|f| f.arches.contains(&verdict.arch)).collect();
        let all = Look {
            paths: Detail::All,
            ..*look
        };
        text.push('\n');
        text.push_str(&findings_at(&files, &own, &all));
    }
    text
}

fn told(paper: &mut Paper, files: &Files, verdict: &ArchVerdict, row: Option<&ArchRow>) {
    let (word, style) = shown(verdict.verdict, paper.look());
    let head = format!(
        "{}: {}",
        clean::line(&verdict.arch),
        paper.styled(word, style)
    );
    paper.line(&head);
    if let Some(row) = row {
        paper.section("symbol", &symbol(row));
        for backend in &row.backend {
            paper.section("backend", &backend_words(backend));
        }
    }
    if verdict.facts.is_empty() {
        let reason = Note {
            text: verdict.reason.clone(),
            place: verdict.place.clone(),
        };
        notes(paper, files, "because", &[reason]);
    }
    notes(paper, files, "because", &verdict.facts);
    notes(paper, files, "ends", &verdict.ends);
}

/// Facts, each with the line of the tree that shows it.
fn notes(paper: &mut Paper, files: &Files, name: &str, notes: &[Note]) {
    for note in notes {
        paper.section(name, &clean::line(&note.text));
        let Some(place) = &note.place else { continue };
        let at = place_line(place);
        let mut line = format!("{}{at}", " ".repeat(name.len() + 4));
        line.push_str(&code_behind(paper, files, place, clean::width(&line)));
        paper.line(line.trim_end());
    }
}
