//! Kconfig's macro language, without ever running anything.
//!
//! ```kconfig
//! cc-option = $(success,$(CC) -Werror $(1) -S -x c /dev/null -o /dev/null)
//! config HAS_X
//! 	def_bool $(cc-option,-mx)
//! ```
//!
//! What a shell or a compiler would answer is not known. Such a text is a *probe*, told by the
//! outermost call as it is written with its arguments expanded: `$(cc-option,-mx)`. All else is as
//! `scripts/kconfig/preprocess.c` has it: variables before functions before the environment.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use text::Name;

use crate::lexer::macro_end;
use crate::syntax::{Assignment, Severity};
use crate::toolchain::Toolchain;

/// What a text expands to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expanded {
    /// A text.
    Plain(String),
    /// Something that a program would have to be run for.
    Probe(String),
}

impl Expanded {
    fn text(&self) -> &str {
        match self {
            Expanded::Plain(text) | Expanded::Probe(text) => text,
        }
    }
}

/// Variables of the files and of the environment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Variables {
    /// What each was set to, and when, as far as somebody may still ask.
    set: FxHashMap<Name, Vec<(Version, Variable)>>,
    now: Version,
    /// The newest version that somebody will ask for again.
    held: Version,
    /// Seen where the files set no variable of the name.
    environment: BTreeMap<Name, String>,
    toolchain: Toolchain,
}

/// How often variables had been set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u32);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Variable {
    /// Whether it is expanded at each use.
    recursive: bool,
    value: Expanded,
}

/// Calls nest no deeper than this.
const DEPTH: usize = 100;

/// One text makes no more calls, nor letters, than this: a few lines can ask for any number.
const CALLS: usize = 100_000;
const LETTERS: usize = 1_000_000;

/// A call has no more parts than this, its name included.
const PARTS: usize = 16;

/// The functions that every tree has, and how many arguments each takes.
const FUNCTIONS: [(&str, usize); 6] = [
    ("error-if", 2),
    ("filename", 0),
    ("info", 1),
    ("lineno", 0),
    ("shell", 1),
    ("warning-if", 2),
];

/// A line of a file in which macros are expanded, and what they say there.
pub(crate) struct Line<'p> {
    /// The file.
    pub(crate) file: &'p str,
    /// Its line, from 1.
    pub(crate) number: u32,
    /// What is said so far.
    pub(crate) said: Vec<(Severity, String)>,
}

impl<'p> Line<'p> {
    pub(crate) fn new(file: &'p str, number: u32) -> Line<'p> {
        Line {
            file,
            number,
            said: Vec::new(),
        }
    }

    fn error(&mut self, message: String) {
        self.said.push((Severity::Error, message));
    }
}

impl Variables {
    pub(crate) fn new(environment: BTreeMap<Name, String>, toolchain: Toolchain) -> Variables {
        Variables {
            environment,
            toolchain,
            ..Variables::default()
        }
    }

    /// All as it is now.
    pub(crate) fn now(&self) -> Version {
        self.now
    }

    /// All as it is now, for those who come back to it.
    pub(crate) fn hold(&mut self) -> Version {
        self.held = self.now;
        self.now
    }

    fn get(&self, name: Name, version: Version) -> Option<&Variable> {
        let values = self.set.get(&name)?;
        let known = values.partition_point(|(since, _)| *since <= version);
        values[..known].last().map(|(_, value)| value)
    }

    pub(crate) fn assign(&mut self, name: Name, how: Assignment, value: &str, line: &mut Line<'_>) {
        let old = match how {
            Assignment::Append => self.get(name, self.now),
            Assignment::Recursive | Assignment::Simple => None,
        };
        // What is added to is expanded as it was; what is not there yet is expanded at each use.
        let recursive = old.map_or(how != Assignment::Simple, |old| old.recursive);
        let mut value = if recursive {
            Expanded::Plain(value.to_owned())
        } else {
            self.expand(value, self.now, line)
        };
        if let Some(old) = old {
            let text = format!("{} {}", old.value.text(), value.text());
            value = match (&old.value, value) {
                (Expanded::Plain(_), Expanded::Plain(_)) => Expanded::Plain(text),
                _ => Expanded::Probe(text),
            };
        }
        self.now.0 += 1;
        let values = self.set.entry(name).or_default();
        if values.last().is_some_and(|(since, _)| *since > self.held) {
            values.pop();
        }
        values.push((self.now, Variable { recursive, value }));
    }

    /// `text` with its macros expanded.
    pub(crate) fn expand(&self, text: &str, version: Version, line: &mut Line<'_>) -> Expanded {
        let mut expansion = Expansion {
            variables: self,
            version,
            line,
            within: Vec::new(),
            open: 0,
            left: Some(CALLS),
        };
        expansion.expand(text, &[])
    }
}

struct Expansion<'v, 'l, 'p> {
    variables: &'v Variables,
    version: Version,
    line: &'l mut Line<'p>,
    /// The variables that are being expanded, outermost first.
    within: Vec<Name>,
    /// How many calls are open.
    open: usize,
    /// How many calls there may still be; none where it was given up.
    left: Option<usize>,
}

