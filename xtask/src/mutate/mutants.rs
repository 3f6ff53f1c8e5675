//! The mutants: what is done to a tree, and what must follow.

mod gates;
mod packs;
mod repairs;
mod sections;

use source::Source;

use super::{Edit, Ground, Mutant};
use crate::error::Error;

const REACH: [&str; 3] = ["unselected", "no-init-mm", "mismatched-pair"];

/// The test before the populating half where nobody asks the architecture.
const OPEN: &str =
    "is_power_of_2(sizeof(struct page)) &&\n\t    pgmap && pgmap_vmemmap_nr(pgmap) > 1 && !altmap";
/// The same before the short count.
const OPEN_COUNT: &str = "!(is_power_of_2(sizeof(struct page)) && !altmap))";
/// The tests where both ask.
const GATE: &str = "\tif (vmemmap_can_optimize(altmap, pgmap))\n";
const GATE_COUNT: &str = "!vmemmap_can_optimize(altmap, pgmap))";

const POPULATE: &str = "mm/sparse-vmemmap.c";
const COUNT: &str = "mm/mm_init.c";
const DEVICE: &str = "drivers/dax/device.c";
const MM: &str = "include/linux/mm.h";

/// All mutants of one tree.
pub(super) fn all(ground: &Ground) -> Result<Vec<Mutant>, Error> {
    let facts = Facts::of(ground)?;
    let mut all = Vec::new();
    facts.selects(&mut all);
    facts.names(&mut all);
    facts.callers(&mut all);
    facts.sections(&mut all);
    facts.packs(&mut all);
    if facts.is_gated {
        facts.gates(&mut all);
        facts.backends(&mut all);
    } else {
        facts.repairs(&mut all);
    }
    Ok(all)
}

/// What the mutants need to know of a tree.
struct Facts<'g> {
    source: &'g dyn Source,
    /// The opt-in symbol.
    symbol: &'static str,
    is_gated: bool,
    /// Whether the symbol is the one of 6.6 and later.
    is_new: bool,
    /// Architectures of the table.
    arches: Vec<String>,
    /// Those that select the symbol, with the line.
    selecting: Vec<(String, String)>,
    /// Those that reach the sinks once they have selected it.
    capable: Vec<String>,
}

