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
use csource::{File, FunctionId, Lexer, Maker, TokenKind, TopMacro};
use rustc_hash::FxHashMap;
use text::{Name, Span};

use crate::Analysis;
use crate::expand::Use;
use crate::frame::Frame;
use crate::link::FunctionKey;
use crate::unit::{MacroState, Moment, UnitId, VisitId};

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
                if let Some(top) = self.top(unit, (visit, &file, used.name_span.start)) {
                    self.make(&top, (used.name, used_at_top(used)), None, &mut search);
                }
            }
            for (id, function) in (0..).map(FunctionId).zip(&file.items().functions) {
                let Some(maker) = function.maker else {
                    continue;
                };
                let key = FunctionKey {
                    path: file.path(),
                    id,
                };
                if let Some(top) = self.top(unit, (visit, &file, maker.used.start)) {
                    let used = head_of(&file, maker);
                    self.make(&top, used, Some((key, visit)), &mut search);
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
            let body = file.spelled(definition.body);
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

    /// Spells out one use, and takes in what it makes. Where it makes the head of a function whose body
    /// `follows`, that function is known by the name in the head.
    fn make(
        &mut self,
        top: &Top,
        (name, used): (Name, Use<'_>),
        follows: Option<(FunctionKey, VisitId)>,
        search: &mut Search,
    ) {
        let frame = &top.frame;
        if frame.depth > DEEPEST || frame.is_expanding(name, used.span) {
            return;
        }
        let Some(moment) = frame.moment else { return };
        for (when, state) in self.macro_states(frame.unit, name, moment) {
            let when = self.store.and(top.when, when);
            let MacroState::Defined(visit, number) = state else {
                continue;
            };
            if when.is_false() {
                continue;
            }
            let used = self.whole_use(frame, used, (visit, number));
            let Some(inner) = self.text_of(frame, used, (visit, number)) else {
                continue;
            };
            let text = inner.file.text();
            let text = match follows {
                Some(_) => [text, BODY].concat(),
                None => text.to_vec(),
            };
            let file = self.keep(&text, top.origin);
            let made = Top {
                frame: Frame {
                    file: file.clone(),
                    ..inner
                },
                when,
                origin: top.origin,
            };
            self.take_in(&made, (moment, follows), search);
            for used in &file.items().macros {
                if self.generates(frame.unit, used.name, search, 0) {
                    self.make(&made, (used.name, used_at_top(used)), None, search);
                }
            }
        }
    }

    /// Takes in the functions of a text that a macro has made.
    fn take_in(
        &mut self,
        made: &Top,
        (moment, follows): (Moment, Option<(FunctionKey, VisitId)>),
        search: &mut Search,
    ) {
        let (file, unit) = (made.frame.file.clone(), made.frame.unit);
        let end = file.length() - usize::from(follows.is_some());
        let mut own = None;
        for (id, function) in (0..).map(FunctionId).zip(&file.items().functions) {
            let is_head = follows.is_some() && function.body.end as usize > end;
            if let (Some(body), true) = (follows, is_head) {
                let maker = function.maker;
                let maker = maker.filter(|m| m.is_sure || self.is_macro(unit, function.name));
                if let Some(maker) = maker {
                    self.make(made, head_of(&file, maker), follows, search);
                } else {
                    self.renamed.insert(body.0, function.name);
                    search.found.entry(function.name).or_default().push(body);
                }
                continue;
            }
            let visit = *own.get_or_insert_with(|| self.add_visit(unit, &file, made.when, moment));
            let key = FunctionKey {
                path: file.path(),
                id,
            };
            if let Some(maker) = function.maker.filter(|maker| maker.is_sure) {
                self.make(made, head_of(&file, maker), Some((key, visit)), search);
                continue;
            }
            search
                .found
                .entry(function.name)
                .or_default()
                .push((key, visit));
        }
        if let (Some(visit), Some(known)) = (own, self.made.get_mut(&file.path())) {
            known.place.get_or_insert((unit, visit));
        }
    }

    /// What a macro that is used at the top of a file makes of its arguments, in the first of its
    /// definitions that can hold.
    pub(crate) fn top_text(
        &mut self,
        unit: UnitId,
        visit: VisitId,
        used: &TopMacro,
    ) -> Option<Vec<u8>> {
        let file = self.unit_ref(unit).visit(visit).file.clone();
        let top = self.top(unit, (visit, &file, used.name_span.start))?;
        let moment = top.frame.moment?;
        let states = self.macro_states(unit, used.name, moment);
        let at = states.into_iter().find_map(|(_, state)| match state {
            MacroState::Defined(visit, number) => Some((visit, number)),
            _ => None,
        })?;
        let inner = self.text_of(&top.frame, used_at_top(used), at)?;
        Some(inner.file.text().to_vec())
    }

    /// The use with all that the macro takes: one that stands for another macro's name leaves the
    /// arguments to that.
    fn whole_use<'u>(
        &self,
        frame: &Frame,
        used: Use<'u>,
        (visit, number): (VisitId, usize),
    ) -> Use<'u> {
        if used.behind.is_some() || self.macro_of(frame.unit, visit, number).1.params.is_some() {
            return used;
        }
        let word = Lexer::new(frame.file.spelled(used.span)).next();
        let name = Span {
            start: used.span.start,
            end: used.span.start + word.map_or(0, |word| word.span.end),
        };
        Use {
            span: name,
            args: &[],
            behind: Some(Span {
                start: name.end,
                end: used.span.end,
            }),
        }
    }

    /// The text as a file of the analysis: one that was made before is the same file.
    fn keep(&mut self, text: &[u8], origin: (Name, u32)) -> Arc<File> {
        let mut number = 0_u32;
        loop {
            let path = Name::new(&format!("{}@{}.{number}", origin.0, origin.1));
            match self.made.get(&path) {
                Some(known) if known.file.text() == text => return known.file.clone(),
                Some(_) => number += 1,
                None => {
                    let file = Arc::new(File::new(&path, text.into()));
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
    }

    /// The surroundings of a macro that is used at `offset` of a file, if that is compiled.
    fn top(
        &mut self,
        unit: UnitId,
        (visit, file, offset): (VisitId, &Arc<File>, u32),
    ) -> Option<Top> {
        let when = self.line_condition(unit, visit, offset);
        (!when.is_false()).then(|| Top {
            frame: Frame {
                moment: Some(self.unit_ref(unit).moment(visit, offset)),
                ..Frame::new(unit, visit, file.clone())
            },
            when,
            origin: (file.path(), offset),
        })
    }
}

/// The surroundings of what stands at the top of a file, or of a text that was made there.
struct Top {
    frame: Frame,
    when: Condition,
    /// The place in the tree.
    origin: (Name, u32),
}

fn used_at_top(used: &TopMacro) -> Use<'static> {
    Use {
        span: used.whole(),
        args: &[],
        behind: None,
    }
}

/// The macro that makes a function's head, and its use.
fn head_of(file: &File, maker: Maker) -> (Name, Use<'static>) {
    let text = file.spelled(maker.used);
    let word = Lexer::new(text).next();
    let word = word.and_then(|word| std::str::from_utf8(word.span.of(text)).ok());
    let used = Use {
        span: maker.used,
        args: &[],
        behind: maker.behind,
    };
    (Name::new(word.unwrap_or_default()), used)
}

/// Put behind a head so that it is read as one.
const BODY: &[u8] = b" {}";

struct Search {
    /// Whether a macro may make functions.
    generating: FxHashMap<Name, bool>,
    found: Generated,
}
