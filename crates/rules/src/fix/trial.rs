//! Changes are tried before they are made: the changed tree is checked as the tree was.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::{Progress, Tree};
use source::{Layer, Source};

use super::{Fix, Proposals, changed, fixes};
use crate::catalog::Catalog;
use crate::check::{CheckError, Settings, check, chosen_rules};
use crate::rule::{Question, Rule};
use crate::{Difference, Finding, Identity, Outcome, Verdict};

/// What became of a tree whose findings were to be mended.
pub struct Mended {
    /// What is found in the changed tree.
    pub outcome: Outcome,
    /// The changed tree.
    pub source: Arc<dyn Source>,
    /// The files that changed, each as it was and as it is then.
    pub files: BTreeMap<String, (Arc<[u8]>, Vec<u8>)>,
    /// What was changed.
    pub made: Vec<Fix>,
    /// What was tried and does not hold, and why.
    pub refused: Vec<(Fix, String)>,
    /// The findings for which there is nothing to try, by their number, and why.
    pub without: Vec<(usize, &'static str)>,
}

/// What is to be mended.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    /// The tree.
    pub source: &'a Arc<dyn Source>,
    /// With what it was checked.
    pub settings: &'a Settings,
    /// What that has answered.
    pub answered: &'a Outcome,
    /// The findings of that answer that are meant.
    pub findings: &'a [Finding],
    /// The architectures that may opt in.
    pub opting: &'a [String],
}

impl Mended {
    /// Nothing can be tried.
    fn nothing(task: &Task<'_>, without: Vec<(usize, &'static str)>) -> Mended {
        Mended {
            outcome: task.answered.clone(),
            source: Arc::clone(task.source),
            files: BTreeMap::new(),
            made: Vec::new(),
            refused: Vec::new(),
            without,
        }
    }
}

/// Looks for what mends findings.
///
/// What is made together leaves none of the findings that it is about, and brings no finding, no unknown answer and no
/// problem that was not there, on any architecture and by any rule of their packs, asked or not. An architecture opts in only
/// where no rule of the pack finds anything on it then.
pub fn mend(task: &Task<'_>, progress: &dyn Progress) -> Result<Mended, CheckError> {
    let Task {
        source,
        settings,
        answered,
        findings,
        ..
    } = *task;
    let catalog = settings.known_rules()?;
    let tree = Tree::open(Arc::clone(source)).map_err(CheckError::NotATree)?;
    let (proposed, without) = fixes(&tree, findings, &catalog, task.opting);
    if proposed.is_empty() {
        return Ok(Mended::nothing(task, without));
    }
    let wide = widened(settings, &catalog, findings);
    let is_wider = asked(&catalog, &wide)? != asked(&catalog, settings)?;
    let trial = Trial {
        source,
        tree: &tree,
        before: if is_wider {
            Cow::Owned(check(Arc::clone(source), &wide, progress)?)
        } else {
            Cow::Borrowed(answered)
        },
        settings: wide,
        catalog: &catalog,
        findings,
        progress,
    };
    let settled = trial.settle(task.opting, (proposed, without))?;
    let tried = settled.tried;
    let outcome = match (settled.made.is_empty(), is_wider) {
        (true, _) => answered.clone(),
        (false, true) => check(Arc::clone(&tried.source), settings, progress)?,
        (false, false) => tried.outcome,
    };
    // What another fix has closed need not be told, but for those that wanted to opt in.
    let mut without = settled.without;
    without.retain(|(number, _)| {
        let finding = &findings[*number];
        task.opting.contains(&finding.arch) || is_in(&outcome, finding)
    });
    let files = tried.files.into_iter().filter_map(|(file, after)| {
        let before = tree.look(&file).ok()?;
        Some((file, (before, after)))
    });
    Ok(Mended {
        outcome,
        source: tried.source,
        files: files.collect(),
        made: settled.made,
        refused: settled.refused,
        without,
    })
}

