//! The shape of a text: its outline, what can be folded, its colours, its indentation; and the symbols of a tree.

use gen_lsp_types::{
    BaseSymbolInformation, DocumentFormattingParams, DocumentRangeFormattingParams, DocumentSymbol,
    DocumentSymbolParams, DocumentSymbolResponse, FoldingRange, FoldingRangeKind,
    FoldingRangeParams, Location, SemanticToken, SemanticTokens, SemanticTokensParams,
    SymbolInformation, SymbolKind, TextEdit, Uri, WorkspaceSymbolParams, WorkspaceSymbolResponse,
};
use ide::{FoldKind, Item, ItemKind, Paint};
use lsp_server::ResponseError;
use text::Span;

use crate::pool::Cancelled;
use crate::view::{Spot, View};

/// So many symbols of a tree are told at once.
const MOST: usize = 256;

pub(crate) fn outline(
    view: &View,
    params: &DocumentSymbolParams,
) -> Option<DocumentSymbolResponse> {
    let spot = view.spot(&params.text_document.uri)?;
    let parsed = spot.text.parsed.as_ref()?;
    let items = ide::outline(&spot.text.bytes, parsed);
    Some(if view.client.nests_symbols {
        let symbols = items.into_iter().map(|item| nested(view, &spot, item));
        DocumentSymbolResponse::DocumentSymbolList(symbols.collect())
    } else {
        let mut symbols = Vec::new();
        flat(
            view,
            &spot,
            (&params.text_document.uri, None),
            items,
            &mut symbols,
        );
        DocumentSymbolResponse::SymbolInformationList(symbols)
    })
}

fn kind(item: &Item) -> SymbolKind {
    match item.kind {
        ItemKind::Config => SymbolKind::Constant,
        ItemKind::Choice => SymbolKind::Enum,
        ItemKind::Menu => SymbolKind::Namespace,
        ItemKind::If => SymbolKind::Module,
        ItemKind::Comment => SymbolKind::String,
        ItemKind::Source => SymbolKind::File,
        ItemKind::Variable => SymbolKind::Variable,
    }
}

fn nested(view: &View, spot: &Spot, item: Item) -> DocumentSymbol {
    let range = |span| spot.text.range(span, view.client.encoding);
    let inner = item.inner.iter().cloned();
    let inner: Vec<_> = inner.map(|item| nested(view, spot, item)).collect();
    let kind = kind(&item);
    let detail = (!item.detail.is_empty()).then_some(item.detail);
    let (range, name_range) = (range(item.span), range(item.name_span));
    let inner = (!inner.is_empty()).then_some(inner);
    DocumentSymbol::new(
        item.name, detail, kind, None, None, range, name_range, inner,
    )
}

fn flat(
    view: &View,
    spot: &Spot,
    (uri, around): (&Uri, Option<&str>),
    items: Vec<Item>,
    all: &mut Vec<SymbolInformation>,
) {
    for item in items {
        let location = Location {
            uri: uri.clone(),
            range: spot.text.range(item.span, view.client.encoding),
        };
        let about = BaseSymbolInformation {
            kind: kind(&item),
            name: item.name.clone(),
            tags: None,
            container_name: around.map(str::to_owned),
        };
        all.push(SymbolInformation::new(None, location, about));
        flat(view, spot, (uri, Some(&item.name)), item.inner, all);
    }
}

pub(crate) fn symbols(
    view: &View,
    params: &WorkspaceSymbolParams,
    cancel: &Cancelled,
) -> Result<Option<WorkspaceSymbolResponse>, ResponseError> {
    let Some(kconfig) = &view.kconfig else {
        return Ok(None);
    };
    let query = params.query.to_ascii_uppercase();
    let query = query.strip_prefix("CONFIG_").unwrap_or(&query);
    let mut found = Vec::new();
    for (name, _) in kconfig.names() {
        if cancel.is_set() {
            return Err(super::cancelled());
        }
        if !name.to_ascii_uppercase().contains(query) {
            continue;
        }
        if let Some(place) = ide::first_definition(kconfig, *name) {
            let location = view.location(&place);
            let about = BaseSymbolInformation {
                kind: SymbolKind::Constant,
                name: name.to_string(),
                tags: None,
                container_name: Some(place.file),
            };
            found.push(SymbolInformation::new(None, location, about));
        }
        if found.len() >= MOST {
            break;
        }
    }
    Ok(Some(WorkspaceSymbolResponse::SymbolInformationList(found)))
}

