//! The hall: everybody who waits and every adviser who is there, as one node has heard of them.
//!
//! Every node has one. A kiosk learns in it which advisers are there, a station who waits, and a
//! relay passes on what it hears: tickets to the stations of their service, desks to kiosks and
//! colleagues, and what is addressed to whom it is addressed. Nothing is stored, everything is told
//! again every [`HEARTBEAT`], and what is not heard any more fades. A kiosk is told less of desks
//! (`telling`): there one stands as long as its station is known to be there.
//!
//! **Who waits longest.** A ticket says for how long it has waited. It is believed as far as
//! somebody else can bear it out: this node, which knows since when it has heard of it, or a relay,
//! which says the same of itself. So nobody gains by claiming, a cut line costs no place while a
//! relay remembers the ticket, and clocks are never compared.

mod own;
mod roles;
mod seen;
mod telling;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use guichet_keys::{Directory, Role, ServiceId, SigningKey, SubjectId};

use crate::numbers::{Numbers, Topic};
use crate::online::Online;
use crate::signal::{
    BadSignal, Body, DeskNotice, HEARTBEAT, LegNotice, Passed, Signal, Stage, TicketNotice,
};
use crate::ticket::TicketId;
use own::Own;
pub use own::Statement;
use roles::{concerns, may_say};
use seen::Known;
pub use seen::{SeenDesk, SeenTicket};
use telling::{Interest, Telling};

/// Not heard for this long: a ticket is cut off, a desk is gone.
pub const FADING: Duration = Duration::from_secs(16);
/// The end of a ticket, or of an adviser's day, is told again for this long: whoever was cut off meanwhile learns of it.
pub const END_TOLD: Duration = Duration::from_secs(120);
/// A ticket that is cut off keeps its place for this long.
pub const PLACE_KEPT: Duration = Duration::from_secs(600);

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// A stream of signals to a member is open.
    PeerUp(SubjectId),
    /// It is not any more.
    PeerDown(SubjectId),
    /// A peer is silent over a link that still stands, or heard again. What was heard of it stands
    /// until the link falls.
    Silent(SubjectId, bool),
    /// A relay says of a member whether it is there.
    Vouched {
        /// Which relay.
        relay: SubjectId,
        /// Of whom.
        member: SubjectId,
        /// What it says.
        there: bool,
    },
    /// Media of a member arrives: what was heard of it stands, whatever becomes of its notices.
    Alive(SubjectId),
    /// A frame came.
    Received(SubjectId, Vec<u8>),
    /// What this node tells everybody of itself.
    Stated(Statement),
    /// What this node tells one other, once.
    Addressed(SubjectId, Body),
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// Send a frame to a member whose stream is open.
    Send(SubjectId, Vec<u8>),
    /// Something has changed.
    Tell(News),
}

/// What has changed.
#[derive(Debug, PartialEq, Eq)]
pub enum News {
    /// A ticket is new, or has come further, or is cut off, or was heard again.
    Ticket(TicketId),
    /// A ticket is over.
    TicketGone(TicketId),
    /// A ticket is over because its kiosk has started anew and knows nothing of it.
    TicketForgotten(TicketId),
    /// A desk is new or is no longer as it was.
    Desk(SubjectId),
    /// A desk is as it was, and was heard of again.
    DeskHeard(SubjectId),
    /// A station tells of no adviser any more.
    DeskGone(SubjectId),
    /// The other end of a call told where its media is reached.
    Leg(SubjectId, LegNotice),
}

/// Why what a member sent is not taken in.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no signal.
    #[error(transparent)]
    Bad(#[from] BadSignal),
    /// Who signed it is not who may say this.
    #[error("a {what} of {from}, who may tell of none")]
    NotTheirs {
        /// What it is.
        what: &'static str,
        /// Who signed it.
        from: SubjectId,
    },
    /// A ticket that bears another's name.
    #[error("a ticket of {0} that bears the name of another's")]
    NameTaken(SubjectId),
}

