//! An answer as plain data: places in lines and columns, words put into messages.

use kernel::Tree;
use reach::{Backend, Fact, Witness};
use text::Span;

use crate::ask::Asking;
use crate::rule::{Question, SeverityWord, SinkRule};
use crate::{Finding, Note, PathCall, PathEntry, Paths, Place, Severity, Step};

impl Asking<'_, '_> {
    /// The finding that a witness shows. `other` is the other half of a pair, and where it stands.
    pub(crate) fn finding(
        &self,
        (symbol, sink, other): (&str, &SinkRule, Option<(&str, Vec<reach::Place>)>),
        witness: &Witness,
        backend: Option<&Backend>,
    ) -> Finding {
        let arch = self.arch.name;
        let words = [
            ("{arch}", arch.as_str()),
            ("{symbol}", symbol),
            ("{sink}", sink.what.as_str()),
            ("{other}", other.as_ref().map_or("", |(what, _)| what)),
        ];
        let path = self.steps(&witness.path, (&witness.entry, &witness.entered_at));
        let notes = self.notes((symbol, other), witness, backend);
        Finding {
            code: String::new(),
            // A symbol that is nowhere defined is nothing to ask for.
            symbol: if self.model.symbol(symbol).is_some() {
                symbol.to_owned()
            } else {
                String::new()
            },
            instead: sink.instead.clone(),
            rule: self.rule.id().to_owned(),
            arch: arch.to_string(),
            arches: vec![arch.to_string()],
            severity: severity(self.rule.text.severity),
            message: put(&self.rule.text.message, &words),
            help: put(&self.rule.text.help, &words),
            sink: path
                .last()
                .map(|step| step.place.clone())
                .unwrap_or_default(),
            path,
            paths: None,
            kconfig: self.arch_entry(),
            config: witness.config.clone(),
            assumptions: witness.assumptions.clone(),
            notes,
        }
    }

    /// A path; what enters its first function, and where that is said.
    fn steps(
        &self,
        path: &[reach::PathStep],
        (entry, entered_at): (&str, &reach::Place),
    ) -> Vec<Step> {
        let step = |(number, step): (usize, &reach::PathStep)| Step {
            function: step.function.to_string(),
            place: self.place(&step.place.file, step.place.span),
            entry: if number == 0 {
                let at = self.place(&entered_at.file, entered_at.span);
                format!("{entry} ({}:{})", at.file, at.line)
            } else {
                String::new()
            },
        };
        path.iter().enumerate().map(step).collect()
    }

    /// Every path, as plain data.
    pub(crate) fn paths(&self, paths: reach::Paths) -> Paths {
        let entry = |entry: reach::PathEntry| PathEntry {
            kind: entry.kind.to_string(),
            shortest: self.steps(&entry.shortest, (&entry.words, &entry.at)),
            words: entry.words,
            object: entry
                .object
                .map_or_else(String::new, |name| name.to_string()),
            place: self.place(&entry.at.file, entry.at.span),
            count: entry.count,
            when: entry.when,
        };
        let call = |call: reach::PathCall| PathCall {
            caller: call.caller.to_string(),
            callee: call
                .callee
                .map_or_else(String::new, |name| name.to_string()),
            place: self.place(&call.at.file, call.at.span),
            count: call.count,
        };
        Paths {
            count: paths.count,
            limit: paths.limit,
            entries: paths.entries.into_iter().map(entry).collect(),
            calls: paths.calls.into_iter().map(call).collect(),
        }
    }

    /// What else belongs to a finding.
    fn notes(
        &self,
        (symbol, other): (&str, Option<(&str, Vec<reach::Place>)>),
        witness: &Witness,
        backend: Option<&Backend>,
    ) -> Vec<Note> {
        let arch = self.arch.name;
        let outside = backend.and_then(|backend| backend.outside_at.as_ref());
        let outside = outside.map(|fact| self.note(fact));
        let undefined = self.model.symbol(symbol).is_none().then(|| Note {
            text: format!(
                "Kconfig of {arch} defines none of {}: if this tree calls it otherwise, the rule does not know \
                 that name",
                self.rule.pack.opt_in.symbols.join(", ")
            ),
            place: None,
        });
        let apart = other
            .as_ref()
            .filter(|_| self.rule.text.question == Question::Mismatched);
        let apart = apart.and_then(|(what, places)| {
            let place = places.first().map(|at| self.place(&at.file, at.span));
            Some(Note {
                text: format!("{what} is not reached then"),
                place: Some(place?),
            })
        });
        let untried = (!witness.is_tried).then(|| Note {
            text: "whether Kconfig keeps this configuration was not found out".to_owned(),
            place: None,
        });
        let notes = outside.into_iter().chain(undefined);
        notes.chain(apart).chain(untried).collect()
    }

    /// Where the architecture enters itself: the symbol of its own Kconfig file that selects most.
    pub(crate) fn arch_entry(&self) -> Option<Place> {
        let file = format!("arch/{}/Kconfig", self.arch.directory);
        let (_, place) = self.model.owner_of(&file)?;
        Some(self.place(&file, place.span))
    }

    pub(crate) fn note(&self, fact: &Fact) -> Note {
        Note {
            text: fact.words.clone(),
            place: self.fact_place(fact),
        }
    }

    pub(crate) fn fact_place(&self, fact: &Fact) -> Option<Place> {
        fact.place
            .as_ref()
            .map(|place| self.place(&place.file, place.span))
    }

    pub(crate) fn place(&self, file: &str, span: Span) -> Place {
        place(self.tree, file, span)
    }
}

/// A place in a tree, in lines and columns.
pub(crate) fn place(tree: &Tree, file: &str, span: Span) -> Place {
    let position = tree.file(file).ok().map(|file| file.position(span.start));
    let (line, column) = position.map_or((0, 0), |at| (at.line, at.column));
    Place {
        file: file.to_owned(),
        line,
        column,
        span,
    }
}

/// A rule's words with what stands for them put in.
pub(crate) fn put(template: &str, words: &[(&str, &str)]) -> String {
    let mut text = template.to_owned();
    for (word, value) in words {
        text = text.replace(word, value);
    }
    text
}

pub(crate) fn severity(word: SeverityWord) -> Severity {
    match word {
        SeverityWord::Error => Severity::Error,
        SeverityWord::Warning => Severity::Warning,
    }
}
