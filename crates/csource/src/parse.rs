//! From text to [`syntax`](crate::syntax): the only place that speaks with tree-sitter.

use std::cell::RefCell;
use std::sync::Arc;

use text::{Name, Span};
use tree_sitter::{Node, Parser, QueryCursor, StreamingIterator};

use crate::directives::name;
use crate::idioms::{TYPE_NAMES, TYPEOF};
use crate::numbers;
use crate::query::Query;
use crate::syntax::{BinaryOp, Declarator, Expr, ExprKind, LoopKind, Stmt, StmtKind, UnaryOp};

/// Deeper nesting than this is opaque: it bounds the stack of everything that walks the result.
const DEPTH: u32 = 160;

thread_local! {
    static PARSER: RefCell<Option<Parser>> = const { RefCell::new(None) };
}

fn tree(text: &[u8]) -> Option<tree_sitter::Tree> {
    PARSER.with(|slot| {
        let mut slot = slot.borrow_mut();
        if slot.is_none() {
            let mut parser = Parser::new();
            parser.set_language(&tree_sitter_c::LANGUAGE.into()).ok()?;
            *slot = Some(parser);
        }
        slot.as_mut()?.parse(text, None)
    })
}

/// Text made ready for the grammar, and where its bytes stand in the file.
struct Fragment {
    text: Vec<u8>,
    /// How much is added to a byte of `text` to get its offset in the file.
    shift: i64,
}

impl Fragment {
    fn new(before: &str, text: &[u8], after: &str, start: u32) -> Fragment {
        let whole = [before.as_bytes(), text, after.as_bytes()].concat();
        let lead = i64::try_from(before.len()).unwrap_or(0);
        Fragment {
            text: whole,
            shift: i64::from(start) - lead,
        }
    }
}

/// Whether a text is a row of statements as the grammar has them.
pub(crate) fn is_sound(masked: &[u8]) -> bool {
    let fragment = Fragment::new("void f(){", masked, "\n;}", 0);
    tree(&fragment.text).is_some_and(|tree| !tree.root_node().has_error())
}

/// The statements of a function body `{ … }` whose first byte stands at `start`.
pub(crate) fn body(masked: &[u8], start: u32) -> Stmt {
    block("void f()", masked, "", start)
}

/// The statements of a text without braces around it.
pub(crate) fn statements(masked: &[u8], start: u32) -> Stmt {
    block("void f(){", masked, "\n;}", start)
}

fn block(before: &str, masked: &[u8], after: &str, start: u32) -> Stmt {
    let fragment = Fragment::new(before, masked, after, start);
    let whole = Span {
        start,
        end: start + Span::new(0, masked.len()).end,
    };
    let opaque = Stmt {
        kind: StmtKind::Opaque(Vec::new()),
        span: whole,
    };
    let Some(tree) = tree(&fragment.text) else {
        return opaque;
    };
    let convert = Convert {
        fragment: &fragment,
    };
    let mut parts = Vec::new();
    let root = tree.root_node();
    let mut cursor = root.walk();
    for node in root.named_children(&mut cursor) {
        match node.kind() {
            "function_definition" => match node.child_by_field_name("body") {
                Some(body) => parts.push(convert.statement(body, 0)),
                None => parts.extend(convert.statements(node, 0)),
            },
            "declaration" if node.start_byte() == 0 => parts.extend(convert.statements(node, 0)),
            _ => parts.push(convert.statement(node, 0)),
        }
    }
    match parts.len() {
        1 => parts.remove(0),
        _ => Stmt {
            kind: StmtKind::Block(parts),
            span: whole,
        },
    }
}

