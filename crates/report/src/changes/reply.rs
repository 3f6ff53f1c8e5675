//! An answer to a patch by mail: the hunk is quoted, and below it stands what is wrong, as a reviewer writes.

use std::fmt::Write as _;

use rules::Finding;

use super::{Change, Changes, Remark, remarks};
use crate::clean;
use crate::formats::details;

/// The answers to those patches of which something is to be said, each a mail that can be sent as it is; where they
/// are several, in one box. Nothing where nothing is to be said.
pub fn reply(all: &Changes<'_>) -> String {
    let mails: Vec<String> = all
        .changes
        .iter()
        .enumerate()
        .filter_map(|(at, change)| mail(change, &remarks(all, at)))
        .collect();
    match mails.as_slice() {
        [one] => one.clone(),
        several => {
            let start = "From vmemmlint Thu Jan  1 00:00:00 1970\n";
            let framed: Vec<String> = several
                .iter()
                .map(|mail| format!("{start}{mail}\n"))
                .collect();
            framed.concat()
        }
    }
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
    for remark in remarks {
        let quoted = remark.spot.map(|spot| spot.quoted.as_slice());
        if let Some(quoted) = quoted.filter(|quoted| before != Some(*quoted)) {
            for line in quoted {
                let _ = writeln!(text, "> {}", clean_code(line));
            }
        }
        before = quoted.or(before);
        let _ = writeln!(text, "\n{}", said(remark));
    }
    Some(text)
}

fn head(change: &Change<'_>) -> String {
    let mut text = String::new();
    let mail = change.mail.unwrap_or_default();
    let mut field = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "{name}: {value}");
        }
    };
    field("To", &clean::line(mail.from));
    let to: Vec<String> = mail.to.iter().map(|to| clean::line(to)).collect();
    field("Cc", &to.join(", "));
    let number = change
        .number
        .map(|(number, total)| format!(" {number}/{total}"));
    let title = clean::line(change.title);
    field(
        "Subject",
        &format!("Re: [PATCH{}] {title}", number.unwrap_or_default()),
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

/// What is wrong, in paragraphs.
fn said(remark: &Remark<'_>) -> String {
    let rule = &remark.rule;
    let mut text = textwrap::fill(&format!("{rule}: {}", remark.words), 72);
    let place = format!("{}:{}", remark.file, remark.line);
    let _ = write!(text, "\n\n  {place}");
    if let Some(finding) = remark.finding {
        if !finding.code.is_empty() {
            let _ = write!(
                text,
                ": {}",
                clean::cut(&clean::line(&finding.code), 60, "...")
            );
        }
        text.push('\n');
        for line in details(finding) {
            let _ = writeln!(text, "  {line}");
        }
        text += &help(finding);
    } else {
        text.push('\n');
    }
    text
}

fn help(finding: &Finding) -> String {
    if finding.help.is_empty() {
        return String::new();
    }
    let mut help = clean::line(&finding.help);
    if let Some(first) = help.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    format!("\n{}\n", textwrap::fill(&(help + "."), 72))
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
