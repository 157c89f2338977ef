//! Who is connected, over which connection, and what to do about those who are not. A pure
//! machine: told what happened and when, it says what to do.
//!
//! Each member has at most one **primary** connection, the only one whose frames count. A direct
//! connection beats a circuit. Of two alike the newer wins, for its dialler would not have dialled
//! had the older been alive; except when both ends dialled at the same time: then the one dialled
//! by the lower subject id wins, so that both ends choose the same. A connection never becomes
//! primary again once it has lost; it stays a moment longer, so that the other end sees the winner
//! before the loser goes, and nobody appears to have left.
//!
//! A connection counts once its sync stream has **opened**, which proves that the other end lets us
//! in. A relay that closes us before that has not heard of us: its porch is visited again.

mod peer;
mod primary;
mod relay;
mod retry;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use guichet_keys::SubjectId;
use libp2p::Multiaddr;
use libp2p::swarm::ConnectionId;

use super::limits::{ADDRESSES_MAX, POLITENESS};
use super::pulse::Use;
use super::route::Route;
pub(super) use peer::Goal;
use peer::{Peer, Step};
pub(super) use primary::{Dialler, Path};
use relay::Relay;
pub(super) use relay::RelayPoints;
pub(super) use retry::Jitter;

/// What happened.
#[derive(Debug)]
pub(super) enum Input {
    /// The application lets a member in. Of relays that this node keeps a connection to nothing
    /// else is needed; everybody else may come, and is not sought.
    Allowed { peer: SubjectId },
    /// The application wants a connection to a member that is let in.
    Sought { peer: SubjectId, goal: Goal },
    /// It does not any more.
    Left { peer: SubjectId },
    /// What goes on over the link to a peer, now and until told otherwise.
    Used { peer: SubjectId, usage: Use },
    /// The application shuts a member out; its connections are being closed.
    Forbidden { peer: SubjectId },
    /// A connection to a peer is secured.
    Connected {
        peer: SubjectId,
        connection: ConnectionId,
        dialler: Dialler,
        route: Route,
    },
    /// The sync stream on it has been answered.
    Opened {
        peer: SubjectId,
        connection: ConnectionId,
    },
    /// A frame, or a part of one, came over it.
    Heard {
        peer: SubjectId,
        connection: ConnectionId,
    },
    /// The other end asked for one.
    Asked {
        peer: SubjectId,
        connection: ConnectionId,
    },
    /// It answered ours after so long.
    Answered {
        peer: SubjectId,
        connection: ConnectionId,
        round_trip: Duration,
    },
    /// Its sync stream ended.
    Ended {
        peer: SubjectId,
        connection: ConnectionId,
    },
    /// The peer sent on it what no peer may send.
    Broke {
        peer: SubjectId,
        connection: ConnectionId,
    },
    /// It is gone.
    Disconnected {
        peer: SubjectId,
        connection: ConnectionId,
    },
    /// A dial came to nothing.
    DialFailed { peer: SubjectId },
    /// The hello of a relay arrived at its porch and was good.
    Visited { relay: SubjectId },
    /// A visit to a relay's porch came to nothing.
    VisitFailed { relay: SubjectId },
    /// The place on a relay, where circuits to us end, is gone.
    PlaceLost { relay: SubjectId },
    /// The machine has an address again.
    LineReturned,
    /// A person does something here.
    Encouraged,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Output {
    /// Dial a peer at all of these, whatever its connections.
    Dial {
        peer: SubjectId,
        addresses: Vec<Multiaddr>,
    },
    /// Close one connection.
    Close { connection: ConnectionId },
    /// Ask for a sign of life over one.
    Ask {
        peer: SubjectId,
        connection: ConnectionId,
    },
    /// Exchange hellos at a relay's porch.
    Visit { relay: SubjectId, porch: Multiaddr },
    /// Ask a relay for a place where circuits to us end.
    Reserve { relay: SubjectId, main: Multiaddr },
    /// Tell the application that a stream to this peer is open; frames on earlier ones are lost.
    Up {
        peer: SubjectId,
        connection: ConnectionId,
        path: Path,
    },
    /// Tell the application that no stream to this peer is open.
    Down { peer: SubjectId },
    /// Tell the application that a peer that is up, over a link in use, is silent.
    Silent { peer: SubjectId },
    /// Tell the application that it is heard again.
    Back { peer: SubjectId },
}

/// The machine over all peers.
#[derive(Debug)]
pub(super) struct Supervisor {
    own: SubjectId,
    peers: BTreeMap<SubjectId, Peer>,
    relays: BTreeMap<SubjectId, Relay>,
    jitter: Jitter,
    outputs: VecDeque<Output>,
}

impl Supervisor {
    /// `relays` are those this node keeps a connection to.
    pub fn new(
        own: SubjectId,
        relays: impl IntoIterator<Item = (SubjectId, RelayPoints)>,
        jitter: Jitter,
        now: Instant,
    ) -> Self {
        let relay = |(subject, points)| (subject, Relay::new(points, now));
        let relays = relays
            .into_iter()
            .filter(|(subject, _)| *subject != own)
            .map(relay)
            .collect();
        let (peers, outputs) = (BTreeMap::new(), VecDeque::new());
        Self {
            own,
            peers,
            relays,
            jitter,
            outputs,
        }
    }

