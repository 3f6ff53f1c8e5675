//! How long the main job takes on the mini kernel of the repository.
//!
//! `cargo bench -p rules`. A real tree is measured from outside, by `cargo xtask bench TREE`.

use std::path::Path;
use std::sync::Arc;

use divan::{Bencher, black_box};
use kernel::Silent;
use rules::{Outcome, Settings};
use source::Directory;

fn main() {
    divan::main();
}

fn check(settings: &Settings) -> Outcome {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/unfixed");
    let mini = Directory::open(&place).expect("the mini kernel is part of the repository");
    rules::check(Arc::new(mini), settings, &Silent).expect("it is a kernel tree")
}

#[divan::bench]
fn all_architectures(bencher: Bencher<'_, '_>) {
    bencher.bench(|| check(black_box(&Settings::default())));
}

#[divan::bench(args = ["alpha", "powerpc"])]
fn one_architecture(bencher: Bencher<'_, '_>, arch: &str) {
    let settings = Settings {
        arches: vec![arch.to_owned()],
        ..Settings::default()
    };
    bencher.bench(|| check(black_box(&settings)));
}
