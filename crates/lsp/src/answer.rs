//! What is answered to requests about a place in a text.

mod calls;
mod lens;
mod shape;

use gen_lsp_types::{
    CompletionItem, CompletionItemKind, CompletionItemTextEdit, CompletionList, CompletionParams,
    CompletionResponse, Definition, DefinitionLink, DefinitionParams, DefinitionResponse,
    DocumentHighlight, DocumentHighlightParams, Documentation, Hover, HoverParams,
    InsertTextFormat, InsertTextMode, Location, LocationLink, MarkupContent, MarkupKind, Position,
    PrepareRenameParams, PrepareRenamePlaceholder, PrepareRenameResult, ReferenceParams,
    RenameParams, TextEdit, WorkspaceEdit,
};
use ide::{Completion, CompletionKind, Diagnosis};
use lsp_server::{ErrorCode, ResponseError};
use rules::Outcome;
use text::Name;

pub(crate) use calls::{incoming, outgoing, prepare_calls};
pub(crate) use lens::{hints, lenses};
pub(crate) use shape::{PAINTS, folding, formatting, outline, range_formatting, symbols, tokens};

use crate::convert;
use crate::pool::{Cancelled, fault};
use crate::view::{Spot, View};

/// Nobody waits for it any more.
pub(crate) fn cancelled() -> ResponseError {
    fault(ErrorCode::RequestCanceled, "cancelled")
}

/// Markdown, or the same as plain text for a client that does not show it.
pub(crate) fn markup(view: &View, text: String) -> MarkupContent {
    if view.client.markdown {
        return MarkupContent {
            kind: MarkupKind::Markdown,
            value: text,
        };
    }
    let lines = text.lines().filter(|line| !line.starts_with("```"));
    let plain = lines.map(|line| line.trim_end().replace('`', ""));
    MarkupContent {
        kind: MarkupKind::PlainText,
        value: plain.collect::<Vec<_>>().join("\n"),
    }
}

/// What is said of a place in a Kconfig file or a makefile.
pub(crate) fn hover(view: &View, params: &HoverParams) -> Option<Hover> {
    let at = &params.text_document_position_params;
    let spot = view.spot(&at.text_document.uri)?;
    told_of_names(view, &spot, at.position)
}

/// What is said of a place in C: of the findings there, of symbols, and of when a call happens.
pub(crate) fn hover_in_code(
    view: &View,
    params: &HoverParams,
    cancel: &Cancelled,
) -> Result<Option<Hover>, ResponseError> {
    let at = &params.text_document_position_params;
    let Some(spot) = view.spot(&at.text_document.uri) else {
        return Ok(None);
    };
    if let Some(told) = told_of_names(view, &spot, at.position) {
        return Ok(Some(told));
    }
    let byte = view.byte(&spot, at.position);
    let told = calls::told_at(view, &spot.path, byte, cancel);
    if cancel.is_set() {
        return Err(cancelled());
    }
    Ok(told.map(|text| Hover {
        contents: markup(view, text).into(),
        range: None,
    }))
}

fn told_of_names(view: &View, spot: &Spot, position: Position) -> Option<Hover> {
    let mut parts = Vec::new();
    let mut range = None;
    if let (Some((name, span)), Some(kconfig)) = (view.symbol(spot, position), &view.kconfig) {
        parts.extend(ide::hover(kconfig, name));
        range = Some(spot.text.range(span, view.client.encoding));
    }
    let byte = view.byte(spot, position);
    if let Some((outcome, _)) = &view.outcome {
        parts.extend(told_at(view, outcome, &spot.path, byte));
    }
    (!parts.is_empty()).then(|| Hover {
        contents: markup(view, parts.join("\n---\n")).into(),
        range,
    })
}

