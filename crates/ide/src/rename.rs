//! A symbol under another name, everywhere.

use std::collections::BTreeMap;
use std::sync::Arc;

use kconfig::Parsed;

use source::Source;
use text::{Name, Span};

use crate::{Kconfig, Location, code_mentions, references};

/// What is to be changed for a symbol's new name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renamed {
    /// The bytes of each file that hold the old one, in the order of the text.
    pub files: BTreeMap<String, Vec<Span>>,
}

/// Renames a symbol in Kconfig, makefiles and C. The error says why that cannot be; `Ok(None)` where nobody wants it any
/// more.
pub fn renamed(
    (kconfig, open, source): (&Kconfig, &BTreeMap<String, Arc<Parsed>>, &dyn Source),
    name: Name,
    new: &str,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Result<Option<Renamed>, String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if new.is_empty() || !new.chars().all(is_word) {
        return Err(format!(
            "{new:?} is no name of a symbol: letters, digits and _ make one"
        ));
    }
    let is_number = new.bytes().all(|byte| byte.is_ascii_digit());
    if is_number || matches!(new, "y" | "m" | "n" | "if" | "on") {
        return Err(format!("{new} means something else in Kconfig"));
    }
    if new.starts_with("CONFIG_") {
        return Err("a symbol is named without CONFIG_ before it".to_owned());
    }
    let new = Name::new(new);
    let is_known = |(_, model): &(_, Arc<kconfig::Model>)| model.defines(new);
    if new != name && kconfig.arches().iter().any(is_known) {
        return Err(format!("there is a symbol {new} already"));
    }
    let Some(code) = code_mentions(source, name, is_cancelled) else {
        return Ok(None);
    };
    let mut files: BTreeMap<String, Vec<Span>> = BTreeMap::new();
    for Location { file, span } in references((kconfig, open), name, true)
        .into_iter()
        .chain(code)
    {
        files.entry(file).or_default().push(span);
    }
    for spans in files.values_mut() {
        spans.sort_unstable();
        spans.dedup();
    }
    Ok(Some(Renamed { files }))
}
