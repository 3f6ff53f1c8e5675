//! A file with its facts, each found when it is first asked for.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::FxHashMap;
use text::{LineIndex, Name, Position, Span};

use crate::body::{Body, MacroBody};
use crate::directives::{DirectiveKind, Directives, MacroDefinition, name};
use crate::gate::{self, Gate};
use crate::item::Function;
use crate::items::Items;
use crate::lexer::{Lexer, TokenKind, whole_words};
use crate::mask;
use crate::parse;
use crate::query::Query;
use crate::seen::{Asked, Seen};
use crate::structure::{self, Member};
use crate::syntax::Expr;

/// A function of a file, by its number in [`Items::functions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionId(pub u32);

/// Where in a file a name is mentioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mention {
    /// In a function's body.
    Function(FunctionId),
    /// In the replacement of a macro: the directive's number.
    Macro(usize),
    /// In the initialiser of a variable at the top: its number.
    Variable(usize),
    /// In the arguments of a macro at the top: its number.
    TopMacro(usize),
}

/// A C file or header.
#[derive(Debug)]
pub struct File {
    path: Name,
    directory: Name,
    text: Arc<[u8]>,
    directives: Directives,
    items: OnceLock<Items>,
    lines: OnceLock<LineIndex>,
    named: OnceLock<FxHashMap<Name, Vec<FunctionId>>>,
    bodies: Mutex<FxHashMap<FunctionId, Arc<Body>>>,
    macros: Mutex<FxHashMap<Span, Arc<MacroBody>>>,
    asked: Mutex<Asked>,
}

