//! `check --watch`: the check is run again after each change of the tree.
//!
//! Each time the program runs itself anew, so that nothing of one check is left in the memory of the next; what is kept
//! in the cache makes that quick.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use jiff::{Timestamp, tz::TimeZone};
use notify::event::{CreateKind, ModifyKind, RemoveKind};
use notify::{
    Config, ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
};
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
        let too_many = matches!(error.kind, ErrorKind::MaxFilesWatch);
        let help = if too_many {
            "; see fs.inotify.max_user_watches"
        } else {
            ""
        };
        format!("cannot watch {shown}: {error}{help}")
    };
    let watched = Watched::of(check)?;
    let (sender, events) = mpsc::channel();
    let config = Config::default().with_follow_symlinks(false);
    let mut watcher = RecommendedWatcher::new(sender, config).map_err(cannot)?;
    watcher
        .watch(&watched.tree, RecursiveMode::Recursive)
        .map_err(cannot)?;
    for folder in watched.beside.iter().filter_map(|path| path.parent()) {
        watcher
            .watch(folder, RecursiveMode::NonRecursive)
            .map_err(cannot)?;
    }
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
        watched.wait(&events);
        if !watched.tree.is_dir() {
            return Err(format!("{shown} is gone"));
        }
    }
}

/// Runs the program with the same arguments, but for this one. How it ends is of no matter: it has told.
fn once() -> Result<(), Failure> {
    let cannot = |error: io::Error| format!("cannot run the check: {error}");
    let program = std::env::current_exe().map_err(cannot)?;
    let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some(index) = arguments.iter().position(|one| one == "--watch") {
        arguments.remove(index);
    }
    Command::new(program)
        .args(arguments)
        .status()
        .map_err(cannot)?;
    Ok(())
}

/// Empties the terminal, where it is one, and nobody has it read aloud. What was there before can be scrolled back to.
fn clear(check: &Check) {
    let look = terminal::look(check.subject.scope.color);
    if io::stdout().is_terminal() && look.colour && look.drawing != Drawing::Narrated {
        let mut out = io::stdout().lock();
        let _ = out.write_all(b"\x1b[H\x1b[2J");
        let _ = out.flush();
    }
}

/// What is waited for.
struct Watched {
    /// The tree, by its whole path.
    tree: PathBuf,
    /// Files and folders outside of it that a check reads as well.
    beside: Vec<PathBuf>,
    /// What a check itself writes.
    own: Vec<PathBuf>,
}

impl Watched {
    fn of(check: &Check) -> Result<Watched, Failure> {
        let whole = |path: &Path| {
            // A file that is not there yet has a directory that is.
            let parent = path
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty());
            let parent = parent.unwrap_or(Path::new(".")).canonicalize().ok()?;
            Some(parent.join(path.file_name()?))
        };
        let (search, tree) = (&check.search, &check.subject.tree);
        let cannot = |error: io::Error| format!("cannot watch {}: {error}", tree.display());
        let beside = search.suppressions.iter().chain(&check.failing.baseline);
        let beside = beside.chain(&check.subject.scope.toolchain);
        let folders = search.folders.rules.iter().map(|folder| folder.join("*"));
        let outputs = check.telling.output.iter().map(|output| &output.file);
        let own = outputs
            .chain(&check.measuring.trace)
            .chain(&search.caching.place.cache_dir);
        let printed = Path::new("/dev/stdout").canonicalize();
        Ok(Watched {
            tree: tree.canonicalize().map_err(cannot)?,
            beside: beside
                .cloned()
                .chain(folders)
                .filter_map(|path| whole(&path))
                .collect(),
            own: own.filter_map(|path| whole(path)).chain(printed).collect(),
        })
    }

    /// Waits for a change that matters, and for those that come right after it.
    fn wait(&self, events: &Receiver<notify::Result<Event>>) {
        while let Ok(event) = events.recv() {
            if self.matters(&event) {
                break;
            }
        }
        let first = Instant::now();
        while first.elapsed() < LONGEST && events.recv_timeout(QUIET).is_ok() {}
    }

    /// Whether something was made, changed or removed that a check may look at.
    fn matters(&self, event: &notify::Result<Event>) -> bool {
        let Ok(event) = event else {
            // Changes were lost: there may have been one that matters.
            return true;
        };
        let is_change = matches!(
            event.kind,
            EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_)
        );
        // What is in a directory that comes or goes is not told one by one.
        let is_whole = matches!(
            event.kind,
            EventKind::Create(CreateKind::Folder)
                | EventKind::Remove(RemoveKind::Folder)
                | EventKind::Modify(ModifyKind::Name(_))
        );
        let paths = || event.paths.iter().filter(|path| !self.is_own(path));
        event.need_rescan() || is_change && paths().any(|path| self.is_read(path, is_whole))
    }

    fn is_own(&self, path: &Path) -> bool {
        self.own.iter().any(|own| path.starts_with(own))
    }

    fn is_read(&self, path: &Path, may_be_folder: bool) -> bool {
        let is_beside = |known: &PathBuf| match known.file_name() {
            Some(name) if name == "*" => path.parent() == known.parent(),
            _ => path == known,
        };
        if self.beside.iter().any(is_beside) || path == self.tree {
            return true;
        }
        let inner = path.strip_prefix(&self.tree);
        inner.is_ok_and(|inner| is_source(inner, may_be_folder))
    }
}

/// Whether a check may look at what lies there in the tree: what is hidden is not, nor what a build makes.
fn is_source(path: &Path, may_be_folder: bool) -> bool {
    let parts = || path.iter().map(|part| part.to_string_lossy());
    if parts().any(|part| part.starts_with('.')) {
        return false;
    }
    let name = parts().next_back().unwrap_or_default();
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let starts = ["Kconfig", "Makefile", "Kbuild"];
    matches!(ending, "c" | "h" | "S" | "toml")
        || starts.iter().any(|start| name.starts_with(start))
        || (may_be_folder && ending.is_empty())
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
        ] {
            assert!(is_source(Path::new(path), false), "{path}");
        }
        for path in [
            ".git/index",
            "mm/.slab.o.cmd",
            "mm/slab.o",
            "mm/.slab.c.swp",
            "vmlinux.a",
        ] {
            assert!(!is_source(Path::new(path), false), "{path}");
        }
    }

    #[test]
    fn what_a_check_writes_is_not_waited_for_and_what_it_reads_is() {
        let watched = Watched {
            tree: "/home/.src/linux".into(),
            beside: vec!["/etc/known.toml".into(), "/etc/rules/*".into()],
            own: vec![
                "/home/.src/linux/report.c".into(),
                "/home/.src/linux/kept".into(),
            ],
        };
        let matters = |path: &str, kind| {
            let event = Event::new(kind).add_path(path.into());
            watched.matters(&Ok(event))
        };
        let changed = EventKind::Modify(ModifyKind::Any);
        for path in [
            "/home/.src/linux/mm/slab.c",
            "/etc/known.toml",
            "/etc/rules/a.toml",
        ] {
            assert!(matters(path, changed), "{path}");
            assert!(!matters(
                path,
                EventKind::Access(notify::event::AccessKind::Any)
            ));
        }
        for path in [
            "/home/.src/linux/report.c",
            "/home/.src/linux/kept/a.toml",
            "/etc/other.toml",
        ] {
            assert!(!matters(path, changed), "{path}");
        }
        assert!(!matters("/home/.src/linux/mm", changed));
        assert!(matters(
            "/home/.src/linux/mm",
            EventKind::Remove(RemoveKind::Folder)
        ));
    }
}
