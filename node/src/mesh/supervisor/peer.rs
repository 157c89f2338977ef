//! One member: its addresses, its primary connection, those that leave, and when to dial it.

use std::time::Instant;

use libp2p::Multiaddr;
use libp2p::swarm::ConnectionId;

use super::retry::{Jitter, Retry};
use crate::mesh::identity::over_both;
use crate::mesh::limits::{
    ADDRESSES_MAX, DIAL_PAUSE_MAX, DIRECT_AGAIN, OPENING, QUIC_PROVEN, RETIRING, SILENCE_MAX,
    SILENCE_SUSPECT, SIMULTANEOUS, STEADY,
};
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

/// What a change to a peer means to the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    None,
    Up {
        connection: ConnectionId,
        path: Path,
    },
    Lost {
        close: Option<ConnectionId>,
    },
    Refused {
        close: Option<ConnectionId>,
    },
}

/// A member that is let in.
#[derive(Debug)]
pub(super) struct Peer {
    addresses: Vec<Multiaddr>,
    presence: Presence,
    retiring: Vec<(ConnectionId, Instant)>,
    pub dial: Retry,
    /// The last connection was over QUIC, and fell silent before it had proven itself.
    doubts_quic: bool,
}

/// What is known of a peer, inside and to the application.
#[derive(Debug, Clone, Copy)]
enum Presence {
    /// No connection.
    Absent,
    /// A connection whose stream has not opened.
    Opening(Primary),
    /// The same, while the application still holds the peer to be up over an earlier one.
    Moving(Primary),
    /// A connection whose stream is open.
    Open(Primary),
}

#[derive(Debug, Clone, Copy)]
struct Primary {
    connection: ConnectionId,
    dialler: Dialler,
    route: Route,
    since: Instant,
    heard: Instant,
}

impl Peer {
    pub fn new() -> Self {
        Self {
            addresses: Vec::new(),
            presence: Presence::Absent,
            retiring: Vec::new(),
            dial: Retry::idle(DIAL_PAUSE_MAX),
            doubts_quic: false,
        }
    }

    pub fn has_address(&self) -> bool {
        !self.addresses.is_empty()
    }

    /// What to dial now. A line that was cut makes QUIC doubted too: once TCP had its turn, both
    /// have theirs.
    pub fn addresses_to_dial(&mut self) -> Vec<Multiaddr> {
        if std::mem::take(&mut self.doubts_quic) {
            self.addresses.clone()
        } else {
            over_both(&self.addresses)
        }
    }

    /// Puts new addresses before known ones and forgets those that do not fit. Dials at `at` unless
    /// the peer is reached already, or unless there is nothing new to try and a pause goes on.
    pub fn learn(&mut self, mut addresses: Vec<Multiaddr>, at: Instant) {
        let news = addresses
            .iter()
            .any(|address| !self.addresses.contains(address));
        addresses.append(&mut self.addresses);
        for address in addresses {
            if self.addresses.len() < ADDRESSES_MAX && !self.addresses.contains(&address) {
                self.addresses.push(address);
            }
        }
        let pauses = self.dial.deadline().is_some();
        match self.path() {
            None if news || !pauses => self.dial.start(at),
            Some(Path::Relayed) if news => self.dial.start(at),
            None | Some(Path::Relayed | Path::Direct) => {}
        }
    }

    pub fn dial_failed(&mut self, now: Instant, jitter: &mut Jitter) {
        match self.path() {
            None => self.dial.failed(now, jitter),
            Some(Path::Relayed) => self.dial.restart(now + DIRECT_AGAIN),
            Some(Path::Direct) => self.dial.suspend(),
        }
    }

    pub fn is_up(&self) -> bool {
        matches!(self.presence, Presence::Open(_) | Presence::Moving(_))
    }

    pub fn is_connected(&self) -> bool {
        self.primary().is_some()
    }

    pub fn connection(&self) -> Option<ConnectionId> {
        self.primary().map(|primary| primary.connection)
    }

    pub fn is_primary(&self, connection: ConnectionId) -> bool {
        self.primary()
            .is_some_and(|primary| primary.connection == connection)
    }

    pub fn connected(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        dialler: Dialler,
        route: Route,
        ours_is_lower: bool,
    ) {
        let new = Primary {
            connection,
            dialler,
            route,
            since: now,
            heard: now,
        };
        let leaves = now + RETIRING;
        match self.primary() {
            Some(old) if !new.beats(&old, ours_is_lower) => {
                self.retiring.push((connection, leaves));
                return;
            }
            Some(old) => self.retiring.push((old.connection, leaves)),
            None => {}
        }
        self.presence = if self.is_up() {
            Presence::Moving(new)
        } else {
            Presence::Opening(new)
        };
        match route.path() {
            Path::Direct => self.dial.suspend(),
            Path::Relayed => self.dial.restart(now + DIRECT_AGAIN),
        }
    }

