//! Who is sent a page that was made here, when several want it who can give it to each other.
//!
//! The line of who makes pages is thin. A page goes up once: of those who want it and see each
//! other, only the one that is nearest to having it whole is sent more of it, and nobody is who sees
//! somebody that has signed for it; and nobody is sent the segments that another was given lately.
//! The others wait; as nothing may hang on one who stopped taking
//! or does not pass on, they wait for a time only.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use guichet_keys::SubjectId;

use crate::bitmap::Bitmap;
use crate::later;
use crate::limits::GIVEN_MAX;
use crate::page::PageId;

/// A wish waits for another as long as that one was sent something within this time.
const HOLD: Duration = Duration::from_secs(10);
/// A wish waits this long for somebody who has signed for the page.
const HOLD_SIGNED: Duration = Duration::from_secs(60);

/// What one peer was given another is not for so long after the first was last there or was last
/// given some: until it is back, and the other has left us for it.
const HOLD_GIVEN: Duration = Duration::from_secs(20);

/// What one peer wants of one page.
#[derive(Clone, Copy, Debug)]
struct Wish {
    /// Segments it lacks.
    lacks: u32,
    /// Since when it wants them.
    since: Instant,
}

/// What a peer was sent of a page from here, and has or will have soon. What it says that it has
/// from elsewhere holds nobody back.
#[derive(Debug)]
struct Given {
    has: Bitmap,
    /// When it was last sent something of it, or was lost since.
    at: Instant,
    /// It was lost since. A relay is soon back.
    was_lost: bool,
}

/// What others are to each other and have of a page.
pub trait View {
    /// Whether two peers see each other now, or are about to.
    fn are_joined(&self, now: Instant, one: &SubjectId, other: &SubjectId) -> bool;
    /// Whether this peer is a relay: it passes on what it gets.
    fn is_relay(&self, peer: &SubjectId) -> bool;
    /// Who has signed for a page.
    fn holders(&self, page: &PageId) -> Vec<SubjectId>;
}

/// The wishes for pages that were made here.
#[derive(Debug, Default)]
pub struct Serving {
    wishes: BTreeMap<PageId, BTreeMap<SubjectId, Wish>>,
    served_at: BTreeMap<SubjectId, Instant>,
    given: BTreeMap<PageId, BTreeMap<SubjectId, Given>>,
}

impl Serving {
    /// A peer wants what it has not of a page; what is on its way to it counts as had.
    pub fn on_want(&mut self, now: Instant, page: PageId, peer: SubjectId, has: Bitmap) {
        let lacks = has.len().saturating_sub(has.count());
        let served_at = &self.served_at;
        let is_taking = |peer: &SubjectId| {
            let at = served_at.get(peer).copied();
            at.is_some_and(|at| later(at, HOLD) > now)
        };
        self.wishes.retain(|_, wishes| {
            wishes.retain(|peer, wish| wish.lacks > 0 || is_taking(peer));
            !wishes.is_empty()
        });
        self.given.retain(|_, given| {
            given.retain(|_, it| later(it.at, HOLD_GIVEN) > now);
            !given.is_empty()
        });
        if self.given.len() < GIVEN_MAX || self.given.contains_key(&page) {
            let given = self.given.entry(page).or_default();
            let given = given.entry(peer).or_insert_with(|| Given {
                has: Bitmap::empty(has.len()),
                at: now,
                was_lost: false,
            });
            given.has.keep(&has);
        }
        let wish = Wish { lacks, since: now };
        self.wishes.entry(page).or_default().insert(peer, wish);
    }

    /// It wants it no longer.
    pub fn on_unwant(&mut self, page: &PageId, peer: &SubjectId) {
        if let Some(wishes) = self.wishes.get_mut(page) {
            wishes.remove(peer);
            if wishes.is_empty() {
                self.wishes.remove(page);
            }
        }
    }

    /// A segment was handed to the transport for this peer.
    pub fn on_sent(&mut self, now: Instant, (page, index): (&PageId, u32), peer: SubjectId) {
        self.served_at.insert(peer, now);
        let given = self.given.get_mut(page);
        if let Some(given) = given.and_then(|given| given.get_mut(&peer)) {
            given.has.insert(index);
            (given.at, given.was_lost) = (now, false);
        }
        let wishes = self.wishes.get_mut(page);
        if let Some(wish) = wishes.and_then(|wishes| wishes.get_mut(&peer)) {
            wish.lacks = wish.lacks.saturating_sub(1);
        }
    }

