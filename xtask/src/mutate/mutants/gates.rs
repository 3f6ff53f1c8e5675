//! Mutants of a repaired tree: its gates turned around, taken away, opened.

use super::{COUNT, Facts, GATE_COUNT, MM, Mutant, OPEN, OPEN_COUNT, POPULATE};

impl Facts<'_> {
    /// The gates of a repaired tree are turned around, taken away, opened.
    pub(super) fn gates(&self, all: &mut Vec<Mutant>) {
        let open = format!("\tif ({OPEN})\n\t\tr = vmemmap_populate_compound");
        let around = GATE_AND_CALL.replace("if (", "if (!");
        let turned = GATE_COUNT.trim_start_matches('!');
        self.gate(
            "the populating gate is turned around",
            (POPULATE, GATE_AND_CALL, &around),
            all,
        );
        self.gate(
            "the counting gate is turned around",
            (COUNT, GATE_COUNT, turned),
            all,
        );
        self.gate(
            "the populating gate is taken away",
            (POPULATE, GATE_AND_CALL, &open),
            all,
        );
        self.gate(
            "the counting gate is taken away",
            (COUNT, GATE_COUNT, OPEN_COUNT),
            all,
        );
        all.push(self.stub());
    }

    fn gate(&self, words: &str, (file, find, put): (&str, &str, &str), all: &mut Vec<Mutant>) {
        let is_turned = words.ends_with("around");
        let mut mutant = Mutant::new(words.to_owned())
            .replace(file, find, put)
            .says("unselected", "arm64", "flagged")
            .says("no-init-mm", "arm64", "clean")
            .says("mismatched-pair", "arm64", "flagged");
        mutant = if is_turned && file == POPULATE {
            // Memory without a pgmap is now meant.
            mutant
                .says("unselected", "s390", "flagged")
                .says("no-init-mm", "s390", "clean")
                .says("mismatched-pair", "s390", "flagged")
        } else {
            mutant.unreached("s390")
        };
        if !is_turned {
            mutant = mutant.says("mismatched-pair", "x86", "clean");
            for rule in ["no-init-mm", "mismatched-pair"] {
                mutant = mutant.says(rule, "powerpc", "flagged");
            }
            // In 6.12 powerpc has no kernel that could be linked without the symbol.
            let selected = if self.is_new && file == POPULATE {
                "clean"
            } else {
                "flagged"
            };
            mutant = mutant.says("unselected", "powerpc", selected);
        }
        all.push(mutant);
    }

    /// The stub of those who did not opt in says yes.
    fn stub(&self) -> Mutant {
        let (find, put) = if self.is_new {
            let stub = "struct dev_pagemap *pgmap)\n{\n\treturn false;\n}";
            (stub, stub.replace("false", "true"))
        } else {
            let stub = "((void)(altmap), (void)(pgmap), false)";
            (stub, stub.replace("false", "true"))
        };
        let mut stub = Mutant::new("the stub says yes".to_owned())
            .replace(MM, find, &put)
            .says("unselected", "s390", "flagged")
            .says("no-init-mm", "s390", "clean")
            .says("mismatched-pair", "s390", "flagged")
            .says("unselected", "x86", "clean");
        for arch in self.capable.iter().filter(|arch| !self.selects_it(arch)) {
            let backend = if *arch == "powerpc" {
                "flagged"
            } else {
                "clean"
            };
            stub = stub
                .says("unselected", arch, "flagged")
                .says("no-init-mm", arch, backend)
                // Without device memory nothing is counted.
                .says("mismatched-pair", arch, "flagged");
        }
        stub
    }
}

/// The populating gate, with what it is about: another function asks the same.
const GATE_AND_CALL: &str =
    "\tif (vmemmap_can_optimize(altmap, pgmap))\n\t\tr = vmemmap_populate_compound";
