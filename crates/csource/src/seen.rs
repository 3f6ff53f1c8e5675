//! What was seen of a file, so that it is known whether another text shows the same.
//!
//! Who asks a [`File`] for a function's body does not look at the others. While what was asked is the same in a new
//! text of the file, so is all that was found out:
//!
//! ```c
//! #include <linux/mm.h>               // directives are always seen
//! static int used(void) { … }         // its body was asked for: it is to stay the same
//! static int other(void) { … }        // this body may change, if no word comes into it that was looked for
//! ```
//!
//! What stands outside of bodies is compared by its tokens where any of it was asked for, so comments may change there,
//! but for those around a word that was looked for.

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use text::{Name, Span};
use twox_hash::{XxHash3_64, XxHash3_128};

use crate::file::File;
use crate::item::{Function, Variable};
use crate::lexer::{Lexer, whole_words};

/// What was seen of a file: hashes of its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    directives: u128,
    /// What stands outside of functions' bodies, if any of it was asked for.
    outside: Option<u128>,
    /// The functions whose bodies were seen, by their numbers.
    bodies: Vec<(u32, u128)>,
    /// Words that were looked for, and in which functions each stands, time by time; outside of all, also what stands
    /// around it, which may be a comment.
    words: Vec<(String, Vec<(u32, u64)>)>,
    /// The end of the last line that was asked for, and all that stands before it.
    before: Option<(u32, u128)>,
}

/// So many bytes before and behind a word outside of functions are to stay what they are.
const AROUND: u32 = 256;

/// Stands for no function.
const OUTSIDE: u32 = u32::MAX;

/// What was asked of a file.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// All of the text, or what cannot be told.
    pub(crate) whole: bool,
    /// Functions whose text was read.
    pub(crate) bodies: FxHashSet<u32>,
    pub(crate) words: FxHashSet<Name>,
    /// The highest offset whose line was asked for.
    pub(crate) line_of: Option<u32>,
}

impl Seen {
    /// What was asked of `file`, and all that stands outside of bodies if `is_outside`.
    pub(crate) fn of(file: &File, asked: &Asked, is_outside: bool) -> Seen {
        let mut words: Vec<(String, Vec<(u32, u64)>)> = asked
            .words
            .iter()
            .map(|word| (word.to_string(), owners(file, word)))
            .collect();
        words.sort_unstable();
        let mut bodies: Vec<u32> = asked.bodies.iter().copied().collect();
        let named = words.iter().flat_map(|(_, owners)| owners);
        let named = named.map(|(owner, _)| *owner);
        bodies.extend(named.filter(|owner| *owner != OUTSIDE));
        bodies.sort_unstable();
        bodies.dedup();
        let is_outside = is_outside || !words.is_empty();
        Seen {
            directives: directives(file),
            outside: is_outside.then(|| outside(file)),
            bodies: bodies
                .iter()
                .map(|body| (*body, body_of(file, *body)))
                .collect(),
            words,
            before: asked.line_of.map(|offset| {
                let end = end_of_line(file, offset);
                (end, upto(file, end))
            }),
        }
    }

    /// Whether `file` shows the same.
    #[must_use]
    pub fn is_in(&self, file: &File) -> bool {
        self.directives == directives(file)
            && self.outside.is_none_or(|seen| seen == outside(file))
            && self
                .bodies
                .iter()
                .all(|(body, seen)| body_of(file, *body) == *seen)
            && self
                .words
                .iter()
                .all(|(word, seen)| owners(file, word) == *seen)
            && self.has_lines_of(file)
    }

    /// The same of a text that is not C, of which no more than lines can be told.
    #[must_use]
    pub fn is_in_text(&self, file: &File) -> bool {
        let is_read = self.outside.is_some() || !self.bodies.is_empty() || !self.words.is_empty();
        self.has_lines_of(file) && (!is_read || self.is_in(file))
    }

    fn has_lines_of(&self, file: &File) -> bool {
        let before = self.before;
        before.is_none_or(|(end, seen)| upto(file, end) == seen)
    }
}

fn directives(file: &File) -> u128 {
    let mut hash = XxHash3_128::new();
    for line in &file.directives().lines {
        hash.write(file.spelled(*line));
        hash.write(b"\n");
    }
    hash.finish_128()
}

