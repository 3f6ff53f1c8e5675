//! The preprocessor's lines of one file, and under which of them each byte stands.
//!
//! ```c
//! #ifdef CONFIG_NUMA          // group 0, branch 0
//! int node(void);
//! #else                       // group 0, branch 1: what is asked is "not branch 0"
//! #define node() 0
//! #endif
//! ```
//!
//! Every conditional group is kept, nothing is decided here: whether `CONFIG_NUMA` holds is for
//! those to say who know the architecture and what was included before.

use std::sync::Arc;

use memchr::memchr3;
use text::{Name, Span};

use crate::lexer::{Lexer, Token, TokenKind, directive_end, skip_comment, skip_literal};
use crate::preprocessor_expression;
use crate::syntax::{Expr, ExprKind, UnaryOp};

/// A branch of a conditional group, by its number in the file; branch 0 is the file itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BranchId(pub u32);

impl BranchId {
    /// The file outside of all conditionals.
    pub const TOP: BranchId = BranchId(0);
}

/// What a branch asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// The file itself, or an `#else`.
    Always,
    /// `#ifdef X`; negated for `#ifndef X`.
    Defined(Name, bool),
    /// `#if …`, `#elif …`.
    Expression(Arc<Expr>),
}

/// One branch: its own test holds, none of the tests of the earlier branches of its group does, and
/// the branch around the group is taken.
#[derive(Clone, Debug)]
pub struct Branch {
    /// The branch around the group.
    pub parent: BranchId,
    /// The group, by its number in the file.
    pub group: u32,
    /// The place in the group, from 0.
    pub index: u32,
    /// The earlier branches of the group.
    pub earlier: Vec<BranchId>,
    /// The branch's own test.
    pub test: Test,
    /// Where the test stands (macro state is asked here).
    pub at: u32,
}

/// A macro as a `#define` gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacroDefinition {
    /// Its name.
    pub name: Name,
    /// The parameters of a function-like macro; a variadic one ends in `...` or `name...`.
    pub params: Option<Vec<Name>>,
    /// The replacement text; may be empty.
    pub body: Span,
}

/// What a directive does, conditionals left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DirectiveKind {
    /// `#include`; a computed one has the macro's name as its path and `computed` set.
    Include {
        /// What stands between the quotes or angles.
        path: Name,
        /// `<…>` rather than `"…"`.
        angled: bool,
        /// Neither: a macro gives the path.
        computed: bool,
    },
    /// `#define`.
    Define(MacroDefinition),
    /// `#undef`.
    Undef(Name),
}

/// A directive that is no conditional.
#[derive(Clone, Debug)]
pub struct Directive {
    /// What it does.
    pub kind: DirectiveKind,
    /// Where it stands.
    pub span: Span,
    /// Under which branch.
    pub branch: BranchId,
}

/// All directives of a file.
#[derive(Clone, Debug, Default)]
pub struct Directives {
    /// Branches; the first is the file itself.
    pub branches: Vec<Branch>,
    /// Includes, definitions and their removal, in order.
    pub list: Vec<Directive>,
    /// The lines of conditionals, in order: from this offset on the text belongs to that branch.
    turns: Vec<(u32, BranchId)>,
    /// The spans of all directives, conditionals too, in order.
    pub lines: Vec<Span>,
    /// Conditionals that do not match: their offsets.
    pub unmatched: Vec<u32>,
    /// How many branches each group has, and whether its last is an `#else`.
    pub groups: Vec<(u32, bool)>,
    /// Which of the list are includes, in order.
    pub includes: Vec<u32>,
    /// How many of the list before each, and of the whole list, define a macro or remove one.
    macros_before: Vec<u32>,
    /// The branch that an include guard opens: the file's first directive asks that a macro is not defined, the
    /// second defines it.
    pub guard: Option<BranchId>,
}

impl Directives {
    /// How many macros are defined or removed by the directives whose numbers are in a range.
    pub fn macros_in(&self, range: std::ops::Range<u32>) -> u32 {
        let before = |number: u32| {
            let known = self.macros_before.get(number as usize);
            known.or(self.macros_before.last()).copied().unwrap_or(0)
        };
        before(range.end).saturating_sub(before(range.start))
    }

