//! The porch: a swarm of its own, on a port of its own, that strangers may reach. It speaks the
//! hello and nothing else: the visitor says its own, and gets the host's whatever its own is worth,
//! which is judged elsewhere. Connections are few, short-lived, and small.

mod exchange;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::Pin;
use std::task::{Context, Poll};

use libp2p::core::{Endpoint, transport::PortUse};
use libp2p::swarm::{
    CloseConnection, ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler,
    THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};
use tokio::time::{Instant, Sleep, sleep_until};

use super::gate::Arrivals;
use super::limits::{PORCH_CONNECTIONS_MAX, PORCH_LIFETIME};
use exchange::Exchange;

/// Who began a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Visitor {
    We,
    They,
}

/// A visit came to its end.
#[derive(Debug)]
pub(super) struct VisitOver {
    /// The other end; the connection has proved its key.
    pub peer: PeerId,
    /// Who began it.
    pub visitor: Visitor,
    /// The other end's hello as it came, or nothing if none came.
    pub hello: Option<Vec<u8>>,
}

/// The hello on every connection of the porch.
pub(super) struct Porch {
    hello: Vec<u8>,
    arrivals: Arrivals,
    open: BTreeMap<ConnectionId, (PeerId, Instant)>,
    visiting: BTreeSet<ConnectionId>,
    closing: VecDeque<(PeerId, ConnectionId)>,
    over: VecDeque<VisitOver>,
    expiry: Pin<Box<Sleep>>,
}

impl Porch {
    /// A porch that says this hello.
    pub fn new(hello: Vec<u8>) -> Self {
        Self {
            hello,
            arrivals: Arrivals::new(PORCH_CONNECTIONS_MAX),
            open: BTreeMap::new(),
            visiting: BTreeSet::new(),
            closing: VecDeque::new(),
            over: VecDeque::new(),
            expiry: Box::pin(sleep_until(Instant::now() + PORCH_LIFETIME)),
        }
    }

    fn expire(&mut self, cx: &mut Context<'_>) {
        while let Some((connection, (peer, expires))) = self
            .open
            .first_key_value()
            .map(|(connection, entry)| (*connection, *entry))
        {
            if self.expiry.deadline() != expires {
                self.expiry.as_mut().reset(expires);
            }
            if self.expiry.as_mut().poll(cx).is_pending() {
                return;
            }
            self.open.remove(&connection);
            self.closing.push_back((peer, connection));
        }
    }
}

impl NetworkBehaviour for Porch {
    type ConnectionHandler = Exchange;
    type ToSwarm = VisitOver;

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
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Exchange::new(Visitor::They, self.hello.clone()))
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Exchange::new(Visitor::We, self.hello.clone()))
    }

    fn on_swarm_event(&mut self, event: FromSwarm) {
        self.arrivals.on_swarm_event(&event);
        if let FromSwarm::ConnectionEstablished(established) = &event {
            let expires = Instant::now() + PORCH_LIFETIME;
            self.open
                .insert(established.connection_id, (established.peer_id, expires));
            if established.endpoint.is_dialer() {
                self.visiting.insert(established.connection_id);
            }
        } else if let FromSwarm::ConnectionClosed(closed) = &event {
            self.open.remove(&closed.connection_id);
            if self.visiting.remove(&closed.connection_id) {
                let peer = closed.peer_id;
                self.over.push_back(VisitOver {
                    peer,
                    visitor: Visitor::We,
                    hello: None,
                });
            }
        }
    }

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        if self.visiting.remove(&connection) {
            self.closing.push_back((peer, connection));
        }
        self.over.push_back(VisitOver {
            peer,
            visitor: event.visitor,
            hello: event.hello,
        });
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ToSwarm<VisitOver, THandlerInEvent<Self>>> {
        self.expire(cx);
        if let Some(visit) = self.over.pop_front() {
            return Poll::Ready(ToSwarm::GenerateEvent(visit));
        }
        match self.closing.pop_front() {
            Some((peer_id, connection)) => Poll::Ready(ToSwarm::CloseConnection {
                peer_id,
                connection: CloseConnection::One(connection),
            }),
            None => Poll::Pending,
        }
    }
}
