//! Integer and character constants.

/// The value of an integer or character constant as C writes it; `None` for a floating one, a
/// string, or what is none at all.
pub(crate) fn parse(text: &[u8]) -> Option<i128> {
    if let [b'\'', inner @ .., b'\''] = text {
        return character(inner);
    }
    let words = std::str::from_utf8(text)
        .ok()?
        .trim_end_matches(['u', 'U', 'l', 'L']);
    let lower = words.to_ascii_lowercase();
    if let Some(hex) = lower.strip_prefix("0x") {
        // `0xful` loses no digit: `u` and `l` are none.
        return i128::from_str_radix(hex, 16).ok();
    }
    if let Some(binary) = lower.strip_prefix("0b") {
        return i128::from_str_radix(binary, 2).ok();
    }
    match lower.strip_prefix('0') {
        Some(octal) if !octal.is_empty() => i128::from_str_radix(octal, 8).ok(),
        _ => lower.parse().ok(),
    }
}

fn character(inner: &[u8]) -> Option<i128> {
    match inner {
        [b'\\', b'n'] => Some(10),
        [b'\\', b't'] => Some(9),
        [b'\\', b'r'] => Some(13),
        [b'\\', b'0'] => Some(0),
        [byte] | [b'\\', byte] => Some(i128::from(*byte)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn constants() {
        let value = |text: &str| parse(text.as_bytes());
        assert_eq!(
            ["0", "10UL", "0x1fULL", "010", "'a'"].map(value),
            [0, 10, 31, 8, 97].map(Some)
        );
        assert_eq!(["1.5", "08", "\"x\"", "0x", ""].map(value), [None; 5]);
    }
}
