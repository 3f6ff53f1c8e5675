//! Runs a makefile without running it: sets variables, follows conditionals both ways, includes.
//!
//! ```make
//! ifdef CONFIG_HUGETLB_PAGE
//! obj-$(CONFIG_PPC_RADIX_MMU) += radix_hugetlbpage.o
//! endif
//! ```
//!
//! Both ways through every `ifdef` are taken at once. A Condition, [`Machine::when`], says in which
//! configurations the present line is read, and every setting is made under it. Rules and recipes
//! are passed over: only variables decide what Kbuild builds.

use std::sync::Arc;

use condition::Condition;
use source::{ReadError, Source};

use crate::Problem;
use crate::lines::{
    Line, Operator, Statement, logical_lines, sides, split, statement, without_comment,
};
use crate::scope::{Part, Scope};
use crate::value::{Logic, Place, Value};

/// Files larger than this are not makefiles.
const LARGEST_FILE: usize = 4 << 20;

/// The state of one make.
pub(crate) struct Machine<'m> {
    pub(crate) source: &'m dyn Source,
    pub(crate) logic: Logic<'m>,
    pub(crate) journal: &'m mut Journal,
    /// What the make that started this one exports.
    pub(crate) outer: &'m Scope,
    pub(crate) scope: Scope,
    /// In which configurations the present line is read.
    pub(crate) when: Condition,
    pub(crate) place: Place,
    /// Arguments of the `$(call …)`s that are being expanded.
    pub(crate) arguments: Vec<Vec<Value>>,
    /// How deep expansions nest.
    pub(crate) depth: usize,
    /// Bytes expanded so far.
    pub(crate) effort: usize,
    /// The files that are being read, the outermost first.
    pub(crate) includes: Vec<String>,
    /// How many files were included so far.
    pub(crate) included: usize,
}

/// What was read, and what went wrong.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    pub(crate) files: Vec<String>,
    pub(crate) problems: Vec<Problem>,
}

impl Journal {
    pub(crate) fn file(&mut self, path: &str) -> u32 {
        let known = self.files.iter().rposition(|file| file == path);
        let number = known.unwrap_or_else(|| {
            self.files.push(path.to_owned());
            self.files.len() - 1
        });
        u32::try_from(number).unwrap_or(u32::MAX)
    }

    pub(crate) fn name(&self, place: Place) -> &str {
        self.files
            .get(place.file as usize)
            .map_or("", String::as_str)
    }

    pub(crate) fn problem(&mut self, place: Place, message: String, breaks: bool) {
        let file = self.name(place).to_owned();
        let problem = Problem {
            breaks,
            file,
            line: place.line,
            message,
        };
        // The same line may be read for several directories.
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

/// One open `ifdef`.
struct Frame {
    /// Where the whole conditional is read.
    outer: Condition,
    /// When one of its branches so far was taken.
    taken: Condition,
    has_else: bool,
    line: u32,
}

impl<'m> Machine<'m> {
    pub(crate) fn new(
        source: &'m dyn Source,
        logic: Logic<'m>,
        journal: &'m mut Journal,
        outer: &'m Scope,
        scope: Scope,
    ) -> Machine<'m> {
        Machine {
            source,
            logic,
            journal,
            outer,
            scope,
            when: Condition::TRUE,
            place: Place::default(),
            arguments: Vec::new(),
            depth: 0,
            effort: 0,
            includes: Vec::new(),
            included: 0,
        }
    }

    pub(crate) fn problem(&mut self, message: impl Into<String>) {
        self.journal.problem(self.place, message.into(), false);
    }

    /// Notes what make itself would refuse.
    pub(crate) fn broken(&mut self, message: impl Into<String>) {
        self.journal.problem(self.place, message.into(), true);
    }

    /// Whether `path` was included on the way.
    pub(crate) fn has_read(&self, path: &str) -> bool {
        self.journal.files.iter().any(|file| file == path)
    }

    /// Reads the makefile `path`.
    pub(crate) fn run_file(&mut self, path: &str) -> Result<(), ReadError> {
        let bytes = self.source.read(path)?;
        let before = self.place;
        self.place = Place {
            file: self.journal.file(path),
            line: 1,
        };
        if bytes.len() > LARGEST_FILE {
            self.problem("is too large for a makefile, not read");
        } else {
            self.includes.push(path.to_owned());
            self.run_lines(&logical_lines(&bytes), None);
            self.includes.pop();
        }
        self.place = before;
        Ok(())
    }

    /// Reads lines that an `$(eval …)` made.
    pub(crate) fn run_text(&mut self, text: &str) {
        let before = self.place;
        self.run_lines(&split(text), Some(before.line));
        self.place = before;
    }

    fn run_lines(&mut self, lines: &[Line], fixed_line: Option<u32>) {
        let start = self.when;
        let mut frames: Vec<Frame> = Vec::new();
        let mut in_rule = false;
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            at += 1;
            self.place.line = fixed_line.unwrap_or(line.number);
            if line.tab && in_rule {
                continue;
            }
            let text = without_comment(&line.text);
            if text.is_empty() {
                continue;
            }
            match statement(&text) {
                Statement::Directive {
                    word: word @ ("ifdef" | "ifndef" | "ifeq" | "ifneq" | "else" | "endif"),
                    rest,
                } => {
                    self.conditional(word, rest, &mut frames);
                }
                Statement::Directive {
                    word: "define",
                    rest,
                } => {
                    at = self.define(lines, at, rest);
                    in_rule = false;
                }
                _ if self.when.is_false() => {}
                Statement::Rule => in_rule = true,
                Statement::Assign {
                    name,
                    operator,
                    value,
                } => {
                    self.assign(name, operator, value, false);
                    in_rule = false;
                }
                Statement::Directive { word, rest } => {
                    self.directive(word, rest);
                    in_rule = false;
                }
                Statement::Other(text) => {
                    self.expand(text);
                }
            }
        }
        if let Some(frame) = frames.last() {
            self.place.line = fixed_line.unwrap_or(frame.line);
            self.broken("this conditional has no endif");
        }
        self.when = start;
    }

