//! One connection's exchange of hellos on `/guichet/porch/1`: two bytes of length, big-endian, and
//! the hello, each way. The visitor opens the stream; a second stream is dropped unread.

use std::convert::Infallible;
use std::io;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use futures::{AsyncReadExt, AsyncWriteExt, FutureExt};
use libp2p::core::upgrade::ReadyUpgrade;
use libp2p::swarm::handler::{ConnectionEvent, FullyNegotiatedInbound, FullyNegotiatedOutbound};
use libp2p::swarm::{ConnectionHandler, ConnectionHandlerEvent, SubstreamProtocol};
use libp2p::{Stream, StreamProtocol};

use super::Visitor;
use crate::mesh::limits::{HELLO_BYTES_MAX, PORCH_EXCHANGE};

const PROTOCOL: StreamProtocol = StreamProtocol::new("/guichet/porch/1");

/// The other end's hello, or nothing if none came.
#[derive(Debug)]
pub(in crate::mesh) struct Exchanged {
    pub visitor: Visitor,
    pub hello: Option<Vec<u8>>,
}

/// The exchange on one connection.
pub(in crate::mesh) struct Exchange {
    visitor: Visitor,
    state: State,
}

enum State {
    Unasked(Vec<u8>),
    Awaited(Vec<u8>),
    Crossing(BoxFuture<'static, Option<Vec<u8>>>),
    Failed,
    Over,
}

impl Exchange {
    pub fn new(visitor: Visitor, hello: Vec<u8>) -> Self {
        let state = match visitor {
            Visitor::We => State::Unasked(hello),
            Visitor::They => State::Awaited(hello),
        };
        Self { visitor, state }
    }

    fn begin(&mut self, stream: Stream) {
        if let State::Awaited(hello) = &mut self.state {
            let hello = std::mem::take(hello);
            let crossing = tokio::time::timeout(PORCH_EXCHANGE, cross(stream, hello));
            let crossing = crossing.map(|outcome| outcome.ok().and_then(Result::ok));
            self.state = State::Crossing(crossing.boxed());
        }
    }
}

async fn cross(mut stream: Stream, hello: Vec<u8>) -> io::Result<Vec<u8>> {
    let length = u16::try_from(hello.len()).map_err(io::Error::other)?;
    let mut message = length.to_be_bytes().to_vec();
    message.extend_from_slice(&hello);
    stream.write_all(&message).await?;
    stream.close().await?;
    let mut length = [0; 2];
    stream.read_exact(&mut length).await?;
    let length = usize::from(u16::from_be_bytes(length));
    if length > HELLO_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut hello = vec![0; length];
    stream.read_exact(&mut hello).await?;
    Ok(hello)
}

impl ConnectionHandler for Exchange {
    type FromBehaviour = Infallible;
    type ToBehaviour = Exchanged;
    type InboundProtocol = ReadyUpgrade<StreamProtocol>;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = ();

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol> {
        SubstreamProtocol::new(ReadyUpgrade::new(PROTOCOL), ()).with_timeout(PORCH_EXCHANGE)
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, (), Exchanged>> {
        let hello = match &mut self.state {
            State::Unasked(hello) => {
                self.state = State::Awaited(std::mem::take(hello));
                let protocol = self.listen_protocol();
                return Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { protocol });
            }
            State::Crossing(crossing) => std::task::ready!(crossing.poll_unpin(cx)),
            State::Failed => None,
            State::Awaited(_) | State::Over => return Poll::Pending,
        };
        self.state = State::Over;
        let event = Exchanged {
            visitor: self.visitor,
            hello,
        };
        Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(event))
    }

    fn on_behaviour_event(&mut self, event: Infallible) {
        match event {}
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<Self::InboundProtocol, Self::OutboundProtocol>,
    ) {
        if let ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound {
            protocol, ..
        }) = event
        {
            if self.visitor == Visitor::They {
                self.begin(protocol);
            }
        } else if let ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound {
            protocol,
            ..
        }) = event
        {
            self.begin(protocol);
        } else if let ConnectionEvent::DialUpgradeError(_) = event {
            self.state = State::Failed;
        }
    }
}
