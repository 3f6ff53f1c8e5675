//! Kconfig text to [`syntax`](crate::syntax), line by line, whatever the text is.
//!
//! A line that is not understood is an error of its own; the next line is read as if it were fine.

use std::sync::Arc;

use text::{Name, Span};

use crate::lexer::{Token, TokenKind, line_end, tokens};
use crate::syntax::{
    Assignment, Comparison, Expr, If, Parsed, Property, PropertyKind, Statement, StatementKind,
    SymbolType, SyntaxError,
};

/// Blocks and expressions that nest deeper than this are errors.
const DEPTH: usize = 100;

/// Reads a file.
///
/// ```
/// let parsed = kconfig::parse(b"config NUMA\n\tbool \"NUMA\"\n\tdepends on\n");
/// assert_eq!(parsed.statements.len(), 1);
/// assert_eq!(parsed.errors.len(), 1);
/// ```
pub fn parse(text: &[u8]) -> Parsed {
    let mut parser = Parser {
        text,
        at: 0,
        errors: Vec::new(),
        stack: vec![Block::top()],
    };
    while parser.at < text.len() {
        parser.line();
    }
    while parser.stack.len() > 1 {
        let open = parser.stack[parser.stack.len() - 1].span;
        parser.error("this block is not closed in its file", open);
        parser.close();
    }
    let statements = parser
        .stack
        .pop()
        .map(|block| block.statements)
        .unwrap_or_default();
    Parsed {
        statements,
        errors: parser.errors,
    }
}

/// A block that is open, or the file.
struct Block {
    opener: &'static str,
    span: Span,
    condition: Option<Arc<Expr>>,
    properties: Vec<Property>,
    statements: Vec<Statement>,
    /// Whether properties belong to the last statement rather than to the block.
    inside: bool,
}

impl Block {
    fn top() -> Block {
        Block::new("", Span::default())
    }

    fn new(opener: &'static str, span: Span) -> Block {
        Block {
            opener,
            span,
            condition: None,
            properties: Vec::new(),
            statements: Vec::new(),
            inside: false,
        }
    }
}

struct Parser<'t> {
    text: &'t [u8],
    at: usize,
    errors: Vec<SyntaxError>,
    stack: Vec<Block>,
}

fn name(bytes: &[u8]) -> Name {
    Name::new(&String::from_utf8_lossy(bytes))
}

