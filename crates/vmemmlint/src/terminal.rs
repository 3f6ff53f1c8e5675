//! What the terminal and the environment want of a report.

use std::io::{self, IsTerminal};
use std::path::Path;

use report::{Detail, Drawing, Links, Look, linked};
use rules::Catalog;
use rustix::termios::tcgetwinsize;
use source::Source;
use supports_hyperlinks::Stream;

use crate::arguments::{Color, Scope};

/// Columns of a line where there is no terminal to ask.
const IN_A_PIPE: usize = 100;

/// Lines longer than this are hard to read, however wide the terminal is.
const WIDEST: usize = 140;

/// The look of what goes to standard output.
pub(crate) fn look(color: Color) -> Look {
    let is_terminal = io::stdout().is_terminal();
    let size = tcgetwinsize(io::stdout()).ok();
    let width = size.map(|size| usize::from(size.ws_col));
    let width = width.filter(|&width| width > 0);
    let drawing = drawing(variable);
    // Who has it read aloud wants no escapes, unless they are asked for.
    let is_seen = drawing != Drawing::Narrated || color == Color::Always;
    Look {
        drawing,
        colour: is_seen && colour(color, is_terminal, variable),
        width: width.unwrap_or(IN_A_PIPE).min(WIDEST),
        paths: Detail::Shortest,
    }
}

/// A report for people, with links where it goes to a terminal that is known to have them.
pub(crate) fn with_links(
    text: String,
    (tree, scope): (&Path, &Scope),
    source: &dyn Source,
    catalog: Option<&Catalog>,
) -> String {
    let look = look(scope.color);
    let is_wanted = look.colour && look.drawing != Drawing::Narrated;
    if !is_wanted || !supports_hyperlinks::on(Stream::Stdout) {
        return text;
    }
    // A revision has no files to open.
    let is_directory = scope.version.rev.is_none();
    let folder = tree.canonicalize().ok().filter(|_| is_directory);
    let machine = rustix::system::uname();
    let links = Links {
        host: &machine.nodename().to_string_lossy(),
        folder: folder.as_deref().and_then(|folder| folder.to_str()),
        source,
        rules: catalog.map_or(&[], Catalog::rules),
    };
    linked(&text, &links)
}

/// The look of what goes to a file: without colours, as wide as in a pipe.
pub(crate) fn plain(look: Look) -> Look {
    Look {
        colour: false,
        width: IN_A_PIPE,
        ..look
    }
}

#[expect(clippy::disallowed_methods, reason = "this is a front end")]
fn variable(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?;
    (!value.is_empty()).then(|| value.to_string_lossy().into_owned())
}

/// Drawn where the locale can show it, told in words where the user asks for that.
fn drawing(variable: impl Fn(&str) -> Option<String>) -> Drawing {
    if variable("NO_GRAPHICS").is_some_and(|value| value != "0") {
        return Drawing::Narrated;
    }
    // The first that is set decides, as setlocale() has it.
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(&variable);
    let locale = locale.unwrap_or_default().to_ascii_lowercase();
    let is_dumb = variable("TERM").is_some_and(|term| term == "dumb");
    if !is_dumb && (locale.contains("utf-8") || locale.contains("utf8")) {
        Drawing::Unicode
    } else {
        Drawing::Ascii
    }
}

fn colour(color: Color, is_terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let dumb = variable("TERM").is_none_or(|term| term == "dumb");
            is_terminal && !dumb && variable("NO_COLOR").is_none()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(set: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        |name| {
            set.iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn the_environment_decides_what_is_drawn() {
        let drawn = |set| drawing(environment(set));
        assert_eq!(drawn(&[]), Drawing::Ascii);
        assert_eq!(drawn(&[("LANG", "de_DE.UTF-8")]), Drawing::Unicode);
        assert_eq!(
            drawn(&[("LANG", "C.UTF-8"), ("TERM", "dumb")]),
            Drawing::Ascii
        );
        assert_eq!(
            drawn(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")]),
            Drawing::Ascii
        );
        assert_eq!(
            drawn(&[("LANG", "C.utf8"), ("NO_GRAPHICS", "1")]),
            Drawing::Narrated
        );
        assert_eq!(
            drawn(&[("LANG", "C.utf8"), ("NO_GRAPHICS", "0")]),
            Drawing::Unicode
        );
    }

    #[test]
    fn colours_only_on_a_terminal_that_wants_them() {
        let auto = |terminal, set| colour(Color::Auto, terminal, environment(set));
        assert!(auto(true, &[("TERM", "xterm")]));
        assert!(!auto(false, &[("TERM", "xterm")]));
        assert!(!auto(true, &[("TERM", "xterm"), ("NO_COLOR", "1")]));
        assert!(!auto(true, &[("TERM", "dumb")]));
        assert!(colour(
            Color::Always,
            false,
            environment(&[("NO_COLOR", "1")])
        ));
        assert!(!colour(
            Color::Never,
            true,
            environment(&[("TERM", "xterm")])
        ));
    }
}