/// The settings, for all architectures and with all rules of the packs of `findings`.
fn widened(settings: &Settings, catalog: &Catalog, findings: &[Finding]) -> Settings {
    let mut settings = settings.clone();
    // A change of generic code is one for all of them.
    settings.arches.clear();
    for finding in findings {
        let pack = pack_of(catalog, finding);
        let names = if settings.rules.is_empty() {
            &mut settings.enabled
        } else {
            &mut settings.rules
        };
        if !names.iter().any(|known| known == pack) {
            names.push(pack.to_owned());
        }
        let is_of_pack = |name: &String| catalog.named(name).any(|rule| rule.pack.id == pack);
        settings.disabled.retain(|name| !is_of_pack(name));
    }
    settings
}

/// What is asked: the names of rules, and the architectures.
fn asked<'s>(
    catalog: &Catalog,
    settings: &'s Settings,
) -> Result<(Vec<String>, &'s [String]), CheckError> {
    let rules = chosen_rules(catalog, settings)?;
    let rules = rules.iter().map(|rule| rule.id().to_owned()).collect();
    Ok((rules, &settings.arches))
}

/// Whether a finding of one tree is one of another, too.
fn is_in(outcome: &Outcome, finding: &Finding) -> bool {
    let identity = Identity::of(finding);
    let mut findings = outcome.findings.iter();
    findings.any(|one| Identity::of(one) == identity)
}

fn pack_of<'c>(catalog: &'c Catalog, finding: &'c Finding) -> &'c str {
    let rule = catalog.named(&finding.rule).next();
    rule.map_or(&finding.rule, |rule| &rule.pack.id)
}

struct Trial<'a> {
    source: &'a Arc<dyn Source>,
    tree: &'a Tree,
    settings: Settings,
    catalog: &'a Catalog,
    /// What is found in the tree as it is.
    before: Cow<'a, Outcome>,
    findings: &'a [Finding],
    progress: &'a dyn Progress,
}

/// A changed tree, checked.
struct Tried {
    outcome: Outcome,
    source: Arc<dyn Source>,
    files: BTreeMap<String, Vec<u8>>,
}

/// What holds together, and what does not.
struct Settled {
    tried: Tried,
    made: Vec<Fix>,
    refused: Vec<(Fix, String)>,
    without: Vec<(usize, &'static str)>,
}

impl Trial<'_> {
    /// Tries all that there is, and leaves out one after the other of what does not hold.
    fn settle(
        &self,
        opting: &[String],
        (mut made, mut without): Proposals,
    ) -> Result<Settled, CheckError> {
        let mut opting = opting.to_vec();
        let mut refused: Vec<(Fix, String)> = Vec::new();
        loop {
            let mut fault = (
                made.len().saturating_sub(1),
                "another fix changes the same place; ask again after that".to_owned(),
            );
            if let Some(tried) = self.run(&made)? {
                let Some(found) = self.fault(&made, &tried.outcome)? else {
                    return Ok(Settled {
                        tried,
                        made,
                        refused,
                        without,
                    });
                };
                fault = found;
            }
            let (index, why) = fault;
            let fix = made.remove(index);
            let arch = fix.opts_in.clone();
            refused.push((fix, why));
            // What an architecture is not let agree to has to be closed for it.
            if let Some(arch) = arch {
                opting.retain(|other| *other != arch);
                (made, without) = fixes(self.tree, self.findings, self.catalog, &opting);
                let is_refused = |fix: &Fix| refused.iter().any(|(one, _)| one.edits == fix.edits);
                made.retain(|fix| !is_refused(fix));
            }
        }
    }

    /// Checks the tree with `fixes`; `None` where they do not go together.
    fn run(&self, fixes: &[Fix]) -> Result<Option<Tried>, CheckError> {
        let Some(files) = changed(self.tree, fixes) else {
            return Ok(None);
        };
        let mut layer = Layer::over(Arc::clone(self.source));
        for (file, text) in &files {
            layer.put(file, text);
        }
        let source: Arc<dyn Source> = Arc::new(layer);
        let outcome = if fixes.is_empty() {
            self.before.clone().into_owned()
        } else {
            check(Arc::clone(&source), &self.settings, self.progress)?
        };
        Ok(Some(Tried {
            outcome,
            source,
            files,
        }))
    }

