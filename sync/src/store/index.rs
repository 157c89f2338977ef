//! The index: a copy of what the journal says, ordered for a fast start.
//!
//! It may lag the journal and never leads it: changes are put after the journal's `fdatasync`
//! returned, in one atomic step with the position up to which the journal is covered. It is never
//! asked while the node runs, so when it fails the node goes on without it. Nothing is lost with
//! it but the cursors of peers, who then compare vectors again.
//!
//! Keys: a letter for what it is, then the id. `position` comes last, so that one pass in the order
//! of keys can check the sum over all that came before.

pub(super) mod sled;

use minicbor::{Decode, Encode};
use thiserror::Error;

/// An ordered map from small keys to small values, on disk.
pub(super) trait Index: Send {
    /// Shows every key and value in the order of keys.
    fn each(&self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), IndexError>;

    /// Makes all the changes or, after a crash, none; they may become durable later.
    fn put(&self, changes: &[Change]) -> Result<(), IndexError>;
}

/// Why the index is of no use.
#[derive(Debug, Error)]
pub(super) enum IndexError {
    /// The disk does not take or give the data; the index itself may be sound.
    #[error("the disk fails: {0}")]
    Disk(#[source] std::io::Error),
    /// Its content is not what was put into it.
    #[error("{0}")]
    Broken(String),
}

/// One key and its value before and after; none means that the key is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub key: Vec<u8>,
    pub before: Option<Vec<u8>>,
    pub after: Option<Vec<u8>>,
}

/// Up to where the index covers the journal, and a sum over its content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(array)]
pub(super) struct Position {
    #[cbor(n(0), with = "minicbor::bytes")]
    pub epoch: [u8; 16],
    #[n(1)]
    pub segment: u32,
    #[n(2)]
    pub offset: u64,
    #[n(3)]
    pub next: [u64; 4],
    #[n(4)]
    pub sum: u64,
}

impl Position {
    /// Takes a change into the sum.
    pub fn add(&mut self, change: &Change) {
        if let Some(before) = &change.before {
            self.sum = self.sum.wrapping_sub(weight(&change.key, before));
        }
        if let Some(after) = &change.after {
            self.sum = self.sum.wrapping_add(weight(&change.key, after));
        }
    }

    /// The change that records this position.
    pub fn change(&self) -> Change {
        Change {
            key: POSITION_KEY.to_vec(),
            before: None,
            after: Some(encode(self)),
        }
    }
}

pub(super) const POSITION_KEY: &[u8] = b"z";

/// What a key and its value add to the sum.
pub(super) fn weight(key: &[u8], value: &[u8]) -> u64 {
    let key_sum = crc32c::crc32c(key);
    (u64::from(key_sum) << 32) | u64::from(crc32c::crc32c_append(key_sum, value))
}

pub(super) fn encode(value: &impl Encode<()>) -> Vec<u8> {
    minicbor::to_vec(value).expect("a vector takes any bytes")
}