/// A macro's replacement, or any other piece of C whose first byte stands at `start`, as an expression;
/// `None` where it is none.
pub fn expression(text: &[u8], start: u32) -> Option<Expr> {
    if text.trim_ascii().is_empty() {
        return None;
    }
    let fragment = Fragment::new("void f(){(", text, "\n);}", start);
    let tree = tree(&fragment.text)?;
    if tree.root_node().has_error() {
        return None;
    }
    let body = tree
        .root_node()
        .named_child(0)?
        .child_by_field_name("body")?;
    let statement = body.named_child(0)?;
    if body.named_child_count() != 1 || statement.kind() != "expression_statement" {
        return None;
    }
    Some(
        Convert {
            fragment: &fragment,
        }
        .expr(statement.named_child(0)?, 0),
    )
}

/// What stands behind the `=` of a declaration, its semicolon left out.
pub(crate) fn initializer(text: &[u8], start: u32) -> Option<Expr> {
    let fragment = Fragment::new("void f(){x v=", text, "\n;}", start);
    let tree = tree(&fragment.text)?;
    let body = tree
        .root_node()
        .named_child(0)?
        .child_by_field_name("body")?;
    let mut cursor = body.walk();
    let mut nodes = body.named_children(&mut cursor);
    let declaration = nodes.find(|node| node.kind() == "declaration")?;
    let value = declaration
        .child_by_field_name("declarator")?
        .child_by_field_name("value")?;
    Some(
        Convert {
            fragment: &fragment,
        }
        .expr(value, 0),
    )
}

/// The places that a tree-sitter query captures as `@sink` in a function body that begins at `start`.
pub(crate) fn captures(query: &Query, masked: &[u8], start: u32) -> Vec<Span> {
    let fragment = Fragment::new("void f()", masked, "", start);
    let Some(tree) = tree(&fragment.text) else {
        return Vec::new();
    };
    let convert = Convert {
        fragment: &fragment,
    };
    let mut cursor = QueryCursor::new();
    let mut found = Vec::new();
    let mut matches = cursor.matches(&query.read, tree.root_node(), fragment.text.as_slice());
    while let Some(one) = matches.next() {
        let sinks = one.captures().iter();
        let sinks = sinks.filter(|capture| capture.index == query.sink);
        found.extend(sinks.map(|capture| convert.span(capture.node)));
    }
    found
}

struct Convert<'f> {
    fragment: &'f Fragment,
}