    /// Counts what [`Self::list`] holds.
    fn count(&mut self) {
        let mut macros = 0;
        for (number, directive) in (0..).zip(&self.list) {
            self.macros_before.push(macros);
            match directive.kind {
                DirectiveKind::Include { .. } => self.includes.push(number),
                DirectiveKind::Define(_) | DirectiveKind::Undef(_) => macros += 1,
            }
        }
        self.macros_before.push(macros);
    }

    fn find_guard(&self) -> Option<BranchId> {
        let first = BranchId(1);
        let opened = self.list.first().filter(|next| next.branch == first);
        let defined = opened.and_then(|next| match &next.kind {
            DirectiveKind::Define(definition) => Some(definition.name),
            _ => None,
        });
        let asked = match &self.branches.get(1)?.test {
            Test::Defined(name, false) => Some(*name),
            Test::Expression(expr) => not_defined(expr),
            _ => None,
        };
        (asked.is_some() && asked == defined).then_some(first)
    }

    /// Reads the directives of `text`.
    pub fn scan(text: &[u8]) -> Directives {
        let top = Branch {
            parent: BranchId::TOP,
            group: u32::MAX,
            index: 0,
            earlier: Vec::new(),
            test: Test::Always,
            at: 0,
        };
        let mut scan = Scan {
            text,
            open: Vec::new(),
            out: Directives {
                branches: vec![top],
                ..Directives::default()
            },
        };
        let mut at = 0;
        while let Some(hash) = next_directive(text, at) {
            let end = directive_end(text, hash);
            scan.directive(Span::new(hash, end));
            at = end;
        }
        for (start, ..) in std::mem::take(&mut scan.open) {
            scan.out.unmatched.push(start);
        }
        scan.out.count();
        scan.out.guard = scan.out.find_guard();
        scan.out
    }

    /// The branch that the byte at `offset` belongs to.
    pub fn branch_at(&self, offset: u32) -> BranchId {
        let after = self.turns.partition_point(|(from, _)| *from <= offset);
        after
            .checked_sub(1)
            .map_or(BranchId::TOP, |n| self.turns[n].1)
    }

    /// Where inside `span` the text changes its branch, and to which.
    pub(crate) fn turns_in(&self, span: Span) -> &[(u32, BranchId)] {
        let from = self.turns.partition_point(|(at, _)| *at <= span.start);
        let to = self.turns.partition_point(|(at, _)| *at < span.end);
        self.turns.get(from..to).unwrap_or_default()
    }

    /// The branch behind an id.
    pub fn branch(&self, id: BranchId) -> &Branch {
        &self.branches[id.0 as usize]
    }

    /// The directive lines that touch `span`.
    pub fn lines_in(&self, span: Span) -> &[Span] {
        let from = self.lines.partition_point(|line| line.end <= span.start);
        let to = self.lines.partition_point(|line| line.start < span.end);
        self.lines.get(from..to).unwrap_or_default()
    }
}

/// The next `#` that begins a line, comments and literals passed over.
fn next_directive(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    // A directive that ends in a comment over several lines may be followed by code on its line.
    let mut fresh = from == 0 || text.get(from) == Some(&b'\n');
    while at < text.len() {
        if fresh {
            match text[at] {
                b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => {
                    at += 1;
                    continue;
                }
                b'#' => return Some(at),
                b'/' if text.get(at + 1) == Some(&b'*') => {
                    at = skip_comment(text, at);
                    continue;
                }
                _ => fresh = false,
            }
        }
        let line = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |n| at + n);
        match memchr3(b'/', b'"', b'\'', &text[at..line]) {
            None => {
                at = line;
                fresh = true;
            }
            Some(found) => {
                at += found;
                at = match (text[at], text.get(at + 1)) {
                    (b'/', Some(b'*' | b'/')) => skip_comment(text, at),
                    (b'/', _) => at + 1,
                    _ => skip_literal(text, at),
                };
            }
        }
    }
    None
}

struct Scan<'t> {
    text: &'t [u8],
    /// Open groups: where each began, its number, its branches so far, the branch around it.
    open: Vec<(u32, u32, Vec<BranchId>, BranchId)>,
    out: Directives,
}

