//! Text for the grammar: of the same length as the kernel's, with what only the preprocessor
//! understands blanked or made into C.
//!
//! Variant *i* of a text keeps branch min(*i*, last) of every conditional group, where a missing
//! `#else` counts as an empty last branch. So every line is parsed at least once, in a text that is
//! well formed, and branches that belong together (the same `#ifdef` twice) stay together.

use text::Span;

use crate::directives::{BranchId, Directives};
use crate::idioms::{ATTRIBUTES, CLEANUP_MACROS, CLEANUPS, SELECTION};
use crate::items::is_keyword;
use crate::lexer::{Lexer, Token, TokenKind, closing};
use crate::params::split_commas;

/// More variants than this are not looked at; groups with that many branches are tables.
const MOST_VARIANTS: u32 = 12;

/// How many variants the text in `span` has: 1 without conditionals.
pub(crate) fn variants(directives: &Directives, span: Span) -> u32 {
    let inside = directives
        .branches
        .iter()
        .skip(1)
        .filter(|b| span.contains(b.at));
    let sizes = inside.map(|branch| {
        let (count, has_else) = directives.groups[branch.group as usize];
        count + u32::from(!has_else)
    });
    sizes.max().unwrap_or(1).min(MOST_VARIANTS)
}

/// A call that masking hides from the grammar. Places count from the start of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hidden {
    /// A macro that was made into the head of a loop: its name, and the use as a whole.
    Loop(Span, Span),
    /// What an attribute has called when a variable goes: `__free(kfree)` is used as a macro is.
    Attribute(Span, Span),
    /// The function of `__cleanup(f)` itself.
    Cleanup(Span),
}

/// The text of `span` in variant `variant`, and the calls that do not show in it.
pub(crate) fn masked(
    text: &[u8],
    directives: &Directives,
    span: Span,
    variant: u32,
) -> (Vec<u8>, Vec<Hidden>) {
    let mut out = span.of(text).to_vec();
    blank_branches(&mut out, directives, span, variant);
    blank_lines(&mut out, directives, span);
    let hidden = mask_tokens(&mut out);
    (out, hidden)
}

