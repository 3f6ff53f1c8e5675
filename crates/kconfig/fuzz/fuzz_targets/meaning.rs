//! Whatever a Kconfig file says, both meanings of it agree: what becomes of settings is a configuration
//! by the constraints.
//!
//! The bytes are a Kconfig file, and behind a NUL a `.config`.

#![no_main]

use condition::{Condition, Level, Solver, Store};
use kconfig::{Environment, Library, Settings, Value, elaborate};
use libfuzzer_sys::fuzz_target;
use source::Memory;

fuzz_target!(|bytes: &[u8]| {
    let cut = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (text, config) = bytes.split_at(cut);
    for version in ["6.1.0", "6.12.0"] {
        check(text, config.get(1..).unwrap_or_default(), version);
    }
});

fn check(text: &[u8], config: &[u8], version: &str) {
    let mut tree = Memory::default();
    tree.insert("Kconfig", text);
    let environment = Environment::for_arch("toy", version);
    let model = elaborate(&Library::new(), &tree, &environment);
    let (settings, _) = Settings::read(&model, config);
    let configuration = model.configure(&settings, &|_| false);
    let names: Vec<_> = model.symbols().map(|symbol| symbol.name).collect();
    for name in names.iter().take(3) {
        model.questions().standing(*name);
        model.why_never(name);
    }
    if model.diagnostics().is_empty() {
        let (mut store, mut solver) = (Store::new(), Solver::new());
        solver.set_steps(100_000);
        model.constraints().require(&mut store, &mut solver, names);
        let mut all: Vec<Condition> = Vec::new();
        for symbol in model.symbols().filter(|symbol| symbol.is_truth()) {
            all.push(match configuration.value(&symbol.name) {
                Value::Yes => store.symbol(&symbol.name, Level::Yes),
                Value::Module => store.symbol(&symbol.name, Level::Module),
                Value::No => !store.enabled(&symbol.name),
            });
        }
        // A toolchain says no, as it does to the settings.
        for call in model.probes() {
            all.push(!store.atom(condition::Atom::Probe(call)));
        }
        let answer = solver.solve(&store, &all);
        assert!(!answer.is_unsat(), "{}", configuration.to_text());
    }
}
