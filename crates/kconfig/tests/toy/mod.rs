//! The smallest tree: one Kconfig file, with modules.

use kconfig::{Environment, Library, Model, elaborate};
use source::Memory;

/// A kernel with the newest rules.
pub(crate) const NEW: &str = "6.12.0";
/// A kernel to which a choice is a symbol.
pub(crate) const OLD: &str = "6.1.0";

/// The model of a text, whatever there is to say of it.
pub(crate) fn read(text: &str, version: &str) -> Model {
    let text = format!("config MODULES\n\tbool \"modules\"\n\tmodules\n{text}");
    let mut tree = Memory::default();
    tree.insert("Kconfig", text.as_bytes());
    elaborate(
        &Library::new(),
        &tree,
        &Environment::for_arch("toy", version),
    )
}

/// The model of a text that is in order.
#[allow(dead_code, reason = "each test is a program of its own")]
pub(crate) fn model(text: &str, version: &str) -> Model {
    let model = read(text, version);
    assert_eq!(model.diagnostics(), [], "{text}");
    model
}
