//! The texts of the client, and the trees that they belong to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gen_lsp_types::{
    DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams, Uri,
};
use ide::Language;
use serde_json::{Value, json};
use source::{Layer, Listed, Memory, Source};

use super::{Expected, Level, Open, Server};
use crate::analysis::{Analysis, Event, Forget, Job, Step, Told};
use crate::convert;
use crate::document::Document;
use crate::publish::Tree;
use crate::uri::{path_of, root_around};
use crate::view::{Calls, View};

/// Where nobody tells of files that change, what was listed is believed for so long.
const BELIEVED: Duration = Duration::from_secs(5);

/// Not all that changes is told of, as on disks of others: what was listed is believed for no longer than this.
const TRUSTED: Duration = Duration::from_secs(30);

impl Server {
    pub(super) fn open(&mut self, params: DidOpenTextDocumentParams) {
        let item = params.text_document;
        let path = path_of(&item.uri);
        let root = path.as_deref().and_then(root_around);
        let place = root.and_then(|root| {
            let inner = path.as_deref()?.strip_prefix(&root).ok()?;
            Some((root.clone(), inner.to_str()?.to_owned()))
        });
        let id = item.language_id.to_string();
        let shown = match (&place, &path) {
            (Some((_, inner)), _) => inner.clone(),
            (None, Some(path)) => path.to_string_lossy().into_owned(),
            (None, None) => item.uri.0.clone(),
        };
        let language = Language::of(&shown, &id);
        self.opened += 1;
        let document = Document::new(&item.text, item.version, language).begun_at(self.opened);
        if let Some((root, _)) = &place {
            self.tree(root);
        }
        let key = item.uri.0.clone();
        let open = Open {
            uri: item.uri,
            document,
            on_disk: self.on_disk(place.as_ref()),
            place: place.clone(),
        };
        self.open.insert(key.clone(), open);
        match place {
            Some((root, _)) => self.look(&root, Forget::Unheard),
            None => self.publish_alone(&key),
        }
    }

    /// What lies on the disk at a place of a tree.
    fn on_disk(&self, place: Option<&(PathBuf, String)>) -> Option<Arc<[u8]>> {
        let (root, path) = place?;
        self.trees.get(root)?.disk.read(path).ok()
    }

    pub(super) fn change(&mut self, params: DidChangeTextDocumentParams) -> Result<(), String> {
        let id = params.text_document;
        let key = id.text_document_identifier.uri.0;
        let encoding = self.client.encoding;
        let open = self.open.get_mut(&key);
        let open = open.ok_or_else(|| format!("{key} is not open"))?;
        open.document.change(&params.content_changes, encoding);
        open.document.version = id.version;
        match open.place.clone() {
            Some((root, _)) => self.look(&root, Forget::Nothing),
            None => self.publish_alone(&key),
        }
        Ok(())
    }

    pub(super) fn saved(&mut self, params: &DidSaveTextDocumentParams) {
        let key = &params.text_document.uri.0;
        let place = self.open.get(key).and_then(|open| open.place.clone());
        let on_disk = self.on_disk(place.as_ref());
        if let (Some(open), Some((root, _))) = (self.open.get_mut(key), place) {
            open.on_disk = on_disk;
            self.look(&root, Forget::All);
        }
    }

    pub(super) fn close(&mut self, params: &DidCloseTextDocumentParams) {
        let uri = &params.text_document.uri;
        let Some(open) = self.open.remove(&uri.0) else {
            return;
        };
        self.pulled.remove(&uri.0);
        match open.place {
            Some((root, _)) => {
                self.look(&root, Forget::Unheard);
                self.give_up_unused();
            }
            None => self.push(&open.uri, None, &[]),
        }
    }

    pub(super) fn watched(&mut self, params: &DidChangeWatchedFilesParams) {
        for change in &params.changes {
            if let Some(path) = path_of(&change.uri) {
                let around = self.trees.keys().filter(|root| path.starts_with(root));
                self.touched.extend(around.cloned());
            }
        }
        self.look_at_touched();
    }

    /// Looks at trees of which something has changed on the disk.
    pub(super) fn look_at_touched(&mut self) {
        self.quiet = None;
        for root in std::mem::take(&mut self.touched) {
            let disk = self.trees.get(&root).map(|tree| Arc::clone(&tree.disk));
            let Some(disk) = disk else { continue };
            for open in self.open.values_mut() {
                if let Some((at, path)) = &open.place
                    && *at == root
                {
                    open.on_disk = disk.read(path).ok();
                }
            }
            self.look(&root, Forget::All);
        }
    }

    pub(super) fn change_folders(&mut self, params: &DidChangeWorkspaceFoldersParams) {
        for gone in &params.event.removed {
            let path = path_of(&gone.uri);
            self.folders.retain(|folder| Some(folder) != path.as_ref());
        }
        for folder in &params.event.added {
            if let Some(path) = path_of(&folder.uri) {
                if let Some(root) = root_around(&path) {
                    self.tree(&root);
                    self.look(&root, Forget::All);
                }
                self.folders.push(path);
            }
        }
        self.give_up_unused();
    }

