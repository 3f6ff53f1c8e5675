//! Help texts, whose end their indentation tells.

use text::Span;

use super::Parser;
use crate::lexer;
use crate::syntax::{PropertyKind, Severity, Token, TokenKind};

impl Parser<'_> {
    /// The help text: as long as lines are indented at least as its first line is. A line without any
    /// indentation ends it, but for the very first, which is taken whatever it is.
    pub(super) fn help(&mut self, keyword: Span) {
        let start = self.at;
        let (mut at, mut end, mut least) = (start, start, None);
        while at < self.text.len() {
            let next = (lexer::physical_end(self.text, at) + 1).min(self.text.len());
            let line = &self.text[at..next];
            if !line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\n')) {
                let indent = indentation(line);
                if (indent == 0 && at > start) || least.is_some_and(|least| indent < least) {
                    break;
                }
                if indent > 0 {
                    least.get_or_insert(indent);
                }
                end = next;
            }
            at = next;
        }
        let body = Span::new(start, end);
        if start == end {
            self.say(Severity::Warning, "this help has no text", keyword);
        } else {
            if indentation(body.of(self.text)) == 0 && self.text[start] != b'\n' {
                let line = Span::new(start, lexer::physical_end(self.text, start));
                let message = "this line is the text of the help above it";
                self.say(Severity::Warning, message, line);
            }
            self.tokens.push(Token {
                kind: TokenKind::Help,
                span: body,
            });
        }
        self.at = end;
        let span = Span {
            start: keyword.start,
            end: body.end.max(keyword.end),
        };
        self.push(PropertyKind::Help(body), span);
    }
}

/// Columns of white space before the first word, with tab stops of 8.
fn indentation(line: &[u8]) -> usize {
    let mut columns = 0;
    for byte in line {
        match byte {
            b'\t' => columns = (columns & !7) + 8,
            b' ' => columns += 1,
            _ => break,
        }
    }
    columns
}
