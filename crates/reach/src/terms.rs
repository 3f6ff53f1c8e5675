//! Values, as far as they are known without running anything.
//!
//! `pgmap_vmemmap_nr(pgmap) > 1` is a term over the parameter `pgmap`; where a caller passes NULL,
//! or an object whose `vmemmap_shift` is 0, the same term with that put in its place folds to a
//! constant. Terms are held once each, and their truth is a [`Condition`].

use condition::{Atom, Condition, Store, ValueId};
use csource::syntax::BinaryOp;
use rustc_hash::FxHashMap;
use text::Name;

/// A term, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TermId(u32);

/// An object in memory that is known by where it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ObjectId(u32);

/// A value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Term {
    /// A constant.
    Int(i128),
    /// The address of something, so not zero: a function, a variable.
    Address(Name),
    /// The address of an object, or of the part of it that the path of fields names.
    Object(ObjectId, Vec<Name>),
    /// A parameter of the function that the term belongs to.
    Param(u32, Name),
    /// What stands in a field; the base is an address.
    Field(TermId, Name),
    /// An int, hex or string symbol of Kconfig.
    Config(Name),
    /// A constant that is not computed, by its words: `sizeof(struct page)`.
    Constant(Name),
    /// A predicate of the running kernel, the same wherever it is asked.
    Predicate(Name),
    /// An operation on values of which one is not known.
    Apply(BinaryOp, TermId, TermId),
    /// A function of constants that is not computed: `is_power_of_2(sizeof(struct page))`.
    Call(Name, Vec<TermId>),
    /// One or the other.
    Choose(Condition, TermId, TermId),
    /// A value at one place in the text: the words, and the place that makes it unlike others.
    Site(Name, Name),
}

/// Between what a constant lies that is not computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Its words: `sizeof(struct page)`.
    pub of: String,
    /// It is never less.
    pub least: i128,
    /// It is never more.
    pub most: i128,
}

/// What is known of an object.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    /// Its words: `params`, `devm_kzalloc(…)`.
    pub(crate) words: Name,
    /// What fields begin with, by their path.
    pub(crate) fields: Vec<(Vec<Name>, TermId)>,
    /// Whether all else begins as zero.
    pub(crate) zeroed: bool,
    /// Fields, by their last name, that something may have stored to.
    pub(crate) stored: Vec<Name>,
}

/// Holds terms and objects.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    all: Vec<Term>,
    known: FxHashMap<Term, TermId>,
    objects: Vec<Object>,
    /// Between what constants lie that are not computed.
    bounds: Vec<Bound>,
    /// The least and the greatest value of int and hex symbols.
    configured: FxHashMap<Name, (i128, i128)>,
    /// Whether a term holds only constants, by its number.
    constant: Vec<bool>,
    /// How many terms a term is made of, each counted as often as it is met.
    sizes: Vec<u32>,
    /// The tags of the structures that fields belong to.
    owners: FxHashMap<TermId, Name>,
}

/// A term made of more parts than this is a value of its own: what is in it is forgotten.
const LARGEST: u32 = 300;

/// Longer words than this are cut; the term's number then tells them apart.
const LONGEST: usize = 240;

impl Terms {
    pub(crate) fn new(bounds: &[Bound]) -> Terms {
        Terms {
            bounds: bounds.to_vec(),
            ..Terms::default()
        }
    }

