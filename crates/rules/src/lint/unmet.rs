//! `select` lines that force a symbol whose own dependencies are not met.

use std::collections::BTreeMap;

use kconfig::{Questions, Select};
use rayon::prelude::*;

use super::{Found, Lint, definition, put_needed};
use crate::Finding;
use crate::rule::Rule;

/// A `select` line as all architectures know it: its place, who selects, and what.
type Line = (kconfig::Place, text::Name, text::Name);

fn line(select: &Select) -> Line {
    (select.place.clone(), select.by, select.target)
}

/// A line, and the architectures on which it can force its target, by number, the largest first.
type Shared = (Line, Vec<usize>);

impl Found {
    fn unknown(&mut self, arch: usize, lint: &Lint<'_>, (place, by, target): &Line) {
        let words = format!("whether {by} can force {target} was not found out");
        let place = lint.place(place);
        self.unknown.entry(arch).or_insert((words, Some(place)));
    }
}

impl Lint<'_> {
    /// Asks of every `select` line whether it can force its target.
    pub(super) fn unmet(&self, rule: &Rule) -> Found {
        let order = self.by_size();
        let asked = order.par_iter().map(|number| {
            let lines = |selects: Vec<&Select>| selects.into_iter().map(line).collect::<Vec<_>>();
            if self.is_cancelled() {
                return (*number, Vec::new(), Vec::new());
            }
            let (forcing, unknown) = self.asking(*number, Questions::forcing);
            (*number, lines(forcing), lines(unknown))
        });
        let asked: Vec<_> = asked.collect();
        let mut arches: BTreeMap<Line, Vec<usize>> = BTreeMap::new();
        let mut found = Found::default();
        for (number, forcing, unknown) in asked {
            for line in forcing {
                arches.entry(line).or_default().push(number);
            }
            if let Some(line) = unknown.into_iter().next() {
                found.unknown(number, self, &line);
            }
        }
        // Each is shown on the largest architecture that has it.
        let mut shown: BTreeMap<usize, Vec<Shared>> = BTreeMap::new();
        for (line, numbers) in arches {
            shown.entry(numbers[0]).or_default().push((line, numbers));
        }
        let findings: Vec<_> = shown
            .into_par_iter()
            .map(|(number, lines)| self.forced(rule, number, lines))
            .collect();
        for ((line, numbers), finding) in findings.into_iter().flatten() {
            match finding {
                Some(finding) => found.findings.push(finding),
                None => numbers
                    .iter()
                    .for_each(|number| found.unknown(*number, self, &line)),
            }
        }
        found
    }

    /// The findings that one architecture shows; none where no configuration was found that shows it.
    fn forced(
        &self,
        rule: &Rule,
        number: usize,
        lines: Vec<Shared>,
    ) -> Vec<(Shared, Option<Finding>)> {
        let model = &self.arches[number].1;
        let mut selects: BTreeMap<Line, &Select> = BTreeMap::new();
        for select in model.selects().filter(|select| !select.weak) {
            selects.entry(line(select)).or_insert(select);
        }
        let finding = |questions: &mut Questions<'_>, (line, numbers): &Shared| {
            let (place, by, target) = line;
            let forced = questions.forced(selects.get(line)?, self.settings.base.as_deref())?;
            let why = forced.unmet.join(" and ");
            let words = [
                ("{by}", by.as_str()),
                ("{symbol}", target.as_str()),
                ("{why}", &why),
            ];
            let mut finding = self.finding(rule, self.place(place), numbers, &words);
            finding.notes.extend(definition(self, model, *target));
            put_needed(&mut finding, model, &forced.needed);
            Some(finding)
        };
        self.asking(number, |questions| {
            let told = lines.into_iter().map(|line| {
                let finding = finding(questions, &line);
                (line, finding)
            });
            told.collect()
        })
    }
}
