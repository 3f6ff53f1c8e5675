//! What a compiler sees when it reads one file: the headers it includes, in order, and which macros
//! are defined at each place.
//!
//! `#ifndef vmemmap_can_optimize` in a generic header asks about an architecture's header that was
//! included before it. So a [`Unit`] notes every definition in the order in which the compiler
//! meets it, each with the Condition under which it is met.

use std::ops::Range;
use std::sync::Arc;

use condition::Condition;
use csource::{BranchId, DirectiveKind, File, MacroDefinition, Test};
use rustc_hash::{FxHashMap, FxHashSet};
use text::Name;

use crate::include::SearchId;
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
    /// How many directives of the file were read so far.
    read: u32,
    /// The moment behind each include of the file, as far as it was read.
    after_includes: Vec<u32>,
    /// The branch that the include guard opens: taken, since a second reading does not happen.
    guard: Option<BranchId>,
}

impl Visit {
    /// The moment behind a directive that was read: each macro that is defined or removed takes one.
    fn after(&self, number: u32) -> u32 {
        let directives = self.file.directives();
        let includes = directives.includes.partition_point(|n| *n <= number);
        let last = includes.checked_sub(1);
        let last =
            last.and_then(|n| Some((directives.includes.get(n)?, self.after_includes.get(n)?)));
        let (from, moment) = last.map_or((0, self.begin), |(n, moment)| (*n, *moment));
        moment + directives.macros_in(from..number + 1)
    }
}

/// A file with all that it includes.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) visits: Vec<Visit>,
    pub(crate) root: VisitId,
    by_file: FxHashMap<Name, Vec<VisitId>>,
    /// The files that are read whatever is configured, and guard against being read again.
    done: FxHashSet<Name>,
    /// Readings of C files: of its own, and of those that it includes.
    of_c: Vec<VisitId>,
    is_read: bool,
    branches: FxHashMap<(VisitId, BranchId), Condition>,
    clock: u32,
    search: SearchId,
    is_module: Condition,
}

/// Which directives define or remove which macros, in the files that units have read so far: units share most of
/// their headers, so this is noted once for all of them.
#[derive(Debug, Default)]
pub(crate) struct Macros {
    /// By the macro: the file, and the number of the directive.
    directives: FxHashMap<Name, Vec<(Name, u32)>>,
    files: FxHashSet<Name>,
}

impl Macros {
    /// Notes the directives of a file, unless that was done before.
    pub(crate) fn note(&mut self, file: &File) {
        if !self.files.insert(file.path()) {
            return;
        }
        for (number, directive) in (0..).zip(&file.directives().list) {
            if let DirectiveKind::Define(MacroDefinition { name, .. })
            | DirectiveKind::Undef(name) = &directive.kind
            {
                let noted = self.directives.entry(*name).or_default();
                noted.push((file.path(), number));
            }
        }
    }
}

/// A definition or removal of a macro.
#[derive(Clone, Copy, Debug)]
struct Event {
    moment: u32,
    visit: VisitId,
    directive: u32,
}

impl Unit {
    /// Nothing of it is read yet.
    pub(crate) fn new(search: SearchId, is_module: Condition) -> Unit {
        Unit {
            visits: Vec::new(),
            root: VisitId(0),
            by_file: FxHashMap::default(),
            done: FxHashSet::default(),
            of_c: Vec::new(),
            is_read: false,
            branches: FxHashMap::default(),
            clock: 1,
            search,
            is_module,
        }
    }

    fn next_visit(&self) -> VisitId {
        VisitId(u32::try_from(self.visits.len()).unwrap_or(u32::MAX))
    }

    /// Its own file comes next.
    pub(crate) fn begin_root(&mut self) {
        self.root = self.next_visit();
    }

    /// All of it is read, also the file at `path`, which is its own: perhaps by what every file includes.
    pub(crate) fn end(&mut self, path: Name) {
        if self.root == self.next_visit() {
            self.root = self.visits_of(path).first().copied().unwrap_or(VisitId(0));
        }
        self.is_read = true;
    }

