//! Whether a symbol may depend on itself at all.
//!
//! To find the ways that lead from a symbol to itself, as [`Model::recursions`] does, all that all entries say must be
//! put together, and trees that anybody works with have none. So a graph is looked at first that has at least these
//! ways: of what entries name, and of what stands around them.
//!
//! [`Model::recursions`]: crate::Model::recursions

use text::Name;

use super::Elaborator;
use crate::model::ChoiceId;

/// What is asked around entries, besides what is asked around that.
#[derive(Debug, Default)]
pub(super) struct Around {
    pub(super) parent: u32,
    pub(super) names: Vec<Name>,
}

/// Who needs whom: symbols, then choices, each one with its members, then what stands around entries.
struct Needs {
    edges: Vec<(u32, u32)>,
    count: usize,
}

impl Elaborator<'_> {
    /// Whether choices share a member, as in no tree.
    fn has_member_of_several(&self) -> bool {
        let first_choice = |member: &Name| {
            let slot = self.model.by_name.get(member)?;
            self.model.slots[*slot].choice
        };
        let mut choices = self.model.choices.iter().enumerate();
        choices.any(|(id, choice)| {
            let mut members = choice.members.iter();
            members.any(|member| first_choice(member) != Some(ChoiceId(id)))
        })
    }

    /// Whether some symbol may depend on itself; where not, none does.
    pub(super) fn may_circle(&self) -> bool {
        let model = &self.model;
        // Each one is taken for a member of its first choice below.
        if self.has_member_of_several() {
            return true;
        }
        let choices = model.slots.len();
        let around = choices + model.choices.len();
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let node = |slot: usize| match model.slots[slot].choice {
            Some(choice) => number(choices + choice.0),
            None => number(slot),
        };
        // A choice's own symbol may be asked by its members.
        let known = |name: &Name| {
            let slot = *model.by_name.get(name)?;
            model.slots[slot].itself.is_none().then(|| node(slot))
        };
        let mut edges = Vec::new();
        let mut add = |from: u32, names: &[Name]| {
            edges.extend(names.iter().filter_map(known).map(|to| (from, to)));
        };
        let mut names = Vec::new();
        for (slot, entries) in model.slots.iter().enumerate() {
            for entry in &entries.entries {
                let names = &entry.properties(model).shape().names;
                add(node(slot), names.as_deref().unwrap_or_default());
            }
            if entries.has_macros() {
                names.clear();
                let symbol = entries.symbol(model);
                symbol.terms().for_each(|term| term.symbols(&mut names));
                add(node(slot), &names);
            }
        }
        for (choice, asked) in model.choices.iter().enumerate() {
            names.clear();
            asked.terms().for_each(|term| term.symbols(&mut names));
            add(number(choices + choice), &names);
        }
        for (place, asked) in self.around.iter().enumerate() {
            add(number(around + place), &asked.names);
        }
        for select in model.selects() {
            if let Some(target) = known(&select.target) {
                add(target, &[select.by]);
            }
        }
        for (target, name) in &self.selecting {
            if let Some(target) = known(target) {
                add(target, &[*name]);
            }
        }
        for (slot, entries) in model.slots.iter().enumerate() {
            let places = entries.entries.iter().map(|entry| entry.context.number);
            edges.extend(places.map(|place| (node(slot), number(around) + place)));
        }
        for (place, asked) in self.around.iter().enumerate().skip(1) {
            edges.push((number(around + place), number(around) + asked.parent));
        }
        let count = around + self.around.len();
        Needs { edges, count }.circles()
    }
}

impl Needs {
    /// Whether a way leads from somewhere back to it.
    fn circles(&self) -> bool {
        let mut begins = vec![0_u32; self.count + 1];
        for (from, _) in &self.edges {
            begins[*from as usize + 1] += 1;
        }
        for at in 1..begins.len() {
            begins[at] += begins[at - 1];
        }
        let mut next = begins.clone();
        let mut ends = vec![0_u32; self.edges.len()];
        for (from, to) in &self.edges {
            let at = &mut next[*from as usize];
            ends[*at as usize] = *to;
            *at += 1;
        }
        next.clone_from(&begins);
        // Those on the way are open; what has no edge left is done.
        let mut is_open = vec![false; self.count];
        let mut way = Vec::new();
        for start in 0..self.count {
            let mut here = start;
            loop {
                is_open[here] = true;
                if next[here] < begins[here + 1] {
                    let to = ends[next[here] as usize] as usize;
                    next[here] += 1;
                    if is_open[to] {
                        return true;
                    }
                    if next[to] == begins[to] {
                        way.push(here);
                        here = to;
                    }
                    continue;
                }
                is_open[here] = false;
                match way.pop() {
                    Some(before) => here = before,
                    None => break,
                }
            }
        }
        false
    }
}
