//! The condition that decides, next to a place in a function, whether control gets there: where one would ask for more.
//!
//! To ask for more there sends control the other way although the condition holds. So it is a gate only where that way
//! bears it: nothing but the place stands in the arm, and the other arm neither tells of an error nor relies on what the
//! condition says.

use std::collections::BTreeSet;

use text::{Name, Span};

use crate::directives::Directives;
use crate::idioms::ERRORS;
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
}

/// What holds a condition together, as far as it matters to who puts a `&& a` or a `|| a` behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// `a && b`
    And,
    /// `a || b`
    Or,
    /// What binds more loosely: `a ? b : c`, `a = b`, `a, b`.
    Loose,
    /// All else.
    Tight,
}

impl Gate {
    fn of(condition: &Expr, opens: bool) -> Gate {
        let binding = match condition.kind {
            ExprKind::Binary(BinaryOp::And, ..) => Binding::And,
            ExprKind::Binary(BinaryOp::Or, ..) => Binding::Or,
            ExprKind::Conditional(..) | ExprKind::Assign(..) | ExprKind::Comma(..) => {
                Binding::Loose
            }
            _ => Binding::Tight,
        };
        Gate {
            condition: condition.span,
            opens,
            binding,
        }
    }
}

/// The gate of `place` in the function body at `body`.
///
/// It is the innermost `if` whose first arm is the place, or the `?:` of which it is the first value. Where a value is
/// meant and no call, it is also the `if` in `if (a) return b; return VALUE;`. A condition of which the preprocessor has a
/// part is none.
pub(crate) fn gate(text: &[u8], directives: &Directives, body: Span, place: Span) -> Option<Gate> {
    for variant in 0..mask::variants(directives, body) {
        let (masked, _) = mask::masked(text, directives, body, variant);
        let in_body = |span: Span| {
            let start = span.start.checked_sub(body.start)? as usize;
            masked.get(start..start + span.of(text).len())
        };
        if in_body(place) != Some(place.of(text)) {
            continue;
        }
        let mut search = Search { place, gate: None };
        search.statement(&parse::body(&masked, body.start));
        let gate = search.gate?;
        let is_as_written = in_body(gate.condition) == Some(gate.condition.of(text));
        return is_as_written.then_some(gate);
    }
    None
}

struct Search {
    place: Span,
    /// The innermost so far; none where one farther inside is no gate.
    gate: Option<Gate>,
}

impl Search {
    fn is_in(&self, span: Span) -> bool {
        span.start <= self.place.start && self.place.end <= span.end
    }

