//! `vmemmlint lsp`, as a client sees it.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod client;
mod program;

use serde_json::{Value, json};

use client::{Client, capabilities, mini, shown};
use program::read;

const X86: &str = "arch/x86/Kconfig";
const ARM64: &str = "arch/arm64/Kconfig";
const SINK: &str = "mm/sparse-vmemmap.c";
const SELECT: &str = "\tselect ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP if X86_64\n";

fn text(tree: &str, path: &str) -> String {
    read(&mini(tree).join(path))
}

/// The position of a word in a text.
fn position(text: &str, word: &str) -> Value {
    let at = text.find(word).unwrap();
    let line = text[..at].matches('\n').count();
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    json!({ "line": line, "character": at - start })
}

fn at(client: &Client, path: &str, position: &Value) -> Value {
    json!({ "textDocument": { "uri": client.uri(path) }, "position": position })
}

/// A text with the edits of the protocol made to it, for ASCII.
fn edited(text: &str, edits: &Value) -> String {
    let lines: Vec<usize> = std::iter::once(0)
        .chain(text.match_indices('\n').map(|(at, _)| at + 1))
        .collect();
    let byte = |at: &Value| {
        let line = usize::try_from(at["line"].as_u64().unwrap()).unwrap();
        lines[line] + usize::try_from(at["character"].as_u64().unwrap()).unwrap()
    };
    let mut edits: Vec<(usize, usize, String)> = edits
        .as_array()
        .unwrap()
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            let new = edit["newText"].as_str().unwrap().to_owned();
            (byte(&range["start"]), byte(&range["end"]), new)
        })
        .collect();
    edits.sort();
    let mut text = text.to_owned();
    for (start, end, new) in edits.into_iter().rev() {
        text.replace_range(start..end, &new);
    }
    text
}

#[test]
fn a_select_that_is_deleted_is_missed_at_once_and_no_more_when_it_is_back() {
    let mut client = Client::start(&mini("unfixed"), capabilities());
    let whole = text("unfixed", X86);
    client.open(X86, "kconfig", &whole);
    assert_eq!(client.shown(X86), [""; 0]);
    client.replace(X86, 2, &whole.replace(SELECT, ""));
    let told = client.shown(X86);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("14: unselected: x86 reaches "),
        "{told:?}"
    );
    // What it breaks elsewhere is told there; what was there before is not.
    let told = client.shown(SINK);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("unselected: x86 reaches"), "{told:?}");
    let published = &client.published[&client.uri(X86)]["diagnostics"][0];
    assert_eq!(published["source"], "vmemmlint");
    assert_eq!(published["severity"], 1);
    assert!(
        published["codeDescription"]["href"]
            .as_str()
            .unwrap()
            .starts_with("https://")
    );
    let related = published["relatedInformation"].as_array().unwrap();
    assert!(
        related
            .iter()
            .any(|one| one["location"]["uri"] == client.uri(SINK).as_str())
    );
    client.replace(X86, 3, &whole);
    assert_eq!(client.shown(X86), [""; 0]);
    assert_eq!(client.shown(SINK), [""; 0]);
    assert_eq!(client.leave(), Some(0));
}

#[test]
fn another_question_is_not_given_the_answer_that_is_held() {
    let mut client = Client::start(&mini("unfixed"), capabilities());
    client.open(X86, "kconfig", &text("unfixed", X86).replace(SELECT, ""));
    let told = client.shown(X86);
    assert!(told[0].contains("unselected: x86 reaches"), "{told:?}");
    for (arch, expected) in [(json!(["s390"]), Vec::new()), (json!([]), told)] {
        let settings = json!({ "settings": { "vmemmlint": { "arch": arch } } });
        client.settle(|client| client.tell("workspace/didChangeConfiguration", settings));
        assert_eq!(client.shown(X86), expected);
    }
    assert_eq!(client.leave(), Some(0));
}

