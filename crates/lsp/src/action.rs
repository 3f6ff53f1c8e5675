//! What an editor offers to do about what is wrong.

use std::collections::BTreeMap;
use std::sync::Arc;

use gen_lsp_types::{
    CodeAction, CodeActionKind, CodeActionParams, CodeActionResponse, CreateFile,
    CreateFileOptions, DocumentChange, Edit, OptionalVersionedTextDocumentIdentifier, Range,
    TextDocumentEdit, TextDocumentIdentifier, TextEdit, WorkspaceEdit,
};
use ide::Diagnosis;
use kernel::Tree;
use lsp_server::ResponseError;
use rules::fix::{self, Fix};
use rules::{Catalog, Finding, Outcome};

use crate::answer::cancelled;
use crate::convert;
use crate::pool::Cancelled;
use crate::view::{Spot, View, shown};

/// What is offered at a range.
pub(crate) fn actions(
    view: &View,
    params: &CodeActionParams,
    cancel: &Cancelled,
) -> Result<Option<Vec<CodeActionResponse>>, ResponseError> {
    let only = params.context.only.as_ref();
    let wants = |kind: &CodeActionKind| {
        only.is_none_or(|only| only.iter().any(|asked| is_within(kind, asked)))
    };
    let Some(spot) = view.spot(&params.text_document.uri) else {
        return Ok(None);
    };
    if !view.client.literal_actions || !wants(&CodeActionKind::QuickFix) {
        return Ok(None);
    }
    let here: Vec<&Diagnosis> = view
        .diagnoses
        .iter()
        .filter(|one| one.file == spot.path && touches(&spot, one, params.range, view))
        .collect();
    let mut offered = Offered {
        view,
        spot: &spot,
        actions: Vec::new(),
    };
    for one in here {
        if cancel.is_set() {
            return Err(cancelled());
        }
        if let Some((outcome, settings)) = &view.outcome
            && !one.findings.is_empty()
            && let Some(catalog) = settings.catalog.as_deref()
        {
            offered.mend(one, outcome, catalog);
            offered.witness(one, outcome);
        }
        offered.accept(one);
    }
    let actions = offered.actions.into_iter();
    Ok(Some(actions.map(CodeActionResponse::CodeAction).collect()))
}

/// Whether a kind is one that was asked for, or below it.
fn is_within(kind: &CodeActionKind, asked: &CodeActionKind) -> bool {
    let (kind, asked) = (kind.to_string(), asked.to_string());
    let rest = kind.strip_prefix(&asked);
    asked.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn touches(spot: &Spot, one: &Diagnosis, range: Range, view: &View) -> bool {
    let own = shown(&spot.text, one.span, one.line);
    let own = spot.text.range(own, view.client.encoding);
    // Who has the cursor somewhere on the line means what is on it.
    own.start.line <= range.end.line && range.start.line <= own.end.line
}

struct Offered<'v> {
    view: &'v View,
    spot: &'v Spot,
    actions: Vec<CodeAction>,
}

