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
///
/// It does so behind what it asks already: all that was evaluated still is.
pub(super) fn asked(tree: &Tree, finding: &Finding) -> Result<Fix, &'static str> {
    let place = &finding.sink;
    if finding.symbol.is_empty() {
        return Err("no Kconfig file defines the symbol by which an architecture opts in");
    }
    if finding.instead.is_empty() {
        return Err("its rule knows of nothing that could be done instead; see the help");
    }
    let file = tree.file(&place.file).map_err(|_| "its file is not C")?;
    let instead: Vec<&str> = finding.instead.iter().map(String::as_str).collect();
    let gate = file.gate(place.span, &instead).ok_or(
        "no condition next to the place leads to what could be done instead, and to nothing else; see the help",
    )?;
    let text = file.text();
    let question = format!("IS_ENABLED(CONFIG_{})", finding.symbol);
    let (question, sign) = if gate.opens {
        (question, "&&")
    } else {
        (format!("!{question}"), "||")
    };
    let is_alone = match gate.binding {
        Binding::Tight => true,
        Binding::Loose => false,
        // What a compiler would want parentheses around, or the language itself.
        Binding::And => gate.opens,
        Binding::Or => !gate.opens,
    };
    let condition = gate.condition;
    let between = between(text, condition, &question, sign);
    let mut behind = format!(" {sign}{between}{question}");
    let mut end = condition;
    end.start = condition.end;
    // The values of a `?:` begin a line of their own then.
    let rest = text.get(condition.end as usize..).unwrap_or_default();
    if between != " " && rest.starts_with(b" ?") {
        behind.push_str(&between);
        end.end += 1;
    }
    let put = |span: Span, text: String| Edit {
        file: place.file.clone(),
        span,
        text,
    };
    let edits = if is_alone {
        vec![put(end, behind)]
    } else {
        let start = Span {
            end: condition.start,
            ..condition
        };
        vec![put(start, "(".to_owned()), put(end, format!("){behind}"))]
    };
    Ok(Fix {
        what: format!("asks for CONFIG_{}", finding.symbol),
        place: place.clone(),
        edits,
        findings: Vec::new(),
        opts_in: None,
    })
}

/// What stands between the condition and the new question: a blank where the line has room, else a new line that begins
/// below the condition.
fn between(text: &[u8], condition: Span, question: &str, sign: &str) -> String {
    let (start, end) = (condition.start as usize, condition.end as usize);
    let before = text.get(line_start(text, start)..start).unwrap_or_default();
    let column = width(before, 0);
    let last = line_start(text, end);
    let rest = text.get(end..line_end(text, end)).unwrap_or_default();
    let last = width(text.get(last..end).unwrap_or_default(), 0);
    let whole = last + sign.len() + 2 + question.len() + width(rest.trim_ascii_end(), 0);
    let is_one_line = !condition.of(text).contains(&b'\n');
    if is_one_line && whole <= COLUMNS {
        return " ".to_owned();
    }
    let mut between = newline_at(text, start).to_owned();
    let column = if is_one_line {
        column
    } else {
        // As its last line begins.
        let line = text.get(line_start(text, end)..end).unwrap_or_default();
        let blanks = line.len() - line.trim_ascii_start().len();
        width(&line[..blanks], 0)
    };
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
