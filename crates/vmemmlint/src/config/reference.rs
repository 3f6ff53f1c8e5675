//! `vmemmlint config reference`: all that can be set, as the code has it. `docs/configuration.md` is what this prints.

use clap::{Arg, ArgAction, Command, CommandFactory as _};
use serde_json::Value;

use crate::arguments::{Arguments, ENVIRONMENT};

const HEAD: &str = "\
# Configuration

What is set on the command line counts most, then what the tree's `vmemmlint.toml` says, then what is said here to be
the default. `vmemmlint config show` tells what that comes to for a tree, `vmemmlint config schema` prints the file's JSON
schema, and this page is what `vmemmlint config reference` prints.

Every command finds both in the same way. The tree is the one that is named, else the one around the current directory.
`vmemmlint.toml` is read at the top of the tree, and of a revision (`--rev`) in that revision; `--suppressions FILE` names
another one. `vmemmlint COMMAND --help` tells which of the options below a command takes. Files that are named on the command line are found from the current directory.
Nothing else is read: there is no file in the home directory, and none above the tree.

## vmemmlint.toml

An unknown key is an error, and so is a rule that there is not. Besides these rules and acceptances a comment in a source file
accepts a finding where it stands (docs/reports.md).
";

/// The page.
pub(crate) fn text() -> String {
    let schema = rules::configuration_schema();
    let mut lines = vec![HEAD.to_owned(), row(["key", "what it says"]), rule(2)];
    keys(&schema, &schema, "", &mut lines);
    let mut command = Arguments::command();
    command.build();
    let mut told = Vec::new();
    for command in command.get_subcommands() {
        let name = format!("vmemmlint {}", command.get_name());
        options(command, &name, &mut told, &mut lines);
    }
    lines.push("\n## Environment\n".to_owned());
    lines.push(row(["variable", "what it does"]));
    lines.push(rule(2));
    for (name, what) in ENVIRONMENT {
        lines.push(row([&format!("`{name}`"), what]));
    }
    lines.join("\n") + "\n"
}

fn row<const N: usize>(cells: [&str; N]) -> String {
    format!("| {} |", cells.join(" | "))
}

fn rule(cells: usize) -> String {
    format!("|{}", "---|".repeat(cells))
}

/// The keys of a table of the file, each with what its type says of it.
fn keys(whole: &Value, table: &Value, prefix: &str, lines: &mut Vec<String>) {
    let none = serde_json::Map::new();
    let properties = table["properties"].as_object().unwrap_or(&none);
    for (name, property) in properties {
        let list = &property["items"];
        let is_list = list["$ref"].is_string();
        let named = resolved(whole, if is_list { list } else { property });
        let marks = if is_list { "[]" } else { "" };
        let key = format!("{prefix}{name}{marks}");
        let words = property["description"].as_str().unwrap_or_default();
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let required = table["required"].as_array();
        let is_required = required.is_some_and(|all| all.iter().any(|one| one == name));
        let needed = if is_required {
            " It must be there."
        } else {
            ""
        };
        lines.push(row([&format!("`{key}`"), &format!("{words}{needed}")]));
        if named["properties"].is_object() {
            keys(whole, named, &format!("{key}."), lines);
        }
    }
}

/// The schema that a reference in `whole` means.
fn resolved<'s>(whole: &'s Value, schema: &'s Value) -> &'s Value {
    let reference = schema["$ref"].as_str().and_then(|r| r.strip_prefix('#'));
    reference
        .and_then(|path| whole.pointer(path))
        .unwrap_or(schema)
}

/// The options of a command, and of those below it; what is told already is not told again.
fn options(command: &Command, name: &str, told: &mut Vec<String>, lines: &mut Vec<String>) {
    let shown =
        |arg: &&Arg| arg.get_long().is_some_and(|long| long != "help") && !arg.is_hide_set();
    let rows = command.get_arguments().filter(shown).map(option);
    let rows: Vec<String> = rows.filter(|row| !told.contains(row)).collect();
    if !rows.is_empty() {
        let title = match told.as_slice() {
            [] => format!("Options of {name}"),
            _ => format!("Options of {name} that those above have not"),
        };
        lines.push(format!("\n## {title}\n"));
        lines.push(row(["option", "default", "what it does"]));
        lines.push(rule(3));
        lines.extend(rows.iter().cloned());
        told.extend(rows);
    }
    let inner = command.get_subcommands();
    for inner in inner.filter(|inner| inner.get_name() != "help") {
        options(inner, &format!("{name} {}", inner.get_name()), told, lines);
    }
}

fn option(arg: &Arg) -> String {
    let long = arg.get_long().unwrap_or_default();
    let short = arg
        .get_short()
        .map_or_else(String::new, |short| format!("-{short}, "));
    let takes = matches!(arg.get_action(), ArgAction::Set | ArgAction::Append);
    let values = arg.get_value_names().unwrap_or_default();
    let values: Vec<String> = values
        .iter()
        .filter(|_| takes)
        .map(|v| format!(" {v}"))
        .collect();
    let all: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|_| takes)
        .map(|value| value.get_name().to_owned())
        .collect();
    let defaults = arg.get_default_values().iter();
    let defaults: Vec<String> = defaults
        .filter(|_| takes)
        .map(|d| d.to_string_lossy().into_owned())
        .collect();
    let mut default = defaults.join(" ");
    let mut what = arg.get_help().map(ToString::to_string).unwrap_or_default();
    if !all.is_empty() {
        what = format!("{what}: {}", all.join(", "));
    }
    if let Some((before, said)) = what.split_once(" [default: ")
        && let Some((said, behind)) = said.split_once(']')
    {
        said.clone_into(&mut default);
        what = format!("{before}{behind}");
    }
    let what = what.replace('|', "\\|");
    let shown = format!("`{short}--{long}{}`", values.concat());
    row([&shown, &default, &what])
}
