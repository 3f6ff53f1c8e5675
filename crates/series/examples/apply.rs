//! Lays the patches of files, boxes or mails over a tree, and writes what they make of it to another folder: to be compared
//! with what `git apply` and `patch` make.
//!
//! ```sh
//! cargo run -p series --example apply -- TREE OUT PATCH...
//! ```
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "an example reads files and speaks to a terminal"
)]

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use series::{Input, Series, apply};
use source::{Directory, Layer};

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [tree, out, files @ ..] = arguments else {
        return Err("usage: apply TREE OUT PATCH...".into());
    };
    let inputs: Result<Vec<Input>, std::io::Error> = files
        .iter()
        .map(|name| Ok(Input::new(name, std::fs::read(name)?)))
        .collect();
    let series = Series::read(&inputs?);
    if let Some(fault) = series.faults.first() {
        return Err(fault.clone().into());
    }
    let mut layer = Layer::over(Arc::new(Directory::open(Path::new(tree))?));
    let mut files = std::collections::BTreeMap::new();
    for patch in &series.patches {
        let applied = apply(&layer, patch)?;
        for hunk in applied
            .hunks
            .iter()
            .filter(|hunk| hunk.offset != 0 || hunk.fuzz > 0)
        {
            println!(
                "{}:{}: offset {}, fuzz {}",
                hunk.path, hunk.line, hunk.offset, hunk.fuzz
            );
        }
        for (path, text) in applied.files {
            match &text {
                Some(text) => layer.put(&path, text),
                None => layer.remove(&path),
            }
            files.insert(path, text);
        }
    }
    for (path, text) in files {
        let place = Path::new(out).join(&path);
        match text {
            Some(text) => {
                std::fs::create_dir_all(place.parent().unwrap_or(&place))?;
                std::fs::write(&place, text)?;
            }
            None => println!("{path} goes"),
        }
    }
    println!("{} patches", series.patches.len());
    Ok(())
}
