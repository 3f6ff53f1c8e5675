//! A Debian package: `cargo xtask deb`.
//!
//! What cargo-deb cannot make itself, the manual and the completions, the program writes first. `--try` installs the
//! package, lets it work, and removes it: nothing may stay behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::error::Error;
use crate::verdicts;

const SHELLS: [&str; 3] = ["bash", "zsh", "fish"];

/// What a package must bring, besides the program.
const WANTED: [&str; 6] = [
    "usr/share/man/man1/vmemmlint.1.gz",
    "usr/share/man/man1/vmemmlint-check.1.gz",
    "usr/share/bash-completion/completions/vmemmlint",
    "usr/share/zsh/vendor-completions/_vmemmlint",
    "usr/share/fish/vendor_completions.d/vmemmlint.fish",
    "usr/share/doc/vmemmlint/copyright",
];

/// Makes the package, and tries it where that is asked for.
pub(crate) fn run(is_tried: bool) -> Result<ExitCode, Error> {
    let root = crate::root();
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--release", "--locked", "--package", "vmemmlint"]);
    done(build.current_dir(root))?;
    let folder = root.join("target/package");
    let manual = folder.join("man");
    crate::debian::remove(&folder)?;
    fs::create_dir_all(&manual).map_err(|error| Error::io("create", &manual, &error))?;
    done(verdicts::vmemmlint().arg("man").arg(&manual))?;
    for shell in SHELLS {
        let text = told(verdicts::vmemmlint().args(["completions", shell]))?;
        let file = folder.join(format!("vmemmlint.{shell}"));
        fs::write(&file, text).map_err(|error| Error::io("write", &file, &error))?;
    }
    let mut deb = Command::new(env!("CARGO"));
    deb.args([
        "deb",
        "--quiet",
        "--no-build",
        "--strip",
        "--locked",
        "--package",
        "vmemmlint",
    ]);
    let package = told(deb.current_dir(root).stderr(Stdio::inherit()))
        .map_err(|error| Error::new(format!("{error}; is cargo-deb installed?")))?;
    let package = PathBuf::from(String::from_utf8_lossy(&package).trim());
    println!("{}", package.display());
    if is_tried {
        try_out(&package)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Installs a package, uses it, and removes it.
fn try_out(package: &Path) -> Result<(), Error> {
    let listed = told(Command::new("dpkg-deb").arg("--contents").arg(package))?;
    let listed = String::from_utf8_lossy(&listed);
    if let Some(missing) = WANTED.iter().find(|file| !listed.contains(*file)) {
        return Err(Error::new(format!("the package has no {missing}")));
    }
    done(Command::new("dpkg").arg("--install").arg(package))?;
    let used = use_it();
    done(Command::new("dpkg").args(["--purge", "vmemmlint"]))?;
    used?;
    let left = WANTED.iter().map(|file| Path::new("/").join(file));
    let mut left = left.chain([PathBuf::from("/usr/bin/vmemmlint")]);
    if let Some(left) = left.find(|file| file.exists()) {
        return Err(Error::new(format!("{} was left behind", left.display())));
    }
    println!("installed, used, removed");
    Ok(())
}

/// Asks the installed program for a check whose answer is known.
fn use_it() -> Result<(), Error> {
    let tree = crate::root().join("testdata/unfixed");
    let mut check = Command::new("/usr/bin/vmemmlint");
    let status = check.args(["check", "--quiet", "--no-cache"]).arg(tree);
    let status = status.stdout(Stdio::null()).status();
    let status = status.map_err(|error| Error::io("run", Path::new("vmemmlint"), &error))?;
    match status.code() {
        Some(1) => Ok(()),
        other => Err(Error::new(format!(
            "the installed program ended with {other:?}, not 1"
        ))),
    }
}

/// Runs a command that must succeed.
fn done(command: &mut Command) -> Result<(), Error> {
    told(command.stderr(Stdio::inherit())).map(|_| ())
}

/// What a command prints that must succeed.
fn told(command: &mut Command) -> Result<Vec<u8>, Error> {
    let program = PathBuf::from(command.get_program());
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| Error::io("run", &program, &error))?;
    if !output.status.success() {
        let words = format!("{} ended with {}", program.display(), output.status);
        return Err(Error::new(words));
    }
    Ok(output.stdout)
}
