//! `vmemmlint explain RULE`: what a rule is about, and its whole story on a tree.

use std::process::ExitCode;

use rules::{Catalog, CheckError, Rule};

use crate::arguments::Explain;
use crate::engine::Settings;
use crate::{Failure, catalog, engine, exit, one_line, print, terminal, tree};

pub(crate) fn run(asked: &Explain) -> Result<ExitCode, Failure> {
    let here = tree::here();
    let version = &asked.scope.version;
    let named = asked
        .tree
        .as_ref()
        .or((!asked.scope.arch.is_empty() || version.rev.is_some()).then_some(&here));
    let opened = match named {
        Some(path) => Some(tree::open(path, version)?),
        // Outside of a kernel the rule alone is told.
        None => tree::open(&here, version).ok(),
    };
    let Some(source) = opened else {
        let catalog = catalog::of(&asked.search.folders)?;
        print(&rule(&catalog, asked)?.essay)?;
        return Ok(ExitCode::SUCCESS);
    };
    let settings = Settings {
        rules: vec![asked.rule.clone()],
        table: true,
        ends: true,
        ..engine::settings(&*source, &asked.scope, &asked.search)?
    };
    let catalog = settings.catalog.clone().unwrap_or_default();
    let rule = rule(&catalog, asked)?;
    let answer = engine::check(&source, &settings, &asked.search.caching, false)?;
    let outcome = &answer.outcome;
    let look = terminal::look(asked.scope.color);
    let told = [
        format!("{}: {}\n\n", rule.id(), rule.title()),
        report::problems(outcome, &*source, &look),
        report::story(outcome, &*source, &look),
    ];
    let place = (named.unwrap_or(&here).as_path(), &asked.scope);
    let told = terminal::with_links(told.concat(), place, &*source, Some(&catalog));
    print(told)?;
    answer.keep(&*source);
    let unread = !outcome.problems.is_empty();
    Ok(ExitCode::from(if unread { exit::NOT_DONE } else { 0 }))
}

fn rule<'c>(catalog: &'c Catalog, asked: &Explain) -> Result<&'c Rule, Failure> {
    catalog.rule(&asked.rule).ok_or_else(|| {
        let own: Vec<&str> = catalog.named(&asked.rule).map(Rule::id).collect();
        if !own.is_empty() {
            let (pack, own) = (&asked.rule, own.join(", "));
            return format!("{pack} is a pack; name one of its rules: {own}");
        }
        let unknown = CheckError::UnknownRule(asked.rule.clone(), catalog.ids());
        one_line(&unknown.to_string())
    })
}
