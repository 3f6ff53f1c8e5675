//! Parsed files, shared between architectures.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use source::{ReadError, Source};
use text::{LineIndex, Span};

use crate::model::Place;
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
        }
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
        let read = source.read(path).map(|text| {
            let mut parsed = parse(&text);
            let mut configs = Vec::new();
            number(&mut parsed.statements, &mut configs);
            Arc::new(Read {
                path: path.into(),
                statements: parsed.statements,
                errors: parsed.errors,
                configs,
                lines: LineIndex::new(&text),
            })
        });
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
