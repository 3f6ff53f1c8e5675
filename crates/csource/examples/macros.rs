fn main() {
    let a: Vec<String> = std::env::args().collect();
    let f = csource::File::new("x.h", std::fs::read(&a[1]).unwrap().into());
    for m in &f.items().macros {
        println!("{} {}", f.position(m.name_span.start).line, m.name);
    }
    println!("{:?}", f.fault());
}
