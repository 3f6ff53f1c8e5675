//! What a model was asked, so that it is known whether another one answers the same.
//!
//! A question about a tree touches hundreds of its 18,000 symbols. While these say the same in the files of another
//! state of the tree, so does all that was found out from them:
//!
//! ```kconfig
//! config ZONE_DEVICE			# was asked for: what it says is to stay the same
//! 	bool "Device memory"
//! 	depends on SPARSEMEM_VMEMMAP
//!
//! config KSM				# was not: it may become anything
//! 	bool "Merge pages"
//! ```
//!
//! Where something stands in its file does not count, nor do help texts. Who tells of a place has to know by other means
//! that it is still the same.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use text::Name;

use crate::model::{Choice, Model, Select, Symbol};
use crate::part::Difference;
use crate::syntax::Severity;
use crate::term::Term;

/// What a [`Model`] was asked, and what stands for its answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    questions: Questions,
    answers: u128,
    #[serde(skip)]
    alike: Alike,
}

/// Which model was found to answer alike last.
#[derive(Debug, Default)]
struct Alike {
    model: AtomicU64,
    /// The symbols that were asked for.
    names: OnceLock<FxHashSet<Name>>,
}

impl Clone for Alike {
    fn clone(&self) -> Alike {
        Alike::of(self.model.load(Ordering::Relaxed))
    }
}

impl PartialEq for Alike {
    /// What was asked is the same whoever was asked again.
    fn eq(&self, _: &Alike) -> bool {
        true
    }
}

impl Eq for Alike {}

impl Alike {
    fn of(model: u64) -> Alike {
        Alike {
            model: AtomicU64::new(model),
            names: OnceLock::new(),
        }
    }
}

/// Which model it is, and in what it differs from those that were before.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    id: u64,
    /// The last first.
    steps: Vec<Step>,
}

/// In what a model differs from the one that it was made of.
#[derive(Clone, Debug)]
struct Step {
    before: u64,
    differences: Arc<[Arc<Difference>]>,
    /// The symbols that what stands around parts that differ names.
    around: Arc<[Name]>,
}

/// So many steps are known: who edits asks of each state, but not of one that he comes back to.
const STEPS: usize = 4;

impl Default for Origin {
    fn default() -> Origin {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Origin {
            id: LAST.fetch_add(1, Ordering::Relaxed) + 1,
            steps: Vec::new(),
        }
    }
}

impl Origin {
    /// A model of its own, which answers as the `other` where parts do not differ, around which stands what names such
    /// symbols.
    pub(crate) fn after(
        other: &Origin,
        (differences, around): (Vec<Arc<Difference>>, Vec<Name>),
    ) -> Origin {
        let first = std::iter::once(Step {
            before: other.id,
            differences: differences.into(),
            around: around.into(),
        });
        let steps = first.chain(other.steps.iter().cloned());
        Origin {
            steps: steps.take(STEPS).collect(),
            ..Origin::default()
        }
    }

    /// Whether it answers as the model with this number has, plainly.
    fn is_like(&self, known: u64, asked: &Asked) -> bool {
        if known == self.id {
            return true;
        }
        let mut steps = self.steps.iter();
        let upto = steps.position(|step| step.before == known);
        upto.is_some_and(|upto| {
            let mut since = self.steps[..=upto].iter();
            since.all(|step| {
                let mut differences = step.differences.iter();
                differences.all(|one| !asked.may_differ(one, &step.around))
            })
        })
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Questions {
    /// All symbols, in their order.
    everything: bool,
    /// The names of symbols, in lines.
    symbols: String,
    /// Those of which it was asked who selects them.
    selected: String,
    others: BTreeSet<Other>,
}

/// A question about more than one symbol.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Other {
    Heard,
    Probes,
    Uses(String),
    Owner(String),
}

/// What of a symbol was asked.
const SYMBOL: u8 = 1;
const SELECTORS: u8 = 2;

/// The questions that a symbol has met.
#[derive(Debug, Default)]
pub(crate) struct Met(AtomicU8);

impl Met {
    fn note(&self, what: u8) {
        // Most are asked for again and again.
        if self.0.load(Ordering::Relaxed) & what != what {
            self.0.fetch_or(what, Ordering::Relaxed);
        }
    }

    fn noted(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }

