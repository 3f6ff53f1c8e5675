//! Kconfig text to [`syntax`](crate::syntax), line by line, whatever the text is.
//!
//! A line that is not understood is an error of its own; the next line is read as if it were fine.

mod block;
mod expression;
mod help;

pub(crate) use expression::balanced;

use std::sync::Arc;

use text::{Name, Span};

use crate::lexer;
use crate::syntax::{
    Assignment, Parsed, Properties, Property, PropertyKind, Severity, SourceLine, Spelled,
    Statement, StatementKind, SymbolType, SyntaxError, Token, TokenKind,
};
use block::{Block, Opener, Owner};

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
        tokens: Vec::with_capacity(text.len() / 5),
        line: Vec::new(),
        cursor: 0,
        errors: Vec::new(),
        file: Block::new(Opener::File, Span::default()),
        open: Vec::new(),
        too_deep: Vec::new(),
    };
    while parser.at < text.len() {
        parser.line();
    }
    while let Some(open) = parser.open.pop() {
        parser.error("this block is not closed in its file", open.head);
        parser.block().add(open.close());
    }
    parser.errors.sort_by_key(|error| error.span);
    Parsed {
        statements: parser.file.statements,
        tokens: parser.tokens,
        errors: parser.errors,
    }
}

struct Parser<'t> {
    text: &'t [u8],
    at: usize,
    /// All tokens so far.
    tokens: Vec<Token>,
    /// Those of the logical line that say something.
    line: Vec<Token>,
    /// How many of them are understood.
    cursor: usize,
    errors: Vec<SyntaxError>,
    file: Block,
    /// The blocks that are open, outermost first.
    open: Vec<Block>,
    /// What was not opened, since too much was.
    too_deep: Vec<Opener>,
}

