//! What the client asks, and who answers it.

use gen_lsp_types as lsp;
use gen_lsp_types::{
    CallHierarchyProvider, CodeActionKind, CodeActionOptions, CodeActionProvider, CodeLensOptions,
    CompletionOptions, DefinitionProvider, DiagnosticOptions, DiagnosticProvider,
    DocumentDiagnosticParams, DocumentFormattingProvider, DocumentHighlightProvider,
    DocumentRangeFormattingProvider, DocumentSymbolProvider, ExecuteCommandOptions,
    FoldingRangeProvider, Full, HoverProvider, InlayHintProvider, ReferencesProvider,
    RenameOptions, RenameProvider, SaveOptions, SemanticTokensLegend, SemanticTokensOptions,
    SemanticTokensProvider, ServerCapabilities, TextDocumentSync, TextDocumentSyncKind,
    TextDocumentSyncOptions, Uri, WorkspaceFoldersServerCapabilities, WorkspaceOptions,
    WorkspaceSymbolProvider,
};
use ide::Language;
use lsp_server::{ErrorCode, Request, RequestId, ResponseError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Expected, Phase, Server};
use crate::answer::{self, PAINTS};
use crate::client::Client;
use crate::pool::{Answer, Cancelled, Pool, Work, fault};
use crate::uri::path_of;
use crate::view::View;
use crate::{action, convert};

/// How a request is answered that takes long.
type Answers<P, R> = fn(&View, &P, &Cancelled) -> Result<R, ResponseError>;

impl Server {
    /// Takes a request; the error is answered at once.
    pub(super) fn request(&mut self, request: Request) -> Result<(), ResponseError> {
        match (self.phase, request.method.as_str()) {
            (Phase::New, "initialize") => return self.initialize(request),
            (Phase::New, _) => {
                let why = "initialize comes first";
                return Err(fault(ErrorCode::ServerNotInitialized, why));
            }
            (Phase::ShutDown, _) => {
                let why = "nothing is asked after shutdown";
                return Err(fault(ErrorCode::InvalidRequest, why));
            }
            (Phase::Running, "initialize") => {
                let why = "initialize comes once";
                return Err(fault(ErrorCode::InvalidRequest, why));
            }
            (Phase::Running, "shutdown") => {
                self.phase = Phase::ShutDown;
                for (id, cancelled) in self.pending.drain().collect::<Vec<_>>() {
                    cancelled.set();
                    let why = fault(ErrorCode::RequestCanceled, "the server shuts down");
                    self.respond(id, Err(why));
                }
                self.respond(request.id, Ok(Value::Null));
                return Ok(());
            }
            (Phase::Running, _) => {}
        }
        self.have_answered(request)
    }

    /// Has a request answered by the one who does that.
    fn have_answered(&mut self, request: Request) -> Result<(), ResponseError> {
        match request.method.as_str() {
            "textDocument/hover" if self.is_code(&request.params) => {
                self.slow(request, answer::hover_in_code)
            }
            "textDocument/hover" => self.quick(request, answer::hover),
            "textDocument/prepareCallHierarchy" => self.slow(request, answer::prepare_calls),
            "callHierarchy/incomingCalls" => self.slow(request, answer::incoming),
            "callHierarchy/outgoingCalls" => self.slow(request, answer::outgoing),
            "textDocument/completion" => self.quick(request, answer::completion),
            "completionItem/resolve" => self.quick(request, answer::resolve_completion),
            "textDocument/definition" => self.quick(request, answer::definition),
            "textDocument/documentHighlight" => self.quick(request, answer::highlight),
            "textDocument/documentSymbol" => self.quick(request, answer::outline),
            "textDocument/foldingRange" => self.quick(request, answer::folding),
            "textDocument/semanticTokens/full" => self.quick(request, answer::tokens),
            "textDocument/formatting" => self.quick(request, answer::formatting),
            "textDocument/rangeFormatting" => self.quick(request, answer::range_formatting),
            "textDocument/prepareRename" => self.quick(request, answer::prepare_rename),
            "textDocument/inlayHint" => self.slow(request, answer::hints),
            "textDocument/codeLens" => self.slow(request, answer::lenses),
            "textDocument/codeAction" => self.slow(request, action::actions),
            "textDocument/references" => self.slow(request, answer::references),
            "textDocument/rename" => self.slow(request, answer::rename),
            "workspace/symbol" => self.slow(request, answer::symbols),
            "textDocument/diagnostic" => self.diagnostic(request),
            "vmemmlint/settle" => {
                self.pending
                    .insert(request.id.clone(), Cancelled::default());
                self.settling.push(request.id);
                self.answer_waiting();
                Ok(())
            }
            "workspace/executeCommand" => self.execute(request),
            _ => {
                let why = format!("{} is not known here", request.method);
                Err(fault(ErrorCode::MethodNotFound, why))
            }
        }
    }

