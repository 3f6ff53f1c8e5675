//! Who calls whom: the call hierarchy, and what is said of a call.

use gen_lsp_types::{
    CallHierarchyIncomingCall, CallHierarchyIncomingCallsParams, CallHierarchyItem,
    CallHierarchyOutgoingCall, CallHierarchyOutgoingCallsParams, CallHierarchyPrepareParams, Range,
    SymbolKind,
};
use ide::{Call, Code, End, Function, Guard, Language};
use lsp_server::ResponseError;
use text::Span;

use super::cancelled;
use crate::pool::Cancelled;
use crate::view::View;

/// The functions that a place names.
pub(crate) fn prepare_calls(
    view: &View,
    params: &CallHierarchyPrepareParams,
    cancel: &Cancelled,
) -> Result<Option<Vec<CallHierarchyItem>>, ResponseError> {
    let at = &params.text_document_position_params;
    let Some(spot) = view.spot(&at.text_document.uri) else {
        return Ok(None);
    };
    let Some(code) = view.code().filter(|_| spot.language == Some(Language::C)) else {
        return Ok(None);
    };
    let byte = view.byte(&spot, at.position);
    let (around, word) = ide::around(&spot.path, &spot.text.bytes, byte);
    let is_cancelled = || cancel.is_set();
    let mut found = Vec::new();
    if let (Some(around), Some(word)) = (&around, &word)
        && around.name != *word
    {
        // A call leads to the functions that it may mean.
        let calls = code.outgoing(around, &is_cancelled).ok_or_else(cancelled)?;
        found.extend(calls.iter().filter_map(|call| match &call.end {
            End::Function(function) if function.name == *word => Some(function.clone()),
            _ => None,
        }));
    }
    if let (true, Some(word)) = (found.is_empty(), &word) {
        let own = code.functions(word, Some(&spot.path), &is_cancelled);
        found = own.ok_or_else(cancelled)?;
        if found.is_empty() {
            let all = code.functions(word, None, &is_cancelled);
            found = all.ok_or_else(cancelled)?;
        }
    }
    found.sort();
    found.dedup();
    let items = found
        .iter()
        .map(|function| item(view, function, String::new()));
    Ok(Some(items.collect()))
}

/// The item of a function, and what else is said of it.
fn item(view: &View, function: &Function, detail: String) -> CallHierarchyItem {
    let range = name_range(view, &function.file, function.line, &function.name);
    let detail = if detail.is_empty() {
        function.file.clone()
    } else {
        detail
    };
    CallHierarchyItem {
        name: function.name.clone(),
        kind: SymbolKind::Function,
        tags: None,
        detail: Some(detail),
        uri: view.uri_of(&function.file),
        range,
        selection_range: range,
        data: None,
    }
}

/// The range of a word in a line, from 1, of a file; of the whole line where it is not there.
fn name_range(view: &View, path: &str, line: u32, word: &str) -> Range {
    let Some(text) = view.text(path) else {
        return Range::default();
    };
    let whole = text.lines.line(&text.bytes, line);
    let at = memchr::memmem::find(whole.of(&text.bytes), word.as_bytes());
    let span = at.map_or(whole, |at| {
        let start = whole.start as usize + at;
        Span::new(start, start + word.len())
    });
    text.range(span, view.client.encoding)
}

/// The function of an item, which a client may have kept since its text was another.
fn function_of(view: &View, item: &CallHierarchyItem) -> Option<Function> {
    Some(Function {
        name: item.name.clone(),
        file: view.path_of(&item.uri)?,
        line: item.selection_range.start.line + 1,
    })
}

/// On which architectures a call is, and when.
fn detail(code: &Code, call: &Call) -> String {
    let arches: Vec<&str> = call.when.iter().map(|(arch, _)| arch.as_str()).collect();
    let told = ide::conditions(&call.when);
    match told.as_slice() {
        [only] if arches.len() == code.arches() => {
            let words = only.split(" on ").next().unwrap_or_default();
            format!("{words}, on all architectures")
        }
        all => all.join("; "),
    }
}

