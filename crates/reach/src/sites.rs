//! Who mentions a function: the calls of it, in functions and through macros, and the places where
//! something else gets to know it and may call it.

use std::fmt;
use std::rc::Rc;

use condition::Condition;
use csource::syntax::{Expr, ExprKind};
use csource::{Body, File, Mention};
use rustc_hash::FxHashSet;
use text::{Name, Span};

use crate::Analysis;
use crate::frame::Frame;
use crate::link::{FunctionKey, Target, is_header};
use crate::pointer::Slot;
use crate::scan::{Called, Met, Scanner};
use crate::terms::TermId;
use crate::unit::{UnitId, VisitId};

/// A call of one function by another.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// The function that calls.
    pub(crate) caller: FunctionKey,
    /// When, over the caller's parameters.
    pub(crate) when: Condition,
    /// What is passed, over the caller's parameters.
    pub(crate) args: Vec<TermId>,
    /// The call, in the caller's file.
    pub(crate) span: Span,
    /// The name of the place.
    pub(crate) place: Name,
}

/// What kind of thing enters a function that no call in C leads to; in the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// Boot code.
    Boot,
    /// What runs as the kernel comes up or a module is loaded.
    Initcall,
    /// A program's call of the kernel.
    SystemCall,
    /// An interrupt or an exception of the processor.
    Exception,
    /// Whoever calls through this field of an object.
    Callback(Name),
    /// Whoever was given the function's address.
    Address,
    /// Assembler that names it.
    Assembler,
    /// A macro at the top of a file that names it.
    Macro,
    /// Whatever the question says does.
    Named,
}

impl fmt::Display for EntryKind {
    /// The kind in the plural: `system calls`, `probe callbacks`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EntryKind::Boot => f.write_str("boot code"),
            EntryKind::Initcall => f.write_str("initcalls"),
            EntryKind::SystemCall => f.write_str("system calls"),
            EntryKind::Exception => f.write_str("interrupts and exceptions"),
            EntryKind::Callback(field) => write!(f, "{field} callbacks"),
            EntryKind::Address => f.write_str("functions whose address is taken"),
            EntryKind::Assembler => f.write_str("assembler"),
            EntryKind::Macro => f.write_str("functions that a macro names"),
            EntryKind::Named => f.write_str("functions that the rule names"),
        }
    }
}

/// A place from which a function may be called by something that is not followed further.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// What calls it: `.probe of struct dax_device_driver`.
    pub(crate) words: String,
    pub(crate) kind: EntryKind,
    /// The object that holds the function, by its name: `device_dax_driver`.
    pub(crate) object: Option<Name>,
    /// When.
    pub(crate) when: Condition,
    /// The field through which it is called, where that is said.
    pub(crate) slot: Option<Slot>,
    /// Where it is said.
    pub(crate) file: Name,
    /// Where in the file.
    pub(crate) span: Span,
}

/// All that one file says about a function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sites {
    /// Whether code mentions the function at all, whatever the Conditions.
    pub(crate) mentioned: bool,
    pub(crate) calls: Vec<Site>,
    pub(crate) entries: Vec<Entry>,
}

/// Macros at the top of a file that name functions without having them called.
const NAMING_MACROS: &[&str] = &[
    "EXPORT_",
    "NOKPROBE_SYMBOL",
    "_ASM_NOKPROBE",
    "ALLOW_ERROR_INJECTION",
    "BTF_",
    "MODULE_",
    "STACK_FRAME_NON_STANDARD",
    "__ADDRESSABLE",
    "KSYM_",
    "ASM_",
    "TRACE_",
    "DEFINE_TRACE",
    "_EXPORT_",
];