    /// Whether the text that is asked about is C.
    fn is_code(&self, params: &Value) -> bool {
        let uri = params.pointer("/textDocument/uri").and_then(Value::as_str);
        let open = uri.and_then(|uri| self.open.get(uri));
        open.is_some_and(|open| open.document.language == Some(Language::C))
    }

    /// Has a request answered at once.
    fn quick<P, R>(
        &mut self,
        request: Request,
        answers: fn(&View, &P) -> R,
    ) -> Result<(), ResponseError>
    where
        P: DeserializeOwned + Send + 'static,
        R: Serialize + 'static,
    {
        let pool = self.quick.clone();
        let view = self.view_for(&request.params);
        let params = params::<P>(request.params)?;
        let work = move |_: &Cancelled| value(answers(&view, &params));
        self.have_done(&pool, request.id, Box::new(work));
        Ok(())
    }

    /// Has a request answered by others, whose answer nobody may want any more.
    fn slow<P, R>(&mut self, request: Request, answers: Answers<P, R>) -> Result<(), ResponseError>
    where
        P: DeserializeOwned + Send + 'static,
        R: Serialize + 'static,
    {
        let pool = self.slow.clone();
        let view = self.view_for(&request.params);
        let params = params::<P>(request.params)?;
        let work = move |cancelled: &Cancelled| value(answers(&view, &params, cancelled)?);
        self.have_done(&pool, request.id, Box::new(work));
        Ok(())
    }

    fn have_done(&mut self, pool: &Pool, id: RequestId, work: Work) {
        let cancelled = Cancelled::default();
        self.pending.insert(id.clone(), cancelled.clone());
        pool.run(id, cancelled, work);
    }

    /// What there is to answer from: the tree of the text that is named, or the one of the item, or the first.
    fn view_for(&self, params: &Value) -> View {
        let uri = params.pointer("/textDocument/uri");
        let uri = uri.or_else(|| params.pointer("/item/uri"));
        if let Some(uri) = uri.and_then(Value::as_str) {
            return self.view(&Uri(uri.to_owned()));
        }
        let data = params.pointer("/data").and_then(Value::as_str);
        let named = data.map(std::path::PathBuf::from);
        let named = named.filter(|root| self.trees.contains_key(root));
        let root = named.or_else(|| self.trees.keys().next().cloned());
        self.view_of(&root.unwrap_or_default())
    }

    fn diagnostic(&mut self, request: Request) -> Result<(), ResponseError> {
        let asked: DocumentDiagnosticParams = params(request.params.clone())?;
        let uri = asked.text_document.uri;
        self.pending
            .insert(request.id.clone(), Cancelled::default());
        if self.client.refreshes || self.is_settled(&uri) {
            self.answer_diagnostic(&request.id, &uri, asked.previous_result_id.as_deref());
        } else {
            self.waiting.push((request.id, uri));
        }
        Ok(())
    }

    fn is_settled(&self, uri: &Uri) -> bool {
        let place = self.open.get(&uri.0).and_then(|open| open.place.as_ref());
        let tree = place.and_then(|(root, _)| self.trees.get(root));
        tree.is_none_or(super::Tree::is_settled)
    }

    fn answer_diagnostic(&mut self, id: &RequestId, uri: &Uri, before: Option<&str>) {
        let (own, items) = self.report(uri);
        let report = if before == Some(&*own) {
            json!({ "kind": "unchanged", "resultId": own })
        } else {
            json!({ "kind": "full", "resultId": own, "items": items })
        };
        self.pulled.insert(uri.0.clone(), own);
        self.answer(id, Ok(report));
    }

    /// Answers those who waited for what has been found out.
    pub(super) fn answer_waiting(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        for (id, uri) in waiting {
            if self.is_settled(&uri) {
                self.answer_diagnostic(&id, &uri, None);
            } else {
                self.waiting.push((id, uri));
            }
        }
        if self.trees.values().all(super::Tree::is_settled) {
            for id in std::mem::take(&mut self.settling) {
                self.answer(&id, Ok(Value::Null));
            }
        }
    }

    fn execute(&mut self, request: Request) -> Result<(), ResponseError> {
        let asked: lsp::ExecuteCommandParams = params(request.params)?;
        if asked.command != convert::SHOW {
            let why = format!("there is no command {}", asked.command);
            return Err(fault(ErrorCode::InvalidParams, why));
        }
        let arguments = serde_json::to_value(asked.arguments).unwrap_or_default();
        let place = arguments.pointer("/2/0");
        if let Some(place) = place.filter(|_| self.client.shows_documents) {
            let params = json!({
                "uri": place["uri"],
                "selection": place["range"],
                "takeFocus": true,
            });
            self.ask("window/showDocument", params, Expected::Nothing);
        }
        self.respond(request.id, Ok(Value::Null));
        Ok(())
    }