    /// A peer is gone, and with it what was on its way to it.
    pub fn on_lost<'a>(
        &mut self,
        now: Instant,
        peer: &SubjectId,
        flying: impl Iterator<Item = (&'a PageId, u32)>,
    ) {
        for (page, index) in flying {
            let given = self.given.get_mut(page);
            if let Some(given) = given.and_then(|given| given.get_mut(peer)) {
                given.has.remove(index);
            }
        }
        let given = self.given.values_mut();
        for given in given.filter_map(|given| given.get_mut(peer)) {
            if !std::mem::replace(&mut given.was_lost, true) {
                given.at = now;
            }
        }
        self.served_at.remove(peer);
        self.wishes.retain(|_, wishes| {
            wishes.remove(peer);
            !wishes.is_empty()
        });
    }

    /// The first segment of ours that a peer has not and nobody else was given lately who can give
    /// it; else until when the peer waits for those.
    pub fn next(
        &self,
        now: Instant,
        (page, ours): (&PageId, &Bitmap),
        (peer, has): (&SubjectId, &Bitmap),
        view: &impl View,
    ) -> Result<u32, Option<Instant>> {
        let others = self.given.get(page).into_iter().flatten();
        let can_give = |other: &SubjectId, given: &Given| {
            other != peer
                && later(given.at, HOLD_GIVEN) > now
                && (view.are_joined(now, peer, other) || given.was_lost && view.is_relay(other))
        };
        let mut elsewhere = has.clone();
        let mut until = None;
        for (_, given) in others.filter(|(other, given)| can_give(other, given)) {
            elsewhere.add(&given.has);
            until = until.max(Some(later(given.at, HOLD_GIVEN)));
        }
        ours.first_beyond(&elsewhere)
            .ok_or(until.filter(|_| ours.first_beyond(has).is_some()))
    }

    /// Until when a peer waits for others to give it this page; none if it is sent it now.
    pub fn holds_back(
        &self,
        now: Instant,
        page: &PageId,
        peer: &SubjectId,
        view: &impl View,
    ) -> Option<Instant> {
        let wishes = self.wishes.get(page)?;
        let mine = wishes.get(peer)?;
        let holders = view.holders(page).into_iter();
        let signed = holders
            .filter(|other| other != peer && view.are_joined(now, peer, other))
            .map(|_| later(mine.since, HOLD_SIGNED));
        let rank = |of: &SubjectId, wish: &Wish| (wish.lacks, !view.is_relay(of), *of);
        let ahead = wishes
            .iter()
            .filter(|(other, wish)| {
                *other != peer
                    && view.are_joined(now, peer, other)
                    && rank(other, wish) < rank(peer, mine)
            })
            .map(|(other, wish)| {
                let served = self.served_at.get(other).copied();
                later(served.map_or(wish.since, |at| at.max(wish.since)), HOLD)
            });
        signed.chain(ahead).filter(|until| *until > now).max()
    }
}

#[cfg(test)]
mod tests {
    use guichet_keys::sha256;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn node(byte: u8) -> SubjectId {
        SubjectId::from([byte; 32])
    }

    fn page() -> PageId {
        PageId(sha256(b"page"))
    }

    fn none() -> Bitmap {
        Bitmap::empty(9)
    }

    /// Node 1 is a relay that sees nodes 2 and 3, which do not see each other.
    #[derive(Default)]
    struct Seen {
        holders: Vec<SubjectId>,
    }

    impl View for Seen {
        fn are_joined(&self, _: Instant, one: &SubjectId, other: &SubjectId) -> bool {
            (*one == node(1)) != (*other == node(1))
        }
        fn is_relay(&self, peer: &SubjectId) -> bool {
            *peer == node(1)
        }
        fn holders(&self, _: &PageId) -> Vec<SubjectId> {
            self.holders.clone()
        }
    }

    /// Which of the nodes are sent the page.
    fn sent(serving: &Serving, now: Instant, seen: &Seen) -> Vec<u8> {
        let is_sent = |byte: &u8| {
            let held = serving.holds_back(now, &page(), &node(*byte), seen);
            held.is_none()
        };
        [1, 2, 3].into_iter().filter(is_sent).collect()
    }

    #[test]
    fn the_relay_is_sent_a_page_and_those_it_sees_wait_while_it_takes() {
        let now = crate::test_clock();
        let (mut serving, seen) = (Serving::default(), Seen::default());
        (1..4).for_each(|byte| serving.on_want(now, page(), node(byte), none()));
        assert_eq!(sent(&serving, now, &seen), [1]);
        serving.on_sent(now + 5 * SECOND, (&page(), 0), node(1));
        let until = serving.holds_back(now, &page(), &node(2), &seen);
        assert_eq!(until, Some(now + 15 * SECOND));
        assert_eq!(sent(&serving, now + 14 * SECOND, &seen), [1]);
        assert_eq!(
            sent(&serving, now + 15 * SECOND, &seen),
            [1, 2, 3],
            "it stopped"
        );
        serving.on_unwant(&page(), &node(1));
        assert_eq!(
            sent(&serving, now, &seen),
            [1, 2, 3],
            "they do not see each other"
        );
    }

