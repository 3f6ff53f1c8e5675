//! Where C asks about the configuration, and which of its macros the text defines itself.
//!
//! ```c
//! #if defined(CONFIG_A) || CONFIG_B > 3	// A, B
//! 	if (IS_ENABLED(CONFIG_C))	// C
//! #define CONFIG_D			// a macro of the driver's own
//! ```
//!
//! Other uses of such a name are not meant: what is not defined there does not compile, unless it is the name of
//! something else.

use memchr::memmem;
use text::{Name, Span};

use crate::directives::{DirectiveKind, Directives, Test, name};
use crate::idioms::OPTION_TESTS;
use crate::lexer::{Lexer, TokenKind, is_word};
use crate::syntax::{Expr, ExprKind};

pub(crate) const PREFIX: &str = "CONFIG_";

/// What a text asks about the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Names without `CONFIG_`, and where they are asked for, in order.
    pub asked: Vec<(Name, Span)>,
    /// Names that are defined or removed as macros.
    pub defined: Vec<Name>,
}

impl Options {
    /// Reads `text`. A name of which `is_known` says yes is passed over where to find it takes long.
    pub fn scan(text: &[u8], is_known: &dyn Fn(&str) -> bool) -> Options {
        let mut options = Options::default();
        if memmem::find(text, PREFIX.as_bytes()).is_none() {
            return options;
        }
        let directives = Directives::scan(text);
        for branch in directives.branches.iter().skip(1) {
            match &branch.test {
                Test::Always => {}
                Test::Defined(name, _) => {
                    let line = &text[branch.at as usize..];
                    let found = memmem::find(line, name.as_bytes()).unwrap_or(0);
                    let start = branch.at as usize + found;
                    options.ask(*name, Span::new(start, start + name.len()));
                }
                Test::Expression(expr) => options.expression(expr),
            }
        }
        options.defined = defined(&directives);
        if is_tested(text, is_known) {
            options.tests(text, &directives);
        }
        options.asked.sort_by_key(|(_, span)| span.start);
        options
    }

    fn ask(&mut self, name: Name, span: Span) {
        if let Some(option) = option(&name) {
            self.asked.push((option.into(), span));
        }
    }

    fn expression(&mut self, expr: &Expr) {
        if let ExprKind::Ident(name) = &expr.kind {
            self.ask(*name, expr.span);
        }
        for part in expr.children() {
            self.expression(part);
        }
    }

    /// Tests outside of conditionals: in code, and in what macros stand for.
    fn tests(&mut self, text: &[u8], directives: &Directives) {
        self.tests_in((0, text), &[]);
        for directive in &directives.list {
            if let DirectiveKind::Define(definition) = &directive.kind {
                let body = (definition.body.start as usize, definition.body.of(text));
                self.tests_in(body, definition.params.as_deref().unwrap_or_default());
            }
        }
    }

    /// A name that is a parameter stands for another.
    fn tests_in(&mut self, (from, part): (usize, &[u8]), params: &[Name]) {
        let mut before = [None, None];
        for token in Lexer::new(part).filter(|token| token.kind != TokenKind::Directive) {
            let word = token.span.of(part);
            if before[1] == Some(&b"("[..]) && is_test(before[0]) {
                let (start, name) = (from + token.span.start as usize, name(word));
                if token.kind == TokenKind::Ident && !params.contains(&name) {
                    self.ask(name, Span::new(start, start + word.len()));
                }
            }
            before = [before[1], Some(word)];
        }
    }
}

/// The names without `CONFIG_` that a text defines or removes as macros.
pub(crate) fn defined(directives: &Directives) -> Vec<Name> {
    let names = directives
        .list
        .iter()
        .filter_map(|directive| match &directive.kind {
            DirectiveKind::Define(definition) => Some(definition.name),
            DirectiveKind::Undef(name) => Some(*name),
            DirectiveKind::Include { .. } => None,
        });
    names
        .filter_map(|name| option(&name).map(Name::new))
        .collect()
}

fn is_test(word: Option<&[u8]>) -> bool {
    word.is_some_and(|word| OPTION_TESTS.iter().any(|test| test.as_bytes() == word))
}

/// Whether a test may ask for something that is not known.
fn is_tested(text: &[u8], is_known: &dyn Fn(&str) -> bool) -> bool {
    memmem::find_iter(text, PREFIX.as_bytes()).any(|at| {
        let before = text[..at].trim_ascii_end();
        let before = before.strip_suffix(b"(").map(<[u8]>::trim_ascii_end);
        let is_asked = before.is_some_and(|before| {
            let mut tests = OPTION_TESTS.iter();
            tests.any(|test| before.ends_with(test.as_bytes()))
        });
        let rest = &text[at..];
        let end = rest.iter().position(|byte| !is_word(*byte));
        let name = String::from_utf8_lossy(&rest[..end.unwrap_or(rest.len())]);
        is_asked && option(&name).is_some_and(|name| !is_known(name))
    })
}

/// The name without its prefix; one that ends in `_` is put together by a macro.
pub(crate) fn option(name: &str) -> Option<&str> {
    let option = name.strip_prefix(PREFIX)?;
    (!option.is_empty() && !option.ends_with('_')).then_some(option)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_and_what_is_defined() {
        let text = b"#if defined(CONFIG_A) || CONFIG_B > 3 /* CONFIG_N */\n#endif\n\
            #define CONFIG_D 1\n#ifndef CONFIG_E // CONFIG_N\n#endif\n\
            // IS_ENABLED(CONFIG_N)\nint f(void) { return IS_ENABLED ( CONFIG_C ) + CONFIG_N; }\n\
            #define f(x, CONFIG_N) IS_ENABLED(CONFIG_##x) + IS_BUILTIN(CONFIG_F) IS_MODULE(CONFIG_N)\n";
        let options = Options::scan(text, &|_| false);
        let asked: Vec<&str> = options
            .asked
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(asked, ["A", "B", "E", "C", "F"]);
        for (name, span) in &options.asked {
            let spelled = String::from_utf8_lossy(span.of(text));
            assert_eq!(spelled.strip_prefix(PREFIX), Some(name.as_str()));
        }
        assert_eq!(options.defined, ["D"]);
        let known = Options::scan(text, &|name| name == "C" || name == "N" || name == "F");
        assert_eq!(known.asked.len(), 3);
    }

    #[test]
    fn torn_text_asks_for_nothing() {
        for text in [
            &b"IS_ENABLED(CONFIG_"[..],
            b"#ifdef CONFIG_",
            b"CONFIG_",
            b"#if CONFIG_\\\n",
        ] {
            assert_eq!(Options::scan(text, &|_| false), Options::default());
        }
    }
}
