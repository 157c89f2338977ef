//! Who is there, as far as this node can tell: whom it has a link to, and for whom a relay vouches.
//!
//! A relay's word is worth as much as the link that it came over. When that falls, whoever was only
//! vouched for is absent with it: nobody is known to be there who could not be told of leaving.

use std::collections::{BTreeMap, BTreeSet};

use guichet_keys::SubjectId;

/// The machine: links, and the members that the peer at the other end vouches for.
#[derive(Clone, Debug, Default)]
pub struct Online {
    links: BTreeMap<SubjectId, BTreeSet<SubjectId>>,
    silent: BTreeSet<SubjectId>,
}

impl Online {
    /// A link to a peer stands; it has vouched for nobody yet.
    pub fn linked(&mut self, peer: SubjectId) {
        self.links.insert(peer, BTreeSet::new());
        self.silent.remove(&peer);
    }

    /// The link to a peer fell: who is there for nobody now.
    #[must_use]
    pub fn parted(&mut self, peer: &SubjectId) -> Vec<SubjectId> {
        let vouched = self.links.remove(peer).unwrap_or_default();
        self.silent.remove(peer);
        let mut absent: Vec<SubjectId> = vouched.into_iter().chain([*peer]).collect();
        absent.retain(|member| !self.is_online(member));
        absent
    }

    /// A peer is silent over its link, or heard again.
    pub fn silenced(&mut self, peer: SubjectId, silent: bool) {
        if silent && self.links.contains_key(&peer) {
            self.silent.insert(peer);
        } else {
            self.silent.remove(&peer);
        }
    }

    /// A relay says of a member whether it is there. What comes from a peer without a link is late.
    pub fn vouched(&mut self, relay: &SubjectId, member: SubjectId, there: bool) {
        if let Some(vouched) = self.links.get_mut(relay) {
            match there {
                true => vouched.insert(member),
                false => vouched.remove(&member),
            };
        }
    }

    /// Whether a member answers this node, or a relay that does.
    #[must_use]
    pub fn is_online(&self, member: &SubjectId) -> bool {
        self.answers(member) || self.links.values().any(|vouched| vouched.contains(member))
    }

    /// Every member that is there; one that is there in several ways, several times.
    pub fn members(&self) -> impl Iterator<Item = &SubjectId> {
        self.links.keys().chain(self.links.values().flatten())
    }

    /// Whether this node has no link that passes anything.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        !self.links.keys().any(|peer| self.answers(peer))
    }

    fn answers(&self, peer: &SubjectId) -> bool {
        self.links.contains_key(peer) && !self.silent.contains(peer)
    }
}

#[cfg(test)]
mod tests {
    use guichet_keys::SigningKey;

    use super::*;

    fn member(number: u8) -> SubjectId {
        SigningKey::from_seed(&[number; 32]).subject()
    }

    #[test]
    fn a_relays_word_falls_with_its_link() {
        let [one, other, station, kiosk] = [1, 2, 3, 4].map(member);
        let mut online = Online::default();
        online.linked(one);
        online.linked(other);
        online.vouched(&one, station, true);
        online.vouched(&other, station, true);
        online.vouched(&one, kiosk, true);
        let mut absent = online.parted(&one);
        absent.sort_unstable();
        let mut expected = vec![one, kiosk];
        expected.sort_unstable();
        assert_eq!(absent, expected, "the other relay still vouches");
        assert!(online.is_online(&station) && !online.is_cut());
        let mut absent = online.parted(&other);
        absent.sort_unstable();
        let mut expected = vec![other, station];
        expected.sort_unstable();
        assert_eq!(absent, expected);
        assert!(online.is_cut() && !online.is_online(&station));
    }

    #[test]
    fn a_word_that_comes_after_its_link_counts_for_nothing() {
        let [relay, station] = [1, 3].map(member);
        let mut online = Online::default();
        online.vouched(&relay, station, true);
        assert!(!online.is_online(&station));
        online.linked(relay);
        online.vouched(&relay, station, true);
        assert!(online.is_online(&station));
        assert_eq!(online.parted(&relay).len(), 2);
        online.linked(relay);
        assert!(!online.is_online(&station), "nor does one from before");
        online.vouched(&relay, station, true);
        online.vouched(&relay, station, false);
        assert!(!online.is_online(&station), "it left");
    }

    #[test]
    fn a_silent_link_answers_nobody_until_it_is_heard_again() {
        let [relay, kiosk] = [1, 4].map(member);
        let mut online = Online::default();
        online.silenced(relay, true);
        online.linked(relay);
        online.linked(kiosk);
        assert!(!online.is_cut() && online.is_online(&relay), "it is new");
        online.silenced(kiosk, true);
        assert!(!online.is_online(&kiosk) && !online.is_cut());
        online.vouched(&relay, kiosk, true);
        assert!(online.is_online(&kiosk), "the relay hears it");
        online.silenced(relay, true);
        assert!(online.is_cut() && !online.is_online(&relay));
        online.silenced(relay, false);
        assert!(!online.is_cut() && online.is_online(&relay));
        assert_eq!(online.parted(&kiosk), [], "the relay hears it");
        online.linked(kiosk);
        online.vouched(&relay, kiosk, false);
        assert!(online.is_online(&kiosk), "a new link is heard");
    }
}
