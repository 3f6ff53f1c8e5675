//! How long an editor waits, on a real tree: after edits at random places, for what is asked at a place, and as it starts.

use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};
use source::Source;

use crate::bench;
use crate::conf::Scratch;
use crate::error::Error;
use crate::verdicts;

/// What is timed.
#[derive(Args, Debug)]
pub(crate) struct Asked {
    /// How many edits are made, half of them in Kconfig and half in C
    #[arg(long, default_value_t = 200)]
    edits: usize,
    /// After how many of them a new server must say of the text what this one does
    #[arg(long, default_value_t = 10)]
    compared: usize,
    /// Where random numbers begin
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many of the slowest are shown, each with what took the time
    #[arg(long, default_value_t = 0)]
    slowest: usize,
}

/// Which server is timed, and on which tree.
struct Bench {
    binary: PathBuf,
    tree: PathBuf,
    cache: PathBuf,
}

impl Bench {
    /// A file's path in the tree.
    fn name<'p>(&self, path: &'p Path) -> std::path::Display<'p> {
        path.strip_prefix(&self.tree).unwrap_or(path).display()
    }
}

/// A server, and a client of it that waits for each answer.
struct Editor {
    server: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// When diagnostics came first.
    published: Option<Instant>,
    /// What it logged since that was asked last.
    logged: Vec<String>,
    last: i64,
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// What was said is not what the protocol says.
fn odd(why: &str) -> Error {
    Error::new(format!("the server: {why}"))
}

impl Editor {
    fn start(bench: &Bench) -> Result<Editor, Error> {
        let mut server = Command::new(&bench.binary)
            .arg("lsp")
            .arg("--cache-dir")
            .arg(&bench.cache)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| Error::io("run", &bench.binary, &error))?;
        let input = server.stdin.take().ok_or_else(|| odd("no input"))?;
        let output = server.stdout.take().ok_or_else(|| odd("no output"))?;
        let mut editor = Editor {
            server,
            input,
            output: BufReader::new(output),
            published: None,
            logged: Vec::new(),
            last: 0,
        };
        let params = json!({
            "processId": null,
            "rootUri": uri(&bench.tree),
            "initializationOptions": { "log": "debug" },
            "capabilities": { "textDocument": { "hover": { "contentFormat": ["markdown"] } } },
        });
        editor.ask("initialize", &params)?;
        editor.tell("initialized", &json!({}))?;
        Ok(editor)
    }

    fn send(&mut self, message: &Value) -> Result<(), Error> {
        let text = message.to_string();
        let sent = write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len());
        let sent = sent.and_then(|()| self.input.flush());
        sent.map_err(|error| odd(&error.to_string()))
    }

    fn tell(&mut self, method: &str, params: &Value) -> Result<(), Error> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    /// Asks, and takes what comes until that is answered.
    fn ask(&mut self, method: &str, params: &Value) -> Result<Value, Error> {
        self.last += 1;
        let id = self.last;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        loop {
            let message = self.read()?;
            if message["method"] == "textDocument/publishDiagnostics" {
                self.published.get_or_insert_with(Instant::now);
            } else if message["method"] == "window/logMessage" {
                let words = message["params"]["message"].as_str();
                self.logged.extend(words.map(str::to_owned));
            } else if message.get("method").is_none() && message["id"] == id {
                return Ok(message["result"].clone());
            } else if message.get("id").is_some() && message.get("method").is_some() {
                let answer = json!({ "jsonrpc": "2.0", "id": message["id"], "result": null });
                self.send(&answer)?;
            }
        }
    }

    fn read(&mut self) -> Result<Value, Error> {
        let mut length = 0;
        loop {
            let mut line = String::new();
            let read = self.output.read_line(&mut line);
            if read.map_err(|error| odd(&error.to_string()))? == 0 {
                return Err(odd("it has ended"));
            }
            match line.trim().split_once(": ") {
                Some((_, value)) => length = value.parse().unwrap_or(0),
                None => break,
            }
        }
        let mut text = vec![0; length];
        let read = self.output.read_exact(&mut text);
        read.map_err(|error| odd(&error.to_string()))?;
        serde_json::from_slice(&text).map_err(|error| odd(&error.to_string()))
    }

    fn open(&mut self, path: &Path, language: &str, text: &str) -> Result<(), Error> {
        self.tell(
            "textDocument/didOpen",
            &json!({ "textDocument": {
                "uri": uri(path), "languageId": language, "version": 1, "text": text,
            }}),
        )
    }

    /// How long it takes until nothing is left to be found out.
    fn settle(&mut self) -> Result<Duration, Error> {
        let start = Instant::now();
        self.ask("vmemmlint/settle", &Value::Null)?;
        Ok(start.elapsed())
    }

    /// Puts lines in the place of others, and waits until all is known.
    fn edit(&mut self, path: &Path, version: i32, edit: &Edit) -> Result<Duration, Error> {
        let at = |line: usize| json!({ "line": line, "character": 0 });
        let range = json!({ "start": at(edit.start), "end": at(edit.end) });
        self.tell(
            "textDocument/didChange",
            &json!({
                "textDocument": { "uri": uri(path), "version": version },
                "contentChanges": [{ "range": range, "text": edit.text }],
            }),
        )?;
        self.settle()
    }

    /// What is wrong in a file.
    fn diagnostics(&mut self, path: &Path) -> Result<Vec<String>, Error> {
        let params = json!({ "textDocument": { "uri": uri(path) } });
        let told = self.ask("textDocument/diagnostic", &params)?;
        let items = told["items"].as_array().cloned().unwrap_or_default();
        let mut items: Vec<String> = items.iter().map(Value::to_string).collect();
        items.sort();
        Ok(items)
    }

    /// Whether it says of a file, once all is known, what another has said.
    fn says(&mut self, path: &Path, known: &[String]) -> Result<(), Error> {
        self.settle()?;
        let told = self.diagnostics(path)?;
        if told == known {
            return Ok(());
        }
        let path = path.display();
        let words = format!("of {path} it says {known:#?}, a new one {told:#?}");
        Err(odd(&words))
    }

    fn close(&mut self, path: &Path) -> Result<(), Error> {
        let params = json!({ "textDocument": { "uri": uri(path) } });
        self.tell("textDocument/didClose", &params)?;
        self.settle().map(|_| ())
    }

    /// Its memory in MB: now, and at most.
    fn memory(&self) -> (u64, u64) {
        let status = format!("/proc/{}/status", self.server.id());
        let status = fs::read_to_string(status).unwrap_or_default();
        let value = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
            kilobytes
                .and_then(|kilobytes| kilobytes.parse::<u64>().ok())
                .unwrap_or(0)
                / 1024
        };
        (value("VmRSS"), value("VmHWM"))
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

