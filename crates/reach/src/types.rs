//! The type of an expression, as far as declarations tell it.

use std::rc::Rc;

use csource::syntax::{Expr, ExprKind, UnaryOp};
use csource::{Member, Mention};
use rustc_hash::FxHashSet;
use text::Name;

use crate::Analysis;
use crate::eval::scalar_size;
use crate::expand::Use;
use crate::frame::Frame;
use crate::unit::{MacroState, UnitId, VisitId};

/// Expressions deeper than this have no type.
const DEEPEST: u32 = 12;

/// A type, as far as it is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Type {
    /// Its words, without qualifiers and stars: `struct page`.
    pub(crate) words: String,
    /// Whether it is a pointer or an array, of however many stars; `None` where what it points to may be
    /// one.
    pub(crate) pointer: Option<bool>,
}

/// Words of a type that do not tell it from another.
const QUALIFIERS: &[&str] = &[
    "const", "volatile", "static", "inline", "extern", "__user", "__iomem", "__percpu", "__rcu",
    "__force", "register", "restrict",
];

impl Type {
    pub(crate) fn new(written: &str, pointer: bool) -> Type {
        let stars = written.contains('*');
        let element = written.split('[').next().unwrap_or(written);
        let words = element.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let kept: Vec<&str> = words
            .filter(|word| !word.is_empty() && !QUALIFIERS.contains(word))
            .collect();
        Type {
            words: kept.join(" "),
            pointer: Some(pointer || stars),
        }
    }

    /// Whether two types may be one.
    pub(crate) fn fits(&self, other: &Type) -> bool {
        let differ = self.pointer.zip(other.pointer).is_some_and(|(a, b)| a != b);
        self.words == other.words && !differ
    }

    /// Whether it is one of the language's own types, which no other name stands for.
    pub(crate) fn is_basic(&self) -> bool {
        const BASIC: &[&str] = &["void", "char", "short", "int", "long", "signed", "unsigned"];
        self.words.split(' ').all(|word| BASIC.contains(&word))
    }

    /// `foo` of `struct foo` and of a pointer to it.
    pub(crate) fn tag(&self) -> Option<Name> {
        let mut words = self.words.split(' ');
        words.find(|word| matches!(*word, "struct" | "union"))?;
        words.next().map(Name::new)
    }
}

/// What lies in an object.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    /// The structures, by their tags or the names that a `typedef` gives them.
    pub(crate) tags: FxHashSet<Name>,
    /// The names of all fields.
    pub(crate) fields: FxHashSet<Name>,
    /// Whether nothing lies in it that is not known.
    pub(crate) is_complete: bool,
}

