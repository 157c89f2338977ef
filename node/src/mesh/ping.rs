//! Asking the other end of a connection for a sign of life, and answering it: libp2p's own ping
//! protocol, 32 bytes there and back, with a clock of our own, for libp2p's has one pace for all
//! connections and asks from both ends.
//!
//! The supervisor says when to ask. A question does not wait for the answer to the one before: on a
//! line that is back, what is sent next is what proves it. The behaviour itself decides nothing.

mod stream;

use std::collections::VecDeque;
use std::task::{Context, Poll};
use std::time::Duration;

use libp2p::core::{Endpoint, transport::PortUse};
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, NotifyHandler, THandler,
    THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};

use stream::Handler;

/// Ask now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ask;

/// What happened on a connection.
#[derive(Debug, Clone, Copy)]
pub(super) enum PingEvent {
    /// The other end answered after so long.
    Answered(Duration),
    /// The other end asked, and is being answered.
    Asked,
}

/// The questions of all connections.
#[derive(Debug, Default)]
pub(super) struct Pings {
    asks: VecDeque<(PeerId, ConnectionId)>,
    events: VecDeque<(PeerId, ConnectionId, PingEvent)>,
}

impl Pings {
    /// Asks the other end of a connection for a sign of life. To be called by whoever polls the
    /// swarm next.
    pub fn ask(&mut self, peer: PeerId, connection: ConnectionId) {
        self.asks.push_back((peer, connection));
    }
}

impl NetworkBehaviour for Pings {
    type ConnectionHandler = Handler;
    type ToSwarm = (PeerId, ConnectionId, PingEvent);

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::default())
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::default())
    }

    fn on_swarm_event(&mut self, event: FromSwarm) {
        if let FromSwarm::ConnectionClosed(closed) = &event {
            self.asks
                .retain(|(_, connection)| *connection != closed.connection_id);
        }
    }

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        self.events.push_back((peer, connection, event));
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        if let Some((peer_id, connection)) = self.asks.pop_front() {
            return Poll::Ready(ToSwarm::NotifyHandler {
                peer_id,
                handler: NotifyHandler::One(connection),
                event: Ask,
            });
        }
        match self.events.pop_front() {
            Some(event) => Poll::Ready(ToSwarm::GenerateEvent(event)),
            None => Poll::Pending,
        }
    }
}
