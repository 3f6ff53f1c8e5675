//! Puts the files of `rules/` into the program: a rule or a pack is added by adding its files.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The kinds of files that a folder of rules holds.
const KINDS: [&str; 3] = ["toml", "md", "kernel"];

#[expect(
    clippy::disallowed_methods,
    reason = "a build script reads what it builds from"
)]
fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let rules = manifest.join("../../rules").canonicalize()?;
    println!("cargo::rerun-if-changed={}", rules.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(&rules)? {
        let path = entry?.path();
        let kind = path.extension().and_then(|kind| kind.to_str());
        if kind.is_some_and(|kind| KINDS.contains(&kind)) {
            files.push(path);
        }
    }
    files.sort();
    let mut table = String::from("&[\n");
    for path in &files {
        let [name, path] =
            [path.strip_prefix(&rules).unwrap_or(path), path].map(Path::to_string_lossy);
        let _ = writeln!(table, "({name:?}, include_str!({path:?})),");
    }
    table.push_str("]\n");
    let out = env::var_os("OUT_DIR").unwrap_or_default();
    fs::write(Path::new(&out).join("files.rs"), table)
}
