//! Threads that answer requests, so that the one which hears the client never waits.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossbeam_channel::{Receiver, Sender};
use lsp_server::{ErrorCode, RequestId, ResponseError};
use serde_json::Value;

/// Whether nobody waits for an answer any more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cancelled(Arc<AtomicBool>);

impl Cancelled {
    /// Nobody does.
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether that was said.
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// What becomes of a request.
pub(crate) type Answer = Result<Value, ResponseError>;

/// What is to be done for a request.
pub(crate) type Work = Box<dyn FnOnce(&Cancelled) -> Answer + Send>;

struct Task {
    id: RequestId,
    cancelled: Cancelled,
    work: Work,
}

/// Some threads.
#[derive(Clone)]
pub(crate) struct Pool {
    tasks: Sender<Task>,
}

impl Pool {
    /// So many threads, which send what they answer.
    pub(crate) fn new(threads: usize, answers: &Sender<(RequestId, Answer)>) -> Pool {
        let (tasks, queue): (Sender<Task>, Receiver<Task>) = crossbeam_channel::unbounded();
        for _ in 0..threads {
            let (queue, answers) = (queue.clone(), answers.clone());
            thread::spawn(move || {
                for task in queue {
                    let Task {
                        id,
                        cancelled,
                        work,
                    } = task;
                    if !cancelled.is_set()
                        && answers.send((id, guarded(|| work(&cancelled)))).is_err()
                    {
                        return;
                    }
                }
            });
        }
        Pool { tasks }
    }

    /// Has something done for a request.
    pub(crate) fn run(&self, id: RequestId, cancelled: Cancelled, work: Work) {
        // Where no thread is left the server has ended.
        let _ = self.tasks.send(Task {
            id,
            cancelled,
            work,
        });
    }
}

/// Does something; a panic is a fault of ours, and no reason to end.
pub(crate) fn guarded(work: impl FnOnce() -> Answer) -> Answer {
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|_| {
        Err(fault(
            ErrorCode::InternalError,
            "a fault in vmemmlint itself; please report it",
        ))
    })
}

/// An answer that says why there is none.
pub(crate) fn fault(code: ErrorCode, why: impl Into<String>) -> ResponseError {
    ResponseError {
        code: code as i32,
        message: why.into(),
        data: None,
    }
}
