//! Bounded queues between two tasks, counted in bytes.
//!
//! Towards the application a frame carries a permit; when the application lets the frame go the
//! permit returns, and the connection reads on. Towards a peer a queue counts what it holds and
//! refuses what does not fit. So one peer's flood, or one peer's slowness, fills that peer's
//! queues only.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;
use tokio::sync::mpsc;

use super::limits::{FRAME_BYTES_MAX, FRAME_COST_MIN};

/// What one peer's frames may still occupy.
#[derive(Debug)]
pub(super) struct Credit {
    used: AtomicUsize,
    limit: usize,
    waker: AtomicWaker,
}

impl Credit {
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            used: AtomicUsize::new(0),
            limit,
            waker: AtomicWaker::new(),
        })
    }

    /// Waits for room for a frame of `length` bytes.
    pub fn poll_take(self: &Arc<Self>, length: usize, cx: &mut Context<'_>) -> Poll<Permit> {
        let cost = cost(length);
        if take(&self.used, cost, self.limit) {
            return Poll::Ready(Permit {
                credit: Arc::clone(self),
                cost,
            });
        }
        self.waker.register(cx.waker());
        if take(&self.used, cost, self.limit) {
            return Poll::Ready(Permit {
                credit: Arc::clone(self),
                cost,
            });
        }
        Poll::Pending
    }
}

/// Room taken by one frame, given back on drop.
#[derive(Debug)]
pub(super) struct Permit {
    credit: Arc<Credit>,
    cost: usize,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.credit.used.fetch_sub(self.cost, Ordering::AcqRel);
        self.credit.waker.wake();
    }
}

/// A frame received; reads as its bytes. Its sender's credit returns when it is dropped.
#[derive(Debug)]
pub struct Frame {
    bytes: Vec<u8>,
    permit: Option<Permit>,
}

impl Frame {
    pub(super) fn new(bytes: Vec<u8>, permit: Permit) -> Self {
        Self {
            bytes,
            permit: Some(permit),
        }
    }

    /// The bytes, giving the credit back at once.
    pub fn into_bytes(self) -> Vec<u8> {
        drop(self.permit);
        self.bytes
    }
}

impl From<Vec<u8>> for Frame {
    fn from(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            permit: None,
        }
    }
}

impl Deref for Frame {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Why a frame was not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No stream to this peer is open.
    #[error("the peer is not connected")]
    Down,
    /// The peer's queue is full; `Drained` says when it is not.
    #[error("the queue to the peer is full")]
    Full,
    /// The frame is empty, or longer than `FRAME_BYTES_MAX`.
    #[error("a frame has 1 to {FRAME_BYTES_MAX} bytes")]
    Length,
}

/// A bounded queue of frames towards one connection.
pub(super) fn outbox(limit: usize) -> (Outbox, OutboxReader) {
    let (frames, queue) = mpsc::unbounded_channel();
    let queued = Arc::new(AtomicUsize::new(0));
    (
        Outbox {
            frames,
            queued: Arc::clone(&queued),
            limit,
        },
        OutboxReader {
            frames: queue,
            queued,
        },
    )
}

/// The end of the queue that frames enter.
#[derive(Debug, Clone)]
pub(super) struct Outbox {
    frames: mpsc::UnboundedSender<Vec<u8>>,
    queued: Arc<AtomicUsize>,
    limit: usize,
}

impl Outbox {
    pub fn send(&self, frame: Vec<u8>) -> Result<(), SendError> {
        if frame.is_empty() || frame.len() > FRAME_BYTES_MAX {
            return Err(SendError::Length);
        }
        if !take(&self.queued, cost(frame.len()), self.limit) {
            return Err(SendError::Full);
        }
        self.frames.send(frame).map_err(|_| SendError::Down)
    }

    /// Bytes queued and not yet handed to the connection.
    pub fn queued_bytes(&self) -> usize {
        self.queued.load(Ordering::Acquire)
    }
}

/// The end of the queue that frames leave.
#[derive(Debug)]
pub(super) struct OutboxReader {
    frames: mpsc::UnboundedReceiver<Vec<u8>>,
    queued: Arc<AtomicUsize>,
}

impl OutboxReader {
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Vec<u8>> {
        match self.frames.poll_recv(cx) {
            Poll::Ready(Some(frame)) => Poll::Ready(frame),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    /// A frame of `length` bytes has been written.
    pub fn written(&self, length: usize) {
        self.queued.fetch_sub(cost(length), Ordering::AcqRel);
    }
}

fn cost(length: usize) -> usize {
    length.max(FRAME_COST_MIN)
}

fn take(used: &AtomicUsize, cost: usize, limit: usize) -> bool {
    let fits = |used: usize| used.checked_add(cost).filter(|sum| *sum <= limit);
    used.fetch_update(Ordering::AcqRel, Ordering::Acquire, fits)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::task::noop_waker_ref;

    #[test]
    fn a_full_queue_refuses_and_takes_again_once_written() {
        let (outbox, mut reader) = outbox(4 * FRAME_COST_MIN);
        for _ in 0..4 {
            assert_eq!(
                outbox.send(vec![1]),
                Ok(()),
                "a short frame counts for the least cost"
            );
        }
        assert_eq!(outbox.send(vec![1]), Err(SendError::Full));
        let mut cx = Context::from_waker(noop_waker_ref());
        let Poll::Ready(frame) = reader.poll_next(&mut cx) else {
            panic!("a frame is queued")
        };
        assert_eq!(
            outbox.send(vec![1]),
            Err(SendError::Full),
            "taken is not yet written"
        );
        reader.written(frame.len());
        assert_eq!(outbox.send(vec![1]), Ok(()));
        assert_eq!(outbox.send(vec![]), Err(SendError::Length));
        assert_eq!(
            outbox.send(vec![0; FRAME_BYTES_MAX + 1]),
            Err(SendError::Length)
        );
    }

    #[test]
    fn credit_returns_with_the_frame() {
        let credit = Credit::new(4096);
        let mut cx = Context::from_waker(noop_waker_ref());
        let Poll::Ready(permit) = credit.poll_take(4096, &mut cx) else {
            panic!("room is there")
        };
        assert!(credit.poll_take(1, &mut cx).is_pending());
        drop(Frame::new(vec![0; 4096], permit));
        assert!(credit.poll_take(1, &mut cx).is_ready());
    }
}
