//! What a compiler sees when it reads one file: the headers it includes, in order, and which macros
//! are defined at each place.
//!
//! `#ifndef vmemmap_can_optimize` in a generic header asks about an architecture's header that was
//! included before it. So a [`Unit`] notes every definition in the order in which the compiler
//! meets it, each with the Condition under which it is met.

use std::sync::Arc;

use condition::Condition;
use csource::{BranchId, DirectiveKind, File, MacroDefinition, Test};
use rustc_hash::FxHashMap;
use text::Name;

use crate::{Analysis, Fault};

/// A unit, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct UnitId(pub(crate) u32);

/// One reading of a file inside a unit, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct VisitId(pub(crate) u32);

/// A place in the order in which a unit is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Moment(u32);

impl Moment {
    /// As a number that grows while the unit is read.
    pub(crate) fn number(self) -> u32 {
        self.0
    }
}

/// One reading of a file.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) file: Arc<File>,
    /// When it happens.
    pub(crate) when: Condition,
    begin: u32,
    /// The moment behind each directive of the file, as far as it was read.
    after: Vec<u32>,
    /// The branch that the include guard opens: taken, since a second reading does not happen.
    guard: Option<BranchId>,
}

/// A file with all that it includes.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) visits: Vec<Visit>,
    pub(crate) root: VisitId,
    by_file: FxHashMap<Name, Vec<VisitId>>,
    /// Readings of C files: of its own, and of those that it includes.
    of_c: Vec<VisitId>,
    /// Definitions and removals of macros, in order.
    events: Vec<Event>,
    /// How many events there were with the last one of each macro.
    last: FxHashMap<Name, u32>,
    is_read: bool,
    branches: FxHashMap<(VisitId, BranchId), Condition>,
    clock: u32,
    search: Vec<String>,
    is_module: Condition,
}

/// A definition or removal of a macro.
#[derive(Clone, Copy, Debug)]
struct Event {
    moment: u32,
    visit: VisitId,
    directive: u32,
    /// How many events there were with the one before of the same macro; 0 for the first.
    before: u32,
}

impl Unit {
    /// Definitions and removals of the macro `name`, the newest first.
    fn events(&self, name: Name) -> impl Iterator<Item = Event> {
        let event = |counted: u32| {
            let number = usize::try_from(counted.checked_sub(1)?).ok()?;
            self.events.get(number).copied()
        };
        let last = self.last.get(&name).and_then(|last| event(*last));
        std::iter::successors(last, move |known| event(known.before))
    }

    /// Notes that a directive of a visit defines or removes the macro `name` now.
    fn note(&mut self, name: Name, visit: VisitId, directive: usize) {
        self.clock += 1;
        let counted = u32::try_from(self.events.len() + 1).unwrap_or(u32::MAX);
        self.events.push(Event {
            moment: self.clock,
            visit,
            directive: u32::try_from(directive).unwrap_or(u32::MAX),
            before: self.last.insert(name, counted).unwrap_or_default(),
        });
    }

    /// Whether the whole of it was read.
    pub(crate) fn is_read(&self) -> bool {
        self.is_read
    }

    pub(crate) fn visit(&self, id: VisitId) -> &Visit {
        &self.visits[id.0 as usize]
    }

    /// All readings, in order.
    pub(crate) fn all_visits(&self) -> Vec<VisitId> {
        let count = u32::try_from(self.visits.len()).unwrap_or(u32::MAX);
        (0..count).map(VisitId).collect()
    }

    /// Readings of C files, in order: of its own, and of those that it includes.
    pub(crate) fn c_visits(&self) -> &[VisitId] {
        &self.of_c
    }

    /// When the unit is compiled for a module.
    pub(crate) fn is_module(&self) -> Condition {
        self.is_module
    }

    /// The readings of the file at `path`, in order.
    pub(crate) fn visits_of(&self, path: Name) -> &[VisitId] {
        self.by_file.get(&path).map_or(&[], Vec::as_slice)
    }

    /// The moment at which `offset` of a visit is read.
    pub(crate) fn moment(&self, visit: VisitId, offset: u32) -> Moment {
        let visit = self.visit(visit);
        let before = visit
            .file
            .directives()
            .list
            .partition_point(|d| d.span.start < offset);
        let known = before.min(visit.after.len());
        Moment(known.checked_sub(1).map_or(visit.begin, |n| visit.after[n]))
    }
}

/// What a name is as a macro, under a Condition.
#[derive(Clone, Debug)]
pub(crate) enum MacroState {
    /// Not defined.
    Undefined,
    /// Defined by this directive of this visit.
    Defined(VisitId, usize),
    /// Defined by the compiler, with a value that is not known here.
    Predefined,
}