    fn conditional(&mut self, word: &str, rest: &str, frames: &mut Vec<Frame>) {
        match word {
            "else" => self.otherwise(rest, frames),
            "endif" => match frames.pop() {
                Some(frame) => self.when = frame.outer,
                None => self.broken("endif without a conditional"),
            },
            test => {
                let outer = self.when;
                let taken = self.test(test, rest);
                let line = self.place.line;
                frames.push(Frame {
                    outer,
                    taken,
                    has_else: false,
                    line,
                });
                self.when = self.logic.both(outer, taken);
            }
        }
    }

    fn otherwise(&mut self, rest: &str, frames: &mut [Frame]) {
        let Some(frame) = frames.last_mut() else {
            self.broken("else without a conditional");
            return;
        };
        if frame.has_else {
            self.broken("a second else of one conditional");
            return;
        }
        let (outer, taken) = (frame.outer, frame.taken);
        frame.has_else = rest.is_empty();
        self.when = self.logic.both(outer, !taken);
        if rest.is_empty() {
            return;
        }
        let (word, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let here = self.test(word, rest);
        self.when = self.logic.both(self.when, here);
        let taken = self.logic.store.or(taken, here);
        if let Some(frame) = frames.last_mut() {
            frame.taken = taken;
        }
    }

    /// When the conditional `word rest` holds.
    fn test(&mut self, word: &str, rest: &str) -> Condition {
        if self.when.is_false() {
            return Condition::FALSE;
        }
        match word {
            "ifdef" | "ifndef" => {
                let name = self.expand(rest.trim());
                let mut any = Condition::FALSE;
                for (when, name) in self.logic.resolved_alternatives(&name) {
                    let set = self.is_set(name.trim());
                    let set = self.logic.both(when, set);
                    any = self.logic.store.or(any, set);
                }
                if word == "ifdef" { any } else { !any }
            }
            "ifeq" | "ifneq" => {
                let Some((a, b)) = sides(rest) else {
                    self.broken(format!("{word} needs two values to compare"));
                    return Condition::FALSE;
                };
                let (a, b) = (self.expand(a), self.expand(b));
                let same = self.same(&a, &b);
                if word == "ifeq" { same } else { !same }
            }
            _ => {
                self.problem(format!("`{word}` is no conditional"));
                Condition::FALSE
            }
        }
    }

    fn same(&mut self, a: &Value, b: &Value) -> Condition {
        // A pair of values is compared alternative by alternative.
        let (a, b) = (self.logic.alternatives(a), self.logic.alternatives(b));
        let mut any = Condition::FALSE;
        for (when_a, a) in &a {
            for (when_b, b) in &b {
                let when = self.logic.both(*when_a, *when_b);
                if when.is_false() {
                    continue;
                }
                let equal = self.logic.equal(a.trim(), b.trim());
                let here = self.logic.both(when, equal);
                any = self.logic.store.or(any, here);
            }
        }
        any
    }

    /// When variable `name` has a value: what `ifdef` asks. As in make, the value is not expanded.
    fn is_set(&mut self, name: &str) -> Condition {
        let Some(variable) = self.scope.get(name).or_else(|| self.outer.get(name)) else {
            return match name.strip_prefix("CONFIG_") {
                Some(symbol) => self.logic.store.enabled(symbol),
                None => Condition::FALSE,
            };
        };
        let mut any = Condition::FALSE;
        for part in variable.parts.clone() {
            let here = match part {
                Part::Ready(fragment) => self.logic.nonempty(&vec![fragment]),
                Part::Raw { when, text, .. } if !text.trim().is_empty() => when,
                Part::Raw { .. } => continue,
            };
            any = self.logic.store.or(any, here);
        }
        any
    }

    /// Reads `define name … endef`, from line `at`; answers the first line behind it.
    fn define(&mut self, lines: &[Line], mut at: usize, rest: &str) -> usize {
        let (mut body, mut open) = (String::new(), 1);
        while let Some(line) = lines.get(at) {
            at += 1;
            match line.text.split_whitespace().next() {
                Some("define") => open += 1,
                Some("endef") => open -= 1,
                _ => {}
            }
            if open == 0 {
                break;
            }
            body.push_str(if line.tab { "\t" } else { "" });
            body.push_str(&line.text);
            body.push('\n');
        }
        if open > 0 {
            self.broken("define without endef");
        }
        let name = rest.trim_end_matches(['=', ':', '?', '+']).trim();
        if !name.is_empty() && !self.when.is_false() {
            let operator = match &rest[name.len()..].trim() {
                op if op.starts_with(':') => Operator::Simple,
                op if op.starts_with('+') => Operator::Append,
                op if op.starts_with('?') => Operator::Default,
                _ => Operator::Recursive,
            };
            self.assign(name, operator, body.trim_end(), false);
        }
        at
    }

    fn directive(&mut self, word: &str, rest: &str) {
        match word {
            "include" => self.include(rest, true),
            "-include" | "sinclude" => self.include(rest, false),
            "export" => match statement(rest) {
                Statement::Assign {
                    name,
                    operator,
                    value,
                } => self.assign(name, operator, value, true),
                _ => self.export(rest, true),
            },
            "unexport" => self.export(rest, false),
            "override" => match statement(rest) {
                Statement::Assign {
                    name,
                    operator,
                    value,
                } => self.assign(name, operator, value, false),
                Statement::Directive {
                    word: "undefine",
                    rest,
                } => self.directive("undefine", rest),
                _ => {}
            },
            "undefine" => self.assign(rest, Operator::Simple, "", false),
            _ => {}
        }
    }

    fn export(&mut self, names: &str, exported: bool) {
        if names.is_empty() {
            self.scope.exports_all = exported;
        }
        let names = self.expand(names);
        for word in self.logic.resolved_words(&names) {
            self.own(&word.text);
            self.scope.entry(&word.text).exported = exported;
        }
    }

    /// Copies a variable of the outer make, so that it can be changed here.
    fn own(&mut self, name: &str) {
        if self.scope.get(name).is_none()
            && let Some(variable) = self.outer.get(name)
        {
            *self.scope.entry(name) = variable.clone();
        }
    }

    /// Carries out `name operator value`.
    fn assign(&mut self, name: &str, operator: Operator, value: &str, export: bool) {
        let name = self.expand(name);
        for (also, name) in self.logic.resolved_alternatives(&name) {
            let name = name.trim();
            let when = self.logic.both(self.when, also);
            if name.is_empty() || when.is_false() {
                continue;
            }
            self.own(name);
            if !self.scope.entry(name).fixed {
                self.set(name, operator, value, when);
            }
            self.scope.entry(name).exported |= export;
        }
    }

    fn set(&mut self, name: &str, operator: Operator, value: &str, when: Condition) {
        let variable = self.scope.entry(name);
        let (recursive, is_set) = (variable.recursive, variable.is_set());
        let raw = match operator {
            Operator::Recursive | Operator::Default => true,
            Operator::Simple | Operator::Shell => false,
            Operator::Append => recursive || !is_set,
        };
        let when = match operator {
            Operator::Default => {
                let defined = variable.defined(self.logic.store);
                self.logic.both(when, !defined)
            }
            _ => when,
        };
        if when.is_false() {
            return;
        }
        let place = self.place;
        let mut value = match (operator, raw) {
            (_, true) => vec![Part::Raw {
                when,
                text: Arc::from(value),
                place,
            }],
            (Operator::Shell, _) => {
                let unknown = self.logic.unknown(&format!("$(shell {value})"));
                crate::value::plain(&unknown, place)
                    .into_iter()
                    .map(Part::Ready)
                    .collect()
            }
            _ => {
                let value = self.expand(value);
                self.logic
                    .guard(value, when)
                    .into_iter()
                    .map(Part::Ready)
                    .collect()
            }
        };
        let variable = self.scope.entry(name);
        if operator == Operator::Append {
            variable.set(when);
            if !variable.parts.is_empty() {
                let blank = crate::value::plain(" ", place);
                variable.push(blank);
            }
        } else {
            variable.clear(when, &mut self.logic);
        }
        variable.recursive = raw;
        variable.parts.append(&mut value);
    }
}
