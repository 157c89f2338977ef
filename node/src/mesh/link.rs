//! The long-lived stream `/guichet/sync/1` as a libp2p behaviour.
//!
//! Every connection carries one such stream, opened by the end that dialled. Frames enter through
//! a bounded queue per connection and leave with the number of the connection they came over, so
//! that the supervisor, which alone knows the primary connection of each peer, can tell which to
//! keep. The behaviour itself decides nothing.

mod stream;

use std::collections::{BTreeMap, VecDeque};
use std::task::{Context, Poll};

use libp2p::core::{Endpoint, transport::PortUse};
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};

use super::credit::{Frame, Outbox, outbox};
use super::limits::LINK_OUT_BYTES_MAX;
use stream::SyncStream;

/// What happened on the sync stream of a connection.
#[derive(Debug)]
pub(super) enum LinkEvent {
    /// The other end has answered: the stream is open.
    Opened,
    /// A frame arrived.
    Frame(Frame),
    /// Part of a long frame arrived.
    Progressed,
    /// All that was taken from the queue has been handed to the connection.
    Drained,
    /// The stream ended.
    Ended,
    /// The peer sent what no peer may send.
    Broke(String),
}

/// The sync streams of all connections.
#[derive(Debug, Default)]
pub(super) struct Links {
    outboxes: BTreeMap<ConnectionId, Outbox>,
    events: VecDeque<(PeerId, ConnectionId, LinkEvent)>,
}

impl Links {
    /// Where frames for this connection are put.
    pub fn outbox(&self, connection: ConnectionId) -> Option<Outbox> {
        self.outboxes.get(&connection).cloned()
    }

    fn stream(&mut self, connection: ConnectionId, opens: stream::Opener) -> SyncStream {
        let (outbox, reader) = outbox(LINK_OUT_BYTES_MAX);
        self.outboxes.insert(connection, outbox);
        SyncStream::new(opens, reader)
    }
}

impl NetworkBehaviour for Links {
    type ConnectionHandler = SyncStream;
    type ToSwarm = (PeerId, ConnectionId, LinkEvent);

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.stream(connection, stream::Opener::They))
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(self.stream(connection, stream::Opener::We))
    }

    fn on_swarm_event(&mut self, event: FromSwarm) {
        let over = if let FromSwarm::ConnectionClosed(closed) = &event {
            Some(closed.connection_id)
        } else if let FromSwarm::ListenFailure(failure) = &event {
            Some(failure.connection_id)
        } else if let FromSwarm::DialFailure(failure) = &event {
            Some(failure.connection_id)
        } else {
            None
        };
        if let Some(connection) = over {
            self.outboxes.remove(&connection);
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
        match self.events.pop_front() {
            Some(event) => Poll::Ready(ToSwarm::GenerateEvent(event)),
            None => Poll::Pending,
        }
    }
}
