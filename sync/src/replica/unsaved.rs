//! What is believed here and the disk did not take.
//!
//! A statement is known to the directory, and a receipt of this node's own is crossed off in the
//! book, before either is durable. When the disk fails they are kept and handed out again: after a
//! pause, or before anything else that is to be stored, so that nothing ever lies on the disk
//! without what it rests on.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use guichet_keys::Hash;

use super::Thing;
use crate::later;

/// The disk is tried again after this time.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// Things that wait for the disk to take them.
#[derive(Debug, Default)]
pub struct Unsaved {
    things: Vec<Thing>,
    names: BTreeSet<Hash>,
    bytes: usize,
    due: Option<Instant>,
}

impl Unsaved {
    /// Keeps what the disk did not take, in the order in which it was handed out.
    pub fn keep(&mut self, now: Instant, things: impl Iterator<Item = Thing>) {
        for thing in things {
            self.bytes = self.bytes.saturating_add(thing.bytes().len());
            self.names.insert(thing.hash());
            self.things.push(thing);
        }
        self.due = (!self.things.is_empty()).then(|| later(now, TRY_AGAIN));
    }

    /// Whether this thing waits.
    pub fn contains(&self, hash: &Hash) -> bool {
        self.names.contains(hash)
    }

    /// Bytes of all that waits.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Gives everything back, to be handed out again.
    pub fn take(&mut self) -> Vec<Thing> {
        std::mem::take(self).things
    }

    /// When to hand it out again, if nothing else comes first.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }
}
