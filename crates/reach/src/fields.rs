//! What a field may hold where the object is not known on a path: any store to it in the tree decides.
//!
//! ```c
//! if (IS_ENABLED(CONFIG_WANTED) && align > PAGE_SIZE)
//! 	pgmap->vmemmap_shift = order_base_2(align >> PAGE_SHIFT);
//! ```
//!
//! Where this is the only store of something else than 0, `pgmap->vmemmap_shift` is 0 without
//! `CONFIG_WANTED`, whichever object is meant. A store to a field of the same name counts too where it is not
//! known to be in another structure, so that more is held possible, never less.

use std::collections::BTreeSet;
use std::rc::Rc;

use condition::{Atom, Condition};
use csource::{Body, File, Flow, FunctionId, Lexer, Mention, Store, Token, TokenKind};
use rustc_hash::FxHashMap;
use text::{Name, Span};

use crate::link::{FunctionKey, is_header};
use crate::terms::{Term, TermId, Terms};
use crate::{Analysis, Fact, Place};

/// What stores to a field.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    /// When something else than 0 is stored, in symbols, predicates and assumptions.
    when: Condition,
    /// The first such store.
    at: Place,
    /// The function around it, and the test next around it there, as it is written.
    by: Option<(Name, Option<String>)>,
}

/// A field's name, and the tag of its structure where that is known.
type Field = (Option<Name>, Name);

/// What is known of fields.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    stored: FxHashMap<Field, Option<Stored>>,
    refined: FxHashMap<Condition, Condition>,
    /// By the tag of a structure, those that a static object of it keeps.
    pub(crate) kept: FxHashMap<Name, Rc<[Name]>>,
}

