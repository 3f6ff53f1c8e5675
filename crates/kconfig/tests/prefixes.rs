//! Whatever stops in the middle is read as far as it goes.

use kconfig::parse;

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

#[test]
fn every_prefix_and_every_lost_byte_is_survived() {
    for end in 0..=CORNERS.len() {
        let parsed = parse(&CORNERS[..end]);
        for error in &parsed.errors {
            assert!(error.span.end as usize <= end, "{error:?} in {end} bytes");
        }
    }
    for lost in 0..CORNERS.len() {
        let mut text = CORNERS.to_vec();
        text.remove(lost);
        parse(&text);
        for odd in [b'\0', b'"', b'$', b'(', b'\\', 0xff] {
            text.insert(lost, odd);
            parse(&text);
            text.remove(lost);
        }
    }
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
    check("config A\n\tbool ;\n", ";", "a stray \";\"");
}
