//! Lists the files of a tree in whose outer form something is wrong:
//! `cargo run --release -p csource --example faults -- TREE`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "a tool for developers"
)]

use source::Source;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let source = source::Directory::open(args[1].as_ref()).unwrap();
    let wanted = |path: &str| path.ends_with(".c") || path.ends_with(".h");
    let (paths, _) = source.walk("", &|_| true, &wanted);
    let (mut read, mut faults) = (0, 0);
    for path in paths {
        let Ok(text) = source.read(&path) else {
            continue;
        };
        let file = csource::File::new(&path, text);
        read += 1;
        if let Some((message, at)) = file.fault() {
            faults += 1;
            println!("{path}:{}: {message}", file.position(at).line);
        }
    }
    println!("{read} files, {faults} faults");
}
