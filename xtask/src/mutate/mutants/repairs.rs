//! Mutants of an unrepaired tree: its open tests get gates of many kinds.

use super::{
    COUNT, DEVICE, Edit, Facts, GATE_COUNT, MM, Mutant, OPEN, OPEN_COUNT, POPULATE, REACH,
};

impl Facts<'_> {
    /// The open tests get gates of many kinds.
    pub(super) fn repairs(&self, all: &mut Vec<Mutant>) {
        let enabled = self.enabled();
        let around = format!("!{enabled}");
        let plain: [(&str, &str, Kind); 3] = [
            ("a plain gate", &enabled, Kind::Closed),
            ("the gate turned around", &around, Kind::Around),
            (
                "a gate that asks something else",
                "IS_ENABLED(CONFIG_64BIT)",
                Kind::Open,
            ),
        ];
        for (words, gate, kind) in plain {
            all.push(kind.expect(both(words, gate, gate)));
        }
        all.push(Kind::Open.expect(both("gates of values", "(nr_pages > 1)", "(pfn > 1)")));
        for (words, text) in self.helpers() {
            let mut mutant = both(words, "mutant_ok()", "mutant_ok()");
            mutant.edits.push(helper(&text));
            all.push(Kind::Closed.expect(mutant));
        }
        self.function_elsewhere(all);
        self.across_a_brace(all);
        self.where_it_is_set(all);
        Facts::halves(all);
    }

    fn enabled(&self) -> String {
        format!("IS_ENABLED(CONFIG_{})", self.symbol)
    }

    /// What `mutant_ok()` may be, in words and as C.
    fn helpers(&self) -> [(&'static str, String); 4] {
        let (symbol, enabled) = (self.symbol, self.enabled());
        let inline = format!("static inline bool mutant_ok(void)\n{{\n\treturn {enabled};\n}}");
        let nested = format!(
            "#ifdef CONFIG_{symbol}\n#define mutant_answer() true\n#else\n#define mutant_answer() false\n#endif\n\
             #define mutant_ask(x) mutant_##x()\n#define mutant_ok() mutant_ask(answer)"
        );
        let early = format!(
            "static inline bool mutant_ok(void)\n{{\n\tif (!{enabled})\n\t\treturn false;\n\treturn true;\n}}"
        );
        let ifdef = format!(
            "#ifdef CONFIG_{symbol}\n#define mutant_ok() 1\n#else\n#define mutant_ok() 0\n#endif"
        );
        [
            ("an inline function", inline),
            ("macros in macros", nested),
            ("an early return", early),
            ("a macro of two kinds", ifdef),
        ]
    }

    fn function_elsewhere(&self, all: &mut Vec<Mutant>) {
        let enabled = self.enabled();
        let far = Edit {
            file: "mm/util.c".to_owned(),
            find: String::new(),
            put: format!("\nbool mutant_ok(void)\n{{\n\treturn {enabled};\n}}\n"),
            all: false,
        };
        let mut mutant = both("a function of another file", "mutant_ok()", "mutant_ok()");
        mutant.edits.extend([far, helper("bool mutant_ok(void);")]);
        all.push(Kind::Closed.expect(mutant));
    }

    fn across_a_brace(&self, all: &mut Vec<Mutant>) {
        let enabled = self.enabled();
        let branches = format!(
            "#ifdef CONFIG_{}\n\tif ({OPEN}) {{\n\t\tr = vmemmap_populate_compound_pages(pfn, start, end, nid, pgmap);\n\t}} else\n#endif\n\
             \t\tr = vmemmap_populate(start, end, nid, altmap);\n",
            self.symbol
        );
        let old = format!(
            "\tif ({OPEN})\n\t\tr = vmemmap_populate_compound_pages(pfn, start, end, nid, pgmap);\n\telse\n\
             \t\tr = vmemmap_populate(start, end, nid, altmap);\n"
        );
        let mutant = Mutant::new("the gate is an #ifdef across a brace".to_owned())
            .replace(POPULATE, &old, &branches)
            .replace(
                COUNT,
                OPEN_COUNT,
                &format!("!({enabled} && is_power_of_2(sizeof(struct page)) && !altmap))"),
            );
        all.push(Kind::Closed.expect(mutant));
    }

    fn where_it_is_set(&self, all: &mut Vec<Mutant>) {
        let enabled = self.enabled();
        let shift = "\tif (dev_dax->align > PAGE_SIZE)\n";
        let mutant = Mutant::new("the gate stands where the shift is set".to_owned()).replace(
            DEVICE,
            shift,
            &format!("\tif ({enabled} && dev_dax->align > PAGE_SIZE)\n"),
        );
        all.push(Kind::Closed.expect(mutant));
        let mutant = Mutant::new("the shift is set behind an early return".to_owned()).replace(
            DEVICE,
            shift,
            &format!("\tif (!{enabled})\n\t\treturn -ENXIO;\n{shift}"),
        );
        all.push(Kind::Closed.expect(mutant));
        let order = "order_base_2(dev_dax->align >> PAGE_SHIFT);";
        let mutant = Mutant::new("the gate chooses the shift".to_owned()).replace(
            DEVICE,
            order,
            &format!("{enabled} ? {} : 0;", order.trim_end_matches(';')),
        );
        all.push(Kind::Closed.expect(mutant));
    }

    /// One of the two open tests gets a gate.
    fn halves(all: &mut Vec<Mutant>) {
        let cases = [
            (
                "only the populating half is gated",
                POPULATE,
                OPEN,
                "vmemmap_can_optimize(altmap, pgmap)",
            ),
            (
                "only the counting half is gated",
                COUNT,
                OPEN_COUNT,
                GATE_COUNT,
            ),
        ];
        for (words, file, find, put) in cases {
            let mut mutant = Mutant::new(words.to_owned())
                .replace(file, find, put)
                .says("mismatched-pair", "x86", "clean")
                .says("no-init-mm", "arm64", "clean");
            for rule in ["unselected", "mismatched-pair"] {
                mutant = mutant.says(rule, "arm64", "flagged");
            }
            for rule in REACH {
                mutant = mutant.says(rule, "powerpc", "flagged");
            }
            all.push(mutant);
        }
    }
}

