//! One walk over the statements of a body: what happens, and when control gets there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use text::{Name, Span};

use crate::body::{Body, Call, Definition, Return, Store};
use crate::directives::{BranchId, Directives};
use crate::flow::{FlowId, Flows};
use crate::idioms::{NO_RETURN, NO_RETURN_IF};
use crate::items::is_keyword;
use crate::mask::Hidden;
use crate::syntax::{BinaryOp, Declarator, Expr, ExprKind, LoopKind, Stmt, StmtKind, UnaryOp};

/// One walk over all variants of a body; facts of later variants join those of earlier ones by place.
pub(crate) struct Walk<'d> {
    directives: &'d Directives,
    /// The branch of everything, where the text is a macro's and not the file's own.
    fixed: Option<BranchId>,
    flows: Flows,
    calls: BTreeMap<(u32, u32), Call>,
    returns: BTreeMap<u32, Return>,
    stores: BTreeMap<(u32, u32), Store>,
    locals: BTreeMap<(u32, Name), Definition>,
    values: BTreeMap<u32, (Name, Span, FlowId)>,
    addressed: Vec<Name>,
    addressed_fields: Vec<Name>,
    escaping: Vec<Name>,
    regions: BTreeMap<(u32, u32), FlowId>,
    end: Option<FlowId>,
    /// Where `break` goes, innermost last: the flows that got there.
    breaks: Vec<FlowId>,
    /// The flows of the gotos of each label, of this round and of the last.
    gotos: BTreeMap<Name, FlowId>,
    earlier_gotos: BTreeMap<Name, FlowId>,
    /// What `switch` compares, innermost last, with the tests of its cases so far.
    switches: Vec<(Expr, FlowId, FlowId)>,
    branch: BranchId,
    pub(crate) recording: bool,
    /// Where loops begin whose head is a macro's: what stands in their parentheses is no test.
    macro_loops: BTreeSet<u32>,
}

