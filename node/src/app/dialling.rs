//! Whom this node dials. A pure machine: told who is a member, what relays say of whom, and what
//! goes on here, it says whom to seek, by which addresses, and which links are in use.
//!
//! Everybody who is let in may come; who dials whom is a matter of need. All speak with relays,
//! which pass on everything. A kiosk speaks besides with stations of the services of its open
//! visit, so that the visit goes on when a relay goes; never with a kiosk. Whom the relays say is
//! away is left alone until one says that it is back. Where no relay is in reach, stations on the
//! same network serve each other and the kiosks, sought with pauses that grow to a minute.
//!
//! A private address is dialled within one network only (`site`): what another site calls
//! 192.168.1.20 is somebody else's machine here.

mod site;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use guichet_keys::{Role, ServiceId, SubjectId};
use guichet_sync::wire::Presence;

use crate::mesh::{Aim, Circuits, Patience, Use};
use site::Seen;

/// Stations sought at one time, beside the one of the call.
pub const STATIONS_SOUGHT_MAX: usize = 4;

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// These are the members, this node left out.
    Members(Vec<Member>),
    /// A stream to a member is open.
    Linked(SubjectId),
    /// It is not any more.
    Lost(SubjectId),
    /// A relay told what has changed.
    Told(SubjectId, Vec<Presence>),
    /// This goes on here from now on.
    Occupied(Occupation),
}

/// A member, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub subject: SubjectId,
    /// What it is.
    pub role: Role,
    /// The services that a station answers for.
    pub services: BTreeSet<ServiceId>,
}

/// What goes on at this node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Occupation {
    /// Whether somebody works here and waits for others: a visit, a call, a case that is open.
    pub busy: bool,
    /// The services of the open visit.
    pub services: BTreeSet<ServiceId>,
    /// The other end of the call.
    pub call: Option<SubjectId>,
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// Keep a connection to a member, by these ways.
    Seek(SubjectId, Aim),
    /// Keep none any more.
    Leave(SubjectId),
    /// Hold the link to a member to be so used.
    Use(SubjectId, Use),
}

/// The machine.
#[derive(Debug)]
pub struct Dialling {
    me: SubjectId,
    role: Role,
    members: BTreeMap<SubjectId, Member>,
    linked: BTreeSet<SubjectId>,
    told: BTreeMap<SubjectId, BTreeMap<SubjectId, Told>>,
    occupation: Occupation,
    sought: BTreeMap<SubjectId, Aim>,
    used: BTreeSet<SubjectId>,
    outputs: VecDeque<Output>,
}

/// What a relay last told of a member.
#[derive(Debug, Default)]
struct Told {
    online: bool,
    seen: Seen,
}