/// Both open tests with a gate before them.
fn both(words: &str, populate: &str, count: &str) -> Mutant {
    Mutant::new(format!("both halves have {words}"))
        .replace(POPULATE, OPEN, &format!("{populate} && {OPEN}"))
        .replace(
            COUNT,
            OPEN_COUNT,
            &format!("!({count} && is_power_of_2(sizeof(struct page)) && !altmap))"),
        )
}

/// Puts `text` where both halves see it.
fn helper(text: &str) -> Edit {
    Edit {
        file: MM.to_owned(),
        find: "#define VMEMMAP_RESERVE_NR\t2\n".to_owned(),
        put: format!("#define VMEMMAP_RESERVE_NR\t2\n{text}\n"),
        all: false,
    }
}

/// What a gate does to an unrepaired tree.
enum Kind {
    /// Who did not select the symbol gets there no more.
    Closed,
    /// Everybody does as before.
    Open,
    /// Only those do.
    Around,
}

impl Kind {
    fn expect(self, mutant: Mutant) -> Mutant {
        match self {
            Kind::Closed => {
                mutant
                    .unreached("arm64")
                    .unreached("powerpc")
                    .says("unselected", "x86", "clean")
            }
            Kind::Open => mutant
                .says("unselected", "arm64", "flagged")
                .says("no-init-mm", "powerpc", "flagged")
                .says("unselected", "x86", "clean"),
            Kind::Around => mutant
                .unreached("x86")
                .says("unselected", "arm64", "flagged")
                .says("no-init-mm", "powerpc", "flagged"),
        }
    }
}