impl Convert<'_> {
    fn span(&self, node: Node) -> Span {
        let place = |at: usize| {
            let moved = i64::try_from(at)
                .unwrap_or(i64::MAX)
                .saturating_add(self.fragment.shift);
            usize::try_from(moved).unwrap_or(0)
        };
        Span::new(place(node.start_byte()), place(node.end_byte()))
    }

    fn words(&self, node: Node) -> &[u8] {
        self.fragment
            .text
            .get(node.byte_range())
            .unwrap_or_default()
    }

    /// The words of `node` with white space folded.
    fn folded(&self, node: Node) -> Name {
        let words: Vec<&[u8]> = self
            .words(node)
            .split(u8::is_ascii_whitespace)
            .filter(|w| !w.is_empty())
            .collect();
        name(&words.join(&b' '))
    }

    fn field(&self, node: Node, field: &str, depth: u32) -> Arc<Expr> {
        Arc::new(match node.child_by_field_name(field) {
            Some(child) => self.expr(child, depth + 1),
            None => Expr {
                kind: ExprKind::Opaque(Vec::new()),
                span: self.span(node),
            },
        })
    }

    fn children(node: Node<'_>) -> Vec<Node<'_>> {
        let mut cursor = node.walk();
        node.named_children(&mut cursor)
            .filter(|child| child.kind() != "comment")
            .collect()
    }

    fn statements(&self, node: Node, depth: u32) -> Vec<Stmt> {
        Self::children(node)
            .into_iter()
            .map(|child| self.statement(child, depth + 1))
            .collect()
    }

    fn expr(&self, node: Node, depth: u32) -> Expr {
        let span = self.span(node);
        if depth > DEPTH {
            return Expr {
                kind: ExprKind::Opaque(Vec::new()),
                span,
            };
        }
        if node.kind() == "parenthesized_expression"
            && let [only] = Self::children(node).as_slice()
        {
            return self.expr(*only, depth + 1);
        }
        Expr {
            kind: self.expr_kind(node, depth),
            span,
        }
    }

    fn expr_kind(&self, node: Node, depth: u32) -> ExprKind {
        let part = |field: &str| self.field(node, field, depth);
        match node.kind() {
            "identifier" | "field_identifier" | "type_identifier" | "primitive_type" => {
                ExprKind::Ident(name(self.words(node)))
            }
            "true" => ExprKind::Int(1),
            "false" | "null" => ExprKind::Int(0),
            "number_literal" | "char_literal" => {
                numbers::parse(self.words(node)).map_or(ExprKind::Opaque(Vec::new()), ExprKind::Int)
            }
            "string_literal" | "concatenated_string" => ExprKind::Text,
            "call_expression" => self.call(node, depth),
            "unary_expression" | "pointer_expression" => self.unary(node, depth),
            "binary_expression" => self.binary(node, depth),
            "conditional_expression" => {
                let middle = node.child_by_field_name("consequence");
                let middle = middle.map(|m| Arc::new(self.expr(m, depth + 1)));
                ExprKind::Conditional(part("condition"), middle, part("alternative"))
            }
            "assignment_expression" => {
                let token = node
                    .child_by_field_name("operator")
                    .map(|op| self.words(op));
                let op = token.and_then(|t| BinaryOp::from_token(&t[..t.len().saturating_sub(1)]));
                ExprKind::Assign(part("left"), op, part("right"))
            }
            "update_expression" => ExprKind::Step(part("argument")),
            // `asm` gives it a new value, as `++` does.
            "gnu_asm_output_operand" => ExprKind::Step(part("value")),
            "field_expression" => {
                let field = node
                    .child_by_field_name("field")
                    .map_or(Name::new(""), |f| name(self.words(f)));
                let arrow = node
                    .child_by_field_name("operator")
                    .is_some_and(|op| self.words(op) == b"->");
                ExprKind::Field(part("argument"), field, arrow)
            }
            "subscript_expression" => ExprKind::Index(part("argument"), part("index")),
            "cast_expression" if let Some(kind) = self.no_cast(node, depth) => kind,
            "cast_expression" => ExprKind::Cast(self.type_at(node, "type"), part("value")),
            "compound_literal_expression" => part("value").kind.clone(),
            "sizeof_expression" | "alignof_expression" | "offsetof_expression" => {
                self.size_of(node)
            }
            "comma_expression" => ExprKind::Comma(part("left"), part("right")),
            "initializer_list" => self.initializer_list(node, depth),
            "extension_expression" if node.named_child_count() == 1 => node
                .named_child(0)
                .map_or(ExprKind::Opaque(Vec::new()), |n| {
                    self.expr_kind(n, depth + 1)
                }),
            "compound_statement" => ExprKind::Statements(Arc::new(self.statement(node, depth + 1))),
            _ => ExprKind::Opaque(self.expressions_in(node, depth)),
        }
    }

    fn call(&self, node: Node, depth: u32) -> ExprKind {
        let mut callee = self.field(node, "function", depth);
        // `((type)f)(x)` calls f, whatever it is taken for.
        if let ExprKind::Cast(_, inner) = &callee.kind
            && inner.as_ident().is_some()
        {
            callee = inner.clone();
        }
        let mut args = self.arguments(node, depth);
        // `(typeof(x))(y)` is a cast.
        if args.len() == 1 && is_typeof(&callee) {
            return ExprKind::Cast(self.type_at(node, "function"), Arc::new(args.remove(0)));
        }
        ExprKind::Call(callee, args)
    }

    /// The words of the type that a field of a node is.
    fn type_at(&self, node: Node, field: &str) -> Name {
        node.child_by_field_name(field)
            .map_or(Name::new(""), |of| self.folded(of))
    }

    /// What `(x) - 1` and `(f)(x)` are where the word is not a type's: the grammar takes it for one.
    fn no_cast(&self, node: Node, depth: u32) -> Option<ExprKind> {
        let to = node.child_by_field_name("type")?.named_child(0)?;
        let plain = self.words(node.child_by_field_name("type")?) == self.words(to);
        if to.kind() != "type_identifier" || !plain || is_type_name(self.words(to)) {
            return None;
        }
        let left = Expr {
            kind: ExprKind::Ident(name(self.words(to))),
            span: self.span(to),
        };
        let value = node.child_by_field_name("value")?;
        if value.kind() == "parenthesized_expression" {
            let lower = self.words(to).first().is_some_and(u8::is_ascii_lowercase);
            let arguments = Self::children(value);
            let arguments = arguments.into_iter().map(|arg| self.expr(arg, depth + 1));
            return lower.then(|| ExprKind::Call(Arc::new(left), arguments.collect()));
        }
        // The grammar takes the sign for a part of the number in `(x)-1`.
        let (op, right) = if value.kind() == "number_literal" {
            let (sign, digits) = self.words(value).split_at_checked(1)?;
            let number = numbers::parse(digits).map_or(ExprKind::Opaque(Vec::new()), ExprKind::Int);
            let span = self.span(value);
            (sign, Expr { kind: number, span })
        } else {
            let op = self.words(value.child_by_field_name("operator")?);
            let operand = value.child_by_field_name("argument")?;
            (op, self.expr(operand, depth + 1))
        };
        let op = BinaryOp::from_token(op).filter(|_| matches!(op, b"-" | b"+" | b"&" | b"*"))?;
        // What is beside it may bind stronger.
        let beside = node
            .parent()
            .is_some_and(|parent| parent.kind() == "binary_expression");
        Some(if beside {
            ExprKind::Opaque(vec![left, right])
        } else {
            ExprKind::Binary(op, Arc::new(left), Arc::new(right))
        })
    }

    /// Every expression directly inside a node that is not understood itself.
    fn expressions_in(&self, node: Node, depth: u32) -> Vec<Expr> {
        Self::children(node)
            .into_iter()
            .map(|child| self.expr(child, depth + 1))
            .collect()
    }

    fn arguments(&self, node: Node, depth: u32) -> Vec<Expr> {
        node.child_by_field_name("arguments")
            .map_or(Vec::new(), |list| self.expressions_in(list, depth))
    }

    fn unary(&self, node: Node, depth: u32) -> ExprKind {
        let operand = self.field(node, "argument", depth);
        let op = match node
            .child_by_field_name("operator")
            .map(|op| self.words(op))
        {
            Some(b"!") => UnaryOp::Not,
            Some(b"-") => UnaryOp::Negate,
            Some(b"~") => UnaryOp::Complement,
            Some(b"*") => UnaryOp::Dereference,
            Some(b"&") => UnaryOp::AddressOf,
            Some(b"+") => return operand.kind.clone(),
            _ => return ExprKind::Opaque(vec![(*operand).clone()]),
        };
        ExprKind::Unary(op, operand)
    }

    fn binary(&self, node: Node, depth: u32) -> ExprKind {
        let (left, right) = (
            self.field(node, "left", depth),
            self.field(node, "right", depth),
        );
        let op = node
            .child_by_field_name("operator")
            .and_then(|op| BinaryOp::from_token(self.words(op)));
        match op {
            Some(op) => ExprKind::Binary(op, left, right),
            None => ExprKind::Opaque(vec![(*left).clone(), (*right).clone()]),
        }
    }

    fn size_of(&self, node: Node) -> ExprKind {
        let words = self.folded(node);
        let inner = words
            .split_once('(')
            .map_or(words.as_str(), |(_, rest)| rest.trim_end_matches(')'));
        ExprKind::Sizeof(Name::new(inner.trim()))
    }

    fn initializer_list(&self, node: Node, depth: u32) -> ExprKind {
        let part = |child: Node| match child.kind() {
            "initializer_pair" => {
                let designator = child.child_by_field_name("designator");
                let field = designator
                    .filter(|d| matches!(d.kind(), "field_designator" | "field_identifier"));
                let field = field.map(|d| {
                    name(
                        self.words(d)
                            .trim_ascii_start()
                            .strip_prefix(b".")
                            .unwrap_or(self.words(d)),
                    )
                });
                (field, (*self.field(child, "value", depth)).clone())
            }
            _ => (None, self.expr(child, depth + 1)),
        };
        ExprKind::Initializer(Self::children(node).into_iter().map(part).collect())
    }

    fn statement(&self, node: Node, depth: u32) -> Stmt {
        let span = self.span(node);
        if depth > DEPTH {
            return Stmt {
                kind: StmtKind::Opaque(Vec::new()),
                span,
            };
        }
        Stmt {
            kind: self.statement_kind(node, depth),
            span,
        }
    }

    fn inner(&self, node: Node, field: &str, depth: u32) -> Option<Arc<Stmt>> {
        let child = node.child_by_field_name(field)?;
        Some(Arc::new(self.statement(child, depth + 1)))
    }

    fn inner_or_empty(&self, node: Node, field: &str, depth: u32) -> Arc<Stmt> {
        let empty = || {
            Arc::new(Stmt {
                kind: StmtKind::Block(Vec::new()),
                span: self.span(node),
            })
        };
        self.inner(node, field, depth).unwrap_or_else(empty)
    }

    fn statement_kind(&self, node: Node, depth: u32) -> StmtKind {
        let condition = || (*self.field(node, "condition", depth)).clone();
        match node.kind() {
            "compound_statement" | "attributed_statement" => {
                StmtKind::Block(self.statements(node, depth))
            }
            "expression_statement" => match Self::children(node).first() {
                Some(child) => StmtKind::Expr(self.expr(*child, depth + 1)),
                None => StmtKind::Block(Vec::new()),
            },
            "if_statement" => {
                let otherwise = node.child_by_field_name("alternative").and_then(|clause| {
                    let inner = *Self::children(clause).first()?;
                    Some(Arc::new(self.statement(inner, depth + 1)))
                });
                StmtKind::If(
                    condition(),
                    self.inner_or_empty(node, "consequence", depth),
                    otherwise,
                )
            }
            "while_statement" => {
                let body = self.inner_or_empty(node, "body", depth);
                StmtKind::Loop(LoopKind::TestFirst, None, Some(condition()), None, body)
            }
            "do_statement" => {
                let body = self.inner_or_empty(node, "body", depth);
                StmtKind::Loop(LoopKind::BodyFirst, None, Some(condition()), None, body)
            }
            "for_statement" => self.for_statement(node, depth),
            "switch_statement" => {
                StmtKind::Switch(condition(), self.inner_or_empty(node, "body", depth))
            }
            "case_statement" => self.case_statement(node, depth),
            "return_statement" => StmtKind::Return(
                Self::children(node)
                    .first()
                    .map(|child| self.expr(*child, depth + 1)),
            ),
            "break_statement" => StmtKind::Break,
            "continue_statement" => StmtKind::Continue,
            "goto_statement" => StmtKind::Goto(
                node.child_by_field_name("label")
                    .map(|l| name(self.words(l))),
            ),
            "labeled_statement" => self.labeled(node, depth),
            "declaration" => self.declaration(node, depth),
            "function_definition" => StmtKind::Opaque(self.expressions_in(node, depth)),
            _ if node.is_error() => StmtKind::Block(self.statements(node, depth)),
            kind if kind.ends_with("_expression") || kind == "identifier" => {
                StmtKind::Expr(self.expr(node, depth + 1))
            }
            _ => StmtKind::Opaque(self.expressions_in(node, depth)),
        }
    }

    fn for_statement(&self, node: Node, depth: u32) -> StmtKind {
        let expr = |field: &str| {
            node.child_by_field_name(field)
                .map(|child| self.expr(child, depth + 1))
        };
        let first = node.child_by_field_name("initializer").map(|child| {
            let kind = if child.kind() == "declaration" {
                self.declaration(child, depth)
            } else {
                StmtKind::Expr(self.expr(child, depth + 1))
            };
            Arc::new(Stmt {
                kind,
                span: self.span(child),
            })
        });
        let body = self.inner_or_empty(node, "body", depth);
        StmtKind::Loop(
            LoopKind::TestFirst,
            first,
            expr("condition"),
            expr("update"),
            body,
        )
    }

    fn case_statement(&self, node: Node, depth: u32) -> StmtKind {
        let value = node.child_by_field_name("value");
        let values = value.map(|v| self.expr(v, depth + 1)).into_iter().collect();
        let head = Stmt {
            kind: StmtKind::Case(values),
            span: self.span(node),
        };
        let mut parts = vec![head];
        let rest = Self::children(node)
            .into_iter()
            .filter(|child| Some(child.id()) != value.map(|v| v.id()));
        parts.extend(rest.map(|child| self.statement(child, depth + 1)));
        StmtKind::Block(parts)
    }

    fn labeled(&self, node: Node, depth: u32) -> StmtKind {
        let label = node.child_by_field_name("label");
        let mut parts = Vec::new();
        if let Some(label) = label {
            let kind = StmtKind::Label(name(self.words(label)));
            parts.push(Stmt {
                kind,
                span: self.span(label),
            });
        }
        let rest = Self::children(node)
            .into_iter()
            .filter(|child| Some(child.id()) != label.map(|l| l.id()));
        parts.extend(rest.map(|child| self.statement(child, depth + 1)));
        StmtKind::Block(parts)
    }

    fn declaration(&self, node: Node, depth: u32) -> StmtKind {
        let type_text = self.type_at(node, "type");
        let children = Self::children(node);
        let is_static = children
            .iter()
            .any(|c| c.kind() == "storage_class_specifier" && self.words(*c) == b"static");
        let mut cursor = node.walk();
        let declarators: Vec<Node> = node
            .children_by_field_name("declarator", &mut cursor)
            .collect();
        let made = declarators.into_iter().filter_map(|declarator| {
            let (target, init) = match declarator.kind() {
                "init_declarator" => {
                    let value = declarator.child_by_field_name("value");
                    (
                        declarator.child_by_field_name("declarator")?,
                        value.map(|v| self.expr(v, depth + 1)),
                    )
                }
                _ => (declarator, None),
            };
            let (named, pointer) = declared_name(target)?;
            if is_prototype(target) {
                return None;
            }
            Some(Declarator {
                name: name(self.words(named)),
                type_text,
                pointer,
                is_static,
                init,
            })
        });
        StmtKind::Declare(made.collect())
    }
}

