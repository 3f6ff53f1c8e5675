//! The shape of a Kconfig file: its entries one inside of the other, and what can be folded.

use kconfig::{Parsed, Properties, PropertyKind, Statement, StatementKind, TokenKind};
use text::Span;

/// What an [`Item`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "the statements of the language, by their own names"
)]
pub enum ItemKind {
    Config,
    Choice,
    Menu,
    If,
    Comment,
    Source,
    Variable,
}

/// Something in an outline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// How it is called.
    pub name: String,
    /// What else is said of it in a line: its type and prompt.
    pub detail: String,
    /// All of it.
    pub span: Span,
    /// Its name.
    pub name_span: Span,
    /// What is inside.
    pub inner: Vec<Item>,
}

/// The outline of a file.
pub fn outline(text: &[u8], parsed: &Parsed) -> Vec<Item> {
    items(text, &parsed.statements)
}

fn items(text: &[u8], statements: &[Statement]) -> Vec<Item> {
    let items = statements.iter();
    items.filter_map(|one| item(text, one)).collect()
}

fn item(text: &[u8], statement: &Statement) -> Option<Item> {
    let mut inner = Vec::new();
    let head = shown(statement.head.of(text));
    let (kind, name, detail, name_span) = match &statement.kind {
        StatementKind::Config(name, own) => {
            let detail = [kind_of(own), prompt_of(own)].map(Option::unwrap_or_default);
            let detail = detail.join(" ").trim().to_owned();
            (ItemKind::Config, name.name.to_string(), detail, name.span)
        }
        StatementKind::Choice(_, own, members) => {
            inner = items(text, members);
            let prompt = prompt_of(own).unwrap_or_default();
            (
                ItemKind::Choice,
                prompt_or(prompt, "choice"),
                String::new(),
                statement.head,
            )
        }
        StatementKind::Menu(own, entries) => {
            inner = items(text, entries);
            let prompt = prompt_of(own).unwrap_or_default();
            (
                ItemKind::Menu,
                prompt_or(prompt, "menu"),
                String::new(),
                statement.head,
            )
        }
        StatementKind::If(_, entries) => {
            inner = items(text, entries);
            (ItemKind::If, head, String::new(), statement.head)
        }
        StatementKind::Comment(own) => {
            let prompt = prompt_of(own).unwrap_or_default();
            (
                ItemKind::Comment,
                prompt_or(prompt, "comment"),
                String::new(),
                statement.head,
            )
        }
        StatementKind::Source(line) => {
            let name = line.path.name.to_string();
            (ItemKind::Source, name, "source".to_owned(), line.path.span)
        }
        StatementKind::Assign(name, _, _) => {
            (ItemKind::Variable, name.name.to_string(), head, name.span)
        }
        StatementKind::MainMenu(_) | StatementKind::Macro(_) => return None,
    };
    Some(Item {
        kind,
        name,
        detail,
        span: statement.span,
        name_span,
        inner,
    })
}

fn prompt_or(prompt: String, word: &str) -> String {
    if prompt.is_empty() {
        word.to_owned()
    } else {
        prompt
    }
}

/// The type of an entry, as it is written.
pub(crate) fn kind_of(own: &Properties) -> Option<String> {
    own.iter().find_map(|property| match property.kind {
        PropertyKind::Type(kind) => Some(kind.word().to_owned()),
        _ => None,
    })
}

/// The first prompt of an entry.
pub(crate) fn prompt_of(own: &Properties) -> Option<String> {
    own.iter().find_map(|property| match &property.kind {
        PropertyKind::Prompt(text, _) => Some(text.name.to_string()),
        _ => None,
    })
}

/// A piece of a file in one line.
fn shown(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What kind of lines can be folded away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FoldKind {
    /// An entry, a menu, a choice, an `if`, or a help text.
    Region,
    /// Comments.
    Comment,
}

/// Lines that can be folded away, but for the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    /// What they are.
    pub kind: FoldKind,
    /// Their bytes.
    pub span: Span,
}

/// What can be folded in a file, by place.
pub fn folds(text: &[u8], parsed: &Parsed) -> Vec<Fold> {
    let mut found = Vec::new();
    fold_statements(&parsed.statements, &mut found);
    let mut open: Option<Span> = None;
    for token in &parsed.tokens {
        match token.kind {
            TokenKind::Comment => {
                let start = open.map_or(token.span.start, |span| span.start);
                let end = token.span.end;
                open = Some(Span { start, end });
            }
            TokenKind::Space | TokenKind::Newline => {}
            _ => found.extend(open.take().map(|span| (FoldKind::Comment, span))),
        }
    }
    found.extend(open.map(|span| (FoldKind::Comment, span)));
    let mut folds: Vec<Fold> = found
        .into_iter()
        .map(|(kind, span)| (kind, trimmed(text, span)))
        .filter(|(_, span)| memchr::memchr(b'\n', span.of(text)).is_some())
        .map(|(kind, span)| Fold { kind, span })
        .collect();
    folds.sort_by_key(|fold| (fold.span.start, std::cmp::Reverse(fold.span.end)));
    folds
}

/// The span without blanks and line ends behind it.
fn trimmed(text: &[u8], span: Span) -> Span {
    let length = span.of(text).trim_ascii_end().len();
    Span::new(span.start as usize, span.start as usize + length)
}

fn fold_statements(statements: &[Statement], found: &mut Vec<(FoldKind, Span)>) {
    let mut properties = |own: &Properties| {
        for property in own.iter() {
            if let PropertyKind::Help(lines) = property.kind {
                let (start, end) = (property.span.start, lines.end);
                found.push((FoldKind::Region, Span { start, end }));
            }
        }
    };
    for statement in statements {
        match &statement.kind {
            StatementKind::Config(_, own) => properties(own),
            StatementKind::Choice(_, own, _)
            | StatementKind::Menu(own, _)
            | StatementKind::Comment(own) => properties(own),
            _ => {}
        }
    }
    for statement in statements {
        match &statement.kind {
            StatementKind::Choice(_, _, inner)
            | StatementKind::Menu(_, inner)
            | StatementKind::If(_, inner) => {
                found.push((FoldKind::Region, statement.span));
                fold_statements(inner, found);
            }
            StatementKind::Config(..) => found.push((FoldKind::Region, statement.span)),
            _ => {}
        }
    }
}
