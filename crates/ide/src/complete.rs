//! What may stand at a place: symbols, and the words of the language.

use kconfig::{Parsed, SymbolType, TokenKind};
use text::{Name, Span};

use crate::{Kconfig, Language};

/// What a [`Completion`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompletionKind {
    /// A symbol.
    Symbol,
    /// A word of the language.
    Keyword,
    /// A file or a directory.
    Path,
}

/// Something that may stand at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What it is.
    pub kind: CompletionKind,
    /// How it is shown.
    pub label: String,
    /// What else is said of it in a line.
    pub detail: String,
    /// What is put there.
    pub text: String,
    /// The same as a snippet with places to fill in, where it has some.
    pub snippet: Option<String>,
    /// The bytes in whose place it is put.
    pub span: Span,
}

/// So many are told at once; who types on gets others.
const MOST: usize = 100;

/// A word of the language: how it is shown, what it is, and its snippet.
type Word = (&'static str, &'static str, &'static str);

/// What begins a statement.
const STATEMENTS: [Word; 8] = [
    (
        "config",
        "an entry",
        "config ${1:NAME}\n\t${2|bool,tristate,int,hex,string|} \"${3:prompt}\"\n\thelp\n\t  ${0}",
    ),
    (
        "menuconfig",
        "an entry with others below it",
        "menuconfig ${1:NAME}\n\tbool \"${2:prompt}\"\n${0}",
    ),
    (
        "choice",
        "one of several entries",
        "choice\n\tprompt \"${1:prompt}\"\n\tdefault ${2:NAME}\n\n${0}\n\nendchoice",
    ),
    ("comment", "a line of text", "comment \"${1:text}\""),
    ("menu", "a menu", "menu \"${1:title}\"\n\n${0}\n\nendmenu"),
    (
        "if",
        "entries that depend on something",
        "if ${1:NAME}\n\n${0}\n\nendif",
    ),
    (
        "source",
        "the entries of another file",
        "source \"${1:path}\"",
    ),
    ("mainmenu", "the title of all", "mainmenu \"${1:title}\""),
];

/// What ends one.
const ENDS: [Word; 3] = [
    ("endchoice", "", ""),
    ("endmenu", "", ""),
    ("endif", "", ""),
];

/// What is said of an entry.
const PROPERTIES: [Word; 20] = [
    ("bool", "on or off", "bool \"${1:prompt}\""),
    (
        "tristate",
        "on, a module, or off",
        "tristate \"${1:prompt}\"",
    ),
    ("int", "a number", "int \"${1:prompt}\""),
    ("hex", "a number with 0x", "hex \"${1:prompt}\""),
    ("string", "a text", "string \"${1:prompt}\""),
    ("def_bool", "a bool and its default", "def_bool ${1:y}"),
    (
        "def_tristate",
        "a tristate and its default",
        "def_tristate ${1:m}",
    ),
    ("prompt", "what people are asked", "prompt \"${1:prompt}\""),
    (
        "default",
        "the value where nobody sets one",
        "default ${1:y}",
    ),
    (
        "depends on",
        "what must be on for it",
        "depends on ${1:NAME}",
    ),
    (
        "select",
        "what it switches on, whatever that depends on",
        "select ${1:NAME}",
    ),
    (
        "imply",
        "what it switches on where that can be",
        "imply ${1:NAME}",
    ),
    ("visible if", "when a menu is shown", "visible if ${1:NAME}"),
    (
        "range",
        "the least and the greatest value",
        "range ${1:0} ${2:100}",
    ),
    ("help", "a text that explains it", "help\n\t  ${0}"),
    ("optional", "none of a choice need be taken", ""),
    ("modules", "this symbol allows modules", ""),
    (
        "transitional",
        "an old name that only carries a value over",
        "",
    ),
    ("option", "older kernels only", ""),
    ("comment", "a line of text", "comment \"${1:text}\""),
];

/// What may stand at byte `at` of a file, and whether there is more of it.
pub fn complete(
    kconfig: &Kconfig,
    (language, path): (Language, &str),
    (text, parsed): (&[u8], Option<&Parsed>),
    at: u32,
) -> (Vec<Completion>, bool) {
    match (language, parsed) {
        (Language::Kconfig, Some(parsed)) => in_kconfig(kconfig, path, (text, parsed), at),
        (Language::Kconfig, None) => (Vec::new(), false),
        _ => in_code(kconfig, text, at),
    }
}

/// The bytes from the beginning of the word that ends at `at`.
fn typed(text: &[u8], at: u32) -> Span {
    let is_word = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
    let before = text.get(..at as usize).unwrap_or(text);
    let length = before.iter().rev().take_while(is_word).count();
    Span::new(before.len() - length, before.len())
}

/// Symbols where `CONFIG_` was typed.
fn in_code(kconfig: &Kconfig, text: &[u8], at: u32) -> (Vec<Completion>, bool) {
    let span = typed(text, at);
    let Some(prefix) = span.of(text).strip_prefix(b"CONFIG_") else {
        return (Vec::new(), false);
    };
    let prefix = String::from_utf8_lossy(prefix);
    symbols(kconfig, (&prefix, "CONFIG_"), span, &|_| true)
}

/// The logical line before `at`: its words, and where it begins.
fn line_before(text: &[u8], at: usize) -> &[u8] {
    let before = text.get(..at).unwrap_or(text);
    let mut start = before.len();
    loop {
        start = memchr::memrchr(b'\n', &before[..start]).map_or(0, |newline| newline + 1);
        let is_continued =
            before[..start].ends_with(b"\\\n") || before[..start].ends_with(b"\\\r\n");
        if start == 0 || !is_continued {
            return &before[start..];
        }
        start -= 1;
    }
}

fn in_kconfig(
    kconfig: &Kconfig,
    path: &str,
    (text, parsed): (&[u8], &Parsed),
    at: u32,
) -> (Vec<Completion>, bool) {
    let inside = parsed
        .tokens
        .iter()
        .find(|token| token.span.start < at && at <= token.span.end);
    let line = line_before(text, at as usize);
    let line = String::from_utf8_lossy(line);
    let span = typed(text, at);
    let is_inside = |kind| inside.is_some_and(|token| token.kind == kind);
    if is_inside(TokenKind::Comment) || is_help(text, parsed, at) {
        return (Vec::new(), false);
    }
    let open = line.matches('"').count() % 2 == 1;
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default();
    if open {
        let quoted = line.rsplit('"').next().unwrap_or_default();
        return match first {
            "source" | "rsource" | "osource" | "orsource" => {
                (paths(kconfig, quoted, path, at), false)
            }
            _ => (Vec::new(), false),
        };
    }
    let prefix = String::from_utf8_lossy(span.of(text)).into_owned();
    let is_first = first.len() == line.trim_start().len() && (first == prefix || first.is_empty());
    if is_first {
        let is_indented = line.starts_with([' ', '\t']);
        return (keywords(&prefix, is_indented, span), false);
    }
    if is_expected(first, &line, &prefix) {
        let lifts = matches!(first, "select" | "imply") && !line.contains(" if ");
        let truth = [SymbolType::Bool, SymbolType::Tristate];
        let wanted =
            |kind: Option<SymbolType>| !lifts || kind.is_none_or(|kind| truth.contains(&kind));
        return symbols(kconfig, (&prefix, ""), span, &wanted);
    }
    (Vec::new(), false)
}

/// Whether a symbol may stand behind what a line says before the word that is typed.
fn is_expected(first: &str, line: &str, prefix: &str) -> bool {
    let before = line[..line.len() - prefix.len()].trim_end();
    let last = before
        .rsplit(char::is_whitespace)
        .next()
        .unwrap_or_default();
    let joins = ["&&", "||", "!", "(", "=", "!=", "<", "<=", ">", ">=", "if"];
    if joins.iter().any(|join| last.ends_with(join)) {
        return true;
    }
    match first {
        "select" | "imply" | "default" | "def_bool" | "def_tristate" | "range" | "if" => {
            last == first
        }
        "depends" => last == "on",
        _ => false,
    }
}

/// Whether a place is in a help text.
fn is_help(text: &[u8], parsed: &Parsed, at: u32) -> bool {
    let mut tokens = parsed.tokens.iter();
    tokens.any(|token| {
        let length = u32::try_from(token.span.of(text).trim_ascii_end().len()).unwrap_or(0);
        let end = token.span.start + length;
        token.kind == TokenKind::Help && token.span.start <= at && at <= end
    })
}

fn keywords(prefix: &str, is_indented: bool, span: Span) -> Vec<Completion> {
    let own: Vec<&Word> = if is_indented {
        PROPERTIES.iter().collect()
    } else {
        STATEMENTS.iter().chain(&ENDS).collect()
    };
    let mut found: Vec<Completion> = Vec::new();
    for (label, detail, snippet) in own {
        if label.starts_with(prefix) && !found.iter().any(|one| one.label == *label) {
            found.push(Completion {
                kind: CompletionKind::Keyword,
                label: (*label).to_owned(),
                detail: (*detail).to_owned(),
                text: (*label).to_owned(),
                snippet: (!snippet.is_empty()).then(|| (*snippet).to_owned()),
                span,
            });
        }
    }
    found
}

/// Symbols whose name begins with what was typed, and then those that have it elsewhere, behind `before`.
fn symbols(
    kconfig: &Kconfig,
    (prefix, before): (&str, &str),
    span: Span,
    wanted: &dyn Fn(Option<SymbolType>) -> bool,
) -> (Vec<Completion>, bool) {
    let prefix = prefix.to_ascii_uppercase();
    let all = kconfig.names();
    let (mut begin, mut hold) = (Vec::new(), Vec::new());
    for (name, kind) in all {
        if !wanted(*kind) {
            continue;
        }
        if name.starts_with(&prefix) {
            begin.push(*name);
        } else if name.contains(&prefix) {
            hold.push(*name);
        }
    }
    let is_cut = begin.len() + hold.len() > MOST;
    let named = begin.into_iter().chain(hold).take(MOST);
    let told = named.map(|name| Completion {
        kind: CompletionKind::Symbol,
        label: format!("{before}{name}"),
        detail: kconfig.in_a_line(name),
        text: format!("{before}{name}"),
        snippet: None,
        span,
    });
    (told.collect(), is_cut)
}

/// What lies where a path leads that was begun to be typed.
fn paths(kconfig: &Kconfig, typed: &str, own: &str, at: u32) -> Vec<Completion> {
    let (directory, name) = typed.rsplit_once('/').unwrap_or(("", typed));
    let names = kconfig.tree().source().list(directory).unwrap_or_default();
    let start = at.saturating_sub(u32::try_from(name.len()).unwrap_or(0));
    let told = names.into_iter().filter(|one| {
        let is_file = one.starts_with("Kconfig");
        let path = format!("{directory}/{one}");
        one.starts_with(name)
            && (is_file || one.ends_with('/'))
            && path.trim_start_matches('/') != own
    });
    let told = told.map(|one| Completion {
        kind: CompletionKind::Path,
        label: one.clone(),
        detail: String::new(),
        text: one,
        snippet: None,
        span: Span { start, end: at },
    });
    told.take(MOST).collect()
}

impl Kconfig {
    /// What a symbol is, in a line: its type, its prompt, and where it is defined.
    pub fn in_a_line(&self, name: Name) -> String {
        let mut models = self.arches().iter().map(|(_, model)| model);
        let Some(symbol) = models.find_map(|model| model.symbol(name)) else {
            return String::new();
        };
        let kind = symbol.kind.map(|kind| kind.word().to_owned());
        let prompt = symbol
            .prompts
            .first()
            .map(|one| format!("\"{}\"", one.text));
        let place = symbol
            .definitions
            .first()
            .map(|one| one.place.file.to_string());
        let parts = [kind, prompt, place].into_iter().flatten();
        parts.collect::<Vec<_>>().join("  ")
    }
}
