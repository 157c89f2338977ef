//! The two streams of a connection: one on which we ask, one on which we answer.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use futures::{AsyncRead, AsyncWrite};
use libp2p::core::upgrade::ReadyUpgrade;
use libp2p::swarm::handler::{ConnectionEvent, FullyNegotiatedInbound, FullyNegotiatedOutbound};
use libp2p::swarm::{ConnectionHandler, ConnectionHandlerEvent, SubstreamProtocol};
use libp2p::{Stream, StreamProtocol};

use super::{Ask, PingEvent};
use crate::mesh::limits::{ASKED_EVERY, OPENING, QUESTIONS_MAX};

const PROTOCOL: StreamProtocol = StreamProtocol::new("/ipfs/ping/1.0.0");
/// Bytes of a question, and of its answer.
const SIZE: usize = 32;

type Question = [u8; SIZE];

/// Both streams of one connection.
#[derive(Debug, Default)]
pub(in crate::mesh) struct Handler {
    asking: Asking,
    due: bool,
    answering: Option<Answering>,
    events: VecDeque<PingEvent>,
    told_at: Option<Instant>,
}

/// The stream on which we ask.
#[derive(Debug, Default)]
enum Asking {
    /// It is opened with the first question.
    #[default]
    Unasked,
    Opening,
    Running(Box<Questions>),
}

/// Questions that are written, and those whose answers have not come, oldest first.
#[derive(Debug)]
struct Questions {
    stream: Stream,
    number: u64,
    writing: Option<(Question, usize)>,
    unflushed: bool,
    open: VecDeque<(Question, Instant)>,
    answer: (Question, usize),
}

/// The stream on which we answer: what is read is written back.
#[derive(Debug)]
struct Answering {
    stream: Stream,
    bytes: Question,
    filled: usize,
    written: usize,
    unflushed: bool,
}

impl ConnectionHandler for Handler {
    type FromBehaviour = Ask;
    type ToBehaviour = PingEvent;
    type InboundProtocol = ReadyUpgrade<StreamProtocol>;
    type OutboundProtocol = ReadyUpgrade<StreamProtocol>;
    type InboundOpenInfo = ();
    type OutboundOpenInfo = ();

    fn listen_protocol(&self) -> SubstreamProtocol<Self::InboundProtocol> {
        SubstreamProtocol::new(ReadyUpgrade::new(PROTOCOL), ())
    }

    fn on_behaviour_event(&mut self, _: Ask) {
        self.due = true;
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<ConnectionHandlerEvent<Self::OutboundProtocol, (), PingEvent>> {
        self.poll_answers(cx);
        if let Some(event) = self.events.pop_front() {
            return Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(event));
        }
        match &mut self.asking {
            Asking::Unasked if self.due => {
                self.asking = Asking::Opening;
                let protocol =
                    SubstreamProtocol::new(ReadyUpgrade::new(PROTOCOL), ()).with_timeout(OPENING);
                Poll::Ready(ConnectionHandlerEvent::OutboundSubstreamRequest { protocol })
            }
            Asking::Running(questions) => {
                if std::mem::take(&mut self.due) {
                    questions.ask();
                }
                match ready!(questions.poll(cx)) {
                    Ok(event) => Poll::Ready(ConnectionHandlerEvent::NotifyBehaviour(event)),
                    Err(_) => {
                        self.asking = Asking::Unasked;
                        Poll::Pending
                    }
                }
            }
            Asking::Unasked | Asking::Opening => Poll::Pending,
        }
    }

    fn on_connection_event(
        &mut self,
        event: ConnectionEvent<Self::InboundProtocol, Self::OutboundProtocol>,
    ) {
        if let ConnectionEvent::FullyNegotiatedInbound(FullyNegotiatedInbound {
            protocol: mut stream,
            ..
        }) = event
        {
            stream.ignore_for_keep_alive();
            self.answering = Some(Answering::new(stream));
        } else if let ConnectionEvent::FullyNegotiatedOutbound(FullyNegotiatedOutbound {
            protocol: mut stream,
            ..
        }) = event
        {
            stream.ignore_for_keep_alive();
            self.asking = Asking::Running(Box::new(Questions::new(stream)));
        } else if let ConnectionEvent::DialUpgradeError(_) = event {
            self.asking = Asking::Unasked;
        }
    }
}

impl Handler {
    fn poll_answers(&mut self, cx: &mut Context<'_>) {
        for _ in 0..QUESTIONS_MAX {
            match self.answering.as_mut().map(|answering| answering.poll(cx)) {
                Some(Poll::Ready(Ok(()))) => self.was_asked(),
                Some(Poll::Ready(Err(_))) => self.answering = None,
                Some(Poll::Pending) | None => return,
            }
        }
        cx.waker().wake_by_ref();
    }

    /// Who asks all the time is answered all the time, and told of now and then.
    fn was_asked(&mut self) {
        let now = Instant::now();
        let lately = |at: Instant| now.saturating_duration_since(at) < ASKED_EVERY;
        if !self.told_at.is_some_and(lately) {
            self.told_at = Some(now);
            self.events.push_back(PingEvent::Asked);
        }
    }
}

impl Questions {
    fn new(stream: Stream) -> Self {
        Self {
            stream,
            number: 0,
            writing: None,
            unflushed: false,
            open: VecDeque::new(),
            answer: ([0; SIZE], 0),
        }
    }

    /// Asks, unless the last question has not even left, or too many are open.
    fn ask(&mut self) {
        if self.writing.is_none() && self.open.len() < QUESTIONS_MAX {
            self.number += 1;
            let mut question = [0; SIZE];
            question[..8].copy_from_slice(&self.number.to_be_bytes());
            self.writing = Some((question, 0));
            self.open.push_back((question, Instant::now()));
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<PingEvent>> {
        while let Some((question, written)) = &mut self.writing {
            let rest = &question[*written..];
            match Pin::new(&mut self.stream).poll_write(cx, rest) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => *written += count,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => break,
            }
            if *written == SIZE {
                (self.writing, self.unflushed) = (None, true);
            }
        }
        if self.unflushed && Pin::new(&mut self.stream).poll_flush(cx)?.is_ready() {
            self.unflushed = false;
        }
        loop {
            let (answer, filled) = &mut self.answer;
            let count = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut answer[*filled..]))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            *filled += count;
            if *filled < SIZE {
                continue;
            }
            *filled = 0;
            return Poll::Ready(match self.open.pop_front() {
                Some((question, at)) if question == *answer => {
                    Ok(PingEvent::Answered(at.elapsed()))
                }
                _ => Err(io::ErrorKind::InvalidData.into()),
            });
        }
    }
}

impl Answering {
    fn new(stream: Stream) -> Self {
        Self {
            stream,
            bytes: [0; SIZE],
            filled: 0,
            written: 0,
            unflushed: false,
        }
    }

    /// Ready each time that a question has been read.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if self.unflushed {
                ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
                self.unflushed = false;
            }
            if self.filled < SIZE {
                let space = &mut self.bytes[self.filled..];
                let count = ready!(Pin::new(&mut self.stream).poll_read(cx, space))?;
                if count == 0 {
                    return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
                }
                self.filled += count;
                if self.filled == SIZE {
                    return Poll::Ready(Ok(()));
                }
            } else {
                let rest = &self.bytes[self.written..];
                let count = ready!(Pin::new(&mut self.stream).poll_write(cx, rest))?;
                if count == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                self.written += count;
                if self.written == SIZE {
                    (self.filled, self.written, self.unflushed) = (0, 0, true);
                }
            }
        }
    }
}
