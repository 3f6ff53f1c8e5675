//! What it costs to read every function of the files below some folders:
//! `cargo run --release -p csource --example cost -- TREE mm drivers/dax`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a tool for developers"
)]

use std::time::{Duration, Instant};

use csource::{File, FunctionId};
use source::Source;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let source = source::Directory::open(args[1].as_ref()).unwrap();
    let wanted = |path: &str| path.ends_with(".c") || path.ends_with(".h");
    for folder in &args[2..] {
        let (paths, _) = source.walk(folder, &|_| true, &wanted);
        let (mut bytes, mut bodies, mut functions, mut varied, mut files) = (0, 0, 0, 0, 0);
        let (mut scanning, mut reading) = (Duration::ZERO, Duration::ZERO);
        for path in &paths {
            let text = source.read(path).unwrap();
            let start = Instant::now();
            let file = File::new(path, text);
            let items = file.items();
            scanning += start.elapsed();
            bytes += file.text().len();
            let start = Instant::now();
            let mut any = false;
            for (id, function) in (0..).map(FunctionId).zip(&items.functions) {
                file.body(id);
                functions += 1;
                bodies += function.body.of(file.text()).len();
                let conditional = !file.directives().lines_in(function.body).is_empty();
                varied += usize::from(conditional);
                any |= conditional;
            }
            reading += start.elapsed();
            files += usize::from(any);
        }
        let rate = |bytes: usize, time: Duration| {
            f64::from(u32::try_from(bytes / 1000).unwrap()) / 1000.0 / time.as_secs_f64()
        };
        println!(
            "{folder}: {} files, {:.0} MB/s scanned, {functions} functions read at {:.1} MB/s; \
             directives inside of {varied} functions, in {files} files",
            paths.len(),
            rate(bytes, scanning),
            rate(bodies, reading),
        );
    }
}
