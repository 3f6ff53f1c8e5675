//! What we say no configuration has must be in none that the kernel's own `conf` makes: entries that are never on,
//! defaults that never decide, conditions that always or never hold.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use condition::Condition;
use kconfig::{Line, Model, Settings};
use source::Directory;

use super::soundness::each;
use super::{Case, Found};
use crate::error::Error;

/// What is claimed of a line, by file and number.
pub(super) type Claims = BTreeMap<(String, u32), Vec<Claim>>;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    Dead,
    NeverDecides,
    NeverHolds,
    AlwaysHolds,
}

/// What we say of a tree.
pub(super) fn claims(tree: &Path) -> Result<Claims, Error> {
    let source = Directory::open(tree).map_err(|error| Error::io("open", tree, &error))?;
    let settings = rules::Settings {
        rules: ["dead-block", "dead-default", "constant-condition"]
            .map(str::to_owned)
            .to_vec(),
        ..rules::Settings::default()
    };
    let outcome = rules::check(Arc::new(source), &settings, &::kernel::Silent);
    let outcome = outcome.map_err(|error| Error::new(error.to_string()))?;
    let mut claims = Claims::new();
    for finding in outcome.findings {
        let claim = match finding.rule.as_str() {
            "dead-block" => Claim::Dead,
            "dead-default" => Claim::NeverDecides,
            _ if finding.message.contains(" always holds") => Claim::AlwaysHolds,
            _ => Claim::NeverHolds,
        };
        let place = (finding.sink.file, finding.sink.line);
        claims.entry(place).or_default().push(claim);
    }
    Ok(claims)
}

pub(super) fn compare(case: &Case<'_>, claims: &Claims, random: u32) -> Result<Found, Error> {
    let mut questions = case.model.questions();
    let claimed = |line: &Line, claim: Claim| {
        let place = (line.place.file.to_string(), line.place.line);
        claims.get(&place).is_some_and(|all| all.contains(&claim))
    };
    // When each claim would be wrong.
    let mut wrong: Vec<(String, Condition)> = Vec::new();
    let mut add = |line: &Line, when| {
        wrong.push((format!("{}:{}", line.place.file, line.place.line), when));
    };
    for (line, on) in questions.entries(&|_| true) {
        if claimed(&line, Claim::Dead) {
            add(&line, on);
        }
    }
    for (line, asked, decides) in questions.defaults(&|_| true) {
        if claimed(&line, Claim::NeverDecides) {
            add(&line, questions.store().and(asked, decides));
        }
    }
    for (line, clause) in questions.clauses(&|_| true) {
        for (claim, when) in [
            (Claim::NeverHolds, clause.on),
            (Claim::AlwaysHolds, !clause.yes),
        ] {
            if claimed(&line, claim) {
                add(&line, questions.store().and(clause.around, when));
            }
        }
    }
    let mut differences = Vec::new();
    let count = each(case, random, &mut |name, text| {
        let holds = holding(&case.model, text, questions.store(), &wrong);
        differences.extend(holds.into_iter().map(|place| format!("{name}: {place}")));
    })?;
    Ok(Found {
        summary: format!(
            "{} claims, {count} configurations, {} against a claim",
            wrong.len(),
            differences.len()
        ),
        differences,
    })
}

/// Which of the conditions hold in a configuration.
fn holding(
    model: &Model,
    text: &str,
    store: &condition::Store,
    wrong: &[(String, Condition)],
) -> Vec<String> {
    let (settings, _) = Settings::read(model, text.as_bytes());
    let configuration = model.configure(&settings, &|_| false);
    let holds = wrong.iter().filter(|(_, when)| {
        store.evaluate(*when, &mut |atom| configuration.answer(atom)) == Some(true)
    });
    holds.map(|(place, _)| place.clone()).collect()
}
