//! What lines mean to every architecture alike, because no macro is in them: it is found out once, when the first
//! architecture asks.

use std::sync::{Arc, OnceLock};

use text::Name;

use crate::macros::has_macros;
use crate::parse::balanced;
use crate::syntax::{Expr, ExprKind, Properties, Property, PropertyKind, SymbolType};
use crate::term::Term;

/// Something that is found out once. Whether it was is no part of what holds it.
#[derive(Clone, Debug)]
pub(crate) struct Once<T>(OnceLock<T>);

impl<T> std::default::Default for Once<T> {
    fn default() -> Once<T> {
        Once(OnceLock::new())
    }
}

impl<T> PartialEq for Once<T> {
    fn eq(&self, _: &Once<T>) -> bool {
        true
    }
}

impl<T> Eq for Once<T> {}

/// An expression as a value and as a condition: see [`Term::as_condition`].
#[derive(Clone, Debug)]
pub(crate) struct Meaning {
    pub(crate) value: Arc<Term>,
    pub(crate) condition: Arc<Term>,
}

impl Meaning {
    pub(crate) fn of(value: Arc<Term>) -> Meaning {
        let condition = value.as_condition();
        Meaning { value, condition }
    }

    /// Of two, or of one and itself; where neither says something else as a condition, both share what is made.
    fn joined(join: impl Fn(&Arc<Term>, &Arc<Term>) -> Term, a: &Meaning, b: &Meaning) -> Meaning {
        let value = Arc::new(join(&a.value, &b.value));
        let is_same = |one: &Meaning| Arc::ptr_eq(&one.value, &one.condition);
        let condition = if is_same(a) && is_same(b) {
            value.clone()
        } else {
            Arc::new(join(&a.condition, &b.condition))
        };
        Meaning { value, condition }
    }
}

impl Expr {
    /// What it means; `None` where an architecture decides.
    pub(crate) fn meaning(&self) -> Option<&Meaning> {
        let found = || {
            Some(match &self.kind {
                ExprKind::Word(word) | ExprKind::Text(word) if has_macros(word) => return None,
                ExprKind::Word(word) => Meaning::of(Arc::new(word_term(*word))),
                ExprKind::Text(text) => Meaning::of(Arc::new(text_term(*text))),
                ExprKind::Not(inner) => {
                    let inner = inner.meaning()?;
                    Meaning::joined(|inner, _| Term::Not(inner.clone()), inner, inner)
                }
                ExprKind::And(a, b) => {
                    let and = |a: &Arc<Term>, b: &Arc<Term>| Term::And(a.clone(), b.clone());
                    Meaning::joined(and, a.meaning()?, b.meaning()?)
                }
                ExprKind::Or(a, b) => {
                    let or = |a: &Arc<Term>, b: &Arc<Term>| Term::Or(a.clone(), b.clone());
                    Meaning::joined(or, a.meaning()?, b.meaning()?)
                }
                ExprKind::Compare(op, a, b) => {
                    let (a, b) = (&a.meaning()?.value, &b.meaning()?.value);
                    Meaning::of(Arc::new(Term::Compare(*op, a.clone(), b.clone())))
                }
            })
        };
        self.meaning.0.get_or_init(found).as_ref()
    }
}

/// What the `depends on` lines of an entry ask together.
#[derive(Clone, Debug)]
pub(crate) enum Dependencies {
    /// The same of every architecture; `None` where there are none.
    Shared(Option<Arc<Term>>),
    /// An architecture decides.
    Own,
}

impl Properties {
    /// What its `depends on` lines ask.
    pub(crate) fn dependencies(&self) -> &Dependencies {
        self.depends.0.get_or_init(|| {
            let shared = dependencies(self, |expr| expr.meaning().cloned());
            shared.map_or(Dependencies::Own, |terms| {
                Dependencies::Shared(together(terms))
            })
        })
    }
}

