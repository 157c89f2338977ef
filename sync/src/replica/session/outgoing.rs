//! How far a peer was served of one feed, and what lies ahead that it holds already.
//!
//! The things of a feed are sent in the order of arrival here. What the peer
//! does not follow, or holds from elsewhere, is passed over; a mark tells it
//! so, unless an item does soon.

use crate::later;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// More than this many entries behind, and a feed is a backlog.
const BACKLOG: u64 = 64;
/// A mark may wait this long for an item that makes it needless.
const MARK_DELAY: Duration = Duration::from_millis(500);

/// What one feed of a session has come to.
#[derive(Debug, Default)]
pub struct Outgoing {
    began: u64,
    next: u64,
    known: BTreeSet<u64>,
    marked: u64,
    mark_due: Option<Instant>,
}

impl Outgoing {
    /// The peer has read everything before this arrival number.
    pub fn begin(&mut self, next: u64) {
        self.next = next.max(1);
        self.began = self.next;
        self.marked = self.next.saturating_sub(1);
    }

    /// Where this session began.
    pub fn began(&self) -> u64 {
        self.began
    }

    /// The next arrival number to consider.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Whether the turn of this is over: it was sent or passed over.
    pub fn has_passed(&self, arrival: u64) -> bool {
        arrival < self.next
    }

    /// Whether the peer is known to hold this before its turn.
    pub fn is_known(&self, arrival: u64) -> bool {
        self.known.contains(&arrival)
    }

    /// The peer listed this as held.
    pub fn on_listed(&mut self, arrival: u64) {
        self.known.insert(arrival);
    }

    /// The peer holds this, wherever it has it from; nothing to note once its turn is over.
    pub fn on_peer_holds(&mut self, arrival: u64) {
        if !self.has_passed(arrival) {
            self.known.insert(arrival);
        }
    }

    /// The turn of this has come; gives whether the peer is known to hold it.
    pub fn take_known(&mut self, arrival: u64) -> bool {
        self.known.remove(&arrival)
    }

    /// This is passed over.
    pub fn pass(&mut self, arrival: u64) {
        self.next = arrival.saturating_add(1);
    }

    /// This is sent; its arrival number says what a mark would.
    pub fn on_sent(&mut self, arrival: u64) {
        self.next = arrival.saturating_add(1);
        self.marked = arrival;
        self.mark_due = None;
    }

    /// How far the peer is to be told now that it was served.
    pub fn mark(&mut self, now: Instant) -> Option<u64> {
        if self.next.saturating_sub(1) == self.marked {
            self.mark_due = None;
            return None;
        }
        let due = *self.mark_due.get_or_insert(later(now, MARK_DELAY));
        if now < due {
            return None;
        }
        self.mark_due = None;
        self.marked = self.next.saturating_sub(1);
        Some(self.marked)
    }

    /// When a mark is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.mark_due
    }

    /// Whether much is left of a feed that goes on at `next_arrival`.
    pub fn is_backlog(&self, next_arrival: u64) -> bool {
        next_arrival.saturating_sub(self.next) > BACKLOG
    }

    /// How many things are left to send of a feed that goes on at `next_arrival`.
    pub fn waiting(&self, next_arrival: u64) -> u64 {
        next_arrival
            .saturating_sub(self.next.max(1))
            .saturating_sub(self.known.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_passed_over_is_marked_unless_an_item_says_so_first() {
        let now = crate::test_clock();
        let mut outgoing = Outgoing::default();
        outgoing.begin(5);
        assert_eq!((outgoing.mark(now), outgoing.poll_timeout()), (None, None));
        outgoing.pass(5);
        assert_eq!(outgoing.mark(now), None, "an item may come");
        assert_eq!(outgoing.poll_timeout(), Some(now + MARK_DELAY));
        outgoing.on_sent(6);
        assert_eq!(outgoing.mark(now + MARK_DELAY), None, "one came");
        outgoing.pass(7);
        assert_eq!(outgoing.mark(now), None);
        assert_eq!(outgoing.mark(now + MARK_DELAY), Some(7));
        assert_eq!(outgoing.mark(now + MARK_DELAY), None, "told once");
    }

    #[test]
    fn what_the_peer_holds_counts_until_its_turn_has_passed() {
        let mut outgoing = Outgoing::default();
        outgoing.begin(1);
        outgoing.pass(1);
        outgoing.on_peer_holds(1);
        outgoing.on_peer_holds(3);
        assert!(!outgoing.is_known(1) && outgoing.is_known(3));
        assert_eq!(outgoing.waiting(5), 2, "the second and the fourth");
        assert!(outgoing.take_known(3) && !outgoing.take_known(3));
    }
}
