//! What a session is told and what it tells.

use core::net::SocketAddr;

use crate::call::{CallId, CallState, End, PageId, Sending};
use crate::certificate::Fingerprint;
use crate::description::LegDescription;
use crate::meter::Report;
use crate::offer::OfferRefused;

/// What has happened around the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A datagram arrived on a socket of ours.
    Datagram {
        /// The address of the socket.
        local: SocketAddr,
        /// Who sent it.
        from: SocketAddr,
        /// Its payload; one of more than [`crate::limits::DATAGRAM_BYTES_MAX`] bytes is dropped.
        bytes: Vec<u8>,
    },
    /// Sockets were bound; addresses beyond [`crate::limits::CANDIDATES_MAX`] are left out.
    AddressesOpened {
        /// For page legs.
        page: Vec<SocketAddr>,
        /// For WAN legs.
        wan: Vec<SocketAddr>,
    },
    /// A call is to be prepared: its leg connects, and carries nothing yet. It takes the place of
    /// another call.
    CallBegun {
        /// Which.
        call: CallId,
        /// Which end of it this node is.
        end: End,
        /// The certificate of the node at the other end.
        peer: Fingerprint,
    },
    /// The other end told how its leg is reached.
    Described {
        /// Of which call.
        call: CallId,
        /// How.
        leg: LegDescription,
    },
    /// Both people have said yes: sound and pictures pass.
    CallOpened {
        /// Which.
        call: CallId,
    },
    /// Nothing passes any more.
    CallEnded {
        /// Which.
        call: CallId,
    },
    /// What the person here lets out. What is off stays in the node, whatever the page sends.
    Sending {
        /// The microphone.
        audio: Sending,
        /// The camera.
        video: Sending,
    },
    /// What the other end says that it sends, and is therefore expected to arrive.
    PeerSending {
        /// In which call.
        call: CallId,
        /// The microphone.
        audio: Sending,
        /// The camera.
        video: Sending,
    },
    /// A page offers a connection; it takes the place of the one there was.
    PageOffered {
        /// Which page.
        page: PageId,
        /// The offer.
        sdp: String,
    },
    /// A page is gone.
    PageClosed {
        /// Which.
        page: PageId,
    },
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Send a datagram.
    Transmit {
        /// From which socket of ours.
        local: SocketAddr,
        /// Where to.
        to: SocketAddr,
        /// Its payload.
        bytes: Vec<u8>,
    },
    /// Tell the node.
    Tell(Event),
}

/// What the node is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// How the other end reaches this one; to be told to it, each time.
    Describe {
        /// In which call.
        call: CallId,
        /// How.
        leg: LegDescription,
    },
    /// The answer to a page's offer.
    PageAnswered {
        /// Which page.
        page: PageId,
        /// The answer.
        sdp: String,
    },
    /// A page's offer is not answered.
    PageRefused {
        /// Which page.
        page: PageId,
        /// Why.
        why: OfferRefused,
    },
    /// The leg to a page is up.
    PageConnected {
        /// Which page.
        page: PageId,
    },
    /// The leg to a page is gone or never came up; the page may offer again.
    PageLost {
        /// Which page.
        page: PageId,
    },
    /// The other end of a call is heard, or not any more.
    CallChanged {
        /// Which call.
        call: CallId,
        /// How it is now.
        state: CallState,
    },
    /// How an open call is doing, once a second.
    Reported(Report),
}
