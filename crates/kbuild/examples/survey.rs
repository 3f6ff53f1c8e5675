//! Asks for every source file of a tree when it is built, and tells which never are.
//!
//! ```text
//! cargo run --release -p kbuild --example survey -- TREE [ARCH [PATH…]]
//! ```
//!
//! With paths, their Conditions and include directories are printed.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a tool to look at results with"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use condition::Store;
use kbuild::Kbuild;
use source::{Directory, Source};

const BELOW: [&str; 10] = [
    "mm/",
    "kernel/",
    "lib/",
    "fs/",
    "drivers/dax/",
    "drivers/nvdimm/",
    "drivers/gpu/",
    "block/",
    "net/",
    "arch/",
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((tree, rest)) = arguments.split_first() else {
        return println!("usage: survey TREE [ARCH [PATH…]]");
    };
    let Ok(tree) = Directory::open(Path::new(tree)) else {
        return println!("no such tree");
    };
    if let [arch, paths @ ..] = rest
        && !paths.is_empty()
    {
        return show(&tree, arch, paths);
    }
    let (files, _) = tree.walk("", &|dir| dir != "tools", &|path| {
        path.ends_with(".c") || path.ends_with(".S")
    });
    let listed = tree.list("arch").unwrap_or_default();
    let all = listed.iter().filter_map(|name| name.strip_suffix('/'));
    let verbose = !rest.is_empty();
    for arch in all.filter(|arch| rest.first().is_none_or(|wanted| wanted == arch)) {
        survey(&tree, arch, &files, verbose);
    }
}

fn show(tree: &Directory, arch: &str, paths: &[String]) {
    let (mut kbuild, mut store) = (Kbuild::new(tree, Arc::default(), arch), Store::new());
    for path in paths {
        let built = if path.ends_with('/') {
            kbuild.entered(&mut store, path)
        } else {
            kbuild.built(&mut store, path)
        };
        println!("{path}: yes {}", store.display(built.yes));
        println!("    module {}", store.display(built.module));
        println!("    place {:?}", built.place);
        println!("    include {:?}", kbuild.include_dirs(&mut store, path));
    }
    for problem in kbuild.problems() {
        println!("{}:{}: {}", problem.file, problem.line, problem.message);
    }
}

fn survey(tree: &Directory, arch: &str, files: &[String], verbose: bool) {
    let start = Instant::now();
    let (mut kbuild, mut store) = (Kbuild::new(tree, Arc::default(), arch), Store::new());
    let own = format!("arch/{arch}/");
    let (mut asked, mut counted, mut never) = (0, 0, Vec::new());
    for path in files {
        if path.starts_with("arch/") && !path.starts_with(&own) {
            continue;
        }
        asked += 1;
        let built = kbuild.built(&mut store, path);
        if path.ends_with(".c") && BELOW.iter().any(|prefix| path.starts_with(prefix)) {
            counted += 1;
            if built.any(&mut store).is_false() {
                never.push(path);
            }
        }
    }
    let time = start.elapsed();
    println!(
        "{arch}: {asked} asked in {time:?}, {} formulas; never {} of {counted}; {} problems",
        store.len(),
        never.len(),
        kbuild.problems().len()
    );
    if verbose {
        let mut by_directory: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for path in never {
            let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
            by_directory.entry(directory).or_default().push(name);
        }
        for (directory, names) in by_directory {
            println!("  {directory}: {}", names.join(" "));
        }
        for problem in kbuild.problems() {
            println!("  {}:{}: {}", problem.file, problem.line, problem.message);
        }
    }
}