/// The whole story of what is wrong at a place.
fn told_at(view: &View, outcome: &Outcome, path: &str, byte: u32) -> Vec<String> {
    let here = view
        .diagnoses
        .iter()
        .filter(|one| one.file == path && one.span.start <= byte && byte <= one.span.end);
    let here: Vec<&Diagnosis> = here.filter(|one| !one.rule.is_empty()).collect();
    let mut numbers: Vec<usize> = here.iter().flat_map(|one| one.findings.clone()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let findings = numbers
        .into_iter()
        .filter_map(|number| outcome.findings.get(number));
    let stories = findings.map(convert::story);
    let plain = here.iter().filter(|one| one.findings.is_empty());
    let plain = plain.map(|one| format!("**{}**: {}\n\n{}\n", one.rule, one.message, one.help));
    stories.chain(plain).collect()
}

pub(crate) fn definition(view: &View, params: &DefinitionParams) -> Option<DefinitionResponse> {
    let at = &params.text_document_position_params;
    let spot = view.spot(&at.text_document.uri)?;
    let kconfig = view.kconfig.as_ref()?;
    if let Some((path, span)) = ide::sourced_at(
        spot.text.parsed.as_deref(),
        kconfig,
        view.byte(&spot, at.position),
    ) {
        let targets = path
            .iter()
            .map(|path| (view.uri_of(path), gen_lsp_types::Range::default()));
        return Some(links(
            view,
            targets.collect(),
            spot.text.range(span, view.client.encoding),
        ));
    }
    let (name, span) = view.symbol(&spot, at.position)?;
    let found = ide::definitions((kconfig, &view.parsed()), name);
    let targets = found.iter().map(|place| {
        let location = view.location(place);
        (location.uri, location.range)
    });
    let targets: Vec<_> = targets.collect();
    if targets.is_empty() {
        return None;
    }
    Some(links(
        view,
        targets,
        spot.text.range(span, view.client.encoding),
    ))
}

fn links(
    view: &View,
    targets: Vec<(gen_lsp_types::Uri, gen_lsp_types::Range)>,
    origin: gen_lsp_types::Range,
) -> DefinitionResponse {
    if !view.client.links_definitions {
        let all = targets
            .into_iter()
            .map(|(uri, range)| Location { uri, range });
        return DefinitionResponse::Definition(Definition::LocationList(all.collect()));
    }
    let links = targets.into_iter().map(|(uri, range)| -> DefinitionLink {
        LocationLink {
            origin_selection_range: Some(origin),
            target_uri: uri,
            target_range: range,
            target_selection_range: range,
        }
    });
    DefinitionResponse::DefinitionLinkList(links.collect())
}

pub(crate) fn references(
    view: &View,
    params: &ReferenceParams,
    cancel: &Cancelled,
) -> Result<Option<Vec<Location>>, ResponseError> {
    let at = &params.text_document_position_params;
    let Some(spot) = view.spot(&at.text_document.uri) else {
        return Ok(None);
    };
    let Some(((name, _), kconfig)) = view.symbol(&spot, at.position).zip(view.kconfig.as_ref())
    else {
        return Ok(None);
    };
    let mut found = ide::references(
        (kconfig, &view.parsed()),
        name,
        params.context.include_declaration,
    );
    let code = ide::code_mentions(&*view.source, name, &|| cancel.is_set());
    found.extend(code.ok_or_else(cancelled)?);
    Ok(Some(
        found.iter().map(|place| view.location(place)).collect(),
    ))
}

/// The places of a symbol in its own file.
pub(crate) fn highlight(
    view: &View,
    params: &DocumentHighlightParams,
) -> Option<Vec<DocumentHighlight>> {
    let at = &params.text_document_position_params;
    let spot = view.spot(&at.text_document.uri)?;
    let (Some((name, _)), Some(language)) = (view.symbol(&spot, at.position), spot.language) else {
        return None;
    };
    let parsed = spot.text.parsed.as_deref();
    let spans = ide::mentions_in(language, parsed, &spot.text.bytes, name);
    let told = spans.into_iter().map(|span| DocumentHighlight {
        range: spot.text.range(span, view.client.encoding),
        kind: None,
    });
    Some(told.collect())
}

pub(crate) fn completion(view: &View, params: &CompletionParams) -> Option<CompletionResponse> {
    let at = &params.text_document_position_params;
    let spot = view.spot(&at.text_document.uri)?;
    let (Some(language), Some(kconfig)) = (spot.language, &view.kconfig) else {
        return None;
    };
    let text = (&*spot.text.bytes, spot.text.parsed.as_deref());
    let byte = view.byte(&spot, at.position);
    let (found, is_incomplete) = ide::complete(kconfig, (language, &spot.path), text, byte);
    let items = found.into_iter().enumerate();
    let items = items.map(|(number, one)| item(view, &spot.text, number, one));
    Some(CompletionResponse::CompletionList(CompletionList {
        is_incomplete,
        item_defaults: None,
        apply_kind: None,
        items: items.collect(),
    }))
}

fn item(
    view: &View,
    text: &crate::document::Text,
    number: usize,
    one: Completion,
) -> CompletionItem {
    let snippet = one.snippet.filter(|_| view.client.snippets);
    let format = snippet.as_ref().map(|_| InsertTextFormat::Snippet);
    let kind = match one.kind {
        CompletionKind::Symbol => CompletionItemKind::Constant,
        CompletionKind::Keyword => CompletionItemKind::Keyword,
        CompletionKind::Path => CompletionItemKind::File,
    };
    let range = text.range(one.span, view.client.encoding);
    let new_text = snippet.unwrap_or(one.text);
    let is_symbol = one.kind == CompletionKind::Symbol;
    CompletionItem {
        kind: Some(kind),
        detail: (!one.detail.is_empty()).then_some(one.detail),
        sort_text: Some(format!("{number:04}")),
        // Tabs are part of the language: they stay as they are.
        insert_text_mode: format.map(|_| InsertTextMode::AsIs),
        insert_text_format: format,
        text_edit: Some(CompletionItemTextEdit::TextEdit(TextEdit {
            range,
            new_text,
        })),
        data: is_symbol.then(|| view.root.to_string_lossy().into_owned().into()),
        label: one.label,
        ..CompletionItem::default()
    }
}

/// Says more of a symbol that is chosen.
pub(crate) fn resolve_completion(view: &View, item: &CompletionItem) -> CompletionItem {
    let mut item = item.clone();
    let name = item.label.strip_prefix("CONFIG_").unwrap_or(&item.label);
    if let Some(kconfig) = &view.kconfig
        && let Some(text) = ide::hover(kconfig, Name::new(name))
    {
        item.documentation = Some(Documentation::MarkupContent(markup(view, text)));
    }
    item
}

pub(crate) fn prepare_rename(
    view: &View,
    params: &PrepareRenameParams,
) -> Option<PrepareRenameResult> {
    let at = &params.text_document_position_params;
    let spot = view.spot(&at.text_document.uri)?;
    let known = view.symbol(&spot, at.position).zip(view.kconfig.as_ref());
    let known = known.filter(|((name, _), kconfig)| {
        !ide::definitions((kconfig, &view.parsed()), *name).is_empty()
    });
    known.map(|((name, span), _)| {
        PrepareRenameResult::PrepareRenamePlaceholder(PrepareRenamePlaceholder {
            range: spot.text.range(span, view.client.encoding),
            placeholder: name.to_string(),
        })
    })
}

pub(crate) fn rename(
    view: &View,
    params: &RenameParams,
    cancel: &Cancelled,
) -> Result<Option<WorkspaceEdit>, ResponseError> {
    let at = &params.text_document_position_params;
    let spot = view.spot(&at.text_document.uri);
    let symbol = spot.and_then(|spot| view.symbol(&spot, at.position));
    let Some(((name, _), kconfig)) = symbol.zip(view.kconfig.as_ref()) else {
        return Err(fault(
            ErrorCode::RequestFailed,
            "no symbol of Kconfig stands here",
        ));
    };
    let renamed = ide::renamed(
        (kconfig, &view.parsed(), &*view.source),
        name,
        &params.new_name,
        &|| cancel.is_set(),
    );
    let renamed = renamed.map_err(|why| fault(ErrorCode::RequestFailed, why))?;
    let renamed = renamed.ok_or_else(cancelled)?;
    Ok(Some(convert::renamed(
        view,
        &renamed,
        (name, &params.new_name),
    )))
}
