//! From files to a [`Model`]: one reading of the tree's Kconfig for one architecture.

mod choice;
mod sanity;

use std::sync::Arc;

use rustc_hash::FxHashMap;
use source::{ReadError, Source, normalize};
use text::{Name, Span};

use crate::environment::Environment;
use crate::library::{Library, Read};
use crate::macros::{Expanded, Line, Variables, has_macros};
use crate::model::{
    ChoiceId, Default, Definition, Diagnostic, Model, Place, Prompt, Range, Select, Symbol,
};
use crate::shared::{Dependencies, Meaning, dependencies, text_term, word_term};
use crate::syntax::{
    Expr, ExprKind, If, Properties, Property, PropertyKind, Severity, SourceLine, Spelled,
    Statement, StatementKind,
};
use crate::term::Term;

/// Files that include each other deeper than this are an error.
const DEEPEST: usize = 100;

/// Reads the tree's Kconfig, from the file `Kconfig` at its top, for one environment.
pub fn elaborate(library: &Library, source: &dyn Source, environment: &Environment) -> Model {
    let _span = tracing::debug_span!("Kconfig").entered();
    let mut elaborator = Elaborator {
        library,
        source,
        variables: Variables::new(environment.values.clone(), environment.toolchain.clone()),
        model: Model {
            arch: Some(environment.arch),
            dialect: environment.dialect,
            ..Model::default()
        },
        open: Vec::new(),
        seen: FxHashMap::default(),
    };
    let top = Place {
        file: "Kconfig".into(),
        line: 0,
        span: Span::default(),
    };
    elaborator.file("Kconfig", &Context::top(), &top, false);
    elaborator.check_sanity();
    elaborator.untyped();
    elaborator.recursions();
    elaborator.model.diagnostics.sort();
    elaborator.model.diagnostics.dedup();
    elaborator.model
}

/// What stands around an entry.
#[derive(Clone)]
struct Context {
    depends: Option<Arc<Term>>,
    /// The `visible if` of the menus around.
    visible: Arc<Term>,
    choice: Option<ChoiceId>,
    /// Whether the entries stand in a choice itself, not in an `if` there.
    directly: bool,
}

impl Context {
    fn top() -> Context {
        Context {
            depends: None,
            visible: Arc::new(Term::YES),
            choice: None,
            directly: false,
        }
    }

    fn and(&self, more: Option<&Arc<Term>>) -> Context {
        Context {
            depends: both(self.depends.as_ref(), more),
            ..self.clone()
        }
    }

    fn condition(&self) -> Arc<Term> {
        self.depends.clone().unwrap_or_else(|| Arc::new(Term::YES))
    }
}

fn both(a: Option<&Arc<Term>>, b: Option<&Arc<Term>>) -> Option<Arc<Term>> {
    match (a, b) {
        (Some(a), Some(b)) => Some(Term::and(a, b)),
        (one, None) | (None, one) => one.cloned(),
    }
}

struct Elaborator<'l> {
    library: &'l Library,
    source: &'l dyn Source,
    variables: Variables,
    model: Model,
    /// The files that are being read, outermost first, and where each is sourced.
    open: Vec<(Arc<Read>, Place)>,
    /// The files that were read, and where each was sourced first.
    seen: FxHashMap<Arc<str>, Place>,
}

