//! Whatever the bytes are, they are read without a panic and come back as they were.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let parsed = kconfig::parse(text);
    let tokens = parsed.tokens.iter();
    let again: Vec<u8> = tokens.flat_map(|token| token.span.of(text)).copied().collect();
    assert_eq!(again, text);
});