impl Parser<'_> {
    fn error(&mut self, message: &str, span: Span) {
        self.errors.push(SyntaxError {
            message: message.to_owned(),
            span,
        });
    }

    fn words(&self, token: Token) -> &[u8] {
        token.span.of(self.text)
    }

    fn block(&mut self) -> &mut Block {
        if self.stack.is_empty() {
            self.stack.push(Block::top());
        }
        let last = self.stack.len() - 1;
        &mut self.stack[last]
    }

    fn line(&mut self) {
        let (start, end) = (self.at, line_end(self.text, self.at));
        self.at = (end + 1).min(self.text.len());
        let line = tokens(self.text, start, end);
        let Some(first) = line.first().copied() else {
            return;
        };
        let whole = Span::new(first.span.start as usize, end);
        if self.assignment(start, end) {
            return;
        }
        if let Some(strange) = line.iter().find(|t| t.kind == TokenKind::Strange) {
            let byte = String::from_utf8_lossy(self.words(*strange)).into_owned();
            self.error(&format!("a stray {byte:?}"), strange.span);
        }
        let rest = Rest {
            tokens: line[1..]
                .iter()
                .copied()
                .filter(|t| t.kind != TokenKind::Strange)
                .collect(),
            at: 0,
            end: whole.end,
        };
        let keyword = String::from_utf8_lossy(self.words(first)).into_owned();
        if first.kind == TokenKind::Word && keyword.starts_with("$(") {
            let text = name(whole.of(self.text));
            self.add(StatementKind::Macro(text), whole, false);
        } else if first.kind != TokenKind::Word || !self.statement(&keyword, whole, rest.clone()) {
            self.property(&keyword, first, whole, rest);
        }
    }

    /// `name = value` stands alone on its line and is no property: no keyword is followed by `=`.
    fn assignment(&mut self, start: usize, end: usize) -> bool {
        let line = &self.text[start..end];
        let trimmed = line.trim_ascii_start();
        let word = trimmed
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
            .count();
        let rest = trimmed[word..].trim_ascii_start();
        let (how, value) = match rest {
            _ if word == 0 => return false,
            [b':', b'=', value @ ..] => (Assignment::Simple, value),
            [b'+', b'=', value @ ..] => (Assignment::Append, value),
            [b'=', value @ ..] => (Assignment::Recursive, value),
            _ => return false,
        };
        let span = Span::new(start, end);
        let joined = String::from_utf8_lossy(value).replace("\\\n", " ");
        let kind = StatementKind::Assign(name(&trimmed[..word]), how, Name::new(joined.trim()));
        self.add(kind, span, false);
        true
    }

    fn add(&mut self, kind: StatementKind, span: Span, takes_properties: bool) {
        let block = self.block();
        block.statements.push(Statement { kind, span });
        block.inside = takes_properties;
    }

    /// Reads a line that begins a statement; answers whether it does.
    fn statement(&mut self, keyword: &str, span: Span, mut rest: Rest) -> bool {
        match keyword {
            "config" | "menuconfig" => match rest.word(self.text) {
                Some(symbol) => {
                    self.add(StatementKind::Config(symbol, Vec::new()), span, true);
                    self.finish(&rest);
                }
                None => self.error("config needs the name of a symbol", span),
            },
            "comment" => {
                let prompt = self
                    .prompt(&mut rest, span)
                    .map(|p| vec![p])
                    .unwrap_or_default();
                self.add(StatementKind::Comment(prompt), span, true);
                self.finish(&rest);
            }
            "menu" => {
                self.open("menu", span);
                let prompt = self.prompt(&mut rest, span);
                self.block().properties.extend(prompt);
                self.finish(&rest);
            }
            "choice" => self.open("choice", span),
            "if" => {
                let condition = self.expression(&mut rest);
                self.open("if", span);
                self.block().condition = condition;
                self.finish(&rest);
            }
            "endif" | "endmenu" | "endchoice" => self.end(&keyword[3..], span),
            "source" | "rsource" | "osource" | "orsource" => {
                let (relative, optional) = (keyword.contains("rsource"), keyword.starts_with('o'));
                match rest.text(self.text) {
                    Some(path) => {
                        self.add(StatementKind::Source(path, relative, optional), span, false);
                    }
                    None => self.error("source needs a path", span),
                }
                self.finish(&rest);
            }
            "mainmenu" => self.add(StatementKind::MainMenu, span, false),
            _ => return false,
        }
        true
    }

    fn open(&mut self, opener: &'static str, span: Span) {
        if self.stack.len() > DEPTH {
            self.error("blocks nest too deeply here", span);
        }
        self.stack.push(Block::new(opener, span));
    }

    fn end(&mut self, opener: &str, span: Span) {
        if !self.stack.iter().any(|block| block.opener == opener) {
            let message = format!("end{opener} without {opener}");
            return self.error(&message, span);
        }
        while self.block().opener != opener {
            let open = self.block().span;
            self.error("this block is not closed", open);
            self.close();
        }
        self.close();
    }

    fn close(&mut self) {
        let Some(block) = self.stack.pop() else {
            return;
        };
        let kind = match block.opener {
            "menu" => StatementKind::Menu(block.properties, block.statements),
            "choice" => StatementKind::Choice(block.properties, block.statements),
            _ => {
                let always = Arc::new(Expr::Word(Name::new("y")));
                StatementKind::If(block.condition.unwrap_or(always), block.statements)
            }
        };
        self.add(kind, block.span, false);
    }

    fn finish(&mut self, rest: &Rest) {
        if let Some(extra) = rest.tokens.get(rest.at) {
            let words = String::from_utf8_lossy(self.words(*extra)).into_owned();
            let span = extra.span;
            self.error(&format!("{words:?} was not expected here"), span);
        }
    }

    fn push(&mut self, kind: PropertyKind, span: Span) {
        let block = self.block();
        let property = Property { kind, span };
        if !block.inside {
            return block.properties.push(property);
        }
        match block.statements.last_mut().map(|s| &mut s.kind) {
            Some(StatementKind::Config(_, list) | StatementKind::Comment(list)) => {
                list.push(property);
            }
            _ => block.properties.push(property),
        }
    }

    fn property(&mut self, keyword: &str, first: Token, span: Span, mut rest: Rest) {
        match keyword {
            "bool" | "tristate" | "string" | "int" | "hex" | "boolean" => {
                self.push(PropertyKind::Type(type_of(keyword)), span);
                if !rest.is_done() {
                    let prompt = self.prompt(&mut rest, span);
                    if let Some(prompt) = prompt {
                        self.push(prompt.kind, span);
                    }
                }
            }
            "def_bool" | "def_tristate" => {
                self.push(PropertyKind::Type(type_of(&keyword[4..])), span);
                self.default(&mut rest, span);
            }
            "prompt" => {
                if let Some(prompt) = self.prompt(&mut rest, span) {
                    self.push(prompt.kind, span);
                }
            }
            "default" => self.default(&mut rest, span),
            "depends" => self.depends(span, &mut rest),
            "select" | "imply" => self.select(keyword, span, &mut rest),
            "range" => {
                let (low, high) = (self.primary(&mut rest), self.primary(&mut rest));
                let condition = self.if_clause(&mut rest);
                if let (Some(low), Some(high)) = (low, high) {
                    self.push(PropertyKind::Range(low, high, condition), span);
                }
            }
            "visible" => self.visible(span, &mut rest),
            "help" | "---help---" => return self.help(first, span),
            "optional" => self.push(PropertyKind::Optional, span),
            "modules" => self.push(PropertyKind::Modules, span),
            "transitional" => self.push(PropertyKind::Transitional, span),
            "option" => {
                let modules = rest.keyword(self.text, "modules");
                self.push(
                    if modules {
                        PropertyKind::Modules
                    } else {
                        PropertyKind::Option
                    },
                    span,
                );
                rest.at = rest.tokens.len();
            }
            _ => {
                let message = format!("{keyword:?} begins no statement and no property");
                return self.error(&message, first.span);
            }
        }
        self.finish(&rest);
    }

    fn depends(&mut self, span: Span, rest: &mut Rest) {
        if !rest.keyword(self.text, "on") {
            return self.error("depends is followed by on", span);
        }
        let expr = self.expression(rest);
        let condition = self.if_clause(rest);
        if let Some(expr) = expr {
            self.push(PropertyKind::DependsOn(expr, condition), span);
        }
    }

    fn select(&mut self, keyword: &str, span: Span, rest: &mut Rest) {
        let Some(symbol) = rest.word(self.text) else {
            return self.error(&format!("{keyword} needs the name of a symbol"), span);
        };
        let condition = self.if_clause(rest);
        let kind = if keyword == "select" {
            PropertyKind::Select(symbol, condition)
        } else {
            PropertyKind::Imply(symbol, condition)
        };
        self.push(kind, span);
    }

    fn visible(&mut self, span: Span, rest: &mut Rest) {
        if !rest.keyword(self.text, "if") {
            return self.error("visible is followed by if", span);
        }
        if let Some(expr) = self.expression(rest) {
            self.push(PropertyKind::VisibleIf(expr), span);
        }
    }

    fn default(&mut self, rest: &mut Rest, span: Span) {
        let value = self.expression(rest);
        let condition = self.if_clause(rest);
        if let Some(value) = value {
            self.push(PropertyKind::Default(value, condition), span);
        }
    }

    fn prompt(&mut self, rest: &mut Rest, span: Span) -> Option<Property> {
        let Some(words) = rest.text(self.text) else {
            self.error("a prompt in quotes was expected", span);
            return None;
        };
        let condition = self.if_clause(rest);
        Some(Property {
            kind: PropertyKind::Prompt(words, condition),
            span,
        })
    }

    fn if_clause(&mut self, rest: &mut Rest) -> If {
        if rest.keyword(self.text, "if") {
            self.expression(rest)
        } else {
            None
        }
    }

    /// The help text: as long as lines are indented at least as its first line is. A line without
    /// any indentation always ends it.
    fn help(&mut self, keyword: Token, span: Span) {
        let start = next_line(self.text, keyword.span.end as usize);
        let (mut at, mut end, mut first) = (start, start, None);
        while at < self.text.len() {
            let line_end = next_line(self.text, at);
            let line = &self.text[at..line_end];
            let body = line.trim_ascii();
            if !body.is_empty() {
                let indent = indentation(line);
                if indent == 0 || indent < *first.get_or_insert(indent) {
                    break;
                }
                end = line_end;
            }
            at = line_end;
        }
        self.at = if end == start { start } else { end };
        self.push(PropertyKind::Help, Span::new(span.start as usize, end));
    }

    fn expression(&mut self, rest: &mut Rest) -> Option<Arc<Expr>> {
        self.or(rest, 0)
    }

    fn or(&mut self, rest: &mut Rest, depth: usize) -> Option<Arc<Expr>> {
        let mut left = self.and(rest, depth)?;
        while rest.operator(self.text, "||") {
            let right = self.and(rest, depth)?;
            left = Arc::new(Expr::Or(left, right));
        }
        Some(left)
    }

    fn and(&mut self, rest: &mut Rest, depth: usize) -> Option<Arc<Expr>> {
        let mut left = self.not(rest, depth)?;
        while rest.operator(self.text, "&&") {
            let right = self.not(rest, depth)?;
            left = Arc::new(Expr::And(left, right));
        }
        Some(left)
    }

    /// `!A = B` is `!(A = B)`: the comparison binds tighter.
    fn not(&mut self, rest: &mut Rest, depth: usize) -> Option<Arc<Expr>> {
        if depth > DEPTH {
            let span = rest.here();
            self.error("this expression nests too deeply", span);
            return None;
        }
        if rest.operator(self.text, "!") {
            let inner = self.not(rest, depth + 1)?;
            return Some(Arc::new(Expr::Not(inner)));
        }
        if rest.operator(self.text, "(") {
            let inner = self.or(rest, depth + 1)?;
            if !rest.operator(self.text, ")") {
                let span = rest.here();
                self.error("a ) is missing", span);
            }
            return Some(inner);
        }
        let left = self.primary(rest)?;
        let comparisons = [
            ("=", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessEqual),
            (">=", Comparison::GreaterEqual),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        for (operator, comparison) in comparisons {
            if rest.operator(self.text, operator) {
                let right = self.primary(rest)?;
                return Some(Arc::new(Expr::Compare(comparison, left, right)));
            }
        }
        Some(left)
    }

    fn primary(&mut self, rest: &mut Rest) -> Option<Arc<Expr>> {
        let Some(token) = rest.tokens.get(rest.at).copied() else {
            let span = rest.here();
            self.error("an expression was expected", span);
            return None;
        };
        let expr = match token.kind {
            TokenKind::Word => Expr::Word(name(self.words(token))),
            TokenKind::Quoted => Expr::Text(unquoted(self.words(token))),
            _ => {
                self.error("an expression was expected", token.span);
                rest.at = rest.tokens.len();
                return None;
            }
        };
        rest.at += 1;
        Some(Arc::new(expr))
    }
}

