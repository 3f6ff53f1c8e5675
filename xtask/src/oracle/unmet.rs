//! Where we say that a `select` can force its target against what that depends on, the kernel's own `conf` must
//! warn of it once our configuration is set; and where `conf` warns of a configuration drawn at random, we must have
//! said so.
//!
//! A toolchain answers as our configuration says: commands are not run then, and to what command a call leads the
//! tree's own macros tell.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use kconfig::{Needed, Select, setting_line};

use super::kernel::{keep_answers, records};
use super::{Case, Found};
use crate::conf::said;
use crate::error::Error;

/// Who selects, and what.
type Pair = (String, String);

pub(super) fn compare(case: &Case<'_>, random: u32) -> Result<Found, Error> {
    let mut questions = case.model.questions();
    let (forcing, unknown) = questions.forcing();
    let mut differences = Vec::new();
    let mut known: BTreeSet<Pair> = unknown.iter().map(|select| pair(select)).collect();
    let (mut assumed, mut unshown) = (0, 0);
    for select in &forcing {
        let (by, target) = pair(select);
        known.insert((by.clone(), target.clone()));
        let Some(forced) = questions.forced(select, None) else {
            unshown += 1;
            continue;
        };
        assumed += u32::from(!forced.needed.toolchain().is_empty());
        if !warnings(&shown(case, &forced.needed)?).contains(&(by.clone(), target.clone())) {
            differences.push(format!("conf does not warn of {by} that selects {target}"));
        }
    }
    let mut warned = BTreeSet::new();
    for seed in 0..random {
        let mut conf = case.kernel.ask("conf", &case.arch, &case.kernel.folder);
        conf.env("KCONFIG_SEED", (seed + 1).to_string());
        let text = said(conf.args(["--randconfig", "Kconfig"]))?;
        warned.extend(warnings(&text));
    }
    for (by, target) in warned.difference(&known) {
        differences.push(format!("conf warns of {by} that selects {target}"));
    }
    Ok(Found {
        summary: format!(
            "{} selects, {} can force their target ({assumed} with another toolchain), {} given up, \
             {unshown} without a configuration; conf warns of {} in {random} random configurations; \
             {} differ",
            case.model.selects().count(),
            forcing.len(),
            unknown.len(),
            warned.len(),
            differences.len()
        ),
        differences,
    })
}

fn pair(select: &Select) -> Pair {
    (select.by.to_string(), select.target.to_string())
}

/// What `conf` says of what is needed, on what `allnoconfig` makes.
fn shown(case: &Case<'_>, needed: &Needed) -> Result<String, Error> {
    let folder = &case.kernel.folder;
    let answers = folder.join("answers-assumed");
    assume(case, needed, &answers)?;
    let ask = |command: &str| {
        let mut conf = case.kernel.ask("conf", &case.arch, folder);
        conf.env("ORACLE_ANSWERS", &answers);
        said(conf.args([command, "Kconfig"]))
    };
    ask("--allnoconfig")?;
    let config = folder.join(".config");
    let mut text = super::soundness::read(&config)?;
    for (name, value) in &needed.set {
        if let Some(symbol) = case.model.symbol(name) {
            let _ = writeln!(text, "{}", setting_line(symbol, value));
        }
    }
    fs::write(&config, text).map_err(|error| Error::io("write", &config, &error))?;
    ask("--olddefconfig")
}

/// Puts the answers that are needed of a toolchain before those that it gives.
fn assume(case: &Case<'_>, needed: &Needed, path: &Path) -> Result<(), Error> {
    let known = records(&case.kernel.answers_file(&case.arch))?;
    let mut answers: BTreeMap<String, String> = known.into_iter().collect();
    let folder = &case.kernel.folder;
    for (call, answer) in needed.toolchain() {
        let file = folder.join("Kconfig.probe");
        let text = format!("source \"scripts/Kconfig.include\"\n$(info,{call})\n");
        fs::write(&file, text).map_err(|error| Error::io("write", &file, &error))?;
        let asked = folder.join("asked");
        fs::write(&asked, "").map_err(|error| Error::io("write", &asked, &error))?;
        let mut conf = case.kernel.ask("conf", &case.arch, folder);
        conf.env("ORACLE_ASKED", &asked);
        said(conf.args(["--alldefconfig", "Kconfig.probe"]))?;
        // The whole call is asked last.
        if let Some((command, _)) = records(&asked)?.into_iter().next_back() {
            answers.insert(command, format!("{answer}\n"));
        }
    }
    keep_answers(path, &answers)
}

/// The selects that `conf` warns of: those that lift their target over what it depends on.
fn warnings(said: &str) -> BTreeSet<Pair> {
    let mut found = BTreeSet::new();
    let (mut target, mut depends, mut lift) = ("", "", "");
    let inside = |line: &'_ str| {
        line.split_once('[')
            .map_or("", |(_, rest)| rest.get(..1).unwrap_or(""))
            .to_owned()
    };
    for line in said.lines() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix("WARNING: unmet direct dependencies detected for ") {
            target = name;
        } else if line.starts_with("Depends on [") {
            depends = if inside(line) == "m" { "m" } else { "n" };
        } else if line.starts_with("Selected by [") {
            lift = if inside(line) == "y" { "y" } else { "m" };
        } else if let Some(by) = line.strip_prefix("- ") {
            let by = by.split(' ').next().unwrap_or_default();
            if (depends, lift) != ("m", "m") {
                found.insert((by.to_owned(), target.to_owned()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_tells_who_selects_what() {
        let said = "\nWARNING: unmet direct dependencies detected for A\n  Depends on [m]: B [=m]\n  \
                    Selected by [y]:\n  - C [=y] && D [=y]\n  Selected by [m]:\n  - E [=m]\n";
        let pair = ("C".to_owned(), "A".to_owned());
        assert_eq!(warnings(said), BTreeSet::from([pair]));
    }
}
