//! The functions, variables and macro calls at the top of a file, found by their braces.
//!
//! ```c
//! #ifdef CONFIG_MMU
//! static int populate(int node)
//! {
//! #else
//! static int populate(long node)
//! {
//! #endif
//! 	return 0;
//! }
//! ```
//!
//! A grammar gives up here. The scanner goes back to the brace depth of the `#ifdef` at the `#else`,
//! and takes both heads for functions that share what follows.

use text::{Name, Span};

use crate::directives::{Directives, name};
use crate::idioms::{ATTRIBUTES, ENTRY_MACROS, FUNCTION_GENERATORS, INLINE, KEYWORDS, WEAK};
use crate::item::{Function, Linkage, Param, TopMacro, Variable};
use crate::lexer::{Lexer, Token, TokenKind};

/// What stands at the top of a file.
#[derive(Clone, Debug, Default)]
pub struct Items {
    /// Functions by the start of their bodies.
    pub functions: Vec<Function>,
    /// Initialised variables, in order.
    pub variables: Vec<Variable>,
    /// Macro calls, in order.
    pub macros: Vec<TopMacro>,
    /// Where the brace opens that the file does not close.
    pub unclosed: Option<u32>,
}

impl Items {
    /// Finds the items of `text`.
    pub fn scan(text: &[u8], directives: &Directives) -> Items {
        let mut scan = Scan {
            text,
            directives,
            saved: Vec::new(),
            state: State::default(),
            out: Items::default(),
        };
        for token in Lexer::new(text) {
            scan.token(token);
        }
        if scan.state.depth > 0 {
            scan.out.unclosed = Some(scan.state.opened);
        }
        scan.close(text.len());
        scan.out
            .functions
            .sort_by_key(|f| (f.body.start, f.name_span.start));
        scan.out
    }

    /// The functions whose body holds `offset`: one, or several that share it.
    pub fn functions_at(&self, offset: u32) -> impl Iterator<Item = (usize, &Function)> {
        let upto = self.functions.partition_point(|f| f.body.start <= offset);
        self.functions[..upto]
            .iter()
            .enumerate()
            .rev()
            .take(8)
            .filter(move |(_, f)| f.body.contains(offset))
    }
}

#[derive(Clone, Default)]
struct State {
    depth: u32,
    /// Where the outermost brace opened.
    opened: u32,
    parens: u32,
    /// The tokens of the declaration that is being read.
    pending: Vec<Token>,
    /// Functions whose bodies are open.
    open: Vec<Function>,
}

struct Saved {
    at_if: State,
    after_first: Option<State>,
    other_open: Vec<Function>,
}

struct Scan<'t> {
    text: &'t [u8],
    directives: &'t Directives,
    saved: Vec<Saved>,
    state: State,
    out: Items,
}