impl Analysis<'_> {
    /// The name, and the macros in whose replacement it stands, directly or through others.
    pub(crate) fn spellings(&mut self, name: Name) -> Rc<[Name]> {
        if let Some(known) = self.spellings.get(&name) {
            return known.clone();
        }
        let mut names = vec![name];
        let mut next = 0;
        while let Some(word) = names.get(next).copied() {
            next += 1;
            for path in self.files_with(word) {
                let Some(file) = self.read_file(path) else {
                    continue;
                };
                for mention in file.mentions(word) {
                    if let Mention::Macro(number) = mention
                        && let csource::DirectiveKind::Define(definition) =
                            &file.directives().list[number].kind
                        && !names.contains(&definition.name)
                        && names.len() < self.limits.spellings
                    {
                        names.push(definition.name);
                    }
                }
            }
        }
        let names: Rc<[Name]> = names.into();
        self.spellings.insert(name, names.clone());
        names
    }

    /// The files that may mention a function, by path; a static one is its own file's.
    pub(crate) fn files_of(&mut self, key: FunctionKey) -> Vec<Name> {
        let Some(file) = self.read_file(key.path) else {
            return Vec::new();
        };
        let function = file.function(key.id);
        if function.entry.is_some() {
            // A system call is called by another name than the one in its head.
            return Vec::new();
        }
        if function.linkage.is_static && !is_header(&key.path) {
            let mut files = self.includers(key.path);
            files.push(key.path);
            files.sort_unstable();
            return files;
        }
        let name = function.name;
        let mut files: Vec<Name> = Vec::new();
        for spelling in self.spellings(name).iter() {
            files.extend(self.files_with(*spelling));
        }
        files.sort_unstable();
        files.dedup();
        files
    }

    /// What the file at `path` says about the function `callee`.
    pub(crate) fn sites_in(&mut self, callee: FunctionKey, path: Name) -> Sites {
        let mut sites = Sites::default();
        let Some(callee_file) = self.read_file(callee.path) else {
            return sites;
        };
        let name = callee_file.function(callee.id).name;
        let spellings = self.spellings(name);
        let Some(file) = self.read_file(path) else {
            return sites;
        };
        let mut functions = FxHashSet::default();
        let mut tops = Vec::new();
        for spelling in spellings.iter() {
            for mention in file.mentions(*spelling) {
                match mention {
                    Mention::Function(id) => {
                        functions.insert(id);
                    }
                    Mention::Variable(_) | Mention::TopMacro(_) => tops.push((mention, *spelling)),
                    Mention::Macro(_) => {}
                }
            }
        }
        if functions.is_empty() && tops.is_empty() {
            return sites;
        }
        let Some((unit, root)) = self.place_of(path) else {
            return sites;
        };
        let mut functions: Vec<csource::FunctionId> = functions.into_iter().collect();
        functions.sort_unstable();
        for id in functions {
            let caller = FunctionKey { path, id };
            if let Some(frame) = self.function_frame(unit, root, caller, 0) {
                let head = frame.file.function(id).name_span.start;
                let line = self.line_condition(unit, root, head);
                let mut search = Search {
                    callee,
                    name,
                    spellings: spellings.clone(),
                    caller,
                    sites: &mut sites,
                };
                self.search(&frame, line, &mut search);
            }
        }
        for (mention, spelling) in tops {
            // Another spelling of its name is a macro that stands for it.
            if let Mention::TopMacro(number) = mention
                && spelling == name
                && !self.may_name((unit, root), &file.items().macros[number], name)
            {
                continue;
            }
            self.top_entry((unit, root), path, (mention, spelling), &mut sites);
        }
        sites
    }

    /// Finds the calls of one function by another, following macros that mention the callee.
    fn search(&mut self, frame: &Frame, under: Condition, search: &mut Search<'_>) {
        let spelled = |call: &csource::Call| {
            call.name()
                .is_some_and(|name| search.spellings.contains(&name))
        };
        // A function that only calls itself is not mentioned by that.
        let mentioned = frame.body.calls.iter().any(spelled);
        search.sites.mentioned |= mentioned && search.caller != search.callee;
        let (caller, callee) = (search.caller, search.callee);
        let mut calls = Vec::new();
        let mut met = |analysis: &mut Self, met: &Met<'_>| match met.called {
            Called::Name(_, Target::Function(key, _)) if key == callee => {
                let args = met.call.args.iter();
                calls.push(Site {
                    caller,
                    when: met.when,
                    args: args.map(|arg| analysis.eval(met.frame, arg)).collect(),
                    span: met.span,
                    place: met.frame.place(met.call.span),
                });
            }
            _ => {}
        };
        let mut scanner = Scanner {
            wanted: Some(search.spellings.clone()),
            met: &mut met,
        };
        self.scan(frame, None, under, &mut scanner);
        search.sites.calls.extend(calls);
        self.search_values(frame, under, search);
    }

    /// Finds the callee used as a value: whoever gets it may call it.
    fn search_values(&mut self, frame: &Frame, under: Condition, search: &mut Search<'_>) {
        let body = frame.body.clone();
        for (name, span, flow) in &body.values {
            let local = body.locals.iter().any(|l| l.declarator.name == *name)
                || frame.param(*name).is_some();
            if *name != search.name || local {
                continue;
            }
            search.sites.mentioned = true;
            let flow = self.flow(frame, *flow);
            let line = self.line_condition(frame.unit, frame.visit, span.start);
            let when = self.store.and_all([under, flow, line]);
            if when.is_false() {
                continue;
            }
            let provided = self.provided(search.caller);
            let when = self.store.and(when, provided);
            let by = frame.file.function(search.caller.id).name;
            let (kind, words) = value_role(&body, *span, by);
            search.sites.entries.push(Entry {
                words,
                kind,
                object: None,
                slot: None,
                when,
                file: frame.file.path(),
                span: *span,
            });
        }
    }

    fn top_entry(
        &mut self,
        (unit, root): (UnitId, VisitId),
        path: Name,
        (mention, word): (Mention, Name),
        sites: &mut Sites,
    ) {
        let Some(file) = self.read_file(path) else {
            return;
        };
        sites.mentioned = true;
        let entry = match mention {
            Mention::Variable(number) => object_entry(&file, number, word),
            Mention::TopMacro(number) => macro_entry(&file, number),
            Mention::Function(_) | Mention::Macro(_) => None,
        };
        let Some(mut entry) = entry else { return };
        let line = self.line_condition(unit, root, entry.span.start);
        let built = self.built(path);
        entry.when = self.store.and(line, built);
        if !entry.when.is_false() {
            sites.entries.push(entry);
        }
    }
}

