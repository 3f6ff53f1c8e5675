//! stub
use crate::error::Error;
use std::path::Path;
use std::process::ExitCode;
pub(crate) fn run(_testdata: &Path, _conf: Option<&Path>) -> Result<ExitCode, Error> {
    Ok(ExitCode::SUCCESS)
}
