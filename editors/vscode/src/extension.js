// The VS Code side of `vmemmlint lsp`: finds kernel trees and runs one server for each.
const fs = require("fs");
const os = require("os");
const path = require("path");
const vscode = require("vscode");

const LANGUAGES = ["kconfig", "makefile", "c", "cpp"];
const SHOW_REFERENCES = "vmemmlint.showReferences";
/** A server that ended unasked more often than this within the time (in ms) is left alone. */
const RESTARTS = 4;
const RESTARTS_WITHIN = 180_000;

/** Kernel tree -> its client, from the moment that one is asked for. */
const clients = new Map();
/** What a client took so far to stop; starts wait for it. */
let stopping = Promise.resolve();
/** A binary that was reported as missing: told once until something changes. */
let missing;
let output;

exports.activate = function (context) {
  output = vscode.window.createOutputChannel("vmemmlint");
  context.subscriptions.push(
    output,
    vscode.commands.registerCommand("vmemmlint.restart", restart),
    vscode.commands.registerCommand("vmemmlint.showOutput", () => output.show(true)),
    vscode.commands.registerCommand(SHOW_REFERENCES, showReferences),
    vscode.workspace.onDidOpenTextDocument(openDocument),
    vscode.workspace.onDidChangeWorkspaceFolders(changeFolders),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("vmemmlint.path")) return restart();
    }),
  );
  startAll();
};

exports.deactivate = stopAll;

// Trees

/** The nearest folder at or above `folder` that is a kernel tree. */
function kernelTree(folder) {
  for (let at = folder; ; at = path.dirname(at)) {
    if (isKernelTree(at)) return at;
    if (at === path.dirname(at)) return undefined;
  }
}

function isKernelTree(folder) {
  try {
    return (
      fs.statSync(path.join(folder, "Kconfig")).isFile() &&
      fs.statSync(path.join(folder, "Makefile")).isFile() &&
      fs.statSync(path.join(folder, "arch")).isDirectory()
    );
  } catch {
    return false;
  }
}

function startAll() {
  for (const folder of vscode.workspace.workspaceFolders ?? []) {
    if (folder.uri.scheme === "file") startAt(folder.uri.fsPath);
  }
  vscode.workspace.textDocuments.forEach(openDocument);
}

function openDocument(document) {
  if (document.uri.scheme === "file" && LANGUAGES.includes(document.languageId)) {
    startAt(path.dirname(document.uri.fsPath));
  }
}

function startAt(folder) {
  const tree = kernelTree(folder);
  if (tree !== undefined && !clients.has(tree)) start(tree);
}

async function changeFolders(event) {
  const wanted = new Set();
  for (const folder of vscode.workspace.workspaceFolders ?? []) wanted.add(kernelTree(folder.uri.fsPath));
  for (const folder of event.removed) {
    const tree = kernelTree(folder.uri.fsPath);
    if (tree !== undefined && !wanted.has(tree)) await stop(tree);
  }
  startAll();
}

// The server

/** The binary's absolute path, or undefined. */
function findBinary(setting, tree) {
  const name = setting
    .trim()
    .replace(/^~(?=$|[\\/])/, () => os.homedir())
    .replace(/\$\{workspaceFolder\}/g, () => tree);
  const suffixes = process.platform === "win32" ? ["", ".exe"] : [""];
  const folders = /[\\/]/.test(name) ? [tree] : (process.env.PATH ?? "").split(path.delimiter).filter(Boolean);
  for (const folder of folders) {
    for (const suffix of suffixes) {
      const file = path.resolve(folder, name + suffix);
      try {
        fs.accessSync(file, fs.constants.X_OK);
        if (fs.statSync(file).isFile()) return file;
      } catch {
        // The next one, then.
      }
    }
  }
  return undefined;
}

async function tellMissing(setting) {
  if (missing === setting) return;
  missing = setting;
  const text = setting.trim()
    ? `vmemmlint: cannot find the binary "${setting}". Install vmemmlint, or set vmemmlint.path to where it is.`
    : "vmemmlint: the setting vmemmlint.path is empty.";
  output.appendLine(text);
  const choice = await vscode.window.showErrorMessage(text, "Open setting", "Restart server");
  if (choice === "Open setting") {
    // In a remote window the setting is not among the user's.
    const where = vscode.env.remoteName === undefined ? "openSettings" : "openRemoteSettings";
    await vscode.commands.executeCommand(`workbench.action.${where}`, { query: "vmemmlint.path" });
  }
  if (choice === "Restart server") await restart();
}

