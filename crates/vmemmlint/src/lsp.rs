//! `vmemmlint lsp`: editors, served over standard input and output.

use std::io::{self, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ::lsp::{Asked, Changed, Host, Opened};
use kernel::{Known, Models, Progress};
use notify::RecommendedWatcher;
use rules::{Outcome, Settings};
use source::{Directory, Listed, Remembered, Source};

use crate::arguments::{Folders, Lsp};
use crate::cache::Cache;
use crate::engine::Session;
use crate::keep::Keep;
use crate::{Failure, catalog, engine, exit, one_line, watch};

pub(crate) fn run(asked: &Lsp) -> Result<ExitCode, Failure> {
    give_back_memory();
    let host = Served {
        cache: Cache::of_run(&asked.caching)?,
        folders: asked.folders.clone(),
        limits: asked.budget.limits(),
    };
    let input = BufReader::new(io::stdin());
    let version = env!("CARGO_PKG_VERSION");
    let served = ::lsp::serve(input, io::stdout(), Arc::new(host), version);
    let said_goodbye = served.map_err(|error| format!("cannot talk with the editor: {error}"))?;
    Ok(ExitCode::from(if said_goodbye {
        0
    } else {
        exit::FINDINGS
    }))
}

/// What the allocator is told where a process begins: a thread that ends gives back what lies free between what others
/// hold. Without it a server holds half as much again after some checks.
const GIVES_BACK: &str = "MIMALLOC_ABANDONED_PAGE_PURGE";

/// Begins the process anew where the allocator was not told; it hears of that at no other time.
#[expect(clippy::disallowed_methods, reason = "this is a front end")]
fn give_back_memory() {
    if std::env::var_os(GIVES_BACK).is_some() {
        return;
    }
    let mut arguments = std::env::args_os();
    if let (Ok(program), Some(name)) = (std::env::current_exe(), arguments.next()) {
        let mut again = Command::new(program);
        again.arg0(name).args(arguments).env(GIVES_BACK, "1");
        // Where that cannot be, it takes more memory.
        let _ = again.exec();
    }
}

/// What an editor is served with.
struct Served {
    cache: Cache,
    folders: Folders,
    limits: reach::Limits,
}

impl Host for Served {
    fn open(&self, root: &Path, changed: Changed) -> Result<Box<dyn Opened>, String> {
        let name = one_line(&root.display().to_string());
        let directory = Directory::open(root);
        let directory = directory.map_err(|error| format!("cannot open {name}: {error}"))?;
        let watcher = Arc::new(Mutex::default());
        let (place, root) = (Arc::downgrade(&watcher), root.to_owned());
        // To watch some thousand directories takes a while.
        thread::spawn(move || {
            // Where that is not possible the disk is looked at now and then.
            let hears = Arc::clone(&changed);
            let watcher = watch::tell(&root, move || hears());
            if let (Some(place), Ok(watcher)) = (place.upgrade(), watcher) {
                *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(watcher);
                // Something may have changed before.
                changed();
            }
        });
        Ok(Box::new(Kernel {
            watcher,
            tree: Arc::new(Remembered::over(Arc::new(directory))),
            session: Session::new(self.cache.clone(), true),
            folders: self.folders.clone(),
            limits: self.limits,
        }))
    }

    fn words(&self, source: &dyn Listed) -> Known {
        let keep = Keep::new(self.cache.clone(), &Settings::default(), source);
        let known = keep.map(|keep| keep.words(source).0);
        known.unwrap_or_default()
    }
}

/// A kernel tree that an editor works in.
struct Kernel {
    /// It tells of changes as long as it lives.
    watcher: Arc<Mutex<Option<RecommendedWatcher>>>,
    tree: Arc<Remembered>,
    session: Session,
    folders: Folders,
    limits: reach::Limits,
}

impl Opened for Kernel {
    fn source(&self) -> Arc<dyn Listed> {
        Arc::clone(&self.tree) as Arc<dyn Listed>
    }

    fn forget(&self) {
        self.tree.forget();
    }

    fn hears(&self) -> bool {
        let watcher = self.watcher.lock();
        watcher.unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn settings(&self, source: &dyn Source, asked: &Asked) -> Result<Settings, String> {
        let configured = catalog::configured(&self.folders, None, source)?;
        Ok(Settings {
            arches: asked.arch.clone(),
            rules: asked.rules.clone(),
            limits: self.limits,
            ..engine::configured_settings(configured)
        })
    }

    fn check(
        &self,
        source: &Arc<dyn Listed>,
        settings: &Settings,
        models: &Models<'_>,
        progress: &dyn Progress,
    ) -> Result<Option<Arc<Outcome>>, String> {
        match self
            .session
            .check_with(source, (settings, models), progress)
        {
            Ok(outcome) => Ok(Some(outcome)),
            Err(_) if progress.is_cancelled() => Ok(None),
            Err(why) => Err(why),
        }
    }
}
