//! One stream of a connection: opening it, cutting what arrives into frames, writing what is
//! queued. The first frame each way is empty, no later one is. Reading stops while the application holds as much as this peer may occupy.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::{AsyncRead, AsyncWrite};
use libp2p::core::upgrade::ReadyUpgrade;
use libp2p::swarm::handler::{ConnectionEvent, FullyNegotiatedInbound, FullyNegotiatedOutbound};
use libp2p::swarm::{ConnectionHandler, ConnectionHandlerEvent, SubstreamProtocol};
use libp2p::{Stream, StreamProtocol};

use super::{Lane, LinkEvent};
use crate::mesh::credit::{Credit, Frame, OutboxReader, Permit};
use crate::mesh::frame::{Deframer, Step, put_frame};
use crate::mesh::limits::{OPENING, PROGRESS_BYTES, WRITE_BYTES};
use crate::mesh::meter;

/// Which end opens the stream: the one that dialled the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mesh) enum Opener {
    We,
    They,
}

/// One stream of one connection.
#[derive(Debug)]
pub(in crate::mesh) struct LinkStream {
    lane: Lane,
    state: State,
    outbox: OutboxReader,
    credit: Arc<Credit>,
    events: VecDeque<LinkEvent>,
}

#[derive(Debug)]
enum State {
    Unasked,
    Awaited,
    Running(Box<Running>),
    Over,
}

#[derive(Debug)]
struct Running {
    stream: Stream,
    frame_bytes_max: usize,
    answered: Answered,
    deframer: Deframer,
    permit: Option<Permit>,
    unreported: usize,
    writing: Vec<u8>,
    written: usize,
    lengths: Vec<usize>,
    flush: Flush,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answered {
    No,
    Yes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flush {
    Done,
    Due,
}

enum Failure {
    Ended,
    Broke(String),
}

impl From<io::Error> for Failure {
    fn from(_: io::Error) -> Self {
        Self::Ended
    }
}

impl Lane {
    fn upgrade(&self) -> ReadyUpgrade<StreamProtocol> {
        ReadyUpgrade::new(StreamProtocol::new(self.protocol))
    }
}

impl LinkStream {
    pub fn new(lane: Lane, opener: Opener, outbox: OutboxReader) -> Self {
        let state = match opener {
            Opener::We => State::Unasked,
            Opener::They => State::Awaited,
        };
        let credit = Credit::new(lane.in_bytes_max);
        Self {
            lane,
            state,
            outbox,
            credit,
            events: VecDeque::new(),
        }
    }

    fn run(&mut self, stream: Stream) {
        if let State::Awaited = self.state {
            self.state = State::Running(Box::new(Running::new(stream, self.lane.frame_bytes_max)));
        }
    }

    fn end(&mut self, event: LinkEvent) {
        self.state = State::Over;
        self.events.push_back(event);
    }
}

impl ConnectionHandler for LinkStream {
    type FromBehaviour = Infallible;
    type ToBehaviour = LinkEvent;
    type InboundProtocol = ReadyUpgrade<StreamProtocol>;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = ();

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol> {
        SubstreamProtocol::new(self.lane.upgrade(), ()).with_timeout(OPENING)
    }

    fn connection_keep_alive(&self) -> bool {
        true
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, (), LinkEvent>> {
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(event));
        }
        match &mut self.state {
            State::Unasked => {
                self.state = State::Awaited;
                let protocol =
                    SubstreamProtocol::new(self.lane.upgrade(), ()).with_timeout(OPENING);
                Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { protocol })
            }
            State::Running(running) => {
                match ready!(running.poll(&mut self.outbox, &self.credit, cx)) {
                    Ok(event) => Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(event)),
                    Err(failure) => {
                        self.end(match failure {
                            Failure::Ended => LinkEvent::Ended,
                            Failure::Broke(why) => LinkEvent::Broke(why),
                        });
                        self.poll(cx)
                    }
                }
            }
            State::Awaited | State::Over => Poll::Pending,
        }
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
            self.run(protocol);
        } else if let ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound {
            protocol,
            ..
        }) = event
        {
            self.run(protocol);
        } else if let ConnectionEvent::DialUpgradeError(_) = event {
            self.end(LinkEvent::Ended);
        }
    }
}

