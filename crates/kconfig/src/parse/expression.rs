//! Expressions: `A && (B || !C = "x")`.
//!
//! `&&` binds tighter than `||`; `!` takes all of a comparison, so `!A = B` is `!(A = B)`.

use std::sync::Arc;

use text::Span;

use super::{DEPTH, Parser};
use crate::syntax::{Comparison, Expr, ExprKind, If, TokenKind};

const COMPARISONS: [(&str, Comparison); 6] = [
    ("=", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessEqual),
    (">=", Comparison::GreaterEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

impl Parser<'_> {
    pub(super) fn if_clause(&mut self) -> If {
        if self.keyword("if") {
            self.expression()
        } else {
            None
        }
    }

    pub(super) fn expression(&mut self) -> Option<Arc<Expr>> {
        self.or(0)
    }

    fn or(&mut self, depth: usize) -> Option<Arc<Expr>> {
        let mut all = vec![self.and(depth)?];
        while self.operator("||") {
            all.push(self.and(depth)?);
        }
        balanced(all, &|a, b| joined(ExprKind::Or, a, b))
    }

    fn and(&mut self, depth: usize) -> Option<Arc<Expr>> {
        let mut all = vec![self.not(depth)?];
        while self.operator("&&") {
            all.push(self.not(depth)?);
        }
        balanced(all, &|a, b| joined(ExprKind::And, a, b))
    }

    fn not(&mut self, depth: usize) -> Option<Arc<Expr>> {
        if depth > DEPTH {
            let span = self.here();
            self.error("this expression nests too deeply", span);
            return None;
        }
        let start = self.here().start;
        if self.operator("!") {
            let inner = self.not(depth + 1)?;
            let end = inner.span.end;
            return Some(Expr::new(ExprKind::Not(inner), Span { start, end }));
        }
        if self.operator("(") {
            let inner = self.or(depth + 1)?;
            let end = self.here().end;
            if !self.operator(")") {
                let span = self.here();
                self.error("a ) is missing", span);
                return Some(inner);
            }
            // The parentheses belong to what they enclose.
            let mut inner = Arc::unwrap_or_clone(inner);
            inner.span = Span { start, end };
            return Some(Arc::new(inner));
        }
        let left = self.primary()?;
        for (operator, comparison) in COMPARISONS {
            if self.operator(operator) {
                let right = self.primary()?;
                let compare = |a, b| ExprKind::Compare(comparison, a, b);
                return Some(joined(compare, left, right));
            }
        }
        Some(left)
    }

    /// A symbol or a constant.
    pub(super) fn primary(&mut self) -> Option<Arc<Expr>> {
        let token = self.take(|token| matches!(token.kind, TokenKind::Word | TokenKind::Quoted));
        let Some(token) = token else {
            let span = self.here();
            self.error("an expression was expected", span);
            self.skip();
            return None;
        };
        let spelled = self.spelled(token);
        let kind = match token.kind {
            TokenKind::Quoted => ExprKind::Text(spelled.name),
            _ => ExprKind::Word(spelled.name),
        };
        Some(Expr::new(kind, token.span))
    }
}

/// All parts in their order, in a tree as low as can be: what walks over it may recurse, however long
/// the line is.
pub(crate) fn balanced<T>(mut parts: Vec<T>, join: &impl Fn(T, T) -> T) -> Option<T> {
    while parts.len() > 1 {
        let mut pairs = parts.into_iter();
        let mut next = Vec::new();
        while let Some(left) = pairs.next() {
            next.push(match pairs.next() {
                Some(right) => join(left, right),
                None => left,
            });
        }
        parts = next;
    }
    parts.pop()
}

fn joined(
    kind: impl Fn(Arc<Expr>, Arc<Expr>) -> ExprKind,
    left: Arc<Expr>,
    right: Arc<Expr>,
) -> Arc<Expr> {
    let span = Span {
        start: left.span.start,
        end: right.span.end,
    };
    Expr::new(kind(left, right), span)
}
