//! Where an architecture's implementation of a function writes its entries: the forward walk.
//!
//! A rule names the function (`vmemmap_populate`), the helpers that show that an entry is written
//! through the kernel's own page tables, and the operations that write it elsewhere. The walk
//! follows calls inside the architecture's code and the files that the rule names, and answers under
//! which Conditions either kind of evidence is met.

use condition::Condition;
use csource::Call;
use csource::syntax::{Expr, ExprKind, UnaryOp};
use rustc_hash::FxHashMap;
use text::Name;

use crate::expand::Use;
use crate::frame::Frame;
use crate::link::{FunctionKey, Target, is_header};
use crate::terms::{Substitution, TermId};
use crate::unit::{UnitId, VisitId};
use crate::{Analysis, Fact, Place};

/// What a rule says about a backend.
#[derive(Clone, Debug, Default)]
pub struct BackendRule {
    /// Whose page tables are expected: `init_mm`.
    pub tables: String,
    /// The function that every architecture provides.
    pub function: String,
    /// Functions and macros that write, or begin a walk that writes, the expected page tables.
    pub inside: Vec<String>,
    /// Fields of operation tables through which entries are written elsewhere.
    pub outside_fields: Vec<String>,
    /// Functions that write elsewhere.
    pub outside: Vec<String>,
    /// Functions that write an entry to whatever page table they are given.
    pub stores: Vec<String>,
    /// Files that are followed besides the architecture's own.
    pub follow: Vec<String>,
}

/// Under which Conditions which evidence is met, over a function's parameters.
#[derive(Clone, Debug)]
struct Evidence {
    inside: Condition,
    outside: Condition,
    /// An entry is written, or something is called that cannot be followed.
    opaque: Condition,
    /// Something is called that no definition provides: it would not link, so it does not happen.
    impossible: Condition,
    /// The first place of evidence outside.
    outside_at: Option<Place>,
    inside_at: Option<Place>,
    opaque_at: Option<Place>,
}

const NOTHING: Evidence = Evidence {
    inside: Condition::FALSE,
    outside: Condition::FALSE,
    opaque: Condition::FALSE,
    impossible: Condition::FALSE,
    outside_at: None,
    inside_at: None,
    opaque_at: None,
};

/// How an architecture implements a backend, in symbols, predicates and assumptions.
#[derive(Clone, Debug)]
pub struct Backend {
    pub(crate) inside: Condition,
    pub(crate) outside: Condition,
    /// Neither kind of evidence was met.
    pub(crate) unclear: Condition,
    /// Where entries are written elsewhere, or where no evidence was found.
    pub outside_at: Option<Fact>,
    /// Where entries are written through the expected page tables.
    pub inside_at: Option<Fact>,
    /// Where something is called that is not followed.
    pub unclear_at: Option<Fact>,
}

/// One way in which a backend writes its entries.
#[derive(Clone, Debug)]
pub struct BackendPart {
    /// To which tables: those that are expected, others, or it was not found out.
    pub kind: BackendKind,
    /// When, in the words of Kconfig and the code.
    pub when: String,
    /// Where to see it.
    pub at: Option<Place>,
}

/// To which tables entries are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendKind {
    /// The expected ones.
    Inside,
    /// Others.
    Outside,
    /// That was not found out.
    Unclear,
}

