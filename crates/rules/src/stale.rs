//! Whether an architecture's `select` of an opt-in symbol can still take effect.

use std::collections::BTreeMap;

use kconfig::Select;
use reach::Influence;
use text::Name;

use crate::ask::{Asking, Said};
use crate::tell::{put, severity};
use crate::{Finding, Note, Place, Verdict};

/// What became of one `select`.
enum Effect {
    /// It decides something.
    Has(String, Option<Place>),
    /// It cannot, for this reason.
    Never(String),
    /// Not found out.
    Unknown(String),
}

impl Asking<'_, '_> {
    /// Asks of each `select` below arch/ of the rule's symbols.
    pub(crate) fn stale(&mut self) -> Said {
        let symbols = &self.rule.pack.opt_in.symbols;
        let selects = symbols.iter().flat_map(|symbol| {
            let all = self.model.selectors(Name::new(symbol)).into_iter();
            let own = all.filter(|select| select.place.file.starts_with("arch/"));
            let mut own: Vec<&Select> = own.collect();
            own.sort_by(|a, b| (&a.place, a.by).cmp(&(&b.place, b.by)));
            own.dedup_by(|a, b| a.place == b.place);
            own
        });
        let selects: Vec<&Select> = selects.collect();
        if selects.is_empty() {
            let words = format!("selects none of {}", symbols.join(", "));
            return Said::new(Verdict::Clean, words, None);
        }
        let mut said: Option<Said> = None;
        for select in selects {
            let one = match self.effect(select) {
                Effect::Has(words, place) => Said::new(Verdict::Clean, words, place),
                Effect::Unknown(limit) => Said::new(Verdict::Unknown, limit, None),
                Effect::Never(why) => {
                    let finding = self.stale_finding(select, &why);
                    let said = (finding.message.clone(), Some(finding.sink.clone()));
                    self.out.findings.push(finding);
                    Said::new(Verdict::Flagged, said.0, said.1)
                }
            };
            if said
                .as_ref()
                .is_none_or(|known| one.verdict.weight() > known.verdict.weight())
            {
                said = Some(one);
            }
        }
        said.unwrap_or_default()
    }

    fn effect(&mut self, select: &Select) -> Effect {
        let (target, arch) = (select.target, self.arch.name);
        if self.model.symbol(target).is_none() {
            return Effect::Never(format!("no Kconfig file that {arch} reads defines it"));
        }
        match self.analysis.can_select(select) {
            Some(true) => {}
            // Another name of the same directory leaves out what it is not: i386 has no X86_64.
            Some(false) if self.arch.name != self.arch.directory => {
                let words = format!("{} does not select {target} on {arch}", select.by);
                return Effect::Has(words, None);
            }
            Some(false) => {
                let condition = &select.condition;
                return Effect::Never(format!("no configuration of {arch} has {condition}"));
            }
            None => return Effect::Unknown("the solver was given up".to_owned()),
        }
        match self.analysis.influence(&target) {
            Influence::Has(fact) => {
                let words = format!("{} selects {target}: {}", select.by, fact.words);
                Effect::Has(words, self.fact_place(&fact))
            }
            Influence::Unknown(limit) => Effect::Unknown(limit),
            Influence::None(0) => Effect::Never("nothing asks about it".to_owned()),
            Influence::None(1) => {
                Effect::Never(format!("its one use is in no configuration of {arch}"))
            }
            Influence::None(uses) => Effect::Never(format!(
                "none of its {uses} uses is in any configuration of {arch}"
            )),
        }
    }

    fn stale_finding(&self, select: &Select, why: &str) -> Finding {
        let words = [
            ("{arch}", self.arch.name.as_str()),
            ("{symbol}", select.target.as_str()),
            ("{why}", why),
        ];
        let place = self.place(&select.place.file, select.place.span);
        let definition = self.model.symbol(select.target);
        let definition = definition.and_then(|symbol| symbol.definitions.first());
        let notes = definition.map(|definition| Note {
            text: format!("{} is defined here", select.target),
            place: Some(self.place(&definition.place.file, definition.place.span)),
        });
        Finding {
            code: String::new(),
            symbol: select.target.to_string(),
            instead: Vec::new(),
            rule: self.rule.id().to_owned(),
            arch: self.arch.name.to_string(),
            arches: vec![self.arch.name.to_string()],
            severity: severity(self.rule.text.severity),
            message: put(&self.rule.text.message, &words),
            help: put(&self.rule.text.help, &words),
            kconfig: None,
            sink: place,
            path: Vec::new(),
            paths: None,
            config: BTreeMap::new(),
            assumptions: Vec::new(),
            notes: notes.into_iter().collect(),
        }
    }
}
