//! The smallest things that every other crate speaks of: interned names, byte spans, line indexes.
//!
//! A kernel tree names the same few hundred thousand things over and over (`CONFIG_NUMA`,
//! `vmemmap_populate`). A [`Name`] is such a word, stored once: it is as cheap to copy and compare
//! as a pointer, and still sorts by its letters, so that output never depends on which thread saw
//! a word first.

mod line_index;
mod name;
mod span;

pub use line_index::{LineIndex, Position};
pub use name::Name;
pub use span::Span;