    fn statement(&mut self, statement: &Stmt) {
        if !self.is_in(statement.span) {
            return;
        }
        match &statement.kind {
            StmtKind::If(condition, then, otherwise) => {
                let bears = otherwise
                    .as_ref()
                    .is_none_or(|other| bears(other, condition));
                if self.is_in(then.span) {
                    let is_gate = is_alone(then) && bears;
                    self.gate = is_gate.then(|| Gate::of(condition, true));
                } else if otherwise.as_ref().is_some_and(|o| self.is_in(o.span)) {
                    self.gate = None;
                }
                self.expression(condition);
                self.statement(then);
                if let Some(otherwise) = otherwise {
                    self.statement(otherwise);
                }
            }
            StmtKind::Block(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    let earlier = index.checked_sub(1).map(|index| &parts[index]);
                    if let Some(gate) = earlier.and_then(|earlier| self.between(earlier, part)) {
                        self.gate = Some(gate);
                    }
                    self.statement(part);
                }
            }
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

    /// The gate in `if (a) return b; return VALUE;` where the value is the place.
    fn between(&self, earlier: &Stmt, statement: &Stmt) -> Option<Gate> {
        let (StmtKind::If(condition, then, None), StmtKind::Return(Some(value))) =
            (&earlier.kind, &statement.kind)
        else {
            return None;
        };
        let is_value = value.span == self.place && !matches!(value.kind, ExprKind::Call(..));
        let is_gate = is_value && is_return(then) && bears(then, condition);
        is_gate.then(|| Gate::of(condition, false))
    }

    fn expression(&mut self, expression: &Expr) {
        if !self.is_in(expression.span) {
            return;
        }
        if let ExprKind::Conditional(condition, then, otherwise) = &expression.kind
            && !self.is_in(condition.span)
        {
            let is_place = then.as_ref().is_some_and(|then| then.span == self.place);
            let is_gate = is_place && bears_value(otherwise, condition);
            self.gate = is_gate.then(|| Gate::of(condition, true));
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

/// Whether an arm is one statement that does one thing: a call, an assignment, a return.
fn is_alone(arm: &Stmt) -> bool {
    match &arm.kind {
        StmtKind::Block(parts) => matches!(parts.as_slice(), [one] if is_alone(one)),
        StmtKind::Expr(_) | StmtKind::Return(Some(_)) => true,
        _ => false,
    }
}

fn is_return(arm: &Stmt) -> bool {
    match &arm.kind {
        StmtKind::Block(parts) => matches!(parts.as_slice(), [one] if is_return(one)),
        StmtKind::Return(Some(_)) => true,
        _ => false,
    }
}

/// Whether an arm can be taken although its condition says otherwise: it does one thing as well, tells of no error, and
/// does not look through what the condition has asked about.
fn bears(arm: &Stmt, condition: &Expr) -> bool {
    match &arm.kind {
        StmtKind::Block(parts) => matches!(parts.as_slice(), [one] if bears(one, condition)),
        StmtKind::Expr(value) => match &value.kind {
            ExprKind::Assign(_, None, value) => bears_value(value, condition),
            _ => bears_value(value, condition),
        },
        StmtKind::Return(Some(value)) => bears_value(value, condition),
        _ => false,
    }
}

fn bears_value(value: &Expr, condition: &Expr) -> bool {
    let mut asked = BTreeSet::new();
    names(condition, &mut asked);
    let is_asked = value.as_ident().is_some_and(|name| asked.contains(&name));
    // What the condition has set is not what it would be.
    let sets = sets_something(condition);
    !is_asked && !sets && !may_be_an_error(value) && !looks_through(value, &asked)
}

fn names(expression: &Expr, all: &mut BTreeSet<Name>) {
    all.extend(expression.as_ident());
    for child in expression.children() {
        names(child, all);
    }
}

fn sets_something(expression: &Expr) -> bool {
    let sets = matches!(
        expression.kind,
        ExprKind::Assign(..) | ExprKind::Step(_) | ExprKind::Statements(_) | ExprKind::Opaque(_)
    );
    sets || expression.children().into_iter().any(sets_something)
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

/// Whether a value may be one that stands for an error: a constant, a negative one, one that a macro makes of it.
fn may_be_an_error(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Int(_) | ExprKind::Unary(UnaryOp::Negate, _) | ExprKind::Statements(_) => true,
        ExprKind::Ident(name) => !name.bytes().any(|byte| byte.is_ascii_lowercase()),
        ExprKind::Call(callee, args) => {
            let name = callee.as_ident();
            let is_error = name.is_some_and(|name| {
                let words: Vec<&str> = name.split('_').collect();
                ERRORS.contains(&name.as_str()) || words.iter().any(|word| is_of_errors(word))
            });
            is_error || args.iter().any(may_be_an_error_code)
        }
        ExprKind::Conditional(_, then, otherwise) => {
            then.as_ref().is_none_or(|then| may_be_an_error(then)) || may_be_an_error(otherwise)
        }
        ExprKind::Comma(_, last) | ExprKind::Cast(_, last) => may_be_an_error(last),
        _ => false,
    }
}

/// `-EINVAL` among the arguments of a call.
fn may_be_an_error_code(value: &Expr) -> bool {
    matches!(value.kind, ExprKind::Unary(UnaryOp::Negate, _))
}

/// A word in the names of functions that report an error.
fn is_of_errors(word: &str) -> bool {
    matches!(word, "err" | "error" | "fail" | "warn" | "bug" | "panic")
}
