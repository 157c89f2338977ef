//! The name of a place in the queue.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};

/// The name of a place in the queue: random, 16 bytes, shown as hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct TicketId(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 16]);

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TicketId({self})")
    }
}

/// A text that names no ticket.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a ticket is named by 32 hexadecimal digits (0-9, a-f)")]
pub struct BadTicket;

impl FromStr for TicketId {
    type Err = BadTicket;

    fn from_str(text: &str) -> Result<Self, BadTicket> {
        guichet_keys::Salt::from_str(text)
            .map(|bytes| Self(*bytes.as_bytes()))
            .map_err(|_| BadTicket)
    }
}
