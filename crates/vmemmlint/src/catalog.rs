//! The rules that a command knows: those of the program, of the folders that it names, and of the tree's own
//! `vmemmlint.toml`; and `vmemmlint rules`.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use rayon::prelude::*;
use rules::{Catalog, Configuration, Configured, Files, Rule};
use source::Source;

use crate::arguments::{Folders, ListFormat, RulesTask};
use crate::{Failure, exit, one_line, print};

/// In the tree, what is configured.
const CONFIGURATION: &str = "vmemmlint.toml";

/// What a folder of rules may hold.
const KINDS: [&str; 3] = [".toml", ".md", ".kernel"];

/// More bytes are in no file of rules.
const LARGEST: u64 = 1 << 20;
const TOO_LARGE: &str = "it is too large to be a file of rules";

/// What there is to be asked of a tree, and how the tree wants it. The error is one line.
pub(crate) fn configured(
    folders: &Folders,
    file: Option<&Path>,
    tree: &dyn Source,
) -> Result<(Arc<Catalog>, Configured), Failure> {
    let configuration = configuration(file, tree)?;
    let mut catalog = of(folders)?;
    for folder in configuration.folders() {
        add(
            &mut catalog,
            folder,
            &in_tree(configuration.file(), folder, tree)?,
        )?;
    }
    let configured = configuration.with(&catalog);
    let configured = configured.map_err(|error| one_line(&error.to_string()))?;
    Ok((Arc::new(catalog), configured))
}

/// The file that configures a tree, if there is one.
pub(crate) fn file_of(file: Option<&Path>, tree: &dyn Source) -> Result<Option<String>, Failure> {
    let name = configuration(file, tree)?.file().to_owned();
    Ok(Some(name).filter(|name| !name.is_empty()))
}

/// The rules of the program, and of the folders that the command names.
pub(crate) fn of(folders: &Folders) -> Result<Catalog, Failure> {
    let catalog = Catalog::built_in();
    let mut catalog = catalog.map_err(|error| one_line(&error.to_string()))?;
    for folder in &folders.rules {
        add(
            &mut catalog,
            &folder.display().to_string(),
            &on_disk(folder)?,
        )?;
    }
    Ok(catalog)
}

fn add(catalog: &mut Catalog, folder: &str, files: &Files) -> Result<(), Failure> {
    if !files.keys().any(|name| name.ends_with(".toml")) {
        let folder = one_line(folder);
        return Err(format!(
            "{folder} holds no rules: no file there ends in .toml"
        ));
    }
    let added = catalog.extend(folder, files);
    added.map_err(|error| one_line(&error.to_string()))
}

fn is_of_rules(name: &str) -> bool {
    !name.starts_with('.') && KINDS.iter().any(|kind| name.ends_with(kind))
}

#[expect(clippy::disallowed_methods, reason = "this is a front end")]
fn on_disk(folder: &Path) -> Result<Files, Failure> {
    let shown = one_line(&folder.display().to_string());
    let failed = |error: io::Error| format!("cannot read {shown}: {error}");
    let mut files = Files::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if !is_of_rules(name) || !path.is_file() {
            continue;
        }
        let shown = one_line(&path.display().to_string());
        let failed = |error: &dyn std::fmt::Display| format!("cannot read {shown}: {error}");
        let length = path.metadata().map_err(|error| failed(&error))?.len();
        if length > LARGEST {
            return Err(failed(&TOO_LARGE));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| failed(&error))?;
        files.insert(name.to_owned(), text);
    }
    Ok(files)
}

fn in_tree(file: &str, folder: &str, tree: &dyn Source) -> Result<Files, Failure> {
    let folder = folder.trim_end_matches('/');
    let shown = one_line(folder);
    if folder.is_empty() {
        return Err(format!(
            "{file}: a folder of rules is one below the top of the tree"
        ));
    }
    let names = tree.list(folder);
    let names = names.map_err(|error| format!("{file}: cannot read {shown}: {error}"))?;
    let mut files = Files::new();
    for name in names.into_iter().filter(|name| is_of_rules(name)) {
        let path = format!("{folder}/{name}");
        let failed =
            |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", one_line(&path));
        let bytes = tree.read(&path).map_err(|error| failed(&error))?;
        if bytes.len() as u64 > LARGEST {
            return Err(failed(&TOO_LARGE));
        }
        let text = std::str::from_utf8(&bytes).map_err(|error| failed(&error))?;
        files.insert(name, text.to_owned());
    }
    Ok(files)
}

#[expect(clippy::disallowed_methods, reason = "this is a front end")]
fn configuration(file: Option<&Path>, tree: &dyn Source) -> Result<Configuration, Failure> {
    let name = file.map_or(CONFIGURATION.to_owned(), |path| path.display().to_string());
    let name = one_line(&name);
    let bytes = match file {
        Some(path) => std::fs::read(path).map_err(|e| format!("cannot read {name}: {e}"))?,
        None if !tree.is_file(CONFIGURATION) => return Ok(Configuration::default()),
        None => {
            let read = tree.read(CONFIGURATION);
            read.map_err(|e| format!("cannot read {name}: {e}"))?
                .to_vec()
        }
    };
    let text = String::from_utf8(bytes).map_err(|e| format!("{name} is no UTF-8 text: {e}"))?;
    Configuration::read(&name, &text).map_err(|e| one_line(&e.to_string()))
}

/// `vmemmlint rules`.
pub(crate) fn run(task: &RulesTask) -> Result<ExitCode, Failure> {
    match task {
        RulesTask::List { folders, format } => list(&of(folders)?, *format),
        RulesTask::Schema => {
            let schema = rules::schema();
            print(format!("{schema}\n"))?;
            Ok(ExitCode::SUCCESS)
        }
        RulesTask::Test { folders } => {
            let folders = Folders {
                rules: folders.clone(),
            };
            let catalog = of(&folders)?;
            test(catalog, folders.rules.is_empty())
        }
    }
}

fn list(catalog: &Catalog, format: ListFormat) -> Result<ExitCode, Failure> {
    let text = match format {
        ListFormat::Human => report::rules(catalog.rules()),
        ListFormat::Json => report::rules_json(catalog.rules()),
        ListFormat::Markdown => report::rules_markdown(catalog.rules()),
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Tries the examples of the rules of folders, or of all.
fn test(catalog: Catalog, all: bool) -> Result<ExitCode, Failure> {
    let own = Catalog::built_in().map_err(|error| one_line(&error.to_string()))?;
    let catalog = Arc::new(catalog);
    let asked = catalog.rules().iter();
    let asked: Vec<&Rule> = asked
        .filter(|rule| all || own.rule(rule.id()).is_none())
        .collect();
    let tried = asked
        .par_iter()
        .map(|rule| (*rule, rules::try_examples(&catalog, rule)));
    let tried: Vec<_> = tried.collect();
    let (mut text, mut wrong) = (String::new(), 0);
    for (rule, tried) in &tried {
        let word = if tried.wrong.is_empty() {
            "ok"
        } else {
            "FAILED"
        };
        let _ = writeln!(text, "{}: {} examples, {word}", rule.id(), tried.examples);
        for (line, why) in &tried.wrong {
            let place = if *line > 0 {
                format!("{}.md:{line}: ", rule.id())
            } else {
                String::new()
            };
            let _ = writeln!(text, "  {place}{}", one_line(why));
        }
        wrong += tried.wrong.len();
    }
    let _ = writeln!(text, "{} rules, {wrong} faults", tried.len());
    print(&text)?;
    Ok(ExitCode::from(if wrong > 0 { exit::FINDINGS } else { 0 }))
}
