//! Which definition a name means at a place: a macro, a function of the file, an inline one of a
//! header that the unit reads, or one that another file of this architecture's kernel defines.

use std::sync::Arc;

use condition::Condition;
use csource::{DirectiveKind, File, FunctionId, Lexer, TokenKind};
use text::Name;

use crate::Analysis;
use crate::unit::{MacroState, Moment, UnitId, VisitId};

/// A function, told by its file and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FunctionKey {
    pub(crate) path: Name,
    pub(crate) id: FunctionId,
}

/// What a name means.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A macro that this directive of this visit defines.
    Macro(VisitId, usize),
    /// A function; an inline one is read in the visit of its header, another in its own unit.
    Function(FunctionKey, Option<VisitId>),
    /// Something that is not C, or not of this tree.
    Foreign,
}

/// Aliases that name each other further than this are not followed.
const LONGEST_ALIAS: u32 = 8;

impl Analysis<'_> {
    /// What `name` means at a moment of a unit: meanings with their Conditions. Where none of the
    /// Conditions holds, nothing defines the name, and what calls it would not link.
    pub(crate) fn targets(
        &mut self,
        unit: UnitId,
        name: Name,
        moment: Moment,
        expanding: &[Name],
    ) -> Vec<(Condition, Target)> {
        let mut targets = Vec::new();
        self.collect_targets(
            unit,
            name,
            moment,
            (Condition::TRUE, expanding, 0),
            &mut targets,
        );
        targets
    }

    fn collect_targets(
        &mut self,
        unit: UnitId,
        name: Name,
        moment: Moment,
        (under, expanding, depth): (Condition, &[Name], u32),
        targets: &mut Vec<(Condition, Target)>,
    ) {
        let states = if expanding.contains(&name) {
            vec![(Condition::TRUE, MacroState::Undefined)]
        } else {
            self.macro_states(unit, name, moment)
        };
        for (when, state) in states {
            let when = self.store.and(under, when);
            match state {
                _ if when.is_false() => {}
                MacroState::Predefined => targets.push((when, Target::Foreign)),
                MacroState::Undefined => self.function_targets(unit, name, when, targets),
                MacroState::Defined(visit, number) => match self.alias(unit, visit, number) {
                    Some(other) if other == name => {
                        self.function_targets(unit, name, when, targets);
                    }
                    Some(other) if depth < LONGEST_ALIAS => {
                        let expanding = [expanding, &[name]].concat();
                        self.collect_targets(
                            unit,
                            other,
                            moment,
                            (when, &expanding, depth + 1),
                            targets,
                        );
                    }
                    _ => targets.push((when, Target::Macro(visit, number))),
                },
            }
        }
    }

    /// The other name of `#define name other`.
    fn alias(&self, unit: UnitId, visit: VisitId, number: usize) -> Option<Name> {
        let (file, definition) = self.macro_of(unit, visit, number);
        if definition.params.is_some() {
            return None;
        }
        let body = file.spelled(definition.body);
        let mut tokens = Lexer::new(body);
        let (first, more) = (tokens.next()?, tokens.next());
        let word = std::str::from_utf8(first.span.of(body)).ok()?;
        (first.kind == TokenKind::Ident && more.is_none()).then(|| Name::new(word))
    }

    fn function_targets(
        &mut self,
        unit: UnitId,
        name: Name,
        under: Condition,
        targets: &mut Vec<(Condition, Target)>,
    ) {
        let candidates = self.functions_called(name);
        let mut rest = under;
        let root = self
            .unit_ref(unit)
            .visit(self.unit_ref(unit).root)
            .file
            .path();
        // Definitions that the unit itself reads come before those it is linked with.
        for (key, visit) in self.read_in(unit, name) {
            let file = self.unit_ref(unit).visit(visit).file.clone();
            // A weak one gives way to any other when all is linked.
            if file.function(key.id).linkage.is_weak {
                continue;
            }
            let head = file.function(key.id).name_span.start;
            let here = self.line_condition(unit, visit, head);
            let when = self.store.and(rest, here);
            if !when.is_false() {
                rest = self.store.and(rest, !here);
                targets.push((when, Target::Function(key, Some(visit))));
            }
        }
        let elsewhere = candidates.iter().any(|key| {
            let file = self.read_file(key.path);
            let is_static = |file: Arc<File>| file.function(key.id).linkage.is_static;
            !is_header(&key.path) && !file.is_some_and(is_static)
        });
        if !rest.is_false() && self.limits.generated && !elsewhere {
            for (key, visit) in self.generated_called(unit, name) {
                let here = self.unit_ref(unit).visit(visit).when;
                let when = self.store.and(rest, here);
                if !when.is_false() {
                    rest = self.store.and(rest, !here);
                    targets.push((when, Target::Function(key, Some(visit))));
                }
            }
        }
        if !rest.is_false() {
            self.external_targets(&candidates, root, name, rest, targets);
        }
    }

    /// The functions called `name` in what a unit reads, but for those that macros make.
    pub(crate) fn read_in(&mut self, unit: UnitId, name: Name) -> Vec<(FunctionKey, VisitId)> {
        let mut found = Vec::new();
        for key in self.functions_called(name).iter() {
            let visits = self.unit_ref(unit).visits_of(key.path);
            found.extend(visits.iter().map(|visit| (*key, *visit)));
        }
        // The index does not hold what a C file includes from outside of the kernel.
        for visit in self.unit_ref(unit).c_visits() {
            let path = self.unit_ref(unit).visit(*visit).file.path();
            if !kernel::is_indexed(&path) {
                found.extend(self.named_in(unit, *visit, name));
            }
        }
        found
    }

    /// The functions called `name` of one reading of a file.
    pub(crate) fn named_in(
        &self,
        unit: UnitId,
        visit: VisitId,
        name: Name,
    ) -> impl Iterator<Item = (FunctionKey, VisitId)> {
        let file = &self.unit_ref(unit).visit(visit).file;
        let path = file.path();
        let own = file.functions_named(name).iter().copied();
        let own = own.filter(|id| file.function(*id).has_own_name());
        own.map(move |id| (FunctionKey { path, id }, visit))
    }

    /// The functions called `name` that macros make in a unit.
    pub(crate) fn generated_called(
        &mut self,
        unit: UnitId,
        name: Name,
    ) -> Vec<(FunctionKey, VisitId)> {
        let generated = self.generated(unit);
        generated.get(&name).cloned().unwrap_or_default()
    }

    fn external_targets(
        &mut self,
        candidates: &[FunctionKey],
        root: Name,
        name: Name,
        rest: Condition,
        targets: &mut Vec<(Condition, Target)>,
    ) {
        let (mut strong, mut weak) = (Vec::new(), Vec::new());
        for key in candidates {
            let Some(file) = self.read_file(key.path) else {
                continue;
            };
            let function = file.function(key.id);
            let linkage = function.linkage;
            let of_header = is_header(&key.path);
            let hidden = linkage.is_static || (of_header && linkage.is_inline);
            if hidden || (key.path == root && !linkage.is_weak) {
                continue;
            }
            // A header that some C file includes for what it defines: that one is built wherever
            // somebody calls it.
            let when = if of_header {
                Condition::TRUE
            } else {
                self.provided(*key)
            };
            let list = if linkage.is_weak {
                &mut weak
            } else {
                &mut strong
            };
            list.push((*key, when));
        }
        let mut overridden = Condition::FALSE;
        for (key, when) in &strong {
            overridden = self.store.or(overridden, *when);
            let when = self.store.and(rest, *when);
            if !when.is_false() {
                targets.push((when, Target::Function(*key, None)));
            }
        }
        for (key, when) in &weak {
            let when = self.store.and_all([rest, *when, !overridden]);
            if !when.is_false() {
                targets.push((when, Target::Function(*key, None)));
            }
        }
        if self.is_foreign(name, candidates) {
            targets.push((rest, Target::Foreign));
        }
    }

    /// Whether an assembler file of this architecture mentions `name`.
    pub(crate) fn is_assembler(&self, name: Name) -> bool {
        let mut files = self.tree.words(&kernel::Silent).files(&name);
        files.any(|path| path.ends_with(".S") && self.is_of_arch(path))
    }

    /// Whether something that is not C may define `name`: an assembler file mentions it, or no C
    /// file of any architecture defines it.
    fn is_foreign(&mut self, name: Name, candidates: &[FunctionKey]) -> bool {
        let assembler = self.is_assembler(name);
        if assembler || !candidates.is_empty() {
            return assembler;
        }
        let index = self.tree.words(&kernel::Silent);
        let defines = |path: &str| {
            self.tree
                .file(path)
                .is_ok_and(|file| !file.functions_named(name).is_empty())
        };
        !index.defining(&name).any(defines)
    }

    /// An assembler file of this architecture's kernel that uses the function `name`.
    pub(crate) fn assembler(&mut self, name: Name) -> Option<String> {
        let index = self.tree.words(&kernel::Silent);
        let paths: Vec<Name> = index
            .files(&name)
            .filter(|path| path.ends_with(".S") && self.is_of_arch(path))
            .map(Name::new)
            .collect();
        paths.into_iter().find_map(|path| {
            let built = self.built(path);
            let text = self.tree.source().read(&path).ok()?;
            let uses = self.can_hold(&[built]) != Some(false) && assembler_uses(&text, &name);
            uses.then(|| format!("assembler in {path}"))
        })
    }

    /// When a call of one function by another can be linked: a module sees of the kernel only what is
    /// exported.
    pub(crate) fn links(&mut self, caller: FunctionKey, callee: FunctionKey) -> Condition {
        if is_header(&caller.path) || is_header(&callee.path) || caller.path == callee.path {
            return Condition::TRUE;
        }
        let of_callee = self.built_as(&callee.path);
        let of_caller = self.built_as(&caller.path);
        if of_caller.module.is_false() || !of_callee.module.is_false() {
            return Condition::TRUE;
        }
        let Some(file) = self.read_file(callee.path) else {
            return Condition::TRUE;
        };
        let name = file.function(callee.id).name;
        if self.is_exported(name) {
            return Condition::TRUE;
        }
        of_caller.yes
    }

    fn is_exported(&mut self, name: Name) -> bool {
        if let Some(known) = self.exported.get(&name) {
            return *known;
        }
        let exports = |file: &File| {
            file.mentions(name)
                .into_iter()
                .any(|mention| match mention {
                    csource::Mention::TopMacro(number) => {
                        file.items().macros[number].name.contains("EXPORT")
                    }
                    _ => false,
                })
        };
        let exported = self
            .files_with(name)
            .into_iter()
            .any(|path| self.read_file(path).is_some_and(|file| exports(&file)));
        self.exported.insert(name, exported);
        exported
    }

    /// When a file is compiled: by itself, or, a C file that others include, with one of those.
    pub(crate) fn built(&mut self, path: Name) -> Condition {
        if is_header(&path) {
            return Condition::TRUE;
        }
        // What a macro has made is built with the file that uses it.
        let path = self.made.get(&path).map_or(path, |made| made.origin.0);
        let built = self.built_as(&path);
        let mut when = built.any(&mut self.store);
        for includer in self.includers(path) {
            let other = self.built_as(&includer);
            let other = other.any(&mut self.store);
            when = self.store.or(when, other);
        }
        when
    }

    /// The C files that include the C file `path`, if it is not built by itself.
    pub(crate) fn includers(&mut self, path: Name) -> Vec<Name> {
        if let Some(known) = self.includers.get(&path) {
            return known.clone();
        }
        let name = path.rsplit('/').next().unwrap_or(&path);
        let index = self.tree.words(&kernel::Silent);
        let candidates: Vec<Name> = index
            .files(name)
            .filter(|other| **other != *path && self.is_of_arch(other))
            .map(Name::new)
            .collect();
        let mut found = Vec::new();
        for other in candidates {
            let Some(file) = self.read_file(other) else {
                continue;
            };
            let folder = other.rsplit_once('/').map_or("", |(folder, _)| folder);
            let includes = |kind: &DirectiveKind| match kind {
                DirectiveKind::Include { path: written, .. } => {
                    source::normalize(&format!("{folder}/{written}")).as_deref() == Some(&*path)
                }
                _ => false,
            };
            if file.directives().list.iter().any(|d| includes(&d.kind)) {
                found.push(other);
            }
        }
        self.includers.insert(path, found.clone());
        found
    }

    /// Where a file is read: in a unit of its own, or in that of a C file that includes it.
    pub(crate) fn place_of(&mut self, path: Name) -> Option<(UnitId, VisitId)> {
        if let Some(made) = self.made.get(&path) {
            return made.place;
        }
        for includer in self.includers(path) {
            if let Some(unit) = self.unit(includer)
                && let Some(visit) = self.unit_ref(unit).visits_of(path).first()
            {
                return Some((unit, *visit));
            }
        }
        let unit = self.unit(path)?;
        Some((unit, self.unit_ref(unit).root))
    }

    /// When a function of a C file is part of the kernel or of a module.
    pub(crate) fn provided(&mut self, key: FunctionKey) -> Condition {
        if let Some(known) = self.provided.get(&key) {
            return *known;
        }
        let mut when = self.built(key.path);
        if let Some(file) = self.read_file(key.path).filter(|_| !when.is_false()) {
            let function = file.function(key.id);
            let (branch, head) = (function.branch, function.name_span.start);
            if branch != csource::BranchId::TOP
                && let Some((unit, root)) = self.place_of(key.path)
            {
                let line = self.line_condition(unit, root, head);
                when = self.store.and(when, line);
            }
        }
        self.provided.insert(key, when);
        when
    }

    /// Every function called `name` in files that this architecture may build, by path.
    pub(crate) fn functions_called(&mut self, name: Name) -> Arc<[FunctionKey]> {
        if let Some(known) = self.functions.get(&name) {
            return known.clone();
        }
        let index = self.tree.words(&kernel::Silent);
        let of_arch = |path: &&str| !path.ends_with(".S") && self.is_of_arch(path);
        let paths: Vec<Name> = index
            .defining(&name)
            .filter(of_arch)
            .map(Name::new)
            .collect();
        let mut found = Vec::new();
        for path in paths {
            if let Some(file) = self.read_file(path) {
                let ids = file.functions_named(name).iter();
                let ids = ids.filter(|id| file.function(**id).has_own_name());
                found.extend(ids.map(|id| FunctionKey { path, id: *id }));
            }
        }
        let found: Arc<[FunctionKey]> = found.into();
        self.functions.insert(name, found.clone());
        found
    }

    /// The C files and headers that mention `name` and may be this architecture's.
    pub(crate) fn files_with(&self, name: Name) -> Vec<Name> {
        let files = self.tree.words(&kernel::Silent).files(&name);
        files
            .filter(|path| !path.ends_with(".S") && self.is_of_arch(path))
            .map(Name::new)
            .collect()
    }

    /// Whether a file belongs to all architectures or to this one.
    pub(crate) fn is_of_arch(&self, path: &str) -> bool {
        let Some(rest) = path.strip_prefix("arch/") else {
            return true;
        };
        let owner = rest.split('/').next().unwrap_or("");
        self.header_arches.iter().any(|arch| **arch == *owner)
    }
}

/// Directives and macros of assembler that name a symbol without going there.
const NOT_A_USE: &[&str] = &[
    "EXPORT_SYMBOL",
    "EXPORT_SYMBOL_GPL",
    "globl",
    "global",
    "type",
    "weak",
];

fn assembler_uses(text: &[u8], name: &str) -> bool {
    let words: Vec<&[u8]> = Lexer::new(text)
        .filter(|token| token.kind == TokenKind::Ident)
        .map(|token| token.span.of(text))
        .collect();
    words.iter().enumerate().any(|(at, word)| {
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        *word == name.as_bytes()
            && !before.is_some_and(|before| NOT_A_USE.iter().any(|not| not.as_bytes() == *before))
    })
}

/// A header, or what a macro of a header has made.
pub(crate) fn is_header(path: &str) -> bool {
    path.split('@')
        .next()
        .is_some_and(|path| path.ends_with(".h"))
}