impl Scan<'_> {
    fn current(&self) -> BranchId {
        self.open
            .last()
            .and_then(|(_, _, branches, _)| branches.last().copied())
            .unwrap_or(BranchId::TOP)
    }

    fn directive(&mut self, span: Span) {
        self.out.lines.push(span);
        let line = span.of(self.text);
        let mut tokens = Lexer::new(&line[1..]);
        let Some(word) = tokens.next() else { return };
        let word_end = word.span.end as usize + 1;
        let rest = Span {
            start: span.start + word.span.end + 1,
            end: span.end,
        };
        match &line[word.span.start as usize + 1..word_end] {
            b"if" => self.begin(span, |s| s.expression(rest)),
            b"ifdef" => self.begin(span, |s| s.defined(rest, true)),
            b"ifndef" => self.begin(span, |s| s.defined(rest, false)),
            b"elif" => self.turn(span, |s| s.expression(rest)),
            b"elifdef" => self.turn(span, |s| s.defined(rest, true)),
            b"elifndef" => self.turn(span, |s| s.defined(rest, false)),
            b"else" => {
                let open = self.open.len();
                self.turn(span, |_| Test::Always);
                if let Some((_, group, ..)) = self.open.last().filter(|_| open > 0) {
                    self.out.groups[*group as usize].1 = true;
                }
            }
            b"endif" => self.finish(span),
            b"include" | b"include_next" => self.include(span, rest),
            b"define" => self.define(span, rest),
            b"undef" => {
                if let Some(name) = self.first_word(rest) {
                    self.push(span, DirectiveKind::Undef(name));
                }
            }
            _ => {}
        }
    }

    fn push(&mut self, span: Span, kind: DirectiveKind) {
        let branch = self.current();
        self.out.list.push(Directive { kind, span, branch });
    }

    fn first_word(&self, rest: Span) -> Option<Name> {
        let text = rest.of(self.text);
        let token = Lexer::new(text).find(|t| t.kind == TokenKind::Ident)?;
        Some(name(token.span.of(text)))
    }

    fn defined(&self, rest: Span, positive: bool) -> Test {
        self.first_word(rest)
            .map_or(Test::Always, |word| Test::Defined(word, positive))
    }

    fn expression(&self, rest: Span) -> Test {
        let parsed = preprocessor_expression::parse(rest.of(self.text), rest.start);
        Test::Expression(Arc::new(parsed))
    }

    fn begin(&mut self, span: Span, test: impl FnOnce(&Self) -> Test) {
        let parent = self.current();
        let group = u32::try_from(self.out.groups.len()).unwrap_or(u32::MAX);
        self.out.groups.push((0, false));
        let test = test(self);
        self.open.push((span.start, group, Vec::new(), parent));
        self.add_branch(span, test);
    }

    fn turn(&mut self, span: Span, test: impl FnOnce(&Self) -> Test) {
        if self.open.is_empty() {
            self.out.unmatched.push(span.start);
            return;
        }
        let test = test(self);
        self.add_branch(span, test);
    }

    fn add_branch(&mut self, span: Span, test: Test) {
        let id = BranchId(u32::try_from(self.out.branches.len()).unwrap_or(u32::MAX));
        let Some((_, group, branches, parent)) = self.open.last_mut() else {
            return;
        };
        let earlier = branches.clone();
        let index = u32::try_from(earlier.len()).unwrap_or(u32::MAX);
        branches.push(id);
        let branch = Branch {
            parent: *parent,
            group: *group,
            index,
            earlier,
            test,
            at: span.start,
        };
        self.out.groups[*group as usize].0 += 1;
        self.out.branches.push(branch);
        // The directive itself still belongs to the text around it; nothing else stands on it.
        self.out.turns.push((span.end, id));
    }

    fn finish(&mut self, span: Span) {
        match self.open.pop() {
            Some((.., parent)) => self.out.turns.push((span.end, parent)),
            None => self.out.unmatched.push(span.start),
        }
    }

    fn include(&mut self, span: Span, rest: Span) {
        let text = rest.of(self.text).trim_ascii();
        let (path, angled, computed) = match text {
            [b'<', rest @ ..] => (until(rest, b'>'), true, false),
            [b'"', rest @ ..] => (until(rest, b'"'), false, false),
            text => (text, false, true),
        };
        self.push(
            span,
            DirectiveKind::Include {
                path: name(path),
                angled,
                computed,
            },
        );
    }

    fn define(&mut self, span: Span, rest: Span) {
        let text = rest.of(self.text);
        let Some(word) = Lexer::new(text).find(|t| t.kind == TokenKind::Ident) else {
            return;
        };
        let after = word.span.end as usize;
        // Only a parenthesis directly behind the name opens a parameter list.
        let (params, body_start) = if text.get(after) == Some(&b'(') {
            let close = memchr::memchr(b')', &text[after..]).map_or(text.len(), |n| after + n);
            (
                Some(parameter_names(&text[after + 1..close])),
                (close + 1).min(text.len()),
            )
        } else {
            (None, after)
        };
        let body = trimmed(text, body_start, rest.start);
        let definition = MacroDefinition {
            name: name(word.span.of(text)),
            params,
            body,
        };
        self.push(span, DirectiveKind::Define(definition));
    }
}

