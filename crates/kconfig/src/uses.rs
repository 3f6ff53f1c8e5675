//! Where Kconfig asks about a symbol: the lines on which its value has an influence.
//!
//! ```kconfig
//! config HUGETLB_PAGE_OPTIMIZE_VMEMMAP
//! 	def_bool HUGETLB_PAGE
//! 	depends on ARCH_WANT_OPTIMIZE_HUGETLB_VMEMMAP
//! ```

use std::sync::Arc;

use rustc_hash::FxHashMap;
use text::Name;

use crate::asked::Other;
use crate::entry::Context;
use crate::model::{Default, Model, Place, Prompt};
use crate::term::Term;

/// A line on which a symbol has an influence.
#[derive(Clone, Debug)]
pub struct Use {
    /// What asks about it, in words: `config DEV_DAX`, `a choice`.
    pub by: String,
    /// All that this line needs, the symbol among it.
    pub term: Arc<Term>,
    /// Where it stands.
    pub place: Place,
}

impl Model {
    /// The uses of `name`: in what prompts and defaults need, in bounds of ranges, and in what
    /// `select` and `imply` need, its own lines among them. What a prompt or default inherits from
    /// the menus around it counts.
    pub fn uses(&self, name: Name) -> Vec<Use> {
        self.note_other(Other::Uses(name.to_string()));
        self.all_uses(name)
    }

    pub(crate) fn all_uses(&self, name: Name) -> Vec<Use> {
        let mut found = Uses {
            name,
            found: Vec::new(),
            around: FxHashMap::default(),
        };
        for number in found.asking(self) {
            let symbol = self.whole(number);
            let by = &|| format!("config {}", symbol.name);
            found.prompts(by, &symbol.prompts);
            found.defaults(by, &symbol.defaults);
            for range in &symbol.ranges {
                let place = symbol.definitions.first().map(|d| &d.place);
                for term in [&range.low, &range.high, &range.condition] {
                    if let Some(place) = place {
                        found.add(by, term, place);
                    }
                }
            }
        }
        for choice in self.all_choices() {
            found.prompts(&|| "a choice".to_owned(), &choice.prompts);
            found.defaults(&|| "a choice".to_owned(), &choice.defaults);
        }
        let selects = self.all_selects();
        for select in selects.filter(|select| select.target != name) {
            if select.by == name || found.is_in(&select.condition) {
                let by = &|| format!("config {}", select.by);
                let own = Arc::new(Term::Symbol(select.by));
                found.add(by, &Term::and(&own, &select.condition), &select.place);
            }
        }
        found.found
    }
}

struct Uses {
    name: Name,
    found: Vec<Use>,
    /// Whether it is asked for around entries, by what stands there.
    around: FxHashMap<*const Context, bool>,
}

impl Uses {
    /// The numbers of symbols of which an entry may name it; of most it is seen that none does.
    fn asking(&mut self, model: &Model) -> Vec<usize> {
        let mut found = Vec::new();
        for (number, part) in model.parts() {
            for (at, piece) in part.pieces.iter().enumerate() {
                let mut entries = piece.entries.iter();
                let asks = entries.any(|entry| {
                    let names = entry.properties(part).shape().names.as_ref();
                    names.is_none_or(|names| names.contains(&self.name))
                        || self.is_around(&entry.context)
                });
                if asks && piece.name != self.name {
                    found.push(model.index.number_of_piece(number, at));
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn is_around(&mut self, context: &Arc<Context>) -> bool {
        if let Some(known) = self.around.get(&Arc::as_ptr(context)) {
            return *known;
        }
        let mut terms = context.depends.iter().chain([&context.visible]);
        let is_asked = terms.any(|term| self.is_in(term));
        self.around.insert(Arc::as_ptr(context), is_asked);
        is_asked
    }

    fn is_in(&self, term: &Term) -> bool {
        let mut names = Vec::new();
        term.symbols(&mut names);
        names.contains(&self.name)
    }

    fn prompts(&mut self, by: &dyn Fn() -> String, prompts: &[Prompt]) {
        for prompt in prompts {
            self.add(by, &prompt.visible, &prompt.place);
        }
    }

    fn defaults(&mut self, by: &dyn Fn() -> String, defaults: &[Default]) {
        for default in defaults {
            let whole = Term::and(&default.value, &default.condition);
            self.add(by, &whole, &default.place);
        }
    }

    fn add(&mut self, by: &dyn Fn() -> String, term: &Arc<Term>, place: &Place) {
        if self.is_in(term) {
            self.found.push(Use {
                by: by(),
                term: term.clone(),
                place: place.clone(),
            });
        }
    }
}
