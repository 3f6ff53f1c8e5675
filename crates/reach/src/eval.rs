//! Expressions to terms.

use std::rc::Rc;
use std::sync::Arc;

use condition::{Atom, CompareOp, Condition, Level};
use csource::syntax::{BinaryOp, Expr, ExprKind, StmtKind, UnaryOp};
use csource::{Body, Flow, FlowId, Param};
use kconfig::SymbolType;
use rustc_hash::FxHashMap;
use text::Name;

use crate::Analysis;
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
        let value = self.terms.load(address, field);
        // What this function stores itself may be newer than what it was called with.
        if matches!(self.terms.get(value), Term::Field(..)) && stores_field(&frame.body, field) {
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
        if let Some((_, value)) = frame.bound.iter().find(|(bound, _)| *bound == name) {
            return *value;
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
        if frame.depth > DEEPEST || frame.expanding.contains(&name) {
            return self.global(frame, expr, name);
        }
        let moment = self.moment(frame, expr.span.start);
        let mut result = None;
        for (when, state) in self.macro_states(frame.unit, name, moment) {
            let value = match state {
                MacroState::Defined(visit, number) => {
                    self.object_macro(frame, expr, (visit, number))
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
        if let Some((_, value)) = user.bound.iter().find(|(bound, _)| *bound == name) {
            return Some(*value);
        }
        // Its place is that of the macro's text: two names in one macro stay apart.
        let place = Frame {
            file: frame.file.clone(),
            site: frame.site,
            ..user.clone()
        };
        self.variable(&place, expr, name).or_else(|| {
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
            Some(self.terms.add(Term::Config(symbol.into())))
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
                    self.store.atom(Atom::Defined(name))
                }
                _ => self.store.symbol(symbol, Level::Yes),
            });
        }
        if let Some(module) = symbol.strip_suffix("_MODULE")
            && self.model.symbol(module).is_some()
        {
            return Some(self.store.symbol(module, Level::Module));
        }
        // A symbol of no Kconfig file of this architecture is never set.
        Some(Condition::FALSE)
    }

    fn object_macro(
        &mut self,
        frame: &Frame,
        whole: &Expr,
        at: (crate::unit::VisitId, usize),
    ) -> TermId {
        let (file, definition) = self.macro_of(frame.unit, at.0, at.1);
        if definition.params.is_some() {
            return self.global(frame, whole, definition.name);
        }
        let body = file.macro_body(&definition);
        let Some(value) = body.value.clone() else {
            return self.site(frame, whole);
        };
        let inner = self.macro_frame(frame, whole, (file, &definition), Rc::from([]));
        self.eval(&inner, &value)
    }

    /// The frame inside a macro that is used at `whole`.
    pub(crate) fn macro_frame(
        &mut self,
        frame: &Frame,
        whole: &Expr,
        (file, definition): (Arc<csource::File>, &csource::MacroDefinition),
        bound: Rc<[(Name, TermId)]>,
    ) -> Frame {
        let facts = file.macro_body(definition);
        let site = format!("{}@{}:{}", frame.site, frame.file.path(), whole.span.start);
        Frame {
            unit: frame.unit,
            visit: frame.visit,
            moment: Some(self.moment(frame, whole.span.start)),
            expanding: frame
                .expanding
                .iter()
                .copied()
                .chain([definition.name])
                .collect(),
            body: facts.facts.clone(),
            file,
            params: Rc::from([]),
            bound,
            user: Some(Rc::new(frame.clone())),
            site: site.as_str().into(),
            depth: frame.depth + 1,
        }
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
            unit,
            visit,
            body: file.body(key.id),
            file,
            params,
            bound: Rc::from([]),
            user: None,
            moment: None,
            expanding: Rc::from([]),
            site: Name::new(""),
            depth,
        })
    }

    /// When control gets to a place of a body.
    pub(crate) fn flow(
        &mut self,
        frame: &Frame,
        body: &Body,
        flow: FlowId,
        known: &mut FxHashMap<FlowId, Condition>,
    ) -> Condition {
        if let Some(condition) = known.get(&flow) {
            return *condition;
        }
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
                let a = self.flow(frame, body, a, known);
                if a.is_false() {
                    a
                } else {
                    let b = self.flow(frame, body, b, known);
                    self.store.and(a, b)
                }
            }
            Flow::Or(a, b) => {
                let a = self.flow(frame, body, a, known);
                let b = self.flow(frame, body, b, known);
                self.store.or(a, b)
            }
        };
        known.insert(flow, condition);
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

/// Whether a body stores to a field called `field`, of whatever object.
pub(crate) fn stores_field(body: &Body, field: Name) -> bool {
    body.stores
        .iter()
        .any(|store| matches!(&store.target.kind, ExprKind::Field(_, f, _) if *f == field))
}

enum Size {
    Bytes(i128),
    /// That of a pointer and of a `long`.
    Word,
}

fn scalar_size(words: &str) -> Option<Size> {
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
