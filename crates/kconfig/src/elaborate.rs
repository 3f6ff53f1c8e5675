//! From files to a [`Model`]: one reading of the tree's Kconfig for one architecture.

mod choice;
mod circles;
mod renew;
mod sanity;

pub use renew::Renewed;

use std::sync::Arc;

use rustc_hash::FxHashMap;
use source::{ReadError, Source, normalize};
use text::{Name, Span};

use crate::dialect::Dialect;
use crate::entry::{Cells, Context, Entry};
use crate::environment::Environment;
use crate::index::Index;
use crate::library::{Library, Read};
use crate::macros::{Expanded, Line, Variables};
use crate::model::{Diagnostic, Model, Place, Select, Sourced};
use crate::part::{Around, Outside, Part};
use crate::reading::{Reading, said_at};
use crate::syntax::{
    If, Properties, Property, PropertyKind, Severity, SourceLine, Spelled, Statement, StatementKind,
};
use crate::term::Term;

/// Files that include each other deeper than this are an error.
const DEEPEST: usize = 100;

/// Reads the tree's Kconfig, from the file `Kconfig` at its top, for one environment.
pub fn elaborate(library: &Library, source: &dyn Source, environment: &Environment) -> Model {
    let _span = tracing::debug_span!("Kconfig").entered();
    let mut model = read(library, source, environment);
    model.look_for_faults();
    model.forget_asked();
    model
}

/// The same where most is known to be as it was `before`, in the same environment.
pub fn elaborate_after(
    before: &Model,
    library: &Library,
    source: &dyn Source,
    environment: &Environment,
) -> Model {
    let _span = tracing::debug_span!("Kconfig").entered();
    let mut model = read(library, source, environment);
    model.look_for_faults_after(before);
    model.forget_asked();
    model
}

/// A model of which nothing is said yet.
fn read(library: &Library, source: &dyn Source, environment: &Environment) -> Model {
    let variables = Variables::new(environment.values.clone(), environment.toolchain.clone());
    let mut elaborator = Elaborator::new(library, source, (environment.dialect, variables));
    let top = Place {
        file: "Kconfig".into(),
        line: 0,
        span: Span::default(),
    };
    elaborator.file("Kconfig", &Arc::new(Context::top()), &top, false);
    let Elaborator {
        mut part,
        sourced,
        files,
        modules,
        variables,
        ..
    } = elaborator;
    part.finish();
    let index = Index::new(&part, &sourced, files);
    Model {
        cells: Cells::new(index.symbols.len()),
        own: Arc::new(part),
        sourced,
        index: Arc::new(index),
        dialect: environment.dialect,
        modules,
        arch: Some(environment.arch),
        variables: Arc::new(variables),
        ..Model::default()
    }
}

/// What a file, and those that it sources, say to every architecture alike, and the files that were asked for to find that
/// out; nothing where it depends on the architecture.
pub(crate) fn elaborate_shared(
    library: &Library,
    source: &dyn Source,
    (path, outside, dialect): (&str, &Outside, Dialect),
) -> (Option<Part>, Vec<Arc<str>>) {
    let mut elaborator = Elaborator::new(library, source, (dialect, Variables::default()));
    elaborator.is_shared = true;
    let context = Context {
        depends: outside.depends.clone(),
        visible: outside.visible.clone(),
        ..Context::top()
    };
    let from = Place {
        file: path.into(),
        line: 0,
        span: Span::default(),
    };
    elaborator.file(path, &Arc::new(context), &from, false);
    let (mut part, is_own) = (elaborator.part, elaborator.is_own);
    part.finish();
    let missing = part.missing.iter().map(|path| path.as_str().into());
    let asked = part.files.iter().cloned().chain(missing).collect();
    ((!is_own).then_some(part), asked)
}

struct Elaborator<'l> {
    library: &'l Library,
    source: &'l dyn Source,
    dialect: Dialect,
    variables: Variables,
    part: Part,
    /// The shared parts that were set in.
    sourced: Vec<Sourced>,
    /// The files that were read, in order, and where each was sourced first.
    files: Vec<Arc<str>>,
    seen: FxHashMap<Arc<str>, Place>,
    modules: Option<Name>,
    /// The file that is being read, and its number in the part.
    reading: (Arc<Read>, u32),
    /// The files that are being read, outermost first, and where each is sourced.
    open: Vec<(Arc<str>, Place)>,
    /// How many choices stand around.
    choices_around: usize,
    /// The part is to be shared, so nothing in it may depend on an architecture.
    is_shared: bool,
    /// Something does.
    is_own: bool,
}