impl Analysis<'_> {
    /// The ways in which a backend writes its entries in some configuration; none where the architecture has
    /// no such function.
    pub fn backend_parts(&mut self, backend: &Backend) -> Vec<BackendPart> {
        let all = [
            (BackendKind::Inside, backend.inside, &backend.inside_at),
            (BackendKind::Outside, backend.outside, &backend.outside_at),
            (BackendKind::Unclear, backend.unclear, &backend.unclear_at),
        ];
        let mut parts = Vec::new();
        for (kind, when, fact) in all {
            if self.can_hold(&[when]) != Some(false) {
                parts.push(BackendPart {
                    kind,
                    when: self.short_words(when),
                    at: fact.as_ref().and_then(|fact| fact.place.clone()),
                });
            }
        }
        parts
    }

    /// Walks forward from the backend of `rule`.
    pub fn backend(&mut self, rule: &BackendRule) -> Backend {
        let _span = tracing::debug_span!("backend").entered();
        let mut sum = NOTHING;
        let (mut provided, mut exact, mut head) = (Condition::FALSE, true, None);
        let mut known = FxHashMap::default();
        for key in self
            .functions_called(Name::new(&rule.function))
            .iter()
            .copied()
        {
            let when = if is_header(&key.path) {
                Condition::TRUE
            } else {
                self.provided(key)
            };
            if self.can_hold(&[when]) == Some(false) {
                continue;
            }
            let when = self.succeeding(key, when);
            let evidence = self.evidence(key, None, rule, &mut known, 0);
            exact &= self.add_evidence(&mut sum, when, &evidence);
            provided = self.store.or(provided, when);
            let at = self
                .read_file(key.path)
                .map(|file| file.function(key.id).name_span);
            head = head.or(at.map(|span| Place {
                file: key.path,
                span,
            }));
        }
        // With no evidence at all, and nothing that was not followed, the entries cannot be in a
        // page table. Where a call would not link, nothing is written at all.
        let silent = self
            .store
            .and_all([provided, !sum.inside, !sum.outside, !sum.impossible]);
        let elsewhere = self.store.and(silent, !sum.opaque);
        let unclear = self.store.and(silent, sum.opaque);
        let (elsewhere, unclear) = if exact {
            (elsewhere, unclear)
        } else {
            (Condition::FALSE, Condition::TRUE)
        };
        let function = &rule.function;
        let fact =
            |place: Option<Place>, words: String| place.map(|place| Fact::new(words, Some(place)));
        let tables = &rule.tables;
        let outside_words = format!("{function}() writes its entries outside of {tables} here");
        let silent_words = format!("{function}() writes no page table that is known");
        let inside_words = format!("{function}() writes through {tables}'s page tables here");
        let unclear_words = format!("to which tables {function}() writes here was not found out");
        Backend {
            inside: sum.inside,
            outside: self.store.or(sum.outside, elsewhere),
            unclear,
            outside_at: fact(sum.outside_at, outside_words).or_else(|| fact(head, silent_words)),
            inside_at: fact(sum.inside_at, inside_words),
            unclear_at: fact(sum.opaque_at, unclear_words),
        }
    }

    /// Adds what one definition shows, in symbols and predicates; answers whether that is exact.
    fn add_evidence(&mut self, sum: &mut Evidence, when: Condition, one: &Evidence) -> bool {
        let mut exact = true;
        let parts = [
            (&mut sum.inside, one.inside),
            (&mut sum.outside, one.outside),
            (&mut sum.opaque, one.opaque),
            (&mut sum.impossible, one.impossible),
        ];
        for (total, part) in parts {
            let projected = self.project(part);
            exact &= projected.is_some();
            let part = self.store.and(when, projected.unwrap_or(Condition::FALSE));
            *total = self.store.or(*total, part);
        }
        sum.outside_at = sum.outside_at.take().or_else(|| one.outside_at.clone());
        sum.inside_at = sum.inside_at.take().or_else(|| one.inside_at.clone());
        sum.opaque_at = sum.opaque_at.take().or_else(|| one.opaque_at.clone());
        exact
    }

    /// Of the Conditions `when`, those under which a function may return something else than a
    /// negative error number: one that only ever fails writes nothing that stays.
    fn succeeding(&mut self, key: FunctionKey, when: Condition) -> Condition {
        let Some(frame) = self.frame_of(key) else {
            return when;
        };
        let body = frame.body.clone();
        let mut success = Condition::FALSE;
        for one in &body.returns {
            if one.value.as_ref().is_some_and(is_failure) {
                continue;
            }
            let flow = self.flow(&frame, one.flow);
            let line = self.branch_condition(frame.unit, frame.visit, one.branch);
            let here = self.store.and(flow, line);
            success = self.store.or(success, here);
        }
        match self.project(success) {
            Some(success) => self.store.and(when, success),
            None => when,
        }
    }

    /// The evidence in a function, over its parameters.
    fn evidence(
        &mut self,
        key: FunctionKey,
        at: Option<(UnitId, VisitId)>,
        rule: &BackendRule,
        known: &mut FxHashMap<(FunctionKey, Option<UnitId>), Evidence>,
        depth: u32,
    ) -> Evidence {
        let memo = (key, at.map(|(unit, _)| unit));
        if let Some(evidence) = known.get(&memo) {
            return evidence.clone();
        }
        known.insert(memo, NOTHING);
        let place = at.or_else(|| self.place_of(key.path));
        let frame = place.and_then(|(unit, visit)| self.function_frame(unit, visit, key, 0));
        let Some(frame) = frame else { return NOTHING };
        let mut forward = Forward {
            rule,
            known,
            depth,
            found: NOTHING,
        };
        self.forward(&frame, Condition::TRUE, &mut forward);
        let found = forward.found;
        known.insert(memo, found.clone());
        found
    }

    fn forward(&mut self, frame: &Frame, under: Condition, forward: &mut Forward<'_, '_>) {
        let body = frame.body.clone();
        for call in &body.calls {
            // Most calls have nothing to do with it; when they happen need not be known.
            let relevant = match call.name() {
                Some(name) => self.is_relevant(frame.unit, name, forward.rule, 0),
                None => !is_header(&frame.file.path()),
            };
            if !relevant {
                continue;
            }
            let flow = self.flow(frame, call.flow);
            let line = if frame.user.is_some() {
                Condition::TRUE
            } else {
                self.branch_condition(frame.unit, frame.visit, call.branch)
            };
            let when = self.store.and_all([under, flow, line]);
            if when.is_false() {
                continue;
            }
            match call.name() {
                Some(name) => self.forward_call(frame, call, name, when, forward),
                None => self.forward_pointer(frame, call, when, forward),
            }
        }
    }

    fn forward_pointer(
        &mut self,
        frame: &Frame,
        call: &Call,
        when: Condition,
        forward: &mut Forward<'_, '_>,
    ) {
        let field = match &call.callee.kind {
            ExprKind::Field(_, field, _) => Some(*field),
            _ => None,
        };
        let place = Place {
            file: frame.file.path(),
            span: call.span,
        };
        if field.is_some_and(|field| forward.rule.outside_fields.iter().any(|f| *f == *field)) {
            self.note(&mut forward.found, Kind::Outside, when, Some(place));
        } else {
            self.note(&mut forward.found, Kind::Opaque, when, Some(place));
        }
    }

    fn forward_call(
        &mut self,
        frame: &Frame,
        call: &Call,
        name: Name,
        when: Condition,
        forward: &mut Forward<'_, '_>,
    ) {
        let is = |list: &[String]| list.iter().any(|word| *word == *name);
        let place = Place {
            file: frame.file.path(),
            span: call.span,
        };
        let kind = if is(&forward.rule.inside) {
            Some(Kind::Inside)
        } else if is(&forward.rule.outside) {
            Some(Kind::Outside)
        } else if is(&forward.rule.stores) {
            Some(Kind::Opaque)
        } else {
            None
        };
        if let Some(kind) = kind {
            // A helper that this configuration does not have cannot be called.
            let moment = frame.moment.unwrap_or_else(|| {
                self.unit_ref(frame.unit)
                    .moment(frame.visit, call.span.start)
            });
            let around = frame.expanding_at(call.span);
            let targets = self.targets(frame.unit, name, moment, &around);
            let linked: Vec<Condition> = targets.into_iter().map(|(when, _)| when).collect();
            let linked = self.store.or_all(linked);
            let when = self.store.and(when, linked);
            self.note(&mut forward.found, kind, when, Some(place));
            return;
        }
        if forward.depth >= self.limits.backend_depth {
            return;
        }
        let moment = frame.moment.unwrap_or_else(|| {
            self.unit_ref(frame.unit)
                .moment(frame.visit, call.span.start)
        });
        let around = frame.expanding_at(call.span);
        let targets = self.targets(frame.unit, name, moment, &around);
        let linked: Vec<Condition> = targets.iter().map(|(when, _)| *when).collect();
        let linked = self.store.or_all(linked);
        let unlinked = self.store.and(when, !linked);
        self.note(&mut forward.found, Kind::Impossible, unlinked, None);
        for (linked, target) in targets {
            let when = self.store.and(when, linked);
            match target {
                _ if when.is_false() => {}
                Target::Function(key, visit) if self.is_followed(&key.path, forward.rule) => {
                    self.forward_function(frame, call, (key, visit), when, forward);
                }
                Target::Macro(visit, number) => {
                    self.forward_macro(frame, call, (visit, number), when, forward);
                }
                Target::Function(..) | Target::Foreign => {}
            }
        }
    }

    /// Whether a call of `name` may lead to evidence, whatever the Conditions.
    fn is_relevant(&mut self, unit: UnitId, name: Name, rule: &BackendRule, depth: u32) -> bool {
        let is = |list: &[String]| list.iter().any(|word| *word == *name);
        if is(&rule.inside) || is(&rule.outside) || is(&rule.stores) {
            return true;
        }
        let key = (rule.function.as_str().into(), name);
        if let Some(known) = self.relevant.get(&key) {
            return *known;
        }
        if depth > self.limits.backend_depth {
            return false;
        }
        self.relevant.insert(key, false);
        let mut bodies = Vec::new();
        for function in self.functions_called(name).iter() {
            if self.is_followed(&function.path, rule)
                && let Some(file) = self.read_file(function.path)
            {
                bodies.push((file.body(function.id), !is_header(&function.path)));
            }
        }
        for (file, definition) in self.macros_called(unit, name) {
            bodies.push((file.macro_body(&definition).facts.clone(), false));
        }
        let found = bodies.iter().any(|(body, own)| {
            body.calls.iter().any(|call| match call.name() {
                Some(inner) => self.is_relevant(unit, inner, rule, depth + 1),
                None => *own,
            })
        });
        self.relevant.insert(key, found);
        found
    }

    fn is_followed(&self, path: &str, rule: &BackendRule) -> bool {
        let own = path.starts_with("arch/") && self.is_of_arch(path);
        own || rule.follow.iter().any(|file| file == path)
    }

    fn forward_function(
        &mut self,
        frame: &Frame,
        call: &Call,
        (key, visit): (FunctionKey, Option<VisitId>),
        when: Condition,
        forward: &mut Forward<'_, '_>,
    ) {
        let at = visit.map(|visit| (frame.unit, visit));
        let evidence = self.evidence(key, at, forward.rule, forward.known, forward.depth + 1);
        let args: Vec<TermId> = call.args.iter().map(|arg| self.eval(frame, arg)).collect();
        let site = frame.place(call.span);
        let parts = [
            (Kind::Inside, evidence.inside, evidence.inside_at),
            (Kind::Outside, evidence.outside, evidence.outside_at),
            (Kind::Opaque, evidence.opaque, evidence.opaque_at),
            (Kind::Impossible, evidence.impossible, None),
        ];
        for (kind, condition, place) in parts {
            let mut substitution = Substitution::new(args.clone(), site);
            let passed =
                self.terms
                    .substitute_condition(&mut self.store, condition, &mut substitution);
            let met = self.store.and(when, passed);
            self.note(&mut forward.found, kind, met, place);
        }
    }

    fn forward_macro(
        &mut self,
        frame: &Frame,
        call: &Call,
        (visit, number): (VisitId, usize),
        when: Condition,
        forward: &mut Forward<'_, '_>,
    ) {
        if frame.expanding.len() > self.limits.macro_depth as usize {
            return;
        }
        let used = Use {
            span: call.span,
            args: &call.args,
            behind: None,
        };
        if let Some(inner) = self.expansion(frame, used, (visit, number), when) {
            self.forward(&inner.frame, when, forward);
        }
    }

    fn note(&mut self, found: &mut Evidence, kind: Kind, when: Condition, place: Option<Place>) {
        if when.is_false() {
            return;
        }
        match kind {
            Kind::Inside => {
                found.inside = self.store.or(found.inside, when);
                found.inside_at = found.inside_at.take().or(place);
            }
            Kind::Outside => {
                found.outside = self.store.or(found.outside, when);
                found.outside_at = found.outside_at.take().or(place);
            }
            Kind::Opaque => {
                found.opaque = self.store.or(found.opaque, when);
                found.opaque_at = found.opaque_at.take().or(place);
            }
            Kind::Impossible => found.impossible = self.store.or(found.impossible, when),
        }
    }
}

/// `-ENOMEM`, `-1`.
fn is_failure(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Int(number) => *number < 0,
        ExprKind::Unary(UnaryOp::Negate, inner) => match &inner.kind {
            ExprKind::Int(number) => *number > 0,
            ExprKind::Ident(name) => name.starts_with('E'),
            _ => false,
        },
        _ => false,
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Inside,
    Outside,
    Opaque,
    Impossible,
}

struct Forward<'r, 'k> {
    rule: &'r BackendRule,
    known: &'k mut FxHashMap<(FunctionKey, Option<UnitId>), Evidence>,
    depth: u32,
    found: Evidence,
}
