//! The commits of a range, each checked as it was, without a checkout.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use source::{Commit, History, Revision};

use crate::arguments::Check;
use crate::cache::Cache;
use crate::engine::Session;
use crate::outputs::{self, ReportFormat};
use crate::steps::{Checks, State, Step, Steps};
use crate::{Failure, exit, one_line, terminal, tree};

/// Which commits are meant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Ranges (`A..B`), or what lies behind one commit.
    pub(crate) ranges: Vec<String>,
    /// Only what is not older.
    pub(crate) since: Option<String>,
    /// Only those that join others.
    pub(crate) only_merges: bool,
    /// Whether there is a report also where no commit is meant.
    pub(crate) is_reported: bool,
}

/// A range as checkpatch.pl takes it: one commit means itself, `REV-N` the last N behind it.
pub(crate) fn as_checkpatch(range: &str) -> String {
    if range.contains("..") || range.contains('^') {
        return range.to_owned();
    }
    match range.rsplit_once('-') {
        Some((rev, number)) if !rev.is_empty() && number.parse::<u32>().is_ok() => {
            format!("{rev}~{number}..{rev}")
        }
        _ => format!("{range}^!"),
    }
}

/// `check --range`: tells what each commit brings, and answers the exit code.
pub(crate) fn check(check: &Check, range: &str) -> Result<u8, Failure> {
    outputs::can_be_written(check)?;
    let is_one = !range.contains("..") && !range.contains('^');
    if is_one && check.commits.range.is_some() && check.commits.since.is_none() {
        let range = one_line(range);
        let words = "all that is behind it; one commit is";
        return Err(format!(
            "--range {range} would be {words} {range}^!, several are A..{range}"
        ));
    }
    let telling = &check.telling;
    let checks = Checks {
        scope: &check.subject.scope,
        search: &check.search,
        rules: &check.rule,
        session: Session::new(Cache::of_run(&check.search.caching)?, telling.quiet),
        settings: RefCell::default(),
    };
    let wanted = Wanted {
        ranges: vec![range.to_owned()],
        since: check.commits.since.clone(),
        only_merges: check.commits.only_merges,
        is_reported: !matches!(telling.format, ReportFormat::Human | ReportFormat::Terse),
    };
    let Some(steps) = steps(&check.subject.tree, &wanted, &checks)? else {
        return Ok(0);
    };
    steps.told(false, &|_, _| None, |changes| {
        let look = terminal::look(check.subject.scope.color);
        let lines = report::changes::Lines {
            as_check: Some(&steps.tree),
            show_file: true,
            show_types: true,
        };
        let by_commit = match telling.format {
            ReportFormat::Human if telling.quiet => Some(report::changes::each(changes, &look)),
            ReportFormat::Human => Some(report::changes::human(changes, &look)),
            ReportFormat::Json => Some(report::changes::json(changes)),
            ReportFormat::Terse => Some(report::changes::terse(changes, lines)),
            _ => None,
        };
        if by_commit.is_none() {
            // What is closed again stands in no report of the last tree.
            let torn = report::changes::not_bisectable(changes, &look);
            let _ = write!(io::stderr(), "{torn}");
        }
        let last = steps.last();
        let left = rules::only_new(&steps.before.outcome, &last.outcome);
        outputs::write_or(
            check,
            by_commit,
            (&left, &*last.source),
            last.catalog.as_deref(),
        )?;
        Ok(exit::of_changes(changes, &check.failing))
    })
}

/// Checks each commit, and that on which it is made; `None` where no commit is meant.
pub(crate) fn steps(
    place: &Path,
    wanted: &Wanted,
    checks: &Checks<'_>,
) -> Result<Option<Steps>, Failure> {
    let shown = one_line(&place.to_string_lossy());
    let commits = commits(place, wanted).map_err(|why| format!("{shown}: {why}"))?;
    let mut walk = Walk {
        place,
        checks,
        known: BTreeMap::new(),
        last: None,
    };
    let mut all: Vec<Step> = Vec::new();
    for (number, commit) in commits.iter().enumerate() {
        let before = match commit.parents.first() {
            Some(parent) => walk.before(commit, parent)?,
            None => State::nothing(&walk.state(&commit.id)?.source),
        };
        let before = all
            .last()
            .map_or(before.clone(), |last| last.after.followed_by(&before));
        let after = walk.state(&commit.id);
        let after = after.map_err(|why| format!("at {}: {why}", commit.short()))?;
        // What no later commit is made on is not asked for again.
        let rest = &commits[number + 1..];
        walk.known.retain(|id, _| {
            *id == commit.id || rest.iter().any(|later| later.parents.first() == Some(id))
        });
        all.push(Step {
            name: commit.short().to_owned(),
            title: commit.title.clone(),
            number: None,
            is_merge: commit.is_merge(),
            mail: None,
            after: before.followed_by(&after),
            before,
        });
    }
    let Some(first) = all.first() else {
        return walk.without_steps(wanted);
    };
    let parent = commits.first().and_then(|commit| commit.parents.first());
    let parent = parent.map_or("nothing", |parent| parent.get(..12).unwrap_or(parent));
    Ok(Some(Steps {
        tree: shown,
        noun: "commit",
        base: parent.to_owned(),
        before: first.before.clone(),
        all,
        notes: Vec::new(),
    }))
}

