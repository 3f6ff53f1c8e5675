//! The table that closes a report: every architecture and what was found about it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use owo_colors::Style;
use rules::{ArchVerdict, Outcome, Verdict};

use crate::clean;
use crate::human::place_line;
use crate::look::Look;
use crate::paper::Paper;

/// One row: an architecture, a verdict, and why.
#[derive(Clone)]
struct Row {
    arch: String,
    verdict: Verdict,
    why: String,
}

/// One line per architecture, more where its rules are answered differently, then a line of totals. What
/// was said of an architecture above is not said again. `tree` is the tree as the user named it.
pub fn summary(tree: &str, outcome: &Outcome, look: &Look) -> String {
    let mut paper = Paper::new(look);
    let rows = without_repeats(&rows(outcome));
    let widest = rows
        .iter()
        .map(|row| clean::width(&row.arch))
        .max()
        .unwrap_or(0);
    let mut above = "";
    for row in &rows {
        // The name of an architecture stands in its first row; read aloud, it is said in each.
        let again = above == row.arch && look.drawing != crate::Drawing::Narrated;
        let arch = if again { "" } else { &row.arch };
        above = &row.arch;
        let (word, style) = shown(row.verdict, look);
        let gap = " ".repeat(widest - clean::width(arch));
        let head = format!(
            "  {arch}{gap}  {}  ",
            paper.styled(&format!("{word:<12}"), style)
        );
        paper.hanging(&head, widest + 18, &row.why);
    }
    if !rows.is_empty() {
        paper.line("");
    }
    paper.hanging("", 2, &total(tree, outcome));
    for skipped in &outcome.skipped {
        let words = format!(
            "{} was not asked of this tree: {}.",
            skipped.rule, skipped.reason
        );
        paper.hanging("", 2, &words);
    }
    paper.finish()
}

/// How a verdict is written for people.
pub(crate) fn shown(verdict: Verdict, look: &Look) -> (&'static str, Style) {
    let styles = look.theme().styles;
    match verdict {
        Verdict::Flagged => ("flagged", styles.error),
        Verdict::Unknown => ("unknown", styles.warning),
        Verdict::Accepted => ("accepted", styles.warning),
        Verdict::Clean => ("clean", Style::new().green()),
        Verdict::CannotReach => ("cannot reach", Style::new()),
    }
}

/// What is worst comes first.
fn rank(verdict: Verdict) -> Reverse<u8> {
    Reverse(verdict.weight())
}

/// The rows of the table, by architecture.
fn rows(outcome: &Outcome) -> Vec<Row> {
    let mut arches: BTreeMap<&str, Vec<&ArchVerdict>> = BTreeMap::new();
    for verdict in &outcome.verdicts {
        arches.entry(&verdict.arch).or_default().push(verdict);
    }
    arches
        .into_iter()
        .flat_map(|(arch, verdicts)| rows_of(arch, &verdicts))
        .collect()
}

/// What was said, apart from the names of architectures, and of which first.
#[derive(Default)]
pub(crate) struct Told(BTreeMap<Vec<String>, String>);

impl Told {
    /// `as alpha`, where the same was said of alpha before; one short reason is said again.
    pub(crate) fn before(&mut self, arch: &str, said: &[String]) -> Option<String> {
        /// A reason that is no longer than this is short.
        const SHORT: usize = 24;
        let here = format!(" on {arch} ");
        let plain: Vec<String> = said.iter().map(|words| words.replace(&here, " ")).collect();
        let is_short = matches!(plain.as_slice(), [only] if only.len() <= SHORT);
        match self.0.get(&plain) {
            Some(above) if !is_short => Some(format!("as {above}")),
            _ => {
                self.0.insert(plain, arch.to_owned());
                None
            }
        }
    }
}

/// The rows, where an architecture of which the same is true as of one above refers to that one.
fn without_repeats(rows: &[Row]) -> Vec<Row> {
    // What is said of architectures with other verdicts is another thing, be the words the same.
    let mut told: BTreeMap<Vec<Reverse<u8>>, Told> = BTreeMap::new();
    let mut kept: Vec<Row> = Vec::new();
    for own in rows.chunk_by(|a, b| a.arch == b.arch) {
        let arch = &own[0].arch;
        let verdicts = own.iter().map(|row| rank(row.verdict)).collect();
        let said: Vec<String> = own.iter().map(|row| row.why.clone()).collect();
        match told.entry(verdicts).or_default().before(arch, &said) {
            Some(why) => kept.push(Row {
                arch: arch.clone(),
                verdict: own[0].verdict,
                why,
            }),
            None => kept.extend_from_slice(own),
        }
    }
    kept
}