/// What must be known of an entry before anybody asks what its symbol can be.
#[derive(Clone, Debug, std::default::Default)]
pub(crate) struct Shape {
    /// The first type that it gives.
    pub(crate) kind: Option<SymbolType>,
    /// The names in what it says of its own symbol; `None` where macros are in it.
    pub(crate) names: Option<Vec<Name>>,
    /// Which of its properties are a `select` or an `imply`, and of whom, where no macro says it.
    pub(crate) selects: Vec<(usize, Option<Name>)>,
    pub(crate) has_prompt: bool,
    pub(crate) defaults: usize,
    pub(crate) modules: bool,
    pub(crate) transitional: bool,
}

impl Properties {
    pub(crate) fn shape(&self) -> &Shape {
        self.shape.0.get_or_init(|| {
            let mut shape = Shape {
                names: Some(Vec::new()),
                ..Shape::default()
            };
            for (number, property) in self.iter().enumerate() {
                shape.add(number, &property.kind);
            }
            if let Some(names) = &mut shape.names {
                names.sort_unstable();
                names.dedup();
            }
            shape
        })
    }
}

impl Shape {
    fn add(&mut self, number: usize, property: &PropertyKind) {
        match property {
            PropertyKind::Type(kind) => self.kind = self.kind.or(Some(*kind)),
            PropertyKind::Select(target, _) | PropertyKind::Imply(target, _) => {
                let target = Some(target.name).filter(|name| !has_macros(name));
                self.selects.push((number, target));
            }
            PropertyKind::Modules => self.modules = true,
            PropertyKind::Transitional => self.transitional = true,
            PropertyKind::Prompt(_, condition) => {
                self.has_prompt = true;
                self.add_names(condition);
            }
            PropertyKind::Default(value, condition) | PropertyKind::DependsOn(value, condition) => {
                self.defaults += usize::from(matches!(property, PropertyKind::Default(..)));
                self.add_names([value]);
                self.add_names(condition);
            }
            PropertyKind::Range(low, high, condition) => {
                self.add_names([low, high]);
                self.add_names(condition);
            }
            PropertyKind::VisibleIf(_)
            | PropertyKind::Help(_)
            | PropertyKind::Optional
            | PropertyKind::Option(_) => {}
        }
    }

    fn add_names<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Arc<Expr>>) {
        for expr in exprs {
            match (expr.meaning(), &mut self.names) {
                (Some(meaning), Some(names)) => meaning.value.symbols(names),
                _ => self.names = None,
            }
        }
    }
}

/// What the `depends on` lines among `properties` ask; `None` where `meaning` does not tell what one of them means.
pub(crate) fn dependencies(
    properties: &[Property],
    mut meaning: impl FnMut(&Expr) -> Option<Meaning>,
) -> Option<Vec<Arc<Term>>> {
    let mut all = Vec::new();
    for property in properties {
        if let PropertyKind::DependsOn(expr, condition) = &property.kind {
            let mut term = meaning(expr)?.condition;
            // As `menu_add_dep()` of scripts/kconfig/menu.c has it: X where Y is not n.
            if let Some(condition) = condition {
                term = Term::or(&term, &meaning(condition)?.value.is_off());
            }
            all.push(term);
        }
    }
    Some(all)
}

/// All of them; `None` where there are none.
pub(crate) fn together(terms: Vec<Arc<Term>>) -> Option<Arc<Term>> {
    balanced(terms, &|a, b| Term::and(&a, &b))
}

/// A text in quotes.
pub(crate) fn text_term(text: Name) -> Term {
    match text.as_str() {
        "y" => Term::Constant(true),
        "n" => Term::Constant(false),
        "m" => Term::Module,
        _ => Term::Text(text),
    }
}

/// A word that is not quoted is a symbol, also one that nobody defines; so is a number, whose value is
/// its name unless some architecture has a symbol of that name (powerpc once had `8260`).
pub(crate) fn word_term(text: Name) -> Term {
    match text_term(text) {
        Term::Text(name) => Term::Symbol(name),
        term => term,
    }
}
