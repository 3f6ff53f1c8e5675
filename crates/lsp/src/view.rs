//! What there is to answer a request from, as it was when it was asked.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use gen_lsp_types::{Position, Range, Uri};
use ide::{Code, Diagnosis, Kconfig, Language, Location};
use kconfig::Parsed;
use kernel::Known;
use rules::{Outcome, Settings};
use source::Source;
use text::{Name, Span};

use crate::client::Client;
use crate::document::Text;
use crate::uri::{path_of, uri_of};

/// A kernel tree as it was.
#[derive(Clone)]
pub(crate) struct View {
    /// Its directory.
    pub(crate) root: Arc<Path>,
    /// Its texts, those that are open as they were.
    pub(crate) source: Arc<dyn Source>,
    /// What its Kconfig files say, as far as they were read.
    pub(crate) kconfig: Option<Arc<Kconfig>>,
    /// What was found, and with which settings.
    pub(crate) outcome: Option<(Arc<Outcome>, Arc<Settings>)>,
    /// What is wrong in the file that is asked about.
    pub(crate) diagnoses: Arc<Vec<Diagnosis>>,
    /// What the client can do.
    pub(crate) client: Arc<Client>,
    /// The texts that were open, by path.
    pub(crate) open: Arc<BTreeMap<String, Opened>>,
    /// A text that is in no tree, and perhaps no file.
    pub(crate) alone: Option<Uri>,
    /// Who calls whom, found out when it is first asked for.
    pub(crate) calls: Calls,
    /// Other texts that were read for the answer.
    read: Arc<Mutex<BTreeMap<String, Text>>>,
}

/// Who calls whom in one state of a tree.
#[derive(Clone, Default)]
pub(crate) struct Calls {
    code: Arc<OnceLock<Option<Arc<Code>>>>,
    words: Option<Words>,
}

/// What is known of the words of the files of a tree.
type Words = Arc<dyn Fn() -> Known + Send + Sync>;

impl Calls {
    /// The same, of which nothing has been asked.
    pub(crate) fn renewed(&self) -> Calls {
        Calls {
            code: Arc::default(),
            words: self.words.clone(),
        }
    }

    /// Those of a state of which nothing has been asked.
    pub(crate) fn new(words: Words) -> Calls {
        Calls {
            code: Arc::default(),
            words: Some(words),
        }
    }
}

/// A text that is open, what is understood of it, and how the client numbers its state.
pub(crate) type Opened = (Text, Option<Language>, i32);

/// A place in a file of a tree.
#[derive(Clone)]
pub(crate) struct Spot {
    /// The file, by its path in the tree.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: Text,
    /// What is understood of it.
    pub(crate) language: Option<Language>,
}

impl View {
    /// A tree with what is known of it.
    pub(crate) fn new(root: Arc<Path>, source: Arc<dyn Source>, client: Arc<Client>) -> View {
        View {
            root,
            source,
            kconfig: None,
            outcome: None,
            diagnoses: Arc::default(),
            client,
            open: Arc::default(),
            alone: None,
            calls: Calls::default(),
            read: Arc::default(),
        }
    }

    /// Who calls whom; `None` before the tree was checked.
    pub(crate) fn code(&self) -> Option<Arc<Code>> {
        let kconfig = self.kconfig.as_ref()?;
        let (_, settings) = self.outcome.as_ref()?;
        let catalog = settings.catalog.as_deref()?;
        let Calls { code, words } = &self.calls;
        let words = words.as_ref()?;
        let made = code.get_or_init(|| {
            let source = Arc::clone(&self.source);
            let code = Code::new(source, Arc::clone(kconfig), catalog, words());
            code.ok().map(Arc::new)
        });
        made.clone()
    }

    /// The Kconfig files that were open, as they were.
    pub(crate) fn parsed(&self) -> BTreeMap<String, Arc<Parsed>> {
        let open = self.open.iter();
        let parsed = open.filter_map(|(path, (text, ..))| {
            let parsed = text.parsed.as_ref()?;
            Some((path.clone(), Arc::clone(parsed)))
        });
        parsed.collect()
    }

    /// The path in the tree of a file.
    pub(crate) fn path_of(&self, uri: &Uri) -> Option<String> {
        if self.alone.as_ref() == Some(uri) {
            return Some(uri.0.clone());
        }
        let path = path_of(uri)?;
        let inner = path.strip_prefix(&self.root).ok()?;
        Some(inner.to_str()?.to_owned())
    }

    /// The name of a file of the tree.
    pub(crate) fn uri_of(&self, path: &str) -> Uri {
        if let Some(alone) = self.alone.as_ref().filter(|alone| alone.0 == path) {
            return alone.clone();
        }
        uri_of(&self.root.join(path))
    }

    /// A file that the client names.
    pub(crate) fn spot(&self, uri: &Uri) -> Option<Spot> {
        let path = self.path_of(uri)?;
        let known = self.open.get(&path);
        let language = known.map_or_else(|| Language::of(&path, ""), |(_, language, _)| *language);
        Some(Spot {
            text: self.text(&path)?,
            path,
            language,
        })
    }

    /// The text of a file.
    pub(crate) fn text(&self, path: &str) -> Option<Text> {
        if let Some((text, ..)) = self.open.get(path) {
            return Some(text.clone());
        }
        let lock = || self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = lock().get(path) {
            return Some(text.clone());
        }
        let text = Text::new(self.source.read(path).ok()?, None);
        lock().insert(path.to_owned(), text.clone());
        Some(text)
    }

    /// The range of bytes in a file; where there are none, the line counts, from 1, and where there is none, the beginning.
    pub(crate) fn range(&self, path: &str, span: Span, line: u32) -> Range {
        let Some(text) = self.text(path) else {
            return Range::default();
        };
        text.range(shown(&text, span, line), self.client.encoding)
    }

    /// A place as the protocol has it.
    pub(crate) fn location(&self, place: &Location) -> gen_lsp_types::Location {
        gen_lsp_types::Location {
            uri: self.uri_of(&place.file),
            range: self.range(&place.file, place.span, 0),
        }
    }

    /// The byte at a position of a file.
    pub(crate) fn byte(&self, spot: &Spot, position: Position) -> u32 {
        spot.text.byte(position, self.client.encoding)
    }

    /// The symbol at a position of a file, and where it is named there.
    pub(crate) fn symbol(&self, spot: &Spot, position: Position) -> Option<(Name, Span)> {
        let parsed = spot.text.parsed.as_deref();
        let at = self.byte(spot, position);
        ide::symbol_at(spot.language?, parsed, &spot.text.bytes, at)
    }
}

/// Bytes that can be shown: those of the line where there are none.
pub(crate) fn shown(text: &Text, span: Span, line: u32) -> Span {
    if span.start == span.end && line > 0 {
        return text.lines.line(&text.bytes, line);
    }
    span
}
