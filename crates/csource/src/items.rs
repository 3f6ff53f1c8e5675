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

use text::Span;

use crate::directives::{Directives, name};
use crate::idioms::{ATTRIBUTES, FUNCTION_GENERATORS, INLINE, KEYWORDS, WEAK};
use crate::item::{Function, Linkage, Maker, TopMacro, Variable};
use crate::lexer::{Lexer, Token, TokenKind, closing};
use crate::params::{generator_params, joined, params};

mod macros;

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
        let pending = std::mem::take(&mut scan.state.pending);
        scan.macros_only(&pending);
        scan.close(text.len());
        scan.out.macros.sort_by_key(|used| used.name_span.start);
        scan.out.macros.dedup_by_key(|used| used.name_span.start);
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

/// Whether a directive is `#if 0`.
fn is_if_0(line: &[u8]) -> bool {
    let mut words = Lexer::new(&line[1..]).map(|token| token.span.of(&line[1..]));
    words.next() == Some(b"if") && words.next() == Some(b"0") && words.next().is_none()
}

#[derive(Clone, Default)]
struct State {
    depth: u32,
    /// Where the outermost brace opened.
    opened: u32,
    parens: u32,
    /// The tokens of the declaration that is being read.
    pending: Vec<Token>,
    /// The same as other branches of a conditional have it: heads of a function whose brace comes
    /// behind.
    others: Vec<Vec<Token>>,
    /// Functions whose bodies are open.
    open: Vec<Function>,
}

struct Saved {
    at_if: State,
    /// `#if 0`: what follows need not be C.
    is_dead: bool,
    after_first: Option<State>,
    other_open: Vec<Function>,
    other_heads: Vec<Vec<Token>>,
}

