//! What a macro says where it is used.
//!
//! ```c
//! #define alloc_hooks(call) ({ begin(); typeof(call) got = call; end(); got; })
//! ```
//!
//! A replacement is read once, and a parameter in it stands for the argument, which is looked at
//! where it was written: so a value that is used twice is one value, and a name in an argument is
//! the caller's. Where `##` makes new names, or where the replacement is no C by itself, the text is
//! made with the arguments put in and read again.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;
use std::sync::Arc;

use condition::Condition;
use csource::syntax::{Expr, ExprKind};
use csource::{DirectiveKind, File, Lexer, MacroDefinition, Substituted, TokenKind};
use text::{Name, Span};

use crate::Analysis;
use crate::frame::Frame;
use crate::terms::TermId;
use crate::unit::{MacroState, Moment, UnitId, VisitId};

/// Longer arguments are not tried to be reduced.
const LONGEST_REDUCED: usize = 512;

/// Macros in macros and arguments in arguments are not replaced further in.
pub(crate) const DEEPEST_TEXT: usize = 64;

/// A text that macros make is cut off here.
const LONGEST_TEXT: usize = 1 << 16;

/// What a parameter of a macro stands for; its parts belong to the frame in which the macro is used.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) name: Name,
    /// The argument; several, or none, for a variadic parameter.
    pub(crate) args: Rc<[Expr]>,
    value: OnceCell<TermId>,
    /// When the calls in it were told already.
    pub(crate) scanned: Cell<Condition>,
}

/// The use of a macro.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Use<'u> {
    /// The use, with its arguments; in the text of the frame's file.
    pub(crate) span: Span,
    /// The arguments as the grammar read them.
    pub(crate) args: &'u [Expr],
    /// Text behind the use that belongs to what it makes: `(&lock)` of `guard(mutex)(&lock)`.
    pub(crate) behind: Option<Span>,
}

/// The inside of a macro at one use.
#[derive(Clone, Debug)]
pub(crate) struct Expansion {
    pub(crate) frame: Frame,
    /// The value, where the replacement is an expression.
    pub(crate) value: Option<Arc<Expr>>,
}

