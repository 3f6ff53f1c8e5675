//! All rules that there are: those that come with the program, and those of folders that a user or a tree names.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use text::LineIndex;

use crate::fault::{fault, of_queries};
use crate::rule::{Pack, Rule, Version};

/// The files of a folder of rules, by name, and what each holds.
pub type Files = BTreeMap<String, String>;

/// The files that come with the program.
const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The one file of a folder of rules that is no pack.
const VOCABULARY: &str = "vocabulary.toml";

/// The kernel that all examples are laid over.
const EXAMPLE_KERNEL: &str = "example.kernel";

/// Rules, with what they build on.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    rules: Vec<Rule>,
    words: Words,
    /// Small kernels for examples, by pack.
    kernels: BTreeMap<String, String>,
}

/// Words that the analysis must know whatever the rule; see [`reach::Vocabulary`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
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

/// A file of rules, or of settings, that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The file, with line and column where they are known.
    pub file: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.message)
    }
}

impl std::error::Error for RuleError {}

impl RuleError {
    fn new(file: &str, message: impl Into<String>) -> RuleError {
        RuleError {
            file: file.to_owned(),
            message: message.into(),
        }
    }
}

impl Catalog {
    /// The rules that come with the program.
    pub fn built_in() -> Result<Catalog, RuleError> {
        let mut catalog = Catalog::default();
        let files = BUILT_IN.iter();
        let files = files.map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        // Their queries are read where they are asked, since that takes as long as all else; a test reads all.
        catalog.add("rules", &files.collect(), fault)?;
        Ok(catalog)
    }

    /// Adds the rules of a folder, which is called `folder` in messages.
    pub fn extend(&mut self, folder: &str, files: &Files) -> Result<(), RuleError> {
        let check = |pack: &Pack| fault(pack).or_else(|| of_queries(pack));
        self.add(folder, files, check)
    }

    fn add(
        &mut self,
        folder: &str,
        files: &Files,
        check: impl Fn(&Pack) -> Option<String>,
    ) -> Result<(), RuleError> {
        let called = |name: &str| format!("{}/{name}", folder.trim_end_matches('/'));
        let mut packs = Vec::new();
        for (name, text) in files {
            let (stem, kind) = name.rsplit_once('.').unwrap_or((name, ""));
            match kind {
                "toml" if name == VOCABULARY => self.words.add(read(&called(name), text)?),
                "toml" => {
                    let file = called(name);
                    let pack = pack(&file, stem, text, &check)?;
                    packs.push((file, pack));
                }
                // Those that are known stay.
                "kernel" => {
                    let known = self.kernels.entry(stem.to_owned());
                    known.or_insert_with(|| text.clone());
                }
                _ => {}
            }
        }
        for (file, pack) in &packs {
            let mut pack = pack.clone();
            if let Some(of) = &pack.backend_of {
                let here = packs.iter().map(|(_, pack)| pack);
                let known = self.rules.iter().map(|rule| &*rule.pack);
                let meant = here.chain(known).find(|pack| pack.id == *of);
                let Some(backend) = meant.and_then(|pack| pack.backend.clone()) else {
                    let message =
                        format!("`backend-of` names {of}, and no pack of this name has a backend");
                    return Err(RuleError::new(file, message));
                };
                pack.backend = Some(backend);
            }
            self.add_pack(file, pack, files)?;
        }
        self.rules.sort_by(|a, b| a.id().cmp(b.id()));
        Ok(())
    }

