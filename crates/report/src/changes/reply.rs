//! An answer to a patch by mail: the hunk is quoted, and below it stands what is wrong, as a reviewer writes.

use std::fmt::Write as _;

use rules::Finding;
use textwrap::{Options, WordSeparator, WordSplitter};

use super::{Change, Changes, Remark, remarks};
use crate::clean;
use crate::formats::details;

/// Where lines end in a mail.
const COLUMNS: usize = 72;

/// The answers to those patches of which something is to be said, as a box of mails. Nothing where nothing is
/// to be said.
pub fn reply(all: &Changes<'_>) -> String {
    let mails: Vec<String> = all
        .changes
        .iter()
        .enumerate()
        .filter_map(|(at, change)| mail(change, &remarks(all, at)))
        .collect();
    let start = "From vmemmlint Thu Jan  1 00:00:00 1970\n";
    let framed: Vec<String> = mails
        .iter()
        .map(|mail| format!("{start}{mail}\n"))
        .collect();
    framed.concat()
}

fn mail(change: &Change<'_>, remarks: &[Remark<'_>]) -> Option<String> {
    if remarks.is_empty() {
        return None;
    }
    let mut text = head(change);
    let author = change
        .mail
        .as_ref()
        .map(|mail| (clean::line(mail.from), clean::line(mail.date)));
    match author {
        Some((from, date)) if !from.is_empty() && !date.is_empty() => {
            let _ = writeln!(text, "On {date}, {from} wrote:");
        }
        Some((from, _)) if !from.is_empty() => {
            let _ = writeln!(text, "{from} wrote:");
        }
        _ => {}
    }
    // What stands in one place of the patch is said there together.
    let mut before: Option<&[String]> = None;
    let mut told: Option<&Finding> = None;
    for remark in remarks {
        let quoted = remark.spot.map(|spot| spot.quoted.as_slice());
        if let Some(quoted) = quoted.filter(|quoted| before != Some(*quoted)) {
            if before.is_some() {
                text.push('\n');
            }
            for line in quoted {
                let _ = writeln!(text, "> {}", clean_code(line));
            }
        }
        before = quoted.or(before);
        let _ = write!(text, "\n{}", said(remark, told));
        told = remark.finding.or(told);
    }
    Some(text)
}

fn head(change: &Change<'_>) -> String {
    let mut text = String::new();
    let mail = change.mail.unwrap_or_default();
    let mut field = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "{name}: {}", encoded(value));
        }
    };
    field("To", &clean::line(mail.from));
    let to: Vec<String> = mail.to.iter().map(|to| clean::line(to)).collect();
    field("Cc", &to.join(", "));
    let subject = match clean::line(mail.subject) {
        subject if subject.is_empty() => clean::line(change.title),
        subject => subject,
    };
    let is_reply = subject
        .get(..3)
        .is_some_and(|start| start.eq_ignore_ascii_case("re:"));
    field(
        "Subject",
        &if is_reply {
            subject
        } else {
            format!("Re: {subject}")
        },
    );
    if !mail.id.is_empty() {
        let id = format!("<{}>", clean::line(mail.id));
        field("In-Reply-To", &id);
        field("References", &id);
    }
    field("MIME-Version", "1.0");
    field("Content-Type", "text/plain; charset=utf-8");
    field("Content-Transfer-Encoding", "8bit");
    text + "\n"
}

/// What is wrong, in paragraphs; what `told` has said is not said again.
fn said(remark: &Remark<'_>, told: Option<&Finding>) -> String {
    let mut text = wrapped(&format!("{}: {}", remark.rule, remark.words), ("", ""));
    let _ = write!(text, "\n\n  {}:{}", remark.file, remark.line);
    let Some(finding) = remark.finding else {
        return text + "\n";
    };
    if !finding.code.is_empty() {
        let code = clean::cut(&clean::line(&finding.code), 60, "...");
        let _ = write!(text, ": {code}");
    }
    text.push('\n');
    let known = told.map(details).unwrap_or_default();
    let (same, new): (Vec<String>, Vec<String>) = details(finding)
        .into_iter()
        .partition(|line| known.contains(line));
    for line in new {
        let _ = writeln!(text, "{}", wrapped(&line, ("  ", "    ")));
    }
    if !same.is_empty() {
        text += "  (else as above)\n";
    }
    if told.is_none_or(|told| told.help != finding.help) && !finding.help.is_empty() {
        let mut help = clean::line(&finding.help);
        if let Some(first) = help.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let _ = writeln!(text, "\n{}", wrapped(&(help + "."), ("", "")));
    }
    text
}

/// Lines that a mail can have; paths stay whole.
fn wrapped(text: &str, (first, others): (&str, &str)) -> String {
    let options = Options::new(COLUMNS)
        .initial_indent(first)
        .subsequent_indent(others)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .break_words(false);
    textwrap::fill(text, options)
}

/// The value of a header in ASCII, words of others encoded (RFC 2047): those between the first and the last of them, but no
/// addresses.
fn encoded(value: &str) -> String {
    let words: Vec<&str> = value.split(' ').collect();
    let mut shown: Vec<String> = Vec::new();
    let mut was_encoded = false;
    for word in words {
        if word.is_ascii() {
            shown.push(word.to_owned());
            was_encoded = false;
            continue;
        }
        // Between two of them a blank is none, so that it belongs to the second.
        let word = if was_encoded {
            format!(" {word}")
        } else {
            word.to_owned()
        };
        let chars: Vec<char> = word.chars().collect();
        for some in chars.chunks(10) {
            let some: String = some.iter().collect();
            let bytes = some.bytes().map(|byte| match byte {
                b' ' => "_".to_owned(),
                byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
                byte => format!("={byte:02X}"),
            });
            shown.push(format!(
                "=?utf-8?q?{}?=",
                bytes.collect::<Vec<_>>().concat()
            ));
        }
        was_encoded = true;
    }
    shown.join(" ")
}

/// A line of a patch, whose blanks stay.
fn clean_code(line: &str) -> String {
    let line = line.trim_end_matches(['\n', '\r']);
    let shown = |c: char| {
        if clean::is_unsafe(c) && c != '\t' {
            ' '
        } else {
            c
        }
    };
    line.chars().map(shown).collect()
}