impl Analysis<'_> {
    /// `condition`, where a field that must not be 0 has been stored to.
    pub(crate) fn refined(&mut self, condition: Condition) -> Condition {
        if let Some(known) = self.fields.refined.get(&condition) {
            return *known;
        }
        let mut refined = condition;
        for (literal, field) in self.needed_fields(condition) {
            if let Some(stored) = self.stored_to(field) {
                let needs = self.store.implies(literal, stored.when);
                refined = self.store.and(refined, needs);
            }
        }
        self.fields.refined.insert(condition, refined);
        refined
    }

    /// `condition` without the values of places that lie behind on a path: nobody further out can speak of
    /// them. What their being other than 0 needs of stores to fields stays.
    pub(crate) fn without_local(&mut self, condition: Condition) -> Condition {
        let is_local = |terms: &Terms, atom: Atom| match atom {
            Atom::Value(id, _) => terms.is_local(Terms::of_value(id)),
            _ => false,
        };
        let atoms = self.store.atoms(condition);
        if !atoms.into_iter().any(|atom| is_local(&self.terms, atom)) {
            return condition;
        }
        let mut whole = condition;
        for (literal, field) in self.needed_fields(condition) {
            let atoms = self.store.atoms(literal);
            if atoms.into_iter().all(|atom| is_local(&self.terms, atom))
                && let Some(stored) = self.stored_to(field)
            {
                let needs = self.store.implies(literal, stored.when);
                whole = self.store.and(whole, needs);
            }
        }
        let terms = &self.terms;
        let projected = self.store.project(whole, &|atom| is_local(terms, atom));
        projected.unwrap_or(condition)
    }

    /// Where no store to a field that `condition` needs can happen.
    pub(crate) fn never_stored(&mut self, condition: Condition) -> Option<Fact> {
        for (literal, field) in self.needed_fields(condition) {
            let Some(stored) = self.stored_to(field) else {
                continue;
            };
            if stored.when.is_true() {
                continue;
            }
            let both = [condition, literal, stored.when];
            if self.can_hold(&both) == Some(false) {
                let (_, name) = field;
                let words =
                    format!("nothing stores to .{name} in a configuration that leads there");
                return Some(Fact::new(words, Some(stored.at)));
            }
        }
        None
    }

    /// Which literals of `condition` hold only where which field is not 0.
    fn needed_fields(&mut self, condition: Condition) -> Vec<(Condition, Field)> {
        let mut needed = Vec::new();
        for atom in self.store.atoms(condition) {
            let Atom::Value(id, _) = atom else {
                continue;
            };
            let (value, literal) = (Terms::of_value(id), self.store.atom(atom));
            let mut fields = Vec::new();
            self.terms.fields_in(value, &mut fields);
            for field in fields {
                let Term::Field(_, name) = *self.terms.get(field) else {
                    continue;
                };
                let field_of = (self.terms.owner(field), name);
                let without = self.terms.with_zero(&mut self.store, value, field);
                let truth = self.terms.truth(&mut self.store, without);
                if truth.is_false() {
                    needed.push((literal, field_of));
                } else if truth.is_true() {
                    needed.push((!literal, field_of));
                }
            }
        }
        needed
    }

    /// Who stores something else than 0 to a field, as far as it is looked for: once that is always done, nobody else
    /// is. `None` where it says nothing: too many do, or none, or a macro does.
    fn stored_to(&mut self, field: Field) -> Option<Stored> {
        if let Some(known) = self.fields.stored.get(&field) {
            return known.clone();
        }
        // A store that itself depends on the field is not looked into.
        self.fields.stored.insert(field, None);
        let canonical = self.store.set_canonical(true);
        let _span = tracing::debug_span!("find stores", field = %field.1).entered();
        let stored = self.stores_of(field);
        self.store.set_canonical(canonical);
        self.fields.stored.insert(field, stored.clone());
        stored
    }

    fn stores_of(&mut self, (owner, field): Field) -> Option<Stored> {
        let paths = self.files_with(field);
        if paths.len() > self.limits.storing_files {
            return None;
        }
        let mut sum: Option<Stored> = None;
        for path in paths {
            let file = self.read_file(path)?;
            let mentions = file.mentions(field);
            let (mut stores, mut handed_on) = occurrences(&file, field)?;
            if let Some(tag) = owner {
                let at = |span: &Span| (&*file, mentions.as_slice(), *span);
                stores.retain(|span| !self.is_store_elsewhere(at(span), (tag, field)));
                handed_on.retain(|span| !self.is_of_another(at(span), tag));
            }
            if self.may_be_stored_by_macros(&file, field, &handed_on) {
                return None;
            }
            for span in stores {
                let when = self.store_condition((path, &file), &mentions, span)?;
                if sum.is_none() {
                    sum = Some(Stored {
                        when: Condition::FALSE,
                        at: Place { file: path, span },
                        by: self.storing(&file, &mentions, span),
                    });
                }
                if let Some(known) = &mut sum {
                    known.when = self.store.or(known.when, when);
                    // Nothing more can be held possible.
                    if known.when.is_true() {
                        return sum;
                    }
                }
            }
        }
        sum
    }

    /// Whether a macro stores to `field` where it is an argument at one of these places, or that was not found
    /// out.
    pub(crate) fn may_be_stored_by_macros(
        &mut self,
        file: &File,
        field: Name,
        handed_on: &[Span],
    ) -> bool {
        if handed_on.is_empty() {
            return false;
        }
        let mentions = file.mentions(field);
        let around = handed_on
            .iter()
            .filter_map(|at| around(file, &mentions, *at));
        let functions: BTreeSet<FunctionId> = around.collect();
        let path = file.path();
        let Some((unit, visit)) = self.place_of(path) else {
            return true;
        };
        functions.into_iter().any(|id| {
            let frame = self.function_frame(unit, visit, FunctionKey { path, id }, 0);
            frame.is_none_or(|frame| self.stored_by_macros(&frame).fields.contains(&field))
        })
    }

    /// When a store happens; `None` where that was not found out.
    fn store_condition(
        &mut self,
        (path, file): (Name, &File),
        mentions: &[Mention],
        span: Span,
    ) -> Option<Condition> {
        let (unit, visit) = self.place_of(path)?;
        let mut when = self.line_condition(unit, visit, span.start);
        if !is_header(&path) {
            let built = self.built(path);
            when = self.store.and(when, built);
        }
        if let Some(id) = around(file, mentions, span) {
            let stored = self.stores_something(FunctionKey { path, id }, span)?;
            when = self.store.and(when, stored);
        }
        // What is stored may come from a field that is only stored to elsewhere.
        let when = self.refined(when);
        self.project(when)
    }

    /// In which function a store stands, and under which test.
    fn storing(
        &mut self,
        file: &File,
        mentions: &[Mention],
        span: Span,
    ) -> Option<(Name, Option<String>)> {
        let id = around(file, mentions, span)?;
        let path = file.path();
        let frame = self.frame_of(FunctionKey { path, id })?;
        let body = &frame.body;
        let flow = store_at(body, span).map_or_else(|| body.flow_at(span), |store| store.flow);
        let test = match frame.body.flows.get(flow) {
            Flow::And(_, inner) => inner,
            _ => flow,
        };
        let words = match frame.body.flows.get(test) {
            Flow::Leaf(number, positive) => {
                let text = file.spelled(frame.body.flows.leaf(number).expr.span);
                let text = String::from_utf8_lossy(text);
                let words: Vec<&str> = text.split_whitespace().collect();
                let words = words.join(" ");
                Some(if positive {
                    words
                } else {
                    format!("!({words})")
                })
            }
            _ => None,
        };
        Some((file.function(id).name, words))
    }

    /// What has stored to each of `fields` that `condition` needs to be other than 0.
    pub(crate) fn stores_needed(&mut self, condition: Condition, fields: &[Name]) -> Vec<String> {
        let mut told = Vec::new();
        for (_, field) in self.needed_fields(condition) {
            let (_, name) = field;
            if !fields.contains(&name) {
                continue;
            }
            let Some(Stored { at, by, .. }) = self.stored_to(field) else {
                continue;
            };
            let Some((function, test)) = by else { continue };
            let place = self.place_words(Some(at));
            let test = test.map_or_else(String::new, |test| format!(", where {test}"));
            told.push(format!("{function}() has stored to .{name}{place}{test}"));
        }
        told.sort_unstable();
        told.dedup();
        told
    }

    /// The fields from which values in `condition` are computed.
    pub(crate) fn fields_asked(&self, condition: Condition) -> Vec<TermId> {
        let mut fields = Vec::new();
        for atom in self.store.atoms(condition) {
            if let Atom::Value(id, _) = atom {
                self.terms.fields_in(Terms::of_value(id), &mut fields);
            }
        }
        fields
    }

    /// The fields of what is passed to a function from which values in `condition` are computed.
    pub(crate) fn asked_fields(&self, condition: Condition) -> Vec<Name> {
        let fields = self.fields_asked(condition);
        let name = |field| match *self.terms.get(field) {
            Term::Field(base, name) => {
                let is_passed = matches!(self.terms.get(base), Term::Param(..));
                is_passed.then_some(name)
            }
            _ => None,
        };
        fields.into_iter().filter_map(name).collect()
    }

    /// When control comes to the store whose target holds `span`, and what it stores is not 0.
    fn stores_something(&mut self, key: FunctionKey, span: Span) -> Option<Condition> {
        let frame = self.frame_of(key)?;
        let body = frame.body.clone();
        let Some(store) = store_at(&body, span) else {
            return Some(self.flow(&frame, body.flow_at(span)));
        };
        let flow = self.flow(&frame, store.flow);
        let value = store.value.as_ref();
        let something = value.map_or(Condition::TRUE, |value| self.truth(&frame, value));
        let when = self.store.and(flow, something);
        if self.asks_parameters(something) {
            return self.brought(key, when, self.limits.storing_calls);
        }
        Some(when)
    }

    /// Whether a Condition asks what a parameter itself is.
    fn asks_parameters(&self, condition: Condition) -> bool {
        self.store.atoms(condition).into_iter().any(|atom| {
            let Atom::Value(id, _) = atom else {
                return false;
            };
            matches!(self.terms.get(Terms::of_value(id)), Term::Param(..))
        })
    }

    /// A Condition over a function's parameters, as its callers fill them, through so many calls. Where not
    /// all callers are known it stays as it is.
    fn brought(&mut self, key: FunctionKey, when: Condition, calls: u32) -> Option<Condition> {
        if calls == 0 || !self.asks_parameters(when) || self.outside_words(key).is_some() {
            return Some(when);
        }
        let files = self.files_of(key);
        if files.len() > self.limits.storing_files {
            return Some(when);
        }
        let mut sum = None;
        for path in files {
            let sites = self.sites_in(key, path);
            if !sites.entries.is_empty() {
                return Some(when);
            }
            for site in &sites.calls {
                let passed = self.passed(when, site);
                let provided = self.node_provided(site.caller);
                let own = self.store.and_all([passed, site.when, provided]);
                let own = self.brought(site.caller, own, calls - 1)?;
                let own = self.refined(own);
                let own = self.project(own)?;
                sum = Some(self.store.or(sum.unwrap_or(Condition::FALSE), own));
            }
        }
        Some(sum.unwrap_or(when))
    }
}

