//! A thread for each kernel tree: it finds out what there is to tell of it, again after each change.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use ide::{Diagnosis, Kconfig, Weight};
use kernel::{Models, Progress};
use rules::{Outcome, Settings};
use source::{Listed, Source, States, digest, key_of};

use crate::host::{Asked, Opened};
use crate::solved::Solved;

/// How many changes each open text had seen when it was looked at.
pub(crate) type Revisions = Arc<BTreeMap<String, u64>>;

/// A tree that is to be looked at.
pub(crate) struct Job {
    /// The state of the tree, as the protocol's side counts.
    pub(crate) generation: u64,
    /// Its texts, those that are open as they are.
    pub(crate) source: Arc<dyn Listed>,
    /// What the client asks for.
    pub(crate) asked: Asked,
    /// Kconfig files that are open.
    pub(crate) kconfig: Vec<Arc<str>>,
    /// How many changes each open text had seen.
    pub(crate) revisions: Revisions,
    /// Whether something on the disk may have changed.
    pub(crate) forget: Forget,
}

/// Whether something on the disk may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Forget {
    /// It has not.
    Nothing,
    /// It may have, where changes are not heard of.
    Unheard,
    /// It may have.
    All,
}

/// What a thread has to tell.
pub(crate) enum Event {
    /// What Kconfig files say.
    Kconfig(Arc<Kconfig>),
    /// What is wrong in Kconfig files, by the language and by rules.
    Lints(Lints, Vec<Diagnosis>),
    /// What a check has found.
    Checked(Arc<Outcome>, Vec<Diagnosis>, Arc<Settings>),
    /// Something cannot be done, in one line.
    Failed(String),
    /// What took how long, for those who read logs.
    Took(&'static str, Duration),
    /// A long job begins, goes on, or ends.
    Progress(Step),
    /// Something has changed on the disk.
    Touched,
    /// Nothing is left to be done for this state.
    Done,
}

/// How something was found out of Kconfig files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lints {
    /// By reading them.
    Plain,
    /// By asking a solver, which takes longer.
    Solved,
}

/// How far a long job is.
#[derive(Debug)]
pub(crate) enum Step {
    /// It begins.
    Begin(String),
    /// It has done so many of so many steps.
    Report(String, usize, usize),
    /// It ends.
    End,
}

/// What a thread tells, of which tree, in which state.
pub(crate) struct Told {
    /// The tree.
    pub(crate) root: Arc<Path>,
    /// Its state.
    pub(crate) generation: u64,
    /// What was open then.
    pub(crate) revisions: Revisions,
    /// What there is to tell.
    pub(crate) event: Event,
}

#[derive(Default)]
struct Mailbox {
    job: Mutex<Waiting>,
    arrived: Condvar,
    latest: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    job: Option<Job>,
    is_over: bool,
}

/// The thread of one tree. It ends with this.
pub(crate) struct Analysis {
    mailbox: Arc<Mailbox>,
}

impl Drop for Analysis {
    fn drop(&mut self) {
        self.mailbox.latest.store(u64::MAX, Ordering::Relaxed);
        lock(&self.mailbox.job).is_over = true;
        self.mailbox.arrived.notify_all();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Analysis {
    /// Starts the thread of the tree at `root`.
    pub(crate) fn start(root: &Path, opened: Box<dyn Opened>, events: Sender<Told>) -> Analysis {
        let mailbox = Arc::new(Mailbox::default());
        let worker = Worker {
            root: root.into(),
            opened,
            events,
            mailbox: Arc::clone(&mailbox),
            kconfig: None,
            solved: None,
            is_first: true,
        };
        thread::spawn(move || worker.run());
        Analysis { mailbox }
    }

    /// Has the tree looked at in a new state; what was begun for another is given up.
    pub(crate) fn look(&self, job: Job) {
        self.mailbox.latest.store(job.generation, Ordering::Relaxed);
        let mut waiting = lock(&self.mailbox.job);
        let before = waiting.job.as_ref().map(|job| job.forget);
        waiting.job = Some(Job {
            forget: job.forget.max(before.unwrap_or(Forget::Nothing)),
            ..job
        });
        self.mailbox.arrived.notify_all();
    }
}

struct Worker {
    root: Arc<Path>,
    opened: Box<dyn Opened>,
    events: Sender<Told>,
    mailbox: Arc<Mailbox>,
    /// What was read last, and in which state the tree was.
    kconfig: Option<(Arc<Kconfig>, States)>,
    /// What a solver has found last.
    solved: Option<Solved>,
    /// No check has come to its end.
    is_first: bool,
}

impl Worker {
    fn run(mut self) {
        loop {
            let job = {
                let mut waiting = lock(&self.mailbox.job);
                loop {
                    if waiting.is_over {
                        return;
                    }
                    if let Some(job) = waiting.job.take() {
                        break job;
                    }
                    let arrived = self.mailbox.arrived.wait(waiting);
                    waiting = arrived.unwrap_or_else(PoisonError::into_inner);
                }
            };
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.look(&job)));
            match done {
                Ok(Ok(())) => {
                    self.tell(&job, Event::Done);
                    if self.is_quiet() {
                        self.learn(&job);
                    }
                }
                Ok(Err(why)) => {
                    self.tell(&job, Event::Failed(why));
                    self.tell(&job, Event::Done);
                }
                Err(_) => {
                    // What was half made is not used again.
                    self.kconfig = None;
                    self.solved = None;
                    let why = "a fault in vmemmlint itself; please report it";
                    self.tell(&job, Event::Failed(why.to_owned()));
                    self.tell(&job, Event::Done);
                }
            }
        }
    }

