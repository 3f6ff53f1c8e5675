//! A client of the language server, as a test needs it.

#![allow(dead_code, reason = "not every test needs it")]
#![expect(clippy::panic, reason = "a test ends where nothing comes")]
#![expect(
    clippy::needless_pass_by_value,
    reason = "what is sent is made where it is sent"
)]

use std::collections::HashMap;
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::vmemmlint;

/// Nobody waits longer for anything.
const PATIENCE: Duration = Duration::from_mins(2);

/// A client, its server, and the tree that they work on.
pub(crate) struct Client {
    server: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// The diagnostics of each file, as they were published last.
    pub(crate) published: HashMap<String, Value>,
    /// What else was said.
    pub(crate) notes: Vec<Value>,
    /// What the server asked.
    pub(crate) asked: Vec<Value>,
    /// What it answered to `initialize`.
    pub(crate) initialized: Value,
    answers: HashMap<i64, Value>,
    last: i64,
    root: PathBuf,
}

/// What most clients of today can do, but for pulling diagnostics.
pub(crate) fn capabilities() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-16"] },
        "textDocument": {
            "publishDiagnostics": {
                "relatedInformation": true,
                "codeDescriptionSupport": true,
                "tagSupport": { "valueSet": [1, 2] },
            },
            "hover": { "contentFormat": ["markdown", "plaintext"] },
            "completion": { "completionItem": { "snippetSupport": true } },
            "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": ["quickfix"] } } },
            "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
        },
        "workspace": {
            "workspaceEdit": { "documentChanges": true, "resourceOperations": ["create"] },
        },
        "experimental": { "serverStatusNotification": true },
    })
}

impl Client {
    /// Starts a server and says what the client can do, for a tree at `root`.
    pub(crate) fn start(root: &Path, capabilities: Value) -> Client {
        Client::with_options(root, capabilities, Value::Null)
    }

    pub(crate) fn with_options(root: &Path, capabilities: Value, options: Value) -> Client {
        let mut client = Client::silent(root);
        let params = json!({
            "processId": null,
            "rootUri": client.uri(""),
            "capabilities": capabilities,
            "initializationOptions": options,
        });
        client.initialized = client.ask("initialize", params);
        client.tell("initialized", json!({}));
        client
    }

    /// Starts a server and says nothing.
    pub(crate) fn silent(root: &Path) -> Client {
        let mut command = vmemmlint(&["lsp", "--no-cache"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut server = command.spawn().unwrap();
        let input = server.stdin.take();
        let output = server.stdout.take().unwrap();
        let (sender, messages) = mpsc::channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Client {
            server,
            input,
            messages,
            published: HashMap::new(),
            notes: Vec::new(),
            asked: Vec::new(),
            initialized: Value::Null,
            answers: HashMap::new(),
            last: 0,
            root: root.canonicalize().unwrap(),
        }
    }

    /// How the protocol names a file of the tree.
    pub(crate) fn uri(&self, path: &str) -> String {
        format!("file://{}", self.root.join(path).display())
    }

    /// Sends bytes as they are.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(bytes).unwrap();
        input.flush().unwrap();
    }

    pub(crate) fn send(&mut self, message: &Value) {
        let text = message.to_string();
        self.send_bytes(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes());
    }

    pub(crate) fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Asks, and waits for the answer: what it is, or the error.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params);
        self.answer(id)
    }

    /// Asks, and does not wait.
    pub(crate) fn begin(&mut self, method: &str, params: Value) -> i64 {
        self.last += 1;
        let id = self.last;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    pub(crate) fn answer(&mut self, id: i64) -> Value {
        self.until("an answer", |client| client.answers.contains_key(&id));
        self.answers.remove(&id).unwrap()
    }

    /// Takes messages until something is so.
    pub(crate) fn until(&mut self, what: &str, is_so: impl Fn(&Client) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_so(self) {
            let left = end.saturating_duration_since(Instant::now());
            let message = self.messages.recv_timeout(left);
            let message = message.unwrap_or_else(|error| panic!("waited for {what}: {error}"));
            self.take(message);
        }
    }

    /// Takes the messages that are there, and waits for none.
    pub(crate) fn take_what_came(&mut self) {
        while let Ok(message) = self.messages.try_recv() {
            self.take(message);
        }
    }

    fn take(&mut self, message: Value) {
        match (
            message.get("method").and_then(Value::as_str),
            message.get("id"),
        ) {
            (Some(_), Some(id)) => {
                self.send(&json!({ "jsonrpc": "2.0", "id": id, "result": null }));
                self.asked.push(message);
            }
            (Some("textDocument/publishDiagnostics"), None) => {
                let uri = message["params"]["uri"].as_str().unwrap().to_owned();
                self.published.insert(uri, message["params"].clone());
            }
            (Some(_), None) => self.notes.push(message),
            (None, _) => {
                let id = message["id"].as_i64().unwrap_or(-1);
                let answer = message.get("result").or(message.get("error"));
                self.answers.insert(id, answer.cloned().unwrap_or_default());
            }
        }
    }

    /// Does something, and waits until the server has nothing left to do for it.
    pub(crate) fn settle(&mut self, act: impl FnOnce(&mut Client)) {
        act(self);
        self.ask("vmemmlint/settle", Value::Null);
    }

    /// Opens a file of the tree with a text, and waits until all is known of it.
    pub(crate) fn open(&mut self, path: &str, language: &str, text: &str) {
        let uri = self.uri(path);
        self.settle(|client| {
            client.tell(
                "textDocument/didOpen",
                json!({ "textDocument": {
                    "uri": uri, "languageId": language, "version": 1, "text": text,
                }}),
            );
        });
    }

    /// Replaces a text, and waits until all is known of it.
    pub(crate) fn replace(&mut self, path: &str, version: i32, text: &str) {
        let uri = self.uri(path);
        self.settle(|client| {
            client.tell(
                "textDocument/didChange",
                json!({
                    "textDocument": { "uri": uri, "version": version },
                    "contentChanges": [{ "text": text }],
                }),
            );
        });
    }

    /// What was published of a file: line from 1, code and message of each.
    pub(crate) fn shown(&self, path: &str) -> Vec<String> {
        let published = self.published.get(&self.uri(path));
        shown(published.map_or(&Value::Null, |own| &own["diagnostics"]))
    }

    /// Says goodbye; answers the exit code.
    pub(crate) fn leave(mut self) -> Option<i32> {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.end()
    }

    /// Hangs up; answers the exit code.
    pub(crate) fn end(mut self) -> Option<i32> {
        drop(self.input.take());
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.server.try_wait().unwrap() {
                return status.code();
            }
            thread::sleep(Duration::from_millis(5));
        }
        None
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Diagnostics in a line each.
pub(crate) fn shown(diagnostics: &Value) -> Vec<String> {
    let all = diagnostics.as_array().into_iter().flatten();
    let told = all.map(|one| {
        let line = one["range"]["start"]["line"].as_u64().unwrap() + 1;
        let (code, message) = (&one["code"], &one["message"]);
        format!(
            "{line}: {}: {}",
            code.as_str().unwrap(),
            message.as_str().unwrap()
        )
    });
    told.collect()
}

fn read(output: &mut impl std::io::BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().split_once(": ") {
            Some((_, value)) => length = value.parse().unwrap(),
            None => break,
        }
    }
    let mut text = vec![0; length];
    output.read_exact(&mut text).ok()?;
    Some(serde_json::from_slice(&text).unwrap())
}

/// A tree of `testdata`.
pub(crate) fn mini(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../testdata")
        .join(name)
}
