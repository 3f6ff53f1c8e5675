//! What stands behind `#if`: `defined(CONFIG_X) && PGTABLE_LEVELS > 3`.
//!
//! `defined X` becomes a call of `defined`, so that one evaluator serves `#if` and C.

use std::sync::Arc;

use text::Span;

use crate::directives::name;
use crate::lexer::{Lexer, Token, TokenKind};
use crate::numbers;
use crate::syntax::{BinaryOp, Expr, ExprKind, UnaryOp};

/// Deeper nesting than this is opaque.
const DEPTH: u32 = 64;

/// More terms between operators of one kind are not told apart: whoever follows them goes one step deeper for each.
const TERMS: u32 = 1000;

/// Reads `text`, whose first byte stands at `shift` in its file.
pub(crate) fn parse(text: &[u8], shift: u32) -> Expr {
    let tokens: Vec<Token> = Lexer::new(text).collect();
    let mut parser = Parser {
        text,
        shift,
        tokens,
        at: 0,
        depth: 0,
    };
    let expr = parser.conditional();
    if parser.at < parser.tokens.len() {
        let span = Span {
            start: shift,
            end: shift + Span::new(0, text.len()).end,
        };
        return Expr {
            kind: ExprKind::Opaque(vec![expr]),
            span,
        };
    }
    expr
}

struct Parser<'t> {
    text: &'t [u8],
    shift: u32,
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
}

/// Binary operators from loosest to tightest.
const LEVELS: &[&[BinaryOp]] = &[
    &[BinaryOp::Or],
    &[BinaryOp::And],
    &[BinaryOp::BitOr],
    &[BinaryOp::BitXor],
    &[BinaryOp::BitAnd],
    &[BinaryOp::Equal, BinaryOp::NotEqual],
    &[
        BinaryOp::LessEqual,
        BinaryOp::GreaterEqual,
        BinaryOp::Less,
        BinaryOp::Greater,
    ],
    &[BinaryOp::ShiftLeft, BinaryOp::ShiftRight],
    &[BinaryOp::Add, BinaryOp::Subtract],
    &[BinaryOp::Multiply, BinaryOp::Divide, BinaryOp::Remainder],
];