/// Numbers that look random, and are the same for one seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).unwrap_or(0)
    }
}

/// Lines that take the place of others.
struct Edit {
    start: usize,
    end: usize,
    text: String,
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Edit { start, end, text } = self;
        write!(f, "lines {start}..{end} become {:?}", text.trim())
    }
}

impl Edit {
    /// The text after it.
    fn applied(&self, text: &str) -> String {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let before = &lines[..self.start.min(lines.len())];
        let behind = &lines[self.end.min(lines.len())..];
        [&before.concat(), &self.text, &behind.concat()]
            .map(String::as_str)
            .concat()
    }
}

/// An edit as people make them, and the one that takes it back.
fn random_edit(dice: &mut Dice, text: &str) -> (Edit, Edit) {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let line = dice.below(lines.len());
    let own = lines.get(line).copied().unwrap_or_default();
    let put = |start, end, text: &str| Edit {
        start,
        end,
        text: text.to_owned(),
    };
    match dice.below(4) {
        // A line is deleted.
        0 => (put(line, line + 1, ""), put(line, line, own)),
        // One is written twice.
        1 => (put(line, line, own), put(line, line + 1, "")),
        // A word is changed.
        2 => {
            let word = own.split_whitespace().next_back().unwrap_or_default();
            let changed = own.replacen(word, &format!("{word}X"), usize::from(!word.is_empty()));
            (put(line, line + 1, &changed), put(line, line + 1, own))
        }
        // An empty line comes in.
        _ => (put(line, line, "\n"), put(line, line + 1, "")),
    }
}

/// Times that are told as their median and the one that five of a hundred exceed, each with what it was for.
#[derive(Default)]
struct Times(Vec<(Duration, String)>);

impl Times {
    fn one(time: Duration) -> Times {
        Times(vec![(time, String::new())])
    }

    fn tell(&mut self, words: &str, goals: [u64; 2], slowest: usize) {
        self.0.sort_unstable();
        let at = |part: usize| {
            let number = (self.0.len() * part / 100).min(self.0.len().saturating_sub(1));
            self.0.get(number).map_or(0, |(time, _)| time.as_millis())
        };
        println!(
            "{words:36} {:>6} {:>6} {:>6}   {:>4} {:>4}",
            at(50),
            at(95),
            at(100),
            goals[0],
            goals[1]
        );
        for (time, words) in self.0.iter().rev().take(slowest) {
            println!("    {:>6}  {words}", time.as_millis());
        }
    }
}