    fn forget(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// The questions that no symbol has met.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    everything: AtomicBool,
    undefined: Mutex<BTreeSet<Name>>,
    others: Mutex<BTreeSet<Other>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Model {
    /// A symbol is asked for; its number, where an entry defines it.
    pub(crate) fn number_of(&self, name: Name) -> Option<usize> {
        self.note(name, SYMBOL)
    }

    /// Somebody asks who selects a symbol.
    pub(crate) fn note_selectors(&self, name: Name) {
        self.note(name, SELECTORS);
    }

    fn note(&self, name: Name, what: u8) -> Option<usize> {
        let number = self.index.number(name);
        match number {
            Some(number) => self.cells.met[number].note(what),
            None => {
                lock(&self.notes.undefined).insert(name);
            }
        }
        number
    }

    /// The symbol with this number is asked for.
    pub(crate) fn note_number(&self, number: usize) {
        self.cells.met[number].note(SYMBOL);
    }

    pub(crate) fn note_other(&self, other: Other) {
        lock(&self.notes.others).insert(other);
    }

    /// All symbols are asked for.
    pub(crate) fn note_everything(&self) {
        self.notes.everything.store(true, Ordering::Relaxed);
    }

    /// What was asked to read the files is of no interest.
    pub(crate) fn forget_asked(&mut self) {
        self.notes = Notes::default();
        self.cells.met.iter().for_each(Met::forget);
    }

    /// What it was asked so far, by anybody.
    pub fn asked(&self) -> Asked {
        let mut questions = Questions {
            everything: self.notes.everything.load(Ordering::Relaxed),
            others: lock(&self.notes.others).clone(),
            ..Questions::default()
        };
        let mut names: Vec<(Name, u8)> = Vec::new();
        if !questions.everything {
            let met = self.cells.met.iter().map(Met::noted);
            let met = (0..).zip(met).filter(|(_, met)| *met != 0);
            names.extend(met.map(|(number, met)| (self.name_at(number), met)));
            let undefined = lock(&self.notes.undefined);
            names.extend(undefined.iter().map(|name| (*name, SYMBOL | SELECTORS)));
            names.sort_unstable();
        }
        let named = |what: u8| {
            let wanted = names.iter().filter(|(_, met)| met & what != 0);
            let wanted: Vec<&str> = wanted.map(|(name, _)| name.as_str()).collect();
            wanted.join("\n")
        };
        (questions.symbols, questions.selected) = (named(SYMBOL), named(SELECTORS));
        Asked {
            answers: Answers::of(self, &questions),
            questions,
            alike: Alike::of(self.origin.id),
        }
    }

    /// Whether it answers as another model has answered.
    pub fn answers_alike(&self, asked: &Asked) -> bool {
        let known = asked.alike.model.load(Ordering::Relaxed);
        let is_alike = self.origin.is_like(known, asked)
            || Answers::of(self, &asked.questions) == asked.answers;
        if is_alike {
            asked.alike.model.store(self.origin.id, Ordering::Relaxed);
        }
        is_alike
    }
}

impl Asked {
    /// Whether an answer may be another one where a part differs so, around which these symbols are named.
    fn may_differ(&self, difference: &Difference, around: &[Name]) -> bool {
        let Questions {
            everything,
            symbols,
            selected,
            others,
        } = &self.questions;
        let Some(otherwise) = difference.otherwise.as_ref().filter(|_| !everything) else {
            return true;
        };
        let is_open = |other: &Other| match other {
            // Of a toolchain nothing is asked in files that architectures share.
            Other::Probes => false,
            Other::Uses(name) => {
                let name = Name::new(name);
                otherwise.named.contains(&name) || around.contains(&name)
            }
            Other::Heard | Other::Owner(_) => true,
        };
        if others.iter().any(is_open) {
            return true;
        }
        let asked = self.alike.names.get_or_init(|| {
            let all = symbols.lines().chain(selected.lines());
            all.map(Name::new).collect()
        });
        !asked.is_disjoint(&otherwise.symbols)
    }
}

/// Makes what stands for the answers of a model.
struct Answers<'m> {
    model: &'m Model,
    text: Vec<u8>,
    /// What stands for terms that were met, by their places in memory: much is shared.
    terms: FxHashMap<*const Term, u128>,
    /// Terms that the model does not hold, so that no other comes to their places.
    held: Vec<Arc<Term>>,
}

impl Answers<'_> {
    fn of(model: &Model, questions: &Questions) -> u128 {
        let mut answers = Answers {
            model,
            text: Vec::new(),
            terms: FxHashMap::default(),
            held: Vec::new(),
        };
        answers.of_all();
        if questions.everything {
            answers.everything();
        } else {
            answers.symbols(questions);
        }
        for other in &questions.others {
            answers.other(other);
        }
        source::digest(&answers.text)
    }

    fn word(&mut self, word: &str) {
        self.text.extend(word.as_bytes());
        self.text.push(b'\n');
    }

    fn number(&mut self, number: usize) {
        self.text.extend(number.to_le_bytes());
    }

    fn debug(&mut self, value: &dyn std::fmt::Debug) {
        let mut word = String::new();
        // To write into a string does not fail.
        let _ = write!(word, "{value:?}");
        self.word(&word);
    }

    /// What everybody heeds who asks anything.
    fn of_all(&mut self) {
        let model = self.model;
        self.debug(&(model.arch, model.modules, model.dialect, model.incomplete));
        self.number(model.files().len());
        for file in model.files() {
            self.word(file);
        }
        let errors = model.diagnostics.iter();
        for error in errors.filter(|said| said.severity == Severity::Error) {
            self.debug(error);
        }
    }

    fn everything(&mut self) {
        let model = self.model;
        for number in 0..model.cells.len() {
            self.word(&model.name_at(number));
            self.symbol(number);
        }
        for select in model.all_selects() {
            self.select(select);
        }
        for choice in model.all_choices() {
            self.choice(choice);
        }
    }

