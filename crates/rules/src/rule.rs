//! Packs of rules as their files say them: what is dangerous, who has agreed to it, what is asked, and how to tell.
//!
//! ```toml
//! id = "vmemmap-dax"
//! title = "the memory map of device memory shares struct pages"
//!
//! [opt-in]
//! symbols = ["ARCH_WANT_OPTIMIZE_DAX_VMEMMAP"]
//!
//! [[sink]]
//! call = "vmemmap_populate_compound_pages"
//! what = "vmemmap_populate_compound_pages()"
//!
//! [[rule]]
//! id = "unselected"
//! question = "unselected"
//! severity = "error"
//! message = "{arch} reaches {sink} without having selected {symbol}"
//! help = "let {arch} select {symbol}, or let the gate before this place ask for it"
//! ```

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One shortcut, and the rules about it. The name of its file is `ID.toml`; a file `ID.kernel` beside it, if it is
/// there, is the small kernel that the examples of its rules' essays are laid over.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "A pack of rules of vmemmlint")]
pub struct Pack {
    /// The pack's name, which is that of its file.
    pub id: String,
    /// The shortcut, in a few words.
    pub title: String,
    /// Pages that tell more: commits, threads, documents.
    #[serde(default)]
    pub links: Vec<String>,
    /// The first kernel that is asked, such as `6.1`.
    pub since: Option<Version>,
    /// The last kernel that is asked.
    pub until: Option<Version>,
    /// By what an architecture agrees to the shortcut; rules about Kconfig as a whole need none.
    #[serde(default)]
    pub opt_in: OptIn,
    /// What is dangerous to reach.
    #[serde(default)]
    pub sink: Vec<SinkRule>,
    /// Functions that something calls which is not read, such as assembler: a path may begin there.
    #[serde(default)]
    pub entries: BTreeSet<String>,
    /// Functions whose callers are not asked for: no path comes through them.
    #[serde(default)]
    pub stops: BTreeSet<String>,
    /// How an architecture's own part is judged, for the question `outside`.
    pub backend: Option<Backend>,
    /// The pack whose `backend` is meant, where this one has none of its own.
    pub backend_of: Option<String>,
    /// What is asked about the shortcut.
    pub rule: Vec<RuleText>,
}

impl Pack {
    /// Whether one of its rules asks this.
    pub(crate) fn has(&self, question: Question) -> bool {
        self.rule.iter().any(|rule| rule.question == question)
    }
}

/// What is asked about a shortcut. Its essay is `ID.md` beside the pack's file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RuleText {
    /// The rule's name, after the fault.
    pub id: String,
    /// What is asked of every architecture.
    pub question: Question,
    /// How bad a finding is.
    pub severity: SeverityWord,
    /// Whether it is asked where no rules are named; with `false` it is by `--rule` and by `enable` only.
    #[serde(default = "yes")]
    pub default: bool,
    /// A finding in one line. `{arch}`, `{symbol}` and `{sink}` are put in, of a pair `{other}`, and `{why}` for a stale
    /// symbol; of Kconfig `{symbol}`, `{by}` who selects it, `{line}` and `{clause}` of a condition, and `{why}`.
    pub message: String,
    /// What to do about it; the same words are put in.
    pub help: String,
}

fn yes() -> bool {
    true
}

/// A rule, with the shortcut that it is about.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What is asked, and how it is told.
    pub text: RuleText,
    /// The shortcut.
    pub pack: Arc<Pack>,
    /// What it is about, for people, in Markdown: a title, a sentence, and chapters.
    pub essay: String,
}

impl Rule {
    /// Its name.
    pub fn id(&self) -> &str {
        &self.text.id
    }

    /// What it finds, in one sentence: the first paragraph of its essay.
    pub fn title(&self) -> String {
        let lines = self.essay.lines().map(str::trim);
        let lines = lines.skip_while(|line| line.is_empty() || line.starts_with('#'));
        lines
            .take_while(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Why it is not asked of a tree of some version; `None` where it is.
    pub fn not_about(&self, version: Option<Version>) -> Option<String> {
        let version = version?;
        match (self.pack.since, self.pack.until) {
            (Some(since), _) if version < since => Some(format!("it asks from {since} on")),
            (_, Some(until)) if version > until => Some(format!("it asks up to {until}")),
            _ => None,
        }
    }

    /// How the architecture's own part is judged, where that is asked.
    pub fn backend(&self) -> Option<&Backend> {
        let asks = self.text.question == Question::Outside;
        self.pack.backend.as_ref().filter(|_| asks)
    }

    /// The sinks that it is about.
    pub fn sinks(&self) -> &[SinkRule] {
        match self.text.question {
            Question::Unselected | Question::Outside | Question::Mismatched => &self.pack.sink,
            _ => &[],
        }
    }
}

/// The severities by their names.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SeverityWord {
    /// The kernel can crash or corrupt memory.
    Error,
    /// Something that a maintainer wants to know.
    Warning,
}

/// What can be asked: of a sink, of an opt-in symbol, or of Kconfig as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Can it be reached where the architecture did not opt in?
    Unselected,
    /// Can it be reached while the backend writes elsewhere than expected?
    Outside,
    /// Can one of two halves be reached while the other cannot?
    Mismatched,
    /// Does an architecture select a symbol that can never take effect there?
    Stale,
    /// Can a `select` force a symbol whose own dependencies are not met?
    Unmet,
    /// Is a symbol used that no Kconfig file defines?
    Undefined,
    /// Can no configuration of any architecture have an entry of Kconfig?
    Dead,
    /// Does a `default` never decide?
    DeadDefault,
    /// Does the `if` behind a line always hold, or never?
    Constant,
}

