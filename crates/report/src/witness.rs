//! The configuration in which a finding shows, as a fragment of a `.config`.

use std::fmt::Write as _;

use rules::Finding;

use crate::clean;

/// The lines to be merged, behind comments that say what they are for; which finding of how many it is.
pub fn witness(finding: &Finding, (number, count): (usize, usize)) -> String {
    let mut text = String::new();
    let mut comment = |words: &str| {
        let _ = writeln!(text, "# {}", clean::line(words));
    };
    comment(&finding.message);
    if count > 1 {
        comment(&format!(
            "finding {number} of {count}: --finding N shows another"
        ));
    }
    for step in &finding.path {
        if !step.entry.is_empty() {
            comment(&format!("path: from {}", step.entry));
        }
        let place = &step.place;
        comment(&format!(
            "  {}:{} {}()",
            place.file, place.line, step.function
        ));
    }
    for words in &finding.assumptions {
        comment(&format!("when: {words}"));
    }
    for note in &finding.notes {
        comment(&format!("note: {}", note.text));
    }
    for (symbol, value) in &finding.config {
        let line = match value.as_str() {
            "n" => format!("# CONFIG_{symbol} is not set"),
            value => format!("CONFIG_{symbol}={value}"),
        };
        let _ = writeln!(text, "{line}");
    }
    text
}