impl Elaborator<'_> {
    fn place(&self, span: Span) -> Place {
        match self.open.last() {
            Some((read, _)) => read.place(span),
            None => Place {
                file: "Kconfig".into(),
                line: 0,
                span,
            },
        }
    }

    fn error(&mut self, message: String, place: Place) {
        self.say(Severity::Error, message, place);
    }

    /// Where it is an error, something may be missing for it.
    fn say(&mut self, severity: Severity, message: String, place: Place) {
        self.model.incomplete |= severity == Severity::Error;
        self.model.diagnostics.push(Diagnostic {
            place,
            severity,
            message,
        });
    }

    /// A word with its macros expanded.
    fn expanded(&mut self, word: Name, span: Span) -> Expanded {
        let place = self.place(span);
        let mut line = Line::new(&place.file, place.line);
        let expanded = self.variables.expand(&word, &mut line);
        self.heard(line.said, &place);
        expanded
    }

    fn heard(&mut self, said: Vec<(Severity, String)>, place: &Place) {
        for (severity, message) in said {
            self.say(severity, message, place.clone());
        }
    }

    /// A name with its macros expanded; one that only a program could tell stays as it is.
    fn name(&mut self, name: Spelled) -> Name {
        if !has_macros(&name.name) {
            return name.name;
        }
        match self.expanded(name.name, name.span) {
            Expanded::Plain(text) => Name::new(&text),
            Expanded::Probe(_) => name.name,
        }
    }

    fn file(&mut self, path: &str, context: &Context, from: &Place, optional: bool) {
        if let Some(at) = self.open.iter().position(|(open, _)| *open.path == *path) {
            let through = self.open[at + 1..].iter();
            let mut words = vec![format!("{path} is sourced by itself")];
            words.extend(through.map(|(_, from)| format!("through {}:{}", from.file, from.line)));
            // Nothing is missing: what it says is being read.
            return self.model.diagnostics.push(Diagnostic {
                place: from.clone(),
                severity: Severity::Error,
                message: words.join(", "),
            });
        }
        if let Some(first) = self.seen.get(path)
            && self.model.dialect.sources_once
        {
            let first = format!("{}:{}", first.file, first.line);
            let message = format!("{path} is sourced again, after {first}");
            return self.error(message, from.clone());
        }
        if self.open.len() > DEEPEST {
            return self.error("source nests too deeply here".to_owned(), from.clone());
        }
        let read = match self.library.read(self.source, path) {
            Ok(read) => read,
            Err(ReadError::Missing) if optional => return,
            Err(error) => return self.error(format!("{path}: {error}"), from.clone()),
        };
        self.open.push((read.clone(), from.clone()));
        if !self.seen.contains_key(&read.path) {
            self.seen.insert(read.path.clone(), from.clone());
            self.model.files.push(read.path.clone());
            for error in &read.errors {
                let place = self.place(error.span);
                self.say(error.severity, error.message.clone(), place);
            }
        }
        self.statements(&read.statements, context);
        self.open.pop();
    }

    fn statements(&mut self, statements: &[Statement], context: &Context) {
        for statement in statements {
            match &statement.kind {
                StatementKind::Config(name, properties) => {
                    self.config(*name, properties, statement.head, context);
                }
                StatementKind::Choice(_, properties, members) => {
                    self.choice(properties, members, statement.head, context);
                }
                StatementKind::Menu(properties, inner) => {
                    let inside = self.menu_context(properties, context);
                    self.statements(inner, &inside);
                }
                StatementKind::If(condition, inner) => {
                    let mut inside = context.and(Some(&self.condition(condition)));
                    inside.directly = false;
                    self.statements(inner, &inside);
                }
                StatementKind::Source(line) => self.source(*line, statement.head, context),
                StatementKind::Assign(name, how, value) => {
                    let name = self.name(*name);
                    let place = self.place(statement.head);
                    let mut line = Line::new(&place.file, place.line);
                    self.variables.assign(name, *how, &value.name, &mut line);
                    self.heard(line.said, &place);
                }
                StatementKind::Macro(text) => self.bare_macro(*text),
                StatementKind::Comment(_) | StatementKind::MainMenu(_) => {}
            }
        }
    }

    /// A line that is a macro may say something, but must not become anything.
    fn bare_macro(&mut self, text: Spelled) {
        if let Expanded::Plain(words) = self.expanded(text.name, text.span)
            && !words.trim().is_empty()
        {
            let message = format!("this line expands to {words:?}, which is no statement");
            let place = self.place(text.span);
            self.error(message, place);
        }
    }

    fn menu_context(&mut self, properties: &Properties, context: &Context) -> Context {
        let depends = self.depends(properties);
        let mut inside = context.and(depends.as_ref());
        for property in properties.iter() {
            if let PropertyKind::VisibleIf(condition) = &property.kind {
                let condition = self.condition(condition);
                inside.visible = Term::and(&inside.visible, &condition);
            }
        }
        inside
    }

    fn source(&mut self, line: SourceLine, span: Span, context: &Context) {
        let place = self.place(span);
        let path = match self.expanded(line.path.name, line.path.span) {
            Expanded::Plain(path) => path,
            Expanded::Probe(words) => {
                let message = format!("the path to source is not known without running {words}");
                return self.error(message, place);
            }
        };
        let from = match place.file.rsplit_once('/') {
            Some((dir, _)) if line.relative => dir,
            _ => "",
        };
        let whole = format!("{from}/{path}");
        let Some(path) = normalize(whole.trim_start_matches('/')) else {
            return self.error(format!("{whole} leads out of the tree"), place);
        };
        if !path.contains('*') {
            return self.file(&path, context, &place, line.optional);
        }
        let (dir, pattern) = path.rsplit_once('/').unwrap_or(("", &path));
        for entry in self.source.list(dir).unwrap_or_default() {
            if matches(pattern, &entry) {
                let whole = format!("{dir}/{entry}");
                self.file(
                    whole.trim_start_matches('/'),
                    context,
                    &place,
                    line.optional,
                );
            }
        }
    }

    /// The `depends on` lines of an entry together; `None` where there are none.
    fn depends(&mut self, properties: &Properties) -> Option<Arc<Term>> {
        match properties.dependencies() {
            Dependencies::Shared(depends) => depends.clone(),
            Dependencies::Own => {
                dependencies(properties, |expr| Some(self.meaning(expr))).flatten()
            }
        }
    }

    fn if_clause(&mut self, condition: &If, around: &Arc<Term>) -> Arc<Term> {
        match condition {
            Some(condition) => Term::and(around, &self.condition(condition)),
            None => around.clone(),
        }
    }

    fn config(&mut self, name: Spelled, properties: &Properties, span: Span, context: &Context) {
        let name = self.name(name);
        let own = self.depends(properties);
        let inside = context.and(own.as_ref());
        let (mut around, place) = (inside.condition(), self.place(span));
        let number = self.symbol(name);
        let definition = Definition {
            depends: inside.depends.clone(),
            counts: self.model.dialect.choice_is_symbol || !context.directly,
            place,
            choice: context.choice,
        };
        add(&mut self.model.symbols[number].definitions, definition);
        // The type comes first: it decides what a tristate choice asks of a member.
        for property in properties.iter() {
            if let PropertyKind::Type(kind) = property.kind {
                self.model.symbols[number].kind.get_or_insert(kind);
            }
        }
        if let Some(choice) = context.choice {
            let members = &mut self.model.choices[choice.0].members;
            if !members.contains(&name) {
                members.push(name);
            }
            around = self.in_mode(choice, number, around);
        }
        for property in properties.iter() {
            let around = match property.kind {
                PropertyKind::Select(..) | PropertyKind::Imply(..) => &inside.condition(),
                _ => &around,
            };
            self.property(number, property, around, context);
        }
    }

    fn symbol(&mut self, name: Name) -> usize {
        if let Some(known) = self.model.by_name.get(&name) {
            return *known;
        }
        let number = self.model.symbols.len();
        self.model.by_name.insert(name, number);
        self.model.symbols.push(Symbol {
            name,
            kind: None,
            itself: None,
            definitions: Vec::new(),
            prompts: Vec::new(),
            defaults: Vec::new(),
            ranges: Vec::new(),
            transitional: false,
        });
        number
    }

    fn property(
        &mut self,
        number: usize,
        property: &Property,
        around: &Arc<Term>,
        context: &Context,
    ) {
        let place = self.place(property.span);
        match &property.kind {
            PropertyKind::Prompt(text, condition) => {
                let prompt = self.prompt(text.name, condition, (around, context), place);
                add(&mut self.model.symbols[number].prompts, prompt);
            }
            PropertyKind::Default(value, condition) => {
                let value = self.term(value);
                let condition = self.if_clause(condition, around);
                let default = Default {
                    value,
                    condition,
                    place,
                };
                add(&mut self.model.symbols[number].defaults, default);
            }
            PropertyKind::Select(target, condition) => {
                let target = self.name(*target);
                self.select((number, target, false), condition, around, place);
            }
            PropertyKind::Imply(target, condition) => {
                let target = self.name(*target);
                self.select((number, target, true), condition, around, place);
            }
            PropertyKind::Range(low, high, condition) => {
                let (low, high) = (self.term(low), self.term(high));
                let condition = self.if_clause(condition, around);
                self.model.symbols[number].ranges.push(Range {
                    low,
                    high,
                    condition,
                });
            }
            PropertyKind::Modules => self.model.modules = Some(self.model.symbols[number].name),
            PropertyKind::Transitional => self.model.symbols[number].transitional = true,
            PropertyKind::Type(_)
            | PropertyKind::DependsOn(..)
            | PropertyKind::VisibleIf(_)
            | PropertyKind::Help(_)
            | PropertyKind::Optional
            | PropertyKind::Option(_) => {}
        }
    }

    fn prompt(
        &mut self,
        text: Name,
        condition: &If,
        (around, context): (&Arc<Term>, &Context),
        place: Place,
    ) -> Prompt {
        let seen = Term::and(around, &context.visible);
        Prompt {
            text,
            visible: self.if_clause(condition, &seen),
            place,
        }
    }

    fn select(
        &mut self,
        (by, target, weak): (usize, Name, bool),
        condition: &If,
        around: &Arc<Term>,
        place: Place,
    ) {
        let by = self.model.symbols[by].name;
        let condition = self.if_clause(condition, around);
        let mut node = |name: Name| {
            let graph = &mut self.model.graph;
            *self
                .model
                .nodes
                .entry(name)
                .or_insert_with(|| graph.add_node(name))
        };
        let (from, to) = (node(by), node(target));
        self.model.graph.add_edge(
            from,
            to,
            Select {
                by,
                target,
                weak,
                condition,
                place,
            },
        );
    }

    /// An expression as a condition.
    fn condition(&mut self, expr: &Expr) -> Arc<Term> {
        match expr.meaning() {
            Some(meaning) => meaning.condition.clone(),
            None => self.own_term(expr).as_condition(),
        }
    }

    /// An expression with its macros expanded for this architecture.
    fn term(&mut self, expr: &Expr) -> Arc<Term> {
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

/// Adds one to a list: most symbols have one of each, so no room is made for more.
fn add<T>(list: &mut Vec<T>, one: T) {
    if list.is_empty() {
        list.reserve_exact(1);
    }
    list.push(one);
}

/// Whether `name` fits a pattern with `*`.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(rest) = name.strip_prefix(head) else {
        return false;
    };
    (0..=rest.len()).any(|n| rest.is_char_boundary(n) && matches(tail, &rest[n..]))
}
