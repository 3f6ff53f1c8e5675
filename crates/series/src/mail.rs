//! Mails: one, a box of them, or a text that is none.
//!
//! The library takes the headers and the parts of a mail; the bytes of a part are decoded as they are, since a kernel file
//! need not be UTF-8. A box is split as `git mailsplit` does: at `From ` lines that have a time.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders, PartType};

use crate::body::{Body, lines, trimmed};
use crate::subject::Subject;

/// How the text of a mail comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transfer {
    /// As its headers say.
    #[default]
    AsSaid,
    /// Somebody has decoded it already, and left the headers as they were, as b4 does.
    Decoded,
}

/// By one of these it is known that a mail begins.
const HEADERS: [&[u8]; 6] = [
    b"subject",
    b"from",
    b"date",
    b"message-id",
    b"mime-version",
    b"content-type",
];

/// A mail, or a text that has no headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mail {
    /// Its subject.
    pub subject: Subject,
    /// Who has written it, as in the header: `A U Thor <author@example.org>`.
    pub from: String,
    /// When, as in the header.
    pub date: String,
    /// Its identity, without the angles.
    pub message_id: String,
    /// To whom it went: the addresses of `To` and `Cc`.
    pub to: Vec<String>,
    /// What it says.
    pub body: Body,
}

impl Mail {
    /// The mails in a file, be it one, a box, or a patch without headers.
    pub fn all(bytes: &[u8], transfer: Transfer) -> Vec<Mail> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut starts: Vec<(usize, usize)> = Vec::new();
        let mut is_first = true;
        for (number, (at, line)) in lines(bytes).enumerate() {
            if is_first && trimmed(line).is_empty() {
                continue;
            }
            // What begins without such a line is no box.
            if is_from_line(line) {
                starts.push((at + line.len(), number + 2));
            } else if is_first {
                return vec![Mail::one(&bytes[at..], number + 1, transfer)];
            }
            is_first = false;
        }
        let ends = starts.iter().skip(1).map(|(next, _)| {
            let before = &bytes[..next - 1];
            memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1)
        });
        let ends: Vec<usize> = ends.chain([bytes.len()]).collect();
        let all = starts.iter().zip(ends);
        all.map(|((start, line), end)| Mail::one(&bytes[*start..end], *line, transfer))
            .collect()
    }

    /// A text without headers.
    fn bare(bytes: &[u8], line: usize) -> Mail {
        let mut mail = Mail::default();
        mail.body.push(&with_unix_lines(bytes), Some(line));
        mail
    }

    /// One mail, which begins on this line of its file.
    fn one(bytes: &[u8], line: usize, transfer: Transfer) -> Mail {
        let Some(start) = header_end(bytes) else {
            return Mail::bare(bytes, line);
        };
        let Some(message) = MessageParser::default().parse(bytes) else {
            return Mail::bare(bytes, line);
        };
        let mut mail = Mail {
            subject: Subject::parse(&message.subject().map(joined).unwrap_or_default()),
            from: raw(&message, "From"),
            date: raw(&message, "Date"),
            message_id: message.message_id().unwrap_or_default().to_owned(),
            to: ["To", "Cc"].map(|name| raw(&message, name)).to_vec(),
            body: Body::default(),
        };
        mail.to.retain(|to| !to.is_empty());
        let line_of = |at: usize| line + memchr::memchr_iter(b'\n', &bytes[..at]).count();
        match transfer {
            Transfer::Decoded => mail.body.push(&bytes[start..], Some(line_of(start))),
            Transfer::AsSaid => {
                let parts = message.parts.iter().filter(|part| is_leaf(part));
                let parts: Vec<&MessagePart<'_>> = parts.collect();
                for part in &parts {
                    let start = part.offset_body as usize;
                    let raw = bytes.get(start..part.offset_end as usize);
                    let (text, is_decoded) = decoded(raw.unwrap_or_default(), part);
                    if !is_read(part, &text) {
                        continue;
                    }
                    let text = with_unix_lines(&text);
                    let text =
                        flowed(part).map_or(text.clone(), |spaces| unflowed(&text, spaces).into());
                    let line = (!is_decoded).then(|| line_of(start));
                    mail.body.push(&text, line);
                    if parts.len() > 1 {
                        mail.body.end_line();
                    }
                }
            }
        }
        mail
    }
}

/// A header's lines, in one, as they are.
fn raw(message: &Message<'_>, name: &'static str) -> String {
    let decoded = message.header_as(name, mail_parser::HeaderForm::Text);
    let words = decoded.iter().filter_map(|value| value.as_text());
    joined(&words.collect::<Vec<_>>().join(", "))
}

