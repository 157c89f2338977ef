//! What the far end said before this end had found its path to it.

use core::net::SocketAddr;
use std::time::Instant;

use super::{Leg, Progress};

/// Records of DTLS that are kept until there is a path: a first flight is no more.
const EARLY_MAX: usize = 4;
/// The first byte of a record of DTLS (RFC 7983 §7).
const DTLS: std::ops::RangeInclusive<u8> = 20..=63;

#[derive(Debug)]
pub(super) enum Early {
    Kept(Vec<Datagram>),
    /// There is a path now: they are due.
    Due(Vec<Datagram>),
    Over,
}

/// Where it arrived, where it came from, and its bytes.
type Datagram = (SocketAddr, SocketAddr, Vec<u8>);

impl Leg {
    /// Keeps a record of DTLS that came before there is a path. Who sent it is seen when it is
    /// read: the certificate tells.
    pub(super) fn keep_early(&mut self, local: SocketAddr, from: SocketAddr, bytes: &[u8]) -> bool {
        let Early::Kept(kept) = &mut self.early else {
            return false;
        };
        let keeps = matches!(self.progress, Progress::Connecting { .. })
            && bytes.first().is_some_and(|first| DTLS.contains(first))
            && kept.len() < EARLY_MAX;
        if keeps {
            kept.push((local, from, bytes.to_vec()));
        }
        keeps
    }

    /// Reads what was kept, now that there is a path to where it came from.
    pub(super) fn read_early(&mut self, now: Instant) {
        if let Early::Due(kept) = std::mem::replace(&mut self.early, Early::Over) {
            for (local, from, bytes) in kept {
                self.receive(now, local, from, &bytes);
            }
        }
    }
}

impl Early {
    pub fn fall_due(&mut self) {
        if let Self::Kept(kept) = self {
            *self = Self::Due(std::mem::take(kept));
        }
    }
}
