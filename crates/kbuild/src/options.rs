//! Where a makefile asks about the configuration, and which of its variables the text sets itself.
//!
//! ```make
//! obj-$(CONFIG_A) += a.o		# A
//! ifdef CONFIG_B			# B
//! ccflags-y += -DCONFIG_C		# a macro of the driver's own
//! ```

use memchr::memmem;
use text::{Name, Span};

const PREFIX: &[u8] = b"CONFIG_";

/// What a makefile asks about the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Names without `CONFIG_`, and where they are asked for, in order.
    pub asked: Vec<(Name, Span)>,
    /// Names that it sets as variables, or as macros for the compiler.
    pub defined: Vec<Name>,
}

impl Options {
    /// Reads the text of a makefile.
    pub fn scan(text: &[u8]) -> Options {
        let mut options = Options::default();
        let mut start = 0;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            options.line(start, without_comment(line));
            start += line.len();
        }
        options
    }

    fn line(&mut self, start: usize, line: &[u8]) {
        for at in memmem::find_iter(line, PREFIX) {
            let (before, rest) = (&line[..at], &line[at + PREFIX.len()..]);
            let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            let end = rest.iter().position(|byte| !is_word(byte));
            let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
            // A name that goes on with a variable is none by itself.
            if word.is_empty() || word.ends_with(b"_") || after.starts_with(b"$") {
                continue;
            }
            let name = Name::of_bytes(word);
            let first = before.trim_ascii();
            let is_conditional =
                matches!(first, b"ifdef" | b"ifndef" | b"else ifdef" | b"else ifndef");
            let is_set = first.is_empty() || matches!(first, b"export" | b"override");
            if before.ends_with(b"$(") || before.ends_with(b"${") || is_conditional {
                let at = start + at;
                let span = Span::new(at, at + PREFIX.len() + word.len());
                self.asked.push((name, span));
            } else if before.ends_with(b"-D") || (is_set && is_assigned(after)) {
                self.defined.push(name);
            }
        }
    }
}

fn is_assigned(after: &[u8]) -> bool {
    let after = after.trim_ascii_start();
    let operators: [&[u8]; 5] = [b"=", b":=", b"::=", b"?=", b"+="];
    operators.iter().any(|operator| after.starts_with(operator))
}

/// A line up to its comment.
fn without_comment(line: &[u8]) -> &[u8] {
    let mut marks = memchr::memchr_iter(b'#', line);
    let comment = marks.find(|at| !line[..*at].ends_with(b"\\"));
    &line[..comment.unwrap_or(line.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_and_what_is_set() {
        let text = b"obj-$(CONFIG_A) += a.o # $(CONFIG_N)\nifdef CONFIG_B\nendif\n\
            ifeq ($(CONFIG_C:\"%\"=%),${CONFIG_D})\nendif\nCONFIG_E := y\nccflags-y += -DCONFIG_F=1\n\
            x = $(CONFIG_N_$(BITS)) CONFIG_N\n";
        let options = Options::scan(text);
        let asked: Vec<&str> = options
            .asked
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(asked, ["A", "B", "C", "D"]);
        assert_eq!(options.defined, ["E", "F"]);
        for (name, span) in &options.asked {
            assert_eq!(span.of(text), format!("CONFIG_{name}").as_bytes());
        }
    }
}
