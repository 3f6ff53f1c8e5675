//! From files to a [`Model`]: one reading of the tree's Kconfig for one architecture.

mod choice;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
use source::{ReadError, Source, normalize};
use text::{LineIndex, Name, Span};

use crate::dialect::Dialect;
use crate::macros::{Expanded, Variables};
use crate::model::{
    ChoiceId, Default, Definition, Error, Model, Place, Prompt, Range, Select, Symbol, Term,
};
use crate::parse;
use crate::syntax::{Expr, If, Parsed, Property, PropertyKind, Statement, StatementKind};

/// A file that was read and parsed.
#[derive(Debug)]
struct Read {
    parsed: Parsed,
    lines: LineIndex,
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

    fn read(&self, source: &dyn Source, path: &str) -> Result<Arc<Read>, ReadError> {
        let lock = || self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(path) {
            return known.clone();
        }
        let read = source.read(path).map(|text| {
            Arc::new(Read {
                parsed: parse(&text),
                lines: LineIndex::new(&text),
            })
        });
        lock().entry(path.to_owned()).or_insert(read).clone()
    }
}

/// What Kconfig finds in its environment.
#[derive(Clone, Debug)]
pub struct Environment {
    values: Vec<(Name, String)>,
    arch: Name,
    dialect: Dialect,
    answers: Arc<BTreeMap<String, String>>,
}

impl Environment {
    /// The environment that the top Makefile makes for the architecture in `arch/NAME`, with
    /// toolchain variables that name no real program.
    pub fn for_arch(name: &str, kernel_version: &str) -> Environment {
        let values = [
            ("ARCH", name),
            ("SRCARCH", name),
            ("SUBARCH", name),
            ("KERNELVERSION", kernel_version),
            ("srctree", "."),
            ("CC", "cc"),
            ("LD", "ld"),
            ("comma", ","),
        ];
        let values = values
            .iter()
            .map(|(name, value)| (Name::new(name), (*value).to_owned()));
        Environment {
            values: values.collect(),
            arch: name.into(),
            dialect: Dialect::of_kernel(kernel_version),
            answers: Arc::default(),
        }
    }

    /// Gives what a toolchain answers, by the call with its arguments expanded: `$(shell,COMMAND)` and
    /// the text that Kconfig would put in its place, or a call of a tree's own function such as
    /// `$(cc-option,-mx32)` and `y` or `n`. What is not given stays free.
    pub fn set_answers(&mut self, answers: BTreeMap<String, String>) {
        self.answers = Arc::new(answers);
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: &str) {
        self.values.retain(|(known, _)| *known != name);
        self.values.push((name.into(), value.to_owned()));
    }

    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Files that include each other deeper than this are an error.
const DEEPEST: usize = 100;

/// Reads the tree's Kconfig, from the file `Kconfig` at its top, for one environment.
pub fn elaborate(library: &Library, source: &dyn Source, environment: &Environment) -> Model {
    let mut variables = Variables::answered(environment.answers.clone());
    for (name, value) in &environment.values {
        variables.set(*name, value);
    }
    let mut elaborator = Elaborator {
        library,
        source,
        variables,
        model: Model {
            arch: Some(environment.arch),
            dialect: environment.dialect,
            ..Model::default()
        },
        open: Vec::new(),
        lines: FxHashMap::default(),
    };
    let top = Place {
        file: "Kconfig".into(),
        line: 0,
        span: Span::default(),
    };
    elaborator.file("Kconfig", &Context::top(), &top, false);
    elaborator.model.errors.sort();
    elaborator.model.errors.dedup();
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
    /// The files that are being read, outermost first.
    open: Vec<Arc<str>>,
    lines: FxHashMap<Arc<str>, Arc<Read>>,
}

impl Elaborator<'_> {
    fn place(&self, span: Span) -> Place {
        let file: Arc<str> = self
            .open
            .last()
            .cloned()
            .unwrap_or_else(|| "Kconfig".into());
        let line = self
            .lines
            .get(&file)
            .map_or(0, |read| read.lines.position(span.start).line);
        Place { file, line, span }
    }

    fn error(&mut self, message: String, place: Place) {
        self.model.errors.push(Error { place, message });
    }

    fn file(&mut self, path: &str, context: &Context, from: &Place, optional: bool) {
        if self.open.iter().any(|open| **open == *path) {
            return self.error(format!("{path} is sourced by itself"), from.clone());
        }
        if self.open.len() > DEEPEST {
            return self.error("source nests too deeply here".to_owned(), from.clone());
        }
        let read = match self.library.read(self.source, path) {
            Ok(read) => read,
            Err(ReadError::Missing) if optional => return,
            Err(error) => {
                self.model.incomplete = true;
                return self.error(format!("{path}: {error}"), from.clone());
            }
        };
        let file: Arc<str> = path.into();
        self.open.push(file.clone());
        if self.lines.insert(file.clone(), read.clone()).is_none() {
            self.model.files.push(file);
            self.model.incomplete |= !read.parsed.errors.is_empty();
            for error in &read.parsed.errors {
                let place = self.place(error.span);
                self.error(error.message.clone(), place);
            }
        }
        self.statements(&read.parsed.statements, context);
        self.open.pop();
    }

