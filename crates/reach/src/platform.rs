//! What a compiler defines by itself. Data per architecture, where the kernel's code asks for it.

use condition::Condition;

use rustc_hash::FxHashMap;
use text::Name;

use crate::Analysis;

/// What is known of a macro that no file defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// Every compiler that builds the kernel defines it.
    Yes,
    /// None does, or not while C is compiled.
    No,
    /// It depends on the compiler or its flags.
    Depends,
    /// It is defined for 64 bits, which the symbol `64BIT` tells.
    On64Bit,
}

/// `architecture macro answer`, a line each; see the file's own head.
const TABLE: &str = include_str!("platform.txt");

/// The compiler's macros for one architecture.
#[derive(Clone, Debug)]
pub(crate) struct Platform {
    answers: FxHashMap<&'static str, Answer>,
}

impl Platform {
    pub(crate) fn new(arch: &str) -> Platform {
        let rows = TABLE
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| {
                let (of, rest) = line.split_once(' ')?;
                let (name, answer) = rest.split_once(' ')?;
                let answer = match answer {
                    "yes" => Answer::Yes,
                    "depends" => Answer::Depends,
                    "64bit" => Answer::On64Bit,
                    _ => Answer::No,
                };
                (of == "*" || of == arch).then_some((name, answer))
            });
        Platform {
            answers: rows.collect(),
        }
    }

    fn answer(&self, name: &str) -> Option<Answer> {
        self.answers.get(name).copied()
    }

    /// Whether a compiler may define `name` by itself.
    pub(crate) fn is_predefined(&self, name: &str) -> bool {
        self.answer(name).is_some_and(|answer| answer != Answer::No)
    }
}

impl Analysis<'_> {
    /// When a macro of the compiler's is defined.
    pub(crate) fn predefined(&mut self, name: Name) -> Condition {
        match self.platform.answer(&name) {
            Some(Answer::Yes) => Condition::TRUE,
            Some(Answer::On64Bit) => self.symbol("64BIT", condition::Level::Yes),
            Some(Answer::Depends) => self.store.atom(condition::Atom::Defined(name)),
            Some(Answer::No) | None => Condition::FALSE,
        }
    }
}
