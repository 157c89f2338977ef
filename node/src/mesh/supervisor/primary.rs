//! The one connection of a peer whose frames count, and which of two that is.

use std::time::Instant;

use libp2p::swarm::ConnectionId;

use crate::mesh::limits::{QUIC_PROVEN, QUIC_PROVEN_SIGNS, SILENCE_SUSPECT, SIMULTANEOUS};
use crate::mesh::pulse::Pulse;
use crate::mesh::route::Route;

/// Which end dialled a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mesh) enum Dialler {
    We,
    They,
}

/// How a connection reaches its peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mesh) enum Path {
    /// Nothing of ours in between.
    Direct,
    /// A circuit through a relay.
    Relayed,
}

/// The connection of a peer whose frames count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Primary {
    pub connection: ConnectionId,
    pub dialler: Dialler,
    pub route: Route,
    pub since: Instant,
    pub pulse: Pulse,
}

impl Primary {
    /// When the last sign of life came.
    pub fn heard(&self) -> Instant {
        self.pulse.heard_at()
    }

    /// Whether it stood long enough that the line is known to let it through.
    pub fn is_proven(&self) -> bool {
        self.heard().duration_since(self.since) >= QUIC_PROVEN
            && self.pulse.signs() >= QUIC_PROVEN_SIGNS
    }

    /// Whether it takes the place of an older one.
    pub fn beats(&self, old: &Self, ours_is_lower: bool) -> bool {
        match (self.route.path(), old.route.path()) {
            (Path::Direct, Path::Relayed) => true,
            (Path::Relayed, Path::Direct) => {
                self.since.duration_since(old.heard()) >= SILENCE_SUSPECT
            }
            (Path::Direct, Path::Direct) | (Path::Relayed, Path::Relayed) => {
                let at_once = self.since.duration_since(old.since) < SIMULTANEOUS;
                if at_once && self.dialler != old.dialler {
                    (self.dialler == Dialler::We) == ours_is_lower
                } else {
                    true
                }
            }
        }
    }
}
