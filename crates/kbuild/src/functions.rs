//! The functions of make, over words that stand under Conditions.
//!
//! ```make
//! obj-y += $(patsubst %,mach-%/,$(filter-out none,$(machine-y)))
//! ```
//!
//! A function is applied to each word by itself and the word keeps its Condition; `filter` adds
//! one, the Condition that the word is among the patterns. Nothing is executed: `$(shell …)` is one
//! unknown word.

use condition::{Atom, Condition};
use source::normalize;
use text::Name;

use crate::lines::top_level;
use crate::machine::Machine;
use crate::matching::can_be;
use crate::value::{Fragment, Value, Word, has_opaque, is_opaque, plain};

/// No function makes longer texts.
const LONGEST_TEXT: usize = 1 << 20;
/// How many pairs of word and pattern one `filter` compares.
const MOST_PAIRS: usize = 1 << 20;

impl Machine<'_> {
    /// `$(name rest)`; `None` where make has no such function.
    pub(crate) fn function(&mut self, name: &str, rest: &str) -> Option<Value> {
        let arguments = arguments(rest);
        let argument = |at: usize| arguments.get(at).copied().unwrap_or("");
        // The last parameter of a function takes the rest of the text, commas and all.
        let from = |at: usize| rest_from(rest, &arguments, at);
        let value = match name {
            "if" => self.if_else(argument(0), argument(1), from(2)),
            "or" => self.any_of(&arguments),
            "and" => self.all_of(&arguments),
            "foreach" => self.foreach(argument(0), argument(1), from(2)),
            "call" => self.call(rest, &arguments),
            "eval" => {
                self.eval(rest);
                Value::new()
            }
            // Who builds a kernel does so on Linux: arch/um asks.
            "shell" if rest.trim() == "uname -s" => plain("Linux", self.place),
            "shell" => self.unknown(&format!("$(shell {rest})")),
            "info" | "warning" | "error" | "file" => Value::new(),
            "value" | "origin" | "flavor" => self.about_variable(name, rest),
            "subst" | "patsubst" => {
                let (a, b, text) = (
                    self.expand(argument(0)),
                    self.expand(argument(1)),
                    self.expand(from(2)),
                );
                let (a, b) = (self.single(&a), self.single(&b));
                if name == "subst" {
                    self.subst(&a, &b, text)
                } else {
                    self.patsubst(a.trim(), b.trim(), &text)
                }
            }
            "filter" | "filter-out" => {
                let (patterns, words) = (self.expand(argument(0)), self.expand(from(1)));
                self.filter(&patterns, &words, name == "filter")
            }
            "findstring" => {
                let (part, text) = (self.expand(argument(0)), self.expand(from(1)));
                self.findstring(&part, &text)
            }
            "addprefix" | "addsuffix" => {
                let (part, words) = (self.expand(argument(0)), self.expand(from(1)));
                self.add(&part, &words, name == "addprefix")
            }
            "join" => self.unknown(&format!("$(join {rest})")),
            "word" | "wordlist" => self.some_words(name, &arguments),
            "strip" | "sort" | "words" | "firstword" | "lastword" | "wildcard" => {
                let value = self.expand(rest);
                self.over_all(name, &value)
            }
            "dir" | "notdir" | "suffix" | "basename" | "realpath" | "abspath" => {
                let value = self.expand(rest);
                self.over_each(name, &value)
            }
            _ => return None,
        };
        Some(value)
    }

    fn if_else(&mut self, test: &str, yes: &str, no: &str) -> Value {
        let test = self.expand(test.trim());
        let holds = self.logic.nonempty(&test);
        let mut value = Value::new();
        for (when, text) in [(holds, yes), (!holds, no)] {
            if !when.is_false() && !text.is_empty() {
                let part = self.expand(text);
                value.extend(self.logic.guard(part, when));
            }
        }
        value
    }

    fn any_of(&mut self, arguments: &[&str]) -> Value {
        let (mut value, mut still) = (Value::new(), Condition::TRUE);
        for argument in arguments {
            let part = self.expand(argument.trim());
            let here = self.logic.nonempty(&part);
            let when = self.logic.both(still, here);
            value.extend(self.logic.guard(part, when));
            still = self.logic.both(still, !here);
            if still.is_false() {
                break;
            }
        }
        value
    }

    fn all_of(&mut self, arguments: &[&str]) -> Value {
        let (mut all, mut last) = (Condition::TRUE, Value::new());
        for argument in arguments {
            last = self.expand(argument.trim());
            let here = self.logic.nonempty(&last);
            all = self.logic.both(all, here);
            if all.is_false() {
                return Value::new();
            }
        }
        self.logic.guard(last, all)
    }

    fn about_variable(&mut self, function: &str, name: &str) -> Value {
        let name = self.expand(name.trim());
        let name = self.single(&name);
        let known = self.scope.get(&name).or_else(|| self.outer.get(&name));
        let text = match (function, known) {
            ("origin", Some(variable)) if variable.fixed => "command line",
            ("origin", Some(variable)) if variable.is_set() => "file",
            ("flavor", Some(variable)) if variable.recursive => "recursive",
            ("flavor", Some(_)) => "simple",
            ("value", _) => return self.variable(&name),
            _ => "undefined",
        };
        plain(text, self.place)
    }

    fn subst(&mut self, from: &str, to: &str, mut text: Value) -> Value {
        // The letters of a tristate are asked for by name: its values have to be spelled out.
        if from == "m" || from == "y" {
            text = self.logic.resolved(text);
        }
        if !from.is_empty() {
            for fragment in &mut text {
                let found = fragment.text.matches(from).count();
                if found.saturating_mul(to.len()) > LONGEST_TEXT {
                    self.problem("subst makes too long a text");
                } else if found > 0 {
                    fragment.text = fragment.text.replace(from, to).into();
                }
            }
        }
        text
    }

    pub(crate) fn patsubst(&mut self, from: &str, to: &str, text: &Value) -> Value {
        // As with subst, only a pattern for the letters of a tristate (`$(CONFIG_X:m=y)`) asks for them.
        let mut words = if from.contains('%') && !matches!(from, "%m" | "%y") {
            self.logic.words(text)
        } else {
            self.logic.resolved_words(text)
        };
        for word in &mut words {
            if let Some(stem) = stem(from, &word.text) {
                word.text = to.replacen('%', stem, 1);
            }
        }
        words.retain(|word| !word.text.is_empty());
        self.logic.joined(words)
    }

    fn filter(&mut self, patterns: &Value, words: &Value, keep: bool) -> Value {
        let (patterns, words) = (
            self.logic.resolved_words(patterns),
            self.logic.resolved_words(words),
        );
        if patterns.len().saturating_mul(words.len()) > MOST_PAIRS {
            self.problem("filter over too many words");
            return self.logic.joined(words);
        }
        let mut kept = Vec::with_capacity(words.len());
        for mut word in words {
            let mut fits = Condition::FALSE;
            for pattern in &patterns {
                let here = self.fits(pattern, &word.text);
                fits = self.logic.store.or(fits, here);
            }
            word.when = self.logic.both(word.when, if keep { fits } else { !fits });
            if !word.when.is_false() {
                kept.push(word);
            }
        }
        self.logic.joined(kept)
    }

    /// When `pattern` is there and `text` fits it.
    fn fits(&mut self, pattern: &Word, text: &str) -> Condition {
        if stem_or_equal(&pattern.text, text) {
            return pattern.when;
        }
        let unknown = match (has_opaque(&pattern.text), has_opaque(text)) {
            (false, false) => return Condition::FALSE,
            (true, false) if pattern.text.contains('%') => true,
            (true, false) => can_be(&pattern.text, text),
            (false, true) => {
                pattern.text.contains('%')
                    && !text.ends_with(is_opaque)
                    && !text.starts_with(is_opaque)
                    || can_be(text, &pattern.text)
            }
            (true, true) => true,
        };
        if !unknown {
            return Condition::FALSE;
        }
        let question = format!("{text} = {}", pattern.text);
        let spelled = self.logic.opaques.spelled(&question);
        let probe = self.logic.store.atom(Atom::Probe(Name::new(&spelled)));
        self.logic.both(pattern.when, probe)
    }

    fn findstring(&mut self, part: &Value, text: &Value) -> Value {
        let (parts, texts) = (
            self.logic.resolved_alternatives(part),
            self.logic.resolved_alternatives(text),
        );
        let mut value = Value::new();
        for (when_part, part) in &parts {
            for (when_text, text) in &texts {
                let mut when = self.logic.both(*when_part, *when_text);
                if !text.contains(part.as_str()) {
                    if !has_opaque(text) && !has_opaque(part) {
                        continue;
                    }
                    let question = format!("$(findstring {part},{text})");
                    let spelled = self.logic.opaques.spelled(&question);
                    let probe = self.logic.store.atom(Atom::Probe(Name::new(&spelled)));
                    when = self.logic.both(when, probe);
                }
                if !when.is_false() && !part.is_empty() {
                    let text = part.as_str().into();
                    value.push(Fragment {
                        when,
                        text,
                        place: self.place,
                    });
                }
            }
        }
        value
    }

    fn add(&mut self, part: &Value, words: &Value, before: bool) -> Value {
        let parts = self.logic.alternatives(part);
        let mut all = Vec::new();
        for word in self.logic.words(words) {
            for (also, part) in &parts {
                let when = self.logic.both(word.when, *also);
                let text = if before {
                    format!("{part}{}", word.text)
                } else {
                    format!("{}{part}", word.text)
                };
                if !when.is_false() {
                    all.push(Word {
                        when,
                        text,
                        place: word.place,
                    });
                }
            }
        }
        self.logic.joined(all)
    }

    fn over_all(&mut self, function: &str, value: &Value) -> Value {
        let words = self.logic.resolved_words_if(value, function != "strip");
        match function {
            "firstword" => {
                let first = self.first(words);
                self.logic.joined(first)
            }
            "lastword" => {
                let reversed = words.into_iter().rev().collect();
                {
                    let first = self.first(reversed);
                    self.logic.joined(first)
                }
            }
            "words" if words.iter().all(|word| word.when.is_true()) => {
                plain(&words.len().to_string(), self.place)
            }
            "words" => self.unknown("$(words …)"),
            "sort" => self.sorted(words),
            "wildcard" => {
                let found = words
                    .into_iter()
                    .flat_map(|word| self.wildcard(&word))
                    .collect();
                self.logic.joined(found)
            }
            _ => self.logic.joined(words),
        }
    }

    /// The first of `words` that is there.
    fn first(&mut self, words: Vec<Word>) -> Vec<Word> {
        let (mut found, mut still) = (Vec::new(), Condition::TRUE);
        for mut word in words {
            let here = word.when;
            word.when = self.logic.both(still, here);
            if !word.when.is_false() {
                found.push(word);
            }
            still = self.logic.both(still, !here);
            if still.is_false() {
                break;
            }
        }
        found
    }

    fn sorted(&mut self, mut words: Vec<Word>) -> Value {
        words.sort_by(|a, b| a.text.cmp(&b.text));
        let mut unique: Vec<Word> = Vec::with_capacity(words.len());
        for word in words {
            match unique.last_mut() {
                Some(last) if last.text == word.text => {
                    last.when = self.logic.store.or(last.when, word.when);
                }
                _ => unique.push(word),
            }
        }
        self.logic.joined(unique)
    }

    fn some_words(&mut self, function: &str, arguments: &[&str]) -> Value {
        let expanded: Vec<Value> = arguments.iter().map(|text| self.expand(text)).collect();
        let Some((list, bounds)) = expanded.split_last() else {
            return Value::new();
        };
        let bounds: Vec<Option<usize>> = bounds
            .iter()
            .map(|bound| self.single(bound).trim().parse().ok())
            .collect();
        let words = self.logic.words(list);
        let (from, to) = match bounds.as_slice() {
            [Some(at)] if function == "word" => (*at, *at),
            [Some(from), Some(to)] if function == "wordlist" => (*from, *to),
            _ => return self.unknown("$(word …)"),
        };
        if (from, to) == (1, 1) {
            return {
                let first = self.first(words);
                self.logic.joined(first)
            };
        }
        if words.iter().any(|word| !word.when.is_true()) {
            return self.unknown("$(word …)");
        }
        self.logic.joined(
            words
                .into_iter()
                .take(to)
                .skip(from.saturating_sub(1))
                .collect(),
        )
    }

    fn over_each(&mut self, function: &str, value: &Value) -> Value {
        let mut words = self.logic.words(value);
        for word in &mut words {
            let text = word.text.as_str();
            let slash = text.rfind('/').map_or(0, |at| at + 1);
            let dot = text[slash..].rfind('.').map(|at| slash + at);
            word.text = match function {
                "dir" if slash == 0 => "./".to_owned(),
                "dir" => text[..slash].to_owned(),
                "notdir" => text[slash..].to_owned(),
                "suffix" => dot.map_or("", |at| &text[at..]).to_owned(),
                "basename" => dot.map_or(text, |at| &text[..at]).to_owned(),
                _ => self.real_path(function, text),
            };
        }
        words.retain(|word| !word.text.is_empty());
        self.logic.joined(words)
    }

    /// Inside the tree a path is its own absolute path; outside, it stays as it is written.
    fn real_path(&self, function: &str, text: &str) -> String {
        let Some(path) = normalize(text) else {
            return text.to_owned();
        };
        let exists = || self.source.is_file(&path) || self.source.is_dir(&path);
        if function == "realpath" && !has_opaque(&path) && !path.is_empty() && !exists() {
            return String::new();
        }
        if path.is_empty() {
            ".".to_owned()
        } else {
            path
        }
    }
}