    pub(crate) fn add(&mut self, term: Term) -> TermId {
        if let Some(known) = self.known.get(&term) {
            return *known;
        }
        let id = TermId(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        let size = self.size(&term);
        if size > LARGEST {
            let place = format!("value {}", id.0);
            let site = self.add(Term::Site("a value".into(), place.as_str().into()));
            self.known.insert(term, site);
            return site;
        }
        self.sizes.push(size);
        let constant = match &term {
            Term::Int(_) | Term::Constant(_) | Term::Config(_) => true,
            Term::Apply(_, a, b) => self.is_constant(*a) && self.is_constant(*b),
            Term::Call(_, args) => args.iter().all(|arg| self.is_constant(*arg)),
            _ => false,
        };
        self.constant.push(constant);
        self.all.push(term.clone());
        self.known.insert(term, id);
        id
    }

    fn size(&self, term: &Term) -> u32 {
        let of = |id: &TermId| self.sizes[id.0 as usize];
        match term {
            Term::Field(base, _) => of(base) + 1,
            Term::Apply(_, a, b) | Term::Choose(_, a, b) => of(a) + of(b) + 1,
            Term::Call(_, args) => args.iter().map(of).sum::<u32>() + 1,
            _ => 1,
        }
    }

    /// The value of an int, hex or string symbol, which lies between these if it is a number.
    pub(crate) fn config(&mut self, symbol: Name, bounds: Option<(i128, i128)>) -> TermId {
        if let Some(bounds) = bounds {
            self.configured.insert(symbol, bounds);
        }
        self.add(Term::Config(symbol))
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn get(&self, id: TermId) -> &Term {
        &self.all[id.0 as usize]
    }

    /// Whether a term is made of constants only.
    pub(crate) fn is_constant(&self, id: TermId) -> bool {
        self.constant[id.0 as usize]
    }

    pub(crate) fn int(&mut self, value: i128) -> TermId {
        self.add(Term::Int(value))
    }

    pub(crate) fn as_int(&self, id: TermId) -> Option<i128> {
        match self.get(id) {
            Term::Int(value) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn object(&mut self, object: Object) -> TermId {
        let id = ObjectId(u32::try_from(self.objects.len()).unwrap_or(u32::MAX));
        self.objects.push(object);
        self.add(Term::Object(id, Vec::new()))
    }

    pub(crate) fn object_of(&self, id: ObjectId) -> &Object {
        &self.objects[id.0 as usize]
    }

    /// `test` as a number.
    pub(crate) fn truth_value(&mut self, test: Condition) -> TermId {
        let (one, zero) = (self.int(1), self.int(0));
        self.choose(test, one, zero)
    }

    pub(crate) fn choose(&mut self, test: Condition, yes: TermId, no: TermId) -> TermId {
        if test.is_true() || yes == no {
            return yes;
        }
        if test.is_false() {
            no
        } else {
            self.add(Term::Choose(test, yes, no))
        }
    }

    /// The term as people would write it.
    pub(crate) fn words(&self, store: &Store, id: TermId) -> String {
        let mut words = self.words_at(store, id, 0);
        if words.len() > LONGEST {
            let cut = (0..=LONGEST)
                .rev()
                .find(|n| words.is_char_boundary(*n))
                .unwrap_or(0);
            words.truncate(cut);
            words.push_str("… (value ");
            words.push_str(&id.0.to_string());
            words.push(')');
        }
        words
    }

    fn words_at(&self, store: &Store, id: TermId, depth: u32) -> String {
        if depth > 12 {
            return format!("value {}", id.0);
        }
        let inner = |id: TermId| self.words_at(store, id, depth + 1);
        match self.get(id) {
            Term::Int(value) => value.to_string(),
            Term::Address(words) => format!("&{words}"),
            Term::Object(object, path) => {
                let mut words = format!("&{}", self.object_of(*object).words);
                for field in path {
                    words.push('.');
                    words.push_str(field);
                }
                words
            }
            Term::Param(_, name) => name.to_string(),
            Term::Field(base, field) => of_object(&inner(*base), *field),
            Term::Config(name) => format!("CONFIG_{name}"),
            Term::Constant(words) | Term::Predicate(words) | Term::Site(words, _) => {
                words.to_string()
            }
            Term::Apply(op, a, b) => {
                let part = |id: TermId| match self.get(id) {
                    Term::Apply(..) | Term::Choose(..) => format!("({})", inner(id)),
                    _ => inner(id),
                };
                format!("{} {} {}", part(*a), op.token(), part(*b))
            }
            Term::Call(name, args) => {
                let args: Vec<String> = args.iter().map(|arg| inner(*arg)).collect();
                format!("{name}({})", args.join(", "))
            }
            Term::Choose(test, yes, no) => {
                format!(
                    "{} ? {} : {}",
                    store.display(*test),
                    inner(*yes),
                    inner(*no)
                )
            }
        }
    }

    /// When `id` is not zero.
    pub(crate) fn truth(&mut self, store: &mut Store, id: TermId) -> Condition {
        match self.get(id).clone() {
            Term::Int(value) => Condition::constant(value != 0),
            Term::Address(_) | Term::Object(..) => Condition::TRUE,
            Term::Choose(test, yes, no) => {
                let yes = self.truth(store, yes);
                let no = self.truth(store, no);
                store.ite(test, yes, no)
            }
            Term::Predicate(name) => store.atom(Atom::Predicate(name)),
            _ if self.is_constant(id) => match self.bounds_of(id) {
                Some((0, 0)) => Condition::FALSE,
                Some((least, most)) if least > 0 || most < 0 => Condition::TRUE,
                _ => {
                    let words = Name::new(&self.words(store, id));
                    store.atom(Atom::Assumption(words))
                }
            },
            _ => {
                let words = Name::new(&self.words(store, id));
                store.atom(Atom::Value(ValueId(id.0), words))
            }
        }
    }

    /// `a op b`, folded where both are known.
    pub(crate) fn apply(
        &mut self,
        store: &mut Store,
        op: BinaryOp,
        a: TermId,
        b: TermId,
    ) -> TermId {
        match (self.get(a).clone(), self.get(b).clone()) {
            (Term::Int(x), Term::Int(y)) => match fold(op, x, y) {
                Some(value) => self.int(value),
                None => self.add(Term::Apply(op, a, b)),
            },
            (Term::Choose(test, yes, no), _) if self.is_small(b) => {
                let yes = self.apply(store, op, yes, b);
                let no = self.apply(store, op, no, b);
                self.choose(test, yes, no)
            }
            (_, Term::Choose(test, yes, no)) if self.is_small(a) => {
                let yes = self.apply(store, op, a, yes);
                let no = self.apply(store, op, a, no);
                self.choose(test, yes, no)
            }
            (x, y) => self.apply_symbolic(store, op, (a, x), (b, y)),
        }
    }

    fn is_small(&self, id: TermId) -> bool {
        !matches!(self.get(id), Term::Choose(..))
    }

    fn apply_symbolic(
        &mut self,
        store: &mut Store,
        op: BinaryOp,
        (a, x): (TermId, Term),
        (b, y): (TermId, Term),
    ) -> TermId {
        let address = |term: &Term| matches!(term, Term::Address(_) | Term::Object(..));
        let zero = |term: &Term| *term == Term::Int(0);
        match op {
            // Comparing with NULL is asking for the truth.
            BinaryOp::Equal | BinaryOp::NotEqual if zero(&x) || zero(&y) => {
                let truth = self.truth(store, if zero(&x) { b } else { a });
                self.truth_value(if op == BinaryOp::NotEqual {
                    truth
                } else {
                    !truth
                })
            }
            BinaryOp::Equal | BinaryOp::NotEqual if a == b && !matches!(x, Term::Site(..)) => {
                self.int(i128::from(op == BinaryOp::Equal))
            }
            BinaryOp::BitAnd | BinaryOp::Multiply if zero(&x) || zero(&y) => self.int(0),
            BinaryOp::ShiftLeft | BinaryOp::ShiftRight if zero(&x) => self.int(0),
            BinaryOp::Add | BinaryOp::Subtract if address(&x) => a,
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::BitOr | BinaryOp::BitXor if zero(&y) => {
                a
            }
            BinaryOp::Add | BinaryOp::BitOr | BinaryOp::BitXor if zero(&x) => b,
            _ => self.add(Term::Apply(op, a, b)),
        }
    }

    /// What stands in field `field` of the object that `base` points to, a structure with the tag `owner` where
    /// that is known.
    pub(crate) fn load(&mut self, base: TermId, field: Name, owner: Option<Name>) -> TermId {
        match self.get(base).clone() {
            Term::Object(object, mut path) => {
                path.push(field);
                let known = self.object_of(object);
                if let Some((_, value)) = known.fields.iter().find(|(at, _)| *at == path) {
                    return *value;
                }
                if known.zeroed && !known.stored.contains(&field) {
                    return self.int(0);
                }
                self.add_field(base, field, owner)
            }
            Term::Choose(test, yes, no) => {
                let yes = self.load(yes, field, owner);
                let no = self.load(no, field, owner);
                self.choose(test, yes, no)
            }
            _ => self.add_field(base, field, owner),
        }
    }

    fn add_field(&mut self, base: TermId, field: Name, owner: Option<Name>) -> TermId {
        let id = self.add(Term::Field(base, field));
        if let Some(owner) = owner {
            self.owners.entry(id).or_insert(owner);
        }
        id
    }

    /// The tag of the structure that a field belongs to.
    pub(crate) fn owner(&self, field: TermId) -> Option<Name> {
        self.owners.get(&field).copied()
    }

    /// The address of field `field` of the object that `base` points to.
    pub(crate) fn field_address(&mut self, store: &Store, base: TermId, field: Name) -> TermId {
        if let Term::Object(object, mut path) = self.get(base).clone() {
            path.push(field);
            self.add(Term::Object(object, path))
        } else {
            let words = of_object(&self.words(store, base), field);
            self.add(Term::Address(words.as_str().into()))
        }
    }

    /// `id` with the parameters replaced by `args`; a parameter without an argument stays unknown.
    pub(crate) fn substitute(
        &mut self,
        store: &mut Store,
        id: TermId,
        args: &mut Substitution,
    ) -> TermId {
        if let Some(done) = args.terms.get(&id) {
            return *done;
        }
        let replaced = match self.get(id).clone() {
            Term::Param(number, name) => match args.values.get(number as usize) {
                Some(value) => *value,
                None => self.add(Term::Site(name, args.site)),
            },
            Term::Field(base, field) => {
                let base = self.substitute(store, base, args);
                self.load(base, field, self.owner(id))
            }
            Term::Apply(op, a, b) => {
                let a = self.substitute(store, a, args);
                let b = self.substitute(store, b, args);
                self.apply(store, op, a, b)
            }
            Term::Call(name, parts) => {
                let parts = parts
                    .iter()
                    .map(|part| self.substitute(store, *part, args))
                    .collect();
                self.add(Term::Call(name, parts))
            }
            // A value inside the callee is another one at each call.
            Term::Site(words, place) => {
                let place = format!("{place}<{}", args.site);
                self.add(Term::Site(words, place.as_str().into()))
            }
            Term::Choose(test, yes, no) => {
                let test = self.substitute_condition(store, test, args);
                let yes = self.substitute(store, yes, args);
                let no = self.substitute(store, no, args);
                self.choose(test, yes, no)
            }
            _ => id,
        };
        args.terms.insert(id, replaced);
        replaced
    }

    /// `condition` with the parameters in its atoms replaced by `args`.
    pub(crate) fn substitute_condition(
        &mut self,
        store: &mut Store,
        condition: Condition,
        args: &mut Substitution,
    ) -> Condition {
        store.map_atoms(condition, &mut |store, atom| match atom {
            Atom::Value(ValueId(number), _) => {
                let term = self.substitute(store, TermId(number), args);
                self.truth(store, term)
            }
            other => store.atom(other),
        })
    }
}

impl Terms {
    /// The least and the greatest value of a term of constants, where that is known.
    fn bounds_of(&self, id: TermId) -> Option<(i128, i128)> {
        let (op, a, b) = match self.get(id) {
            Term::Int(value) => return Some((*value, *value)),
            Term::Constant(words) => {
                let bound = self.bounds.iter().find(|bound| *bound.of == **words)?;
                return Some((bound.least, bound.most));
            }
            Term::Config(symbol) => return self.configured.get(symbol).copied(),
            Term::Apply(op, a, b) => (*op, self.bounds_of(*a)?, self.bounds_of(*b)?),
            _ => return None,
        };
        let truth = |always: bool, never: bool| (i128::from(always), i128::from(!never));
        let ends = |low, high| Some((fold(op, a.0, low)?, fold(op, a.1, high)?));
        match op {
            BinaryOp::Less => Some(truth(a.1 < b.0, a.0 >= b.1)),
            BinaryOp::LessEqual => Some(truth(a.1 <= b.0, a.0 > b.1)),
            BinaryOp::Greater => Some(truth(a.0 > b.1, a.1 <= b.0)),
            BinaryOp::GreaterEqual => Some(truth(a.0 >= b.1, a.1 < b.0)),
            // What grows with its left side.
            BinaryOp::Add => ends(b.0, b.1),
            BinaryOp::Subtract => ends(b.1, b.0),
            BinaryOp::Multiply | BinaryOp::ShiftLeft if a.0 >= 0 && b.0 >= 0 => ends(b.0, b.1),
            BinaryOp::Divide | BinaryOp::ShiftRight if a.0 >= 0 && b.0 >= 0 => ends(b.1, b.0),
            _ => None,
        }
    }

    /// The term behind an atom.
    pub(crate) fn of_value(value: ValueId) -> TermId {
        TermId(value.0)
    }

    /// Whether a value is one of places that were come through: constants may be in it, but nothing that is
    /// passed to a function, no object, and nothing that all places share.
    pub(crate) fn is_local(&self, id: TermId) -> bool {
        self.has_place(id) == Some(true)
    }

    /// Whether the value of a place is in a term; `None` where something else is that others can speak of.
    fn has_place(&self, id: TermId) -> Option<bool> {
        match self.get(id) {
            Term::Int(_) | Term::Config(_) | Term::Constant(_) => Some(false),
            Term::Site(..) => Some(true),
            Term::Field(base, _) => self.has_place(*base),
            Term::Apply(_, a, b) => Some(self.has_place(*a)? | self.has_place(*b)?),
            Term::Call(_, parts) => parts
                .iter()
                .try_fold(false, |known, part| Some(known | self.has_place(*part)?)),
            Term::Predicate(_)
            | Term::Address(_)
            | Term::Object(..)
            | Term::Param(..)
            | Term::Choose(..) => None,
        }
    }

    /// The fields of unknown objects from which a value is computed.
    pub(crate) fn fields_in(&self, id: TermId, found: &mut Vec<TermId>) {
        match self.get(id) {
            Term::Field(..) if !found.contains(&id) => found.push(id),
            Term::Apply(_, a, b) | Term::Choose(_, a, b) => {
                self.fields_in(*a, found);
                self.fields_in(*b, found);
            }
            Term::Call(_, parts) => parts.iter().for_each(|part| self.fields_in(*part, found)),
            _ => {}
        }
    }

    /// A value where what stands in `field` is 0.
    pub(crate) fn with_zero(&mut self, store: &mut Store, id: TermId, field: TermId) -> TermId {
        if id == field {
            return self.int(0);
        }
        match self.get(id).clone() {
            Term::Apply(op, a, b) => {
                let a = self.with_zero(store, a, field);
                let b = self.with_zero(store, b, field);
                self.apply(store, op, a, b)
            }
            Term::Choose(test, yes, no) => {
                let yes = self.with_zero(store, yes, field);
                let no = self.with_zero(store, no, field);
                self.choose(test, yes, no)
            }
            _ => id,
        }
    }
}

/// What parameters stand for at one call.
#[derive(Debug)]
pub(crate) struct Substitution {
    values: Vec<TermId>,
    site: Name,
    terms: FxHashMap<TermId, TermId>,
}

impl Substitution {
    /// Parameter *n* is `values[n]`; `site` tells unknown ones apart from those of other calls.
    pub(crate) fn new(values: Vec<TermId>, site: Name) -> Substitution {
        Substitution {
            values,
            site,
            terms: FxHashMap::default(),
        }
    }
}

fn fold(op: BinaryOp, a: i128, b: i128) -> Option<i128> {
    let truth = |value: bool| Some(i128::from(value));
    match op {
        BinaryOp::And => truth(a != 0 && b != 0),
        BinaryOp::Or => truth(a != 0 || b != 0),
        BinaryOp::Equal => truth(a == b),
        BinaryOp::NotEqual => truth(a != b),
        BinaryOp::Less => truth(a < b),
        BinaryOp::LessEqual => truth(a <= b),
        BinaryOp::Greater => truth(a > b),
        BinaryOp::GreaterEqual => truth(a >= b),
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::Divide => a.checked_div(b),
        BinaryOp::Remainder => a.checked_rem(b),
        BinaryOp::BitAnd => Some(a & b),
        BinaryOp::BitOr => Some(a | b),
        BinaryOp::BitXor => Some(a ^ b),
        BinaryOp::ShiftLeft => u32::try_from(b)
            .ok()
            .filter(|b| *b < 64)
            .and_then(|b| a.checked_mul(1 << b)),
        BinaryOp::ShiftRight => u32::try_from(b).ok().filter(|b| *b < 64).map(|b| a >> b),
    }
}

/// A field of what a pointer leads to, as C has it: `p->field`, and `x.field` for `&x`.
fn of_object(pointer: &str, field: Name) -> String {
    match pointer.strip_prefix('&') {
        Some(object) => format!("{object}.{field}"),
        None => format!("{pointer}->{field}"),
    }
}
