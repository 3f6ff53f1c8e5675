//! Some configurations, in which most of what is possible happens: who finds it there need not ask a solver.

use condition::{Atom, Condition, Store};

use crate::configure::Configuration;
use crate::model::Model;
use crate::settings::{Fill, Settings};

/// What `make` calls `allyesconfig` and so on, each with a toolchain that can do all and with one that can do nothing.
#[derive(Debug)]
pub struct Samples<'m> {
    configurations: Vec<(Configuration<'m>, bool)>,
}

impl Model {
    /// Its samples.
    pub fn samples(&self) -> Samples<'_> {
        let fills = [Fill::Yes, Fill::Module, Fill::No, Fill::Default];
        let kinds = fills
            .iter()
            .flat_map(|fill| [(*fill, true), (*fill, false)]);
        let configurations = kinds.map(|(fill, answer)| {
            let mut settings = Settings::new();
            settings.fill(self, fill);
            (self.configure(&settings, &|_| answer), answer)
        });
        Samples {
            configurations: configurations.collect(),
        }
    }
}

impl Samples<'_> {
    /// Whether a condition holds in one of them, and what is not Kconfig's to say can be as it must for that; where it
    /// is, each such atom must stand in the condition once.
    pub fn have(&self, store: &Store, condition: Condition) -> bool {
        self.configurations.iter().any(|(configuration, answer)| {
            let holds = store.evaluate(condition, &mut |atom| match atom {
                Atom::Probe(_) => Some(*answer),
                atom => configuration.answer(atom),
            });
            holds != Some(false)
        })
    }
}