impl Offered<'_> {
    fn offer(&mut self, title: String, one: &Diagnosis, edit: WorkspaceEdit, is_preferred: bool) {
        if self.actions.iter().any(|known| known.title == title) {
            return;
        }
        self.actions.push(CodeAction {
            title,
            kind: Some(CodeActionKind::QuickFix),
            diagnostics: Some(vec![convert::diagnostic(self.view, one)]),
            is_preferred: is_preferred.then_some(true),
            edit: Some(edit),
            ..CodeAction::default()
        });
    }

    /// What would mend the findings that are told.
    fn mend(&mut self, one: &Diagnosis, outcome: &Outcome, catalog: &Catalog) {
        let source = Arc::clone(&self.view.source);
        let Ok(tree) = Tree::open(source) else { return };
        let numbers = one.findings.iter();
        let findings: Vec<Finding> = numbers
            .filter_map(|number| outcome.findings.get(*number))
            .cloned()
            .collect();
        let arches: Vec<String> = findings
            .iter()
            .map(|finding| finding.arch.clone())
            .collect();
        let (gates, _) = fix::fixes(&tree, &findings, catalog, &[]);
        let (selects, _) = fix::fixes(&tree, &findings, catalog, &arches);
        for fix in gates.into_iter().chain(selects) {
            let title = title(&fix);
            let edit = self.edit_of(&fix);
            let opts_in = fix.opts_in.is_some();
            self.offer(title, one, edit, !opts_in);
        }
    }

    fn edit_of(&self, fix: &Fix) -> WorkspaceEdit {
        let mut files: BTreeMap<String, Vec<TextEdit>> = BTreeMap::new();
        for edit in &fix.edits {
            let range = self.view.range(&edit.file, edit.span, 0);
            let new_text = edit.text.clone();
            files
                .entry(edit.file.clone())
                .or_default()
                .push(TextEdit { range, new_text });
        }
        convert::edit(self.view, files.into_iter().collect())
    }

    /// A comment above the line that accepts it. The reason is for the user to say.
    fn accept(&mut self, one: &Diagnosis) {
        if one.rule.is_empty() {
            return;
        }
        let text = &self.spot.text;
        let own = shown(text, one.span, one.line);
        let line = text.range(own, self.view.client.encoding).start.line;
        let whole = text.lines.line(&text.bytes, line + 1);
        let start = memchr::memrchr(b'\n', &text.bytes[..whole.start as usize]);
        let start = start.map_or(0, |newline| newline + 1);
        let before = &text.bytes[..start];
        if before.ends_with(b"\\\n") || before.ends_with(b"\\\r\n") {
            // The line goes on from the one before: no comment can stand between them.
            return;
        }
        let end = if before.ends_with(b"\r\n") {
            "\r\n"
        } else {
            "\n"
        };
        let indent = text
            .bytes
            .get(start..whole.start as usize)
            .unwrap_or_default();
        let indent = String::from_utf8_lossy(indent);
        let (open, close) = match self.spot.language {
            Some(ide::Language::C) => ("/* ", " */"),
            _ => ("# ", ""),
        };
        let new_text = format!(
            "{indent}{open}vmemmlint: allow({}): REASON{close}{end}",
            one.rule
        );
        let at = gen_lsp_types::Position { line, character: 0 };
        let range = Range { start: at, end: at };
        let edits = vec![TextEdit { range, new_text }];
        let edit = convert::edit(self.view, vec![(self.spot.path.clone(), edits)]);
        let title = format!("Accept {} here, with a reason", one.rule);
        self.offer(title, one, edit, false);
    }

    /// The configuration in which a finding shows, as a file at the top of the tree.
    fn witness(&mut self, one: &Diagnosis, outcome: &Outcome) {
        if !(self.view.client.document_changes && self.view.client.creates_files) {
            return;
        }
        for number in &one.findings {
            let Some(finding) = outcome.findings.get(*number) else {
                continue;
            };
            if finding.config.is_empty() {
                continue;
            }
            let path = format!("vmemmlint-{}-{}.config", finding.rule, finding.arch);
            if self.view.source.is_file(&path) {
                continue;
            }
            let title = format!(
                "Write a configuration that shows it on {} to {path}",
                finding.arch
            );
            let edit = self.file(&path, report::witness(finding, (1, 1)));
            self.offer(title, one, edit, false);
        }
    }

    /// A new file.
    fn file(&self, path: &str, text: String) -> WorkspaceEdit {
        let uri = self.view.uri_of(path);
        let options = CreateFileOptions {
            overwrite: Some(false),
            ignore_if_exists: Some(false),
        };
        let create = CreateFile::new(uri.clone(), Some(options), None);
        let create = DocumentChange::CreateFile(create);
        let fill = DocumentChange::TextDocumentEdit(TextDocumentEdit {
            text_document: OptionalVersionedTextDocumentIdentifier {
                version: None,
                text_document_identifier: TextDocumentIdentifier { uri },
            },
            edits: vec![Edit::TextEdit(TextEdit {
                range: Range::default(),
                new_text: text,
            })],
        });
        WorkspaceEdit {
            document_changes: Some(vec![create, fill]),
            ..WorkspaceEdit::default()
        }
    }
}

/// What a change does, as a menu has it.
fn title(fix: &Fix) -> String {
    let asks = fix.what.strip_prefix("asks for ");
    let selects = fix.what.strip_prefix("selects ");
    let stale = selects.and_then(|words| words.strip_suffix(" no more"));
    if let Some(symbol) = stale {
        return format!("Take out the select of {symbol}");
    }
    match (asks, selects, &fix.opts_in) {
        (Some(symbol), ..) => format!("Let the condition ask for {symbol}"),
        (_, Some(symbol), Some(arch)) => format!("Select {symbol} for {arch}"),
        _ => {
            let mut letters = fix.what.chars();
            let first = letters
                .next()
                .map(|letter| letter.to_uppercase().to_string());
            first.unwrap_or_default() + letters.as_str()
        }
    }
}