impl Analysis<'_> {
    /// The value of a macro that a directive of a visit defines, used in `frame`, where `under`
    /// holds. What has to be spelled out first is not computed.
    pub(crate) fn macro_value(
        &mut self,
        frame: &Frame,
        used: Use<'_>,
        at: (VisitId, usize),
        under: Condition,
    ) -> Option<TermId> {
        let (file, definition) = self.macro_of(frame.unit, at.0, at.1);
        let body = file.macro_body(&definition);
        if body.value.is_none() && !body.is_textual {
            return None;
        }
        let inner = self.expansion(frame, used, at, under)?;
        Some(self.eval(&inner.frame, &*inner.value?))
    }

    /// The inside of the macro that a directive of a visit defines, used in `frame` where `under` holds. `None`
    /// where a macro that wants arguments is used without.
    pub(crate) fn expansion(
        &mut self,
        frame: &Frame,
        used: Use<'_>,
        (visit, number): (VisitId, usize),
        under: Condition,
    ) -> Option<Expansion> {
        let (file, definition) = self.macro_of(frame.unit, visit, number);
        let whole = frame.file.spelled(used.span);
        let written = match &definition.params {
            Some(_) => csource::arguments(whole)?,
            None => Vec::new(),
        };
        let body = file.macro_body(&definition);
        let spread = written.iter().any(|span| is_spread(frame, used, *span));
        if body.is_textual || used.behind.is_some() || spread {
            let mut inner = self.spelled_out(frame, used, (&file, &definition), &written);
            inner.frame.under = under;
            return Some(inner);
        }
        let args = exprs(used, whole, written);
        let params = definition.params.as_deref().unwrap_or_default();
        let bound = params.iter().enumerate().map(|(at, param)| {
            let args = match param.strip_suffix("...") {
                Some(_) => args.get(at..).unwrap_or_default(),
                None => args.get(at..=at).unwrap_or_default(),
            };
            Bound {
                name: bound_name(*param),
                args: args
                    .iter()
                    .filter(|arg| !is_nothing(arg))
                    .cloned()
                    .collect(),
                value: OnceCell::new(),
                scanned: Cell::new(Condition::FALSE),
            }
        });
        let bound = bound.collect();
        let inner = self.macro_frame(frame, (definition.name, used.span), file.clone(), []);
        Some(Expansion {
            frame: Frame {
                body: body.facts.clone(),
                bound,
                under,
                ..inner
            },
            value: body.value.clone(),
        })
    }

    /// The surroundings in which what a macro makes at the top of a file is read.
    pub(crate) fn text_of(
        &mut self,
        frame: &Frame,
        used: Use<'_>,
        (visit, number): (VisitId, usize),
    ) -> Option<Frame> {
        let (file, definition) = self.macro_of(frame.unit, visit, number);
        let written = match &definition.params {
            Some(_) => csource::arguments(frame.file.spelled(used.span))?,
            None => Vec::new(),
        };
        Some(self.text_frame(frame, used, (&file, &definition), &written))
    }

    /// The macro's text with the arguments in it, read as a file of its own.
    fn spelled_out(
        &mut self,
        frame: &Frame,
        used: Use<'_>,
        definition: (&File, &MacroDefinition),
        written: &[Span],
    ) -> Expansion {
        let inner = self.text_frame(frame, used, definition, written);
        let read = inner.file.replacement();
        Expansion {
            frame: Frame {
                body: read.facts,
                ..inner
            },
            value: read.value,
        }
    }

    /// The surroundings of a text that stands for what is written at a place of the frame's text; with
    /// where parts of it stand that are `given` there.
    pub(crate) fn read_text(
        &mut self,
        frame: &Frame,
        (name, used): (Name, Span),
        text: Vec<u8>,
        given: Vec<(Span, u32)>,
    ) -> Frame {
        let path = format!("{}:{name}", frame.file.path());
        let file = Arc::new(File::new(&path, text.into()));
        let body = file.replacement().facts;
        Frame {
            body,
            ..self.macro_frame(frame, (name, used), file, given)
        }
    }

    fn text_frame(
        &mut self,
        frame: &Frame,
        used: Use<'_>,
        (file, definition): (&File, &MacroDefinition),
        written: &[Span],
    ) -> Frame {
        let (text, given) = self.spelled(frame, used, (file, definition), written);
        let name = format!("{}:{}", file.path(), definition.name);
        let file = Arc::new(File::new(&name, text.into()));
        self.macro_frame(frame, (definition.name, used.span), file, given)
    }

    /// A macro's text with the arguments put in; where they stand, and where each begins in the frame's
    /// text.
    fn spelled(
        &mut self,
        frame: &Frame,
        used: Use<'_>,
        (file, definition): (&File, &MacroDefinition),
        written: &[Span],
    ) -> (Vec<u8>, Vec<(Span, u32)>) {
        let params = definition.params.as_deref().unwrap_or_default();
        let body = file.spelled(definition.body);
        let raw = csource::pasted(body, params);
        let mut given: Vec<Vec<u8>> = Vec::new();
        let mut starts = Vec::new();
        for span in written {
            let as_written = raw.get(given.len()).copied().unwrap_or(false);
            let whole = span.moved(used.span.start);
            let text = self.resolved(frame, whole, !as_written);
            if is_spread(frame, used, *span) {
                // What a variadic parameter holds is several arguments here.
                let list = [b"_(", text.as_slice(), b")"].concat();
                let spans = csource::arguments(&list).unwrap_or_default();
                given.extend(spans.into_iter().map(|span| span.of(&list).to_vec()));
            } else if as_written {
                given.push(text);
            } else {
                given.push(self.reduced(frame, whole, text));
            }
            starts.resize(given.len(), whole.start);
        }
        let args = joined_tail(params, given);
        let Substituted { mut text, given } = csource::substitute(body, params, &args);
        let begin = |(span, arg): (Span, usize)| Some((span, *starts.get(arg)?));
        let mut given: Vec<_> = given.into_iter().filter_map(begin).collect();
        self.put_behind(frame, used, &mut text, &mut given);
        (text, given)
    }

    /// Puts the text behind a use to what the use makes; it is `given` as an argument is.
    pub(crate) fn put_behind(
        &mut self,
        frame: &Frame,
        used: Use<'_>,
        text: &mut Vec<u8>,
        given: &mut Vec<(Span, u32)>,
    ) {
        if let Some(behind) = used.behind {
            let start = text.len();
            text.extend(self.resolved(frame, behind, false));
            given.push((Span::new(start, text.len()), behind.start));
        }
    }

    /// The words of `span` in a frame, with what parameters of macros stand for in their place. As an
    /// argument is expanded before it is put in, a word that came as an argument of the macro around
    /// (`passed`), and is itself a macro for one other word, is that word.
    pub(crate) fn resolved(&mut self, frame: &Frame, span: Span, passed: bool) -> Vec<u8> {
        let file = frame.file.clone();
        let text = file.spelled(span);
        let mut out = Vec::with_capacity(text.len());
        let mut last = 0;
        for token in Lexer::inside(text).filter(|token| token.kind == TokenKind::Ident) {
            if out.len() > LONGEST_TEXT {
                break;
            }
            let Ok(word) = std::str::from_utf8(token.span.of(text)) else {
                continue;
            };
            let word = Name::new(word);
            let put = match (frame.bound(word), &frame.user) {
                (Some(bound), Some(user)) => {
                    let (user, args) = (user.clone(), bound.args.clone());
                    let parts: Vec<Vec<u8>> = args
                        .iter()
                        .map(|arg| self.resolved(&user, arg.span, true))
                        .collect();
                    Some(parts.join(&b", "[..]))
                }
                (None, _) if passed && !frame.is_expanding(word, span) => {
                    let moment = self.moment(frame, span.start);
                    self.one_word(frame, word, moment)
                }
                _ => None,
            };
            if let Some(put) = put {
                out.extend_from_slice(&text[last..token.span.start as usize]);
                out.extend(put);
                last = token.span.end as usize;
            }
        }
        out.extend_from_slice(&text[last..]);
        out
    }

    /// An argument, replaced by what it comes to where that is one word: `COUNT_ARGS(a, b)` is 2.
    fn reduced(&mut self, frame: &Frame, place: Span, text: Vec<u8>) -> Vec<u8> {
        let mut tokens = Lexer::inside(&text);
        let is_use = tokens
            .next()
            .is_some_and(|token| token.kind == TokenKind::Ident)
            && tokens.next().is_some_and(|token| token.is(b'('));
        if !is_use || text.len() > LONGEST_REDUCED {
            return text;
        }
        let around = frame.expanding_at(place);
        let moment = self.moment(frame, place.start);
        let flat = self.flattened(frame.unit, moment, &text, (&around, 0));
        if Lexer::inside(&flat).count() == 1 {
            flat
        } else {
            text
        }
    }

    /// The word that an object-like macro stands for, if it is only one and always the same.
    fn one_word(&mut self, frame: &Frame, word: Name, moment: Moment) -> Option<Vec<u8>> {
        let states = self.macro_states(frame.unit, word, moment);
        let [(_, MacroState::Defined(visit, number))] = states[..] else {
            return None;
        };
        let (file, definition) = self.macro_of(frame.unit, visit, number);
        let body = file.spelled(definition.body);
        let single = definition.params.is_none() && Lexer::new(body).count() == 1;
        single.then(|| body.to_vec())
    }

    /// The path of `#include NAME(…)`, and whether it is looked for as `<…>` is.
    pub(crate) fn computed_include(
        &mut self,
        unit: UnitId,
        written: Name,
        moment: Moment,
    ) -> Option<(Name, bool)> {
        let mut text = self.flattened(unit, moment, written.as_bytes(), (&[], 0));
        // A path has no blanks, other than those between its tokens.
        text.retain(|byte| !byte.is_ascii_whitespace());
        let (inner, angled) = match &text[..] {
            [b'<', inner @ .., b'>'] => (inner, true),
            [b'"', inner @ .., b'"'] => (inner, false),
            _ => return None,
        };
        std::str::from_utf8(inner)
            .ok()
            .map(|path| (Name::new(path), angled))
    }

    /// `text` with all macros replaced that mean the same whatever the configuration.
    pub(crate) fn flattened(
        &mut self,
        unit: UnitId,
        moment: Moment,
        text: &[u8],
        (expanding, depth): (&[Name], usize),
    ) -> Vec<u8> {
        if expanding.len() > DEEPEST_TEXT || depth > DEEPEST_TEXT {
            return text.to_vec();
        }
        let mut out = Vec::with_capacity(text.len());
        let tokens: Vec<_> = Lexer::inside(text).collect();
        let mut done = 0;
        for token in tokens {
            let start = token.span.start as usize;
            if start < done || out.len() > LONGEST_TEXT {
                continue;
            }
            out.push(b' ');
            let mut end = token.span.end as usize;
            let word = token.span.of(text);
            let replaced = std::str::from_utf8(word).ok().and_then(|word| {
                let name = Name::new(word);
                let plain = token.kind != TokenKind::Ident || expanding.contains(&name);
                let (file, definition) = self.only_definition(unit, name, moment, plain)?;
                let expanding = [expanding, &[name]].concat();
                let body = file.spelled(definition.body);
                let Some(params) = &definition.params else {
                    return Some(self.flattened(unit, moment, body, (&expanding, depth + 1)));
                };
                let spans = csource::arguments(&text[start..])?;
                end = start + use_end(&text[start..]);
                let raw = csource::pasted(body, params);
                let around = &expanding[..expanding.len() - 1];
                let args = spans.into_iter().enumerate().map(|(number, span)| {
                    let arg = span.of(&text[start..]);
                    // What `, ##args` takes may be a macro that makes several arguments.
                    let named = params.get(number).filter(|param| !param.ends_with("..."));
                    if named.is_some() && raw[number] {
                        return arg.to_vec();
                    }
                    let flat = self.flattened(unit, moment, arg, (around, depth + 1));
                    flat.trim_ascii().to_vec()
                });
                let args = args.collect::<Vec<_>>();
                let args = joined_tail(params, args);
                let made = csource::substitute(body, params, &args).text;
                Some(self.flattened(unit, moment, &made, (&expanding, depth + 1)))
            });
            match replaced {
                Some(text) => out.extend(text),
                None => out.extend_from_slice(word),
            }
            done = end;
        }
        out
    }

    /// The definition of a macro that holds at a moment, if no other can.
    fn only_definition(
        &mut self,
        unit: UnitId,
        name: Name,
        moment: Moment,
        plain: bool,
    ) -> Option<(Arc<File>, MacroDefinition)> {
        if plain || !self.is_macro(unit, name) {
            return None;
        }
        match self.macro_states(unit, name, moment)[..] {
            [(when, MacroState::Defined(visit, number))] if when.is_true() => {
                Some(self.macro_of(unit, visit, number))
            }
            _ => None,
        }
    }

    /// The value that a macro's parameter stands for; one of several is none.
    pub(crate) fn bound_value(&mut self, frame: &Frame, bound: &Bound) -> Option<TermId> {
        if let Some(known) = bound.value.get() {
            return Some(*known);
        }
        let ([only], Some(user)) = (&*bound.args, frame.user.clone()) else {
            return None;
        };
        let value = self.eval(&user, only);
        Some(*bound.value.get_or_init(|| value))
    }

    /// The surroundings of what the macro `name` makes in `file`, used at `span` of the frame's text.
    fn macro_frame(
        &mut self,
        frame: &Frame,
        (name, span): (Name, Span),
        file: Arc<File>,
        given: impl Into<Rc<[(Span, u32)]>>,
    ) -> Frame {
        Frame {
            moment: Some(self.moment(frame, span.start)),
            ..frame.inside((name, span), file, given.into())
        }
    }

    /// The macro's directive and the file that holds it.
    pub(crate) fn macro_of(
        &self,
        unit: UnitId,
        visit: VisitId,
        number: usize,
    ) -> (Arc<File>, MacroDefinition) {
        let file = self.unit_ref(unit).visit(visit).file.clone();
        let definition = match &file.directives().list[number].kind {
            DirectiveKind::Define(definition) => definition.clone(),
            _ => MacroDefinition {
                name: Name::new(""),
                params: None,
                body: Span::default(),
            },
        };
        (file, definition)
    }
}

