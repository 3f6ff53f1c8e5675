//! How a report looks: chosen by the front end, which knows the terminal and the environment.

use miette::{GraphicalTheme, ThemeCharacters, ThemeStyles};

/// What lines and arrows are drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawing {
    /// Box drawing characters.
    Unicode,
    /// ASCII only.
    Ascii,
    /// Nothing is drawn: words only, for screen readers and braille lines.
    Narrated,
}

/// How much of its paths a finding tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// One in full, and the shortest of each other kind of entry.
    #[default]
    Shortest,
    /// The entries and the calls of all.
    All,
}

/// How a report looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// What lines and arrows are drawn with.
    pub drawing: Drawing,
    /// Whether there are colours.
    pub colour: bool,
    /// Columns that a line may take; taken as 40 where it is less.
    pub width: usize,
    /// How much is told of paths.
    pub paths: Detail,
}

impl Look {
    /// Columns that a line may take.
    pub(crate) fn columns(&self) -> usize {
        self.width.max(40)
    }

    /// What stands for text that is left out.
    pub(crate) fn ellipsis(&self) -> &'static str {
        match self.drawing {
            Drawing::Unicode => "…",
            Drawing::Ascii | Drawing::Narrated => "...",
        }
    }

    /// The theme for miette, which would otherwise ask the environment by itself.
    pub(crate) fn theme(&self) -> GraphicalTheme {
        GraphicalTheme {
            characters: match self.drawing {
                Drawing::Unicode => ThemeCharacters::unicode(),
                Drawing::Ascii | Drawing::Narrated => ThemeCharacters::ascii(),
            },
            styles: if self.colour {
                ThemeStyles::ansi()
            } else {
                ThemeStyles::none()
            },
        }
    }
}
