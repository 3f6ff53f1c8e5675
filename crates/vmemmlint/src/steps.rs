//! Trees that differ little, one after the other: with each patch of a series, or at each commit of a range.

use std::cell::RefCell;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use report::changes::{Change, Changes};
use rules::{Catalog, Difference, Outcome, opened};
use source::{Listed, Source};

use crate::arguments::{Ending, FailOn, Failing, PatchFormat, PatchTelling, Scope, Search};
use crate::engine::{self, Session, Settings};
use crate::{Failure, exit, print, terminal};

/// How one after the other is checked.
pub(crate) struct Checks<'a> {
    pub(crate) scope: &'a Scope,
    pub(crate) search: &'a Search,
    pub(crate) rules: &'a [String],
    pub(crate) session: Session,
    /// With what the first of them was checked.
    pub(crate) settings: RefCell<Option<Settings>>,
}

/// A tree and what is found in it.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) source: Arc<dyn Listed>,
    pub(crate) outcome: Arc<Outcome>,
    pub(crate) catalog: Option<Arc<Catalog>>,
}

impl State {
    /// The tree that comes after it; where the answer is the same, it is held only once, and so is the tree: of a long
    /// range few are needed.
    pub(crate) fn followed_by(&self, next: &State) -> State {
        let is_same = Arc::ptr_eq(&self.outcome, &next.outcome) || self.outcome == next.outcome;
        if is_same { self.clone() } else { next.clone() }
    }

    /// No tree at all.
    pub(crate) fn nothing(source: &Arc<dyn Listed>) -> State {
        State {
            source: Arc::clone(source),
            outcome: Arc::default(),
            catalog: None,
        }
    }
}

impl Checks<'_> {
    /// What is found in a tree; what other trees have in common with it is not asked again.
    pub(crate) fn check(&self, source: Arc<dyn Listed>) -> Result<State, Failure> {
        // What is accepted, and by which rules, is said by the first of them: no patch accepts what it brings.
        let mut first = self.settings.borrow_mut();
        let settings = match &*first {
            Some(settings) => settings.clone(),
            None => Settings {
                rules: self.rules.to_vec(),
                ..engine::settings(&*source, self.scope, self.search)?
            },
        };
        *first = Some(settings.clone());
        let outcome = self.session.check(&source, &settings)?;
        Ok(State {
            source,
            outcome,
            catalog: settings.catalog,
        })
    }
}

/// A patch or a commit, with the tree before and after it.
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) number: Option<(u32, u32)>,
    /// Whether it joins others.
    pub(crate) is_merge: bool,
    pub(crate) mail: Option<Head>,
    pub(crate) before: State,
    pub(crate) after: State,
}

/// The head of a mail.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    pub(crate) from: String,
    pub(crate) date: String,
    pub(crate) subject: String,
    pub(crate) id: String,
    pub(crate) to: Vec<String>,
}

/// All steps, and what is to be said besides.
pub(crate) struct Steps {
    pub(crate) tree: String,
    pub(crate) noun: &'static str,
    pub(crate) base: String,
    pub(crate) before: State,
    pub(crate) all: Vec<Step>,
    pub(crate) notes: Vec<String>,
}

/// Where in the patch of a step one sees by what a finding comes.
pub(crate) type Spots<'a> = dyn Fn(usize, &rules::Finding) -> Option<report::changes::Spot> + 'a;

impl Steps {
    /// The tree after all of them.
    pub(crate) fn last(&self) -> &State {
        self.all.last().map_or(&self.before, |step| &step.after)
    }

