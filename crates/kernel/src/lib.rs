//! A kernel tree: its architectures, an index of its words, and the facts of its files.
//!
//! To ask "who calls `sparse_add_section`" of 60,000 files, one pass over their bytes notes which
//! words stand in which file ([`Index`]); only the few files that can matter are then read as C, and
//! each of them once, however many architectures ask ([`Tree::file`]).

mod architecture;
mod classes;
mod footprint;
mod index;
mod kept;
mod looked_up;
mod tree;
mod words;

pub use architecture::Architecture;
pub use footprint::{Footprint, Models, Stale};
pub use index::{Index, Known, Renewed};
pub use kept::KeptIndex;
pub use looked_up::{LookedUp, Words};
pub use tree::{NotATree, Progress, Silent, Tree, is_indexed};
pub use words::MARK;
