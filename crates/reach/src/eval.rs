//! Expressions to terms.

use std::rc::Rc;

use condition::{Atom, CompareOp, Condition, Level};
use csource::syntax::{BinaryOp, Expr, ExprKind, StmtKind, UnaryOp};
use csource::{Flow, FlowId, Param};
use kconfig::SymbolType;
use text::Name;

use crate::Analysis;
use crate::expand::Use;
use crate::frame::Frame;
use crate::terms::{Term, TermId};
use crate::unit::{MacroState, Moment, UnitId};

/// Calls and macros deeper than this give a value of their own.
pub(crate) const DEEPEST: u32 = 12;

impl Analysis<'_> {
    /// When `expr` is not zero.
    pub(crate) fn truth(&mut self, frame: &Frame, expr: &Expr) -> Condition {
        let value = self.eval(frame, expr);
        self.terms.truth(&mut self.store, value)
    }

    /// The value of `expr`.
    pub(crate) fn eval(&mut self, frame: &Frame, expr: &Expr) -> TermId {
        match &expr.kind {
            ExprKind::Int(value) => self.terms.int(*value),
            ExprKind::Text => self.terms.add(Term::Address("\"…\"".into())),
            ExprKind::Ident(name) => self.ident(frame, expr, *name),
            ExprKind::Call(callee, args) => self.call(frame, expr, callee, args),
            ExprKind::Unary(op, inner) => self.unary(frame, expr, *op, inner),
            ExprKind::Binary(op, left, right) => self.binary(frame, *op, left, right),
            ExprKind::Conditional(test, yes, no) => {
                let tested = self.eval(frame, test);
                let truth = self.terms.truth(&mut self.store, tested);
                let yes = match yes {
                    Some(yes) => self.eval(frame, yes),
                    None => tested,
                };
                let no = self.eval(frame, no);
                self.terms.choose(truth, yes, no)
            }
            ExprKind::Assign(_, None, value) => self.eval(frame, value),
            ExprKind::Cast(_, inner) => self.eval(frame, inner),
            ExprKind::Comma(_, last) => self.eval(frame, last),
            ExprKind::Sizeof(words) => self.size_of(words),
            ExprKind::Field(base, field, arrow) => self.field(frame, expr, base, *field, *arrow),
            ExprKind::Statements(statement) => self.last_value(frame, expr, &statement.kind),
            _ => self.site(frame, expr),
        }
    }

    /// `sizeof` of what has the same size for every kernel, or one that the number of bits decides;
    /// that of all else is not computed.
    fn size_of(&mut self, words: &str) -> TermId {
        match scalar_size(words) {
            Some(Size::Bytes(bytes)) => self.terms.int(bytes),
            Some(Size::Word) => {
                let wide = self.predefined(Name::new("__LP64__"));
                let (eight, four) = (self.terms.int(8), self.terms.int(4));
                self.terms.choose(wide, eight, four)
            }
            None => {
                let words = format!("sizeof({words})");
                self.terms.add(Term::Constant(words.as_str().into()))
            }
        }
    }

    /// A value that is known to be at this place only.
    pub(crate) fn site(&mut self, frame: &Frame, expr: &Expr) -> TermId {
        let words = Name::new(&frame.file.words(expr.span));
        let place = frame.place(expr.span);
        self.terms.add(Term::Site(words, place))
    }

    fn last_value(&mut self, frame: &Frame, whole: &Expr, kind: &StmtKind) -> TermId {
        match kind {
            StmtKind::Block(parts) => match parts.last().map(|last| &last.kind) {
                Some(StmtKind::Expr(value)) => self.eval(frame, value),
                _ => self.site(frame, whole),
            },
            _ => self.site(frame, whole),
        }
    }

    fn unary(&mut self, frame: &Frame, whole: &Expr, op: UnaryOp, inner: &Expr) -> TermId {
        match op {
            UnaryOp::Not => {
                let truth = self.truth(frame, inner);
                self.terms.truth_value(!truth)
            }
            UnaryOp::Negate | UnaryOp::Complement => {
                let value = self.eval(frame, inner);
                match self.terms.as_int(value) {
                    Some(n) => self.terms.int(if op == UnaryOp::Negate {
                        n.wrapping_neg()
                    } else {
                        !n
                    }),
                    None => self.site(frame, whole),
                }
            }
            UnaryOp::AddressOf => self.address_of(frame, inner),
            UnaryOp::Dereference => self.site(frame, whole),
        }
    }

    /// `&inner`: never zero, and an object's own address where the object is known.
    fn address_of(&mut self, frame: &Frame, inner: &Expr) -> TermId {
        match &inner.kind {
            ExprKind::Field(base, field, arrow) => {
                let base = if *arrow {
                    self.eval(frame, base)
                } else {
                    self.address_of(frame, base)
                };
                self.terms.field_address(&self.store, base, *field)
            }
            ExprKind::Ident(name) => match self.local_object(frame, *name) {
                Some(object) => object,
                None => self.terms.add(Term::Address(*name)),
            },
            ExprKind::Unary(UnaryOp::Dereference, pointer) => self.eval(frame, pointer),
            _ => {
                let words = Name::new(&frame.file.words(inner.span));
                self.terms.add(Term::Address(words))
            }
        }
    }

    fn field(
        &mut self,
        frame: &Frame,
        whole: &Expr,
        base: &Expr,
        field: Name,
        arrow: bool,
    ) -> TermId {
        let address = if arrow {
            self.eval(frame, base)
        } else {
            self.address_of(frame, base)
        };
        let owner = self.type_of(frame, base).and_then(|of| of.tag());
        let value = self.terms.load(address, field, owner);
        // What this function stores itself may be newer than what it was called with.
        let is_field = matches!(self.terms.get(value), Term::Field(..));
        if is_field && self.stores_field(frame, field) {
            return self.site(frame, whole);
        }
        value
    }

    fn binary(&mut self, frame: &Frame, op: BinaryOp, left: &Expr, right: &Expr) -> TermId {
        if matches!(op, BinaryOp::And | BinaryOp::Or) {
            let a = self.truth(frame, left);
            // What is never evaluated need not be understood.
            if (op == BinaryOp::And && a.is_false()) || (op == BinaryOp::Or && a.is_true()) {
                return self.terms.truth_value(a);
            }
            let b = self.truth(frame, right);
            let both = if op == BinaryOp::And {
                self.store.and(a, b)
            } else {
                self.store.or(a, b)
            };
            return self.terms.truth_value(both);
        }
        let a = self.eval(frame, left);
        let b = self.eval(frame, right);
        if let Some(compared) = self.compare_config(op, a, b) {
            return self.terms.truth_value(compared);
        }
        self.terms.apply(&mut self.store, op, a, b)
    }

    /// A comparison of an int symbol with a constant is Kconfig's to answer.
    pub(crate) fn compare_config(
        &mut self,
        op: BinaryOp,
        a: TermId,
        b: TermId,
    ) -> Option<Condition> {
        let (symbol, value, op) = match (self.terms.get(a).clone(), self.terms.get(b).clone()) {
            (Term::Config(symbol), Term::Int(value)) => (symbol, value, op),
            (Term::Int(value), Term::Config(symbol)) => (symbol, value, mirrored(op)),
            _ => return None,
        };
        let (op, negated) = match op {
            BinaryOp::Equal => (CompareOp::Equal, false),
            BinaryOp::NotEqual => (CompareOp::Equal, true),
            BinaryOp::Less => (CompareOp::Less, false),
            BinaryOp::GreaterEqual => (CompareOp::Less, true),
            BinaryOp::LessEqual => (CompareOp::LessEqual, false),
            BinaryOp::Greater => (CompareOp::LessEqual, true),
            _ => return None,
        };
        let value = Name::new(&value.to_string());
        let atom = self.store.atom(Atom::Compare { symbol, op, value });
        Some(if negated { !atom } else { atom })
    }

    pub(crate) fn moment(&self, frame: &Frame, offset: u32) -> Moment {
        frame
            .moment
            .unwrap_or_else(|| self.unit_ref(frame.unit).moment(frame.visit, offset))
    }

    fn ident(&mut self, frame: &Frame, expr: &Expr, name: Name) -> TermId {
        if let Some(bound) = frame.bound(name) {
            let value = self.bound_value(frame, bound);
            return value.unwrap_or_else(|| self.site(frame, expr));
        }
        if let Some(value) = self.variable(frame, expr, name) {
            return value;
        }
        if let Some(user) = frame.user.clone()
            && let Some(value) = self.outer_variable(&user, frame, expr, name)
        {
            return value;
        }
        if let Some(value) = self.config_value(name) {
            return value;
        }
        if frame.depth > DEEPEST || frame.is_expanding(name, expr.span) {
            return self.global(frame, expr, name);
        }
        let moment = self.moment(frame, expr.span.start);
        let mut result = None;
        for (when, state) in self.macro_states(frame.unit, name, moment) {
            // What another macro around this one rules out need not be understood.
            let here = self.store.and(frame.under, when);
            if here.is_false() {
                continue;
            }
            let value = match state {
                MacroState::Defined(visit, number) => {
                    self.object_macro(frame, expr, (visit, number), here)
                }
                MacroState::Undefined | MacroState::Predefined => self.global(frame, expr, name),
            };
            result = Some(match result {
                Some(other) => self.terms.choose(when, value, other),
                None => value,
            });
        }
        result.unwrap_or_else(|| self.global(frame, expr, name))
    }

    /// A local variable or parameter of the function in which a macro is used.
    fn outer_variable(
        &mut self,
        user: &Frame,
        frame: &Frame,
        expr: &Expr,
        name: Name,
    ) -> Option<TermId> {
        if let Some(bound) = user.bound(name) {
            return self.bound_value(user, bound);
        }
        // Its place is that of the macro's text: two names in one macro stay apart.
        let place = frame.place(expr.span);
        self.variable_at(user, None, place, name).or_else(|| {
            let outer = user.user.clone()?;
            self.outer_variable(&outer, frame, expr, name)
        })
    }

    fn global(&mut self, frame: &Frame, expr: &Expr, name: Name) -> TermId {
        // By the kernel's style enumerators are upper case, variables and functions are not.
        if name.bytes().any(|b| b.is_ascii_lowercase()) {
            self.site(frame, expr)
        } else {
            self.terms.add(Term::Constant(name))
        }
    }

    /// `CONFIG_X` as a number.
    pub(crate) fn config_value(&mut self, name: Name) -> Option<TermId> {
        let symbol = name.strip_prefix("CONFIG_")?;
        if let Some(SymbolType::Int | SymbolType::Hex | SymbolType::String) =
            self.model.symbol(symbol).and_then(|symbol| symbol.kind)
        {
            if let Some(value) = self.given_value(symbol) {
                return Some(self.terms.int(value));
            }
            let bounds = self.model.symbol(symbol).and_then(kconfig::Symbol::bounds);
            Some(self.terms.config(symbol.into(), bounds))
        } else {
            let on = self.config_macro(name)?;
            Some(self.terms.truth_value(on))
        }
    }

    /// When the macro `CONFIG_X` or `CONFIG_X_MODULE` is defined; `None` for other names.
    pub(crate) fn config_macro(&mut self, name: Name) -> Option<Condition> {
        let symbol = name.strip_prefix("CONFIG_")?;
        if let Some(known) = self.model.symbol(symbol) {
            return Some(match known.kind {
                Some(SymbolType::String | SymbolType::Int | SymbolType::Hex) => {
                    // Its value may be left out of the configuration where it is not asked for.
                    self.has_value(symbol, name)
                }
                _ => self.symbol(symbol, Level::Yes),
            });
        }
        if let Some(module) = symbol.strip_suffix("_MODULE")
            && self.model.symbol(module).is_some()
        {
            return Some(self.symbol(module, Level::Module));
        }
        // A symbol of no Kconfig file of this architecture is never set.
        Some(Condition::FALSE)
    }

    fn object_macro(
        &mut self,
        frame: &Frame,
        whole: &Expr,
        at: (crate::unit::VisitId, usize),
        under: Condition,
    ) -> TermId {
        let (_, definition) = self.macro_of(frame.unit, at.0, at.1);
        if definition.params.is_some() {
            return self.global(frame, whole, definition.name);
        }
        let key = (frame.unit, at, self.moment(frame, whole.span.start), under);
        if let Some(known) = self.macro_constants.get(&key) {
            return *known;
        }
        let used = Use {
            span: whole.span,
            args: &[],
            behind: None,
        };
        let Some(value) = self.macro_value(frame, used, at, under) else {
            return self.site(frame, whole);
        };
        // What speaks of no place and no variable is the same wherever it is used.
        if self.is_placeless(value) {
            self.macro_constants.insert(key, value);
        }
        value
    }

    /// Whether a value is made of constants, Kconfig symbols and predicates only.
    fn is_placeless(&mut self, id: TermId) -> bool {
        if let Some(known) = self.placeless.get(&id) {
            return *known;
        }
        let answer = match self.terms.get(id).clone() {
            Term::Int(_) | Term::Constant(_) | Term::Config(_) | Term::Predicate(_) => true,
            Term::Apply(_, a, b) => self.is_placeless(a) && self.is_placeless(b),
            Term::Call(_, args) => args.iter().all(|arg| self.is_placeless(*arg)),
            Term::Choose(test, yes, no) => {
                let values = |atom: &Atom| matches!(atom, Atom::Value(..) | Atom::Free(_));
                !self.store.atoms(test).iter().any(values)
                    && self.is_placeless(yes)
                    && self.is_placeless(no)
            }
            _ => false,
        };
        self.placeless.insert(id, answer);
        answer
    }

    /// The frame of a function's own text, where its file is first read.
    pub(crate) fn frame_of(&mut self, key: crate::link::FunctionKey) -> Option<Frame> {
        let (unit, visit) = self.place_of(key.path)?;
        self.function_frame(unit, visit, key, 0)
    }

    /// The frame of a function's own text.
    pub(crate) fn function_frame(
        &mut self,
        unit: UnitId,
        visit: crate::unit::VisitId,
        key: crate::link::FunctionKey,
        depth: u32,
    ) -> Option<Frame> {
        let file = self.read_file(key.path)?;
        let params: Rc<[Param]> = file.function(key.id).params.iter().cloned().collect();
        Some(Frame {
            body: file.body(key.id),
            params,
            depth,
            ..Frame::new(unit, visit, file)
        })
    }

    /// When control gets to a place of the frame's body.
    pub(crate) fn flow(&mut self, frame: &Frame, flow: FlowId) -> Condition {
        if let Some(condition) = frame.flows.borrow().get(&flow) {
            return *condition;
        }
        let body = frame.body.clone();
        let condition = match body.flows.get(flow) {
            Flow::Always => Condition::TRUE,
            Flow::Never => Condition::FALSE,
            Flow::Branch(branch, taken) => {
                let when = self.branch_condition(frame.unit, frame.visit, branch);
                if taken { when } else { !when }
            }
            Flow::Leaf(number, positive) => {
                let leaf = body.flows.leaf(number).clone();
                let line = if frame.user.is_some() {
                    Condition::TRUE
                } else {
                    self.branch_condition(frame.unit, frame.visit, leaf.branch)
                };
                // What stands in a branch that is not compiled need not be understood.
                let truth = if line.is_false() {
                    Condition::TRUE
                } else {
                    self.truth(frame, &leaf.expr)
                };
                let signed = if positive { truth } else { !truth };
                self.store.implies(line, signed)
            }
            Flow::And(a, b) => {
                let a = self.flow(frame, a);
                if a.is_false() {
                    a
                } else {
                    let b = self.flow(frame, b);
                    self.store.and(a, b)
                }
            }
            Flow::Or(a, b) => {
                let a = self.flow(frame, a);
                let b = self.flow(frame, b);
                self.store.or(a, b)
            }
        };
        frame.flows.borrow_mut().insert(flow, condition);
        condition
    }
}