impl<'l> Elaborator<'l> {
    fn new(
        library: &'l Library,
        source: &'l dyn Source,
        (dialect, variables): (Dialect, Variables),
    ) -> Elaborator<'l> {
        Elaborator {
            library,
            source,
            dialect,
            variables,
            part: Part::new(),
            sourced: Vec::new(),
            files: Vec::new(),
            seen: FxHashMap::default(),
            modules: None,
            reading: (Arc::new(Read::empty("Kconfig")), 0),
            open: Vec::new(),
            choices_around: 0,
            is_shared: false,
            is_own: false,
        }
    }

    fn place(&self, span: Span) -> Place {
        self.reading.0.place(span)
    }

    /// How many shared parts were set in so far.
    fn after(&self) -> u32 {
        u32::try_from(self.sourced.len()).unwrap_or(u32::MAX)
    }

    fn error(&mut self, message: String, place: Place) {
        self.part.hear([Diagnostic {
            place,
            severity: Severity::Error,
            message,
        }]);
    }

    /// What words mean here.
    fn meaning<T>(&mut self, ask: impl FnOnce(&mut Reading<'_>) -> T) -> T {
        let variables = &self.variables;
        let mut reading = Reading::new(&self.reading.0, variables, variables.now());
        let told = ask(&mut reading);
        self.is_own |= reading.has_met_macros;
        let said = reading.said;
        self.part.hear(said);
        told
    }

    fn file(&mut self, path: &str, context: &Arc<Context>, from: &Place, optional: bool) {
        if let Some(at) = self.open.iter().position(|(open, _)| **open == *path) {
            let through = self.open[at + 1..].iter();
            let mut words = vec![format!("{path} is sourced by itself")];
            words.extend(through.map(|(_, from)| format!("through {}:{}", from.file, from.line)));
            // Nothing is missing: what it says is being read.
            return self.part.said.push(Diagnostic {
                place: from.clone(),
                severity: Severity::Error,
                message: words.join(", "),
            });
        }
        if let Some(first) = self.seen.get(path)
            && self.dialect.sources_once
        {
            let first = format!("{}:{}", first.file, first.line);
            let message = format!("{path} is sourced again, after {first}");
            return self.error(message, from.clone());
        }
        if self.open.len() > DEEPEST {
            return self.error("source nests too deeply here".to_owned(), from.clone());
        }
        if self.set_in(path, context, from) {
            return;
        }
        self.part.depth = self.part.depth.max(self.open.len());
        let read = match self.library.read(self.source, path) {
            Ok(read) => read,
            Err(error) => {
                self.part.missing.push(path.to_owned());
                self.is_own = true;
                if error != ReadError::Missing || !optional {
                    self.error(format!("{path}: {error}"), from.clone());
                }
                return;
            }
        };
        let number = u32::try_from(self.part.reads.len()).unwrap_or(u32::MAX);
        self.part.reads.push(read.clone());
        let outer = std::mem::replace(&mut self.reading, (read.clone(), number));
        self.open.push((read.path.clone(), from.clone()));
        if !self.seen.contains_key(&read.path) {
            self.seen.insert(read.path.clone(), from.clone());
            self.part.seen.insert(read.path.clone(), from.clone());
            self.files.push(read.path.clone());
            self.part.files.push(read.path.clone());
            let said = read.errors.iter().map(|error| Diagnostic {
                place: read.place(error.span),
                severity: error.severity,
                message: error.message.clone(),
            });
            self.part.hear(said);
        }
        self.statements(&read.statements, context);
        self.open.pop();
        self.reading = outer;
    }

    /// Sets in what a file says to every architecture, if it does.
    fn set_in(&mut self, path: &str, context: &Context, from: &Place) -> bool {
        let is_plain = self.choices_around == 0
            && context.choice.is_none()
            && !context.directly
            && !context.probes;
        if self.is_shared || !is_plain {
            return false;
        }
        let outside = Outside {
            depends: context.depends.clone(),
            visible: context.visible.clone(),
        };
        let part = self
            .library
            .shared(self.source, (path, &outside, self.dialect));
        let Some(part) = part.filter(|part| {
            let is_met = part.files.iter().any(|file| self.seen.contains_key(file));
            !is_met && self.open.len() + part.depth <= DEEPEST
        }) else {
            return false;
        };
        let places = part.files.iter().map(|file| {
            let place = match part.seen.get(file) {
                Some(place) if **file != *path => place,
                _ => from,
            };
            (file.clone(), place.clone())
        });
        self.seen.extend(places);
        self.files.extend(part.files.iter().cloned());
        self.modules = part.modules.or(self.modules);
        self.sourced.push(Sourced {
            part,
            around: context.number,
            outside,
        });
        true
    }

    fn statements(&mut self, statements: &[Statement], context: &Arc<Context>) {
        for statement in statements {
            if self.is_shared && self.is_own {
                return;
            }
            match &statement.kind {
                StatementKind::Config(name, properties) => {
                    self.config(*name, properties, statement.head, context);
                }
                StatementKind::Choice(_, properties, members) => {
                    self.choice(properties, members, statement.head, context);
                }
                StatementKind::Menu(properties, inner) => {
                    let inside = self.in_menu(properties, context);
                    self.statements(inner, &inside);
                }
                StatementKind::If(condition, inner) => {
                    let condition = self.meaning(|reading| reading.condition(condition));
                    let mut inside = self.inside(context, Some(&condition));
                    inside.directly = false;
                    self.statements(inner, &Arc::new(inside));
                }
                StatementKind::Source(line) => self.source(*line, statement.head, context),
                StatementKind::Assign(name, how, value) => {
                    self.is_own = true;
                    let name = self.meaning(|reading| reading.name(*name));
                    let place = self.place(statement.head);
                    let mut line = Line::new(&place.file, place.line);
                    self.variables.assign(name, *how, &value.name, &mut line);
                    let said = line.said;
                    self.part.hear(said_at(&place, said));
                }
                StatementKind::Macro(text) => self.bare_macro(*text),
                StatementKind::Comment(_) | StatementKind::MainMenu(_) => {}
            }
        }
    }

    /// A line that is a macro may say something, but must not become anything.
    fn bare_macro(&mut self, text: Spelled) {
        let told = self.meaning(|reading| reading.expanded(text.name, text.span));
        if let Expanded::Plain(words) = told
            && !words.trim().is_empty()
        {
            let message = format!("this line expands to {words:?}, which is no statement");
            let place = self.place(text.span);
            self.error(message, place);
        }
    }

    /// What stands around the entries of a block in which `more` must hold too.
    fn inside(&mut self, context: &Context, more: Option<&Arc<Term>>) -> Context {
        let mut inside = Context {
            depends: context.and(more),
            ..context.clone()
        };
        if let Some(more) = more {
            self.note(&mut inside, more);
        }
        inside
    }

    /// Notes that a term is asked around entries.
    fn note(&mut self, context: &mut Context, term: &Term) {
        let parent = context.number;
        context.number = u32::try_from(self.part.around.len()).unwrap_or(u32::MAX);
        let mut names = Vec::new();
        term.symbols(&mut names);
        self.part.around.push(Around { parent, names });
        let mut probes = Vec::new();
        term.probes(&mut probes);
        context.probes |= !probes.is_empty();
    }

    fn in_menu(&mut self, properties: &Properties, context: &Context) -> Arc<Context> {
        let depends = self.meaning(|reading| reading.depends(properties));
        let mut inside = self.inside(context, depends.as_ref());
        for property in properties.iter() {
            if let PropertyKind::VisibleIf(condition) = &property.kind {
                let condition = self.meaning(|reading| reading.condition(condition));
                inside.visible = Term::and(&inside.visible, &condition);
                self.note(&mut inside, &condition);
            }
        }
        Arc::new(inside)
    }

    fn source(&mut self, line: SourceLine, span: Span, context: &Arc<Context>) {
        let place = self.place(span);
        let told = self.meaning(|reading| reading.expanded(line.path.name, line.path.span));
        let path = match told {
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
        self.is_own = true;
        self.part.has_patterns = true;
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

    fn config(
        &mut self,
        name: Spelled,
        properties: &Properties,
        head: Span,
        context: &Arc<Context>,
    ) {
        let name = self.meaning(|reading| reading.name(name));
        let shape = properties.shape();
        let mut depends = None;
        if !shape.selects.is_empty() {
            let own = self.meaning(|reading| reading.depends(properties));
            depends = context.and(own.as_ref());
            let around = Term::or_yes(depends.clone());
            for (number, target) in &shape.selects {
                self.select(name, (&properties[*number], *target), &around);
            }
        }
        if shape.modules {
            self.modules = Some(name);
            self.part.modules = Some(name);
        }
        if let Some(choice) = context.choice {
            let members = &mut self.part.choices[choice.0].members;
            if !members.contains(&name) {
                members.push(name);
            }
        }
        if context.probes {
            let visible = shape.has_prompt.then_some(&context.visible);
            let terms = context.depends.iter().chain(visible);
            terms.for_each(|term| term.probes(&mut self.part.asked_around));
        }
        let has_macros = shape.names.is_none();
        self.is_own |= has_macros;
        let after = self.after();
        let entry = Entry {
            file: self.reading.1,
            number: properties.number,
            head,
            context: context.clone(),
            version: has_macros.then(|| self.variables.hold()),
            depends,
            of_choice: None,
            after,
        };
        self.part.piece(name, after).entries.push(entry);
    }

    fn select(
        &mut self,
        by: Name,
        (property, target): (&Property, Option<Name>),
        around: &Arc<Term>,
    ) {
        let (spelled, condition, weak) = match &property.kind {
            PropertyKind::Select(target, condition) => (*target, condition, false),
            PropertyKind::Imply(target, condition) => (*target, condition, true),
            _ => return,
        };
        let target = target.unwrap_or_else(|| self.meaning(|reading| reading.name(spelled)));
        let own = self.if_clause(condition);
        if let Some(own) = &own {
            let mut names = Vec::new();
            own.symbols(&mut names);
            let names = names.into_iter();
            let selecting = names.map(|name| (target, name));
            self.part.selecting.extend(selecting);
        }
        let condition = own.map_or_else(|| around.clone(), |own| Term::and(around, &own));
        let place = self.place(property.span);
        self.part.selects_after.push(self.after());
        self.part.selects.push(Select {
            by,
            target,
            weak,
            condition,
            place,
        });
    }

    fn if_clause(&mut self, condition: &If) -> Option<Arc<Term>> {
        let condition = condition.as_ref()?;
        Some(self.meaning(|reading| reading.condition(condition)))
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
