//! One member: its addresses, its primary connection, those that leave, and when to dial it.

use std::time::{Duration, Instant};

use libp2p::Multiaddr;
use libp2p::swarm::ConnectionId;

use super::primary::{Dialler, Path, Primary};
use super::retry::{Cap, Jitter, Retry};
use crate::mesh::identity::over_both;
use crate::mesh::limits::{
    ADDRESSES_MAX, DIAL_PAUSE_MAX, DIAL_PAUSE_PATIENT_MAX, DIRECT_AGAIN, LINGERING, OPENING,
    PAUSE_LONG_MAX, RETIRING, SILENCE_SUSPECT, STEADY,
};
use crate::mesh::pulse::{Beat, Pulse, Use};
use crate::mesh::route::Route;
use crate::mesh::{Circuits, Patience};

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
    Ask {
        connection: ConnectionId,
    },
    Silent,
    Back,
}

/// How a peer is to be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mesh) struct Goal {
    pub addresses: Vec<Multiaddr>,
    pub patience: Patience,
    pub circuits: Circuits,
}

impl Default for Goal {
    /// Known to be there, and nowhere yet.
    fn default() -> Self {
        Self {
            addresses: Vec::new(),
            patience: Patience::Brisk,
            circuits: Circuits::Never,
        }
    }
}

/// A member that is let in.
#[derive(Debug)]
pub(super) struct Peer {
    wish: Wish,
    usage: Use,
    presence: Presence,
    retiring: Vec<(ConnectionId, Instant)>,
    pub dial: Retry,
    /// An address came while another was being tried.
    has_news: bool,
    /// The last connection was over QUIC, and fell silent before it had proven itself.
    doubts_quic: bool,
}

/// Somebody now says that a peer is there of whom nobody said so before.
const HOPE: (Patience, Patience) = (Patience::Brisk, Patience::Patient);

/// Whether the application wants a connection to a peer.
#[derive(Debug)]
enum Wish {
    /// It may come. What we dialled when we still wanted it is closed some time after `since`.
    Left { since: Instant },
    /// It is dialled until it is there.
    Sought(Goal),
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

impl Peer {
    pub fn new(now: Instant) -> Self {
        Self {
            wish: Wish::Left { since: now },
            usage: Use::Idle,
            presence: Presence::Absent,
            retiring: Vec::new(),
            dial: Retry::idle(Cap::steady(DIAL_PAUSE_MAX)),
            has_news: false,
            doubts_quic: false,
        }
    }

    pub fn is_sought(&self) -> bool {
        matches!(self.wish, Wish::Sought(_))
    }

    pub fn has_address(&self) -> bool {
        !self.addresses().is_empty()
    }

    /// Whether it may be reached through relays.
    pub fn takes_circuits(&self) -> bool {
        matches!(&self.wish, Wish::Sought(goal) if goal.circuits == Circuits::WhereNothingElseLeads)
    }

    fn addresses(&self) -> &[Multiaddr] {
        match &self.wish {
            Wish::Sought(goal) => &goal.addresses,
            Wish::Left { .. } => &[],
        }
    }

    /// What to dial now. A line that was cut makes QUIC doubted too: once TCP had its turn, both
    /// have theirs.
    pub fn addresses_to_dial(&mut self) -> Vec<Multiaddr> {
        self.has_news = false;
        if std::mem::take(&mut self.doubts_quic) {
            self.addresses().to_vec()
        } else {
            over_both(self.addresses())
        }
    }

    /// Wants a connection from now on, and takes its addresses for those that count. Dials at `at`
    /// unless the peer is reached already, or unless there is nothing new to try and a pause goes on.
    pub fn seek(&mut self, mut goal: Goal, at: Instant) {
        goal.addresses.truncate(ADDRESSES_MAX);
        let known = self.addresses();
        let has_new = goal
            .addresses
            .iter()
            .any(|address| !known.contains(address));
        let hopeful = match &self.wish {
            Wish::Sought(before) => (goal.patience, before.patience) == HOPE,
            Wish::Left { .. } => true,
        };
        self.wish = Wish::Sought(goal);
        self.set_cap();
        self.has_news |= has_new;
        let news = has_new || hopeful;
        let pauses = self.dial.deadline().is_some();
        match self.path() {
            None if news || !pauses => self.dial.start(at),
            Some(Path::Relayed) if news => self.dial.start(at),
            None | Some(Path::Relayed | Path::Direct) => {}
        }
    }

    /// Where somebody waits for who is said to be there, the pauses stay short.
    fn set_cap(&mut self) {
        let patience = match &self.wish {
            Wish::Sought(goal) => goal.patience,
            Wish::Left { .. } => return,
        };
        self.dial.set_cap(match (patience, self.usage) {
            (Patience::Brisk, Use::InUse) => Cap::steady(DIAL_PAUSE_MAX),
            (Patience::Brisk, Use::Idle) => Cap::growing(DIAL_PAUSE_MAX, PAUSE_LONG_MAX),
            // Grown, so that whoever begins to wait makes it short again.
            (Patience::Patient, Use::InUse | Use::Idle) => {
                Cap::growing(DIAL_PAUSE_MAX, DIAL_PAUSE_PATIENT_MAX)
            }
        });
    }

    /// Wants none any more.
    pub fn leave(&mut self, now: Instant) {
        if self.is_sought() {
            self.wish = Wish::Left { since: now };
            self.dial.succeeded();
        }
    }

    /// Tries at once where a connection is wanted.
    pub fn try_now(&mut self, now: Instant) {
        if self.is_sought() {
            self.dial.start(now);
        }
    }

