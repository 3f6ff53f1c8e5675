//! A rule as its file says it: what is dangerous, who has agreed to it, and how to tell.
//!
//! ```toml
//! id = "unselected"
//! question = "unselected"
//! [opt-in]
//! symbols = ["ARCH_WANT_OPTIMIZE_DAX_VMEMMAP"]
//! [[sink]]
//! call = "vmemmap_populate_compound_pages"
//! ```

use serde::Deserialize;

/// A rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rule {
    /// Named after the fault.
    pub id: String,
    /// What it is about, for people, in Markdown: a title, a sentence, and chapters.
    #[serde(skip)]
    pub essay: &'static str,
    /// How bad it is.
    pub severity: SeverityWord,
    /// What is asked.
    pub question: Question,
    /// One line; `{arch}`, `{symbol}` and `{sink}` are put in, of a pair `{other}`, and `{why}` for a
    /// stale symbol.
    pub message: String,
    /// What to do; the same words are put in.
    pub help: String,
    /// By what an architecture agrees.
    pub opt_in: OptIn,
    /// What is dangerous to reach.
    #[serde(default)]
    pub sink: Vec<SinkRule>,
    /// How the architecture's own part is judged, where the question asks for it.
    pub backend: Option<Backend>,
}

/// The severities by their names.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "as crate::Severity")]
pub enum SeverityWord {
    Error,
    Warning,
}

/// The questions that can be asked of a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
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
}

/// By what an architecture agrees.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OptIn {
    /// Symbols, without `CONFIG_`; the first that the tree defines decides.
    pub symbols: Vec<String>,
}

/// What is dangerous: a call, or a place in a function.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SinkRule {
    /// The function that is called.
    pub call: Option<String>,
    /// The function in which the place is.
    pub function: Option<String>,
    /// The place in it, as a tree-sitter query.
    pub query: Option<String>,
    /// Its words in messages.
    pub what: String,
}

/// How an architecture's own part is judged.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Backend {
    /// The function that each architecture provides.
    pub function: String,
    /// Whose page tables are expected.
    pub tables: String,
    /// Functions that show the expected page tables.
    pub inside: Vec<String>,
    /// Fields of operation tables through which entries go elsewhere.
    pub outside_fields: Vec<String>,
    /// Functions that write elsewhere.
    pub outside: Vec<String>,
    /// Functions that write to whatever table they are given.
    pub stores: Vec<String>,
    /// Files followed besides the architecture's own.
    pub follow: Vec<String>,
}

/// Words that the analysis must know whatever the rule; see [`reach::Vocabulary`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Words {
    entries: Vec<String>,
    stable: Vec<String>,
    zeroing: Vec<String>,
    allocating: Vec<String>,
    clearing: Vec<String>,
    stops: Vec<String>,
    bound: Vec<BoundWords>,
}

/// See [`reach::Bound`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct BoundWords {
    of: String,
    least: i64,
    most: i64,
}

/// The words of the kernel that every rule builds on.
pub fn vocabulary() -> Result<reach::Vocabulary, RuleError> {
    let file = "vocabulary.toml";
    let text = include_str!("../../../rules/vocabulary.toml");
    let words: Words = toml::from_str(text).map_err(|error| RuleError {
        file: file.to_owned(),
        message: error.to_string(),
    })?;
    let bound = |bound: BoundWords| reach::Bound {
        of: bound.of,
        least: bound.least.into(),
        most: bound.most.into(),
    };
    Ok(reach::Vocabulary {
        bounds: words.bound.into_iter().map(bound).collect(),
        entries: words.entries.into_iter().collect(),
        stable: words.stable.into_iter().collect(),
        zeroing: words.zeroing,
        allocating: words.allocating,
        clearing: words.clearing,
        stops: words.stops.into_iter().collect(),
    })
}

/// A rule that comes with the program: its file, the rule and the essay.
macro_rules! built_in {
    ($id:literal) => {
        (
            concat!($id, ".toml"),
            include_str!(concat!("../../../rules/", $id, ".toml")),
            include_str!(concat!("../../../rules/", $id, ".md")),
        )
    };
}

/// The rules that come with the program, by id.
const BUILT_IN: &[(&str, &str, &str)] = &[
    built_in!("mismatched-pair"),
    built_in!("no-init-mm"),
    built_in!("stale-select"),
    built_in!("unselected"),
];

impl Rule {
    /// What it finds, in one sentence: the first of its essay.
    pub fn title(&self) -> &'static str {
        let mut lines = self.essay.lines();
        lines
            .find(|line| !line.is_empty() && !line.starts_with('#'))
            .unwrap_or_default()
    }
}

/// A rule file that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The file.
    pub file: String,
    /// What is wrong, with the place.
    pub message: String,
}

impl std::fmt::Display for RuleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.file, self.message)
    }
}

impl std::error::Error for RuleError {}

/// The rules that come with the program, sorted by id.
pub fn built_in() -> Result<Vec<Rule>, RuleError> {
    let mut rules = Vec::new();
    for (file, text, essay) in BUILT_IN {
        rules.push(Rule {
            essay,
            ..parse(file, text)?
        });
    }
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(rules)
}

/// Whether a built-in rule has this id.
pub fn is_rule(id: &str) -> bool {
    built_in().is_ok_and(|rules| rules.iter().any(|rule| rule.id == id))
}

/// Reads one rule.
pub fn parse(file: &str, text: &str) -> Result<Rule, RuleError> {
    let error = |message: String| RuleError {
        file: file.to_owned(),
        message,
    };
    let rule: Rule = toml::from_str(text).map_err(|e| error(e.to_string()))?;
    for sink in &rule.sink {
        let place = sink.function.is_some() && sink.query.is_some();
        if sink.call.is_some() == place
            || (!place && (sink.function.is_some() || sink.query.is_some()))
        {
            return Err(error(
                "a sink has either `call`, or `function` and `query`".to_owned(),
            ));
        }
        if let Some(query) = &sink.query {
            csource::Query::new(query).map_err(error)?;
        }
    }
    if (rule.question == Question::Outside) != rule.backend.is_some() {
        return Err(error(
            "`backend` goes with the question `outside`".to_owned(),
        ));
    }
    let (asked, fits) = match rule.question {
        Question::Unselected | Question::Outside => {
            ("has at least one sink", !rule.sink.is_empty())
        }
        Question::Mismatched => ("is about two sinks", rule.sink.len() == 2),
        Question::Stale => ("is about symbols and has no sink", rule.sink.is_empty()),
    };
    if !fits {
        return Err(error(format!("a rule of this question {asked}")));
    }
    Ok(rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_the_program_are_sound() {
        let ids: Vec<String> = built_in()
            .unwrap()
            .into_iter()
            .map(|rule| rule.id)
            .collect();
        assert_eq!(
            ids,
            [
                "mismatched-pair",
                "no-init-mm",
                "stale-select",
                "unselected"
            ]
        );
        assert!(vocabulary().unwrap().entries.contains("start_kernel"));
    }

    #[test]
    fn what_is_not_known_is_refused_with_its_place() {
        let text = BUILT_IN[3].1.replace("severity", "severty");
        let message = parse("x.toml", &text).unwrap_err().to_string();
        assert!(
            message.contains("severty") && message.contains("line"),
            "{message}"
        );
        let text = BUILT_IN[3].1.replace("@sink", "@sink (");
        assert!(parse("x.toml", &text).is_err());
    }
}
