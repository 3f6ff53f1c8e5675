//! Why a hunk goes nowhere.

use std::fmt::Write as _;

use crate::apply::Fault;
use crate::file::{Hunk, Kind};
use crate::patch::Patch;
use crate::place::Image;

/// Why a hunk goes nowhere: the line that is another where most of the others are.
pub(crate) fn refusal(
    (patch, path): (&Patch, &str),
    (index, count): (usize, usize),
    hunk: &Hunk,
    image: &[Image<'_>],
) -> Fault {
    let which = if count > 1 {
        format!("hunk {} of {count}", index + 1)
    } else {
        "the hunk".to_owned()
    };
    let mut fault = Fault::at(hunk.start, format!("{which} for {path} does not go on"));
    if is_made_already(patch, hunk, image) {
        fault.message += ": the file has already what it would make";
        return fault;
    }
    let old: Vec<_> = hunk
        .lines
        .iter()
        .filter(|line| line.kind != Kind::Insert)
        .collect();
    let same = |at: usize| {
        let pairs = old.iter().zip(image.iter().skip(at));
        pairs
            .filter(|(line, there)| patch.text(&line.text) == there.text)
            .count()
    };
    let said = hunk.new_start.saturating_sub(1);
    let nearest = |at: &usize| (same(*at), std::cmp::Reverse(at.abs_diff(said)));
    let best = (0..image.len())
        .max_by_key(nearest)
        .filter(|at| same(*at) > 0);
    let Some(best) = best else {
        fault.message += ": none of its lines is in the file";
        return fault;
    };
    let other = old.iter().enumerate().find(|(offset, line)| {
        let there = image.get(best + offset).map(|line| line.text);
        there != Some(patch.text(&line.text))
    });
    let Some((offset, line)) = other else {
        let words = "the file neither begins nor ends as it says";
        let _ = write!(
            fault.message,
            ": its lines are at line {}, where {words}",
            best + 1
        );
        return fault;
    };
    let wanted = patch.text(&line.text);
    let there = image.get(best + offset).map(|line| line.text);
    fault.at = line.text.start;
    let number = best + offset + 1;
    let _ = write!(fault.message, ": line {number} of the file is another");
    if there.is_some_and(|there| there.trim_ascii() == wanted.trim_ascii()) {
        fault.message += " (its blanks or its line end are)";
    }
    let there = there.map_or_else(|| "(the end of the file)".to_owned(), shown);
    fault.details = vec![
        format!("the patch has {}", shown(wanted)),
        format!("the file has  {there}"),
    ];
    fault
}

/// Whether the lines that a hunk would make stand in the file.
fn is_made_already(patch: &Patch, hunk: &Hunk, image: &[Image<'_>]) -> bool {
    let made: Vec<&[u8]> = hunk
        .lines
        .iter()
        .filter(|line| line.kind != Kind::Delete)
        .map(|line| patch.text(&line.text))
        .collect();
    let adds = hunk.lines.iter().any(|line| line.kind == Kind::Insert);
    let is_there = |window: &[Image<'_>]| window.iter().zip(&made).all(|(a, b)| a.text == *b);
    adds && image.windows(made.len().max(1)).any(is_there)
}

/// A line for people.
fn shown(line: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(line))
}
