//! What two nodes say to each other on the stream `/guichet/sync/1`.
//!
//! One frame is one CBOR value of at most [`FRAME_BYTES_MAX`] bytes. Each side
//! begins with a [`Frame::Hello`]; what may follow, and when, is the business
//! of the replication session in `session.rs`.

use guichet_keys::{CaseTag, ServiceId, SubjectId};
use minicbor::{Decode, Encode};

use crate::envelope::ChainId;
use crate::feed::Feed;
use crate::limits::{
    ARRIVAL_MAX, DRAFT_BYTES_MAX, FRAME_BYTES_MAX, HAVE_ENTRIES_MAX, INTEREST_CASES_MAX, ROSTER_MAX,
};
use crate::page::PageId;

/// The protocol's version, told in the hello.
pub const PROTOCOL: u32 = 1;

/// Names one life of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Epoch(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

/// Names one reading of a peer, from a hello on; chosen afresh by the reader each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Reading(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

/// The next arrival number wanted, for each feed.
pub type Cursors = [u64; Feed::COUNT];

/// What a peer wishes to be told of.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Interest {
    /// Everything: a relay.
    #[n(0)]
    All,
    /// Every case of these services: a station.
    #[n(1)]
    Services(#[n(0)] Vec<ServiceId>),
    /// These cases and no other: a kiosk.
    #[n(2)]
    Cases(#[n(0)] Vec<CaseTag>),
}

/// What a peer holds of one chain: how many envelopes, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct HaveChain {
    /// Which chain.
    #[n(0)]
    pub chain: ChainId,
    /// How many envelopes.
    #[n(1)]
    pub count: u64,
    /// Exclusive or of the first halves of their hashes: tells forks apart, in any order.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub digest: [u8; 16],
}

/// The form of a durable thing on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum What {
    /// A network or case statement.
    #[n(0)]
    Statement,
    /// A receipt.
    #[n(1)]
    Receipt,
    /// An envelope of edits.
    #[n(2)]
    Edit,
    /// An envelope of an act.
    #[n(3)]
    Act,
    /// A page manifest.
    #[n(4)]
    Manifest,
}

impl What {
    /// The feed it belongs to.
    #[must_use]
    pub fn feed(self) -> Feed {
        match self {
            What::Statement => Feed::Statements,
            What::Receipt => Feed::Receipts,
            What::Edit => Feed::Edits,
            What::Act | What::Manifest => Feed::Acts,
        }
    }
}

/// A member as a relay sees it now.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Presence {
    /// Who.
    #[n(0)]
    pub member: SubjectId,
    /// Whether the relay has a live connection to it.
    #[n(1)]
    pub online: bool,
    /// Where it can be reached, as multiaddresses.
    #[n(2)]
    pub addresses: Vec<String>,
}

