//! The smallest kernel with one architecture, and what is said of it.

use std::sync::Arc;

use rules::Settings;
use source::Memory;

/// Everything but the file with the sink and what leads to it.
const BASE: &str = "\
//- Makefile
VERSION = 6
PATCHLEVEL = 1
//- Kbuild
obj-y += mm/
//- Kconfig
config MODULES
\tbool \"modules\"
\tmodules
config OPT
\tbool \"an option\"
config ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP
\tbool
source \"arch/$(SRCARCH)/Kconfig\"
//- arch/toy/Kconfig
config TOY
\tdef_bool y
//- arch/toy/Makefile
//- arch/toy/include/asm/gate.h
#define has_own_gate has_own_gate
int has_own_gate(void *map);
//- mm/Makefile
obj-y := sink.o
obj-$(CONFIG_OPT) += other.o
";

/// The base with `files` laid over it, as one text.
#[allow(dead_code, reason = "not every test needs it")]
pub(crate) fn files(files: &str) -> String {
    format!("{BASE}{files}")
}

/// What one rule says of the base with `files` laid over it.
#[allow(dead_code, reason = "not every test needs it")]
pub(crate) fn outcome(rule: &str, files: &str) -> rules::Outcome {
    outcome_with(rule, files, |_| {})
}

/// The same with other settings.
pub(crate) fn outcome_with(
    rule: &str,
    files: &str,
    set: impl FnOnce(&mut Settings),
) -> rules::Outcome {
    let fixture = Memory::new(&self::files(files));
    let mut settings = Settings {
        rules: vec![rule.to_owned()],
        ..Settings::default()
    };
    set(&mut settings);
    rules::check(Arc::new(fixture), &settings, &kernel::Silent).unwrap()
}