#[test]
fn an_action_lets_the_architecture_opt_in() {
    let mut client = Client::start(&mini("unfixed"), capabilities());
    let whole = text("unfixed", ARM64);
    client.open(ARM64, "kconfig", &whole);
    let before = client.shown(ARM64);
    assert!(
        before[0].contains("unselected: arm64 reaches"),
        "{before:?}"
    );
    let range = client.published[&client.uri(ARM64)]["diagnostics"][0]["range"].clone();
    let params = json!({
        "textDocument": { "uri": client.uri(ARM64) },
        "range": range,
        "context": { "diagnostics": [] },
    });
    let actions = client.ask("textDocument/codeAction", params);
    let actions = actions.as_array().unwrap();
    let titles: Vec<&str> = actions
        .iter()
        .map(|one| one["title"].as_str().unwrap())
        .collect();
    assert_eq!(
        titles,
        [
            "Let the condition ask for CONFIG_ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP",
            "Select ARCH_WANT_HUGETLB_PAGE_OPTIMIZE_VMEMMAP for arm64",
            "Write a configuration that shows it on arm64 to vmemmlint-unselected-arm64.config",
            "Accept unselected here, with a reason",
        ]
    );
    let change = &actions[1]["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"]["version"], 1);
    let selected = edited(&whole, &change["edits"]);
    client.replace(ARM64, 2, &selected);
    assert_eq!(client.shown(ARM64), [""; 0]);
    let accepted = edited(&whole, &actions[3]["edit"]["documentChanges"][0]["edits"]);
    assert!(accepted.contains("\n# vmemmlint: allow(unselected): REASON\nconfig ARM64\n"));
    client.replace(ARM64, 3, &accepted);
    assert_eq!(client.shown(ARM64), [""; 0]);
    let witness = actions[2]["edit"]["documentChanges"].as_array().unwrap();
    assert_eq!(witness[0]["kind"], "create");
    let config = witness[1]["edits"][0]["newText"].as_str().unwrap();
    assert!(config.contains("\nCONFIG_DEV_DAX="), "{config}");
    assert_eq!(client.leave(), Some(0));
}

#[test]
fn a_gate_that_is_broken_is_told_where_it_is_and_at_each_architecture() {
    let mut client = Client::start(&mini("fixed-override"), capabilities());
    let whole = text("fixed-override", SINK);
    client.open(SINK, "c", &whole);
    assert_eq!(client.shown(SINK), [""; 0]);
    let gate = "vmemmap_can_optimize(altmap, pgmap)";
    assert!(whole.contains(gate));
    client.replace(SINK, 2, &whole.replace(gate, "pgmap_vmemmap_nr(pgmap) > 1"));
    let told = client.shown(SINK);
    assert!(
        told.iter()
            .any(|one| one.contains("unselected: arm64 reaches")),
        "{told:?}"
    );
    let told = client.shown(ARM64);
    assert!(
        told.iter()
            .any(|one| one.contains("unselected: arm64 reaches")),
        "{told:?}"
    );
    client.replace(SINK, 3, &whole);
    assert_eq!(client.shown(SINK), [""; 0]);
    assert_eq!(client.shown(ARM64), [""; 0]);
    assert_eq!(client.leave(), Some(0));
}

#[test]
fn what_is_wrong_in_kconfig_is_told_as_it_is_typed() {
    let mut client = Client::start(&mini("fixed-override"), capabilities());
    let whole = text("fixed-override", X86);
    client.open(X86, "kconfig", &whole);
    assert_eq!(client.shown(X86), [""; 0]);
    let more = "\nconfig ODD\n\tbool \"odd\"\n\tdepends on NOT_DEFINED_ANYWHERE\n";
    client.replace(X86, 2, &format!("{whole}{more}"));
    let told = client.shown(X86);
    assert!(
        told.iter().any(|one| one.contains("undefined-symbol")),
        "{told:?}"
    );
    assert!(
        told.iter().any(|one| one.contains("dead-block")),
        "{told:?}"
    );
    client.replace(X86, 3, &format!("{whole}\nconfig ODD\n\tbool \"odd\n"));
    let told = client.shown(X86);
    assert!(told.iter().any(|one| one.contains("syntax")), "{told:?}");
    client.replace(X86, 4, &whole);
    assert_eq!(client.shown(X86), [""; 0]);
    assert_eq!(client.leave(), Some(0));
}

