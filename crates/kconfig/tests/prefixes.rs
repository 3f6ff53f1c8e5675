//! Whatever stops in the middle is read as far as it goes.

use kconfig::{Parsed, Property, Severity, Statement, StatementKind, Token, TokenKind, parse};
use text::Span;

/// The language's corners, each line of another kind.
const CORNERS: &[u8] = b"\
# a comment that ends in a backslash \\
mainmenu \"Linux/$(ARCH) $(KERNELVERSION) Kernel Configuration\"
cc-option = $(success,$(CC) -Werror $(1) -S -x c /dev/null -o /dev/null)
m32-flag := $(cc-option-bit,-m32)
cc-option += more
$(error-if,$(failure,command -v $(CC)),C compiler '$(CC)' not found)
source \"arch/$(SRCARCH)/Kconfig\"
osource \"scripts/*/Kconfig\"
config 64BIT
\tbool \"64-bit kernel\" if \"$(ARCH)\" = \"x86\"	# why not
\tdefault \"$(ARCH)\" != \"i386\"
\thelp
\t  Say yes.

\t    config is no keyword here \\
\t  nor is this.
 config lower-case
\ttristate 'a \\'quoted\\' one' if A && \\
\t\t!B=C || (D < 0x10)
\tdepends on $(cc-option,-a(b,c)) if E
\tselect F if G
\timply H
\trange 1 X if Y
\t---help---
\tx
choice
\tprompt \"one of\"
\toptional
\tdefault I
if J
config I
\tdef_bool m
\tmodules
endif
endchoice
menu \"m\xc3\xbcnu\"
\tvisible if K
\tdepends on L
comment \"only so\"
endmenu
menuconfig M
\tint
\tdefault -1
\ttransitional
\toption env=\"X\"";

#[test]
fn a_whole_file_has_no_errors() {
    let parsed = parse(CORNERS);
    assert_eq!(parsed.errors, [], "{:?}", parsed.errors);
}

/// The tokens follow each other without a gap, and all that says something stands in a statement or
/// in an error.
fn check_lossless(text: &[u8]) -> Parsed {
    let parsed = parse(text);
    let again: Vec<u8> = parsed
        .tokens
        .iter()
        .flat_map(|token| token.span.of(text))
        .copied()
        .collect();
    assert_eq!(again, text);
    let mut known = Vec::new();
    statements(&parsed.statements, &mut known);
    known.extend(parsed.errors.iter().map(|error| error.span));
    for token in &parsed.tokens {
        assert!(token.span.start < token.span.end, "{token:?}");
        let held = |span: &Span| span.start <= token.span.start && token.span.end <= span.end;
        // A line with an error in it is read no further.
        let line = |span: &Span| {
            let (from, to) = (
                span.start.min(token.span.start),
                span.start.max(token.span.start),
            );
            let ends = |token: &&Token| token.kind == TokenKind::Newline;
            let between = |token: &Token| (from..to).contains(&token.span.start);
            !parsed.tokens.iter().filter(ends).any(between)
        };
        let is_error = parsed.errors.iter().any(|error| line(&error.span));
        assert!(
            token.kind.is_trivia() || is_error || known.iter().any(held),
            "{token:?} in {:?}",
            String::from_utf8_lossy(text)
        );
    }
    let bytes = u32::try_from(text.len()).expect("short");
    assert!(
        known
            .iter()
            .all(|span| span.start <= span.end && span.end <= bytes)
    );
    parsed
}

fn statements(list: &[Statement], found: &mut Vec<Span>) {
    for statement in list {
        assert!(statement.span.start == statement.head.start);
        found.push(statement.head);
        let (own, inner): (&[Property], &[Statement]) = match &statement.kind {
            StatementKind::Config(_, own) => (own, &[]),
            StatementKind::Comment(own) => (own, &[]),
            StatementKind::Choice(_, own, inner) | StatementKind::Menu(own, inner) => (own, inner),
            StatementKind::If(_, inner) => (&[], inner),
            _ => (&[], &[]),
        };
        let inside = |span: Span| {
            assert!(statement.span.start <= span.start && span.end <= statement.span.end);
        };
        for property in own {
            inside(property.span);
            found.push(property.span);
        }
        for statement in inner {
            inside(statement.span);
        }
        statements(inner, found);
        if let StatementKind::Choice(..) | StatementKind::Menu(..) | StatementKind::If(..) =
            statement.kind
        {
            // Its last line.
            found.push(statement.span);
        }
    }
}

