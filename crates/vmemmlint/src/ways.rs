//! `vmemmlint paths RULE ARCH`: every path of a finding.

use std::process::ExitCode;
use std::sync::Arc;

use rules::{Catalog, Outcome};
use source::Listed;

use crate::arguments::{GraphFormat, Paths, Subject};
use crate::engine::Settings;
use crate::{Failure, engine, one_line, print, terminal, tree, witness};

pub(crate) fn run(
    asked: &Paths,
    source: &Arc<dyn Listed>,
    catalog: Arc<Catalog>,
) -> Result<ExitCode, Failure> {
    let graph = &asked.graph;
    let Subject { scope, .. } = &graph.subject;
    if graph.config.is_some() || !scope.arch.is_empty() {
        return Err(format!(
            "all paths of {} are those of every configuration of {}: neither --config nor --arch is taken",
            asked.from,
            one_line(&asked.to)
        ));
    }
    let settings = Settings {
        arches: vec![asked.to.clone()],
        rules: vec![asked.from.clone()],
        every_path: true,
        catalog: Some(catalog),
        toolchain: tree::toolchain(scope.toolchain.as_deref())?,
        limits: asked.budget.limits(),
        ..Settings::default()
    };
    let answer = engine::check(source, &settings, &asked.caching, false)?;
    let code = tell(asked, &answer.outcome)?;
    answer.keep(&**source);
    Ok(code)
}

fn tell(asked: &Paths, outcome: &Outcome) -> Result<ExitCode, Failure> {
    let graph = &asked.graph;
    if outcome.findings.is_empty() {
        return Ok(witness::nothing((&asked.from, &asked.to), outcome));
    }
    print(&match graph.format {
        GraphFormat::Human => report::paths(outcome, &terminal::look(graph.subject.scope.color)),
        GraphFormat::Json => report::paths_json(&graph.subject.name(), outcome),
        GraphFormat::Dot => report::paths_dot(outcome),
    })?;
    Ok(ExitCode::SUCCESS)
}
