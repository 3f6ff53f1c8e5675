//! `vmemmlint.toml`: which rules there are for a tree, which are asked, and which findings are accepted.
//!
//! ```toml
//! [rules]
//! folders = ["scripts/vmemmlint"]
//! enable = ["vmemmap-hugetlb"]
//! disable = ["stale-select"]
//!
//! [[accept]]
//! rule = "unselected"
//! arch = ["arm64", "riscv"]
//! function = "__populate_section_memmap"
//! reason = "their vmemmap lies in init_mm; the select follows with 6.4"
//! until = 2027-01-31
//! ```

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use text::{LineIndex, Span};
use toml::Spanned;

use crate::accept::{Acceptance, Acceptances};
use crate::catalog::{Catalog, RuleError, read};
use crate::{CheckError, Place};

/// What a file says, before the rules are known that it speaks of.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    file: String,
    lines: LineIndex,
    text: Text,
}

/// `vmemmlint.toml`, at the top of a kernel tree.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "What is configured for a kernel tree")]
struct Text {
    /// Which rules there are, and which are asked.
    rules: Chosen,
    /// Findings that are accepted; one that no entry needs is told.
    #[schemars(with = "Vec<Words>")]
    accept: Vec<Spanned<Words>>,
}

/// Which rules there are, and which are asked.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Chosen {
    /// Folders of the tree, by their path in it, that hold more rules.
    folders: Vec<String>,
    /// Rules and packs that are asked besides those that are by default.
    #[schemars(with = "Vec<String>")]
    enable: Vec<Spanned<String>>,
    /// Rules and packs that are not asked.
    #[schemars(with = "Vec<String>")]
    disable: Vec<Spanned<String>>,
}

/// What is accepted.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Words {
    /// The rule whose findings are accepted.
    pub(crate) rule: String,
    /// The architecture, or a list of them; without it every architecture.
    #[serde(default)]
    pub(crate) arch: Arches,
    /// A function through which every path of a finding leads that is accepted; without it any finding is.
    pub(crate) function: Option<String>,
    /// Why it is accepted: it is told in the table.
    pub(crate) reason: String,
    /// The last day on which it is accepted.
    #[schemars(with = "Option<Day>")]
    pub(crate) until: Option<toml::value::Datetime>,
}

/// A day, such as 2027-01-31.
#[derive(JsonSchema)]
#[schemars(extend("format" = "date"))]
struct Day(#[expect(dead_code, reason = "it stands for a type that has no schema")] String);

/// One architecture, several, or all.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Arches {
    One(String),
    Several(Vec<String>),
}

impl Default for Arches {
    fn default() -> Arches {
        Arches::Several(Vec::new())
    }
}

impl Arches {
    pub(crate) fn names(&self) -> &[String] {
        match self {
            Arches::One(name) => std::slice::from_ref(name),
            Arches::Several(names) => names,
        }
    }
}

/// A file that was read, with the rules that are known.
#[derive(Clone, Debug, Default)]
pub struct Configured {
    /// Rules and packs that are asked besides those that are by default.
    pub enabled: Vec<String>,
    /// Rules and packs that are not asked.
    pub disabled: Vec<String>,
    /// Findings that are accepted.
    pub accepted: Acceptances,
}

impl Configuration {
    /// Reads `text`; `file` is its name in messages.
    pub fn read(file: &str, text: &str) -> Result<Configuration, RuleError> {
        Ok(Configuration {
            file: file.to_owned(),
            lines: LineIndex::new(text.as_bytes()),
            text: read(file, text)?,
        })
    }

    /// The name of the file; empty where there is none.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Folders of the tree that hold more rules.
    pub fn folders(&self) -> &[String] {
        &self.text.rules.folders
    }

    /// What it says of the rules of `catalog`; refused is what speaks of others.
    pub fn with(&self, catalog: &Catalog) -> Result<Configured, RuleError> {
        let names = |names: &[Spanned<String>]| {
            let known = names.iter().map(|name| {
                let place = self.place(name.span());
                self.known(catalog, name.get_ref(), &place)?;
                Ok(name.get_ref().clone())
            });
            known.collect::<Result<Vec<String>, RuleError>>()
        };
        let accepted = self
            .text
            .accept
            .iter()
            .map(|one| self.acceptance(catalog, one));
        Ok(Configured {
            enabled: names(&self.text.rules.enable)?,
            disabled: names(&self.text.rules.disable)?,
            accepted: Acceptances::of(accepted.collect::<Result<_, _>>()?),
        })
    }

    fn acceptance(&self, catalog: &Catalog, one: &Spanned<Words>) -> Result<Acceptance, RuleError> {
        let place = self.place(one.span());
        let words = one.get_ref().clone();
        if catalog.rule(&words.rule).is_none() {
            self.known(catalog, &words.rule, &place)?;
            let message = format!(
                "{} is a pack: name the rule whose findings are accepted",
                words.rule
            );
            return Err(self.error(&place, message));
        }
        if words.reason.trim().is_empty() {
            let message = "nothing is accepted without a reason".to_owned();
            return Err(self.error(&place, message));
        }
        let until = words.until.map(|until| {
            let message = format!("until = {until} is no day, such as 2027-01-31");
            date(until).ok_or_else(|| self.error(&place, message))
        });
        Ok(Acceptance {
            until: until.transpose()?,
            words,
            place,
        })
    }

    fn known(&self, catalog: &Catalog, name: &str, place: &Place) -> Result<(), RuleError> {
        if catalog.named(name).next().is_some() {
            return Ok(());
        }
        let unknown = CheckError::UnknownRule(name.to_owned(), catalog.names());
        Err(self.error(place, unknown.to_string()))
    }

    fn error(&self, place: &Place, message: String) -> RuleError {
        RuleError {
            file: format!("{}:{}", self.file, place.line),
            message,
        }
    }

    fn place(&self, span: std::ops::Range<usize>) -> Place {
        let span = Span::new(span.start, span.end);
        let at = self.lines.position(span.start);
        Place {
            file: self.file.clone(),
            line: at.line,
            column: at.column,
            span,
        }
    }
}

/// The JSON schema of the file.
pub fn configuration_schema() -> Value {
    schemars::schema_for!(Text).to_value()
}

/// A day; a time of day is none.
fn date(value: toml::value::Datetime) -> Option<Date> {
    let date = value.date.filter(|_| value.time.is_none())?;
    let (month, day) = (i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
    Date::new(i16::try_from(date.year).ok()?, month, day).ok()
}