#[test]
fn a_client_that_pulls_is_answered_when_all_is_known() {
    let mut able = capabilities();
    able["textDocument"]["diagnostic"] = json!({ "dynamicRegistration": false });
    let mut client = Client::start(&mini("unfixed"), able);
    assert_eq!(
        client.initialized["capabilities"]["diagnosticProvider"]["identifier"],
        "vmemmlint"
    );
    let whole = text("unfixed", X86);
    let uri = client.uri(X86);
    client.tell(
        "textDocument/didOpen",
        json!({ "textDocument": {
            "uri": uri, "languageId": "kconfig", "version": 1, "text": whole.replace(SELECT, ""),
        }}),
    );
    let params = json!({ "textDocument": { "uri": uri } });
    let report = client.ask("textDocument/diagnostic", params.clone());
    assert_eq!(report["kind"], "full");
    assert!(shown(&report["items"])[0].contains("unselected: x86 reaches"));
    let again = json!({ "textDocument": { "uri": uri }, "previousResultId": report["resultId"] });
    assert_eq!(
        client.ask("textDocument/diagnostic", again)["kind"],
        "unchanged"
    );
    assert!(!client.published.contains_key(&uri));
    client.replace(X86, 2, &whole);
    let report = client.ask("textDocument/diagnostic", params);
    assert_eq!(report["items"], json!([]));
    assert_eq!(client.leave(), Some(0));
}

#[test]
fn symbols_are_explained_found_completed_and_renamed() {
    let mut client = Client::start(&mini("fixed-override"), capabilities());
    let whole = text("fixed-override", X86);
    client.open(X86, "kconfig", &whole);
    let symbol = position(&whole, "ARCH_HAS_PTE_DEVMAP");
    let here = at(&client, X86, &symbol);
    let hover = client.ask("textDocument/hover", here.clone());
    let hover = hover["contents"]["value"].as_str().unwrap();
    for words in [
        "config ARCH_HAS_PTE_DEVMAP",
        "selected by",
        "always on: arm64",
        "never on: ",
    ] {
        assert!(hover.contains(words), "{hover}");
    }
    let definition = client.ask("textDocument/definition", here.clone());
    assert_eq!(definition[0]["uri"], client.uri("mm/Kconfig").as_str());
    let mut asked = here.clone();
    asked["context"] = json!({ "includeDeclaration": true });
    let places = client.ask("textDocument/references", asked);
    let files: Vec<&str> = places
        .as_array()
        .unwrap()
        .iter()
        .map(|place| place["uri"].as_str().unwrap())
        .collect();
    for path in [X86, ARM64, "mm/Kconfig"] {
        assert!(files.contains(&&*client.uri(path)), "{files:?}");
    }
    let mut asked = here.clone();
    asked["newName"] = json!("ARCH_HAS_DEVMAP");
    let renamed = client.ask("textDocument/rename", asked);
    let changes = renamed["documentChanges"].as_array().unwrap();
    let own = changes
        .iter()
        .find(|change| change["textDocument"]["uri"] == client.uri(X86).as_str())
        .unwrap();
    assert_eq!(
        edited(&whole, &own["edits"]),
        whole.replace("ARCH_HAS_PTE_DEVMAP", "ARCH_HAS_DEVMAP")
    );
    let mut asked = here;
    asked["newName"] = json!("X86_64");
    let refused = client.ask("textDocument/rename", asked);
    assert_eq!(refused["message"], "there is a symbol X86_64 already");
    let typed = format!("{whole}\nconfig MINE\n\tbool \"mine\"\n\tdepends on ARCH_HAS_PT");
    client.replace(X86, 2, &typed);
    let end = typed.lines().count() - 1;
    let end = json!({ "line": end, "character": "\tdepends on ARCH_HAS_PT".len() });
    let found = client.ask("textDocument/completion", at(&client, X86, &end));
    assert_eq!(found["items"][0]["label"], "ARCH_HAS_PTE_DEVMAP");
    assert_eq!(client.leave(), Some(0));
}

