//! The members of structures, as far as calls through pointers need them.
//!
//! ```c
//! struct dax_device_driver {
//! 	struct device_driver drv;		// a member of a known structure
//! 	int (*probe)(struct dev_dax *dev);	// what calls go through
//! };
//! ```

use text::{Name, Span};

use crate::directives::name;
use crate::lexer::{Lexer, Token, TokenKind, whole_words};
use crate::params::joined;

/// Structures nest no deeper than this.
const DEEPEST: u32 = 16;

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: Name,
    /// Its type as written, without the stars: `struct page` of `struct page *next`.
    pub type_text: Name,
    /// Whether it is a pointer or an array.
    pub pointer: bool,
    /// Whether it is an array of what its type says, which lies in the structure then.
    pub is_array: bool,
    /// Whether it points to a function.
    pub is_function: bool,
}

/// The members of `struct tag` (or `union tag`, or of the structure without a tag that a `typedef` calls
/// `tag`) where `text` defines it; those of structures inside that have no name of their own are its own.
pub(crate) fn members(text: &[u8], tag: &str) -> Option<Vec<Member>> {
    let tagged = whole_words(text, tag).find_map(|found| {
        let at = found.range().start;
        let before = text[..at].trim_ascii_end();
        let head = [&b"struct"[..], b"union"];
        let head = head.iter().find(|head| before.ends_with(head))?;
        // In a comment stars or slashes stand before it.
        let line = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let first = &before[line..before.len() - head.len()];
        let is_code = !first.iter().any(|byte| matches!(byte, b'*' | b'/' | b'"'));
        let mut lexer = Lexer::inside(&text[at + tag.len()..]);
        let mut first = lexer.next().filter(|_| is_code)?;
        // `struct __packed tag {` is read as well as `struct tag __packed {`.
        while first.kind == TokenKind::Ident {
            first = lexer.next()?;
        }
        first.is(b'{').then(|| (at + tag.len(), body(&mut lexer)))
    });
    let (start, tokens) = match tagged {
        Some(found) => found,
        None => (0, typedef(text, tag)?),
    };
    let mut found = Vec::new();
    declarations(&text[start..], &tokens, &mut found, 0);
    Some(found)
}

/// The tokens in the structure without a tag that a `typedef` calls `tag`.
fn typedef(text: &[u8], tag: &str) -> Option<Vec<Token>> {
    let named = |found: Span| text[..found.range().start].trim_ascii_end().last() == Some(&b'}');
    if !whole_words(text, tag).any(named) {
        return None;
    }
    let mut before: [Option<Token>; 2] = [None, None];
    let mut lexer = Lexer::new(text);
    let is = |token: Option<Token>, word: &[u8]| token.is_some_and(|t| t.span.of(text) == word);
    while let Some(token) = lexer.next() {
        let [first, second] = before;
        let defined = is(first, b"typedef") && second.is_some_and(|t| is_structure(text, t));
        if token.is(b'{') && defined {
            let tokens: Vec<Token> = body(&mut lexer);
            if is(lexer.next(), tag.as_bytes()) {
                return Some(tokens);
            }
            before = [None, None];
            continue;
        }
        if token.kind != TokenKind::Directive {
            before = [second, Some(token)];
        }
    }
    None
}

/// Whether a text may define `struct tag`: the word stands before an opening brace or behind a closing one.
/// Much faster than to read it.
pub fn may_define(text: &[u8], tag: &str) -> bool {
    whole_words(text, tag).any(|found| {
        let at = found.range().start;
        let (before, behind) = (&text[..at], &text[at + tag.len()..]);
        // An attribute or a comment may stand between.
        let opens = memchr::memchr3(b'{', b';', b')', behind).is_some_and(|at| behind[at] == b'{');
        opens || before.trim_ascii_end().last() == Some(&b'}')
    })
}

/// The structure that a text declares `variable` to be, or to point to: `extern struct page *variable`. Its
/// tag, and whether it is a pointer.
pub fn declared(text: &[u8], variable: &str) -> Option<(Name, bool)> {
    whole_words(text, variable).find_map(|found| {
        let at = found.range().start;
        let before = &text[..at];
        let begin = memchr::memrchr3(b';', b'}', b'{', before).map_or(0, |at| at + 1);
        let words = &before[begin..];
        let mut tokens: Vec<Token> = Lexer::new(words).collect();
        let count = tokens.len();
        while tokens.last().is_some_and(|token| token.is(b'*')) {
            tokens.pop();
        }
        let [.., structure, tag] = tokens[..] else {
            return None;
        };
        let is_tag = tag.kind == TokenKind::Ident && is_structure(words, structure);
        is_tag.then(|| (name(tag.span.of(words)), tokens.len() < count))
    })
}

fn is_structure(text: &[u8], token: Token) -> bool {
    matches!(token.span.of(text), b"struct" | b"union")
}

