//! Pages that a peer wants from here.
//!
//! A peer may know of a page before this node does; its wish is kept until the
//! page comes. Segments leave as they arrive here, those of small pages before
//! those of large ones: a preview overtakes the sheets that are under way. A page that was made
//! here may wait for others who can give it ([`Serving`](crate::replica::serving::Serving)).

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
}

#[derive(Debug)]
struct Wanted {
    page: PageId,
    peer_has: Bitmap,
}

impl Wishes {
    /// The peer wants the segments of a page that it does not have; gives what gave way.
    pub fn want(&mut self, page: PageId, peer_has: Bitmap) -> Option<PageId> {
        self.unwant(page);
        let oldest = (self.wanted.len() == WISHES_MAX).then(|| self.wanted.remove(0).page);
        self.wanted.push(Wanted { page, peer_has });
        oldest
    }

    /// The peer wants this page no longer.
    pub fn unwant(&mut self, page: PageId) {
        self.wanted.retain(|wanted| wanted.page != page);
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
        let index = ours
            .first_beyond(&wanted.peer_has)
            .filter(|_| scope.follows(context.directory, &case))?;
        if context.is_held_back(now, &page, &scope.peer()) {
            return None;
        }
        wanted.peer_has.insert(index);
        if ours.is_full() && ours.first_beyond(&wanted.peer_has).is_none() {
            self.unwant(page);
        }
        Some((page, index))
    }
}
