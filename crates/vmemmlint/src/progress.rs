//! A progress bar on standard error, for checks that take more than a moment.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use kernel::Progress;

/// What is done by then needs no bar.
const A_MOMENT: Duration = Duration::from_millis(500);

/// A bar that appears only on a terminal and only after a moment.
pub(crate) struct Bar {
    drawn: ProgressBar,
    started: Instant,
    shown: AtomicBool,
}

impl Bar {
    /// A bar, or with `quiet` none.
    pub(crate) fn new(quiet: bool) -> Bar {
        let drawn = ProgressBar::hidden();
        if let Ok(style) = ProgressStyle::with_template("  {msg:<32!} {bar:30} {percent:>3}%") {
            drawn.set_style(style.progress_chars("=> "));
        }
        // Where it shall not appear, it passes for shown.
        let never = quiet || !io::stderr().is_terminal();
        let shown = AtomicBool::new(never);
        let started = Instant::now();
        Bar {
            drawn,
            started,
            shown,
        }
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.drawn.finish_and_clear();
    }

    fn show_in_time(&self) {
        let late = !self.shown.load(Ordering::Relaxed) && self.started.elapsed() > A_MOMENT;
        if late && !self.shown.swap(true, Ordering::Relaxed) {
            self.drawn.set_draw_target(ProgressDrawTarget::stderr());
        }
    }
}

impl Progress for Bar {
    fn phase(&self, name: &str, total: usize) {
        self.drawn.set_message(name.to_owned());
        match total {
            0 => self.drawn.unset_length(),
            total => self.drawn.set_length(total as u64),
        }
        self.drawn.set_position(0);
        self.show_in_time();
    }

    fn step(&self, steps: usize) {
        self.drawn.inc(steps as u64);
        self.show_in_time();
    }
}
