//! What is said of a symbol: for all architectures, as Markdown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use kconfig::{Model, PropertyKind, Standing, Symbol};
use kernel::Architecture;
use text::Name;

use crate::Kconfig;
use crate::selectors::selectors;

/// Lines of a help text that are shown.
const HELP: usize = 14;
/// Selects that are shown.
const SELECTS: usize = 8;

/// What is said of a symbol; `None` where no file knows it.
pub fn hover(kconfig: &Kconfig, name: Name) -> Option<String> {
    let shown: Vec<(Architecture, &Symbol, &Arc<Model>)> = kconfig
        .arches()
        .iter()
        .filter_map(|(arch, model)| Some((*arch, model.symbol(name)?, model)))
        .collect();
    let (_, first, _) = *shown.first()?;
    let mut text = String::new();
    let kind = first.kind.map_or("", |kind| kind.word());
    let _ = writeln!(text, "```kconfig\nconfig {name}");
    let prompts: BTreeSet<&str> = shown
        .iter()
        .flat_map(|(_, symbol, _)| symbol.prompts.iter().map(|one| one.text.as_str()))
        .collect();
    match prompts.iter().next() {
        Some(prompt) => _ = writeln!(text, "\t{kind} \"{prompt}\""),
        None => _ = writeln!(text, "\t{kind}"),
    }
    text.push_str("```\n");
    put_depends(&mut text, &shown);
    put_selectors(&mut text, kconfig, name);
    put_standings(&mut text, &kconfig.standings(name));
    put_help(&mut text, kconfig, first);
    put_places(&mut text, &shown);
    Some(text)
}

/// What it depends on, with the architectures where that is not the same everywhere.
fn put_depends(text: &mut String, shown: &[(Architecture, &Symbol, &Arc<Model>)]) {
    let mut depends: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (arch, symbol, _) in shown {
        let words = symbol.direct_dependencies();
        let words = words.map_or_else(String::new, |term| term.to_string());
        depends.entry(words).or_default().push(arch.name.as_str());
    }
    let is_same = depends.len() == 1;
    for (words, arches) in depends {
        if words.is_empty() && is_same {
            continue;
        }
        let words = if words.is_empty() {
            "nothing".to_owned()
        } else {
            format!("`{words}`")
        };
        let _ = if is_same {
            writeln!(text, "\ndepends on {words}  ")
        } else {
            writeln!(text, "\ndepends on {words} on {}  ", arches.join(", "))
        };
    }
}

fn put_selectors(text: &mut String, kconfig: &Kconfig, name: Name) {
    let found = selectors(kconfig, name);
    if found.lines.is_empty() {
        return;
    }
    text.push_str("\nselected by ");
    let told = found.lines.iter().take(SELECTS);
    let told: Vec<String> = told
        .map(|(by, condition, arches)| {
            let mut words = format!("`{by}`");
            if let Some(condition) = condition {
                let _ = write!(words, " if `{condition}`");
            }
            match arches.len() {
                count if count == kconfig.arches().len() => {}
                1..=3 => _ = write!(words, " on {}", arches.join(", ")),
                count => _ = write!(words, " on {count} architectures"),
            }
            words
        })
        .collect();
    text.push_str(&told.join(", "));
    let more = found.lines.len().saturating_sub(SELECTS);
    if more > 0 {
        let _ = write!(text, " and {more} more");
    }
    text.push_str("  \n");
}

/// On which architectures it is what.
fn put_standings(text: &mut String, standings: &[(Architecture, Standing)]) {
    let mut by_standing: BTreeMap<Standing, Vec<&str>> = BTreeMap::new();
    for (arch, standing) in standings {
        by_standing
            .entry(*standing)
            .or_default()
            .push(arch.name.as_str());
    }
    let all = standings.len();
    let told = [
        (Standing::Always, "always on"),
        (Standing::Sometimes, "can be on"),
        (Standing::Never, "never on"),
        (Standing::Undefined, "not defined"),
        (Standing::Unknown, "not found out"),
    ];
    text.push('\n');
    for (standing, words) in told {
        let Some(arches) = by_standing.get(&standing) else {
            continue;
        };
        let _ = if arches.len() == all {
            writeln!(text, "{words} on all architectures  ")
        } else {
            writeln!(text, "{words}: {}  ", arches.join(", "))
        };
    }
}

/// The help text of its first entry that has one.
fn put_help(text: &mut String, kconfig: &Kconfig, symbol: &Symbol) {
    for definition in &symbol.definitions {
        let place = &definition.place;
        let Ok(file) = kconfig.tree().look(&place.file) else {
            continue;
        };
        let parsed = kconfig::parse(&file);
        let Some((_, own)) = parsed.entry_at(place.span.start) else {
            continue;
        };
        let help = own.iter().find_map(|property| match property.kind {
            PropertyKind::Help(lines) => Some(lines),
            _ => None,
        });
        let Some(help) = help else { continue };
        let help = String::from_utf8_lossy(help.of(&file)).into_owned();
        let lines: Vec<&str> = help.trim_end().lines().collect();
        let is_shown = |line: &&&str| !line.trim().is_empty();
        let indent = |line: &&str| line.len() - line.trim_start().len();
        let least = lines.iter().filter(is_shown).map(indent).min().unwrap_or(0);
        text.push_str("\n---\n```text\n");
        for line in lines.iter().take(HELP) {
            let line = line.get(least..).unwrap_or("").trim_end();
            let _ = writeln!(text, "{}", line.replace("```", "'''"));
        }
        if lines.len() > HELP {
            text.push_str("...\n");
        }
        text.push_str("```\n");
        return;
    }
}

fn put_places(text: &mut String, shown: &[(Architecture, &Symbol, &Arc<Model>)]) {
    let places: BTreeSet<(String, u32)> = shown
        .iter()
        .flat_map(|(_, symbol, _)| &symbol.definitions)
        .map(|definition| (definition.place.file.to_string(), definition.place.line))
        .collect();
    let told: Vec<String> = places
        .iter()
        .take(SELECTS)
        .map(|(file, line)| format!("{file}:{line}"))
        .collect();
    let more = places.len().saturating_sub(SELECTS);
    let _ = write!(text, "\n{}", told.join(", "));
    if more > 0 {
        let _ = write!(text, " and {more} more");
    }
    text.push('\n');
}
