//! `check --watch`: the check is run again after each change of the tree.
//!
//! Each time the program runs itself anew, so that nothing of one check is left in the memory of the next; what is kept
//! in the cache makes that quick.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use jiff::{Timestamp, tz::TimeZone};
use notify::{Config, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use report::Drawing;

use crate::arguments::Check;
use crate::{Failure, one_line, terminal, tree};

/// After a change the next ones are waited for so long: an editor writes a file in several steps, and a rebase many.
const QUIET: Duration = Duration::from_millis(200);
/// Nobody waits longer.
const LONGEST: Duration = Duration::from_secs(5);

/// Checks, and checks again after each change, until the user ends it.
pub(crate) fn run(check: &Check) -> Result<ExitCode, Failure> {
    let subject = &check.subject;
    // What is no tree is told at once.
    tree::open(&subject.tree, &subject.scope.version)?;
    let shown = one_line(&subject.name());
    let cannot = |error: notify::Error| {
        format!(
            "cannot watch {shown}: {error}; where there are too many files, see fs.inotify.max_user_watches"
        )
    };
    let (sender, events) = mpsc::channel();
    let config = Config::default().with_follow_symlinks(false);
    let mut watcher = RecommendedWatcher::new(sender, config).map_err(cannot)?;
    watcher
        .watch(&subject.tree, RecursiveMode::Recursive)
        .map_err(cannot)?;
    loop {
        clear(check);
        once()?;
        let now = Timestamp::now().to_zoned_datetime(TimeZone::system());
        let now = now.strftime("%H:%M:%S");
        // Nobody is left to be told when that fails.
        let _ = writeln!(
            io::stderr(),
            "vmemmlint: {now}: {shown} is watched; Ctrl-C ends it"
        );
        if !wait(&events, &subject.tree) {
            return Err(format!("{shown} cannot be watched any more"));
        }
    }
}

/// Runs the program with the same arguments, but for this one. How it ends is of no matter: it has told.
fn once() -> Result<(), Failure> {
    let cannot = |error: io::Error| format!("cannot run the check: {error}");
    let program = std::env::current_exe().map_err(cannot)?;
    let arguments = std::env::args_os().skip(1).filter(|one| one != "--watch");
    Command::new(program)
        .args(arguments)
        .status()
        .map_err(cannot)?;
    Ok(())
}

/// Empties the terminal, where it is one, and nobody has it read aloud.
fn clear(check: &Check) {
    let look = terminal::look(check.subject.scope.color);
    if io::stdout().is_terminal() && look.colour && look.drawing != Drawing::Narrated {
        let mut out = io::stdout().lock();
        let _ = out.write_all(b"\x1b[H\x1b[2J\x1b[3J");
        let _ = out.flush();
    }
}

/// Waits for a change that matters, and for those that come right after it; `false` where none can come any more.
fn wait(events: &Receiver<notify::Result<Event>>, tree: &Path) -> bool {
    loop {
        match events.recv() {
            Err(_) => return false,
            Ok(event) if matters(&event, tree) => break,
            Ok(_) => {}
        }
    }
    let first = Instant::now();
    while first.elapsed() < LONGEST {
        match events.recv_timeout(QUIET) {
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
    true
}

/// Whether something was made, changed or removed that a check may look at. What is hidden is not, and neither is what a
/// build makes.
fn matters(event: &notify::Result<Event>, tree: &Path) -> bool {
    let Ok(event) = event else {
        // Changes were lost: there may have been one that matters.
        return true;
    };
    if event.need_rescan() {
        return true;
    }
    let is_change = matches!(
        event.kind,
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_)
    );
    is_change
        && event
            .paths
            .iter()
            .any(|path| is_source(path.strip_prefix(tree).unwrap_or(path)))
}

fn is_source(path: &Path) -> bool {
    let parts = || path.iter().map(|part| part.to_string_lossy());
    if parts().any(|part| part.starts_with('.') && part != "." && part != "..") {
        return false;
    }
    let name = parts().next_back().unwrap_or_default();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let starts = ["Kconfig", "Makefile", "Kbuild"];
    matches!(ending, "c" | "h" | "S" | "toml" | "kernel" | "md" | "include")
        || starts.iter().any(|start| name.starts_with(start))
        // A directory, or a file of a name that makefiles and Kconfig may bring in.
        || ending.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_build_makes_is_not_waited_for() {
        for path in [
            "mm/slab.c",
            "mm/Kconfig",
            "mm/Kconfig.debug",
            "vmemmlint.toml",
            "arch/x86/Makefile_32.cpu",
            "mm",
        ] {
            assert!(is_source(Path::new(path)), "{path}");
        }
        for path in [
            ".git/index",
            "mm/.slab.o.cmd",
            "mm/slab.o",
            "mm/.slab.c.swp",
            "vmlinux.a",
        ] {
            assert!(!is_source(Path::new(path)), "{path}");
        }
    }
}