    #[test]
    fn who_is_nearest_to_whole_goes_on() {
        let now = crate::test_clock();
        let (mut serving, seen) = (Serving::default(), Seen::default());
        serving.on_want(now, page(), node(2), none());
        serving.on_sent(now, (&page(), 0), node(2));
        serving.on_want(now + SECOND, page(), node(1), none());
        assert_eq!(sent(&serving, now + SECOND, &seen), [2, 3]);
        serving.on_lost(now, &node(2), std::iter::empty());
        assert_eq!(sent(&serving, now + SECOND, &seen), [1, 2, 3]);
    }

    #[test]
    fn nobody_is_sent_what_another_that_they_see_has_signed_for() {
        let now = crate::test_clock();
        let mut serving = Serving::default();
        serving.on_want(now, page(), node(1), none());
        let holders = vec![node(2)];
        let seen = Seen { holders };
        assert_eq!(sent(&serving, now, &seen), [2, 3]);
        assert_eq!(sent(&serving, now + HOLD_SIGNED, &seen), [1, 2, 3]);
        let mine = vec![node(1)];
        let seen = Seen { holders: mine };
        assert_eq!(
            sent(&serving, now, &seen),
            [1, 2, 3],
            "its own word is none"
        );
    }

    /// What a node is sent next.
    fn next(serving: &Serving, now: Instant, byte: u8) -> Result<u32, Option<Instant>> {
        let (ours, peer) = (Bitmap::full(9), node(byte));
        serving.next(now, (&page(), &ours), (&peer, &none()), &Seen::default())
    }

    #[test]
    fn what_one_was_given_lately_another_that_can_have_it_from_there_is_not() {
        let now = crate::test_clock();
        let mut serving = Serving::default();
        (1..4).for_each(|byte| serving.on_want(now, page(), node(byte), none()));
        (0..4).for_each(|index| serving.on_sent(now, (&page(), index), node(2)));
        let first = [1, 2, 3].map(|byte| next(&serving, now, byte));
        assert_eq!(first, [Ok(4), Ok(0), Ok(0)], "3 does not see 2");
        (4..9).for_each(|index| serving.on_sent(now + SECOND, (&page(), index), node(2)));
        let until = now + SECOND + HOLD_GIVEN;
        assert_eq!(next(&serving, now + SECOND, 1), Err(Some(until)));
        assert_eq!(next(&serving, until, 1), Ok(0), "not for ever");
    }

    #[test]
    fn what_was_under_way_to_who_is_lost_is_not_given() {
        let now = crate::test_clock();
        let mut serving = Serving::default();
        serving.on_want(now, page(), node(1), none());
        (0..4).for_each(|index| serving.on_sent(now, (&page(), index), node(1)));
        let gone = now + 5 * SECOND;
        let flying = [(page(), 2), (page(), 3)];
        serving.on_lost(gone, &node(1), flying.iter().map(|(page, at)| (page, *at)));
        assert_eq!(next(&serving, gone, 2), Ok(2), "a relay comes back");
        assert_eq!(next(&serving, gone + HOLD_GIVEN, 2), Ok(0));
        serving.on_lost(gone + SECOND, &node(1), std::iter::empty());
        assert_eq!(next(&serving, gone + HOLD_GIVEN, 2), Ok(0), "lost once");
        serving.on_want(gone, page(), node(1), Bitmap::full(9));
        assert_eq!(next(&serving, gone, 2), Ok(2), "its word holds nobody back");
        serving.on_want(gone, page(), node(1), none());
        assert_eq!(
            next(&serving, gone, 2),
            Ok(0),
            "it says that it has nothing"
        );
    }

    #[test]
    fn of_more_pages_than_that_nobody_remembers_who_was_given_what() {
        let now = crate::test_clock();
        let mut serving = Serving::default();
        for number in 0..2 * GIVEN_MAX as u64 {
            let page = PageId(sha256(&number.to_be_bytes()));
            serving.on_want(now, page, node(1), none());
        }
        assert_eq!(serving.given.len(), GIVEN_MAX);
        serving.on_want(now + HOLD_GIVEN, page(), node(1), none());
        assert_eq!(serving.given.len(), 1, "the others are long ago");
    }
}
