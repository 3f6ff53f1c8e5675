//! What a make variable holds when the configuration is not known yet.
//!
//! After
//!
//! ```make
//! obj-y := fault.o
//! obj-$(CONFIG_NUMA) += numa.o
//! ```
//!
//! `$(obj-y)` is text whose pieces are there under Conditions: `fault.o` always, `numa.o` under
//! `NUMA=y`. A [`Value`] is that list of pieces. Pieces that touch form one word, so that
//! `init_$(BITS).o` gives `init_32.o` and `init_64.o`, each under its Condition.
//!
//! A Kconfig symbol (`y`, `m`, nothing, or a string) and text that only a running make would know
//! (`$(shell …)`) stand in the text as one character of a private range each. So text functions
//! need not know about them, and a name such as `misc_$(CONFIG_WORD_SIZE).o` can still be matched.

use std::sync::Arc;

use condition::{Atom, Condition, Level, Shape, Store};
use rustc_hash::FxHashMap;
use text::Name;

/// A line of a makefile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Number in the list of files read.
    pub(crate) file: u32,
    /// From 1.
    pub(crate) line: u32,
}

/// A piece of text that is there under a Condition.
#[derive(Clone, Debug)]
pub(crate) struct Fragment {
    pub(crate) when: Condition,
    pub(crate) text: Arc<str>,
    pub(crate) place: Place,
}

/// Pieces of text, one after the other.
pub(crate) type Value = Vec<Fragment>;

/// One word of a value.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) when: Condition,
    pub(crate) text: String,
    pub(crate) place: Place,
}

/// What a character of the private range stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Opaque {
    /// The value of a Kconfig symbol.
    Config(Name),
    /// Text that is not computed; the name is how the makefile spells it.
    Unknown(Name),
}

const FIRST: u32 = 0xF_0000;
const LAST: u32 = 0x10_FFFD;

/// More ways than this to read one text make it unknown.
const MOST_ALTERNATIVES: usize = 128;

/// More ways than this to read one word make it unknown.
const MOST_OPEN: usize = 24;

/// In lists with more words than this, blanks are there even where no word is. Such a list is never
/// part of a name, and exact blanks would cost a Condition for every pair of words.
const MOST_BLANKS: usize = 4;

/// The spelling of a word that can be read in too many ways.
const MANY: &str = "(one of many words)";

/// The characters given out so far.
#[derive(Debug, Default)]
pub(crate) struct Opaques {
    known: Vec<Opaque>,
    by_meaning: FxHashMap<Opaque, char>,
}

impl Opaques {
    /// The character for `meaning`.
    pub(crate) fn character(&mut self, meaning: Opaque) -> char {
        if let Some(known) = self.by_meaning.get(&meaning) {
            return *known;
        }
        let number = FIRST + u32::try_from(self.known.len()).unwrap_or(LAST);
        // Past the range, meanings share the last character; no tree has 130,000 of them.
        let character = char::from_u32(number.min(LAST)).unwrap_or('\u{FFFD}');
        self.known.push(meaning);
        self.by_meaning.insert(meaning, character);
        character
    }

    /// What `character` stands for, if it was given out.
    pub(crate) fn meaning(&self, character: char) -> Option<Opaque> {
        let number = u32::from(character).checked_sub(FIRST)?;
        self.known.get(number as usize).copied()
    }

    /// `text` with every opaque character as the makefile spells it.
    pub(crate) fn spelled(&self, text: &str) -> String {
        let mut plain = String::with_capacity(text.len());
        for character in text.chars() {
            match self.meaning(character) {
                Some(Opaque::Config(name)) => {
                    plain.push_str("$(CONFIG_");
                    plain.push_str(&name);
                    plain.push(')');
                }
                Some(Opaque::Unknown(name)) => plain.push_str(&name),
                None => plain.push(character),
            }
        }
        plain
    }
}

/// Whether `character` may have been given out by [`Opaques`]; text read from files has none.
pub(crate) fn is_opaque(character: char) -> bool {
    u32::from(character) >= FIRST
}

/// Whether `text` depends on something opaque.
pub(crate) fn has_opaque(text: &str) -> bool {
    // In UTF-8 only the planes of the private range begin with these bytes.
    text.bytes().any(|byte| byte >= 0xF3) && text.chars().any(is_opaque)
}

/// Formulas and opaque characters: what is needed to reason about values.
pub(crate) struct Logic<'a> {
    pub(crate) store: &'a mut Store,
    pub(crate) opaques: &'a mut Opaques,
}

