//! `vmemmlint witness RULE ARCH`: a finding's configuration, as a fragment to be merged.

use std::process::ExitCode;

use rules::{Outcome, Verdict};

use crate::arguments::Witness;
use crate::engine::Settings;
use crate::{Failure, catalog, engine, exit, one_line, print, tree};

pub(crate) fn run(asked: &Witness) -> Result<ExitCode, Failure> {
    let source = tree::open(&asked.tree, &asked.version)?;
    let settings = Settings {
        arches: vec![asked.arch.clone()],
        rules: vec![asked.rule.clone()],
        catalog: Some(catalog::configured(&asked.folders, None, &*source)?.0),
        toolchain: tree::toolchain(asked.toolchain.as_deref())?,
        limits: asked.budget.limits(),
        base: asked.base.as_deref().map(tree::config_text).transpose()?,
        ..Settings::default()
    };
    let answer = engine::check(&source, &settings, &asked.caching, false)?;
    let code = tell(asked, &answer.outcome)?;
    answer.keep(&*source);
    Ok(code)
}

fn tell(asked: &Witness, outcome: &Outcome) -> Result<ExitCode, Failure> {
    let number = asked.finding as usize;
    let count = outcome.findings.len();
    let Some(finding) = outcome.findings.get(number - 1) else {
        let (rule, arch) = (&asked.rule, &asked.arch);
        if count > 0 {
            return Err(format!(
                "{rule} has {count} findings on {arch}: --finding takes 1 to {count}"
            ));
        }
        return Ok(nothing((rule, arch), outcome));
    };
    if finding.path.is_empty() && finding.config.is_empty() {
        return Err(format!(
            "a finding of {} needs no configuration",
            asked.rule
        ));
    }
    print(report::witness(finding, (number, count)))?;
    Ok(ExitCode::SUCCESS)
}

/// There is no finding of the rule on the architecture: says why.
pub(crate) fn nothing((rule, arch): (&str, &str), outcome: &Outcome) -> ExitCode {
    let said = outcome.verdicts.first();
    let (word, reason) = said.map_or(("unknown", ""), |v| (v.verdict.word(), v.reason.as_str()));
    let line = format!("{rule} on {arch}: {word}: {reason}");
    // Standard output is the fragment's.
    eprint_line(&one_line(&line));
    let code = match said.map(|v| v.verdict) {
        Some(Verdict::Clean | Verdict::CannotReach) => exit::FINDINGS,
        _ => exit::UNKNOWN,
    };
    ExitCode::from(code)
}

fn eprint_line(line: &str) {
    use std::io::Write as _;
    // Nobody is left to be told when this fails.
    let _ = writeln!(std::io::stderr(), "vmemmlint: {line}");
}
