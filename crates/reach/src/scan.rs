//! The calls in a function, those that its macros make among them.
//!
//! ```c
//! pr_debug("%d", count(list));	// count() is called where debugging is compiled in
//! ```
//!
//! What stands in the arguments of a macro is looked at where the macro uses its parameter, and under
//! the Condition of that place.

use std::rc::Rc;
use std::sync::Arc;

use condition::Condition;
use csource::Call;
use csource::syntax::{Expr, ExprKind};
use text::{Name, Span};

use crate::Analysis;
use crate::expand::Use;
use crate::frame::Frame;
use crate::link::Target;

/// What macros make in one function is not looked at any more where it is more than this: a macro that uses
/// its argument twice, in itself, doubles at every level.
const MOST_EXPANSIONS: u32 = 50_000;

/// What is called.
#[derive(Clone, Debug)]
pub(crate) enum Called {
    /// What a name means there.
    Name(Name, Target),
    /// A field of an object, or a variable: which function that is, the call does not tell.
    Pointer,
}

/// A call that a scan came to.
#[derive(Clone, Debug)]
pub(crate) struct Met<'m> {
    pub(crate) called: Called,
    pub(crate) call: &'m Call,
    /// Where the call's arguments are understood.
    pub(crate) frame: &'m Frame,
    pub(crate) when: Condition,
    /// The place in the function's own text: the call, or the macro that makes it.
    pub(crate) span: Span,
}

/// What a scan is for.
pub(crate) struct Scanner<'v, 't> {
    /// Only these names are looked at, calls and macros; all where none are given.
    pub(crate) wanted: Option<Rc<[Name]>>,
    pub(crate) met: &'v mut dyn FnMut(&mut Analysis<'t>, &Met<'_>),
}

/// A part of a text in which calls are looked at by somebody else, but for a Condition.
#[derive(Clone, Copy)]
struct Taken {
    upto: u32,
    unless: Condition,
}

