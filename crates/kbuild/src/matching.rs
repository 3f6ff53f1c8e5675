//! When text that is not known yet is empty, or is some other text.
//!
//! ```make
//! ifeq ($(CONFIG_DEFAULT_HOSTNAME),"lab")
//! obj-y += mmu_$(CONFIG_WORD_SIZE).o
//! ```
//!
//! The first line is a comparison of a symbol with a constant; the second names `mmu_32.o` under
//! the comparison `WORD_SIZE=32`. Where make would have to ask a toolchain, the answer is a free
//! atom that is spelled as the question is.

use condition::{Atom, CompareOp, Condition};
use text::Name;

use crate::value::{Logic, Opaque, Value, has_opaque, is_opaque};

/// A text with more unknown parts than this is not taken apart: every part multiplies the ways.
const MOST_OPAQUE: usize = 4;

impl Logic<'_> {
    /// When `value` has any text in it.
    pub(crate) fn nonempty(&mut self, value: &Value) -> Condition {
        let mut any = Condition::FALSE;
        for fragment in value {
            let here = self.text_nonempty(&fragment.text);
            let here = self.both(fragment.when, here);
            any = self.store.or(any, here);
            if any.is_true() {
                break;
            }
        }
        any
    }

    fn text_nonempty(&mut self, text: &str) -> Condition {
        let mut any = Condition::FALSE;
        for character in text.chars().filter(|c| !c.is_whitespace()) {
            let here = match self.opaques.meaning(character) {
                None => return Condition::TRUE,
                Some(Opaque::Config(name)) => self.store.enabled(&name),
                Some(Opaque::Unknown(name)) => self.store.atom(Atom::Probe(name)),
            };
            any = self.store.or(any, here);
        }
        any
    }

    /// When `opaque` has exactly the value `text`.
    fn opaque_is(&mut self, opaque: Opaque, text: &str) -> Condition {
        match opaque {
            Opaque::Config(name) => {
                let (yes, module) = self.levels(name);
                match text {
                    "y" => yes,
                    "m" => module,
                    "" | "n" => self.store.and(!yes, !module),
                    other => self.store.atom(Atom::Compare {
                        symbol: name,
                        op: CompareOp::Equal,
                        value: Name::new(other.trim_matches('"')),
                    }),
                }
            }
            Opaque::Unknown(name) if text.is_empty() => !self.store.atom(Atom::Probe(name)),
            Opaque::Unknown(name) => {
                let question = format!("{name} = {}", self.opaques.spelled(text));
                self.store.atom(Atom::Probe(Name::new(&question)))
            }
        }
    }

    /// When the two texts are the same.
    pub(crate) fn equal(&mut self, a: &str, b: &str) -> Condition {
        match (has_opaque(a), has_opaque(b)) {
            (false, false) => Condition::constant(a == b),
            (true, false) => self.matches(a, b),
            (false, true) => self.matches(b, a),
            (true, true) if a == b => Condition::TRUE,
            (true, true) => {
                let mut any = Condition::FALSE;
                for (when, text) in self.resolve(a) {
                    let same = if has_opaque(&text) {
                        let question = format!("{text} = {b}");
                        let spelled = self.opaques.spelled(&question);
                        self.store.atom(Atom::Probe(Name::new(&spelled)))
                    } else {
                        self.matches(b, &text)
                    };
                    let here = self.both(when, same);
                    any = self.store.or(any, here);
                }
                any
            }
        }
    }

    /// When `pattern`, which may have opaque characters, is `text`, which has none.
    pub(crate) fn matches(&mut self, pattern: &str, text: &str) -> Condition {
        if pattern.chars().filter(|c| is_opaque(*c)).count() > MOST_OPAQUE {
            let question = format!("{} = {text}", self.opaques.spelled(pattern));
            return self.store.atom(Atom::Probe(Name::new(&question)));
        }
        let Some((at, opaque)) = pattern
            .char_indices()
            .find_map(|(at, c)| Some((at, self.opaques.meaning(c)?)))
        else {
            return Condition::constant(pattern == text);
        };
        let Some(text) = text.strip_prefix(&pattern[..at]) else {
            return Condition::FALSE;
        };
        let rest: String = pattern[at..].chars().skip(1).collect();
        if rest.is_empty() {
            return self.opaque_is(opaque, text);
        }
        let mut any = Condition::FALSE;
        for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
            let after = self.matches(&rest, &text[end..]);
            if !after.is_false() {
                let here = self.opaque_is(opaque, &text[..end]);
                let here = self.both(here, after);
                any = self.store.or(any, here);
            }
        }
        any
    }
}

/// Whether `text`, read with every opaque character as `*`, can be `name`.
pub(crate) fn can_be(text: &str, name: &str) -> bool {
    let mut parts = text.split(is_opaque);
    let first = parts.next().unwrap_or("");
    let Some(mut left) = name.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return left.is_empty();
    };
    for part in middle {
        let Some(at) = left.find(part) else {
            return false;
        };
        left = &left[at + part.len()..];
    }
    left.ends_with(last)
}
