//! Mutants whose gate stands where a section's order is noted, far from the call that it is for.
//!
//! The populating half asks the section for its order, a field whose name other structures have as well.

use super::{Facts, GATE, Mutant, OPEN, POPULATE};

impl Facts<'_> {
    /// The populating half asks what was noted in the section, with a gate there and without.
    pub(super) fn sections(&self, all: &mut Vec<Mutant>) {
        let gated = "vmemmap_can_optimize(altmap, pgmap) ? pgmap->vmemmap_shift : 0";
        let open = "pgmap ? pgmap->vmemmap_shift : 0";
        if self.is_gated {
            let mutant = self.section("the gate stands where a section's order is noted", gated);
            all.push(
                mutant
                    .unreached("arm64")
                    .unreached("s390")
                    .says("unselected", "x86", "clean")
                    .says("mismatched-pair", "x86", "clean"),
            );
        }
        let mut mutant = self
            .section("a section's order is noted without a gate", open)
            .unreached("s390")
            .says("unselected", "arm64", "flagged")
            .says("no-init-mm", "arm64", "clean")
            .says("no-init-mm", "powerpc", "flagged")
            .says("unselected", "x86", "clean");
        // In 6.12 powerpc has no kernel that could be linked without the symbol; and the size of
        // struct page is asked by the counting half alone.
        for rule in ["unselected", "mismatched-pair"] {
            mutant = mutant.says(
                rule,
                "powerpc",
                if self.is_new && rule == "unselected" {
                    "clean"
                } else {
                    "flagged"
                },
            );
        }
        for arch in ["arm64", "x86"] {
            mutant = mutant.says("mismatched-pair", arch, "flagged");
        }
        all.push(mutant);
    }

    fn section(&self, words: &str, order: &str) -> Mutant {
        let asked = "pgmap && section_order(__pfn_to_section(pfn)) > 1";
        let (test, asks) = if self.is_gated {
            (GATE, format!("\tif ({asked})\n"))
        } else {
            (OPEN, asked.to_owned())
        };
        // Later trees have a section_activate() for the vmemmap alone.
        let text = self.source.read(POPULATE).unwrap_or_default();
        let sparse = if String::from_utf8_lossy(&text).contains(HEAD) {
            POPULATE
        } else {
            SPARSE
        };
        let activate = "\tmemmap = populate_section_memmap(pfn, nr_pages, nid, altmap, pgmap);\n\tif (!memmap) {\n";
        let call = if self.is_gated {
            format!("{test}\t\tr = vmemmap_populate_compound")
        } else {
            test.to_owned()
        };
        let put = call.replace(test, &asks);
        Mutant::new(words.to_owned())
            .replace(
                SECTIONS,
                FIELD,
                &format!("\tunsigned int compound_order;\n{FIELD}"),
            )
            .replace(SECTIONS, LOOKUP, &format!("{HELPERS}{LOOKUP}"))
            .replace(sparse, HEAD, &format!("{NOTE}{HEAD}"))
            .replace(
                sparse,
                activate,
                &format!("\tnote_order(pfn, nr_pages, {order});\n{activate}"),
            )
            .replace(POPULATE, &call, &put)
    }
}

const SECTIONS: &str = "include/linux/mmzone.h";
const SPARSE: &str = "mm/sparse.c";

const FIELD: &str = "\tstruct mem_section_usage *usage;\n#ifdef";
const LOOKUP: &str = "static inline struct mem_section *__pfn_to_section(unsigned long pfn)\n";
const HEAD: &str = "static struct page * __meminit section_activate(";

const HELPERS: &str = "static inline unsigned int section_order(const struct mem_section *section)
{
\treturn section->compound_order;
}

static inline void set_section_order(struct mem_section *section, unsigned int order)
{
\tsection->compound_order = order;
}

";

const NOTE: &str =
    "static void note_order(unsigned long pfn, unsigned long nr_pages, unsigned int order)
{
\tunsigned long at;

\tfor (at = pfn; at < pfn + nr_pages; at += PAGES_PER_SECTION)
\t\tset_section_order(__pfn_to_section(at), order);
}

";