async function tellDown(text) {
  const choice = await vscode.window.showErrorMessage(text, "Show output", "Restart server");
  if (choice === "Show output") output.show(true);
  if (choice === "Restart server") await restart();
}

function serverOptions(tree) {
  const settings = vscode.workspace.getConfiguration("vmemmlint", vscode.Uri.file(tree));
  return {
    arch: settings.get("arch"),
    rules: settings.get("rules"),
    kconfig: { lints: settings.get("kconfig.lints") },
  };
}

async function start(tree) {
  const uri = vscode.Uri.file(tree);
  const setting = vscode.workspace.getConfiguration("vmemmlint", uri).get("path");
  const command = findBinary(setting, tree);
  if (command === undefined) return tellMissing(setting);

  // Loaded late: a window without a kernel tree never needs it.
  const { CloseAction, ErrorAction, LanguageClient, RevealOutputChannelOn, State } = require("vscode-languageclient/node");
  let running = false;
  let ends = [];
  let told = false;
  const tellEnded = (why) => {
    if (!told) tellDown(`vmemmlint: ${why} (${command} lsp).`);
    told = true;
  };
  const errorHandler = {
    error: () => ({ action: ErrorAction.Continue, handled: true }),
    closed() {
      const now = Date.now();
      ends = [...ends.filter((end) => now - end < RESTARTS_WITHIN), now];
      if (running && ends.length <= RESTARTS) return { action: CloseAction.Restart, handled: true };
      tellEnded(running ? "the server ended too often and is left alone" : "the server did not start");
      return { action: CloseAction.DoNotRestart, handled: true };
    },
  };
  const pattern = new vscode.RelativePattern(uri, "**");
  const client = new LanguageClient(
    "vmemmlint",
    "vmemmlint",
    { command, args: ["lsp"], options: { cwd: tree } },
    {
      documentSelector: LANGUAGES.map((language) => ({ scheme: "file", language, pattern })),
      workspaceFolder: { uri, name: path.basename(tree), index: 0 },
      initializationOptions: () => serverOptions(tree),
      synchronize: { configurationSection: "vmemmlint" },
      outputChannel: output,
      traceOutputChannel: output,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      errorHandler,
      initializationFailedHandler: () => false,
    },
  );
  client.registerFeature({
    fillClientCapabilities(capabilities) {
      capabilities.experimental = { ...capabilities.experimental, commands: { commands: [SHOW_REFERENCES] } };
    },
    initialize() {},
    getState: () => ({ kind: "static" }),
    clear() {},
  });
  // Errors go to the output; a message is shown only for what a person can mend, and says which binary it was.
  client.error = (message, data) => LanguageClient.prototype.error.call(client, message, data, false);
  client.onDidChangeState(({ newState }) => {
    // Stopped comes before the handler is asked whether to restart.
    if (newState !== State.Stopped) running = newState === State.Running;
  });
  clients.set(tree, client);
  await stopping;
  if (clients.get(tree) !== client) return;
  output.appendLine(`${command} lsp, for ${tree}`);
  try {
    await client.start();
  } catch (error) {
    output.appendLine(`cannot start: ${error?.message ?? error}`);
    tellEnded("the server did not start");
  }
}

function stop(tree) {
  const client = clients.get(tree);
  clients.delete(tree);
  if (client?.needsStop()) {
    stopping = stopping.then(() => client.dispose()).catch((error) => output.appendLine(`cannot stop: ${error?.message ?? error}`));
  }
  return stopping;
}

async function stopAll() {
  await Promise.all([...clients.keys()].map(stop));
}

async function restart() {
  missing = undefined;
  const trees = [...clients.keys()];
  await stopAll();
  for (const tree of trees) startAt(tree);
  startAll();
}

// Commands

/** `[uri, position, locations]` as LSP has them, shown as VS Code shows references. */
async function showReferences(uri, position, locations) {
  const toPosition = ({ line, character }) => new vscode.Position(line, character);
  const toLocation = ({ uri, range }) =>
    new vscode.Location(vscode.Uri.parse(uri), new vscode.Range(toPosition(range.start), toPosition(range.end)));
  await vscode.commands.executeCommand(
    "editor.action.showReferences",
    vscode.Uri.parse(uri),
    toPosition(position),
    locations.map(toLocation),
  );
}