pub(crate) fn incoming(
    view: &View,
    params: &CallHierarchyIncomingCallsParams,
    cancel: &Cancelled,
) -> Result<Option<Vec<CallHierarchyIncomingCall>>, ResponseError> {
    let asked = function_of(view, &params.item).zip(view.code());
    let Some((function, code)) = asked else {
        return Ok(None);
    };
    let calls = code.incoming(&function, &|| cancel.is_set());
    let calls = calls.ok_or_else(cancelled)?;
    let mut told: Vec<CallHierarchyIncomingCall> = Vec::new();
    for call in &calls {
        let from = match &call.end {
            End::Function(function) => item(view, function, detail(&code, call)),
            End::Other(words, file, line) => {
                let range = view.range(file, Span::default(), *line);
                CallHierarchyItem {
                    name: words.clone(),
                    kind: SymbolKind::Event,
                    tags: None,
                    detail: Some(detail(&code, call)),
                    uri: view.uri_of(file),
                    range,
                    selection_range: range,
                    data: None,
                }
            }
        };
        let range = name_range(view, &call.file, call.line, &function.name);
        match told.iter_mut().find(|known| known.from == from) {
            Some(known) => known.from_ranges.push(range),
            None => told.push(CallHierarchyIncomingCall {
                from,
                from_ranges: vec![range],
            }),
        }
    }
    Ok(Some(told))
}

pub(crate) fn outgoing(
    view: &View,
    params: &CallHierarchyOutgoingCallsParams,
    cancel: &Cancelled,
) -> Result<Option<Vec<CallHierarchyOutgoingCall>>, ResponseError> {
    let asked = function_of(view, &params.item).zip(view.code());
    let Some((function, code)) = asked else {
        return Ok(None);
    };
    let calls = code.outgoing(&function, &|| cancel.is_set());
    let calls = calls.ok_or_else(cancelled)?;
    let mut told: Vec<CallHierarchyOutgoingCall> = Vec::new();
    for call in calls.iter() {
        let End::Function(callee) = &call.end else {
            continue;
        };
        let to = item(view, callee, detail(&code, call));
        let range = name_range(view, &call.file, call.line, &callee.name);
        match told.iter_mut().find(|known| known.to == to) {
            Some(known) => known.from_ranges.push(range),
            None => told.push(CallHierarchyOutgoingCall {
                to,
                from_ranges: vec![range],
            }),
        }
    }
    Ok(Some(told))
}

/// What is said of the guard or the call at a place.
pub(crate) fn told_at(view: &View, path: &str, byte: u32, cancel: &Cancelled) -> Option<String> {
    let text = view.text(path)?;
    match ide::guard(&text.bytes, byte) {
        Some(guard) => told_of_guard(view, path, guard, cancel),
        None if ide::is_called(&text.bytes, byte) => told_of_call(view, path, byte, cancel),
        None => None,
    }
}

/// What is said of the call at a place: when it happens, on which architectures.
fn told_of_call(view: &View, path: &str, byte: u32, cancel: &Cancelled) -> Option<String> {
    let text = view.text(path)?;
    let (around, word) = ide::around(path, &text.bytes, byte);
    let (around, word) = around.zip(word)?;
    let code = view.code()?;
    let line = text
        .lines
        .position(&text.bytes, byte, view.client.encoding)
        .line
        + 1;
    let calls = code.outgoing(&around, &|| cancel.is_set())?;
    let here = calls.iter().filter(|call| {
        let name = match &call.end {
            End::Function(function) => &function.name,
            End::Other(words, ..) => words,
        };
        call.line == line && *name == word
    });
    let told: Vec<String> = here
        .map(|call| {
            let place = match &call.end {
                End::Function(to) => format!(" ({}:{})", to.file, to.line),
                End::Other(..) => String::new(),
            };
            format!("`{word}()`{place} is called\n{}\n", listed(&call.when))
        })
        .collect();
    (!told.is_empty()).then(|| told.join("\n"))
}

/// What is said of a guard: when what it guards is compiled, or runs.
fn told_of_guard(view: &View, path: &str, guard: Guard, cancel: &Cancelled) -> Option<String> {
    let words = match guard {
        Guard::Lines(_) => "the lines below are compiled",
        Guard::Statement(_) => "control gets into it",
    };
    let when = view.code()?.guarded(path, guard, &|| cancel.is_set())?;
    if when.is_empty() {
        return Some(format!("{words} on no architecture\n"));
    }
    Some(format!("{words}\n{}\n", listed(&when)))
}

/// Conditions of architectures as a list.
fn listed(when: &[(String, String)]) -> String {
    let when = ide::conditions(when).into_iter();
    let when: Vec<String> = when.map(|words| format!("- {words}")).collect();
    when.join("\n")
}
