//! From files to a [`Model`]: one reading of the tree's Kconfig for one architecture.

mod choice;
mod circles;
mod sanity;

use std::sync::Arc;

use rustc_hash::FxHashMap;
use source::{ReadError, Source, normalize};
use text::{Name, Span};

use crate::entry::{Context, Entry, Slot};
use crate::environment::Environment;
use crate::library::{Library, Read};
use crate::macros::{Expanded, Line, Variables};
use crate::model::{Diagnostic, Model, Place, Select};
use crate::reading::{Reading, said_at};
use crate::syntax::{
    If, Properties, Property, PropertyKind, Severity, SourceLine, Spelled, Statement, StatementKind,
};
use crate::term::Term;

use circles::Around;

/// Files that include each other deeper than this are an error.
const DEEPEST: usize = 100;

/// Reads the tree's Kconfig, from the file `Kconfig` at its top, for one environment.
pub fn elaborate(library: &Library, source: &dyn Source, environment: &Environment) -> Model {
    let _span = tracing::debug_span!("Kconfig").entered();
    let mut elaborator = Elaborator {
        library,
        source,
        model: Model {
            arch: Some(environment.arch),
            dialect: environment.dialect,
            variables: Variables::new(environment.values.clone(), environment.toolchain.clone()),
            ..Model::default()
        },
        reading: (Arc::new(Read::empty("Kconfig")), 0),
        open: Vec::new(),
        seen: FxHashMap::default(),
        around: vec![Around::default()],
        selecting: Vec::new(),
    };
    let top = Place {
        file: "Kconfig".into(),
        line: 0,
        span: Span::default(),
    };
    elaborator.file("Kconfig", &Arc::new(Context::top()), &top, false);
    elaborator.own_macros();
    elaborator.check_sanity();
    elaborator.untyped();
    elaborator.recursions();
    elaborator.model.forget_asked();
    // Of some models twenty are held at a time.
    elaborator.model.slots.shrink_to_fit();
    elaborator.model.graph.shrink_to_fit();
    elaborator.model.diagnostics.sort();
    elaborator.model.diagnostics.dedup();
    elaborator.model
}

struct Elaborator<'l> {
    library: &'l Library,
    source: &'l dyn Source,
    model: Model,
    /// The file that is being read, and its number in the model.
    reading: (Arc<Read>, u32),
    /// The files that are being read, outermost first, and where each is sourced.
    open: Vec<(Arc<str>, Place)>,
    /// The files that were read, and where each was sourced first.
    seen: FxHashMap<Arc<str>, Place>,
    /// What stands around entries, by its number.
    around: Vec<Around>,
    /// Who is selected, and what the `if` behind it names.
    selecting: Vec<(Name, Name)>,
}

impl Elaborator<'_> {
    fn place(&self, span: Span) -> Place {
        self.reading.0.place(span)
    }

    fn error(&mut self, message: String, place: Place) {
        self.hear([Diagnostic {
            place,
            severity: Severity::Error,
            message,
        }]);
    }

    /// Where it is an error, something may be missing for it.
    fn hear(&mut self, said: impl IntoIterator<Item = Diagnostic>) {
        for said in said {
            self.model.incomplete |= said.severity == Severity::Error;
            self.model.diagnostics.push(said);
        }
    }

    /// What words mean here.
    fn meaning<T>(&mut self, ask: impl FnOnce(&mut Reading<'_>) -> T) -> T {
        let variables = &self.model.variables;
        let mut reading = Reading::new(&self.reading.0, variables, variables.now());
        let told = ask(&mut reading);
        let said = reading.said;
        self.hear(said);
        told
    }

    fn file(&mut self, path: &str, context: &Arc<Context>, from: &Place, optional: bool) {
        if let Some(at) = self.open.iter().position(|(open, _)| **open == *path) {
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
        let number = u32::try_from(self.model.reads.len()).unwrap_or(u32::MAX);
        self.model.reads.push(read.clone());
        let outer = std::mem::replace(&mut self.reading, (read.clone(), number));
        self.open.push((read.path.clone(), from.clone()));
        if !self.seen.contains_key(&read.path) {
            self.seen.insert(read.path.clone(), from.clone());
            self.model.files.push(read.path.clone());
            let said = read.errors.iter().map(|error| Diagnostic {
                place: read.place(error.span),
                severity: error.severity,
                message: error.message.clone(),
            });
            self.hear(said);
        }
        self.statements(&read.statements, context);
        self.open.pop();
        self.reading = outer;
    }

    fn statements(&mut self, statements: &[Statement], context: &Arc<Context>) {
        for statement in statements {
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
                    let name = self.meaning(|reading| reading.name(*name));
                    let place = self.place(statement.head);
                    let mut line = Line::new(&place.file, place.line);
                    let variables = &mut self.model.variables;
                    variables.assign(name, *how, &value.name, &mut line);
                    let said = line.said;
                    self.hear(said_at(&place, said));
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
        context.number = u32::try_from(self.around.len()).unwrap_or(u32::MAX);
        let mut names = Vec::new();
        term.symbols(&mut names);
        self.around.push(Around { parent, names });
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
            self.model.modules = Some(name);
        }
        if let Some(choice) = context.choice {
            let members = &mut self.model.choices[choice.0].members;
            if !members.contains(&name) {
                members.push(name);
            }
        }
        if context.probes {
            let visible = shape.has_prompt.then_some(&context.visible);
            let terms = context.depends.iter().chain(visible);
            terms.for_each(|term| term.probes(&mut self.model.asked_around));
        }
        let entry = Entry {
            file: self.reading.1,
            number: properties.number,
            head,
            context: context.clone(),
            version: shape.names.is_none().then(|| self.model.variables.hold()),
            depends,
            of_choice: None,
        };
        let slot = self.slot(name);
        slot.kind = slot.kind.or(shape.kind);
        slot.choice = slot.choice.or(context.choice);
        slot.transitional |= shape.transitional;
        if slot.entries.is_empty() {
            // Most have one.
            slot.entries.reserve_exact(1);
        }
        slot.entries.push(entry);
    }

    fn slot(&mut self, name: Name) -> &mut Slot {
        let slots = &mut self.model.slots;
        let number = *self.model.by_name.entry(name).or_insert_with(|| {
            slots.push(Slot::new(name));
            slots.len() - 1
        });
        &mut slots[number]
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
            self.selecting.extend(names.map(|name| (target, name)));
        }
        let condition = own.map_or_else(|| around.clone(), |own| Term::and(around, &own));
        let place = self.place(property.span);
        let mut node = |name: Name| {
            let graph = &mut self.model.graph;
            *self
                .model
                .nodes
                .entry(name)
                .or_insert_with(|| graph.add_node(name))
        };
        let (from, to) = (node(by), node(target));
        let select = Select {
            by,
            target,
            weak,
            condition,
            place,
        };
        self.model.graph.add_edge(from, to, select);
    }

    fn if_clause(&mut self, condition: &If) -> Option<Arc<Term>> {
        let condition = condition.as_ref()?;
        Some(self.meaning(|reading| reading.condition(condition)))
    }

    /// What macros say in entries is heard, also where nobody asks for the symbol.
    fn own_macros(&mut self) {
        let own = self.model.slots.iter().filter(|slot| slot.has_macros());
        let said: Vec<_> = own.flat_map(|slot| slot.heard(&self.model)).collect();
        self.hear(said);
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