    /// One of `fixes` that is not to be made, by its number, and why; `None` where all hold.
    fn fault(&self, fixes: &[Fix], after: &Outcome) -> Result<Option<(usize, String)>, CheckError> {
        // An architecture that is not let opt in is left to the gates.
        let opting = fixes.iter().map(|fix| self.may_not_opt_in(fix, after));
        let left = fixes.iter().map(|fix| self.is_left(fix, after));
        let parted = fixes.iter().map(|fix| self.is_parted(fix, after));
        let faults = opting.enumerate().chain(left.enumerate());
        let mut faults = faults.chain(parted.enumerate());
        if let Some((index, why)) = faults.find_map(|(index, why)| Some((index, why?))) {
            return Ok(Some((index, why)));
        }
        let Some(worse) = self.worse(after) else {
            return Ok(None);
        };
        // Halves of a pair are worse without each other: who is left out where it gets better has done it.
        for index in (0..fixes.len()).filter(|_| fixes.len() > 1) {
            let mut others = fixes.to_vec();
            others.remove(index);
            let others = self.run(&others)?;
            if others.is_some_and(|others| self.worse(&others.outcome).is_none()) {
                return Ok(Some((index, worse)));
            }
        }
        Ok(fixes.len().checked_sub(1).map(|last| (last, worse)))
    }

    /// Whether a finding is there still that a fix is about.
    fn is_left(&self, fix: &Fix, after: &Outcome) -> Option<String> {
        let mut findings = fix.findings.iter().map(|&number| &self.findings[number]);
        let is_left = findings.any(|finding| is_in(after, finding));
        is_left.then(|| "the finding is still there with it".to_owned())
    }

    /// Whether a condition is changed where one half of a pair is reached without the other then, be it as before.
    fn is_parted(&self, fix: &Fix, after: &Outcome) -> Option<String> {
        let first = fix.findings.first().map(|&number| &self.findings[number])?;
        if fix.opts_in.is_some() || first.path.is_empty() {
            return None;
        }
        let pack = pack_of(self.catalog, first);
        let pairs = self
            .catalog
            .named(pack)
            .filter(|rule| rule.text.question == Question::Mismatched);
        let pairs: Vec<&str> = pairs.map(Rule::id).collect();
        let mut findings = after.findings.iter();
        let parted = findings.find(|finding| pairs.contains(&finding.rule.as_str()))?;
        Some(format!(
            "with it one half alone is closed: {}",
            parted.message
        ))
    }

    /// What is found on an architecture that is to opt in by a fix.
    fn may_not_opt_in(&self, fix: &Fix, after: &Outcome) -> Option<String> {
        let arch = fix.opts_in.as_ref()?;
        let first = fix.findings.first().map(|&number| &self.findings[number])?;
        let pack = pack_of(self.catalog, first);
        let bad = after.verdicts.iter().find(|cell| {
            let is_bad = matches!(cell.verdict, Verdict::Flagged | Verdict::Unknown);
            let mut of_pack = self.catalog.named(pack);
            is_bad && cell.arch == *arch && of_pack.any(|rule| rule.id() == cell.rule)
        })?;
        let verdict = bad.verdict.word();
        Some(format!(
            "with it {} is {verdict} on {arch}: {}",
            bad.rule, bad.reason
        ))
    }

    /// What is worse than before, if anything is.
    fn worse(&self, after: &Outcome) -> Option<String> {
        let difference = Difference::between(&self.before, after);
        // What moves is another one here: a fix moves nothing.
        let moved = difference.moved.iter().map(|(_, finding)| finding);
        if let Some(finding) = difference.added.iter().chain(moved).next() {
            return Some(format!("with it there is another: {}", finding.message));
        }
        if let Some(cell) = difference.unknown.first() {
            return Some(format!("with it {} is unknown on {}", cell.rule, cell.arch));
        }
        let is_worse = after.problems.len() > self.before.problems.len();
        is_worse.then(|| "with it something is not understood any more".to_owned())
    }
}