impl Dialling {
    /// A node that knows nobody yet.
    #[must_use]
    pub fn new(me: SubjectId, role: Role) -> Self {
        Self {
            me,
            role,
            members: BTreeMap::new(),
            linked: BTreeSet::new(),
            told: BTreeMap::new(),
            occupation: Occupation::default(),
            sought: BTreeMap::new(),
            used: BTreeSet::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Takes in what happened; drain `poll_output` afterwards.
    pub fn handle_input(&mut self, input: Input) {
        match input {
            Input::Members(members) => {
                let member = |member: Member| (member.subject, member);
                let members: BTreeMap<_, _> = members.into_iter().map(member).collect();
                if members == self.members {
                    return;
                }
                self.members = members;
                let members = &self.members;
                self.told.retain(|relay, _| members.contains_key(relay));
            }
            Input::Linked(member) => {
                self.linked.insert(member);
            }
            Input::Lost(member) => {
                self.linked.remove(&member);
            }
            Input::Told(relay, presences) => self.on_told(relay, presences),
            Input::Occupied(occupation) => {
                if occupation == self.occupation {
                    return;
                }
                self.occupation = occupation;
            }
        }
        self.settle();
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Where somebody is stays known when they leave: without a relay they are sought there.
    fn on_told(&mut self, relay: SubjectId, presences: Vec<Presence>) {
        let told = self.told.entry(relay).or_default();
        for presence in presences {
            let known = self.members.contains_key(&presence.member) || presence.member == self.me;
            if !known {
                continue;
            }
            let member = told.entry(presence.member).or_default();
            member.online = presence.online;
            if presence.online {
                member.seen = Seen::read(&presence.addresses);
            }
        }
    }

    /// Says what has changed of all that is wanted.
    fn settle(&mut self) {
        let wanted = self.wanted();
        for (member, aim) in &wanted {
            if self.sought.get(member) != Some(aim) {
                self.outputs.push_back(Output::Seek(*member, aim.clone()));
            }
        }
        let left = self.sought.keys().filter(|it| !wanted.contains_key(it));
        self.outputs
            .extend(left.map(|member| Output::Leave(*member)));
        self.sought = wanted;

        let used = self.in_use();
        let changed = used.symmetric_difference(&self.used);
        self.outputs.extend(changed.map(|member| {
            let usage = if used.contains(member) {
                Use::InUse
            } else {
                Use::Idle
            };
            Output::Use(*member, usage)
        }));
        self.used = used;
    }

    fn wanted(&self) -> BTreeMap<SubjectId, Aim> {
        let relays = self.with_role(Role::Relay).map(|relay| {
            let subject = relay.subject;
            let aim = self.aim(&subject, self.patience_with(&subject));
            (subject, aim)
        });
        let relays: BTreeMap<_, _> = relays.collect();
        relays.into_iter().chain(self.stations()).collect()
    }

    /// A relay is sought for as long as nobody knows better: where another one is in reach and does
    /// not see it, it is off.
    fn patience_with(&self, relay: &SubjectId) -> Patience {
        let is_off = self.reaches_relay() && !self.linked.contains(relay) && !self.is_there(relay);
        if is_off {
            Patience::Patient
        } else {
            Patience::Brisk
        }
    }

    fn reaches_relay(&self) -> bool {
        self.with_role(Role::Relay)
            .any(|relay| self.linked.contains(&relay.subject))
    }

    /// The stations to be sought.
    fn stations(&self) -> Vec<(SubjectId, Aim)> {
        let reaches_relay = self.reaches_relay();
        let stations = self.with_role(Role::Station).filter(|station| {
            let visited = !station.services.is_disjoint(&self.occupation.services);
            match (self.role, reaches_relay) {
                (Role::Kiosk, true) => visited && self.is_there(&station.subject),
                (Role::Kiosk, false) => visited || self.is_beside(&station.subject),
                (Role::Station, false) => self.is_beside(&station.subject),
                _ => false,
            }
        });
        let patience = if reaches_relay {
            Patience::Brisk
        } else {
            Patience::Patient
        };
        let stations = stations.filter_map(|station| {
            let aim = self.aim(&station.subject, patience);
            (!aim.addresses.is_empty()).then_some((station.subject, aim))
        });
        let mut stations: Vec<_> = stations.collect();
        // Each node has an order of its own, so that not all choose the same stations.
        stations.sort_by_key(|(station, _)| {
            let called = self.occupation.call == Some(*station);
            (!called, distance(&self.me, station))
        });
        stations.truncate(STATIONS_SOUGHT_MAX);
        stations
    }

    fn with_role(&self, role: Role) -> impl Iterator<Item = &Member> {
        self.members
            .values()
            .filter(move |member| member.role == role)
    }

    /// Whether a relay that is in reach says that somebody is there.
    fn is_there(&self, member: &SubjectId) -> bool {
        let relays = self
            .told
            .iter()
            .filter(|(relay, _)| self.linked.contains(relay));
        let mut told = relays.filter_map(|(_, told)| told.get(member));
        told.any(|told| told.online)
    }

    /// Whether somebody was last seen on the network of this node.
    fn is_beside(&self, member: &SubjectId) -> bool {
        let seen = |told: &BTreeMap<SubjectId, Told>| {
            let (me, other) = (told.get(&self.me)?, told.get(member)?);
            Some(other.seen.is_beside(&me.seen))
        };
        self.told.values().any(|told| seen(told) == Some(true))
    }

    /// How to reach somebody, as far as is known here.
    fn aim(&self, member: &SubjectId, patience: Patience) -> Aim {
        let mut addresses = Vec::new();
        for told in self.told.values() {
            let Some(other) = told.get(member) else {
                continue;
            };
            let me = told.get(&self.me).map(|told| &told.seen);
            for address in other.seen.dialable_from(me) {
                if !addresses.contains(address) {
                    addresses.push(address.clone());
                }
            }
        }
        Aim {
            addresses,
            patience,
            circuits: Circuits::Never,
        }
    }

    /// The links over which somebody waits for others.
    fn in_use(&self) -> BTreeSet<SubjectId> {
        if !self.occupation.busy || self.role == Role::Relay {
            return BTreeSet::new();
        }
        let relays = self.with_role(Role::Relay).map(|relay| relay.subject);
        let stations = self.stations().into_iter().map(|(station, _)| station);
        relays.chain(stations).chain(self.occupation.call).collect()
    }
}

/// How far apart two are: an order that differs from node to node.
fn distance(one: &SubjectId, other: &SubjectId) -> Vec<u8> {
    let pairs = one.as_bytes().iter().zip(other.as_bytes());
    pairs.map(|(one, other)| one ^ other).collect()
}

#[cfg(test)]
mod tests;
