//! Parsed files, shared between architectures.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use source::{ReadError, Source};
use text::{LineIndex, Span};

use crate::dialect::Dialect;
use crate::elaborate::elaborate_shared;
use crate::mentions::{Mention, mentions};
use crate::model::{Diagnostic, Place};
use crate::parse::parse;
use crate::part::{Outside, Part};
use crate::syntax::{Properties, Statement, StatementKind, SyntaxError, Token, TokenKind};

/// A file that was read and parsed.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) path: Arc<str>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) errors: Vec<SyntaxError>,
    /// The properties of each `config`, by its number.
    pub(crate) configs: Vec<Arc<Properties>>,
    lines: LineIndex,
    /// What stands for its text, and for what of it says something.
    pub(crate) digest: u128,
    pub(crate) meaning: u128,
    mentions: OnceLock<Vec<Mention>>,
}

impl Read {
    /// A file in which nothing is.
    pub(crate) fn empty(path: &str) -> Read {
        Read {
            path: path.into(),
            statements: Vec::new(),
            errors: Vec::new(),
            configs: Vec::new(),
            lines: LineIndex::new(b""),
            digest: source::digest(b""),
            meaning: source::digest(b""),
            mentions: OnceLock::new(),
        }
    }

    fn of(path: &str, text: &[u8]) -> Read {
        let mut parsed = parse(text);
        let mut configs = Vec::new();
        number(&mut parsed.statements, &mut configs);
        Read {
            path: path.into(),
            statements: parsed.statements,
            errors: parsed.errors,
            configs,
            lines: LineIndex::new(text),
            digest: source::digest(text),
            meaning: meaning(text, &parsed.tokens),
            mentions: OnceLock::new(),
        }
    }

    /// Whether it sources other files.
    pub(crate) fn sources(&self) -> bool {
        sources(&self.statements)
    }

    /// The symbols that it names.
    pub(crate) fn mentions(&self) -> &[Mention] {
        self.mentions.get_or_init(|| mentions(&self.statements))
    }

    pub(crate) fn place(&self, span: Span) -> Place {
        let line = self.lines.position(span.start).line;
        let file = self.path.clone();
        Place { file, line, span }
    }
}

/// Parsed files, each once, for all architectures.
#[derive(Debug, std::default::Default)]
pub struct Library {
    files: Mutex<HashMap<String, Result<Arc<Read>, ReadError>>>,
    /// What files say to every architecture, by the path of the first.
    parts: Mutex<HashMap<String, Vec<Shared>>>,
}

/// So many conditions around a file are remembered with what it says there: while one is typed there is another with each
/// letter.
const MOST: usize = 8;

/// What a file and those that it sources say to every architecture, if they do.
#[derive(Clone, Debug)]
struct Shared {
    outside: Outside,
    dialect: Dialect,
    part: Option<Arc<Part>>,
    /// The files that were asked for to know that.
    asked: Vec<Arc<str>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Library {
    /// An empty one.
    pub fn new() -> Library {
        Library::default()
    }

    /// The same files but for those at `changed`, which are to be read again.
    #[must_use]
    pub fn without<'p>(&self, changed: impl IntoIterator<Item = &'p str>) -> Library {
        let changed: HashSet<&str> = changed.into_iter().collect();
        let mut files = lock(&self.files).clone();
        files.retain(|path, _| !changed.contains(&**path));
        let mut parts = lock(&self.parts).clone();
        parts.retain(|_, known| {
            known.retain(|one| !one.asked.iter().any(|path| changed.contains(&**path)));
            !known.is_empty()
        });
        Library {
            files: Mutex::new(files),
            parts: Mutex::new(parts),
        }
    }

    /// What a file, and those that it sources, say to every architecture alike; `None` where they do not.
    pub(crate) fn shared(
        &self,
        source: &dyn Source,
        (path, outside, dialect): (&str, &Outside, Dialect),
    ) -> Option<Arc<Part>> {
        let is_it = |one: &&Shared| one.outside == *outside && one.dialect == dialect;
        if let Some(known) = lock(&self.parts).get(path)
            && let Some(known) = known.iter().find(is_it)
        {
            return known.part.clone();
        }
        let (part, asked) = elaborate_shared(self, source, (path, outside, dialect));
        let mut parts = lock(&self.parts);
        let known = parts.entry(path.to_owned()).or_default();
        // Another may have been faster.
        if let Some(known) = known.iter().find(is_it) {
            return known.part.clone();
        }
        let part = part.map(Arc::new);
        if known.len() == MOST {
            known.remove(0);
        }
        known.push(Shared {
            outside: outside.clone(),
            dialect,
            part: part.clone(),
            asked,
        });
        part
    }