impl File {
    /// The file `path` with the bytes `text`.
    pub fn new(path: &str, text: Arc<[u8]>) -> File {
        let directives = Directives::scan(&text);
        File {
            path: path.into(),
            directory: path.rsplit_once('/').map_or("", |(dir, _)| dir).into(),
            text,
            directives,
            items: OnceLock::new(),
            lines: OnceLock::new(),
            named: OnceLock::new(),
            bodies: Mutex::default(),
            macros: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    /// What was seen of it so far; `None` for all of it.
    pub fn seen(&self) -> Option<Seen> {
        let asked = lock(&self.asked);
        let is_outside = self.items.get().is_some();
        (!asked.whole).then(|| Seen::of(self, &asked, is_outside))
    }

    /// Its path in the tree.
    pub fn path(&self) -> Name {
        self.path
    }

    /// The directory in which it is.
    pub fn directory(&self) -> Name {
        self.directory
    }

    /// All of its bytes; who asks for them has seen everything.
    pub fn text(&self) -> &[u8] {
        lock(&self.asked).whole = true;
        &self.text
    }

    /// The bytes of something that was found in it.
    pub fn spelled(&self, span: Span) -> &[u8] {
        span.of(&self.text)
    }

    /// How many bytes it has.
    pub fn length(&self) -> usize {
        self.text.len()
    }

    /// Its tokens, for one who looks for `word` among them and heeds only those around it in the same function, or
    /// outside of all.
    pub fn tokens_for(&self, word: Name) -> (&[u8], Lexer<'_>) {
        self.look_for(word);
        (&self.text, Lexer::new(&self.text))
    }

    /// Notes that a word was looked for.
    fn look_for(&self, word: Name) {
        lock(&self.asked).words.insert(word);
    }

    /// Its directives.
    pub fn directives(&self) -> &Directives {
        &self.directives
    }

    /// What a compiler would refuse in the file's outer form, and where: a conditional without its
    /// end, or an end without its conditional; in a C file, a brace that is not closed. What stands
    /// behind it may have been read wrongly.
    pub fn fault(&self) -> Option<(&'static str, u32)> {
        if let Some(at) = self.directives.unmatched.first() {
            return Some(("this conditional is not matched", *at));
        }
        if !self.path.ends_with(".c") {
            return None;
        }
        Some(("this brace is not closed", self.items().unclosed?))
    }

    /// What stands at its top.
    pub fn items(&self) -> &Items {
        self.items
            .get_or_init(|| Items::scan(&self.text, &self.directives))
    }

    /// The line and column of `offset`.
    pub fn position(&self, offset: u32) -> Position {
        let mut asked = lock(&self.asked);
        asked.line_of = asked.line_of.max(Some(offset));
        drop(asked);
        self.lines
            .get_or_init(|| LineIndex::new(&self.text))
            .position(offset)
    }

    /// The words of `span`, white space folded and comments left out.
    pub fn words(&self, span: Span) -> String {
        let text = span.of(&self.text);
        let mut out = String::new();
        let mut last_end = 0;
        for token in Lexer::new(text) {
            if last_end > 0 && token.span.start > last_end {
                out.push(' ');
            }
            out.push_str(&String::from_utf8_lossy(token.span.of(text)));
            last_end = token.span.end;
        }
        out
    }

    /// The function behind an id.
    pub fn function(&self, id: FunctionId) -> &Function {
        &self.items().functions[id.0 as usize]
    }

    /// How many bytes the body of a function has; who asks has seen it.
    pub fn body_length(&self, id: FunctionId) -> u32 {
        lock(&self.asked).bodies.insert(id.0);
        let body = self.function(id).body;
        body.end - body.start
    }

    /// The functions called `name`, in order.
    pub fn functions_named(&self, name: Name) -> &[FunctionId] {
        let named = self.named.get_or_init(|| {
            let mut named: FxHashMap<Name, Vec<FunctionId>> = FxHashMap::default();
            for (number, function) in self.items().functions.iter().enumerate() {
                named.entry(function.name).or_default().push(id(number));
            }
            named
        });
        named.get(&name).map_or(&[], Vec::as_slice)
    }

    /// What happens in a function.
    pub fn body(&self, id: FunctionId) -> Arc<Body> {
        if let Some(known) = lock(&self.bodies).get(&id) {
            return known.clone();
        }
        lock(&self.asked).bodies.insert(id.0);
        let _span = tracing::debug_span!("parse functions").entered();
        // Two threads may read the same body at once; they read the same.
        let body = Arc::new(Body::read(
            &self.text,
            &self.directives,
            self.function(id).body,
        ));
        lock(&self.bodies).entry(id).or_insert(body).clone()
    }

    /// The places in a function that `query` captures, in any variant, in order.
    pub fn captures(&self, id: FunctionId, query: &Query) -> Vec<Span> {
        let span = self.function(id).body;
        lock(&self.asked).bodies.insert(id.0);
        let mut found = Vec::new();
        for variant in 0..mask::variants(&self.directives, span) {
            let (masked, _) = mask::masked(&self.text, &self.directives, span, variant);
            found.extend(parse::captures(query, &masked, span.start));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The condition next to `place` that decides whether control gets there, where the other way is a call of one of
    /// `instead`, or one of them as a variable; `None` outside of functions too.
    ///
    /// ```
    /// let text = "int f(int *a)\n{\n\tif (a && *a)\n\t\treturn sink(a);\n\treturn all();\n}\n";
    /// let file = csource::File::new("a.c", text.as_bytes().into());
    /// let sink = text.find("sink").unwrap();
    /// let sink = text::Span::new(sink, sink + 7);
    /// let gate = file.gate(sink, &["all"]).unwrap();
    /// assert_eq!(file.spelled(gate.condition), b"a && *a");
    /// assert!(gate.opens);
    /// assert_eq!(file.gate(sink, &["other"]), None);
    /// ```
    pub fn gate(&self, place: Span, instead: &[&str]) -> Option<Gate> {
        let functions = self.items().functions.iter();
        let mut around = functions
            .map(|function| function.body)
            .filter(|body| body.start <= place.start && place.end <= body.end);
        let text = (&*self.text, &self.directives);
        gate::gate(text, around.next()?, place, instead)
    }

    /// What a macro's replacement says.
    pub fn macro_body(&self, definition: &MacroDefinition) -> Arc<MacroBody> {
        if let Some(known) = lock(&self.macros).get(&definition.body) {
            return known.clone();
        }
        let text = definition.body.of(&self.text);
        let params = definition.params.as_deref().unwrap_or_default();
        let start = definition.body.start;
        let read = Arc::new(MacroBody::read(text, start, params, &self.directives));
        lock(&self.macros)
            .entry(definition.body)
            .or_insert(read)
            .clone()
    }

    /// What the file says if all of it is a macro's replacement, with the arguments put in.
    pub fn replacement(&self) -> MacroBody {
        MacroBody::read(self.text(), 0, &[], &self.directives)
    }

    /// The members of `struct tag`, where this file defines it.
    pub fn members(&self, tag: Name) -> Option<Vec<Member>> {
        self.look_for(tag);
        structure::members(&self.text, &tag)
    }

    /// The structure that the file declares `variable` to be, or to point to: see [`declared`](crate::declared).
    pub fn declared(&self, variable: Name) -> Option<(Name, bool)> {
        self.look_for(variable);
        structure::declared(&self.text, &variable)
    }

    /// Whether something is called through a field of this name: `x->field(`, `(*x.field)(`.
    pub fn calls_field(&self, field: Name) -> bool {
        self.look_for(field);
        let mut found = memchr::memmem::find_iter(&self.text, field.as_bytes());
        found.any(|at| {
            let before = self.text[..at].last();
            let after = self.text.get(at + field.len());
            matches!(before, Some(b'>' | b'.')) && matches!(after, Some(b'(' | b')'))
        })
    }

    /// What an initialiser at the top of the file says.
    pub fn initializer(&self, span: Span) -> Option<Expr> {
        parse::initializer(span.of(&self.text), span.start)
    }

    /// The definitions of the macro `name`, by their directive's number, in order.
    pub fn macros_named(&self, name: Name) -> impl Iterator<Item = (usize, &MacroDefinition)> {
        self.directives
            .list
            .iter()
            .enumerate()
            .filter_map(move |(n, d)| match &d.kind {
                DirectiveKind::Define(definition) if definition.name == name => {
                    Some((n, definition))
                }
                _ => None,
            })
    }

    /// Where `word` is mentioned as a word of code, each place once, in order of kind and number.
    /// A mention in a comment or a string inside of a function counts here; its facts tell.
    pub fn mentions(&self, word: Name) -> Vec<Mention> {
        self.look_for(word);
        let mut found = Vec::new();
        for offset in self.offsets(word) {
            found.extend(self.mentions_at(offset, word));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn mentions_at(&self, offset: u32, word: Name) -> Vec<Mention> {
        let items = self.items();
        let list = &self.directives.list;
        let after = list.partition_point(|d| d.span.start <= offset);
        if let Some(at) = after.checked_sub(1)
            && list[at].span.contains(offset)
        {
            let in_body =
                matches!(&list[at].kind, DirectiveKind::Define(d) if self.has_word(d.body, word));
            return if in_body {
                vec![Mention::Macro(at)]
            } else {
                Vec::new()
            };
        }
        let functions: Vec<Mention> = items
            .functions_at(offset)
            .map(|(n, _)| Mention::Function(id(n)))
            .collect();
        if !functions.is_empty() {
            return functions;
        }
        let variable = items.variables.iter().position(|v| v.init.contains(offset));
        let call = items.macros.iter().position(|m| m.args.contains(offset));
        variable
            .map(Mention::Variable)
            .into_iter()
            .chain(call.map(Mention::TopMacro))
            .collect()
    }

    fn has_word(&self, span: Span, word: Name) -> bool {
        let text = span.of(&self.text);
        Lexer::new(text).any(|t| t.kind == TokenKind::Ident && name(t.span.of(text)) == word)
    }

    /// Where `word` stands as a whole word.
    fn offsets(&self, word: Name) -> Vec<u32> {
        let found = whole_words(&self.text, word.as_str());
        found.map(|span| span.start).collect()
    }
}

fn id(number: usize) -> FunctionId {
    FunctionId(u32::try_from(number).unwrap_or(u32::MAX))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
