//! What a client can do, as it says when it begins.

use serde_json::Value;

use crate::position::Encoding;

/// What a client can do.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing that it says"
)]
pub(crate) struct Client {
    /// How it counts.
    pub(crate) encoding: Encoding,
    /// It asks for diagnostics.
    pub(crate) pulls: bool,
    /// It asks again when it is told to.
    pub(crate) refreshes: bool,
    /// It asks for lenses, hints and so on again when it is told to.
    pub(crate) refreshes_lenses: bool,
    pub(crate) refreshes_hints: bool,
    /// It shows hints within lines.
    pub(crate) hints: bool,
    /// It shows other places beside a diagnostic.
    pub(crate) relates: bool,
    /// It shows a link behind the code of a diagnostic.
    pub(crate) links: bool,
    /// It knows tags of diagnostics.
    pub(crate) tags: bool,
    /// It shows how far a job is.
    pub(crate) progress: bool,
    /// It fills in snippets.
    pub(crate) snippets: bool,
    /// It shows the bytes that a definition is asked from.
    pub(crate) links_definitions: bool,
    /// It knows symbols within symbols.
    pub(crate) nests_symbols: bool,
    /// It takes edits with versions, and files to be made.
    pub(crate) document_changes: bool,
    pub(crate) creates_files: bool,
    /// It asks the user about changes that want it.
    pub(crate) annotates: bool,
    /// It takes actions that are no commands.
    pub(crate) literal_actions: bool,
    /// It answers questions about its configuration.
    pub(crate) configures: bool,
    /// It hears when its configuration changes only where it is registered.
    pub(crate) registers_configuration: bool,
    /// It has a command that shows places.
    pub(crate) shows_references: bool,
    /// It opens documents when it is told to.
    pub(crate) shows_documents: bool,
    /// It can be told whether something is still being done.
    pub(crate) hears_status: bool,
    /// It understands Markdown.
    pub(crate) markdown: bool,
}

impl Client {
    /// What the parameters of `initialize` say.
    pub(crate) fn new(params: &Value) -> Client {
        let at = |path: &str| params.pointer(&format!("/capabilities/{path}"));
        let is = |path: &str| at(path).and_then(Value::as_bool) == Some(true);
        let has = |path: &str| at(path).is_some_and(|value| !value.is_null());
        let list = |path: &str| -> Vec<&str> {
            let all = at(path).and_then(Value::as_array);
            let all = all.into_iter().flatten();
            all.filter_map(Value::as_str).collect()
        };
        Client {
            encoding: Encoding::among(&list("general/positionEncodings")),
            pulls: has("textDocument/diagnostic"),
            refreshes: is("workspace/diagnostics/refreshSupport"),
            refreshes_lenses: is("workspace/codeLens/refreshSupport"),
            refreshes_hints: is("workspace/inlayHint/refreshSupport"),
            hints: has("textDocument/inlayHint"),
            relates: is("textDocument/publishDiagnostics/relatedInformation")
                || is("textDocument/diagnostic/relatedInformation"),
            links: is("textDocument/publishDiagnostics/codeDescriptionSupport")
                || is("textDocument/diagnostic/codeDescriptionSupport"),
            tags: has("textDocument/publishDiagnostics/tagSupport")
                || has("textDocument/diagnostic/tagSupport"),
            progress: is("window/workDoneProgress"),
            snippets: is("textDocument/completion/completionItem/snippetSupport"),
            links_definitions: is("textDocument/definition/linkSupport"),
            nests_symbols: is("textDocument/documentSymbol/hierarchicalDocumentSymbolSupport"),
            document_changes: is("workspace/workspaceEdit/documentChanges"),
            creates_files: list("workspace/workspaceEdit/resourceOperations").contains(&"create"),
            annotates: has("workspace/workspaceEdit/changeAnnotationSupport"),
            literal_actions: has("textDocument/codeAction/codeActionLiteralSupport"),
            configures: is("workspace/configuration"),
            registers_configuration: is("workspace/didChangeConfiguration/dynamicRegistration"),
            shows_references: list("experimental/commands/commands")
                .contains(&crate::convert::SHOW_REFERENCES),
            shows_documents: is("window/showDocument/support"),
            hears_status: is("experimental/serverStatusNotification"),
            markdown: list("textDocument/hover/contentFormat").contains(&"markdown"),
        }
    }
}
