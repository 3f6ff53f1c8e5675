//! What an editor asks of a kernel tree, as plain data: places are paths and bytes, and no protocol is known here.
//!
//! A [`Kconfig`] is what all architectures say together, and can be made from the one before with some files changed.
//! What one file says by itself ([`outline`], [`folds`], [`paint`]) needs none.

mod calls;
mod complete;
mod diagnose;
mod document;
mod format;
mod guard;
mod hover;
mod kconfig_state;
mod mentions;
mod outline;
mod paint;
mod rename;
mod selectors;

pub use calls::{Call, Code, End, Function, around, conditions};
pub use complete::{Completion, CompletionKind, complete};
pub use diagnose::{Diagnosis, Related, Weight, diagnoses, heard, syntax, without_twins};
pub use document::{Language, symbol_at};
pub use format::{Edit, format};
pub use guard::{Guard, guard, is_called};
pub use hover::hover;
pub use kconfig_state::Kconfig;
pub use mentions::{
    Files, Location, code_mentions, definitions, first_definition, mentions_in, references,
    sourced_at,
};
pub use outline::{Fold, FoldKind, Item, ItemKind, folds, outline};
pub use paint::{Paint, Painted, paint};
pub use rename::{Renamed, renamed};
pub use selectors::{Selectors, selectors};
