//! How far a peer was read: what came, and what of it is durable here.
//!
//! The items and marks of a feed come in the order of arrival at the peer. An
//! item is settled once it is durable here; a cursor moves only over what is
//! settled, so that nothing is skipped if this node stops before that.

use std::collections::{BTreeSet, VecDeque};

use guichet_keys::Hash;

use crate::feed::Feed;
use crate::limits::HELD_BACK_MAX;
use crate::wire::Cursors;

/// What came from one peer.
#[derive(Debug, Default)]
pub struct Incoming {
    feeds: [Arrivals; Feed::COUNT],
    delivered: BTreeSet<Hash>,
    held_back: usize,
}

#[derive(Debug, Default)]
struct Arrivals {
    next: u64,
    queue: VecDeque<(u64, Option<Hash>)>,
}

impl Incoming {
    /// Reading begins here.
    pub fn begin(&mut self, cursors: Cursors) {
        for (arrivals, next) in self.feeds.iter_mut().zip(cursors) {
            arrivals.next = next.max(1);
        }
    }

    /// An item or mark came; it is settled once `waits_for` is durable here. Gives the new cursors
    /// if they moved.
    pub fn on_arrival(
        &mut self,
        feed: Feed,
        arrival: u64,
        waits_for: Option<Hash>,
    ) -> Option<Cursors> {
        let queue = &mut self.feeds[feed.index()].queue;
        match queue.back_mut() {
            Some((last, None)) if waits_for.is_none() => *last = arrival.max(*last),
            Some(_) | None => queue.push_back((arrival, waits_for)),
        }
        self.settle()
    }

    /// This came and is not taken for now; what came out of turn has no arrival number. The cursor
    /// stays before it until it is durable here, whoever brings it then.
    pub fn on_held_back(&mut self, feed: Feed, arrival: Option<u64>, hash: Hash) {
        let never = Hash::from([0; 32]);
        let is_full = self.held_back >= HELD_BACK_MAX;
        let waits_for = if is_full { never } else { hash };
        let queue = &mut self.feeds[feed.index()].queue;
        if is_full && queue.iter().any(|(_, waits)| *waits == Some(never)) {
            return;
        }
        self.held_back = self.held_back.saturating_add(1);
        self.delivered.insert(waits_for);
        queue.push_back((arrival.unwrap_or(0), Some(waits_for)));
    }

    /// This came, and is not durable here yet.
    pub fn on_delivered(&mut self, hash: Hash) {
        self.delivered.insert(hash);
    }

    /// Whether this came and is not durable here yet.
    pub fn awaits(&self, hash: &Hash) -> bool {
        self.delivered.contains(hash)
    }

    /// Something is durable here; gives whether it came from this peer.
    pub fn take_delivered(&mut self, hash: &Hash) -> bool {
        self.delivered.remove(hash)
    }

    /// Something that came is durable here; gives the new cursors if they moved.
    pub fn on_settled(&mut self, hash: &Hash) -> Option<Cursors> {
        let waiting = self.feeds.iter_mut().flat_map(|feed| feed.queue.iter_mut());
        for (_, waits_for) in waiting {
            if waits_for.as_ref() == Some(hash) {
                *waits_for = None;
            }
        }
        self.settle()
    }

    fn settle(&mut self) -> Option<Cursors> {
        let mut moved = false;
        for arrivals in &mut self.feeds {
            while let Some((arrival, None)) = arrivals.queue.front() {
                arrivals.next = arrivals.next.max(arrival.saturating_add(1));
                arrivals.queue.pop_front();
                moved = true;
            }
        }
        moved.then(|| self.feeds.each_ref().map(|arrivals| arrivals.next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_move_only_over_what_is_settled() {
        let hash = |byte| Hash::from([byte; 32]);
        let mut incoming = Incoming::default();
        incoming.begin([1; Feed::COUNT]);
        assert_eq!(incoming.on_arrival(Feed::Edits, 1, Some(hash(1))), None);
        assert_eq!(incoming.on_arrival(Feed::Edits, 2, Some(hash(2))), None);
        assert_eq!(
            incoming.on_arrival(Feed::Acts, 7, None),
            Some([1, 1, 1, 8]),
            "another feed goes on"
        );
        assert_eq!(
            incoming.on_settled(&hash(2)),
            None,
            "the first is not durable yet"
        );
        assert_eq!(incoming.on_settled(&hash(1)), Some([1, 1, 3, 8]));
    }

    #[test]
    fn what_did_not_come_from_here_is_not_taken_for_it() {
        let mut incoming = Incoming::default();
        let hash = Hash::from([1; 32]);
        assert!(!incoming.take_delivered(&hash));
        incoming.on_delivered(hash);
        assert!(incoming.take_delivered(&hash) && !incoming.take_delivered(&hash));
    }
}