/// Heads of one function in more branches than these are not told apart.
const MOST_HEADS: usize = 16;

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
                    if self.state.parens > 0 && !self.begins_line(token) {
                        // `DEFINE_GUARD(x, T, ({ … }), …)`: a body as an argument is nobody's head.
                        self.state.pending.push(token);
                    } else {
                        self.open_brace(token);
                    }
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
                for other in &mut self.state.others {
                    other.push(token);
                }
            }
        }
    }

    /// Whether a token is the first of a line without indentation, as the brace of a function is even
    /// where parentheses before it were lost.
    fn begins_line(&self, token: Token) -> bool {
        let before = (token.span.start as usize).checked_sub(1);
        before.is_none_or(|at| self.text[at] == b'\n')
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
                let before = std::mem::take(&mut self.state.pending);
                if self.state.depth > 0 || !self.macros_only(&before) {
                    self.state.pending = before;
                }
                let saved = Saved {
                    at_if: self.state.clone(),
                    is_dead: is_if_0(self.word(token)),
                    after_first: None,
                    other_open: Vec::new(),
                    other_heads: Vec::new(),
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
                    let fresh = saved.at_if.pending.is_empty();
                    saved.other_open.extend(ended.open);
                    saved.other_heads.push(ended.pending.clone());
                    if fresh {
                        self.macros_only(&ended.pending);
                    }
                }
            }
            Some(b"endif") => self.end_of_conditional(),
            _ => {}
        }
    }

    /// Goes on with the first branch, and with the functions that the others have opened.
    fn end_of_conditional(&mut self) {
        let Some(saved) = self.saved.pop() else {
            return;
        };
        if saved.is_dead {
            let (dead, rest) = match &saved.after_first {
                Some(dead) => (dead, &self.state),
                None => (&self.state, &saved.at_if),
            };
            // Braces that do not come in pairs there are not missed elsewhere.
            if dead.depth != rest.depth {
                let rest = rest.clone();
                self.state = rest;
                return;
            }
        }
        if let Some(first) = saved.after_first {
            let mut last = std::mem::replace(&mut self.state, first);
            let heads = saved.other_heads.into_iter().chain([last.pending.clone()]);
            let heads = heads.filter(|head| head.last().is_some_and(|t| t.is(b')')));
            self.state.others.extend(heads.take(MOST_HEADS));
            self.state.others.append(&mut last.others);
            self.state.others.truncate(MOST_HEADS);
            if saved.at_if.pending.is_empty() {
                self.macros_only(&last.pending);
            }
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

    fn open_brace(&mut self, token: Token) {
        let others = std::mem::take(&mut self.state.others);
        if let Some(function) = self.function_head(&self.state.pending, token) {
            self.macros_before(function.name_span.start);
            let others = others
                .iter()
                .filter_map(|other| self.function_head(other, token));
            let mut open = vec![function];
            open.extend(others);
            open.sort_by_key(|function| function.name_span.start);
            open.dedup_by_key(|function| function.name_span.start);
            self.state.open.extend(open);
            self.state.pending.clear();
            self.state.parens = 0;
        } else {
            self.state.pending.push(token);
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

    /// The function whose body opens at `brace`, if `tokens` are its head.
    fn function_head(&self, tokens: &[Token], brace: Token) -> Option<Function> {
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
        if is_keyword(word) {
            return None;
        }
        let inner = &tokens[open + 1..close];
        let before = &tokens[declaration_start(tokens, name_at)..name_at];
        let generated =
            generator.is_some() || (before.is_empty() && !word.iter().any(u8::is_ascii_lowercase));
        // `TREE(init)(struct tree *t)`: what it is called, only the macro tells.
        let computed = tokens[open - 1].is(b')');
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
                is_weak: self.is_weak(tokens),
            },
            return_type: joined(self.text, before),
            branch: self.directives.branch_at(named.span.start),
            maker: (before.is_empty() || generated || computed).then(|| Maker {
                used: Span {
                    start: name_token.span.start,
                    end: tokens[if computed { open - 1 } else { close }].span.end,
                },
                behind: computed.then(|| Span {
                    start: tokens[open].span.start,
                    end: tokens[close].span.end,
                }),
                is_sure: generated || computed,
            }),
            entry: generator.map(|(_, what)| *what),
        })
    }

    /// `__weak`, or `weak` inside of an `__attribute__((…))`.
    fn is_weak(&self, tokens: &[Token]) -> bool {
        let attributed = |t: &Token| self.word(*t).starts_with(b"__attribute");
        let inside = tokens.iter().position(attributed);
        tokens.iter().enumerate().any(|(at, token)| {
            let word = self.word(*token);
            let plain = matches!(word, b"weak" | b"__weak__");
            WEAK.iter().any(|w| w.as_bytes() == word) || (plain && inside.is_some_and(|n| n < at))
        })
    }

    /// The name and the parentheses of the last `name (…)` that is no attribute.
    fn head_group(&self, tokens: &[Token]) -> Option<(usize, usize, usize)> {
        let mut end = tokens.len();
        loop {
            let close = tokens[..end].iter().rposition(|t| t.is(b')'))?;
            let open = matching_open(tokens, close)?;
            let name_at = open.checked_sub(1)?;
            if tokens[name_at].is(b')') {
                // `BTREE_FN(init)(struct tree *t)`: a macro puts the name together.
                let inner = matching_open(tokens, name_at)?;
                if tokens[inner + 1].is(b'*') && tokens.get(inner + 3).is_some_and(|t| t.is(b'(')) {
                    // `void (*ctor(int shift))(void *)` gives back a function.
                    return Some((inner + 2, inner + 3, matching_close(tokens, inner + 3)));
                }
                let named = inner.checked_sub(1)?;
                if tokens[named].kind == TokenKind::Ident {
                    return Some((named, open, close));
                }
            }
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
            .rposition(|t| t.kind != TokenKind::Ident || !self.word(*t).starts_with(b"__"));
        let Some(close) = before.and_then(|at| tokens[at].is(b')').then_some(at)) else {
            return false;
        };
        // What stands between parentheses before it is a parameter list, unless they are those of an
        // attribute as well.
        let named = matching_open(tokens, close).and_then(|open| open.checked_sub(1));
        !named.is_some_and(|at| {
            let word = self.word(tokens[at]);
            ATTRIBUTES.iter().any(|a| a.as_bytes() == word) || word.starts_with(b"__attribute")
        })
    }

    /// A declaration ends at its semicolon.
    fn declaration(&mut self) {
        self.state.others.clear();
        let tokens = std::mem::take(&mut self.state.pending);
        self.state.parens = 0;
        if let Some(equals) = top_assignment(&tokens) {
            self.variable(&tokens, equals);
        } else if self.is_structure(&tokens) {
            self.variable(&tokens, tokens.len());
        }
        self.macro_calls(&tokens);
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
    closing(tokens, open).unwrap_or(tokens.len() - 1)
}

/// Whether `word` before a parenthesis is no call.
pub fn is_keyword(word: &[u8]) -> bool {
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
        check("void __init __attribute((weak)) f(void) {}", &["w f() {}"]);
        check("static void (*f(int shift))(void *) {}", &["s f(shift) {}"]);
        check("int TREE(init)(struct tree *t) {}", &[" TREE(t) {}"]);
        check(
            "X_INLINE __diagnose_as(g, 1)\n__size __strlen(char *p) {}",
            &[" __strlen(p) {}"],
        );
        check(
            "DEFINE_GUARD(x, T, ({ struct s *v; g(_T); }), f(_T))\nint g(void) {}",
            &[" g() {}"],
        );
        check("TP_fast_assign(\n\tif (a) { b = 1; }\n);", &[]);
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
        check(
            "#ifdef A\nint f(int a)\n#elif B\nint f(long b)\n#else\nlong f(\n\tint c)\n#endif\n{ x }\nint g(void) {}",
            &[" f(a) { x }", " f(b) { x }", " f(c) { x }", " g() {}"],
        );
        check(
            "#ifdef A\nM(1)\n#else\nM(2)\n#endif\nint f(void) { x }",
            &[" f() { x }"],
        );
    }

    #[test]
    fn what_is_never_compiled_need_not_be_c() {
        let g = " g() {}";
        check(
            "int f(void)\n{\n#if 0\n if (x) {\n#endif\n}\nint g(void) {}",
            &[" f() {\n#if 0\n if (x) {\n#endif\n}", g],
        );
        check(
            "int f(void)\n{\n#if 0\n if (x) {\n#else\n x;\n#endif\n}\nint g(void) {}",
            &[" f() {\n#if 0\n if (x) {\n#else\n x;\n#endif\n}", g],
        );
    }

    #[test]
    fn macros_without_a_semicolon() {
        let text =
            b"module_init(start)\n#ifdef A\nX(1)\n#else\nY()\n#endif\nint f(void) {}\nZ(2) W(3);";
        let items = Items::scan(text, &Directives::scan(text));
        let names: Vec<&str> = items.macros.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, ["module_init", "X", "Y", "Z", "W"]);
        let text =
            b"STRINGS\n\nEVENT(a, b);\nlist\n\nMORE(1);\nOTHER __THIRD(c) int f(int);\nint G(int);";
        let items = Items::scan(text, &Directives::scan(text));
        let names: Vec<&str> = items.macros.iter().map(|m| m.name.as_str()).collect();
        assert_eq!(names, ["EVENT", "MORE", "__THIRD"]);
    }

    #[test]
    fn variables_and_macros() {
        let text = b"static struct dax_driver drv __read_mostly = { .probe = f, };\nmodule_init(start);\nEXPORT_SYMBOL_GPL(g);";
        let items = Items::scan(text, &Directives::scan(text));
        let v = &items.variables[0];
        assert_eq!(
            (v.name.as_str(), v.struct_tag.map(text::Name::as_str)),
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
