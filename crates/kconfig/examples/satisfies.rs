//! Checks configurations that the tree's own `conf` made against the constraints:
//! `cargo run --release -p kconfig --example satisfies -- TREE ARCH [.config …]`.
//! Without a configuration it prints counts and errors only.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a tool for developers"
)]

use std::collections::HashMap;

use condition::{Answer, Atom, Level, Solver, Store};
use kconfig::{Environment, Library, elaborate};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let source = source::Directory::open(args[0].as_ref()).unwrap();
    let mut environment = Environment::for_arch(&args[1], "6.1.0");
    if args[1] == "um" {
        environment.set("SUBARCH", "x86");
        environment.set("HEADER_ARCH", "x86");
    }
    let start = std::time::Instant::now();
    let model = elaborate(&Library::new(), &source, &environment);
    println!(
        "{}: {} symbols, {} selects, {} files, {} errors, {:?}",
        args[1],
        model.symbols().count(),
        model.select_count(),
        model.files().len(),
        model.errors().len(),
        start.elapsed()
    );
    for error in model.errors().iter().take(10) {
        println!(
            "  {}:{}: {}",
            error.place.file, error.place.line, error.message
        );
    }
    for config in &args[2..] {
        check(&model, config);
    }
}

fn check(model: &kconfig::Model, config: &str) {
    let text = std::fs::read_to_string(config).unwrap();
    let values: HashMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("CONFIG_")?.split_once('='))
        .collect();
    let start = std::time::Instant::now();
    let (mut store, mut solver) = (Store::new(), Solver::new());
    let mut constraints = model.constraints();
    let mut literals = Vec::new();
    for symbol in model.symbols().filter(|symbol| symbol.is_truth()) {
        constraints.require(&mut store, &mut solver, [symbol.name]);
        for (level, word) in [(Level::Yes, "y"), (Level::Module, "m")] {
            let atom = store.atom(Atom::Symbol {
                name: symbol.name,
                level,
            });
            let holds = values.get(symbol.name.as_str()) == Some(&word);
            literals.push(if holds { atom } else { !atom });
        }
    }
    let built = start.elapsed();
    match solver.solve(&store, &literals) {
        Answer::Sat(_) => println!(
            "  {config}: satisfied (built {built:?}, all {:?}, {} clauses)",
            start.elapsed(),
            solver.clauses()
        ),
        Answer::Unsat(core) => {
            println!("  {config}: VIOLATED by {} literals:", core.len());
            for literal in core.iter().take(25) {
                println!("    {}", store.display(*literal));
            }
        }
        Answer::Unknown(_) => println!("  {config}: unknown"),
    }
}
