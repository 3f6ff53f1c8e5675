//! The few lines of a file that a report shows.
//!
//! miette wants the text of a whole file, looks for each span from its start, counts columns in
//! characters although spans count bytes, and fails an assertion where a text is not UTF-8. So it
//! never sees a file: it gets an *excerpt*, whose lines are already as they will be shown, with the
//! span moved along. The line index of each file is made once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use rules::Place;
use source::Source;
use text::LineIndex;

use crate::clean;
use crate::look::Look;

/// A span of more lines than this is shown by its first ones.
const LONGEST_SPAN: usize = 8;

/// Columns of a line that is quoted on a page.
const LONGEST_QUOTED: usize = 300;

/// Columns that miette puts in front of a line: its number, a bar, and room for one arrow.
const GUTTER: usize = 14;

/// The files that a report quotes from, each read once.
pub(crate) struct Files<'a> {
    source: &'a dyn Source,
    read: RefCell<BTreeMap<String, Result<Rc<Text>, String>>>,
}

/// One file.
struct Text {
    bytes: Arc<[u8]>,
    index: LineIndex,
}

impl Text {
    /// Line `number` (from 1) without its line break.
    fn line(&self, number: usize) -> Option<Range<usize>> {
        let start_of = |n: usize| Some(self.index.line_start(u32::try_from(n).ok()?)? as usize);
        let start = start_of(number)?;
        let end = start_of(number + 1).map_or(self.bytes.len(), |next| next - 1);
        let end = end - usize::from(end > start && self.bytes[end - 1] == b'\r');
        // An empty line after the last newline is no line.
        (start < self.bytes.len()).then_some(start..end)
    }

    /// The bytes that `place` means. Where its span does not fit its line, the file has changed or
    /// only the line is known: then the line without its indentation.
    fn meant(&self, place: &Place) -> Option<Range<usize>> {
        let span = place.span.range();
        let fits = !span.is_empty() && span.end <= self.bytes.len();
        if fits && self.index.position(place.span.start).line == place.line {
            return Some(span);
        }
        let line = self.line(place.line as usize)?;
        let text = &self.bytes[line.clone()];
        let start = line.start + (text.len() - text.trim_ascii_start().len());
        Some(start.min(line.end)..line.start + text.trim_ascii_end().len().max(start - line.start))
    }

    /// The first and the last line of what is meant that are shown.
    fn lines_of(&self, meant: &Range<usize>) -> [usize; 2] {
        let line_of = |offset: usize| {
            let offset = u32::try_from(offset).unwrap_or(u32::MAX);
            self.index.position(offset).line as usize
        };
        let first = line_of(meant.start);
        let last = line_of(meant.end.saturating_sub(1).max(meant.start));
        [first, last.min(first + LONGEST_SPAN - 1)]
    }
}

impl<'a> Files<'a> {
    /// Quotes from `source`.
    pub(crate) fn new(source: &'a dyn Source) -> Files<'a> {
        let read = RefCell::default();
        Files { source, read }
    }

    fn text(&self, path: &str) -> Result<Rc<Text>, String> {
        let read = || {
            let bytes = self
                .source
                .read(path)
                .map_err(|e| clean::line(&e.to_string()))?;
            let index = LineIndex::new(&bytes);
            Ok(Rc::new(Text { bytes, index }))
        };
        let mut known = self.read.borrow_mut();
        known.entry(path.to_owned()).or_insert_with(read).clone()
    }

    /// The line of `place` without indentation, as one line; `None` where it cannot be read.
    pub(crate) fn line(&self, place: &Place) -> Option<String> {
        let text = self.text(&place.file).ok()?;
        let line = text.line(place.line as usize)?;
        let mut shown = String::new();
        clean::push_code(&mut shown, text.bytes[line].trim_ascii(), &mut 0);
        Some(clean::line(&shown))
    }

    /// The line and the column, in bytes, behind what `place` means; `None` where it is not known.
    pub(crate) fn end(&self, place: &Place) -> Option<(u32, u32)> {
        let text = self.text(&place.file).ok()?;
        let meant = text.meant(place)?;
        let end = text.index.position(u32::try_from(meant.end).ok()?);
        Some((end.line, end.column))
    }

    /// The lines and columns, in code points, where what `place` means begins and behind its end.
    pub(crate) fn points(&self, place: &Place) -> Option<[(u32, u32); 2]> {
        let text = self.text(&place.file).ok()?;
        let meant = text.meant(place)?;
        let point = |offset: usize| {
            let at = text.index.position(u32::try_from(offset).ok()?);
            let start = text.index.line_start(at.line)? as usize;
            let before = String::from_utf8_lossy(text.bytes.get(start..offset)?);
            let column = u32::try_from(before.chars().count()).ok()?;
            Some((at.line, column.saturating_add(1)))
        };
        Some([point(meant.start)?, point(meant.end)?])
    }

    /// The lines of `place` and those around it, as they may be shown; none where they cannot be read.
    pub(crate) fn quoted(&self, place: &Place, around: usize) -> Vec<Quoted> {
        let Ok(text) = self.text(&place.file) else {
            return Vec::new();
        };
        let Some(meant) = text.meant(place) else {
            return Vec::new();
        };
        let [first, last] = text.lines_of(&meant);
        let shown = first.saturating_sub(around).max(1)..=last + around;
        let quoted = shown.filter_map(|number| {
            let mut line = Line::new(&text.bytes, text.line(number)?, &meant);
            line.cut(LONGEST_QUOTED, "…");
            Some(Quoted {
                number,
                text: line.shown,
                meant: line.meant,
            })
        });
        quoted.collect()
    }

    /// The code at `place` with the lines around it. The error says why there is none.
    pub(crate) fn excerpt(
        &self,
        place: &Place,
        around: Around,
        look: &Look,
    ) -> Result<Excerpt, String> {
        let text = self.text(&place.file)?;
        let meant = text.meant(place).ok_or("the file has no such line")?;
        let [first, last] = text.lines_of(&meant);
        let shown = first.saturating_sub(around.before).max(1)..=last + around.after;
        let lines: Vec<Line> = shown
            .clone()
            .filter_map(|number| Some(Line::new(&text.bytes, text.line(number)?, &meant)))
            .collect();
        let column = text
            .index
            .position(u32::try_from(meant.start).unwrap_or(u32::MAX))
            .column;
        let mut excerpt = Excerpt {
            name: clean::line(&place.file),
            text: String::new(),
            span: 0..0,
            first_line: shown.start() - 1,
            line: first - 1,
            column: column as usize - 1,
        };
        excerpt.fill(lines, look);
        Ok(excerpt)
    }
}

/// A line that is quoted.
pub(crate) struct Quoted {
    /// Its number, from 1.
    pub(crate) number: usize,
    /// The line, as it may be shown.
    pub(crate) text: String,
    /// Which part of it is meant.
    pub(crate) meant: Option<Range<usize>>,
}

/// How many lines stand around the one that is meant.
#[derive(Clone, Copy)]
pub(crate) struct Around {
    pub(crate) before: usize,
    pub(crate) after: usize,
}

/// One line as it will be shown, and which part of it is meant.
struct Line {
    shown: String,
    meant: Option<Range<usize>>,
}

impl Line {
    fn new(bytes: &[u8], line: Range<usize>, meant: &Range<usize>) -> Line {
        let inside = |offset: usize| offset.clamp(line.start, line.end);
        let (start, end) = (inside(meant.start), inside(meant.end));
        // An empty span touches the line in which it stands.
        let touched = (line.start..=line.end).contains(&meant.start)
            || (meant.start < line.start && meant.end > line.start);
        let (mut shown, mut column) = (String::new(), 0);
        clean::push_code(&mut shown, &bytes[line.start..start], &mut column);
        let from = shown.len();
        clean::push_code(&mut shown, &bytes[start..end], &mut column);
        let to = shown.len();
        clean::push_code(&mut shown, &bytes[end..line.end], &mut column);
        let shown = shown.trim_end().to_owned();
        let length = shown.len();
        let meant = touched.then(|| from.min(length)..to.min(length));
        Line { shown, meant }
    }

