//! One error type for all tasks: a sentence that says what to do.

use std::fmt;
use std::io;
use std::path::Path;

/// What went wrong, in words for the person who typed the command.
#[derive(Debug)]
pub(crate) struct Error(String);

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Error {
        Error(message.into())
    }

    /// Says what could not be done to which file.
    pub(crate) fn io(doing: &str, path: &Path, error: &io::Error) -> Error {
        Error(format!("cannot {doing} {}: {error}", path.display()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