    /// The peer's primary connection.
    pub fn primary(&self, peer: &SubjectId) -> Option<ConnectionId> {
        self.peers.get(peer)?.connection()
    }

    /// Whether this is the peer's primary connection.
    pub fn is_primary(&self, peer: &SubjectId, connection: ConnectionId) -> bool {
        self.peers
            .get(peer)
            .is_some_and(|peer| peer.is_primary(connection))
    }

    /// Takes in one event. Afterwards drain `poll_output` and look at `poll_timeout`; after
    /// `Heard` neither has anything sooner.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            Input::Allowed { peer } => self.allowed(now, peer),
            Input::Sought { peer, goal } => self.sought(now, peer, goal),
            Input::Left { peer } => self.left(now, &peer),
            Input::Used { peer, usage } => {
                if let Some(known) = self.peers.get_mut(&peer) {
                    known.set_use(now, usage);
                }
            }
            Input::Encouraged => self.encouraged(now),
            Input::Forbidden { peer } => self.forbidden(peer),
            Input::Connected {
                peer,
                connection,
                dialler,
                route,
            } => self.connected(now, peer, connection, (dialler, route)),
            Input::Opened { peer, connection } => {
                self.with_peer(now, peer, |known, _| known.opened(connection));
            }
            Input::Heard { peer, connection } => {
                self.with_peer(now, peer, |known, _| known.heard(now, connection));
            }
            Input::Asked { peer, connection } => {
                self.with_peer(now, peer, |known, _| known.was_asked(now, connection));
            }
            Input::Answered {
                peer,
                connection,
                round_trip,
            } => {
                self.with_peer(now, peer, |known, _| {
                    known.answered(now, connection, round_trip)
                });
            }
            Input::Ended { peer, connection } => {
                self.with_peer(now, peer, |known, jitter| {
                    known.ended(now, connection, jitter)
                });
            }
            Input::Broke { peer, connection } => {
                self.with_peer(now, peer, |known, _| known.broke(now, connection));
            }
            Input::Disconnected { peer, connection } => {
                self.with_peer(now, peer, |known, jitter| {
                    known.disconnected(now, connection, jitter)
                });
            }
            Input::DialFailed { peer } => {
                if let Some(known) = self.peers.get_mut(&peer) {
                    known.dial_failed(now, &mut self.jitter);
                }
            }
            Input::Visited { relay } => self.visited(now, relay),
            Input::VisitFailed { relay } => {
                if let Some(relay) = self.relays.get_mut(&relay) {
                    relay.visit.failed(now, &mut self.jitter);
                }
            }
            Input::PlaceLost { relay } => {
                if let Some(relay) = self.relays.get_mut(&relay) {
                    relay.place.failed(now, &mut self.jitter);
                }
            }
            Input::LineReturned => self.line_returned(now),
        }
    }

    /// Acts on what has fallen due by `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        let subjects: Vec<SubjectId> = self.peers.keys().copied().collect();
        for subject in subjects {
            self.with_peer(now, subject, |known, jitter| known.expire(now, jitter));
            while self.with_peer(now, subject, |known, jitter| known.beat(now, jitter)) {}
            let Some(peer) = self.peers.get_mut(&subject) else {
                continue;
            };
            for connection in peer.retired(now) {
                self.outputs.push_back(Output::Close { connection });
            }
            if peer.dial.due(now) {
                self.dial(subject);
            }
        }
        for (subject, relay) in &mut self.relays {
            if relay.visit.due(now) {
                let porch = relay.points.porch.clone();
                self.outputs.push_back(Output::Visit {
                    relay: *subject,
                    porch,
                });
            }
            if relay.place.due(now) {
                let main = relay.points.main.clone();
                self.outputs.push_back(Output::Reserve {
                    relay: *subject,
                    main,
                });
            }
        }
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call `handle_timeout` at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let peers = self.peers.values().filter_map(Peer::deadline);
        peers
            .chain(self.relays.values().filter_map(Relay::deadline))
            .min()
    }

    fn allowed(&mut self, now: Instant, subject: SubjectId) {
        if subject == self.own {
            return;
        }
        self.peers.entry(subject).or_insert_with(|| Peer::new(now));
        if let Some(relay) = self.relays.get_mut(&subject) {
            relay.visit.suspend();
            if !self.peers.get(&subject).is_some_and(Peer::is_sought) {
                self.sought(now, subject, Goal::default());
            }
        }
    }

    fn sought(&mut self, now: Instant, subject: SubjectId, mut goal: Goal) {
        let Some(peer) = self.peers.get_mut(&subject) else {
            return;
        };
        let at = match self.relays.get(&subject) {
            Some(relay) => {
                goal.addresses.insert(0, relay.points.main.clone());
                now
            }
            None if self.own < subject => now,
            None => now + POLITENESS,
        };
        peer.seek(goal, at);
    }

    fn left(&mut self, now: Instant, subject: &SubjectId) {
        if let Some(peer) = self.peers.get_mut(subject)
            && !self.relays.contains_key(subject)
        {
            peer.leave(now);
        }
    }

    fn forbidden(&mut self, subject: SubjectId) {
        let was_up = self.peers.remove(&subject).is_some_and(|peer| peer.is_up());
        if was_up {
            self.outputs.push_back(Output::Down { peer: subject });
        }
    }

    fn connected(
        &mut self,
        now: Instant,
        subject: SubjectId,
        connection: ConnectionId,
        (dialler, route): (Dialler, Route),
    ) {
        let ours_is_lower = self.own < subject;
        match self.peers.get_mut(&subject) {
            Some(known) => known.connected(now, connection, dialler, route, ours_is_lower),
            None => self.outputs.push_back(Output::Close { connection }),
        }
    }

    fn visited(&mut self, now: Instant, subject: SubjectId) {
        let Some(relay) = self.relays.get_mut(&subject) else {
            return;
        };
        match self.peers.get_mut(&subject) {
            Some(peer) => {
                relay.visit.suspend();
                peer.dial.hurry(now);
            }
            None => relay.visit.failed(now, &mut self.jitter),
        }
    }

    fn line_returned(&mut self, now: Instant) {
        for peer in self.peers.values_mut() {
            peer.line_returned(now);
        }
        for relay in self.relays.values_mut() {
            relay.visit.forget_failures();
            relay.visit.hurry(now);
        }
    }

    fn encouraged(&mut self, now: Instant) {
        let dials = self.peers.values_mut().map(|peer| &mut peer.dial);
        let visits = self.relays.values_mut().map(|relay| &mut relay.visit);
        dials.chain(visits).for_each(|it| it.encourage(now));
    }

    /// Carries out what follows from a change to a peer; whether anything does.
    fn with_peer(
        &mut self,
        now: Instant,
        subject: SubjectId,
        act: impl FnOnce(&mut Peer, &mut Jitter) -> Step,
    ) -> bool {
        let Some(peer) = self.peers.get_mut(&subject) else {
            return false;
        };
        match act(peer, &mut self.jitter) {
            Step::None => return false,
            Step::Up { connection, path } => {
                self.outputs.push_back(Output::Up {
                    peer: subject,
                    connection,
                    path,
                });
                self.came_up(now, subject, path);
            }
            Step::Lost { close } => {
                self.close(close);
                self.outputs.push_back(Output::Down { peer: subject });
                if let Some(relay) = self.relays.get_mut(&subject) {
                    relay.place.suspend();
                }
            }
            Step::Refused { close } => {
                self.close(close);
                if let Some(relay) = self.relays.get_mut(&subject) {
                    relay.visit.again(now, &mut self.jitter);
                }
            }
            Step::Ask { connection } => self.outputs.push_back(Output::Ask {
                peer: subject,
                connection,
            }),
            Step::Silent => self.outputs.push_back(Output::Silent { peer: subject }),
            Step::Back => self.outputs.push_back(Output::Back { peer: subject }),
        }
        true
    }

    fn close(&mut self, connection: Option<ConnectionId>) {
        if let Some(connection) = connection {
            self.outputs.push_back(Output::Close { connection });
        }
    }

    fn came_up(&mut self, now: Instant, subject: SubjectId, path: Path) {
        let lonely = self.peers.values().filter(|peer| peer.is_up()).count() == 1;
        let relay = self
            .relays
            .get_mut(&subject)
            .filter(|_| path == Path::Direct);
        let leads_on = relay.is_some();
        if let Some(relay) = relay {
            relay.visit.succeeded();
            relay.place.succeeded();
            relay.place.start(now);
        }
        if lonely || leads_on {
            for peer in self.peers.values_mut().filter(|peer| !peer.is_connected()) {
                peer.try_now(now);
            }
        }
    }

    fn dial(&mut self, subject: SubjectId) {
        let circuits = self.circuits_to(&subject);
        let Some(peer) = self.peers.get_mut(&subject) else {
            return;
        };
        let turn_of_circuits = peer.dial.failures() % 2 == 1 || !peer.has_address();
        let addresses = if peer.is_connected() || circuits.is_empty() || !turn_of_circuits {
            peer.addresses_to_dial()
        } else {
            circuits
        };
        if addresses.is_empty() {
            peer.dial.suspend();
        } else {
            self.outputs.push_back(Output::Dial {
                peer: subject,
                addresses,
            });
        }
    }

    /// The circuits that may lead to a peer.
    fn circuits_to(&self, subject: &SubjectId) -> Vec<Multiaddr> {
        let taken = self.peers.get(subject).is_some_and(Peer::takes_circuits);
        if !taken || self.relays.contains_key(subject) {
            return Vec::new();
        }
        let up = |subject: &SubjectId| self.peers.get(subject).is_some_and(Peer::is_up);
        let up = self.relays.iter().filter(|(subject, _)| up(subject));
        up.filter_map(|(subject, relay)| relay.circuit(subject))
            .take(ADDRESSES_MAX)
            .collect()
    }
}

#[cfg(test)]
mod tests;