fn blank(out: &mut [u8], range: std::ops::Range<usize>) {
    for byte in out.get_mut(range).unwrap_or_default() {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

fn blank_lines(out: &mut [u8], directives: &Directives, span: Span) {
    for line in directives.lines_in(span) {
        let start = line.start.saturating_sub(span.start) as usize;
        let end = (line.end.min(span.end).saturating_sub(span.start)) as usize;
        blank(out, start..end);
    }
}

/// Whether `variant` keeps the text of `branch`, as far as groups inside `span` decide.
fn keeps(directives: &Directives, span: Span, variant: u32, branch: BranchId) -> bool {
    let mut at = branch;
    while at != BranchId::TOP {
        let this = directives.branch(at);
        // A group that began before the span was decided by whoever chose the span.
        let first = this
            .earlier
            .first()
            .map_or(this.at, |first| directives.branch(*first).at);
        if span.contains(first) {
            let (count, has_else) = directives.groups[this.group as usize];
            let last = count - u32::from(has_else);
            if this.index != variant.min(last) {
                return false;
            }
        } else if span.contains(this.at) {
            // The `#else` of a group that began before: the text that follows is another head's.
            return false;
        }
        at = this.parent;
    }
    true
}

fn blank_branches(out: &mut [u8], directives: &Directives, span: Span, variant: u32) {
    let turns = directives.turns_in(span);
    let mut from = span.start;
    let mut branch = directives.branch_at(span.start);
    for (at, next) in turns.iter().copied().chain([(span.end, BranchId::TOP)]) {
        if at > from && !keeps(directives, span, variant, branch) {
            blank(
                out,
                (from - span.start) as usize..(at - span.start) as usize,
            );
        }
        (from, branch) = (at, next);
    }
}

/// Blanks attributes and makes statements of loop macros: `for_each_node(n) {` to `while(n) {`.
pub(crate) fn mask_tokens(out: &mut [u8]) -> Vec<Hidden> {
    let tokens: Vec<Token> = Lexer::new(out).collect();
    let mut hidden = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.kind != TokenKind::Ident {
            continue;
        }
        let word = token.span.of(out).to_vec();
        let group = tokens
            .get(at + 1)
            .filter(|t| t.is(b'('))
            .map(|_| closing(&tokens, at + 1).unwrap_or(tokens.len() - 1));
        let end = group.map_or(token.span.end, |close| tokens[close].span.end);
        let whole = Span {
            start: token.span.start,
            end,
        };
        if CLEANUPS.iter().any(|a| a.as_bytes() == word) && group.is_some() {
            hidden.extend(tokens.get(at + 2).map(|inner| Hidden::Cleanup(inner.span)));
            blank(out, whole.range());
        } else if CLEANUP_MACROS.iter().any(|a| a.as_bytes() == word) && group.is_some() {
            hidden.push(Hidden::Attribute(token.span, whole));
            blank(out, whole.range());
        } else if ATTRIBUTES.iter().any(|a| a.as_bytes() == word) {
            blank(out, whole.range());
        } else if let Some(close) = group
            && is_loop(&tokens, at, close, &word)
        {
            hidden.push(Hidden::Loop(token.span, whole));
            loop_head(out, token.span, &word);
        } else if matches!(&word[..], b"struct" | b"union" | b"enum")
            && is_type_argument(out, &tokens, at)
        {
            blank_type_argument(out, &tokens, at);
        } else if let Some(close) = group
            && word == b"_Generic"
        {
            selection(out, &tokens, at, close);
        }
    }
    hidden
}

/// Makes a call of `_Generic(x, struct a *: f, default: g)`: the types are blanked.
fn selection(out: &mut [u8], tokens: &[Token], at: usize, close: usize) {
    out[tokens[at].span.range()].copy_from_slice(SELECTION.as_bytes());
    for part in split_commas(&tokens[at + 2..close]).into_iter().skip(1) {
        let (Some(first), Some(last)) = (part.first(), part.last()) else {
            continue;
        };
        let start = first.span.start;
        if let Some(colon) = association(&out[start as usize..last.span.end as usize]) {
            blank(out, start as usize..colon.moved(start).end as usize);
        }
    }
}

/// The colon of `struct a *: f` in a `_Generic`.
pub fn association(text: &[u8]) -> Option<Span> {
    let mut depth = 0_u32;
    let colon = Lexer::inside(text).find(|token| {
        match token.kind {
            TokenKind::Punct(b'(') => depth += 1,
            TokenKind::Punct(b')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && token.is(b':')
    })?;
    Some(colon.span)
}

/// A macro at the start of a statement that is followed by a statement rather than its end.
fn is_loop(tokens: &[Token], at: usize, close: usize, word: &[u8]) -> bool {
    if is_keyword(word) || word.len() < 5 {
        return false;
    }
    let starts = at.checked_sub(1).is_none_or(|n| {
        matches!(
            tokens[n].kind,
            TokenKind::Punct(b';' | b'{' | b'}' | b')' | b':') | TokenKind::Ident
        )
    });
    let Some(next) = tokens.get(close + 1) else {
        return false;
    };
    let for_each = memchr::memmem::find(word, b"for_each").is_some();
    starts && (next.is(b'{') || (for_each && (next.kind == TokenKind::Ident || next.is(b'*'))))
}

fn loop_head(out: &mut [u8], name: Span, word: &[u8]) {
    blank(out, name.range());
    let start = name.start as usize;
    if word.len() >= 5 {
        out[start..start + 5].copy_from_slice(b"while");
    }
}

/// `struct x` as an argument of a macro, in `container_of(p, struct x, member)`; not a cast and not
/// the operand of `sizeof`.
fn is_type_argument(out: &[u8], tokens: &[Token], at: usize) -> bool {
    let Some(before) = at.checked_sub(1) else {
        return false;
    };
    let called = |open: usize| {
        open.checked_sub(1).is_some_and(|n| {
            tokens[n].kind == TokenKind::Ident && !is_keyword(tokens[n].span.of(out))
        })
    };
    let opens = tokens[before].is(b',') || (tokens[before].is(b'(') && called(before));
    let mut after = at + 2;
    while tokens.get(after).is_some_and(|t| t.is(b'*')) {
        after += 1;
    }
    opens && tokens.get(after).is_some_and(|t| t.is(b',') || t.is(b')'))
}

fn blank_type_argument(out: &mut [u8], tokens: &[Token], at: usize) {
    blank(out, tokens[at].span.range());
    let stars = tokens[at + 2..].iter().take_while(|t| t.is(b'*'));
    for star in stars {
        blank(out, star.span.range());
    }
}
