//! What the transport is asked to send: a frame, or what the shell reads to make one.

use crate::page::PageId;
use crate::store::Location;
use crate::wire::{Frame, What};

/// What the transport is asked to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Send {
    /// This frame.
    Frame(Vec<u8>),
    /// A stored thing, in the order of its feed if it has an arrival number, else as live.
    Stored {
        /// Its form.
        what: What,
        /// Its arrival number, for the order of its feed.
        arrival: Option<u64>,
        /// Where its bytes are.
        at: Location,
    },
    /// A stored segment of a page.
    Segment {
        /// Which page.
        page: PageId,
        /// Which segment.
        index: u32,
    },
}

impl Send {
    /// The page that it is a segment of.
    #[must_use]
    pub fn page(&self) -> Option<PageId> {
        match self {
            Self::Segment { page, .. } => Some(*page),
            Self::Frame(_) | Self::Stored { .. } => None,
        }
    }

    /// The frame's bytes.
    ///
    /// `read` gives the payload of a record, `read_segment` the sealed bytes of a segment.
    ///
    /// # Errors
    /// What the one that was called says.
    pub fn into_frame<E>(
        self,
        read: impl FnOnce(Location) -> Result<Vec<u8>, E>,
        read_segment: impl FnOnce(PageId, u32) -> Result<Vec<u8>, E>,
    ) -> Result<Vec<u8>, E> {
        let frame = match self {
            Send::Frame(frame) => return Ok(frame),
            Send::Stored {
                what,
                arrival: Some(arrival),
                at,
            } => Frame::Item {
                what,
                arrival,
                payload: read(at)?,
            },
            Send::Stored {
                what,
                arrival: None,
                at,
            } => Frame::Live {
                what,
                payload: read(at)?,
            },
            Send::Segment { page, index } => Frame::Segment {
                page,
                index,
                sealed: read_segment(page, index)?,
            },
        };
        Ok(frame.encode())
    }
}
