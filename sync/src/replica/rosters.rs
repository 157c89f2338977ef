//! Who is there: what relays tell of their members, and what this relay tells of its own.
//!
//! A session is told everybody once, when it begins, and from then on what changed. A kiosk is not
//! told of other kiosks, with which it never speaks: of many, each would hear of all that come and
//! go. Of itself it is told: where it is seen.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use guichet_keys::{Directory, Hash, Role, SubjectId, sha256};

use super::scope::Scope;
use crate::later;
use crate::limits::{ROSTER_MAX, ROSTER_MEMBERS_MAX, ROSTER_STRANGERS_MAX};
use crate::wire::{Frame, Presence};

/// A relay may not see for so long who is going to join it as the teller did.
const GATHERING: Duration = Duration::from_secs(5);
/// Most bytes of addresses of somebody who is not known here.
const STRANGER_BYTES_MAX: usize = 1024;

/// What relays tell.
#[derive(Debug, Default)]
pub struct Heard {
    relays: BTreeMap<SubjectId, Told>,
}

/// What one relay tells.
#[derive(Debug, Default)]
struct Told {
    /// Who is there, and the digest of where they can be reached.
    online: BTreeMap<SubjectId, Hash>,
    /// Who is told to be there and is not known here: their statement may come yet.
    strangers: BTreeMap<SubjectId, Presence>,
    /// Until when its members may still be on their way to it.
    gathers_until: Option<Instant>,
}

impl Heard {
    /// What of this is new of those who are members; of others at most a few are remembered.
    pub fn news(
        &mut self,
        relay: SubjectId,
        members: Vec<Presence>,
        is_member: impl Fn(&SubjectId) -> bool,
    ) -> Vec<Presence> {
        let told = self.relays.entry(relay).or_default();
        let (known, strange): (Vec<_>, Vec<_>) =
            members.into_iter().partition(|it| is_member(&it.member));
        for presence in strange {
            told.on_stranger(presence);
        }
        let is_new = |it: &Presence| {
            let before = told.online.get(&it.member);
            before != it.online.then(|| digest(it)).as_ref()
        };
        known.into_iter().filter(is_new).collect()
    }

    /// These news are heard; gives whether somebody has come.
    pub fn hear(&mut self, relay: SubjectId, news: &[Presence]) -> bool {
        let online = &mut self.relays.entry(relay).or_default().online;
        let mut has_come = false;
        for presence in news {
            let member = presence.member;
            if !presence.online {
                online.remove(&member);
            } else if online.contains_key(&member) || online.len() < ROSTER_MEMBERS_MAX {
                has_come |= online.insert(member, digest(presence)).is_none();
            }
        }
        has_come
    }

    /// Who was told of before they were known here, and is known now.
    pub fn no_strangers(
        &mut self,
        is_member: impl Fn(&SubjectId) -> bool,
    ) -> Vec<(SubjectId, Vec<Presence>)> {
        let met = |(relay, told): (&SubjectId, &mut Told)| {
            let met = told.strangers.extract_if(.., |member, _| is_member(member));
            (*relay, met.map(|(_, presence)| presence).collect())
        };
        let met = self.relays.iter_mut().map(met);
        met.filter(|(_, met): &(_, Vec<_>)| !met.is_empty())
            .collect()
    }

    /// A relay is there now. Whoever lost it too, or whom it lost, comes about now as well.
    pub fn meet(&mut self, now: Instant, relay: SubjectId) {
        let told = self.relays.entry(relay).or_default();
        told.gathers_until = Some(later(now, GATHERING));
    }

    /// A relay is gone, and what it told with it.
    pub fn forget(&mut self, relay: &SubjectId) {
        self.relays.remove(relay);
    }

    /// Whether a relay sees this member.
    pub fn sees(&self, relay: &SubjectId, member: &SubjectId) -> bool {
        let told = self.relays.get(relay);
        told.is_some_and(|told| told.online.contains_key(member))
    }

    /// Whether two members, one of them a relay, see each other or are about to.
    pub fn are_joined(&self, now: Instant, one: &SubjectId, other: &SubjectId) -> bool {
        let gathers = |relay| {
            let told = self.relays.get(relay);
            let until = told.and_then(|told| told.gathers_until);
            until.is_some_and(|until| until > now)
        };
        self.sees(one, other) || self.sees(other, one) || gathers(one) || gathers(other)
    }
}

impl Told {
    fn on_stranger(&mut self, presence: Presence) {
        let bytes = presence.addresses.iter().map(String::len).sum::<usize>();
        if !presence.online {
            self.strangers.remove(&presence.member);
        } else if bytes <= STRANGER_BYTES_MAX
            && (self.strangers.len() < ROSTER_STRANGERS_MAX
                || self.strangers.contains_key(&presence.member))
        {
            self.strangers.insert(presence.member, presence);
        }
    }
}

fn digest(presence: &Presence) -> Hash {
    sha256(presence.addresses.join("\n").as_bytes())
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

    /// What a relay tells is heard where everybody below this number is a member; gives the news,
    /// and whether somebody has come.
    fn tell(heard: &mut Heard, below: u16, all: &[Presence]) -> (usize, bool) {
        let is_member = |it: &SubjectId| *it < node(below);
        let news = heard.news(node(1), all.to_vec(), is_member);
        (news.len(), heard.hear(node(1), &news))
    }

    #[test]
    fn what_a_relay_tells_is_bounded_and_ends_with_it() {
        let mut heard = Heard::default();
        let relay = node(1);
        let all: Vec<_> = (0..u16::MAX).map(there).collect();
        assert!(tell(&mut heard, u16::MAX, &all).1);
        assert_eq!(heard.relays[&relay].online.len(), ROSTER_MEMBERS_MAX);
        assert_eq!(tell(&mut heard, u16::MAX, &all[..9]), (0, false));
        let now = crate::test_clock();
        assert!(heard.sees(&relay, &node(2)) && heard.are_joined(now, &node(2), &relay));
        let moved = Presence {
            addresses: vec![],
            ..there(2)
        };
        assert_eq!(tell(&mut heard, u16::MAX, &[moved]), (1, false));
        let away = Presence {
            online: false,
            ..there(2)
        };
        assert_eq!(tell(&mut heard, u16::MAX, &[away]), (1, false));
        assert!(!heard.sees(&relay, &node(2)));
        heard.forget(&relay);
        assert!(!heard.are_joined(now, &relay, &node(3)));
        heard.meet(now, relay);
        assert!(heard.are_joined(now, &relay, &node(3)), "it may come");
        assert!(!heard.are_joined(now + GATHERING, &relay, &node(3)));
        assert!(!heard.sees(&relay, &node(3)));
    }

    #[test]
    fn who_is_not_a_member_is_no_news_until_they_are() {
        let mut heard = Heard::default();
        let all: Vec<_> = (0..1000).map(there).collect();
        assert_eq!(tell(&mut heard, 0, &all), (0, false));
        assert_eq!(heard.relays[&node(1)].strangers.len(), ROSTER_STRANGERS_MAX);
        assert!(!heard.sees(&node(1), &node(3)));
        let met = heard.no_strangers(|it| *it < node(9));
        assert_eq!(met.len(), 1);
        assert_eq!(met[0].1, (0..9).map(there).collect::<Vec<_>>());
        assert_eq!(heard.no_strangers(|it| *it < node(9)), []);
    }
}
