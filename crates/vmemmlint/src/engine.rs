//! Where the binary meets the engine: the one place that changes when the engine does.

pub(crate) use rules::{Settings, check};