/// Times a session on a tree, and prints the table.
pub(crate) fn run(tree: &str, asked: &Asked) -> Result<ExitCode, Error> {
    let (tree, _) = verdicts::find(tree)?;
    let tree = fs::canonicalize(&tree).map_err(|error| Error::io("find", &tree, &error))?;
    let binary = match std::env::var_os("VMEMMLINT_BIN") {
        Some(binary) => PathBuf::from(binary),
        None => bench::build()?,
    };
    let scratch = Scratch::new("editor")?;
    let (kconfig, code) = files(&tree)?;
    let bench = Bench {
        binary,
        tree,
        cache: scratch.path().join("cache"),
    };
    println!(
        "{:36} {:>6} {:>6} {:>6}   goals",
        "milliseconds", "median", "p95", "most"
    );
    let first = kconfig.first().ok_or_else(|| odd("no Kconfig file"))?;
    starts(&bench, first)?;
    let mut editor = Editor::start(&bench)?;
    let mut dice = Dice(asked.seed.max(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    for (words, language, files) in [
        ("edit in Kconfig", "kconfig", &kconfig),
        ("edit in C", "c", &code),
    ] {
        let mut times = edits(&bench, &mut editor, (language, files), (&mut dice, asked))?;
        times.tell(words, [50, 150], asked.slowest);
    }
    at_places(&bench, &mut editor, &kconfig, (&mut dice, asked.slowest))?;
    let (now, most) = editor.memory();
    println!(
        "{:36} {now:>6} {:>6} {most:>6}   {:>4}",
        "memory, MB", "", 200
    );
    Ok(ExitCode::SUCCESS)
}

/// Times what a server says first of a file, and all that it has to say, without a kept answer and with one.
fn starts(bench: &Bench, file: &Path) -> Result<(), Error> {
    for (kept, goal) in [("nothing kept", 3_000), ("kept", 1_000)] {
        let start = Instant::now();
        let mut editor = Editor::start(bench)?;
        editor.open(file, "kconfig", &text(file)?)?;
        editor.settle()?;
        let all = start.elapsed();
        let published = editor.published.map_or(all, |at| at - start);
        for (words, time) in [("first diagnostics", published), ("all that is known", all)] {
            Times::one(time).tell(&format!("{words}, {kept}"), [goal, goal], 0);
        }
    }
    Ok(())
}

/// Times edits; after some of them a new server is asked whether it says the same.
fn edits(
    bench: &Bench,
    editor: &mut Editor,
    (language, files): (&str, &[PathBuf]),
    (dice, asked): (&mut Dice, &Asked),
) -> Result<Times, Error> {
    let each = (asked.edits / asked.compared.max(1)).max(1);
    let mut times = Times::default();
    for number in 0..asked.edits / 2 {
        let path = &files[dice.below(files.len())];
        let Ok(text) = text(path) else { continue };
        editor.open(path, language, &text)?;
        editor.settle()?;
        let (edit, back) = random_edit(dice, &text);
        editor.logged.clear();
        let took = editor.edit(path, 2, &edit)?;
        let (name, logged) = (bench.name(path), editor.logged.join(", "));
        times.0.push((took, format!("{name}: {edit}: {logged}")));
        if number % each == 0 {
            let known = editor.diagnostics(path)?;
            let mut fresh = Editor::start(bench)?;
            fresh.open(path, language, &edit.applied(&text))?;
            fresh.says(path, &known)?;
        }
        editor.edit(path, 3, &back)?;
        editor.close(path)?;
    }
    Ok(times)
}

/// Times what is asked at a place.
fn at_places(
    bench: &Bench,
    editor: &mut Editor,
    files: &[PathBuf],
    (dice, slowest): (&mut Dice, usize),
) -> Result<(), Error> {
    let (mut hover, mut completion) = (Times::default(), Times::default());
    for _ in 0..100 {
        let path = &files[dice.below(files.len())];
        let Ok(text) = text(path) else { continue };
        editor.open(path, "kconfig", &text)?;
        let lines: Vec<&str> = text.lines().collect();
        let line = dice.below(lines.len());
        let column = lines.get(line).map_or(0, |line| line.len());
        let params = json!({
            "textDocument": { "uri": uri(path) },
            "position": { "line": line, "character": column },
        });
        editor.settle()?;
        for (method, times) in [("hover", &mut hover), ("completion", &mut completion)] {
            let start = Instant::now();
            editor.ask(&format!("textDocument/{method}"), &params)?;
            let own = lines.get(line).map_or("", |line| line.trim());
            let words = format!("{}:{}: {own}", bench.name(path), line + 1);
            times.0.push((start.elapsed(), words));
        }
        editor.close(path)?;
    }
    hover.tell("hover in Kconfig", [10, 10], slowest);
    completion.tell("completion in Kconfig", [10, 10], slowest);
    Ok(())
}

fn text(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|error| Error::io("read", path, &error))
}

/// The Kconfig files and the C files of a tree, in order.
fn files(tree: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Error> {
    let source = source::Directory::open(tree);
    let source = source.map_err(|error| Error::new(error.to_string()))?;
    let enter = |path: &str| kernel::is_indexed(path);
    let of = |wanted: &(dyn Fn(&str) -> bool + Sync)| -> Vec<PathBuf> {
        let (paths, _) = source.walk("", &enter, wanted);
        paths.into_iter().map(|path| tree.join(path)).collect()
    };
    let is_kconfig = |path: &str| {
        path.rsplit('/')
            .next()
            .is_some_and(|name| name.starts_with("Kconfig"))
    };
    let is_code = |path: &str| path.ends_with(".c");
    Ok((of(&is_kconfig), of(&is_code)))
}
