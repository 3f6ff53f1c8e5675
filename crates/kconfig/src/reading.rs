//! What the words of a file mean to one architecture.

use std::sync::Arc;

use text::{Name, Span};

use crate::library::Read;
use crate::macros::{Expanded, Line, Variables, Version, has_macros};
use crate::model::{Diagnostic, Place};
use crate::shared::{Dependencies, Meaning, dependencies, text_term, together, word_term};
use crate::syntax::{Expr, ExprKind, If, Properties, Severity, Spelled};
use crate::term::Term;

/// A file that is read where variables have certain values.
pub(crate) struct Reading<'r> {
    pub(crate) file: &'r Read,
    pub(crate) variables: &'r Variables,
    pub(crate) version: Version,
    /// What macros had to say so far.
    pub(crate) said: Vec<Diagnostic>,
    /// Whether there were macros.
    pub(crate) has_met_macros: bool,
}

impl<'r> Reading<'r> {
    pub(crate) fn new(file: &'r Read, variables: &'r Variables, version: Version) -> Reading<'r> {
        Reading {
            file,
            variables,
            version,
            said: Vec::new(),
            has_met_macros: false,
        }
    }

    pub(crate) fn place(&self, span: Span) -> Place {
        self.file.place(span)
    }

    /// A word with its macros expanded.
    pub(crate) fn expanded(&mut self, word: Name, span: Span) -> Expanded {
        if !has_macros(&word) {
            return Expanded::Plain(word.to_string());
        }
        self.has_met_macros = true;
        let place = self.place(span);
        let mut line = Line::new(&place.file, place.line);
        let expanded = self.variables.expand(&word, self.version, &mut line);
        self.said.extend(said_at(&place, line.said));
        expanded
    }

    /// A name with its macros expanded; one that only a program could tell stays as it is.
    pub(crate) fn name(&mut self, name: Spelled) -> Name {
        if !has_macros(&name.name) {
            return name.name;
        }
        match self.expanded(name.name, name.span) {
            Expanded::Plain(text) => Name::new(&text),
            Expanded::Probe(_) => name.name,
        }
    }

    /// The `depends on` lines of an entry together; `None` where there are none.
    pub(crate) fn depends(&mut self, properties: &Properties) -> Option<Arc<Term>> {
        match properties.dependencies() {
            Dependencies::Shared(depends) => depends.clone(),
            Dependencies::Own => {
                let terms = dependencies(properties, |expr| Some(self.meaning(expr)));
                together(terms.unwrap_or_default())
            }
        }
    }

    pub(crate) fn if_clause(&mut self, condition: &If, around: &Arc<Term>) -> Arc<Term> {
        match condition {
            Some(condition) => Term::and(around, &self.condition(condition)),
            None => around.clone(),
        }
    }

    /// An expression as a condition.
    pub(crate) fn condition(&mut self, expr: &Expr) -> Arc<Term> {
        match expr.meaning() {
            Some(meaning) => meaning.condition.clone(),
            None => self.own_term(expr).as_condition(),
        }
    }

    /// An expression with its macros expanded.
    pub(crate) fn term(&mut self, expr: &Expr) -> Arc<Term> {
        match expr.meaning() {
            Some(meaning) => meaning.value.clone(),
            None => self.own_term(expr),
        }
    }

    fn meaning(&mut self, expr: &Expr) -> Meaning {
        match expr.meaning() {
            Some(meaning) => meaning.clone(),
            None => Meaning::of(self.own_term(expr)),
        }
    }

    fn own_term(&mut self, expr: &Expr) -> Arc<Term> {
        Arc::new(match &expr.kind {
            ExprKind::Word(word) | ExprKind::Text(word) => match self.expanded(*word, expr.span) {
                Expanded::Probe(words) => Term::Probe(Name::new(&words)),
                Expanded::Plain(text) if matches!(expr.kind, ExprKind::Word(_)) => {
                    word_term(Name::new(&text))
                }
                Expanded::Plain(text) => text_term(Name::new(&text)),
            },
            ExprKind::Not(inner) => Term::Not(self.term(inner)),
            ExprKind::And(a, b) => Term::And(self.term(a), self.term(b)),
            ExprKind::Or(a, b) => Term::Or(self.term(a), self.term(b)),
            ExprKind::Compare(op, a, b) => Term::Compare(*op, self.term(a), self.term(b)),
        })
    }
}

/// What macros had to say in a line.
pub(crate) fn said_at(
    place: &Place,
    said: Vec<(Severity, String)>,
) -> impl Iterator<Item = Diagnostic> {
    said.into_iter().map(|(severity, message)| Diagnostic {
        place: place.clone(),
        severity,
        message,
    })
}
