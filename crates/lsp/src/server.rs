//! The thread that hears the client.

mod requests;
mod texts;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, select};
use gen_lsp_types::Uri;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response, ResponseError};
use serde_json::{Value, json};

use crate::analysis::{Event, Step, Told};
use crate::client::Client;
use crate::document::Document;
use crate::host::{Asked, Host};
use crate::pool::{Answer, Cancelled, Pool, fault, guarded};
use crate::publish::Tree;
use crate::wire::{self, Received};

/// After a change on the disk the next ones are waited for so long.
const QUIET: Duration = Duration::from_millis(250);
/// Threads for what may take long.
const SLOW_THREADS: usize = 2;

/// What goes to the client.
enum Outgoing {
    Message(Message),
    /// The answer to what was no message.
    Damaged(String),
}

/// How far the conversation is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    New,
    Running,
    ShutDown,
}

/// A text that the client has opened.
struct Open {
    uri: Uri,
    document: Document,
    /// Its kernel tree, and its path there.
    place: Option<(PathBuf, String)>,
    /// What is on the disk, as far as it is known.
    on_disk: Option<Arc<[u8]>>,
}

/// What was asked of the client, and will be answered.
enum Expected {
    Configuration,
    Nothing,
}

/// The conversation with one client.
struct Server {
    host: Arc<dyn Host>,
    version: &'static str,
    out: Sender<Outgoing>,
    told: Sender<Told>,
    quick: Pool,
    slow: Pool,
    phase: Phase,
    client: Arc<Client>,
    asked: Asked,
    /// What the client has opened, by its name for it.
    open: BTreeMap<String, Open>,
    /// How many texts were opened so far.
    opened: u64,
    /// The kernel trees, by their directories.
    trees: BTreeMap<PathBuf, Tree>,
    /// Folders that the client works in.
    folders: Vec<PathBuf>,
    /// Requests that are not answered.
    pending: HashMap<RequestId, Cancelled>,
    /// Requests for diagnostics that wait for what is being found out.
    waiting: Vec<(RequestId, Uri)>,
    /// Requests that are answered when nothing is left to be done.
    settling: Vec<RequestId>,
    /// What was answered to the last of them of each text.
    pulled: BTreeMap<String, String>,
    /// Trees of which something has changed on the disk.
    touched: BTreeSet<PathBuf>,
    /// When they are looked at, unless more changes.
    quiet: Option<Instant>,
    expected: HashMap<RequestId, Expected>,
    last_id: i32,
    /// Which trees are being told how far they are.
    progress: BTreeMap<PathBuf, String>,
}

/// Talks with a client over two streams until it leaves; answers whether it has said goodbye.
///
/// `version` is that of the program.
pub fn serve(
    input: impl BufRead + Send + 'static,
    output: impl Write + Send + 'static,
    host: Arc<dyn Host>,
    version: &'static str,
) -> io::Result<bool> {
    let (out, outgoing) = crossbeam_channel::unbounded();
    let (incoming, messages) = crossbeam_channel::bounded(256);
    let (told, events) = crossbeam_channel::unbounded();
    let (answering, answers) = crossbeam_channel::unbounded();
    let writer = thread::spawn(move || write_all(output, &outgoing));
    thread::spawn(move || {
        let mut input = wire::Reader::new(input);
        while let Ok(Some(received)) = input.read() {
            if incoming.send(received).is_err() {
                return;
            }
        }
    });
    let mut server = Server {
        host,
        version,
        out,
        told,
        quick: Pool::new(1, &answering),
        slow: Pool::new(SLOW_THREADS, &answering),
        phase: Phase::New,
        client: Arc::default(),
        asked: Asked::default(),
        open: BTreeMap::new(),
        opened: 0,
        trees: BTreeMap::new(),
        folders: Vec::new(),
        pending: HashMap::new(),
        waiting: Vec::new(),
        settling: Vec::new(),
        pulled: BTreeMap::new(),
        touched: BTreeSet::new(),
        quiet: None,
        expected: HashMap::new(),
        last_id: 0,
        progress: BTreeMap::new(),
    };
    let is_over = server.run(&messages, &events, &answers);
    drop(server);
    // What was said last is still to be heard.
    let written = writer.join();
    written.unwrap_or(Ok(())).map(|()| is_over)
}

