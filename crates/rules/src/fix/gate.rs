//! The condition next to a place, made to ask for a symbol too.

use csource::Binding;
use kernel::Tree;
use text::Span;

use super::{Edit, Fix, line_end, line_start, newline_at};
use crate::Finding;

/// Columns of a line in the kernel.
const COLUMNS: usize = 80;
/// Columns of a tab there.
const TAB: usize = 8;

/// The condition next to the sink asks for the symbol.
pub(super) fn asked(tree: &Tree, finding: &Finding) -> Result<Fix, &'static str> {
    let place = &finding.sink;
    if !finding.gate || finding.symbol.is_empty() {
        return Err("to close the path there may leave something half done; see the help");
    }
    let file = tree.file(&place.file).map_err(|_| "its file is not C")?;
    let gate = file
        .gate(place.span)
        .ok_or("no condition next to the place can be made to ask for the symbol")?;
    let text = file.text();
    let asked = format!("IS_ENABLED(CONFIG_{})", finding.symbol);
    let (asked, sign) = if gate.opens {
        (asked, "&&")
    } else {
        (format!("!{asked}"), "||")
    };
    let is_alone = match gate.operator {
        Binding::Tight => true,
        Binding::Loose => false,
        // What a compiler would want parentheses around, or the language itself.
        Binding::And => gate.opens,
        Binding::Or => !gate.opens,
    };
    let start = gate.condition.start as usize;
    let mut put = format!("{asked} {sign}{}", between(text, start, &asked, sign));
    let mut edits = Vec::new();
    let at = |span: Span, text: String| Edit {
        file: place.file.clone(),
        span,
        text,
    };
    let end = gate.condition.end;
    if !is_alone {
        put.push('(');
        let close = Span { start: end, end };
        edits.push(at(close, ")".to_owned()));
    }
    let open = gate.condition.start;
    let open = Span {
        start: open,
        end: open,
    };
    edits.insert(0, at(open, put));
    Ok(Fix {
        what: format!("asks for CONFIG_{}", finding.symbol),
        place: place.clone(),
        edits,
        findings: Vec::new(),
        opts_in: None,
    })
}

/// What stands between the new question and the condition at `start`: a blank where the line has room, else a new line
/// that begins below the condition.
fn between(text: &[u8], start: usize, asked: &str, sign: &str) -> String {
    let line = line_start(text, start);
    let before = text.get(line..start).unwrap_or_default();
    let column = width(before, 0);
    let rest = text.get(start..line_end(text, start)).unwrap_or_default();
    let rest = rest.trim_ascii_end();
    let whole = column + asked.len() + sign.len() + 2 + width(rest, column);
    if whole <= COLUMNS && !rest.ends_with(b"&&") && !rest.ends_with(b"||") {
        return " ".to_owned();
    }
    let mut between = newline_at(text, start).to_owned();
    if before.starts_with(b" ") {
        between.push_str(&" ".repeat(column));
    } else {
        between.push_str(&"\t".repeat(column / TAB));
        between.push_str(&" ".repeat(column % TAB));
    }
    between
}

/// Columns that a text takes which begins at a column.
fn width(text: &[u8], from: usize) -> usize {
    let end = String::from_utf8_lossy(text)
        .chars()
        .fold(from, |column, c| match c {
            '\t' => (column / TAB + 1) * TAB,
            _ => column + 1,
        });
    end - from
}