    fn add_pack(&mut self, file: &str, pack: Pack, files: &Files) -> Result<(), RuleError> {
        let pack = Arc::new(pack);
        self.unused(&pack)
            .map_err(|message| RuleError::new(file, message))?;
        for rule in &pack.rule {
            let id = &rule.id;
            let essay = files.get(&format!("{id}.md"));
            let title = |essay: &&String| {
                let first = essay.trim_start_matches('\u{feff}').lines().next();
                first.and_then(|line| line.strip_prefix("# ")) == Some(id)
            };
            let essay = essay.filter(title);
            let Some(essay) = essay else {
                let message = format!(
                    "the rule {id} wants an essay beside it, {id}.md, whose first line is `# {id}`"
                );
                return Err(RuleError::new(file, message));
            };
            if essay.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
                let message = format!("{id}.md holds control characters");
                return Err(RuleError::new(file, message));
            }
            self.rules.push(Rule {
                text: rule.clone(),
                pack: Arc::clone(&pack),
                essay: essay.clone(),
            });
        }
        Ok(())
    }

    /// Whether nothing else has one of the names of a pack; only its own rule may be called as it is.
    fn unused(&self, pack: &Pack) -> Result<(), String> {
        let known = self.rules.iter();
        let mut known: BTreeSet<&str> = known.flat_map(|rule| [rule.id(), &rule.pack.id]).collect();
        let own = pack.rule.iter().map(|rule| rule.id.as_str());
        let is_own = own.clone().any(|id| id == pack.id);
        let mut names = own.chain((!is_own).then_some(pack.id.as_str()));
        match names.find(|name| !known.insert(name)) {
            Some(name) => Err(format!(
                "there is another rule or pack that is called {name}"
            )),
            None => Ok(()),
        }
    }

    /// All rules, sorted by name.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule of this name.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id() == id)
    }

    /// The rule of this name, or the rules of the pack of this name.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &Rule> {
        let rules = self.rules.iter();
        rules.filter(move |rule| rule.id() == name || rule.pack.id == name)
    }

    /// The names of all rules.
    pub fn ids(&self) -> Vec<String> {
        self.rules.iter().map(|rule| rule.id().to_owned()).collect()
    }

    /// The words of the kernel that every rule builds on.
    pub fn vocabulary(&self) -> reach::Vocabulary {
        let Words {
            entries,
            stable,
            zeroing,
            allocating,
            clearing,
            stops,
            bound: bounds,
        } = self.words.clone();
        let bound = |bound: BoundWords| reach::Bound {
            of: bound.of,
            least: bound.least.into(),
            most: bound.most.into(),
        };
        reach::Vocabulary {
            bounds: bounds.into_iter().map(bound).collect(),
            entries: entries.into_iter().collect(),
            stable: stable.into_iter().collect(),
            zeroing,
            allocating,
            clearing,
            stops: stops.into_iter().collect(),
        }
    }

    /// The names of all rules and packs.
    pub(crate) fn names(&self) -> Vec<String> {
        let packs: BTreeSet<&str> = self
            .rules
            .iter()
            .map(|rule| rule.pack.id.as_str())
            .collect();
        let mut names = self.ids();
        names.extend(packs.into_iter().map(str::to_owned));
        names
    }

    /// The kernel that the examples of a rule are laid over: of a version that it asks about.
    pub(crate) fn example_kernel(&self, rule: &Rule) -> String {
        let stem = EXAMPLE_KERNEL.trim_end_matches(".kernel");
        let kernels =
            [stem, &rule.pack.id].map(|pack| self.kernels.get(pack).map_or("", String::as_str));
        let version = rule.pack.until.or(rule.pack.since);
        let version = version.map_or_else(String::new, Version::makefile);
        kernels.concat() + &version
    }
}

impl Words {
    fn add(&mut self, more: Words) {
        self.entries.extend(more.entries);
        self.stable.extend(more.stable);
        self.zeroing.extend(more.zeroing);
        self.allocating.extend(more.allocating);
        self.clearing.extend(more.clearing);
        self.stops.extend(more.stops);
        self.bound.extend(more.bound);
    }
}

/// Reads a pack; `stem` is the name of its file without `.toml`.
fn pack(
    file: &str,
    stem: &str,
    text: &str,
    check: impl Fn(&Pack) -> Option<String>,
) -> Result<Pack, RuleError> {
    let pack: Pack = read(file, text)?;
    if pack.id != stem {
        let id = &pack.id;
        return Err(RuleError::new(
            file,
            format!("the pack {id} stands in {id}.toml"),
        ));
    }
    match check(&pack) {
        Some(fault) => Err(RuleError::new(file, fault)),
        None => Ok(pack),
    }
}

/// Reads a TOML file, and says where and what is wrong with it.
pub(crate) fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, RuleError> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let place = error.span().map(|span| {
            let start = u32::try_from(span.start).unwrap_or_default();
            let at = LineIndex::new(text.as_bytes()).position(start);
            format!("{file}:{}:{}", at.line, at.column)
        });
        let meant = meant(error.message())
            .map_or(String::new(), |word| format!("; did you mean `{word}`?"));
        RuleError {
            file: place.unwrap_or_else(|| file.to_owned()),
            message: format!("{}{meant}", error.message()),
        }
    })
}