    fn indentation(&self) -> Option<usize> {
        let text = self.shown.trim_start_matches(' ');
        (!text.is_empty()).then(|| self.shown.len() - text.len())
    }

    /// Drops `count` blanks of indentation.
    fn dedent(&mut self, count: usize) {
        let count = count.min(self.indentation().unwrap_or(self.shown.len()));
        self.shown.drain(..count);
        let moved = |offset: usize| offset.saturating_sub(count);
        self.meant = self.meant.take().map(|m| moved(m.start)..moved(m.end));
    }

    /// Cuts the line to `columns`, keeping the start of what is meant in view.
    fn cut(&mut self, columns: usize, mark: &str) {
        if clean::width(&self.shown) <= columns {
            return;
        }
        let from = self.meant.as_ref().map_or(0, |meant| meant.start);
        if clean::width(&self.shown[..from]) > columns / 2 {
            let kept = self.shown[..from].char_indices().rev().nth(columns / 4);
            let left = kept.map_or(0, |(at, _)| at);
            self.shown.replace_range(..left, mark);
            let moved = |offset: usize| (offset + mark.len()).saturating_sub(left);
            self.meant = self.meant.take().map(|m| moved(m.start)..moved(m.end));
        }
        self.shown = clean::cut(&self.shown, columns, mark);
        let end = self.shown.len();
        self.meant = self.meant.take().map(|m| m.start.min(end)..m.end.min(end));
    }
}

/// Some lines of a file, as they will be shown.
#[derive(Debug)]
pub(crate) struct Excerpt {
    name: String,
    text: String,
    /// What is meant, as bytes of `text`.
    span: Range<usize>,
    /// The lines above the excerpt.
    first_line: usize,
    /// The line and the column of what is meant, in the file, from 0.
    line: usize,
    column: usize,
}

impl Excerpt {
    /// What is meant, for a label.
    pub(crate) fn span(&self) -> SourceSpan {
        (self.span.start, self.span.len()).into()
    }

    /// Takes in `lines`; where they are too wide, without the indentation that they share.
    fn fill(&mut self, mut lines: Vec<Line>, look: &Look) {
        let columns = look.columns().saturating_sub(GUTTER);
        let shared = lines
            .iter()
            .filter_map(Line::indentation)
            .min()
            .unwrap_or(0);
        let too_wide = lines.iter().any(|line| clean::width(&line.shown) > columns);
        let mut meant: Option<Range<usize>> = None;
        for line in &mut lines {
            if too_wide {
                line.dedent(shared);
                line.cut(columns, look.ellipsis());
            }
            let base = self.text.len();
            if let Some(here) = &line.meant {
                let start = meant.as_ref().map_or(base + here.start, |m| m.start);
                meant = Some(start..base + here.end);
            }
            self.text.push_str(&line.shown);
            self.text.push('\n');
        }
        self.span = meant.unwrap_or(0..0);
    }
}

impl SourceCode for Excerpt {
    /// All of the excerpt; or, asked for no context, the place that is meant, which miette writes
    /// above the code.
    fn read_span<'a>(
        &'a self,
        _span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let place_only = before == 0 && after == 0;
        let (line, column) = if place_only {
            (self.line, self.column)
        } else {
            (self.first_line, 0)
        };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            self.text.as_bytes(),
            (0, self.text.len()).into(),
            line,
            column,
            self.text.lines().count(),
        )))
    }
}
