//! The paths of findings as pictures.

use std::collections::{BTreeMap, BTreeSet};

use layout::backends::svg::SVGWriter;
use layout::core::base::Orientation;
use layout::core::geometry::Point;
use layout::core::style::StyleAttr;
use layout::std_shapes::shapes::{Arrow, Element, ShapeKind};
use layout::topo::layout::VisualGraph;
use rules::Finding;

use super::Report;
use crate::clean;
use crate::human::place_line;
use crate::summary::several;
use crate::ways::paths_dot;

/// A drawing of more boxes than this tells nothing, and takes long.
const MOST_BOXES: usize = 400;

/// For Graphviz: each finding with a path is a cluster, with all of its paths that are known.
pub fn dot(report: &Report<'_>) -> String {
    paths_dot(report.outcome)
}

/// A picture: the paths that findings tell, from the top to the bottom. Calls that findings share are drawn
/// once.
pub fn svg(report: &Report<'_>) -> String {
    let mut graph = Graph {
        drawn: VisualGraph::new(Orientation::TopToBottom),
        boxes: BTreeMap::new(),
        arrows: BTreeSet::new(),
    };
    for finding in &report.outcome.findings {
        graph.add(finding);
    }
    if graph.boxes.is_empty() {
        let words = match report.outcome.findings.len() {
            0 => "nothing was found".to_owned(),
            count => format!("{} without a path", several(count, "finding")),
        };
        graph.label(&words, "");
    }
    let mut writer = SVGWriter::new();
    graph.drawn.do_it(false, false, false, &mut writer);
    writer.finalize()
}

struct Graph {
    drawn: VisualGraph,
    boxes: BTreeMap<String, layout::adt::dag::NodeHandle>,
    arrows: BTreeSet<(String, String)>,
}

impl Graph {
    fn add(&mut self, finding: &Finding) {
        let mut last: Option<String> = None;
        if let Some(first) = finding.path.first().filter(|step| !step.entry.is_empty()) {
            let words = clean::line(&first.entry);
            last = Some(self.label(&words, ""));
        }
        for step in &finding.path {
            let name = format!("{}()", clean::line(&step.function));
            let next = self.label(&name, &place_line(&step.place));
            self.arrow(last.replace(next.clone()), next);
        }
        let sink = format!(
            "{} on {}",
            clean::line(&finding.rule),
            clean::line(&finding.arch)
        );
        if !finding.path.is_empty() {
            let next = self.label(&sink, "");
            self.arrow(last, next);
        }
    }

    fn label(&mut self, name: &str, at: &str) -> String {
        const LINE: usize = 16;
        const LETTER: usize = 9;
        let words = if at.is_empty() {
            name.to_owned()
        } else {
            format!("{name}\n{at}")
        };
        if !self.boxes.contains_key(&words) && self.boxes.len() < MOST_BOXES {
            let widest = words.lines().map(clean::width).max().unwrap_or(1);
            let lines = words.lines().count();
            let size = Point::new(to_f64(widest * LETTER + 20), to_f64(lines * LINE + 20));
            let shape = ShapeKind::new_box(&words);
            let style = StyleAttr::simple();
            let element = Element::create(shape, style, Orientation::TopToBottom, size);
            self.boxes
                .insert(words.clone(), self.drawn.add_node(element));
        }
        words
    }

    fn arrow(&mut self, from: Option<String>, to: String) {
        let Some(from) = from else { return };
        let ends = self.boxes.get(&from).zip(self.boxes.get(&to));
        let Some((start, end)) = ends else { return };
        if from != to && self.arrows.insert((from, to)) {
            self.drawn.add_edge(Arrow::simple(""), *start, *end);
        }
    }
}

fn to_f64(length: usize) -> f64 {
    u32::try_from(length).map_or(f64::from(u16::MAX), f64::from)
}
