//! This node's own connections: where they lead, and what a relay tells others of them.

use std::collections::BTreeMap;
use std::time::Duration;

use guichet_keys::{Role, SubjectId};
use guichet_sync::wire;

use crate::mesh;
use crate::web::view::{Carrier, Presence, Route};

/// A live connection.
#[derive(Clone, Debug)]
struct Link {
    since_s: u64,
    route: Route,
    round_trip: Option<Duration>,
    seen_at: Option<String>,
    silent: bool,
}

/// What is known of the members' presence.
#[derive(Debug, Default)]
pub struct Presences {
    links: BTreeMap<SubjectId, Link>,
    left: BTreeMap<SubjectId, u64>,
    addresses: BTreeMap<SubjectId, Vec<String>>,
    told: BTreeMap<SubjectId, BTreeMap<SubjectId, bool>>,
    told_since_s: BTreeMap<SubjectId, u64>,
}

impl Presences {
    /// A connection to a member is open.
    pub fn on_up(
        &mut self,
        peer: SubjectId,
        route: mesh::Route,
        seen_at: Option<String>,
        now_s: u64,
    ) {
        let direct = |carrier| Route::Direct { carrier };
        let link = Link {
            since_s: now_s,
            route: match route {
                mesh::Route::Tcp => direct(Carrier::Tcp),
                mesh::Route::Quic => direct(Carrier::Quic),
                mesh::Route::Relayed(relay) => Route::Relayed { relay },
            },
            round_trip: None,
            seen_at,
            silent: false,
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

    /// A link in use is silent, or is heard again.
    pub fn on_silence(&mut self, peer: &SubjectId, silent: bool) {
        if let Some(link) = self.links.get_mut(peer) {
            link.silent = silent;
        }
    }

    /// It is gone.
    pub fn on_down(&mut self, peer: SubjectId, now_s: u64) {
        if self.links.remove(&peer).is_some() {
            self.left.insert(peer, now_s);
            self.told.remove(&peer);
        }
    }

    /// Where a member says that it listens.
    pub fn on_addresses(&mut self, peer: SubjectId, addresses: Vec<String>) {
        self.addresses.insert(peer, addresses);
    }

    /// A relay told who is there.
    pub fn on_roster(&mut self, relay: SubjectId, members: &[wire::Presence], now_s: u64) {
        let told = self.told.entry(relay).or_default();
        for presence in members {
            told.insert(presence.member, presence.online);
            if presence.online {
                self.told_since_s.entry(presence.member).or_insert(now_s);
            } else {
                self.told_since_s.remove(&presence.member);
            }
        }
    }

    /// What this relay tells of the members it is connected to, and of those who left: where each
    /// listens, and last the host under which it is seen, which is an address without a port. Who
    /// is silent is told to be away, but for those whose silence is waited out.
    pub fn roster(&self, waited_out: impl Fn(&SubjectId) -> bool) -> Vec<wire::Presence> {
        let here = self.links.iter().map(|(member, link)| {
            let listens = self.addresses.get(member).into_iter().flatten();
            wire::Presence {
                member: *member,
                online: !link.silent || waited_out(member),
                addresses: listens.chain(&link.seen_at).cloned().collect(),
            }
        });
        let left = self.left.keys().map(|member| wire::Presence {
            member: *member,
            online: false,
            addresses: Vec::new(),
        });
        here.chain(left).collect()
    }

    /// Whether this node has no connection that passes anything, as far as is known.
    pub fn are_none(&self) -> bool {
        self.links.values().all(|link| link.silent)
    }

    /// What to show of a member. Who has no link to here may be reached through a relay.
    pub fn presence(&self, member: &SubjectId) -> Presence {
        let vouches = |(relay, told): (&SubjectId, &BTreeMap<SubjectId, bool>)| {
            (told.get(member) == Some(&true)).then_some(*relay)
        };
        let relay = self.told.iter().find_map(vouches);
        match (self.links.get(member), relay) {
            (Some(link), _) => Presence::Here {
                since_s: link.since_s,
                route: link.route,
                round_trip_ms: link.round_trip.map(milliseconds),
            },
            (None, Some(relay)) => Presence::Here {
                since_s: self.told_since_s.get(member).copied().unwrap_or_default(),
                route: Route::Relayed { relay },
                round_trip_ms: None,
            },
            (None, None) => Presence::Away {
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