impl<'g> Facts<'g> {
    fn of(ground: &'g Ground) -> Result<Facts<'g>, Error> {
        let source = &*ground.source;
        let read = |path: &str| {
            let text = source.read(path);
            let text = text.map_err(|error| Error::new(format!("{path}: {error}")))?;
            Ok::<String, Error>(String::from_utf8_lossy(&text).into_owned())
        };
        let is_new = ground.name == "6.12";
        let symbol = if is_new {
            "ARCH_WANT_OPTIMIZE_DAX_VMEMMAP"
        } else {
            "ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP"
        };
        let mut arches: Vec<String> = ground.table.keys().map(|(_, arch)| arch.clone()).collect();
        arches.sort_unstable();
        arches.dedup();
        let mut selecting = Vec::new();
        for arch in &arches {
            let text = read(&format!("arch/{arch}/Kconfig"))?;
            let line = text
                .lines()
                .find(|line| line.contains(&format!("select {symbol}")));
            selecting.extend(line.map(|line| (arch.clone(), format!("{line}\n"))));
        }
        let capable: &[&str] = if is_new {
            &["arm64", "loongarch", "powerpc", "riscv", "x86"]
        } else {
            &["arm64", "powerpc", "x86"]
        };
        Ok(Facts {
            source,
            symbol,
            is_new,
            is_gated: read(POPULATE)?.contains(GATE),
            arches,
            selecting,
            capable: capable.iter().map(|arch| (*arch).to_owned()).collect(),
        })
    }

    fn selects_it(&self, arch: &str) -> bool {
        self.selecting.iter().any(|(by, _)| by == arch)
    }

    /// The symbol is selected no more, or by one more.
    fn selects(&self, all: &mut Vec<Mutant>) {
        for (arch, line) in &self.selecting {
            let mutant = Mutant::new(format!("{arch} selects it no more"))
                .replace(&kconfig(arch), line, "")
                .says("stale-select", arch, "clean");
            all.push(if self.is_gated {
                mutant.unreached(arch)
            } else {
                mutant.says("unselected", arch, "flagged")
            });
        }
        for arch in &self.arches {
            let entry = format!(
                "\nconfig MUTANT_OPT_IN\n\tdef_bool y\n\tselect {}\n",
                self.symbol
            );
            let mut mutant = Mutant::new(format!("{arch} selects it always"))
                .append(&kconfig(arch), &entry)
                .says("stale-select", arch, "clean");
            if self.capable.contains(arch) {
                // Part of powerpc keeps its vmemmap elsewhere; in 6.12 it asks at run time.
                let backend = if arch == "powerpc" && !self.is_new {
                    "flagged"
                } else {
                    "clean"
                };
                mutant = mutant
                    .says("unselected", arch, "clean")
                    .says("no-init-mm", arch, backend)
                    .says("mismatched-pair", arch, "clean");
            }
            all.push(mutant);
        }
    }

    /// The symbol is called otherwise, everywhere or in one place.
    fn names(&self, all: &mut Vec<Mutant>) {
        let new = "ARCH_HAS_MUTANT_VMEMMAP";
        let mut mutant =
            Mutant::new("the symbol has another name, which nobody selects".to_owned());
        for file in ["mm/Kconfig", "fs/Kconfig", MM] {
            let text = self.source.read(file).unwrap_or_default();
            if String::from_utf8_lossy(&text).contains(self.symbol) {
                mutant = mutant.replace_all(file, self.symbol, new);
            }
        }
        for (arch, line) in &self.selecting {
            let other = Mutant::new(format!("{arch} misspells what it selects"))
                .replace(&kconfig(arch), line, &line.replace(self.symbol, new))
                .says("stale-select", arch, "clean");
            if self.is_gated {
                mutant = mutant.unreached(arch);
                all.push(other.unreached(arch));
            } else {
                mutant = mutant.says("unselected", arch, "flagged");
                all.push(other.says("unselected", arch, "flagged"));
            }
            mutant = mutant.says("stale-select", arch, "flagged");
        }
        all.push(mutant);
    }

    /// Memory is added by one more caller.
    fn callers(&self, all: &mut Vec<Mutant>) {
        let caller = |pgmap: &str, field: &str, before: &str| {
            format!(
                "\n{pgmap}\nstatic int __init mutant_init(void)\n{{\n\tstruct mhp_params params = {{ .pgprot = \
                 PAGE_KERNEL{field} }};\n\n{before}\treturn __add_pages(0, 0, 1UL << 15, &params);\n}}\n\
                 late_initcall(mutant_init);\n"
            )
        };
        let object = |init: &str| format!("static struct dev_pagemap mutant_pgmap{init};");
        let own = ", .pgmap = &mutant_pgmap";
        let cases = [
            ("without pgmap", caller("", "", ""), false),
            ("with NULL", caller("", ", .pgmap = NULL", ""), false),
            (
                "with a plain pgmap",
                caller(&object(" = { .nr_range = 1 }"), own, ""),
                false,
            ),
            (
                "with a plain pgmap that marks what it owns",
                caller(&object(""), own, "\tmutant_pgmap.owner = &mutant_pgmap;\n"),
                false,
            ),
            (
                "with a large pgmap",
                caller(&object(" = { .vmemmap_shift = 9 }"), own, ""),
                true,
            ),
            (
                "with a pgmap that becomes large",
                caller(&object(""), own, "\tmutant_pgmap.vmemmap_shift = 9;\n"),
                true,
            ),
            (
                "with a pgmap that may become large",
                caller(
                    &object(""),
                    own,
                    "\tif (totalram_pages() > 1)\n\t\tmutant_pgmap.vmemmap_shift++;\n",
                ),
                true,
            ),
        ];
        for (words, text, is_large) in cases {
            let mut mutant = Mutant::new(format!("memory is added {words}"))
                .append("mm/memory_hotplug.c", &text);
            // Both have memory hotplug and no device memory.
            for arch in ["s390", "ia64"]
                .into_iter()
                .filter(|arch| self.arches.iter().any(|a| a == arch))
            {
                mutant = if is_large && !self.is_gated {
                    mutant
                        .says("unselected", arch, "flagged")
                        .says("no-init-mm", arch, "clean")
                        .says("mismatched-pair", arch, "flagged")
                } else {
                    mutant.unreached(arch)
                };
            }
            all.push(mutant);
        }
    }

    /// The architecture writes its vmemmap elsewhere.
    fn backends(&self, all: &mut Vec<Mutant>) {
        let places = [
            ("x86", "arch/x86/mm/init_64.c"),
            ("arm64", "arch/arm64/mm/mmu.c"),
            ("riscv", "arch/riscv/mm/init.c"),
        ];
        let head =
            "int __meminit vmemmap_populate(unsigned long start, unsigned long end, int node,";
        for (arch, file) in places {
            if !self.capable.iter().any(|one| one == arch) {
                continue;
            }
            for (words, before, body, verdict) in BACKENDS {
                let own =
                    format!("\n{before}\n{head} struct vmem_altmap *altmap)\n{{\n{body}\n}}\n");
                let mut mutant = Mutant::new(format!("{arch} has a vmemmap {words}"))
                    .replace(
                        file,
                        "int __meminit vmemmap_populate(",
                        "int __meminit mutant_populate(",
                    )
                    .append(file, &own)
                    .says("unselected", arch, "clean")
                    .says("no-init-mm", arch, verdict)
                    .says("mismatched-pair", arch, "clean");
                if !self.selects_it(arch) {
                    let entry = format!(
                        "\nconfig MUTANT_OPT_IN\n\tdef_bool y\n\tselect {}\n",
                        self.symbol
                    );
                    mutant = mutant.append(&kconfig(arch), &entry);
                }
                all.push(mutant);
            }
        }
    }
}

/// Backends: in words, what stands before the function, its body, the verdict of `no-init-mm`.
const BACKENDS: [(&str, &str, &str, &str); 6] = [
    (
        "in a hardware table behind a pointer",
        "static struct mutant_ops { int (*hpte_insert)(unsigned long addr); } mutant_ops;",
        "\tfor (; start < end; start += PAGE_SIZE)\n\t\tif (mutant_ops.hpte_insert(start) < 0)\n\t\t\treturn -ENOMEM;\n\treturn 0;",
        "flagged",
    ),
    (
        "in an array",
        "static unsigned long mutant_table[512];",
        "\tfor (; start < end; start += PAGE_SIZE)\n\t\tmutant_table[(start >> 21) & 511] = start;\n\treturn 0;",
        "flagged",
    ),
    (
        "that one instruction makes",
        "",
        "\tfor (; start < end; start += PAGE_SIZE)\n\t\tasm volatile(\"bolt %0\" : : \"r\" (start));\n\treturn 0;",
        "flagged",
    ),
    (
        "of two kinds",
        "static unsigned long mutant_table[512];\nstatic DEFINE_STATIC_KEY_FALSE(mutant_bolted);\n\
         static int __init mutant_bolt(void)\n{\n\tstatic_branch_enable(&mutant_bolted);\n\treturn 0;\n}\n\
         early_initcall(mutant_bolt);",
        "\tif (!static_branch_unlikely(&mutant_bolted))\n\t\treturn mutant_populate(start, end, node, altmap);\n\
         \tmutant_table[(start >> 21) & 511] = start;\n\treturn 0;",
        "flagged",
    ),
    ("that never works", "", "\treturn -ENODEV;", "clean"),
    (
        "behind one more function",
        "static int mutant_walk(unsigned long start, unsigned long end, int node, struct vmem_altmap *altmap)\n\
         {\n\treturn mutant_populate(start, end, node, altmap);\n}",
        "\treturn mutant_walk(start, end, node, altmap);",
        "clean",
    ),
];

fn kconfig(arch: &str) -> String {
    format!("arch/{arch}/Kconfig")
}

impl Mutant {
    fn new(name: String) -> Mutant {
        Mutant {
            name,
            edits: Vec::new(),
            expect: Vec::new(),
        }
    }

    fn edit(mut self, file: &str, find: &str, put: &str, all: bool) -> Mutant {
        self.edits.push(Edit {
            file: file.to_owned(),
            find: find.to_owned(),
            put: put.to_owned(),
            all,
        });
        self
    }

    fn replace(self, file: &str, find: &str, put: &str) -> Mutant {
        self.edit(file, find, put, false)
    }

    fn replace_all(self, file: &str, find: &str, put: &str) -> Mutant {
        self.edit(file, find, put, true)
    }

    fn append(self, file: &str, text: &str) -> Mutant {
        self.edit(file, "", text, false)
    }

    fn says(mut self, rule: &'static str, arch: &str, verdict: &'static str) -> Mutant {
        self.expect.push((rule, arch.to_owned(), verdict));
        self
    }

    /// No rule's sink is reached on `arch`.
    fn unreached(self, arch: &str) -> Mutant {
        REACH
            .iter()
            .fold(self, |mutant, rule| mutant.says(rule, arch, "cannot-reach"))
    }
}