/// The tokens up to the brace that closes, directives left out.
fn body(lexer: &mut Lexer<'_>) -> Vec<Token> {
    let mut depth = 1_u32;
    let mut tokens = Vec::new();
    for token in lexer {
        match token.kind {
            TokenKind::Punct(b'{') => depth += 1,
            TokenKind::Punct(b'}') => depth -= 1,
            TokenKind::Directive => continue,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        tokens.push(token);
    }
    tokens
}

fn declarations(text: &[u8], tokens: &[Token], found: &mut Vec<Member>, depth: u32) {
    let (mut start, mut level) = (0, 0_u32);
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Punct(b'{' | b'(' | b'[') => level += 1,
            TokenKind::Punct(b'}' | b')' | b']') => level = level.saturating_sub(1),
            TokenKind::Punct(b';') if level == 0 => {
                declaration(text, &tokens[start..at], found, depth);
                start = at + 1;
            }
            _ => {}
        }
    }
}

fn declaration(text: &[u8], tokens: &[Token], found: &mut Vec<Member>, depth: u32) {
    let open = tokens.iter().position(|token| token.is(b'{'));
    let close = tokens.iter().rposition(|token| token.is(b'}'));
    let Some((open, close)) = open.zip(close).filter(|(open, close)| open < close) else {
        let end = tokens
            .iter()
            .position(|token| token.kind != TokenKind::Ident)
            .unwrap_or(tokens.len());
        // The name is no part of the type, but for `int (*f)(int)` and `struct a *p`.
        let named = tokens
            .get(end)
            .is_none_or(|next| !next.is(b'*') && !next.is(b'('));
        let words = &tokens[..end.saturating_sub(usize::from(named))];
        return declarators(text, tokens, joined(text, words), found);
    };
    // Without a name behind its brace, what is inside belongs to the structure around.
    let behind = &tokens[close + 1..];
    if behind.iter().all(|token| token.kind != TokenKind::Ident) && depth < DEEPEST {
        declarations(text, &tokens[open + 1..close], found, depth + 1);
    } else {
        declarators(text, behind, joined(text, &tokens[..open]), found);
    }
}

/// `int (*probe)(int), *next, flags : 4, table[8]`
fn declarators(text: &[u8], tokens: &[Token], type_text: Name, found: &mut Vec<Member>) {
    for part in crate::params::split_commas(tokens) {
        let pointed = part.windows(3).position(|three| {
            three[0].is(b'(') && three[1].is(b'*') && three[2].kind == TokenKind::Ident
        });
        if let Some(at) = pointed {
            found.push(Member {
                name: name(part[at + 2].span.of(text)),
                type_text,
                pointer: true,
                is_array: false,
                is_function: true,
            });
            continue;
        }
        let end = part
            .iter()
            .position(|t| t.is(b'[') || t.is(b':') || t.is(b'('));
        let words = &part[..end.unwrap_or(part.len())];
        if let Some(last) = words.iter().rfind(|token| token.kind == TokenKind::Ident) {
            found.push(Member {
                name: name(last.span.of(text)),
                type_text,
                pointer: part.iter().any(|t| t.is(b'*') || t.is(b'[')),
                is_array: part.iter().any(|t| t.is(b'[')) && !part.iter().any(|t| t.is(b'*')),
                is_function: false,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_all_kinds() {
        let text =
            b"struct a;\nstruct a *f(struct a *p) { return p; }\nstruct a {\n\tint x, *y[4];\n\
            #ifdef B\n\tstruct b in;\n#endif\n\tunion { struct c *c; u8 flags : 4; };\n\
            \tstruct { int z; } named;\n\tint (*probe)(struct d *d, int), (*remove)(void);\n};\n";
        let found = members(text, "a").unwrap();
        let shown: Vec<String> = found
            .iter()
            .map(|m| {
                let flags = (
                    if m.pointer { " *" } else { "" },
                    if m.is_function { " ()" } else { "" },
                );
                format!("{}: {}{}{}", m.name, m.type_text, flags.0, flags.1)
            })
            .collect();
        let expect = [
            "x: int",
            "y: int *",
            "in: struct b",
            "c: struct c *",
            "flags: u8",
            "named: struct",
            "probe: int * ()",
            "remove: int * ()",
        ];
        assert_eq!(shown, expect);
        assert_eq!(members(text, "b"), None);
        let text = b"typedef struct { int a; } other; typedef struct { int b; } seq_t;";
        let found = members(text, "seq_t").unwrap();
        assert_eq!(found[0].name.as_str(), "b");
        assert_eq!(members(b"struct a { int x", "a"), Some(Vec::new()));
        assert!(members(b"struct a { { ) ; } { ) ; } };", "a").is_some());
    }

    #[test]
    fn declarations_of_variables() {
        let text = b"extern struct key key_b, key_a;\nstatic struct key *key_c;\nstruct key f(int key_d);\n\
            struct key key_e = { 0 };";
        let of = |name: &str| declared(text, name).map(|(tag, pointer)| (tag.as_str(), pointer));
        assert_eq!(of("key_b"), Some(("key", false)));
        assert_eq!(of("key_c"), Some(("key", true)));
        assert_eq!(of("key_d"), None);
        assert_eq!(of("key_e"), Some(("key", false)));
        assert_eq!(of("key"), None);
    }
}
