//! What a run did, in one number: equal numbers, equal runs.

use std::fmt::Debug;

/// A running sum (FNV-1a) over everything that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace(u64);

impl Default for Trace {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Trace {
    /// Adds bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    /// Adds whatever can be shown.
    pub fn add(&mut self, at_us: u64, what: &impl Debug) {
        self.bytes(&at_us.to_be_bytes());
        self.bytes(format!("{what:?}").as_bytes());
    }

    /// The sum.
    pub fn sum(self) -> u64 {
        self.0
    }
}
