//! Kconfig's macro language, without ever running anything.
//!
//! ```kconfig
//! cc-option = $(success,$(CC) -Werror $(1) -S -x c /dev/null -o /dev/null)
//! config HAS_X
//! 	def_bool $(cc-option,-mx)
//! ```
//!
//! What a shell or a compiler would answer is not known. Such a text is a *probe*, told by the
//! outermost call as it is written with its arguments expanded: `$(cc-option,-mx)`.

use std::collections::BTreeMap;
use std::sync::Arc;

use text::Name;

use crate::lexer::macro_end;
use crate::syntax::Assignment;

/// What a text expands to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expanded {
    /// A text.
    Plain(String),
    /// Something that a program would have to be run for.
    Probe(String),
}

/// Variables of the files and of the environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables {
    values: BTreeMap<Name, (Assignment, String, bool)>,
    /// What a toolchain answers, by the call with its arguments expanded.
    answers: Arc<BTreeMap<String, String>>,
}

/// Calls inside calls deeper than this are probes: a variable that means itself.
const DEPTH: u32 = 40;

/// Built-in functions whose answer a program gives.
const PROGRAMS: &[&str] = &["shell", "success", "failure", "if-success"];

/// Built-in functions that say something and give nothing.
const MESSAGES: &[&str] = &["info", "warning-if", "error-if"];

impl Variables {
    pub(crate) fn answered(answers: Arc<BTreeMap<String, String>>) -> Variables {
        Variables {
            answers,
            ..Variables::default()
        }
    }

    pub(crate) fn set(&mut self, name: Name, value: &str) {
        self.values
            .insert(name, (Assignment::Simple, value.to_owned(), false));
    }

    pub(crate) fn assign(&mut self, name: Name, how: Assignment, value: &str) {
        match how {
            Assignment::Recursive => {
                self.values.insert(name, (how, value.to_owned(), false));
            }
            Assignment::Simple => {
                let (text, probe) = match self.expand(value) {
                    Expanded::Plain(text) => (text, false),
                    Expanded::Probe(text) => (text, true),
                };
                self.values.insert(name, (how, text, probe));
            }
            Assignment::Append => {
                let (old, before, probe) = self.values.get(&name).cloned().unwrap_or((
                    Assignment::Recursive,
                    String::new(),
                    false,
                ));
                let joined = format!("{before} {value}");
                self.values
                    .insert(name, (old, joined.trim().to_owned(), probe));
            }
        }
    }

    /// `text` with its macros expanded.
    pub(crate) fn expand(&self, text: &str) -> Expanded {
        if text.contains("$(") {
            self.expand_with(text, &[], 0)
        } else {
            Expanded::Plain(text.to_owned())
        }
    }

    fn expand_with(&self, text: &str, args: &[String], depth: u32) -> Expanded {
        let bytes = text.as_bytes();
        let (mut out, mut probe, mut at) = (String::new(), false, 0);
        while let Some(found) = text[at..].find("$(") {
            let start = at + found;
            out.push_str(&text[at..start]);
            let end = macro_end(bytes, start).min(text.len());
            let inner = text.get(start + 2..end.saturating_sub(1)).unwrap_or("");
            match self.call(inner, args, depth) {
                Expanded::Plain(value) => out.push_str(&value),
                Expanded::Probe(value) => {
                    probe = true;
                    out.push_str(&value);
                }
            }
            at = end.max(start + 2).min(text.len());
        }
        out.push_str(&text[at..]);
        if probe {
            Expanded::Probe(out)
        } else {
            Expanded::Plain(out)
        }
    }

    /// The value of `name,arg,arg`: arguments are split before they are expanded.
    fn call(&self, inner: &str, args: &[String], depth: u32) -> Expanded {
        if depth > DEPTH {
            return Expanded::Probe(format!("$({inner})"));
        }
        let parts: Vec<Expanded> = split(inner)
            .into_iter()
            .map(|part| self.expand_with(part, args, depth + 1))
            .collect();
        let texts: Vec<String> = parts
            .iter()
            .map(|part| match part {
                Expanded::Plain(text) | Expanded::Probe(text) => text.clone(),
            })
            .collect();
        let Some(name) = texts.first() else {
            return Expanded::Plain(String::new());
        };
        if let Ok(number) = name.parse::<usize>() {
            return Expanded::Plain(args.get(number).cloned().unwrap_or_default());
        }
        let call = format!("$({})", texts.join(","));
        if let Some(answer) = self.answers.get(&call) {
            return Expanded::Plain(answer.clone());
        }
        let whole = || Expanded::Probe(call.clone());
        if let Some((how, value, probe)) = self.values.get(&Name::new(name)) {
            return match how {
                _ if *probe => Expanded::Probe(value.clone()),
                Assignment::Simple => Expanded::Plain(value.clone()),
                _ => match self.expand_with(value, &texts, depth + 1) {
                    // The outermost call names the probe.
                    Expanded::Probe(_) => whole(),
                    plain @ Expanded::Plain(_) => plain,
                },
            };
        }
        if PROGRAMS.contains(&name.as_str()) {
            return whole();
        }
        if MESSAGES.contains(&name.as_str()) || matches!(name.as_str(), "filename" | "lineno") {
            return Expanded::Plain(String::new());
        }
        // A variable that nobody sets is empty, as in make.
        Expanded::Plain(String::new())
    }
}

/// Splits at commas outside of parentheses.
fn split(inner: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_u32, 0);
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "reads better at each call")]
    fn check(text: &str, expect: Expanded) {
        let mut variables = Variables::default();
        variables.set("SRCARCH".into(), "x86");
        variables.set("comma".into(), ",");
        variables.assign(
            "cc-option".into(),
            Assignment::Recursive,
            "$(success,cc $(1))",
        );
        variables.assign("m32".into(), Assignment::Simple, "-m$(bits)32");
        variables.assign("both".into(), Assignment::Recursive, "[$(1)|$(2)]");
        assert_eq!(variables.expand(text), expect, "{text}");
    }

    #[test]
    fn texts_are_expanded_and_programs_are_not_run() {
        let plain = |text: &str| Expanded::Plain(text.to_owned());
        let probe = |text: &str| Expanded::Probe(text.to_owned());
        check("arch/$(SRCARCH)/Kconfig", plain("arch/x86/Kconfig"));
        check(
            "$(cc-option,$(m32) -a$(comma)b)",
            probe("$(cc-option,-m32 -a,b)"),
        );
        check("$(both,a(b,c),d)", plain("[a(b,c)|d]"));
        check("$(shell,rm -rf /)", probe("$(shell,rm -rf /)"));
        check("a$b $(none)", plain("a$b "));
        check("$(open", plain(""));
    }
}
