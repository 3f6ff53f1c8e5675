//! A model that was renewed after a change is the one that reading everything again makes.

use std::collections::BTreeSet;

use kconfig::{Asked, Environment, Library, Model, Renewed, elaborate, elaborate_after};
use source::Memory;
use text::Name;

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

named := A
config ASKING
	bool \"asking\"
	depends on $(named)

config OTHER
	bool \"other\" if ASKING
	select D
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

/// What is asked to know what a symbol can be, and perhaps who uses it, or what a toolchain is asked.
fn ask(random: &mut fastrand::Rng, model: &Model) -> Asked {
    let model = model.anew();
    let name = random.choice([
        "A", "B", "C", "E", "G", "HAS_X", "NET", "NUMBER", "OWN", "TOY",
    ]);
    let name = Name::new(name.unwrap_or(""));
    model.standing(name);
    match random.u8(..4) {
        0 => _ = model.uses(name),
        1 => _ = model.probes(),
        _ => {}
    }
    model.asked()
}

/// Another text, with a line of it changed.
fn changed(random: &mut fastrand::Rng, text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if lines.is_empty() {
        return "config A\n\tbool\n".to_owned();
    }
    let at = random.usize(..lines.len());
    match random.u8(..8) {
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
            let word = random.choice(["A", "E", "OTHER"]).unwrap_or("");
            lines.insert(at, format!("named := {word}"));
        }
        6 => {
            let other = random.usize(..lines.len());
            lines.swap(at, other);
        }
        _ => lines[at].push_str(" # more"),
    }
    lines.join("\n") + "\n"
}

