//! `_Generic`: which of several expressions a type selects.
//!
//! ```c
//! #define interface_to_usbdev(intf)				\
//! 	_Generic((intf),						\
//! 		 const struct usb_interface *: __intf_to_usbdev_const,	\
//! 		 struct usb_interface *: __intf_to_usbdev)(intf)
//! ```
//!
//! Where the type is not known, any of them may be meant.

use csource::syntax::Expr;
use csource::{Lexer, SELECTION, TYPEOF};
use text::{Name, Span};

use crate::Analysis;
use crate::expand::Use;
use crate::frame::Frame;
use crate::types::Type;

/// One of the expressions: for which type, and its text.
struct Association {
    /// `None` for `default`.
    of: Option<Type>,
    text: Vec<u8>,
    /// Where the expression begins in the frame's text; `None` where a macro made it.
    start: Option<u32>,
}

impl Analysis<'_> {
    /// The surroundings of each expression that a `_Generic` in `frame` may select.
    pub(crate) fn selected(&mut self, frame: &Frame, used: Use<'_>) -> Vec<Frame> {
        let whole = frame.file.spelled(used.span);
        let spans = csource::arguments(whole).unwrap_or_default();
        let mut all = Vec::new();
        for span in spans.iter().skip(1) {
            all.extend(self.association(frame, span.moved(used.span.start)));
        }
        let of = used
            .args
            .first()
            .and_then(|control| self.type_of(frame, control));
        let mut frames = Vec::new();
        for association in chosen(all, of.as_ref()) {
            let mut text = association.text;
            let given = association
                .start
                .map(|start| (Span::new(0, text.len()), start));
            let mut given: Vec<_> = given.into_iter().collect();
            self.put_behind(frame, used, &mut text, &mut given);
            frames.push(self.read_text(frame, (Name::new(SELECTION), used.span), text, given));
        }
        frames
    }

    /// Whether the two types of `__builtin_types_compatible_p(typeof(*x), struct a)` are one, where both are
    /// known.
    pub(crate) fn compatible(&mut self, frame: &Frame, whole: &Expr) -> Option<bool> {
        let text = frame.file.spelled(whole.span);
        let spans = csource::arguments(text)?;
        let [a, b] = spans[..] else { return None };
        let a = self.written_type(frame, a.moved(whole.span.start))?;
        let b = self.written_type(frame, b.moved(whole.span.start))?;
        // Another name may stand for anything.
        let structures = a.tag().is_some() && b.tag().is_some();
        structures.then(|| a.fits(&b))
    }

    /// A type as it is written at a place: `struct a *`, `typeof(*x)`.
    fn written_type(&mut self, frame: &Frame, span: Span) -> Option<Type> {
        let text = frame.file.spelled(span);
        let word = Lexer::inside(text).next()?.span.of(text);
        if !TYPEOF.iter().any(|spelling| spelling.as_bytes() == word) {
            return Some(Type::new(std::str::from_utf8(text).ok()?, false));
        }
        let inner = *csource::arguments(text)?.first()?;
        let place = inner.moved(span.start);
        let of = csource::expression(inner.of(text), place.start)?;
        self.type_of(frame, &of)
    }

    /// `struct a *: f`, or what a macro makes of it.
    fn association(&mut self, frame: &Frame, span: Span) -> Option<Association> {
        let text = frame.file.spelled(span);
        if let Some((before, behind)) = at_colon(text) {
            let of = self.resolved(frame, before.moved(span.start), false);
            let behind = behind.moved(span.start);
            return Some(Association {
                of: associated(&of),
                text: self.resolved(frame, behind, false),
                start: Some(behind.start),
            });
        }
        let text = self.resolved(frame, span, false);
        let moment = self.moment(frame, span.start);
        let around = frame.expanding_at(span);
        let text = self.flattened(frame.unit, moment, &text, (&around, 0));
        let (before, behind) = at_colon(&text)?;
        Some(Association {
            of: associated(before.of(&text)),
            text: behind.of(&text).to_vec(),
            start: None,
        })
    }
}

/// What stands before the colon, and what behind.
fn at_colon(text: &[u8]) -> Option<(Span, Span)> {
    let colon = csource::association(text)?;
    let before = Span::new(0, colon.start as usize);
    Some((before, Span::new(colon.end as usize, text.len())))
}

/// The type of an association; `None` for `default`.
fn associated(text: &[u8]) -> Option<Type> {
    let text = String::from_utf8_lossy(text);
    (text.trim() != "default").then(|| Type::new(&text, false))
}

/// Those that a value of the type `of` may select. A name that is not among them may stand for one of
/// them, but a structure is none other.
fn chosen(mut all: Vec<Association>, of: Option<&Type>) -> Vec<Association> {
    let Some(of) = of else { return all };
    let is_it = |association: &Association| association.of.as_ref().is_some_and(|a| a.fits(of));
    let is_default = |association: &Association| association.of.is_none();
    if all.iter().any(is_it) {
        all.retain(is_it);
    } else if (of.tag().is_some() || of.is_basic()) && all.iter().any(is_default) {
        all.retain(is_default);
    }
    // `const` is not told from what is not.
    let mut seen = Vec::new();
    all.retain(|association| {
        let new = !seen.contains(&association.text);
        seen.push(association.text.clone());
        new
    });
    all
}
