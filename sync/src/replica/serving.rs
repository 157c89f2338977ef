//! Who is sent a page that was made here, when several want it who can give it to each other.
//!
//! The line of who makes pages is thin. A page goes up once: of those who want it and see each
//! other, only the one that is nearest to having it whole is sent more of it, and nobody is who sees
//! somebody that has signed for it. The others wait; as nothing may hang on one who stopped taking
//! or does not pass on, they wait for a time only.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use guichet_keys::SubjectId;

use crate::later;
use crate::page::PageId;

/// A wish waits for another as long as that one was sent something within this time.
const HOLD: Duration = Duration::from_secs(10);
/// A wish waits this long for somebody who has signed for the page.
const HOLD_SIGNED: Duration = Duration::from_secs(60);

/// What one peer wants of one page.
#[derive(Clone, Copy, Debug)]
struct Wish {
    /// Segments it lacks.
    lacks: u32,
    /// Since when it wants them.
    since: Instant,
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
}

impl Serving {
    /// A peer wants a page of which it lacks so many segments.
    pub fn on_want(&mut self, now: Instant, page: PageId, peer: SubjectId, lacks: u32) {
        let served_at = &self.served_at;
        let is_taking = |peer: &SubjectId| {
            let at = served_at.get(peer).copied();
            at.is_some_and(|at| later(at, HOLD) > now)
        };
        self.wishes.retain(|_, wishes| {
            wishes.retain(|peer, wish| wish.lacks > 0 || is_taking(peer));
            !wishes.is_empty()
        });
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
    pub fn on_sent(&mut self, now: Instant, page: &PageId, peer: SubjectId) {
        self.served_at.insert(peer, now);
        let wishes = self.wishes.get_mut(page);
        if let Some(wish) = wishes.and_then(|wishes| wishes.get_mut(&peer)) {
            wish.lacks = wish.lacks.saturating_sub(1);
        }
    }

    /// A peer is gone.
    pub fn on_lost(&mut self, peer: &SubjectId) {
        self.served_at.remove(peer);
        self.wishes.retain(|_, wishes| {
            wishes.remove(peer);
            !wishes.is_empty()
        });
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
        (1..4).for_each(|byte| serving.on_want(now, page(), node(byte), 9));
        assert_eq!(sent(&serving, now, &seen), [1]);
        serving.on_sent(now + 5 * SECOND, &page(), node(1));
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
        serving.on_want(now, page(), node(2), 9);
        serving.on_sent(now, &page(), node(2));
        serving.on_want(now + SECOND, page(), node(1), 9);
        assert_eq!(sent(&serving, now + SECOND, &seen), [2, 3]);
        serving.on_lost(&node(2));
        assert_eq!(sent(&serving, now + SECOND, &seen), [1, 2, 3]);
    }

    #[test]
    fn nobody_is_sent_what_another_that_they_see_has_signed_for() {
        let now = crate::test_clock();
        let mut serving = Serving::default();
        serving.on_want(now, page(), node(1), 9);
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
}