#[test]
fn a_renewed_model_is_the_one_that_would_be_read() {
    let (mut counts, mut same) = ([0; 3], 0);
    for version in ["6.1.0", "6.12.0"] {
        let mut random = fastrand::Rng::with_seed(7);
        let environment = Environment::for_arch("toy", version);
        for _ in 0..400 {
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
            let mut asked = ask(&mut random, &model);
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
                        model = elaborate_after(&model, &library, &tree, &environment);
                    }
                }
                // Not each state is asked.
                if random.u8(..4) > 0 {
                    let alike = model.answers_alike(&asked);
                    let of_fresh = fresh.answers_alike(&asked.clone());
                    assert_eq!(alike, of_fresh, "{version} {path} {asked:?} {files:?}");
                    same += usize::from(alike);
                    if !alike || random.bool() {
                        asked = ask(&mut random, &model);
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
    assert!(counts[1] > 400 && counts[2] > 200, "{counts:?}");
    assert!(same > 200, "{same}");
}

/// What is said after `edit` of one of `files` by a model that was renewed, which it must be, and by one that was read.
fn said_after(files: &[(&str, &str)], edit: (&str, &str)) -> [Vec<String>; 2] {
    let environment = Environment::for_arch("toy", "6.12.0");
    let mut tree = Memory::default();
    for (path, text) in files {
        tree.insert(path, text.as_bytes());
    }
    let library = Library::new();
    let model = elaborate(&library, &tree, &environment);
    assert_eq!(model.diagnostics(), []);
    tree.insert(edit.0, edit.1.as_bytes());
    let changed = BTreeSet::from([edit.0.to_owned()]);
    let library = library.without([edit.0]);
    let model = match model.renewed(&library, &tree, &changed) {
        Renewed::Other(model) => *model,
        Renewed::Same | Renewed::Unknown => elaborate_after(&model, &library, &tree, &environment),
    };
    let fresh = elaborate(&Library::new(), &tree, &environment);
    [model, fresh].map(|model| {
        let said = model.diagnostics().iter();
        said.map(|said| said.message.clone()).collect()
    })
}

#[test]
fn circles_come_in_by_what_stands_around_other_files() {
    let top = (
        "Kconfig",
        "config OWN\n\tdef_bool $(success,true)\nsource \"a\"\n",
    );
    let needing = (
        "r",
        "config A\n\tbool \"a\"\nconfig B\n\tbool \"b\"\n\tdepends on Q\n",
    );
    let asked = ("q", "config Q\n\tbool \"q\"\n");
    let before = "if A\nsource \"q\"\nendif\nif B\nendif\nsource \"r\"\n";
    let after = "if A\nendif\nif B\nsource \"q\"\nendif\nsource \"r\"\n";
    let files = [top, needing, asked, ("a", before)];
    let [renewed, read] = said_after(&files, ("a", after));
    assert_eq!(renewed, read);
    assert_eq!(read.len(), 1);

    let before = "choice\n\tprompt \"c\"\nsource \"q\"\nendchoice\nsource \"r\"\n";
    let after = before.replace("\"c\"", "\"c\" if B");
    let files = [top, needing, asked, ("a", before)];
    let [renewed, read] = said_after(&files, ("a", &after));
    assert_eq!(renewed, read);
    assert_eq!(read.len(), 1);
}

#[test]
fn a_circle_comes_in_by_what_a_variable_holds() {
    let files = [
        ("Kconfig", "source \"v\"\nsource \"u\"\n"),
        ("v", "named := A\n"),
        (
            "u",
            "config M\n\tbool \"m\"\n\tdepends on $(named)\nconfig N\n\tbool \"n\"\n\tdepends on M\n",
        ),
    ];
    let [renewed, read] = said_after(&files, ("v", "named := N\n"));
    assert_eq!(renewed, read);
    assert_eq!(read.len(), 1);
    // The same where the file comes in that asks for it.
    let files_before = [files[0], ("v", "named := N\n"), ("u", "")];
    let [renewed, read] = said_after(&files_before, ("u", files[2].1));
    assert_eq!(renewed, read);
    assert_eq!(read.len(), 1);
}

#[test]
fn a_circle_comes_in_with_a_symbol_that_was_named_before() {
    let top = "config OWN\n\tdef_bool $(success,true)\nsource \"a\"\n";
    let before =
        "config A\n\tbool \"a\"\n\tdepends on NEW\nconfig OLD\n\tbool \"o\"\n\tdepends on A\n";
    let files = [("Kconfig", top), ("a", before)];
    let [renewed, read] = said_after(&files, ("a", &before.replace("OLD", "NEW")));
    assert_eq!(renewed, read);
    assert_eq!(read.len(), 1);
    let [renewed, read] = said_after(
        &files,
        ("a", &before.replace("depends on NEW", "depends on OLD")),
    );
    assert_eq!(renewed, read);
    assert_eq!(read.len(), 1);
    // One that needs nothing of its own, and that others have selected and asked for, in a file of all and in one's own.
    for own in ["", "config P\n\tdef_bool $(success,true)\n"] {
        let asking = format!(
            "config S\n\tbool \"s\"\n\tdepends on U\n\tselect T\nconfig U\n\tbool \"u\"\n\tdepends on T\n{own}"
        );
        let after = format!("{asking}config T\n\tbool\n");
        let [renewed, read] = said_after(&[files[0], ("a", &asking)], ("a", &after));
        assert_eq!(renewed, read);
        assert_eq!(read.len(), 1);
    }
    // To need less, or what nothing defines, closes none.
    let [renewed, read] = said_after(
        &files,
        ("a", &before.replace("depends on A", "depends on B")),
    );
    assert_eq!(renewed, read);
    assert!(read.is_empty(), "{read:?}");
}

#[test]
fn what_stands_around_a_file_is_said_of_a_transitional_symbol_of_another() {
    let top = "config OWN\n\tdef_bool $(success,true)\nsource \"m\"\nsource \"f\"\n";
    let files = [
        ("Kconfig", top),
        ("m", "config T\n\tbool\n\ttransitional\n"),
        ("f", "config A\n\tbool \"a\"\nsource \"x\"\n"),
        ("x", "config T\n\tbool\n"),
    ];
    let after = "config A\n\tbool \"a\"\nif A\nsource \"x\"\nendif\n";
    let [renewed, read] = said_after(&files, ("f", after));
    assert_eq!(renewed, read);
    assert_eq!(read.len(), 1);
}
