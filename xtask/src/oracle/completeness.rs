//! What satisfies our constraints must come back from the kernel's own `conf` unchanged.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use condition::{Answer, Condition, Level, Model as Solution};
use kconfig::{Settings, Value, setting_line};

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

/// In one of so many solutions the solver alone says which wishes give way to which.
const ALONE: u32 = 10;

/// A solution near to what a user with random wishes would ask for. What becomes of the wishes by our
/// evaluation is asked for first, and all else after it: the solver must not grant more than `conf`.
fn solution(checker: &mut Checker<'_>, case: &Case<'_>, seed: u32) -> Option<Solution> {
    let mut random = Random::new(seed);
    let (mut wishes, mut settings) = (Vec::new(), Settings::new());
    let asked = case.model.symbols();
    for symbol in asked.filter(|symbol| symbol.is_truth() && !symbol.prompts.is_empty()) {
        let value = ["n", "n", "n", "y", "y", "y", "m", "m"][draw(&mut random, 8)];
        settings.set(&case.model, symbol.name, value);
        wishes.push((symbol.name, value));
    }
    for at in (1..wishes.len()).rev() {
        wishes.swap(at, draw(&mut random, at + 1));
    }
    let mut granted = 0;
    if !seed.is_multiple_of(ALONE) {
        let configuration = case.model.configure(&settings, &|_| false);
        wishes.sort_by_key(|(name, value)| configuration.text(name) != *value);
        granted = wishes.partition_point(|(name, value)| configuration.text(name) == *value);
    }
    let store = &mut checker.store;
    let wishes: Vec<Condition> = wishes
        .into_iter()
        .map(|(name, value)| match value {
            "n" => !store.enabled(&name),
            "m" => store.symbol(&name, Level::Module),
            _ => store.symbol(&name, Level::Yes),
        })
        .collect();
    let mut found = None;
    let (granted, open) = wishes.split_at(granted);
    for chunk in std::iter::once(granted).chain(open.chunks(CHUNK)) {
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

fn draw(random: &mut Random, below: usize) -> usize {
    usize::try_from(random.next() % below as u64).unwrap_or(0)
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
            let value = Value::in_solution(solution, symbol.name).unwrap_or_default();
            let value = value.word();
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
