//! `vmemmlint lsp` with a client that sends whatever comes to its mind.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod client;
mod program;

use serde_json::{Value, json};

use client::{Client, capabilities, mini};
use program::read;

const X86: &str = "arch/x86/Kconfig";

/// Numbers that look random, and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

const REQUESTS: &[&str] = &[
    "textDocument/hover",
    "textDocument/completion",
    "textDocument/definition",
    "textDocument/documentHighlight",
    "textDocument/documentSymbol",
    "textDocument/foldingRange",
    "textDocument/semanticTokens/full",
    "textDocument/formatting",
    "textDocument/rangeFormatting",
    "textDocument/prepareRename",
    "textDocument/inlayHint",
    "textDocument/codeLens",
    "textDocument/codeAction",
    "textDocument/references",
    "textDocument/rename",
    "textDocument/diagnostic",
    "textDocument/prepareCallHierarchy",
    "callHierarchy/incomingCalls",
    "callHierarchy/outgoingCalls",
    "workspace/symbol",
    "workspace/executeCommand",
    "completionItem/resolve",
    "no/such",
];

/// A message that may be one or not, about a text of `length` lines.
fn odd_message(dice: &mut Dice, uri: &str, length: usize) -> Value {
    let position =
        |dice: &mut Dice| json!({ "line": dice.below(length + 3), "character": dice.below(90) });
    let (start, end) = (position(dice), position(dice));
    let mut params = json!({
        "textDocument": { "uri": uri },
        "position": start,
        "range": { "start": start, "end": end },
        "context": { "diagnostics": [], "includeDeclaration": true },
        "options": { "tabSize": 8, "insertSpaces": false },
        "newName": dice.one_of(&["NEW", "X86", "", "a b", "CONFIG_X"]),
        "query": dice.one_of(&["", "ARCH", "\u{e4}"]),
        "command": "vmemmlint.show",
        "label": "ARCH_HAS_PTE_DEVMAP",
    });
    // Now and then something is missing, or is of another kind.
    if dice.below(4) == 0 {
        let key = *dice.one_of(&[
            "textDocument",
            "position",
            "range",
            "context",
            "options",
            "newName",
        ]);
        params[key] = dice
            .one_of(&[Value::Null, json!(-1), json!([]), json!("\u{0}"), json!({})])
            .clone();
    }
    let mut message =
        json!({ "jsonrpc": "2.0", "method": dice.one_of(REQUESTS), "params": params });
    match dice.below(8) {
        0 => {}
        1 => message["id"] = json!("a"),
        2 => message["id"] = Value::Null,
        _ => message["id"] = json!(1_000_000 + dice.below(50)),
    }
    if dice.below(20) == 0 {
        let id = 1_000_000 + dice.below(50);
        message = json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": id } });
    }
    message
}

const LINES: &[&str] = &[
    "",
    "config NEW",
    "\tbool \"n\"",
    "\tselect X86_32",
    "if X86",
    "endif",
    "\t\"",
    "# \u{1f600}",
];

/// A client that keeps its text whatever else it sends.
struct Odd {
    client: Client,
    dice: Dice,
    uri: String,
    lines: Vec<String>,
    version: i32,
}

impl Odd {
    /// Puts a line in, or one in the place of another.
    fn change(&mut self) {
        self.version += 1;
        let line = self.dice.below(self.lines.len());
        let new = *self.dice.one_of(LINES);
        let removes = self.dice.below(2) == 0 && self.lines.len() > 2;
        let end = line + usize::from(removes && line + 1 < self.lines.len());
        self.tell_change([line, end], &format!("{new}\n"));
        self.lines.splice(line..end, [new.to_owned()]);
    }

    fn tell_change(&mut self, [start, end]: [usize; 2], text: &str) {
        let at = |line: usize| json!({ "line": line, "character": 0 });
        let range = json!({ "start": at(start), "end": at(end) });
        let params = json!({
            "textDocument": { "uri": self.uri, "version": self.version },
            "contentChanges": [{ "range": range, "text": text }],
        });
        self.client.tell("textDocument/didChange", params);
    }

    /// Sends the beginning of a message, with a header that may be wrong.
    fn tear(&mut self) {
        let dice = &mut self.dice;
        let torn = odd_message(dice, &self.uri, self.lines.len()).to_string();
        let end = dice.below(torn.len());
        let end = (0..=end).rev().find(|end| torn.is_char_boundary(*end));
        let text = &torn[..end.unwrap()];
        let heads = ["Content-Length: ", "content-length:", "Content-Length ", ""];
        let head = *dice.one_of(&heads);
        let said = text.len() + *dice.one_of(&[0, 0, 7, 15, 300]);
        let sent = format!("{head}{said}\r\n\r\n{text}");
        self.client.send_bytes(sent.as_bytes());
    }
}

#[test]
fn whatever_is_sent_the_server_knows_what_a_new_one_would() {
    let mut client = Client::start(&mini("fixed-override"), capabilities());
    let whole = read(&mini("fixed-override").join(X86));
    client.open(X86, "kconfig", &whole);
    let mut odd = Odd {
        uri: client.uri(X86),
        client,
        dice: Dice(0x9e37_79b9_7f4a_7c15),
        lines: whole.split('\n').map(str::to_owned).collect(),
        version: 1,
    };
    for number in 0..10_000 {
        match odd.dice.below(10) {
            0 if number % 3 == 0 => odd.change(),
            1 => odd.tear(),
            _ => {
                let message = odd_message(&mut odd.dice, &odd.uri, odd.lines.len());
                odd.client.send(&message);
            }
        }
        odd.client.take_what_came();
    }
    // What was torn last may wait for more.
    odd.client.send_bytes(&[b' '; 512]);
    // A change of nothing: what was sent before it is done then.
    odd.version += 1;
    odd.tell_change([0, 0], "");
    let Odd {
        mut client,
        lines,
        uri,
        ..
    } = odd;
    client.settle(|_| {});
    let mut fresh = Client::start(&mini("fixed-override"), capabilities());
    fresh.open(X86, "kconfig", &lines.join("\n"));
    assert_eq!(client.shown(X86), fresh.shown(X86));
    for request in [
        "textDocument/documentSymbol",
        "textDocument/semanticTokens/full",
    ] {
        let params = json!({ "textDocument": { "uri": uri } });
        let told = client.ask(request, params.clone());
        assert_eq!(told, fresh.ask(request, params));
    }
    assert_eq!(client.leave(), Some(0));
    assert_eq!(fresh.leave(), Some(0));
}