fn write_all(mut output: impl Write, outgoing: &Receiver<Outgoing>) -> io::Result<()> {
    for one in outgoing {
        let written = match one {
            Outgoing::Message(message) => wire::write(&mut output, &message),
            Outgoing::Damaged(why) => {
                wire::write_error(&mut output, ErrorCode::ParseError as i32, &why)
            }
        };
        match written {
            // Nobody is left to hear it.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
    }
    Ok(())
}

impl Server {
    /// Whether the client has said goodbye.
    fn run(
        &mut self,
        messages: &Receiver<Received>,
        events: &Receiver<Told>,
        answers: &Receiver<(RequestId, Answer)>,
    ) -> bool {
        loop {
            // What changes on the disk seldom changes alone.
            let quiet = match self.quiet {
                Some(end) => crossbeam_channel::at(end),
                None => crossbeam_channel::never(),
            };
            select! {
                recv(quiet) -> _ => self.guard(Server::look_at_touched),
                recv(messages) -> received => match received {
                    Ok(Received::Message(message)) => {
                        if self.hear(message).is_break() {
                            return self.phase == Phase::ShutDown;
                        }
                    }
                    Ok(Received::Damaged(why)) => {
                        let _ = self.out.send(Outgoing::Damaged(why));
                    }
                    Err(_) => return self.phase == Phase::ShutDown,
                },
                recv(events) -> told => {
                    if let Ok(told) = told {
                        self.guard(|server| server.take(told));
                    }
                }
                recv(answers) -> answer => {
                    if let Ok((id, answer)) = answer {
                        self.answer(&id, answer);
                    }
                }
            }
        }
    }

    /// Does something that no client asked for; a panic is a fault of ours, and no reason to end.
    fn guard(&mut self, act: impl FnOnce(&mut Server)) {
        let done = guarded(|| {
            act(self);
            Ok(Value::Null)
        });
        if let Err(error) = done {
            self.log(Level::Error, &error.message);
        }
    }

    fn send(&self, message: impl Into<Message>) {
        // Where nobody writes any more the end is near.
        let _ = self.out.send(Outgoing::Message(message.into()));
    }

    fn notify(&self, method: &str, params: Value) {
        self.send(Notification {
            method: method.to_owned(),
            params,
        });
    }

    /// Asks the client for something.
    fn ask(&mut self, method: &str, params: Value, expected: Expected) {
        self.last_id = self.last_id.wrapping_add(1);
        let id = RequestId::from(self.last_id);
        self.expected.insert(id.clone(), expected);
        self.send(Request {
            id,
            method: method.to_owned(),
            params,
        });
    }

    /// Answers a request, unless that was done already.
    fn answer(&mut self, id: &RequestId, answer: Answer) {
        if self.pending.remove(id).is_some() {
            self.respond(id.clone(), answer);
        }
    }

    fn respond(&self, id: RequestId, answer: Answer) {
        self.send(Response {
            id,
            response_result: answer,
        });
    }

    /// Says something to those who read logs.
    fn log(&self, level: Level, text: &str) {
        if level <= Level::of(&self.asked.log) {
            let params = json!({ "type": level as u8, "message": text });
            self.notify("window/logMessage", params);
        }
    }

    fn hear(&mut self, message: Message) -> std::ops::ControlFlow<()> {
        match message {
            Message::Request(request) => {
                let id = request.id.clone();
                if self.pending.contains_key(&id) {
                    let why = fault(ErrorCode::InvalidRequest, "another request has this id");
                    self.respond(id, Err(why));
                    return std::ops::ControlFlow::Continue(());
                }
                let mut refused: Option<ResponseError> = None;
                let heard = guarded(|| {
                    refused = self.request(request).err();
                    Ok(Value::Null)
                });
                if let Some(why) = heard.err().or(refused) {
                    self.pending.remove(&id);
                    self.respond(id, Err(why));
                }
            }
            Message::Notification(note) if note.method == "exit" => {
                return std::ops::ControlFlow::Break(());
            }
            Message::Notification(note) => {
                let method = note.method.clone();
                let heard = guarded(|| {
                    if let Err(why) = self.notification(note) {
                        self.log(Level::Warning, &format!("{method}: {why}"));
                    }
                    Ok(Value::Null)
                });
                if let Err(error) = heard {
                    self.log(Level::Error, &format!("{method}: {}", error.message));
                }
            }
            Message::Response(response) => self.guard(|server| server.hear_response(response)),
        }
        std::ops::ControlFlow::Continue(())
    }

    fn hear_response(&mut self, response: Response) {
        match self.expected.remove(&response.id) {
            Some(Expected::Configuration) => {
                if let Ok(Value::Array(sections)) = response.response_result
                    && let Some(section) = sections.into_iter().next()
                {
                    self.configure(section);
                }
            }
            Some(Expected::Nothing) | None => {}
        }
    }

    fn notification(&mut self, note: Notification) -> Result<(), String> {
        if self.phase != Phase::Running {
            // As the protocol has it, nothing is done before the beginning and after the end.
            return Ok(());
        }
        let params = note.params;
        match note.method.as_str() {
            "initialized" => self.begin(),
            // Some say so without asking for an answer.
            "shutdown" => self.phase = Phase::ShutDown,
            "textDocument/didOpen" => self.open(read(params)?),
            "textDocument/didChange" => self.change(read(params)?)?,
            "textDocument/didSave" => self.saved(&read(params)?),
            "textDocument/didClose" => self.close(&read(params)?),
            "workspace/didChangeWatchedFiles" => self.watched(&read(params)?),
            "workspace/didChangeWorkspaceFolders" => self.change_folders(&read(params)?),
            "workspace/didChangeConfiguration" => {
                if self.client.configures {
                    self.ask_for_configuration();
                } else if let Some(section) = params.pointer("/settings/vmemmlint") {
                    self.configure(section.clone());
                }
            }
            "$/cancelRequest" => self.cancel(&params),
            _ => {}
        }
        Ok(())
    }

    fn cancel(&mut self, params: &Value) {
        let id = params.get("id").cloned().unwrap_or_default();
        let Ok(id) = serde_json::from_value::<RequestId>(id) else {
            return;
        };
        if let Some(cancelled) = self.pending.remove(&id) {
            cancelled.set();
            self.waiting.retain(|(waiting, _)| *waiting != id);
            self.respond(id, Err(fault(ErrorCode::RequestCanceled, "cancelled")));
        }
    }

    fn configure(&mut self, section: Value) {
        if section.is_null() {
            return;
        }
        match serde_json::from_value::<Asked>(section) {
            Ok(asked) if asked != self.asked => {
                self.asked = asked;
                for tree in self.trees.values_mut() {
                    tree.begin_anew();
                }
                self.look_at_all();
            }
            Ok(_) => {}
            Err(error) => {
                let why = format!(
                    "the section vmemmlint of the configuration is not understood: {error}"
                );
                self.log(Level::Warning, &why);
            }
        }
    }

    fn ask_for_configuration(&mut self) {
        let mut item = json!({ "section": "vmemmlint" });
        if let Some(folder) = self.folders.first() {
            item["scopeUri"] = json!(crate::uri::uri_of(folder));
        }
        let params = json!({ "items": [item] });
        self.ask("workspace/configuration", params, Expected::Configuration);
    }

    /// The client is ready to be asked.
    fn begin(&mut self) {
        let mut registrations = Vec::new();
        if self.client.registers_configuration {
            registrations.push(json!({
                "id": "vmemmlint-configuration",
                "method": "workspace/didChangeConfiguration",
                "registerOptions": { "section": "vmemmlint" },
            }));
        }
        if !registrations.is_empty() {
            let params = json!({ "registrations": registrations });
            self.ask("client/registerCapability", params, Expected::Nothing);
        }
        if self.client.configures {
            self.ask_for_configuration();
        }
        for folder in self.folders.clone() {
            if let Some(root) = crate::uri::root_around(&folder) {
                self.tree(&root);
            }
        }
        self.look_at_all();
    }

    /// Takes what the thread of a tree tells.
    fn take(&mut self, told: Told) {
        let Told {
            root,
            generation,
            revisions,
            event,
        } = told;
        let Some(tree) = self.trees.get_mut(&*root) else {
            return;
        };
        match event {
            Event::Touched => {
                self.touched.insert(root.to_path_buf());
                self.quiet = Some(Instant::now() + QUIET);
                return;
            }
            Event::Progress(step) => return self.tell_progress(&root, step),
            Event::Took(what, time) => {
                let words = format!("{what} took {} ms", time.as_millis());
                return self.log(Level::Debug, &words);
            }
            Event::Done => {
                tree.done = tree.done.max(generation);
                if tree.is_settled() {
                    self.publish(&root);
                    self.answer_waiting();
                    self.tell_status(&root);
                }
                return;
            }
            Event::Failed(why) => {
                if tree.failure.as_ref() != Some(&why) {
                    tree.failure = Some(why.clone());
                    self.log(Level::Error, &why);
                    self.notify("window/showMessage", json!({ "type": 1, "message": why }));
                }
                return;
            }
            event => {
                let asks_again = matches!(event, Event::Kconfig(_) | Event::Checked(..));
                if matches!(event, Event::Checked(..)) {
                    tree.failure = None;
                }
                tree.hear(event, generation, &revisions);
                if asks_again {
                    self.refresh_lenses();
                }
            }
        }
        self.publish(&root);
        self.refresh();
    }

    /// Lenses and hints are to be asked for again.
    fn refresh_lenses(&mut self) {
        if self.client.refreshes_lenses {
            self.ask("workspace/codeLens/refresh", Value::Null, Expected::Nothing);
        }
        if self.client.refreshes_hints {
            self.ask(
                "workspace/inlayHint/refresh",
                Value::Null,
                Expected::Nothing,
            );
        }
    }

    fn tell_status(&self, root: &std::path::Path) {
        if self.client.hears_status {
            let params = json!({
                "health": "ok",
                "quiescent": self.trees.values().all(Tree::is_settled),
                "message": root.display().to_string(),
            });
            self.notify("experimental/serverStatus", params);
        }
    }

    fn tell_progress(&mut self, root: &std::path::Path, step: Step) {
        if !self.client.progress {
            return;
        }
        let token = match (&step, self.progress.get(root)) {
            (Step::Begin(_), None) => {
                let token = format!("vmemmlint-{}", self.last_id.wrapping_add(1));
                let params = json!({ "token": token });
                self.ask("window/workDoneProgress/create", params, Expected::Nothing);
                self.progress.insert(root.to_owned(), token.clone());
                token
            }
            (Step::Begin(_), Some(_)) | (_, None) => return,
            (_, Some(token)) => token.clone(),
        };
        let value = match step {
            Step::Begin(name) => json!({
                "kind": "begin",
                "title": "vmemmlint",
                "message": name,
                "cancellable": false,
                "percentage": 0,
            }),
            Step::Report(name, done, total) if total > 0 => json!({
                "kind": "report",
                "message": format!("{name}: {done} of {total}"),
                "percentage": (done.min(total) * 100 / total),
            }),
            Step::Report(name, ..) => json!({ "kind": "report", "message": name }),
            Step::End => {
                self.progress.remove(root);
                json!({ "kind": "end" })
            }
        };
        self.notify("$/progress", json!({ "token": token, "value": value }));
    }
}

/// How much something in the log weighs, as the protocol counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Error = 1,
    Warning = 2,
    Info = 3,
    Debug = 4,
}

impl Level {
    fn of(word: &str) -> Level {
        match word {
            "error" => Level::Error,
            "info" => Level::Info,
            "debug" => Level::Debug,
            _ => Level::Warning,
        }
    }
}

/// The parameters of a notification.
fn read<P: serde::de::DeserializeOwned>(params: Value) -> Result<P, String> {
    serde_json::from_value(params).map_err(|error| error.to_string())
}
