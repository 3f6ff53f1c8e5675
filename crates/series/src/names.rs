//! Names of files as patches write them: with what stands before them, between quotes, before a time.

use crate::body::trimmed;

/// Both names behind `diff --git`, which are the same but for what stands before them.
pub(crate) fn both_names(names: &[u8]) -> Option<(String, String)> {
    if names.starts_with(b"\"") {
        let end = 1 + quoted_end(&names[1..])?;
        let (old, new) = (
            name_of(&names[..=end]).ok()?,
            name_of(names.get(end + 2..)?).ok()?,
        );
        return Some((old, new));
    }
    let cut = |name: &[u8]| {
        let slash = memchr::memchr(b'/', name);
        slash.map_or(name.to_vec(), |slash| name[slash + 1..].to_vec())
    };
    let spaces = memchr::memchr_iter(b' ', names);
    let mut halves = spaces.map(|space| (&names[..space], &names[space + 1..]));
    let (old, new) = halves.find(|(old, new)| cut(old) == cut(new))?;
    Some((name_of(old).ok()?, name_of(new).ok()?))
}

/// Where a name between quotes ends.
fn quoted_end(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match text.get(at)? {
            b'"' => return Some(at),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// A name as it is written: between quotes, or up to a tab, behind which a time may stand.
pub(crate) fn name_of(written: &[u8]) -> Result<String, String> {
    let written = trimmed(written);
    let bytes = match written.strip_prefix(b"\"") {
        Some(quoted) => {
            let end = quoted_end(quoted).ok_or("the name of the file does not end")?;
            unquoted(&quoted[..end])
        }
        None => written
            .split(|byte| *byte == b'\t')
            .next()
            .unwrap_or_default()
            .to_vec(),
    };
    String::from_utf8(bytes).map_err(|error| {
        let name = String::from_utf8_lossy(error.as_bytes()).into_owned();
        format!("the name of the file is no UTF-8: {name}")
    })
}

/// A name without the escapes of C.
fn unquoted(quoted: &[u8]) -> Vec<u8> {
    let mut name = Vec::with_capacity(quoted.len());
    let mut rest = quoted.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        let escaped = if byte == b'\\' { rest.next() } else { None };
        name.push(match escaped {
            None => byte,
            Some(first @ b'0'..=b'7') => {
                let mut number = u32::from(first - b'0');
                for _ in 0..2 {
                    if let Some(digit) = rest.next_if(|digit| (b'0'..=b'7').contains(digit)) {
                        number = number * 8 + u32::from(digit - b'0');
                    }
                }
                number.to_le_bytes()[0]
            }
            Some(letter) => match letter {
                b'a' => 7,
                b'b' => 8,
                b't' => b'\t',
                b'n' => b'\n',
                b'v' => 11,
                b'f' => 12,
                b'r' => b'\r',
                other => other,
            },
        });
    }
    name
}
