//! On which tree patches go.
//!
//! Who says it decides (`--base`). Else a tree is looked for that has the texts on which the patches were made, as their
//! `index` lines name them: the commit of `base-commit:`, the files of the tree, a commit behind `HEAD`. That comes before
//! trying: where a branch has a patch already, as when b4 asks, the patch may go on a second time. Where the texts are not
//! told, or nowhere, the first tree is taken on which all of them go.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use series::{Operation, Patch, Series};
use source::{Commit, History, Layer, Listed, Made, Source, text_id};

use crate::arguments::Version;
use crate::{Failure, one_line, tree};

/// So many commits behind `HEAD` are looked at.
const MOST_COMMITS: usize = 1000;

/// A tree on which patches may go.
struct Candidate {
    source: Arc<dyn Listed>,
    /// What it is, for people.
    name: String,
}

/// The tree on which the patches of a series go, what it is, and what each makes of it.
pub(crate) struct Base {
    pub(crate) source: Arc<dyn Listed>,
    pub(crate) name: String,
    pub(crate) applied: Vec<series::Applied>,
}

/// Finds the tree. The error tells what was tried.
pub(crate) fn find(place: &Path, asked: &Version, series: &Series) -> Result<Base, Failure> {
    if let Some(revision) = &asked.rev {
        let candidate = Candidate {
            source: tree::open(place, asked)?,
            name: one_line(revision),
        };
        return candidate
            .with(&series.patches)
            .map_err(|why| on(&one_line(&asked.name(place)), &why));
    }
    let mut search = Search {
        place,
        series,
        history: History::open(place).ok(),
        tried: Vec::new(),
    };
    search.find()
}

struct Search<'a> {
    place: &'a Path,
    series: &'a Series,
    history: Option<History>,
    /// What was tried, and why it is not that.
    tried: Vec<(String, String)>,
}