/// The start of the line after the one that holds `at`.
fn next_line(text: &[u8], at: usize) -> usize {
    text[at..]
        .iter()
        .position(|b| *b == b'\n')
        .map_or(text.len(), |n| at + n + 1)
}

/// Columns of white space before the first word, with tab stops of 8.
fn indentation(line: &[u8]) -> usize {
    let mut columns = 0;
    for byte in line {
        match byte {
            b'\t' => columns = (columns & !7) + 8,
            b' ' => columns += 1,
            _ => break,
        }
    }
    columns
}

fn type_of(keyword: &str) -> SymbolType {
    match keyword {
        "tristate" => SymbolType::Tristate,
        "string" => SymbolType::String,
        "int" => SymbolType::Int,
        "hex" => SymbolType::Hex,
        _ => SymbolType::Bool,
    }
}

/// The text between the quotes, its escapes resolved.
fn unquoted(quoted: &[u8]) -> Name {
    let inner = quoted.get(1..).unwrap_or_default();
    let inner = inner.strip_suffix(&quoted[..1]).unwrap_or(inner);
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        out.push(if byte == b'\\' {
            bytes.next().copied().unwrap_or(b'\\')
        } else {
            byte
        });
    }
    name(&out)
}

/// The tokens behind a keyword.
#[derive(Clone)]
struct Rest {
    tokens: Vec<Token>,
    at: usize,
    end: u32,
}

