//! `vmemmlint arches`: what is known of each architecture, as a table.

use std::process::ExitCode;

use crate::arguments::{Arches, Subject, TableFormat};
use crate::engine::Settings;
use crate::{Failure, engine, exit, print, terminal, tree};

pub(crate) fn run(asked: &Arches) -> Result<ExitCode, Failure> {
    let Subject { tree, scope } = &asked.subject;
    let source = tree::open(tree, &scope.version)?;
    let settings = Settings {
        table: true,
        ..engine::settings(&*source, scope, &asked.search)?
    };
    let answer = engine::check(&source, &settings, &asked.search.caching, false)?;
    let outcome = &answer.outcome;
    let look = terminal::look(scope.color);
    print(&match asked.format {
        TableFormat::Human => {
            let told = report::problems(outcome, &*source, &look) + &report::arches(outcome, &look);
            terminal::with_links(told, (tree, scope), &*source, settings.catalog.as_deref())
        }
        TableFormat::Json => report::arches_json(&asked.subject.name(), outcome),
        TableFormat::Markdown => report::arches_markdown(outcome),
    })?;
    answer.keep(&*source);
    let unread = !outcome.problems.is_empty();
    Ok(ExitCode::from(if unread { exit::NOT_DONE } else { 0 }))
}
