//! Functions that macros make at the top of a file.
//!
//! ```c
//! PAGEFLAG(Dirty, dirty)			// PageDirty(), SetPageDirty(), ClearPageDirty(), ...
//! DEFINE_GUARD(mutex, struct mutex *, mutex_lock(_T), mutex_unlock(_T))
//! ```
//!
//! Each use is spelled out, and what is made is read as a file of its own, which the unit reads at that
//! moment. Macros inside of it are spelled out in turn.

use std::rc::Rc;
use std::sync::Arc;

use condition::Condition;
use csource::{File, FunctionId, Lexer, TokenKind, TopMacro};
use rustc_hash::FxHashMap;
use text::{Name, Span};

use crate::Analysis;
use crate::expand::Use;
use crate::frame::Frame;
use crate::link::FunctionKey;
use crate::unit::{MacroState, UnitId, VisitId};

/// The functions that macros make in one unit, by name.
pub(crate) type Generated = FxHashMap<Name, Vec<(FunctionKey, VisitId)>>;

/// Macros that make macros deeper than this are not followed.
const DEEPEST: u32 = 12;

/// A text that a macro has made, and the place of that macro in the tree.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) file: Arc<File>,
    /// The file of the tree, and the place in it.
    pub(crate) origin: (Name, u32),
    /// A unit that reads it, and where.
    pub(crate) place: Option<(UnitId, VisitId)>,
}

impl Analysis<'_> {
    /// The functions that macros make in `unit`; found when they are first asked for.
    pub(crate) fn generated(&mut self, unit: UnitId) -> Rc<Generated> {
        if let Some(known) = self.generated.get(&unit) {
            return known.clone();
        }
        // A unit that is still being read has not met them all.
        if !self.unit_ref(unit).is_read() {
            return Rc::default();
        }
        // While they are looked for, none is known.
        self.generated.insert(unit, Rc::default());
        let mut search = Search {
            generating: FxHashMap::default(),
            found: Generated::default(),
        };
        for visit in self.unit_ref(unit).all_visits() {
            let file = self.unit_ref(unit).visit(visit).file.clone();
            for used in &file.items().macros {
                if !self.generates(unit, used.name, &mut search, 0) {
                    continue;
                }
                let when = self.line_condition(unit, visit, used.name_span.start);
                if !when.is_false() {
                    let origin = (file.path(), used.name_span.start);
                    let frame = self.top_frame(unit, visit, &file, used.name_span.start);
                    self.make(&frame, used, (when, origin), &mut search);
                }
            }
        }
        let found = Rc::new(search.found);
        self.generated.insert(unit, found.clone());
        found
    }

    /// Whether a macro's replacement may hold a function's body, itself or through others.
    fn generates(&mut self, unit: UnitId, name: Name, search: &mut Search, depth: u32) -> bool {
        if let Some(known) = search.generating.get(&name) {
            return *known;
        }
        search.generating.insert(name, false);
        let mut answer = false;
        for (file, definition) in self.macros_called(unit, name) {
            let body = definition.body.of(file.text());
            answer |= memchr::memchr(b'{', body).is_some() && memchr::memchr(b')', body).is_some();
            if answer || depth > DEEPEST {
                break;
            }
            let words = Lexer::new(body).filter(|token| token.kind == TokenKind::Ident);
            for word in words.filter_map(|token| std::str::from_utf8(token.span.of(body)).ok()) {
                answer = answer || self.generates(unit, Name::new(word), search, depth + 1);
            }
        }
        search.generating.insert(name, answer);
        answer
    }

    /// Spells out one use, and takes in what it makes.
    fn make(
        &mut self,
        frame: &Frame,
        used: &TopMacro,
        (under, origin): (Condition, (Name, u32)),
        search: &mut Search,
    ) {
        if frame.depth > DEEPEST || frame.is_expanding(used.name, used.name_span) {
            return;
        }
        let Some(moment) = frame.moment else { return };
        for (when, state) in self.macro_states(frame.unit, used.name, moment) {
            let when = self.store.and(under, when);
            let MacroState::Defined(visit, number) = state else {
                continue;
            };
            if when.is_false() {
                continue;
            }
            let whole = Use {
                span: Span {
                    start: used.name_span.start,
                    end: used.args.end + 1,
                },
                args: &[],
                behind: None,
            };
            let Some(inner) = self.text_of(frame, whole, (visit, number)) else {
                continue;
            };
            let file = self.keep(inner.file.clone(), origin);
            let functions = &file.items().functions;
            if !functions.is_empty() {
                let visit = self.add_visit(frame.unit, &file, when, moment);
                if let Some(made) = self.made.get_mut(&file.path()) {
                    made.place.get_or_insert((frame.unit, visit));
                }
                for (id, function) in (0..).map(FunctionId).zip(functions) {
                    let key = FunctionKey {
                        path: file.path(),
                        id,
                    };
                    let known = search.found.entry(function.name).or_default();
                    known.push((key, visit));
                }
            }
            let inner = Frame {
                file: file.clone(),
                ..inner
            };
            for used in &file.items().macros {
                if self.generates(frame.unit, used.name, search, 0) {
                    self.make(&inner, used, (when, origin), search);
                }
            }
        }
    }

    /// The text as a file of the analysis: one that was made before is the same file.
    fn keep(&mut self, file: Arc<File>, origin: (Name, u32)) -> Arc<File> {
        for number in 0.. {
            let path = Name::new(&format!("{}@{}.{number}", origin.0, origin.1));
            match self.made.get(&path) {
                Some(known) if known.file.text() == file.text() => return known.file.clone(),
                Some(_) => {}
                None => {
                    let file = Arc::new(File::new(&path, file.text().into()));
                    let made = Made {
                        file: file.clone(),
                        origin,
                        place: None,
                    };
                    self.made.insert(path, made);
                    return file;
                }
            }
        }
        file
    }

    fn top_frame(&mut self, unit: UnitId, visit: VisitId, file: &Arc<File>, offset: u32) -> Frame {
        let moment = self.unit_ref(unit).moment(visit, offset);
        Frame {
            moment: Some(moment),
            ..Frame::new(unit, visit, file.clone())
        }
    }
}

struct Search {
    /// Whether a macro may make functions.
    generating: FxHashMap<Name, bool>,
    found: Generated,
}
