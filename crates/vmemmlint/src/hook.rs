//! `vmemmlint hook`: lets git ask before a commit, before a push, and after `git am`.
//!
//! A hook is a script that anybody can read. Its second line has the digest of what follows, so that it is known whether
//! somebody has changed it: only what is as it was written is replaced or removed.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::arguments::{Hook, HookPlace, HookTask};
use crate::{Failure, one_line, print};

/// How the second line begins.
const MARK: &str = "# vmemmlint hook ";

/// What lies where a hook would.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    /// A hook of ours, as it was written.
    Ours,
    /// A hook of ours that somebody has changed.
    Changed,
    /// Another one.
    Other,
}

pub(crate) fn run(task: &HookTask) -> Result<ExitCode, Failure> {
    match task {
        HookTask::Print { hook } => print(script(*hook, ""))?,
        HookTask::Install(place) => install(place)?,
        HookTask::Remove(place) => remove(place)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn install(place: &HookPlace) -> Result<(), Failure> {
    let (file, shown) = file_of(place)?;
    let name = place.hook.name();
    match found(&file) {
        Found::Nothing | Found::Ours => {}
        Found::Changed => {
            return Err(format!(
                "{shown} is ours, but somebody has changed it: it stays as it is"
            ));
        }
        Found::Other => {
            return Err(format!(
                "{shown} is there already and stays as it is; `vmemmlint hook print {name}` shows what to add to it"
            ));
        }
    }
    let prefix = asked_of_git(place, "--show-prefix").unwrap_or_default();
    write(&file, &script(place.hook, &prefix))
        .map_err(|error| format!("cannot write {shown}: {error}"))?;
    print(format!("installed {shown}\n"))
}

fn remove(place: &HookPlace) -> Result<(), Failure> {
    let (file, shown) = file_of(place)?;
    match found(&file) {
        Found::Ours => {}
        Found::Nothing => return Err(format!("there is no {shown}")),
        Found::Changed => {
            return Err(format!(
                "{shown} is ours, but somebody has changed it: it stays as it is"
            ));
        }
        Found::Other => return Err(format!("{shown} is not ours: it stays as it is")),
    }
    fs::remove_file(&file).map_err(|error| format!("cannot remove {shown}: {error}"))?;
    print(format!("removed {shown}\n"))
}

/// The hook as it is written, for a tree that lies in a folder of the repository.
fn script(hook: Hook, prefix: &str) -> String {
    let rest = match hook {
        Hook::PreCommit => include_str!("../hooks/pre-commit"),
        Hook::PrePush => include_str!("../hooks/pre-push"),
        Hook::PostApplypatch => include_str!("../hooks/post-applypatch"),
    };
    let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("vmemmlint"));
    // Whoever has it in the path has the newest there.
    let quoted = program.to_string_lossy().replace('\'', "'\\''");
    let prefix = prefix.replace('\'', "'\\''");
    let start =
        format!("vmemmlint=$(command -v vmemmlint || echo '{quoted}')\nprefix='{prefix}'\n");
    let rest = start + rest;
    format!(
        "#!/bin/sh\n{MARK}{} {}\n{rest}",
        hook.name(),
        rules::digest(&[&rest])
    )
}

fn found(file: &Path) -> Found {
    // What is a link belongs to somebody else, wherever it leads.
    match file.symlink_metadata() {
        Err(_) => return Found::Nothing,
        Ok(about) if !about.is_file() => return Found::Other,
        Ok(_) => {}
    }
    let Ok(text) = read(file) else {
        return Found::Other;
    };
    let ours = text
        .strip_prefix("#!/bin/sh\n")
        .and_then(|text| text.strip_prefix(MARK));
    let Some((line, rest)) = ours.and_then(|text| text.split_once('\n')) else {
        return Found::Other;
    };
    let digest = line.rsplit(' ').next().unwrap_or_default();
    if digest == rules::digest(&[rest]) {
        Found::Ours
    } else {
        Found::Changed
    }
}

/// Where git looks for a hook, and that for people. git itself is asked, since its settings may say another place.
fn file_of(place: &HookPlace) -> Result<(PathBuf, String), Failure> {
    let folder = asked_of_git(place, "--git-path=hooks")?;
    let file = place.repository.join(folder).join(place.hook.name());
    let shown = one_line(&file.to_string_lossy());
    Ok((file, shown))
}

/// What `git rev-parse` says in the repository.
fn asked_of_git(place: &HookPlace, what: &str) -> Result<String, Failure> {
    let repository = one_line(&place.repository.to_string_lossy());
    let output = Command::new("git")
        .arg("-C")
        .arg(&place.repository)
        .arg("rev-parse")
        .args(what.split('='))
        .stdin(Stdio::null())
        .output();
    let output = output.map_err(|error| format!("cannot ask git: {error}"))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        let why = one_line(why.trim().lines().next().unwrap_or("it does not say why"));
        return Err(format!("{repository} is no git repository: {why}"));
    }
    let said = String::from_utf8_lossy(&output.stdout);
    Ok(said.trim_end_matches('\n').to_owned())
}

/// Writes it beside its name, and gives it that name once it is whole.
fn write(file: &Path, script: &str) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut written = tempfile::NamedTempFile::new_in(folder)?;
    written.write_all(script.as_bytes())?;
    written
        .as_file()
        .set_permissions(fs::Permissions::from_mode(0o755))?;
    written.persist(file)?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "this is a front end")]
fn read(file: &Path) -> io::Result<String> {
    fs::read_to_string(file)
}
