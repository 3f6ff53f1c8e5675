//! What satisfies our constraints must come back from the kernel's own `conf` unchanged.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use condition::{Answer, Atom, Condition, Level, Model as Solution};
use kconfig::setting_line;

use super::soundness::{Checker, read};
use super::{Case, Found, Random};
use crate::conf::{said, values};
use crate::error::Error;

/// Wishes that are tried together; those of them that clash are given up.
const CHUNK: usize = 200;

pub(super) fn compare(case: &Case<'_>, random: u32) -> Result<Found, Error> {
    let mut differences = Vec::new();
    let (mut count, mut undecided, mut on) = (0, 0, 0);
    for seed in 1..=random {
        // What is granted to one solution is asserted, so each begins anew.
        let mut checker = Checker::new(&case.model);
        let Some(solution) = solution(&mut checker, case, seed) else {
            undecided += 1;
            continue;
        };
        count += 1;
        on += solution.true_atoms().len();
        for line in changed(&checker, case, &solution)? {
            differences.push(format!("solution {seed}: {line}"));
        }
    }
    Ok(Found {
        summary: format!(
            "{count} solutions of some {} values that are not n, {} changed, {undecided} not found out",
            on / count.max(1),
            differences.len()
        ),
        differences,
    })
}

/// A solution near to what a user with random wishes would ask for.
fn solution(checker: &mut Checker<'_>, case: &Case<'_>, seed: u32) -> Option<Solution> {
    let mut random = Random::new(seed);
    let mut wishes: Vec<Condition> = Vec::new();
    let asked = case.model.symbols();
    for symbol in asked.filter(|symbol| symbol.is_truth() && !symbol.prompts.is_empty()) {
        let name = symbol.name.as_str();
        wishes.push(match random.next() % 8 {
            0..=2 => !checker.store.enabled(name),
            3..=5 => checker.store.symbol(name, Level::Yes),
            _ => checker.store.symbol(name, Level::Module),
        });
    }
    for at in (1..wishes.len()).rev() {
        let other = usize::try_from(random.next() % (at as u64 + 1)).unwrap_or(0);
        wishes.swap(at, other);
    }
    let mut found = None;
    for chunk in wishes.chunks(CHUNK) {
        let mut chunk = chunk.to_vec();
        loop {
            match checker.solver.solve(&checker.store, &chunk) {
                Answer::Sat(solution) => {
                    found = Some(solution);
                    break;
                }
                Answer::Unknown(_) => return None,
                Answer::Unsat(core) => chunk.retain(|wish| !core.contains(wish)),
            }
        }
        for wish in chunk {
            checker.solver.assert(&checker.store, wish);
        }
    }
    found
}

/// The values that `conf` changes when it is given the solution.
fn changed(
    checker: &Checker<'_>,
    case: &Case<'_>,
    solution: &Solution,
) -> Result<Vec<String>, Error> {
    let mut asked: BTreeMap<&str, &str> = BTreeMap::new();
    let mut text = String::new();
    for symbol in case.model.symbols() {
        let name = symbol.name.as_str();
        if symbol.is_truth() {
            let is = |level| {
                solution.value(Atom::Symbol {
                    name: symbol.name,
                    level,
                }) == Some(true)
            };
            let value = match (is(Level::Yes), is(Level::Module)) {
                (true, _) => "y",
                (_, true) => "m",
                _ => "n",
            };
            asked.insert(name, value);
            let _ = writeln!(text, "{}", setting_line(symbol, value));
        } else if let Some(value) = checker.constraints.text_for(symbol, solution) {
            let _ = writeln!(text, "{}", setting_line(symbol, &value));
        }
    }
    let file = case.kernel.folder.join(".config");
    fs::write(&file, text).map_err(|error| Error::io("write", &file, &error))?;
    let mut conf = case.kernel.ask("conf", &case.arch, &case.kernel.folder);
    said(conf.args(["--olddefconfig", "Kconfig"]))?;
    let text = read(&file)?;
    let got = values(&text);
    Ok(asked
        .into_iter()
        .filter_map(|(name, value)| {
            let is = got.get(name).copied().unwrap_or("n");
            (is != value).then(|| format!("{name}={value}, conf says {is}"))
        })
        .collect())
}
