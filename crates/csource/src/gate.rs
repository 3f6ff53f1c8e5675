//! The condition that decides, next to a place in a function, whether control gets there: where one would ask for more.
//!
//! To ask for more there sends control the other way although the condition holds. So it is a gate only where both ways do
//! the same kind of thing with nothing besides, and where the other way is one that is known to be right then: a call of
//! a function, or a variable, that the caller names.

use std::collections::BTreeSet;

use text::{Name, Span};

use crate::directives::Directives;
use crate::syntax::{BinaryOp, Expr, ExprKind, Stmt, StmtKind, UnaryOp};
use crate::{mask, parse};

/// The condition of an `if` or a `?:` next to a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Its bytes, without the parentheses that belong to the `if`.
    pub condition: Span,
    /// Whether control gets to the place where it holds; else where it does not.
    pub opens: bool,
    /// What holds it together.
    pub binding: Binding,
    /// The statements or the expression that both ways belong to.
    whole: Span,
}

/// What holds a condition together, as far as it matters to who puts a `&& a` or a `|| a` behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// `a && b`
    And,
    /// `a || b`
    Or,
    /// What binds more loosely, or may: `a ? b : c`, `a = b`, a macro.
    Loose,
    /// All else.
    Tight,
}

impl Binding {
    fn of(condition: &Expr) -> Binding {
        match &condition.kind {
            ExprKind::Binary(BinaryOp::And, _, last) if !may_be_macro(last) => Binding::And,
            ExprKind::Binary(BinaryOp::Or, _, last) if !may_be_macro(last) => Binding::Or,
            ExprKind::Binary(BinaryOp::And | BinaryOp::Or, ..)
            | ExprKind::Conditional(..)
            | ExprKind::Assign(..)
            | ExprKind::Comma(..) => Binding::Loose,
            _ if may_be_macro(condition) => Binding::Loose,
            _ => Binding::Tight,
        }
    }
}

/// Whether something is written as macros are whose replacement may lack parentheses.
fn may_be_macro(expression: &Expr) -> bool {
    let name = match &expression.kind {
        ExprKind::Call(callee, _) => callee.as_ident(),
        _ => expression.as_ident(),
    };
    name.is_some_and(|name| !name.bytes().any(|byte| byte.is_ascii_lowercase()))
}

/// The gate of `place` in the function body at `body`, where the other way is one of `instead`.
///
/// ```c
/// if (a) x = PLACE; else x = INSTEAD(b);
/// if (a) return PLACE; return INSTEAD(b);
/// if (a) return INSTEAD(b); return PLACE;
/// a ? PLACE : INSTEAD
/// ```
///
/// What the preprocessor has a part in is none.
pub(crate) fn gate(
    (text, directives): (&[u8], &Directives),
    body: Span,
    place: Span,
    instead: &[&str],
) -> Option<Gate> {
    for variant in 0..mask::variants(directives, body) {
        let (masked, _) = mask::masked(text, directives, body, variant);
        let in_body = |span: Span| {
            let start = span.start.checked_sub(body.start)? as usize;
            masked.get(start..start + span.of(text).len())
        };
        if in_body(place) != Some(place.of(text)) {
            continue;
        }
        let mut search = Search {
            place,
            instead,
            gate: None,
        };
        search.statement(&parse::body(&masked, body.start));
        let gate = search.gate?;
        let is_as_written = in_body(gate.whole) == Some(gate.whole.of(text));
        return is_as_written.then_some(gate);
    }
    None
}

struct Search<'s> {
    place: Span,
    instead: &'s [&'s str],
    /// The innermost so far; none where one farther inside is no gate.
    gate: Option<Gate>,
}

