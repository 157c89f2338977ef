//! Who is there: what relays tell of their members, and what this relay tells of its own.
//!
//! A session is told everybody once, when it begins, and from then on what changed. A kiosk is not
//! told of other kiosks, with which it never speaks: of many, each would hear of all that come and
//! go. Of itself it is told: where it is seen.

use std::collections::{BTreeMap, BTreeSet};

use guichet_keys::{Directory, Role, SubjectId};

use super::scope::Scope;
use crate::limits::{ROSTER_MAX, ROSTER_MEMBERS_MAX};
use crate::wire::{Frame, Presence};

/// What relays tell.
#[derive(Debug, Default)]
pub struct Heard {
    online: BTreeMap<SubjectId, BTreeSet<SubjectId>>,
}

impl Heard {
    /// A relay told of these members; gives whether one of them was not there before.
    pub fn hear(&mut self, relay: SubjectId, members: &[Presence]) -> bool {
        let online = self.online.entry(relay).or_default();
        let mut has_come = false;
        for presence in members {
            if !presence.online {
                online.remove(&presence.member);
            } else if online.len() < ROSTER_MEMBERS_MAX {
                has_come |= online.insert(presence.member);
            }
        }
        has_come
    }

    /// A relay is gone, and what it told with it.
    pub fn forget(&mut self, relay: &SubjectId) {
        self.online.remove(relay);
    }

    /// Whether a relay sees this member.
    pub fn sees(&self, relay: &SubjectId, member: &SubjectId) -> bool {
        let online = self.online.get(relay);
        online.is_some_and(|online| online.contains(member))
    }

    /// Whether two members, one of them a relay, see each other.
    pub fn are_joined(&self, one: &SubjectId, other: &SubjectId) -> bool {
        self.sees(one, other) || self.sees(other, one)
    }
}

/// What this relay tells.
#[derive(Debug, Default)]
pub struct Own {
    members: BTreeMap<SubjectId, Presence>,
}

impl Own {
    /// Everybody, for a session that begins.
    pub fn whole(&self) -> Vec<Presence> {
        self.members.values().cloned().collect()
    }

    /// Who is there now; gives what changed.
    pub fn update(&mut self, now: Vec<Presence>) -> Vec<Presence> {
        let now: BTreeMap<_, _> = now.into_iter().map(|it| (it.member, it)).collect();
        let news = now.values().filter(|presence| {
            let before = self.members.get(&presence.member);
            before.map_or(presence.online, |before| before != *presence)
        });
        let gone = self
            .members
            .values()
            .filter(|it| it.online && !now.contains_key(&it.member));
        let gone = gone.map(|presence| Presence {
            member: presence.member,
            online: false,
            addresses: Vec::new(),
        });
        let changed = news.cloned().chain(gone).collect();
        self.members = now.into_iter().filter(|(_, it)| it.online).collect();
        changed
    }
}

/// What a peer is told of these members.
pub fn frames(peer: &Scope, directory: &Directory, members: &[Presence]) -> Vec<Frame> {
    let is_kiosk = |member: &SubjectId| directory.node_role(member) == Some(Role::Kiosk);
    let concerns = |it: &&Presence| it.member == peer.peer() || !is_kiosk(&it.member);
    let told: Vec<_> = match peer.role() {
        Some(Role::Kiosk) => members.iter().filter(concerns).cloned().collect(),
        _ => members.to_vec(),
    };
    let frame = |part: &[Presence]| Frame::Roster {
        members: part.to_vec(),
    };
    told.chunks(ROSTER_MAX).map(frame).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(number: u16) -> SubjectId {
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        SubjectId::from(bytes)
    }

    fn there(number: u16) -> Presence {
        Presence {
            member: node(number),
            online: true,
            addresses: vec![format!("/ip4/10.0.0.1/tcp/{number}")],
        }
    }

    fn told(members: &[Presence]) -> Vec<(SubjectId, bool)> {
        members.iter().map(|it| (it.member, it.online)).collect()
    }

    #[test]
    fn who_comes_goes_or_moves_is_told_and_nobody_else() {
        let mut own = Own::default();
        let first: Vec<_> = (0..100).map(there).collect();
        assert_eq!(told(&own.update(first.clone())).len(), 100);
        assert_eq!(own.update(first.clone()), vec![], "nothing changed");
        let mut later = first.clone();
        later.remove(7);
        later[3].addresses = vec![];
        later.push(there(200));
        let expected = [(node(3), true), (node(200), true), (node(7), false)];
        assert_eq!(told(&own.update(later.clone())), expected);
        let said = Presence {
            online: false,
            ..there(8)
        };
        later.retain(|it| it.member != said.member);
        later.push(said);
        assert_eq!(told(&own.update(later)), [(node(8), false)]);
        assert_eq!(told(&own.whole()).len(), 99, "who is away is not listed");
    }

    #[test]
    fn more_members_than_a_frame_takes_go_into_several() {
        let mut own = Own::default();
        let count = 2 * ROSTER_MAX as u16 + 1;
        let members = own.update((0..count).map(there).collect());
        assert_eq!(told(&members).len(), usize::from(count));
        assert_eq!(own.whole(), members);
        let directory = Directory::new(node(1));
        let frames = frames(&Scope::of(node(1), &directory), &directory, &members);
        assert_eq!(frames.len(), 3);
        for frame in frames {
            assert_eq!(Frame::decode(&frame.encode()), Ok(frame));
        }
    }

    #[test]
    fn what_a_relay_tells_is_bounded_and_ends_with_it() {
        let mut heard = Heard::default();
        let relay = node(1);
        let all: Vec<_> = (0..u16::MAX).map(there).collect();
        assert!(heard.hear(relay, &all));
        assert!(heard.online[&relay].len() == ROSTER_MEMBERS_MAX);
        assert!(!heard.hear(relay, &all[..9]), "they were there");
        assert!(heard.sees(&relay, &node(2)) && heard.are_joined(&node(2), &relay));
        let away = Presence {
            online: false,
            ..there(2)
        };
        assert!(!heard.hear(relay, &[away]) && !heard.sees(&relay, &node(2)));
        heard.forget(&relay);
        assert!(!heard.are_joined(&relay, &node(3)));
    }
}
