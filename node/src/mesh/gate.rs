//! Who may enter the main swarm: members of the network and nobody else, and no address may knock
//! more often than the rate allows, so that a flood costs its sender's address only.

mod rate;

use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::task::{Context, Poll, Waker};

use libp2p::core::{Endpoint, transport::PortUse};
use libp2p::swarm::{
    CloseConnection, ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler,
    THandlerInEvent, THandlerOutEvent, ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};

pub(super) use rate::{Arrivals, Bucket};

use super::limits::{HANDSHAKES_MAX, MEMBERS_MAX};

/// Why a connection was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Denied {
    /// The peer is no member.
    #[error("not a member")]
    Stranger,
    /// Its address knocks too often.
    #[error("too many connections from this address")]
    TooOften,
}

/// The allow-list and the rate of arrivals, before anything else on a connection.
#[derive(Debug)]
pub(super) struct Gate {
    members: BTreeSet<PeerId>,
    arrivals: Arrivals,
    leaving: VecDeque<PeerId>,
    waker: Option<Waker>,
}

impl Gate {
    /// A gate that nobody may pass yet.
    pub fn new() -> Self {
        Self {
            members: BTreeSet::new(),
            arrivals: Arrivals::new(HANDSHAKES_MAX),
            leaving: VecDeque::new(),
            waker: None,
        }
    }

    /// Lets a peer in from now on; false when the list is full.
    pub fn allow(&mut self, peer: PeerId) -> bool {
        let room = self.members.len() < MEMBERS_MAX || self.members.contains(&peer);
        room && {
            self.members.insert(peer);
            true
        }
    }

    /// Shuts a peer out and closes its connections.
    pub fn forbid(&mut self, peer: PeerId) {
        self.members.remove(&peer);
        self.leaving.push_back(peer);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn check(&self, peer: &PeerId) -> Result<dummy::ConnectionHandler, ConnectionDenied> {
        if self.members.contains(peer) {
            Ok(dummy::ConnectionHandler)
        } else {
            Err(ConnectionDenied::new(Denied::Stranger))
        }
    }
}

impl NetworkBehaviour for Gate {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        self.arrivals.check(connection, remote)
    }

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.check(&peer)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.check(&peer)
    }

    fn on_swarm_event(&mut self, event: FromSwarm) {
        self.arrivals.on_swarm_event(&event);
    }

    fn on_connection_handler_event(
        &mut self,
        _: PeerId,
        _: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        match event {}
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<Infallible, THandlerInEvent<Self>>> {
        if let Some(peer_id) = self.leaving.pop_front() {
            return Poll::Ready(ToSwarm::CloseConnection {
                peer_id,
                connection: CloseConnection::All,
            });
        }
        self.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}
