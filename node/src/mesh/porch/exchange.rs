//! One connection's exchange of hellos on `/guichet/porch/1`: two bytes of length, big-endian, and
//! the hello, each way. The visitor opens the stream and speaks first; the host reports what it
//! heard before it answers, for a visitor leaves as soon as it has its answer. A second stream is
//! dropped unread.

use std::convert::Infallible;
use std::io;
use std::task::{Context, Poll, ready};

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
    Listening(BoxFuture<'static, Option<(Stream, Vec<u8>)>>, Vec<u8>),
    Answering(BoxFuture<'static, ()>),
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
            let (listening, answer) = match self.visitor {
                Visitor::We => (in_time(speak_then_listen(stream, hello)), Vec::new()),
                Visitor::They => (in_time(listen(stream)), hello),
            };
            self.state = State::Listening(listening, answer);
        }
    }
}

fn in_time<T: Send + 'static>(
    work: impl Future<Output = io::Result<T>> + Send + 'static,
) -> BoxFuture<'static, Option<T>> {
    tokio::time::timeout(PORCH_EXCHANGE, work)
        .map(|outcome| outcome.ok().and_then(Result::ok))
        .boxed()
}

async fn speak_then_listen(mut stream: Stream, hello: Vec<u8>) -> io::Result<(Stream, Vec<u8>)> {
    speak(&mut stream, &hello).await?;
    listen(stream).await
}

async fn speak(stream: &mut Stream, hello: &[u8]) -> io::Result<()> {
    let length = u16::try_from(hello.len()).map_err(io::Error::other)?;
    let message = [&length.to_be_bytes(), hello].concat();
    stream.write_all(&message).await?;
    stream.flush().await
}

async fn listen(mut stream: Stream) -> io::Result<(Stream, Vec<u8>)> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).await?;
    let length = usize::from(u16::from_be_bytes(length));
    if length > HELLO_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut hello = vec![0; length];
    stream.read_exact(&mut hello).await?;
    Ok((stream, hello))
}

async fn answer(mut stream: Stream, hello: Vec<u8>) -> io::Result<()> {
    speak(&mut stream, &hello).await?;
    stream.close().await
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
            State::Listening(listening, hello) => match ready!(listening.poll_unpin(cx)) {
                Some((stream, heard)) => {
                    let hello = std::mem::take(hello);
                    self.state = match self.visitor {
                        Visitor::We => State::Over,
                        Visitor::They => {
                            State::Answering(in_time(answer(stream, hello)).map(drop).boxed())
                        }
                    };
                    Some(heard)
                }
                None => {
                    self.state = State::Over;
                    None
                }
            },
            State::Answering(answering) => {
                ready!(answering.poll_unpin(cx));
                self.state = State::Over;
                return Poll::Pending;
            }
            State::Failed => {
                self.state = State::Over;
                None
            }
            State::Awaited(_) | State::Over => return Poll::Pending,
        };
        let visitor = self.visitor;
        let event = Exchanged { visitor, hello };
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