impl Search<'_> {
    fn is_in(&self, span: Span) -> bool {
        span.start <= self.place.start && self.place.end <= span.end
    }

    /// The gate of which `here` is the way to the place, and `other` the other way.
    fn of(&self, condition: &Expr, (here, other): (Way<'_>, Way<'_>), opens: bool) -> Option<Gate> {
        let is_place = here.value.span == self.place;
        let is_same = here.kind == other.kind;
        let bears = is_pure(condition) && self.bears(other.value, condition);
        (is_place && is_same && bears).then(|| Gate {
            condition: condition.span,
            opens,
            binding: Binding::of(condition),
            whole: condition.span,
        })
    }

    /// Whether a value is one that may be taken although the condition says otherwise.
    fn bears(&self, value: &Expr, condition: &Expr) -> bool {
        let is_named =
            |name: Option<Name>| name.is_some_and(|name| self.instead.contains(&name.as_str()));
        let mut asked = BTreeSet::new();
        names(condition, &mut asked);
        match &value.kind {
            ExprKind::Call(callee, args) => {
                let mut args = args.iter();
                is_named(callee.as_ident())
                    && args.all(|arg| is_pure(arg) && !looks_through(arg, &asked))
            }
            ExprKind::Ident(name) => is_named(Some(*name)) && !asked.contains(name),
            _ => false,
        }
    }

    fn statement(&mut self, statement: &Stmt) {
        if !self.is_in(statement.span) {
            return;
        }
        match &statement.kind {
            StmtKind::If(condition, then, otherwise) => {
                if self.is_in(then.span) {
                    let other = otherwise.as_ref().and_then(|other| way(other));
                    let ways = way(then).zip(other);
                    let gate = ways.and_then(|ways| self.of(condition, ways, true));
                    self.gate = gate.map(|gate| gate.with(statement.span));
                } else if otherwise.as_ref().is_some_and(|o| self.is_in(o.span)) {
                    self.gate = None;
                }
                self.expression(condition);
                self.statement(then);
                if let Some(otherwise) = otherwise {
                    self.statement(otherwise);
                }
            }
            StmtKind::Block(parts) => self.block(parts),
            StmtKind::Loop(_, first, test, step, body) => {
                if let Some(first) = first {
                    self.statement(first);
                }
                for part in [test, step].into_iter().flatten() {
                    self.expression(part);
                }
                self.statement(body);
            }
            StmtKind::Switch(value, body) => {
                self.expression(value);
                self.statement(body);
            }
            StmtKind::Declare(made) => {
                for value in made.iter().filter_map(|made| made.init.as_ref()) {
                    self.expression(value);
                }
            }
            StmtKind::Expr(value) | StmtKind::Return(Some(value)) => self.expression(value),
            StmtKind::Case(parts) | StmtKind::Opaque(parts) => {
                for part in parts {
                    self.expression(part);
                }
            }
            StmtKind::Return(None)
            | StmtKind::Break
            | StmtKind::Continue
            | StmtKind::Goto(_)
            | StmtKind::Label(_) => {}
        }
    }

    /// Statements that follow each other: two of them may be `if (a) return b; return c;`.
    fn block(&mut self, parts: &[Stmt]) {
        for part in parts {
            self.statement(part);
        }
        for pair in parts.windows(2) {
            let [first, second] = pair else { continue };
            let StmtKind::If(condition, then, None) = &first.kind else {
                continue;
            };
            let whole = Span {
                start: first.span.start,
                end: second.span.end,
            };
            let (Some(then), Some(behind)) = (way(then), way(second)) else {
                continue;
            };
            let opens = self.is_in(first.span);
            if then.kind != Kind::Return || !self.is_in(whole) || self.is_in(condition.span) {
                continue;
            }
            let ways = if opens {
                (then, behind)
            } else {
                (behind, then)
            };
            if let Some(gate) = self.of(condition, ways, opens) {
                self.gate = Some(gate.with(whole));
            }
        }
    }

    fn expression(&mut self, expression: &Expr) {
        if !self.is_in(expression.span) {
            return;
        }
        if let ExprKind::Conditional(condition, Some(then), otherwise) = &expression.kind
            && !self.is_in(condition.span)
        {
            let kind = Kind::Value;
            let way = |value| Way { kind, value };
            let gate = self.of(condition, (way(then), way(otherwise)), true);
            self.gate = gate.map(|gate| gate.with(expression.span));
        }
        if let ExprKind::Statements(inside) = &expression.kind {
            self.gate = None;
            self.statement(inside);
        }
        for child in expression.children() {
            self.expression(child);
        }
    }
}

impl Gate {
    fn with(self, whole: Span) -> Gate {
        Gate { whole, ..self }
    }
}

/// What an arm does with its one value.
#[derive(Clone, Copy)]
struct Way<'e> {
    kind: Kind,
    value: &'e Expr,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It is worked out, and nothing is done with it.
    Value,
    /// It is returned.
    Return,
    /// It is stored to a variable.
    Store(Name),
}

/// The one thing that an arm does.
fn way(arm: &Stmt) -> Option<Way<'_>> {
    match &arm.kind {
        StmtKind::Block(parts) => match parts.as_slice() {
            [one] => way(one),
            _ => None,
        },
        StmtKind::Return(Some(value)) => Some(Way {
            kind: Kind::Return,
            value,
        }),
        StmtKind::Expr(value) => match &value.kind {
            ExprKind::Assign(target, None, value) => {
                let kind = Kind::Store(target.as_ident()?);
                Some(Way { kind, value })
            }
            _ => Some(Way {
                kind: Kind::Value,
                value,
            }),
        },
        _ => None,
    }
}

fn names(expression: &Expr, all: &mut BTreeSet<Name>) {
    all.extend(expression.as_ident());
    for child in expression.children() {
        names(child, all);
    }
}

/// Whether an expression only asks, as far as one can see: it sets nothing, lends nothing to be set, and calls nothing
/// whose name says that it takes or changes something.
fn is_pure(expression: &Expr) -> bool {
    let changes = match &expression.kind {
        ExprKind::Assign(..)
        | ExprKind::Step(_)
        | ExprKind::Statements(_)
        | ExprKind::Opaque(_)
        | ExprKind::Unary(UnaryOp::AddressOf, _) => true,
        ExprKind::Call(callee, _) => callee
            .as_ident()
            .is_none_or(|name| name.split('_').any(is_of_change)),
        _ => false,
    };
    !changes && expression.children().into_iter().all(is_pure)
}

/// A word in the names of functions that take or change something.
fn is_of_change(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "add", "alloc", "clear", "cmpxchg", "create", "dec", "del", "free", "get", "inc", "init",
        "lock", "pop", "prepare", "push", "put", "read", "register", "release", "set", "start",
        "sub", "take", "test", "try", "trylock", "unlock", "wait", "write", "xchg",
    ];
    WORDS.contains(&word.to_ascii_lowercase().as_str())
}

/// Whether something is reached through one of `asked`: `a->b`, `*a`, `a[0]`.
fn looks_through(expression: &Expr, asked: &BTreeSet<Name>) -> bool {
    let through = match &expression.kind {
        ExprKind::Field(of, ..)
        | ExprKind::Index(of, _)
        | ExprKind::Unary(UnaryOp::Dereference, of) => Some(of),
        _ => None,
    };
    let is_asked = through.is_some_and(|of| {
        let mut named = BTreeSet::new();
        names(of, &mut named);
        named.iter().any(|name| asked.contains(name))
    });
    let mut children = expression.children().into_iter();
    is_asked || children.any(|child| looks_through(child, asked))
}