/// The arguments, those of a variadic parameter put together.
pub(crate) fn joined_tail(params: &[Name], mut args: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let fixed = params.len().saturating_sub(1);
    if params.last().is_some_and(|last| last.ends_with("...")) && args.len() > fixed {
        let tail = args.split_off(fixed).join(&b", "[..]);
        args.push(tail);
    }
    args
}

/// The end of `NAME(…)` at the start of `text`.
pub(crate) fn use_end(text: &[u8]) -> usize {
    let mut depth = 0_u32;
    let close = Lexer::inside(text).find(|token| {
        match token.kind {
            TokenKind::Punct(b'(') => depth += 1,
            TokenKind::Punct(b')') => depth = depth.saturating_sub(1),
            _ => return false,
        }
        depth == 0
    });
    close.map_or(text.len(), |token| token.span.end as usize)
}

/// The name by which a replacement speaks of a parameter.
fn bound_name(param: Name) -> Name {
    match param.strip_suffix("...") {
        Some("") => Name::new("__VA_ARGS__"),
        Some(named) => Name::new(named),
        None => param,
    }
}

/// The arguments as expressions: as the grammar has them, or, where it did not see as many as there
/// are in the text `whole`, each read by itself.
fn exprs(used: Use<'_>, whole: &[u8], written: Vec<Span>) -> Vec<Expr> {
    if used.args.len() == written.len() {
        return used.args.to_vec();
    }
    let read = |span: Span| {
        let place = span.moved(used.span.start);
        csource::expression(span.of(whole), place.start).unwrap_or(Expr {
            kind: ExprKind::Opaque(Vec::new()),
            span: place,
        })
    };
    written.into_iter().map(read).collect()
}

/// Whether an argument is a variadic parameter that holds several arguments, or none.
fn is_spread(frame: &Frame, used: Use<'_>, span: Span) -> bool {
    let word = span.moved(used.span.start);
    let word = std::str::from_utf8(frame.file.spelled(word)).unwrap_or_default();
    let bound = frame.bound.iter().find(|bound| *bound.name == *word);
    bound.is_some_and(|bound| bound.args.len() != 1)
}

fn is_nothing(arg: &Expr) -> bool {
    arg.span.start == arg.span.end
}