/// The commits that are meant, those first that others are made on.
fn commits(place: &Path, wanted: &Wanted) -> Result<Vec<Commit>, Failure> {
    let history = History::open(place).map_err(|why| one_line(&why.to_string()))?;
    let since = wanted.since.as_ref().map(|since| {
        let time = source::time_of(since, SystemTime::now());
        time.ok_or_else(|| format!("--since: {} is no time that git knows", one_line(since)))
    });
    let since = since.transpose()?;
    let mut commits: Vec<Commit> = Vec::new();
    for range in &wanted.ranges {
        let found = history.range(range, since);
        for commit in found.map_err(|why| one_line(&format!("{range}: {why}")))? {
            let is_meant = !wanted.only_merges || commit.is_merge();
            if is_meant && !commits.iter().any(|known| known.id == commit.id) {
                commits.push(commit);
            }
        }
    }
    Ok(commits)
}

/// Commits that were looked at.
struct Walk<'a> {
    place: &'a Path,
    checks: &'a Checks<'a>,
    known: BTreeMap<String, State>,
    /// The revision that was read last.
    last: Option<Arc<Revision>>,
}

impl Walk<'_> {
    /// What is told where no commit is meant: git says nothing then, but one who has written A and B the other way round wants to
    /// know; and a program wants a report.
    fn without_steps(&mut self, wanted: &Wanted) -> Result<Option<Steps>, Failure> {
        let shown = one_line(&self.place.to_string_lossy());
        let ranges = one_line(&wanted.ranges.join(" "));
        if !self.checks.session.is_quiet() {
            let words = format!("no commit is in {ranges} (was it meant the other way round?)");
            let _ = writeln!(io::stderr(), "vmemmlint: {shown}: {words}");
        }
        if !wanted.is_reported {
            return Ok(None);
        }
        let last = wanted
            .ranges
            .last()
            .and_then(|range| range.rsplit("..").next());
        let last = last
            .and_then(|range| range.split_whitespace().next())
            .filter(|end| !end.is_empty());
        let end = last.unwrap_or("HEAD").trim_end_matches("^!").to_owned();
        Ok(Some(Steps {
            tree: shown,
            noun: "commit",
            before: self.state(&end)?,
            base: end,
            all: Vec::new(),
            notes: Vec::new(),
        }))
    }

    /// The commit on which another is made.
    fn before(&mut self, commit: &Commit, parent: &str) -> Result<State, Failure> {
        self.state(parent).map_err(|why| {
            let short = commit.short();
            let is_there = History::open(self.place).is_ok_and(|all| all.commit(parent).is_ok());
            if is_there {
                format!("before {short}: {why}")
            } else {
                let help = "a shallow clone? git fetch --deepen=1 brings it";
                format!("{short} is made on {parent}, which is not in the repository ({help})")
            }
        })
    }

    fn state(&mut self, id: &str) -> Result<State, Failure> {
        if let Some(state) = self.known.get(id) {
            return Ok(state.clone());
        }
        let source = tree::revision(self.place, id, self.last.as_deref())?;
        self.last = Some(Arc::clone(&source));
        let state = self.checks.check(source)?;
        self.known.insert(id.to_owned(), state.clone());
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_checkpatch_reads_them() {
        let cases = [
            ("HEAD", "HEAD^!"),
            ("HEAD-3", "HEAD~3..HEAD"),
            ("v6.12", "v6.12^!"),
            ("v6.12-rc1", "v6.12-rc1^!"),
            ("a..b", "a..b"),
            ("b^!", "b^!"),
        ];
        for (written, meant) in cases {
            assert_eq!(as_checkpatch(written), meant);
        }
    }
}
