//! Where the time of a check goes: `--timings` and `--trace FILE`.
//!
//! The engine opens spans around its steps and knows no clock; here they are timed. A step's time is what threads
//! spent in it, without the steps inside of it, so that the column adds up to the time that all threads worked.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::{Field, Visit};
use tracing::span::Id;
use tracing::{Event, Subscriber};
use tracing_chrome::{ChromeLayerBuilder, FlushGuard};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use crate::arguments::Measuring;
use crate::{Failure, one_line};

/// What is being measured.
pub(crate) struct Measured {
    start: Instant,
    table: Option<Table>,
    trace: Option<Trace>,
}

/// A trace that is being written.
struct Trace {
    guard: FlushGuard,
    /// Its file's name, in one line.
    name: String,
    failed: Failed,
}

type Failed = Arc<Mutex<Option<io::Error>>>;

/// A file that is written as long as that works; the first error is noted. `tracing_chrome` would panic at it.
struct Steady {
    file: io::BufWriter<File>,
    failed: Failed,
}

impl Steady {
    fn note(&self, error: io::Error) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get_or_insert(error);
    }
}

impl io::Write for Steady {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write_all(bytes);
        written.unwrap_or_else(|error| self.note(error));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.file.flush();
        flushed.unwrap_or_else(|error| self.note(error));
        Ok(())
    }
}

/// Begins to measure what was asked for. The error is one line.
pub(crate) fn start(asked: &Measuring) -> Result<Measured, Failure> {
    let mut measured = Measured {
        start: Instant::now(),
        table: asked.timings.then(Table::default),
        trace: None,
    };
    let mut chrome = None;
    if let Some(path) = &asked.trace {
        let name = one_line(&path.display().to_string());
        let file = File::create(path).map_err(|error| format!("cannot write {name}: {error}"))?;
        let failed = Failed::default();
        let (layer, guard) = ChromeLayerBuilder::new()
            .writer(Steady {
                file: io::BufWriter::new(file),
                failed: Arc::clone(&failed),
            })
            .include_args(true)
            .include_locations(false)
            .build();
        chrome = Some(layer);
        measured.trace = Some(Trace {
            guard,
            name,
            failed,
        });
    }
    if asked.timings || asked.trace.is_some() {
        let registry = tracing_subscriber::registry();
        let layers = registry.with(measured.table.clone()).with(chrome);
        layers
            .try_init()
            .map_err(|error| format!("cannot measure: {error}"))?;
    }
    Ok(measured)
}

impl Measured {
    /// Tells what was measured on standard error, and finishes the trace.
    pub(crate) fn tell(self) -> Result<(), Failure> {
        if let Some(Trace {
            guard,
            name,
            failed,
        }) = self.trace
        {
            drop(guard);
            let mut failed = failed.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(error) = failed.take() {
                return Err(format!("cannot write {name}: {error}"));
            }
        }
        let Some(table) = self.table else {
            return Ok(());
        };
        let text = table.text(self.start.elapsed());
        let told = io::stderr().lock().write_all(text.as_bytes());
        told.map_err(|error| format!("cannot write the timings: {error}"))
    }
}

/// What one step took.
#[derive(Clone, Copy, Default)]
struct Row {
    times: u64,
    own: Duration,
}

#[derive(Default)]
struct Totals {
    steps: BTreeMap<&'static str, Row>,
    counts: BTreeMap<&'static str, u64>,
}

/// A span that a thread is in.
struct Open {
    name: &'static str,
    start: Instant,
    /// What spans inside of it took.
    inner: Duration,
}

thread_local! {
    static OPEN: RefCell<Vec<Open>> = const { RefCell::new(Vec::new()) };
}

/// Adds up the steps of all threads.
#[derive(Clone, Default)]
struct Table {
    totals: Arc<Mutex<Totals>>,
}

impl Table {
    fn text(&self, whole: Duration) -> String {
        let totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        let mut steps: Vec<(&str, Row)> = totals.steps.iter().map(|(n, row)| (*n, *row)).collect();
        steps.sort_by_key(|(_, row)| std::cmp::Reverse(row.own));
        let busy: Duration = steps.iter().map(|(_, row)| row.own).sum();
        let mut text = format!(
            "{:16} {:>9} {:>9} {:>6}\n",
            "step", "times", "seconds", "share"
        );
        for (name, row) in &steps {
            let share = 100.0 * row.own.as_secs_f64() / busy.as_secs_f64().max(f64::EPSILON);
            let own = row.own.as_secs_f64();
            let _ = writeln!(text, "{name:16} {:>9} {own:>9.3} {share:>5.1}%", row.times);
        }
        let (busy, whole) = (busy.as_secs_f64(), whole.as_secs_f64());
        let _ = write!(text, "threads worked {busy:.3} s, in {whole:.3} s");
        for (name, count) in &totals.counts {
            let _ = write!(text, ", {count} {name}");
        }
        text.push('\n');
        if let Some(peak) = peak() {
            let _ = writeln!(text, "peak memory {peak} MB");
        }
        text
    }
}

/// The most memory that this process held so far, in megabytes, where the system tells.
#[expect(clippy::disallowed_methods, reason = "this is a front end")]
fn peak() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes / 1000)
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Table {
    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        let name = context.span(id).map_or("", |span| span.name());
        let start = Instant::now();
        let inner = Duration::ZERO;
        OPEN.with_borrow_mut(|open| open.push(Open { name, start, inner }));
    }

    fn on_exit(&self, _id: &Id, _context: Context<'_, S>) {
        let closed = OPEN.with_borrow_mut(|open| {
            let closed = open.pop()?;
            let took = closed.start.elapsed();
            if let Some(around) = open.last_mut() {
                around.inner += took;
            }
            Some((closed.name, took.saturating_sub(closed.inner)))
        });
        if let Some((name, own)) = closed {
            let mut totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
            let row = totals.steps.entry(name).or_default();
            row.times += 1;
            row.own += own;
        }
    }

    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut totals = self.totals.lock().unwrap_or_else(PoisonError::into_inner);
        event.record(&mut Counts(&mut totals.counts));
    }
}

/// Adds the numbers of an event to what was counted.
struct Counts<'c>(&'c mut BTreeMap<&'static str, u64>);

impl Visit for Counts<'_> {
    fn record_u64(&mut self, field: &Field, value: u64) {
        *self.0.entry(field.name()).or_default() += value;
    }

    fn record_debug(&mut self, _field: &Field, _value: &dyn std::fmt::Debug) {}
}
