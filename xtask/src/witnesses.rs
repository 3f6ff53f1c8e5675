//! Does the kernel's own `conf` accept the configuration of every finding?
//!
//! A witness that Kconfig refuses is no witness. Each finding's `config` is put behind what `conf
//! --allnoconfig` writes, and that goes through `conf --olddefconfig`; every value must come out as it went
//! in.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

use crate::conf::{self, Scratch, values};
use crate::error::Error;
use crate::verdicts;

/// Checks `tree`, a name or a path, and asks `conf` about each finding.
pub(crate) fn run(tree: &str) -> Result<ExitCode, Error> {
    let (path, _) = verdicts::find(tree)?;
    let path = fs::canonicalize(&path).map_err(|error| Error::io("find", &path, &error))?;
    let scratch = Scratch::new("witnesses")?;
    let conf = conf::build(&scratch.path().join("conf"))?;
    let report = verdicts::check(&path)?;
    let (mut passed, mut failed) = (0, 0);
    for finding in report["findings"].as_array().into_iter().flatten() {
        let refused = refused(finding, &conf, &path, scratch.path())?;
        if refused.is_empty() {
            passed += 1;
            continue;
        }
        failed += 1;
        let word = |key: &str| finding[key].as_str().unwrap_or("?");
        println!(
            "{} {} {}: conf refuses {}",
            word("rule"),
            word("arch"),
            word("file"),
            refused.join(", ")
        );
    }
    println!("{passed} passed, {failed} failed");
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The values that come out otherwise than they went in.
fn refused(
    finding: &Value,
    conf: &Path,
    tree: &Path,
    scratch: &Path,
) -> Result<Vec<String>, Error> {
    let arch = finding["arch"].as_str().unwrap_or_default();
    let asked: BTreeMap<&str, &str> = finding["config"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(symbol, value)| (symbol.as_str(), value.as_str().unwrap_or_default()))
        .collect();
    let config = scratch.join(".config");
    conf::said(conf::ask(conf, tree, arch, scratch).args(["--allnoconfig", "Kconfig"]))?;
    let base = fs::read_to_string(&config).map_err(|error| Error::io("read", &config, &error))?;
    let lines: String = asked
        .iter()
        .map(|(symbol, value)| line(symbol, value))
        .collect();
    fs::write(&config, base + &lines).map_err(|error| Error::io("write", &config, &error))?;
    conf::said(conf::ask(conf, tree, arch, scratch).args(["--olddefconfig", "Kconfig"]))?;
    let text = fs::read_to_string(&config).map_err(|error| Error::io("read", &config, &error))?;
    let got = values(&text);
    Ok(asked
        .into_iter()
        .filter_map(|(symbol, value)| {
            let is = got.get(symbol).copied().unwrap_or("n");
            (is != value).then(|| format!("{symbol}={value} (it is {is})"))
        })
        .collect())
}

fn line(symbol: &str, value: &str) -> String {
    match value {
        "n" => format!("# CONFIG_{symbol} is not set\n"),
        _ => format!("CONFIG_{symbol}={value}\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_read_as_it_is_written() {
        let text = format!("{}{}", line("A", "y"), line("B", "n")) + "CONFIG_C=\"text\"\n";
        assert_eq!(
            values(&text).into_iter().collect::<Vec<_>>(),
            [("A", "y"), ("C", "text")]
        );
    }
}
