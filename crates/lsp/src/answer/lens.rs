//! What stands above and beside lines: who selects a symbol, which architectures reach a sink.

use gen_lsp_types::{
    CodeLens, CodeLensParams, InlayHint, InlayHintParams, Label, Location, Position, Tooltip,
};
use lsp_server::ResponseError;
use text::Span;

use crate::convert;
use crate::pool::Cancelled;
use crate::view::{Spot, View};

pub(crate) fn lenses(
    view: &View,
    params: &CodeLensParams,
    cancel: &Cancelled,
) -> Result<Option<Vec<CodeLens>>, ResponseError> {
    let uri = &params.text_document.uri;
    let Some(spot) = view.spot(uri) else {
        return Ok(None);
    };
    let mut lenses = at_sinks(view, &spot);
    if view.client.hints {
        // They say the same beside the line.
        return Ok(Some(lenses));
    }
    for (span, words, places) in selected(view, &spot, None, cancel)? {
        let range = spot.text.range(span, view.client.encoding);
        let command = convert::show(view, words, (uri, range.start), &places);
        lenses.push(CodeLens {
            range,
            command: Some(command),
            data: None,
        });
    }
    Ok(Some(lenses))
}

/// What stands above the sinks in a file, one line for each rule.
fn at_sinks(view: &View, spot: &Spot) -> Vec<CodeLens> {
    let Some((outcome, _)) = &view.outcome else {
        return Vec::new();
    };
    let mut lenses = Vec::new();
    for one in view.diagnoses.iter().filter(|one| one.file == spot.path) {
        let numbers = one.findings.iter();
        let findings: Vec<_> = numbers
            .filter_map(|number| outcome.findings.get(*number))
            .collect();
        let is_sink = findings
            .iter()
            .any(|finding| finding.sink.file == spot.path && !finding.path.is_empty());
        let is_guard = one.weight == ide::Weight::Information;
        if !is_sink || is_guard {
            continue;
        }
        let mut arches: Vec<&str> = findings
            .iter()
            .map(|finding| finding.arch.as_str())
            .collect();
        arches.dedup();
        let words = format!("{}: reached on {}", one.rule, arches.join(", "));
        let range = spot.text.range(one.span, view.client.encoding);
        let places: Vec<Location> = one
            .related
            .iter()
            .map(|place| Location {
                uri: view.uri_of(&place.file),
                range: view.range(&place.file, place.span, place.line),
            })
            .collect();
        let uri = view.uri_of(&spot.path);
        lenses.push(CodeLens {
            range,
            command: Some(convert::show(view, words, (&uri, range.start), &places)),
            data: None,
        });
    }
    lenses
}

/// The entries of a file, or of some of its bytes, that other symbols select: where, in words, and the lines that do.
type Selected = (Span, String, Vec<Location>);

fn selected(
    view: &View,
    spot: &Spot,
    within: Option<Span>,
    cancel: &Cancelled,
) -> Result<Vec<Selected>, ResponseError> {
    let (Some(kconfig), Some(parsed)) = (&view.kconfig, &spot.text.parsed) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for mention in kconfig::mentions(&parsed.statements) {
        if cancel.is_set() {
            return Err(super::cancelled());
        }
        let is_within = within.is_none_or(|within| within.contains(mention.span.start));
        if mention.role != kconfig::Role::Definition || !is_within {
            continue;
        }
        let by = ide::selectors(kconfig, mention.name);
        if by.arches.is_empty() {
            continue;
        }
        let all = kconfig.arches().len();
        let words = match by.arches.as_slice() {
            [only] => format!("selected by {only}"),
            arches if arches.len() == all => "selected by all architectures".to_owned(),
            arches => format!("selected by {} architectures", arches.len()),
        };
        let places = by.places.iter().map(|place| view.location(place));
        found.push((mention.span, words, places.collect()));
    }
    Ok(found)
}

pub(crate) fn hints(
    view: &View,
    params: &InlayHintParams,
    cancel: &Cancelled,
) -> Result<Option<Vec<InlayHint>>, ResponseError> {
    let Some(spot) = view.spot(&params.text_document.uri) else {
        return Ok(None);
    };
    let text = &spot.text;
    let within = text
        .lines
        .span(&text.bytes, params.range, view.client.encoding);
    let hints = selected(view, &spot, Some(within), cancel)?;
    let hints = hints.into_iter().map(|(span, words, places)| {
        let end: Position = text.range(span, view.client.encoding).end;
        let lines = places.iter().take(12).map(|place| {
            let path = view.path_of(&place.uri).unwrap_or_default();
            format!("{path}:{}", place.range.start.line + 1)
        });
        InlayHint {
            position: end,
            label: Label::String(words),
            kind: None,
            text_edits: None,
            tooltip: Some(Tooltip::String(lines.collect::<Vec<_>>().join("\n"))),
            padding_left: Some(true),
            padding_right: None,
            data: None,
        }
    });
    Ok(Some(hints.collect()))
}