    fn statements(&mut self, statements: &[Statement], context: &Context) {
        for statement in statements {
            match &statement.kind {
                StatementKind::Config(name, properties) => {
                    self.config(*name, properties, statement.span, context);
                }
                StatementKind::Choice(properties, members) => {
                    self.choice(properties, members, statement.span, context);
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
                StatementKind::Source(path, relative, optional) => {
                    self.source(*path, (*relative, *optional), statement.span, context);
                }
                StatementKind::Assign(name, how, value) => {
                    self.variables.assign(*name, *how, value);
                }
                StatementKind::Comment(_) | StatementKind::MainMenu | StatementKind::Macro(_) => {}
            }
        }
    }

    fn menu_context(&mut self, properties: &[Property], context: &Context) -> Context {
        let depends = self.depends(properties);
        let mut inside = context.and(depends.as_ref());
        for property in properties {
            if let PropertyKind::VisibleIf(condition) = &property.kind {
                let condition = self.condition(condition);
                inside.visible = Term::and(&inside.visible, &condition);
            }
        }
        inside
    }

    fn source(
        &mut self,
        path: Name,
        (relative, optional): (bool, bool),
        span: Span,
        context: &Context,
    ) {
        let place = self.place(span);
        let path = match self.variables.expand(&path) {
            Expanded::Plain(path) => path,
            Expanded::Probe(words) => {
                self.model.incomplete = true;
                return self.error(
                    format!("the path to source is not known without running {words}"),
                    place,
                );
            }
        };
        let from = if relative {
            place.file.rsplit_once('/').map_or("", |(dir, _)| dir)
        } else {
            ""
        };
        let whole = format!("{from}/{path}");
        let Some(path) = normalize(whole.trim_start_matches('/')) else {
            self.model.incomplete = true;
            return self.error(format!("{whole} leads out of the tree"), place);
        };
        if !path.contains('*') {
            return self.file(&path, context, &place, optional);
        }
        let (dir, pattern) = path.rsplit_once('/').unwrap_or(("", &path));
        for entry in self.source.list(dir).unwrap_or_default() {
            if matches(pattern, &entry) {
                let whole = format!("{dir}/{entry}");
                self.file(whole.trim_start_matches('/'), context, &place, optional);
            }
        }
    }

    /// The `depends on` lines of an entry together; `None` where there are none.
    fn depends(&mut self, properties: &[Property]) -> Option<Arc<Term>> {
        let mut all = None;
        for property in properties {
            if let PropertyKind::DependsOn(expr, condition) = &property.kind {
                let mut term = self.condition(expr);
                // As `menu_add_dep()` of scripts/kconfig/menu.c has it: X where Y is not n.
                if let Some(condition) = condition {
                    term = Term::or(&term, &self.term(condition).is_off());
                }
                all = both(all.as_ref(), Some(&term));
            }
        }
        all
    }

    fn if_clause(&mut self, condition: &If, around: &Arc<Term>) -> Arc<Term> {
        match condition {
            Some(condition) => Term::and(around, &self.condition(condition)),
            None => around.clone(),
        }
    }

    fn config(&mut self, name: Name, properties: &[Property], span: Span, context: &Context) {
        let name = match self.variables.expand(&name) {
            Expanded::Plain(text) => Name::new(&text),
            Expanded::Probe(_) => name,
        };
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
        self.model.symbols[number].definitions.push(definition);
        // The type comes first: it decides what a tristate choice asks of a member.
        for property in properties {
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
        for property in properties {
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
                let prompt = self.prompt(*text, condition, (around, context), place);
                self.model.symbols[number].prompts.push(prompt);
            }
            PropertyKind::Default(value, condition) => {
                let value = self.term(value);
                let condition = self.if_clause(condition, around);
                self.model.symbols[number].defaults.push(Default {
                    value,
                    condition,
                    place,
                });
            }
            PropertyKind::Select(target, condition) => {
                self.select((number, *target, false), condition, around, place);
            }
            PropertyKind::Imply(target, condition) => {
                self.select((number, *target, true), condition, around, place);
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
            | PropertyKind::Help
            | PropertyKind::Optional
            | PropertyKind::Option => {}
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
        self.term(expr).as_condition()
    }

    /// An expression with its macros expanded for this architecture.
    fn term(&mut self, expr: &Expr) -> Arc<Term> {
        Arc::new(match expr {
            Expr::Word(word) => match self.variables.expand(word) {
                Expanded::Plain(text) => word_term(&text),
                Expanded::Probe(words) => Term::Probe(Name::new(&words)),
            },
            Expr::Text(text) => match self.variables.expand(text) {
                Expanded::Plain(text) => text_term(&text),
                Expanded::Probe(words) => Term::Probe(Name::new(&words)),
            },
            Expr::Not(inner) => Term::Not(self.term(inner)),
            Expr::And(a, b) => Term::And(self.term(a), self.term(b)),
            Expr::Or(a, b) => Term::Or(self.term(a), self.term(b)),
            Expr::Compare(op, a, b) => Term::Compare(*op, self.term(a), self.term(b)),
        })
    }
}

fn text_term(text: &str) -> Term {
    match text {
        "y" => Term::Constant(true),
        "n" => Term::Constant(false),
        "m" => Term::Module,
        text => Term::Text(Name::new(text)),
    }
}

/// A word that is not quoted is a symbol, also one that nobody defines; so is a number, whose value is
/// its name unless some architecture has a symbol of that name (powerpc once had `8260`).
fn word_term(text: &str) -> Term {
    match text_term(text) {
        Term::Text(name) => Term::Symbol(name),
        term => term,
    }
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