impl Parser<'_> {
    fn peek(&self, ahead: usize) -> Option<Token> {
        self.tokens.get(self.at + ahead).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek(0).is_some_and(|token| token.is(byte));
        self.at += usize::from(found);
        found
    }

    fn span(&self, token: Token) -> Span {
        Span {
            start: token.span.start + self.shift,
            end: token.span.end + self.shift,
        }
    }

    fn here(&self) -> Span {
        let token = self.peek(0).or_else(|| self.tokens.last().copied());
        token.map_or(
            Span {
                start: self.shift,
                end: self.shift,
            },
            |token| self.span(token),
        )
    }

    fn opaque(&self) -> Expr {
        Expr {
            kind: ExprKind::Opaque(Vec::new()),
            span: self.here(),
        }
    }

    fn conditional(&mut self) -> Expr {
        self.depth += 1;
        if self.depth > DEPTH {
            self.at = self.tokens.len();
            return self.opaque();
        }
        let test = self.binary(0);
        let result = if self.eat(b'?') {
            let yes = self.conditional();
            self.eat(b':');
            let no = self.conditional();
            let span = Span {
                start: test.span.start,
                end: no.span.end,
            };
            let kind = ExprKind::Conditional(Arc::new(test), Some(Arc::new(yes)), Arc::new(no));
            Expr { kind, span }
        } else {
            test
        };
        self.depth -= 1;
        result
    }

    fn binary(&mut self, level: usize) -> Expr {
        let Some(operators) = LEVELS.get(level) else {
            return self.unary();
        };
        let mut left = self.binary(level + 1);
        let mut terms = 1;
        while let Some(op) = operators.iter().copied().find(|op| self.at_operator(*op)) {
            terms += 1;
            if terms > TERMS {
                self.at = self.tokens.len();
                return self.opaque();
            }
            self.at += op.token().len();
            let right = self.binary(level + 1);
            let span = Span {
                start: left.span.start,
                end: right.span.end,
            };
            left = Expr {
                kind: ExprKind::Binary(op, Arc::new(left), Arc::new(right)),
                span,
            };
        }
        left
    }

    /// Whether the tokens here spell `op` and not a longer operator.
    fn at_operator(&self, op: BinaryOp) -> bool {
        let spell = op.token().as_bytes();
        let spelled = spell
            .iter()
            .enumerate()
            .all(|(n, byte)| self.peek(n).is_some_and(|t| t.is(*byte)));
        let more = |byte: u8| self.peek(spell.len()).is_some_and(|t| t.is(byte));
        let longer = match op {
            BinaryOp::BitAnd => more(b'&'),
            BinaryOp::BitOr => more(b'|'),
            BinaryOp::Less => more(b'<') || more(b'='),
            BinaryOp::Greater => more(b'>') || more(b'='),
            _ => false,
        };
        spelled && !longer
    }

    fn unary(&mut self) -> Expr {
        let start = self.here();
        for (byte, op) in [
            (b'!', UnaryOp::Not),
            (b'-', UnaryOp::Negate),
            (b'~', UnaryOp::Complement),
        ] {
            if self.depth < DEPTH && self.eat(byte) {
                self.depth += 1;
                let operand = self.unary();
                self.depth -= 1;
                let span = Span {
                    start: start.start,
                    end: operand.span.end,
                };
                return Expr {
                    kind: ExprKind::Unary(op, Arc::new(operand)),
                    span,
                };
            }
        }
        if self.eat(b'+') {
            self.unary()
        } else {
            self.primary()
        }
    }

    fn primary(&mut self) -> Expr {
        let Some(token) = self.peek(0) else {
            return self.opaque();
        };
        let span = self.span(token);
        let words = token.span.of(self.text);
        match token.kind {
            TokenKind::Punct(b'(') => {
                self.at += 1;
                let inner = self.conditional();
                self.eat(b')');
                inner
            }
            TokenKind::Number | TokenKind::Literal => {
                self.at += 1;
                let kind =
                    numbers::parse(words).map_or(ExprKind::Opaque(Vec::new()), ExprKind::Int);
                Expr { kind, span }
            }
            TokenKind::Ident if words == b"defined" => {
                self.at += 1;
                self.defined(span)
            }
            TokenKind::Ident => {
                self.at += 1;
                let ident = Expr {
                    kind: ExprKind::Ident(name(words)),
                    span,
                };
                if self.eat(b'(') {
                    self.call(ident)
                } else {
                    ident
                }
            }
            _ => {
                self.at += 1;
                Expr {
                    kind: ExprKind::Opaque(Vec::new()),
                    span,
                }
            }
        }
    }

    fn defined(&mut self, span: Span) -> Expr {
        let open = self.eat(b'(');
        let callee = Expr {
            kind: ExprKind::Ident("defined".into()),
            span,
        };
        let Some(word) = self.peek(0).filter(|token| token.kind == TokenKind::Ident) else {
            return self.opaque();
        };
        self.at += 1;
        let kind = ExprKind::Ident(name(word.span.of(self.text)));
        let arg = Expr {
            kind,
            span: self.span(word),
        };
        if open {
            self.eat(b')');
        }
        let whole = Span {
            start: span.start,
            end: arg.span.end,
        };
        Expr {
            kind: ExprKind::Call(Arc::new(callee), vec![arg]),
            span: whole,
        }
    }

    /// Behind `name(`. Arguments are read as expressions; what is none is opaque.
    fn call(&mut self, callee: Expr) -> Expr {
        let mut args = Vec::new();
        while let Some(token) = self.peek(0) {
            if token.is(b')') {
                break;
            }
            let before = self.at;
            args.push(self.conditional());
            while let Some(token) = self.peek(0) {
                if token.is(b')') || token.is(b',') {
                    break;
                }
                self.at += 1;
            }
            if !self.eat(b',') && self.at == before {
                break;
            }
        }
        let end = self.here().end;
        self.eat(b')');
        let span = Span {
            start: callee.span.start,
            end,
        };
        Expr {
            kind: ExprKind::Call(Arc::new(callee), args),
            span,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Int(n) => n.to_string(),
            ExprKind::Ident(name) => name.to_string(),
            ExprKind::Unary(_, a) => format!("u{}", show(a)),
            ExprKind::Binary(op, a, b) => format!("({}{}{})", show(a), op.token(), show(b)),
            ExprKind::Conditional(a, b, c) => {
                format!(
                    "({}?{}:{})",
                    show(a),
                    b.as_ref().map(|b| show(b)).unwrap_or_default(),
                    show(c)
                )
            }
            ExprKind::Call(f, args) => {
                format!(
                    "{}[{}]",
                    show(f),
                    args.iter().map(show).collect::<Vec<_>>().join(",")
                )
            }
            _ => "opaque".to_owned(),
        }
    }

    fn check(text: &str, expect: &str) {
        assert_eq!(show(&parse(text.as_bytes(), 0)), expect, "{text}");
    }

    #[test]
    fn precedence_is_that_of_c() {
        check(
            " defined(A) && !defined B || C >= 0x10UL",
            "((defined[A]&&udefined[B])||(C>=16))",
        );
        check("1 << 2 + 3 < X & 1", "(((1<<(2+3))<X)&1)");
        check("A ? 1 : B == 2", "(A?1:(B==2))");
        check("IS_ENABLED(CONFIG_X) && (Y)", "(IS_ENABLED[CONFIG_X]&&Y)");
        check("__has_include(<a/b.h>)", "__has_include[opaque]");
        check("A B", "opaque");
        check("", "opaque");
        check(&"(".repeat(10_000), "opaque");
    }
}
