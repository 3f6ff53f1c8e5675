//! Checks of git revisions without a checkout, each after its parent.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Case, TOUCHED, some_files};
use crate::error::Error;

/// A bare repository that is made of a tree.
struct Repository {
    git: PathBuf,
    tree: PathBuf,
}

impl Repository {
    fn git(&self, arguments: &[&str]) -> Result<String, Error> {
        let mut command = Command::new("git");
        command.arg("--git-dir").arg(&self.git);
        command.arg("--work-tree").arg(&self.tree);
        command.args(arguments).current_dir(&self.tree);
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "bench");
            command.env(format!("GIT_{who}_EMAIL"), "bench@example.org");
        }
        let output = command.output();
        let output = output.map_err(|error| Error::io("run", Path::new("git"), &error))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        } else {
            let told = String::from_utf8_lossy(&output.stderr);
            Err(Error::new(format!("git {}: {told}", arguments.join(" "))))
        }
    }

    /// A commit of what the index has, under a tag.
    fn commit(&self, tag: &str, parent: Option<&str>) -> Result<(), Error> {
        let tree = self.git(&["write-tree"])?;
        let mut arguments = vec!["commit-tree", &tree, "-m", tag];
        arguments.extend(parent.into_iter().flat_map(|parent| ["-p", parent]));
        let commit = self.git(&arguments)?;
        self.git(&["tag", tag, &commit]).map(|_| ())
    }

    /// A commit upon the first in which these files have one line more.
    fn edit(&self, tag: &str, files: &[PathBuf], scratch: &Path) -> Result<(), Error> {
        self.git(&["read-tree", "first"])?;
        let edited = scratch.join("edited");
        for file in files {
            let mut text = fs::read(file).map_err(|error| Error::io("read", file, &error))?;
            text.extend_from_slice(b"/* edited */\n");
            fs::write(&edited, text).map_err(|error| Error::io("write", &edited, &error))?;
            let id = self.git(&["hash-object", "-w", &edited.to_string_lossy()])?;
            let path = file.strip_prefix(&self.tree).unwrap_or(file);
            let entry = format!("100644,{id},{}", path.display());
            self.git(&["update-index", "--cacheinfo", &entry])?;
        }
        self.commit(tag, Some("first"))
    }
}

/// The cases, for the table.
pub(super) fn cases(binary: &Path, tree: &Path, scratch: &Path) -> Result<Vec<Case>, Error> {
    let repository = Repository {
        git: scratch.join("linux.git"),
        tree: tree.to_owned(),
    };
    repository.git(&["init", "--quiet"])?;
    repository.git(&["config", "core.autocrlf", "false"])?;
    repository.git(&["add", "--force", "--all", "."])?;
    repository.commit("first", None)?;
    let drivers = some_files(tree, &[("drivers", TOUCHED)])?;
    repository.edit("drivers", &drivers, scratch)?;
    let core = some_files(tree, &[("mm", TOUCHED)])?;
    repository.edit("core", &core, scratch)?;
    repository.git(&["config", "core.bare", "true"])?;
    repository.git(&["repack", "-a", "-d", "--quiet"])?;
    let (parents, cache) = (scratch.join("parents"), scratch.join("revisions"));
    let check = |cache: &Path, revision: &str| {
        let (binary, cache) = (binary.display(), cache.display());
        let git = repository.git.display();
        format!("'{binary}' check --quiet --cache-dir '{cache}' --rev {revision} '{git}'")
    };
    let case = |words, before: String, revision, goal| Case {
        words,
        before,
        command: check(&cache, revision),
        goal,
    };
    let first = check(&parents, "first");
    let (parents, removed) = (parents.display(), cache.display());
    let forget = format!("rm -rf '{removed}'");
    let know = format!("{forget} && cp -a '{parents}' '{removed}'");
    let prepared = format!("test -d '{parents}' || {first}; {know}");
    Ok(vec![
        case("a revision, nothing known", forget, "first", None),
        case(
            "after its parent: 20 drivers",
            prepared.clone(),
            "drivers",
            Some(1.0),
        ),
        case(
            "after its parent: 20 files of mm",
            prepared,
            "core",
            Some(1.0),
        ),
    ])
}
