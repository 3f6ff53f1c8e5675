//! Follows the includes of a file, as a compiler does, and so reads a [`Unit`].

use std::rc::Rc;
use std::sync::Arc;

use condition::Condition;
use csource::{DirectiveKind, File};
use rustc_hash::FxHashMap;
use text::Name;

use crate::Analysis;
use crate::unit::{Unit, UnitId};

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

/// The directories in which some units look for headers, by their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct SearchId(u32);

/// Where headers are, as far as they were looked for.
#[derive(Debug, Default)]
pub(crate) struct Headers {
    searches: Vec<Rc<[Name]>>,
    /// By the directory, and the path below it.
    below: FxHashMap<(Name, Name), Option<Arc<File>>>,
    /// Whether a directory is there.
    directories: FxHashMap<Name, bool>,
    /// By where they are looked for, and the path that is written.
    found: FxHashMap<(SearchId, Name), Option<Arc<File>>>,
}

impl Headers {
    /// The number of a list of directories.
    fn search(&mut self, directories: Vec<Name>) -> SearchId {
        let known = self
            .searches
            .iter()
            .position(|known| **known == *directories);
        let number = known.unwrap_or_else(|| {
            self.searches.push(directories.into());
            self.searches.len() - 1
        });
        SearchId(u32::try_from(number).unwrap_or(u32::MAX))
    }
}

impl Analysis<'_> {
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
        self.units.push(Unit::new(search, built.module));
        for forced in FORCED {
            if let Some(file) = self.read_file(Name::new(forced)) {
                self.macros.note(&file);
                self.visit(id, &file, Condition::TRUE, 0);
            }
        }
        self.macros.note(&root);
        self.unit_mut(id).begin_root();
        self.visit(id, &root, Condition::TRUE, 0);
        self.unit_mut(id).end(path);
        Some(id)
    }

    /// Where `<…>` is looked for, in order; first what the file's makefiles add.
    fn search_path(&mut self, path: &str) -> SearchId {
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
        let search = search.iter().map(Name::from);
        let search = search.filter(|dir| seen.insert(*dir)).collect();
        self.headers.search(search)
    }

    fn visit(&mut self, unit: UnitId, file: &Arc<File>, when: Condition, depth: u32) {
        let guard = file.directives().guard;
        let when = if guard.is_some() {
            self.not_yet_read(unit, file, when)
        } else {
            when
        };
        if when.is_false() || depth > DEEPEST || self.unit_ref(unit).visits.len() >= MOST_VISITS {
            return;
        }
        let id = self.unit_mut(unit).begin_visit(file, when, guard);
        let mut next = 0;
        for number in &file.directives().includes {
            let directive = &file.directives().list[*number as usize];
            let DirectiveKind::Include {
                path,
                angled,
                computed,
            } = &directive.kind
            else {
                continue;
            };
            self.unit_mut(unit).read_until(id, next..*number);
            next = *number;
            if !computed && self.is_done(unit, file, *path, *angled) {
                self.unit_mut(unit).end_include(id);
                continue;
            }
            let branch = self.branch_condition(unit, id, directive.branch);
            let when = self.store.and(when, branch);
            let written = if *computed && !when.is_false() {
                let now = self.unit_ref(unit).now();
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
            self.unit_mut(unit).end_include(id);
        }
        let end = u32::try_from(file.directives().list.len()).unwrap_or(u32::MAX);
        self.unit_mut(unit).read_until(id, next..end);
    }

    /// Whether it is known already which file this includes, and that a unit has no more to read of it.
    fn is_done(&self, unit: UnitId, from: &File, path: Name, angled: bool) -> bool {
        let unit = self.unit_ref(unit);
        let mut known = None;
        if !angled {
            let Some(beside) = self.headers.below.get(&(from.directory(), path)) else {
                return false;
            };
            known = beside.as_ref();
        }
        let found = || self.headers.found.get(&(unit.search(), path))?.as_ref();
        let known = known.or_else(found);
        known.is_some_and(|file| unit.is_done(file.path()))
    }

    /// The part of `when` under which a file with an include guard was not read before.
    fn not_yet_read(&mut self, unit: UnitId, file: &Arc<File>, when: Condition) -> Condition {
        let this = &self.units[unit.0 as usize];
        let visits = this.visits_of(file.path()).iter();
        let before: Vec<Condition> = visits.map(|v| !this.visit(*v).when).collect();
        match before.as_slice() {
            [] => when,
            before if before.contains(&Condition::FALSE) => Condition::FALSE,
            _ => self.store.and_all(before.into_iter().chain([when])),
        }
    }

    fn resolve_include(
        &mut self,
        unit: UnitId,
        from: &File,
        path: Name,
        angled: bool,
    ) -> Option<Arc<File>> {
        if !angled && let Some(file) = self.read_at(from.directory(), path) {
            return Some(file);
        }
        let search = self.unit_ref(unit).search();
        if let Some(known) = self.headers.found.get(&(search, path)) {
            return known.clone();
        }
        let directories = self.headers.searches[search.0 as usize].clone();
        let found = directories.iter().find_map(|dir| self.read_at(*dir, path));
        // An architecture without a header of its own gets the generic one (`generic-y`).
        let found = found.or_else(|| {
            let rest = Name::new(path.strip_prefix("asm/")?);
            self.read_at(Name::new("include/asm-generic"), rest)
                .or_else(|| self.read_at(Name::new("include/uapi/asm-generic"), rest))
        });
        self.headers.found.insert((search, path), found.clone());
        found
    }

    /// Whether the directory of a file is there. Few are where most headers are looked for first.
    fn is_directory_of(&mut self, path: &str) -> bool {
        let Some((directory, _)) = path.rsplit_once('/') else {
            return true;
        };
        let directory = Name::new(directory);
        let source = self.tree.source();
        let known = self.headers.directories.entry(directory);
        *known.or_insert_with(|| source.is_dir(&directory))
    }

    fn read_at(&mut self, dir: Name, path: Name) -> Option<Arc<File>> {
        if let Some(known) = self.headers.below.get(&(dir, path)) {
            return known.clone();
        }
        let whole = source::normalize(&format!("{dir}/{path}"));
        let whole = whole.filter(|whole| self.is_directory_of(whole));
        let found = whole.and_then(|whole| self.read_file(Name::new(&whole)));
        if let Some(file) = &found {
            self.macros.note(file);
        }
        self.headers.below.insert((dir, path), found.clone());
        found
    }
}
