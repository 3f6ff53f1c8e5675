//! Lines of Kconfig that can never do what they say, or that do more than they should.
//!
//! What a line does is asked as a [`Condition`] of one architecture; whoever knows all of them puts the answers
//! together.

mod lines;
mod samples;
mod unmet;

pub use lines::{Clause, Line, LineKind};
pub use samples::Samples;
pub use unmet::Forced;
