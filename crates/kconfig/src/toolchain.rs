//! What a toolchain answers, given by the user since nothing is ever run.
//!
//! ```text
//! # gcc 12 for s390
//! $(cc-option,-march=z16) = y
//! $(shell,scripts/gcc-version.sh cc) = 120200
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::lexer::macro_end;

/// Answers, by the call with its arguments expanded: `$(shell,COMMAND)` and the text that Kconfig puts
/// in its place, or a call of a tree's own function such as `$(cc-option,-mx32)` and `y` or `n`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toolchain {
    answers: Arc<BTreeMap<String, String>>,
}

impl Toolchain {
    /// What it answers to a call.
    pub fn answer(&self, call: &str) -> Option<&str> {
        self.answers.get(call).map(String::as_str)
    }
}

impl FromIterator<(String, String)> for Toolchain {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(answers: T) -> Toolchain {
        Toolchain {
            answers: Arc::new(answers.into_iter().collect()),
        }
    }
}

/// A line that is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolchainError {
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for ToolchainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: expected $(call,arguments) = answer", self.line)
    }
}

impl std::error::Error for ToolchainError {}

impl FromStr for Toolchain {
    type Err = ToolchainError;

    /// Reads one `$(call,arguments) = answer` a line; empty lines and those that begin with `#` say
    /// nothing. An answer may be empty.
    fn from_str(text: &str) -> Result<Toolchain, ToolchainError> {
        let lines = text.lines().map(str::trim).enumerate();
        lines
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
            .map(|(number, line)| answer(line).ok_or(ToolchainError { line: number + 1 }))
            .collect()
    }
}

fn answer(line: &str) -> Option<(String, String)> {
    if !line.starts_with("$(") {
        return None;
    }
    let (end, true) = macro_end(line.as_bytes(), 0) else {
        return None;
    };
    let (call, rest) = line.split_at_checked(end)?;
    let answer = rest.trim_start().strip_prefix('=')?;
    Some((call.to_owned(), answer.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_and_faults_have_their_line() {
        let text = "# why\n\n$(cc-option,-m(a,b)) = y\n$(shell,x=1)=\n";
        let toolchain: Toolchain = text.parse().expect("answers");
        assert_eq!(toolchain.answer("$(cc-option,-m(a,b))"), Some("y"));
        assert_eq!(toolchain.answer("$(shell,x=1)"), Some(""));
        assert_eq!(toolchain.answer("$(shell,x)"), None);
        for (text, line) in [("\ncc-option = y", 2), ("$(a = y", 1), ("$(a) y", 1)] {
            assert_eq!(text.parse::<Toolchain>(), Err(ToolchainError { line }));
        }
    }
}
