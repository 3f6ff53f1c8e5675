//! The examples of the rules' essays, each laid over a small kernel: what is said to fire fires, and what is
//! said to stay silent does.

#![allow(clippy::unwrap_used, reason = "a test fails where it is surprised")]

use std::sync::Arc;

use rules::{Outcome, Rule, Settings, Verdict};
use source::Memory;

/// One architecture, which opts in where its MMU may be the one that suits; one driver.
const KERNEL: &str = "\
//- Makefile
VERSION = 6
PATCHLEVEL = 12
//- Kbuild
obj-y += mm/ drivers/ arch/toy/
//- Kconfig
config ARCH_WANT_OPTIMIZE_DAX_VMEMMAP
\tbool
source \"arch/$(SRCARCH)/Kconfig\"
//- arch/toy/Kconfig
config TOY
\tdef_bool y
\tselect ARCH_WANT_OPTIMIZE_DAX_VMEMMAP if RADIX_MMU
config RADIX_MMU
\tbool \"radix\"
//- arch/toy/Makefile
//- arch/toy/Kbuild
obj-y := mm.o
//- arch/toy/mm.c
#include <linux/mm.h>
int vmemmap_populate(unsigned long start, unsigned long end)
{
\treturn vmemmap_populate_basepages(start, end);
}
//- include/linux/mm.h
struct vmem_altmap;
struct page {
\tunsigned long flags;
};
struct dev_pagemap {
\tunsigned long vmemmap_shift;
};
struct mmu_hash_ops {
\tint (*hpte_insert)(unsigned long start, unsigned long end);
};
extern struct mmu_hash_ops mmu_hash_ops;
bool mmu_has_feature(unsigned long feature);
#define VMEMMAP_RESERVE_NR 2
static inline bool radix_enabled(void)
{
\treturn mmu_has_feature(MMU_FTR_TYPE_RADIX);
}
static inline unsigned long pgmap_vmemmap_nr(struct dev_pagemap *pgmap)
{
\treturn 1 << pgmap->vmemmap_shift;
}
#include <linux/gate.h>
//- include/linux/gate.h
#ifdef CONFIG_ARCH_WANT_OPTIMIZE_DAX_VMEMMAP
static inline bool vmemmap_can_optimize(struct vmem_altmap *altmap, struct dev_pagemap *pgmap)
{
\treturn pgmap && pgmap->vmemmap_shift && !altmap;
}
#else
static inline bool vmemmap_can_optimize(struct vmem_altmap *altmap, struct dev_pagemap *pgmap)
{
\treturn false;
}
#endif
//- mm/Makefile
obj-y := sparse-vmemmap.o mm_init.o memremap.o compound.o
//- mm/compound.c
#include <linux/mm.h>
int vmemmap_populate_compound_pages(struct dev_pagemap *pgmap)
{
\treturn 0;
}
int vmemmap_populate_basepages(unsigned long start, unsigned long end)
{
\tset_pte_at(&init_mm, start, pgd_offset_k(start));
\treturn 0;
}
//- mm/sparse-vmemmap.c
#include <linux/mm.h>
int populate_section_memmap(struct vmem_altmap *altmap, struct dev_pagemap *pgmap)
{
\tif (vmemmap_can_optimize(altmap, pgmap))
\t\treturn vmemmap_populate_compound_pages(pgmap);
\treturn 0;
}
//- mm/mm_init.c
#include <linux/mm.h>
unsigned long compound_nr_pages(struct vmem_altmap *altmap, struct dev_pagemap *pgmap)
{
\tif (!vmemmap_can_optimize(altmap, pgmap))
\t\treturn pgmap_vmemmap_nr(pgmap);
\treturn VMEMMAP_RESERVE_NR * (PAGE_SIZE / sizeof(struct page));
}
//- mm/memremap.c
#include <linux/mm.h>
int memremap_pages(struct vmem_altmap *altmap, struct dev_pagemap *pgmap)
{
\tpopulate_section_memmap(altmap, pgmap);
\treturn compound_nr_pages(altmap, pgmap);
}
//- drivers/Makefile
obj-y := dax.o
//- drivers/dax.c
#include <linux/mm.h>
static int dev_dax_probe(struct dev_dax *dev_dax)
{
\tdev_dax->pgmap->vmemmap_shift = dev_dax->shift;
\treturn memremap_pages(NULL, dev_dax->pgmap);
}
static struct dax_device_driver device_dax_driver = {
\t.probe = dev_dax_probe,
};
";

/// The examples of a chapter: the texts between its fences.
fn examples(essay: &str, chapter: &str) -> Vec<String> {
    let chapter = essay
        .split("\n## ")
        .find_map(|part| part.strip_prefix(chapter));
    let parts = chapter.unwrap().split("```").skip(1).step_by(2);
    parts
        .map(|part| part.split_once('\n').unwrap().1.to_owned())
        .collect()
}

fn outcome(rule: &Rule, example: &str) -> Outcome {
    // The headers of the kernel stand for themselves in an essay.
    let include = ".c\n#include <linux/mm.h>\n";
    let example = example.replace(".c\n", include);
    let fixture = Memory::new(&format!("{KERNEL}{example}"));
    let settings = Settings {
        rules: vec![rule.id.clone()],
        ..Settings::default()
    };
    let outcome = rules::check(Arc::new(fixture), &settings, &kernel::Silent).unwrap();
    assert_eq!(outcome.problems, [], "{example}");
    outcome
}

#[test]
fn what_an_essay_shows_is_so() {
    for rule in rules::built_in().unwrap() {
        let fires = examples(rule.essay, "This fires\n");
        let silent = examples(rule.essay, "This stays silent\n");
        assert!(!fires.is_empty() && !silent.is_empty(), "{}", rule.id);
        for example in fires {
            let outcome = outcome(&rule, &example);
            let verdict = &outcome.verdicts[0];
            assert_eq!(verdict.verdict, Verdict::Flagged, "{verdict:?}\n{example}");
        }
        for example in silent {
            let outcome = outcome(&rule, &example);
            let verdict = &outcome.verdicts[0];
            assert_eq!(verdict.verdict, Verdict::Clean, "{verdict:?}\n{example}");
        }
    }
}

#[test]
fn an_essay_opens_with_its_rule() {
    for rule in rules::built_in().unwrap() {
        assert!(
            rule.essay.starts_with(&format!("# {}\n", rule.id)),
            "{}",
            rule.id
        );
        assert!(rule.title().ends_with('.'), "{}: {}", rule.id, rule.title());
    }
}