impl Running {
    fn new(stream: Stream, frame_bytes_max: usize) -> Self {
        let mut writing = Vec::new();
        put_frame(&mut writing, &[]);
        Self {
            stream,
            frame_bytes_max,
            answered: Answered::No,
            deframer: Deframer::new(),
            permit: None,
            unreported: 0,
            writing,
            written: 0,
            lengths: Vec::new(),
            flush: Flush::Due,
        }
    }

    fn poll(
        &mut self,
        outbox: &mut OutboxReader,
        credit: &Arc<Credit>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<LinkEvent, Failure>> {
        if let Poll::Ready(result) = self.poll_write(outbox, cx) {
            return Poll::Ready(result);
        }
        self.poll_read(credit, cx)
    }

    fn poll_write(
        &mut self,
        outbox: &mut OutboxReader,
        cx: &mut Context<'_>,
    ) -> Poll<Result<LinkEvent, Failure>> {
        loop {
            while self.written < self.writing.len() {
                let rest = &self.writing[self.written..];
                match ready!(Pin::new(&mut self.stream).poll_write(cx, rest))? {
                    0 => return Poll::Ready(Err(Failure::Ended)),
                    count => self.written += count,
                }
            }
            if self.flush == Flush::Due {
                ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
                self.flush = Flush::Done;
                if !self.lengths.is_empty() {
                    for length in self.lengths.drain(..) {
                        outbox.written(length);
                    }
                    return Poll::Ready(Ok(LinkEvent::Drained));
                }
            }
            if self.answered == Answered::No {
                return Poll::Pending;
            }
            self.fill(outbox, cx);
            if self.writing.is_empty() {
                return Poll::Pending;
            }
        }
    }

    fn fill(&mut self, outbox: &mut OutboxReader, cx: &mut Context<'_>) {
        self.writing.clear();
        self.writing.shrink_to(WRITE_BYTES);
        self.written = 0;
        while self.writing.len() < WRITE_BYTES {
            let Poll::Ready(frame) = outbox.poll_next(cx) else {
                break;
            };
            put_frame(&mut self.writing, &frame);
            meter::carried(frame.len());
            self.lengths.push(frame.len());
            self.flush = Flush::Due;
        }
    }

    fn poll_read(
        &mut self,
        credit: &Arc<Credit>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<LinkEvent, Failure>> {
        loop {
            if let Some(length) = self.deframer.announced() {
                self.permit = Some(ready!(credit.poll_take(length, cx)));
            }
            let space = self.deframer.space();
            let count = ready!(Pin::new(&mut self.stream).poll_read(cx, space))?;
            if count == 0 {
                return Poll::Ready(Err(Failure::Ended));
            }
            self.unreported += count;
            match self
                .deframer
                .advance(count)
                .map_err(|e| Failure::Broke(e.to_string()))?
            {
                Step::Frame(frame) => return Poll::Ready(self.received(frame)),
                Step::More if self.unreported >= PROGRESS_BYTES => {
                    self.unreported = 0;
                    return Poll::Ready(Ok(LinkEvent::Progressed));
                }
                Step::Announced(length) if length > self.frame_bytes_max => {
                    let why = format!("a frame of {length} bytes on a lane of small ones");
                    return Poll::Ready(Err(Failure::Broke(why)));
                }
                Step::More | Step::Announced(_) => {}
            }
        }
    }

    fn received(&mut self, frame: Vec<u8>) -> Result<LinkEvent, Failure> {
        self.unreported = 0;
        match (self.answered, self.permit.take()) {
            (Answered::No, None) => {
                self.answered = Answered::Yes;
                Ok(LinkEvent::Opened)
            }
            (Answered::Yes, Some(permit)) => {
                meter::carried(frame.len());
                Ok(LinkEvent::Frame(Frame::new(frame, permit)))
            }
            (Answered::No, Some(_)) => Err(Failure::Broke("the first frame is not empty".into())),
            (Answered::Yes, None) => Err(Failure::Broke("an empty frame after the first".into())),
        }
    }
}
