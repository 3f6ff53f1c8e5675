//! Lists what one configuration builds, to compare with the lists of the kernel's own Kbuild.
//!
//! ```text
//! cargo run --release -p kbuild --example under_config -- TREE ARCH .config
//! ```
//!
//! Each line is `Y`, `M` or `?` (a probe decides) and an object without its ending.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a tool to look at results with"
)]

use std::collections::HashMap;
use std::path::Path;

use condition::{Atom, CompareOp, Level, Store};
use kbuild::Kbuild;
use source::{Directory, Source};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [tree, arch, config] = arguments.as_slice() else {
        return println!("usage: under_config TREE ARCH CONFIG");
    };
    let (Ok(tree), Ok(config)) = (
        Directory::open(Path::new(tree)),
        std::fs::read_to_string(config),
    ) else {
        return println!("cannot be read");
    };
    let values: HashMap<&str, &str> = config
        .lines()
        .filter_map(|line| line.strip_prefix("CONFIG_")?.split_once('='))
        .map(|(name, value)| (name, value.trim_matches('"')))
        .collect();
    let mut value = |atom: Atom| match atom {
        Atom::Symbol { name, level } => {
            let wanted = if level == Level::Yes { "y" } else { "m" };
            Some(
                values
                    .get(name.as_str())
                    .is_some_and(|value| *value == wanted),
            )
        }
        Atom::Compare {
            symbol,
            op: CompareOp::Equal,
            value,
        } => Some(
            values
                .get(symbol.as_str())
                .is_some_and(|known| *known == value.as_str()),
        ),
        _ => None,
    };
    let (files, _) = tree.walk("", &|dir| dir != "tools", &|path| {
        path.ends_with(".c") || path.ends_with(".S")
    });
    let (mut kbuild, mut store) = (Kbuild::new(&tree, arch), Store::new());
    for path in &files {
        let built = kbuild.built(&mut store, path);
        let stem = &path[..path.len() - 2];
        for (condition, letter) in [(built.yes, "Y"), (built.module, "M")] {
            match store.evaluate(condition, &mut value) {
                Some(true) => println!("{letter} {stem}"),
                Some(false) => {}
                None => println!("? {letter} {stem}: {}", store.display(condition)),
            }
        }
    }
}
