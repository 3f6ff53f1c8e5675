//! What makes no sense in a pack, though it can be read.

use crate::rule::{Pack, Question};

/// What is wrong with a pack that was read, if anything is.
pub(crate) fn fault(pack: &Pack) -> Option<String> {
    of_names(pack)
        .or_else(|| of_sinks(pack))
        .or_else(|| of_parts(pack))
}

fn of_names(pack: &Pack) -> Option<String> {
    let words = [&pack.id, &pack.title].into_iter();
    let words = words.chain(
        pack.rule
            .iter()
            .flat_map(|rule| [&rule.id, &rule.message, &rule.help]),
    );
    let whats = pack.sink.iter().map(|sink| &sink.what);
    if let Some(word) = words
        .chain(whats)
        .chain(&pack.links)
        .find(|word| word.trim().is_empty() || word.contains(char::is_control))
    {
        return Some(format!("{word:?} is empty, or no line of text"));
    }
    if let Some(id) = ids(pack).find(|id| !is_id(id)) {
        return Some(format!(
            "{id:?} is no name of a rule or pack: small letters, digits and `-` are"
        ));
    }
    if RESERVED.contains(&pack.id.as_str()) {
        return Some(format!("no pack is called {}", pack.id));
    }
    if let Some(name) = functions(pack).find(|name| !is_identifier(name)) {
        return Some(format!("{name:?} is no name of a function"));
    }
    let is_symbol = |symbol: &&String| is_word(symbol) && !symbol.starts_with("CONFIG_");
    if let Some(symbol) = pack.opt_in.symbols.iter().find(|symbol| !is_symbol(symbol)) {
        return Some(format!(
            "{symbol:?} is no symbol: they are named without `CONFIG_`"
        ));
    }
    None
}

fn of_sinks(pack: &Pack) -> Option<String> {
    for sink in &pack.sink {
        let place = sink.function.is_some() && sink.query.is_some();
        if sink.call.is_some() == place
            || (!place && (sink.function.is_some() || sink.query.is_some()))
        {
            let what = &sink.what;
            return Some(format!(
                "the sink `{what}` has either `call`, or `function` and `query`"
            ));
        }
    }
    None
}

/// What is wrong with the queries of a pack.
pub(crate) fn of_queries(pack: &Pack) -> Option<String> {
    let mut queries = pack.sink.iter().filter_map(|sink| sink.query.as_deref());
    queries.find_map(|query| csource::Query::new(query).err())
}

fn of_parts(pack: &Pack) -> Option<String> {
    if pack
        .since
        .zip(pack.until)
        .is_some_and(|(since, until)| until < since)
    {
        return Some("`until` comes before `since`".to_owned());
    }
    if pack.backend.is_some() && pack.backend_of.is_some() {
        return Some("it has `backend` and `backend-of`".to_owned());
    }
    if pack.rule.is_empty() {
        return Some("it has no `[[rule]]`".to_owned());
    }
    let mut opts_in = pack
        .rule
        .iter()
        .filter(|rule| !rule.question.is_of_kconfig());
    if pack.opt_in.symbols.is_empty() && opts_in.next().is_some() {
        return Some("`opt-in.symbols` names no symbol".to_owned());
    }
    pack.rule.iter().find_map(|rule| {
        let (wants, fits) = match rule.question {
            Question::Unselected => ("at least one [[sink]]", !pack.sink.is_empty()),
            Question::Outside => (
                "at least one [[sink]], and a [backend] or `backend-of`",
                !pack.sink.is_empty() && (pack.backend.is_some() || pack.backend_of.is_some()),
            ),
            Question::Mismatched => ("two sinks", pack.sink.len() == 2),
            _ => ("symbols", true),
        };
        let id = &rule.id;
        (!fits).then(|| format!("the rule {id} asks a question that wants {wants}"))
    })
}

/// Files of these names stand beside packs and are none.
const RESERVED: [&str; 2] = ["example", "vocabulary"];

fn ids(pack: &Pack) -> impl Iterator<Item = &String> {
    std::iter::once(&pack.id).chain(pack.rule.iter().map(|rule| &rule.id))
}

fn is_id(id: &str) -> bool {
    let is_of = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !id.starts_with('-') && !id.is_empty() && id.bytes().all(is_of)
}

/// All functions that a pack names.
fn functions(pack: &Pack) -> impl Iterator<Item = &String> {
    let sinks = pack
        .sink
        .iter()
        .flat_map(|sink| [&sink.call, &sink.function]);
    let backend = pack.backend.iter().flat_map(|backend| {
        let lists = [&backend.inside, &backend.outside, &backend.stores];
        std::iter::once(&backend.function).chain(lists.into_iter().flatten())
    });
    sinks
        .flatten()
        .chain(&pack.entries)
        .chain(&pack.stops)
        .chain(backend)
}

fn is_word(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn is_identifier(name: &str) -> bool {
    is_word(name) && !name.starts_with(|c: char| c.is_ascii_digit())
}