/// One message between two nodes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Frame {
    /// The first frame of each side.
    #[n(0)]
    Hello {
        /// The protocol's version.
        #[n(0)]
        version: u32,
        /// Feature bits; unknown ones are ignored.
        #[n(1)]
        features: u64,
        /// The sender's reading of the receiver that begins now.
        #[n(2)]
        reading: Reading,
        /// The sender's last reading of the receiver, and where it stopped.
        #[n(3)]
        read: Option<Progress>,
        /// The receiver's last reading of the sender that the sender knows of, and how far it
        /// was served.
        #[n(4)]
        served: Option<Progress>,
        /// What the sender wishes to be told of.
        #[n(5)]
        interest: Interest,
    },
    /// What the sender holds already, told when there is no cursor to resume from.
    #[n(1)]
    Have {
        /// Its chains.
        #[n(0)]
        chains: Vec<HaveChain>,
        /// First 8 bytes of the hashes of its statements, receipts and manifests.
        #[cbor(n(1), with = "minicbor::bytes")]
        prefixes: Vec<u8>,
        /// Whether this is the last of such frames.
        #[n(2)]
        last: bool,
    },
    /// The next thing of a feed, in the order of arrival at the sender.
    #[n(2)]
    Item {
        /// Its form.
        #[n(0)]
        what: What,
        /// Its arrival number.
        #[n(1)]
        arrival: u64,
        /// Its exact bytes.
        #[cbor(n(2), with = "minicbor::bytes")]
        payload: Vec<u8>,
    },
    /// Nothing of interest in this feed up to here.
    #[n(3)]
    Mark {
        /// Which feed.
        #[n(0)]
        feed: Feed,
        /// The last arrival number considered.
        #[n(1)]
        arrival: u64,
    },
    /// A thing out of the order of its feed: just written, or needed by what follows.
    #[n(4)]
    Live {
        /// Its form.
        #[n(0)]
        what: What,
        /// Its exact bytes.
        #[cbor(n(1), with = "minicbor::bytes")]
        payload: Vec<u8>,
    },
    /// From now on the sender follows this case too, and holds this much of it.
    #[n(5)]
    Follow {
        /// Which case.
        #[n(0)]
        case: CaseTag,
        /// The chains of it that the sender holds.
        #[n(1)]
        have: Vec<HaveChain>,
        /// First 8 bytes of the hashes of its statements and manifests that the sender holds.
        #[cbor(n(2), with = "minicbor::bytes")]
        prefixes: Vec<u8>,
    },
    /// The sender no longer follows this case.
    #[n(6)]
    Unfollow {
        /// Which case.
        #[n(0)]
        case: CaseTag,
    },
    /// The sender wants the segments of this page that are not set in the bitmap.
    #[n(7)]
    Want {
        /// Which page.
        #[n(0)]
        page: PageId,
        /// One bit a segment, least significant first, set where it is held already.
        #[cbor(n(1), with = "minicbor::bytes")]
        have: Vec<u8>,
    },
    /// The sender no longer wants this page from here.
    #[n(8)]
    Unwant {
        /// Which page.
        #[n(0)]
        page: PageId,
    },
    /// One sealed segment of a page.
    #[n(9)]
    Segment {
        /// Which page.
        #[n(0)]
        page: PageId,
        /// Which segment.
        #[n(1)]
        index: u32,
        /// Its sealed bytes.
        #[cbor(n(2), with = "minicbor::bytes")]
        sealed: Vec<u8>,
    },
    /// What somebody is typing, or that they have the case open: passed on to who follows it, never
    /// stored.
    #[n(10)]
    Draft {
        /// Which case.
        #[n(0)]
        case: CaseTag,
        /// Sealed under the case's shared key.
        #[cbor(n(1), with = "minicbor::bytes")]
        sealed: Vec<u8>,
    },
    /// Who is there, as the sender, a relay, sees it: everybody when a session begins, then what
    /// changed.
    #[n(11)]
    Roster {
        /// The members.
        #[n(0)]
        members: Vec<Presence>,
    },
    /// How many frames the sender has taken from this session so far.
    #[n(12)]
    Credit {
        /// Since the session began, the hello included.
        #[n(0)]
        frames: u64,
    },
    /// The sender closes the session, and why.
    #[n(13)]
    Bye {
        /// In words, for a log.
        #[n(0)]
        reason: String,
    },
}

/// How far a reading went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub struct Progress {
    /// Which reading.
    #[n(0)]
    pub reading: Reading,
    /// The next arrival number of each feed.
    #[n(1)]
    pub next: Cursors,
}

impl Progress {
    /// Where to go on from a last reading, if reader and writer remember the same one.
    ///
    /// The writer may be a copy of the one that was read, or a restored image of it. Then it has
    /// served another reading, or less of this one, and the cursors say nothing about its feeds.
    #[must_use]
    pub fn resumed(read: Option<Self>, served: Option<Self>) -> Option<Cursors> {
        let (read, served) = (read?, served?);
        let within = read
            .next
            .iter()
            .zip(&served.next)
            .all(|(read, served)| read <= served);
        (read.reading == served.reading && within).then_some(read.next)
    }
}

/// Why bytes are not a frame.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FrameError {
    /// More bytes than any frame may have.
    #[error("frame of {0} bytes; at most {FRAME_BYTES_MAX} are accepted")]
    TooLarge(usize),
    /// Not a frame this program knows.
    #[error("unreadable frame")]
    Malformed,
    /// A list or text in it that is longer than allowed.
    #[error("frame with {0} entries; at most {1} are accepted")]
    TooMany(usize, usize),
    /// An arrival number or a count that no disk has reached.
    #[error("frame with the number {0}; at most {ARRIVAL_MAX} is accepted")]
    Number(u64),
}

