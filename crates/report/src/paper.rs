//! Where a report is written: miette's renderings and our own lines between them, in one look.

use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, LabeledSpan, NarratableReportHandler, Severity, SourceCode,
};
use owo_colors::{OwoColorize, Style};
use textwrap::{Options, WordSeparator, WordSplitter};

use crate::clean;
use crate::excerpt::Excerpt;
use crate::look::{Drawing, Look};

/// A text that grows from top to bottom.
pub(crate) struct Paper<'a> {
    look: &'a Look,
    text: String,
}

/// What miette shows: a message over an excerpt.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) code: Option<String>,
    pub(crate) severity: Severity,
    pub(crate) message: String,
    pub(crate) excerpt: Option<Excerpt>,
    pub(crate) label: Option<String>,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl Diagnostic for Shown {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code
            .as_ref()
            .map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt
            .as_ref()
            .map(|excerpt| excerpt as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let excerpt = self.excerpt.as_ref()?;
        let label = LabeledSpan::new_primary_with_span(self.label.clone(), excerpt.span());
        Some(Box::new(std::iter::once(label)))
    }
}

impl<'a> Paper<'a> {
    /// An empty one.
    pub(crate) fn new(look: &'a Look) -> Paper<'a> {
        let text = String::new();
        Paper { look, text }
    }

    /// What was written.
    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// The look of this text.
    pub(crate) fn look(&self) -> &'a Look {
        self.look
    }

    /// Writes what miette makes of `shown`.
    pub(crate) fn show(&mut self, shown: &Shown) {
        let mut part = String::new();
        let done = match self.look.drawing {
            Drawing::Narrated => NarratableReportHandler::new()
                .without_cause_chain()
                .render_report(&mut part, shown),
            Drawing::Unicode | Drawing::Ascii => self.graphical().render_report(&mut part, shown),
        };
        // miette fails only where a source code cannot be read, and an excerpt always can.
        debug_assert!(done.is_ok(), "an excerpt was not readable");
        for line in part.lines() {
            self.line(line.trim_end());
        }
    }

    fn graphical(&self) -> GraphicalReportHandler {
        GraphicalReportHandler::new_themed(self.look.theme())
            .with_links(false)
            .with_width(self.look.columns())
            .with_word_separator(WordSeparator::AsciiSpace)
            // Else `vmemmap-populate.c` would be divided at its hyphen.
            .with_word_splitter(WordSplitter::NoHyphenation)
            .without_syntax_highlighting()
    }

    /// One line as it is.
    pub(crate) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// `name: text`, wrapped, as miette writes its help.
    pub(crate) fn section(&mut self, name: &str, text: &str) {
        let head = format!("  {}: ", self.styled(name, self.look.theme().styles.help));
        let indent = " ".repeat(clean::width(name) + 4);
        let wrapped = textwrap::fill(text, self.options(&head, &indent));
        self.line(&wrapped);
    }

    /// `text` behind `head`, wrapped under itself.
    pub(crate) fn hanging(&mut self, head: &str, indent: usize, text: &str) {
        let indent = " ".repeat(indent);
        let wrapped = textwrap::fill(text, self.options(head, &indent));
        self.line(wrapped.trim_end());
    }

    fn options<'o>(&self, head: &'o str, indent: &'o str) -> Options<'o> {
        Options::new(self.look.columns().saturating_sub(2))
            .initial_indent(head)
            .subsequent_indent(indent)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation)
    }

    /// `text` in `style`, which says nothing where there are no colours.
    pub(crate) fn styled(&self, text: &str, style: Style) -> String {
        if self.look.colour {
            text.style(style).to_string()
        } else {
            text.to_owned()
        }
    }
}
