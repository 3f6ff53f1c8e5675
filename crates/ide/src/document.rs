//! What kind of file an editor shows, and what stands at a place in it.

use kconfig::{Mention, Parsed};
use text::{Name, Span};

/// What is understood of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Kconfig.
    Kconfig,
    /// `Makefile`, `Kbuild`, `*.mk`.
    Make,
    /// C, and assembler that the preprocessor reads.
    C,
    /// A configuration: `.config`, `defconfig`.
    Config,
}

impl Language {
    /// That of the file at `path`; of a file whose name tells nothing, what the editor calls it.
    pub fn of(path: &str, id: &str) -> Option<Language> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let starts = |words: &[&str]| {
            words.iter().any(|word| {
                name.strip_prefix(word)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
            })
        };
        if starts(&["Kconfig"]) {
            return Some(Language::Kconfig);
        }
        if starts(&["Makefile", "Kbuild", "Platform"]) || name.ends_with(".mk") {
            return Some(Language::Make);
        }
        if name == ".config" || name.ends_with("defconfig") || name.ends_with(".config") {
            return Some(Language::Config);
        }
        if [".c", ".h", ".S"].iter().any(|end| name.ends_with(end)) {
            return Some(Language::C);
        }
        match id {
            "kconfig" => Some(Language::Kconfig),
            "make" | "makefile" => Some(Language::Make),
            "c" | "cpp" => Some(Language::C),
            _ => None,
        }
    }
}

/// The word of a symbol, a macro or a function at byte `at` of a text.
pub(crate) fn word_at(text: &[u8], at: usize) -> Option<Span> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let at = at.min(text.len());
    let before = text[..at].iter().rev().take_while(|byte| is_word(byte));
    let start = at - before.count();
    let end = at + text[at..].iter().take_while(|byte| is_word(byte)).count();
    (start < end).then(|| Span::new(start, end))
}

/// The symbol at byte `at` of a file, without `CONFIG_`, and its bytes.
pub fn symbol_at(
    language: Language,
    parsed: Option<&Parsed>,
    text: &[u8],
    at: u32,
) -> Option<(Name, Span)> {
    if let (Language::Kconfig, Some(parsed)) = (language, parsed) {
        let mentions = kconfig::mentions(&parsed.statements);
        let here = |one: &&Mention| one.span.start <= at && at <= one.span.end;
        return mentions.iter().find(here).map(|one| (one.name, one.span));
    }
    let whole = word_at(text, at as usize)?;
    let word = whole.of(text).strip_prefix(b"CONFIG_")?;
    let word = match language {
        Language::C => word.strip_suffix(b"_MODULE").unwrap_or(word),
        _ => word,
    };
    let start = whole.start + 7;
    let end = start + u32::try_from(word.len()).ok()?;
    (!word.is_empty()).then(|| (Name::of_bytes(word), Span { start, end }))
}