/// Whether a word is written as types are that are no structures.
fn is_type_name(word: &[u8]) -> bool {
    word.ends_with(b"_t") || TYPE_NAMES.iter().any(|name| name.as_bytes() == word)
}

/// `typeof(x)`, as the grammar reads it where it expects an expression.
fn is_typeof(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Call(callee, _)
        if callee.as_ident().is_some_and(|word| TYPEOF.contains(&word.as_str())))
}

/// `void f(int)`, whose name is a function's, unlike that of `void (*f)(int)`.
fn is_prototype(mut node: Node) -> bool {
    while node.kind() == "pointer_declarator" {
        let Some(inner) = node.child_by_field_name("declarator") else {
            return false;
        };
        node = inner;
    }
    let inner = node.child_by_field_name("declarator");
    node.kind() == "function_declarator" && inner.is_some_and(|inner| inner.kind() == "identifier")
}

/// The name inside a declarator, and whether a star or bracket stands around it.
fn declared_name(mut node: Node) -> Option<(Node, bool)> {
    let mut pointer = false;
    for _ in 0..DEPTH {
        match node.kind() {
            "identifier" => return Some((node, pointer)),
            "pointer_declarator" | "array_declarator" => pointer = true,
            "function_declarator" => {}
            _ => {
                node = node.named_child(0)?;
                continue;
            }
        }
        node = node
            .child_by_field_name("declarator")
            .or_else(|| node.named_child(0))?;
    }
    None
}
