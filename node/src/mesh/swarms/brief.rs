//! A multiplexer that takes no longer than `CLOSING` to close. Closing writes out what is buffered
//! first; over a dead line with a full buffer that lasts until TCP gives up, a quarter of an hour,
//! and meanwhile the connection would count against its peer's limit.

use std::pin::Pin;
use std::task::{Context, Poll};

use libp2p::core::StreamMuxer;
use libp2p::core::muxing::StreamMuxerEvent;
use tokio::time::{Sleep, sleep};

use crate::mesh::limits::CLOSING;

/// A multiplexer, and how long its closing may still take.
pub(super) struct Brief<M> {
    muxer: M,
    closing: Option<Pin<Box<Sleep>>>,
}

impl<M> Brief<M> {
    pub fn new(muxer: M) -> Self {
        Self {
            muxer,
            closing: None,
        }
    }
}

impl<M: StreamMuxer + Unpin> StreamMuxer for Brief<M> {
    type Substream = M::Substream;
    type Error = M::Error;

    fn poll_inbound(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<M::Substream, M::Error>> {
        Pin::new(&mut self.muxer).poll_inbound(cx)
    }

    fn poll_outbound(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<M::Substream, M::Error>> {
        Pin::new(&mut self.muxer).poll_outbound(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), M::Error>> {
        if let Poll::Ready(closed) = Pin::new(&mut self.muxer).poll_close(cx) {
            return Poll::Ready(closed);
        }
        let closing = self.closing.get_or_insert_with(|| Box::pin(sleep(CLOSING)));
        closing.as_mut().poll(cx).map(Ok)
    }

    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<StreamMuxerEvent, M::Error>> {
        Pin::new(&mut self.muxer).poll(cx)
    }
}