/// The function in which a place is, of those that mention a name.
pub(crate) fn around(file: &File, mentions: &[Mention], span: Span) -> Option<FunctionId> {
    mentions.iter().find_map(|mention| match mention {
        Mention::Function(id) if file.function(*id).body.contains(span.start) => Some(*id),
        _ => None,
    })
}

/// The store whose target holds `span`.
pub(crate) fn store_at(body: &Body, span: Span) -> Option<&Store> {
    body.stores.iter().find(|store| {
        let target = store.target.span;
        target.start <= span.start && span.end <= target.end
    })
}

/// Where in a file the name of `field` stands in a store of what is not plainly 0, and where as a whole argument
/// of something; `None` where a macro's own text stores to it.
pub(crate) fn occurrences(file: &File, field: Name) -> Option<(Vec<Span>, Vec<Span>)> {
    let (text, tokens) = file.tokens_for(field);
    let tokens: Vec<Token> = tokens.collect();
    let (mut stores, mut handed_on) = (Vec::new(), Vec::new());
    for (number, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Ident if token.span.of(text) == field.as_bytes() => {
                if is_store(text, &tokens, number) {
                    stores.push(token.span);
                } else if is_argument(text, &tokens, number) {
                    handed_on.push(token.span);
                }
            }
            TokenKind::Directive => {
                let own = token.span.of(text);
                let inner: Vec<Token> = Lexer::inside(own).collect();
                let stores = |n: usize| {
                    inner[n].span.of(own) == field.as_bytes() && is_store(own, &inner, n)
                };
                if (0..inner.len()).any(stores) {
                    return None;
                }
            }
            _ => {}
        }
    }
    Some((stores, handed_on))
}

