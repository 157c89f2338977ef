//! What goes ahead of a feed's order: just written, or passed over before.
//!
//! Authors take turns, so that one who writes very much holds up nobody else; each thing waits
//! once, however often it is asked for, so that the queue is never longer than what is held.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;

use guichet_keys::AuthorId;

use crate::feed::Feed;

/// A thing by its feed and arrival number.
type Thing = (Feed, u64);

/// Things that wait, by author; those of none wait together.
#[derive(Debug, Default)]
pub struct Live {
    queues: BTreeMap<Option<AuthorId>, VecDeque<Thing>>,
    waiting: BTreeSet<Thing>,
    last: Option<Option<AuthorId>>,
}

impl Live {
    /// Adds a thing behind the others of its author, unless it waits already.
    pub fn push(&mut self, author: Option<AuthorId>, thing: Thing) {
        if self.waiting.insert(thing) {
            self.queues.entry(author).or_default().push_back(thing);
        }
    }

    /// Puts a thing back that was just taken: it is the next one.
    pub fn put_back(&mut self, author: Option<AuthorId>, thing: Thing) {
        if self.waiting.insert(thing) {
            self.queues.entry(author).or_default().push_front(thing);
            self.last = None;
            self.before(author);
        }
    }

    /// Makes it this author's turn.
    fn before(&mut self, author: Option<AuthorId>) {
        let earlier = self.queues.range(..author).next_back();
        let latest = self.queues.last_key_value();
        self.last = earlier.or(latest).map(|(author, _)| *author);
    }

    /// Takes the next thing of the author whose turn it is.
    pub fn pop(&mut self) -> Option<(Option<AuthorId>, Thing)> {
        let after = self.last.map_or(Bound::Unbounded, Bound::Excluded);
        let behind = self.queues.range((after, Bound::Unbounded)).next();
        let author = *behind.or(self.queues.first_key_value())?.0;
        let queue = self.queues.get_mut(&author)?;
        let thing = queue.pop_front();
        if queue.is_empty() {
            self.queues.remove(&author);
        }
        self.last = Some(author);
        let thing = thing?;
        self.waiting.remove(&thing);
        Some((author, thing))
    }

    /// How many things wait.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn author(byte: u8) -> Option<AuthorId> {
        Some(AuthorId::from([byte; 16]))
    }

    fn taken(live: &mut Live) -> Vec<u64> {
        let next = || live.pop().map(|(_, (_, arrival))| arrival);
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn an_author_who_writes_much_does_not_hold_up_another() {
        let mut live = Live::default();
        (1..=1000).for_each(|arrival| live.push(author(1), (Feed::Edits, arrival)));
        live.push(author(2), (Feed::Edits, 1001));
        live.push(None, (Feed::Edits, 1002));
        let order = taken(&mut live);
        assert_eq!(order.len(), 1002);
        let place = |arrival| order.iter().position(|it| *it == arrival);
        assert!(place(1001) < Some(3) && place(1002) < Some(3));
        let mut first: Vec<_> = order.into_iter().filter(|it| *it <= 1000).collect();
        let sorted = first.clone();
        first.sort_unstable();
        assert_eq!(first, sorted, "in each author's own order");
    }

    #[test]
    fn a_thing_waits_once_and_what_is_put_back_is_next() {
        let mut live = Live::default();
        for _ in 0..100 {
            (1..=9).for_each(|arrival| live.push(author(1), (Feed::Acts, arrival)));
        }
        live.push(author(2), (Feed::Acts, 10));
        assert_eq!(live.len(), 10);
        for _ in 0..3 {
            let (whose, thing) = live.pop().expect("waits");
            live.put_back(whose, thing);
            assert_eq!(live.pop(), Some((whose, thing)));
            live.put_back(whose, thing);
            live.pop();
        }
        assert_eq!(taken(&mut live).len(), 7);
    }
}
