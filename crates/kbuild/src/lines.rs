//! From the bytes of a makefile to its logical lines, and from a line to what it is.
//!
//! ```make
//! obj-$(CONFIG_DAX) += dax.o \
//!                      device.o   # two objects, one line
//! ```
//!
//! Backslashes at line ends are joined and comments go, so that the reader sees `obj-$(CONFIG_DAX)`,
//! `+=` and `dax.o device.o`. Nothing is expanded here.

use crate::value::is_opaque;

/// A line with its continuations.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The number of the first physical line, from 1.
    pub(crate) number: u32,
    /// Whether it begins with a tab: a recipe, where it follows a rule.
    pub(crate) tab: bool,
    /// With comment, without the blanks around it.
    pub(crate) text: String,
}

/// The logical lines of `bytes`, without empty ones. Bytes that are not UTF-8 are replaced.
pub(crate) fn logical_lines(bytes: &[u8]) -> Vec<Line> {
    let text = String::from_utf8_lossy(bytes);
    let text = if text.chars().any(is_opaque) {
        text.replace(is_opaque, "\u{FFFD}").into()
    } else {
        text
    };
    split(&text)
}

/// The logical lines of `text`, which may have opaque characters.
pub(crate) fn split(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut physical = text.lines().zip(1..);
    while let Some((first, number)) = physical.next() {
        let tab = first.starts_with('\t');
        let mut whole = String::new();
        let mut part = first;
        while continues(part) {
            whole.push_str(part[..part.len() - 1].trim());
            whole.push(' ');
            match physical.next() {
                Some((next, _)) => part = next,
                None => part = "",
            }
        }
        whole.push_str(part.trim());
        let text = whole.trim().to_owned();
        if !text.is_empty() {
            lines.push(Line { number, tab, text });
        }
    }
    lines
}

fn continues(part: &str) -> bool {
    let slashes = part.len() - part.trim_end_matches('\\').len();
    slashes % 2 == 1
}

/// `text` up to its comment. A number sign inside `$(…)` or behind a backslash begins none.
pub(crate) fn without_comment(text: &str) -> String {
    if !text.contains('#') {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut depth = 0_usize;
    let mut before = ' ';
    for character in text.chars() {
        match character {
            '#' if before == '\\' => {
                plain.pop();
            }
            '#' if depth == 0 => break,
            '(' | '{' if before == '$' || depth > 0 => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        plain.push(character);
        before = character;
    }
    plain.trim_end().to_owned()
}

/// How a variable is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    /// `=`
    Recursive,
    /// `:=`
    Simple,
    /// `?=`
    Default,
    /// `+=`
    Append,
    /// `!=`
    Shell,
}

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Statement<'a> {
    /// `name op value`
    Assign {
        name: &'a str,
        operator: Operator,
        value: &'a str,
    },
    /// A word that make keeps for itself, and what follows it.
    Directive { word: &'a str, rest: &'a str },
    /// `targets: prerequisites`; recipes follow.
    Rule,
    /// A line of nothing but function calls, or one that cannot be understood.
    Other(&'a str),
}

const DIRECTIVES: [&str; 16] = [
    "ifdef", "ifndef", "ifeq", "ifneq", "else", "endif", "define", "endef", "include", "-include",
    "sinclude", "export", "unexport", "override", "undefine", "vpath",
];

/// What `text`, a line without comment, says.
pub(crate) fn statement(text: &str) -> Statement<'_> {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = (&text[..end], text[end..].trim_start());
    let set_here = ["=", ":=", "::=", "+=", "?="]
        .iter()
        .any(|op| rest.starts_with(op));
    if DIRECTIVES.contains(&word) && !set_here {
        return Statement::Directive { word, rest };
    }
    match split_assignment(text) {
        Split::Assign(name, operator, value) => Statement::Assign {
            name,
            operator,
            value,
        },
        Split::Colon => Statement::Rule,
        Split::Neither => Statement::Other(text),
    }
}

enum Split<'a> {
    Assign(&'a str, Operator, &'a str),
    Colon,
    Neither,
}

