//! How long a file, a model and a question take, on the mini kernel of the repository.
//!
//! `cargo bench -p kconfig`. A real tree is measured from outside, by `hyperfine` on
//! `vmemmlint kconfig toolchain TREE`.

use std::path::Path;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use kconfig::{Environment, Library, Model, elaborate};
use source::{Directory, Source};
use text::Name;

const ARCH: &str = "powerpc";

fn main() {
    divan::main();
}

fn mini() -> Directory {
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/unfixed");
    Directory::open(&tree).expect("the mini kernel is part of the repository")
}

fn model(source: &Directory, library: &Library) -> Model {
    let environment = Environment::for_arch(ARCH, "6.1.0");
    elaborate(library, source, &environment)
}

/// All Kconfig files of one architecture, one behind the other, many times.
fn text() -> Vec<u8> {
    let source = mini();
    let model = model(&source, &Library::new());
    let files = model.files().iter().map(|file| source.read(file));
    let once: Vec<u8> = files
        .flat_map(|text| text.expect("was read before").to_vec())
        .collect();
    once.repeat(100)
}

#[divan::bench]
fn parse(bencher: Bencher<'_, '_>) {
    let text = text();
    let bytes = BytesCount::of_slice(&text);
    bencher
        .counter(bytes)
        .bench(|| kconfig::parse(black_box(&text)));
}

#[divan::bench]
fn elaborate_what_is_parsed(bencher: Bencher<'_, '_>) {
    let (source, library) = (mini(), Library::new());
    model(&source, &library);
    bencher.bench(|| model(black_box(&source), &library));
}

#[divan::bench]
fn what_a_symbol_can_be(bencher: Bencher<'_, '_>) {
    let model = model(&mini(), &Library::new());
    bencher.bench(|| {
        model
            .questions()
            .standing(black_box(Name::new("ZONE_DEVICE")))
    });
}
