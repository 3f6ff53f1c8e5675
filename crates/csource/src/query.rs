//! Places inside functions, told by their shape.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rustc_hash::FxHashMap;

/// A tree-sitter query over C: a place inside a function, told by its shape.
#[derive(Clone, Debug)]
pub struct Query {
    pub(crate) read: Arc<tree_sitter::Query>,
    /// The number of the capture that is meant.
    pub(crate) sink: u32,
}

/// More bytes are in no query: to read one takes a stack as deep as its parentheses.
const LONGEST_QUERY: usize = 4096;

/// Queries by their text: to read one takes as long as to read a file, and rules share theirs, as architectures do.
static QUERIES: LazyLock<Mutex<FxHashMap<String, Query>>> = LazyLock::new(Mutex::default);

impl Query {
    /// Reads a query in tree-sitter's own notation; what it captures as `@sink` is what is meant.
    pub fn new(text: &str) -> Result<Query, String> {
        let mut known = QUERIES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(query) = known.get(text) {
            return Ok(query.clone());
        }
        if text.len() > LONGEST_QUERY {
            return Err(format!("a query has at most {LONGEST_QUERY} bytes"));
        }
        let read = tree_sitter::Query::new(&tree_sitter_c::LANGUAGE.into(), text);
        let read = read.map_err(|error| format!("the query is wrong: {error}"))?;
        let Some(sink) = read.capture_index_for_name("sink") else {
            return Err("the query captures nothing as `@sink`".to_owned());
        };
        let query = Query {
            read: Arc::new(read),
            sink,
        };
        known.insert(text.to_owned(), query.clone());
        Ok(query)
    }
}