/// Whether a verdict says something of its architecture: that a rule about symbols alone finds nothing
/// does not.
pub(crate) fn speaks(verdict: &ArchVerdict) -> bool {
    verdict.verdict != Verdict::Clean || !verdict.of_symbols
}

/// The rows of one architecture. Rules that are answered alike share one, and where all do, none is
/// named. The reasons of what is flagged stand in the findings.
fn rows_of(arch: &str, verdicts: &[&ArchVerdict]) -> Vec<Row> {
    let mut groups: BTreeMap<(Reverse<u8>, String), Vec<&ArchVerdict>> = BTreeMap::new();
    let silent = !verdicts.iter().any(|verdict| speaks(verdict));
    for verdict in verdicts.iter().filter(|verdict| silent || speaks(verdict)) {
        let why = match verdict.verdict {
            Verdict::Flagged => String::new(),
            _ => reason(verdict),
        };
        groups
            .entry((rank(verdict.verdict), why))
            .or_default()
            .push(verdict);
    }
    let alone = groups.len() == 1;
    let row = |((_, why), group): ((Reverse<u8>, String), Vec<&ArchVerdict>)| {
        let rules: Vec<String> = group.iter().map(|v| clean::line(&v.rule)).collect();
        let why = match (why.is_empty(), alone) {
            (true, _) => rules.join(", "),
            (false, true) => why,
            (false, false) => format!("{}: {why}", rules.join(", ")),
        };
        let verdict = group.first().map_or(Verdict::Unknown, |v| v.verdict);
        Row {
            arch: clean::line(arch),
            verdict,
            why,
        }
    };
    groups.into_iter().map(row).collect()
}

fn reason(verdict: &ArchVerdict) -> String {
    let reason = clean::line(&verdict.reason);
    match verdict.place.as_ref().map(place_line) {
        // The reason may name its place already.
        Some(place) if !reason.contains(&place) => format!("{reason} ({place})").trim().to_owned(),
        _ => reason,
    }
}

/// The last line: how many of each.
fn total(tree: &str, outcome: &Outcome) -> String {
    let mut worst: BTreeMap<&str, (bool, Reverse<u8>)> = BTreeMap::new();
    for verdict in &outcome.verdicts {
        // What says nothing counts only where nothing else is said.
        let own = (!speaks(verdict), rank(verdict.verdict));
        let known = worst.entry(&verdict.arch).or_insert(own);
        *known = own.min(*known);
    }
    let count = |verdict| {
        worst
            .values()
            .filter(|(_, rank)| *rank == self::rank(verdict))
            .count()
    };
    let name = match clean::line(&outcome.kernel_version) {
        version if version.is_empty() => clean::line(tree),
        version => format!("{} (Linux {version})", clean::line(tree)),
    };
    let arches = match worst.len() {
        0 => "no architecture was checked".to_owned(),
        arches => {
            let accepted = match count(Verdict::Accepted) {
                0 => String::new(),
                some => format!("{some} accepted, "),
            };
            format!(
                "{}: {} flagged, {} unknown, {accepted}{} clean, {} cannot reach",
                several(arches, "architecture"),
                count(Verdict::Flagged),
                count(Verdict::Unknown),
                count(Verdict::Clean),
                count(Verdict::CannotReach),
            )
        }
    };
    let mut findings = several(outcome.findings.len(), "finding");
    if !outcome.accepted.is_empty() {
        findings = format!("{findings}, {} accepted", outcome.accepted.len());
    }
    let mut parts = vec![findings, arches];
    if !outcome.problems.is_empty() {
        parts.push(format!(
            "{} with the input",
            several(outcome.problems.len(), "problem")
        ));
    }
    format!("{name}: {}", parts.join("; "))
}

/// `1 finding`, `2 findings`, `2 patches`.
pub(crate) fn several(count: usize, word: &str) -> String {
    let plural = match count {
        1 => "",
        _ if word.ends_with("ch") => "es",
        _ => "s",
    };
    format!("{count} {word}{plural}")
}
