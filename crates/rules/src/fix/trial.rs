//! Changes are tried before they are made: the changed tree is checked as the tree was.

use std::collections::BTreeMap;
use std::sync::Arc;

use kernel::{Progress, Tree};
use source::{Layer, Source};

use super::{Fix, changed, fixes};
use crate::catalog::Catalog;
use crate::check::{CheckError, Settings, check, chosen_rules};
use crate::{Finding, Identity, Outcome, Verdict};

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

/// Looks for what mends `findings`, some of those of `before`, which a check of `source` with `settings` has answered.
///
/// What is made together leaves none of the findings that it is about, and brings no finding, no unknown answer and no
/// problem that was not there. `opting` are the architectures that may opt in; one does only where no rule of the pack
/// finds anything on it then, asked or not.
pub fn mend(
    source: &Arc<dyn Source>,
    (settings, opting): (&Settings, &[String]),
    (before, findings): (&Outcome, &[Finding]),
    progress: &dyn Progress,
) -> Result<Mended, CheckError> {
    let catalog = match &settings.catalog {
        Some(catalog) => Arc::clone(catalog),
        None => Arc::new(Catalog::built_in().map_err(CheckError::Rule)?),
    };
    let tree = Tree::open(Arc::clone(source)).map_err(CheckError::NotATree)?;
    let trial = Trial {
        source,
        tree: &tree,
        settings: with_packs(settings, &catalog, findings),
        catalog: &catalog,
        before,
        findings,
        progress,
    };
    let mut opting = opting.to_vec();
    let (mut open, mut without) = fixes(&tree, findings, &catalog, &opting);
    let mut refused: Vec<(Fix, String)> = Vec::new();
    let tried = loop {
        let fault = match trial.run(&open)? {
            Some(tried) => match trial.fault(&open, &tried.outcome)? {
                Some(fault) => fault,
                None => break tried,
            },
            // Two of them want the same bytes changed.
            None => (
                open.len() - 1,
                "another fix changes the same place".to_owned(),
            ),
        };
        let (index, why) = fault;
        let fix = open.remove(index);
        let arch = fix.opts_in.clone();
        refused.push((fix, why));
        // What an architecture is not let agree to has to be closed for it.
        if let Some(arch) = arch {
            opting.retain(|other| *other != arch);
            (open, without) = fixes(&tree, findings, &catalog, &opting);
            let is_refused = |fix: &Fix| refused.iter().any(|(one, _)| one.edits == fix.edits);
            open.retain(|fix| !is_refused(fix));
        }
    };
    let outcome = if open.is_empty() {
        before.clone()
    } else if asked(&catalog, &trial.settings)? == asked(&catalog, settings)? {
        tried.outcome
    } else {
        check(Arc::clone(&tried.source), settings, progress)?
    };
    let files = tried.files.into_iter().filter_map(|(file, after)| {
        let before = tree.look(&file).ok()?;
        Some((file, (before, after)))
    });
    Ok(Mended {
        outcome,
        source: tried.source,
        files: files.collect(),
        made: open,
        refused,
        without,
    })
}

/// The settings, with all rules of the packs of `findings`, whether they are asked or not.
fn with_packs(settings: &Settings, catalog: &Catalog, findings: &[Finding]) -> Settings {
    let mut settings = settings.clone();
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

/// The names of the rules that are asked.
fn asked(catalog: &Catalog, settings: &Settings) -> Result<Vec<String>, CheckError> {
    let rules = chosen_rules(catalog, settings)?;
    Ok(rules.iter().map(|rule| rule.id().to_owned()).collect())
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
    before: &'a Outcome,
    findings: &'a [Finding],
    progress: &'a dyn Progress,
}

/// A changed tree, checked.
struct Tried {
    outcome: Outcome,
    source: Arc<dyn Source>,
    files: BTreeMap<String, Vec<u8>>,
}

impl Trial<'_> {
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
            self.before.clone()
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
        let mut faults = opting.enumerate().chain(left.enumerate());
        if let Some((index, why)) = faults.find_map(|(index, why)| Some((index, why?))) {
            return Ok(Some((index, why)));
        }
        let Some(worse) = self.worse(after) else {
            return Ok(None);
        };
        for (index, fix) in fixes.iter().enumerate() {
            let alone = self.run(std::slice::from_ref(fix))?;
            if let Some(worse) = alone.and_then(|alone| self.worse(&alone.outcome)) {
                return Ok(Some((index, worse)));
            }
        }
        Ok(fixes.len().checked_sub(1).map(|last| (last, worse)))
    }

    /// Whether a finding is there still that a fix is about.
    fn is_left(&self, fix: &Fix, after: &Outcome) -> Option<String> {
        let is_left = |number: &usize| {
            let identity = Identity::of(&self.findings[*number]);
            let mut left = after.findings.iter();
            left.any(|finding| Identity::of(finding) == identity)
        };
        let is_left = fix.findings.iter().any(is_left);
        is_left.then(|| "the finding is still there with it".to_owned())
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
        let mut known: BTreeMap<Identity, usize> = BTreeMap::new();
        for finding in &self.before.findings {
            *known.entry(Identity::of(finding)).or_default() += 1;
        }
        let was_asked = |rule: &str| self.before.verdicts.iter().any(|cell| cell.rule == rule);
        for finding in after.findings.iter().filter(|one| was_asked(&one.rule)) {
            match known.get_mut(&Identity::of(finding)) {
                Some(count) if *count > 0 => *count -= 1,
                _ => return Some(format!("with it there is another: {}", finding.message)),
            }
        }
        let is_unknown = |outcome: &Outcome, arch: &str, rule: &str| {
            let mut cells = outcome.verdicts.iter();
            cells.any(|c| c.arch == arch && c.rule == rule && c.verdict == Verdict::Unknown)
        };
        let unknown = after.verdicts.iter().find(|cell| {
            cell.verdict == Verdict::Unknown
                && was_asked(&cell.rule)
                && !is_unknown(self.before, &cell.arch, &cell.rule)
        });
        if let Some(cell) = unknown {
            return Some(format!("with it {} is unknown on {}", cell.rule, cell.arch));
        }
        let is_worse = after.problems.len() > self.before.problems.len();
        is_worse.then(|| "with it something is not understood any more".to_owned())
    }
}
