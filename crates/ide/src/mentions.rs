//! Where symbols are defined and asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kconfig::{Mention, Parsed, Role, Spelled, Statement, StatementKind};
use memchr::memmem;
use rayon::prelude::*;
use source::Source;
use text::{Name, Span};

use crate::{Kconfig, Language};

/// Bytes of a file of the tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The file.
    pub file: String,
    /// The bytes.
    pub span: Span,
}

/// The Kconfig files of a tree, and those of them that are open as they are now.
pub type Files<'k> = (&'k Kconfig, &'k BTreeMap<String, Arc<Parsed>>);

/// The entries of a symbol.
pub fn definitions(files: Files<'_>, name: Name) -> Vec<Location> {
    in_kconfig(files, name, &|role| role == Role::Definition)
}

/// Where the first architecture that knows a symbol defines it first.
pub fn first_definition(kconfig: &Kconfig, name: Name) -> Option<Location> {
    let mut models = kconfig.arches().iter().map(|(_, model)| model);
    let symbol = models.find_map(|model| model.symbol(name))?;
    let place = &symbol.definitions.first()?.place;
    Some(Location {
        file: place.file.to_string(),
        span: place.span,
    })
}

/// The bytes of a file that name a symbol.
pub fn mentions_in(
    language: Language,
    parsed: Option<&Parsed>,
    text: &[u8],
    name: Name,
) -> Vec<Span> {
    if let (Language::Kconfig, Some(parsed)) = (language, parsed) {
        let all = kconfig::mentions(&parsed.statements).into_iter();
        return all
            .filter(|one| one.name == name)
            .map(|one| one.span)
            .collect();
    }
    let word = format!("CONFIG_{name}");
    let starts = memmem::find_iter(text, word.as_bytes());
    let own = starts.filter_map(|at| mention(language, text, at, word.len()));
    own.collect()
}

/// The files that a `source` line at byte `at` names, on whichever architecture, and the bytes of its path.
pub fn sourced_at(
    parsed: Option<&Parsed>,
    kconfig: &Kconfig,
    at: u32,
) -> Option<(Vec<String>, Span)> {
    let path = sourced(&parsed?.statements, at)?;
    let name = path.name.as_str();
    let Some((before, rest)) = name.split_once("$(") else {
        return Some((vec![name.to_owned()], path.span));
    };
    // What a variable stands for is known by the files that were read.
    let (_, behind) = rest.rsplit_once(')')?;
    let files = kconfig.files().into_iter().map(|file| file.to_string());
    let mut files: Vec<String> = files
        .filter(|file| {
            let inner = file
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(behind));
            inner.is_some_and(|inner| !inner.contains('/'))
        })
        .collect();
    files.sort_unstable();
    Some((files, path.span))
}

fn sourced(statements: &[Statement], at: u32) -> Option<Spelled> {
    statements
        .iter()
        .find_map(|statement| match &statement.kind {
            StatementKind::Source(line) => {
                let span = line.path.span;
                (span.start <= at && at <= span.end).then_some(line.path)
            }
            StatementKind::Choice(_, _, inner)
            | StatementKind::Menu(_, inner)
            | StatementKind::If(_, inner) => sourced(inner, at),
            _ => None,
        })
}

/// All that Kconfig files say of a symbol; its entries only where they are wanted.
pub fn references(files: Files<'_>, name: Name, with_entries: bool) -> Vec<Location> {
    in_kconfig(files, name, &|role| {
        with_entries || role != Role::Definition
    })
}

fn in_kconfig(
    (kconfig, open): Files<'_>,
    name: Name,
    wanted: &dyn Fn(Role) -> bool,
) -> Vec<Location> {
    let mut found = Vec::new();
    let mut put = |path: &str, mentions: &[Mention]| {
        let own = mentions.iter();
        let own = own.filter(|one| one.name == name && wanted(one.role));
        found.extend(own.map(|one| Location {
            file: path.to_owned(),
            span: one.span,
        }));
    };
    kconfig.for_each_file(&mut |path, mentions| {
        if let Some(parsed) = open.get(&**path) {
            put(path, &kconfig::mentions(&parsed.statements));
        } else {
            put(path, mentions);
        }
    });
    found
}

/// Where makefiles, C and kept configurations name a symbol, as `CONFIG_X` or `CONFIG_X_MODULE`, by path; the bytes are those of `X`. `None` where
/// nobody wants to know any more.
pub fn code_mentions(
    source: &dyn Source,
    name: Name,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Option<Vec<Location>> {
    let word = format!("CONFIG_{name}");
    let asks = |path: &str| {
        matches!(
            Language::of(path, ""),
            Some(Language::C | Language::Make | Language::Config)
        )
    };
    let enter = |path: &str| !path.starts_with('.') && !path.contains("/.");
    let (paths, _) = source.walk("", &enter, &asks);
    let finder = memmem::Finder::new(word.as_bytes());
    let search = |buffer: &mut Vec<u8>, path: &String| -> Option<Vec<Location>> {
        if is_cancelled() {
            return None;
        }
        if source.read_into(path, buffer).is_err() {
            return Some(Vec::new());
        }
        let language = Language::of(path, "").unwrap_or(Language::C);
        let starts = finder.find_iter(buffer);
        let own = starts.filter_map(|at| mention(language, buffer, at, word.len()));
        let place = |span| Location {
            file: path.clone(),
            span,
        };
        Some(own.map(place).collect())
    };
    let found: Option<Vec<Vec<Location>>> = paths.par_iter().map_init(Vec::new, search).collect();
    let found: BTreeSet<Location> = found?.into_iter().flatten().collect();
    Some(found.into_iter().collect())
}

/// The bytes of the symbol where a text has the word at `at`, if it is a word there.
fn mention(language: Language, text: &[u8], at: usize, length: usize) -> Option<Span> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    if at > 0 && is_word(&text[at - 1]) {
        return None;
    }
    let rest = &text[at + length..];
    let rest = match language {
        Language::C => rest.strip_prefix(b"_MODULE").unwrap_or(rest),
        _ => rest,
    };
    let goes_on = rest.first().is_some_and(is_word);
    (!goes_on).then(|| Span::new(at + 7, at + length))
}