/// Words with single blanks between them.
fn joined(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a part has a text, and no parts of its own.
fn is_leaf(part: &MessagePart<'_>) -> bool {
    use PartType::{Binary, InlineBinary, Text};
    matches!(part.body, Text(_) | Binary(_) | InlineBinary(_))
}

/// Whether a part is read: a text that is no page, or what looks like a patch, however it is called.
fn is_read(part: &MessagePart<'_>, text: &[u8]) -> bool {
    let is_head = |line: &[u8]| line.starts_with(b"diff --git ") || line.starts_with(b"--- ");
    matches!(part.body, PartType::Text(_)) || lines(text).any(|(_, line)| is_head(line))
}

/// Whether lines of a part may be broken softly, and whether the blank there is one of the text.
fn flowed(part: &MessagePart<'_>) -> Option<bool> {
    let kind = part.content_type()?;
    let has = |name: &str, value: &str| {
        let found = kind.attribute(name);
        found.is_some_and(|found| found.eq_ignore_ascii_case(value))
    };
    has("format", "flowed").then(|| !has("delsp", "yes"))
}

/// A text whose lines may be broken softly (RFC 3676): a blank before a line is none of its own, and one behind it joins it
/// with the next.
fn unflowed(text: &[u8], keeps_blanks: bool) -> Vec<u8> {
    let (mut whole, mut begun) = (Vec::with_capacity(text.len()), Vec::new());
    for (_, line) in lines(text) {
        let content = line.strip_suffix(b"\n").unwrap_or(line);
        if content.starts_with(b">") || content == b"-- " {
            whole.append(&mut begun);
            whole.extend_from_slice(line);
            continue;
        }
        let content = content.strip_prefix(b" ").unwrap_or(content);
        if let Some(cut) = content.strip_suffix(b" ") {
            begun.extend_from_slice(if keeps_blanks { content } else { cut });
            continue;
        }
        whole.append(&mut begun);
        whole.extend_from_slice(content);
        if line.ends_with(b"\n") {
            whole.push(b'\n');
        }
    }
    whole.append(&mut begun);
    whole
}

/// The bytes of a part, and whether they had to be decoded.
fn decoded<'r>(raw: &'r [u8], part: &MessagePart<'_>) -> (Cow<'r, [u8]>, bool) {
    let encoding = part.content_transfer_encoding().unwrap_or_default();
    let text = match encoding.trim().to_ascii_lowercase().as_str() {
        "quoted-printable" => quoted_printable_decode(raw),
        "base64" => base64_decode(raw).or_else(|| with_footer(raw)),
        _ => None,
    };
    match text {
        Some(text) => (Cow::Owned(text), true),
        None => (Cow::Borrowed(raw), false),
    }
}

/// Base64 behind which a list has put words of its own.
fn with_footer(raw: &[u8]) -> Option<Vec<u8>> {
    let is_coded = |line: &[u8]| {
        let coded = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
        !line.is_empty() && line.iter().all(coded)
    };
    let mut all = lines(raw).skip_while(|(_, line)| trimmed(line).is_empty());
    let end = all.find(|(_, line)| !is_coded(trimmed(line)))?.0;
    let mut text = base64_decode(&raw[..end])?;
    text.push(b'\n');
    text.extend_from_slice(&raw[end..]);
    Some(text)
}

/// Mail has line ends of its own, which are no part of a patch: they go where the head of a file has them.
fn with_unix_lines(text: &[u8]) -> Cow<'_, [u8]> {
    let heads: [&[u8]; 3] = [b"diff --git ", b"--- ", b"+++ "];
    let is_head = |line: &[u8]| heads.iter().any(|head| line.starts_with(head));
    if !lines(text).any(|(_, line)| is_head(line) && line.ends_with(b"\r\n")) {
        return Cow::Borrowed(text);
    }
    let mut unix = Vec::with_capacity(text.len());
    for (_, line) in lines(text) {
        match line.strip_suffix(b"\r\n") {
            Some(line) => {
                unix.extend_from_slice(line);
                unix.push(b'\n');
            }
            None => unix.extend_from_slice(line),
        }
    }
    Cow::Owned(unix)
}

