//! The neighbourhood of a symbol as a graph, in the DOT language of Graphviz.

use std::fmt::{self, Write};

use petgraph::dot::{Config, Dot};
use petgraph::graph::{DiGraph, NodeIndex};
use rustc_hash::FxHashMap;
use text::Name;

use crate::model::Model;

/// How one symbol concerns another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Edge {
    Selects,
    Implies,
    DependsOn,
}

impl fmt::Display for Edge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Edge::Selects => "select",
            Edge::Implies => "imply",
            Edge::DependsOn => "depends on",
        })
    }
}

impl Model {
    /// What `name` selects, implies and depends on, and who does so with it, over `depth` steps, in
    /// DOT. Empty where no entry and no line names it.
    pub fn dot(&self, name: Name, depth: usize) -> String {
        let edges = self.edges();
        let mut around: FxHashMap<Name, usize> = FxHashMap::from_iter([(name, 0)]);
        for step in 0..depth {
            let near = |n: &Name| around.get(n).is_some_and(|at| *at <= step);
            let touched = edges.iter().filter(|(a, b, _)| near(a) || near(b));
            let new: Vec<_> = touched.flat_map(|(a, b, _)| [*a, *b]).collect();
            for name in new {
                around.entry(name).or_insert(step + 1);
            }
        }
        let mut graph: DiGraph<Name, Edge> = DiGraph::new();
        let mut nodes: FxHashMap<Name, NodeIndex> = FxHashMap::default();
        // What lies at the rim is shown with what leads inwards only.
        let shown = |a: &Name, b: &Name| match (around.get(a), around.get(b)) {
            (Some(a), Some(b)) => *a.min(b) < depth,
            _ => false,
        };
        for (from, to, edge) in edges.iter().filter(|(a, b, _)| shown(a, b)) {
            let mut node = |name| *nodes.entry(name).or_insert_with(|| graph.add_node(name));
            let (from, to) = (node(*from), node(*to));
            graph.add_edge(from, to, *edge);
        }
        if graph.node_count() == 0 && self.symbol(name).is_some() {
            graph.add_node(name);
        }
        let node_look = |_: &DiGraph<Name, Edge>, (_, node): (NodeIndex, &Name)| {
            let mut look = "shape=box".to_owned();
            if *node == name {
                look.push_str(", style=bold");
            }
            if self.symbol(node).is_none() {
                look.push_str(", style=dotted");
            }
            look
        };
        let edge_look = |_: &DiGraph<Name, Edge>,
                         edge: petgraph::graph::EdgeReference<'_, Edge>| {
            let style = match edge.weight() {
                Edge::Selects => "solid",
                Edge::Implies => "dotted",
                Edge::DependsOn => "dashed",
            };
            format!("style={style}")
        };
        let dot =
            Dot::with_attr_getters(&graph, &[Config::GraphContentOnly], &edge_look, &node_look);
        let mut text = "digraph kconfig {\n    rankdir=LR\n".to_owned();
        // Writing to a text does not fail.
        let _ = write!(text, "{dot}");
        text.push_str("}\n");
        text
    }

    /// All pairs of symbols that concern each other, sorted.
    fn edges(&self) -> Vec<(Name, Name, Edge)> {
        let mut edges: Vec<_> = self
            .selects()
            .map(|select| {
                let edge = if select.weak {
                    Edge::Implies
                } else {
                    Edge::Selects
                };
                (select.by, select.target, edge)
            })
            .collect();
        for symbol in self.symbols() {
            let mut names = Vec::new();
            for definition in &symbol.definitions {
                if let Some(depends) = &definition.depends {
                    depends.symbols(&mut names);
                }
            }
            edges.extend(
                names
                    .into_iter()
                    .map(|to| (symbol.name, to, Edge::DependsOn)),
            );
        }
        edges.sort_unstable();
        edges.dedup();
        edges
    }
}
