//! A macro's replacement with arguments put in, token by token.
//!
//! ```c
//! #define CLASS(_name, var) class_##_name##_t var = class_##_name##_constructor
//! ```
//!
//! Most macros need not be spelled out: their replacement is read once, and a parameter in it stands
//! for what is passed. Only where `#` and `##` make new tokens ([`is_textual`]), or where the
//! replacement is no C before its arguments are known, the text itself has to be made.

use text::{Name, Span};

use crate::directives::name;
use crate::items::is_keyword;
use crate::lexer::{Lexer, Token, TokenKind};
use crate::params::split_commas;

/// Longer replacements are cut off: a macro can double its argument at every use.
const LONGEST: usize = 1 << 18;

/// Whether a replacement makes tokens out of its parameters, or puts one behind a name, as `acpi_error
/// plist` does for a list with its parentheses. `, ##__VA_ARGS__` does not count: the parameter stands for all
/// that is passed, be it nothing.
pub(crate) fn is_textual(body: &[u8], params: &[Name]) -> bool {
    let tokens: Vec<Token> = Lexer::inside(body).collect();
    let word = |token: Token| name(token.span.of(body));
    let behind_name = tokens.windows(2).any(|pair| {
        pair.iter().all(|token| token.kind == TokenKind::Ident)
            && !is_keyword(pair[0].span.of(body))
            && parameter(params, &word(pair[1])).is_some()
    });
    behind_name
        || tokens.iter().enumerate().any(|(at, token)| {
            token.is(b'#')
                && match paste_end(&tokens, at) {
                    Some(next) => !is_variadic_tail(body, &tokens, at, next, params),
                    // A string is a value like any other, unless pieces are put together.
                    None => false,
                }
        })
}

/// What a macro makes of its arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Substituted {
    /// The text.
    pub text: Vec<u8>,
    /// Where arguments stand in it, in order, and which they are. One whose tokens `#` or `##` changed is not
    /// among them.
    pub given: Vec<(Span, usize)>,
}

/// The text of `body` with the `args` in place of the `params`, and with `#` and `##` carried out. A
/// variadic parameter takes what is left of the arguments, commas and all.
pub fn substitute(body: &[u8], params: &[Name], args: &[Vec<u8>]) -> Substituted {
    let tokens: Vec<Token> = Lexer::inside(body).collect();
    let put = Put { body, params, args };
    let mut out: Vec<u8> = Vec::with_capacity(body.len());
    let mut given = Vec::new();
    let mut at = 0;
    // Whether the next token is put to the last without a blank.
    let mut pasting = false;
    let mut put_last = false;
    while let Some(token) = tokens.get(at) {
        if out.len() > LONGEST {
            break;
        }
        if let Some(next) = paste_end(&tokens, at).filter(|_| token.is(b'#')) {
            if is_variadic_tail(body, &tokens, at, next, params) {
                if put.argument(tokens[next]).is_none_or(<[u8]>::is_empty) {
                    trim_comma(&mut out);
                }
            } else {
                // Nothing on the left: what follows stands alone.
                let empty = put_last && out.last() == Some(&b' ');
                if !empty {
                    out.truncate(out.trim_ascii_end().len());
                }
                pasting = true;
            }
            at = next;
            continue;
        }
        // Two bytes of one operator stay together; an argument stays apart from what is around it.
        let together = at.checked_sub(1).is_some_and(|before| {
            tokens[before].span.end == token.span.start
                && !put_last
                && put.argument(*token).is_none()
        });
        if !pasting && !together {
            out.push(b' ');
        }
        let pasted = pasting || paste_end(&tokens, at + 1).is_some();
        pasting = false;
        put_last = put.argument(*token).is_some();
        if token.is(b'#')
            && let Some(arg) = tokens.get(at + 1).and_then(|next| put.argument(*next))
        {
            quote(&mut out, arg);
            at += 2;
            continue;
        }
        let start = out.len();
        out.extend_from_slice(put.argument(*token).unwrap_or(token.span.of(body)));
        if let Some(number) = put.number(*token).filter(|_| !pasted) {
            given.push((Span::new(start, out.len()), number));
        }
        at += 1;
    }
    Substituted { text: out, given }
}

/// Which parameters stand beside `#` or `##`, so that their arguments are put in as they are written.
pub fn pasted(body: &[u8], params: &[Name]) -> Vec<bool> {
    let tokens: Vec<Token> = Lexer::inside(body).collect();
    let mut raw = vec![false; params.len()];
    for (at, token) in tokens.iter().enumerate() {
        let beside = tokens.get(at + 1).is_some_and(|next| next.is(b'#'))
            || at
                .checked_sub(1)
                .is_some_and(|before| tokens[before].is(b'#'));
        if token.kind == TokenKind::Ident
            && beside
            && let Some(number) = parameter(params, &name(token.span.of(body)))
        {
            raw[number] = true;
        }
    }
    raw
}

/// Where the arguments of a use `NAME(a, b)` stand in its text; one that is empty is there as well.
/// `None` where no parenthesis follows the name.
pub fn arguments(text: &[u8]) -> Option<Vec<Span>> {
    let tokens: Vec<Token> = Lexer::inside(text).collect();
    if !tokens.get(1)?.is(b'(') {
        return None;
    }
    let mut depth = 0_u32;
    let close = tokens.iter().position(|token| {
        match token.kind {
            TokenKind::Punct(b'(' | b'[' | b'{') => depth += 1,
            TokenKind::Punct(b')' | b']' | b'}') => depth = depth.saturating_sub(1),
            _ => return false,
        }
        depth == 0
    });
    let close = close.unwrap_or(tokens.len());
    let mut start = tokens[1].span.end;
    let parts = split_commas(&tokens[2..close.max(2)]);
    let spans = parts
        .into_iter()
        .map(|part| match (part.first(), part.last()) {
            (Some(first), Some(last)) => {
                start = last.span.end;
                Span {
                    start: first.span.start,
                    end: last.span.end,
                }
            }
            _ => Span { start, end: start },
        });
    Some(spans.collect())
}