#[test]
fn every_prefix_and_every_lost_byte_is_survived() {
    for end in 0..=CORNERS.len() {
        check_lossless(&CORNERS[..end]);
    }
    for lost in 0..CORNERS.len() {
        let mut text = CORNERS.to_vec();
        text.remove(lost);
        check_lossless(&text);
        for odd in [b'\0', b'"', b'$', b'(', b'\\', b'\n', b'=', 0xff] {
            text.insert(lost, odd);
            check_lossless(&text);
            text.remove(lost);
        }
    }
}

#[test]
fn tokens_are_told_apart() {
    let check = |text: &str, expect: &[(TokenKind, &str)]| {
        let parsed = check_lossless(text.as_bytes());
        let found: Vec<_> = parsed
            .tokens
            .iter()
            .filter(|token| token.kind != TokenKind::Space)
            .map(|token| {
                (
                    token.kind,
                    &text[token.span.start as usize..token.span.end as usize],
                )
            })
            .collect();
        assert_eq!(found, expect);
    };
    check(
        "select $(a b)c if!D # why\n",
        &[
            (TokenKind::Word, "select"),
            (TokenKind::Word, "$(a b)c"),
            (TokenKind::Word, "if"),
            (TokenKind::Operator, "!"),
            (TokenKind::Word, "D"),
            (TokenKind::Comment, "# why"),
            (TokenKind::Newline, "\n"),
        ],
    );
    check(
        "a := b # c \\\nhelp\n  x\n",
        &[
            (TokenKind::Word, "a"),
            (TokenKind::Operator, ":="),
            (TokenKind::Value, "b # c \\"),
            (TokenKind::Newline, "\n"),
            (TokenKind::Word, "help"),
            (TokenKind::Newline, "\n"),
            (TokenKind::Help, "  x\n"),
        ],
    );
}

#[test]
fn what_the_kernel_only_warns_of_is_no_error() {
    let check = |text: &str, message: &str| {
        let parsed = check_lossless(text.as_bytes());
        let found: Vec<_> = parsed
            .errors
            .iter()
            .map(|error| (error.severity, error.message.as_str()))
            .collect();
        assert_eq!(found, [(Severity::Warning, message)], "{text}");
    };
    check("config A\n\tbool;\n", "a stray \";\" is passed over");
    check("comment \"a\n", "this text ends with its line");
    check(
        "config A\n\thelp\nconfig B\n",
        "this line is the text of the help above it",
    );
    check("config A\n\thelp\n", "this help has no text");
}

#[test]
fn errors_have_their_places() {
    let check = |text: &str, place: &str, message: &str| {
        let parsed = parse(text.as_bytes());
        let error = parsed.errors.first().expect("an error");
        let span = error.span.start as usize..error.span.end as usize;
        assert_eq!((&text[span], error.message.as_str()), (place, message));
    };
    check(
        "config A\n\tbolo\n",
        "bolo",
        "\"bolo\" begins no statement and no property",
    );
    check(
        "config A\n\tdepends A\n",
        "depends A",
        "depends is followed by on",
    );
    check(
        "config A\n\tdepends on A B\n",
        "B",
        "\"B\" was not expected here",
    );
    check("config A\n\tdepends on (A\n", "", "a ) is missing");
    check(
        "if A\nconfig B\n",
        "if A",
        "this block is not closed in its file",
    );
    check("endmenu\n", "endmenu", "endmenu without menu");
    check(
        "menu \"a\"\nif A\nendmenu\n",
        "if A",
        "this block is not closed",
    );
    check(
        "config A\n\tboolean\n",
        "boolean",
        "\"boolean\" begins no statement and no property",
    );
    check(
        "choice\n\tselect A\nendchoice\n",
        "select A",
        "this is no property of a choice",
    );
    check(
        "if A\n\tdefault y\nendif\n",
        "default y",
        "this belongs to no entry",
    );
    check(
        "source Kconfig\n",
        "source Kconfig",
        "source needs a path in quotes",
    );
}
