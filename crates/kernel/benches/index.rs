//! How long the index of words takes, on the C files of the repository's mini kernel, many times over.
//!
//! `cargo bench -p kernel`. A real tree is measured from outside, by `cargo xtask bench TREE`.

use std::path::Path;
use std::sync::Arc;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use kernel::{Index, KeptIndex, Known, Silent, Tree};
use rustc_hash::FxHashMap;
use source::{Directory, Memory, Source};

const COPIES: usize = 50;

fn main() {
    divan::main();
}

/// A tree with the mini kernel's C files in many places, their paths, and their bytes.
fn copies() -> (Memory, Vec<String>, BytesCount) {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/unfixed");
    let mini = Directory::open(&place).expect("the mini kernel is part of the repository");
    let is_c = |path: &str| path.ends_with(".c") || path.ends_with(".h");
    let (paths, _) = mini.walk("", &|_| true, &is_c);
    let mut many = Memory::new("");
    let mut bytes = 0;
    for copy in 0..COPIES {
        for path in &paths {
            let text = mini.read(path).expect("was listed before");
            bytes += text.len();
            many.insert(&format!("copy{copy:03}/{path}"), &text);
        }
    }
    let (paths, _) = many.walk("", &|_| true, &is_c);
    (many, paths, BytesCount::new(bytes))
}

fn index(source: &dyn Source, paths: &[String], known: Known) -> Index {
    Index::build(source, paths.to_vec(), known, &|_| {})
}

#[divan::bench]
fn build(bencher: Bencher<'_, '_>) {
    let (source, paths, bytes) = copies();
    let bencher = bencher.counter(bytes);
    bencher.bench(|| index(black_box(&source), &paths, Known::default()));
}

#[divan::bench]
fn build_of_what_is_known(bencher: Bencher<'_, '_>) {
    let (source, paths, bytes) = copies();
    let known = |kept: Option<&[u8]>| Known {
        index: kept.and_then(KeptIndex::from_bytes),
        contents: Some(FxHashMap::default()),
    };
    let first = index(&source, &paths, known(None));
    let mut kept = Vec::new();
    let renewed = first.renewed().expect("nothing was kept before");
    renewed.write(&mut kept).expect("memory takes it");
    let bencher = bencher.counter(bytes);
    bencher.bench(|| index(black_box(&source), &paths, known(Some(&kept))));
}

#[divan::bench]
fn look_a_word_up(bencher: Bencher<'_, '_>) {
    let (source, _, _) = copies();
    let tree = Tree::open(Arc::new(source)).expect("it is a kernel tree");
    let words = tree.words(&Silent);
    bencher.bench(|| words.files(black_box("vmemmap_populate")).count());
}

#[divan::bench]
fn open_a_tree(bencher: Bencher<'_, '_>) {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/unfixed");
    let mini =
        Arc::new(Directory::open(&place).expect("the mini kernel is part of the repository"));
    bencher.bench(|| Tree::open(mini.clone()).expect("it is a kernel tree"));
}
