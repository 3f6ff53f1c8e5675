//! Expressions and statements of C, as the analysis wants them: small, owned, with their places.
//!
//! This is not the whole language. What is not needed to follow calls and values becomes
//! [`ExprKind::Opaque`], which keeps its words and its parts, so that no call inside is lost.

use std::sync::Arc;

use text::{Name, Span};

/// An expression and where it stands in its file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The binary operators that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the operators of C, by their usual names")]
pub enum BinaryOp {
    And,
    Or,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    BitAnd,
    BitOr,
    BitXor,
    ShiftLeft,
    ShiftRight,
}

impl BinaryOp {
    /// As it is written.
    pub fn token(self) -> &'static str {
        match self {
            BinaryOp::And => "&&",
            BinaryOp::Or => "||",
            BinaryOp::Equal => "==",
            BinaryOp::NotEqual => "!=",
            BinaryOp::Less => "<",
            BinaryOp::LessEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterEqual => ">=",
            BinaryOp::Add => "+",
            BinaryOp::Subtract => "-",
            BinaryOp::Multiply => "*",
            BinaryOp::Divide => "/",
            BinaryOp::Remainder => "%",
            BinaryOp::BitAnd => "&",
            BinaryOp::BitOr => "|",
            BinaryOp::BitXor => "^",
            BinaryOp::ShiftLeft => "<<",
            BinaryOp::ShiftRight => ">>",
        }
    }

    /// The operator that `token` writes.
    pub fn from_token(token: &[u8]) -> Option<BinaryOp> {
        Some(match token {
            b"&&" => BinaryOp::And,
            b"||" => BinaryOp::Or,
            b"==" => BinaryOp::Equal,
            b"!=" => BinaryOp::NotEqual,
            b"<" => BinaryOp::Less,
            b"<=" => BinaryOp::LessEqual,
            b">" => BinaryOp::Greater,
            b">=" => BinaryOp::GreaterEqual,
            b"+" => BinaryOp::Add,
            b"-" => BinaryOp::Subtract,
            b"*" => BinaryOp::Multiply,
            b"/" => BinaryOp::Divide,
            b"%" => BinaryOp::Remainder,
            b"&" => BinaryOp::BitAnd,
            b"|" => BinaryOp::BitOr,
            b"^" => BinaryOp::BitXor,
            b"<<" => BinaryOp::ShiftLeft,
            b">>" => BinaryOp::ShiftRight,
            _ => return None,
        })
    }
}

/// The unary operators that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the operators of C, by their usual names")]
pub enum UnaryOp {
    Not,
    Negate,
    Complement,
    Dereference,
    AddressOf,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExprKind {
    /// An integer or character constant.
    Int(i128),
    /// A string.
    Text,
    /// A name: variable, parameter, enumerator, macro, function.
    Ident(Name),
    /// A call, or the use of a function-like macro.
    Call(Arc<Expr>, Vec<Expr>),
    /// `!a`, `-a`, `~a`, `*a`, `&a`.
    Unary(UnaryOp, Arc<Expr>),
    /// `a && b` and so on.
    Binary(BinaryOp, Arc<Expr>, Arc<Expr>),
    /// `a ? b : c`; `a ?: c` has no middle.
    Conditional(Arc<Expr>, Option<Arc<Expr>>, Arc<Expr>),
    /// `a = b`; a compound assignment has its operator.
    Assign(Arc<Expr>, Option<BinaryOp>, Arc<Expr>),
    /// `++a` and its like: `a` gets a new value.
    Step(Arc<Expr>),
    /// `a.f`, `a->f` (the flag).
    Field(Arc<Expr>, Name, bool),
    /// `a[i]`.
    Index(Arc<Expr>, Arc<Expr>),
    /// `(type)a`.
    Cast(Name, Arc<Expr>),
    /// `sizeof …`, `_Alignof …`: the words between the parentheses.
    Sizeof(Name),
    /// `a, b`.
    Comma(Arc<Expr>, Arc<Expr>),
    /// `{ .f = a, b }` with the field of each, where one is named.
    Initializer(Vec<(Option<Name>, Expr)>),
    /// `({ … })`.
    Statements(Arc<Stmt>),
    /// Anything else, with the expressions in it.
    Opaque(Vec<Expr>),
}

impl Expr {
    /// The name, if this is one.
    pub fn as_ident(&self) -> Option<Name> {
        match self.kind {
            ExprKind::Ident(name) => Some(name),
            _ => None,
        }
    }

    /// The expressions directly inside this one; statements inside are not entered.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Int(_)
            | ExprKind::Text
            | ExprKind::Ident(_)
            | ExprKind::Sizeof(_)
            | ExprKind::Statements(_) => Vec::new(),
            ExprKind::Call(callee, args) => std::iter::once(&**callee).chain(args).collect(),
            ExprKind::Unary(_, a)
            | ExprKind::Step(a)
            | ExprKind::Field(a, ..)
            | ExprKind::Cast(_, a) => vec![a],
            ExprKind::Binary(_, a, b)
            | ExprKind::Assign(a, _, b)
            | ExprKind::Index(a, b)
            | ExprKind::Comma(a, b) => vec![a, b],
            ExprKind::Conditional(a, b, c) => std::iter::once(&**a)
                .chain(b.as_deref())
                .chain([&**c])
                .collect(),
            ExprKind::Initializer(parts) => parts.iter().map(|(_, part)| part).collect(),
            ExprKind::Opaque(parts) => parts.iter().collect(),
        }
    }
}

/// A variable that a declaration makes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Declarator {
    /// Its name.
    pub name: Name,
    /// Its type as written, without the stars.
    pub type_text: Name,
    /// Whether it is a pointer.
    pub pointer: bool,
    /// Whether it keeps its value between calls.
    pub is_static: bool,
    /// What it begins with.
    pub init: Option<Expr>,
}

/// A statement and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// Where it stands.
    pub span: Span,
}

/// The loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoopKind {
    /// The test comes first: `while`, `for`.
    TestFirst,
    /// The body comes first: `do`.
    BodyFirst,
}

/// What a statement is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum StmtKind {
    /// `a;`
    Expr(Expr),
    /// `int a = 1, *b;`
    Declare(Vec<Declarator>),
    /// `return a;`
    Return(Option<Expr>),
    /// `if (a) b else c`
    If(Expr, Arc<Stmt>, Option<Arc<Stmt>>),
    /// Any loop: what is done once before, the test, what is done after each round, the body.
    Loop(
        LoopKind,
        Option<Arc<Stmt>>,
        Option<Expr>,
        Option<Expr>,
        Arc<Stmt>,
    ),
    /// `switch (a) b`
    Switch(Expr, Arc<Stmt>),
    /// `case a:`; a range has both ends. `default:` has none.
    Case(Vec<Expr>),
    /// `break;`
    Break,
    /// `continue;`
    Continue,
    /// `goto a;`; a computed one has no label.
    Goto(Option<Name>),
    /// `a:`
    Label(Name),
    /// `{ … }`
    Block(Vec<Stmt>),
    /// What was not understood, with the expressions in it.
    Opaque(Vec<Expr>),
}
