//! `check --watch`: the check is run again after each change of the tree.
//!
//! Each time the program runs itself anew, so that nothing of one check is left in the memory of the next; what is kept
//! in the cache makes that quick.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use jiff::{Timestamp, tz::TimeZone};
use notify::event::{CreateKind, ModifyKind, RemoveKind};
use notify::{
    Config, ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
};
use report::Drawing;

use crate::arguments::Check;
use crate::{Failure, one_line, outputs, terminal, tree};

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
    let program = std::env::current_exe().map_err(|error| cannot_run(&error))?;
    loop {
        // A tree that has been put in the place of another is watched anew.
        let watched = Watched::of(check)?;
        let (sender, events) = mpsc::channel();
        let _watcher = watched.start(sender).map_err(|error| {
            let is_limit = matches!(error.kind, ErrorKind::MaxFilesWatch);
            let help = if is_limit {
                "; see fs.inotify.max_user_watches"
            } else {
                ""
            };
            format!("cannot watch {shown}: {error}{help}")
        })?;
        while watched.is_there(&subject.tree) {
            clear(check);
            once(&program)?;
            let now = Timestamp::now().to_zoned_datetime(TimeZone::system());
            let now = now.strftime("%H:%M:%S");
            // Nobody is left to be told when that fails.
            let _ = writeln!(
                io::stderr(),
                "vmemmlint: {now}: {shown} is watched; Ctrl-C ends it"
            );
            watched.wait(&events);
        }
        if !subject.tree.is_dir() {
            return Err(format!("{shown} is gone"));
        }
    }
}

fn cannot_run(error: &io::Error) -> Failure {
    format!("cannot run the check: {error}")
}

/// Runs the program with the same arguments, but for this one. How it ends is of no matter: it has told.
fn once(program: &Path) -> Result<(), Failure> {
    let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some(index) = arguments.iter().position(|one| one == "--watch") {
        arguments.remove(index);
    }
    let done = Command::new(program).args(arguments).status();
    done.map(|_| ()).map_err(|error| cannot_run(&error))
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

/// Has it told when something changes in the tree at `root` that a check may look at, as long as the watcher lives.
pub(crate) fn tell(
    root: &Path,
    changed: impl Fn() + Send + 'static,
) -> notify::Result<RecommendedWatcher> {
    let tree = root.canonicalize()?;
    let place = tree.clone();
    let watched = Watched {
        identity: identity(&tree)?,
        beside: Vec::new(),
        own: Vec::new(),
        tree,
    };
    let config = Config::default().with_follow_symlinks(false);
    let hear = move |event| {
        if watched.matters(&event) {
            changed();
        }
    };
    let mut watcher = RecommendedWatcher::new(hear, config)?;
    watcher.watch(&place, RecursiveMode::Recursive)?;
    Ok(watcher)
}

/// What is waited for.
struct Watched {
    /// The tree, by its whole path.
    tree: PathBuf,
    /// What tells it from another one at that path.
    identity: Identity,
    /// Files and folders outside of it that a check reads as well.
    beside: Vec<PathBuf>,
    /// What a check itself writes.
    own: Vec<PathBuf>,
}

#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    path.metadata().map(|known| (known.dev(), known.ino()))
}

#[cfg(not(unix))]
type Identity = PathBuf;

#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<Identity> {
    path.canonicalize()
}

/// The whole path of what has a name of its own.
fn whole(path: &Path) -> Option<PathBuf> {
    path.file_name().and(outputs::whole(path).ok())
}

impl Watched {
    fn of(check: &Check) -> Result<Watched, Failure> {
        let (search, tree) = (&check.search, &check.subject.tree);
        let cannot = |error: io::Error| format!("cannot watch {}: {error}", tree.display());
        let files = search.suppressions.iter().chain(&check.failing.baseline);
        let files = files.chain(&check.subject.scope.toolchain);
        let folders = search.folders.rules.iter().map(|folder| folder.join("*"));
        // A link is watched, and so is what it leads to; of the tree only the link.
        let files = files.flat_map(|file| [Some(file.clone()), file.canonicalize().ok()]);
        let beside = files.flatten().chain(folders).chain([tree.clone()]);
        let outputs = check.telling.output.iter().map(|output| &output.file);
        let own = outputs.chain(&check.measuring.trace);
        let own = own.chain(&search.caching.place.cache_dir);
        let printed = Path::new("/dev/stdout").canonicalize();
        Ok(Watched {
            identity: identity(tree).map_err(cannot)?,
            beside: beside.filter_map(|path| whole(&path)).collect(),
            own: own.filter_map(|path| whole(path)).chain(printed).collect(),
            tree: tree.canonicalize().map_err(cannot)?,
        })
    }

    fn start(&self, sender: Sender<notify::Result<Event>>) -> notify::Result<RecommendedWatcher> {
        let config = Config::default().with_follow_symlinks(false);
        let mut watcher = RecommendedWatcher::new(sender, config)?;
        watcher.watch(&self.tree, RecursiveMode::Recursive)?;
        let folders: BTreeSet<&Path> = self.beside.iter().filter_map(|p| p.parent()).collect();
        for folder in folders
            .into_iter()
            .filter(|folder| !folder.starts_with(&self.tree))
        {
            watcher.watch(folder, RecursiveMode::NonRecursive)?;
        }
        Ok(watcher)
    }

    /// Whether the tree that is watched is still the one that the user has named.
    fn is_there(&self, tree: &Path) -> bool {
        identity(tree).is_ok_and(|identity| identity == self.identity)
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

/// Whether a check may look at what lies there in the tree: what is hidden is not, nor what a build or an editor makes.
fn is_source(path: &Path, may_be_folder: bool) -> bool {
    const MADE: &[&str] = &[
        "a", "bin", "cmd", "d", "dtb", "dtbo", "gz", "i", "ko", "log", "lst", "mod", "o", "order",
        "orig", "rej", "s", "so", "swp", "symvers", "tmp", "xz",
    ];
    let parts = || path.iter().map(|part| part.to_string_lossy());
    if parts().any(|part| part.starts_with('.')) {
        return false;
    }
    let name = parts().next_back().unwrap_or_default();
    // Names without an ending are those of directories, and of what is linked.
    let is_named = ["Kconfig", "Makefile", "Kbuild"]
        .iter()
        .any(|start| name.starts_with(start));
    match name.rsplit_once('.') {
        _ if is_named || may_be_folder => true,
        Some((_, ending)) => !MADE.contains(&ending) && !name.ends_with('~'),
        None => false,
    }
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
            identity: identity(Path::new("/")).unwrap(),
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