pub(crate) fn folding(view: &View, params: &FoldingRangeParams) -> Option<Vec<FoldingRange>> {
    let spot = view.spot(&params.text_document.uri);
    let (spot, parsed) = spot.and_then(|spot| Some((spot.clone(), spot.text.parsed?)))?;
    let folds = ide::folds(&spot.text.bytes, &parsed);
    let told = folds.into_iter().map(|fold| {
        let range = spot.text.range(fold.span, view.client.encoding);
        FoldingRange {
            start_line: range.start.line,
            end_line: range.end.line,
            kind: (fold.kind == FoldKind::Comment).then_some(FoldingRangeKind::Comment),
            ..FoldingRange::default()
        }
    });
    Some(told.collect())
}

/// The paints, each as the protocol names it, in the order of their numbers.
pub(crate) const PAINTS: [(Paint, &str); 11] = [
    (Paint::Keyword, "keyword"),
    (Paint::Type, "type"),
    (Paint::Symbol, "variable"),
    (Paint::Definition, "enumMember"),
    (Paint::Text, "string"),
    (Paint::Number, "number"),
    (Paint::Constant, "enumMember"),
    (Paint::Operator, "operator"),
    (Paint::Comment, "comment"),
    (Paint::Help, "comment"),
    (Paint::Macro, "macro"),
];

pub(crate) fn tokens(view: &View, params: &SemanticTokensParams) -> Option<SemanticTokens> {
    let spot = view.spot(&params.text_document.uri);
    let (spot, parsed) = spot.and_then(|spot| Some((spot.clone(), spot.text.parsed?)))?;
    let (mut line, mut column) = (0, 0);
    let painted = ide::paint(&spot.text.bytes, &parsed);
    let data = painted.into_iter().map(|one| {
        let range = spot.text.range(one.span, view.client.encoding);
        let start = range.start;
        let before = if start.line == line { column } else { 0 };
        let number = PAINTS.iter().position(|(paint, _)| *paint == one.paint);
        let token = SemanticToken {
            delta_line: start.line - line,
            delta_start: start.character - before,
            length: range.end.character.saturating_sub(start.character),
            token_type: number
                .and_then(|number| u32::try_from(number).ok())
                .unwrap_or(0),
            token_modifiers_bitset: u32::from(one.paint == Paint::Definition),
        };
        (line, column) = (start.line, start.character);
        token
    });
    Some(SemanticTokens {
        result_id: None,
        data: data.collect(),
    })
}

pub(crate) fn formatting(view: &View, params: &DocumentFormattingParams) -> Option<Vec<TextEdit>> {
    let spot = view.spot(&params.text_document.uri);
    spot.and_then(|spot| {
        let whole = Span::new(0, spot.text.bytes.len());
        indented(view, &spot, whole)
    })
}

pub(crate) fn range_formatting(
    view: &View,
    params: &DocumentRangeFormattingParams,
) -> Option<Vec<TextEdit>> {
    let spot = view.spot(&params.text_document.uri);
    spot.and_then(|spot| {
        let text = &spot.text;
        let within = text
            .lines
            .span(&text.bytes, params.range, view.client.encoding);
        indented(view, &spot, within)
    })
}

fn indented(view: &View, spot: &Spot, within: Span) -> Option<Vec<TextEdit>> {
    let parsed = spot.text.parsed.as_ref()?;
    let edits = ide::format(&spot.text.bytes, parsed, within).into_iter();
    let edits = edits.map(|edit| TextEdit {
        range: spot.text.range(edit.span, view.client.encoding),
        new_text: edit.text,
    });
    Some(edits.collect())
}
