//! A stand-in for the kernel's `conf`, made of our reading of Kconfig: what the kernel's own suite of
//! tests calls when [`oracle suite`](crate::oracle) runs it.
//!
//! It reads `$srctree/Kconfig` and writes `.config` into the current folder, as `conf` does. It asks in
//! the old modes without a word, since menus are not what it is for.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, BufRead};
use std::path::Path;
use std::process::ExitCode;

use kconfig::{Environment, Fill, Library, Model, Relation, Settings, Severity, Symbol};
use source::Directory;

use crate::error::Error;
use crate::oracle::{Random, kept_answers};

/// The variable that holds the kernel's version.
pub(crate) const VERSION: &str = "ORACLE_VERSION";
/// The variable that names the file of what `$(shell,...)` answered.
pub(crate) const ANSWERS: &str = "ORACLE_ANSWERS";

/// Does what `conf MODE Kconfig` does.
pub(crate) fn run(mode: &str) -> Result<ExitCode, Error> {
    let model = model()?;
    if !say(&model) {
        return Ok(ExitCode::FAILURE);
    }
    let (mode, file) = match mode.split_once('=') {
        Some((mode, file)) => (mode, Some(file)),
        None => (mode, None),
    };
    let fill = match mode {
        "allnoconfig" => Some(Fill::No),
        "allyesconfig" => Some(Fill::Yes),
        "allmodconfig" => Some(Fill::Module),
        "alldefconfig" | "randconfig" => Some(Fill::Default),
        _ => None,
    };
    let mut settings = match (fill, file) {
        (Some(_), _) => match env::var("KCONFIG_ALLCONFIG") {
            Ok(path) => settings(&model, Path::new(&path))?,
            Err(_) => Settings::new(),
        },
        (None, Some(file)) => settings(&model, Path::new(file))?,
        (None, None) if Path::new(".config").exists() => settings(&model, Path::new(".config"))?,
        (None, None) => Settings::new(),
    };
    settings.fill(&model, fill.unwrap_or(Fill::Default));
    match mode {
        "randconfig" => randomize(&model, &mut settings),
        "oldaskconfig" => ask(&model, &mut settings, &mut |_| true),
        "oldconfig" => {
            let before = settings.clone();
            ask(&model, &mut settings, &mut |symbol| {
                !before.sets(symbol.name)
            });
        }
        "defconfig" | "olddefconfig" => {}
        _ if fill.is_some() => {}
        other => return Err(Error::new(format!("--{other} is nothing that this does"))),
    }
    write(&model, &settings)?;
    Ok(ExitCode::SUCCESS)
}

fn model() -> Result<Model, Error> {
    let tree = env::var("srctree").unwrap_or_else(|_| ".".to_owned());
    let tree = Path::new(&tree);
    let source = Directory::open(tree).map_err(|error| Error::io("open", tree, &error))?;
    let version = env::var(VERSION).unwrap_or_default();
    let mut environment = Environment::for_arch("toy", &version);
    if let Ok(answers) = env::var(ANSWERS) {
        environment.set_toolchain(kept_answers(Path::new(&answers))?);
    }
    Ok(kconfig::elaborate(&Library::new(), &source, &environment))
}

/// Says what reading has to say, in the words of `conf` where these are what tests look for; false
/// where it gives up.
fn say(model: &Model) -> bool {
    for links in model.recursions() {
        eprintln!("error: recursive dependency detected!");
        for link in links {
            let words = match link.relation {
                Relation::DependsOn => "depends on",
                Relation::SelectedBy => "is selected by",
                Relation::ImpliedBy => "is implied by",
                Relation::DefaultHolds => "default value contains",
                Relation::VisibleBy => "prompt is visible depending on",
                Relation::MemberOf => "is part of",
                Relation::Has => "has",
            };
            eprintln!("\tsymbol {} {words} {}", link.from, link.to);
        }
        eprintln!(
            "For a resolution refer to Documentation/kbuild/kconfig-language.rst\n\
             subsection \"Kconfig recursive dependency limitations\"\n"
        );
    }
    for said in model.diagnostics() {
        let place = format!("{}:{}", said.place.file, said.place.line);
        match said.severity {
            Severity::Info => println!("{}", said.message),
            _ => eprintln!("{place}: {}", said.message),
        }
    }
    model.errors().next().is_none()
}

fn settings(model: &Model, path: &Path) -> Result<Settings, Error> {
    let text = fs::read(path).map_err(|error| Error::io("read", path, &error))?;
    Ok(Settings::read(model, &text).0)
}

fn truths(model: &Model) -> impl Iterator<Item = &Symbol> {
    let asked = model.symbols();
    asked.filter(|symbol| symbol.is_truth() && !symbol.prompts.is_empty())
}

/// Draws a value for all that is not set, and a member for each choice.
fn randomize(model: &Model, settings: &mut Settings) {
    let seed = env::var("KCONFIG_SEED").unwrap_or_default();
    let seed = u32::from_str_radix(seed.trim_start_matches("0x"), 16).unwrap_or(1);
    let mut random = Random::new(seed.wrapping_add(1));
    let mut draw = |many: usize| usize::try_from(random.next() % many as u64).unwrap_or(0);
    for symbol in truths(model).filter(|symbol| symbol.choice().is_none()) {
        let value = ["n", "y", "m"][draw(3)];
        if !settings.sets(symbol.name) && !settings.set(model, symbol.name, value) {
            settings.set(model, symbol.name, "n");
        }
    }
    for choice in model.choices().filter(|c| !c.members.is_empty()) {
        let chosen = choice.members[draw(choice.members.len())];
        if !choice.members.iter().any(|name| settings.sets(*name)) {
            settings.set(model, chosen, "y");
        }
    }
}

/// Takes a line of standard input for each symbol that can be set, as long as there are any.
fn ask(model: &Model, settings: &mut Settings, asked: &mut dyn FnMut(&Symbol) -> bool) {
    let mut lines = io::stdin().lock().lines().map_while(Result::ok);
    for symbol in truths(model).filter(|symbol| symbol.choice().is_none()) {
        let configuration = model.configure(settings, &|_| false);
        if !configuration.is_open(&symbol.name) || !asked(symbol) {
            continue;
        }
        let Some(answer) = lines.next() else {
            return;
        };
        settings.set(model, symbol.name, answer.trim());
    }
}

fn write(model: &Model, settings: &Settings) -> Result<(), Error> {
    let mut text = "#\n# Automatically generated file; DO NOT EDIT.\n# Main menu\n#\n".to_owned();
    let configuration = model.configure(settings, &|_| false);
    let _ = write!(text, "{}", configuration.to_text());
    for symbol in configuration.unmet() {
        eprintln!("\nWARNING: unmet direct dependencies detected for {symbol}");
    }
    let path = Path::new(".config");
    fs::write(path, text).map_err(|error| Error::io("write", path, &error))
}
