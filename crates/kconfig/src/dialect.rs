//! What has changed in the meaning of the language from one kernel to another.

/// The rules that a tree's own `scripts/kconfig` follows, where kernels differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Up to 6.10 a choice is a symbol without a name: its members depend on it, it may be tristate,
    /// and what depends on a member is not one. From 6.11 on a choice only says that one of its
    /// visible members is `y`.
    pub choice_is_symbol: bool,
    /// From 6.8 on an int or hex symbol without a value is 0, and one that was set out of its range
    /// takes the nearer bound; before that the one is empty, and the other takes its default.
    pub number_is_zero: bool,
    /// From 7.1 on a file may be sourced once only.
    pub sources_once: bool,
}

impl Dialect {
    /// The rules of the newest kernels.
    pub const NEWEST: Dialect = Dialect {
        choice_is_symbol: false,
        number_is_zero: true,
        sources_once: true,
    };

    /// The rules of a kernel by what its Makefile calls `KERNELVERSION`: `6.1.192`, `7.2.0-rc3`. One
    /// that cannot be read as a version is taken for the newest.
    ///
    /// ```
    /// use kconfig::Dialect;
    /// assert!(Dialect::of_kernel("6.1.192").choice_is_symbol);
    /// assert_eq!(Dialect::of_kernel("7.2.0-rc3"), Dialect::NEWEST);
    /// ```
    pub fn of_kernel(version: &str) -> Dialect {
        let mut numbers = version
            .split(|c: char| !c.is_ascii_digit())
            .map(str::parse::<u32>);
        let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else {
            return Dialect::NEWEST;
        };
        Dialect {
            choice_is_symbol: (major, minor) < (6, 11),
            number_is_zero: (major, minor) >= (6, 8),
            sources_once: (major, minor) >= (7, 1),
        }
    }
}

impl Default for Dialect {
    fn default() -> Dialect {
        Dialect::NEWEST
    }
}