impl<'t> Analysis<'t> {
    /// Tells `scanner` of every call of the frame's body that can happen under `under`; `within` is the
    /// part of the text that is meant, all of it where that is not given.
    pub(crate) fn scan(
        &mut self,
        frame: &Frame,
        within: Option<Span>,
        under: Condition,
        scanner: &mut Scanner<'_, 't>,
    ) {
        // A function's own text, rather than what a macro in it makes.
        if frame.user.is_none() && within.is_none() {
            self.expansions = 0;
        }
        self.expansions += 1;
        if self.expansions > MOST_EXPANSIONS {
            return;
        }
        let body = frame.body.clone();
        let inside = |span: Span| within.is_none_or(|w| w.start <= span.start && span.end <= w.end);
        let calls = body.calls.iter().filter(|call| inside(call.span));
        let mut events: Vec<(Span, Event<'_>)> =
            calls.map(|call| (call.span, Event::Call(call))).collect();
        let values = body.values.iter().filter(|(_, span, _)| inside(*span));
        events.extend(values.map(|value| (value.1, Event::Value(value))));
        // The outer before the inner, and of two that begin together the longer.
        events.sort_by_key(|(span, _)| (span.start, std::cmp::Reverse(span.end)));
        let mut taken: Vec<Taken> = Vec::new();
        for (span, event) in events {
            while taken.last().is_some_and(|t| t.upto <= span.start) {
                taken.pop();
            }
            let unless = self.store.and_all(taken.iter().map(|t| t.unless));
            let under = self.store.and(under, unless);
            if under.is_false() {
                continue;
            }
            match event {
                Event::Call(call) => {
                    let used = self.scan_call(frame, call, under, scanner);
                    if !used.is_false() {
                        taken.push(Taken {
                            upto: span.end,
                            unless: !used,
                        });
                    }
                }
                Event::Value((name, span, flow)) => {
                    let here = self.flow(frame, *flow);
                    let here = self.store.and(under, here);
                    self.scan_value(frame, (*name, *span), here, scanner);
                }
            }
        }
    }

    /// Looks at a call; the Condition under which it is the use of a macro.
    fn scan_call(
        &mut self,
        frame: &Frame,
        call: &Call,
        under: Condition,
        scanner: &mut Scanner<'_, 't>,
    ) -> Condition {
        let (used, behind) = outermost_use(call);
        let Some(name) = self.called_name(frame, &used.callee) else {
            let here = self.condition_of(frame, call, under);
            let (place, callee) = passed_callee(frame, &call.callee);
            let through = Call {
                callee: Arc::new(callee),
                ..call.clone()
            };
            if is_pointer(&place, &through.callee) {
                self.tell(&place, (&through, Called::Pointer), here, scanner);
            }
            // An argument that says what is called may call something to find out.
            if let Some(name) = used.callee.as_ident() {
                self.scan_value(frame, (name, used.callee.span), here, scanner);
            }
            return Condition::FALSE;
        };
        if !wants(scanner, name) {
            return Condition::FALSE;
        }
        let here = self.condition_of(frame, call, under);
        if here.is_false() {
            return Condition::FALSE;
        }
        if name == csource::SELECTION {
            let used = use_of(&used, behind, None);
            for inner in self.selected(frame, used) {
                if inner.depth <= self.limits.macro_depth {
                    self.scan(&inner, None, here, scanner);
                }
            }
            return here;
        }
        let moment = self.moment(frame, call.span.start);
        let mut as_macro = Condition::FALSE;
        let expanding = frame.expanding_at(used.span);
        for (when, target) in self.targets(frame.unit, name, moment, &expanding) {
            let when = self.store.and(here, when);
            match target {
                _ if when.is_false() => {}
                Target::Macro(..) if frame.depth >= self.limits.macro_depth => {}
                Target::Macro(visit, number) => {
                    let plain = self.macro_of(frame.unit, visit, number).1.params.is_none();
                    let used = use_of(&used, behind, plain.then_some(call.span.end));
                    if let Some(inner) = self.expansion(frame, used, (visit, number), when) {
                        as_macro = self.store.or(as_macro, when);
                        self.scan(&inner.frame, None, when, scanner);
                    }
                }
                target if behind.is_none() => {
                    self.tell(frame, (call, Called::Name(name, target)), when, scanner);
                }
                // What a function gives back is called: which function that is, nothing tells.
                _ => {}
            }
        }
        // Where the use itself cannot be, nobody else looks at its arguments either.
        as_macro
    }

    /// Looks at a name that is used as a value: a macro's parameter, or a macro without arguments.
    fn scan_value(
        &mut self,
        frame: &Frame,
        (name, span): (Name, Span),
        under: Condition,
        scanner: &mut Scanner<'_, 't>,
    ) {
        if under.is_false() {
            return;
        }
        if let Some(bound) = frame.bound(name) {
            // What was looked at under a wider Condition need not be again: a macro that uses its
            // argument twice, in itself, would be looked at without end.
            let seen = bound.scanned.get();
            let both = self.store.and(under, !seen);
            if let Some(user) = frame.user.clone().filter(|_| !both.is_false()) {
                let now = self.store.or(seen, under);
                bound.scanned.set(now);
                for arg in bound.args.iter() {
                    self.scan(&user, Some(arg.span), both, scanner);
                }
            }
            return;
        }
        if !wants(scanner, name)
            || frame.is_expanding(name, span)
            || frame.depth >= self.limits.macro_depth
            || name.starts_with("CONFIG_")
        {
            return;
        }
        let moment = self.moment(frame, span.start);
        if !self.is_macro(frame.unit, name) {
            return;
        }
        for (when, state) in self.macro_states(frame.unit, name, moment) {
            let when = self.store.and(under, when);
            if let crate::unit::MacroState::Defined(visit, number) = state
                && !when.is_false()
                && self.macro_of(frame.unit, visit, number).1.params.is_none()
            {
                let used = Use {
                    span,
                    args: &[],
                    behind: None,
                };
                if let Some(inner) = self.expansion(frame, used, (visit, number), when) {
                    self.scan(&inner.frame, None, when, scanner);
                }
            }
        }
    }

    /// When a call of a frame's body happens under `under`.
    pub(crate) fn condition_of(
        &mut self,
        frame: &Frame,
        call: &Call,
        under: Condition,
    ) -> Condition {
        let line = if frame.user.is_some() {
            Condition::TRUE
        } else {
            self.branch_condition(frame.unit, frame.visit, call.branch)
        };
        let line = self.store.and(under, line);
        if line.is_false() {
            return line;
        }
        let flow = self.flow(frame, call.flow);
        self.store.and(line, flow)
    }

    /// The name that is called: a macro may be told what to call. `None` for a pointer.
    fn called_name(&self, frame: &Frame, callee: &Expr) -> Option<Name> {
        let name = callee.as_ident()?;
        if let Some(bound) = frame.bound(name) {
            let ([only], Some(user)) = (&*bound.args, &frame.user) else {
                return None;
            };
            return self.called_name(user, only);
        }
        let mut around = Some(frame);
        while let Some(frame) = around {
            if frame.is_local(name) {
                // `struct rq *this_rq = this_rq();`: macros are expanded before names mean anything.
                let mut macros = self.macros_called(frame.unit, name).into_iter();
                return macros
                    .any(|(_, definition)| definition.params.is_some())
                    .then_some(name);
            }
            around = frame.user.as_deref();
        }
        Some(name)
    }

    fn tell(
        &mut self,
        frame: &Frame,
        (call, called): (&Call, Called),
        when: Condition,
        scanner: &mut Scanner<'_, 't>,
    ) {
        if when.is_false() {
            return;
        }
        let span = frame.in_function(call.span);
        let met = Met {
            called,
            call,
            frame,
            when,
            span,
        };
        (scanner.met)(self, &met);
    }
}

/// What a callee stands for where it is the parameter of a macro, and the frame that understands it.
fn passed_callee(frame: &Frame, callee: &Expr) -> (Frame, Expr) {
    let bound = callee.as_ident().and_then(|name| frame.bound(name));
    match (bound.map(|bound| &*bound.args), &frame.user) {
        (Some([only]), Some(user)) => passed_callee(user, only),
        _ => (frame.clone(), callee.clone()),
    }
}

/// The use that a call is. One of a macro without parameters (`plain`, with the end of the call) leaves the
/// arguments to what the macro stands for.
fn use_of(call: &Call, behind: Option<Span>, plain: Option<u32>) -> Use<'_> {
    match plain {
        None => Use {
            span: call.span,
            args: &call.args,
            behind,
        },
        Some(end) => Use {
            span: call.callee.span,
            args: &[],
            behind: Some(Span {
                start: call.callee.span.end,
                end,
            }),
        },
    }
}