/// The tokens outside of functions' bodies, how many directives stand in each of these, and what was found.
fn outside(file: &File) -> u128 {
    let items = file.items();
    let lines = &file.directives().lines;
    let mut hash = XxHash3_128::new();
    let (mut at, mut start) = (0, 0);
    let end = all(file).end;
    let bodies = items.functions.iter().map(|function| function.body);
    for body in bodies.chain([Span { start: end, end }]) {
        // Where each branch of a conditional has a head, the second stands in the first's body.
        let from = if body.start < at { start } else { at };
        hash_tokens(
            &mut hash,
            file.spelled(Span {
                start: from,
                end: body.start,
            }),
        );
        let upto = |offset: u32| lines.partition_point(|line| line.start < offset);
        let inside = upto(body.end).saturating_sub(upto(body.start));
        hash.write(&inside.to_le_bytes());
        (at, start) = (at.max(body.end), body.start);
    }
    for function in &items.functions {
        let Function {
            name,
            params,
            linkage,
            return_type,
            maker,
            entry,
            ..
        } = function;
        let maker = maker.map(|maker| (maker.is_sure, maker.behind.is_some()));
        let head = (name, params, linkage, return_type, maker, entry);
        hash.write(format!("{head:?}").as_bytes());
    }
    for variable in &items.variables {
        let Variable {
            name,
            is_static,
            pointer,
            struct_tag,
            ..
        } = variable;
        hash.write(format!("{:?}", (name, is_static, pointer, struct_tag)).as_bytes());
    }
    for used in &items.macros {
        hash.write(format!("{:?}", (used.name, used.enters)).as_bytes());
    }
    // What a compiler would refuse is told, wherever it stands.
    hash.write(&[u8::from(items.unclosed.is_some())]);
    hash.finish_128()
}

/// Each token, and how it stands apart from the one before: some readers heed lines.
fn hash_tokens(hash: &mut XxHash3_128, text: &[u8]) {
    let mut end = 0;
    for token in Lexer::new(text) {
        let between = Span {
            start: end,
            end: token.span.start,
        }
        .of(text);
        let is_apart = !between.is_empty();
        let begins_line = is_apart && between.contains(&b'\n');
        let stands_alone = begins_line && between.windows(2).any(|pair| pair == b"\n\n");
        hash.write(token.span.of(text));
        hash.write(&[
            b'\n',
            u8::from(is_apart),
            u8::from(begins_line),
            u8::from(stands_alone),
        ]);
        end = token.span.end;
    }
}

/// The text of a function's body; that of one that is not there is like no other.
fn body_of(file: &File, number: u32) -> u128 {
    let function = file.items().functions.get(number as usize);
    function.map_or(0, |function| {
        XxHash3_128::oneshot(file.spelled(function.body))
    })
}

/// For each time that a word stands in the text, also in comments, the functions in whose bodies it does.
fn owners(file: &File, word: &str) -> Vec<(u32, u64)> {
    let mut owners = Vec::new();
    let text = file.spelled(all(file));
    for found in whole_words(text, word) {
        let before = owners.len();
        let functions = file.items().functions_at(found.start);
        let numbers = functions.map(|(number, _)| u32::try_from(number).unwrap_or(OUTSIDE));
        owners.extend(numbers.map(|number| (number, 0)));
        if owners.len() == before {
            let around = around(file, found).range();
            owners.push((OUTSIDE, XxHash3_64::oneshot(&text[around])));
        }
    }
    owners
}

/// What stands around a word that is in no body, up to the next ones.
fn around(file: &File, word: Span) -> Span {
    let bodies = file.items().functions.iter().map(|function| function.body);
    let before = bodies.clone().map(|body| body.end);
    let before = before.filter(|end| *end <= word.start).max();
    let behind = bodies.map(|body| body.start);
    let behind = behind.filter(|start| *start >= word.end).min();
    Span {
        start: word.start.saturating_sub(AROUND).max(before.unwrap_or(0)),
        end: (word.end + AROUND).min(behind.unwrap_or(all(file).end)),
    }
}

/// All of the text before an offset; that of a shorter one is like no other.
fn upto(file: &File, end: u32) -> u128 {
    let before = file.spelled(all(file)).get(..end as usize);
    before.map_or(0, XxHash3_128::oneshot)
}

/// The end of the line in which an offset lies.
fn end_of_line(file: &File, offset: u32) -> u32 {
    let text = file.spelled(all(file));
    let rest = text.get(offset as usize..).unwrap_or_default();
    let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    offset + u32::try_from(length).unwrap_or(0)
}

