//! Entries and lines of Kconfig that no configuration has, or that say nothing.

use std::collections::{BTreeMap, BTreeSet};

use condition::Condition;
use kconfig::{Fact, Line, Questions};
use rayon::prelude::*;
use text::Name;

use super::never::Wanted;
use super::{Found, Lint};
use crate::rule::Rule;
use crate::{Finding, Note};

/// What is dead, and what has it so.
pub(super) struct Consequence {
    /// The one symbol that is never on.
    pub(super) cause: Option<Name>,
    /// What is dead, in words.
    pub(super) what: String,
    pub(super) finding: Finding,
}

/// Tells a thing of some architectures, the first of which is asked.
type Tell<'a, K, T> = &'a (dyn Fn(&mut Questions<'_>, &K, &[usize]) -> Option<T> + Sync);

impl Lint<'_> {
    /// Entries whose symbol is never on, with what goes with them; blocks and files that are dead for other reasons.
    pub(super) fn dead(&self, rule: &Rule) -> Found {
        let entries =
            |questions: &mut Questions<'_>, _, wanted: Wanted<'_, Line>| questions.entries(wanted);
        let dead = self.never(&entries);
        let shown = self.arches_with(&dead, &entries);
        let tell = |questions: &mut Questions<'_>, line: &Line, arches: &[usize]| {
            let name = line.symbol;
            let facts = questions.why_never(name).unwrap_or_default();
            let why = facts.last().map(|fact| fact.text.as_str());
            let why = why.unwrap_or("what this entry depends on is never met where it is on");
            // Another entry may have what this one never does.
            let what = match facts.as_slice() {
                [] => format!("this entry of {name}"),
                _ => name.to_string(),
            };
            let words = [("{symbol}", what.as_str()), ("{why}", why)];
            let finding = self.finding(rule, self.place(&line.place), arches, &words);
            Some((name, self.with(finding, &facts)))
        };
        let mut found = self.shown(shown, &tell);
        let mut by_name: BTreeMap<Name, usize> = BTreeMap::new();
        for (number, (name, _)) in found.iter().enumerate() {
            by_name.entry(*name).or_insert(number);
        }
        let mut findings: Vec<Finding> = Vec::new();
        let off: BTreeSet<Name> = by_name.keys().copied().collect();
        let (blocks, files) = match self.only {
            None => (self.dead_blocks(rule, &off), self.dead_files(rule)),
            // To know of a block what may define its names takes all files.
            Some(_) => (Vec::new(), Vec::new()),
        };
        for consequence in blocks.into_iter().chain(files) {
            let known = consequence.cause.and_then(|name| by_name.get(&name));
            match known {
                Some(number) => found[*number].1.notes.push(Note {
                    text: format!("{} goes with it", consequence.what),
                    place: Some(consequence.finding.sink),
                }),
                None => findings.push(consequence.finding),
            }
        }
        findings.extend(found.into_iter().map(|(_, finding)| finding));
        Found {
            findings,
            ..Found::default()
        }
    }

    /// `default` lines that never decide, though their entry is asked for.
    pub(super) fn dead_default(&self, rule: &Rule) -> Found {
        let decides = |questions: &mut Questions<'_>, _, wanted: Wanted<'_, _>| {
            let all = questions.defaults(wanted);
            let store = questions.store();
            let all = all.into_iter();
            all.map(|(line, asked, decides)| (line, store.and(asked, decides)))
                .collect::<Vec<_>>()
        };
        let mut dead = self.never(&decides);
        // What is said of an entry that is never asked is the entry's matter.
        let asked = |questions: &mut Questions<'_>, _, wanted: Wanted<'_, _>| {
            let all = questions.defaults(&|line| dead.contains(line) && wanted(line));
            let all = all.into_iter().map(|(line, asked, _)| (line, asked));
            all.collect::<Vec<_>>()
        };
        let silent = self.never(&asked);
        dead.retain(|line| !silent.contains(line));
        let shown = self.arches_with(&dead, &decides);
        let tell = |questions: &mut Questions<'_>, line: &Line, arches: &[usize]| {
            let facts = questions.why_default(line);
            let why = facts.last().map_or("", |fact| &fact.text);
            let words = [("{symbol}", line.symbol.as_str()), ("{why}", why)];
            let finding = self.finding(rule, self.place(&line.place), arches, &words);
            Some(self.with(finding, &facts))
        };
        Found {
            findings: self.shown(shown, &tell),
            ..Found::default()
        }
    }

    /// `if` clauses that hold whenever their line is asked for, or never then.
    pub(super) fn constant(&self, rule: &Rule) -> Found {
        let holds = |questions: &mut Questions<'_>, _, wanted: Wanted<'_, _>| {
            clauses(questions, (wanted, true))
        };
        let fails = |questions: &mut Questions<'_>, _, wanted: Wanted<'_, _>| {
            clauses(questions, (wanted, false))
        };
        let (never, always) = (self.never(&holds), self.never(&fails));
        let lines: BTreeSet<Line> = never.symmetric_difference(&always).cloned().collect();
        let shown = self.arches_with(&lines, &holds);
        let tell = |questions: &mut Questions<'_>, line: &Line, arches: &[usize]| {
            let is_never = never.contains(line);
            let facts = questions.why_clause(line, !is_never);
            let all = questions.clauses(&|own| own == line).into_iter();
            let clause = all.map(|(_, clause)| clause.words).next()?;
            let words = [
                ("{symbol}", line.symbol.as_str()),
                ("{line}", line.kind.word()),
                ("{clause}", &clause),
                ("{why}", if is_never { "never" } else { "always" }),
            ];
            let finding = self.finding(rule, self.place(&line.place), arches, &words);
            Some(self.with(finding, &facts))
        };
        Found {
            findings: self.shown(shown, &tell),
            ..Found::default()
        }
    }

    /// Tells each thing, with the questions of the first of its architectures.
    pub(super) fn shown<K: Ord + Send + Sync, T: Send>(
        &self,
        all: BTreeMap<K, Vec<usize>>,
        tell: Tell<'_, K, T>,
    ) -> Vec<T> {
        let mut by_arch: BTreeMap<usize, Vec<(K, Vec<usize>)>> = BTreeMap::new();
        for (key, arches) in all {
            by_arch.entry(arches[0]).or_default().push((key, arches));
        }
        let findings = by_arch.into_par_iter().map(|(number, own)| {
            self.asking(number, |questions| {
                let own = own.iter();
                let told = own.filter_map(|(key, arches)| tell(questions, key, arches));
                told.collect::<Vec<T>>()
            })
        });
        findings.flatten().collect()
    }

    pub(super) fn with(&self, mut finding: Finding, facts: &[Fact]) -> Finding {
        finding.notes.extend(facts.iter().map(|fact| Note {
            text: fact.text.clone(),
            place: fact.place.as_ref().map(|place| self.place(place)),
        }));
        finding
    }
}

/// When each clause that is wanted holds, or does not, where its line is asked for.
fn clauses(
    questions: &mut Questions<'_>,
    (wanted, holds): (Wanted<'_, Line>, bool),
) -> Vec<(Line, Condition)> {
    let all = questions.clauses(wanted);
    let store = questions.store();
    let all = all.into_iter().map(|(line, clause)| {
        let own = if holds { clause.on } else { !clause.yes };
        (line, store.and(clause.around, own))
    });
    all.collect()
}
