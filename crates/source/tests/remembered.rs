//! A listing that is remembered, and one that is not.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::sync::Arc;

use source::{Directory, Layer, Listed, Remembered, key_of};

#[test]
fn what_is_remembered_is_believed_until_it_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.c"), "int a;\n").unwrap();
    let directory = Directory::open(folder.path()).unwrap();
    let remembered = Arc::new(Remembered::over(Arc::new(directory)));
    let layer: Layer<dyn Listed> = Layer::over(Arc::clone(&remembered) as Arc<dyn Listed>);
    let has = |listing: source::Listing| listing.state_of(key_of("b.c")).is_some();
    assert!(!has(layer.listing().unwrap()));
    std::fs::write(folder.path().join("b.c"), "int b;\n").unwrap();
    assert!(!has(layer.listing().unwrap()));
    // Who keeps what was found out must know of it.
    assert!(has(layer.listing_now().unwrap()));
    assert!(has(layer.listing().unwrap()));
    std::fs::remove_file(folder.path().join("b.c")).unwrap();
    assert!(has(layer.listing().unwrap()));
    remembered.forget();
    assert!(!has(layer.listing().unwrap()));
}