fn trimmed(text: &[u8], start: usize, shift: u32) -> Span {
    let body = &text[start..];
    let lead = body.len() - body.trim_ascii_start().len();
    let len = body.trim_ascii().len();
    let at = shift as usize + start + lead;
    Span::new(at, at + len)
}

fn until(text: &[u8], byte: u8) -> &[u8] {
    memchr::memchr(byte, text).map_or(text, |end| &text[..end])
}

fn parameter_names(text: &[u8]) -> Vec<Name> {
    let tokens: Vec<Token> = Lexer::new(text).collect();
    let parts = tokens.split(|token| token.is(b','));
    parts
        .filter_map(|part| {
            let word = part.iter().find(|token| token.kind == TokenKind::Ident);
            match (word, part.iter().any(|token| token.is(b'.'))) {
                (None, true) => Some(Name::new("...")),
                (Some(word), true) => Some(name(&[word.span.of(text), b"..."].concat())),
                (Some(word), false) => Some(name(word.span.of(text))),
                (None, false) => None,
            }
        })
        .collect()
}

/// The name that `bytes` spell; bytes that are not UTF-8 are replaced.
pub(crate) fn name(bytes: &[u8]) -> Name {
    Name::of_bytes(bytes)
}

/// `X` of `!defined(X)`.
fn not_defined(expr: &Expr) -> Option<Name> {
    let ExprKind::Unary(UnaryOp::Not, inner) = &expr.kind else {
        return None;
    };
    let ExprKind::Call(callee, args) = &inner.kind else {
        return None;
    };
    (callee.as_ident()? == "defined")
        .then(|| args.first()?.as_ident())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_knows_its_branch() {
        let text = b"a\n#ifdef X\nb\n# if Y > 1\nc\n#endif\n#elif Z\nd\n#else\nq\n#endif\nf /*\n#if 0\n*/ \"\\\n#if\"\n";
        let directives = Directives::scan(text);
        assert!(directives.unmatched.is_empty());
        let at = |word: &[u8]| {
            let found = memchr::memmem::find(text, word).unwrap();
            let branch = directives.branch(directives.branch_at(u32::try_from(found).unwrap()));
            (branch.parent.0, branch.index)
        };
        assert_eq!(
            [at(b"a\n"), at(b"b\n"), at(b"c\n")],
            [(0, 0), (0, 0), (1, 0)]
        );
        assert_eq!(
            [at(b"d\n"), at(b"q\n"), at(b"f ")],
            [(0, 1), (0, 2), (0, 0)]
        );
        assert_eq!(directives.groups, [(3, true), (1, false)]);
    }

    #[test]
    fn definitions_and_includes() {
        let text = b"#define F(a, ...) g(a, \\\n ##__VA_ARGS__) /* c */\n#define G (1)\n#include <asm/x.h>\n#undef G\n#define E\n";
        let directives = Directives::scan(text);
        let define = |n: usize| match &directives.list[n].kind {
            DirectiveKind::Define(d) => (d.params.clone(), d.body.of(text).to_vec()),
            other => panic!("{other:?}"),
        };
        let params = Some(vec![Name::new("a"), Name::new("...")]);
        assert_eq!(
            define(0),
            (params, b"g(a, \\\n ##__VA_ARGS__) /* c */".to_vec())
        );
        assert_eq!(define(1), (None, b"(1)".to_vec()));
        assert_eq!(define(4), (None, b"".to_vec()));
        assert!(matches!(
            directives.list[2].kind,
            DirectiveKind::Include { angled: true, .. }
        ));
    }

    #[test]
    fn unmatched_conditionals_are_told() {
        assert_eq!(
            Directives::scan(b"#else\n#endif\n#if 1\n").unmatched,
            [0, 6, 13]
        );
    }
}