/// Whether a callee is a value that points to a function, rather than the type of a cast.
fn is_pointer(frame: &Frame, callee: &Expr) -> bool {
    match &callee.kind {
        ExprKind::Ident(name) => frame.is_local(*name),
        kind => matches!(
            kind,
            ExprKind::Field(..)
                | ExprKind::Index(..)
                | ExprKind::Unary(..)
                | ExprKind::Conditional(..)
                | ExprKind::Cast(..)
        ),
    }
}

enum Event<'b> {
    Call(&'b Call),
    Value(&'b (Name, Span, csource::FlowId)),
}

fn wants(scanner: &Scanner<'_, '_>, name: Name) -> bool {
    scanner
        .wanted
        .as_ref()
        .is_none_or(|wanted| wanted.contains(&name))
}

/// `guard(mutex)` of `guard(mutex)(&lock)`, and the text behind it.
fn outermost_use(call: &Call) -> (std::borrow::Cow<'_, Call>, Option<Span>) {
    use std::borrow::Cow;
    if let ExprKind::Call(callee, args) = &call.callee.kind
        && callee.as_ident().is_some()
    {
        let inner = Call {
            callee: callee.clone(),
            args: args.clone(),
            span: call.callee.span,
            flow: call.flow,
            branch: call.branch,
        };
        let behind = Span {
            start: call.callee.span.end,
            end: call.span.end,
        };
        return (Cow::Owned(inner), Some(behind));
    }
    (Cow::Borrowed(call), None)
}
