//! Lines of Kconfig that can never do what they say, or that do more than they should.

mod unmet;

pub use unmet::Forced;
