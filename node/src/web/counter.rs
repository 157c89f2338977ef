//! The counter's window: what a page may ask of the node, and what the node tells pages.
//!
//! A page never touches the node's state. It puts an [`Ask`] on a bounded queue and waits for
//! the reply that the ask carries; the type of the reply is the type of the answer, so no
//! answer can go to the wrong question. When something that a page may show has changed, the
//! node says so with a [`Change`]; whoever shows it asks again and sends what differs.
//!
//! A write is answered only once it is durable on this disk.

mod ask;
mod paper;
mod refusal;
mod work;

use std::time::Duration;

use guichet_keys::CaseTag;
use tokio::sync::{broadcast, mpsc, oneshot};

pub use ask::{Ask, FieldPlace, Passphrase, Put, Splice, Typing, Upload};
pub use paper::{Arrange, PaperAsk};
pub use refusal::{PictureTrouble, Refusal, Thing};
pub use work::{CaseWork, Kept, NOTE_BYTES_MAX, Whereabouts};

/// How many asks may wait for the node.
pub const ASKS_MAX: usize = 256;
/// How many changes a slow page may miss before it looks at everything again.
pub const CHANGES_MAX: usize = 256;
/// How long a page waits for the node, in seconds.
pub const ANSWER_S_MAX: u64 = 30;
/// The largest document, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 32 << 20;
/// The largest offer of a page's media, in bytes.
pub const OFFER_BYTES_MAX: usize = 64 << 10;
/// The largest value of a field or message, in bytes.
pub const VALUE_BYTES_MAX: usize = 64 << 10;

/// Where the answer goes.
pub type Reply<T> = oneshot::Sender<Result<T, Refusal>>;

/// Something that pages show is no longer as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The home page: services, line, an interrupted visit.
    Home,
    /// The visit: its cases, receipts, idle clock.
    Visit,
    /// The visit has ended: every page goes home.
    VisitEnded,
    /// A case.
    Case(CaseTag),
    /// The wait or the call of who sits here.
    Call,
    /// The desk: its list, or whether it is locked.
    Desk,
    /// Whether the desk locks itself soon.
    Locking,
    /// The line, and the state of the node.
    Status,
    /// How a call's line fares, about once a second.
    Measured,
}

/// The pages' side of the window; cheap to clone.
#[derive(Clone, Debug)]
pub struct Counter {
    asks: mpsc::Sender<Ask>,
    changes: broadcast::Sender<Change>,
}

impl Counter {
    /// A window, and the node's side of it.
    pub fn open() -> (Self, mpsc::Receiver<Ask>) {
        let (asks, asked) = mpsc::channel(ASKS_MAX);
        let (changes, _) = broadcast::channel(CHANGES_MAX);
        (Self { asks, changes }, asked)
    }

    /// Asks, and waits for the answer.
    ///
    /// `ask` builds the question around its reply: `counter.ask(Ask::Home)`, or
    /// `counter.ask(|reply| Ask::Case { case, reply })`.
    pub async fn ask<T>(&self, ask: impl FnOnce(Reply<T>) -> Ask) -> Result<T, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.asks
            .try_send(ask(reply))
            .map_err(|refused| match refused {
                mpsc::error::TrySendError::Full(_) => Refusal::Busy,
                mpsc::error::TrySendError::Closed(_) => Refusal::Stopping,
            })?;
        match tokio::time::timeout(Duration::from_secs(ANSWER_S_MAX), answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Refusal::Stopping),
            Err(_) => Err(Refusal::Busy),
        }
    }

    /// Tells every page that something has changed.
    pub fn tell(&self, change: Change) {
        let _nobody_is_watching = self.changes.send(change);
    }

    /// Every change from now on.
    pub fn watch(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_queue_refuses_and_a_closed_one_says_so() {
        let (counter, mut asked) = Counter::open();
        for _ in 0..ASKS_MAX {
            let (reply, _) = oneshot::channel();
            counter.asks.try_send(Ask::Home(reply)).expect("room");
        }
        assert_eq!(counter.ask(Ask::Home).await.err(), Some(Refusal::Busy));
        asked.close();
        while asked.recv().await.is_some() {}
        assert_eq!(counter.ask(Ask::Home).await.err(), Some(Refusal::Stopping));
    }
}
