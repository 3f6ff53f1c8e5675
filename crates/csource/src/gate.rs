//! The condition that decides, next to a place in a function, whether control gets there: where one would ask for more.

use text::Span;

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
    /// How tightly it is bound.
    pub operator: Binding,
}

/// What holds a condition together, as far as it matters to who puts `a &&` or `a ||` before it.
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

impl Binding {
    fn of(condition: &Expr) -> Binding {
        match condition.kind {
            ExprKind::Binary(BinaryOp::And, ..) => Binding::And,
            ExprKind::Binary(BinaryOp::Or, ..) => Binding::Or,
            ExprKind::Conditional(..) | ExprKind::Assign(..) | ExprKind::Comma(..) => {
                Binding::Loose
            }
            _ => Binding::Tight,
        }
    }
}

/// The gate of `place` in the function body at `body`.
///
/// It is the innermost `if` or `?:` in an arm of which the place stands. Where there is none, it is an `if` directly
/// before the statement that returns some value or nothing: `if (a) return b;`. One that returns an error is no gate,
/// and neither is a condition of which the preprocessor has a part.
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
        let mut search = Search {
            place,
            around: None,
            before: None,
        };
        search.statement(&parse::body(&masked, body.start));
        let gate = search.around.or(search.before)?;
        let is_as_written = in_body(gate.condition) == Some(gate.condition.of(text));
        return is_as_written.then_some(gate);
    }
    None
}

struct Search {
    place: Span,
    /// The innermost condition in an arm of which the place stands.
    around: Option<Gate>,
    /// The innermost early return right before it.
    before: Option<Gate>,
}

impl Search {
    fn is_in(&self, span: Span) -> bool {
        span.start <= self.place.start && self.place.end <= span.end
    }

    fn gate(condition: &Expr, opens: bool) -> Gate {
        Gate {
            condition: condition.span,
            opens,
            operator: Binding::of(condition),
        }
    }

    fn statement(&mut self, statement: &Stmt) {
        match &statement.kind {
            StmtKind::If(condition, then, otherwise) => {
                if self.is_in(then.span) {
                    self.around = Some(Self::gate(condition, true));
                    self.statement(then);
                } else if let Some(otherwise) = otherwise
                    && self.is_in(otherwise.span)
                {
                    self.around = Some(Self::gate(condition, false));
                    self.statement(otherwise);
                } else {
                    self.expression(condition);
                }
            }
            StmtKind::Block(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    if !self.is_in(part.span) {
                        continue;
                    }
                    let earlier = index.checked_sub(1).map(|index| &parts[index].kind);
                    if let Some(StmtKind::If(condition, then, None)) = earlier
                        && returns_early(then)
                    {
                        self.before = Some(Self::gate(condition, false));
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

    fn expression(&mut self, expression: &Expr) {
        if !self.is_in(expression.span) {
            return;
        }
        if let ExprKind::Conditional(condition, then, otherwise) = &expression.kind {
            if then.as_ref().is_some_and(|then| self.is_in(then.span)) {
                self.around = Some(Self::gate(condition, true));
            } else if self.is_in(otherwise.span) && then.is_some() {
                self.around = Some(Self::gate(condition, false));
            }
        }
        if let ExprKind::Statements(inside) = &expression.kind {
            self.statement(inside);
        }
        for child in expression.children() {
            self.expression(child);
        }
    }
}

/// Whether a statement returns, and not to tell of an error.
fn returns_early(statement: &Stmt) -> bool {
    match &statement.kind {
        StmtKind::Return(None) => true,
        StmtKind::Return(Some(value)) => !may_be_an_error(value),
        StmtKind::Block(parts) => parts.last().is_some_and(returns_early),
        _ => false,
    }
}

/// Whether a value may be one that stands for an error: a constant, a negative one, one that a macro makes of it.
fn may_be_an_error(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Int(_) | ExprKind::Unary(UnaryOp::Negate, _) => true,
        ExprKind::Ident(name) => !name.bytes().any(|byte| byte.is_ascii_lowercase()),
        ExprKind::Call(callee, _) => callee
            .as_ident()
            .is_some_and(|name| ERRORS.contains(&name.as_str())),
        ExprKind::Cast(_, inner) => may_be_an_error(inner),
        _ => false,
    }
}
