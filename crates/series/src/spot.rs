//! Where in a patch one sees by what a finding comes.
//!
//! A finding stands where the tree is wrong, which may be far from what the patch has changed: who takes a `select` out of
//! an architecture opens a hole in generic code. So each line of the patch is weighed by what it has to do with the finding.

use rules::{Finding, Place};

use crate::apply::{Applied, Placed};
use crate::body::{Line, lines};
use crate::file::{Change, Kind};
use crate::patch::Patch;

/// A place in a patch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot<'p> {
    /// Its line.
    pub line: Line,
    /// The lines of the patch up to it: the head of the file, the head of the hunk, and what stands there before.
    pub quoted: Vec<&'p [u8]>,
}

/// What a line weighs that has to do with a finding.
mod weight {
    /// It is the place of the finding itself.
    pub(super) const SINK: u32 = 40;
    /// It names the symbol by which an architecture opts in.
    pub(super) const SYMBOL: u32 = 30;
    /// It is on the way to the place, or another place that is told.
    pub(super) const TOLD: u32 = 20;
    /// It stands in a file of the architecture, or in that of the place.
    pub(super) const FILE: u32 = 4;
    pub(super) const ARCH: u32 = 2;
    /// It is changed, and not only shown.
    pub(super) const CHANGED: u32 = 15;
    /// It is changed beside the place of the finding, which is shown with it.
    pub(super) const BESIDE: u32 = 40;
}

/// The place in `patch`, which was put on so, by which `finding` comes; `None` where nothing in it has lines.
pub fn spot<'p>(patch: &'p Patch, applied: &Applied, finding: &Finding) -> Option<Spot<'p>> {
    let mut best: Option<(u32, &Placed, usize)> = None;
    for placed in &applied.hunks {
        let Some(hunk) = hunk(patch, placed) else {
            continue;
        };
        let sink = sink_in(hunk, placed, finding);
        let mut line = placed.line;
        for (index, one) in hunk.lines.iter().enumerate() {
            let mut weight = 1 + of_line(patch.text(&one.text), (&placed.path, line), finding);
            if one.kind != Kind::Context {
                weight += weight::CHANGED;
                let distance =
                    |sink: usize| u32::try_from(sink.abs_diff(index)).unwrap_or(u32::MAX);
                weight += sink.map_or(0, |sink| weight::BESIDE.saturating_sub(distance(sink)));
            }
            // Of a line that goes, the place is that of another.
            if one.kind == Kind::Delete {
                weight -= of_place((&placed.path, line), finding).min(weight);
            } else {
                line += 1;
            }
            if best.is_none_or(|(most, ..)| weight > most) {
                best = Some((weight, placed, index));
            }
        }
    }
    let (_, placed, index) = best?;
    let (file, hunk) = (patch.files.get(placed.file)?, hunk(patch, placed)?);
    let chosen = &hunk.lines.get(index)?.text;
    let text = patch.body.text();
    let first = match &file.change {
        Change::Text(hunks) => hunks.first().map_or(hunk.start, |first| first.start),
        _ => hunk.start,
    };
    let is_head = |line: &[u8]| {
        [&b"diff "[..], b"--- ", b"+++ "]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let head = lines(text.get(file.start..first)?).map(|(_, line)| line);
    let quoted = head.filter(|line| is_head(line));
    let shown = lines(text.get(hunk.start..chosen.end)?).map(|(_, line)| line);
    Some(Spot {
        line: patch.body.line_at(chosen.start),
        quoted: quoted.chain(shown).collect(),
    })
}

/// Which line of a hunk is the place of the finding.
fn sink_in(hunk: &crate::file::Hunk, placed: &Placed, finding: &Finding) -> Option<usize> {
    let there = (finding.sink.line as usize).checked_sub(placed.line);
    let there = there.filter(|_| finding.sink.file == placed.path)?;
    let stays = hunk
        .lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.kind != Kind::Delete);
    stays.map(|(index, _)| index).nth(there)
}

fn hunk<'p>(patch: &'p Patch, placed: &Placed) -> Option<&'p crate::file::Hunk> {
    match &patch.files.get(placed.file)?.change {
        Change::Text(hunks) => hunks.get(placed.hunk),
        _ => None,
    }
}

fn of_line(text: &[u8], at: (&str, usize), finding: &Finding) -> u32 {
    let names =
        |word: &str| !word.is_empty() && memchr::memmem::find(text, word.as_bytes()).is_some();
    let mut sum = of_place(at, finding);
    if names(&finding.symbol) {
        sum += weight::SYMBOL;
    }
    if at.0 == finding.sink.file {
        sum += weight::FILE;
    }
    if at.0.starts_with(&format!("arch/{}/", finding.arch)) {
        sum += weight::ARCH;
    }
    sum
}

/// What a place of the tree weighs.
fn of_place((path, line): (&str, usize), finding: &Finding) -> u32 {
    let is_there = |place: &Place| place.file == path && place.line as usize == line;
    let steps = finding.path.iter().map(|step| &step.place);
    let notes = finding.notes.iter().filter_map(|note| note.place.as_ref());
    let mut told = steps.chain(notes).chain(&finding.kconfig);
    match () {
        () if is_there(&finding.sink) => weight::SINK,
        () if told.any(is_there) => weight::TOLD,
        () => 0,
    }
}

#[cfg(test)]
mod tests {
    use source::Memory;

    use super::*;
    use crate::{Input, Series, apply};

    fn finding(file: &str, line: u32, symbol: &str) -> Finding {
        let place = Place {
            file: file.into(),
            line,
            ..Place::default()
        };
        Finding {
            rule: "r".into(),
            arch: "x86".into(),
            arches: vec!["x86".into()],
            severity: rules::Severity::Error,
            message: String::new(),
            help: String::new(),
            sink: place,
            code: String::new(),
            symbol: symbol.into(),
            instead: Vec::new(),
            path: Vec::new(),
            paths: None,
            kconfig: None,
            config: std::collections::BTreeMap::new(),
            assumptions: Vec::new(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn the_line_is_that_which_has_most_to_do_with_it() {
        let patch = "why\n---\n--- a/arch/x86/Kconfig\n+++ b/arch/x86/Kconfig\n@@ -1,3 +1,2 @@\n config X86\n-\tselect OPTS_IN\n \tselect B\n\
                     --- a/mm/a.c\n+++ b/mm/a.c\n@@ -1,2 +1,3 @@\n one\n+two\n three\n";
        let series = Series::read(&[Input::new("p", patch)]);
        let tree = Memory::new(
            "//- arch/x86/Kconfig\nconfig X86\n\tselect OPTS_IN\n\tselect B\n//- mm/a.c\none\nthree\n",
        );
        let patch = &series.patches[0];
        let applied = apply(&tree, patch).unwrap();
        let found = |finding: &Finding| {
            let spot = spot(patch, &applied, finding).unwrap();
            let last = String::from_utf8_lossy(spot.quoted.last().unwrap()).into_owned();
            (spot.line.number(), spot.quoted.len(), last)
        };
        assert_eq!(found(&finding("mm/a.c", 2, "")), (13, 5, "+two\n".into()));
        assert_eq!(
            found(&finding("mm/other.c", 2, "OPTS_IN")),
            (7, 5, "-\tselect OPTS_IN\n".into())
        );
        // What has changed beside it is the reason.
        assert_eq!(found(&finding("mm/a.c", 3, "")), (13, 5, "+two\n".into()));
    }
}