/// Whether `x->field`, whose last token has this number, ends an argument of something that has a name.
fn is_argument(text: &[u8], tokens: &[Token], number: usize) -> bool {
    let is = |at: usize, bytes: &[u8]| {
        let token = tokens.get(at);
        token.is_some_and(|token| bytes.iter().any(|byte| token.is(*byte)))
    };
    if number == 0 || !is(number - 1, b".>") || !is(number + 1, b",)") {
        return false;
    }
    let mut depth = 0_u32;
    for at in (0..number).rev() {
        match tokens[at].kind {
            TokenKind::Punct(b')' | b']') => depth += 1,
            TokenKind::Punct(b'(' | b'[') if depth > 0 => depth -= 1,
            TokenKind::Punct(b'(') => {
                let name = at.checked_sub(1).map(|at| tokens[at]);
                let name = name.filter(|token| token.kind == TokenKind::Ident);
                return name.is_some_and(|name| !csource::is_keyword(name.span.of(text)));
            }
            TokenKind::Punct(b'{' | b'}' | b';') => return false,
            _ => {}
        }
    }
    false
}

/// Whether `x->field`, whose last token has this number, may be stored to: it stands before an
/// assignment of something else than 0, or its address is taken.
fn is_store(text: &[u8], tokens: &[Token], number: usize) -> bool {
    let is = |at: Option<usize>, byte: u8| {
        at.and_then(|at| tokens.get(at))
            .is_some_and(|token| token.is(byte))
    };
    let before = number.checked_sub(1);
    let dot = is(before, b'.');
    let arrow = is(before, b'>') && is(number.checked_sub(2), b'-');
    if !dot && !arrow {
        return false;
    }
    let mut next = number + 1;
    // `x.field[i].other = …` stores into it as well.
    while is(Some(next), b'[') {
        let mut depth = 0_u32;
        while let Some(token) = tokens.get(next) {
            next += 1;
            depth = match token.kind {
                TokenKind::Punct(b'[') => depth + 1,
                TokenKind::Punct(b']') => depth - 1,
                _ => depth,
            };
            if depth == 0 {
                break;
            }
        }
    }
    if is(Some(next), b'=') {
        let equal = is(Some(next + 1), b'=') && adjacent(tokens, next);
        return !equal && !is_zero(text, tokens, next + 1);
    }
    let operator = |byte: u8| is(Some(next), byte);
    let twice = |byte: u8| operator(byte) && is(Some(next + 1), byte) && adjacent(tokens, next);
    // `&x->field->other` is the address of something else.
    if operator(b'-') && is(Some(next + 1), b'>') && adjacent(tokens, next) {
        return false;
    }
    let assigned = b"+-*/%&|^"
        .iter()
        .any(|byte| operator(*byte) && is(Some(next + 1), b'=') && adjacent(tokens, next));
    let shifted = (twice(b'<') || twice(b'>')) && is(Some(next + 2), b'=');
    assigned || shifted || twice(b'+') || twice(b'-') || is_prefixed(tokens, number)
}