    fn initialize(&mut self, request: Request) -> Result<(), ResponseError> {
        let params = &request.params;
        if !params.is_object() {
            return Err(fault(
                ErrorCode::InvalidParams,
                "initialize has no parameters",
            ));
        }
        self.client = std::sync::Arc::new(Client::new(params));
        if let Some(options) = params
            .get("initializationOptions")
            .filter(|own| own.is_object())
        {
            match serde_json::from_value(options.clone()) {
                Ok(asked) => self.asked = asked,
                Err(error) => {
                    let why = format!("initializationOptions are not understood: {error}");
                    self.notify("window/showMessage", json!({ "type": 2, "message": why }));
                }
            }
        }
        let folders = params.get("workspaceFolders").and_then(Value::as_array);
        let folders = folders
            .into_iter()
            .flatten()
            .filter_map(|one| one["uri"].as_str());
        let mut folders: Vec<String> = folders.map(str::to_owned).collect();
        if folders.is_empty() {
            let root = params.get("rootUri").and_then(Value::as_str);
            folders.extend(root.map(str::to_owned));
        }
        let paths = folders.into_iter().filter_map(|uri| path_of(&Uri(uri)));
        self.folders = paths.collect();
        self.phase = Phase::Running;
        let result = json!({
            "capabilities": capabilities(&self.client),
            "serverInfo": { "name": "vmemmlint", "version": self.version },
        });
        self.respond(request.id, Ok(result));
        Ok(())
    }
}

/// An answer as it is sent.
fn value(answer: impl Serialize) -> Answer {
    serde_json::to_value(answer).map_err(|error| fault(ErrorCode::InternalError, error.to_string()))
}

/// The parameters of a request.
fn params<P: DeserializeOwned>(params: Value) -> Result<P, ResponseError> {
    serde_json::from_value(params)
        .map_err(|error| fault(ErrorCode::InvalidParams, error.to_string()))
}

/// What is offered to a client.
fn capabilities(client: &Client) -> ServerCapabilities {
    ServerCapabilities {
        position_encoding: Some(client.encoding.kind()),
        text_document_sync: Some(synchronization()),
        hover_provider: Some(HoverProvider::Bool(true)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some(vec!["_".to_owned(), "/".to_owned(), "\"".to_owned()]),
            resolve_provider: Some(true),
            ..CompletionOptions::default()
        }),
        definition_provider: Some(DefinitionProvider::Bool(true)),
        references_provider: Some(ReferencesProvider::Bool(true)),
        document_highlight_provider: Some(DocumentHighlightProvider::Bool(true)),
        document_symbol_provider: Some(DocumentSymbolProvider::Bool(true)),
        workspace_symbol_provider: Some(WorkspaceSymbolProvider::Bool(true)),
        code_action_provider: Some(CodeActionProvider::CodeActionOptions(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QuickFix]),
            ..CodeActionOptions::default()
        })),
        code_lens_provider: Some(CodeLensOptions::default()),
        document_formatting_provider: Some(DocumentFormattingProvider::Bool(true)),
        document_range_formatting_provider: Some(DocumentRangeFormattingProvider::Bool(true)),
        rename_provider: Some(RenameProvider::RenameOptions(RenameOptions {
            prepare_provider: Some(true),
            ..RenameOptions::default()
        })),
        folding_range_provider: Some(FoldingRangeProvider::Bool(true)),
        semantic_tokens_provider: Some(paints()),
        call_hierarchy_provider: Some(CallHierarchyProvider::Bool(true)),
        inlay_hint_provider: Some(InlayHintProvider::Bool(true)),
        execute_command_provider: (!client.shows_references).then(|| ExecuteCommandOptions {
            commands: vec![convert::SHOW.to_owned()],
            ..ExecuteCommandOptions::default()
        }),
        diagnostic_provider: client.pulls.then(|| {
            DiagnosticProvider::DiagnosticOptions(DiagnosticOptions {
                identifier: Some("vmemmlint".to_owned()),
                inter_file_dependencies: true,
                workspace_diagnostics: false,
                ..DiagnosticOptions::default()
            })
        }),
        workspace: Some(WorkspaceOptions {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: Some(lsp::ChangeNotifications::Bool(true)),
            }),
            ..WorkspaceOptions::default()
        }),
        ..ServerCapabilities::default()
    }
}

/// How texts are told: what changes, in the order in which it does.
fn synchronization() -> TextDocumentSync {
    TextDocumentSync::Options(TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::Incremental),
        save: Some(lsp::Save::SaveOptions(SaveOptions {
            include_text: Some(false),
        })),
        ..TextDocumentSyncOptions::default()
    })
}

/// What words can be painted as.
fn paints() -> SemanticTokensProvider {
    let types = PAINTS.iter().map(|(_, name)| (*name).to_owned());
    SemanticTokensProvider::SemanticTokensOptions(SemanticTokensOptions {
        legend: SemanticTokensLegend {
            token_types: types.collect(),
            token_modifiers: vec!["declaration".to_owned()],
        },
        range: None,
        full: Some(Full::Bool(true)),
        ..SemanticTokensOptions::default()
    })
}
