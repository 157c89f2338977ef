//! What a call is named, and the words for its state.

use std::fmt;

use minicbor::{Decode, Encode};

/// The name of a call, random: 16 bytes, shown as hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct CallId(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CallId({self})")
    }
}

/// The name of one load of a page, chosen by the node; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageId(pub u64);

/// Which end of a call this node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum End {
    /// It called: controls ICE (RFC 8445) and is the client of DTLS.
    #[n(0)]
    Caller,
    /// It was called.
    #[n(1)]
    Callee,
}

/// Whether a microphone or a camera is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Sending {
    /// It is off: nothing of it leaves the node.
    #[n(0)]
    Off,
    /// It is on.
    #[n(1)]
    On,
}

/// Why what a person asks of a booth or a desk is not done; nothing has changed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Declined {
    /// They wait or speak already.
    #[error("a wait or a call is under way")]
    Busy,
    /// There is no call that it could be about.
    #[error("there is no such call")]
    NoCall,
}

/// How the far end of a call is heard, and hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallState {
    /// It was not heard yet.
    Connecting,
    /// It is heard, and what is sent to it arrives.
    Live,
    /// It was so, and is not now: nothing of the person here leaves.
    Quiet,
}

/// The two things that a leg carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Audio,
    Video,
}