#[test]
fn calls_are_told_with_their_conditions_and_followed_both_ways() {
    let mut client = Client::start(&mini("fixed-override"), capabilities());
    let whole = text("fixed-override", SINK);
    client.open(SINK, "c", &whole);
    let call = whole.find("rc = vmemmap_populate_compound_pages(").unwrap();
    let line = whole[..call].matches('\n').count();
    let column = call - whole[..call].rfind('\n').unwrap() - 1 + "rc = v".len();
    let here = at(&client, SINK, &json!({ "line": line, "character": column }));
    let hover = client.ask("textDocument/hover", here.clone());
    let hover = hover["contents"]["value"].as_str().unwrap();
    assert!(
        hover.contains("`vmemmap_populate_compound_pages()`"),
        "{hover}"
    );
    assert!(
        hover.contains("vmemmap_can_optimize(altmap, pgmap) on powerpc"),
        "{hover}"
    );
    // The condition before it, and a line of the preprocessor.
    for (guard, words) in [
        (
            "if (vmemmap_can_optimize(altmap, pgmap))",
            "control gets into it",
        ),
        ("#ifndef", "the lines below are compiled"),
    ] {
        let place = whole.find(guard).unwrap();
        let line = whole[..place].matches('\n').count();
        let column = place - whole[..place].rfind('\n').unwrap();
        let place = json!({ "line": line, "character": column });
        let hover = client.ask("textDocument/hover", at(&client, SINK, &place));
        let hover = hover["contents"]["value"].as_str().unwrap();
        assert!(hover.starts_with(words), "{hover}");
        assert!(hover.contains("powerpc"), "{hover}");
    }
    let items = client.ask("textDocument/prepareCallHierarchy", here);
    let item = items[0].clone();
    assert_eq!(item["name"], "vmemmap_populate_compound_pages");
    let incoming = client.ask("callHierarchy/incomingCalls", json!({ "item": item }));
    assert_eq!(incoming[0]["from"]["name"], "__populate_section_memmap");
    assert_eq!(incoming[0]["fromRanges"][0]["start"]["line"], line);
    let from = incoming[0]["from"].clone();
    let outgoing = client.ask("callHierarchy/outgoingCalls", json!({ "item": from }));
    let names: Vec<&str> = outgoing
        .as_array()
        .unwrap()
        .iter()
        .map(|call| call["to"]["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"vmemmap_populate_compound_pages"),
        "{names:?}"
    );
    assert!(names.contains(&"vmemmap_populate"), "{names:?}");
    assert_eq!(client.leave(), Some(0));
}

#[test]
fn what_changes_on_the_disk_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().to_str().unwrap();
    let (code, _, told) = program::run_in(&mini("unfixed"), "cp", &["-r", ".", place]);
    assert_eq!(code, Some(0), "{told}");
    let mut client = Client::start(folder.path(), capabilities());
    client.open(SINK, "c", &text("unfixed", SINK));
    let tells_of_x86 = |client: &Client| client.shown(SINK).iter().any(|one| one.contains("x86"));
    assert!(!tells_of_x86(&client));
    let whole = text("unfixed", X86);
    std::fs::write(folder.path().join(X86), whole.replace(SELECT, "")).unwrap();
    client.until("a finding", tells_of_x86);
    std::fs::write(folder.path().join(X86), whole).unwrap();
    client.until("it to go", |client| !tells_of_x86(client));
    assert_eq!(client.leave(), Some(0));
}

/// The titles of the actions at a line, from 0.
fn titles(client: &mut Client, path: &str, line: usize) -> Vec<String> {
    let at = json!({ "line": line, "character": 1 });
    let params = json!({
        "textDocument": { "uri": client.uri(path) },
        "range": { "start": at, "end": at },
        "context": { "diagnostics": [] },
    });
    let actions = client.ask("textDocument/codeAction", params);
    let actions = actions.as_array().unwrap().iter();
    let titles = actions.map(|one| one["title"].as_str().unwrap().to_owned());
    titles.collect()
}