    /// Lets `tell` tell of all of them.
    pub(crate) fn told<T>(
        &self,
        all: bool,
        spots: &Spots<'_>,
        tell: impl FnOnce(&Changes<'_>) -> T,
    ) -> T {
        let last = self.last();
        let steps = self.all.iter();
        let mut differences: Vec<(Difference<'_>, bool)> = steps
            .map(|step| {
                let difference = Difference::between(&step.before.outcome, &step.after.outcome);
                (difference, step.is_merge)
            })
            .collect();
        let opened = opened(&mut differences, &last.outcome);
        let changes: Vec<Change<'_>> = self
            .all
            .iter()
            .zip(&differences)
            .enumerate()
            .map(|(at, (step, (difference, _)))| Change {
                name: &step.name,
                title: &step.title,
                number: step.number,
                mail: step.mail.as_ref().map(|head| report::changes::Mail {
                    from: &head.from,
                    date: &head.date,
                    subject: &head.subject,
                    id: &head.id,
                    to: &head.to,
                }),
                spots: difference
                    .added
                    .iter()
                    .map(|finding| spots(at, finding))
                    .collect(),
                difference: difference.clone(),
            })
            .collect();
        let sources: Vec<&dyn Source> = self
            .all
            .iter()
            .map(|step| &*step.after.source as &dyn Source)
            .collect();
        let catalog = last.catalog.as_deref().or(self.before.catalog.as_deref());
        tell(&Changes {
            tree: &self.tree,
            noun: self.noun,
            base: &self.base,
            before: &self.before.outcome,
            source: &*self.before.source,
            changes: &changes,
            sources: &sources,
            opened: &opened,
            after: &last.outcome,
            notes: &self.notes,
            all,
            rules: catalog.map_or(&[][..], Catalog::rules),
        })
    }
}

/// Prints what there is to say of `changes`, and answers how the job ends.
pub(crate) fn tell(
    changes: &Changes<'_>,
    scope: &Scope,
    telling: &PatchTelling,
) -> Result<u8, Failure> {
    let habits = &telling.habits;
    let format = if habits.terse {
        PatchFormat::Terse
    } else {
        telling.format
    };
    let text = match format {
        PatchFormat::Human if telling.ending.quiet => {
            report::changes::each(changes, &terminal::look(scope.color))
        }
        PatchFormat::Human => report::changes::human(changes, &terminal::look(scope.color)),
        PatchFormat::Json => report::changes::json(changes),
        PatchFormat::Terse => report::changes::terse(
            changes,
            report::changes::Lines {
                as_check: None,
                show_file: habits.showfile,
                show_types: habits.show_types,
            },
        ),
        PatchFormat::B4 => report::changes::b4(changes),
        PatchFormat::B4Review => report::changes::b4_review(changes),
        PatchFormat::Reply => report::changes::reply(changes),
        PatchFormat::Patchwork => report::changes::patchwork(changes),
    };
    print(text)?;
    ending(changes, &telling.ending)
}

/// The exit code.
fn ending(changes: &Changes<'_>, ending: &Ending) -> Result<u8, Failure> {
    let usual = Failing {
        allow_unknown: ending.allow_unknown,
        fail_on: ending.fail_on,
        ..Failing::default()
    };
    let code = exit::of_changes(changes, &usual);
    if !ending.nipa {
        return Ok(code);
    }
    describe(&report::changes::line(changes))?;
    let errors = Failing {
        fail_on: FailOn::Error,
        ..usual
    };
    // What is no error there is a warning.
    Ok(match (code, exit::of_changes(changes, &errors)) {
        (exit::FINDINGS | exit::UNKNOWN, 0 | exit::UNKNOWN) => exit::NIPA_WARNING,
        (code, _) => code,
    })
}

/// Tells NIPA a line where it listens.
#[expect(clippy::disallowed_methods, reason = "this is a front end")]
pub(crate) fn describe(words: &str) -> Result<(), Failure> {
    let Some(number) = std::env::var_os("DESC_FD") else {
        return Ok(());
    };
    let shown = crate::one_line(&number.to_string_lossy());
    let number: Option<u32> = number.to_str().and_then(|number| number.parse().ok());
    let failed = |why: &dyn std::fmt::Display| format!("cannot write to $DESC_FD ({shown}): {why}");
    let number = number.ok_or_else(|| failed(&"it is no number"))?;
    let line = crate::one_line(words);
    let write = |line: &str| -> io::Result<()> {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .open(Path::new("/dev/fd").join(number.to_string()))?;
        writeln!(file, "{line}")
    };
    write(&line).map_err(|why| failed(&why))
}
