//! What is known of a tree, as the protocol has it.

use std::collections::HashMap;
use std::fmt::Write as _;

use gen_lsp_types::{
    AnnotatedTextEdit, ChangeAnnotation, ChangeAnnotationIdentifier, Code, CodeDescription,
    Command, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag,
    DocumentChange, Edit, Location, Message, OptionalVersionedTextDocumentIdentifier, Position,
    TextDocumentEdit, TextDocumentIdentifier, TextEdit, Uri, WorkspaceEdit,
};
use ide::{Diagnosis, Renamed, Weight};
use rules::Finding;
use text::{Name, Span};

use crate::view::View;

/// A command of clients that shows places.
pub(crate) const SHOW_REFERENCES: &str = "vmemmlint.showReferences";
/// The same, done by the server for clients that have none: it opens the first of them.
pub(crate) const SHOW: &str = "vmemmlint.show";
/// By whom a diagnostic is told.
pub(crate) const SOURCE: &str = "vmemmlint";

/// Shows places that have to do with one.
pub(crate) fn show(
    view: &View,
    title: String,
    at: (&Uri, Position),
    places: &[Location],
) -> Command {
    let name = if view.client.shows_references {
        SHOW_REFERENCES
    } else {
        SHOW
    };
    let arguments = serde_json::json!([at.0, at.1, places]);
    let arguments = serde_json::from_value(arguments).unwrap_or_default();
    Command {
        title,
        tooltip: None,
        command: name.to_owned(),
        arguments: Some(arguments),
    }
}

/// Something that is wrong, at the bytes where it is now.
pub(crate) fn diagnostic(view: &View, one: &Diagnosis) -> Diagnostic {
    let client = &view.client;
    let related = one
        .related
        .iter()
        .map(|place| DiagnosticRelatedInformation {
            location: Location {
                uri: view.uri_of(&place.file),
                range: view.range(&place.file, place.span, place.line),
            },
            message: place.text.clone(),
        });
    let code = if one.rule.is_empty() {
        "syntax"
    } else {
        &one.rule
    };
    Diagnostic {
        range: view.range(&one.file, one.span, one.line),
        severity: Some(match one.weight {
            Weight::Error => DiagnosticSeverity::Error,
            Weight::Warning => DiagnosticSeverity::Warning,
            Weight::Information => DiagnosticSeverity::Information,
        }),
        code: Some(Code::String(code.to_owned())),
        code_description: (client.links && !one.page.is_empty()).then(|| CodeDescription {
            href: Uri(one.page.clone()),
        }),
        source: Some(SOURCE.to_owned()),
        message: Message::String(one.message.clone()),
        tags: (client.tags && one.is_unnecessary).then(|| vec![DiagnosticTag::Unnecessary]),
        related_information: client.relates.then(|| related.collect()),
        data: None,
    }
}

/// The whole story of a finding.
pub(crate) fn story(finding: &Finding) -> String {
    let mut text = format!(
        "**{}**: {}\n\n{}\n",
        finding.rule, finding.message, finding.help
    );
    if !finding.path.is_empty() {
        text.push_str("\n```text\n");
        for step in &finding.path {
            if !step.entry.is_empty() {
                let _ = writeln!(text, "{}", step.entry);
            }
            let place = &step.place;
            let _ = writeln!(text, "  {}()  {}:{}", step.function, place.file, place.line);
        }
        text.push_str("```\n");
    }
    if !finding.config.is_empty() {
        text.push_str("\nwith\n```text\n");
        for (symbol, value) in &finding.config {
            let _ = writeln!(text, "CONFIG_{symbol}={value}");
        }
        text.push_str("```\n");
    }
    if !finding.assumptions.is_empty() {
        text.push_str("\nwhere\n");
        for words in &finding.assumptions {
            let _ = writeln!(text, "- {words}");
        }
    }
    for note in &finding.notes {
        let _ = match &note.place {
            Some(place) => writeln!(text, "\n{}: {}:{}", note.text, place.file, place.line),
            None => writeln!(text, "\n{}", note.text),
        };
    }
    text
}

/// Changes of files, by path, as one edit.
pub(crate) fn edit(view: &View, files: Vec<(String, Vec<TextEdit>)>) -> WorkspaceEdit {
    if !view.client.document_changes {
        let changes = files
            .into_iter()
            .map(|(path, edits)| (view.uri_of(&path), edits));
        return WorkspaceEdit {
            changes: Some(changes.collect::<HashMap<_, _>>()),
            ..WorkspaceEdit::default()
        };
    }
    let changes = files.into_iter().map(|(path, edits)| {
        let edits = edits.into_iter().map(Edit::TextEdit);
        DocumentChange::TextDocumentEdit(TextDocumentEdit {
            text_document: versioned(view, &path),
            edits: edits.collect(),
        })
    });
    WorkspaceEdit {
        document_changes: Some(changes.collect()),
        ..WorkspaceEdit::default()
    }
}

/// A file in the state in which the client knows it.
fn versioned(view: &View, path: &str) -> OptionalVersionedTextDocumentIdentifier {
    let uri = view.uri_of(path);
    OptionalVersionedTextDocumentIdentifier {
        version: view.open.get(path).map(|(_, _, version)| *version),
        text_document_identifier: TextDocumentIdentifier { uri },
    }
}

/// A symbol's new name everywhere, for the user to confirm where the client can ask.
pub(crate) fn renamed(view: &View, renamed: &Renamed, (old, new): (Name, &str)) -> WorkspaceEdit {
    let edits = |path: &String, spans: &Vec<Span>| -> Vec<TextEdit> {
        let ranges = spans.iter().map(|span| view.range(path, *span, 0));
        let edits = ranges.map(|range| TextEdit {
            range,
            new_text: new.to_owned(),
        });
        edits.collect()
    };
    if !(view.client.document_changes && view.client.annotates) {
        let files = renamed.files.iter();
        let files = files.map(|(path, spans)| (path.clone(), edits(path, spans)));
        return edit(view, files.collect());
    }
    let mut annotations = HashMap::new();
    let mut changes = Vec::new();
    for (path, spans) in &renamed.files {
        let kind = if path
            .rsplit('/')
            .next()
            .is_some_and(|name| name.starts_with("Kconfig"))
        {
            "Kconfig"
        } else {
            "CONFIG_"
        };
        let id: ChangeAnnotationIdentifier = kind.to_owned();
        annotations
            .entry(id.clone())
            .or_insert_with(|| ChangeAnnotation {
                label: format!("{old} becomes {new}"),
                needs_confirmation: Some(true),
                description: Some(format!("in {kind}")),
            });
        let edits = edits(path, spans).into_iter().map(|text_edit| {
            Edit::AnnotatedTextEdit(AnnotatedTextEdit {
                annotation_id: id.clone(),
                text_edit,
            })
        });
        changes.push(DocumentChange::TextDocumentEdit(TextDocumentEdit {
            text_document: versioned(view, path),
            edits: edits.collect(),
        }));
    }
    WorkspaceEdit {
        changes: None,
        document_changes: Some(changes),
        change_annotations: Some(annotations),
    }
}
