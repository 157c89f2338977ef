//! What is held of one hash chain.

use std::collections::BTreeMap;

use guichet_keys::Hash;

use crate::wire::HaveChain;

/// One link that is held of a chain.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// The envelope before.
    pub prev: Option<Hash>,
    /// Its arrival number in the feed of its kind.
    pub arrival: u64,
}

/// What is held of one chain; usually one link a place, more where it forked.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    links: BTreeMap<(u64, Hash), Link>,
    next: u64,
    digest: [u8; 16],
}

impl Chain {
    /// How many places, from the first, are held without a gap.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// How many envelopes are held, forks included.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.links.len() as u64
    }

    /// The envelopes held for one place.
    pub fn at(&self, index: u64) -> impl Iterator<Item = (Hash, Link)> + '_ {
        self.links
            .range((index, Hash::from([0; 32]))..=(index, Hash::from([0xff; 32])))
            .map(|((_, hash), link)| (*hash, *link))
    }

    /// Every envelope held, in the order of the places.
    pub fn links(&self) -> impl Iterator<Item = (u64, Hash, Link)> + '_ {
        self.links
            .iter()
            .map(|((index, hash), link)| (*index, *hash, *link))
    }

    /// How many envelopes are held, forks included.
    pub(super) fn len(&self) -> usize {
        self.links.len()
    }

    /// Their arrival numbers, in the order of the places.
    pub(super) fn arrivals(&self) -> impl Iterator<Item = u64> + '_ {
        self.links.values().map(|link| link.arrival)
    }

    /// Exclusive or of the first halves of their hashes.
    pub(super) fn digest(&self) -> [u8; 16] {
        self.digest
    }

    pub(super) fn insert(&mut self, index: u64, hash: Hash, link: Link) {
        if self.links.insert((index, hash), link).is_none() {
            fold(&mut self.digest, &hash);
        }
        while self.at(self.next).next().is_some() {
            self.next = self.next.saturating_add(1);
        }
    }

    /// How many links, from the first, a peer with `have` of this chain is known to hold.
    pub(super) fn held_by(&self, have: &HaveChain) -> usize {
        let count = usize::try_from(have.count).unwrap_or(usize::MAX);
        let mut digest = [0; 16];
        let hashes = self.links.keys().take(count);
        hashes.for_each(|(_, hash)| fold(&mut digest, hash));
        match digest == have.digest && count <= self.links.len() {
            true => count,
            false => 0,
        }
    }

    /// The arrivals that a peer with `have` of this chain may lack.
    pub(super) fn beyond(&self, have: Option<&HaveChain>) -> Vec<u64> {
        let held = have.map_or(0, |have| self.held_by(have));
        let lacking = self.links.values().skip(held);
        lacking.map(|link| link.arrival).collect()
    }
}

fn fold(digest: &mut [u8; 16], hash: &Hash) {
    digest
        .iter_mut()
        .zip(hash.as_bytes())
        .for_each(|(sum, byte)| *sum ^= byte);
}
