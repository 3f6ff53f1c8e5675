//! Everything that the kernel says conditionally, as one kind of value.
//!
//! `depends on NUMA`, `obj-$(CONFIG_DAX) += dax/`, `#ifdef CONFIG_X` and `if (radix_enabled())` all
//! become a [`Condition`]: a boolean formula over [`Atom`]s, kept in a [`Store`] that holds each
//! distinct formula once, so that equal formulas are equal handles. A [`Solver`] answers whether a
//! conjunction of Conditions can hold, and with which values, or which of them forbid each other.
//!
//! ```
//! use condition::{Answer, Atom, Condition, Level, Solver, Store};
//! let mut store = Store::new();
//! let dax = store.symbol("DEV_DAX", Level::Yes);
//! let zone_device = store.symbol("ZONE_DEVICE", Level::Yes);
//! let depends = store.implies(dax, zone_device);
//! let mut solver = Solver::new();
//! solver.assert(&store, depends);
//! assert!(matches!(solver.solve(&store, &[dax]), Answer::Sat(_)));
//! assert!(matches!(solver.solve(&store, &[dax, !zone_device]), Answer::Unsat(_)));
//! ```

mod atom;
mod diagram;
mod display;
mod least;
mod solver;
mod store;

pub use atom::{Atom, AtomId, CompareOp, Level, ValueId};
pub use display::Display;
pub use least::least;
pub use solver::{Answer, Limit, Model, Solver};
pub use store::{Condition, Shape, Store};