#[test]
fn what_is_wrong_in_kconfig_has_its_own_story_and_actions() {
    // There are findings about the shortcut in this tree: they are not meant here.
    let mut client = Client::start(&mini("unfixed"), capabilities());
    let whole = text("unfixed", X86);
    let more = "config ODD\n\tbool \"odd\"\n\tdepends on X86_64 && \\\n\t\tA_NOWHERE\n\tdepends on B_NOWHERE\n";
    let typed = format!("{whole}{more}");
    client.open(X86, "kconfig", &typed);
    let nowhere = position(&typed, "B_NOWHERE");
    let hover = client.ask("textDocument/hover", at(&client, X86, &nowhere));
    let hover = hover["contents"]["value"].as_str().unwrap();
    assert!(hover.contains("**undefined-symbol**: B_NOWHERE"), "{hover}");
    assert!(!hover.contains("unselected"), "{hover}");
    let line = |word| usize::try_from(position(&typed, word)["line"].as_u64().unwrap()).unwrap();
    assert_eq!(
        titles(&mut client, X86, line("B_NOWHERE")),
        ["Accept undefined-symbol here, with a reason"]
    );
    // No comment can stand within a line that goes on.
    assert_eq!(titles(&mut client, X86, line("A_NOWHERE")), [""; 0]);
    assert_eq!(client.leave(), Some(0));
}

#[test]
fn what_is_asked_right_after_a_change_is_answered_of_the_new_text() {
    let mut client = Client::start(&mini("fixed-override"), capabilities());
    let whole = text("fixed-override", X86);
    client.open(X86, "kconfig", &whole);
    let typed = format!("# one\n# two\n{whole}");
    let uri = client.uri(X86);
    client.tell(
        "textDocument/didChange",
        json!({
            "textDocument": { "uri": uri, "version": 2 },
            "contentChanges": [{ "text": typed }],
        }),
    );
    let mut asked = at(&client, X86, &position(&typed, "ARCH_HAS_PTE_DEVMAP"));
    asked["newName"] = json!("OTHER");
    let renamed = client.ask("textDocument/rename", asked);
    let changes = renamed["documentChanges"].as_array().unwrap();
    let own = changes
        .iter()
        .find(|change| change["textDocument"]["uri"] == uri.as_str());
    assert_eq!(
        edited(&typed, &own.unwrap()["edits"]),
        typed.replace("ARCH_HAS_PTE_DEVMAP", "OTHER")
    );
    assert_eq!(client.leave(), Some(0));
}

#[test]
fn a_text_that_cannot_be_read_hides_no_finding() {
    let mut client = Client::start(&mini("unfixed"), capabilities());
    let whole = text("unfixed", X86);
    client.open(X86, "kconfig", &format!("{whole}\nfoo bar\n"));
    client.open(SINK, "c", &text("unfixed", SINK));
    let told = client.shown(SINK);
    assert!(
        told.iter().any(|one| one.contains("unselected: arm64")),
        "{told:?}"
    );
    assert_eq!(client.leave(), Some(0));
}

#[test]
fn a_part_of_a_help_text_is_not_indented_by_itself() {
    let mut client = Client::start(&mini("fixed-override"), capabilities());
    let whole = "config A\n    bool \"a\"\n    help\n\t\t  one\n\t\t  two\n";
    client.open("mm/Kconfig", "kconfig", whole);
    let mut format = |start: usize, end: usize| {
        let edits = client.ask(
            "textDocument/rangeFormatting",
            json!({
                "textDocument": { "uri": client.uri("mm/Kconfig") },
                "range": {
                    "start": { "line": start, "character": 0 },
                    "end": { "line": end, "character": 0 },
                },
                "options": { "tabSize": 8, "insertSpaces": false },
            }),
        );
        edited(whole, &edits)
    };
    assert_eq!(format(4, 5), whole);
    assert_eq!(
        format(0, 5),
        "config A\n\tbool \"a\"\n\thelp\n\t  one\n\t  two\n"
    );
    assert_eq!(client.leave(), Some(0));
}