impl Parser<'_> {
    fn error(&mut self, message: &str, span: Span) {
        self.say(Severity::Error, message, span);
    }

    fn say(&mut self, severity: Severity, message: &str, span: Span) {
        self.errors.push(SyntaxError {
            message: message.to_owned(),
            severity,
            span,
        });
    }

    fn block(&mut self) -> &mut Block {
        self.open.last_mut().unwrap_or(&mut self.file)
    }

    /// Reads a logical line, and the lines of a help text behind it.
    fn line(&mut self) {
        let known = self.tokens.len();
        self.at = lexer::line(self.text, self.at, &mut self.tokens);
        let (text, tokens) = (self.text, &self.tokens[known..]);
        self.line.clear();
        self.line
            .extend(tokens.iter().filter(|token| !token.kind.is_trivia()));
        self.cursor = 0;
        if let [word, operator, ..] = self.line[..]
            && word.kind == TokenKind::Word
            && let Some(how) = assignment(operator.span.of(text))
        {
            return self.assign(how, word, operator);
        }
        self.strays();
        let Some(first) = self.take(|_| true) else {
            return;
        };
        let whole = Span {
            start: first.span.start,
            end: self
                .line
                .last()
                .map_or(first.span.end, |last| last.span.end),
        };
        if first.kind == TokenKind::Quoted || first.kind == TokenKind::Operator {
            return self.error("no statement begins so", first.span);
        }
        let keyword = String::from_utf8_lossy(first.span.of(text));
        if keyword.starts_with("$(") {
            let spelled = self.spelled(first);
            self.add(StatementKind::Macro(spelled), whole);
            self.finish();
        } else if !self.statement(&keyword, whole) {
            self.property(&keyword, first, whole);
        }
    }

    /// Leaves out what has no place in the language, with a word about it.
    fn strays(&mut self) {
        let line = std::mem::take(&mut self.line);
        for token in &line {
            let words = token.span.of(self.text);
            if token.kind == TokenKind::Stray {
                let message = format!(
                    "a stray {:?} is passed over",
                    String::from_utf8_lossy(words)
                );
                self.say(Severity::Warning, &message, token.span);
            }
            if token.kind == TokenKind::Quoted && (words.len() < 2 || words.last() != words.first())
            {
                self.say(
                    Severity::Warning,
                    "this text ends with its line",
                    token.span,
                );
            }
        }
        self.line = line;
        self.line.retain(|token| token.kind != TokenKind::Stray);
    }

    /// `name = value`: all of the rest of the line is the value, whatever it holds, but not the next
    /// line.
    fn assign(&mut self, how: Assignment, word: Token, operator: Token) {
        let after = self
            .tokens
            .partition_point(|token| token.span.end <= operator.span.end);
        self.tokens.truncate(after);
        let start = operator.span.end as usize;
        let end = lexer::physical_end(self.text, start);
        let blank = self.text[start..end]
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        let value = Span::new(start + blank, end);
        let pieces = [
            (TokenKind::Space, Span::new(start, start + blank)),
            (TokenKind::Value, value),
            (
                TokenKind::Newline,
                Span::new(end, (end + 1).min(self.text.len())),
            ),
        ];
        for (kind, span) in pieces {
            if span.start < span.end {
                self.tokens.push(Token { kind, span });
                self.at = span.end as usize;
            }
        }
        let value = Spelled {
            name: Name::of_bytes(value.of(self.text)),
            span: value,
        };
        let whole = Span {
            start: word.span.start,
            end: value.span.end,
        };
        let word = self.spelled(word);
        self.add(StatementKind::Assign(word, how, value), whole);
    }

    fn add(&mut self, kind: StatementKind, span: Span) {
        self.block().add(Statement {
            kind,
            head: span,
            span,
        });
    }

    /// Reads a line that begins a statement; answers whether it does.
    fn statement(&mut self, keyword: &str, span: Span) -> bool {
        match keyword {
            "config" | "menuconfig" => match self.word() {
                Some(symbol) => self.add(StatementKind::Config(symbol, Arc::default()), span),
                None => self.error("config needs the name of a symbol", span),
            },
            "comment" => {
                let mut own = Properties::default();
                own.extend(self.prompt(span));
                self.add(StatementKind::Comment(own), span);
            }
            "menu" => {
                let is_open = self.open(Opener::Menu, span);
                let prompt = self.prompt(span).filter(|_| is_open);
                self.block().properties.extend(prompt);
            }
            "choice" => {
                let is_open = self.open(Opener::Choice, span);
                let name = self.word();
                if is_open {
                    self.block().name = name;
                }
            }
            "if" => {
                let condition = self.expression();
                if self.open(Opener::If, span) {
                    self.block().condition = condition;
                }
            }
            "endif" => self.end(Opener::If, span),
            "endmenu" => self.end(Opener::Menu, span),
            "endchoice" => self.end(Opener::Choice, span),
            "source" | "rsource" | "osource" | "orsource" => self.source(keyword, span),
            "mainmenu" => match self.quoted() {
                Some(text) => self.add(StatementKind::MainMenu(text), span),
                None => self.error("mainmenu needs a text in quotes", span),
            },
            _ => return false,
        }
        self.finish();
        true
    }

    fn source(&mut self, keyword: &str, span: Span) {
        let Some(path) = self.quoted() else {
            return self.error("source needs a path in quotes", span);
        };
        let line = SourceLine {
            path,
            relative: keyword.contains("rsource"),
            optional: keyword.starts_with('o'),
        };
        self.add(StatementKind::Source(line), span);
    }

    /// Opens a block, unless there are too many: what stands in it then counts to the one around.
    fn open(&mut self, opener: Opener, span: Span) -> bool {
        if self.open.len() > DEPTH {
            self.error("blocks nest too deeply here", span);
            self.block().owner = Owner::Nobody;
            self.too_deep.push(opener);
            return false;
        }
        self.open.push(Block::new(opener, span));
        true
    }

    fn end(&mut self, opener: Opener, span: Span) {
        if self.too_deep.last() == Some(&opener) {
            self.too_deep.pop();
            self.block().owner = Owner::Nobody;
            return self.error("blocks nest too deeply here", span);
        }
        if !self.open.iter().any(|block| block.opener == opener) {
            let word = opener.word();
            return self.error(&format!("end{word} without {word}"), span);
        }
        while let Some(mut block) = self.open.pop() {
            let found = block.opener == opener;
            if found {
                block.end = span.end;
            } else {
                self.error("this block is not closed", block.head);
            }
            self.block().add(block.close());
            if found {
                return;
            }
        }
    }

    /// Nothing more is expected in this line.
    fn finish(&mut self) {
        if let Some(extra) = self.line.get(self.cursor).copied() {
            let words = String::from_utf8_lossy(extra.span.of(self.text)).into_owned();
            self.error(&format!("{words:?} was not expected here"), extra.span);
        }
    }

    fn push(&mut self, kind: PropertyKind, span: Span) {
        if let Err(owner) = self.block().push(Property { kind, span }) {
            let message = if owner == "nothing" {
                "this belongs to no entry".to_owned()
            } else {
                format!("this is no property of a {owner}")
            };
            self.error(&message, span);
        }
    }

    fn property(&mut self, keyword: &str, first: Token, span: Span) {
        match keyword {
            "bool" | "tristate" | "string" | "int" | "hex" => {
                self.push(PropertyKind::Type(type_of(keyword)), span);
                if self.cursor < self.line.len() {
                    self.push_prompt(span);
                }
            }
            "def_bool" | "def_tristate" => {
                self.push(PropertyKind::Type(type_of(&keyword[4..])), span);
                self.default(span);
            }
            "prompt" => self.push_prompt(span),
            "default" => self.default(span),
            "depends" => self.depends(span),
            "select" | "imply" => self.select(keyword, span),
            "range" => self.range(span),
            "visible" => self.visible(span),
            "help" | "---help---" => {
                self.finish();
                return self.help(span);
            }
            "optional" => self.push(PropertyKind::Optional, span),
            "modules" => self.push(PropertyKind::Modules, span),
            "transitional" => self.push(PropertyKind::Transitional, span),
            "option" => self.option(span),
            _ => {
                let message = format!("{keyword:?} begins no statement and no property");
                return self.error(&message, first.span);
            }
        }
        self.finish();
    }

    fn push_prompt(&mut self, span: Span) {
        if let Some(prompt) = self.prompt(span) {
            self.push(prompt.kind, prompt.span);
        }
    }

    fn depends(&mut self, span: Span) {
        if !self.keyword("on") {
            return self.error("depends is followed by on", span);
        }
        let expr = self.expression();
        let condition = self.if_clause();
        if let Some(expr) = expr {
            self.push(PropertyKind::DependsOn(expr, condition), span);
        }
    }

    fn select(&mut self, keyword: &str, span: Span) {
        let Some(symbol) = self.word() else {
            return self.error(&format!("{keyword} needs the name of a symbol"), span);
        };
        let condition = self.if_clause();
        let kind = if keyword == "select" {
            PropertyKind::Select(symbol, condition)
        } else {
            PropertyKind::Imply(symbol, condition)
        };
        self.push(kind, span);
    }

    fn range(&mut self, span: Span) {
        let (low, high) = (self.primary(), self.primary());
        let condition = self.if_clause();
        if let (Some(low), Some(high)) = (low, high) {
            self.push(PropertyKind::Range(low, high, condition), span);
        }
    }

    fn visible(&mut self, span: Span) {
        if !self.keyword("if") {
            return self.error("visible is followed by if", span);
        }
        if let Some(expr) = self.expression() {
            self.push(PropertyKind::VisibleIf(expr), span);
        }
    }

    /// `option modules`, `option env="ARCH"`: older kernels.
    fn option(&mut self, span: Span) {
        let kind = match self.word() {
            None => return self.error("option needs a word", span),
            Some(word) if word.name == "modules" => PropertyKind::Modules,
            Some(word) => PropertyKind::Option(word),
        };
        if self.operator("=") {
            self.primary();
        }
        self.push(kind, span);
    }

    fn default(&mut self, span: Span) {
        let value = self.expression();
        let condition = self.if_clause();
        if let Some(value) = value {
            self.push(PropertyKind::Default(value, condition), span);
        }
    }

    fn prompt(&mut self, span: Span) -> Option<Property> {
        let Some(words) = self.quoted() else {
            self.error("a prompt in quotes was expected", span);
            self.skip();
            return None;
        };
        let kind = PropertyKind::Prompt(words, self.if_clause());
        Some(Property { kind, span })
    }

    /// What is next in the line, or its end.
    fn here(&self) -> Span {
        let end = self.line.last().map_or(0, |last| last.span.end);
        let end = Span { start: end, end };
        self.line.get(self.cursor).map_or(end, |token| token.span)
    }

    /// Gives up on the rest of the line.
    fn skip(&mut self) {
        self.cursor = self.line.len();
    }

    fn take(&mut self, accept: impl Fn(Token) -> bool) -> Option<Token> {
        let token = *self.line.get(self.cursor)?;
        accept(token).then(|| {
            self.cursor += 1;
            token
        })
    }

    fn operator(&mut self, operator: &str) -> bool {
        let text = self.text;
        let is = |t: Token| t.kind == TokenKind::Operator && t.span.of(text) == operator.as_bytes();
        self.take(is).is_some()
    }

    fn keyword(&mut self, word: &str) -> bool {
        let text = self.text;
        let is = |t: Token| t.kind == TokenKind::Word && t.span.of(text) == word.as_bytes();
        self.take(is).is_some()
    }

    fn word(&mut self) -> Option<Spelled> {
        let token = self.take(|token| token.kind == TokenKind::Word)?;
        Some(self.spelled(token))
    }

    fn quoted(&mut self) -> Option<Spelled> {
        let token = self.take(|token| token.kind == TokenKind::Quoted)?;
        Some(self.spelled(token))
    }

    fn spelled(&self, token: Token) -> Spelled {
        let words = token.span.of(self.text);
        Spelled {
            name: match token.kind {
                TokenKind::Quoted => unquoted(words),
                _ => Name::of_bytes(words),
            },
            span: token.span,
        }
    }
}

fn assignment(operator: &[u8]) -> Option<Assignment> {
    match operator {
        b"=" => Some(Assignment::Recursive),
        b":=" => Some(Assignment::Simple),
        b"+=" => Some(Assignment::Append),
        _ => None,
    }
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
    if !inner.contains(&b'\\') {
        return Name::of_bytes(inner);
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        if byte == b'\\' {
            out.extend(bytes.next());
        } else {
            out.push(byte);
        }
    }
    Name::of_bytes(&out)
}
