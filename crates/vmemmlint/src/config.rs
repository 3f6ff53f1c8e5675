//! `vmemmlint config show`: what a check of a tree would ask, and by whose word.

mod reference;

use std::process::ExitCode;
use std::sync::Arc;

use kernel::Tree;
use rules::{Configured, Rule, Version};
use serde_json::{Value, json};
use source::Source;

use crate::arguments::{Config, Format, ShowConfig};
use crate::{Failure, catalog, done, one_line, print, tree};

pub(crate) fn run(asked: &Config) -> Result<ExitCode, Failure> {
    match asked {
        Config::Show(asked) => show(asked),
        Config::Reference => done(print(reference::text())),
        Config::Schema => done(print(format!("{:#}\n", rules::configuration_schema()))),
    }
}

fn show(asked: &ShowConfig) -> Result<ExitCode, Failure> {
    let source = tree::open(&asked.tree, &asked.version)?;
    let file = asked.suppressions.as_deref();
    let (catalog, configured) = catalog::configured(&asked.folders, file, &*source)?;
    let file = catalog::file_of(file, &*source)?;
    let source: Arc<dyn Source> = source;
    let tree = Tree::open(source).map_err(|error| one_line(&error.to_string()))?;
    let version = Version::of_tree(tree.version());
    let rules: Vec<(&Rule, Why)> = catalog
        .rules()
        .iter()
        .map(|rule| (rule, Why::of(rule, &configured, version)))
        .collect();
    let shown = Shown {
        asked,
        file,
        rules,
        configured: &configured,
    };
    done(print(&match asked.format {
        Format::Human => shown.words(),
        Format::Json => report::harmless_json(&shown.json()),
    }))
}

/// Why a rule is asked, or not.
#[derive(Clone, PartialEq, Eq)]
enum Why {
    Default,
    Enabled,
    Disabled,
    OnlyByName,
    /// It is about other versions.
    Version(String),
}

impl Why {
    fn of(rule: &Rule, configured: &Configured, version: Option<Version>) -> Why {
        let is_in = |names: &[String]| {
            names
                .iter()
                .any(|name| *name == rule.id() || *name == rule.pack.id)
        };
        if is_in(&configured.disabled) {
            return Why::Disabled;
        }
        let is_enabled = is_in(&configured.enabled);
        match rule.not_about(version) {
            Some(reason) if is_enabled || rule.text.default => Why::Version(reason),
            _ if is_enabled => Why::Enabled,
            _ if rule.text.default => Why::Default,
            _ => Why::OnlyByName,
        }
    }

    fn is_asked(&self) -> bool {
        matches!(self, Why::Default | Why::Enabled)
    }

    fn words(&self) -> &str {
        match self {
            Why::Version(reason) => reason,
            Why::Default => "asked by default",
            Why::Enabled => "enabled",
            Why::Disabled => "disabled",
            Why::OnlyByName => "asked by name only",
        }
    }
}

struct Shown<'s> {
    asked: &'s ShowConfig,
    /// The file that was read.
    file: Option<String>,
    rules: Vec<(&'s Rule, Why)>,
    configured: &'s Configured,
}

impl Shown<'_> {
    fn words(&self) -> String {
        let mut lines = vec![
            format!("tree: {}", one_line(&self.asked.tree.to_string_lossy())),
            match &self.file {
                Some(file) => format!("configuration: {}", one_line(file)),
                None => "configuration: none (there is no vmemmlint.toml in the tree)".to_owned(),
            },
        ];
        let widest = self.rules.iter().map(|(rule, _)| rule.id().len()).max();
        let widest = widest.unwrap_or(0);
        lines.push("rules:".to_owned());
        for (rule, why) in &self.rules {
            let mark = if why.is_asked() { "+" } else { "-" };
            let (id, pack, why) = (rule.id(), &rule.pack.id, why.words());
            lines.push(format!("  {mark} {id:widest$}  {why} (pack {pack})"));
        }
        let accepted = self.configured.accepted.entries();
        let none = if accepted.is_empty() { " none" } else { "" };
        lines.push(format!("accepted:{none}"));
        for entry in accepted {
            let mut words = report::acceptance(&entry);
            if !entry.until.is_empty() {
                words = format!("{words} until {}", entry.until);
            }
            let (file, line, reason) = (&entry.place.file, entry.place.line, &entry.reason);
            lines.push(one_line(&format!("  {words}: {reason} ({file}:{line})")));
        }
        lines.join("\n") + "\n"
    }

    fn json(&self) -> Value {
        let rules = self.rules.iter().map(|(rule, why)| {
            json!({
                "id": rule.id(),
                "pack": rule.pack.id,
                "asked": why.is_asked(),
                "why": why.words(),
            })
        });
        let accepted = self.configured.accepted.entries().into_iter().map(|entry| {
            json!({
                "rule": entry.rule,
                "arches": entry.arches,
                "function": entry.function,
                "until": entry.until,
                "reason": entry.reason,
                "file": entry.place.file,
                "line": entry.place.line,
            })
        });
        json!({
            "tree": self.asked.tree.to_string_lossy(),
            "configuration": self.file,
            "rules": rules.collect::<Vec<_>>(),
            "accepted": accepted.collect::<Vec<_>>(),
        })
    }
}