#[test]
fn a_text_has_a_shape() {
    let mut client = Client::start(&mini("fixed-override"), capabilities());
    let whole = "menu \"M\"\n\nconfig A\n    bool \"a\"\n    help\n       text\n\nendmenu\n";
    client.open("mm/Kconfig", "kconfig", whole);
    let document = json!({ "textDocument": { "uri": client.uri("mm/Kconfig") } });
    let outline = client.ask("textDocument/documentSymbol", document.clone());
    assert_eq!(outline[0]["name"], "M");
    assert_eq!(outline[0]["children"][0]["name"], "A");
    assert_eq!(outline[0]["children"][0]["detail"], "bool a");
    let folds = client.ask("textDocument/foldingRange", document.clone());
    let lines: Vec<_> = folds
        .as_array()
        .unwrap()
        .iter()
        .map(|fold| {
            (
                fold["startLine"].as_u64().unwrap(),
                fold["endLine"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(lines, [(0, 7), (2, 5), (4, 5)]);
    let mut asked = document.clone();
    asked["options"] = json!({ "tabSize": 8, "insertSpaces": false });
    let edits = client.ask("textDocument/formatting", asked);
    assert_eq!(
        edited(whole, &edits),
        "menu \"M\"\n\nconfig A\n\tbool \"a\"\n\thelp\n\t  text\n\nendmenu\n"
    );
    let tokens = client.ask("textDocument/semanticTokens/full", document);
    assert_eq!(tokens["data"].as_array().unwrap().len() % 5, 0);
    assert_eq!(client.leave(), Some(0));
}

#[test]
fn what_is_no_message_is_answered_and_nothing_is_lost() {
    let mut client = Client::start(&mini("fixed-override"), capabilities());
    let whole = text("fixed-override", X86);
    client.open(X86, "kconfig", &whole);
    client.send_bytes(b"Content-Length: 5\r\n\r\n{\"a\":");
    client.send_bytes(b"garbage\r\n\r\nContent-Length: x\r\n\r\n");
    client.send(&json!([1, 2, 3]));
    client.send(&json!({ "jsonrpc": "2.0", "id": 1000, "method": "no/such" }));
    client.send(
        &json!({ "jsonrpc": "2.0", "id": 1001, "method": "textDocument/hover", "params": 7 }),
    );
    client.tell("textDocument/didChange", json!({ "textDocument": 1 }));
    client.tell(
        "textDocument/didChange",
        json!({
            "textDocument": { "uri": "file:///not/open", "version": 3 },
            "contentChanges": [{ "text": "" }],
        }),
    );
    client.tell("$/cancelRequest", json!({ "id": 999_999 }));
    client.tell("no/such/note", Value::Null);
    assert_eq!(client.answer(1000)["code"], -32601);
    assert_eq!(client.answer(1001)["code"], -32602);
    client.replace(X86, 2, &format!("{whole}\n"));
    assert_eq!(client.shown(X86), [""; 0]);
    assert_eq!(client.leave(), Some(0));
}

#[test]
fn the_order_of_a_conversation_is_kept() {
    let mut client = Client::silent(&mini("fixed-override"));
    let early = client.ask("textDocument/hover", json!({}));
    assert_eq!(early["code"], -32002);
    let params = json!({ "processId": null, "rootUri": null, "capabilities": {} });
    let initialized = client.ask("initialize", params.clone());
    assert_eq!(initialized["serverInfo"]["name"], "vmemmlint");
    assert_eq!(client.ask("initialize", params)["code"], -32600);
    client.ask("shutdown", Value::Null);
    assert_eq!(client.ask("textDocument/hover", json!({}))["code"], -32600);
    // One who hangs up without goodbye is told by the exit code.
    let mut rude = Client::silent(&mini("fixed-override"));
    rude.ask("initialize", json!({ "capabilities": {} }));
    assert_eq!(rude.end(), Some(1));
    client.tell("exit", Value::Null);
    assert_eq!(client.end(), Some(0));
}

#[test]
fn a_file_outside_of_any_tree_is_read_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let mut client = Client::start(folder.path(), capabilities());
    let uri = client.uri("Kconfig.odd");
    client.tell(
        "textDocument/didOpen",
        json!({ "textDocument": {
            "uri": uri, "languageId": "kconfig", "version": 1, "text": "config A\n\tbool \"a\n",
        }}),
    );
    client.until("diagnostics", |client| client.published.contains_key(&uri));
    assert_eq!(client.shown("Kconfig.odd").len(), 1);
    let outline = client.ask(
        "textDocument/documentSymbol",
        json!({ "textDocument": { "uri": uri } }),
    );
    assert_eq!(outline[0]["name"], "A");
    assert_eq!(client.leave(), Some(0));
}