impl Expansion<'_, '_, '_> {
    fn expand(&mut self, text: &str, args: &[Expanded]) -> Expanded {
        let (mut out, mut probe, mut at) = (String::new(), false, 0);
        while let Some(found) = text[at..].find("$(") {
            let start = at + found;
            out.push_str(&text[at..start]);
            let (end, closed) = macro_end(text.as_bytes(), start);
            if !closed {
                self.line.error("$( is not closed in its line".to_owned());
                return Expanded::Plain(out);
            }
            let value = self.call(&text[start + 2..end - 1], args);
            probe |= matches!(value, Expanded::Probe(_));
            out.push_str(value.text());
            if out.len() > LETTERS && self.left.take().is_some() {
                self.line.error("macros go too far here".to_owned());
            }
            at = end;
        }
        out.push_str(&text[at..]);
        if probe {
            Expanded::Probe(out)
        } else {
            Expanded::Plain(out)
        }
    }

    /// The value of `name,arg,arg`: arguments are split before they are expanded.
    fn call(&mut self, inner: &str, args: &[Expanded]) -> Expanded {
        self.left = self.left.and_then(|left| {
            let left = left.checked_sub(1).filter(|_| self.open <= DEPTH);
            if left.is_none() {
                self.line.error("macros go too far here".to_owned());
            }
            left
        });
        if self.left.is_none() {
            return Expanded::Plain(String::new());
        }
        self.open += 1;
        let value = self.called(inner, args);
        self.open -= 1;
        value
    }

    fn called(&mut self, inner: &str, args: &[Expanded]) -> Expanded {
        if let Ok(number @ 1..) = inner.parse::<usize>()
            && let Some(argument) = args.get(number - 1)
        {
            return argument.clone();
        }
        let parts = split(inner);
        if parts.len() > PARTS {
            self.line
                .error(format!("$({inner}) has too many arguments"));
            return Expanded::Plain(String::new());
        }
        let parts: Vec<_> = parts
            .into_iter()
            .map(|part| self.expand(part, args))
            .collect();
        let texts: Vec<_> = parts.iter().map(Expanded::text).collect();
        let call = format!("$({})", texts.join(","));
        if let Some(answer) = self.variables.toolchain.answer(&call) {
            return Expanded::Plain(answer.to_owned());
        }
        let Some((name, args)) = parts.split_first() else {
            return Expanded::Plain(String::new());
        };
        let name = name.text();
        if let Some(variable) = self.variables.get(Name::new(name), self.version) {
            return self.variable(Name::new(name), variable, args, call);
        }
        if let Some((_, takes)) = FUNCTIONS.iter().find(|(known, _)| *known == name) {
            return self.function(name, *takes, args, call);
        }
        // What nobody sets is empty, as in make.
        let value = args
            .is_empty()
            .then(|| self.variables.environment.get(&Name::new(name)));
        Expanded::Plain(value.flatten().cloned().unwrap_or_default())
    }

    fn variable(
        &mut self,
        name: Name,
        variable: &Variable,
        args: &[Expanded],
        call: String,
    ) -> Expanded {
        if !variable.recursive {
            return variable.value.clone();
        }
        // A function may call itself, a variable may not hold itself.
        if self.within.len() > DEPTH || (args.is_empty() && self.within.contains(&name)) {
            self.line.error(format!("the variable {name} holds itself"));
            return Expanded::Plain(String::new());
        }
        self.within.push(name);
        let value = self.expand(variable.value.text(), args);
        self.within.pop();
        match value {
            // The outermost call names the probe.
            Expanded::Probe(_) => Expanded::Probe(call),
            plain @ Expanded::Plain(_) => plain,
        }
    }

    fn function(&mut self, name: &str, takes: usize, args: &[Expanded], call: String) -> Expanded {
        let nothing = Expanded::Plain(String::new());
        if args.len() != takes {
            let many = if args.len() < takes { "few" } else { "many" };
            let message = format!("{call} has too {many} arguments; {name} takes {takes}");
            self.line.error(message);
            return nothing;
        }
        let text = |n: usize| args.get(n).map_or("", Expanded::text);
        let holds = args.first() == Some(&Expanded::Plain("y".to_owned()));
        match name {
            "shell" => return Expanded::Probe(call),
            "filename" => return Expanded::Plain(self.line.file.to_owned()),
            "lineno" => return Expanded::Plain(self.line.number.to_string()),
            "info" => self.line.said.push((Severity::Info, text(0).to_owned())),
            "error-if" if holds => self.line.error(text(1).to_owned()),
            "warning-if" if holds => self.line.said.push((Severity::Warning, text(1).to_owned())),
            _ => {}
        }
        nothing
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

/// Whether a text has macros to expand.
pub(crate) fn has_macros(text: &str) -> bool {
    // Few texts have a dollar, and one byte is found faster than two.
    text.as_bytes().contains(&b'$') && text.contains("$(")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Variables {
        let environment = [("SRCARCH", "x86"), ("both", "hidden")];
        let environment = environment.map(|(name, value)| (name.into(), value.to_owned()));
        let toolchain = "$(shell,echo 1) = 1\n".parse().expect("an answer");
        let mut variables = Variables::new(environment.into(), toolchain);
        let line = &mut Line::new("Kconfig", 1);
        for (name, how, value) in [
            ("comma", Assignment::Recursive, ","),
            ("success", Assignment::Recursive, "$(if-success,$(1),y,n)"),
            (
                "if-success",
                Assignment::Recursive,
                "$(shell,{ $(1); } >/dev/null 2>&1 && echo \"$(2)\" || echo \"$(3)\")",
            ),
            ("cc-option", Assignment::Recursive, "$(success,cc $(1))"),
            ("m32", Assignment::Simple, "-m$(bits)32"),
            ("m32", Assignment::Append, "-q$(m32)"),
            ("both", Assignment::Recursive, "[$(1)|$(2)|$(0)]"),
            ("late", Assignment::Append, "$(SRCARCH)"),
            ("late", Assignment::Append, "$(m32)"),
            ("itself", Assignment::Recursive, "a$(other)"),
            ("other", Assignment::Recursive, "b$(itself)"),
        ] {
            variables.assign(name.into(), how, value, line);
        }
        assert_eq!(line.said, []);
        variables
    }

    #[test]
    fn texts_are_expanded_and_programs_are_not_run() {
        let variables = tree();
        let check = |text: &str, expect: Expanded| {
            let mut line = Line::new("mm/Kconfig", 7);
            assert_eq!(
                variables.expand(text, variables.now(), &mut line),
                expect,
                "{text}"
            );
            assert_eq!(line.said, [], "{text}");
        };
        let plain = |text: &str| Expanded::Plain(text.to_owned());
        let probe = |text: &str| Expanded::Probe(text.to_owned());
        check("arch/$(SRCARCH)/Kconfig", plain("arch/x86/Kconfig"));
        check("$(SRCARCH,x)", plain(""));
        check(
            "$(cc-option,$(m32) -a$(comma)b)",
            probe("$(cc-option,-m32 -q-m32 -a,b)"),
        );
        check("$(both,a(b,c),d)", plain("[a(b,c)|d|]"));
        check("$(both,$(both,1,2),$(comma))", plain("[[1|2|]|,|]"));
        check("$(late)", plain("x86 -m32 -q-m32"));
        check("$(shell,rm -rf /)", probe("$(shell,rm -rf /)"));
        check("a $(shell,echo 1)", plain("a 1"));
        check("$(filename):$(lineno)", plain("mm/Kconfig:7"));
        check("a$b $(none)", plain("a$b "));
        check("$(error-if,$(success,true),no)", plain(""));
    }

    #[test]
    fn those_who_come_back_find_variables_as_they_were() {
        let (mut variables, mut versions) = (Variables::default(), Vec::new());
        let line = &mut Line::new("Kconfig", 1);
        for number in 0..6 {
            let value = number.to_string();
            variables.assign("v".into(), Assignment::Append, &value, line);
            if number % 2 == 1 {
                versions.push(variables.hold());
            }
        }
        let told: Vec<Expanded> = versions
            .iter()
            .map(|version| variables.expand("$(v)", *version, line))
            .collect();
        let expected = ["0 1", "0 1 2 3", "0 1 2 3 4 5"];
        assert_eq!(told, expected.map(|text| Expanded::Plain(text.to_owned())));
        // Nobody came back to what was set in between.
        assert_eq!(variables.set[&Name::new("v")].len(), 3);
    }

    #[test]
    fn what_macros_say_is_heard() {
        let variables = tree();
        let check = |text: &str, severity: Severity, message: &str| {
            let mut line = Line::new("Kconfig", 1);
            variables.expand(text, variables.now(), &mut line);
            assert_eq!(line.said, [(severity, message.to_owned())], "{text}");
        };
        check("$(info,hello)", Severity::Info, "hello");
        check("$(warning-if,y,odd)", Severity::Warning, "odd");
        check("$(error-if,y,no $(SRCARCH))", Severity::Error, "no x86");
        check("$(open", Severity::Error, "$( is not closed in its line");
        check(
            "$(itself)",
            Severity::Error,
            "the variable itself holds itself",
        );
        check(
            "$(info)",
            Severity::Error,
            "$(info) has too few arguments; info takes 1",
        );
        check(
            "$(lineno,1)",
            Severity::Error,
            "$(lineno,1) has too many arguments; lineno takes 0",
        );
    }
}