/// Of the words that a message says are expected, the one that was meant by the one that it says is not known.
fn meant(message: &str) -> Option<&str> {
    let mut words = message.split('`').skip(1).step_by(2);
    let unknown = message.starts_with("unknown ").then(|| words.next())??;
    alike(unknown, words)
}

/// Of the words that are known, the one that looks most like another, if any does.
pub(crate) fn alike<'w>(word: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let scored = known.map(|known| (strsim::jaro_winkler(word, known), known));
    let best = scored.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    (best.0 > 0.75).then_some(best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACK: &str = r#"
id = "mine"
title = "a shortcut"
opt-in.symbols = ["OPT_IN"]
[[sink]]
call = "f"
what = "f()"
[[rule]]
id = "mine"
question = "unselected"
severity = "error"
message = "{arch} reaches {sink}"
help = "do not"
"#;

    fn added(pack: &str, essay: &str) -> Result<Catalog, String> {
        let files = [("mine.toml", pack), ("mine.md", essay), ("notes.txt", "")];
        let files = files.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let mut catalog = Catalog::built_in().map_err(|error| error.to_string())?;
        let done = catalog.extend("dir/", &Files::from(files));
        done.map(|()| catalog).map_err(|error| error.to_string())
    }

    #[test]
    fn rules_of_the_program_are_sound() {
        let catalog = Catalog::built_in().unwrap();
        let ids = catalog.ids();
        assert!(
            ids.is_sorted() && ids.iter().any(|id| id == "unselected"),
            "{ids:?}"
        );
        assert!(catalog.vocabulary().entries.contains("start_kernel"));
        assert!(
            catalog
                .rules()
                .iter()
                .all(|rule| of_queries(&rule.pack).is_none())
        );
    }

    #[test]
    fn a_folder_adds_rules() {
        let catalog = added(PACK, "# mine\n\nA fault.\n").unwrap();
        let rule = catalog.rule("mine").unwrap();
        assert_eq!((rule.title().as_str(), rule.sinks().len()), ("A fault.", 1));
        assert_eq!(catalog.named("vmemmap-dax").count(), 4);
    }

    #[test]
    fn what_is_not_known_is_refused_with_its_place_and_what_may_be_meant() {
        let told = |from: &str, to: &str| added(&PACK.replace(from, to), "# mine\n").unwrap_err();
        let message = told("severity", "severty");
        let wanted = "dir/mine.toml:11:1: unknown field `severty`";
        assert!(message.starts_with(wanted), "{message}");
        assert!(message.ends_with("did you mean `severity`?"), "{message}");
        assert!(told("\"error\"", "\"eror\"").ends_with("did you mean `error`?"));
        assert!(told("call =", "function =").contains("`function` and `query`"));
        assert!(told("\"unselected\"", "\"mismatched\"").contains("wants two sinks"));
        assert!(
            told("id = \"mine\"\nquestion", "id = \"unselected\"\nquestion")
                .contains("called unselected")
        );
        assert!(told("title", "since = \"6\"\ntitle").contains("6 is no version"));
        assert!(told("title", "since = \"6.10\"\nuntil = \"6.9\"\ntitle").contains("before"));
        assert!(told("[\"OPT_IN\"]", "[]").contains("names no symbol"));
        assert!(told("\"f\"", "\"f()\"").contains("no name of a function"));
        assert!(told("OPT_IN", "CONFIG_OPT_IN").contains("without `CONFIG_`"));
        assert!(
            told("id = \"mine\"\nquestion", "id = \"a,b\"\nquestion").contains("small letters")
        );
        assert!(told("do not", "\\u001b").contains("no line of text"));
        let place = |query: &str| {
            told(
                "call = \"f\"",
                &format!("function = \"f\"\nquery = \"{query}\""),
            )
        };
        assert!(place("(call_expression)").contains("nothing as `@sink`"));
        assert!(place(&"(".repeat(5000)).contains("at most 4096 bytes"));
        assert!(place("(call").contains("the query is wrong"));
        assert!(told("title", "backend-of = \"yours\"\ntitle").contains("no pack of this name"));
        assert!(
            added(PACK, "# yours\n")
                .unwrap_err()
                .contains("wants an essay")
        );
        let essay = added(PACK, "# mine\n\nA \u{1b}[2Jfault.\n");
        assert!(essay.unwrap_err().contains("control characters"));
        assert!(added("\u{0}", "").is_err());
        assert!(added(PACK, "\u{feff}# mine\r\n\r\nA fault.\r\n").is_ok());
    }
}