impl Logic<'_> {
    /// `a && b`, where `X=m` is known to forbid `X=y`.
    pub(crate) fn both(&mut self, a: Condition, b: Condition) -> Condition {
        if a.is_true() || a == b {
            return b;
        }
        if b.is_true() {
            return a;
        }
        let both = self.store.and(a, b);
        let Shape::And(parts) = self.store.shape(both) else {
            return both;
        };
        let literals: Vec<(Condition, Name, Level, bool)> = parts
            .iter()
            .filter_map(|part| match self.store.shape(*part) {
                Shape::Atom(Atom::Symbol { name, level }, negated) => {
                    Some((*part, name, level, negated))
                }
                _ => None,
            })
            .collect();
        let mut implied = Vec::new();
        for (_, name, level, _) in literals.iter().filter(|(.., negated)| !negated) {
            let other = |(_, n, l, _): &&(Condition, Name, Level, bool)| n == name && l != level;
            match literals.iter().find(other) {
                Some((.., false)) => return Condition::FALSE,
                Some((part, .., true)) => implied.push(*part),
                None => {}
            }
        }
        if implied.is_empty() {
            return both;
        }
        self.store
            .and_all(parts.into_iter().filter(|part| !implied.contains(part)))
    }

    /// The text of something that is not computed; `spelling` is as the makefile has it.
    pub(crate) fn unknown(&mut self, spelling: &str) -> String {
        let mut short: String = spelling.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((end, _)) = short.char_indices().nth(160) {
            short.truncate(end);
            short.push('…');
        }
        let plain = self.opaques.spelled(&short);
        let meaning = Opaque::Unknown(Name::new(&plain));
        self.opaques.character(meaning).to_string()
    }

    /// The Condition that `value` is there, at every piece.
    pub(crate) fn guard(&mut self, mut value: Value, when: Condition) -> Value {
        if when.is_true() {
            return value;
        }
        for fragment in &mut value {
            fragment.when = self.both(fragment.when, when);
        }
        value.retain(|fragment| !fragment.when.is_false());
        value
    }

    /// Every text that `value` can be, under which Condition.
    pub(crate) fn alternatives(&mut self, value: &Value) -> Vec<(Condition, String)> {
        let mut all = vec![(Condition::TRUE, String::new())];
        for fragment in value {
            if fragment.when.is_true() {
                for (_, text) in &mut all {
                    text.push_str(&fragment.text);
                }
                continue;
            }
            let mut next = Vec::with_capacity(all.len() * 2);
            for (when, text) in all {
                let with = self.both(when, fragment.when);
                let without = self.both(when, !fragment.when);
                if !with.is_false() {
                    next.push((with, format!("{text}{}", fragment.text)));
                }
                if !without.is_false() {
                    next.push((without, text));
                }
            }
            all = self.merge(next);
            if all.len() > MOST_ALTERNATIVES {
                return vec![(Condition::TRUE, self.unknown("(too many alternatives)"))];
            }
        }
        all
    }

    fn merge(&mut self, all: Vec<(Condition, String)>) -> Vec<(Condition, String)> {
        let mut merged: Vec<(Condition, String)> = Vec::with_capacity(all.len());
        for (when, text) in all {
            match merged.iter_mut().find(|(_, known)| *known == text) {
                Some((known, _)) => *known = self.store.or(*known, when),
                None => merged.push((when, text)),
            }
        }
        merged
    }

    /// `text` with every Kconfig symbol replaced by each of `y`, `m` and nothing.
    pub(crate) fn resolve(&mut self, text: &str) -> Vec<(Condition, String)> {
        let mut all = vec![(Condition::TRUE, String::new())];
        for character in text.chars() {
            let Some(Opaque::Config(name)) = self.opaques.meaning(character) else {
                for (_, text) in &mut all {
                    text.push(character);
                }
                continue;
            };
            if all.len() > MOST_ALTERNATIVES {
                return vec![(Condition::TRUE, self.unknown(text))];
            }
            let (yes, module) = self.levels(name);
            let neither = self.store.and(!yes, !module);
            let mut next = Vec::with_capacity(all.len() * 3);
            for (when, text) in all {
                for (level, letter) in [(yes, "y"), (module, "m"), (neither, "")] {
                    let when = self.both(when, level);
                    if !when.is_false() {
                        next.push((when, format!("{text}{letter}")));
                    }
                }
            }
            all = self.merge(next);
        }
        all
    }

    pub(crate) fn levels(&mut self, name: Name) -> (Condition, Condition) {
        let yes = self.store.symbol(&name, Level::Yes);
        let module = self.store.symbol(&name, Level::Module);
        (yes, module)
    }

    /// [`Logic::alternatives`], with the Kconfig symbols in them resolved.
    pub(crate) fn resolved_alternatives(&mut self, value: &Value) -> Vec<(Condition, String)> {
        let mut all = Vec::new();
        for (when, text) in self.alternatives(value) {
            if !has_opaque(&text) {
                all.push((when, text));
                continue;
            }
            for (also, text) in self.resolve(&text) {
                let when = self.both(when, also);
                if !when.is_false() {
                    all.push((when, text));
                }
            }
        }
        all
    }

    /// The words of `value`, in order. A word made of pieces under several Conditions is given once
    /// for each way to read it.
    pub(crate) fn words(&mut self, value: &Value) -> Vec<Word> {
        let mut words = Vec::new();
        let mut open: Vec<Word> = Vec::new();
        for fragment in value {
            self.take(fragment, &mut open, &mut words);
        }
        words.extend(open);
        words
    }

    /// Adds one piece to the words that are still open. That no word is open is not in the list: it
    /// holds where none of the list does.
    fn take(&mut self, fragment: &Fragment, open: &mut Vec<Word>, words: &mut Vec<Word>) {
        let text: &str = &fragment.text;
        let (c, place) = (fragment.when, fragment.place);
        let (first, rest) = match text.find(char::is_whitespace) {
            Some(end) => (&text[..end], Some(&text[end..])),
            None => (text, None),
        };
        if !first.is_empty() {
            self.glue(first, c, place, open);
        }
        let Some(rest) = rest else { return };
        let mut still = Vec::new();
        for word in open.drain(..) {
            let ends = self.both(word.when, c);
            let stays = self.both(word.when, !c);
            if !stays.is_false() {
                still.push(Word {
                    when: stays,
                    ..word.clone()
                });
            }
            if !ends.is_false() {
                words.push(Word { when: ends, ..word });
            }
        }
        *open = still;
        self.limit(open);
        let last_is_open = !rest.ends_with(char::is_whitespace);
        let mut pieces = rest.split_whitespace().peekable();
        while let Some(piece) = pieces.next() {
            let word = Word {
                when: c,
                text: piece.to_owned(),
                place,
            };
            if pieces.peek().is_none() && last_is_open {
                open.push(word);
            } else {
                words.push(word);
            }
        }
    }

    /// Makes one unknown word of too many.
    fn limit(&mut self, open: &mut Vec<Word>) {
        if open.len() > MOST_OPEN {
            let when = self.store.or_all(open.iter().map(|word| word.when));
            let place = open[0].place;
            *open = vec![Word {
                when,
                text: self.unknown(MANY),
                place,
            }];
        }
    }

    /// Puts `piece` behind every open word, or begins a word with it where none is open.
    fn glue(&mut self, piece: &str, c: Condition, place: Place, open: &mut Vec<Word>) {
        self.limit(open);
        let many = self.unknown(MANY);
        let mut next: Vec<Word> = Vec::with_capacity(open.len() * 2 + 1);
        let mut none_open = c;
        for word in open.drain(..) {
            none_open = self.both(none_open, !word.when);
            let with = self.both(word.when, c);
            let without = self.both(word.when, !c);
            if word.text == many {
                next.push(word);
                continue;
            }
            if !with.is_false() {
                let text = format!("{}{piece}", word.text);
                next.push(Word {
                    when: with,
                    text,
                    place: word.place,
                });
            }
            if !without.is_false() {
                next.push(Word {
                    when: without,
                    ..word
                });
            }
        }
        if !none_open.is_false() {
            next.push(Word {
                when: none_open,
                text: piece.to_owned(),
                place,
            });
        }
        *open = next;
    }

    /// The words of `value` with the Kconfig symbols in them resolved; empty ones are gone.
    pub(crate) fn resolved_words(&mut self, value: &Value) -> Vec<Word> {
        let mut all = Vec::new();
        for word in self.words(value) {
            if !has_opaque(&word.text) {
                all.push(word);
                continue;
            }
            for (also, text) in self.resolve(&word.text) {
                let when = self.both(word.when, also);
                if !when.is_false() && !text.is_empty() {
                    all.push(Word {
                        when,
                        text,
                        place: word.place,
                    });
                }
            }
        }
        all
    }

    /// `words` as one value. As in make, a blank is between two words only: `obj-` before
    /// `$(filter y m,$(CONFIG_X))` must give `obj-y`.
    pub(crate) fn joined(&mut self, words: Vec<Word>) -> Value {
        let mut value = Value::with_capacity(words.len());
        let long = words.len() > MOST_BLANKS;
        let mut before = Condition::FALSE;
        for Word { when, text, place } in words {
            let blank = if long {
                Condition::TRUE
            } else {
                self.both(when, before)
            };
            if !blank.is_false() && !value.is_empty() {
                value.push(Fragment {
                    when: blank,
                    text: " ".into(),
                    place,
                });
            }
            value.push(Fragment {
                when,
                text: text.into(),
                place,
            });
            if !long {
                before = self.store.or(before, when);
            }
        }
        value
    }

    /// `value` with the Kconfig symbols in it resolved.
    pub(crate) fn resolved(&mut self, value: Value) -> Value {
        let mut all = Value::with_capacity(value.len());
        for fragment in value {
            if !has_opaque(&fragment.text) {
                all.push(fragment);
                continue;
            }
            for (also, text) in self.resolve(&fragment.text) {
                let when = self.both(fragment.when, also);
                if !when.is_false() && !text.is_empty() {
                    all.push(Fragment {
                        when,
                        text: text.into(),
                        place: fragment.place,
                    });
                }
            }
        }
        all
    }
}

/// A value of one unconditional piece.
pub(crate) fn plain(text: &str, place: Place) -> Value {
    if text.is_empty() {
        return Value::new();
    }
    vec![Fragment {
        when: Condition::TRUE,
        text: text.into(),
        place,
    }]
}