fn all(file: &File) -> Span {
    Span::new(0, file.length())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::FunctionId;

    const TEXT: &str = "\
#include <linux/mm.h>
#define SHIFT 2
struct page { int order; };
static int used(void) { return /* two */ SHIFT; }
#ifdef CONFIG_MMU
static int other(void)
{
\tint x = 1;
\treturn x;
}
#endif
static int table[] = { 1, 2 };
";

    /// Whether what `ask` asks of [`TEXT`] is the same where the words `from` have become `to`.
    fn check(ask: impl Fn(&File), from: &str, to: &str) -> bool {
        assert_eq!(TEXT.matches(from).count(), 1, "{from}");
        let file = |text: &str| File::new("mm/x.c", text.as_bytes().into());
        let before = file(TEXT);
        ask(&before);
        let seen = before.seen().unwrap();
        assert!(seen.is_in(&file(TEXT)));
        seen.is_in(&file(&TEXT.replace(from, to)))
    }

    #[test]
    fn directives_are_always_seen_and_the_rest_where_it_is_asked_for() {
        let nothing = |_: &File| {};
        assert!(check(nothing, "int order;", "int order, id;"));
        assert!(check(
            nothing,
            "static int other",
            "int another(void);\nint other"
        ));
        assert!(!check(nothing, "SHIFT 2", "SHIFT 3"));
        assert!(!check(nothing, "#ifdef CONFIG_MMU", "#ifndef CONFIG_MMU"));
        assert!(!check(nothing, "\tint x = 1;", "#undef SHIFT"));

        let outside = |file: &File| assert_eq!(file.items().functions.len(), 2);
        assert!(check(outside, "int x = 1;", "long x = 1;\n\tx++;"));
        assert!(check(outside, "{ 1, 2 }", "{ 1, /* and */ 2 }"));
        assert!(!check(outside, "{ 1, 2 }", "{ 1, 3 }"));
        assert!(!check(outside, "int order;", "int order, id;"));
        assert!(!check(outside, "static int other", "int other"));
        // Half a function is told.
        assert!(!check(outside, "x = 1;", "x = 1; {"));
    }

    #[test]
    fn bodies_are_seen_that_were_read_or_have_a_word_that_was_looked_for() {
        let read = |file: &File| assert!(file.body(FunctionId(0)).stores.is_empty());
        assert!(check(read, "int x = 1;", "int x = 2;"));
        assert!(!check(read, "return /* two */ SHIFT", "return SHIFT + 1"));

        let look = |file: &File| assert_eq!(file.mentions("x".into()).len(), 1);
        assert!(check(look, "return /* two */ SHIFT", "return SHIFT + 1"));
        assert!(!check(look, "int x = 1;", "int x = 2;"));
        assert!(!check(look, "return /* two */ SHIFT", "x(SHIFT)"));
        assert!(check(look, "return /* two */ SHIFT", "xx(SHIFT)"));
        // Also in a comment: there may be code around it.
        assert!(!check(look, "/* two */", "/* x */"));

        let members = |file: &File| assert!(file.members("page".into()).is_some());
        assert!(!check(members, "int order;", "int id;"));
        assert!(check(members, "int x = 1;", "int x = 2;"));
        assert!(!check(members, "int x = 1;", "struct page { int id; };"));
        assert!(!check(
            members,
            "struct page {",
            "/* struct page { int a; } */ struct page {"
        ));
    }

    #[test]
    fn a_second_head_of_a_body_and_its_length_are_seen() {
        let file = |text: &str| File::new("mm/x.c", text.as_bytes().into());
        let text = "#ifdef A\nstatic int f(int a)\n{\n#else\nstatic int f(long b)\n{\n#endif\n\treturn 1;\n}\n";
        let before = file(text);
        assert_eq!(before.items().functions.len(), 2);
        let seen = before.seen().unwrap();
        assert!(seen.is_in(&file(&text.replace("return 1", "return 2"))));
        assert!(!seen.is_in(&file(&text.replace("static int f(long", "int f(long"))));
        assert!(!seen.is_in(&file(&text.replace("long b", "char b"))));

        let length = |file: &File| assert!(file.body_length(FunctionId(0)) > 20);
        assert!(!check(length, "/* two */", ""));
        assert!(check(length, "int x = 1;", "int x = 1, y;"));
    }

    #[test]
    fn a_line_that_was_told_stays_where_it_is() {
        let line = |file: &File| {
            let function = file.function(FunctionId(1));
            assert_eq!(file.position(function.name_span.start).line, 6);
        };
        assert!(!check(line, "/* two */", "/* 2 */"));
        assert!(!check(line, "static int other", "static  int other"));
        assert!(check(line, "other(void)", "other(void) /* this */"));
        assert!(check(line, "{\n\tint x = 1;", "{\n\n\tint x = 1;"));
        assert!(check(line, "int x = 1;", "\n\tint x = 1;"));
        assert!(check(line, "{ 1, 2 };", "{ 1, 2 }; /* two */"));

        // All before it is the same where what stands before it comes twice.
        let file = |text: &str| File::new("mm/x.c", text.as_bytes().into());
        let before = file("int a;\n\nf(void)\n{\n}\n");
        assert_eq!(before.items().functions.len(), 1);
        assert_eq!(before.position(8).line, 3);
        let seen = before.seen().unwrap();
        assert!(!seen.is_in(&file("int a;\n\n\nf(void)\n{\n}\n")));
        assert!(seen.is_in(&file("int a;\n\nf(void)\n{\n\n}\n")));
    }

    #[test]
    fn who_reads_all_of_a_text_has_seen_it() {
        let file = File::new("mm/x.c", TEXT.as_bytes().into());
        assert!(file.seen().is_some());
        assert_eq!(file.text().len(), file.length());
        assert_eq!(file.seen(), None);
    }
}
