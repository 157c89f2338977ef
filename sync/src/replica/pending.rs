//! What is on its way to the disk, in the order it was handed out.

use std::collections::{BTreeSet, VecDeque};

use guichet_keys::Hash;

use crate::envelope::ChainId;

use super::Thing;

/// Things handed to the store and not answered for yet.
#[derive(Debug, Default)]
pub struct Pending {
    queue: VecDeque<Thing>,
    names: BTreeSet<Hash>,
    places: BTreeSet<(ChainId, u64, Hash)>,
}

impl Pending {
    /// Adds a thing at the end.
    pub fn push(&mut self, thing: Thing) {
        self.names.insert(thing.hash());
        if let Thing::Envelope(envelope) = &thing {
            self.places.insert((
                envelope.header().chain(),
                envelope.header().index,
                envelope.hash(),
            ));
        }
        self.queue.push_back(thing);
    }

    /// Takes the oldest.
    pub fn pop(&mut self) -> Option<Thing> {
        let thing = self.queue.pop_front()?;
        self.names.remove(&thing.hash());
        if let Thing::Envelope(envelope) = &thing {
            self.places.remove(&(
                envelope.header().chain(),
                envelope.header().index,
                envelope.hash(),
            ));
        }
        Some(thing)
    }

    /// Whether this thing is on its way.
    pub fn contains(&self, hash: &Hash) -> bool {
        self.names.contains(hash)
    }

    /// The envelopes on their way to one place of a chain.
    pub fn at(&self, chain: ChainId, index: u64) -> impl Iterator<Item = Hash> + '_ {
        let (least, most) = (Hash::from([0; 32]), Hash::from([0xff; 32]));
        self.places
            .range((chain, index, least)..=(chain, index, most))
            .map(|(_, _, hash)| *hash)
    }
}