    /// Whether nothing comes for a moment. Who types has the machine for what he waits for.
    fn is_quiet(&self) -> bool {
        let waiting = lock(&self.mailbox.job);
        let is_idle = |waiting: &mut Waiting| waiting.job.is_none() && !waiting.is_over;
        let arrived = self
            .mailbox
            .arrived
            .wait_timeout_while(waiting, PAUSE, is_idle);
        let (_waiting, time) = arrived.unwrap_or_else(PoisonError::into_inner);
        time.timed_out()
    }

    /// Finds out what may be asked next: what the symbols of open files can be.
    fn learn(&self, job: &Job) {
        if let Some((kconfig, _)) = &self.kconfig {
            let progress = Telling::new(self, job);
            let learn = || kconfig.learn(&job.kconfig, &progress);
            // Who fails here has told all that was asked.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(learn));
        }
    }

    fn tell(&self, job: &Job, event: Event) {
        // Where nobody hears it the server has ended.
        let _ = self.events.send(Told {
            root: Arc::clone(&self.root),
            generation: job.generation,
            revisions: Arc::clone(&job.revisions),
            event,
        });
    }

    fn look(&mut self, job: &Job) -> Result<(), String> {
        let progress = Telling::new(self, job);
        let looked = self.look_with(job, &progress);
        progress.end();
        looked
    }

    fn look_with(&mut self, job: &Job, progress: &Telling) -> Result<(), String> {
        if job.forget == Forget::All || job.forget == Forget::Unheard && !self.opened.hears() {
            self.opened.forget();
        }
        let settings = Arc::new(self.opened.settings(&*job.source, &job.asked)?);
        let begun = Instant::now();
        // What was read first is worth waiting for: the next look begins with it. That the disk is being watched, as it is
        // by then, would else have all of it read again.
        let is_first = self.kconfig.is_none();
        progress.is_wanted.store(is_first, Ordering::Relaxed);
        let Some((kconfig, is_new)) = self.read_kconfig(job, &settings, progress)? else {
            return Ok(());
        };
        if is_new {
            self.tell(job, Event::Kconfig(Arc::clone(&kconfig)));
        }
        let open = open_files(&kconfig, job);
        let mut told = ide::heard(&kconfig);
        // While a text is being typed it often is none for a moment; what was known stays then.
        let is_torn = told.iter().any(|one| {
            let is_open = open.iter().any(|path| **path == *one.file);
            is_open && one.is_syntax && one.weight == Weight::Error
        });
        let Some(names) = lints(&kconfig, (job, &open), (&settings, true), progress) else {
            return Ok(());
        };
        told.extend(names);
        self.tell(job, Event::Lints(Lints::Plain, told));
        self.tell(job, Event::Took("reading Kconfig", begun.elapsed()));
        progress.is_wanted.store(false, Ordering::Relaxed);
        if is_torn && !self.is_first || progress.is_cancelled() {
            return Ok(());
        }
        if is_torn {
            // Nothing is known yet: what lies on the disk may be whole.
            let job = Job {
                source: self.opened.source(),
                revisions: Arc::default(),
                asked: job.asked.clone(),
                kconfig: Vec::new(),
                ..*job
            };
            // What Kconfig says there was not read.
            return self.check(&job, (&kconfig, &settings), (&|_| None, progress));
        }
        let models = |arch: &str| kconfig.model(arch);
        self.check(job, (&kconfig, &settings), (&models, progress))?;
        let begun = Instant::now();
        if let Some(told) = self.solved(job, (&kconfig, &open), (&settings, progress)) {
            self.tell(job, Event::Lints(Lints::Solved, told));
            self.tell(job, Event::Took("asking what lines do", begun.elapsed()));
        }
        Ok(())
    }