struct Put<'p> {
    body: &'p [u8],
    params: &'p [Name],
    args: &'p [Vec<u8>],
}

impl Put<'_> {
    /// The number of the parameter that `token` is.
    fn number(&self, token: Token) -> Option<usize> {
        let word = (token.kind == TokenKind::Ident).then(|| name(token.span.of(self.body)))?;
        parameter(self.params, &word)
    }

    /// What stands for `token`, if it is a parameter.
    fn argument(&self, token: Token) -> Option<&[u8]> {
        let at = self.number(token)?;
        Some(self.args.get(at).map_or(&[], Vec::as_slice))
    }
}

/// The number of the parameter that is written `word`.
pub(crate) fn parameter(params: &[Name], word: &str) -> Option<usize> {
    params
        .iter()
        .position(|param| match param.strip_suffix("...") {
            Some("") => word == "__VA_ARGS__",
            Some(named) => word == named,
            None => **param == *word,
        })
}

/// The token behind the `##` that begins at `tokens[at]`.
fn paste_end(tokens: &[Token], at: usize) -> Option<usize> {
    let (first, second) = (tokens.get(at)?, tokens.get(at + 1)?);
    let is_paste = first.is(b'#') && second.is(b'#') && second.span.start == first.span.end;
    (is_paste && at + 2 < tokens.len()).then_some(at + 2)
}

/// `, ##args`, where `args` is what is left of the arguments.
fn is_variadic_tail(
    body: &[u8],
    tokens: &[Token],
    at: usize,
    next: usize,
    params: &[Name],
) -> bool {
    let comma = at
        .checked_sub(1)
        .is_some_and(|before| tokens[before].is(b','));
    let word = name(tokens[next].span.of(body));
    let variadic = |n: usize| params[n].ends_with("...");
    comma && parameter(params, &word).is_some_and(variadic)
}

fn trim_comma(out: &mut Vec<u8>) {
    let end = out.trim_ascii_end().len();
    out.truncate(end);
    if out.last() == Some(&b',') {
        out.pop();
    }
}

fn quote(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for byte in text {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', *byte]),
            b'\n' => out.push(b' '),
            byte => out.push(*byte),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(params: &[&str], body: &str, args: &[&str], expect: &str) {
        let params: Vec<Name> = params.iter().map(|p| Name::new(p)).collect();
        let args: Vec<Vec<u8>> = args.iter().map(|a| a.as_bytes().to_vec()).collect();
        let made = substitute(body.as_bytes(), &params, &args);
        let made = String::from_utf8(made.text).unwrap();
        let words: Vec<&str> = made.split_whitespace().collect();
        assert_eq!(words.join(" "), expect, "{body}");
    }

    #[test]
    fn tokens_are_put_together() {
        check(
            &["n"],
            "class_##n##_t x = n ## 1",
            &["mutex"],
            "class_mutex_t x = mutex1",
        );
        check(
            &["n"],
            "#n \"x\" # n",
            &["a \"b\""],
            "\"a \\\"b\\\"\" \"x\" \"a \\\"b\\\"\"",
        );
        check(
            &["f", "..."],
            "g(f, ##__VA_ARGS__)",
            &["\"%d\"", "a, b"],
            "g( \"%d\" , a, b )",
        );
        check(&["f", "..."], "g(f, ##__VA_ARGS__)", &["1", ""], "g( 1 )");
        check(
            &["f", "args..."],
            "g(f, args)",
            &["1", "2, 3"],
            "g( 1 , 2, 3 )",
        );
        check(&["a"], "##a a##", &["x"], "x x ##");
        check(&["a"], "void a##write(void)", &[""], "void write(void)");
        check(&["a"], "a->b != -a", &["-x"], "-x ->b != - -x");
        check(&[], "", &[], "");
    }

    #[test]
    fn what_has_to_be_spelled_out() {
        let textual = |params: &[&str], body: &str| {
            let params: Vec<Name> = params.iter().map(|p| Name::new(p)).collect();
            is_textual(body.as_bytes(), &params)
        };
        assert!(textual(&["a"], "x_##a"));
        assert!(!textual(&["a"], "f(#a, a)"));
        assert!(!textual(&["a", "..."], "f(a, ##__VA_ARGS__)"));
        assert!(textual(&["..."], "f_##__VA_ARGS__"));
        assert!(textual(&["list"], "print list"));
        assert!(!textual(&["a"], "return a"));
    }

    #[test]
    fn arguments_are_found_by_their_commas() {
        let found = |text: &str| {
            let spans = arguments(text.as_bytes())?;
            Some(
                spans
                    .into_iter()
                    .map(|s| text[s.range()].to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        let expect = |parts: &[&str]| Some(parts.iter().map(|p| (*p).to_owned()).collect());
        assert_eq!(
            found("m(a, f(b, c), {d, e})"),
            expect(&["a", "f(b, c)", "{d, e}"])
        );
        assert_eq!(found("m()"), expect(&[""]));
        assert_eq!(found("m(, a)"), expect(&["", "a"]));
        assert_eq!(found("m(a"), expect(&["a"]));
        assert_eq!(found("m"), None);
        assert_eq!(found("m + (a)"), None);
    }
}
