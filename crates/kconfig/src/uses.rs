//! Where Kconfig asks about a symbol: the lines on which its value has an influence.
//!
//! ```kconfig
//! config HUGETLB_PAGE_OPTIMIZE_VMEMMAP
//! 	def_bool HUGETLB_PAGE
//! 	depends on ARCH_WANT_OPTIMIZE_HUGETLB_VMEMMAP
//! ```

use std::sync::Arc;

use text::Name;

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
        let mut found = Uses {
            name,
            found: Vec::new(),
        };
        for symbol in self.symbols().filter(|symbol| symbol.name != name) {
            let by = format!("config {}", symbol.name);
            found.prompts(&by, &symbol.prompts);
            found.defaults(&by, &symbol.defaults);
            for range in &symbol.ranges {
                let place = symbol.definitions.first().map(|d| &d.place);
                for term in [&range.low, &range.high, &range.condition] {
                    if let Some(place) = place {
                        found.add(&by, term, place);
                    }
                }
            }
        }
        for choice in self.choices() {
            found.prompts("a choice", &choice.prompts);
            found.defaults("a choice", &choice.defaults);
        }
        for select in self.selects().filter(|select| select.target != name) {
            let by = format!("config {}", select.by);
            let own = Arc::new(Term::Symbol(select.by));
            found.add(&by, &Term::and(&own, &select.condition), &select.place);
        }
        found.found
    }
}

struct Uses {
    name: Name,
    found: Vec<Use>,
}

impl Uses {
    fn prompts(&mut self, by: &str, prompts: &[Prompt]) {
        for prompt in prompts {
            self.add(by, &prompt.visible, &prompt.place);
        }
    }

    fn defaults(&mut self, by: &str, defaults: &[Default]) {
        for default in defaults {
            let whole = Term::and(&default.value, &default.condition);
            self.add(by, &whole, &default.place);
        }
    }

    fn add(&mut self, by: &str, term: &Arc<Term>, place: &Place) {
        let mut names = Vec::new();
        term.symbols(&mut names);
        if names.contains(&self.name) {
            self.found.push(Use {
                by: by.to_owned(),
                term: term.clone(),
                place: place.clone(),
            });
        }
    }
}
