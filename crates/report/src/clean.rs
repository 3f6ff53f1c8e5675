//! Text from a kernel tree, made harmless for a terminal.
//!
//! A path, a macro or a comment may hold an escape sequence, bytes that are not UTF-8, or marks that
//! turn the direction of writing. They are shown as escapes: `\x1b`, `\xe9`, `\u{202e}`.

/// Whether a terminal could take `c` for something else than a visible character or a blank.
pub(crate) fn is_unsafe(c: char) -> bool {
    let turns_direction = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2066}'..='\u{2069}' | '\u{61c}');
    let breaks_line = matches!(c, '\u{2028}' | '\u{2029}');
    let invisible = matches!(c, '\u{200b}' | '\u{feff}');
    c.is_control() || turns_direction || breaks_line || invisible
}

/// Appends `c` as it may be shown.
fn push(out: &mut String, c: char) {
    match c {
        c if !is_unsafe(c) => out.push(c),
        c if c.is_ascii() => escape_byte(out, c as u8),
        c => out.extend(c.escape_unicode()),
    }
}

fn escape_byte(out: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    out.extend(['\\', 'x', digit(byte >> 4), digit(byte & 15)]);
}

/// `text` in one line: blanks of any kind become single spaces.
pub(crate) fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_ascii_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        word.chars().for_each(|c| push(&mut out, c));
    }
    out
}

/// `text` in one line, its blanks as they are.
pub(crate) fn exact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| push(&mut out, c));
    out
}

/// `text` with its line breaks, each line as [`line`] gives it.
pub(crate) fn paragraphs(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(line).collect();
    lines.join("\n").trim().to_owned()
}

/// Appends source code, with tabs brought to the next eighth column. `column` is the column in which
/// `out` stands, from 0.
pub(crate) fn push_code(out: &mut String, code: &[u8], column: &mut usize) {
    const TAB: usize = 8;
    let before = out.len();
    let mut start = before;
    for chunk in code.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '\t' {
                let now = *column + width(&out[start..]);
                let stop = (now / TAB + 1) * TAB;
                out.extend(std::iter::repeat_n(' ', stop - now));
                (*column, start) = (stop, out.len());
            } else {
                push(out, c);
            }
        }
        for byte in chunk.invalid() {
            escape_byte(out, *byte);
        }
    }
    *column += width(&out[start..]);
}

/// How many columns `text` takes.
pub(crate) fn width(text: &str) -> usize {
    textwrap::core::display_width(text)
}

/// The first `columns` columns of `text`; `mark` stands for what is left out.
pub(crate) fn cut(text: &str, columns: usize, mark: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(mark));
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += width(c.encode_utf8(&mut [0; 4]));
        if used > room {
            break;
        }
        out.push(c);
    }
    out + mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(
            line("a\x1b[31m b\r\n\tc\u{202e}\u{9b}"),
            "a\\x1b[31m b c\\u{202e}\\u{9b}"
        );
        assert_eq!(paragraphs("one  two\n\nthree\n"), "one two\n\nthree");
    }

    #[test]
    fn tabs_stop_at_each_eighth_column() {
        let (mut out, mut column) = (String::new(), 0);
        push_code(&mut out, b"\tif\t", &mut column);
        push_code(&mut out, b"(\xe9)", &mut column);
        assert_eq!((out.as_str(), column), ("        if      (\\xe9)", 22));
    }

    #[test]
    fn long_text_is_cut_with_a_mark() {
        assert_eq!(cut("abcdef", 6, "..."), "abcdef");
        assert_eq!(cut("abcdefg", 6, "..."), "abc...");
    }
}
