//! What a call gives: through macros, through functions whose result is computed once over their
//! parameters, and as a predicate where that is all that can be known.
//!
//! ```c
//! static inline bool radix_enabled(void)	// a static key decides: one predicate wherever asked
//! {
//! 	return mmu_has_feature(MMU_FTR_TYPE_RADIX);
//! }
//! ```

use condition::{Atom, Condition, Level};
use csource::TRANSPARENT;
use csource::syntax::{Expr, ExprKind, UnaryOp};
use text::Name;

use crate::Analysis;
use crate::eval::DEEPEST;
use crate::expand::Use;
use crate::frame::Frame;
use crate::link::{FunctionKey, Target};
use crate::terms::{Substitution, Term, TermId, Terms};
use crate::unit::{UnitId, VisitId};

impl Analysis<'_> {
    pub(crate) fn call(
        &mut self,
        frame: &Frame,
        whole: &Expr,
        callee: &Expr,
        args: &[Expr],
    ) -> TermId {
        let Some(name) = callee.as_ident() else {
            return self.site(frame, whole);
        };
        if let Some(value) = self.known_call(frame, whole, name, args) {
            return value;
        }
        if frame.depth > DEEPEST {
            return self.site(frame, whole);
        }
        let moment = self.moment(frame, whole.span.start);
        let around = frame.expanding_at(whole.span);
        let targets = self.targets(frame.unit, name, moment, &around);
        let mut result = None;
        for (when, target) in targets.into_iter().rev() {
            let here = self.store.and(frame.under, when);
            if here.is_false() {
                continue;
            }
            let value = match target {
                Target::Macro(visit, number) => {
                    self.macro_call(frame, whole, (visit, number), (args, here))
                }
                Target::Function(key, visit) => {
                    let values: Vec<TermId> =
                        args.iter().map(|arg| self.eval(frame, arg)).collect();
                    self.function_call(frame, whole, (key, visit), &values)
                }
                Target::Foreign => self.site(frame, whole),
            };
            result = Some(match result {
                Some(other) => self.terms.choose(when, value, other),
                None => value,
            });
        }
        result.unwrap_or_else(|| self.site(frame, whole))
    }

    /// Calls whose meaning does not come from a definition.
    fn known_call(
        &mut self,
        frame: &Frame,
        whole: &Expr,
        name: Name,
        args: &[Expr],
    ) -> Option<TermId> {
        if TRANSPARENT.contains(&name.as_str()) {
            return Some(self.eval(frame, args.first()?));
        }
        let symbol = |args: &[Expr]| {
            args.first()?
                .as_ident()?
                .strip_prefix("CONFIG_")
                .map(Name::new)
        };
        let truth = match name.as_str() {
            "IS_ENABLED" => self.enabled(symbol(args)?, &[Level::Yes, Level::Module]),
            "IS_BUILTIN" => self.enabled(symbol(args)?, &[Level::Yes]),
            "IS_MODULE" => self.enabled(symbol(args)?, &[Level::Module]),
            "IS_REACHABLE" => {
                let symbol = symbol(args)?;
                let (built_in, module) = (
                    self.enabled(symbol, &[Level::Yes]),
                    self.enabled(symbol, &[Level::Module]),
                );
                let in_module = self.unit_ref(frame.unit).is_module();
                let reachable = self.store.and(module, in_module);
                self.store.or(built_in, reachable)
            }
            "defined" => {
                let moment = self.moment(frame, whole.span.start);
                self.defined(frame.unit, args.first()?.as_ident()?, moment)
            }
            // A compiler that has not looked at variables yet takes only constants for constant; one
            // that has may find more.
            "__builtin_constant_p" => {
                let value = self.eval(frame, args.first()?);
                let known = self.terms.is_constant(value);
                return Some(if known {
                    self.terms.int(1)
                } else {
                    self.site(frame, whole)
                });
            }
            "__builtin_types_compatible_p" => {
                return self
                    .compatible(frame, whole)
                    .map(|same| self.terms.int(i128::from(same)));
            }
            "__builtin_choose_expr" => {
                let test = self.truth(frame, args.first()?);
                let (yes, no) = (
                    self.eval(frame, args.get(1)?),
                    self.eval(frame, args.get(2)?),
                );
                return Some(self.terms.choose(test, yes, no));
            }
            _ => return None,
        };
        Some(self.terms.truth_value(truth))
    }

    fn enabled(&mut self, symbol: Name, levels: &[Level]) -> Condition {
        if self.model.symbol(symbol).is_none() {
            return Condition::FALSE;
        }
        let parts: Vec<Condition> = levels
            .iter()
            .map(|level| self.symbol(&symbol, *level))
            .collect();
        self.store.or_all(parts)
    }

    fn macro_call(
        &mut self,
        frame: &Frame,
        whole: &Expr,
        at: (VisitId, usize),
        (args, under): (&[Expr], Condition),
    ) -> TermId {
        let used = Use {
            span: whole.span,
            args,
            behind: None,
        };
        let value = self.macro_value(frame, used, at, under);
        if let Some(value) = value
            && self.is_settled(value)
        {
            return value;
        }
        let (_, definition) = self.macro_of(frame.unit, at.0, at.1);
        if self.vocabulary.stable.contains(&*definition.name)
            && args.iter().all(|arg| self.is_fixed(frame, arg))
        {
            let values: Vec<TermId> = args.iter().map(|arg| self.eval(frame, arg)).collect();
            return self.predicate(definition.name, &values);
        }
        value.unwrap_or_else(|| self.site(frame, whole))
    }

    /// Whether an argument is the same wherever this is asked: a constant, or the address of something
    /// outside of functions, such as a static key.
    fn is_fixed(&mut self, frame: &Frame, expr: &Expr) -> bool {
        if let Some(name) = expr.as_ident()
            && let Some(bound) = frame.bound(name)
            && let Some(user) = frame.user.clone()
        {
            let args = bound.args.clone();
            return args.iter().all(|arg| self.is_fixed(&user, arg));
        }
        if let ExprKind::Unary(UnaryOp::AddressOf, inner) = &expr.kind {
            return self.is_global(frame, inner);
        }
        let value = self.eval(frame, expr);
        self.terms.is_constant(value)
    }

    /// Whether an expression names an object outside of functions, or a part of one.
    fn is_global(&mut self, frame: &Frame, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Field(inner, _, false) => self.is_global(frame, inner),
            ExprKind::Index(inner, at) => {
                let at = self.eval(frame, at);
                self.terms.is_constant(at) && self.is_global(frame, inner)
            }
            ExprKind::Ident(name) => match (frame.bound(*name), frame.user.clone()) {
                (Some(bound), Some(user)) => {
                    let args = bound.args.clone();
                    args.iter().all(|arg| self.is_global(&user, arg))
                }
                (_, Some(user)) => !frame.is_local(*name) && self.is_global(&user, expr),
                (_, None) => !frame.is_local(*name),
            },
            _ => false,
        }
    }

    fn function_call(
        &mut self,
        frame: &Frame,
        whole: &Expr,
        (key, visit): (FunctionKey, Option<VisitId>),
        values: &[TermId],
    ) -> TermId {
        let constant = values.iter().all(|value| self.terms.is_constant(*value));
        let summary = self.summary(frame, (key, visit));
        let site = frame.place(whole.span);
        let name = self
            .read_file(key.path)
            .map_or(Name::new(""), |file| file.function(key.id).name);
        let result = summary.map(|summary| {
            let mut substitution = Substitution::new(values.to_vec(), site);
            self.terms
                .substitute(&mut self.store, summary, &mut substitution)
        });
        if let Some(result) = result
            && self.is_settled(result)
        {
            return result;
        }
        if constant && self.is_stable((key, visit), frame.unit, 0) {
            return self.predicate(name, values);
        }
        let Some(result) = result else {
            return self.site(frame, whole);
        };
        match self.known_parts(result) {
            // A function of constants is one constant, and told by its name rather than its body.
            Parts::Constants if !values.is_empty() => {
                self.terms.add(Term::Call(name, values.to_vec()))
            }
            Parts::Constants | Parts::Known => result,
            Parts::Unknown => {
                let site = self.site(frame, whole);
                self.coarse(result, site)
            }
        }
    }

    /// A value of which only that is kept which constants, symbols and predicates decide; it is
    /// `unknown` elsewhere.
    ///
    /// ```c
    /// #ifdef CONFIG_ARCH_ENABLE_HUGEPAGE_MIGRATION	// else it is false, whatever the sizes are
    /// 	return shift == PMD_SHIFT || shift == PUD_SHIFT;
    /// #endif
    /// 	return false;
    /// ```
    fn coarse(&mut self, value: TermId, unknown: TermId) -> TermId {
        let Term::Choose(test, yes, no) = *self.terms.get(value) else {
            return if self.terms.is_constant(value) {
                value
            } else {
                unknown
            };
        };
        let mut never = |test: Condition| {
            let may = self.store.project(test, &|atom| !is_plain(&atom));
            may.map_or(Condition::FALSE, |may| !may)
        };
        let (never_no, never_yes) = (never(!test), never(test));
        let (yes, no) = (self.coarse(yes, unknown), self.coarse(no, unknown));
        let open = self.terms.choose(never_yes, no, unknown);
        self.terms.choose(never_no, yes, open)
    }

    fn predicate(&mut self, name: Name, values: &[TermId]) -> TermId {
        let words: Vec<String> = values
            .iter()
            .map(|v| self.terms.words(&self.store, *v))
            .collect();
        // What is likely is the compiler's business.
        let name = name.strip_suffix("_likely").unwrap_or(&name);
        let name = name.strip_suffix("_unlikely").unwrap_or(name);
        let words = format!("{name}({})", words.join(", "));
        self.terms.add(Term::Predicate(words.as_str().into()))
    }

    /// Whether a value is a constant, or chosen by Kconfig symbols and predicates among constants.
    fn is_settled(&mut self, id: TermId) -> bool {
        match self.terms.get(id).clone() {
            Term::Int(_) | Term::Predicate(_) => true,
            Term::Choose(test, yes, no) => {
                let plain = self.store.atoms(test).iter().all(is_plain);
                plain && self.is_settled(yes) && self.is_settled(no)
            }
            _ => false,
        }
    }

    /// What a value is made of. One that is made only of what is unknown, or of very much, is as
    /// good as unknown itself.
    fn known_parts(&mut self, id: TermId) -> Parts {
        let mut open = vec![id];
        let mut seen = rustc_hash::FxHashSet::default();
        let (mut constants, mut known, mut values) = (true, false, 0_usize);
        while let Some(id) = open.pop() {
            if !seen.insert(id) {
                continue;
            }
            match self.terms.get(id).clone() {
                Term::Int(_) | Term::Constant(_) | Term::Config(_) => {}
                Term::Call(_, args) => open.extend(args),
                Term::Site(..) => {
                    constants = false;
                    values += 1;
                }
                Term::Param(..)
                | Term::Field(..)
                | Term::Object(..)
                | Term::Address(_)
                | Term::Predicate(_) => {
                    constants = false;
                    known = true;
                }
                Term::Apply(_, a, b) => open.extend([a, b]),
                Term::Choose(test, yes, no) => {
                    open.extend([yes, no]);
                    for atom in self.store.atoms(test) {
                        match atom {
                            Atom::Value(value, _) => {
                                open.push(Terms::of_value(value));
                                values += 1;
                            }
                            Atom::Assumption(_) => {}
                            _ => {
                                constants = false;
                                known = true;
                            }
                        }
                    }
                }
            }
        }
        if seen.len() > self.limits.value_parts || values > self.limits.value_unknowns {
            return Parts::Unknown;
        }
        match (constants, known || values == 0) {
            (true, _) => Parts::Constants,
            (false, true) => Parts::Known,
            (false, false) => Parts::Unknown,
        }
    }

    /// What a function returns, over its parameters; `None` where it is not computed.
    fn summary(
        &mut self,
        frame: &Frame,
        (key, visit): (FunctionKey, Option<VisitId>),
    ) -> Option<TermId> {
        let (unit, visit) = if let Some(visit) = visit {
            (frame.unit, visit)
        } else {
            let unit = self.unit(key.path)?;
            (unit, self.unit_ref(unit).root)
        };
        let known = (unit, visit, key);
        if let Some(summary) = self.summaries.get(&known) {
            return *summary;
        }
        // A recursion has no summary.
        self.summaries.insert(known, None);
        let summary = self.summarize(unit, visit, key, frame.depth);
        self.summaries.insert(known, summary);
        summary
    }

    fn summarize(
        &mut self,
        unit: UnitId,
        visit: VisitId,
        key: FunctionKey,
        depth: u32,
    ) -> Option<TermId> {
        let file = self.read_file(key.path)?;
        let size = file.body_length(key.id);
        if size > self.limits.summary_bytes || depth > DEEPEST {
            return None;
        }
        let frame = self.function_frame(unit, visit, key, depth + 1)?;
        let body = frame.body.clone();
        let mut result: Option<TermId> = None;
        for ret in body.returns.iter().rev() {
            let when = self.flow(&frame, ret.flow);
            let line = self.branch_condition(unit, visit, ret.branch);
            let when = self.store.and(when, line);
            if when.is_false() {
                continue;
            }
            let value = match &ret.value {
                Some(value) => self.eval(&frame, value),
                None => self.terms.int(0),
            };
            result = Some(match result {
                Some(other) => self.terms.choose(when, value, other),
                None => value,
            });
        }
        result
    }

    /// Whether a predicate keeps its answer once the kernel is up: what it calls ends in one of the
    /// leaves that the rules list, such as a static key.
    fn is_stable(
        &mut self,
        (key, visit): (FunctionKey, Option<VisitId>),
        unit: UnitId,
        depth: u32,
    ) -> bool {
        let Some(file) = self.read_file(key.path) else {
            return false;
        };
        if self
            .vocabulary
            .stable
            .contains(&*file.function(key.id).name)
        {
            return true;
        }
        let body = file.body(key.id);
        let names: Vec<(Name, u32)> = body
            .calls
            .iter()
            .filter_map(|c| Some((c.name()?, c.span.start)))
            .collect();
        if names
            .iter()
            .any(|(name, _)| self.vocabulary.stable.contains(&**name))
        {
            return true;
        }
        if depth >= self.limits.stable_depth {
            return false;
        }
        let (unit, visit) = match visit {
            Some(visit) => (unit, visit),
            None => match self.unit(key.path) {
                Some(unit) => (unit, self.unit_ref(unit).root),
                None => return false,
            },
        };
        names.into_iter().any(|(name, at)| {
            let moment = self.unit_ref(unit).moment(visit, at);
            let targets = self.targets(unit, name, moment, &[]);
            targets.into_iter().any(|(_, target)| match target {
                Target::Function(key, visit) => self.is_stable((key, visit), unit, depth + 1),
                _ => false,
            })
        })
    }
}

/// What a value is made of.
enum Parts {
    /// Constants, some of which are not computed.
    Constants,
    /// Something that a caller or Kconfig knows, among others.
    Known,
    /// Nothing that anybody knows.
    Unknown,
}

/// Whether an atom has one answer in one configuration of one running kernel, wherever it is asked.
fn is_plain(atom: &Atom) -> bool {
    matches!(
        atom,
        Atom::Symbol { .. } | Atom::Compare { .. } | Atom::Predicate(_) | Atom::Defined(_)
    )
}