fn mirrored(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessEqual => BinaryOp::GreaterEqual,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterEqual => BinaryOp::LessEqual,
        op => op,
    }
}

pub(crate) enum Size {
    Bytes(i128),
    /// That of a pointer and of a `long`.
    Word,
}

pub(crate) fn scalar_size(words: &str) -> Option<Size> {
    if words.ends_with('*') {
        return Some(Size::Word);
    }
    let mut parts: Vec<&str> = words.split_whitespace().collect();
    parts.retain(|word| !matches!(*word, "unsigned" | "signed" | "const" | "volatile"));
    if let [_, .., "int"] = parts[..] {
        parts.pop();
    }
    Some(match parts[..] {
        ["char" | "bool" | "_Bool" | "u8" | "s8" | "__u8" | "__s8"] => Size::Bytes(1),
        ["short" | "u16" | "s16" | "__u16" | "__s16"] => Size::Bytes(2),
        // `unsigned` by itself is an int.
        [] | ["int" | "u32" | "s32" | "__u32" | "__s32"] => Size::Bytes(4),
        ["long", "long"] | ["u64" | "s64" | "__u64" | "__s64" | "loff_t"] => Size::Bytes(8),
        ["long" | "size_t" | "ssize_t" | "uintptr_t" | "ulong"] => Size::Word,
        _ => return None,
    })
}