/// What is told to everybody whom it concerns.
#[derive(Debug)]
struct Told {
    origin: SubjectId,
    known_ms: Option<u64>,
    body: Body,
    signed: Vec<u8>,
}

/// The machine.
#[derive(Debug)]
pub struct Hall {
    me: SubjectId,
    role: Role,
    own: Own,
    peers: BTreeMap<SubjectId, Role>,
    numbers: BTreeMap<SubjectId, Numbers>,
    known: Known,
    online: Online,
    telling: Telling,
    outputs: VecDeque<Output>,
}

impl Hall {
    /// An empty hall; `life` is higher than in all starts of this node before.
    #[must_use]
    pub fn new(signer: std::sync::Arc<SigningKey>, role: Role, life: u64) -> Self {
        Self {
            me: signer.subject(),
            role,
            own: Own::new(signer, life),
            peers: BTreeMap::new(),
            numbers: BTreeMap::new(),
            known: Known::default(),
            online: Online::default(),
            telling: Telling::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes in what happened; drain `poll_output` afterwards.
    ///
    /// # Errors
    /// What a member sent and must not be taken in; nothing has changed then.
    pub fn handle_input(
        &mut self,
        now: Instant,
        directory: &Directory,
        input: Input,
    ) -> Result<(), Refused> {
        match input {
            Input::PeerUp(peer) => {
                let role = directory.node_role(&peer).unwrap_or(Role::Kiosk);
                self.peers.insert(peer, role);
                self.online.linked(peer);
                self.telling.linked(peer);
                self.greet(now, directory, peer);
            }
            Input::PeerDown(peer) => {
                self.peers.remove(&peer);
                self.telling.parted(&peer);
                for member in self.online.parted(&peer) {
                    self.lost(now, &member);
                }
            }
            Input::Silent(peer, silent) => self.online.silenced(peer, silent),
            Input::Vouched {
                relay,
                member,
                there,
            } => {
                if directory.node_role(&relay) == Some(Role::Relay) {
                    self.online.vouched(&relay, member, there);
                }
                if !self.online.is_online(&member) {
                    self.lost(now, &member);
                }
            }
            Input::Alive(node) => self.known.keep(now, &node),
            Input::Received(peer, frame) => return self.received(now, directory, peer, &frame),
            Input::Stated(statement) => {
                if self.own.state(now, statement) {
                    self.tell_own(now, directory);
                }
            }
            Input::Addressed(to, body) => {
                let signed = self.own.sign(Some(to), body);
                self.route(None, &to, &signed);
            }
        }
        Ok(())
    }

    /// Acts on what has fallen due.
    pub fn handle_timeout(&mut self, now: Instant, directory: &Directory) {
        if self.own.due(now) {
            self.tell_own(now, directory);
        }
        for news in self
            .known
            .fade(now, |desk| stands(self.role, &self.me, &self.online, desk))
        {
            if let News::DeskGone(station) = &news {
                self.telling.forget_desk(station);
            }
            self.outputs.push_back(Output::Tell(news));
        }
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Whether there is anything to do.
    #[must_use]
    pub fn has_output(&self) -> bool {
        !self.outputs.is_empty()
    }

    /// When to call `handle_timeout` at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let stands = |desk: &SeenDesk| stands(self.role, &self.me, &self.online, desk);
        [self.own.next(), self.known.next(stands)]
            .into_iter()
            .flatten()
            .min()
    }

    /// Who is there.
    #[must_use]
    pub fn online(&self) -> &Online {
        &self.online
    }

    /// Everybody who waits or is called for one of these services, who has waited longest first.
    #[must_use]
    pub fn queue(&self, services: &[ServiceId]) -> Vec<&SeenTicket> {
        self.known.queue(services)
    }

    /// A ticket.
    #[must_use]
    pub fn ticket(&self, ticket: &TicketId) -> Option<&SeenTicket> {
        self.known.ticket(ticket)
    }

    /// The desk of a station.
    #[must_use]
    pub fn desk(&self, station: &SubjectId) -> Option<&SeenDesk> {
        self.known.desk(station)
    }

    /// The desks that answer for a service.
    pub fn desks_of(&self, service: &ServiceId) -> impl Iterator<Item = &SeenDesk> {
        self.known
            .desks()
            .filter(|desk| desk.notice.services.contains(service))
    }

    /// Every desk.
    pub fn desks(&self) -> impl Iterator<Item = &SeenDesk> {
        self.known.desks()
    }

    fn received(
        &mut self,
        now: Instant,
        directory: &Directory,
        peer: SubjectId,
        frame: &[u8],
    ) -> Result<(), Refused> {
        let Passed { known_ms, signed } = Passed::decode(frame)?;
        let signal = Signal::read(&signed)?;
        let from = signal.from;
        may_say(directory, &signal)?;
        if from == self.me {
            if self.own.outlive(signal.life) {
                self.tell_own(now, directory);
            }
            return Ok(());
        }
        let numbers = self.numbers.entry(from).or_default();
        if !numbers.take(signal.life, signal.number) {
            if peer == from
                && self.peers.contains_key(&peer)
                && let Some(proof) = numbers.tell_back(now, signal.life)
            {
                let proof = proof.to_vec();
                self.send(peer, None, &proof);
            }
            return Ok(());
        }
        numbers.keep(&signed);
        if let Some(to) = signal.to.filter(|to| *to != self.me) {
            if self.role == Role::Relay {
                self.route(Some(peer), &to, &signed);
            }
            return Ok(());
        }
        if !numbers.is_last_word(topic(&signal.body), signal.number) {
            return Ok(());
        }
        let by_relay = directory.node_role(&peer) == Some(Role::Relay) && peer != from;
        let known_ms = known_ms.filter(|_| by_relay);
        let news = match &signal.body {
            Body::Ticket(notice) => {
                if self.known.names_other(&from, &notice.ticket) {
                    return Err(Refused::NameTaken(from));
                }
                self.known
                    .hear_ticket(now, from, notice.clone(), known_ms, &signed)
            }
            Body::Desk(notice) => {
                self.telling.heard(from, notice);
                let (life, notice) = (signal.life, notice.clone());
                vec![self.known.hear_desk(now, from, life, notice, &signed)]
            }
            Body::Leg(notice) => vec![News::Leg(from, notice.clone())],
            Body::Nobody => self.known.forget_ticket(&from).into_iter().collect(),
        };
        self.outputs.extend(news.into_iter().map(Output::Tell));
        if self.role == Role::Relay {
            let told = Told {
                origin: from,
                known_ms: self.known.known_ms(now, &from),
                body: signal.body,
                signed,
            };
            self.pass(directory, &told, |other| other != peer);
        }
        self.catch_up(now, &from);
        Ok(())
    }

    /// Tells a kiosk at which somebody waits what it was not told before.
    fn catch_up(&mut self, now: Instant, kiosk: &SubjectId) {
        if self.peers.get(kiosk) != Some(&Role::Kiosk) {
            return;
        }
        let Some(service) = self.known.service_wanted(kiosk) else {
            return;
        };
        let service = service.clone();
        let owed = |desk: &SeenDesk| desk.notice.services.contains(&service);
        let desks: Vec<(SubjectId, Vec<u8>)> = match self.role {
            Role::Relay => self
                .known
                .desks()
                .filter(|desk| owed(desk))
                .map(SeenDesk::told)
                .collect(),
            Role::Station
            | Role::Kiosk
            | Role::Operator
            | Role::Steward
            | Role::Registrar
            | Role::Agent => Vec::new(),
        };
        for (station, signed) in desks {
            if self.telling.owes(*kiosk, station, Interest::Waiting) {
                self.send(*kiosk, None, &signed);
            }
        }
        if self.own.answers(&service)
            && self.telling.owes(*kiosk, self.me, Interest::Waiting)
            && let Some(told) = self.own_told(now)
        {
            self.send(*kiosk, None, &told.signed);
        }
    }

    fn lost(&mut self, now: Instant, node: &SubjectId) {
        self.telling.forget_desk(node);
        for news in self.known.lose(now, node) {
            self.outputs.push_back(Output::Tell(news));
        }
    }

    /// Tells a peer that is new what stands: this node's own, and at a relay everybody's.
    fn greet(&mut self, now: Instant, directory: &Directory, peer: SubjectId) {
        let mut told: Vec<Told> = self.own_told(now).into_iter().collect();
        if self.role == Role::Relay {
            told.extend(self.known.all(now));
        }
        for told in told {
            self.pass(directory, &told, |other| other == peer);
        }
    }

    fn tell_own(&mut self, now: Instant, directory: &Directory) {
        if let Some(told) = self.own_told(now) {
            self.pass(directory, &told, |_| true);
        }
    }

    fn own_told(&mut self, now: Instant) -> Option<Told> {
        let (body, signed) = self.own.signed(now)?;
        if let Body::Desk(notice) = &body {
            self.telling.heard(self.me, notice);
        }
        Some(Told {
            origin: self.me,
            known_ms: None,
            body,
            signed,
        })
    }

    /// Sends to those of the chosen peers whom it concerns, and not back to whom it is of.
    fn pass(&mut self, directory: &Directory, told: &Told, chosen: impl Fn(SubjectId) -> bool) {
        let concerned = |peer: &SubjectId| {
            chosen(*peer) && *peer != told.origin && concerns(directory, peer, &told.body)
        };
        let peers: Vec<SubjectId> = self.peers.keys().copied().filter(concerned).collect();
        for peer in peers {
            if self.owes(peer, told) {
                self.send(peer, told.known_ms, &told.signed);
            }
        }
    }

    fn owes(&mut self, peer: SubjectId, told: &Told) -> bool {
        let Body::Desk(notice) = &told.body else {
            return true;
        };
        if self.peers.get(&peer) != Some(&Role::Kiosk) {
            return true;
        }
        let wanted = self.known.service_wanted(&peer);
        let interest = match wanted.is_some_and(|service| notice.services.contains(service)) {
            true => Interest::Waiting,
            false => Interest::Passing,
        };
        self.telling.owes(peer, told.origin, interest)
    }

    /// Sends what is addressed: straight where there is a stream, else through the relays.
    fn route(&mut self, came_from: Option<SubjectId>, to: &SubjectId, signed: &[u8]) {
        if self.peers.contains_key(to) {
            return self.send(*to, None, signed);
        }
        if came_from.is_some() {
            return;
        }
        let relays: Vec<SubjectId> = self
            .peers
            .iter()
            .filter(|(_, role)| **role == Role::Relay)
            .map(|(peer, _)| *peer)
            .collect();
        for relay in relays {
            self.send(relay, None, signed);
        }
    }

    fn send(&mut self, peer: SubjectId, known_ms: Option<u64>, signed: &[u8]) {
        let frame = Passed {
            known_ms,
            signed: signed.to_vec(),
        };
        self.outputs.push_back(Output::Send(peer, frame.encode()));
    }
}

fn topic(body: &Body) -> Topic {
    match body {
        Body::Ticket(_) | Body::Nobody => Topic::Ticket,
        Body::Desk(_) => Topic::Desk,
        Body::Leg(_) => Topic::Leg,
    }
}

/// Whether a desk needs no notice to stand: a kiosk is told only of changes, except by the desk
/// that has its citizen.
fn stands(role: Role, me: &SubjectId, online: &Online, desk: &SeenDesk) -> bool {
    let has_mine = desk.notice.holding.is_some_and(|held| held.kiosk == *me);
    role == Role::Kiosk && !has_mine && online.is_online(&desk.station)
}
