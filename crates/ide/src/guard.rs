//! What decides whether code runs: the lines of a preprocessor, and the words that control goes by.

/// What a place decides of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Whether the lines below that of a directive are compiled.
    Lines(u32),
    /// Whether the statement behind an `if` or a loop runs.
    Statement(u32),
}

/// What the word at byte `at` of a C file decides of, with where that begins.
pub fn guard(text: &[u8], at: u32) -> Option<Guard> {
    let at = at as usize;
    let begin = memchr::memrchr(b'\n', text.get(..at)?).map_or(0, |end| end + 1);
    let blanks = text[begin..].iter().take_while(|b| b" \t".contains(b));
    let first = begin + blanks.count();
    if text.get(first) == Some(&b'#') {
        return below(text, first).map(Guard::Lines);
    }
    let word = crate::document::word_at(text, at)?;
    let behind = word.end as usize;
    let place = match word.of(text) {
        b"else" => behind,
        b"if" | b"while" | b"for" | b"switch" => behind_parentheses(text, behind)?,
        _ => return None,
    };
    let place = place + skipped(&text[place..]);
    let is_code = text.get(place).is_some_and(|first| !b";#".contains(first));
    let place = u32::try_from(place).ok()?;
    is_code.then_some(Guard::Statement(place))
}

/// Whether the word at byte `at` of a C file is followed by parentheses, as that of a call is.
pub fn is_called(text: &[u8], at: u32) -> bool {
    let word = crate::document::word_at(text, at as usize);
    word.is_some_and(|word| {
        let behind = &text[word.end as usize..];
        behind[skipped(behind)..].first() == Some(&b'(')
    })
}

/// Where the lines below the directive whose `#` is at `sign` begin, if it is a conditional one.
fn below(text: &[u8], sign: usize) -> Option<u32> {
    let mut end = sign;
    loop {
        end += memchr::memchr(b'\n', &text[end..])?;
        let line = &text[..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !line.ends_with(b"\\") {
            break;
        }
        end += 1;
    }
    let words = text[sign + 1..end].trim_ascii_start();
    let kinds: [&[u8]; 4] = [b"if", b"elif", b"else", b"endif"];
    let is_conditional = kinds.iter().any(|kind| words.starts_with(kind));
    // What stands behind the last line is nothing.
    (is_conditional && end + 1 < text.len()).then(|| u32::try_from(end + 1).ok())?
}

/// How many bytes of blanks and comments a text begins with.
fn skipped(text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        at += text[at..]
            .iter()
            .take_while(|b| b.is_ascii_whitespace())
            .count();
        let rest = &text[at..];
        let end = if rest.starts_with(b"/*") {
            memchr::memmem::find(&rest[2..], b"*/").map(|end| end + 4)
        } else if rest.starts_with(b"//") {
            memchr::memchr(b'\n', rest)
        } else {
            return at;
        };
        at += end.unwrap_or(rest.len());
    }
}

/// The place behind the parentheses that open at `at`, or after blanks.
fn behind_parentheses(text: &[u8], mut at: usize) -> Option<usize> {
    at += skipped(&text[at..]);
    let mut depth = 0_u32;
    loop {
        match *text.get(at)? {
            b'(' => depth += 1,
            b')' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            quote @ (b'"' | b'\'') => {
                at += 1;
                while *text.get(at)? != quote {
                    at += 1 + usize::from(text[at] == b'\\');
                }
            }
            b'/' => {
                let blank = skipped(&text[at..]);
                at += blank.saturating_sub(1);
            }
            _ if depth == 0 => return None,
            _ => {}
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the word behind a `|` decides of: the text from there.
    fn decides(marked: &str) -> Option<(bool, String)> {
        let at = marked.find('|')?;
        let text = marked.replace('|', "");
        let (is_lines, place) = match guard(text.as_bytes(), u32::try_from(at).ok()?)? {
            Guard::Lines(place) => (true, place),
            Guard::Statement(place) => (false, place),
        };
        Some((is_lines, text[place as usize..].to_owned()))
    }

    #[test]
    fn words_decide_of_what_follows() {
        let told = |marked: &str| decides(marked).map(|(_, rest)| rest);
        assert_eq!(
            told("|if (a(')', \"\\\")\") /* ) */) b();"),
            Some("b();".to_owned())
        );
        assert_eq!(told("x(); |else { b(); }"), Some("{ b(); }".to_owned()));
        assert_eq!(told("|while (a) // x\n\tb();"), Some("b();".to_owned()));
        assert_eq!(told("|for (;;);"), None);
        assert_eq!(told("|if (a"), None);
        assert_eq!(told("|return (a);"), None);
        assert_eq!(told("|if a;"), None);
        assert_eq!(told("|if (a / b) c();"), Some("c();".to_owned()));
    }

    #[test]
    fn directives_decide_of_the_lines_below() {
        let lines = |marked: &str| decides(marked).filter(|(is_lines, _)| *is_lines);
        let b = || Some((true, "b\n".to_owned()));
        assert_eq!(lines("#|ifdef A\nb\n"), b());
        assert_eq!(lines(" # |if A && \\\n B\nb\n"), b());
        assert_eq!(lines("a\n#en|dif\nb\n"), b());
        assert_eq!(lines("#define A |if\nb\n"), None);
        assert_eq!(lines("|\n#ifdef A\nb\n"), None);
        assert_eq!(lines("#|"), None);
        assert_eq!(lines("#|\nb\n"), None);
        assert_eq!(lines("#endif|"), None);
        assert_eq!(lines("#endif|\n"), None);
    }
}