impl Analysis<'_> {
    /// The type of `expr`.
    pub(crate) fn type_of(&mut self, frame: &Frame, expr: &Expr) -> Option<Type> {
        self.type_within(frame, expr, 0)
    }

    fn type_within(&mut self, frame: &Frame, expr: &Expr, depth: u32) -> Option<Type> {
        if depth > DEEPEST {
            return None;
        }
        match &expr.kind {
            ExprKind::Ident(name) => match self.type_of_name(frame, *name) {
                Some(known) => Some(known),
                None => self.type_of_macro(frame, (*name, expr, &[]), depth),
            },
            ExprKind::Field(base, field, _) => {
                let of = self.type_within(frame, base, depth + 1)?;
                // A structure without a tag has the name of a `typedef`.
                let tag = of.tag().unwrap_or_else(|| Name::new(&of.words));
                let members = self.members(tag)?;
                let member = members.iter().find(|member| member.name == *field)?;
                Some(Type::new(&member.type_text, member.pointer))
            }
            ExprKind::Cast(to, _) => Some(Type::new(to, false)),
            ExprKind::Int(_) if frame.file.spelled(expr.span) == b"NULL" => {
                Some(Type::new("void", true))
            }
            ExprKind::Int(_) => Some(Type::new("int", false)),
            ExprKind::Sizeof(_) => Some(Type::new("unsigned long", false)),
            ExprKind::Unary(UnaryOp::AddressOf, inner) => {
                let inner = self.type_within(frame, inner, depth + 1)?;
                Some(Type {
                    pointer: Some(true),
                    ..inner
                })
            }
            ExprKind::Index(inner, _) | ExprKind::Unary(UnaryOp::Dereference, inner) => {
                let inner = self.type_within(frame, inner, depth + 1)?;
                Some(Type {
                    pointer: None,
                    ..inner
                })
            }
            ExprKind::Comma(_, inner) => self.type_within(frame, inner, depth + 1),
            ExprKind::Conditional(_, Some(yes), _) => self.type_within(frame, yes, depth + 1),
            ExprKind::Call(callee, args) => {
                let name = callee.as_ident()?;
                if csource::CONTAINERS.contains(&name.as_str()) {
                    // Masking leaves the tag alone of `struct tag` in the arguments of a macro.
                    let tag = args.get(1)?.as_ident()?;
                    return Some(Type::new(&format!("struct {tag}"), true));
                }
                if let Some(known) = self.type_of_macro(frame, (name, expr, args), depth) {
                    return Some(known);
                }
                let keys = self.functions_called(name);
                let file = self.read_file(keys.first()?.path)?;
                Some(Type::new(
                    &file.function(keys.first()?.id).return_type,
                    false,
                ))
            }
            _ => None,
        }
    }

    /// The type of what a macro stands for, if it is always the same and an expression: `current`.
    fn type_of_macro(
        &mut self,
        frame: &Frame,
        (name, whole, args): (Name, &Expr, &[Expr]),
        depth: u32,
    ) -> Option<Type> {
        if !self.is_macro(frame.unit, name) || frame.is_expanding(name, whole.span) {
            return None;
        }
        let moment = self.moment(frame, whole.span.start);
        let [(_, MacroState::Defined(visit, number))] =
            self.macro_states(frame.unit, name, moment)[..]
        else {
            return None;
        };
        let used = Use {
            span: whole.span,
            args,
            behind: None,
        };
        let inner = self.expansion(frame, used, (visit, number), frame.under)?;
        self.type_within(&inner.frame, &*inner.value?, depth + 1)
    }

    fn type_of_name(&mut self, frame: &Frame, name: Name) -> Option<Type> {
        if let Some(bound) = frame.bound(name) {
            let (args, user) = (bound.args.clone(), frame.user.clone()?);
            return self.type_within(&user, args.first()?, 1);
        }
        let local = frame.body.locals.iter().find(|l| l.declarator.name == name);
        if let Some(local) = local {
            let declared = &local.declarator;
            return Some(Type::new(&declared.type_text, declared.pointer));
        }
        if let Some(param) = frame.param(name) {
            let param = &frame.params[param as usize];
            return Some(Type::new(&param.type_text, param.pointer));
        }
        if let Some(user) = frame.user.clone() {
            return self.type_of_name(&user, name);
        }
        self.type_of_global(frame.unit, name)
    }

    /// The structure that a variable outside of functions is, as far as a unit's files or macros in them
    /// declare it.
    fn type_of_global(&mut self, unit: UnitId, name: Name) -> Option<Type> {
        if let Some(known) = self.globals.get(&(unit, name)) {
            return known.clone();
        }
        let paths = self.files_with(name);
        let visits = |path: &Name| self.unit_ref(unit).visits_of(*path).first().copied();
        let visits: Vec<VisitId> = paths.iter().filter_map(visits).collect();
        let found = visits
            .into_iter()
            .find_map(|visit| self.declared_in(unit, visit, name));
        let found = found.map(|(tag, pointer)| Type::new(&format!("struct {tag}"), pointer));
        self.globals.insert((unit, name), found.clone());
        found
    }

    fn declared_in(&mut self, unit: UnitId, visit: VisitId, name: Name) -> Option<(Name, bool)> {
        let file = self.unit_ref(unit).visit(visit).file.clone();
        if let Some(found) = file.declared(name) {
            return Some(found);
        }
        // `DEFINE_STATIC_KEY_TRUE(name);`
        for mention in file.mentions(name) {
            if let Mention::TopMacro(number) = mention {
                let text = self.top_text(unit, visit, &file.items().macros[number]);
                if let Some(found) = text.and_then(|text| csource::declared(&text, &name)) {
                    return Some(found);
                }
            }
        }
        None
    }

    /// What lies in an object of `struct tag`, structures in structures included.
    pub(crate) fn contents(&mut self, tag: Name) -> Rc<Contents> {
        if let Some(known) = self.contents.get(&tag) {
            return known.clone();
        }
        let mut contents = Contents {
            is_complete: true,
            ..Contents::default()
        };
        let mut open = vec![tag];
        while let Some(tag) = open.pop() {
            if !contents.tags.insert(tag) {
                continue;
            }
            let Some(members) = self.members(tag) else {
                contents.is_complete = false;
                continue;
            };
            for member in members.iter() {
                contents.fields.insert(member.name);
                if member.pointer && !member.is_array {
                    continue;
                }
                let inner = Type::new(&member.type_text, false);
                match inner.tag() {
                    Some(tag) => open.push(tag),
                    // A structure that has no name, and one that a `typedef` may stand for.
                    None if inner.words.is_empty()
                        || inner.words == "struct"
                        || inner.words == "union" =>
                    {
                        contents.is_complete = false;
                    }
                    None => {
                        let name = Name::new(&inner.words);
                        let may_be = scalar_size(&inner.words).is_none()
                            && !self.tree.defining_structure(name, true).is_empty();
                        if may_be && self.members(name).is_some() {
                            open.push(name);
                        }
                    }
                }
            }
        }
        let contents = Rc::new(contents);
        self.contents.insert(tag, contents.clone());
        contents
    }

    /// The members of `struct tag`, from the first file of this architecture that defines it.
    pub(crate) fn members(&mut self, tag: Name) -> Option<Rc<[Member]>> {
        if let Some(known) = self.structures.get(&tag) {
            return known.clone();
        }
        // Headers for all first: a C file may have a structure of the same name for itself.
        let found = [true, false].into_iter().find_map(|in_headers| {
            let paths = self.tree.defining_structure(tag, in_headers);
            let own = paths.iter().filter(|path| self.is_of_arch(path));
            let mut own: Vec<Name> = own.copied().collect();
            own.sort_by_key(|path| (!path.ends_with(".h"), *path));
            own.into_iter()
                .find_map(|path| self.read_file(path)?.members(tag))
        });
        let found = found.map(Rc::from);
        self.structures.insert(tag, found.clone());
        found
    }
}