    /// The files that were read, sorted by path, each with the symbols that it names.
    pub fn for_each_file(&self, tell: &mut dyn FnMut(&Arc<str>, &[Mention])) {
        let files = lock(&self.files);
        let mut all: Vec<Arc<Read>> = files.values().filter_map(|r| r.clone().ok()).collect();
        drop(files);
        all.sort_by(|a, b| a.path.cmp(&b.path));
        for read in all {
            tell(&read.path, read.mentions());
        }
    }

    /// Whether something was said of the text of a file, whatever stands around it.
    pub fn is_syntax(&self, said: &Diagnostic) -> bool {
        let read = self.known(&said.place.file);
        read.is_some_and(|read| {
            let mut errors = read.errors.iter();
            errors.any(|error| error.span == said.place.span && error.message == said.message)
        })
    }

    /// Whether what was read at a path is what is there in `source`.
    pub fn has_read(&self, path: &str, source: &dyn Source) -> bool {
        let is_it = |read: Arc<Read>| {
            let text = source.read(path);
            text.is_ok_and(|text| read.digest == source::digest(&text))
        };
        self.known(path).is_some_and(is_it)
    }

    /// The files whose text is another than in another library, if all files say the same: comments, help texts and empty
    /// lines may differ. `None` where they do not.
    pub fn only_moved(&self, before: &Library) -> Option<Vec<Arc<str>>> {
        let files = lock(&self.files).clone();
        let known = lock(&before.files);
        if files.len() != known.len() {
            return None;
        }
        let reads = files.iter().map(|(path, read)| {
            match (read, known.get(path)?) {
                (Ok(now), Ok(then)) if now.meaning == then.meaning => {
                    Some((now.digest != then.digest).then(|| Arc::clone(&now.path)))
                }
                // What could not be read is the same where it cannot be for the same reason.
                (Err(now), Err(then)) => (now == then).then_some(None),
                _ => None,
            }
        });
        let moved: Vec<Option<Arc<str>>> = reads.collect::<Option<_>>()?;
        let mut moved: Vec<Arc<str>> = moved.into_iter().flatten().collect();
        moved.sort();
        Some(moved)
    }

    /// A file that was read before.
    pub(crate) fn known(&self, path: &str) -> Option<Arc<Read>> {
        let files = lock(&self.files);
        files.get(path)?.clone().ok()
    }

    pub(crate) fn read(&self, source: &dyn Source, path: &str) -> Result<Arc<Read>, ReadError> {
        if let Some(known) = lock(&self.files).get(path) {
            return known.clone();
        }
        let text = source.read(path);
        let read = text.map(|text| Arc::new(Read::of(path, &text)));
        lock(&self.files)
            .entry(path.to_owned())
            .or_insert(read)
            .clone()
    }
}

fn sources(statements: &[Statement]) -> bool {
    statements.iter().any(|one| match &one.kind {
        StatementKind::Source(_) => true,
        StatementKind::Choice(_, _, inner)
        | StatementKind::Menu(_, inner)
        | StatementKind::If(_, inner) => sources(inner),
        _ => false,
    })
}

/// What stands for the tokens that say something, line by line.
fn meaning(text: &[u8], tokens: &[Token]) -> u128 {
    // Where a line can ask for its number all counts.
    if memchr::memmem::find(text, b"lineno").is_some() {
        return source::digest(text);
    }
    let mut all = Vec::with_capacity(text.len() / 2);
    for token in tokens {
        match token.kind {
            TokenKind::Newline if all.last() != Some(&b'\n') => all.push(b'\n'),
            TokenKind::Help => all.push(0),
            kind if kind.is_trivia() => {}
            _ => {
                all.extend_from_slice(token.span.of(text));
                // No token has this letter in it.
                all.push(b'\r');
            }
        }
    }
    source::digest(&all)
}

/// Gives each `config` its number.
fn number(statements: &mut [Statement], configs: &mut Vec<Arc<Properties>>) {
    for statement in statements {
        match &mut statement.kind {
            StatementKind::Config(_, properties) => {
                let own = Arc::make_mut(properties);
                own.number = u32::try_from(configs.len()).unwrap_or(u32::MAX);
                configs.push(properties.clone());
            }
            StatementKind::Choice(_, _, inner)
            | StatementKind::Menu(_, inner)
            | StatementKind::If(_, inner) => number(inner, configs),
            _ => {}
        }
    }
}
