use std::sync::Arc;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let source = source::Directory::open(a[1].as_ref()).unwrap();
    let tree = kernel::Tree::open(Arc::new(source)).unwrap();
    let arch = tree
        .architecture(&std::env::var("ARCH").unwrap_or("x86".into()))
        .unwrap();
    let model = kconfig::elaborate(
        &kconfig::Library::new(),
        tree.source(),
        &arch.environment(&tree),
    );
    let v = reach::Vocabulary::default();
    let limits = reach::Limits {
        generated: true,
        summary_bytes: 0,
        stable_depth: 0,
        ..Default::default()
    };
    let mut an = reach::Analysis::new(&tree, &model, vec![arch.directory], &v, limits);
    let text = std::fs::read_to_string(&a[2]).unwrap();
    let values = text
        .lines()
        .filter_map(|l| l.strip_prefix("CONFIG_")?.split_once('='))
        .map(|(a, b)| (a.to_owned(), b.trim_matches('"').to_owned()))
        .collect();
    an.assume(values);
    for name in &a[4..] {
        println!("{name}: {:?}", an.definitions_seen(&a[3], name));
        for e in an.calls_seen(&a[3], name) {
            println!("  {:?} {} {}", e.callee, e.line, an.words(e.when));
        }
    }
}