    /// What the rules about Kconfig that take a solver find in files that are open.
    fn solved(
        &mut self,
        job: &Job,
        (kconfig, open): (&Arc<Kconfig>, &[Arc<str>]),
        (settings, progress): (&Settings, &Telling),
    ) -> Option<Vec<Diagnosis>> {
        let asked = format!("{} {settings:?}", job.asked.kconfig.lints);
        let asked = digest(asked.as_bytes());
        let texts = (open, &*job.source as &dyn Source);
        let known = self.solved.as_ref();
        if let Some(told) = known.and_then(|known| known.again(kconfig, texts, asked)) {
            self.solved = Solved::new(kconfig, texts, (asked, &told));
            return Some(told);
        }
        let told = lints(kconfig, (job, open), (settings, false), progress)?;
        self.solved = Solved::new(kconfig, texts, (asked, &told));
        Some(told)
    }

    fn check(
        &mut self,
        job: &Job,
        (kconfig, settings): (&Kconfig, &Arc<Settings>),
        (models, progress): (&Models<'_>, &Telling),
    ) -> Result<(), String> {
        let begun = Instant::now();
        // The first answer is worth waiting for, also where the texts have changed meanwhile.
        progress.is_wanted.store(self.is_first, Ordering::Relaxed);
        let checked = self.opened.check(&job.source, settings, models, progress);
        progress.is_wanted.store(false, Ordering::Relaxed);
        let Some(outcome) = checked? else {
            return Ok(());
        };
        let catalog = settings.catalog.as_deref();
        let diagnoses = catalog.map(|all| ide::diagnoses(&outcome, &*job.source, all));
        let mut diagnoses = diagnoses.unwrap_or_default();
        // What Kconfig files have to say was told.
        diagnoses.retain(|one| !one.rule.is_empty() || !kconfig.reads(&one.file));
        self.is_first = false;
        let event = Event::Checked(outcome, diagnoses, Arc::clone(settings));
        self.tell(job, event);
        self.tell(job, Event::Took("checking", begun.elapsed()));
        Ok(())
    }

    /// What Kconfig files say now, and whether that is new; `None` where nobody wants it any more.
    fn read_kconfig(
        &mut self,
        job: &Job,
        settings: &Settings,
        progress: &Telling,
    ) -> Result<Option<(Arc<Kconfig>, bool)>, String> {
        let listing = job.source.listing().map_err(|error| error.to_string())?;
        let changed = self.kconfig.as_ref().map(|(kconfig, states)| {
            let changes = listing.changes(states);
            let mut changed: BTreeSet<String> = changes.present().map(str::to_owned).collect();
            let gone: BTreeSet<u64> = changes.gone().iter().copied().collect();
            if !gone.is_empty() {
                let files = kconfig.files().into_iter();
                let files = files.filter(|path| gone.contains(&key_of(path)));
                changed.extend(files.map(|path| path.to_string()));
            }
            // A file that is opened is another one by its state only.
            changed.retain(|path| !kconfig.has_read(&*job.source, path));
            changed
        });
        let before = self.kconfig.as_ref().zip(changed.as_ref());
        if let Some(((kconfig, _), changed)) = &before {
            let is_kconfig = |path: &String| {
                let name = path.rsplit('/').next().unwrap_or(path);
                path == "Makefile" || name.starts_with("Kconfig") || kconfig.reads(path)
            };
            if !changed.iter().any(is_kconfig) {
                let kconfig = Arc::clone(kconfig);
                if !changed.is_empty() {
                    let states = listing.states(listing.begun() - SETTLED);
                    self.kconfig = Some((Arc::clone(&kconfig), states));
                }
                return Ok(Some((kconfig, false)));
            }
        }
        let before = before.map(|((kconfig, _), changed)| (&**kconfig, changed));
        let source = Arc::clone(&job.source) as Arc<dyn Source>;
        let read = Kconfig::read(source, settings, before, progress);
        let Some(kconfig) = read.map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        if let Some((before, _)) = &self.kconfig
            && kconfig.only_moved(before).is_some()
        {
            kconfig.take_over(before);
        }
        let kconfig = Arc::new(kconfig);
        self.kconfig = Some((
            Arc::clone(&kconfig),
            listing.states(listing.begun() - SETTLED),
        ));
        Ok(Some((kconfig, true)))
    }
}

/// Between letters that are typed there is less.
const PAUSE: Duration = Duration::from_millis(200);

/// What changed so shortly before it was listed may change again without a trace, in seconds.
const SETTLED: i64 = 2;

/// The Kconfig files that are open and that some architecture reads.
fn open_files(kconfig: &Kconfig, job: &Job) -> Vec<Arc<str>> {
    let open = job.kconfig.iter().filter(|path| kconfig.reads(path));
    open.cloned().collect()
}

/// What the rules about Kconfig find in files that are open: those about names, or those that take a solver. `None` where
/// nobody wants it any more.
fn lints(
    kconfig: &Kconfig,
    (job, open): (&Job, &[Arc<str>]),
    (settings, of_names): (&Settings, bool),
    progress: &Telling,
) -> Option<Vec<Diagnosis>> {
    let catalog = settings.catalog.as_deref();
    let Some(catalog) = catalog.filter(|_| job.asked.kconfig.lints && !open.is_empty()) else {
        return Some(Vec::new());
    };
    let found = kconfig.check(open, (settings, of_names), progress);
    if progress.is_cancelled() {
        return None;
    }
    let told = found.map(|outcome| ide::diagnoses(&outcome, &*job.source, catalog));
    let mut told = told.unwrap_or_default();
    for one in &mut told {
        // These are numbers in an outcome that is not kept.
        one.findings.clear();
    }
    Some(told)
}

/// How far a job is, for people; and whether it is still wanted.
struct Telling {
    root: Arc<Path>,
    events: Sender<Told>,
    mailbox: Arc<Mailbox>,
    generation: u64,
    revisions: Revisions,
    /// It is wanted whatever else has come.
    is_wanted: AtomicBool,
    state: Mutex<State>,
}

struct State {
    name: String,
    done: usize,
    total: usize,
    told: Instant,
    has_begun: bool,
}

/// So often it is told how far a job is. What takes no longer is not told of.
const OFTEN: Duration = Duration::from_millis(150);

impl Telling {
    fn new(worker: &Worker, job: &Job) -> Telling {
        Telling {
            root: Arc::clone(&worker.root),
            events: worker.events.clone(),
            mailbox: Arc::clone(&worker.mailbox),
            generation: job.generation,
            revisions: Arc::clone(&job.revisions),
            is_wanted: AtomicBool::new(false),
            state: Mutex::new(State {
                name: String::new(),
                done: 0,
                total: 0,
                told: Instant::now(),
                has_begun: false,
            }),
        }
    }

    fn tell(&self, step: Step) {
        let _ = self.events.send(Told {
            root: Arc::clone(&self.root),
            generation: self.generation,
            revisions: Arc::clone(&self.revisions),
            event: Event::Progress(step),
        });
    }

    fn end(&self) {
        if std::mem::take(&mut lock(&self.state).has_begun) {
            self.tell(Step::End);
        }
    }
}

impl Progress for Telling {
    fn phase(&self, name: &str, total: usize) {
        let mut state = lock(&self.state);
        name.clone_into(&mut state.name);
        state.done = 0;
        state.total = total;
    }

    fn step(&self, steps: usize) {
        let mut state = lock(&self.state);
        state.done += steps;
        if state.told.elapsed() < OFTEN {
            return;
        }
        state.told = Instant::now();
        if !state.has_begun {
            state.has_begun = true;
            self.tell(Step::Begin(state.name.clone()));
        }
        self.tell(Step::Report(state.name.clone(), state.done, state.total));
    }

    fn is_cancelled(&self) -> bool {
        let latest = self.mailbox.latest.load(Ordering::Relaxed);
        let is_over = latest == u64::MAX;
        is_over || latest != self.generation && !self.is_wanted.load(Ordering::Relaxed)
    }
}