impl Frame {
    /// The frame's bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        minicbor::to_vec(self).expect("encoding into memory cannot fail")
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// Anything that is not exactly one frame within the limits.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        if bytes.len() > FRAME_BYTES_MAX {
            return Err(FrameError::TooLarge(bytes.len()));
        }
        let mut cbor = minicbor::Decoder::new(bytes);
        let frame: Self = cbor.decode().map_err(|_| FrameError::Malformed)?;
        if cbor.position() != bytes.len() {
            return Err(FrameError::Malformed);
        }
        frame.check_numbers()?;
        frame.check()?;
        Ok(frame)
    }

    /// Whether it brings something to be stored.
    #[must_use]
    pub fn is_for_disk(&self) -> bool {
        match self {
            Frame::Item { .. } | Frame::Live { .. } | Frame::Segment { .. } => true,
            Frame::Hello { .. }
            | Frame::Have { .. }
            | Frame::Mark { .. }
            | Frame::Follow { .. }
            | Frame::Unfollow { .. }
            | Frame::Want { .. }
            | Frame::Unwant { .. }
            | Frame::Draft { .. }
            | Frame::Roster { .. }
            | Frame::Credit { .. }
            | Frame::Bye { .. } => false,
        }
    }

    /// Refuses arrival numbers and counts that nobody counts on from.
    fn check_numbers(&self) -> Result<(), FrameError> {
        let most = match self {
            Frame::Hello { read, served, .. } => {
                let both = [read, served].into_iter().flatten();
                let read = both.flat_map(|progress| progress.next);
                read.map(|next| next.saturating_sub(1)).max()
            }
            Frame::Have { chains, .. } | Frame::Follow { have: chains, .. } => {
                chains.iter().map(|chain| chain.count).max()
            }
            Frame::Item { arrival, .. } | Frame::Mark { arrival, .. } => Some(*arrival),
            Frame::Live { .. }
            | Frame::Unfollow { .. }
            | Frame::Want { .. }
            | Frame::Unwant { .. }
            | Frame::Segment { .. }
            | Frame::Draft { .. }
            | Frame::Roster { .. }
            | Frame::Credit { .. }
            | Frame::Bye { .. } => None,
        };
        match most {
            Some(number) if number > ARRIVAL_MAX => Err(FrameError::Number(number)),
            Some(_) | None => Ok(()),
        }
    }

    fn check(&self) -> Result<(), FrameError> {
        let (count, most) = match self {
            Frame::Hello {
                interest: Interest::Cases(cases),
                ..
            } => (cases.len(), INTEREST_CASES_MAX),
            Frame::Hello {
                interest: Interest::Services(services),
                ..
            } => (services.len(), INTEREST_CASES_MAX),
            Frame::Have {
                chains, prefixes, ..
            }
            | Frame::Follow {
                have: chains,
                prefixes,
                ..
            } => (chains.len().max(prefixes.len() / 8), HAVE_ENTRIES_MAX),
            Frame::Draft { sealed, .. } => (sealed.len(), DRAFT_BYTES_MAX),
            Frame::Roster { members } => (members.len(), ROSTER_MAX),
            Frame::Hello { .. }
            | Frame::Item { .. }
            | Frame::Mark { .. }
            | Frame::Live { .. }
            | Frame::Unfollow { .. }
            | Frame::Want { .. }
            | Frame::Unwant { .. }
            | Frame::Segment { .. }
            | Frame::Credit { .. }
            | Frame::Bye { .. } => return Ok(()),
        };
        if count > most {
            Err(FrameError::TooMany(count, most))
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_resumed_only_where_both_remember_it() {
        let progress = |reading, next| {
            Some(Progress {
                reading: Reading([reading; 16]),
                next: [next; 4],
            })
        };
        assert_eq!(
            Progress::resumed(progress(1, 7), progress(1, 7)),
            Some([7; 4])
        );
        assert_eq!(
            Progress::resumed(progress(1, 7), progress(1, 9)),
            Some([7; 4])
        );
        assert_eq!(
            Progress::resumed(progress(1, 7), progress(2, 9)),
            None,
            "a copy was read"
        );
        assert_eq!(
            Progress::resumed(progress(1, 7), progress(1, 6)),
            None,
            "an image is older"
        );
        assert_eq!(Progress::resumed(progress(1, 7), None), None);
        assert_eq!(Progress::resumed(None, progress(1, 7)), None);
    }
}
