//! Which name a macro at the top of a file makes of its arguments.
//!
//! ```c
//! module_init(start);		// start()
//! DEVICE_ATTR_RW(state);		// state_show() and state_store(), not state()
//! COND_SYSCALL(migrate_pages);	// sys_migrate_pages(), not migrate_pages()
//! ```

use condition::Condition;
use csource::{File, Function, Lexer, TokenKind, TopMacro};
use text::Name;

use crate::Analysis;
use crate::expand::{DEEPEST_TEXT, joined_tail, use_end};
use crate::link::is_header;
use crate::unit::{MacroState, Moment, UnitId, VisitId};

/// Texts of macros that are looked through for a word; with more it is held to be there.
const MOST_TEXTS: u32 = 1_000;

/// A text that is longer may have been cut off, or have any word.
const LONGEST: usize = 1 << 16;

/// Bytes in which arguments are looked for.
const MOST_BYTES: usize = 1 << 23;

impl Analysis<'_> {
    /// Whether what a macro makes at the top of a file may speak of the function `word`, in C or in assembler. A text
    /// that others include may make something else of it each time.
    pub(crate) fn may_name(
        &mut self,
        (unit, visit): (UnitId, VisitId),
        used: &TopMacro,
        word: Name,
    ) -> bool {
        let file = self.unit_ref(unit).visit(visit).file.clone();
        let path = file.path();
        if !path.ends_with(".c")
            || self.unit_ref(unit).visits_of(path).len() != 1
            || !self.includers(path).is_empty()
        {
            return true;
        }
        let mut search = Search {
            unit,
            moment: self.unit_ref(unit).moment(visit, used.name_span.start),
            word,
            texts: MOST_TEXTS,
            bytes: MOST_BYTES,
        };
        let text = file.spelled(used.whole());
        self.may_have(&mut search, text, (Condition::TRUE, &[]))
    }

    /// Whether `text` may have the word once all macros in it are replaced, in any of the ways in which
    /// they can be defined together.
    fn may_have(
        &mut self,
        search: &mut Search,
        text: &[u8],
        (under, expanding): (Condition, &[Name]),
    ) -> bool {
        let is_over = search.texts == 0 || search.bytes == 0 || text.len() > LONGEST;
        if is_over || expanding.len() > DEEPEST_TEXT {
            return true;
        }
        search.texts -= 1;
        let mut done = 0;
        for token in Lexer::inside(text) {
            let start = token.span.start as usize;
            if start < done {
                continue;
            }
            let written = token.span.of(text);
            let word = (token.kind == TokenKind::Ident).then(|| std::str::from_utf8(written));
            let mut stands = true;
            if let Some(Ok(word)) = word
                && let name = Name::new(word)
                && !expanding.contains(&name)
                && self.is_macro(search.unit, name)
            {
                search.bytes = search.bytes.saturating_sub(text.len() - start);
                let used = Written {
                    name: written,
                    rest: &text[start..],
                    args: csource::arguments(&text[start..]),
                };
                let expanding = [expanding, &[name]].concat();
                let states = self.macro_states(search.unit, name, search.moment);
                stands = states.is_empty();
                for (when, state) in states {
                    let under = self.store.and(under, when);
                    if under.is_false() {
                        continue;
                    }
                    match self.replaced(search.unit, &used, &state) {
                        Some(made) if self.may_have(search, &made, (under, &expanding)) => {
                            return true;
                        }
                        Some(_) => done = start + used.end(),
                        None => stands = true,
                    }
                }
            }
            if stands {
                // Arguments of what is no macro are looked at as they stand.
                done = 0;
                let mut words = written.split(|b| !b.is_ascii_alphanumeric() && *b != b'_');
                if words.any(|written| written == search.word.as_bytes()) {
                    return true;
                }
            }
        }
        false
    }

    /// What stands in the place of a name and its arguments; `None` where that is no macro, or one that
    /// wants arguments and has none.
    fn replaced(&self, unit: UnitId, used: &Written<'_>, state: &MacroState) -> Option<Vec<u8>> {
        let MacroState::Defined(visit, number) = *state else {
            return None;
        };
        let (file, definition) = self.macro_of(unit, visit, number);
        let body = file.spelled(definition.body);
        let Some(params) = &definition.params else {
            // It may stand for the name of a macro that takes the arguments.
            let behind = &used.rest[used.name.len()..used.end()];
            return Some([body, b" ", behind].concat());
        };
        let args = used.args.as_ref()?.iter();
        let args = args.map(|span| span.of(used.rest).to_vec()).collect();
        Some(csource::substitute(body, params, &joined_tail(params, args)).text)
    }
}

struct Search {
    unit: UnitId,
    moment: Moment,
    word: Name,
    /// Texts that may still be looked through.
    texts: u32,
    /// Bytes in which arguments may still be looked for.
    bytes: usize,
}

/// A name as it is written, with the arguments that follow it.
struct Written<'t> {
    name: &'t [u8],
    /// The text from the name on.
    rest: &'t [u8],
    /// Where the arguments stand in it.
    args: Option<Vec<text::Span>>,
}

impl Written<'_> {
    /// How long the name and its arguments are.
    fn end(&self) -> usize {
        match self.args {
            Some(_) => use_end(self.rest),
            None => self.name.len(),
        }
    }
}

/// The macro whose argument is a part of the name of a static function. Without one the compiler
/// would complain of a function that is not used, unless it is marked as such.
pub(crate) fn naming_macro(file: &File, function: &Function) -> Option<String> {
    let linkage = function.linkage;
    if !linkage.is_static || linkage.is_inline || is_header(&file.path()) {
        return None;
    }
    let named = file.items().macros.iter().find(|used| {
        let args = file.spelled(used.args);
        let mut words = args.split(|b| !b.is_ascii_alphanumeric() && *b != b'_');
        words.any(|word| {
            word.len() > 2
                && function
                    .name
                    .as_bytes()
                    .windows(word.len())
                    .any(|part| part == word)
        })
    });
    match named {
        Some(used) => Some(format!("{}()", used.name)),
        None if function.is_marked_unused() => None,
        None => Some("a macro that builds its name".to_owned()),
    }
}
