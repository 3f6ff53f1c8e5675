//! What we say is to be set for a symbol must make the kernel's own `conf` set it, whatever is said of
//! all else: its default, or that it is off.

use std::fmt::Write;
use std::fs;

use kconfig::{Fragment, Symbol, Wish, setting_line};

use super::soundness::read;
use super::{Case, Found, Random};
use crate::conf::{said, values};
use crate::error::Error;

const BASES: [&str; 2] = ["--alldefconfig", "--allnoconfig"];

pub(super) fn compare(case: &Case<'_>, random: u32) -> Result<Found, Error> {
    let asked: Vec<&Symbol> = case.model.symbols().filter(|s| s.is_truth()).collect();
    let mut questions = case.model.questions();
    let mut draw = Random::new(1);
    let mut differences = Vec::new();
    let (mut count, mut never, mut undecided, mut lines) = (0, 0, 0, 0);
    while count < random {
        let at = usize::try_from(draw.next() % asked.len() as u64).unwrap_or(0);
        let value = ["y", "m", "n"][usize::try_from(draw.next() % 3).unwrap_or(0)];
        let wish = Wish {
            symbol: asked[at].name,
            value: value.to_owned(),
        };
        count += 1;
        match questions.fragment(std::slice::from_ref(&wish)) {
            Fragment::Set(needed) => {
                lines += needed.set.len();
                let mut text = String::new();
                for (name, value) in &needed.set {
                    if let Some(symbol) = case.model.symbol(name) {
                        let _ = writeln!(text, "{}", setting_line(symbol, value));
                    }
                }
                for base in BASES {
                    let is = conf_sets(case, &wish, &text, base)?;
                    if is != value {
                        differences.push(format!("{wish}, conf {base} says {is}"));
                    }
                }
            }
            Fragment::Impossible(..) => never += 1,
            Fragment::Unknown => undecided += 1,
        }
    }
    Ok(Found {
        summary: format!(
            "{count} wishes, {never} of them impossible, {lines} lines for the others, {} not granted, \
             {undecided} not found out",
            differences.len()
        ),
        differences,
    })
}

/// The value of the symbol where nothing but `text` is set.
fn conf_sets(case: &Case<'_>, wish: &Wish, text: &str, base: &str) -> Result<String, Error> {
    let folder = &case.kernel.folder;
    let fragment = folder.join("fragment");
    fs::write(&fragment, text).map_err(|error| Error::io("write", &fragment, &error))?;
    let mut conf = case.kernel.ask("conf", &case.arch, folder);
    conf.env("KCONFIG_ALLCONFIG", &fragment);
    said(conf.args([base, "Kconfig"]))?;
    let text = read(&folder.join(".config"))?;
    let value = values(&text).get(wish.symbol.as_str()).copied();
    Ok(value.unwrap_or("n").to_owned())
}