/// Whether two tokens stand without a space between.
fn adjacent(tokens: &[Token], number: usize) -> bool {
    let pair = tokens.get(number).zip(tokens.get(number + 1));
    pair.is_some_and(|(a, b)| a.span.end == b.span.start)
}

/// Whether what follows is `0` alone.
fn is_zero(text: &[u8], tokens: &[Token], number: usize) -> bool {
    let zero = tokens.get(number).is_some_and(|token| {
        token.kind == TokenKind::Number && matches!(token.span.of(text), b"0" | b"0x0" | b"0UL")
    });
    let ends = tokens
        .get(number + 1)
        .is_none_or(|token| token.is(b';') || token.is(b',') || token.is(b'}'));
    zero && ends
}

/// Whether `&`, `++` or `--` stands before the expression that ends with this token.
fn is_prefixed(tokens: &[Token], number: usize) -> bool {
    let mut at = number;
    let mut depth = 0_u32;
    while let Some(before) = at.checked_sub(1) {
        match tokens[before].kind {
            TokenKind::Punct(b']' | b')') => depth += 1,
            TokenKind::Punct(b'[' | b'(') if depth > 0 => depth -= 1,
            TokenKind::Punct(b'.') | TokenKind::Ident => {}
            TokenKind::Punct(b'>') if before > 0 && tokens[before - 1].is(b'-') => at -= 1,
            _ if depth > 0 => {}
            TokenKind::Punct(b'&') => {
                // After a value it is an operator between two, and so it is in `&&`.
                let other = before.checked_sub(1).map(|at| tokens[at].kind);
                return !matches!(
                    other,
                    Some(
                        TokenKind::Ident | TokenKind::Number | TokenKind::Punct(b')' | b']' | b'&')
                    )
                );
            }
            TokenKind::Punct(b'+' | b'-') => {
                return before > 0
                    && tokens[before - 1].kind == tokens[before].kind
                    && adjacent(tokens, before - 1);
            }
            _ => return false,
        }
        at -= 1;
    }
    false
}
