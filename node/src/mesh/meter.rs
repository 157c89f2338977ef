//! Charges each peer for the time that its connections use: the task of a connection is measured
//! whenever it runs, and does not run while its peer has to wait. Over TCP nothing more is then read
//! from the peer, and over QUIC no stream of it.
//!
//! What it takes to carry frames is not charged here: those that come are paid for where the
//! application takes them in, and those that go are not what this peer did.
//!
//! A task does not know whose connection it drives until its handler, which runs in it, says so.
//! The behaviour itself decides nothing; [`Tolls`] does.

use std::cell::Cell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use guichet_keys::SubjectId;
use libp2p::core::upgrade::DeniedUpgrade;
use libp2p::core::{Endpoint, transport::PortUse};
use libp2p::swarm::handler::ConnectionEvent;
use libp2p::swarm::{
    ConnectionDenied, ConnectionHandler, ConnectionHandlerEvent, ConnectionId, FromSwarm,
    NetworkBehaviour, SubstreamProtocol, THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};
use tokio::time::{Sleep, sleep_until};

use super::identity::subject_of;
use super::limits::{CARRYING_FRAME, CARRYING_KIB};
use super::lock;
use super::toll::Tolls;
use crate::clock;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

tokio::task_local! {
    /// Of the task that is running.
    static BILL: Arc<Bill>;
}

/// What is known of a task.
#[derive(Debug, Default)]
struct Bill {
    /// Whose connection it drives.
    payer: OnceLock<SubjectId>,
    /// Microseconds that are not to be charged.
    carrying_us: AtomicU64,
}

/// In the task of a connection: a frame of so many bytes is carried.
pub(super) fn carried(bytes: usize) {
    let kib = u32::try_from(bytes / 1024).unwrap_or(u32::MAX);
    let carrying = CARRYING_FRAME.saturating_add(CARRYING_KIB.saturating_mul(kib));
    let us = u64::try_from(carrying.as_micros()).unwrap_or(u64::MAX);
    let unmetered = BILL.try_with(|bill| bill.carrying_us.fetch_add(us, Ordering::Relaxed));
    if unmetered.is_err() {
        tracing::trace!("a frame is carried that nobody is charged for");
    }
}

/// A peer whose connections have had to wait again and again since then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub since: Instant,
}

/// The meters of all connections.
#[derive(Debug)]
pub(super) struct Meters {
    tolls: Arc<Mutex<Tolls>>,
    events: VecDeque<(PeerId, Held)>,
}

impl Meters {
    pub fn new() -> Self {
        Self {
            tolls: Arc::new(Mutex::new(Tolls::new(clock::now()))),
            events: VecDeque::new(),
        }
    }

    /// Runs the tasks of connections, metered.
    pub fn executor(&self) -> impl Fn(Task) + Send + 'static {
        let tolls = Arc::clone(&self.tolls);
        move |task| {
            tokio::spawn(Metered {
                task,
                bill: Arc::default(),
                tolls: Arc::clone(&tolls),
                waiting: None,
            });
        }
    }

    fn meter(&self, peer: &PeerId) -> Meter {
        Meter {
            peer: subject_of(peer),
            tolls: Arc::clone(&self.tolls),
            is_known: Cell::new(false),
        }
    }
}

/// The task of a connection.
struct Metered {
    task: Task,
    bill: Arc<Bill>,
    tolls: Arc<Mutex<Tolls>>,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Future for Metered {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self {
            task,
            bill,
            tolls,
            waiting,
        } = &mut *self;
        if let Some(peer) = bill.payer.get() {
            while let Some(until) = lock(tolls).held_until(clock::now(), peer) {
                let until = || Box::pin(sleep_until(until.into()));
                ready!(waiting.get_or_insert_with(until).as_mut().poll(cx));
                *waiting = None;
            }
        }
        let begun = clock::thread_used();
        let polled = BILL.sync_scope(Arc::clone(bill), || task.as_mut().poll(cx));
        let used = clock::thread_used().saturating_sub(begun);
        if let Some(peer) = bill.payer.get() {
            let carrying = Duration::from_micros(bill.carrying_us.swap(0, Ordering::Relaxed));
            lock(tolls).spent(clock::now(), *peer, used, carrying);
        }
        polled
    }
}

/// In the task of a connection: says whose it is.
#[derive(Debug)]
pub(super) struct Meter {
    peer: Option<SubjectId>,
    tolls: Arc<Mutex<Tolls>>,
    is_known: Cell<bool>,
}

impl ConnectionHandler for Meter {
    type FromBehaviour = Infallible;
    type ToBehaviour = Held;
    type InboundProtocol = DeniedUpgrade;
    type OutboundProtocol = DeniedUpgrade;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = ();

    fn listen_protocol(&self) -> SubstreamProtocol<DeniedUpgrade> {
        SubstreamProtocol::new(DeniedUpgrade, ())
    }

    fn on_behaviour_event(&mut self, event: Infallible) {
        match event {}
    }

    fn poll(
        &mut self,
        _: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<DeniedUpgrade, (), Held>> {
        let Some(peer) = self.peer else {
            return Poll::Pending;
        };
        if !self.is_known.replace(true)
            && BILL
                .try_with(|bill| *bill.payer.get_or_init(|| peer))
                .is_err()
        {
            tracing::error!(%peer, "a connection runs that nobody is charged for");
        }
        match lock(&self.tolls).poll_held(clock::now(), &peer) {
            Some(since) => Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(Held { since })),
            None => Poll::Pending,
        }
    }

    fn on_connection_event(&mut self, _: ConnectionEvent<DeniedUpgrade, DeniedUpgrade>) {}
}

impl NetworkBehaviour for Meters {
    type ConnectionHandler = Meter;
    type ToSwarm = (PeerId, Held);

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.meter(&peer))
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.meter(&peer))
    }

    fn on_swarm_event(&mut self, _: FromSwarm) {}

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        _: ConnectionId,
        held: THandlerOutEvent<Self>,
    ) {
        self.events.push_back((peer, held));
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        match self.events.pop_front() {
            Some(event) => Poll::Ready(ToSwarm::GenerateEvent(event)),
            None => Poll::Pending,
        }
    }
}