impl Scan<'_> {
    fn word(&self, token: Token) -> &[u8] {
        token.span.of(self.text)
    }

    fn token(&mut self, token: Token) {
        match token.kind {
            TokenKind::Directive => self.directive(token),
            TokenKind::Punct(b'{') => {
                if self.state.depth == 0 {
                    self.state.opened = token.span.start;
                    self.open_brace(token);
                }
                self.state.depth += 1;
            }
            TokenKind::Punct(b'}') => {
                self.state.depth = self.state.depth.saturating_sub(1);
                if self.state.depth == 0 {
                    self.close_brace(token);
                }
            }
            _ if self.state.depth > 0 => {}
            TokenKind::Punct(b';') if self.state.parens == 0 => self.declaration(),
            _ => {
                if token.is(b'(') {
                    self.state.parens += 1;
                } else if token.is(b')') {
                    self.state.parens = self.state.parens.saturating_sub(1);
                }
                self.state.pending.push(token);
            }
        }
    }

    fn directive(&mut self, token: Token) {
        let line = self.word(token);
        let keyword = Lexer::new(&line[1..]).next().map(|t| {
            Span {
                start: t.span.start + 1,
                end: t.span.end + 1,
            }
            .of(line)
        });
        match keyword {
            Some(b"if" | b"ifdef" | b"ifndef") => {
                let saved = Saved {
                    at_if: self.state.clone(),
                    after_first: None,
                    other_open: Vec::new(),
                };
                self.saved.push(saved);
            }
            Some(b"else" | b"elif" | b"elifdef" | b"elifndef") => {
                let Some(saved) = self.saved.last_mut() else {
                    return;
                };
                let ended = std::mem::replace(&mut self.state, saved.at_if.clone());
                if saved.after_first.is_none() {
                    saved.after_first = Some(ended);
                } else {
                    saved.other_open.extend(ended.open);
                }
            }
            Some(b"endif") => {
                let Some(saved) = self.saved.pop() else {
                    return;
                };
                if let Some(first) = saved.after_first {
                    let last = std::mem::replace(&mut self.state, first);
                    for function in saved.other_open.into_iter().chain(last.open) {
                        if !self
                            .state
                            .open
                            .iter()
                            .any(|f| f.body.start == function.body.start)
                        {
                            self.state.open.push(function);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn open_brace(&mut self, token: Token) {
        match self.function_head(token) {
            Some(function) => {
                self.state.open.push(function);
                self.state.pending.clear();
                self.state.parens = 0;
            }
            None => self.state.pending.push(token),
        }
    }

    fn close_brace(&mut self, token: Token) {
        if self.state.open.is_empty() {
            self.state.pending.push(token);
        } else {
            self.close(token.span.end as usize);
        }
    }

    fn close(&mut self, end: usize) {
        for mut function in std::mem::take(&mut self.state.open) {
            function.body.end = Span::new(end, end).end;
            self.out.functions.push(function);
        }
    }

    /// The function whose body opens at `brace`, if the pending tokens are its head.
    fn function_head(&self, brace: Token) -> Option<Function> {
        let tokens = &self.state.pending;
        if top_assignment(tokens).is_some() {
            return None;
        }
        let (name_at, open, close) = self.head_group(tokens)?;
        let name_token = tokens[name_at];
        let word = self.word(name_token);
        let body = brace.span;
        let generator = FUNCTION_GENERATORS.iter().find(|(prefix, _)| {
            word.strip_prefix(prefix.as_bytes()).is_some_and(|rest| {
                rest.iter()
                    .all(|b| b.is_ascii_digit() || *b == b'_' || b.is_ascii_uppercase())
            })
        });
        let inner = &tokens[open + 1..close];
        let before = &tokens[declaration_start(tokens, name_at)..name_at];
        let generated =
            generator.is_some() || (before.is_empty() && !word.iter().any(u8::is_ascii_lowercase));
        let named = if generated {
            *inner.iter().find(|t| t.kind == TokenKind::Ident)?
        } else {
            name_token
        };
        let is = |words: &[&str]| {
            before
                .iter()
                .any(|t| words.iter().any(|w| w.as_bytes() == self.word(*t)))
        };
        let all = tokens
            .iter()
            .any(|t| WEAK.iter().any(|w| w.as_bytes() == self.word(*t)));
        Some(Function {
            name: name(self.word(named)),
            name_span: named.span,
            params: if generated {
                generator_params(self.text, inner)
            } else {
                params(self.text, inner)
            },
            body,
            linkage: Linkage {
                is_static: is(&["static"]),
                is_inline: is(INLINE),
                is_weak: all,
            },
            return_type: joined(self.text, before),
            branch: self.directives.branch_at(named.span.start),
            entry: generator.map(|(_, what)| *what),
        })
    }

    /// The name and the parentheses of the last `name (…)` that is no attribute.
    fn head_group(&self, tokens: &[Token]) -> Option<(usize, usize, usize)> {
        let mut end = tokens.len();
        loop {
            let close = tokens[..end].iter().rposition(|t| t.is(b')'))?;
            let open = matching_open(tokens, close)?;
            let name_at = open.checked_sub(1)?;
            let is_name = tokens[name_at].kind == TokenKind::Ident;
            if is_name
                && !self.is_attribute(tokens, name_at)
                && !self.word(tokens[name_at]).starts_with(b"__attribute")
            {
                // Behind a macro without a semicolon may stand a `struct x {`.
                let type_behind = tokens[close..]
                    .iter()
                    .any(|t| matches!(self.word(*t), b"struct" | b"union" | b"enum"));
                return (!type_behind).then_some((name_at, open, close));
            }
            end = name_at;
        }
    }

    /// Whether the word before a parenthesis is an attribute: one of the list, or one that follows
    /// a parameter list directly or after other such words.
    fn is_attribute(&self, tokens: &[Token], at: usize) -> bool {
        let word = self.word(tokens[at]);
        if ATTRIBUTES
            .iter()
            .any(|attribute| attribute.as_bytes() == word)
        {
            return true;
        }
        if !word.starts_with(b"__") {
            return false;
        }
        let before = tokens[..at]
            .iter()
            .rev()
            .find(|t| t.kind != TokenKind::Ident || !self.word(**t).starts_with(b"__"));
        before.is_some_and(|token| token.is(b')'))
    }

    /// A declaration ends at its semicolon.
    fn declaration(&mut self) {
        let tokens = std::mem::take(&mut self.state.pending);
        self.state.parens = 0;
        let Some(first) = tokens.first() else { return };
        if let Some(equals) = top_assignment(&tokens) {
            self.variable(&tokens, equals);
        } else if self.is_structure(&tokens) {
            self.variable(&tokens, tokens.len());
        }
        if first.kind == TokenKind::Ident && tokens.get(1).is_some_and(|t| t.is(b'(')) {
            let close = matching_close(&tokens, 1);
            let args = Span {
                start: tokens[1].span.end,
                end: tokens[close].span.start,
            };
            let word = self.word(*first);
            let enters = ENTRY_MACROS.iter().any(|m| m.as_bytes() == word);
            let branch = self.directives.branch_at(first.span.start);
            self.out.macros.push(TopMacro {
                name: name(word),
                args,
                enters,
                branch,
            });
        }
    }

    /// `static struct tag name;`, also with attributes: a variable without an initialiser.
    fn is_structure(&self, tokens: &[Token]) -> bool {
        let is = |word: &[u8]| tokens.iter().position(|t| self.word(*t) == word);
        let named = is(b"struct").and_then(|at| tokens.get(at + 2)).is_some();
        let plain = tokens
            .iter()
            .all(|t| t.kind == TokenKind::Ident || t.is(b'*'));
        named && plain && is(b"extern").is_none() && is(b"typedef").is_none()
    }

    fn variable(&mut self, tokens: &[Token], equals: usize) {
        let head = &tokens[..equals];
        let mut brackets = 0_u32;
        let mut words: Vec<Token> = Vec::new();
        for token in head {
            match token.kind {
                TokenKind::Punct(b'[' | b'(') => brackets += 1,
                TokenKind::Punct(b']' | b')') => brackets = brackets.saturating_sub(1),
                TokenKind::Ident if brackets == 0 => words.push(*token),
                _ => {}
            }
        }
        let attribute = |t: &Token| ATTRIBUTES.iter().any(|a| a.as_bytes() == self.word(*t));
        let Some(named) = words.iter().rev().find(|t| !attribute(t)) else {
            return;
        };
        let tag_at = words
            .iter()
            .position(|t| matches!(self.word(*t), b"struct" | b"union"));
        let struct_tag = tag_at
            .and_then(|n| words.get(n + 1))
            .map(|t| name(self.word(*t)));
        let end = tokens.last().map_or(0, |t| t.span.end);
        let init = Span {
            start: tokens.get(equals).map_or(end, |t| t.span.end),
            end,
        };
        let is_static = words.iter().any(|t| self.word(*t) == b"static");
        let pointer = head.iter().any(|t| t.is(b'*') || t.is(b'['));
        let branch = self.directives.branch_at(named.span.start);
        let name = name(self.word(*named));
        self.out.variables.push(Variable {
            name,
            is_static,
            pointer,
            struct_tag,
            init,
            branch,
        });
    }
}

/// Where the declaration that ends in `tokens[name_at]` begins: behind a macro call that has no
/// semicolon, if there is one.
fn declaration_start(tokens: &[Token], name_at: usize) -> usize {
    let stops = |t: &Token| t.is(b')') || t.is(b'}') || t.is(b';');
    tokens[..name_at]
        .iter()
        .rposition(stops)
        .map_or(0, |n| n + 1)
}

/// The `=` outside of parentheses.
fn top_assignment(tokens: &[Token]) -> Option<usize> {
    let mut parens = 0_u32;
    tokens.iter().position(|token| {
        match token.kind {
            TokenKind::Punct(b'(') => parens += 1,
            TokenKind::Punct(b')') => parens = parens.saturating_sub(1),
            _ => {}
        }
        parens == 0 && token.is(b'=')
    })
}

fn matching_open(tokens: &[Token], close: usize) -> Option<usize> {
    let mut depth = 0_u32;
    tokens[..=close].iter().rposition(|token| {
        match token.kind {
            TokenKind::Punct(b')') => depth += 1,
            TokenKind::Punct(b'(') => depth -= 1,
            _ => {}
        }
        depth == 0
    })
}

fn matching_close(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_u32;
    let found = tokens[open..].iter().position(|token| {
        match token.kind {
            TokenKind::Punct(b'(') => depth += 1,
            TokenKind::Punct(b')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    });
    found.map_or(tokens.len() - 1, |n| open + n)
}

fn joined(text: &[u8], tokens: &[Token]) -> Name {
    let words: Vec<&[u8]> = tokens.iter().map(|t| t.span.of(text)).collect();
    name(&words.join(&b' '))
}

/// Splits at commas outside of parentheses.
pub(crate) fn split_commas(tokens: &[Token]) -> Vec<&[Token]> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_u32);
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Punct(b'(' | b'[' | b'{') => depth += 1,
            TokenKind::Punct(b')' | b']' | b'}') => depth = depth.saturating_sub(1),
            TokenKind::Punct(b',') if depth == 0 => {
                parts.push(&tokens[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&tokens[start..]);
    parts
}

fn params(text: &[u8], tokens: &[Token]) -> Vec<Param> {
    let parts = split_commas(tokens);
    let is_void =
        |part: &[Token]| part.is_empty() || (part.len() == 1 && part[0].span.of(text) == b"void");
    if parts.len() == 1 && is_void(parts[0]) {
        return Vec::new();
    }
    parts.into_iter().map(|part| param(text, part)).collect()
}

fn param(text: &[u8], part: &[Token]) -> Param {
    let pointer = part.iter().any(|t| t.is(b'*') || t.is(b'['));
    // `int (*fn)(int)` is named inside its first parentheses.
    let end = part
        .iter()
        .position(|t| t.is(b'[') || t.is(b')'))
        .unwrap_or(part.len());
    let attribute = |t: &Token| ATTRIBUTES.iter().any(|a| a.as_bytes() == t.span.of(text));
    let at = part[..end]
        .iter()
        .rposition(|t| t.kind == TokenKind::Ident && !attribute(t));
    let word = at.map_or(Name::new(""), |n| name(part[n].span.of(text)));
    let rest: Vec<Token> = part
        .iter()
        .enumerate()
        .filter(|(n, t)| Some(*n) != at && !t.is(b'*'))
        .map(|(_, t)| *t)
        .collect();
    // A lone type such as `struct foo *` has no name; `foo` alone is one.
    let lone_type = |rest: &[Token]| match rest {
        [] => true,
        [only] => matches!(
            only.span.of(text),
            b"struct" | b"union" | b"enum" | b"const" | b"unsigned"
        ),
        _ => false,
    };
    let named = !lone_type(&rest);
    let unnamed = if named { word } else { Name::new("") };
    Param {
        name: unnamed,
        type_text: joined(text, &rest),
        pointer,
    }
}

/// `(name, type, param, type, param)` of `SYSCALL_DEFINEn`.
fn generator_params(text: &[u8], tokens: &[Token]) -> Vec<Param> {
    let parts = split_commas(tokens);
    let pairs = parts
        .get(1..)
        .unwrap_or_default()
        .chunks(2)
        .filter(|pair| pair.len() == 2);
    pairs
        .map(|pair| Param {
            name: pair[1]
                .last()
                .map_or(Name::new(""), |t| name(t.span.of(text))),
            type_text: joined(text, pair[0]),
            pointer: pair[0].iter().any(|t| t.is(b'*')),
        })
        .collect()
}

/// Whether `word` before a parenthesis is no call.
pub(crate) fn is_keyword(word: &[u8]) -> bool {
    KEYWORDS.iter().any(|keyword| keyword.as_bytes() == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[&str]) {
        let directives = Directives::scan(text.as_bytes());
        let items = Items::scan(text.as_bytes(), &directives);
        let shown: Vec<String> = items
            .functions
            .iter()
            .map(|f| {
                let params: Vec<&str> = f.params.iter().map(|p| p.name.as_str()).collect();
                let flags = [
                    (f.linkage.is_static, "s"),
                    (f.linkage.is_inline, "i"),
                    (f.linkage.is_weak, "w"),
                ];
                let flags: String = flags
                    .iter()
                    .filter(|(on, _)| *on)
                    .map(|(_, c)| *c)
                    .collect();
                format!(
                    "{flags} {}({}) {}",
                    f.name,
                    params.join(","),
                    text.get(f.body.range()).unwrap()
                )
            })
            .collect();
        assert_eq!(shown, expect);
    }

    #[test]
    fn heads_of_all_kinds() {
        check(
            "static inline int f(int a, struct x *b, char c[4])\n{ g(); }",
            &["si f(a,b,c) { g(); }"],
        );
        check(
            "struct page * __meminit __populate(unsigned long pfn, void (*fn)(int), int)\n{}",
            &[" __populate(pfn,fn,) {}"],
        );
        check("void __weak __init f(void) {}", &["w f() {}"]);
        check(
            "int f(int a) __must_hold(x) __acquires(&l->lock) {}",
            &[" f(a) {}"],
        );
        check(
            "__printf(1, 2) void f(const char *fmt, ...) {}",
            &[" f(fmt,) {}"],
        );
        check(
            "DEFINE_FREE(x, void *, f(_T))\nstatic int g(void) {}",
            &["s g() {}"],
        );
        check(
            "SYSCALL_DEFINE2(open, const char __user *, name, int, flags)\n{ a }",
            &[" open(name,flags) { a }"],
        );
        check(
            "struct s { int a; };\nenum { A, B } e;\nstruct s v = { .a = 1 };\nint f(void) {}",
            &[" f() {}"],
        );
        check(
            "#define X(a) { a\nint f(void) { \"{\" /* { */ }",
            &[" f() { \"{\" /* { */ }"],
        );
    }

    #[test]
    fn heads_that_straddle_conditionals() {
        check(
            "#ifdef A\nint f(int a)\n{\n#else\nint f(long b)\n{\n#endif\nx }\nint g(void) {}",
            &[
                " f(a) {\n#else\nint f(long b)\n{\n#endif\nx }",
                " f(b) {\n#endif\nx }",
                " g() {}",
            ],
        );
        check(
            "int f(void)\n{\n#ifdef A\n if (x) {\n#else\n {\n#endif\n }\n}\nint g(void) {}",
            &[
                " f() {\n#ifdef A\n if (x) {\n#else\n {\n#endif\n }\n}",
                " g() {}",
            ],
        );
    }

    #[test]
    fn variables_and_macros() {
        let text = b"static struct dax_driver drv __read_mostly = { .probe = f, };\nmodule_init(start);\nEXPORT_SYMBOL_GPL(g);";
        let items = Items::scan(text, &Directives::scan(text));
        let v = &items.variables[0];
        assert_eq!(
            (v.name.as_str(), v.struct_tag.map(Name::as_str)),
            ("drv", Some("dax_driver"))
        );
        assert_eq!(v.init.of(text), b" { .probe = f, }");
        assert_eq!(
            (items.macros[0].enters, items.macros[1].enters),
            (true, false)
        );
        assert_eq!(items.macros[0].args.of(text), b"start");
    }
}
