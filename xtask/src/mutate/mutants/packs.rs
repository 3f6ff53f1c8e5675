//! Mutants for the packs that are asked by name: what their architectures agreed to is asked no more.

use super::{Facts, Mutant};

const MIGRATION: &str = "hugetlb-migration-unselected";
const REMAP: &str = "hugetlb-unselected";

/// What is said of an architecture without the symbol.
const STUB: &str = "#else
static inline bool arch_hugetlb_migration_supported(struct hstate *h)
{
\treturn false;";

/// Architectures that can have huge pages of hugetlbfs without having agreed to their migration.
const HUGE: [&str; 9] = [
    "arm",
    "loongarch",
    "mips",
    "parisc",
    "powerpc",
    "s390",
    "sh",
    "sparc",
    "x86",
];

/// Those that have agreed wherever they can have them.
const AGREED: [&str; 2] = ["arm64", "riscv"];

impl Facts<'_> {
    /// Huge pages of hugetlbfs are migrated, or their vmemmap remapped, where nobody asked.
    pub(super) fn packs(&self, all: &mut Vec<Mutant>) {
        let as_it_is = Mutant::new("huge pages: nothing is changed".to_owned());
        all.push(self.migrating(as_it_is, "cannot-reach"));
        let open = STUB.replace("false", "huge_page_shift(h) == PMD_SHIFT");
        let open = Mutant::new("huge pages migrate everywhere".to_owned()).replace(
            "include/linux/hugetlb.h",
            STUB,
            &open,
        );
        all.push(self.migrating(open, "flagged"));
        let symbol = if self.is_new {
            "ARCH_WANT_OPTIMIZE_HUGETLB_VMEMMAP"
        } else {
            "ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP"
        };
        let depends = "config HUGETLB_PAGE_OPTIMIZE_VMEMMAP\n\tdef_bool HUGETLB_PAGE\n";
        let remap = Mutant::new("huge pages are remapped everywhere".to_owned()).replace(
            "fs/Kconfig",
            &format!("{depends}\tdepends on {symbol}\n"),
            depends,
        );
        let remap = ["arm64", "powerpc", "s390", "sparc"]
            .iter()
            .filter(|arch| self.is_new || !self.selects_it(arch))
            .fold(remap, |mutant, arch| mutant.says(REMAP, arch, "flagged"));
        all.push(
            remap
                .says(REMAP, "x86", "clean")
                .says(REMAP, "alpha", "cannot-reach"),
        );
    }

    /// The verdicts where those that have not agreed are said to be so.
    fn migrating(&self, mutant: Mutant, verdict: &'static str) -> Mutant {
        self.arches.iter().fold(mutant, |mutant, arch| {
            let said = match &**arch {
                "powerpc" | "x86" if verdict != "flagged" => "clean",
                "ia64" => verdict,
                arch if HUGE.contains(&arch) => verdict,
                arch if AGREED.contains(&arch) => "clean",
                _ => "cannot-reach",
            };
            mutant.says(MIGRATION, arch, said)
        })
    }
}
