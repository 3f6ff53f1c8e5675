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
            let words: Vec<&[u8]> = before
                .split(u8::is_ascii_whitespace)
                .filter(|w| !w.is_empty())
                .collect();
            let is_conditional = matches!(
                words.as_slice(),
                [b"ifdef" | b"ifndef"] | [b"else", b"ifdef" | b"ifndef"]
            );
            let is_variable = before.ends_with(b"$(") || before.ends_with(b"${");
            // To a shell the variable is its own.
            let is_shell = before.ends_with(b"$$(") || before.ends_with(b"$${");
            if is_conditional || (is_variable && !is_shell) {
                let at = start + at;
                let span = Span::new(at, at + PREFIX.len() + word.len());
                self.asked.push((name, span));
            } else if before.ends_with(b"-D") || words == [b"define"] || is_assigned(after) {
                self.defined.push(name);
            }
        }
    }
}

fn is_assigned(after: &[u8]) -> bool {
    let after = after.trim_ascii_start();
    let operators: [&[u8]; 6] = [b"=", b":=", b"::=", b"?=", b"+=", b"!="];
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
            x = $(CONFIG_N_$(BITS)) CONFIG_N $${CONFIG_N}\na.o: CONFIG_G := y\ndefine CONFIG_H\nendef\n\
            else  ifdef CONFIG_I\n";
        let options = Options::scan(text);
        let asked: Vec<&str> = options
            .asked
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(asked, ["A", "B", "C", "D", "I"]);
        assert_eq!(options.defined, ["E", "F", "G", "H"]);
        for (name, span) in &options.asked {
            assert_eq!(span.of(text), format!("CONFIG_{name}").as_bytes());
        }
    }
}
