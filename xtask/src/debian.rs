//! Debian's kernel sources: found by apt, checked, and unpacked without being installed.
//!
//! A package such as `linux-source-6.1` carries one file that matters,
//! `/usr/src/linux-source-6.1.tar.xz`. apt has checked the signature of its index; the index (or a
//! checksum of ours) says what the package must be.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use sha2::{Digest, Sha256};

use crate::error::Error;

/// One version of a source package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    /// `linux-source-6.1`
    pub(crate) name: String,
    /// `6.1.192-2`
    pub(crate) version: String,
    /// Of the `.deb`, in lower-case hexadecimal digits.
    pub(crate) sha256: String,
}

impl Package {
    /// The file name that `apt-get download` gives it: an epoch's colon is written `%3a`.
    fn file_name(&self) -> String {
        format!("{}_{}_all.deb", self.name, self.version.replace(':', "%3a"))
    }
}

/// What apt offers: `version`, or its own choice where that is `None`. `Ok(None)` where apt runs
/// but does not know it.
///
/// A package that is unknown may only mean that the lists are missing (as in a fresh container) or
/// old; who may update them does so, once.
pub(crate) fn offered(name: &str, version: Option<&str>) -> Result<Option<Package>, Error> {
    require(&[("apt-cache", "apt"), ("apt-get", "apt")])?;
    if let Some(package) = show(name, version)? {
        return Ok(Some(package));
    }
    if !may_update() {
        return Ok(None);
    }
    eprintln!(
        "apt does not know {name}{}: updating its lists",
        pinned(version)
    );
    let status = Command::new("apt-get")
        .args(["-qq", "update"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .map_err(|error| Error::io("run", Path::new("apt-get"), &error))?;
    if !status.success() {
        eprintln!("apt-get update failed; going on with the lists that are there");
    }
    show(name, version)
}

/// Makes sure that `package` is in `dir`, whole and right, and says where.
pub(crate) fn fetch(package: &Package, dir: &Path) -> Result<PathBuf, Error> {
    let deb = dir.join(package.file_name());
    if deb.exists() && sha256(&deb)? == package.sha256 {
        return Ok(deb);
    }
    require(&[("apt-get", "apt")])?;
    eprintln!("downloading {} {}", package.name, package.version);
    let part = dir.join("download.part");
    remove(&part)?;
    fs::create_dir_all(&part).map_err(|error| Error::io("create", &part, &error))?;
    let status = Command::new("apt-get")
        .args(["-q", "-o", "APT::Sandbox::User=root", "download"])
        .arg(format!("{}={}", package.name, package.version))
        .current_dir(&part)
        .stdin(Stdio::null())
        .stdout(Stdio::from(io::stderr()))
        .status()
        .map_err(|error| Error::io("run", Path::new("apt-get"), &error))?;
    if !status.success() {
        return Err(Error::new(format!(
            "apt-get could not download {}={}: try `apt-get update`, or `--latest`",
            package.name, package.version
        )));
    }
    let got = part.join(package.file_name());
    let found = sha256(&got)?;
    if found != package.sha256 {
        return Err(Error::new(format!(
            "{} is not what it should be: its sha256 is {found}, not {}",
            got.display(),
            package.sha256
        )));
    }
    fs::rename(&got, &deb).map_err(|error| Error::io("rename", &got, &error))?;
    remove(&part)?;
    Ok(deb)
}

/// The package if it lies in `dir` already; then apt need not be asked.
pub(crate) fn at_hand(package: &Package, dir: &Path) -> bool {
    let deb = dir.join(package.file_name());
    deb.exists() && sha256(&deb).is_ok_and(|found| found == package.sha256)
}

/// The folders of patches in Debian's packaging of a tree that [`fetch`] has brought, beside which it is kept. Not every
/// version is to be had for long, so one near it will do; `None` where there is none.
pub(crate) fn packaging(tree: &Path) -> Result<Option<Vec<PathBuf>>, Error> {
    let name = tree
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let mut numbers = name.trim_start_matches("linux-").split(['.', '-']);
    let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else {
        return Ok(None);
    };
    // The kernel of a release has the plain name there; a later one is named after its version.
    let names = [format!("linux-{major}.{minor}"), "linux".to_owned()];
    let folder = tree.with_file_name(format!("packaging-{major}.{minor}"));
    let patches = || {
        let of = |name: &str| folder.join("debian").join(name);
        let all = [of("patches"), of("patches-rt")];
        let all: Vec<PathBuf> = all
            .into_iter()
            .filter(|one| one.join("series").is_file())
            .collect();
        Some(all).filter(|all| !all.is_empty())
    };
    if let Some(patches) = patches() {
        return Ok(Some(patches));
    }
    require(&[("apt-get", "apt"), ("tar", "tar"), ("xz", "xz-utils")])?;
    let part = folder.with_extension("part");
    remove(&part)?;
    fs::create_dir_all(&part).map_err(|error| Error::io("create", &part, &error))?;
    for name in names {
        if fetch_packaging(&name, &format!("{major}.{minor}."), &part) {
            remove(&folder)?;
            fs::rename(&part, &folder).map_err(|error| Error::io("rename", &part, &error))?;
            return Ok(patches());
        }
    }
    remove(&part)?;
    Ok(None)
}

/// Brings the packaging of the newest version of a source package that can be had and begins so.
fn fetch_packaging(name: &str, start: &str, part: &Path) -> bool {
    const SCRIPT: &str = r#"
        key='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
        mkdir -p lists/partial cache/archives/partial
        printf '%s\n' "deb-src $key http://deb.debian.org/debian bookworm main" \
            "deb-src $key http://deb.debian.org/debian-security bookworm-security main" >sources.list
        here=$(pwd)
        set -- "$1" "$2" -o Dir::Etc::sourcelist="$here/sources.list" -o Dir::Etc::sourceparts=/dev/null \
            -o Dir::State::lists="$here/lists" -o Dir::Cache="$here/cache" -o APT::Sandbox::User=root
        name=$1 start=$2; shift 2
        apt-get "$@" -qq update || exit 1
        versions=$(apt-cache "$@" showsrc --only-source "$name" | sed -n 's/^Version: //p' | grep -F "$start" | sort -rVu)
        for version in $versions; do
            apt-get "$@" -qq source --download-only --diff-only "$name=$version" || continue
            tar -xf ./*.debian.tar.xz debian/patches debian/patches-rt || tar -xf ./*.debian.tar.xz debian/patches
            rm -rf lists cache sources.list ./*.tar.xz
            exit 0
        done
        exit 1"#;
    eprintln!("looking for the packaging of {name} {start}*");
    let status = Command::new("sh")
        .args(["-c", SCRIPT, "sh", name, start])
        .current_dir(part)
        .stdin(Stdio::null())
        .stdout(Stdio::from(io::stderr()))
        .status();
    status.is_ok_and(|status| status.success())
}

/// Unpacks the tree inside `deb` into the new folder `to`.
pub(crate) fn unpack(package: &Package, deb: &Path, to: &Path) -> Result<(), Error> {
    require(&[("dpkg-deb", "dpkg"), ("tar", "tar"), ("xz", "xz-utils")])?;
    eprintln!("unpacking {} {}", package.name, package.version);
    fs::create_dir_all(to).map_err(|error| Error::io("create", to, &error))?;
    let member = format!("./usr/src/{}.tar.xz", package.name);
    let mut outer = Command::new("dpkg-deb");
    outer.arg("--fsys-tarfile").arg(deb);
    let mut pick = Command::new("tar");
    pick.args(["-x", "-O", "-f", "-"]).arg(&member);
    let mut decompress = Command::new("xz");
    decompress.args(["-d", "-c", "-T", "0"]);
    let mut inner = Command::new("tar");
    inner
        .args([
            "-x",
            "-f",
            "-",
            "--strip-components=1",
            "--no-same-owner",
            "-C",
        ])
        .arg(to);
    pipe([outer, pick, decompress, inner])?;
    if to.join("Makefile").is_file() {
        return Ok(());
    }
    Err(Error::new(format!(
        "{} holds no kernel tree",
        deb.display()
    )))
}

/// Runs commands, each reading what the one before writes. All must succeed.
fn pipe<const N: usize>(commands: [Command; N]) -> Result<(), Error> {
    let mut running: Vec<(String, Child)> = Vec::new();
    let mut input = Stdio::null();
    for (at, mut command) in commands.into_iter().enumerate() {
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(input);
        command.stdout(if at + 1 < N {
            Stdio::piped()
        } else {
            Stdio::null()
        });
        let mut child = command
            .spawn()
            .map_err(|error| Error::io("run", Path::new(&name), &error))?;
        input = child.stdout.take().map_or_else(Stdio::null, Stdio::from);
        running.push((name, child));
    }
    let mut failed = None;
    for (name, mut child) in running {
        let ended = child
            .wait()
            .map_err(|error| Error::io("wait for", Path::new(&name), &error))?;
        if !ended.success() && failed.is_none() {
            failed = Some(Error::new(format!(
                "{name} failed while unpacking ({ended})"
            )));
        }
    }
    failed.map_or(Ok(()), Err)
}

/// Asks apt's index. apt-cache says "No packages found" by its exit code.
fn show(name: &str, version: Option<&str>) -> Result<Option<Package>, Error> {
    let output = Command::new("apt-cache")
        .args([
            "--no-all-versions",
            "show",
            &format!("{name}{}", pinned(version)),
        ])
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Error::io("run", Path::new("apt-cache"), &error))?;
    if !output.status.success() {
        return Ok(None);
    }
    Ok(record(name, &String::from_utf8_lossy(&output.stdout)))
}

/// Reads the first record of `apt-cache show`.
fn record(name: &str, text: &str) -> Option<Package> {
    let field = |key: &str| {
        text.lines()
            .take_while(|line| !line.is_empty())
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(": "))
            .map(|value| value.trim().to_owned())
    };
    Some(Package {
        name: name.to_owned(),
        version: field("Version")?,
        sha256: field("SHA256")?,
    })
}

fn pinned(version: Option<&str>) -> String {
    version.map_or_else(String::new, |version| format!("={version}"))
}

/// Only root may update apt's lists.
fn may_update() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// One error for all tools of a step that are missing, naming the packages to install.
fn require(tools: &[(&str, &str)]) -> Result<(), Error> {
    let missing: Vec<_> = tools.iter().filter(|(tool, _)| !on_path(tool)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = missing.iter().map(|(tool, _)| *tool).collect();
    let mut packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
    packages.dedup();
    if packages.contains(&"apt") || packages.contains(&"dpkg") {
        return Err(Error::new(format!(
            "{} not found: these trees come as Debian packages, so bring them on a Debian system \
             (or container); `vmemmlint check` itself takes any kernel tree",
            names.join(", ")
        )));
    }
    Err(Error::new(format!(
        "{} not found: apt-get install {}",
        names.join(", "),
        packages.join(" ")
    )))
}

fn on_path(tool: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else {
        return false;
    };
    std::env::split_paths(&path).any(|folder| folder.join(tool).is_file())
}

fn sha256(path: &Path) -> Result<String, Error> {
    let mut file = File::open(path).map_err(|error| Error::io("open", path, &error))?;
    let mut digest = Digester(Sha256::new());
    io::copy(&mut file, &mut digest).map_err(|error| Error::io("read", path, &error))?;
    Ok(hex(&digest.0.finalize()))
}

/// The checksum of a text, in hexadecimal digits.
pub(crate) fn sha256_of(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

struct Digester(Sha256);

impl io::Write for Digester {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Removes a file or folder that may not be there.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    let gone = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match gone {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", path, &error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_apt_cache_is_read() {
        let text = "Package: linux-source-6.1\nVersion: 6.1.1-1\nSHA256: ab12\n\nVersion: 9\n";
        let package = record("linux-source-6.1", text).expect("a record");
        assert_eq!(
            (package.version.as_str(), package.sha256.as_str()),
            ("6.1.1-1", "ab12")
        );
        assert_eq!(package.file_name(), "linux-source-6.1_6.1.1-1_all.deb");
        assert_eq!(record("x", "N: no such package\n"), None);
    }

    #[test]
    fn a_pipe_fails_with_any_of_its_commands() {
        let shell = |script: &str| {
            let mut command = Command::new("sh");
            command.args(["-c", script]);
            command
        };
        assert!(pipe([shell("echo a"), shell("grep -q a")]).is_ok());
        assert!(pipe([shell("exit 3"), shell("cat")]).is_err());
    }

    #[test]
    fn a_missing_tool_is_named_with_its_package() {
        let error = require(&[("no-such-tool-here", "xz-utils")]).expect_err("missing");
        assert_eq!(
            error.to_string(),
            "no-such-tool-here not found: apt-get install xz-utils"
        );
    }

    #[test]
    fn checksums_are_those_of_sha256sum() {
        assert!(sha256_of("").starts_with("e3b0c44298fc1c149afbf4c8996fb924"));
    }
}