    pub fn dial_failed(&mut self, now: Instant, jitter: &mut Jitter) {
        match self.path() {
            _ if !self.is_sought() => self.dial.suspend(),
            None if std::mem::take(&mut self.has_news) => self.dial.restart(now),
            None => self.dial.failed(now, jitter),
            Some(Path::Relayed) => self.dial.restart(now + DIRECT_AGAIN),
            Some(Path::Direct) => self.dial.suspend(),
        }
    }

    pub fn set_use(&mut self, now: Instant, usage: Use) {
        if usage == Use::InUse {
            self.dial.encourage(now);
        }
        self.usage = usage;
        self.set_cap();
        if let Some(primary) = self.primary_mut() {
            primary.pulse.set_use(now, usage);
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
            pulse: Pulse::new(now, dialler == Dialler::We, self.usage),
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
            Path::Relayed if self.is_sought() => self.dial.restart(now + DIRECT_AGAIN),
            Path::Direct | Path::Relayed => self.dial.suspend(),
        }
    }

    pub fn opened(&mut self, connection: ConnectionId) -> Step {
        match self.presence {
            Presence::Opening(mut primary) | Presence::Moving(mut primary)
                if primary.connection == connection =>
            {
                primary.pulse.opened();
                self.presence = Presence::Open(primary);
                Step::Up {
                    connection,
                    path: primary.route.path(),
                }
            }
            _ => Step::None,
        }
    }

    pub fn heard(&mut self, now: Instant, connection: ConnectionId) -> Step {
        self.feel(connection, |pulse| pulse.carried(now))
    }

    pub fn was_asked(&mut self, now: Instant, connection: ConnectionId) -> Step {
        self.feel(connection, |pulse| pulse.was_asked(now))
    }

    pub fn answered(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        round_trip: Duration,
    ) -> Step {
        self.feel(connection, |pulse| {
            pulse.answered(round_trip);
            pulse.heard(now)
        })
    }

    /// Tells the primary's pulse; it says whether the link had been silent.
    fn feel(&mut self, connection: ConnectionId, tell: impl FnOnce(&mut Pulse) -> bool) -> Step {
        let is_up = self.is_up();
        let primary = self.primary_mut();
        let primary = primary.filter(|primary| primary.connection == connection);
        let was_silent = primary.is_some_and(|primary| tell(&mut primary.pulse));
        if was_silent && is_up {
            Step::Back
        } else {
            Step::None
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
        if self.is_sought() {
            self.dial.restart(now + DIAL_PAUSE_MAX);
        }
        let close = Some(connection);
        if was_up {
            Step::Lost { close }
        } else {
            Step::Refused { close }
        }
    }

    /// Gives up a primary that does not open, or that we dialled and do not want any more.
    pub fn expire(&mut self, now: Instant, jitter: &mut Jitter) -> Step {
        match self.primary() {
            Some(primary) if self.gives_up_at().is_some_and(|at| at <= now) => {
                self.lose(now, Some(primary.connection), jitter)
            }
            _ => Step::None,
        }
    }

    /// What the silence of the primary calls for; call again until it is nothing.
    pub fn beat(&mut self, now: Instant, jitter: &mut Jitter) -> Step {
        let is_up = self.is_up();
        let Some(primary) = self.primary_mut() else {
            return Step::None;
        };
        let connection = primary.connection;
        match primary.pulse.beat(now) {
            Some(Beat::Ask) => Step::Ask { connection },
            Some(Beat::Silent) if is_up => Step::Silent,
            Some(Beat::Silent) => self.beat(now, jitter),
            Some(Beat::Doubt) => {
                if self.is_sought() {
                    self.dial.restart(now);
                }
                self.beat(now, jitter)
            }
            Some(Beat::Dead) => {
                let primary = *primary;
                self.doubts_quic = primary.route == Route::Quic && !primary.is_proven();
                self.lose(now, Some(connection), jitter)
            }
            None => Step::None,
        }
    }

    /// The connections that have stayed long enough after losing.
    pub fn retired(&mut self, now: Instant) -> Vec<ConnectionId> {
        let gone = self.retiring.extract_if(.., |(_, leaves)| *leaves <= now);
        gone.map(|(connection, _)| connection).collect()
    }

    /// Dials at once if nothing connects us, or if what does may have died with the old line.
    pub fn line_returned(&mut self, now: Instant) {
        self.dial.forget_failures();
        match self.primary() {
            _ if !self.is_sought() => {}
            None => self.dial.restart(now),
            Some(primary) if now.duration_since(primary.heard()) >= SILENCE_SUSPECT => {
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

    fn primary_mut(&mut self) -> Option<&mut Primary> {
        match &mut self.presence {
            Presence::Absent => None,
            Presence::Opening(primary) | Presence::Moving(primary) | Presence::Open(primary) => {
                Some(primary)
            }
        }
    }

    fn primary_deadline(&self) -> Option<Instant> {
        let pulse = self.primary().map(|primary| primary.pulse.deadline());
        pulse.into_iter().chain(self.gives_up_at()).min()
    }

    /// When the primary is given up though it may be alive.
    fn gives_up_at(&self) -> Option<Instant> {
        let primary = self.primary()?;
        let unopened = match self.presence {
            Presence::Opening(_) | Presence::Moving(_) => Some(primary.since + OPENING),
            Presence::Absent | Presence::Open(_) => None,
        };
        let unwanted = match self.wish {
            Wish::Left { since } if primary.dialler == Dialler::We => {
                Some(since.max(primary.since) + LINGERING)
            }
            Wish::Left { .. } | Wish::Sought(_) => None,
        };
        unopened.into_iter().chain(unwanted).min()
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
        if self.is_sought() {
            self.dial.restart(now);
            if steady.is_none() {
                self.dial.failed(now, jitter);
            }
        }
        step
    }
}
