//! This node's own connections: where they lead, and what a relay tells others of them.

use std::collections::BTreeMap;
use std::time::Duration;

use guichet_keys::{Role, SubjectId};
use guichet_sync::wire;

use crate::mesh;
use crate::web::view::{Carrier, Presence, Route};

/// A live connection.
#[derive(Clone, Copy, Debug)]
struct Link {
    since_s: u64,
    route: Route,
    round_trip: Option<Duration>,
}

/// What is known of the members' presence.
#[derive(Debug, Default)]
pub struct Presences {
    links: BTreeMap<SubjectId, Link>,
    left: BTreeMap<SubjectId, u64>,
    addresses: BTreeMap<SubjectId, Vec<String>>,
}

impl Presences {
    /// A connection to a member is open.
    pub fn on_up(&mut self, peer: SubjectId, route: mesh::Route, now_s: u64) {
        let direct = |carrier| Route::Direct { carrier };
        let link = Link {
            since_s: now_s,
            route: match route {
                mesh::Route::Tcp => direct(Carrier::Tcp),
                mesh::Route::Quic => direct(Carrier::Quic),
                mesh::Route::Relayed(relay) => Route::Relayed { relay },
            },
            round_trip: None,
        };
        self.links.insert(peer, link);
        self.left.remove(&peer);
    }

    /// A member took so long to answer.
    pub fn on_round_trip(&mut self, peer: &SubjectId, round_trip: Duration) {
        if let Some(link) = self.links.get_mut(peer) {
            link.round_trip = Some(round_trip);
        }
    }

    /// It is gone.
    pub fn on_down(&mut self, peer: SubjectId, now_s: u64) {
        if self.links.remove(&peer).is_some() {
            self.left.insert(peer, now_s);
        }
    }

    /// Where a member says that it listens.
    pub fn on_addresses(&mut self, peer: SubjectId, addresses: Vec<String>) {
        self.addresses.insert(peer, addresses);
    }

    /// What this relay tells of the members it is connected to, and of one that left.
    pub fn roster(&self, left: Option<SubjectId>) -> Vec<wire::Presence> {
        let here = self.links.keys().map(|member| wire::Presence {
            member: *member,
            online: true,
            addresses: self.addresses.get(member).cloned().unwrap_or_default(),
        });
        let left = left.map(|member| wire::Presence {
            member,
            online: false,
            addresses: Vec::new(),
        });
        here.chain(left).collect()
    }

    /// Whether this node has no connection at all.
    pub fn are_none(&self) -> bool {
        self.links.is_empty()
    }

    /// What to show of a member.
    pub fn presence(&self, member: &SubjectId) -> Presence {
        match self.links.get(member) {
            Some(link) => Presence::Here {
                since_s: link.since_s,
                route: link.route,
                round_trip_ms: link.round_trip.map(milliseconds),
            },
            None => Presence::Away {
                since_s: self.left.get(member).copied(),
            },
        }
    }
}

/// A time to be shown.
pub fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// The word for a node's role.
pub fn role_word(role: Role) -> &'static str {
    match role {
        Role::Kiosk => "kiosk",
        Role::Station => "station",
        Role::Relay => "relay",
        Role::Operator | Role::Steward | Role::Registrar | Role::Agent => "member",
    }
}