    /// Trees in which no file is open and no folder is worked in are given up.
    fn give_up_unused(&mut self) {
        let roots: Vec<PathBuf> = self.trees.keys().cloned().collect();
        for root in roots {
            let is_open = |open: &Open| open.place.as_ref().is_some_and(|(own, _)| *own == root);
            let is_used = self.open.values().any(is_open)
                || self.folders.iter().any(|folder| folder.starts_with(&root));
            if is_used {
                continue;
            }
            self.tell_progress(&root, Step::End);
            let view = self.view_of(&root);
            if let Some(tree) = self.trees.remove(&root) {
                for path in tree.pushed() {
                    self.push(&view.uri_of(path), None, &[]);
                }
            }
        }
        self.answer_waiting();
    }

    /// Opens the kernel tree at `root`, unless it is open.
    pub(super) fn tree(&mut self, root: &Path) {
        if self.trees.contains_key(root) {
            return;
        }
        let (told, place): (_, Arc<Path>) = (self.told.clone(), root.into());
        let changed = move || {
            let _ = told.send(Told {
                root: Arc::clone(&place),
                generation: 0,
                revisions: Arc::default(),
                event: Event::Touched,
            });
        };
        match self.host.open(root, Arc::new(changed)) {
            Ok(opened) => {
                let disk = opened.source();
                let analysis = Analysis::start(root, opened, self.told.clone());
                let tree = Tree::new(root, disk, analysis);
                self.trees.insert(root.to_owned(), tree);
                self.log(Level::Info, &format!("a kernel tree: {}", root.display()));
            }
            Err(why) => self.log(Level::Error, &why),
        }
    }

    pub(super) fn look_at_all(&mut self) {
        let roots: Vec<PathBuf> = self.trees.keys().cloned().collect();
        for root in roots {
            self.look(&root, Forget::Nothing);
        }
    }

    /// Has a tree looked at as it is now, and says at once what is known.
    pub(super) fn look(&mut self, root: &Path, forget: Forget) {
        let source = self.source(root);
        let own: Vec<(&String, &Open)> = self
            .open
            .values()
            .filter_map(|open| match &open.place {
                Some((at, path)) if at == root => Some((path, open)),
                _ => None,
            })
            .collect();
        let kconfig = own
            .iter()
            .filter(|(_, open)| open.document.language == Some(Language::Kconfig))
            .map(|(path, _)| Arc::from(path.as_str()))
            .collect();
        let revisions = own
            .iter()
            .map(|(path, open)| ((*path).clone(), open.document.revision()))
            .collect();
        let (Some(tree), Some(source)) = (self.trees.get_mut(root), source) else {
            return;
        };
        tree.generation += 1;
        let (host, listed) = (Arc::clone(&self.host), Arc::clone(&source));
        tree.calls = Calls::new(Arc::new(move || host.words(&*listed)));
        let forget = match (tree.listed.elapsed(), tree.believed.elapsed()) {
            (listed, _) if listed > TRUSTED => Forget::All,
            (_, believed) if believed > BELIEVED => forget.max(Forget::Unheard),
            _ => forget,
        };
        if forget > Forget::Nothing {
            tree.believed = Instant::now();
        }
        if forget == Forget::All {
            tree.listed = Instant::now();
        }
        tree.analysis.look(Job {
            generation: tree.generation,
            source,
            asked: self.asked.clone(),
            kconfig,
            revisions: Arc::new(revisions),
            forget,
        });
        self.publish(root);
    }

    /// A tree with what is open laid over it.
    fn source(&self, root: &Path) -> Option<Arc<dyn Listed>> {
        let tree = self.trees.get(root)?;
        let mut layer: Layer<dyn Listed> = Layer::over(Arc::clone(&tree.disk));
        for open in self.open.values() {
            let text = &open.document.text.bytes;
            if let Some((at, path)) = &open.place
                && at == root
                && open.on_disk.as_ref() != Some(text)
            {
                layer.put(path, text);
            }
        }
        Some(Arc::new(layer))
    }

    /// What there is to answer a request about a text from.
    pub(super) fn view(&self, uri: &Uri) -> View {
        let open = self.open.get(&uri.0);
        let root = match open {
            Some(open) => open.place.as_ref().map(|(root, _)| root.clone()),
            None => path_of(uri).and_then(|path| root_around(&path)),
        };
        let mut view = match &root {
            Some(root) if self.trees.contains_key(root) => self.view_of(root),
            _ => self.view_alone(uri),
        };
        if let (Some(root), Some(open)) = (&root, open)
            && let (Some(tree), Some((_, path))) = (self.trees.get(root), &open.place)
        {
            view.diagnoses = Arc::new(tree.diagnoses(path, &open.document));
        }
        view
    }

