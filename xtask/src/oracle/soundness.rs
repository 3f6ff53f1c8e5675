//! Configurations that the kernel's own `conf` makes must satisfy our constraints.

use std::fs;
use std::path::{Path, PathBuf};

use condition::{Answer, Atom, Condition, Level, Solver, Store};
use kconfig::{Constraints, Model};

use super::{Case, Found};
use crate::conf::{said, values};
use crate::error::Error;

pub(super) fn compare(case: &Case<'_>, random: u32) -> Result<Found, Error> {
    let mut checker = Checker::new(&case.model);
    let mut differences = Vec::new();
    let count = each(case, random, &mut |name, text| {
        if let Some(clash) = checker.clash(text) {
            differences.push(format!("{name}: {clash}"));
        }
    })?;
    Ok(Found {
        summary: format!(
            "{count} configurations, {} violate a constraint",
            differences.len()
        ),
        differences,
    })
}

/// Lets `conf` make one configuration after the other, and gives `look` its name and its text; how many there were.
pub(super) fn each(
    case: &Case<'_>,
    random: u32,
    look: &mut dyn FnMut(&str, &str),
) -> Result<usize, Error> {
    let all = configurations(case, random);
    for (name, arguments, seed) in &all {
        let folder = &case.kernel.folder;
        let mut conf = case.kernel.ask("conf", &case.arch, folder);
        conf.args(arguments).arg("Kconfig");
        if let Some(seed) = seed {
            conf.env("KCONFIG_SEED", seed.to_string());
        }
        said(&mut conf)?;
        look(name, &read(&folder.join(".config"))?);
    }
    Ok(all.len())
}

/// The name of each configuration, the arguments of `conf` that make it, and the seed.
fn configurations(case: &Case<'_>, random: u32) -> Vec<(String, Vec<String>, Option<u32>)> {
    let plain = [
        "--allnoconfig",
        "--allyesconfig",
        "--allmodconfig",
        "--alldefconfig",
    ];
    let mut all: Vec<_> = plain
        .iter()
        .map(|word| ((*word).to_owned(), vec![(*word).to_owned()], None))
        .collect();
    for path in configs(case) {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        all.push((name, vec![format!("--defconfig={}", path.display())], None));
    }
    for seed in 1..=random {
        let arguments = vec!["--randconfig".to_owned()];
        all.push((format!("randconfig {seed}"), arguments, Some(seed)));
    }
    all
}

/// The architecture's own configurations, sorted.
pub(super) fn configs(case: &Case<'_>) -> Vec<PathBuf> {
    let folder = case.kernel.tree.join("arch").join(&case.arch);
    let entries = fs::read_dir(folder.join("configs"));
    let entries = entries.into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    found.retain(|path| path.to_string_lossy().ends_with("defconfig"));
    found.sort();
    found
}

/// The text of a file.
pub(super) fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| Error::io("read", path, &error))
}

/// All constraints of a model in a solver, asked about one configuration after the other.
pub(super) struct Checker<'m> {
    model: &'m Model,
    pub(super) store: Store,
    pub(super) solver: Solver,
    pub(super) constraints: Constraints<'m>,
}

impl<'m> Checker<'m> {
    pub(super) fn new(model: &'m Model) -> Checker<'m> {
        let (mut store, mut solver) = (Store::new(), Solver::new());
        let mut constraints = model.constraints();
        let truths = model.symbols().filter(|symbol| symbol.is_truth());
        constraints.require(&mut store, &mut solver, truths.map(|symbol| symbol.name));
        Checker {
            model,
            store,
            solver,
            constraints,
        }
    }

    /// The values that together cannot be, where a configuration is none of ours.
    fn clash(&mut self, text: &str) -> Option<String> {
        let values = values(text);
        let mut literals: Vec<Condition> = Vec::new();
        for symbol in self.model.symbols().filter(|symbol| symbol.is_truth()) {
            for (level, word) in [(Level::Yes, "y"), (Level::Module, "m")] {
                let name = symbol.name;
                let atom = self.store.atom(Atom::Symbol { name, level });
                let holds = values.get(symbol.name.as_str()) == Some(&word);
                literals.push(if holds { atom } else { !atom });
            }
        }
        match self.solver.solve(&self.store, &literals) {
            Answer::Sat(_) => None,
            Answer::Unknown(_) => Some("not found out".to_owned()),
            Answer::Unsat(core) => {
                let mut words: Vec<String> = core
                    .iter()
                    .map(|literal| self.store.display(*literal).to_string())
                    .collect();
                words.sort();
                Some(words.join(" "))
            }
        }
    }
}
