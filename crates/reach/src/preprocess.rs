//! `#if` expressions: as C's, but a name that is no macro is 0.

use condition::Condition;
use csource::syntax::{BinaryOp, Expr, ExprKind, UnaryOp};
use text::Name;

use crate::Analysis;
use crate::frame::Frame;
use crate::terms::TermId;
use crate::unit::{Moment, UnitId};

impl Analysis<'_> {
    /// When `#if expr` holds at a moment.
    pub(crate) fn preprocessor_truth(
        &mut self,
        unit: UnitId,
        expr: &Expr,
        moment: Moment,
        depth: u32,
    ) -> Condition {
        let root = self.unit_ref(unit).root;
        let visit = if self.unit_ref(unit).visits.is_empty() {
            return Condition::TRUE;
        } else {
            root
        };
        let file = self
            .unit_ref(unit)
            .visits
            .get(visit.0 as usize)
            .map_or_else(
                || self.unit_ref(unit).visits[0].file.clone(),
                |visit| visit.file.clone(),
            );
        let frame = Frame {
            moment: Some(moment),
            site: Name::new(&format!("#if{}", moment.number())),
            depth,
            ..Frame::new(unit, visit, file)
        };
        let value = self.preprocessor_value(&frame, expr);
        self.terms.truth(&mut self.store, value)
    }

    /// As [`Self::eval`], but a name that is no macro is 0.
    fn preprocessor_value(&mut self, frame: &Frame, expr: &Expr) -> TermId {
        match &expr.kind {
            ExprKind::Ident(name) if !name.starts_with("CONFIG_") => {
                let defined = self.defined(frame.unit, *name, self.moment(frame, expr.span.start));
                if defined.is_false() {
                    return self.terms.int(0);
                }
                let value = self.eval(frame, expr);
                let zero = self.terms.int(0);
                self.terms.choose(defined, value, zero)
            }
            ExprKind::Unary(UnaryOp::Not, inner) => {
                let value = self.preprocessor_value(frame, inner);
                let truth = self.terms.truth(&mut self.store, value);
                self.terms.truth_value(!truth)
            }
            ExprKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), left, right) => {
                let a = self.preprocessor_value(frame, left);
                let a = self.terms.truth(&mut self.store, a);
                let b = self.preprocessor_value(frame, right);
                let b = self.terms.truth(&mut self.store, b);
                let both = if *op == BinaryOp::And {
                    self.store.and(a, b)
                } else {
                    self.store.or(a, b)
                };
                self.terms.truth_value(both)
            }
            ExprKind::Binary(op, left, right) => {
                let a = self.preprocessor_value(frame, left);
                let b = self.preprocessor_value(frame, right);
                match self.compare_config(*op, a, b) {
                    Some(compared) => self.terms.truth_value(compared),
                    None => self.terms.apply(&mut self.store, *op, a, b),
                }
            }
            _ => self.eval(frame, expr),
        }
    }
}
