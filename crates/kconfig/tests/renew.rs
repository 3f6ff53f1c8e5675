//! A model that was renewed after a change is the one that reading everything again makes.

use std::collections::BTreeSet;

use kconfig::{Environment, Library, Model, Renewed, elaborate};
use source::Memory;

const FILES: [(&str, &str); 4] = [
    (
        "Kconfig",
        "source \"arch/$(SRCARCH)/Kconfig\"
source \"mm/Kconfig\"
config OWN
	bool \"own\"
	depends on B || HAS_X
if B
source \"net/Kconfig\"
endif
config B
	tristate
	default m
",
    ),
    (
        "arch/toy/Kconfig",
        "config TOY
	def_bool y
	select HAS_X if $(success,true)
	select A
",
    ),
    (
        "mm/Kconfig",
        "# memory
menu \"Memory\"
	depends on TOY

config A
	bool \"a\"
	help
	  Some words
	  about A.

config B
	tristate \"b\"
	depends on A # or not
	select C if D
	imply E

choice
	prompt \"model\"
	default F

config F
	bool \"f\"

config G
	bool \"g\"
	depends on A

endchoice

source \"mm/Kconfig.debug\"
endmenu
config HAS_X
	bool
",
    ),
    (
        "mm/Kconfig.debug",
        "config C
	tristate
	default B

config D
	bool \"d\"
	depends on !E

config E
	bool \"e\"

config NUMBER
	int \"number\"
	range 1 9 if A
	default 3 if F
	default 4
",
    ),
];

const NET: &str = "config NET
	tristate \"net\"
	select HAS_X

config OWN
	bool
	default NET
";

/// All that a model says, with all places.
fn picture(model: &Model) -> String {
    let symbols: Vec<_> = model.symbols().collect();
    let selects: Vec<_> = model.selects().collect();
    let choices: Vec<_> = model.choices().collect();
    let files = model.files();
    let said = (model.diagnostics(), model.is_incomplete());
    let rest = (model.probes(), model.modules());
    format!("{symbols:#?}\n{selects:#?}\n{choices:#?}\n{files:#?}\n{said:#?}\n{rest:#?}")
}

/// Another text, with a line of it changed.
fn changed(random: &mut fastrand::Rng, text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return "config A\n\tbool\n".to_owned();
    }
    let at = random.usize(..lines.len());
    match random.u8(..7) {
        0 => _ = lines.remove(at),
        1 => lines.insert(at, lines[at].clone()),
        2 => lines.insert(at, "# words".to_owned()),
        3 => lines.insert(at, String::new()),
        4 => {
            let words = ["A", "B", "C", "D", "E", "F", "NET", "OWN", "GONE"];
            let kinds = ["depends on", "select", "default"];
            let (kind, word) = (random.choice(kinds), random.choice(words));
            let line = format!("\t{} {}", kind.unwrap_or(""), word.unwrap_or(""));
            lines.insert(at, line);
        }
        5 => {
            let other = random.usize(..lines.len());
            lines.swap(at, other);
        }
        _ => lines[at].push_str(" # more"),
    }
    lines.join("\n") + "\n"
}

#[test]
fn a_renewed_model_is_the_one_that_would_be_read() {
    let mut counts = [0; 3];
    for version in ["6.1.0", "6.12.0"] {
        let mut random = fastrand::Rng::with_seed(7);
        let environment = Environment::for_arch("toy", version);
        for _ in 0..200 {
            let mut files: Vec<(&str, String)> = FILES
                .iter()
                .map(|(path, text)| (*path, (*text).to_owned()))
                .collect();
            files.push(("net/Kconfig", NET.to_owned()));
            let tree = |files: &[(&str, String)]| {
                let mut tree = Memory::default();
                for (path, text) in files {
                    tree.insert(path, text.as_bytes());
                }
                tree
            };
            let mut library = Library::new();
            let mut model = elaborate(&library, &tree(&files), &environment);
            for _ in 0..4 {
                let at = random.usize(..files.len());
                let path = files[at].0;
                files[at].1 = changed(&mut random, &files[at].1);
                let changed = BTreeSet::from([path.to_owned()]);
                let tree = tree(&files);
                library = library.without([path]);
                let fresh = elaborate(&Library::new(), &tree, &environment);
                match model.renewed(&library, &tree, &changed) {
                    Renewed::Same => counts[0] += 1,
                    Renewed::Other(renewed) => {
                        counts[1] += 1;
                        model = *renewed;
                    }
                    Renewed::Unknown => {
                        counts[2] += 1;
                        model = elaborate(&library, &tree, &environment);
                    }
                }
                let (renewed, read) = (picture(&model), picture(&fresh));
                let mut lines = renewed.lines().zip(read.lines());
                let differing = lines.find(|(a, b)| a != b);
                assert!(renewed == read, "{version} {files:?}\n{differing:?}");
            }
        }
    }
    // In most the frame stays: else nothing was tried.
    assert!(counts[1] > 200 && counts[2] > 100, "{counts:?}");
}
