//! Local variables, parameters, and the objects that they are.
//!
//! ```c
//! struct mhp_params params = { .pgprot = prot };	// .pgmap is 0
//! struct pmem *pmem = devm_kzalloc(dev, …);		// every field is 0
//! ```
//!
//! A field of such an object is what the initialiser says, else 0, unless something may have stored
//! to it: this function, or one that it calls.

use csource::syntax::{Expr, ExprKind, UnaryOp};
use csource::{Body, Definition, Variable};
use text::Name;

use crate::Analysis;
use crate::frame::Frame;
use crate::terms::{Object, Term, TermId};
use crate::types::{Contents, Type};

impl Analysis<'_> {
    /// The value of a parameter or local variable of the frame's own function where `expr` uses it;
    /// `None` where `name` is neither.
    pub(crate) fn variable(&mut self, frame: &Frame, expr: &Expr, name: Name) -> Option<TermId> {
        let place = frame.place(expr.span);
        self.variable_at(frame, Some(expr), place, name)
    }

    /// The same, where the use stands at `place`: in the frame's own text it is `expr`, in that of a
    /// macro there is none.
    pub(crate) fn variable_at(
        &mut self,
        frame: &Frame,
        expr: Option<&Expr>,
        place: Name,
        name: Name,
    ) -> Option<TermId> {
        let definitions = definitions(&frame.body, name);
        if definitions.is_empty() {
            let number = frame.param(name)?;
            let changed = frame.body.addressed.contains(&name) || self.is_stored(frame, name);
            let value = if changed {
                Term::Site(name, place)
            } else {
                Term::Param(number, name)
            };
            return Some(self.terms.add(value));
        }
        if let Some(expr) = expr
            && let Some(object) = self.cleared(frame, &definitions, expr, name)
        {
            return Some(object);
        }
        let key = (frame.place(definitions[0].span), name);
        if let Some(value) = self.settled_variable(frame, &definitions, key) {
            return Some(value);
        }
        Some(self.terms.add(Term::Site(name, place)))
    }

    /// The value of a variable that gets one only once.
    fn settled_variable(
        &mut self,
        frame: &Frame,
        definitions: &[Definition],
        key: (Name, Name),
    ) -> Option<TermId> {
        if let Some(known) = self.variables.get(&key) {
            return *known;
        }
        // A variable that is used to compute itself has no value here.
        self.variables.insert(key, None);
        let value = self.single_value(frame, definitions, key.1);
        self.variables.insert(key, value);
        value
    }

    fn single_value(
        &mut self,
        frame: &Frame,
        definitions: &[Definition],
        name: Name,
    ) -> Option<TermId> {
        let [definition] = definitions else {
            return None;
        };
        if frame.body.addressed.contains(&name) || definition.declarator.is_static {
            return None;
        }
        if self.stored_by_macros(frame).names.contains(&name) {
            return None;
        }
        let mut values = frame
            .body
            .stores
            .iter()
            .filter(|s| s.target.as_ident() == Some(name));
        let value = match (&definition.declarator.init, values.next(), values.next()) {
            (Some(init), None, _) => init.clone(),
            (None, Some(store), None) => store.value.clone()?,
            _ => return None,
        };
        if matches!(value.kind, ExprKind::Initializer(_)) {
            return None;
        }
        let tag = tag_of(definition);
        if let Some(object) = self.allocated(frame, &value, tag) {
            return Some(object);
        }
        Some(self.eval(frame, &value))
    }

    /// The object behind a pointer that gets one value only, after `memset(p, 0, sizeof(*p))`.
    fn cleared(
        &mut self,
        frame: &Frame,
        definitions: &[Definition],
        expr: &Expr,
        name: Name,
    ) -> Option<TermId> {
        let stores = frame.body.stores.iter();
        let stores = stores.filter(|s| s.target.as_ident() == Some(name)).count();
        let begun = definitions
            .iter()
            .filter(|d| d.declarator.init.is_some())
            .count();
        let by_macros = self.stored_by_macros(frame);
        if definitions.len() > 1
            || stores + begun > 1
            || frame.body.addressed.contains(&name)
            || by_macros.names.contains(&name)
        {
            return None;
        }
        let call = self.clearing_call(frame, |target| target.as_ident() == Some(name))?;
        let here = frame.body.flow_at(expr.span);
        if expr.span.start < call.span.end || !frame.body.flows.follows(here, call.flow) {
            return None;
        }
        let key = (Name::new(&format!("*{}", frame.place(call.span))), name);
        if let Some(known) = self.variables.get(&key) {
            return *known;
        }
        let tag = definitions.first().and_then(tag_of);
        let stored = self.stored_fields(frame, tag);
        let object = self.object(name, (Vec::new(), true), stored);
        self.variables.insert(key, Some(object));
        Some(object)
    }

    /// The call that clears what `is_target` accepts as its first argument.
    fn clearing_call(
        &self,
        frame: &Frame,
        is_target: impl Fn(&Expr) -> bool,
    ) -> Option<csource::Call> {
        let clears = |call: &&csource::Call| {
            let known = call
                .name()
                .is_some_and(|name| self.vocabulary.clearing.iter().any(|word| *word == *name));
            let zero = |value: &Expr| value.kind == ExprKind::Int(0);
            let size = |value: &Expr| matches!(value.kind, ExprKind::Sizeof(_));
            known
                && call.args.first().is_some_and(&is_target)
                && call.args.get(1).is_some_and(zero)
                && call.args.get(2).is_some_and(size)
        };
        frame.body.calls.iter().find(clears).cloned()
    }

    /// The object behind `p = kzalloc(…)`.
    fn allocated(&mut self, frame: &Frame, value: &Expr, tag: Option<Name>) -> Option<TermId> {
        let ExprKind::Call(callee, _) = &value.kind else {
            return None;
        };
        let name = callee.as_ident()?;
        let zeroes = self
            .vocabulary
            .zeroing
            .iter()
            .any(|pattern| name.contains(pattern.as_str()));
        if !zeroes {
            return None;
        }
        let stored = self.stored_fields(frame, tag);
        let words = Name::new(&format!("{name}(…)"));
        Some(self.object(words, (Vec::new(), true), stored))
    }

    /// The address of a local variable that is itself an object.
    pub(crate) fn local_object(&mut self, frame: &Frame, name: Name) -> Option<TermId> {
        let definitions = definitions(&frame.body, name);
        let Some(definition) = definitions.first() else {
            return match frame.user.clone() {
                Some(user) => self.local_object(&user, name),
                None => self.static_object(frame, name),
            };
        };
        // An object that is assigned as a whole is not what it began with.
        if definitions.len() != 1 || definition.declarator.pointer || self.is_stored(frame, name) {
            return None;
        }
        let key = (
            Name::new(&format!("&{}", frame.place(definition.span))),
            name,
        );
        if let Some(known) = self.variables.get(&key) {
            return *known;
        }
        self.variables.insert(key, None);
        let stored = self.stored_fields(frame, tag_of(definition));
        let (fields, zeroed) = self.beginning(frame, definition, name);
        let object = self.object(name, (fields, zeroed), stored);
        self.variables.insert(key, Some(object));
        Some(object)
    }

    /// The fields that a local object begins with, and whether all others are 0.
    fn beginning(
        &mut self,
        frame: &Frame,
        definition: &Definition,
        name: Name,
    ) -> (Vec<(Vec<Name>, TermId)>, bool) {
        if let Some(init) = &definition.declarator.init
            && let ExprKind::Initializer(parts) = &init.kind
        {
            return (self.initial_fields(frame, parts, &[]), !by_position(parts));
        }
        let is_it = |target: &Expr| match &target.kind {
            ExprKind::Unary(UnaryOp::AddressOf, of) => of.as_ident() == Some(name),
            _ => false,
        };
        let cleared = self.clearing_call(frame, is_it).is_some();
        (Vec::new(), cleared || definition.declarator.is_static)
    }

    /// The address of a static variable of the file: what is not stored to in this file is as it
    /// began.
    fn static_object(&mut self, frame: &Frame, name: Name) -> Option<TermId> {
        let file = frame.file.clone();
        let variable = file.items().variables.iter().find(|v| v.name == name)?;
        if !variable.is_static
            || variable.pointer
            || variable.struct_tag.is_none()
            || frame.param(name).is_some()
        {
            return None;
        }
        let key = (Name::new(&format!("&{}", file.path())), name);
        if let Some(known) = self.variables.get(&key) {
            return *known;
        }
        self.variables.insert(key, None);
        let (mut stored, mut escapes) = (Vec::new(), false);
        for mention in file.mentions(name) {
            if let csource::Mention::Variable(number) = mention {
                // Another object has its address.
                escapes |= file.items().variables[number].name != name;
            }
            if let csource::Mention::Function(id) = mention {
                let inner = frame.of_function(&file, id);
                escapes |= inner.body.escaping.contains(&name);
                stored.extend(self.stored_fields(&inner, variable.struct_tag));
            }
        }
        stored.sort_unstable();
        stored.dedup();
        let (fields, zeroed) = match file.initializer(variable.init).map(|init| init.kind) {
            Some(ExprKind::Initializer(parts)) => (
                self.initial_fields(frame, &parts, &[]),
                !by_position(&parts),
            ),
            _ => (Vec::new(), true),
        };
        let begins = if escapes {
            (self.not_stored_elsewhere(variable, fields, zeroed), false)
        } else {
            (fields, zeroed)
        };
        let object = self.object(name, begins, stored);
        self.variables.insert(key, Some(object));
        Some(object)
    }

    /// Of the fields with which a static variable begins those that it keeps although others have its
    /// address.
    fn not_stored_elsewhere(
        &mut self,
        variable: &Variable,
        mut fields: Vec<(Vec<Name>, TermId)>,
        zeroed: bool,
    ) -> Vec<(Vec<Name>, TermId)> {
        let kept = variable.struct_tag.map(|tag| self.fields_of_static(tag));
        let kept = kept.unwrap_or_default();
        if zeroed {
            let zero = self.terms.int(0);
            for field in kept.iter() {
                if fields.iter().all(|(path, _)| path.first() != Some(field)) {
                    fields.push((vec![*field], zero));
                }
            }
        }
        fields.retain(|(path, _)| matches!(path.as_slice(), [field] if kept.contains(field)));
        fields
    }

    /// An object that began with `fields`, all others 0 if it was `zeroed`; one that is stored to
    /// later is not what it began with.
    fn object(
        &mut self,
        words: Name,
        (mut fields, zeroed): (Vec<(Vec<Name>, TermId)>, bool),
        stored: Vec<Name>,
    ) -> TermId {
        fields.retain(|(path, _)| path.last().is_none_or(|field| !stored.contains(field)));
        self.terms.object(Object {
            words,
            fields,
            zeroed,
            stored,
        })
    }

    fn initial_fields(
        &mut self,
        frame: &Frame,
        parts: &[(Option<Name>, Expr)],
        path: &[Name],
    ) -> Vec<(Vec<Name>, TermId)> {
        let mut fields = Vec::new();
        for (field, value) in parts {
            let Some(field) = field else { continue };
            let path = [path, &[*field]].concat();
            match &value.kind {
                ExprKind::Initializer(inner) => {
                    fields.extend(self.initial_fields(frame, inner, &path));
                }
                _ => fields.push((path, self.eval(frame, value))),
            }
        }
        fields
    }

    /// The fields, by name, of an object of `struct tag` that this function or one that it calls may store
    /// to.
    fn stored_fields(&mut self, frame: &Frame, tag: Option<Name>) -> Vec<Name> {
        let contents = tag.map(|tag| self.contents(tag));
        let mut fields = Vec::new();
        self.own_stores(frame, contents.as_deref(), &mut fields);
        // Functions of the same file are followed as far as they call each other; one elsewhere is
        // looked at itself.
        let mut seen: Vec<Name> = Vec::new();
        let mut open: Vec<Name> = frame
            .body
            .calls
            .iter()
            .filter_map(csource::Call::name)
            .collect();
        while let Some(name) = open.pop() {
            if seen.contains(&name) || seen.len() > self.limits.callees {
                continue;
            }
            seen.push(name);
            for id in frame.file.functions_named(name) {
                let inner = frame.of_function(&frame.file, *id);
                self.own_stores(&inner, contents.as_deref(), &mut fields);
                open.extend(inner.body.calls.iter().filter_map(csource::Call::name));
            }
        }
        for name in seen {
            for key in self.functions_elsewhere(frame, name) {
                if let Some(file) = self.read_file(key.path) {
                    // Macros that store are everybody's.
                    let inner = frame.of_function(&file, key.id);
                    self.own_stores(&inner, contents.as_deref(), &mut fields);
                }
            }
        }
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    /// The fields that a function itself stores to, of what may lie in an object.
    fn own_stores(&mut self, frame: &Frame, of: Option<&Contents>, fields: &mut Vec<Name>) {
        let has = |field: Name| of.is_none_or(|of| !of.is_complete || of.fields.contains(&field));
        for store in &frame.body.stores {
            if let ExprKind::Field(base, field, _) = &store.target.kind
                && has(*field)
                && !fields.contains(field)
            {
                // A structure that does not lie in the object is another's. What a variable outside of
                // functions is, a name alone does not tell.
                let is_known = root(base).is_some_and(|name| frame.is_local(name));
                let tag = of.filter(|_| is_known);
                let tag = tag.and_then(|_| self.type_of(frame, base)?.tag());
                if tag.zip(of).is_none_or(|(tag, of)| of.tags.contains(&tag)) {
                    fields.push(*field);
                }
            }
        }
        let others = self.stored_by_macros(frame);
        let others = others.fields.iter().chain(&frame.body.addressed_fields);
        fields.extend(others.copied().filter(|field| has(*field)));
    }

    fn functions_elsewhere(&mut self, frame: &Frame, name: Name) -> Vec<crate::link::FunctionKey> {
        let all = self.functions_called(name);
        let here = frame.file.path();
        // A name with many definitions is an operation like any other, not this object's maker.
        if all.len() > 4 {
            Vec::new()
        } else {
            all.iter().copied().filter(|key| key.path != here).collect()
        }
    }
}

/// Whether an initialiser gives values without naming their fields, other than by `{ 0 }`: which
/// field is meant is not known.
fn by_position(parts: &[(Option<Name>, Expr)]) -> bool {
    parts.iter().any(|(field, value)| match &value.kind {
        ExprKind::Initializer(inner) => field.is_none() || by_position(inner),
        ExprKind::Int(0) => false,
        _ => field.is_none(),
    })
}

/// The variable through which an expression gets at an object.
fn root(expr: &Expr) -> Option<Name> {
    match &expr.kind {
        ExprKind::Ident(name) => Some(*name),
        ExprKind::Field(inner, ..) | ExprKind::Index(inner, _) | ExprKind::Unary(_, inner) => {
            root(inner)
        }
        _ => None,
    }
}

/// The tag of the structure that a variable is or points to.
fn tag_of(definition: &Definition) -> Option<Name> {
    Type::new(&definition.declarator.type_text, false).tag()
}

fn definitions(body: &Body, name: Name) -> Vec<Definition> {
    body.locals
        .iter()
        .filter(|local| local.declarator.name == name)
        .cloned()
        .collect()
}
