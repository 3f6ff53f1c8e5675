//! From the same settings, our evaluation and the kernel's own `conf` make the same `.config`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use kconfig::{Fill, Settings};

use super::soundness::{configs, read};
use super::{Case, Found, Random};
use crate::conf::said;
use crate::error::Error;

const FILLS: [(&str, Fill); 4] = [
    ("--allnoconfig", Fill::No),
    ("--allyesconfig", Fill::Yes),
    ("--allmodconfig", Fill::Module),
    ("--alldefconfig", Fill::Default),
];

/// So many differences of one configuration are told.
const TOLD: usize = 20;

pub(super) fn compare(case: &Case<'_>, random: u32) -> Result<Found, Error> {
    let mut comparison = Comparison {
        case,
        differences: Vec::new(),
        configurations: 0,
        lines: 0,
    };
    for (mode, fill) in FILLS {
        let mut settings = Settings::new();
        settings.fill(&case.model, fill);
        comparison.one(mode, &[mode.to_owned()], &settings, false)?;
    }
    for path in configs(case) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let argument = format!("--defconfig={}", path.display());
        comparison.one(&name, &[argument], &settings_of(case, &path)?, false)?;
    }
    for seed in 1..=random {
        let folder = &case.kernel.folder;
        let mut conf = case.kernel.ask("conf", &case.arch, folder);
        conf.env("KCONFIG_SEED", seed.to_string());
        said(conf.args(["--randconfig", "Kconfig"]))?;
        let file = folder.join(".config");
        let text = torn(&read(&file)?, seed);
        fs::write(&file, text).map_err(|error| Error::io("write", &file, &error))?;
        let settings = settings_of(case, &file)?;
        let arguments = ["--olddefconfig".to_owned()];
        comparison.one(&format!("random {seed}"), &arguments, &settings, true)?;
    }
    Ok(Found {
        summary: format!(
            "{} configurations of {} lines, {} differ",
            comparison.configurations,
            comparison.lines,
            comparison.differences.len()
        ),
        differences: comparison.differences,
    })
}

fn settings_of(case: &Case<'_>, path: &Path) -> Result<Settings, Error> {
    let bytes = fs::read(path).map_err(|error| Error::io("read", path, &error))?;
    Ok(Settings::read(&case.model, &bytes).0)
}

/// A configuration with a third of its lines taken out, and one in eight turned round: what is left is
/// a wish that `conf` cannot grant as it stands.
fn torn(text: &str, seed: u32) -> String {
    let mut random = Random::new(seed);
    let mut lines = Vec::new();
    for line in text.lines() {
        let draw = random.next() % 24;
        if draw < 8 {
            continue;
        }
        let name = line
            .strip_prefix("# CONFIG_")
            .and_then(|rest| rest.strip_suffix(" is not set"));
        lines.push(match (draw, name) {
            (8, Some(name)) => format!("CONFIG_{name}=y"),
            (9, Some(name)) => format!("CONFIG_{name}=m"),
            (10..=12, None) if line.ends_with("=y") => format!("{}n", &line[..line.len() - 1]),
            (10..=12, None) if line.ends_with("=m") => format!("{}y", &line[..line.len() - 1]),
            _ => line.to_owned(),
        });
    }
    lines.join("\n") + "\n"
}

struct Comparison<'c> {
    case: &'c Case<'c>,
    differences: Vec<String>,
    configurations: usize,
    lines: usize,
}

impl Comparison<'_> {
    fn one(
        &mut self,
        name: &str,
        arguments: &[String],
        settings: &Settings,
        warnings: bool,
    ) -> Result<(), Error> {
        let folder = &self.case.kernel.folder;
        let mut conf = self.case.kernel.ask("conf", &self.case.arch, folder);
        let said = said(conf.args(arguments).arg("Kconfig"))?;
        let text = read(&folder.join(".config"))?;
        let mut theirs: BTreeSet<String> =
            text.lines().filter(is_setting).map(String::from).collect();
        // What a toolchain answers is known: no question is left.
        let configuration = self.case.model.configure(settings, &|_| false);
        let text = configuration.to_text();
        let mut ours: BTreeSet<String> = text.lines().map(String::from).collect();
        if warnings {
            let sign = "unmet direct dependencies detected for ";
            let warned = said
                .lines()
                .filter_map(|line| Some(line.split_once(sign)?.1));
            theirs.extend(warned.map(|symbol| format!("{symbol} is unmet")));
            ours.extend(
                configuration
                    .unmet()
                    .map(|symbol| format!("{symbol} is unmet")),
            );
        }
        self.configurations += 1;
        self.lines += theirs.len();
        let only_ours = ours
            .difference(&theirs)
            .map(|line| format!("only ours: {line}"));
        let only_conf = theirs
            .difference(&ours)
            .map(|line| format!("only conf's: {line}"));
        let all = only_ours.chain(only_conf).take(TOLD);
        self.differences
            .extend(all.map(|line| format!("{name}: {line}")));
        Ok(())
    }
}

fn is_setting(line: &&str) -> bool {
    line.starts_with("CONFIG_") || line.ends_with(" is not set")
}
