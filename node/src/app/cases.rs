//! The workers that hold the open cases.
//!
//! An open case has one owner, a worker's thread, and is spoken to by message:
//! documents, keys and plain text are there and nowhere else. What a worker
//! writes it gives back as sealed things; the person is answered once these
//! are durable. Closing a case drops its keys and everything that was opened
//! with them.

mod event;
mod task;
mod worker;

use std::sync::{Arc, mpsc};
use std::thread;

use guichet_keys::{CaseTag, Sealer};
use guichet_sync::rules::Rules;
use guichet_sync::store::Reader;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

pub use event::CaseEvent;
pub use task::Task;
use worker::Worker;

use super::disk::Job;
use crate::owners::Posts;
use crate::web::counter::Reply;

/// How many workers there are.
const WORKERS: usize = 2;

/// The workers.
pub struct Cases {
    orders: Orders,
    events: UnboundedSender<CaseEvent>,
}

/// A way to the workers; cheap to clone.
#[derive(Clone)]
pub struct Orders {
    workers: Vec<mpsc::Sender<(CaseTag, Task)>>,
}

/// What every worker shares.
#[derive(Clone)]
pub struct Shared {
    /// How things are sealed.
    pub sealer: Arc<dyn Sealer>,
    /// The rules that hold.
    pub rules: Rules,
    /// Reads the store.
    pub reader: Reader,
    /// Writes the pages of documents.
    pub disk: mpsc::Sender<Job>,
    /// Tells the node.
    pub events: UnboundedSender<CaseEvent>,
}

impl Cases {
    /// Starts the workers.
    pub fn start(shared: &Shared, posts: &Posts) -> std::io::Result<Self> {
        let mut workers = Vec::new();
        for number in 0..WORKERS {
            let (tasks, queue) = mpsc::channel();
            let worker = Worker::new(shared.clone());
            let name = format!("cases-{number}");
            let post = posts.of(&name);
            thread::Builder::new().name(name).spawn(move || {
                let _post = post;
                worker.run(&queue)
            })?;
            workers.push(tasks);
        }
        Ok(Self {
            orders: Orders { workers },
            events: shared.events.clone(),
        })
    }

    /// Hands a task to the one worker that owns the case.
    pub fn hand_in(&self, case: CaseTag, task: Task) {
        self.orders.hand_in(case, task);
    }

    /// A way to tell the node of a case, for what is called where the node is not.
    pub fn events(&self) -> UnboundedSender<CaseEvent> {
        self.events.clone()
    }

    /// A way to the workers for what goes on beside the event loop.
    pub fn orders(&self) -> Orders {
        self.orders.clone()
    }
}

impl Orders {
    /// Hands a task to the one worker that owns the case.
    pub fn hand_in(&self, case: CaseTag, task: Task) {
        let owner = usize::from(case.as_bytes()[0]) % self.workers.len();
        if self.workers[owner].send((case, task)).is_err() {
            tracing::error!("a worker has ended");
        }
    }
}

/// An order that is answered once all who keep this have let go of it.
pub struct Ending(Option<Reply<()>>);

impl Ending {
    /// What answers this.
    pub fn new(reply: Reply<()>) -> Self {
        Self(Some(reply))
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(reply) = self.0.take() {
            answer(reply, Ok(()));
        }
    }
}

/// Answers a page, which may have gone away.
pub fn answer<T>(reply: oneshot::Sender<T>, answer: T) {
    let _nobody_waits = reply.send(answer);
}