impl crate::value::Logic<'_> {
    fn resolved_words_if(&mut self, value: &Value, resolve: bool) -> Vec<Word> {
        if resolve {
            self.resolved_words(value)
        } else {
            self.words(value)
        }
    }
}

/// The arguments of a function, split at commas outside of parentheses.
fn arguments(rest: &str) -> Vec<&str> {
    let (mut all, mut left) = (Vec::new(), rest);
    while let Some(comma) = top_level(left, ',') {
        all.push(&left[..comma]);
        left = &left[comma + 1..];
    }
    all.push(left);
    all
}

/// The text of `rest` from argument `at` to its end.
fn rest_from<'a>(rest: &'a str, arguments: &[&str], at: usize) -> &'a str {
    let start: usize = arguments
        .iter()
        .take(at)
        .map(|argument| argument.len() + 1)
        .sum();
    rest.get(start..).unwrap_or("")
}

/// What `%` stands for where `text` fits `pattern`; a pattern without `%` has to be the text.
fn stem<'a>(pattern: &str, text: &'a str) -> Option<&'a str> {
    let Some((before, after)) = pattern.split_once('%') else {
        return (pattern == text).then_some("");
    };
    text.strip_prefix(before)?.strip_suffix(after)
}

fn stem_or_equal(pattern: &str, text: &str) -> bool {
    stem(pattern, text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_argument_keeps_its_commas() {
        let rest = "a,$(b,c),d,e";
        let all = arguments(rest);
        assert_eq!(all, ["a", "$(b,c)", "d", "e"]);
        assert_eq!(rest_from(rest, &all, 2), "d,e");
    }
}
