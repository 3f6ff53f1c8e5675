//! The type of an expression, as far as declarations tell it.

use std::rc::Rc;

use csource::Member;
use csource::syntax::{Expr, ExprKind, UnaryOp};
use text::Name;

use crate::Analysis;
use crate::frame::Frame;

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
        let mut words = element.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let mut kept = Vec::new();
        for word in &mut words {
            if !word.is_empty() && !QUALIFIERS.contains(&word) {
                kept.push(word);
            }
        }
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

    /// `foo` of `struct foo` and of a pointer to it.
    pub(crate) fn tag(&self) -> Option<Name> {
        let mut words = self.words.split(' ');
        words.find(|word| matches!(*word, "struct" | "union"))?;
        words.next().map(Name::new)
    }
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
            ExprKind::Ident(name) => self.type_of_name(frame, *name),
            ExprKind::Field(base, field, _) => {
                let tag = self.type_within(frame, base, depth + 1)?.tag()?;
                let members = self.members(tag)?;
                let member = members.iter().find(|member| member.name == *field)?;
                Some(Type::new(&member.type_text, member.pointer))
            }
            ExprKind::Cast(to, _) => Some(Type::new(to, false)),
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
                let keys = self.functions_called(name);
                let file = self.read_file(keys.first()?.path)?;
                Some(Type::new(&file.function(keys.first()?.id).return_type, false))
            }
            _ => None,
        }
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
        let variables = &frame.file.items().variables;
        let variable = variables.iter().find(|v| v.name == name)?;
        let words = format!("struct {}", variable.struct_tag?);
        Some(Type::new(&words, variable.pointer))
    }

    /// The members of `struct tag`, from the first file of this architecture that defines it.
    fn members(&mut self, tag: Name) -> Option<Rc<[Member]>> {
        if let Some(known) = self.structures.get(&tag) {
            return known.clone();
        }
        let mut paths = self.files_with(tag);
        // Headers first: a C file may have a structure of the same name for itself.
        paths.sort_by_key(|path| (!path.ends_with(".h"), *path));
        let found = paths
            .into_iter()
            .find_map(|path| self.read_file(path)?.members(&tag));
        let found = found.map(Rc::from);
        self.structures.insert(tag, found.clone());
        found
    }
}
