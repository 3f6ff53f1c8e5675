//! What a shell and `man` want to know of the program: completions, and pages for the manual.

use std::path::Path;

use clap::CommandFactory;
use clap_mangen::Man;

use crate::arguments::{Arguments, Completions, Manual};
use crate::{Failure, outputs, print};

/// Prints the completions for a shell.
pub(crate) fn completions(asked: &Completions) -> Result<(), Failure> {
    let mut out = Vec::new();
    clap_complete::generate(
        asked.shell,
        &mut Arguments::command(),
        "vmemmlint",
        &mut out,
    );
    print(&out)
}

/// Prints the page of the program, or writes a page for each command.
pub(crate) fn manual(asked: &Manual) -> Result<(), Failure> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    let Some(folder) = &asked.folder else {
        return print(&page(&command, "vmemmlint")?);
    };
    if !folder.is_dir() {
        return Err(format!("there is no directory {}", folder.display()));
    }
    pages(&command, "vmemmlint", folder)
}

fn pages(command: &clap::Command, name: &str, folder: &Path) -> Result<(), Failure> {
    let file = folder.join(format!("{name}.1"));
    outputs::put(&file, &page(command, name)?)?;
    for inner in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        pages(inner, &format!("{name}-{}", inner.get_name()), folder)?;
    }
    Ok(())
}

fn page(command: &clap::Command, name: &str) -> Result<String, Failure> {
    let mut out = Vec::new();
    let version = concat!("vmemmlint ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).title(name).source(version);
    let done = man.manual("vmemmlint").render(&mut out);
    done.map_err(|error| format!("cannot make the page of {name}: {error}"))?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}
