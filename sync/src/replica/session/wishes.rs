//! Pages that a peer wants from here.
//!
//! A peer may know of a page before this node does; its wish is kept until the
//! page comes. Segments leave as they arrive here.

use crate::bitmap::Bitmap;
use crate::page::PageId;
use crate::replica::scope::Scope;

use super::Context;

/// Pages that one peer may want at a time; the oldest give way.
const WISHES_MAX: usize = 64;

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
    /// The peer wants the segments of a page that it does not have.
    pub fn want(&mut self, page: PageId, peer_has: Bitmap) {
        self.unwant(page);
        if self.wanted.len() == WISHES_MAX {
            self.wanted.remove(0);
        }
        self.wanted.push(Wanted { page, peer_has });
    }

    /// The peer wants this page no longer.
    pub fn unwant(&mut self, page: PageId) {
        self.wanted.retain(|wanted| wanted.page != page);
    }

    /// The next segment that is held here and may be sent to the peer.
    pub fn next(&mut self, scope: &Scope, context: &Context<'_>) -> Option<(PageId, u32)> {
        for wanted in &mut self.wanted {
            let page = wanted.page;
            let held = context.pages.case_of(&page).zip(context.pages.held(&page));
            let Some((case, ours)) = held else {
                continue;
            };
            let missing = ours.first_beyond(&wanted.peer_has);
            let Some(index) = missing.filter(|_| scope.follows(context.directory, &case)) else {
                continue;
            };
            wanted.peer_has.insert(index);
            if ours.is_full() && ours.first_beyond(&wanted.peer_has).is_none() {
                self.unwant(page);
            }
            return Some((page, index));
        }
        None
    }
}