impl Rest {
    fn is_done(&self) -> bool {
        self.at >= self.tokens.len()
    }

    fn here(&self) -> Span {
        let end = Span {
            start: self.end,
            end: self.end,
        };
        self.tokens.get(self.at).map_or(end, |token| token.span)
    }

    fn take(&mut self, accept: impl Fn(Token) -> bool) -> Option<Token> {
        let token = self
            .tokens
            .get(self.at)
            .copied()
            .filter(|token| accept(*token))?;
        self.at += 1;
        Some(token)
    }

    fn operator(&mut self, text: &[u8], operator: &str) -> bool {
        let is = |t: Token| t.kind == TokenKind::Operator && t.span.of(text) == operator.as_bytes();
        self.take(is).is_some()
    }

    fn keyword(&mut self, text: &[u8], word: &str) -> bool {
        self.take(|t| t.kind == TokenKind::Word && t.span.of(text) == word.as_bytes())
            .is_some()
    }

    fn word(&mut self, text: &[u8]) -> Option<Name> {
        let token = self.take(|t| matches!(t.kind, TokenKind::Word | TokenKind::Quoted))?;
        let words = token.span.of(text);
        Some(if token.kind == TokenKind::Quoted {
            unquoted(words)
        } else {
            name(words)
        })
    }

    /// A text, quoted or a plain word.
    fn text(&mut self, text: &[u8]) -> Option<Name> {
        self.word(text)
    }
}