/// Files that a compiler includes before the first line of a kernel file, where the tree has them:
/// `scripts/Makefile.lib` names them in `c_flags`.
const FORCED: &[&str] = &[
    "include/linux/compiler-version.h",
    "include/linux/kconfig.h",
    "include/linux/compiler_types.h",
];

/// Includes that nest deeper than this are not followed; gcc's own limit is 200.
const DEEPEST: u32 = 200;

/// A unit reads at most this many files; the largest of the kernel read some 3,000.
const MOST_VISITS: usize = 20_000;

impl Analysis<'_> {
    /// Adds a text that is read at a moment of a unit, as if it were another file of it.
    pub(crate) fn add_visit(
        &mut self,
        unit: UnitId,
        file: &Arc<File>,
        when: Condition,
        moment: Moment,
    ) -> VisitId {
        let this = self.unit_mut(unit);
        let id = VisitId(u32::try_from(this.visits.len()).unwrap_or(u32::MAX));
        this.visits.push(Visit {
            file: file.clone(),
            when,
            begin: moment.0,
            after: Vec::new(),
            guard: None,
        });
        this.by_file.entry(file.path()).or_default().push(id);
        id
    }

    /// The unit of the file at `path`, read when it is first asked for.
    pub(crate) fn unit(&mut self, path: Name) -> Option<UnitId> {
        if let Some(known) = self.unit_of.get(&path) {
            return *known;
        }
        let unit = self.read_unit(path);
        self.unit_of.insert(path, unit);
        unit
    }

    fn read_unit(&mut self, path: Name) -> Option<UnitId> {
        let _span = tracing::debug_span!("follow includes", of = %path).entered();
        let root = self.read_file(path)?;
        let built = self.built_as(&path);
        let search = self.search_path(&path);
        let id = UnitId(u32::try_from(self.units.len()).unwrap_or(u32::MAX));
        self.units.push(Unit {
            visits: Vec::new(),
            root: VisitId(0),
            by_file: FxHashMap::default(),
            of_c: Vec::new(),
            events: Vec::new(),
            last: FxHashMap::default(),
            is_read: false,
            branches: FxHashMap::default(),
            clock: 1,
            search,
            is_module: built.module,
        });
        for forced in FORCED {
            if let Some(file) = self.read_file(Name::new(forced)) {
                self.visit(id, &file, Condition::TRUE, 0);
            }
        }
        let next = VisitId(u32::try_from(self.units[id.0 as usize].visits.len()).unwrap_or(0));
        self.units[id.0 as usize].root = next;
        self.visit(id, &root, Condition::TRUE, 0);
        self.unit_mut(id).is_read = true;
        Some(id)
    }

    pub(crate) fn unit_ref(&self, unit: UnitId) -> &Unit {
        &self.units[unit.0 as usize]
    }

    fn unit_mut(&mut self, unit: UnitId) -> &mut Unit {
        &mut self.units[unit.0 as usize]
    }

    /// Where `<…>` is looked for, in order; first what the file's makefiles add.
    fn search_path(&mut self, path: &str) -> Vec<String> {
        let mut search = self.kbuild.include_dirs(&mut self.store, path);
        for arch in &self.header_arches {
            search.push(format!("arch/{arch}/include"));
        }
        search.push("include".to_owned());
        for arch in &self.header_arches {
            search.push(format!("arch/{arch}/include/uapi"));
        }
        search.push("include/uapi".to_owned());
        let mut seen = rustc_hash::FxHashSet::default();
        search.retain(|dir| seen.insert(dir.clone()));
        search
    }

    fn visit(&mut self, unit: UnitId, file: &Arc<File>, when: Condition, depth: u32) {
        let when = self.not_yet_read(unit, file, when);
        if when.is_false() || depth > DEEPEST || self.unit_ref(unit).visits.len() >= MOST_VISITS {
            return;
        }
        let this = self.unit_mut(unit);
        let id = VisitId(u32::try_from(this.visits.len()).unwrap_or(u32::MAX));
        let (begin, guard) = (this.clock, guard(file));
        this.visits.push(Visit {
            file: file.clone(),
            when,
            begin,
            after: Vec::new(),
            guard,
        });
        this.by_file.entry(file.path()).or_default().push(id);
        if file.path().ends_with(".c") {
            this.of_c.push(id);
        }
        for (number, directive) in file.directives().list.iter().enumerate() {
            match &directive.kind {
                DirectiveKind::Include {
                    path,
                    angled,
                    computed,
                } => {
                    let branch = self.branch_condition(unit, id, directive.branch);
                    let when = self.store.and(when, branch);
                    let written = if *computed && !when.is_false() {
                        let now = Moment(self.unit_ref(unit).clock);
                        self.computed_include(unit, *path, now)
                    } else {
                        Some((*path, *angled))
                    };
                    if !when.is_false()
                        && let Some((path, angled)) = written
                        && let Some(inner) = self.resolve_include(unit, file, path, angled)
                    {
                        self.visit(unit, &inner, when, depth + 1);
                    }
                }
                DirectiveKind::Define(MacroDefinition { name, .. })
                | DirectiveKind::Undef(name) => {
                    self.unit_mut(unit).note(*name, id, number);
                }
            }
            let this = self.unit_mut(unit);
            let now = this.clock;
            this.visits[id.0 as usize].after.push(now);
        }
    }

    /// The part of `when` under which a file with an include guard was not read before.
    fn not_yet_read(&mut self, unit: UnitId, file: &Arc<File>, when: Condition) -> Condition {
        if guard(file).is_none() {
            return when;
        }
        let this = &self.units[unit.0 as usize];
        let before: Vec<Condition> = this
            .visits_of(file.path())
            .iter()
            .map(|v| !this.visit(*v).when)
            .collect();
        if before.contains(&Condition::FALSE) {
            return Condition::FALSE;
        }
        self.store.and_all(before.into_iter().chain([when]))
    }

    fn resolve_include(
        &mut self,
        unit: UnitId,
        from: &File,
        path: Name,
        angled: bool,
    ) -> Option<Arc<File>> {
        if !angled {
            let here = from
                .path()
                .rsplit_once('/')
                .map_or("", |(dir, _)| dir)
                .to_owned();
            if let Some(file) = self.read_at(&here, &path) {
                return Some(file);
            }
        }
        let search = std::mem::take(&mut self.unit_mut(unit).search);
        let found = search.iter().find_map(|dir| self.read_at(dir, &path));
        self.unit_mut(unit).search = search;
        // An architecture without a header of its own gets the generic one (`generic-y`).
        found.or_else(|| {
            let rest = path.strip_prefix("asm/")?;
            self.read_at("include/asm-generic", rest)
                .or_else(|| self.read_at("include/uapi/asm-generic", rest))
        })
    }

    fn read_at(&mut self, dir: &str, path: &str) -> Option<Arc<File>> {
        let key = (Name::new(dir), Name::new(path));
        if let Some(known) = self.includes.get(&key) {
            return known.clone();
        }
        let whole = source::normalize(&format!("{dir}/{path}"));
        let found = whole.and_then(|whole| self.read_file(Name::new(&whole)));
        self.includes.insert(key, found.clone());
        found
    }

    /// A file of the tree; one that is there but cannot be read, or whose outer form is broken, is
    /// noted as a fault.
    pub(crate) fn read_file(&mut self, path: Name) -> Option<Arc<File>> {
        if let Some(made) = self.made.get(&path) {
            return Some(made.file.clone());
        }
        match self.tree.file(&path) {
            Ok(file) => {
                if let Some((message, at)) = file.fault() {
                    let line = file.position(at).line;
                    self.fault(path, line, message.to_owned());
                }
                Some(file)
            }
            Err(source::ReadError::Missing) => None,
            Err(error) => {
                self.fault(path, 0, error.to_string());
                None
            }
        }
    }

    fn fault(&mut self, path: Name, line: u32, message: String) {
        let file = path.to_string();
        let fault = Fault {
            file,
            line,
            message,
        };
        self.faults.entry(path).or_insert(fault);
    }

    /// When the text of `branch` in a visit is compiled, given that the file is read at all.
    pub(crate) fn branch_condition(
        &mut self,
        unit: UnitId,
        visit: VisitId,
        branch: BranchId,
    ) -> Condition {
        if branch == BranchId::TOP {
            return Condition::TRUE;
        }
        if let Some(known) = self.unit_ref(unit).branches.get(&(visit, branch)) {
            return *known;
        }
        let file = self.unit_ref(unit).visit(visit).file.clone();
        let this = file.directives().branch(branch).clone();
        let mut parts = vec![self.branch_condition(unit, visit, this.parent)];
        if !parts[0].is_false() && self.unit_ref(unit).visit(visit).guard != Some(branch) {
            for earlier in &this.earlier {
                let test = file.directives().branch(*earlier).test.clone();
                let at = file.directives().branch(*earlier).at;
                parts.push(!self.test_condition(unit, visit, &test, at));
            }
            parts.push(self.test_condition(unit, visit, &this.test, this.at));
        }
        let all = self.store.and_all(parts);
        self.unit_mut(unit).branches.insert((visit, branch), all);
        all
    }

    /// When the line of a visit at `offset` is compiled.
    pub(crate) fn line_condition(
        &mut self,
        unit: UnitId,
        visit: VisitId,
        offset: u32,
    ) -> Condition {
        let branch = self
            .unit_ref(unit)
            .visit(visit)
            .file
            .directives()
            .branch_at(offset);
        let branch = self.branch_condition(unit, visit, branch);
        let when = self.unit_ref(unit).visit(visit).when;
        self.store.and(when, branch)
    }

    fn test_condition(&mut self, unit: UnitId, visit: VisitId, test: &Test, at: u32) -> Condition {
        let moment = self.unit_ref(unit).moment(visit, at);
        match test {
            Test::Always => Condition::TRUE,
            Test::Defined(name, positive) => {
                let defined = self.defined(unit, *name, moment);
                if *positive { defined } else { !defined }
            }
            Test::Expression(expr) => self.preprocessor_truth(unit, expr, moment, 0),
        }
    }

    /// When the macro `name` is defined at a moment.
    pub(crate) fn defined(&mut self, unit: UnitId, name: Name, moment: Moment) -> Condition {
        if let Some(symbol) = self.config_macro(name) {
            return symbol;
        }
        if &*name == "MODULE" {
            return self.unit_ref(unit).is_module;
        }
        let states = self.macro_states(unit, name, moment);
        let mut defined = Vec::new();
        for (when, state) in states {
            match state {
                MacroState::Undefined => {}
                MacroState::Defined(..) => defined.push(when),
                MacroState::Predefined => {
                    let answer = self.predefined(name);
                    defined.push(self.store.and(when, answer));
                }
            }
        }
        self.store.or_all(defined)
    }

    /// Whether a unit meets a definition of the macro `name` at all.
    pub(crate) fn is_macro(&self, unit: UnitId, name: Name) -> bool {
        self.unit_ref(unit).last.contains_key(&name)
    }

    /// Every definition of the macro `name` that a unit meets.
    pub(crate) fn macros_called(
        &self,
        unit: UnitId,
        name: Name,
    ) -> Vec<(Arc<File>, MacroDefinition)> {
        let unit = self.unit_ref(unit);
        let definition = |event: Event| {
            let file = unit.visit(event.visit).file.clone();
            match &file.directives().list[event.directive as usize].kind {
                DirectiveKind::Define(definition) => {
                    let definition = definition.clone();
                    Some((file, definition))
                }
                _ => None,
            }
        };
        let mut all: Vec<_> = unit.events(name).filter_map(definition).collect();
        all.reverse();
        all
    }

    /// What `name` is as a macro at a moment: states that exclude each other, in all of one.
    pub(crate) fn macro_states(
        &mut self,
        unit: UnitId,
        name: Name,
        moment: Moment,
    ) -> Vec<(Condition, MacroState)> {
        let events: Vec<Event> = self.unit_ref(unit).events(name).collect();
        let mut rest = Condition::TRUE;
        let mut states = Vec::new();
        // The last event that happens decides.
        for event in events {
            if event.moment > moment.0 || rest.is_false() {
                continue;
            }
            let (visit, number) = (event.visit, event.directive as usize);
            let file = self.unit_ref(unit).visit(visit).file.clone();
            let directive = &file.directives().list[number];
            let branch = self.branch_condition(unit, visit, directive.branch);
            let happens = self
                .store
                .and(self.units[unit.0 as usize].visit(visit).when, branch);
            let when = self.store.and(rest, happens);
            if when.is_false() {
                continue;
            }
            rest = self.store.and(rest, !happens);
            let state = match directive.kind {
                DirectiveKind::Define(_) => MacroState::Defined(visit, number),
                _ => MacroState::Undefined,
            };
            states.push((when, state));
        }
        if !rest.is_false() {
            let known = self.platform.is_predefined(&name);
            states.push((
                rest,
                if known {
                    MacroState::Predefined
                } else {
                    MacroState::Undefined
                },
            ));
        }
        states
    }
}

/// The branch that an include guard opens: the file's first directive asks that a macro is not
/// defined, the second defines it. `#pragma once` guards as well.
fn guard(file: &File) -> Option<BranchId> {
    let directives = file.directives();
    let first = directives.branches.get(1)?;
    let guards = |name: Name| {
        directives.list.first().is_some_and(|d| {
            matches!(&d.kind, DirectiveKind::Define(m) if m.name == name) && d.branch == BranchId(1)
        })
    };
    let guarded = match &first.test {
        Test::Defined(name, false) => guards(*name),
        Test::Expression(expr) => not_defined(expr).is_some_and(guards),
        _ => false,
    };
    guarded.then_some(BranchId(1))
}

/// `X` of `!defined(X)`.
fn not_defined(expr: &csource::syntax::Expr) -> Option<Name> {
    use csource::syntax::{ExprKind, UnaryOp};
    let ExprKind::Unary(UnaryOp::Not, inner) = &expr.kind else {
        return None;
    };
    let ExprKind::Call(callee, args) = &inner.kind else {
        return None;
    };
    (callee.as_ident()? == "defined")
        .then(|| args.first()?.as_ident())
        .flatten()
}
