//! Messages as they come over a stream: a header with their length, then JSON.
//!
//! What a client sends is not trusted. A body that is no message is answered with an error, and what follows is read;
//! where a header is damaged, the next one that looks like one is looked for.

use std::io::{self, BufRead, Read as _, Write};

use lsp_server::Message;
use serde::Serialize;

/// No body is longer.
const LONGEST: usize = 256 << 20;
/// No line of a header is longer.
const LONGEST_LINE: u64 = 8 << 10;
const LENGTH: &str = "content-length";
/// As clients write it.
const HEADER: &[u8] = b"Content-Length:";

/// What came.
#[derive(Debug)]
pub(crate) enum Received {
    /// A message.
    Message(Message),
    /// What is none, and why.
    Damaged(String),
}

/// A stream, read message by message.
pub(crate) struct Reader<R> {
    stream: R,
    /// What is read again before the stream: behind what was torn, the next message may have begun.
    again: Vec<u8>,
}

impl<R: BufRead> Reader<R> {
    pub(crate) fn new(stream: R) -> Reader<R> {
        Reader {
            stream,
            again: Vec::new(),
        }
    }

    /// Reads the next message; `None` at the end of the stream.
    pub(crate) fn read(&mut self) -> io::Result<Option<Received>> {
        let mut length: Option<usize> = None;
        loop {
            let line = self.line()?;
            if line.is_empty() {
                return Ok(None);
            }
            let header = String::from_utf8_lossy(&line);
            let header = header.trim();
            if let Some(own) = length_of(header) {
                length = Some(own);
            } else if header.is_empty()
                && let Some(length) = length
            {
                return self.body(length).map(Some);
            }
            // Other headers say nothing that is not known, and neither does what is none.
        }
    }

    /// The next line with its end; nothing at the end of the stream.
    fn line(&mut self) -> io::Result<Vec<u8>> {
        if let Some(end) = memchr::memchr(b'\n', &self.again) {
            return Ok(self.again.drain(..=end).collect());
        }
        let mut line = std::mem::take(&mut self.again);
        let mut stream = self.stream.by_ref().take(LONGEST_LINE);
        stream.read_until(b'\n', &mut line)?;
        Ok(line)
    }

    fn body(&mut self, length: usize) -> io::Result<Received> {
        let held = self.again.len().min(length);
        let mut text: Vec<u8> = self.again.drain(..held).collect();
        let mut rest = self.stream.by_ref().take((length - held) as u64);
        if length > LONGEST {
            // It is passed over in pieces, so that its length costs no memory.
            io::copy(&mut rest, &mut io::sink())?;
            return Ok(Received::Damaged(format!(
                "a message of {length} bytes is longer than {LONGEST}"
            )));
        }
        rest.read_to_end(&mut text)?;
        if text.len() < length {
            return Ok(Received::Damaged(
                "the stream ends within a message".to_owned(),
            ));
        }
        Ok(match serde_json::from_slice(&text) {
            Ok(message) => Received::Message(message),
            Err(error) => {
                self.again.splice(..0, next_header(&text).iter().copied());
                Received::Damaged(format!("this is no message: {error}"))
            }
        })
    }
}

/// What of a damaged body is the beginning of the next message: from a header in it, or from what may become one.
fn next_header(body: &[u8]) -> &[u8] {
    if let Some(at) = memchr::memmem::find(body, HEADER) {
        return &body[at..];
    }
    let parts = (1..HEADER.len()).rev();
    let begun = parts
        .into_iter()
        .find(|part| body.ends_with(&HEADER[..*part]));
    &body[body.len() - begun.unwrap_or(0)..]
}

/// The length that a line of a header tells. It may stand behind what is left of something torn.
fn length_of(line: &str) -> Option<usize> {
    let lower = line.to_ascii_lowercase();
    let at = lower.rfind(LENGTH)?;
    let value = line.get(at + LENGTH.len()..)?.trim_start();
    value.strip_prefix(':')?.trim().parse().ok()
}

/// Writes a message.
pub(crate) fn write(stream: &mut impl Write, message: &Message) -> io::Result<()> {
    #[derive(Serialize)]
    struct Envelope<'m> {
        jsonrpc: &'static str,
        #[serde(flatten)]
        message: &'m Message,
    }
    let text = serde_json::to_vec(&Envelope {
        jsonrpc: "2.0",
        message,
    })?;
    write!(stream, "Content-Length: {}\r\n\r\n", text.len())?;
    stream.write_all(&text)?;
    stream.flush()
}

/// Writes the answer to what was no message: nobody knows to which one.
pub(crate) fn write_error(stream: &mut impl Write, code: i32, why: &str) -> io::Result<()> {
    let text = serde_json::json!({
        "jsonrpc": "2.0",
        "id": null,
        "error": { "code": code, "message": why },
    });
    let text = text.to_string();
    write!(stream, "Content-Length: {}\r\n\r\n{text}", text.len())?;
    stream.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut stream: &[u8]) -> Vec<String> {
        let mut told = Vec::new();
        let mut reader = Reader::new(&mut stream);
        while let Some(received) = reader.read().unwrap() {
            told.push(match received {
                Received::Message(Message::Request(request)) => request.method,
                Received::Message(Message::Notification(note)) => note.method,
                Received::Message(Message::Response(_)) => "response".to_owned(),
                Received::Damaged(_) => "damaged".to_owned(),
            });
        }
        told
    }

    fn message(method: &str) -> String {
        let body = format!(r#"{{"jsonrpc":"2.0","method":"{method}"}}"#);
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    #[test]
    fn headers_are_read_as_clients_write_them() {
        let body = r#"{"jsonrpc":"2.0","id":1,"method":"a"}"#;
        let odd = format!(
            "content-length:{}\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\n\n{body}",
            body.len()
        );
        assert_eq!(all(format!("{odd}{}", message("b")).as_bytes()), ["a", "b"]);
    }

    #[test]
    fn what_is_damaged_costs_only_itself() {
        let text = format!(
            "{}Content-Length: 3\r\n\r\n{{a{}garbage\r\n\r\n{}xx{}Content-Length: 99\r\n\r\n{{",
            message("a"),
            message("b"),
            message("c"),
            message("d")
        );
        assert_eq!(
            all(text.as_bytes()),
            ["a", "damaged", "b", "c", "d", "damaged"]
        );
    }

    #[test]
    fn a_body_that_is_too_long_is_not_held() {
        let text = format!("Content-Length: {}\r\n\r\n", u64::MAX / 2);
        assert_eq!(all(text.as_bytes()), ["damaged"]);
    }
}
