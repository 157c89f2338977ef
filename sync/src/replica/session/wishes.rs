//! Pages that a peer wants from here.
//!
//! A peer may know of a page before this node does; its wish is kept until the
//! page comes. Segments leave as they arrive here, those of small pages before
//! those of large ones: a preview overtakes the sheets that are under way. A page that was made
//! here may wait for others who can give it ([`Serving`](crate::replica::serving::Serving)).

use std::collections::VecDeque;
use std::time::Instant;

use crate::bitmap::Bitmap;
use crate::limits::WISHES_MAX;
use crate::page::{PageId, Size};
use crate::replica::scope::Scope;

use super::Context;

/// What a peer wants, the oldest wish first.
#[derive(Debug, Default)]
pub struct Wishes {
    wanted: Vec<Wanted>,
    /// Segments on their way to the peer, each with the number of its frame.
    flying: VecDeque<(u64, PageId, u32)>,
}

#[derive(Debug)]
struct Wanted {
    page: PageId,
    peer_has: Bitmap,
}

impl Wishes {
    /// The peer wants the segments of a page that it does not have; gives what gave way. What is on
    /// its way to the peer it had not when it said so, and will have.
    pub fn want(&mut self, page: PageId, peer_has: Bitmap) -> Option<PageId> {
        self.unwant(page);
        let peer_has = self.with_flying(&page, peer_has);
        let oldest = (self.wanted.len() == WISHES_MAX).then(|| self.wanted.remove(0).page);
        self.wanted.push(Wanted { page, peer_has });
        oldest
    }

    /// The peer wants this page no longer.
    pub fn unwant(&mut self, page: PageId) {
        self.wanted.retain(|wanted| wanted.page != page);
    }

    /// What of a page a peer that says that it has this much will have.
    pub fn with_flying(&self, page: &PageId, mut peer_has: Bitmap) -> Bitmap {
        let flying = self.flying.iter().filter(|(_, of, _)| of == page);
        flying.for_each(|(_, _, index)| {
            peer_has.insert(*index);
        });
        peer_has
    }

    /// The segments that are on their way to the peer.
    pub fn flying(&self) -> impl Iterator<Item = (&PageId, u32)> {
        self.flying.iter().map(|(_, page, index)| (page, *index))
    }

    /// A segment left in the frame of this number.
    pub fn on_sent(&mut self, frame: u64, page: PageId, index: u32) {
        self.flying.push_back((frame, page, index));
    }

    /// The peer took this many frames in all.
    pub fn on_taken(&mut self, frames: u64) {
        while self.flying.front().is_some_and(|(at, ..)| *at <= frames) {
            self.flying.pop_front();
        }
    }

    /// The next segment that is held here and may be sent to the peer: of small pages first.
    pub fn next(
        &mut self,
        now: Instant,
        scope: &Scope,
        context: &Context<'_>,
    ) -> Option<(PageId, u32)> {
        let size = |wanted: &Wanted| context.catalogue.page_length(&wanted.page).map(Size::of);
        let (small, large): (Vec<_>, Vec<_>) =
            (0..self.wanted.len()).partition(|at| size(&self.wanted[*at]) == Some(Size::Small));
        let mut order = small.into_iter().chain(large);
        order.find_map(|at| self.take(now, at, scope, context))
    }

    /// The next segment of the page at this place, if there is one to send.
    fn take(
        &mut self,
        now: Instant,
        at: usize,
        scope: &Scope,
        context: &Context<'_>,
    ) -> Option<(PageId, u32)> {
        let wanted = &mut self.wanted[at];
        let page = wanted.page;
        let (case, ours) = context
            .pages
            .case_of(&page)
            .zip(context.pages.held(&page))?;
        ours.first_beyond(&wanted.peer_has)
            .filter(|_| scope.follows(context.directory, &case))?;
        let peer = scope.peer();
        if context.is_held_back(now, &page, &peer) {
            return None;
        }
        let index = context.next(now, (&page, ours), (&peer, &wanted.peer_has))?;
        wanted.peer_has.insert(index);
        if ours.is_full() && ours.first_beyond(&wanted.peer_has).is_none() {
            self.unwant(page);
        }
        Some((page, index))
    }
}

#[cfg(test)]
mod tests {
    use guichet_keys::sha256;

    use super::*;

    #[test]
    fn what_is_on_its_way_to_a_peer_that_asks_again_does_not_leave_again() {
        let mut wishes = Wishes::default();
        let [page, other] = [b"page", b"next"].map(|name| PageId(sha256(name)));
        wishes.on_sent(5, page, 3);
        wishes.on_sent(6, other, 4);
        wishes.on_sent(7, page, 5);
        let counted = |wishes: &mut Wishes| {
            wishes.want(page, Bitmap::empty(9));
            let wanted = wishes.wanted.last().expect("it is wanted");
            [3, 4, 5].map(|index| wanted.peer_has.contains(index))
        };
        assert_eq!(counted(&mut wishes), [true, false, true]);
        wishes.on_taken(5);
        let lost = [false, false, true];
        assert_eq!(counted(&mut wishes), lost, "what it took it has, or lost");
        wishes.on_taken(7);
        assert_eq!(counted(&mut wishes), [false; 3]);
    }
}