    /// A tree as it is now.
    pub(super) fn view_of(&self, root: &Path) -> View {
        let client = Arc::clone(&self.client);
        let (Some(tree), Some(source)) = (self.trees.get(root), self.source(root)) else {
            return View::new(Path::new("/").into(), nowhere(), client);
        };
        let mut view = View::new(Arc::clone(&tree.root), source, client);
        view.kconfig.clone_from(&tree.kconfig);
        view.outcome.clone_from(&tree.outcome);
        view.calls = tree.calls.clone();
        let own = self.open.values().filter_map(|open| {
            let (at, path) = open.place.as_ref()?;
            let document = &open.document;
            let text = (document.text.clone(), document.language, document.version);
            (at == root).then(|| (path.clone(), text))
        });
        view.open = Arc::new(own.collect());
        view
    }

    /// A text that is in no tree.
    fn view_alone(&self, uri: &Uri) -> View {
        let client = Arc::clone(&self.client);
        let mut view = View::new(Path::new("/").into(), nowhere(), client);
        view.alone = Some(uri.clone());
        if let Some(open) = self.open.get(&uri.0)
            && let Some(path) = view.path_of(uri)
        {
            let document = &open.document;
            let text = (document.text.clone(), document.language, document.version);
            view.open = Arc::new(BTreeMap::from([(path, text)]));
        }
        view
    }

    /// Tells the client what is wrong in a tree, where that has changed.
    pub(super) fn publish(&mut self, root: &Path) {
        let view = self.view_of(root);
        let Some(tree) = self.trees.get_mut(root) else {
            return;
        };
        let mut versions = BTreeMap::new();
        let mut own: BTreeMap<String, &Document> = BTreeMap::new();
        for open in self.open.values() {
            if let Some((at, path)) = &open.place
                && at == root
            {
                versions.insert(open.uri.0.clone(), open.document.version);
                own.insert(path.clone(), &open.document);
            }
        }
        let news = tree.news(&view, &own);
        for (uri, diagnostics) in news {
            self.push(&uri, versions.get(&uri.0).copied(), &diagnostics);
        }
    }

    /// Tells what is wrong in a text that is in no tree: what its language does not allow.
    fn publish_alone(&self, key: &str) {
        let Some(open) = self.open.get(key).filter(|_| !self.client.pulls) else {
            return;
        };
        let diagnostics = self.alone(open);
        self.push(&open.uri, Some(open.document.version), &diagnostics);
    }

    /// What is wrong in a text that is in no tree.
    pub(super) fn alone(&self, open: &Open) -> Vec<gen_lsp_types::Diagnostic> {
        let view = self.view_alone(&open.uri);
        let path = view.path_of(&open.uri).unwrap_or_default();
        let parsed = open.document.text.parsed.as_deref();
        let found = parsed.map_or_else(Vec::new, |parsed| ide::syntax(&path, parsed));
        found
            .iter()
            .map(|one| convert::diagnostic(&view, one))
            .collect()
    }

    fn push(&self, uri: &Uri, version: Option<i32>, diagnostics: &[gen_lsp_types::Diagnostic]) {
        let mut params = json!({ "uri": uri, "diagnostics": diagnostics });
        if let Some(version) = version {
            params["version"] = json!(version);
        }
        self.notify("textDocument/publishDiagnostics", params);
    }

    /// Diagnostics are to be asked for again where they have changed since they were.
    pub(super) fn refresh(&mut self) {
        if !(self.client.pulls && self.client.refreshes) {
            return;
        }
        let keys: Vec<String> = self.pulled.keys().cloned().collect();
        let mut is_old = false;
        for key in keys {
            let (now, _) = self.report(&Uri(key.clone()));
            // Of what it is told once it need not be told again.
            is_old |= self.pulled.insert(key, now.clone()).as_ref() != Some(&now);
        }
        if is_old {
            self.ask(
                "workspace/diagnostic/refresh",
                Value::Null,
                Expected::Nothing,
            );
        }
    }

    /// What is wrong in a text, and what stands for that.
    pub(super) fn report(&self, uri: &Uri) -> (String, Vec<gen_lsp_types::Diagnostic>) {
        let items = match self.open.get(&uri.0) {
            Some(open) if open.place.is_none() => self.alone(open),
            Some(_) => {
                let view = self.view(uri);
                let own = view.diagnoses.iter();
                own.map(|one| convert::diagnostic(&view, one)).collect()
            }
            None => Vec::new(),
        };
        let text = serde_json::to_vec(&items).unwrap_or_default();
        (format!("{:032x}", source::digest(&text)), items)
    }
}

/// A tree that has nothing.
fn nowhere() -> Arc<dyn Source> {
    Arc::new(Memory::new(""))
}