    pub fn opened(&mut self, connection: ConnectionId) -> Step {
        match self.presence {
            Presence::Opening(primary) | Presence::Moving(primary)
                if primary.connection == connection =>
            {
                self.presence = Presence::Open(primary);
                Step::Up {
                    connection,
                    path: primary.route.path(),
                }
            }
            _ => Step::None,
        }
    }

    pub fn heard(&mut self, now: Instant, connection: ConnectionId) {
        match &mut self.presence {
            Presence::Opening(primary) | Presence::Moving(primary) | Presence::Open(primary)
                if primary.connection == connection =>
            {
                primary.heard = now;
            }
            _ => {}
        }
    }

    pub fn disconnected(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        jitter: &mut Jitter,
    ) -> Step {
        self.retiring
            .retain(|(retiring, _)| *retiring != connection);
        if self.is_primary(connection) {
            self.lose(now, None, jitter)
        } else {
            Step::None
        }
    }

    pub fn ended(&mut self, now: Instant, connection: ConnectionId, jitter: &mut Jitter) -> Step {
        if self.is_primary(connection) {
            self.lose(now, Some(connection), jitter)
        } else {
            Step::None
        }
    }

    /// Closes a connection on which the peer misbehaved, and does not hurry to have another.
    pub fn broke(&mut self, now: Instant, connection: ConnectionId) -> Step {
        if !self.is_primary(connection) {
            return Step::None;
        }
        let was_up = self.is_up();
        self.presence = Presence::Absent;
        self.dial.restart(now + DIAL_PAUSE_MAX);
        let close = Some(connection);
        if was_up {
            Step::Lost { close }
        } else {
            Step::Refused { close }
        }
    }

    /// Gives up a primary that is silent, or does not open.
    pub fn expire(&mut self, now: Instant, jitter: &mut Jitter) -> Step {
        match self.primary() {
            Some(primary) if self.primary_deadline().is_some_and(|at| at <= now) => {
                let age = primary.heard.duration_since(primary.since);
                self.doubts_quic = primary.route == Route::Quic && age < QUIC_PROVEN;
                self.lose(now, Some(primary.connection), jitter)
            }
            _ => Step::None,
        }
    }

    /// The connections that have stayed long enough after losing.
    pub fn retired(&mut self, now: Instant) -> Vec<ConnectionId> {
        let gone = self.retiring.extract_if(.., |(_, leaves)| *leaves <= now);
        gone.map(|(connection, _)| connection).collect()
    }

    /// Dials at once if nothing connects us, or if what does may have died with the old line.
    pub fn line_returned(&mut self, now: Instant) {
        match self.primary() {
            None => self.dial.restart(now),
            Some(primary) if now.duration_since(primary.heard) >= SILENCE_SUSPECT => {
                self.dial.restart(now);
            }
            Some(_) => {}
        }
    }

    pub fn deadline(&self) -> Option<Instant> {
        let retiring = self.retiring.iter().map(|(_, leaves)| *leaves);
        retiring
            .chain(self.dial.deadline())
            .chain(self.primary_deadline())
            .min()
    }

    fn primary(&self) -> Option<Primary> {
        match self.presence {
            Presence::Absent => None,
            Presence::Opening(primary) | Presence::Moving(primary) | Presence::Open(primary) => {
                Some(primary)
            }
        }
    }

    fn path(&self) -> Option<Path> {
        self.primary().map(|primary| primary.route.path())
    }

    fn primary_deadline(&self) -> Option<Instant> {
        match self.presence {
            Presence::Absent => None,
            Presence::Opening(primary) | Presence::Moving(primary) => {
                Some((primary.heard + SILENCE_MAX).min(primary.since + OPENING))
            }
            Presence::Open(primary) => Some(primary.heard + SILENCE_MAX),
        }
    }

    fn lose(&mut self, now: Instant, close: Option<ConnectionId>, jitter: &mut Jitter) -> Step {
        let step = match self.presence {
            Presence::Absent => Step::None,
            Presence::Opening(_) => Step::Refused { close },
            Presence::Moving(_) | Presence::Open(_) => Step::Lost { close },
        };
        let steady = match self.presence {
            Presence::Open(primary) if now.duration_since(primary.since) >= STEADY => {
                Some(primary.route.path())
            }
            Presence::Absent | Presence::Opening(_) | Presence::Moving(_) | Presence::Open(_) => {
                None
            }
        };
        self.presence = Presence::Absent;
        if steady == Some(Path::Direct) {
            self.dial.succeeded();
        }
        self.dial.restart(now);
        if steady.is_none() {
            self.dial.failed(now, jitter);
        }
        step
    }
}

impl Primary {
    fn beats(&self, old: &Self, ours_is_lower: bool) -> bool {
        match (self.route.path(), old.route.path()) {
            (Path::Direct, Path::Relayed) => true,
            (Path::Relayed, Path::Direct) => {
                self.since.duration_since(old.heard) >= SILENCE_SUSPECT
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