    /// Some symbols in the order of the model, in which some things are looked for.
    fn symbols(&mut self, questions: &Questions) {
        let model = self.model;
        let mut wanted: HashMap<Name, u8, rustc_hash::FxBuildHasher> = HashMap::default();
        for (names, what) in [
            (&questions.symbols, SYMBOL),
            (&questions.selected, SELECTORS),
        ] {
            for name in names.lines() {
                *wanted.entry(Name::new(name)).or_default() |= what;
            }
        }
        let mut wanted: Vec<(Option<usize>, Name, u8)> = wanted
            .into_iter()
            .map(|(name, what)| (model.index.number(name), name, what))
            .collect();
        wanted.sort_unstable();
        for (number, name, what) in wanted {
            self.word(&name);
            if what & SYMBOL != 0
                && let Some(number) = number
            {
                self.symbol(number);
            }
            if what & SELECTORS != 0 {
                for select in model.selects_of(name) {
                    self.select(select);
                }
            }
        }
    }

    fn other(&mut self, other: &Other) {
        let model = self.model;
        self.debug(other);
        match other {
            Other::Heard => self.debug(&model.diagnostics),
            Other::Probes => {
                for probe in model.all_probes() {
                    self.word(&probe);
                }
            }
            Other::Uses(name) => {
                for used in model.all_uses(Name::new(name)) {
                    self.word(&used.by);
                    self.word(&used.place.file);
                    self.term(&used.term);
                    self.held.push(used.term);
                }
            }
            Other::Owner(file) => {
                let owner = model.find_owner(file);
                self.word(owner.map_or("", |(name, _)| name.as_str()));
            }
        }
    }

    fn symbol(&mut self, number: usize) {
        let Symbol {
            name: _,
            kind,
            itself,
            definitions,
            prompts,
            defaults,
            ranges,
            transitional,
        } = self.model.whole(number);
        self.debug(&(kind, itself.is_some(), transitional));
        self.number(definitions.len());
        for definition in definitions {
            self.word(&definition.place.file);
            self.text.push(u8::from(definition.counts));
            self.text.push(u8::from(definition.depends.is_some()));
            if let Some(depends) = &definition.depends {
                self.term(depends);
            }
            if let Some(choice) = definition.choice {
                self.choice(self.model.choice(choice));
            }
        }
        if let Some(choice) = *itself {
            self.choice(self.model.choice(choice));
        }
        self.number(prompts.len());
        for prompt in prompts {
            self.word(&prompt.text);
            self.word(&prompt.place.file);
            self.term(&prompt.visible);
        }
        self.number(defaults.len());
        for default in defaults {
            self.word(&default.place.file);
            self.term(&default.value);
            self.term(&default.condition);
        }
        self.number(ranges.len());
        for range in ranges {
            for term in [&range.low, &range.high, &range.condition] {
                self.term(term);
            }
        }
    }

    fn choice(&mut self, choice: &Choice) {
        let Choice {
            itself,
            optional,
            prompts,
            defaults,
            members,
            place,
        } = choice;
        self.debug(&(itself, optional, prompts.len(), defaults.len(), members));
        self.word(&place.file);
        for prompt in prompts {
            self.word(&prompt.text);
            self.term(&prompt.visible);
        }
        for default in defaults {
            self.term(&default.value);
            self.term(&default.condition);
        }
    }

    fn select(&mut self, select: &Select) {
        let Select {
            by,
            target,
            weak,
            condition,
            place,
        } = select;
        self.debug(&(by, target, weak));
        self.word(&place.file);
        self.term(condition);
    }

    fn term(&mut self, term: &Arc<Term>) {
        let digest = self.digest(term);
        self.text.extend(digest.to_le_bytes());
    }

    fn digest(&mut self, term: &Arc<Term>) -> u128 {
        if let Some(known) = self.terms.get(&Arc::as_ptr(term)) {
            return *known;
        }
        let (mark, word, inner) = match &**term {
            Term::Constant(value) => (if *value { "y" } else { "n" }, None, [None, None]),
            Term::Module => ("m", None, [None, None]),
            Term::IfModules => ("modules", None, [None, None]),
            Term::Symbol(name) => ("symbol", Some(*name), [None, None]),
            Term::Text(text) => ("text", Some(*text), [None, None]),
            Term::Probe(call) => ("probe", Some(*call), [None, None]),
            Term::Not(a) => ("!", None, [Some(a), None]),
            Term::And(a, b) => ("&&", None, [Some(a), Some(b)]),
            Term::Or(a, b) => ("||", None, [Some(a), Some(b)]),
            Term::Compare(op, a, b) => (op.sign(), None, [Some(a), Some(b)]),
        };
        let mut text = mark.as_bytes().to_vec();
        text.push(b' ');
        text.extend(word.iter().flat_map(|word| word.bytes()));
        for term in inner.into_iter().flatten() {
            text.extend(self.digest(term).to_le_bytes());
        }
        let digest = source::digest(&text);
        self.terms.insert(Arc::as_ptr(term), digest);
        digest
    }
}
