//! Parsed files, shared between architectures.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use source::{ReadError, Source};
use text::{LineIndex, Span};

use crate::mentions::{Mention, mentions};
use crate::model::{Diagnostic, Place};
use crate::parse::parse;
use crate::syntax::{Properties, Statement, StatementKind, SyntaxError};

/// A file that was read and parsed.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) path: Arc<str>,
    pub(crate) statements: Vec<Statement>,
    pub(crate) errors: Vec<SyntaxError>,
    /// The properties of each `config`, by its number.
    pub(crate) configs: Vec<Arc<Properties>>,
    lines: LineIndex,
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
            mentions: OnceLock::new(),
        }
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
}

impl Library {
    /// An empty one.
    pub fn new() -> Library {
        Library::default()
    }

    /// The same files but for those at `changed`, which are to be read again.
    #[must_use]
    pub fn without<'p>(&self, changed: impl IntoIterator<Item = &'p str>) -> Library {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let mut files = files.clone();
        for path in changed {
            files.remove(path);
        }
        Library {
            files: Mutex::new(files),
        }
    }

    /// The files that were read, sorted by path, each with the symbols that it names.
    pub fn for_each_file(&self, tell: &mut dyn FnMut(&Arc<str>, &[Mention])) {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// A file that was read before.
    pub(crate) fn known(&self, path: &str) -> Option<Arc<Read>> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.get(path)?.clone().ok()
    }

    pub(crate) fn read(&self, source: &dyn Source, path: &str) -> Result<Arc<Read>, ReadError> {
        let lock = || self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(path) {
            return known.clone();
        }
        let text = source.read(path);
        let read = text.map(|text| Arc::new(Read::of(path, &text)));
        lock().entry(path.to_owned()).or_insert(read).clone()
    }
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
