//! The long-lived streams `/guichet/sync/1` and `/guichet/signal/1`, each a libp2p behaviour.
//!
//! Every connection carries one of each, opened by the end that dialled, so that a call's signals
//! wait for no page. Frames enter through a bounded queue per connection and leave with the number
//! of the connection they came over, so that the supervisor, which alone knows the primary
//! connection of each peer, can tell which to keep. The behaviour itself decides nothing.

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
use super::limits::{
    FRAME_BYTES_MAX, LINK_IN_BYTES_MAX, LINK_OUT_BYTES_MAX, SIGNAL_FRAME_BYTES_MAX,
    SIGNAL_QUEUE_BYTES_MAX,
};
use stream::LinkStream;

/// Which stream, and how much it may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lane {
    protocol: &'static str,
    frame_bytes_max: usize,
    in_bytes_max: usize,
    out_bytes_max: usize,
}

/// The replication of case files.
pub(super) const SYNC: Lane = Lane {
    protocol: "/guichet/sync/1",
    frame_bytes_max: FRAME_BYTES_MAX,
    in_bytes_max: LINK_IN_BYTES_MAX,
    out_bytes_max: LINK_OUT_BYTES_MAX,
};

/// Who waits, who is there, and where a call's media is reached.
pub(super) const SIGNAL: Lane = Lane {
    protocol: "/guichet/signal/1",
    frame_bytes_max: SIGNAL_FRAME_BYTES_MAX,
    in_bytes_max: SIGNAL_QUEUE_BYTES_MAX,
    out_bytes_max: SIGNAL_QUEUE_BYTES_MAX,
};

/// What happened on a stream of a connection.
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

/// The streams of one lane, of all connections.
#[derive(Debug)]
pub(super) struct Links {
    lane: Lane,
    outboxes: BTreeMap<ConnectionId, Outbox>,
    events: VecDeque<(PeerId, ConnectionId, LinkEvent)>,
}

impl Links {
    /// No connection yet.
    pub fn new(lane: Lane) -> Self {
        Self {
            lane,
            outboxes: BTreeMap::new(),
            events: VecDeque::new(),
        }
    }

    /// Where frames for this connection are put.
    pub fn outbox(&self, connection: ConnectionId) -> Option<Outbox> {
        self.outboxes.get(&connection).cloned()
    }

    fn stream(&mut self, connection: ConnectionId, opens: stream::Opener) -> LinkStream {
        let (outbox, reader) = outbox(self.lane.out_bytes_max);
        self.outboxes.insert(connection, outbox);
        LinkStream::new(self.lane, opens, reader)
    }
}

impl NetworkBehaviour for Links {
    type ConnectionHandler = LinkStream;
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