impl Question {
    /// Whether it is asked of Kconfig as a whole, and one finding told once for all architectures.
    pub fn is_of_kconfig(self) -> bool {
        match self {
            Question::Unmet
            | Question::Undefined
            | Question::Dead
            | Question::DeadDefault
            | Question::Constant => true,
            Question::Unselected | Question::Outside | Question::Mismatched | Question::Stale => {
                false
            }
        }
    }
}

/// By what an architecture agrees.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OptIn {
    /// Symbols, without `CONFIG_`; the first that the tree defines decides.
    pub symbols: Vec<String>,
}

/// What is dangerous: a call (`call`), or a place in a function (`function` and `query`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SinkRule {
    /// The function that is called.
    pub call: Option<String>,
    /// The function in which the place is.
    pub function: Option<String>,
    /// The place in it, as a tree-sitter query of C that captures it as `@sink`.
    pub query: Option<String>,
    /// Its words in messages.
    pub what: String,
    /// What is done in its place where the shortcut is not taken: functions that are called, variables that are the value.
    /// Where the condition next to it leads to one of them, `--fix` lets it ask for the opt-in symbol too. With none of them
    /// it never does.
    #[serde(default)]
    pub instead: Vec<String>,
}

/// How an architecture's own part is judged.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Backend {
    /// The function that each architecture provides.
    pub function: String,
    /// Whose page tables are expected.
    pub tables: String,
    /// Functions that show the expected page tables.
    #[serde(default)]
    pub inside: Vec<String>,
    /// Fields of operation tables through which entries go elsewhere.
    #[serde(default)]
    pub outside_fields: Vec<String>,
    /// Functions that write elsewhere.
    #[serde(default)]
    pub outside: Vec<String>,
    /// Functions that write to whatever table they are given.
    #[serde(default)]
    pub stores: Vec<String>,
    /// Files followed besides the architecture's own.
    #[serde(default)]
    pub follow: Vec<String>,
}

/// A kernel's version, as far as rules tell them apart: `6.12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String", extend("pattern" = r"^\d+\.\d+$"))]
pub struct Version(u32, u32);

impl Version {
    /// The version that begins a tree's own words, such as `6.12.117` or `6.13-rc1`; `None` where none does.
    pub fn of_tree(words: &str) -> Option<Version> {
        let mut parts = words.splitn(3, ['.', '-', ' ']);
        let mut number = || parts.next()?.parse().ok();
        Some(Version(number()?, number()?))
    }
}

impl Version {
    /// The makefile of a tree of this version, as [`source::Memory`] reads it.
    pub(crate) fn makefile(self) -> String {
        format!(
            "//- Makefile\nVERSION = {}\nPATCHLEVEL = {}\n",
            self.0, self.1
        )
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(words: &str) -> Result<Version, String> {
        let parts = words.split_once('.');
        let read = parts.and_then(|(a, b)| Some(Version(a.parse().ok()?, b.parse().ok()?)));
        read.ok_or_else(|| format!("{words} is no version of a kernel, such as 6.12"))
    }
}

impl TryFrom<String> for Version {
    type Error = String;

    fn try_from(words: String) -> Result<Version, String> {
        words.parse()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// The JSON schema of a pack's file.
pub fn schema() -> String {
    let schema = schemars::schema_for!(Pack);
    format!("{:#}", schema.to_value())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_told_from_what_trees_call_themselves() {
        let version = |words| Version::of_tree(words).map(|version| version.to_string());
        assert_eq!(version("6.12.117").as_deref(), Some("6.12"));
        assert_eq!(version("6.13-rc1").as_deref(), Some("6.13"));
        assert_eq!(version("7.2").as_deref(), Some("7.2"));
        assert_eq!(version(""), None);
        assert!("6.9".parse::<Version>() < "6.10".parse::<Version>());
        assert!("6".parse::<Version>().is_err() && "6.1.2".parse::<Version>().is_err());
    }
}
