//! The path of a finding: a picture, and the same as a list.

use maud::{Markup, html};
use rules::Finding;

use crate::clean;
use crate::excerpt::Files;
use crate::human::place_line;

const LETTER: usize = 8;
const HEIGHT: usize = 44;
const GAP: usize = 24;
const MARGIN: usize = 12;

/// The path, to open and close; nothing for a finding without one.
pub(super) fn path(files: &Files<'_>, finding: &Finding) -> Markup {
    let Some(first) = finding.path.first() else {
        return html! {};
    };
    let steps = finding.path.len();
    let entry = clean::line(&first.entry);
    html! {
        details open {
            summary { "The path: " (steps) " steps" @if !entry.is_empty() { ", from " (entry) } }
            ol.steps {
                @for step in &finding.path {
                    li {
                        code { (clean::line(&step.function)) "()" } " at " code { (place_line(&step.place)) }
                        @if let Some(line) = files.line(&step.place) { br; code.soft { (line) } }
                    }
                }
            }
        }
        details {
            summary { "The path as a picture" }
            (picture(finding))
        }
    }
}

/// Boxes from the top to the bottom.
fn picture(finding: &Finding) -> Markup {
    let entry = finding.path.first().map(|step| clean::line(&step.entry));
    let entry = entry.filter(|entry| !entry.is_empty());
    let mut boxes: Vec<[String; 2]> = Vec::new();
    boxes.extend(entry.map(|entry| [entry, String::new()]));
    for step in &finding.path {
        let function = format!("{}()", clean::line(&step.function));
        boxes.push([function, place_line(&step.place)]);
    }
    let widest = boxes
        .iter()
        .flatten()
        .map(|words| clean::width(words))
        .max();
    let width = widest.unwrap_or(0) * LETTER + 2 * MARGIN;
    let total = [width + 2 * MARGIN, boxes.len() * (HEIGHT + GAP) + MARGIN];
    let middle = total[0] / 2;
    let label = format!(
        "The path to {} as {} boxes",
        place_line(&finding.sink),
        boxes.len()
    );
    html! {
        svg.path role="img" aria-label=(label) width=(total[0]) height=(total[1])
            viewBox={ "0 0 " (total[0]) " " (total[1]) } {
            @for (number, [name, at]) in boxes.iter().enumerate() {
                @let top = MARGIN + number * (HEIGHT + GAP);
                rect x=(MARGIN) y=(top) width=(width) height=(HEIGHT) rx="4" {}
                @let first = if at.is_empty() { top + HEIGHT / 2 + 5 } else { top + 18 };
                text x=(middle) y=(first) text-anchor="middle" { (name) }
                @if !at.is_empty() { text x=(middle) y=(top + 35) text-anchor="middle" { (at) } }
                @if number + 1 < boxes.len() {
                    @let bottom = top + HEIGHT;
                    @let tip = bottom + GAP;
                    line x1=(middle) y1=(bottom) x2=(middle) y2=(tip - 6) {}
                    polygon points=(format!(
                        "{},{} {},{} {middle},{tip}",
                        middle - 5, tip - 8, middle + 5, tip - 8,
                    )) {}
                }
            }
        }
    }
}
