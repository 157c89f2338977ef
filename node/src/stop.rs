//! When to stop: a signal, or the closing of the control pipe held by the parent.
//!
//! A node that the demo started reads its standard input; nothing is ever written there, and the
//! kernel closes it when the parent ends, however the parent ends. So no child outlives it. A
//! thread of its own waits there: nothing can take a read back that has begun, and a runtime would
//! wait for it at the end.

use std::{io, thread};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{oneshot, watch};

/// A copy of the order to stop, given once and never taken back.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Stops on SIGINT, SIGTERM or SIGHUP; also when standard input closes, if `control_pipe`.
    ///
    /// Must be called within a tokio runtime.
    pub fn listen(control_pipe: ControlPipe) -> io::Result<Self> {
        let (order, stop) = watch::channel(false);
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let closed = closed(control_pipe)?;
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hang_up.recv() => {}
                Ok(()) = closed => {}
            }
            order.send_replace(true);
        });
        Ok(Self(stop))
    }

    /// A stop and the means to order it.
    pub fn by_hand() -> (watch::Sender<bool>, Self) {
        let (order, stop) = watch::channel(false);
        (order, Self(stop))
    }

    /// Whether the order was given.
    pub fn is_ordered(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns once the order was given, or once nobody can give it any more.
    pub async fn ordered(&mut self) {
        let _ = self.0.wait_for(|ordered| *ordered).await;
    }
}

/// Whether a parent holds this process by its standard input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlPipe {
    /// Standard input means nothing.
    None,
    /// The end of standard input means: stop.
    StandardInput,
}

/// Told once the control pipe closes; never without one.
fn closed(control_pipe: ControlPipe) -> io::Result<oneshot::Receiver<()>> {
    let (told, closed) = oneshot::channel();
    if control_pipe == ControlPipe::StandardInput {
        let wait = move || {
            let _what_is_written_there_means_nothing =
                io::copy(&mut io::stdin().lock(), &mut io::sink());
            let _the_node_is_stopping = told.send(());
        };
        thread::Builder::new()
            .name("control-pipe".to_owned())
            .spawn(wait)?;
    }
    Ok(closed)
}
