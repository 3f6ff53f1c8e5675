//! Editors that people use, held against the server: each opens a file, changes a line, waits until something is told,
//! takes the change back, and waits until that is gone. Nothing is saved.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use clap::{Args, ValueEnum};

use crate::bench;
use crate::conf::Scratch;
use crate::error::Error;
use crate::verdicts;

/// What is changed, and what is told then.
#[derive(Args, Debug)]
pub(crate) struct Asked {
    /// The file that is opened, by its path in the tree
    file: PathBuf,
    /// Words of the line that is changed; the first line with them is
    #[arg(long)]
    line: String,
    /// What it becomes; without this it is deleted
    #[arg(long, default_value = "")]
    becomes: String,
    /// Words of what is told then, and not before and after
    #[arg(long)]
    expects: String,
    /// Only this editor (repeatable)
    #[arg(long)]
    client: Vec<Client>,
}

/// An editor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Client {
    /// Neovim: the one on the path
    Neovim,
    /// Vim with ALE, as Debian has both
    Vim,
    /// Emacs with Eglot
    Emacs,
}

impl Client {
    fn program(self) -> &'static str {
        match self {
            Client::Neovim => "nvim",
            Client::Vim => "vim",
            Client::Emacs => "emacs",
        }
    }

    /// Its script, and the name of that.
    fn script(self) -> (&'static str, &'static str) {
        match self {
            Client::Neovim => ("neovim.lua", include_str!("clients/neovim.lua")),
            Client::Vim => ("vim.vim", include_str!("clients/vim.vim")),
            Client::Emacs => ("emacs.el", include_str!("clients/emacs.el")),
        }
    }

    /// The words that make it run a script without a screen.
    fn arguments(self, script: &Path) -> Vec<String> {
        let script = script.display().to_string();
        let words: &[&str] = match self {
            Client::Neovim => &["--headless", "-u", "NONE", "-i", "NONE", "-S"],
            Client::Vim => &["-N", "-i", "NONE", "-n", "--not-a-term", "-T", "dumb", "-u"],
            Client::Emacs => &["--batch", "-l"],
        };
        let words = words.iter().map(|word| (*word).to_owned());
        words.chain([script]).collect()
    }

    /// Whether it is here, with what makes a client of it.
    fn is_here(self) -> bool {
        let runs = |arguments: &[&str]| {
            let mut command = Command::new(self.program());
            let quiet = command.args(arguments).stdin(Stdio::null());
            let quiet = quiet.stdout(Stdio::null()).stderr(Stdio::null());
            quiet.status().is_ok_and(|status| status.success())
        };
        match self {
            Client::Neovim => runs(&["--version"]),
            Client::Vim => runs(&["--version"]) && Path::new("/usr/share/vim-ale").is_dir(),
            Client::Emacs => runs(&["--batch", "--eval", "(require 'eglot)"]),
        }
    }
}

/// Has each editor try it, and says what each was told.
pub(crate) fn run(tree: &str, asked: &Asked) -> Result<ExitCode, Error> {
    let (tree, _) = verdicts::find(tree)?;
    let tree = fs::canonicalize(&tree).map_err(|error| Error::io("find", &tree, &error))?;
    let scratch = Scratch::new("clients")?;
    let folder = folder_with_server(scratch.path())?;
    let mut failed = Vec::new();
    for client in Client::value_variants() {
        if !asked.client.is_empty() && !asked.client.contains(client) {
            continue;
        }
        let name = client.program();
        if !client.is_here() {
            println!("{name}: SKIPPED, since it is not here or knows no language servers");
            continue;
        }
        let (said, is_good) = try_one(*client, (&tree, scratch.path(), &folder), asked)?;
        for line in said.lines() {
            println!("{name}: {line}");
        }
        if !is_good {
            failed.push(name);
        }
    }
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("not as expected: {}", failed.join(", "));
    Ok(ExitCode::FAILURE)
}

/// A folder to be put first on the path, with the server in it.
fn folder_with_server(scratch: &Path) -> Result<PathBuf, Error> {
    let binary = match std::env::var_os("VMEMMLINT_BIN") {
        Some(binary) => PathBuf::from(binary),
        None => bench::build()?,
    };
    let folder = scratch.join("bin");
    let own = folder.join("vmemmlint");
    fs::create_dir(&folder).map_err(|error| Error::io("make", &folder, &error))?;
    fs::copy(&binary, &own).map_err(|error| Error::io("copy", &binary, &error))?;
    Ok(folder)
}

/// What one editor says, and whether all was as it should be.
fn try_one(
    client: Client,
    (tree, scratch, folder): (&Path, &Path, &Path),
    asked: &Asked,
) -> Result<(String, bool), Error> {
    let (name, text) = client.script();
    let (script, out) = (scratch.join(name), scratch.join(format!("{name}.out")));
    fs::write(&script, text).map_err(|error| Error::io("write", &script, &error))?;
    let path = std::env::var("PATH").unwrap_or_default();
    let editors = concat!(env!("CARGO_MANIFEST_DIR"), "/../editors");
    let ended = Command::new(client.program())
        .args(client.arguments(&script))
        .current_dir(tree)
        .env("PATH", format!("{}:{path}", folder.display()))
        .env("XDG_CACHE_HOME", scratch.join("cache"))
        .env("TRY_EDITORS", editors)
        .env("TRY_FILE", tree.join(&asked.file))
        .env("TRY_LINE", &asked.line)
        .env("TRY_BECOMES", &asked.becomes)
        .env("TRY_EXPECTED", &asked.expects)
        .env("TRY_OUT", &out)
        .stdin(Stdio::null())
        .output();
    let ended = ended.map_err(|error| Error::io("run", Path::new(client.program()), &error))?;
    // What Vim prints is its screen, so its script writes a file.
    let said = match fs::read_to_string(&out) {
        Ok(said) => said,
        Err(_) => String::from_utf8_lossy(&ended.stdout).into_owned(),
    };
    Ok((said, ended.status.success()))
}