/// What an object at the top of a file enters that holds the function called `word`.
fn object_entry(file: &File, number: usize, word: Name) -> Option<Entry> {
    let variable = &file.items().variables[number];
    let init = file.initializer(Span {
        start: variable.init.start,
        end: variable.init.end,
    });
    // `.read = f` names a field, not a function `read`.
    if init
        .as_ref()
        .is_some_and(|init| mentions(init, word).is_none())
    {
        return None;
    }
    let field = init.and_then(|init| field_of(&init, word));
    let field = field.map(|(field, _)| field);
    let tag = variable.struct_tag;
    let of = tag.map_or_else(
        || format!("variable {}", variable.name),
        |tag| format!("struct {tag}"),
    );
    Some(Entry {
        words: field.map_or_else(
            || format!("an object of {of}"),
            |field| format!(".{field} of {of}"),
        ),
        kind: field.map_or(EntryKind::Address, EntryKind::Callback),
        object: Some(variable.name),
        when: Condition::TRUE,
        slot: tag.zip(field).map(|(tag, field)| Slot { tag, field }),
        file: file.path(),
        span: variable.init,
    })
}

/// What a macro at the top of a file enters that gets the function's name.
fn macro_entry(file: &File, number: usize) -> Option<Entry> {
    let used = &file.items().macros[number];
    let mut naming = NAMING_MACROS.iter();
    if naming.any(|prefix| used.name.starts_with(prefix)) {
        return None;
    }
    let kind = if csource::is_initcall(&used.name) {
        EntryKind::Initcall
    } else {
        EntryKind::Macro
    };
    Some(Entry {
        words: used.name.to_string(),
        kind,
        object: None,
        when: Condition::TRUE,
        slot: None,
        file: file.path(),
        span: used.args,
    })
}

struct Search<'s> {
    callee: FunctionKey,
    name: Name,
    spellings: Rc<[Name]>,
    caller: FunctionKey,
    sites: &'s mut Sites,
}

/// The field in whose value `word` stands, and where.
fn field_of(init: &Expr, word: Name) -> Option<(Name, Span)> {
    let ExprKind::Initializer(parts) = &init.kind else {
        return None;
    };
    parts.iter().find_map(|(field, value)| {
        if let Some(inner) = field_of(value, word) {
            return Some(inner);
        }
        let field = (*field)?;
        mentions(value, word).map(|span| (field, span))
    })
}

fn mentions(expr: &Expr, word: Name) -> Option<Span> {
    if expr.as_ident() == Some(word) {
        return Some(expr.span);
    }
    expr.children()
        .into_iter()
        .find_map(|child| mentions(child, word))
}

fn value_role(body: &Body, span: Span, by: Name) -> (EntryKind, String) {
    let holds = |outer: &Expr| outer.span.start <= span.start && span.end <= outer.span.end;
    for store in &body.stores {
        if let (Some(value), ExprKind::Field(_, field, _)) = (&store.value, &store.target.kind)
            && holds(value)
        {
            let words = format!("its address, stored to .{field} in {by}()");
            return (EntryKind::Callback(*field), words);
        }
    }
    let calls = body.calls.iter().filter(|call| call.args.iter().any(holds));
    let innermost = calls.min_by_key(|call| call.span.end - call.span.start);
    let words = match innermost.and_then(csource::Call::name) {
        Some(callee) => format!("its address, passed to {callee}() in {by}()"),
        None => format!("its address, taken in {by}()"),
    };
    (EntryKind::Address, words)
}
