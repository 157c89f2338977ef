//! What is particular to a relay: its porch is visited until it lets us in, and while it is up we
//! keep a place on it where circuits to us end.

use std::time::Instant;

use guichet_keys::SubjectId;
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;

use super::retry::{Cap, Retry};
use crate::mesh::identity::peer_of;
use crate::mesh::limits::{PAUSE_LONG_MAX, RESERVE_PAUSE_MAX, VISIT_PAUSE_MAX};

/// Where a relay is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mesh) struct RelayPoints {
    pub main: Multiaddr,
    pub porch: Multiaddr,
}

/// A relay that this node keeps a connection to.
#[derive(Debug)]
pub(super) struct Relay {
    pub points: RelayPoints,
    pub visit: Retry,
    pub place: Retry,
}

impl Relay {
    pub fn new(points: RelayPoints, now: Instant) -> Self {
        let mut visit = Retry::idle(Cap::growing(VISIT_PAUSE_MAX, PAUSE_LONG_MAX));
        visit.start(now);
        Self {
            points,
            visit,
            place: Retry::idle(Cap::steady(RESERVE_PAUSE_MAX)),
        }
    }

    /// The address under which members are reached through this relay.
    pub fn circuit(&self, subject: &SubjectId) -> Option<Multiaddr> {
        let relay = Protocol::P2p(peer_of(subject)?);
        Some(
            self.points
                .main
                .clone()
                .with(relay)
                .with(Protocol::P2pCircuit),
        )
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.visit
            .deadline()
            .into_iter()
            .chain(self.place.deadline())
            .min()
    }
}
