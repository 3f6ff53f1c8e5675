//! Links in a terminal: places lead to their files, and the name of a rule to the page about it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rules::Rule;
use source::Source;

use crate::formats::link_of;

/// What stands in a URL as it is, besides letters and digits.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_')
    .remove(b'~');

/// Where links lead.
#[derive(Clone, Copy)]
pub struct Links<'a> {
    /// The name of this machine, which a terminal on another one wants to know.
    pub host: &'a str,
    /// The tree, by its whole path; nothing where its files lie in no directory.
    pub folder: Option<&'a str>,
    /// Tells which paths are files.
    pub source: &'a dyn Source,
    /// The rules that may be named.
    pub rules: &'a [Rule],
}

/// A report for people, as text for a terminal that knows links (OSC 8): `file:line` leads to the file, and the name of a
/// rule at the beginning of a line to the first page of its pack.
pub fn linked(text: &str, links: &Links<'_>) -> String {
    let mut linked = String::with_capacity(text.len() * 2);
    let mut known = BTreeMap::new();
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        let mut is_first = true;
        while !rest.is_empty() {
            let (escape, behind) = rest.split_at(escape_at_start(rest));
            linked.push_str(escape);
            let word = behind.len() - behind.trim_start_matches(is_of_word).len();
            let (word, behind) = behind.split_at(word);
            let target = if is_first && behind.starts_with(" on ") {
                page(word, links)
            } else {
                file(word, links, &mut known)
            };
            match target {
                Some((shown, url)) => put(&mut linked, word, shown, &url),
                None => linked.push_str(word),
            }
            is_first &= word.is_empty() && !escape.is_empty();
            let other = behind
                .find(|c| is_of_word(c) || c == '\x1b')
                .unwrap_or(behind.len());
            // An escape that is none stays as it is.
            let other = match other {
                0 if escape_at_start(behind) == 0 => {
                    behind.chars().next().map_or(0, char::len_utf8)
                }
                other => other,
            };
            linked.push_str(&behind[..other]);
            rest = &behind[other..];
        }
    }
    linked
}

/// The first bytes of a word as a link.
fn put(text: &mut String, word: &str, shown: usize, url: &str) {
    let (shown, behind) = word.split_at(shown);
    // Writing to a string cannot fail.
    let _ = write!(text, "\x1b]8;;{url}\x1b\\{shown}\x1b]8;;\x1b\\{behind}");
}

/// How long the colour at the start of a text is: `ESC [ … m`.
fn escape_at_start(text: &str) -> usize {
    let Some(inner) = text.strip_prefix("\x1b[") else {
        return 0;
    };
    let end = inner.find(|c: char| !c.is_ascii_digit() && c != ';');
    match end {
        Some(end) if inner[end..].starts_with('m') => end + 3,
        _ => 0,
    }
}

fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-./+,:".contains(c)
}

/// The page about a rule.
fn page(word: &str, links: &Links<'_>) -> Option<(usize, String)> {
    let rule = links.rules.iter().find(|rule| rule.id() == word)?;
    Some((word.len(), link_of(rule)?.to_owned()))
}

/// The file of a place, and how much of the word is its name.
fn file<'t>(
    word: &'t str,
    links: &Links<'_>,
    known: &mut BTreeMap<&'t str, bool>,
) -> Option<(usize, String)> {
    let folder = links.folder?;
    let (path, place) = word.split_once(':')?;
    let digits = place.len() - place.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits == 0 {
        return None;
    }
    let is_file = |path| source::normalize(path).is_some_and(|path| links.source.is_file(&path));
    if !*known.entry(path).or_insert_with(|| is_file(path)) {
        return None;
    }
    let whole = format!("{folder}/{path}");
    let whole = utf8_percent_encode(&whole, PLAIN);
    Some((
        path.len() + 1 + digits,
        format!("file://{}{whole}", links.host),
    ))
}

#[cfg(test)]
mod tests {
    use source::Memory;

    use super::*;

    fn shown(text: &str) -> String {
        let source = Memory::new("//- mm/slab.c\nint a;\n//- Kconfig\n");
        let catalog = rules::Catalog::built_in().unwrap();
        let links = Links {
            host: "box",
            folder: Some("/src/li nux"),
            source: &source,
            rules: catalog.rules(),
        };
        let text = linked(text, &links);
        text.replace("\x1b]8;;\x1b\\", ">")
            .replace("\x1b]8;;", "<")
            .replace("\x1b\\", "|")
    }

    #[test]
    fn places_lead_to_files_and_rules_to_pages() {
        let slab = "<file://box/src/li%20nux/mm/slab.c|mm/slab.c:1>";
        assert_eq!(
            shown("see mm/slab.c:1:7, there\n"),
            format!("see {slab}:7, there\n")
        );
        assert_eq!(shown("(mm/slab.c:1)"), format!("({slab})"));
        let coloured = "╭─[\x1b[36;1;4mmm/slab.c:1:7\x1b[0m]\n";
        let expected = format!("╭─[\x1b[36;1;4m{slab}:7\x1b[0m]\n");
        assert_eq!(shown(coloured), expected);
        for same in [
            "mm/slob.c:1",
            "mm/slab.c",
            "mm/slab.c:x",
            "\x1b",
            "\x1b[",
            "a\x1b[2Jb",
            "ö:1\n",
            "../Kconfig:1",
        ] {
            assert_eq!(shown(same), same, "{same:?}");
        }
        let page = "<https://git.kernel.org/torvalds/c/4917f55b4ef9|unselected>";
        let coloured = "\x1b[31munselected on x86\x1b[0m\nunselected";
        assert_eq!(
            shown(coloured),
            format!("\x1b[31m{page} on x86\x1b[0m\nunselected")
        );
    }
}
