//! Lines of an entry of Kconfig: a `select` put in, a `select` taken out.

use kconfig::{Property, PropertyKind};
use kernel::Tree;
use text::Span;

use super::{Edit, Fix, line_end, line_start, newline_at};
use crate::{Finding, Place};

/// The architecture's entry selects the symbol.
///
/// The line stands where the fewest of the entry's selects are out of order then, in the order that the entry itself
/// keeps to most; of several such places, at the last.
pub(super) fn sorted_in(tree: &Tree, finding: &Finding) -> Result<Fix, &'static str> {
    let place = finding.kconfig.as_ref();
    let place = place.ok_or("it is not known where the architecture enters itself in Kconfig")?;
    let symbol = finding.symbol.as_str();
    if symbol.is_empty() {
        return Err("no Kconfig file defines the symbol by which an architecture opts in");
    }
    let text = tree
        .look(&place.file)
        .map_err(|_| "its Kconfig file cannot be read")?;
    let parsed = kconfig::parse(&text);
    let (_, properties) = parsed
        .entry_at(place.span.start)
        .ok_or("the entry of the architecture in Kconfig was not understood")?;
    let selects: Vec<(&str, Span)> = properties.iter().filter_map(selected).collect();
    if let Some((_, span)) = selects.iter().find(|(name, _)| *name == symbol) {
        let span = *span;
        return Err(if is_conditional(properties, span) {
            "the entry selects the symbol already, under a condition"
        } else {
            "the entry selects the symbol already"
        });
    }
    let (at, like) = place_in(&text, &selects, symbol)
        .ok_or("the entry of the architecture in Kconfig selects nothing")?;
    let like = like.start as usize;
    let indent = text.get(line_start(&text, like)..like).unwrap_or_default();
    let indent = String::from_utf8_lossy(indent);
    let newline = newline_at(&text, like);
    let line = format!("{indent}select {symbol}{newline}");
    // The last line of a file may lack its end.
    let is_open = at > 0 && at == text.len() && !text.ends_with(b"\n");
    let put = if is_open {
        format!("{newline}{}", line.trim_end())
    } else {
        line
    };
    let span = Span::new(at, at);
    Ok(Fix {
        what: format!("selects {symbol}"),
        place: place.clone(),
        edits: vec![edit(place, span, put)],
        findings: Vec::new(),
        opts_in: Some(finding.arch.clone()),
    })
}

/// Where a line for `symbol` is put in, and a select that is indented as it is to be.
fn place_in(text: &[u8], selects: &[(&str, Span)], symbol: &str) -> Option<(usize, Span)> {
    let order = order_of(selects);
    let key = |name: &str| order.key(name);
    let own = key(symbol);
    let out_of_order = |index: usize| {
        let (before, behind) = selects.split_at(index);
        let before = before.iter().filter(|(name, _)| key(name) > own);
        before.count() + behind.iter().filter(|(name, _)| key(name) < own).count()
    };
    let best = (0..=selects.len())
        .rev()
        .min_by_key(|&index| out_of_order(index));
    if let Some(previous) = best.and_then(|index| index.checked_sub(1)) {
        let (_, span) = selects.get(previous)?;
        Some((logical_end(text, last_byte(*span)), *span))
    } else {
        let (_, first) = selects.first()?;
        Some((line_start(text, first.start as usize), *first))
    }
}

/// The order of names in an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// As bytes are: `A_B` behind `AB`.
    Bytes,
    /// As `sort` has it in most languages: `A_B` before `AB`.
    Words,
}

impl Order {
    fn key(self, name: &str) -> String {
        match self {
            Order::Bytes => name.to_owned(),
            Order::Words => name.replace('_', " "),
        }
    }
}

/// The order in which more neighbours follow each other.
fn order_of(selects: &[(&str, Span)]) -> Order {
    let faults = |order: Order| {
        let pairs = selects.windows(2);
        let keys = pairs.map(|pair| [pair[0].0, pair[1].0].map(|name| order.key(name)));
        keys.filter(|[one, next]| one > next).count()
    };
    if faults(Order::Words) < faults(Order::Bytes) {
        Order::Words
    } else {
        Order::Bytes
    }
}

/// The stale `select` goes, with its line.
pub(super) fn taken_out(tree: &Tree, finding: &Finding) -> Result<Fix, &'static str> {
    let place = &finding.sink;
    let text = tree
        .look(&place.file)
        .map_err(|_| "its Kconfig file cannot be read")?;
    let start = line_start(&text, place.span.start as usize);
    let end = logical_end(&text, last_byte(place.span));
    let lead = text.get(start..place.span.start as usize);
    let line = place.span.of(&text);
    let is_select = line.starts_with(b"select") || line.starts_with(b"imply");
    if !is_select || !lead.is_some_and(|lead| lead.trim_ascii().is_empty()) {
        return Err("its line was not understood");
    }
    Ok(Fix {
        what: format!("selects {} no more", finding.symbol),
        place: place.clone(),
        edits: vec![edit(place, Span::new(start, end), String::new())],
        findings: Vec::new(),
        opts_in: None,
    })
}

fn edit(place: &Place, span: Span, text: String) -> Edit {
    Edit {
        file: place.file.clone(),
        span,
        text,
    }
}

fn selected(property: &Property) -> Option<(&str, Span)> {
    match &property.kind {
        PropertyKind::Select(target, _) => Some((target.name.as_str(), property.span)),
        _ => None,
    }
}

fn is_conditional(properties: &[Property], span: Span) -> bool {
    let mut at = properties.iter().filter(|property| property.span == span);
    at.any(|property| matches!(property.kind, PropertyKind::Select(_, Some(_))))
}

fn last_byte(span: Span) -> usize {
    (span.end as usize)
        .saturating_sub(1)
        .max(span.start as usize)
}

/// Behind the end of the line that holds the byte at `at`, with the lines that a backslash joins to it.
fn logical_end(text: &[u8], at: usize) -> usize {
    let mut end = line_end(text, at);
    while end < text.len() && text[..end].trim_ascii_end().ends_with(b"\\") {
        end = line_end(text, end);
    }
    end
}
