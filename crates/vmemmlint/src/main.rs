//! `vmemmlint check linux/`: finds generic mm shortcuts that an architecture cannot carry.
//!
//! This crate reads arguments and the environment, opens the tree, asks the engine, and prints what
//! `report` makes of the answer. The exit code says how it went: see [`exit::code`].

mod arches;
mod arguments;
mod base;
mod cache;
mod catalog;
mod config;
mod engine;
mod exit;
mod explain;
mod fix;
mod graph;
mod hook;
mod kconfig;
mod keep;
mod known;
mod lsp;
mod outputs;
mod patch;
mod progress;
mod range;
mod shell;
mod steps;
mod terminal;
mod timings;
mod tree;
mod watch;
mod ways;
mod witness;

use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use clap::Parser;
use rules::{Baseline, Outcome};
use source::Source;

use crate::arguments::{Arguments, Check, Command, Subject};
use crate::engine::Settings;

/// What ends a run early, in one line.
type Failure = String;

/// A check makes and drops millions of small things, and a server lives on: this gives memory back.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(told) => {
            // Help and version come this way too. Nobody is left to be told when printing fails.
            let _ = told.print();
            return ExitCode::from(if told.use_stderr() { exit::NOT_DONE } else { 0 });
        }
    };
    // A panic is a fault of ours; its message is printed by then, and the exit code must not look
    // like an answer.
    let done = panic::catch_unwind(AssertUnwindSafe(|| run(&arguments)));
    let done = done.unwrap_or_else(|_| Err("a fault in vmemmlint itself; please report it".into()));
    done.unwrap_or_else(|failure| {
        let _ = writeln!(io::stderr(), "vmemmlint: error: {failure}");
        ExitCode::from(exit::NOT_DONE)
    })
}

fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    match &arguments.command {
        Command::Check(check) if check.watch => watch::run(check),
        Command::Check(check) => run_check(check),
        Command::Patch(asked) => patch::run(asked),
        Command::Hook(task) => hook::run(task),
        Command::Lsp(asked) => lsp::run(asked),
        Command::Arches(asked) => arches::run(asked),
        Command::Explain(asked) => explain::run(asked),
        Command::Witness(asked) => witness::run(asked),
        Command::Callers(around) => graph::callers(around),
        Command::Callees(around) => graph::callees(around),
        Command::Paths(paths) => graph::paths(paths),
        Command::Cache(asked) => cache::run(asked),
        Command::Kconfig(question) => kconfig::run(question),
        Command::Config(asked) => config::run(asked),
        Command::Completions(asked) => done(shell::completions(asked)),
        Command::Man(asked) => done(shell::manual(asked)),
        Command::Rules(task) => catalog::run(task),
    }
}

fn done(result: Result<(), Failure>) -> Result<ExitCode, Failure> {
    result.map(|()| ExitCode::SUCCESS)
}

fn run_check(check: &Check) -> Result<ExitCode, Failure> {
    if let Some(threads) = check.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(usize::from(threads));
        pool.build_global()
            .map_err(|e| format!("cannot start {threads} threads: {e}"))?;
    }
    let measured = timings::start(&check.measuring)?;
    if let Some(range) = check.commits.range() {
        let code = range::check(check, range)?;
        measured.tell()?;
        return Ok(ExitCode::from(code));
    }
    let Subject { tree, scope } = &check.subject;
    let source = tree::open(tree, &scope.version)?;
    let settings = Settings {
        rules: check.rule.clone(),
        every_path: check.all_paths,
        ..engine::settings(&*source, scope, &check.search)?
    };
    let baseline = known::read(&check.failing)?;
    let telling = &check.telling;
    let (caching, quiet) = (&check.search.caching, telling.quiet);
    outputs::can_be_written(check)?;
    let answer = engine::check(&source, &settings, caching, quiet)?;
    let compared = known::compare(check, &answer.outcome, baseline.as_ref());
    let outcome = known::told(check, &compared);
    if telling.verbose {
        let file = catalog::file_of(check.search.suppressions.as_deref(), &*source)?;
        known::tell(check, (&settings, &answer), &outcome, file);
    }
    let code = if check.fixing.is_asked() {
        let asked = (&source, &settings);
        let mended = fix::mend(check, asked, (&answer.outcome, &outcome))?;
        if check.fixing.diff {
            fix::show(check, &mended, &outcome).map(|()| exit::code(&outcome, &check.failing))
        } else {
            fix::write(check, &mended, &outcome)?;
            let compared = known::compare(check, &mended.outcome, baseline.as_ref());
            let changed = (&*mended.source as &dyn Source, &settings);
            tell(check, changed, &compared, baseline.as_ref())
        }
    } else {
        tell(check, (&*source, &settings), &compared, baseline.as_ref())
    };
    answer.keep(&*source);
    measured.tell()?;
    code.map(ExitCode::from)
}

/// Reports an answer from which the baseline is taken, and notes it where that is asked for; gives the exit code.
fn tell(
    check: &Check,
    (source, settings): (&dyn Source, &Settings),
    compared: &Outcome,
    baseline: Option<&Baseline>,
) -> Result<u8, Failure> {
    let outcome = known::told(check, compared);
    outputs::write(check, &outcome, source, settings)?;
    known::write(check, compared, baseline)?;
    Ok(exit::code(&outcome, &check.failing))
}

/// Prints to standard output. A reader that has left, as `head` does, has seen what it wanted.
fn print(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_ref()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("cannot write the report: {error}"))
        }
        _ => Ok(()),
    }
}

/// `text` in one line without control characters: it may quote the command line or the tree.
fn one_line(text: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(shown).collect()
}