/// Finds the operator of an assignment outside of `$(…)`. As make has it, a colon that is not part
/// of an operator makes the line a rule, even one with a variable of its own (`a.o: X := y`).
fn split_assignment(text: &str) -> Split<'_> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'(' | b'{' if depth > 0 || at > 0 && bytes[at - 1] == b'$' => depth += 1,
            b')' | b'}' => depth = depth.saturating_sub(1),
            b':' if depth == 0 => {
                let colons = text[at..].len() - text[at..].trim_start_matches(':').len();
                if bytes.get(at + colons) != Some(&b'=') {
                    return Split::Colon;
                }
                return named(&text[..at], Operator::Simple, &text[at + colons + 1..]);
            }
            b'=' if depth == 0 => {
                let (name, operator) = match at.checked_sub(1).map(|before| bytes[before]) {
                    Some(b'?') => (&text[..at - 1], Operator::Default),
                    Some(b'+') => (&text[..at - 1], Operator::Append),
                    Some(b'!') => (&text[..at - 1], Operator::Shell),
                    _ => (&text[..at], Operator::Recursive),
                };
                return named(name, operator, &text[at + 1..]);
            }
            _ => {}
        }
        at += 1;
    }
    Split::Neither
}

fn named<'a>(name: &'a str, operator: Operator, value: &'a str) -> Split<'a> {
    let name = name.trim();
    let mut depth = 0_usize;
    for character in name.chars() {
        match character {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            c if c.is_whitespace() && depth == 0 => return Split::Neither,
            _ => {}
        }
    }
    if name.is_empty() {
        return Split::Neither;
    }
    Split::Assign(name, operator, value.trim_start())
}

/// The two sides of `ifeq (a,b)` or `ifeq "a" "b"`.
pub(crate) fn sides(rest: &str) -> Option<(&str, &str)> {
    let rest = rest.trim();
    if let Some(inside) = rest.strip_prefix('(') {
        let inside = &inside[..inside.rfind(')')?];
        let comma = top_level(inside, ',')?;
        return Some((inside[..comma].trim(), inside[comma + 1..].trim()));
    }
    let quote = rest.chars().next().filter(|c| ['"', '\''].contains(c))?;
    let (first, rest) = rest[1..].split_once(quote)?;
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|c| ['"', '\''].contains(c))?;
    let (second, _) = rest[1..].split_once(quote)?;
    Some((first, second))
}

/// Where `wanted` stands outside of any parentheses.
pub(crate) fn top_level(text: &str, wanted: char) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            c if c == wanted && depth == 0 => return Some(at),
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_join_and_comments_go() {
        let lines = logical_lines(b"a := b \\\n\tc # d\n\n\techo\n");
        let seen: Vec<(u32, bool, &str)> = lines
            .iter()
            .map(|l| (l.number, l.tab, l.text.as_str()))
            .collect();
        assert_eq!(seen, [(1, false, "a := b c # d"), (4, true, "echo")]);
        assert_eq!(
            without_comment("a := $(subst #,x) # y"),
            "a := $(subst #,x)"
        );
        assert_eq!(without_comment("pound := \\#"), "pound := #");
    }

    #[test]
    fn rules_are_told_from_assignments() {
        let assign = |text| matches!(statement(text), Statement::Assign { .. });
        assert!(assign("obj-$(CONFIG_X) += a.o"));
        assert!(assign("a ::= b"));
        assert!(assign("$(if x y,a:b) = c"));
        assert!(!assign("$(obj)/a.o: X := y"));
        assert!(matches!(
            statement("include a b"),
            Statement::Directive {
                word: "include",
                ..
            }
        ));
        assert!(assign("include := a"));
        assert_eq!(statement("%.o: %.c"), Statement::Rule);
    }

    #[test]
    fn both_forms_of_ifeq_are_read() {
        assert_eq!(sides("($(a),$(if b,c))"), Some(("$(a)", "$(if b,c)")));
        assert_eq!(sides("\"$(a)\" 'b'"), Some(("$(a)", "b")));
        assert_eq!(sides("(a b)"), None);
    }
}
