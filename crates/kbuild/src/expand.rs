//! What `$(…)` stands for.
//!
//! ```make
//! obj-$(subst m,y,$(CONFIG_PCI)) += pci.o
//! obj-$(if $(CONFIG_COMPAT),$(CONFIG_AUDIT)) += compat_audit.o
//! ```
//!
//! A reference is a variable, a variable with a suffix exchanged (`$(objs:.o=.c)`), or a function.
//! What only a running make would know (`$(shell …)`, a function that scripts/ defines) stays one
//! unknown word, spelled as in the makefile.

use condition::Condition;

use crate::lines::top_level;
use crate::machine::Machine;
use crate::scope::{Part, Variable};
use crate::value::{Fragment, Opaque, Value, plain};

/// How deep references may nest.
const DEEPEST: usize = 60;
/// How many bytes one directory's makefile may expand to, all in all.
const MOST_EFFORT: usize = 32 << 20;

impl Machine<'_> {
    /// `text` with its references expanded.
    pub(crate) fn expand(&mut self, text: &str) -> Value {
        self.effort += text.len() + 1;
        if self.effort > MOST_EFFORT {
            self.problem("this makefile takes too long to expand, the rest is left out");
            return Value::new();
        }
        if !text.contains('$') {
            return plain(text, self.place);
        }
        if self.depth >= DEEPEST {
            self.problem("expansions nest too deeply");
            return Value::new();
        }
        self.depth += 1;
        let mut value = Value::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            value.extend(plain(&rest[..at], self.place));
            let (reference, after) = reference(&rest[at + 1..]);
            rest = after;
            match reference {
                Reference::Dollar => value.extend(plain("$", self.place)),
                Reference::Inside(inside) => value.extend(self.reference(inside)),
                Reference::Open => {
                    self.broken("a reference is not closed");
                    break;
                }
            }
        }
        value.extend(plain(rest, self.place));
        self.depth -= 1;
        value
    }

    fn reference(&mut self, inside: &str) -> Value {
        let name_end = inside.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        if let Some(end) = name_end
            && inside[end..].starts_with(char::is_whitespace)
            && let Some(value) = self.function(&inside[..end], inside[end..].trim_start())
        {
            return value;
        }
        if let Some(colon) = top_level(inside, ':')
            && let Some((from, to)) = split_at_top(&inside[colon + 1..], '=')
        {
            return self.exchanged(&inside[..colon], from, to);
        }
        let name = self.expand(inside);
        self.named(&name)
    }

    /// The values of the variables that `name` can spell.
    fn named(&mut self, name: &Value) -> Value {
        let mut value = Value::new();
        for (when, name) in self.logic.resolved_alternatives(name) {
            let part = self.variable(name.trim());
            value.extend(self.logic.guard(part, when));
        }
        value
    }

    /// `$(name:from=to)`.
    fn exchanged(&mut self, name: &str, from: &str, to: &str) -> Value {
        let (name, from, to) = (self.expand(name), self.expand(from), self.expand(to));
        let value = self.named(&name);
        let (from, to) = (self.single(&from), self.single(&to));
        if from.contains('%') {
            return self.patsubst(&from, &to, &value);
        }
        self.patsubst(&format!("%{from}"), &format!("%{to}"), &value)
    }

    /// `value` as one text; where there are several ways, the first.
    pub(crate) fn single(&mut self, value: &Value) -> String {
        self.logic
            .alternatives(value)
            .into_iter()
            .next()
            .map_or_else(String::new, |(_, text)| text)
    }

    /// What variable `name` stands for.
    pub(crate) fn variable(&mut self, name: &str) -> Value {
        if let Ok(number) = name.parse::<usize>() {
            let given = self.arguments.last().and_then(|given| given.get(number));
            return given.cloned().unwrap_or_default();
        }
        let Some(variable) = self.scope.get(name).or_else(|| self.outer.get(name)) else {
            let Some(symbol) = name.strip_prefix("CONFIG_") else {
                return Value::new();
            };
            let meaning = Opaque::Config(text::Name::new(symbol));
            let text = self.logic.opaques.character(meaning).to_string();
            return plain(&text, self.place);
        };
        let parts = variable.parts.clone();
        self.effort += parts.len() * 8;
        if self.effort > MOST_EFFORT {
            self.problem("this makefile takes too long to expand, the rest is left out");
            return Value::new();
        }
        let mut value = Value::with_capacity(parts.len());
        for part in parts {
            match part {
                Part::Ready(fragment) => {
                    self.effort += fragment.text.len();
                    value.push(fragment);
                }
                Part::Raw { when, text, place } => {
                    self.effort += text.len();
                    let here = std::mem::replace(&mut self.place, place);
                    let part = self.expand(&text);
                    self.place = here;
                    value.extend(self.logic.guard(part, when));
                }
            }
        }
        value
    }

    /// `$(call name,…)`.
    pub(crate) fn call(&mut self, whole: &str, arguments: &[&str]) -> Value {
        let mut given: Vec<Value> = arguments.iter().map(|text| self.expand(text)).collect();
        let name = given.first().cloned().unwrap_or_default();
        let name = self.single(&name).trim().to_owned();
        let body = self.scope.get(&name).or_else(|| self.outer.get(&name));
        if !body.is_some_and(Variable::is_set) {
            return self.unknown(&format!("$(call {whole})"));
        }
        if let Some(first) = given.first_mut() {
            *first = plain(&name, self.place);
        }
        if self.arguments.len() >= DEEPEST {
            self.problem("calls nest too deeply");
            return Value::new();
        }
        self.arguments.push(given);
        let value = self.variable(&name);
        self.arguments.pop();
        value
    }

    /// A word that is not computed, as `spelling` has it.
    pub(crate) fn unknown(&mut self, spelling: &str) -> Value {
        let text = self.logic.unknown(spelling);
        plain(&text, self.place)
    }

    /// `$(foreach name,list,body)`.
    pub(crate) fn foreach(&mut self, name: &str, list: &str, body: &str) -> Value {
        let (name, list) = (self.expand(name), self.expand(list));
        let name = self.single(&name).trim().to_owned();
        let before = self.scope.get(&name).cloned();
        let mut value = Value::new();
        for word in self.logic.words(&list) {
            if self.effort > MOST_EFFORT {
                break;
            }
            let variable = self.scope.entry(&name);
            variable.parts.clear();
            variable.set(Condition::TRUE);
            variable.push(plain(&word.text, word.place));
            let outer = self.when;
            self.when = self.logic.both(outer, word.when);
            let part = self.expand(body);
            self.when = outer;
            if !value.is_empty() {
                value.push(Fragment {
                    when: word.when,
                    text: " ".into(),
                    place: self.place,
                });
            }
            value.extend(self.logic.guard(part, word.when));
        }
        self.scope.restore(&name, before);
        value
    }

    /// `$(eval text)`: the text is read as lines of the makefile.
    pub(crate) fn eval(&mut self, text: &str) {
        let value = self.expand(text);
        for (also, text) in self.logic.alternatives(&value) {
            let outer = self.when;
            self.when = self.logic.both(outer, also);
            self.effort += text.len() + 64;
            if !self.when.is_false() && self.effort < MOST_EFFORT {
                self.depth += 1;
                if self.depth < DEEPEST {
                    self.run_text(&text);
                }
                self.depth -= 1;
            }
            self.when = outer;
        }
    }
}

enum Reference<'a> {
    Dollar,
    Inside(&'a str),
    Open,
}

/// What stands behind a dollar, and the text after it.
fn reference(text: &str) -> (Reference<'_>, &str) {
    let mut characters = text.chars();
    let close = match characters.next() {
        None | Some('$') => return (Reference::Dollar, characters.as_str()),
        Some('(') => ')',
        Some('{') => '}',
        Some(single) => {
            let end = single.len_utf8();
            return (Reference::Inside(&text[..end]), &text[end..]);
        }
    };
    let open = if close == ')' { '(' } else { '{' };
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        if character == open {
            depth += 1;
        } else if character == close {
            depth -= 1;
            if depth == 0 {
                return (Reference::Inside(&text[1..at]), &text[at + 1..]);
            }
        }
    }
    (Reference::Open, "")
}

fn split_at_top(text: &str, wanted: char) -> Option<(&str, &str)> {
    let at = top_level(text, wanted)?;
    Some((&text[..at], &text[at + wanted.len_utf8()..]))
}