impl Search<'_> {
    fn find(&mut self) -> Result<Base, Failure> {
        let made = self.made();
        let said = self.said();
        let files = self.files();
        let mut candidates: Vec<Candidate> = said.into_iter().chain(files).collect();
        if !made.is_empty() {
            let has_texts = |candidate: &Candidate| {
                let mut made = made.iter();
                made.all(|(path, old)| has(&*candidate.source, path, old))
            };
            let exact = match candidates.iter().position(has_texts) {
                Some(at) => Some(candidates.remove(at)),
                None => self.made_on(&made),
            };
            if let Some(base) = exact.and_then(|exact| self.tried(&exact)) {
                return Ok(base);
            }
        }
        let mut candidates = candidates.iter();
        if let Some(base) = candidates.find_map(|candidate| self.tried(candidate)) {
            return Ok(base);
        }
        Err(self.refusal())
    }

    /// What comes of a tree, if all patches go on it; else why not is noted.
    fn tried(&mut self, candidate: &Candidate) -> Option<Base> {
        match candidate.with(&self.series.patches) {
            Ok(base) => Some(base),
            Err(why) => {
                self.tried.push((candidate.name.clone(), why));
                None
            }
        }
    }

    /// The texts on which the patches were made, by the paths of their files, where the patches name them.
    fn made(&self) -> BTreeMap<String, String> {
        let mut made: BTreeMap<String, String> = BTreeMap::new();
        let files = self.series.patches.iter().flat_map(|patch| &patch.files);
        for file in files {
            let path = match &file.operation {
                Operation::Create(path) | Operation::Delete(path) | Operation::Modify(_, path) => {
                    path.split_once('/').map_or(path.as_str(), |(_, rest)| rest)
                }
                Operation::Rename(path, _) | Operation::Copy(path, _) => path,
            };
            // What a patch before has made of it is no text of the tree.
            if let Some((old, _)) = &file.ids {
                made.entry(path.to_owned()).or_insert_with(|| old.clone());
            }
            if let Operation::Rename(_, to) | Operation::Copy(_, to) = &file.operation {
                made.entry(to.clone())
                    .or_insert_with(|| "0000000".to_owned());
            }
        }
        made.retain(|_, old| !old.is_empty());
        made
    }

    /// The commit that the series says itself.
    fn said(&mut self) -> Option<Candidate> {
        let said = self.series.base_commit.clone()?;
        let short = said.get(..12).unwrap_or(&said).to_owned();
        let name = format!("base-commit {short}");
        let mut tried = |why: String| self.tried.push((name.clone(), why));
        let Some(history) = &self.history else {
            tried("there is no git repository to look for it in".to_owned());
            return None;
        };
        if history.commit(&said).is_err() {
            tried("the repository has no such commit (git fetch may bring it)".to_owned());
            return None;
        }
        match self.commit(&said) {
            Ok(source) => Some(Candidate {
                source,
                name: format!("{short}, its base-commit"),
            }),
            Err(why) => {
                self.tried.push((format!("base-commit {short}"), why));
                None
            }
        }
    }

    /// The files of the tree, or what `HEAD` has where there are none.
    fn files(&mut self) -> Option<Candidate> {
        let version = Version { rev: None };
        match tree::open(self.place, &version) {
            Ok(source) => Some(Candidate {
                source,
                name: "the files of the tree".to_owned(),
            }),
            Err(why) if self.history.is_none() => {
                self.tried
                    .push((one_line(&self.place.to_string_lossy()), why));
                None
            }
            Err(_) => match self.commit("HEAD") {
                Ok(source) => Some(Candidate {
                    source,
                    name: "HEAD".to_owned(),
                }),
                Err(why) => {
                    self.tried.push(("HEAD".to_owned(), why));
                    None
                }
            },
        }
    }

    fn made_on(&mut self, made: &BTreeMap<String, String>) -> Option<Candidate> {
        let history = self.history.as_ref()?;
        let files: Vec<Made<'_>> = made.iter().map(|(path, old)| Made { path, old }).collect();
        let found = history.made_on(&files, "HEAD", MOST_COMMITS).ok().flatten();
        let Some(commit) = found else {
            let words = "none has the texts that the patches name".to_owned();
            let name = format!("the last {MOST_COMMITS} commits behind HEAD");
            self.tried.push((name, words));
            return None;
        };
        let name = named(&commit);
        match self.commit(&commit.id) {
            Ok(source) => Some(Candidate { source, name }),
            Err(why) => {
                self.tried.push((name, why));
                None
            }
        }
    }

    fn commit(&self, revision: &str) -> Result<Arc<dyn Listed>, Failure> {
        tree::open(self.place, &Version::of(revision))
    }

    fn refusal(&self) -> Failure {
        match self.tried.as_slice() {
            [] => "there is no tree for them".to_owned(),
            [(name, why)] => on(name, why),
            several => {
                let tried = several
                    .iter()
                    .map(|(name, why)| format!("\n  {name}: {}", why.replace('\n', "\n  ")));
                let tried: Vec<String> = tried.collect();
                format!(
                    "the patches go on none of these (--base names another):{}",
                    tried.concat()
                )
            }
        }
    }
}

/// Why patches do not go on the tree of that name: it stands behind the first line, which the others show.
fn on(name: &str, why: &str) -> String {
    match why.split_once('\n') {
        Some((first, rest)) => format!("{first} (on {name})\n{rest}"),
        None => format!("{why} (on {name})"),
    }
}

/// `0123456789ab ("mm: one more")`
fn named(commit: &Commit) -> String {
    format!("{} (\"{}\")", commit.short(), one_line(&commit.title))
}

/// Whether a tree has a text whose name begins so; nothing but zeros means that there is none.
fn has(source: &dyn Listed, path: &str, id: &str) -> bool {
    match source.read(path) {
        Ok(text) => text_id(&text).starts_with(&id.to_ascii_lowercase()),
        Err(_) => id.bytes().all(|byte| byte == b'0'),
    }
}

impl Candidate {
    /// Itself, with what all patches make of it, one after the other.
    fn with(&self, patches: &[Patch]) -> Result<Base, Failure> {
        let mut layer = Layer::over(Arc::clone(&self.source));
        let mut applied = Vec::new();
        for patch in patches {
            let made = series::apply(&layer, patch).map_err(|why| lines_of(&why.to_string()))?;
            lay(&mut layer, &made);
            applied.push(made);
        }
        Ok(Base {
            source: Arc::clone(&self.source),
            name: self.name.clone(),
            applied,
        })
    }
}

/// Puts what a patch has made on a layer.
pub(crate) fn lay<S: Source + ?Sized>(layer: &mut Layer<S>, applied: &series::Applied) {
    for (path, text) in &applied.files {
        match text {
            Some(text) => layer.put(path, text),
            None => layer.remove(path),
        }
    }
}

/// Lines without control characters.
fn lines_of(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(one_line).collect();
    lines.join("\n")
}