impl<'d> Walk<'d> {
    pub(crate) fn new(directives: &'d Directives, fixed: Option<BranchId>) -> Walk<'d> {
        Walk {
            directives,
            fixed,
            flows: Flows::default(),
            calls: BTreeMap::new(),
            returns: BTreeMap::new(),
            stores: BTreeMap::new(),
            locals: BTreeMap::new(),
            values: BTreeMap::new(),
            addressed: Vec::new(),
            addressed_fields: Vec::new(),
            escaping: Vec::new(),
            regions: BTreeMap::new(),
            end: None,
            breaks: Vec::new(),
            gotos: BTreeMap::new(),
            earlier_gotos: BTreeMap::new(),
            switches: Vec::new(),
            branch: BranchId::TOP,
            recording: false,
            macro_loops: BTreeSet::new(),
        }
    }

    /// Tells of the loops in the text at `start` whose heads are macros.
    pub(crate) fn note_loops(&mut self, start: u32, hidden: &[Hidden]) {
        let heads = hidden.iter().filter_map(|hidden| match hidden {
            Hidden::Loop(name, _) => Some(start + name.start),
            _ => None,
        });
        self.macro_loops.extend(heads);
    }

    pub(crate) fn finish(mut self) -> Body {
        self.addressed.sort_unstable();
        self.addressed.dedup();
        self.addressed_fields.sort_unstable();
        self.addressed_fields.dedup();
        self.escaping.sort_unstable();
        self.escaping.dedup();
        Body {
            flows: self.flows,
            calls: self.calls.into_values().collect(),
            returns: self.returns.into_values().collect(),
            stores: self.stores.into_values().collect(),
            locals: self.locals.into_values().collect(),
            values: self.values.into_values().collect(),
            addressed: self.addressed,
            addressed_fields: self.addressed_fields,
            escaping: self.escaping,
            end: self.end,
            regions: self
                .regions
                .into_iter()
                .map(|((start, end), flow)| (Span { start, end }, flow))
                .collect(),
        }
    }

    /// Walks a body twice where it has a label: a `goto` backwards is known the second time only.
    pub(crate) fn whole(&mut self, statement: &Stmt) {
        self.branch = self.branch_of(statement.span.start);
        self.gotos.clear();
        self.earlier_gotos.clear();
        self.recording = false;
        self.statement(statement, FlowId::ALWAYS);
        self.earlier_gotos = std::mem::take(&mut self.gotos);
        self.recording = true;
        let end = self.statement(statement, FlowId::ALWAYS);
        self.end = Some(match self.end {
            Some(before) => self.flows.and(before, end),
            None => end,
        });
    }

    /// When control gets to the statement that begins at `offset`.
    pub(crate) fn flow_from(&self, offset: u32) -> FlowId {
        let mut from = self.regions.range((offset, 0)..(offset, u32::MAX));
        from.next().map_or(FlowId::ALWAYS, |(_, flow)| *flow)
    }

    /// When control gets to the innermost region around `span`.
    pub(crate) fn flow_around(&self, span: Span) -> FlowId {
        let upto = self.regions.range(..=(span.start, u32::MAX)).rev();
        let mut around = upto.filter(|((_, end), _)| span.end <= *end);
        around.next().map_or(FlowId::ALWAYS, |(_, flow)| *flow)
    }

    /// Where the names stand that are called.
    pub(crate) fn called(&self) -> impl Iterator<Item = u32> {
        let named = self.calls.values().filter(|call| call.name().is_some());
        named.map(|call| call.callee.span.start)
    }

    /// Adds a call that the statements do not show.
    pub(crate) fn add_call(
        &mut self,
        callee: Arc<Expr>,
        args: Vec<Expr>,
        span: Span,
        flow: FlowId,
    ) {
        let branch = self.branch_of(span.start);
        let call = Call {
            callee,
            args,
            span,
            flow,
            branch,
        };
        self.calls.entry((span.start, span.end)).or_insert(call);
    }

    fn branch_of(&self, offset: u32) -> BranchId {
        self.fixed
            .unwrap_or_else(|| self.directives.branch_at(offset))
    }

    /// Notes that control gets to `span` where `live` holds.
    fn region(&mut self, span: Span, live: FlowId) {
        if self.recording {
            let key = (span.start, span.end);
            let flow = match self.regions.get(&key) {
                Some(known) => self.flows.and(*known, live),
                None => live,
            };
            self.regions.insert(key, flow);
        }
    }

    fn test(&mut self, expr: &Expr, positive: bool) -> FlowId {
        let branch = self.branch_of(expr.span.start);
        self.flows.test(expr, branch, positive)
    }

    fn under(&mut self, live: FlowId, expr: &Expr, positive: bool) -> FlowId {
        let test = self.test(expr, positive);
        self.flows.and(live, test)
    }

    /// Walks a statement; answers when control gets behind it. What a statement under `#if` does
    /// to the flow, it does only where its branch is taken.
    fn statement(&mut self, statement: &Stmt, live: FlowId) -> FlowId {
        let outer = self.branch;
        let branch = self.branch_of(statement.span.start);
        self.branch = branch;
        self.region(statement.span, live);
        let after = self.statement_kind(statement, live);
        self.branch = outer;
        if branch == outer || after == live {
            return after;
        }
        let taken = self.flows.branch(branch, true);
        let not_taken = self.flows.branch(branch, false);
        let yes = self.flows.and(after, taken);
        let no = self.flows.and(live, not_taken);
        self.flows.or(yes, no)
    }

    fn statement_kind(&mut self, statement: &Stmt, live: FlowId) -> FlowId {
        match &statement.kind {
            StmtKind::Expr(expr) => self.expr(expr, live),
            StmtKind::Declare(declarators) => self.declare(declarators, statement.span, live),
            StmtKind::Return(value) => {
                let flow = value.as_ref().map_or(live, |value| self.expr(value, live));
                self.record_return(value.as_ref(), statement.span, flow);
                FlowId::NEVER
            }
            StmtKind::If(test, yes, no) => {
                let tested = self.expr(test, live);
                let then = self.under(tested, test, true);
                let otherwise = self.under(tested, test, false);
                let after_then = self.statement(yes, then);
                let after_else = match no {
                    Some(no) => self.statement(no, otherwise),
                    None => otherwise,
                };
                self.rejoin(tested, (then, after_then), (otherwise, after_else))
            }
            StmtKind::Loop(kind, first, test, step, body) => self.loop_statement(
                (*kind, statement.span.start),
                (first.as_deref(), test.as_ref(), step.as_ref()),
                body,
                live,
            ),
            StmtKind::Switch(value, body) => self.switch(value, body, live),
            StmtKind::Case(values) => self.case(values, live),
            StmtKind::Break => {
                if let Some(target) = self.breaks.pop() {
                    let joined = self.flows.or(target, live);
                    self.breaks.push(joined);
                }
                FlowId::NEVER
            }
            StmtKind::Continue => FlowId::NEVER,
            StmtKind::Goto(label) => {
                if let Some(label) = label {
                    let before = self.gotos.get(label).copied().unwrap_or(FlowId::NEVER);
                    let joined = self.flows.or(before, live);
                    self.gotos.insert(*label, joined);
                }
                FlowId::NEVER
            }
            StmtKind::Label(label) => {
                let forward = self.gotos.get(label).copied().unwrap_or(FlowId::NEVER);
                let backward = self
                    .earlier_gotos
                    .get(label)
                    .copied()
                    .unwrap_or(FlowId::NEVER);
                let jumped = self.flows.or(forward, backward);
                self.flows.or(live, jumped)
            }
            StmtKind::Block(parts) => parts
                .iter()
                .fold(live, |live, part| self.statement(part, live)),
            StmtKind::Opaque(parts) => parts.iter().fold(live, |live, part| self.expr(part, live)),
        }
    }

    /// Where both arms fall through unchanged, nothing is left of the test.
    fn rejoin(
        &mut self,
        before: FlowId,
        then: (FlowId, FlowId),
        otherwise: (FlowId, FlowId),
    ) -> FlowId {
        if then.0 == then.1 && otherwise.0 == otherwise.1 {
            return before;
        }
        self.flows.or(then.1, otherwise.1)
    }

    fn loop_statement(
        &mut self,
        (kind, at): (LoopKind, u32),
        (first, test, step): (Option<&Stmt>, Option<&Expr>, Option<&Expr>),
        body: &Stmt,
        live: FlowId,
    ) -> FlowId {
        let live = first.map_or(live, |first| self.statement(first, live));
        let of_macro = self.macro_loops.contains(&at);
        let forever = test.is_none_or(|test| matches!(test.kind, ExprKind::Int(n) if n != 0));
        let forever = forever && !of_macro;
        let inside = match test {
            // How often it runs, only the macro tells.
            Some(arguments) if of_macro => self.expr(arguments, live),
            Some(test) if kind == LoopKind::TestFirst => {
                let tested = self.expr(test, live);
                self.under(tested, test, true)
            }
            _ => live,
        };
        self.breaks.push(FlowId::NEVER);
        let after_body = self.statement(body, inside);
        if let Some(step) = step {
            self.expr(step, inside);
        }
        let broken = self.breaks.pop().unwrap_or(FlowId::NEVER);
        match (kind, test) {
            // `do { } while (0)` is how macros make one statement of several.
            (LoopKind::BodyFirst, Some(test)) => {
                self.expr(test, after_body);
                if forever {
                    left(broken, live)
                } else {
                    self.after_do(body, after_body, broken)
                }
            }
            _ if forever => left(broken, live),
            // The body may not run at all, and the test may have changed its answer.
            _ => live,
        }
    }

    /// Behind a `do` loop: as behind its body, or anywhere a `continue` may have come from.
    fn after_do(&mut self, body: &Stmt, after_body: FlowId, broken: FlowId) -> FlowId {
        let either = self.flows.or(after_body, broken);
        if has_continue(body) {
            FlowId::ALWAYS
        } else {
            either
        }
    }

    fn switch(&mut self, value: &Expr, body: &Stmt, live: FlowId) -> FlowId {
        let live = self.expr(value, live);
        self.breaks.push(FlowId::NEVER);
        // The third part turns to "no case fits" as cases are met; `default` takes it.
        self.switches.push((value.clone(), live, live));
        let fell = self.statement(body, FlowId::NEVER);
        let rest = self.switches.pop().map_or(FlowId::NEVER, |(.., rest)| rest);
        let broken = self.breaks.pop().unwrap_or(FlowId::NEVER);
        let ended = self.flows.or(broken, fell);
        self.flows.or(ended, rest)
    }

    fn case(&mut self, values: &[Expr], live: FlowId) -> FlowId {
        let Some((compared, entry, rest)) = self.switches.last().cloned() else {
            return live;
        };
        let Some(value) = values.first() else {
            // `default` may stand before other cases: it is entered from the start.
            if let Some(switch) = self.switches.last_mut() {
                switch.2 = FlowId::NEVER;
            }
            let _ = rest;
            return self.flows.or(live, entry);
        };
        // The test has the place of the case label: no other expression begins and ends there.
        let span = Span {
            start: value.span.start,
            end: value.span.end,
        };
        let kind = ExprKind::Binary(BinaryOp::Equal, Arc::new(compared), Arc::new(value.clone()));
        let test = Expr { kind, span };
        let taken = self.under(entry, &test, true);
        let not_taken = self.under(rest, &test, false);
        if let Some(switch) = self.switches.last_mut() {
            switch.2 = not_taken;
        }
        self.flows.or(live, taken)
    }

    fn declare(&mut self, declarators: &[Declarator], span: Span, live: FlowId) -> FlowId {
        let mut live = live;
        for declarator in declarators {
            if let Some(init) = &declarator.init {
                let escaping = self.escaping.len();
                live = self.expr(init, live);
                let is_object = matches!(init.kind, ExprKind::Initializer(_));
                if is_object && !declarator.is_static {
                    // Whoever gets this object is called with it.
                    self.escaping.truncate(escaping);
                }
            }
            if self.recording {
                let branch = self.branch;
                let key = (span.start, declarator.name);
                let declarator = declarator.clone();
                self.locals.entry(key).or_insert(Definition {
                    declarator,
                    span,
                    branch,
                });
            }
        }
        live
    }

    fn record_return(&mut self, value: Option<&Expr>, span: Span, flow: FlowId) {
        if !self.recording {
            return;
        }
        let fresh = Return {
            value: value.cloned(),
            flow,
            branch: self.branch,
            span,
        };
        let flow = match self.returns.get(&span.start) {
            Some(known) => self.flows.and(known.flow, flow),
            None => flow,
        };
        self.returns.insert(span.start, Return { flow, ..fresh });
    }

    fn record_store(&mut self, target: &Expr, value: Option<&Expr>, span: Span, flow: FlowId) {
        if !self.recording {
            return;
        }
        let key = (span.start, span.end);
        let flow = match self.stores.get(&key) {
            Some(known) => self.flows.and(known.flow, flow),
            None => flow,
        };
        let branch = self.branch;
        self.stores.insert(
            key,
            Store {
                target: target.clone(),
                value: value.cloned(),
                flow,
                span,
                branch,
            },
        );
    }

    /// Walks an expression that is evaluated where `live` holds; answers when control gets behind it.
    pub(crate) fn expr(&mut self, expr: &Expr, live: FlowId) -> FlowId {
        match &expr.kind {
            ExprKind::Binary(op @ (BinaryOp::And | BinaryOp::Or), left, right) => {
                let live = self.expr(left, live);
                let inner = self.under(live, left, *op == BinaryOp::And);
                self.region(right.span, inner);
                self.expr(right, inner);
                live
            }
            ExprKind::Conditional(test, yes, no) => {
                let live = self.expr(test, live);
                if let Some(yes) = yes {
                    let inner = self.under(live, test, true);
                    self.region(yes.span, inner);
                    self.expr(yes, inner);
                }
                let inner = self.under(live, test, false);
                self.region(no.span, inner);
                self.expr(no, inner);
                live
            }
            ExprKind::Call(callee, args) => self.call(expr, callee, args, live),
            ExprKind::Assign(target, op, value) => {
                let live = self.expr(value, live);
                let live = self.expr_children(target, live);
                let known = if op.is_none() { Some(&**value) } else { None };
                self.record_store(target, known, expr.span, live);
                live
            }
            ExprKind::Step(target) => {
                self.record_store(target, None, expr.span, live);
                self.expr_children(target, live)
            }
            ExprKind::Unary(UnaryOp::AddressOf, target) => {
                if let Some(root) = root_variable(target) {
                    self.addressed.push(root);
                    if target.as_ident().is_some() {
                        self.escaping.push(root);
                    }
                }
                if let ExprKind::Field(_, field, _) = target.kind {
                    self.addressed_fields.push(field);
                }
                self.expr(target, live)
            }
            ExprKind::Statements(statement) => self.statement(statement, live),
            ExprKind::Ident(name) => {
                if self.recording {
                    let entry = (*name, expr.span, live);
                    self.values.entry(expr.span.start).or_insert(entry);
                }
                live
            }
            _ => self.expr_children(expr, live),
        }
    }

    fn expr_children(&mut self, expr: &Expr, live: FlowId) -> FlowId {
        expr.children()
            .into_iter()
            .fold(live, |live, child| self.expr(child, live))
    }

    fn call(&mut self, whole: &Expr, callee: &Arc<Expr>, args: &[Expr], live: FlowId) -> FlowId {
        let mut live = live;
        if callee.as_ident().is_none() {
            live = self.expr(callee, live);
        }
        let escaping = self.escaping.len();
        for arg in args {
            live = self.expr(arg, live);
            if matches!(arg.kind, ExprKind::Unary(UnaryOp::AddressOf, _)) {
                // Who is called with an address is known.
                self.escaping.truncate(escaping);
            }
        }
        if callee.kind == ExprKind::Text {
            for operand in args {
                self.record_store(operand, None, operand.span, live);
            }
        }
        // The operands of `asm` look like calls of strings.
        let is_call = !matches!(
            callee.kind,
            ExprKind::Text | ExprKind::Int(_) | ExprKind::Opaque(_)
        );
        // `return (x)` by itself, as a macro has it, looks like one as well.
        let is_call = is_call
            && !callee
                .as_ident()
                .is_some_and(|word| is_keyword(word.as_bytes()));
        if self.recording && is_call {
            let key = (whole.span.start, whole.span.end);
            let flow = match self.calls.get(&key) {
                Some(known) => self.flows.and(known.flow, live),
                None => live,
            };
            let (callee, args, span, branch) =
                (callee.clone(), args.to_vec(), whole.span, self.branch);
            self.calls.insert(
                key,
                Call {
                    callee,
                    args,
                    span,
                    flow,
                    branch,
                },
            );
        }
        match callee.as_ident() {
            Some(name) if NO_RETURN.contains(&name.as_str()) => FlowId::NEVER,
            Some(name) if NO_RETURN_IF.contains(&name.as_str()) => match args.first() {
                Some(test) => self.under(live, test, false),
                None => live,
            },
            _ => live,
        }
    }
}

/// Behind a loop that only a `break` ends. What was true when the loop began may have changed since,
/// and the test before the `break` with it.
fn left(broken: FlowId, live: FlowId) -> FlowId {
    if broken == FlowId::NEVER {
        broken
    } else {
        live
    }
}

fn has_continue(statement: &Stmt) -> bool {
    match &statement.kind {
        StmtKind::Continue => true,
        StmtKind::Block(parts) => parts.iter().any(has_continue),
        StmtKind::If(_, yes, no) => {
            has_continue(yes) || no.as_ref().is_some_and(|no| has_continue(no))
        }
        StmtKind::Switch(_, body) => has_continue(body),
        _ => false,
    }
}

/// The variable at the root of `a.b[1].c`; none behind a pointer.
fn root_variable(expr: &Expr) -> Option<Name> {
    match &expr.kind {
        ExprKind::Ident(name) => Some(*name),
        ExprKind::Field(base, _, false) | ExprKind::Index(base, _) => root_variable(base),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::Flow;
    use crate::items::Items;

    /// The formula in C's own words, with `#3` for branch 3.
    fn show(text: &str, flows: &Flows, id: FlowId) -> String {
        match flows.get(id) {
            Flow::Always => "1".into(),
            Flow::Never => "0".into(),
            Flow::Branch(branch, taken) => format!("{}#{}", if taken { "" } else { "!" }, branch.0),
            Flow::Leaf(number, positive) => {
                let span = flows.leaf(number).expr.span;
                format!("{}{}", if positive { "" } else { "!" }, &text[span.range()])
            }
            Flow::And(a, b) => format!("{} & {}", show(text, flows, a), show(text, flows, b)),
            Flow::Or(a, b) => format!("({} | {})", show(text, flows, a), show(text, flows, b)),
        }
    }

    fn check(text: &str, expect: &[&str]) {
        let directives = Directives::scan(text.as_bytes());
        let items = Items::scan(text.as_bytes(), &directives);
        let body = Body::read(text.as_bytes(), &directives, items.functions[0].body);
        let shown: Vec<String> = body
            .calls
            .iter()
            .filter_map(|c| {
                Some(format!(
                    "{}: {}",
                    c.name()?,
                    show(text, &body.flows, c.flow)
                ))
            })
            .collect();
        assert_eq!(shown, expect, "{text}");
    }

    #[test]
    fn structure_gives_the_condition_of_a_call() {
        check(
            "int f(int a) { if (a) g(); else h(); k(); }",
            &["g: a", "h: !a", "k: 1"],
        );
        check("int f(int a) { if (!a) return; g(); }", &["g: !!a"]);
        check(
            "int f(int a) { return a && g() ? h() : k(); }",
            &["g: a", "h: a && g()", "k: !a && g()"],
        );
        check(
            "int f(int a) { if (a) goto out; g(); out: h(); }",
            &["g: !a", "h: 1"],
        );
        check(
            "int f(int a) { while (a) { if (b) break; g(); } h(); }",
            &["g: a & !b", "h: 1"],
        );
        check(
            "int f(int a) { BUG_ON(a); g(); BUG(); h(); }",
            &["BUG_ON: 1", "g: !a", "BUG: !a", "h: 0"],
        );
        check(
            "int f(int a) { switch (a) { case X: g(); return; default: return; } h(); }",
            &["g: X", "h: 0"],
        );
        check(
            "int f(void) { for_each_node(n) { g(n); } list_for_each(p, q) h(); }",
            &["for_each_node: 1", "g: 1", "list_for_each: 1", "h: 1"],
        );
    }

    #[test]
    fn conditionals_in_a_body() {
        check(
            "int f(int a)\n{\n#ifdef A\n\tif (a)\n#else\n\tif (b)\n#endif\n\t\tg();\n\th();\n}\n",
            &["g: a & b", "h: 1"],
        );
        check(
            "int f(int a)\n{\n#ifdef A\n\tif (a)\n\t\treturn g();\n#endif\n\treturn h();\n}\n",
            &["g: a", "h: (!a & #1 | !#1)"],
        );
        check(
            "int f(int a)\n{\n#ifdef A\n\treturn 0;\n#else\n\treturn h();\n#endif\n}\n",
            &["h: 1"],
        );
    }
}
