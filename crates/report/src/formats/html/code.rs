//! Code on a page: numbered lines, what is meant marked.

use csource::{Lexer, TokenKind};
use maud::{Markup, html};
use rules::Place;

use crate::excerpt::{Files, Quoted};

/// Lines around what is meant.
const AROUND: usize = 3;

/// The words of C that stand out.
const WORDS: [&str; 28] = [
    "break", "case", "char", "const", "continue", "default", "do", "else", "enum", "extern", "for",
    "goto", "if", "inline", "int", "long", "return", "short", "signed", "sizeof", "static",
    "struct", "switch", "typedef", "union", "unsigned", "void", "while",
];

/// The code at a place; nothing where it cannot be read.
pub(super) fn excerpt(files: &Files<'_>, place: &Place) -> Markup {
    let lines = files.quoted(place, AROUND);
    let is_c = place.file.ends_with(".c") || place.file.ends_with(".h");
    let digits = lines.last().map_or(1, |line| line.number.to_string().len());
    html! {
        @if !lines.is_empty() {
            pre tabindex="0" {
                code {
                    @for line in &lines {
                        span.number { (format!("{:>digits$}  ", line.number)) }
                        (marked(line, is_c))
                        "\n"
                    }
                }
            }
        }
    }
}

/// A line with what is meant marked.
fn marked(line: &Quoted, is_c: bool) -> Markup {
    let text = &line.text;
    let (before, meant, behind) = match &line.meant {
        Some(meant) => (
            &text[..meant.start],
            &text[meant.clone()],
            &text[meant.end..],
        ),
        None => (text.as_str(), "", ""),
    };
    html! {
        (coloured(before, is_c))
        @if !meant.is_empty() { mark { (meant) } }
        (coloured(behind, is_c))
    }
}

/// The words, strings and comments of a part of a line.
fn coloured(text: &str, is_c: bool) -> Markup {
    if !is_c {
        let word = text.trim_start();
        let indent = &text[..text.len() - word.len()];
        let end = word.find(' ').unwrap_or(word.len());
        return html! { (indent) span.word { (&word[..end]) } (&word[end..]) };
    }
    let mut parts: Vec<(&str, &str)> = Vec::new();
    let mut last = 0;
    for token in Lexer::inside(text.as_bytes()) {
        let span = token.span.range();
        let Some(word) = text.get(span.clone()) else {
            break;
        };
        let class = match token.kind {
            TokenKind::Ident if WORDS.contains(&word) => "word",
            TokenKind::Literal => "string",
            _ => continue,
        };
        parts.push((gap_class(&text[last..span.start]), &text[last..span.start]));
        parts.push((class, word));
        last = span.end;
    }
    parts.push((gap_class(&text[last..]), &text[last..]));
    html! {
        @for (class, part) in parts {
            @if class.is_empty() { (part) } @else { span class=(class) { (part) } }
        }
    }
}

/// What stands between tokens that stand out is a comment where it begins as one.
fn gap_class(text: &str) -> &'static str {
    let text = text.trim_start();
    let is_comment = text.starts_with("/*") || text.starts_with("//") || text.starts_with("* ");
    if is_comment { "comment" } else { "" }
}