/// Whether a box begins a mail with this line: `From 0123abc Mon Sep 17 00:00:00 2001`.
fn is_from_line(line: &[u8]) -> bool {
    let Some(rest) = trimmed(line).strip_prefix(b"From ") else {
        return false;
    };
    let words: Vec<&[u8]> = rest
        .split(|b| *b == b' ')
        .filter(|w| !w.is_empty())
        .collect();
    let is_time = |word: &&[u8]| {
        let mut parts = word.split(|byte| *byte == b':');
        word.contains(&b':')
            && parts.all(|part| matches!(part.len(), 1 | 2) && part.iter().all(u8::is_ascii_digit))
    };
    let is_year = |word: &&[u8]| word.len() == 4 && word.iter().all(u8::is_ascii_digit);
    let time = words.iter().position(is_time);
    time.is_some_and(|time| words[time..].iter().any(is_year))
}

/// Where the text begins behind the headers of a mail; `None` where these are none.
fn header_end(bytes: &[u8]) -> Option<usize> {
    let mut is_mail = false;
    for (at, line) in lines(bytes) {
        let text = trimmed(line);
        if text.is_empty() {
            return is_mail.then_some(at + line.len());
        }
        if text.starts_with(b" ") || text.starts_with(b"\t") {
            if at == 0 {
                return None;
            }
            continue;
        }
        let colon = memchr::memchr(b':', text)?;
        let name = &text[..colon];
        if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
            return None;
        }
        is_mail |= HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known));
    }
    // Headers alone.
    is_mail.then_some(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::Line;

    fn texts(mails: &[Mail]) -> Vec<(String, String)> {
        let text = |mail: &Mail| String::from_utf8_lossy(mail.body.text()).into_owned();
        mails
            .iter()
            .map(|mail| (mail.subject.title.clone(), text(mail)))
            .collect()
    }

    #[test]
    fn a_box_is_split_where_a_line_has_a_time() {
        let mails = "From 01 Mon Sep 17 00:00:00 2001\nSubject: a\n\nFrom here on.\n\n\
                     From b@c Tue Nov 24 07:08:09 2026 +0100\nSubject: [PATCH]\n b\n\nB\n";
        let all = Mail::all(mails.as_bytes(), Transfer::AsSaid);
        let expected = [("a", "From here on.\n\n"), ("b", "B\n")];
        assert_eq!(texts(&all), expected.map(|(a, b)| (a.into(), b.into())));
        assert_eq!(all[0].body.line_at(0), Line::OfFile(4));
        assert_eq!(all[1].body.line_at(0), Line::OfFile(10));
    }

    #[test]
    fn a_text_without_headers_is_taken_as_it_is() {
        for text in [
            "--- a/x\n+++ b/x\n",
            "Origin: mine\n--- a/x\n",
            "",
            "\n\n",
            "x: y\n\nz\n",
        ] {
            let all = Mail::all(text.as_bytes(), Transfer::AsSaid);
            let found: Vec<u8> = all
                .iter()
                .flat_map(|mail| mail.body.text().to_vec())
                .collect();
            assert_eq!(String::from_utf8(found).unwrap().trim(), text.trim());
        }
    }

    #[test]
    fn parts_are_decoded_as_bytes() {
        let mail = "From: =?utf-8?q?J=C3=B6rg?= <j@x>\nSubject: =?utf-8?q?=5BPATCH=5D_=C3=A4?=\nMIME-Version: 1.0\n\
                    Content-Type: multipart/mixed; boundary=\"b\"\n\n\
                    --b\nContent-Type: text/plain; charset=latin1\nContent-Transfer-Encoding: quoted-printable\n\n\
                    a=3Db =E4 c=\nd\n\
                    --b\nContent-Type: text/html\n\n<b>no</b>\n\
                    --b\nContent-Type: application/octet-stream; name=\"x.patch\"\nContent-Transfer-Encoding: base64\n\n\
                    LS0tIGEvdg0KKysrIGIvdg0K\n--b--\n";
        let all = Mail::all(mail.as_bytes(), Transfer::AsSaid);
        assert_eq!(
            (all[0].from.as_str(), all[0].subject.title.as_str()),
            ("Jörg <j@x>", "ä")
        );
        assert_eq!(all[0].body.text(), b"a=b \xe4 cd\n--- a/v\n+++ b/v\n");
        assert_eq!(all[0].body.line_at(14), Line::OfText(2));
    }

    #[test]
    fn what_is_decoded_already_is_not_decoded_again() {
        let mail = "From: a\nSubject: s\nContent-Transfer-Encoding: quoted-printable\n\na=3D\n";
        let all = Mail::all(mail.as_bytes(), Transfer::Decoded);
        assert_eq!(all[0].body.text(), b"a=3D\n");
        let all = Mail::all(mail.as_bytes(), Transfer::AsSaid);
        assert_eq!(all[0].body.text(), b"a=\n");
    }
}
