//! Times the index: `cargo run --release -p kernel --example index -- TREE WORD`.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "an example")]
use std::sync::Arc;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let source = source::Directory::open(args[1].as_ref()).unwrap();
    let tree = kernel::Tree::open(Arc::new(source)).unwrap();
    let start = std::time::Instant::now();
    let index = tree.words(&kernel::Silent);
    println!(
        "{:?} {:?}",
        tree.index().map(kernel::Index::size),
        start.elapsed()
    );
    for word in args.iter().skip(2) {
        for file in index.files(word) {
            println!("{file}");
        }
    }
}