    /// Begins to read a file.
    pub(crate) fn begin_visit(
        &mut self,
        file: &Arc<File>,
        when: Condition,
        guard: Option<BranchId>,
    ) -> VisitId {
        let id = self.next_visit();
        self.visits.push(Visit {
            file: file.clone(),
            when,
            begin: self.clock,
            read: 0,
            after_includes: Vec::new(),
            guard,
        });
        self.by_file.entry(file.path()).or_default().push(id);
        if guard.is_some() && when.is_true() {
            self.done.insert(file.path());
        }
        if file.path().ends_with(".c") {
            self.of_c.push(id);
        }
        id
    }

    /// Reads the directives of a visit in a range of numbers, after which comes an include or nothing.
    pub(crate) fn read_until(&mut self, id: VisitId, range: Range<u32>) {
        let visit = &mut self.visits[id.0 as usize];
        visit.read = range.end;
        self.clock += visit.file.directives().macros_in(range);
    }

    /// What the next directive of a visit includes was read.
    pub(crate) fn end_include(&mut self, id: VisitId) {
        let visit = &mut self.visits[id.0 as usize];
        visit.after_includes.push(self.clock);
        visit.read += 1;
    }

    /// The moment up to which it was read.
    pub(crate) fn now(&self) -> Moment {
        Moment(self.clock)
    }

    /// Whether nothing more can be read of the file at `path`.
    pub(crate) fn is_done(&self, path: Name) -> bool {
        self.done.contains(&path)
    }

    /// Where it looks for headers.
    pub(crate) fn search(&self) -> SearchId {
        self.search
    }

    /// Definitions and removals of a macro, which these directives are, as far as they were read; the newest first.
    fn events(&self, directives: &[(Name, u32)]) -> Vec<Event> {
        let mut events = Vec::new();
        for (path, directive) in directives {
            for id in self.visits_of(*path) {
                let visit = self.visit(*id);
                if *directive < visit.read {
                    events.push(Event {
                        moment: visit.after(*directive),
                        visit: *id,
                        directive: *directive,
                    });
                }
            }
        }
        events.sort_unstable_by_key(|event| std::cmp::Reverse(event.moment));
        events
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
        let known = u32::try_from(before).unwrap_or(u32::MAX).min(visit.read);
        let last = known.checked_sub(1);
        Moment(last.map_or(visit.begin, |number| visit.after(number)))
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
        let id = this.next_visit();
        this.visits.push(Visit {
            file: file.clone(),
            when,
            begin: moment.0,
            read: 0,
            after_includes: Vec::new(),
            guard: None,
        });
        this.by_file.entry(file.path()).or_default().push(id);
        id
    }

    pub(crate) fn unit_ref(&self, unit: UnitId) -> &Unit {
        &self.units[unit.0 as usize]
    }

    pub(crate) fn unit_mut(&mut self, unit: UnitId) -> &mut Unit {
        &mut self.units[unit.0 as usize]
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
        !self.events(unit, name).is_empty()
    }

    /// Definitions and removals of a macro in a unit, the newest first.
    fn events(&self, unit: UnitId, name: Name) -> Vec<Event> {
        let directives = self.macros.directives.get(&name);
        directives.map_or_else(Vec::new, |noted| self.unit_ref(unit).events(noted))
    }

    /// Every definition of the macro `name` that a unit meets.
    pub(crate) fn macros_called(
        &self,
        unit: UnitId,
        name: Name,
    ) -> Vec<(Arc<File>, MacroDefinition)> {
        let definition = |event: Event| {
            let file = self.unit_ref(unit).visit(event.visit).file.clone();
            match &file.directives().list[event.directive as usize].kind {
                DirectiveKind::Define(definition) => {
                    let definition = definition.clone();
                    Some((file, definition))
                }
                _ => None,
            }
        };
        let events = self.events(unit, name).into_iter().rev();
        events.filter_map(definition).collect()
    }

    /// What `name` is as a macro at a moment: states that exclude each other, in all of one.
    pub(crate) fn macro_states(
        &mut self,
        unit: UnitId,
        name: Name,
        moment: Moment,
    ) -> Vec<(Condition, MacroState)> {
        let events = self.events(unit, name);
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
